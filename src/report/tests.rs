use super::signature::blame;
use super::*;
use crate::machine::{Step, Trace};
use crate::prog::{FolioInit, FolioPlace, MappingInit, Op, Program};
use crate::san::Stage;
use crate::vocab::*;

macro_rules! names {
    ($($id:ident = $name:literal, $file:literal;)+) => { $(static $id: Name = Name::new($name, $file);)+ };
}

names! {
    ENTRY = "filemap_get_entry", "src/mm/filemap.rs";
    FPUT = "fput", "src/mm/fs_inode.rs";
    EVICT = "evict", "src/mm/fs_inode.rs";
    ICB = "i_callback", "src/mm/fs_inode.rs";
    CLEAR = "clear_inode", "src/mm/fs_inode.rs";
    FINAL = "truncate_inode_pages_final", "src/mm/truncate.rs";
    RANGE = "truncate_inode_pages_range", "src/mm/truncate.rs";
    FIND = "find_lock_entries", "src/mm/filemap.rs";
    CANCEL = "truncate_cleanup_folio", "src/mm/truncate.rs";
    DELETE = "delete_from_page_cache_batch", "src/mm/filemap.rs";
    PUT = "folio_put", "src/mm/swap.rs";
    PUTS = "folios_put_refs", "src/mm/swap.rs";
    UNLOCK = "folio_unlock", "src/mm/filemap.rs";
    RELEASE = "folio_batch_release", "src/mm/swap.rs";
    BLOCK = "isolate_migratepages_block", "src/mm/compaction.rs";
    ISOLATE = "__isolate_lru_page", "src/mm/vmscan.rs";
    L_TRY = "folio_try_get", "";
    L_TRYLOCK = "folio_trylock", "";
    L_LOCK = "spin_lock_irq", "";
    L_UNLOCK = "spin_unlock_irq", "";
    L_LRU = "folio_test_lru", "";
    L_DIRTY = "folio_test_dirty", "";
    L_WB = "folio_test_writeback", "";
    L_CANCEL = "folio_test_clear_dirty", "";
    L_STORE = "xas_store", "";
    L_LOAD = "xas_load", "";
    L_MAPPING = "folio_mapping", "";
    L_CLEARM = "folio_clear_mapping", "";
    L_PUT = "folio_put_testzero", "";
    L_SUB = "folio_ref_sub_and_test", "";
    L_AOPS = "mapping_aops", "";
    L_FREE = "kmem_cache_free", "";
    L_FLAGS = "flags", "";
}

/// A trace under construction, with the memory its events see.
struct Build {
    trace: Trace,
    words: Vec<u64>,
    task: u8,
    op: u8,
    stack: Vec<&'static Name>,
}

impl Build {
    fn new() -> Build {
        Build { trace: Trace::default(), words: vec![0; Obj::COUNT], task: 0, op: 0, stack: Vec::new() }
    }

