//! `mm/migrate.c`: moving an isolated folio's contents, users and mappings to another frame. `pages` has the form of
//! the kernels before folios.
//!
//! Order-0 LRU folios. Left out everywhere: movable_ops pages, hugetlb, large folios and their splitting, memcg,
//! statistics, the TLB flush between unmapping and moving (the model has no TLB). The expected reference count is the
//! later one of the v6.12 series, `folio_expected_ref_count() + 1`; `folio_expected_refs()` of v6.12.0, which does not
//! count mappings, is left out.

mod pages;

use super::filemap::{
    filemap_release_folio, folio_end_writeback, folio_lock, folio_unlock, folio_wait_locked, folio_wait_writeback,
    migration_entry_wait_on_locked, put_and_wait_on_page_locked,
};
use super::fs_aops::{Writepage, writepage};
use super::fs_buffer::{invalidate_bh_lrus_cpu, lock_buffer, try_to_free_buffers, trylock_buffer, unlock_buffer};
use super::memory::mk_pte_read_once;
use super::mlock::mlock_drain_local;
use super::mlock::pages::mlock_vma_page;
use super::page_alloc::folio_alloc;
use super::page_writeback::folio_clear_dirty_for_io;
use super::rmap::*;
use super::swap::{folio_add_lru, folio_put, lru_add_drain};
use super::vmscan::{folio_putback_lru, putback_lru_page};
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::highmem::copy_content;
use crate::linux::mm_inline::{private_list_add, private_list_del};
use crate::linux::mm_types::{AddressSpace, AnonVma, Folio, Mm, Vma};
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::*;
use crate::linux::spinlock::*;
use crate::linux::xarray::*;
use crate::machine::{SPIN_POINTS, m};
use crate::vocab::*;

/// `NR_MAX_MIGRATE_PAGES_RETRY`: passes of asynchronous migration. 10 in Linux, each of them one more chance for others
/// to let go of the folio. A few are enough here, where each costs steps.
const NR_MAX_MIGRATE_PAGES_RETRY: usize = 3;
/// `NR_MAX_MIGRATE_ASYNC_RETRY`: passes of the asynchronous attempt before synchronous migration.
const NR_MAX_MIGRATE_ASYNC_RETRY: usize = 3;
/// `NR_MAX_MIGRATE_SYNC_RETRY`: passes over each remaining folio. 7 in Linux.
const NR_MAX_MIGRATE_SYNC_RETRY: usize = 3;

/// `enum migrate_mode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MigrateMode {
    /// Never blocks.
    Async,
    /// May block on locks, not on writeback.
    SyncLight,
    Sync,
}

/// Why a folio was not migrated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Errno {
    /// -EAGAIN: worth another pass.
    Again,
    /// -EBUSY.
    Busy,
    /// -ENOMEM: no new folio.
    NoMem,
    /// -EOPNOTSUPP: the mapping forbids it.
    OpNotSupp,
    /// -EINVAL: a dirty folio that nobody can write.
    Inval,
}

/// The callbacks of `migrate_pages()`: where new folios come from.
pub(super) trait NewFolios {
    /// `get_new_folio`: unlocked, on no list, with one allocation reference.
    fn get_new_folio(&mut self) -> Option<Folio>;

    /// `put_new_folio`: drops the allocation reference of a folio that was not used.
    fn put_new_folio(&mut self, dst: Folio);
}

/// New folios from the page allocator.
struct PageAllocator;

/// `alloc_migration_target()`, v6.12. Left out: node and zone.
fn alloc_migration_target() -> Option<Folio> {
    kfn!(alloc_migration_target);
    folio_alloc()
}

impl NewFolios for PageAllocator {
    fn get_new_folio(&mut self) -> Option<Folio> {
        alloc_migration_target()
    }

    fn put_new_folio(&mut self, dst: Folio) {
        folio_put(dst, Owner::Alloc);
    }
}

/// What `migrate_folio_unmap()` found, for the move. Linux keeps it in `dst->private`, which nobody else looks at.
#[derive(Clone, Copy, Default)]
struct Record {
    /// With a reference.
    anon_vma: Option<AnonVma>,
    /// PAGE_WAS_MAPPED: migration entries stand for the mappings.
    was_mapped: bool,
    /// PAGE_WAS_MLOCKED.
    was_mlocked: bool,
}

/// A source and its destination, both locked.
#[derive(Clone, Copy)]
struct Pair {
    src: Folio,
    dst: Folio,
    record: Record,
}

