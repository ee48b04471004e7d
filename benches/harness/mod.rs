//! What the comparisons of searches share: options, trials, rows kept in JSON, and tables.
//!
//! A trial is one search for the bug of one program with one seed; its figure is the number of schedules up to and with
//! the first that shows the bug. A row is the trials of one program under one arm. Searches that find nothing count
//! with the schedules they ran (restricted mean): figures of arms that miss are lower bounds.

mod report;

pub use report::report;

use serde::{Deserialize, Serialize};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Whose search it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Side {
    /// A scheduler of shuttle.
    Stock,
    Ours,
}

/// What is searched.
pub struct Case {
    pub suite: String,
    pub name: String,
    /// Schedules after which a trial gives up, unless the options say otherwise.
    pub cap: u64,
    /// Published schedules to the first bug of SURW and of RFF: mean over the trials of 20 that found it, and how many.
    pub published: [Option<(u64, u32)>; 2],
}

/// When a trial gives up.
#[derive(Clone, Copy)]
pub struct Limits {
    pub schedules: u64,
    /// Of CPU time.
    pub time: Duration,
}

/// One search.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Trial {
    pub found: bool,
    /// The one that showed the bug included.
    pub schedules: u64,
    /// Scheduling points of all of them.
    pub points: u64,
    /// Schedules cut short by the step limit.
    pub cut: u64,
    /// CPU seconds.
    pub cpu: f64,
    /// Ended by its limit of CPU time.
    #[serde(default)]
    pub late: bool,
    /// The search itself failed.
    pub panicked: bool,
}

/// The trials of a program under an arm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    pub program: String,
    pub arm: String,
    pub side: Side,
    pub cap: u64,
    pub trials: Vec<Trial>,
}

impl Row {
    pub fn found(&self) -> usize {
        self.trials.iter().filter(|t| t.found).count()
    }

    pub fn solved(&self) -> bool {
        self.found() == self.trials.len()
    }

    /// Restricted mean of schedules. A search that had none left, or failed, counts as if it had gone on in vain.
    pub fn mean(&self) -> f64 {
        let cost = |t: &Trial| if t.found || t.late { t.schedules } else { self.cap };
        self.trials.iter().map(cost).sum::<u64>() as f64 / self.trials.len().max(1) as f64
    }

    /// The `p`-th of `of` parts of the trials by schedules (median: 1 of 2), `None` if that one found nothing.
    pub fn quantile(&self, p: usize, of: usize) -> Option<u64> {
        let key = |t: &Trial| if t.found { t.schedules } else { u64::MAX };
        let mut sorted: Vec<u64> = self.trials.iter().map(key).collect();
        sorted.sort_unstable();
        let at = *sorted.get((sorted.len().saturating_sub(1)) * p / of)?;
        (at != u64::MAX).then_some(at)
    }

    pub fn total<T: std::iter::Sum>(&self, f: impl Fn(&Trial) -> T) -> T {
        self.trials.iter().map(f).sum()
    }
}

/// CPU time of this thread, from when it is made.
pub struct Clock(Duration);

impl Clock {
    pub fn start() -> Clock {
        Clock(Clock::now())
    }

    fn now() -> Duration {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the call writes to `t` and nothing else.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
        Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
    }

    pub fn elapsed(&self) -> Duration {
        Clock::now() - self.0
    }
}

/// Counts the schedules of a trial.
pub struct Tally {
    trial: Trial,
    limits: Limits,
    clock: Clock,
}

impl Tally {
    pub fn new(limits: Limits) -> Tally {
        Tally { trial: Trial::default(), limits, clock: Clock::start() }
    }

    /// One schedule: whether it showed the bug, its points, whether it was cut short. False: it was the last.
    pub fn add(&mut self, bug: bool, points: u32, cut: bool) -> bool {
        let trial = &mut self.trial;
        trial.schedules += 1;
        trial.points += u64::from(points);
        trial.cut += u64::from(cut);
        trial.found = bug;
        trial.late = trial.schedules.is_multiple_of(256) && self.clock.elapsed() > self.limits.time;
        !bug && !trial.late && trial.schedules < self.limits.schedules
    }

    pub fn end(self) -> Trial {
        Trial { cpu: self.clock.elapsed().as_secs_f64(), ..self.trial }
    }
}

/// Runs schedules until one shows the bug; `run` answers as [`Tally::add`] wants it, `None` if there is none left. A
/// scheduler that fails on its own assertions has failed the trial; false then, too: what it ran on is to be made anew.
pub fn trial(limits: Limits, mut run: impl FnMut() -> Option<(bool, u32, bool)>) -> (Trial, bool) {
    let mut tally = Tally::new(limits);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        while let Some((bug, points, cut)) = run() {
            if !tally.add(bug, points, cut) {
                break;
            }
        }
    }));
    let panicked = ended.is_err();
    (Trial { panicked, ..tally.end() }, !panicked)
}

/// The command line.
pub struct Options {
    /// Parts of program names; none: all.
    filter: Vec<String>,
    arms: Vec<String>,
    seeds: u64,
    first_seed: u64,
    cap: Option<u64>,
    time: Duration,
    /// Where rows are written.
    json: Option<String>,
    /// Rows of earlier runs, shown with those of this one.
    from: Vec<String>,
    /// Programs the row files already have are not run again.
    missing: bool,
}

