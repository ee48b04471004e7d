//! `mm/swap.c`: putting folios, and the per-CPU batches on their way to, or between, the LRU lists.
//!
//! Left out: MGLRU, workingset statistics. `put_pages_list()` has no caller: who puts several folios has them in a
//! folio_batch.

use super::mlock::pages::mlocked_vma_newpage;
use super::mlock::{mlock_drain_local, mlock_new_folio, need_mlock_drain};
use super::page_alloc::{free_unref_folios, free_unref_page, free_unref_page_list, list_add_dead};
use super::vmscan::{add_page_to_unevictable_list, folio_evictable};
use super::{bug, fs_buffer, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::{Folio, Vma};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::{folio_mapped, folio_test_anon};
use crate::linux::pagevec::FolioBatch;
use crate::linux::percpu::*;
use crate::linux::rcupdate::synchronize_rcu;
use crate::linux::rwsem::{RwSem, down_write, up_write};
use crate::linux::sched::{local_irq_disable, local_irq_enable};
use crate::linux::service::{flush_work, queue_work_on};
use crate::linux::spinlock::{spin_lock_irq, spin_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// Takes the lru_lock of the folio's lruvec unless it is held already (`folio_lruvec_relock_irqsave`; one lruvec).
#[inline]
pub(super) fn relock(locked: &mut bool) {
    if !*locked {
        spin_lock_irq(LRUVEC_LOCK);
        *locked = true;
    }
}

#[inline]
pub(super) fn unlock(locked: bool) {
    if locked {
        spin_unlock_irq(LRUVEC_LOCK);
    }
}

/// `__folio_clear_lru_flags()` (include/linux/mm_inline.h), v6.12; `page_off_lru()` before v5.12, which clears the flag
/// that is set. lru_lock held, refcount 0: nobody else may change the word, so the clears are not atomic. Both active
/// and unevictable are left for the bad-page report.
pub(super) fn __folio_clear_lru_flags(folio: Folio) {
    kfn!(__folio_clear_lru_flags);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU == 0, folio, VmBug::LruClear);
    __folio_clear_lru(folio);
    let both = PG_ACTIVE | PG_UNEVICTABLE;
    let set = peek_flags(folio) & both;
    let clears = |flag: u64| if kernel().has_folios() { set != both } else { set == flag };
    if clears(PG_ACTIVE) && !bug(bugs::M_FREE_ACTIVE) {
        __folio_clear_active(folio);
    }
    if clears(PG_UNEVICTABLE) && !bug(bugs::M_FREE_UNEVICTABLE) {
        __folio_clear_unevictable(folio);
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
        if bug(bugs::M_PUT_FREED) {
            folio_ref_sub_and_test(folio, owner, nr);
        }
    }
}

// ----- what a drain does with a folio (MM-6.12 5.4) -----

/// `lru_add()`, v6.12; `__pagevec_lru_add_fn()` before v5.0, which did not look at evictability and set PG_lru itself.
/// lru_lock held. Left out: workingset statistics.
fn lru_add(folio: Folio) {
    kfn!(lru_add);
    if kernel() < Kernel::V5_0 {
        vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
        folio_set_lru(folio); // set, then linked: the other way round since v5.11
        return lruvec_add_folio(folio);
    }
    folio_test_clear_unevictable(folio);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    if !kernel().has_folios() {
        folio_set_lru(folio);
        m().barrier(Order::Full);
    }
    if !folio_evictable(folio) {
        if !bug(bugs::M_UNEVICTABLE_ACTIVE) {
            folio_clear_active(folio);
        }
        folio_set_unevictable(folio);
        if kernel().has_folios() {
            folio_set_mlock_count(folio, 0);
        }
    }
    lruvec_add_folio(folio);
}

/// `lru_activate()`, v6.12. lru_lock held, PG_lru cleared by the drain.
fn lru_activate(folio: Folio) {
    kfn!(lru_activate);
    if folio_test_active(folio) || folio_test_unevictable(folio) {
        return;
    }
    lruvec_del_folio(folio);
    folio_set_active(folio);
    if !bug(bugs::M_ACTIVATE_UNFILED) {
        lruvec_add_folio(folio);
    }
}

/// `lru_deactivate()`, v6.12. lru_lock held, PG_lru cleared by the drain.
fn lru_deactivate(folio: Folio) {
    kfn!(lru_deactivate);
    if folio_test_unevictable(folio) || !folio_test_active(folio) {
        return;
    }
    lruvec_del_folio(folio);
    folio_clear_active(folio);
    folio_clear_referenced(folio);
    lruvec_add_folio(folio);
}

/// `lru_deactivate_file()`, v6.12. lru_lock held, PG_lru cleared by the drain. A mapped folio is in use. What must be
/// written first goes to the head, marked for the completion to move it to the tail.
fn lru_deactivate_file(folio: Folio) {
    kfn!(lru_deactivate_file);
    if folio_test_unevictable(folio) || folio_mapped(folio) {
        return;
    }
    lruvec_del_folio(folio);
    folio_clear_active(folio);
    folio_clear_referenced(folio);
    if folio_test_writeback(folio) || folio_test_dirty(folio) {
        lruvec_add_folio(folio);
        folio_set_reclaim(folio);
    } else {
        lruvec_add_folio_tail(folio);
    }
}

/// `lru_lazyfree()`, v6.12. lru_lock held, PG_lru cleared by the drain. Without PG_swapbacked the folio is reclaimed by
/// being dropped: it goes to the inactive file list.
fn lru_lazyfree(folio: Folio) {
    kfn!(lru_lazyfree);
    if !folio_test_anon(folio)
        || !folio_test_swapbacked(folio)
        || folio_test_swapcache(folio)
        || folio_test_unevictable(folio)
    {
        return;
    }
    lruvec_del_folio(folio);
    folio_clear_active(folio);
    folio_clear_referenced(folio);
    folio_clear_swapbacked(folio);
    lruvec_add_folio(folio);
}

/// `lru_move_tail()`, v6.12. lru_lock held, PG_lru cleared by the drain.
fn lru_move_tail(folio: Folio) {
    kfn!(lru_move_tail);
    if folio_test_unevictable(folio) {
        return;
    }
    lruvec_del_folio(folio);
    folio_clear_active(folio);
    lruvec_add_folio_tail(folio);
}

/// The `move_fn_t` of each batch.
fn move_fn(batch: Batch) -> fn(Folio) {
    match batch {
        Batch::LruMoveTail => lru_move_tail,
        Batch::LruDeactivateFile => lru_deactivate_file,
        Batch::LruDeactivate => lru_deactivate,
        Batch::LruLazyfree => lru_lazyfree,
        Batch::LruActivate => lru_activate,
        Batch::LruAdd | Batch::Mlock => lru_add,
    }
}

/// Whether the drain owns the folio's LRU position: it files what lru_add brings, and must win PG_lru of the others,
/// unless (v6.12.0) that was done before they were queued. Before v5.11 the lru_lock decides.
fn drain_owns(batch: Batch, folio: Folio, locked: &mut bool) -> bool {
    if !kernel().has_folios() && batch != Batch::LruAdd {
        relock(locked);
        return folio_test_lru(folio);
    }
    batch == Batch::LruAdd || m().model().lru_batch_clear_first || folio_test_clear_lru(folio)
}

/// `folio_batch_move_lru()`, v6.5 to v6.12 (`pagevec_lru_move_fn()` before). Local lock held; interrupts off for
/// move_tail. Deals with every folio of this CPU's batch and drops the batch's references, the skipped ones' too. The
/// entries stay visible to a remote look until then.
fn folio_batch_move_lru(batch: Batch) {
    kfn!(folio_batch_move_lru);
    let mut fbatch = FolioBatch::new();
    let mut locked = false;
    for pfn in batch_entries(batch).iter() {
        let folio = Folio(pfn as u8);
        fbatch.add(folio, 0);
        if drain_owns(batch, folio, &mut locked) {
            relock(&mut locked);
            move_fn(batch)(folio);
            if kernel().has_folios() {
                folio_set_lru(folio);
            }
        }
        match batch {
            Batch::LruAdd => m().note(Note::BatchFiled, folio.obj(Field::Lru), 0),
            _ => m().note(Note::BatchDone, folio.obj(Field::Lru), batch as u32),
        }
    }
    unlock(locked || bug(bugs::M_UNLOCK_TWICE));
    folios_put_refs(&fbatch, Owner::Batch);
    batch_take(batch);
}

// ----- entering a batch (MM-6.12 5.3) -----

/// `folio_batch_add_and_move()`, v6.12. The caller holds a reference, or something it controls keeps one. Left out:
/// large folios, which are moved at once. The lock of move_tail (`lock_irq`) is left out: interrupts run on a CPU of
/// their own here, where the lock of the other batches serves.
fn folio_batch_add_and_move(folio: Folio, batch: Batch) {
    kfn!(folio_batch_add_and_move);
    let on_lru = batch != Batch::LruAdd;
    if on_lru && m().model().lru_batch_clear_first && !folio_test_clear_lru(folio) {
        return;
    }
    folio_get(folio, Owner::Batch);
    local_lock();
    let (note, aux) = if on_lru { (Note::BatchMark, batch as u32) } else { (Note::BatchAdd, m().cpu() as u32) };
    m().note(note, folio.obj(Field::Lru), aux);
    if batch_push(batch, folio) || lru_cache_disabled() {
        folio_batch_move_lru(batch);
    }
    local_unlock();
}

/// The look at PG_lru before a filed folio is queued. v6.12.0 has none: the test-and-clear decides.
fn looks_filed(folio: Folio) -> bool {
    m().model().lru_batch_clear_first || folio_test_lru(folio)
}

/// `folio_add_lru()`, v6.12 (`lru_cache_add()` before). The caller holds a reference; the folio is on no list. Before
/// v5.14 `lru_cache_disable()` did not exist. Left out: MGLRU.
pub fn folio_add_lru(folio: Folio) {
    kfn!(folio_add_lru);
    let both = PG_ACTIVE | PG_UNEVICTABLE;
    vm_bug_on_folio(peek_flags(folio) & both == both, folio, VmBug::ActiveUnevictable);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    if kernel().has_folios() {
        return folio_batch_add_and_move(folio, Batch::LruAdd);
    }
    folio_get(folio, Owner::Batch);
    local_lock();
    m().note(Note::BatchAdd, folio.obj(Field::Lru), m().cpu() as u32);
    if batch_push(Batch::LruAdd, folio) {
        folio_batch_move_lru(Batch::LruAdd);
    }
    local_unlock();
}

/// `folio_add_lru_vma()`, v6.12. As [`folio_add_lru`], for a new folio of `vma`; mmap_lock held.
pub fn folio_add_lru_vma(folio: Folio, vma: Vma) {
    if kernel().mlocks_pages() {
        return lru_cache_add_active_or_unevictable(folio, vma);
    }
    kfn!(folio_add_lru_vma);
    vm_bug_on_folio(peek_flags(folio) & PG_LRU != 0, folio, VmBug::LruSet);
    if vma.vm_flags() & (VM_LOCKED | VM_IO) == VM_LOCKED {
        mlock_new_folio(folio);
    } else {
        folio_add_lru(folio);
    }
}

/// `lru_cache_add_active_or_unevictable()`, v4.5 to v5.8; the end of `page_add_new_anon_rmap()` before. A new page of
/// `vma`, on no list; mmap_sem held.
fn lru_cache_add_active_or_unevictable(page: Folio, vma: Vma) {
    kfn!(lru_cache_add_active_or_unevictable);
    if !mlocked_vma_newpage(vma, page) {
        folio_set_active(page);
        folio_add_lru(page);
    } else if kernel() >= Kernel::V5_0 {
        folio_add_lru(page);
    } else {
        add_page_to_unevictable_list(page);
    }
}

/// `__pagevec_lru_add()`, up to v5.17, of a batch on the caller's stack: files the pages, which are on no list, and
/// drops `owner`'s references.
pub fn __pagevec_lru_add(pvec: &FolioBatch, owner: Owner) {
    kfn!(__pagevec_lru_add);
    spin_lock_irq(LRUVEC_LOCK);
    for page in pvec.folios() {
        lru_add(page);
    }
    spin_unlock_irq(LRUVEC_LOCK);
    folios_put_refs(pvec, owner);
}

/// `folio_activate()`, v6.12. The caller holds a reference.
pub fn folio_activate(folio: Folio) {
    kfn!(folio_activate);
    if !folio_test_active(folio) && !folio_test_unevictable(folio) && looks_filed(folio) {
        folio_batch_add_and_move(folio, Batch::LruActivate);
    }
}

/// `folio_deactivate()`, v6.12. The caller holds a reference, or the page-table lock of an entry that maps the folio.
pub fn folio_deactivate(folio: Folio) {
    kfn!(folio_deactivate);
    if !folio_test_unevictable(folio) && looks_filed(folio) && folio_test_active(folio) {
        folio_batch_add_and_move(folio, Batch::LruDeactivate);
    }
}

/// `deactivate_file_folio()`, v6.5 to v6.12: the folio should be reclaimed soon. The caller holds a reference. v6.5 and
/// v6.8 leave PG_lru to the drain.
pub fn deactivate_file_folio(folio: Folio) {
    kfn!(deactivate_file_folio);
    if !folio_test_unevictable(folio) && (kernel() < Kernel::V6_12 || looks_filed(folio)) {
        folio_batch_add_and_move(folio, Batch::LruDeactivateFile);
    }
}

/// `folio_mark_lazyfree()`, v6.12. The caller holds a reference, or the page-table lock of an entry that maps the
/// folio.
pub fn folio_mark_lazyfree(folio: Folio) {
    kfn!(folio_mark_lazyfree);
    if folio_test_anon(folio)
        && folio_test_swapbacked(folio)
        && looks_filed(folio)
        && !folio_test_swapcache(folio)
        && !folio_test_unevictable(folio)
    {
        folio_batch_add_and_move(folio, Batch::LruLazyfree);
    }
}

/// `folio_rotate_reclaimable()`, v6.12: writeback of a folio that reclaim waits for is over. In interrupt context; the
/// caller holds no reference, PG_writeback keeps the cache's.
pub fn folio_rotate_reclaimable(folio: Folio) {
    kfn!(folio_rotate_reclaimable);
    if folio_test_locked(folio) || folio_test_dirty(folio) || folio_test_unevictable(folio) || !looks_filed(folio) {
        return;
    }
    local_irq_disable();
    folio_batch_add_and_move(folio, Batch::LruMoveTail);
    local_irq_enable();
}

/// `__lru_cache_activate_folio()`, v6.12. The folio may wait in this CPU's lru_add batch: then it cannot be filed
/// before the local lock is dropped. Another CPU's batch is left alone for that reason.
fn __lru_cache_activate_folio(folio: Folio) {
    kfn!(__lru_cache_activate_folio);
    local_lock();
    if batch_entries(Batch::LruAdd).contains(folio.pfn()) {
        folio_set_active(folio);
    }
    local_unlock();
}

/// `folio_mark_accessed()`, v6.12. The caller holds a reference. Left out: MGLRU, idle tracking, workingset statistics.
pub fn folio_mark_accessed(folio: Folio) {
    kfn!(folio_mark_accessed);
    if !folio_test_referenced(folio) {
        return folio_set_referenced(folio);
    }
    if folio_test_unevictable(folio) || folio_test_active(folio) {
        return;
    }
    if folio_test_lru(folio) {
        folio_activate(folio);
    } else {
        __lru_cache_activate_folio(folio);
    }
    folio_clear_referenced(folio);
}

// ----- draining (MM-6.12 5.5) -----

/// `lru_add_drain_cpu()`, v6.12, for the CPU the caller runs on. Local lock held.
fn lru_add_drain_cpu() {
    kfn!(lru_add_drain_cpu);
    for batch in Batch::LRU {
        let skipped = batch == Batch::LruAdd && bug(bugs::M_BATCH);
        if batch_entries(batch).is_empty() || skipped {
            continue;
        }
        let irq = batch == Batch::LruMoveTail;
        if irq {
            local_irq_disable();
        }
        folio_batch_move_lru(batch);
        if irq {
            local_irq_enable();
        }
    }
}

/// `lru_add_drain()`, v6.12: deals with what this CPU has batched, for mlock, too. The mlock batch came with v5.18.
pub fn lru_add_drain() {
    kfn!(lru_add_drain);
    local_lock();
    lru_add_drain_cpu();
    local_unlock();
    if kernel().has_folios() {
        mlock_drain_local();
    }
}

/// `lru_add_and_bh_lrus_drain()`, v6.12: what the work item of [`lru_add_drain_all`] does on its CPU.
fn lru_add_and_bh_lrus_drain() {
    kfn!(lru_add_and_bh_lrus_drain);
    local_lock();
    lru_add_drain_cpu();
    local_unlock();
    fs_buffer::invalidate_bh_lrus_cpu();
    mlock_drain_local();
}

/// `lru_add_drain_per_cpu()`, v6.12: the work item.
fn lru_add_drain_per_cpu() {
    kfn!(lru_add_drain_per_cpu);
    lru_add_and_bh_lrus_drain();
}

/// Does on behalf of `cpu` what its work item would: for a CPU that has no worker, or whose tasks are over. The caller
/// holds no local lock.
pub fn lru_add_drain_for(cpu: usize) {
    let here = m().cpu();
    m().set_cpu(cpu);
    lru_add_drain_per_cpu();
    m().set_cpu(here);
}

/// `cpu_needs_drain()`, v6.12: a racy look at another CPU's batches. Left out: its buffer-head LRU.
fn cpu_needs_drain(cpu: usize) -> bool {
    kfn!(cpu_needs_drain);
    Batch::LRU.into_iter().any(|batch| batch_count_remote(batch, cpu) != 0) || need_mlock_drain(cpu)
}

/// `__lru_add_drain_all()`, v6.12. May sleep. A caller that waited for the mutex while somebody else drained from the
/// start has nothing left to do, unless `force_all_cpus`. The CPUs of the service tasks have no worker: the caller
/// stands in for it, as it would wait for it.
fn __lru_add_drain_all(force_all_cpus: bool) {
    kfn!(__lru_add_drain_all);
    m().barrier(Order::Full);
    let this_gen = lru_drain_gen();
    down_write(RwSem::lru_drain());
    if lru_drain_gen_next((!force_all_cpus).then_some(this_gen)) {
        m().barrier(Order::Full);
        let mut has_work = [false; PROCESSORS];
        for (cpu, work) in has_work.iter_mut().enumerate() {
            *work = cpu_needs_drain(cpu);
            if *work && cpu < CPUS {
                queue_work_on(cpu, lru_add_drain_per_cpu);
            }
        }
        for (cpu, _) in has_work.into_iter().enumerate().filter(|(_, work)| *work) {
            if cpu < CPUS { flush_work(cpu) } else { lru_add_drain_for(cpu) }
        }
    }
    up_write(RwSem::lru_drain());
}

/// `lru_add_drain_all()`, v6.12: on return no batch holds what was in it at the call. May sleep.
pub fn lru_add_drain_all() {
    kfn!(lru_add_drain_all);
    __lru_add_drain_all(false);
}

/// `lru_cache_disable()`, v6.12: until [`lru_cache_enable`] no folio stays in a batch, on any CPU. Whoever has not seen
/// the count has its preemption off, which the grace period waits for. May sleep.
pub fn lru_cache_disable() {
    kfn!(lru_cache_disable);
    lru_disable_count_add(1);
    synchronize_rcu();
    __lru_add_drain_all(true);
}

/// `lru_cache_enable()`, v6.12.
pub fn lru_cache_enable() {
    kfn!(lru_cache_enable);
    lru_disable_count_add(-1);
}

// ----- batched puts (MM-6.12 1.3) -----

/// `folios_put_refs()`, v6.9 to v6.12, with one reference of `owner` each; [`release_pages`] before. May be called with
/// a spinlock held; never sleeps.
pub fn folios_put_refs(folios: &FolioBatch, owner: Owner) {
    if kernel() <= Kernel::V6_8 {
        return release_pages(folios, owner);
    }
    kfn!(folios_put_refs);
    let mut locked = false;
    let mut free = FolioBatch::new();
    for folio in folios.folios() {
        if folio_ref_sub_and_test(folio, owner, 1) {
            __page_cache_release(folio, &mut locked);
            free.add(folio, 0);
        }
    }
    unlock(locked);
    free_unref_folios(&free);
}

/// `release_pages()`, up to v6.8 (ERAS D.F10): as [`folios_put_refs`], but the dead pages are strung on a list through
/// their `lru` link, which only PG_lru tells to be unused.
fn release_pages(folios: &FolioBatch, owner: Owner) {
    kfn!(release_pages);
    let mut locked = false;
    let mut pages_to_free = FolioBatch::new();
    for folio in folios.folios() {
        if folio_put_testzero(folio, owner) {
            __page_cache_release(folio, &mut locked);
            list_add_dead(folio, &mut pages_to_free);
        }
    }
    unlock(locked);
    free_unref_page_list(&pages_to_free);
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
