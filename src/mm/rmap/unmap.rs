//! `mm/rmap.c`: what is done to every mapping of a folio: asking for references, unmapping for reclaim and migration,
//! cleaning for write-out.

use super::*;
use crate::linux::page_ref::folio_ref_count;
use crate::mm::filemap::folio_unlock;
use crate::mm::mlock::mlock_drain_local;
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::swap::folio_put;
use crate::mm::swapfile::{swap_duplicate, swap_free};

/// What `folio_referenced()` found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Referenced {
    /// References through page tables; `vm_locked`: a VM_LOCKED VMA maps it.
    Count { ptes: u32, vm_locked: bool },
    /// -1: rmap lock contention, or about to go with the exiting process it belongs to.
    Contended,
}

/// `folio_not_mapped()`, v6.12: the end of an unmapping walk.
fn folio_not_mapped(folio: Folio) -> bool {
    kfn!(folio_not_mapped);
    !folio_mapped(folio)
}

// ----- references (MM-6.12 6.6) -----

/// `struct folio_referenced_arg`.
struct ReferencedArg {
    /// Mappings not met yet.
    mapcount: u64,
    referenced: u32,
    vm_locked: bool,
    /// `referenced` is -1: anonymous, swap-backed, mapped once, and the process that maps it exits.
    exiting: bool,
}

/// `folio_referenced()`, v6.12. The caller holds a reference. Counts the accessed bits of the folio's mappings and
/// clears them; stops at a VM_LOCKED VMA. Left out: memcg, access hints (`vma_has_recency`), MGLRU, the idle flag.
pub fn folio_referenced(folio: Folio, is_locked: bool) -> Referenced {
    kfn!(folio_referenced);
    const NONE: Referenced = Referenced::Count { ptes: 0, vm_locked: false };
    let mapcount = folio_mapcount(folio);
    if mapcount == 0 || folio_raw_mapping(folio).is_null() {
        return NONE;
    }
    let mut we_locked = false;
    if !is_locked && !folio_test_anon(folio) {
        we_locked = folio_trylock(folio);
        if !we_locked {
            return Referenced::Count { ptes: 1, vm_locked: false };
        }
    }
    let mut arg = ReferencedArg { mapcount, referenced: 0, vm_locked: false, exiting: false };
    let mut one = |folio, vma, addr| folio_referenced_one(folio, vma, addr, &mut arg);
    let walked = rmap_walk(folio, true, &mut one, &|_| false);
    if we_locked {
        folio_unlock(folio);
    }
    if !walked || arg.exiting {
        return Referenced::Contended;
    }
    Referenced::Count { ptes: arg.referenced, vm_locked: arg.vm_locked }
}

/// `folio_referenced_one()`, v6.12. False: the walk is over.
fn folio_referenced_one(folio: Folio, vma: Vma, addr: usize, arg: &mut ReferencedArg) -> bool {
    kfn!(folio_referenced_one);
    if page_vma_mapped_walk(folio.pfn(), vma, addr, 0).is_none() {
        return arg.mapcount != 0;
    }
    if vma.vm_flags() & VM_LOCKED != 0 {
        mlock_vma_folio(folio, vma); // one that was missed
        page_vma_mapped_walk_done(vma);
        arg.vm_locked = true;
        return false;
    }
    if kernel().has_folios() && vma.mm().mm_users() == 0 && private_to_one(folio) {
        page_vma_mapped_walk_done(vma);
        arg.exiting = true;
        return false;
    }
    if ptep_test_and_clear_young(vma.mm(), addr) {
        arg.referenced += 1;
    }
    arg.mapcount = arg.mapcount.wrapping_sub(1);
    page_vma_mapped_walk_done(vma);
    arg.mapcount != 0
}

/// Anonymous, swap-backed and mapped once (`folio_likely_mapped_shared`): it dies with the one process.
fn private_to_one(folio: Folio) -> bool {
    folio_test_anon(folio) && folio_test_swapbacked(folio) && folio_mapcount(folio) <= 1
}

// ----- unmapping for reclaim (MM-6.12 6.7) -----

