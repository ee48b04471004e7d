//! `foliofuzz list`: the tables.

use super::common::{Failure, Format, Status, say};
use crate::bugs::{BUGS, Bug, Version};
use crate::campaign::bug_slugs;
use crate::campaign::reach::Sweep;
use crate::ops::{Arg, TABLE};
use crate::prog::listing::{Listing, Outcome, Reason, column};
use crate::prog::{MAGIC, preset, sites};
use crate::san::{CHECKS, Stage};
use crate::sched::SCHEDS;
use crate::vocab::Kernel;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// Print the tables: operations, checks, schedulers, bugs, kernels, sites
///
/// With --format json: one array, on one line.
#[derive(Args)]
pub struct ListArgs {
    #[arg(value_enum)]
    what: Table,
    /// Of the operations, print a dictionary for libFuzzer
    #[arg(long)]
    dict: bool,
    /// Of the sites, operations and functions: what a sweep over generated programs does not reach, nor
    /// tests/unreached.txt explain; exit status 1 if there is something
    #[arg(long)]
    unreached: bool,
    /// Executions of the sweep [default: 1000000]
    #[arg(long, value_name = "N", requires = "unreached")]
    runs: Option<u64>,
    /// The kernel of the sweep, of `list kernels` [default: v6.12]
    #[arg(long, value_name = "VERSION", requires = "unreached")]
    kernel: Option<String>,
    /// Seed of the sweep [default: 1]
    #[arg(long, value_name = "N", requires = "unreached")]
    seed: Option<u64>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    Ops,
    Checks,
    Scheds,
    Bugs,
    Kernels,
    Sites,
}

pub fn run(args: ListArgs) -> Result<Status, Failure> {
    if args.dict {
        if args.what != Table::Ops {
            return Err(super::common::usage("--dict: expected `list ops --dict`"));
        }
        say(dictionary().trim_end());
        return Ok(Status::Clean);
    }
    if args.unreached {
        return unreached(&args);
    }
    match args.format {
        Format::Json => say(&Value::Array(json(args.what)).to_string()),
        Format::Text => say(lines(args.what).join("\n").trim_end()),
    }
    Ok(Status::Clean)
}

/// Executions of a sweep, unless said otherwise.
const SWEEP: u64 = 1_000_000;

/// What a sweep misses: (name, outcome) pairs.
fn unreached(args: &ListArgs) -> Result<Status, Failure> {
    if args.what != Table::Sites {
        return Err(super::common::usage("--unreached: expected `list sites --unreached`"));
    }
    let kernel = match &args.kernel {
        None => Kernel::DEFAULT,
        Some(name) => Kernel::ALL
            .into_iter()
            .find(|k| k.name() == name)
            .ok_or_else(|| super::common::usage(format!("--kernel {name}: no such kernel; see `list kernels`")))?,
    };
    let mut sweep = Sweep::default();
    sweep.kernel(kernel, args.runs.unwrap_or(SWEEP), args.seed.unwrap_or(1));
    let (listed, reasons) = (Listing::checked_in(), Reason::checked_in());
    let mut missing = listed.missing(&sweep.listing(), 1 << column(kernel));
    missing.retain(|(name, o)| !reasons.iter().any(|r| r.explains(name, *o)));
    match args.format {
        Format::Json => {
            let entry = |(name, o): &(String, Outcome)| json!({ "name": name, "outcome": o.name() });
            say(&Value::Array(missing.iter().map(entry).collect()).to_string());
        }
        Format::Text if missing.is_empty() => {}
        Format::Text => {
            let lines: Vec<String> = missing.iter().map(|(name, o)| format!("{name} {}", o.name())).collect();
            say(&lines.join("\n"));
        }
    }
    Ok(if missing.is_empty() { Status::Clean } else { Status::Finding })
}

fn arg_json(name: &str, kind: Arg) -> Value {
    match kind {
        Arg::Mapping => json!({ "name": name, "kind": "mapping" }),
        Arg::Index => json!({ "name": name, "kind": "index" }),
        Arg::Pfn => json!({ "name": name, "kind": "pfn" }),
        Arg::Process => json!({ "name": name, "kind": "process" }),
        Arg::Addr => json!({ "name": name, "kind": "addr" }),
        Arg::Cpu => json!({ "name": name, "kind": "cpu" }),
        Arg::Count(most) => json!({ "name": name, "kind": "count", "most": most }),
        Arg::Mode(names) => json!({ "name": name, "kind": "mode", "names": names }),
    }
}

/// The year of its fix, or of the thread it is from: how its slug begins.
fn year(bug: &Bug) -> Option<u32> {
    bug.slug.split('_').next()?.parse().ok()
}

/// The kernels of the model that have the bug; in brackets those it can be put into, if none has it.
fn kernels(bug: &Bug) -> String {
    let names = |kernels: Vec<Kernel>| kernels.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ");
    match names(preset::kernels(bug)) {
        none if none.is_empty() => format!("({})", names(preset::applies(bug))),
        some => some,
    }
}

fn version(v: Version) -> String {
    format!("v{}.{}", v.0, v.1)
}

