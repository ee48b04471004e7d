//! The page: one self-contained HTML file with lanes, state and stepping. Everything it shows is in one JSON value, so
//! that the scripts know no kernel words.

mod order;
mod state;

use super::words::{self, describe, owner_word};
use super::{Report, TOOL, json::why};
use crate::machine::Step;
use crate::prog::{File, task_name};
use crate::san::{CHECKS, Stage};
use crate::vocab::*;
use serde_json::{Value, json};
use state::{Now, Row, Shadow};
use std::collections::BTreeMap;

/// A page of ours: the parts that are filled into its template.
struct Page {
    template: &'static str,
    styles: &'static [&'static str],
    scripts: &'static [&'static str],
}

const EXPLAIN: Page = Page {
    template: include_str!("html/page.html"),
    styles: &[include_str!("html/page.css")],
    scripts: &[
        include_str!("html/trace.js"),
        include_str!("html/lanes.js"),
        include_str!("html/panel.js"),
        include_str!("html/page.js"),
    ],
};

impl Page {
    /// The page with a title and its data. What the template leaves open stands in it as `{{name}}`.
    fn fill(&self, title: &str, data: &Value) -> String {
        let mut out = String::new();
        let mut rest = self.template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, behind) = after.split_once("}}").unwrap_or((after, ""));
            out.push_str(before);
            match name {
                "title" => out.push_str(&escape(title)),
                "style" => out.push_str(&self.styles.join("\n")),
                "data" => out.push_str(&in_script(data)),
                "script" => out.push_str(&self.scripts.join("\n")),
                _ => {}
            }
            rest = behind;
        }
        out + rest
    }
}

