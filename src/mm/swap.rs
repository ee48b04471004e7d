//! `mm/swap.c`: putting folios, and the per-CPU batches on their way to the LRU.
//!
//! Of the batches only lru_add is modelled yet; activate, deactivate, lazyfree and move_tail are left out.

use super::page_alloc::free_unref_page;
use super::vmscan::folio_evictable;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::Folio;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::percpu::*;
use crate::linux::spinlock::{spin_lock_irq, spin_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// Takes the lru_lock of the folio's lruvec unless it is held already (`folio_lruvec_relock_irqsave`; one lruvec).
#[inline]
fn relock(locked: &mut bool) {
    if !*locked {
        spin_lock_irq(LRUVEC_LOCK);
        *locked = true;
    }
}

#[inline]
fn unlock(locked: bool) {
    if locked {
        spin_unlock_irq(LRUVEC_LOCK);
    }
}

/// `__folio_clear_lru_flags()` (include/linux/mm_inline.h), v6.12. lru_lock held, refcount 0. The three non-atomic
/// clears are one load and one store here: nobody else may touch the word. Both active and unevictable are left for the
/// bad-page report.
pub(super) fn __folio_clear_lru_flags(folio: Folio) {
    kfn!(__folio_clear_lru_flags);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU == 0, folio, VmBug::LruClear);
    __folio_clear_lru(folio);
    let both = PG_ACTIVE | PG_UNEVICTABLE;
    match peek_flags(folio) & both {
        PG_ACTIVE => __folio_clear_active(folio),
        PG_UNEVICTABLE => __folio_clear_unevictable(folio),
        _ => {}
    }
}

/// `__page_cache_release()`, v4.14 to v6.12. The caller moved the refcount to 0. Takes the folio off its LRU list; the
/// lru_lock stays held across folios. v4.x clears the flag before it unlinks, under the same lock; that order is left
/// out.
fn __page_cache_release(folio: Folio, locked: &mut bool) {
    kfn!(__page_cache_release);
    if folio_test_lru(folio) {
        relock(locked);
        lruvec_del_folio(folio);
        __folio_clear_lru_flags(folio);
    }
}

/// `__folio_put()`, v6.12 (`__put_page()` before v5.16). The caller moved the refcount to 0. Left out: hugetlb, zone
/// device, deferred split, memcg.
pub fn __folio_put(folio: Folio) {
    kfn!(__folio_put);
    let mut locked = false;
    __page_cache_release(folio, &mut locked);
    unlock(locked);
    free_unref_page(folio);
}

/// `folio_put()` (include/linux/mm.h): drops `owner`'s reference, frees the folio if it was the last.
pub fn folio_put(folio: Folio, owner: Owner) {
    kfn!(folio_put);
    vm_bug_on_ref_zero(folio);
    if folio_put_testzero(folio, owner) {
        __folio_put(folio);
    }
}

/// `folio_put_refs()` (include/linux/mm.h): as [`folio_put`] for `nr` references, without the kernel's check for 0.
pub fn folio_put_refs(folio: Folio, owner: Owner, nr: u32) {
    kfn!(folio_put_refs);
    if folio_ref_sub_and_test(folio, owner, nr) {
        __folio_put(folio);
    }
}

/// `lru_add()`, v6.12; `__pagevec_lru_add_fn()` before v5.0, which did not look at evictability. lru_lock held. Ends
/// with PG_lru set, which v6.12 does in the caller. Left out: mlock_count, workingset statistics.
fn lru_add(folio: Folio) {
    kfn!(lru_add);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    if !kernel().has_folios() {
        folio_set_lru(folio); // set, then linked: the other way round since v5.0
        return lruvec_add_folio(folio);
    }
    folio_test_clear_unevictable(folio);
    if !folio_evictable(folio) {
        folio_clear_active(folio);
        folio_set_unevictable(folio);
    }
    lruvec_add_folio(folio);
    folio_set_lru(folio);
}

