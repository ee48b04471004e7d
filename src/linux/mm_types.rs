//! `mm_types.h`: handles. A handle is an index; the memory is the machine's.

use crate::machine::m;
use crate::vocab::{Field, Note, Obj, Order, Via, as_file_mapping};

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
