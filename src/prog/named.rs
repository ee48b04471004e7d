//! From an executed trace to a schedule of named records that replays it.

use super::{fixup, sites};
use crate::machine::{Trace, Why};
use crate::sched::{Anchor, Preempt, Schedule};
use std::collections::BTreeMap;

/// The schedule that makes the switches of `trace`, which was recorded with `start` as the first CPU. What the default
/// order does by itself is left out. Learns the names of the sites.
///
/// All switches are there: there may be more than [`crate::sched::MAX_RECORDS`], and a program cannot hold that many.
pub fn schedule_of(trace: &Trace, start: u8) -> Schedule {
    let mut ends = BTreeMap::new();
    let mut records = Vec::new();
    for s in &trace.switches {
        let (anchor, k) = match s.why {
            Why::Point if s.k != 0 => {
                sites::learn(s.site);
                (Anchor::Site(s.site.hash()), s.k)
            }
            Why::Point => (Anchor::Nth, s.nth),
            Why::Blocked | Why::Spin => (Anchor::Blocked, s.k),
            Why::End => {
                let nth = ends.entry((s.task, s.op)).or_insert(0);
                *nth += 1;
                (Anchor::End, *nth)
            }
        };
        if (s.why == Why::Point || s.to != s.default) && s.to != s.task {
            records.push(Preempt { cpu: s.task, op: s.op, anchor, k, to: s.to });
        }
    }
    fixup::sort_records(&mut records);
    Schedule { start, records }
}
