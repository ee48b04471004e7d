//! `mm/userfaultfd.c`, v6.12, in small form: UFFDIO_COPY and UFFDIO_MOVE of one page. Every VMA that could be
//! registered counts as registered, but missing pages are not reported: a fault brings them in as ever. Left out: wait
//! queues, write protection, minor faults, `map_changing_lock` (fork and mremap have the mmap_lock for writing), huge
//! pages.

use super::bug;
use super::filemap::{filemap_get_folio, folio_lock, folio_unlock};
use super::memory::{is_anon, is_shmem, locked_vm_flags, mk_pte, note_anon_alias, note_anon_discard, vma_is_anonymous};
use super::migrate::migration_entry_wait;
use super::page_alloc::folio_alloc;
use super::rmap::*;
use super::shmem::shmem_mfill_atomic_pte;
use super::swap::{folio_add_lru, folio_add_lru_vma, folio_put};
use super::swapfile::{get_swap_device, put_swap_device};
use crate::bugs;
use crate::kfn;
use crate::linux::fault::{mmap_read_lock, mmap_read_unlock};
use crate::linux::fs::i_size_read;
use crate::linux::highmem::{copy_page_from_user, page_id};
use crate::linux::mm_types::*;
use crate::linux::page_flags::*;
use crate::linux::page_ref::{folio_get, folio_ref_transfer};
use crate::linux::pagemap::*;
use crate::linux::pgtable::*;
use crate::linux::signal::fatal_signal_pending;
use crate::linux::swap_info::swap_map;
use crate::machine::m;
use crate::vocab::*;

// ----- UFFDIO_COPY -----

/// `mfill_file_over_size()`, v6.12: whether the address is beyond the end of the VMA's file. mmap_lock held.
fn mfill_file_over_size(vma: Vma, addr: usize) -> bool {
    kfn!(mfill_file_over_size);
    vma.vm_file().is_some_and(|file| vma.linear_page_index(addr) >= i_size_read(file))
}

/// `mfill_atomic_install_pte()`, v6.12, of a new folio: a locked one of a tmpfs file, or one nobody else knows.
/// mmap_lock held. True: mapped, and the allocation's reference is the entry's now.
pub(super) fn mfill_atomic_install_pte(vma: Vma, addr: usize, folio: Folio) -> bool {
    kfn!(mfill_atomic_install_pte);
    let (mm, flags) = (vma.mm(), locked_vm_flags(vma));
    let page_in_cache = folio_mapping(folio).is_some();
    let writable = flags & VM_WRITE != 0;
    let mut entry = mk_pte(folio, vma);
    if writable || !bug(bugs::UFFD_CLEAN) {
        entry = entry.mkdirty();
    }
    if writable {
        entry = entry.mkwrite();
    }
    pte_offset_map_lock(mm);
    let beyond = !bug(bugs::UFFD_SIZE) && mfill_file_over_size(vma, addr);
    let install = !beyond && ptep_get(mm, addr).is_none();
    if install {
        if page_in_cache {
            folio_add_lru(folio);
            folio_add_file_rmap_pte(folio, vma, addr);
        } else {
            folio_add_new_anon_rmap(folio, vma, addr, true);
            folio_add_lru_vma(folio, vma);
        }
        folio_ref_transfer(folio, Owner::Alloc, Owner::Pte);
        set_pte_at(mm, addr, entry, PteWrite::Fault);
        m().note(Note::UserFill, folio.obj(Field::Content), page_id(mm.index(), addr));
    }
    pte_unmap_unlock(mm);
    install
}

/// `mfill_atomic_pte_copy()`, v6.12: a private copy. mmap_lock held, the VMA has its anon_vma.
fn mfill_atomic_pte_copy(vma: Vma, addr: usize) -> bool {
    kfn!(mfill_atomic_pte_copy);
    let Some(folio) = folio_alloc() else { return false };
    copy_page_from_user(folio);
    __folio_mark_uptodate(folio);
    let installed = mfill_atomic_install_pte(vma, addr, folio);
    if !installed {
        folio_put(folio, Owner::Alloc);
    }
    installed
}

