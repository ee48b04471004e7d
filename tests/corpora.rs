//! `foliofuzz corpus`: artifacts, corpora, stored findings.

mod common;

use foliofuzz::campaign::corpus::{Features, Probe, decoder, files, read};
use foliofuzz::campaign::{MAX_BYTES, ModelChoice, mutate};
use foliofuzz::prog::decode;
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::Model;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn foliofuzz(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.args(args).current_dir(common::root()).output().expect("the binary runs")
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn last_json(out: &Output) -> Value {
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    serde_json::from_str(text.lines().last().unwrap_or_default()).expect("the last line is JSON")
}

fn scratch(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("corpora").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a folder");
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name of this test's")
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).expect("a folder").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|n| !n.starts_with('.'));
    names.sort();
    names
}

/// Fresh inputs of the mutator.
fn inputs(n: u32) -> Vec<Vec<u8>> {
    let one = |seed| {
        let mut data = [0; MAX_BYTES];
        let size = mutate(&mut data, 0, MAX_BYTES, seed, &mut |_, size, _| size);
        data[..size].to_vec()
    };
    (1..=n).map(one).collect()
}

fn model(bug: Option<&str>) -> Model {
    let choice = ModelChoice { bugs: bug.map(str::to_string).into_iter().collect(), ..ModelChoice::default() };
    choice.model().expect("a model")
}

/// A corpus of bytes, some of them twice.
fn corpus(name: &str, n: u32) -> PathBuf {
    let dir = scratch(name);
    for (i, bytes) in inputs(n).iter().enumerate() {
        fs::write(dir.join(format!("input{i:03}")), bytes).expect("written");
        if i % 3 == 0 {
            fs::write(dir.join(format!("twin{i:03}")), [&bytes[..], &[0]].concat()).expect("written");
        }
    }
    fs::create_dir(dir.join(".foliofuzz")).expect("a folder");
    fs::write(dir.join(".foliofuzz/decode"), decoder()).expect("written");
    dir
}

fn features(dir: &Path) -> Features {
    let (mut probe, mut all) = (Probe::new(CheckSet::all()), Features::default());
    for path in files(dir).expect("a corpus") {
        let program = read(&path).expect("an input").program(model(None)).expect("a program");
        all.add(&probe.run(&program).features);
    }
    all
}

#[test]
fn what_an_input_reaches_does_not_depend_on_those_before() {
    let inputs: Vec<_> = inputs(60).iter().map(|bytes| decode(bytes, model(None))).collect();
    let mut used = Probe::new(CheckSet::all());
    let reached: Vec<_> = inputs.iter().map(|p| used.run(p).features).collect();
    for (program, features) in inputs.iter().zip(&reached).rev().step_by(7) {
        assert_eq!(Probe::new(CheckSet::all()).run(program).features, *features);
        assert_eq!(used.run(program).features, *features);
    }
    assert!(reached.iter().any(|f| f.len() > 50), "something is reached");
}

