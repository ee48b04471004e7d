//! What a check found, and what checks can find.

use super::CHECKS;
use crate::vocab::Event;

/// What it means that a kind fires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Damage.
    Actual,
    /// A rule was broken, but no memory has been damaged yet; switched off by `--checks actual`.
    Predictive,
    /// Allowed by design, worth counting: an audit. Off unless asked for by `--checks soft`, or by its name.
    Soft,
}

impl Stage {
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Actual => "actual",
            Stage::Predictive => "predictive",
            Stage::Soft => "soft",
        }
    }
}

/// A violated rule, at one event. Everything dynamic (stacks, counts, the diagram) is taken from the recorded trace by
/// `report`, so that making a finding costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Name of the check, the first half of `check/kind`.
    pub check: &'static str,
    /// The kind, the second half.
    pub kind: &'static str,
    pub stage: Stage,
    /// Nothing is broken: a place where another task could break something. Only ever aims the search.
    pub hint: bool,
    /// The point of the operation at which the other task would have to run, if it is not that of the event.
    pub aim: Option<u16>,
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
    pub stage: Stage,
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
            stage: self.stage,
            hint: false,
            aim: None,
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

/// Every soft kind, in the order of the checks: its position is its bit in a [`CheckSet`].
fn soft_kinds() -> impl Iterator<Item = &'static KindSpec> {
    CHECKS.iter().flat_map(|c| c.kinds).copied().filter(|k| k.stage == Stage::Soft)
}

/// The bits of the soft kinds `wanted` says yes to.
fn soft_bits(wanted: impl Fn(&KindSpec) -> bool) -> u32 {
    soft_kinds().enumerate().filter(|(_, k)| wanted(k)).fold(0, |bits, (i, _)| bits | 1 << i)
}

/// Which checks are on, whether predictive kinds count, and which soft kinds do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckSet {
    mask: u32,
    actual: bool,
    soft: u32,
    /// Of the checks that are on, only kinds of this name.
    kind: Option<&'static str>,
}

impl CheckSet {
    /// Every check, predictive kinds included, soft ones not.
    pub fn all() -> CheckSet {
        CheckSet { mask: (1 << CHECKS.len()) - 1, actual: false, soft: 0, kind: None }
    }

    /// No check.
    pub fn none() -> CheckSet {
        CheckSet { mask: 0, actual: false, soft: 0, kind: None }
    }

    /// Every check, but only actual damage counts.
    pub fn actual() -> CheckSet {
        CheckSet { actual: true, ..CheckSet::all() }
    }

    /// The set in which a finding with this signature is reported, too: a soft kind is switched on, and no other.
    pub fn expecting(self, signature: &str) -> CheckSet {
        let class = signature.split(':').next().unwrap_or_default();
        CheckSet { soft: self.soft | CheckSet::soft_kind(class).unwrap_or(0), ..self }
    }

    /// The bit of the soft kind `check/kind`.
    fn soft_kind(class: &str) -> Option<u32> {
        let (check, name) = class.split_once('/')?;
        Some(soft_bits(|k| k.check == check && k.name == name)).filter(|bits| *bits != 0)
    }

    /// `all`, `none`, `actual`, `soft`, or a comma list of check names and soft kinds (`check/kind`); `-name` takes one
    /// out of what stands before it (all, if it is first). A kind that is not soft is all that is reported then.
    pub fn parse(text: &str) -> Result<CheckSet, String> {
        let mut set = CheckSet { mask: 0, actual: false, soft: 0, kind: None };
        if text.trim() == "none" {
            return Ok(set);
        }
        for (i, word) in text.split(',').map(str::trim).enumerate() {
            let (out, name) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
            if i == 0 && out {
                set = CheckSet::all();
            }
            let (bits, soft) = set.word(name, i == 0, out)?;
            set.mask = if out { set.mask & !bits } else { set.mask | bits };
            set.soft = if out { set.soft & !soft } else { set.soft | soft };
        }
        Ok(set)
    }

    /// What one word of a list is about: checks, and soft kinds. `actual` and soft kinds alone are about all checks.
    fn word(&mut self, name: &str, first: bool, out: bool) -> Result<(u32, u32), String> {
        let every = if first || self.mask == 0 { CheckSet::all().mask } else { 0 };
        let every = if out { 0 } else { every };
        if let Some(i) = CHECKS.iter().position(|c| c.name == name) {
            return Ok((1 << i, 0));
        }
        if let Some(soft) = CheckSet::soft_kind(name) {
            return Ok((every, soft));
        }
        if let Some((check, kind)) = name.split_once('/').filter(|_| !out)
            && let Some(i) = CHECKS.iter().position(|c| c.name == check)
            && let Some(kind) = CHECKS[i].kinds.iter().find(|k| k.name == kind)
        {
            self.kind = Some(kind.name);
            return Ok((1 << i, 0));
        }
        match name {
            "all" => Ok((CheckSet::all().mask, 0)),
            "soft" => Ok((every, soft_bits(|_| true))),
            "actual" => {
                self.actual = !out;
                Ok((every, 0))
            }
            _ => {
                let known: Vec<_> = CHECKS.iter().map(|c| c.name).collect();
                Err(format!("unknown check `{name}`: expected all, none, actual, soft, or {}", known.join(", ")))
            }
        }
    }

    /// Whether no check is on.
    pub const fn is_empty(self) -> bool {
        self.mask == 0
    }

    pub(super) fn has(self, check: usize) -> bool {
        self.mask >> check & 1 != 0
    }

    /// Whether some soft kind of the check is on.
    pub(super) fn has_soft(self, check: &CheckSpec) -> bool {
        self.soft & soft_bits(|k| k.check == check.name) != 0
    }

    /// Whether a soft kind is on.
    pub(super) fn wants(self, kind: &KindSpec) -> bool {
        self.soft != 0 && self.soft & soft_bits(|k| std::ptr::eq(k, kind)) != 0
    }

    pub(super) fn reports(self, f: &Finding) -> bool {
        match f.stage {
            _ if f.hint || self.kind.is_some_and(|kind| kind != f.kind) => false,
            Stage::Actual => true,
            Stage::Predictive => !self.actual,
            Stage::Soft => self.soft & soft_bits(|k| k.check == f.check && k.name == f.kind) != 0,
        }
    }
}

impl std::fmt::Display for CheckSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut words: Vec<String> = match self.mask == CheckSet::all().mask {
            true if self.actual => vec!["actual".into()],
            true => vec!["all".into()],
            false => (0..CHECKS.len()).filter(|i| self.has(*i)).map(|i| CHECKS[i].name.to_string()).collect(),
        };
        if self.actual && self.mask != CheckSet::all().mask {
            words.push("actual".into());
        }
        if self.soft != 0 && self.soft == soft_bits(|_| true) {
            words.push("soft".into());
        } else {
            let on = soft_kinds().enumerate().filter(|(i, _)| self.soft >> i & 1 != 0);
            words.extend(on.map(|(_, k)| format!("{}/{}", k.check, k.name)));
        }
        if let (Some(kind), Some(last)) = (self.kind, words.last_mut()) {
            *last = format!("{last}/{kind}");
        }
        f.write_str(&words.join(","))
    }
}
