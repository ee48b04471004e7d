//! From the choices of a strategy to a schedule a program can hold.

use super::prove::Replay;
use crate::exec::Runner;
use crate::machine::{Machine, Sched, Why};
use crate::prog::{Program, schedule_of};
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Schedule};
use crate::vocab::TASKS;
use std::collections::HashMap;

/// Executions spent on one schedule, at most.
const BUDGET: u32 = 400;

/// The schedule of named records under which `program` comes to the finding it came to when `path` was chosen, of this
/// check and kind. Where that takes more records than a program may hold, as many as can be are left out. `None`: they
/// cannot.
pub fn condense(
    runner: &mut Runner,
    program: &Program,
    path: &[u8],
    class: (&'static str, &'static str),
) -> Option<Schedule> {
    let start = path.first().copied()?;
    let mut program = program.clone();
    program.schedule = Schedule { start, records: Vec::new() };
    let mut schedule = record(runner, &program, &mut Replay::new(path.to_vec()), class)?;
    let mut chunk = schedule.records.len() / 2;
    let mut executions = 0;
    while schedule.records.len() > MAX_RECORDS && chunk > 0 {
        let mut at = 0;
        while at < schedule.records.len() && schedule.records.len() > MAX_RECORDS {
            if executions == BUDGET {
                return None;
            }
            executions += 1;
            let mut fewer = schedule.records.clone();
            fewer.drain(at..(at + chunk).min(fewer.len()));
            match record(runner, &program, &mut Long::new(&fewer), class) {
                Some(shorter) if shorter.records.len() < schedule.records.len() => schedule = shorter,
                _ => at += chunk,
            }
        }
        chunk /= 2;
    }
    (schedule.records.len() <= MAX_RECORDS).then_some(schedule)
}

/// The schedule of what `sched` chooses, if that leads to the finding.
fn record(
    runner: &mut Runner,
    program: &Program,
    sched: &mut dyn Sched,
    class: (&'static str, &'static str),
) -> Option<Schedule> {
    let recorded = runner.record_with(program, sched, false);
    let found = recorded.outcome.finding().is_some_and(|f| (f.check, f.kind) == class);
    found.then(|| schedule_of(&recorded.trace, program.schedule.start))
}

/// Preemptions of any number.
struct Long {
    to: HashMap<(u8, u8, Anchor, u16), u8>,
    seen: HashMap<(u8, u8, Anchor), u16>,
}

impl Long {
    fn new(records: &[Preempt]) -> Long {
        Long { to: records.iter().map(|p| (p.place(), p.to)).collect(), seen: HashMap::new() }
    }

    fn at(&mut self, task: u8, op: u8, anchor: Anchor) -> Option<u8> {
        let k = self.seen.entry((task, op, anchor)).or_insert(0);
        *k += 1;
        self.to.get(&(task, op, anchor, *k)).copied()
    }
}

impl Sched for Long {
    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let (task, op) = (cur as u8, m.op(cur));
        let mut to = None;
        if matches!(why, Why::Point | Why::Spin) {
            to = self.at(task, op, Anchor::Site(m.pending(cur).site)).or(self.at(task, op, Anchor::Nth));
        }
        if matches!(why, Why::Blocked | Why::Spin) {
            to = to.or(self.at(task, op, Anchor::Blocked));
        }
        if why == Why::End {
            to = self.at(task, op, Anchor::End);
        }
        let to = to.map(usize::from).filter(|t| runnable >> t & 1 != 0);
        to.unwrap_or_else(|| m.default_choice(cur, runnable))
    }
}

/// Notes the choices of another strategy as a schedule: the same execution, if they are not too many.
pub struct Noting<'a> {
    inner: &'a mut dyn Sched,
    out: &'a mut Schedule,
    /// How often the operation a task is in was asked for while it could not go on.
    blocked: [(u8, u16); TASKS],
}

impl Noting<'_> {
    pub fn new<'a>(inner: &'a mut dyn Sched, out: &'a mut Schedule) -> Noting<'a> {
        out.records.clear();
        Noting { inner, out, blocked: [(0, 0); TASKS] }
    }

    fn anchor(&mut self, m: &Machine, why: Why, cur: usize) -> (Anchor, u16) {
        match why {
            Why::Point => (Anchor::Nth, m.nth(cur) as u16),
            Why::End => (Anchor::End, 1),
            Why::Blocked | Why::Spin => {
                let op = m.op(cur);
                let (of, times) = self.blocked[cur];
                self.blocked[cur] = (op, if of == op { times + 1 } else { 1 });
                (Anchor::Blocked, self.blocked[cur].1)
            }
        }
    }
}

impl Sched for Noting<'_> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        let start = self.inner.start(m, cpu);
        self.out.start = start as u8;
        start
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        let to = self.inner.pick(m, why, cur, runnable);
        let usual = why == Why::Point && to == cur;
        if !usual && self.out.records.len() < MAX_RECORDS {
            let (anchor, k) = self.anchor(m, why, cur);
            if to != m.default_choice(cur, runnable) {
                self.out.records.push(Preempt { cpu: cur as u8, op: m.op(cur), anchor, k, to: to as u8 });
            }
        }
        to
    }
}
