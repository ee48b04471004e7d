//! Strategies that run every interleaving of a program, up to what cannot matter.
//!
//! One execution is one path of a tree whose nodes are the states between steps. A path follows the choices of the path
//! before it up to the last one that is changed, and goes on freely. What is common to the strategies is here; a
//! [`Reduction`] says which choices of a node have to be tried.

mod bounded;
mod causality;
mod dpor;
mod observed;
mod persistent;

pub use bounded::Bounded;
pub use dpor::Dpor;
pub use observed::Observed;
pub use persistent::Persistent;

use crate::machine::{Halted, Machine, Sched, Touch, Why};
use crate::vocab::{CPUS, TASKS};
pub use causality::Causality;
use causality::{Ahead, Race};
use std::cell::RefCell;
use std::rc::Rc;

/// The state before a step.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Node<S> {
    /// Tasks that can run.
    runnable: u32,
    /// Tasks that wait by looking again.
    awaiting: u32,
    /// Tasks whose next step would do something: they can run, do not wait for a lock, and do not repeat themselves.
    enabled: u32,
    /// The task that ran before, and whether it could go on: choosing another one then is a preemption.
    cur: u8,
    goes_on: bool,
    chosen: u8,
    more: S,
}

/// Which choices have to be tried.
pub trait Reduction: Default {
    /// What it keeps of a node.
    type State: Clone + Default + serde::Serialize + serde::de::DeserializeOwned;

    /// A step has been made, the last one of `past`; these earlier steps could have come after it.
    fn stepped(&mut self, nodes: &mut [Node<Self::State>], past: &Causality, races: &[Race]);

    /// A new node: what to choose first, of `node.enabled`. `None` if all of its paths have been run before.
    fn arrived(
        &mut self,
        before: Option<&Node<Self::State>>,
        past: &Causality,
        node: &mut Node<Self::State>,
        m: &Machine,
    ) -> Option<usize>;

    /// The paths of the node's choice have been run; its step touched this. What to choose next, if anything.
    fn next(&mut self, node: &mut Node<Self::State>, touched: &[Touch]) -> Option<usize>;

    /// Choices of the node that have been run, and those to come, the current one not counted.
    fn counts(&self, node: &Node<Self::State>) -> (u32, u32);

    /// All paths have been run; whether to begin again, knowing more.
    fn again(&mut self) -> bool {
        false
    }
}

/// What a search is narrowed to: executions in which some tasks wait for others at places of the gate's choice.
pub trait Gate {
    /// An execution begins.
    fn begin(&mut self, m: &Machine);

    /// The running task has come to a point, sleeps, or is over. What is looked at or touched here counts as part of
    /// its last step.
    fn arrived(&mut self, m: &Machine, why: Why, cur: usize);

    /// Tasks that may not run now, as a bit set. Only steps that touch [`crate::machine::Hidden::Claim`] may change it.
    fn held(&self) -> u32;

    /// The rest of the execution does not matter. Only steps that touch [`crate::machine::Hidden::Claim`] decide so.
    fn is_over(&self) -> bool;

    /// No task can go on.
    fn stuck(&mut self, m: &Machine);
}

/// Where the running execution stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Repeating steps that are known.
    Following,
    /// At nodes and steps that are new.
    Free,
    /// Nothing to choose any more: the tasks that are left only repeat themselves, or sleep for ever.
    Over,
}

/// A strategy that runs all paths. Between two executions, [`Exhaust::next_path`].
pub struct Exhaust<R: Reduction> {
    reduction: R,
    nodes: Vec<Node<R::State>>,
    past: Causality,
    touches: Vec<Touch>,
    races: Vec<Race>,
    /// Steps begun in the running execution.
    depth: usize,
    phase: Phase,
    ahead: Ahead,
    cut: bool,
    gate: Option<Rc<RefCell<dyn Gate>>>,
    /// Tasks the gate held before the last step.
    held: u32,
    passes: u32,
}

