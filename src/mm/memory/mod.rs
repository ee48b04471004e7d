//! `mm/memory.c`: page faults, copy-on-write, zap, fork's copy of page tables. Kernels before folios fault as
//! v6.12 does, but for what a guard says: no PG_anon_exclusive, `reuse_swap_page()` for it, no invalidate_lock.

mod fault;
mod fork;
mod swap;
mod wp;
mod zap;

pub use fault::{finish_fault, set_pte_range};
pub use fork::copy_page_range;
pub(super) use fork::note_anon_alias;
pub use zap::{
    MmuGather, ZapDetails, tlb_finish_mmu, unmap_mapping_folio, unmap_mapping_pages, unmap_vmas, zap_page_range_single,
};
pub(super) use zap::{is_anon, note_anon_discard};

use crate::kfn;
use crate::linux::fault::*;
use crate::linux::highmem::{page_id, pin_read, pin_write};
use crate::linux::mm_types::*;
use crate::linux::pgtable::*;
use crate::linux::signal::fatal_signal_pending;
use crate::machine::m;
use crate::mm::filemap::{folio_lock, folio_unlock};
use crate::mm::gup::get_user_page_vma_remote;
use crate::mm::page_writeback::folio_mark_dirty;
use crate::mm::swap::folio_put;
use crate::vocab::*;

/// `vma->vm_flags` for who holds the mmap_lock, which keeps them as they are.
pub(super) fn locked_vm_flags(vma: Vma) -> u64 {
    m().peek(vma.obj(Field::VmFlags))
}

pub(super) fn vma_is_anonymous(vma: Vma) -> bool {
    vma.place().file.is_none()
}

/// `is_cow_mapping()` (include/linux/mm.h), v6.12. mmap_lock held. Every VMA may be made writable.
pub(super) fn is_cow_mapping(vma: Vma) -> bool {
    locked_vm_flags(vma) & VM_SHARED == 0
}

/// Callbacks of the file the VMA maps, as its `vm_ops` has them: fixed, so no access.
fn vm_ops(vma: Vma) -> u64 {
    vma.place().file.map_or(0, |file| m().peek(Obj::mapping(file, Field::AOps)))
}

/// `mapping_cap_account_dirty()` of the file the VMA maps.
pub(super) fn vm_ops_write_back(vma: Vma) -> bool {
    vm_ops(vma) & AOPS_WRITEBACK != 0
}

/// Whether a shared write fault asks the file system.
fn has_page_mkwrite(vma: Vma) -> bool {
    vm_ops(vma) & AOPS_PAGE_MKWRITE != 0
}

/// Whether the VMA maps a file of tmpfs (`shmem_vm_ops`).
pub(super) fn is_shmem(vma: Vma) -> bool {
    vm_ops(vma) & AOPS_SHMEM != 0
}

/// `vma_wants_writenotify()` (mm/vma.c), v6.12: the first write to a clean page of the shared mapping must fault.
/// Left out: soft-dirty, userfaultfd.
fn vma_wants_writenotify(vma: Vma, vm_flags: u64) -> bool {
    let both = VM_WRITE | VM_SHARED;
    vm_flags & both == both && vm_ops(vma) & (AOPS_WRITEBACK | AOPS_PAGE_MKWRITE) != 0
}

/// Whether `vma->vm_page_prot` lets new entries be writable: shared writable mappings of files nobody writes back.
/// mmap_lock held.
pub(super) fn prot_writable(vma: Vma) -> bool {
    flags_writable(vma, locked_vm_flags(vma))
}

/// [`prot_writable`] by the VMA's flags: the protection follows from them.
fn flags_writable(vma: Vma, vm_flags: u64) -> bool {
    let both = VM_WRITE | VM_SHARED;
    vm_flags & both == both && !vma_wants_writenotify(vma, vm_flags)
}

/// `mk_pte(page, vma->vm_page_prot)` as x86 makes it: young. mmap_lock held.
pub(super) fn mk_pte(folio: Folio, vma: Vma) -> Pte {
    pte_with_prot(folio, prot_writable(vma))
}

/// `mk_pte(page, READ_ONCE(vma->vm_page_prot))`: for who holds the lock of a tree the VMA is in, and not the mmap_lock.
pub(super) fn mk_pte_read_once(folio: Folio, vma: Vma) -> Pte {
    pte_with_prot(folio, flags_writable(vma, vma.vm_flags()))
}

fn pte_with_prot(folio: Folio, writable: bool) -> Pte {
    let entry = Pte::present(folio.pfn()).mkyoung();
    if writable { entry.mkwrite() } else { entry }
}

/// `maybe_mkwrite()` (include/linux/mm.h), v6.12. mmap_lock held.
fn maybe_mkwrite(entry: Pte, vma: Vma) -> Pte {
    if locked_vm_flags(vma) & VM_WRITE != 0 { entry.mkwrite() } else { entry }
}

/// `pte_offset_map_lock()` and the comparison with the entry the fault was taken on. The lock is held either way.
fn lock_pte_same(vmf: &VmFaultInfo) -> bool {
    pte_offset_map_lock(vmf.mm());
    ptep_get(vmf.mm(), vmf.addr) == vmf.orig_pte
}