/// `mfill_atomic()`, v6.12, of one page: fills an empty entry of an anonymous VMA, or of one of tmpfs. The caller holds
/// an `mm_users` reference. False: there is something, no VMA or no frame. Left out: VMA locks, copying from a page
/// that must be faulted in.
pub fn mfill_atomic(mm: Mm, addr: usize) -> bool {
    kfn!(mfill_atomic);
    mmap_read_lock(mm);
    let vma = mm.vma_lookup(addr).filter(|vma| vma_is_anonymous(*vma) || is_shmem(*vma));
    let done = match vma {
        None => false,
        Some(vma) if locked_vm_flags(vma) & VM_SHARED != 0 => shmem_mfill_atomic_pte(vma, addr),
        Some(vma) => anon_vma_prepare(vma) && mfill_atomic_pte_copy(vma, addr),
    };
    mmap_read_unlock(mm);
    done
}

// ----- UFFDIO_MOVE -----

/// Why a page was not moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MoveError {
    /// -EAGAIN: something has changed; from the beginning.
    Again,
    /// -EBUSY, -EEXIST, -ENOENT: it cannot be moved.
    Refused,
}

/// One move.
struct Move {
    mm: Mm,
    dst_vma: Vma,
    dst: usize,
    src: usize,
    /// The page's folio, locked and with a lookup reference, and the entry it was found by.
    folio: Option<(Folio, Pte)>,
    /// Locked for writing, with a reference.
    anon_vma: Option<AnonVma>,
}

/// How one attempt ended.
enum Attempt {
    Over(Result<(), MoveError>),
    /// A lock was waited for: the entries are to be read again.
    Retry,
}

impl Move {
    /// `is_pte_pages_stable()`, v6.12. Page-table lock held.
    fn stable(&self, orig_src: Pte) -> bool {
        ptep_get(self.mm, self.src) == orig_src && ptep_get(self.mm, self.dst).is_none()
    }

    /// The contents go with the entry: a fact for the checks.
    fn note_moved(&self) {
        note_anon_alias((self.mm, self.src), (self.mm, self.dst));
        note_anon_discard(self.mm, self.src);
    }

    /// Takes the entry away, and sets one at the destination.
    fn move_entry(&self, entry: impl FnOnce(Pte) -> Pte) {
        let pte = ptep_change(self.mm, self.src, |_| Pte::NONE, PteWrite::Move);
        self.note_moved();
        set_pte_at(self.mm, self.dst, entry(pte), PteWrite::Move);
    }

    /// The folio belongs to the destination from now on. Folio locked, page-table lock held.
    fn move_rmap(&self, folio: Folio) {
        folio_move_anon_rmap(folio, self.dst_vma);
        folio_set_index(folio, self.dst_vma.linear_page_index(self.dst));
    }

    /// `move_present_pte()`, v6.12. Folio locked, its anon_vma locked for writing.
    fn move_present_pte(&self, orig_src: Pte, folio: Folio) -> Result<(), MoveError> {
        kfn!(move_present_pte);
        let mm = self.mm;
        pte_offset_map_lock(mm); // double_pt_lock()
        let result = if !self.stable(orig_src) {
            Err(MoveError::Again)
        } else if folio_maybe_dma_pinned(folio) || !page_anon_exclusive(folio) {
            Err(MoveError::Refused)
        } else {
            let pte = ptep_change(mm, self.src, |_| Pte::NONE, PteWrite::Move);
            if folio_maybe_dma_pinned(folio) {
                set_pte_at(mm, self.src, pte, PteWrite::Restore);
                Err(MoveError::Refused)
            } else {
                self.note_moved();
                self.move_rmap(folio);
                let entry = mk_pte(folio, self.dst_vma).mkdirty().mkwrite();
                set_pte_at(mm, self.dst, entry, PteWrite::Move);
                Ok(())
            }
        };
        pte_unmap_unlock(mm);
        result
    }

