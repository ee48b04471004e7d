//! `percpu.h`, `local_lock.h`: per-CPU batches. Only the owning CPU, with preemption off, touches its batch, so the
//! batch itself is accessed without scheduling points.

use super::mm_types::Folio;
use super::sched;
use crate::machine::m;
use crate::vocab::{CPUS, Obj, PAGEVEC_SIZE, Seq};
use std::cell::Cell;

/// What a CPU's program keeps between operations: references and isolated folios it will give back later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    References,
    Isolated,
    Anon,
}

thread_local! {
    static KEPT: [[Cell<Seq>; 3]; CPUS] = const { [const { [const { Cell::new(Seq::EMPTY) }; 3] }; CPUS] };
}

pub(super) fn reset() {
    KEPT.with(|k| k.iter().flatten().for_each(|c| c.set(Seq::EMPTY)));
}

pub fn keep(what: Kept, folio: Folio) {
    KEPT.with(|k| {
        let c = &k[m().cpu()][what as usize];
        c.set(c.get().push_tail(folio.pfn()));
    });
}

/// Room for one more.
pub fn can_keep(what: Kept) -> bool {
    KEPT.with(|k| k[m().cpu()][what as usize].get().len() < Seq::CAPACITY)
}

/// The one kept longest.
pub fn take_kept(what: Kept) -> Option<Folio> {
    KEPT.with(|k| {
        let c = &k[m().cpu()][what as usize];
        let f = c.get().head()?;
        c.set(c.get().remove(f));
        Some(Folio(f as u8))
    })
}

#[inline]
pub fn local_lock() {
    sched::preempt_disable();
}

#[inline]
pub fn local_unlock() {
    sched::preempt_enable();
}

/// `folio_batch_add` to this CPU's lru_add batch; true if the batch is full now. Local lock held.
pub fn lru_add_batch_push(folio: Folio) -> bool {
    let obj = Obj::lru_add_batch(m().cpu());
    let batch = Seq(m().peek(obj)).push_tail(folio.pfn());
    m().poke(obj, batch.0);
    batch.len() >= PAGEVEC_SIZE
}

/// This CPU's lru_add batch, which is empty afterwards.
pub fn lru_add_batch_take() -> Seq {
    let obj = Obj::lru_add_batch(m().cpu());
    let batch = Seq(m().peek(obj));
    m().poke(obj, Seq::EMPTY.0);
    batch
}

/// Entries of this CPU's lru_add batch.
pub fn lru_add_batch_count() -> usize {
    Seq(m().peek(Obj::lru_add_batch(m().cpu()))).len()
}
