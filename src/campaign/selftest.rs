//! What foliofuzz is known to find and to prove, so that a change that makes it find less is seen.

use super::setup::Setup;
use crate::bugs::BUGS;
use crate::prog::preset;
use crate::san::{CHECKS, Stage};
use crate::vocab::{BugId, Kernel, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often and how soon a bug was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Detection {
    /// Seeds it was hunted with, from 1 on.
    pub seeds: u32,
    /// Executions to the finding, of the seeds that found it, in the order of the seeds.
    pub found: Vec<u64>,
    /// Executions of the seeds that did not, all together.
    pub missed: u64,
}

impl Detection {
    /// The median; `None` if at most half of the seeds found it.
    pub fn median(&self) -> Option<u64> {
        let mut found = self.found.clone();
        found.sort_unstable();
        let middle = self.seeds as usize / 2;
        found.get(middle).copied().filter(|_| self.seeds > 0)
    }

    /// `1,234`, or `3 of 5`, or what it is not.
    pub fn words(&self) -> String {
        match (self.found.len(), self.median()) {
            (0, _) => format!("not in {}", self.missed),
            (n, Some(median)) if n == self.seeds as usize => median.to_string(),
            (n, median) => {
                let median = median.map_or(String::new(), |m| format!("{m}, "));
                format!("{median}{n} of {} seeds", self.seeds)
            }
        }
    }
}

/// `tests/selftest.json`: what there was to be had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Baseline {
    pub schema: u32,
    /// By slug.
    pub bugs: BTreeMap<String, Detection>,
    /// Programs of which every interleaving is clean, with the executions it took to run them all.
    pub proved: BTreeMap<String, u64>,
}

impl Default for Baseline {
    fn default() -> Baseline {
        Baseline { schema: 1, bugs: BTreeMap::new(), proved: BTreeMap::new() }
    }
}

impl Baseline {
    /// Seeds that the bugs were hunted with.
    pub fn seeds(&self) -> u32 {
        self.bugs.values().map(|d| d.seeds).max().unwrap_or(1).clamp(1, 100)
    }
}

/// A row of the registry to find again.
#[derive(Clone, Debug)]
pub struct Row {
    pub slug: String,
    /// What it may be called as a cause.
    pub causes: Vec<String>,
    pub setup: Setup,
}

/// The rows with an expected finding, each alone in the newest kernel it applies to, or in `kernel`; only those of
/// `only`, unless it is empty.
pub fn rows(kernel: Option<Kernel>, only: &[String], setup: &Setup) -> Vec<Row> {
    let wanted = |slug: &str| only.is_empty() || only.iter().any(|s| s == slug);
    let all = BUGS.iter().enumerate().filter(|(_, b)| b.predictive.is_some() && wanted(b.slug));
    let kernels: Vec<Kernel> = kernel.map_or(Kernel::ALL.into_iter().rev().collect(), |k| vec![k]);
    let row = |(i, bug): (usize, &crate::bugs::Bug)| {
        let kernel = *kernels.iter().find(|k| preset::find_bug_for(bug.slug, **k).is_ok())?;
        let mut model = Model::of(kernel);
        preset::put_in(&mut model, BugId(i as u8));
        let mut setup = Setup { checks: checks_for(bug.predictive.unwrap_or_default()), ..setup.clone() };
        setup.set_model(&model);
        Some(Row { slug: bug.slug.to_string(), causes: setup.bugs.clone(), setup })
    };
    all.filter_map(row).collect()
}

/// All checks; with a soft kind if that is what is expected.
fn checks_for(expected: &str) -> String {
    let kinds = CHECKS.iter().flat_map(|c| c.kinds);
    let soft = kinds.into_iter().any(|k| k.stage == Stage::Soft && format!("{}/{}", k.check, k.name) == expected);
    if soft { format!("all,{expected}") } else { "all".to_string() }
}

/// What became of something the baseline has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// As before, or better, or new.
    Fine,
    /// It takes more than its [`limit`].
    Slower,
    /// It is not found, or proved, any more.
    Lost,
    /// It is not found, but was not looked for as long as it took before.
    Unknown,
}

impl Change {
    pub fn word(self) -> &'static str {
        match self {
            Change::Fine => "fine",
            Change::Slower => "slower",
            Change::Lost => "LOST",
            Change::Unknown => "unknown",
        }
    }
}

/// Executions after which a bug that took so many counts as slower or lost. The seeds are as good as new after every
/// change of the generator, and chance alone makes a bug some times slower; below a second it says nothing.
pub fn limit(before: u64) -> u64 {
    before.saturating_mul(8).max(10_000)
}

/// Holds a bug against what was.
pub fn compare(before: &Detection, now: &Detection) -> Change {
    let Some(limit) = before.median().map(limit) else { return Change::Fine };
    let missing = u64::from(now.seeds).saturating_sub(now.found.len() as u64);
    match now.median() {
        Some(is) if is > limit => Change::Slower,
        Some(_) => Change::Fine,
        // Each that missed it had its chance.
        None if missing > 0 && now.missed >= limit.saturating_mul(missing) => Change::Lost,
        None => Change::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(found: &[u64], missed: u64, seeds: u32) -> Detection {
        Detection { seeds, found: found.to_vec(), missed }
    }

    #[test]
    fn a_bug_that_is_not_found_any_more_is_lost_if_it_was_looked_for() {
        let before = detection(&[900, 2000, 2100], 0, 3);
        assert_eq!(before.median(), Some(2000));
        assert_eq!(compare(&before, &detection(&[10, 20, 30], 0, 3)), Change::Fine);
        assert_eq!(compare(&before, &detection(&[7000, 15_999, 90_000], 0, 3)), Change::Fine);
        assert_eq!(compare(&before, &detection(&[7000, 16_001, 90_000], 0, 3)), Change::Slower);
        assert_eq!(compare(&before, &detection(&[700], 32_000, 3)), Change::Lost, "most seeds miss it");
        assert_eq!(compare(&before, &detection(&[700], 31_999, 3)), Change::Unknown, "one had no time");
        assert_eq!(compare(&before, &detection(&[], 16_000, 1)), Change::Lost);
        assert_eq!(compare(&before, &detection(&[], 15_999, 1)), Change::Unknown);
        assert_eq!(compare(&before, &detection(&[], 0, 0)), Change::Unknown, "it had no turn");
        assert_eq!(compare(&detection(&[2], 0, 1), &detection(&[10_000], 0, 1)), Change::Fine, "too few to say");
        assert_eq!(compare(&detection(&[2], 0, 1), &detection(&[10_001], 0, 1)), Change::Slower);
        assert_eq!(compare(&detection(&[5], 100, 3), &detection(&[], 8000, 3)), Change::Fine, "it never was sure");
    }

    #[test]
    fn every_expected_finding_has_a_row() {
        let rows = rows(None, &[], &Setup { rounds: 20, sched: "scatter".to_string(), ..Setup::default() });
        let expected: Vec<&str> = BUGS.iter().filter(|b| b.predictive.is_some()).map(|b| b.slug).collect();
        assert_eq!(rows.iter().map(|r| r.slug.as_str()).collect::<Vec<_>>(), expected);
        for row in rows {
            assert!(row.setup.model().is_ok() && row.setup.checks().is_ok(), "{row:?}");
            assert!(!row.causes.is_empty(), "{row:?}");
        }
    }
}
