//! `mm/compaction.c`: isolating page frames for migration, and migrating them.

use super::filemap::folio_unlock;
use super::migrate::{NewFolios, migrate_pages_with, putback_movable_pages};
use super::page_alloc::free_pages_prepare;
use super::swap::{folio_put, lru_add_drain};
use super::vmscan::{__isolate_lru_page, ISOLATE_ASYNC_MIGRATE, ISOLATE_UNEVICTABLE, IsolateError};
use super::{bug, kernel};
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::*;
use crate::linux::mm_types::{AddressSpace, Folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::rcupdate::{rcu_read_lock, rcu_read_unlock};
use crate::linux::spinlock::*;
use crate::machine::m;
use crate::vocab::*;

pub use super::migrate::MigrateMode;

/// `struct compact_control`: what is scanned, and what was taken.
pub struct CompactControl {
    pub mode: MigrateMode,
    /// `__GFP_FS` is in the allocation that compacts. Without it only pages without a mapping are taken.
    pub may_enter_fs: bool,
    /// First page frame and the one after the last.
    pub pfns: (usize, usize),
    /// Isolated folios, each with an isolation reference.
    pub migratepages: FolioBatch,
    /// Page frames that `__isolate_lru_page()` answered -EBUSY to, as a bit set.
    pub refused: u32,
    /// Page frames that were isolated, as a bit set; migration does not change it.
    pub taken: u32,
    /// `freepages`: frames taken from the allocator to migrate to. Their refcount is 0.
    freepages: Seq,
    /// `nr_migratepages`: isolated folios without a new one.
    nr_migratepages: usize,
}

impl CompactControl {
    pub fn new(mode: MigrateMode, pfns: (usize, usize)) -> CompactControl {
        CompactControl {
            mode,
            may_enter_fs: true,
            pfns,
            migratepages: FolioBatch::new(),
            refused: 0,
            taken: 0,
            freepages: Seq::EMPTY,
            nr_migratepages: 0,
        }
    }

    /// ISOLATE_ASYNC_MIGRATE: only what needs no waiting for I/O.
    fn is_async(&self) -> bool {
        self.mode != MigrateMode::Sync
    }

    fn take(&mut self, folio: Folio) {
        private_list_add(folio);
        self.migratepages.add(folio, 0);
        self.taken |= 1u32.wrapping_shl(folio.0 as u32);
        self.nr_migratepages += 1;
    }
}

/// `compact_zone()`, v6.12 (MM-6.12 8.3), for the frames `cc` names: isolates what can be migrated, migrates it, puts
/// the rest back. Kernels before v5.0 put everything back. Left out: the free scanner's position, pageblocks, the
/// second round, the drain at its end.
pub fn compact_zone(cc: &mut CompactControl) {
    kfn!(compact_zone);
    let migrates = kernel() >= Kernel::V5_0;
    if migrates {
        lru_add_drain();
    }
    isolate_migratepages_block(cc);
    note_outcomes(cc);
    let mut list = std::mem::take(&mut cc.migratepages);
    if migrates && list.count() != 0 {
        let mode = cc.mode;
        migrate_pages_with(&mut list, cc, mode);
        cc.nr_migratepages = 0;
    }
    putback_movable_pages(&list);
    release_free_list(cc);
}

/// What an asynchronous scan says of each page frame it decided on, for the functional expectations.
fn note_outcomes(cc: &CompactControl) {
    if cc.mode != MigrateMode::Async {
        return;
    }
    for (set, outcome) in [(cc.taken, Outcome::Isolated), (cc.refused, Outcome::NotIsolated)] {
        for pfn in (0..FOLIOS).filter(|pfn| set >> pfn & 1 != 0) {
            let folio = Folio(pfn as u8);
            m().note(Note::Outcome, folio.obj(Field::Flags), outcome as u32 | (folio.0 as u32) << 8);
        }
    }
}

impl NewFolios for CompactControl {
    fn get_new_folio(&mut self) -> Option<Folio> {
        compaction_alloc(self)
    }

    fn put_new_folio(&mut self, dst: Folio) {
        compaction_free(self, dst);
    }
}

/// `isolate_freepages()`, v6.12: takes a free frame for every folio still to be migrated off the allocator's list, all
/// under zone->lock. Left out: the scan by pageblock.
fn isolate_freepages(cc: &mut CompactControl) {
    kfn!(isolate_freepages);
    let want = cc.nr_migratepages.max(1);
    let rest = |list: Seq| list.iter().take(want).fold(list, |l, pfn| l.remove(pfn));
    let take = |list: u64| (list != 0).then(|| rest(Seq(list)).0);
    let old = m().rmw(Obj::free_list(), Order::Plain, Note::Nothing, u32::MAX, take);
    for pfn in Seq(old.unwrap_or_default()).iter().take(want) {
        cc.freepages = cc.freepages.push_tail(pfn);
    }
}

/// `compaction_alloc()`, v6.12: a frame of the private free list, as an unlocked folio with one reference.
fn compaction_alloc(cc: &mut CompactControl) -> Option<Folio> {
    kfn!(compaction_alloc);
    if cc.freepages.is_empty() {
        isolate_freepages(cc);
    }
    let folio = take_free(cc)?;
    cc.nr_migratepages = cc.nr_migratepages.saturating_sub(1);
    Some(folio)
}

/// The first frame of the private free list, made a folio: `post_alloc_hook()`, `set_page_refcounted()`.
fn take_free(cc: &mut CompactControl) -> Option<Folio> {
    let pfn = cc.freepages.head()?;
    cc.freepages = cc.freepages.remove(pfn);
    let folio = Folio(pfn as u8);
    m().note(Note::FolioAlloc, folio.obj(Field::Refcount), 0);
    m().poke(folio.obj(Field::Private), 0);
    set_page_refcounted(folio, Owner::Alloc);
    Some(folio)
}

/// `compaction_free()`, v6.12: `dst` was not used. A speculative reference may be left; its holder frees the folio
/// then, else the private free list has it back.
fn compaction_free(cc: &mut CompactControl, dst: Folio) {
    kfn!(compaction_free);
    if folio_put_testzero(dst, Owner::Alloc) && free_pages_prepare(dst) {
        cc.freepages = cc.freepages.push_head(dst.pfn());
    }
    cc.nr_migratepages += 1;
}

/// `release_free_list()`, v6.12: gives back what was not needed. Left out: large pages.
fn release_free_list(cc: &mut CompactControl) {
    kfn!(release_free_list);
    while let Some(folio) = take_free(cc) {
        folio_put(folio, Owner::Alloc);
    }
}

/// `isolate_migratepages_block()`: scans page frames and isolates what can be migrated. Each form says its version.
pub fn isolate_migratepages_block(cc: &mut CompactControl) {
    if kernel().has_folios() { folios::isolate_migratepages_block(cc) } else { pages::isolate_migratepages_block(cc) }
}

mod pages {
    use super::*;

    /// v4.14/v4.15 (ERAS A.F6). The lru_lock is taken at the first candidate and kept. Left out: buddy and compound
    /// pages, movable_ops pages, skip hints, giving the lock up every 32 pages.
    pub fn isolate_migratepages_block(cc: &mut CompactControl) {
        kfn!(isolate_migratepages_block);
        let mut locked = false;
        for pfn in cc.pfns.0..cc.pfns.1 {
            let folio = Folio(pfn as u8);
            if !folio_test_lru(folio) || pinned_anon(folio) {
                continue;
            }
            if !cc.may_enter_fs && folio_mapping(folio).is_some() {
                continue;
            }
            if !locked {
                locked = compact_trylock_irqsave(cc);
                if !locked {
                    break;
                }
            }
            if !folio_test_lru(folio) {
                continue;
            }
            // sysctl_compact_unevictable_allowed is 1 by default.
            let mode = ISOLATE_UNEVICTABLE | if cc.is_async() { ISOLATE_ASYNC_MIGRATE } else { 0 };
            match __isolate_lru_page(folio, mode) {
                Ok(()) => {
                    lruvec_del_folio(folio);
                    cc.take(folio);
                }
                Err(IsolateError::Busy) => cc.refused |= 1 << pfn,
                Err(_) => {}
            }
        }
        if locked {
            spin_unlock_irq(LRUVEC_LOCK);
        }
    }

    /// `compact_trylock_irqsave()`, v4.15: asynchronous compaction does not wait for the lru_lock.
    fn compact_trylock_irqsave(cc: &CompactControl) -> bool {
        kfn!(compact_trylock_irqsave);
        if cc.mode == MigrateMode::Async {
            return spin_trylock_irq(LRUVEC_LOCK);
        }
        spin_lock_irq(LRUVEC_LOCK);
        true
    }

    /// Migration would fail on an anonymous page with references beyond its mappings (racy on purpose).
    fn pinned_anon(folio: Folio) -> bool {
        folio_mapping(folio).is_none() && folio_ref_count(folio) > folio_mapcount(folio)
    }
}

mod folios {
    use super::*;

    /// v6.5, v6.8, v6.12 (MM-6.12 8.1, ERAS E.F1). A reference is taken first; the lru_lock only once PG_lru was
    /// cleared. Left out: buddy, hugetlb and large folios, movable_ops pages, skip hints and their abort
    /// path, giving the lock up every 32 pages.
    pub fn isolate_migratepages_block(cc: &mut CompactControl) {
        kfn!(isolate_migratepages_block);
        let mut locked = false;
        for pfn in cc.pfns.0..cc.pfns.1 {
            let folio = Folio(pfn as u8);
            if !folio_test_lru(folio) {
                continue;
            }
            if bug(bugs::A3) && cc.is_async() && !prepare_before_reference(folio) {
                continue;
            }
            if bug(bugs::M_LRU_FIRST) && !folio_test_clear_lru(folio) {
                continue;
            }
            if bug(bugs::M_GET) {
                folio_get(folio, Owner::Isolation);
            } else if !folio_try_get(folio, Owner::Isolation) {
                continue;
            }
            let won = || bug(bugs::M_LRU_FIRST) || folio_test_clear_lru(folio);
            if !migratable(folio, cc) || !won() {
                fail_put(folio, &mut locked);
                continue;
            }
            if !locked {
                compact_lock_irqsave(cc);
                locked = true;
            }
            lruvec_del_folio(folio);
            cc.take(folio);
        }
        if locked {
            spin_unlock_irq(LRUVEC_LOCK);
        }
    }

    /// isolate_fail_put: the lru_lock is dropped first, because the put may be the last one and freeing takes it.
    fn fail_put(folio: Folio, locked: &mut bool) {
        if *locked && !bug(bugs::E6) {
            spin_unlock_irq(LRUVEC_LOCK);
            *locked = false;
        }
        folio_put(folio, Owner::Isolation);
    }

    /// `compact_lock_irqsave()`: asynchronous compaction tries first, and waits all the same. Left out:
    /// `cc->contended`.
    fn compact_lock_irqsave(cc: &CompactControl) {
        kfn!(compact_lock_irqsave);
        if cc.mode == MigrateMode::Async && spin_trylock_irq(LRUVEC_LOCK) {
            return;
        }
        spin_lock_irq(LRUVEC_LOCK);
    }

    /// Steps 7 to 12 of MM-6.12 8.1: whether the folio, which this CPU holds a reference on, may be migrated.
    fn migratable(folio: Folio, cc: &CompactControl) -> bool {
        let in_rcu = bug(bugs::E4) || bug(bugs::E4B);
        if in_rcu {
            rcu_read_lock();
        }
        let mapping = folio_mapping(folio);
        let movable = !(bug(bugs::E0) || in_rcu) || !mapping.is_some_and(mapping_unmovable);
        if in_rcu {
            rcu_read_unlock();
        }
        if !movable {
            return false;
        }
        // Probably a pinned anonymous page (racy on purpose).
        if mapping.is_none() && (folio_ref_count(folio) as i64).wrapping_sub(1) > folio_mapcount(folio) as i64 {
            return false;
        }
        if !cc.may_enter_fs && mapping.is_some() {
            return false;
        }
        if !bug(bugs::M_LRU_FIRST) && !folio_test_lru(folio) {
            return false;
        }
        let unevictable = folio_test_unevictable(folio);
        if cc.is_async() && folio_test_writeback(folio) {
            return false;
        }
        let dirty = folio_test_dirty(folio);
        let ask_aops = cc.is_async() && dirty;
        let ask_movable = kernel() >= Kernel::V6_8 && mapping.is_some() && unevictable;
        let every = bug(bugs::E1) && mapping.is_some();
        // The mode has ISOLATE_UNEVICTABLE: sysctl_compact_unevictable_allowed is 1 by default.
        (!ask_aops && !ask_movable && !every) || mapping_agrees(folio, mapping, ask_aops)
    }

    /// Step 12: asks the mapping, under the folio lock, which keeps the folio attached and so the inode alive. `before`
    /// is the mapping as read without the lock.
    fn mapping_agrees(folio: Folio, before: Option<AddressSpace>, ask_aops: bool) -> bool {
        let lock = !bug(bugs::A5);
        if lock && !folio_trylock(folio) {
            return false;
        }
        let mapping = if bug(bugs::E3) { before } else { folio_mapping(folio) };
        let blocking = bug(bugs::M_COMPACT_BLOCKING);
        let migrate_dirty = !ask_aops || blocking || mapping.is_none_or(|m| mapping_aops(m) & AOPS_MIGRATE_FOLIO != 0);
        let unmovable = kernel() >= Kernel::V6_8 && mapping.is_some_and(mapping_unmovable);
        if lock {
            folio_unlock(folio);
        }
        migrate_dirty && !unmovable
    }

    /// The 2020 draft of 9df41314390b: the mapping test before the reference is taken, and without the lru_lock.
    fn prepare_before_reference(folio: Folio) -> bool {
        !folio_test_dirty(folio) || mapping_agrees(folio, None, true)
    }
}
