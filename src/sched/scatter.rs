//! Random preemption lists: a few `@n` records placed uniformly over the points an execution was seen to pass.

use super::{Anchor, Preempt, Rng, Schedule};
use crate::vocab::{CPUS, OPS_PER_CPU, RCU_TASK, TASKS};

/// Preemptions of one scattered schedule, at most.
pub const MAX_SCATTERED: u32 = 4;

/// The points of one operation.
#[derive(Clone, Copy)]
struct Span {
    task: u8,
    op: u8,
    points: u16,
}

/// Draws schedules for one program after another.
#[derive(Default)]
pub struct Scatter {
    spans: Vec<Span>,
    points: u32,
    cpus: u8,
    /// Last operation of each CPU, where an `end` record of it stands.
    last: [u8; CPUS],
    /// Service tasks that have something to do.
    services: Vec<u8>,
}

impl Scatter {
    /// Prepares for a program whose operations passed `lengths` points. `ops` are the operations of each CPU. Service
    /// tasks that passed points are targets, and with `rcu` the RCU task is in any case.
    pub fn load(&mut self, lengths: &[[u16; OPS_PER_CPU + 2]; TASKS], ops: [usize; CPUS], rcu: bool) {
        self.cpus = ops.iter().rposition(|n| *n != 0).map_or(1, |i| i as u8 + 1);
        self.last = ops.map(|n| n.saturating_sub(1) as u8);
        let busy = |task: &usize| lengths[*task].iter().any(|n| *n != 0) || (rcu && *task == RCU_TASK);
        self.services.clear();
        self.services.extend((CPUS..TASKS).filter(busy).map(|task| task as u8));
        self.points = 0;
        self.spans.clear();
        for (task, lengths) in lengths.iter().enumerate() {
            // The epilogue is not worth preempting.
            for (op, &points) in lengths[..OPS_PER_CPU].iter().enumerate().filter(|(_, n)| **n != 0) {
                self.points += u32::from(points);
                self.spans.push(Span { task: task as u8, op: op as u8, points });
            }
        }
    }

    /// Whether there is anything to draw from: two tasks, one of which passes a point.
    pub fn is_empty(&self) -> bool {
        self.points == 0 || (self.cpus < 2 && self.services.is_empty())
    }

    /// Replaces `out` by a random schedule of 1 to `most` records. Leaves it alone if there is nothing to draw from.
    pub fn draw(&self, rng: &mut Rng, most: u32, out: &mut Schedule) {
        if self.is_empty() {
            return;
        }
        out.records.clear();
        out.start = rng.below(u32::from(self.cpus)) as u8;
        // Few records are likelier: each one too many disturbs.
        for _ in 0..1 + rng.below(most).min(rng.below(most)) {
            let p = self.record(rng);
            if p.cpu != p.to && !out.records.iter().any(|q| q.place() == p.place()) {
                out.records.push(p);
            }
        }
    }

    fn record(&self, rng: &mut Rng) -> Preempt {
        // Operations alike, however many points they have: the short ones race as well.
        let here = self.spans[rng.below(self.spans.len() as u32) as usize];
        let at = rng.below(u32::from(here.points));
        let (anchor, op, k) = match rng.below(32) {
            0 => (Anchor::Blocked, here.op, 1 + rng.below(2) as u16),
            1 if (here.task as usize) < CPUS => (Anchor::End, self.last[here.task as usize], 1),
            _ => (Anchor::Nth, here.op, at as u16 + 1),
        };
        Preempt { cpu: here.task, op, anchor, k, to: self.target(rng, here.task) }
    }

    /// Another CPU; now and then a service task.
    fn target(&self, rng: &mut Rng, from: u8) -> u8 {
        let from_cpu = from < self.cpus;
        let others = self.cpus - u8::from(from_cpu);
        if others == 0 || (!self.services.is_empty() && rng.one_in(6)) {
            return self.services[rng.below(self.services.len() as u32) as usize];
        }
        let to = rng.below(u32::from(others)) as u8;
        if from_cpu && to >= from { to + 1 } else { to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_places_the_program_has() {
        let mut lengths = [[0; OPS_PER_CPU + 2]; TASKS];
        lengths[0][0] = 5;
        lengths[1][1] = 7;
        lengths[RCU_TASK][0] = 3;
        let mut scatter = Scatter::default();
        scatter.load(&lengths, [1, 2, 0, 0], true);
        let (mut rng, mut s) = (Rng::new(7), Schedule::default());
        for _ in 0..10_000 {
            scatter.draw(&mut rng, MAX_SCATTERED, &mut s);
            assert!(s.start < 2 && s.records.len() <= 4);
            for p in &s.records {
                assert_ne!(p.cpu, p.to);
                assert!(p.to < 2 || p.to as usize == RCU_TASK);
                assert!(p.k >= 1);
                let points = lengths[p.cpu as usize][p.op as usize];
                assert!(p.anchor != Anchor::Nth || p.k <= points);
            }
        }
    }

    #[test]
    fn nothing_to_draw_from() {
        let mut scatter = Scatter::default();
        let mut lengths = [[0; OPS_PER_CPU + 2]; TASKS];
        lengths[0][0] = 1;
        scatter.load(&lengths, [1, 0, 0, 0], false);
        assert!(scatter.is_empty());
    }
}
