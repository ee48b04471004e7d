//! Making a program that shows something smaller while it still shows it.
//!
//! Order: whole CPUs, trailing operations, single operations from the back; then the initial state and the arguments;
//! then the schedule. Every step proposes a candidate, repairs it ([`Program::fix_up`]), and has it run; a candidate
//! that is smaller by `Size` and still shows the signature replaces the best one, with the schedule it was shown under.
//! The passes repeat until none helps.

use super::fixup::args_of;
use super::types::{EPILOGUE_OP, Program};
use crate::ops::{Arg, FolioPlace, SwapInit, VmaInit, VmaKind};
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Schedule};
use crate::vocab::{CPUS, FOLIOS, MAPPINGS, SLOTS, VMAS, VMAS_PER_MM};
use std::collections::BTreeSet;

/// What [`minimize`] achieved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Minimized {
    /// The smallest program found; the given one if that did not show the signature at all.
    pub program: Program,
    /// Operations and schedule records of the given program.
    pub before: (usize, usize),
    /// The same of `program`.
    pub after: (usize, usize),
    /// Candidates that were run.
    pub tried: usize,
}

/// Shrinks `p`, running at most `budget` candidates. `test` runs one and, if it still shows the wanted signature,
/// returns the schedule it was executed under as named records ([`super::schedule_of`]); it may search for such a
/// schedule itself.
pub fn minimize(p: &Program, budget: usize, test: &mut dyn FnMut(&Program) -> Option<Schedule>) -> Minimized {
    let mut best = p.clone();
    best.fix_up();
    let mut min = Minimizer { best, budget, tried: 0, seen: BTreeSet::new(), test };
    if min.begin() {
        loop {
            let size = Size::of(&min.best);
            min.drop_cpus();
            min.drop_tails();
            min.drop_ops();
            min.number_cpus();
            min.drop_init();
            min.renumber_init();
            min.shrink_args();
            min.drop_records();
            min.simplify_records();
            if Size::of(&min.best) >= size || min.exhausted() {
                break;
            }
        }
    }
    Minimized { before: size_pair(p), after: size_pair(&min.best), tried: min.tried, program: min.best }
}

fn size_pair(p: &Program) -> (usize, usize) {
    (p.nr_ops(), p.schedule.records.len())
}

/// What is made smaller, the most important first. Every accepted candidate lowers it, so the passes come to an end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Size {
    ops: usize,
    cpus: usize,
    records: usize,
    objects: usize,
    flags: u32,
    /// Sum of arguments, frames, mapping numbers and indices.
    values: usize,
    start: u8,
    /// `end` is simpler than `blocked`, that than a site, and `@n` says least.
    anchors: usize,
    occurrences: usize,
}

impl Size {
    fn of(p: &Program) -> Size {
        let mut size = Size {
            ops: p.nr_ops(),
            cpus: p.nr_cpus(),
            records: p.schedule.records.len(),
            objects: 0,
            flags: 0,
            values: p.cpus.iter().flatten().flat_map(|op| op.args).map(usize::from).sum(),
            start: p.schedule.start,
            anchors: p.schedule.records.iter().map(|r| weight(r.anchor)).sum(),
            occurrences: p.schedule.records.iter().map(|r| r.k as usize).sum(),
        };
        for (i, m) in p.init.mappings.iter().enumerate() {
            let Some(m) = m else { continue };
            size.objects += 1;
            size.values += i;
            size.flags += m.flags.count_ones() + m.aops.count_ones();
            size.values += SLOTS.saturating_sub(m.size as usize);
        }
        size.objects += p.init.idle.count_ones() as usize;
        for (i, v) in p.init.vmas.iter().enumerate() {
            let Some(v) = v else { continue };
            size.objects += 1;
            size.values += i + usize::from(v.end.saturating_sub(v.start)) + usize::from(v.kind.file().unwrap_or(0));
            size.flags += u32::from(v.read_only) + u32::from(v.locked) + u32::from(v.kind != VmaKind::Anon);
        }
        for (i, s) in p.init.swaps.iter().enumerate() {
            let Some(s) = s else { continue };
            size.objects += 1;
            let (SwapInit::Page { mm: owner, addr: page } | SwapInit::File { mapping: owner, index: page }) = *s;
            size.values += i + usize::from(owner) + usize::from(page);
        }
        for (i, f) in p.init.folios.iter().enumerate() {
            let Some(f) = f else { continue };
            size.objects += 1;
            size.values += i;
            size.flags += f.flags.count_ones() + f.maps.count_ones();
            let (FolioPlace::Cache { mapping: owner, index: at } | FolioPlace::Anon { mm: owner, addr: at }) = f.place;
            size.values += owner as usize + at as usize;
        }
        size
    }
}

