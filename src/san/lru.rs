//! LRU membership: who owns a folio's LRU position, and where its list link is.

use super::{Check, CheckSpec, Finding, KindSpec, View};
use crate::vocab::*;

macro_rules! kinds {
    ($($id:ident = $name:literal $predictive:literal $code:literal $doc:literal;)+) => {
        $(static $id: KindSpec =
            KindSpec { check: "lru", name: $name, predictive: $predictive, code: $code, doc: $doc };)+
        static KINDS: &[&KindSpec] = &[$(&$id),+];
    };
}

kinds! {
    NOT_HOLDER = "not-holder" false "U1" "A folio is filed or unfiled by a task that does not own its LRU position.";
    NO_REF = "no-ref" true "U2, R-ISOLATE-NOREF" "PG_lru is cleared for isolation by a CPU that holds no reference.";
    CORRUPT = "corrupt" false "R-LRU-CORRUPT" "A list link is used while on another list, or freed while linked.";
    NO_LOCK = "no-lock" false "U1" "An LRU list is changed without the lru_lock.";
    ACTIVE_UNEVICTABLE = "active-unevictable" false "U5" "PG_active and PG_unevictable are both set on a filed folio.";
    STRANDED = "stranded" false "U3, U10" "At rest, a folio in use is on no list, or PG_lru does not say where it is.";
    STRANDED_UNEVICTABLE = "stranded-unevictable" false "U11, R-STRANDED" "At rest, an evictable folio is unevictable.";
}

/// Shadow of one folio.
#[derive(Clone, Copy, Default)]
struct Position {
    /// Winner of the PG_lru test-and-clear, plus one.
    holder: u8,
    /// Task that set PG_lru under the lru_lock it still holds, plus one: it may link the folio although another CPU can
    /// already win the flag (window C of MM-6.12 5.1).
    setter: u8,
    /// CPU whose lru_add batch it waits in, plus one.
    batch: u8,
    /// List it is linked on (or counted for), plus one.
    list: u8,
    /// On a private list.
    private: bool,
    /// Has been on, or on the way to, the LRU since it was allocated.
    known: bool,
    changed_at: Option<(u32, u8)>,
}

#[derive(Default)]
pub(super) struct Lru {
    at: [Position; FOLIOS],
}

impl Lru {
    fn flags(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let lru = e.aux as u64 & PG_LRU != 0 && e.note != Note::NonAtomicFlag;
        let p = &mut self.at[f];
        let me = e.task + 1;
        match e.note {
            Note::TestAndClearFlag | Note::ClearFlag if lru && e.old & PG_LRU != 0 => {
                p.holder = me;
                if v.ledger.account(f).on_cpu(e.cpu as usize) == 0 {
                    return Some(NO_REF.at(e));
                }
            }
            Note::SetFlag if lru => {
                p.holder = 0;
                p.setter = if v.cx.task(e).holds(Obj::lru_lock()) { me } else { 0 };
            }
            _ => {}
        }
        let both = PG_ACTIVE | PG_UNEVICTABLE;
        let filed = e.wrote() && e.new & PG_LRU != 0 && e.new & both == both;
        filed.then(|| ACTIVE_UNEVICTABLE.at(e))
    }

    /// Before v5.11 the lru_lock alone entitles.
    fn may_move(&self, v: &View, f: usize, e: &Event) -> bool {
        let p = &self.at[f];
        let pages = !v.m.model().kernel.has_folios();
        let dead = v.m.peek(Obj::folio(f, Field::Refcount)) == 0;
        p.holder == e.task + 1 || p.setter == e.task + 1 || p.batch == e.cpu + 1 || dead || pages
    }

    fn link(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        if v.cx.running {
            let last = self.at[f].changed_at.filter(|c| c.1 != e.task).map(|c| c.0);
            if !v.cx.task(e).holds(Obj::lru_lock()) {
                return Some(NO_LOCK.at(e).with_other(last));
            }
            if !self.may_move(v, f, e) {
                return Some(NOT_HOLDER.at(e).with_other(last));
            }
        }
        let p = &mut self.at[f];
        let ok = if e.note == Note::LruAdd { p.list == 0 && !p.private } else { p.list == e.aux as u8 + 1 };
        p.list = if e.note == Note::LruAdd { e.aux as u8 + 1 } else { 0 };
        p.known = true;
        self.moved(ok, f, e)
    }

