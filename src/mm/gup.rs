//! `mm/gup.c`: references on, and pins of, the pages a process maps. One page a call.
//!
//! Left out: the zero page (a call that meets it gets nothing), large folios.

use super::bug;
use super::filemap::{folio_lock, folio_unlock};
use super::memory::{handle_mm_fault, locked_vm_flags};
use super::migrate::{MigrateMode, migrate_pages, putback_movable_pages};
use super::page_writeback::folio_mark_dirty;
use super::swap::{folio_mark_accessed, folio_put_refs, lru_add_drain, lru_add_drain_all};
use super::vmscan::folio_isolate_lru;
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{FaultFlags, VmFault, mmap_read_lock, mmap_read_unlock};
use crate::linux::highmem::page_id;
use crate::linux::mm_inline::private_list_add;
use crate::linux::mm_types::*;
use crate::linux::mmdebug::{peek_flags, vm_bug_on_folio};
use crate::linux::page_flags::*;
use crate::linux::page_ref::*;
use crate::linux::pagemap::*;
use crate::linux::pagevec::FolioBatch;
use crate::linux::pgtable::*;
use crate::linux::sched::{local_irq_disable, local_irq_enable};
use crate::linux::signal::fatal_signal_pending;
use crate::machine::m;
use crate::vocab::*;

/// Frames below this one are ZONE_MOVABLE: memory that must stay free of long-term pins.
const MOVABLE_FRAMES: usize = 2;
/// Rounds of a long-term pin. Linux has no limit, because what it migrates to is never movable again; here it may be.
const LONGTERM_ROUNDS: usize = 3;
/// References of one FOLL_PIN.
const BIAS: u32 = GUP_PIN_COUNTING_BIAS as u32;

/// The FOLL_* flags.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Foll {
    /// FOLL_PIN; else FOLL_GET.
    pin: bool,
    write: bool,
    /// FOLL_FORCE: also where the VMA's protection is against it.
    force: bool,
    longterm: bool,
    /// FOLL_TOUCH: the page counts as accessed.
    touch: bool,
    /// FOLL_UNLOCKABLE: the mmap_lock may be dropped, and taken again, on the way.
    unlockable: bool,
    /// FOLL_TRIED: it has been already.
    tried: bool,
}

impl Foll {
    /// FOLL_GET.
    const GET: Foll =
        Foll { pin: false, write: false, force: false, longterm: false, touch: false, unlockable: false, tried: false };
    /// FOLL_PIN.
    const PIN: Foll = Foll { pin: true, ..Foll::GET };

    const fn owner(self) -> Owner {
        if self.pin { Owner::Pin } else { Owner::User }
    }

    /// References a grab takes.
    const fn refs(self) -> u32 {
        if self.pin { BIAS } else { 1 }
    }
}

/// What `follow_page_pte()` finds.
enum Follow {
    Page(Folio),
    /// NULL: to be faulted in.
    NoPage,
    /// -EMLINK: shared by copy-on-write, to be unshared first.
    Unshare,
    /// The zero page.
    ZeroPage,
}

// ----- grabbing and releasing (MM-6.12 11.1, 11.4) -----

/// `mm_set_has_pinned_flag()`, v6.12: fork looks at it.
fn mm_set_has_pinned_flag(mm: Mm) {
    kfn!(mm_set_has_pinned_flag);
    if bug(bugs::M_GUP_FLAG) {
        return;
    }
    let flag = mm.obj(Field::HasPinned);
    if m().load(flag, Order::Relaxed, Note::Nothing, 0) == 0 {
        let _ = m().rmw(flag, Order::Relaxed, Note::Nothing, 0, |v| Some(v | 1));
    }
}

/// `try_grab_folio()`, v6.12. The folio cannot go away: the page-table lock of an entry that maps it is held.
fn try_grab_folio(folio: Folio, foll: Foll) {
    kfn!(try_grab_folio);
    vm_bug_on_ref_zero(folio);
    folio_ref_add(folio, foll.owner(), foll.refs());
}

