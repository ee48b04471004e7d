//! `mm/mmap.c`, `mm/vma.c`, `mm/mremap.c`, `mm/mprotect.c`, `kernel/fork.c`: VMAs and processes.

use super::fs_inode::fput;
use super::memory::*;
use super::mlock::pages::munlock_vma_pages_all;
use super::rmap::{anon_vma_clone, anon_vma_fork, unlink_anon_vmas};
use super::swap::lru_add_drain;
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::*;
use crate::linux::fs;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::page_anon_exclusive;
use crate::linux::pagemap::{folio_test_anon, i_mmap, i_mmap_nonlinear, set_i_mmap, set_i_mmap_nonlinear};
use crate::linux::pgtable::*;
use crate::linux::rwsem::{RwSem, down_read, down_write, up_read, up_write};
use crate::machine::m;
use crate::vocab::*;

// ----- VMAs -----

fn set_vmas(mm: Mm, vmas: Seq) {
    m().poke(mm.obj(Field::MmVmas), vmas.0);
}

/// The VMAs that overlap the range. mmap_lock held.
fn overlapping(mm: Mm, start: usize, end: usize) -> Seq {
    let overlaps = |v: &Vma| v.place().start < end && v.place().end > start;
    mm.vmas().filter(overlaps).fold(Seq::EMPTY, |list, v| list.push_tail(v.0 as usize))
}

/// `vm_area_alloc()` (kernel/fork.c), v6.12: a VMA that is in no tree yet. mmap_lock held for writing. `None`: the
/// process has as many as it can have.
fn vm_area_alloc(mm: Mm, place: VmPlace, flags: u64) -> Option<Vma> {
    kfn!(vm_area_alloc);
    let first = mm.index() * VMAS_PER_MM;
    let free = |v: &Vma| m().peek(v.obj(Field::VmFlags)) == 0 && m().peek(v.obj(Field::VmPlace)) == 0;
    let vma = (first..first + VMAS_PER_MM).map(|v| Vma(v as u8)).find(free)?;
    m().note(Note::VmaAlloc, vma.obj(Field::VmFlags), vma.0 as u32);
    vma.set_place(place);
    m().poke(vma.obj(Field::VmAnonVma), 0);
    m().poke(vma.obj(Field::VmTruncateCount), 0);
    vma.set_vm_flags(flags);
    Some(vma)
}

/// `vm_area_dup()` (kernel/fork.c), v6.12: a copy of `orig`, its anon_vma included.
fn vm_area_dup(mm: Mm, orig: Vma, place: VmPlace, flags: u64) -> Option<Vma> {
    kfn!(vm_area_dup);
    let new = vm_area_alloc(mm, place, flags)?;
    m().poke(new.obj(Field::VmAnonVma), m().peek(orig.obj(Field::VmAnonVma)));
    Some(new)
}

/// `vm_area_free()` (kernel/fork.c), v6.12. The VMA is in no tree any more.
fn vm_area_free(vma: Vma) {
    kfn!(vm_area_free);
    m().note(Note::VmaFree, vma.obj(Field::VmFlags), vma.0 as u32);
    for field in [Field::VmFlags, Field::VmPlace, Field::VmAnonVma] {
        m().poke(vma.obj(field), 0);
    }
}

/// The VMA is found by its address from here on. mmap_lock held for writing.
fn vma_iter_store(vma: Vma) {
    let vmas = Seq(m().peek(vma.mm().obj(Field::MmVmas)));
    set_vmas(vma.mm(), insert_behind(vmas, vma, |v| v.place().start < vma.place().start));
}

/// The list with `vma` behind the last one for which `before` holds.
fn insert_behind(list: Seq, vma: Vma, before: impl Fn(Vma) -> bool) -> Seq {
    let last = list.iter().rev().position(|v| before(Vma(v as u8)));
    let head = last.map_or(0, |from_end| list.len() - from_end);
    let pushed = |to: Seq, v| to.push_tail(v);
    let front = list.iter().take(head).fold(Seq::EMPTY, pushed).push_tail(vma.0 as usize);
    list.iter().skip(head).fold(front, pushed)
}

/// `vma_interval_tree_insert()`, v6.12: ordered by file page, behind those with the same one. i_mmap_rwsem held for
/// writing.
fn vma_interval_tree_insert(mapping: AddressSpace, vma: Vma) {
    kfn!(vma_interval_tree_insert);
    let pgoff = vma.place().pgoff;
    set_i_mmap(mapping, insert_behind(i_mmap(mapping), vma, |v| v.place().pgoff <= pgoff));
}

