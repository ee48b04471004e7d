//! `shmem_fs.h`: what `struct shmem_inode_info` adds to an inode of tmpfs, and the list of inodes with swapped pages.

use super::mm_types::AddressSpace;
use super::sched::might_sleep;
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

const LIST: Obj = Obj::at(Field::ShmemSwaplist, 0, 0);

/// Whether any file is one of tmpfs. No access.
pub fn tmpfs_mounted() -> bool {
    (0..MAPPINGS).any(|i| m().peek(Obj::mapping(i, Field::AOps)) & AOPS_SHMEM != 0)
}

/// LD `shmem_swaplist`: the files on it, first to last. With its mutex, or racy.
pub fn shmem_swaplist() -> Seq {
    prim!(shmem_swaplist);
    Seq(m().load(LIST, Order::Relaxed, Note::Nothing, 0))
}

/// `!list_empty(&info->swaplist)`. As [`shmem_swaplist`].
pub fn on_swaplist(mapping: AddressSpace) -> bool {
    shmem_swaplist().iter().any(|i| i == mapping.index as usize)
}

/// `list_add` of `info->swaplist`, which is on no list. The mutex held.
pub fn swaplist_add(mapping: AddressSpace) {
    prim!(list_add);
    let add = |v: u64| Some(Seq(v).push_tail(mapping.index as usize).0);
    let _ = m().rmw(LIST, Order::Plain, Note::Nothing, 0, add);
}

/// `list_del_init` of `info->swaplist`. The mutex held.
pub fn swaplist_del(mapping: AddressSpace) {
    prim!(list_del_init);
    let others = |v: u64| Seq(v).iter().filter(|i| *i != mapping.index as usize).fold(Seq::EMPTY, Seq::push_tail);
    let _ = m().rmw(LIST, Order::Plain, Note::Nothing, 0, |v| Some(others(v).0));
}

/// LD `info->swapped`: pages of the file that are swapped out.
pub fn swapped(mapping: AddressSpace) -> u64 {
    prim!(shmem_swapped);
    mapping.load(Field::Swapped)
}

/// Changes `info->swapped`, in one step instead of under `info->lock`.
pub fn swapped_add(mapping: AddressSpace, nr: i64) {
    prim!(shmem_swapped_add);
    let add = |v: u64| Some(v.wrapping_add_signed(nr));
    let _ = m().rmw(mapping.obj(Field::Swapped), Order::Relaxed, Note::Nothing, mapping.aux(), add);
}

/// `atomic_inc(&info->stop_eviction)`.
pub fn stop_eviction_inc(mapping: AddressSpace) {
    prim!(stop_eviction_inc);
    let inc = |v: u64| Some(v.wrapping_add(1));
    let _ = m().rmw(mapping.obj(Field::StopEviction), Order::Relaxed, Note::Nothing, mapping.aux(), inc);
}

/// `atomic_dec_and_test(&info->stop_eviction)`, which wakes the evictor.
pub fn stop_eviction_dec(mapping: AddressSpace) {
    prim!(stop_eviction_dec);
    let dec = |v: u64| Some(v.wrapping_sub(1));
    let _ = m().rmw(mapping.obj(Field::StopEviction), Order::Full, Note::Nothing, mapping.aux(), dec);
}

/// LD `info->stop_eviction`.
pub fn stop_eviction(mapping: AddressSpace) -> bool {
    prim!(stop_eviction);
    mapping.load(Field::StopEviction) != 0
}

/// `wait_var_event(&info->stop_eviction, ...)`: until no swapoff scans the file.
pub fn wait_stop_eviction(mapping: AddressSpace) {
    prim!(wait_var_event);
    might_sleep();
    while mapping.load(Field::StopEviction) != 0 {}
}
