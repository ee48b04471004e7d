//! `pgtable.h`: page-table entries, their lock, and the processor's walk.

use super::mm_types::{Folio, Mm, Vma};
use super::spinlock::{SpinLock, spin_lock, spin_unlock};
use crate::machine::m;
use crate::prim;
use crate::vocab::*;

#[inline]
fn aux(write: PteWrite) -> u32 {
    write as u32
}

/// `pte_offset_map_lock`: takes the page-table lock. A process's one page table lives as long as the process.
#[inline]
pub fn pte_offset_map_lock(mm: Mm) {
    prim!(pte_offset_map_lock);
    spin_lock(SpinLock::ptl(mm));
}

#[inline]
pub fn pte_unmap_unlock(mm: Mm) {
    prim!(pte_unmap_unlock);
    spin_unlock(SpinLock::ptl(mm));
}

/// LD of the entry, with or without the lock.
#[inline]
pub fn ptep_get(mm: Mm, addr: usize) -> Pte {
    prim!(ptep_get);
    Pte(m().load(mm.pte(addr), Order::Relaxed, Note::Nothing, 0))
}

/// ST of the entry. Page-table lock held.
#[inline]
pub fn set_pte_at(mm: Mm, addr: usize, pte: Pte, why: PteWrite) {
    prim!(set_pte_at);
    m().store(mm.pte(addr), pte.0, Order::Relaxed, Note::PteWrite, aux(why));
}

/// `ptep_get_and_clear`, `ptep_clear_flush`: the old value; none is stored. Page-table lock held.
#[inline]
pub fn ptep_get_and_clear(mm: Mm, addr: usize) -> Pte {
    prim!(ptep_get_and_clear);
    let old = m().rmw(mm.pte(addr), Order::Full, Note::PteWrite, aux(PteWrite::Unmap), |_| Some(0));
    Pte(old.unwrap_or_default())
}

/// One atomic change of bits, such as `ptep_set_wrprotect`: the old value. Page-table lock held.
#[inline]
pub fn ptep_change(mm: Mm, addr: usize, change: impl FnOnce(Pte) -> Pte, why: PteWrite) -> Pte {
    prim!(ptep_change);
    let old = m().rmw(mm.pte(addr), Order::Relaxed, Note::PteWrite, aux(why), |v| Some(change(Pte(v)).0));
    Pte(old.unwrap_or_default())
}

/// `ptep_clear_young_notify`, `ptep_test_and_clear_young`: whether it was young. Page-table lock held.
pub fn ptep_test_and_clear_young(mm: Mm, addr: usize) -> bool {
    prim!(ptep_test_and_clear_young);
    ptep_change(mm, addr, Pte::mkold, PteWrite::Change).is_young()
}

/// The processor reads or writes virtual page `addr` of the process: page-table walk, accessed and dirty bits and the
/// access itself are one step (the model has no TLB). False: a page fault.
pub fn mmu_access(mm: Mm, addr: usize, write: bool) -> bool {
    prim!(mmu_access);
    let allowed = |pte: Pte| pte.is_present() && (!write || pte.is_writable());
    let touched = |pte: Pte| if write { pte.mkyoung().mkdirty() } else { pte.mkyoung() };
    let walk = |v: u64| allowed(Pte(v)).then(|| touched(Pte(v)).0);
    let Ok(old) = m().rmw(mm.pte(addr), Order::Relaxed, Note::PteWrite, aux(PteWrite::Hardware), walk) else {
        return false;
    };
    let user = super::highmem::page_id(mm.index(), addr);
    let Some(pfn) = Pte(old).page() else { return true }; // the zero page
    let content = Folio(pfn as u8).obj(Field::Content);
    if write {
        m().store_at_once(content, super::highmem::new_version(), Note::UserWrite, user);
    } else {
        m().load_at_once(content, Note::UserRead, user);
    }
    true
}

/// `_mapcount` + 1 for a present entry at `addr`; the old count. Page-table lock held.
pub fn mapcount_inc(folio: Folio, vma: Vma, addr: usize) -> u64 {
    prim!(mapcount_inc);
    let user = super::highmem::page_id(vma.mm().index(), addr);
    let inc = |v: u64| Some(v.wrapping_add(1));
    m().rmw(folio.obj(Field::Mapcount), Order::Full, Note::RmapAdd, user, inc).unwrap_or_default()
}

/// `_mapcount` = 1 by a plain store: the first mapping of a folio nobody else has.
pub fn mapcount_set_one(folio: Folio, vma: Vma, addr: usize) {
    prim!(mapcount_set_one);
    let user = super::highmem::page_id(vma.mm().index(), addr);
    m().store(folio.obj(Field::Mapcount), 1, Order::Plain, Note::RmapAdd, user);
}

/// `_mapcount` - 1 for an entry at `addr` that is cleared or replaced; the old count. Page-table lock held.
pub fn mapcount_dec(folio: Folio, vma: Vma, addr: usize) -> u64 {
    prim!(mapcount_dec);
    let user = super::highmem::page_id(vma.mm().index(), addr);
    let dec = |v: u64| Some(v.wrapping_sub(1));
    m().rmw(folio.obj(Field::Mapcount), Order::Full, Note::RmapRemove, user, dec).unwrap_or_default()
}

/// `raw_write_seqcount_begin(&mm->write_protect_seq)`: odd from here on. mmap_lock held for writing.
pub fn write_protect_seq_begin(mm: Mm) {
    prim!(raw_write_seqcount_begin);
    write_protect_seq_inc(mm);
    m().barrier(Order::Release);
}

/// `raw_write_seqcount_end(&mm->write_protect_seq)`: even again.
pub fn write_protect_seq_end(mm: Mm) {
    prim!(raw_write_seqcount_end);
    m().barrier(Order::Release);
    write_protect_seq_inc(mm);
}

/// Only the holder of the mmap_lock writes the count.
fn write_protect_seq_inc(mm: Mm) {
    let seq = mm.obj(Field::WriteProtectSeq);
    m().store(seq, m().peek(seq).wrapping_add(1), Order::Relaxed, Note::Nothing, 0);
}
