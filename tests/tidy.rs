//! The plan of rooms and the house rules, checked on the source text.

mod common;

use std::path::{Path, PathBuf};

fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    common::walk(&common::root().join("src").join(room), "rs", &mut files);
    files.sort();
    files.into_iter().map(|p| (p.clone(), std::fs::read_to_string(p).expect("text"))).collect()
}

/// The code of a file: without comments, and without its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Rooms each room may import.
const IMPORTS: &[(&str, &[&str])] = &[
    ("vocab", &[]),
    ("machine", &["vocab"]),
    ("linux", &["machine", "vocab"]),
    ("mm", &["linux", "machine", "vocab", "bugs"]),
    ("san", &["machine", "vocab"]),
    ("bugs", &["vocab"]),
    ("ops", &["mm", "linux", "machine", "vocab", "bugs"]),
    ("sched", &["machine", "vocab"]),
    ("prog", &["ops", "sched", "machine", "vocab", "bugs"]),
    ("exec", &["prog", "ops", "sched", "machine", "vocab", "bugs", "san", "linux", "mm"]),
    ("report", &["machine", "vocab", "san", "prog"]),
];

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let rooms =
        ["vocab", "machine", "linux", "mm", "san", "bugs", "ops", "sched", "prog", "exec", "report", "campaign", "cli"];
    for (room, allowed) in IMPORTS {
        for (path, text) in sources(room) {
            let text = code(&text);
            for other in rooms.iter().filter(|r| *r != room && !allowed.contains(r)) {
                assert!(!text.contains(&format!("crate::{other}::")), "{} imports {other}", path.display());
            }
        }
    }
}

#[test]
fn only_the_engine_names_shuttle() {
    for (path, text) in sources("") {
        let named = code(&text).contains("shuttle_engine");
        assert!(!named || path.ends_with("exec/engine.rs"), "{} names the engine", path.display());
    }
}

#[test]
fn every_kernel_function_names_itself() {
    for (path, text) in sources("mm") {
        let mut function = String::new();
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("fn ") {
                function = rest.split(['(', '<']).next().unwrap_or_default().to_string();
            }
            if let Some(name) = line.trim().strip_prefix("kfn!(").and_then(|l| l.strip_suffix(");")) {
                // A helper may speak in the name of the function it was split off from.
                let split_off = [
                    "lock_entries_pages",
                    "invalidate_pages",
                    "filemap_lock_folio",
                    "generic_perform_write_from",
                    "get_entry",
                ]
                .contains(&function.as_str());
                assert!(name == function || split_off, "{}: {function} says it is {name}", path.display());
            }
        }
    }
}

#[test]
fn a_run_is_a_value() {
    for room in ["mm", "linux", "san", "machine", "ops", "sched", "report", "prog"] {
        for (path, text) in sources(room) {
            for word in [".unwrap()", ".expect(", "panic!(", "println!(", "eprintln!(", "process::exit"] {
                let test_file = path.ends_with("tests.rs");
                assert!(test_file || !code(&text).contains(word), "{} has {word}", path.display());
            }
        }
    }
}

#[test]
fn lines_fit_and_files_stay_small() {
    for (path, text) in sources("") {
        let long = text.lines().position(|l| l.chars().count() > 120);
        assert!(long.is_none(), "{}:{} is too long", path.display(), long.unwrap_or(0) + 1);
        assert!(text.lines().count() <= 900, "{} is crowded", path.display());
    }
}

#[test]
fn unsafe_stays_where_it_belongs() {
    for (path, text) in sources("") {
        let rooms = ["machine", "exec", "campaign"];
        let allowed = rooms.iter().any(|r| path.components().any(|c| c.as_os_str() == Path::new(r).as_os_str()));
        assert!(allowed || !code(&text).contains("unsafe "), "{} is unsafe", path.display());
    }
}
