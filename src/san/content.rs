//! The content oracle (MM-6.12 W4): what a page shows is what was last written to it.
//!
//! Contents are versions, each written once, by one page: a file page, or a virtual page of a process. A read may see
//! the newest write as of the beginning of the reading operation, or a later one. What may legally be lost (truncation,
//! unmapping, MADV_FREE, writes through a pin) is not asked for; the rules err on that side.

use super::state::{VmArea, file_of, flags, in_slot, is_anon, page, pte, ptes, slot_folio, slot_swap, word};
use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

kinds! { "content":
    LOST = "lost-data" actual "W4" "A page shows, or keeps, older contents than were written to it.";
    WRONG = "wrong-page" actual "W4, M9" "A page shows what was written to another page.";
    BEYOND_EOF = "beyond-eof" actual "W4"
        "read() returns zeros that were never in the file: they fill a page beyond its end.";
    PRIVATE_WRITE = "private-write" actual "M9" "A write through a private mapping reaches the file.";
}

/// Versions whose writer is remembered; no execution comes near.
const VERSIONS: usize = 512;
const FILE_PAGES: usize = MAPPINGS * SLOTS;
const ANON_PAGES: usize = MMS * VADDRS;
/// Writer of a version: nobody yet, or not known.
const NOBODY: u8 = u8::MAX;
const UNKNOWN: u8 = NOBODY - 1;

/// Who wrote a version. Pages are numbered: file pages, then virtual pages.
#[derive(Clone, Copy)]
struct Written {
    page: u8,
    /// Event; 1 for the set-up's, 0 for what the set-up had replaced already.
    seq: u32,
    /// Through a pin: may be lost.
    pin: bool,
}

/// What a file page must show.
#[derive(Clone, Copy, Default)]
struct FilePage {
    version: u64,
    seq: u32,
    /// Discarded since it was written: it may show anything of its own.
    any: bool,
    discarded_at: u32,
    /// Task that is discarding it, plus one: what a process writes meanwhile may be lost, too.
    discarding: u8,
}

/// What a private virtual page must show.
#[derive(Clone, Copy, Default)]
struct AnonPage {
    known: bool,
    version: u64,
    /// MADV_FREE: or zeros.
    zero_ok: bool,
    /// A pinner wrote: or any later version of its own.
    loose: bool,
    /// Inherited from this page, which was writable until `until`: or what it wrote in between.
    from: u8,
    since: u32,
    until: u32,
    /// Task that is discarding it, plus one: what is written meanwhile may be lost, too.
    discarding: u8,
}

pub(super) struct Content {
    versions: [Written; VERSIONS],
    files: [FilePage; FILE_PAGES],
    anons: [AnonPage; ANON_PAGES],
    /// The file pages when each program's operation began, and when that was.
    begin: [([FilePage; FILE_PAGES], u32); CPUS],
    /// Pages of files that somebody got through a private mapping, to write to them; as a bit set.
    strays: u64,
    /// When each file page was last cut off by truncation, and when it last came to show zeros legally.
    cut_at: [u32; FILE_PAGES],
    zeros_at: [u32; FILE_PAGES],
}

const BLANK: Written = Written { page: NOBODY, seq: 0, pin: false };

impl Default for Content {
    fn default() -> Content {
        Content {
            versions: [BLANK; VERSIONS],
            files: Default::default(),
            anons: Default::default(),
            begin: Default::default(),
            strays: 0,
            cut_at: [0; FILE_PAGES],
            zeros_at: [0; FILE_PAGES],
        }
    }
}

/// Number of a file page.
fn file_page(m: usize, index: usize) -> Option<usize> {
    (m < MAPPINGS && index < SLOTS).then_some(m * SLOTS + index)
}

/// Number of the virtual page `aux` names, among virtual pages.
fn user_page(aux: u32) -> Option<usize> {
    let (mm, addr) = ((aux >> 8 & 0xff) as usize, (aux & 0xff) as usize);
    (mm < MMS && addr < VADDRS).then_some(mm * VADDRS + addr)
}

/// The file page a folio is.
fn page_of(v: &View, f: usize) -> Option<usize> {
    file_page(file_of(v.m, f)?, word(v.m, f, Field::Index) as usize)
}

fn disk(v: &View, space: usize, index: usize) -> u64 {
    v.m.peek(Obj::at(Field::Disk, space, index))
}

