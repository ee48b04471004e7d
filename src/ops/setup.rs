//! The initial state: written to memory without accesses, with notes for the checks.

use super::init::*;
use crate::bugs;
use crate::linux::fs::open_fd;
use crate::linux::highmem::new_version;
use crate::linux::mm_inline::LRU_UNEVICTABLE;
use crate::linux::mm_types::VmPlace;
use crate::machine::m;
use crate::vocab::*;

/// Versions of contents the initial state uses: of the blocks of every device, then of folios that differ from theirs.
const VERSIONS: usize = SPACES * SLOTS + FOLIOS;

/// What is on a device's block.
const fn disk_version(space: usize, index: usize) -> u64 {
    (1 + space * SLOTS + index) as u64
}

/// What a file's page is when it is not in memory.
const fn on_disk(mapping: &MappingInit, i: usize, index: usize) -> u64 {
    if mapping.has_device() { disk_version(i, index) } else { 0 }
}

/// Writes the initial state; the operations may begin.
pub fn set_up(init: &Init) {
    (0..VERSIONS).for_each(|_| {
        new_version();
    });
    for i in (0..FOLIOS).filter(|i| init.folios[*i].is_some()) {
        m().note(Note::FolioAlloc, Obj::folio(i, Field::Refcount), 0);
    }
    for i in (0..MAPPINGS).filter(|i| init.mappings[*i].is_some()) {
        open_fd(i);
    }
    super::run::process::set_up(|mm| init.alive(mm));
    words(init, m().model(), &mut |obj, value| m().poke(obj, value));
    for (i, _) in init.vmas.iter().enumerate().filter(|(_, v)| v.is_some()) {
        m().note(Note::VmaAlloc, Obj::at(Field::VmFlags, i, 0), i as u32);
        if init.has_anon(i) {
            m().note(Note::AnonVmaAlloc, Obj::at(Field::AvRefcount, i, 0), i as u32);
        }
    }
    for (i, folio) in init.folios.iter().enumerate() {
        if let Some(folio) = folio {
            folio_notes(init, i, folio);
        }
    }
    m().note(Note::SetupDone, Obj::NONE, 0);
}

fn folio_notes(init: &Init, pfn: usize, folio: &FolioInit) {
    let count = Obj::folio(pfn, Field::Refcount);
    if matches!(folio.place, FolioPlace::Cache { .. }) {
        m().note(Note::RefInit, count, Owner::PageCache.aux(0, 1));
    }
    for _ in folio.users() {
        m().note(Note::RefInit, count, Owner::Pte.aux(0, 1));
    }
    if folio.flags & PG_PRIVATE != 0 && private_counted(init, folio, m().model()) {
        m().note(Note::RefInit, count, Owner::Private.aux(0, 1));
    }
    if folio.flags & PG_SWAPCACHE != 0 {
        m().note(Note::RefInit, count, Owner::SwapCache.aux(0, 1));
    }
    let flags = folio_flags(init, folio, m().model());
    if flags & PG_LRU != 0 {
        m().note(Note::LruAdd, Obj::folio(pfn, Field::Lru), lru_list(flags) as u32);
    }
}

/// Every cell the initial state sets. The rest of memory is 0.
pub fn words(init: &Init, model: Model, poke: &mut dyn FnMut(Obj, u64)) {
    for (i, mapping) in init.mappings.iter().enumerate() {
        if let Some(mapping) = mapping {
            mapping_words(init, i, mapping, model, poke);
        }
    }
    for mm in (0..MMS).filter(|mm| init.alive(*mm)) {
        process_words(init, model, mm, poke);
    }
    for (i, vma) in init.vmas.iter().enumerate() {
        if let Some(vma) = vma {
            vma_words(init, i, vma, poke);
        }
    }
    for (i, folio) in init.folios.iter().enumerate() {
        if let Some(folio) = folio {
            folio_words(init, i, folio, model, poke);
        }
    }
    for (slot, _) in init.swaps.iter().enumerate().filter(|(_, s)| s.is_some()) {
        let in_file = matches!(init.swaps[slot], Some(SwapInit::File { .. }));
        poke(Obj::at(Field::SwapMap, 0, slot), if in_file { SWAP_MAP_SHMEM } else { 1 });
        poke(Obj::at(Field::Disk, SWAP_SPACE, slot), disk_version(SWAP_SPACE, slot));
    }
    swap_cache_words(init, poke);
    shmem_words(init, poke);
    let mlocked = init.folios.iter().flatten().filter(|f| f.flags & PG_MLOCKED != 0).count();
    poke(Obj::at(Field::NrMlock, 0, 0), mlocked as u64);
    let free = (0..FOLIOS).filter(|f| init.folios[*f].is_none()).fold(Seq::EMPTY, Seq::push_tail);
    poke(Obj::free_list(), free.0);
    lru_words(init, model, poke);
}