/// `__vma_link_file()`, up to v3.19: into the list or the tree of the file's VMAs. i_mmap_mutex held.
fn __vma_link_file(mapping: AddressSpace, vma: Vma) {
    if locked_vm_flags(vma) & VM_NONLINEAR != 0 {
        set_i_mmap_nonlinear(mapping, i_mmap_nonlinear(mapping).push_tail(vma.0 as usize));
    } else {
        vma_interval_tree_insert(mapping, vma);
    }
}

/// `vma_nonlinear_insert()`, up to v3.19, and what `remap_file_pages()` does before it: the VMA is nonlinear from here
/// on. mmap_sem held for writing.
pub fn vma_nonlinear_insert(vma: Vma) {
    kfn!(vma_nonlinear_insert);
    let Some(mapping) = vma.vm_file() else { return };
    down_write(RwSem::i_mmap(mapping));
    vma.set_vm_flags(locked_vm_flags(vma) | VM_NONLINEAR);
    set_i_mmap(mapping, i_mmap(mapping).remove(vma.0 as usize));
    __vma_link_file(mapping, vma);
    up_write(RwSem::i_mmap(mapping));
}

/// `vma_link_file()` (mm/vma.c), v6.12: into the tree of the file's VMAs. mmap_lock held for writing.
fn vma_link_file(vma: Vma) {
    kfn!(vma_link_file);
    let Some(mapping) = vma.vm_file() else { return };
    if bug(bugs::M_LINK_UNLOCKED) {
        return vma_interval_tree_insert(mapping, vma);
    }
    if bug(bugs::M_LINK_SHARED) {
        down_read(RwSem::i_mmap(mapping));
        vma_interval_tree_insert(mapping, vma);
        return up_read(RwSem::i_mmap(mapping));
    }
    down_write(RwSem::i_mmap(mapping));
    vma_interval_tree_insert(mapping, vma);
    up_write(RwSem::i_mmap(mapping));
}

/// `unlink_file_vma()` (mm/vma.c), v6.12. Left out: batching of several VMAs of the same file.
fn unlink_file_vma(vma: Vma) {
    kfn!(unlink_file_vma);
    let Some(mapping) = vma.vm_file() else { return };
    down_write(RwSem::i_mmap(mapping));
    if locked_vm_flags(vma) & VM_NONLINEAR != 0 {
        set_i_mmap_nonlinear(mapping, i_mmap_nonlinear(mapping).remove(vma.0 as usize));
    } else {
        set_i_mmap(mapping, i_mmap(mapping).remove(vma.0 as usize));
    }
    up_write(RwSem::i_mmap(mapping));
}

/// `free_pgtables()` (mm/memory.c), v6.12: the VMAs leave the trees rmap walks. Their entries are gone. Left out: the
/// page table, which the process keeps.
fn free_pgtables(vmas: Seq) {
    kfn!(free_pgtables);
    for vma in vmas.iter().map(|v| Vma(v as u8)) {
        unlink_anon_vmas(vma);
        unlink_file_vma(vma);
    }
}

/// `remove_vma()` (mm/vma.c), v6.12. Returns the file the VMA had a reference on, for [`fput_all`].
fn remove_vma(vma: Vma) -> Option<usize> {
    kfn!(remove_vma);
    let file = vma.place().file;
    vm_area_free(vma);
    file
}

fn remove_vmas(vmas: Seq) -> Seq {
    vmas.iter().filter_map(|v| remove_vma(Vma(v as u8))).fold(Seq::EMPTY, Seq::push_tail)
}

/// Drops the file references of VMAs that are gone. No lock held: the kernel does it in task work, on the way out.
fn fput_all(files: Seq) {
    for file in files.iter() {
        fs::inode_pin(file);
        fput(AddressSpace::pinned(file));
    }
}

/// The locks `vma_prepare()` takes.
struct VmaLocks {
    file: Option<AddressSpace>,
    root: Option<AnonVma>,
}

/// `vma_prepare()` (mm/vma.c), v6.12: keeps rmap walks out while the VMA changes its place. mmap_lock held for writing.
fn vma_prepare(vma: Vma) -> VmaLocks {
    kfn!(vma_prepare);
    let file = vma.vm_file();
    if let Some(mapping) = file {
        down_write(RwSem::i_mmap(mapping));
    }
    let root = vma.anon_vma().map(AnonVma::root);
    if let Some(root) = root {
        down_write(RwSem::anon_vma(root));
    }
    VmaLocks { file, root }
}