// ----- isolated folios (MM-6.12 7.1) -----

/// -EAGAIN: somebody has a reference that migration does not expect.
fn in_use(src: Folio, expected: u64) -> Errno {
    m().note(Note::MigrateAgain, src.obj(Field::Refcount), expected as u32);
    Errno::Again
}

/// `putback_movable_pages()`, v6.12. Drops the isolation references. Left out: movable_ops pages, statistics.
pub fn putback_movable_pages(list: &FolioBatch) {
    kfn!(putback_movable_pages);
    for folio in list.folios() {
        private_list_del(folio);
        if bug(bugs::M_PUTBACK) {
            folio_put(folio, Owner::Isolation);
            continue;
        }
        putback_lru(folio);
    }
}

/// `folio_putback_lru()`, or `putback_lru_page()` in the kernels that decide evictability there (before v5.0).
pub fn putback_lru(folio: Folio) {
    if kernel() >= Kernel::V5_0 { folio_putback_lru(folio) } else { putback_lru_page(folio) }
}

// ----- migration entries (MM-6.12 2.6, 6.9) -----

/// `migration_entry_wait()`, v3.13 to v6.12. mmap_lock held, no reference. Sleeps until the folio a migration entry at
/// `addr` names is unlocked; returns at once if there is no such entry, or if its folio is frozen.
pub fn migration_entry_wait(mm: Mm, addr: usize) {
    kfn!(migration_entry_wait);
    pte_offset_map_lock(mm);
    let Some(pfn) = ptep_get(mm, addr).migration_pfn() else { return pte_unmap_unlock(mm) };
    let folio = Folio(pfn as u8);
    match wait_form() {
        WaitForm::Queued => migration_entry_wait_on_locked(folio, mm),
        form => {
            // The entry says that migration has a reference, unless it has frozen it: then the fault comes again.
            let got = folio_try_get(folio, Owner::Fault);
            pte_unmap_unlock(mm);
            if !got {
                entry_changes(mm, addr);
            } else if form == WaitForm::Dropped {
                put_and_wait_on_page_locked(folio, Owner::Fault);
            } else {
                folio_wait_locked(folio);
                folio_put(folio, Owner::Fault);
            }
        }
    }
}

/// The fault on a frozen page comes again at once, and again: the others run until the entry has changed, or until they
/// have nothing to do.
fn entry_changes(mm: Mm, addr: usize) {
    for _ in 0..SPIN_POINTS {
        if ptep_get(mm, addr).migration_pfn().is_none() {
            break;
        }
    }
}

/// How a fault waits for a migration to end (ERAS B.F9).
#[derive(Clone, Copy, PartialEq, Eq)]
enum WaitForm {
    /// W0, before 9a1ea439b16b (v5.0): with a reference, which makes the freeze fail.
    Referenced,
    /// W1, up to v5.16: the reference is dropped once the waiter is queued.
    Dropped,
    /// W2, since ffa65753c431 (v5.17): queued under the page-table lock, without a reference.
    Queued,
}

fn wait_form() -> WaitForm {
    match () {
        _ if bug(bugs::B_W0) => WaitForm::Referenced,
        _ if bug(bugs::B_W1) => WaitForm::Dropped,
        _ if bug(bugs::B_W2) || kernel().has_folios() => WaitForm::Queued,
        _ if kernel() >= Kernel::V5_0 => WaitForm::Dropped,
        _ => WaitForm::Referenced,
    }
}

/// `remove_migration_pte()`, v6.12: the rmap walk's work on one VMA, `dst` locked. If `addr` has a migration entry for
/// `src`, `dst` is mapped there, with a reference of the entry's: writable if the entry was, or if new entries of the
/// VMA are. Left out: soft-dirty, userfaultfd, KSM.
fn remove_migration_pte(src: Folio, dst: Folio, vma: Vma, addr: usize) {
    kfn!(remove_migration_pte);
    let Some(entry) = page_vma_mapped_walk(src.pfn(), vma, addr, PVMW_SYNC | PVMW_MIGRATION) else { return };
    folio_get(dst, Owner::Pte);
    let mut pte = mk_pte_read_once(dst, vma);
    if !entry.is_young() {
        pte = pte.mkold();
    }
    if entry.is_dirty() && folio_test_dirty(dst) {
        pte = pte.mkdirty();
    }
    if entry.migration_kind() == MigrationKind::Write {
        pte = pte.mkwrite();
    }
    if !kernel().has_folios() {
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
    }
    if folio_test_anon(dst) {
        let exclusive = kernel().has_folios() && entry.migration_kind() != MigrationKind::Read;
        folio_add_anon_rmap_pte(dst, vma, addr, exclusive);
    } else {
        folio_add_file_rmap_pte(dst, vma, addr);
    }
    if kernel().has_folios() {
        set_pte_at(vma.mm(), addr, pte, PteWrite::Restore);
    }
    if vma.vm_flags() & VM_LOCKED != 0 {
        match () {
            _ if kernel().has_folios() => mlock_drain_local(),
            // Missing until v4.4.
            _ if bug(bugs::C_V6) => {}
            _ => mlock_vma_page(dst),
        }
    }
    page_vma_mapped_walk_done(vma);
}

