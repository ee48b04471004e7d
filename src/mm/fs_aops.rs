//! `address_space_operations`: which file system function a callback is, and what a file system does that needs
//! neither buffer heads nor iomap: ramfs (`libfs`) without AOPS_WRITEBACK, a plain disk file with it.

use super::filemap::*;
use super::page_writeback::*;
use super::{bug, fs_buffer, iomap, kernel, shmem};
use crate::bugs;
use crate::kfn;
use crate::linux::buffer_head::set_buffer_uptodate;
use crate::linux::fs::i_size_read;
use crate::linux::highmem::{clear_user_highpage, device_read, device_write};
use crate::linux::mm_types::*;
use crate::linux::page_flags::*;
use crate::linux::pagemap::*;
use crate::linux::sched::{local_irq_disable, local_irq_enable};
use crate::linux::service::submit_io;
use crate::machine::m;
use crate::vocab::*;

/// What `writepage` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writepage {
    /// 0: writeback started (or was not needed), the folio is unlocked.
    Done,
    /// AOP_WRITEPAGE_ACTIVATE: the folio is still locked.
    Activate,
}

/// What `page_mkwrite` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mkwrite {
    /// VM_FAULT_LOCKED: the folio is locked and dirty.
    Locked,
    /// VM_FAULT_NOPAGE: it left the file, or is about to.
    NoPage,
}

/// What keeps a file's blocks in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No device behind it; the swap cache, too.
    Memory,
    Plain,
    Buffers,
    Iomap,
}

/// One load of `a_ops`; the swap cache's are constant.
fn kind(mapping: AddressSpace) -> Kind {
    if mapping.is_swap() {
        return Kind::Memory;
    }
    let aops = mapping_aops(mapping);
    if aops & AOPS_BUFFERS != 0 {
        Kind::Buffers
    } else if aops & AOPS_IOMAP != 0 {
        Kind::Iomap
    } else if aops & AOPS_WRITEBACK != 0 {
        Kind::Plain
    } else {
        Kind::Memory
    }
}

/// `ra->ra_pages` is not 0: a device is behind the file.
pub fn has_readahead(mapping: AddressSpace) -> bool {
    mapping_can_writeback(mapping)
}

/// `a_ops->dirty_folio`: true if the folio was clean.
pub fn dirty_folio(mapping: AddressSpace, folio: Folio) -> bool {
    match kind(mapping) {
        // Every file had tags and accounting where the model has no others.
        Kind::Memory if kernel().has_writeback() || mapping.is_swap() => noop_dirty_folio(folio),
        Kind::Buffers => fs_buffer::block_dirty_folio(mapping, folio),
        Kind::Iomap => iomap::iomap_dirty_folio(mapping, folio),
        _ => filemap_dirty_folio(mapping, folio),
    }
}

/// `a_ops->read_folio`. Folio locked and not uptodate; whoever ends the read unlocks it.
pub fn read_folio(mapping: AddressSpace, folio: Folio) {
    match kind(mapping) {
        Kind::Memory => simple_read_folio(folio),
        Kind::Plain => start_read(folio, end_read),
        Kind::Buffers => fs_buffer::block_read_full_folio(mapping, folio),
        Kind::Iomap => iomap::iomap_read_folio(mapping, folio),
    }
}

/// `simple_read_folio()` (fs/libfs.c), v6.12: zeros.
fn simple_read_folio(folio: Folio) {
    kfn!(simple_read_folio);
    clear_user_highpage(folio);
    folio_mark_uptodate(folio);
    folio_unlock(folio);
}

/// `submit_bio` of a read: the folio lock is the completion's from here on.
pub(super) fn start_read(folio: Folio, end_io: fn(u32)) {
    m().note(Note::IoSubmit, folio.obj(Field::Flags), 0);
    submit_io(end_io, folio.0 as u32);
}

/// `submit_bio` of a write: PG_writeback is the completion's from here on.
pub(super) fn start_write(folio: Folio, end_io: fn(u32)) {
    m().note(Note::IoSubmit, folio.obj(Field::Flags), 1);
    submit_io(end_io, folio.0 as u32);
}

/// A read completes: the device has filled the folio, `done` runs in the interrupt. Nobody's reference is held; the
/// folio lock keeps the mapping.
pub(super) fn complete_read(arg: u32, done: impl FnOnce(Folio)) {
    let folio = Folio(arg as u8);
    if let Some(mapping) = folio_mapping(folio) {
        let next = bug(bugs::M_READ_BLOCK) as usize;
        device_read(folio, mapping, (folio_index_in(folio, mapping) + next) % SLOTS);
    }
    local_irq_disable();
    done(folio);
    local_irq_enable();
}

