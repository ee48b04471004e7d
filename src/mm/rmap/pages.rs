//! `mm/rmap.c` of kernels before folios: `try_to_unmap()` for reclaim, migration and munlock alike.
//!
//! In v3.13 it says what came of it (`SWAP_*`), and nonlinear VMAs, whose page tables no address can be computed for,
//! are searched window by window. v5.0 walks as v6.12 does.

use super::*;
use crate::linux::fault::{mmap_read_trylock, mmap_read_unlock_rmap};
use crate::mm::filemap::folio_unlock;
use crate::mm::kernel;
use crate::mm::mlock::pages::{clear_page_mlock, mlock_vma_page};
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::swap::folio_put;
use crate::mm::swapfile::swap_duplicate;

/// What `try_to_unmap()` and `try_to_munlock()` of v3.13 return. v5.0 knows success and failure only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SwapResult {
    /// No page table maps the page any more.
    Success,
    /// A mapping was missed, or there was none.
    Again,
    /// A mapping cannot be taken away.
    Fail,
    /// A VM_LOCKED VMA maps the page, and it is mlocked now.
    Mlock,
}

/// `try_to_unmap()`, v2.6.28 to v5.16. Page locked; the caller holds a reference, so that no put here is the last.
/// `flags`: TTU_*; TTU_MIGRATION puts migration entries in the place of the mappings. Left out: KSM, hwpoison, the TLB.
pub fn try_to_unmap(page: Folio, flags: u8) -> SwapResult {
    kfn!(try_to_unmap);
    vm_bug_on_folio(peek_flags(page) & PG_LOCKED == 0, page, VmBug::NotLocked);
    let ret = walk(page, flags);
    if ret != SwapResult::Mlock && !folio_mapped(page) {
        return SwapResult::Success;
    }
    if kernel() >= Kernel::V5_0 { SwapResult::Fail } else { ret }
}

/// `try_to_munlock()`, v2.6.28 to v5.11. Page locked and isolated. `Mlock`: a VM_LOCKED VMA maps it, and it is mlocked
/// again. Left out: KSM.
pub fn try_to_munlock(page: Folio) -> SwapResult {
    kfn!(try_to_munlock);
    vm_bug_on_folio(peek_flags(page) & PG_LOCKED == 0, page, VmBug::NotLocked);
    vm_bug_on_folio(peek_flags(page) & PG_LRU != 0, page, VmBug::LruSet);
    walk(page, TTU_MUNLOCK)
}

fn walk(page: Folio, flags: u8) -> SwapResult {
    if folio_test_anon(page) || kernel() >= Kernel::V5_0 {
        return try_to_unmap_anon(page, flags);
    }
    try_to_unmap_file(page, flags)
}

/// `try_to_unmap_anon()`, v3.13, and the walk of v5.0, for anonymous and file pages alike.
fn try_to_unmap_anon(page: Folio, flags: u8) -> SwapResult {
    kfn!(try_to_unmap_anon);
    let mut ret = SwapResult::Again;
    let mut one = |page, vma, addr| {
        ret = try_to_unmap_one(page, vma, addr, flags);
        ret == SwapResult::Again
    };
    rmap_walk(page, false, &mut one, &|page| !folio_mapped(page));
    ret
}

/// `try_to_unmap_one()`, v3.13 and v5.0. Left out: hwpoison, `mmlist`, notifiers, counters, device pages.
fn try_to_unmap_one(page: Folio, vma: Vma, addr: usize, flags: u8) -> SwapResult {
    kfn!(try_to_unmap_one);
    if kernel() >= Kernel::V5_0 && flags & TTU_MUNLOCK != 0 && vma.vm_flags() & VM_LOCKED == 0 {
        return SwapResult::Again;
    }
    if page_vma_mapped_walk(page.pfn(), vma, addr, 0).is_none() {
        return SwapResult::Again;
    }
    let ret = if flags & TTU_IGNORE_MLOCK == 0 {
        if vma.vm_flags() & VM_LOCKED != 0 {
            return out_mlock(page, vma);
        }
        if flags & TTU_MUNLOCK != 0 { SwapResult::Again } else { unmap_pte(page, vma, addr, flags) }
    } else {
        unmap_pte(page, vma, addr, flags)
    };
    page_vma_mapped_walk_done(vma);
    ret
}

