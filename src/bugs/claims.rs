//! Thread D: the checks between a lookup and the use of what it found.

use super::{Bug, FOLIOS, bug};
use crate::vocab::BugId;

bugs! {
    after super::mlock::END;

    // Thread D: the claim, and each of the five things that stop it.
    D0 = Bug {
        applies: FOLIOS,
        thread: Some("D0"),
        cpus: 4,
        ..bug("2024_map_pages_against_truncation", "fault-around, truncation, pageout advice as they are", "variant")
    };
    D1A = Bug {
        applies: FOLIOS,
        brings: &["2024_map_pages_no_reload", "model_no_recycling"],
        thread: Some("D1a"),
        ..bug("2024_map_pages_no_reload_no_recycling", "stop 1 removed, where no frame is used twice", "variant")
    };
    D1B = Bug {
        applies: FOLIOS,
        predictive: Some("pte/wrong-index"),
        actual: Some("pte/wrong-index"),
        thread: Some("D1b"),
        cpus: 3,
        ..bug(
            "2024_map_pages_no_reload",
            "stop 1 removed: next_uptodate_folio does not look at the slot again",
            "mutant",
        )
    };
    D2 = Bug {
        applies: FOLIOS,
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        thread: Some("D2"),
        ..bug(
            "2024_map_pages_no_mapping_check",
            "stop 2 removed: next_uptodate_folio does not ask for the mapping",
            "mutant",
        )
    };
    D3 = Bug {
        applies: FOLIOS,
        brings: &["2024_map_pages_no_reload", "2024_map_pages_no_mapping_check"],
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        thread: Some("D3"),
        ..bug("2024_map_pages_no_checks", "stops 1 and 2 removed", "mutant")
    };
    D4 = Bug {
        applies: FOLIOS,
        predictive: Some("vmbug/wrong-index"),
        actual: Some("vmbug/wrong-index"),
        thread: Some("D4"),
        cpus: 3,
        ..bug(
            "2024_find_get_entry_no_reload",
            "stop 4 removed: find_get_entry does not look at the slot again",
            "mutant",
        )
    };
    D5 = Bug {
        applies: FOLIOS,
        predictive: Some("uaf/null-deref"),
        actual: Some("uaf/null-deref"),
        thread: Some("D5"),
        ..bug(
            "2024_truncate_no_mapping_check",
            "stop 5 removed: truncate_inode_folio does not ask for the mapping",
            "mutant",
        )
    };
    D6 = Bug {
        applies: FOLIOS,
        brings: &["2024_find_get_entry_no_reload", "2024_truncate_no_mapping_check"],
        predictive: Some("uaf/null-deref"),
        actual: Some("uaf/null-deref"),
        thread: Some("D6"),
        ..bug("2024_second_pass_no_checks", "stops 4 and 5 removed", "mutant")
    };
    D7 = Bug {
        applies: FOLIOS,
        predictive: Some("lru/no-ref"),
        actual: Some("lru/corrupt"),
        thread: Some("D7"),
        ..bug(
            "2024_isolate_without_reference",
            "MADV_PAGEOUT drops the page-table lock, its only hold, before folio_isolate_lru",
            "mutant",
        )
    };
    D7B = Bug {
        applies: FOLIOS,
        brings: &["2024_isolate_without_reference", "2024_isolate_get_first"],
        predictive: Some("refcount/get-zero"),
        actual: Some("refcount/get-zero"),
        thread: Some("D7b"),
        ..bug(
            "2024_isolate_without_reference_get",
            "no hold, and the reference taken before PG_lru is cleared",
            "proposed",
        )
    };
    D7C = Bug {
        applies: FOLIOS,
        brings: &["2024_isolate_without_reference", "2024_isolate_try_get_first"],
        thread: Some("D7c"),
        ..bug(
            "2024_isolate_without_reference_try_get",
            "no hold, but a reference is tried for before PG_lru",
            "variant",
        )
    };
    D8 = Bug {
        applies: FOLIOS,
        thread: Some("D8"),
        ..bug("2024_reclaim_of_truncated", "reclaim of a truncated folio as it is", "variant")
    };
    D8M = Bug {
        applies: FOLIOS,
        predictive: Some("freeze/entitlement"),
        actual: Some("freeze/entitlement"),
        thread: Some("D8m"),
        ..bug("2024_reclaim_no_mapping_check", "shrink_folio_list does not ask for the mapping", "mutant")
    };
    D_SIZE = Bug {
        applies: FOLIOS,
        ..bug("2024_map_pages_no_size_check", "stop 3 removed: next_uptodate_folio does not look at i_size", "variant")
    };
    D_ALL = Bug {
        applies: FOLIOS,
        brings: &[
            "2024_map_pages_no_reload",
            "2024_map_pages_no_mapping_check",
            "2024_map_pages_no_size_check",
            "2024_find_get_entry_no_reload",
            "2024_truncate_no_mapping_check",
        ],
        predictive: Some("rmap/mapped-detached"),
        actual: Some("rmap/mapped-detached"),
        cpus: 4,
        ..bug("2024_claim_without_stops", "all five stops removed", "mutant")
    };
    D_GET_FIRST = Bug {
        applies: FOLIOS,
        ..bug("2024_isolate_get_first", "folio_isolate_lru takes its reference before it clears PG_lru", "variant")
    };
    D_TRY_GET_FIRST = Bug {
        applies: FOLIOS,
        ..bug(
            "2024_isolate_try_get_first",
            "folio_isolate_lru tries for its reference before it clears PG_lru",
            "variant",
        )
    };
}
