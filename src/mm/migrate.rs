//! `mm/migrate.c`: giving isolated folios back. Migration itself is left out.

use super::kernel;
use super::vmscan::{folio_putback_lru, putback_lru_page};
use crate::kfn;
use crate::linux::mm_inline::private_list_del;
use crate::linux::mm_types::Folio;
use crate::linux::pagevec::FolioBatch;

/// `putback_movable_pages()`, v6.12. Drops the isolation references. Left out: movable_ops pages, statistics.
pub fn putback_movable_pages(list: &FolioBatch) {
    kfn!(putback_movable_pages);
    for folio in list.folios() {
        private_list_del(folio);
        putback_lru(folio);
    }
}

/// `folio_putback_lru()`, or `putback_lru_page()` in the kernels that decide evictability there.
pub fn putback_lru(folio: Folio) {
    if kernel().has_folios() { folio_putback_lru(folio) } else { putback_lru_page(folio) }
}

/// `enum migrate_mode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MigrateMode {
    Async,
    SyncLight,
    Sync,
}

pub fn migrate_pages(_list: &mut FolioBatch, _mode: MigrateMode) -> usize {
    todo!()
}

pub fn remove_migration_ptes(_src: Folio, _dst: Folio) {
    todo!()
}

pub fn migration_entry_wait(_mm: crate::linux::mm_types::Mm, _addr: usize) {
    todo!()
}
