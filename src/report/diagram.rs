//! The CPU0/CPU1 diagram, as it is pasted into a mail (USERS 7.4).
//!
//! One event a line, so a line may run on under the empty cell of its right-hand neighbour: columns begin at fixed
//! places, and what does not fit the page wraps with a hanging indent.

use super::Report;
use super::memory::Memory;
use super::slice::Slice;
use super::words::{self, describe, flag_names, is_leaf, owner_word};
use crate::prog::{FolioPlace, task_name};
use crate::vocab::*;
use std::collections::{BTreeMap, BTreeSet};

/// How a diagram is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiagramStyle {
    /// Columns of text, at least 40.
    pub width: usize,
    /// Tabs between the columns instead of spaces: they begin at tab stops.
    pub tabs: bool,
}

impl DiagramStyle {
    /// For commit messages and mails: checkpatch's 75 columns.
    pub const KERNEL: DiagramStyle = DiagramStyle { width: 75, tabs: false };
    /// For terminals.
    pub const WIDE: DiagramStyle = DiagramStyle { width: 118, tabs: false };
}

impl Default for DiagramStyle {
    fn default() -> DiagramStyle {
        DiagramStyle::KERNEL
    }
}

/// A tab stop.
const TAB: usize = 8;

/// Where the columns begin, and how that is written.
struct Layout {
    starts: Vec<usize>,
    width: usize,
    tabs: bool,
}

/// A printed line.
pub struct Line {
    pub text: String,
    /// The number of the event it shows, or goes on with; `None` for the legend, heads and names of functions.
    pub step: Option<u32>,
}

/// One line before layout.
struct Row {
    task: u8,
    indent: usize,
    /// Parts that stay together if they can.
    parts: Vec<String>,
    step: Option<u32>,
}

impl Row {
    fn header(task: u8, depth: usize, text: String) -> Row {
        Row { task, indent: 2 * depth, parts: vec![text], step: None }
    }

    fn len(&self) -> usize {
        self.indent + self.parts.iter().map(String::len).sum::<usize>() + 2 * (self.parts.len() - 1)
    }
}

/// Which activation of which function every frame of a step is: two calls of one function differ.
struct Activations {
    /// Per task: operation, and (function, activation) of each frame of its last step.
    last: BTreeMap<u8, (u8, Vec<(u32, usize)>)>,
    count: usize,
}

impl Activations {
    fn of(&mut self, step: &crate::machine::Step) -> Vec<usize> {
        let e = &step.event;
        let (op, old) = self.last.remove(&e.task).unwrap_or_default();
        let mut now: Vec<(u32, usize)> = Vec::new();
        let mut same = op == e.op;
        for (d, f) in step.stack.iter().enumerate() {
            same = same && old.get(d).is_some_and(|o| o.0 == f.hash);
            let id = match old.get(d) {
                Some(o) if same => o.1,
                _ => {
                    self.count += 1;
                    self.count
                }
            };
            now.push((f.hash, id));
        }
        let ids = now.iter().map(|n| n.1).collect();
        self.last.insert(e.task, (e.op, now));
        ids
    }
}