/// `folio_batch_move_lru()` for the lru_add batch, v6.12. Local lock held. Files every folio of this CPU's batch and
/// drops the batch's references.
fn folio_batch_move_lru() {
    kfn!(folio_batch_move_lru);
    let mut fbatch = FolioBatch::new();
    let mut locked = false;
    for pfn in batch_take(Batch::LruAdd).iter() {
        let folio = Folio(pfn as u8);
        relock(&mut locked);
        lru_add(folio);
        m().note(Note::BatchFiled, folio.obj(Field::Lru), 0);
        fbatch.add(folio, 0);
    }
    unlock(locked);
    folios_put_refs(&fbatch, Owner::Batch);
}

/// `folio_add_lru()`, v6.12 (`lru_cache_add()` before). The caller holds a reference; the folio is on no list. Left
/// out: MGLRU, lru_cache_disabled.
pub fn folio_add_lru(folio: Folio) {
    kfn!(folio_add_lru);
    let both = PG_ACTIVE | PG_UNEVICTABLE;
    vm_bug_on_folio(peek_flags(folio) & both == both, folio, VmBug::ActiveUnevictable);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    folio_get(folio, Owner::Batch);
    local_lock();
    m().note(Note::BatchAdd, folio.obj(Field::Lru), m().cpu() as u32);
    if batch_push(Batch::LruAdd, folio) {
        folio_batch_move_lru();
    }
    local_unlock();
}

/// `lru_add_drain()`, v6.12: files what this CPU has batched. Left out: the other batches, mlock_drain_local.
pub fn lru_add_drain() {
    kfn!(lru_add_drain);
    local_lock();
    if !batch_entries(Batch::LruAdd).is_empty() && !bug(bugs::M_BATCH) {
        folio_batch_move_lru();
    }
    local_unlock();
}

/// `folios_put_refs()`, v6.12, with one reference of `owner` each (`release_pages()` up to v6.8, which strung the dead
/// pages on a list through their `lru` link). May be called with a spinlock held; never sleeps.
pub fn folios_put_refs(folios: &FolioBatch, owner: Owner) {
    kfn!(folios_put_refs);
    let mut locked = false;
    let mut free = FolioBatch::new();
    let linked = kernel() <= Kernel::V6_8;
    for folio in folios.folios() {
        if !folio_ref_sub_and_test(folio, owner, 1) {
            continue;
        }
        __page_cache_release(folio, &mut locked);
        if linked {
            private_list_add(folio);
        }
        free.add(folio, 0);
    }
    unlock(locked);
    for folio in free.folios() {
        if linked {
            private_list_del(folio);
        }
        free_unref_page(folio);
    }
}

/// `folio_batch_release()`, v6.12 (`pagevec_release()` before): drains this CPU's LRU batches once per batch, then
/// puts.
pub fn folio_batch_release(fbatch: &mut FolioBatch, owner: Owner) {
    kfn!(folio_batch_release);
    if fbatch.count() == 0 {
        return;
    }
    // `percpu_pvec_drained` came with v4.15.
    if kernel() == Kernel::V4_14 || !fbatch.drained {
        lru_add_drain();
        fbatch.drained = true;
    }
    folios_put_refs(fbatch, owner);
    fbatch.reinit();
}

pub fn folio_add_lru_vma(_folio: Folio, _vma: crate::linux::mm_types::Vma) {
    todo!()
}

pub fn folio_activate(_folio: Folio) {
    todo!()
}

pub fn folio_deactivate(_folio: Folio) {
    todo!()
}

pub fn deactivate_file_folio(_folio: Folio) {
    todo!()
}

pub fn folio_mark_lazyfree(_folio: Folio) {
    todo!()
}

pub fn folio_rotate_reclaimable(_folio: Folio) {
    todo!()
}

pub fn folio_mark_accessed(_folio: Folio) {
    todo!()
}

pub fn lru_add_drain_all() {
    todo!()
}

pub fn lru_cache_disable() {
    todo!()
}

pub fn lru_cache_enable() {
    todo!()
}