    fn on(&mut self, task: u8, op: u8, stack: &[&'static Name]) -> &mut Build {
        (self.task, self.op, self.stack) = (task, op, stack.to_vec());
        self
    }

    fn push(&mut self, kind: Kind, note: Note, obj: Obj, aux: u32, label: &'static Name, new: Option<u64>) -> u32 {
        let seq = self.trace.steps.len() as u32;
        let quiet = matches!(kind, Kind::Note | Kind::Barrier);
        let old = if quiet { 0 } else { self.words[obj.0 as usize] };
        let new = new.unwrap_or(old);
        if !quiet {
            self.words[obj.0 as usize] = new;
        }
        let func = self.stack.last().copied().unwrap_or(&ENTRY);
        let (task, op) = (self.task, self.op);
        let order = Order::Relaxed;
        let site = Site { func, label };
        let cpu = task.min(3);
        let topic = Topics::of(kind, obj.field(), note);
        let event = Event { seq, task, cpu, op, kind, order, note, topic, obj, aux, site, old, new };
        self.trace.steps.push(Step { event, stack: self.stack.clone().into_boxed_slice(), k: 1 });
        seq
    }

    fn note(&mut self, note: Note, obj: Obj, aux: u32) -> u32 {
        self.push(Kind::Note, note, obj, aux, &L_FLAGS, None)
    }

    fn get(&mut self, owner: Owner) -> u32 {
        let obj = Obj::folio(0, Field::Refcount);
        let new = self.words[obj.0 as usize] + 1;
        self.push(Kind::Rmw, Note::RefTryGet, obj, owner.aux(self.task as usize, 1), &L_TRY, Some(new))
    }

    fn put(&mut self, owner: Owner, label: &'static Name) -> u32 {
        let obj = Obj::folio(0, Field::Refcount);
        let new = self.words[obj.0 as usize].wrapping_sub(1);
        self.push(Kind::Rmw, Note::RefPut, obj, owner.aux(self.task as usize, 1), label, Some(new))
    }

    fn test(&mut self, bit: u64, label: &'static Name) -> u32 {
        self.push(Kind::Load, Note::TestFlag, Obj::folio(0, Field::Flags), bit as u32, label, None)
    }

    fn flags(&mut self, note: Note, aux: u64, label: &'static Name, f: impl FnOnce(u64) -> u64) -> u32 {
        let obj = Obj::folio(0, Field::Flags);
        let new = f(self.words[obj.0 as usize]);
        self.push(Kind::Rmw, note, obj, aux as u32, label, Some(new))
    }

    fn load(&mut self, obj: Obj, note: Note, aux: u32, label: &'static Name) -> u32 {
        self.push(Kind::Load, note, obj, aux, label, None)
    }

    fn store(&mut self, obj: Obj, note: Note, label: &'static Name, value: u64) -> u32 {
        self.push(Kind::Store, note, obj, 0, label, Some(value))
    }

    fn lock(&mut self, obj: Obj) -> u32 {
        let t = self.task as u64 + 1;
        self.push(Kind::Lock, Note::Nothing, obj, 0, &L_LOCK, Some(t))
    }

    fn unlock(&mut self, obj: Obj) -> u32 {
        self.push(Kind::Unlock, Note::Nothing, obj, 0, &L_UNLOCK, Some(0))
    }
}

fn code(name: &str) -> u8 {
    ops::find(name).unwrap() as u8
}

fn op(name: &str) -> Op {
    Op { code: code(name), args: [0; 3] }
}

const M: usize = 0;

/// Thread A0 as ERAS 1.3 tells it: cpu0 pins, cpu1 evicts, cpu2 isolates.
fn a0() -> (Program, Trace, Finding) {
    let mut program = Program::new(Model::of(Kernel::V4_15));
    program.init.mappings[0] = Some(MappingInit { aops: AOPS_MIGRATE_FOLIO, ..MappingInit::default() });
    let flags = PG_LRU | PG_DIRTY | PG_UPTODATE;
    program.init.folios[0] = Some(FolioInit::new(FolioPlace::Cache { mapping: 0, index: 0 }, flags));
    program.cpus[0] = vec![op("get_and_hold")];
    program.cpus[1] = vec![op("evict")];
    program.cpus[2] = vec![op("compact")];

    let mut b = Build::new();
    let slot = Obj::slot(M, 0);
    let mapping = Obj::folio(0, Field::FolioMapping);
    let xa = Obj::mapping(M, Field::XaLock);
    b.words[Obj::folio(0, Field::Flags).0 as usize] = flags;
    b.words[Obj::folio(0, Field::Refcount).0 as usize] = 1;
    b.words[mapping.0 as usize] = file_mapping(0, 0);
    b.words[slot.0 as usize] = 1;

    b.on(0, 0, &[]);
    b.note(Note::RefInit, Obj::folio(0, Field::Refcount), Owner::PageCache.aux(0, 1));
    b.note(Note::SetupDone, Obj::NONE, 0);
    b.note(Note::OpBegin, Obj::NONE, 0);
    b.on(0, 0, &[&ENTRY]);
    b.load(slot, Note::Nothing, 0, &L_LOAD);
    b.get(Owner::Lookup);
    b.load(slot, Note::Nothing, 0, &L_LOAD);
    b.on(0, 0, &[]).note(
        Note::RefTransfer,
        Obj::folio(0, Field::Refcount),
        Owner::Lookup.aux(0, 0) & 0xffff | Owner::User.aux(0, 0) << 16,
    );

    let evict: &[&'static Name] = &[&FPUT, &EVICT, &FINAL, &RANGE];
    let with = |f: &[&'static Name]| [evict, f].concat();
    b.on(1, 0, &[]).note(Note::OpBegin, Obj::NONE, 0);
    b.on(1, 0, &with(&[&FIND]));
    b.load(slot, Note::Nothing, 0, &L_LOAD);
    b.get(Owner::LookupBatch);
    b.flags(Note::FolioTrylock, 0, &L_TRYLOCK, |v| v | PG_LOCKED);
    b.load(mapping, Note::MappingLoad, 0, &L_MAPPING);
    b.test(PG_WRITEBACK, &L_WB);

    b.on(2, 0, &[&BLOCK]);
    b.test(PG_LRU, &L_LRU);
    b.load(mapping, Note::MappingLoad, 0, &L_MAPPING);
    b.lock(Obj::lru_lock());
    b.test(PG_LRU, &L_LRU);
    b.on(2, 0, &[&BLOCK, &ISOLATE]);
    b.test(PG_LRU, &L_LRU);
    b.test(PG_UNEVICTABLE, &L_WB);
    b.test(PG_WRITEBACK, &L_WB);
    b.test(PG_DIRTY, &L_DIRTY);

    b.on(1, 0, &with(&[&CANCEL]));
    b.load(Obj::folio(0, Field::Mapcount), Note::Nothing, 0, &L_LOAD);
    b.flags(Note::TestAndClearFlag, PG_DIRTY, &L_CANCEL, |v| v & !PG_DIRTY);
    b.on(1, 0, &with(&[&DELETE]));
    b.lock(xa);
    b.store(slot, Note::SlotStore, &L_STORE, 0);

    b.on(2, 0, &[&BLOCK, &ISOLATE]);
    let m = b.load(mapping, Note::MappingLoad, 0, &L_MAPPING);

    b.on(1, 0, &with(&[&DELETE]));
    b.store(mapping, Note::MappingStore, &L_CLEARM, 0);
    b.unlock(xa);
    b.on(1, 0, &with(&[&PUT])).put(Owner::PageCache, &L_PUT);
    b.on(1, 0, &with(&[&UNLOCK])).flags(Note::FolioUnlock, 0, &L_FLAGS, |v| v & !PG_LOCKED);
    b.on(1, 0, &with(&[&RELEASE, &PUTS])).put(Owner::LookupBatch, &L_SUB);
    b.on(1, 0, &[&FPUT, &EVICT, &CLEAR]);
    b.lock(xa);
    b.unlock(xa);
    b.on(1, 0, &[&FPUT, &EVICT, &ICB]);
    let freed = b.store(Obj::mapping(M, Field::IState), Note::InodeFreed, &L_FREE, u64::MAX);

    b.on(2, 0, &[&BLOCK, &ISOLATE]);
    let via = Via::Folio { folio: 0, generation: 0, seq: m }.aux();
    let deref = b.load(Obj::mapping(M, Field::AOps), Note::Nothing, via, &L_AOPS);
    let finding = Finding {
        check: "mapping",
        kind: "use-after-free",
        stage: Stage::Actual,
        hint: false,
        aim: None,
        seq: deref,
        other: Some(freed),
        folio: Some(0),
        mapping: Some(0),
        site: 0,
    };
    (program, b.trace, finding)
}

fn with_a0<R>(f: impl FnOnce(&Report) -> R) -> R {
    let (program, trace, finding) = a0();
    f(&Report { program: &program, finding: &finding, trace: &trace, bugs: vec!["2018_isolate_unlocked_mapping"] })
}

#[test]
fn a0_diagram_shows_the_rows_of_the_thread_and_no_others() {
    with_a0(|r| {
        let text = r.diagram(&DiagramStyle::KERNEL);
        let steps: Vec<String> =
            r.diagram_steps().iter().map(|s| words::describe(&r.trace.steps[r.index_of(*s).unwrap()]).line()).collect();
        assert_eq!(
            steps,
            [
                "folio_try_get(F0)  [ref 1->2]",
                "folio_try_get(F0)  [ref 2->3]",
                "folio_trylock(F0)  [ok]",
                "spin_lock_irq(lru_lock)",
                "F0->flags & PG_lru  -> 1",
                "F0->flags & PG_dirty  -> 1",
                "folio_test_clear_dirty(F0)  [PG_dirty 1->0]",
                "m0->i_pages[0] = NULL",
                "mapping = F0->mapping  -> m0",
                "F0->mapping = NULL",
                "folio_put(F0)  [ref 3->2]",
                "folio_unlock(F0)",
                "folios_put_refs(F0)  [ref 2->1]",
                "inode m0 freed",
                "m0->a_ops",
            ]
        );
        assert!(text.contains("F0: folio of m0 at index 0.  Start: ref 1 (pagecache 1), PG_uptodate,\nPG_dirty,"));
        assert!(text.contains("m0->a_ops  <-- use-after-free"));
        assert!(text.contains("CPU0") && text.contains("CPU1") && text.contains("CPU2") && !text.contains("rcu"));
    });
}

#[test]
fn diagrams_are_narrow_ascii_without_trailing_blanks() {
    with_a0(|r| {
        for width in [40, 60, 75, 118] {
            for line in r.diagram(&DiagramStyle { width, tabs: false }).lines() {
                assert!(line.len() <= width, "{width}: {line:?}");
                assert!(line.is_ascii() && line.trim_end() == line, "{line:?}");
            }
        }
        assert!(r.splat().lines().all(|l| l.is_ascii() && l.len() <= 75 || l.starts_with("DEDUP")));
    });
}

#[test]
fn every_printed_step_was_executed_in_order() {
    with_a0(|r| {
        let steps = r.diagram_steps();
        assert!(steps.is_sorted() && steps.iter().all(|s| r.index_of(*s).is_some()));
        let setup = r.setup_end() as u32;
        assert!(steps.iter().all(|s| *s >= setup));
        assert_eq!(steps.last(), Some(&r.finding.seq));
    });
}

#[test]
fn signatures_are_sorted_and_skip_primitives() {
    with_a0(|r| {
        assert_eq!(r.signature(), "mapping/use-after-free:__isolate_lru_page+evict");
        assert_eq!(r.alts(), ["mapping/use-after-free:__isolate_lru_page", "mapping/use-after-free:evict"]);
        assert_eq!(r.title(), "BUG: MMSAN: use-after-free in __isolate_lru_page / evict");
        let one = Finding { other: None, ..*r.finding };
        let one = Report { finding: &one, bugs: Vec::new(), ..Report { bugs: Vec::new(), ..*r } };
        assert_eq!(one.signature(), "mapping/use-after-free:__isolate_lru_page");
        assert!(one.alts().is_empty());
    });
}

#[test]
fn blame_falls_back_to_the_innermost_function_then_to_the_site() {
    let mut b = Build::new();
    b.on(0, 0, &[&RANGE, &PUT]).note(Note::VmBug, Obj::NONE, 0);
    b.on(0, 0, &[]).note(Note::VmBug, Obj::NONE, 0);
    b.on(0, 0, &[&EVICT, &RANGE, &PUT]).note(Note::VmBug, Obj::NONE, 0);
    let names: Vec<_> = b.trace.steps.iter().map(|step| blame("vmbug", step)).collect();
    assert_eq!(names, ["folio_put", "filemap_get_entry", "evict"]);
}

#[test]
fn titles_have_one_in_and_end() {
    assert_eq!(title::title("uaf in x", &["a", "b"]), "BUG: MMSAN: uaf-in-x in a / b");
    assert_eq!(title::title("leak", &[]), "BUG: MMSAN: leak");
    let long = "f".repeat(70);
    let both = title::title("leak", &[&long, &long]);
    assert_eq!(both, format!("BUG: MMSAN: leak in {long}"));
    assert_eq!(title::title("leak", &[&"f".repeat(200)]).len(), 120);
}

#[test]
fn the_ledger_knows_the_holders() {
    with_a0(|r| {
        let i = r.index_of(r.finding.seq).unwrap();
        let l = r.ledger_before(i);
        assert_eq!(l.line(0, 1), "user.cpu0=1 (sum 1, refcount 1)");
        let half = r.ledger_before(r.index_of(20).unwrap());
        assert_eq!(
            half.holders(0),
            [("pagecache".to_string(), 1), ("fbatch.cpu1".to_string(), 1), ("user.cpu0".to_string(), 1),]
        );
        assert_eq!(half.sum(0), 3);
        assert_eq!(l.line(1, 0), "none (sum 0, refcount 0)");
    });
}

#[test]
fn an_unowned_put_shows_as_a_negative_count() {
    let mut b = Build::new();
    b.on(1, 0, &[&PUT]).put(Owner::User, &L_PUT);
    let l = Ledger::of(b.trace.steps.iter().map(|s| &s.event));
    assert_eq!(l.holders(0), [("user.cpu1".to_string(), -1)]);
}

#[test]
fn a_failed_get_or_freeze_takes_nothing_and_says_why() {
    let mut b = Build::new();
    let obj = Obj::folio(0, Field::Refcount);
    b.words[obj.0 as usize] = 3;
    b.push(Kind::RmwFail, Note::RefFreeze, obj, 2, &L_FLAGS, None);
    b.words[obj.0 as usize] = 0;
    b.push(Kind::RmwFail, Note::RefTryGet, obj, Owner::Lookup.aux(0, 1), &L_TRY, None);
    let lines: Vec<_> = b.trace.steps.iter().map(|s| words::describe(s).line()).collect();
    assert_eq!(lines, ["folio_ref_freeze(F0, 2)  [fail, ref 3 != 2]", "folio_try_get(F0)  [fail, ref 0]"]);
    assert_eq!(Ledger::of(b.trace.steps.iter().map(|s| &s.event)), Ledger::default());
}

#[test]
fn the_splat_has_both_sides_and_the_page() {
    with_a0(|r| {
        let s = r.splat();
        for want in [
            "BUG: MMSAN: use-after-free in __isolate_lru_page / evict\n",
            "read of m0->a_ops (marked) by task compact on cpu 2:",
            " __isolate_lru_page+0x6/0x6             mm/vmscan.c\n",
            " op#1 evict(m0)\n",
            "fs/inode.c",
            "refs held on F0 before (1) and (2): user.cpu0=1 (sum 1, refcount 1)\n",
            "page: refcount:1 mapcount:0 mapping:NULL index:0x0 pfn:F0\n",
            "flags: (uptodate|lru)\n",
            "(bug 2018_isolate_unlocked_mapping\nenabled)",
            "Reported by foliofuzz model v4.15, simulated CPUs, not a kernel:\n",
            "DEDUP_TOKEN: mapping/use-after-free:__isolate_lru_page+evict\n",
        ] {
            assert!(s.contains(want), "{want:?} is not in\n{s}");
        }
    });
}

#[test]
fn json_has_the_schema_and_the_trace_every_step() {
    with_a0(|r| {
        let j = r.json();
        assert_eq!(j["schema"], 1);
        assert_eq!(j["accesses"].as_array().unwrap().len(), 2);
        assert_eq!(j["folio"]["before"]["refcount"], 1);
        assert!(j["program"].as_str().unwrap().contains("evict(m0)"));
        assert_eq!(j["events"].as_array().unwrap().len(), 15);
        assert_eq!(r.trace_text().lines().count(), r.trace.steps.len());
    });
}

#[test]
fn bystanders_are_left_out() {
    let (mut program, trace, finding) = a0();
    program.cpus[3] = vec![op("filemap_lock_folio")];
    // cpu3 looks the folio up, locks it, unlocks it and puts it, before anything else happens.
    let mut b = Build::new();
    b.words[Obj::folio(0, Field::Flags).0 as usize] = PG_LRU | PG_DIRTY | PG_UPTODATE;
    b.words[Obj::folio(0, Field::Refcount).0 as usize] = 1;
    b.on(3, 0, &[&ENTRY]).get(Owner::Lookup);
    b.flags(Note::FolioTrylock, 0, &L_TRYLOCK, |v| v | PG_LOCKED);
    b.flags(Note::FolioUnlock, 0, &L_FLAGS, |v| v & !PG_LOCKED);
    b.put(Owner::Lookup, &L_PUT);
    let n = b.trace.steps.len() as u32;
    let at = trace.steps.iter().position(|s| s.event.note == Note::SetupDone).unwrap() + 1;
    let mut steps = trace.steps[..at].to_vec();
    steps.extend(b.trace.steps);
    steps.extend(trace.steps[at..].iter().cloned());
    for (i, s) in steps.iter_mut().enumerate() {
        let e = &mut s.event;
        if e.obj.as_mapping().is_some()
            && let Via::Folio { folio, generation, seq } = Via::from_aux(e.aux)
        {
            e.aux = Via::Folio { folio, generation, seq: seq + n }.aux();
        }
        e.seq = i as u32;
    }
    let trace = Trace { steps, ..Trace::default() };
    let finding = Finding { seq: finding.seq + n, other: finding.other.map(|s| s + n), ..finding };
    let r = Report { program: &program, finding: &finding, trace: &trace, bugs: Vec::new() };
    assert!(!r.diagram(&DiagramStyle::KERNEL).contains("CPU3"));
    assert_eq!(r.diagram_steps().len(), 15);
}

#[test]
fn nothing_recorded_is_no_reason_to_fail() {
    let program = Program::new(Model::of(Kernel::DEFAULT));
    let trace = Trace::default();
    let finding = Finding {
        check: "c",
        kind: "k",
        stage: Stage::Predictive,
        hint: false,
        aim: None,
        seq: 7,
        other: Some(3),
        folio: Some(2),
        mapping: Some(1),
        site: 0,
    };
    let r = Report { program: &program, finding: &finding, trace: &trace, bugs: Vec::new() };
    assert_eq!(r.signature(), "c/k");
    assert_eq!(r.title(), "BUG: MMSAN: c-k");
    assert!(r.diagram(&DiagramStyle::KERNEL).contains("not recorded") && r.splat().contains("DEDUP_TOKEN: c/k"));
    assert_eq!(r.json()["accesses"].as_array().unwrap().len(), 0);
}

/// A put that was not owned frees a folio somebody still holds: counts, owners and the free in one picture.
#[test]
fn a_put_after_free_is_told_from_both_sides() {
    let mut program = Program::new(Model::of(Kernel::DEFAULT));
    program.init.folios[0] = Some(FolioInit::new(FolioPlace::Anon { mm: 0, addr: 0 }, 0));
    program.cpus[0] = vec![op("put_held")];
    program.cpus[1] = vec![op("invalidate_mapping_pages")];
    let mut b = Build::new();
    let count = Obj::folio(0, Field::Refcount);
    b.words[count.0 as usize] = 1;
    b.note(Note::RefInit, count, Owner::Pte.aux(0, 1));
    b.note(Note::SetupDone, Obj::NONE, 0);
    b.on(1, 0, &[&PUT]);
    let first = b.put(Owner::Pte, &L_PUT);
    b.note(Note::FolioFree, count, 0);
    b.on(0, 0, &[&PUT]);
    let second = b.put(Owner::User, &L_PUT);
    let finding = Finding {
        check: "refcount",
        kind: "put-after-free",
        stage: Stage::Actual,
        hint: false,
        aim: None,
        seq: second,
        other: Some(first),
        folio: Some(0),
        mapping: None,
        site: 0,
    };
    let r = Report { program: &program, finding: &finding, trace: &b.trace, bugs: Vec::new() };
    let s = r.splat();
    assert!(s.contains("refcount 0 -> -1 on folio F0 by task put_held on cpu 0:"), "{s}");
    assert!(s.contains("refs held on F0 before (1): pte=1 (sum 1, refcount 1)\n"), "{s}");
    assert!(s.contains("refs held on F0 before (2): none (sum 0, refcount 0)\n"), "{s}");
    let d = r.diagram(&DiagramStyle::KERNEL);
    assert!(d.contains("F0: anonymous folio of p0 at page 0.  Start: ref 1 (pte 1),"), "{d}");
    assert!(d.contains("folio_put(F0)  [ref 1->0] (pte)\n"), "{d}");
    assert!(d.contains("\nfolio_put(F0)  [ref 0->-1] (user)  <-- put-after-free\n"), "{d}");
}

/// Two locks taken in two orders: the holders, the waits, and who noticed.
#[test]
fn a_deadlock_shows_who_holds_what() {
    let program = Program::new(Model::of(Kernel::DEFAULT));
    let (a, l) = (Obj::lru_lock(), Obj::mapping(0, Field::ILock));
    let mut b = Build::new();
    b.note(Note::SetupDone, Obj::NONE, 0);
    b.on(0, 0, &[&BLOCK]).lock(a);
    b.on(1, 0, &[&EVICT]).lock(l);
    b.on(0, 0, &[&BLOCK]).note(Note::Blocked, l, 0);
    b.on(1, 0, &[&EVICT]).note(Note::Blocked, a, 0);
    let seq = b.note(Note::Deadlock, a, 0);
    let (check, kind) = ("deadlock", "deadlock");
    let finding = Finding {
        check,
        kind,
        stage: Stage::Actual,
        hint: false,
        aim: None,
        seq,
        other: None,
        folio: None,
        mapping: None,
        site: 0,
    };
    let r = Report { program: &program, finding: &finding, trace: &b.trace, bugs: Vec::new() };
    assert_eq!(r.diagram_steps(), [1, 2, 3, 4, 5]);
    let d = r.diagram(&DiagramStyle::KERNEL);
    assert!(d.contains("spin_lock(m0->i_lock)  [waits]"), "{d}");
    assert!(d.contains("<-- deadlock"), "{d}");
}

/// Long names at the edge of a narrow page wrap with a hanging indent.
#[test]
fn what_does_not_fit_wraps_in_its_column() {
    with_a0(|r| {
        let d = r.diagram(&DiagramStyle { width: 40, tabs: false });
        assert!(d.lines().any(|l| l.ends_with("<-- use-after-free")), "{d}");
        let wide = r.diagram(&DiagramStyle::WIDE);
        assert!(wide.lines().count() < d.lines().count());
    });
}

/// Page-table entries, contents, VMAs and swap slots read as what they hold, not as numbers.
#[test]
fn cells_of_processes_read_as_what_they_hold() {
    let site = Site { func: &PUT, label: &L_PUT };
    let words = |obj, kind, note, aux, old, new| {
        let (order, topic) = (Order::Relaxed, 0);
        let event = Event { seq: 0, task: 0, cpu: 0, op: 0, kind, order, note, topic, obj, aux, site, old, new };
        words::describe(&Step { event, stack: Box::default(), k: 1 }).line()
    };
    let entry = Pte::migration(2, MigrationKind::Write, false, false);
    let unmap = words(Obj::pte(0, 1), Kind::Rmw, Note::PteWrite, PteWrite::Unmap as u32, Pte::present(2).0, entry.0);
    assert_eq!(unmap, "mm0->pte[1] = migration F2 write  [was F2 ro]");
    let content = Obj::folio(3, Field::Content);
    let written = words(content, Kind::Store, Note::UserWrite, 1 << 8 | 2, 4, 9);
    assert_eq!(written, "p1 page 2 written in F3  [version 9]");
    let copied = words(content, Kind::Store, Note::ContentCopy, 6, 0, 9);
    assert_eq!(copied, "copy F5 to F3  [version 9]");
    let map = words(Obj::at(Field::SwapMap, 0, 1), Kind::Store, Note::Nothing, 0, 1, SWAP_HAS_CACHE | 1);
    assert_eq!(map, "swap->swap_map[1] = 1|cache");
    let place = words(Obj::at(Field::VmPlace, 4, 0), Kind::Store, Note::Nothing, 0, 0, 2 | 4 << 8 | 2 << 16 | 2 << 24);
    assert_eq!(place, "vma4->vm_place = 2..4 m1 from 2");
    let lock = words(Obj::at(Field::Ptl, 1, 0), Kind::Lock, Note::Nothing, 0, 0, 1);
    assert_eq!(lock, "spin_lock(mm1->ptl)");
}

/// Notes that are events of their own.
const PURE: &[Note] = &[
    Note::AnonAlias,
    Note::AnonDiscard,
    Note::AnonLazyFree,
    Note::AnonVmaAlloc,
    Note::AnonVmaFree,
    Note::BatchAdd,
    Note::BatchDone,
    Note::BatchFiled,
    Note::BatchMark,
    Note::Blocked,
    Note::CallRcu,
    Note::Deadlock,
    Note::FileDiscard,
    Note::FolioAlloc,
    Note::FolioFree,
    Note::FolioWait,
    Note::InodeClear,
    Note::InodePin,
    Note::InodeUnpin,
    Note::IoSubmit,
    Note::IrqOff,
    Note::IrqOn,
    Note::LockAsserted,
    Note::LruAdd,
    Note::LruDel,
    Note::MightSleep,
    Note::MigrateAgain,
    Note::MigrateCopy,
    Note::MigrateGiveUp,
    Note::MigrateSuccess,
    Note::MunlockBegin,
    Note::MunlockEnd,
    Note::MunlockMissed,
    Note::NoProgress,
    Note::NullDeref,
    Note::OpBegin,
    Note::OpEnd,
    Note::Outcome,
    Note::PinDone,
    Note::PinDrop,
    Note::PreemptOff,
    Note::PreemptOn,
    Note::PrivateAdd,
    Note::PrivateDel,
    Note::Quiescent,
    Note::RcuReadLock,
    Note::RcuReadUnlock,
    Note::RefDiscard,
    Note::RefInit,
    Note::RefTransfer,
    Note::SetupDone,
    Note::SignalReceived,
    Note::TruncateEnd,
    Note::TryLock,
    Note::VmBug,
    Note::VmaAlloc,
    Note::VmaFree,
    Note::Woken,
    Note::UserFill,
];

/// Notes read as sentences, not as the names they have in the code.
#[test]
fn every_note_has_words() {
    let site = Site { func: &PUT, label: &L_PUT };
    for &note in PURE {
        let (obj, kind, order, topic) = (Obj::folio(1, Field::Flags), Kind::Note, Order::Relaxed, 0);
        let event =
            Event { seq: 0, task: 0, cpu: 0, op: 0, kind, order, note, topic, obj, aux: 1, site, old: 0, new: 0 };
        let words = words::describe(&Step { event, stack: Box::default(), k: 1 }).line();
        assert!(!words.contains(&format!("{note:?}")) && !words.contains('?'), "{note:?}: {words}");
    }
}
