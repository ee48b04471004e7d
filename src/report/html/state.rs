//! The state of the machine in words: what the panel of the page shows at a step.

use super::super::memory::Memory;
use super::super::words::{self, flag_names, mapping_name};
use super::super::{Ledger, Report};
use crate::prog::task_name;
use crate::vocab::*;
use std::collections::BTreeMap;

/// One line of the panel: what it belongs to, and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub group: String,
    pub label: String,
}

/// What memory does not tell, kept from the events.
#[derive(Default)]
pub(super) struct Shadow {
    pub ledger: Ledger,
    /// Who holds PG_locked.
    locker: [Option<u8>; FOLIOS],
    frozen: [bool; FOLIOS],
    /// Whose private list the folio is on.
    private: [Option<u8>; FOLIOS],
    /// Counted as unevictable, on no list.
    unevictable: [bool; FOLIOS],
    tasks: BTreeMap<u8, Context>,
}

#[derive(Default)]
struct Context {
    locks: Vec<Obj>,
    rcu: u32,
    irq: u32,
    preempt: u32,
    waits: String,
}

impl Shadow {
    /// Takes a step into account.
    pub fn apply(&mut self, step: &crate::machine::Step) {
        let e = &step.event;
        self.ledger.apply(e);
        if let Some(f) = e.obj.as_folio() {
            self.folio(f, e);
        }
        let cx = self.tasks.entry(e.task).or_default();
        let waited = std::mem::take(&mut cx.waits);
        match e.kind {
            Kind::Lock | Kind::LockShared => cx.locks.push(e.obj),
            Kind::Unlock | Kind::UnlockShared => {
                if let Some(at) = cx.locks.iter().rposition(|l| *l == e.obj) {
                    cx.locks.remove(at);
                }
            }
            _ => {}
        }
        let less = |n: &mut u32| *n = n.saturating_sub(1);
        match e.note {
            Note::RcuReadLock => cx.rcu += 1,
            Note::RcuReadUnlock => less(&mut cx.rcu),
            Note::IrqOff => cx.irq += 1,
            Note::IrqOn => less(&mut cx.irq),
            Note::PreemptOff => cx.preempt += 1,
            Note::PreemptOn => less(&mut cx.preempt),
            // What the task sleeps for was said just before.
            Note::Blocked if !words::is_lock(e.obj) && !waited.is_empty() => cx.waits = waited,
            Note::Blocked | Note::FolioWait => cx.waits = words::describe(step).text,
            _ => {}
        }
    }

    fn folio(&mut self, f: usize, e: &Event) {
        let changed = if e.obj.field() == Field::Flags && e.wrote() { e.old ^ e.new } else { 0 };
        if changed & PG_LOCKED != 0 {
            self.locker[f] = (e.new & PG_LOCKED != 0).then_some(e.task);
        }
        match e.note {
            Note::FolioHandoff if e.wrote() => self.locker[f] = Some(e.aux as u8),
            Note::IoSubmit if e.old & PG_WRITEBACK == 0 && self.locker[f].is_some() => {
                self.locker[f] = Some(IO_TASK as u8);
            }
            Note::RefFreeze => self.frozen[f] = e.wrote(),
            Note::RefUnfreeze | Note::RefSet => self.frozen[f] = false,
            Note::PrivateAdd => self.private[f] = Some(e.task),
            Note::PrivateDel => self.private[f] = None,
            Note::LruAdd => self.unevictable[f] = e.aux as usize == LRU_LISTS - 1,
            Note::LruDel => self.unevictable[f] = false,
            Note::FolioAlloc => (self.frozen[f], self.private[f], self.unevictable[f]) = (false, None, false),
            _ => {}
        }
    }
}

/// The machine after some step.
pub(super) struct Now<'a> {
    pub memory: &'a Memory,
    pub shadow: &'a Shadow,
    pub lanes: &'a [u8],
}