/// `gup_put_folio()`, v6.12.
fn gup_put_folio(folio: Folio, foll: Foll) {
    kfn!(gup_put_folio);
    folio_put_refs(folio, foll.owner(), foll.refs());
}

/// `sanity_check_pinned_pages()`, v6.12: the kernel's assertion that a pinned anonymous page is exclusive.
fn sanity_check_pinned_pages(folio: Folio) {
    kfn!(sanity_check_pinned_pages);
    vm_bug_on_folio(peek_shared_anon(folio), folio, VmBug::NotExclusive);
}

/// An anonymous page that is not exclusive, as an assertion sees it.
fn peek_shared_anon(folio: Folio) -> bool {
    let anon = as_anon_mapping(m().peek(folio.obj(Field::FolioMapping))).is_some();
    anon && peek_flags(folio) & PG_ANON_EXCLUSIVE == 0
}

/// `gup_must_unshare()` (mm/internal.h), v6.12: whether a read-only pin needs a page of the process's own first. `vma`
/// is `None` in the fast path. The entry that maps the folio is not writable.
fn gup_must_unshare(vma: Option<Vma>, foll: Foll, folio: Folio) -> bool {
    kfn!(gup_must_unshare);
    if !foll.pin || foll.write || bug(bugs::M_GUP_UNSHARE) {
        return false;
    }
    if !folio_test_anon(folio) {
        let cow = || vma.is_none_or(|vma| is_cow_mapping(vma.vm_flags()));
        return foll.longterm && cow();
    }
    if vma.is_none() {
        m().barrier(Order::Acquire); // pairs with the one of folio_try_share_anon_rmap_pte
    }
    !page_anon_exclusive(folio)
}

/// `is_cow_mapping`: every private mapping may be made writable.
const fn is_cow_mapping(vm_flags: u64) -> bool {
    vm_flags & VM_SHARED == 0
}

// ----- the fast path (MM-6.12 11.2) -----

/// `try_grab_folio_fast()`, v6.12. Interrupts off, no reference: the frame may have been freed, and be another folio.
fn try_grab_folio_fast(folio: Folio, foll: Foll) -> bool {
    kfn!(try_grab_folio_fast);
    if !folio_try_get(folio, foll.owner()) {
        return false;
    }
    if !foll.pin {
        return true;
    }
    if foll.longterm && !folio_is_longterm_pinnable(folio) {
        folio_put_refs(folio, Owner::Pin, 1);
        return false;
    }
    if !bug(bugs::M_GUP_BIAS) {
        folio_ref_add(folio, Owner::Pin, BIAS - 1);
    }
    m().barrier(Order::Full); // the pin is seen before the entry is read again
    true
}

/// `gup_fast_folio_allowed()`, v6.12 (`folio_fast_pin_allowed()` before). Interrupts off keep the mapping's memory: it
/// is looked at without a lock, for secretmem (which no mapping of the model is), and for long-term write pins.
fn gup_fast_folio_allowed(folio: Folio, foll: Foll) -> bool {
    kfn!(gup_fast_folio_allowed);
    let mapping = folio_raw_mapping(folio);
    if mapping.is_anon() {
        return true;
    }
    let Some(mapping) = mapping.file() else { return false };
    let aops = mapping_aops(mapping);
    let reject_file_backed = foll.pin && foll.longterm && foll.write;
    !reject_file_backed || aops & AOPS_WRITEBACK == 0
}

/// `gup_fast_pte_range()`, v6.12, for one entry. Interrupts off.
fn gup_fast_pte_range(mm: Mm, addr: usize, foll: Foll) -> Option<Folio> {
    kfn!(gup_fast_pte_range);
    let pte = ptep_get(mm, addr);
    if foll.write && !pte.is_writable() {
        return None;
    }
    let folio = Folio(pte.page()? as u8); // the zero page is a special entry
    if !try_grab_folio_fast(folio, foll) {
        return None;
    }
    let same = ptep_get(mm, addr) == pte;
    let refused =
        !same || !gup_fast_folio_allowed(folio, foll) || (!pte.is_writable() && gup_must_unshare(None, foll, folio));
    if refused {
        gup_put_folio(folio, foll);
        return None;
    }
    folio_set_referenced(folio);
    Some(folio)
}