/// `remove_migration_ptes()`, v6.12. `dst` locked; it has `src`'s mapping and index, or is `src`, whose mappings are
/// restored then. The walk meets a parent's VMA before its child's, which fork relies on. An anonymous `dst` is not
/// mapped: the caller's anon_vma reference keeps its tree.
pub fn remove_migration_ptes(src: Folio, dst: Folio) {
    kfn!(remove_migration_ptes);
    let mut rmap_one = |dst: Folio, vma: Vma, addr: usize| {
        remove_migration_pte(src, dst, vma, addr);
        true
    };
    if folio_test_anon(dst) {
        rmap_walk_anon_direct(dst, &mut rmap_one);
    } else {
        rmap_walk(dst, false, &mut rmap_one, &|_| false);
        if kernel().has_nonlinear() && !bug(bugs::REMAP_MIGRATION) {
            pages::remove_linear_migration_ptes_from_nonlinear(dst, &mut rmap_one);
        }
    }
}

// ----- moving (MM-6.12 7.5 to 7.7) -----

/// `__folio_migrate_mapping()`, v6.12 (`folio_migrate_mapping()` before). Both locked; `expected` counts every
/// reference to `src`. The cache's slot, its reference, the index, PG_swapbacked and PG_dirty go to `dst`; `src` keeps
/// its mapping for the caller to clear.
fn __folio_migrate_mapping(mapping: Option<AddressSpace>, dst: Folio, src: Folio, expected: u64) -> Result<(), Errno> {
    kfn!(__folio_migrate_mapping);
    let Some(mapping) = mapping else {
        // Anonymous, outside the swap cache. Nobody can find it, so nothing is frozen.
        copy_place(dst, src);
        copy_swapbacked(dst, src);
        return Ok(());
    };
    let index = folio_index_in(src, mapping);
    xa_lock_irq(mapping);
    if !folio_ref_freeze(src, expected) {
        xa_unlock_irq(mapping);
        return Err(in_use(src, expected));
    }
    copy_place(dst, src);
    let owner = if mapping.is_swap() { Owner::SwapCache } else { Owner::PageCache };
    folio_ref_add(dst, owner, 1);
    copy_swapbacked(dst, src);
    if folio_test_swapcache(src) {
        folio_set_swapcache(dst);
        folio_set_swap(dst, folio_swap(src));
    }
    // While nobody can take a reference on `src`, nor find `dst`.
    if folio_test_dirty(src) {
        folio_clear_dirty(src);
        if !bug(bugs::M_MIGRATE_DIRTY) {
            folio_set_dirty(dst);
        }
    }
    xas_store(mapping, index, Some(dst));
    folio_ref_discard(src, owner);
    folio_ref_unfreeze(src, if bug(bugs::M_MIGRATE_UNFREEZE) { expected } else { expected.wrapping_sub(1) });
    xa_unlock_irq(mapping);
    Ok(())
}

/// The index and the encoded mapping of `src` are `dst`'s too.
fn copy_place(dst: Folio, src: Folio) {
    folio_set_index(dst, folio_index(src));
    folio_copy_mapping(dst, folio_raw_mapping(src));
}

fn copy_swapbacked(dst: Folio, src: Folio) {
    if folio_test_swapbacked(src) {
        __folio_set_swapbacked(dst);
    }
}

