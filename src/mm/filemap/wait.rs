//! Waiting for folio bits, and the folio lock (MM-6.12 2).
//!
//! Left out: `folio_end_private_2()` and `folio_wait_private_2()`. Nothing sets PG_private_2 here.

use super::vm_bug_not_locked;
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{VmFaultInfo, mmap_read_unlock};
use crate::linux::mm_types::{Folio, Mm};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::folio_get;
use crate::linux::pagemap::*;
use crate::linux::pgtable::pte_unmap_unlock;
use crate::linux::sched::might_sleep;
use crate::linux::signal::fatal_signal_pending;
use crate::linux::spinlock::*;
use crate::linux::wait::{self, WaitQueue};
use crate::machine::m;
use crate::mm::page_writeback::__folio_end_writeback;
use crate::mm::swap::{folio_put, folio_rotate_reclaimable};
use crate::mm::{bug, kernel};
use crate::vocab::*;

/// Bit number of PG_locked, for wait queues.
const LOCKED: u8 = PG_LOCKED.trailing_zeros() as u8;
/// Bit number of PG_writeback, for wait queues.
const WRITEBACK: u8 = PG_WRITEBACK.trailing_zeros() as u8;
/// `sysctl_page_lock_unfairness`: rounds a waiter may lose the lock to a stealer before it is handed over. 5 in Linux;
/// the hand-off must be reachable within a few operations here.
const PAGE_LOCK_UNFAIRNESS: i32 = 1;

/// -EINTR: a fatal signal ended a killable wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interrupted;

/// How a waiter sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskState {
    Uninterruptible,
    /// A fatal signal ends the sleep.
    Killable,
}

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
    if kernel() == Kernel::V5_0 && !exclusive && test_bit(folio, bit) {
        return Walk::Stop; // no use in waking who would wait again
    }
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
    if queue.entries().is_empty() || !page_match || bug(bugs::M_WAKE_CLEARS) {
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

/// `folio_wait_bit_common()`, v6.12. The caller holds a reference, unless the behaviour drops it. Ok: it holds the bit
/// if `behavior` is exclusive, the bit was seen clear (or a wake-up came) otherwise. A killed exclusive waiter that was
/// woken but not handed the lock leaves without it, and consumes the wake-up. Left out: interruptible waits, delay
/// accounting.
fn folio_wait_bit_common(folio: Folio, bit: u8, state: TaskState, behavior: Behavior) -> Result<(), Interrupted> {
    if kernel() == Kernel::V5_0 {
        return wait_on_page_bit_common(folio, bit, state, behavior);
    }
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
            if bug(bugs::M_WAITER_LOOKS) {
                test_bit(folio, bit);
            }
        }
        loop {
            let flags = wait::entry_flags(me);
            if flags & WQ_FLAG_WOKEN == 0 {
                if signal_pending_state(state) {
                    m().note(Note::SignalReceived, folio.obj(Field::Flags), bit as u32);
                    break 'repeat;
                }
                sleep_unless_woken(folio, bit, exclusive);
                continue;
            }
            if !exclusive || flags & WQ_FLAG_DONE != 0 {
                break 'repeat;
            }
            if !try_set_locked(folio, Order::Full) {
                continue 'repeat;
            }
            m().poke(Obj::wait_flags(me), flags | WQ_FLAG_DONE);
            break 'repeat;
        }
    }
    finish_wait(queue, me);
    // Nobody else writes the entry any more.
    let flags = m().peek(Obj::wait_flags(me));
    let wanted = if exclusive { WQ_FLAG_DONE } else { WQ_FLAG_WOKEN };
    if flags & wanted != 0 {
        return Ok(());
    }
    // A killed waiter that was woken takes the wake-up with it in Linux: an open question. The model passes it on
    // unless it is put back in.
    if flags & WQ_FLAG_WOKEN != 0 && !bug(bugs::OPEN_WAITER) {
        folio_wake_bit(folio, bit);
    }
    Err(Interrupted)
}

