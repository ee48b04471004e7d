//! The shared objects of the simulated machine, numbered densely so that shadows are plain arrays.

use super::{
    ANON_VMAS, BATCHES, FOLIOS, LRU_LISTS, MAPPINGS, MMS, PROCESSORS, SLOTS, SPACES, TASKS, VADDRS, VMAS, WAIT_QUEUES,
};

macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $class:ident $short:literal x $count:expr => $($field:ident = $name:literal $([$cells:expr])?),+;
    )+) => {
        /// What kind of thing an object belongs to.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Class {
            $($(#[$doc])* $class,)+
        }

        impl Class {
            /// Objects of the class.
            pub const fn count(self) -> usize {
                match self { $(Class::$class => $count,)+ }
            }

            /// How one of them is written before its number; empty where there is only one.
            const fn short(self) -> &'static str {
                match self { $(Class::$class => $short,)+ }
            }
        }

        /// A field of an object: one cell of shared memory, or an array of them.
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

            /// Cells of the field.
            pub const fn cells(self) -> usize {
                match self { $($(Field::$field => 1 $(* $cells)?,)+)+ }
            }
        }
    };
}

objects! {
    /// A page frame's `struct folio`, with what hangs off it one to one.
    Folio "F" x FOLIOS => Flags = "flags", Refcount = "_refcount", Mapcount = "_mapcount", FolioMapping = "mapping",
        Index = "index", Private = "private", Lru = "lru", MlockCount = "mlock_count", Content = "content",
        BufferState = "b_state", BufferCount = "b_count", IfsState = "ifs_state", IfsPending = "ifs_pending";
    /// An inode with its embedded `address_space`: slab memory that is freed. The last one is the swap space.
    Mapping "m" x SPACES => AsFlags = "as_flags", AOps = "a_ops", NrPages = "nrpages", Marks = "marks",
        Slot = "i_pages" [SLOTS], XaLock = "xa_lock", ILock = "i_lock", IState = "i_state", ICount = "i_count",
        IRwsem = "i_rwsem", InvalidateLock = "invalidate_lock", IMmapRwsem = "i_mmap_rwsem", IMmap = "i_mmap",
        IMmapNonlinear = "i_mmap_nonlinear",
        IPrivateLock = "i_private_lock", ISize = "i_size", Disk = "disk" [SLOTS],
        Swapped = "swapped", StopEviction = "stop_eviction",
        TruncateCount = "truncate_count";
    /// The open-file table entry of a mapping: outside the inode's memory.
    File "m" x MAPPINGS => FCount = "f_count";
    Lruvec "" x 1 => LruLock = "lru_lock", LruList = "lists" [LRU_LISTS];
    WaitQueue "wq" x WAIT_QUEUES => QueueLock = "wq_lock", Queue = "wq_head";
    Task "task" x TASKS => WaitFlags = "wait_flags", Signal = "signal";
    Cpu "cpu" x PROCESSORS => LocalLock = "local_lock", FBatch = "cpu_fbatches" [BATCHES];
    Zone "" x 1 => FreeList = "free_list", LruDisable = "lru_disable_count", DrainLock = "lru_drain_lock",
        DrainGen = "lru_drain_gen", NrMlock = "nr_mlock";
    /// The one swap device.
    Swap "" x 1 => SwapMap = "swap_map" [SLOTS], SwapLock = "cluster_lock", SwapUsers = "swap_users",
        ShmemSwaplist = "shmem_swaplist", ShmemSwaplistMutex = "shmem_swaplist_mutex";
    /// A process's address space with its one page table.
    Mm "mm" x MMS => MmUsers = "mm_users", MmapLock = "mmap_lock", MmVmas = "mm_mt", Ptl = "ptl",
        PteCell = "pte" [VADDRS], WriteProtectSeq = "write_protect_seq", HasPinned = "has_pinned";
    /// A `vm_area_struct`: slab memory.
    Vma "vma" x VMAS => VmFlags = "vm_flags", VmPlace = "vm_place", VmAnonVma = "anon_vma",
        VmTruncateCount = "vm_truncate_count";
    /// An `anon_vma`: type-stable slab memory.
    AnonVma "av" x ANON_VMAS => AvRefcount = "refcount", AvRoot = "root", AvRwsem = "rwsem", AvTree = "rb_root";
    /// No object: events that are pure notes.
    None "" x 1 => NoField = "none";
}

const FIELDS: usize = Field::ALL.len();

/// Number of a field's first cell in the first object of its class.
const BASE: [u16; FIELDS] = {
    let mut t = [0; FIELDS];
    let mut i = 0;
    let mut class_base = 0;
    while i < FIELDS {
        let class = Field::ALL[i].class();
        let mut offset = 0;
        while i < FIELDS && Field::ALL[i].class() as u8 == class as u8 {
            t[i] = (class_base + offset) as u16;
            offset += Field::ALL[i].cells();
            i += 1;
        }
        class_base += offset * class.count();
    }
    t
};

