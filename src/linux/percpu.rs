//! `percpu.h`, `local_lock.h`: per-CPU batches. Only the owning CPU, with its local lock held, touches its batches, so
//! the batches themselves are accessed without scheduling points.

use super::mm_types::Folio;
use super::sched;
use crate::machine::m;
use crate::prim;
use crate::vocab::{CPUS, Field, Note, Obj, Order, PAGEVEC_SIZE, Seq};
use std::cell::Cell;

/// The batches of one CPU (`struct cpu_fbatches` and `struct mlock_fbatch`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Batch {
    LruAdd,
    LruMoveTail,
    LruDeactivateFile,
    LruDeactivate,
    LruLazyfree,
    LruActivate,
    Mlock,
}

impl Batch {
    /// In the order `lru_add_drain_cpu()` drains them.
    pub const LRU: [Batch; 6] = [
        Batch::LruAdd,
        Batch::LruMoveTail,
        Batch::LruDeactivateFile,
        Batch::LruDeactivate,
        Batch::LruLazyfree,
        Batch::LruActivate,
    ];

    const fn of(self, cpu: usize) -> Obj {
        Obj::batch(cpu, self as usize)
    }
}

/// What an entry of the mlock batch asks for: the tag bits of its pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MlockTag {
    /// No tag: munlock.
    Munlock,
    /// LRU_FOLIO: mlock of a folio that may be on the LRU.
    Lru,
    /// NEW_FOLIO: mlock of a folio not on the LRU yet.
    New,
}

impl MlockTag {
    const fn from(n: usize) -> MlockTag {
        match n {
            0 => MlockTag::Munlock,
            1 => MlockTag::Lru,
            _ => MlockTag::New,
        }
    }
}

/// Number of the batch that carries the mlock batch's tags.
const MLOCK_TAGS: usize = Batch::Mlock as usize + 1;

/// What a CPU's program keeps between operations: references and isolated folios it will give back later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    References,
    Isolated,
}

/// Pins one CPU's program can keep.
pub const KEPT_PINS: usize = 4;

/// A page a program has pinned (FOLL_PIN) and will unpin later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeptPin {
    pub folio: Folio,
    /// Where it was mapped: mm << 8 | vaddr.
    pub user: u32,
    /// The pinner may write.
    pub write: bool,
}

thread_local! {
    static KEPT: [[Cell<Seq>; 2]; CPUS] = const { [const { [const { Cell::new(Seq::EMPTY) }; 2] }; CPUS] };
    static PINS: [[Cell<Option<KeptPin>>; KEPT_PINS]; CPUS] =
        const { [const { [const { Cell::new(None) }; KEPT_PINS] }; CPUS] };
}

pub(super) fn reset() {
    KEPT.with(|k| k.iter().flatten().for_each(|c| c.set(Seq::EMPTY)));
    PINS.with(|p| p.iter().flatten().for_each(|c| c.set(None)));
}

/// This CPU's slot of an array with one element for each program; service tasks share the last CPU's.
fn program() -> usize {
    m().cpu().min(CPUS - 1)
}

pub fn keep(what: Kept, folio: Folio) {
    KEPT.with(|k| {
        let c = &k[program()][what as usize];
        c.set(c.get().push_tail(folio.pfn()));
    });
}

/// Room for one more.
pub fn can_keep(what: Kept) -> bool {
    KEPT.with(|k| k[program()][what as usize].get().len() < Seq::CAPACITY)
}

/// The one kept longest.
pub fn take_kept(what: Kept) -> Option<Folio> {
    KEPT.with(|k| {
        let c = &k[program()][what as usize];
        let f = c.get().head()?;
        c.set(c.get().remove(f));
        Some(Folio(f as u8))
    })
}

pub fn can_keep_pin() -> bool {
    PINS.with(|p| p[program()].iter().any(|c| c.get().is_none()))
}

/// Keeps a pin; [`can_keep_pin`] has said that there is room.
pub fn keep_pin(pin: KeptPin) {
    PINS.with(|p| {
        if let Some(free) = p[program()].iter().find(|c| c.get().is_none()) {
            free.set(Some(pin));
        }
    });
}

/// The pin in the lowest slot, without taking it.
pub fn kept_pin() -> Option<KeptPin> {
    PINS.with(|p| p[program()].iter().find_map(Cell::get))
}

/// The pin in the lowest slot.
pub fn take_kept_pin() -> Option<KeptPin> {
    PINS.with(|p| p[program()].iter().find(|c| c.get().is_some())?.take())
}

