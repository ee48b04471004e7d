//! `mm/filemap.c`: the page cache, and waiting for folio bits.

use super::swap::{folio_add_lru, folio_put, folio_put_refs};
use super::{bug, kernel, page_alloc::folio_alloc};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::rwsem::{RwSem, down_read, up_read};
use crate::linux::sched::might_sleep;
use crate::linux::spinlock::*;
use crate::linux::wait::{self, WaitQueue};
use crate::linux::xarray::*;
use crate::machine::m;
use crate::vocab::*;

/// Bit number of PG_locked, for wait queues.
const LOCKED: u8 = PG_LOCKED.trailing_zeros() as u8;
/// Bit number of PG_writeback, for wait queues.
const WRITEBACK: u8 = PG_WRITEBACK.trailing_zeros() as u8;
/// `sysctl_page_lock_unfairness`: rounds a waiter may lose the lock to a stealer before it is handed over. 5 in Linux;
/// the hand-off must be reachable within a few operations here.
const PAGE_LOCK_UNFAIRNESS: i32 = 1;

fn vm_bug_not_locked(folio: Folio) {
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::NotLocked);
}

// ----- removal (MM-6.12 3.6) -----

fn nrpages_add(mapping: AddressSpace, nr: i64) {
    let add = |v: u64| Some(v.wrapping_add_signed(nr));
    let _ = m().rmw(mapping.obj(Field::NrPages), Order::Plain, Note::Nothing, mapping.aux(), add);
}

/// `page_cache_delete()`, v4.14 to v6.12. i_pages held, folio locked. Empties the slot, **then** clears
/// `folio->mapping`; the index stays. Left out: shadows.
fn page_cache_delete(mapping: AddressSpace, folio: Folio) {
    kfn!(page_cache_delete);
    vm_bug_not_locked(folio);
    let index = folio_index(folio);
    xas_store(mapping, index, None);
    folio_clear_mapping(folio);
    nrpages_add(mapping, -1);
}

/// `filemap_unaccount_folio()`, v6.12: only its check that the folio is not mapped. Left out: statistics, the warning
/// for a dirty folio, the repair of a mapped folio without CONFIG_DEBUG_VM.
fn filemap_unaccount_folio(folio: Folio) {
    kfn!(filemap_unaccount_folio);
    vm_bug_on_folio(m().peek(folio.obj(Field::Mapcount)) != 0, folio, VmBug::Mapped);
}

/// `__filemap_remove_folio()`, v6.12. i_pages held, folio locked.
pub(super) fn __filemap_remove_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(__filemap_remove_folio);
    filemap_unaccount_folio(folio);
    page_cache_delete(mapping, folio);
}

/// `filemap_free_folio()`, v6.12 (`page_cache_free_page()` before). Dereferences `mapping->a_ops`: the folio is
/// detached by now, so the caller must pin the inode. Drops the cache's reference.
fn filemap_free_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(filemap_free_folio);
    let _free_folio = mapping_aops(mapping) & AOPS_FREE_FOLIO;
    folio_put_refs(folio, Owner::PageCache, 1);
    if bug(bugs::M_DOUBLE_PUT) {
        folio_put_refs(folio, Owner::PageCache, 1);
    }
}

/// The removal locks: `host->i_lock` outside i_pages since v5.16; only the tree lock before.
fn lock_for_removal(mapping: AddressSpace) {
    if kernel().has_folios() {
        spin_lock(SpinLock::i_lock(mapping));
    }
    xa_lock_irq(mapping);
}

fn unlock_after_removal(mapping: AddressSpace) {
    xa_unlock_irq(mapping);
    if kernel().has_folios() {
        spin_unlock(SpinLock::i_lock(mapping));
    }
}

/// `filemap_remove_folio()`, v6.12 (`delete_from_page_cache()` before). Folio locked and in `mapping`, caller holds a
/// reference and pins the inode. Left out: the inode LRU.
pub fn filemap_remove_folio(mapping: AddressSpace, folio: Folio) {
    kfn!(filemap_remove_folio);
    vm_bug_not_locked(folio);
    lock_for_removal(mapping);
    __filemap_remove_folio(mapping, folio);
    unlock_after_removal(mapping);
    filemap_free_folio(mapping, folio);
}

/// `page_cache_delete_batch()`, v6.12. i_pages held, every folio locked. Clears `folio->mapping`, **then** empties the
/// slot: the reverse of [`page_cache_delete`].
fn page_cache_delete_batch(mapping: AddressSpace, fbatch: &FolioBatch) {
    kfn!(page_cache_delete_batch);
    for folio in fbatch.folios() {
        let index = folio_index(folio);
        vm_bug_not_locked(folio);
        folio_clear_mapping(folio);
        xas_store(mapping, index, None);
    }
    nrpages_add(mapping, -(fbatch.count() as i64));
}

