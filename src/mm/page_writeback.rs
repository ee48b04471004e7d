//! `mm/page-writeback.c`: dirtying.

use super::bug;
use crate::bugs;
use crate::kfn;
use crate::linux::mm_types::Folio;
use crate::linux::page_flags::*;
use crate::linux::pagemap::{folio_index, folio_raw_mapping};
use crate::linux::pagemap::{folio_mapping, mapping_aops};
use crate::linux::spinlock::{SpinLock, spin_lock_irq, spin_unlock_irq};
use crate::linux::xarray::xas_set_mark;
use crate::vocab::MARK_DIRTY;

/// `folio_mark_dirty()` with `filemap_dirty_folio()` and `__folio_mark_dirty()`, v6.12. The folio is locked, so its
/// mapping stays. Left out: PG_reclaim, accounting, inode dirty lists.
pub fn folio_mark_dirty(folio: Folio) {
    kfn!(folio_mark_dirty);
    let Some(mapping) = folio_mapping(folio) else {
        if !folio_test_dirty(folio) {
            folio_test_set_dirty(folio);
        }
        return;
    };
    let _dirty_folio = mapping_aops(mapping);
    if bug(bugs::M_NA_DIRTY) {
        __folio_set_dirty(folio);
    } else if folio_test_set_dirty(folio) {
        return;
    }
    spin_lock_irq(SpinLock::i_pages(mapping));
    if folio_raw_mapping(folio).is(mapping) {
        xas_set_mark(mapping, folio_index(folio), MARK_DIRTY);
    }
    spin_unlock_irq(SpinLock::i_pages(mapping));
}

pub fn folio_clear_dirty_for_io(_folio: Folio) -> bool {
    todo!()
}

pub fn folio_cancel_dirty(_folio: Folio) {
    todo!()
}

pub fn folio_start_writeback(_folio: Folio) {
    todo!()
}

pub fn __folio_end_writeback(_folio: Folio) -> bool {
    todo!()
}

pub fn write_cache_pages(_mapping: crate::linux::mm_types::AddressSpace, _sync: bool) {
    todo!()
}
