//! Operations on lists, batches and page frames.

use super::super::OpResult;
use super::{Args, with_folio};
use crate::linux::mm_inline::private_list_add;
use crate::linux::mm_types::Folio;
use crate::linux::pagevec::FolioBatch;
use crate::linux::percpu::{Kept, can_keep, keep, take_kept};
use crate::linux::{service, signal};
use crate::machine::m;
use crate::mm::compaction::{CompactControl, MigrateMode, compact_zone};
use crate::mm::{migrate, swap, swapfile, vmscan};
use crate::vocab::{FOLIOS, Owner};

pub fn lru_add_drain(_: Args) -> OpResult {
    swap::lru_add_drain();
    OpResult::Done
}

pub fn lru_add_drain_all(_: Args) -> OpResult {
    swap::lru_add_drain_all();
    OpResult::Done
}

pub fn lru_cache_disable(_: Args) -> OpResult {
    swap::lru_cache_disable();
    swap::lru_cache_enable();
    OpResult::Done
}

pub fn isolate_and_hold(args: Args) -> OpResult {
    with_folio(args, |folio| {
        let isolated = can_keep(Kept::Isolated) && vmscan::folio_isolate_lru(folio);
        if isolated {
            keep(Kept::Isolated, folio);
        }
        swap::folio_put(folio, Owner::Lookup);
        OpResult::of(isolated)
    })
}

pub fn putback_held(_: Args) -> OpResult {
    let Some(folio) = take_kept(Kept::Isolated) else { return OpResult::Nothing };
    migrate::putback_lru(folio);
    OpResult::Done
}

/// Reclaim scans inactive lists only; before v5.0 nothing is reclaimed here, and any list serves.
pub fn shrink_inactive_list([list, ..]: Args) -> OpResult {
    let list = if m().model().kernel.has_processes() { list & !1 } else { list };
    vmscan::shrink_inactive_list(list as usize);
    OpResult::Done
}

/// The active lists have odd numbers.
pub fn shrink_active_list([list, ..]: Args) -> OpResult {
    let strip = list == 2;
    vmscan::shrink_active_list(if strip { 3 } else { 2 * list as usize + 1 }, strip);
    OpResult::Done
}

pub fn reclaim(_: Args) -> OpResult {
    vmscan::try_to_free_pages();
    OpResult::Done
}

pub fn kswapd(_: Args) -> OpResult {
    service::wakeup_kswapd(vmscan::balance_pgdat);
    OpResult::Done
}

pub fn memory_failure([pfn, ..]: Args) -> OpResult {
    OpResult::of(crate::mm::memory_failure::memory_failure(Folio(pfn)))
}

pub fn swapoff(_: Args) -> OpResult {
    swapfile::swapoff();
    OpResult::Done
}

pub fn send_sigkill([cpu, ..]: Args) -> OpResult {
    signal::send_sigkill(cpu as usize);
    OpResult::Done
}

/// The modes as the table names them.
pub fn migrate_mode(mode: u8) -> MigrateMode {
    match mode {
        0 => MigrateMode::Sync,
        1 => MigrateMode::Async,
        _ => MigrateMode::SyncLight,
    }
}

/// Migrates one isolated folio, or puts it back.
pub fn migrate_isolated(folio: Folio, mode: u8) -> OpResult {
    let mut list = FolioBatch::new();
    private_list_add(folio);
    list.add(folio, 0);
    let failed = migrate::migrate_pages(&mut list, migrate_mode(mode));
    migrate::putback_movable_pages(&list);
    OpResult::of(failed == 0)
}

pub fn migrate_folio(args: Args) -> OpResult {
    with_folio(args, |folio| {
        let isolated = vmscan::folio_isolate_lru(folio);
        swap::folio_put(folio, Owner::Lookup);
        if isolated { migrate_isolated(folio, args[2]) } else { OpResult::Refused }
    })
}

/// `nr` is one less than the count. Kernels before v6.5 put back what they isolated.
pub fn compact([pfn, nr, mode]: Args) -> OpResult {
    let (may_enter_fs, mode, first) = (mode < 2, migrate_mode(mode % 2), pfn as usize);
    let mut cc = CompactControl::new(mode, (first, (first + 1 + nr as usize).min(FOLIOS)));
    cc.may_enter_fs = may_enter_fs;
    compact_zone(&mut cc);
    OpResult::of(cc.taken != 0)
}
