//! The shared objects of the simulated machine, numbered densely so that shadows are plain arrays.

use super::{CPUS, FOLIOS, LRU_LISTS, MAPPINGS, SLOTS, TASKS, WAIT_QUEUES};

/// What kind of thing an object belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Class {
    Folio,
    /// An inode with its embedded `address_space`: slab memory that is freed.
    Mapping,
    /// The open-file table entry of a mapping: outside the inode's memory.
    File,
    Lruvec,
    WaitQueue,
    Task,
    Cpu,
    Zone,
    /// No object: events that are pure notes.
    None,
}

macro_rules! fields {
    ($($class:ident: $($field:ident = $name:literal),+;)+) => {
        /// A field of an object; one cell of shared memory (`Slot` and `LruList` are arrays of cells).
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Field { $($($field,)+)+ }

        impl Field {
            pub const ALL: &'static [Field] = &[$($(Field::$field,)+)+];

            /// The kernel's name of the field, used in sites and diagrams.
            pub const fn name(self) -> &'static str {
                match self { $($(Field::$field => $name,)+)+ }
            }

            pub const fn class(self) -> Class {
                match self { $($(Field::$field => Class::$class,)+)+ }
            }
        }
    };
}

fields! {
    Folio: Flags = "flags", Refcount = "_refcount", Mapcount = "_mapcount", FolioMapping = "mapping", Index = "index",
        Private = "private", Lru = "lru";
    Mapping: AsFlags = "as_flags", AOps = "a_ops", NrPages = "nrpages", Marks = "marks", Slot = "i_pages",
        XaLock = "xa_lock", ILock = "i_lock", IState = "i_state", ICount = "i_count", IRwsem = "i_rwsem",
        InvalidateLock = "invalidate_lock", IMmapRwsem = "i_mmap_rwsem";
    File: FCount = "f_count";
    Lruvec: LruLock = "lru_lock", LruList = "lists";
    WaitQueue: QueueLock = "wq_lock", Queue = "wq_head";
    Task: WaitFlags = "wait_flags";
    Cpu: LocalLock = "local_lock", LruAddBatch = "lru_add";
    Zone: FreeList = "free_list";
    None: NoField = "none";
}

const FOLIO_FIELDS: usize = 7;
const MAPPING_FIELDS: usize = 11 + SLOTS;
const LRUVEC_FIELDS: usize = 1 + LRU_LISTS;

const MAPPING_BASE: usize = FOLIOS * FOLIO_FIELDS;
const FILE_BASE: usize = MAPPING_BASE + MAPPINGS * MAPPING_FIELDS;
const LRUVEC_BASE: usize = FILE_BASE + MAPPINGS;
const WAIT_BASE: usize = LRUVEC_BASE + LRUVEC_FIELDS;
const TASK_BASE: usize = WAIT_BASE + 2 * WAIT_QUEUES;
const CPU_BASE: usize = TASK_BASE + TASKS;
const ZONE_BASE: usize = CPU_BASE + 2 * CPUS;
const NONE_BASE: usize = ZONE_BASE + 1;

/// A cell of the machine's memory, or a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct Obj(pub u16);

/// An object taken apart: `sub` numbers the cells of array fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub class: Class,
    pub index: u8,
    pub field: Field,
    pub sub: u8,
}

impl Obj {
    /// Number of objects, the nil object included.
    pub const COUNT: usize = NONE_BASE + 1;
    /// The object of events that concern none.
    pub const NONE: Obj = Obj(NONE_BASE as u16);

    /// Field `field` of folio `i`.
    #[inline]
    pub const fn folio(i: usize, field: Field) -> Obj {
        Obj((i * FOLIO_FIELDS + (field as usize - Field::Flags as usize)) as u16)
    }

    /// Field `field` of mapping `m`; for slots use [`Obj::slot`].
    #[inline]
    pub const fn mapping(m: usize, field: Field) -> Obj {
        let f = field as usize - Field::AsFlags as usize;
        let slot = Field::Slot as usize - Field::AsFlags as usize;
        let at = if f > slot { f + SLOTS - 1 } else { f };
        Obj((MAPPING_BASE + m * MAPPING_FIELDS + at) as u16)
    }

    #[inline]
    pub const fn slot(m: usize, index: usize) -> Obj {
        let slot = Field::Slot as usize - Field::AsFlags as usize;
        Obj((MAPPING_BASE + m * MAPPING_FIELDS + slot + index) as u16)
    }

    pub const fn file(m: usize) -> Obj {
        Obj((FILE_BASE + m) as u16)
    }

    pub const fn lru_lock() -> Obj {
        Obj(LRUVEC_BASE as u16)
    }

    pub const fn lru_list(list: usize) -> Obj {
        Obj((LRUVEC_BASE + 1 + list) as u16)
    }

    pub const fn queue_lock(q: usize) -> Obj {
        Obj((WAIT_BASE + 2 * q) as u16)
    }

    pub const fn queue(q: usize) -> Obj {
        Obj((WAIT_BASE + 2 * q + 1) as u16)
    }

    pub const fn wait_flags(task: usize) -> Obj {
        Obj((TASK_BASE + task) as u16)
    }

    pub const fn local_lock(cpu: usize) -> Obj {
        Obj((CPU_BASE + 2 * cpu) as u16)
    }

    pub const fn lru_add_batch(cpu: usize) -> Obj {
        Obj((CPU_BASE + 2 * cpu + 1) as u16)
    }