/// A write completes; PG_writeback keeps the mapping.
pub(super) fn complete_write(arg: u32, done: impl FnOnce(Folio)) {
    let folio = Folio(arg as u8);
    if let Some(mapping) = folio_mapping(folio) {
        device_write(folio, mapping, folio_index_in(folio, mapping));
    }
    local_irq_disable();
    done(folio);
    local_irq_enable();
}

fn end_read(arg: u32) {
    if bug(bugs::M_READ_LOCKED) {
        return;
    }
    complete_read(arg, |folio| folio_end_read(folio, true));
}

fn end_write(arg: u32) {
    complete_write(arg, folio_end_writeback);
}

/// `a_ops->release_folio`, or `try_to_free_buffers()` for who has none. True: no private data any more.
pub fn release_folio(mapping: AddressSpace, folio: Folio) -> bool {
    match kind(mapping) {
        Kind::Iomap => iomap::iomap_release_folio(folio),
        _ => fs_buffer::try_to_free_buffers(folio),
    }
}

/// `a_ops->invalidate_folio`, of the whole folio.
pub fn invalidate_folio(mapping: AddressSpace, folio: Folio) {
    match kind(mapping) {
        Kind::Buffers => fs_buffer::block_invalidate_folio(folio),
        Kind::Iomap => iomap::iomap_invalidate_folio(folio),
        _ => {}
    }
}

/// Whether the locked folio is wholly beyond the end of the file: nothing to write.
pub(super) fn beyond_eof(mapping: AddressSpace, folio: Folio) -> bool {
    folio_index(folio) >= i_size_read(mapping)
}

/// `a_ops->writepage`, and what `writepages` does with one folio. Folio locked, PG_dirty cleared by the caller, not
/// under writeback; a reference is held.
pub fn writepage(mapping: AddressSpace, folio: Folio) -> Writepage {
    if shmem_mapping(mapping) {
        return shmem::shmem_writepage(mapping, folio);
    }
    match kind(mapping) {
        Kind::Memory => return Writepage::Activate,
        Kind::Buffers => fs_buffer::block_write_full_folio(mapping, folio),
        Kind::Iomap => iomap::iomap_writepage_map(mapping, folio),
        Kind::Plain if beyond_eof(mapping, folio) => folio_unlock(folio),
        Kind::Plain => {
            folio_start_writeback(folio);
            folio_unlock(folio);
            start_write(folio, end_write);
        }
    }
    Writepage::Done
}

/// `a_ops->launder_folio`, as network file systems have it: writes the folio and waits, keeping the folio lock. Folio
/// locked, not under writeback. Those have neither buffers nor iomap.
pub fn launder_folio(mapping: AddressSpace, folio: Folio) {
    if kind(mapping) == Kind::Plain && folio_clear_dirty_for_io(folio) {
        folio_start_writeback(folio);
        start_write(folio, end_write);
        folio_wait_writeback(folio);
    }
}

/// `vm_ops->page_mkwrite`. The caller holds a reference and mmap_lock.
pub fn page_mkwrite(_vma: Vma, mapping: AddressSpace, folio: Folio) -> Mkwrite {
    filemap_page_mkwrite(mapping, folio)
}

/// Whether the `page_mkwrite` of a file system with buffers or iomap refuses the locked folio: truncation has begun.
/// Which callback it is takes no access.
pub(super) fn mkwrite_beyond_eof(mapping: AddressSpace, folio: Folio) -> bool {
    let blocks = m().peek(mapping.obj(Field::AOps)) & (AOPS_BUFFERS | AOPS_IOMAP) != 0;
    blocks && beyond_eof(mapping, folio)
}

/// What `page_mkwrite` does before it dirties the locked folio.
pub(super) fn prepare_mkwrite(mapping: AddressSpace, folio: Folio) {
    if kind(mapping) == Kind::Buffers {
        fs_buffer::folio_create_buffers(folio);
        fs_buffer::mark_buffer_dirty(folio);
    } else if !kernel().has_folios() && kind(mapping) == Kind::Iomap {
        iomap::iomap_page_create(folio); // iomap_page_mkwrite()
    }
}

/// `a_ops->write_begin`, once the folio is found: a write of the whole page reads nothing. Folio locked.
pub(super) fn write_begin(mapping: AddressSpace, folio: Folio) {
    if kind(mapping) == Kind::Buffers {
        fs_buffer::folio_create_buffers(folio);
    }
}

/// `a_ops->write_end`, up to the folio's being dirty. Folio locked and uptodate.
pub(super) fn write_end(mapping: AddressSpace, folio: Folio) {
    match kind(mapping) {
        Kind::Buffers => {
            set_buffer_uptodate(folio);
            fs_buffer::mark_buffer_dirty(folio);
        }
        Kind::Iomap => iomap::iomap_write_end(mapping, folio),
        _ => folio_mark_dirty(folio),
    }
}
