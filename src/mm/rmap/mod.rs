//! `mm/rmap.c`, `mm/page_vma_mapped.c`: reverse mapping.
//!
//! Here: counting the mappings of a folio, and walking them. `anon_vma` has the anonymous folios' trees, `unmap` what
//! is done to each mapping on a walk.

mod anon_vma;
pub mod pages;
mod unmap;

pub use anon_vma::{
    anon_vma_clone, anon_vma_fork, anon_vma_lock_read, anon_vma_lock_write, anon_vma_prepare, anon_vma_unlock_read,
    anon_vma_unlock_write, folio_get_anon_vma, migration_anon_vma, put_anon_vma, unlink_anon_vmas,
};
pub use unmap::{Referenced, folio_mkclean, folio_referenced, try_to_migrate, try_to_unmap};

use super::mlock::{mlock_vma_folio, munlock_vma_folio};
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{bug_on, peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::pagemap::*;
use crate::linux::pgtable::*;
use crate::linux::rwsem::*;
use crate::machine::m;
use crate::vocab::*;
use anon_vma::{AnonLock, folio_lock_anon_vma_read, root_of, stable_anon_vma};

/// PVMW_SYNC: the page-table lock is always taken.
pub const PVMW_SYNC: u8 = 1;
/// PVMW_MIGRATION: looks for migration entries.
pub const PVMW_MIGRATION: u8 = 2;

/// TTU_IGNORE_MLOCK: unmaps from VM_LOCKED VMAs, too.
pub const TTU_IGNORE_MLOCK: u8 = 1;
/// TTU_SYNC: walks with PVMW_SYNC.
pub const TTU_SYNC: u8 = 2;
/// TTU_MIGRATION (before v5.14): puts migration entries in the place of the mappings.
pub const TTU_MIGRATION: u8 = 4;
/// TTU_MUNLOCK (before v5.12): only looks for VM_LOCKED VMAs.
pub const TTU_MUNLOCK: u8 = 8;
/// TTU_IGNORE_ACCESS (before v5.12): unmaps what was used through the mapping, too.
pub const TTU_IGNORE_ACCESS: u8 = 16;

// ----- page_vma_mapped.c (MM-6.12 6.5) -----

/// Whether the entry maps `pfn`, or is the migration entry that names it.
fn check_pte(pte: Pte, pfn: usize, flags: u8) -> bool {
    let entry = if flags & PVMW_MIGRATION != 0 { pte.migration_pfn() } else { pte.page() };
    entry == Some(pfn)
}

/// `page_vma_mapped_walk()`, v6.12, for one page. The tree that has the VMA is locked. The entry at `addr` if it maps
/// `pfn`, with the page-table lock held until [`page_vma_mapped_walk_done`]. Without PVMW_SYNC the first look is
/// without the lock, and an entry that is cleared for a moment is missed. Left out: page tables that go away.
pub fn page_vma_mapped_walk(pfn: usize, vma: Vma, addr: usize, flags: u8) -> Option<Pte> {
    kfn!(page_vma_mapped_walk);
    let mm = vma.mm();
    if flags & PVMW_SYNC == 0 {
        let pte = ptep_get(mm, addr);
        let wanted = if flags & PVMW_MIGRATION != 0 { !pte.is_none() && !pte.is_present() } else { pte.is_present() };
        if !wanted {
            return None;
        }
    }
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    if check_pte(pte, pfn, flags) {
        return Some(pte);
    }
    pte_unmap_unlock(mm);
    None
}

/// `page_vma_mapped_walk_done()` (include/linux/rmap.h), v6.12: drops the page-table lock.
pub fn page_vma_mapped_walk_done(vma: Vma) {
    kfn!(page_vma_mapped_walk_done);
    pte_unmap_unlock(vma.mm());
}

// ----- walks (MM-6.12 6.4) -----

/// What is done for each VMA a walk meets; false ends the walk.
type RmapOne<'a> = &'a mut dyn FnMut(Folio, Vma, usize) -> bool;

/// `rmap_walk()`, v6.12, with `folio_lock_anon_vma_read()` for anonymous folios. The folio is locked; an anonymous one
/// need not be. Calls `rmap_one` for every VMA that has the folio's index until it returns false or `done` is true.
/// False if `try_lock` and the tree's lock was taken. Left out: KSM.
pub fn rmap_walk(folio: Folio, try_lock: bool, rmap_one: RmapOne, done: &dyn Fn(Folio) -> bool) -> bool {
    kfn!(rmap_walk);
    if !folio_test_anon(folio) {
        return rmap_walk_file(folio, try_lock, rmap_one, done);
    }
    match folio_lock_anon_vma_read(folio, try_lock) {
        AnonLock::Locked(anon_vma, root) => {
            rmap_walk_anon(folio, anon_vma, rmap_one, done);
            up_read(RwSem::anon_vma(root));
            true
        }
        AnonLock::None => true,
        AnonLock::Contended => false,
    }
}

/// `rmap_walk()` of `remove_migration_ptes()` over an anonymous folio, which need not be mapped. The folio is locked,
/// and the caller holds a reference on its anon_vma.
pub fn rmap_walk_anon_direct(folio: Folio, rmap_one: RmapOne) {
    let Some(anon_vma) = folio_raw_mapping(folio).anon_vma() else { return };
    anon_vma_lock_read(anon_vma);
    rmap_walk_anon(folio, anon_vma, rmap_one, &|_| false);
    anon_vma_unlock_read(anon_vma);
}

/// `rmap_walk_anon()`, v6.12. The anon_vma's root locked.
fn rmap_walk_anon(folio: Folio, anon_vma: AnonVma, rmap_one: RmapOne, done: &dyn Fn(Folio) -> bool) {
    kfn!(rmap_walk_anon);
    let index = folio_index(folio);
    walk_vmas(folio, index, anon_vma.tree(), rmap_one, done);
}

/// `rmap_walk_file()`, v6.12. The folio is locked, which keeps its mapping. False if `try_lock` and the lock was taken.
fn rmap_walk_file(folio: Folio, try_lock: bool, rmap_one: RmapOne, done: &dyn Fn(Folio) -> bool) -> bool {
    kfn!(rmap_walk_file);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    let Some(mapping) = folio_mapping(folio) else {
        if bug(bugs::Z_MIGRATE_NULL) {
            m().note(Note::NullDeref, folio.obj(Field::FolioMapping), 0);
        }
        return true;
    };
    let index = folio_index(folio);
    let rwsem = RwSem::i_mmap(mapping);
    if !try_lock {
        i_mmap_lock_read(mapping);
    } else if !down_read_trylock(rwsem) {
        return false;
    }
    walk_vmas(folio, index, i_mmap(mapping), rmap_one, done);
    i_mmap_unlock_read(mapping);
    true
}

/// The loop of both walks: those of the tree's VMAs that have the index.
fn walk_vmas(folio: Folio, index: usize, tree: Seq, rmap_one: RmapOne, done: &dyn Fn(Folio) -> bool) {
    for vma in tree.iter().map(|v| Vma(v as u8)) {
        let Some(addr) = vma.vma_address(index) else { continue };
        if !rmap_one(folio, vma, addr) || done(folio) {
            break;
        }
    }
}

// ----- adding mappings (MM-6.12 6.1) -----

/// The mapping as the kernel's assertions see it.
fn peek_anon_vma(folio: Folio) -> Option<AnonVma> {
    as_anon_mapping(m().peek(folio.obj(Field::FolioMapping))).map(|av| AnonVma(av as u8))
}

fn vm_bug_on_anon(folio: Folio, anon: bool) {
    vm_bug_on_folio(peek_anon_vma(folio).is_some() == anon, folio, VmBug::Anon);
}

/// `folio_add_file_rmap_pte()`, v6.7 to v6.12. Page-table lock held, the entry not set yet; the caller provides the
/// entry's reference. Left out: statistics.
pub fn folio_add_file_rmap_pte(folio: Folio, vma: Vma, addr: usize) {
    if !kernel().has_folios() {
        return page_add_file_rmap(folio, vma, addr);
    }
    kfn!(folio_add_file_rmap_pte);
    vm_bug_on_anon(folio, true);
    mapcount_inc(folio, vma, addr);
    mlock_vma_folio(folio, vma);
}

/// `page_add_file_rmap()`, up to v5.17, which leaves mlock to `mlock()` itself and to reclaim. Otherwise as
/// [`folio_add_file_rmap_pte`].
fn page_add_file_rmap(page: Folio, vma: Vma, addr: usize) {
    kfn!(page_add_file_rmap);
    mapcount_inc(page, vma, addr);
}

/// `folio_add_anon_rmap_pte()`, v6.7 to v6.12: one more mapping of an anonymous folio. Folio locked, page-table lock
/// held, the entry not set yet; the caller provides the entry's reference. Left out: statistics.
pub fn folio_add_anon_rmap_pte(folio: Folio, vma: Vma, addr: usize, exclusive: bool) {
    kfn!(folio_add_anon_rmap_pte);
    vm_bug_on_anon(folio, false);
    mapcount_inc(folio, vma, addr);
    __page_check_anon_rmap(folio, vma, addr);
    if exclusive && kernel().has_folios() {
        set_page_anon_exclusive(folio);
    }
    let shared = m().peek(folio.obj(Field::Mapcount)) > 1;
    vm_bug_on_folio(shared && peek_flags(folio) & PG_ANON_EXCLUSIVE != 0, folio, VmBug::Exclusive);
    mlock_vma_folio(folio, vma);
}

/// `__page_check_anon_rmap()`, v6.12: assertions only. The folio's anon_vma is of the VMA's family, its index is that
/// of the address.
fn __page_check_anon_rmap(folio: Folio, vma: Vma, addr: usize) {
    let root = peek_anon_vma(folio).map(root_of);
    let placed = m().peek(folio.obj(Field::Index)) == vma.linear_page_index(addr) as u64;
    let family = root.is_some() && root == stable_anon_vma(vma).map(root_of);
    vm_bug_on_folio(!family || !placed, folio, VmBug::AnonRmap);
}

/// `folio_add_new_anon_rmap()`, v6.12: the first mapping of a folio that is not anonymous yet. Page-table lock held,
/// the entry not set yet; the folio is locked unless it is nobody else's (`exclusive`). The folio becomes anonymous.
/// mlock is left to `folio_add_lru_vma()`. Left out: statistics.
pub fn folio_add_new_anon_rmap(folio: Folio, vma: Vma, addr: usize, exclusive: bool) {
    kfn!(folio_add_new_anon_rmap);
    vm_bug_on_folio(!exclusive && peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    if !folio_test_swapbacked(folio) && !droppable(vma) {
        __folio_set_swapbacked(folio);
    }
    if bug(bugs::M_NEW_ANON_ORDER) {
        mapcount_set_one(folio, vma, addr);
    }
    __folio_set_anon(folio, vma, addr, exclusive);
    mapcount_set_one(folio, vma, addr);
    // PG_anon_exclusive came with v5.19.
    if exclusive && kernel().has_folios() {
        set_page_anon_exclusive(folio);
    }
}

/// `vma->vm_flags & VM_DROPPABLE`, which never changes.
fn droppable(vma: Vma) -> bool {
    m().peek(vma.obj(Field::VmFlags)) & VM_DROPPABLE != 0
}

/// `__folio_set_anon()`, v6.12. mmap_lock held. A folio that other processes may have, too, belongs to the oldest
/// anon_vma it could: the root.
fn __folio_set_anon(folio: Folio, vma: Vma, addr: usize, exclusive: bool) {
    kfn!(__folio_set_anon);
    let anon_vma = stable_anon_vma(vma);
    vm_bug_on_folio(anon_vma.is_none(), folio, VmBug::AnonRmap);
    let Some(anon_vma) = anon_vma else { return };
    folio_set_anon_mapping(folio, if exclusive { anon_vma } else { root_of(anon_vma) });
    folio_set_index(folio, vma.linear_page_index(addr));
}

/// `folio_move_anon_rmap()`, v6.12: the folio is this VMA's alone from now on. Folio locked, page-table lock held.
pub fn folio_move_anon_rmap(folio: Folio, vma: Vma) {
    kfn!(folio_move_anon_rmap);
    let anon_vma = stable_anon_vma(vma);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    vm_bug_on_folio(anon_vma.is_none(), folio, VmBug::AnonRmap);
    if let Some(anon_vma) = anon_vma {
        if bug(bugs::MAPPING_TWO_STORES) {
            folio_set_untagged_anon_vma(folio, anon_vma);
        }
        folio_set_anon_mapping(folio, anon_vma);
    }
}

/// `folio_dup_file_rmap_pte()`, v6.7 to v6.12: fork maps a file's folio in the child. Both page-table locks held.
pub fn folio_dup_file_rmap_pte(folio: Folio, dst: Vma, addr: usize) {
    kfn!(folio_dup_file_rmap_pte);
    vm_bug_on_anon(folio, true);
    if !bug(bugs::M_DUP_FILE) {
        mapcount_inc(folio, dst, addr);
    }
}

/// `folio_needs_cow_for_dma()` (include/linux/mm.h), v6.12, in fork.
fn folio_needs_cow_for_dma(folio: Folio, src_mm: Mm) -> bool {
    kfn!(folio_needs_cow_for_dma);
    bug_on(m().peek(src_mm.obj(Field::WriteProtectSeq)) & 1 == 0, VmBug::WriteProtectSeq);
    let has_pinned = m().load(src_mm.obj(Field::HasPinned), Order::Relaxed, Note::Nothing, 0) != 0;
    has_pinned && folio_maybe_dma_pinned(folio)
}

/// `folio_try_dup_anon_rmap_pte()`, v6.7 to v6.12: fork maps an anonymous folio in the child, and it is shared from now
/// on. Both page-table locks held, `write_protect_seq` odd. False (-EBUSY): it may be pinned, and is to be copied.
pub fn folio_try_dup_anon_rmap_pte(folio: Folio, dst: Vma, addr: usize, src_mm: Mm) -> bool {
    kfn!(folio_try_dup_anon_rmap_pte);
    vm_bug_on_anon(folio, false);
    if !kernel().has_folios() {
        mapcount_inc(folio, dst, addr); // page_dup_rmap(): nothing is pinned or exclusive
        return true;
    }
    if folio_needs_cow_for_dma(folio, src_mm) && page_anon_exclusive(folio) {
        return false;
    }
    if !bug(bugs::M_DUP_EXCLUSIVE) {
        clear_page_anon_exclusive(folio);
    }
    mapcount_inc(folio, dst, addr);
    true
}

/// `folio_try_share_anon_rmap_pte()`, v6.7 to v6.12: clears exclusivity before swap-out or migration (MM-6.12 11.5).
/// Page-table lock held and the entry cleared already, so that a GUP-fast whose pin is not seen here sees the change
/// itself. False (-EBUSY): maybe pinned.
pub fn folio_try_share_anon_rmap_pte(folio: Folio) -> bool {
    kfn!(folio_try_share_anon_rmap_pte);
    vm_bug_on_anon(folio, false);
    vm_bug_on_folio(peek_flags(folio) & PG_ANON_EXCLUSIVE == 0, folio, VmBug::NotExclusive);
    m().barrier(Order::Full);
    if folio_maybe_dma_pinned(folio) && !bug(bugs::M_SHARE_PINNED) {
        return false;
    }
    if !bug(bugs::M_SHARE_EXCLUSIVE) {
        clear_page_anon_exclusive(folio);
    }
    m().barrier(Order::Full);
    true
}

// ----- removing mappings (MM-6.12 6.2) -----

/// `folio_remove_rmap_pte()`, v6.7 to v6.12. Page-table lock held, the entry cleared or replaced already; its reference
/// is put afterwards. `folio->mapping` stays as it is. Left out: statistics.
pub fn folio_remove_rmap_pte(folio: Folio, vma: Vma, addr: usize) {
    if !kernel().has_folios() {
        return pages::page_remove_rmap(folio, vma, addr);
    }
    kfn!(folio_remove_rmap_pte);
    mapcount_dec(folio, vma, addr);
    munlock_vma_folio(folio, vma);
}
