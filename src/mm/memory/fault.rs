//! `mm/memory.c`: faults on empty entries (MM-6.12 3.10, 3.11, 10.7).

use super::{has_page_mkwrite, is_shmem, lock_pte_same, locked_vm_flags, maybe_mkwrite, mk_pte};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::highmem::{clear_user_highpage, copy_content};
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::__folio_mark_uptodate;
use crate::linux::page_ref::{folio_get, folio_ref_transfer};
use crate::linux::pagemap::folio_raw_mapping;
use crate::linux::pgtable::*;
use crate::machine::m;
use crate::mm::filemap::{filemap_fault, filemap_map_pages, folio_lock, folio_unlock};
use crate::mm::fs_aops::{self, Mkwrite};
use crate::mm::page_alloc::folio_alloc;
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::rmap::{anon_vma_prepare, folio_add_file_rmap_pte, folio_add_new_anon_rmap};
use crate::mm::shmem::shmem_fault;
use crate::mm::swap::{folio_add_lru_vma, folio_put};
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// `do_anonymous_page()`, v6.12. mmap_lock held, the entry was none. A read maps the shared zero page, which has no
/// references and no mappings; a write maps a new folio, whose allocation reference becomes the entry's. Left out:
/// userfaultfd, memcg, MMF_UNSTABLE.
pub(super) fn do_anonymous_page(vmf: &VmFaultInfo) -> VmFault {
    kfn!(do_anonymous_page);
    let (vma, mm) = (vmf.vma, vmf.mm());
    if locked_vm_flags(vma) & VM_SHARED != 0 {
        return VmFault::Sigbus;
    }
    if !vmf.write {
        if lock_pte_same(vmf) {
            set_pte_at(mm, vmf.addr, Pte::zero_page().mkyoung(), PteWrite::Fault);
        }
        pte_unmap_unlock(mm);
        return VmFault::Done;
    }
    if !anon_vma_prepare(vma) {
        return VmFault::Oom;
    }
    let Some(folio) = folio_alloc() else { return VmFault::Oom };
    clear_user_highpage(folio);
    __folio_mark_uptodate(folio);
    let entry = maybe_mkwrite(mk_pte(folio, vma).mkdirty(), vma);
    if lock_pte_same(vmf) {
        folio_add_new_anon_rmap(folio, vma, vmf.addr, true);
        folio_add_lru_vma(folio, vma);
        folio_ref_transfer(folio, Owner::Alloc, Owner::Pte);
        set_pte_at(mm, vmf.addr, entry, PteWrite::Fault);
    } else {
        folio_put(folio, Owner::Alloc);
    }
    pte_unmap_unlock(mm);
    VmFault::Done
}

/// `do_fault()`, v6.12. mmap_lock held, the entry was none, the VMA maps a file.
pub(super) fn do_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_fault);
    if !vmf.write {
        do_read_fault(vmf)
    } else if locked_vm_flags(vmf.vma) & VM_SHARED == 0 {
        do_cow_fault(vmf)
    } else {
        do_shared_fault(vmf)
    }
}

/// `__do_fault()`, v6.12: the file's folio. `Locked`: `vmf.page` is locked and has a fault reference. Left out:
/// hwpoison.
fn __do_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(__do_fault);
    let ret = if is_shmem(vmf.vma) { shmem_fault(vmf) } else { filemap_fault(vmf) };
    if let (VmFault::Locked, Some(folio)) = (ret, vmf.page) {
        vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
    }
    ret
}

/// The folio of a successful [`__do_fault`], or what it returned instead.
fn fault_page(vmf: &mut VmFaultInfo) -> Result<Folio, VmFault> {
    match (__do_fault(vmf), vmf.page) {
        (VmFault::Locked, Some(folio)) => Ok(folio),
        (VmFault::Locked | VmFault::Done, _) => Err(VmFault::NoPage),
        (ret, _) => Err(ret),
    }
}

/// `do_read_fault()`, v6.12. mmap_lock held. The fault-around may finish it.
fn do_read_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_read_fault);
    // Fault-around came with v3.15.
    if kernel() > Kernel::V3_13 && filemap_map_pages(vmf) {
        return VmFault::NoPage;
    }
    let folio = match fault_page(vmf) {
        Ok(folio) => folio,
        Err(ret) => return ret,
    };
    let early = bug(bugs::M_FAULT_UNLOCKED);
    if early {
        folio_unlock(folio);
    }
    let ret = finish_fault(vmf);
    if !early {
        folio_unlock(folio);
    }
    if ret != VmFault::Done {
        folio_put(folio, Owner::Fault);
    }
    ret
}

