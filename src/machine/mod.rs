//! The machine a kernel runs on: tasks, shared-memory cells with memory orders, scheduling points, blocking, events.
//!
//! One machine is ambient while an execution runs (a thread-local pointer set by [`Machine::enter`]), so that kernel
//! code can be written with plain copyable handles. Every access to shared state goes through [`Machine::load`],
//! [`Machine::store`], [`Machine::rmw`] or a lock: each is a scheduling point *before* the access, with the pending
//! access visible to the strategy, and an event after it. Nothing here knows the engine that switches stacks: it is
//! reached through [`Host`].
//!
//! All mutable fields are cells and no reference into them is held across a point: several stacks share the machine.

mod frame;
mod sched;
mod task;
mod touch;
mod trace;

pub use frame::{Frame, Label};
pub use sched::{Sched, Why};
pub use task::{SPIN_POINTS, SPIN_ROUNDS, STACK_DEPTH, Section};
pub use touch::{Access, CELLS, CellId, Hidden, Touch};
pub use trace::{Quiet, Recorder, Step, Switch, Trace};

use crate::vocab::{CPUS, Event, Kind, Model, Name, Note, Obj, Order, Pending, Site, TASKS, Topics, cpu_of_task};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::panic::resume_unwind;
use task::Task;

/// How the engine is reached. `exec` fills it in.
#[derive(Clone, Copy)]
pub struct Host {
    /// Gives the processor to the task [`Machine::next`] names; returns when this task is chosen again.
    pub switch: fn(),
    /// Marks a task blocked for the engine.
    pub block: fn(task: usize),
    pub unblock: fn(task: usize),
    /// Starts a service task.
    pub spawn: fn(task: usize),
}

impl Host {
    /// A host for straight-line use, where no other task exists.
    pub const NONE: Host = Host { switch: || {}, block: |_| {}, unblock: |_| {}, spawn: |_| {} };
}

/// Receives every event the machine's [`Topics`] subscribe to. It only observes: it may not touch the machine's memory.
pub trait Sink {
    /// Returns true to end the execution here (a finding).
    fn on(&mut self, m: &Machine, e: &Event) -> bool;
    /// A task stops and another runs. `default` is what the default order would have chosen.
    fn on_switch(&mut self, _m: &Machine, _why: Why, _from: usize, _to: usize, _default: usize) {}
    /// A scheduling point is reached (only while [`Machine::set_recording`] is on).
    fn on_point(&mut self, _m: &Machine, _task: usize) {}
    /// A modelled function is entered (only while [`Machine::set_recording`] is on).
    fn on_enter(&mut self, _func: &'static Name) {}
}

/// Why an execution ended before its last operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Halted {
    /// The sink asked for it.
    Found,
    /// The step budget is used up.
    Budget,
    /// The strategy has no use for the rest.
    Pruned,
    /// The engine itself failed; another task panicked.
    Panic,
}

/// The payload tasks unwind with when the execution is halted.
pub struct Halt;

thread_local! {
    static MACHINE: Cell<*const Machine> = const { Cell::new(std::ptr::null()) };
}

/// The machine of the running execution.
#[inline]
pub fn m() -> &'static Machine {
    let p = MACHINE.get();
    debug_assert!(!p.is_null(), "no machine is running");
    // SAFETY: `enter` stored the pointer of a machine it borrows until the execution has ended, and clears it then.
    // Kernel code runs only in between. The 'static lifetime never leaves a task's stack, all of which have ended by
    // then.
    unsafe { &*p }
}

