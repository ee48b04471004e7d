//! The formats for machines, against their published schemas and rules.

mod common;

use foliofuzz::campaign::Analysis;
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::prog::{Expect, File};
use foliofuzz::report::{Case, Verdict, annotations, junit, perfetto, sarif, step_summary};
use foliofuzz::san::CheckSet;
use quick_xml::events::Event;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn analysed(path: &Path) -> (File, Analysis) {
    let file = common::load(path);
    let expected = if let Expect::Finding(s) = &file.expect { s.as_str() } else { "" };
    for checks in [CheckSet::all(), CheckSet::actual()] {
        let shown = Analysis::of(&mut Runner::new(checks.expecting(expected)), &file.program);
        if shown.signature().is_some_and(|s| s.starts_with(expected)) {
            return (file, shown);
        }
    }
    let shown = Analysis::of(&mut Runner::new(CheckSet::all()), &file.program);
    (file, shown)
}

/// Every stored program as a run: those with a finding as one nobody expected.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for dir in ["corpus/bugs", "corpus/threads", "corpus/seeds"] {
        for path in common::programs(dir) {
            let (_, shown) = analysed(&path);
            let verdict = match &shown.outcome {
                Outcome::Clean => Verdict::Met,
                Outcome::Found(f) => Verdict::NotMet(format!("found {}/{}", f.check, f.kind)),
                Outcome::GaveUp(_) => Verdict::GaveUp("gave up".to_string()),
            };
            let relative = path.strip_prefix(common::root()).expect("below the root").to_path_buf();
            cases.push(Case::of_file(&relative, verdict, shown.report().map(|r| r.told())));
        }
    }
    let odd = |verdict| Case { verdict, ..Case::of_file(Path::new("a&b/<odd>, \"name\": 5%.mm"), Verdict::Met, None) };
    cases.push(odd(Verdict::GaveUp("a budget & more".to_string())));
    cases.push(odd(Verdict::Broken("MMFAIL: <a defect>\u{1}\nof two lines".to_string())));
    assert!(cases.iter().filter(|c| c.told.is_some()).count() >= 60);
    cases
}

#[test]
fn sarif_is_valid_and_points_into_the_source() {
    let schema = std::fs::read_to_string(common::root().join("tests/schemas/sarif-2.1.0.json")).expect("readable");
    // As published, the pattern of a language ends in a bracket that nothing opens: no regular expression of ECMA's.
    let schema: Value = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let cases = cases();
    let log = sarif(&cases);
    let wrong: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The schema is no rubber stamp.
    let mut spoiled = log.clone();
    spoiled["runs"][0]["results"][0]["level"] = "bad".into();
    assert!(!validator.is_valid(&spoiled));

    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), cases.iter().filter(|c| c.told.is_some()).count());
    let mut related = 0;
    for (result, told) in results.iter().zip(cases.iter().filter_map(|c| c.told.as_ref())) {
        assert_eq!(result["ruleId"], format!("mmsan/{}", told.check));
        assert_eq!(rules[result["ruleIndex"].as_u64().expect("a number") as usize]["id"], result["ruleId"]);
        assert_eq!(result["partialFingerprints"]["mmsan/v1"], told.signature);
        let mut places = vec![&result["locations"][0]];
        places.extend(result["relatedLocations"].as_array().into_iter().flatten());
        related += places.len() - 1;
        let flows = result["codeFlows"][0]["threadFlows"].as_array().expect("flows");
        let steps: Vec<&Value> = flows.iter().flat_map(|f| f["locations"].as_array().expect("steps")).collect();
        places.extend(steps.iter().map(|s| &s["location"]));
        places.iter().for_each(|p| names_its_function(p));
        let orders: BTreeSet<u64> = steps.iter().filter_map(|s| s["executionOrder"].as_u64()).collect();
        assert_eq!(orders, (1..=steps.len() as u64).collect(), "{}", told.signature);
        let tasks: BTreeSet<&str> = flows.iter().filter_map(|f| f["id"].as_str()).collect();
        assert_eq!(tasks.len(), flows.len(), "one flow a task");
    }
    assert!(related >= 40, "{related} results have another side");
}

