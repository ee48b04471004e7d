//! The hunt: libFuzzer finds inputs, the inner loop finds schedules for them.
//!
//! libFuzzer never hands the control back, and leaving its callback through `exit` writes a crash artifact, so the
//! process ends in [`driver`], through `_exit`, after the [`Sink`] has told the summary.

mod driver;
mod event;
mod job;
mod jobs;
mod keeper;
mod refind;
mod session;
mod spool;

pub use driver::panic_message;
pub use event::{Announced, End, Event, Found, Sink, Stats};
pub use job::job;
pub use jobs::supervise;
pub use keeper::Keeper;
pub use refind::{Refound, Search, refind};
pub use session::{Job, Observer, Overview, Plan, Session, Trouble};

use super::analysis::Analysis;
use super::attribute::{attribute, bug_slugs};
use super::certify::{CERTIFY_BUDGET, certify};
use super::config::{OpFilter, find_ops};
use super::counters;
use super::mutate::remember;
use super::search::{Searcher, input_hash, shape_hash};
use super::setup::Setup;
use super::shrink::{SHRINK_BUDGET, shrink};
use super::store::{Claim, MOST_REPROS, Unfinished, add, all_unfinished, claim, save, sweep};
use crate::exec::{Feedback, Outcome, Run, Runner};
use crate::prog::{File, Input, Program, is_text};
use crate::vocab::Model;
use driver::Muted;
use spool::Spool;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is known of a finding before it is recorded: check, kind, site.
type Class = (&'static str, &'static str, u32);

/// Re-found signatures of one class that are looked at one by one; of later ones, one in [`SAMPLE`].
const LOOKED_AT: u32 = 100;
const SAMPLE: u32 = 16;

/// What to hunt, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    pub setup: Setup,
    /// Executions, at most.
    pub runs: Option<u64>,
    pub time: Option<Duration>,
    pub seed: u64,
    /// An existing directory: seeds are read from it, interesting inputs added.
    pub corpus: Option<PathBuf>,
    /// The corpus may hold texts.
    pub texts: bool,
    /// Other jobs add to the corpus at the same time.
    pub shared: bool,
    /// Where findings go.
    pub out: PathBuf,
    /// Who this is to the store.
    pub by: Claim,
    /// Signatures that are no news.
    pub known: Vec<String>,
    /// Findings others have left unminimized are minimized, too.
    pub adopt: bool,
}

/// What others want of a running hunt.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// It is to end.
    pub stop: Arc<AtomicBool>,
    /// Signatures that others have found: no news any more.
    pub known: Arc<Mutex<Vec<String>>>,
}

struct Hunt {
    options: Options,
    model: Model,
    filter: Option<OpFilter>,
    sink: Box<dyn Sink>,
    orders: Orders,
    searcher: Searcher,
    /// Records, shrinks and attributes; its executions are not counted.
    cold: Searcher,
    spool: Option<Spool>,
    muted: Option<Muted>,
    started: Instant,
    told: Instant,
    /// When something new was seen.
    news: Instant,
    stats: Stats,
    /// Signatures found, each with the sets of operations of the programs that were kept for it.
    signatures: BTreeMap<String, BTreeSet<Vec<u8>>>,
    /// How often each class was looked at in vain since its last new signature.
    known: BTreeMap<Class, u32>,
    done: bool,
}

/// Hunts until the process ends. Returns only if it could not begin.
pub fn run(options: Options, orders: Orders, sink: Box<dyn Sink>) -> String {
    match Hunt::new(options, orders, sink).and_then(Hunt::drive) {
        Ok(()) => "libFuzzer gave the control back".to_string(),
        Err(e) => e,
    }
}

impl Hunt {
    fn new(options: Options, orders: Orders, sink: Box<dyn Sink>) -> Result<Hunt, String> {
        let counters = counters::take().ok_or("a hunt has been started in this process before")?;
        let setup = &options.setup;
        let (model, checks) = (setup.model()?, setup.checks()?);
        let (chosen, every) = (setup.ops()?, find_ops("", model.kernel)?);
        let mut runner = Runner::aiming(checks);
        if setup.feedback {
            runner.set_feedback(Feedback::new(counters));
        }
        let searcher = Searcher::new(runner, options.seed, setup.rounds).with(crate::sched::parse(&setup.sched)?);
        let cold = Searcher::new(Runner::new(checks), options.seed, setup.rounds);
        let spool = options.corpus.as_ref().map(|dir| {
            sweep(dir);
            Spool::begin(dir, options.shared).map_err(|e| format!("{}: {e}: expected to write there", dir.display()))
        });
        let now = Instant::now();
        let signatures = options.known.iter().map(|s| (s.clone(), BTreeSet::new())).collect();
        Ok(Hunt {
            model,
            filter: (chosen != every).then(|| OpFilter::new(chosen)),
            sink,
            orders,
            searcher,
            cold,
            spool: spool.transpose()?,
            muted: None,
            started: now,
            told: now,
            news: now,
            stats: Stats::default(),
            signatures,
            known: BTreeMap::new(),
            done: false,
            options,
        })
    }

