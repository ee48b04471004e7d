//! `pagemap.h`: the folio lock's inline half, and a folio's place in its file. Waiting is `mm/filemap.c`.

use super::mm_types::{AddressSpace, AnonVma, Folio, MappingPtr};
use super::page_flags::*;
use super::page_ref::{folio_get, folio_put_testzero};
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

/// `folio_trylock`: test_and_set_bit_lock.
#[inline]
pub fn folio_trylock(folio: Folio) -> bool {
    prim!(folio_trylock);
    try_set_locked(folio, Order::Acquire)
}

/// The test-and-set of PG_locked, wherever it is made.
#[inline]
pub fn try_set_locked(folio: Folio, order: Order) -> bool {
    let lock = |v: u64| (v & PG_LOCKED == 0).then_some(v | PG_LOCKED);
    m().rmw(flags(folio), order, Note::FolioTrylock, 0, lock).is_ok()
}

/// Clears PG_locked and returns whether PG_waiters was set, in one step (`folio_xor_flags_has_waiters`).
#[inline]
pub fn clear_locked_has_waiters(folio: Folio) -> bool {
    let old = m().rmw(flags(folio), Order::Release, Note::FolioUnlock, 0, |v| Some(v & !PG_LOCKED));
    old.is_ok_and(|v| v & PG_WAITERS != 0)
}

/// A waker hands the lock to `task` if nobody has it.
pub fn hand_locked_to(folio: Folio, task: usize) -> bool {
    let lock = |v: u64| (v & PG_LOCKED == 0).then_some(v | PG_LOCKED);
    m().rmw(flags(folio), Order::Full, Note::FolioHandoff, task as u32, lock).is_ok()
}

/// LD one flag by bit number, for wait queues.
pub fn test_bit(folio: Folio, bit: u8) -> bool {
    m().load(flags(folio), Order::Relaxed, Note::TestFlag, 1 << bit) >> bit & 1 != 0
}

/// `folio_mapping()`: the swap cache's address_space, or the file's; `None` for NULL and for anonymous folios outside
/// the swap cache. Before it was reliable under the folio lock only: flag, then pointer.
#[inline]
pub fn folio_mapping(folio: Folio) -> Option<AddressSpace> {
    prim!(folio_mapping);
    if folio_test_swapcache(folio) {
        // The entry chooses among several swap spaces in Linux; there is one here.
        let _entry = folio_swap(folio);
        return Some(AddressSpace::SWAP);
    }
    MappingPtr::load(folio).file()
}

/// `folio_test_anon`: LD `folio->mapping`.
#[inline]
pub fn folio_test_anon(folio: Folio) -> bool {
    prim!(folio_test_anon);
    MappingPtr::load(folio).is_anon()
}

/// ST `folio->mapping` = anon_vma with the anonymous bit.
#[inline]
pub fn folio_set_anon_mapping(folio: Folio, anon_vma: AnonVma) {
    prim!(folio_set_anon_mapping);
    let word = anon_mapping(anon_vma.0 as usize);
    m().store(folio.obj(Field::FolioMapping), word, Order::Plain, Note::AnonMappingStore, 0);
}

/// The store before, as a compiler may split it: the anon_vma, without the bit that says so.
#[inline]
pub fn folio_set_untagged_anon_vma(folio: Folio, anon_vma: AnonVma) {
    prim!(folio_set_anon_mapping);
    let word = anon_mapping(anon_vma.0 as usize) & !PAGE_MAPPING_FLAGS;
    m().store(folio.obj(Field::FolioMapping), word, Order::Plain, Note::Nothing, 0);
}

/// ST `folio->mapping` = what another folio has (migration).
#[inline]
pub fn folio_copy_mapping(folio: Folio, from: MappingPtr) {
    prim!(folio_copy_mapping);
    let note = if from.is_anon() { Note::AnonMappingStore } else { Note::MappingStore };
    m().store(folio.obj(Field::FolioMapping), from.word(), Order::Plain, note, 0);
}

/// LD `folio->swap`: the slot, while in the swap cache; `None` for 0.
#[inline]
pub fn folio_swap(folio: Folio) -> Option<usize> {
    prim!(folio_swap);
    (m().load(folio.obj(Field::Private), Order::Relaxed, Note::Nothing, 0) as usize).checked_sub(1)
}

/// ST `folio->swap`.
#[inline]
pub fn folio_set_swap(folio: Folio, slot: Option<usize>) {
    prim!(folio_set_swap);
    let word = slot.map_or(0, |s| s as u64 + 1);
    m().store(folio.obj(Field::Private), word, Order::Plain, Note::Nothing, 0);
}

/// LD `folio->private`: nonzero while private data are attached.
#[inline]
pub fn folio_private(folio: Folio) -> u64 {
    prim!(folio_private);
    m().load(folio.obj(Field::Private), Order::Relaxed, Note::Nothing, 0)
}

