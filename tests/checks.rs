//! Every check fires on one program and stays quiet on its twin, the same program on the same kernel without the bug.
//! `docs/CHECKS.md` says which: `BLESS=1 cargo test --test checks` writes it.

mod common;

use foliofuzz::prog::Expect;
use foliofuzz::san::{CHECKS, KindSpec, Stage};
use std::collections::BTreeMap;

const FIRES: &str = "_fires.mm";

/// The names of the programs `corpus/checks/<name>_fires.mm`.
fn twins() -> Vec<String> {
    let files = common::programs("corpus/checks");
    let names = files.iter().filter_map(|p| p.file_name()?.to_str()?.strip_suffix(FIRES).map(str::to_string));
    names.collect()
}

#[test]
fn every_check_has_a_firing_and_a_quiet_program() {
    let twins = twins();
    let dir = common::root().join("corpus/checks");
    for check in CHECKS {
        assert!(twins.iter().any(|t| t == check.name), "{} has no program", check.name);
    }
    for name in &twins {
        let Some(check) = CHECKS.iter().find(|c| name == c.name || name.starts_with(&format!("{}_", c.name))) else {
            panic!("{name}{FIRES} is about no check")
        };
        let fires = common::load(&dir.join(format!("{name}{FIRES}")));
        let quiet = common::load(&dir.join(format!("{name}_quiet.mm")));
        let Expect::Finding(expected) = &fires.expect else { panic!("{name}: the firing program expects nothing") };
        assert!(expected.starts_with(&format!("{}/", check.name)), "{name} expects {expected}");
        assert_eq!(quiet.expect, Expect::Clean, "{name}");
        let (mut a, b) = (fires.program, quiet.program);
        // What the kernel allows by design is quiet where nobody asks.
        let soft =
            check.kinds.iter().any(|k| k.stage == Stage::Soft && expected.split([':', '/']).nth(1) == Some(k.name));
        assert!(soft || a.model != b.model, "{name}: the twins differ in the bug");
        a.model = b.model;
        assert!(a == b, "{name}: the twins differ in more than the bug");
    }
}

#[test]
fn kinds_have_unique_names_and_say_their_rule() {
    for check in CHECKS {
        for (i, kind) in check.kinds.iter().enumerate() {
            assert_eq!(kind.check, check.name);
            assert!(!kind.code.is_empty() && kind.doc.ends_with('.'), "{}/{}", check.name, kind.name);
            assert!(check.kinds[..i].iter().all(|k| k.name != kind.name), "{}/{} twice", check.name, kind.name);
        }
    }
}

/// The mail threads' rules (the reference's chapters 1 to 5) and its catalogue of reports.
const RULES: [&str; 68] = [
    "I-A1",
    "I-A2",
    "I-A3",
    "I-A4",
    "I-A5",
    "I-A6",
    "I-A7",
    "I-B1",
    "I-B2",
    "I-B3",
    "I-B4",
    "I-B5",
    "I-B6",
    "I-B7",
    "I-B8",
    "I-B9",
    "I-B10",
    "I-C1",
    "I-C2a",
    "I-C2b",
    "I-C2s",
    "I-C3",
    "I-C4",
    "I-C5",
    "I-C6",
    "I-C7",
    "I-C8",
    "I-C9",
    "I-C10",
    "I-D1",
    "I-D2",
    "I-D3",
    "I-D4",
    "I-D5",
    "I-D6",
    "I-D7",
    "I-D8",
    "I-E1",
    "I-E2",
    "I-E3",
    "I-E4",
    "I-E5",
    "I-E6",
    "R-UAF-MAP",
    "R-MAP-UNPROT",
    "R-PUT-ZERO",
    "R-PUT-UNOWNED",
    "R-GET-ZERO",
    "R-FREEZE-BAD",
    "R-UNFREEZE",
    "R-LEAK",
    "R-BADPAGE",
    "R-UNLOCKED-BUG",
    "R-LOCK-UNREF",
    "R-LOCK-FREED",
    "R-NR-MLOCK",
    "R-STRANDED",
    "R-MLOCK-STALE",
    "R-MLOCK-LOST",
    "R-ORPHAN-PTE",
    "R-WRONG-INDEX",
    "R-MAPPED-DELETE",
    "R-LRU-CORRUPT",
    "R-ISOLATE-NOREF",
    "R-NULL-DEREF",
    "R-REGRESS",
    "R-NOPROGRESS",
    "R-DEADLOCK",
];

