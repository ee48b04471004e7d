//! What a page-table entry of a file may be set to (ERAS 4.5, I-D1). That the folio is locked is asked by `folio_lock`,
//! what stays true later by `rmap`.

use super::state::{VmArea, file_of, flags, in_slot, is_anon, page, present, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "pte":
    ORPHAN = "orphan" actual "I-D1, R-ORPHAN-PTE" "An entry is set for a page that is not, or no longer, in the file.";
    WRONG_INDEX = "wrong-index" actual "I-D1, R-WRONG-INDEX" "An entry is set for another page of the file.";
    UNPREPARED = "unprepared" actual "W4"
        "A clean page becomes writable in a shared mapping: its file system, which has page_mkwrite, does not know.";
    UNREFERENCED = "unreferenced" predictive "I-D1"
        "An entry is set by a task that owns no reference, and has taken none for it.";
}

#[derive(Default)]
pub(super) struct PteSet;

impl Check for PteSet {
    const SPEC: CheckSpec = CheckSpec { name: "pte", title: "page-table entries of files", kinds: KINDS };
    const TOPICS: Topics = Topics::none().writes(Field::PteCell);

    /// Fork and mremap copy and move what is mapped; migration's entries stand for a mapping.
    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if let Some(found) = unprepared(v, e) {
            return Some(found);
        }
        let fresh = e.aux == PteWrite::Fault as u32 || e.aux == PteWrite::Restore as u32;
        if !fresh || !e.wrote() || !v.cx.running {
            return None;
        }
        // What is swapped in is anonymous, or will be: before folios the entry came first.
        let swapped_in = Pte(e.old).swap_slot().is_some();
        let f = page(Pte(e.new)).filter(|f| page(Pte(e.old)) != Some(*f) && !swapped_in && !is_anon(v.m, *f))?;
        let place = e.obj.place();
        let area = VmArea::at(v.m, place.index as usize, place.sub as usize)?;
        let file = area.file?;
        let index = word(v.m, f, Field::Index) as usize;
        let linear = area.flags(v.m) & VM_NONLINEAR == 0;
        let a = v.ledger.account(f);
        let kind = match () {
            _ if file_of(v.m, f) != Some(file) => &ORPHAN,
            _ if linear && index != area.index(place.sub as usize) => &WRONG_INDEX,
            _ if in_slot(v.m, file, index) != Some(f) => &ORPHAN,
            _ if a.on_cpu(e.cpu as usize) == 0 && (a.owner_total(Owner::Pte) as usize) < present(v.m, f) => {
                &UNREFERENCED
            }
            _ => return None,
        };
        let other = a.last_change.filter(|c| c.1 != e.task).map(|c| c.0);
        Some(kind.at(e).folio(f).with_other(other))
    }
}

/// A write fault makes the entry writable and dirty. `page_mkwrite` has dirtied the page before, and the folio lock has
/// kept writeback off since.
fn unprepared(v: &View, e: &Event) -> Option<Finding> {
    let by_fault = e.aux == PteWrite::Fault as u32 || e.aux == PteWrite::Change as u32;
    let (old, new) = (Pte(e.old), Pte(e.new));
    let opened = new.is_writable() && new.is_dirty() && !(old.is_writable() && old.is_present());
    if !by_fault || !opened || !e.wrote() || !v.cx.running {
        return None;
    }
    let f = page(new).filter(|f| flags(v.m, *f) & PG_DIRTY == 0)?;
    let asks = v.m.peek(Obj::mapping(file_of(v.m, f)?, Field::AOps)) & AOPS_PAGE_MKWRITE != 0;
    asks.then(|| UNPREPARED.at(e).folio(f))
}
