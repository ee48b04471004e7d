//! Statements about the machine's memory, as litmus tests write them: `F0.ref = 0 /\ F0.lru`.
//!
//! One language for the final state of a program (`exists`, `forall`) and for assertions within a claim. An expression
//! knows which cells it looks at and is a function of their words, so that it can be asked of a running machine, of
//! what an execution left, and of memory rebuilt from a trace.

mod parse;
mod terms;

use crate::ops::Init;
use crate::vocab::Obj;
use std::fmt;
pub use terms::{Term, Thing};

/// Nesting and length a text may have.
pub(super) const MOST_DEPTH: usize = 16;
pub(super) const MOST_TESTS: usize = 64;

/// How a term is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Cmp {
    /// Longer signs before those they begin with.
    const SIGNS: [(&str, Cmp); 7] = [
        ("!=", Cmp::Ne),
        ("<=", Cmp::Le),
        (">=", Cmp::Ge),
        ("==", Cmp::Eq),
        ("=", Cmp::Eq),
        ("<", Cmp::Lt),
        (">", Cmp::Gt),
    ];

    pub const fn sign(self) -> &'static str {
        match self {
            Cmp::Eq => "=",
            Cmp::Ne => "!=",
            Cmp::Lt => "<",
            Cmp::Le => "<=",
            Cmp::Gt => ">",
            Cmp::Ge => ">=",
        }
    }

    const fn holds(self, a: i64, b: i64) -> bool {
        match self {
            Cmp::Eq => a == b,
            Cmp::Ne => a != b,
            Cmp::Lt => a < b,
            Cmp::Le => a <= b,
            Cmp::Gt => a > b,
            Cmp::Ge => a >= b,
        }
    }
}

/// One comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Test {
    /// A flag is set.
    Set(Term),
    /// A count or an index compares so with a number.
    Number(Term, Cmp, i64),
    /// A cell names such a thing (true), or something else.
    Names(Term, bool, Thing),
}

impl Test {
    pub fn term(&self) -> Term {
        match self {
            Test::Set(term) | Test::Number(term, ..) | Test::Names(term, ..) => *term,
        }
    }

    fn holds(&self, word: &dyn Fn(Obj) -> u64) -> bool {
        match *self {
            Test::Set(term) => term.number(word(term.obj())) != 0,
            Test::Number(term, cmp, n) => cmp.holds(term.number(word(term.obj())), n),
            Test::Names(term, equal, thing) => thing.is_named_by(term, word(term.obj())) == equal,
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Set(term) => write!(f, "{term}"),
            Test::Number(term, cmp, n) => write!(f, "{term} {} {n}", cmp.sign()),
            Test::Names(term, equal, thing) => {
                write!(f, "{term} {} {}", if *equal { "=" } else { "!=" }, thing.text(*term))
            }
        }
    }
}

/// A statement about memory. `All` and `Any` have at least two parts, none of them of their own kind, so that one text
/// has one form.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Expr {
    Test(Test),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
}

impl Expr {
    /// Reads an expression. An error says in one line what was expected.
    pub fn parse(text: &str) -> Result<Expr, String> {
        parse::expr(text)
    }

    /// Whether it is true of the memory `word` shows.
    pub fn holds(&self, word: &dyn Fn(Obj) -> u64) -> bool {
        match self {
            Expr::Test(test) => test.holds(word),
            Expr::Not(inner) => !inner.holds(word),
            Expr::All(parts) => parts.iter().all(|p| p.holds(word)),
            Expr::Any(parts) => parts.iter().any(|p| p.holds(word)),
        }
    }

    /// Its comparisons, from left to right.
    pub fn tests(&self) -> Vec<Test> {
        match self {
            Expr::Test(test) => vec![*test],
            Expr::Not(inner) => inner.tests(),
            Expr::All(parts) | Expr::Any(parts) => parts.iter().flat_map(Expr::tests).collect(),
        }
    }

    /// What it looks at, each term once, from left to right.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms = Vec::new();
        for term in self.tests().iter().map(Test::term) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    /// The cells it looks at, with the bits it looks at in each: all bits, but of a folio's flags. Each cell once.
    pub fn cells(&self) -> Vec<(Obj, u64)> {
        let mut cells: Vec<(Obj, u64)> = Vec::new();
        for (obj, bits) in self.terms().iter().map(|t| (t.obj(), t.bits())) {
            match cells.iter_mut().find(|c| c.0 == obj) {
                Some(cell) => cell.1 |= bits,
                None => cells.push((obj, bits)),
            }
        }
        cells
    }