#[test]
fn a_smaller_corpus_reaches_as_much() {
    let dir = corpus("min", 120);
    let all = features(&dir);
    let out = dir.with_file_name("min-out");
    let _ = fs::remove_dir_all(&out);
    let small = foliofuzz(&["corpus", "min", text(&dir), "--out", text(&out), "--format", "json"]);
    assert_eq!(small.status.code(), Some(0), "{}", stderr(&small));
    let json = last_json(&small);
    assert_eq!(json["before"]["inputs"], 160);
    assert_eq!((json["lost"].as_u64(), json["features"].as_u64()), (Some(0), Some(all.len() as u64)));
    assert!(names(&out).iter().all(|n| n.starts_with("input")), "a twin reaches nothing more");
    assert!(features(&out) == all);

    // Too few would be left: nothing is changed.
    let before = names(&dir);
    let refused = foliofuzz(&["corpus", "min", text(&dir), "--floor", "150"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(stderr(&refused).lines().count(), 1, "{}", stderr(&refused));
    assert_eq!(names(&dir), before);

    let in_place = foliofuzz(&["corpus", "min", text(&dir), "--floor", "20"]);
    assert_eq!(in_place.status.code(), Some(0), "{}", stderr(&in_place));
    assert_eq!(names(&dir), names(&out));

    // As text, under any decoder.
    fs::remove_dir_all(dir.join(".foliofuzz")).expect("removed");
    fs::create_dir(dir.join(".foliofuzz")).expect("a folder");
    fs::write(dir.join(".foliofuzz/decode"), decoder()).expect("written");
    let as_text = foliofuzz(&["corpus", "min", text(&dir), "--to", "text"]);
    assert_eq!(as_text.status.code(), Some(0), "{}", stderr(&as_text));
    assert!(names(&dir).iter().all(|n| n.ends_with(".mm")));
    fs::write(dir.join(".foliofuzz/decode"), "1 00000000").expect("written");
    assert!(features(&dir) == all);
}

#[test]
fn bytes_of_another_decoder_are_refused() {
    let dir = corpus("stamp", 5);
    let stamp = dir.join(".foliofuzz/decode");
    let refused = |expected: &str| {
        for args in [&["corpus", "min"][..], &["corpus", "stats"], &["hunt", "--runs", "1", "--corpus"]] {
            let out = foliofuzz(&[args, &[text(&dir)]].concat());
            assert_eq!(out.status.code(), Some(2), "{args:?}: {}", stderr(&out));
            assert_eq!(stderr(&out).lines().count(), 1, "{args:?}: {}", stderr(&out));
            assert!(stderr(&out).contains(expected), "{args:?}: {}", stderr(&out));
        }
    };
    fs::write(&stamp, "3 01234567\n").expect("written");
    refused("bytes of decoder 3 01234567");
    fs::remove_file(&stamp).expect("removed");
    refused("has no .foliofuzz/decode");
    fs::write(&stamp, "\n").expect("written");
    refused("bytes of decoder (none), which");
    fs::write(&stamp, [0xff, 0xfe]).expect("written");
    refused("UTF-8");
    fs::remove_file(&stamp).expect("removed");
    fs::create_dir(&stamp).expect("a folder");
    refused("Is a directory");
    fs::remove_dir(&stamp).expect("removed");
    let before = names(&dir);
    names(&dir).iter().for_each(|n| fs::remove_file(dir.join(n)).expect("removed"));
    let out = scratch("stamp-findings");
    let fresh = foliofuzz(&["hunt", "--runs", "100", "--corpus", text(&dir), "--out", text(&out)]);
    assert_eq!(fresh.status.code(), Some(0), "{}", stderr(&fresh));
    assert_eq!(fs::read_to_string(&stamp).expect("a stamp").trim(), decoder());
    assert_ne!(names(&dir), before);
}

#[test]
fn a_campaign_whose_corpus_has_changed_does_not_go_on() {
    let (dir, out) = (corpus("stored", 5), scratch("stored-campaign"));
    let out = out.join("campaign");
    let hunt = |args: &[&str]| foliofuzz(&[&["hunt", "--runs", "10", "--out", text(&out)], args].concat());
    let first = hunt(&["--corpus", text(&dir)]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    let refused = |expected: &str| {
        let again = hunt(&["--resume"]);
        assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
        assert!(stderr(&again).lines().count() == 1 && stderr(&again).contains(expected), "{}", stderr(&again));
        assert!(again.stdout.is_empty());
    };
    fs::write(dir.join(".foliofuzz/decode"), "3 01234567\n").expect("written");
    refused("bytes of decoder 3 01234567");
    fs::remove_dir_all(&dir).expect("removed");
    refused("expected a corpus folder");
    fs::write(&dir, "no folder").expect("written");
    refused("expected a corpus folder");
    fs::remove_file(&dir).expect("removed");
}

#[test]
fn unreadable_corpora_give_one_line_and_exit_2() {
    let dir = scratch("unreadable");
    let file = dir.join("file");
    fs::write(&file, "no folder").expect("written");
    let broken = dir.join("broken.mm");
    fs::write(&broken, "# foliofuzz repro v1\nrubbish\n").expect("written");
    let large = scratch("large");
    fs::write(large.join("large.mm"), [b"# foliofuzz repro v1\n".to_vec(), vec![b'#'; 2 << 20]].concat()).expect("w");
    let below = file.join("x");
    let artifact = "corpus/bugs/mutant_locked_at_free.mm";
    let cases: [(&[&str], &str); 18] = [
        (&["corpus", "min", text(&file)], "expected a corpus folder"),
        (&["corpus", "min", "no/such"], "expected a corpus folder"),
        (&["corpus", "stats", "no/such"], "expected a corpus folder"),
        (&["corpus", "min", text(&large)], "2097173 bytes"),
        (&["corpus", "add", "no/such"], "no/such"),
        (&["corpus", "add", text(&broken)], "broken.mm:2"),
        (&["corpus", "min", "corpus/seeds", "--out", text(&dir)], "is there already"),
        (&["corpus", "min", "corpus/seeds", "--out", text(&below)], "Not a directory"),
        (&["corpus", "min", "corpus/seeds", "--out", "/proc/x"], "/proc/x"),
        (&["corpus", "add", text(&file)], "not a foliofuzz repro"),
        (&["corpus", "add", artifact, "--out", text(&file)], "expected a folder to write to"),
        (&["corpus", "add", artifact, "--out", text(&below)], "expected a folder to write to"),
        (&["corpus", "add", "corpus/seeds", "--out", "/proc/x"], "expected a folder to write to"),
        (&["corpus", "promote", text(&dir), "--name", "x"], "min.mm: No such file"),
        (&["corpus", "min", "corpus/seeds", "--kernel", "v9"], "no kernel `v9`"),
        (&["corpus", "promote", "no/such.mm", "--name", "x"], "no/such.mm"),
        (
            &["corpus", "promote", "corpus/seeds/batch_full.mm", "--name", "batch_full", "--to", "corpus/seeds"],
            "another",
        ),
        (&["hunt", "--corpus", text(&file)], "expected a corpus folder"),
    ];
    for (args, expected) in cases {
        let out = foliofuzz(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", stderr(&out));
        assert_eq!(stderr(&out).lines().count(), 1, "{args:?}: {}", stderr(&out));
        assert!(stderr(&out).contains(expected), "{args:?}: {}", stderr(&out));
    }
    let bad_name = foliofuzz(&["corpus", "promote", "corpus/seeds/batch_full.mm", "--name", "../x"]);
    assert_eq!(bad_name.status.code(), Some(2));
}

const BUG: &str = "mutant_locked_at_free";

#[test]
fn artifacts_come_into_the_folder_of_their_bug() {
    let dir = scratch("artifacts");
    let out = scratch("artifacts-findings").join("findings");
    let mut probe = Probe::new(CheckSet::all());
    let shows = |bytes: &&Vec<u8>| !probe.run(&decode(bytes, model(Some(BUG)))).found.is_empty();
    let all = inputs(4000);
    let bytes: Vec<_> = all.iter().filter(shows).take(2).collect();
    assert_eq!(bytes.len(), 2, "inputs that show the bug");
    for (i, bytes) in bytes.iter().enumerate() {
        fs::write(dir.join(format!("crash-{i}")), bytes).expect("written");
    }
    fs::copy(common::root().join(format!("corpus/bugs/{BUG}.mm")), dir.join("crash-text")).expect("copied");
    fs::copy(common::root().join("corpus/seeds/batch_full.mm"), dir.join("slow-unit-text")).expect("copied");
    let args = ["corpus", "add", text(&dir), "--bug", BUG, "--out", text(&out), "--format", "json"];
    let added = foliofuzz(&args);
    assert_eq!(added.status.code(), Some(1), "{}", stderr(&added));
    let json = last_json(&added);
    assert_eq!((json["artifacts"].as_u64(), json["nothing"].as_array().map(Vec::len)), (Some(4), Some(1)));
    let folders = names(&out);
    assert!(!folders.is_empty() && folders.len() <= 3, "{folders:?}");
    for folder in &folders {
        for file in ["min.mm", "repro.mm", "report.txt", "diagram.txt", "finding.json"] {
            assert!(out.join(folder).join(file).exists(), "{folder}/{file}");
        }
        let replay = foliofuzz(&["replay", text(&out.join(folder).join("min.mm"))]);
        assert_eq!(replay.status.code(), Some(0), "{}", stderr(&replay));
    }
    // The same again: known, and nothing new.
    let again = last_json(&foliofuzz(&args));
    assert!(again["findings"].as_array().is_some_and(|f| f.iter().all(|f| f["new"] == false)), "{again}");
    assert_eq!(names(&out), folders);
    let clean = foliofuzz(&["corpus", "add", "corpus/seeds/batch_full.mm", "--out", text(&out)]);
    assert_eq!(clean.status.code(), Some(0), "{}", stderr(&clean));

    let finding = out.join(&folders[0]);
    let to = dir.with_file_name("promoted");
    let _ = fs::remove_dir_all(&to);
    let args = ["corpus", "promote", text(&finding), "--name", "found", "--to", text(&to), "--comment", "Seen here."];
    let promoted = foliofuzz(&args);
    assert_eq!(promoted.status.code(), Some(0), "{}", stderr(&promoted));
    let stored = fs::read_to_string(to.join("found.mm")).expect("written");
    assert!(stored.contains("\n# Seen here.\n") && stored.contains("\nexpect: "), "{stored}");
    assert_eq!(foliofuzz(&args).status.code(), Some(2), "it is there already");
    // What does not replay is not stored.
    let fixed = stored.lines().filter(|l| !l.starts_with("bug:")).map(|l| format!("{l}\n")).collect::<String>();
    assert_ne!(fixed, stored);
    fs::write(to.join("fixed.mm"), fixed).expect("written");
    let refused = foliofuzz(&["corpus", "promote", text(&to.join("fixed.mm")), "--name", "no", "--to", text(&to)]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(!to.join("no.mm").exists());
}

#[test]
fn stats_count() {
    let out = foliofuzz(&["corpus", "stats", "corpus/seeds", "--format", "json"]);
    assert_eq!(out.status.code(), Some(0), "{}", stderr(&out));
    let json = last_json(&out);
    let seeds = names(&common::root().join("corpus/seeds")).len();
    assert_eq!((json["inputs"].as_u64(), json["text"].as_u64()), (Some(seeds as u64), Some(seeds as u64)));
    assert_eq!(json["findings"], serde_json::json!({}));
    assert!(json["features"].as_u64() > Some(1000), "{json}");
    assert!(json["kernels"]["v6.12"].as_u64() > Some(10), "{json}");
    let with = foliofuzz(&["corpus", "stats", "corpus/bugs", "--bug", BUG, "--format", "json"]);
    assert!(last_json(&with)["findings"].as_object().is_some_and(|f| !f.is_empty()));
}