/// The folio with the contents of a file page, and else what is on the device. A tmpfs file's page can be in swap.
fn kept(v: &View, m: usize, index: usize) -> (Option<usize>, u64) {
    let uptodate = |f: &usize| flags(v.m, *f) & PG_UPTODATE != 0;
    match slot_swap(v.m.peek(Obj::slot(m, index))) {
        Some(slot) => (in_slot(v.m, SWAP_SPACE, slot).filter(uptodate), disk(v, SWAP_SPACE, slot)),
        None => (in_slot(v.m, m, index).filter(uptodate), disk(v, m, index)),
    }
}

fn area(v: &View, u: usize) -> Option<VmArea> {
    VmArea::at(v.m, u / VADDRS, u % VADDRS)
}

fn is_private(v: &View, area: &VmArea) -> bool {
    area.flags(v.m) & VM_SHARED == 0
}

/// Reclaim may drop what is written there.
fn is_droppable(v: &View, u: usize) -> bool {
    area(v, u).is_some_and(|a| a.flags(v.m) & VM_DROPPABLE != 0)
}

impl Content {
    /// Who wrote a version; nobody wrote zeros.
    fn version(&self, x: u64) -> Written {
        self.versions.get(x as usize).copied().unwrap_or(Written { page: UNKNOWN, ..BLANK })
    }

    fn wrote(&mut self, x: u64, page: usize, seq: u32, pin: bool) {
        if let Some(w) = self.versions.get_mut(x as usize) {
            *w = Written { page: page as u8, seq, pin };
        }
    }

    /// The set-up's contents; a version in two places belongs to neither.
    fn learn(&mut self, x: u64, page: usize, seq: u32) {
        if let Some(w) = self.versions.get_mut(x as usize).filter(|_| x != 0) {
            let known = w.page != NOBODY && w.page != page as u8;
            *w = Written { page: if known { UNKNOWN } else { page as u8 }, seq: w.seq.max(seq), pin: false };
        }
    }

    // ----- writes -----

    fn wrote_file(&mut self, v: &View, p: usize, e: &Event) {
        self.wrote(e.new, p, e.seq, false);
        let beyond = (p % SLOTS) as u64 >= v.m.peek(Obj::mapping(p / SLOTS, Field::ISize));
        // Beyond the end of the file nothing is written back. write() moves the end afterwards.
        let any = (beyond || self.files[p].discarding != 0) && e.note == Note::UserWrite;
        self.files[p] = FilePage { version: e.new, seq: e.seq, any, ..self.files[p] };
    }

    fn user_write(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let u = user_page(e.aux)?;
        if let Some(p) = page_of(v, f) {
            self.wrote_file(v, p, e);
            return area(v, u).is_some_and(|a| is_private(v, &a)).then(|| PRIVATE_WRITE.at(e));
        }
        self.wrote(e.new, FILE_PAGES + u, e.seq, false);
        let discarding = self.anons[u].discarding;
        let known = discarding == 0 && !is_droppable(v, u);
        let (since, until) = (e.seq, e.seq);
        self.anons[u] = AnonPage { known, version: e.new, since, until, discarding, ..Default::default() };
        None
    }

    /// Contents that were copied in before the page had a place; nobody has seen them yet.
    fn filled(&mut self, v: &View, f: usize, e: &Event) {
        let x = word(v.m, f, Field::Content);
        if let Some(p) = page_of(v, f) {
            let beyond = (p % SLOTS) as u64 >= v.m.peek(Obj::mapping(p / SLOTS, Field::ISize));
            self.wrote(x, p, e.seq, false);
            let any = beyond || self.files[p].discarding != 0;
            self.files[p] = FilePage { version: x, seq: e.seq, any, ..self.files[p] };
        } else if let Some(u) = user_page(e.aux) {
            self.wrote(x, FILE_PAGES + u, e.seq, false);
            let discarding = self.anons[u].discarding;
            let known = discarding == 0 && !is_droppable(v, u);
            let (since, until) = (e.seq, e.seq);
            self.anons[u] = AnonPage { known, version: x, since, until, discarding, ..Default::default() };
        }
    }

    /// A write through a private mapping is meant for a private copy.
    fn write_grab(&mut self, v: &View, f: usize, e: &Event) {
        let private = user_page(e.aux).and_then(|u| area(v, u)).is_some_and(|a| is_private(v, &a));
        let stray = private && page_of(v, f).is_some();
        self.strays = self.strays & !(1 << f) | u64::from(stray) << f;
    }

