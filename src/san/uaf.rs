//! Use after free: actual damage.

use super::mapping::MAPPING_FIELDS;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

static MAPPING: KindSpec = KindSpec {
    check: "uaf",
    name: "mapping",
    predictive: false,
    code: "C9, R-UAF-MAP",
    doc: "An address_space is used after its inode was freed.",
};
static FOLIO: KindSpec = KindSpec {
    check: "uaf",
    name: "folio",
    predictive: false,
    code: "R10",
    doc: "A folio on the free list is written.",
};
static NULL_DEREF: KindSpec = KindSpec {
    check: "uaf",
    name: "null-deref",
    predictive: false,
    code: "R-NULL-DEREF",
    doc: "A NULL address_space is dereferenced.",
};

#[derive(Default)]
pub(super) struct Uaf;

impl Check for Uaf {
    const SPEC: CheckSpec =
        CheckSpec { name: "uaf", title: "use after free", kinds: &[&MAPPING, &FOLIO, &NULL_DEREF] };
    const TOPICS: Topics = MAPPING_FIELDS
        .writes(Field::Flags)
        .writes(Field::FolioMapping)
        .writes(Field::Mapcount)
        .writes(Field::Index)
        .writes(Field::Private)
        .note(Note::NullDeref);

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::NullDeref {
            return Some(NULL_DEREF.at(e));
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
        let folio = &v.cx.folios[e.obj.as_folio()?];
        // A waker without a reference may clear PG_waiters of a folio that has been freed meanwhile (MM-6.12 2.1).
        let waker = e.note == Note::ClearFlag && e.aux as u64 == PG_WAITERS;
        let written = v.cx.running && folio.free && folio.freer != e.task + 1 && e.wrote() && !waker;
        written.then(|| FOLIO.at(e).with_other(Some(folio.freed_at)))
    }
}