/// A load or store of the program at virtual page `addr`, with the faults it takes. The caller holds an `mm_users`
/// reference. False: the access cannot be made (no VMA, no permission, beyond the file's end, no memory), or the
/// task has been killed.
pub fn user_access(mm: Mm, addr: usize, write: bool) -> bool {
    while !mmu_access(mm, addr, write) {
        if do_user_addr_fault(mm, addr, write) != VmFault::Done || fatal_signal_pending() {
            return false;
        }
    }
    true
}

/// `access_error()` (arch/x86/mm/fault.c), v6.12. mmap_lock held.
fn access_error(vma: Vma, write: bool) -> bool {
    let needed = if write { VM_WRITE } else { VM_READ | VM_WRITE };
    locked_vm_flags(vma) & needed == 0
}

/// `do_user_addr_fault()` (arch/x86/mm/fault.c), v6.12. The caller holds an `mm_users` reference and no lock. `Done`:
/// the access is to be tried again; `Retry`: the task has been killed; `Sigbus` also stands for a bad address. Left
/// out: per-VMA locks, stack growth, killable waits for the mmap_lock.
pub fn do_user_addr_fault(mm: Mm, addr: usize, write: bool) -> VmFault {
    kfn!(do_user_addr_fault);
    // FAULT_FLAG_DEFAULT
    let mut flags = FaultFlags { write, unshare: false, allow_retry: true, killable: true };
    loop {
        mmap_read_lock(mm);
        let fault = match mm.vma_lookup(addr) {
            Some(vma) if !access_error(vma, write) => handle_mm_fault(vma, addr, flags),
            _ => VmFault::Sigbus,
        };
        if fault != VmFault::Retry {
            mmap_read_unlock(mm);
            return fault;
        }
        // The mmap_lock has been dropped.
        if fatal_signal_pending() {
            return fault;
        }
        flags.allow_retry = false; // FAULT_FLAG_TRIED
    }
}

/// `handle_mm_fault()` with `__handle_mm_fault()`, v6.12. mmap_lock held; `Retry`: it has been dropped. The caller has
/// checked the permissions. Returns `Done` also where the entry changed meanwhile. Left out: hugetlb, PUD and PMD
/// entries, accounting.
pub fn handle_mm_fault(vma: Vma, addr: usize, flags: FaultFlags) -> VmFault {
    kfn!(handle_mm_fault);
    // sanitize_fault_flags(): only private mappings have something to unshare.
    let FaultFlags { write, unshare, allow_retry, killable } = flags;
    let unshare = unshare && is_cow_mapping(vma);
    let orig_pte = ptep_get(vma.mm(), addr);
    let vmf =
        &mut VmFaultInfo { vma, addr, write, unshare, allow_retry, killable, orig_pte, page: None, cow_page: None };
    match handle_pte_fault(vmf) {
        VmFault::NoPage => VmFault::Done,
        ret => ret,
    }
}

/// `handle_pte_fault()` with `do_pte_missing()`, v6.12. mmap_lock held; the entry has been read without its lock. Left
/// out: NUMA hinting, TLB.
fn handle_pte_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(handle_pte_fault);
    if vmf.orig_pte.is_none() {
        return if vma_is_anonymous(vmf.vma) { fault::do_anonymous_page(vmf) } else { fault::do_fault(vmf) };
    }
    if vmf.orig_pte.file_pgoff().is_some() {
        return fault::do_fault(vmf); // do_nonlinear_fault()
    }
    if !vmf.orig_pte.is_present() {
        return swap::do_swap_page(vmf);
    }
    if !lock_pte_same(vmf) {
        pte_unmap_unlock(vmf.mm());
        return VmFault::Done;
    }
    if (vmf.write || vmf.unshare) && !vmf.orig_pte.is_writable() {
        return wp::do_wp_page(vmf);
    }
    // ptep_set_access_flags() of x86 stores only for a write.
    if vmf.write {
        set_pte_at(vmf.mm(), vmf.addr, vmf.orig_pte.mkdirty().mkyoung(), PteWrite::Change);
    }
    pte_unmap_unlock(vmf.mm());
    VmFault::Done
}

/// `__access_remote_vm()`, v6.5 to v6.12, of one page with FOLL_FORCE, as /proc/PID/mem does it. The caller holds an
/// `mm_users` reference and no lock. False: not mapped, or it cannot be faulted in. Left out: killable waits for the
/// mmap_lock, `vm_ops->access`.
pub fn access_remote_vm(mm: Mm, addr: usize, write: bool) -> bool {
    kfn!(access_remote_vm);
    mmap_read_lock(mm);
    let folio = get_user_page_vma_remote(mm, addr, write);
    if let Some(folio) = folio {
        let user = page_id(mm.index(), addr);
        if write {
            pin_write(folio, user);
            set_page_dirty_lock(folio);
        } else {
            pin_read(folio, user);
        }
        folio_put(folio, Owner::User);
    }
    mmap_read_unlock(mm);
    folio.is_some()
}

/// `set_page_dirty_lock()` (mm/page-writeback.c), v6.12. The caller holds a reference, nothing else keeps the folio in
/// its file.
fn set_page_dirty_lock(folio: Folio) {
    kfn!(set_page_dirty_lock);
    folio_lock(folio);
    folio_mark_dirty(folio);
    folio_unlock(folio);
}