/// `vma_complete()` (mm/vma.c), v6.12.
fn vma_complete(locks: VmaLocks) {
    kfn!(vma_complete);
    if let Some(root) = locks.root {
        up_write(RwSem::anon_vma(root));
    }
    if let Some(mapping) = locks.file {
        up_write(RwSem::i_mmap(mapping));
    }
}

/// The part of a VMA's place from `start` to `end`.
fn part(place: VmPlace, start: usize, end: usize) -> VmPlace {
    VmPlace { start, end, pgoff: place.pgoff + (start - place.start), file: place.file }
}

/// `__split_vma()` (mm/vma.c), v6.12: the part from `at` on becomes a VMA of its own. mmap_lock held for writing.
/// False: no VMA left.
fn __split_vma(vma: Vma, at: usize) -> bool {
    kfn!(__split_vma);
    let place = vma.place();
    let Some(new) = vm_area_dup(vma.mm(), vma, part(place, at, place.end), locked_vm_flags(vma)) else { return false };
    if !anon_vma_clone(new, vma) {
        vm_area_free(new);
        return false;
    }
    if let Some(file) = place.file {
        fs::get_file(file);
    }
    let locks = vma_prepare(vma);
    vma.set_place(part(place, place.start, at));
    if let Some(mapping) = locks.file {
        __vma_link_file(mapping, new);
    }
    vma_complete(locks);
    vma_iter_store(new);
    true
}

/// `vma_shrink()` (mm/vma.c), v6.12. mmap_lock held for writing; the part that goes has no entries any more.
fn vma_shrink(vma: Vma, start: usize, end: usize) {
    kfn!(vma_shrink);
    let locks = vma_prepare(vma);
    vma.set_place(part(vma.place(), start, end));
    vma_complete(locks);
}

// ----- mmap, munmap -----

/// `do_mmap()`, v6.12: `nr` pages at `start`, where nothing is mapped yet (MAP_FIXED_NOREPLACE). The caller has the
/// file open, and pins the inode again: what the VMAs pin ends with the lock. File page n is mapped at virtual page n.
/// Left out: merging, populating.
pub fn do_mmap(mm: Mm, start: usize, nr: usize, file: Option<AddressSpace>, flags: u64) -> bool {
    kfn!(do_mmap);
    mmap_write_lock(mm);
    let mapped = mmap_region(mm, start, nr, file.map(|f| f.index as usize), flags);
    mmap_write_unlock(mm);
    mapped
}

/// `mmap_region()`, v6.12. mmap_lock held for writing.
fn mmap_region(mm: Mm, start: usize, nr: usize, file: Option<usize>, flags: u64) -> bool {
    kfn!(mmap_region);
    let end = start + nr;
    if nr == 0 || end > VADDRS || !overlapping(mm, start, end).is_empty() {
        return false;
    }
    let Some(vma) = vm_area_alloc(mm, VmPlace { start, end, pgoff: start, file }, flags) else { return false };
    if let Some(file) = file {
        fs::get_file(file);
    }
    vma_iter_store(vma);
    vma_link_file(vma);
    true
}

/// `do_munmap()`, v6.12. False: a hole would need one VMA more than there can be. Left out: the downgrade of the
/// mmap_lock while entries are zapped.
pub fn do_munmap(mm: Mm, start: usize, nr: usize) -> bool {
    kfn!(do_munmap);
    mmap_write_lock(mm);
    let files = do_vmi_align_munmap(mm, start, (start + nr).min(VADDRS));
    mmap_write_unlock(mm);
    fput_all(files.unwrap_or_default());
    files.is_some()
}

