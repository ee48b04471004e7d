//! The machine's memory at any event, rebuilt from the events' old and new values.

use super::Report;
use crate::vocab::{Field, Kind, MMS, Note, Obj, Pte, VADDRS};

/// Values of the cells; `None` where no event and no part of the program tells.
pub(super) struct Memory {
    cells: Vec<Option<u64>>,
}

impl Memory {
    pub fn get(&self, obj: Obj) -> Option<u64> {
        self.cells.get(obj.0 as usize).copied().flatten()
    }

    /// A field of a folio, 0 if unknown.
    pub fn folio(&self, folio: u8, field: Field) -> u64 {
        self.get(Obj::folio(folio as usize, field)).unwrap_or(0)
    }

    /// The page-table entries that name a folio: present ones, and migration entries.
    pub fn ptes_of(&self, folio: u8) -> impl Iterator<Item = (Obj, Pte)> {
        let all = (0..MMS).flat_map(|mm| (0..VADDRS).map(move |addr| Obj::pte(mm, addr)));
        let ptes = all.filter_map(|obj| self.get(obj).map(|v| (obj, Pte(v))));
        ptes.filter(move |(_, pte)| pte.page().or(pte.migration_pfn()) == Some(folio as usize))
    }

    fn set(&mut self, obj: Obj, value: u64) {
        if let Some(c) = self.cells.get_mut(obj.0 as usize) {
            *c = Some(value);
        }
    }
}

impl Report<'_> {
    /// Memory when the operations begin.
    pub(super) fn initial_memory(&self) -> Memory {
        let mut m = Memory { cells: vec![None; Obj::COUNT] };
        self.program.initial_words(&mut |obj, value| m.set(obj, value));
        let setup = self.setup_end();
        let accesses = |e: &crate::vocab::Event| !matches!(e.kind, Kind::Note | Kind::Barrier);
        for step in self.trace.steps[..setup].iter().filter(|s| accesses(&s.event)) {
            m.set(step.event.obj, step.event.new);
        }
        // What the first access found is surer than what the set-up is known to have written.
        let mut seen = [false; Obj::COUNT];
        for step in self.trace.steps[setup..].iter().filter(|s| accesses(&s.event)) {
            let e = &step.event;
            if let Some(seen) = seen.get_mut(e.obj.0 as usize)
                && !std::mem::replace(seen, true)
            {
                m.set(e.obj, e.old);
            }
        }
        m
    }

    /// Memory before step number `index` of the trace.
    pub(super) fn memory_before(&self, index: usize) -> Memory {
        let mut m = self.initial_memory();
        let setup = self.setup_end();
        for step in self.trace.steps.get(setup..index).unwrap_or_default() {
            let e = &step.event;
            if !matches!(e.kind, Kind::Note | Kind::Barrier) {
                m.set(e.obj, e.new);
            } else if e.note == Note::FolioAlloc
                && let Some(f) = e.obj.as_folio()
            {
                m.set(Obj::folio(f, Field::Mapcount), 0);
            }
        }
        m
    }
}
