//! `mm/memory.c`: writes to read-only entries (MM-6.12 10.6).

use super::fault::{do_page_mkwrite, fault_dirty_shared_page};
use super::{has_page_mkwrite, lock_pte_same, locked_vm_flags, maybe_mkwrite, mk_pte};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::highmem::{clear_user_highpage, copy_content};
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{bug_on, peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::{folio_test_anon, folio_trylock};
use crate::linux::pgtable::*;
use crate::machine::m;
use crate::mm::filemap::{folio_lock, folio_unlock, folio_wait_locked};
use crate::mm::fs_aops::Mkwrite;
use crate::mm::mlock::pages::munlock_vma_page;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::rmap::{anon_vma_prepare, folio_add_new_anon_rmap, folio_move_anon_rmap, folio_remove_rmap_pte};
use crate::mm::swap::{folio_add_lru_vma, folio_put, lru_add_drain};
use crate::mm::swap_state::free_swap_cache;
use crate::mm::swapfile::{folio_free_swap, reuse_swap_page};
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// `do_wp_page()`, v3.13 to v6.12. mmap_lock and page-table lock held, the latter dropped on return; the entry is
/// `vmf.orig_pte`, present and read-only. Left out: userfaultfd, PFN mappings.
pub(super) fn do_wp_page(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_wp_page);
    let folio = vmf.orig_pte.page().map(|pfn| Folio(pfn as u8));
    vmf.page = folio;
    if locked_vm_flags(vmf.vma) & VM_SHARED != 0 {
        return match folio {
            Some(folio) => wp_page_shared(vmf, folio),
            None => {
                pte_unmap_unlock(vmf.mm());
                VmFault::NoPage
            }
        };
    }
    if let Some(folio) = folio {
        if !kernel().has_folios() {
            return if folio_test_anon(folio) { wp_anon_page(vmf, folio) } else { copy_mapped(vmf, folio) };
        }
        let reuse = if folio_test_anon(folio) { may_reuse(folio, vmf.vma) } else { Reuse::No };
        if reuse != Reuse::No {
            if vmf.unshare {
                pte_unmap_unlock(vmf.mm());
            } else {
                wp_page_reuse(vmf, folio);
            }
            if reuse == Reuse::Locked {
                folio_unlock(folio);
            }
            return VmFault::Done;
        }
        folio_get(folio, Owner::Fault);
    }
    pte_unmap_unlock(vmf.mm());
    wp_page_copy(vmf, folio)
}

/// The anonymous half of `do_wp_page()` before folios (ERAS B.F10). Page-table lock held, dropped on return.
fn wp_anon_page(vmf: &mut VmFaultInfo, page: Folio) -> VmFault {
    let locked = !bug(bugs::B_V3_UNLOCKED);
    if locked && !folio_trylock(page) {
        folio_get(page, Owner::Fault);
        pte_unmap_unlock(vmf.mm());
        folio_lock(page);
        if !lock_pte_same(vmf) {
            folio_unlock(page);
            pte_unmap_unlock(vmf.mm());
            folio_put(page, Owner::Fault);
            return VmFault::Done;
        }
        folio_put(page, Owner::Fault);
    }
    let mut total = 0;
    let reuse = reuse_swap_page(page, &mut total);
    if reuse && total == 1 {
        // Nobody else has it, and the page lock keeps rmap walks off.
        folio_move_anon_rmap(page, vmf.vma);
    }
    if locked {
        folio_unlock(page);
    }
    if reuse {
        wp_page_reuse(vmf, page);
        return VmFault::Done;
    }
    copy_mapped(vmf, page)
}

/// The copy of a page that is mapped: the reference is taken while the entry still has its own.
fn copy_mapped(vmf: &VmFaultInfo, page: Folio) -> VmFault {
    folio_get(page, Owner::Fault);
    pte_unmap_unlock(vmf.mm());
    wp_page_copy(vmf, Some(page))
}

/// What [`may_reuse`] says.
#[derive(PartialEq, Eq)]
enum Reuse {
    No,
    Yes,
    /// Yes, and the folio is still locked: only with [`bugs::REUSE_UNLOCKS_LATE`].
    Locked,
}

/// Whether the anonymous folio is this mapping's alone: exclusive already, or found to be and marked so.
fn may_reuse(folio: Folio, vma: Vma) -> Reuse {
    if page_anon_exclusive(folio) {
        return Reuse::Yes;
    }
    let unasked = bug(bugs::M_REUSE_SHARED);
    if !unasked && !wp_can_reuse_anon_folio(folio, vma) {
        return Reuse::No;
    }
    set_page_anon_exclusive(folio);
    if !unasked && bug(bugs::REUSE_UNLOCKS_LATE) { Reuse::Locked } else { Reuse::Yes }
}

/// `wp_can_reuse_anon_folio()`, v6.12 (MM-6.12 F7). Page-table lock held, and the entry maps the folio: its reference
/// is the one that may remain. Left out: KSM.
fn wp_can_reuse_anon_folio(folio: Folio, vma: Vma) -> bool {
    kfn!(wp_can_reuse_anon_folio);
    if folio_ref_count(folio) > 3 {
        return false;
    }
    if !folio_test_lru(folio) {
        // This CPU's batch may have a reference.
        lru_add_drain();
    }
    if folio_ref_count(folio) > 1 + folio_test_swapcache(folio) as u64 {
        return false;
    }
    if !folio_trylock(folio) {
        return false;
    }
    if folio_test_swapcache(folio) {
        folio_free_swap(folio);
    }
    if folio_ref_count(folio) != 1 {
        folio_unlock(folio);
        return false;
    }
    // Nobody else has it: it may move to this VMA's own anon_vma.
    folio_move_anon_rmap(folio, vma);
    if !bug(bugs::REUSE_UNLOCKS_LATE) {
        folio_unlock(folio);
    }
    true
}