/// A VM_LOCKED VMA maps the page. Page-table lock held; drops it. Until v4.3 the flag was set afterwards, under the
/// mmap_sem if that could be had: which a dying process does not take (fix b87537d9e2fe).
fn out_mlock(page: Folio, vma: Vma) -> SwapResult {
    if !bug(bugs::C_V7) {
        mlock_vma_page(page);
        page_vma_mapped_walk_done(vma);
        return SwapResult::Mlock;
    }
    page_vma_mapped_walk_done(vma);
    let mut ret = SwapResult::Again;
    if mmap_read_trylock(vma.mm()) {
        if vma.vm_flags() & VM_LOCKED != 0 {
            mlock_vma_page(page);
            ret = SwapResult::Mlock;
        }
        mmap_read_unlock_rmap(vma.mm());
    }
    ret
}

/// Replaces the entry, and drops its mapping and reference. Page-table lock held.
fn unmap_pte(page: Folio, vma: Vma, addr: usize, flags: u8) -> SwapResult {
    let mm = vma.mm();
    if flags & TTU_IGNORE_ACCESS == 0 && ptep_test_and_clear_young(mm, addr) {
        return SwapResult::Fail;
    }
    let pte = ptep_get_and_clear(mm, addr);
    // After the clear: nobody dirties the page through this entry any more.
    if pte.is_dirty() {
        folio_mark_dirty(page);
    }
    let anon = folio_test_anon(page);
    if flags & TTU_MIGRATION != 0 && !(anon && kernel() < Kernel::V5_0 && folio_test_swapcache(page)) {
        let kind = if pte.is_writable() { MigrationKind::Write } else { MigrationKind::Read };
        set_pte_at(mm, addr, Pte::migration(page.pfn(), kind, false, false), PteWrite::Unmap);
    } else if anon && !unmap_anon(page, vma, addr, pte) {
        return SwapResult::Fail;
    }
    page_remove_rmap(page, vma, addr);
    folio_put(page, Owner::Pte);
    SwapResult::Again
}

/// An anonymous page is discarded, or gets a swap entry. False: the entry is back.
fn unmap_anon(page: Folio, vma: Vma, addr: usize, pte: Pte) -> bool {
    let mm = vma.mm();
    let swapbacked = folio_test_swapbacked(page);
    if swapbacked != folio_test_swapcache(page) {
        vm_bug_on_folio(true, page, VmBug::SwapCache);
        return false;
    }
    if !swapbacked {
        // MADV_FREE'd (v4.5 on): it need not be kept while it is clean.
        if !folio_test_dirty(page) {
            return true;
        }
        set_pte_at(mm, addr, pte, PteWrite::Restore);
        folio_set_swapbacked(page);
        return false;
    }
    let slot = folio_swap(page);
    vm_bug_on_folio(slot.is_none(), page, VmBug::SwapCache);
    let counted = slot.filter(|slot| swap_duplicate(*slot));
    let entry = counted.map_or(pte, |slot| Pte::swap(slot, false));
    set_pte_at(mm, addr, entry, if counted.is_some() { PteWrite::Unmap } else { PteWrite::Restore });
    counted.is_some()
}

// ----- files, v3.13 -----

