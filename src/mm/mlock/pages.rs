//! `mm/mlock.c` before v5.18: PG_mlocked without a count.
//!
//! PG_mlocked says that some VM_LOCKED VMA may map the page, and NR_MLOCK counts such pages. Who clears the flag has to
//! look for other VM_LOCKED VMAs, and sets it again if there is one; what is missed reclaim finds later.

use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_get;
use crate::linux::pagemap::{folio_mapcount, folio_raw_mapping, folio_trylock};
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::{pte_offset_map_lock, pte_unmap_unlock, ptep_get};
use crate::linux::spinlock::{spin_lock_irq, spin_unlock_irq};
use crate::linux::vmstat::mod_nr_mlock;
use crate::machine::m;
use crate::mm::bug;
use crate::mm::filemap::{folio_lock, folio_unlock};
use crate::mm::memory::handle_mm_fault;
use crate::mm::migrate::{migration_entry_wait, putback_lru};
use crate::mm::rmap::pages::try_to_munlock;
use crate::mm::swap::{__pagevec_lru_add, folio_batch_release, folio_put, lru_add_drain};
use crate::mm::vmscan::{folio_evictable, isolate_lru_page};
use crate::vocab::*;

fn bug_on_unlocked(page: Folio) {
    vm_bug_on_folio(peek_flags(page) & PG_LOCKED == 0, page, VmBug::NotLocked);
}

/// `mlock_vma_page()`, v2.6.28 to v5.17. Page locked; the caller holds a reference, or the lock of a page table that
/// maps the page. Left out: statistics.
pub fn mlock_vma_page(page: Folio) {
    kfn!(mlock_vma_page);
    if bug(bugs::C_V1) {
        // The caller may have seen another's lock: that it is still there is read once more.
        vm_bug_on_folio(!folio_test_locked(page), page, VmBug::NotLocked);
    } else if !bug(bugs::C_V2) {
        bug_on_unlocked(page);
    }
    if !folio_test_set_mlocked(page) {
        mod_nr_mlock(1);
        if isolate_lru_page(page) {
            putback_lru(page);
        }
    }
}

/// `munlock_vma_page()`, v2.6.28 to v5.17. Page locked, with a reference of the caller's. Left out: statistics.
pub fn munlock_vma_page(page: Folio) {
    kfn!(munlock_vma_page);
    bug_on_unlocked(page);
    if folio_test_clear_mlocked(page) {
        mod_nr_mlock(-1);
        if isolate_lru_page(page) {
            __munlock_isolated_page(page);
        }
    }
}

/// `clear_page_mlock()`, v3.7 to v5.17: the page is mapped no more. Page-table lock of the last unmapper held. Left
/// out: statistics.
pub fn clear_page_mlock(page: Folio) {
    kfn!(clear_page_mlock);
    if !folio_test_clear_mlocked(page) {
        return;
    }
    mod_nr_mlock(-1);
    if isolate_lru_page(page) {
        putback_lru(page);
    }
}

/// `mlock_migrate_page()` (mm/internal.h), v2.6.28 to v4.3: the flag goes to the new page. Both locked.
pub fn mlock_migrate_page(newpage: Folio, page: Folio) {
    kfn!(mlock_migrate_page);
    if folio_test_clear_mlocked(page) {
        mod_nr_mlock(-1);
        folio_set_mlocked(newpage);
        mod_nr_mlock(1);
    }
}

/// `mlocked_vma_newpage()` (mm/internal.h), v2.6.28 to v4.4: a new page of `vma`, on no list yet. True: the VMA is
/// VM_LOCKED, and the page mlocked now. mmap_sem held.
pub fn mlocked_vma_newpage(vma: Vma, page: Folio) -> bool {
    kfn!(mlocked_vma_newpage);
    if vma.vm_flags() & (VM_LOCKED | VM_IO) != VM_LOCKED {
        return false;
    }
    if !folio_test_set_mlocked(page) {
        mod_nr_mlock(1);
    }
    true
}

/// `__munlock_isolated_page()`, v3.12 to v5.17. Page locked and isolated, PG_mlocked cleared by the caller. Drops the
/// isolation reference. Left out: statistics.
fn __munlock_isolated_page(page: Folio) {
    kfn!(__munlock_isolated_page);
    if folio_mapcount(page) > 1 {
        try_to_munlock(page);
    }
    putback_lru(page);
}

// ----- munlock by pagevecs -----

