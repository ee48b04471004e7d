//! Bugs of things the model has in another shape: what raced is put where it has the same.

use super::{Bug, FOLIOS, V6_12, bug};
use crate::vocab::BugId;

bugs! {
    after super::shmem::END;

    SHMEM_UNUSE_UNPINNED = Bug {
        class: "uaf-mapping",
        fix: "af53d3e9e040",
        applies: V6_12,
        predictive: Some("uaf/mapping"),
        actual: Some("uaf/mapping"),
        ..bug(
            "2019_shmem_unuse_unpinned",
            "swapoff looks through a tmpfs file and nothing keeps the inode from being evicted",
            "historic",
        )
    };
    SPLIT_CLEAR_DIRTY = Bug {
        class: "lost-wakeup",
        fix: "2d077d4b5992",
        since: Some(((4, 5), (4, 17))),
        applies: V6_12,
        predictive: Some("folio_lock/na-lost"),
        actual: Some("folio_lock/na-lost"),
        ..bug(
            "2018_clear_dirty_loses_waiters",
            "PG_dirty of a page of tmpfs beyond the end of its file is cleared by a store, PG_waiters with it",
            "historic",
        )
    };
    LOCK_SYNC_PAGE = Bug {
        class: "uaf-mapping",
        fix: "db37648cd6ce",
        since: Some(((2, 6), (2, 6))),
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        ..bug(
            "2006_dirty_lock_syncs_page",
            "whoever waits for the lock of a page it has pinned looks into the page's file",
            "historic",
        )
    };
    ANON_VMA_UNCHECKED = Bug {
        class: "deadlock",
        fix: "f18194275c39",
        since: Some(((2, 6), (2, 6))),
        applies: FOLIOS,
        predictive: Some("uaf/anon-vma"),
        actual: Some("uaf/anon-vma"),
        ..bug(
            "2010_anon_vma_lock_unchecked",
            "an anon_vma is locked, and not asked again whether its page is still mapped",
            "historic",
        )
    };
    UNMAP_CURSOR = Bug {
        class: "wrong-mapping",
        fix: "2aa15890f3c1",
        since: Some(((2, 6), (2, 6))),
        applies: FOLIOS,
        predictive: Some("vmbug/mapped"),
        actual: Some("vmbug/mapped"),
        ..bug(
            "2011_unmap_shares_cursor",
            "two unmappings of parts of one file share where they have come to, one passes its pages by",
            "historic",
        )
    };
    LAZYFREE_CLEAN = Bug {
        class: "lost-data",
        fix: "9625456cc763",
        since: Some(((4, 12), (4, 14))),
        applies: FOLIOS,
        predictive: Some("content/wrong-page"),
        actual: Some("content/wrong-page"),
        ..bug(
            "2017_lazyfree_swapped_out_clean",
            "a page that MADV_FREE has made clean goes to the swap cache, and is never written out",
            "historic",
        )
    };
    GUP_FORK = Bug {
        class: "rmap/PTE",
        fix: "57efa1fe5957",
        since: Some(((5, 9), (5, 11))),
        applies: FOLIOS,
        predictive: Some("vmbug/not-exclusive"),
        actual: Some("vmbug/not-exclusive"),
        ..bug("2020_fast_pin_during_fork", "fast GUP pins a page for writing while fork shares it", "historic")
    };
    REUSE_UNLOCKS_LATE = Bug {
        class: "uaf-folio",
        fix: "be068f29034f",
        applies: FOLIOS,
        predictive: Some("badpage/locked"),
        actual: Some("badpage/locked"),
        ..bug(
            "2020_reuse_unlocks_late",
            "do_wp_page unlocks a page it reuses when the page-table lock, which kept it, is dropped",
            "historic",
        )
    };
    MAPPING_TWO_STORES = Bug {
        class: "wrong-mapping",
        fix: "414e2fb8ce5a",
        since: Some(((2, 6), (4, 2))),
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        ..bug(
            "2015_anon_mapping_in_two_stores",
            "page->mapping of a reused page names its anon_vma before it says that it is one",
            "historic",
        )
    };
}
