//! The driver: libFuzzer, linked into our own program, finds inputs; the inner loop finds schedules for them.
//!
//! libFuzzer never hands the control back, and leaving its callback through `exit` writes a crash artifact, so the
//! process
//! ends here, through `_exit`, after the [`Observer`] has told the summary.

use super::analysis::Analysis;
use super::attribute::{attribute, bug_slugs};
use super::certify::{CERTIFY_BUDGET, certify};
use super::config::OpFilter;
use super::counters;
use super::distinct::Distinct;
use super::mutate::{MAX_BYTES, mutate};
use super::search::{Searcher, input_hash, shape_hash};
use super::shrink::{SHRINK_BUDGET, shrink};
use super::store::{MOST_REPROS, add, save};
use crate::bugs::BUGS;
use crate::exec::{Feedback, Outcome, Run, Runner};
use crate::prog::{Input, Program, is_text};
use crate::report::Told;
use crate::san::CheckSet;
use crate::vocab::{BugId, BugSet, Model};
use libfuzzer_sys as _;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, c_char, c_int, c_uint};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Largest input when a corpus is given: it may hold texts.
const MAX_TEXT: usize = 8192;
/// What is known of a finding before it is recorded: check, kind, site.
type Class = (&'static str, &'static str, u32);

/// Re-found signatures of one class that are looked at one by one; of later ones, one in [`SAMPLE`].
const LOOKED_AT: u32 = 100;
const SAMPLE: u32 = 16;

/// What to hunt, and for how long.
#[derive(Clone, Debug)]
pub struct Options {
    pub model: Model,
    pub checks: CheckSet,
    pub ops: Option<OpFilter>,
    /// Executions, at most.
    pub runs: Option<u64>,
    pub time: Option<Duration>,
    pub seed: u64,
    /// Schedules per program.
    pub rounds: u32,
    /// What they are drawn by, as [`crate::sched::parse`] reads it.
    pub sched: String,
    pub keep_going: bool,
    /// An existing directory: seeds are read from it, interesting inputs added.
    pub corpus: Option<PathBuf>,
    /// Where findings go.
    pub out: PathBuf,
}

/// How far a hunt is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    pub execs: u64,
    pub steps: u64,
    pub gave_up: u64,
    pub inputs: u64,
    /// Different interleavings, roughly.
    pub distinct: u64,
    pub findings: usize,
    pub elapsed: Duration,
}

/// One found signature.
#[derive(Clone, Debug)]
pub struct Found {
    pub signature: String,
    pub check: &'static str,
    pub title: String,
    pub first_exec: u64,
    /// The bugs without which it is gone.
    pub cause: Vec<&'static str>,
    /// `min.mm`, or why nothing could be written.
    pub file: Result<PathBuf, String>,
    pub ops: usize,
    pub switches: usize,
    pub before: (usize, usize),
    /// For the machine formats.
    pub told: Told,
    /// The signature of the same bug that was saved before, which this one joined.
    pub bucket: Option<String>,
}

/// Why a hunt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Executions or time are used up.
    Budget,
    /// There is nothing left to find.
    Found,
    /// A signal.
    Stopped,
}

/// What is told about a hunt. Called on the hunting thread.
pub trait Observer {
    /// From time to time; more often than anybody needs.
    fn progress(&mut self, stats: &Stats);
    /// A new signature is about to be minimized.
    fn minimizing(&mut self, signature: &str);
    /// A new signature has been saved.
    fn found(&mut self, found: &Found);
    /// The end: the summary. The answer is the exit status of the process.
    fn finish(&mut self, end: End, stats: &Stats, found: &[Found]) -> u8;
    /// A defect of the program itself. The answer is the exit status of the process.
    fn defect(&mut self, message: &str) -> u8;
}