/// `try_to_unmap_file()`, v3.13. Page locked, which keeps its mapping. The linear VMAs first, by address; for reclaim
/// and migration then the nonlinear ones. Left out: the cursor that lets a nonlinear VMA rest until others were
/// scanned; a VMA is one window here.
fn try_to_unmap_file(page: Folio, flags: u8) -> SwapResult {
    kfn!(try_to_unmap_file);
    let Some(mapping) = folio_mapping(page) else { return SwapResult::Again };
    let index = folio_index(page);
    i_mmap_lock_read(mapping);
    let ret = unmap_from_vmas(page, index, mapping, flags);
    i_mmap_unlock_read(mapping);
    ret
}

fn unmap_from_vmas(page: Folio, index: usize, mapping: AddressSpace, flags: u8) -> SwapResult {
    let mut ret = SwapResult::Again;
    let mut over = false;
    let mut one = |page, vma, addr| {
        ret = try_to_unmap_one(page, vma, addr, flags);
        over = ret != SwapResult::Again || !folio_mapped(page);
        !over
    };
    walk_vmas(page, index, i_mmap(mapping), &mut one, &|_| false);
    if over || flags & TTU_MUNLOCK != 0 {
        return ret;
    }
    let nonlinear = i_mmap_nonlinear(mapping);
    if nonlinear.is_empty() {
        return ret;
    }
    let mut mapcount = folio_mapcount(page) as i64;
    if mapcount == 0 {
        return ret;
    }
    for vma in nonlinear.iter().map(|v| Vma(v as u8)) {
        if try_to_unmap_cluster(&mut mapcount, vma, page) == SwapResult::Mlock {
            ret = SwapResult::Mlock;
        }
        if mapcount <= 0 {
            break;
        }
    }
    ret
}

/// `try_to_unmap_cluster()`, v3.13: unmaps whatever a nonlinear VMA maps, in the hope that `check_page` is among it.
/// i_mmap_mutex held; of the pages only `check_page` is locked, the others are kept by their entries. If the VMA is
/// found to be VM_LOCKED, with its mmap_sem held, its pages are mlocked instead (the seed of thread C). `mapcount` goes
/// down with each mapping taken away.
fn try_to_unmap_cluster(mapcount: &mut i64, vma: Vma, check_page: Folio) -> SwapResult {
    kfn!(try_to_unmap_cluster);
    let (mm, place) = (vma.mm(), vma.place());
    let mut ret = SwapResult::Again;
    let mut mmap_locked = false;
    if mmap_read_trylock(mm) {
        mmap_locked = vma.vm_flags() & VM_LOCKED != 0;
        if !mmap_locked {
            mmap_read_unlock_rmap(mm);
        }
    }
    pte_offset_map_lock(mm);
    // A dying process clears VM_LOCKED without its mmap_sem, and looks for mlocked pages afterwards.
    let locked_vma = mmap_locked && (bug(bugs::CLUSTER_EXIT) || vma.vm_flags() & VM_LOCKED != 0);
    for addr in place.start..place.end {
        let pte = ptep_get(mm, addr);
        let Some(pfn) = pte.page() else { continue };
        let page = Folio(pfn as u8);
        vm_bug_on_folio(peek_anon_vma(page).is_some(), page, VmBug::Anon);
        if !locked_vma {
            // It may be mlocked through this very VMA: without the mmap_sem that is not known, and a munlock under way
            // would not find it any more.
            if !bug(bugs::CLUSTER_UNMAP) && folio_test_mlocked(page) {
                continue;
            }
            *mapcount -= i64::from(unmap_in_cluster(page, vma, addr));
            continue;
        }
        mlock_in_cluster(page, check_page);
        if page == check_page {
            ret = SwapResult::Mlock;
        }
    }
    pte_unmap_unlock(mm);
    if mmap_locked {
        mmap_read_unlock_rmap(mm);
    }
    ret
}

