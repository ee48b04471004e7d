//! `mm/migrate_device.c`, v6.12: migration to the memory of a device, of one page, whose driver has no memory to give.
//! The page is locked, unmapped and isolated, and all that is taken back.
//!
//! Left out: device memory, and with it the move; empty entries, which a driver could fill.

use super::bug;
use super::filemap::folio_unlock;
use super::memory::locked_vm_flags;
use super::migrate::remove_migration_ptes;
use super::page_writeback::folio_mark_dirty;
use super::rmap::{folio_remove_rmap_pte, folio_try_share_anon_rmap_pte, try_to_migrate};
use super::swap::{folio_put, lru_add_drain, lru_add_drain_all};
use super::vmscan::{folio_isolate_lru, folio_putback_lru};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock};
use crate::linux::mm_types::*;
use crate::linux::page_flags::*;
use crate::linux::page_ref::{folio_get, folio_ref_count};
use crate::linux::pagemap::*;
use crate::linux::pgtable::*;
use crate::vocab::*;

/// What a driver does that would move the page at `addr`, and cannot: `migrate_vma_setup()`, `migrate_vma_pages()` with
/// an empty destination, `migrate_vma_finalize()`. The caller holds an `mm_users` reference and no lock. True: the page
/// was the driver's for a while.
pub fn migrate_vma(mm: Mm, addr: usize) -> bool {
    mmap_read_lock(mm);
    let vma = mm.vma_lookup(addr).filter(|vma| locked_vm_flags(*vma) & VM_IO == 0);
    let collected = vma.and_then(|vma| migrate_vma_collect_pmd(vma, addr));
    let folio = collected.filter(|folio| migrate_device_unmap(*folio));
    folio.into_iter().for_each(migrate_device_finalize);
    mmap_read_unlock(mm);
    folio.is_some()
}

/// `migrate_vma_collect_pmd()`, v6.12, for one entry. mmap_lock held. The folio is locked, a migration entry stands for
/// it at `addr`, and the caller has a reference. Left out: the zero page and empty entries, which have no folio.
fn migrate_vma_collect_pmd(vma: Vma, addr: usize) -> Option<Folio> {
    kfn!(migrate_vma_collect_pmd);
    pte_offset_map_lock(vma.mm());
    let pte = ptep_get(vma.mm(), addr);
    let folio = pte.page().map(|pfn| Folio(pfn as u8)).filter(|folio| !folio_raw_mapping(*folio).is_null());
    let collected = folio.filter(|folio| collect(vma, addr, *folio));
    pte_unmap_unlock(vma.mm());
    collected
}

/// One present entry. Page-table lock held. False: left as it was; the folio is locked by somebody, or maybe pinned.
fn collect(vma: Vma, addr: usize, folio: Folio) -> bool {
    folio_get(folio, Owner::Lookup);
    if !folio_trylock(folio) {
        folio_put(folio, Owner::Lookup);
        return false;
    }
    let exclusive = folio_test_anon(folio) && page_anon_exclusive(folio);
    let pte = ptep_get_and_clear(vma.mm(), addr);
    if exclusive && !folio_try_share_anon_rmap_pte(folio) {
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
        folio_unlock(folio);
        folio_put(folio, Owner::Lookup);
        return false;
    }
    if pte.is_dirty() && !bug(bugs::COLLECT_LOSES_DIRTY) {
        folio_mark_dirty(folio);
    }
    let kind = match (pte.is_writable(), exclusive) {
        (true, _) => MigrationKind::Write,
        (false, true) => MigrationKind::ReadExclusive,
        (false, false) => MigrationKind::Read,
    };
    // The dirty bit moves with the entry since v6.1, with the fix.
    let dirty = pte.is_dirty() && !bug(bugs::COLLECT_LOSES_DIRTY);
    set_pte_at(vma.mm(), addr, Pte::migration(folio.pfn(), kind, pte.is_young(), dirty), PteWrite::Unmap);
    folio_remove_rmap_pte(folio, vma, addr);
    folio_put(folio, Owner::Pte); // never the last one
    true
}

/// `migrate_device_unmap()`, v6.12, of one collected folio. False: it could not be isolated or is in use elsewhere; it
/// is restored, unlocked and put. True: nobody maps it, and the collected reference is an isolation's.
fn migrate_device_unmap(folio: Folio) -> bool {
    kfn!(migrate_device_unmap);
    lru_add_drain();
    if !folio_test_lru(folio) {
        lru_add_drain_all();
    }
    let isolated = folio_isolate_lru(folio);
    if isolated {
        folio_put(folio, Owner::Lookup);
        if folio_mapped(folio) {
            try_to_migrate(folio);
        }
        if !folio_mapped(folio) && migrate_vma_check_page(folio) {
            return true;
        }
        folio_get(folio, Owner::Lookup);
        folio_putback_lru(folio);
    }
    remove_migration_ptes(folio, folio);
    folio_unlock(folio);
    folio_put(folio, Owner::Lookup);
    false
}

/// `migrate_vma_check_page()`, v6.12. Folio locked and isolated. False: somebody has a reference that is not expected.
fn migrate_vma_check_page(folio: Folio) -> bool {
    kfn!(migrate_vma_check_page);
    let cached = folio_mapping(folio).is_some();
    let extra = 1 + if cached { 1 + folio_has_private(folio) as u64 } else { 0 };
    folio_ref_count(folio).wrapping_sub(extra) <= folio_mapcount(folio)
}

/// `__migrate_device_finalize()`, v6.12, of a folio that did not move: it is mapped again, unlocked and put back.
fn migrate_device_finalize(src: Folio) {
    kfn!(migrate_device_finalize);
    remove_migration_ptes(src, src);
    folio_unlock(src);
    folio_putback_lru(src);
}