impl Report<'_> {
    /// The diagram: legend and initial state, then a column for each CPU that has a step to show.
    pub fn diagram(&self, style: &DiagramStyle) -> String {
        self.diagram_lines(style).into_iter().map(|line| line.text + "\n").collect()
    }

    /// [`Report::diagram`] line by line.
    pub fn diagram_lines(&self, style: &DiagramStyle) -> Vec<Line> {
        let slice = self.slice();
        if slice.culprit.is_none() {
            let mut head = self.legend(&slice, style.width.max(40));
            head.push_str("(the execution was not recorded)\n");
            return plain(&head);
        }
        self.lines_of(&slice, style)
    }

    /// The diagram of chosen steps.
    pub(super) fn lines_of(&self, slice: &Slice, style: &DiagramStyle) -> Vec<Line> {
        let width = style.width.max(40);
        let mut head = self.legend(slice, width);
        head.push('\n');
        let rows = self.rows(slice);
        let columns: Vec<u8> = {
            let tasks: BTreeSet<u8> = rows.iter().map(|r| r.task).collect();
            tasks.into_iter().collect()
        };
        let roles = self.roles(slice, &columns);
        let named = roles.iter().rev().skip(1).flatten().map(|name| name.len()).max().unwrap_or(0);
        let layout = Layout { starts: starts(&rows, &columns, named + 1, style), width, tabs: style.tabs };
        self.heads(&roles, &columns, &layout, &mut head);
        let mut lines = plain(&head);
        for row in &rows {
            let column = columns.iter().position(|t| *t == row.task).unwrap_or(0);
            let mut text = String::new();
            draw(row, layout.starts[column], &layout, &mut text);
            lines.extend(plain(&text).into_iter().map(|line| Line { step: row.step, ..line }));
        }
        lines
    }

    /// Numbers of the events printed as steps, in order: every step of a diagram was executed.
    pub fn diagram_steps(&self) -> Vec<u32> {
        self.rows(&self.slice()).iter().filter_map(|r| r.step).collect()
    }

    fn rows(&self, slice: &Slice) -> Vec<Row> {
        let steps = &self.trace.steps;
        let shown: BTreeSet<usize> = slice.shown.iter().copied().collect();
        // Frames a shown step was made in directly get a header; those in between are left out.
        let mut ids: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut direct = BTreeSet::new();
        let mut act = Activations { last: BTreeMap::new(), count: 0 };
        for (i, step) in steps.iter().enumerate() {
            let mut chain = act.of(step);
            if !shown.contains(&i) {
                continue;
            }
            if step.stack.last().is_some_and(|f| is_leaf(f.name)) {
                chain.pop();
            }
            direct.extend(chain.last().copied());
            ids.insert(i, chain);
        }

        let mut rows = Vec::new();
        let mut open: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        let mut last_op: BTreeMap<u8, u8> = BTreeMap::new();
        let mut last_step: BTreeMap<u8, usize> = BTreeMap::new();
        let mut last_task = None;
        for &i in &slice.shown {
            let (Some(step), Some(chain)) = (steps.get(i), ids.get(&i)) else { continue };
            let e = &step.event;
            let mut kept: Vec<(usize, &str)> = chain
                .iter()
                .zip(step.stack.iter())
                .enumerate()
                .filter(|(d, (id, _))| *d == 0 || direct.contains(id))
                .map(|(_, (id, f))| (*id, f.name))
                .collect();
            // A function and its body under one name.
            kept.dedup_by_key(|k| k.1);
            let before = open.entry(e.task).or_default();
            let common = kept.iter().zip(before.iter()).take_while(|(k, b)| k.0 == **b).count();
            let left_out = last_step.insert(e.task, i).is_some_and(|from| self.counts_between(&slice.shown, from, i));
            // Whole operations without a step to show lie between.
            if last_op.get(&e.task).is_some_and(|op| *op + 1 < e.op) && (e.op as usize) < OPS_PER_CPU {
                rows.push(Row::header(e.task, 0, "...".to_string()));
            } else if left_out {
                rows.push(Row::header(e.task, common, "...".to_string()));
            }
            if common == kept.len() && common > 0 && last_task.is_some_and(|t| t != e.task) {
                rows.push(Row::header(e.task, common - 1, format!("{}() ...", kept[common - 1].1)));
            }
            for (d, (_, name)) in kept.iter().enumerate().skip(common) {
                rows.push(Row::header(e.task, d, format!("{name}()")));
            }
            let words = if e.note == Note::Quiescent { self.at_rest(i) } else { describe(step) };
            let mut parts = vec![words.text];
            if !words.result.is_empty() {
                parts.push(words.result);
            }
            if let Some(owner) = owner_word(e) {
                let end = parts.len() - 1;
                let owner = self.handed_over(i).unwrap_or(owner);
                parts[end].push_str(&format!(" ({owner})"));
            }
            if let Some(list) = self.still_listed(i).filter(|_| Some(i) == slice.culprit) {
                parts.push(format!("[still on {list}]"));
            }
            if Some(i) == slice.culprit {
                parts.push(format!("<-- {}", self.phrase()));
            }
            parts.extend(slice.marks.get(&i).into_iter().flatten().cloned());
            rows.push(Row { task: e.task, indent: 2 * kept.len(), parts, step: Some(e.seq) });
            *before = kept.iter().map(|k| k.0).collect();
            last_task = Some(e.task);
            last_op.insert(e.task, e.op);
        }
        rows
    }

    /// To whom the operation that takes a reference in a step hands it over before it ends.
    fn handed_over(&self, index: usize) -> Option<&'static str> {
        let e = &self.trace.steps[index].event;
        if !matches!(e.note, Note::RefGet | Note::RefTryGet) {
            return None;
        }
        let rest = self.trace.steps[index + 1..].iter().map(|s| &s.event);
        let mine = rest.filter(|l| (l.task, l.op, l.obj, l.aux & 0xff) == (e.task, e.op, e.obj, e.aux & 0xff));
        let next = mine.into_iter().find(|l| matches!(l.note, Note::RefTransfer | Note::RefPut | Note::RefSub))?;
        (next.note == Note::RefTransfer).then(|| Owner::from_aux(next.aux >> 16).0.name())
    }

    /// The list a folio that is being linked somewhere in this step is on already.
    fn still_listed(&self, index: usize) -> Option<&'static str> {
        let e = &self.trace.steps[index].event;
        if !matches!(e.note, Note::PrivateAdd | Note::LruAdd) {
            return None;
        }
        let before = self.trace.steps[..index].iter().rev().map(|s| &s.event).filter(|l| l.obj == e.obj);
        let last = before.into_iter().find(|l| matches!(l.note, Note::LruAdd | Note::LruDel | Note::FolioAlloc))?;
        (last.note == Note::LruAdd).then(|| words::list_name(last.aux))
    }

    /// Whether the task of the step at `to` changed counts that the diagram shows since its step at `from`, by steps
    /// that were left out: they came to nothing.
    fn counts_between(&self, shown: &[usize], from: usize, to: usize) -> bool {
        let counted = |e: &Event| matches!(e.obj.field(), Field::Refcount) && e.wrote() && e.old != e.new;
        let event = |i: usize| &self.trace.steps[i].event;
        let task = event(to).task;
        (from + 1..to)
            .map(event)
            .any(|e| e.task == task && counted(e) && shown.iter().any(|s| event(*s).obj == e.obj && counted(event(*s))))
    }

    /// The end of a run, with what is wrong about it.
    pub(super) fn at_rest(&self, index: usize) -> words::Words {
        let m = self.memory_before(index);
        let folio = self.finding.folio.filter(|f| (*f as usize) < FOLIOS);
        let flags = |f: u8| m.folio(f, Field::Flags);
        let set = |f: u8, bit| if flags(f) & bit != 0 { "set" } else { "clear" };
        let state = match (self.finding.check, self.finding.kind, folio) {
            ("mlock", "nr-mlock", _) => {
                let pages = (0..FOLIOS as u8).filter(|f| flags(*f) & PG_MLOCKED != 0).count();
                format!(
                    "[NR_MLOCK {}, pages with PG_mlocked {pages}]",
                    m.get(Obj::at(Field::NrMlock, 0, 0)).unwrap_or(0) as i64
                )
            }
            ("mlock", _, Some(f)) => format!("[F{f}: PG_mlocked {}]", set(f, PG_MLOCKED)),
            ("lru", _, Some(f)) => format!("[F{f}: PG_unevictable {}]", set(f, PG_UNEVICTABLE)),
            (_, _, Some(f)) => format!("[F{f}: ref {}]", m.folio(f, Field::Refcount) as i64),
            _ => String::new(),
        };
        words::Words { text: "(all operations are over)".to_string(), result: state }
    }

    /// The operations of each column that have steps to show.
    fn roles(&self, slice: &Slice, columns: &[u8]) -> Vec<Vec<&'static str>> {
        let mut roles = Vec::new();
        for t in columns {
            let mut ops: Vec<(u8, &str)> = Vec::new();
            for &i in &slice.shown {
                let Some(e) = self.trace.steps.get(i).map(|s| &s.event).filter(|e| e.task == *t) else { continue };
                if ops.last().is_none_or(|(op, _)| *op != e.op) {
                    ops.push((e.op, self.op_name(*t, e.op)));
                }
            }
            roles.push(ops.into_iter().map(|o| o.1).collect());
        }
        roles
    }

    fn heads(&self, roles: &[Vec<&str>], columns: &[u8], layout: &Layout, out: &mut String) {
        let Layout { starts, width, .. } = layout;
        let name = |t: u8| if (t as usize) < CPUS { format!("CPU{t}") } else { task_name(t) };
        let line = |cells: Vec<String>, out: &mut String| {
            let mut s = String::new();
            let mut at = 0;
            for (cell, start) in cells.iter().zip(starts).filter(|(cell, _)| !cell.is_empty()) {
                s.push_str(&layout.gap(at, *start));
                s.push_str(cell);
                at = start + cell.len();
            }
            out.push_str(&s);
            out.push('\n');
        };
        line(columns.iter().map(|t| name(*t)).collect(), out);
        line(columns.iter().map(|t| "-".repeat(name(*t).len())).collect(), out);
        // They share lines only if each fits its column.
        let fits = roles.iter().enumerate().all(|(c, r)| {
            let room = starts.get(c + 1).copied().unwrap_or(*width) - starts[c];
            r.iter().all(|n| n.len() < room || c + 1 == starts.len() && n.len() <= room)
        });
        if fits {
            for n in 0..roles.iter().map(Vec::len).max().unwrap_or(0) {
                line(roles.iter().map(|r| r.get(n).copied().unwrap_or("").to_string()).collect(), out);
            }
        } else {
            for (c, r) in roles.iter().enumerate() {
                for n in r {
                    draw(&Row::header(columns[c], 0, n.to_string()), starts[c], layout, out);
                }
            }
        }
        out.push('\n');
    }

    /// What the names stand for, and the initial state.
    fn legend(&self, slice: &Slice, width: usize) -> String {
        let memory = self.initial_memory();
        let setup = self.setup_end();
        let ledger = super::Ledger::of(self.trace.steps[..setup].iter().map(|s| &s.event));
        let mut out = String::new();
        for f in (0..FOLIOS as u8).filter(|f| slice.folios >> f & 1 != 0) {
            let place = match self.program.init.folios[f as usize].map(|i| i.place) {
                Some(FolioPlace::Cache { mapping, index }) => format!("folio of m{mapping} at index {index}"),
                Some(FolioPlace::Anon { mm, addr }) => format!("anonymous folio of p{mm} at page {addr}"),
                None => "free page frame".to_string(),
            };
            let mut s = format!("F{f}: {place}.");
            if self.program.init.folios[f as usize].is_some() {
                let holders = ledger.holders(f).into_iter().map(|(who, n)| format!("{who} {n}"));
                let holders = holders.collect::<Vec<_>>().join(", ");
                let count = memory.folio(f, Field::Refcount) as i64;
                s.push_str(&format!("  Start: ref {count}"));
                if !holders.is_empty() {
                    s.push_str(&format!(" ({holders})"));
                }
                let lists = self.trace.steps[..setup].iter().map(|s| &s.event);
                let list = lists.rev().find(|e| e.note == Note::LruAdd && e.obj.as_folio() == Some(f as usize));
                if let Some(e) = list.filter(|_| slice.lists) {
                    s.push_str(&format!(", on {}", words::list_name(e.aux)));
                }
                let flags = memory.folio(f, Field::Flags);
                for name in flag_names(flags & !PG_LOCKED).split('|').filter(|n| !n.is_empty()) {
                    s.push_str(&format!(", PG_{name}"));
                }
                s.push_str(if flags & PG_LOCKED != 0 { ", locked." } else { ", not locked." });
            }
            out.push_str(&fill(&s, width));
        }
        let files = (0..FOLIOS).filter(|f| slice.folios >> f & 1 != 0).filter_map(|f| {
            match self.program.init.folios[f].map(|i| i.place) {
                Some(FolioPlace::Cache { mapping, .. }) => Some(mapping),
                _ => None,
            }
        });
        let mappings = files.fold(slice.mappings, |set, m| set | 1 << m);
        for m in (0..MAPPINGS).filter(|m| mappings >> m & 1 != 0) {
            let mut s = format!("m{m}: mapping of a file.  Start: inode live");
            if let Some(init) = self.program.init.mappings[m] {
                s.push_str(if init.aops & AOPS_MIGRATE_FOLIO != 0 { ", a_ops with" } else { ", a_ops without" });
                s.push_str(" migrate_folio");
                let flags = [
                    (AS_UNEVICTABLE, "AS_UNEVICTABLE"),
                    (AS_UNMOVABLE, "AS_UNMOVABLE"),
                    (AS_STABLE_WRITES, "AS_STABLE_WRITES"),
                    (AS_RELEASE_ALWAYS, "AS_RELEASE_ALWAYS"),
                ];
                for (_, name) in flags.iter().filter(|(bit, _)| init.flags & bit != 0) {
                    s.push_str(&format!(", {name}"));
                }
            }
            s.push('.');
            out.push_str(&fill(&s, width));
        }
        self.processes(slice, &memory, width, &mut out);
        if slice.nr_mlock {
            let count = memory.get(Obj::at(Field::NrMlock, 0, 0)).unwrap_or(0) as i64;
            out.push_str(&format!("NR_MLOCK: {count} at the start.\n"));
        }
        if let Some(i) = slice.culprit
            && words::is_lock(self.trace.steps[i].event.obj)
        {
            out.push_str(&fill(&format!("Lock: {}.", words::obj_name(self.trace.steps[i].event.obj)), width));
        }
        out
    }
}

