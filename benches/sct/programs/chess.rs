//! `Chess`: the work-stealing queues of mc-imperial/sctbench, `benchmarks/chess`; and two programs alike in kind:
//! `benchmarks/safestack` and `benchmarks/conc-bugs/stringbuffer-jdk1.4` of the same suite.

use super::{join, spawn_all};
use crate::rt::{Mutex, Var, Vars, check, spawn, yield_now};

/// What thieves and the owner exclude each other with.
#[derive(Clone, Copy)]
enum Lock {
    Mutex(Mutex),
    /// Exchanges until it finds it free.
    Spin(Var),
}

impl Lock {
    fn acquire(self) {
        match self {
            Lock::Mutex(m) => m.lock(),
            Lock::Spin(word) => {
                while word.swap(1) != 0 {
                    yield_now();
                }
            }
        }
    }

    fn release(self) {
        match self {
            Lock::Mutex(m) => m.unlock(),
            Lock::Spin(word) => word.set(0),
        }
    }
}

/// The stacks of activation records that the programs `WithState` keep beside the queue: a vector of vectors that grows
/// when a thread is first seen, under no lock. What a thread writes in its own records is not a point here.
#[derive(Clone, Copy)]
struct Stacks {
    len: Var,
    /// Records of each thread's stack.
    depths: Vars,
}

const THREADS: i64 = 4;

impl Stacks {
    fn new() -> Stacks {
        Stacks { len: Var::new(0), depths: Var::array(THREADS as usize, 0) }
    }

    fn resize(self, n: i64) {
        let len = self.len.get();
        (len.min(n)..len.max(n)).for_each(|i| self.depths.at(i).set(0));
        if len != n {
            self.len.set(n);
        }
    }

    fn of(self, thread: i64) -> Var {
        check(thread < self.len.get());
        self.depths.at(thread)
    }

    fn push(self, thread: i64) {
        if self.len.get() <= thread {
            self.resize(thread + 1);
        }
        self.of(thread).add(1);
    }

    fn pop(self, thread: i64) {
        check(self.of(thread).get() > 0);
        self.of(thread).add(-1);
    }

    fn peek(self, thread: i64) {
        check(self.of(thread).get() > 0);
        self.of(thread).get();
    }
}

/// The state that a queue `WithState` records, if it is one.
#[derive(Clone, Copy)]
struct Record(Option<Stacks>);

impl Record {
    fn enter(self, thread: i64) {
        if let Some(stacks) = self.0 {
            stacks.push(thread);
            stacks.peek(thread);
        }
    }

    fn at(self, thread: i64) {
        if let Some(stacks) = self.0 {
            stacks.peek(thread);
        }
    }

    fn leave(self, thread: i64) {
        if let Some(stacks) = self.0 {
            stacks.pop(thread);
        }
    }
}

/// A queue of which one thread owns the tail, where it pushes and pops, and others steal at the head (Cilk's THE).
#[derive(Clone, Copy)]
struct Queue {
    lock: Lock,
    head: Var,
    tail: Var,
    elements: Var,
    mask: Var,
    record: Record,
    /// The queues without state reuse the last free element too early: this is their bug.
    spare: i64,
}

const INITIAL: i64 = 2;

impl Queue {
    fn new(lock: Lock, record: Record) -> Queue {
        Queue {
            lock,
            head: Var::new(0),
            tail: Var::new(0),
            elements: Var::new(Var::array(INITIAL as usize, -1).address()),
            mask: Var::new(INITIAL - 1),
            record,
            spare: if record.0.is_none() { 1 } else { 0 },
        }
    }

    fn element(self, i: i64) -> Var {
        Vars::from_address(self.elements.get()).at(i & self.mask.get())
    }

    /// The index of `l` relative to the head, which the state records.
    fn record_index(self, l: i64) {
        if self.record.0.is_some() && (l >= self.head.get() || self.mask.get() >= 0) {
            self.head.get();
        }
    }

    /// Item stolen, if there was one.
    fn steal(self, me: i64) -> Option<i64> {
        self.record.enter(me);
        self.lock.acquire();
        self.record.at(me);
        let h = self.head.get();
        self.record_index(h);
        self.record.at(me);
        self.head.swap(h + 1);
        self.record.at(me);
        let found = if h < self.tail.get() {
            Some(self.element(h).get())
        } else {
            self.record.at(me);
            self.head.swap(h);
            None
        };
        self.record.at(me);
        self.lock.release();
        self.record.leave(me);
        found
    }

