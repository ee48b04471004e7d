//! Deadlock, lost wake-up, no progress.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "progress":
    DEADLOCK = "deadlock" actual "R-DEADLOCK"
        "Every live task waits.";
    LOST_WAKEUP = "lost-wakeup" actual "L5"
        "Every live task waits, one of them for a folio bit that is clear.";
    NO_PROGRESS = "no-progress" actual "R-DEADLOCK"
        "Every live task waits or spins on memory nobody will change.";
}

/// What each task went to sleep for: folio and bit, and the event.
#[derive(Default)]
pub(super) struct Progress {
    waits: [Option<(u8, u8, u32)>; TASKS],
}

impl Check for Progress {
    const SPEC: CheckSpec = CheckSpec {
        name: "progress",
        title: "deadlock, lost wake-up, no progress",
        kinds: KINDS,
    };
    const TOPICS: Topics =
        Topics::none().note(Note::FolioWait).note(Note::Deadlock).note(Note::NoProgress).note(Note::OpEnd);

    fn reset(&mut self) {
        self.waits = [None; TASKS];
    }

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.note {
            Note::FolioWait => {
                let f = e.obj.as_folio()?;
                self.waits[e.task as usize] = Some((f as u8, e.aux as u8, e.seq));
                None
            }
            Note::OpEnd => {
                self.waits[e.task as usize] = None;
                None
            }
            Note::NoProgress => Some(NO_PROGRESS.at(e)),
            _ => Some(self.stuck(v, e)),
        }
    }
}

impl Progress {
    #[cold]
    fn stuck(&self, v: &View, e: &Event) -> Finding {
        for (task, wait) in self.waits.iter().enumerate() {
            let Some((f, bit, at)) = *wait else { continue };
            let asleep = v.m.waiting_on(task) == Some(Obj::wait_flags(task));
            let clear = v.m.peek(Obj::folio(f as usize, Field::Flags)) >> bit & 1 == 0;
            if asleep && clear {
                return LOST_WAKEUP.at(e).folio(f as usize).with_other(Some(at));
            }
        }
        DEADLOCK.at(e)
    }
}
