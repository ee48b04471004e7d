//! The list of everything known reachable (`tests/sites.txt`), and of what is not, with the reasons
//! (`tests/unreached.txt`).
//!
//! A line of the list is a name and groups of outcomes. The name is a site (`function.label`), an operation
//! (`op:evict`) or a function (`fn:folio_lock`). A group `[0 1]` holds outcomes that are reached; with kernels in it,
//! `[1 v6.12]`, on these only; with `bugs`, only with historic bugs put back. `[-null]` are outcomes an event of its
//! kind can have that were never reached.

use crate::vocab::Kernel;
use std::collections::BTreeMap;

const LIST: &str = include_str!("../../tests/sites.txt");
const REASONS: &str = include_str!("../../tests/unreached.txt");

/// What came of passing a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Outcome {
    /// It was passed at all.
    Reached,
    /// A conditional read-modify-write or a trylock took effect, or did not.
    Ok,
    Fail,
    /// A tested bit, or a count.
    Zero,
    /// A tested bit.
    One,
    /// A pointer, a slot, a page-table entry, a list.
    Null,
    /// A pointer or a count.
    Value,
    /// What came of an operation.
    Done,
    Nothing,
    Refused,
}

impl Outcome {
    pub const ALL: [Outcome; 10] = [
        Outcome::Reached,
        Outcome::Ok,
        Outcome::Fail,
        Outcome::Zero,
        Outcome::One,
        Outcome::Null,
        Outcome::Value,
        Outcome::Done,
        Outcome::Nothing,
        Outcome::Refused,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Reached => "reached",
            Outcome::Ok => "ok",
            Outcome::Fail => "fail",
            Outcome::Zero => "0",
            Outcome::One => "1",
            Outcome::Null => "null",
            Outcome::Value => "value",
            Outcome::Done => "done",
            Outcome::Nothing => "nothing",
            Outcome::Refused => "refused",
        }
    }

    /// Its bit in a set of outcomes.
    pub const fn bit(self) -> u16 {
        1 << self as u8
    }

    fn parse(word: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|o| o.name() == word)
    }
}

/// The column of runs with historic bugs put back; the columns before it are the kernels as released.
pub const BUGS_COLUMN: usize = Kernel::ALL.len();
/// Columns of a sweep.
pub const COLUMNS: usize = BUGS_COLUMN + 1;
const KERNELS: u8 = (1 << BUGS_COLUMN) - 1;

/// The kernel's column.
pub fn column(kernel: Kernel) -> usize {
    Kernel::ALL.iter().position(|k| *k == kernel).unwrap_or(BUGS_COLUMN)
}

/// What is known of one name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Line {
    /// The columns each outcome was reached in, as bit sets.
    at: [u8; Outcome::ALL.len()],
    /// Outcomes an event of its kind can have.
    possible: u16,
}

impl Line {
    /// Outcomes `seen` in `column`, of the `possible` ones.
    pub fn new(column: usize, seen: u16, possible: u16) -> Line {
        let bit = |o: &Outcome| if seen & o.bit() != 0 { 1 << column } else { 0 };
        Line { at: Outcome::ALL.each_ref().map(bit), possible: possible | seen }
    }

    /// Outcomes reached in one of `columns`, as a bit set.
    pub fn seen(&self, columns: u8) -> u16 {
        let hit = |o: &&Outcome| self.at[**o as usize] & columns != 0;
        Outcome::ALL.iter().filter(hit).fold(0, |set, o| set | o.bit())
    }

    /// Possible outcomes that were never reached.
    pub fn never(&self) -> u16 {
        self.possible & !self.seen(u8::MAX)
    }

    pub fn merge(&mut self, other: &Line) {
        self.at.iter_mut().zip(other.at).for_each(|(a, b)| *a |= b);
        self.possible |= other.possible;
    }

    fn read(groups: &str) -> Line {
        let mut line = Line::default();
        for group in groups.split('[').skip(1) {
            let words = group.split(']').next().unwrap_or_default().split_whitespace();
            let (mut outcomes, mut columns) = (0, 0);
            for word in words {
                if let Some(never) = word.strip_prefix('-').and_then(Outcome::parse) {
                    line.possible |= never.bit();
                } else if let Some(o) = Outcome::parse(word) {
                    outcomes |= o.bit();
                } else if let Some(k) = Kernel::ALL.iter().find(|k| k.name() == word) {
                    columns |= 1 << column(*k);
                } else if word == "bugs" {
                    columns |= 1 << BUGS_COLUMN;
                }
            }
            let columns = if columns == 0 { KERNELS } else { columns };
            if !group.starts_with('-') {
                line.add(outcomes | Outcome::Reached.bit(), columns);
            }
        }
        if !groups.contains('[') {
            line.add(Outcome::Reached.bit(), KERNELS);
        }
        line
    }

    fn add(&mut self, outcomes: u16, columns: u8) {
        for o in Outcome::ALL.into_iter().filter(|o| outcomes & o.bit() != 0) {
            self.at[o as usize] |= columns;
        }
        self.possible |= outcomes;
    }