    fn pop(self, me: i64) -> Option<i64> {
        self.record.enter(me);
        let t = self.tail.get() - 1;
        self.record_index(t);
        self.record.at(me);
        self.tail.swap(t);
        self.record.at(me);
        let found = if self.head.get() <= t {
            Some(self.element(t).get())
        } else {
            self.record.at(me);
            self.tail.swap(t + 1);
            self.sync_pop(me)
        };
        self.record.leave(me);
        found
    }

    fn sync_pop(self, me: i64) -> Option<i64> {
        self.record.enter(me);
        self.lock.acquire();
        self.record.at(me);
        let t = self.tail.get() - 1;
        self.record_index(t);
        self.record.at(me);
        self.tail.swap(t);
        self.record.at(me);
        let mut found = if self.head.get() <= t {
            Some(self.element(t).get())
        } else {
            self.record.at(me);
            self.tail.swap(t + 1);
            None
        };
        self.record.at(me);
        if self.head.get() > t {
            self.record.at(me);
            self.head.swap(0);
            self.record.at(me);
            self.tail.swap(0);
            found = None;
        }
        self.record.at(me);
        self.lock.release();
        self.record.leave(me);
        found
    }

    fn push(self, item: i64, me: i64) {
        self.record.enter(me);
        let t = self.tail.get();
        self.record_index(t);
        self.record.at(me);
        if t < self.head.get() + self.mask.get() + self.spare {
            self.element(t).set(item);
            self.record.at(me);
            self.tail.swap(t + 1);
        } else {
            self.record.at(me);
            self.sync_push(item, me);
        }
        self.record.leave(me);
    }

    fn sync_push(self, item: i64, me: i64) {
        self.record.enter(me);
        self.lock.acquire();
        self.record.at(me);
        let h = self.head.get();
        self.record_index(h);
        self.record.at(me);
        let count = self.tail.get() - h;
        let mask = self.mask.get();
        let h = h & mask;
        self.record_index(h);
        self.record.at(me);
        self.head.swap(h);
        self.record.at(me);
        self.tail.swap(h + count);
        if count >= self.mask.get() {
            let size = 2 * (mask + 1);
            let larger = Var::array(size as usize, -1);
            (0..count).for_each(|i| larger.at(i).set(self.element(h + i).get()));
            self.elements.set(larger.address());
            self.mask.set(size - 1);
            self.record.at(me);
            self.head.swap(0);
            self.record.at(me);
            self.tail.swap(count);
        }
        check(count < self.mask.get());
        self.record.at(me);
        let t = self.tail.get();
        self.element(t).set(item);
        self.record_index(t);
        self.record.at(me);
        self.tail.swap(t + 1);
        self.record.at(me);
        self.lock.release();
        self.record.leave(me);
    }
}

const ITEMS: i64 = 4;
const STEAL_ATTEMPTS: usize = 2;

/// What the owner does with the queue.
#[derive(Clone, Copy)]
enum Owner {
    /// Two pushes and a pop, twice; then two pops.
    Mixed,
    /// All pushes, then all pops.
    PushThenPop,
}

/// Each item is processed exactly once.
fn work_stealing(thieves: usize, queue: Queue, owner: Owner) {
    let items = Var::array(ITEMS as usize, 0);
    let record = queue.record;
    // An item that was never set has no object behind it.
    let process = move |item: Option<i64>| {
        if let Some(item) = item {
            check(item >= 0);
            items.at(item).add(1);
        }
    };
    let steals = move |me: i64| {
        move || {
            record.enter(me);
            for _ in 0..STEAL_ATTEMPTS {
                record.at(me);
                process(queue.steal(me));
            }
            record.leave(me);
        }
    };
    let mut threads: Vec<_> = (1..=thieves as i64).map(|me| spawn(steals(me))).collect();
    threads.push(spawn(move || {
        record.at(0);
        let push = |item| {
            record.at(0);
            queue.push(item, 0);
        };
        let pop = || {
            record.at(0);
            process(queue.pop(0));
        };
        match owner {
            Owner::Mixed => {
                for i in 0..ITEMS / 2 {
                    push(2 * i);
                    push(2 * i + 1);
                    pop();
                }
                (0..ITEMS / 2).for_each(|_| pop());
            }
            Owner::PushThenPop => {
                (0..ITEMS).for_each(push);
                (0..ITEMS).for_each(|_| pop());
            }
        }
    }));
    join(threads);
    (0..ITEMS).for_each(|i| check(items.at(i).get() == 1));
}

fn spin() -> Lock {
    Lock::Spin(Var::new(0))
}

/// `WorkStealQueue.cpp`.
pub fn plain() {
    work_stealing(1, Queue::new(Lock::Mutex(Mutex::new()), Record(None)), Owner::Mixed);
}