/// ST `folio->private`.
#[inline]
pub fn folio_set_private_word(folio: Folio, word: u64) {
    prim!(folio_set_private_word);
    m().store(folio.obj(Field::Private), word, Order::Plain, Note::Nothing, 0);
}

/// `folio_index()`: the swap slot for the swap cache, else the index.
#[inline]
pub fn folio_index_in(folio: Folio, mapping: AddressSpace) -> usize {
    if mapping.is_swap() { folio_swap(folio).unwrap_or(0) } else { folio_index(folio) }
}

/// `folio_expected_ref_count()` (include/linux/mm.h), v6.12 (MM-6.12 F1): cache, private and mapping references; the
/// caller's own are not included. Stable only for a locked, unmapped folio.
pub fn folio_expected_ref_count(folio: Folio) -> u64 {
    prim!(folio_expected_ref_count);
    let swapcache = folio_test_swapcache(folio) as u64;
    let mapping = MappingPtr::load(folio);
    let file = if mapping.is_anon() { 0 } else { !mapping.is_null() as u64 + folio_test_private(folio) as u64 };
    swapcache + file + folio_mapcount(folio)
}

/// `folio_maybe_dma_pinned()` (F13).
pub fn folio_maybe_dma_pinned(folio: Folio) -> bool {
    prim!(folio_maybe_dma_pinned);
    m().load(folio.obj(Field::Refcount), Order::Relaxed, Note::Nothing, 0) >= GUP_PIN_COUNTING_BIAS
}

/// `mapping_can_writeback`: dirty folios are accounted and tagged.
#[inline]
pub fn mapping_can_writeback(mapping: AddressSpace) -> bool {
    !mapping.is_swap() && mapping_aops(mapping) & AOPS_WRITEBACK != 0
}

/// `shmem_mapping()` (include/linux/shmem_fs.h): whether the file is one of tmpfs. Its callbacks are fixed: no access.
pub fn shmem_mapping(mapping: AddressSpace) -> bool {
    !mapping.is_swap() && m().peek(mapping.obj(Field::AOps)) & AOPS_SHMEM != 0
}

/// `mapping->i_mmap`: the VMAs that map the file, in the order the walk meets them. i_mmap_rwsem held.
pub fn i_mmap(mapping: AddressSpace) -> Seq {
    prim!(i_mmap);
    Seq(m().load(mapping.obj(Field::IMmap), Order::Plain, Note::Nothing, mapping.aux()))
}

/// `folio->mapping`, to compare.
#[inline]
pub fn folio_raw_mapping(folio: Folio) -> MappingPtr {
    prim!(folio_raw_mapping);
    MappingPtr::load(folio)
}

/// ST `folio->mapping` = `mapping`.
#[inline]
pub fn folio_set_mapping(folio: Folio, mapping: AddressSpace) {
    prim!(folio_set_mapping);
    let word = file_mapping(mapping.index as usize, 0);
    m().store(folio.obj(Field::FolioMapping), word, Order::Plain, Note::MappingStore, 0);
}

/// ST `folio->mapping` = NULL.
#[inline]
pub fn folio_clear_mapping(folio: Folio) {
    prim!(folio_clear_mapping);
    m().store(folio.obj(Field::FolioMapping), 0, Order::Plain, Note::MappingStore, 0);
}

/// LD `folio->index`.
#[inline]
pub fn folio_index(folio: Folio) -> usize {
    prim!(folio_index);
    m().load(folio.obj(Field::Index), Order::Plain, Note::Nothing, 0) as usize
}

#[inline]
pub fn folio_set_index(folio: Folio, index: usize) {
    prim!(folio_set_index);
    m().store(folio.obj(Field::Index), index as u64, Order::Plain, Note::Nothing, 0);
}

/// LD `_mapcount`, as the number of mappings (the kernel's field is one less).
#[inline]
pub fn folio_mapcount(folio: Folio) -> u64 {
    prim!(folio_mapcount);
    m().load(folio.obj(Field::Mapcount), Order::Relaxed, Note::Nothing, 0)
}

#[inline]
pub fn folio_mapped(folio: Folio) -> bool {
    folio_mapcount(folio) != 0
}

/// `mapping->a_ops`: the callbacks present, as `AOPS_*` bits.
#[inline]
pub fn mapping_aops(mapping: AddressSpace) -> u64 {
    prim!(mapping_aops);
    mapping.load(Field::AOps)
}

#[inline]
fn mapping_flag(mapping: AddressSpace, bit: u64) -> bool {
    mapping.load(Field::AsFlags) & bit != 0
}

#[inline]
pub fn mapping_unevictable(mapping: AddressSpace) -> bool {
    prim!(mapping_unevictable);
    mapping_flag(mapping, AS_UNEVICTABLE)
}