/// The swap cache: no entry is left for the slots in it.
fn swap_cache_words(init: &Init, poke: &mut dyn FnMut(Obj, u64)) {
    let cached = |(_, f): &(usize, &Option<FolioInit>)| f.is_some_and(|f| f.flags & PG_SWAPCACHE != 0);
    let mut pages = 0;
    for (slot, _) in init.folios.iter().enumerate().take(SLOTS).filter(cached) {
        poke(Obj::slot(SWAP_SPACE, slot), slot as u64 + 1);
        poke(Obj::at(Field::SwapMap, 0, slot), SWAP_HAS_CACHE);
        poke(Obj::at(Field::Disk, SWAP_SPACE, slot), disk_version(SWAP_SPACE, slot));
        pages += 1;
    }
    poke(Obj::mapping(SWAP_SPACE, Field::NrPages), pages);
}

/// The swap entries in files of tmpfs, whose inodes are on the list.
fn shmem_words(init: &Init, poke: &mut dyn FnMut(Obj, u64)) {
    let mut listed = Seq::EMPTY;
    for i in 0..MAPPINGS as u8 {
        let slots = (0..SLOTS as u8).filter_map(|index| Some((index, init.file_slot_at(i, index)?)));
        let mut swapped = 0;
        for (index, slot) in slots {
            poke(Obj::slot(i as usize, index as usize), 1 << 63 | (slot as u64 + 1));
            swapped += 1;
        }
        if swapped != 0 {
            poke(Obj::mapping(i as usize, Field::Swapped), swapped);
            listed = listed.push_tail(i as usize);
        }
    }
    if listed != Seq::EMPTY {
        poke(Obj::at(Field::ShmemSwaplist, 0, 0), listed.0);
    }
}

/// `address_space->flags`. An unmovable mapping is unevictable, too: `mapping_set_unmovable()` (v6.8) sets both bits,
/// or the scanner of compaction would have to lock every folio.
fn as_flags(mapping: &MappingInit, model: Model) -> u64 {
    let implied = if mapping.flags & AS_UNMOVABLE != 0 && !model.has(bugs::E5) { AS_UNEVICTABLE } else { 0 };
    mapping.flags | implied
}

/// An open file with its page cache.
fn mapping_words(init: &Init, i: usize, set_up: &MappingInit, model: Model, poke: &mut dyn FnMut(Obj, u64)) {
    let (mut pages, mut marks) = (0, 0);
    // noop_dirty_folio() sets no mark; the model's older kernels have it for no file.
    let tagged = set_up.has_device() || !model.kernel.has_writeback();
    for (pfn, folio) in init.folios.iter().enumerate() {
        let Some((folio, FolioPlace::Cache { mapping, index })) = folio.map(|f| (f, f.place)) else { continue };
        if mapping as usize == i {
            pages += 1;
            poke(Obj::slot(i, index as usize), pfn as u64 + 1);
            marks |= if folio.flags & PG_DIRTY != 0 && tagged { MARK_DIRTY << (3 * index) } else { 0 };
        }
    }
    let tree = |nonlinear: bool| {
        let of = |v: &VmaInit| v.kind.file() == Some(i as u8) && matches!(v.kind, VmaKind::Nonlinear(_)) == nonlinear;
        let vmas = init.vmas.iter().enumerate().filter(|(_, v)| v.is_some_and(|v| of(&v)));
        vmas.map(|(v, _)| v).fold(Seq::EMPTY, Seq::push_tail)
    };
    let (tree, nonlinear) = (tree(false), tree(true));
    for (field, value) in [
        (Field::AsFlags, as_flags(set_up, model)),
        (Field::AOps, set_up.aops),
        (Field::ICount, 1),
        (Field::ISize, set_up.size as u64),
        (Field::NrPages, pages),
        (Field::Marks, marks),
        (Field::IMmap, tree.0),
        (Field::IMmapNonlinear, nonlinear.0),
    ] {
        poke(Obj::mapping(i, field), value);
    }
    // The descriptor's reference, and one of each VMA.
    poke(Obj::file(i), 1 + (tree.len() + nonlinear.len()) as u64);
    for index in 0..SLOTS {
        poke(Obj::at(Field::Disk, i, index), on_disk(set_up, i, index));
    }
}

