//! The programs of SCTBench and of ConVul, written anew for [`crate::rt`]: same threads, same shared accesses, same
//! assertion, in the sizes in which PERIOD's artifact (wcventure/PERIOD, `evaluation/`) has them, because the published
//! figures were measured there. Accesses that only print are left out, set-up happens before the first thread starts.

mod chess;
mod convul;
mod cs;

use crate::rt::{Thread, spawn};

/// A program with a bug that some schedules show.
pub struct Program {
    pub suite: &'static str,
    pub name: &'static str,
    pub run: fn(),
    /// Schedules after which a search gives up.
    pub cap: u64,
    /// Published schedules to the first bug: mean of those of 20 trials that found it, and how many did. Of SURW's
    /// artifact and of RFF's.
    pub surw: Option<(u64, u32)>,
    pub rff: Option<(u64, u32)>,
}

const CAP: u64 = 10_000;

const fn program(
    suite: &'static str,
    name: &'static str,
    run: fn(),
    surw: Option<(u64, u32)>,
    rff: Option<(u64, u32)>,
) -> Program {
    Program { suite, name, run, cap: CAP, surw, rff }
}

/// Found in all 20 trials.
const fn all(schedules: u64) -> Option<(u64, u32)> {
    Some((schedules, 20))
}

/// Never found.
const NEVER: Option<(u64, u32)> = Some((0, 0));

pub const PROGRAMS: &[Program] = &[
    program("CB", "stringbuffer-jdk1.4", chess::stringbuffer, all(8), all(15)),
    program("CS", "account", cs::account, all(6), all(1)),
    program("CS", "bluetooth_driver", cs::bluetooth_driver, all(70), all(45)),
    program("CS", "carter01", cs::carter01, None, all(2)),
    program("CS", "circular_buffer", cs::circular_buffer, all(3), all(2)),
    program("CS", "deadlock01", cs::deadlock01, all(2), all(5)),
    program("CS", "lazy01", cs::lazy01, all(2), all(6)),
    program("CS", "queue", cs::queue, all(2), all(1)),
    program("CS", "reorder_3", cs::reorder::<2, 1>, all(7), all(7)),
    program("CS", "reorder_4", cs::reorder::<3, 1>, all(7), all(6)),
    program("CS", "reorder_5", cs::reorder::<4, 1>, all(10), all(6)),
    program("CS", "reorder_10", cs::reorder::<9, 1>, all(17), all(6)),
    program("CS", "reorder_20", cs::reorder::<10, 10>, all(6), all(6)),
    program("CS", "reorder_50", cs::reorder::<40, 10>, all(13), all(6)),
    program("CS", "reorder_100", cs::reorder::<99, 1>, all(194), all(6)),
    program("CS", "stack", cs::stack, all(5), all(2)),
    program("CS", "token_ring", cs::token_ring, all(8), all(5)),
    program("CS", "twostage", cs::twostage::<1, 1>, all(8), all(8)),
    program("CS", "twostage_20", cs::twostage::<10, 10>, all(6), all(22)),
    program("CS", "twostage_50", cs::twostage::<40, 10>, all(20), all(35)),
    program("CS", "twostage_100", cs::twostage::<99, 1>, all(454), all(56)),
    program("CS", "wronglock", cs::wronglock::<7>, all(7), all(1)),
    program("CS", "wronglock_3", cs::wronglock::<3>, all(9), all(1)),
    program("Chess", "InterlockedWorkStealQueue", chess::interlocked, all(6), all(1)),
    program("Chess", "InterlockedWorkStealQueueWithState", chess::interlocked_with_state, all(6), all(7)),
    program("Chess", "StateWorkStealQueue", chess::state, all(7), all(1)),
    program("Chess", "WorkStealQueue", chess::plain, all(6), all(10)),
    program("ConVul", "CVE-2009-3547", convul::cve_2009_3547, all(4), all(1)),
    program("ConVul", "CVE-2011-2183", convul::cve_2011_2183, all(3), all(2)),
    program("ConVul", "CVE-2013-1792", convul::cve_2013_1792, all(15), all(23)),
    program("ConVul", "CVE-2015-7550", convul::cve_2015_7550, all(6), all(6)),
    program("ConVul", "CVE-2016-1972", convul::cve_2016_1972, all(11), all(39)),
    program("ConVul", "CVE-2016-1973", convul::cve_2016_1973, all(5), all(3)),
    program("ConVul", "CVE-2016-7911", convul::cve_2016_7911, all(8), all(13)),
    program("ConVul", "CVE-2016-9806", convul::cve_2016_9806, all(3), all(11)),
    program("ConVul", "CVE-2017-15265", convul::cve_2017_15265, NEVER, all(36)),
    program("ConVul", "CVE-2017-6346", convul::cve_2017_6346, all(15), all(5)),
    Program { cap: 1_000_000, ..program("", "SafeStack", chess::safestack, Some((368_921, 19)), NEVER) },
];

fn join(threads: impl IntoIterator<Item = Thread>) {
    threads.into_iter().for_each(|t| t.join());
}

/// `n` threads that do the same.
#[track_caller]
fn spawn_all(n: usize, body: impl FnOnce() + Copy + 'static) -> Vec<Thread> {
    (0..n).map(|_| spawn(body)).collect()
}
