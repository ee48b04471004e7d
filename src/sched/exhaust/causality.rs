//! Happens-before of one execution: its steps, what each touched, and which of them could have come in the other order.
//!
//! A step happens before a later one if the same task makes both, if both touch a cell and conflict there, if it made
//! the later one's task runnable, or by transitivity. Two executions with the same happens-before are the same
//! to every check; the exhaustive strategies run one of each class.

use crate::machine::{Access, CELLS, CellId, Touch};
use crate::vocab::{Obj, TASKS};

/// Number of each task's last step that is known to have happened; counted from 1.
pub type Clock = [u16; TASKS];

fn join(into: &mut Clock, other: &Clock) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).max(*b));
}

/// What a task was about to do when it was chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Ahead {
    pub op: u8,
    pub site: u32,
    pub obj: Obj,
}

impl Ahead {
    pub const NONE: Ahead = Ahead { op: 0, site: 0, obj: Obj::NONE };
}

struct Step {
    task: u8,
    /// The task's n-th step that touches something, from 1.
    index: u16,
    ahead: Ahead,
    clock: Clock,
    /// Its accesses: until there, from where the step before it ends.
    end: u32,
    /// Tasks it made runnable.
    woke: u32,
    /// A task that has waited for the end of others, when it was made.
    joins: Option<(u8, u32)>,
    /// The task repeats itself since this step of its own: it waits for somebody to change what it looks at.
    awaits: Option<u32>,
}

/// The steps that touched a cell: the last that conflicts with everything, and those after it.
#[derive(Default)]
struct Cell {
    base: Option<(u32, Access)>,
    since: Vec<(u32, Access)>,
    /// The last step that took the lock exclusively, waiting for it or trying.
    locker: u32,
}

/// Two steps that conflict directly: if other tasks' steps came first, `initials` are the tasks that could begin at the
/// state before `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Race {
    pub step: u32,
    pub initials: u32,
}

/// A step that a later one directly depends on.
#[derive(Clone, Copy)]
struct Pred {
    step: u32,
    /// Whether the two could change places, as far as is known from them alone.
    races: bool,
    /// It took the lock that the later one takes, and released it there.
    release: Option<u32>,
}

/// Rounds of an unchanged loop after which its task is taken to wait for others. More than any retry the model counts.
const FUTILE_ROUNDS: usize = 4;
/// Steps of one round, at most.
const ROUND: usize = 64;

/// The execution so far.
pub struct Causality {
    steps: Vec<Step>,
    touches: Vec<Touch>,
    cells: Vec<Cell>,
    dirty: Vec<CellId>,
    own: [Vec<u32>; TASKS],
    /// What the next step of a task comes after, besides the task's own.
    enabled: [Clock; TASKS],
    preds: Vec<Pred>,
    races: Vec<Race>,
    /// Where each cell stands among the touches of the step being added, if it does.
    places: Vec<u32>,
}

impl Default for Causality {
    fn default() -> Causality {
        Causality {
            steps: Vec::new(),
            touches: Vec::new(),
            cells: std::iter::repeat_with(Cell::default).take(CELLS).collect(),
            dirty: Vec::new(),
            own: Default::default(),
            enabled: Default::default(),
            preds: Vec::new(),
            races: Vec::new(),
            places: vec![0; CELLS],
        }
    }
}