/// LD of the count that fork makes odd while it write-protects.
fn write_protect_seq(mm: Mm, order: Order) -> u64 {
    m().load(mm.obj(Field::WriteProtectSeq), order, Note::Nothing, 0)
}

/// `gup_fast()`, v6.12. No locks: interrupts off keep the page table. A fork in between makes a pin fail (from v5.11).
fn gup_fast(mm: Mm, addr: usize, foll: Foll) -> Option<Folio> {
    kfn!(gup_fast);
    let heeds_fork = !bug(bugs::GUP_FORK);
    let seq = if foll.pin && heeds_fork { write_protect_seq(mm, Order::Acquire) } else { 0 };
    if seq & 1 != 0 {
        return None;
    }
    local_irq_disable();
    let folio = gup_fast_pte_range(mm, addr, foll);
    local_irq_enable();
    if foll.pin {
        m().barrier(Order::Acquire);
        let retry = heeds_fork && write_protect_seq(mm, Order::Relaxed) != seq;
        let folio = folio?;
        if retry {
            gup_put_folio(folio, foll); // gup_fast_unpin_user_pages
            return None;
        }
        sanity_check_pinned_pages(folio);
    }
    folio
}

// ----- the slow path (MM-6.12 11.3) -----

/// `follow_page_pte()`, v6.12. mmap_lock held.
fn follow_page_pte(vma: Vma, addr: usize, foll: Foll) -> Follow {
    kfn!(follow_page_pte);
    pte_offset_map_lock(vma.mm());
    let found = follow_locked_pte(vma, addr, foll);
    pte_unmap_unlock(vma.mm());
    found
}

/// `can_follow_write_pte()`, v6.12: whether the page behind a present entry may be written to. mmap_lock and page-table
/// lock held. A forced write needs a private copy, which a write fault has made. Left out: soft-dirty, userfaultfd,
/// VM_MAYWRITE (every VMA may be made writable).
fn can_follow_write_pte(vma: Vma, pte: Pte, foll: Foll) -> bool {
    kfn!(can_follow_write_pte);
    if pte.is_writable() || !foll.force {
        return pte.is_writable();
    }
    let private_read_only = locked_vm_flags(vma) & (VM_SHARED | VM_WRITE) == 0;
    let exclusive = |folio: Folio| folio_test_anon(folio) && page_anon_exclusive(folio);
    private_read_only && pte.page().is_some_and(|pfn| exclusive(Folio(pfn as u8)))
}

/// [`follow_page_pte`] under the page-table lock.
fn follow_locked_pte(vma: Vma, addr: usize, foll: Foll) -> Follow {
    let pte = ptep_get(vma.mm(), addr);
    if !pte.is_present() || (foll.write && !can_follow_write_pte(vma, pte, foll)) {
        return Follow::NoPage;
    }
    let Some(pfn) = pte.page() else {
        let unshare = foll.pin && foll.longterm && is_cow_mapping(vma.vm_flags());
        return if unshare { Follow::Unshare } else { Follow::ZeroPage };
    };
    let folio = Folio(pfn as u8);
    if !pte.is_writable() && gup_must_unshare(Some(vma), foll, folio) {
        return Follow::Unshare;
    }
    vm_bug_on_folio(foll.pin && peek_shared_anon(folio), folio, VmBug::NotExclusive);
    try_grab_folio(folio, foll);
    if foll.touch {
        if foll.write && !pte.is_dirty() && !folio_test_dirty(folio) {
            folio_mark_dirty(folio);
        }
        folio_mark_accessed(folio);
    }
    Follow::Page(folio)
}

/// `vma_needs_dirty_tracking()` (mm/mmap.c), v6.12: the file system wants to know of writes to a shared mapping.
fn vma_needs_dirty_tracking(vma: Vma, vm_flags: u64) -> bool {
    kfn!(vma_needs_dirty_tracking);
    let shared = vm_flags & (VM_SHARED | VM_WRITE) == VM_SHARED | VM_WRITE;
    shared && vma.vm_file().is_some_and(|f| mapping_aops(f) & (AOPS_PAGE_MKWRITE | AOPS_WRITEBACK) != 0)
}