/// v6.8 `mapping_unmovable`, v6.11 `mapping_inaccessible`.
#[inline]
pub fn mapping_unmovable(mapping: AddressSpace) -> bool {
    prim!(mapping_unmovable);
    mapping_flag(mapping, AS_UNMOVABLE)
}

pub fn mapping_set_exiting(mapping: AddressSpace) {
    prim!(mapping_set_exiting);
    let set = |v: u64| Some(v | AS_EXITING);
    let _ = m().rmw(mapping.obj(Field::AsFlags), Order::Relaxed, Note::Nothing, mapping.aux(), set);
}

pub fn mapping_exiting(mapping: AddressSpace) -> bool {
    prim!(mapping_exiting);
    mapping_flag(mapping, AS_EXITING)
}

pub fn mapping_stable_writes(mapping: AddressSpace) -> bool {
    prim!(mapping_stable_writes);
    mapping_flag(mapping, AS_STABLE_WRITES)
}

pub fn mapping_release_always(mapping: AddressSpace) -> bool {
    prim!(mapping_release_always);
    mapping_flag(mapping, AS_RELEASE_ALWAYS)
}

pub fn mapping_clear_unevictable(mapping: AddressSpace) {
    prim!(mapping_clear_unevictable);
    let clear = |v: u64| Some(v & !AS_UNEVICTABLE);
    let _ = m().rmw(mapping.obj(Field::AsFlags), Order::Relaxed, Note::Nothing, mapping.aux(), clear);
}

/// `folio_attach_private`: private data `word`, with a reference of the folio's.
pub fn folio_attach_private(folio: Folio, word: u64) {
    prim!(folio_attach_private);
    folio_get(folio, Owner::Private);
    folio_set_private_word(folio, word);
    folio_set_private(folio);
}

/// `folio_detach_private`: what was attached; `None` if nothing. The caller holds another reference, so that the one
/// dropped here is never the last.
pub fn folio_detach_private(folio: Folio) -> Option<u64> {
    prim!(folio_detach_private);
    let word = folio_private(folio);
    if !folio_test_private(folio) {
        return None;
    }
    folio_clear_private(folio);
    folio_set_private_word(folio, 0);
    folio_put_testzero(folio, Owner::Private);
    Some(word)
}

/// `folio_has_private`: PG_private or PG_private_2. One load.
pub fn folio_has_private(folio: Folio) -> bool {
    prim!(folio_has_private);
    let both = PG_PRIVATE | PG_PRIVATE_2;
    m().load(flags(folio), Order::Relaxed, Note::TestFlag, both as u32) & both != 0
}

/// The xor of `folio_end_read`: PG_uptodate appears and PG_locked goes in one step, which tells whether PG_waiters was
/// set.
pub fn end_read_has_waiters(folio: Folio, success: bool) -> bool {
    prim!(folio_xor_flags_has_waiters);
    let uptodate = if success { PG_UPTODATE } else { 0 };
    let end = |v: u64| Some(v & !PG_LOCKED | uptodate);
    let old = m().rmw(flags(folio), Order::Release, Note::FolioUnlock, uptodate as u32, end);
    old.is_ok_and(|v| v & PG_WAITERS != 0)
}

/// Clears PG_writeback and returns whether PG_waiters was set, in one step (`folio_xor_flags_has_waiters`).
pub fn clear_writeback_has_waiters(folio: Folio) -> bool {
    prim!(folio_xor_flags_has_waiters);
    let end = |v: u64| Some(v & !PG_WRITEBACK);
    let old = m().rmw(flags(folio), Order::Release, Note::ClearFlag, PG_WRITEBACK as u32, end);
    old.is_ok_and(|v| v & PG_WAITERS != 0)
}

/// `mapping->i_mmap` after an insertion or a removal. i_mmap_rwsem held for writing.
pub fn set_i_mmap(mapping: AddressSpace, vmas: Seq) {
    prim!(set_i_mmap);
    m().store(mapping.obj(Field::IMmap), vmas.0, Order::Plain, Note::Nothing, mapping.aux());
}

/// `mapping->i_mmap_nonlinear` (until v3.19): the VMAs rearranged by `remap_file_pages()`. i_mmap_mutex held.
pub fn i_mmap_nonlinear(mapping: AddressSpace) -> Seq {
    prim!(i_mmap_nonlinear);
    Seq(m().load(mapping.obj(Field::IMmapNonlinear), Order::Plain, Note::Nothing, mapping.aux()))
}

/// `mapping->i_mmap_nonlinear` after an insertion or a removal. i_mmap_mutex held.
pub fn set_i_mmap_nonlinear(mapping: AddressSpace, vmas: Seq) {
    prim!(set_i_mmap_nonlinear);
    m().store(mapping.obj(Field::IMmapNonlinear), vmas.0, Order::Plain, Note::Nothing, mapping.aux());
}
