//! A claim, told: why a line of it cannot happen, who holds what there, and the diagram of the execution with the
//! claim's lines at its steps.

use super::diagram::{DiagramStyle, fill};
use super::words::{describe, is_lock, obj_name};
use super::{Ledger, Report};
use crate::machine::{Step, Trace};
use crate::prog::{Claim, ClaimFailure, ClaimLine, ClaimOutcome, Place, Program, task_name};
use crate::san::{Finding, Stage};
use crate::vocab::*;
use std::collections::{BTreeMap, BTreeSet};

/// One execution of a program against its claim.
pub struct ClaimReport<'a> {
    pub program: &'a Program,
    pub claim: &'a Claim,
    /// With all events.
    pub trace: &'a Trace,
    /// Number of the event by which each line happened; the one of the failure last.
    pub met: &'a [u32],
    /// Why the line behind those that happened does not; none if all do.
    pub failure: Option<&'a ClaimFailure>,
}

/// Nothing was found: what the machinery of reports wants in its place.
const NOTHING: Finding = Finding {
    check: "claim",
    kind: "claimed",
    stage: Stage::Soft,
    hint: true,
    aim: None,
    seq: 0,
    other: None,
    folio: None,
    mapping: None,
    site: 0,
};

fn cpu(task: u8) -> String {
    if (task as usize) < CPUS { format!("CPU{task}") } else { task_name(task) }
}

/// `CPU1 folio_put() -> ...`: the innermost function a step was made in.
fn function(step: &Step) -> &'static str {
    step.stack.last().map_or(step.event.site.func.name, |f| f.name)
}

