//! The table of operations a program can perform.

mod init;
mod run;
mod setup;
mod table;

pub use init::{FolioInit, FolioPlace, Init, MappingInit, SwapInit, VmaInit, VmaKind};
pub use run::epilogue;
pub use setup::{set_up, words};
pub use table::TABLE;

use crate::vocab::Kernel;

/// What one argument of an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arg {
    /// A file that may be open: `m0`.
    Mapping,
    /// A page index of a file: `1`.
    Index,
    /// A page frame number: `F0`.
    Pfn,
    /// A process that may be alive: `p0`.
    Process,
    /// A virtual page of a process: `1`.
    Addr,
    /// A CPU, for what is done to its program: `cpu1`.
    Cpu,
    /// A count, from 1 to the given maximum (the raw value is one less).
    Count(u8),
    /// One of the named modes.
    Mode(&'static [&'static str]),
}

impl Arg {
    /// How many values the argument can have; the value 0 is always valid.
    pub fn values(self) -> u8 {
        match self {
            Arg::Mapping => crate::vocab::MAPPINGS as u8,
            Arg::Index => crate::vocab::SLOTS as u8,
            Arg::Pfn => crate::vocab::FOLIOS as u8,
            Arg::Process => crate::vocab::MMS as u8,
            Arg::Addr => crate::vocab::VADDRS as u8,
            Arg::Cpu => crate::vocab::CPUS as u8,
            Arg::Count(n) => n,
            Arg::Mode(names) => names.len() as u8,
        }
    }
}

/// What an operation does to an object's life. A generated program mixes operations of different roles on one object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Brings new folios in.
    Add,
    /// Finds a folio, uses it, lets go.
    Lookup,
    /// Finds a folio and keeps something of it.
    Hold,
    /// Gives up what an operation before kept.
    Release,
    /// Takes folios out of their cache, or the cache away.
    Remove,
    /// Meets folios by list or page frame.
    Scan,
    /// Changes what a process maps, or how.
    Map,
    /// Moves contents: write-out, swap, migration.
    Move,
}

impl Role {
    pub const ALL: [Role; 8] =
        [Role::Add, Role::Lookup, Role::Hold, Role::Release, Role::Remove, Role::Scan, Role::Map, Role::Move];
}

/// What of memory management an operation is about. Operations about one thing meet in its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// The folios in a file's page cache.
    Cache,
    /// Their way to the disk.
    Writeback,
    /// The LRU lists and what takes folios from them.
    Lru,
    /// A process's own pages.
    Anon,
    /// Those of them that are, or were, swapped out.
    Swap,
    /// A file that is swapped out.
    Tmpfs,
    /// A file's pages in a process.
    Mapped,
}

impl Topic {
    pub const ALL: [Topic; 7] =
        [Topic::Cache, Topic::Writeback, Topic::Lru, Topic::Anon, Topic::Swap, Topic::Tmpfs, Topic::Mapped];
}

/// What came of an operation: the high part of the `aux` word of [`Note::OpEnd`](crate::vocab::Note::OpEnd).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum OpResult {
    /// It did what its name says.
    Done,
    /// What it works on was not there: no folio, a closed file, a process that is gone, nothing kept.
    Nothing,
    /// It was refused: a lock or a count was against it, or there was no memory.
    Refused,
}

impl OpResult {
    /// [`Done`](OpResult::Done), or [`Refused`](OpResult::Refused).
    pub const fn of(done: bool) -> OpResult {
        if done { OpResult::Done } else { OpResult::Refused }
    }
}

/// One row of the table.
pub struct OpSpec {
    /// Stable name; append-only.
    pub name: &'static str,
    /// Argument names and kinds, at most 3.
    pub args: &'static [(&'static str, Arg)],
    /// The kernels that have it.
    pub kernels: &'static [Kernel],
    pub role: Role,
    /// At least one.
    pub topics: &'static [Topic],
    /// One sentence for `list ops`.
    pub doc: &'static str,
    /// Performs it on the ambient machine. Arguments are below [`Arg::values`].
    pub run: fn([u8; 3]) -> OpResult,
}

/// The row of that name.
pub fn find(name: &str) -> Option<usize> {
    TABLE.iter().position(|o| o.name == name)
}
