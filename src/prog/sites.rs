//! Names of scheduling points. `tests/sites.txt` lists all, among other lines (see `listing`); names met at run time
//! are added.

use crate::vocab::Site;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const LIST: &str = include_str!("../../tests/sites.txt");

/// By hash; `None` until first used.
static TABLE: Mutex<Option<BTreeMap<u32, String>>> = Mutex::new(None);

fn with<R>(f: impl FnOnce(&mut BTreeMap<u32, String>) -> R) -> R {
    // The map is whole at every instant a holder could panic at, so a poisoned lock is as good as another.
    let mut guard = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    f(guard.get_or_insert_with(|| {
        listed().filter_map(|name| Some((Site::hash_of_text(name)?, name.to_string()))).collect()
    }))
}

/// The points of the checked-in list: of its lines, the first words with a dot.
pub fn listed() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|l| l.split_whitespace().next()).filter(|name| name.contains('.') && !name.starts_with('#'))
}

/// Every name known to this process, sorted.
pub fn all() -> Vec<String> {
    let mut names: Vec<String> = with(|t| t.values().cloned().collect());
    names.sort();
    names
}

/// Whether some site's primitive, or the field it is a direct access to, is called so.
pub(super) fn is_label(name: &str) -> bool {
    with(|t| t.values().any(|site| site.split_once('.').is_some_and(|(_, label)| label == name)))
}

/// Whether a modelled function is called so.
pub(super) fn is_function(name: &str) -> bool {
    functions().any(|f| f == name) || with(|t| t.values().any(|s| s.split_once('.').is_some_and(|(f, _)| f == name)))
}

fn functions() -> impl Iterator<Item = &'static str> {
    LIST.lines().filter_map(|l| l.strip_prefix("fn:")?.split_whitespace().next())
}

/// The function or primitive most like `name`, if one is like it at all.
pub(super) fn nearest_part(name: &str) -> Option<String> {
    with(|t| {
        let functions: Vec<&str> = functions().collect();
        let parts = t.values().flat_map(|site| site.split('.'));
        closest(name, parts.chain(functions)).map(str::to_string)
    })
}

/// The name of the site with this hash.
pub fn name(hash: u32) -> Option<String> {
    with(|t| t.get(&hash).cloned())
}

/// Whether a site is called so.
pub fn exists(text: &str) -> bool {
    Site::hash_of_text(text).is_some_and(|hash| with(|t| t.get(&hash).is_some_and(|n| n == text)))
}

/// The known name most like `text`, if one is like it at all.
pub fn nearest(text: &str) -> Option<String> {
    with(|t| closest(text, t.values().map(String::as_str)).map(str::to_string))
}

/// Adds a site met at run time. For cold paths: it takes a lock.
pub fn learn(site: Site) {
    with(|t| {
        t.entry(site.hash()).or_insert_with(|| site.to_string());
    });
}

/// The candidate most like `text`: at most a third of it differs.
pub(super) fn closest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if text.is_empty() || text.len() > 120 {
        return None;
    }
    let limit = (text.len() / 3).max(2);
    candidates.map(|c| (distance(text, c), c)).filter(|(d, _)| *d <= limit).min().map(|(_, c)| c)
}

/// " (did you mean x?)", or nothing.
pub(super) fn hint(nearest: Option<impl std::fmt::Display>) -> String {
    nearest.map_or(String::new(), |n| format!(" (did you mean {n}?)"))
}

/// Levenshtein distance of the bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let best = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}
