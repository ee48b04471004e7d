//! foliofuzz: a fuzzer over interleavings of a simulated Linux mm subsystem.
//!
//! One input says *what* runs (operations on a few simulated CPUs) and *in which order*. It is replayed against a model
//! of the folio / LRU / page-cache core while sanitizer-style checks ("MMSAN") watch every step. It is a model, not the
//! kernel: see the README for what it leaves out and what a clean run may claim.

pub mod bugs;
pub mod campaign;
pub mod cli;
pub mod exec;
pub mod linux;
pub mod machine;
pub mod mm;
pub mod ops;
pub mod prog;
pub mod report;
pub mod san;
pub mod sched;
pub mod vocab;
