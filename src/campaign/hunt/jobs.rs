//! A hunt in several processes: this one starts them, hears what they find, starts anew what dies, and ends them.

use super::job::{Order, Task};
use super::{End, Event, Plan, Session};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Times a job is started anew.
const RESTARTS: u32 = 3;
/// How long jobs may take to end; minimizing a finding takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(100);
/// Lines of a dead process that are shown.
const LAST_WORDS: usize = 3;

/// What comes from the process of a job.
pub(super) enum Said {
    Event(Event),
    /// Its standard output has ended.
    Nothing,
}

pub(super) type Line = (usize, Said);

/// A job and its process.
struct Worker {
    process: Option<Process>,
    /// Its last event has come.
    ended: bool,
    restarts: u32,
}

pub(super) struct Process {
    child: Child,
    orders: Option<ChildStdin>,
    words: Arc<Mutex<VecDeque<String>>>,
}

struct Supervisor {
    plan: Plan,
    session: Session,
    workers: Vec<Worker>,
    sender: Sender<Line>,
    started: Instant,
    /// Since when the jobs are to end, and why.
    ending: Option<(Instant, End)>,
    /// The system gave no process, or a job died too often.
    given_up: bool,
}

/// Hunts in `plan.jobs` processes until all have ended; the exit status.
pub fn supervise(plan: Plan, session: Session, stop: &AtomicBool) -> Result<u8, String> {
    let (sender, receiver) = channel();
    let workers = (0..plan.jobs).map(|_| Worker { process: None, ended: false, restarts: 0 }).collect();
    let (started, ending) = (Instant::now(), None);
    let mut all = Supervisor { plan, session, workers, sender, started, ending, given_up: false };
    for job in 0..all.workers.len() {
        if let Err(e) = all.start(job) {
            all.kill();
            return Err(format!("job {job} cannot be started: {e}"));
        }
    }
    all.serve(&receiver, stop);
    Ok(all.finish())
}

