//! The only place that names shuttle. One execution is `Execution::run` on a stack pool that is kept; our strategy is
//! asked by the machine before the engine is entered, and the scheduler given to the engine only answers what the
//! machine chose.

use crate::linux::rcupdate::rcu_task;
use crate::linux::{service, signal};
use crate::machine::{Halt, Halted, Host, Machine, Sched, Sink, m};
use crate::ops;
use crate::prog::Program;
use crate::vocab::{IO_TASK, KSWAPD_TASK, Note, OPS_PER_CPU, Obj, RCU_TASK, TASKS, Topics};
use shuttle_engine::config::{Config, FailurePersistence, MaxSteps};
use shuttle_engine::runtime::execution::{Execution, ExecutionState};
use shuttle_engine::runtime::thread;
use shuttle_engine::runtime::thread::continuation::{CONTINUATION_POOL, ContinuationPool};
use shuttle_engine::scheduler::{Schedule, Scheduler, Task, TaskId};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

/// Bytes of stack of one simulated task: deep enough for unoptimized and sanitized builds.
const STACK_SIZE: usize = 0x20000;

thread_local! {
    static PROGRAM: Cell<*const Program> = const { Cell::new(std::ptr::null()) };
    /// The engine's task of each of the machine's tasks.
    static IDS: [Cell<usize>; TASKS] = const { [const { Cell::new(usize::MAX) }; TASKS] };
    /// A panic that is a defect of ours, kept until the engine has been left.
    static PANIC: RefCell<Option<Box<dyn Any + Send>>> = const { RefCell::new(None) };
}

/// Answers what the machine has chosen.
struct Answer;

