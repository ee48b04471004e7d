//! `mm/rmap.c`: the life of `anon_vma` objects, and finding a folio's without locks.
//!
//! An anon_vma's tree (`AvTree`) is the list of VMAs whose private pages may belong to it. The chain of a VMA is every
//! anon_vma whose tree has it. All anon_vmas of a family share the rwsem of their root.

use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::bug_on;
use crate::linux::pagemap::{folio_mapped, folio_raw_mapping};
use crate::linux::pgtable::{pte_offset_map_lock, pte_unmap_unlock};
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::rwsem::*;
use crate::linux::sched::might_sleep;
use crate::machine::m;
use crate::mm::bug;
use crate::vocab::*;

/// Beside the root in `AvRoot`: the object has no references, but its memory is not with the slab. `root` reads on.
const IN_TRANSIT: u64 = 1 << 8;

const fn refcount(anon_vma: AnonVma) -> Obj {
    anon_vma.obj(Field::AvRefcount)
}

const fn tree(anon_vma: AnonVma) -> Obj {
    anon_vma.obj(Field::AvTree)
}

/// `anon_vma->root` of an anon_vma that cannot go away under the caller: it does not change then.
pub(super) fn root_of(anon_vma: AnonVma) -> AnonVma {
    AnonVma(m().peek(anon_vma.obj(Field::AvRoot)) as u8)
}

/// `vma->anon_vma`, which the caller knows to be stable: mmap_lock held.
pub(super) fn stable_anon_vma(vma: Vma) -> Option<AnonVma> {
    let word = m().peek(vma.obj(Field::VmAnonVma));
    word.checked_sub(1).map(|av| AnonVma(av as u8))
}

/// `anon_vma_lock_write()` (include/linux/rmap.h), v6.12. The anon_vma is kept by a VMA or a reference of the caller.
pub fn anon_vma_lock_write(anon_vma: AnonVma) {
    kfn!(anon_vma_lock_write);
    down_write(RwSem::anon_vma(root_of(anon_vma)));
}

/// `anon_vma_unlock_write()` (include/linux/rmap.h), v6.12.
pub fn anon_vma_unlock_write(anon_vma: AnonVma) {
    kfn!(anon_vma_unlock_write);
    up_write(RwSem::anon_vma(root_of(anon_vma)));
}

/// `anon_vma_lock_read()` (include/linux/rmap.h), v6.12. The anon_vma is kept by a VMA or a reference of the caller.
pub fn anon_vma_lock_read(anon_vma: AnonVma) {
    kfn!(anon_vma_lock_read);
    down_read(RwSem::anon_vma(root_of(anon_vma)));
}

/// `anon_vma_unlock_read()` (include/linux/rmap.h), v6.12.
pub fn anon_vma_unlock_read(anon_vma: AnonVma) {
    kfn!(anon_vma_unlock_read);
    up_read(RwSem::anon_vma(root_of(anon_vma)));
}

// ----- allocation and freeing -----

/// `anon_vma_alloc()`, v6.12: a root of its own, with one reference. `None`: out of memory.
fn anon_vma_alloc() -> Option<AnonVma> {
    kfn!(anon_vma_alloc);
    let word = |av: AnonVma, field| m().peek(av.obj(field));
    let unused = |av: &AnonVma| word(*av, Field::AvRefcount) == 0 && word(*av, Field::AvRoot) & IN_TRANSIT == 0;
    let anon_vma = (0..ANON_VMAS as u8).map(AnonVma).find(unused)?;
    let root = anon_vma.obj(Field::AvRoot);
    m().poke(root, m().peek(root) | IN_TRANSIT);
    m().store(refcount(anon_vma), 1, Order::Relaxed, Note::Nothing, 0);
    m().store(root, anon_vma.0 as u64, Order::Plain, Note::Nothing, 0);
    m().note(Note::AnonVmaAlloc, refcount(anon_vma), anon_vma.0 as u32);
    Some(anon_vma)
}

/// `anon_vma_free()`, v6.12. Nobody has a reference, but `folio_lock_anon_vma_read()` may hold the root's rwsem and be
/// about to see that the folio is not mapped any more: that is waited for.
fn anon_vma_free(anon_vma: AnonVma) {
    kfn!(anon_vma_free);
    might_sleep();
    let rwsem = root_of(anon_vma).obj(Field::AvRwsem);
    if m().load(rwsem, Order::Relaxed, Note::Nothing, 0) != 0 {
        anon_vma_lock_write(anon_vma);
        anon_vma_unlock_write(anon_vma);
    }
    m().note(Note::AnonVmaFree, refcount(anon_vma), anon_vma.0 as u32);
    m().poke(anon_vma.obj(Field::AvRoot), root_of(anon_vma).0 as u64);
}

