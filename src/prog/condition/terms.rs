//! What expressions are about: cells of memory, how their words are read, and the things words can name.

use super::Test;
use crate::ops::Init;
use crate::prog::sites::{closest, hint};
use crate::prog::text::{SERVICES, task_name};
use crate::vocab::*;
use std::fmt;

/// How the word of a cell is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Reading {
    /// A number, signed: a count that went below zero is negative.
    Count,
    /// These bits as a number.
    Part(u64),
    /// Whether one of these bits is set.
    Flag(u64, &'static str),
    /// Whether the list has this folio.
    Has(u8),
    /// `folio->mapping`.
    Mapping,
    /// A slot of an `address_space`.
    Slot,
    Pte,
    Lock,
}

/// A cell, read in one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Term {
    obj: Obj,
    pub(super) reading: Reading,
}

/// What a word can name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Thing {
    /// NULL of a pointer or a slot, `none` of a page-table entry.
    Nothing,
    File(u8),
    /// An anonymous mapping, whichever anon_vma it is.
    Anon,
    Folio(u8),
    /// The value entry of a reclaimed folio.
    Shadow,
    /// A swap entry: any, or of one slot.
    Swap(Option<u8>),
    /// A migration entry: any, or for one folio.
    Migration(Option<u8>),
    ZeroPage,
    /// `pte_file()`.
    FilePage,
    Free,
    Held,
    /// A lock held by this task.
    Task(u8),
    /// A lock held by readers.
    Shared,
}

/// Terms of each class of object: name, the kernel's own name, field and reading. The first name is the one printed.
type Row = (&'static str, &'static str, Field, Reading);

const FOLIO: &[Row] = &[
    ("ref", "_refcount", Field::Refcount, Reading::Count),
    ("mapcount", "_mapcount", Field::Mapcount, Reading::Count),
    ("mlock_count", "mlock_count", Field::MlockCount, Reading::Count),
    ("index", "index", Field::Index, Reading::Count),
    ("mapping", "mapping", Field::FolioMapping, Reading::Mapping),
    ("b_count", "b_count", Field::BufferCount, Reading::Count),
    ("ifs_pending", "read_bytes_pending", Field::IfsPending, Reading::Count),
];
const MAPPING: &[Row] = &[
    ("nrpages", "nrpages", Field::NrPages, Reading::Count),
    ("slot", "i_pages", Field::Slot, Reading::Slot),
    ("i_count", "i_count", Field::ICount, Reading::Count),
    ("i_size", "i_size", Field::ISize, Reading::Count),
    ("freeing", "I_FREEING", Field::IState, Reading::Flag(I_FREEING, "freeing")),
    ("exiting", "AS_EXITING", Field::AsFlags, Reading::Flag(AS_EXITING, "exiting")),
    ("xa_lock", "i_pages_lock", Field::XaLock, Reading::Lock),
    ("i_lock", "i_lock", Field::ILock, Reading::Lock),
    ("i_rwsem", "i_mutex", Field::IRwsem, Reading::Lock),
    ("invalidate_lock", "invalidate_lock", Field::InvalidateLock, Reading::Lock),
    ("i_mmap_rwsem", "i_mmap_mutex", Field::IMmapRwsem, Reading::Lock),
    ("i_private_lock", "private_lock", Field::IPrivateLock, Reading::Lock),
];
const PROCESS: &[Row] = &[
    ("pte", "pte", Field::PteCell, Reading::Pte),
    ("mm_users", "users", Field::MmUsers, Reading::Count),
    ("mmap_lock", "mmap_sem", Field::MmapLock, Reading::Lock),
    ("ptl", "page_table_lock", Field::Ptl, Reading::Lock),
];
const SWAP: &[Row] = &[
    ("map", "swap_map", Field::SwapMap, Reading::Part(SWAP_COUNT)),
    ("cache", "SWAP_HAS_CACHE", Field::SwapMap, Reading::Flag(SWAP_HAS_CACHE, "cache")),
    ("lock", "cluster_lock", Field::SwapLock, Reading::Lock),
];
/// The cells there is one of.
const SINGLE: &[Row] = &[
    ("lru_lock", "lruvec_lock", Field::LruLock, Reading::Lock),
    ("lru_disable_count", "lru_disable_count", Field::LruDisable, Reading::Count),
    ("nr_mlock", "NR_MLOCK", Field::NrMlock, Reading::Count),
];

/// An object's prefix, how many there are, its name in messages, its terms.
const OBJECTS: [(&str, usize, &[Row]); 3] = [("F", FOLIOS, FOLIO), ("m", MAPPINGS, MAPPING), ("p", MMS, PROCESS)];

