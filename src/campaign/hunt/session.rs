//! One hunt as its user sees it, whatever number of jobs it has: counts added up, each signature once.

use super::super::setup::Setup;
use super::{Announced, End, Event, Found, Sink, Stats};
use crate::bugs::BUGS;
use crate::prog::preset;
use crate::vocab::{BugId, BugSet};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    pub setup: Setup,
    /// Executions, at most, of all jobs together.
    pub runs: Option<u64>,
    pub time: Option<Duration>,
    /// Of the first job; those of the others follow from it.
    pub seed: u64,
    pub jobs: usize,
    /// Not only to the last finding to be expected.
    pub keep_going: bool,
    pub corpus: Option<PathBuf>,
    /// The corpus may hold texts.
    pub texts: bool,
    pub out: PathBuf,
}

/// One job.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Of its process.
    pub stats: Stats,
    /// Of its processes before, which have died.
    pub before: Stats,
    /// It has not ended.
    pub alive: bool,
}

impl Job {
    /// Executions of all its processes.
    pub fn execs(&self) -> u64 {
        self.stats.execs + self.before.execs
    }
}

/// How far a hunt is.
#[derive(Clone, Copy, Debug)]
pub struct Overview<'a> {
    pub total: &'a Stats,
    pub findings: usize,
    pub jobs: &'a [Job],
    /// Inputs are kept.
    pub has_corpus: bool,
}

/// What went wrong with a hunt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Something could not be written.
    Failed(String),
    /// A defect of the program itself.
    Defect(String),
}

/// What is shown of a hunt.
pub trait Observer {
    /// From time to time; more often than anybody needs.
    fn progress(&mut self, hunt: &Overview);
    /// A new signature has been saved and is about to be minimized.
    fn announced(&mut self, new: &Announced);
    /// A new signature has been minimized.
    fn found(&mut self, found: &Found);
    /// Something has happened to the hunt itself.
    fn note(&mut self, text: &str);
    /// The end: the summary. The answer is the exit status of the process.
    fn finish(&mut self, end: End, hunt: &Overview, found: &[Found], trouble: Option<&Trouble>) -> u8;
}

/// What all jobs have done.
pub struct Session {
    observer: Box<dyn Observer>,
    pub(super) jobs: Vec<Job>,
    found: Vec<Found>,
    /// Signatures with the executions of all jobs until then.
    announced: BTreeMap<String, u64>,
    /// Bugs whose findings are waited for.
    wanted: BugSet,
    keep_going: bool,
    has_corpus: bool,
    /// Nothing is left to be found.
    done: bool,
    trouble: Option<Trouble>,
    started: Instant,
}

impl Session {
    pub fn new(plan: &Plan, observer: Box<dyn Observer>) -> Result<Session, String> {
        // A correct variant causes nothing.
        let expected = |id: &BugId| BUGS.get(id.0 as usize).is_some_and(|b| b.predictive.is_some());
        Ok(Session {
            observer,
            jobs: vec![Job { alive: true, ..Job::default() }; plan.jobs.max(1)],
            found: Vec::new(),
            announced: BTreeMap::new(),
            wanted: plan.setup.model()?.bugs.iter().filter(expected).collect(),
            keep_going: plan.keep_going,
            has_corpus: plan.corpus.is_some(),
            done: false,
            trouble: None,
            started: Instant::now(),
        })
    }

    /// Takes in what a job says. True: that is enough, all jobs are to end.
    pub fn event(&mut self, job: usize, event: Event) -> bool {
        match event {
            Event::Progress(stats) => {
                self.jobs[job].stats = stats;
                self.progress();
            }
            Event::Announced(new) => self.announce(job, new),
            Event::Found(found) => self.take(*found),
            Event::Failed(why) => self.trouble = self.trouble.take().or(Some(Trouble::Failed(why))),
            Event::Ended(_, stats) => self.jobs[job].stats = stats,
            Event::Defect(message) => self.trouble = Some(Trouble::Defect(message)),
        }
        self.is_over()
    }

    pub fn is_over(&self) -> bool {
        self.done || matches!(self.trouble, Some(Trouble::Failed(_)))
    }

    fn announce(&mut self, job: usize, mut new: Announced) {
        if self.announced.contains_key(&new.signature) {
            return;
        }
        let others = self.jobs.iter().enumerate().filter(|(j, _)| *j != job);
        new.first_exec += self.jobs[job].before.execs + others.map(|(_, j)| j.execs()).sum::<u64>();
        self.announced.insert(new.signature.clone(), new.first_exec);
        self.observer.announced(&new);
    }

    fn take(&mut self, mut found: Found) {
        if self.found.iter().any(|f| f.signature == found.signature) {
            return;
        }
        found.first_exec = self.announced.get(&found.signature).copied().unwrap_or(found.first_exec);
        if let Err(why) = &found.file {
            self.trouble = self.trouble.take().or(Some(Trouble::Failed(why.clone())));
        }
        self.observer.found(&found);
        let cause: BugSet = found.cause.iter().filter_map(|b| preset::find_bug(b)).collect();
        self.found.push(found);
        self.done |= !self.keep_going
            && (self.wanted.is_empty() || cause.is_empty() || (self.wanted - self.caught()).is_empty());
    }

    /// Bugs some finding was attributed to.
    fn caught(&self) -> BugSet {
        self.found.iter().flat_map(|f| &f.cause).filter_map(|b| preset::find_bug(b)).collect()
    }

    /// The process of a job is gone, and another takes its place, or none.
    pub fn lost(&mut self, job: usize, replaced: bool, text: &str) {
        let job = &mut self.jobs[job];
        job.before.merge(&std::mem::take(&mut job.stats));
        job.alive = replaced;
        self.observer.note(text);
    }

    fn total(&self) -> Stats {
        let mut total = Stats { elapsed: self.started.elapsed(), ..Stats::default() };
        for job in &self.jobs {
            total.merge(&job.before);
            total.merge(&job.stats);
        }
        total.quiet = self.jobs.iter().map(|j| j.stats.quiet).min().unwrap_or_default();
        total
    }

    pub fn progress(&mut self) {
        let total = self.total();
        let (findings, jobs, has_corpus) = (self.found.len(), &self.jobs[..], self.has_corpus);
        self.observer.progress(&Overview { total: &total, findings, jobs, has_corpus });
    }

    /// The end; the exit status of the process.
    pub fn finish(&mut self, end: End) -> u8 {
        let total = self.total();
        let (findings, jobs, has_corpus) = (self.found.len(), &self.jobs[..], self.has_corpus);
        let overview = Overview { total: &total, findings, jobs, has_corpus };
        let end = if self.done { End::Found } else { end };
        self.observer.finish(end, &overview, &self.found, self.trouble.as_ref())
    }
}

/// The session of a hunt in this process.
impl Sink for Session {
    fn event(&mut self, event: Event) -> bool {
        Session::event(self, 0, event)
    }

    fn end(&mut self, event: Event) -> u8 {
        let end = match &event {
            Event::Ended(end, _) => *end,
            _ => End::Stopped,
        };
        Session::event(self, 0, event);
        self.finish(end)
    }
}