/// `do_vmi_align_munmap()` (mm/vma.c), v6.12. mmap_lock held for writing. Returns the files to put once it is dropped;
/// `None`: nothing was unmapped for want of a VMA. A VMA that loses an edge is cut after its entries are gone, not
/// split before: nobody can fault them in meanwhile.
fn do_vmi_align_munmap(mm: Mm, start: usize, end: usize) -> Option<Seq> {
    kfn!(do_vmi_align_munmap);
    if kernel().mlocks_pages() && !munlock_for_munmap(mm, start, end) {
        return None;
    }
    let around = |v: &Vma| v.place().start < start && v.place().end > end;
    if let Some(vma) = mm.vmas().find(around)
        && !__split_vma(vma, end)
    {
        return None;
    }
    let vmas = overlapping(mm, start, end);
    if vmas.is_empty() {
        return Some(vmas);
    }
    let covered = |v: &usize| Vma(*v as u8).place().start >= start && Vma(*v as u8).place().end <= end;
    let gone = vmas.iter().filter(covered).fold(Seq::EMPTY, Seq::push_tail);
    // vms_clear_ptes()
    lru_add_drain();
    let mut tlb = MmuGather::new();
    unmap_vmas(&mut tlb, vmas, start, end);
    for vma in vmas.iter().filter(|v| !gone.contains(*v)).map(|v| Vma(v as u8)) {
        let place = vma.place();
        if place.start < start {
            vma_shrink(vma, place.start, start);
        } else {
            vma_shrink(vma, end, place.end);
        }
    }
    free_pgtables(gone);
    tlb_finish_mmu(&mut tlb);
    set_vmas(mm, gone.iter().fold(Seq(m().peek(mm.obj(Field::MmVmas))), Seq::remove));
    Some(remove_vmas(gone))
}

/// Before folios a VMA was split at the edges first, and munlocked as a whole then. mmap_sem held for writing. False:
/// no VMA left.
fn munlock_for_munmap(mm: Mm, start: usize, end: usize) -> bool {
    for edge in [start, end] {
        let around = |v: &Vma| v.place().start < edge && v.place().end > edge;
        if let Some(vma) = mm.vmas().find(around)
            && !__split_vma(vma, edge)
        {
            return false;
        }
    }
    munlock_vmas(overlapping(mm, start, end));
    true
}

fn munlock_vmas(vmas: Seq) {
    for vma in vmas.iter().map(|v| Vma(v as u8)).filter(|v| locked_vm_flags(*v) & VM_LOCKED != 0) {
        munlock_vma_pages_all(vma);
    }
}

// ----- mprotect -----

/// `mprotect()` of the whole VMA at `addr`: writable or not. False: no VMA there.
pub fn do_mprotect(mm: Mm, addr: usize, write: bool) -> bool {
    mmap_write_lock(mm);
    let vma = mm.vma_lookup(addr);
    if let Some(vma) = vma {
        mprotect_fixup(vma, write);
    }
    mmap_write_unlock(mm);
    vma.is_some()
}

/// `mprotect_fixup()` (mm/mprotect.c), v6.12. mmap_lock held for writing. Left out: splitting and merging, populating a
/// VM_LOCKED VMA that becomes writable.
fn mprotect_fixup(vma: Vma, write: bool) {
    kfn!(mprotect_fixup);
    let old = locked_vm_flags(vma);
    let new = if write { old | VM_WRITE } else { old & !VM_WRITE };
    if new == old {
        return;
    }
    vma.set_vm_flags(new);
    change_pte_range(vma);
}

/// `change_pte_range()` (mm/mprotect.c), v6.12, for all of the VMA. mmap_lock held for writing. Left out: NUMA hinting,
/// userfaultfd, device entries.
fn change_pte_range(vma: Vma) {
    kfn!(change_pte_range);
    let mm = vma.mm();
    let place = vma.place();
    pte_offset_map_lock(mm);
    for addr in place.start..place.end {
        let pte = ptep_get(mm, addr);
        if pte.is_present() {
            // ptep_modify_prot_start(): none for a moment, so that the processor's bits are not lost.
            let old = ptep_change(mm, addr, |_| Pte::NONE, PteWrite::Change);
            set_pte_at(mm, addr, pte_modify(vma, old), PteWrite::Change);
        } else if let Some(pfn) = pte.migration_pfn()
            && pte.migration_kind() == MigrationKind::Write
        {
            let folio = Folio(pfn as u8);
            vm_bug_on_folio(peek_flags(folio) & PG_LOCKED == 0, folio, VmBug::MigrationEntry);
            let kind = if folio_test_anon(folio) { MigrationKind::ReadExclusive } else { MigrationKind::Read };
            set_pte_at(mm, addr, Pte::migration(pfn, kind, pte.is_young(), pte.is_dirty()), PteWrite::Change);
        }
    }
    pte_unmap_unlock(mm);
}