impl Report<'_> {
    /// The VMAs and page-table entries of the processes whose memory the steps touch, as they are at the start.
    fn processes(&self, slice: &Slice, memory: &Memory, width: usize, out: &mut String) {
        let touched = |mm: usize| {
            let place = |i: &usize| self.trace.steps.get(*i).map(|s| s.event.obj.place());
            slice.shown.iter().filter_map(place).any(|p| p.class == Class::Mm && p.index as usize == mm)
        };
        for mm in (0..MMS).filter(|mm| touched(*mm) || slice.mlock && self.program.init.vmas_of(*mm).next().is_some()) {
            let vmas = self.program.init.vmas_of(mm).map(|(i, _)| {
                let word = |field| memory.get(Obj::at(field, i, 0)).unwrap_or(0);
                let special = word(Field::VmFlags) & (VM_LOCKED | VM_NONLINEAR);
                let flags = if special == 0 { String::new() } else { format!(" {}", words::vm_flag_names(special)) };
                format!("vma{i} {}{flags}", words::vma_place_name(word(Field::VmPlace)))
            });
            let ptes = (0..VADDRS).filter_map(|addr| {
                let pte = Pte(memory.get(Obj::pte(mm, addr)).unwrap_or(0));
                (!pte.is_none()).then(|| format!("pte[{addr}] = {}", words::pte_name(pte)))
            });
            let parts: Vec<String> = vmas.chain(ptes).collect();
            let parts = if parts.is_empty() { "no VMA".to_string() } else { parts.join(", ") };
            out.push_str(&fill(&format!("mm{mm}: process p{mm}.  Start: {parts}."), width));
        }
    }
}

