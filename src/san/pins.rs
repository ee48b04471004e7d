//! Pinned pages stay what they are: nobody shares, copies on write or freezes them (M5, P1).

use super::state::*;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "pins":
    SHARED = "shared" actual "M5" "An anonymous page that is pinned loses PG_anon_exclusive.";
    NOT_EXCLUSIVE = "not-exclusive" actual "M5" "A pin succeeds on an anonymous page that is not exclusive.";
    FROZEN = "frozen" actual "P1" "The count of a pinned folio is frozen.";
    UNPINNED = "unpinned" actual "P1" "A pin succeeds, or is dropped, that owns no references.";
}

#[derive(Default)]
pub(super) struct Pins;

impl Check for Pins {
    const SPEC: CheckSpec = CheckSpec { name: "pins", title: "pinned pages", kinds: KINDS };
    const TOPICS: Topics =
        Topics::none().flag_changes().writes(Field::Refcount).note(Note::PinDone).note(Note::PinDrop);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        if e.note == Note::PinDone || e.note == Note::PinDrop {
            let owned = v.ledger.account(f).owner_total(Owner::Pin) as u64;
            if owned < GUP_PIN_COUNTING_BIAS {
                return Some(UNPINNED.at(e));
            }
            let shared = flags(v.m, f) & PG_ANON_EXCLUSIVE == 0 && is_anon(v.m, f);
            return (shared && e.note == Note::PinDone).then(|| NOT_EXCLUSIVE.at(e));
        }
        if v.cx.folios[f].pins == 0 || v.cx.folios[f].free {
            return None;
        }
        if e.note == Note::RefFreeze && e.kind == Kind::Rmw {
            return Some(FROZEN.at(e));
        }
        let lost = e.obj.field() == Field::Flags && e.old & !e.new & PG_ANON_EXCLUSIVE != 0 && is_anon(v.m, f);
        lost.then(|| SHARED.at(e))
    }
}
