//! What is told of a condition on the final state: as litmus tools do, so that their users can read it.

use super::common::{Format, Status};
use crate::campaign::{Finals, Verdict, word_of};
use crate::prog::{Condition, Quantifier};
use crate::vocab::Obj;
use serde_json::{Value, json};

/// The final state of one execution.
pub struct Shown {
    pub state: String,
    pub holds: bool,
}

/// A condition, asked of the words an execution left; `None` if its operations did not all end.
pub fn ask(condition: &Condition, words: Option<&[(Obj, u64)]>) -> Option<Shown> {
    let words = words?;
    let word = |obj| word_of(words, obj);
    Some(Shown { state: condition.expr.state(&word), holds: condition.expr.holds(&word) })
}

/// The answer of a search.
pub struct Answer<'a> {
    condition: &'a Condition,
    finals: &'a Finals,
    /// Of which executions it was asked: empty if of all.
    scope: String,
    /// Why it is open: the search ended before it had its answer.
    open: Option<&'static str>,
}

impl<'a> Answer<'a> {
    pub fn of(finals: &'a Finals, verdict: &Verdict) -> Option<Answer<'a>> {
        let condition = finals.condition()?;
        let incomplete = match verdict {
            Verdict::Proved | Verdict::Bounded(_) => None,
            Verdict::Found { .. } => Some("a finding ended the search (--checks none asks the condition alone)"),
            Verdict::Stopped { .. } => Some("the search was stopped"),
            Verdict::GaveUp => Some("some executions have no end"),
        };
        let scope = match verdict {
            Verdict::Bounded(n) => {
                format!(" (executions with at most {n} preemption{})", if *n == 1 { "" } else { "s" })
            }
            _ if incomplete.is_some() => " (so far)".to_string(),
            _ => String::new(),
        };
        let open = incomplete.filter(|_| condition.decided(finals.positive, finals.negative).is_none());
        Some(Answer { condition, finals, scope, open })
    }

    /// Whether the condition is validated; `None` while it is open.
    pub fn validated(&self) -> Option<bool> {
        let Finals { positive, negative, .. } = self.finals;
        let decided = self.condition.decided(*positive, *negative);
        decided.or(self.open.is_none().then(|| self.condition.validated(*positive, *negative)))
    }

    pub fn status(&self) -> Status {
        match self.validated() {
            Some(true) => Status::Clean,
            Some(false) => Status::Finding,
            None => Status::GaveUp,
        }
    }

    /// What the example of the search is.
    pub fn example(&self) -> &'static str {
        if self.condition.quantifier == Quantifier::Exists { "witness" } else { "counterexample" }
    }

    fn observation(&self) -> &'static str {
        match (self.finals.positive, self.finals.negative) {
            (0, _) => "Never",
            (_, 0) => "Always",
            _ => "Sometimes",
        }
    }

    /// Tells it in text; `name` is the test's.
    pub fn tell(&self, format: Format, name: &str) {
        let Finals { positive, negative, endless, .. } = self.finals;
        let mode = match self.condition.quantifier {
            Quantifier::Exists => "Allowed",
            Quantifier::NotExists => "Forbidden",
            Quantifier::Forall => "Required",
        };
        let states = self.finals.states();
        format.human(&format!("Test {name} {mode}\nStates {}", states.len()));
        for s in &states {
            format.human(&format!("{:>8} {} {}", s.executions, if s.holds { "*>" } else { ":>" }, s.text));
        }
        let verdict = match (self.validated(), self.open) {
            (Some(true), _) => "is validated".to_string(),
            (Some(false), _) => "is NOT validated".to_string(),
            (None, why) => format!("is open: {}", why.unwrap_or("not all executions are known")),
        };
        let ok = match self.validated() {
            Some(true) => "Ok\n",
            Some(false) => "No\n",
            None => "",
        };
        format.human(&format!("{ok}Witnesses\nPositive: {positive} Negative: {negative}"));
        if *endless > 0 {
            format.human(&format!("Executions without a final state: {endless}"));
        }
        format.human(&format!("Condition {} {verdict}", self.condition));
        let (observation, scope) = (self.observation(), &self.scope);
        format.human(&format!("Observation {name} {observation} {positive} {negative}{scope}"));
    }

    /// As one member of the verb's JSON object.
    pub fn json(&self, example: Option<&str>) -> Value {
        let states = self.finals.states();
        let state =
            |s: &crate::campaign::FinalState| json!({ "state": s.text, "executions": s.executions, "holds": s.holds });
        json!({
            "text": self.condition.to_string(),
            "validated": self.validated(),
            "observation": self.observation().to_ascii_lowercase(),
            "complete": self.scope.is_empty(),
            "positive": self.finals.positive,
            "negative": self.finals.negative,
            "endless": self.finals.endless,
            "states": states.iter().map(state).collect::<Vec<_>>(),
            "example": example,
        })
    }
}