    /// `move_zeropage_pte()`, v6.12.
    fn move_zeropage_pte(&self, orig_src: Pte) -> Result<(), MoveError> {
        kfn!(move_zeropage_pte);
        pte_offset_map_lock(self.mm);
        let stable = self.stable(orig_src);
        if stable {
            self.move_entry(|_| Pte::zero_page());
        }
        pte_unmap_unlock(self.mm);
        if stable { Ok(()) } else { Err(MoveError::Again) }
    }

    /// `move_swap_pte()`, v6.12. The swap device is held; `folio` was found in the swap cache and is locked. Up to
    /// v6.13 the swap cache was passed over; up to v6.15 it was not asked whether the folio is still the entry's, or
    /// one has come.
    fn move_swap_pte(&self, orig_src: Pte, slot: usize, folio: Option<Folio>) -> Result<(), MoveError> {
        kfn!(move_swap_pte);
        let careful = !bug(bugs::UFFD_MOVE_STALE) && !bug(bugs::UFFD_MOVE_UNCACHED);
        let other = |folio: Folio| !folio_test_swapcache(folio) || folio_swap(folio) != Some(slot);
        if careful && folio.is_some_and(other) {
            return Err(MoveError::Again);
        }
        pte_offset_map_lock(self.mm);
        let cached = || careful && folio.is_none() && swap_map(slot) & SWAP_HAS_CACHE != 0;
        let move_it = self.stable(orig_src) && !cached();
        if move_it {
            if let Some(folio) = folio {
                self.move_rmap(folio);
            }
            self.move_entry(|pte| pte);
        }
        pte_unmap_unlock(self.mm);
        if move_it { Ok(()) } else { Err(MoveError::Again) }
    }

    /// The folio of a present entry, found under its lock. Some: the attempt is over, or to be made again, the folio
    /// having been waited for.
    fn take_present(&mut self, orig_src: Pte) -> Option<Attempt> {
        let mm = self.mm;
        pte_offset_map_lock(mm);
        if ptep_get(mm, self.src) != orig_src {
            pte_unmap_unlock(mm);
            return Some(Attempt::Over(Err(MoveError::Again)));
        }
        let folio = orig_src.page().map(|pfn| Folio(pfn as u8)).filter(|f| is_anon(*f) && page_anon_exclusive(*f));
        let Some(folio) = folio else {
            pte_unmap_unlock(mm);
            return Some(Attempt::Over(Err(MoveError::Refused)));
        };
        let locked = folio_trylock(folio);
        folio_get(folio, Owner::Lookup);
        pte_unmap_unlock(mm);
        self.folio = Some((folio, orig_src));
        if locked {
            return None;
        }
        folio_lock(folio);
        Some(Attempt::Retry)
    }

    /// An attempt at a present entry.
    fn present(&mut self, orig_src: Pte) -> Attempt {
        if orig_src.is_zero_page() {
            return Attempt::Over(self.move_zeropage_pte(orig_src));
        }
        if self.folio.is_none()
            && let Some(attempt) = self.take_present(orig_src)
        {
            return attempt;
        }
        let Some((folio, _)) = self.folio else { return Attempt::Over(Err(MoveError::Again)) };
        if self.anon_vma.is_none() {
            // folio_referenced() walks the tree without the folio lock.
            let Some(anon_vma) = folio_get_anon_vma(folio) else { return Attempt::Over(Err(MoveError::Again)) };
            anon_vma_lock_write(anon_vma);
            self.anon_vma = Some(anon_vma);
            return Attempt::Retry;
        }
        Attempt::Over(self.move_present_pte(orig_src, folio))
    }

