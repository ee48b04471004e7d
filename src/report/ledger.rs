//! Who holds how many references, rebuilt from the reference events: what hand-drawn diagrams lack.

use crate::vocab::{Event, Kind, Note, Owner};
use std::collections::BTreeMap;

/// References by (folio, owner, instance).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    held: BTreeMap<(u8, Owner, u8), i64>,
}

impl Ledger {
    /// Takes one event into account; events that move no reference do nothing.
    pub fn apply(&mut self, e: &Event) {
        let Some(folio) = e.obj.as_folio().map(|f| f as u8) else { return };
        let took = matches!(e.kind, Kind::Rmw | Kind::Store | Kind::Note);
        let (owner, instance, nr) = Owner::from_aux(e.aux);
        let nr = nr.max(1) as i64;
        match e.note {
            Note::RefInit | Note::RefSet | Note::RefGet | Note::RefTryGet if took => {
                self.add(folio, owner, instance, nr);
            }
            Note::RefPut | Note::RefSub | Note::RefDiscard if took => self.add(folio, owner, instance, -nr),
            Note::RefTransfer => {
                let (to, to_instance, _) = Owner::from_aux(e.aux >> 16);
                self.add(folio, owner, instance, -1);
                self.add(folio, to, to_instance, 1);
            }
            Note::FolioAlloc => self.held.retain(|k, _| k.0 != folio),
            _ => {}
        }
    }

    fn add(&mut self, folio: u8, owner: Owner, instance: usize, nr: i64) {
        let held = self.held.entry((folio, owner, instance as u8)).or_insert(0);
        *held += nr;
        if *held == 0 {
            self.held.remove(&(folio, owner, instance as u8));
        }
    }

    /// The ledger after these events.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Ledger {
        let mut l = Ledger::default();
        events.into_iter().for_each(|e| l.apply(e));
        l
    }

    /// The holders of `folio` with their counts, as `user.cpu1` and 1. A negative count is a put that was not owned.
    pub fn holders(&self, folio: u8) -> Vec<(String, i64)> {
        let of_folio = self.held.iter().filter(|(k, _)| k.0 == folio);
        of_folio.map(|((_, owner, cpu), n)| (owner_name(*owner, *cpu as usize), *n)).collect()
    }

    /// The holders of `folio`, apart: those whose references a freezer on `cpu` may count (one of its own, the cache's,
    /// and the private data's if PG_private is set), and the others.
    pub(super) fn entitled(&self, folio: u8, cpu: u8, private: bool) -> [Vec<(String, i64)>; 2] {
        const OWN: [Owner; 4] = [Owner::Alloc, Owner::Isolation, Owner::Lookup, Owner::LookupBatch];
        let (mut own, mut others, mut mine, mut cache) = (Vec::new(), Vec::new(), 1, 1);
        for ((_, owner, at), n) in self.held.iter().filter(|(k, _)| k.0 == folio) {
            let room = match owner {
                Owner::PageCache | Owner::SwapCache => &mut cache,
                Owner::Private => &mut (private as i64),
                o if OWN.contains(o) && *at == cpu => &mut mine,
                _ => &mut 0,
            };
            let may = (*n).min(*room);
            *room -= may;
            let name = owner_name(*owner, *at as usize);
            for (n, list) in [(may, &mut own), (n - may, &mut others)] {
                if n > 0 {
                    list.push((name.clone(), n));
                }
            }
        }
        [own, others]
    }

    /// Whether `owner` holds a reference of `folio`.
    pub(super) fn holds(&self, folio: u8, owner: Owner, instance: usize) -> bool {
        self.held.get(&(folio, owner, instance as u8)).is_some_and(|n| *n > 0)
    }

    /// References of `folio` together.
    pub fn sum(&self, folio: u8) -> i64 {
        self.held.iter().filter(|(k, _)| k.0 == folio).map(|(_, n)| n).sum()
    }

    /// `pagecache=1 user.cpu0=1 (sum 2, refcount 2)`.
    pub fn line(&self, folio: u8, refcount: i64) -> String {
        let mut s = String::new();
        for (name, n) in self.holders(folio) {
            s.push_str(&format!("{name}={n} "));
        }
        if s.is_empty() {
            s.push_str("none ");
        }
        s.push_str(&format!("(sum {}, refcount {refcount})", self.sum(folio)));
        s
    }
}

/// The name of one holder.
fn owner_name(owner: Owner, cpu: usize) -> String {
    if owner.per_cpu() { format!("{}.cpu{cpu}", owner.name()) } else { owner.name().to_string() }
}
