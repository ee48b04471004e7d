//! Who holds which reference: the books the kernel does not keep.

use crate::vocab::*;

/// References of one folio, by owner class and instance.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    held: [[u16; PROCESSORS]; Owner::ALL.len()],
    /// Task that froze the count, plus one.
    pub frozen_by: u8,
    pub frozen_at: u32,
    /// The last put (event, task).
    pub last_put: Option<(u32, u8)>,
    /// The last change of any kind.
    pub last_change: Option<(u32, u8)>,
}

const EMPTY: Account = Account {
    held: [[0; PROCESSORS]; Owner::ALL.len()],
    frozen_by: 0,
    frozen_at: 0,
    last_put: None,
    last_change: None,
};

impl Account {
    pub fn of(&self, owner: Owner, cpu: usize) -> u32 {
        self.held[owner as usize][if owner.per_cpu() { cpu % PROCESSORS } else { 0 }] as u32
    }

    pub fn owner_total(&self, owner: Owner) -> u32 {
        self.held[owner as usize].iter().map(|n| *n as u32).sum()
    }

    pub fn total(&self) -> u32 {
        self.held.iter().flatten().map(|n| *n as u32).sum()
    }

    /// References that somebody acting on `cpu` holds.
    pub fn on_cpu(&self, cpu: usize) -> u32 {
        Owner::ALL.iter().filter(|o| o.per_cpu()).map(|o| self.of(*o, cpu)).sum()
    }

    fn add(&mut self, aux: u32) {
        let (owner, cpu, nr) = Owner::from_aux(aux);
        let n = &mut self.held[owner as usize][cpu % PROCESSORS];
        *n = n.saturating_add(nr as u16);
    }

    fn sub(&mut self, aux: u32) {
        let (owner, cpu, nr) = Owner::from_aux(aux);
        let n = &mut self.held[owner as usize][cpu % PROCESSORS];
        *n = n.saturating_sub(nr as u16);
    }
}

pub(crate) struct Ledger {
    accounts: [Account; FOLIOS],
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger { accounts: [EMPTY; FOLIOS] }
    }
}

impl Ledger {
    pub const TOPICS: Topics = Topics::none()
        .writes(Field::Refcount)
        .note(Note::RefInit)
        .note(Note::RefTransfer)
        .note(Note::RefDiscard)
        .note(Note::FolioAlloc)
        .note(Note::FolioFree);

    pub fn reset(&mut self) {
        self.accounts = [EMPTY; FOLIOS];
    }

    pub fn account(&self, folio: usize) -> &Account {
        &self.accounts[folio]
    }

    #[inline]
    pub fn on(&mut self, e: &Event) {
        let Some(f) = e.obj.as_folio() else { return };
        let a = &mut self.accounts[f];
        match e.note {
            Note::Nothing => return,
            Note::RefInit | Note::RefSet | Note::RefGet => a.add(e.aux),
            Note::RefTryGet if e.kind == Kind::Rmw => a.add(e.aux),
            Note::RefPut | Note::RefSub => {
                a.sub(e.aux);
                a.last_put = Some((e.seq, e.task));
            }
            Note::RefTransfer => {
                a.sub(e.aux & 0xffff | 1 << 16);
                a.add(e.aux >> 16 | 1 << 16);
            }
            Note::RefDiscard => a.sub(e.aux),
            Note::RefFreeze if e.kind == Kind::Rmw => {
                a.frozen_by = e.task + 1;
                a.frozen_at = e.seq;
            }
            Note::RefUnfreeze => a.frozen_by = 0,
            Note::FolioAlloc | Note::FolioFree => *a = Account { last_put: a.last_put, ..EMPTY },
            _ => return,
        }
        a.last_change = Some((e.seq, e.task));
    }
}
