//! Faults on files (MM-6.12 3.8, 3.9).

use super::super::{bug, kernel};
use super::lookup::{__filemap_get_folio, Fgp, filemap_get_folio, vm_bug_wrong_index};
use super::read::{ReadError, filemap_read_folio};
use super::wait::*;
use super::{invalidate_lock_shared, invalidate_unlock_shared};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{VmFault, VmFaultInfo, get_file_and_drop_mmap_lock, mmap_read_unlock};
use crate::linux::fs::i_size_read;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pgtable::{pte_offset_map_lock, pte_unmap_unlock, ptep_get};
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::xarray::*;
use crate::mm::fs_aops::{self, Mkwrite};
use crate::mm::fs_inode::fput;
use crate::mm::memory::set_pte_range;
use crate::mm::readahead::{page_cache_async_ra, page_cache_sync_ra};
use crate::mm::swap::folio_put;
use crate::vocab::*;

/// What a file fault has taken on its way.
struct FileFault<'a> {
    vmf: &'a mut VmFaultInfo,
    mapping: AddressSpace,
    /// `vmf->pgoff`: the VMA may be gone once mmap_lock is dropped.
    index: usize,
    /// The file, once mmap_lock has been dropped.
    fpin: Option<AddressSpace>,
    /// invalidate_lock is held, shared.
    mapping_locked: bool,
    folio: Option<Folio>,
}

impl FileFault<'_> {
    /// `maybe_unlock_mmap_for_io()` (mm/internal.h): on the first attempt, the file instead of the mmap_lock.
    fn maybe_unlock_mmap_for_io(&mut self) {
        if self.fpin.is_none() && self.vmf.allow_retry {
            self.fpin = get_file_and_drop_mmap_lock(self.vmf.vma);
        }
    }

    fn invalidate_lock_shared(&mut self) {
        if !self.mapping_locked {
            invalidate_lock_shared(self.mapping);
            self.mapping_locked = true;
        }
    }

    fn invalidate_unlock_shared(&mut self) {
        if self.mapping_locked {
            invalidate_unlock_shared(self.mapping);
            self.mapping_locked = false;
        }
    }

    /// `do_async_mmap_readahead()`, v6.12. Left out: VM_RAND_READ, mmap_miss.
    fn do_async_mmap_readahead(&mut self, folio: Folio) {
        if folio_test_readahead(folio) {
            self.maybe_unlock_mmap_for_io();
            page_cache_async_ra(self.mapping, folio, self.index + 1);
        }
    }

    /// `do_sync_mmap_readahead()`, v6.12. Left out: VM_RAND_READ, VM_SEQ_READ, huge pages, mmap_miss.
    fn do_sync_mmap_readahead(&mut self) {
        if fs_aops::has_readahead(self.mapping) {
            self.maybe_unlock_mmap_for_io();
            page_cache_sync_ra(self.mapping, self.index);
        }
    }

    /// `lock_folio_maybe_drop_mmap()`, v6.12. False: killed, and mmap_lock is dropped.
    fn lock_folio_maybe_drop_mmap(&mut self, folio: Folio) -> bool {
        if folio_trylock(folio) {
            return true;
        }
        self.maybe_unlock_mmap_for_io();
        if !self.vmf.killable {
            __folio_lock(folio);
            return true;
        }
        let locked = __folio_lock_killable(folio).is_ok();
        if !locked && self.fpin.is_none() {
            // Linux drops the mmap_lock, and with it what pins the inode, before invalidate_lock: an open question. The
            // model turns the two round unless it is put back in.
            if !bug(bugs::OPEN_FAULT) {
                self.invalidate_unlock_shared();
            }
            mmap_read_unlock(self.vmf.mm());
        }
        locked
    }

    /// `out_retry`: everything taken is given back.
    fn out_retry(&mut self) -> VmFault {
        if bug(bugs::M_FAULT_VMA) {
            self.vmf.vma.vm_flags();
        }
        if let Some(folio) = self.folio.take() {
            folio_put(folio, Owner::Fault);
        }
        self.invalidate_unlock_shared();
        if let Some(file) = self.fpin.take() {
            fput(file);
        }
        VmFault::Retry
    }

    /// `retry_find`. `None`: no frame.
    fn get_or_create(&mut self) -> Option<Folio> {
        self.invalidate_lock_shared();
        let fgp = Fgp::CREAT.and(Fgp::FOR_MMAP);
        self.folio = __filemap_get_folio(self.mapping, self.index, fgp, Owner::Fault);
        self.folio
    }
}

/// How one round with a folio in hand ended.
enum Round {
    Over(VmFault),
    RetryFind,
}