const SWAP_SPACE_NAME: &str = "swap_space";
const FREE: &str = "free";

/// The rows an object's name stands for, and its number.
fn object(name: &str) -> Option<(&'static [Row], usize)> {
    match name {
        "swap" => return Some((SWAP, 0)),
        SWAP_SPACE_NAME => return Some((MAPPING, SWAP_SPACE)),
        _ => {}
    }
    OBJECTS.into_iter().find_map(|(prefix, count, rows)| {
        let digits = name.strip_prefix(prefix).filter(|d| d.len() == 1)?;
        let i = digits.parse::<usize>().ok().filter(|i| *i < count)?;
        Some((rows, i))
    })
}

fn flag_of(name: &str) -> Option<(u64, &'static str)> {
    PAGE_FLAG_NAMES.into_iter().find(|(_, n)| *n == name)
}

impl Term {
    pub const fn obj(&self) -> Obj {
        self.obj
    }

    /// The bits of the word it looks at.
    pub(super) const fn bits(&self) -> u64 {
        match self.reading {
            Reading::Flag(bits, _) => bits,
            _ => u64::MAX,
        }
    }

    /// A term by its object, field and number: `F0`, `lru`; `m0`, `slot`, 1.
    pub(super) fn find(name: &str, field: Option<&str>, sub: Option<&str>) -> Result<Term, String> {
        let Some(field) = field else { return Term::single(name, sub) };
        let Some((rows, i)) = object(name) else {
            return Err(format!("no object `{name}`: expected {}", objects()));
        };
        let field = field.strip_prefix("PG_").map_or(field.to_string(), str::to_ascii_lowercase);
        if let Some((_, _, cell, reading)) = rows.iter().find(|r| r.0 == field || r.1 == field) {
            return Term::at(*cell, i, *reading, sub, &field);
        }
        let of_folio = rows[0].2.class() == Class::Folio;
        if of_folio && sub.is_none() {
            if let Some((bits, name)) = flag_of(&field) {
                return Ok(Term { obj: Obj::folio(i, Field::Flags), reading: Reading::Flag(bits, name) });
            }
            if field == FREE {
                return Ok(Term { obj: Obj::free_list(), reading: Reading::Has(i as u8) });
            }
        }
        let known = rows.iter().map(|r| r.0);
        let flags = PAGE_FLAG_NAMES.iter().map(|f| f.1).chain([FREE]).filter(|_| of_folio);
        let all: Vec<&str> = known.chain(flags).collect();
        let hint = hint(closest(&field, all.iter().copied()));
        Err(format!("{name} has no `{field}`{hint}: expected one of {}", all.join(", ")))
    }

    fn single(name: &str, sub: Option<&str>) -> Result<Term, String> {
        match SINGLE.iter().find(|r| r.0 == name || r.1 == name) {
            Some((_, _, cell, reading)) => Term::at(*cell, 0, *reading, sub, name),
            None if object(name).is_some() => Err(format!("`{name}` alone says nothing: expected `{name}.field`")),
            None => {
                let hint = hint(closest(name, SINGLE.iter().map(|r| r.0)));
                let singles: Vec<&str> = SINGLE.iter().map(|r| r.0).collect();
                Err(format!("no `{name}`{hint}: expected {}, or {}", objects(), singles.join(", ")))
            }
        }
    }

    fn at(cell: Field, i: usize, reading: Reading, sub: Option<&str>, name: &str) -> Result<Term, String> {
        let cells = cell.cells();
        let sub = match sub {
            None if cells == 1 => 0,
            None => return Err(format!("`{name}` is an array: expected `{name}[0]`..`{name}[{}]`", cells - 1)),
            Some(_) if cells == 1 => return Err(format!("`{name}` is no array: expected `{name}` alone")),
            Some(n) => match n.parse::<usize>() {
                Ok(n) if n < cells => n,
                _ => return Err(format!("no `{name}[{n}]`: expected `{name}[0]`..`{name}[{}]`", cells - 1)),
            },
        };
        Ok(Term { obj: Obj::at(cell, i, sub), reading })
    }

    /// The word as a number; a flag is 0 or 1.
    pub(super) fn number(&self, word: u64) -> i64 {
        match self.reading {
            Reading::Part(bits) => (word & bits) as i64,
            Reading::Flag(bits, _) => i64::from(word & bits != 0),
            Reading::Has(folio) => i64::from(Seq(word).contains(folio as usize)),
            _ => word as i64,
        }
    }

