//! `mm/migrate.c` before folios: one page at a time is unmapped and moved (ERAS 2.2, C.F12).
//!
//! v5.0 throughout; a function that v3.13 had in another form says how. What the later form leaves out is left out
//! here, too. v4.14 and v4.15 put back what they isolate.

use super::*;
use crate::linux::page_flags::folio_test_swapcache;
use crate::linux::rwsem::{i_mmap_lock_read, i_mmap_unlock_read};
use crate::mm::mlock::pages::mlock_migrate_page;
use crate::mm::page_writeback::filemap_dirty_folio;
use crate::mm::rmap::pages::try_to_unmap;

/// Passes over the list. 10 in Linux.
const NR_PASSES: usize = 4;
/// Passes before one that waits for locks and for writeback.
const NR_PASSES_GENTLE: usize = 3;

/// `migrate_pages()`, v3.13 and v5.0, of the pages in `list`, which the caller isolated. Returns how many were not
/// migrated; those left in `list` are for the caller to put back, the others have been.
pub(super) fn migrate_pages(list: &mut FolioBatch, new: &mut dyn NewFolios, mode: MigrateMode) -> usize {
    kfn!(migrate_pages);
    let mut failed = 0;
    let mut memory = true;
    for pass in 0..NR_PASSES {
        let from = std::mem::take(list);
        for folio in from.folios() {
            let rc =
                if memory { unmap_and_move(folio, new, pass >= NR_PASSES_GENTLE, mode) } else { Err(Errno::NoMem) };
            match rc {
                Ok(()) => {}
                Err(rc @ (Errno::Again | Errno::NoMem)) => {
                    list.add(folio, 0);
                    memory &= rc != Errno::NoMem;
                }
                Err(_) => failed += 1,
            }
        }
        if list.count() == 0 || !memory {
            break;
        }
    }
    for folio in list.folios() {
        m().note(Note::MigrateGiveUp, folio.obj(Field::Refcount), 0);
    }
    failed + list.count()
}

/// `unmap_and_move()`, v3.13 and v5.0 (ERAS B.F2). -EAGAIN and -ENOMEM: `page` is still isolated and on the caller's
/// list; else it is off it, and its isolation reference is gone. v3.13 gives the new page to the LRU whether it was
/// used or not: the last put, of the batch, frees it then.
fn unmap_and_move(page: Folio, new: &mut dyn NewFolios, force: bool, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(unmap_and_move);
    let newpage = new.get_new_folio().ok_or(Errno::NoMem)?;
    // Freed by everybody else meanwhile.
    let gone = folio_ref_count(page) == 1;
    if gone && !v3_form() {
        folio_clear_active(page);
        folio_clear_unevictable(page);
        new.put_new_folio(newpage);
    }
    let rc = if gone { Ok(()) } else { __unmap_and_move(page, newpage, force, mode) };
    if rc != Err(Errno::Again) {
        private_list_del(page);
    }
    if v3_form() {
        if rc != Err(Errno::Again) {
            putback_lru(page);
        }
        putback_new(newpage);
        return rc;
    }
    match rc {
        Ok(()) => folio_put(page, Owner::Isolation),
        Err(Errno::Again) => {}
        Err(_) => putback_lru(page),
    }
    if rc.is_err() {
        new.put_new_folio(newpage);
    }
    rc
}

/// The form of v3.13: the new page is locked late, and the caller puts both pages back. Changed with v4.4.
fn v3_form() -> bool {
    kernel() <= Kernel::V3_13
}

/// `putback_lru_page()` of a new page: what was the allocation's reference is dropped.
fn putback_new(newpage: Folio) {
    folio_ref_transfer(newpage, Owner::Alloc, Owner::Isolation);
    putback_lru(newpage);
}