/// A simulated machine. Kept and reset between executions; see the module's description.
pub struct Machine {
    words: [Cell<u64>; Obj::COUNT],
    tasks: [Task; TASKS],
    pend: [Cell<Pending>; TASKS],
    cur: Cell<usize>,
    next: Cell<usize>,
    live: Cell<u32>,
    runnable: Cell<u32>,
    /// Whether a service task has been started.
    served: Cell<bool>,
    parked: Cell<u32>,
    /// `stores` when the parked tasks were last let go because nobody else could run.
    unparked_at: Cell<u32>,
    /// How often that has happened at this count.
    unparks: Cell<u32>,
    steps: Cell<u32>,
    budget: Cell<u32>,
    seq: Cell<u32>,
    stores: Cell<u32>,
    halted: Cell<Option<Halted>>,
    recording: Cell<bool>,
    tracing: Cell<bool>,
    touched: RefCell<Vec<Touch>>,
    /// What the sink subscribed to.
    subscribed: Cell<Topics>,
    /// What it listens to besides, for a while.
    besides: Cell<Topics>,
    /// What events are made for: of both, or every one while tracing.
    topics: Cell<Topics>,
    model: Cell<Model>,
    host: Cell<Host>,
    sched: UnsafeCell<*mut dyn Sched>,
    sink: UnsafeCell<*mut dyn Sink>,
}

const NO_PENDING: Pending = Pending { obj: Obj::NONE, kind: Kind::Note, order: Order::Plain, site: 0 };

