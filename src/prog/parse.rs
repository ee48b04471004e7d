//! Reading the `.mm` form. Whatever is wrong comes out as one line that says where and what was expected.
//!
//! ```text
//! file     = "# foliofuzz repro v1" { comment | key ":" value } section...
//! section  = "init" { mK "=" mapping(..) | pK "=" process() | vK "=" vma(..) | FK "=" folio(..) | sK "=" swap(..) }
//!          | "cpuN" { operation(..) } | "schedule" { record } | "claim" ["exactly"] { see `claim` }
//!          | ("exists" | "~exists" | "forall") expression
//! record   = "start" cpuN | task [opN | "epilogue"] "until" (fn.label#k | @n | blocked#k | end) "then" task
//! ```
//! Expressions are of `condition`. Blank lines, indentation and the order of records are free; comments further down
//! move up to the header.

use super::claim::{Claim, ClaimVerdict};
use super::condition::{Condition, Expr, Quantifier};
use super::text;
use super::types::{EPILOGUE_OP, Expect, File, Op, Program};
use super::{claim, fixup, objects, preset, sites};
use crate::ops::{self, Arg, OpSpec};
use crate::sched::{Anchor, MAX_RECORDS, Preempt};
use crate::vocab::*;
use std::collections::BTreeSet;
use std::fmt;

/// Why a text is not a repro file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// From 1.
    pub line: usize,
    /// One line; says what was expected.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

pub(super) fn at<T>(line: usize, message: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError { line, message: message.into() })
}

/// Text of the user's within a message: short and printable.
pub(super) fn quote(s: &str) -> String {
    let short: String = s.chars().take(60).collect();
    let dots = if short.len() < s.len() { "…" } else { "" };
    format!("`{}{dots}`", short.escape_debug())
}

/// "did you mean" among known words.
fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    sites::hint(sites::closest(word, known))
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Header,
    Init,
    Cpu(usize),
    Schedule,
    Claim(bool),
}

/// What `opN` of a schedule line said.
#[derive(Clone, Copy)]
enum OpNumber {
    Absent,
    Number(u8),
    Epilogue,
}

struct Parser {
    file: File,
    section: Section,
    /// The header's `model:` was seen.
    model: bool,
    /// `bug:` (true) and `fix:` lines, applied when the header ends.
    bugs: Vec<(usize, bool, String)>,
    rcu_free: Option<bool>,
    irqoff_is_reader: Option<bool>,
    lru_batch_clear_first: Option<bool>,
    sections: BTreeSet<String>,
    keys: BTreeSet<&'static str>,
    // Lines of what can be judged only when all is known.
    lines: objects::Lines,
    op_lines: Vec<(usize, Op)>,
    records: Vec<(usize, OpNumber, Preempt)>,
    start: Option<(usize, u8)>,
    claim_lines: Vec<usize>,
    verdict: Option<(usize, ClaimVerdict)>,
    /// Where the condition stands.
    condition: usize,
}

/// See [`File::parse`].
pub(super) fn parse(bytes: &[u8]) -> Result<File, ParseError> {
    let expected = format!("expected first line `{}`", text::MAGIC);
    if bytes.is_empty() {
        return at(1, format!("the file is empty: {expected}"));
    }
    if !text::is_text(bytes) {
        return at(1, format!("not a foliofuzz repro: {expected}"));
    }
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(e) => {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = 1 + before.iter().filter(|b| **b == b'\n').count();
            return at(line, "not a foliofuzz repro: expected UTF-8 text");
        }
    };
    let first = source.lines().next().unwrap_or_default().trim_end();
    if first != text::MAGIC {
        let version = first.strip_prefix(text::MAGIC_PREFIX).unwrap_or_default().trim();
        return at(1, format!("format version {} is not known: {expected}", quote(version)));
    }
    let mut parser = Parser::new();
    let count = source.lines().count();
    for (i, line) in source.lines().enumerate().skip(1) {
        parser.line(i + 1, line.trim()).map_err(|mut e| {
            if i + 1 == count && e.line == count && !source.ends_with('\n') {
                e.message.push_str(" (the file ends within this line)");
            }
            e
        })?;
    }
    parser.finish(count)
}