    fn write(&self, name: &str) -> String {
        let mut text = name.to_string();
        // Bugs are worth a word only where no kernel has it as released.
        let shown = |o: Outcome| match self.at[o as usize] {
            only if only & KERNELS == 0 => only,
            at => at & KERNELS,
        };
        let mut groups: Vec<(u8, Vec<&str>)> = Vec::new();
        for o in Outcome::ALL.into_iter().skip(1).filter(|o| shown(*o) != 0) {
            match groups.iter_mut().find(|(at, _)| *at == shown(o)) {
                Some((_, words)) => words.push(o.name()),
                None => groups.push((shown(o), vec![o.name()])),
            }
        }
        let reached = shown(Outcome::Reached);
        if groups.iter().fold(0, |all, (at, _)| all | at) & reached != reached {
            groups.push((reached, Vec::new()));
        }
        for (at, words) in groups {
            let kernels = Kernel::ALL.iter().filter(|k| at != KERNELS && at >> column(**k) & 1 != 0).map(|k| k.name());
            let bugs = (at >> BUGS_COLUMN & 1 != 0).then_some("bugs");
            let words: Vec<&str> = words.into_iter().chain(kernels).chain(bugs).collect();
            if !words.is_empty() {
                text.push_str(&format!(" [{}]", words.join(" ")));
            }
        }
        let never = Outcome::ALL.into_iter().filter(|o| self.never() & o.bit() != 0);
        let never: Vec<String> = never.map(|o| format!("-{}", o.name())).collect();
        if !never.is_empty() {
            text.push_str(&format!(" [{}]", never.join(" ")));
        }
        text
    }
}

/// Lines by name.
#[derive(Clone, Default, Debug)]
pub struct Listing(pub BTreeMap<String, Line>);

impl Listing {
    /// The checked-in list.
    pub fn checked_in() -> Listing {
        let mut listing = Listing::default();
        for line in LIST.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (name, groups) = line.split_once(' ').unwrap_or((line, ""));
            listing.add(name, &Line::read(groups));
        }
        listing
    }

    pub fn add(&mut self, name: &str, line: &Line) {
        self.0.entry(name.to_string()).or_default().merge(line);
    }

    pub fn merge(&mut self, other: &Listing) {
        other.0.iter().for_each(|(name, line)| self.add(name, line));
    }

    /// What fails in one place may in every other: `fail` is possible of a label wherever it is `ok`.
    pub fn close(&mut self) {
        let label = |name: &str| name.split_once('.').map(|(_, label)| label.to_string());
        let mut of_label: BTreeMap<String, u16> = BTreeMap::new();
        for (name, line) in &self.0 {
            if let Some(label) = label(name) {
                *of_label.entry(label).or_default() |= line.possible & Outcome::Fail.bit();
            }
        }
        for (name, line) in &mut self.0 {
            if line.possible & Outcome::Ok.bit() != 0 {
                line.possible |= label(name).and_then(|l| of_label.get(&l)).copied().unwrap_or_default();
            }
        }
    }

    /// The text of the list.
    pub fn write(&self) -> String {
        self.0.iter().map(|(name, line)| line.write(name) + "\n").collect()
    }

    /// (name, outcome) of everything listed that `reached` does not have, in the columns given, and of every outcome
    /// that was never reached.
    pub fn missing(&self, reached: &Listing, columns: u8) -> Vec<(String, Outcome)> {
        let mut missing = Vec::new();
        for (name, line) in &self.0 {
            let listed = line.seen(columns);
            let seen = reached.0.get(name).map_or(0, |l| l.seen(columns));
            let gone = if seen == 0 && listed != 0 { Outcome::Reached.bit() } else { listed & !seen };
            let outcomes = Outcome::ALL.into_iter().filter(|o| (gone | line.never() & !seen) & o.bit() != 0);
            missing.extend(outcomes.map(|o| (name.clone(), o)));
        }
        missing
    }
}

/// One line of the explanations: `name outcomes  reason`. The name may have one `*`; the outcomes are separated by
/// commas; `any` is every outcome.
#[derive(Clone, Copy, Debug)]
pub struct Reason {
    name: &'static str,
    outcomes: &'static str,
    pub reason: &'static str,
}

impl Reason {
    /// The checked-in explanations.
    pub fn checked_in() -> Vec<Reason> {
        let lines = REASONS.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        lines
            .filter_map(|line| {
                let (name, rest) = line.split_once(char::is_whitespace)?;
                let (outcomes, reason) = rest.trim_start().split_once(char::is_whitespace)?;
                Some(Reason { name, outcomes, reason: reason.trim_start() })
            })
            .collect()
    }

    /// Whether it explains why the outcome was not reached.
    pub fn explains(&self, name: &str, outcome: Outcome) -> bool {
        let named = match self.name.split_once('*') {
            Some((head, tail)) => {
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            }
            None => name == self.name,
        };
        named && (self.outcomes == "any" || self.outcomes.split(',').any(|o| o == outcome.name()))
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.outcomes)
    }
}