unsafe extern "C" {
    fn LLVMFuzzerRunDriver(
        argc: *mut c_int,
        argv: *mut *mut *mut c_char,
        callback: extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;
    fn LLVMFuzzerMutate(data: *mut u8, size: usize, max_size: usize) -> usize;
    fn _exit(status: c_int) -> !;
    fn dup(fd: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
}

thread_local! {
    static HUNT: RefCell<Option<Hunt>> = const { RefCell::new(None) };
}

struct Hunt {
    options: Options,
    observer: Box<dyn Observer>,
    searcher: Searcher,
    /// Records, shrinks and attributes; its executions are not counted.
    cold: Searcher,
    stop: Arc<AtomicBool>,
    muted: Option<Muted>,
    started: Instant,
    told: Instant,
    distinct: Distinct,
    stats: Stats,
    /// Signatures found, each with the sets of operations of the programs that were kept for it.
    signatures: BTreeMap<String, BTreeSet<Vec<u8>>>,
    /// How often each class was looked at in vain since its last new signature.
    known: BTreeMap<Class, u32>,
    found: Vec<Found>,
    /// Bugs some finding was attributed to.
    caught: BugSet,
    done: bool,
}

/// Hunts until the process ends. Returns only if it could not begin.
pub fn run(options: Options, stop: Arc<AtomicBool>, observer: Box<dyn Observer>) -> String {
    let Some(counters) = counters::take() else { return "a hunt has been started in this process before".to_string() };
    let mut runner = Runner::aiming(options.checks);
    runner.set_feedback(Feedback::new(counters));
    let chosen = match crate::sched::parse(&options.sched) {
        Ok(chosen) => chosen,
        Err(e) => return e,
    };
    let searcher = Searcher::new(runner, options.seed, options.rounds).with(chosen);
    let cold = Searcher::new(Runner::new(options.checks), options.seed, options.rounds);
    let Some(arguments) = arguments(&options) else {
        return "the corpus directory has a zero byte in its name".to_string();
    };
    Input::set_model(options.model);
    let now = Instant::now();
    let hunt = Hunt {
        options,
        observer,
        searcher,
        cold,
        stop,
        muted: Muted::begin(),
        started: now,
        told: now,
        distinct: Distinct::default(),
        stats: Stats::default(),
        signatures: BTreeMap::new(),
        known: BTreeMap::new(),
        found: Vec::new(),
        caught: BugSet::EMPTY,
        done: false,
    };
    HUNT.set(Some(hunt));
    drive(arguments);
    HUNT.with_borrow_mut(|h| h.as_mut().map(Hunt::unmute));
    "libFuzzer gave the control back".to_string()
}

/// libFuzzer's command line.
fn arguments(options: &Options) -> Option<Vec<CString>> {
    let seed = (options.seed ^ options.seed >> 32) as u32;
    let max_len = if options.corpus.is_some() { MAX_TEXT } else { MAX_BYTES };
    let mut arguments = vec![
        "foliofuzz".to_string(),
        format!("-seed={}", seed.max(1)),
        format!("-max_len={max_len}"),
        "-len_control=0".to_string(),
        // Its bookkeeping per feature costs a third of the time here, and half of the inputs are fresh anyway.
        "-entropic=0".to_string(),
        "-verbosity=0".to_string(),
        "-rss_limit_mb=0".to_string(),
        "-malloc_limit_mb=0".to_string(),
        "-timeout=0".to_string(),
        "-detect_leaks=0".to_string(),
        "-reload=0".to_string(),
    ];
    for signal in ["segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2", "trap"] {
        arguments.push(format!("-handle_{signal}=0"));
    }
    let corpus = options.corpus.as_ref().map(|dir| dir.to_string_lossy().into_owned());
    arguments.extend(corpus.map(|dir| if dir.starts_with('-') { format!("./{dir}") } else { dir }));
    arguments.into_iter().map(CString::new).collect::<Result<_, _>>().ok()
}

fn drive(arguments: Vec<CString>) {
    // libFuzzer looks for it by name; this keeps it in the program.
    std::hint::black_box(custom_mutator as unsafe extern "C" fn(*mut u8, usize, usize, c_uint) -> usize);
    let mut pointers: Vec<*mut c_char> = arguments.into_iter().map(CString::into_raw).collect();
    let mut argc = pointers.len() as c_int;
    pointers.push(std::ptr::null_mut());
    let mut argv = pointers.as_mut_ptr();
    // SAFETY: a C command line: `argc` strings that are never freed, then null.
    unsafe { LLVMFuzzerRunDriver(&mut argc, &mut argv, one_input) };
}

extern "C" fn one_input(data: *const u8, size: usize) -> c_int {
    let bytes = if data.is_null() || size == 0 {
        &[]
    } else {
        // SAFETY: libFuzzer's buffer of that size, which lives during the call.
        unsafe { std::slice::from_raw_parts(data, size) }
    };
    let ended = HUNT.with_borrow_mut(|hunt| {
        let hunt = hunt.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| hunt.input(bytes))) {
            Ok(step) => step,
            Err(payload) => {
                hunt.unmute();
                Some(hunt.observer.defect(&panic_message(payload.as_ref())))
            }
        }
    });
    match ended {
        None => 0,
        // SAFETY: ends the process; nothing of ours is left to do.
        Some(status) => unsafe { _exit(c_int::from(status)) },
    }
}