impl Parser {
    fn new() -> Parser {
        let program = Program::new(Model::of(Kernel::DEFAULT));
        Parser {
            file: File::new(program),
            section: Section::Header,
            model: false,
            bugs: Vec::new(),
            rcu_free: None,
            irqoff_is_reader: None,
            lru_batch_clear_first: None,
            sections: BTreeSet::new(),
            keys: BTreeSet::new(),
            lines: objects::Lines::default(),
            op_lines: Vec::new(),
            records: Vec::new(),
            start: None,
            claim_lines: Vec::new(),
            verdict: None,
            condition: 0,
        }
    }

    fn line(&mut self, n: usize, line: &str) -> Result<(), ParseError> {
        if line.is_empty() {
            return Ok(());
        }
        if let Some(comment) = line.strip_prefix('#') {
            self.file.comments.push(comment.strip_prefix(' ').unwrap_or(comment).to_string());
            return Ok(());
        }
        if let Some(section) = section(line).or_else(|message| at(n, message))? {
            return self.begin(n, line, section);
        }
        if let Some((quantifier, text)) = Condition::split(line).filter(|_| self.section != Section::Header) {
            return self.condition(n, quantifier, text).or_else(|message| at(n, message));
        }
        let done = match self.section {
            Section::Header => self.key(n, line),
            Section::Init => self.init(n, line),
            Section::Cpu(cpu) => self.op(n, cpu, line),
            Section::Schedule => self.record(n, line),
            Section::Claim(_) => self.claim(n, line),
        };
        done.or_else(|message| at(n, message))
    }

    fn begin(&mut self, n: usize, name: &str, section: Section) -> Result<(), ParseError> {
        if self.section == Section::Header {
            if !self.model {
                return at(
                    n,
                    format!("`{name}` comes before the kernel: expected `model: {}`", Kernel::DEFAULT.name()),
                );
            }
            self.end_header()?;
        }
        let key = if let Section::Claim(_) = section { "claim" } else { name };
        if !self.sections.insert(key.to_string()) {
            return at(n, format!("section `{name}` appears twice: expected it once"));
        }
        if let Section::Claim(exactly) = section {
            self.file.claim = Some(Claim { exactly, ..Claim::default() });
        }
        self.section = section;
        Ok(())
    }

    // ----- header -----

    fn key(&mut self, n: usize, line: &str) -> Result<(), String> {
        const KEYS: [&str; 8] =
            ["model", "bug", "fix", "rcu_free", "irqoff_is_reader", "lru_batch_clear_first", "expect", "verdict"];
        let Some((key, value)) = line.split_once(':').map(|(k, v)| (k.trim(), v.trim())) else {
            let hint = hint(line, ["init", "schedule", "claim", "cpu0"].into_iter());
            return Err(format!(
                "{}{hint}: expected `key: value`, or a section: init, cpu0, schedule, claim",
                quote(line)
            ));
        };
        let Some(known) = KEYS.into_iter().find(|k| *k == key) else {
            let hint = hint(key, KEYS.into_iter());
            return Err(format!("unknown key {}{hint}: expected one of {}", quote(key), KEYS.join(", ")));
        };
        if !matches!(known, "bug" | "fix") && !self.keys.insert(known) {
            return Err(format!("`{known}` appears twice: expected it once"));
        }
        match known {
            "model" => {
                let Some(kernel) = Kernel::parse(value) else {
                    let all = Kernel::ALL.map(Kernel::name).join(", ");
                    return Err(format!("unknown kernel {}: expected one of {all}", quote(value)));
                };
                self.file.program.model = preset::model(kernel);
                self.model = true;
            }
            "bug" => self.bugs.push((n, true, value.to_string())),
            "fix" => self.bugs.push((n, false, value.to_string())),
            "rcu_free" => self.rcu_free = Some(on_off(known, value)?),
            "irqoff_is_reader" => self.irqoff_is_reader = Some(on_off(known, value)?),
            "lru_batch_clear_first" => self.lru_batch_clear_first = Some(on_off(known, value)?),
            "verdict" => self.verdict = Some((n, claim::verdict(value)?)),
            _ => self.file.expect = expect(value)?,
        }
        Ok(())
    }

    fn end_header(&mut self) -> Result<(), ParseError> {
        let model = &mut self.file.program.model;
        let mut named = BugSet::EMPTY;
        for (n, put, name) in &self.bugs {
            let id = preset::find_bug_for(name, model.kernel).or_else(|message| at(*n, message))?;
            if named.has(id) {
                return at(*n, format!("bug `{name}` is named twice: expected one `bug:` or `fix:` line for it"));
            }
            named = named | BugSet::of(id);
            let bugs = preset::bugs_of(id);
            model.bugs = if *put { model.bugs | bugs } else { model.bugs - bugs };
        }
        model.rcu_free = self.rcu_free.unwrap_or(model.rcu_free);
        model.irqoff_is_reader = self.irqoff_is_reader.unwrap_or(model.irqoff_is_reader);
        model.lru_batch_clear_first = self.lru_batch_clear_first.unwrap_or(model.lru_batch_clear_first);
        Ok(())
    }