/// Where the columns begin: even cells, moved left as far as the longest lines of the right-hand columns need it.
/// `named` is the room the names at their heads want.
fn starts(rows: &[Row], columns: &[u8], named: usize, style: &DiagramStyle) -> Vec<usize> {
    let (n, width) = (columns.len().max(1), style.width.max(40));
    let even = (width + 2) / n;
    // What keeps the columns apart for the eye, at the price of wrapped lines in the last ones.
    let most = width.saturating_sub(34) / n.saturating_sub(1).max(1);
    let least = (even * 2 / 3).max(named.min(most)).min(even);
    let mut pitch = even;
    for (c, task) in columns.iter().enumerate().skip(1) {
        let need = rows.iter().filter(|r| r.task == *task).map(Row::len).max().unwrap_or(0);
        pitch = pitch.min(width.saturating_sub(need) / c);
    }
    let mut pitch = pitch.max(least);
    if style.tabs {
        pitch = (pitch / TAB).max(1) * TAB;
    }
    (0..n).map(|c| c * pitch).collect()
}

impl Layout {
    /// What leads from column `at` to the start `to` of a cell.
    fn gap(&self, at: usize, to: usize) -> String {
        if self.tabs {
            "\t".repeat(to.div_ceil(TAB).saturating_sub(at / TAB))
        } else {
            " ".repeat(to.saturating_sub(at))
        }
    }
}

