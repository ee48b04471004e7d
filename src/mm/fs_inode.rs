//! `fs/inode.c`, and the bit of `fs/file_table.c` that leads there: the death of an inode and its address_space.

use super::bug;
use super::shmem::shmem_evict_inode;
use super::truncate::truncate_inode_pages_final;
use crate::bugs;
use crate::kfn;
use crate::linux::fs::*;
use crate::linux::mm_types::AddressSpace;
use crate::linux::mmdebug::bug_on;
use crate::linux::pagemap::shmem_mapping;
use crate::linux::rcupdate::call_rcu;
use crate::linux::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::linux::xarray::{xa_lock_irq, xa_unlock_irq};
use crate::machine::m;
use crate::vocab::*;

/// `i_callback()`, v6.12: the inode's memory is freed.
fn i_callback(index: usize) {
    kfn!(i_callback);
    free_inode_memory(AddressSpace::pinned(index));
}

/// `destroy_inode()`, v6.12. A file system may free inodes itself, at once: the switch `rcu_free` off.
fn destroy_inode(mapping: AddressSpace) {
    kfn!(destroy_inode);
    if m().model().rcu_free && !bug(bugs::E4B) {
        call_rcu(i_callback, mapping.index as usize);
    } else {
        i_callback(mapping.index as usize);
    }
}

/// `clear_inode()`, v4.14 to v6.12. The i_pages cycle waits for a remover that is still inside. Left out:
/// i_private_list.
fn clear_inode(mapping: AddressSpace) {
    kfn!(clear_inode);
    xa_lock_irq(mapping);
    bug_on(m().peek(mapping.obj(Field::NrPages)) != 0, VmBug::NrPages);
    xa_unlock_irq(mapping);
    bug_on(m().peek(mapping.obj(Field::IState)) != I_FREEING, VmBug::InodeState);
    m().note(Note::InodeClear, Obj::NONE, mapping.index as u32);
    set_i_state(mapping, I_FREEING | I_CLEAR);
}

/// `evict()`, v4.14 to v6.12. The caller set I_FREEING; nobody else can get the inode. Left out: writeback of the
/// inode, the inode hash and LRU, I_LRU_ISOLATING.
fn evict(mapping: AddressSpace) {
    kfn!(evict);
    spin_lock(SpinLock::i_lock(mapping));
    spin_unlock(SpinLock::i_lock(mapping));
    if shmem_mapping(mapping) {
        shmem_evict_inode(mapping);
    } else {
        truncate_inode_pages_final(mapping);
    }
    clear_inode(mapping);
    spin_lock(SpinLock::i_lock(mapping));
    bug_on(m().peek(mapping.obj(Field::IState)) != I_FREEING | I_CLEAR, VmBug::InodeState);
    spin_unlock(SpinLock::i_lock(mapping));
    destroy_inode(mapping);
    inode_unpin(mapping.index as usize);
}

/// `iput()`, v6.12: drops a reference on the inode.
pub(super) fn iput(mapping: AddressSpace) {
    kfn!(iput);
    spin_lock(SpinLock::i_lock(mapping));
    if i_count_dec_and_test(mapping) {
        iput_final(mapping);
    } else {
        spin_unlock(SpinLock::i_lock(mapping));
    }
}

/// `igrab()`, v6.12: a reference on the inode, unless it is being freed. The caller keeps the memory valid: here by the
/// lock of a folio attached to it.
pub(super) fn igrab(mapping: AddressSpace) -> bool {
    kfn!(igrab);
    spin_lock(SpinLock::i_lock(mapping));
    let alive = m().peek(mapping.obj(Field::IState)) & I_FREEING == 0;
    if alive {
        i_count_inc(mapping);
        inode_pin(mapping.index as usize);
    }
    spin_unlock(SpinLock::i_lock(mapping));
    alive
}

/// `iput_final()`, v6.12, of an unlinked inode: the last reference evicts it. i_lock held, and dropped here. Left out:
/// keeping inodes cached, writing them out.
fn iput_final(mapping: AddressSpace) {
    kfn!(iput_final);
    set_i_state(mapping, I_FREEING);
    spin_unlock(SpinLock::i_lock(mapping));
    evict(mapping);
}

/// `fput()` (fs/file_table.c), v6.12: the last descriptor of an unlinked file drops the inode. Left out: task work.
pub fn fput(mapping: AddressSpace) {
    kfn!(fput);
    if fput_testzero(mapping) {
        iput(mapping);
    }
}