    /// An attempt at a swap entry.
    fn swapped(&mut self, orig_src: Pte, slot: usize) -> Attempt {
        if !orig_src.swap_exclusive() {
            return Attempt::Over(Err(MoveError::Refused));
        }
        if !get_swap_device() {
            return Attempt::Over(Err(MoveError::Again));
        }
        if self.folio.is_none()
            && !bug(bugs::UFFD_MOVE_UNCACHED)
            && let Some(folio) = filemap_get_folio(AddressSpace::SWAP, slot, Owner::Lookup)
        {
            self.folio = Some((folio, orig_src));
            if !folio_trylock(folio) {
                put_swap_device();
                folio_lock(folio);
                return Attempt::Retry;
            }
        }
        let result = self.move_swap_pte(orig_src, slot, self.folio.map(|(folio, _)| folio));
        put_swap_device();
        Attempt::Over(result)
    }

    /// `retry` of [`move_pages_pte`].
    fn attempt(&mut self) -> Attempt {
        let mm = self.mm;
        let orig_dst = locked_ptep_get(mm, self.dst);
        let orig_src = locked_ptep_get(mm, self.src);
        if !orig_dst.is_none() || orig_src.is_none() {
            return Attempt::Over(Err(MoveError::Refused));
        }
        if self.folio.is_some_and(|(_, found_by)| found_by != orig_src) {
            return Attempt::Over(Err(MoveError::Again));
        }
        if orig_src.is_present() {
            return self.present(orig_src);
        }
        if orig_src.migration_pfn().is_some() {
            migration_entry_wait(mm, self.src);
            return Attempt::Over(Err(MoveError::Again));
        }
        match orig_src.swap_slot() {
            Some(slot) => self.swapped(orig_src, slot),
            None => Attempt::Over(Err(MoveError::Refused)),
        }
    }
}

/// The entry, read under its lock.
fn locked_ptep_get(mm: Mm, addr: usize) -> Pte {
    pte_offset_map_lock(mm);
    let pte = ptep_get(mm, addr);
    pte_unmap_unlock(mm);
    pte
}

/// `move_pages_pte()`, v6.12. mmap_lock held for reading, the destination has its anon_vma. Left out: the RCU section
/// around the entries, which makes the kernel try each lock before it waits for it; large folios, notifiers.
fn move_pages_pte(mm: Mm, dst_vma: Vma, dst: usize, src: usize) -> Result<(), MoveError> {
    kfn!(move_pages_pte);
    let mut moving = Move { mm, dst_vma, dst, src, folio: None, anon_vma: None };
    let result = loop {
        if let Attempt::Over(result) = moving.attempt() {
            break result;
        }
    };
    if let Some(anon_vma) = moving.anon_vma {
        anon_vma_unlock_write(anon_vma);
        put_anon_vma(anon_vma);
    }
    if let Some((folio, _)) = moving.folio {
        folio_unlock(folio);
        folio_put(folio, Owner::Lookup);
    }
    result
}

/// `validate_move_areas()`, v6.12. mmap_lock held.
fn validate_move_areas(src: Vma, dst: Vma) -> bool {
    kfn!(validate_move_areas);
    let same = VM_READ | VM_WRITE | VM_LOCKED;
    let (a, b) = (locked_vm_flags(src), locked_vm_flags(dst));
    a & same == b & same && a & VM_WRITE != 0 && vma_is_anonymous(src) && vma_is_anonymous(dst)
}

/// `move_pages()`, v6.12, of one page: `src` moves to `dst`, where there is nothing. The caller holds an `mm_users`
/// reference. False: it cannot be moved.
pub fn move_pages(mm: Mm, dst: usize, src: usize) -> bool {
    kfn!(move_pages);
    mmap_read_lock(mm);
    let areas = mm.vma_lookup(src).zip(mm.vma_lookup(dst)).filter(|(src, dst)| validate_move_areas(*src, *dst));
    let dst_vma = areas.map(|(_, dst)| dst).filter(|dst| anon_vma_prepare(*dst));
    let done = dst_vma.is_some_and(|dst_vma| {
        loop {
            match move_pages_pte(mm, dst_vma, dst, src) {
                Err(MoveError::Again) if !fatal_signal_pending() => {}
                result => break result.is_ok(),
            }
        }
    });
    mmap_read_unlock(mm);
    done
}
