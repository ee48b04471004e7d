//! Where an execution stands in a claim.

use crate::machine::{Machine, Sched, Sink, Why, m};
use crate::prog::{Claim, ClaimFailure, ClaimLine, ClaimOutcome, Expr, Place, Spot, SpotKind};
use crate::sched::Gate;
use crate::vocab::*;
use std::cell::RefCell;
use std::rc::Rc;

/// How an execution stands to the claim.
#[derive(Clone, Debug)]
pub enum State {
    Open,
    Met,
    Failed(ClaimFailure),
}

/// Follows one execution after the other. The machine's strategy asks it as a [`Gate`], and tells it who goes on;
/// events come through [`Listener`].
pub struct Tracker {
    claim: Rc<Claim>,
    /// Lines that name a step of each task, as bit sets.
    of_task: [u64; TASKS],
    /// Tasks with a line `until blocked`.
    watched: u32,
    // ----- the running execution -----
    /// The line that is to happen next.
    pub cursor: usize,
    pub state: State,
    /// Number of the event by which each line happened; the one of the failure last.
    pub met: Vec<u32>,
    counts: Vec<u16>,
    /// Lines whose step each task makes next.
    at: [u64; TASKS],
    /// The access of the step a task is making.
    event: [Option<Event>; TASKS],
    /// Functions entered since the task's last point.
    calls: [Vec<u32>; TASKS],
    ended: u32,
    ops_done: [u16; TASKS],
    /// Tasks whose last step ended an operation.
    op_ended: u32,
    /// Tasks that stopped at an `until` and have made no named step since.
    stopped: u32,
    waiting: u32,
    held: u32,
}

