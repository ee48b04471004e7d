//! Reading a claim's lines.

use super::super::parse::{found, object, occurrence, op_number, quote, site, task};
use super::super::{Program, sites, text};
use super::{Claim, ClaimLine, ClaimOutcome, ClaimVerdict, Expr, MAX_CLAIM_LINES, Place, Spot, SpotKind, Who};
use crate::vocab::*;

/// How objects a step can be about are written.
pub(super) const OBJECTS: [(&str, Class, usize); 3] =
    [("F", Class::Folio, FOLIOS), ("m", Class::Mapping, MAPPINGS), ("p", Class::Mm, MMS)];

const FORMS: &str = "`cpuN: step [-> outcome]`, `cpuN until step`, `cpuN until end`, or a state as `F0.ref = 1`";

/// The value of the header's `verdict:`.
pub(in crate::prog) fn verdict(value: &str) -> Result<ClaimVerdict, String> {
    let number = value.strip_prefix("impossible:").and_then(|n| n.trim().parse().ok()).filter(|n| *n != 0);
    match (value, number) {
        ("possible", _) => Ok(ClaimVerdict::Possible),
        (_, Some(n)) => Ok(ClaimVerdict::Impossible(n)),
        _ => {
            Err(format!("`verdict` is {}: expected possible, or impossible:N with the number of a line", quote(value)))
        }
    }
}

/// One line of a claim.
pub(in crate::prog) fn line(claim: &mut Claim, line: &str) -> Result<(), String> {
    if claim.lines.len() == MAX_CLAIM_LINES {
        return Err(format!("too many lines in the claim: expected at most {MAX_CLAIM_LINES}"));
    }
    let first: &str = line.split([' ', '\t', ':']).next().unwrap_or_default();
    let parsed = match task(first) {
        Ok(task) => of_task(task, line.get(first.len()..).unwrap_or_default())?,
        Err(why) if first.starts_with("cpu") || first.starts_with("CPU") => return Err(why),
        Err(_) if line.contains(" until ") => return Err(format!("{}: expected {FORMS}", found(Some(first)))),
        Err(_) => ClaimLine::State(Expr::parse(line)?),
    };
    claim.lines.push(parsed);
    Ok(())
}

/// What stands behind the task.
fn of_task(task: u8, rest: &str) -> Result<ClaimLine, String> {
    let mut rest = rest.trim_start();
    let mut who = Who { task, op: None };
    if rest.starts_with("op") {
        let end = rest.find([' ', '\t', ':']).unwrap_or(rest.len());
        who.op = Some(op_number(&rest[..end])?);
        rest = rest[end..].trim_start();
    }
    if let Some(step) = rest.strip_prefix(':') {
        return of_step(who, step.trim());
    }
    match rest.strip_prefix("until").filter(|r| r.is_empty() || r.starts_with([' ', '\t'])) {
        Some(place) => Ok(ClaimLine::Until(who, self::place(place.trim())?)),
        None => Err(format!("{}: expected `{who}: step` or `{who} until step`", found(rest.split(' ').next()))),
    }
}

fn place(text: &str) -> Result<Place, String> {
    match text {
        "" => Err("the line ends early: expected a step after `until`, or end, blocked".into()),
        "end" => Ok(Place::End),
        "blocked" => Ok(Place::Blocked),
        _ if text.contains(" then ") => {
            Err("`then` belongs in a schedule: expected the end of the line, the next line says who goes on".into())
        }
        _ if text.contains("->") => {
            Err("a step that is not made yet has no outcome: expected the end of the line".into())
        }
        _ => Ok(Place::Before(spot(text)?)),
    }
}

fn of_step(who: Who, text: &str) -> Result<ClaimLine, String> {
    // As a diagram has it: `[ok]`, `[ref 1->2]`, `[fail, ref 2 != 3]`.
    if let Some((step, note)) = text.strip_suffix(']').and_then(|t| t.split_once('[')) {
        let step = step.trim().trim_end_matches("->").trim_end(); // an arrow before it is a habit
        return Ok(ClaimLine::Step(who, spot(step)?, Some(bracketed(note)?)));
    }
    match text.split_once("->") {
        Some((step, outcome)) => Ok(ClaimLine::Step(who, spot(step.trim())?, Some(self::outcome(outcome.trim())?))),
        None => Ok(ClaimLine::Step(who, spot(text)?, None)),
    }
}

fn bracketed(note: &str) -> Result<ClaimOutcome, String> {
    let count = note.split_once("ref ").and_then(|(_, change)| change.split_once("->"));
    let count = count.and_then(|(old, new)| Some((old.trim().parse().ok()?, new.trim().parse().ok()?)));
    match (count, note.split(',').next().unwrap_or_default().trim()) {
        (Some((old, new)), _) => Ok(ClaimOutcome::Ref(old, new)),
        (_, "ok") => Ok(ClaimOutcome::Ok),
        (_, "fail") => Ok(ClaimOutcome::Fail),
        _ => Err(format!("no outcome {}: expected [ok], [fail] or [ref 1->2]", quote(note))),
    }
}

