//! Open questions: the newest kernel has them as far as is known (docs/questions).

use super::{Bug, FOLIOS, bug};
use crate::vocab::BugId;

bugs! {
    after super::history::END;

    OPEN_WAITER = Bug {
        applies: FOLIOS,
        predictive: Some("progress/lost-wakeup"),
        actual: Some("progress/lost-wakeup"),
        cpus: 3,
        ..bug("open_killed_waiter_keeps_wakeup", "a killed folio-lock waiter does not pass its wake-up on", "open")
    };
    OPEN_FREE_FOLIO = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        actual: Some("uaf/mapping"),
        ..bug("open_free_folio_after_detach", "memory_failure uses a_ops of a file after its folio is detached", "open")
    };
    OPEN_MUNLOCK = Bug {
        applies: FOLIOS,
        predictive: Some("lru/stranded-unevictable"),
        actual: Some("lru/stranded-unevictable"),
        ..bug("open_munlock_without_count", "munlock clears PG_mlocked of a folio whose PG_lru another CPU has", "open")
    };
    OPEN_WRITEOUT = Bug {
        applies: FOLIOS,
        predictive: Some("migration/fallback-retry"),
        actual: Some("migration/fallback-retry"),
        ..bug("open_fallback_writeout_retry", "migration tries again after writeout restored the mappings", "open")
    };
    OPEN_SWAPCACHE = Bug {
        applies: FOLIOS,
        predictive: Some("vmbug/swapcache"),
        actual: Some("vmbug/swapcache"),
        ..bug(
            "open_swapcache_without_entry",
            "an unlocked folio_mapping sees PG_swapcache without a swap entry",
            "open",
        )
    };
    OPEN_FAULT = Bug {
        applies: FOLIOS,
        predictive: Some("mapping/unprotected-deref"),
        cpus: 3,
        ..bug("open_killed_fault_invalidate_lock", "a killed fault drops invalidate_lock after the mmap_lock", "open")
    };
}