    fn pin_write(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if let Some(p) = page_of(v, f) {
            self.wrote(e.new, p, e.seq, true);
            return (self.strays >> f & 1 != 0).then(|| PRIVATE_WRITE.at(e));
        }
        if !is_anon(v.m, f) {
            // A file's page that was taken out of it meanwhile: who found it before may still read it.
            self.wrote(e.new, usize::from(UNKNOWN), e.seq, true);
            return None;
        }
        let u = user_page(e.aux)?;
        self.wrote(e.new, FILE_PAGES + u, e.seq, true);
        self.anons[u].loose = true;
        for (mm, addr, entry) in ptes(v.m) {
            if page(entry) == Some(f) && mm * VADDRS + addr != u {
                self.anons[mm * VADDRS + addr].known = false;
            }
        }
        None
    }

    // ----- reads -----

    fn read_file(&self, p: usize, x: u64, e: &Event) -> Option<Finding> {
        let (begin, at) = self.begin.get(e.task as usize)?;
        let (then, now, w) = (begin[p], self.files[p], self.version(x));
        if x != 0 && w.page != p as u8 {
            let known = w.page != NOBODY && w.page != UNKNOWN;
            return known.then(|| WRONG.at(e).with_other(Some(w.seq).filter(|s| *s > 1)));
        }
        let read = e.note == Note::FileRead;
        if read && x == 0 && then.version != 0 && !then.any && self.cut_at[p] >= *at && self.zeros_at[p] < *at {
            return Some(BEYOND_EOF.at(e).with_other(Some(self.cut_at[p])));
        }
        let excused = then.any || now.any || now.discarded_at >= *at;
        let fresh = x == then.version || (x != 0 && w.seq >= then.seq);
        (!excused && !fresh).then(|| LOST.at(e).with_other(Some(then.seq).filter(|s| *s > 1)))
    }

    fn accepts(&self, u: usize, x: u64) -> bool {
        let (a, w) = (&self.anons[u], self.version(x));
        let inherited = x != 0 && w.page == a.from && (a.since..=a.until).contains(&w.seq);
        let pinned = a.loose && x != 0 && w.page as usize == FILE_PAGES + u && w.seq >= self.version(a.version).seq;
        !a.known || x == a.version || (x == 0 && a.zero_ok) || inherited || pinned || w.page == UNKNOWN
    }

    fn read_anon(&self, u: usize, x: u64, e: &Event) -> Option<Finding> {
        if self.accepts(u, x) {
            return None;
        }
        let (a, w) = (&self.anons[u], self.version(x));
        let own = x == 0 || w.page as usize == FILE_PAGES + u || w.page == a.from || w.page == NOBODY;
        let kind = if own { &LOST } else { &WRONG };
        Some(kind.at(e).with_other(Some(self.version(a.version).seq).filter(|s| *s > 1)))
    }

    fn user_read(&self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let u = user_page(e.aux)?;
        let Some(p) = page_of(v, f) else { return self.read_anon(u, e.new, e) };
        let area = area(v, u);
        if self.anons[u].known && area.as_ref().is_some_and(|a| is_private(v, a)) {
            return self.read_anon(u, e.new, e);
        }
        let linear = area.filter(|a| a.flags(v.m) & VM_NONLINEAR == 0);
        let there = linear.and_then(|a| file_page(a.file?, a.index(u % VADDRS)));
        self.read_file(there.unwrap_or(p), e.new, e)
    }

    // ----- devices -----

    fn read_in(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let (space, index) = ((e.aux >> 8) as usize, (e.aux & 0xff) as usize);
        let p = file_page(space, index)?;
        if page_of(v, f) != Some(p) {
            // Direct I/O into somebody's memory.
            let mapping = ptes(v.m).filter(|(_, _, entry)| page(*entry) == Some(f));
            mapping.for_each(|(mm, addr, _)| self.anons[mm * VADDRS + addr].known = false);
            return None;
        }
        let (old, new) = (self.version(e.old), self.version(e.new));
        let newer = e.old != 0 && old.page == p as u8 && old.seq > new.seq && !old.pin;
        let over = newer && flags(v.m, f) & PG_UPTODATE != 0 && !self.files[p].any;
        over.then(|| LOST.at(e).with_other(Some(old.seq).filter(|s| *s > 1)))
    }