/// `get_anon_vma()` (include/linux/rmap.h), v6.12.
fn get_anon_vma(anon_vma: AnonVma) {
    kfn!(get_anon_vma);
    let get = |v: u64| Some(v.wrapping_add(1));
    let _ = m().rmw(refcount(anon_vma), Order::Relaxed, Note::Nothing, 0, get);
}

/// `atomic_inc_not_zero(&anon_vma->refcount)`.
pub(super) fn get_anon_vma_not_zero(anon_vma: AnonVma) -> bool {
    let get = |v: u64| (v != 0).then(|| v.wrapping_add(1));
    m().rmw(refcount(anon_vma), Order::Full, Note::Nothing, 0, get).is_ok()
}

/// `atomic_dec_and_test(&anon_vma->refcount)`. After the last one the object is the caller's to free.
pub(super) fn put_anon_vma_testzero(anon_vma: AnonVma) -> bool {
    let put = |v: u64| Some(v.wrapping_sub(1));
    let last = m().rmw(refcount(anon_vma), Order::Full, Note::Nothing, 0, put) == Ok(1);
    if last {
        let root = anon_vma.obj(Field::AvRoot);
        m().poke(root, m().peek(root) | IN_TRANSIT);
    }
    last
}

/// `__put_anon_vma()`, v6.12. The caller dropped the last reference. The root is pinned until its descendants are gone.
pub(super) fn __put_anon_vma(anon_vma: AnonVma) {
    kfn!(__put_anon_vma);
    let root = root_of(anon_vma);
    anon_vma_free(anon_vma);
    if root != anon_vma && put_anon_vma_testzero(root) {
        anon_vma_free(root);
    }
}

/// `put_anon_vma()` (include/linux/rmap.h), v6.12. The caller holds no anon_vma lock: freeing may take it.
pub fn put_anon_vma(anon_vma: AnonVma) {
    kfn!(put_anon_vma);
    if put_anon_vma_testzero(anon_vma) {
        __put_anon_vma(anon_vma);
    }
}

// ----- chains -----

/// The anon_vmas a VMA is linked to. mmap_lock held for writing.
fn anon_vma_chain(vma: Vma) -> impl Iterator<Item = AnonVma> {
    let linked = move |av: &AnonVma| Seq(m().peek(tree(*av))).contains(vma.0 as usize);
    (0..ANON_VMAS as u8).map(AnonVma).filter(linked)
}

/// `anon_vma_chain_link()`, v6.12. Root locked for writing. Behind the VMAs that are there already: walks meet the
/// parent before the child (MM-6.12 6.9).
fn anon_vma_chain_link(vma: Vma, anon_vma: AnonVma) {
    kfn!(anon_vma_chain_link);
    let link = |v: u64| Some(Seq(v).push_tail(vma.0 as usize).0);
    let _ = m().rmw(tree(anon_vma), Order::Plain, Note::Nothing, 0, link);
}

/// `anon_vma_interval_tree_remove()`. Root locked for writing. True if the tree is empty now.
fn anon_vma_tree_remove(vma: Vma, anon_vma: AnonVma) -> bool {
    let unlink = |v: u64| Some(Seq(v).remove(vma.0 as usize).0);
    let old = m().rmw(tree(anon_vma), Order::Plain, Note::Nothing, 0, unlink).unwrap_or_default();
    Seq(old).remove(vma.0 as usize).is_empty()
}

/// `lock_anon_vma_root()`, v6.12: write-locks the root unless the caller has it already.
fn lock_anon_vma_root(locked: &mut Option<AnonVma>, anon_vma: AnonVma) {
    kfn!(lock_anon_vma_root);
    let root = root_of(anon_vma);
    if *locked == Some(root) {
        return;
    }
    // One VMA's anon_vmas are one family.
    bug_on(locked.is_some(), VmBug::AnonRmap);
    unlock_anon_vma_root(*locked);
    down_write(RwSem::anon_vma(root));
    *locked = Some(root);
}

