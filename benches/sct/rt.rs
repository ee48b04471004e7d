//! A runtime for small concurrent programs: every shared access, lock operation, start and join of a thread is a
//! scheduling point before it happens, at which it is announced, so that a scheduler may look at what every task does
//! next. Tasks run on the engine's stacks; the schedulers of the engine are asked through it, at every point, as they
//! are in any program written for it; a [`Chooser`] is asked first, and the engine is entered only to change tasks.
//!
//! Programs are closures over handles that are `Copy` ([`Var`], [`Mutex`], [`Obj`]); what they refer to lives here and
//! is reset before each execution. A failed check, a deadlock, and the step limit end an execution by unwinding every
//! task, so nothing leaks and every stack goes back to the pool.

use foliofuzz::machine::Why;
use foliofuzz::sched::{Act, Next, World};
use shuttle_engine::config::{Config, FailurePersistence, MaxSteps};
use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread;
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Tasks a program may have, the main one included.
pub const MAX_TASKS: usize = 128;

/// Cells (variables, locks, objects) a program may have.
const MAX_CELLS: usize = 512;

/// Bytes of stack of one task.
const STACK_SIZE: usize = 0x10000;

/// Points after which an execution is given up: a schedule that starves a spinning task has no end.
pub const STEP_LIMIT: u32 = 20_000;

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    Clean,
    /// A check failed.
    Failed,
    /// No task can run, and not all have ended.
    Deadlock,
    /// More than [`STEP_LIMIT`] points.
    Limit,
}

impl Ended {
    /// Whether this is what the programs are run to show.
    pub fn is_bug(self) -> bool {
        matches!(self, Ended::Failed | Ended::Deadlock)
    }
}

/// Chooses before the engine is entered.
pub trait Chooser {
    /// One of `runnable`, a set of tasks; `cur` has stopped.
    fn pick(&mut self, rt: &Rt, why: Why, cur: usize, runnable: u128) -> usize;
}

