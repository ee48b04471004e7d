#!/usr/bin/env bash
# Kills a campaign of two jobs (kill -9: all of it, or one job) at random moments, and goes on with it each time:
# whatever was announced must stay on disk, no file may be half written.
#
#   tests/campaign/kills.sh [FOLIOFUZZ [KILLS [SEED]]]      default: target/release/foliofuzz 50 1
#
# The folder is a new one in $TMPDIR, which is removed if all is well.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
foliofuzz=$(realpath -m "${1:-$root/target/release/foliofuzz}")
kills=${2:-50}
RANDOM=${3:-1}
dir=$(mktemp -d)
camp=$dir/campaign
cd "$dir"
fail() { printf 'kills: %s (in %s)\n' "$*" "$dir" >&2; exit 1; }

# Many findings, so that saving and minimizing are met, too.
bugs=mutant_locked_at_free,mutant_double_cache_put,mutant_skipped_put,mutant_fork_without_mapcount
bugs=$bugs,mutant_migration_loses_dirty,mutant_reuse_shared_page
hunt=("$foliofuzz" hunt --bug "$bugs" --jobs 2 --keep-going --resume --out "$camp")
touch announced whole

check() {
    # Each announced signature is a folder's, or has joined one.
    sed -n 's/^minimizing //p' log >>announced
    while read -r signature; do
        grep -qsF "\"$signature\"" "$camp"/*/finding.json || fail "$signature was announced and is lost"
    done <announced
    for json in "$camp"/*/finding.json "$camp/campaign.json"; do
        [ -e "$json" ] || continue
        python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$json" || fail "$json is half written"
    done
    for finding in "$camp"/*/finding.json; do
        [ -e "$finding" ] || continue
        folder=$(dirname "$finding")
        for name in min.mm repro.mm report.txt diagram.txt; do
            [ -s "$folder/$name" ] || fail "$folder has no $name"
        done
        # Each repro shows what it says.
        "$foliofuzz" replay "$folder"/*.mm >replay 2>&1 || fail "$folder: $(grep -v met replay | head -1)"
    done
    if find "$camp/corpus" -maxdepth 1 -type f -empty 2>/dev/null | grep -q .; then fail "an empty input"; fi
}

one=0
for ((n = 1; n <= kills; n++)); do
    # One log a run, so that a line that was cut off can be told.
    "${hunt[@]}" >out 2>log &
    pid=$!
    # From before the first execution to well after the first findings.
    sleep "$(printf '%d.%03d' $((RANDOM % 3)) $((RANDOM % 1000)))"
    if ((RANDOM % 4 == 0)) && job=$(pgrep -P "$pid" | head -n 1) && [ -n "$job" ]; then
        one=$((one + 1))
        kill -9 "$job"
        sleep 0.7
    fi
    kill -9 "$pid" 2>/dev/null || { cat log >&2; fail "run $n had ended"; }
    wait "$pid" 2>/dev/null || true
    # A last line without its end was not said.
    python3 - <<'PY'
text = open("log").read()
open("log", "w").write(text[:text.rfind("\n") + 1])
PY
    check
done

status=0
"${hunt[@]}" --runs 40000 >out 2>log || status=$?
[ "$status" -eq 1 ] || { cat log >&2; fail "the last part ended with $status"; }
check
leftovers=$(find "$camp" -name '*.tmp' | wc -l)
unfinished=$(grep -lsF '"minimized": false' "$camp"/*/finding.json | wc -l || true)
[ "$leftovers" -eq 0 ] || fail "$leftovers temporary files are left"
[ "$unfinished" -eq 0 ] || fail "$unfinished findings are not minimized"
parts=$(python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); print(len(c["parts"]), "parts,", c["counts"]["execs"], "executions,", len(c["found"]), "signatures")' "$camp/campaign.json")
echo "$kills kills, $one of them after one of a job: $parts, $(sort -u announced | wc -l) announced, none lost"
cd / && rm -rf "$dir"
