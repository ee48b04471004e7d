//! The kernel's own assertions (MM-6.12 17.8), where the modelled functions make them.

use super::{Check, CheckSpec, Finding, KindSpec, Stage, View};
use crate::vocab::*;

const fn kinds() -> [KindSpec; VmBug::ALL.len()] {
    let mut t = [const { kind(VmBug::NotLocked) }; VmBug::ALL.len()];
    let mut i = 0;
    while i < t.len() {
        t[i] = kind(VmBug::ALL[i]);
        i += 1;
    }
    t
}

const fn kind(bug: VmBug) -> KindSpec {
    KindSpec {
        check: "vmbug",
        name: bug.name(),
        stage: Stage::Actual,
        code: match bug {
            VmBug::NotLocked => "MM-6.12 17.8, I-C1, I-B6, R-UNLOCKED-BUG",
            VmBug::WrongIndex => "MM-6.12 17.8, I-D4, R-WRONG-INDEX",
            VmBug::Mapped => "MM-6.12 17.8, I-D2",
            _ => "MM-6.12 17.8",
        },
        doc: "A BUG_ON or VM_BUG_ON of the kernel fails.",
    }
}

static KINDS: [KindSpec; VmBug::ALL.len()] = kinds();
static KIND_REFS: [&KindSpec; VmBug::ALL.len()] = {
    let mut t = [&KINDS[0]; VmBug::ALL.len()];
    let mut i = 0;
    while i < t.len() {
        t[i] = &KINDS[i];
        i += 1;
    }
    t
};

#[derive(Default)]
pub(super) struct VmBugs;

impl Check for VmBugs {
    const SPEC: CheckSpec = CheckSpec { name: "vmbug", title: "the kernel's own assertions", kinds: &KIND_REFS };
    const TOPICS: Topics = Topics::none().note(Note::VmBug).note(Note::LockAsserted);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::LockAsserted {
            // Another task's lock, which it may drop any time: the assertion nearly fails.
            let f = e.obj.as_folio()?;
            let foreign = v.cx.folios[f].locked_by != e.task + 1;
            return foreign.then(|| KINDS[VmBug::NotLocked as usize].hint(e));
        }
        KINDS.get(e.aux as usize).map(|k| k.at(e))
    }
}
