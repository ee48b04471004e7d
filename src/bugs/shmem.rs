//! Bugs of tmpfs and of userfaultfd. tmpfs and userfaultfd are modelled as v6.12 has them, and that is what older bugs
//! are put into.

use super::{Bug, V6_12, bug};
use crate::vocab::BugId;

bugs! {
    after super::swap::END;

    SHMEM_COUNT_LATE = Bug {
        class: "leak",
        fix: "826267cf1e6c",
        since: Some(((2, 6), (3, 0))),
        applies: V6_12,
        predictive: Some("swap/underflow"),
        actual: Some("swap/underflow"),
        ..bug(
            "2011_shmem_counts_entry_late",
            "tmpfs publishes a swap entry before it counts it, truncation frees it in between",
            "historic",
        )
    };
    SHMEM_PEEK = Bug {
        class: "leak",
        fix: "05bf86b4ccfd",
        since: Some(((2, 6), (2, 6))),
        applies: V6_12,
        predictive: Some("swap/unlisted"),
        actual: Some("swap/unlisted"),
        ..bug(
            "2011_shmem_peeks_at_swaplist",
            "tmpfs swaps out of a file that swapoff takes off its list, the mutex not held",
            "historic",
        )
    };
    SHMEM_SWAPIN_SURE = Bug {
        class: "other",
        fix: "215c02bc33bb",
        since: Some(((3, 5), (3, 7))),
        applies: V6_12,
        predictive: Some("vmbug/swap-map"),
        actual: Some("vmbug/swap-map"),
        ..bug(
            "2012_shmem_swapin_sure_of_entry",
            "tmpfs asserts that a confirmed swap entry stays, but a hole punch takes it",
            "historic",
        )
    };
    SHMEM_SECOND_PASS = Bug {
        class: "wrong-mapping",
        fix: "16a100190d39",
        since: Some(((2, 6), (2, 6))),
        applies: V6_12,
        predictive: Some("vmbug/mapped"),
        actual: Some("vmbug/mapped"),
        ..bug(
            "2007_shmem_second_pass_mapped",
            "a hole punch removes a page that was faulted in since the unmap, and is still mapped",
            "historic",
        )
    };
    SHMEM_ACCESSED = Bug {
        class: "lru-corruption",
        fix: "66d2f4d28cd0",
        applies: V6_12,
        predictive: Some("folio_lock/na-lost"),
        actual: Some("folio_lock/na-lost"),
        ..bug(
            "2014_shmem_accessed_not_atomic",
            "a write sets the referenced flag of a page in the cache without an atomic operation",
            "historic",
        )
    };
    UFFD_CLEAN = Bug {
        class: "lost-data",
        fix: "dcf7fe9d8976",
        since: Some(((4, 11), (4, 20))),
        applies: V6_12,
        predictive: Some("content/lost-data"),
        actual: Some("content/lost-data"),
        ..bug(
            "2018_uffd_shmem_page_clean",
            "UFFDIO_COPY into a read-only mapping of tmpfs leaves the page clean, reclaim drops it",
            "historic",
        )
    };
    UFFD_SIZE = Bug {
        class: "wrong-mapping",
        fix: "e2a50c1f6414",
        since: Some(((4, 11), (4, 20))),
        applies: V6_12,
        predictive: Some("pagecache/mapped-beyond"),
        actual: Some("pagecache/mapped-beyond"),
        ..bug(
            "2018_uffd_shmem_beyond_size",
            "UFFDIO_COPY maps a new page of tmpfs beyond the end truncation has given the file",
            "historic",
        )
    };
    // Mainline has the two fixes since v6.14 and v6.16; v6.12.y, which the model follows, has them, too.
    UFFD_MOVE_UNCACHED = Bug {
        class: "rmap/PTE",
        fix: "c50f8e6053b0",
        since: Some(((6, 8), (6, 12))),
        applies: V6_12,
        predictive: Some("vmbug/anon-rmap"),
        actual: Some("vmbug/anon-rmap"),
        ..bug(
            "2025_uffd_move_leaves_swapcache",
            "UFFDIO_MOVE moves a swap entry and not its folio in the swap cache",
            "historic",
        )
    };
    UFFD_MOVE_STALE = Bug {
        class: "wrong-mapping",
        fix: "0ea148a79919",
        since: Some(((6, 8), (6, 12))),
        applies: V6_12,
        predictive: Some("vmbug/anon-rmap"),
        actual: Some("vmbug/anon-rmap"),
        ..bug(
            "2025_uffd_move_stale_folio",
            "UFFDIO_MOVE does not see that the folio it found is not the swap entry's any more, or that one has come",
            "historic",
        )
    };
}