/// `check_vma_flags()`, v6.12: whether the VMA may be used so. mmap_lock held.
fn check_vma_flags(vma: Vma, foll: Foll) -> bool {
    kfn!(check_vma_flags);
    let vm_flags = vma.vm_flags();
    if vm_flags & VM_IO != 0 {
        return false;
    }
    if !foll.write {
        return vm_flags & VM_READ != 0;
    }
    // writable_file_mapping_allowed
    if foll.pin && foll.longterm && vma_needs_dirty_tracking(vma, vm_flags) {
        return false;
    }
    vm_flags & VM_WRITE != 0 || foll.force && is_cow_mapping(vm_flags)
}

/// What `faultin_page()` came to.
enum Faultin {
    /// 0: the entry is to be looked at again.
    Done,
    /// -EBUSY: the mmap_lock has been dropped.
    Unlocked,
    /// -EFAULT, -ENOMEM.
    Failed,
}

/// `faultin_page()`, v6.12. mmap_lock held, also afterwards unless `Unlocked`, which only FOLL_UNLOCKABLE leads to.
/// Left out: FOLL_NOWAIT, FOLL_INTERRUPTIBLE, VM_FAULT_COMPLETED.
fn faultin_page(vma: Vma, addr: usize, foll: Foll, unshare: bool) -> Faultin {
    kfn!(faultin_page);
    let allow_retry = foll.unlockable && !foll.tried;
    let flags = FaultFlags { write: foll.write, unshare, allow_retry, killable: foll.unlockable };
    match handle_mm_fault(vma, addr, flags) {
        VmFault::Sigbus | VmFault::Oom => Faultin::Failed,
        VmFault::Retry => Faultin::Unlocked,
        VmFault::Done | VmFault::Locked | VmFault::NoPage => Faultin::Done,
    }
}

/// `__get_user_pages()`, v6.12. mmap_lock held; `locked` turns false if a fault dropped it, and the call is to be made
/// again. `None` otherwise: the address is not mapped so, the fault failed or the task was killed.
fn __get_user_pages(mm: Mm, addr: usize, foll: Foll, locked: &mut bool) -> Option<Folio> {
    kfn!(__get_user_pages);
    let vma = mm.vma_lookup(addr)?;
    if !check_vma_flags(vma, foll) {
        return None;
    }
    let wanted = foll.write;
    let mut foll = foll;
    loop {
        if fatal_signal_pending() {
            return None;
        }
        let unshare = match follow_page_pte(vma, addr, foll) {
            Follow::Page(folio) if wanted => {
                m().note(Note::WriteGrab, folio.obj(Field::Refcount), page_id(mm.index(), addr));
                return Some(folio);
            }
            Follow::Page(folio) => return Some(folio),
            Follow::ZeroPage => return None,
            Follow::NoPage => false,
            Follow::Unshare => true,
        };
        match faultin_page(vma, addr, foll, unshare) {
            Faultin::Done => foll.write = foll.write && !forgets_write(vma),
            Faultin::Unlocked => {
                *locked = false;
                return None;
            }
            Faultin::Failed => return None,
        }
    }
}

/// Whether the lookup after a write fault is one for reading. Up to v2.6.12, always; from v2.6.22 to v4.8, where the
/// fault cannot have made the entry writable, as only FOLL_FORCE is for.
fn forgets_write(vma: Vma) -> bool {
    bug(bugs::GUP_RETRY_READ) || bug(bugs::DIRTY_COW) && locked_vm_flags(vma) & VM_WRITE == 0
}

/// `__get_user_pages_locked()`, v6.12. With FOLL_UNLOCKABLE it takes the mmap_lock and drops it; else the caller has
/// it. After a fault that dropped the lock everything is looked up again, with FOLL_TRIED. Left out: killable waits for
/// the mmap_lock.
fn __get_user_pages_locked(mm: Mm, addr: usize, foll: Foll) -> Option<Folio> {
    kfn!(__get_user_pages_locked);
    if foll.unlockable {
        mmap_read_lock(mm);
    }
    if foll.pin {
        mm_set_has_pinned_flag(mm);
    }
    let mut locked = true;
    let mut found = __get_user_pages(mm, addr, foll, &mut locked);
    while !locked && !fatal_signal_pending() {
        mmap_read_lock(mm);
        locked = true;
        found = __get_user_pages(mm, addr, Foll { tried: true, ..foll }, &mut locked);
    }
    if foll.unlockable && locked {
        mmap_read_unlock(mm);
    }
    found
}