/// `filemap_fault()`, v6.12. mmap_lock held for reading; the VMA's file pins the mapping. Locked: `vmf.page` is locked,
/// uptodate, within the file, with a fault reference. Retry: mmap_lock is dropped. Left out: hwpoison, statistics.
pub fn filemap_fault(vmf: &mut VmFaultInfo) -> VmFault {
    kfn!(filemap_fault);
    let Some(mapping) = vmf.vma.vm_file() else { return VmFault::Sigbus };
    let index = vmf.pgoff();
    if index >= i_size_read(mapping) {
        return VmFault::Sigbus;
    }
    let mut fault = FileFault { vmf, mapping, index, fpin: None, mapping_locked: false, folio: None };
    fault.folio = filemap_get_folio(mapping, index, Owner::Fault);
    if let Some(folio) = fault.folio {
        if fault.vmf.allow_retry {
            fault.do_async_mmap_readahead(folio);
        }
        if !folio_test_uptodate(folio) {
            fault.invalidate_lock_shared();
        }
    } else {
        if filemap_fault_recheck_pte_none(fault.vmf) {
            return VmFault::NoPage;
        }
        fault.do_sync_mmap_readahead();
    }
    loop {
        let Some(folio) = fault.folio.or_else(|| fault.get_or_create()) else {
            if fault.fpin.is_some() {
                return fault.out_retry();
            }
            fault.invalidate_unlock_shared();
            return VmFault::Oom;
        };
        if let Round::Over(result) = with_folio(&mut fault, folio) {
            return result;
        }
    }
}

/// One round of [`filemap_fault`] from the lock on.
fn with_folio(fault: &mut FileFault, folio: Folio) -> Round {
    let index = fault.index;
    if !fault.lock_folio_maybe_drop_mmap(folio) {
        return Round::Over(fault.out_retry());
    }
    let unlock_and_put = |fault: &mut FileFault| {
        folio_unlock(folio);
        folio_put(folio, Owner::Fault);
        fault.folio = None;
    };
    if !folio_raw_mapping(folio).is(fault.mapping) {
        unlock_and_put(fault);
        return Round::RetryFind;
    }
    vm_bug_wrong_index(folio, index);
    if !folio_test_uptodate(folio) && !bug(bugs::M_FAULT_UPTODATE) {
        if !fault.mapping_locked {
            // Truncation could be past this folio: it is read only under invalidate_lock.
            unlock_and_put(fault);
            return Round::RetryFind;
        }
        return page_not_uptodate(fault, folio);
    }
    if fault.fpin.is_some() {
        folio_unlock(folio);
        return Round::Over(fault.out_retry());
    }
    fault.invalidate_unlock_shared();
    // Truncation stores the size before it locks the folios: it will find this one mapped.
    if !bug(bugs::M_FAULT_SIZE) && index >= i_size_read(fault.mapping) {
        unlock_and_put(fault);
        return Round::Over(VmFault::Sigbus);
    }
    fault.vmf.page = Some(folio);
    Round::Over(VmFault::Locked)
}

/// `page_not_uptodate`. Folio and invalidate_lock held.
fn page_not_uptodate(fault: &mut FileFault, folio: Folio) -> Round {
    fault.maybe_unlock_mmap_for_io();
    let read = filemap_read_folio(fault.mapping, folio);
    if fault.fpin.is_some() {
        return Round::Over(fault.out_retry());
    }
    folio_put(folio, Owner::Fault);
    fault.folio = None;
    if matches!(read, Ok(()) | Err(ReadError::Truncated)) {
        return Round::RetryFind;
    }
    fault.invalidate_unlock_shared();
    Round::Over(VmFault::Sigbus)
}

/// `filemap_fault_recheck_pte_none()`, v6.9 to v6.12: in a VM_LOCKED VMA, whether somebody has filled the entry
/// meanwhile.
fn filemap_fault_recheck_pte_none(vmf: &VmFaultInfo) -> bool {
    kfn!(filemap_fault_recheck_pte_none);
    if kernel() < Kernel::V6_12 || vmf.vma.vm_flags() & VM_LOCKED == 0 {
        return false;
    }
    if !ptep_get(vmf.mm(), vmf.addr).is_none() {
        return true;
    }
    pte_offset_map_lock(vmf.mm());
    let filled = !ptep_get(vmf.mm(), vmf.addr).is_none();
    pte_unmap_unlock(vmf.mm());
    filled
}