struct Silent;
impl Sink for Silent {
    fn on(&mut self, _: &Machine, _: &Event) -> bool {
        false
    }
}
impl Sched for Silent {
    fn pick(&mut self, m: &Machine, _: Why, cur: usize, runnable: u32) -> usize {
        m.default_choice(cur, runnable)
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

impl Machine {
    pub fn new() -> Machine {
        let none: *mut Silent = std::ptr::null_mut();
        Machine {
            words: [const { Cell::new(0) }; Obj::COUNT],
            tasks: [const { Task::new() }; TASKS],
            pend: [const { Cell::new(NO_PENDING) }; TASKS],
            cur: Cell::new(0),
            next: Cell::new(0),
            live: Cell::new(0),
            runnable: Cell::new(0),
            served: Cell::new(false),
            parked: Cell::new(0),
            unparked_at: Cell::new(u32::MAX),
            unparks: Cell::new(0),
            steps: Cell::new(0),
            budget: Cell::new(u32::MAX),
            seq: Cell::new(0),
            stores: Cell::new(0),
            halted: Cell::new(None),
            recording: Cell::new(false),
            tracing: Cell::new(false),
            touched: RefCell::new(Vec::new()),
            subscribed: Cell::new(Topics::none()),
            besides: Cell::new(Topics::none()),
            topics: Cell::new(Topics::none()),
            model: Cell::new(Model::of(crate::vocab::Kernel::DEFAULT)),
            host: Cell::new(Host::NONE),
            sched: UnsafeCell::new(none),
            sink: UnsafeCell::new(none),
        }
    }

    /// Makes this the ambient machine, freshly reset, for the time of `run`. `tasks` CPU tasks exist from the start;
    /// `budget` bounds the scheduling points.
    pub fn enter(
        &self,
        model: Model,
        tasks: usize,
        budget: u32,
        host: Host,
        (sched, sink, topics): (&mut dyn Sched, &mut dyn Sink, Topics),
        run: impl FnOnce(),
    ) -> Option<Halted> {
        self.reset(model, tasks, budget, host, topics);
        // SAFETY: the pointers are used only by this machine's methods below, which run inside `run`, and are reset to
        // null before the borrows end. Neither trait's methods can reach the machine's copy of the other's pointer.
        unsafe {
            *self.sched.get() = std::mem::transmute::<*mut dyn Sched, *mut (dyn Sched + 'static)>(sched);
            *self.sink.get() = std::mem::transmute::<*mut dyn Sink, *mut (dyn Sink + 'static)>(sink);
        }
        struct Leave<'a>(&'a Machine);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                MACHINE.set(std::ptr::null());
                let none: *mut Silent = std::ptr::null_mut();
                // SAFETY: no task runs any more.
                unsafe {
                    *self.0.sched.get() = none;
                    *self.0.sink.get() = none;
                }
            }
        }
        MACHINE.set(self);
        let leave = Leave(self);
        run();
        drop(leave);
        self.halted.get()
    }

    /// Begins another execution, in the same run of [`Machine::enter`].
    pub fn reset(&self, model: Model, tasks: usize, budget: u32, host: Host, topics: Topics) {
        for w in &self.words {
            w.set(0);
        }
        for (i, t) in self.tasks.iter().enumerate() {
            t.reset(cpu_of_task(i));
            self.pend[i].set(NO_PENDING);
        }
        let all = (1u32 << tasks) - 1;
        self.cur.set(0);
        self.next.set(0);
        self.live.set(all);
        self.runnable.set(all);
        self.served.set(false);
        self.parked.set(0);
        self.unparked_at.set(u32::MAX);
        self.unparks.set(0);
        self.steps.set(0);
        self.budget.set(budget);
        self.seq.set(0);
        self.stores.set(0);
        self.halted.set(None);
        self.touched.borrow_mut().clear();
        self.subscribed.set(topics);
        self.besides.set(Topics::none());
        self.choose_topics();
        self.model.set(model);
        self.host.set(host);
    }

    // ----- who runs -----

    /// The running task.
    #[inline]
    pub fn task(&self) -> usize {
        self.cur.get()
    }

    /// The CPU the running task acts on.
    #[inline]
    pub fn cpu(&self) -> usize {
        self.tasks[self.cur.get()].cpu.get()
    }

    /// Makes the running task act on `cpu` (the epilogue does each CPU's leftovers).
    pub fn set_cpu(&self, cpu: usize) {
        self.tasks[self.cur.get()].cpu.set(cpu);
    }

    /// Operation number `task` is in.
    #[inline]
    pub fn op(&self, task: usize) -> u8 {
        self.tasks[task].op.get()
    }

    /// Number of the last point of `task` within its operation, from 1.
    #[inline]
    pub fn nth(&self, task: usize) -> u32 {
        self.tasks[task].nth.get()
    }

    /// The access every stopped task will make next; [`Kind::Note`] where there is none.
    #[inline]
    pub fn pending(&self, task: usize) -> Pending {
        self.pend[task].get()
    }

    /// The task the engine must run next.
    pub fn next(&self) -> usize {
        self.next.get()
    }

    pub fn halted(&self) -> Option<Halted> {
        self.halted.get()
    }

    /// Scheduling points so far.
    pub fn steps(&self) -> u32 {
        self.steps.get()
    }

    pub fn model(&self) -> Model {
        self.model.get()
    }

    /// Whether the historic bug is in the kernel being run.
    #[inline]
    pub fn bug(&self, bug: crate::vocab::BugId) -> bool {
        self.model.get().has(bug)
    }

    /// Also report every scheduling point, and every function entered, to the sink.
    pub fn set_recording(&self, on: bool) {
        self.recording.set(on);
    }

    /// Functions of `mm` the task is in, outermost first.
    pub fn stack(&self, task: usize) -> impl Iterator<Item = &'static Name> {
        let t = &self.tasks[task];
        (0..t.depth.get().min(STACK_DEPTH)).map(move |i| t.stack[i].get())
    }

