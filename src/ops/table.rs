//! The rows. Names and argument keys are append-only: repro files refer to them.

use super::{Arg, OpSpec, Role, run};
use crate::vocab::Kernel;

const ALL: &[Kernel] = &Kernel::ALL;
const MODES: Arg = Arg::Mode(&["sync", "async"]);
const WAITS: Arg = Arg::Mode(&["shared", "drop"]);
const LISTS: Arg = Arg::Mode(&["inactive_anon", "active_anon", "inactive_file", "active_file"]);

macro_rules! ops {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident($($arg:ident: $kind:expr),*) in $kernels:ident as $role:ident => $run:expr;
    )+) => {
        /// Every operation.
        pub static TABLE: &[OpSpec] = &[$(OpSpec {
            name: stringify!($name),
            args: &[$((stringify!($arg), $kind)),*],
            kernels: $kernels,
            role: Role::$role,
            doc: concat!($($doc),+),
            run: $run,
        }),+];
    };
}

ops! {
    /// Look a folio up in the page cache without locks and put it.
    filemap_get_entry(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup => run::filemap_get_entry;
    /// Look a folio up and keep the reference until `put_held` or the end.
    get_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL as Hold => run::get_and_hold;
    /// Drop the reference this CPU kept longest.
    put_held() in ALL as Release => run::put_held;
    /// Find, lock, re-check, unlock, put.
    filemap_lock_folio(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup => run::filemap_lock_folio;
    /// Wait until a cached folio is unlocked, keeping the reference or having dropped it.
    wait_on_folio(m: Arg::Mapping, index: Arg::Index, how: WAITS) in ALL as Lookup => run::wait_on_folio;
    /// Allocate a folio and add it to the page cache and the LRU, as a read of a hole does.
    filemap_add_folio(m: Arg::Mapping, index: Arg::Index) in ALL as Add => run::filemap_add_folio;
    /// Truncate a file from `index` to its end.
    truncate_inode_pages(m: Arg::Mapping, index: Arg::Index) in ALL as Remove => run::truncate_inode_pages;
    /// Close the last descriptor of an unlinked file: its inode is evicted and freed.
    evict(m: Arg::Mapping) in ALL as Remove => run::evict;
    /// Drop a file's clean, unused pages (drop_caches).
    invalidate_mapping_pages(m: Arg::Mapping) in ALL as Remove => run::invalidate_mapping_pages;
    /// Dirty a cached folio under its lock.
    folio_mark_dirty(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup => run::folio_mark_dirty;
    /// File this CPU's batched folios on the LRU.
    lru_add_drain() in ALL as Release => run::lru_add_drain;
    /// Isolate a looked-up folio from the LRU and keep it until `putback_held` or the end.
    isolate_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL as Hold => run::isolate_and_hold;
    /// Put the folio this CPU isolated longest ago back on the LRU.
    putback_held() in ALL as Release => run::putback_held;
    /// Isolate folios from the tail of an LRU list, as reclaim does, and move them back.
    shrink_inactive_list(list: LISTS) in ALL as Scan => run::shrink_inactive_list;
    /// Scan page frames for migration and put what was isolated back.
    compact(pfn: Arg::Pfn, nr: Arg::Count(8), mode: MODES) in ALL as Scan => run::compact;
}