/// `folio_migrate_flags()`, v6.12. Both locked, the mapping has moved. PG_mlocked is not copied: restoring the mappings
/// sets it again. Left out: PG_checked (used by no file system here), young and idle bits, NUMA hints, KSM, page owner,
/// memcg.
fn folio_migrate_flags(dst: Folio, src: Folio) {
    kfn!(folio_migrate_flags);
    if folio_test_referenced(src) {
        folio_set_referenced(dst);
    }
    if folio_test_uptodate(src) {
        folio_mark_uptodate(dst);
    }
    if folio_test_clear_active(src) {
        vm_bug_on_folio(peek_flags(src) & PG_UNEVICTABLE != 0, src, VmBug::ActiveUnevictable);
        folio_set_active(dst);
    } else if folio_test_clear_unevictable(src) {
        folio_set_unevictable(dst);
    }
    if folio_test_workingset(src) {
        folio_set_workingset(dst);
    }
    if folio_test_mappedtodisk(src) {
        folio_set_mappedtodisk(dst);
    }
    // Outside every cache it has not moved yet.
    if folio_test_dirty(src) {
        folio_set_dirty(dst);
    }
    if folio_test_swapcache(src) && !bug(bugs::M_MIGRATE_SWAPCACHE) {
        folio_clear_swapcache(src);
    }
    folio_clear_private(src);
    folio_set_private_word(src, 0);
    if folio_test_writeback(dst) {
        folio_end_writeback(dst);
    }
    // The same bit as PG_reclaim, which the end of writeback clears.
    if folio_test_readahead(src) {
        folio_set_readahead(dst);
    }
}

/// `__migrate_folio()`, v6.12; `migrate_folio_extra()`, v6.5 and v6.8, which copied last: the folio in the slot was
/// locked and not uptodate until then. Both locked, `src` unmapped and isolated by the caller. `private`: private data
/// move along. Left out: machine checks during the copy.
fn __migrate_folio(mapping: Option<AddressSpace>, dst: Folio, src: Folio, private: bool) -> Result<(), Errno> {
    kfn!(__migrate_folio);
    let expected = folio_expected_ref_count(src).wrapping_add(1);
    let copy_first = kernel() >= Kernel::V6_12;
    if (copy_first || mapping.is_none()) && folio_ref_count(src) != expected {
        return Err(in_use(src, expected));
    }
    if bug(bugs::M_MIGRATE_EARLY) {
        __folio_migrate_mapping(mapping, dst, src, expected)?;
    }
    if copy_first {
        copy(dst, src);
    }
    __folio_migrate_mapping(mapping, dst, src, expected)?;
    if private {
        let word = folio_detach_private(src).unwrap_or_default();
        carry_private_data(dst, src);
        folio_attach_private(dst, word);
    }
    if !copy_first {
        copy(dst, src);
    }
    folio_migrate_flags(dst, src);
    if bug(bugs::M_MIGRATE_UNLOCK) {
        folio_unlock(dst);
    }
    Ok(())
}

/// The contents of `src` are `dst`'s, too.
fn copy(dst: Folio, src: Folio) {
    m().note(Note::MigrateCopy, src.obj(Field::Flags), dst.pfn() as u32);
    copy_content(dst, src);
}

/// Buffer heads and iomap state are reached through `folio->private` and so change folios with it. In the model they
/// are cells of the folio: they are carried over without an access.
fn carry_private_data(dst: Folio, src: Folio) {
    for field in [Field::BufferState, Field::BufferCount, Field::IfsState, Field::IfsPending] {
        m().poke(dst.obj(field), m().peek(src.obj(field)));
        m().poke(src.obj(field), 0);
    }
}

/// `migrate_folio()`, v6.12: of a folio without private data. As [`__migrate_folio`].
fn migrate_folio(mapping: Option<AddressSpace>, dst: Folio, src: Folio) -> Result<(), Errno> {
    kfn!(migrate_folio);
    vm_bug_on_folio(peek_flags(src) & PG_WRITEBACK != 0, src, VmBug::Writeback);
    __migrate_folio(mapping, dst, src, false)
}

/// `filemap_migrate_folio()`, v6.12: private data, if there are any, go to `dst` as they are.
fn filemap_migrate_folio(mapping: AddressSpace, dst: Folio, src: Folio) -> Result<(), Errno> {
    kfn!(filemap_migrate_folio);
    let private = folio_private(src) != 0;
    __migrate_folio(Some(mapping), dst, src, private)
}

/// `buffer_migrate_lock_buffers()`, v6.12. False: a buffer is locked and `mode` does not wait for it.
fn buffer_migrate_lock_buffers(src: Folio, mode: MigrateMode) -> bool {
    kfn!(buffer_migrate_lock_buffers);
    if trylock_buffer(src) {
        return true;
    }
    let uptodate = || m().load(src.obj(Field::BufferState), Order::Relaxed, Note::Nothing, 0) & BH_UPTODATE != 0;
    if mode == MigrateMode::Async || mode == MigrateMode::SyncLight && !uptodate() {
        return false;
    }
    lock_buffer(src);
    true
}