    /// What its terms are in that memory: `F0.ref=0; F0.lru=1;`, as litmus tools print a state.
    pub fn state(&self, word: &dyn Fn(Obj) -> u64) -> String {
        let value = |t: &Term| format!("{t}={};", t.shown(word(t.obj())));
        self.terms().iter().map(value).collect::<Vec<_>>().join(" ")
    }

    /// The comparisons that come out differently from what the whole needs to be true, with what is there instead:
    /// `F0.ref = 1, not 0`. Empty if it holds.
    pub fn contradictions(&self, word: &dyn Fn(Obj) -> u64) -> Vec<String> {
        let mut wrong = Vec::new();
        self.disagree(word, true, &mut wrong);
        wrong
    }

    fn disagree(&self, word: &dyn Fn(Obj) -> u64, wanted: bool, wrong: &mut Vec<String>) {
        if self.holds(word) == wanted {
            return;
        }
        match self {
            Expr::Not(inner) => inner.disagree(word, !wanted, wrong),
            Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|p| p.disagree(word, wanted, wrong)),
            Expr::Test(test) => {
                let term = test.term();
                let now = format!("{term} = {}", term.shown(word(term.obj())));
                wrong.push(match test {
                    Test::Number(_, Cmp::Eq, n) if wanted => format!("{now}, not {n}"),
                    Test::Names(_, true, thing) if wanted => format!("{now}, not {}", thing.text(term)),
                    _ => now,
                });
            }
        }
    }

    /// An object it names that the initial state does not have, if there is one.
    pub fn unknown(&self, init: &Init) -> Option<String> {
        self.tests().iter().find_map(|t| terms::unknown(t, init))
    }

    /// How tightly it binds where it is printed.
    const fn rank(&self) -> u8 {
        match self {
            Expr::Any(_) => 0,
            Expr::All(_) => 1,
            Expr::Test(Test::Number(..) | Test::Names(..)) => 2,
            Expr::Not(_) | Expr::Test(Test::Set(_)) => 3,
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, at_least: u8) -> fmt::Result {
        if self.rank() < at_least {
            f.write_str("(")?;
            self.print(f, 0)?;
            return f.write_str(")");
        }
        let (parts, sign) = match self {
            Expr::Test(test) => return write!(f, "{test}"),
            Expr::Not(inner) => {
                f.write_str("~")?;
                return inner.print(f, 3);
            }
            Expr::All(parts) => (parts, " /\\ "),
            Expr::Any(parts) => (parts, " \\/ "),
        };
        for (i, part) in parts.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { sign })?;
            part.print(f, self.rank() + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    /// The canonical text: reading it gives the expression again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}

/// Of how many final states the expression is to be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Quantifier {
    /// Of one at least.
    Exists,
    /// Of none.
    NotExists,
    /// Of all.
    Forall,
}

impl Quantifier {
    pub const ALL: [Quantifier; 3] = [Quantifier::Exists, Quantifier::NotExists, Quantifier::Forall];

    pub const fn word(self) -> &'static str {
        match self {
            Quantifier::Exists => "exists",
            Quantifier::NotExists => "~exists",
            Quantifier::Forall => "forall",
        }
    }
}

/// What a file asks of the final state: the memory when the last operation of every CPU has ended.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Condition {
    pub quantifier: Quantifier,
    pub expr: Expr,
}

impl Condition {
    /// The quantifier a line begins with, and the rest of the line.
    pub fn split(line: &str) -> Option<(Quantifier, &str)> {
        Quantifier::ALL.into_iter().find_map(|q| {
            let rest = line.strip_prefix(q.word())?;
            (rest.is_empty() || rest.starts_with([' ', '\t', '('])).then(|| (q, rest.trim()))
        })
    }

    /// Whether a search that has seen so many executions of which it is true, and so many of which it is not, has its
    /// answer: then what that is. `None`: the rest has to be seen first.
    pub fn decided(&self, positive: u64, negative: u64) -> Option<bool> {
        match self.quantifier {
            Quantifier::Exists if positive > 0 => Some(true),
            Quantifier::NotExists if positive > 0 => Some(false),
            Quantifier::Forall if negative > 0 => Some(false),
            _ => None,
        }
    }

    /// Whether it is validated by the executions of which it is true and those of which it is not, when these are all.
    pub fn validated(&self, positive: u64, negative: u64) -> bool {
        match self.quantifier {
            Quantifier::Exists => positive > 0,
            Quantifier::NotExists => positive == 0,
            Quantifier::Forall => negative == 0,
        }
    }

    /// Whether an execution of which the expression is so (true or not) settles the question.
    pub fn settles(&self, holds: bool) -> bool {
        holds == (self.quantifier != Quantifier::Forall)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.quantifier.word(), self.expr)
    }
}

#[cfg(test)]
mod tests;
