#!/usr/bin/env bash
# A night's campaign: each kernel hunted, each fuzz target run, what was found minimized into a folder for each bug; and
# what is known to be found and proved held against tests/selftest.json.
#
#   ci/nightly.sh all            everything below, one after the other
#   ci/nightly.sh cells          the parts of a night, one a line
#   ci/nightly.sh run CELL       one part; exit status 1: a finding that is not known, or something is not found as
#                                before, 2: it did not run, 3: undecided
#   ci/nightly.sh verify         after all parts: the page, and whether every part ran and the canary was caught;
#                                exit status 1: red, 3: undecided
#   ci/nightly.sh issues         one issue for each new signature, through gh; those that have one get none
#
# A finding is known if the bugs that cause it are all in the kernel as released. Anything else turns the night red, as
# does a part that did not run, and a bug or a proof that `selftest` does not have as before. Where its budget was too
# small to say, the night is undecided, which is not green.
#
# NIGHTLY_SECONDS   of each part (default 600)          NIGHTLY_OUT     logs, findings, page (default nightly/)
# NIGHTLY_JOBS      processes of each part (default 1)  NIGHTLY_CORPUS  corpora, kept between nights (fuzz/corpus)
# NIGHTLY_SELFTEST  budget of the part selftest, which is no search (default 10m)
# NIGHTLY_BUG       put into v6.12, to see the night turn red
# and the variables of ci/lib.sh. Needs jq.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/lib.sh

SECONDS_EACH=${NIGHTLY_SECONDS:-600}
JOBS=${NIGHTLY_JOBS:-1}
BUDGET=${NIGHTLY_SELFTEST:-10m}
OUT=${NIGHTLY_OUT:-nightly}
CORPORA=${NIGHTLY_CORPUS:-fuzz/corpus}
BUG=${NIGHTLY_BUG:-}
# What a planted bug lets inputs reach says nothing of what is worth keeping.
[ -z "$BUG" ] || CORPORA=$OUT/corpora
DEFAULT_KERNEL=v6.12
GREEN="every part ran, nothing new was found, nothing was lost, the canary was caught"
CELLS=(
    hunt-v3.13 hunt-v4.14 hunt-v4.15 hunt-v5.0 hunt-v6.5 hunt-v6.8 hunt-v6.12
    fuzz-interleave fuzz-text fuzz-canary
    selftest
)

command -v jq >/dev/null || fail "jq is not installed"

# finish CELL STATUS WHY: what came of a part, in one object
finish() {
    local cell=$1 status=$2 why=$3 findings='[]'
    [ -s "$OUT/$cell/found.json" ] && findings=$(cat "$OUT/$cell/found.json")
    jq -n --arg cell "$cell" --arg status "$status" --arg why "$why" --arg execs "${execs:-0}" \
        --arg before "${before:-0}" --arg after "${after:-0}" --argjson findings "$findings" \
        '{cell: $cell, status: $status, why: $why, execs: ($execs | tonumber), corpus_before: ($before | tonumber),
          corpus_after: ($after | tonumber), findings: $findings}' >"$OUT/$cell/cell.json.tmp"
    mv "$OUT/$cell/cell.json.tmp" "$OUT/$cell/cell.json"
    printf '%s: %s%s\n' "$cell" "$status" "${why:+: $why}"
    case $status in
        clean | known | caught) return 0 ;;
        found | lost) return 1 ;;
        undecided) return 3 ;;
        *) return 2 ;;
    esac
}

inputs() { find "$1" -type f -not -path '*/.*' 2>/dev/null | wc -l; }

# Bytes that another decoder wrote are put aside, texts stay.
restore() {
    local corpus=$1 cell=$2
    mkdir -p "$corpus"
    local code=0
    "$FOLIOFUZZ" hunt --runs 1 --corpus "$corpus" --out "$OUT/$cell/none" >"$OUT/$cell/restore.txt" 2>&1 || code=$?
    rm -rf "$OUT/$cell/none"
    if [ "$code" -eq 2 ]; then
        tail -n 1 "$OUT/$cell/restore.txt"
        mkdir -p "$OUT/$cell/refused"
        find "$corpus" -type f -not -name '*.mm' -exec mv -t "$OUT/$cell/refused" {} +
    fi
}

# judge CELL KERNEL: what of the findings in results.json is known; sets `status`
judge() {
    local cell=$1 kernel=$2 released
    released=$("$FOLIOFUZZ" list kernels --format json | jq --arg k "$kernel" '[.[] | select(.name == $k) | .bugs[]]')
    jq --argjson released "$released" --arg out "$OUT/$cell" '[.findings[] | . + {
        known: ((.cause | length) > 0 and ((.cause - $released) | length) == 0)}]' \
        "$OUT/$cell/result.json" >"$OUT/$cell/found.json"
    case $(jq -r 'if any(.[]; .known | not) then "found" elif length > 0 then "known" else "clean" end' \
        "$OUT/$cell/found.json") in
        found) status=found ;;
        known) status=known ;;
        *) status=clean ;;
    esac
}

