//! The reference ledger: every put is made by an owner of a reference, no count is touched at 0, nothing leaks.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

macro_rules! kinds {
    ($($id:ident = $name:literal $code:literal $doc:literal;)+) => {
        $(static $id: KindSpec =
            KindSpec { check: "refcount", name: $name, predictive: false, code: $code, doc: $doc };)+
        static KINDS: &[&KindSpec] = &[$(&$id),+];
    };
}

kinds! {
    PUT_UNOWNED = "put-unowned" "R3, R-PUT-UNOWNED" "A reference is put by an owner that holds none.";
    PUT_ZERO = "put-zero" "R3, R-PUT-ZERO" "A reference is put while the count is 0.";
    GET_ZERO = "get-zero" "R2, R-GET-ZERO" "An unconditional get while the count is 0.";
    SUB_ZERO = "sub-zero" "R4" "A subtraction without a test reaches 0: the folio leaks.";
    FROZEN_WRITE = "frozen-write" "R6" "The count is changed while another task has it frozen.";
    UNFREEZE = "unfreeze" "R6, R-UNFREEZE" "An unfreeze of an unfrozen count, or to a value the owners do not explain.";
    FREE_OWNED = "free-owned" "R9" "A folio is freed while somebody still owns a reference.";
    LEAK = "leak" "R11, R-LEAK" "At rest, a folio's count is not explained by what can still drop it.";
}

#[derive(Default)]
pub(super) struct Refcount;

impl Check for Refcount {
    const SPEC: CheckSpec =
        CheckSpec { name: "refcount", title: "reference ledger: ownership, double put, leak", kinds: KINDS };
    const TOPICS: Topics =
        Topics::none().writes(Field::Refcount).note(Note::FolioFree).note(Note::Quiescent);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::Quiescent {
            return leak(v, e);
        }
        let f = e.obj.as_folio()?;
        let a = v.ledger.account(f);
        let frozen = a.frozen_by != 0;
        let kind = match e.note {
            Note::RefPut | Note::RefSub => {
                let (owner, cpu, nr) = Owner::from_aux(e.aux);
                match () {
                    _ if frozen => &FROZEN_WRITE,
                    _ if e.old < nr as u64 => &PUT_ZERO,
                    _ if a.of(owner, cpu) < nr => &PUT_UNOWNED,
                    _ if e.note == Note::RefSub && e.new == 0 => &SUB_ZERO,
                    _ => return None,
                }
            }
            Note::RefGet if frozen => &FROZEN_WRITE,
            Note::RefGet if e.old == 0 => &GET_ZERO,
            Note::RefUnfreeze if !frozen || e.new == 0 || e.new != a.total() as u64 => &UNFREEZE,
            Note::FolioFree if a.total() != 0 => &FREE_OWNED,
            _ => return None,
        };
        let other = if frozen { Some(a.frozen_at) } else { a.last_put.map(|p| p.0) };
        Some(kind.at(e).with_other(other))
    }
}

#[cold]
fn leak(v: &View, e: &Event) -> Option<Finding> {
    // Explained by what is there, not by what the books say: a slot, a mapping, private data.
    let leaked = |f: &usize| {
        let word = |field| v.m.peek(Obj::folio(*f, field));
        let slots = (0..MAPPINGS).flat_map(|m| (0..SLOTS).map(move |i| Obj::slot(m, i)));
        let cached = slots.filter(|s| v.m.peek(*s) == *f as u64 + 1).count() as u64;
        let private = (word(Field::Flags) & PG_PRIVATE != 0) as u64;
        let explained = cached + private + word(Field::Mapcount);
        let count = word(Field::Refcount);
        count == 0 || count != v.ledger.account(*f).total() as u64 || count != explained
    };
    let f = (0..FOLIOS).filter(|f| !v.cx.folios[*f].free).find(leaked)?;
    Some(LEAK.at(e).folio(f).with_other(v.ledger.account(f).last_change.map(|c| c.0)))
}
