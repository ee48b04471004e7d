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
    ONLY_WAITERS = "only-waiters" soft "B-V5, R-NOPROGRESS"
        "Every attempt to migrate a folio fails, for references of tasks that only wait for its migration.";
}

/// Functions that wait for a migration entry to go.
const ENTRY_WAITS: [&str; 2] = ["migration_entry_wait", "__migration_entry_wait"];

/// What each task went to sleep for: folio and bit, and the event.
#[derive(Default)]
pub(super) struct Progress {
    waits: [Option<(u8, u8, u32)>; TASKS],
    /// Folios of whose migration an attempt has failed because of waiters, and because of others: bit sets.
    for_waiters: u32,
    for_others: u32,
}

impl Check for Progress {
    const SPEC: CheckSpec = CheckSpec {
        name: "progress",
        title: "deadlock, lost wake-up, no progress",
        kinds: KINDS,
    };
    const TOPICS: Topics =
        Topics::none().note(Note::FolioWait).note(Note::Deadlock).note(Note::NoProgress).note(Note::OpEnd);
    const SOFT: Topics = Topics::none().note(Note::MigrateAgain).note(Note::MigrateGiveUp).note(Note::MigrateSuccess);

    fn reset(&mut self) {
        *self = Progress::default();
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
            Note::MigrateAgain => {
                self.again(v, e.obj.as_folio()?, e);
                None
            }
            Note::MigrateGiveUp | Note::MigrateSuccess => self.migrated(e.obj.as_folio()?, e),
            Note::NoProgress => Some(NO_PROGRESS.at(e)),
            _ => Some(self.stuck(v, e)),
        }
    }
}

impl Progress {
    /// An attempt found more references than expected.
    fn again(&mut self, v: &View, f: usize, e: &Event) {
        let a = v.ledger.account(f);
        let waits = |t: usize| v.m.stack(t).any(|n| ENTRY_WAITS.contains(&n.name));
        let waiters: u32 = (0..CPUS).filter(|t| waits(*t)).map(|t| a.on_cpu(t)).sum();
        let set = if a.total() <= e.aux + waiters { &mut self.for_waiters } else { &mut self.for_others };
        *set |= 1 << f;
    }

    fn migrated(&mut self, f: usize, e: &Event) -> Option<Finding> {
        let only = self.for_waiters >> f & 1 != 0 && self.for_others >> f & 1 == 0;
        self.for_waiters &= !(1 << f);
        self.for_others &= !(1 << f);
        (only && e.note == Note::MigrateGiveUp).then(|| ONLY_WAITERS.at(e))
    }

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