/// `__munlock_pagevec()`, v3.12 to v5.17. The pages have a lookup reference each, which is dropped. Left out:
/// statistics.
fn __munlock_pagevec(pvec: &FolioBatch) {
    kfn!(__munlock_pagevec);
    let mut putback = FolioBatch::new();
    let mut isolated = FolioBatch::new();
    let mut cleared = 0;
    // Phase 1: isolation
    spin_lock_irq(LRUVEC_LOCK);
    for page in pvec.folios() {
        let was_set = folio_test_clear_mlocked(page);
        cleared += i64::from(was_set);
        if was_set && folio_test_lru(page) {
            // The lookup's reference serves as the isolation's.
            folio_clear_lru(page);
            lruvec_del_folio(page);
            isolated.add(page, 0);
        } else {
            putback.add(page, 0);
        }
    }
    // Until v4.11 pages that could not be isolated stayed counted (fix 70feee0e1ef3).
    mod_nr_mlock(if bug(bugs::C_V4) { -(isolated.count() as i64) } else { -cleared });
    spin_unlock_irq(LRUVEC_LOCK);
    // Not under the lru_lock: it could be the last.
    folio_batch_release(&mut putback, Owner::LookupBatch);
    // Phase 2: each alone
    let mut fast = FolioBatch::new();
    for page in isolated.folios() {
        folio_lock(page);
        if !__putback_lru_fast_prepare(page, &mut fast) {
            folio_get(page, Owner::Isolation);
            __munlock_isolated_page(page);
            folio_unlock(page);
            folio_put(page, Owner::LookupBatch);
        }
    }
    // Phase 3: those that nobody else can have mlocked
    if fast.count() != 0 {
        __pagevec_lru_add(&fast, Owner::LookupBatch);
    }
}

/// `__putback_lru_fast_prepare()`, v3.12 to v5.17. Page locked and isolated. True: it is evictable, unlocked, and in
/// the batch.
fn __putback_lru_fast_prepare(page: Folio, pvec: &mut FolioBatch) -> bool {
    kfn!(__putback_lru_fast_prepare);
    vm_bug_on_folio(peek_flags(page) & PG_LRU != 0, page, VmBug::LruSet);
    bug_on_unlocked(page);
    if folio_mapcount(page) > 1 || !folio_evictable(page) {
        return false;
    }
    folio_test_clear_unevictable(page);
    folio_unlock(page);
    pvec.add(page, 0);
    true
}

/// FOLL_GET: the page gets a lookup reference.
const FOLL_GET: u8 = 1;
/// FOLL_MLOCK: the page is mlocked if the VMA is.
const FOLL_MLOCK: u8 = 2;
/// FOLL_WRITE: only an entry that can be written counts.
const FOLL_WRITE: u8 = 4;

/// `follow_page_mask()` (mm/memory.c), v3.13: the entry at `addr` if it is present, with FOLL_WRITE if it is writable.
/// mmap_sem held, or the process is being torn down. Without FOLL_MIGRATION a migration entry is no page. With
/// FOLL_MLOCK a page that somebody has locked is left to reclaim. Left out: FOLL_TOUCH.
fn follow_page_mask(vma: Vma, addr: usize, flags: u8) -> Option<Pte> {
    kfn!(follow_page_mask);
    let mm = vma.mm();
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    let found = pte.is_present() && (flags & FOLL_WRITE == 0 || pte.is_writable());
    if let Some(page) = pte.page().filter(|_| found).map(|pfn| Folio(pfn as u8)) {
        if flags & FOLL_GET != 0 {
            folio_get(page, Owner::LookupBatch);
        }
        if flags & FOLL_MLOCK != 0 && vma.vm_flags() & VM_LOCKED != 0 {
            mlock_mapped(page);
        }
    }
    pte_unmap_unlock(mm);
    found.then_some(pte)
}

/// The part of [`follow_page_mask`] for FOLL_MLOCK. Page-table lock held: the entry's reference keeps migration away.
fn mlock_mapped(page: Folio) {
    if !folio_raw_mapping(page).is_null() && folio_trylock(page) {
        lru_add_drain();
        mlock_vma_page(page);
        folio_unlock(page);
    }
}

/// The page munlock finds at `addr`, with a reference. It passes by a migration entry: what clears PG_mlocked then is
/// the last unmap, unless a nonlinear VMA kept the page mapped and the entry is taken back. That it would wait there,
/// as the mails have it, is a variant.
fn follow_page_munlock(vma: Vma, addr: usize) -> Option<Folio> {
    let wait = bug(bugs::C_V5W) || !bug(bugs::MUNLOCK_SKIPS);
    loop {
        if let Some(pte) = follow_page_mask(vma, addr, FOLL_GET) {
            return pte.page().map(|pfn| Folio(pfn as u8));
        }
        if !wait || Pte(m().peek(vma.mm().pte(addr))).migration_pfn().is_none() {
            return None;
        }
        migration_entry_wait(vma.mm(), addr);
    }
}

/// `__munlock_pagevec_fill()`, v3.12 to v5.17: the pages that follow, up to one that is not there. Returns the address
/// after them. Left out: zones.
fn __munlock_pagevec_fill(pvec: &mut FolioBatch, mm: Mm, mut addr: usize, end: usize) -> usize {
    kfn!(__munlock_pagevec_fill);
    addr += 1;
    if addr >= end {
        return addr;
    }
    pte_offset_map_lock(mm);
    while addr < end {
        let Some(pfn) = ptep_get(mm, addr).page() else { break };
        folio_get(Folio(pfn as u8), Owner::LookupBatch);
        pvec.add(Folio(pfn as u8), addr);
        addr += 1;
    }
    pte_unmap_unlock(mm);
    addr
}