    // ----- init -----

    fn init(&mut self, n: usize, line: &str) -> Result<(), String> {
        let forms = objects::FORMS;
        let Some((name, value)) = line.split_once('=').map(|(a, b)| (a.trim(), b.trim())) else {
            return Err(format!("{} defines nothing: {forms}", quote(line)));
        };
        let (kind, args) = call(value)?;
        objects::define(&mut self.file.program.init, &mut self.lines, n, (name, kind, &args))
    }

    // ----- operations -----

    fn op(&mut self, n: usize, cpu: usize, line: &str) -> Result<(), String> {
        let (name, args) = call(line)?;
        let Some(code) = ops::find(name) else {
            let hint = hint(name, ops::TABLE.iter().map(|o| o.name));
            return Err(format!("unknown operation {}{hint}: expected one of `list ops`", quote(name)));
        };
        let Some(spec) = ops::TABLE.get(code) else { return Ok(()) };
        let op = Op { code: code as u8, args: arguments(spec, &args)? };
        if self.file.program.cpus[cpu].len() == OPS_PER_CPU {
            return Err(format!("cpu{cpu} has too many operations: expected at most {OPS_PER_CPU}"));
        }
        self.file.program.cpus[cpu].push(op);
        self.op_lines.push((n, op));
        Ok(())
    }

    // ----- schedule -----

    fn record(&mut self, n: usize, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let mut word = words.next();
        if word == Some("start") {
            let Some(cpu) = words.next().and_then(|w| task(w).ok()).filter(|t| (*t as usize) < CPUS) else {
                return Err("expected `start cpuN`, with cpu0..cpu3".to_string());
            };
            if self.start.replace((n, cpu)).is_some() {
                return Err("`start` appears twice: expected it once".to_string());
            }
            return nothing_more(words.next());
        }
        let cpu = task(word.unwrap_or_default())?;
        word = words.next();
        let op = match word {
            Some("epilogue") => OpNumber::Epilogue,
            Some(w) if w.starts_with("op") => OpNumber::Number(op_number(w)?),
            _ => OpNumber::Absent,
        };
        if !matches!(op, OpNumber::Absent) {
            word = words.next();
        }
        if word != Some("until") {
            return Err(format!("{}: expected `{} [opN] until … then …`", found(word), text::task_name(cpu)));
        }
        let (anchor, k) = anchor(words.next().unwrap_or_default())?;
        if anchor != Anchor::End && matches!(op, OpNumber::Absent) {
            return Err(format!("expected an operation: `{} op1 until …`", text::task_name(cpu)));
        }
        match words.next() {
            Some("then") => {}
            None => {
                let why = "a line without it belongs in a `claim` section";
                return Err(format!("the line ends early: expected `then cpuN` ({why})"));
            }
            word => return Err(format!("{}: expected `then`", found(word))),
        }
        let to = task(words.next().unwrap_or_default())?;
        nothing_more(words.next())?;
        if self.records.len() == MAX_RECORDS {
            return Err(format!("too many schedule records: expected at most {MAX_RECORDS}"));
        }
        self.records.push((n, op, Preempt { cpu, op: 0, anchor, k, to }));
        Ok(())
    }

    // ----- claim -----

    fn claim(&mut self, n: usize, line: &str) -> Result<(), String> {
        let claim = self.file.claim.get_or_insert_default();
        claim::line(claim, line)?;
        self.claim_lines.push(n);
        Ok(())
    }

    /// What can be said of a claim only when the program is known.
    fn finish_claim(&self, file: &mut File, last: usize) -> Result<(), ParseError> {
        let Some(claim) = &mut file.claim else {
            let Some((n, _)) = self.verdict else { return Ok(()) };
            return at(n, "a verdict on nothing: expected a `claim` section");
        };
        if claim.lines.is_empty() {
            return at(last, "the claim has no line: expected `cpuN: step`, `cpuN until step`, or a state");
        }
        for (i, n) in self.claim_lines.iter().enumerate() {
            if let Some(wrong) = claim::check(claim, i, &file.program) {
                return at(*n, wrong);
            }
        }
        claim.verdict = self.verdict.map(|v| v.1);
        match self.verdict {
            Some((n, ClaimVerdict::Impossible(line))) if line > claim.lines.len() => {
                at(n, format!("no line {line} in the claim: expected 1..{}", claim.lines.len()))
            }
            _ => Ok(()),
        }
    }