/// `do_cow_fault()`, v6.12. mmap_lock held, private mapping. The copy's allocation reference becomes the entry's; the
/// file's folio stays locked until the copy is mapped.
fn do_cow_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_cow_fault);
    if !anon_vma_prepare(vmf.vma) {
        return VmFault::Oom;
    }
    let Some(copy) = folio_alloc() else { return VmFault::Oom };
    vmf.cow_page = Some(copy);
    let folio = match fault_page(vmf) {
        Ok(folio) => folio,
        Err(ret) => {
            folio_put(copy, Owner::Alloc);
            return ret;
        }
    };
    copy_content(copy, folio);
    __folio_mark_uptodate(copy);
    let ret = finish_fault(vmf);
    folio_unlock(folio);
    folio_put(folio, Owner::Fault);
    if ret != VmFault::Done {
        folio_put(copy, Owner::Alloc);
    }
    ret
}

/// `do_shared_fault()`, v6.12. mmap_lock held, shared mapping.
fn do_shared_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(do_shared_fault);
    let folio = match fault_page(vmf) {
        Ok(folio) => folio,
        Err(ret) => return ret,
    };
    if has_page_mkwrite(vmf.vma) {
        folio_unlock(folio);
        if do_page_mkwrite(vmf, folio) != Mkwrite::Locked {
            folio_put(folio, Owner::Fault);
            return VmFault::NoPage;
        }
        if bug(bugs::Z_MKWRITE_UNLOCKED) {
            // Until v2.6.30 the callback returned with the page unlocked.
            folio_unlock(folio);
            folio_lock(folio);
            if folio_raw_mapping(folio).is_null() {
                folio_unlock(folio);
                folio_put(folio, Owner::Fault);
                return VmFault::NoPage;
            }
        }
    }
    let ret = finish_fault(vmf);
    if ret != VmFault::Done {
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        return ret;
    }
    // The fault's reference is the entry's now.
    fault_dirty_shared_page(folio);
    VmFault::Done
}

/// `do_page_mkwrite()`, v6.12. The caller holds a reference, not the folio lock; `Locked`: it does now. Left out:
/// callbacks that leave the folio unlocked, swap files.
pub(super) fn do_page_mkwrite(vmf: &VmFaultInfo, folio: Folio) -> Mkwrite {
    kfn!(do_page_mkwrite);
    let Some(mapping) = vmf.vma.vm_file() else { return Mkwrite::NoPage };
    let ret = fs_aops::page_mkwrite(vmf.vma, mapping, folio);
    let unlocked = ret == Mkwrite::Locked && peek_flags(folio) & PG_LOCKED == 0;
    vm_bug_on_folio(unlocked, folio, VmBug::NotLocked);
    ret
}

/// `fault_dirty_shared_page()`, v6.12. Folio locked and mapped writable; unlocks it. The VMA's file pins the mapping.
/// Left out: file times, throttling.
pub(super) fn fault_dirty_shared_page(folio: Folio) {
    kfn!(fault_dirty_shared_page);
    folio_mark_dirty(folio);
    let anon = m().peek(folio.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON;
    vm_bug_on_folio(anon, folio, VmBug::Anon);
    let _throttled = folio_raw_mapping(folio);
    folio_unlock(folio);
}

/// `set_pte_range()`, v6.12. Page-table lock and mmap_lock held; the file's folio is locked, a private copy is known to
/// nobody else. The caller provides the entry's reference. Left out: entries of a fault-around made old, as arm64 does.
pub fn set_pte_range(vmf: &VmFaultInfo, folio: Folio, addr: usize) {
    kfn!(set_pte_range);
    let vma = vmf.vma;
    let mut entry = mk_pte(folio, vma);
    if vmf.write {
        entry = maybe_mkwrite(entry.mkdirty(), vma);
    }
    if vmf.write && locked_vm_flags(vma) & VM_SHARED == 0 {
        folio_add_new_anon_rmap(folio, vma, addr, true);
        folio_add_lru_vma(folio, vma);
    } else {
        folio_add_file_rmap_pte(folio, vma, addr);
    }
    set_pte_at(vmf.mm(), addr, entry, PteWrite::Fault);
}

/// `finish_fault()`, v6.12. mmap_lock held; the file's folio is locked. `Done`: mapped, and the caller's reference
/// (the fault's, or the copy's allocation) is the entry's now. `NoPage`: the entry changed. Left out: MMF_UNSTABLE.
pub fn finish_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(finish_fault);
    let is_cow = vmf.write && locked_vm_flags(vmf.vma) & VM_SHARED == 0;
    let (page, owner) = if is_cow { (vmf.cow_page, Owner::Alloc) } else { (vmf.page, Owner::Fault) };
    let Some(folio) = page else { return VmFault::NoPage };
    let same = lock_pte_same(vmf);
    if same && bug(bugs::M_FAULT_PUT) {
        folio_put(folio, owner);
        set_pte_range(vmf, folio, vmf.addr);
        folio_get(folio, Owner::Pte);
    } else if same {
        folio_ref_transfer(folio, owner, Owner::Pte);
        set_pte_range(vmf, folio, vmf.addr);
    }
    pte_unmap_unlock(vmf.mm());
    if same { VmFault::Done } else { VmFault::NoPage }
}