hunt() {
    local cell=$1 kernel=${1#hunt-} corpus=$CORPORA/$1 model code=0
    model=(--kernel "$kernel")
    if [ -n "$BUG" ] && [ "$kernel" = "$DEFAULT_KERNEL" ]; then model+=(--bug "$BUG"); fi
    restore "$corpus" "$cell"
    before=$(inputs "$corpus")
    "$FOLIOFUZZ" hunt "${model[@]}" --for "${SECONDS_EACH}s" --jobs "$JOBS" --keep-going --corpus "$corpus" \
        --out "$OUT/$cell/findings" --format json="$OUT/$cell/result.json" --format sarif="$OUT/$cell/findings.sarif" \
        --format junit="$OUT/$cell/findings.xml" >"$OUT/$cell/log.txt" 2>&1 || code=$?
    tail -n 3 "$OUT/$cell/log.txt"
    [ "$code" -le 1 ] || { finish "$cell" failed "hunt ended with status $code"; return; }
    execs=$(jq .execs "$OUT/$cell/result.json")
    [ "$execs" -gt 0 ] || { finish "$cell" failed "not one execution"; return; }
    code=0
    "$FOLIOFUZZ" corpus min "$corpus" "${model[@]}" --to text --floor $((before / 2)) >>"$OUT/$cell/log.txt" 2>&1 || code=$?
    tail -n 1 "$OUT/$cell/log.txt"
    after=$(inputs "$corpus")
    [ "$code" -eq 0 ] || { finish "$cell" failed "corpus min ended with status $code"; return; }
    judge "$cell" "$kernel"
    finish "$cell" "$status" ""
}

# The number after `stat::number_of_executed_units`, or of the last status line.
executed() {
    local n
    n=$(sed -n 's/^stat::number_of_executed_units: *\([0-9]*\).*/\1/p' "$1" | tail -n 1)
    [ -n "$n" ] || n=$(sed -n 's/^#\([0-9]*\)[: \t].*/\1/p' "$1" | tail -n 1)
    printf '%s' "${n:-0}"
}

fuzz() {
    local cell=$1 target=${1#fuzz-} corpus=$CORPORA/${1#fuzz-} code=0 smaller seeds=()
    local artifacts=$OUT/$cell/artifacts
    mkdir -p "$artifacts"
    if ! fuzz_build "$target" >"$OUT/$cell/build.log" 2>&1; then
        tail -n 5 "$OUT/$cell/build.log"
        finish "$cell" failed "it was not built"
        return
    fi
    case $target in
        canary) canary "$cell"; return ;;
        interleave) seeds=(corpus/seeds); restore "$corpus" "$cell" ;;
        *) mkdir -p "$corpus"; seeds=(corpus/seeds) ;;
    esac
    before=$(inputs "$corpus")
    [ "$target" != interleave ] || export FOLIOFUZZ_BUG=$BUG
    fuzz_run "$target" -fork="$JOBS" -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 \
        -max_total_time="$SECONDS_EACH" -print_final_stats=1 -artifact_prefix="$artifacts/" "$corpus" "${seeds[@]}" \
        >"$OUT/$cell/log.txt" 2>&1 || code=$?
    tail -n 2 "$OUT/$cell/log.txt"
    execs=$(executed "$OUT/$cell/log.txt")
    smaller=$OUT/$cell/smaller
    mkdir -p "$smaller"
    if [ "$execs" -gt 0 ] && fuzz_run "$target" -merge=1 "$smaller" "$corpus" >>"$OUT/$cell/log.txt" 2>&1; then
        after=$(inputs "$smaller")
    fi
    unset FOLIOFUZZ_BUG
    [ "$execs" -gt 0 ] || { finish "$cell" failed "not one execution: it ended with status $code"; return; }
    if [ "${after:-0}" -eq 0 ] || [ "$after" -lt $((before / 2)) ]; then
        finish "$cell" failed "${after:-0} of $(inputs "$corpus") inputs would be left: the corpus stays as it is"
        return
    fi
    rm -rf "$corpus" && mv "$smaller" "$corpus"
    if [ "$target" != interleave ]; then
        # Its artifacts are no programs: each is a finding.
        if compgen -G "$artifacts/*" >/dev/null; then finish "$cell" found "see artifacts/"; else finish "$cell" clean ""; fi
        return
    fi
    code=0
    "$FOLIOFUZZ" corpus add "$artifacts" ${BUG:+--bug "$BUG"} --out "$OUT/$cell/findings" \
        --format json="$OUT/$cell/result.json" --format sarif="$OUT/$cell/findings.sarif" \
        --format junit="$OUT/$cell/findings.xml" >>"$OUT/$cell/log.txt" 2>&1 || code=$?
    [ "$code" -le 1 ] || { finish "$cell" failed "corpus add ended with status $code"; return; }
    judge "$cell" "$DEFAULT_KERNEL"
    nothing=$(jq '.nothing | length' "$OUT/$cell/result.json")
    if [ "$status" = clean ] && [ "$nothing" -gt 0 ]; then
        finish "$cell" found "$nothing artifacts that show no finding: see artifacts/"
        return
    fi
    finish "$cell" "$status" ""
}

