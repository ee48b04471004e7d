//! The happens-before of what another strategy chooses.

use super::causality::{Ahead, Causality};
use super::{ahead, connect};
use crate::machine::{Machine, Sched, Touch, Why};

/// Another strategy, watched.
pub struct Observed<'a> {
    inner: &'a mut dyn Sched,
    past: &'a mut Causality,
    touches: Vec<Touch>,
    running: Option<(usize, Ahead, u32)>,
}

impl<'a> Observed<'a> {
    /// `past` is overwritten: kept between executions, it need not be made anew.
    pub fn new(inner: &'a mut dyn Sched, past: &'a mut Causality) -> Observed<'a> {
        Observed { inner, past, touches: Vec::new(), running: None }
    }

    /// The class of the execution that has ended: the same for all with the same happens-before.
    pub fn class(&mut self, m: &Machine) -> u64 {
        self.finish(m);
        self.past.class()
    }

    fn finish(&mut self, m: &Machine) {
        m.touches(&mut self.touches);
        let Some((task, ahead, before)) = self.running.take() else { return };
        self.past.extend(task, ahead, &self.touches);
        connect(self.past, m, task, before);
    }

    fn begin(&mut self, m: &Machine, task: usize) -> usize {
        self.running = Some((task, ahead(m, task), m.runnable()));
        task
    }
}

impl Sched for Observed<'_> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        m.set_tracing(true);
        m.touches(&mut self.touches);
        self.past.truncate(0);
        let task = self.inner.start(m, cpu);
        self.begin(m, task)
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        self.finish(m);
        m.set_tracing(!m.is_alone());
        let task = self.inner.pick(m, why, cur, runnable);
        self.begin(m, task)
    }
}
