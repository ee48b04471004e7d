//! The inner loop: one program, many schedules. It is where most executions of a hunt happen.

use super::condense::condense;
use crate::exec::{Outcome, Run, Runner};
use crate::ops::{Arg, OpSpec, Role, TABLE};
use crate::prog::{Op, Program};
use crate::san::NearMiss;
use crate::sched::{Anchor, Any, Asked, Chosen, MAX_RECORDS, MAX_SCATTERED, Preempt, Rng, Scatter, Schedule};
use crate::vocab::{CPUS, OPS_PER_CPU, RCU_TASK};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;

/// Schedules a program is run under, its own included, unless said otherwise.
pub const ROUNDS: u32 = 20;

/// Inputs that are aimed at a site before it is aimed at more rarely.
const AIMS: u32 = 200;

/// How far before a near miss another CPU is let in, at most.
const BACK: u32 = 8;

/// Executions of programs like one that came close to a finding.
const NEIGHBOURS: u32 = 24;

/// What programs are run under after their own schedule.
#[allow(clippy::large_enum_variant)] // there is one for each search
enum Rounds {
    None,
    /// Scattered preemptions, at most so many.
    Scatter(u32),
    Strategy(Asked<Any>),
}

/// Runs programs under their own and under scattered schedules, or those of another strategy. Equal seeds and programs
/// give equal searches.
pub struct Searcher {
    pub runner: Runner,
    seed: u64,
    rounds: u32,
    strategy: Rounds,
    scatter: Scatter,
    /// Sites of near misses, with how often they were aimed at. Those that led to a finding are not worth it again.
    aimed_at: Vec<(u32, u32)>,
    /// The drawn schedule, kept for its allocation.
    drawn: Schedule,
    /// The first near miss among the scattered schedules of the program.
    missed: Option<NearMiss>,
}

impl Searcher {
    /// `rounds` below 1 counts as 1.
    pub fn new(runner: Runner, seed: u64, rounds: u32) -> Searcher {
        let (scatter, drawn) = (Scatter::default(), Schedule::default());
        let strategy = Rounds::Scatter(MAX_SCATTERED);
        Searcher { runner, seed, rounds: rounds.max(1), strategy, scatter, aimed_at: Vec::new(), drawn, missed: None }
    }

    /// Runs programs under this strategy from now on.
    #[must_use]
    pub fn with(mut self, chosen: Chosen) -> Searcher {
        self.strategy = match chosen {
            Chosen::Own => Rounds::None,
            Chosen::Scatter(most) => Rounds::Scatter(most),
            Chosen::Strategy(any) => Rounds::Strategy(Asked::new(any)),
        };
        self
    }

    /// Near misses at this site need not be aimed at any more.
    pub fn spend(&mut self, site: u32) {
        self.aims(site).1 = u32::MAX;
    }

    /// Forgets what was aimed at: the next search is as the first one.
    pub fn forget(&mut self) {
        self.aimed_at.clear();
    }

    fn aims(&mut self, site: u32) -> &mut (u32, u32) {
        let at = self.aimed_at.iter().position(|a| a.0 == site).unwrap_or_else(|| {
            self.aimed_at.push((site, 0));
            self.aimed_at.len() - 1
        });
        &mut self.aimed_at[at]
    }

    /// Whether to aim at this site now: always for a while, then ever more rarely, as some near misses never hit.
    fn worth_aiming(&mut self, site: u32, rng: &mut Rng) -> bool {
        let aims = &mut self.aims(site).1;
        if *aims == u32::MAX {
            return false;
        }
        *aims = aims.saturating_add(1).min(u32::MAX - 1);
        rng.one_in(1 + *aims / AIMS)
    }

    /// Runs `program` with its own schedule, then under the strategy. `on_run` sees the program with the schedule of
    /// the execution and says whether to go on; of a strategy that chooses at every point, only the first finding of
    /// each kind comes with its schedule. The program's schedule is left as it was.
    pub fn search(
        &mut self,
        program: &mut Program,
        input_hash: u64,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.search_rounds(program, input_hash, self.rounds, on_run)
    }

    /// As [`Searcher::search`], with another number of rounds.
    pub fn search_rounds(
        &mut self,
        program: &mut Program,
        input_hash: u64,
        rounds: u32,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Rounds::None | Rounds::Strategy(_) = self.strategy {
            let run = self.runner.run(program);
            on_run(program, &run)?;
            std::mem::swap(&mut program.schedule, &mut self.drawn);
            let flow = self.strategic(program, input_hash, rounds - 1, on_run);
            std::mem::swap(&mut program.schedule, &mut self.drawn);
            return flow;
        }
        let run = self.runner.run_noting(program, &mut self.scatter.passage);
        let ops = std::array::from_fn(|cpu| program.cpus.get(cpu).map_or(0, Vec::len));
        self.scatter.load(self.runner.lengths(), ops, uses_rcu(program));
        on_run(program, &run)?;
        if rounds < 2 || self.scatter.is_empty() {
            return ControlFlow::Continue(());
        }
        std::mem::swap(&mut program.schedule, &mut self.drawn);
        let flow = self.scattered(program, input_hash, rounds - 1, on_run);
        std::mem::swap(&mut program.schedule, &mut self.drawn);
        flow?;
        match self.missed.take() {
            Some(near) => self.neighbours(program, &near, input_hash, on_run),
            None => ControlFlow::Continue(()),
        }
    }

