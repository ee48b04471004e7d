//! `page-flags.h`: one word of flags, changed by relaxed atomic read-modify-writes, by test-and-change with full order,
//! and by non-atomic writes (a load, then a store) that need exclusive ownership.

use super::mm_types::Folio;
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

#[inline]
pub(super) fn flags(folio: Folio) -> Obj {
    folio.obj(Field::Flags)
}

#[inline]
fn test(folio: Folio, bits: u64) -> bool {
    m().load(flags(folio), Order::Relaxed, Note::TestFlag, bits as u32) & bits != 0
}

#[inline]
fn set(folio: Folio, bits: u64) {
    let _ = m().rmw(flags(folio), Order::Relaxed, Note::SetFlag, bits as u32, |v| Some(v | bits));
}

#[inline]
fn clear(folio: Folio, bits: u64) {
    let _ = m().rmw(flags(folio), Order::Relaxed, Note::ClearFlag, bits as u32, |v| Some(v & !bits));
}

#[inline]
fn test_and_set(folio: Folio, bits: u64) -> bool {
    let old = m().rmw(flags(folio), Order::Full, Note::TestAndSetFlag, bits as u32, |v| Some(v | bits));
    old.is_ok_and(|v| v & bits != 0)
}

#[inline]
fn test_and_clear(folio: Folio, bits: u64) -> bool {
    let old = m().rmw(flags(folio), Order::Full, Note::TestAndClearFlag, bits as u32, |v| Some(v & !bits));
    old.is_ok_and(|v| v & bits != 0)
}

/// A non-atomic write: two steps. What another CPU changes in between is lost.
#[inline]
fn non_atomic(folio: Folio, bits: u64, change: impl FnOnce(u64) -> u64) {
    let old = m().load(flags(folio), Order::Plain, Note::NonAtomicFlag, bits as u32);
    m().store(flags(folio), change(old), Order::Plain, Note::NonAtomicFlag, bits as u32);
}

macro_rules! page_flags {
    ($($bits:ident: $($kind:ident $name:ident),+;)+) => { $($(page_flags!(@$kind $name $bits);)+)+ };
    (@test $name:ident $bits:ident) => {
        #[inline]
        pub fn $name(folio: Folio) -> bool {
            prim!($name);
            test(folio, $bits)
        }
    };
    (@set $name:ident $bits:ident) => {
        #[inline]
        pub fn $name(folio: Folio) {
            prim!($name);
            set(folio, $bits);
        }
    };
    (@clear $name:ident $bits:ident) => {
        #[inline]
        pub fn $name(folio: Folio) {
            prim!($name);
            clear(folio, $bits);
        }
    };
    (@test_and_clear $name:ident $bits:ident) => {
        #[inline]
        pub fn $name(folio: Folio) -> bool {
            prim!($name);
            test_and_clear(folio, $bits)
        }
    };
    (@test_and_set $name:ident $bits:ident) => {
        #[inline]
        pub fn $name(folio: Folio) -> bool {
            prim!($name);
            test_and_set(folio, $bits)
        }
    };
    (@set_na $name:ident $bits:ident) => {
        /// Non-atomic: only while nobody else can change the word.
        #[inline]
        pub fn $name(folio: Folio) {
            prim!($name);
            non_atomic(folio, $bits, |v| v | $bits);
        }
    };
    (@clear_na $name:ident $bits:ident) => {
        /// Non-atomic: only while nobody else can change the word.
        #[inline]
        pub fn $name(folio: Folio) {
            prim!($name);
            non_atomic(folio, $bits, |v| v & !$bits);
        }
    };
}

