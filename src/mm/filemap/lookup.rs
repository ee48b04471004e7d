//! Lookups (MM-6.12 3.4, 3.5).

use super::filemap_add_folio;
use super::wait::*;
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::mmdebug::vm_bug_on_folio;
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::xarray::*;
use crate::machine::m;
use crate::mm::bug;
use crate::mm::page_alloc::folio_alloc;
use crate::mm::swap::{folio_mark_accessed, folio_put};
use crate::vocab::*;

/// `filemap_get_entry()`, v6.12 (`find_get_entry()` before v5.10). The caller pins the inode. The folio was in the slot
/// at the reload and is returned with a reference of `owner`; a value entry is returned as nothing.
pub fn filemap_get_entry(mapping: AddressSpace, index: usize, owner: Owner) -> Option<Folio> {
    match get_entry(mapping, index, owner) {
        Entry::Folio(folio) => Some(folio),
        _ => None,
    }
}

/// [`filemap_get_entry`] for who knows what a value entry is.
pub fn get_entry(mapping: AddressSpace, index: usize, owner: Owner) -> Entry {
    kfn!(filemap_get_entry);
    rcu_read_lock();
    let found = loop {
        let entry = xas_load_entry(mapping, index);
        let Entry::Folio(folio) = entry else { break entry };
        if bug(bugs::M_LOOKUP_GET) {
            folio_get(folio, owner);
        } else if !folio_try_get(folio, owner) {
            continue;
        }
        if !bug(bugs::M_RELOAD) && Some(folio) != xas_reload(mapping, index) {
            folio_put(folio, owner);
            continue;
        }
        break entry;
    };
    rcu_read_unlock();
    found
}