fn unlock_anon_vma_root(locked: Option<AnonVma>) {
    if let Some(root) = locked {
        up_write(RwSem::anon_vma(root));
    }
}

/// `anon_vma_prepare()` (include/linux/rmap.h), v6.12. mmap_lock held. False: out of memory.
pub fn anon_vma_prepare(vma: Vma) -> bool {
    kfn!(anon_vma_prepare);
    vma.anon_vma().is_some() || __anon_vma_prepare(vma)
}

/// `__anon_vma_prepare()`, v6.12. mmap_lock held, also for reading: the page-table lock (which stands for
/// `mm->page_table_lock`) decides between threads. Left out: a neighbour's anon_vma (`find_mergeable_anon_vma`).
fn __anon_vma_prepare(vma: Vma) -> bool {
    kfn!(__anon_vma_prepare);
    might_sleep();
    let Some(anon_vma) = anon_vma_alloc() else { return false };
    anon_vma_lock_write(anon_vma);
    pte_offset_map_lock(vma.mm());
    let first = vma.anon_vma().is_none();
    if first {
        vma.set_anon_vma(Some(anon_vma));
        anon_vma_chain_link(vma, anon_vma);
    }
    pte_unmap_unlock(vma.mm());
    anon_vma_unlock_write(anon_vma);
    if !first {
        put_anon_vma(anon_vma);
    }
    true
}

/// `anon_vma_clone()`, v6.12: links `dst` to every anon_vma of `src`. mmap_lock held for writing. False: out of memory,
/// which the model never is here. Left out: the reuse of an anon_vma no VMA is left of.
pub fn anon_vma_clone(dst: Vma, src: Vma) -> bool {
    kfn!(anon_vma_clone);
    let mut root = None;
    for anon_vma in anon_vma_chain(src) {
        lock_anon_vma_root(&mut root, anon_vma);
        anon_vma_chain_link(dst, anon_vma);
    }
    unlock_anon_vma_root(root);
    true
}

/// `anon_vma_fork()`, v6.12: `dst` is the child's copy of `src`, in no tree yet. Both mmap_locks held for writing. The
/// child's VMA is in the trees of all its ancestors, where its shared pages are found, and has an anon_vma of its own
/// for the pages it copies. False: out of memory.
pub fn anon_vma_fork(dst: Vma, src: Vma) -> bool {
    kfn!(anon_vma_fork);
    let Some(parent) = src.anon_vma() else { return true };
    m().poke(dst.obj(Field::VmAnonVma), 0); // the copy of the parent's
    if !anon_vma_clone(dst, src) {
        return false;
    }
    let Some(anon_vma) = anon_vma_alloc() else {
        unlink_anon_vmas(dst);
        return false;
    };
    // The lock of all is in the root, so that must stay.
    let root = root_of(parent);
    m().store(anon_vma.obj(Field::AvRoot), root.0 as u64, Order::Plain, Note::Nothing, 0);
    get_anon_vma(root);
    dst.set_anon_vma(Some(anon_vma));
    anon_vma_lock_write(anon_vma);
    anon_vma_chain_link(dst, anon_vma);
    anon_vma_unlock_write(anon_vma);
    true
}

/// `unlink_anon_vmas()`, v6.12: takes the VMA out of every tree; an anon_vma without VMAs loses the reference it was
/// made with. mmap_lock held for writing, or nobody left to take it. No page table maps a page of the VMA any more.
pub fn unlink_anon_vmas(vma: Vma) {
    kfn!(unlink_anon_vmas);
    // The root last, as its lock is the others'.
    let root_last = |chain: Seq, av: AnonVma| {
        if root_of(av) == av { chain.push_tail(av.0 as usize) } else { chain.push_head(av.0 as usize) }
    };
    let mut empty = Seq::EMPTY;
    let mut root = None;
    for anon_vma in anon_vma_chain(vma).fold(Seq::EMPTY, root_last).iter() {
        lock_anon_vma_root(&mut root, AnonVma(anon_vma as u8));
        if anon_vma_tree_remove(vma, AnonVma(anon_vma as u8)) {
            empty = empty.push_tail(anon_vma);
        }
    }
    if stable_anon_vma(vma).is_some() {
        vma.set_anon_vma(None);
    }
    unlock_anon_vma_root(root);
    // Not under the lock: freeing may take it.
    empty.iter().for_each(|av| put_anon_vma(AnonVma(av as u8)));
}