/// `wait_on_page_bit_common()`, v4.20 to v5.8 (ERAS B.F9 step 5). As [`folio_wait_bit_common`], which succeeded it: the
/// bit is looked at once the queue lock is dropped, and whoever is woken takes it himself, or queues again (fix
/// 2a9127fcf229).
fn wait_on_page_bit_common(page: Folio, bit: u8, state: TaskState, behavior: Behavior) -> Result<(), Interrupted> {
    kfn!(wait_on_page_bit_common);
    let exclusive = behavior == Behavior::Exclusive;
    let queue = WaitQueue::of(page);
    let me = m().task();
    let mut queued = false;
    might_sleep();
    let done = loop {
        // The waker unlinks whom it wakes.
        if !queued || wait::entry_flags(me) & WQ_FLAG_WOKEN != 0 {
            wait::init_entry(page, bit, if exclusive { WQ_FLAG_EXCLUSIVE } else { 0 });
            queued = true;
            spin_lock_irq(queue.lock());
            queue.add_tail();
            if !bug(bugs::M_WAITERS) {
                folio_set_waiters(page);
            }
            spin_unlock_irq(queue.lock());
        }
        let set = test_bit(page, bit);
        if let Behavior::Drop(owner) = behavior {
            folio_put(page, owner);
        }
        if set && !signal_pending_state(state) {
            sleep_unless_woken(page, bit, exclusive);
            // Up to v4.12, before the bit was tried.
            if bug(bugs::Z_SIGNAL_FIRST) && signal_pending_state(state) {
                m().note(Note::SignalReceived, page.obj(Field::Flags), bit as u32);
                break false;
            }
        }
        match behavior {
            Behavior::Exclusive if try_set_locked(page, Order::Full) => break true,
            Behavior::Shared if !test_bit(page, bit) => break true,
            _ => {}
        }
        if signal_pending_state(state) {
            m().note(Note::SignalReceived, page.obj(Field::Flags), bit as u32);
            break false;
        }
        // Without a reference the page may be anything by now.
        if matches!(behavior, Behavior::Drop(_)) {
            break true;
        }
    };
    finish_wait(queue, me);
    if done {
        return Ok(());
    }
    // A killed waiter that was woken took the wake-up with it from v4.10 to v5.8. Since, the waker hands the bit over;
    // without the bug it is passed on here.
    let taken = bug(bugs::Z_WAKE_TAKEN) || bug(bugs::Z_SIGNAL_FIRST);
    if exclusive && !taken && m().peek(Obj::wait_flags(me)) & WQ_FLAG_WOKEN != 0 {
        folio_wake_bit(page, bit);
    }
    Err(Interrupted)
}

/// `signal_pending_state()`.
fn signal_pending_state(state: TaskState) -> bool {
    state == TaskState::Killable && fatal_signal_pending()
}

/// `io_schedule()`. The task state was set before the tests: whoever has woken the task since makes it return at once.
fn sleep_unless_woken(folio: Folio, bit: u8, exclusive: bool) {
    if m().peek(Obj::wait_flags(m().task())) & WQ_FLAG_WOKEN == 0 {
        wait::sleep_on_entry(folio, bit, exclusive);
    }
}

/// `finish_wait()` (kernel/sched/wait.c): leaves no entry queued. The waker unlinks before it drops the queue lock.
fn finish_wait(queue: WaitQueue, me: usize) {
    kfn!(finish_wait);
    if queue.queued_careful(me) {
        spin_lock_irq(queue.lock());
        queue.unlink(me);
        spin_unlock_irq(queue.lock());
    }
}

/// `folio_lock()` (include/linux/pagemap.h), v6.12. May sleep; the caller holds a reference.
pub fn folio_lock(folio: Folio) {
    kfn!(folio_lock);
    might_sleep();
    if !folio_trylock(folio) {
        __folio_lock(folio);
    }
}

/// `__folio_lock()`, v6.12: as [`folio_lock`], after a trylock has failed.
pub(super) fn __folio_lock(folio: Folio) {
    kfn!(__folio_lock);
    let _ = folio_wait_bit_common(folio, LOCKED, TaskState::Uninterruptible, Behavior::Exclusive);
}

/// `__folio_lock_killable()`, v6.12: waits for the folio lock after a trylock has failed. May sleep; the caller holds a
/// reference. Err: a fatal signal came, and the lock is not held. `folio_lock_killable()` is the trylock before it.
pub(super) fn __folio_lock_killable(folio: Folio) -> Result<(), Interrupted> {
    kfn!(__folio_lock_killable);
    folio_wait_bit_common(folio, LOCKED, TaskState::Killable, Behavior::Exclusive)
}

/// `__folio_lock_or_retry()`, v6.12, of a fault that could not trylock the folio; the caller keeps its reference. True:
/// locked. False (VM_FAULT_RETRY): mmap_lock has been dropped. Left out: FAULT_FLAG_RETRY_NOWAIT.
pub fn __folio_lock_or_retry(folio: Folio, vmf: &VmFaultInfo) -> bool {
    kfn!(__folio_lock_or_retry);
    if vmf.allow_retry {
        mmap_read_unlock(vmf.mm());
        if vmf.killable {
            let _ = folio_wait_locked_killable(folio);
        } else {
            folio_wait_locked(folio);
        }
        return false;
    }
    if !vmf.killable {
        __folio_lock(folio);
        return true;
    }
    let locked = __folio_lock_killable(folio).is_ok();
    if !locked {
        mmap_read_unlock(vmf.mm());
    }
    locked
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
        let _ = folio_wait_bit_common(folio, LOCKED, TaskState::Uninterruptible, Behavior::Shared);
    }
}

/// `folio_wait_locked_killable()` (include/linux/pagemap.h), v6.12. The caller holds a reference.
pub fn folio_wait_locked_killable(folio: Folio) -> Result<(), Interrupted> {
    kfn!(folio_wait_locked_killable);
    if !folio_test_locked(folio) {
        return Ok(());
    }
    folio_wait_bit_common(folio, LOCKED, TaskState::Killable, Behavior::Shared)
}

