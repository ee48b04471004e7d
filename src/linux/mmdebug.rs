//! `mmdebug.h`: assertions of the kernel itself. They read memory without being an access of their own: CONFIG_DEBUG_VM
//! must not change what interleavings exist.

use super::mm_types::Folio;
use crate::machine::m;
use crate::vocab::{Field, Note, Obj, VmBug};

/// Reports `why` if `cond` holds. The kernel would stop; the model's checks end the run if they are subscribed. That a
/// folio is locked, the kernel takes for its own lock: told, so that a check may ask whose it is.
#[inline]
pub fn vm_bug_on_folio(cond: bool, folio: Folio, why: VmBug) {
    if cond {
        m().note(Note::VmBug, folio.obj(Field::Flags), why as u32);
    } else if why == VmBug::NotLocked {
        m().note(Note::LockAsserted, folio.obj(Field::Flags), 0);
    }
}

/// As [`vm_bug_on_folio`], about no folio.
#[inline]
pub fn bug_on(cond: bool, why: VmBug) {
    if cond {
        m().note(Note::VmBug, Obj::NONE, why as u32);
    }
}

/// The folio's flags as an assertion sees them: those it asks for with `&`.
#[derive(Clone, Copy)]
pub struct PeekedFlags(Folio);

/// The folio's flags as an assertion sees them.
#[inline]
pub fn peek_flags(folio: Folio) -> PeekedFlags {
    PeekedFlags(folio)
}

impl std::ops::BitAnd<u64> for PeekedFlags {
    type Output = u64;

    #[inline]
    fn bitand(self, bits: u64) -> u64 {
        m().peek_flags(self.0.pfn(), bits)
    }
}
