//! `foliofuzz selftest`.

use super::common::{Failure, Format, Status, parse_time, stop_flag, usage, warn};
use super::formats::try_writing;
use crate::campaign::hunt::{Refound, Search, refind};
use crate::campaign::selftest::{Baseline, Change, Detection, Row, compare, limit, rows};
use crate::campaign::{Limits, Progress, Prover, ROUNDS, Setup, Verdict, write_atomic};
use crate::exec::Runner;
use crate::prog::{Expect, File, preset};
use crate::san::CheckSet;
use crate::vocab::Kernel;
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const EXIT: &str = "\
A bug is lost if most seeds do not find it in 8 times the executions it took in the baseline, 10,000 at least, and
slower if most take more than that. A program is lost if not every interleaving of it is clean any more.

Exit status: 0 as in the baseline, 1 something is lost or slower, 2 usage, 3 the budget was too small to say, 4 internal
error.";

/// Find every registered bug again, prove what must stay clean, and compare with what was
#[derive(Args)]
#[command(after_help = EXIT)]
pub struct SelftestArgs {
    /// Only these bugs, and no proofs
    #[arg(value_name = "SLUG")]
    bugs: Vec<String>,
    /// Time for all of it
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "10m")]
    budget: Duration,
    /// Seeds each bug is hunted with: 1 to N [default: as many as in the baseline]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    seeds: Option<u32>,
    /// Processes; 0 or `auto`: one a core
    #[arg(long, value_name = "N", default_value = "auto", value_parser = super::hunt::jobs)]
    jobs: usize,
    /// Only bugs of this kernel, in this kernel [default: all, each in the newest kernel it applies to]
    #[arg(long, value_name = "VERSION")]
    kernel: Option<String>,
    /// What bugs are hunted with, of `list scheds` [default: as `hunt`]
    #[arg(long, value_name = "NAME[:PARAM]", default_value = super::hunt::SCHED)]
    sched: String,
    /// Folders with programs that must stay clean
    #[arg(long, value_name = "DIR", value_delimiter = ',', default_values = ["corpus", "tests/prove"])]
    clean: Vec<PathBuf>,
    /// What to compare with
    #[arg(long, value_name = "FILE", default_value = "tests/selftest.json")]
    baseline: PathBuf,
    /// Write what was found and proved to the baseline instead
    #[arg(long)]
    bless: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Executions a proof may take if the baseline does not have it.
const SHORT_PROOF: u64 = 20_000;

/// One piece of work.
enum Item {
    Find(Row, u64),
    Prove(PathBuf),
}

/// What came of it.
enum Done {
    Found(Row, Refound),
    Proved(String, Proof),
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// In so many executions.
    Clean(u64),
    Broken(String),
    Stopped,
}

pub fn run(args: SelftestArgs) -> Result<Status, Failure> {
    let baseline = read(&args.baseline)?;
    if baseline.is_none() && !args.bless {
        let path = args.baseline.display();
        return Err(usage(format!("{path}: not there: expected a baseline to compare with, which --bless writes")));
    }
    let before = baseline.unwrap_or_default();
    if args.bless {
        try_writing(&args.baseline)?;
    }
    let seeds = args.seeds.unwrap_or_else(|| before.seeds());
    let items = items(&args, &before, seeds)?;
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let scratch = Scratch::new()?;
    let test = Selftest {
        args: &args,
        before: &before,
        seeds,
        left: Mutex::new(items),
        done: Mutex::new(Vec::new()),
        stop: &stop,
        scratch: &scratch.0,
        begun: Instant::now(),
    };
    test.work()?;
    let now = test.result()?;
    if args.bless { test.bless(&now) } else { test.tell(&now) }
}

fn read(path: &Path) -> Result<Option<Baseline>, Failure> {
    let bytes = match std::fs::read(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|e| usage(format!("{}: {e}", path.display())))?,
    };
    let read: Result<Baseline, _> = serde_json::from_slice(&bytes);
    let baseline = read.map_err(|e| usage(format!("{}: expected a baseline of selftest: {e}", path.display())))?;
    if baseline.schema != 1 {
        return Err(usage(format!("{}: schema {}: expected 1", path.display(), baseline.schema)));
    }
    let odd = |d: &Detection| !(1..=100).contains(&d.seeds) || d.found.len() > d.seeds as usize;
    if let Some((slug, d)) = baseline.bugs.iter().find(|(_, d)| odd(d)) {
        let (found, seeds) = (d.found.len(), d.seeds);
        let path = path.display();
        return Err(usage(format!("{path}: {slug}: found by {found} of {seeds} seeds: expected 1 to 100 seeds")));
    }
    Ok(Some(baseline))
}

