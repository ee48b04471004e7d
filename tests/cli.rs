//! The binary: exit codes, one clear line for bad input, JSON as the last line.

mod common;

use std::path::PathBuf;
use std::process::{Command, Output};

fn foliofuzz(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.args(args).current_dir(common::root()).output().expect("the binary runs")
}

fn scratch(name: &str, bytes: &[u8]) -> String {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli");
    std::fs::create_dir_all(&dir).expect("a folder");
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("written");
    path.display().to_string()
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn last_json(out: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    serde_json::from_str(text.lines().last().unwrap_or_default()).expect("the last line is JSON")
}

const A0: &str = "corpus/bugs/2018_isolate_lru_page_mapping.mm";

#[test]
fn bad_files_give_one_line_and_exit_2() {
    let good = std::fs::read_to_string(common::root().join(A0)).expect("readable");
    let cases: [(&str, Vec<u8>, &str); 5] = [
        (
            "site.mm",
            good.replace("mapping_aops#1", "mapping_aosp#1").into(),
            "did you mean __isolate_lru_page.mapping_aops?",
        ),
        ("op.mm", good.replace("  evict(m0)", "  evcit(m0)").into(), "unknown operation `evcit`"),
        ("truncated.mm", good.as_bytes()[..150].to_vec(), "file ends before"),
        ("rubbish.mm", vec![0xff, 0, 1, 2, 3, 0x80], "not a foliofuzz repro"),
        ("empty.mm", Vec::new(), "the file is empty"),
    ];
    for (name, bytes, expected) in cases {
        let path = scratch(name, &bytes);
        for verb in ["replay", "explain", "shrink", "fmt"] {
            let out = foliofuzz(&[verb, &path]);
            let line = stderr(&out);
            assert_eq!(out.status.code(), Some(2), "{verb} {name}: {line}");
            assert_eq!(line.lines().count(), 1, "{verb} {name}: {line}");
            assert!(line.contains(expected) && line.contains(name), "{verb} {name}: {line}");
            assert!(out.stdout.is_empty(), "{verb} {name}");
        }
    }
}

#[test]
fn replay_tells_whether_the_expectation_is_met() {
    let met = foliofuzz(&["replay", A0, "--format", "json"]);
    assert_eq!(met.status.code(), Some(0), "{}", stderr(&met));
    let json = last_json(&met);
    assert_eq!(json["met"], true);
    assert_eq!(json["signature"], "uaf/mapping:__isolate_lru_page+evict");
    assert_eq!(json["event_hash"].as_str().map(str::len), Some(16));
    let not_met = foliofuzz(&["replay", A0, "--fix", "A0"]);
    assert_eq!(not_met.status.code(), Some(1), "{}", stderr(&not_met));
}

#[test]
fn hunt_finds_saves_and_says_so() {
    let out_dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hunt");
    let _ = std::fs::remove_dir_all(&out_dir);
    let dir = out_dir.display().to_string();
    let args = ["hunt", "--bug", "mutant_locked_at_free", "--runs", "20000", "--seed", "1", "--out", &dir];
    let out = foliofuzz(&[&args[..], &["--format", "json"]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", stderr(&out));
    let json = last_json(&out);
    assert_eq!(json["outcome"], "found");
    let file = json["findings"][0]["file"].as_str().expect("saved").to_string();
    assert_eq!(foliofuzz(&["replay", &file]).status.code(), Some(0));
    for name in ["repro.mm", "report.txt", "diagram.txt", "finding.json"] {
        assert!(PathBuf::from(&file).with_file_name(name).exists(), "{name}");
    }
    let clean = foliofuzz(&["hunt", "--runs", "2000", "--seed", "1", "--out", &dir, "--format", "json"]);
    assert_eq!((clean.status.code(), last_json(&clean)["outcome"].as_str()), (Some(0), Some("clean")));
}

#[test]
fn usage_errors_exit_2() {
    for args in [
        &["hunt", "--kernel", "v9.9"][..],
        &["hunt", "--sched", "pct:0"],
        &["hunt", "--sched", "dpor"],
        &["hunt", "--bug", "nothing"],
        &["list", "bogus"],
        &["replay"],
    ] {
        let out = foliofuzz(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", stderr(&out));
    }
}

#[test]
fn a_page_is_written_whole_or_not_at_all() {
    let page = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli-page.html");
    let _ = std::fs::remove_file(&page);
    let name = page.display().to_string();
    let clean = foliofuzz(&["explain", "corpus/seeds/lock_waiters.mm", "--html", &name]);
    assert_eq!((clean.status.code(), page.exists()), (Some(1), false), "nothing found, nothing written");
    let found = foliofuzz(&["explain", A0, "--html", &name, "--format", "json"]);
    assert_eq!(found.status.code(), Some(0), "{}", stderr(&found));
    assert!(stderr(&found).contains(&name), "{}", stderr(&found));
    assert_eq!(last_json(&found)["schema"], 1);
    let text = std::fs::read_to_string(&page).expect("a page");
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n"));
    let nowhere = foliofuzz(&["explain", A0, "--html", "no/such/folder/page.html"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(nowhere.stdout.is_empty() && stderr(&nowhere).lines().count() == 1, "{}", stderr(&nowhere));
}

#[test]
fn the_2018_diagram_shows_its_three_roles_in_75_columns() {
    let out = foliofuzz(&["explain", "--checks", "actual", A0]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let diagram = &text[text.find("\nF0: folio").expect("a diagram")..];
    assert!(diagram.lines().all(|l| l.chars().count() <= 75 && l.is_ascii()), "{diagram}");
    let steps = [
        "F0->flags & PG_lru  -> 1",
        "F0->flags & PG_dirty  -> 1",
        "mapping = F0->mapping  -> m0",
        "folio_try_get(F0)  [ref 1->2]",
        "folio_trylock(F0)  [ok]",
        "[PG_dirty 1->0]",
        "F0->mapping = NULL",
        "folio_put_refs(F0)  [ref 3->2] (pagecache)",
        "folio_unlock(F0)",
        "release_pages(F0)  [ref 2->1] (fbatch)",
        "inode m0 freed",
        "m0->a_ops  <-- use-after-free",
    ];
    let mut rest = diagram;
    for step in steps {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} is missing or out of order:\n{diagram}"));
        rest = &rest[at..];
    }
    assert!(diagram.lines().count() <= 45, "more than needed:\n{diagram}");
}

#[test]
fn check_tells_whether_a_claim_can_happen() {
    let claims = |name: &str| {
        let text = std::fs::read_to_string(common::root().join(format!("corpus/claims/{name}.mm"))).expect("readable");
        text.lines().filter(|l| !l.starts_with("verdict:")).map(|l| format!("{l}\n")).collect::<String>()
    };
    let bare = claims("freeze_with_a_lookup");
    let impossible = foliofuzz(&["check", "--format", "json", &scratch("impossible.mm", bare.as_bytes())]);
    assert_eq!(impossible.status.code(), Some(1), "{}", stderr(&impossible));
    let json = last_json(&impossible);
    assert_eq!((&json["outcome"], &json["step"]), (&"impossible".into(), &3.into()));
    assert_eq!(json["site"], "__remove_mapping.folio_ref_freeze");
    assert_eq!(json["why"], "CPU1 folio_ref_freeze(F0, 2) would fail: ref is 3, not 2");
    let text = stderr(&impossible);
    assert!(text.starts_with("claim: step 3 of 3 cannot happen\n"), "{text}");
    assert!(text.contains("lookup 1 (CPU0, filemap_get_entry)"), "{text}");
    for (verdict, status) in [("impossible:3", 0), ("impossible:2", 1), ("possible", 1)] {
        let stated = bare.replace("\n\ninit", &format!("\nverdict: {verdict}\n\ninit"));
        let out = foliofuzz(&["check", &scratch("stated.mm", stated.as_bytes())]);
        assert_eq!(out.status.code(), Some(status), "{verdict}");
    }
    let (possible, shown) = (scratch("possible.mm", claims("last_put_by_lookup").as_bytes()), scratch("shown.mm", b""));
    let out = foliofuzz(&["check", "--format", "json", "-o", &shown, &possible]);
    assert_eq!((out.status.code(), &last_json(&out)["outcome"]), (Some(0), &"possible".into()));
    assert_eq!(foliofuzz(&["replay", &shown]).status.code(), Some(0));
    assert_eq!(foliofuzz(&["check", &shown]).status.code(), Some(0));
    let stopped = foliofuzz(&["check", "--runs", "0", "corpus/claims/isolated_twice.mm"]);
    assert_eq!(stopped.status.code(), Some(3), "{}", stderr(&stopped));
    let nothing = foliofuzz(&["check", A0]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("expected a `claim` section"), "{}", stderr(&nothing));
}