/// The line of a location is the first of the function it names.
fn names_its_function(location: &Value) {
    let at = &location["physicalLocation"];
    let file = at["artifactLocation"]["uri"].as_str().expect("a file");
    let line = at["region"]["startLine"].as_u64().expect("a line") as usize;
    let function = location["logicalLocations"][0]["name"].as_str().expect("a function");
    let text = std::fs::read_to_string(common::root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let there = text.lines().nth(line - 1).unwrap_or_else(|| panic!("{file} has no line {line}"));
    let named = there.contains(&format!("kfn!({function})")) || function == "op";
    assert!(named, "{file}:{line} is not in {function}: {there}");
}

/// Elements of junit-10.xsd that are written: where each may be, with its attributes; required ones begin with `!`.
const JUNIT: &[(&str, &str, &[&str])] = &[
    ("testsuites", "", &["name", "tests", "failures", "errors"]),
    ("testsuite", "testsuites", &["!name", "!tests", "!failures", "!errors", "skipped"]),
    ("testcase", "testsuite", &["!name", "classname"]),
    ("failure", "testcase", &["message", "type"]),
    ("skipped", "testcase", &["message", "type"]),
    ("error", "testcase", &["message", "type"]),
];

#[test]
fn junit_has_the_shape_of_its_schema() {
    let cases = cases();
    let text = junit(&cases).expect("written");
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut path, mut seen): (Vec<String>, BTreeMap<String, u32>) = Default::default();
    loop {
        let event = reader.read_event().expect("well-formed");
        if let Event::Start(e) | Event::Empty(e) = &event {
            let name = e.name().as_ref().to_string();
            let row = JUNIT.iter().find(|r| r.0 == name).unwrap_or_else(|| panic!("no <{name}> in the schema"));
            assert_eq!(path.last().map_or("", |p| p), row.1, "<{name}> is out of place");
            let attributes: Vec<String> =
                e.attributes().map(|a| a.expect("an attribute").key.as_ref().to_string()).collect();
            let known = |a: &&String| row.2.iter().any(|k| k.trim_start_matches('!') == a.as_str());
            assert_eq!(attributes.iter().find(|a| !known(a)), None, "<{name}>");
            let missing = row.2.iter().filter_map(|k| k.strip_prefix('!')).find(|k| attributes.iter().all(|a| a != k));
            assert_eq!(missing, None, "<{name}>");
            *seen.entry(name.clone()).or_insert(0) += 1;
            if matches!(event, Event::Start(_)) {
                path.push(name);
            }
        } else if let Event::End(_) = event {
            path.pop();
        } else if let Event::Eof = event {
            break;
        }
    }
    let count = |of: fn(&Verdict) -> bool| cases.iter().filter(|c| of(&c.verdict)).count() as u32;
    assert_eq!(seen["testcase"], cases.len() as u32);
    assert_eq!(seen["failure"], count(|v| matches!(v, Verdict::NotMet(_))));
    assert_eq!((seen["skipped"], seen["error"]), (1, 1));
    assert_eq!(seen["testsuite"], 4);
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("junit.xml");
    std::fs::write(file, &text).expect("written: .ci/schemas.sh validates it");
}

