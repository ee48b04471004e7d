//! Bucketing: which functions are to blame, and the signature made of them (USERS 6).

use super::Report;
use crate::machine::Step;

/// Functions that are never to blame while a caller is left: the primitives every path goes through. After syzkaller's
/// `pkg/report/linux.go`, as far as the model has them; its primitives (`xas_load`, bit operations, locks) are in no
/// stack.
const SKIP: &[&str] = &[
    "__filemap_add_folio",
    "__filemap_get_folio",
    "__folio_clear_lru_flags",
    "__folio_lock",
    "__folio_put",
    "__page_cache_release",
    "__put_page",
    "destroy_inode",
    "filemap_alloc_folio",
    "filemap_get_entry",
    "filemap_get_folios",
    "find_get_entries",
    "find_get_entry",
    "find_lock_entries",
    "folio_alloc",
    "folio_batch_move_lru",
    "folio_batch_release",
    "folio_lock",
    "folio_put",
    "folio_put_refs",
    "folio_unlock",
    "folio_wait_bit_common",
    "folio_wake_bit",
    "folios_put_refs",
    "free_page_is_bad",
    "free_pages_prepare",
    "free_unref_folios",
    "free_unref_page",
    "free_unref_page_list",
    "get_page_unless_zero",
    "i_callback",
    "lock_page",
    "pagevec_lookup_entries",
    "pagevec_release",
    "put_page",
    "release_pages",
    "truncate_inode_pages_range",
    "unlock_page",
];

/// Parts of names that are not to blame for a bad page either: whoever frees a page shows it.
const SKIP_AT_FREE: &[&str] = &["free_page", "put_page", "get_page", "update_page", "release_page", "free_unref"];

/// The check whose findings are made while a page is freed.
const AT_FREE: &str = "badpage";

fn is_skipped(check: &str, name: &str) -> bool {
    let at_free =
        || SKIP_AT_FREE.iter().any(|part| name.contains(part)) || name.trim_start_matches('_').starts_with("folio");
    SKIP.contains(&name) || check == AT_FREE && at_free()
}

/// The function of `mm` a step is blamed on in a finding of `check`: the innermost one that is not skipped, else the
/// innermost, else the function of the event's site.
pub fn blame(check: &str, step: &Step) -> &'static str {
    let named = step.stack.iter().rev().find(|f| !is_skipped(check, f.name));
    named.or(step.stack.last()).map_or(step.event.site.func.name, |f| f.name)
}

impl Report<'_> {
    /// `check/kind`.
    pub(super) fn class(&self) -> String {
        format!("{}/{}", self.finding.check, self.finding.kind)
    }

    /// The blamed functions of both sides, sorted, each once.
    pub(super) fn blamed(&self) -> Vec<&'static str> {
        let sides = [self.culprit(), self.other()];
        let blame = |step| blame(self.finding.check, step);
        let mut names: Vec<_> = sides.into_iter().flatten().map(blame).collect();
        // A side outside every function (the end of the run) says nothing when the other does.
        if names.iter().any(|n| *n != "op") {
            names.retain(|n| *n != "op");
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// `check/kind:functionA+functionB`: sorted, each function once, nothing dynamic.
    pub fn signature(&self) -> String {
        let names = self.blamed();
        if names.is_empty() { self.class() } else { format!("{}:{}", self.class(), names.join("+")) }
    }

    /// The signatures the same bug may have when it is seen from one side only. Reports whose signatures and
    /// alternatives intersect are the same bug.
    pub fn alts(&self) -> Vec<String> {
        let names = self.blamed();
        if names.len() < 2 {
            return Vec::new();
        }
        names.iter().map(|n| format!("{}:{n}", self.class())).collect()
    }
}
