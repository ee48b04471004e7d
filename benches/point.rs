//! Cost of one scheduling point, with every check on, as a ratio to a bare engine `switch()` on the same kept pool,
//! driven by the same strategy: of the point with its access and its checks, and of the modelled kernel for each point
//! it makes. Everything is measured in turn in one run; figures are medians over rounds. Run: `cargo bench --bench
//! point`.

use foliofuzz::exec::Runner;
use foliofuzz::exec::bench::{Loop, ROUND};
use foliofuzz::machine::{Machine, Sched, Sink, Why};
use foliofuzz::ops;
use foliofuzz::prog::{FolioInit, FolioPlace, MappingInit, Op, Program};
use foliofuzz::san::{CheckSet, San};
use foliofuzz::sched::{Any, Asked, RandomWalk};
use foliofuzz::vocab::{AOPS_MIGRATE_FOLIO, Event, Kernel, Model, PG_LRU, PG_UPTODATE, Topics};
use std::time::Instant;

struct Checks(San);

impl Sink for Checks {
    fn on(&mut self, m: &Machine, e: &Event) -> bool {
        self.0.on(m, e).is_some()
    }
}

/// Never preempts.
struct Stay;

impl Sched for Stay {
    fn pick(&mut self, m: &Machine, _: Why, cur: usize, runnable: u32) -> usize {
        m.default_choice(cur, runnable)
    }
}

const TASKS: usize = 3;
const EXECUTIONS: u32 = 3_000;
const ROUNDS: usize = 21;

/// A program of `ops` operations on each CPU: lookups, lock users, isolation, scans; none changes what the others do.
fn program(ops: usize) -> Program {
    let mut p = Program::new(Model::of(Kernel::DEFAULT));
    p.init.mappings[0] = Some(MappingInit { aops: AOPS_MIGRATE_FOLIO, ..MappingInit::default() });
    for index in 0..3 {
        let place = FolioPlace::Cache { mapping: 0, index };
        p.init.folios[index as usize] = Some(FolioInit::new(place, PG_LRU | PG_UPTODATE));
    }
    let kinds = ["filemap_get_entry", "filemap_lock_folio", "compact", "folio_mark_dirty"];
    for (cpu, list) in p.cpus[..TASKS].iter_mut().enumerate() {
        for i in 0..ops {
            let name = kinds[i % kinds.len()];
            let code = ops::find(name).expect("the operation exists") as u8;
            let args = if name == "compact" { [cpu as u8, 0, 0] } else { [0, cpu as u8, 0] };
            list.push(Op { code, args });
        }
    }
    p
}

fn time(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..EXECUTIONS).for_each(|_| run());
    start.elapsed().as_nanos() as f64 / EXECUTIONS as f64
}

/// Nanoseconds per bare switch, or per point of a lookup: the slope between short and long executions, so that start-up
/// costs cancel.
fn point<S: Sched>(l: &Loop, bare: bool, sched: &mut S, begin: fn(&mut S)) -> f64 {
    let (short, long) = (4, 24);
    let mut checks = Checks(San::new(CheckSet::all(), true));
    let topics = if bare { Topics::none() } else { checks.0.topics() };
    let mut at = |rounds| {
        time(|| {
            checks.0.reset();
            begin(sched);
            let halted = l.run(rounds, bare, sched, &mut checks, topics);
            assert!(halted.is_none(), "the loop must run to its end");
        })
    };
    (at(long) - at(short)) / ((long - short) as f64 * ROUND as f64 * TASKS as f64)
}

/// Nanoseconds per point of the modelled kernel, likewise.
fn modelled<S: Sched>(runner: &mut Runner, sched: &mut S, begin: fn(&mut S)) -> f64 {
    let (short, long) = (program(2), program(8));
    let mut at = |p: &Program| {
        let mut steps = 0u64;
        let ns = time(|| {
            begin(sched);
            steps += u64::from(runner.run_with(p, sched).steps);
        });
        (ns, steps as f64 / EXECUTIONS as f64)
    };
    let ((short_ns, short_steps), (long_ns, long_steps)) = (at(&short), at(&long));
    (long_ns - short_ns) / (long_steps - short_steps)
}

fn median(mut xs: Vec<f64>) -> f64 {
    xs.sort_by(f64::total_cmp);
    xs[xs.len() / 2]
}

/// `begin` is called before each execution.
fn compare<S: Sched>(name: &str, mut sched: S, begin: fn(&mut S)) {
    let l = Loop::new(TASKS);
    let mut runner = Runner::new(CheckSet::all());
    let (mut bare, mut points, mut kernel) = (Vec::new(), Vec::new(), Vec::new());
    let (mut point_ratio, mut kernel_ratio) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let b = point(&l, true, &mut sched, begin);
        let p = point(&l, false, &mut sched, begin);
        let k = modelled(&mut runner, &mut sched, begin);
        bare.push(b);
        points.push(p);
        kernel.push(k);
        point_ratio.push(p / b);
        kernel_ratio.push(k / b);
    }
    println!("{name}: bare switch {:.1} ns", median(bare));
    println!("  a point with its access and checks    {:6.1} ns  ratio {:.2}", median(points), median(point_ratio));
    println!("  the modelled kernel, for each point   {:6.1} ns  ratio {:.2}", median(kernel), median(kernel_ratio));
}

fn main() {
    compare("stay", Stay, |_| {});
    compare("random", RandomWalk::new(7, u16::MAX), |_| {});
    for name in ["random", "pos"] {
        if let Ok(any) = Any::parse(name) {
            compare(&format!("--sched {name}"), Asked::new(any), |asked| {
                asked.end(true);
                asked.begin(7);
            });
        }
    }
}
