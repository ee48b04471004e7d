//! `xarray.h`: the page cache's slots. Stores are made under the i_pages lock; loads under RCU only. The model's tree
//! never changes shape, so there are no retry entries and a cursor is (mapping, index).

use super::mm_types::{AddressSpace, Folio};
use super::spinlock::{SpinLock, spin_lock_irq, spin_unlock_irq};
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Order, SLOTS};

/// A slot word with this bit is a value entry: alone the shadow of a reclaimed folio, else a swap entry of tmpfs, whose
/// slot is the rest less one.
const VALUE: u64 = 1 << 63;

/// What a slot holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    None,
    Folio(Folio),
    /// A value entry: a shadow.
    Value,
    /// A value entry of tmpfs: the swap slot the page is in.
    Swap(usize),
}

/// The folio a slot word names; a value entry names none.
#[inline]
fn entry(word: u64) -> Option<Folio> {
    (word != 0 && word & VALUE == 0).then(|| Folio((word as u8).wrapping_sub(1)))
}

#[inline]
fn load(mapping: AddressSpace, index: usize) -> u64 {
    m().load(mapping.slot(index), Order::Relaxed, Note::Nothing, mapping.aux())
}

/// LD of the slot.
#[inline]
pub fn xas_load(mapping: AddressSpace, index: usize) -> Option<Folio> {
    prim!(xas_load);
    entry(load(mapping, index))
}

/// LD of the same slot again, to see whether it still holds what was loaded.
#[inline]
pub fn xas_reload(mapping: AddressSpace, index: usize) -> Option<Folio> {
    prim!(xas_reload);
    entry(load(mapping, index))
}

/// Publishes `folio` (or nothing) in the slot; storing nothing clears the slot's marks first. i_pages lock held.
#[inline]
pub fn xas_store(mapping: AddressSpace, index: usize, folio: Option<Folio>) {
    prim!(xas_store);
    if folio.is_none() {
        let cleared = |v: u64| (v >> (3 * index) & 7 != 0).then_some(v & !(7 << (3 * index)));
        let _ = m().rmw(mapping.obj(Field::Marks), Order::Plain, Note::Nothing, mapping.aux(), cleared);
    }
    let word = folio.map_or(0, |f| f.0 as u64 + 1);
    m().store(mapping.slot(index), word, Order::Release, Note::SlotStore, mapping.aux());
}

/// Sets one of the `MARK_*` marks of a slot. i_pages lock held.
pub fn xas_set_mark(mapping: AddressSpace, index: usize, mark: u64) {
    prim!(xas_set_mark);
    let set = |v: u64| Some(v | mark << (3 * index));
    let _ = m().rmw(mapping.obj(Field::Marks), Order::Plain, Note::Nothing, mapping.aux(), set);
}

#[inline]
pub fn xa_lock_irq(mapping: AddressSpace) {
    prim!(xa_lock_irq);
    spin_lock_irq(SpinLock::i_pages(mapping));
}

#[inline]
pub fn xa_unlock_irq(mapping: AddressSpace) {
    prim!(xa_unlock_irq);
    spin_unlock_irq(SpinLock::i_pages(mapping));
}

/// Whether nothing is in the tree. The kernel loads the xarray's head, for which the slots stand here: one load for
/// each up to the first that holds something. Before v5.0: LD of `nrpages`.
pub fn xa_empty(mapping: AddressSpace) -> bool {
    prim!(xa_empty);
    if m().model().kernel.has_writeback() {
        xas_find_entry(mapping, 0, SLOTS).is_none()
    } else {
        mapping.load(Field::NrPages) == 0
    }
}

/// LD of the slot, value entries told apart.
pub fn xas_load_entry(mapping: AddressSpace, index: usize) -> Entry {
    prim!(xas_load);
    to_entry(load(mapping, index))
}

fn to_entry(word: u64) -> Entry {
    match entry(word) {
        Some(folio) => Entry::Folio(folio),
        None if word == 0 => Entry::None,
        None if word == VALUE => Entry::Value,
        None => Entry::Swap(((word & !VALUE) as usize).wrapping_sub(1)),
    }
}

/// The first folio or value entry at or after `index` and before `end`.
pub fn xas_find_entry(mapping: AddressSpace, index: usize, end: usize) -> Option<(usize, Entry)> {
    prim!(xas_find);
    (index..end.min(SLOTS)).find_map(|i| match to_entry(load(mapping, i)) {
        Entry::None => None,
        found => Some((i, found)),
    })
}

/// The first folio at or after `index` and before `end` whose slot has `mark`: LD of the marks, then of the slot.
pub fn xas_find_marked(mapping: AddressSpace, index: usize, end: usize, mark: u64) -> Option<(usize, Folio)> {
    prim!(xas_find_marked);
    let marks = m().load(mapping.obj(Field::Marks), Order::Relaxed, Note::Nothing, mapping.aux());
    (index..end.min(SLOTS))
        .filter(|i| marks >> (3 * i) & mark != 0)
        .find_map(|i| entry(load(mapping, i)).map(|f| (i, f)))
}

/// Puts a shadow where a folio was; the slot's marks are cleared after it. i_pages lock held.
pub fn xas_store_shadow(mapping: AddressSpace, index: usize) {
    prim!(xas_store);
    m().store(mapping.slot(index), VALUE, Order::Release, Note::SlotStore, mapping.aux());
    xas_clear_mark(mapping, index, 7);
}

/// Puts a swap entry where a folio of tmpfs was. i_pages lock held.
pub fn xas_store_swap(mapping: AddressSpace, index: usize, slot: usize) {
    prim!(xas_store);
    m().store(mapping.slot(index), VALUE | (slot as u64 + 1), Order::Release, Note::SlotStore, mapping.aux());
}

/// Clears `MARK_*` marks of a slot. i_pages lock held.
pub fn xas_clear_mark(mapping: AddressSpace, index: usize, marks: u64) {
    prim!(xas_clear_mark);
    let clear = |v: u64| Some(v & !(marks << (3 * index)));
    let _ = m().rmw(mapping.obj(Field::Marks), Order::Plain, Note::Nothing, mapping.aux(), clear);
}