type Put<'p> = &'p mut dyn FnMut(&str, &str, String);

impl Report<'_> {
    /// Every line of the panel, always the same ones in the same order; what does not apply is empty.
    pub(super) fn state(&self, now: &Now, put: Put) {
        for f in 0..FOLIOS {
            folio(now, f, put);
        }
        for m in (0..MAPPINGS).filter(|m| self.program.init.mappings[*m].is_some()) {
            mapping(now, m, put);
        }
        swap(now, put);
        for mm in 0..MMS {
            process(now, mm, put);
        }
        anon_vmas(now, put);
        lists(now, put);
        for task in now.lanes {
            cpu(now, *task, put);
        }
    }
}

fn some(on: bool, text: impl FnOnce() -> String) -> String {
    if on { text() } else { String::new() }
}

/// `F0 F3`, or nothing.
fn seq(word: u64, prefix: &str) -> String {
    Seq(word).iter().map(|i| format!("{prefix}{i}")).collect::<Vec<_>>().join(" ")
}

fn folio(now: &Now, f: usize, put: Put) {
    let (m, group) = (now.memory, format!("F{f}"));
    let word = |field| m.folio(f as u8, field);
    let free = Seq(m.word(Obj::free_list())).contains(f);
    let holders = now.shadow.ledger.holders(f as u8);
    let sum = now.shadow.ledger.sum(f as u8);
    let refcount = word(Field::Refcount) as i64;
    put(&group, "frame", some(free, || "free".to_string()));
    // A free frame that nobody refers to says nothing more.
    let used = !free || refcount != 0 || word(Field::FolioMapping) != 0;
    put(&group, "refcount", some(used, || refcount.to_string()));
    let mut held: Vec<String> = holders.iter().map(|(who, n)| format!("{who} {n}")).collect();
    if sum != refcount {
        let why = if now.shadow.frozen[f] && refcount == 0 { "frozen".to_string() } else { format!("sum {sum}") };
        held.push(format!("({why})"));
    }
    put(&group, "held by", held.join(", "));
    put(&group, "flags", flag_names(word(Field::Flags)));
    let locked = word(Field::Flags) & PG_LOCKED != 0;
    put(&group, "locked by", some(locked, || now.shadow.locker[f].map_or("?".to_string(), task_name)));
    put(&group, "mapcount", some(used, || (word(Field::Mapcount) as i64).to_string()));
    put(&group, "mapping", some(used, || mapping_name(word(Field::FolioMapping))));
    put(&group, "index", some(used, || word(Field::Index).to_string()));
    put(&group, "ptes", m.ptes_of(f as u8).map(|(obj, pte)| format!("{obj} = {pte}")).collect::<Vec<_>>().join(", "));
    put(&group, "lru", some(used, || lru(now, f)));
    let count = word(Field::MlockCount);
    put(&group, "mlock_count", some(count != 0, || count.to_string()));
    let swapcache = word(Field::Flags) & (PG_SWAPCACHE | PG_SWAPBACKED) == PG_SWAPCACHE | PG_SWAPBACKED;
    let slot = word(Field::Private).checked_sub(1).filter(|_| swapcache);
    put(&group, "swap slot", slot.map_or(String::new(), |s| s.to_string()));
    for field in [Field::BufferState, Field::BufferCount, Field::IfsState, Field::IfsPending] {
        put(&group, field.name(), some(word(field) != 0, || value(field, word(field))));
    }
    put(&group, "content", some(used, || value(Field::Content, word(Field::Content))));
}

fn value(field: Field, word: u64) -> String {
    words::value_name(field, word).unwrap_or_else(|| word.to_string())
}

