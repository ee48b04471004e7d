//! `buffer_head.h`: the one buffer of a folio; and the words of iomap's per-folio state. Both hang off the folio they
//! belong to.

use super::mm_types::Folio;
use super::sched::might_sleep;
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

const fn state(folio: Folio) -> Obj {
    folio.obj(Field::BufferState)
}

fn test(folio: Folio, bits: u64) -> bool {
    m().load(state(folio), Order::Relaxed, Note::Nothing, 0) & bits != 0
}

fn set(folio: Folio, bits: u64) -> bool {
    let old = m().rmw(state(folio), Order::Full, Note::Nothing, 0, |v| Some(v | bits));
    old.is_ok_and(|v| v & bits != 0)
}

fn clear(folio: Folio, bits: u64) -> bool {
    let old = m().rmw(state(folio), Order::Full, Note::Nothing, 0, |v| Some(v & !bits));
    old.is_ok_and(|v| v & bits != 0)
}

/// A new buffer, which nobody else knows yet.
pub fn alloc_buffer(folio: Folio, bits: u64) {
    m().poke(state(folio), bits);
    m().poke(folio.obj(Field::BufferCount), 0);
}

pub fn buffer_uptodate(folio: Folio) -> bool {
    prim!(buffer_uptodate);
    test(folio, BH_UPTODATE)
}

pub fn set_buffer_uptodate(folio: Folio) {
    prim!(set_buffer_uptodate);
    set(folio, BH_UPTODATE);
}

pub fn buffer_dirty(folio: Folio) -> bool {
    prim!(buffer_dirty);
    test(folio, BH_DIRTY)
}

/// Whether it was dirty already.
pub fn test_set_buffer_dirty(folio: Folio) -> bool {
    prim!(test_set_buffer_dirty);
    set(folio, BH_DIRTY)
}

/// Whether it was dirty.
pub fn test_clear_buffer_dirty(folio: Folio) -> bool {
    prim!(test_clear_buffer_dirty);
    clear(folio, BH_DIRTY)
}

/// `buffer_busy`: referenced, dirty or locked. LD of the count, then of the state.
pub fn buffer_busy(folio: Folio) -> bool {
    prim!(buffer_busy);
    let count = m().load(folio.obj(Field::BufferCount), Order::Relaxed, Note::Nothing, 0);
    test(folio, BH_DIRTY | BH_LOCK) || count != 0
}

/// `get_bh`.
pub fn get_bh(folio: Folio) {
    prim!(get_bh);
    let inc = |v: u64| Some(v.wrapping_add(1));
    let _ = m().rmw(folio.obj(Field::BufferCount), Order::Relaxed, Note::Nothing, 0, inc);
}

/// `put_bh`.
pub fn put_bh(folio: Folio) {
    prim!(put_bh);
    let dec = |v: u64| Some(v.wrapping_sub(1));
    let _ = m().rmw(folio.obj(Field::BufferCount), Order::Relaxed, Note::Nothing, 0, dec);
}

fn try_lock(folio: Folio) -> bool {
    let lock = |v: u64| (v & BH_LOCK == 0).then_some(v | BH_LOCK);
    m().rmw(state(folio), Order::Acquire, Note::Nothing, 0, lock).is_ok()
}

/// `trylock_buffer`.
pub fn trylock_buffer(folio: Folio) -> bool {
    prim!(trylock_buffer);
    try_lock(folio)
}

/// `lock_buffer`. May sleep.
pub fn lock_buffer(folio: Folio) {
    prim!(lock_buffer);
    might_sleep();
    while !try_lock(folio) {
        m().note(Note::Blocked, state(folio), 0);
        m().block_on(state(folio));
    }
}

/// `unlock_buffer`.
pub fn unlock_buffer(folio: Folio) {
    prim!(unlock_buffer);
    let _ = m().rmw(state(folio), Order::Release, Note::Nothing, 0, |v| Some(v & !BH_LOCK));
    m().wake(state(folio));
}

/// A new `struct iomap_folio_state`, which nobody else knows yet.
pub fn alloc_ifs(folio: Folio, bits: u64) {
    m().poke(folio.obj(Field::IfsState), bits);
    m().poke(folio.obj(Field::IfsPending), 0);
}

/// Changes the block bits (`BH_UPTODATE`, `BH_DIRTY`), under the state lock: one step.
pub fn ifs_change(folio: Folio, set: u64, clear: u64) {
    prim!(ifs_change);
    let change = |v: u64| Some(v & !clear | set);
    let _ = m().rmw(folio.obj(Field::IfsState), Order::Full, Note::Nothing, 0, change);
}

/// Whether a block is dirty.
pub fn ifs_dirty(folio: Folio) -> bool {
    prim!(ifs_dirty);
    m().load(folio.obj(Field::IfsState), Order::Relaxed, Note::Nothing, 0) & BH_DIRTY != 0
}

/// `atomic_add` on the count of pending I/O.
pub fn ifs_pending_inc(folio: Folio) {
    prim!(ifs_pending_inc);
    let inc = |v: u64| Some(v.wrapping_add(1));
    let _ = m().rmw(folio.obj(Field::IfsPending), Order::Relaxed, Note::Nothing, 0, inc);
}

/// `atomic_sub_and_test` on it.
pub fn ifs_pending_dec_and_test(folio: Folio) -> bool {
    prim!(ifs_pending_dec_and_test);
    let dec = |v: u64| Some(v.wrapping_sub(1));
    m().rmw(folio.obj(Field::IfsPending), Order::Full, Note::Nothing, 0, dec) == Ok(1)
}

/// The count, as an assertion sees it.
pub fn peek_ifs_pending(folio: Folio) -> u64 {
    m().peek(folio.obj(Field::IfsPending))
}