#[test]
fn annotations_are_escaped_and_few() {
    let text = annotations(&cases());
    let errors: Vec<&str> = text.lines().filter(|l| l.starts_with("::error")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[0].starts_with("::error file=src/mm/"), "{}", errors[0]);
    assert!(errors[9].contains("more are not as expected"), "{}", errors[9]);
    assert!(text.lines().all(|l| l.starts_with("::error") || l.starts_with("::warning")));

    let odd = |verdict| Case::of_file(Path::new("a/50%.mm"), verdict, None);
    let broken = annotations(&[odd(Verdict::Broken("first: a, b%\r\nsecond".to_string()))]);
    assert_eq!(broken, "::error title=foliofuzz::first: a, b%25%0D%0Asecond; repro: a/50%25.mm\n");
    let (_, shown) = analysed(&common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm"));
    let told = shown.report().map(|r| r.told());
    let line = annotations(&[Case::of_file(Path::new("x.mm"), Verdict::NotMet("?".to_string()), told)]);
    let head = line.split("::").nth(1).expect("a command");
    assert!(head.contains("title=MMSAN%3A "), "{head}");
    assert_eq!(head.matches(':').count(), 0, "{head}");

    let summary = step_summary(&cases());
    assert!(summary.contains("```\n") && summary.matches("```").count().is_multiple_of(2));
}

/// Slices nest and end, every task has a name, and the arrow joins the two sides.
#[test]
fn a_perfetto_trace_is_whole() {
    let mut arrows = 0;
    for path in common::programs("corpus/threads").into_iter().chain(common::programs("corpus/seeds")) {
        let (_, shown) = analysed(&path);
        let trace = perfetto(&shown.program, &shown.trace, shown.finding());
        let events = trace["traceEvents"].as_array().expect("events");
        let mut depth: BTreeMap<u64, i64> = BTreeMap::new();
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        let mut named = BTreeSet::new();
        for e in events {
            let tid = e["tid"].as_u64().expect("a track");
            match e["ph"].as_str().expect("a phase") {
                "M" => drop(named.insert(tid)),
                phase @ ("B" | "E") => {
                    let d = depth.entry(tid).or_insert(0);
                    *d += if phase == "B" { 1 } else { -1 };
                    assert!(*d >= 0, "{}: an end without a beginning", path.display());
                    let ts = e["ts"].as_u64().expect("a time");
                    let before = last.insert(tid, ts).unwrap_or(0);
                    assert!(before <= ts, "{}: {before} before {ts}", path.display());
                }
                "s" | "f" => arrows += 1,
                "i" => assert!(!e["name"].as_str().expect("a name").is_empty()),
                phase => panic!("phase {phase}"),
            }
            assert!(named.contains(&tid));
        }
        assert!(depth.values().all(|d| *d == 0), "{}: {depth:?}", path.display());
    }
    assert!(arrows >= 20 && arrows % 2 == 0, "{arrows}");
}

/// Every field docs/FORMATS.md lists for finding.json is there, and every field that is there is listed.
#[test]
fn finding_json_is_documented() {
    let (_, shown) = analysed(&common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm"));
    let json = shown.report().expect("a finding").json();
    let docs = std::fs::read_to_string(common::root().join("docs/FORMATS.md")).expect("readable");
    let section = docs.split("## finding.json").nth(1).and_then(|s| s.split("\n## ").next()).expect("a section");
    let listed: BTreeSet<&str> = section.lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next()).collect();
    let mut there: BTreeSet<String> = BTreeSet::new();
    let mut walk = |prefix: &str, value: &Value| {
        let object = if let Value::Array(items) = value { items.first() } else { Some(value) };
        for key in object.and_then(Value::as_object).into_iter().flat_map(|o| o.keys()) {
            there.insert(format!("{prefix}{key}"));
        }
    };
    walk("", &json);
    for key in ["switches", "accesses", "folio", "events"] {
        walk(&format!("{key}."), &json[key]);
    }
    walk("accesses.stack.", &json["accesses"][0]["stack"]);
    walk("folio.before.", &json["folio"]["before"]);
    // What a hunt adds.
    let added = ["seed", "first_exec", "sched", "preemptions", "exhausted", "cause", "minimized", "by", "also"];
    let missing: Vec<&String> = there.iter().filter(|k| !listed.contains(k.as_str())).collect();
    assert!(missing.is_empty(), "not in docs/FORMATS.md: {missing:?}");
    let stale: Vec<&&str> = listed.iter().filter(|k| !there.contains(**k) && !added.contains(k)).collect();
    assert!(stale.is_empty(), "only in docs/FORMATS.md: {stale:?}");
}

fn foliofuzz(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.args(args).current_dir(common::root()).env_remove("GITHUB_STEP_SUMMARY").output().expect("the binary runs")
}

const A0: &str = "corpus/bugs/2018_isolate_lru_page_mapping.mm";

#[test]
fn formats_go_where_they_are_told_to() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("formats");
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a folder");
    let file = |name: &str| dir.join(name).display().to_string();
    let into = |kind: &str| format!("--format={kind}={}", file(kind));
    let all = ["json", "junit", "sarif", "github", "perfetto"];
    let flags: Vec<String> = all.iter().map(|k| into(k)).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let out = foliofuzz(&[&["replay", A0, "--fix", "A0"][..], &flags].concat());
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stdout).contains("expectation not met"), "text stays on the standard output");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(read("json").contains("\"met\":false"));
    assert!(read("junit").contains("<failure message=\"expected uaf/mapping"));
    assert!(read("sarif").contains("\"version\": \"2.1.0\""));
    assert!(read("github").starts_with("::error title=foliofuzz::expected uaf/mapping"));
    assert!(serde_json::from_str::<Value>(&read("perfetto")).is_ok_and(|t| t["traceEvents"].is_array()));
    let left: Vec<_> = std::fs::read_dir(&dir).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), all.len(), "{left:?}");

    let out = foliofuzz(&["replay", A0, "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&out.stdout).expect("only SARIF on the standard output");
    assert_eq!(log["runs"][0]["results"][0]["kind"], "informational", "it is what the file expects");
    assert!(String::from_utf8_lossy(&out.stderr).contains("expectation met"));
    let out = foliofuzz(&["explain", A0, "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&out.stdout).expect("only SARIF on the standard output");
    assert_eq!(log["runs"][0]["results"][0]["kind"], "fail");

    for (args, expected) in [
        (vec!["replay", A0, "--format", "xml"], "expected one of text, json, junit"),
        (vec!["replay", A0, "--format", "json", "--format", "sarif"], "two formats for the standard output"),
        (vec!["replay", A0, A0, "--format", "perfetto"], "expected one FILE"),
        (vec!["replay", A0, "--format", "sarif=/nonexistent/x"], "/nonexistent/x: cannot be written"),
        (vec!["hunt", "--runs", "1", "--format", "junit=/nonexistent/x"], "/nonexistent/x: cannot be written"),
        (vec!["explain", A0, "--format", "text=x"], "expected no =FILE"),
    ] {
        let out = foliofuzz(&args);
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(expected), "{args:?}: {told}");
        assert!(out.stdout.is_empty(), "{args:?}");
    }
}
