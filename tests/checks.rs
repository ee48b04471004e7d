//! Every check fires on one program and stays quiet on its twin, the same program on the same kernel without the bug.

mod common;

use foliofuzz::prog::Expect;
use foliofuzz::san::CHECKS;

#[test]
fn every_check_has_a_firing_and_a_quiet_program() {
    for check in CHECKS {
        let dir = common::root().join("corpus/checks");
        let fires = common::load(&dir.join(format!("{}_fires.mm", check.name)));
        let quiet = common::load(&dir.join(format!("{}_quiet.mm", check.name)));
        let Expect::Finding(expected) = &fires.expect else {
            panic!("{}: the firing program expects nothing", check.name)
        };
        assert!(expected.starts_with(&format!("{}/", check.name)), "{} expects {expected}", check.name);
        assert_eq!(quiet.expect, Expect::Clean, "{}", check.name);
        let (mut a, b) = (fires.program, quiet.program);
        assert_ne!(a.model, b.model, "{}: the twins differ in the bug", check.name);
        a.model = b.model;
        assert!(a == b, "{}: the twins differ in more than the bug", check.name);
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
