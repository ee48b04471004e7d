//! The preemption list: run to block by default, with named places where another task takes over.

use crate::machine::{Machine, Sched, Why};
use crate::vocab::{OPS_PER_CPU, TASKS};

/// Records one schedule may hold.
pub const MAX_RECORDS: usize = 64;

/// Where in an operation a record fires, before the access made there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The k-th point of the operation at this site (`vocab::Site::hash`).
    Site(u32),
    /// The k-th time the operation sleeps or is parked.
    Blocked,
    /// The end of the task.
    End,
    /// The k-th point of the operation, whatever its site (`@k`).
    Nth,
}

/// "`cpu` in operation `op` runs until the `k`-th `anchor`, then `to` runs." `cpu` and `to` are task numbers: service
/// tasks may be targets, and have preemptions of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Preempt {
    pub cpu: u8,
    pub op: u8,
    pub anchor: Anchor,
    /// From 1, within the operation.
    pub k: u16,
    pub to: u8,
}

impl Preempt {
    /// What may occur only once in a schedule.
    pub fn place(&self) -> (u8, u8, Anchor, u16) {
        (self.cpu, self.op, self.anchor, self.k)
    }
}

/// A set of preemptions, with the CPU that runs first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Hash)]
pub struct Schedule {
    pub start: u8,
    /// At most [`MAX_RECORDS`], no two at one place.
    pub records: Vec<Preempt>,
}

/// The strategy that executes a [`Schedule`]. A record whose target cannot run is ignored and spent. Kept and reloaded
/// between executions.
#[derive(Default)]
pub struct Preemptions {
    records: Vec<Preempt>,
    seen: Vec<u16>,
    /// Records of each operation, as a bit set.
    of_op: [[u64; OPS_PER_CPU + 2]; TASKS],
}

impl Preemptions {
    pub fn load(&mut self, records: &[Preempt]) {
        for p in &self.records {
            self.of_op[p.cpu as usize % TASKS][(p.op as usize).min(OPS_PER_CPU + 1)] = 0;
        }
        self.records.clear();
        self.records.extend_from_slice(&records[..records.len().min(MAX_RECORDS)]);
        self.seen.clear();
        self.seen.resize(self.records.len(), 0);
        for (i, p) in self.records.iter().enumerate() {
            self.of_op[p.cpu as usize % TASKS][(p.op as usize).min(OPS_PER_CPU + 1)] |= 1 << i;
        }
    }

    fn matching(&self, task: usize, op: u8) -> u64 {
        self.of_op[task][(op as usize).min(OPS_PER_CPU + 1)]
    }
}

impl Sched for Preemptions {
    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let default = m.default_choice(cur, runnable);
        let mut left = self.matching(cur, m.op(cur));
        let mut to = None;
        // Every record counts its own occurrences, also after one has fired.
        while left != 0 {
            let i = left.trailing_zeros() as usize;
            left &= left - 1;
            let p = self.records[i];
            let here = match (p.anchor, why) {
                (Anchor::Site(hash), Why::Point | Why::Spin) => hash == m.pending(cur).site,
                (Anchor::Nth, Why::Point | Why::Spin) => true,
                (Anchor::Blocked, Why::Blocked | Why::Spin) | (Anchor::End, Why::End) => true,
                _ => false,
            };
            if here {
                self.seen[i] = self.seen[i].saturating_add(1);
                if self.seen[i] == p.k && to.is_none() && runnable >> p.to & 1 != 0 {
                    to = Some(p.to as usize);
                }
            }
        }
        to.unwrap_or(default)
    }

    fn watches(&mut self, task: usize, op: u8) -> bool {
        self.matching(task, op) != 0
    }
}