/// `wp_page_reuse()`, v6.12. mmap_lock and page-table lock held; drops the latter.
fn wp_page_reuse(vmf: &VmFaultInfo, folio: Folio) {
    kfn!(wp_page_reuse);
    let anon = m().peek(folio.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON;
    let shared = kernel().has_folios() && anon && peek_flags(folio) & PG_ANON_EXCLUSIVE == 0;
    vm_bug_on_folio(shared, folio, VmBug::NotExclusive);
    let entry = maybe_mkwrite(vmf.orig_pte.mkyoung().mkdirty(), vmf.vma);
    if bug(bugs::M_REUSE_UNLOCKED) {
        pte_unmap_unlock(vmf.mm());
        return set_pte_at(vmf.mm(), vmf.addr, entry, PteWrite::Change);
    }
    set_pte_at(vmf.mm(), vmf.addr, entry, PteWrite::Change);
    pte_unmap_unlock(vmf.mm());
}

/// `wp_page_shared()`, v6.12. mmap_lock and page-table lock held; drops the latter.
fn wp_page_shared(vmf: &VmFaultInfo, folio: Folio) -> VmFault {
    kfn!(wp_page_shared);
    folio_get(folio, Owner::Fault);
    if has_page_mkwrite(vmf.vma) {
        pte_unmap_unlock(vmf.mm());
        if do_page_mkwrite(vmf, folio) != Mkwrite::Locked {
            folio_put(folio, Owner::Fault);
            return VmFault::NoPage;
        }
        let window = bug(bugs::Z_MKWRITE_UNLOCKED);
        if window {
            folio_unlock(folio);
        }
        let same = finish_mkwrite_fault(vmf, folio);
        if window {
            folio_lock(folio);
        }
        if !same {
            folio_unlock(folio);
            folio_put(folio, Owner::Fault);
            return VmFault::NoPage;
        }
    } else {
        wp_page_reuse(vmf, folio);
        if dirties_unlocked() {
            let _pinned = vmf.vma.vm_file();
            folio_wait_locked(folio);
            folio_mark_dirty(folio);
            folio_put(folio, Owner::Fault);
            return VmFault::Done;
        }
        folio_lock(folio);
    }
    fault_dirty_shared_page(folio);
    folio_put(folio, Owner::Fault);
    VmFault::Done
}

/// Until v3.19 the page was only waited for, not locked, where no `page_mkwrite` had locked it. So it was in every
/// kernel with [`bugs::Z_BUFFERS_NULL`].
fn dirties_unlocked() -> bool {
    bug(bugs::Z_FAULT_DIRTY) || bug(bugs::Z_BUFFERS_NULL)
}

/// `finish_mkwrite_fault()`, v6.12. mmap_lock held, folio locked. False: the entry changed meanwhile.
fn finish_mkwrite_fault(vmf: &VmFaultInfo, folio: Folio) -> bool {
    kfn!(finish_mkwrite_fault);
    if !lock_pte_same(vmf) {
        pte_unmap_unlock(vmf.mm());
        return false;
    }
    wp_page_reuse(vmf, folio);
    true
}

/// `wp_page_copy()`, v6.12. mmap_lock held; the caller has taken a fault reference on `old`, which is dropped. Without
/// `old` the zero page was mapped. Left out: machine checks, notifiers, memcg.
fn wp_page_copy(vmf: &VmFaultInfo, old: Option<Folio>) -> VmFault {
    kfn!(wp_page_copy);
    let new = if anon_vma_prepare(vmf.vma) { folio_alloc() } else { None };
    let Some(new) = new else {
        put_old(old);
        return VmFault::Oom;
    };
    match old {
        Some(old) => copy_content(new, old),
        None => clear_user_highpage(new),
    }
    __folio_mark_uptodate(new);
    let copied = lock_pte_same(vmf);
    if copied {
        replace_page(vmf, old, new);
    }
    pte_unmap_unlock(vmf.mm());
    if !copied {
        folio_put(new, Owner::Alloc);
    } else if let Some(old) = old {
        // The entry's reference.
        folio_put(old, Owner::Pte);
        if kernel().has_folios() {
            free_swap_cache(old);
        } else if locked_vm_flags(vmf.vma) & VM_LOCKED != 0 {
            // Another process, whose VMA may not be mlocked, is not to keep the mlocked page.
            folio_lock(old);
            munlock_vma_page(old);
            folio_unlock(old);
        }
    }
    put_old(old);
    VmFault::Done
}

fn put_old(old: Option<Folio>) {
    if let Some(old) = old {
        folio_put(old, Owner::Fault);
    }
}

/// The switch of the entry from `old` to `new`. Page-table lock held. The old mapping is removed only after it, or
/// another sharer could find itself alone and reuse the page while this process still reads it.
fn replace_page(vmf: &VmFaultInfo, old: Option<Folio>, new: Folio) {
    let (vma, mm, addr) = (vmf.vma, vmf.mm(), vmf.addr);
    let entry = mk_pte(new, vma);
    let entry = if vmf.unshare { entry } else { maybe_mkwrite(entry.mkdirty(), vma) };
    ptep_get_and_clear(mm, addr);
    folio_add_new_anon_rmap(new, vma, addr, true);
    folio_add_lru_vma(new, vma);
    bug_on(vmf.unshare && entry.is_writable(), VmBug::NotExclusive);
    folio_ref_transfer(new, Owner::Alloc, Owner::Pte);
    set_pte_at(mm, addr, entry, PteWrite::Fault);
    if let Some(old) = old {
        folio_remove_rmap_pte(old, vma, addr);
    }
}
