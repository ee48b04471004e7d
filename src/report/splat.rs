//! The two-sided report, in the shape of KCSAN's (USERS 7.3).

use super::Report;
use super::diagram::fill;
use super::memory::Memory;
use super::words::{self, describe, flag_names, mapping_name};
use super::{Ledger, TOOL};
use crate::machine::Step;
use crate::san::{CHECKS, Stage};
use crate::vocab::*;

const RULE: &str = "==================================================================\n";
/// Which event is looked for.
type Wanted<'a> = Box<dyn Fn(&Event) -> bool + 'a>;

/// Mail width.
const WIDTH: usize = 75;

impl Report<'_> {
    /// The kernel-style report: both accesses with call traces, who holds the folio's references, the page, the
    /// signature.
    pub fn splat(&self) -> String {
        let mut out = RULE.to_string();
        out.push_str(&self.title());
        out.push_str("\n\n");
        let culprit = self.index_of(self.finding.seq);
        let other = self.other_side();
        match culprit {
            Some(i) => self.side(i, other.is_some().then_some(2), &mut out),
            None => out.push_str("(the execution was not recorded)\n\n"),
        }
        if let Some(i) = other {
            self.side(i, Some(1), &mut out);
        }
        if let Some(f) = self.folio() {
            self.held(f, other, culprit, &mut out);
            if let Some(i) = culprit {
                self.freezer(f, i, &mut out);
                out.push_str(&self.page_dump(f, i));
                self.frame_history(f, i, other, &mut out);
            }
        }
        if let Some(m) = self.finding.mapping {
            out.push_str(&self.inode_line(m, culprit.unwrap_or(self.trace.steps.len())));
        }
        let stage = match self.finding.stage {
            Stage::Actual => "",
            Stage::Predictive => " (rule broken, no damage yet)",
            Stage::Soft => " (soft: allowed by design)",
        };
        let dumped = if self.folio().is_some() { "page dumped" } else { "reported" };
        out.push_str(&fill(&format!("{dumped} because: MMSAN({}){stage}", self.class()), WIDTH));
        let kinds = CHECKS.iter().flat_map(|c| c.kinds);
        let known = kinds.into_iter().find(|k| (k.check, k.name) == (self.finding.check, self.finding.kind));
        if let Some(rule) = known {
            out.push_str(&fill(&format!("rule: {} ({})", rule.doc, rule.code), WIDTH));
        }
        out.push('\n');
        if !self.bugs.is_empty() {
            let word = if self.bugs.len() == 1 { "bug" } else { "bugs" };
            let line = format!("this is a bug in the modelled code ({word} {} enabled)", self.bugs.join(", "));
            out.push_str(&fill(&line, WIDTH));
        }
        let kernel = self.program.model.kernel.name();
        out.push_str(&format!("Reported by {TOOL} model {kernel}, simulated CPUs, not a kernel:\n"));
        let (cpu, task, comm) = match self.culprit() {
            Some(s) => (s.event.cpu, s.event.task, self.op_name(s.event.task, s.event.op)),
            None => (0, 0, "unknown"),
        };
        let version = env!("CARGO_PKG_VERSION");
        // TASK_COMM_LEN
        let comm = comm.get(..15).unwrap_or(comm);
        let pid = task as u32 + 1;
        out.push_str(&format!("CPU: {cpu} UID: 0 PID: {pid} Comm: {comm} simulated by {TOOL}-{version}\n"));
        out.push_str(RULE);
        out.push_str(&format!("DEDUP_TOKEN: {}\n", self.signature()));
        out.chars().filter(char::is_ascii).collect()
    }

    /// The folio the report is about.
    pub(super) fn folio(&self) -> Option<u8> {
        let of_culprit = || self.culprit().and_then(|s| s.event.obj.as_folio()).map(|f| f as u8);
        self.finding.folio.or_else(of_culprit).filter(|f| (*f as usize) < FOLIOS)
    }

    /// One access with its call trace.
    fn side(&self, index: usize, number: Option<u8>, out: &mut String) {
        let step = &self.trace.steps[index];
        let e = &step.event;
        let before = index < self.setup_end();
        let head = match e.task as usize {
            _ if e.note == Note::Quiescent => self.at_rest(index).line(),
            _ if matches!(e.note, Note::Deadlock | Note::NoProgress) => what(step),
            _ if before => format!("{} by the set-up", what(step)),
            _ => format!("{} by {}:", what(step), self.actor(e)),
        };
        match number {
            Some(n) if head.len() <= WIDTH - 4 => {
                let pad = " ".repeat(64usize.saturating_sub(head.len() + 3).max(1));
                out.push_str(&format!("{head}{pad}({n})\n"));
            }
            Some(n) => {
                let (what, who) = head.rsplit_once(" by ").map_or((head.as_str(), None), |(a, b)| (a, Some(b)));
                out.push_str(&fill(what, WIDTH));
                let who = who.map_or(String::new(), |who| format!(" by {who}"));
                out.push_str(&format!("{who:<60} ({n})\n"));
            }
            None => out.push_str(&fill(&head, WIDTH)),
        }
        if !before && !matches!(e.note, Note::Quiescent | Note::Deadlock | Note::NoProgress) {
            self.stack(index, out);
        }
        out.push('\n');
    }

    /// Who does the steps of an event's task.
    fn actor(&self, e: &Event) -> String {
        match e.task as usize {
            RCU_TASK => "an RCU callback".to_string(),
            IO_TASK => "an I/O completion".to_string(),
            KSWAPD_TASK => "kswapd".to_string(),
            task if task >= CPUS => format!("the kworker of cpu {}", e.cpu),
            _ => format!("task {} on cpu {}", self.op_name(e.task, e.op), e.cpu),
        }
    }

    /// The call trace of a step, and the operation.
    fn stack(&self, index: usize, out: &mut String) {
        let e = &self.trace.steps[index].event;
        let mut frames = self.frames(index);
        // A function and its body under one name; outside of functions is nothing.
        frames.dedup_by(|a, b| a.0 == b.0);
        for (name, k, n, file) in frames.into_iter().filter(|f| f.0 != "op") {
            let call = format!("{name}+{k:#x}/{n:#x}");
            out.push_str(format!(" {call:<38} {file}").trim_end());
            out.push('\n');
        }
        out.push_str(&format!(" {}\n", self.op_line(e.task, e.op)));
    }

    /// The access on the other side: the finding's, if it names one the execution made, or what changed last, by
    /// another task, the state that the violation is about.
    pub(super) fn other_side(&self) -> Option<usize> {
        let end = self.index_of(self.finding.seq)?;
        let named = self.finding.other.and_then(|s| self.index_of(s)).filter(|i| *i < end);
        let from = self.setup_end();
        let steps = &self.trace.steps[..];
        let last = |wanted: &dyn Fn(&Event) -> bool| (from..end).rev().find(|&i| wanted(&steps[i].event));
        match named {
            // A reference that was handed over: who took it.
            Some(i) if steps[i].event.note == Note::RefTransfer => {
                let t = &steps[i].event;
                let took = |e: &Event| {
                    let get = matches!(e.note, Note::RefGet | Note::RefTryGet | Note::RefSet) && e.wrote();
                    get && (e.task, e.obj) == (t.task, t.obj) && e.aux & 0xff == t.aux & 0xff
                };
                (from..i).rev().find(|&j| took(&steps[j].event)).or(named)
            }
            Some(i) if i >= from => named,
            _ => self.state_change(end).and_then(|wanted| last(&*wanted)).or(named),
        }
    }

    /// What the other side of a violation without one looks like.
    fn state_change(&self, end: usize) -> Option<Wanted<'_>> {
        let c = &self.trace.steps[end].event;
        let folio = self.folio().map(usize::from);
        let foreign = move |e: &Event| e.task != c.task && folio.is_some() && e.obj.as_folio() == folio;
        let wrote = move |e: &Event, field| foreign(e) && e.obj.field() == field && e.wrote() && e.old != e.new;
        let bug = |b: VmBug| c.note == Note::VmBug && c.aux == b as u32;
        Some(match (self.finding.check, self.finding.kind) {
            ("freeze", _) => {
                let held = self.ledger_before(end);
                Box::new(move |e| {
                    let (owner, at, _) = Owner::from_aux(e.aux);
                    let get = matches!(e.note, Note::RefGet | Note::RefTryGet);
                    get && wrote(e, Field::Refcount) && held.holds(folio.unwrap_or(0) as u8, owner, at)
                })
            }
            ("rmap", "mapped-detached") | ("uaf", "null-deref") => {
                Box::new(move |e| wrote(e, Field::FolioMapping) && e.new == 0)
            }
            ("lockdep", "self-deadlock") => {
                Box::new(move |e| (e.task, e.obj) == (c.task, c.obj) && matches!(e.kind, Kind::Lock | Kind::LockShared))
            }
            ("mlock", "lost" | "stale") => {
                Box::new(move |e| e.obj.field() == Field::Flags && e.wrote() && (e.old ^ e.new) & PG_MLOCKED != 0)
            }
            ("pte", "wrong-index") => Box::new(move |e| wrote(e, Field::Index)),
            ("lru", _) => Box::new(move |e| wrote(e, Field::Flags) && (e.old ^ e.new) & PG_LRU != 0),
            _ if bug(VmBug::WrongIndex) => Box::new(move |e| wrote(e, Field::Index)),
            _ if bug(VmBug::NotLocked) => Box::new(move |e| foreign(e) && e.note == Note::FolioUnlock),
            _ => return None,
        })
    }

    /// The call trace of a step, innermost first: function, and "scheduling point k of n" of that activation, as far
    /// as it ran; and its file in the kernel.
    pub(super) fn frames(&self, index: usize) -> Vec<(&'static str, usize, usize, String)> {
        let Some(step) = self.trace.steps.get(index) else { return Vec::new() };
        let key = (step.event.task, step.event.op);
        // Steps of this task's operation, with the position of the one in question.
        let mut mine: Vec<&Step> = Vec::new();
        let mut at = 0;
        for (i, s) in self.trace.steps.iter().enumerate().skip(self.setup_end().min(index)) {
            if (s.event.task, s.event.op) == key {
                if i == index {
                    at = mine.len();
                }
                mine.push(s);
            }
        }
        let is_point = |s: &&Step| !matches!(s.event.kind, Kind::Note | Kind::Barrier);
        let mut frames = Vec::new();
        for depth in (0..step.stack.len()).rev() {
            let inside = |s: &Step| {
                s.stack.len() > depth && s.stack.iter().zip(&step.stack).take(depth + 1).all(|(a, b)| a.hash == b.hash)
            };
            let first = mine[..at].iter().rposition(|s| !inside(s)).map_or(0, |i| i + 1);
            let last = mine[at..].iter().position(|s| !inside(s)).map_or(mine.len(), |i| at + i);
            let k = mine[first..=at].iter().copied().filter(is_point).count();
            let n = mine[first..last].iter().copied().filter(is_point).count();
            frames.push((step.stack[depth].name, k.max(1), n.max(1), kernel_file(step.stack[depth].file)));
        }
        if frames.is_empty() {
            let f = step.event.site.func;
            frames.push((f.name, 1, 1, kernel_file(f.file)));
        }
        frames
    }

    /// Who holds the folio's references at both sides.
    fn held(&self, f: u8, other: Option<usize>, culprit: Option<usize>, out: &mut String) {
        match (other, culprit) {
            (Some(a), Some(b)) if self.refs(f, a) == self.refs(f, b) => {
                out.push_str(&self.held_line(f, a, " before (1) and (2)"));
            }
            (Some(a), Some(b)) => {
                out.push_str(&self.held_line(f, a, " before (1)"));
                out.push_str(&self.held_line(f, b, " before (2)"));
            }
            (None, Some(i)) | (Some(i), None) => out.push_str(&self.held_line(f, i, "")),
            (None, None) => {}
        }
    }

    /// For a freeze, which of the references it counted are not the freezer's to count.
    fn freezer(&self, f: u8, culprit: usize, out: &mut String) {
        let e = &self.trace.steps[culprit].event;
        if self.finding.check != "freeze" || e.note != Note::RefFreeze {
            return;
        }
        let m = self.memory_before(culprit);
        let private = m.folio(f, Field::Flags) & PG_PRIVATE != 0;
        let ledger = self.ledger_before(culprit);
        let list = |holders: &[(String, i64)]| {
            let names: Vec<String> = holders.iter().map(|(who, n)| format!("{who}={n}")).collect();
            if names.is_empty() { "none".to_string() } else { names.join(" ") }
        };
        let [own, others] = ledger.entitled(f, e.cpu, private);
        out.push_str(&fill(
            &format!("the freeze counts: its own {}, not its own {}", list(&own), list(&others)),
            WIDTH,
        ));
        if private && !ledger.holds(f, Owner::Private, 0) {
            out.push_str("and none for the private data, though PG_private is set\n");
        }
    }

    /// Who allocated and who freed the page frame, where that happened in the execution.
    fn frame_history(&self, f: u8, culprit: usize, other: Option<usize>, out: &mut String) {
        let from = self.setup_end();
        let last = |note: Note| {
            let made = |i: &usize| {
                let e = &self.trace.steps[*i].event;
                e.note == note && e.obj.as_folio() == Some(f as usize)
            };
            (from.min(culprit)..culprit + 1).rev().find(made)
        };
        let (allocated, freed) = (last(Note::FolioAlloc), last(Note::FolioFree));
        if freed.is_some() && allocated.is_none() {
            out.push_str("page last allocated by the set-up\n");
        }
        let mut tell = |verb: &str, at: Option<usize>| match at {
            Some(i) if i == culprit => out.push_str(&format!("page last {verb}: (2)\n")),
            Some(i) if Some(i) == other => out.push_str(&format!("page last {verb}: (1)\n")),
            Some(i) => {
                let by = self.actor(&self.trace.steps[i].event);
                out.push_str(&format!("page last {verb} by {by}:\n"));
                self.stack(i, out);
            }
            None => {}
        };
        tell("allocated", allocated);
        tell("freed", freed);
    }

    /// `refs held on F0 before (1): ...`
    fn held_line(&self, folio: u8, index: usize, when: &str) -> String {
        // The sum stays in one piece.
        let line = self.refs(folio, index).replace("(sum ", "(sum\u{1}").replace(", refcount ", ",\u{1}refcount\u{1}");
        fill(&format!("refs held on F{folio}{when}: {line}"), WIDTH).replace('\u{1}', " ")
    }

    fn refs(&self, folio: u8, index: usize) -> String {
        let refcount = self.memory_before(index).folio(folio, Field::Refcount) as i64;
        self.ledger_before(index).line(folio, refcount)
    }

    /// Who holds what before step number `index`.
    pub(super) fn ledger_before(&self, index: usize) -> Ledger {
        Ledger::of(self.trace.steps[..index.min(self.trace.steps.len())].iter().map(|s| &s.event))
    }

    fn page_dump(&self, folio: u8, index: usize) -> String {
        let m = self.memory_before(index + 1);
        let refcount = m.folio(folio, Field::Refcount) as i64;
        let mapcount = m.folio(folio, Field::Mapcount) as i64;
        let mapping = mapping_name(m.folio(folio, Field::FolioMapping));
        let page_index = m.folio(folio, Field::Index);
        let mut s = format!("page: refcount:{refcount} mapcount:{mapcount} mapping:{mapping} ");
        s.push_str(&format!("index:{page_index:#x} pfn:F{folio}\n"));
        let flags = flag_names(m.folio(folio, Field::Flags));
        s.push_str(&fill(&format!("flags: ({})", flags), WIDTH));
        let ptes: Vec<String> =
            m.ptes_of(folio).map(|(obj, pte)| format!("{obj} = {}", words::pte_name(pte))).collect();
        if !ptes.is_empty() {
            s.push_str(&fill(&format!("ptes: {}", ptes.join(", ")), WIDTH));
        }
        self.vma_lines(&m, folio, &mut s);
        let both = PG_SWAPCACHE | PG_SWAPBACKED;
        let slot = m.folio(folio, Field::Private).checked_sub(1).filter(|s| *s < SLOTS as u64);
        if m.folio(folio, Field::Flags) & both == both
            && let Some(slot) = slot
        {
            let map = m.get(Obj::at(Field::SwapMap, 0, slot as usize)).unwrap_or(0);
            s.push_str(&format!("swap: slot {slot}, map {}\n", words::swap_map_name(map)));
        }
        s
    }

    /// The VMAs the folio's page-table entries lie in.
    fn vma_lines(&self, m: &Memory, folio: u8, out: &mut String) {
        let at: Vec<(usize, usize)> =
            m.ptes_of(folio).map(|(obj, _)| (obj.place().index as usize, obj.place().sub as usize)).collect();
        for vma in 0..VMAS {
            let place = m.get(Obj::at(Field::VmPlace, vma, 0)).unwrap_or(0);
            let (start, end) = words::vma_pages(place);
            if at.iter().any(|(mm, addr)| vma / VMAS_PER_MM == *mm && (start..end).contains(addr)) {
                let flags = words::vm_flag_names(m.get(Obj::at(Field::VmFlags, vma, 0)).unwrap_or(0));
                out.push_str(&fill(&format!("vma{vma}: {} {flags}", words::vma_place_name(place)), WIDTH));
            }
        }
    }

    fn inode_line(&self, mapping: u8, index: usize) -> String {
        let freed = self.trace.steps[..index]
            .iter()
            .find(|s| s.event.note == Note::InodeFreed && s.event.obj.as_mapping() == Some(mapping as usize));
        match freed {
            Some(s) => {
                let by = self.actor(&s.event);
                let side = self.other().filter(|o| o.event.seq == s.event.seq).map_or("", |_| " (1)");
                fill(&format!("inode: m{mapping} allocated by the set-up, freed by {by}{side}"), WIDTH)
            }
            None => format!("inode: m{mapping} live\n"),
        }
    }
}

