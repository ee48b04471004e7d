//! The reference ledger: every put is made by an owner of a reference, no count is touched at 0, nothing leaks.
//!
//! R8 (the count is at least what mappings, caches, private data, batches, isolation and pins need) is implied: the
//! count equals the books (R1), and each of these is an owner in them.

use super::state::{flags, has_migration_entry, present, slot_folio, slots, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "refcount":
    PUT_UNOWNED = "put-unowned" actual "R3, I-B7, I-D5, I-D6, I-D8, R-PUT-UNOWNED"
        "A reference is put by an owner that holds none.";
    PUT_ZERO = "put-zero" actual "R3, I-B4, R-PUT-ZERO" "A reference is put while the count is 0.";
    GET_ZERO = "get-zero" actual "R2, I-B4, R-GET-ZERO" "An unconditional get while the count is 0.";
    SUB_ZERO = "sub-zero" actual "R4" "A subtraction without a test reaches 0: the folio leaks.";
    FROZEN_WRITE = "frozen-write" actual "R6, I-B4, R-PUT-ZERO, R-GET-ZERO"
        "The count is changed while another task has it frozen.";
    UNFREEZE = "unfreeze" actual "R6, I-B5, R-UNFREEZE"
        "An unfreeze of an unfrozen count, or to a value the owners do not explain.";
    TRANSFER = "transfer-unowned" actual "R3" "A reference is handed over by an owner that holds none.";
    COUNT = "count" actual "R1, I-B10" "The count differs from the references in the books.";
    MAPCOUNT = "mapcount" actual "R7" "A folio is mapped more often than it is referenced.";
    FREE_OWNED = "free-owned" actual "R9" "A folio is freed while somebody still owns a reference.";
    FREE_CACHED = "free-cached" actual "R9" "A folio is freed while a slot names it.";
    FREE_MAPPED = "free-mapped" actual "R9, M1" "A folio is freed while a page table maps it or waits for it.";
    PRIVATE = "private-unowned" predictive "I-B2"
        "A folio is unlocked with PG_private and no reference for the private data, or the other way round.";
    LEAK = "leak" actual "R11, I-B10, I-C8, I-E5, R-LEAK"
        "At rest, a folio's count is not explained by what can still drop it.";
}

#[derive(Default)]
pub(super) struct Refcount;

/// A get by who has no reference rests on something else that keeps the folio: a good place to try whether it does.
fn unpinned_get(v: &View, f: usize, e: &Event) -> Option<Finding> {
    let rests = v.hints && e.note == Note::RefGet && v.ledger.account(f).on_cpu(e.cpu as usize) == 0;
    rests.then(|| GET_ZERO.hint(e))
}

impl Check for Refcount {
    const SPEC: CheckSpec =
        CheckSpec { name: "refcount", title: "reference ledger: ownership, double put, leak", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::Refcount)
        .writes(Field::Mapcount)
        .folio_unlocks()
        .note(Note::RefTransfer)
        .note(Note::FolioFree)
        .note(Note::Quiescent);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::Quiescent {
            return leak(v, e);
        }
        let f = e.obj.as_folio()?;
        if e.obj.field() == Field::Flags {
            return if e.note == Note::FolioUnlock { private(v, f, e) } else { None };
        }
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
                    _ => return counts(v, f, e),
                }
            }
            Note::RefGet if frozen => &FROZEN_WRITE,
            Note::RefGet if e.old == 0 => &GET_ZERO,
            Note::RefFreeze if e.kind == Kind::Rmw && frozen => &FROZEN_WRITE,
            Note::RefUnfreeze if !frozen || e.new == 0 || e.new != a.total() as u64 => &UNFREEZE,
            Note::RefUnfreeze if a.frozen_by != e.task + 1 => &FROZEN_WRITE,
            Note::RefTransfer => {
                let (owner, cpu, _) = Owner::from_aux(e.aux & 0xffff);
                if a.of(owner, cpu) != 0 {
                    return None;
                }
                &TRANSFER
            }
            Note::FolioFree if a.total() != 0 => &FREE_OWNED,
            Note::FolioFree => return freed(v, f, e),
            _ => return counts(v, f, e).or_else(|| unpinned_get(v, f, e)),
        };
        let other = if frozen { Some(a.frozen_at) } else { a.last_put.map(|p| p.0) };
        Some(kind.at(e).with_other(other))
    }
}

/// R1, by the count before the event; R7, by the counts after it.
fn counts(v: &View, f: usize, e: &Event) -> Option<Finding> {
    let a = v.ledger.account(f);
    if a.frozen_by != 0 || !v.cx.running || v.cx.folios[f].free {
        return None;
    }
    let other = a.last_change.map(|c| c.0);
    let reference = e.obj.field() == Field::Refcount && e.note != Note::RefSet && e.note != Note::Nothing;
    if reference && e.wrote() && e.old != a.total() as u64 {
        return Some(COUNT.at(e).with_other(other));
    }
    let froze = e.note == Note::RefFreeze && e.kind == Kind::Rmw;
    let over = !froze && word(v.m, f, Field::Refcount) < word(v.m, f, Field::Mapcount);
    over.then(|| MAPCOUNT.at(e).with_other(other))
}

/// Private data and their reference come and go under the folio lock.
fn private(v: &View, f: usize, e: &Event) -> Option<Finding> {
    let owned = v.ledger.account(f).owner_total(Owner::Private) != 0;
    let apart = owned != (e.new & PG_PRIVATE != 0) && v.cx.running && !v.cx.folios[f].free;
    apart.then(|| PRIVATE.at(e))
}

/// Nothing may name a folio that goes to the allocator.
fn freed(v: &View, f: usize, e: &Event) -> Option<Finding> {
    if slots(v.m).any(|(_, _, w)| slot_folio(w) == Some(f)) {
        return Some(FREE_CACHED.at(e));
    }
    (present(v.m, f) != 0 || has_migration_entry(v.m, f)).then(|| FREE_MAPPED.at(e))
}

#[cold]
fn leak(v: &View, e: &Event) -> Option<Finding> {
    // Explained by what is there, not by what the books say: a slot, a mapping, private data.
    let leaked = |f: &usize| {
        let cached = slots(v.m).filter(|(_, _, w)| slot_folio(*w) == Some(*f)).count() as u64;
        let flags = flags(v.m, *f);
        let flagged = (flags & PG_PRIVATE != 0) as u64 + (flags & PG_PRIVATE_2 != 0) as u64;
        // A flag without a reference is another kind's.
        let private = flagged.min(v.ledger.account(*f).owner_total(Owner::Private) as u64);
        let explained = cached + private + word(v.m, *f, Field::Mapcount);
        let count = word(v.m, *f, Field::Refcount);
        count == 0 || count != v.ledger.account(*f).total() as u64 || count != explained
    };
    let f = (0..FOLIOS).filter(|f| !v.cx.folios[*f].free).find(leaked)?;
    Some(LEAK.at(e).folio(f).with_other(v.ledger.account(f).last_change.map(|c| c.0)))
}
