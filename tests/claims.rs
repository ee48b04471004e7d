//! The claims in corpus/claims have the answers they state, and the search for an answer comes to what all schedules
//! of small programs come to.

mod common;

use common::plain::Plain;
use foliofuzz::campaign::{Judge, Judgement, Limits, Progress};
use foliofuzz::exec::Runner;
use foliofuzz::prog::{Claim, ClaimLine, ClaimOutcome, ClaimVerdict, File, Place, Program, Spot, SpotKind, Who};
use foliofuzz::report::{ClaimReport, DiagramStyle};
use foliofuzz::san::CheckSet;
use foliofuzz::sched::Rng;
use foliofuzz::vocab::{CPUS, Kind};
use std::sync::atomic::AtomicBool;

fn judge<R>(f: impl FnOnce(&mut Judge<'_>) -> R) -> R {
    let (stop, mut tell) = (AtomicBool::new(false), |_: &Progress| {});
    f(&mut Judge::new(Limits::default(), &stop, &mut tell))
}

fn verdict(judgement: &Judgement) -> Option<ClaimVerdict> {
    match judgement {
        Judgement::Possible(_) => Some(ClaimVerdict::Possible),
        Judgement::Impossible { line, .. } => Some(ClaimVerdict::Impossible(line + 1)),
        Judgement::Undecided { .. } => None,
    }
}

fn is_mail_safe(text: &str) -> bool {
    text.lines().all(|l| l.len() <= 75 && l.bytes().all(|b| (b' '..=b'~').contains(&b)))
}

#[test]
fn stored_claims_have_the_answers_they_state() {
    let files = common::programs("corpus/claims");
    assert!(files.len() >= 12);
    let mut possible = 0;
    for path in files {
        let (name, file) = (path.display().to_string(), common::load(&path));
        let claim = file.claim.as_ref().unwrap_or_else(|| panic!("{name} claims nothing"));
        let judgement = judge(|j| j.judge(&file.program, claim));
        assert_eq!(verdict(&judgement), claim.verdict, "{name}");
        let (shown, failure) = match &judgement {
            Judgement::Possible(shown) => {
                possible += 1;
                assert!(shown.verified, "{name}: the named schedule does not show it");
                (&**shown, None)
            }
            Judgement::Impossible { ways, .. } => (&ways[0].shown, Some(&ways[0].failure)),
            Judgement::Undecided { .. } => unreachable!(),
        };
        let (program, trace, met) = (&shown.program, &shown.trace, &shown.met[..]);
        let report = ClaimReport { program, claim, trace, met, failure };
        let diagram = report.diagram(&DiagramStyle::KERNEL);
        assert!(is_mail_safe(&diagram), "{name}:\n{diagram}");
        for (line, claimed) in claim.lines.iter().enumerate().take(report.happened()) {
            let made = matches!(claimed, ClaimLine::Step(..));
            assert!(!made || diagram.contains(&format!("({})", line + 1)), "{name}: no step {}:\n{diagram}", line + 1);
        }
        assert_eq!(report.why().is_empty(), failure.is_none(), "{name}");
    }
    assert!(possible >= 4, "{possible} claims are possible");
}

/// A loop that only repeats itself may still give up: migration of a folio somebody holds on to.
#[test]
fn loops_that_give_up_come_to_their_end() {
    for mode in ["sync", "async", "sync_light"] {
        let text = format!(
            "# foliofuzz repro v1\nmodel: v6.12\n\ninit\n  m0 = mapping()\n  F0 = folio(m0, index=0, flags=lru)\n\n\
             cpu0\n  get_and_hold(m0, 0)\n  migrate_folio(m0, 0, mode={mode})\n\nclaim\n  cpu0 until end\n"
        );
        let file = File::parse(text.as_bytes()).expect("valid");
        let claim = file.claim.expect("a claim");
        let judgement = judge(|j| j.judge(&file.program, &claim));
        assert_eq!(verdict(&judgement), Some(ClaimVerdict::Possible), "{mode}");
    }
}

/// Without a number, a step is the first that can come out as claimed: `folio_mapping()` reads flags first.
#[test]
fn a_step_is_one_that_can_come_out_as_claimed() {
    let text = "# foliofuzz repro v1\nmodel: v4.15\n\ninit\n  m0 = mapping()\n  F0 = folio(m0, index=0, flags=lru|dirty)\n\n\
                cpu0\n  compact(F0, nr=1, mode=async)\n\nclaim\n  cpu0: __isolate_lru_page.folio_mapping(F0) -> m0\n";
    let file = File::parse(text.as_bytes()).expect("valid");
    let claim = file.claim.expect("a claim");
    assert_eq!(verdict(&judge(|j| j.judge(&file.program, &claim))), Some(ClaimVerdict::Possible));
}

/// A claim that is possible stays so with the schedule that shows it, and a schedule changes no answer.
#[test]
fn the_file_written_for_a_claim_shows_it() {
    let path = common::root().join("corpus/claims/last_put_by_lookup.mm");
    let file = common::load(&path);
    let claim = file.claim.clone().expect("a claim");
    let Judgement::Possible(shown) = judge(|j| j.judge(&file.program, &claim)) else { panic!("impossible") };
    let written = File { claim: Some(claim.clone()), ..File::new(shown.program.clone()) }.print();
    let again = File::parse(written.as_bytes()).expect("valid");
    assert!(!again.program.schedule.records.is_empty());
    assert_eq!(verdict(&judge(|j| j.judge(&again.program, &claim))), Some(ClaimVerdict::Possible));
}

/// Schedules a program may have here: each is run once for every claim.
const MOST: u64 = 4_000;

/// How many schedules the program has, if they are few.
fn few_schedules(program: &Program) -> bool {
    let (mut runner, mut plain, mut n) = (Runner::new(CheckSet::none()), Plain::default(), 0);
    loop {
        runner.run_with(program, &mut plain);
        n += 1;
        if n > MOST {
            return false;
        }
        if !plain.next_path() {
            return true;
        }
    }
}

/// The most lines any schedule comes to.
fn by_all_schedules(program: &Program, claim: &Claim) -> usize {
    judge(|j| {
        let (mut plain, mut most) = (Plain::default(), 0);
        loop {
            most = most.max(j.lines_in(program, claim, &mut plain));
            if most == claim.lines.len() || !plain.next_path() {
                return most;
            }
        }
    })
}

/// A claim of steps that do occur, in an order and with outcomes of chance.
fn drawn(rng: &mut Rng, program: &Program, states: &[String]) -> Option<Claim> {
    let recorded = Runner::new(CheckSet::none()).record(program, true);
    let of_program = |s: &&foliofuzz::machine::Step| {
        s.k > 0 && !matches!(s.event.kind, Kind::Note | Kind::Barrier) && (s.event.task as usize) < CPUS
    };
    let after = recorded.trace.steps.iter().position(|s| s.event.note == foliofuzz::vocab::Note::SetupDone)?;
    let steps: Vec<_> = recorded.trace.steps[after..].iter().filter(of_program).filter(|s| s.event.op < 8).collect();
    let mut claim = Claim { exactly: rng.one_in(5), ..Claim::default() };
    for _ in 0..2 + rng.below(3) {
        let step = steps[rng.below(steps.len() as u32) as usize];
        let who = Who { task: step.event.task, op: rng.one_in(2).then_some(step.event.op) };
        let (name, k) = (step.event.site.to_string(), 1 + rng.below(2) as u16);
        let spot = Spot { name, kind: SpotKind::Site(step.event.site.hash()), of: None, count: None, k };
        let outcome = match rng.below(4) {
            0 => Some(ClaimOutcome::Ok),
            1 => Some(ClaimOutcome::Fail),
            2 => Some(ClaimOutcome::Ref(step.event.old as i64, step.event.new as i64)),
            _ => None,
        };
        let line = match rng.below(8) {
            0 | 1 => ClaimLine::Until(who, Place::Before(spot)),
            2 => ClaimLine::Until(who, Place::End),
            3 => ClaimLine::Until(who, Place::Blocked),
            4 => {
                let text = &states[rng.below(states.len() as u32) as usize];
                ClaimLine::State(foliofuzz::prog::Expr::parse(text).expect("a state"))
            }
            _ => ClaimLine::Step(who, spot, outcome),
        };
        claim.lines.push(line);
    }
    Some(claim)
}

/// Claims of chance about every small program: the search says what running all schedules says.
#[test]
fn the_search_says_what_all_schedules_say() {
    let states =
        ["F0.ref = 1", "F0.ref = 2", "F0.ref >= 3", "F0.locked", "~F0.lru", "F0.mapping = NULL", "F0.ref != 2"];
    let states = states.map(str::to_string);
    let mut rng = Rng::new(11);
    let (mut possible, mut impossible, mut programs) = (0, 0, 0);
    let claims = common::scale("FOLIOFUZZ_CLAIMS", 12);
    for path in common::programs("tests/prove") {
        let program = common::load(&path).program;
        if !few_schedules(&program) {
            continue;
        }
        programs += 1;
        for _ in 0..claims {
            let Some(claim) = drawn(&mut rng, &program, &states) else { continue };
            let most = by_all_schedules(&program, &claim);
            let wanted = match most == claim.lines.len() {
                true => ClaimVerdict::Possible,
                false => ClaimVerdict::Impossible(most + 1),
            };
            let found = verdict(&judge(|j| j.judge(&program, &claim)));
            let text = File { claim: Some(claim), ..File::new(program.clone()) }.print();
            assert_eq!(found, Some(wanted), "{}:\n{text}", path.display());
            match wanted {
                ClaimVerdict::Possible => possible += 1,
                ClaimVerdict::Impossible(_) => impossible += 1,
            }
        }
    }
    println!("{programs} programs, {possible} possible, {impossible} impossible");
    assert!(programs >= 6 && possible >= 10 && impossible >= 20, "{programs} {possible} {impossible}");
}
