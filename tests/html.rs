//! The page of `explain --html`: what it embeds is the execution, and the program that repeats it.

mod common;

use foliofuzz::campaign::Analysis;
use foliofuzz::exec::Runner;
use foliofuzz::machine::Trace;
use foliofuzz::prog::{Expect, File};
use foliofuzz::report::Report;
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::Note;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A program of the corpus as it is explained: under all checks, or under those that meet its expectation.
fn analysed(path: &Path) -> Option<Analysis> {
    let file = common::load(path);
    let Expect::Finding(expected) = &file.expect else { return None };
    let sets = [CheckSet::all().expecting(expected), CheckSet::actual().expecting(expected)];
    let shown = sets.map(|checks| Analysis::of(&mut Runner::new(checks), &file.program));
    let [all, actual] = shown;
    let met = |a: &Analysis| a.signature().is_some_and(|s| s.starts_with(expected));
    [all, actual].into_iter().find(met)
}

fn page(shown: &Analysis) -> String {
    let report = shown.report().expect("a finding");
    let expect = Expect::Finding(report.signature());
    let file = File { expect, ..File::new(shown.program.clone()) };
    report.html(&file, &["foliofuzz replay repro.mm".to_string()])
}

/// The JSON a page embeds.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once(r#"<script type="application/json" id="data">"#).expect("data");
    let (text, _) = rest.split_once("</script>").expect("an end of the data");
    serde_json::from_str(text).expect("JSON")
}

/// The state after all steps: values by group and label.
fn final_state(data: &Value) -> BTreeMap<(String, String), String> {
    let text = |v: &Value| v.as_str().expect("text").to_string();
    let mut values: Vec<String> = data["start"].as_array().expect("start").iter().map(text).collect();
    for change in data["steps"].as_array().expect("steps").iter().flat_map(|s| s["set"].as_array().expect("set")) {
        values[change[0].as_u64().expect("row") as usize] = text(&change[1]);
    }
    let mut state = BTreeMap::new();
    for group in data["groups"].as_array().expect("groups") {
        for row in group[2].as_array().expect("rows") {
            let value = values[row[0].as_u64().expect("row") as usize].clone();
            let known = state.insert((text(&group[0]), text(&row[1])), value);
            assert_eq!(known, None, "{} has two lines called {}", group[0], row[1]);
        }
    }
    state
}

fn after_setup(trace: &Trace) -> usize {
    trace.steps.iter().position(|s| s.event.note == Note::SetupDone).map_or(0, |i| i + 1)
}

/// The page has exactly the steps of the trace after the set-up.
fn same_steps(report: &Report, data: &Value, name: &str) {
    let steps = data["steps"].as_array().expect("steps");
    let trace = &report.trace.steps[after_setup(report.trace)..];
    assert_eq!(steps.len(), trace.len(), "{name}");
    for (shown, step) in steps.iter().zip(trace) {
        let e = &step.event;
        assert_eq!((shown["seq"].as_u64(), shown["cpu"].as_u64()), (Some(e.seq as u64), Some(e.cpu as u64)), "{name}");
        let stack = data["stacks"][shown["stack"].as_u64().expect("stack") as usize].as_array().expect("stack");
        let names = stack.iter().map(|f| data["functions"][f.as_u64().expect("function") as usize][0].as_str());
        let expected = step.stack.iter().map(|f| Some(f.name));
        assert!(names.eq(expected), "{name}: the stack of step {}", e.seq);
    }
    let seq = |i: &Value| steps[i.as_u64().expect("position") as usize]["seq"].as_u64().map(|s| s as u32);
    assert_eq!(seq(&data["finding"]), Some(report.finding.seq), "{name}");
    let matters: Vec<u32> = data["matters"].as_array().expect("matters").iter().filter_map(seq).collect();
    assert_eq!(matters, report.diagram_steps(), "{name}");
}

/// The state at the end is what `finding.json` says of the folio.
fn same_end(report: &Report, data: &Value, name: &str) -> bool {
    let finding = report.json();
    let after = &finding["folio"]["after"];
    let Some(folio) = finding["folio"]["pfn"].as_u64().filter(|_| after.is_object()) else { return false };
    let state = final_state(data);
    let get = |label: &str| state.get(&(format!("F{folio}"), label.to_string())).map_or("", String::as_str);
    if get("frame") == "free" && get("refcount").is_empty() {
        assert_eq!((&after["refcount"], &after["mapping"]), (&json!(0), &json!("NULL")), "{name}");
        return false;
    }
    assert_eq!(get("refcount"), after["refcount"].to_string(), "{name}");
    assert_eq!(get("mapcount"), after["mapcount"].to_string(), "{name}");
    assert_eq!(json!(get("mapping")), after["mapping"], "{name}");
    assert_eq!(get("index"), after["index"].to_string(), "{name}");
    assert_eq!(json!(get("flags")), after["flags"], "{name}");
    let ptes: Vec<&str> = get("ptes").split(", ").filter(|p| !p.is_empty()).collect();
    assert_eq!(json!(ptes), after["ptes"], "{name}");
    true
}

