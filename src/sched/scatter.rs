//! Random preemption lists: a few `@n` records placed over the points an execution was seen to pass, most of them where
//! it was seen to access what another task does, too.

use super::{Anchor, Preempt, Rng, Schedule};
use crate::machine::{Machine, Sched, Why};
use crate::vocab::{CPUS, Kind, OPS_PER_CPU, Obj, RCU_TASK, TASKS};

/// Preemptions of one scattered schedule, at most.
pub const MAX_SCATTERED: u32 = 4;

/// The points of one operation.
#[derive(Clone, Copy)]
struct Span {
    task: u8,
    op: u8,
    points: u16,
    /// Where its points that race are in [`Scatter::races`]: from, and how many.
    races: (u32, u32),
}

/// What was accessed at one point.
#[derive(Clone, Copy)]
struct Passed {
    task: u8,
    op: u8,
    nth: u16,
    obj: Obj,
    wrote: bool,
}

/// Notes what an execution accesses at its points, while another strategy chooses.
#[derive(Default)]
pub struct Passage {
    points: Vec<Passed>,
    /// For each cell, the tasks that access it, and those that write it, in their operations.
    users: Vec<(u16, u16)>,
}

impl Passage {
    pub fn clear(&mut self) {
        self.points.clear();
    }

    fn find_users(&mut self) {
        self.users.clear();
        self.users.resize(Obj::COUNT, (0, 0));
        for p in self.points.iter().filter(|p| (p.op as usize) < OPS_PER_CPU) {
            let users = &mut self.users[p.obj.0 as usize];
            users.0 |= 1 << p.task;
            users.1 |= u16::from(p.wrote) << p.task;
        }
    }

    /// Whether another task accesses the same cell, and one of both writes.
    fn races(&self, p: &Passed) -> bool {
        let (users, writers) = self.users[p.obj.0 as usize];
        let other = |set: u16| set & !(1 << p.task) != 0;
        other(writers) || p.wrote && other(users)
    }
}

/// See [`Passage`].
pub struct Passing<'a> {
    pub inner: &'a mut dyn Sched,
    pub passage: &'a mut Passage,
}

impl Sched for Passing<'_> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.inner.start(m, cpu)
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let pending = m.pending(cur);
        if why == Why::Point && pending.obj != Obj::NONE {
            let (task, op, nth) = (cur as u8, m.op(cur), m.nth(cur) as u16);
            let wrote = !matches!(pending.kind, Kind::Load | Kind::Note | Kind::Barrier);
            self.passage.points.push(Passed { task, op, nth, obj: pending.obj, wrote });
        }
        self.inner.pick(m, why, cur, runnable)
    }

    fn watches(&mut self, task: usize, op: u8) -> bool {
        self.inner.watches(task, op);
        true
    }
}

/// Draws schedules for one program after another.
#[derive(Default)]
pub struct Scatter {
    /// Of the execution the schedules are drawn for.
    pub passage: Passage,
    spans: Vec<Span>,
    /// Points that race, operation by operation.
    races: Vec<u16>,
    points: u32,
    cpus: u8,
    /// Last operation of each CPU, where an `end` record of it stands.
    last: [u8; CPUS],
    /// Service tasks that have something to do.
    services: Vec<u8>,
}

impl Scatter {
    /// Prepares for a program whose operations passed `lengths` points. `ops` are the operations of each CPU. Service
    /// tasks that passed points are targets, and with `rcu` the RCU task is in any case. What the
    /// operations did at those points is in [`Scatter::passage`], if anybody noted it.
    pub fn load(&mut self, lengths: &[[u16; OPS_PER_CPU + 2]; TASKS], ops: [usize; CPUS], rcu: bool) {
        self.cpus = ops.iter().rposition(|n| *n != 0).map_or(1, |i| i as u8 + 1);
        self.last = ops.map(|n| n.saturating_sub(1) as u8);
        let busy = |task: &usize| lengths[*task].iter().any(|n| *n != 0) || (rcu && *task == RCU_TASK);
        self.services.clear();
        self.services.extend((CPUS..TASKS).filter(busy).map(|task| task as u8));
        self.points = 0;
        self.spans.clear();
        self.races.clear();
        let passage = &mut self.passage;
        passage.find_users();
        for (task, lengths) in lengths.iter().enumerate() {
            // The epilogue is not worth preempting.
            for (op, &points) in lengths[..OPS_PER_CPU].iter().enumerate().filter(|(_, n)| **n != 0) {
                self.points += u32::from(points);
                let (task, op, from) = (task as u8, op as u8, self.races.len());
                let here = passage.points.iter().filter(|p| (p.task, p.op) == (task, op) && p.nth <= points);
                self.races.extend(here.filter(|p| passage.races(p)).map(|p| p.nth));
                self.spans.push(Span { task, op, points, races: (from as u32, (self.races.len() - from) as u32) });
            }
        }
    }

    /// Points that race with another task's.
    pub fn racing(&self) -> usize {
        self.races.len()
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
        let (from, races) = here.races;
        let at = match races {
            1.. if !rng.one_in(4) => self.races[(from + rng.below(races)) as usize],
            _ => rng.below(u32::from(here.points)) as u16 + 1,
        };
        let (anchor, op, k) = match rng.below(32) {
            0 => (Anchor::Blocked, here.op, 1 + rng.below(2) as u16),
            1 if (here.task as usize) < CPUS => (Anchor::End, self.last[here.task as usize], 1),
            _ => (Anchor::Nth, here.op, at),
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