/// `__unmap_and_move()`, v3.13 and v5.0 (ERAS B.F3). The caller isolated `page`. Ok: `newpage` has its place, is
/// unlocked and (v5.0) on its way to the LRU. Else `page` is as it was. v3.13 locks the new page in
/// [`move_to_new_page`]. Left out: PF_MEMALLOC.
fn __unmap_and_move(page: Folio, newpage: Folio, force: bool, mode: MigrateMode) -> Result<(), Errno> {
    kfn!(__unmap_and_move);
    if !folio_trylock(page) {
        if !force || mode == MigrateMode::Async {
            return Err(Errno::Again);
        }
        folio_lock(page);
    }
    let mut anon_vma = None;
    let rc = match page_is_idle(page, force, mode) {
        Ok(()) => move_locked(page, newpage, mode, &mut anon_vma),
        Err(rc) => Err(rc),
    };
    if let Some(anon_vma) = anon_vma {
        put_anon_vma(anon_vma);
    }
    folio_unlock(page);
    if rc.is_ok() && !v3_form() {
        putback_new(newpage);
    }
    rc
}

/// Waits for writeback as `mode` allows. Page locked.
fn page_is_idle(page: Folio, force: bool, mode: MigrateMode) -> Result<(), Errno> {
    if !folio_test_writeback(page) {
        return Ok(());
    }
    if mode != MigrateMode::Sync {
        return Err(Errno::Busy);
    }
    if !force {
        return Err(Errno::Again);
    }
    folio_wait_writeback(page);
    Ok(())
}

/// Steps 3 to 10. Page locked and not under writeback. `anon_vma` gets the reference on its anon_vma.
fn move_locked(page: Folio, newpage: Folio, mode: MigrateMode, anon_vma: &mut Option<AnonVma>) -> Result<(), Errno> {
    let mut remap = true;
    if folio_test_anon(page) {
        *anon_vma = migration_anon_vma(page);
        if anon_vma.is_none() && v3_form() {
            if !folio_test_swapcache(page) {
                return Err(Errno::Again);
            }
            remap = false; // unmapped: nothing to restore, and no tree to find it in
        }
    }
    if v3_form() {
        return unmap_then_move(page, newpage, mode, *anon_vma, remap);
    }
    if !folio_trylock(newpage) {
        return Err(Errno::Again);
    }
    let rc = unmap_then_move(page, newpage, mode, *anon_vma, remap);
    folio_unlock(newpage);
    rc
}

