//! Page-cache slots and `folio->mapping` agree, and folios leave the cache in order.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

macro_rules! kinds {
    ($($id:ident = $name:literal $code:literal $doc:literal;)+) => {
        $(static $id: KindSpec =
            KindSpec { check: "pagecache", name: $name, predictive: false, code: $code, doc: $doc };)+
        static KINDS: &[&KindSpec] = &[$(&$id),+];
    };
}

kinds! {
    REMOVE_UNLOCKED = "remove-unlocked" "C3" "A folio leaves its slot without the folio lock and the i_pages lock.";
    MAPPED_DELETE = "mapped-delete" "C3, R-MAPPED-DELETE" "A folio leaves the page cache while it is mapped.";
    SLOT_MAPPING = "slot-mapping" "C1" "A slot names a folio that is free, or that belongs elsewhere.";
    NRPAGES = "nrpages" "C4" "nrpages differs from the folios in the slots.";
    INODE_BUSY = "inode-busy" "C8, I-A4" "An inode is freed while a folio is in its slots or names it.";
}

#[derive(Default)]
pub(super) struct PageCache;

impl Check for PageCache {
    const SPEC: CheckSpec =
        CheckSpec { name: "pagecache", title: "page-cache slot and mapping consistency", kinds: KINDS };
    const TOPICS: Topics = Topics::none().writes(Field::Slot).writes(Field::XaLock).writes(Field::IState);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let m = e.obj.as_mapping()?;
        match e.note {
            Note::SlotStore if e.old != 0 && e.new == 0 => removed(v, m, e),
            Note::InodeFreed => inode_busy(v, m, e),
            _ if e.kind == Kind::Unlock => consistent(v, m, e),
            _ => None,
        }
    }
}

fn removed(v: &View, m: usize, e: &Event) -> Option<Finding> {
    let f = e.old as usize - 1;
    let tree_locked = v.cx.task(e).holds(Obj::mapping(m, Field::XaLock));
    if !tree_locked || !v.cx.has_folio_locked(f, e) {
        return Some(REMOVE_UNLOCKED.at(e).folio(f));
    }
    let mapped = v.m.peek(Obj::folio(f, Field::Mapcount)) != 0;
    mapped.then(|| MAPPED_DELETE.at(e).folio(f))
}

fn consistent(v: &View, m: usize, e: &Event) -> Option<Finding> {
    let mut present = 0;
    for index in 0..SLOTS {
        let entry = v.m.peek(Obj::slot(m, index)) as usize;
        if entry == 0 {
            continue;
        }
        present += 1;
        let f = entry - 1;
        let word = |field| v.m.peek(Obj::folio(f, field));
        let here = as_file_mapping(word(Field::FolioMapping)).is_some_and(|(owner, _)| owner == m);
        if !here || word(Field::Index) != index as u64 || v.cx.folios[f].free {
            return Some(SLOT_MAPPING.at(e).folio(f));
        }
    }
    (v.m.peek(Obj::mapping(m, Field::NrPages)) != present).then(|| NRPAGES.at(e))
}

fn inode_busy(v: &View, m: usize, e: &Event) -> Option<Finding> {
    let names_it = |f: &usize| {
        let mapping = as_file_mapping(v.m.peek(Obj::folio(*f, Field::FolioMapping)));
        !v.cx.folios[*f].free && mapping.is_some_and(|(owner, _)| owner == m)
    };
    let in_slot = (0..SLOTS).map(|i| v.m.peek(Obj::slot(m, i)) as usize).find(|s| *s != 0).map(|s| s - 1);
    let f = in_slot.or_else(|| (0..FOLIOS).find(names_it))?;
    Some(INODE_BUSY.at(e).folio(f))
}
