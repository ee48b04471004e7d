//! What must protect an address_space while it is used (ERAS 0.7, MM-6.12 0.7). Predictive: fires before the inode is
//! gone.

use super::state::{flags, in_slot, maps_under_ptl, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::machine::Section;
use crate::vocab::*;

kinds! { "mapping":
    UNPROTECTED = "unprotected-deref" predictive "C9, I-A1, I-E1, R-MAP-UNPROT"
        "An address_space reached through a folio is used with nothing that keeps the inode: no folio lock, \
         i_pages lock, RCU section or inode reference.";
    NULL_STORE = "null-store" predictive "L2, I-A2, R-MAP-UNPROT"
        "folio->mapping of a file folio is cleared without the folio lock, or, while a slot has it, the i_pages lock.";
}

#[derive(Default)]
pub(super) struct Mapping {
    /// Last store to each folio's mapping: event and task.
    stored: [Option<(u32, u8)>; FOLIOS],
    /// Task that started writeback of each folio, plus one.
    writer: [u8; FOLIOS],
}

impl Mapping {
    /// PM1: the folio lock, taken before the pointer was read, and no store to the pointer since, by this task
    /// included.
    fn by_folio_lock(&self, v: &View, e: &Event, folio: u8, seq: u32) -> bool {
        let current = self.stored[folio as usize].is_none_or(|s| s.0 < seq);
        current && v.cx.has_folio_locked(folio as usize, e) && v.cx.folios[folio as usize].locked_at < seq
    }

    /// PM3: one RCU section around the load of the pointer and its use, where inodes are freed after a grace period.
    fn by_rcu(v: &View, e: &Event, seq: u32) -> bool {
        let model = v.m.model();
        let since = |section| v.m.section_since(e.task as usize, section).is_some_and(|at| at < seq);
        let implied = model.irqoff_is_reader && (since(Section::IrqOff) || since(Section::PreemptOff));
        e.kind == Kind::Load && model.rcu_free && (since(Section::RcuRead) || implied)
    }

    /// Items 3 and 4 of MM-6.12 0.7: the task's own writeback is not over; a page table it has locked maps the folio.
    fn by_page(&self, v: &View, e: &Event, folio: usize) -> bool {
        let writeback = self.writer[folio] == e.task + 1 && flags(v.m, folio) & PG_WRITEBACK != 0;
        writeback || maps_under_ptl(v, e, folio)
    }

    /// What protects the mapping. The swap space is never freed.
    fn protection(&self, v: &View, e: &Event, m: usize) -> Protection {
        use Protection::{Grace, Inode, Nothing};
        if m == SWAP_SPACE {
            return Inode;
        }
        let t = v.cx.task(e);
        if t.pins >> m & 1 != 0 || e.note == Note::InodeFreed || e.task as usize >= CPUS || !v.cx.running {
            return Inode;
        }
        if t.holds(Obj::mapping(m, Field::XaLock)) || t.holds(Obj::mapping(m, Field::ILock)) {
            return Inode;
        }
        let Via::Folio { folio, seq, .. } = Via::from_aux(e.aux) else { return Nothing };
        let f = folio as usize % FOLIOS;
        match () {
            _ if self.by_folio_lock(v, e, folio, seq) || self.by_page(v, e, f) => Inode,
            _ if Mapping::by_rcu(v, e, seq) => Grace,
            _ => Nothing,
        }
    }
}

/// What keeps an address_space that is used.
enum Protection {
    /// The inode cannot be evicted.
    Inode,
    /// It may be evicted, but its memory stays for a grace period.
    Grace,
    Nothing,
}

impl Check for Mapping {
    const SPEC: CheckSpec = CheckSpec {
        name: "mapping",
        title: "what protects an address_space in use",
        kinds: KINDS,
    };
    const TOPICS: Topics = MAPPING_FIELDS.writes(Field::FolioMapping).flag_changes();

    fn reset(&mut self) {
        *self = Mapping::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if let Some(m) = e.obj.as_mapping() {
            match self.protection(v, e, m) {
                Protection::Inode => return None,
                Protection::Grace => return Some(UNPROTECTED.hint(e)),
                Protection::Nothing => {}
            }
            let Via::Folio { folio, .. } = Via::from_aux(e.aux) else { return Some(UNPROTECTED.at(e)) };
            let other = self.stored[folio as usize].filter(|s| s.1 != e.task).map(|s| s.0);
            return Some(UNPROTECTED.at(e).folio(folio as usize).with_other(other));
        }
        let f = e.obj.as_folio()?;
        if e.obj.field() == Field::Flags {
            if !e.old & e.new & PG_WRITEBACK != 0 {
                self.writer[f] = e.task + 1;
            }
            return None;
        }
        if e.note == Note::MappingStore {
            self.stored[f] = Some((e.seq, e.task));
            if e.new == 0 && v.cx.running {
                let (m, _) = as_file_mapping(e.old)?;
                let kept = in_slot(v.m, m, word(v.m, f, Field::Index) as usize) == Some(f);
                let tree = !kept || v.cx.task(e).holds(Obj::mapping(m, Field::XaLock));
                return (!tree || !v.cx.has_folio_locked(f, e)).then(|| NULL_STORE.at(e));
            }
        }
        None
    }
}

/// Every member of an address_space or its inode.
pub(super) const MAPPING_FIELDS: Topics = Topics::none()
    .field(Field::AsFlags)
    .field(Field::AOps)
    .field(Field::NrPages)
    .field(Field::Marks)
    .field(Field::Slot)
    .field(Field::XaLock)
    .field(Field::ILock)
    .field(Field::IState)
    .field(Field::ICount)
    .field(Field::IRwsem)
    .field(Field::InvalidateLock)
    .field(Field::IMmapRwsem)
    .field(Field::IMmap)
    .field(Field::IMmapNonlinear)
    .field(Field::IPrivateLock)
    .field(Field::ISize);
