//! What orders one step before another: locks, acquire and release, wake-ups.

use crate::machine::Step;
use crate::vocab::*;
use std::collections::BTreeMap;

/// The synchronization on one way from step `from` to step `to`, as pairs of positions, first to last; `None` if no
/// such way leads there. Steps of one task follow each other; between tasks count unlock and lock, a releasing write
/// and an acquiring read of the same cell, waking and running on, queueing an RCU callback or I/O and its service.
/// Relaxed accesses that barriers make ordering are not looked for.
pub(super) fn path(steps: &[Step], from: usize, to: usize) -> Option<Vec<(usize, usize)>> {
    let mut after = After::default();
    for (i, step) in steps.iter().enumerate().take(to + 1).skip(from) {
        after.take(i, &step.event, i == from);
    }
    let mut edges = Vec::new();
    let mut at = to;
    while at != from {
        let (before, synchronizes) = *after.before.get(&at)?;
        if synchronizes {
            edges.push((before, at));
        }
        at = before;
    }
    edges.reverse();
    Some(edges)
}

/// The steps that are ordered after the first one.
#[derive(Default)]
struct After {
    /// For each: the step just before it on the way, and whether between the two is synchronization.
    before: BTreeMap<usize, (usize, bool)>,
    last: BTreeMap<u8, usize>,
    released: BTreeMap<Obj, usize>,
    woken: BTreeMap<u8, usize>,
    /// By folio, by mapping.
    submitted: BTreeMap<usize, usize>,
    queued: BTreeMap<usize, usize>,
}

impl After {
    fn take(&mut self, i: usize, e: &Event, first: bool) {
        let before = match self.last.get(&e.task) {
            Some(last) => Some((*last, false)),
            None => self.synchronized(e).map(|before| (before, true)),
        };
        if before.is_none() && !first {
            if e.kind == Kind::Store {
                self.released.remove(&e.obj);
            }
            return;
        }
        self.before.extend(before.map(|b| (i, b)));
        self.last.insert(e.task, i);
        if releases(e) {
            self.released.insert(e.obj, i);
        }
        match e.note {
            Note::Woken => drop(self.woken.insert(e.aux as u8, i)),
            Note::IoSubmit => drop(e.obj.as_folio().map(|f| self.submitted.insert(f, i))),
            Note::CallRcu => drop(self.queued.insert(e.aux as usize, i)),
            _ => {}
        }
    }

    /// The step that lets another task make this one.
    fn synchronized(&self, e: &Event) -> Option<usize> {
        let of = |map: &BTreeMap<usize, usize>, key: Option<usize>| key.and_then(|k| map.get(&k).copied());
        let released = || self.released.get(&e.obj).copied().filter(|_| acquires(e));
        let served = || match e.task as usize {
            IO_TASK => of(&self.submitted, e.obj.as_folio()),
            RCU_TASK => of(&self.queued, e.obj.as_mapping()),
            _ => None,
        };
        self.woken.get(&e.task).copied().or_else(released).or_else(served)
    }
}

fn releases(e: &Event) -> bool {
    match e.kind {
        Kind::Unlock | Kind::UnlockShared => true,
        Kind::Store | Kind::Rmw => matches!(e.order, Order::Release | Order::Full),
        _ => false,
    }
}

fn acquires(e: &Event) -> bool {
    match e.kind {
        Kind::Lock | Kind::LockShared => true,
        Kind::Load | Kind::Rmw => matches!(e.order, Order::Acquire | Order::Full),
        _ => false,
    }
}