    /// The word as people read it.
    pub fn shown(&self, word: u64) -> String {
        match self.reading {
            Reading::Count | Reading::Part(_) | Reading::Flag(..) | Reading::Has(_) => self.number(word).to_string(),
            Reading::Mapping => match (as_file_mapping(word), as_anon_mapping(word)) {
                (Some((m, _)), _) if m < MAPPINGS => format!("m{m}"),
                (_, Some(_)) => "anon".to_string(),
                _ => Thing::null_or(word),
            },
            Reading::Slot if word & SHADOW != 0 => "shadow".to_string(),
            Reading::Slot if word == 0 => "NULL".to_string(),
            Reading::Slot => format!("F{}", word - 1),
            Reading::Pte => pte(Pte(word)),
            Reading::Lock if word == 0 => "free".to_string(),
            Reading::Lock if word & 0xff == 0 => "shared".to_string(),
            Reading::Lock => task_name((word & 0xff) as u8 - 1),
        }
    }

    /// The things its cell can name: empty for numbers and flags. For messages.
    pub(super) fn things(&self) -> String {
        let folios = format!("F0..F{}", FOLIOS - 1);
        match self.reading {
            Reading::Mapping => format!("m0..m{}, anon, NULL", MAPPINGS - 1),
            Reading::Slot => format!("{folios}, shadow, NULL"),
            Reading::Pte => {
                let swap = format!("swap, swap[0..{}]", SLOTS - 1);
                format!("{folios}, none, {swap}, migration, migration[{folios}], zero, file")
            }
            Reading::Lock => format!("free, held, shared, or who holds it: cpu0..cpu{}, {SERVICES}", CPUS - 1),
            _ => String::new(),
        }
    }

    pub(super) const fn is_flag(&self) -> bool {
        matches!(self.reading, Reading::Flag(..) | Reading::Has(_))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.obj.place();
        let (rows, name) = match (self.reading, place.class) {
            (Reading::Has(folio), _) => return write!(f, "F{folio}.{FREE}"),
            (_, Class::Folio) => (FOLIO, format!("F{}.", place.index)),
            (_, Class::Mapping) if place.index as usize == SWAP_SPACE => (MAPPING, format!("{SWAP_SPACE_NAME}.")),
            (_, Class::Mapping) => (MAPPING, format!("m{}.", place.index)),
            (_, Class::Mm) => (PROCESS, format!("p{}.", place.index)),
            (_, Class::Swap) => (SWAP, "swap.".to_string()),
            _ => (SINGLE, String::new()),
        };
        match (self.reading, place.class) {
            (Reading::Flag(_, flag), Class::Folio) => write!(f, "{name}{flag}")?,
            _ => {
                let row = rows.iter().find(|r| r.2 == place.field && r.3 == self.reading);
                write!(f, "{name}{}", row.map_or("", |r| r.0))?;
            }
        }
        if place.field.cells() > 1 { write!(f, "[{}]", place.sub) } else { Ok(()) }
    }
}

/// Tag of a slot's value entry.
const SHADOW: u64 = 1 << 63;

fn pte(pte: Pte) -> String {
    let thing = match (pte.page(), pte.swap_slot(), pte.migration_pfn()) {
        (Some(folio), ..) => Thing::Folio(folio as u8),
        (_, Some(slot), _) => Thing::Swap(Some(slot as u8)),
        (.., Some(folio)) => Thing::Migration(Some(folio as u8)),
        _ if pte.is_zero_page() => Thing::ZeroPage,
        _ if pte.file_pgoff().is_some() => Thing::FilePage,
        _ => return "none".to_string(),
    };
    thing.to_string()
}

impl Thing {
    /// NULL, or a word that names nothing we know.
    fn null_or(word: u64) -> String {
        if word == 0 { "NULL".to_string() } else { format!("{word:#x}") }
    }

    /// The thing a word of text stands for where `term` is compared with it.
    pub(super) fn find(term: Term, text: &str) -> Option<Thing> {
        let number = |prefix: &str, count: usize| {
            let digits = text.strip_prefix(prefix).filter(|d| d.len() == 1)?;
            digits.parse::<u8>().ok().filter(|n| (*n as usize) < count)
        };
        let within = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(']');
        match term.reading {
            Reading::Mapping => match text {
                "NULL" => Some(Thing::Nothing),
                "anon" => Some(Thing::Anon),
                _ => number("m", MAPPINGS).map(Thing::File),
            },
            Reading::Slot => match text {
                "NULL" => Some(Thing::Nothing),
                "shadow" => Some(Thing::Shadow),
                _ => number("F", FOLIOS).map(Thing::Folio),
            },
            Reading::Pte => match text {
                "none" => Some(Thing::Nothing),
                "swap" => Some(Thing::Swap(None)),
                "migration" => Some(Thing::Migration(None)),
                "zero" => Some(Thing::ZeroPage),
                "file" => Some(Thing::FilePage),
                _ => number("F", FOLIOS).map(Thing::Folio).or_else(|| {
                    let slot = within("swap[").and_then(|n| n.parse().ok()).filter(|n: &u8| (*n as usize) < SLOTS);
                    let folio = within("migration[F").and_then(|n| n.parse().ok());
                    slot.map(|n| Thing::Swap(Some(n)))
                        .or(folio.filter(|n: &u8| (*n as usize) < FOLIOS).map(|n| Thing::Migration(Some(n))))
                }),
            },
            Reading::Lock => match text {
                "free" => Some(Thing::Free),
                "held" => Some(Thing::Held),
                "shared" => Some(Thing::Shared),
                _ => (0..TASKS as u8).find(|t| task_name(*t) == text).map(Thing::Task),
            },
            _ => None,
        }
    }