canary() {
    local cell=$1 artifacts=$OUT/$1/artifacts
    fuzz_run canary -seed=1 -max_total_time="$SECONDS_EACH" -runs=2000000 -print_final_stats=1 \
        -artifact_prefix="$artifacts/" >"$OUT/$cell/log.txt" 2>&1 || true
    execs=$(executed "$OUT/$cell/log.txt")
    if check_canary "$OUT/$cell/log.txt" "$artifacts"; then finish "$cell" caught ""
    else finish "$cell" failed "the canary was not caught"; fi
}

# Whether every bug is found and every program proved as before. The table is in log.txt, and on the page.
selftest() {
    local cell=$1 code=0 result=$OUT/$1/result.json changed
    "$FOLIOFUZZ" selftest --budget "$BUDGET" --jobs "$JOBS" --format json >"$result" 2>"$OUT/$cell/log.txt" || code=$?
    tail -n 1 "$OUT/$cell/log.txt"
    case $code in 0 | 1 | 3) ;; *) finish "$cell" failed "selftest ended with status $code"; return ;; esac
    execs=$(jq '[(.bugs[] | .found[], .missed), .proved[]] | add // 0' "$result")
    [ "$execs" -gt 0 ] || { finish "$cell" failed "not one execution"; return; }
    changed=$(jq -r '[.changes[].change] | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$result")
    case $code in
        0) finish "$cell" clean "" ;;
        1) finish "$cell" lost "$changed: see the table" ;;
        3) finish "$cell" undecided "$changed: the budget of $BUDGET was too small to say" ;;
    esac
}

run() {
    local cell=$1
    printf '%s\n' "${CELLS[@]}" | grep -qx -e "$cell" || fail "$cell: expected one of ${CELLS[*]}"
    rm -rf "${OUT:?}/$cell"
    mkdir -p "$OUT/$cell"
    step "$cell"
    build_foliofuzz
    case $cell in
        hunt-*) hunt "$cell" ;;
        fuzz-*) fuzz "$cell" ;;
        selftest) selftest "$cell" ;;
    esac
}

# Every kernel and every target has a part.
complete() {
    local missing=()
    for kernel in $("$FOLIOFUZZ" list kernels --format json | jq -r '.[].name'); do
        printf '%s\n' "${CELLS[@]}" | grep -qx -e "hunt-$kernel" || missing+=("hunt-$kernel")
    done
    for target in $(sed -n 's/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml | grep -v foliofuzz); do
        printf '%s\n' "${CELLS[@]}" | grep -qx -e "fuzz-$target" || missing+=("fuzz-$target")
    done
    printf '%s' "${missing[*]}"
}

verify() {
    local red=() undecided=() missing cell status
    build_foliofuzz
    missing=$(complete)
    [ -z "$missing" ] || red+=("no part for: $missing")
    for cell in "${CELLS[@]}"; do
        if [ ! -s "$OUT/$cell/cell.json" ]; then
            red+=("$cell did not run")
            continue
        fi
        status=$(jq -r .status "$OUT/$cell/cell.json")
        case $cell-$status in
            fuzz-canary-caught | hunt-*-clean | hunt-*-known | fuzz-*-clean | fuzz-*-known | selftest-clean) ;;
            selftest-undecided) undecided+=("$cell: $(jq -r .why "$OUT/$cell/cell.json")") ;;
            *-found) red+=("$cell: a finding that is not known") ;;
            *) red+=("$cell: $(jq -r .why "$OUT/$cell/cell.json")") ;;
        esac
    done
    {
        printf '# foliofuzz, %s\n\n' "$(date -u +%Y-%m-%d)"
        [ "${#red[@]}" -eq 0 ] || reasons Red "${red[@]}"
        [ "${#undecided[@]}" -eq 0 ] || reasons Undecided "${undecided[@]}"
        [ "$((${#red[@]} + ${#undecided[@]}))" -gt 0 ] || printf 'Green: %s.\n\n' "$GREEN"
        page
    } >"$OUT/summary.md.tmp"
    mv "$OUT/summary.md.tmp" "$OUT/summary.md"
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$OUT/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
    [ "${#undecided[@]}" -eq 0 ] || printf 'UNDECIDED: %s\n' "${undecided[@]}"
    [ "${#red[@]}" -eq 0 ] || { printf 'RED: %s\n' "${red[@]}"; return 1; }
    [ "${#undecided[@]}" -eq 0 ] || return 3
    echo "GREEN: $GREEN"
}