/// The work, the quick parts first, so that they leave their time to the others.
fn items(args: &SelftestArgs, before: &Baseline, seeds: u32) -> Result<Vec<Item>, Failure> {
    let kernel = args.kernel.as_deref().map(|name| {
        Kernel::parse(name).ok_or_else(|| usage(format!("no kernel `{}`: expected one of `list kernels`", name)))
    });
    if let Some(slug) = args.bugs.iter().find(|slug| preset::find_bug(slug).is_none()) {
        return Err(usage(format!("no bug `{}`: expected slugs of `list bugs`", slug.escape_debug())));
    }
    crate::sched::parse(&args.sched).map_err(|e| usage(format!("--sched: {e}")))?;
    let setup = Setup { rounds: ROUNDS, sched: args.sched.clone(), feedback: true, ..Setup::default() };
    let mut rows = rows(kernel.transpose()?, &args.bugs, &setup);
    rows.sort_by_key(|row| before.bugs.get(&row.slug).and_then(Detection::median).unwrap_or(u64::MAX));
    let find = |row: Row| (1..=u64::from(seeds)).map(move |seed| Item::Find(row.clone(), seed));
    let mut items: Vec<Item> = rows.into_iter().flat_map(find).collect();
    if items.is_empty() {
        return Err(usage("no bug with an expected finding is left: expected slugs of `list bugs`, or no --kernel"));
    }
    if args.bugs.is_empty() && args.kernel.is_none() {
        let mut files = Vec::new();
        args.clean.iter().for_each(|dir| clean_programs(dir, &mut files));
        files.sort_by_cached_key(|file| {
            let name = file.display().to_string();
            (before.proved.get(&name).copied().unwrap_or(u64::MAX), name)
        });
        if files.is_empty() {
            warn("no programs that must stay clean here: proofs are left out (--clean)");
        }
        items.splice(0..0, files.into_iter().map(Item::Prove));
    }
    // The next one is taken from the end.
    items.reverse();
    Ok(items)
}

/// Programs below `dir` that expect nothing and claim nothing.
fn clean_programs(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()) {
        if path.is_dir() {
            clean_programs(&path, found);
        } else if path.extension().is_some_and(|e| e == "mm")
            && load(&path).is_some_and(|f| f.expect == Expect::Clean && f.claim.is_none())
        {
            found.push(path);
        }
    }
}