impl Scheduler for Answer {
    fn new_execution(&mut self) -> Option<Schedule> {
        Some(Schedule::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, _: bool) -> Option<TaskId> {
        if current.is_none() || m().halted().is_some() {
            return runnable.first().map(|t| t.id());
        }
        Some(TaskId::from(IDS.with(|ids| ids[m().next()].get())))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

const HOST: Host = Host {
    switch: thread::switch,
    block: |_| ExecutionState::with(|s| s.current_mut().block(false)),
    unblock: |task| {
        let id = IDS.with(|ids| ids[task].get());
        if id != usize::MAX {
            ExecutionState::with(|s| s.get_mut(TaskId::from(id)).unblock());
        }
    },
    spawn: |task| spawn(task, service_task),
};

/// Runs executions. Keeps stacks and the machine between them.
pub(super) struct Engine {
    pool: ContinuationPool,
    config: Config,
    answer: Rc<RefCell<dyn Scheduler>>,
    machine: Box<Machine>,
}

impl Engine {
    pub fn new() -> Engine {
        let mut config = Config::new();
        config.stack_size = STACK_SIZE;
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::None;
        config.silence_warnings = true;
        Engine { pool: ContinuationPool::new(), config, answer: Rc::new(RefCell::new(Answer)), machine: Box::default() }
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// One execution of `program`.
    pub fn run(
        &self,
        program: &Program,
        budget: u32,
        sched: &mut dyn Sched,
        sink: &mut dyn Sink,
        topics: Topics,
    ) -> Option<Halted> {
        PROGRAM.set(program);
        let halted = self.machine.enter(program.model, program.nr_cpus(), budget, HOST, (sched, sink, topics), || {
            self.execute(main_task);
        });
        PROGRAM.set(std::ptr::null());
        if let Some(panic) = PANIC.take() {
            std::panic::resume_unwind(panic);
        }
        halted
    }

    fn execute(&self, main: fn()) {
        IDS.with(|ids| ids.iter().enumerate().for_each(|(i, id)| id.set(if i == 0 { 0 } else { usize::MAX })));
        CONTINUATION_POOL.set(&self.pool, || {
            let execution = Execution::new(Rc::clone(&self.answer), Schedule::new(0));
            execution.run(&self.config, main, Location::caller());
        });
    }
}

fn program() -> &'static Program {
    // SAFETY: set by `run` for exactly the time in which tasks run; the 'static lifetime never leaves a task.
    unsafe { &*PROGRAM.get() }
}

fn spawn(task: usize, body: fn(usize)) {
    let f = Box::new(move || guarded(task, body));
    let id = ExecutionState::spawn_thread(f, STACK_SIZE, None, None, Location::caller());
    IDS.with(|ids| ids[task].set(id.into()));
}

/// Runs a task's body to its end, to a halt, or to a defect of ours.
fn guarded(task: usize, body: fn(usize)) {
    let ended = catch_unwind(AssertUnwindSafe(|| {
        body(task);
        m().task_end();
    }));
    if let Err(payload) = ended {
        if !payload.is::<Halt>() {
            PANIC.with(|p| {
                p.borrow_mut().get_or_insert(payload);
            });
            m().halt_others(Halted::Panic);
        }
        m().task_end();
    }
}

fn main_task() {
    guarded(0, |_| {
        crate::linux::reset();
        ops::set_up(&program().init);
        for cpu in 1..program().nr_cpus() {
            spawn(cpu, cpu_task);
        }
        m().start(program().schedule.start as usize % program().nr_cpus());
        operations(0);
        m().join();
        m().begin_op(OPS_PER_CPU as u8);
        signal::clear_signal();
        ops::epilogue(program().nr_cpus());
        m().end_op(0);
        m().note(Note::Quiescent, Obj::NONE, 0);
    });
}

fn cpu_task(cpu: usize) {
    m().task_begin(cpu);
    operations(cpu);
}

fn service_task(task: usize) {
    m().task_begin(task);
    match task {
        RCU_TASK => rcu_task(),
        IO_TASK => service::io_task(),
        KSWAPD_TASK => service::kswapd_task(),
        _ => service::kworker_task(task),
    }
}

fn operations(cpu: usize) {
    for (i, op) in program().cpus[cpu].iter().enumerate() {
        m().begin_op(i as u8);
        signal::clear_signal();
        let result = (ops::TABLE[op.code as usize].run)(op.args);
        m().end_op(result as u8);
    }
}

/// What the benchmark compares: the engine's bare `switch()`, and scheduling points of the machine, on the same kept
/// pool.
pub mod bench {
    use super::*;
    use crate::exec::STEP_BUDGET;
    use crate::linux::mm_types::{AddressSpace, Folio};
    use crate::linux::page_flags::{folio_set_referenced, folio_test_dirty};
    use crate::linux::page_ref::{folio_put_testzero, folio_try_get};
    use crate::linux::xarray::{xas_load, xas_reload};
    use crate::machine::Why;
    use crate::prog::{FolioInit, FolioPlace, MappingInit};
    use crate::san::{CheckSet, San};
    use crate::vocab::{Event, Owner};

    /// Points of one round of [`lookup`].
    pub const ROUND: u32 = 6;

    thread_local! {
        static ROUNDS: Cell<u32> = const { Cell::new(0) };
        static BARE: Cell<bool> = const { Cell::new(false) };
    }

    /// Tasks that make the points of lookups, over and over, or as many bare switches.
    pub struct Loop {
        engine: Engine,
        program: Program,
    }

    impl Loop {
        pub fn new(tasks: usize) -> Loop {
            let mut program = Program::new(crate::vocab::Model::of(crate::vocab::Kernel::DEFAULT));
            let op = crate::prog::Op { code: 0, args: [0; 3] };
            program.cpus[..tasks].iter_mut().for_each(|ops| ops.push(op));
            program.init.mappings[0] = Some(MappingInit::default());
            for i in 0..tasks {
                let place = FolioPlace::Cache { mapping: 0, index: i as u8 };
                program.init.folios[i] = Some(FolioInit::new(place, 0));
            }
            Loop { engine: Engine::new(), program }
        }

        /// One execution of `rounds` rounds in each task. `bare`: the strategy chooses, the engine switches, nothing
        /// else. Returns why it was cut short, if it was.
        pub fn run(
            &self,
            rounds: u32,
            bare: bool,
            sched: &mut dyn Sched,
            sink: &mut dyn Sink,
            topics: Topics,
        ) -> Option<Halted> {
            ROUNDS.set(rounds);
            BARE.set(bare);
            PROGRAM.set(&self.program);
            let tasks = self.program.nr_cpus();
            self.engine.machine.enter(self.program.model, tasks, u32::MAX, HOST, (sched, sink, topics), || {
                self.engine.execute(|| {
                    guarded(0, |_| {
                        crate::linux::reset();
                        ops::set_up(&program().init);
                        (1..program().nr_cpus()).for_each(|cpu| spawn(cpu, task));
                        rounds_of(0);
                        m().join();
                    });
                });
            })
        }
    }

    /// A scheduler of the engine as a strategy: it chooses among the tasks that can run.
    pub struct Driven<S>(S);

    impl<S: Scheduler> Driven<S> {
        pub fn new(scheduler: S) -> Driven<S> {
            Driven(scheduler)
        }

        /// To be called before each execution; false if there is none left.
        pub fn next_execution(&mut self) -> bool {
            self.0.new_execution().is_some()
        }

        /// The scheduler is shown the tasks in the order of their creation, as by the engine itself.
        fn choose(&mut self, runnable: u32, cur: usize, yields: bool) -> Option<usize> {
            let id = |task: usize| IDS.with(|ids| ids[task].get());
            let mut tasks: Vec<usize> = (0..TASKS).filter(|t| runnable >> t & 1 != 0).collect();
            tasks.sort_unstable_by_key(|t| id(*t));
            ExecutionState::with(|state| {
                let known: Vec<&Task> = tasks.iter().map(|t| state.get(TaskId::from(id(*t)))).collect();
                let next = self.0.next_task(&known, Some(TaskId::from(id(cur))), yields)?;
                tasks.iter().find(|t| TaskId::from(id(**t)) == next).copied()
            })
        }
    }

    impl<S: Scheduler> Sched for Driven<S> {
        fn start(&mut self, m: &Machine, cpu: usize) -> usize {
            self.choose(m.runnable(), cpu, false).unwrap_or(cpu)
        }

        fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
            self.choose(runnable, cur, why == Why::Spin).unwrap_or_else(|| m.default_choice(cur, runnable))
        }
    }

    /// What a harness without a kept pool would be: shuttle's own `Runner` over the model, with every check. The engine
    /// is entered at every point, and its scheduler asked.
    pub struct Stock {
        engine: Engine,
        san: San,
        programs: Vec<Program>,
    }

    thread_local! {
        static STOCK: Cell<*const Stock> = const { Cell::new(std::ptr::null()) };
        static NEXT: Cell<usize> = const { Cell::new(0) };
        static FRESH: Cell<bool> = const { Cell::new(false) };
        static POINTS: Cell<u64> = const { Cell::new(0) };
    }

    /// The engine is entered even where the task goes on.
    struct Entering<S>(Driven<S>);

    impl<S: Scheduler> Sched for Entering<S> {
        fn start(&mut self, m: &Machine, cpu: usize) -> usize {
            self.0.start(m, cpu)
        }

        fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
            let to = self.0.pick(m, why, cur, runnable);
            if to == cur && why == Why::Point {
                thread::switch();
            }
            to
        }
    }

    /// The checks, begun anew with each execution.
    struct Checked<'a>(&'a mut San);

