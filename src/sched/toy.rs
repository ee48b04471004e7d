//! Small programs of threads on shared cells, for the tests of the strategies.

use super::world::{Act, Next, World};
use super::{Asked, Strategy};
use crate::machine::Why;

/// One instruction of a thread, which has two registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Do {
    Load(usize, u32),
    Store(u32, i64),
    /// Adds to a cell.
    Add(u32, i64),
    /// Stores what a register holds, plus one.
    Put(u32, usize),
    Lock(u32),
    Unlock(u32),
    /// Spins until the cell holds the value.
    Await(u32, i64),
    /// Makes the threads up to this one.
    Spawn(usize),
    /// Waits for the end of all others.
    Join,
}

/// Threads by number; thread 0 is there from the start.
pub struct Toy {
    threads: Vec<Vec<Do>>,
    /// The same number for threads of the same text.
    texts: Vec<u32>,
    cells: usize,
    /// Looks at the registers of each thread and the cells, at the end.
    bug: fn(&[[i64; 2]], &[i64]) -> bool,
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Clean,
    Bug,
    Deadlock,
    /// It did not end.
    Budget,
}

pub struct Run<'a> {
    toy: &'a Toy,
    cells: Vec<i64>,
    registers: Vec<[i64; 2]>,
    at: Vec<usize>,
    alive: u128,
    asleep: u128,
}

impl World for Run<'_> {
    fn next(&self, task: usize) -> Next {
        let (Some(text), at) = (self.toy.threads.get(task), self.at[task]) else { return Next::NONE };
        let site = self.toy.texts[task] << 8 | at as u32;
        let access = |cell, act| Next { cell, act, site };
        match text.get(at) {
            Some(Do::Load(_, c) | Do::Await(c, _)) => access(*c, Act::Read),
            Some(Do::Store(c, _) | Do::Put(c, _)) => access(*c, Act::Write),
            Some(Do::Add(c, _)) => access(*c, Act::Rmw),
            Some(Do::Lock(c)) => access(*c, Act::Lock),
            Some(Do::Unlock(c)) => access(*c, Act::Unlock),
            Some(Do::Spawn(_) | Do::Join) | None => Next::NONE,
        }
    }

    fn would_block(&self, tasks: u128) -> u128 {
        let held = |t: &usize| match self.toy.threads[*t].get(self.at[*t]) {
            Some(Do::Lock(c)) => self.cells[*c as usize] != 0,
            _ => false,
        };
        super::tasks(tasks).filter(held).fold(0, |set, t| set | 1 << t)
    }
}

impl<'a> Run<'a> {
    fn new(toy: &'a Toy) -> Run<'a> {
        let n = toy.threads.len();
        let (cells, registers, at) = (vec![0; toy.cells], vec![[0; 2]; n], vec![0; n]);
        Run { toy, cells, registers, at, alive: 1, asleep: 0 }
    }

    /// One step of `t`; how it stops.
    fn step(&mut self, t: usize) -> Why {
        let Some(now) = self.toy.threads[t].get(self.at[t]).copied() else { return self.over(t) };
        let mut why = Why::Point;
        self.at[t] += 1;
        match now {
            Do::Load(r, c) => self.registers[t][r] = self.cells[c as usize],
            Do::Store(c, v) => self.cells[c as usize] = v,
            Do::Put(c, r) => self.cells[c as usize] = self.registers[t][r] + 1,
            Do::Add(c, v) => self.cells[c as usize] += v,
            Do::Lock(c) if self.cells[c as usize] == 0 => self.cells[c as usize] = 1,
            Do::Lock(_) => {
                self.at[t] -= 1;
                self.asleep |= 1 << t;
                why = Why::Blocked;
            }
            Do::Unlock(c) => {
                self.cells[c as usize] = 0;
                self.asleep = 0;
            }
            Do::Await(c, v) if self.cells[c as usize] != v => self.at[t] -= 1,
            Do::Await(..) => {}
            Do::Spawn(to) => self.alive |= (1 << (to + 1)) - 1,
            Do::Join if self.alive != 1 << t => {
                self.at[t] -= 1;
                self.asleep |= 1 << t;
                why = Why::Blocked;
            }
            Do::Join => {}
        }
        if self.at[t] == self.toy.threads[t].len() { self.over(t) } else { why }
    }

    fn over(&mut self, t: usize) -> Why {
        self.alive &= !(1 << t);
        if self.alive.count_ones() == 1 {
            self.asleep = 0;
        }
        Why::End
    }
}

impl Toy {
    fn new(threads: Vec<Vec<Do>>, cells: usize, bug: fn(&[[i64; 2]], &[i64]) -> bool) -> Toy {
        let text = |t: &Vec<Do>| threads.iter().position(|u| u == t).map_or(0, |i| i as u32 + 1);
        Toy { texts: threads.iter().map(text).collect(), threads, cells, bug }
    }