/// The seed of a process; of the first one of the first job it is the hunt's.
fn seed(seed: u64, job: usize, restarts: u32) -> u64 {
    let number = (job as u64) << 32 | u64::from(restarts);
    match number {
        0 => seed,
        n => super::super::setup::mix(seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
    }
}

/// This program, even if its file has been replaced since.
fn this_program() -> std::io::Result<std::path::PathBuf> {
    let link = Path::new("/proc/self/exe");
    if link.exists() { Ok(link.to_path_buf()) } else { std::env::current_exe() }
}

impl Supervisor {
    fn start(&mut self, job: usize) -> std::io::Result<()> {
        let process = Process::start(&self.task(job), &self.sender)?;
        self.workers[job].process = Some(process);
        Ok(())
    }

    fn task(&self, job: usize) -> Task {
        let Plan { setup, corpus, texts, out, .. } = &self.plan;
        let done = self.session.jobs[job].execs();
        Task {
            setup: setup.clone(),
            runs: self.share(job).map(|n| n.saturating_sub(done)),
            seed: seed(self.plan.seed, job, self.workers[job].restarts),
            corpus: corpus.clone(),
            texts: *texts,
            out: out.clone(),
            hunt: self.plan.hunt.clone(),
            job,
            known: self.session.known(),
            adopt: self.plan.adopt && job == 0,
        }
    }

    /// A job's part of the executions.
    fn share(&self, job: usize) -> Option<u64> {
        let jobs = self.workers.len() as u64;
        self.plan.runs.map(|n| n / jobs + u64::from((job as u64) < n % jobs))
    }

    fn serve(&mut self, receiver: &Receiver<Line>, stop: &AtomicBool) {
        while self.workers.iter().any(|w| w.process.is_some()) {
            match receiver.recv_timeout(TICK) {
                Ok((job, Said::Event(event))) => self.event(job, event),
                Ok((job, Said::Nothing)) => self.ended(job),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => self.session.progress(),
            }
            if stop.load(Ordering::Relaxed) {
                self.end(End::Stopped);
            } else if self.plan.time.is_some_and(|t| self.started.elapsed() >= t) {
                self.end(End::Budget);
            }
            if self.ending.is_some_and(|(since, _)| since.elapsed() > PATIENCE) {
                self.kill();
            }
        }
    }

    fn event(&mut self, job: usize, event: Event) {
        match &event {
            Event::Announced(new) => {
                let order = Order::Known(new.signature.clone());
                let others = self.workers.iter_mut().enumerate().filter(|(j, _)| *j != job);
                others.filter_map(|(_, w)| w.process.as_mut()).for_each(|p| p.say(&order));
            }
            Event::Ended(end, _) => self.workers[job].ended = *end == End::Budget || self.ending.is_some(),
            _ => {}
        }
        if self.session.event(job, event) {
            self.end(End::Found);
        }
    }

    /// All jobs are to end.
    fn end(&mut self, why: End) {
        if self.ending.is_none() {
            self.ending = Some((Instant::now(), why));
            self.workers.iter_mut().filter_map(|w| w.process.as_mut()).for_each(|p| p.say(&Order::Stop));
        }
    }

    fn kill(&mut self) {
        self.workers.iter_mut().filter_map(|w| w.process.as_mut()).for_each(|p| drop(p.child.kill()));
    }

    /// The process of a job has ended: as it should, or not.
    fn ended(&mut self, job: usize) {
        let Some(mut process) = self.workers[job].process.take() else { return };
        let status = process.child.wait();
        if self.workers[job].ended {
            self.session.jobs[job].alive = false;
            return;
        }
        let worker = &mut self.workers[job];
        let again = self.ending.is_none() && worker.restarts < RESTARTS;
        worker.restarts += u32::from(again);
        let (n, execs) = (worker.restarts, self.session.jobs[job].execs());
        let how = status.map_or_else(|e| e.to_string(), how_it_died);
        let then = if again { format!("started anew ({n} of {RESTARTS})") } else { "given up".to_string() };
        let mut text = format!("job {job} died ({how}) after {execs} executions; {then}");
        for words in process.last_words() {
            text.push_str(&format!("\n  {words}"));
        }
        self.session.lost(job, again, &text);
        self.given_up |= !again && self.ending.is_none();
        if again && let Err(e) = self.start(job) {
            self.session.lost(job, false, &format!("job {job} cannot be started: {e}"));
            self.given_up = true;
        }
    }

    fn finish(mut self) -> u8 {
        if self.given_up {
            let message = "a job died too often".to_string();
            self.session.event(0, Event::Defect(message));
        }
        self.session.finish(self.ending.map_or(End::Budget, |(_, end)| end))
    }
}

impl Process {
    /// Starts a hunt that speaks as job `task.job`.
    pub(super) fn start(task: &Task, sender: &Sender<Line>) -> std::io::Result<Process> {
        let mut command = Command::new(this_program()?);
        command.arg0("foliofuzz").args(["hunt", "--job"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let words = Arc::new(Mutex::new(VecDeque::new()));
        if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
            let (job, sender, last) = (task.job, sender.clone(), Arc::clone(&words));
            thread::spawn(move || hear(job, out, &sender));
            thread::spawn(move || overhear(err, &last));
        }
        let mut process = Process { orders: child.stdin.take(), child, words };
        process.say(task);
        Ok(process)
    }

    /// Ends it at once.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its last lines on the standard error stream.
    pub(super) fn last_words(&self) -> Vec<String> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whoever has died hears nothing; that is seen elsewhere.
    fn say(&mut self, what: &impl serde::Serialize) {
        if let (Some(orders), Ok(line)) = (&mut self.orders, serde_json::to_string(what)) {
            let _ = orders.write_all(format!("{line}\n").as_bytes()).and_then(|()| orders.flush());
        }
    }
}

fn how_it_died(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (_, Some(code)) => format!("exit status {code}"),
        _ => status.to_string(),
    }
}

/// Passes on what a job says; a line that is cut off came from one that died.
fn hear(job: usize, out: impl Read, to: &Sender<Line>) {
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        if let Ok(event) = serde_json::from_str(&line) {
            let _ = to.send((job, Said::Event(event)));
        }
    }
    let _ = to.send((job, Said::Nothing));
}

/// Keeps the last lines.
fn overhear(err: impl Read, last: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(err).lines().map_while(Result::ok) {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_WORDS {
            last.pop_front();
        }
        last.push_back(line);
    }
}