/// The `check_refs` part: nobody uses the buffer. Returns with i_private_lock held,
/// either way. This CPU's buffer-head LRU is emptied once. Left out: the other CPUs'.
fn buffers_unused(mapping: AddressSpace, src: Folio) -> bool {
    let mut invalidated = false;
    loop {
        spin_lock(SpinLock::i_private(mapping));
        let busy = m().load(src.obj(Field::BufferCount), Order::Relaxed, Note::Nothing, 0) != 0;
        if !busy || invalidated {
            return !busy;
        }
        spin_unlock(SpinLock::i_private(mapping));
        invalidate_bh_lrus_cpu();
        invalidated = true;
    }
}

/// `__buffer_migrate_folio()`, v6.12, with `check_refs`. Both locked. Left out: `buffer_migrate_folio()`, which
/// tolerates users of the buffer. They name a buffer by its folio here and would be left with the old one.
fn __buffer_migrate_folio(mapping: AddressSpace, dst: Folio, src: Folio, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(__buffer_migrate_folio);
    if !folio_test_private(src) {
        return migrate_folio(Some(mapping), dst, src);
    }
    let expected = folio_expected_ref_count(src).wrapping_add(1);
    if folio_ref_count(src) != expected || !buffer_migrate_lock_buffers(src, mode) {
        return Err(Errno::Again);
    }
    let unused = buffers_unused(mapping, src);
    let rc = if unused { filemap_migrate_folio(mapping, dst, src) } else { Err(Errno::Again) };
    spin_unlock(SpinLock::i_private(mapping));
    // `folio_set_bh()`: the buffer is `dst`'s since its private data moved.
    unlock_buffer(if rc.is_ok() { dst } else { src });
    rc
}

/// `buffer_migrate_folio_norefs()`, v6.12: as a block device does it, where buffers are looked up through the folio.
fn buffer_migrate_folio_norefs(mapping: AddressSpace, dst: Folio, src: Folio, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(buffer_migrate_folio_norefs);
    __buffer_migrate_folio(mapping, dst, src, mode)
}

/// `writeout()`, v6.12. Folio locked, before and after; unlocked in between. Never succeeds. Left out: I/O errors.
fn writeout(mapping: AddressSpace, aops: u64, folio: Folio) -> Errno {
    kfn!(writeout);
    if aops & AOPS_WRITEPAGE == 0 {
        return Errno::Inval;
    }
    if !folio_clear_dirty_for_io(folio) {
        return Errno::Again;
    }
    // The folio is about to be unlocked: nobody may find a migration entry then.
    remove_migration_ptes(folio, folio);
    if writepage(mapping, folio) != Writepage::Activate {
        folio_lock(folio);
    }
    // Trying again without a new unmap, as Linux does, may move a folio that is mapped: an open question. The model
    // gives up instead unless it is put back in. Before folios each pass unmapped anew.
    if bug(bugs::OPEN_WRITEOUT) || !kernel().has_folios() { Errno::Again } else { Errno::Busy }
}

/// `fallback_migrate_folio()`, v6.12: the file system has no `migrate_folio`. Both locked.
fn fallback_migrate_folio(
    mapping: AddressSpace,
    aops: u64,
    dst: Folio,
    src: Folio,
    mode: MigrateMode,
) -> Result<(), Errno> {
    kfn!(fallback_migrate_folio);
    let sync = mode == MigrateMode::Sync;
    if folio_test_dirty(src) {
        return Err(if sync { writeout(mapping, aops, src) } else { Errno::Busy });
    }
    if !filemap_release_folio(src) {
        return Err(if sync { Errno::Again } else { Errno::Busy });
    }
    migrate_folio(Some(mapping), dst, src)
}

/// `mapping->a_ops->migrate_folio`, or what replaces it. `migrate_folio()` of shmem is `filemap_migrate_folio()` of a
/// folio without private data.
fn migrate_by_aops(mapping: AddressSpace, dst: Folio, src: Folio, mode: MigrateMode) -> Result<(), Errno> {
    let aops = mapping_aops(mapping);
    if aops & AOPS_MIGRATE_FOLIO == 0 {
        fallback_migrate_folio(mapping, aops, dst, src, mode)
    } else if aops & AOPS_BUFFERS != 0 {
        buffer_migrate_folio_norefs(mapping, dst, src, mode)
    } else {
        filemap_migrate_folio(mapping, dst, src)
    }
}

