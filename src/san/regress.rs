//! Functional expectations: an operation that nobody disturbed must have had a certain outcome.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "regress":
    NULL_MAPPING = "null-mapping" actual "I-A5, R-REGRESS(null-mapping)"
        "Asynchronous compaction refuses a dirty page without a mapping, which migrates without blocking.";
    WASTED_ISOLATION = "wasted-isolation" actual "E5, R-REGRESS(wasted isolation)"
        "Compaction isolates a folio of an unmovable mapping, which migration must refuse.";
}

#[derive(Default)]
pub(super) struct Regress;

impl Check for Regress {
    const SPEC: CheckSpec =
        CheckSpec { name: "regress", title: "functional expectations", kinds: KINDS };
    const TOPICS: Topics = Topics::none().note(Note::Outcome);

    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let f = e.obj.as_folio()?;
        let begin = v.cx.task(e).op_begin;
        let undisturbed = |(task, at): (usize, &u32)| task == e.task as usize || *at < begin;
        if !v.cx.folios[f].written.iter().enumerate().all(undisturbed) {
            return None;
        }
        let kernel = v.m.model().kernel;
        if e.aux & 0xff == Outcome::NotIsolated as u32 {
            (!kernel.has_folios() && movable_without_mapping(v, f)).then(|| NULL_MAPPING.at(e))
        } else {
            // AS_UNMOVABLE came with v6.8.
            (kernel >= Kernel::V6_8 && unmovable(v, f)).then(|| WASTED_ISOLATION.at(e))
        }
    }
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
