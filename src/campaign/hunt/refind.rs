//! Whether a hunt finds what it is known to find, and after how many executions.

use super::super::setup::Setup;
use super::Event;
use super::job::Task;
use super::jobs::{Process, Said};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A hunt for something known.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    pub setup: Setup,
    pub seed: u64,
    /// Any of these bugs is to cause a finding.
    pub bugs: &'a [String],
    pub runs: Option<u64>,
    pub time: Duration,
    /// A folder for findings that nobody wants to keep.
    pub out: &'a Path,
}

/// How it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refound {
    /// In this execution, with this signature.
    Found(u64, String),
    /// Not in so many executions.
    Missed(u64),
}

/// Hunts in a process of its own until one of the bugs has caused a finding. An error is a defect, in one line.
pub fn refind(search: &Search, stop: &AtomicBool) -> Result<Refound, String> {
    let task = Task {
        setup: search.setup.clone(),
        runs: search.runs,
        seed: search.seed,
        corpus: None,
        texts: false,
        out: search.out.to_path_buf(),
        hunt: "selftest".to_string(),
        job: 0,
        known: Vec::new(),
        adopt: false,
    };
    let (sender, receiver) = channel();
    let mut process = Process::start(&task, &sender).map_err(|e| format!("a hunt cannot be started: {e}"))?;
    let (begun, mut execs) = (Instant::now(), 0);
    let ended = loop {
        match receiver.recv_timeout(Duration::from_millis(50)) {
            Ok((_, Said::Event(Event::Found(found)))) if found.cause.iter().any(|c| search.bugs.contains(c)) => {
                break Ok(Refound::Found(found.first_exec, found.signature));
            }
            Ok((_, Said::Event(Event::Progress(stats)))) => execs = stats.execs,
            Ok((_, Said::Event(Event::Ended(_, stats)))) => break Ok(Refound::Missed(stats.execs)),
            Ok((_, Said::Event(Event::Defect(why) | Event::Failed(why)))) => break Err(why),
            Ok((_, Said::Event(_))) | Err(RecvTimeoutError::Timeout) => {}
            Ok((_, Said::Nothing)) | Err(RecvTimeoutError::Disconnected) => {
                break Err(format!("a hunt died: {}", process.last_words().join(" ")));
            }
        }
        if begun.elapsed() >= search.time || stop.load(Ordering::Relaxed) {
            break Ok(Refound::Missed(execs));
        }
    };
    process.kill();
    ended
}
