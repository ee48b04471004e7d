//! The files of fuzzing campaigns name what there is.

mod common;

use foliofuzz::vocab::Kernel;
use std::path::Path;
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
    wanted.push("selftest".to_string());
    cells.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(cells, wanted, "{}", String::from_utf8_lossy(&out.stderr));
}

fn night(out: &Path, args: &[&str], env: &[(&str, &Path)]) -> (Option<i32>, String) {
    let mut command = Command::new("bash");
    command.arg("ci/nightly.sh").args(args).current_dir(common::root()).env("NIGHTLY_OUT", out);
    command.env_remove("GITHUB_STEP_SUMMARY").envs(env.iter().copied());
    let ended = command.output().expect("bash runs");
    (ended.status.code(), String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned())
}

#[test]
fn a_night_tells_what_selftest_says() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ci-night");
    let _ = std::fs::remove_dir_all(&dir);
    let out = dir.join("nightly");
    let cells = night(&out, &["cells"], &[]).1;
    for cell in cells.lines().filter(|cell| *cell != "selftest") {
        let status = if cell == "fuzz-canary" { "caught" } else { "clean" };
        let text = serde_json::json!({
            "cell": cell, "status": status, "why": "", "execs": 1, "corpus_before": 0, "corpus_after": 1, "findings": []
        });
        std::fs::create_dir_all(out.join(cell)).expect("a folder");
        std::fs::write(out.join(cell).join("cell.json"), text.to_string()).expect("written");
    }
    let real = Path::new(env!("CARGO_BIN_EXE_foliofuzz"));
    let verify = || night(&out, &["verify"], &[("FOLIOFUZZ", real)]);
    let (code, said) = verify();
    assert!(code == Some(1) && said.contains("RED: selftest did not run"), "{said}");

    // Stands for selftest: its outcomes, without their minutes.
    let fake = dir.join("foliofuzz");
    let row =
        |change| serde_json::json!({ "name": "some_bug", "before": "12", "now": "not in 1000", "change": change });
    let cases = [
        (0, vec![], 0, "clean", "GREEN: "),
        (1, vec![row("LOST"), row("unknown")], 1, "lost: 1 LOST, 1 unknown: see the table", "RED: selftest: 1 LOST"),
        (3, vec![row("unknown")], 3, "undecided: 1 unknown: the budget of 7s", "UNDECIDED: selftest: 1 unknown"),
        (2, vec![], 2, "failed: selftest ended with status 2", "RED: selftest: selftest ended with status 2"),
    ];
    for (ends, changes, status, cell, verdict) in cases {
        let result = serde_json::json!({
            "bugs": { "some_bug": { "seeds": 1, "found": [], "missed": 1000 } }, "proved": { "a.mm": 5 }, "changes": changes
        });
        let script = format!("#!/bin/sh\nprintf '%s\\n' '{result}'\necho 'a line' >&2\nexit {ends}\n");
        std::fs::write(&fake, script).expect("written");
        let made = Command::new("chmod").arg("+x").arg(&fake).status().expect("chmod runs");
        assert!(made.success());
        let budget = Path::new("7s");
        let (code, said) = night(&out, &["run", "selftest"], &[("FOLIOFUZZ", &fake), ("NIGHTLY_SELFTEST", budget)]);
        assert!(code == Some(status) && said.contains(&format!("selftest: {cell}")), "{code:?}: {said}");
        let (code, said) = verify();
        assert!(code == Some([0, 1, 1, 3][ends]) && said.contains(verdict), "{ends}: {code:?}: {said}");
        let page = std::fs::read_to_string(out.join("summary.md")).expect("a page");
        let table = page.contains("| `some_bug` | 12 | not in 1000 |");
        assert_eq!(table, !changes.is_empty(), "{page}");
        assert_eq!(page.contains("\nGreen: "), ends == 0, "{page}");
    }
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
