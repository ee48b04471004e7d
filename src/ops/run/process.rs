//! Operations of and on processes.

use super::super::OpResult;
use super::lru::migrate_isolated;
use super::{Args, with_file};
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock};
use crate::linux::fs::inode_pin;
use crate::linux::highmem::{page_id, pin_read, pin_write};
use crate::linux::mm_types::{Folio, Mm};
use crate::linux::pagemap::shmem_mapping;
use crate::linux::percpu::*;
use crate::linux::pgtable::{pte_offset_map_lock, pte_unmap_unlock, ptep_get};
use crate::linux::rwsem::{RwSem, down_write, up_write};
use crate::machine::{Access, Hidden, m};
use crate::mm::{filemap, fremap, gup, madvise, memory, migrate_device, mincore, mlock, mmap, userfaultfd, vmscan};
use crate::vocab::{MMS, VADDRS, VM_READ, VM_SHARED, VM_WRITE};
use std::cell::Cell;

/// Pages of a mapping or unmapping, as far as there is room.
const PAGES: usize = 2;

thread_local! {
    /// Processes that have not exited: each can do so once.
    static RUNS: [Cell<bool>; MMS] = const { [const { Cell::new(false) }; MMS] };
}

/// Set-up: which processes run.
pub fn set_up(alive: impl Fn(usize) -> bool) {
    RUNS.with(|r| r.iter().enumerate().for_each(|(mm, c)| c.set(alive(mm))));
}

fn set_runs(mm: usize, on: bool) -> bool {
    m().touch(Hidden::Process(mm), Access::Write);
    RUNS.with(|r| r.get(mm).is_some_and(|c| c.replace(on)))
}

/// Runs `f` on a live process, which stays while it runs.
fn with_mm(p: u8, f: impl FnOnce(Mm) -> OpResult) -> OpResult {
    let mm = Mm(p);
    if !mm.mmget_not_zero() {
        return OpResult::Nothing;
    }
    let result = f(mm);
    mmap::mmput(mm);
    result
}

fn pages_from(addr: usize) -> usize {
    PAGES.min(VADDRS - addr.min(VADDRS))
}

fn user([p, addr, _]: Args, write: bool) -> OpResult {
    with_mm(p, |mm| OpResult::of(memory::user_access(mm, addr as usize, write)))
}

pub fn user_read(args: Args) -> OpResult {
    user(args, false)
}

pub fn user_write(args: Args) -> OpResult {
    user(args, true)
}

/// `write()` of a file page from a page of process 0. tmpfs, whose pages may be swapped out, is left out.
pub fn filemap_write_from([m, index, addr]: Args) -> OpResult {
    with_mm(0, |mm| {
        with_file(m, |mapping| {
            if shmem_mapping(mapping) {
                return OpResult::Refused;
            }
            down_write(RwSem::i_rwsem(mapping));
            filemap::generic_perform_write_from(mapping, index as usize, mm, addr as usize);
            inode_pin(m as usize); // by the file, whatever VMAs pinned
            up_write(RwSem::i_rwsem(mapping));
            OpResult::Done
        })
    })
}

/// `what`: 0 anonymous, then shared and private of each file.
pub fn mmap([p, addr, what]: Args) -> OpResult {
    let (addr, prot) = (addr as usize, VM_READ | VM_WRITE);
    with_mm(p, |mm| {
        let Some(what) = what.checked_sub(1) else {
            return OpResult::of(mmap::do_mmap(mm, addr, pages_from(addr), None, prot));
        };
        let flags = prot | if what % 2 == 0 { VM_SHARED } else { 0 };
        with_file(what / 2, |file| {
            let done = mmap::do_mmap(mm, addr, pages_from(addr), Some(file), flags);
            inode_pin(what as usize / 2); // by the file again, not by the VMA
            OpResult::of(done)
        })
    })
}

pub fn munmap([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(mmap::do_munmap(mm, addr as usize, pages_from(addr as usize))))
}

pub fn mprotect([p, addr, how]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(mmap::do_mprotect(mm, addr as usize, how == 1)))
}

pub fn mremap([p, from, to]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(mmap::do_mremap(mm, from as usize, to as usize)))
}

/// The child is the other process, which must not exist.
pub fn fork([p, ..]: Args) -> OpResult {
    let child = (p as usize + 1) % MMS;
    with_mm(p, |mm| {
        let done = mmap::dup_mmap(Mm(child as u8), mm);
        if done {
            set_runs(child, true);
        }
        OpResult::of(done)
    })
}

