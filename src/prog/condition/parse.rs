//! Reading expressions.
//!
//! ```text
//! any  = all { "\/" all }            all  = one { "/\" one }
//! one  = "~" one | "(" any ")" | test
//! test = term [ ("=" | "!=" | "<" | "<=" | ">" | ">=") value ]
//! term = object "." field [ "[" n "]" ] | lock
//! ```
//! `->` for `.`, `==`, `&&`, `||`, `!` and the kernel's own field names are understood and printed in the form above.

use super::{Cmp, Expr, MOST_DEPTH, MOST_TESTS, Term, Test, Thing};
use crate::prog::parse::quote;

const AND: [&str; 2] = ["/\\", "&&"];
const OR: [&str; 2] = ["\\/", "||"];

pub(super) fn expr(text: &str) -> Result<Expr, String> {
    let mut reader = Reader { rest: text.trim(), tests: 0 };
    if reader.rest.is_empty() {
        return Err("expected an expression, such as `F0.ref = 0 /\\ F0.lru`".to_string());
    }
    let expr = reader.any(0)?;
    match reader.rest {
        "" => Ok(expr),
        rest => Err(format!("found {}: expected /\\, \\/ or the end of the line", quote(rest))),
    }
}

struct Reader<'a> {
    rest: &'a str,
    tests: usize,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default().trim_start();
    }

    /// Takes one of these signs, if it comes next.
    fn takes(&mut self, signs: &[&str]) -> bool {
        self.skip(0);
        let sign = signs.iter().find(|s| self.rest.starts_with(**s));
        sign.inspect(|s| self.skip(s.len())).is_some()
    }

    /// Characters of a name.
    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        self.rest = &self.rest[end..];
        name
    }

    fn any(&mut self, depth: usize) -> Result<Expr, String> {
        if depth > MOST_DEPTH {
            return Err(format!("nested too deeply: expected at most {MOST_DEPTH} levels"));
        }
        let mut parts = vec![self.all(depth)?];
        while self.takes(&OR) {
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, |e| if let Expr::Any(parts) = e { Ok(parts) } else { Err(e) }, Expr::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expr, String> {
        let mut parts = vec![self.one(depth)?];
        while self.takes(&AND) {
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, |e| if let Expr::All(parts) = e { Ok(parts) } else { Err(e) }, Expr::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expr, String> {
        let mut negated = false;
        while self.takes(&["~", "!"]) {
            negated = !negated;
        }
        let inner = if self.takes(&["("]) {
            let inner = self.any(depth + 1)?;
            if !self.takes(&[")"]) {
                return Err(format!("found {}: expected `)`", self.found()));
            }
            inner
        } else {
            self.test()?
        };
        Ok(match inner {
            inner if !negated => inner,
            Expr::Not(inner) => *inner,
            inner => Expr::Not(Box::new(inner)),
        })
    }

    fn test(&mut self) -> Result<Expr, String> {
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(format!("too long: expected at most {MOST_TESTS} comparisons"));
        }
        let term = self.term()?;
        self.skip(0);
        let sign = Cmp::SIGNS.iter().find(|(sign, _)| self.rest.starts_with(sign));
        let Some((sign, cmp)) = sign else {
            return match term.is_flag() {
                true => Ok(Expr::Test(Test::Set(term))),
                false if term.things().is_empty() => Err(format!("`{term}` alone is a number: expected `{term} = 0`")),
                false => Err(format!("`{term}` alone says nothing: expected `{term} =`, and {}", term.things())),
            };
        };
        self.skip(sign.len());
        self.compared(term, *cmp)
    }

    fn compared(&mut self, term: Term, cmp: Cmp) -> Result<Expr, String> {
        let value = self.value();
        if value.is_empty() {
            return Err(format!("found {}: expected a value of `{term}`", self.found()));
        }
        if !term.things().is_empty() {
            let Some(thing) = Thing::find(term, value) else {
                return Err(format!("`{term}` is never {}: expected {}", quote(value), term.things()));
            };
            return match cmp {
                Cmp::Eq | Cmp::Ne => Ok(Expr::Test(Test::Names(term, cmp == Cmp::Eq, thing))),
                _ => Err(format!("`{term}` has no order: expected = or != before {}", quote(value))),
            };
        }
        let number = value.parse::<i64>().ok().filter(|n| n.unsigned_abs() < 1 << 32);
        let Some(n) = number else {
            return Err(format!("`{term}` is compared with {}: expected a number", quote(value)));
        };
        match (term.is_flag(), cmp, n) {
            (false, ..) => Ok(Expr::Test(Test::Number(term, cmp, n))),
            (true, Cmp::Eq | Cmp::Ne, 0 | 1) => {
                let set = Expr::Test(Test::Set(term));
                Ok(if (cmp == Cmp::Eq) == (n == 1) { set } else { Expr::Not(Box::new(set)) })
            }
            (true, ..) => Err(format!("`{term}` is a flag: expected `{term}`, `~{term}`, or = 0, = 1")),
        }
    }

    /// What stands on the right of a comparison.
    fn value(&mut self) -> &'a str {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '[' || c == ']' || c == '-';
        let end = self.rest.find(|c| !plain(c)).unwrap_or(self.rest.len());
        let value = &self.rest[..end];
        self.skip(end);
        value
    }

    fn term(&mut self) -> Result<Term, String> {
        let name = self.name();
        if name.is_empty() {
            return Err(format!("found {}: expected a term, such as `F0.ref` or `lru_lock`", self.found()));
        }
        let field = if self.takes(&[".", "->"]) { Some(self.name()) } else { None };
        if field == Some("") {
            return Err(format!("found {}: expected a field after `{name}.`", self.found()));
        }
        let mut sub = None;
        if self.takes(&["["]) {
            sub = Some(self.name());
            if !self.takes(&["]"]) {
                return Err(format!("found {}: expected a number and `]`", self.found()));
            }
        }
        Term::find(name, field, sub)
    }

    fn found(&self) -> String {
        if self.rest.is_empty() { "the end".to_string() } else { quote(self.rest) }
    }
}

/// Several parts as one expression; parts of the same kind are taken in.
fn joined(parts: Vec<Expr>, own: fn(Expr) -> Result<Vec<Expr>, Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    let mut flat: Vec<Expr> = Vec::new();
    let single = parts.len() == 1;
    for part in parts {
        match own(part) {
            Ok(mut inner) => flat.append(&mut inner),
            Err(part) => flat.push(part),
        }
    }
    match flat.pop() {
        Some(only) if single && flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            join(flat)
        }
        None => join(flat),
    }
}
