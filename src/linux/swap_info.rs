//! `swap.h`: `struct swap_info_struct` of the one swap device. A byte of `swap_map` per slot: the number of swap
//! entries in page tables, and SWAP_HAS_CACHE. The number of slots in use is not kept apart: it is what the bytes say.

use super::mm_types::AddressSpace;
use super::sched::might_sleep;
use super::spinlock::{SpinLock, spin_lock, spin_unlock};
use super::xarray::xas_load;
use crate::machine::{SPIN_POINTS, m};
use crate::prim;
use crate::vocab::*;

/// `percpu_ref_kill` was called on `si->users`: nobody gets a reference any more.
const USERS_DEAD: u64 = 1 << 32;
/// SWP_WRITEOK is clear in `si->flags`: no slot is given out. Changes only under the cluster lock.
const NO_WRITEOK: u64 = 1 << 33;

/// SWP_SCANNING in `si->flags`, counted: allocations that have dropped the cluster lock.
const SCANNING: u64 = 1 << 40;

const USERS: Obj = Obj::at(Field::SwapUsers, 0, 0);

fn byte(slot: usize) -> Obj {
    Obj::at(Field::SwapMap, 0, slot.min(SLOTS - 1))
}

/// `lock_cluster_or_swap_info` (one lock for all slots).
pub fn lock_cluster() {
    prim!(lock_cluster);
    spin_lock(SpinLock::swap_cluster());
}

pub fn unlock_cluster() {
    prim!(unlock_cluster);
    spin_unlock(SpinLock::swap_cluster());
}

/// LD of a slot's byte, under the cluster lock or racy.
pub fn swap_map(slot: usize) -> u64 {
    prim!(swap_map);
    m().load(byte(slot), Order::Relaxed, Note::Nothing, 0)
}

/// ST of a slot's byte. Cluster lock held.
pub fn set_swap_map(slot: usize, value: u64) {
    prim!(set_swap_map);
    m().store(byte(slot), value, Order::Relaxed, Note::Nothing, 0);
}

/// SWP_SYNCHRONOUS_IO: whether pages of this slot are read at once, by the task that wants them. The odd slots stand
/// for a device in memory (zram), the even ones for a disk. Writes take their time on either.
pub const fn synchronous_io(slot: usize) -> bool {
    slot % 2 == 1
}

/// The map as one word, 16 bits for a slot, read in one step.
fn swap_map_word() -> u64 {
    let first = m().load(byte(0), Order::Relaxed, Note::Nothing, SWAP_USAGE) & 0xffff;
    (1..SLOTS).fold(first, |w, s| w | (m().load_at_once(byte(s), Note::Nothing, SWAP_USAGE) & 0xffff) << (16 * s))
}

/// `swap_usage_in_pages`: slots in use. One access, of a counter in the kernel.
pub fn swap_usage_in_pages() -> usize {
    prim!(swap_usage_in_pages);
    let word = swap_map_word();
    (0..SLOTS).filter(|s| word >> (16 * s) & 0xffff != 0).count()
}

/// `percpu_ref_tryget_live(&si->users)`.
pub fn swap_users_tryget_live() -> bool {
    prim!(percpu_ref_tryget_live);
    let get = |v: u64| (v & USERS_DEAD == 0).then(|| v.wrapping_add(1));
    m().rmw(USERS, Order::Full, Note::Nothing, 0, get).is_ok()
}

/// `percpu_ref_put(&si->users)`.
pub fn swap_users_put() {
    prim!(percpu_ref_put);
    let _ = m().rmw(USERS, Order::Full, Note::Nothing, 0, |v| Some(v.wrapping_sub(1)));
}

/// `percpu_ref_kill(&si->users)`.
pub fn swap_users_kill() {
    prim!(percpu_ref_kill);
    let _ = m().rmw(USERS, Order::Full, Note::Nothing, 0, |v| Some(v | USERS_DEAD));
}

/// `wait_for_completion(&si->comp)`: until the last user of a killed device is gone.
pub fn wait_for_swap_users() {
    prim!(wait_for_completion);
    might_sleep();
    while m().load(USERS, Order::Acquire, Note::Nothing, 0) & 0xffff_ffff != 0 {}
}

/// SWP_SCANNING in `si->flags`: one allocation more, or less, looks at the slots. Cluster lock held. It matters only
/// while that is dropped.
pub fn swap_scanning(on: bool) {
    prim!(swap_scanning);
    let count = |v: u64| Some(if on { v.wrapping_add(SCANNING) } else { v.wrapping_sub(SCANNING) });
    let _ = m().rmw(USERS, Order::Plain, Note::Nothing, 0, count);
}

/// The wait of swapoff for allocations that have dropped the cluster lock.
pub fn wait_for_swap_scanners() {
    prim!(schedule_timeout);
    might_sleep();
    while m().load(USERS, Order::Plain, Note::Nothing, 0) >= SCANNING {}
}

/// `vfree(swap_map)`, `exit_swap_address_space()`, `si->swap_file = NULL`: the device's memory is gone. One step, as
/// nobody may use any of it.
pub fn free_swap_info() {
    prim!(vfree);
    m().store(byte(0), m().peek(byte(0)), Order::Plain, Note::SwapFreed, 0);
    m().note(Note::SwapFreed, AddressSpace::SWAP.obj(Field::NrPages), 0);
}

/// `swap_address_space()`: LD of `swapper_spaces[type]`, for who does not have the device.
pub fn swap_address_space() -> AddressSpace {
    prim!(swap_address_space);
    m().load(USERS, Order::Relaxed, Note::Nothing, 0);
    AddressSpace::SWAP
}

/// SWP_WRITEOK in `si->flags`. Cluster lock held, which is what it changes under.
pub fn swap_writeok() -> bool {
    m().peek(USERS) & NO_WRITEOK == 0
}

/// Changes SWP_WRITEOK. Cluster lock held.
pub fn set_swap_writeok(on: bool) {
    prim!(set_swap_writeok);
    let set = |v: u64| Some(if on { v & !NO_WRITEOK } else { v | NO_WRITEOK });
    let _ = m().rmw(USERS, Order::Plain, Note::Nothing, 0, set);
}

/// `schedule_timeout_uninterruptible(1)` of a task whose `swapcache_prepare` met -EEXIST: sleeps until the slot's owner
/// has brought a folio into the swap cache, or has let go of the slot.
pub fn wait_for_swap_slot(slot: usize) {
    prim!(schedule_timeout);
    might_sleep();
    while swap_map(slot) & SWAP_HAS_CACHE != 0 && xas_load(AddressSpace::SWAP, slot.min(SLOTS - 1)).is_none() {}
}

/// A pause between two rounds over the slots: others run until a slot has changed, or until they have nothing to do.
pub fn wait_for_any_swap_slot() {
    prim!(cond_resched);
    might_sleep();
    let before = swap_map_word();
    for _ in 0..SPIN_POINTS {
        if swap_map_word() != before {
            break;
        }
    }
}
