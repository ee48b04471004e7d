//! Migration of a folio to another: when it may copy, and what success leaves behind (MM-6.12 17.6).

use super::state::*;
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "migration":
    FALLBACK_RETRY = "fallback-retry" actual "MM-6.12 7.5, G4"
        "A folio that fallback_migrate_folio() wrote out, and so mapped again, is migrated in a later pass.";
    DST_VISIBLE = "dst-visible" actual "G1"
        "The destination is in a lookup structure, or not locked, before it is filled.";
    DST_UNLOCKED = "dst-unlocked" actual "G1, I-B9, R-UNLOCKED-BUG"
        "The destination is unlocked between its publication and success.";
    SRC_BUSY = "src-busy" actual "G4, I-B3" "The source is copied while it is mapped, pinned or under writeback.";
    SRC_UNLOCKED = "src-unlocked" actual "G4, I-B6, I-B9, R-UNLOCKED-BUG"
        "The source is copied by a task that does not hold its lock.";
    SRC_LEFT = "src-left" actual "G2" "After success, the source is still in a cache, attached, or owned by one.";
    DST_LOST = "dst-lost" actual "G2" "After success, the destination is not where the source was.";
    DIRTY_LOST = "dirty-lost" actual "G3" "A dirty source leaves a clean destination.";
}

/// One migration between the copy and success or failure.
#[derive(Clone, Copy)]
struct Move {
    src: u8,
    dirty: bool,
    /// The cache the source was in: address space and index.
    from: Option<(u8, u8)>,
    at: u32,
}

#[derive(Default)]
pub(super) struct Migration {
    /// By destination.
    moves: [Option<Move>; FOLIOS],
    /// Folios whose mappings were restored to write them out: the migrating task, plus one, until it is through with
    /// them.
    written_out: [u8; FOLIOS],
}

impl Migration {
    fn copy(&mut self, v: &View, src: usize, dst: usize, e: &Event) -> Option<Finding> {
        // Up to v6.10 the copy came last: the destination has taken the source's place, locked and not uptodate.
        let copies_last = v.m.model().kernel < Kernel::V6_12;
        let place = |f| slots(v.m).find(|(_, _, w)| slot_folio(*w) == Some(f)).map(|(s, i, _)| (s as u8, i as u8));
        let from = place(src).or_else(|| place(dst).filter(|_| copies_last));
        let usable = if copies_last { flags(v.m, dst) & PG_UPTODATE != 0 } else { visible(v, dst) };
        let dirty = flags(v.m, src) & PG_DIRTY != 0;
        self.moves[dst] = Some(Move { src: src as u8, dirty, from, at: e.seq });
        let busy = busy(v, src);
        let kind = match () {
            _ if busy && self.written_out[src] != 0 => &FALLBACK_RETRY,
            _ if busy => &SRC_BUSY,
            _ if !v.cx.has_folio_locked(src, e) => &SRC_UNLOCKED,
            _ if usable || !v.cx.has_folio_locked(dst, e) => return Some(DST_VISIBLE.at(e).folio(dst)),
            _ => return None,
        };
        Some(kind.at(e))
    }

    fn success(&mut self, v: &View, src: usize, dst: usize, e: &Event) -> Option<Finding> {
        let done = self.moves[dst].take().filter(|m| m.src as usize == src)?;
        let cached = slots(v.m).any(|(_, _, w)| slot_folio(w) == Some(src));
        let flags_left = flags(v.m, src);
        let attached = flags_left & PG_PRIVATE != 0 || is_swapcache(flags_left) || file_of(v.m, src).is_some();
        let a = v.ledger.account(src);
        // A reference of private data that are gone is a leak, told at rest.
        let owners = [Owner::PageCache, Owner::SwapCache, Owner::Pte];
        let owned = owners.iter().any(|o| a.owner_total(*o) != 0);
        let lost = done.from.is_some_and(|(s, i)| in_slot(v.m, s as usize, i as usize) != Some(dst));
        let dirty = flags(v.m, dst) & PG_DIRTY != 0;
        let kind = match () {
            _ if cached || attached || owned => &SRC_LEFT,
            _ if lost => &DST_LOST,
            _ if done.dirty && !dirty => &DIRTY_LOST,
            _ => return None,
        };
        Some(kind.at(e).with_other(Some(done.at)))
    }

    fn unlocked(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        // writeout() itself has the folio unlocked, and locks it again.
        if self.written_out[f] == e.task + 1 && !in_writeout(v, e) {
            self.written_out[f] = 0;
        }
        let open = self.moves[f].take()?;
        // Given up: nobody has seen it.
        visible(v, f).then(|| DST_UNLOCKED.at(e).with_other(Some(open.at)))
    }

    /// Migration maps a folio again, before it has it written out.
    fn restored(&mut self, v: &View, e: &Event) {
        if e.aux == PteWrite::Restore as u32
            && let Some(f) = page(Pte(e.new))
            && in_writeout(v, e)
        {
            self.written_out[f] = e.task + 1;
        }
    }
}

fn in_writeout(v: &View, e: &Event) -> bool {
    v.m.stack(e.task as usize).any(|n| n.name == "writeout")
}

/// Whether a folio may not be copied.
fn busy(v: &View, f: usize) -> bool {
    let mapped = word(v.m, f, Field::Mapcount) != 0 || present(v.m, f) != 0;
    mapped || v.cx.folios[f].pins != 0 || flags(v.m, f) & PG_WRITEBACK != 0
}

/// Whether a lookup can find the folio.
fn visible(v: &View, f: usize) -> bool {
    slots(v.m).any(|(_, _, w)| slot_folio(w) == Some(f)) || present(v.m, f) != 0
}

impl Check for Migration {
    const SPEC: CheckSpec = CheckSpec { name: "migration", title: "migration of a folio", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .folio_unlocks()
        .writes(Field::PteCell)
        .note(Note::MigrateCopy)
        .note(Note::MigrateSuccess)
        .note(Note::FolioFree)
        .note(Note::VmBug);

    fn reset(&mut self) {
        *self = Migration::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.note == Note::PteWrite {
            self.restored(v, e);
            return None;
        }
        let f = e.obj.as_folio()?;
        let dst = (e.aux as usize).min(FOLIOS - 1);
        match e.note {
            Note::FolioUnlock => self.unlocked(v, f, e),
            Note::MigrateCopy => self.copy(v, f, dst, e),
            Note::MigrateSuccess => self.success(v, f, dst, e),
            Note::FolioFree => {
                self.moves[f] = None;
                self.written_out[f] = 0;
                None
            }
            // The same corner: the kernel's own assertion sees the writeback first.
            Note::VmBug if e.aux == VmBug::Writeback as u32 && self.written_out[f] != 0 => Some(FALLBACK_RETRY.at(e)),
            _ => None,
        }
    }
}