/// Steps 5 to 9: migration entries for mappings, the move, and mappings again. `expected` is counted by the move, when
/// no page table has the page any more.
fn unmap_then_move(
    page: Folio,
    newpage: Folio,
    mode: MigrateMode,
    anon_vma: Option<AnonVma>,
    remap: bool,
) -> Result<(), Errno> {
    let mapped_is_fine = bug(bugs::B_V3_MAPPED) && folio_mapping(page).is_some();
    let mut extra = 0;
    let mut was_mapped = false;
    let detached = folio_raw_mapping(page).is_null();
    if detached && !bug(bugs::Z_MIGRATE_NULL) {
        if folio_test_private(page) {
            // Truncated, its buffers still attached.
            try_to_free_buffers(page);
            return Err(Errno::Again);
        }
    } else if mapped_is_fine {
        extra = folio_mapcount(page);
    } else if v3_form() || detached || folio_mapped(page) {
        let anon = m().peek(page.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON;
        vm_bug_on_folio(anon && anon_vma.is_none() && !v3_form(), page, VmBug::AnonRmap);
        if bug(bugs::B_V6_EXPECTED) {
            extra = folio_mapcount(page);
        }
        try_to_unmap(page, TTU_MIGRATION | TTU_IGNORE_MLOCK | TTU_IGNORE_ACCESS);
        was_mapped = true;
    }
    let unmapped = !folio_mapped(page) || mapped_is_fine;
    let rc = if unmapped { move_to_new_page(newpage, page, mode, remap, extra) } else { Err(Errno::Again) };
    if v3_form() && (rc.is_ok() || !remap) {
        return rc; // restored in move_to_new_page()
    }
    if was_mapped {
        remove_migration_ptes(page, if rc.is_ok() { newpage } else { page });
    }
    rc
}

/// `move_to_new_page()`, v3.13 and v5.0 (ERAS B.F5). Page locked and unmapped; so is the new page in v5.0. Ok: the new
/// page has taken its place. A file page's mapping is NULL then; an anonymous one keeps it until it is freed (v3.13
/// clears every page's). v3.13 locks the new page here, gives it the mapping before it counts, and restores the
/// mappings unless `remap` is false.
fn move_to_new_page(newpage: Folio, page: Folio, mode: MigrateMode, remap: bool, extra: u64) -> Result<(), Errno> {
    kfn!(move_to_new_page);
    if v3_form() {
        vm_bug_on_folio(!folio_trylock(newpage), newpage, VmBug::NotLocked); // BUG()
        copy_place(newpage, page);
        copy_swapbacked(newpage, page);
    }
    vm_bug_on_folio(peek_flags(page) & PG_LOCKED == 0, page, VmBug::NotLocked);
    vm_bug_on_folio(peek_flags(newpage) & PG_LOCKED == 0, newpage, VmBug::NotLocked);
    let rc = match folio_mapping(page) {
        None => migrate_page(None, newpage, page, extra),
        Some(mapping) if mapping.is_swap() => migrate_page(Some(mapping), newpage, page, extra),
        Some(mapping) => migratepage(mapping, newpage, page, mode, extra),
    };
    if !v3_form() {
        rc?;
        if !folio_test_anon(page) {
            folio_clear_mapping(page);
        }
        m().note(Note::MigrateSuccess, page.obj(Field::Flags), newpage.pfn() as u32);
        return rc;
    }
    if rc.is_err() {
        folio_clear_mapping(newpage);
    } else {
        if remap {
            remove_migration_ptes(page, newpage);
        }
        folio_clear_mapping(page);
        m().note(Note::MigrateSuccess, page.obj(Field::Flags), newpage.pfn() as u32);
    }
    folio_unlock(newpage);
    rc
}

/// `mapping->a_ops->migratepage`, or what replaces it.
fn migratepage(mapping: AddressSpace, newpage: Folio, page: Folio, mode: MigrateMode, extra: u64) -> Result<(), Errno> {
    let aops = mapping_aops(mapping);
    if aops & AOPS_MIGRATE_FOLIO == 0 {
        fallback_migrate_page(mapping, aops, newpage, page, mode, extra)
    } else if aops & AOPS_BUFFERS != 0 {
        buffer_migrate_page(mapping, newpage, page, mode, extra)
    } else if aops & AOPS_IOMAP != 0 {
        iomap_migrate_page(mapping, newpage, page, extra)
    } else {
        migrate_page(Some(mapping), newpage, page, extra)
    }
}

// ----- the file system's callbacks (ERAS B.F7) -----

/// `migrate_page()`, v3.13 and v5.0: of a page without private data. Both locked.
fn migrate_page(mapping: Option<AddressSpace>, newpage: Folio, page: Folio, extra: u64) -> Result<(), Errno> {
    kfn!(migrate_page);
    vm_bug_on_folio(peek_flags(page) & PG_WRITEBACK != 0, page, VmBug::Writeback);
    migrate_page_move_mapping(mapping, newpage, page, extra)?;
    migrate_page_copy(newpage, page);
    Ok(())
}

/// `buffer_migrate_page()` with `__buffer_migrate_page()`, v5.0, as `buffer_migrate_page_norefs()`: a buffer is known
/// by its folio here. i_private_lock is kept during the move, as since v5.3. Both locked.
fn buffer_migrate_page(
    mapping: AddressSpace,
    newpage: Folio,
    page: Folio,
    mode: MigrateMode,
    extra: u64,
) -> Result<(), Errno> {
    kfn!(buffer_migrate_page);
    if !folio_test_private(page) {
        return migrate_page(Some(mapping), newpage, page, extra);
    }
    let expected = expected_page_refs(page);
    if folio_ref_count(page) != expected {
        return Err(in_use(page, expected));
    }
    if !buffer_migrate_lock_buffers(page, mode) {
        return Err(Errno::Again);
    }
    let unused = buffers_unused(mapping, page);
    let moved = || migrate_page_move_mapping(Some(mapping), newpage, page, extra);
    let rc = if unused { moved() } else { Err(Errno::Again) };
    if rc.is_ok() {
        folio_clear_private(page);
        move_private_word(newpage, page);
        folio_put(page, Owner::Private);
        folio_get(newpage, Owner::Private);
        carry_private_data(newpage, page);
        folio_set_private(newpage);
    }
    spin_unlock(SpinLock::i_private(mapping));
    if rc.is_ok() {
        migrate_page_copy(newpage, page);
    }
    unlock_buffer(if rc.is_ok() { newpage } else { page });
    rc
}

/// `iomap_migrate_page()` (fs/iomap.c), v5.0 (ERAS B.F12). Both locked. Until 8e47a457321c (v5.0-rc5) the flag and the
/// pointer moved, and no reference.
fn iomap_migrate_page(mapping: AddressSpace, newpage: Folio, page: Folio, extra: u64) -> Result<(), Errno> {
    kfn!(iomap_migrate_page);
    migrate_page_move_mapping(Some(mapping), newpage, page, extra)?;
    if folio_test_private(page) {
        let counted = !bug(bugs::B_V0) && !bug(bugs::B_V1);
        folio_clear_private(page);
        if counted && !bug(bugs::B_V6_GET) {
            folio_get(newpage, Owner::Private);
        }
        move_private_word(newpage, page);
        if counted && !bug(bugs::B_V6_PUT) {
            folio_put(page, Owner::Private);
        }
        carry_private_data(newpage, page);
        folio_set_private(newpage);
    }
    migrate_page_copy(newpage, page);
    Ok(())
}

fn move_private_word(newpage: Folio, page: Folio) {
    folio_set_private_word(newpage, folio_private(page));
    folio_set_private_word(page, 0);
}

/// `fallback_migrate_page()`, v3.13 and v5.0: the file system has no `migratepage`. Both locked.
fn fallback_migrate_page(
    mapping: AddressSpace,
    aops: u64,
    newpage: Folio,
    page: Folio,
    mode: MigrateMode,
    extra: u64,
) -> Result<(), Errno> {
    kfn!(fallback_migrate_page);
    let sync = mode == MigrateMode::Sync;
    if folio_test_dirty(page) {
        return Err(if sync { writeout(mapping, aops, page) } else { Errno::Busy });
    }
    // Not until v5.0: -EBUSY.
    if folio_test_private(page) && !filemap_release_folio(page) {
        return Err(if sync || kernel() < Kernel::V5_0 { Errno::Again } else { Errno::Busy });
    }
    migrate_page(Some(mapping), newpage, page, extra)
}

// ----- the move (ERAS B.F6) -----

/// `expected_page_refs()`, v5.0: the migrator's own reference, the cache's, and private data's. Page locked and
/// unmapped: no mapping is counted. Left out: device pages.
fn expected_page_refs(page: Folio) -> u64 {
    kfn!(expected_page_refs);
    let cached = folio_mapping(page).is_some();
    1 + if cached { 1 + folio_has_private(page) as u64 } else { 0 }
}

/// `migrate_page_move_mapping()`, v3.13 and v5.0. Both locked, `page` unmapped. The slot, the cache's reference and
/// (v5.0) the index, PG_swapbacked and PG_dirty go to `newpage`. -EAGAIN: somebody else has a reference. Without a
/// mapping nothing is frozen: references may come and go once they were counted.
fn migrate_page_move_mapping(
    mapping: Option<AddressSpace>,
    newpage: Folio,
    page: Folio,
    extra: u64,
) -> Result<(), Errno> {
    kfn!(migrate_page_move_mapping);
    let expected = expected_page_refs(page) + extra;
    let Some(mapping) = mapping else {
        if folio_ref_count(page) != expected && !bug(bugs::C_V5P) {
            return Err(in_use(page, expected));
        }
        if !v3_form() {
            copy_place(newpage, page);
            copy_swapbacked(newpage, page);
        }
        return Ok(());
    };
    let index = folio_index_in(page, mapping);
    xa_lock_irq(mapping);
    let free = folio_ref_count(page) == expected
        && (bug(bugs::B_V6_SLOT) || xas_load(mapping, index) == Some(page))
        && freeze(page, expected);
    if !free {
        xa_unlock_irq(mapping);
        return Err(in_use(page, expected));
    }
    if !v3_form() {
        copy_place(newpage, page);
    }
    let owner = if mapping.is_swap() { Owner::SwapCache } else { Owner::PageCache };
    folio_ref_add(newpage, owner, 1);
    if !v3_form() {
        copy_swapbacked(newpage, page);
    }
    if folio_test_swapcache(page) {
        folio_set_swapcache(newpage);
        folio_set_swap(newpage, folio_swap(page));
    }
    // While nobody can take a reference on `page`, nor find `newpage`; v3.13 does it after the copy.
    if !v3_form() && folio_test_dirty(page) {
        folio_clear_dirty(page);
        folio_set_dirty(newpage);
    }
    xas_store(mapping, index, Some(newpage));
    folio_ref_discard(page, owner);
    folio_ref_unfreeze(page, expected - 1);
    xa_unlock_irq(mapping);
    Ok(())
}

/// `page_ref_freeze()`. i_pages held.
fn freeze(page: Folio, expected: u64) -> bool {
    if bug(bugs::B_V6_FREEZE) { folio_ref_set_zero(page, expected) } else { folio_ref_freeze(page, expected) }
}

/// `migrate_page_copy()` with `migrate_page_states()`, v3.13 and v5.0. Both locked; the mapping has moved. v3.13 moves
/// PG_dirty here, and PG_mlocked.
fn migrate_page_copy(newpage: Folio, page: Folio) {
    kfn!(migrate_page_copy);
    m().note(Note::MigrateCopy, page.obj(Field::Flags), newpage.pfn() as u32);
    copy_content(newpage, page);
    if kernel() < Kernel::V5_0 && bug(bugs::C_V6) {
        // Since v4.4 restoring the mappings mlocks the new page.
        mlock_migrate_page(newpage, page);
    }
    if v3_form() && folio_test_dirty(page) {
        folio_clear_dirty_for_io(page);
        match folio_raw_mapping(newpage).file() {
            Some(mapping) if !folio_test_swapbacked(page) => {
                filemap_dirty_folio(mapping, newpage);
            }
            _ => folio_set_dirty(newpage),
        }
    }
    folio_migrate_flags(newpage, page);
}

/// `remove_linear_migration_ptes_from_nonlinear()`, v3.14 to v3.19: a VMA that became nonlinear while migration entries
/// stood in it is no longer in the tree they were put in by. `dst` locked.
pub(super) fn remove_linear_migration_ptes_from_nonlinear(
    dst: Folio,
    remove: &mut dyn FnMut(Folio, Vma, usize) -> bool,
) {
    kfn!(remove_linear_migration_ptes_from_nonlinear);
    let Some(mapping) = folio_mapping(dst) else { return };
    let index = folio_index(dst);
    i_mmap_lock_read(mapping);
    for vma in i_mmap_nonlinear(mapping).iter().map(|v| Vma(v as u8)) {
        if let Some(addr) = vma.vma_address(index) {
            remove(dst, vma, addr);
        }
    }
    i_mmap_unlock_read(mapping);
}
