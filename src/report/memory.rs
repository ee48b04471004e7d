//! The machine's memory at any event, rebuilt from the recorded changes.

use super::Report;
use crate::machine::{Quiet, Step};
use crate::vocab::{Event, Field, Kind, MMS, Obj, Pte, VADDRS};

/// Values of the cells; `None` where nothing tells.
pub(super) struct Memory {
    cells: Vec<Option<u64>>,
}

impl Memory {
    pub fn get(&self, obj: Obj) -> Option<u64> {
        self.cells.get(obj.0 as usize).copied().flatten()
    }

    /// A cell, 0 if unknown.
    pub fn word(&self, obj: Obj) -> u64 {
        self.get(obj).unwrap_or(0)
    }

    /// A field of a folio, 0 if unknown.
    pub fn folio(&self, folio: u8, field: Field) -> u64 {
        self.word(Obj::folio(folio as usize, field))
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

/// Memory on its way through an execution.
pub(super) struct Replay<'a> {
    pub memory: Memory,
    steps: &'a [Step],
    quiet: &'a [Quiet],
    /// Steps taken.
    at: usize,
}

impl Replay<'_> {
    /// Goes on until just before step number `index`; never back.
    pub fn until(&mut self, index: usize) {
        loop {
            while let Some((first, rest)) = self.quiet.split_first().filter(|(q, _)| q.at as usize <= self.at) {
                self.memory.set(first.obj, first.value);
                self.quiet = rest;
            }
            let Some(step) = self.steps.get(self.at).filter(|_| self.at < index) else { return };
            let e = &step.event;
            if accesses(e) {
                self.memory.set(e.obj, e.new);
            }
            self.at += 1;
        }
    }
}

fn accesses(e: &Event) -> bool {
    !matches!(e.kind, Kind::Note | Kind::Barrier)
}

impl Report<'_> {
    /// Memory before the first step.
    pub(super) fn replay(&self) -> Replay<'_> {
        let memory = Memory { cells: vec![None; Obj::COUNT] };
        let mut r = Replay { memory, steps: &self.trace.steps, quiet: &self.trace.quiet, at: 0 };
        self.program.initial_words(&mut |obj, value| r.memory.set(obj, value));
        r
    }

    /// Memory when the operations begin.
    pub(super) fn initial_memory(&self) -> Memory {
        self.memory_before(self.setup_end())
    }

    /// Memory before step number `index` of the trace.
    pub(super) fn memory_before(&self, index: usize) -> Memory {
        let mut r = self.replay();
        r.until(index);
        r.memory
    }
}