// ----- lookup without locks (MM-6.12 6.3) -----

/// `folio_get_anon_vma()`, v6.12: the folio's anon_vma with a reference, if the folio is anonymous and mapped. The
/// memory is type-stable under RCU; that the folio is still mapped proves that the object is still the folio's.
pub fn folio_get_anon_vma(folio: Folio) -> Option<AnonVma> {
    kfn!(folio_get_anon_vma);
    rcu_read_lock();
    let found = folio_raw_mapping(folio).anon_vma().filter(|av| folio_mapped(folio) && get_anon_vma_not_zero(*av));
    let still = found.is_none() || folio_mapped(folio);
    rcu_read_unlock();
    if still {
        return found;
    }
    found.into_iter().for_each(put_anon_vma);
    None
}

/// The anon_vma of an isolated folio, for migration, with a reference. `None`: not anonymous, or not mapped.
/// Up to v2.6.34 `unmap_and_move()` took whatever `page->mapping` named: of an unmapped page, an anon_vma that may have
/// been freed.
pub fn migration_anon_vma(folio: Folio) -> Option<AnonVma> {
    if !bug(bugs::MIGRATE_UNMAPPED) {
        return folio_get_anon_vma(folio);
    }
    rcu_read_lock();
    let found = folio_raw_mapping(folio).anon_vma();
    found.into_iter().for_each(get_anon_vma);
    rcu_read_unlock();
    found
}

/// What [`folio_lock_anon_vma_read`] found.
pub(super) enum AnonLock {
    /// The folio's anon_vma, its root (the second) locked shared.
    Locked(AnonVma, AnonVma),
    /// The folio is not anonymous, or not mapped.
    None,
    /// The lock is taken, and the caller may not wait.
    Contended,
}

/// `folio_lock_anon_vma_read()`, v6.12. As [`folio_get_anon_vma`], but with the lock instead of a reference. With the
/// folio locked `folio->mapping` does not change; without, it may move to a descendant's meanwhile.
pub(super) fn folio_lock_anon_vma_read(folio: Folio, try_lock: bool) -> AnonLock {
    kfn!(folio_lock_anon_vma_read);
    loop {
        rcu_read_lock();
        let mapping = folio_raw_mapping(folio);
        let Some(anon_vma) = mapping.anon_vma().filter(|_| folio_mapped(folio)) else {
            rcu_read_unlock();
            return AnonLock::None;
        };
        let root = anon_vma.root();
        if down_read_trylock(RwSem::anon_vma(root)) {
            let same = folio_raw_mapping(folio).same(mapping);
            let found = same && (bug(bugs::ANON_VMA_UNCHECKED) || folio_mapped(folio));
            if !found {
                up_read(RwSem::anon_vma(root));
            }
            rcu_read_unlock();
            match (same, found) {
                (true, true) => return AnonLock::Locked(anon_vma, root),
                (true, false) => return AnonLock::None,
                _ => continue,
            }
        }
        if try_lock {
            rcu_read_unlock();
            return AnonLock::Contended;
        }
        if let Some(locked) = lock_sleeping(folio, mapping, anon_vma) {
            return locked;
        }
    }
}

/// The half of `folio_lock_anon_vma_read()` that sleeps, with a reference on the anon_vma meanwhile. Inside the RCU
/// section, which it ends. `None`: once more, from the start.
fn lock_sleeping(folio: Folio, mapping: MappingPtr, anon_vma: AnonVma) -> Option<AnonLock> {
    if !get_anon_vma_not_zero(anon_vma) {
        rcu_read_unlock();
        return Some(AnonLock::None);
    }
    let mapped = folio_mapped(folio);
    rcu_read_unlock();
    if !mapped {
        put_anon_vma(anon_vma);
        return Some(AnonLock::None);
    }
    anon_vma_lock_read(anon_vma);
    if !folio_raw_mapping(folio).same(mapping) {
        anon_vma_unlock_read(anon_vma);
        put_anon_vma(anon_vma);
        return None;
    }
    if put_anon_vma_testzero(anon_vma) {
        // Unlocked first: freeing may take the lock for writing.
        anon_vma_unlock_read(anon_vma);
        __put_anon_vma(anon_vma);
        return Some(AnonLock::None);
    }
    Some(AnonLock::Locked(anon_vma, root_of(anon_vma)))
}
