//! Where executions came close to a finding: schedules and programs aimed there.

use super::search::uses_rcu;
use crate::ops::{Arg, OpSpec, Role, TABLE};
use crate::prog::{Op, Program};
use crate::san::NearMiss;
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Rng, Schedule};
use crate::vocab::{CPUS, OPS_PER_CPU, RCU_TASK};

/// How far before a near miss another CPU is let in, at most.
const BACK: u32 = 8;

/// Schedules aimed at near misses: another task just before the access. At first sight of a place alone, from every
/// start; then on top of what led there.
#[derive(Default)]
pub struct Directed {
    queue: Vec<Schedule>,
    seen: Vec<(u8, u8, u16)>,
    aimed: usize,
}

impl Directed {
    /// Directed executions of one input.
    const MOST: usize = 64;

    /// Whether nobody has aimed there yet.
    pub fn is_new(&self, near: &NearMiss) -> bool {
        !self.seen.contains(&(near.task, near.op, near.nth))
    }

    /// Aims at `n`, which `program` came to with its schedule.
    pub fn aim(&mut self, n: &NearMiss, program: &Program) {
        let cpus = program.nr_cpus() as u8;
        let rcu = uses_rcu(program).then_some(RCU_TASK as u8);
        let first = self.is_new(n);
        if first {
            self.seen.push((n.task, n.op, n.nth));
        }
        for to in (0..cpus).chain(rcu).filter(|to| *to != n.task) {
            let p = Preempt { cpu: n.task, op: n.op, anchor: Anchor::Nth, k: n.nth, to };
            if first {
                (0..cpus).for_each(|start| self.push(Schedule { start, records: vec![p] }));
            }
            let mut led_there = program.schedule.clone();
            led_there.records.retain(|q| q.place() != p.place());
            led_there.records.push(p);
            self.push(led_there);
        }
    }

    fn push(&mut self, schedule: Schedule) {
        if self.aimed < Directed::MOST && schedule.records.len() <= MAX_RECORDS {
            self.aimed += 1;
            self.queue.push(schedule);
        }
    }

    /// The next schedule aimed at what was told so far.
    pub fn next(&mut self) -> Option<Schedule> {
        self.queue.pop()
    }
}

/// A program like `program`, with one or two operations more on a CPU other than the near miss's, most of them such as
/// take objects away; that CPU runs at the near miss, then what it left to RCU. `None`: there is no room.
pub fn neighbour(program: &Program, near: &NearMiss, rng: &mut Rng) -> Option<Program> {
    let mut p = program.clone();
    let cpus = (program.nr_cpus() + 1).min(CPUS) as u32;
    let mut other = None;
    let roles: &[Option<Role>] = match rng.below(6) {
        0 => &[None],
        1 => &[Some(Role::Remove)],
        2 => &[None, None],
        3 => &[Some(Role::Remove), None],
        _ => &[Some(Role::Remove), Some(Role::Add)], // what goes comes back elsewhere
    };
    let cpu = rng.below(cpus) as usize;
    if cpu != near.task as usize && p.cpus[cpu].len() + roles.len() <= OPS_PER_CPU {
        let at = rng.below(p.cpus[cpu].len() as u32 + 1) as usize;
        for (i, role) in roles.iter().enumerate() {
            p.cpus[cpu].insert(at + i, op_near(program, near, *role, rng)?);
        }
        other = Some(cpu as u8);
    }
    p.fix_up();
    let to = other.filter(|to| (*to as usize) < p.nr_cpus())?;
    let at = |cpu, op, anchor, k, to| Preempt { cpu, op, anchor, k, to };
    // What is used there may have been read, and be out of date, a few points before.
    let back = if rng.one_in(2) { rng.below(BACK) as u16 } else { 0 };
    let k = near.nth.saturating_sub(back).max(1);
    let mut records = vec![at(near.task, near.op, Anchor::Nth, k, to)];
    if uses_rcu(&p) {
        records.push(at(to, p.last_op(to as usize), Anchor::End, 1, RCU_TASK as u8));
    }
    p.schedule = Schedule { start: near.task.min(p.nr_cpus() as u8 - 1), records };
    Some(p)
}

/// An operation of the program's kernel, of this role; on the near miss's mapping, if it takes one, and half of the
/// time at its index.
fn op_near(program: &Program, near: &NearMiss, role: Option<Role>, rng: &mut Rng) -> Option<Op> {
    let fits = |s: &OpSpec| s.kernels.contains(&program.model.kernel) && role.is_none_or(|r| s.role == r);
    let choices = || TABLE.iter().enumerate().filter(|(_, s)| fits(s));
    let (code, spec) = choices().nth(rng.below(choices().count() as u32) as usize)?;
    let mut args = [0; 3];
    for (arg, (_, kind)) in args.iter_mut().zip(spec.args) {
        *arg = match (kind, near.mapping, near.index) {
            (Arg::Mapping, Some(mapping), _) => mapping,
            (Arg::Index, _, Some(index)) if rng.one_in(2) => index % kind.values(),
            _ => rng.below(u32::from(kind.values())) as u8,
        };
    }
    Some(Op { code: code as u8, args })
}