/// `find_get_entry()`, v6.12: the next folio (with a lookup-batch reference) or value entry of a range. RCU held.
fn find_get_entry(mapping: AddressSpace, index: usize, end: usize) -> Option<(usize, Entry)> {
    kfn!(find_get_entry);
    loop {
        let (at, entry) = xas_find_entry(mapping, index, end)?;
        let Entry::Folio(folio) = entry else { return Some((at, entry)) };
        if !folio_try_get(folio, Owner::LookupBatch) {
            continue;
        }
        if !bug(bugs::D4) && Some(folio) != xas_reload(mapping, at) {
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        return Some((at, entry));
    }
}

/// `find_get_entries()`, v6.12 (`pagevec_lookup_entries()` before): a batch of references and of value entries from
/// `*start` up to the batch's end; `*start` moves past the last one. False: nothing found.
pub fn find_get_entries(mapping: AddressSpace, start: &mut usize, fbatch: &mut FolioBatch) -> bool {
    kfn!(find_get_entries);
    fbatch.remove_exceptionals();
    rcu_read_lock();
    while let Some((at, entry)) = find_get_entry(mapping, *start, fbatch.end()) {
        match entry {
            Entry::Folio(folio) => fbatch.add(folio, at),
            Entry::Swap(slot) => fbatch.add_value(at, Some(slot)),
            _ => fbatch.add_value(at, None),
        }
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0 || fbatch.has_values()
}

/// `filemap_get_folios()`, v6.12: as [`find_get_entries`], of folios only.
pub fn filemap_get_folios(mapping: AddressSpace, start: &mut usize, fbatch: &mut FolioBatch) -> bool {
    kfn!(filemap_get_folios);
    rcu_read_lock();
    while let Some((at, entry)) = find_get_entry(mapping, *start, fbatch.end()) {
        if let Entry::Folio(folio) = entry {
            fbatch.add(folio, at);
        }
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0
}

/// `filemap_get_folios_tag()`, v6.12: a batch of references on folios with `mark` from `*start` on, which moves past
/// the last one. Value entries seen through a stale mark are skipped. False: nothing found.
pub fn filemap_get_folios_tag(mapping: AddressSpace, start: &mut usize, mark: u64, fbatch: &mut FolioBatch) -> bool {
    kfn!(filemap_get_folios_tag);
    rcu_read_lock();
    while let Some((at, folio)) = xas_find_marked(mapping, *start, SLOTS, mark) {
        if !folio_try_get(folio, Owner::LookupBatch) {
            continue;
        }
        if Some(folio) != xas_reload(mapping, at) {
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        fbatch.add(folio, at);
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0
}

/// `find_lock_entries()`, v6.12. As [`find_get_entries`], but of folios that could be locked, are still in `mapping`
/// and not under writeback: the batch owns the lock and one reference of each.
pub fn find_lock_entries(mapping: AddressSpace, start: &mut usize, fbatch: &mut FolioBatch) -> bool {
    kfn!(find_lock_entries);
    fbatch.remove_exceptionals();
    rcu_read_lock();
    let end = fbatch.end();
    let mut index = *start;
    while let Some((at, entry)) = find_get_entry(mapping, index, end) {
        index = at + 1;
        let Entry::Folio(folio) = entry else {
            fbatch.add_value(at, if let Entry::Swap(slot) = entry { Some(slot) } else { None });
            *start = index;
            continue;
        };
        if bug(bugs::M_SLEEP) {
            folio_lock(folio);
        } else if !(*start..end).contains(&folio_index(folio)) || !folio_trylock(folio) {
            if !bug(bugs::M_LEAK) {
                folio_put(folio, Owner::LookupBatch);
            }
            continue;
        }
        let writeback = || folio_test_writeback(folio) && !bug(bugs::M_LOCK_WRITEBACK);
        if !folio_raw_mapping(folio).is(mapping) || writeback() {
            folio_unlock(folio);
            folio_put(folio, Owner::LookupBatch);
            continue;
        }
        vm_bug_wrong_index(folio, at);
        fbatch.add(folio, at);
        *start = at + 1;
    }
    rcu_read_unlock();
    fbatch.count() != 0 || fbatch.has_values()
}

/// `VM_BUG_ON_FOLIO(!folio_contains(folio, index), folio)`.
pub(super) fn vm_bug_wrong_index(folio: Folio, index: usize) {
    vm_bug_on_folio(m().peek(folio.obj(Field::Index)) != index as u64, folio, VmBug::WrongIndex);
}

/// `fgf_t`: what a lookup is to do beyond finding the folio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fgp(u8);

impl Fgp {
    /// Just the folio.
    pub const NONE: Fgp = Fgp(0);
    /// FGP_ACCESSED: mark it accessed.
    pub const ACCESSED: Fgp = Fgp(1 << 0);
    /// FGP_LOCK: return it locked.
    pub const LOCK: Fgp = Fgp(1 << 1);
    /// FGP_CREAT: add a folio if none is there.
    pub const CREAT: Fgp = Fgp(1 << 2);
    /// FGP_NOWAIT: do not wait for the lock.
    pub const NOWAIT: Fgp = Fgp(1 << 3);
    /// FGP_FOR_MMAP: the caller locks it itself, a new one, too.
    pub const FOR_MMAP: Fgp = Fgp(1 << 4);
    /// FGP_STABLE: wait for writeback if the file wants stable pages.
    pub const STABLE: Fgp = Fgp(1 << 5);
    /// FGP_WRITEBEGIN
    pub const WRITEBEGIN: Fgp = Fgp::LOCK.and(Fgp::CREAT).and(Fgp::STABLE);

    #[must_use]
    pub const fn and(self, other: Fgp) -> Fgp {
        Fgp(self.0 | other.0)
    }

    const fn has(self, flag: Fgp) -> bool {
        self.0 & flag.0 != 0
    }
}

/// `__filemap_get_folio()`, v6.12. The caller pins the inode. Returns the folio with a reference of `owner`: locked and
/// in `mapping` if FGP_LOCK, or if it was created and not FGP_FOR_MMAP. `None`: absent, no frame, or not at once. Left
/// out: FGP_WRITE, FGP_NOFS, larger orders.
pub fn __filemap_get_folio(mapping: AddressSpace, index: usize, fgp: Fgp, owner: Owner) -> Option<Folio> {
    kfn!(__filemap_get_folio);
    loop {
        let Some(folio) = filemap_get_entry(mapping, index, owner) else {
            if !fgp.has(Fgp::CREAT) {
                return None;
            }
            match create(mapping, index, fgp) {
                Create::Added(folio) => {
                    folio_ref_transfer(folio, Owner::Alloc, owner);
                    return Some(folio);
                }
                Create::Exists => continue,
                Create::NoMemory => return None,
            }
        };
        if fgp.has(Fgp::LOCK) {
            if fgp.has(Fgp::NOWAIT) {
                if !folio_trylock(folio) {
                    folio_put(folio, owner);
                    return None;
                }
            } else {
                folio_lock(folio);
            }
            if !folio_raw_mapping(folio).is(mapping) {
                folio_unlock(folio);
                folio_put(folio, owner);
                continue;
            }
            vm_bug_wrong_index(folio, index);
        }
        if fgp.has(Fgp::ACCESSED) {
            folio_mark_accessed(folio);
        }
        if fgp.has(Fgp::STABLE) {
            folio_wait_stable(folio);
        }
        return Some(folio);
    }
}

/// How adding a new folio went.
enum Create {
    Added(Folio),
    /// -EEXIST: somebody was first.
    Exists,
    NoMemory,
}

/// The "no page" half of [`__filemap_get_folio`]: the new folio has its allocation reference.
fn create(mapping: AddressSpace, index: usize, fgp: Fgp) -> Create {
    let Some(folio) = folio_alloc() else { return Create::NoMemory };
    if fgp.has(Fgp::ACCESSED) {
        __folio_set_referenced(folio);
    }
    if !filemap_add_folio(mapping, folio, index) {
        folio_put(folio, Owner::Alloc);
        return Create::Exists;
    }
    if fgp.has(Fgp::FOR_MMAP) {
        folio_unlock(folio);
    }
    Create::Added(folio)
}

/// `filemap_get_folio()` (include/linux/pagemap.h): the folio with a reference of `owner`, not locked.
pub fn filemap_get_folio(mapping: AddressSpace, index: usize, owner: Owner) -> Option<Folio> {
    __filemap_get_folio(mapping, index, Fgp::NONE, owner)
}

/// `filemap_lock_folio()` (include/linux/pagemap.h): the folio locked, in `mapping`, with a reference of `owner`.
pub fn filemap_lock_folio(mapping: AddressSpace, index: usize, owner: Owner) -> Option<Folio> {
    __filemap_get_folio(mapping, index, Fgp::LOCK, owner)
}