/// Whether migration asks for AS_UNMOVABLE: since v6.8, and in the proposal that brought the flag.
fn asks_unmovable() -> bool {
    kernel() >= Kernel::V6_8 || bug(bugs::E0)
}

/// `move_to_new_folio()`, v6.5 to v6.12 (ERAS E.F2). Both locked, `src` unmapped. On success `dst` has taken `src`'s
/// place, and a file folio's `src->mapping` is NULL; an anonymous one keeps its encoding until it is freed.
fn move_to_new_folio(dst: Folio, src: Folio, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(move_to_new_folio);
    vm_bug_on_folio(peek_flags(src) & PG_LOCKED == 0, src, VmBug::NotLocked);
    vm_bug_on_folio(peek_flags(dst) & PG_LOCKED == 0, dst, VmBug::NotLocked);
    match folio_mapping(src) {
        None => migrate_folio(None, dst, src)?,
        // The flags and callbacks of the swap cache's address_space are constant.
        Some(mapping) if mapping.is_swap() => migrate_folio(Some(mapping), dst, src)?,
        Some(mapping) if asks_unmovable() && mapping_unmovable(mapping) && !bug(bugs::M_MOVE_UNMOVABLE) => {
            return Err(Errno::OpNotSupp);
        }
        Some(mapping) => migrate_by_aops(mapping, dst, src, mode)?,
    }
    if !folio_test_anon(src) {
        folio_clear_mapping(src);
    }
    Ok(())
}

// ----- one folio (MM-6.12 7.3, 7.4) -----

/// `migrate_folio_done()`, v6.12: drops the isolation reference; the link is gone.
fn migrate_folio_done(src: Folio) {
    kfn!(migrate_folio_done);
    folio_put(src, Owner::Isolation);
}

/// `migrate_folio_undo_src()`, v6.12: restores the mappings, unlocks. The caller moves `src` to its list of failures.
fn migrate_folio_undo_src(src: Folio, record: Record, locked: bool) {
    kfn!(migrate_folio_undo_src);
    if record.was_mapped && !bug(bugs::M_UNDO_ENTRIES) {
        remove_migration_ptes(src, src);
    }
    if let Some(anon_vma) = record.anon_vma {
        put_anon_vma(anon_vma);
    }
    if locked {
        folio_unlock(src);
    }
}

/// `migrate_folio_undo_dst()`, v6.12. `dst` is on no list.
fn migrate_folio_undo_dst(dst: Folio, locked: bool, new: &mut dyn NewFolios) {
    kfn!(migrate_folio_undo_dst);
    if locked {
        folio_unlock(dst);
    }
    new.put_new_folio(dst);
}

/// `migrate_folio_unmap()`, v6.12. The caller isolated `src`, which is on its private list. A pair: unmapped, both
/// locked. No pair: `src` had no other users; it is freed and off the list. Left out: PF_MEMALLOC.
fn migrate_folio_unmap(src: Folio, new: &mut dyn NewFolios, mode: MigrateMode) -> Result<Option<Pair>, Errno> {
    kfn!(migrate_folio_unmap);
    if folio_ref_count(src) == 1 {
        folio_clear_active(src);
        folio_clear_unevictable(src);
        private_list_del(src);
        migrate_folio_done(src);
        return Ok(None);
    }
    let dst = new.get_new_folio().ok_or(Errno::NoMem)?;
    let mut record = Record::default();
    let (mut locked, mut dst_locked) = (false, false);
    let rc = unmap_source(src, dst, mode, &mut record, &mut locked, &mut dst_locked);
    if let Err(rc) = rc {
        migrate_folio_undo_src(src, record, locked);
        migrate_folio_undo_dst(dst, dst_locked, new);
        return Err(rc);
    }
    Ok(Some(Pair { src, dst, record }))
}