/// `delete_from_page_cache_batch()`, v4.15 to v6.12. Every folio locked and in `mapping`; the caller pins the inode and
/// holds a reference on each.
pub fn delete_from_page_cache_batch(mapping: AddressSpace, fbatch: &FolioBatch) {
    kfn!(delete_from_page_cache_batch);
    if fbatch.count() == 0 {
        return;
    }
    lock_for_removal(mapping);
    for folio in fbatch.folios() {
        filemap_unaccount_folio(folio);
    }
    page_cache_delete_batch(mapping, fbatch);
    unlock_after_removal(mapping);
    for folio in fbatch.folios() {
        filemap_free_folio(mapping, folio);
    }
}

// ----- adding (MM-6.12 3.2, 3.3) -----

/// `__filemap_add_folio()`, v6.12. Folio locked and new; the caller holds a reference and pins the inode. False: the
/// index is taken (-EEXIST), nothing changed. Left out: shadows, node allocation, memcg.
fn __filemap_add_folio(mapping: AddressSpace, folio: Folio, index: usize) -> bool {
    kfn!(__filemap_add_folio);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(peek_flags(folio) & PG_SWAPBACKED != 0, folio, VmBug::SwapBacked);
    folio_ref_add(folio, Owner::PageCache, 1);
    folio_set_mapping(folio, mapping);
    folio_set_index(folio, index);
    xa_lock_irq(mapping);
    if xas_load(mapping, index).is_some() && !bug(bugs::M_NRPAGES) {
        xa_unlock_irq(mapping);
        folio_clear_mapping(folio);
        folio_put_refs(folio, Owner::PageCache, 1);
        return false;
    }
    xas_store(mapping, index, Some(folio));
    nrpages_add(mapping, 1);
    xa_unlock_irq(mapping);
    true
}

/// `filemap_add_folio()`, v6.12. The caller holds the only reference and pins the inode. True: the folio is in the
/// cache, locked, not uptodate, and in this CPU's lru_add batch. Left out: memcg, refault accounting.
pub fn filemap_add_folio(mapping: AddressSpace, folio: Folio, index: usize) -> bool {
    kfn!(filemap_add_folio);
    __folio_set_locked(folio);
    let added = __filemap_add_folio(mapping, folio, index);
    if added {
        folio_add_lru(folio);
    } else if !bug(bugs::M_BADPAGE) {
        __folio_clear_locked(folio);
    }
    added
}

// ----- waiting for bits (MM-6.12 2) -----

/// What `wake_page_function()` tells the walk.
enum Walk {
    Continue,
    Stop,
}

/// `wake_page_function()`, v6.12, for one entry of the queue. Queue lock held. Sets `page_match` if the entry is about
/// this folio.
fn wake_page_function(queue: WaitQueue, waiter: usize, folio: Folio, bit: u8, page_match: &mut bool) -> Walk {
    kfn!(wake_page_function);
    let (waits_for, waits_for_bit) = wait::entry(waiter);
    if waits_for != folio {
        return Walk::Continue;
    }
    *page_match = true;
    if waits_for_bit != bit {
        return Walk::Continue;
    }
    // The entry's flags are written only by its owner before it is queued and by the waker, under this lock.
    let mut flags = m().peek(Obj::wait_flags(waiter));
    let exclusive = flags & WQ_FLAG_EXCLUSIVE != 0;
    if exclusive {
        if test_bit(folio, bit) {
            return Walk::Stop;
        }
        if flags & WQ_FLAG_CUSTOM != 0 {
            if !hand_locked_to(folio, waiter) {
                return Walk::Stop;
            }
            flags |= WQ_FLAG_DONE;
        }
    }
    wait::set_entry_flags(waiter, flags | WQ_FLAG_WOKEN);
    wait::wake_entry(waiter);
    queue.unlink(waiter);
    if exclusive { Walk::Stop } else { Walk::Continue }
}

/// `folio_wake_bit()`, v6.12. One walk under the queue lock; at most one exclusive waiter is woken.
fn folio_wake_bit(folio: Folio, bit: u8) {
    kfn!(folio_wake_bit);
    let queue = WaitQueue::of(folio);
    spin_lock_irq(queue.lock());
    let mut page_match = false;
    for waiter in queue.entries().iter() {
        if let Walk::Stop = wake_page_function(queue, waiter, folio, bit, &mut page_match) {
            break;
        }
    }
    if queue.entries().is_empty() || !page_match {
        folio_clear_waiters(folio);
    }
    spin_unlock_irq(queue.lock());
}

/// How a waiter behaves (`enum behavior`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behavior {
    /// Wants the bit for itself, keeps its reference.
    Exclusive,
    /// Keeps its reference, does not want the bit.
    Shared,
    /// Its reference, of this owner, is dropped before it sleeps.
    Drop(Owner),
}

