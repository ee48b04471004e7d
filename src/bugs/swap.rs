//! Bugs of released kernels: swap, anonymous memory, and references on user pages (docs/zoo/swap.md).

use super::{Bug, FOLIOS, SWAPS, V6_12, bug};
use crate::vocab::BugId;

bugs! {
    after super::checks::END;

    SWAPIN_NO_RECHECK = Bug {
        class: "wrong-mapping",
        fix: "4969c1192d15",
        since: Some(((2, 6), (2, 6))),
        applies: SWAPS,
        predictive: Some("vmbug/exclusive"),
        actual: Some("vmbug/exclusive"),
        ..bug(
            "2010_swapin_no_swapcache_recheck",
            "do_swap_page maps a page that has left the swap cache before it was locked",
            "historic",
        )
    };
    MIGRATE_UNMAPPED = Bug {
        class: "rmap/PTE",
        fix: "67b9509b2c68",
        since: Some(((2, 6), (2, 6))),
        applies: SWAPS,
        predictive: Some("uaf/anon-vma"),
        actual: Some("uaf/anon-vma"),
        ..bug(
            "2010_migrate_unmapped_anon",
            "migration uses the anon_vma of a page that nobody maps any more",
            "historic",
        )
    };
    SWAPIN_UNPINNED = Bug {
        class: "uaf-mapping",
        fix: "eb085574a752",
        since: Some(((2, 6), (5, 3))),
        applies: FOLIOS,
        predictive: Some("swap/freed"),
        actual: Some("swap/freed"),
        ..bug(
            "2019_swapin_without_device",
            "read_swap_cache_async does not keep the swap device from going off",
            "historic",
        )
    };
    DIRECT_UNPINNED = Bug {
        class: "uaf-mapping",
        fix: "2799e77529c2",
        since: Some(((4, 15), (5, 14))),
        applies: FOLIOS,
        predictive: Some("swap/freed"),
        actual: Some("swap/freed"),
        ..bug(
            "2021_direct_swapin_without_device",
            "a swap-in past the swap cache does not keep the swap device from going off",
            "historic",
        )
    };
    FREE_SWAP_UNPINNED = Bug {
        class: "uaf-mapping",
        fix: "82b1c07a0af6",
        since: Some(((4, 11), (6, 9))),
        applies: FOLIOS,
        predictive: Some("swap/freed"),
        actual: Some("swap/freed"),
        ..bug(
            "2024_free_swap_without_device",
            "free_swap_and_cache looks at the slot again when the swap device may be gone",
            "historic",
        )
    };
    GUP_RETRY_READ = Bug {
        class: "rmap/PTE",
        fix: "4ceb5db9757a",
        since: Some(((2, 6), (2, 6))),
        applies: FOLIOS,
        predictive: Some("content/private-write"),
        actual: Some("content/private-write"),
        ..bug(
            "2005_gup_write_retried_as_read",
            "get_user_pages for writing looks again as for reading once a fault has broken copy-on-write",
            "historic",
        )
    };
    DIRTY_COW = Bug {
        class: "rmap/PTE",
        fix: "19be0eaffa3a",
        since: Some(((2, 6), (4, 9))),
        applies: FOLIOS,
        predictive: Some("content/private-write"),
        actual: Some("content/private-write"),
        ..bug(
            "2016_dirty_cow",
            "a forced write forgets that it is one once a fault has broken copy-on-write",
            "historic",
        )
    };
    ENTRY_BEFORE_RMAP = Bug {
        class: "rmap/PTE",
        applies: FOLIOS,
        predictive: Some("vmbug/not-exclusive"),
        actual: Some("vmbug/not-exclusive"),
        ..bug(
            "2018_swapin_entry_before_rmap",
            "a swap-in sets the entry before the page is ready, and fast GUP finds it",
            "historic",
        )
    };
    COLLECT_LOSES_DIRTY = Bug {
        class: "lost-data",
        fix: "fd35ca3d12cc",
        since: Some(((4, 14), (6, 1))),
        applies: FOLIOS,
        predictive: Some("content/lost-data"),
        actual: Some("content/lost-data"),
        ..bug(
            "2022_device_migration_loses_dirty",
            "migrate_vma_collect_pmd clears a dirty entry and does not dirty the folio",
            "historic",
        )
    };
    MINCORE_UNPINNED = Bug {
        class: "uaf-mapping",
        fix: "aeb309b81c6b",
        since: Some(((2, 6), (4, 18))),
        applies: V6_12,
        predictive: Some("swap/freed"),
        actual: Some("swap/freed"),
        ..bug(
            "2018_mincore_without_device",
            "mincore looks into the swap cache and does not keep the swap device from going off",
            "historic",
        )
    };
}