/// `InterlockedWorkStealQueue.cpp`.
pub fn interlocked() {
    work_stealing(1, Queue::new(spin(), Record(None)), Owner::Mixed);
}

/// The state, in which the main thread has made its own record.
fn recorded() -> Record {
    let stacks = Stacks::new();
    stacks.push(0);
    Record(Some(stacks))
}

/// `InterlockedWorkStealQueueWithState.cpp`: two threads that appear at once resize the state's vector, and the one
/// shrinks it again.
pub fn interlocked_with_state() {
    work_stealing(2, Queue::new(spin(), recorded()), Owner::Mixed);
}

/// `StateWorkStealQueue.cpp`: likewise.
pub fn state() {
    work_stealing(2, Queue::new(spin(), recorded()), Owner::PushThenPop);
}

const NODES: i64 = 3;
const ROUNDS: usize = 2;

/// The lock-free stack of D. Vyukov's that fails only where two threads take one element across two wrap-arounds.
#[derive(Clone, Copy)]
struct SafeStack {
    head: Var,
    count: Var,
    next: Vars,
    value: Vars,
}

impl SafeStack {
    fn new() -> SafeStack {
        let value = Var::array(NODES as usize, 0);
        SafeStack { head: Var::new(0), count: Var::new(NODES), next: Vars::of(&[1, 2, -1]), value }
    }

    fn pop(self) -> Option<i64> {
        while self.count.get() > 1 {
            let head = self.head.get();
            let next = self.next.at(head).swap(-1);
            if next < 0 {
                yield_now();
            } else if self.head.compare_exchange(head, next).is_ok() {
                self.count.fetch_add(-1);
                return Some(head);
            } else {
                self.next.at(head).swap(next);
            }
        }
        None
    }

    fn push(self, index: i64) {
        // The head that was compared is what a failed exchange found.
        let mut head = self.head.get();
        loop {
            self.next.at(index).set(head);
            match self.head.compare_exchange(head, index) {
                Ok(()) => break,
                Err(found) => head = found,
            }
        }
        self.count.fetch_add(1);
    }
}

/// `SafeStack.cpp`: three threads, two rounds each.
pub fn safestack() {
    let stack = SafeStack::new();
    let threads: Vec<_> = (0..3)
        .map(|me| {
            spawn(move || {
                for _ in 0..ROUNDS {
                    let element = loop {
                        match stack.pop() {
                            Some(element) => break element,
                            None => yield_now(),
                        }
                    };
                    stack.value.at(element).set(me);
                    check(stack.value.at(element).get() == me);
                    stack.push(element);
                }
            })
        })
        .collect();
    join(threads);
}

/// A string buffer: each method takes its lock.
#[derive(Clone, Copy)]
struct StringBuffer {
    lock: Mutex,
    value: Var,
    capacity: Var,
    count: Var,
}

impl StringBuffer {
    fn new(count: i64) -> StringBuffer {
        let [value, capacity, count] = [0, count + 16, count].map(Var::new);
        StringBuffer { lock: Mutex::new(), value, capacity, count }
    }

    fn locked<T>(self, f: impl FnOnce() -> T) -> T {
        self.lock.lock();
        let result = f();
        self.lock.unlock();
        result
    }

    fn length(self) -> i64 {
        self.locked(|| self.count.get())
    }

    fn get_chars(self, begin: i64, end: i64) {
        self.locked(|| {
            check(end <= self.count.get() && begin <= end);
            self.value.get();
        });
    }

    fn expand(self, newcount: i64) {
        if newcount > self.capacity.get() {
            self.capacity.set(newcount);
            self.value.set(newcount);
        }
    }

    fn append_buffer(self, other: StringBuffer) {
        self.locked(|| {
            let len = other.length();
            let newcount = self.count.get() + len;
            self.expand(newcount);
            other.get_chars(0, len);
            self.value.set(newcount);
            self.count.set(newcount);
        });
    }

    fn append(self, len: i64) {
        self.locked(|| {
            let newcount = self.count.get() + len;
            self.expand(newcount);
            self.value.set(newcount);
            self.count.set(newcount);
        });
    }

    fn erase(self, start: i64, end: i64) {
        self.locked(|| {
            let end = end.min(self.count.get());
            check(start <= end);
            if end > start {
                self.value.set(start);
                self.count.add(start - end);
            }
        });
    }
}

/// `stringbuffer-jdk1.4`: the buffer that is appended shrinks between its length and its characters.
pub fn stringbuffer() {
    let [buffer, result] = [3, 0].map(StringBuffer::new);
    let erases = spawn(move || {
        buffer.erase(0, 3);
        buffer.append(3);
    });
    let appends = spawn_all(1, move || result.append_buffer(buffer));
    erases.join();
    join(appends);
}