/// Locks both and replaces `src`'s mappings by migration entries. What was done is in the last three, also on failure.
fn unmap_source(
    src: Folio,
    dst: Folio,
    mode: MigrateMode,
    record: &mut Record,
    locked: &mut bool,
    dst_locked: &mut bool,
) -> Result<(), Errno> {
    if !lock_source(src, mode) {
        return Err(Errno::Again);
    }
    *locked = true;
    record.was_mlocked = folio_test_mlocked(src);
    if folio_test_writeback(src) && !bug(bugs::M_MIGRATE_WRITEBACK) {
        if mode != MigrateMode::Sync {
            return Err(Errno::Busy);
        }
        folio_wait_writeback(src);
    }
    // Keeps the tree while no mapping does. None if it is not mapped.
    if folio_test_anon(src) {
        record.anon_vma = migration_anon_vma(src);
    }
    // A lookup of the frame's former life may hold it.
    if !folio_trylock(dst) {
        return Err(Errno::Again);
    }
    *dst_locked = true;
    let detached = folio_raw_mapping(src).is_null();
    if detached && !bug(bugs::Z_MIGRATE_NULL) {
        if folio_test_private(src) {
            // Truncated, its buffers still attached.
            try_to_free_buffers(src);
            return Err(Errno::Again);
        }
    } else if detached || folio_mapped(src) {
        let anon = m().peek(src.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON;
        vm_bug_on_folio(anon && record.anon_vma.is_none(), src, VmBug::AnonRmap);
        try_to_migrate(src);
        if bug(bugs::M_MIGRATE_ANON_VMA) {
            record.anon_vma.take().into_iter().for_each(put_anon_vma);
        }
        record.was_mapped = true;
    }
    if folio_mapped(src) { Err(Errno::Again) } else { Ok(()) }
}

/// Takes the source's lock as `mode` allows.
fn lock_source(src: Folio, mode: MigrateMode) -> bool {
    if folio_trylock(src) || bug(bugs::M_MIGRATE_TRYLOCK) {
        return true;
    }
    // A folio that is not uptodate is locked for I/O.
    if mode == MigrateMode::Async || mode == MigrateMode::SyncLight && !folio_test_uptodate(src) {
        return false;
    }
    folio_lock(src);
    true
}

/// `migrate_folio_move()`, v6.12. Both locked, `src` unmapped, each on a private list of the caller's. -EAGAIN: they
/// stay as they are. Otherwise `dst` is off its list, and `src` too on success, else it has its mappings back.
fn migrate_folio_move(pair: Pair, new: &mut dyn NewFolios, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(migrate_folio_move);
    let Pair { src, dst, record } = pair;
    private_list_del(dst);
    match move_to_new_folio(dst, src, mode) {
        Ok(()) => {}
        Err(Errno::Again) => {
            private_list_add(dst);
            return Err(Errno::Again);
        }
        Err(rc) => {
            migrate_folio_undo_src(src, record, true);
            migrate_folio_undo_dst(dst, true, new);
            return Err(rc);
        }
    }
    m().note(Note::MigrateSuccess, src.obj(Field::Flags), dst.pfn() as u32);
    folio_add_lru(dst);
    if if kernel() <= Kernel::V6_5 { record.was_mapped } else { record.was_mlocked } {
        // Filed, so that restoring the mappings counts them in mlock_count.
        lru_add_drain();
    }
    if record.was_mapped {
        remove_migration_ptes(src, dst);
    }
    folio_unlock(dst);
    folio_put(dst, Owner::Alloc);
    private_list_del(src);
    if let Some(anon_vma) = record.anon_vma {
        put_anon_vma(anon_vma);
    }
    folio_unlock(src);
    migrate_folio_done(src);
    Ok(())
}

// ----- the driver (MM-6.12 7.2) -----

/// The pairs of a batch between unmapping and moving.
struct Unmapped {
    nr: usize,
    pairs: [Option<Pair>; FOLIOS],
}

impl Unmapped {
    fn add(&mut self, pair: Pair) {
        if let Some(slot) = self.pairs.get_mut(self.nr) {
            *slot = Some(pair);
            self.nr += 1;
            private_list_add(pair.dst);
        }
    }
}

/// `list_splice_tail_init()`.
fn splice_tail(from: &mut FolioBatch, to: &mut FolioBatch) {
    for folio in from.folios() {
        to.add(folio, 0);
    }
    from.reinit();
}

/// One pass of unmapping over `from`, which keeps the folios to try again. False: there is no memory for more.
fn unmap_pass(
    from: &mut FolioBatch,
    unmapped: &mut Unmapped,
    ret: &mut FolioBatch,
    new: &mut dyn NewFolios,
    mode: MigrateMode,
) -> bool {
    let todo = std::mem::take(from);
    let mut memory = true;
    for folio in todo.folios() {
        if !memory {
            from.add(folio, 0);
            continue;
        }
        match migrate_folio_unmap(folio, new, mode) {
            Ok(Some(pair)) => unmapped.add(pair),
            Ok(None) => {}
            Err(Errno::Again) => from.add(folio, 0),
            Err(Errno::NoMem) => {
                from.add(folio, 0);
                memory = false;
            }
            Err(_) => ret.add(folio, 0),
        }
    }
    memory
}

/// One pass of moving. False: nothing is left to try again.
fn move_pass(unmapped: &mut Unmapped, ret: &mut FolioBatch, new: &mut dyn NewFolios, mode: MigrateMode) -> bool {
    let mut retry = false;
    for slot in &mut unmapped.pairs {
        let Some(pair) = *slot else { continue };
        match migrate_folio_move(pair, new, mode) {
            Err(Errno::Again) => {
                retry = true;
                continue;
            }
            Err(_) => ret.add(pair.src, 0),
            Ok(()) => {}
        }
        *slot = None;
    }
    retry
}

/// `migrate_pages_batch()`, v6.12. All folios are unmapped, then all are moved; several may be locked at once, so only
/// an asynchronous batch may be of more than one folio. Failures go to `ret`; what never could be unmapped stays in
/// `from`. False: -ENOMEM.
fn migrate_pages_batch(
    from: &mut FolioBatch,
    ret: &mut FolioBatch,
    new: &mut dyn NewFolios,
    mode: MigrateMode,
    nr_pass: usize,
) -> bool {
    kfn!(migrate_pages_batch);
    let mut unmapped = Unmapped { nr: 0, pairs: [None; FOLIOS] };
    let mut memory = true;
    for _ in 0..nr_pass {
        if !memory || from.count() == 0 {
            break;
        }
        memory = unmap_pass(from, &mut unmapped, ret, new, mode);
    }
    for _ in 0..nr_pass {
        if !move_pass(&mut unmapped, ret, new, mode) {
            break;
        }
    }
    for pair in unmapped.pairs.into_iter().flatten() {
        migrate_folio_undo_src(pair.src, pair.record, true);
        ret.add(pair.src, 0);
        private_list_del(pair.dst);
        migrate_folio_undo_dst(pair.dst, true, new);
    }
    memory
}

/// `migrate_pages_sync()`, v6.12: an asynchronous attempt with all, then the rest one by one. Failures go to `ret`;
/// with -ENOMEM some may stay in `from`.
fn migrate_pages_sync(from: &mut FolioBatch, ret: &mut FolioBatch, new: &mut dyn NewFolios, mode: MigrateMode) {
    kfn!(migrate_pages_sync);
    let mut folios = FolioBatch::new();
    let memory = migrate_pages_batch(from, &mut folios, new, MigrateMode::Async, NR_MAX_MIGRATE_ASYNC_RETRY);
    if !memory {
        return splice_tail(&mut folios, ret);
    }
    splice_tail(&mut folios, from);
    let todo = std::mem::take(from);
    let mut memory = true;
    for folio in todo.folios() {
        if !memory {
            from.add(folio, 0);
            continue;
        }
        folios.add(folio, 0);
        memory = migrate_pages_batch(&mut folios, ret, new, mode, NR_MAX_MIGRATE_SYNC_RETRY);
        splice_tail(&mut folios, ret);
    }
}

/// `migrate_pages()`, v6.12, of the folios in `list`, which the caller isolated; each is marked as on a private list.
/// Returns how many were not migrated: they are in `list`, for the caller to put back. v4.14 and v4.15 never migrate.
/// Left out: splitting long lists into batches.
pub fn migrate_pages(list: &mut FolioBatch, mode: MigrateMode) -> usize {
    kfn!(migrate_pages);
    migrate_pages_with(list, &mut PageAllocator, mode)
}

/// [`migrate_pages`] with the caller's own source of new folios.
pub(super) fn migrate_pages_with(list: &mut FolioBatch, new: &mut dyn NewFolios, mode: MigrateMode) -> usize {
    if !kernel().has_processes() {
        return list.count();
    }
    if !kernel().has_folios() {
        return pages::migrate_pages(list, new, mode);
    }
    let mut ret = FolioBatch::new();
    if mode == MigrateMode::Async {
        migrate_pages_batch(list, &mut ret, new, mode, NR_MAX_MIGRATE_PAGES_RETRY);
    } else {
        migrate_pages_sync(list, &mut ret, new, mode);
    }
    splice_tail(&mut ret, list);
    for folio in list.folios() {
        m().note(Note::MigrateGiveUp, folio.obj(Field::Refcount), 0);
    }
    list.count()
}