/// Headline of an access.
fn what(step: &Step) -> String {
    let e = &step.event;
    let (old, new) = (e.old as i64, e.new as i64);
    match (e.obj.field(), e.kind) {
        (_, Kind::Note) => describe(step).text,
        (Field::Refcount, Kind::Rmw | Kind::Store) => {
            format!("refcount {old} -> {new} on folio F{}", e.obj.place().index)
        }
        (Field::FolioMapping, Kind::Store) => {
            format!("write of {} ({} -> {})", e.obj, mapping_name(e.old), mapping_name(e.new))
        }
        (_, Kind::Load) => format!("read of {}{}", words::obj_name(e.obj), marked(e)),
        (Field::IState, Kind::Store) if e.note == Note::InodeFreed => describe(step).text,
        (_, Kind::Store) => format!("write of {}{}", words::obj_name(e.obj), marked(e)),
        _ => describe(step).line().replace("  ", " "),
    }
}

/// KCSAN's word for annotated accesses.
fn marked(e: &Event) -> &'static str {
    if e.order == Order::Plain { "" } else { " (marked)" }
}

/// `src/mm/filemap.rs` is the kernel's `mm/filemap.c`.
pub(super) fn kernel_file(file: &str) -> String {
    let file = file.replace('\\', "/");
    let file = file.split_once("src/").map_or(file.as_str(), |(_, f)| f);
    let Some(rest) = file.strip_prefix("mm/") else {
        return file.strip_suffix(".rs").map_or(file.to_string(), |stem| format!("{stem}.c"));
    };
    // A directory of the model is one file of the kernel's.
    match rest.split_once('/').map_or(rest, |(dir, _)| dir).trim_end_matches(".rs") {
        "fs_inode" => "fs/inode.c".to_string(),
        "fs_aops" => "fs/libfs.c".to_string(),
        "fs_buffer" => "fs/buffer.c".to_string(),
        "iomap" => "fs/iomap/buffered-io.c".to_string(),
        stem => format!("mm/{stem}.c"),
    }
}
