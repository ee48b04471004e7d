//! Every stored program does what it says, and is stored in canonical form.

mod common;

use foliofuzz::campaign::Analysis;
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::prog::Expect;
use foliofuzz::san::CheckSet;

/// Fewer files than this means that somebody lost some.
const FLOOR: usize = 180;

#[test]
fn every_program_meets_its_expectation() {
    let files = common::programs("corpus");
    assert!(files.len() >= FLOOR, "only {} programs", files.len());
    for path in files {
        let file = common::load(&path);
        let signature = |checks| {
            let mut runner = Runner::new(checks);
            let a = Analysis::of(&mut runner, &file.program);
            (a.outcome, a.signature())
        };
        let meets = |(outcome, signature): &(Outcome, Option<String>)| match &file.expect {
            Expect::Unstated => true,
            Expect::Clean => *outcome == Outcome::Clean,
            Expect::Finding(wanted) => signature
                .as_ref()
                .is_some_and(|s| s == wanted || s.split_once(':').is_some_and(|(class, _)| class == wanted)),
        };
        // A soft kind is on where it is expected.
        let expected = if let Expect::Finding(s) = &file.expect { s } else { "" };
        let all = signature(CheckSet::all().expecting(expected));
        let met =
            meets(&all) || (file.expect != Expect::Clean && meets(&signature(CheckSet::actual().expecting(expected))));
        assert!(met, "{}: expected {:?}, got {all:?}", path.display(), file.expect);
    }
}

#[test]
fn every_program_is_stored_as_it_prints() {
    for path in common::programs("corpus") {
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(common::load(&path).print(), text, "{} is not canonical (`foliofuzz fmt --write`)", path.display());
    }
}