/// `next_uptodate_folio()`, v6.5 to v6.12 (ERAS D.F5): the next folio of the range that can be mapped at once: locked,
/// uptodate, in the mapping and within the file, with a lookup reference. RCU held. `index` moves past it. Left out:
/// hwpoison.
fn next_uptodate_folio(mapping: AddressSpace, index: &mut usize, end: usize) -> Option<(usize, Folio)> {
    kfn!(next_uptodate_folio);
    while let Some((at, entry)) = xas_find_entry(mapping, *index, end) {
        *index = at + 1;
        let Entry::Folio(folio) = entry else { continue };
        if folio_test_locked(folio) || !folio_try_get(folio, Owner::Lookup) {
            continue;
        }
        if (bug(bugs::D1B) || Some(folio) == xas_reload(mapping, at))
            && folio_test_uptodate(folio)
            && !folio_test_readahead(folio)
            && folio_trylock(folio)
        {
            if (bug(bugs::D2) || folio_raw_mapping(folio).is(mapping))
                && folio_test_uptodate(folio)
                && (bug(bugs::D_SIZE) || at < i_size_read(mapping))
            {
                return Some((at, folio));
            }
            folio_unlock(folio);
        }
        folio_put(folio, Owner::Lookup);
    }
    None
}

/// `filemap_map_pages()`, v6.5 to v6.12 (ERAS D.F6): maps what the cache has of the VMA's pages around the fault,
/// without waiting. mmap_lock held for reading. True (VM_FAULT_NOPAGE): the page of the fault is among them. The window
/// is the VMA, up to the end of the file since v6.12. Left out: huge pages, large folios, mmap_miss.
pub fn filemap_map_pages(vmf: &VmFaultInfo) -> bool {
    kfn!(filemap_map_pages);
    let Some(mapping) = vmf.vma.vm_file() else { return false };
    let place = vmf.vma.place();
    let mut end = place.pgoff + place.end.saturating_sub(place.start);
    if kernel() >= Kernel::V6_12 {
        end = end.min(i_size_read(mapping));
    }
    let mut index = place.pgoff;
    let mut mapped = false;
    rcu_read_lock();
    if let Some(first) = next_uptodate_folio(mapping, &mut index, end) {
        pte_offset_map_lock(vmf.mm());
        let mut next = Some(first);
        while let Some((at, folio)) = next {
            let mapped_here = filemap_map_order0_folio(vmf, folio, at);
            mapped |= mapped_here && vmf.vma.vma_address(at) == Some(vmf.addr);
            folio_unlock(folio);
            if !(mapped_here && hands_over()) {
                folio_put(folio, Owner::Lookup);
            }
            next = next_uptodate_folio(mapping, &mut index, end);
        }
        pte_unmap_unlock(vmf.mm());
    }
    rcu_read_unlock();
    mapped
}

/// Whether [`filemap_map_pages`] gives the entry the reference it found the folio with, as up to v6.5; later the entry
/// gets one of its own.
fn hands_over() -> bool {
    kernel() <= Kernel::V6_5
}

/// `filemap_map_order0_folio()`, v6.8 to v6.12; the loop body of `filemap_map_pages()` in v6.5. Folio locked, with a
/// lookup reference; page-table lock held. True: it was mapped.
fn filemap_map_order0_folio(vmf: &VmFaultInfo, folio: Folio, index: usize) -> bool {
    kfn!(filemap_map_order0_folio);
    let Some(addr) = vmf.vma.vma_address(index) else { return false };
    if !ptep_get(vmf.mm(), addr).is_none() {
        return false;
    }
    set_pte_range(vmf, folio, addr);
    if hands_over() {
        folio_ref_transfer(folio, Owner::Lookup, Owner::Pte);
    } else if !bug(bugs::M_MAP_PAGES_REF) {
        folio_get(folio, Owner::Pte);
    }
    true
}

/// `filemap_page_mkwrite()`, v6.12, and those of the file systems: a shared mapping is about to become writable. The
/// caller holds a reference; the VMA's file pins the mapping. `block_page_mkwrite()` and `iomap_page_mkwrite()` refuse
/// a folio beyond the end of the file, too. Left out: freeze protection, timestamps.
pub fn filemap_page_mkwrite(mapping: AddressSpace, folio: Folio) -> Mkwrite {
    kfn!(filemap_page_mkwrite);
    folio_lock(folio);
    if !folio_raw_mapping(folio).is(mapping) || fs_aops::mkwrite_beyond_eof(mapping, folio) {
        folio_unlock(folio);
        return Mkwrite::NoPage;
    }
    fs_aops::prepare_mkwrite(mapping, folio);
    crate::mm::page_writeback::folio_mark_dirty(folio);
    folio_wait_stable(folio);
    Mkwrite::Locked
}
