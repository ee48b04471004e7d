//! `highmem.h`: page contents. The contents of a page are one cell that holds a version: 0 is zeros, every write makes
//! a number that was never used before. Copies keep the number.

use super::mm_types::{AddressSpace, Folio};
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Obj, Order};
use std::cell::Cell;

thread_local! {
    static VERSION: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn reset() {
    VERSION.set(0);
}

/// Contents nobody has written before.
pub fn new_version() -> u64 {
    VERSION.set(VERSION.get() + 1);
    VERSION.get()
}

const fn content(folio: Folio) -> Obj {
    folio.obj(Field::Content)
}

/// `mm << 8 | vaddr`, `m << 8 | index`: the argument of the content notes.
pub const fn page_id(owner: usize, page: usize) -> u32 {
    (owner as u32) << 8 | page as u32
}

/// `clear_highpage`: zeros.
pub fn clear_user_highpage(folio: Folio) {
    prim!(clear_user_highpage);
    m().store(content(folio), 0, Order::Plain, Note::ContentCopy, 0);
}

/// `copy_user_highpage`, `folio_mc_copy`.
pub fn copy_content(dst: Folio, src: Folio) {
    prim!(copy_highpage);
    let v = m().load(content(src), Order::Plain, Note::Nothing, 0);
    m().store(content(dst), v, Order::Plain, Note::ContentCopy, src.0 as u32 + 1);
}

/// The copy of `read()`: file page `page` = m << 8 | index.
pub fn copy_folio_to_user(folio: Folio, page: u32) -> u64 {
    prim!(copy_folio_to_iter);
    m().load(content(folio), Order::Plain, Note::FileRead, page)
}

/// The copy of `write()`.
pub fn copy_folio_from_user(folio: Folio, page: u32) {
    prim!(copy_folio_from_iter);
    m().store(content(folio), new_version(), Order::Plain, Note::FileWrite, page);
}

/// The copy of UFFDIO_COPY, into a folio nobody else knows.
pub fn copy_page_from_user(folio: Folio) {
    prim!(copy_from_user);
    m().store(content(folio), new_version(), Order::Plain, Note::ContentCopy, 0);
}

/// A pinner (a device doing direct I/O into or from memory) reads the page.
pub fn pin_read(folio: Folio, user: u32) {
    prim!(pin_read);
    m().load(content(folio), Order::Plain, Note::PinRead, user);
}

/// A pinner writes the page.
pub fn pin_write(folio: Folio, user: u32) {
    prim!(pin_write);
    m().store(content(folio), new_version(), Order::Plain, Note::PinWrite, user);
}

/// The device reads the folio and writes block `index` of the file, or of the swap device.
pub fn device_write(folio: Folio, mapping: AddressSpace, index: usize) {
    prim!(device_write);
    let v = m().load(content(folio), Order::Plain, Note::Nothing, 0);
    m().store(Obj::at(Field::Disk, mapping.index as usize, index), v, Order::Plain, Note::WriteOut, folio.0 as u32);
}

/// Block `index` of the file is freed, and reads as zeros.
pub fn discard_block(mapping: AddressSpace, index: usize) {
    prim!(discard_block);
    m().store(Obj::at(Field::Disk, mapping.index as usize, index), 0, Order::Relaxed, Note::Nothing, 0);
}

/// The device fills the folio from block `index`.
pub fn device_read(folio: Folio, mapping: AddressSpace, index: usize) {
    prim!(device_read);
    let v = m().load(Obj::at(Field::Disk, mapping.index as usize, index), Order::Plain, Note::Nothing, 0);
    m().store(content(folio), v, Order::Plain, Note::ReadIn, page_id(mapping.index as usize, index));
}

/// `copy_user_highpage` of a page that may change meanwhile: `copied` runs at the instant the source has been read.
pub fn copy_content_then(dst: Folio, src: Folio, copied: impl FnOnce()) {
    prim!(copy_highpage);
    let v = m().load(content(src), Order::Plain, Note::Nothing, 0);
    copied();
    m().store(content(dst), v, Order::Plain, Note::ContentCopy, src.0 as u32 + 1);
}