impl<R: Reduction> Default for Exhaust<R> {
    fn default() -> Exhaust<R> {
        Exhaust::new(R::default())
    }
}

fn ahead(m: &Machine, task: usize) -> Ahead {
    let p = m.pending(task);
    Ahead { op: m.op(task), site: p.site, obj: p.obj }
}

/// Tasks the last step made runnable, and what the epilogue comes after.
fn connect(past: &mut Causality, m: &Machine, task: usize, before: u32) {
    past.woke(m.runnable() & !before & !(1 << task));
    if m.is_joined() {
        past.joins(0, (1 << CPUS) - 2);
    }
}

impl<R: Reduction> Exhaust<R> {
    pub fn new(reduction: R) -> Exhaust<R> {
        Exhaust {
            reduction,
            nodes: Vec::new(),
            past: Causality::default(),
            touches: Vec::new(),
            races: Vec::new(),
            depth: 0,
            phase: Phase::Free,
            ahead: Ahead::NONE,
            cut: false,
            gate: None,
            held: 0,
            passes: 0,
        }
    }

    /// How often the search has begun again, knowing more.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// The search of the executions a gate lets happen.
    pub fn with_gate(self, gate: Rc<RefCell<dyn Gate>>) -> Exhaust<R> {
        Exhaust { gate: Some(gate), ..self }
    }

    pub fn into_reduction(self) -> R {
        self.reduction
    }

    /// The running execution has ended: what its last step touched is known.
    pub fn ended(&mut self, m: &Machine) {
        if self.phase == Phase::Free && !self.cut {
            self.finish(m);
        }
    }

    /// Whether the execution was cut short because all that was left of it had been run before.
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    /// The same for all executions with the same happens-before.
    pub fn class(&self) -> u64 {
        self.past.class()
    }

    /// The choices of the current path: who begins, and who goes on after each step.
    pub fn path(&self) -> Vec<u8> {
        self.nodes.iter().map(|n| n.chosen).collect()
    }

    /// Sets out for the next path; false if there is none.
    pub fn next_path(&mut self) -> bool {
        while let Some(mut node) = self.nodes.pop() {
            let step = self.nodes.len();
            let touched = if step < self.past.len() { self.past.touched(step) } else { &[] };
            if let Some(next) = self.reduction.next(&mut node, touched) {
                node.chosen = next as u8;
                self.nodes.push(node);
                self.rewind(step);
                return true;
            }
        }
        self.rewind(0);
        self.passes += 1;
        self.reduction.again()
    }

    /// Begins a path along the nodes there are, the first `known` steps of which are known.
    fn rewind(&mut self, known: usize) {
        self.past.truncate(known);
        self.depth = 0;
        self.cut = false;
        self.phase = if known > 0 { Phase::Following } else { Phase::Free };
    }

    /// Where the search stands, for [`Exhaust::resume`].
    pub fn nodes(&self) -> &[Node<R::State>] {
        &self.nodes
    }

    /// Goes on where another search of the same program stood.
    pub fn resume(&mut self, nodes: Vec<Node<R::State>>) {
        self.nodes = nodes;
        self.rewind(0);
    }

    /// How much of the tree has been run, from 0 to 1, if every choice still open is as large as its neighbours.
    pub fn progress(&self) -> f64 {
        let (mut share, mut done) = (1.0, 0.0);
        for node in &self.nodes {
            let (tried, open) = self.reduction.counts(node);
            let all = f64::from(tried + open + 1);
            done += share * f64::from(tried) / all;
            share /= all;
        }
        done
    }

    fn finish(&mut self, m: &Machine) {
        let Some(step) = self.depth.checked_sub(1).filter(|s| *s >= self.past.len()) else { return };
        m.touches(&mut self.touches);
        let (task, before) = (self.nodes[step].chosen as usize, self.nodes[step].runnable);
        self.races.clear();
        self.races.extend_from_slice(self.past.extend(task, self.ahead, &self.touches));
        self.reduction.stepped(&mut self.nodes, &self.past, &self.races);
        connect(&mut self.past, m, task, before);
    }