page_flags! {
    PG_LOCKED: test folio_test_locked, set_na __folio_set_locked, clear_na __folio_clear_locked;
    PG_WRITEBACK: test folio_test_writeback, test_and_set folio_test_set_writeback;
    PG_REFERENCED: test folio_test_referenced, set folio_set_referenced, clear folio_clear_referenced,
        test_and_clear folio_test_clear_referenced, set_na __folio_set_referenced;
    PG_UPTODATE: set folio_set_uptodate, set_na __folio_set_uptodate;
    PG_DIRTY: test folio_test_dirty, test_and_set folio_test_set_dirty, set_na __folio_set_dirty,
        test_and_clear folio_test_clear_dirty, set folio_set_dirty, clear folio_clear_dirty,
        clear_na __folio_clear_dirty;
    PG_LRU: test folio_test_lru, set folio_set_lru, clear folio_clear_lru, test_and_clear folio_test_clear_lru,
        clear_na __folio_clear_lru;
    PG_WAITERS: set folio_set_waiters, clear folio_clear_waiters;
    PG_ACTIVE: test folio_test_active, set folio_set_active, clear folio_clear_active,
        test_and_clear folio_test_clear_active, clear_na __folio_clear_active;
    PG_WORKINGSET: test folio_test_workingset, set folio_set_workingset;
    PG_SWAPCACHE: set folio_set_swapcache, clear folio_clear_swapcache;
    PG_MAPPEDTODISK: clear folio_clear_mappedtodisk, test folio_test_mappedtodisk, set folio_set_mappedtodisk;
    PG_ANON_EXCLUSIVE: test page_anon_exclusive, set set_page_anon_exclusive, clear clear_page_anon_exclusive;
    PG_PRIVATE: test folio_test_private, set folio_set_private, clear folio_clear_private;
    PG_RECLAIM: test folio_test_reclaim, set folio_set_reclaim, clear folio_clear_reclaim,
        test folio_test_readahead, set folio_set_readahead, clear folio_clear_readahead;
    PG_SWAPBACKED: test folio_test_swapbacked, set folio_set_swapbacked, clear folio_clear_swapbacked,
        set_na __folio_set_swapbacked;
    PG_UNEVICTABLE: test folio_test_unevictable, set folio_set_unevictable, clear folio_clear_unevictable,
        test_and_clear folio_test_clear_unevictable, clear_na __folio_clear_unevictable;
    PG_MLOCKED: test folio_test_mlocked, test_and_set folio_test_set_mlocked, set folio_set_mlocked,
        test_and_clear folio_test_clear_mlocked, clear_na __folio_clear_mlocked;
}

/// `folio_test_uptodate`: if it is set, a read barrier, so that the contents are seen as they were when it was.
#[inline]
pub fn folio_test_uptodate(folio: Folio) -> bool {
    prim!(folio_test_uptodate);
    let uptodate = test(folio, PG_UPTODATE);
    if uptodate {
        m().barrier(Order::Acquire);
    }
    uptodate
}

/// `folio_test_swapcache`: PG_swapcache means the swap cache only on a swap-backed folio. One load.
#[inline]
pub fn folio_test_swapcache(folio: Folio) -> bool {
    prim!(folio_test_swapcache);
    let both = PG_SWAPCACHE | PG_SWAPBACKED;
    m().load(flags(folio), Order::Relaxed, Note::TestFlag, both as u32) & both == both
}

/// `folio_is_file_lru`: lazyfree anonymous folios count as file.
#[inline]
pub fn folio_is_file_lru(folio: Folio) -> bool {
    !folio_test_swapbacked(folio)
}

/// `folio_mark_uptodate`: a write barrier, so that the contents are seen before the flag.
pub fn folio_mark_uptodate(folio: Folio) {
    m().barrier(Order::Release);
    folio_set_uptodate(folio);
}

/// `__folio_mark_uptodate`: the same on a folio nobody else has.
pub fn __folio_mark_uptodate(folio: Folio) {
    m().barrier(Order::Release);
    __folio_set_uptodate(folio);
}

/// Clears every flag of a folio nobody else has, in one plain store.
pub fn folio_clear_all_flags(folio: Folio) {
    prim!(folio_clear_all_flags);
    m().store(flags(folio), 0, Order::Plain, Note::NonAtomicFlag, u32::MAX);
}

/// PG_active, PG_unevictable and PG_swapbacked as one plain load of the word: which list a folio belongs to.
pub fn folio_lru_flags(folio: Folio) -> u64 {
    prim!(folio_lru_flags);
    m().load(flags(folio), Order::Plain, Note::TestFlag, (PG_ACTIVE | PG_UNEVICTABLE | PG_SWAPBACKED) as u32)
}
