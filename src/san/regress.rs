//! Functional expectations: an operation that nobody disturbed must have had a certain outcome.

use super::state::{file_of, flags};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "regress":
    NULL_MAPPING = "null-mapping" actual "I-A5, R-REGRESS(null-mapping)"
        "Asynchronous compaction refuses a dirty page without a mapping, which migrates without blocking.";
    WASTED_ISOLATION = "wasted-isolation" actual "I-E3, R-REGRESS(wasted isolation)"
        "Compaction isolates a folio of an unmovable mapping, which migration must refuse.";
    BLOCKING_MIGRATE = "blocking-migrate" actual "I-A6, R-REGRESS(blocking-migrate)"
        "Asynchronous compaction takes a dirty page whose file cannot migrate it without writing it out.";
    UNMOVABLE_MOVED = "unmovable-moved" actual "I-E3, R-REGRESS(unmovable-moved)"
        "A folio of an unmovable mapping is migrated.";
    UNMOVABLE_EVICTABLE = "unmovable-not-unevictable" soft "I-E2, R-REGRESS(unmovable-not-unevictable)"
        "A mapping is unmovable, but not unevictable.";
}

#[derive(Default)]
pub(super) struct Regress;

impl Check for Regress {
    const SPEC: CheckSpec = CheckSpec { name: "regress", title: "functional expectations", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::Outcome).note(Note::MigrateCopy);
    const SOFT: Topics = Topics::none().note(Note::SetupDone).writes(Field::AsFlags);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.note {
            Note::Outcome => outcome(v, e),
            // AS_UNMOVABLE came with v6.8.
            Note::MigrateCopy => {
                let moved = v.m.model().kernel >= Kernel::V6_8 && unmovable(v, e.obj.as_folio()?);
                moved.then(|| UNMOVABLE_MOVED.at(e))
            }
            _ => evictable(v, e),
        }
    }
}

/// What compaction told of a folio nobody else has touched since it began.
fn outcome(v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        let begin = v.cx.task(e).op_begin;
        let undisturbed = |(task, at): (usize, &u32)| task == e.task as usize || *at < begin;
        if !v.cx.folios[f].written.iter().enumerate().all(undisturbed) {
            return None;
        }
        let kernel = v.m.model().kernel;
        if e.aux & 0xff == Outcome::NotIsolated as u32 {
            return (!kernel.has_folios() && movable_without_mapping(v, f)).then(|| NULL_MAPPING.at(e));
        }
        match () {
            _ if kernel >= Kernel::V6_8 && unmovable(v, f) => Some(WASTED_ISOLATION.at(e)),
            _ if blocks(v, f) => Some(BLOCKING_MIGRATE.at(e)),
            _ => None,
        }
}

/// A dirty page whose file has no callback to migrate it: it would have to be written out.
fn blocks(v: &View, f: usize) -> bool {
    let aops = |m: usize| v.m.peek(Obj::mapping(m, Field::AOps));
    flags(v.m, f) & PG_DIRTY != 0 && file_of(v.m, f).is_some_and(|m| aops(m) & AOPS_MIGRATE_FOLIO == 0)
}

/// `mapping_set_unmovable()` sets AS_UNEVICTABLE first.
fn evictable(v: &View, e: &Event) -> Option<Finding> {
    let word = |m: usize| v.m.peek(Obj::mapping(m, Field::AsFlags));
    let wrong = |m: &usize| word(*m) & (AS_UNMOVABLE | AS_UNEVICTABLE) == AS_UNMOVABLE;
    let relevant = v.m.model().kernel >= Kernel::V6_8 && v.set.wants(&UNMOVABLE_EVICTABLE);
    (relevant && (0..MAPPINGS).any(|m| wrong(&m))).then(|| UNMOVABLE_EVICTABLE.at(e))
}

fn movable_without_mapping(v: &View, f: usize) -> bool {
    let word = |field| v.m.peek(Obj::folio(f, field));
    let flags = word(Field::Flags);
    let wanted = PG_LRU | PG_DIRTY;
    let refusing = PG_UNEVICTABLE | PG_WRITEBACK | PG_LOCKED;
    let no_mapping = as_file_mapping(word(Field::FolioMapping)).is_none();
    let count = word(Field::Refcount);
    flags & wanted == wanted && flags & refusing == 0 && no_mapping && count != 0 && count == word(Field::Mapcount)
}

fn unmovable(v: &View, f: usize) -> bool {
    let mapping = as_file_mapping(v.m.peek(Obj::folio(f, Field::FolioMapping)));
    mapping.is_some_and(|(m, _)| v.m.peek(Obj::mapping(m, Field::AsFlags)) & AS_UNMOVABLE != 0)
}
