//! A job: a hunt in a process of its own. It reads what to do from the standard input, a line of JSON, and writes what
//! it finds to the standard output, [`Event`]s. When the standard input ends, whoever has started it is gone.

use super::super::setup::Setup;
use super::super::store::Claim;
use super::{End, Event, Options, Orders, Sink, driver};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::thread;

/// The first line: what to hunt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub setup: Setup,
    pub runs: Option<u64>,
    pub seed: u64,
    pub corpus: Option<PathBuf>,
    pub texts: bool,
    pub out: PathBuf,
    /// A word that only this hunt has, and the number of the job.
    pub hunt: String,
    pub job: usize,
    pub known: Vec<String>,
    pub adopt: bool,
}

/// The lines that follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// A signature that is no news any more.
    Known(String),
    Stop,
}

/// Does what the standard input says until the process ends. Returns only if it could not begin.
pub fn job(orders: Orders) -> String {
    let mut lines = std::io::stdin().lock().lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    drop(lines);
    let task: Task = match serde_json::from_str(&first) {
        Ok(task) => task,
        Err(e) => return format!("a job is started by `hunt --jobs`: {e}"),
    };
    let heard = orders.clone();
    thread::spawn(move || listen(&heard));
    let Task { setup, runs, seed, corpus, texts, out, hunt, job, known, adopt } = task;
    let (time, shared, by) = (None, corpus.is_some(), Claim { hunt, job });
    let options = Options { setup, runs, time, seed, shared, corpus, texts, out, by, known, adopt };
    super::run(options, orders, Box::new(Pipe))
}

fn listen(orders: &Orders) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Order::Known(signature)) => {
                orders.known.lock().unwrap_or_else(PoisonError::into_inner).push(signature);
            }
            _ => orders.stop.store(true, Ordering::Relaxed),
        }
    }
    driver::end_process(0);
}

/// The standard output.
struct Pipe;

impl Pipe {
    fn write(event: &Event) -> bool {
        let Ok(mut line) = serde_json::to_string(event) else { return false };
        line.push('\n');
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_ok()
    }
}

impl Sink for Pipe {
    fn event(&mut self, event: Event) -> bool {
        !Pipe::write(&event)
    }

    fn end(&mut self, event: Event) -> u8 {
        Pipe::write(&event);
        match event {
            Event::Ended(End::Budget | End::Found | End::Stopped, _) => 0,
            _ => 4,
        }
    }
}
