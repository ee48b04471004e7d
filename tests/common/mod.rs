//! What several tests need.
#![allow(dead_code)]

pub mod plain;

use foliofuzz::campaign::mutate;
use foliofuzz::prog::{File, Program, decode, preset};
use foliofuzz::vocab::{BugSet, Kernel, Model};
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The `i`-th generated program under `model`.
pub fn generated(i: u32, model: Model) -> Program {
    let mut bytes = vec![0u8; 88];
    let size = mutate(&mut bytes, 0, 88, i, &mut |_, size, _| size);
    decode(&bytes[..size], model)
}

/// The `i`-th generated program, going through all kernels as released, now and then with bugs put back.
pub fn generated_any(i: u32) -> Program {
    let kernel = Kernel::ALL[i as usize % Kernel::ALL.len()];
    let mut model = preset::model(kernel);
    if i.is_multiple_of(3) {
        let bits = u64::from(i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        model.bugs = BugSet::from_words([bits, bits << 7, bits << 13, bits << 21]) & preset::applicable(kernel);
    }
    generated(i, model)
}

/// A scale for tests that can be run longer: the environment variable, or the default.
pub fn scale(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Every `.mm` file below `dir`, sorted.
pub fn programs(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root().join(dir), "mm", &mut found);
    found.sort();
    found
}

/// Every file below `dir` with the extension.
pub fn walk(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}

pub fn load(path: &Path) -> File {
    let bytes = std::fs::read(path).expect("readable");
    File::parse(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