impl ClaimReport<'_> {
    fn report(&self) -> Report<'_> {
        Report { program: self.program, finding: &NOTHING, trace: self.trace, bugs: Vec::new() }
    }

    /// Lines that happened.
    pub fn happened(&self) -> usize {
        self.met.len() - usize::from(self.failure.is_some() && !self.met.is_empty())
    }

    /// Position in the trace of the step that made line `line` happen, or the failure.
    fn index(&self, line: usize) -> Option<usize> {
        let seq = *self.met.get(line)?;
        let after = self.trace.steps.partition_point(|s| s.event.seq <= seq);
        after.checked_sub(1)
    }

    /// Whether a step was made for the line, its own.
    fn is_made(&self, line: usize) -> bool {
        let failed = line == self.happened();
        matches!(self.claim.lines.get(line), Some(ClaimLine::Step(..)))
            && line < self.met.len()
            && (!failed || matches!(self.failure, Some(ClaimFailure::Outcome(_))))
    }

    /// The site of the step that cannot happen, or its name.
    pub fn site(&self) -> Option<String> {
        match self.failure? {
            ClaimFailure::Outcome(e) => Some(e.site.to_string()),
            _ => self.claim.lines.get(self.happened())?.spot().map(|s| s.name.clone()),
        }
    }

    /// Why the line behind those that happened does not: the reason first, then what led to it. One sentence each.
    pub fn why(&self) -> Vec<String> {
        let Some(failure) = self.failure else { return Vec::new() };
        let line = self.happened();
        let who = self.claim.lines.get(line).and_then(ClaimLine::who);
        let name = who.map_or(String::new(), |w| cpu(w.task));
        let spot = self.claim.lines.get(line).and_then(ClaimLine::spot).map(|s| s.to_string());
        let step = spot.unwrap_or_else(|| "there".to_string());
        let mut out = Vec::new();
        match failure {
            ClaimFailure::Outcome(e) => out.extend(self.outcome(line, e)),
            ClaimFailure::State(wrong) => {
                let when = if line == 0 { "at the start".to_string() } else { format!("after step {line}") };
                out.push(format!("{when}, {}", wrong.join("; ")));
                let folios = self.folios_of(line);
                out.extend(folios.into_iter().filter_map(|f| self.held(f, self.index(line)? + 1)));
            }
            ClaimFailure::Gone => out.push(format!("{name} ends without coming to {step}")),
            ClaimFailure::Later(later) => {
                let other = self.claim.lines.get(*later).map(|l| l.to_string()).unwrap_or_default();
                out.push(format!("{name} comes to step {} first ({other})", later + 1));
            }
            ClaimFailure::Waits(obj) => out.extend(self.waits(&name, &step, who.map(|w| w.task), *obj)),
        }
        out
    }

    fn outcome(&self, line: usize, e: &Event) -> Vec<String> {
        let Some(i) = self.index(line) else { return Vec::new() };
        let step = &self.trace.steps[i];
        let words = describe(step);
        let claimed = match self.claim.lines.get(line) {
            Some(ClaimLine::Step(_, spot, outcome)) => (outcome, spot.count),
            _ => (&None, None),
        };
        let result = words.result.trim_start_matches("-> ").trim_matches(['[', ']']).to_string();
        let came = match (e.note, e.kind) {
            (Note::RefFreeze, Kind::RmwFail) => format!("would fail: ref is {}, not {}", e.old as i64, e.aux),
            (_, Kind::RmwFail) if *claimed.0 == Some(ClaimOutcome::Ok) => {
                let why = result.trim_start_matches("fail").trim_start_matches(", ").to_string();
                if why.is_empty() { "would fail".to_string() } else { format!("would fail: {why}") }
            }
            _ if result.is_empty() => "would do that".to_string(),
            _ => format!("would come out as: {result}"),
        };
        let not = match claimed {
            (Some(ClaimOutcome::Ok), None) if came.starts_with("would fail") => String::new(),
            (Some(outcome), None) => format!(", not {}", outcome.to_string().trim_matches(['[', ']'])),
            (Some(outcome), _) => format!(", not {}", outcome.to_string().trim_matches(['[', ']'])),
            (None, _) => String::new(),
        };
        let label = e.site.label.name;
        let named = if words.text.contains(label) || label == e.obj.field().name() {
            String::new()
        } else {
            format!(" ({label})")
        };
        let count = if e.note == Note::RefFreeze { e.aux } else { Owner::from_aux(e.aux).2 };
        let said = match claimed.1.filter(|n| *n != count) {
            Some(n) => format!("is called with {count}, not {n}"),
            None => format!("{came}{not}"),
        };
        let mut out = vec![format!("{} {}{named} {said}", cpu(e.task), words.text)];
        if e.obj.field() == Field::Refcount
            && let Some(folio) = e.obj.as_folio()
        {
            out.extend(self.held(folio as u8, i));
        } else {
            out.extend(self.made_so(i, e));
        }
        out
    }

    /// Who last changed what the step found.
    fn made_so(&self, at: usize, e: &Event) -> Option<String> {
        let bits = match e.note {
            Note::FolioTrylock => PG_LOCKED,
            _ if e.obj.field() == Field::Flags => u64::from(e.aux),
            _ => u64::MAX,
        };
        let setup = self.report().setup_end();
        let before = self.trace.steps.get(setup..at)?;
        let changed = |s: &&Step| {
            let w = &s.event;
            w.obj == e.obj && !matches!(w.kind, Kind::Note | Kind::Barrier) && (w.old ^ w.new) & bits != 0
        };
        let Some(step) = before.iter().rev().find(changed) else {
            return Some("nobody has changed that since the start".to_string());
        };
        let words = describe(step);
        Some(format!("that is since {} {}(): {}", cpu(step.event.task), function(step), words.line()))
    }

    fn waits(&self, name: &str, step: &str, task: Option<u8>, obj: Option<Obj>) -> Vec<String> {
        let Some(obj) = obj else {
            return vec![format!("{name} never comes to {step}: nobody can go on")];
        };
        let lock = obj_name(obj);
        let holder = self.holder(obj).filter(|t| Some(*t) != task);
        let mut out = vec![match holder {
            Some(holder) => format!("{name} waits for {lock}, which {} holds", cpu(holder)),
            None => format!("{name} sleeps ({lock}), and nobody wakes it"),
        }];
        let stops = holder.and_then(|t| {
            let lines = self.claim.lines.iter().take(self.happened()).enumerate();
            let mut own = lines.filter(|(_, l)| l.who().is_some_and(|w| w.task == t));
            own.next_back().filter(|(_, l)| matches!(l, ClaimLine::Until(_, Place::Before(_) | Place::Blocked)))
        });
        if let (Some((line, _)), Some(holder)) = (stops, holder) {
            out.push(format!("{} stands where step {} has it stop", cpu(holder), line + 1));
        }
        out
    }

    /// The task that holds a lock where the claim ends.
    fn holder(&self, obj: Obj) -> Option<u8> {
        let end = self.met.last().copied().unwrap_or(0);
        let mut held = BTreeSet::new();
        for e in self.trace.steps.iter().map(|s| &s.event).take_while(|e| e.seq <= end).filter(|e| e.obj == obj) {
            match e.kind {
                Kind::Lock | Kind::LockShared => drop(held.insert(e.task)),
                Kind::Unlock | Kind::UnlockShared => drop(held.remove(&e.task)),
                _ => {}
            }
        }
        held.first().copied().filter(|_| is_lock(obj))
    }

    /// The references of a folio before the step at `at`, with who took them where.
    fn held(&self, folio: u8, at: usize) -> Option<String> {
        let mut ledger = Ledger::default();
        let mut taken: BTreeMap<(u32, u32), &Step> = BTreeMap::new();
        for step in self.trace.steps.get(..at)? {
            let e = &step.event;
            ledger.apply(e);
            if e.obj.as_folio() != Some(folio as usize) || matches!(e.kind, Kind::RmwFail) {
                continue;
            }
            match e.note {
                Note::RefGet | Note::RefTryGet | Note::RefSet => {
                    taken.insert((e.aux & 0xff, e.aux >> 8 & 0xff), step);
                }
                Note::RefTransfer => {
                    if let Some(from) = taken.get(&(e.aux & 0xff, e.aux >> 8 & 0xff)).copied() {
                        taken.insert((e.aux >> 16 & 0xff, e.aux >> 24), from);
                    }
                }
                _ => {}
            }
        }
        let holders = ledger.holders(folio).into_iter().map(|(name, n)| {
            let (owner, instance) = name.split_once(".cpu").unwrap_or((&name, ""));
            let number = Owner::ALL.iter().position(|o| o.name() == owner).unwrap_or(0) as u32;
            let place = taken.get(&(number, instance.parse().unwrap_or(0)));
            match place {
                Some(step) => format!("{owner} {n} ({}, {})", cpu(step.event.task), function(step)),
                None if instance.is_empty() => format!("{owner} {n}"),
                None => format!("{owner} {n} (CPU{instance})"),
            }
        });
        let holders: Vec<String> = holders.collect();
        let holders = if holders.is_empty() { "none".to_string() } else { holders.join(", ") };
        Some(format!("references of F{folio} at this point: {holders}"))
    }

    /// Folios a state is about, by their counts.
    fn folios_of(&self, line: usize) -> BTreeSet<u8> {
        let Some(ClaimLine::State(expr)) = self.claim.lines.get(line) else { return BTreeSet::new() };
        let counted = expr.cells().into_iter().filter(|(obj, _)| obj.field() == Field::Refcount);
        counted.filter_map(|(obj, _)| obj.as_folio().map(|f| f as u8)).collect()
    }

    /// The diagram: initial state, then the steps of the claim and what led to them, in columns. `(3)` is the step of
    /// line 3 of the claim, `{..}` a state of it.
    pub fn diagram(&self, style: &DiagramStyle) -> String {
        let mut named = BTreeSet::new();
        let mut marks: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let (mut folios, mut mappings) = (0u32, 0u32);
        let mut about = |class: Class, n: usize| match class {
            Class::Folio => folios |= 1 << n,
            Class::Mapping if n < MAPPINGS => mappings |= 1 << n,
            _ => {}
        };
        let mut states = Vec::new();
        for (line, claimed) in self.claim.lines.iter().enumerate().take(self.met.len()) {
            let Some(at) = self.index(line) else { continue };
            let failed = line == self.happened();
            if self.is_made(line) {
                named.insert(at);
                let place = self.trace.steps[at].event.obj.place();
                about(place.class, place.index as usize);
                let word =
                    if failed { format!("<-- ({}) not as claimed", line + 1) } else { format!("({})", line + 1) };
                marks.entry(at).or_default().push(word);
            }
            if let ClaimLine::State(expr) = claimed {
                expr.cells().iter().map(|c| c.0.place()).for_each(|p| about(p.class, p.index as usize));
                let word = match failed {
                    true => format!("<-- ({}) not {{{expr}}}", line + 1),
                    false => format!("({}) {{{expr}}}", line + 1),
                };
                states.push((at, word));
            }
        }
        for (class, n) in self.claim.lines.iter().filter_map(|l| l.spot().and_then(|s| s.of)) {
            about(class, n as usize);
        }
        if folios == 0 {
            let there = self.program.init.folios.iter().enumerate().filter(|(_, f)| f.is_some());
            folios = there.fold(0, |set, (i, _)| set | 1 << i);
        }
        let report = self.report();
        let end = (0..self.met.len()).filter_map(|l| self.index(l)).max().unwrap_or(0);
        let mut slice = report.slice_of(&named, end, folios, mappings);
        // A state stands behind the last step before it that is there.
        for (at, word) in states {
            if let Some(shown) = slice.shown.iter().rev().find(|i| **i <= at) {
                marks.entry(*shown).or_default().push(word);
            }
        }
        slice.marks = marks;
        report.lines_of(&slice, style).into_iter().map(|line| line.text + "\n").collect()
    }
}

/// A paragraph for a mail, every line of it behind `indent` spaces.
pub fn paragraph(text: &str, indent: usize) -> String {
    let filled = fill(text, 75 - indent - 2);
    let mut out = String::new();
    for (i, line) in filled.lines().enumerate() {
        out.push_str(&" ".repeat(if i == 0 { indent } else { indent + 2 }));
        out.push_str(&line.chars().filter(char::is_ascii).collect::<String>());
        out.push('\n');
    }
    out
}