    pub const fn free_list() -> Obj {
        Obj(ZONE_BASE as u16)
    }

    #[inline]
    pub fn place(self) -> Place {
        PLACES[self.0 as usize]
    }

    #[inline]
    pub fn field(self) -> Field {
        PLACES[self.0 as usize].field
    }

    /// The folio this is a field of.
    #[inline]
    pub fn as_folio(self) -> Option<usize> {
        ((self.0 as usize) < MAPPING_BASE).then_some(self.0 as usize / FOLIO_FIELDS)
    }

    /// The mapping this is a field of.
    #[inline]
    pub fn as_mapping(self) -> Option<usize> {
        let i = (self.0 as usize).wrapping_sub(MAPPING_BASE);
        (i < MAPPINGS * MAPPING_FIELDS).then_some(i / MAPPING_FIELDS)
    }
}

const fn place(class: Class, index: usize, field: Field, sub: usize) -> Place {
    Place { class, index: index as u8, field, sub: sub as u8 }
}

/// Every object taken apart, by number. `static`, so that `place` is one load.
static PLACES: [Place; Obj::COUNT] = {
    let mut t = [place(Class::None, 0, Field::NoField, 0); Obj::COUNT];
    let mut i = 0;
    while i < Field::ALL.len() {
        let field = Field::ALL[i];
        let class = field.class();
        let mut n = 0;
        while n < 8 {
            match class {
                Class::Folio if n < FOLIOS => t[Obj::folio(n, field).0 as usize] = place(class, n, field, 0),
                Class::Mapping if n < MAPPINGS => {
                    if matches!(field, Field::Slot) {
                        let mut s = 0;
                        while s < SLOTS {
                            t[Obj::slot(n, s).0 as usize] = place(class, n, field, s);
                            s += 1;
                        }
                    } else {
                        t[Obj::mapping(n, field).0 as usize] = place(class, n, field, 0);
                    }
                }
                Class::File if n < MAPPINGS => t[Obj::file(n).0 as usize] = place(class, n, field, 0),
                Class::Lruvec if n == 0 => {
                    if matches!(field, Field::LruLock) {
                        t[Obj::lru_lock().0 as usize] = place(class, 0, field, 0);
                    } else {
                        let mut s = 0;
                        while s < LRU_LISTS {
                            t[Obj::lru_list(s).0 as usize] = place(class, 0, field, s);
                            s += 1;
                        }
                    }
                }
                Class::WaitQueue if n < WAIT_QUEUES => {
                    let o = if matches!(field, Field::QueueLock) { Obj::queue_lock(n) } else { Obj::queue(n) };
                    t[o.0 as usize] = place(class, n, field, 0);
                }
                Class::Task if n < TASKS => t[Obj::wait_flags(n).0 as usize] = place(class, n, field, 0),
                Class::Cpu if n < CPUS => {
                    let o = if matches!(field, Field::LocalLock) { Obj::local_lock(n) } else { Obj::lru_add_batch(n) };
                    t[o.0 as usize] = place(class, n, field, 0);
                }
                Class::Zone if n == 0 => t[Obj::free_list().0 as usize] = place(class, 0, field, 0),
                _ => {}
            }
            n += 1;
        }
        i += 1;
    }
    t
};

impl std::fmt::Display for Obj {
    /// `F0->flags`, `m1->i_pages[2]`, `lru_lock`: as diagrams name it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let p = self.place();
        let name = p.field.name();
        match p.class {
            Class::Folio => write!(f, "F{}->{name}", p.index),
            Class::Mapping if p.field == Field::Slot => write!(f, "m{}->{name}[{}]", p.index, p.sub),
            Class::Mapping => write!(f, "m{}->{name}", p.index),
            Class::File => write!(f, "m{}.file->{name}", p.index),
            Class::Lruvec if p.field == Field::LruList => write!(f, "lruvec->lists[{}]", p.sub),
            Class::Lruvec => write!(f, "lruvec->{name}"),
            Class::WaitQueue => write!(f, "wq{}->{name}", p.index),
            Class::Task => write!(f, "task{}->{name}", p.index),
            Class::Cpu => write!(f, "cpu{}->{name}", p.index),
            Class::Zone => write!(f, "zone->{name}"),
            Class::None => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_one_place_and_places_come_back() {
        for i in 0..NONE_BASE {
            let p = Obj(i as u16).place();
            assert_ne!(p.class, Class::None, "object {i} has no place");
            let back = match (p.class, p.field) {
                (Class::Folio, f) => Obj::folio(p.index as usize, f),
                (Class::Mapping, Field::Slot) => Obj::slot(p.index as usize, p.sub as usize),
                (Class::Mapping, f) => Obj::mapping(p.index as usize, f),
                (Class::File, _) => Obj::file(p.index as usize),
                (Class::Lruvec, Field::LruLock) => Obj::lru_lock(),
                (Class::Lruvec, _) => Obj::lru_list(p.sub as usize),
                (Class::WaitQueue, Field::QueueLock) => Obj::queue_lock(p.index as usize),
                (Class::WaitQueue, _) => Obj::queue(p.index as usize),
                (Class::Task, _) => Obj::wait_flags(p.index as usize),
                (Class::Cpu, Field::LocalLock) => Obj::local_lock(p.index as usize),
                (Class::Cpu, _) => Obj::lru_add_batch(p.index as usize),
                (Class::Zone, _) => Obj::free_list(),
                (Class::None, _) => unreachable!(),
            };
            assert_eq!(back, Obj(i as u16));
        }
    }
}
