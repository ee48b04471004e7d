//! `pagevec.h`: a batch of folios on the caller's stack.

use super::mm_types::Folio;
use crate::vocab::{FOLIOS, SLOTS};

/// Folios found by a lookup, each with the index it was found at. Room for every folio there is.
#[derive(Clone, Copy)]
pub struct FolioBatch {
    nr: usize,
    entries: [(Folio, usize); FOLIOS],
    /// The indices of value entries the lookup met, as a bit set.
    values: u32,
    /// For each index a byte: the swap slot plus one, if the value entry is one of tmpfs.
    swaps: u32,
    /// Where the lookup ends.
    end: usize,
    /// `percpu_pvec_drained`: the release has drained this CPU's LRU batches once.
    pub drained: bool,
}

impl FolioBatch {
    pub const fn new() -> FolioBatch {
        FolioBatch { nr: 0, entries: [(Folio(0), 0); FOLIOS], values: 0, swaps: 0, end: SLOTS, drained: false }
    }

    /// A batch for a lookup of indices below `end`.
    pub const fn up_to(end: usize) -> FolioBatch {
        FolioBatch { end, ..FolioBatch::new() }
    }

    pub fn end(&self) -> usize {
        self.end
    }

    pub fn add(&mut self, folio: Folio, index: usize) {
        if self.nr < FOLIOS {
            self.entries[self.nr] = (folio, index);
            self.nr += 1;
        }
    }

    pub fn count(&self) -> usize {
        self.nr
    }

    pub fn folios(&self) -> impl Iterator<Item = Folio> + '_ {
        self.entries[..self.nr].iter().map(|e| e.0)
    }

    pub fn entries(&self) -> impl Iterator<Item = (Folio, usize)> + '_ {
        self.entries[..self.nr].iter().copied()
    }

    /// Empty again; `drained` survives, as in the kernel.
    pub fn reinit(&mut self) {
        self.nr = 0;
        self.values = 0;
        self.swaps = 0;
    }

    /// Records a value entry at `index`: a shadow, or the swap slot it names.
    pub fn add_value(&mut self, index: usize, slot: Option<usize>) {
        self.values |= 1 << index;
        self.swaps |= slot.map_or(0, |slot| slot as u32 + 1) << (8 * index);
    }

    /// The swap slot the value entry at `index` named.
    pub fn swap_at(&self, index: usize) -> Option<usize> {
        ((self.swaps >> (8 * index) & 0xff) as usize).checked_sub(1)
    }

    /// The folio found at `index`.
    pub fn folio_at(&self, index: usize) -> Option<Folio> {
        self.entries().find(|(_, at)| *at == index).map(|(folio, _)| folio)
    }

    pub fn has_values(&self) -> bool {
        self.values != 0
    }

    /// The indices of the value entries.
    pub fn values(&self) -> impl Iterator<Item = usize> + use<> {
        let values = self.values;
        (0..SLOTS).filter(move |index| values & 1 << index != 0)
    }

    /// `folio_batch_remove_exceptionals`.
    pub fn remove_exceptionals(&mut self) {
        self.values = 0;
        self.swaps = 0;
    }
}

const _: () = assert!(SLOTS <= 4, "`FolioBatch::swaps` has a byte for each");

impl Default for FolioBatch {
    fn default() -> FolioBatch {
        FolioBatch::new()
    }
}
