//! `pagemap.h`: the folio lock's inline half, and a folio's place in its file. Waiting is `mm/filemap.c`.

use super::mm_types::{AddressSpace, Folio, MappingPtr};
use super::page_flags::flags;
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

/// `folio_mapping()`: the file's address_space; `None` for NULL and for anonymous folios.
#[inline]
pub fn folio_mapping(folio: Folio) -> Option<AddressSpace> {
    prim!(folio_mapping);
    MappingPtr::load(folio).file()
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
