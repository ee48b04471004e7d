# What the scripts here share; to be sourced. They run in the root of the repository.
#
# FUZZ_TOOLCHAIN   the toolchain of cargo-fuzz (default: stable, if rustup has it under that name)
# FUZZ_SANITIZER   none (default) or address (needs FUZZ_TOOLCHAIN=nightly)
# FUZZ_TARGET_DIR  where cargo-fuzz builds (default: fuzz/target)
# FOLIOFUZZ        the binary (default: target/release/foliofuzz, which is built)

CARGO_FUZZ_VERSION=0.13.2
FUZZ_SANITIZER=${FUZZ_SANITIZER:-none}
FUZZ_TARGET_DIR=${FUZZ_TARGET_DIR:-fuzz/target}
FUZZ_TRIPLE=$(rustc -vV | sed -n 's/^host: //p')

# The environment chooses the model of the fuzz targets; here, the scripts do.
unset FOLIOFUZZ_KERNEL FOLIOFUZZ_BUG FOLIOFUZZ_ONLY FOLIOFUZZ_CHECKS

step() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The command itself; builds it unless FOLIOFUZZ names one.
build_foliofuzz() {
    if [ -z "${FOLIOFUZZ:-}" ]; then
        cargo build --release --quiet
        FOLIOFUZZ=target/release/foliofuzz
    fi
    [ -x "$FOLIOFUZZ" ] || fail "$FOLIOFUZZ: expected the foliofuzz binary"
    export FOLIOFUZZ
}

cargo_fuzz() {
    if [ -z "${FUZZ_TOOLCHAIN:-}" ] && cargo +stable --version >/dev/null 2>&1; then
        FUZZ_TOOLCHAIN=stable
    fi
    cargo ${FUZZ_TOOLCHAIN:+"+$FUZZ_TOOLCHAIN"} fuzz "$@"
}

install_cargo_fuzz() {
    if [ "$(cargo fuzz --version 2>/dev/null || true)" != "cargo-fuzz $CARGO_FUZZ_VERSION" ]; then
        cargo install cargo-fuzz --version "$CARGO_FUZZ_VERSION" --locked --force
    fi
}

# fuzz_build [TARGET]
fuzz_build() {
    install_cargo_fuzz
    cargo_fuzz build "$@" -s "$FUZZ_SANITIZER" --target-dir "$FUZZ_TARGET_DIR"
}

fuzz_binary() { printf '%s/%s/release/%s' "$FUZZ_TARGET_DIR" "$FUZZ_TRIPLE" "$1"; }

# section FILE NAME: the `key=value` lines of a section of an options file
section() { sed -n "/^\[$2\]/,/^\[/s/^\([a-z_]*\) *= *\([^ ]*\)\$/\1=\2/p" "$1"; }

# fuzz_run TARGET ARGUMENTS...: the target with the flags of its options file and its dictionary
fuzz_run() {
    local target=$1 flags=() options
    shift
    options=fuzz/options/$target.options
    if [ -e "$options" ]; then
        mapfile -t flags < <(section "$options" libfuzzer | sed 's/^/-/')
        ASAN_OPTIONS=$(section "$options" asan | paste -sd:)
        export ASAN_OPTIONS
    fi
    if [ -e "fuzz/dict/$target.dict" ]; then
        flags+=("-dict=fuzz/dict/$target.dict")
    fi
    "$(fuzz_binary "$target")" "${flags[@]}" "$@"
}

# check_canary LOG ARTIFACTS: a canary must crash by its own panic; a target that could not start ends with an error, too
check_canary() {
    grep -q '^DEDUP_TOKEN: canary/planted:canary' "$1" && compgen -G "$2/crash-*" >/dev/null
}