    /// Programs with an operation or two more on another CPU, run with that CPU let in at a near miss: what
    /// would turn it into damage is often not in the program that showed it.
    fn neighbours(
        &mut self,
        program: &Program,
        near: &NearMiss,
        input_hash: u64,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rng = Rng::new(self.seed ^ input_hash.rotate_left(17));
        for _ in 0..NEIGHBOURS {
            let Some(neighbour) = neighbour(program, near, &mut rng) else { break };
            let run = self.runner.run(&neighbour);
            on_run(&neighbour, &run)?;
        }
        ControlFlow::Continue(())
    }

    /// Runs `program` under a strategy that chooses at every point.
    fn strategic(
        &mut self,
        program: &mut Program,
        input_hash: u64,
        rounds: u32,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Rounds::Strategy(asked) = &mut self.strategy else { return ControlFlow::Continue(()) };
        let mut rng = Rng::new(self.seed ^ input_hash.rotate_left(32));
        let mut named: Vec<(&str, &str)> = Vec::new();
        asked.load();
        for _ in 0..rounds {
            asked.begin(rng.bits());
            let run = self.runner.run_with(program, asked);
            asked.end(run.outcome == Outcome::Clean);
            program.schedule.records.clear();
            if let Some(f) = run.outcome.finding().filter(|f| !named.contains(&(f.check, f.kind))) {
                let class = (f.check, f.kind);
                if let Some(schedule) = condense(&mut self.runner, program, asked.path(), class) {
                    named.push(class);
                    program.schedule = schedule;
                }
            }
            on_run(program, &run)?;
            if asked.exhausted() {
                break;
            }
        }
        ControlFlow::Continue(())
    }

    fn scattered(
        &mut self,
        program: &mut Program,
        input_hash: u64,
        rounds: u32,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rng = Rng::new(self.seed ^ input_hash.rotate_left(32));
        self.missed = None;
        let mut directed = Directed::default();
        let most = if let Rounds::Scatter(most) = self.strategy { most } else { MAX_SCATTERED };
        for _ in 0..rounds {
            self.scatter.draw(&mut rng, most, &mut program.schedule);
            let run = self.runner.run(program);
            on_run(program, &run)?;
            for i in 0..self.runner.near_misses().len() {
                let near = self.runner.near_misses()[i];
                if directed.is_new(&near) && !self.worth_aiming(near.site, &mut rng) {
                    continue;
                }
                directed.aim(&near, program);
                self.missed = self.missed.or(Some(near));
            }
            while let Some(schedule) = directed.next() {
                program.schedule = schedule;
                let run = self.runner.run(program);
                on_run(program, &run)?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Schedules aimed at near misses: another task just before the access. At first sight of a place alone, from every
/// start; then on top of what led there.
#[derive(Default)]
struct Directed {
    queue: Vec<Schedule>,
    seen: Vec<(u8, u8, u16)>,
    aimed: usize,
}

impl Directed {
    /// Directed executions of one input.
    const MOST: usize = 64;

    fn is_new(&self, near: &NearMiss) -> bool {
        !self.seen.contains(&(near.task, near.op, near.nth))
    }

    fn aim(&mut self, n: &NearMiss, program: &Program) {
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

    fn next(&mut self) -> Option<Schedule> {
        self.queue.pop()
    }
}

/// A program like `program`, with one or two operations more on a CPU other than the near miss's, most of them such as
/// take objects away; that CPU runs at the near miss, then what it left to RCU. `None`: there is no room.
fn neighbour(program: &Program, near: &NearMiss, rng: &mut Rng) -> Option<Program> {
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

/// Whether the program's model frees inodes through the RCU task.
pub fn uses_rcu(program: &Program) -> bool {
    program.model.rcu_free
}

/// Hash of what a program does, without its schedule: the same on every machine of one endianness.
pub fn shape_hash(program: &Program) -> u64 {
    let mut h = Fold(0xcbf2_9ce4_8422_2325);
    (program.model, program.init).hash(&mut h);
    for ops in &program.cpus {
        h.mix(ops.len() as u64);
        for op in ops {
            let [a, b, c] = op.args;
            h.mix(u64::from(u32::from_le_bytes([op.code, a, b, c])));
        }
    }
    h.0
}

/// Hash of a program with its schedule.
pub fn input_hash(program: &Program) -> u64 {
    let mut h = Fold(shape_hash(program));
    program.schedule.hash(&mut h);
    h.0
}

/// A fast hasher that is the same in every process.
struct Fold(u64);

impl Fold {
    #[inline]
    fn mix(&mut self, x: u64) {
        let h = (self.0 ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = h ^ h >> 29;
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, x: u8) {
        self.mix(u64::from(x));
    }

    fn write_u64(&mut self, x: u64) {
        self.mix(x);
    }

    fn write_usize(&mut self, x: usize) {
        self.mix(x as u64);
    }

    // Discriminants of enums come this way; their width is the platform's.
    fn write_isize(&mut self, x: isize) {
        self.mix(x as u64);
    }
}