    fn drive(mut self) -> Result<(), String> {
        let folders = self.spool.as_ref().map_or(Vec::new(), |s| s.folders().to_vec());
        let Options { seed, texts, shared, .. } = self.options;
        let arguments = driver::Driven { seed, texts, folders, shared }.arguments();
        let arguments = arguments.ok_or("the corpus directory has a zero byte in its name")?;
        Input::set_model(self.model);
        self.adopt();
        self.muted = Muted::begin();
        driver::run(self, arguments);
        Ok(())
    }

    fn unmute(&mut self) {
        self.muted = None;
    }

    /// One input of libFuzzer's; an exit status if it was the last.
    fn input(&mut self, bytes: &[u8]) -> Option<u8> {
        self.stats.inputs += 1;
        // libFuzzer is silent after the first inputs.
        if self.stats.inputs > 2 {
            self.unmute();
        }
        if let Some(end) = self.over() {
            return Some(self.finish(end));
        }
        if let Some(program) = self.program(bytes) {
            self.search(program);
        }
        self.turn();
        self.tell();
        self.over().map(|end| self.finish(end))
    }

    fn program(&self, bytes: &[u8]) -> Option<Program> {
        let input = Input::of(bytes);
        let mut program = input.program()?.clone();
        if program.model != self.model {
            program.model = self.model;
            program.fix_up();
        }
        if let Some(filter) = &self.filter {
            filter.apply(&mut program, if is_text(bytes) { &[] } else { bytes });
        }
        Some(program)
    }

