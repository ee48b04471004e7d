#!/bin/bash -eu
# Builds the fuzz targets for ClusterFuzzLite and OSS-Fuzz.
#
# Reads $SRC/foliofuzz; writes to $OUT, for each target, the program, its options, its dictionary if it has one, and its
# seeds. The canary stays behind: a target that crashes at once is no good build. RUSTUP_TOOLCHAIN chooses another
# toolchain than nightly, which the sanitizers need.
export RUSTUP_TOOLCHAIN=${RUSTUP_TOOLCHAIN:-nightly}
: "${SRC:?expected the folder that holds foliofuzz/}" "${OUT:?expected the folder the targets go to}"
engine=${FUZZING_ENGINE:-libfuzzer}
if [ "$engine" != libfuzzer ]; then
    echo "build.sh: FUZZING_ENGINE=$engine: expected libfuzzer, which the targets bring with them" >&2
    exit 2
fi
case ${SANITIZER:-address} in
    address) sanitizer=address ;;
    # The builder sets what coverage needs in RUSTFLAGS.
    coverage | none) sanitizer=none ;;
    *) echo "build.sh: SANITIZER=$SANITIZER: expected address, coverage or none" >&2; exit 2 ;;
esac

cd "$SRC/foliofuzz"
mkdir -p "$OUT"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-fuzz/target}
triple=$(rustc -vV | sed -n 's/^host: //p')
cargo fuzz build -O --debug-assertions -s "$sanitizer" --features managed-corpora
for target in $(cargo fuzz list); do
    [ "$target" != canary ] || continue
    cp "$CARGO_TARGET_DIR/$triple/release/$target" "$OUT/"
    cp "fuzz/options/$target.options" "$OUT/"
    if [ -e "fuzz/dict/$target.dict" ]; then cp "fuzz/dict/$target.dict" "$OUT/"; fi
    rm -f "$OUT/${target}_seed_corpus.zip"
    # Every stored program but the claims, which are no tests of the model.
    find corpus -name '*.mm' -not -path 'corpus/claims/*' | sort | zip -qj@ "$OUT/${target}_seed_corpus.zip"
done