/// The synchronization leads from one side of the finding to the other; each step of it is between two tasks, on one
/// cell or by a wake-up or a submission.
fn a_way_between_the_sides(data: &Value, name: &str) -> usize {
    let steps = data["steps"].as_array().expect("steps");
    let path = data["path"].as_array().expect("path");
    if data["ordered"] != json!(true) {
        assert!(path.is_empty(), "{name}");
        return 0;
    }
    let lane = |i: u64| &steps[i as usize]["lane"];
    let mut at = data["other"].as_u64().expect("the other side");
    for edge in path {
        let (from, to) = (edge[0].as_u64().expect("from"), edge[1].as_u64().expect("to"));
        assert!(at <= from && from < to && lane(at) == lane(from) && lane(from) != lane(to), "{name}: {edge}");
        let (a, b) = (&steps[from as usize], &steps[to as usize]);
        let same = a["obj"] == b["obj"];
        match (a["kind"].as_str(), b["kind"].as_str()) {
            (Some("unlock"), Some("lock")) => assert!(same, "{name}: {edge}"),
            (Some("write"), Some("read" | "write")) => {
                assert!(same, "{name}: {edge}");
                assert!(a["order"] != "relaxed" && b["order"] != "relaxed", "{name}: {edge}");
            }
            (Some("note"), _) => {}
            kinds => panic!("{name}: {edge}: {kinds:?} is no synchronization"),
        }
        at = to;
    }
    let finding = data["finding"].as_u64().expect("the finding");
    assert!(at <= finding && lane(at) == lane(finding), "{name}: the way ends at {at}");
    path.len()
}

#[test]
fn the_page_embeds_the_execution() {
    let (mut pages, mut ends, mut ways) = (0, 0, 0);
    for path in common::programs("corpus/bugs").into_iter().chain(common::programs("corpus/threads")) {
        let Some(shown) = analysed(&path) else { continue };
        let name = path.display().to_string();
        let report = shown.report().expect("a finding");
        let data = data(&page(&shown));
        same_steps(&report, &data, &name);
        ends += same_end(&report, &data, &name) as usize;
        ways += (a_way_between_the_sides(&data, &name) > 0) as usize;
        pages += 1;
    }
    assert!(pages > 150 && ends > 100, "{pages} pages, {ends} of them with a folio at the end");
    assert!(ways > 8, "synchronization between the sides of {ways} findings");
}

/// Holders are told with their counts: those of `finding.json` before the violation.
#[test]
fn the_state_before_the_finding_names_the_holders() {
    let shown = analysed(&common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm")).expect("a finding");
    let finding = shown.report().expect("a finding").json();
    let side = finding["accesses"].as_array().expect("accesses").last().expect("a side").clone();
    let data = data(&page(&shown));
    let state = final_state(&data);
    let held = &state[&("F0".to_string(), "held by".to_string())];
    let refs = side["refs"].as_object().expect("refs").iter().map(|(who, n)| format!("{who} {n}"));
    // The finding is a load: it changes no reference.
    assert_eq!(*held, refs.collect::<Vec<_>>().join(", "));
    assert_eq!(state[&("m0".to_string(), "inode".to_string())], "freed");
    assert_eq!(state[&("cpu0".to_string(), "holds".to_string())], "lru_lock");
    assert_eq!(data["ordered"], json!(false), "nothing orders the free and the use: that is the bug");
}

#[test]
fn the_program_in_the_page_repeats_the_finding() {
    let shown = analysed(&common::root().join("corpus/bugs/mutant_put_after_free.mm")).expect("a finding");
    let data = data(&page(&shown));
    let file = File::parse(data["repro"].as_str().expect("text").as_bytes()).expect("a program");
    let Expect::Finding(expected) = &file.expect else { panic!("no expectation") };
    let again = Analysis::of(&mut Runner::new(CheckSet::all().expecting(expected)), &file.program);
    assert_eq!(again.signature(), data["signature"].as_str().map(str::to_string));
    assert_eq!(again.trace.hash, shown.trace.hash);
}

/// Whatever a text says, it ends no script, and the page asks for nothing from elsewhere.
#[test]
fn the_page_is_one_file() {
    let shown = analysed(&common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm")).expect("a finding");
    let report = shown.report().expect("a finding");
    let comments = vec!["</script><img src=//example.org/x> <!-- {{style}} {{script}}".to_string()];
    let file = File { comments: comments.clone(), ..File::new(shown.program.clone()) };
    let page = report.html(&file, &[]);
    assert!(data(&page)["repro"].as_str().is_some_and(|text| text.contains(&comments[0])));
    assert_eq!(page.matches("</script>").count(), 2);
    for address in ["http://", "https://", "src=", "@import", "url("] {
        let used = page.replace("http://www.w3.org/2000/svg", "").replace(&comments[0].replace('<', "\\u003c"), "");
        assert!(!used.contains(address), "the page names {address}");
    }
}
