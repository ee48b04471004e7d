//! Selectively uniform random walk: the interleavings of a few chosen accesses are as likely as one another; everything
//! else is ordered by random priorities.
//!
//! The task that makes the next of the chosen accesses is drawn in advance, by how many each has left; the others wait
//! before theirs until it has. Which accesses, is drawn for each execution: of one cell, or of the fields of one
//! object, that two tasks touch, one of them writing.

use super::pos::Priorities;
use super::urw::weighted;
use super::world::{Ask, MAX_TASKS, Strategy, World};
use super::{Needs, Profile, Rng, tasks};

/// What the chosen accesses have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Any of the others, drawn for each execution.
    Any,
    /// One field.
    Cell,
    /// The fields of one object.
    Object,
    /// One lock.
    Lock,
}

/// Cells of one subject, at most.
const MOST: usize = 32;

/// Points without a chosen access, for each that an execution is known to have, after which the choice is given up.
const PATIENCE: u32 = 2;

/// See the module's description.
pub struct Surw {
    rng: Rng,
    subject: Subject,
    cells: [u32; MOST],
    nr_cells: usize,
    /// Chosen accesses each task has left.
    left: [u32; MAX_TASKS],
    tasks: u128,
    /// Who makes the next.
    intended: Option<usize>,
    priorities: Priorities,
    /// Points until the choice is given up.
    patience: u32,
    most_patience: u32,
}

impl Surw {
    pub fn new(subject: Subject) -> Surw {
        Surw {
            rng: Rng::new(0),
            subject,
            cells: [0; MOST],
            nr_cells: 0,
            left: [0; MAX_TASKS],
            tasks: 0,
            intended: None,
            priorities: Priorities::default(),
            patience: 0,
            most_patience: 0,
        }
    }

    #[inline]
    fn is_chosen(&self, cell: u32) -> bool {
        self.cells[..self.nr_cells].contains(&cell)
    }

    fn choose(&mut self, profile: &Profile) {
        self.nr_cells = 0;
        self.tasks = 0;
        self.left = [0; MAX_TASKS];
        let subject = match (self.subject, self.rng.below(4)) {
            (Subject::Any, 0) => Subject::Object,
            (Subject::Any, 1) => Subject::Lock,
            (Subject::Any, _) => Subject::Cell,
            (subject, _) => subject,
        };
        let of = |number: u32| &profile.cells()[number as usize];
        let locks = profile.shared().iter().filter(|n| of(**n).is_lock).count() as u32;
        let wanted = |number: &u32| match subject {
            _ if locks == 0 || locks == profile.shared().len() as u32 => true,
            Subject::Lock => of(*number).is_lock,
            _ => !of(*number).is_lock,
        };
        let choices = profile.shared().iter().filter(|n| wanted(n)).count() as u32;
        let at = self.rng.below(choices) as usize;
        let Some(first) = profile.shared().iter().filter(|n| wanted(n)).nth(at).copied() else { return };
        for number in profile.shared().iter().copied() {
            let same = number == first || (subject == Subject::Object && of(number).object == of(first).object);
            if same && self.nr_cells < MOST {
                self.add(profile, number);
            }
        }
    }

    fn add(&mut self, profile: &Profile, number: u32) {
        let cell = &profile.cells()[number as usize];
        self.cells[self.nr_cells] = cell.cell;
        self.nr_cells += 1;
        self.tasks |= cell.tasks;
        for task in tasks(cell.tasks) {
            self.left[task] += profile.count(number, task);
        }
    }

    fn intend(&mut self) {
        let set = tasks(self.tasks).filter(|t| self.left[*t] != 0).fold(0, |set, t| set | 1 << t);
        self.intended = (set != 0).then(|| weighted(&mut self.rng, set, |task| self.left[task]));
    }

    /// Notes what has been done.
    fn follow(&mut self, ask: &Ask) {
        if ask.why == crate::machine::Why::End {
            self.left[ask.cur] = 0;
            if self.intended == Some(ask.cur) {
                self.intend();
            }
        }
        let Some((task, made)) = ask.done else { return };
        if self.is_chosen(made.cell) {
            self.left[task] = self.left[task].saturating_sub(1);
            self.patience = self.most_patience;
            self.intend();
        } else if self.patience == 0 {
            self.nr_cells = 0;
        } else {
            self.patience -= 1;
        }
    }

    /// Those of `enabled` that may go on.
    fn allowed<W: World>(&mut self, world: &W, enabled: u128) -> u128 {
        let chosen = tasks(enabled).filter(|t| self.is_chosen(world.next(*t).cell)).fold(0, |set, t| set | 1 << t);
        if let Some(intended) = self.intended {
            let allowed = enabled & !chosen | chosen & 1 << intended;
            if allowed != 0 {
                return allowed;
            }
            // Whoever was meant cannot get there before one of these has.
            let next = weighted(&mut self.rng, enabled, |task| self.left[task].max(1));
            self.intended = Some(next);
            return 1 << next;
        }
        enabled
    }
}

impl Strategy for Surw {
    fn begin(&mut self, seed: u64, profile: &Profile) {
        self.rng = Rng::new(seed);
        let kept = self.rng.one_in(2);
        self.priorities.begin(kept);
        self.choose(profile);
        let points: u32 = tasks(profile.known()).map(|t| profile.points(t)).sum();
        self.most_patience = PATIENCE * points;
        self.patience = self.most_patience;
        self.intend();
    }

    fn pick<W: World>(&mut self, world: &W, ask: &Ask) -> usize {
        self.priorities.done(world, ask);
        let mut allowed = ask.enabled;
        if self.nr_cells != 0 {
            self.follow(ask);
            allowed = self.allowed(world, ask.enabled);
        }
        self.priorities.highest(world, &mut self.rng, allowed)
    }

    fn needs(&self) -> Needs {
        Needs::Accesses
    }
}