// ----- long-term pins (MM-6.12 11.7) -----

/// `folio_is_longterm_pinnable()` (include/linux/mm.h), v6.12: not in ZONE_MOVABLE.
fn folio_is_longterm_pinnable(folio: Folio) -> bool {
    kfn!(folio_is_longterm_pinnable);
    folio.pfn() >= MOVABLE_FRAMES
}

/// Whether somebody has a reference that is neither expected nor the pin's own (F12): an LRU batch, perhaps.
fn has_other_references(folio: Folio) -> bool {
    folio_ref_count(folio) != folio_expected_ref_count(folio) + GUP_PIN_COUNTING_BIAS
}

/// `collect_longterm_unpinnable_folios()`, v6.12, for one pinned folio. False: it may stay where it is. True: it may
/// not, and is on `list` if it could be isolated.
fn collect_longterm_unpinnable_folios(list: &mut FolioBatch, folio: Folio) -> bool {
    kfn!(collect_longterm_unpinnable_folios);
    if folio_is_longterm_pinnable(folio) {
        return false;
    }
    if has_other_references(folio) {
        lru_add_drain();
        if has_other_references(folio) {
            lru_add_drain_all();
        }
    }
    if folio_isolate_lru(folio) {
        private_list_add(folio);
        list.add(folio, 0);
    }
    true
}

/// What `check_and_migrate_movable_folios()` says.
enum Checked {
    /// 0: the pin may stay.
    Pinnable,
    /// -EAGAIN: unpinned and moved, to be pinned again.
    Again,
    /// -ENOMEM: unpinned, could not be moved.
    Failed,
}

/// `migrate_longterm_unpinnable_folios()`, v6.12. The isolation reference keeps the folio when the pin is dropped,
/// which migration could not bear.
fn migrate_longterm_unpinnable_folios(list: &mut FolioBatch, folio: Folio, foll: Foll) -> Checked {
    kfn!(migrate_longterm_unpinnable_folios);
    gup_put_folio(folio, foll);
    if list.count() == 0 {
        return Checked::Again;
    }
    let failed = migrate_pages(list, MigrateMode::Sync) != 0;
    putback_movable_pages(list);
    if failed { Checked::Failed } else { Checked::Again }
}

/// `check_and_migrate_movable_folios()`, v6.12.
fn check_and_migrate_movable_folios(folio: Folio, foll: Foll) -> Checked {
    kfn!(check_and_migrate_movable_folios);
    let mut list = FolioBatch::new();
    if !collect_longterm_unpinnable_folios(&mut list, folio) {
        return Checked::Pinnable;
    }
    migrate_longterm_unpinnable_folios(&mut list, folio, foll)
}

/// `__gup_longterm_locked()`, v6.12. mmap_lock held, unless FOLL_UNLOCKABLE.
fn __gup_longterm_locked(mm: Mm, addr: usize, foll: Foll) -> Option<Folio> {
    kfn!(__gup_longterm_locked);
    if !foll.longterm {
        return __get_user_pages_locked(mm, addr, foll);
    }
    for _ in 0..LONGTERM_ROUNDS {
        let folio = __get_user_pages_locked(mm, addr, foll)?;
        match check_and_migrate_movable_folios(folio, foll) {
            Checked::Pinnable => return Some(folio),
            Checked::Again => {}
            Checked::Failed => return None,
        }
    }
    None
}

// ----- what drivers call -----