impl Tracker {
    pub fn new(claim: Rc<Claim>) -> Tracker {
        let mut of_task = [0; TASKS];
        let mut watched = 0;
        for (i, line) in claim.lines.iter().enumerate() {
            match line {
                ClaimLine::Until(who, Place::Blocked) => watched |= 1 << who.task,
                _ if line.spot().is_some() => {
                    if let Some(who) = line.who() {
                        of_task[who.task as usize % TASKS] |= 1 << i;
                    }
                }
                _ => {}
            }
        }
        Tracker {
            of_task,
            watched,
            cursor: 0,
            state: State::Open,
            met: Vec::new(),
            counts: vec![0; claim.lines.len()],
            at: [0; TASKS],
            event: [None; TASKS],
            calls: Default::default(),
            ended: 0,
            ops_done: [0; TASKS],
            op_ended: 0,
            stopped: 0,
            waiting: 0,
            held: 0,
            claim,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    fn fail(&mut self, seq: u32, why: ClaimFailure) {
        self.met.push(seq);
        self.state = State::Failed(why);
    }

    /// The line that is to happen next, and whose it is.
    fn next_task(&self) -> Option<usize> {
        self.claim.lines.get(self.cursor).and_then(ClaimLine::who).map(|w| w.task as usize)
    }

    fn is_step(&self, line: usize) -> bool {
        matches!(self.claim.lines.get(line), Some(ClaimLine::Step(..)))
    }

    /// The line at `cursor` has happened.
    fn meet(&mut self, seq: u32) {
        self.met.push(seq);
        self.cursor += 1;
        if self.cursor == self.claim.lines.len() {
            self.state = State::Met;
        }
    }

    /// The step of `task` is over: was it the one that was to happen?
    fn finish(&mut self, task: usize) -> bool {
        let made = std::mem::take(&mut self.at[task]);
        let event = self.event[task].take();
        let steps = lines(made).filter(|i| self.is_step(*i)).count() != 0;
        if !self.is_open() {
            return steps;
        }
        if made >> self.cursor & 1 != 0
            && let Some(ClaimLine::Step(_, spot, outcome)) = self.claim.lines.get(self.cursor)
            && let Some(event) = event
        {
            self.stopped &= !(1 << task);
            match is_as_claimed(&event, spot, *outcome) {
                true => self.meet(event.seq),
                false => self.fail(event.seq, ClaimFailure::Outcome(event)),
            }
        }
        steps
    }

    /// The task stands before its next access.
    fn position(&mut self, m: &Machine, task: usize) {
        let op = m.op(task);
        let mut calls = std::mem::take(&mut self.calls[task]);
        if task >= CPUS || (op as usize) < OPS_PER_CPU {
            let (site, place) = (m.current_site(), m.pending(task).obj.place());
            let claim = Rc::clone(&self.claim);
            for i in lines(self.of_task[task]) {
                let line = &claim.lines[i];
                let (Some(who), Some(spot)) = (line.who(), line.spot()) else { continue };
                let here = who.op.is_none_or(|o| o == op)
                    && (spot.k != 1 || can_come_out(m.pending(task).obj.field(), line))
                    && spot.of.is_none_or(|(class, n)| place.class == class && place.index == n)
                    && match spot.kind {
                        SpotKind::Site(hash) => site.hash() == hash,
                        SpotKind::Label(hash) => site.label.hash == hash,
                        SpotKind::Function(hash) => calls.contains(&hash),
                    };
                if here {
                    self.counts[i] = self.counts[i].saturating_add(1);
                    self.at[task] |= u64::from(self.counts[i] == spot.k) << i;
                }
            }
        }
        calls.clear();
        self.calls[task] = calls;
    }

    /// Which of the tasks that may have to be found waiting wait.
    fn look_who_waits(&mut self, m: &Machine) -> bool {
        let mut waiting = 0;
        for task in (0..TASKS).filter(|t| self.watched >> t & 1 != 0 && self.ended >> t & 1 == 0) {
            m.peek(m.pending(task).obj);
            waiting |= u32::from(m.would_block(task) || m.waiting_on(task).is_some()) << task;
        }
        std::mem::replace(&mut self.waiting, waiting) != waiting
    }

    /// Goes on over lines that no step has to be made for.
    fn advance(&mut self, m: &Machine) {
        while self.is_open() {
            let seq = m.seq();
            let claim = Rc::clone(&self.claim);
            match &claim.lines[self.cursor] {
                ClaimLine::Step(..) => break,
                ClaimLine::Until(who, place) => {
                    let task = who.task as usize;
                    let there = match place {
                        Place::Before(_) => self.at[task] >> self.cursor & 1 != 0,
                        Place::End => match who.op {
                            None => self.ended >> task & 1 != 0,
                            Some(op) => self.ops_done[task] >> op & 1 != 0,
                        },
                        Place::Blocked => self.waiting >> task & 1 != 0,
                    };
                    if !there {
                        break;
                    }
                    self.stopped |= u32::from(*place != Place::End) << task;
                    self.meet(seq);
                }
                ClaimLine::State(expr) => match wrong(m, expr) {
                    None => self.meet(seq),
                    Some(why) => self.fail(seq, ClaimFailure::State(why)),
                },
            }
        }
        self.look_for_dead_end(m);
    }

    /// The next line may not happen any more.
    fn look_for_dead_end(&mut self, m: &Machine) {
        let Some(line) = self.claim.lines.get(self.cursor).filter(|_| self.is_open()) else { return };
        let Some(who) = line.who() else { return };
        let task = who.task as usize;
        let over = self.ended >> task & 1 != 0 && task < CPUS;
        let done = who.op.is_some_and(|op| self.ops_done[task] >> op & 1 != 0);
        let ends = matches!(line, ClaimLine::Until(_, Place::End));
        if (over || done) && !ends {
            return self.fail(m.seq(), ClaimFailure::Gone);
        }
        let waits = |i: &usize| *i > self.cursor;
        if let Some(later) = lines(self.at[task]).find(waits).filter(|_| self.at[task] >> self.cursor & 1 == 0) {
            self.fail(m.seq(), ClaimFailure::Later(later));
        }
    }

    fn hold(&mut self) {
        self.held = 0;
        if !self.is_open() {
            return;
        }
        let next = self.next_task();
        for task in 0..TASKS {
            let waits = lines(self.at[task]).any(|i| if self.is_step(i) { i > self.cursor } else { i >= self.cursor });
            let stays = self.stopped >> task & 1 != 0 && next != Some(task);
            let other = self.claim.exactly && task < CPUS && next.is_some_and(|t| t != task);
            self.held |= u32::from(waits || stays || other) << task;
        }
    }

    fn capture(&mut self, m: &Machine, e: &Event) -> bool {
        let task = e.task as usize;
        match e.kind {
            Kind::Note => match e.note {
                Note::OpEnd => {
                    self.ops_done[task] |= 1 << e.op.min(15);
                    self.op_ended |= 1 << task;
                }
                Note::Deadlock | Note::NoProgress => {
                    self.stuck(m);
                    return true;
                }
                _ => {}
            },
            Kind::Barrier => {}
            _ if self.at[task] != 0 => drop(self.event[task].get_or_insert(*e)),
            _ => {}
        }
        false
    }
}

impl Gate for Tracker {
    fn begin(&mut self, m: &Machine) {
        self.cursor = 0;
        self.state = State::Open;
        self.met.clear();
        self.counts.iter_mut().for_each(|c| *c = 0);
        self.at = [0; TASKS];
        self.event = [None; TASKS];
        self.calls.iter_mut().for_each(Vec::clear);
        (self.ended, self.op_ended, self.stopped, self.waiting) = (0, 0, 0, 0);
        self.ops_done = [0; TASKS];
        self.advance(m);
        self.hold();
    }

    fn arrived(&mut self, m: &Machine, why: Why, cur: usize) {
        // A lock it sleeps for is not taken yet.
        let asleep = why == Why::Blocked && self.event[cur].is_none();
        let mut touched = !asleep && self.finish(cur);
        let before = self.cursor;
        match why {
            Why::Point | Why::Spin => self.position(m, cur),
            Why::Blocked => {}
            Why::End => self.ended |= 1 << cur,
        }
        let ended = why == Why::End || self.op_ended >> cur & 1 != 0;
        self.op_ended &= !(1 << cur);
        touched |= ended && self.claim.lines.iter().any(|l| l.who().is_some_and(|w| w.task as usize == cur));
        touched |= self.at[cur] != 0 || self.watched != 0 && self.look_who_waits(m);
        if self.is_open() {
            self.advance(m);
        }
        touched |= self.cursor != before || !self.is_open();
        if touched {
            m.touch(crate::machine::Hidden::Claim, crate::machine::Access::Write);
        }
        self.hold();
    }

    fn held(&self) -> u32 {
        self.held
    }

    fn is_over(&self) -> bool {
        !self.is_open()
    }

    fn stuck(&mut self, m: &Machine) {
        if !self.is_open() {
            return;
        }
        let waits = self.next_task().and_then(|t| {
            let lock = m.would_block(t).then(|| m.pending(t).obj);
            lock.or_else(|| m.waiting_on(t))
        });
        self.fail(m.seq(), ClaimFailure::Waits(waits));
    }
}

fn lines(set: u64) -> impl Iterator<Item = usize> {
    (0..u64::BITS as usize).filter(move |i| set >> i & 1 != 0)
}

/// What is wrong with the state, if it is not as claimed. The cells are looked at by the step that led to it.
fn wrong(m: &Machine, expr: &Expr) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for (obj, bits) in expr.cells() {
        let word = match obj.as_folio().filter(|_| obj.field() == Field::Flags) {
            Some(folio) => m.peek_flags(folio, bits),
            None => m.peek(obj),
        };
        words.push((obj, word));
    }
    let word = |obj: Obj| words.iter().find(|w| w.0 == obj).map_or(0, |w| w.1);
    (!expr.holds(&word)).then(|| expr.contradictions(&word))
}

/// Whether an access to this field can have the outcome the line claims: a first step that cannot is not the one meant.
fn can_come_out(field: Field, line: &ClaimLine) -> bool {
    let ClaimLine::Step(_, _, Some(outcome)) = line else { return true };
    match outcome {
        ClaimOutcome::Folio(_) => matches!(field, Field::Slot | Field::PteCell),
        ClaimOutcome::File(_) => field == Field::FolioMapping,
        ClaimOutcome::Null => !matches!(field, Field::Flags | Field::Refcount),
        ClaimOutcome::Ref(..) => field == Field::Refcount,
        ClaimOutcome::Ok | ClaimOutcome::Fail | ClaimOutcome::Number(_) => true,
    }
}

/// What a step returns, as a number.
fn returned(e: &Event) -> i64 {
    match e.note {
        Note::TestFlag | Note::TestAndSetFlag | Note::TestAndClearFlag => i64::from(e.old & u64::from(e.aux) != 0),
        Note::RefPut => i64::from(e.new == 0),
        Note::RefTryGet | Note::RefFreeze | Note::FolioTrylock => i64::from(e.kind != Kind::RmwFail),
        _ => match e.kind {
            Kind::Load => e.old as i64,
            Kind::Store | Kind::Rmw => e.new as i64,
            _ => i64::from(e.kind != Kind::RmwFail),
        },
    }
}

fn is_ok(e: &Event) -> bool {
    match e.note {
        Note::TestAndSetFlag => returned(e) == 0,
        Note::TestFlag | Note::TestAndClearFlag => returned(e) != 0,
        _ if e.kind == Kind::Load => e.old != 0,
        _ => e.kind != Kind::RmwFail,
    }
}

fn is_as_claimed(e: &Event, spot: &Spot, outcome: Option<ClaimOutcome>) -> bool {
    let count = match e.note {
        Note::RefFreeze | Note::RefUnfreeze => e.aux,
        _ => Owner::from_aux(e.aux).2,
    };
    if spot.count.is_some_and(|n| e.obj.field() != Field::Refcount || n != count) {
        return false;
    }
    let word = if e.kind == Kind::Load { e.old } else { e.new };
    match outcome {
        None => true,
        Some(ClaimOutcome::Ok) => is_ok(e),
        Some(ClaimOutcome::Fail) => !is_ok(e),
        Some(ClaimOutcome::Number(n)) => returned(e) == n,
        Some(ClaimOutcome::Null) => word == 0,
        Some(ClaimOutcome::Folio(f)) => match e.obj.field() {
            Field::Slot => word == u64::from(f) + 1,
            Field::PteCell => Pte(word).page() == Some(f as usize),
            _ => false,
        },
        Some(ClaimOutcome::File(n)) => {
            e.obj.field() == Field::FolioMapping && as_file_mapping(word).is_some_and(|(m, _)| m == n as usize)
        }
        Some(ClaimOutcome::Ref(old, new)) => {
            e.obj.field() == Field::Refcount && (e.old as i64, e.new as i64) == (old, new)
        }
    }
}

/// The events of an execution, for its tracker.
pub struct Listener(pub Rc<RefCell<Tracker>>);

impl Sink for Listener {
    fn on(&mut self, m: &Machine, e: &Event) -> bool {
        self.0.borrow_mut().capture(m, e)
    }