    fn moved(&mut self, ok: bool, f: usize, e: &Event) -> Option<Finding> {
        let before = self.at[f].changed_at.replace((e.seq, e.task));
        (!ok).then(|| CORRUPT.at(e).with_other(before.map(|c| c.0)))
    }

    fn note(&mut self, v: &View, f: usize, e: &Event) -> Option<Finding> {
        let p = &mut self.at[f];
        match e.note {
            Note::LruAdd | Note::LruDel => self.link(v, f, e),
            Note::PrivateAdd => {
                let ok = p.list == 0 && !p.private;
                p.private = true;
                self.moved(ok, f, e)
            }
            Note::PrivateDel => {
                p.private = false;
                self.moved(true, f, e)
            }
            Note::BatchAdd => {
                let ok = p.batch == 0 && p.list == 0;
                (p.batch, p.holder, p.known) = (e.cpu + 1, 0, true);
                self.moved(ok, f, e)
            }
            Note::BatchFiled => {
                p.batch = 0;
                None
            }
            Note::FolioAlloc => {
                let ok = p.list == 0;
                *p = Position { changed_at: p.changed_at, ..Position::default() };
                self.moved(ok, f, e)
            }
            Note::FolioFree => {
                let ok = p.list == 0 && p.batch == 0 && !p.private;
                self.moved(ok, f, e)
            }
            _ => None,
        }
    }

    #[cold]
    fn at_rest(&self, v: &View, e: &Event) -> Option<Finding> {
        for f in (0..FOLIOS).filter(|f| !v.cx.folios[*f].free) {
            let flags = v.m.peek(Obj::folio(f, Field::Flags));
            let p = &self.at[f];
            let found = |kind: &KindSpec| Some(kind.at(e).folio(f).with_other(p.changed_at.map(|c| c.0)));
            let filed = flags & PG_LRU != 0;
            if filed != (p.list != 0) || (p.known && !filed) {
                return found(&STRANDED);
            }
            let mapping = as_file_mapping(v.m.peek(Obj::folio(f, Field::FolioMapping)));
            let attached = v.m.peek(Obj::folio(f, Field::FolioMapping)) != 0;
            let allowed = |m| v.m.peek(Obj::mapping(m, Field::AsFlags)) & AS_UNEVICTABLE != 0;
            let unevictable = filed && flags & PG_UNEVICTABLE != 0 && flags & PG_MLOCKED == 0;
            if unevictable && attached && !mapping.is_some_and(|(m, _)| allowed(m)) {
                return found(&STRANDED_UNEVICTABLE);
            }
        }
        None
    }
}

impl Check for Lru {
    const SPEC: CheckSpec = CheckSpec { name: "lru", title: "LRU membership and list integrity", kinds: KINDS };
    const TOPICS: Topics = Topics::none()
        .writes(Field::Flags)
        .writes(Field::LruLock)
        .note(Note::LruAdd)
        .note(Note::LruDel)
        .note(Note::PrivateAdd)
        .note(Note::PrivateDel)
        .note(Note::BatchAdd)
        .note(Note::BatchFiled)
        .note(Note::FolioAlloc)
        .note(Note::FolioFree)
        .note(Note::Quiescent);

    fn reset(&mut self) {
        self.at = [Position::default(); FOLIOS];
    }

    #[inline]
    fn on(&mut self, v: &View, e: &Event) -> Option<Finding> {
        if e.kind == Kind::Load {
            return None;
        }
        if let Some(f) = e.obj.as_folio() {
            return if e.kind == Kind::Note { self.note(v, f, e) } else { self.flags(v, f, e) };
        }
        if e.note == Note::Quiescent {
            return self.at_rest(v, e);
        }
        if e.kind == Kind::Unlock {
            self.at.iter_mut().filter(|p| p.setter == e.task + 1).for_each(|p| p.setter = 0);
        }
        None
    }
}
