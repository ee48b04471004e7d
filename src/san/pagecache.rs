//! Page-cache slots and `folio->mapping` agree, folios leave the cache in order, and so for the swap cache.

use super::state::{
    file_of, flags, in_slot, is_swapcache, page, ptes, slot_folio, slot_is_shadow, slot_is_value, slots, word,
};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "pagecache":
    REMOVE_UNLOCKED = "remove-unlocked" actual "C3, I-A2, I-B6"
        "A folio leaves its slot without the folio lock and the i_pages lock.";
    MAPPED_DELETE = "mapped-delete" actual "C3, I-D2, R-MAPPED-DELETE"
        "A folio leaves the page cache while it is mapped.";
    WRITEBACK_DELETE = "writeback-delete" actual "C3, W1" "A folio leaves its cache while it is under writeback.";
    DIRTY_LOST = "dirty-lost" actual "C10" "Reclaim takes a dirty folio out of its cache.";
    STORE_UNLOCKED = "store-unlocked" predictive "C1" "A slot is written without the i_pages lock.";
    SLOT_MAPPING = "slot-mapping" actual "C1" "A slot names a folio that is free, or that belongs elsewhere.";
    SLOT_UNOWNED = "slot-unowned" actual "C1, R8, I-D6" "A slot names a folio, but the cache owns no reference to it.";
    NOT_IN_SLOT = "not-in-slot" actual "C2" "An unlocked folio belongs to a file or the swap cache, but is in no slot.";
    NRPAGES = "nrpages" actual "C4" "nrpages differs from the folios in the slots.";
    TWICE = "twice" actual "C6" "A folio is in two slots at once.";
    SHADOW = "shadow-exiting" actual "C7" "A shadow entry is stored after eviction has begun.";
    INODE_BUSY = "inode-busy" actual "C8, I-A4"
        "An inode is freed while a folio or a shadow is in its slots, or a folio names it.";
    MARKS = "marks" actual "C11" "At rest, a slot's marks do not say that its folio is dirty, or say writeback.";
    DIRTY_REMOVED = "dirty-removed" soft "I-A7" "A folio that is still dirty leaves the page cache.";
    BEYOND = "mapped-beyond" actual "C12" "After truncation, or at rest, a page beyond the end of its file is mapped.";
}

#[derive(Default)]
pub(super) struct PageCache {
    /// AS_EXITING was set when the i_pages lock was taken; the lock has been dropped since.
    exiting: [(bool, bool); MAPPINGS],
}

impl Check for PageCache {
    const SPEC: CheckSpec =
        CheckSpec { name: "pagecache", title: "page-cache slot and mapping consistency", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::Slot)
        .writes(Field::XaLock)
        .writes(Field::IState)
        .folio_unlocks()
        .note(Note::TruncateEnd)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        *self = PageCache::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.obj.field() {
            Field::Flags if e.note == Note::FolioUnlock => in_no_slot(v, e.obj.as_folio()?, e.new, e),
            Field::Flags => None,
            Field::Slot if e.wrote() => self.stored(v, e.obj.as_mapping()?, e),
            Field::IState if e.note == Note::InodeFreed => inode_busy(v, e.obj.as_mapping()?, e),
            Field::XaLock => self.lock(v, e.obj.as_mapping()?, e),
            _ => match e.note {
                Note::TruncateEnd => beyond(v, e),
                Note::Quiescent => at_rest(v, e),
                _ => None,
            },
        }
    }
}

impl PageCache {
    fn lock(&mut self, v: &View, m: usize, e: &Event) -> Option<Finding> {
        match e.kind {
            Kind::Lock if m < MAPPINGS => {
                self.exiting[m].0 = v.m.peek(Obj::mapping(m, Field::AsFlags)) & AS_EXITING != 0;
                None
            }
            Kind::Unlock => {
                if let Some(exiting) = self.exiting.get_mut(m) {
                    exiting.1 |= exiting.0;
                }
                consistent(v, m, e)
            }
            _ => None,
        }
    }

    fn stored(&self, v: &View, m: usize, e: &Event) -> Option<Finding> {
        let tree_locked = v.cx.task(e).holds(Obj::mapping(m, Field::XaLock));
        if let Some(f) = slot_folio(e.new) {
            if !tree_locked && v.cx.running {
                return Some(STORE_UNLOCKED.at(e).folio(f));
            }
            // A page of tmpfs is in its file and in the swap cache for a moment.
            let beside = |space: usize| (space == SWAP_SPACE) == (m == SWAP_SPACE);
            let twice = slots(v.m).filter(|(s, _, w)| beside(*s) && slot_folio(*w) == Some(f)).count() > 1;
            return twice.then(|| TWICE.at(e).folio(f));
        }
        if slot_is_shadow(e.new) && self.exiting.get(m).is_some_and(|x| x.1) {
            return Some(SHADOW.at(e));
        }
        removed(v, m, slot_folio(e.old)?, tree_locked, e)
    }
}

