//! `mm/memory.c`: anonymous folios, as far as the LRU sees them.

use super::page_alloc::folio_alloc;
use super::swap::{folio_add_lru, folio_put};
use crate::kfn;
use crate::linux::mm_types::Folio;
use crate::linux::page_flags::{__folio_mark_uptodate, __folio_set_swapbacked};
use crate::linux::page_ref::folio_ref_transfer;
use crate::machine::m;
use crate::vocab::*;

/// `do_anonymous_page()`, v6.12, for the folio only: allocate, make it anonymous and mapped, batch it for the LRU. The
/// caller's reference becomes the page table's. Left out: page tables and their lock, anon_vma, memcg.
pub fn do_anonymous_page() -> Option<Folio> {
    kfn!(do_anonymous_page);
    let folio = folio_alloc()?;
    __folio_mark_uptodate(folio);
    __folio_set_swapbacked(folio);
    let anon = PAGE_MAPPING_ANON | 4;
    m().store(folio.obj(Field::FolioMapping), anon, Order::Plain, Note::MappingStore, 0);
    m().store(folio.obj(Field::Mapcount), 1, Order::Relaxed, Note::Nothing, 0);
    folio_add_lru(folio);
    folio_ref_transfer(folio, Owner::Alloc, Owner::Pte);
    Some(folio)
}

/// `zap_present_ptes()`, v6.12, for the folio only: the mapping goes, then its reference. Left out: page tables, the
/// gather batch, TLB flushes.
pub fn zap_present_pte(folio: Folio) {
    kfn!(zap_present_pte);
    let _ = m().rmw(folio.obj(Field::Mapcount), Order::Full, Note::Nothing, 0, |v| Some(v.wrapping_sub(1)));
    folio_put(folio, Owner::Pte);
}