    fn on_enter(&mut self, func: &'static Name) {
        self.0.borrow_mut().calls[m().task()].push(func.hash);
    }
}

/// Another strategy, followed by a tracker that holds nobody back.
pub struct Followed<'a> {
    pub inner: &'a mut dyn Sched,
    pub tracker: Rc<RefCell<Tracker>>,
    /// Lines that had happened when a task went on that the claim holds: the rest is none of the claim's.
    pub left: Option<usize>,
    /// After so many choices nobody could go on.
    pub ends: Option<usize>,
    choices: usize,
}

impl<'a> Followed<'a> {
    pub fn new(inner: &'a mut dyn Sched, tracker: Rc<RefCell<Tracker>>) -> Followed<'a> {
        Followed { inner, tracker, left: None, ends: None, choices: 0 }
    }

    fn look(&mut self, task: usize) -> usize {
        self.choices += 1;
        let tracker = self.tracker.borrow();
        if tracker.held() >> task & 1 != 0 {
            self.left.get_or_insert(tracker.cursor);
        }
        task
    }
}

impl Sched for Followed<'_> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        self.tracker.borrow_mut().begin(m);
        let task = self.inner.start(m, cpu);
        self.look(task)
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        self.tracker.borrow_mut().arrived(m, why, cur);
        if self.ends == Some(self.choices) {
            self.tracker.borrow_mut().stuck(m);
        }
        let task = self.inner.pick(m, why, cur, runnable);
        self.look(task)
    }
}