/// Text for an HTML document.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JSON that can stand in a `<script>`: no `<`, so neither `</script>` nor `<!--` is in it.
fn in_script(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// A table whose entries are numbered as they come.
struct Table<T> {
    items: Vec<T>,
    numbers: BTreeMap<T, usize>,
}

impl<T: Ord + Clone> Table<T> {
    fn new() -> Table<T> {
        Table { items: Vec::new(), numbers: BTreeMap::new() }
    }

    fn number(&mut self, item: T) -> usize {
        if let Some(n) = self.numbers.get(&item) {
            return *n;
        }
        self.items.push(item.clone());
        self.numbers.insert(item, self.items.len() - 1);
        self.items.len() - 1
    }
}

/// The states of the machine, as what changed.
struct States {
    rows: Vec<Row>,
    start: Vec<String>,
    /// For each step the rows that changed, with their new values.
    changes: Vec<Vec<(usize, String)>>,
}

impl Report<'_> {
    /// The self-contained page. `file` is the program to embed, for whoever repeats the execution with `commands`.
    pub fn html(&self, file: &File, commands: &[String]) -> String {
        EXPLAIN.fill(&self.title(), &self.page_data(file, commands))
    }

    /// Position of the first step the page shows: after the set-up, unless the finding is part of it.
    fn first_shown(&self) -> usize {
        let setup = self.setup_end();
        if self.index_of(self.finding.seq).is_some_and(|i| i < setup) { 0 } else { setup }
    }

    fn page_data(&self, file: &File, commands: &[String]) -> Value {
        let from = self.first_shown();
        let steps = &self.trace.steps[from..];
        let position = |seq: u32| self.index_of(seq).and_then(|i| i.checked_sub(from));
        let finding = position(self.finding.seq);
        let other = self.finding.other.and_then(position);
        // What is found when nothing goes on is no access: nothing can be ordered before it.
        let end = |e: &Event| matches!(e.note, Note::Deadlock | Note::NoProgress | Note::Quiescent);
        let sides = finding.zip(other).filter(|(f, _)| !end(&steps[*f].event));
        let path = sides.map(|(f, o)| order::path(steps, o, f));
        let mut tasks: Vec<u8> = steps.iter().map(|s| s.event.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        let states = self.states(from, &tasks);
        let matters: Vec<usize> = self.diagram_steps().into_iter().filter_map(position).collect();
        let kinds = CHECKS.iter().flat_map(|c| c.kinds);
        let rule = kinds.into_iter().find(|k| (k.check, k.name) == (self.finding.check, self.finding.kind));
        let mut data = json!({
            "schema": 1,
            "tool": TOOL,
            "version": env!("CARGO_PKG_VERSION"),
            "title": self.title(),
            "signature": self.signature(),
            "kernel": self.program.model.kernel.name(),
            "bugs": self.bugs,
            "stage": match self.finding.stage {
                Stage::Actual => "damage",
                Stage::Predictive => "rule broken, no damage yet",
                Stage::Soft => "soft: allowed by design",
            },
            "rule": rule.map_or("", |k| k.doc),
            "rule_code": rule.map_or("", |k| k.code),
            "phrase": self.phrase(),
            "repro": file.print(),
            "commands": commands,
            "report": self.splat(),
            "diagram": self.diagram(&super::DiagramStyle::KERNEL),
            "lanes": tasks.iter().map(|t| lane_name(*t)).collect::<Vec<_>>(),
            "subjects": self.subjects(),
            "finding": finding,
            "other": other,
            "ordered": path.as_ref().map(Option::is_some),
            "path": path.flatten().unwrap_or_default(),
            "matters": matters,
            "switches": self.switches_json(from, &tasks),
            "groups": groups(&states.rows),
            "start": states.start,
        });
        self.steps_json(from, &tasks, &states, &mut data);
        data
    }

    /// Groups of the panel the finding is about.
    fn subjects(&self) -> Vec<String> {
        let folio = self.folio().map(|f| format!("F{f}"));
        let mapping = self.finding.mapping.filter(|m| (*m as usize) < MAPPINGS).map(|m| format!("m{m}"));
        folio.into_iter().chain(mapping).collect()
    }

    /// The states from before step `from` on. Lines that are always empty are left out.
    fn states(&self, from: usize, tasks: &[u8]) -> States {
        let mut replay = self.replay();
        let mut shadow = Shadow::default();
        self.trace.steps[..from].iter().for_each(|s| shadow.apply(s));
        let mut rows = Vec::new();
        let mut values = Vec::new();
        let mut start = Vec::new();
        let mut changes: Vec<Vec<(usize, String)>> = Vec::new();
        for i in from..=self.trace.steps.len() {
            replay.until(i);
            let now = Now { memory: &replay.memory, shadow: &shadow, lanes: tasks };
            let mut next = Vec::with_capacity(values.len());
            self.state(&now, &mut |group, label, value| {
                if i == from {
                    rows.push(Row { group: group.to_string(), label: label.to_string() });
                }
                next.push(value);
            });
            if i == from {
                start.clone_from(&next);
            } else {
                let changed = next.iter().zip(&values).enumerate().filter(|(_, (new, old))| new != old);
                changes.push(changed.map(|(row, (new, _))| (row, new.clone())).collect());
            }
            values = next;
            if let Some(step) = self.trace.steps.get(i) {
                shadow.apply(step);
            }
        }
        States { rows, start, changes }.pruned()
    }

    fn switches_json(&self, from: usize, tasks: &[u8]) -> Vec<Value> {
        let lane = |task: u8| tasks.iter().position(|t| *t == task);
        let mut found = Vec::new();
        for s in &self.trace.switches {
            let at = self.trace.steps.partition_point(|step| step.event.seq < s.at);
            let Some(at) = at.checked_sub(from).filter(|i| from + i < self.trace.steps.len()) else { continue };
            let (Some(was), Some(to)) = (lane(s.task), lane(s.to)) else { continue };
            let text = match s.why {
                crate::machine::Why::Point => format!("preempted before {}#{}", s.site, s.k),
                crate::machine::Why::Blocked => "blocks".to_string(),
                crate::machine::Why::Spin => "spins".to_string(),
                crate::machine::Why::End => "has ended".to_string(),
            };
            found.push(json!({ "at": at, "from": was, "to": to, "why": why(s.why), "text": text }));
        }
        found
    }

    /// Adds the steps and the tables they refer to.
    fn steps_json(&self, from: usize, tasks: &[u8], states: &States, data: &mut Value) {
        let mut functions = Table::new();
        let mut stacks = Table::new();
        let mut ops = Table::new();
        let mut objects = Table::new();
        let mut steps = Vec::new();
        for (i, step) in self.trace.steps[from..].iter().enumerate() {
            let e = &step.event;
            let stack: Vec<usize> = step.stack.iter().map(|f| functions.number((f.name, f.file))).collect();
            let words = describe(step);
            let owner = owner_word(e).map_or(String::new(), |o| format!(" ({o})"));
            let changes = states.changes.get(i).into_iter().flatten();
            steps.push(json!({
                "seq": e.seq,
                "lane": tasks.iter().position(|t| *t == e.task),
                "cpu": e.cpu,
                "op": ops.number((e.task, e.op)),
                "stack": stacks.number(stack),
                "kind": kind(e.kind),
                "class": class(e),
                "text": words.text,
                "result": format!("{}{owner}", words.result),
                "site": site(step),
                "order": order_name(e),
                "obj": objects.number(e.obj),
                "wrote": e.wrote() && e.old != e.new,
                "set": changes.map(|(row, value)| json!([row, value])).collect::<Vec<_>>(),
            }));
        }
        data["steps"] = steps.into();
        data["stacks"] = json!(stacks.items);
        let file = |(name, file): &(&str, &str)| json!([name, super::splat::kernel_file(file), words::is_leaf(name)]);
        data["functions"] = functions.items.iter().map(file).collect();
        let op = |(task, op): &(u8, u8)| json!([self.op_name(*task, *op), self.op_line(*task, *op)]);
        data["ops"] = ops.items.iter().map(op).collect();
        data["objects"] = objects.items.iter().map(|o| words::obj_name(*o)).collect();
    }
}

impl States {
    /// Without the lines that are empty all the time, and without frames that stay free.
    fn pruned(self) -> States {
        let mut used: Vec<bool> = self.start.iter().map(|v| !v.is_empty()).collect();
        self.changes.iter().flatten().for_each(|(row, _)| used[*row] = true);
        let alive =
            |group: &str| self.rows.iter().zip(&used).any(|(r, used)| *used && r.group == group && r.label != "frame");
        let kept: Vec<bool> = self.rows.iter().zip(&used).map(|(r, used)| *used && alive(&r.group)).collect();
        let number = |row: usize| kept[..row].iter().filter(|k| **k).count();
        let changes = self.changes.iter().map(|step| {
            let stays = step.iter().filter(|(row, _)| kept[*row]);
            stays.map(|(row, value)| (number(*row), value.clone())).collect()
        });
        let changes = changes.collect();
        let keep = |i: &usize| kept.get(*i).copied().unwrap_or(false);
        let rows = self.rows.iter().enumerate().filter(|(i, _)| keep(i)).map(|(_, r)| r.clone()).collect();
        let start = self.start.iter().enumerate().filter(|(i, _)| keep(i)).map(|(_, v)| v.clone()).collect();
        States { rows, start, changes }
    }
}

/// The lines of the panel by what they belong to: `[name, what it is, [[row, label]...]]`.
fn groups(rows: &[Row]) -> Vec<Value> {
    let mut found: Vec<(&str, Vec<Value>)> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        if found.last().is_none_or(|(name, _)| *name != row.group) {
            found.push((&row.group, Vec::new()));
        }
        if let Some((_, lines)) = found.last_mut() {
            lines.push(json!([i, row.label]));
        }
    }
    found.into_iter().map(|(name, lines)| json!([name, what(name), lines])).collect()
}