    /// A state that is reached for the first time on this path.
    fn arrive(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) {
        let mut node = Node { runnable, cur: cur as u8, ..Node::default() };
        let before = self.nodes.last();
        node.awaiting = before.map_or(0, |n| n.awaiting & !(1 << n.chosen));
        for t in 0..TASKS {
            if node.awaiting >> t & 1 != 0 && self.past.disturbs_waiting(t) {
                node.awaiting &= !(1 << t);
                self.past.woke(1 << t);
            }
        }
        if why == Why::Point && !self.past.is_empty() && self.past.repeats(ahead(m, cur)) {
            node.awaiting |= 1 << cur;
        }
        let ready = |t: &usize| runnable >> t & 1 != 0 && !m.would_block(*t);
        let ready = (0..TASKS).filter(ready).fold(0, |set, t| set | 1 << t) & !self.held;
        if self.gate.is_some() && ready & !node.awaiting == 0 {
            // Loops that only repeat themselves may come to an end of their own: what the gate waits for may be there.
            node.awaiting &= !ready;
        }
        node.enabled = ready & !node.awaiting;
        if node.enabled == 0 {
            if let Some(gate) = &self.gate {
                gate.borrow_mut().stuck(m);
                self.cut = true;
                m.halt(Halted::Pruned);
            }
            // Locks nobody releases, or loops nobody ends. The machine finds out which.
            self.phase = Phase::Over;
            return;
        }
        node.goes_on = why == Why::Point && node.enabled >> cur & 1 != 0;
        match self.reduction.arrived(before, &self.past, &mut node, m) {
            Some(first) => {
                node.chosen = first as u8;
                self.nodes.push(node);
            }
            None => {
                self.cut = true;
                m.halt(Halted::Pruned);
            }
        }
    }

    /// The gate has seen the last step: whom it lets go on is because of it.
    fn ask_gate(&mut self, m: &Machine) {
        let Some(gate) = &self.gate else { return };
        let (over, held) = (gate.borrow().is_over(), gate.borrow().held());
        self.past.woke(self.held & !held);
        self.held = held;
        if over {
            self.cut = true;
            m.halt(Halted::Pruned);
        }
    }

    fn choose(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        if self.phase == Phase::Free {
            self.finish(m);
            self.ask_gate(m);
            m.set_tracing(!m.is_alone());
            if self.depth == self.nodes.len() {
                self.arrive(m, why, cur, runnable);
            }
        }
        if self.phase == Phase::Over {
            m.set_tracing(false);
            return m.default_choice(cur, runnable);
        }
        let chosen = self.nodes[self.depth].chosen as usize;
        if self.phase == Phase::Following && self.depth == self.past.len() {
            self.phase = Phase::Free;
            m.set_tracing(true);
            m.touches(&mut self.touches);
        }
        if let Some(gate) = &self.gate {
            self.held = gate.borrow().held();
        }
        self.depth += 1;
        self.ahead = ahead(m, chosen);
        chosen
    }
}

impl<R: Reduction> Sched for Exhaust<R> {
    fn start(&mut self, m: &Machine, cpu: usize) -> usize {
        m.set_tracing(self.phase == Phase::Free);
        if let Some(gate) = &self.gate {
            gate.borrow_mut().begin(m);
            self.held = gate.borrow().held();
        }
        m.touches(&mut self.touches);
        self.choose(m, Why::End, cpu, m.runnable())
    }

    fn pick(&mut self, m: &Machine, why: Why, cur: usize, runnable: u32) -> usize {
        if let Some(gate) = &self.gate {
            gate.borrow_mut().arrived(m, why, cur);
        }
        self.choose(m, why, cur, runnable)
    }
}