/// Who chooses.
pub enum Driver<'a> {
    /// A scheduler of the engine.
    Engine(&'a mut dyn Scheduler),
    Ours(&'a mut dyn Chooser),
}

/// Payload of the unwinding that ends a task early.
struct Halt;

/// The state of the program that runs.
pub struct Rt {
    /// Values; of a lock its holder + 1; of an object its content.
    values: [Cell<i64>; MAX_CELLS],
    /// Tasks that have announced that they take this lock.
    waiting: [Cell<u128>; MAX_CELLS],
    dead: [Cell<bool>; MAX_CELLS],
    nr_cells: Cell<usize>,
    next: [Cell<Next>; MAX_TASKS],
    /// Tasks that wait for this one's end.
    joiners: [Cell<u128>; MAX_TASKS],
    nr_tasks: Cell<usize>,
    runnable: Cell<u128>,
    ended: Cell<u128>,
    cur: Cell<usize>,
    /// Who runs next, for the engine.
    choice: Cell<usize>,
    steps: Cell<u32>,
    result: Cell<Ended>,
    chooser: Cell<Option<*mut dyn Chooser>>,
}

thread_local! {
    static RT: Rt = const {
        Rt {
            values: [const { Cell::new(0) }; MAX_CELLS],
            waiting: [const { Cell::new(0) }; MAX_CELLS],
            dead: [const { Cell::new(false) }; MAX_CELLS],
            nr_cells: Cell::new(0),
            next: [const { Cell::new(Next::NONE) }; MAX_TASKS],
            joiners: [const { Cell::new(0) }; MAX_TASKS],
            nr_tasks: Cell::new(0),
            runnable: Cell::new(0),
            ended: Cell::new(0),
            cur: Cell::new(0),
            choice: Cell::new(0),
            steps: Cell::new(0),
            result: Cell::new(Ended::Clean),
            chooser: Cell::new(None),
        }
    };
    /// A panic that is a defect of a program or of ours, kept until the engine has been left.
    static PANIC: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
    static ENGINE_SCHEDULER: Cell<Option<*mut dyn Scheduler>> = const { Cell::new(None) };
}

impl World for Rt {
    #[inline]
    fn next(&self, task: usize) -> Next {
        self.next[task].get()
    }
}

impl Rt {
    fn reset(&self) {
        for i in 0..self.nr_cells.replace(0) {
            self.waiting[i].set(0);
            self.dead[i].set(false);
        }
        for i in 0..self.nr_tasks.replace(1) {
            self.joiners[i].set(0);
            self.next[i].set(Next::NONE);
        }
        self.runnable.set(1);
        self.ended.set(0);
        self.cur.set(0);
        self.choice.set(0);
        self.steps.set(0);
        self.result.set(Ended::Clean);
    }

    fn halted(&self) -> bool {
        self.result.get() != Ended::Clean
    }

    /// Ends the execution: every task unwinds when it runs next.
    fn halt(&self, why: Ended) {
        if self.halted() {
            return;
        }
        self.result.set(why);
        let all = (1u128 << (self.nr_tasks.get() - 1) << 1).wrapping_sub(1);
        self.wake(all & !self.ended.get() & !self.runnable.get());
    }

    fn wake(&self, tasks: u128) {
        self.runnable.set(self.runnable.get() | tasks);
        each(tasks, |task| ExecutionState::with(|s| s.get_mut(TaskId::from(task)).unblock()));
    }

    fn put_to_sleep(&self, tasks: u128) {
        let tasks = tasks & self.runnable.get();
        self.runnable.set(self.runnable.get() & !tasks);
        each(tasks, |task| ExecutionState::with(|s| s.get_mut(TaskId::from(task)).block(false)));
    }

    /// Asks the chooser, if there is one. False: the engine need not be entered.
    #[inline]
    fn choose(&self, why: Why) -> bool {
        let Some(chooser) = self.chooser.get() else { return true };
        let cur = self.cur.get();
        // SAFETY: set by `Pool::run` for the time of one execution, whose only user is this; it does not call back.
        let choice = unsafe { (*chooser).pick(self, why, cur, self.runnable.get()) };
        self.choice.set(choice);
        choice != cur
    }

    fn alloc(&self, value: i64) -> usize {
        let i = self.nr_cells.get();
        self.nr_cells.set(i + 1);
        self.values[i].set(value);
        i
    }
}

fn each(mut tasks: u128, mut f: impl FnMut(usize)) {
    while tasks != 0 {
        f(tasks.trailing_zeros() as usize);
        tasks &= tasks - 1;
    }
}

fn unwind() -> ! {
    resume_unwind(Box::new(Halt))
}

/// A place in the program text.
fn site(at: &Location) -> u32 {
    at.line() << 8 | at.column() & 0xff
}

/// The current task stops, having announced its next access; returns when it has been chosen.
fn point(next: Next, why: Why) {
    RT.with(|rt| {
        let me = rt.cur.get();
        rt.next[me].set(next);
        rt.steps.set(rt.steps.get() + 1);
        if rt.steps.get() > STEP_LIMIT {
            rt.halt(Ended::Limit);
        } else if rt.runnable.get() == 0 {
            rt.halt(Ended::Deadlock);
        }
        if rt.halted() {
            unwind();
        }
        if rt.choose(why) {
            thread::switch();
            rt.cur.set(me);
        }
        if rt.halted() {
            unwind();
        }
    });
}

fn access(act: Act, cell: usize, at: &Location) {
    point(Next { cell: cell as u32, act, site: site(at) }, Why::Point);
}

/// The execution is over unless this holds.
pub fn check(holds: bool) {
    if !holds {
        RT.with(|rt| rt.halt(Ended::Failed));
        unwind();
    }
}

/// A shared variable.
#[derive(Clone, Copy)]
pub struct Var(usize);

impl Var {
    pub fn new(value: i64) -> Var {
        Var(RT.with(|rt| rt.alloc(value)))
    }

    /// `n` variables that follow one another.
    pub fn array(n: usize, value: i64) -> Vars {
        Vars::of(&vec![value; n])
    }

    #[track_caller]
    pub fn get(self) -> i64 {
        access(Act::Read, self.0, Location::caller());
        RT.with(|rt| rt.values[self.0].get())
    }

    #[track_caller]
    pub fn set(self, value: i64) {
        access(Act::Write, self.0, Location::caller());
        RT.with(|rt| rt.values[self.0].set(value));
    }

    /// A load and a store, as of `x += by`; the value stored.
    #[track_caller]
    pub fn add(self, by: i64) -> i64 {
        let value = self.get() + by;
        self.set(value);
        value
    }

    #[track_caller]
    fn rmw(self, f: impl FnOnce(i64) -> i64) -> i64 {
        access(Act::Rmw, self.0, Location::caller());
        RT.with(|rt| {
            let old = rt.values[self.0].get();
            rt.values[self.0].set(f(old));
            old
        })
    }

    /// In one step; the value before.
    #[track_caller]
    pub fn fetch_add(self, by: i64) -> i64 {
        self.rmw(|old| old + by)
    }

    /// In one step; the value before.
    #[track_caller]
    pub fn swap(self, value: i64) -> i64 {
        self.rmw(|_| value)
    }

    /// In one step; `Err` of what was found if it is not `old`.
    #[track_caller]
    pub fn compare_exchange(self, old: i64, new: i64) -> Result<(), i64> {
        let found = self.rmw(|value| if value == old { new } else { value });
        if found == old { Ok(()) } else { Err(found) }
    }
}

/// An array of shared variables.
#[derive(Clone, Copy)]
pub struct Vars(usize);

impl Vars {
    pub fn at(self, i: i64) -> Var {
        Var(self.0 + i as usize)
    }

    /// An array of given content.
    pub fn of(values: &[i64]) -> Vars {
        let cells: Vec<usize> = values.iter().map(|v| Var::new(*v).0).collect();
        Vars(cells[0])
    }

    /// A number for a variable that points to the array, and back.
    pub fn address(self) -> i64 {
        self.0 as i64
    }

    pub fn from_address(address: i64) -> Vars {
        Vars(address as usize)
    }
}

/// A lock. A task that has announced that it takes it cannot run while it is held.
#[derive(Clone, Copy)]
pub struct Mutex(usize);

impl Mutex {
    pub fn new() -> Mutex {
        Mutex(RT.with(|rt| rt.alloc(0)))
    }

    #[track_caller]
    pub fn lock(self) {
        let next = Next { cell: self.0 as u32, act: Act::Lock, site: site(Location::caller()) };
        RT.with(|rt| {
            let me = 1 << rt.cur.get();
            rt.waiting[self.0].set(rt.waiting[self.0].get() | me);
            if rt.values[self.0].get() != 0 {
                rt.put_to_sleep(me);
            }
            point(next, Why::Point);
            rt.waiting[self.0].set(rt.waiting[self.0].get() & !me);
            rt.values[self.0].set(rt.cur.get() as i64 + 1);
            rt.put_to_sleep(rt.waiting[self.0].get());
        });
    }

    #[track_caller]
    pub fn unlock(self) {
        access(Act::Unlock, self.0, Location::caller());
        RT.with(|rt| {
            rt.values[self.0].set(0);
            rt.wake(rt.waiting[self.0].get());
        });
    }
}

/// An object of the heap, one cell of content; what happens to it after it was freed is a bug.
#[derive(Clone, Copy)]
pub struct Obj(usize);

impl Obj {
    pub const NULL: i64 = 0;

    pub fn alloc() -> Obj {
        Obj(RT.with(|rt| rt.alloc(0)))
    }

    pub fn address(self) -> i64 {
        self.0 as i64 + 1
    }

    /// What a pointer points to, about to be accessed: not null.
    pub fn deref(address: i64) -> Obj {
        check(address != Obj::NULL);
        Obj(address as usize - 1)
    }

    #[track_caller]
    fn touch(self, act: Act) {
        access(act, self.0, Location::caller());
        check(!RT.with(|rt| rt.dead[self.0].get()));
    }

    #[track_caller]
    pub fn get(self) -> i64 {
        self.touch(Act::Read);
        RT.with(|rt| rt.values[self.0].get())
    }

    #[track_caller]
    pub fn set(self, value: i64) {
        self.touch(Act::Write);
        RT.with(|rt| rt.values[self.0].set(value));
    }

    #[track_caller]
    pub fn free(self) {
        self.touch(Act::Write);
        RT.with(|rt| rt.dead[self.0].set(true));
    }
}

/// Lets others run: the task has nothing to do until one of them has done something.
#[track_caller]
pub fn yield_now() {
    ExecutionState::request_yield();
    // The site tells it from a step of no account: what comes next depends on others.
    point(Next { site: site(Location::caller()), ..Next::NONE }, Why::Spin);
}

/// A started thread.
#[derive(Clone, Copy)]
pub struct Thread(usize);

/// Starts a thread.
#[track_caller]
pub fn spawn(body: impl FnOnce() + 'static) -> Thread {
    let at = Location::caller();
    RT.with(|rt| {
        let me = rt.cur.get();
        rt.next[me].set(Next::NONE);
        rt.steps.set(rt.steps.get() + 1);
        // The engine is entered either way: it makes a point of it.
        rt.choose(Why::Point);
        let task = rt.nr_tasks.get();
        assert!(me == 0 && task < MAX_TASKS, "the main task starts all threads, fewer than {MAX_TASKS}");
        let f = Box::new(move || run_task(task, body));
        let id = ExecutionState::spawn_thread(f, STACK_SIZE, None, None, at);
        assert_eq!(usize::from(id), task);
        rt.cur.set(me);
        rt.nr_tasks.set(task + 1);
        rt.next[task].set(Next::NONE);
        rt.runnable.set(rt.runnable.get() | 1 << task);
        if rt.halted() {
            unwind();
        }
        Thread(task)
    })
}

impl Thread {
    /// Waits until the thread has ended.
    pub fn join(self) {
        RT.with(|rt| {
            if rt.ended.get() >> self.0 & 1 == 0 {
                let me = 1 << rt.cur.get();
                rt.joiners[self.0].set(rt.joiners[self.0].get() | me);
                rt.put_to_sleep(me);
            }
            point(Next::NONE, Why::Point);
        });
    }
}

/// Runs a task's body to its end, to a halt, or to a defect.
fn run_task(me: usize, body: impl FnOnce()) {
    RT.with(|rt| {
        rt.cur.set(me);
        if !rt.halted()
            && let Err(payload) = catch_unwind(AssertUnwindSafe(body))
            && !payload.is::<Halt>()
        {
            PANIC.with(|p| {
                p.borrow_mut().get_or_insert(payload);
            });
            rt.halt(Ended::Failed);
        }
        rt.cur.set(me);
        rt.ended.set(rt.ended.get() | 1 << me);
        rt.runnable.set(rt.runnable.get() & !(1 << me));
        if !rt.halted() {
            rt.wake(rt.joiners[me].get());
            match rt.runnable.get() {
                0 if me != 0 => rt.halt(Ended::Deadlock),
                0 => {}
                _ => {
                    rt.next[me].set(Next::NONE);
                    rt.choose(Why::End);
                }
            }
        }
    });
}

/// The main task ends last, whatever the program joins.
fn run_main(body: fn()) {
    run_task(0, || {
        RT.with(|rt| rt.choose(Why::Point));
        body();
        let unended = |task: &usize| RT.with(|rt| rt.ended.get() >> task & 1 == 0);
        (1..RT.with(|rt| rt.nr_tasks.get())).filter(unended).for_each(|task| Thread(task).join());
    });
}

/// What the engine asks.
struct Bridge;

impl Scheduler for Bridge {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        if RT.with(Rt::halted) {
            return runnable.first().map(|t| t.id());
        }
        match ENGINE_SCHEDULER.get() {
            // SAFETY: set by `Pool::run` for the time of one execution, whose only user is this.
            Some(scheduler) => unsafe { (*scheduler).next_task(runnable, current, is_yielding) },
            None => Some(TaskId::from(RT.with(|rt| rt.choice.get()))),
        }
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Runs executions on stacks that are kept.
pub struct Pool {
    pool: ContinuationPool,
    config: Config,
    bridge: Rc<RefCell<dyn Scheduler>>,
}

impl Pool {
    pub fn new() -> Pool {
        let mut config = Config::new();
        config.stack_size = STACK_SIZE;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::None;
        config.silence_warnings = true;
        Pool { pool: ContinuationPool::new(), config, bridge: Rc::new(RefCell::new(Bridge)) }
    }

    /// One execution of `program`; `None` if the scheduler has no more.
    pub fn run(&self, program: fn(), driver: Driver) -> Option<Ended> {
        RT.with(Rt::reset);
        let schedule = match driver {
            Driver::Engine(scheduler) => {
                let schedule = scheduler.new_execution()?;
                // SAFETY: only the lifetime is changed; it is forgotten again below, before the borrow ends.
                let scheduler =
                    unsafe { std::mem::transmute::<&mut dyn Scheduler, &mut (dyn Scheduler + 'static)>(scheduler) };
                ENGINE_SCHEDULER.set(Some(scheduler));
                schedule
            }
            Driver::Ours(chooser) => {
                // SAFETY: as above.
                let chooser = unsafe { std::mem::transmute::<&mut dyn Chooser, &mut (dyn Chooser + 'static)>(chooser) };
                RT.with(|rt| rt.chooser.set(Some(chooser)));
                Schedule::new(0)
            }
        };
        CONTINUATION_POOL.set(&self.pool, || {
            let execution = Execution::new(Rc::clone(&self.bridge), schedule);
            execution.run(&self.config, move || run_main(program), Location::caller());
        });
        ENGINE_SCHEDULER.set(None);
        RT.with(|rt| rt.chooser.set(None));
        if let Some(panic) = PANIC.take() {
            resume_unwind(panic);
        }
        Some(RT.with(|rt| rt.result.get()))
    }
}

/// Points of the last execution.
pub fn steps() -> u32 {
    RT.with(|rt| rt.steps.get())
}