/// `folio_put_wait_locked(TASK_UNINTERRUPTIBLE)`, v6.12: drops `owner`'s reference and waits until the folio is
/// unlocked, without touching it again.
pub fn folio_put_wait_locked(folio: Folio, owner: Owner) {
    let _ = folio_put_wait_locked_state(folio, owner, TaskState::Uninterruptible);
}

/// `folio_put_wait_locked(TASK_KILLABLE)`.
pub fn folio_put_wait_locked_killable(folio: Folio, owner: Owner) -> Result<(), Interrupted> {
    folio_put_wait_locked_state(folio, owner, TaskState::Killable)
}

/// `put_and_wait_on_page_locked()`, v5.0: drops `owner`'s reference once the task is queued, and waits until the page
/// is unlocked, without touching it again.
pub fn put_and_wait_on_page_locked(folio: Folio, owner: Owner) {
    kfn!(put_and_wait_on_page_locked);
    let _ = folio_put_wait_locked_state(folio, owner, TaskState::Uninterruptible);
}

fn folio_put_wait_locked_state(folio: Folio, owner: Owner, state: TaskState) -> Result<(), Interrupted> {
    folio_wait_bit_common(folio, LOCKED, state, Behavior::Drop(owner))
}

/// `folio_wait_writeback()` (mm/page-writeback.c), v6.12. The caller holds a reference.
pub fn folio_wait_writeback(folio: Folio) {
    kfn!(folio_wait_writeback);
    while folio_test_writeback(folio) {
        let _ = folio_wait_bit_common(folio, WRITEBACK, TaskState::Uninterruptible, Behavior::Shared);
        if bug(bugs::Z_WRITEBACK_ONCE) {
            break;
        }
    }
}

/// `folio_wait_stable()` (mm/page-writeback.c), v6.12: waits for writeback if the folio must not change during it. The
/// caller holds the folio lock.
pub fn folio_wait_stable(folio: Folio) {
    kfn!(folio_wait_stable);
    if folio_mapping(folio).is_some_and(mapping_stable_writes) {
        folio_wait_writeback(folio);
    }
}

/// `folio_end_writeback()`, v6.12, of an I/O completion, or of the submitter that finds all I/O done. It holds no
/// reference: PG_writeback keeps the cache's, so it takes one for the wake-up after the bit is clear.
pub fn folio_end_writeback(folio: Folio) {
    kfn!(folio_end_writeback);
    vm_bug_on_folio(peek_flags(folio) & PG_WRITEBACK == 0, folio, VmBug::NoWriteback);
    if folio_test_reclaim(folio) {
        folio_clear_reclaim(folio);
        folio_rotate_reclaimable(folio);
    }
    if bug(bugs::M_END_UNREF) {
        if __folio_end_writeback(folio) {
            folio_wake_bit(folio, WRITEBACK);
        }
        return;
    }
    folio_get(folio, Owner::Completion);
    if __folio_end_writeback(folio) {
        folio_wake_bit(folio, WRITEBACK);
    }
    if !bug(bugs::M_END_KEPT) {
        folio_put(folio, Owner::Completion);
    }
}

/// `folio_end_read()`, v6.7 to v6.12: the read is over, the folio unlocked, and uptodate if it succeeded, in one step;
/// in two before. The completion holds the folio lock and no reference.
pub fn folio_end_read(folio: Folio, success: bool) {
    kfn!(folio_end_read);
    vm_bug_not_locked(folio);
    vm_bug_on_folio(peek_flags(folio) & PG_UPTODATE != 0, folio, VmBug::Uptodate);
    if kernel() <= Kernel::V6_5 {
        if success {
            folio_mark_uptodate(folio);
        }
        return folio_unlock(folio);
    }
    if end_read_has_waiters(folio, success) {
        folio_wake_bit(folio, LOCKED);
    }
}

/// `migration_entry_wait_on_locked()`, v6.12. The caller holds the page-table lock of `mm`, which is dropped, and has
/// seen a migration entry of `folio` under it: the migrator's reference is what keeps the folio until then, and nobody
/// holds one for the sleeper. Left out: delay accounting.
pub fn migration_entry_wait_on_locked(folio: Folio, mm: Mm) {
    kfn!(migration_entry_wait_on_locked);
    vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::MigrationEntry);
    let queue = WaitQueue::of(folio);
    let me = m().task();
    wait::init_entry(folio, LOCKED, 0);
    spin_lock_irq(queue.lock());
    folio_set_waiters(folio);
    if test_bit(folio, LOCKED) {
        queue.add_tail();
    } else {
        m().poke(Obj::wait_flags(me), WQ_FLAG_WOKEN | WQ_FLAG_DONE);
    }
    spin_unlock_irq(queue.lock());
    pte_unmap_unlock(mm);
    while wait::entry_flags(me) & WQ_FLAG_WOKEN == 0 {
        sleep_unless_woken(folio, LOCKED, false);
    }
    finish_wait(queue, me);
}
