//! `foliofuzz hunt`.

use super::common::{
    CheckArgs, Failure, ModelArgs, Status, check_out, check_writable, on_off, parse_time, stop_flag, usage,
};
use super::formats::FormatArgs;
use super::teller::Teller;
use crate::campaign::hunt::{self, Keeper, Options, Orders, Plan, Session};
use crate::campaign::state::Campaign;
use crate::campaign::{Claim, ROUNDS, Setup, corpus};
use crate::sched;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
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
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
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
    /// Schedules each program is run under [default: 20]
    #[arg(long, value_name = "K")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: Option<u32>,
    /// What chooses who runs, of `list scheds`: a name, then its parameters (pct:5) [default: portfolio]
    #[arg(long, value_name = "NAME[:PARAM]")]
    sched: Option<String>,
    /// Whether programs are kept and changed that showed interleavings never seen before [default: on]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    feedback: Option<bool>,
    /// Hunt in this many processes, which share corpus and findings; 0 or `auto`: one a core
    #[arg(long, value_name = "N", default_value = "1", value_parser = jobs)]
    jobs: usize,
    /// Go on after the last finding to be expected
    #[arg(long)]
    keep_going: bool,
    /// Read seeds (.mm texts or raw input) from this directory, and write interesting inputs to it
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Where findings go, and a campaign that can be resumed: its corpus, counts, curves [default: findings, and no
    /// campaign]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the campaign in --out, with its options, corpus and counts; begin one if there is none
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    format: FormatArgs,
    /// Be one of the jobs
    #[arg(long, hide = true)]
    job: bool,
}

/// What schedules are drawn by if nothing is said.
pub const SCHED: &str = "portfolio";

/// Where findings go if nothing is said.
const FINDINGS: &str = "findings";

/// More processes than any machine has cores: a slip of the finger.
const MOST_JOBS: usize = 1024;

pub fn jobs(text: &str) -> Result<usize, String> {
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
    let formats = args.format.open(0)?;
    let (plan, keeper) = begin(&args)?;
    let teller = Teller::new(formats, &plan);
    teller.begin(keeper.as_ref()).map_err(usage)?;
    let mut session = Session::new(&plan, keeper, Box::new(teller)).map_err(Failure::Internal)?;
    if session.is_over() {
        std::process::exit(i32::from(session.finish(hunt::End::Found)));
    }
    if plan.jobs > 1 {
        let status = hunt::supervise(plan, session, &orders.stop).map_err(Failure::Internal)?;
        std::process::exit(i32::from(status));
    }
    let (known, by) = (session.known(), Claim { hunt: plan.hunt, job: 0 });
    let Plan { setup, runs, time, seed, corpus, texts, out, adopt, .. } = plan;
    let options = Options { setup, runs, time, seed, corpus, texts, shared: false, out, by, known, adopt };
    Err(Failure::Internal(hunt::run(options, orders, Box::new(session))))
}

/// What is asked for, judged; with the campaign it is a part of.
fn begin(args: &HuntArgs) -> Result<(Plan, Option<Keeper>), Failure> {
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(FINDINGS));
    let fresh = setup(args, Setup::default())?;
    let corpus = args.corpus.as_ref().map(|dir| {
        corpus::stamp(dir).map_err(usage)?;
        check_writable(dir)?;
        dir.canonicalize().map_err(|e| usage(format!("{}: {e}", dir.display())))
    });
    let corpus = corpus.transpose()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |t| t.as_nanos() as u64);
    let seed = args.seed.unwrap_or_else(|| now.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut plan = Plan {
        setup: fresh,
        runs: args.runs,
        time: args.time,
        seed,
        jobs: args.jobs,
        keep_going: args.keep_going,
        texts: corpus.is_some(),
        corpus,
        out,
        hunt: format!("{now:x}.{}", std::process::id()),
        adopt: false,
    };
    if args.out.is_none() && !args.resume && args.jobs < 2 {
        check_out(&plan.out)?;
        return Ok((plan, None));
    }
    let keeper = campaign(args, &mut plan)?;
    Ok((plan, Some(keeper)))
}

/// Enters the campaign that the plan is a part of.
fn campaign(args: &HuntArgs, plan: &mut Plan) -> Result<Keeper, Failure> {
    let name = plan.out.display().to_string();
    if plan.out.to_str().is_none() || plan.corpus.as_ref().is_some_and(|c| c.to_str().is_none()) {
        return Err(usage(format!("{name}: expected names of folders in UTF-8")));
    }
    let (lock, stored) = Keeper::enter(&plan.out).map_err(usage)?;
    let mut keeper = match stored {
        Some(stored) if args.resume => {
            plan.setup = setup(args, stored.setup.clone())?;
            if let Some(other) = plan.setup.differs(&stored.setup) {
                return Err(usage(format!("{name}: the campaign has {other}: expected its options, or another --out")));
            }
            if plan.corpus.is_some() && plan.corpus != stored.corpus {
                return Err(usage(format!("{name}: the campaign has another corpus: expected no --corpus")));
            }
            plan.keep_going |= stored.keep_going;
            Keeper::resume(&plan.out, lock, stored)
        }
        old => {
            let new = Campaign::new(plan.setup.clone(), plan.corpus.clone(), plan.keep_going);
            Keeper::begin(&plan.out, lock, old, new)
        }
    }
    .map_err(usage)?;
    match (args.seed, keeper.next_seed()) {
        (Some(seed), _) if keeper.seeds().contains(&seed) => {
            return Err(usage(format!("{name}: the campaign has used seed {seed}: expected another, or none")));
        }
        (None, Some(seed)) => plan.seed = seed,
        _ => {}
    }
    plan.corpus = Some(keeper.corpus());
    plan.texts |= keeper.has_texts();
    plan.adopt = !keeper.seeds().is_empty();
    keeper.part(plan.seed, plan.jobs);
    Ok(keeper)
}

/// The options, those that are not given as in `stored`.
fn setup(args: &HuntArgs, stored: Setup) -> Result<Setup, Failure> {
    let begun = !stored.kernel.is_empty();
    let or = |given: &Option<String>, stored: String, default: &str| match given {
        Some(given) => given.clone(),
        None if begun => stored,
        None => default.to_string(),
    };
    let mut setup = Setup {
        checks: or(&args.checks.checks, stored.checks.clone(), "all"),
        ops: or(&args.ops, stored.ops.clone(), ""),
        rounds: args.rounds.unwrap_or(if begun { stored.rounds } else { ROUNDS }),
        sched: or(&args.sched, stored.sched.clone(), SCHED),
        feedback: args.feedback.unwrap_or(!begun || stored.feedback),
        ..stored
    };
    let choice = args.model.choice();
    if !choice.is_empty() || !begun {
        setup.set_model(&choice.model().map_err(usage)?);
    }
    setup.checks().map_err(usage)?;
    sched::parse(&setup.sched).map_err(|e| usage(format!("--sched: {e}")))?;
    setup.ops().map_err(usage)?;
    Ok(setup)
}