fn weight(anchor: Anchor) -> usize {
    match anchor {
        Anchor::End => 0,
        Anchor::Blocked => 1,
        Anchor::Site(_) => 2,
        Anchor::Nth => 3,
    }
}

struct Minimizer<'a> {
    best: Program,
    budget: usize,
    tried: usize,
    /// Texts of all candidates.
    seen: BTreeSet<String>,
    test: &'a mut dyn FnMut(&Program) -> Option<Schedule>,
}

impl Minimizer<'_> {
    fn exhausted(&self) -> bool {
        self.tried >= self.budget
    }

    /// Runs a candidate. The program with the executed schedule, if it was shown and can be written down.
    fn run(&mut self, candidate: &Program) -> Option<Program> {
        if self.exhausted() || !self.seen.insert(candidate.text()) {
            return None;
        }
        self.tried += 1;
        let schedule = (self.test)(candidate)?;
        if schedule.records.len() > MAX_RECORDS {
            return None;
        }
        let mut shown = Program { schedule, ..candidate.clone() };
        let records = shown.schedule.records.len();
        shown.fix_up();
        (shown.schedule.records.len() == records).then_some(shown)
    }

    /// Runs the given program; false if it does not show the signature. Its executed schedule replaces its own if that
    /// can be written down.
    fn begin(&mut self) -> bool {
        if self.exhausted() {
            return false;
        }
        self.tried += 1;
        self.seen.insert(self.best.text());
        let Some(schedule) = (self.test)(&self.best) else { return false };
        let mut shown = Program { schedule, ..self.best.clone() };
        let records = shown.schedule.records.len();
        shown.fix_up();
        if shown.schedule.records.len() == records && shown != self.best {
            self.seen.insert(shown.text());
            self.best = shown;
        }
        true
    }

    /// Tries a candidate; true if it is the best one now.
    fn attempt(&mut self, mut candidate: Program) -> bool {
        candidate.fix_up();
        let Some(shown) = self.run(&candidate) else { return false };
        let better = Size::of(&shown) < Size::of(&self.best);
        if better {
            self.seen.insert(shown.text());
            self.best = shown;
        }
        better
    }

    /// As [`Minimizer::attempt`] for a candidate that lost operations: if it fails under the schedule it inherits, then
    /// under none, and under nearby ones, which miss a record or have one moved by one occurrence.
    fn attempt_nearby(&mut self, candidate: Program) -> bool {
        if self.attempt(candidate.clone()) {
            return true;
        }
        let nr = candidate.schedule.records.len();
        let mut nearby = vec![Program { schedule: Schedule::default(), ..candidate.clone() }];
        for i in 0..nr {
            let mut less = candidate.clone();
            less.schedule.records.remove(i);
            nearby.push(less);
        }
        for i in 0..nr {
            let Some(k) = candidate.schedule.records.get(i).map(|r| r.k) else { break };
            for k in [k.saturating_sub(1), k.saturating_add(1)] {
                let mut moved = candidate.clone();
                if let Some(r) = moved.schedule.records.get_mut(i).filter(|r| r.anchor != Anchor::End) {
                    r.k = k;
                    nearby.push(moved);
                }
            }
        }
        nearby.into_iter().any(|p| self.attempt(p))
    }

    // ----- operations -----

    fn drop_cpus(&mut self) {
        for cpu in (0..CPUS).rev() {
            if !self.best.cpus[cpu].is_empty() && self.best.nr_ops() > self.best.cpus[cpu].len() {
                let mut less = self.best.clone();
                less.cpus[cpu].clear();
                less.schedule.records.retain(|r| r.cpu as usize != cpu && r.to as usize != cpu);
                self.attempt_nearby(compact(&less));
            }
        }
    }

    /// Drops the later half of a CPU's operations for as long as that works.
    fn drop_tails(&mut self) {
        for cpu in (0..CPUS).rev() {
            loop {
                let half = self.best.cpus.get(cpu).map_or(0, |ops| ops.len() / 2);
                let mut less = self.best.clone();
                for i in (half.max(1)..less.cpus[cpu].len()).rev() {
                    remove_op(&mut less, cpu, i);
                }
                if half == 0 || !self.attempt_nearby(less) {
                    break;
                }
            }
        }
    }

    fn drop_ops(&mut self) {
        for cpu in (0..CPUS).rev() {
            for i in (0..self.best.cpus[cpu].len()).rev() {
                if i < self.best.cpus[cpu].len() && self.best.nr_ops() > 1 {
                    let mut less = self.best.clone();
                    remove_op(&mut less, cpu, i);
                    self.attempt_nearby(less);
                }
            }
        }
    }

    /// Moves the CPUs in use to the lowest numbers, and the one that starts to 0.
    fn number_cpus(&mut self) {
        let compacted = compact(&self.best);
        self.attempt(compacted);
        let (nr, start) = (self.best.nr_cpus(), self.best.schedule.start as usize);
        if start != 0 {
            // A rotation keeps the cyclic default order; an exchange keeps more of the numbers.
            let rotation = std::array::from_fn(|i| if i < nr { (i + nr - start) % nr } else { i });
            let exchange = std::array::from_fn(|i| match i {
                0 => start,
                i if i == start => 0,
                i => i,
            });
            for map in [rotation, exchange] {
                let permuted = permute_cpus(&self.best, map);
                if self.attempt(permuted) {
                    break;
                }
            }
            let mut plain = self.best.clone();
            plain.schedule.start = 0;
            self.attempt(plain);
        }
    }

    // ----- initial state and arguments -----

    fn drop_init(&mut self) {
        for i in (0..FOLIOS).rev() {
            let mut less = self.best.clone();
            if less.init.folios[i].take().is_some() {
                self.attempt(less);
            }
        }
        for i in (0..SLOTS).rev() {
            let mut less = self.best.clone();
            if less.init.swaps[i].take().is_some() {
                self.attempt(less);
            }
        }
        self.drop_vmas();
        for i in (0..MAPPINGS).rev() {
            let mut less = self.best.clone();
            if less.init.mappings[i].take().is_some() {
                self.attempt(less);
            }
            let mut plain = self.best.clone();
            if let Some(m) = &mut plain.init.mappings[i]
                && std::mem::replace(&mut m.size, SLOTS as u8) != SLOTS as u8
            {
                self.attempt(plain);
            }
        }
        for bit in 0..u64::BITS {
            for i in 0..FOLIOS {
                self.clear(|p| p.init.folios[i].as_mut().map(|f| &mut f.flags), 1 << bit);
            }
            for i in 0..MAPPINGS {
                self.clear(|p| p.init.mappings[i].as_mut().map(|m| &mut m.flags), 1 << bit);
                self.clear(|p| p.init.mappings[i].as_mut().map(|m| &mut m.aops), 1 << bit);
            }
        }
    }

    /// Drops maps of folios, whole VMAs, their pages and flags, and idle processes.
    fn drop_vmas(&mut self) {
        for i in 0..FOLIOS {
            for mm in 0..u8::BITS {
                let mut less = self.best.clone();
                if let Some(f) = less.init.folios[i].as_mut().filter(|f| f.maps >> mm & 1 != 0) {
                    f.maps &= !(1 << mm);
                    self.attempt(less);
                }
            }
        }
        for i in (0..VMAS).rev() {
            let mut less = self.best.clone();
            if less.init.vmas[i].take().is_some() {
                let mut idle = less.clone();
                idle.init.idle |= 1 << (i / VMAS_PER_MM);
                if self.attempt(less) || self.attempt(idle) {
                    continue;
                }
            }
            self.shrink_vma(i);
        }
        let mut less = self.best.clone();
        if std::mem::take(&mut less.init.idle) != 0 {
            self.attempt(less);
        }
    }

    fn shrink_vma(&mut self, i: usize) {
        let Some(v) = self.best.init.vmas[i] else { return };
        let smaller = [
            VmaInit { end: v.end - 1, ..v },
            VmaInit { start: v.start + 1, ..v },
            VmaInit { read_only: false, ..v },
            VmaInit { locked: false, ..v },
        ];
        for candidate in smaller.into_iter().filter(|c| *c != v && c.start < c.end) {
            let mut less = self.best.clone();
            less.init.vmas[i] = Some(candidate);
            if self.attempt(less) {
                return self.shrink_vma(i);
            }
        }
    }

    fn clear(&mut self, word: impl Fn(&mut Program) -> Option<&mut u64>, bit: u64) {
        if word(&mut self.best).is_none_or(|w| *w & bit == 0) {
            return;
        }
        let mut less = self.best.clone();
        if let Some(w) = word(&mut less) {
            *w &= !bit;
        }
        self.attempt(less);
    }

    /// Exchanges frames, mappings and indices with lower ones, everywhere at once.
    fn renumber_init(&mut self) {
        for high in 1..FOLIOS {
            for low in 0..high {
                if self.best.init.folios[low].is_none() {
                    let mut swapped = self.best.clone();
                    swapped.init.folios.swap(low, high);
                    rename(&mut swapped, Arg::Pfn, None, low as u8, high as u8);
                    if self.attempt(swapped) {
                        break;
                    }
                }
            }
        }
        for high in 1..MAPPINGS {
            for low in 0..high {
                let mut swapped = self.best.clone();
                swapped.init.mappings.swap(low, high);
                rename(&mut swapped, Arg::Mapping, None, low as u8, high as u8);
                for f in swapped.init.folios.iter_mut().flatten() {
                    if let FolioPlace::Cache { mapping, .. } = &mut f.place {
                        exchange(mapping, low as u8, high as u8);
                    }
                }
                for v in swapped.init.vmas.iter_mut().flatten() {
                    if let VmaKind::Shared(m) | VmaKind::Private(m) | VmaKind::Nonlinear(m) = &mut v.kind {
                        exchange(m, low as u8, high as u8);
                    }
                }
                self.attempt(swapped);
            }
        }
        for m in 0..MAPPINGS as u8 {
            for high in 1..SLOTS as u8 {
                for low in 0..high {
                    let mut swapped = self.best.clone();
                    rename(&mut swapped, Arg::Index, Some(m), low, high);
                    for f in swapped.init.folios.iter_mut().flatten() {
                        if let FolioPlace::Cache { mapping, index } = &mut f.place
                            && *mapping == m
                        {
                            exchange(index, low, high);
                        }
                    }
                    self.attempt(swapped);
                }
            }
        }
    }

    fn shrink_args(&mut self) {
        for cpu in 0..CPUS {
            for i in 0..self.best.cpus[cpu].len() {
                for arg in 0..3 {
                    let Some(v) = self.best.cpus[cpu].get(i).and_then(|op| op.args.get(arg)).copied() else { continue };
                    let mut lower = vec![0, v / 2, v.saturating_sub(1)];
                    lower.retain(|x| *x < v);
                    lower.dedup();
                    for x in lower {
                        let mut less = self.best.clone();
                        if let Some(cell) = less.cpus[cpu].get_mut(i).and_then(|op| op.args.get_mut(arg)) {
                            *cell = x;
                        }
                        if self.attempt(less) {
                            break;
                        }
                    }
                }
            }
        }
    }

    // ----- schedule -----

    /// Drops all records, then halves, quarters, … then single ones, from the back.
    fn drop_records(&mut self) {
        let mut chunk = self.best.schedule.records.len();
        while chunk > 0 {
            let mut end = self.best.schedule.records.len();
            while end > 0 {
                let begin = end.saturating_sub(chunk);
                let mut less = self.best.clone();
                let bound = end.min(less.schedule.records.len());
                less.schedule.records.drain(begin.min(bound)..bound);
                self.attempt(less);
                end = begin.min(self.best.schedule.records.len());
            }
            chunk /= 2;
        }
    }

    /// Makes each record say something simpler: the end, a sleep, an earlier occurrence.
    fn simplify_records(&mut self) {
        for i in 0..self.best.schedule.records.len() {
            let Some(r) = self.best.schedule.records.get(i).copied() else { break };
            let last = self.best.last_op(r.cpu as usize);
            let mut simpler = Vec::new();
            if r.anchor != Anchor::End {
                if (r.cpu as usize) < CPUS && r.op != EPILOGUE_OP {
                    simpler.push(Preempt { anchor: Anchor::End, op: last, k: 1, ..r });
                }
                if r.anchor != Anchor::Blocked {
                    simpler.push(Preempt { anchor: Anchor::Blocked, k: 1, ..r });
                }
            }
            let mut lower = vec![1, r.k / 2, r.k.saturating_sub(1)];
            lower.retain(|k| *k != 0 && *k < r.k);
            lower.dedup();
            simpler.extend(lower.into_iter().map(|k| Preempt { k, ..r }));
            for s in simpler {
                let mut less = self.best.clone();
                if let Some(cell) = less.schedule.records.get_mut(i) {
                    *cell = s;
                }
                if self.attempt(less) {
                    break;
                }
            }
        }
    }
}

