//! Plain accesses that race: two of them, at least one a write, that nothing orders in this execution.
//!
//! Happens-before by vector clocks: a lock, a release store or an ordered read-modify-write publishes what its task has
//! seen; whoever takes the lock, loads with acquire or makes an ordered read-modify-write of the same word sees it.
//! Asked only of words whose accesses the reference marks plain because a lock orders them: list links, tree roots,
//! counters and marks of an address_space, `mlock_count`. Ordering the model does not spell out as an access (work
//! items, grace periods, the start and end of a program) counts as ordering everything, so that silence, not an alarm,
//! is the error left. `race` asks which lock was held; this check finds accesses under different locks, too.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "kcsan":
    DATA_RACE = "data-race" predictive "KCSAN, MM-6.12 0.3" "Two plain accesses, one a write, are not ordered.";
}

/// What a task, or a word, knows of every task's progress.
type Clock = [u32; TASKS];

fn join(into: &mut Clock, from: &Clock) {
    into.iter_mut().zip(from).for_each(|(a, b)| *a = (*a).max(*b));
}

/// Every task has seen the set-up, and nobody what another does next.
fn start() -> [Clock; TASKS] {
    std::array::from_fn(|task| std::array::from_fn(|t| 1 + u32::from(t == task)))
}

/// Plain accesses to one word: of each task, its progress and the event.
#[derive(Clone, Copy)]
struct Accesses {
    run: u32,
    written: [(u32, u32); TASKS],
    read: [(u32, u32); TASKS],
}

const NONE: Accesses = Accesses { run: 0, written: [(0, 0); TASKS], read: [(0, 0); TASKS] };

/// Every word that can be asked about, densely: see [`watched`].
const WATCHED: usize = LRU_LISTS + WAIT_QUEUES + 3 * SPACES + ANON_VMAS + FOLIOS;

pub(super) struct Kcsan {
    /// Number of the execution: what carries another one is of an earlier execution.
    run: u32,
    tasks: [Clock; TASKS],
    published: Box<[(u32, Clock); Obj::COUNT]>,
    accesses: [Accesses; WATCHED],
}

impl Default for Kcsan {
    fn default() -> Kcsan {
        let published = Box::new([(0, [0; TASKS]); Obj::COUNT]);
        Kcsan { run: 1, tasks: start(), published, accesses: [NONE; WATCHED] }
    }
}

/// The word's number among those whose plain accesses a lock orders.
fn watched(obj: Obj) -> Option<usize> {
    let p = obj.place();
    let (i, queues) = (p.index as usize, LRU_LISTS);
    let spaces = queues + WAIT_QUEUES;
    let trees = spaces + 3 * SPACES;
    Some(match p.field {
        Field::LruList => p.sub as usize,
        Field::Queue => queues + i,
        Field::NrPages => spaces + i,
        Field::Marks => spaces + SPACES + i,
        Field::IMmap => spaces + 2 * SPACES + i,
        Field::AvTree => trees + i,
        Field::MlockCount => trees + ANON_VMAS + i,
        _ => return None,
    })
}

impl Kcsan {
    fn publish(&mut self, obj: Obj, task: usize) {
        let slot = &mut self.published[obj.0 as usize];
        if slot.0 != self.run {
            *slot = (self.run, [0; TASKS]);
        }
        join(&mut slot.1, &self.tasks[task]);
        self.tasks[task][task] += 1;
    }

    fn see(&mut self, obj: Obj, task: usize) {
        let slot = &self.published[obj.0 as usize];
        if slot.0 == self.run {
            join(&mut self.tasks[task], &slot.1);
        }
    }

    /// Everything so far is ordered before everything from here on.
    fn order_all(&mut self) {
        let mut all = [0; TASKS];
        self.tasks.iter().for_each(|c| join(&mut all, c));
        for (t, clock) in self.tasks.iter_mut().enumerate() {
            *clock = all;
            clock[t] += 1;
        }
    }

    fn order(&mut self, e: &Event) {
        let task = e.task as usize;
        match e.kind {
            Kind::Lock | Kind::LockShared => self.see(e.obj, task),
            Kind::Unlock | Kind::UnlockShared => self.publish(e.obj, task),
            Kind::Load if e.order == Order::Acquire => self.see(e.obj, task),
            Kind::Store if e.order == Order::Release => self.publish(e.obj, task),
            Kind::Rmw if matches!(e.order, Order::Full | Order::Acquire) => {
                self.see(e.obj, task);
                if e.order == Order::Full {
                    self.publish(e.obj, task);
                }
            }
            Kind::Rmw if e.order == Order::Release => self.publish(e.obj, task),
            _ => {}
        }
    }

    fn access(&mut self, word: usize, e: &Event) -> Option<u32> {
        let task = e.task as usize;
        let seen = &self.tasks[task];
        let a = &mut self.accesses[word];
        if a.run != self.run {
            *a = Accesses { run: self.run, ..NONE };
        }
        let unseen = |of: &[(u32, u32); TASKS]| {
            (0..TASKS).find(|t| *t != task && of[*t].0 > seen[*t]).map(|t| of[t].1)
        };
        let write = e.wrote() && e.old != e.new;
        let other = unseen(&a.written).or_else(|| if write { unseen(&a.read) } else { None });
        let mine = if write { &mut a.written } else { &mut a.read };
        mine[task] = (seen[task], e.seq);
        other
    }
}

impl Check for Kcsan {
    const SPEC: CheckSpec = CheckSpec { name: "kcsan", title: "plain accesses that nothing orders", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .field(Field::LruList)
        .field(Field::Queue)
        .field(Field::NrPages)
        .field(Field::Marks)
        .field(Field::IMmap)
        .field(Field::AvTree)
        .field(Field::MlockCount)
        .writes(Field::LruLock)
        .writes(Field::QueueLock)
        .writes(Field::XaLock)
        .writes(Field::ILock)
        .writes(Field::IMmapRwsem)
        .writes(Field::AvRwsem)
        .writes(Field::AvRefcount)
        .writes(Field::Ptl)
        .writes(Field::MmapLock)
        .writes(Field::MmUsers)
        .writes(Field::FCount)
        .writes(Field::ICount)
        .writes(Field::IRwsem)
        .writes(Field::InvalidateLock)
        .writes(Field::Flags)
        .writes(Field::Refcount)
        .writes(Field::Slot)
        .writes(Field::FreeList)
        .field(Field::WaitFlags)
        .note(Note::AnonVmaAlloc)
        .note(Note::FolioAlloc)
        .note(Note::OpBegin)
        .note(Note::OpEnd);

    fn reset(&mut self) {
        self.run += 1;
        self.tasks = start();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::AnonVmaAlloc || e.note == Note::FolioAlloc {
            // Another object at the same place: the allocator orders it after the one before.
            let word = match (e.note, e.obj.as_folio()) {
                (Note::FolioAlloc, Some(f)) => Obj::folio(f, Field::MlockCount),
                _ => Obj::at(Field::AvTree, e.aux as usize % ANON_VMAS, 0),
            };
            self.accesses[watched(word)?].run = 0;
            return None;
        }
        if e.kind == Kind::Note {
            // A program's first and last operation, and everything a service task does, are ordered by what starts
            // them.
            let outside = e.task as usize >= CPUS || e.op as usize >= OPS_PER_CPU;
            if outside {
                self.order_all();
            }
            return None;
        }
        if e.order == Order::Plain && v.cx.running {
            let other = self.access(watched(e.obj)?, e)?;
            return Some(DATA_RACE.at(e).with_other(Some(other)));
        }
        self.order(e);
        None
    }
}
