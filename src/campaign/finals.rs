//! The final states of a search, as a condition sees them.

use crate::exec::Runner;
use crate::prog::Condition;
use crate::vocab::Obj;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Words of the cells a condition looks at, at the end of an execution.
pub type Words = Vec<(Obj, u64)>;

/// The word of a cell among those remembered; 0 for another one.
pub fn word_of(words: &[(Obj, u64)], obj: Obj) -> u64 {
    words.iter().find(|w| w.0 == obj).map_or(0, |w| w.1)
}

/// A final state of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinalState {
    /// The terms of the condition with their values.
    pub text: String,
    /// Executions that end in it.
    pub executions: u64,
    /// Whether the expression is true of it.
    pub holds: bool,
}

/// The final states met by a search, and how many executions ended in each. Two executions count as two if their
/// happens-before differs.
#[derive(Default)]
pub struct Finals {
    condition: Option<Condition>,
    counts: BTreeMap<Vec<u64>, u64>,
    /// Classes counted, where a search may come upon one again.
    seen: HashSet<u64>,
    pub positive: u64,
    pub negative: u64,
    /// Executions that ended otherwise, in tasks that wait for ever or go on for ever.
    pub endless: u64,
    /// The path of the first execution that settles the question.
    pub example: Option<Vec<u8>>,
}

/// What of it goes into the position of a search.
#[derive(Serialize, Deserialize, Default)]
pub struct Saved {
    condition: String,
    counts: Vec<(Vec<u64>, u64)>,
    positive: u64,
    negative: u64,
    endless: u64,
    example: Option<Vec<u8>>,
}

impl Finals {
    pub fn new(condition: Option<Condition>) -> Finals {
        Finals { condition, ..Finals::default() }
    }

    pub fn condition(&self) -> Option<&Condition> {
        self.condition.as_ref()
    }

    /// Makes `runner` remember what the condition looks at.
    pub fn watch(&self, runner: &mut Runner) {
        runner.watch_final(self.condition.as_ref().map(|c| c.expr.cells()).unwrap_or_default());
    }

    /// Counts an execution that has ended; `repeats`: the search may have come upon its class before.
    pub(super) fn add(&mut self, runner: &Runner, class: impl Fn() -> u64, repeats: bool, path: impl Fn() -> Vec<u8>) {
        let Some(condition) = &self.condition else { return };
        if repeats && !self.seen.insert(class()) {
            return;
        }
        let Some(words) = runner.final_words() else {
            self.endless += 1;
            return;
        };
        let holds = condition.expr.holds(&|obj| word_of(words, obj));
        *if holds { &mut self.positive } else { &mut self.negative } += 1;
        let key: Vec<u64> = words.iter().map(|w| w.1).collect();
        *self.counts.entry(key).or_insert(0) += 1;
        if condition.settles(holds) && self.example.is_none() {
            self.example = Some(path());
        }
    }

    /// Whether the last execution of `runner` settles the question.
    pub(super) fn settled_by(&self, runner: &Runner) -> bool {
        let (Some(condition), Some(words)) = (&self.condition, runner.final_words()) else { return false };
        condition.settles(condition.expr.holds(&|obj| word_of(words, obj)))
    }

    /// The states, those with fewest executions first.
    pub fn states(&self) -> Vec<FinalState> {
        let Some(condition) = &self.condition else { return Vec::new() };
        let cells = condition.expr.cells();
        let mut states: BTreeMap<String, FinalState> = BTreeMap::new();
        for (words, executions) in &self.counts {
            let words: Words = cells.iter().map(|c| c.0).zip(words.iter().copied()).collect();
            let word = |obj| word_of(&words, obj);
            let (text, holds) = (condition.expr.state(&word), condition.expr.holds(&word));
            let state = states.entry(text.clone()).or_insert(FinalState { text, executions: 0, holds });
            state.executions += executions;
        }
        let mut states: Vec<FinalState> = states.into_values().collect();
        states.sort_by_key(|s| s.executions);
        states
    }

    pub(super) fn save(&self) -> Saved {
        Saved {
            condition: self.text(),
            counts: self.counts.iter().map(|(k, n)| (k.clone(), *n)).collect(),
            positive: self.positive,
            negative: self.negative,
            endless: self.endless,
            example: self.example.clone(),
        }
    }

    /// Goes on from counts of a search with the same condition; false if it had another.
    pub(super) fn restore(&mut self, saved: Saved) -> bool {
        if saved.condition != self.text() {
            return false;
        }
        self.counts = saved.counts.into_iter().collect();
        (self.positive, self.negative, self.endless) = (saved.positive, saved.negative, saved.endless);
        self.example = saved.example;
        true
    }

    fn text(&self) -> String {
        self.condition.as_ref().map(Condition::to_string).unwrap_or_default()
    }
}