/// The entry under the VMA's new protection: writable where a write needs no fault.
fn pte_modify(vma: Vma, pte: Pte) -> Pte {
    if prot_writable(vma) || (locked_vm_flags(vma) & VM_WRITE != 0 && can_change_pte_writable(vma, pte)) {
        pte.mkwrite()
    } else {
        pte.wrprotect()
    }
}

/// `can_change_pte_writable()` (mm/mprotect.c), v6.12. Page-table lock held, VM_WRITE set. Left out: soft-dirty.
fn can_change_pte_writable(vma: Vma, pte: Pte) -> bool {
    kfn!(can_change_pte_writable);
    if !is_cow_mapping(vma) {
        return pte.is_dirty();
    }
    let Some(pfn) = pte.page() else { return false };
    let folio = Folio(pfn as u8);
    if bug(bugs::M_MPROTECT_FILE) && !folio_test_anon(folio) {
        return true;
    }
    folio_test_anon(folio) && page_anon_exclusive(folio)
}

// ----- mremap -----

/// `mremap(MREMAP_FIXED)` of the whole VMA at `from`, to `to`, where nothing may be mapped. False: not possible.
pub fn do_mremap(mm: Mm, from: usize, to: usize) -> bool {
    mmap_write_lock(mm);
    let files = mm.vma_lookup(from).and_then(|vma| move_vma(vma, to));
    mmap_write_unlock(mm);
    fput_all(files.unwrap_or_default());
    files.is_some()
}

/// `move_vma()` (mm/mremap.c), v6.12. mmap_lock held for writing. Returns the files to put once it is dropped. Left
/// out: growing, MREMAP_DONTUNMAP.
fn move_vma(vma: Vma, to: usize) -> Option<Seq> {
    kfn!(move_vma);
    let place = vma.place();
    let end = to + (place.end - place.start);
    if end > VADDRS || !overlapping(vma.mm(), to, end).is_empty() {
        return None;
    }
    let new = copy_vma(vma, to, end)?;
    move_page_tables(vma, new);
    do_vmi_align_munmap(vma.mm(), place.start, place.end)
}

/// `copy_vma()` (mm/vma.c), v6.12. mmap_lock held for writing. The copy comes behind the original in the trees, so that
/// an rmap walk meets a page that is being moved. Left out: merging.
fn copy_vma(vma: Vma, start: usize, end: usize) -> Option<Vma> {
    kfn!(copy_vma);
    let place = vma.place();
    let unfaulted = vma_is_anonymous(vma) && vma.anon_vma().is_none();
    let pgoff = if unfaulted || bug(bugs::M_MREMAP_PGOFF) { start } else { place.pgoff };
    let place = VmPlace { start, end, pgoff, file: place.file };
    let new = vm_area_dup(vma.mm(), vma, place, locked_vm_flags(vma))?;
    if !anon_vma_clone(new, vma) {
        vm_area_free(new);
        return None;
    }
    if let Some(file) = place.file {
        fs::get_file(file);
    }
    vma_iter_store(new);
    vma_link_file(new);
    Some(new)
}

/// `move_page_tables()` with `move_ptes()` (mm/mremap.c), v6.12. mmap_lock held for writing. References, mappings and
/// swap counts go with the entries; both ranges are in one page table. Left out: the rmap locks, which only a merged
/// VMA needs.
fn move_page_tables(old: Vma, new: Vma) {
    kfn!(move_page_tables);
    let mm = old.mm();
    let (from, to) = (old.place(), new.place().start);
    pte_offset_map_lock(mm);
    for addr in from.start..from.end {
        if ptep_get(mm, addr).is_none() {
            continue;
        }
        let new_addr = addr - from.start + to;
        let pte = ptep_change(mm, addr, |_| Pte::NONE, PteWrite::Move);
        if has_private_contents(pte) {
            note_anon_alias((mm, addr), (mm, new_addr));
            note_anon_discard(mm, addr);
        }
        set_pte_at(mm, new_addr, pte, PteWrite::Move);
    }
    pte_unmap_unlock(mm);
}

/// Whether the entry leads to contents that are the process's own: a fact for notes.
fn has_private_contents(pte: Pte) -> bool {
    let page = pte.page().or(pte.migration_pfn());
    page.map_or(pte.swap_slot().is_some(), |pfn| is_anon(Folio(pfn as u8)))
}

// ----- fork, exit -----

