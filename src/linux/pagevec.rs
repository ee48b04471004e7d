//! `pagevec.h`: a batch of folios on the caller's stack.

use super::mm_types::Folio;
use crate::vocab::FOLIOS;

/// Folios found by a lookup, each with the index it was found at. Room for every folio there is.
#[derive(Clone, Copy)]
pub struct FolioBatch {
    nr: usize,
    entries: [(Folio, usize); FOLIOS],
    /// `percpu_pvec_drained`: the release has drained this CPU's LRU batches once.
    pub drained: bool,
}

impl FolioBatch {
    pub const fn new() -> FolioBatch {
        FolioBatch { nr: 0, entries: [(Folio(0), 0); FOLIOS], drained: false }
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
    }
}

impl Default for FolioBatch {
    fn default() -> FolioBatch {
        FolioBatch::new()
    }
}