/// Removes one operation with the records in it; later operations move up.
fn remove_op(p: &mut Program, cpu: usize, i: usize) {
    if i >= p.cpus[cpu].len() {
        return;
    }
    p.cpus[cpu].remove(i);
    let i = i as u8;
    p.schedule.records.retain_mut(|r| {
        if r.cpu as usize != cpu || r.anchor == Anchor::End || (cpu == 0 && r.op == EPILOGUE_OP) {
            return true;
        }
        let keep = r.op != i;
        if r.op > i {
            r.op -= 1;
        }
        keep
    });
}

/// The program with CPU `i` as CPU `map[i]`, a permutation.
fn permute_cpus(p: &Program, map: [usize; CPUS]) -> Program {
    let mut out = p.clone();
    for (ops, to) in p.cpus.iter().zip(map) {
        if let Some(slot) = out.cpus.get_mut(to) {
            slot.clone_from(ops);
        }
    }
    let rename = |task: &mut u8| *task = map.get(*task as usize).map_or(*task, |t| *t as u8);
    rename(&mut out.schedule.start);
    for r in &mut out.schedule.records {
        // The epilogue stays with cpu0.
        if !(r.cpu == 0 && r.op == EPILOGUE_OP) {
            rename(&mut r.cpu);
        }
        rename(&mut r.to);
    }
    out
}

/// The program with the CPUs that have operations first, in their order.
fn compact(p: &Program) -> Program {
    let (mut used, mut empty) = (0, p.cpus.iter().filter(|ops| !ops.is_empty()).count());
    let map = std::array::from_fn(|i| {
        let next = if p.cpus[i].is_empty() { &mut empty } else { &mut used };
        *next += 1;
        *next - 1
    });
    permute_cpus(p, map)
}

fn exchange(value: &mut u8, a: u8, b: u8) {
    if *value == a {
        *value = b;
    } else if *value == b {
        *value = a;
    }
}

/// Exchanges two values of all arguments of a kind; of the operations on mapping `on` only, if given.
fn rename(p: &mut Program, kind: Arg, on: Option<u8>, a: u8, b: u8) {
    for op in p.cpus.iter_mut().flatten() {
        let concerns = |m| args_of(op).any(|(i, k)| k == Arg::Mapping && op.args[i] == m);
        if on.is_none_or(concerns) {
            for (i, k) in args_of(op) {
                if k == kind {
                    exchange(&mut op.args[i], a, b);
                }
            }
        }
    }
}