fn process_words(init: &Init, model: Model, mm: usize, poke: &mut dyn FnMut(Obj, u64)) {
    poke(Obj::at(Field::MmUsers, mm, 0), 1);
    // Lowest address first.
    let sorted = (0..VADDRS).filter_map(|addr| init.vmas_of(mm).find(|(_, v)| v.start as usize == addr));
    let vmas = sorted.fold(Seq::EMPTY, |list, (i, _)| list.push_tail(i));
    poke(Obj::at(Field::MmVmas, mm, 0), vmas.0);
    for addr in 0..VADDRS {
        poke(Obj::pte(mm, addr), pte(init, model, mm, addr).0);
    }
}

fn pte(init: &Init, model: Model, mm: usize, addr: usize) -> Pte {
    if let Some(slot) = init.slot_at(mm, addr) {
        return Pte::swap(slot, model.kernel.has_folios());
    }
    let (Some(pfn), Some((_, vma))) = (init.folio_at(mm, addr), init.vma_at(mm, addr)) else { return Pte::NONE };
    let entry = Pte::present(pfn).mkyoung();
    match vma.kind {
        _ if init.folios[pfn].is_some_and(|f| matches!(f.place, FolioPlace::Anon { .. })) => {
            // A page of the swap cache was read.
            if init.folios[pfn].is_some_and(|f| f.flags & PG_SWAPCACHE != 0) {
                return entry;
            }
            let entry = entry.mkdirty();
            if vma.read_only { entry } else { entry.mkwrite() }
        }
        VmaKind::Shared(m) | VmaKind::Nonlinear(m)
            if !vma.read_only && init.mapping(m).is_some_and(|m| !m.write_notify()) =>
        {
            entry.mkwrite()
        }
        _ => entry,
    }
}

fn vma_words(init: &Init, i: usize, vma: &VmaInit, poke: &mut dyn FnMut(Obj, u64)) {
    let (start, end) = (vma.start as usize, vma.end as usize);
    let place = VmPlace { start, end, pgoff: start, file: vma.kind.file().map(usize::from) };
    poke(Obj::at(Field::VmFlags, i, 0), vma.vm_flags());
    poke(Obj::at(Field::VmPlace, i, 0), place.pack());
    if init.has_anon(i) {
        // There are as many anon_vmas as VMAs: each has the one of its number, a root.
        poke(Obj::at(Field::VmAnonVma, i, 0), i as u64 + 1);
        poke(Obj::at(Field::AvRefcount, i, 0), 1);
        poke(Obj::at(Field::AvRoot, i, 0), i as u64);
        poke(Obj::at(Field::AvTree, i, 0), Seq::EMPTY.push_tail(i).0);
    }
}

const _: () = assert!(ANON_VMAS >= VMAS);

