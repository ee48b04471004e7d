//! Thread B: who owns the references that a frozen count expects.

use super::{Bug, V5_0, bug};
use crate::vocab::BugId;

bugs! {
    after super::isolation::END;

    // Thread B.
    B_V0 = Bug {
        class: "bad-freeze",
        fix: "8e47a457321c",
        since: Some(((4, 19), (5, 0))),
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0"),
        ..bug("2018_iomap_private_without_reference", "iomap sets PG_private without taking a reference", "historic")
    };
    B_W0 = Bug {
        applies: V5_0,
        thread: Some("W0"),
        ..bug("2018_migration_wait_with_reference", "a fault waits for a migration with a reference", "variant")
    };
    B_W1 = Bug {
        applies: V5_0,
        thread: Some("W1"),
        ..bug("2019_migration_wait_drops_reference", "a fault drops its reference before it sleeps", "variant")
    };
    B_W2 = Bug {
        applies: V5_0,
        thread: Some("W2"),
        ..bug("2021_migration_wait_without_reference", "a fault waits for a migration without a reference", "variant")
    };
    B_V0_W1 = Bug {
        class: "bad-freeze",
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference", "2019_migration_wait_drops_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+W1"),
        ..bug("2019_iomap_private_drop_wait", "PG_private without a reference, a waiter drops its own", "historic")
    };
    B_V0_W0 = Bug {
        class: "bad-freeze",
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference", "2018_migration_wait_with_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+W0"),
        ..bug("2018_iomap_private_kept_wait", "PG_private without a reference, a waiter keeps its own", "historic")
    };
    B_V0_LOOKUP = Bug {
        class: "bad-freeze",
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0+lookup"),
        ..bug("2018_iomap_private_lookup", "PG_private without a reference, and a lookup of the page", "historic")
    };
    B_V0_NODEBUG = Bug {
        class: "bad-freeze",
        applies: V5_0,
        brings: &["2018_iomap_private_without_reference"],
        predictive: Some("refcount/private-unowned"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V0 no DEBUG_VM"),
        ..bug("2018_iomap_private_no_debug", "PG_private without a reference, and nobody asserts anything", "historic")
    };
    B_V1 = Bug {
        fix: "8e47a457321c",
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/leak"),
        thread: Some("B-V1"),
        cpus: 1,
        ..bug(
            "2018_iomap_private_left_behind",
            "iomap_migrate_page moves private data, not their reference",
            "proposed",
        )
    };
    B_V2 = Bug {
        applies: V5_0,
        thread: Some("B-V2"),
        cpus: 3,
        ..bug("2019_iomap_private_counted", "iomap counts private data as it is", "variant")
    };
    B_V3 = Bug {
        applies: V5_0,
        thread: Some("B-V3"),
        ..bug("2019_reuse_swap_page", "do_wp_page takes a page over while it is migrated, as it is", "variant")
    };
    B_V3_UNLOCKED = Bug {
        applies: V5_0,
        predictive: Some("vmbug/not-locked"),
        actual: Some("vmbug/not-locked"),
        thread: Some("B-V3 without the page lock"),
        cpus: 1,
        ..bug("2019_reuse_swap_page_unlocked", "do_wp_page takes a page over without its lock", "mutant")
    };
    B_V3_MAPPED = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V3 mapcount"),
        cpus: 1,
        ..bug("2019_migration_expects_mappings", "migration expects mappings instead of taking them away", "mutant")
    };
    B_V4 = Bug {
        applies: V5_0,
        thread: Some("B-V4"),
        ..bug("2019_migration_anon_without_freeze", "an anonymous page is moved without a freeze, as it is", "variant")
    };
    B_V5 = Bug {
        applies: V5_0,
        brings: &["2018_migration_wait_with_reference"],
        predictive: Some("progress/only-waiters"),
        actual: Some("progress/only-waiters"),
        thread: Some("B-V5"),
        ..bug("2018_migration_wait_starves", "faults that wait with references keep a page from moving", "variant")
    };
    B_V6_PUT = Bug {
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/leak"),
        thread: Some("B-V6 put"),
        cpus: 1,
        ..bug("mutant_iomap_migrate_without_put", "iomap_migrate_page does not put the old page's reference", "mutant")
    };
    B_V6_GET = Bug {
        applies: V5_0,
        predictive: Some("refcount/private-unowned"),
        actual: Some("refcount/put-unowned"),
        thread: Some("B-V6 get"),
        cpus: 1,
        ..bug("mutant_iomap_migrate_without_get", "iomap_migrate_page takes no reference on the new page", "mutant")
    };
    B_V6_EXPECTED = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V6 expected"),
        ..bug("mutant_migration_expects_early", "migration counts the references it expects before it unmaps", "mutant")
    };
    B_V6_SLOT = Bug {
        applies: V5_0,
        thread: Some("B-V6 slot"),
        ..bug("mutant_migration_without_slot_check", "migration does not look whether the slot has the page", "mutant")
    };
    B_V6_FREEZE = Bug {
        applies: V5_0,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("B-V6 freeze"),
        ..bug("mutant_freeze_by_store", "migration freezes with a load and a store", "mutant")
    };
}
