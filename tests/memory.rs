//! Executions that end in a finding leave nothing behind. `FOLIOFUZZ_FINDINGS=1000000` runs the long form.

mod common;

use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::san::CheckSet;

/// Resident size, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

#[test]
fn findings_do_not_grow_the_memory() {
    let path = common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm");
    let program = common::load(&path).program;
    let mut runner = Runner::new(CheckSet::actual());
    let findings = common::scale("FOLIOFUZZ_FINDINGS", 50_000);
    let mut after_tenth = 0;
    for i in 0..findings {
        assert!(matches!(runner.run(&program).outcome, Outcome::Found(_)));
        if i == findings / 10 {
            after_tenth = resident();
        }
    }
    let end = resident();
    println!("{findings} findings: {after_tenth} KiB after a tenth, {end} KiB at the end");
    assert!(end <= after_tenth + 256, "grew from {after_tenth} to {end} KiB");
}