/// `folio_wait_bit_common()`, v6.12, uninterruptible. Returns holding the bit if `behavior` is exclusive. Left out:
/// killable and timed waits, delay accounting.
fn folio_wait_bit_common(folio: Folio, bit: u8, behavior: Behavior) {
    kfn!(folio_wait_bit_common);
    let exclusive = behavior == Behavior::Exclusive;
    let queue = WaitQueue::of(folio);
    let me = m().task();
    let mut unfairness = PAGE_LOCK_UNFAIRNESS;
    might_sleep();
    'repeat: loop {
        let mut flags = 0;
        if exclusive {
            flags = WQ_FLAG_EXCLUSIVE;
            unfairness -= 1;
            if unfairness < 0 && kernel().has_folios() {
                // The hand-off came with v5.9.
                flags |= WQ_FLAG_CUSTOM;
            }
        }
        wait::init_entry(folio, bit, flags);
        spin_lock_irq(queue.lock());
        // Set before the final test, so that an unlock that misses the test sees a waiter.
        if !bug(bugs::M_WAITERS) {
            folio_set_waiters(folio);
        }
        let free = if exclusive { try_set_locked(folio, Order::Full) } else { !test_bit(folio, bit) };
        if free {
            m().poke(Obj::wait_flags(me), flags | WQ_FLAG_WOKEN | WQ_FLAG_DONE);
        } else {
            queue.add_tail();
        }
        spin_unlock_irq(queue.lock());
        if let Behavior::Drop(owner) = behavior {
            folio_put(folio, owner);
        }
        loop {
            let flags = wait::entry_flags(me);
            if flags & WQ_FLAG_WOKEN == 0 {
                wait::sleep_on_entry(folio, bit, exclusive);
                continue;
            }
            if !exclusive || flags & WQ_FLAG_DONE != 0 {
                break 'repeat;
            }
            if !try_set_locked(folio, Order::Full) {
                continue 'repeat;
            }
            break 'repeat;
        }
    }
    finish_wait(queue, me);
}

/// `finish_wait()` (kernel/sched/wait.c): leaves no entry queued. The waker unlinks before it drops the queue lock.
fn finish_wait(queue: WaitQueue, me: usize) {
    kfn!(finish_wait);
    if queue.entries().contains(me) {
        spin_lock_irq(queue.lock());
        queue.unlink(me);
        spin_unlock_irq(queue.lock());
    }
}

/// `folio_lock()` (include/linux/pagemap.h) with `__folio_lock()`, v6.12. May sleep; the caller holds a reference.
pub fn folio_lock(folio: Folio) {
    kfn!(folio_lock);
    might_sleep();
    if !folio_trylock(folio) {
        folio_wait_bit_common(folio, LOCKED, Behavior::Exclusive);
    }
}

/// `folio_unlock()`, v6.12. Lock holder only.
pub fn folio_unlock(folio: Folio) {
    kfn!(folio_unlock);
    vm_bug_not_locked(folio);
    if clear_locked_has_waiters(folio) {
        folio_wake_bit(folio, LOCKED);
    }
}

/// `folio_wait_locked()` (include/linux/pagemap.h): waits until the folio is unlocked. The caller holds a reference.
pub fn folio_wait_locked(folio: Folio) {
    kfn!(folio_wait_locked);
    if folio_test_locked(folio) {
        folio_wait_bit_common(folio, LOCKED, Behavior::Shared);
    }
}

/// `folio_put_wait_locked()`, v6.12: drops `owner`'s reference and waits until the folio is unlocked, without touching
/// it again.
pub fn folio_put_wait_locked(folio: Folio, owner: Owner) {
    kfn!(folio_put_wait_locked);
    folio_wait_bit_common(folio, LOCKED, Behavior::Drop(owner));
}

/// `folio_wait_writeback()` (mm/page-writeback.c), v6.12. The caller holds a reference.
pub fn folio_wait_writeback(folio: Folio) {
    kfn!(folio_wait_writeback);
    while folio_test_writeback(folio) {
        folio_wait_bit_common(folio, WRITEBACK, Behavior::Shared);
    }
}

// ----- lookups (MM-6.12 3.4, 3.5) -----

/// `filemap_get_entry()`, v6.12 (`find_get_entry()` before v5.10). The caller pins the inode. The folio was in the slot
/// at the reload and is returned with a reference of `owner`. Left out: value entries.
pub fn filemap_get_entry(mapping: AddressSpace, index: usize, owner: Owner) -> Option<Folio> {
    kfn!(filemap_get_entry);
    rcu_read_lock();
    let found = loop {
        let Some(folio) = xas_load(mapping, index) else { break None };
        if !folio_try_get(folio, owner) {
            continue;
        }
        if !bug(bugs::M_RELOAD) && Some(folio) != xas_reload(mapping, index) {
            folio_put(folio, owner);
            continue;
        }
        break Some(folio);
    };
    rcu_read_unlock();
    found
}

