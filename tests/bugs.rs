//! Every registered bug: on, its stored program gives exactly the expected finding; off, the same program is clean
//! under its own and under scattered schedules.

mod common;

use foliofuzz::bugs::{BUGS, CLASSES};
use foliofuzz::campaign::{Analysis, Searcher};
use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::prog::{Expect, Program, preset};
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::BugId;
use std::ops::ControlFlow;

const SCHEDULES: u32 = 300;

fn class(program: &Program, checks: CheckSet) -> Option<String> {
    let mut runner = Runner::new(checks);
    Analysis::of(&mut runner, program).outcome.finding().map(|f| format!("{}/{}", f.check, f.kind))
}

#[test]
fn bugs_are_found_where_they_are_and_only_there() {
    for (i, bug) in BUGS.iter().enumerate().filter(|(_, b)| b.predictive.is_some()) {
        // Some break a rule, and nothing worse is known to come of it.
        let checks = if bug.actual.is_some() { CheckSet::actual() } else { CheckSet::all() };
        let path = common::root().join(format!("corpus/bugs/{}.mm", bug.slug));
        let file = common::load(&path);
        let (program, expect) = (file.program, file.expect);
        // A soft kind is on where it is expected.
        let checks = checks.expecting(bug.actual.or(bug.predictive).unwrap_or_default());
        let missing = preset::bugs_of(BugId(i as u8)) - program.model.bugs;
        assert!(missing.is_empty(), "{}: the bug is not in", bug.slug);
        assert_eq!(class(&program, checks).as_deref(), bug.actual.or(bug.predictive), "{}", bug.slug);

        // A form of a metric: the kernel's other forms have it, too, if less often.
        if bug.category == "variant" {
            continue;
        }
        let mut fixed = program.clone();
        fixed.model.bugs = fixed.model.bugs - preset::bugs_of(BugId(i as u8));
        fixed.model.rcu_free |= bug.fix_needs_rcu_free;
        let mut searcher = Searcher::new(Runner::new(checks), 1, SCHEDULES);
        let _ = searcher.search(&mut fixed, 7, &mut |p, run| {
            // Another bug of the same kernel may show the same kind: the functions tell them apart.
            if matches!(run.outcome, Outcome::Found(_)) {
                let signature = Analysis::of(&mut Runner::new(checks), p).signature();
                assert_ne!(signature.map(Expect::Finding), Some(expect.clone()), "{}:\n{p:?}", bug.slug);
            }
            ControlFlow::Continue(())
        });
    }
}

#[test]
fn registry_rows_are_complete() {
    for (i, bug) in BUGS.iter().enumerate() {
        assert!(BUGS[..i].iter().all(|b| b.slug != bug.slug), "{} twice", bug.slug);
        assert!(!bug.title.is_empty() && bug.applies.0 <= bug.applies.1, "{}", bug.slug);
        assert!(bug.predictive.is_some() || bug.actual.is_none(), "{}", bug.slug);
        let historic = bug.category == "historic";
        let class = CLASSES.contains(&bug.class) && historic || bug.class.is_empty() && !historic;
        assert!(class, "{}: a historic row, and no other, has a `class` of `CLASSES`", bug.slug);
        assert!(bug.since.is_none() || bug.category == "historic", "{}", bug.slug);
    }
}
