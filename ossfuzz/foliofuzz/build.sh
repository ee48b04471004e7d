#!/bin/bash -eu
# One script serves ClusterFuzzLite and OSS-Fuzz.
exec "$SRC/foliofuzz/.clusterfuzzlite/build.sh"
