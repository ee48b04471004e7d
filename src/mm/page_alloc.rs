//! `mm/page_alloc.c`: a small allocator that hands the frame freed last out first.

use super::bug;
use crate::bugs;
use crate::kfn;
use crate::linux::mm_inline::{private_list_add, private_list_del};
use crate::linux::mm_types::Folio;
use crate::linux::mmdebug::peek_flags;
use crate::linux::page_flags::*;
use crate::linux::page_ref::set_page_refcounted;
use crate::linux::pagemap::folio_clear_mapping;
use crate::linux::pagevec::FolioBatch;
use crate::machine::m;
use crate::mm::kernel;
use crate::vocab::*;

/// `free_page_is_bad()`, v6.12 (with page checking enabled). Returns whether the state of a folio about to be freed is
/// bad (MM-6.12 1.4). Left out: memcg_data, page_type.
fn free_page_is_bad(folio: Folio) -> bool {
    kfn!(free_page_is_bad);
    let word = |field| m().peek(folio.obj(field));
    word(Field::Mapcount) != 0
        || word(Field::FolioMapping) != 0
        || word(Field::Refcount) != 0
        || peek_flags(folio) & PAGE_FLAGS_CHECK_AT_FREE != 0
}

/// `free_pages_prepare()`, v6.12. The caller dropped the last reference. Returns false for a bad page, which is leaked.
/// Left out: hwpoison, memcg, poisoning, page owner.
pub(super) fn free_pages_prepare(folio: Folio) -> bool {
    kfn!(free_pages_prepare);
    if kernel().has_folios() && folio_test_mlocked(folio) {
        __folio_clear_mlocked(folio);
    }
    if m().peek(folio.obj(Field::FolioMapping)) & PAGE_MAPPING_FLAGS != 0 {
        folio_clear_mapping(folio);
    }
    m().note(Note::FolioFree, folio.obj(Field::Refcount), 0);
    if free_page_is_bad(folio) {
        return false;
    }
    folio_clear_all_flags(folio);
    true
}

/// `free_unref_page()`, v6.12: gives the frame back. Left out: per-CPU lists, migratetypes.
pub fn free_unref_page(folio: Folio) {
    kfn!(free_unref_page);
    if free_pages_prepare(folio) && !bug(bugs::NO_RECYCLING) {
        let push = |list: u64| Some(Seq(list).push_head(folio.pfn()).0);
        let _ = m().rmw(Obj::free_list(), Order::Plain, Note::Nothing, folio.0 as u32, push);
    }
}

/// `free_unref_folios()`, v6.12: [`free_unref_page`] for each.
pub fn free_unref_folios(folios: &FolioBatch) {
    kfn!(free_unref_folios);
    for folio in folios.folios() {
        free_unref_page(folio);
    }
}

/// `list_add(&folio->lru, list)`: up to v6.8 the link of a folio whose last reference is gone collects it for
/// [`free_unref_page_list`].
pub fn list_add_dead(folio: Folio, list: &mut FolioBatch) {
    private_list_add(folio);
    list.add(folio, 0);
}

/// `free_unref_page_list()`, up to v6.8: [`free_unref_page`] for each.
pub fn free_unref_page_list(list: &FolioBatch) {
    kfn!(free_unref_page_list);
    for folio in list.folios() {
        private_list_del(folio);
        free_unref_page(folio);
    }
}

/// `check_new_page()`, v6.12 (with page checking enabled): whether the state of a free frame is bad, which is what a
/// stale user of it leaves behind. Left out: hwpoison, memcg_data, page_type.
fn check_new_page(folio: Folio) -> bool {
    kfn!(check_new_page);
    let word = |field| m().peek(folio.obj(field));
    [Field::Mapcount, Field::FolioMapping, Field::Refcount, Field::Flags].into_iter().any(|field| word(field) != 0)
}

/// The frame freed last, off the list.
fn take_frame() -> Option<Folio> {
    let pop = |list: u64| Seq(list).head().map(|f| Seq(list).remove(f).0);
    let old = m().rmw(Obj::free_list(), Order::Plain, Note::Nothing, u32::MAX, pop).ok()?;
    Some(Folio(Seq(old).head()? as u8))
}

/// `folio_alloc()`, v6.12: a folio with one reference of the caller's, unlocked, flags clear. A bad frame is dropped
/// and the next one taken. `None`: no free frame. Left out: reclaim on failure; every caller deals with `None`.
pub fn folio_alloc() -> Option<Folio> {
    kfn!(folio_alloc);
    let mut folio = take_frame()?;
    while check_new_page(folio) {
        folio = take_frame()?;
    }
    m().note(Note::FolioAlloc, folio.obj(Field::Refcount), 0);
    m().poke(folio.obj(Field::Private), 0);
    set_page_refcounted(folio, Owner::Alloc);
    Some(folio)
}