fn json(what: Table) -> Vec<Value> {
    match what {
        Table::Ops => TABLE
            .iter()
            .map(|o| {
                json!({
                    "name": o.name,
                    "args": o.args.iter().map(|(n, k)| arg_json(n, *k)).collect::<Vec<_>>(),
                    "kernels": o.kernels.iter().map(|k| k.name()).collect::<Vec<_>>(),
                    "doc": o.doc.trim(),
                })
            })
            .collect(),
        Table::Checks => CHECKS
            .iter()
            .map(|c| {
                let kinds = c
                    .kinds
                    .iter()
                    .map(|k| json!({ "name": k.name, "class": k.stage.name(), "code": k.code, "doc": k.doc }));
                json!({ "name": c.name, "title": c.title, "kinds": kinds.collect::<Vec<_>>() })
            })
            .collect(),
        Table::Scheds => SCHEDS
            .iter()
            .map(|s| {
                let params = s.params.iter().map(|p| json!({ "name": p.name, "values": p.values.text() }));
                json!({ "name": s.name, "params": params.collect::<Vec<_>>(), "doc": s.doc, "hunt": s.hunts() })
            })
            .collect(),
        Table::Bugs => BUGS
            .iter()
            .map(|b| {
                json!({
                    "slug": b.slug,
                    "title": b.title,
                    "category": b.category,
                    "class": (!b.class.is_empty()).then_some(b.class),
                    "year": year(b),
                    "kernels": preset::kernels(b).iter().map(|k| k.name()).collect::<Vec<_>>(),
                    "applies": preset::applies(b).iter().map(|k| k.name()).collect::<Vec<_>>(),
                    "fix": b.fix,
                    "in": b.since.map(|(since, _)| version(since)),
                    "fixed": b.since.map(|(_, fixed)| version(fixed)),
                    "expect": { "predictive": b.predictive, "actual": b.actual },
                    "thread": b.thread,
                    "cpus": b.cpus,
                    "brings": b.brings,
                })
            })
            .collect(),
        Table::Kernels => Kernel::ALL
            .iter()
            .map(|k| {
                let model = preset::model(*k);
                json!({
                    "name": k.name(),
                    "default": *k == Kernel::DEFAULT,
                    "bugs": bug_slugs(model.bugs),
                    "rcu_free": model.rcu_free,
                    "irqoff_is_reader": model.irqoff_is_reader,
                    "lru_batch_clear_first": model.lru_batch_clear_first,
                })
            })
            .collect(),
        Table::Sites => sites::all().into_iter().map(Value::from).collect(),
    }
}

fn lines(what: Table) -> Vec<String> {
    match what {
        Table::Ops => TABLE
            .iter()
            .map(|o| {
                let args = o.args.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(", ");
                format!("{:<44} {}", format!("{}({args})", o.name), o.doc.trim())
            })
            .collect(),
        Table::Checks => CHECKS
            .iter()
            .flat_map(|c| {
                let kinds = c.kinds.iter().map(|k| {
                    let stage = if k.stage == Stage::Actual { "" } else { k.stage.name() };
                    format!("  {:<28} {stage:<11} {}", k.name, k.doc)
                });
                std::iter::once(format!("{}: {}", c.name, c.title)).chain(kinds).collect::<Vec<_>>()
            })
            .collect(),
        Table::Scheds => SCHEDS
            .iter()
            .map(|s| {
                let params = s.params.iter().map(|p| format!(" ({}: {})", p.name, p.values.text())).collect::<String>();
                format!("{:<14} {}{params}", s.usage(), s.doc)
            })
            .collect(),
        Table::Bugs => BUGS
            .iter()
            .map(|b| {
                let thread = b.thread.unwrap_or("");
                let what = if b.class.is_empty() { b.category } else { b.class };
                let year = year(b).map_or(String::new(), |y| y.to_string());
                let kernels = kernels(b);
                format!("{:<42} {thread:<4} {what:<22} {year:<4} {kernels:<24} {}", b.slug, b.title)
            })
            .collect(),
        Table::Kernels => Kernel::ALL
            .iter()
            .map(|k| {
                let bugs = bug_slugs(preset::preset(*k)).join(", ");
                let default = if *k == Kernel::DEFAULT { " (default)" } else { "" };
                format!("{:<6} bugs: {}{default}", k.name(), if bugs.is_empty() { "none" } else { &bugs })
            })
            .collect(),
        Table::Sites => sites::all(),
    }
}

/// Tokens of the text form, for targets that read it.
fn dictionary() -> String {
    let words = ["\\nmodel: ", "\\nbug: ", "\\nexpect: ", "\\ninit\\n", "\\ncpu0\\n", "\\ncpu1\\n", "\\nschedule\\n"];
    let init = [
        "  m0 = mapping()",
        "  F0 = folio(m0, index=0)",
        "  v0 = vma(p0, 0..2, anon)",
        "  s0 = swap(p0, addr=0)",
        "flags=",
        "maps=",
        "aops=",
    ];
    let schedule = [" until ", " then ", "blocked#1", "end", "@1"];
    let mut out = format!("# libFuzzer dictionary: foliofuzz list ops --dict\n\"{MAGIC}\\n\"\n");
    let ops = TABLE.iter().map(|o| format!("{}(", o.name));
    let kernels = Kernel::ALL.iter().map(|k| k.name().to_string());
    for word in words.iter().chain(&init).chain(&schedule).map(|w| (*w).to_string()).chain(ops).chain(kernels) {
        // The only escapes libFuzzer reads are \\, \" and \xAB.
        out.push_str(&format!("\"{}\"\n", word.replace("\\n", "\\x0A")));
    }
    out.replace(&format!("\"{MAGIC}\\n\""), &format!("\"{MAGIC}\\x0A\""))
}
