#!/usr/bin/env bash
# JUnit's XML against its published XSD. Needs Python with the package xmlschema; reads what `cargo test --test formats`
# left, or the file given.
set -euo pipefail
cd "$(dirname "$0")/.."
xml=${1:-${CARGO_TARGET_DIR:-target}/tmp/junit.xml}
python3 - "$xml" <<'PY'
import sys
import xmlschema

xmlschema.XMLSchema("tests/schemas/junit-10.xsd").validate(sys.argv[1])
print(f"{sys.argv[1]} is valid")
PY