/// `dup_mmap()` (kernel/fork.c), v6.12, with `dup_mm()` and `mm_init()`: `child`, which must be no living process,
/// becomes a copy of `parent`. It counts as alive before its first VMA is in a tree. The caller holds an `mm_users`
/// reference on the parent. False: `child` lives, or no memory. Left out: VM_DONTCOPY, policies, userfaultfd, KSM.
pub fn dup_mmap(child: Mm, parent: Mm) -> bool {
    kfn!(dup_mmap);
    let dead = || m().peek(child.obj(Field::MmUsers)) == 0;
    if child == parent || !dead() {
        return false;
    }
    mmap_write_lock(parent);
    mmap_write_lock(child);
    // Another fork, or the end of the last process of that number, may have been first.
    let vacant = dead() && m().peek(child.obj(Field::MmVmas)) == Seq::EMPTY.0;
    if vacant {
        m().poke(child.obj(Field::HasPinned), 0);
        m().poke(child.obj(Field::WriteProtectSeq), 0);
    }
    if vacant {
        // mm_init(). Others may find the child from here on, and wait for its mmap_lock.
        m().store(child.obj(Field::MmUsers), 1, Order::Release, Note::Nothing, 0);
    }
    let copied = vacant && parent.vmas().all(|vma| dup_vma(child, vma));
    mmap_write_unlock(child);
    mmap_write_unlock(parent);
    if vacant && !copied {
        mmput(child);
    }
    copied
}

/// One VMA of [`dup_mmap`]. The child's VMA is in the file's tree, right behind the parent's, before entries are
/// copied: a truncation that has passed the parent leaves nothing to copy, any other meets the child.
fn dup_vma(child: Mm, vma: Vma) -> bool {
    let flags = locked_vm_flags(vma) & !VM_LOCKED;
    let Some(tmp) = vm_area_dup(child, vma, vma.place(), flags) else { return false };
    if !anon_vma_fork(tmp, vma) {
        vm_area_free(tmp);
        return false;
    }
    vma_iter_store(tmp);
    if let Some(mapping) = tmp.vm_file() {
        fs::get_file(mapping.index as usize);
        down_write(RwSem::i_mmap(mapping));
        set_i_mmap(mapping, insert_behind(i_mmap(mapping), tmp, |v| v == vma));
        up_write(RwSem::i_mmap(mapping));
    }
    copy_page_range(tmp, vma)
}

/// `exit_mmap()`, v3.13 and v5.0: nobody uses the process any more, and so the mmap_sem is not taken; rmap walks still
/// find its VMAs. Left out: the OOM reaper, accounting.
fn exit_mmap_pages(mm: Mm) {
    let vmas = overlapping(mm, 0, VADDRS);
    munlock_vmas(vmas);
    if vmas.is_empty() {
        return;
    }
    lru_add_drain();
    let mut tlb = MmuGather::new();
    unmap_vmas(&mut tlb, vmas, 0, VADDRS);
    free_pgtables(vmas);
    tlb_finish_mmu(&mut tlb);
    let files = remove_vmas(vmas);
    set_vmas(mm, Seq::EMPTY);
    fput_all(files);
}

/// `exit_mmap()`, v6.12. Nobody uses the process any more; rmap walks still find its VMAs. Left out: the OOM reaper,
/// accounting.
fn exit_mmap(mm: Mm) {
    kfn!(exit_mmap);
    if !kernel().has_folios() {
        return exit_mmap_pages(mm);
    }
    // Before the lock: without VMAs, its number may be a new process's by then.
    let vmas = overlapping(mm, 0, VADDRS);
    mmap_read_lock(mm);
    if vmas.is_empty() {
        return mmap_read_unlock(mm);
    }
    lru_add_drain();
    let mut tlb = MmuGather::new();
    unmap_vmas(&mut tlb, vmas, 0, VADDRS);
    mmap_read_unlock(mm);
    mmap_write_lock(mm);
    free_pgtables(vmas);
    tlb_finish_mmu(&mut tlb);
    let files = remove_vmas(vmas);
    set_vmas(mm, Seq::EMPTY);
    mmap_write_unlock(mm);
    fput_all(files);
}

/// `mmput()` (kernel/fork.c), v6.12: drops a user; the last one tears the address space down. May sleep.
pub fn mmput(mm: Mm) {
    kfn!(mmput);
    if mm.mmput_testzero() {
        exit_mmap(mm);
    }
}