/// What a panic said.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_string())
}

/// libfuzzer-sys refers to it from the entry point that only its own `main` uses.
#[unsafe(no_mangle)]
#[allow(improper_ctypes_definitions)] // the declaration it answers is a Rust slice
extern "C" fn rust_fuzzer_test_input(_: &[u8]) -> i32 {
    0
}

/// # Safety
/// Called by libFuzzer: `data` has room for the larger of `size` and `max_size`.
#[unsafe(export_name = "LLVMFuzzerCustomMutator")]
unsafe extern "C" fn custom_mutator(data: *mut u8, size: usize, max_size: usize, seed: c_uint) -> usize {
    // SAFETY: as the caller promises.
    let data = unsafe { std::slice::from_raw_parts_mut(data, size.max(max_size)) };
    mutate(data, size, max_size, seed, &mut |data, size, max_size| {
        let (size, max_size) = (size.min(data.len()), max_size.min(data.len()));
        // SAFETY: both sizes lie within the buffer.
        unsafe { LLVMFuzzerMutate(data.as_mut_ptr(), size, max_size) }
    })
}

/// The standard error stream, turned away while libFuzzer tells about itself.
struct Muted {
    saved: c_int,
}

impl Muted {
    fn begin() -> Option<Muted> {
        use std::os::fd::AsRawFd;
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").ok()?;
        // SAFETY: descriptors only.
        let saved = unsafe { dup(2) };
        // SAFETY: as above.
        (saved >= 0 && unsafe { dup2(null.as_raw_fd(), 2) } >= 0).then_some(Muted { saved })
    }
}

impl Drop for Muted {
    fn drop(&mut self) {
        // SAFETY: `saved` is a descriptor of ours.
        unsafe { dup2(self.saved, 2) };
    }
}

