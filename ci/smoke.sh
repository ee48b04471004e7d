#!/usr/bin/env bash
# A minute of searching for a change: the default kernel, a planted bug, each fuzz target, the canary.
#
# SMOKE_SECONDS  of all searches together (default 60)    SMOKE_OUT  logs and findings (default: a temporary folder)
# and the variables of ci/lib.sh. Exit status 1: something is wrong, told in the last lines.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/lib.sh

TOTAL=${SMOKE_SECONDS:-60}
PART=$((TOTAL / 3 > 0 ? TOTAL / 3 : 1))
if [ -n "${SMOKE_OUT:-}" ]; then
    scratch=$SMOKE_OUT
    mkdir -p "$scratch"
else
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
fi

build_foliofuzz
step "hunt, $PART s"
code=0
"$FOLIOFUZZ" hunt --for "${PART}s" --out "$scratch/findings" --format sarif="$scratch/findings.sarif" || code=$?
[ "$code" -eq 0 ] || fail "hunt ended with status $code: see above"

step "a planted bug is found"
code=0
"$FOLIOFUZZ" hunt --bug mutant_locked_at_free --runs 200000 --seed 1 --out "$scratch/planted" \
    >"$scratch/planted.txt" 2>&1 || code=$?
[ "$code" -eq 1 ] || { cat "$scratch/planted.txt"; fail "the planted bug was not found (status $code)"; }
grep '^signature:' "$scratch/planted.txt"

step "fuzz targets: build"
fuzz_build

for target in interleave text; do
    step "$target, $PART s"
    mkdir -p "$scratch/$target/corpus" "$scratch/$target/artifacts"
    fuzz_run "$target" -max_total_time="$PART" -print_final_stats=1 -artifact_prefix="$scratch/$target/artifacts/" \
        "$scratch/$target/corpus" corpus/seeds >"$scratch/$target.log" 2>&1 ||
        { tail -n 60 "$scratch/$target.log"; fail "$target crashed"; }
    grep '^stat::number_of_executed_units' "$scratch/$target.log"
done

step "canary"
mkdir -p "$scratch/canary/artifacts"
fuzz_run canary -seed=1 -runs=2000000 -artifact_prefix="$scratch/canary/artifacts/" >"$scratch/canary.log" 2>&1 || true
check_canary "$scratch/canary.log" "$scratch/canary/artifacts" || { cat "$scratch/canary.log"; fail "the canary survived"; }
echo "the canary crashed, as it should"