    fn write_out(&mut self, v: &View, e: &Event) -> Option<Finding> {
        let place = e.obj.place();
        let p = file_page(place.index as usize, place.sub as usize)?;
        let f = (e.aux as usize).min(FOLIOS - 1);
        if page_of(v, f) != Some(p) {
            // Direct I/O from somebody's memory.
            self.files[p].any = true;
            if let Some(w) = self.versions.get_mut(e.new as usize).filter(|_| e.new != 0) {
                w.page = UNKNOWN;
            }
            return None;
        }
        let (old, new) = (self.version(e.old), self.version(e.new));
        if self.files[p].any || e.new == 0 || new.page == UNKNOWN || new.page == NOBODY {
            return None;
        }
        if new.page != p as u8 {
            return Some(WRONG.at(e).folio(f));
        }
        let older = e.old != 0 && old.page == p as u8 && old.seq > new.seq;
        older.then(|| LOST.at(e).folio(f).with_other(Some(old.seq).filter(|s| *s > 1)))
    }

    /// Reclaim takes a clean folio out of its cache: what it contains is on the device.
    fn removed(&self, v: &View, e: &Event) -> Option<Finding> {
        let place = e.obj.place();
        let (space, index) = (place.index as usize, place.sub as usize);
        let f = slot_folio(e.old).filter(|_| slot_folio(e.new).is_none())?;
        let flags = flags(v.m, f);
        let clean = v.ledger.account(f).frozen_by == e.task + 1 && flags & (PG_DIRTY | PG_UPTODATE) == PG_UPTODATE;
        let x = word(v.m, f, Field::Content);
        let w = self.version(x);
        if !clean || x == disk(v, space, index) || w.seq <= 1 || w.pin {
            return None;
        }
        let needed = match file_page(space, index) {
            Some(p) => {
                let size = v.m.peek(Obj::mapping(space, Field::ISize));
                w.page == p as u8 && !self.files[p].any && (index as u64) < size
            }
            None => {
                let names = |u: &usize| pte(v.m, u / VADDRS, u % VADDRS).swap_slot() == Some(index);
                let must = |u: usize| self.anons[u].known && !self.accepts(u, disk(v, space, index));
                let file = |p: &usize| slot_swap(v.m.peek(Obj::slot(p / SLOTS, p % SLOTS))) == Some(index);
                let newest = |p: usize| self.files[p].version == x && !self.files[p].any;
                (0..ANON_PAGES).filter(names).any(must) || (0..FILE_PAGES).filter(file).any(newest)
            }
        };
        needed.then(|| LOST.at(e).folio(f).with_other(Some(w.seq)))
    }

    // ----- what may be lost -----

    fn discard_file(&mut self, v: &View, m: usize, first: usize, last: usize, e: &Event) {
        for p in (first..=last).filter_map(|i| file_page(m, i)) {
            self.files[p].any = true;
            self.files[p].discarded_at = e.seq;
            self.files[p].discarding = e.task + 1;
        }
        // The private copies go, too.
        for u in 0..ANON_PAGES {
            if area(v, u).is_some_and(|a| a.file == Some(m)) {
                self.anons[u].known = false;
            }
        }
    }

    /// The contents of `src` are also those of `dst`.
    fn alias(&mut self, src: usize, dst: usize, e: &Event) {
        let from = self.anons[src];
        // What the source itself shows is not settled yet.
        let settled = from.known && from.since == from.until && !from.loose;
        let page = (FILE_PAGES + src) as u8;
        let kept = self.anons[dst].discarding;
        self.anons[dst] =
            AnonPage { known: settled, from: page, since: e.seq, until: u32::MAX, discarding: kept, ..from };
        if src / VADDRS == dst / VADDRS {
            self.anons[src] = AnonPage { discarding: e.task + 1, ..Default::default() };
        }
    }

