//! `page_ref.h`: the folio reference count. Every change names the owner it is made for (MM-6.12 1.1).

use super::mm_types::Folio;
use super::mmdebug::vm_bug_on_folio;
use crate::machine::m;
use crate::prim;
use crate::vocab::{Field, Note, Order, Owner, VmBug};

#[inline]
fn aux(owner: Owner, nr: u32) -> u32 {
    owner.aux(m().cpu(), nr)
}

/// LD.
#[inline]
pub fn folio_ref_count(folio: Folio) -> u64 {
    prim!(folio_ref_count);
    m().load(folio.obj(Field::Refcount), Order::Relaxed, Note::Nothing, 0)
}

/// Unconditional +1; the caller (or something it holds) has a reference already.
#[inline]
pub fn folio_get(folio: Folio, owner: Owner) {
    prim!(folio_get);
    add(folio, owner, 1);
}

/// Unconditional +nr.
#[inline]
pub fn folio_ref_add(folio: Folio, owner: Owner, nr: u32) {
    prim!(folio_ref_add);
    add(folio, owner, nr);
}

#[inline]
fn add(folio: Folio, owner: Owner, nr: u32) {
    let add = |v: u64| Some(v.wrapping_add(nr as u64));
    let _ = m().rmw(folio.obj(Field::Refcount), Order::Relaxed, Note::RefGet, aux(owner, nr), add);
}

/// +1 unless the count is 0 (free or frozen). A load and compare-exchange loop in the kernel: one step here.
#[inline]
pub fn folio_try_get(folio: Folio, owner: Owner) -> bool {
    prim!(folio_try_get);
    let get = |v: u64| (v != 0).then(|| v.wrapping_add(1));
    m().rmw(folio.obj(Field::Refcount), Order::Full, Note::RefTryGet, aux(owner, 1), get).is_ok()
}

/// `get_page_testone()`, up to v2.6.16: +1 in any case; false if the count was 0.
pub fn get_page_testone(folio: Folio, owner: Owner) -> bool {
    prim!(get_page_testone);
    let inc = |v: u64| Some(v.wrapping_add(1));
    m().rmw(folio.obj(Field::Refcount), Order::Full, Note::RefGet, aux(owner, 1), inc) != Ok(0)
}

/// -1; true if that was the last reference.
#[inline]
pub fn folio_put_testzero(folio: Folio, owner: Owner) -> bool {
    prim!(folio_put_testzero);
    sub_and_test(folio, owner, 1)
}

/// -nr; true if those were the last references.
#[inline]
pub fn folio_ref_sub_and_test(folio: Folio, owner: Owner, nr: u32) -> bool {
    prim!(folio_ref_sub_and_test);
    sub_and_test(folio, owner, nr)
}

#[inline]
fn sub_and_test(folio: Folio, owner: Owner, nr: u32) -> bool {
    let sub = |v: u64| Some(v.wrapping_sub(nr as u64));
    let old = m().rmw(folio.obj(Field::Refcount), Order::Full, Note::RefPut, aux(owner, nr), sub);
    old == Ok(nr as u64)
}

/// -nr without a test: must not reach 0.
#[inline]
pub fn folio_ref_sub(folio: Folio, owner: Owner, nr: u32) {
    prim!(folio_ref_sub);
    let sub = |v: u64| Some(v.wrapping_sub(nr as u64));
    let _ = m().rmw(folio.obj(Field::Refcount), Order::Relaxed, Note::RefSub, aux(owner, nr), sub);
}

/// `count` -> 0, only if it is exactly `count`: the caller accounts for every reference.
#[inline]
pub fn folio_ref_freeze(folio: Folio, count: u64) -> bool {
    prim!(folio_ref_freeze);
    let freeze = |v: u64| (v == count).then_some(0);
    m().rmw(folio.obj(Field::Refcount), Order::Full, Note::RefFreeze, count as u32, freeze).is_ok()
}

/// What a freeze must not be: LD, and ST of 0 if the count was `count`.
pub fn folio_ref_set_zero(folio: Folio, count: u64) -> bool {
    prim!(folio_ref_set_zero);
    if m().load(folio.obj(Field::Refcount), Order::Relaxed, Note::Nothing, 0) != count {
        return false;
    }
    m().rmw(folio.obj(Field::Refcount), Order::Plain, Note::RefFreeze, count as u32, |_| Some(0)).is_ok()
}

/// Ends a freeze with a store of `count`.
#[inline]
pub fn folio_ref_unfreeze(folio: Folio, count: u64) {
    prim!(folio_ref_unfreeze);
    m().store(folio.obj(Field::Refcount), count, Order::Release, Note::RefUnfreeze, count as u32);
}

/// `set_page_refcounted`: a plain store of 1 over 0 on a folio fresh from the free list.
#[inline]
pub fn set_page_refcounted(folio: Folio, owner: Owner) {
    prim!(set_page_refcounted);
    m().store(folio.obj(Field::Refcount), 1, Order::Plain, Note::RefSet, aux(owner, 1));
}

/// The reference `from` holds is `to`'s from now on (both of this CPU, where they are per CPU). No access.
#[inline]
pub fn folio_ref_transfer(folio: Folio, from: Owner, to: Owner) {
    let cpu = m().cpu();
    m().note(Note::RefTransfer, folio.obj(Field::Refcount), from.aux(cpu, 0) & 0xffff | to.aux(cpu, 0) << 16);
}

/// While frozen: `owner`'s reference ends with the frozen count. No access.
#[inline]
pub fn folio_ref_discard(folio: Folio, owner: Owner) {
    m().note(Note::RefDiscard, folio.obj(Field::Refcount), aux(owner, 1));
}

/// Kernel assertion that somebody holds a reference.
#[inline]
pub fn vm_bug_on_ref_zero(folio: Folio) {
    vm_bug_on_folio(m().peek(folio.obj(Field::Refcount)) == 0, folio, VmBug::RefZero);
}
