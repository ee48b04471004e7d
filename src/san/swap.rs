//! Swap slots: counts, the swap-cache flag, and their lock (MM-6.12 10.1, M7).

use super::state::*;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "swap":
    COUNT = "count" actual "M7" "A slot's count is not the number of its entries, in page tables and tmpfs files.";
    UNDERFLOW = "underflow" actual "MM-6.12 10.1" "A slot's count is taken below 0, or its byte overflows.";
    FREE_SLOT = "free-slot" actual "M7" "A page-table entry names a free slot.";
    NO_LOCK = "map-unlocked" predictive "MM-6.12 10.1" "A slot's byte is changed without the cluster lock.";
    FREED = "freed" actual "R-UAF-SWAP"
        "The swap map, the swap cache's tree or the swap device is used after swapoff has freed it.";
    UNLISTED = "unlisted" actual "MM-6.12 10.10"
        "A tmpfs file with a swap entry is not on shmem_swaplist: swapoff never finds it.";
    HAS_CACHE = "has-cache" actual "M7" "At rest, SWAP_HAS_CACHE does not say whether a slot is in the swap cache.";
}

#[derive(Default)]
pub(super) struct Swap {
    /// Event that freed the device, plus one.
    freed: u32,
}

impl Swap {
    fn write(v: &View, e: &Event) -> Option<Finding> {
        if !e.wrote() || e.old == e.new {
            return None;
        }
        let below = e.old & SWAP_COUNT == 0 && e.new & SWAP_COUNT == SWAP_COUNT;
        if below || e.new > SWAP_COUNT | SWAP_HAS_CACHE {
            return Some(UNDERFLOW.at(e));
        }
        let locked = v.cx.task(e).holds(Obj::at(Field::SwapLock, 0, 0));
        (!locked && v.cx.running).then(|| NO_LOCK.at(e))
    }

    /// The device is gone. How many slots are in use is counted outside the map.
    fn after_free(&self, e: &Event) -> Option<Finding> {
        let place = e.obj.place();
        let used = match place.field {
            Field::SwapMap => e.aux != SWAP_USAGE,
            Field::Slot | Field::XaLock | Field::Disk => place.index as usize == SWAP_SPACE,
            _ => false,
        };
        (used && e.kind != Kind::Note).then(|| FREED.at(e).with_other(Some(self.freed - 1)))
    }

    /// No page table and not the swap map is locked.
    fn counts(v: &View, e: &Event) -> Option<Finding> {
        let mut entries = [0u64; SLOTS];
        let named = ptes(v.m).filter_map(|(_, _, entry)| entry.swap_slot()).filter(|slot| *slot < SLOTS);
        named.for_each(|slot| entries[slot] += 1);
        for (slot, entries) in entries.iter().enumerate() {
            let byte = v.m.peek(Obj::at(Field::SwapMap, 0, slot));
            if byte & SWAP_COUNT == SWAP_MAP_SHMEM && *entries == 0 {
                continue; // the file is not locked
            }
            if byte == 0 && *entries != 0 {
                return Some(FREE_SLOT.at(e));
            }
            if byte & SWAP_COUNT != *entries {
                return Some(COUNT.at(e));
            }
        }
        None
    }

    /// A file's slot or the list has changed. The entry is stored after its file is listed, and the file leaves the
    /// list after its last entry is gone.
    fn unlisted(v: &View, e: &Event) -> Option<Finding> {
        let listed = Seq(v.m.peek(Obj::at(Field::ShmemSwaplist, 0, 0)));
        let lost = |m: usize| !listed.iter().any(|i| i == m);
        let mut entries = slots(v.m).filter(|(m, _, w)| *m < MAPPINGS && slot_swap(*w).is_some());
        entries.any(|(m, ..)| lost(m)).then(|| UNLISTED.at(e))
    }

    /// Slots with the count of tmpfs are each in one slot of one file.
    fn files(v: &View, e: &Event) -> Option<Finding> {
        let wrong = |slot: &usize| {
            let shmem = v.m.peek(Obj::at(Field::SwapMap, 0, *slot)) & SWAP_COUNT == SWAP_MAP_SHMEM;
            slots(v.m).filter(|(m, _, w)| *m < MAPPINGS && slot_swap(*w) == Some(*slot)).count() != shmem as usize
        };
        (0..SLOTS).any(|slot| wrong(&slot)).then(|| COUNT.at(e))
    }

    #[cold]
    fn at_rest(v: &View, e: &Event) -> Option<Finding> {
        let wrong = |slot: &usize| {
            let cached = in_slot(v.m, SWAP_SPACE, *slot).is_some();
            cached != (v.m.peek(Obj::at(Field::SwapMap, 0, *slot)) & SWAP_HAS_CACHE != 0)
        };
        let found = (0..SLOTS).find(wrong).map(|slot| (HAS_CACHE.at(e), in_slot(v.m, SWAP_SPACE, slot)));
        let found = found.map(|(found, f)| f.map_or(found, |f| found.folio(f)));
        found.or_else(|| Swap::counts(v, e)).or_else(|| Swap::files(v, e))
    }
}

impl Check for Swap {
    const SPEC: CheckSpec = CheckSpec { name: "swap", title: "swap slots", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::SwapMap)
        .writes(Field::Ptl)
        .writes(Field::Slot)
        .writes(Field::ShmemSwaplist)
        .note(Note::Quiescent);
    const WHILE_ALERT: Topics =
        Topics::none().field(Field::SwapMap).field(Field::Slot).field(Field::XaLock).field(Field::Disk);

    fn is_alert(&self) -> bool {
        self.freed != 0
    }

    fn reset(&mut self) {
        self.freed = 0;
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if self.freed != 0
            && let Some(found) = self.after_free(e)
        {
            return Some(found);
        }
        match e.obj.field() {
            Field::SwapMap if e.note == Note::SwapFreed => {
                self.freed = e.seq + 1;
                None
            }
            Field::SwapMap => Swap::write(v, e),
            Field::Ptl => {
                let free =
                    e.kind == Kind::Unlock && page_tables_free(v.m) && v.m.peek(Obj::at(Field::SwapLock, 0, 0)) == 0;
                if free { Swap::counts(v, e) } else { None }
            }
            Field::Slot if !e.wrote() || slot_swap(e.new).is_none() => None,
            Field::Slot | Field::ShmemSwaplist => Swap::unlisted(v, e),
            Field::NoField => Swap::at_rest(v, e),
            _ => None,
        }
    }
}