/// `munlock_vma_pages_range()`, v3.12 to v5.17. mmap_sem held for writing, or the process is being torn down. A page
/// behind a migration entry is left alone.
pub fn munlock_vma_pages_range(vma: Vma, start: usize, end: usize) {
    kfn!(munlock_vma_pages_range);
    vma.set_vm_flags(peek_vm_flags(vma) & !VM_LOCKED);
    let mut addr = start;
    while addr < end {
        let Some(page) = follow_page_munlock(vma, addr) else {
            addr += 1;
            continue;
        };
        let mut pvec = FolioBatch::new();
        pvec.add(page, addr);
        addr = __munlock_pagevec_fill(&mut pvec, vma.mm(), addr, end);
        __munlock_pagevec(&pvec);
    }
}

/// `munlock_vma_pages_all()` (mm/internal.h), v2.6.28 to v5.17.
pub fn munlock_vma_pages_all(vma: Vma) {
    kfn!(munlock_vma_pages_all);
    let place = vma.place();
    munlock_vma_pages_range(vma, place.start, place.end);
}

/// `vma->vm_flags` of a VMA that only the caller may change.
pub fn peek_vm_flags(vma: Vma) -> u64 {
    m().peek(vma.obj(Field::VmFlags))
}

// ----- the system calls -----

/// `mlock_fixup()`, v3.13, for a whole VMA. mmap_sem held for writing. Left out: splitting and merging, locked_vm.
fn mlock_fixup(vma: Vma, lock: bool) {
    kfn!(mlock_fixup);
    let old = peek_vm_flags(vma);
    if (old & VM_LOCKED != 0) == lock || old & VM_IO != 0 {
        return;
    }
    if lock {
        vma.set_vm_flags(old | VM_LOCKED);
    } else {
        munlock_vma_pages_all(vma);
    }
}

/// `do_mlock()`, v3.13, of the whole VMA that contains `addr`. mmap_sem held for writing.
fn do_mlock(mm: Mm, addr: usize, lock: bool) {
    kfn!(do_mlock);
    if let Some(vma) = mm.vma_lookup(addr) {
        mlock_fixup(vma, lock);
    }
}

/// The mlock system call, v3.13, on the whole VMA that contains `addr`. The caller holds `mm_users`. Left out: limits,
/// other CPUs' LRU batches, which are drained first.
pub fn mlock(mm: Mm, addr: usize) {
    lru_add_drain();
    mmap_write_lock(mm);
    do_mlock(mm, addr, true);
    let place = mm.vma_lookup(addr).map(Vma::place);
    mmap_write_unlock(mm);
    if let Some(place) = place {
        mm_populate(mm, place.start, place.end);
    }
}

/// The munlock system call, v3.13.
pub fn munlock(mm: Mm, addr: usize) {
    mmap_write_lock(mm);
    do_mlock(mm, addr, false);
    mmap_write_unlock(mm);
}

/// `__mm_populate()`, v3.9 to v5.17, with `__mlock_vma_pages_range()`: makes the pages of VM_LOCKED VMAs present, and
/// mlocks them. No lock held. Left out: VMAs that are not VM_LOCKED.
pub fn mm_populate(mm: Mm, start: usize, end: usize) {
    let mut addr = start;
    while addr < end {
        mmap_read_lock(mm);
        let mut locked = true;
        while addr < end && locked {
            let vma = mm.vma_lookup(addr).filter(|vma| peek_vm_flags(*vma) & VM_LOCKED != 0);
            match vma.map(|vma| populate_page(vma, addr)) {
                Some(VmFault::Retry) => locked = false,
                Some(VmFault::Sigbus | VmFault::Oom) => {
                    addr = end;
                }
                _ => addr += 1,
            }
        }
        if locked {
            mmap_read_unlock(mm);
        }
    }
}

/// The loop of `__get_user_pages()` with FOLL_MLOCK for one page. mmap_sem held; `Retry`: it has been dropped. Private
/// mappings get their copy in advance.
fn populate_page(vma: Vma, addr: usize) -> VmFault {
    let write = peek_vm_flags(vma) & (VM_WRITE | VM_SHARED) == VM_WRITE;
    let flags = FaultFlags { write, unshare: false, allow_retry: true, killable: true };
    let foll = FOLL_MLOCK | if write { FOLL_WRITE } else { 0 };
    while follow_page_mask(vma, addr, foll).is_none() {
        match handle_mm_fault(vma, addr, flags) {
            VmFault::Done => {}
            other => return other,
        }
    }
    VmFault::Done
}