    impl Sink for Checked<'_> {
        fn on(&mut self, m: &Machine, e: &Event) -> bool {
            if FRESH.take() {
                self.0.reset();
            }
            self.0.on(m, e).is_some()
        }
    }

    /// So many answers of [`Answer`].
    struct Times(usize);

    impl Scheduler for Times {
        fn new_execution(&mut self) -> Option<Schedule> {
            self.0 = self.0.checked_sub(1)?;
            Answer.new_execution()
        }

        fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, yields: bool) -> Option<TaskId> {
            Answer.next_task(runnable, current, yields)
        }

        fn next_u64(&mut self) -> u64 {
            0
        }
    }

    impl Stock {
        /// Executes each of `programs` in turn; they must be free of findings.
        pub fn new(programs: Vec<Program>) -> Stock {
            Stock { engine: Engine::new(), san: San::new(CheckSet::all(), false), programs }
        }

        /// `executions` of each program, in one `Runner` or in one each. The scheduling points.
        pub fn run<S: Scheduler>(&mut self, scheduler: S, executions: usize, one_runner: bool) -> u64 {
            NEXT.set(0);
            POINTS.set(0);
            let all = executions * self.programs.len();
            let (runners, each) = if one_runner { (1, all) } else { (all, 1) };
            // Never dropped: some schedulers print their seed when they are.
            let mut sched = std::mem::ManuallyDrop::new(Entering(Driven::new(scheduler)));
            STOCK.set(self);
            let config = self.engine.config.clone();
            let topics = self.san.topics();
            let mut sink = Checked(&mut self.san);
            let machine = &self.engine.machine;
            let first = &self.programs[0];
            machine.enter(first.model, first.nr_cpus(), STEP_BUDGET, HOST, (&mut *sched, &mut sink, topics), || {
                for _ in 0..runners {
                    shuttle_engine::runtime::runner::Runner::new(Times(each), config.clone()).run(one_of_many);
                }
            });
            PROGRAM.set(std::ptr::null());
            POINTS.get()
        }
    }

    /// The next execution of [`Stock::run`].
    fn one_of_many() {
        // SAFETY: `run` is on the stack below, and waits.
        let stock = unsafe { &*STOCK.get() };
        let n = NEXT.replace(NEXT.get() + 1);
        let program = &stock.programs[n % stock.programs.len()];
        PROGRAM.set(program);
        FRESH.set(true);
        m().reset(program.model, program.nr_cpus(), STEP_BUDGET, HOST, stock.san.topics());
        IDS.with(|ids| ids.iter().enumerate().for_each(|(i, id)| id.set(if i == 0 { 0 } else { usize::MAX })));
        main_task();
        assert!(m().halted().is_none(), "programs of this harness come to their end");
        POINTS.set(POINTS.get() + u64::from(m().steps()));
    }

    fn task(cpu: usize) {
        m().task_begin(cpu);
        rounds_of(cpu);
    }

    fn rounds_of(cpu: usize) {
        m().begin_op(0);
        m().note(Note::InodePin, Obj::NONE, 0);
        for _ in 0..ROUNDS.get() {
            if BARE.get() {
                (0..ROUND).for_each(|_| m().bare_switch());
            } else {
                lookup(AddressSpace::pinned(0), Folio(cpu as u8), cpu);
            }
        }
    }

    /// The accesses of a lookup: half of them loads, half read-modify-writes that several checks look at.
    fn lookup(mapping: AddressSpace, folio: Folio, index: usize) {
        xas_load(mapping, index);
        folio_try_get(folio, Owner::Lookup);
        xas_reload(mapping, index);
        folio_test_dirty(folio);
        folio_set_referenced(folio);
        folio_put_testzero(folio, Owner::Lookup);
    }
}