/// `local_lock(&cpu_fbatches.lock)`: preemption off, and this CPU's kworker kept out. Taking it is no scheduling point
/// of its own: only that kworker could come in between, and it could as well before the last access.
#[inline]
pub fn local_lock() {
    let lock = Obj::local_lock(m().cpu());
    while m().peek(lock) != 0 {
        m().note(Note::Blocked, lock, 0);
        m().block_on(lock);
    }
    m().poke(lock, m().task() as u64 + 1);
    sched::preempt_disable();
}

#[inline]
pub fn local_unlock() {
    let lock = Obj::local_lock(m().cpu());
    m().poke(lock, 0);
    m().wake(lock);
    sched::preempt_enable();
}

/// `folio_batch_add` to a batch of this CPU; true if it is full now. Local lock held.
pub fn batch_push(batch: Batch, folio: Folio) -> bool {
    let obj = batch.of(m().cpu());
    let entries = Seq(m().peek(obj)).push_tail(folio.pfn());
    m().poke(obj, entries.0);
    entries.len() >= PAGEVEC_SIZE
}

/// A batch of this CPU, which is empty afterwards. Local lock held.
pub fn batch_take(batch: Batch) -> Seq {
    let obj = batch.of(m().cpu());
    let entries = Seq(m().peek(obj));
    m().poke(obj, Seq::EMPTY.0);
    entries
}

/// What is in a batch of this CPU. Local lock held.
pub fn batch_entries(batch: Batch) -> Seq {
    Seq(m().peek(batch.of(m().cpu())))
}

/// LD of another CPU's batch count: a racy look (`data_race()`).
pub fn batch_count_remote(batch: Batch, cpu: usize) -> usize {
    Seq(m().load(batch.of(cpu), Order::Relaxed, Note::Nothing, 0)).len()
}

/// Adds a tagged entry to this CPU's mlock batch; true if it is full now. Local lock held.
pub fn mlock_batch_push(folio: Folio, tag: MlockTag) -> bool {
    let tags = Obj::batch(m().cpu(), MLOCK_TAGS);
    m().poke(tags, Seq(m().peek(tags)).push_tail(tag as usize).0);
    batch_push(Batch::Mlock, folio)
}

/// This CPU's mlock batch with its tags. Local lock held.
pub fn mlock_batch_entries() -> impl Iterator<Item = (Folio, MlockTag)> {
    let tags = Seq(m().peek(Obj::batch(m().cpu(), MLOCK_TAGS)));
    batch_entries(Batch::Mlock).iter().zip(tags.iter()).map(|(f, t)| (Folio(f as u8), MlockTag::from(t)))
}

/// `folio_batch_reinit` of this CPU's mlock batch. Local lock held.
pub fn mlock_batch_reinit() {
    batch_take(Batch::Mlock);
    m().poke(Obj::batch(m().cpu(), MLOCK_TAGS), Seq::EMPTY.0);
}

const LRU_DISABLE: Obj = Obj::at(Field::LruDisable, 0, 0);
const DRAIN_GEN: Obj = Obj::at(Field::DrainGen, 0, 0);

/// `lru_cache_disabled()`: LD of the count of those who want no folio to stay in a batch.
pub fn lru_cache_disabled() -> bool {
    prim!(lru_cache_disabled);
    m().load(LRU_DISABLE, Order::Relaxed, Note::Nothing, 0) != 0
}

/// `atomic_inc(&lru_disable_count)`, or `atomic_dec`.
pub fn lru_disable_count_add(nr: i64) {
    prim!(lru_disable_count_add);
    let add = |v: u64| Some(v.wrapping_add_signed(nr));
    let _ = m().rmw(LRU_DISABLE, Order::Relaxed, Note::Nothing, 0, add);
}

/// LD.acq of the generation of `__lru_add_drain_all()`.
pub fn lru_drain_gen() -> u64 {
    prim!(lru_drain_gen);
    m().load(DRAIN_GEN, Order::Acquire, Note::Nothing, 0)
}

/// The next generation, unless it is another than `this_gen`; then false. The drain's mutex held, which alone lets the
/// generation change: the look is no access of its own. Without `this_gen` always the next.
pub fn lru_drain_gen_next(this_gen: Option<u64>) -> bool {
    prim!(lru_drain_gen_next);
    let now = m().peek(DRAIN_GEN);
    let same = this_gen.is_none_or(|seen| seen == now);
    if same {
        m().store(DRAIN_GEN, now.wrapping_add(1), Order::Relaxed, Note::Nothing, 0);
    }
    same
}