/// Lines that show no step.
fn plain(text: &str) -> Vec<Line> {
    let ascii = |line: &str| line.chars().filter(char::is_ascii).collect();
    text.lines().map(|line| Line { text: ascii(line), step: None }).collect()
}

/// Writes a row at its column, wrapped to the page with a hanging indent of 4.
fn draw(row: &Row, start: usize, layout: &Layout, out: &mut String) {
    let room = layout.width - start;
    // Deep nesting must leave room for words.
    let indent = row.indent.min(room.saturating_sub(24));
    let mut line = String::new();
    let mut first = true;
    let mut flush = |line: &mut String, out: &mut String| {
        out.push_str(&layout.gap(0, start));
        out.push_str(&" ".repeat(if first { indent } else { (indent + 4).min(room.saturating_sub(16)) }));
        out.push_str(line.trim_end());
        out.push('\n');
        line.clear();
        first = false;
    };
    let hang = room - (indent + 4).min(room.saturating_sub(16));
    let mut avail = room - indent;
    for part in row.parts.iter().map(|p| p.chars().filter(char::is_ascii).collect::<String>()) {
        let gap = if line.is_empty() { 0 } else { 2 };
        if line.len() + gap + part.len() <= avail {
            line.push_str(&"  "[..gap]);
            line.push_str(&part);
            continue;
        }
        if !line.is_empty() {
            flush(&mut line, out);
            avail = hang;
        }
        for word in part.split(' ') {
            let mut word = word;
            let gap = (!line.is_empty()) as usize;
            if !line.is_empty() && line.len() + gap + word.len() > avail {
                flush(&mut line, out);
                avail = hang;
            }
            while word.len() > avail {
                let (head, tail) = word.split_at(avail);
                line.push_str(head);
                flush(&mut line, out);
                avail = hang;
                word = tail;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    if !line.is_empty() {
        flush(&mut line, out);
    }
}

/// A paragraph filled to `width`.
pub(super) fn fill(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.trim_end().len() + 1 + word.len() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
