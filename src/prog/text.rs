//! Printing the `.mm` form: canonical, so that equal programs have equal texts. Reading it is `parse`.
//!
//! Everything is explicit but what equals the kernel's default in the header, empty sets of flags, and `start cpu0`.

use super::claim::Claim;
use super::fixup;
use super::parse::{self, ParseError};
use super::types::{EPILOGUE_OP, Expect, File, Op, Program};
use super::{preset, sites};
use crate::bugs::BUGS;
use crate::ops::{Arg, FolioPlace, SwapInit, VmaInit, VmaKind};
use crate::sched::{Anchor, Preempt};
use crate::vocab::*;
use std::fmt;

/// The first line of every repro file.
pub const MAGIC: &str = "# foliofuzz repro v1";
/// What the first line of a repro file of any version begins with.
pub(super) const MAGIC_PREFIX: &str = "# foliofuzz repro";

/// Flags of an initial folio in the order they are printed: where it is first, what it holds last.
const FOLIO_FLAGS: [u64; 10] = [
    PG_LRU,
    PG_ACTIVE,
    PG_UNEVICTABLE,
    PG_MLOCKED,
    PG_SWAPBACKED,
    PG_SWAPCACHE,
    PG_REFERENCED,
    PG_DIRTY,
    PG_UPTODATE,
    PG_PRIVATE,
];

/// Names of the flags a folio may start with.
pub(super) fn folio_flag_names() -> Vec<(u64, &'static str)> {
    let name = |bit: u64| PAGE_FLAG_NAMES.iter().find(|(b, _)| *b == bit).copied();
    FOLIO_FLAGS.into_iter().filter_map(name).collect()
}

pub(super) const MAPPING_FLAG_NAMES: &[(u64, &str)] = &[
    (AS_UNEVICTABLE, "unevictable"),
    (AS_UNMOVABLE, "unmovable"),
    (AS_STABLE_WRITES, "stable_writes"),
    (AS_RELEASE_ALWAYS, "release_always"),
];
pub(super) const AOPS_NAMES: &[(u64, &str)] = &[
    (AOPS_MIGRATE_FOLIO, "migrate_folio"),
    (AOPS_FREE_FOLIO, "free_folio"),
    (AOPS_WRITEBACK, "writepages"),
    (AOPS_WRITEPAGE, "writepage"),
    (AOPS_BUFFERS, "buffers"),
    (AOPS_IOMAP, "iomap"),
    (AOPS_PAGE_MKWRITE, "page_mkwrite"),
    (AOPS_LAUNDER, "launder_folio"),
    (AOPS_SHMEM, "shmem"),
];
pub(super) const VMA_FLAG_NAMES: &[(u64, &str)] = &[(VMA_READ_ONLY, "ro"), (VMA_LOCKED, "locked")];
pub(super) const VMA_READ_ONLY: u64 = 1;
pub(super) const VMA_LOCKED: u64 = 2;
/// The service tasks, for messages.
pub(super) const SERVICES: &str = "rcu, io, kswapd or work0..work3";

/// Whether bytes are meant as a repro file (of any version) rather than as fuzzer input.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC_PREFIX.as_bytes())
}

/// What a task is called: `cpu1`, `rcu`, `io`, `kswapd`, `work1` (the kworker of cpu1).
pub fn task_name(task: u8) -> String {
    match task as usize {
        t if t < CPUS => format!("cpu{t}"),
        RCU_TASK => "rcu".to_string(),
        IO_TASK => "io".to_string(),
        KSWAPD_TASK => "kswapd".to_string(),
        t if (KWORKER_TASK..KWORKER_TASK + CPUS).contains(&t) => format!("work{}", t - KWORKER_TASK),
        t => format!("task{t}"),
    }
}

