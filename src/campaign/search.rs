//! The inner loop: one program, many schedules. It is where most executions of a hunt happen.

use super::aim::{Directed, neighbour};
use super::condense::{Noting, condense};
use super::portfolio::Portfolio;
use crate::exec::{Outcome, Run, Runner};
use crate::prog::Program;
use crate::san::NearMiss;
use crate::sched::{Any, Asked, Chosen, MAX_SCATTERED, Rng, Scatter, Schedule};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;

/// Schedules a program is run under, its own included, unless said otherwise.
pub const ROUNDS: u32 = 20;

/// Inputs that are aimed at a site before it is aimed at more rarely.
const AIMS: u32 = 200;

/// Executions of programs like one that came close to a finding.
const NEIGHBOURS: u32 = 24;

/// What programs are run under after their own schedule.
#[allow(clippy::large_enum_variant)] // there is one for each search
enum Rounds {
    None,
    /// One strategy that chooses at every point, and nothing else.
    Strategy(Asked<Any>),
    /// Scattered preemptions, at most so many, and what comes close to a finding is aimed at.
    Scatter(u32),
    /// These, too.
    Portfolio(Portfolio),
}

/// Runs programs under their own and under scattered schedules, or those of other strategies. Equal seeds and programs
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
    /// The first near miss among the schedules of the program.
    missed: Option<NearMiss>,
    /// What the last strategy of the mix chose.
    noted: Schedule,
    /// The schedule of this program that showed most that is new, and how much.
    paid: (Schedule, u32),
}

/// Check and kind.
type Class = (&'static str, &'static str);

impl Searcher {
    /// `rounds` below 1 counts as 1.
    pub fn new(runner: Runner, seed: u64, rounds: u32) -> Searcher {
        let searcher = Searcher {
            runner,
            seed,
            rounds: rounds.max(1),
            strategy: Rounds::None,
            scatter: Scatter::default(),
            aimed_at: Vec::new(),
            drawn: Schedule::default(),
            missed: None,
            noted: Schedule::default(),
            paid: (Schedule::default(), 0),
        };
        searcher.with(Chosen::default())
    }

    /// Runs programs under this strategy from now on.
    #[must_use]
    pub fn with(mut self, chosen: Chosen) -> Searcher {
        self.strategy = match chosen {
            Chosen::Own => Rounds::None,
            Chosen::Scatter(most) => Rounds::Scatter(most),
            Chosen::Strategy(any) => Rounds::Strategy(Asked::new(any)),
            Chosen::Portfolio(mix) => Rounds::Portfolio(Portfolio::new(mix)),
        };
        self
    }

    /// Near misses at this site need not be aimed at any more.
    pub fn spend(&mut self, site: u32) {
        self.aims(site).1 = u32::MAX;
    }

