//! The rows. Names and argument keys are append-only: repro files refer to them.

use super::{Arg, OpSpec};
use crate::vocab::Kernel;

const ALL: &[Kernel] = &Kernel::ALL;
const SYNC_MODES: Arg = Arg::Mode(&["sync", "async"]);

fn later(_: [u8; 3]) {}

macro_rules! ops {
    ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident: $kind:expr),*) in $kernels:expr => $run:expr;)+) => {
        /// Every operation.
        pub static TABLE: &[OpSpec] = &[$(OpSpec {
            name: stringify!($name),
            args: &[$((stringify!($arg), $kind)),*],
            kernels: $kernels,
            doc: concat!($($doc),+),
            run: $run,
        }),+];
    };
}

ops! {
    /// Look a folio up in the page cache without locks and put it.
    filemap_get_entry(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Look a folio up and keep the reference until `put_held` or the end.
    get_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Drop the reference this CPU kept longest.
    put_held() in ALL => later;
    /// Find, lock, re-check, unlock, put.
    filemap_lock_folio(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Allocate a folio and add it to the page cache and the LRU, as a read of a hole does.
    filemap_add_folio(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Truncate a file from `index` to its end.
    truncate_inode_pages(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Close the last descriptor of an unlinked file: its inode is evicted and freed.
    evict(m: Arg::Mapping) in ALL => later;
    /// Drop a file's clean, unused pages (drop_caches).
    invalidate_mapping_pages(m: Arg::Mapping) in ALL => later;
    /// Dirty a cached folio under its lock.
    folio_mark_dirty(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// File this CPU's batched folios on the LRU.
    lru_add_drain() in ALL => later;
    /// Isolate a looked-up folio from the LRU and keep it until `putback_held` or the end.
    isolate_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL => later;
    /// Put the folio this CPU isolated longest ago back on the LRU.
    putback_held() in ALL => later;
    /// Isolate folios from the tail of an LRU list, as reclaim does, and move them back.
    shrink_lruvec(list: Arg::Mode(&["inactive_anon", "active_anon", "inactive_file", "active_file"])) in ALL => later;
    /// Scan page frames for migration and put what was isolated back.
    compact(pfn: Arg::Pfn, nr: Arg::Count(8), mode: SYNC_MODES) in ALL => later;
    /// Allocate an anonymous folio, map it and batch it for the LRU.
    do_anonymous_page() in ALL => later;
    /// Unmap and free the anonymous folio this CPU mapped longest ago.
    zap_anon() in ALL => later;
}