pub fn end_process([p, ..]: Args) -> OpResult {
    if !set_runs(p as usize, false) {
        return OpResult::Nothing;
    }
    mmap::mmput(Mm(p));
    OpResult::Done
}

pub fn mlock([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| {
        mlock::do_mlock(mm, addr as usize);
        OpResult::Done
    })
}

pub fn munlock([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| {
        mlock::do_munlock(mm, addr as usize);
        OpResult::Done
    })
}

pub fn remap_file_pages([p, addr, index]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(fremap::remap_file_pages(mm, addr as usize, index as usize)))
}

pub fn madvise([p, addr, advice]: Args) -> OpResult {
    let addr = addr as usize;
    with_mm(p, |mm| {
        match advice {
            0 => madvise::madvise_dontneed(mm, addr),
            1 => madvise::madvise_free(mm, addr),
            2 => madvise::madvise_cold(mm, addr),
            3 => madvise::madvise_pageout(mm, addr),
            6 => madvise::madvise_willneed(mm, addr),
            _ => madvise::madvise_populate(mm, addr, advice == 5),
        }
        OpResult::Done
    })
}

pub fn gup_get([p, addr, how]: Args) -> OpResult {
    if !can_keep(Kept::References) {
        return OpResult::Refused;
    }
    with_mm(p, |mm| match gup::get_user_pages_fast(mm, addr as usize, how == 1) {
        Some(folio) => {
            keep(Kept::References, folio);
            OpResult::Done
        }
        None => OpResult::Refused,
    })
}

/// `how`: fast, slow and longterm, each reading and writing.
pub fn gup_pin([p, addr, how]: Args) -> OpResult {
    if !can_keep_pin() {
        return OpResult::Refused;
    }
    let (at, write) = (addr as usize, how % 2 == 1);
    with_mm(p, |mm| {
        let pinned = match how / 2 {
            0 => gup::pin_user_pages_fast(mm, at, write),
            how => gup::pin_user_pages(mm, at, write, how == 2),
        };
        let Some(folio) = pinned else { return OpResult::Refused };
        keep_pin(KeptPin { folio, user: page_id(p as usize, at), write });
        OpResult::Done
    })
}

pub fn pin_io([how, ..]: Args) -> OpResult {
    let Some(pin) = kept_pin() else { return OpResult::Nothing };
    match how {
        0 => pin_read(pin.folio, pin.user),
        _ if pin.write => pin_write(pin.folio, pin.user),
        _ => return OpResult::Refused,
    }
    OpResult::Done
}

pub fn proc_mem([p, addr, how]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(memory::access_remote_vm(mm, addr as usize, how == 1)))
}

pub fn mincore([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| {
        mincore::do_mincore(mm, addr as usize);
        OpResult::Done
    })
}

pub fn migrate_vma([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(migrate_device::migrate_vma(mm, addr as usize)))
}

/// Only who pinned for writing may call the page dirty.
pub fn unpin([how, ..]: Args) -> OpResult {
    let Some(pin) = take_kept_pin() else { return OpResult::Nothing };
    if how == 1 && pin.write {
        gup::unpin_user_pages_dirty_lock(pin.folio, true);
    } else {
        gup::unpin_user_page(pin.folio);
    }
    OpResult::Done
}

pub fn uffd_copy([p, addr, _]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(userfaultfd::mfill_atomic(mm, addr as usize)))
}

pub fn uffd_move([p, from, to]: Args) -> OpResult {
    with_mm(p, |mm| OpResult::of(userfaultfd::move_pages(mm, to as usize, from as usize)))
}

/// `move_pages()` of one page: `add_folio_for_migration()` isolates under the page-table lock.
pub fn migrate_page([p, addr, mode]: Args) -> OpResult {
    with_mm(p, |mm| {
        mmap_read_lock(mm);
        let isolated = mm.vma_lookup(addr as usize).and_then(|_| isolate_at(mm, addr as usize));
        mmap_read_unlock(mm);
        isolated.map_or(OpResult::Nothing, |folio| migrate_isolated(folio, mode))
    })
}

fn isolate_at(mm: Mm, addr: usize) -> Option<Folio> {
    pte_offset_map_lock(mm);
    let folio = ptep_get(mm, addr).page().map(|pfn| Folio(pfn as u8));
    let isolated = folio.filter(|f| vmscan::folio_isolate_lru(*f));
    pte_unmap_unlock(mm);
    isolated
}
