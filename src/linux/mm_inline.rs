//! `mm_inline.h`, `mmzone.h`: the one lruvec. A list is one cell: adding or deleting is one access, made under
//! `lru_lock`.

use super::mm_types::Folio;
use super::mmdebug::{peek_flags, vm_bug_on_folio};
use super::page_flags::folio_lru_flags;
use super::spinlock::SpinLock;
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

/// LRU list numbers; unevictable folios are only counted.
pub const LRU_UNEVICTABLE: usize = 4;

pub const LRUVEC_LOCK: SpinLock = SpinLock::lru();

/// `folio_lru_list`: the list the folio's flags choose.
#[inline]
pub fn folio_lru_list(folio: Folio) -> usize {
    prim!(folio_lru_list);
    let both = PG_ACTIVE | PG_UNEVICTABLE;
    vm_bug_on_folio(peek_flags(folio) & both == both, folio, VmBug::ActiveUnevictable);
    let flags = folio_lru_flags(folio);
    if flags & PG_UNEVICTABLE != 0 {
        return LRU_UNEVICTABLE;
    }
    let file = if flags & PG_SWAPBACKED == 0 { 2 } else { 0 };
    file + (flags & PG_ACTIVE != 0) as usize
}

#[inline]
fn change(folio: Folio, list: usize, note: Note, f: impl FnOnce(Seq) -> Seq, count: i64) {
    let obj = Obj::lru_list(list);
    let _ = m().rmw(obj, Order::Plain, Note::Nothing, folio.0 as u32, |v| {
        Some(if list == LRU_UNEVICTABLE { v.wrapping_add_signed(count) } else { f(Seq(v)).0 })
    });
    m().note(note, folio.obj(Field::Lru), list as u32);
}

/// Files the folio at the head of its list. `lru_lock` held.
#[inline]
pub fn lruvec_add_folio(folio: Folio) {
    prim!(lruvec_add_folio);
    let list = folio_lru_list(folio);
    change(folio, list, Note::LruAdd, |l| l.push_head(folio.pfn()), 1);
}

/// Takes the folio off the list its flags name. `lru_lock` held.
#[inline]
pub fn lruvec_del_folio(folio: Folio) {
    prim!(lruvec_del_folio);
    let list = folio_lru_list(folio);
    change(folio, list, Note::LruDel, |l| l.remove(folio.pfn()), -1);
}

/// The folios of a list, head first. `lru_lock` held.
#[inline]
pub fn lruvec_list(list: usize) -> Seq {
    prim!(lruvec_list);
    Seq(m().load(Obj::lru_list(list), Order::Plain, Note::Nothing, 0))
}

/// `list_move(&folio->lru, head)`: to the front of the list it is on. `lru_lock` held.
#[inline]
pub fn lruvec_rotate(folio: Folio, list: usize) {
    prim!(list_move);
    let front = |v: u64| Some(Seq(v).remove(folio.pfn()).push_head(folio.pfn()).0);
    let _ = m().rmw(Obj::lru_list(list), Order::Plain, Note::Nothing, folio.0 as u32, front);
}

/// `list_move` to a private list, from an LRU list the scanner has in hand. `lru_lock` held.
#[inline]
pub fn lruvec_isolate(folio: Folio, list: usize) {
    prim!(list_move);
    change(folio, list, Note::LruDel, |l| l.remove(folio.pfn()), -1);
    private_list_add(folio);
}

/// The folio's link is on a private list of this task now. The list itself is the task's own.
#[inline]
pub fn private_list_add(folio: Folio) {
    m().note(Note::PrivateAdd, folio.obj(Field::Lru), 0);
}

#[inline]
pub fn private_list_del(folio: Folio) {
    m().note(Note::PrivateDel, folio.obj(Field::Lru), 0);
}

/// Files the folio at the tail of its list. `lru_lock` held, the folio not unevictable.
#[inline]
pub fn lruvec_add_folio_tail(folio: Folio) {
    prim!(lruvec_add_folio_tail);
    let list = folio_lru_list(folio);
    change(folio, list, Note::LruAdd, |l| l.push_tail(folio.pfn()), 1);
}

/// ST `folio->mlock_count`: it shares storage with the list link. `lru_lock` held, the folio filed as unevictable by
/// this CPU.
#[inline]
pub fn folio_set_mlock_count(folio: Folio, count: u64) {
    prim!(folio_set_mlock_count);
    m().store(folio.obj(Field::MlockCount), count, Order::Plain, Note::Nothing, 0);
}