    /// One execution, with its number of steps.
    pub fn run<S: Strategy>(&self, asked: &mut Asked<S>, seed: u64) -> (End, u32) {
        let mut run = Run::new(self);
        asked.begin(seed);
        let (mut why, mut cur, mut steps) = (Why::Point, 0, 0);
        let end = loop {
            let runnable = run.alive & !run.asleep;
            if runnable == 0 {
                let bug = (self.bug)(&run.registers, &run.cells);
                break if run.alive != 0 {
                    End::Deadlock
                } else if bug {
                    End::Bug
                } else {
                    End::Clean
                };
            }
            if steps == 20_000 {
                break End::Budget;
            }
            cur = asked.pick(&run, why, cur, runnable);
            assert!(runnable >> cur & 1 != 0);
            why = run.step(cur);
            steps += 1;
        };
        asked.end(matches!(end, End::Clean | End::Bug));
        (end, steps)
    }

    /// Executions up to the first that ends so, at most `cap`.
    pub fn first<S: Strategy>(&self, strategy: S, seed: u64, cap: u32, wanted: End) -> Option<u32> {
        let mut asked = Asked::new(strategy);
        asked.load();
        (1..=cap).find(|i| self.run(&mut asked, seed << 32 | u64::from(*i)).0 == wanted)
    }
}

/// `n` threads set a, then b; one looks whether a is set and b is not.
pub fn reorder(n: usize) -> Toy {
    let mut threads = vec![vec![Do::Spawn(n + 1), Do::Join]];
    threads.extend((0..n).map(|_| vec![Do::Store(0, 1), Do::Store(1, -1)]));
    threads.push(vec![Do::Load(0, 0), Do::Load(1, 1)]);
    Toy::new(threads, 2, |r, _| r.last().is_some_and(|r| r[0] == 1 && r[1] == 0))
}

/// Writers that set two data under one lock each; readers that see the first without the second.
pub fn twostage(n: usize) -> Toy {
    let mut threads = vec![vec![Do::Spawn(n + 1), Do::Join]];
    for i in 0..=n {
        threads.push(if i == n {
            vec![Do::Lock(2), Do::Load(0, 0), Do::Unlock(2), Do::Lock(3), Do::Load(1, 1), Do::Unlock(3)]
        } else {
            vec![Do::Lock(2), Do::Store(0, 1), Do::Unlock(2), Do::Lock(3), Do::Store(1, 1), Do::Unlock(3)]
        });
    }
    Toy::new(threads, 4, |r, _| r.last().is_some_and(|r| r[0] == 1 && r[1] == 0))
}

/// Two threads that each add 1 to a cell, not at once, among `noise` accesses that do not matter.
pub fn lost_update(noise: usize) -> Toy {
    let body = |own: u32| {
        let around = || std::iter::repeat_n(Do::Add(own, 1), noise);
        around().chain([Do::Load(0, 0), Do::Put(0, 0)]).chain(around()).collect()
    };
    let mut threads = vec![vec![Do::Spawn(2), Do::Join]];
    threads.extend([body(1), body(2)]);
    Toy::new(threads, 3, |_, c| c[0] == 1)
}

/// Two threads take two locks in opposite order.
pub fn deadlock() -> Toy {
    let pair = |a, b| vec![Do::Lock(a), Do::Lock(b), Do::Unlock(b), Do::Unlock(a)];
    Toy::new(vec![vec![Do::Spawn(2), Do::Join], pair(0, 1), pair(1, 0)], 2, |_, _| false)
}

/// Threads that wait for one another by looking.
pub fn spinning(n: usize) -> Toy {
    let mut threads = vec![vec![Do::Spawn(n), Do::Await(n as u32, 1), Do::Join]];
    threads.extend((1..=n).map(|i| {
        let wait = if i == 1 { Do::Store(0, 1) } else { Do::Await(i as u32 - 1, 1) };
        vec![wait, Do::Store(i as u32, 1)]
    }));
    Toy::new(threads, n + 1, |_, _| false)
}

/// One thread.
pub fn sequential() -> Toy {
    Toy::new(vec![vec![Do::Store(0, 1), Do::Load(0, 0)]], 1, |_, _| false)
}