    fn condition(&mut self, n: usize, quantifier: Quantifier, text: &str) -> Result<(), String> {
        let expr = Expr::parse(text)?;
        if self.file.condition.replace(Condition { quantifier, expr }).is_some() {
            return Err(format!("a second condition, the first is in line {}: expected one a file", self.condition));
        }
        self.condition = n;
        Ok(())
    }

    // ----- the whole -----

    fn finish(mut self, last: usize) -> Result<File, ParseError> {
        if !self.model {
            return at(last, format!("file ends before `model:`: expected `model: {}`", Kernel::DEFAULT.name()));
        }
        if !self.sections.contains("init") {
            return at(last, "file ends before the `init` section: expected `init`");
        }
        let mut file = std::mem::replace(&mut self.file, File::new(Program::new(Model::of(Kernel::DEFAULT))));
        objects::finish(&mut file.program, &self.lines)?;
        for (line, op) in &self.op_lines {
            if let Some(wrong) = file.program.op_error(op) {
                return at(*line, wrong);
            }
        }
        if let Some(wrong) = file.condition.as_ref().and_then(|c| c.expr.unknown(&file.program.init)) {
            return at(self.condition, wrong);
        }
        if let Some((line, cpu)) = self.start {
            if cpu as usize >= file.program.nr_cpus() {
                let last = file.program.nr_cpus() - 1;
                return at(line, format!("cpu{cpu} cannot start, it has no operations: expected cpu0..cpu{last}"));
            }
            file.program.schedule.start = cpu;
        }
        let mut places = BTreeSet::new();
        for (line, op, p) in &mut self.records {
            p.op = match *op {
                OpNumber::Number(op) => op,
                OpNumber::Absent => file.program.last_op(p.cpu as usize),
                OpNumber::Epilogue if p.cpu == 0 => EPILOGUE_OP,
                OpNumber::Epilogue => return at(*line, "only cpu0 runs the epilogue: expected `cpu0 epilogue`"),
            };
            if let Some(wrong) = file.program.record_error(p) {
                return at(*line, wrong);
            }
            if !places.insert(p.place()) {
                return at(*line, "a second record for this place: expected one a place");
            }
            file.program.schedule.records.push(*p);
        }
        fixup::sort_records(&mut file.program.schedule.records);
        file.program.validate().or_else(|wrong| at(last, wrong))?;
        self.finish_claim(&mut file, last)?;
        Ok(file)
    }
}

/// The section a line begins, if it is such a line.
fn section(line: &str) -> Result<Option<Section>, String> {
    Ok(match line {
        "init" => Some(Section::Init),
        "schedule" => Some(Section::Schedule),
        "claim" => Some(Section::Claim(false)),
        "claim exactly" => Some(Section::Claim(true)),
        _ => match line.strip_prefix("cpu") {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(Section::Cpu(object(line, "cpu", CPUS)? as usize))
            }
            _ => None,
        },
    })
}

fn on_off(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("`{key}` is {}: expected on or off", quote(value))),
    }
}

fn expect(value: &str) -> Result<Expect, String> {
    if value == "clean" {
        return Ok(Expect::Clean);
    }
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+".contains(&b));
    let (what, functions) = value.split_once(':').unwrap_or((value, "op"));
    if what.split('/').count() == 2 && what.split('/').all(plain) && plain(functions) {
        return Ok(Expect::Finding(value.to_string()));
    }
    Err(format!("`expect` is {}: expected clean, or a signature check/kind[:function+function]", quote(value)))
}

/// "found x", or that the line ends.
pub(super) fn found(word: Option<&str>) -> String {
    word.map_or("the line ends early".to_string(), |w| format!("found {}", quote(w)))
}

fn nothing_more(word: Option<&str>) -> Result<(), String> {
    word.map_or(Ok(()), |w| Err(format!("found {}: expected the end of the line", quote(w))))
}

