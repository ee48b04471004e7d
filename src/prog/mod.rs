//! A program (initial state, operations of each CPU, schedule) and what is done to it.

mod types;

pub use types::{Expect, File, FolioInit, FolioPlace, Init, MappingInit, Op, Program};
