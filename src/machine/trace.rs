//! A recorded execution: what reports, diagrams and named schedules are made from. Never used on the hunting path.

use super::{Machine, Sink, Why};
use crate::vocab::{Event, Kind, Name, Obj, Site};
use std::collections::HashMap;

/// One event with the functions it happened in, outermost first.
#[derive(Clone, Debug)]
pub struct Step {
    pub event: Event,
    pub stack: Box<[&'static Name]>,
    /// This is the `k`-th point of `event.site` within the operation (0 for pure notes).
    pub k: u16,
}

/// One decision that was not "go on": a task stopped and another took over.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// Number of events before it.
    pub at: u32,
    pub why: Why,
    pub task: u8,
    pub op: u8,
    /// The n-th point of the operation.
    pub nth: u16,
    /// For [`Why::Point`]: the point the task stopped before, and its occurrence in the operation. For a block: which.
    pub site: Site,
    pub k: u16,
    pub to: u8,
    /// What the default order would have chosen.
    pub default: u8,
}

/// A cell that changed without an event: state only its owner may touch, which it writes between two accesses.
#[derive(Clone, Copy, Debug)]
pub struct Quiet {
    /// Number of steps before it.
    pub at: u32,
    pub obj: Obj,
    pub value: u64,
}

/// Everything one execution did.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub steps: Vec<Step>,
    /// In the order of `at`. Recorded together with the steps; what memory holds at the first step is all there.
    pub quiet: Vec<Quiet>,
    pub switches: Vec<Switch>,
    /// Hash of all events, the same on every machine and build of this source.
    pub hash: u64,
}

/// Builds a [`Trace`] in front of another sink.
pub struct Recorder<'a> {
    pub trace: Trace,
    inner: &'a mut dyn Sink,
    /// Occurrences of (task, site) in the task's current operation.
    seen: HashMap<(u8, u8, u32), u16>,
    last: Vec<(Option<Site>, u16)>,
    blocked: Vec<(u8, u16)>,
    /// Memory as the recorded steps and quiet changes have it.
    words: Vec<u64>,
    keep: bool,
}

impl<'a> Recorder<'a> {
    /// `keep` false computes the hash and the switches but stores no steps.
    pub fn new(inner: &'a mut dyn Sink, keep: bool) -> Recorder<'a> {
        Recorder {
            trace: Trace { hash: 0xcbf2_9ce4_8422_2325, ..Trace::default() },
            inner,
            seen: HashMap::new(),
            last: vec![(None, 0); crate::vocab::TASKS],
            blocked: vec![(u8::MAX, 0); crate::vocab::TASKS],
            words: vec![0; Obj::COUNT],
            keep,
        }
    }

    /// Notes what changed in memory since the last event, other than by this one.
    fn note_quiet(&mut self, m: &Machine, e: &Event) {
        let accessed = !matches!(e.kind, Kind::Note | Kind::Barrier);
        for (i, (word, now)) in self.words.iter_mut().zip(m.words()).enumerate() {
            let obj = Obj(i as u16);
            // The event's own cell: what it was just before.
            let before = if accessed && obj == e.obj { e.old } else { now };
            if *word != before {
                self.trace.quiet.push(Quiet { at: self.trace.steps.len() as u32, obj, value: before });
            }
            *word = now;
        }
    }

    fn mix(&mut self, x: u64) {
        let h = (self.trace.hash ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.trace.hash = h ^ h >> 29;
    }
}

impl Sink for Recorder<'_> {
    fn on(&mut self, m: &Machine, e: &Event) -> bool {
        self.mix(u64::from_le_bytes([
            e.task,
            e.cpu,
            e.op,
            e.kind as u8,
            e.order as u8,
            e.note as u8,
            e.obj.0 as u8,
            (e.obj.0 >> 8) as u8,
        ]));
        self.mix(e.aux as u64 | (e.site.hash() as u64) << 32);
        self.mix(e.old);
        self.mix(e.new);
        if self.keep {
            self.note_quiet(m, e);
            let k = if e.kind == Kind::Note { 0 } else { self.last[e.task as usize].1 };
            let stack = m.stack(e.task as usize).collect();
            self.trace.steps.push(Step { event: *e, stack, k });
        }
        self.inner.on(m, e)
    }

    fn on_switch(&mut self, m: &Machine, why: Why, from: usize, to: usize, default: usize) {
        let op = m.op(from);
        let (site, k) = match why {
            Why::Point => {
                let (site, k) = self.last[from];
                (site.unwrap_or_else(Trace::nowhere), k)
            }
            Why::Blocked | Why::Spin => {
                let b = &mut self.blocked[from];
                *b = if b.0 == op { (op, b.1 + 1) } else { (op, 1) };
                (Trace::nowhere(), b.1)
            }
            Why::End => (Trace::nowhere(), 1),
        };
        self.trace.switches.push(Switch {
            at: m.seq().wrapping_add(1),
            why,
            task: from as u8,
            op,
            nth: m.nth(from) as u16,
            site,
            k,
            to: to as u8,
            default: default as u8,
        });
        self.inner.on_switch(m, why, from, to, default);
    }

    fn on_enter(&mut self, func: &'static Name) {
        self.inner.on_enter(func);
    }

    fn on_point(&mut self, m: &Machine, task: usize) {
        self.inner.on_point(m, task);
        let site = m.current_site();
        let k = self.seen.entry((task as u8, m.op(task), site.hash())).or_insert(0);
        *k += 1;
        self.last[task] = (Some(site), *k);
    }
}

impl Trace {
    fn nowhere() -> Site {
        Site { func: &super::frame::ROOT, label: &super::frame::ROOT }
    }
}
