//! Cost of one scheduling point of the modelled kernel, with every check on, as a ratio to a bare engine `switch()` on
//! the same kept pool, driven by the same strategy. Both are measured in turn in one run; ratios are medians over
//! rounds. Run: `cargo bench --bench point`.

use foliofuzz::exec::Runner;
use foliofuzz::exec::bench::Loop;
use foliofuzz::machine::{Machine, Sched, Sink, Why};
use foliofuzz::ops;
use foliofuzz::prog::{FolioInit, FolioPlace, MappingInit, Op, Program};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::RandomWalk;
use foliofuzz::vocab::{AOPS_MIGRATE_FOLIO, Event, Kernel, Model, PG_LRU, PG_UPTODATE, Topics};
use std::time::Instant;

struct Silent;

impl Sink for Silent {
    fn on(&mut self, _: &Machine, _: &Event) -> bool {
        false
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
    p.init.mappings[0] = Some(MappingInit { flags: 0, aops: AOPS_MIGRATE_FOLIO });
    for index in 0..3 {
        let place = FolioPlace::Cache { mapping: 0, index };
        p.init.folios[index as usize] = Some(FolioInit { place, flags: PG_LRU | PG_UPTODATE });
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

/// Nanoseconds per bare switch: the slope between short and long executions, so that start-up costs cancel.
fn bare(l: &Loop, sched: &mut dyn Sched) -> f64 {
    let (short, long) = (20, 120);
    let mut at = |points| time(|| l.run(points, true, sched, &mut Silent, Topics::none()));
    (at(long) - at(short)) / ((long - short) as f64 * TASKS as f64)
}

/// Nanoseconds per point of the modelled kernel, likewise.
fn modelled(runner: &mut Runner, sched: &mut dyn Sched) -> f64 {
    let (short, long) = (program(2), program(8));
    let mut at = |p: &Program| {
        let mut steps = 0u64;
        let ns = time(|| steps += runner.run_with(p, sched).steps as u64);
        (ns, steps as f64 / EXECUTIONS as f64)
    };
    let ((short_ns, short_steps), (long_ns, long_steps)) = (at(&short), at(&long));
    (long_ns - short_ns) / (long_steps - short_steps)
}

fn median(mut xs: Vec<f64>) -> f64 {
    xs.sort_by(f64::total_cmp);
    xs[xs.len() / 2]
}

fn compare(name: &str, mut sched: impl FnMut() -> Box<dyn Sched>) {
    let l = Loop::new(TASKS);
    let mut runner = Runner::new(CheckSet::all());
    let (mut theirs, mut ours, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let b = bare(&l, &mut *sched());
        let o = modelled(&mut runner, &mut *sched());
        theirs.push(b);
        ours.push(o);
        ratio.push(o / b);
    }
    println!("{name:<8} bare {:6.1} ns  modelled {:6.1} ns  ratio {:.2}", median(theirs), median(ours), median(ratio));
}

fn main() {
    compare("stay", || Box::new(Stay));
    compare("random", || Box::new(RandomWalk::new(7, u16::MAX)));
}
