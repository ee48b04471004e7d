//! Every operation is generated, printed, parsed and run, on every kernel that has it.

mod common;

use foliofuzz::exec::{Outcome, Runner};
use foliofuzz::ops::TABLE;
use foliofuzz::prog::{File, preset};
use foliofuzz::san::CheckSet;
use foliofuzz::vocab::{Kernel, Model, Note};

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
            let file = File::new(program);
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

/// Every operation does what its name says in some generated program: its objects can be there.
#[test]
fn every_operation_gets_something_done() {
    let mut runner = Runner::new(CheckSet::all());
    let mut done = vec![0; TABLE.len()];
    for i in 0..12_000 {
        let program = common::generated(i, Model::of(Kernel::DEFAULT));
        for step in runner.record(&program, true).trace.steps.iter().filter(|s| s.event.note == Note::OpEnd) {
            let ops = program.cpus.get(step.event.task as usize);
            if let Some(op) = ops.and_then(|ops| ops.get(step.event.op as usize))
                && step.event.aux >> 8 == 0
            {
                done[op.code as usize] += 1;
            }
        }
    }
    for (spec, n) in TABLE.iter().zip(&done).filter(|(spec, _)| spec.kernels.contains(&Kernel::DEFAULT)) {
        assert!(*n > 0, "{} never got anything done", spec.name);
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