/// What a group of the panel is.
fn what(group: &str) -> &'static str {
    let numbered = |prefix: &str| group.strip_prefix(prefix).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    match group {
        "swap" => "swap device and cache",
        "LRU" => "lists and batches",
        "anon_vma" => "reverse mapping",
        _ if numbered("F") => "folio",
        _ if numbered("m") => "inode and its page cache",
        _ if numbered("p") => "process",
        _ => "locks and context",
    }
}

fn lane_name(task: u8) -> String {
    if (task as usize) < CPUS { format!("CPU{task}") } else { task_name(task) }
}

/// The point of a step in the program: what `--trace` prints, and what schedules name.
fn site(step: &Step) -> String {
    match step.event.kind {
        Kind::Note => step.event.site.func.name.to_string(),
        _ => format!("{}#{}", step.event.site, step.k),
    }
}

/// What a step does to its object: the shape of its mark.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Load => "read",
        Kind::Store | Kind::Rmw => "write",
        Kind::RmwFail => "fail",
        Kind::Lock | Kind::LockShared => "lock",
        Kind::Unlock | Kind::UnlockShared => "unlock",
        Kind::Barrier => "barrier",
        Kind::Note => "note",
    }
}

fn order_name(e: &Event) -> &'static str {
    match (e.kind, e.order) {
        (Kind::Note, _) => "",
        (_, Order::Plain) => "plain",
        (_, Order::Relaxed) => "relaxed",
        (_, Order::Acquire) => "acquire",
        (_, Order::Release) => "release",
        (_, Order::Full) => "fully ordered",
    }
}

/// What a step is about: the colour of its mark.
fn class(e: &Event) -> &'static str {
    match e.obj.field() {
        _ if words::is_lock(e.obj) => "lock",
        Field::Refcount => "ref",
        Field::Flags => "flags",
        Field::Lru | Field::LruList | Field::FBatch | Field::MlockCount | Field::NrMlock => "lru",
        Field::FolioMapping | Field::Index | Field::Slot | Field::Marks | Field::NrPages => "cache",
        Field::Mapcount => "pte",
        Field::Content | Field::Disk | Field::BufferState | Field::BufferCount | Field::IfsState => "data",
        Field::IfsPending | Field::Private => "data",
        field => match field.class() {
            Class::Mapping | Class::File => "inode",
            Class::Mm | Class::Vma | Class::AnonVma => "pte",
            Class::Swap => "data",
            _ => "other",
        },
    }
}