/// The number of `m1`, `F3`, `cpu0`.
pub(super) fn object(name: &str, prefix: &str, limit: usize) -> Result<u8, String> {
    let number = name.strip_prefix(prefix).filter(|s| plain_number(s)).and_then(|s| s.parse::<u8>().ok());
    match number {
        Some(n) if (n as usize) < limit => Ok(n),
        _ => Err(format!("no {}: expected {prefix}0..{prefix}{}", quote(name), limit - 1)),
    }
}

/// Digits without sign or leading zeros.
fn plain_number(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()) && (s.len() == 1 || !s.starts_with('0'))
}

pub(super) fn task(name: &str) -> Result<u8, String> {
    let all = || (0..TASKS as u8).map(|t| (t, text::task_name(t)));
    if let Some((t, _)) = all().find(|(_, n)| n == name) {
        return Ok(t);
    }
    let what = if name.is_empty() { "the line ends early".to_string() } else { format!("no task {}", quote(name)) };
    Err(format!("{what}: expected cpu0..cpu{}, {}", CPUS - 1, text::SERVICES))
}

pub(super) fn op_number(word: &str) -> Result<u8, String> {
    let number = word.strip_prefix("op").filter(|s| plain_number(s)).and_then(|s| s.parse::<u8>().ok());
    number.and_then(|n| n.checked_sub(1)).ok_or_else(|| format!("no {}: expected op1, op2, …", quote(word)))
}

pub(super) fn occurrence(text: &str) -> Result<u16, String> {
    let k = Some(text).filter(|s| plain_number(s)).and_then(|s| s.parse().ok()).filter(|k| *k != 0);
    k.ok_or_else(|| format!("no occurrence {}: expected a number from 1 to {}", quote(text), u16::MAX))
}

fn anchor(word: &str) -> Result<(Anchor, u16), String> {
    if word.is_empty() {
        return Err("the line ends early: expected a point after `until`: function.label#k, @n, blocked#k, end".into());
    }
    if let Some(n) = word.strip_prefix('@') {
        return Ok((Anchor::Nth, occurrence(n)?));
    }
    let (name, k) = match word.split_once('#') {
        Some((name, k)) => (name, occurrence(k)?),
        None => (word, 1),
    };
    let anchor = match name {
        "blocked" => Anchor::Blocked,
        "end" => Anchor::End,
        _ => Anchor::Site(site(name)?),
    };
    Ok((anchor, k))
}

/// The hash of a known site, or of one whose name was not known when it was printed (`0x` and eight digits).
pub(super) fn site(name: &str) -> Result<u32, String> {
    if let Some(hash) = name.strip_prefix("0x").filter(|h| h.len() == 8).and_then(|h| u32::from_str_radix(h, 16).ok()) {
        return Ok(hash);
    }
    if let Some(hash) = Site::hash_of_text(name).filter(|_| sites::exists(name)) {
        return Ok(hash);
    }
    let near = sites::nearest(name);
    let near = near.or_else(|| sites::closest(name, ["blocked", "end"].into_iter()).map(str::to_string));
    match near {
        Some(near) => Err(format!("no point {} (did you mean {near}?)", bare(name))),
        None => Err(format!("no point {}: expected function.label#k of `list sites`, @n, blocked#k, end", bare(name))),
    }
}

/// A name as messages about points show it: no quotes unless it needs them.
fn bare(name: &str) -> String {
    let plain = name.len() <= 120 && name.bytes().all(|b| b.is_ascii_graphic());
    if plain { name.to_string() } else { quote(name) }
}

/// One argument in parentheses: its key, if it has one, and its text.
pub(super) type Argument<'a> = (Option<&'a str>, &'a str);

/// `name(arg, key=arg)`.
fn call(text: &str) -> Result<(&str, Vec<Argument<'_>>), String> {
    let Some((name, rest)) = text.split_once('(') else {
        return Err(format!("{} is incomplete: expected `name(arguments)`", quote(text)));
    };
    let Some(inner) = rest.strip_suffix(')') else {
        return Err(format!("{} is incomplete: expected `)` at the end of the line", quote(text)));
    };
    let mut args = Vec::new();
    if !inner.trim().is_empty() {
        for piece in inner.split(',') {
            let (key, value) = match piece.split_once('=') {
                Some((key, value)) => (Some(key.trim()), value.trim()),
                None => (None, piece.trim()),
            };
            if value.is_empty() || key == Some("") {
                return Err(format!("an argument of {} is empty: expected a value", quote(text)));
            }
            args.push((key, value));
        }
    }
    Ok((name.trim(), args))
}

