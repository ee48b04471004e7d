//! The files of fuzzing campaigns name what there is.

mod common;

use foliofuzz::vocab::Kernel;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(common::root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The fuzz targets, as their manifest has them.
fn targets() -> Vec<String> {
    let manifest = read("fuzz/Cargo.toml");
    let bins = manifest.split("[[bin]]").skip(1);
    let names: Vec<String> = bins.filter_map(|b| b.split('"').nth(1).map(str::to_string)).collect();
    assert!(names.len() >= 3, "{names:?}");
    names
}

#[test]
fn the_dictionary_is_the_one_that_list_prints() {
    let out = Command::new(env!("CARGO_BIN_EXE_foliofuzz")).args(["list", "ops", "--dict"]).output().expect("runs");
    let printed = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(read("fuzz/dict/text.dict"), printed, "foliofuzz list ops --dict > fuzz/dict/text.dict");
}

#[test]
fn a_night_has_a_part_for_each_kernel_and_target() {
    let out = Command::new("bash").arg("ci/nightly.sh").arg("cells").current_dir(common::root()).output();
    let out = out.expect("bash runs");
    let cells = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut cells: Vec<&str> = cells.lines().collect();
    let kernels = Kernel::ALL.iter().map(|k| format!("hunt-{}", k.name()));
    let mut wanted: Vec<String> = kernels.chain(targets().into_iter().map(|t| format!("fuzz-{t}"))).collect();
    cells.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(cells, wanted, "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn targets_have_options_that_clusterfuzz_reads() {
    for target in targets().iter().filter(|t| *t != "canary") {
        let mut section = String::new();
        for line in read(&format!("fuzz/options/{target}.options")).lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                assert!(["libfuzzer", "asan"].contains(&name), "{target}: [{name}]");
                section = name.to_string();
                continue;
            }
            let (key, value) = line.split_once(" = ").unwrap_or_else(|| panic!("{target}: {line}"));
            let plain = |b: u8| b.is_ascii_lowercase() || b == b'_';
            assert!(!section.is_empty() && key.bytes().all(plain), "{target}: {line}");
            assert!(value.parse::<u32>().is_ok(), "{target}: {line}");
        }
    }
}
