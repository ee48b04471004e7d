#!/usr/bin/env bash
# A campaign whose disk fills up ends with one line and exit status 2; what was there stays whole, and with room again
# it goes on. Needs the right to mount a tmpfs.
#
#   tests/campaign/full.sh [FOLIOFUZZ [KILOBYTES]]      default: target/release/foliofuzz 600
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
foliofuzz=$(realpath -m "${1:-$root/target/release/foliofuzz}")
kilobytes=${2:-600}
dir=$(mktemp -d)
mount -t tmpfs -o "size=${kilobytes}k" tmpfs "$dir"
trap 'umount "$dir"; rmdir "$dir"' EXIT
fail() { printf 'full: %s\n' "$*" >&2; exit 1; }

camp=$dir/campaign
bugs=mutant_locked_at_free,mutant_double_cache_put,mutant_skipped_put,mutant_fork_without_mapcount
log=$(mktemp)
status=0
"$foliofuzz" hunt --bug "$bugs" --jobs 2 --keep-going --for 120s --seed 1 --out "$camp" >/dev/null 2>"$log" || status=$?
errors=$(grep -c '^foliofuzz:' "$log" || true)
[ "$status" -eq 2 ] || { cat "$log" >&2; fail "it ended with $status, not 2"; }
[ "$errors" -eq 1 ] || { cat "$log" >&2; fail "$errors lines of error, not 1"; }
grep '^foliofuzz:' "$log"
find "$camp/corpus" -maxdepth 1 -type f -empty | grep -q . && fail "an empty input"

# As after a restart on another day: whatever is there is whole, and announced findings are there.
sed -n 's/^minimizing //p' "$log" | while read -r signature; do
    grep -qsF "\"$signature\"" "$camp"/*/finding.json || fail "$signature was announced and is lost"
done
for json in "$camp"/*/finding.json "$camp/campaign.json"; do
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$json" || fail "$json is half written"
done
"$foliofuzz" replay "$camp"/*/*.mm >/dev/null || fail "a repro does not show what it says"
# Not a byte of room: told before anything runs.
dd if=/dev/zero of="$dir/filler" bs=1k 2>/dev/null || true
status=0
"$foliofuzz" hunt --resume --out "$camp" --runs 1000 >/dev/null 2>"$log" || status=$?
[ "$status" -eq 2 ] || { cat "$log" >&2; fail "the full disk was not told at the start: $status"; }
[ "$(wc -l <"$log")" -eq 1 ] || { cat "$log" >&2; fail "more than one line at the start"; }
cat "$log"

mount -o "remount,size=$((kilobytes * 20))k" "$dir"
status=0
"$foliofuzz" hunt --resume --out "$camp" --runs 1000 >"$log" 2>&1 || status=$?
[ "$status" -eq 1 ] || { cat "$log" >&2; fail "it does not go on: $status"; }
grep '^part 2 of the campaign' "$log" || { cat "$log" >&2; fail "it does not say that it goes on"; }
rm -f "$log"
echo "a full disk: one line, exit status 2, and it goes on"
