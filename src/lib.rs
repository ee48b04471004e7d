//! foliofuzz: a fuzzer over interleavings of a simulated Linux mm subsystem.
//!
//! One input says *what* runs (operations on a few simulated CPUs) and *in which order*. It is replayed against a model of
//! the folio / LRU / page-cache core while sanitizer-style checks ("MMSAN") watch every step. It is a model, not the
//! kernel: see the README for what it leaves out and what a clean run may claim.

pub mod vocab;
pub mod machine;
pub mod sched;
pub mod san;
pub mod mm;
pub mod ops;
pub mod exec;
pub mod report;
pub mod campaign;
pub mod cli;
pub mod prog;
pub mod bugs;
pub mod linux;