/// `find_get_entry()`, v6.12: the next folio of a range, with a lookup-batch reference. RCU held.
fn find_get_entry(mapping: AddressSpace, index: usize) -> Option<(usize, Folio)> {
    kfn!(find_get_entry);
    loop {
        let (at, folio) = xas_find(mapping, index)?;
        if !folio_try_get(folio, Owner::LookupBatch) {
            continue;
        }
        if Some(folio) != xas_reload(mapping, at) {
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        return Some((at, folio));
    }
}

/// `find_get_entries()`, v6.12 (`pagevec_lookup_entries()` before): a batch of references from `*start` on, which moves
/// past the last one. False: nothing found.
pub fn find_get_entries(mapping: AddressSpace, start: &mut usize, fbatch: &mut FolioBatch) -> bool {
    kfn!(find_get_entries);
    rcu_read_lock();
    while let Some((at, folio)) = find_get_entry(mapping, *start) {
        fbatch.add(folio, at);
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0
}

/// `find_lock_entries()`, v6.12. As [`find_get_entries`], but of folios that could be locked, are still in `mapping`
/// and not under writeback: the batch owns the lock and one reference of each. Left out: value entries.
pub fn find_lock_entries(mapping: AddressSpace, start: &mut usize, fbatch: &mut FolioBatch) -> bool {
    kfn!(find_lock_entries);
    rcu_read_lock();
    let mut index = *start;
    while let Some((at, folio)) = find_get_entry(mapping, index) {
        index = at + 1;
        if bug(bugs::M_SLEEP) {
            folio_lock(folio);
        } else if folio_index(folio) < *start || !folio_trylock(folio) {
            if !bug(bugs::M_LEAK) {
                folio_put(folio, Owner::LookupBatch);
            }
            continue;
        }
        if !folio_raw_mapping(folio).is(mapping) || folio_test_writeback(folio) {
            folio_unlock(folio);
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != at as u64, folio, VmBug::WrongIndex);
        fbatch.add(folio, at);
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0
}

/// `__filemap_get_folio(FGP_LOCK)`, v6.12. The caller pins the inode. Returns the folio locked, in `mapping`, with a
/// reference of `owner`. Left out: the other FGP flags.
pub fn filemap_lock_folio(mapping: AddressSpace, index: usize, owner: Owner) -> Option<Folio> {
    kfn!(__filemap_get_folio);
    loop {
        let folio = filemap_get_entry(mapping, index, owner)?;
        folio_lock(folio);
        if folio_raw_mapping(folio).is(mapping) {
            vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != index as u64, folio, VmBug::WrongIndex);
            return Some(folio);
        }
        folio_unlock(folio);
        folio_put(folio, owner);
    }
}

/// `__filemap_get_folio(FGP_CREAT)` of a hole, as a read makes it: allocates and adds, then fills it (uptodate),
/// unlocks and puts. False: no frame, or somebody was first. Left out: readahead, the read itself.
pub fn filemap_create_folio(mapping: AddressSpace, index: usize) -> bool {
    kfn!(filemap_create_folio);
    let Some(folio) = folio_alloc() else { return false };
    // Against truncation, since v5.15.
    let shared = kernel().has_folios();
    if shared {
        down_read(RwSem::invalidate_lock(mapping));
    }
    let added = filemap_add_folio(mapping, folio, index);
    if added {
        folio_mark_uptodate(folio);
        folio_unlock(folio);
    }
    if shared {
        up_read(RwSem::invalidate_lock(mapping));
    }
    folio_put(folio, Owner::Alloc);
    added
}

pub fn folio_end_writeback(_folio: Folio) {
    todo!()
}

pub fn folio_end_read(_folio: Folio, _success: bool) {
    todo!()
}

pub fn filemap_release_folio(_folio: Folio) -> bool {
    todo!()
}

pub fn filemap_fault(_vmf: &mut crate::linux::fault::VmFaultInfo) -> crate::linux::fault::VmFault {
    todo!()
}

pub fn filemap_map_pages(_vmf: &crate::linux::fault::VmFaultInfo) -> bool {
    todo!()
}

pub fn filemap_read(_mapping: AddressSpace, _index: usize) {
    todo!()
}

pub fn generic_perform_write(_mapping: AddressSpace, _index: usize) {
    todo!()
}

pub fn migration_entry_wait_on_locked(_folio: Folio, _mm: crate::linux::mm_types::Mm) {
    todo!()
}

pub fn __folio_lock_or_retry(_folio: Folio, _vmf: &crate::linux::fault::VmFaultInfo) -> bool {
    todo!()
}