impl Hunt {
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
        self.tell();
        self.over().map(|end| self.finish(end))
    }

    fn program(&self, bytes: &[u8]) -> Option<Program> {
        let input = Input::of(bytes);
        let mut program = input.program()?.clone();
        if program.model != self.options.model {
            program.model = self.options.model;
            program.fix_up();
        }
        if let Some(filter) = &self.options.ops {
            filter.apply(&mut program, if is_text(bytes) { &[] } else { bytes });
        }
        Some(program)
    }

    fn search(&mut self, mut program: Program) {
        let shape = shape_hash(&program);
        let hash = input_hash(&program);
        let limit = self.options.runs.unwrap_or(u64::MAX);
        let (stats, distinct, known) = (&mut self.stats, &mut self.distinct, &mut self.known);
        // Of each class, the first execution of this input that is worth a look.
        let mut shown: Vec<(Program, Class, u64)> = Vec::new();
        let _ = self.searcher.search(&mut program, hash, &mut |p, run| {
            count(stats, distinct, shape, run);
            if let Some(f) = run.outcome.finding() {
                let class = (f.check, f.kind, f.site);
                if shown.iter().all(|(_, c, _)| *c != class) && worth_a_look(known, class) {
                    shown.push((p.clone(), class, stats.execs));
                }
            }
            if stats.execs < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
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
        if let Some(shapes) = self.signatures.get_mut(&signature) {
            if shapes.len() < MOST_REPROS && shapes.insert(shape) {
                self.keep(&shown, &signature);
            }
            return false;
        }
        self.signatures.insert(signature.clone(), BTreeSet::from([shape]));
        self.unmute();
        self.observer.minimizing(&signature);
        let named = shown.named().unwrap_or_else(|| program.clone());
        let small = shrink(&mut self.cold, &named, &signature, SHRINK_BUDGET);
        let (small_program, certificate) =
            certify(&mut self.cold.runner, &small.program, &signature, CERTIFY_BUDGET / 10);
        let cause = attribute(&mut self.cold, &small_program, &signature);
        let min = Analysis::of(&mut self.cold.runner, &small_program);
        let Some(report) = min.report() else { return true };
        let slugs = bug_slugs(cause);
        let extra = [
            ("seed", format!("{:#018x}", self.options.seed).into()),
            ("first_exec", exec.into()),
            ("sched", self.options.sched.as_str().into()),
            ("preemptions", certificate.preemptions.into()),
            ("exhausted", certificate.is_exhausted().into()),
        ];
        let saved = save(&self.options.out, &min, &named, &slugs, &certificate, &extra);
        let found = Found {
            title: report.title(),
            check: report.finding.check,
            signature,
            first_exec: exec,
            cause: slugs,
            bucket: saved.as_ref().ok().and_then(|s| s.bucket.clone()),
            file: saved.map(|s| s.file).map_err(|e| format!("{}: {e}", self.options.out.display())),
            ops: small_program.nr_ops(),
            switches: small_program.schedule.records.len(),
            before: small.before,
            told: report.told(),
        };
        self.observer.found(&found);
        self.found.push(found);
        self.stats.findings = self.found.len();
        self.caught = self.caught | cause;
        // A correct variant causes nothing.
        let expected = |id: &BugId| BUGS.get(id.0 as usize).is_some_and(|b| b.predictive.is_some());
        let wanted: BugSet = self.options.model.bugs.iter().filter(expected).collect();
        self.done =
            !self.options.keep_going && (wanted.is_empty() || cause.is_empty() || (wanted - self.caught).is_empty());
        true
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
        } else if self.stop.load(Ordering::Relaxed) {
            Some(End::Stopped)
        } else if self.options.runs.is_some_and(|n| self.stats.execs >= n)
            || self.options.time.is_some_and(|t| self.started.elapsed() >= t)
        {
            Some(End::Budget)
        } else {
            None
        }
    }

    fn tell(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.told) >= Duration::from_millis(200) {
            self.told = now;
            self.refresh();
            self.observer.progress(&self.stats);
        }
    }

    fn refresh(&mut self) {
        self.stats.distinct = self.distinct.estimate();
        self.stats.elapsed = self.started.elapsed();
    }

    fn finish(&mut self, end: End) -> u8 {
        self.unmute();
        self.refresh();
        self.observer.finish(end, &self.stats, &self.found)
    }
}

fn count(stats: &mut Stats, distinct: &mut Distinct, shape: u64, run: &Run) {
    stats.execs += 1;
    stats.steps += u64::from(run.steps);
    stats.gave_up += u64::from(matches!(run.outcome, Outcome::GaveUp(_)));
    distinct.add(shape ^ run.interleaving.rotate_left(17));
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