/// Where a folio is on the LRU, or on the way there.
fn lru(now: &Now, f: usize) -> String {
    let mut places = Vec::new();
    for list in 0..LRU_LISTS {
        let seq = Seq(now.memory.word(Obj::lru_list(list)));
        if let Some(at) = seq.position(f) {
            places.push(format!("{}, {} of {}", words::list_name(list as u32), at + 1, seq.len()));
        }
    }
    if now.shadow.unevictable[f] && places.is_empty() {
        places.push("unevictable".to_string());
    }
    if let Some(task) = now.shadow.private[f] {
        places.push(format!("private list of {}", task_name(task)));
    }
    for cpu in 0..PROCESSORS {
        for batch in 0..BATCHES - 1 {
            if Seq(now.memory.word(Obj::batch(cpu, batch))).contains(f) {
                places.push(format!("{} batch of cpu{cpu}", words::batch_name(batch as u32)));
            }
        }
    }
    if places.is_empty() { "on no list".to_string() } else { places.join("; ") }
}

fn mapping(now: &Now, i: usize, put: Put) {
    let (m, group) = (now.memory, format!("m{i}"));
    let word = |field| m.word(Obj::mapping(i, field));
    let state = word(Field::IState);
    let inode = match state {
        u64::MAX => "freed".to_string(),
        0 => "live".to_string(),
        _ => words::set_names(state, &[(I_FREEING, "I_FREEING"), (I_CLEAR, "I_CLEAR")]),
    };
    let live = state != u64::MAX;
    put(&group, "inode", inode);
    put(&group, "i_count", some(live, || (word(Field::ICount) as i64).to_string()));
    put(&group, "f_count", (m.word(Obj::file(i)) as i64).to_string());
    let flags = [
        (AS_UNEVICTABLE, "AS_UNEVICTABLE"),
        (AS_EXITING, "AS_EXITING"),
        (AS_UNMOVABLE, "AS_UNMOVABLE"),
        (AS_STABLE_WRITES, "AS_STABLE_WRITES"),
        (AS_RELEASE_ALWAYS, "AS_RELEASE_ALWAYS"),
    ];
    let set = word(Field::AsFlags);
    put(&group, "flags", some(live && set != 0, || words::set_names(set, &flags)));
    put(&group, "nrpages", some(live, || word(Field::NrPages).to_string()));
    slots(now, i, &group, put);
    put(&group, "i_size", some(live, || value(Field::ISize, word(Field::ISize))));
    put(&group, "i_mmap", seq(word(Field::IMmap), "vma"));
    put(&group, "i_mmap_nonlinear", seq(word(Field::IMmapNonlinear), "vma"));
    for index in 0..SLOTS {
        let disk = m.word(Obj::at(Field::Disk, i, index));
        put(&group, &format!("disk[{index}]"), some(disk != 0, || value(Field::Disk, disk)));
    }
}

/// The slots of a page cache, with the marks of each.
fn slots(now: &Now, space: usize, group: &str, put: Put) {
    let marks = now.memory.word(Obj::mapping(space, Field::Marks));
    for index in 0..SLOTS {
        let word = now.memory.word(Obj::slot(space, index));
        let set = marks >> (3 * index) & 7;
        let names = [(MARK_DIRTY, "dirty"), (MARK_WRITEBACK, "writeback"), (MARK_TOWRITE, "towrite")];
        let mut text = some(word != 0, || words::slot_name(word));
        if set != 0 {
            text.push_str(&format!(" [{}]", words::set_names(set, &names)));
        }
        put(group, &format!("i_pages[{index}]"), text);
    }
}

fn swap(now: &Now, put: Put) {
    slots(now, SWAP_SPACE, "swap", put);
    for slot in 0..SLOTS {
        let map = now.memory.word(Obj::at(Field::SwapMap, 0, slot));
        put("swap", &format!("swap_map[{slot}]"), some(map != 0, || words::swap_map_name(map)));
        let disk = now.memory.word(Obj::at(Field::Disk, SWAP_SPACE, slot));
        put("swap", &format!("disk[{slot}]"), some(disk != 0, || value(Field::Disk, disk)));
    }
}