/// `try_to_unmap()`, v6.12. Folio locked; the caller holds a reference, so that no put here is the last. Whether it
/// worked, `folio_mapped()` tells. `flags`: TTU_*. Left out: TTU_RMAP_LOCKED, TTU_HWPOISON, the TLB.
pub fn try_to_unmap(folio: Folio, flags: u8) {
    kfn!(try_to_unmap);
    let mut one = |folio, vma, addr| try_to_unmap_one(folio, vma, addr, flags);
    rmap_walk(folio, false, &mut one, &folio_not_mapped);
}

/// `try_to_unmap_one()`, v6.12. False: aborted, and the walk is over. Left out: hwpoison, pte_unused, userfaultfd,
/// `mmlist`, counters.
fn try_to_unmap_one(folio: Folio, vma: Vma, addr: usize, flags: u8) -> bool {
    kfn!(try_to_unmap_one);
    let walk_flags = if flags & TTU_SYNC != 0 { PVMW_SYNC } else { 0 };
    if page_vma_mapped_walk(folio.pfn(), vma, addr, walk_flags).is_none() {
        return true;
    }
    let unmapped = unmap_pte(folio, vma, addr, flags & TTU_IGNORE_MLOCK != 0);
    if unmapped {
        discard(folio, vma, addr);
    }
    page_vma_mapped_walk_done(vma);
    unmapped
}

/// Steps 1 to 5: replaces the entry. False: abort; the entry is back (but see [`unmap_anon`]).
fn unmap_pte(folio: Folio, vma: Vma, addr: usize, ignore_mlock: bool) -> bool {
    if !ignore_mlock && vma.vm_flags() & VM_LOCKED != 0 {
        mlock_vma_folio(folio, vma); // one that was missed
        return false;
    }
    let anon = folio_test_anon(folio);
    let exclusive = anon && page_anon_exclusive(folio);
    let pte = ptep_get_and_clear(vma.mm(), addr);
    // After the clear: nobody dirties the page through this entry any more.
    if pte.is_dirty() && !bug(bugs::M_UNMAP_DIRTY) {
        folio_mark_dirty(folio);
    }
    !anon || unmap_anon(folio, vma, addr, pte, exclusive)
}

/// Step 5b: an anonymous page is discarded, or gets a swap entry. False: abort. A folio that should have a swap slot
/// and has none is a failed assertion of the kernel; only then the entry stays empty.
fn unmap_anon(folio: Folio, vma: Vma, addr: usize, pte: Pte, exclusive: bool) -> bool {
    let swapbacked = folio_test_swapbacked(folio);
    if swapbacked != folio_test_swapcache(folio) {
        vm_bug_on_folio(true, folio, VmBug::SwapCache);
        return false;
    }
    if swapbacked { unmap_to_swap(folio, vma, addr, pte, exclusive) } else { unmap_lazyfree(folio, vma, addr, pte) }
}

/// MADV_FREE'd and still clean: nothing needs to be kept. A GUP-fast that took its reference before the entry was
/// cleared is seen in the count; a later one fails its re-check.
fn unmap_lazyfree(folio: Folio, vma: Vma, addr: usize, pte: Pte) -> bool {
    m().barrier(Order::Full);
    let refs = folio_ref_count(folio);
    let mappings = folio_mapcount(folio);
    m().barrier(Order::Acquire); // smp_rmb
    if refs == 1 + mappings && (!folio_test_dirty(folio) || droppable(vma)) {
        return true;
    }
    set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
    if !droppable(vma) {
        folio_set_swapbacked(folio);
    }
    false
}

fn unmap_to_swap(folio: Folio, vma: Vma, addr: usize, pte: Pte, exclusive: bool) -> bool {
    let slot = folio_swap(folio);
    vm_bug_on_folio(slot.is_none(), folio, VmBug::SwapCache);
    let Some(slot) = slot else { return false };
    if !swap_duplicate(slot) {
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
        return false;
    }
    if exclusive && !folio_try_share_anon_rmap_pte(folio) {
        swap_free(slot);
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
        return false;
    }
    set_pte_at(vma.mm(), addr, Pte::swap(slot, exclusive), PteWrite::Unmap);
    true
}