    fn search(&mut self, mut program: Program) {
        let shape = shape_hash(&program);
        let hash = input_hash(&program);
        let limit = self.options.runs.unwrap_or(u64::MAX);
        let (stats, known) = (&mut self.stats, &mut self.known);
        // Of each class, the first execution of this input that is worth a look.
        let mut shown: Vec<(Program, Class, u64)> = Vec::new();
        let _ = self.searcher.search(&mut program, hash, &mut |p, run| {
            count(stats, shape, run);
            if let Some(f) = run.outcome.finding() {
                let class = (f.check, f.kind, f.site);
                if shown.iter().all(|(_, c, _)| *c != class) && worth_a_look(known, class) {
                    shown.push((p.clone(), class, stats.execs));
                }
            }
            if stats.execs < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let Some(schedule) = self.searcher.paid() {
            remember(hash, &program, schedule);
        }
        for (program, class, exec) in shown {
            if !self.done && self.look(&program, exec) {
                self.searcher.spend(class.2);
                self.known.insert(class, 0);
            }
        }
    }

    /// Handles an execution that found something; true if its signature is new.
    fn look(&mut self, program: &Program, exec: u64) -> bool {
        let shown = Analysis::of(&mut self.cold.runner, program);
        let Some(signature) = shown.signature() else { return false };
        let shape = operations(program);
        self.learn();
        if let Some(shapes) = self.signatures.get_mut(&signature) {
            if shapes.len() < MOST_REPROS && shapes.insert(shape) {
                self.keep(&shown, &signature);
            }
            return false;
        }
        self.signatures.insert(signature.clone(), BTreeSet::from([shape]));
        self.unmute();
        self.news = Instant::now();
        let named = shown.named().unwrap_or_else(|| program.clone());
        let extra = self.extra(exec);
        match claim(&self.options.out, &shown, &named, &self.options.by, &extra) {
            Ok(true) => self.announce(&shown, &named, &signature, exec),
            Ok(false) => {}
            Err(e) => self.tell_event(Event::Failed(format!("{}: {e}: {signature}", self.options.out.display()))),
        }
        true
    }

    fn extra(&self, exec: u64) -> Vec<(&'static str, serde_json::Value)> {
        let seed = format!("{:#018x}", self.options.seed);
        vec![("seed", seed.into()), ("first_exec", exec.into()), ("sched", self.options.setup.sched.as_str().into())]
    }

    /// What has been saved may be told; then it is minimized.
    fn announce(&mut self, shown: &Analysis, named: &Program, signature: &str, exec: u64) {
        let title = shown.report().map_or(String::new(), |r| r.title());
        let signature = signature.to_string();
        self.tell_event(Event::Announced(Announced { signature: signature.clone(), title, first_exec: exec }));
        match self.minimize(named, &signature, exec) {
            Ok(Some(found)) => self.tell_event(Event::Found(Box::new(found))),
            Ok(None) => {}
            Err(e) => self.tell_event(Event::Failed(format!("{}: {e}", self.options.out.display()))),
        }
    }

    /// Minimizes what this job's process before, or another hunt, has only saved.
    fn adopt(&mut self) {
        let Options { out, adopt, by, .. } = &self.options;
        let ours = |u: &Unfinished| *adopt || u.by == *by;
        for left in all_unfinished(out).into_iter().filter(ours).collect::<Vec<_>>() {
            let file = std::fs::read(left.dir.join("repro.mm")).ok().and_then(|b| File::parse(&b).ok());
            let Some(program) = file.map(|f| f.program) else { continue };
            let shown = Analysis::of(&mut self.cold.runner, &program);
            if shown.signature().is_some_and(|s| s == left.signature) {
                self.signatures.insert(left.signature.clone(), BTreeSet::from([operations(&program)]));
                self.announce(&shown, &program, &left.signature, left.first_exec);
            }
        }
    }

    /// Makes a finding small, asks what causes it, and saves it.
    fn minimize(&mut self, named: &Program, signature: &str, exec: u64) -> std::io::Result<Option<Found>> {
        let small = shrink(&mut self.cold, named, signature, SHRINK_BUDGET);
        let (program, certificate) = certify(&mut self.cold.runner, &small.program, signature, CERTIFY_BUDGET / 10);
        let cause = bug_slugs(attribute(&mut self.cold, &program, signature));
        let min = Analysis::of(&mut self.cold.runner, &program);
        let Some(report) = min.report() else { return Ok(None) };
        let mut extra = self.extra(exec);
        extra.push(("preemptions", certificate.preemptions.into()));
        extra.push(("exhausted", certificate.is_exhausted().into()));
        let saved = save(&self.options.out, &min, named, &cause, &certificate, &extra)?;
        Ok(Some(Found {
            title: report.title(),
            check: report.finding.check.to_string(),
            signature: signature.to_string(),
            first_exec: exec,
            cause: cause.into_iter().map(str::to_string).collect(),
            bucket: saved.bucket,
            file: saved.file,
            ops: program.nr_ops(),
            switches: program.schedule.records.len(),
            before: small.before,
            told: report.told(),
        }))
    }

    /// What others have found is no news.
    fn learn(&mut self) {
        let mut known = self.orders.known.lock().unwrap_or_else(PoisonError::into_inner);
        for signature in known.drain(..) {
            self.signatures.entry(signature).or_default();
        }
    }

    fn tell_event(&mut self, event: Event) {
        self.done |= self.sink.event(event);
    }

    /// Another program for a known signature: a repro more in its folder. What cannot be written is no loss.
    fn keep(&self, shown: &Analysis, signature: &str) {
        if let (Some(named), Some(report)) = (shown.named(), shown.report()) {
            let _ = add(&self.options.out, signature, &named, report.title());
        }
    }

    fn over(&self) -> Option<End> {
        if self.done {
            Some(End::Found)
        } else if self.orders.stop.load(Ordering::Relaxed) {
            Some(End::Stopped)
        } else if self.options.runs.is_some_and(|n| self.stats.execs >= n)
            || self.options.time.is_some_and(|t| self.started.elapsed() >= t)
        {
            Some(End::Budget)
        } else {
            None
        }
    }

    /// Takes new inputs to the corpus, and gets those of others.
    fn turn(&mut self) {
        let Some(spool) = &mut self.spool else { return };
        let turned = spool.turn();
        self.turned(turned);
    }

    fn turned(&mut self, turned: std::io::Result<bool>) {
        match turned {
            Ok(true) => self.news = Instant::now(),
            Ok(false) => {}
            Err(e) => {
                let dir = self.options.corpus.as_ref().map_or(String::new(), |d| d.display().to_string());
                self.tell_event(Event::Failed(format!("{dir}: {e}")));
            }
        }
    }

    fn tell(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.told) >= Duration::from_millis(200) {
            self.told = now;
            self.refresh();
            self.tell_event(Event::Progress(self.stats.clone()));
        }
    }

    fn refresh(&mut self) {
        self.stats.elapsed = self.started.elapsed();
        self.stats.quiet = self.news.elapsed();
        self.stats.corpus = self.spool.as_ref().map_or(0, |s| s.added);
    }

    fn finish(&mut self, end: End) -> u8 {
        self.unmute();
        if let Some(mut spool) = self.spool.take() {
            let turned = spool.sync();
            self.turned(turned);
            self.stats.corpus = spool.added;
        }
        self.stats.elapsed = self.started.elapsed();
        self.stats.quiet = self.news.elapsed();
        self.sink.end(Event::Ended(end, std::mem::take(&mut self.stats)))
    }

    fn defect(&mut self, message: String) -> u8 {
        self.spool = None;
        self.sink.end(Event::Defect(message))
    }
}

fn count(stats: &mut Stats, shape: u64, run: &Run) {
    stats.execs += 1;
    stats.steps += u64::from(run.steps);
    stats.gave_up += u64::from(matches!(run.outcome, Outcome::GaveUp(_)));
    stats.seen.add(shape ^ run.interleaving.rotate_left(17));
}

/// The operations of a program, each once: programs that show the same signature with other ones are worth keeping.
fn operations(program: &Program) -> Vec<u8> {
    let codes: BTreeSet<u8> = program.cpus.iter().flatten().map(|op| op.code).collect();
    codes.into_iter().collect()
}

/// Recording costs ten executions: what has often been known is only sampled.
fn worth_a_look(known: &mut BTreeMap<Class, u32>, class: Class) -> bool {
    let n = known.entry(class).or_insert(0);
    *n += 1;
    *n < LOOKED_AT || (*n).is_multiple_of(SAMPLE)
}