fn process(now: &Now, mm: usize, put: Put) {
    let (m, group) = (now.memory, format!("p{mm}"));
    let vmas = Seq(m.word(Obj::at(Field::MmVmas, mm, 0)));
    for vma in mm * VMAS_PER_MM..(mm + 1) * VMAS_PER_MM {
        let (place, flags) = (m.word(Obj::at(Field::VmPlace, vma, 0)), m.word(Obj::at(Field::VmFlags, vma, 0)));
        let text = some(place != 0 || flags != 0, || {
            let anon_vma = m.word(Obj::at(Field::VmAnonVma, vma, 0));
            let anon_vma = anon_vma.checked_sub(1).map_or(String::new(), |av| format!(" av{av}"));
            let gone = if vmas.contains(vma) { "" } else { " (not in the tree)" };
            format!("{} {}{anon_vma}{gone}", words::vma_place_name(place), words::vm_flag_names(flags))
        });
        put(&group, &format!("vma{vma}"), text);
    }
    for addr in 0..VADDRS {
        let pte = Pte(m.word(Obj::pte(mm, addr)));
        put(&group, &format!("pte[{addr}]"), some(!pte.is_none(), || pte.to_string()));
    }
}

fn anon_vmas(now: &Now, put: Put) {
    for av in 0..ANON_VMAS {
        let word = |field| now.memory.word(Obj::at(field, av, 0));
        let count = word(Field::AvRefcount);
        let text = some(count != 0, || {
            format!(
                "refcount {count}, root {}, {}",
                value(Field::AvRoot, word(Field::AvRoot)),
                seq(word(Field::AvTree), "vma")
            )
        });
        put("anon_vma", &format!("av{av}"), text);
    }
}

/// The LRU lists, and the batches on the way there.
fn lists(now: &Now, put: Put) {
    for list in 0..LRU_LISTS {
        put("LRU", words::list_name(list as u32), seq(now.memory.word(Obj::lru_list(list)), "F"));
    }
    for cpu in 0..PROCESSORS {
        for batch in 0..BATCHES - 1 {
            let label = format!("cpu{cpu} {}", words::batch_name(batch as u32));
            put("LRU", &label, seq(now.memory.word(Obj::batch(cpu, batch)), "F"));
        }
    }
    let mlocked = now.memory.word(Obj::at(Field::NrMlock, 0, 0)) as i64;
    put("LRU", "nr_mlock", some(mlocked != 0, || mlocked.to_string()));
    put("LRU", "free frames", seq(now.memory.word(Obj::free_list()), "F"));
}

/// What a task holds, and what it must not do.
fn cpu(now: &Now, task: u8, put: Put) {
    let group = task_name(task);
    let mut locks: Vec<String> = (0..FOLIOS)
        .filter(|f| now.memory.folio(*f as u8, Field::Flags) & PG_LOCKED != 0 && now.shadow.locker[*f] == Some(task))
        .map(|f| format!("folio lock of F{f}"))
        .collect();
    let local = (0..PROCESSORS).filter(|cpu| now.memory.word(Obj::local_lock(*cpu)) == task as u64 + 1);
    locks.extend(local.map(|cpu| format!("local_lock of cpu{cpu}")));
    let cx = now.shadow.tasks.get(&task);
    locks.extend(cx.iter().flat_map(|cx| &cx.locks).map(|l| words::obj_name(*l)));
    put(&group, "holds", locks.join(", "));
    let mut context = Vec::new();
    for (on, word) in cx.map_or([(false, ""); 3], |cx| {
        [(cx.rcu > 0, "RCU reader"), (cx.irq > 0, "interrupts off"), (cx.preempt > 0, "preemption off")]
    }) {
        context.extend(on.then_some(word));
    }
    put(&group, "context", context.join(", "));
    put(&group, "waits", cx.map_or(String::new(), |cx| cx.waits.clone()));
}