const USAGE: &str = "usage: [FILTER...] [--arms NAME,...|stock|ours] [--seeds N] [--first-seed N] [--cap SCHEDULES] \
    [--time SECONDS] [--json FILE] [--from FILE]... [--missing] [--list]
  FILTER      programs whose name contains it; `=NAME`: the one of that name
  --time      CPU seconds after which one trial gives up (60)
  --json      keep the rows there
  --from      rows of an earlier run, shown together with those of this one; with `--arms none` nothing is run
  --missing   run only what the files of --from do not have";

impl Options {
    /// Ends the process if there is something it does not know.
    pub fn parse(cases: &[Case], arms: &[(&str, Side)]) -> Options {
        let mut o = Options {
            filter: Vec::new(),
            arms: Vec::new(),
            seeds: 20,
            first_seed: 1,
            cap: None,
            time: Duration::from_secs(60),
            json: None,
            from: Vec::new(),
            missing: false,
        };
        let mut args = std::env::args().skip(1).filter(|a| a != "--bench");
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| usage(&format!("{arg} wants a value")));
            match arg.as_str() {
                "--arms" => o.arms.extend(value().split(',').map(str::to_string)),
                "--seeds" => o.seeds = number(&value()),
                "--first-seed" => o.first_seed = number(&value()),
                "--cap" => o.cap = Some(number(&value())),
                "--time" => o.time = Duration::from_secs(number(&value())),
                "--json" => o.json = Some(value()),
                "--from" => o.from.push(value()),
                "--missing" => o.missing = true,
                "--list" => {
                    cases.iter().for_each(|c| println!("{}", c.name));
                    arms.iter().for_each(|(name, side)| println!("arm {name} ({side:?})"));
                    std::process::exit(0);
                }
                flag if flag.starts_with('-') => usage(&format!("unknown option {flag}")),
                _ => o.filter.push(arg),
            }
        }
        let groups = ["stock", "ours", "none"];
        if let Some(arm) = o.arms.iter().find(|a| !groups.contains(&a.as_str()) && arms.iter().all(|b| b.0 != *a)) {
            usage(&format!("no arm {arm}"));
        }
        o
    }

    fn wants(&self, case: &Case) -> bool {
        let matches = |f: &String| match f.strip_prefix('=') {
            Some(name) => case.name == name,
            None => case.name.contains(f.as_str()),
        };
        self.filter.is_empty() || self.filter.iter().any(matches)
    }

    fn wants_arm(&self, arm: &(&str, Side)) -> bool {
        let group = if arm.1 == Side::Stock { "stock" } else { "ours" };
        self.arms.is_empty() || self.arms.iter().any(|a| a == arm.0 || a == group)
    }

    fn limits(&self, case: &Case) -> Limits {
        Limits { schedules: self.cap.unwrap_or(case.cap), time: self.time }
    }
}

fn usage(problem: &str) -> ! {
    eprintln!("{problem}\n{USAGE}");
    std::process::exit(2);
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| usage(&format!("`{text}` is not a number")))
}

/// Runs what the options ask for and prints the tables. `run` makes one trial: of a case, under an arm, with a seed.
pub fn compare(cases: &[Case], arms: &[(&str, Side)], mut run: impl FnMut(usize, usize, u64, Limits) -> Trial) {
    let options = Options::parse(cases, arms);
    let mut rows: Vec<Row> = Vec::new();
    for file in &options.from {
        let text = fs::read_to_string(file).unwrap_or_else(|e| usage(&format!("{file}: {e}")));
        let more: Vec<Row> = serde_json::from_str(&text).unwrap_or_else(|e| usage(&format!("{file}: {e}")));
        more.into_iter().for_each(|row| add(&mut rows, row));
    }
    for (c, case) in cases.iter().enumerate().filter(|(_, c)| options.wants(c)) {
        for (a, arm) in arms.iter().enumerate().filter(|(_, a)| options.wants_arm(a)) {
            if options.missing && rows.iter().any(|r| r.program == case.name && r.arm == arm.0) {
                continue;
            }
            let limits = options.limits(case);
            let seeds = options.first_seed..options.first_seed + options.seeds;
            let trials = seeds.map(|seed| run(c, a, seed, limits)).collect();
            let row =
                Row { program: case.name.clone(), arm: arm.0.to_string(), side: arm.1, cap: limits.schedules, trials };
            eprintln!("{}", report::line(&row));
            add(&mut rows, row);
            if let Some(file) = &options.json {
                let text = serde_json::to_string(&rows).expect("rows are plain data");
                fs::write(file, text).unwrap_or_else(|e| usage(&format!("{file}: {e}")));
            }
        }
    }
    rows.retain(|r| cases.iter().any(|c| c.name == r.program && options.wants(c)));
    print!("{}", report(cases, arms, &rows));
}

/// A later row of the same program and arm takes the place of an earlier one.
fn add(rows: &mut Vec<Row>, row: Row) {
    rows.retain(|r| (&r.program, &r.arm) != (&row.program, &row.arm));
    rows.push(row);
}
