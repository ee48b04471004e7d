//! What a hunt looks at, in words: what a campaign keeps to, and what its jobs are told.

use super::attribute::bug_slugs;
use super::config::find_ops;
use crate::prog::preset;
use crate::san::CheckSet;
use crate::vocab::{Kernel, Model};
use serde::{Deserialize, Serialize};

/// The options that make two hunts parts of one campaign.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Setup {
    pub kernel: String,
    /// All that are in the kernel, by slug.
    pub bugs: Vec<String>,
    pub rcu_free: bool,
    pub irqoff_is_reader: bool,
    /// As [`CheckSet::parse`] reads it.
    pub checks: String,
    /// As [`find_ops`] reads it; empty: all of the kernel.
    pub ops: String,
    /// Schedules per program.
    pub rounds: u32,
    /// What they are drawn by, as [`crate::sched::parse`] reads it.
    pub sched: String,
    /// Whether libFuzzer is told which interleavings are new.
    pub feedback: bool,
}

impl Setup {
    /// Takes the words of `model` down.
    pub fn set_model(&mut self, model: &Model) {
        self.kernel = model.kernel.name().to_string();
        self.bugs = bug_slugs(model.bugs).into_iter().map(str::to_string).collect();
        self.rcu_free = model.rcu_free;
        self.irqoff_is_reader = model.irqoff_is_reader;
    }

    /// The model; what is wrong with it in one line.
    pub fn model(&self) -> Result<Model, String> {
        let kernel =
            Kernel::parse(&self.kernel).ok_or_else(|| format!("no kernel `{}`", self.kernel.escape_debug()))?;
        let ids: Result<Vec<_>, String> = self.bugs.iter().map(|b| preset::find_bug_for(b, kernel)).collect();
        let (rcu_free, irqoff_is_reader) = (self.rcu_free, self.irqoff_is_reader);
        Ok(Model { bugs: ids?.into_iter().collect(), rcu_free, irqoff_is_reader, ..Model::of(kernel) })
    }

    pub fn checks(&self) -> Result<CheckSet, String> {
        CheckSet::parse(&self.checks)
    }

    /// Numbers of the operations.
    pub fn ops(&self) -> Result<Vec<u8>, String> {
        find_ops(&self.ops, self.model()?.kernel)
    }

    /// What `self` has other than `stored`: `kernel v4.14, not v6.12`.
    pub fn differs(&self, stored: &Setup) -> Option<String> {
        let words = |s: &Setup| {
            let bugs = if s.bugs.is_empty() { "none".to_string() } else { s.bugs.join(",") };
            let rcu = format!("{}/{}", s.rcu_free, s.irqoff_is_reader);
            let ops = if s.ops.is_empty() { "all".to_string() } else { s.ops.clone() };
            let (checks, rounds) = (s.checks.clone(), s.rounds.to_string());
            [
                ("kernel", s.kernel.clone()),
                ("bugs", bugs),
                ("rcu_free/irqoff_is_reader", rcu),
                ("checks", checks),
                ("ops", ops),
                ("rounds", rounds),
                ("sched", s.sched.clone()),
                ("feedback", s.feedback.to_string()),
            ]
        };
        let pairs = words(self).into_iter().zip(words(stored));
        let same = |name: &str| match name {
            "checks" => self.checks().ok() == stored.checks().ok(),
            "ops" => self.ops().ok() == stored.ops().ok(),
            _ => false,
        };
        let mut other = pairs.filter(|((name, ours), (_, theirs))| ours != theirs && !same(name));
        other.next().map(|((name, ours), (_, theirs))| format!("{name} {theirs}, not {ours}"))
    }
}

/// Scatters the bits of a seed.
#[cfg(feature = "hunt")]
pub(super) fn mix(x: u64) -> u64 {
    let z = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}