    pub(super) fn is_named_by(self, term: Term, word: u64) -> bool {
        let pte = Pte(word);
        match (term.reading, self) {
            (Reading::Mapping, Thing::Nothing) => word == 0,
            (Reading::Mapping, Thing::Anon) => as_anon_mapping(word).is_some(),
            (Reading::Mapping, Thing::File(m)) => as_file_mapping(word).is_some_and(|(n, _)| n == m as usize),
            (Reading::Slot, Thing::Nothing) => word == 0,
            (Reading::Slot, Thing::Shadow) => word & SHADOW != 0,
            (Reading::Slot, Thing::Folio(f)) => word == f as u64 + 1,
            (Reading::Pte, Thing::Nothing) => pte.is_none(),
            (Reading::Pte, Thing::Folio(f)) => pte.page() == Some(f as usize),
            (Reading::Pte, Thing::Swap(slot)) => {
                pte.swap_slot().is_some_and(|s| slot.is_none_or(|slot| slot as usize == s))
            }
            (Reading::Pte, Thing::Migration(folio)) => {
                pte.migration_pfn().is_some_and(|f| folio.is_none_or(|folio| folio as usize == f))
            }
            (Reading::Pte, Thing::ZeroPage) => pte.is_zero_page(),
            (Reading::Pte, Thing::FilePage) => pte.file_pgoff().is_some(),
            (Reading::Lock, Thing::Free) => word == 0,
            (Reading::Lock, Thing::Held) => word != 0,
            (Reading::Lock, Thing::Shared) => word != 0 && word & 0xff == 0,
            (Reading::Lock, Thing::Task(t)) => word & 0xff == t as u64 + 1,
            _ => false,
        }
    }

    /// How it is written; what is `NULL` elsewhere is `none` in a page table.
    pub(super) fn text(self, term: Term) -> String {
        match self {
            Thing::Nothing if term.reading == Reading::Pte => "none".to_string(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Nothing => f.write_str("NULL"),
            Thing::File(m) => write!(f, "m{m}"),
            Thing::Anon => f.write_str("anon"),
            Thing::Folio(n) => write!(f, "F{n}"),
            Thing::Shadow => f.write_str("shadow"),
            Thing::Swap(None) => f.write_str("swap"),
            Thing::Swap(Some(slot)) => write!(f, "swap[{slot}]"),
            Thing::Migration(None) => f.write_str("migration"),
            Thing::Migration(Some(n)) => write!(f, "migration[F{n}]"),
            Thing::ZeroPage => f.write_str("zero"),
            Thing::FilePage => f.write_str("file"),
            Thing::Free => f.write_str("free"),
            Thing::Held => f.write_str("held"),
            Thing::Task(t) => f.write_str(&task_name(*t)),
            Thing::Shared => f.write_str("shared"),
        }
    }
}

fn objects() -> String {
    let ranges = OBJECTS.iter().map(|(prefix, count, _)| format!("{prefix}0..{prefix}{}", count - 1));
    format!("{}, swap, {SWAP_SPACE_NAME}", ranges.collect::<Vec<_>>().join(", "))
}

/// A file or process a comparison is about that the initial state does not have. Frames come and go, so any folio may
/// be named.
pub(super) fn unknown(test: &Test, init: &Init) -> Option<String> {
    let place = test.term().obj().place();
    let file = |m: usize| m < MAPPINGS && init.mapping(m as u8).is_none();
    let named = if let Test::Names(_, _, Thing::File(m)) = test { Some(*m as usize) } else { None };
    let of = (place.class == Class::Mapping).then_some(place.index as usize);
    if let Some(m) = of.into_iter().chain(named).find(|m| file(*m)) {
        return Some(format!("no m{m}: expected a mapping of the `init` section"));
    }
    let dead = place.class == Class::Mm && !init.alive(place.index as usize);
    dead.then(|| format!("no p{}: expected a process of the `init` section", place.index))
}