/// Cells of one object of the field's class.
const STRIDE: [u16; FIELDS] = {
    let mut t = [0; FIELDS];
    let mut i = 0;
    while i < FIELDS {
        let mut k = 0;
        while k < FIELDS {
            if Field::ALL[k].class() as u8 == Field::ALL[i].class() as u8 {
                t[i] += Field::ALL[k].cells() as u16;
            }
            k += 1;
        }
        i += 1;
    }
    t
};

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
    /// The object of events that concern none.
    pub const NONE: Obj = Obj::at(Field::NoField, 0, 0);
    /// Number of objects, the nil object included.
    pub const COUNT: usize = Obj::NONE.0 as usize + 1;

    /// Cell `sub` of field `field` of object `index` of the field's class.
    #[inline]
    pub const fn at(field: Field, index: usize, sub: usize) -> Obj {
        Obj(BASE[field as usize] + index as u16 * STRIDE[field as usize] + sub as u16)
    }

    /// Field `field` of folio `i`.
    #[inline]
    pub const fn folio(i: usize, field: Field) -> Obj {
        Obj::at(field, i, 0)
    }

    /// Field `field` of mapping `m`; for slots use [`Obj::slot`].
    #[inline]
    pub const fn mapping(m: usize, field: Field) -> Obj {
        Obj::at(field, m, 0)
    }

    #[inline]
    pub const fn slot(m: usize, index: usize) -> Obj {
        Obj::at(Field::Slot, m, index)
    }

    pub const fn file(m: usize) -> Obj {
        Obj::at(Field::FCount, m, 0)
    }

    pub const fn lru_lock() -> Obj {
        Obj::at(Field::LruLock, 0, 0)
    }

    pub const fn lru_list(list: usize) -> Obj {
        Obj::at(Field::LruList, 0, list)
    }

    pub const fn queue_lock(q: usize) -> Obj {
        Obj::at(Field::QueueLock, q, 0)
    }

    pub const fn queue(q: usize) -> Obj {
        Obj::at(Field::Queue, q, 0)
    }

    pub const fn wait_flags(task: usize) -> Obj {
        Obj::at(Field::WaitFlags, task, 0)
    }

    pub const fn local_lock(cpu: usize) -> Obj {
        Obj::at(Field::LocalLock, cpu, 0)
    }

    /// One of a CPU's batches, by its number in `linux::percpu`.
    pub const fn batch(cpu: usize, batch: usize) -> Obj {
        Obj::at(Field::FBatch, cpu, batch)
    }

    pub const fn free_list() -> Obj {
        Obj::at(Field::FreeList, 0, 0)
    }

    pub const fn pte(mm: usize, vaddr: usize) -> Obj {
        Obj::at(Field::PteCell, mm, vaddr)
    }

    #[inline]
    pub fn place(self) -> Place {
        PLACES[self.0 as usize]
    }

    #[inline]
    pub fn field(self) -> Field {
        PLACES[self.0 as usize].field
    }

    #[inline]
    const fn of_class(self, first: Field, count: usize) -> Option<usize> {
        let i = (self.0 as usize).wrapping_sub(BASE[first as usize] as usize);
        let stride = STRIDE[first as usize] as usize;
        if i < count * stride { Some(i / stride) } else { None }
    }

    /// The folio this is a field of.
    #[inline]
    pub fn as_folio(self) -> Option<usize> {
        self.of_class(Field::Flags, FOLIOS)
    }

    /// The mapping this is a field of; [`SPACES`] of them, the last one is the swap space.
    #[inline]
    pub fn as_mapping(self) -> Option<usize> {
        self.of_class(Field::AsFlags, SPACES)
    }
}

/// Every object taken apart, by number. `static`, so that `place` is one load.
static PLACES: [Place; Obj::COUNT] = {
    let mut t = [Place { class: Class::None, index: 0, field: Field::NoField, sub: 0 }; Obj::COUNT];
    let mut i = 0;
    while i < FIELDS {
        let field = Field::ALL[i];
        let mut n = 0;
        while n < field.class().count() {
            let mut s = 0;
            while s < field.cells() {
                t[Obj::at(field, n, s).0 as usize] =
                    Place { class: field.class(), index: n as u8, field, sub: s as u8 };
                s += 1;
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
        let short = p.class.short();
        match p.class {
            Class::None => return f.write_str("-"),
            Class::Lruvec => write!(f, "lruvec->")?,
            Class::Zone => write!(f, "zone->")?,
            Class::Swap => write!(f, "swap->")?,
            Class::File => write!(f, "{short}{}.file->", p.index)?,
            Class::Mapping if p.index as usize == MAPPINGS => write!(f, "swap_space->")?,
            _ => write!(f, "{short}{}->", p.index)?,
        }
        f.write_str(p.field.name())?;
        if p.field.cells() > 1 { write!(f, "[{}]", p.sub) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_one_place_and_places_come_back() {
        for i in 0..Obj::COUNT - 1 {
            let p = Obj(i as u16).place();
            assert_ne!(p.class, Class::None, "object {i} has no place");
            assert_eq!(Obj::at(p.field, p.index as usize, p.sub as usize), Obj(i as u16));
            assert_eq!(Obj(i as u16).as_folio().is_some(), p.class == Class::Folio);
            assert_eq!(Obj(i as u16).as_mapping().is_some(), p.class == Class::Mapping);
        }
    }
}
