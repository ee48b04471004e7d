//! `mm_types.h`: handles. A handle is an index; the memory is the machine's.

use super::fs;
use crate::machine::m;
use crate::vocab::*;

/// A page frame's `struct folio` (order-0). Type-stable memory: the bare frame number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Folio(pub u8);

impl Folio {
    #[inline]
    pub const fn obj(self, field: Field) -> Obj {
        Obj::folio(self.0 as usize, field)
    }

    #[inline]
    pub const fn pfn(self) -> usize {
        self.0 as usize
    }
}

/// A `struct address_space` together with how the holder came by it. Slab memory: it may be gone.
#[derive(Clone, Copy, Debug)]
pub struct AddressSpace {
    pub index: u8,
    pub via: Via,
}

impl PartialEq for AddressSpace {
    /// Pointer comparison.
    fn eq(&self, other: &AddressSpace) -> bool {
        self.index == other.index
    }
}
impl Eq for AddressSpace {}

impl AddressSpace {
    /// A mapping its user pins: an open file's, or the evictor's own.
    pub const fn pinned(index: usize) -> AddressSpace {
        AddressSpace { index: index as u8, via: Via::Pinned { generation: 0 } }
    }

    /// `swap_address_space`: the swap cache. Pinned by the locked swap-cache folio or `get_swap_device()`.
    pub const SWAP: AddressSpace = AddressSpace::pinned(SWAP_SPACE);

    pub fn is_swap(self) -> bool {
        self.index as usize == SWAP_SPACE
    }

    #[inline]
    pub const fn obj(self, field: Field) -> Obj {
        Obj::mapping(self.index as usize, field)
    }

    #[inline]
    pub const fn slot(self, index: usize) -> Obj {
        Obj::slot(self.index as usize, index)
    }

    /// The provenance word of every access to this mapping's memory.
    #[inline]
    pub const fn aux(self) -> u32 {
        self.via.aux()
    }

    /// A plain or READ_ONCE load of a member.
    #[inline]
    pub fn load(self, field: Field) -> u64 {
        m().load(self.obj(field), Order::Relaxed, Note::Nothing, self.aux())
    }
}

/// The raw value of `folio->mapping`: to compare, or to decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappingPtr {
    word: u64,
    folio: u8,
    seq: u32,
}

impl MappingPtr {
    /// LD `folio->mapping`.
    #[inline]
    pub fn load(folio: Folio) -> MappingPtr {
        let word = m().load(folio.obj(Field::FolioMapping), Order::Relaxed, Note::MappingLoad, 0);
        MappingPtr { word, folio: folio.0, seq: m().seq() }
    }

    pub fn is_null(self) -> bool {
        self.word == 0
    }

    /// The anon_vma of an anonymous folio.
    #[inline]
    pub fn anon_vma(self) -> Option<AnonVma> {
        as_anon_mapping(self.word).map(|av| AnonVma(av as u8))
    }

    pub fn is_anon(self) -> bool {
        self.word & PAGE_MAPPING_FLAGS == PAGE_MAPPING_ANON
    }

    /// The encoded pointer itself, to store somewhere else.
    pub fn word(self) -> u64 {
        self.word
    }

    /// Pointer comparison with another load.
    pub fn same(self, other: MappingPtr) -> bool {
        self.word == other.word
    }

    /// The file's mapping; `None` for NULL and anonymous folios.
    #[inline]
    pub fn file(self) -> Option<AddressSpace> {
        let (index, generation) = as_file_mapping(self.word)?;
        Some(AddressSpace { index: index as u8, via: Via::Folio { folio: self.folio, generation, seq: self.seq } })
    }

    /// Whether the folio belongs to `mapping`.
    #[inline]
    pub fn is(self, mapping: AddressSpace) -> bool {
        self.file() == Some(mapping)
    }
}

/// A process's address space (`struct mm_struct`). The handle is only used by who holds `mm_users`, or under a lock
/// that keeps one of its VMAs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mm(pub u8);

impl Mm {
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    #[inline]
    pub const fn obj(self, field: Field) -> Obj {
        Obj::at(field, self.0 as usize, 0)
    }

    #[inline]
    pub const fn pte(self, addr: usize) -> Obj {
        Obj::pte(self.0 as usize, addr)
    }

    /// `mmget_not_zero`: the process is alive and stays so until [`mmput_testzero`](Mm::mmput_testzero).
    pub fn mmget_not_zero(self) -> bool {
        crate::prim!(mmget_not_zero);
        let get = |v: u64| (v != 0).then_some(v + 1);
        m().rmw(self.obj(Field::MmUsers), Order::Full, Note::Nothing, 0, get).is_ok()
    }

    /// The count half of `mmput`: true if the caller's was the last user, which makes it the one to tear it down.
    pub fn mmput_testzero(self) -> bool {
        crate::prim!(mmput_testzero);
        let put = |v: u64| Some(v.wrapping_sub(1));
        m().rmw(self.obj(Field::MmUsers), Order::Full, Note::Nothing, 0, put) == Ok(1)
    }

    /// `mm_users`, racy.
    pub fn mm_users(self) -> u64 {
        crate::prim!(mm_users);
        m().load(self.obj(Field::MmUsers), Order::Relaxed, Note::Nothing, 0)
    }