/// ", key=a|b", or nothing for an empty set.
fn flags(key: &str, names: &[(u64, &'static str)], bits: u64) -> Option<String> {
    let set: Vec<&str> = names.iter().filter(|(b, _)| bits & b != 0).map(|(_, n)| *n).collect();
    (!set.is_empty()).then(|| format!("{key}={}", set.join("|")))
}

/// An operation as it stands in a CPU's section.
pub fn op_text(op: &Op) -> String {
    let Some(spec) = fixup::spec(op) else { return format!("op{}?()", op.code) };
    let args: Vec<String> = spec
        .args
        .iter()
        .zip(op.args)
        .map(|((key, kind), v)| match kind {
            Arg::Mapping => format!("m{v}"),
            Arg::Pfn => format!("F{v}"),
            Arg::Process => format!("p{v}"),
            Arg::Cpu => format!("cpu{v}"),
            Arg::Index | Arg::Addr => format!("{v}"),
            Arg::Count(_) => format!("{key}={}", v as usize + 1),
            Arg::Mode(names) => format!("{key}={}", names.get(v as usize).unwrap_or(&"?")),
        })
        .collect();
    format!("{}({})", spec.name, args.join(", "))
}

/// A schedule record as it stands in the schedule of `program`.
pub fn record_text(program: &Program, p: &Preempt) -> String {
    let (cpu, to) = (task_name(p.cpu), task_name(p.to));
    let anchor = match p.anchor {
        Anchor::Site(hash) => {
            format!("{}#{}", sites::name(hash).unwrap_or_else(|| format!("{hash:#010x}")), p.k)
        }
        Anchor::Nth => format!("@{}", p.k),
        Anchor::Blocked => format!("blocked#{}", p.k),
        Anchor::End if p.k == 1 => "end".to_string(),
        Anchor::End => format!("end#{}", p.k),
    };
    // Where a CPU ends follows from its operations; how often a service task ran does not.
    let implied = p.anchor == Anchor::End && (p.cpu as usize) < CPUS && p.op == program.last_op(p.cpu as usize);
    let op = match p.op {
        _ if implied => String::new(),
        EPILOGUE_OP if p.cpu == 0 => " epilogue".to_string(),
        op => format!(" op{}", op as usize + 1),
    };
    format!("{cpu}{op} until {anchor} then {to}")
}

/// The records' lines in canonical order: as programs keep them, but sites by name.
fn records(program: &Program) -> Vec<String> {
    let mut records = program.schedule.records.clone();
    fixup::sort_records(&mut records);
    let name = |p: &Preempt| match p.anchor {
        Anchor::Site(hash) => sites::name(hash),
        _ => None,
    };
    // Stable: what has no name (other anchors, behind the sites) keeps its place.
    let mut keyed: Vec<_> = records
        .iter()
        .map(|p| {
            let rank = u8::from(!matches!(p.anchor, Anchor::Site(_)));
            ((p.cpu, p.op, rank, if rank == 0 { name(p) } else { None }), p)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.into_iter().map(|(_, p)| record_text(program, p)).collect()
}

fn header(out: &mut String, model: Model, expect: &Expect) {
    let mut key = |key: &str, value: &str| {
        for s in [key, ": ", value, "\n"] {
            out.push_str(s);
        }
    };
    key("model", model.kernel.name());
    let preset = preset::preset(model.kernel);
    for (word, set) in [("bug", model.bugs - preset), ("fix", preset - model.bugs)] {
        for bug in set.iter().filter_map(|b| BUGS.get(b.0 as usize)) {
            key(word, bug.slug);
        }
    }
    let default = Model::of(model.kernel);
    for (word, on, usual) in [
        ("rcu_free", model.rcu_free, default.rcu_free),
        ("irqoff_is_reader", model.irqoff_is_reader, default.irqoff_is_reader),
        ("lru_batch_clear_first", model.lru_batch_clear_first, default.lru_batch_clear_first),
    ] {
        if on != usual {
            key(word, if on { "on" } else { "off" });
        }
    }
    match expect {
        Expect::Unstated => {}
        Expect::Clean => key("expect", "clean"),
        Expect::Finding(what) => key("expect", what),
    }
}

fn init(out: &mut String, p: &Program) {
    let init = &p.init;
    for (i, m) in init.mappings.iter().enumerate() {
        let Some(m) = m else { continue };
        let size = (m.size as usize != SLOTS).then(|| format!("size={}", m.size));
        let parts = [flags("aops", AOPS_NAMES, m.aops), flags("flags", MAPPING_FLAG_NAMES, m.flags), size];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        out.push_str(&format!("  m{i} = mapping({})\n", parts.join(", ")));
    }
    for mm in (0..MMS).filter(|mm| init.idle >> mm & 1 != 0) {
        out.push_str(&format!("  p{mm} = process()\n"));
    }
    for (i, v) in init.vmas.iter().enumerate() {
        let Some(v) = v else { continue };
        out.push_str(&format!("  v{i} = {}\n", vma(i, v)));
    }
    for (i, f) in init.folios.iter().enumerate() {
        let Some(f) = f else { continue };
        let place = match f.place {
            FolioPlace::Anon { mm, addr } => format!("p{mm}, addr={addr}"),
            FolioPlace::Cache { mapping, index } => format!("m{mapping}, index={index}"),
        };
        let maps: Vec<String> = (0..MMS).filter(|mm| f.maps >> mm & 1 != 0).map(|mm| format!("p{mm}")).collect();
        let maps = if maps.is_empty() { String::new() } else { format!(", maps={}", maps.join("|")) };
        let flags = flags("flags", &folio_flag_names(), f.flags).map_or(String::new(), |s| format!(", {s}"));
        out.push_str(&format!("  F{i} = folio({place}{maps}{flags})\n"));
    }
    for (i, s) in init.swaps.iter().enumerate() {
        let Some(s) = s else { continue };
        let place = match s {
            SwapInit::Page { mm, addr } => format!("p{mm}, addr={addr}"),
            SwapInit::File { mapping, index } => format!("m{mapping}, index={index}"),
        };
        out.push_str(&format!("  s{i} = swap({place})\n"));
    }
}

fn vma(i: usize, v: &VmaInit) -> String {
    let kind = match v.kind {
        VmaKind::Anon => "anon".to_string(),
        VmaKind::Shared(m) => format!("shared, m{m}"),
        VmaKind::Private(m) => format!("private, m{m}"),
        VmaKind::Nonlinear(m) => format!("nonlinear, m{m}"),
    };
    let set = if v.read_only { VMA_READ_ONLY } else { 0 } | if v.locked { VMA_LOCKED } else { 0 };
    let flags = flags("flags", VMA_FLAG_NAMES, set).map_or(String::new(), |s| format!(", {s}"));
    format!("vma(p{}, {}..{}, {kind}{flags})", i / VMAS_PER_MM, v.start, v.end)
}

fn print(p: &Program, expect: &Expect, comments: &[String], claim: Option<&Claim>) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str(MAGIC);
    out.push('\n');
    for line in comments.iter().flat_map(|c| c.split('\n')) {
        out.push_str(format!("# {line}").trim_end());
        out.push('\n');
    }
    header(&mut out, p.model, expect);
    if let Some(verdict) = claim.and_then(|c| c.verdict) {
        out.push_str(&format!("verdict: {verdict}\n"));
    }
    out.push_str("\ninit\n");
    init(&mut out, p);
    if p.nr_ops() != 0 {
        out.push('\n');
    }
    for (cpu, ops) in p.cpus.iter().enumerate().filter(|(_, ops)| !ops.is_empty()) {
        out.push_str(&format!("cpu{cpu}\n"));
        for op in ops {
            out.push_str(&format!("  {}\n", op_text(op)));
        }
    }
    if let Some(claim) = claim {
        claim.print(&mut out);
    }
    let records = records(p);
    if !records.is_empty() || p.schedule.start != 0 {
        out.push_str("\nschedule\n");
    }
    if p.schedule.start != 0 {
        out.push_str(&format!("  start {}\n", task_name(p.schedule.start)));
    }
    for line in records {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

impl Program {
    /// The program as a repro file that expects nothing.
    pub fn text(&self) -> String {
        print(self, &Expect::Unstated, &[], None)
    }
}

impl File {
    /// Reads a repro file.
    pub fn parse(bytes: &[u8]) -> Result<File, ParseError> {
        parse::parse(bytes)
    }

    /// The canonical text.
    pub fn print(&self) -> String {
        let mut out = print(&self.program, &self.expect, &self.comments, self.claim.as_ref());
        if let Some(condition) = &self.condition {
            out.push_str(&format!("\n{condition}\n"));
        }
        out
    }
}

/// A program shows itself as its repro, so that what a crashing fuzzer prints can be replayed.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}
