//! `tests/functions.txt` names the kernel functions of the modelled protocol. Each is in `src/mm` or `src/linux`, or in
//! the README's table of functions left out, with the reason; none is in both.

mod common;

use std::collections::BTreeSet;

/// Names of the functions of `src/mm` and `src/linux`, the flag functions their macro makes included.
fn modelled() -> BTreeSet<String> {
    let mut files = Vec::new();
    for room in ["mm", "linux"] {
        common::walk(&common::root().join("src").join(room), "rs", &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        for line in text.lines().map(str::trim).filter(|l| !l.starts_with("//")) {
            if let Some((_, rest)) = line.split_once("fn ") {
                names.insert(rest.split(['(', '<']).next().unwrap_or_default().to_string());
            }
            for word in ["kfn!(", "prim!("] {
                if let Some((_, rest)) = line.split_once(word) {
                    names.insert(rest.split(')').next().unwrap_or_default().to_string());
                }
            }
            if file.ends_with("page_flags.rs") {
                let made = line.split([',', ';', ':']).filter_map(|part| part.trim().split_once(' '));
                names.extend(made.map(|(_, name)| name.to_string()));
            }
        }
    }
    names
}

/// First column of the README's table of functions left out.
fn left_out() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(common::root().join("README.md")).expect("README");
    let table = readme.split("<!-- left out -->").nth(1).expect("the README marks its table of functions left out");
    let rows = table.lines().filter(|l| l.starts_with("| `"));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        assert!(cells.len() >= 4 && !cells[2].trim().is_empty(), "no reason given: {row}");
        cells[1].split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_function_of_the_protocol_is_modelled_or_listed_as_left_out() {
    let (modelled, left_out) = (modelled(), left_out());
    let list = std::fs::read_to_string(common::root().join("tests/functions.txt")).expect("list");
    let listed: BTreeSet<String> = list.lines().filter(|l| !l.starts_with('#')).map(str::to_string).collect();
    let missing: Vec<_> = listed.iter().filter(|f| !modelled.contains(*f) && !left_out.contains(*f)).collect();
    assert!(missing.is_empty(), "neither modelled nor left out: {missing:?}");
    let both: Vec<_> = left_out.intersection(&modelled).collect();
    assert!(both.is_empty(), "modelled, but listed as left out: {both:?}");
}
