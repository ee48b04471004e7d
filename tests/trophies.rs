//! `docs/TROPHIES.md`: the historic bugs and what finding them takes, of the registry, the stored programs and the
//! measurements in `docs/trophies.json`, which `ci/trophies.py` makes. `BLESS=1 cargo test --test trophies` writes it.

mod common;

use foliofuzz::bugs::{BUGS, Bug};
use foliofuzz::prog::preset;
use foliofuzz::sched::Anchor;
use foliofuzz::vocab::Kernel;
use serde_json::Value;

/// Preemptions of the stored program: switches away from a task that could go on.
fn preemptions(bug: &Bug) -> String {
    let path = common::root().join(format!("corpus/bugs/{}.mm", bug.slug));
    let records = &common::load(&path).program.schedule.records;
    records.iter().filter(|r| !matches!(r.anchor, Anchor::Blocked | Anchor::End)).count().to_string()
}

fn names(kernels: &[Kernel]) -> String {
    kernels.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
}

fn kernels(bug: &Bug) -> String {
    match names(&preset::kernels(bug)) {
        none if none.is_empty() => format!("({})", names(&preset::applies(bug))),
        some => some,
    }
}

fn with_commas(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|c| std::str::from_utf8(c).ok()).collect();
    groups.join(",")
}

/// The median over the seeds; a seed that found nothing counts as more than any that did.
fn executions(bug: &Bug, measured: &Value) -> String {
    let Some(seeds) = measured["bugs"][bug.slug].as_object() else { return "not measured".to_string() };
    let mut first: Vec<u64> = seeds.values().map(|v| v.as_u64().unwrap_or(u64::MAX)).collect();
    first.sort_unstable();
    let found = first.iter().filter(|n| **n != u64::MAX).count();
    let runs = measured["runs"].as_u64().expect("`runs`: executions of a hunt");
    let median = match first.get((first.len() - 1) / 2) {
        Some(n) if *n != u64::MAX => with_commas(*n),
        _ => format!("more than {}", with_commas(runs)),
    };
    format!("{median} ({found} of {} seeds)", first.len())
}

fn row(bug: &Bug, measured: &Value) -> String {
    let year = bug.slug.split('_').next().unwrap_or_default();
    format!(
        "| [{slug}](../corpus/bugs/{slug}.mm) | {} | {year} | {} | {} | {} | {} | {} |\n",
        bug.fix,
        bug.class,
        kernels(bug),
        executions(bug, measured),
        preemptions(bug),
        bug.title,
        slug = bug.slug,
    )
}

/// The table as it should be.
fn table() -> String {
    let text = std::fs::read_to_string(common::root().join("docs/trophies.json")).expect("docs/trophies.json");
    let measured: Value = serde_json::from_str(&text).expect("docs/trophies.json is JSON");
    let measured_bugs = measured["bugs"].as_object().expect("`bugs`: an object");
    for slug in measured_bugs.keys() {
        assert!(BUGS.iter().any(|b| b.slug == slug), "docs/trophies.json names {slug}, which is no bug");
    }
    let mut bugs: Vec<&Bug> =
        BUGS.iter().filter(|b| b.category == "historic" && b.predictive.is_some() && b.brings.is_empty()).collect();
    bugs.sort_by_key(|b| b.slug);
    let rows: String = bugs.iter().map(|bug| row(bug, &measured)).collect();
    format!(
        "# Bugs found again\n\n\
         {} bugs of released kernels (and of some release candidates) are in the model, each behind a switch. The\n\
         slug begins with the year of the fix and leads to the smallest program that shows the bug; `docs/zoo` and\n\
         `docs/threads` tell the stories. Kernels are those of the model that were released with the bug; in\n\
         brackets, where none was, those it can be put into. Executions: how many `hunt --bug SLUG` needed with all\n\
         checks, from nothing, the median over seeds, of at most {} each. Preemptions are those of the program.\n\n\
         `BLESS=1 cargo test --test trophies` writes this file; `ci/trophies.py` measures.\n\n\
         | bug | fix | year | class | kernels | executions | preemptions | what |\n\
         |---|---|---|---|---|---|---|---|\n{rows}",
        bugs.len(),
        with_commas(measured["runs"].as_u64().expect("`runs`: executions of a hunt")),
    )
}

#[test]
fn the_table_of_trophies_is_current() {
    let path = common::root().join("docs/TROPHIES.md");
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).expect("written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == table, "{} is stale: BLESS=1 cargo test --test trophies writes it", path.display());
}