    /// Forgets what earlier searches taught: the next one is as the first, whatever program it is of. What is to be
    /// repeated from an input alone is searched like that.
    pub fn forget(&mut self) {
        self.aimed_at.clear();
        if let (Rounds::Portfolio(portfolio), Chosen::Portfolio(mix)) = (&mut self.strategy, Chosen::default()) {
            // Its strategies have memories, too.
            *portfolio = Portfolio::new(mix);
        }
        if let Some(feedback) = self.runner.feedback() {
            feedback.forget();
        }
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

    /// The drawn schedule of the last program that showed most of what had never been seen before, if one did.
    pub fn paid(&self) -> Option<&Schedule> {
        (self.paid.1 > 0).then_some(&self.paid.0)
    }

    /// As [`Searcher::search`], with another number of rounds.
    pub fn search_rounds(
        &mut self,
        program: &mut Program,
        input_hash: u64,
        rounds: u32,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.paid.1 = 0;
        // Strategies begin where the program does.
        self.drawn.start = program.schedule.start;
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
        if rounds < 2 {
            return ControlFlow::Continue(());
        }
        std::mem::swap(&mut program.schedule, &mut self.drawn);
        let flow = self.scattered(program, run.steps, input_hash, rounds - 1, on_run);
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
        let mut named = Vec::new();
        asked.load();
        for _ in 0..rounds {
            let Rounds::Strategy(asked) = &mut self.strategy else { break };
            if asked.exhausted() {
                break;
            }
            asked.begin(rng.bits());
            let run = self.runner.run_with(program, asked);
            asked.end(run.outcome == Outcome::Clean);
            program.schedule.records.clear();
            self.name(program, &run, &mut named);
            on_run(program, &run)?;
        }
        ControlFlow::Continue(())
    }

    fn scattered(
        &mut self,
        program: &mut Program,
        points: u32,
        input_hash: u64,
        rounds: u32,
        on_run: &mut dyn FnMut(&Program, &Run) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rng = Rng::new(self.seed ^ input_hash.rotate_left(32));
        self.missed = None;
        let mut directed = Directed::default();
        let mut named = Vec::new();
        let kind = Portfolio::kind(program, points);
        let rounds = self.worth(rounds);
        if let Rounds::Portfolio(portfolio) = &mut self.strategy {
            portfolio.mix.load();
        }
        for _ in 0..rounds {
            let Some(run) = self.round(program, kind, &mut named, &mut rng) else { break };
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

    /// How many of `rounds` the program is worth: few if its CPUs have little to do with one another.
    fn worth(&self, rounds: u32) -> u32 {
        match self.scatter.racing() {
            0..4 => rounds / 8,
            4..16 => rounds / 2,
            16..64 => rounds,
            _ => rounds.saturating_mul(2),
        }
    }

    /// One schedule more; `program` has it then, if it can hold it. `None`: there is none.
    fn round(&mut self, program: &mut Program, kind: usize, named: &mut Vec<Class>, rng: &mut Rng) -> Option<Run> {
        let (arm, most) = match &mut self.strategy {
            Rounds::Portfolio(p) => (p.choose(kind, !self.scatter.is_empty(), rng), MAX_SCATTERED),
            Rounds::Scatter(most) if !self.scatter.is_empty() => (0, *most),
            _ => return None,
        };
        let run = if arm == 0 {
            self.scatter.draw(rng, most, &mut program.schedule);
            self.runner.run(program)
        } else {
            self.mixed(program, arm - 1, named, rng.bits())?
        };
        let news = self.runner.news();
        if news > self.paid.1 {
            self.paid.0.clone_from(&program.schedule);
            self.paid.1 = news;
        }
        if let Rounds::Portfolio(portfolio) = &mut self.strategy {
            portfolio.paid(kind, arm, news, run.steps);
        }
        Some(run)
    }

    /// One execution under the `n`-th strategy of the mix.
    fn mixed(&mut self, program: &mut Program, n: usize, named: &mut Vec<Class>, seed: u64) -> Option<Run> {
        let Rounds::Portfolio(Portfolio { mix, .. }) = &mut self.strategy else { return None };
        mix.strategy_mut().choose(n);
        mix.begin(seed);
        program.schedule.records.clear();
        let run = self.runner.run_with(program, &mut Noting::new(mix, &mut self.noted));
        mix.end(run.outcome == Outcome::Clean);
        self.name(program, &run, named);
        if program.schedule.records.is_empty() {
            std::mem::swap(&mut program.schedule, &mut self.noted);
        }
        Some(run)
    }

    /// Of the first finding of a class, the schedule; the others are left without one.
    fn name(&mut self, program: &mut Program, run: &Run, named: &mut Vec<Class>) {
        let path = match &self.strategy {
            Rounds::Strategy(asked) => asked.path(),
            Rounds::Portfolio(portfolio) => portfolio.mix.path(),
            _ => return,
        };
        let Some(class) = run.outcome.finding().map(|f| (f.check, f.kind)) else { return };
        if !named.contains(&class)
            && let Some(schedule) = condense(&mut self.runner, program, path, class)
        {
            named.push(class);
            program.schedule = schedule;
        }
    }
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