/// `gup_fast_fallback()`, v6.12 (`internal_get_user_pages_fast()` before).
fn gup_fast_fallback(mm: Mm, addr: usize, foll: Foll) -> Option<Folio> {
    kfn!(gup_fast_fallback);
    if foll.pin {
        mm_set_has_pinned_flag(mm);
    }
    let slow = Foll { touch: true, unlockable: true, ..foll };
    gup_fast(mm, addr, foll).or_else(|| __gup_longterm_locked(mm, addr, slow))
}

/// The pin of the page at `addr` has passed every re-check.
fn pin_done(folio: Folio, mm: Mm, addr: usize) {
    m().note(Note::PinDone, folio.obj(Field::Refcount), page_id(mm.index(), addr));
}

/// `get_user_pages_fast()`, v6.12. The caller holds `mm_users` and no locks. The folio with a `User` reference.
pub fn get_user_pages_fast(mm: Mm, addr: usize, write: bool) -> Option<Folio> {
    kfn!(get_user_pages_fast);
    gup_fast_fallback(mm, addr, Foll { write, ..Foll::GET })
}

/// `pin_user_pages_fast()`, v6.12. The caller holds `mm_users` and no locks. The folio pinned: 1024 `Pin` references.
pub fn pin_user_pages_fast(mm: Mm, addr: usize, write: bool) -> Option<Folio> {
    kfn!(pin_user_pages_fast);
    let folio = gup_fast_fallback(mm, addr, Foll { write, ..Foll::PIN })?;
    pin_done(folio, mm, addr);
    Some(folio)
}

/// `pin_user_pages()`, v6.12, with the mmap_lock its caller holds. The caller holds `mm_users` and no locks. Slow path
/// only, and the lock is held throughout: the faults are not killable. `longterm` is FOLL_LONGTERM.
pub fn pin_user_pages(mm: Mm, addr: usize, write: bool, longterm: bool) -> Option<Folio> {
    kfn!(pin_user_pages);
    mmap_read_lock(mm);
    let folio = __gup_longterm_locked(mm, addr, Foll { write, longterm, ..Foll::PIN });
    mmap_read_unlock(mm);
    let folio = folio?;
    pin_done(folio, mm, addr);
    Some(folio)
}

/// `get_user_page_vma_remote()` (include/linux/mm.h), v6.12, with FOLL_FORCE. mmap_lock held, which no fault drops. The
/// folio with a `User` reference.
pub fn get_user_page_vma_remote(mm: Mm, addr: usize, write: bool) -> Option<Folio> {
    kfn!(get_user_page_vma_remote);
    __get_user_pages_locked(mm, addr, Foll { write, force: true, touch: true, ..Foll::GET })
}

/// Drops a pin for good.
fn unpin(folio: Folio) {
    m().note(Note::PinDrop, folio.obj(Field::Refcount), 0);
    gup_put_folio(folio, Foll::PIN);
}

/// `unpin_user_page()`, v6.12.
pub fn unpin_user_page(folio: Folio) {
    kfn!(unpin_user_page);
    sanity_check_pinned_pages(folio);
    unpin(folio);
}

/// `sync_page()` (mm/filemap.c) with the `lock_page()` that calls it, up to v2.6.38: who has to wait asks the file to
/// get its I/O going.
/// Nothing but a reference on the folio is held.
fn sync_page(folio: Folio) {
    kfn!(sync_page);
    if !folio_trylock(folio) {
        let _sync_page = folio_mapping(folio).filter(|m| !m.is_swap()).map(mapping_aops);
        folio_lock(folio);
    }
}

/// `unpin_user_pages_dirty_lock()`, v6.12. Locks a folio it has to dirty: an unmapped, unlocked file folio could be
/// truncated meanwhile, and its mapping freed. May sleep.
pub fn unpin_user_pages_dirty_lock(folio: Folio, make_dirty: bool) {
    kfn!(unpin_user_pages_dirty_lock);
    if !make_dirty {
        return unpin_user_page(folio);
    }
    sanity_check_pinned_pages(folio);
    if !folio_test_dirty(folio) {
        if bug(bugs::LOCK_SYNC_PAGE) {
            sync_page(folio);
        } else {
            folio_lock(folio);
        }
        folio_mark_dirty(folio);
        folio_unlock(folio);
    }
    unpin(folio);
}