    /// The function of `mm` that called the one the task is in.
    #[inline]
    pub fn caller(&self, task: usize) -> Option<&'static Name> {
        let t = &self.tasks[task];
        let i = t.depth.get().min(STACK_DEPTH).checked_sub(2)?;
        Some(t.stack[i].get())
    }

    // ----- points -----

    #[inline]
    fn site(&self, t: &Task, obj: Obj) -> Site {
        let label = t.label.get().unwrap_or_else(|| frame::field_name(obj.field()));
        Site { func: t.func.get(), label }
    }

    /// Where the running task is: the site of the point it is at.
    pub fn current_site(&self) -> Site {
        self.tasks[self.cur.get()].site.get()
    }

    /// A scheduling point before an access to `obj`.
    #[inline]
    pub fn point(&self, obj: Obj, kind: Kind, order: Order) {
        let cur = self.cur.get();
        let t = &self.tasks[cur];
        let s = self.site(t, obj);
        t.site.set(s);
        self.pend[cur].set(Pending { obj, kind, order, site: s.hash() });
        t.nth.set(t.nth.get() + 1);
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > self.budget.get() {
            self.halt(Halted::Budget);
        }
        if self.recording.get() {
            self.sink(|s| s.on_point(self, cur));
        }
        if t.spins(self.stores.get()) {
            self.park(cur);
        } else if t.watched.get() {
            let next = self.pick(Why::Point, cur);
            if next != cur {
                self.switch_to(Why::Point, cur, next);
            }
        }
    }

    /// The engine's own scheduling point, with the strategy asked but nothing else done: the yardstick of the
    /// benchmark.
    pub fn bare_switch(&self) {
        let cur = self.cur.get();
        self.next.set(self.pick(Why::Point, cur));
        (self.host.get().switch)();
        self.cur.set(cur);
    }

    #[inline]
    fn pick(&self, why: Why, cur: usize) -> usize {
        // SAFETY: set by `enter`; a strategy never re-enters the machine's points.
        let sched = unsafe { &mut **self.sched.get() };
        let next = sched.pick(self, why, cur, self.runnable.get());
        debug_assert!(self.runnable.get() >> next & 1 != 0, "strategy chose a task that cannot run");
        next
    }

    #[inline]
    fn sink<R>(&self, f: impl FnOnce(&mut dyn Sink) -> R) -> R {
        // SAFETY: set by `enter`; a sink only reads the machine.
        f(unsafe { &mut **self.sink.get() })
    }

    /// The default order: stay if possible, else the next runnable CPU in cyclic order, service tasks last.
    pub fn default_choice(&self, cur: usize, runnable: u32) -> usize {
        if runnable >> cur & 1 != 0 {
            return cur;
        }
        let cpus = runnable & ((1 << CPUS) - 1);
        if cpus == 0 {
            return runnable.trailing_zeros() as usize;
        }
        let from = if cur < CPUS { cur + 1 } else { 0 };
        let later = cpus >> from << from;
        (if later != 0 { later } else { cpus }).trailing_zeros() as usize
    }

    #[cold]
    #[inline(never)]
    fn switch_to(&self, why: Why, cur: usize, next: usize) {
        let default = self.default_choice(cur, self.runnable.get());
        self.sink(|s| s.on_switch(self, why, cur, next, default));
        self.next.set(next);
        (self.host.get().switch)();
        self.cur.set(cur);
        if self.halted.get().is_some() {
            leave();
        }
    }

    /// The current task cannot run: choose another, or find out that there is none.
    #[cold]
    #[inline(never)]
    fn give_way(&self, why: Why, cur: usize) {
        if self.runnable.get() == 0 && !self.unpark_once() {
            let note = if self.parked.get() != 0 { Note::NoProgress } else { Note::Deadlock };
            self.note(note, self.pend[cur].get().obj, 0);
            self.halt(Halted::Budget); // nobody subscribed to the note: the run cannot go on all the same
        }
        let next = self.pick(why, cur);
        if next == cur {
            // Un-parked just now. Still a decision: occurrences are counted by it.
            self.sink(|s| s.on_switch(self, why, cur, cur, cur));
            return;
        }
        // Un-parked just now, it may go on later: then it only gives way.
        if self.runnable.get() >> cur & 1 == 0 {
            (self.host.get().block)(cur);
        }
        self.switch_to(why, cur, next);
    }

    fn unpark_once(&self) -> bool {
        if self.parked.get() == 0 {
            return false;
        }
        if self.unparked_at.replace(self.stores.get()) != self.stores.get() {
            self.unparks.set(0);
        }
        if self.unparks.get() == SPIN_ROUNDS {
            return false;
        }
        self.unparks.set(self.unparks.get() + 1);
        self.unpark();
        true
    }

    /// The task has read for long without anybody having stored: it waits for a store.
    #[cold]
    fn park(&self, cur: usize) {
        self.tasks[cur].idle.set(0);
        self.parked.set(self.parked.get() | 1 << cur);
        self.runnable.set(self.runnable.get() & !(1 << cur));
        self.give_way(Why::Spin, cur);
    }

    #[cold]
    fn unpark(&self) {
        self.make_runnable(self.parked.replace(0));
    }

    fn make_runnable(&self, tasks: u32) {
        self.runnable.set(self.runnable.get() | tasks);
        let mut left = tasks;
        while left != 0 {
            let t = left.trailing_zeros() as usize;
            left &= left - 1;
            if t != self.cur.get() {
                (self.host.get().unblock)(t);
            }
        }
    }

    /// Ends the execution: every task leaves at its next point, this one now.
    #[cold]
    pub fn halt(&self, why: Halted) -> ! {
        self.halt_others(why);
        leave()
    }

    /// As [`Machine::halt`], for a caller that is leaving already.
    pub fn halt_others(&self, why: Halted) {
        if self.halted.get().is_none() {
            self.halted.set(Some(why));
        }
        self.parked.set(0);
        self.make_runnable(self.live.get());
    }

    // ----- tasks -----

    /// The first task to run, before anything has: `cpu`, unless the strategy knows better.
    pub fn start(&self, cpu: usize) {
        // SAFETY: as in `pick`.
        let cpu = unsafe { &mut **self.sched.get() }.start(self, cpu);
        if cpu != self.cur.get() {
            let cur = self.cur.get();
            self.next.set(cpu);
            (self.host.get().switch)();
            self.cur.set(cur);
            if self.halted.get().is_some() {
                leave();
            }
        }
    }

    /// To be called first by every task but the main one.
    pub fn task_begin(&self, task: usize) {
        self.cur.set(task);
        if self.halted.get().is_some() {
            leave();
        }
    }

    /// The running task begins its operation `op`.
    pub fn begin_op(&self, op: u8) {
        let cur = self.cur.get();
        let t = &self.tasks[cur];
        t.op.set(op);
        t.nth.set(0);
        // SAFETY: as in `pick`.
        t.watched.set(unsafe { &mut **self.sched.get() }.watches(cur, op));
        self.note(Note::OpBegin, Obj::NONE, op as u32);
    }

    /// The running task ends its operation; `result` is what came of it.
    pub fn end_op(&self, result: u8) {
        self.note(Note::OpEnd, Obj::NONE, self.op(self.cur.get()) as u32 | (result as u32) << 8);
    }

    /// The running task is over; the engine is told who is next.
    pub fn task_end(&self) {
        let cur = self.cur.get();
        let bit = 1 << cur;
        self.live.set(self.live.get() & !bit);
        self.runnable.set(self.runnable.get() & !bit);
        self.pend[cur].set(NO_PENDING);
        if cur >= CPUS {
            self.touch(Hidden::Live(cur), Access::Write);
        }
        if self.halted.get().is_some() || self.live.get() == 0 {
            return;
        }
        if self.live.get() & ((1 << CPUS) - 1) == 1 && self.tasks[0].joining.get() {
            self.make_runnable(1);
        }
        if self.runnable.get() == 0 && !self.unpark_once() {
            self.note(if self.parked.get() != 0 { Note::NoProgress } else { Note::Deadlock }, Obj::NONE, 0);
            self.halt_others(Halted::Budget);
            return;
        }
        let next = self.pick(Why::End, cur);
        self.sink(|s| s.on_switch(self, Why::End, cur, next, self.default_choice(cur, self.runnable.get())));
        self.next.set(next);
    }

    /// The main task waits until every other CPU task is over.
    pub fn join(&self) {
        self.tasks[0].joining.set(true);
        if self.live.get() & ((1 << CPUS) - 1) != 1 {
            self.pend[0].set(NO_PENDING);
            self.runnable.set(self.runnable.get() & !1);
            self.give_way(Why::End, 0);
        } else {
            // A decision all the same: the end of the main task's operations is one step, whoever ends last.
            let next = self.pick(Why::End, 0);
            if next != 0 {
                self.switch_to(Why::End, 0, next);
            }
        }
        self.tasks[0].joining.set(false);
    }

    /// Starts service task `task` unless it runs already.
    pub fn spawn_service(&self, task: usize) {
        self.touch(Hidden::Live(task), Access::Write);
        if self.live.get() >> task & 1 == 0 {
            self.live.set(self.live.get() | 1 << task);
            self.runnable.set(self.runnable.get() | 1 << task);
            self.served.set(true);
            self.next.set(self.cur.get());
            (self.host.get().spawn)(task);
        }
    }

    pub fn is_live(&self, task: usize) -> bool {
        self.touch(Hidden::Live(task), Access::Read);
        self.live.get() >> task & 1 != 0
    }

    // ----- memory -----

    /// A load of `obj` for its value.
    #[inline]
    pub fn load(&self, obj: Obj, order: Order, note: Note, aux: u32) -> u64 {
        self.point(obj, Kind::Load, order);
        let v = self.words[obj.0 as usize].get();
        self.emit(obj, Kind::Load, order, note, aux, v, v);
        v
    }

    #[inline]
    pub fn store(&self, obj: Obj, value: u64, order: Order, note: Note, aux: u32) {
        self.point(obj, Kind::Store, order);
        let old = self.words[obj.0 as usize].replace(value);
        self.stored();
        self.emit(obj, Kind::Store, order, note, aux, old, value);
    }

    /// One atomic read-modify-write. `f` returns `None` to leave the cell alone, which makes the result `Err(value)`.
    /// A load + compare-exchange loop is one such point under sequential consistency.
    #[inline]
    pub fn rmw(
        &self,
        obj: Obj,
        order: Order,
        note: Note,
        aux: u32,
        f: impl FnOnce(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        self.point(obj, Kind::Rmw, order);
        let old = self.words[obj.0 as usize].get();
        match f(old) {
            Some(new) => {
                self.words[obj.0 as usize].set(new);
                self.stored();
                self.emit(obj, Kind::Rmw, order, note, aux, old, new);
                Ok(old)
            }
            None => {
                self.emit(obj, Kind::RmwFail, order, note, aux, old, old);
                Err(old)
            }
        }
    }

    /// A load in the same step as the access before it: for what hardware does at once (a page-table walk and the
    /// access through it).
    #[inline]
    pub fn load_at_once(&self, obj: Obj, note: Note, aux: u32) -> u64 {
        let v = self.words[obj.0 as usize].get();
        self.emit(obj, Kind::Load, Order::Plain, note, aux, v, v);
        v
    }

    /// A store in the same step as the access before it; see [`Machine::load_at_once`].
    #[inline]
    pub fn store_at_once(&self, obj: Obj, value: u64, note: Note, aux: u32) {
        let old = self.words[obj.0 as usize].replace(value);
        self.stored();
        self.emit(obj, Kind::Store, Order::Plain, note, aux, old, value);
    }

    /// A barrier instruction: no access, but a place another memory model would use.
    pub fn barrier(&self, order: Order) {
        self.emit(Obj::NONE, Kind::Barrier, order, Note::Nothing, 0, 0, 0);
    }

    /// The cell's value without an access: for state only this CPU touches, for kernel assertions, and for set-up.
    #[inline]
    pub fn peek(&self, obj: Obj) -> u64 {
        let v = self.words[obj.0 as usize].get();
        if self.tracing.get() {
            self.touch_peek(obj, v);
        }
        v
    }

    /// Writes a cell without an access: for state only this CPU touches, and for set-up.
    #[inline]
    pub fn poke(&self, obj: Obj, value: u64) {
        let old = self.words[obj.0 as usize].replace(value);
        if self.tracing.get() {
            self.touch_poke(obj, old, value);
        }
    }

    /// Every cell in the order of the objects' numbers, without an access: for whoever records an execution.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        self.words.iter().map(Cell::get)
    }

    #[inline]
    fn stored(&self) {
        self.stores.set(self.stores.get().wrapping_add(1));
        if self.parked.get() != 0 {
            self.unpark();
        }
    }

    // ----- locks -----

    /// Takes a lock. The cell holds 0 (free), the owner's task + 1, or readers << 8.
    #[inline]
    pub fn lock(&self, obj: Obj, shared: bool, note: Note, aux: u32) {
        let kind = if shared { Kind::LockShared } else { Kind::Lock };
        let takes = &self.tasks[self.cur.get()].takes;
        takes.set(true);
        self.point(obj, kind, Order::Acquire);
        while !self.take(obj, shared, kind, note, aux) {
            self.note(Note::Blocked, obj, shared as u32);
            self.block_on(obj);
        }
        takes.set(false);
    }

    /// Takes a lock if it is free.
    pub fn trylock(&self, obj: Obj, note: Note, aux: u32) -> bool {
        self.try_take(obj, false, Kind::Lock, note, aux)
    }

    /// Takes a lock shared if nobody holds it exclusively.
    pub fn trylock_shared(&self, obj: Obj, note: Note, aux: u32) -> bool {
        self.try_take(obj, true, Kind::LockShared, note, aux)
    }

    fn try_take(&self, obj: Obj, shared: bool, kind: Kind, note: Note, aux: u32) -> bool {
        self.point(obj, kind, Order::Acquire);
        if self.take(obj, shared, kind, note, aux) {
            if self.tracing.get() {
                self.touch_tried(obj);
            }
            return true;
        }
        let v = self.words[obj.0 as usize].get();
        self.emit(obj, Kind::RmwFail, Order::Relaxed, note, aux, v, v);
        false
    }

    #[inline]
    fn take(&self, obj: Obj, shared: bool, kind: Kind, note: Note, aux: u32) -> bool {
        let v = self.words[obj.0 as usize].get();
        let free = if shared { v & 0xff == 0 } else { v == 0 };
        if free {
            let new = if shared { v + 0x100 } else { self.cur.get() as u64 + 1 };
            self.words[obj.0 as usize].set(new);
            self.stored();
            self.emit(obj, kind, Order::Acquire, note, aux, v, new);
        }
        free
    }

    #[inline]
    pub fn unlock(&self, obj: Obj, shared: bool, note: Note, aux: u32) {
        let kind = if shared { Kind::UnlockShared } else { Kind::Unlock };
        self.point(obj, kind, Order::Release);
        let v = self.words[obj.0 as usize].get();
        let new = if shared { v.saturating_sub(0x100) } else { 0 };
        self.words[obj.0 as usize].set(new);
        self.stored();
        self.emit(obj, kind, Order::Release, note, aux, v, new);
        self.wake(obj);
    }

    /// The running task sleeps until somebody wakes `obj`.
    pub fn block_on(&self, obj: Obj) {
        let cur = self.cur.get();
        self.tasks[cur].waiting.set(obj);
        self.runnable.set(self.runnable.get() & !(1 << cur));
        self.give_way(Why::Blocked, cur);
        self.tasks[cur].waiting.set(Obj::NONE);
    }

    /// Makes every task that sleeps on `obj` runnable.
    #[inline]
    pub fn wake(&self, obj: Obj) {
        let mut asleep = self.live.get() & !self.runnable.get() & !self.parked.get();
        while asleep != 0 {
            let t = asleep.trailing_zeros() as usize;
            asleep &= asleep - 1;
            if self.tasks[t].waiting.get() == obj {
                self.make_runnable(1 << t);
            }
        }
    }

    /// What `task` sleeps on, if it does.
    pub fn waiting_on(&self, task: usize) -> Option<Obj> {
        let asleep = self.live.get() & !self.runnable.get() & !self.parked.get();
        (asleep >> task & 1 != 0 && !self.tasks[task].joining.get()).then(|| self.tasks[task].waiting.get())
    }

    // ----- sections -----

    /// The running task enters a section. At the outermost level a note says so.
    #[inline]
    pub fn enter_section(&self, section: Section) {
        let t = &self.tasks[self.cur.get()];
        let depth = &t.depth_of[section as usize];
        depth.set(depth.get() + 1);
        if depth.get() == 1 {
            self.note(section.entered(), Obj::NONE, 0);
            t.since[section as usize].set(self.seq.get());
        }
    }

    /// The running task leaves a section it entered.
    #[inline]
    pub fn leave_section(&self, section: Section) {
        let t = &self.tasks[self.cur.get()];
        let depth = &t.depth_of[section as usize];
        depth.set(depth.get().saturating_sub(1));
        if depth.get() == 0 {
            self.note(section.left(), Obj::NONE, 0);
            t.since[section as usize].set(0);
        }
    }

    /// The event after which `task` has been in the section; `None` outside.
    #[inline]
    pub fn section_since(&self, task: usize, section: Section) -> Option<u32> {
        self.tasks[task].since[section as usize].get().checked_sub(1)
    }

    /// Whether `task` is in any section.
    #[inline]
    pub fn in_section(&self, task: usize) -> bool {
        self.tasks[task].since.iter().any(|s| s.get() != 0)
    }

    // ----- events -----

    /// A fact for the checks, without an access: never a scheduling point.
    #[inline]
    pub fn note(&self, note: Note, obj: Obj, aux: u32) {
        self.emit(obj, Kind::Note, Order::Plain, note, aux, 0, 0);
    }

    #[inline]
    #[allow(clippy::too_many_arguments)] // an event's columns
    fn emit(&self, obj: Obj, kind: Kind, order: Order, note: Note, aux: u32, old: u64, new: u64) {
        let seq = self.seq.get();
        self.seq.set(seq + 1);
        let topic = Topics::of(kind, obj.field(), note);
        if !self.topics.get().has(topic) {
            return;
        }
        let cur = self.cur.get();
        let t = &self.tasks[cur];
        let e = Event {
            seq,
            task: cur as u8,
            cpu: t.cpu.get() as u8,
            op: t.op.get(),
            kind,
            order,
            note,
            topic,
            obj,
            aux,
            site: if matches!(kind, Kind::Note | Kind::Barrier) { self.site(t, obj) } else { t.site.get() },
            old,
            new,
        };
        if self.tracing.get() {
            self.touch_event(&e);
            if !self.wants(topic) {
                return;
            }
        }
        if self.sink(|s| s.on(self, &e)) && self.halted.get().is_none() {
            self.halt(Halted::Found);
        }
    }

    fn wants(&self, topic: u16) -> bool {
        self.subscribed.get().has(topic) || self.besides.get().has(topic)
    }

    /// The sink wants `topics` besides what it subscribed to, until it says otherwise or the execution ends.
    #[cold]
    pub fn listen(&self, topics: Topics) {
        self.besides.set(topics);
        self.choose_topics();
    }

    fn choose_topics(&self) {
        let wanted = self.subscribed.get().and(self.besides.get());
        self.topics.set(if self.tracing.get() { Topics::ALL } else { wanted });
    }

    /// Number of the last event.
    #[inline]
    pub fn seq(&self) -> u32 {
        self.seq.get().wrapping_sub(1)
    }
}

/// Unwinds the running task to its top. No panic hook runs.
#[cold]
fn leave() -> ! {
    resume_unwind(Box::new(Halt))
}