/// The arguments of an operation: objects and indices by position, counts and modes by key (or 1 and the first mode).
fn arguments(spec: &OpSpec, args: &[Argument<'_>]) -> Result<[u8; 3], String> {
    let is_keyed = |kind: &Arg| matches!(kind, Arg::Count(_) | Arg::Mode(_));
    let positional = spec.args.iter().filter(|(_, kind)| !is_keyed(kind)).count();
    let given = args.iter().filter(|(key, _)| key.is_none()).count();
    if given != positional {
        return Err(format!(
            "`{}` has {given} arguments without a key, not {positional}: expected {}",
            spec.name,
            usage(spec)
        ));
    }
    let mut values = [0; 3];
    let mut keys = BTreeSet::new();
    let mut next = spec.args.iter().enumerate().filter(|(_, (_, kind))| !is_keyed(kind));
    for (key, text) in args {
        let slot = match key {
            None => next.next(),
            Some(key) => spec.args.iter().enumerate().find(|(_, (name, kind))| name == key && is_keyed(kind)),
        };
        let Some((i, (name, kind))) = slot else {
            let key = key.unwrap_or_default();
            return Err(format!("`{}` has no key {}: expected {}", spec.name, quote(key), usage(spec)));
        };
        if !keys.insert(*name) {
            return Err(format!("`{name}` is given twice: expected {}", usage(spec)));
        }
        let value = value(name, *kind, text)?;
        if let Some(cell) = values.get_mut(i) {
            *cell = value;
        }
    }
    Ok(values)
}

pub(super) fn value(key: &str, kind: Arg, text: &str) -> Result<u8, String> {
    let number = || text.parse::<u8>().ok().filter(|_| plain_number(text));
    match kind {
        Arg::Mapping => object(text, "m", MAPPINGS),
        Arg::Process => object(text, "p", MMS),
        Arg::Cpu => object(text, "cpu", CPUS),
        Arg::Addr => number()
            .filter(|n| (*n as usize) < VADDRS)
            .ok_or_else(|| format!("`{key}` is {}: expected a virtual page 0..{}", quote(text), VADDRS - 1)),
        Arg::Pfn => object(text, "F", FOLIOS),
        Arg::Index => number()
            .filter(|n| (*n as usize) < SLOTS)
            .ok_or_else(|| format!("`{key}` is {}: expected an index 0..{}", quote(text), SLOTS - 1)),
        Arg::Count(max) => number()
            .filter(|n| (1..=max).contains(n))
            .map(|n| n - 1)
            .ok_or_else(|| format!("`{key}` is {}: expected a count 1..{max}", quote(text))),
        Arg::Mode(names) => names.iter().position(|n| *n == text).map(|i| i as u8).ok_or_else(|| {
            let hint = hint(text, names.iter().copied());
            format!("`{key}` is {}{hint}: expected one of {}", quote(text), names.join(", "))
        }),
    }
}

/// How an operation is written: `compact(pfn, nr=1..8, mode=sync|async)`.
fn usage(spec: &OpSpec) -> String {
    let args = spec.args.iter().map(|(name, kind)| match kind {
        Arg::Count(max) => format!("{name}=1..{max}"),
        Arg::Mode(names) => format!("{name}={}", names.join("|")),
        Arg::Mapping => format!("m0..m{}", MAPPINGS - 1),
        Arg::Pfn => format!("F0..F{}", FOLIOS - 1),
        Arg::Process => format!("p0..p{}", MMS - 1),
        Arg::Cpu => format!("cpu0..cpu{}", CPUS - 1),
        Arg::Index => format!("{name} 0..{}", SLOTS - 1),
        Arg::Addr => format!("{name} 0..{}", VADDRS - 1),
    });
    format!("`{}({})`", spec.name, args.collect::<Vec<_>>().join(", "))
}

pub(super) fn flags(key: &str, text: &str, names: &[(u64, &str)]) -> Result<u64, String> {
    let mut bits = 0;
    for word in text.split('|').map(str::trim) {
        let Some((bit, _)) = names.iter().find(|(_, n)| *n == word) else {
            let hint = hint(word, names.iter().map(|(_, n)| *n));
            let all = names.iter().map(|(_, n)| *n).collect::<Vec<_>>().join(", ");
            return Err(format!("`{key}` has {}{hint}: expected a choice of {all}, joined by |", quote(word)));
        };
        bits |= bit;
    }
    Ok(bits)
}
