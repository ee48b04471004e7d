//! `foliofuzz hunt`.

use super::common::{CheckArgs, Failure, ModelArgs, Status, parse_time, stop_flag, usage};
use super::formats::FormatArgs;
use super::teller::Teller;
use crate::campaign::hunt::{self, Options, Orders, Plan, Session};
use crate::campaign::{ROUNDS, Setup, corpus, find_ops};
use crate::sched;
use clap::Args;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const STOP_RULE: &str = "\
A hunt ends at its budget (--for, --runs), at Ctrl-C, and, without --keep-going,
  - when every bug that is in the chosen kernel has caused a finding,
  - at a finding that none of them causes, in particular
  - at the first finding if there is no bug in the kernel.
Without a budget it goes on until then. Each signature is minimized, attributed to the bugs without which it is
gone, and saved once. A clean end means: no finding in that many executions, and nothing more.

Exit status: 0 no finding, 1 findings, 2 usage, 3 every execution gave up, 4 internal error.";

/// Search for findings: programs by libFuzzer, schedules by an inner loop
#[derive(Args)]
#[command(after_help = STOP_RULE)]
pub struct HuntArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    checks: CheckArgs,
    /// Only these operations of `list ops` (a,b), or all but these (--ops=-a,-b)
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    ops: Option<String>,
    /// Stop after this time (90, 60s, 10m, 2h)
    #[arg(long = "for", value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// Stop after this many executions
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// Seed of everything random, decimal or 0x… [default: from the clock]
    #[arg(long, value_name = "SEED", value_parser = seed)]
    seed: Option<u64>,
    /// Schedules each program is run under
    #[arg(long, value_name = "K", default_value_t = ROUNDS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// What chooses who runs, of `list scheds`: a name, then its parameters (pct:5)
    #[arg(long, value_name = "NAME[:PARAM]", default_value = "portfolio")]
    sched: String,
    /// Hunt in this many processes, which share corpus and findings; 0 or `auto`: one a core
    #[arg(long, value_name = "N", default_value = "1", value_parser = jobs)]
    jobs: usize,
    /// Go on after the last finding to be expected
    #[arg(long)]
    keep_going: bool,
    /// Read seeds (.mm texts or raw input) from this directory, and write interesting inputs to it
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Where findings go
    #[arg(long, value_name = "DIR", default_value = "findings")]
    out: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
    /// Be one of the jobs
    #[arg(long, hide = true)]
    job: bool,
}

/// More processes than any machine has cores: a slip of the finger.
const MOST_JOBS: usize = 1024;

fn jobs(text: &str) -> Result<usize, String> {
    match text {
        "0" | "auto" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        _ => text.parse().ok().filter(|n| *n <= MOST_JOBS).ok_or(format!("expected 0 to {MOST_JOBS}, or auto")),
    }
}

fn seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(&hex.replace('_', ""), 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "expected a number of 64 bits, decimal or 0x…".to_string())
}

pub fn run(args: HuntArgs) -> Result<Status, Failure> {
    let stop = stop_flag().map_err(|e| Failure::Internal(format!("signal handlers: {e}")))?;
    let orders = Orders { stop, ..Orders::default() };
    if args.job {
        return Err(Failure::Internal(hunt::job(orders)));
    }
    let plan = plan(&args)?;
    let teller = Teller::new(args.format.open(0)?, &plan);
    teller.begin().map_err(usage)?;
    let session = Session::new(&plan, Box::new(teller)).map_err(Failure::Internal)?;
    if plan.jobs > 1 {
        let status = hunt::supervise(plan, session, &orders.stop).map_err(Failure::Internal)?;
        std::process::exit(i32::from(status));
    }
    let Plan { setup, runs, time, seed, corpus, texts, out, .. } = plan;
    let options = Options { setup, runs, time, seed, corpus, texts, shared: false, out };
    Err(Failure::Internal(hunt::run(options, orders, Box::new(session))))
}

/// What is asked for, judged.
fn plan(args: &HuntArgs) -> Result<Plan, Failure> {
    let model = args.model.choice().model().map_err(usage)?;
    args.checks.set()?;
    sched::parse(&args.sched).map_err(|e| usage(format!("--sched: {e}")))?;
    find_ops(args.ops.as_deref().unwrap_or(""), model.kernel).map_err(usage)?;
    if let Some(dir) = &args.corpus {
        corpus::stamp(dir).map_err(usage)?;
    }
    let mut setup = Setup {
        checks: args.checks.checks.clone().unwrap_or_else(|| "all".to_string()),
        ops: args.ops.clone().unwrap_or_default(),
        rounds: args.rounds,
        sched: args.sched.clone(),
        ..Setup::default()
    };
    setup.set_model(&model);
    let seed = args.seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |t| t.as_nanos() as u64);
        now.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    Ok(Plan {
        setup,
        runs: args.runs,
        time: args.time,
        seed,
        jobs: args.jobs,
        keep_going: args.keep_going,
        texts: args.corpus.is_some(),
        corpus: args.corpus.clone(),
        out: args.out.clone(),
    })
}
