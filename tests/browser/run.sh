#!/usr/bin/env bash
# Opens the page of `foliofuzz explain --html` in headless Chromium, without network, and goes through it.
#
#   tests/browser/run.sh [FOLIOFUZZ]      default: target/release/foliofuzz
#
# SCREENSHOT=FILE keeps a picture: the step on the other side of the finding. CHROMIUM=FILE names the browser. Chromium is installed by apt if
# there is none and apt may. Exit status 77: not run, for want of Chromium or Node.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
foliofuzz=$(realpath -m "${1:-$root/target/release/foliofuzz}")
[ -z "${SCREENSHOT:-}" ] || SCREENSHOT=$(realpath -m "$SCREENSHOT")
cd "$root/tests/browser"

not_run() { printf 'browser test NOT RUN: %s\n' "$*" >&2; exit 77; }

find_chromium() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome || true; }

as_root=
[ "$(id -u)" -eq 0 ] || as_root="sudo -n"
if [ -z "$(find_chromium)" ] && command -v apt-get >/dev/null; then
    echo "no Chromium: trying apt-get"
    { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium; } \
        >/dev/null 2>&1 || true
fi
CHROMIUM=$(find_chromium)
[ -n "$CHROMIUM" ] || not_run "no Chromium, and apt-get cannot install it"
command -v npm >/dev/null || not_run "no npm (Node 20 or later is needed)"
[ -x "$foliofuzz" ] || { echo "browser test: $foliofuzz is not there: build it first" >&2; exit 1; }

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent --no-audit --no-fund || not_run "npm ci cannot fetch playwright-core"
fi
export CHROMIUM FOLIOFUZZ=$foliofuzz ROOT=$root SCREENSHOT=${SCREENSHOT:-}
exec node explain.js
