//! Historic races of the page cache, the LRU, writeback, truncation and file systems: see docs/zoo/pagecache.md.

use super::{Bug, FOLIOS, V5_0, bug};
use crate::vocab::BugId;

/// A bug of a release, and the kind it shows as, with all checks and with `--checks actual`.
const fn historic(slug: &'static str, title: &'static str, kind: &'static str) -> Bug {
    Bug { applies: FOLIOS, predictive: Some(kind), actual: Some(kind), ..bug(slug, title, "historic") }
}

bugs! {
    after super::more::END;

    Z_WRITEBACK_ONCE = Bug {
        class: "other",
        fix: "c2407cf7d22d",
        since: Some(((5, 9), (5, 11))),
        cpus: 3,
        ..historic(
            "2021_wait_for_one_writeback",
            "wait_on_page_writeback believes a wake-up of an earlier writeback",
            "vmbug/writeback",
        )
    };
    Z_SCAN_TESTONE = Bug {
        class: "bad-freeze",
        fix: "7c8ee9a86340",
        since: Some(((2, 6), (2, 6))),
        ..historic(
            "2006_scan_raises_from_zero",
            "the LRU scan takes a reference on a page whose count is 0, and gives it back",
            "refcount/get-zero",
        )
    };
    Z_MIGRATE_NULL = Bug {
        class: "unlocked-mapping-deref",
        fix: "dc386d4d1e98",
        since: Some(((2, 6), (2, 6))),
        applies: ((5, 0), (255, 0)),
        ..historic(
            "2007_migrate_without_mapping",
            "migration unmaps a page that was truncated after its isolation",
            "uaf/null-deref",
        )
    };
    Z_FAULT_DIRTY = Bug {
        class: "unlocked-mapping-deref",
        fix: "2d6d7f982846",
        since: Some(((2, 6), (3, 19))),
        applies: ((5, 0), (255, 0)),
        ..historic(
            "2015_dirty_without_page_lock",
            "a write fault dirties a page it has not locked while it is truncated",
            "vmbug/dirty-lost",
        )
    };
    Z_BUFFERS_NULL = Bug {
        class: "unlocked-mapping-deref",
        fix: "ebf7a227dd1d",
        since: Some(((2, 6), (2, 6))),
        applies: ((5, 0), (255, 0)),
        ..historic(
            "2006_set_page_dirty_buffers_mapping",
            "__set_page_dirty_buffers reads page->mapping again, and does not ask whether it is NULL",
            "uaf/null-deref",
        )
    };
    Z_ISIZE_EARLY = Bug {
        class: "other",
        fix: "a32ea1e1f925",
        since: Some(((2, 6), (2, 6))),
        ..historic(
            "2007_read_samples_size_early",
            "read() goes by the size it saw before it had the page",
            "content/beyond-eof",
        )
    };
    Z_NO_INVALIDATE_LOCK = Bug {
        class: "lost-data",
        fix: "730633f0b7f9",
        since: Some(((2, 6), (5, 15))),
        ..historic(
            "2021_no_invalidate_lock",
            "pages are read in between the truncation of a hole and the freeing of its blocks",
            "content/lost-data",
        )
    };
    Z_SIGNAL_FIRST = Bug {
        class: "lost-wakeup",
        fix: "a8b169afbf06",
        since: Some(((4, 10), (4, 13))),
        applies: V5_0,
        cpus: 3,
        ..historic(
            "2017_waiter_heeds_signal_first",
            "a page-lock waiter that was woken leaves for a signal without trying the lock",
            "progress/lost-wakeup",
        )
    };
    Z_WAKE_TAKEN = Bug {
        class: "lost-wakeup",
        fix: "2a9127fcf229",
        since: Some(((4, 10), (5, 9))),
        applies: V5_0,
        cpus: 3,
        ..historic(
            "2020_killed_waiter_takes_wakeup",
            "a killed page-lock waiter is woken after it has tried the lock, and wakes nobody",
            "progress/lost-wakeup",
        )
    };
    Z_STRIP = Bug {
        class: "bad-page-state",
        fix: "5b40dc780ed9",
        since: Some(((2, 6), (2, 6))),
        applies: ((5, 0), (255, 0)),
        ..historic(
            "2006_strip_without_recheck",
            "reclaim releases the buffers of a page that has lost them before it was locked",
            "vmbug/no-private",
        )
    };
    Z_MKWRITE_UNLOCKED = Bug {
        class: "lost-data",
        fix: "b827e496c893",
        since: Some(((2, 6), (2, 6))),
        applies: ((5, 0), (255, 0)),
        ..historic(
            "2009_mkwrite_returns_unlocked",
            "writeback cleans a page between page_mkwrite and the entry that lets it be written",
            "pte/unprepared",
        )
    };
    Z_COPY_FAULTS = Bug {
        class: "deadlock",
        fix: "08291429cfa6",
        since: Some(((2, 6), (2, 6))),
        predictive: Some("lockdep/order"),
        ..historic(
            "2008_write_copy_faults_under_page_lock",
            "write() faults on its source with the page it writes locked",
            "lockdep/self-deadlock",
        )
    };
}