    fn note(&mut self, v: &View, e: &Event) -> Option<Finding> {
        match e.note {
            Note::OpBegin => {
                if let Some(begin) = self.begin.get_mut(e.task as usize) {
                    *begin = (self.files, e.seq);
                }
            }
            Note::OpEnd => {
                self.anons.iter_mut().filter(|a| a.discarding == e.task + 1).for_each(|a| a.discarding = 0);
                self.files.iter_mut().filter(|p| p.discarding == e.task + 1).for_each(|p| p.discarding = 0);
            }
            Note::FileDiscard => {
                let (m, index) = ((e.aux >> 8) as usize, (e.aux & 0xff) as usize);
                self.discard_file(v, m, index, index, e);
            }
            Note::TruncateEnd => {
                let (m, first) = ((e.aux >> 8) as usize, (e.aux & 0xff) as usize);
                self.discard_file(v, m, first, SLOTS, e);
                (first..SLOTS).filter_map(|i| file_page(m, i)).for_each(|p| self.cut_at[p] = e.seq);
            }
            Note::HolePunched => {
                let p = file_page((e.aux >> 8) as usize, (e.aux & 0xff) as usize)?;
                let seq = self.files[p].discarded_at; // what a process has written since is not of the hole
                let now = FilePage { version: 0, seq, any: false, discarded_at: e.seq, ..self.files[p] };
                (self.files[p], self.zeros_at[p]) = (now, e.seq);
                // Had the page been brought in before, it would show what was there.
                return v.hints.then(|| LOST.hint(e));
            }
            Note::AnonDiscard => {
                self.anons[user_page(e.aux)?] = AnonPage { discarding: e.task + 1, ..Default::default() };
            }
            Note::AnonLazyFree => {
                let a = &mut self.anons[user_page(e.aux)?];
                (a.zero_ok, a.discarding) = (true, e.task + 1);
            }
            Note::AnonAlias => self.alias(user_page(e.aux & 0xffff)?, user_page(e.aux >> 16)?, e),
            Note::UserFill => self.filled(v, e.obj.as_folio()?, e),
            Note::WriteGrab => self.write_grab(v, e.obj.as_folio()?, e),
            Note::SetupDone => self.set_up(v),
            Note::Quiescent => return self.at_rest(v, e),
            _ => {}
        }
        None
    }

    /// The file grows: its new pages show zeros.
    fn grown(&mut self, e: &Event) {
        let m = e.obj.place().index as usize;
        (e.old..e.new).filter_map(|i| file_page(m, i as usize)).for_each(|p| self.zeros_at[p] = e.seq);
    }

    /// A page table is unlocked: fork or mremap is through with what it copied.
    fn settle(&mut self, mm: usize, e: &Event) {
        for (u, a) in self.anons.iter_mut().enumerate().filter(|(_, a)| a.until == u32::MAX) {
            let source = (a.from as usize).wrapping_sub(FILE_PAGES) / VADDRS;
            if u / VADDRS == mm || source == mm {
                a.until = e.seq;
            }
        }
    }

    /// A read that found the zero page.
    fn zero_page(&self, e: &Event) -> Option<Finding> {
        let read = e.aux == PteWrite::Hardware as u32 && Pte(e.new).is_zero_page() && e.kind == Kind::Rmw;
        let place = e.obj.place();
        let u = place.index as usize * VADDRS + place.sub as usize;
        if read { self.read_anon(u, 0, e) } else { None }
    }

    // ----- begin and end -----

    #[cold]
    fn set_up(&mut self, v: &View) {
        for p in 0..FILE_PAGES {
            let (m, index) = (p / SLOTS, p % SLOTS);
            let (cached, stored) = kept(v, m, index);
            let version = cached.map_or(stored, |f| word(v.m, f, Field::Content));
            let differs = cached.is_some_and(|f| flags(v.m, f) & PG_DIRTY == 0) && version != stored;
            if stored != version {
                self.learn(stored, p, 0);
            }
            self.learn(version, p, 1);
            self.files[p] = FilePage { version, seq: 1, any: differs, ..Default::default() };
        }
        for u in 0..ANON_PAGES {
            if let Some(version) = self.behind(v, u) {
                self.learn(version, FILE_PAGES + u, 1);
                let known = !is_droppable(v, u);
                self.anons[u] = AnonPage { known, version, since: 1, until: 1, ..Default::default() };
            }
        }
        self.begin = [(self.files, 0); CPUS];
    }

    /// The private contents behind a page-table entry.
    fn behind(&self, v: &View, u: usize) -> Option<u64> {
        let entry = pte(v.m, u / VADDRS, u % VADDRS);
        if let Some(f) = page(entry) {
            return is_anon(v.m, f).then(|| word(v.m, f, Field::Content));
        }
        let slot = entry.swap_slot().filter(|s| *s < SLOTS)?;
        let cached = in_slot(v.m, SWAP_SPACE, slot).filter(|f| flags(v.m, *f) & PG_UPTODATE != 0);
        Some(cached.map_or(disk(v, SWAP_SPACE, slot), |f| word(v.m, f, Field::Content)))
    }

