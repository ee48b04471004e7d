//! What a check found, and what checks can find.

use super::CHECKS;
use crate::vocab::Event;

/// A violated rule, at one event. Everything dynamic (stacks, counts, the diagram) is taken from the recorded trace by
/// `report`, so that making a finding costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Name of the check, the first half of `check/kind`.
    pub check: &'static str,
    /// The kind, the second half.
    pub kind: &'static str,
    /// The rule was broken, but no memory has been damaged yet.
    pub predictive: bool,
    /// Nothing is broken: a place where another task could break something. Only ever aims the search.
    pub hint: bool,
    /// Event of the violation.
    pub seq: u32,
    /// The event on the other side: what the violating access collides with.
    pub other: Option<u32>,
    pub folio: Option<u8>,
    pub mapping: Option<u8>,
    /// Hash of the site of the violation: tells findings of one kind apart before anything is recorded.
    pub site: u32,
}

impl Finding {
    pub(super) fn with_other(self, seq: Option<u32>) -> Finding {
        Finding { other: seq, ..self }
    }

    pub(super) fn folio(self, folio: usize) -> Finding {
        Finding { folio: Some(folio as u8), ..self }
    }
}

/// One kind of violation.
#[derive(Debug)]
pub struct KindSpec {
    pub check: &'static str,
    pub name: &'static str,
    /// Fires on a broken rule before memory is damaged; switched off by `--checks actual`.
    pub predictive: bool,
    /// The rule, as the reference numbers it.
    pub code: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

impl KindSpec {
    /// The violation at event `e`, about the event's object.
    #[cold]
    pub(super) fn at(&self, e: &Event) -> Finding {
        Finding {
            check: self.check,
            kind: self.name,
            predictive: self.predictive,
            hint: false,
            seq: e.seq,
            other: None,
            folio: e.obj.as_folio().map(|f| f as u8),
            mapping: e.obj.as_mapping().map(|m| m as u8),
            site: e.site.hash(),
        }
    }
}

impl KindSpec {
    /// A place from which the kind could be reached, though nothing is wrong yet.
    #[cold]
    pub(super) fn hint(&self, e: &Event) -> Finding {
        Finding { hint: true, ..self.at(e) }
    }
}

/// A row of the table of checks.
#[derive(Clone, Copy, Debug)]
pub struct CheckSpec {
    pub name: &'static str,
    pub title: &'static str,
    pub kinds: &'static [&'static KindSpec],
}

/// Which checks are on, and whether predictive kinds count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckSet {
    mask: u32,
    actual: bool,
}

impl CheckSet {
    /// Every check, predictive kinds included.
    pub fn all() -> CheckSet {
        CheckSet { mask: (1 << CHECKS.len()) - 1, actual: false }
    }

    /// Every check, but only actual damage counts.
    pub fn actual() -> CheckSet {
        CheckSet { actual: true, ..CheckSet::all() }
    }

    /// `all`, `actual`, or a comma list of check names; `-name` takes one out of what stands before it (all, if it is
    /// first).
    pub fn parse(text: &str) -> Result<CheckSet, String> {
        let mut set = CheckSet { mask: 0, actual: false };
        for (i, word) in text.split(',').map(str::trim).enumerate() {
            let (out, name) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
            if i == 0 && out {
                set = CheckSet::all();
            }
            let bits = match name {
                "all" => CheckSet::all().mask,
                "actual" => {
                    set.actual = !out;
                    if i == 0 || set.mask == 0 { CheckSet::all().mask } else { 0 }
                }
                _ => match CHECKS.iter().position(|c| c.name == name) {
                    Some(i) => 1 << i,
                    None => {
                        let known: Vec<_> = CHECKS.iter().map(|c| c.name).collect();
                        return Err(format!("unknown check `{name}`: expected all, actual, or {}", known.join(", ")));
                    }
                },
            };
            set.mask = if out { set.mask & !bits } else { set.mask | bits };
        }
        Ok(set)
    }

    pub(super) fn has(self, check: usize) -> bool {
        self.mask >> check & 1 != 0
    }

    pub(super) fn reports(self, f: &Finding) -> bool {
        !(f.hint || self.actual && f.predictive)
    }
}

impl std::fmt::Display for CheckSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = CheckSet::all().mask;
        match (self.mask == all, self.actual) {
            (true, false) => f.write_str("all"),
            (true, true) => f.write_str("actual"),
            (false, actual) => {
                let names: Vec<_> = (0..CHECKS.len()).filter(|i| self.has(*i)).map(|i| CHECKS[i].name).collect();
                write!(f, "{}{}", names.join(","), if actual { ",actual" } else { "" })
            }
        }
    }
}