# reasons WORD REASON...
reasons() {
    printf '%s:\n\n' "$1"
    shift
    printf '* %s\n' "$@"
    printf '\n'
}

# page: the parts and what they found, as markdown
page() {
    local cell folder
    printf '| part | outcome | executions | corpus | findings |\n|---|---|---:|---|---|\n'
    for cell in "${CELLS[@]}"; do
        if [ ! -s "$OUT/$cell/cell.json" ]; then
            printf '| %s | **did not run** | | | |\n' "$cell"
            continue
        fi
        jq -r '"| \(.cell) | \(if (.status | IN("clean", "known", "caught")) then .status else "**\(.status)**" end)\(
            if .why == "" then "" else ": \(.why)" end) | \(.execs) | \(.corpus_before) -> \(.corpus_after) | \(
            [.findings[] | "`\(.signature)`\(if .known then "" else " (new)" end)"] | join(", ")) |"' \
            "$OUT/$cell/cell.json"
    done
    if [ -s "$OUT/selftest/cell.json" ] && jq -e '.changes != []' "$OUT/selftest/result.json" >/dev/null 2>&1; then
        printf '\n## Not as before\n\n| | | before | now |\n|---|---|---|---|\n'
        jq -r '.changes[] | "| \(.change) | `\(.name)` | \(.before) | \(.now) |"' "$OUT/selftest/result.json"
    fi
    for cell in "${CELLS[@]}"; do
        [ -s "$OUT/$cell/cell.json" ] || continue
        while IFS= read -r folder; do
            printf '\n## %s\n\n' "$(jq -r .title "$folder/finding.json")"
            printf 'In %s. Caused by: %s.\n\n' "$cell" \
                "$(jq -r 'if (.cause | length) == 0 then "no known bug" else .cause | join(", ") end' "$folder/finding.json")"
            printf '```\n%s\n```\n\nRepro:\n\n```\n%s\n```\n' "$(cat "$folder/diagram.txt")" "$(cat "$folder/min.mm")"
        done < <(new_folders "$cell")
    done
}

# The folders of what is new in a part, each once.
new_folders() {
    jq -r '.findings[] | select(.known | not) | .file' "$OUT/$1/cell.json" | while IFS= read -r file; do
        printf '%s\n' "$OUT/$1/findings/$(basename "$(dirname "$file")")"
    done | sort -u
}

issues() {
    command -v gh >/dev/null || fail "gh is not installed: no issue is opened"
    local cell folder name known
    known=$(gh issue list --state all --limit 1000 --json title --jq '.[].title')
    for cell in "${CELLS[@]}"; do
        [ -s "$OUT/$cell/cell.json" ] || continue
        while IFS= read -r folder; do
            name=$(basename "$folder")
            if grep -qF "[$name]" <<<"$known"; then
                echo "$name has an issue"
                continue
            fi
            {
                printf 'Signature: `%s`, found by %s, commit %s.\n\n' "$(jq -r .signature "$folder/finding.json")" \
                    "$cell" "$(git rev-parse HEAD 2>/dev/null || echo unknown)"
                printf '```\n%s\n```\n\nRepro:\n\n```\n%s\n```\n' "$(cat "$folder/report.txt")" "$(cat "$folder/min.mm")"
            } >"$folder/issue.md"
            gh issue create --title "$(jq -r .title "$folder/finding.json") [$name]" --body-file "$folder/issue.md"
            known+=$'\n'"[$name]"
        done < <(new_folders "$cell")
    done
}

all() {
    local cell
    build_foliofuzz
    for cell in "${CELLS[@]}"; do
        # Its outcome is in cell.json. A part that ends without one did not run.
        ci/nightly.sh run "$cell" || true
    done
    step "verify"
    verify
}

case ${1:-} in
    cells) printf '%s\n' "${CELLS[@]}" ;;
    run) run "${2:-}" ;;
    verify | issues | all) "$1" ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
