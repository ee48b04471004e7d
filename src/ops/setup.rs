//! The initial state: written to memory without accesses, with notes for the checks.

use crate::bugs;
use crate::linux::fs::open_fd;
use crate::linux::mm_inline::LRU_UNEVICTABLE;
use crate::linux::mm_types::Folio;
use crate::machine::m;
use crate::vocab::*;

/// Where a folio is at the start.
#[derive(Clone, Copy)]
pub enum FolioAt {
    /// In a file's page cache.
    Cache { mapping: usize, index: usize },
    /// Anonymous, mapped once.
    Anon,
}

/// An open file with an empty page cache. An unmovable mapping is unevictable, too: `mapping_set_unmovable()` (v6.8)
/// sets both bits, or the scanner of compaction would have to lock every folio.
pub fn set_up_mapping(index: usize, flags: u64, aops: u64) {
    let implied = if flags & AS_UNMOVABLE != 0 && !m().bug(bugs::E5) { AS_UNEVICTABLE } else { 0 };
    let flags = flags | implied;
    m().poke(Obj::mapping(index, Field::AsFlags), flags);
    m().poke(Obj::mapping(index, Field::AOps), aops);
    m().poke(Obj::mapping(index, Field::ICount), 1);
    open_fd(index);
}

/// A folio in use, with the one reference of its cache or its mapping; filed on the LRU if PG_lru is set.
pub fn set_up_folio(pfn: usize, at: FolioAt, flags: u64) {
    let folio = Folio(pfn as u8);
    let flags = filed_flags(at, flags);
    let poke = |field, value| m().poke(folio.obj(field), value);
    m().note(Note::FolioAlloc, folio.obj(Field::Refcount), 0);
    poke(Field::Refcount, 1);
    poke(Field::Flags, flags);
    let owner = match at {
        FolioAt::Cache { mapping, index } => {
            poke(Field::FolioMapping, file_mapping(mapping, 0));
            poke(Field::Index, index as u64);
            m().poke(Obj::slot(mapping, index), pfn as u64 + 1);
            let nr = Obj::mapping(mapping, Field::NrPages);
            m().poke(nr, m().peek(nr) + 1);
            if flags & PG_DIRTY != 0 {
                let marks = Obj::mapping(mapping, Field::Marks);
                m().poke(marks, m().peek(marks) | MARK_DIRTY << (3 * index));
            }
            Owner::PageCache
        }
        FolioAt::Anon => {
            poke(Field::FolioMapping, PAGE_MAPPING_ANON | 4);
            poke(Field::Mapcount, 1);
            Owner::Pte
        }
    };
    m().note(Note::RefInit, folio.obj(Field::Refcount), owner.aux(0, 1));
    if flags & PG_LRU != 0 {
        set_up_lru(folio, flags);
    }
}

/// A folio on the LRU is unevictable exactly if its mapping is; one off the LRU is neither active nor unevictable.
fn filed_flags(at: FolioAt, flags: u64) -> u64 {
    let unevictable = match at {
        FolioAt::Cache { mapping, .. } => m().peek(Obj::mapping(mapping, Field::AsFlags)) & AS_UNEVICTABLE != 0,
        FolioAt::Anon => false,
    };
    match flags & PG_LRU != 0 && unevictable {
        true => flags & !PG_ACTIVE | PG_UNEVICTABLE,
        false if flags & PG_LRU != 0 => flags & !PG_UNEVICTABLE,
        false => flags & !(PG_UNEVICTABLE | PG_ACTIVE),
    }
}

fn set_up_lru(folio: Folio, flags: u64) {
    let list = if flags & PG_UNEVICTABLE != 0 {
        LRU_UNEVICTABLE
    } else {
        (flags & PG_SWAPBACKED == 0) as usize * 2 + (flags & PG_ACTIVE != 0) as usize
    };
    let obj = Obj::lru_list(list);
    let v = m().peek(obj);
    m().poke(obj, if list == LRU_UNEVICTABLE { v + 1 } else { Seq(v).push_head(folio.pfn()).0 });
    m().note(Note::LruAdd, folio.obj(Field::Lru), list as u32);
}

/// The frames without a folio are free, lowest first; the operations may begin.
pub fn set_up_done(used: u32) {
    let free = (0..FOLIOS).filter(|f| used >> f & 1 == 0).fold(Seq::EMPTY, Seq::push_tail);
    m().poke(Obj::free_list(), free.0);
    m().note(Note::SetupDone, Obj::NONE, 0);
}