fn load(path: &Path) -> Option<File> {
    File::parse(&std::fs::read(path).ok()?).ok()
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Scratch, Failure> {
        let dir = std::env::temp_dir().join(format!("foliofuzz-selftest-{}", std::process::id()));
        std::fs::create_dir_all(&dir).map_err(|e| usage(format!("{}: {e}", dir.display())))?;
        Ok(Scratch(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A bug, or a program, that is not as it was.
struct Changed {
    name: String,
    before: String,
    now: String,
    change: Change,
}

struct Selftest<'a> {
    args: &'a SelftestArgs,
    before: &'a Baseline,
    seeds: u32,
    left: Mutex<Vec<Item>>,
    done: Mutex<Vec<Done>>,
    stop: &'a AtomicBool,
    scratch: &'a Path,
    begun: Instant,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Selftest<'_> {
    /// Does everything, in as many threads as there are to be processes.
    fn work(&self) -> Result<(), Failure> {
        let jobs = self.args.jobs.max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(|| self.worker())).collect();
            workers.into_iter().try_for_each(|w| match w.join() {
                Ok(result) => result.map_err(Failure::Internal),
                Err(payload) => Err(Failure::Internal(super::common::panic_message(payload.as_ref()))),
            })
        })
    }

    fn worker(&self) -> Result<(), String> {
        loop {
            let (item, share) = {
                let mut left = locked(&self.left);
                let time = self.args.budget.saturating_sub(self.begun.elapsed());
                let share = time * self.args.jobs.max(1) as u32 / left.len().max(1) as u32;
                let Some(item) = left.pop() else { return Ok(()) };
                // What is compared ends by itself, and may take what it needs.
                let share = if self.is_compared(&item) { time } else { share.min(time) };
                (item, share)
            };
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let done = match item {
                Item::Find(row, seed) => self.find(row, seed, share)?,
                Item::Prove(path) => self.prove(&path, share),
            };
            locked(&self.done).push(done);
        }
    }

    fn is_compared(&self, item: &Item) -> bool {
        let known = match item {
            Item::Find(row, _) => self.before.bugs.get(&row.slug).and_then(Detection::median).is_some(),
            Item::Prove(path) => self.before.proved.contains_key(&path.display().to_string()),
        };
        known && !self.args.bless
    }

    fn find(&self, row: Row, seed: u64, time: Duration) -> Result<Done, String> {
        if time.is_zero() {
            return Ok(Done::Found(row, Refound::Missed(0)));
        }
        let out = self.scratch.join(format!("{}-{seed}", row.slug));
        let was = self.before.bugs.get(&row.slug).and_then(Detection::median);
        // What is to be written down is looked for as long as there is time.
        let runs = was.filter(|_| !self.args.bless).map(limit);
        let setup = row.setup.clone();
        let search = Search { setup, seed, bugs: &row.causes, runs, time, out: &out };
        let found = refind(&search, self.stop).map_err(|e| format!("{} with seed {seed}: {e}", row.slug))?;
        let _ = std::fs::remove_dir_all(&out);
        warn(&match &found {
            Refound::Found(execs, signature) => format!("{} seed {seed}: found in {execs}: {signature}", row.slug),
            Refound::Missed(execs) => format!("{} seed {seed}: not found in {execs}", row.slug),
        });
        Ok(Done::Found(row, found))
    }

    fn prove(&self, path: &Path, time: Duration) -> Done {
        let name = path.display().to_string();
        let Some(file) = load(path).filter(|_| !time.is_zero()) else { return Done::Proved(name, Proof::Stopped) };
        let runs = self.before.proved.get(&name).map_or(SHORT_PROOF, |n| n * 2 + 1000);
        let limits = Limits { preemptions: None, runs: Some(runs), time: Some(time) };
        let mut runner = Runner::new(CheckSet::all());
        let mut tell = |_: &Progress| {};
        let mut prover = Prover::new(&mut runner, limits, self.stop, &mut tell);
        let verdict = prover.prove(&file.program);
        let proof = match verdict {
            Verdict::Proved => Proof::Clean(prover.explored.executions),
            Verdict::Found { signature, .. } => Proof::Broken(signature),
            _ => Proof::Stopped,
        };
        if let Proof::Broken(signature) = &proof {
            warn(&format!("{name}: must be clean, and shows {signature}"));
        }
        Done::Proved(name, proof)
    }

    fn result(&self) -> Result<Now, Failure> {
        let mut now = Now::default();
        for done in locked(&self.done).drain(..) {
            match done {
                Done::Found(row, found) => {
                    let none = Detection { seeds: 0, found: Vec::new(), missed: 0 };
                    let detection = now.bugs.entry(row.slug).or_insert(none);
                    detection.seeds += 1;
                    match found {
                        Refound::Found(execs, _) => detection.found.push(execs),
                        Refound::Missed(execs) => detection.missed += execs,
                    }
                }
                Done::Proved(name, proof) => drop(now.proofs.insert(name, proof)),
            }
        }
        now.bugs.values_mut().for_each(|d| d.found.sort_unstable());
        let stopped = self.stop.load(Ordering::Relaxed);
        if stopped && self.args.bless { Err(usage("stopped: nothing is written")) } else { Ok(now) }
    }

    fn bless(&self, now: &Now) -> Result<Status, Failure> {
        if let Some((name, proof)) = now.proofs.iter().find(|(_, p)| matches!(p, Proof::Broken(_))) {
            let Proof::Broken(signature) = proof else { return Ok(Status::Clean) };
            warn(&format!("{name} must be clean, and shows {signature}: nothing is written"));
            return Ok(Status::Finding);
        }
        let mut baseline = self.before.clone();
        if self.args.bugs.is_empty() && self.args.kernel.is_none() {
            baseline = Baseline::default();
        }
        baseline.bugs.extend(now.bugs.clone());
        let proved = now.proofs.iter().filter_map(|(name, p)| match p {
            Proof::Clean(execs) => Some((name.clone(), *execs)),
            _ => None,
        });
        baseline.proved.extend(proved);
        let text = serde_json::to_string_pretty(&baseline).map_err(|e| Failure::Internal(e.to_string()))?;
        let path = &self.args.baseline;
        write_atomic(path, (text + "\n").as_bytes()).map_err(|e| usage(format!("{}: {e}", path.display())))?;
        self.summary(now);
        self.args.format.human(&format!("written: {}", path.display()));
        Ok(Status::Clean)
    }

    fn summary(&self, now: &Now) {
        let sure = now.bugs.values().filter(|d| d.median().is_some()).count();
        let proved = now.proofs.values().filter(|p| matches!(p, Proof::Clean(_))).count();
        self.args.format.human(&format!(
            "{sure} of {} bugs found again by most of {} seeds, {proved} programs proved clean, {:.0} s",
            now.bugs.len(),
            self.seeds,
            self.begun.elapsed().as_secs_f64()
        ));
    }

    fn changes(&self, now: &Now) -> Vec<Changed> {
        let bug = |(slug, before): (&String, &Detection)| {
            let now = match now.bugs.get(slug) {
                Some(now) => now.clone(),
                // It was not asked for.
                None if !self.args.bugs.is_empty() || self.args.kernel.is_some() => return None,
                None => Detection { seeds: 0, found: Vec::new(), missed: 0 },
            };
            let gone = preset::find_bug(slug).is_none();
            let change = if gone { Change::Lost } else { compare(before, &now) };
            let now = if gone { "not in the registry".to_string() } else { now.words() };
            Some(Changed { name: slug.clone(), before: before.words(), now, change })
        };
        let proof = |(name, execs): (&String, &u64)| {
            let (now, change) = match now.proofs.get(name) {
                Some(Proof::Clean(now)) => (format!("proved in {now}"), Change::Fine),
                Some(Proof::Broken(signature)) => (signature.clone(), Change::Lost),
                Some(Proof::Stopped) => ("not proved".to_string(), Change::Unknown),
                None => ("not there".to_string(), Change::Lost),
            };
            Changed { name: name.clone(), before: format!("proved in {execs}"), now, change }
        };
        let new = now.proofs.iter().filter_map(|(name, p)| match p {
            Proof::Broken(signature) if !self.before.proved.contains_key(name) => {
                let (name, before, now) = (name.clone(), "must be clean".to_string(), signature.clone());
                Some(Changed { name, before, now, change: Change::Lost })
            }
            _ => None,
        });
        let all = self.args.bugs.is_empty() && self.args.kernel.is_none();
        let proofs: Vec<Changed> =
            if all { self.before.proved.iter().map(proof).chain(new).collect() } else { Vec::new() };
        self.before.bugs.iter().filter_map(bug).chain(proofs).filter(|c| c.change != Change::Fine).collect()
    }

    /// What is not as it was, in a table.
    fn tell(&self, now: &Now) -> Result<Status, Failure> {
        let changes = self.changes(now);
        let width = changes.iter().map(|c| c.name.len()).max().unwrap_or(0);
        let wide = changes.iter().map(|c| c.before.len()).max().unwrap_or(0).max("before".len());
        if !changes.is_empty() {
            self.args.format.human(&format!("{:7} {:width$}  {:wide$}  now", "", "", "before"));
        }
        for c in &changes {
            let word = c.change.word();
            self.args.format.human(&format!("{word:7} {:width$}  {:wide$}  {}", c.name, c.before, c.now));
        }
        self.summary(now);
        let bad = changes.iter().any(|c| matches!(c.change, Change::Lost | Change::Slower));
        let status = match changes.is_empty() {
            _ if bad => Status::Finding,
            true => Status::Clean,
            false => Status::GaveUp,
        };
        self.args.format.json(|| {
            let changed =
                |c: &Changed| json!({ "name": c.name, "before": c.before, "now": c.now, "change": c.change.word() });
            json!({
                "schema": 1,
                "outcome": match status {
                    Status::Finding => "lost",
                    Status::Clean => "as_before",
                    Status::GaveUp => "gave_up",
                },
                "seeds": self.seeds,
                "seconds": (self.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
                "bugs": now.bugs,
                "proved": now.proofs.iter().filter_map(|(name, p)| match p {
                    Proof::Clean(execs) => Some((name.clone(), *execs)),
                    _ => None,
                }).collect::<BTreeMap<_, _>>(),
                "changes": changes.iter().map(changed).collect::<Vec<_>>(),
            })
        });
        Ok(status)
    }
}

/// What there is to be had now.
#[derive(Default)]
struct Now {
    bugs: BTreeMap<String, Detection>,
    proofs: BTreeMap<String, Proof>,
}
