//! `fs.h`: files and inodes. An operation reaches an inode only through an open file, whose count lies outside the
//! inode's memory.

use super::mm_types::AddressSpace;
use crate::machine::{Access, Hidden, m};
use crate::prim;
use crate::vocab::{Field, MAPPINGS, Note, Obj, Order};
use std::cell::Cell;

thread_local! {
    /// The program's descriptor table: a descriptor can be closed once.
    static OPEN: [Cell<bool>; MAPPINGS] = const { [const { Cell::new(false) }; MAPPINGS] };
}

pub(super) fn reset() {
    OPEN.with(|o| o.iter().for_each(|c| c.set(false)));
}

/// Set-up: the file is open, which is one reference on it.
pub fn open_fd(index: usize) {
    OPEN.with(|o| o[index].set(true));
    m().poke(Obj::file(index), 1);
}

/// `close`: takes the descriptor's reference on the file over; `None` if it is closed already.
pub fn close_fd(index: usize) -> Option<AddressSpace> {
    m().touch(Hidden::Descriptor(index), Access::Write);
    if !OPEN.with(|o| o[index].replace(false)) {
        return None;
    }
    m().note(Note::InodePin, Obj::NONE, index as u32);
    Some(AddressSpace::pinned(index))
}

/// `fget`: the file's address_space, pinned, unless the last reference on the file is gone.
pub fn fget(index: usize) -> Option<AddressSpace> {
    prim!(fget);
    let get = |v: u64| (v != 0).then_some(v + 1);
    m().rmw(Obj::file(index), Order::Full, Note::Nothing, 0, get).ok()?;
    m().note(Note::InodePin, Obj::NONE, index as u32);
    Some(AddressSpace::pinned(index))
}

/// The count half of `fput`: true if the caller's was the last reference, which makes it the one to drop the inode. The
/// pin passes to the eviction in that case.
pub fn fput_testzero(mapping: AddressSpace) -> bool {
    prim!(fput);
    let last = m().rmw(Obj::file(mapping.index as usize), Order::Full, Note::Nothing, 0, |v| Some(v.wrapping_sub(1)));
    let last = last == Ok(1);
    if !last {
        inode_unpin(mapping.index as usize);
    }
    last
}

/// `get_file` of a file the caller has open or mapped: another reference on it, for a VMA.
pub fn get_file(index: usize) {
    prim!(get_file);
    let _ = m().rmw(Obj::file(index), Order::Relaxed, Note::Nothing, 0, |v| Some(v.wrapping_add(1)));
}

/// The running task may use the inode: it holds a VMA that maps the file, or a reference on the file.
pub fn inode_pin(index: usize) {
    m().note(Note::InodePin, Obj::NONE, index as u32);
}

/// The running task may not use the inode any more.
pub fn inode_unpin(index: usize) {
    m().note(Note::InodeUnpin, Obj::NONE, index as u32);
}

/// `atomic_dec_and_lock(&inode->i_count)`, without the lock: true at 0.
pub fn i_count_dec_and_test(mapping: AddressSpace) -> bool {
    prim!(i_count_dec_and_test);
    let dec = |v: u64| Some(v.wrapping_sub(1));
    m().rmw(mapping.obj(Field::ICount), Order::Full, Note::Nothing, mapping.aux(), dec) == Ok(1)
}

/// `__iget`: another reference on an inode that has one. i_lock held.
pub fn i_count_inc(mapping: AddressSpace) {
    prim!(i_count_inc);
    let inc = |v: u64| Some(v.wrapping_add(1));
    let _ = m().rmw(mapping.obj(Field::ICount), Order::Relaxed, Note::Nothing, mapping.aux(), inc);
}

/// `i_size_read`, in pages.
pub fn i_size_read(mapping: AddressSpace) -> usize {
    prim!(i_size_read);
    mapping.load(Field::ISize) as usize
}

/// `i_size_write`, in pages. i_rwsem held for writing.
pub fn i_size_write(mapping: AddressSpace, pages: usize) {
    prim!(i_size_write);
    m().store(mapping.obj(Field::ISize), pages as u64, Order::Relaxed, Note::Nothing, mapping.aux());
}

/// ST i_state.
pub fn set_i_state(mapping: AddressSpace, state: u64) {
    prim!(set_i_state);
    m().store(mapping.obj(Field::IState), state, Order::Plain, Note::Nothing, mapping.aux());
}

/// The inode's memory goes back to the slab.
pub fn free_inode_memory(mapping: AddressSpace) {
    prim!(kmem_cache_free);
    m().store(mapping.obj(Field::IState), u64::MAX, Order::Plain, Note::InodeFreed, mapping.aux());
}