/// The kinds that ask for a rule: those whose code names it, `R-BADPAGE(PG_mlocked)` for `R-BADPAGE`.
fn kinds_of(rule: &str) -> Vec<String> {
    let names = |code: &str| code == rule || code.strip_prefix(rule).is_some_and(|rest| rest.starts_with('('));
    let kinds = CHECKS.iter().flat_map(|c| c.kinds).filter(|k| k.code.split(", ").any(names));
    kinds.map(|k| format!("{}/{}", k.check, k.name)).collect()
}

#[test]
fn every_rule_of_the_mail_threads_has_a_kind() {
    let missing: Vec<_> = RULES.into_iter().filter(|rule| kinds_of(rule).is_empty()).collect();
    assert!(missing.is_empty(), "no kind asks for {missing:?}");
}

/// The first program that expects each `check/kind`: of `corpus/checks`, or else of `corpus/bugs`, `corpus/threads`.
fn programs() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in ["corpus/checks", "corpus/bugs", "corpus/threads"].into_iter().flat_map(common::programs) {
        let Expect::Finding(signature) = common::load(&path).expect else { continue };
        let class = signature.split(':').next().unwrap_or_default().to_string();
        let below = path.strip_prefix(common::root().join("corpus")).expect("in corpus");
        found.entry(class).or_insert_with(|| below.display().to_string());
    }
    found
}

fn row(kind: &KindSpec, programs: &BTreeMap<String, String>) -> String {
    let fires = programs.get(&format!("{}/{}", kind.check, kind.name)).map_or("-", String::as_str);
    let quiet = fires.strip_suffix(FIRES).map_or("-".to_string(), |name| format!("{name}_quiet.mm"));
    format!("| {} | {} | {} | {} | {fires} | {quiet} |\n", kind.check, kind.name, kind.code, kind.stage.name())
}

/// The table as it should be.
fn table() -> String {
    let programs = programs();
    let kinds: Vec<_> = CHECKS.iter().flat_map(|c| c.kinds).collect();
    let shown = kinds.iter().filter(|k| programs.contains_key(&format!("{}/{}", k.check, k.name))).count();
    let rows: String = kinds.iter().map(|kind| row(kind, &programs)).collect();
    let rules: String = RULES.into_iter().map(|rule| format!("| {rule} | {} |\n", kinds_of(rule).join(", "))).collect();
    format!(
        "# Checks\n\n\
         Every kind of finding, with the rule's code and a program of `corpus/` that shows it: {shown} of {} kinds\n\
         have one (`-`: no stored program). The quiet twin of a program of `bugs/` is the program without its `bug:`\n\
         line. `BLESS=1 cargo test --test checks` writes this file.\n\n\
         Actual kinds report damage; predictive ones a broken rule before that; soft ones what the kernel allows by\n\
         design, and only where they are asked for (`--checks soft`, or by their name).\n\n\
         | check | kind | code | class | fires on | quiet on |\n|---|---|---|---|---|---|\n{rows}\n\
         ## The rules of the mail threads\n\n\
         | rule | kinds that ask for it |\n|---|---|\n{rules}",
        kinds.len()
    )
}

#[test]
fn the_table_of_checks_is_current() {
    let path = common::root().join("docs/CHECKS.md");
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).expect("written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == table, "{} is stale: BLESS=1 cargo test --test checks writes it", path.display());
}