    /// The VMAs, lowest address first. mmap_lock held.
    pub fn vmas(self) -> impl Iterator<Item = Vma> {
        Seq(m().peek(self.obj(Field::MmVmas))).iter().map(|v| Vma(v as u8))
    }

    /// `vma_lookup`: the VMA that contains `addr`. mmap_lock held.
    pub fn vma_lookup(self, addr: usize) -> Option<Vma> {
        self.vmas().find(|v| v.contains(addr))
    }
}

/// A `vm_area_struct`. Slab memory; it lives while its process's mmap_lock, or the tree lock it was found under, is
/// held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vma(pub u8);

/// Where a VMA is and what it maps. Changes only under mmap_lock held for writing, and under the lock of the tree the
/// VMA is in: a plain read is free under either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VmPlace {
    /// First virtual page, and the one after the last.
    pub start: usize,
    pub end: usize,
    /// Page offset of `start` in the file; of an anonymous VMA, its first address when it was mapped.
    pub pgoff: usize,
    /// The file's mapping number.
    pub file: Option<usize>,
}

impl VmPlace {
    pub const fn pack(self) -> u64 {
        let file = match self.file {
            Some(m) => m as u64 + 1,
            None => 0,
        };
        self.start as u64 | (self.end as u64) << 8 | (self.pgoff as u64) << 16 | file << 24
    }

    pub const fn unpack(word: u64) -> VmPlace {
        let file = word >> 24 & 0xff;
        VmPlace {
            start: (word & 0xff) as usize,
            end: (word >> 8 & 0xff) as usize,
            pgoff: (word >> 16 & 0xff) as usize,
            file: if file == 0 { None } else { Some(file as usize - 1) },
        }
    }
}

impl Vma {
    #[inline]
    pub const fn obj(self, field: Field) -> Obj {
        Obj::at(field, self.0 as usize, 0)
    }

    pub const fn mm(self) -> Mm {
        Mm(self.0 / VMAS_PER_MM as u8)
    }

    pub fn place(self) -> VmPlace {
        VmPlace::unpack(m().peek(self.obj(Field::VmPlace)))
    }

    pub fn set_place(self, place: VmPlace) {
        m().poke(self.obj(Field::VmPlace), place.pack());
    }

    pub fn contains(self, addr: usize) -> bool {
        let place = self.place();
        (place.start..place.end).contains(&addr)
    }

    /// `linear_page_index`: the file page, or anonymous index, at `addr`.
    pub fn linear_page_index(self, addr: usize) -> usize {
        let place = self.place();
        addr + place.pgoff - place.start
    }

    /// `vma_address`: where `index` is in this VMA, if it is.
    pub fn vma_address(self, index: usize) -> Option<usize> {
        let place = self.place();
        let addr = (index + place.start).checked_sub(place.pgoff)?;
        (addr >= place.start && addr < place.end).then_some(addr)
    }

    /// READ_ONCE of `vm_flags`.
    pub fn vm_flags(self) -> u64 {
        crate::prim!(vm_flags);
        m().load(self.obj(Field::VmFlags), Order::Relaxed, Note::Nothing, 0)
    }

    /// One store of `vm_flags`. mmap_lock held for writing.
    pub fn set_vm_flags(self, flags: u64) {
        crate::prim!(vm_flags_reset);
        m().store(self.obj(Field::VmFlags), flags, Order::Relaxed, Note::Nothing, 0);
    }

    /// `vma->vm_file->f_mapping`: pinned for as long as the running task holds the mmap_lock.
    pub fn vm_file(self) -> Option<AddressSpace> {
        let file = self.place().file?;
        fs::inode_pin(file);
        Some(AddressSpace::pinned(file))
    }

    /// LD `vma->anon_vma`.
    pub fn anon_vma(self) -> Option<AnonVma> {
        crate::prim!(vma_anon_vma);
        let word = m().load(self.obj(Field::VmAnonVma), Order::Relaxed, Note::Nothing, 0);
        (word != 0).then(|| AnonVma(word as u8 - 1))
    }

    /// ST `vma->anon_vma`.
    pub fn set_anon_vma(self, anon_vma: Option<AnonVma>) {
        crate::prim!(set_vma_anon_vma);
        let word = anon_vma.map_or(0, |av| av.0 as u64 + 1);
        m().store(self.obj(Field::VmAnonVma), word, Order::Release, Note::Nothing, 0);
    }
}

/// An `anon_vma`: type-stable under RCU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnonVma(pub u8);

impl AnonVma {
    #[inline]
    pub const fn obj(self, field: Field) -> Obj {
        Obj::at(field, self.0 as usize, 0)
    }

    /// LD `anon_vma->root`.
    pub fn root(self) -> AnonVma {
        crate::prim!(anon_vma_root);
        AnonVma(m().load(self.obj(Field::AvRoot), Order::Relaxed, Note::Nothing, 0) as u8)
    }

    /// The VMAs of the tree, in the order the walk meets them. The root's rwsem held.
    pub fn tree(self) -> Seq {
        crate::prim!(anon_vma_tree);
        Seq(m().load(self.obj(Field::AvTree), Order::Plain, Note::Nothing, 0))
    }
}
