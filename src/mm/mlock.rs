//! `mm/mlock.c`: mlock and munlock.
//!
//! PG_mlocked says that some VM_LOCKED VMA is believed to map the folio. How many do is counted in `mlock_count`, which
//! exists only while the folio is filed as unevictable; it may be too low.

pub mod pages;

use super::swap::{folios_put_refs, lru_add_drain};
use super::vmscan::folio_evictable;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock, mmap_write_lock, mmap_write_unlock};
use crate::linux::mm_inline::*;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_get;
use crate::linux::pagevec::FolioBatch;
use crate::linux::percpu::*;
use crate::linux::pgtable::{pte_offset_map_lock, pte_unmap_unlock, ptep_get};
use crate::linux::spinlock::{spin_lock_irq, spin_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// VM_SPECIAL, as far as the model has its bits.
const VM_SPECIAL: u64 = VM_IO;

/// Takes the lru_lock of the folio's lruvec unless it is held already (`folio_lruvec_relock_irq`; one lruvec).
#[inline]
fn relock(locked: &mut bool) {
    if !*locked {
        spin_lock_irq(LRUVEC_LOCK);
        *locked = true;
    }
}

const fn mlock_count(folio: Folio) -> Obj {
    folio.obj(Field::MlockCount)
}

/// LD `mlock_count`. lru_lock held, the folio filed as unevictable.
fn load_mlock_count(folio: Folio) -> u64 {
    m().load(mlock_count(folio), Order::Plain, Note::Nothing, 0)
}

/// ST `mlock_count`. lru_lock held, the folio filed as unevictable or about to be.
fn store_mlock_count(folio: Folio, count: u64) {
    m().store(mlock_count(folio), count, Order::Plain, Note::Nothing, 0);
}

/// Refiles an unevictable folio on an evictable list. lru_lock held, PG_lru cleared by the caller.
fn rescue(folio: Folio) {
    lruvec_del_folio(folio);
    folio_clear_unevictable(folio);
    lruvec_add_folio(folio);
}

// ----- processing a batch (MM-6.12 9.3) -----

/// `__mlock_folio()`, v5.18 to v6.12. Local lock held, and the lru_lock if `locked`, which it leaves held. Moves the
/// folio to the unevictable, or counts one more mlock. Left out: statistics.
fn __mlock_folio(folio: Folio, locked: &mut bool) {
    kfn!(__mlock_folio);
    // Off the LRU there is nothing to do: whoever files the folio looks at PG_mlocked.
    if !folio_test_clear_lru(folio) {
        return;
    }
    relock(locked);
    if folio_evictable(folio) {
        // munlocked meanwhile
        if folio_test_unevictable(folio) {
            rescue(folio);
        }
    } else if folio_test_unevictable(folio) {
        if folio_test_mlocked(folio) {
            store_mlock_count(folio, load_mlock_count(folio).wrapping_add(1));
        }
    } else {
        lruvec_del_folio(folio);
        folio_clear_active(folio);
        folio_set_unevictable(folio);
        store_mlock_count(folio, folio_test_mlocked(folio) as u64);
        lruvec_add_folio(folio);
    }
    folio_set_lru(folio);
}

/// `__mlock_new_folio()`, v5.18 to v6.12. Local lock held, and the lru_lock if `locked`, which it leaves held. Files a
/// folio that was on no list. Left out: statistics.
fn __mlock_new_folio(folio: Folio, locked: &mut bool) {
    kfn!(__mlock_new_folio);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    relock(locked);
    if bug(bugs::M_MLOCK_COUNT_FIRST) {
        store_mlock_count(folio, 0);
    }
    if !folio_evictable(folio) {
        folio_set_unevictable(folio);
        store_mlock_count(folio, folio_test_mlocked(folio) as u64);
    }
    lruvec_add_folio(folio);
    folio_set_lru(folio);
}

/// `__munlock_folio()`, v5.18 to v6.12. Local lock held, and the lru_lock if `locked`; it leaves that held if it took
/// it. Counts one mlock less; with the last, PG_mlocked goes, and the folio back to an evictable list. Left out:
/// statistics.
fn __munlock_folio(folio: Folio, locked: &mut bool) {
    kfn!(__munlock_folio);
    let isolated = folio_test_clear_lru(folio);
    if isolated {
        relock(locked);
        if folio_test_unevictable(folio) && count_down(folio) {
            folio_set_lru(folio);
            return;
        }
        // Not counted: taken for the last one. Reclaim sets it right otherwise.
    }
    if folio_test_clear_mlocked(folio) && !isolated && !bug(bugs::OPEN_MUNLOCK) {
        m().note(Note::MunlockMissed, folio.obj(Field::Flags), 0);
    }
    if isolated {
        // Evictable is to be tested after PG_mlocked was cleared.
        if folio_test_unevictable(folio) && folio_evictable(folio) && !bug(bugs::M_MUNLOCK_RESCUE) {
            rescue(folio);
        }
        folio_set_lru(folio);
    }
}

/// One mlock less, unless none is counted; true if some are left.
fn count_down(folio: Folio) -> bool {
    let count = load_mlock_count(folio);
    if count != 0 && !bug(bugs::M_MUNLOCK_COUNT) {
        store_mlock_count(folio, count - 1);
    }
    count > 1
}

/// `mlock_folio_batch()`, v5.18 to v6.12. Local lock held. Deals with every entry of this CPU's mlock batch and drops
/// their references.
fn mlock_folio_batch() {
    kfn!(mlock_folio_batch);
    let mut fbatch = FolioBatch::new();
    let mut locked = false;
    for (folio, tag) in mlock_batch_entries() {
        let link = folio.obj(Field::Lru);
        match tag {
            MlockTag::Lru => __mlock_folio(folio, &mut locked),
            MlockTag::New => __mlock_new_folio(folio, &mut locked),
            MlockTag::Munlock => __munlock_folio(folio, &mut locked),
        }
        match tag {
            MlockTag::New => m().note(Note::BatchFiled, link, 0),
            _ => m().note(Note::BatchDone, link, Batch::Mlock as u32),
        }
        fbatch.add(folio, 0);
    }
    if locked {
        spin_unlock_irq(LRUVEC_LOCK);
    }
    folios_put_refs(&fbatch, Owner::MlockBatch);
    mlock_batch_reinit();
}

/// `mlock_drain_local()`, v5.18 to v6.12: deals with what this CPU has batched.
pub fn mlock_drain_local() {
    kfn!(mlock_drain_local);
    local_lock();
    if !batch_entries(Batch::Mlock).is_empty() {
        mlock_folio_batch();
    }
    local_unlock();
}

/// `need_mlock_drain()`, v5.18 to v6.12: a racy look at another CPU's batch.
pub fn need_mlock_drain(cpu: usize) -> bool {
    kfn!(need_mlock_drain);
    batch_count_remote(Batch::Mlock, cpu) != 0
}

// ----- queueing (MM-6.12 9.2) -----

/// A reference and an entry in this CPU's batch, which is dealt with at once if it is full or batching is switched off.
/// Local lock held.
fn queue(folio: Folio, tag: MlockTag) {
    folio_get(folio, Owner::MlockBatch);
    let link = folio.obj(Field::Lru);
    match tag {
        MlockTag::New => m().note(Note::BatchAdd, link, m().cpu() as u32),
        _ => m().note(Note::BatchMark, link, Batch::Mlock as u32),
    }
    if mlock_batch_push(folio, tag) || lru_cache_disabled() {
        mlock_folio_batch();
    }
}

/// `mlock_folio()`, v5.18 to v6.12. The caller holds a reference, or the lock of a page table that maps the folio. Left
/// out: statistics.
pub fn mlock_folio(folio: Folio) {
    kfn!(mlock_folio);
    local_lock();
    folio_test_set_mlocked(folio);
    queue(folio, MlockTag::Lru);
    local_unlock();
}

/// `mlock_new_folio()`, v5.18 to v6.12. The caller holds a reference; the folio is on no list, and this replaces
/// `folio_add_lru()`. Left out: statistics.
pub fn mlock_new_folio(folio: Folio) {
    kfn!(mlock_new_folio);
    local_lock();
    folio_set_mlocked(folio);
    queue(folio, MlockTag::New);
    local_unlock();
}

/// `munlock_folio()`, v5.18 to v6.12. The caller holds a reference, or the lock of a page table that maps the folio.
/// PG_mlocked is left to the batch.
pub fn munlock_folio(folio: Folio) {
    kfn!(munlock_folio);
    local_lock();
    queue(folio, MlockTag::Munlock);
    local_unlock();
}

/// `mlock_vma_folio()` (mm/internal.h), v6.12. Page-table lock held. A VMA with VM_LOCKED and VM_IO is being walked by
/// [`mlock_vma_pages_range`], which counts the folio itself.
pub fn mlock_vma_folio(folio: Folio, vma: Vma) {
    kfn!(mlock_vma_folio);
    if kernel().mlocks_pages() {
        return;
    }
    if vma.vm_flags() & (VM_LOCKED | VM_SPECIAL) == VM_LOCKED {
        mlock_folio(folio);
    }
}

/// `munlock_vma_folio()` (mm/internal.h), v6.12. Page-table lock held.
pub fn munlock_vma_folio(folio: Folio, vma: Vma) {
    kfn!(munlock_vma_folio);
    if vma.vm_flags() & VM_LOCKED != 0 {
        munlock_folio(folio);
    }
}

// ----- the system calls (MM-6.12 9.5) -----

/// `mlock_pte_range()`, v5.18 to v6.12. mmap_lock held for writing. Counts, or counts down, every page mapped now.
fn mlock_pte_range(vma: Vma, lock: bool) {
    kfn!(mlock_pte_range);
    let place = vma.place();
    pte_offset_map_lock(vma.mm());
    for addr in place.start..place.end {
        let Some(pfn) = ptep_get(vma.mm(), addr).page() else { continue };
        let folio = Folio(pfn as u8);
        if lock {
            mlock_folio(folio);
        } else {
            munlock_folio(folio);
        }
    }
    pte_unmap_unlock(vma.mm());
}

/// `mlock_vma_pages_range()`, v5.18 to v6.12. mmap_lock held for writing. Gives the VMA its new flags and walks its
/// pages; VM_IO beside VM_LOCKED tells rmap walkers meanwhile not to count them a second time.
fn mlock_vma_pages_range(vma: Vma, flags: u64) {
    kfn!(mlock_vma_pages_range);
    let lock = flags & VM_LOCKED != 0;
    vma.set_vm_flags(if lock { flags | VM_IO } else { flags });
    if !lock {
        m().note(Note::MunlockBegin, vma.obj(Field::VmFlags), vma.0 as u32);
    }
    lru_add_drain();
    mlock_pte_range(vma, lock);
    lru_add_drain();
    if lock {
        vma.set_vm_flags(flags);
    } else {
        m().note(Note::MunlockEnd, vma.obj(Field::VmFlags), vma.0 as u32);
    }
}

/// `mlock_fixup()`, v6.12, for a whole VMA. mmap_lock held for writing. Left out: splitting and merging, locked_vm,
/// VM_LOCKONFAULT.
fn mlock_fixup(vma: Vma, lock: bool) {
    kfn!(mlock_fixup);
    let old = m().peek(vma.obj(Field::VmFlags));
    let new = if lock { old | VM_LOCKED } else { old & !VM_LOCKED };
    if new == old || old & (VM_SPECIAL | VM_DROPPABLE) != 0 {
        return;
    }
    mlock_vma_pages_range(vma, new);
}

/// `apply_vma_lock_flags()`, v6.12, for the VMA that contains `addr`. mmap_lock held for writing.
fn apply_vma_lock_flags(mm: Mm, addr: usize, lock: bool) {
    kfn!(apply_vma_lock_flags);
    if let Some(vma) = mm.vma_lookup(addr) {
        mlock_fixup(vma, lock);
    }
}

/// `do_mlock()`, v6.12, of the whole VMA that contains `addr`. The caller holds `mm_users`. Left out: limits, faulting
/// the pages in afterwards (`__mm_populate`).
pub fn do_mlock(mm: Mm, addr: usize) {
    if kernel().mlocks_pages() {
        return pages::mlock(mm, addr);
    }
    kfn!(do_mlock);
    mmap_write_lock(mm);
    apply_vma_lock_flags(mm, addr, true);
    mmap_write_unlock(mm);
}

/// The munlock system call, v6.12, on the whole VMA that contains `addr`. The caller holds `mm_users`.
pub fn do_munlock(mm: Mm, addr: usize) {
    if kernel().mlocks_pages() {
        return pages::munlock(mm, addr);
    }
    if bug(bugs::M_MUNLOCK_SHARED) {
        mmap_read_lock(mm);
        apply_vma_lock_flags(mm, addr, false);
        return mmap_read_unlock(mm);
    }
    mmap_write_lock(mm);
    apply_vma_lock_flags(mm, addr, false);
    mmap_write_unlock(mm);
}