    #[cold]
    fn at_rest(&self, v: &View, e: &Event) -> Option<Finding> {
        (0..FILE_PAGES).find_map(|p| self.file_at_rest(v, p, e)).or_else(|| {
            let found = |u: usize| {
                let area = area(v, u).filter(|a| is_private(v, a) && self.anons[u].known)?;
                // A file's page, or nothing, where a private copy was.
                let file = page(pte(v.m, area.vma / VMAS_PER_MM, u % VADDRS)).filter(|f| !is_anon(v.m, *f));
                let x = file.map(|f| word(v.m, f, Field::Content)).or_else(|| self.behind(v, u)).unwrap_or(0);
                self.read_anon(u, x, e)
            };
            (0..ANON_PAGES).find_map(found)
        })
    }

    /// The newest contents are in the cache or on the device; a clean page is on the device.
    fn file_at_rest(&self, v: &View, p: usize, e: &Event) -> Option<Finding> {
        let (m, index, wanted) = (p / SLOTS, p % SLOTS, &self.files[p]);
        let as_word = |field| v.m.peek(Obj::mapping(m, field));
        let gone = v.cx.inode_freed[m] != 0 || as_word(Field::AsFlags) & AS_EXITING != 0;
        if gone || wanted.any || wanted.seq <= 1 || as_word(Field::ISize) <= index as u64 {
            return None;
        }
        let (cached, stored) = kept(v, m, index);
        let kept = cached.map_or(stored, |f| word(v.m, f, Field::Content));
        let w = self.version(kept);
        let lost = kept != wanted.version && w.page != UNKNOWN && (w.page != p as u8 || w.seq < wanted.seq);
        let clean = cached.is_some_and(|f| {
            let dirty = |entry: Pte| page(entry) == Some(f) && entry.is_dirty();
            let covered = flags(v.m, f) & PG_DIRTY != 0 || ptes(v.m).any(|(_, _, entry)| dirty(entry));
            !covered && !w.pin && kept != stored && as_word(Field::AOps) & AOPS_WRITEBACK != 0
        });
        let found = LOST.at(e).with_other(Some(wanted.seq));
        (lost || clean).then(|| cached.map_or(found, |f| found.folio(f)))
    }
}

impl Check for Content {
    const SPEC: CheckSpec = CheckSpec { name: "content", title: "no write is lost or seen elsewhere", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .field(Field::Content)
        .writes(Field::Disk)
        .writes(Field::Slot)
        .writes(Field::PteCell)
        .writes(Field::Ptl)
        .writes(Field::ISize)
        .note(Note::OpBegin)
        .note(Note::OpEnd)
        .note(Note::FileDiscard)
        .note(Note::HolePunched)
        .note(Note::TruncateEnd)
        .note(Note::AnonDiscard)
        .note(Note::AnonLazyFree)
        .note(Note::AnonAlias)
        .note(Note::UserFill)
        .note(Note::SetupDone)
        .note(Note::WriteGrab)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        *self = Content::default();
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.kind == Kind::Note {
            return self.note(v, e);
        }
        match e.obj.field() {
            Field::PteCell => self.zero_page(e),
            Field::Ptl => {
                if e.kind == Kind::Unlock {
                    self.settle(e.obj.place().index as usize, e);
                }
                None
            }
            Field::ISize => {
                self.grown(e);
                None
            }
            Field::Slot if e.note == Note::SlotStore => self.removed(v, e),
            Field::Disk if e.note == Note::WriteOut => self.write_out(v, e),
            Field::Content => self.content(v, e.obj.as_folio()?, e),
            _ => None,
        }
    }
}

impl Content {
    fn content(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        match e.note {
            Note::UserRead => self.user_read(v, f, e),
            Note::UserWrite => self.user_write(v, f, e),
            Note::PinWrite => self.pin_write(v, f, e),
            Note::ReadIn => self.read_in(v, f, e),
            Note::FileRead => self.read_file(file_page((e.aux >> 8) as usize, (e.aux & 0xff) as usize)?, e.new, e),
            Note::FileWrite => {
                self.wrote_file(v, file_page((e.aux >> 8) as usize, (e.aux & 0xff) as usize)?, e);
                None
            }
            _ => None,
        }
    }
}