impl Causality {
    /// Steps so far.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn task(&self, step: usize) -> usize {
        self.steps[step].task as usize
    }

    fn begin_of(&self, step: usize) -> usize {
        step.checked_sub(1).map_or(0, |s| self.steps[s].end as usize)
    }

    /// What a step touched, each cell once.
    pub fn touched(&self, step: usize) -> &[Touch] {
        &self.touches[self.begin_of(step)..self.steps[step].end as usize]
    }

    /// Keeps the first `len` steps.
    pub fn truncate(&mut self, len: usize) {
        for cell in self.dirty.drain(..) {
            let c = &mut self.cells[cell as usize];
            c.base = None;
            c.since.clear();
        }
        self.own.iter_mut().for_each(Vec::clear);
        self.enabled = Default::default();
        self.steps.truncate(len);
        self.touches.truncate(self.steps.last().map_or(0, |s| s.end as usize));
        for step in 0..self.steps.len() {
            for i in self.begin_of(step)..self.steps[step].end as usize {
                self.enter(step as u32, self.touches[i]);
            }
            self.own[self.task(step)].push(step as u32);
            self.wake(step);
            self.join_others(step);
        }
    }

    /// Notes in a cell's history that `step` touched it.
    fn enter(&mut self, step: u32, touch: Touch) {
        let cell = &mut self.cells[touch.cell as usize];
        if cell.base.is_none() && cell.since.is_empty() {
            self.dirty.push(touch.cell);
        }
        if touch.access.is_exclusive() {
            cell.base = Some((step, touch.access));
            cell.since.clear();
        } else {
            cell.since.push((step, touch.access));
        }
        if matches!(touch.access, Access::Lock | Access::Write) {
            cell.locker = step;
        }
    }

    fn wake(&mut self, step: usize) {
        let (woke, clock) = (self.steps[step].woke, self.steps[step].clock);
        (0..TASKS).filter(|t| woke >> t & 1 != 0).for_each(|t| join(&mut self.enabled[t], &clock));
    }

    fn happens_before(&self, a: u32, clock: &Clock) -> bool {
        let a = &self.steps[a as usize];
        clock[a.task as usize] >= a.index
    }

    /// `task` has made a step, with these accesses. Returns the races it is the later half of.
    pub fn extend(&mut self, task: usize, ahead: Ahead, touches: &[Touch]) -> &[Race] {
        let step = self.steps.len() as u32;
        let begin = self.touches.len();
        touches.iter().for_each(|t| self.merge(begin, *t));
        let before = self.clock_before(task);
        self.collect_preds(begin);
        // A step that touches nothing is none to anybody else.
        let made = self.own[task].last().map_or(0, |s| self.steps[*s as usize].index);
        let index = made + u16::from(self.touches.len() > begin);
        let mut clock = before;
        for pred in &self.preds {
            join(&mut clock, &self.steps[pred.step as usize].clock);
        }
        clock[task] = index;
        self.races.clear();
        for i in 0..self.preds.len() {
            let Pred { step, races, .. } = self.preds[i];
            if races && !self.happens_before(step, &before) && !self.is_covered(i) {
                let initials = self.initials(step, task, &clock);
                self.races.push(Race { step, initials });
            }
        }
        self.steps.push(Step {
            task: task as u8,
            index,
            ahead,
            clock,
            end: self.touches.len() as u32,
            woke: 0,
            joins: None,
            awaits: None,
        });
        for i in begin..self.touches.len() {
            self.enter(step, self.touches[i]);
        }
        self.own[task].push(step);
        &self.races
    }

    /// One touch for each cell of a step.
    fn merge(&mut self, begin: usize, touch: Touch) {
        let place = self.places[touch.cell as usize] as usize;
        match self.touches.get_mut(place).filter(|t| place >= begin && t.cell == touch.cell) {
            Some(t) => {
                t.access = t.access.and(touch.access);
                t.new = touch.new;
            }
            None => {
                self.places[touch.cell as usize] = self.touches.len() as u32;
                self.touches.push(touch);
            }
        }
    }

    fn clock_before(&self, task: usize) -> Clock {
        let mut clock = self.enabled[task];
        if let Some(last) = self.own[task].last() {
            join(&mut clock, &self.steps[*last as usize].clock);
        }
        clock
    }

    /// The earlier steps the new one directly depends on, and whether the two could change places. A lock cannot be
    /// taken before it is released: there, the step that took it is what races.
    fn collect_preds(&mut self, begin: usize) {
        self.preds.clear();
        for touch in &self.touches[begin..] {
            let cell = &self.cells[touch.cell as usize];
            let takes = matches!(touch.access, Access::Lock | Access::TakeShared);
            let mut add =
                |step: u32, races: bool, release: Option<u32>| match self.preds.iter_mut().find(|p| p.step == step) {
                    Some(p) => (p.races, p.release) = (p.races | races, p.release.or(release)),
                    None => self.preds.push(Pred { step, races, release }),
                };
            match cell.base {
                Some((step, Access::Unlock)) if takes => {
                    add(step, false, None);
                    add(cell.locker, true, Some(step));
                }
                Some((step, _)) => add(step, true, None),
                None => {}
            }
            for (i, (step, access)) in cell.since.iter().enumerate().filter(|(_, s)| s.1.conflicts(touch.access)) {
                let task = self.steps[*step as usize].task;
                let is_release =
                    |s: &&(u32, Access)| s.1 == Access::ReleaseShared && self.steps[s.0 as usize].task == task;
                match access {
                    Access::TakeShared if takes => {
                        add(*step, true, cell.since[i + 1..].iter().find(is_release).map(|s| s.0));
                    }
                    Access::ReleaseShared if takes => add(*step, false, None),
                    _ => add(*step, true, None),
                }
            }
        }
    }

    /// Whether one step of the execution happens before a later one.
    fn precedes(&self, a: u32, b: u32) -> bool {
        a < b && self.happens_before(a, &self.steps[b as usize].clock)
    }

    /// Whether the step changes places with another direct predecessor before it can with the new step.
    ///
    /// A lock is taken after its release, and after all that was done under it: to come before any of that is to come
    /// before the taking. So what happens before a release changes places with nothing, and does not stand between the
    /// two takings.
    fn is_covered(&self, i: usize) -> bool {
        let pred = self.preds[i];
        let mut later = self.preds.iter().filter(|other| self.precedes(pred.step, other.step));
        let Some(release) = pred.release else { return later.next().is_some() };
        let released = |step: u32| self.preds.iter().any(|p| !p.races && self.precedes(step, p.step));
        later.any(|other| {
            let in_section = other.step == release || self.precedes(other.step, release);
            other.races && !in_section && (other.release.is_some() || !released(other.step))
        })
    }

    /// The tasks that could begin, before `step`, what has happened since without it and then the step of `task`.
    fn initials(&self, step: u32, task: usize, clock: &Clock) -> u32 {
        let mut first: [Option<(u16, &Clock)>; TASKS] = [None; TASKS];
        for s in &self.steps[step as usize + 1..] {
            if !self.happens_before(step, &s.clock) {
                first[s.task as usize].get_or_insert((s.index, &s.clock));
            }
        }
        first[task].get_or_insert((clock[task], clock));
        let comes_first =
            |t: usize, clock: &Clock| (0..TASKS).all(|q| q == t || first[q].is_none_or(|(index, _)| clock[q] < index));
        let initial = |t: &usize| first[*t].is_some_and(|(_, clock)| comes_first(*t, clock));
        (0..TASKS).filter(initial).fold(0, |set, t| set | 1 << t)
    }

    /// The last step made `tasks` runnable.
    pub fn woke(&mut self, tasks: u32) {
        if let Some(step) = self.steps.len().checked_sub(1) {
            self.steps[step].woke |= tasks;
            self.wake(step);
        }
    }

    /// The next step of `task` comes after everything the others in `tasks` have done.
    pub fn joins(&mut self, task: usize, tasks: u32) {
        // Kept with the last step: it is there again after a truncation, unless that goes further back.
        if let Some(step) = self.steps.len().checked_sub(1) {
            self.steps[step].joins = Some((task as u8, tasks));
            self.join_others(step);
        }
    }

    fn join_others(&mut self, step: usize) {
        let Some((task, tasks)) = self.steps[step].joins else { return };
        for t in (0..TASKS).filter(|t| tasks >> t & 1 != 0) {
            if let Some(last) = self.own[t].last() {
                join(&mut self.enabled[task as usize], &self.steps[*last as usize].clock);
            }
        }
    }

    // ----- tasks that wait by looking again -----

    /// The task of the last step, now at `ahead`, has gone round the same loop several times, and neither it nor
    /// anybody else has changed anything of what it looks at.
    pub fn repeats(&mut self, ahead: Ahead) -> bool {
        let Some(last) = self.steps.last() else { return false };
        let own = &self.own[last.task as usize];
        let mut end = own.len();
        let mut newest = None;
        for _ in 0..FUTILE_ROUNDS {
            let from = own[..end].iter().rev().take(ROUND).position(|s| self.steps[*s as usize].ahead == ahead);
            let Some(from) = from.map(|n| end - 1 - n).filter(|from| self.is_futile(own, *from, end)) else {
                return false;
            };
            newest.get_or_insert(own[from]);
            end = from;
        }
        if let Some(last) = self.steps.last_mut() {
            last.awaits = newest;
        }
        newest.is_some()
    }

    /// Whether the steps `own[from..end]` of a task leave memory as it was, and nobody else touched what they touched.
    fn is_futile(&self, own: &[u32], from: usize, end: usize) -> bool {
        let Some((first, last)) = own.get(from).copied().zip(own.get(end - 1).copied()) else { return false };
        let mine = || own[from..end].iter().flat_map(|s| self.touched(*s as usize));
        let unchanged = mine().filter(|t| t.is_memory() && t.access != Access::Read).all(|t| {
            let of_cell = || mine().filter(|o| o.cell == t.cell && o.access != Access::Read);
            of_cell().next().map(|o| o.old) == of_cell().next_back().map(|o| o.new)
        });
        let task = self.steps[first as usize].task;
        unchanged
            && (first..=last)
                .filter(|s| self.steps[*s as usize].task != task)
                .all(|s| !self.disturbs(s, own, from, end))
    }

    fn disturbs(&self, step: u32, own: &[u32], from: usize, end: usize) -> bool {
        self.touched(step as usize)
            .iter()
            .filter(|t| t.is_memory() && t.access != Access::Read)
            .any(|t| own[from..end].iter().flat_map(|s| self.touched(*s as usize)).any(|mine| mine.cell == t.cell))
    }

    /// Whether the last step changed something a waiting task looks at.
    pub fn disturbs_waiting(&self, task: usize) -> bool {
        let Some(step) = self.steps.len().checked_sub(1) else { return false };
        let own = &self.own[task];
        let awaits = own.last().and_then(|s| self.steps[*s as usize].awaits);
        let from = awaits.and_then(|first| own.iter().position(|s| *s == first));
        from.is_none_or(|from| self.disturbs(step as u32, own, from, own.len()))
    }

    /// A hash that executions of one program share if they have the same happens-before.
    pub fn class(&self) -> u64 {
        (0..self.len()).fold(0, |sum, s| sum.wrapping_add(self.hash(s)))
    }

    /// The part of a step in [`Causality::class`].
    pub fn hash(&self, step: usize) -> u64 {
        if self.touched(step).is_empty() {
            return 0;
        }
        let mix = |h: u64, x: u64| {
            let h = (h ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            h ^ h >> 29
        };
        let s = &self.steps[step];
        s.clock.iter().fold(mix(s.task as u64 + 1, s.index as u64), |h, c| mix(h, *c as u64))
    }

    /// What the task of a step was about to do.
    pub fn ahead(&self, step: usize) -> Ahead {
        self.steps[step].ahead
    }
}