/// A folio in use, with one reference of each owner.
fn folio_words(init: &Init, pfn: usize, folio: &FolioInit, model: Model, poke: &mut dyn FnMut(Obj, u64)) {
    let mut poke = |field, value| poke(Obj::folio(pfn, field), value);
    let users = folio.users().count() as u64;
    let dirty = folio.flags & PG_DIRTY != 0;
    let own_version = disk_version(SPACES, pfn);
    poke(Field::Flags, folio_flags(init, folio, model));
    poke(Field::Mapcount, users);
    match folio.place {
        FolioPlace::Cache { mapping, index } => {
            let private = folio.flags & PG_PRIVATE != 0;
            poke(Field::Refcount, 1 + users + (private && private_counted(init, folio, model)) as u64);
            poke(Field::FolioMapping, file_mapping(mapping as usize, 0));
            poke(Field::Index, index as u64);
            let disk = init.mapping(mapping).map_or(0, |m| on_disk(&m, mapping as usize, index as usize));
            poke(Field::Content, if dirty { own_version } else { disk });
            if private {
                poke(Field::Private, 1);
                let buffers = init.mapping(mapping).is_some_and(|m| m.aops & AOPS_BUFFERS != 0);
                let state = BH_UPTODATE | if dirty { BH_DIRTY } else { 0 };
                poke(if buffers { Field::BufferState } else { Field::IfsState }, state);
            }
        }
        FolioPlace::Anon { mm, addr } => {
            let vma = init.vma_at(mm as usize, addr as usize).map_or(0, |(i, _)| i);
            let cached = folio.flags & PG_SWAPCACHE != 0;
            poke(Field::Refcount, users + cached as u64);
            poke(Field::FolioMapping, anon_mapping(vma));
            poke(Field::Index, addr as u64);
            poke(Field::Private, if cached { pfn as u64 + 1 } else { 0 });
            poke(Field::Content, if cached && !dirty { disk_version(SWAP_SPACE, pfn) } else { own_version });
        }
    }
}

/// Whether private data have a reference on their page.
fn private_counted(init: &Init, folio: &FolioInit, model: Model) -> bool {
    let FolioPlace::Cache { mapping, .. } = folio.place else { return false };
    !(model.has(bugs::B_V0) && init.mapping(mapping).is_some_and(|m| m.aops & AOPS_IOMAP != 0))
}

/// The flags of a folio, as its place completes them. A folio on the LRU is unevictable exactly if its mapping is, or
/// if it is mlocked; one off the LRU is neither active nor unevictable.
fn folio_flags(init: &Init, folio: &FolioInit, model: Model) -> u64 {
    let (implied, unevictable) = match folio.place {
        FolioPlace::Cache { mapping, .. } => {
            let mapping = init.mapping(mapping).map_or(0, |m| as_flags(&m, model));
            let shmem = matches!(folio.place, FolioPlace::Cache { mapping, .. }
                if init.mapping(mapping).is_some_and(|m| m.is_shmem()));
            (PG_UPTODATE | if shmem { PG_SWAPBACKED } else { 0 }, mapping & AS_UNEVICTABLE != 0)
        }
        FolioPlace::Anon { .. } => {
            let exclusive = if model.kernel.has_folios() { PG_ANON_EXCLUSIVE } else { 0 };
            (PG_UPTODATE | PG_SWAPBACKED | exclusive, false)
        }
    };
    let flags = folio.flags | implied;
    let unevictable = unevictable || flags & PG_MLOCKED != 0;
    match flags & PG_LRU != 0 && unevictable {
        true => flags & !PG_ACTIVE | PG_UNEVICTABLE,
        false if flags & PG_LRU != 0 => flags & !PG_UNEVICTABLE,
        false => flags & !(PG_UNEVICTABLE | PG_ACTIVE),
    }
}

/// The list a folio with these flags is on.
const fn lru_list(flags: u64) -> usize {
    if flags & PG_UNEVICTABLE != 0 {
        return LRU_UNEVICTABLE;
    }
    (flags & PG_SWAPBACKED == 0) as usize * 2 + (flags & PG_ACTIVE != 0) as usize
}

/// The LRU lists: the folio of the highest frame is at the head.
fn lru_words(init: &Init, model: Model, poke: &mut dyn FnMut(Obj, u64)) {
    let mut lists = [0; LRU_LISTS];
    for (pfn, folio) in init.folios.iter().enumerate() {
        let Some(flags) = folio.map(|f| folio_flags(init, &f, model)).filter(|f| f & PG_LRU != 0) else { continue };
        let list = &mut lists[lru_list(flags)];
        *list = if flags & PG_UNEVICTABLE != 0 { *list + 1 } else { Seq(*list).push_head(pfn).0 };
    }
    for (i, list) in lists.into_iter().enumerate() {
        poke(Obj::lru_list(i), list);
    }
}
