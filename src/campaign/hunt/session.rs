//! One hunt as its user sees it, whatever number of jobs it has: counts added up, each signature once.

use super::super::setup::Setup;
use super::{Announced, End, Event, Found, Keeper, Sink, Stats};
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
    /// A word that only this hunt has.
    pub hunt: String,
    /// Findings that others have left unminimized are minimized, too.
    pub adopt: bool,
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
    /// Signatures that are saved, and not minimized.
    pub unfinished: &'a [String],
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
    keeper: Option<Keeper>,
    /// What was known when it began.
    known: Vec<String>,
    started: Instant,
}

impl Session {
    /// `keeper`: of the campaign this is a part of.
    pub fn new(plan: &Plan, keeper: Option<Keeper>, observer: Box<dyn Observer>) -> Result<Session, String> {
        // A correct variant causes nothing.
        let expected = |id: &BugId| BUGS.get(id.0 as usize).is_some_and(|b| b.predictive.is_some());
        let mut session = Session {
            observer,
            jobs: vec![Job { alive: true, ..Job::default() }; plan.jobs.max(1)],
            found: if plan.adopt { keeper.as_ref().map_or(Vec::new(), Keeper::found) } else { Vec::new() },
            known: if plan.adopt { keeper.as_ref().map_or(Vec::new(), Keeper::known) } else { Vec::new() },
            announced: BTreeMap::new(),
            wanted: plan.setup.model()?.bugs.iter().filter(expected).collect(),
            keep_going: plan.keep_going,
            has_corpus: plan.corpus.is_some(),
            done: false,
            trouble: None,
            keeper,
            started: Instant::now(),
        };
        session.done = session.is_done();
        Ok(session)
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
        if let Some(keeper) = &mut self.keeper {
            new.first_exec = keeper.note_found(&new.signature, new.first_exec, self.started.elapsed());
        }
        self.announced.insert(new.signature.clone(), new.first_exec);
        self.observer.announced(&new);
    }

    fn take(&mut self, mut found: Found) {
        if self.found.iter().any(|f| f.signature == found.signature) {
            return;
        }
        found.first_exec = self.announced.get(&found.signature).copied().unwrap_or(found.first_exec);
        self.observer.found(&found);
        self.found.push(found);
        self.done = self.is_done();
    }

    /// Whether everything that was to be expected is found.
    fn is_done(&self) -> bool {
        let caught: BugSet = self.found.iter().flat_map(|f| &f.cause).filter_map(|b| preset::find_bug(b)).collect();
        let unexpected = self.found.iter().any(|f| f.cause.is_empty());
        !self.keep_going
            && !self.found.is_empty()
            && (self.wanted.is_empty() || unexpected || (self.wanted - caught).is_empty())
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
        if let Some(keeper) = &self.keeper {
            keeper.add_before(&mut total);
        }
        total.quiet = self.jobs.iter().map(|j| j.stats.quiet).min().unwrap_or_default();
        total
    }

    /// Signatures that are no news to a job that begins now.
    pub fn known(&self) -> Vec<String> {
        self.known.iter().chain(self.announced.keys()).cloned().collect()
    }

    /// Shows and takes down how far it is.
    pub fn progress(&mut self) {
        let total = self.total();
        self.keep(&total, None);
        let unfinished = self.unfinished();
        let overview = overview(&total, &unfinished, &self.found, &self.jobs, self.has_corpus);
        self.observer.progress(&overview);
    }

    fn keep(&mut self, total: &Stats, end: Option<End>) {
        let kept = self.keeper.as_mut().map_or(Ok(()), |k| k.tick(total, end));
        if let Err(why) = kept {
            self.trouble = self.trouble.take().or(Some(Trouble::Failed(why)));
        }
    }

    fn unfinished(&self) -> Vec<String> {
        let finished = |signature: &String| self.found.iter().any(|f| f.signature == *signature);
        self.announced.keys().filter(|s| !finished(s)).cloned().collect()
    }

    /// The end; the exit status of the process.
    pub fn finish(&mut self, end: End) -> u8 {
        let end = if self.done { End::Found } else { end };
        let total = self.total();
        self.keep(&total, Some(end));
        let unfinished = self.unfinished();
        let overview = overview(&total, &unfinished, &self.found, &self.jobs, self.has_corpus);
        self.observer.finish(end, &overview, &self.found, self.trouble.as_ref())
    }
}

fn overview<'a>(
    total: &'a Stats,
    unfinished: &'a [String],
    found: &[Found],
    jobs: &'a [Job],
    has_corpus: bool,
) -> Overview<'a> {
    Overview { total, findings: found.len(), unfinished, jobs, has_corpus }
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