/// What the cluster scan does with a page of a VM_LOCKED VMA, in the forms of thread C. Only `check_page` is known to
/// be locked by the caller; whoever holds another page's lock may drop it any time (fix 57e68e9cd65b).
fn mlock_in_cluster(page: Folio, check_page: Folio) {
    if page == check_page || bug(bugs::C_V0) || bug(bugs::C_V2) {
        mlock_vma_page(page);
    } else if bug(bugs::C_V1) {
        let we_locked = folio_trylock(page);
        mlock_vma_page(page);
        if we_locked {
            folio_unlock(page);
        }
    } else if !(bug(bugs::C_V3K) && folio_test_mlocked(page)) && folio_trylock(page) {
        mlock_vma_page(page);
        folio_unlock(page);
    }
}

/// Takes one mapping of a nonlinear VMA away, unless the page was used through it. A page out of its linear place
/// leaves a file entry behind; migration leaves no entry. Page-table lock held.
fn unmap_in_cluster(page: Folio, vma: Vma, addr: usize) -> bool {
    let mm = vma.mm();
    if ptep_test_and_clear_young(mm, addr) {
        return false;
    }
    let pte = ptep_get_and_clear(mm, addr);
    let index = folio_index(page);
    if index != vma.linear_page_index(addr) {
        set_pte_at(mm, addr, Pte::file(index), PteWrite::Unmap);
    }
    if pte.is_dirty() {
        folio_mark_dirty(page);
    }
    page_remove_rmap(page, vma, addr);
    folio_put(page, Owner::Pte);
    true
}

// ----- references, v3.13 -----

/// `page_referenced()`, v3.13. The caller holds a reference. Counts the accessed bits of the page's mappings and clears
/// them, and says whether a VM_LOCKED VMA maps it, which ends the walk. Nonlinear VMAs are not searched. Left out: KSM,
/// memcg.
pub fn page_referenced(page: Folio, is_locked: bool) -> (u32, bool) {
    kfn!(page_referenced);
    if !folio_mapped(page) || folio_raw_mapping(page).is_null() {
        return (0, false);
    }
    let mut we_locked = false;
    if !is_locked && !folio_test_anon(page) {
        we_locked = folio_trylock(page);
        if !we_locked {
            return (1, false);
        }
    }
    let mut mapcount = folio_mapcount(page);
    let (mut referenced, mut vm_locked) = (0, false);
    let mut one = |page, vma, addr| {
        match page_referenced_one(page, vma, addr) {
            None => {}
            Some(Err(VmLocked)) => {
                vm_locked = true;
                mapcount = 0;
            }
            Some(Ok(young)) => {
                referenced += u32::from(young);
                mapcount = mapcount.wrapping_sub(1);
            }
        }
        mapcount != 0
    };
    rmap_walk(page, false, &mut one, &|_| false);
    if we_locked {
        folio_unlock(page);
    }
    (referenced, vm_locked)
}

/// The VMA that maps the page is VM_LOCKED.
struct VmLocked;

/// `page_referenced_one()`, v3.13: whether the entry is young; `None`: it does not map the page.
fn page_referenced_one(page: Folio, vma: Vma, addr: usize) -> Option<Result<bool, VmLocked>> {
    kfn!(page_referenced_one);
    page_vma_mapped_walk(page.pfn(), vma, addr, 0)?;
    let locked = vma.vm_flags() & VM_LOCKED != 0;
    let found = if locked { Err(VmLocked) } else { Ok(ptep_test_and_clear_young(vma.mm(), addr)) };
    page_vma_mapped_walk_done(vma);
    Some(found)
}

// ----- removing mappings -----

/// `page_remove_rmap()`, v3.7 to v5.17. Page-table lock held, the entry cleared or replaced already; its reference is
/// put afterwards. The last unmap takes PG_mlocked away, whatever VMAs there are (e6c509f85455, v3.7).
pub fn page_remove_rmap(page: Folio, vma: Vma, addr: usize) {
    kfn!(page_remove_rmap);
    if mapcount_dec(page, vma, addr) != 1 {
        return;
    }
    if !bug(bugs::C_V5) && folio_test_mlocked(page) {
        clear_page_mlock(page);
    }
}