/// A slot was emptied, or got a shadow entry.
fn removed(v: &View, m: usize, f: usize, tree_locked: bool, e: &Event) -> Option<Finding> {
    if !tree_locked || !v.cx.has_folio_locked(f, e) {
        return Some(REMOVE_UNLOCKED.at(e).folio(f));
    }
    if m < MAPPINGS && word(v.m, f, Field::Mapcount) != 0 {
        return Some(MAPPED_DELETE.at(e).folio(f));
    }
    let flags = flags(v.m, f);
    if flags & PG_WRITEBACK != 0 {
        return Some(WRITEBACK_DELETE.at(e).folio(f));
    }
    // Only reclaim freezes the count before it removes.
    let a = v.ledger.account(f);
    let reclaim = a.frozen_by == e.task + 1;
    match () {
        // Who has another reference could dirty it now, or be about to use it as the file's.
        _ if flags & PG_DIRTY == 0 && v.hints && m < MAPPINGS => {
            let held = a.owner_total(Owner::PageCache) + a.on_cpu(e.cpu as usize);
            (a.total() > held).then(|| DIRTY_REMOVED.hint(e).folio(f))
        }
        _ if flags & PG_DIRTY == 0 => None,
        _ if reclaim => Some(DIRTY_LOST.at(e).folio(f).with_other(Some(a.frozen_at))),
        _ if m == SWAP_SPACE => None,
        _ => v.set.wants(&DIRTY_REMOVED).then(|| DIRTY_REMOVED.at(e).folio(f)),
    }
}

fn consistent(v: &View, m: usize, e: &Event) -> Option<Finding> {
    let mut present = 0;
    for index in 0..SLOTS {
        let Some(f) = in_slot(v.m, m, index) else { continue };
        present += 1;
        let here = if m == SWAP_SPACE {
            is_swapcache(flags(v.m, f)) && word(v.m, f, Field::Private) == index as u64 + 1
        } else {
            file_of(v.m, f) == Some(m) && word(v.m, f, Field::Index) == index as u64
        };
        if !here || v.cx.folios[f].free {
            return Some(SLOT_MAPPING.at(e).folio(f));
        }
        let owner = if m == SWAP_SPACE { Owner::SwapCache } else { Owner::PageCache };
        if v.ledger.account(f).owner_total(owner) == 0 {
            return Some(SLOT_UNOWNED.at(e).folio(f));
        }
    }
    if v.m.peek(Obj::mapping(m, Field::NrPages)) != present {
        return Some(NRPAGES.at(e));
    }
    if m == SWAP_SPACE {
        return None;
    }
    let lost = |f: &usize| {
        let belongs = !v.cx.folios[*f].free && file_of(v.m, *f) == Some(m);
        belongs && flags(v.m, *f) & PG_LOCKED == 0 && !in_its_slot(v, *f, m)
    };
    (0..FOLIOS).find(lost).map(|f| NOT_IN_SLOT.at(e).folio(f))
}

fn in_its_slot(v: &View, f: usize, m: usize) -> bool {
    in_slot(v.m, m, word(v.m, f, Field::Index) as usize) == Some(f)
}

/// The folio is unlocked: whoever was between the slot and the folio's own words is done.
fn in_no_slot(v: &View, f: usize, flags: u64, e: &Event) -> Option<Finding> {
    if !v.cx.has_folio_locked(f, e) || v.cx.folios[f].free {
        return None;
    }
    let file = file_of(v.m, f).is_some_and(|m| !in_its_slot(v, f, m));
    let slot = (word(v.m, f, Field::Private) as usize).wrapping_sub(1);
    let swap = is_swapcache(flags) && in_slot(v.m, SWAP_SPACE, slot) != Some(f);
    (file || swap).then(|| NOT_IN_SLOT.at(e))
}

fn inode_busy(v: &View, m: usize, e: &Event) -> Option<Finding> {
    let names_it = |f: &usize| !v.cx.folios[*f].free && file_of(v.m, *f) == Some(m);
    if (0..SLOTS).any(|i| slot_is_value(v.m.peek(Obj::slot(m, i)))) {
        return Some(INODE_BUSY.at(e));
    }
    let in_slot = (0..SLOTS).find_map(|i| in_slot(v.m, m, i));
    let f = in_slot.or_else(|| (0..FOLIOS).find(names_it))?;
    Some(INODE_BUSY.at(e).folio(f))
}

/// The caller still keeps the size from changing; a fault tests it under the folio lock.
fn beyond(v: &View, e: &Event) -> Option<Finding> {
    let (m, first) = ((e.aux >> 8) as usize, (e.aux & 0xff) as u64);
    let out = |f: usize| file_of(v.m, f) == Some(m) && word(v.m, f, Field::Index) >= first;
    let f = ptes(v.m).filter_map(|(_, _, pte)| page(pte)).find(|f| out(*f))?;
    Some(BEYOND.at(e).folio(f))
}

#[cold]
fn at_rest(v: &View, e: &Event) -> Option<Finding> {
    let out = |f: usize| {
        file_of(v.m, f).is_some_and(|m| word(v.m, f, Field::Index) >= v.m.peek(Obj::mapping(m, Field::ISize)))
    };
    if let Some(f) = ptes(v.m).filter_map(|(_, _, pte)| page(pte)).find(|f| out(*f)) {
        return Some(BEYOND.at(e).folio(f));
    }
    for (m, index, w) in slots(v.m).filter(|(m, ..)| *m < MAPPINGS) {
        let tagged = v.m.peek(Obj::mapping(m, Field::AOps)) & AOPS_WRITEBACK != 0;
        let Some(f) = slot_folio(w).filter(|_| tagged) else { continue };
        let marks = v.m.peek(Obj::mapping(m, Field::Marks)) >> (3 * index);
        let dirty = flags(v.m, f) & PG_DIRTY != 0 && marks & MARK_DIRTY == 0;
        if dirty || marks & MARK_WRITEBACK != 0 {
            return Some(MARKS.at(e).folio(f));
        }
    }
    None
}