/// The end of both unmaps: the mapping is not counted any more, and its reference is put. Never the last one.
fn discard(folio: Folio, vma: Vma, addr: usize) {
    folio_remove_rmap_pte(folio, vma, addr);
    if vma.vm_flags() & VM_LOCKED != 0 {
        mlock_drain_local();
    }
    folio_put(folio, Owner::Pte);
}

// ----- unmapping for migration (MM-6.12 6.8) -----

/// `try_to_migrate()`, v6.12: puts migration entries in the place of the folio's mappings. Folio locked; the caller
/// holds a reference. Whether it worked, `folio_mapped()` tells. Left out: exec's temporary stack, the TLB.
pub fn try_to_migrate(folio: Folio) {
    kfn!(try_to_migrate);
    rmap_walk(folio, false, &mut try_to_migrate_one, &folio_not_mapped);
}

/// `try_to_migrate_one()`, v6.12. mlock is no obstacle. False: maybe pinned, and the walk is over; entries converted
/// before are for the caller to restore. Left out: hwpoison, pte_unused, device pages.
fn try_to_migrate_one(folio: Folio, vma: Vma, addr: usize) -> bool {
    kfn!(try_to_migrate_one);
    if page_vma_mapped_walk(folio.pfn(), vma, addr, 0).is_none() {
        return true;
    }
    let converted = set_migration_entry(folio, vma, addr);
    if converted {
        discard(folio, vma, addr);
    }
    page_vma_mapped_walk_done(vma);
    converted
}

/// Steps 1 to 7. From here on the entry's kind says what PG_anon_exclusive did. A migration entry has no reference.
fn set_migration_entry(folio: Folio, vma: Vma, addr: usize) -> bool {
    let anon = folio_test_anon(folio);
    let exclusive = anon && page_anon_exclusive(folio);
    let pte = ptep_get_and_clear(vma.mm(), addr);
    if pte.is_dirty() {
        folio_mark_dirty(folio);
    }
    vm_bug_on_folio(pte.is_writable() && anon && !exclusive, folio, VmBug::NotExclusive);
    if exclusive && !folio_try_share_anon_rmap_pte(folio) {
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
        return false;
    }
    let kind = match (pte.is_writable(), exclusive) {
        (true, _) => MigrationKind::Write,
        (false, true) => MigrationKind::ReadExclusive,
        (false, false) => MigrationKind::Read,
    };
    let entry = Pte::migration(folio.pfn(), kind, pte.is_young(), pte.is_dirty());
    set_pte_at(vma.mm(), addr, entry, PteWrite::Unmap);
    true
}

// ----- cleaning for write-out (MM-6.12 15.3) -----

/// `folio_mkclean()`, v6.12. Folio locked. Write-protects and cleans every shared mapping, so that the next write
/// faults. True if one was dirty or writable.
pub fn folio_mkclean(folio: Folio) -> bool {
    kfn!(folio_mkclean);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    if !folio_mapped(folio) || folio_mapping(folio).is_none() {
        return false;
    }
    let mut cleaned = false;
    let mut one = |folio, vma, addr| {
        cleaned |= page_mkclean_one(folio, vma, addr);
        true
    };
    rmap_walk(folio, false, &mut one, &|_| false);
    cleaned
}

/// `page_mkclean_one()` with `page_vma_mkclean_one()`, v6.12: true if the mapping was dirty or writable. A private
/// mapping never is.
fn page_mkclean_one(folio: Folio, vma: Vma, addr: usize) -> bool {
    kfn!(page_mkclean_one);
    let shared = m().peek(vma.obj(Field::VmFlags)) & VM_SHARED != 0; // never changes
    if !shared {
        return false;
    }
    let Some(pte) = page_vma_mapped_walk(folio.pfn(), vma, addr, PVMW_SYNC) else { return false };
    let clean = pte.is_dirty() || pte.is_writable();
    if clean {
        let pte = ptep_get_and_clear(vma.mm(), addr);
        set_pte_at(vma.mm(), addr, pte.wrprotect().mkclean(), PteWrite::Change);
    }
    page_vma_mapped_walk_done(vma);
    clean
}
