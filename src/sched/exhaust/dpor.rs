//! Dynamic partial-order reduction: source sets with sleep sets (Abdulla, Aronsson, Jonsson, Sagonas, POPL 2014). One
//! execution of every class with the same happens-before runs to its end; some are cut short when all that is left of
//! them was run before.
//!
//! Each new step is compared with the earlier ones it conflicts with. Where the order could be the other way round, a
//! task that begins the other order is to be tried at the earlier state.

use super::causality::{Causality, Race};
use super::{Node, Reduction};
use crate::machine::{Access, CellId, Machine, Touch};
use std::rc::Rc;

/// A task and what its next step touches: run before from this state, and independent of all that came since.
pub type Asleep = (u8, Rc<[(CellId, Access)]>);

/// What is known of the choices at a node.
#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Choices {
    /// Tasks to be tried, those tried already included.
    wanted: u32,
    tried: Vec<Asleep>,
    asleep: Vec<Asleep>,
}

pub(super) fn tasks(set: &[Asleep]) -> u32 {
    set.iter().fold(0, |set, a| set | 1 << a.0)
}

impl Choices {
    fn open(&self, chosen: u8) -> u32 {
        self.wanted & !tasks(&self.tried) & !tasks(&self.asleep) & !(1 << chosen)
    }
}

/// The reduction.
#[derive(Default)]
pub struct Dpor;

/// The choice of a node that has been run, with what its step touched.
pub(super) fn asleep(chosen: u8, touched: &[Touch]) -> Asleep {
    (chosen, touched.iter().map(|t| (t.cell, t.access)).collect())
}

/// Those asleep or run at a node that stay asleep after its step by `chosen`, which touched `touched`.
pub(super) fn still_asleep(asleep: &[Asleep], tried: &[Asleep], chosen: u8, touched: &[Touch]) -> Vec<Asleep> {
    let stays = |a: &&Asleep| a.0 != chosen && independent(&a.1, touched);
    asleep.iter().chain(tried).filter(stays).cloned().collect()
}

/// Whether two steps conflict nowhere.
fn independent(asleep: &[(CellId, Access)], step: &[Touch]) -> bool {
    step.iter().all(|t| asleep.iter().all(|(cell, access)| *cell != t.cell || !access.conflicts(t.access)))
}

impl Reduction for Dpor {
    type State = Choices;

    fn stepped(&mut self, nodes: &mut [Node<Choices>], past: &Causality, races: &[Race]) {
        let task = past.task(past.len() - 1);
        for race in races {
            let node = &mut nodes[race.step as usize];
            if race.initials & (node.more.wanted | tasks(&node.more.asleep)) != 0 {
                continue;
            }
            let initials = race.initials & node.enabled;
            node.more.wanted |= match initials & 1 << task {
                // The other order cannot begin with any of them as far as is known: try whatever can.
                0 if initials == 0 => node.enabled,
                0 => initials & initials.wrapping_neg(),
                own => own,
            };
        }
    }

    fn arrived(
        &mut self,
        before: Option<&Node<Choices>>,
        past: &Causality,
        node: &mut Node<Choices>,
        m: &Machine,
    ) -> Option<usize> {
        if let Some(before) = before {
            let touched = past.touched(past.len() - 1);
            node.more.asleep = still_asleep(&before.more.asleep, &before.more.tried, before.chosen, touched);
        }
        let awake = node.enabled & !tasks(&node.more.asleep);
        if awake == 0 {
            return None;
        }
        let first = m.default_choice(node.cur as usize, awake);
        node.more.wanted = 1 << first;
        Some(first)
    }

    fn next(&mut self, node: &mut Node<Choices>, touched: &[Touch]) -> Option<usize> {
        node.more.tried.push(asleep(node.chosen, touched));
        let open = node.more.open(node.chosen);
        (open != 0).then(|| open.trailing_zeros() as usize)
    }

    fn counts(&self, node: &Node<Choices>) -> (u32, u32) {
        (node.more.tried.len() as u32, node.more.open(node.chosen).count_ones())
    }
}
