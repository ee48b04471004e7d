//! Use after free: actual damage.

use super::mapping::MAPPING_FIELDS;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::machine::Section;
use crate::vocab::*;

kinds! { "uaf":
    MAPPING = "mapping" actual "C9, I-A1, I-A4, I-E1, R-UAF-MAP" "An address_space is used after its inode was freed.";
    FOLIO = "folio" actual "R10" "A folio on the free list is written.";
    CONTENT = "content" actual "R10" "The contents of a page on the free list are read or written.";
    NULL_DEREF = "null-deref" actual "I-D5, R-NULL-DEREF" "A NULL address_space is dereferenced.";
    VMA = "vma" actual "R-UAF-VMA" "A VMA is used after it was freed.";
    ANON_VMA = "anon-vma" actual "MM-6.12 6.5, R-UAF-ANON-VMA"
        "An anon_vma is used after it was freed, outside an RCU section.";
}

#[derive(Default)]
pub(super) struct Uaf {
    /// Event that freed the VMA, the anon_vma, plus one.
    vmas: [u32; VMAS],
    anon_vmas: [u32; ANON_VMAS],
}

impl Uaf {
    fn lives(&mut self, e: &Event) {
        let vma = matches!(e.note, Note::VmaAlloc | Note::VmaFree);
        let freed = matches!(e.note, Note::VmaFree | Note::AnonVmaFree);
        let list: &mut [u32] = if vma { &mut self.vmas } else { &mut self.anon_vmas };
        if let Some(at) = list.get_mut(e.aux as usize) {
            *at = if freed { e.seq + 1 } else { 0 };
        }
    }

    fn slab(&self, v: &View, e: &Event) -> Option<Finding> {
        let place = e.obj.place();
        let (freed, kind) = match place.class {
            Class::Vma => (self.vmas[place.index as usize], &VMA),
            _ => (self.anon_vmas[place.index as usize], &ANON_VMA),
        };
        // anon_vmas are type-stable under RCU; a new one is initialised before it is said to exist.
        let rcu = v.m.section_since(e.task as usize, Section::RcuRead).is_some();
        let fresh = e.kind == Kind::Store;
        let legal = freed == 0 || (place.class == Class::AnonVma && (rcu || fresh));
        (!legal).then(|| kind.at(e).with_other(Some(freed - 1)))
    }

    /// By a stale page-table entry, by who has no reference.
    fn content(v: &View, f: usize, e: &Event) -> Option<Finding> {
        let folio = &v.cx.folios[f];
        let stale = v.cx.running && folio.free && folio.freer != e.task + 1;
        stale.then(|| CONTENT.at(e).with_other(Some(folio.freed_at)))
    }
}

impl Check for Uaf {
    const SPEC: CheckSpec = CheckSpec { name: "uaf", title: "use after free", kinds: KINDS };
    const TOPICS: Topics = MAPPING_FIELDS
        .writes(Field::Flags)
        .writes(Field::FolioMapping)
        .writes(Field::Mapcount)
        .writes(Field::Index)
        .writes(Field::Private)
        .field(Field::Content)
        .field(Field::VmFlags)
        .field(Field::VmAnonVma)
        .field(Field::AvRefcount)
        .field(Field::AvRoot)
        .field(Field::AvRwsem)
        .field(Field::AvTree)
        .note(Note::VmaAlloc)
        .note(Note::VmaFree)
        .note(Note::AnonVmaAlloc)
        .note(Note::AnonVmaFree)
        .note(Note::NullDeref);

    fn reset(&mut self) {
        *self = Uaf::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::NullDeref {
            return Some(NULL_DEREF.at(e));
        }
        if matches!(e.note, Note::VmaAlloc | Note::VmaFree | Note::AnonVmaAlloc | Note::AnonVmaFree) {
            self.lives(e);
            return None;
        }
        if matches!(e.obj.place().class, Class::Vma | Class::AnonVma) {
            return self.slab(v, e);
        }
        if let Some(m) = e.obj.as_mapping() {
            let freed = v.cx.inode_freed[m];
            if freed == 0 {
                return None;
            }
            let found = MAPPING.at(e).with_other(Some(freed - 1));
            return Some(match Via::from_aux(e.aux) {
                Via::Folio { folio, .. } => found.folio(folio as usize),
                Via::Pinned { .. } => found,
            });
        }
        let f = e.obj.as_folio()?;
        if e.obj.field() == Field::Content {
            return Uaf::content(v, f, e);
        }
        let folio = &v.cx.folios[f];
        // A waker without a reference may clear PG_waiters of a folio that has been freed meanwhile (MM-6.12 2.1).
        let waker = e.note == Note::ClearFlag && e.aux as u64 == PG_WAITERS;
        let written = v.cx.running && folio.free && folio.freer != e.task + 1 && e.wrote() && !waker;
        written.then(|| FOLIO.at(e).with_other(Some(folio.freed_at)))
    }
}