fn outcome(text: &str) -> Result<ClaimOutcome, String> {
    let numbered = |prefix: &str, limit| object(text, prefix, limit).ok();
    match text {
        "ok" => Ok(ClaimOutcome::Ok),
        "fail" => Ok(ClaimOutcome::Fail),
        "NULL" => Ok(ClaimOutcome::Null),
        _ => text
            .parse()
            .ok()
            .map(ClaimOutcome::Number)
            .or_else(|| numbered("F", FOLIOS).map(ClaimOutcome::Folio))
            .or_else(|| numbered("m", MAPPINGS).map(ClaimOutcome::File))
            .ok_or_else(|| format!("no outcome {}: expected ok, fail, a number, NULL, FN or mN", quote(text))),
    }
}

/// `name#k`, `name(F0)#k`, `name#k(F0, 1)`.
fn spot(text: &str) -> Result<Spot, String> {
    let (head, args, tail) = match text.split_once('(') {
        None => (text, "", ""),
        Some((head, rest)) => match rest.split_once(')') {
            Some((args, tail)) => (head, args, tail),
            None => return Err(format!("{} is incomplete: expected `)`", quote(text))),
        },
    };
    let (name, k) = match (head.split_once('#'), tail.trim().strip_prefix('#')) {
        (Some((name, k)), None) if tail.trim().is_empty() => (name, occurrence(k)?),
        (None, Some(k)) => (head, occurrence(k)?),
        (None, None) if tail.trim().is_empty() => (head, 1),
        _ => return Err(format!("{}: expected one `#k`, and nothing behind it", found(Some(text)))),
    };
    let name = name.trim();
    let (of, count) = arguments(args)?;
    Ok(Spot { name: name.to_string(), kind: kind(name)?, of, count, k })
}

type Of = Option<(Class, u8)>;

fn arguments(args: &str) -> Result<(Of, Option<u32>), String> {
    let mut args = args.split(',').map(str::trim).filter(|a| !a.is_empty());
    let Some(first) = args.next() else { return Ok((None, None)) };
    let of = OBJECTS.iter().find_map(|(prefix, class, limit)| {
        first.starts_with(prefix).then(|| object(first, prefix, *limit)).and_then(Result::ok).map(|n| (*class, n))
    });
    let Some(of) = of else { return Err(format!("no object {}: expected F0, m0 or p0", quote(first))) };
    let count = match args.next() {
        None => None,
        Some(n) => Some(n.parse().map_err(|_| format!("no count {}: expected a number", quote(n)))?),
    };
    match args.next() {
        None => Ok((Some(of), count)),
        extra => Err(format!("{}: expected an object and at most a count", found(extra))),
    }
}

/// What a name stands for: a site if it has a dot, else a primitive, else a function.
fn kind(name: &str) -> Result<SpotKind, String> {
    if name.is_empty() {
        return Err("the line ends early: expected a step: function.label#k, or the name of either".into());
    }
    if name.contains('.') {
        return site(name).map(SpotKind::Site);
    }
    let hash = Name::hash_of(name);
    if sites::is_label(name) {
        return Ok(SpotKind::Label(hash));
    }
    if sites::is_function(name) {
        return Ok(SpotKind::Function(hash));
    }
    let near = sites::nearest_part(name);
    let expected = "expected function.label#k of `list sites`, or the name of a function or primitive";
    Err(format!("no step {}{}: {expected}", quote(name), sites::hint(near)))
}

/// What is wrong with a line, in the program it is about.
pub(in crate::prog) fn check(claim: &Claim, i: usize, program: &Program) -> Option<String> {
    let line = claim.lines.get(i)?;
    if let ClaimLine::State(expr) = line {
        return expr.unknown(&program.init);
    }
    let who = line.who()?;
    if (who.task as usize) < CPUS {
        let ops = program.cpus.get(who.task as usize).map_or(0, Vec::len);
        if ops == 0 {
            return Some(format!("{} has no operations: expected a task that runs", text::task_name(who.task)));
        }
        if who.op.is_some_and(|op| op as usize >= ops) {
            return Some(format!("no {who}: expected op1..op{ops}"));
        }
    }
    let ClaimLine::Step(_, spot, _) = line else { return None };
    let same = |other: &ClaimLine| match other {
        ClaimLine::Step(w, s, _) => {
            *w == who && (s.kind, s.of, s.k) == (spot.kind, spot.of, spot.k) && s.count == spot.count
        }
        _ => false,
    };
    let first = claim.lines.iter().take(i).position(same)?;
    Some(format!(
        "the same step as line {} of the claim: expected another occurrence, `{}#{}`",
        first + 1,
        spot.name,
        spot.k + 1
    ))
}
