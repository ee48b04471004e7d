//! Every operation is generated, printed, parsed and run, on every kernel that has it.

mod common;

use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::ops::TABLE;
use foliofuzz::prog::{Expect, File, preset};
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::{Kernel, Model};

#[test]
fn every_operation_is_generated_printed_parsed_and_run() {
    for kernel in Kernel::ALL {
        let mut runner = Runner::new(CheckSet::all());
        let mut seen = vec![0; TABLE.len()];
        for i in 0..3_000 {
            let program = common::generated(i, preset::model(kernel));
            for op in program.cpus.iter().flatten() {
                seen[op.code as usize] += 1;
            }
            let file = File { program, expect: Expect::Unstated, comments: Vec::new() };
            let text = file.print();
            let again = File::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
            assert!(again.program == file.program, "{text}");
            runner.run(&file.program);
        }
        for (spec, n) in TABLE.iter().zip(&seen) {
            assert_eq!(spec.kernels.contains(&kernel), *n > 0, "{} on {}", spec.name, kernel.name());
        }
    }
}

#[test]
fn kernels_without_bugs_are_clean() {
    for kernel in [Kernel::V6_5, Kernel::V6_8, Kernel::V6_12] {
        let mut runner = Runner::new(CheckSet::all());
        for i in 0..20_000 {
            let program = common::generated(i, Model::of(kernel));
            let outcome = runner.run(&program).outcome;
            assert_eq!(outcome, Outcome::Clean, "{program:?}");
        }
    }
}
