use super::*;
use crate::machine::{Switch, Trace, Why};
use crate::ops;
use crate::sched::{Anchor, MAX_RECORDS, Preempt, Schedule};
use crate::vocab::*;

static FUNC: Name = Name::new("filemap_get_entry", "src/mm/filemap.rs");
static TRY_GET: Name = Name::new("folio_try_get", "");
static LOAD: Name = Name::new("xas_load", "");

fn learn_sites() {
    sites::learn(Site { func: &FUNC, label: &TRY_GET });
    sites::learn(Site { func: &FUNC, label: &LOAD });
}

struct Xorshift(u64);

impl Xorshift {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.bits() % most).map(|_| (self.bits() >> 24) as u8).collect()
    }

    fn model(&mut self) -> Model {
        let kernel = Kernel::ALL[self.bits() as usize % Kernel::ALL.len()];
        let bugs = BugSet::from_words([self.bits(); 4]) & preset::applicable(kernel);
        let mut model = Model { bugs, ..Model::of(kernel) };
        model.rcu_free ^= self.bits() & 1 != 0;
        model.irqoff_is_reader ^= self.bits() & 2 != 0;
        model
    }
}

const EXAMPLE: &str = "\
# foliofuzz repro v1
# any comment lines kept in order
#
#   indented
model: v4.14
fix: 2018_page_evictable_mapping
rcu_free: on
expect: uaf/mapping

init
  m0 = mapping(aops=migrate_folio|free_folio, flags=unevictable|unmovable)
  v0 = vma(p0, 0..4, anon)
  F0 = folio(m0, index=0, flags=lru|dirty|uptodate)
  F1 = folio(p0, addr=1, flags=lru|swapbacked)

cpu0
  filemap_get_entry(m0, 1)
  compact(F0, nr=1, mode=async)
cpu1
  evict(m0)

schedule
  start cpu1
  cpu0 op1 until filemap_get_entry.folio_try_get#1 then cpu1
  cpu0 op2 until @17 then cpu1
  cpu0 epilogue until blocked#1 then rcu
  cpu1 op1 until blocked#2 then cpu0
  cpu1 until end then rcu
  rcu op3 until filemap_get_entry.xas_load#2 then cpu0
";

#[test]
fn the_canonical_example_prints_as_it_reads() {
    learn_sites();
    let file = File::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(file.print(), EXAMPLE);
    assert_eq!(file.program.validate(), Ok(()));
    assert_eq!(file.program.cpus[0][1].args, [0, 0, 1]);
    let end = file.program.schedule.records.iter().find(|p| p.anchor == Anchor::End).unwrap();
    assert_eq!((end.cpu, end.op, end.to), (1, 0, RCU_TASK as u8));
    assert_eq!(format!("{:?}", file), EXAMPLE);
}

const PROCESSES: &str = "\
# foliofuzz repro v1
model: v6.12
lru_batch_clear_first: on

init
  m0 = mapping(aops=migrate_folio|writepages|buffers|page_mkwrite, flags=stable_writes, size=3)
  m1 = mapping()
  v0 = vma(p0, 0..2, anon)
  v1 = vma(p0, 2..4, shared, m0)
  v3 = vma(p1, 0..3, private, m0, flags=ro)
  v4 = vma(p1, 3..4, anon, flags=locked)
  F0 = folio(m0, index=2, maps=p0|p1, flags=lru|uptodate|private)
  F1 = folio(p0, addr=1, flags=lru|swapbacked)
  F2 = folio(m1, index=0, flags=lru|dirty)
  s0 = swap(p0, addr=0)
  s3 = swap(p1, addr=1)

cpu0
  user_write(p0, 1)
  madvise(p1, 2, advice=pageout)
cpu1
  gup_pin(p0, 1, how=fast_write)
  send_sigkill(cpu0)

schedule
  cpu0 op1 until @3 then io
  cpu0 op2 until @2 then kswapd
  io op1 until @2 then work1
";

#[test]
fn processes_print_as_they_read() {
    learn_sites();
    let file = File::parse(PROCESSES.as_bytes()).unwrap();
    assert_eq!(file.print(), PROCESSES);
    let mut fixed = file.program.clone();
    fixed.fix_up();
    assert_eq!(fixed, file.program, "fixing a valid program changed it");
    let idle = PROCESSES.replace("  v3 = vma(p1, 0..3, private, m0, flags=ro)\n", "");
    let idle = idle.replace("  v4 = vma(p1, 3..4, anon, flags=locked)\n", "").replace("  s3 = swap(p1, addr=1)\n", "");
    let idle = idle.replace("  v0 =", "  p1 = process()\n  v0 =").replace("p0|p1", "p0");
    assert_eq!(File::parse(idle.as_bytes()).unwrap().print(), idle);
}

#[test]
fn errors_about_processes_name_the_line_and_what_was_expected() {
    for (line, by, message) in [
        ("  v3 =", "  v2 =", "line 10: v2 is no VMA of p1: expected v3..v5"),
        ("0..2, anon", "0..3, anon", "line 9: v0 and v1 overlap: expected one VMA an address"),
        ("0..2, anon", "0..5, anon", "line 8: a VMA's pages are 0..1 to 0..4: expected"),
        ("shared, m0", "shared, m2", "line 9: v1 maps m2, which is not defined: expected a mapping of `init`"),
        ("index=2, maps", "index=1, maps", "line 12: F0 is mapped at p0 page 1, where v0 is: expected a VMA that can"),
        ("index=2, maps", "index=3, maps", "line 12: F0 has index 3: expected 0..2"),
        ("addr=1, flags", "addr=2, flags", "line 13: F1 is mapped at p0 page 2, where v1 is: expected a VMA that can"),
        ("flags=lru|dirty)", "flags=lru|private)", "line 14: F2 has private data: expected a mapping with aops"),
        ("s0 = swap(p0, addr=0)", "s0 = swap(p0, addr=1)", "line 15: s0 is at p0 page 1: expected a free page of a"),
        ("s0 = swap(p0, addr=0)", "p1 = process(1)", "line 15: a process has no arguments: expected `p1 = process()`"),
        ("|writepages", "", "line 6: m0 has callbacks of a device's file: expected aops writepages, too"),
        ("size=3", "size=5", "line 6: `size` is `5`: expected a count 1..4"),
        ("model: v6.12", "model: v3.13", "line 6: m0 has flags or callbacks: expected those a file of v3.13 can have"),
    ] {
        assert!(PROCESSES.contains(line), "{line}");
        let e = File::parse(PROCESSES.replacen(line, by, 1).as_bytes()).expect_err(by);
        assert!(e.to_string().starts_with(message), "{e}\n{message}");
    }
}

#[test]
fn an_anonymous_folio_without_a_place_gets_one() {
    let text = "# foliofuzz repro v1\nmodel: v4.15\ninit\n  F2 = folio(anon, flags=lru|swapbacked)\n";
    let canonical = "# foliofuzz repro v1\nmodel: v4.15\n\ninit\n  v0 = vma(p0, 0..4, anon)\n  \
                     F2 = folio(p0, addr=0, flags=lru|swapbacked)\n";
    assert_eq!(File::parse(text.as_bytes()).unwrap().print(), canonical);
}

#[test]
fn a_hand_written_file_reads_as_its_canonical_form() {
    learn_sites();
    let loose = "# foliofuzz repro v1\r\nbug: E4b\nmodel: v6.12\n\ninit\n\
                 F0=folio( m0 , flags = uptodate|lru, index=0)\nm0 = mapping()\ncpu0\n # a note\n\
                 \x20compact(F0, mode=async)\ncpu1\n evict(m0)\nschedule\n\
                 cpu1 until end then cpu0\ncpu0 op1 until @2 then cpu1";
    let file = File::parse(loose.as_bytes()).unwrap();
    let canonical = "# foliofuzz repro v1\n# a note\nmodel: v6.12\nbug: 2023_unmovable_rcu_test_no_grace\n\ninit\n\
                     \x20 m0 = mapping()\n  F0 = folio(m0, index=0, flags=lru|uptodate)\n\ncpu0\n\
                     \x20 compact(F0, nr=1, mode=async)\ncpu1\n  evict(m0)\n\nschedule\n\
                     \x20 cpu0 op1 until @2 then cpu1\n  cpu1 until end then cpu0\n";
    assert_eq!(file.print(), canonical);
    assert_eq!(File::parse(canonical.as_bytes()).unwrap(), file);
}

#[test]
fn decoded_programs_are_valid_and_survive_their_text() {
    learn_sites();
    let mut rng = Xorshift(0x9E37_79B9_7F4A_7C15);
    let (mut ops, mut records) = (0, 0);
    for i in 0..2000 {
        let model = rng.model();
        let p = decode(&rng.bytes(220), model);
        assert_eq!(p.validate(), Ok(()), "program {i}:\n{p:?}");
        assert!(p.init.folios.iter().flatten().count() <= FOLIOS - 2);
        let mut fixed = p.clone();
        fixed.fix_up();
        assert_eq!(fixed, p, "fixing a valid program changed it");
        let file = File { expect: Expect::Clean, comments: vec![format!("number {i}"), String::new()], ..File::new(p) };
        let text = file.print();
        let back = File::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(back, file, "{text}");
        assert_eq!(back.print(), text);
        assert!(text.lines().all(|l| l.len() <= 140), "{text}");
        ops += back.program.nr_ops();
        records += back.program.schedule.records.len();
    }
    assert!(ops > 20_000 / 4 && records > 2000, "{ops} operations, {records} records");
}

#[test]
fn any_repaired_program_is_valid() {
    learn_sites();
    let mut rng = Xorshift(77);
    for _ in 0..2000 {
        let mut p = Program::new(rng.model());
        p.model.bugs = BugSet::from_words([rng.bits(); 4]);
        for m in &mut p.init.mappings {
            let size = rng.bits() as u8 % 7;
            *m = (rng.bits() & 1 != 0).then(|| MappingInit { flags: rng.bits(), aops: rng.bits(), size });
        }
        for f in &mut p.init.folios {
            let place = match rng.bits() % 3 {
                0 => FolioPlace::Anon { mm: rng.bits() as u8, addr: rng.bits() as u8 },
                _ => FolioPlace::Cache { mapping: rng.bits() as u8, index: rng.bits() as u8 },
            };
            let maps = rng.bits() as u8;
            *f = (rng.bits() & 1 != 0).then(|| FolioInit { place, flags: rng.bits(), maps });
        }
        p.init.idle = rng.bits() as u8;
        for v in &mut p.init.vmas {
            let file = rng.bits() as u8 % 4;
            let kind = [VmaKind::Anon, VmaKind::Shared(file), VmaKind::Private(file)][rng.bits() as usize % 3];
            let [start, end, a, b, ..] = rng.bits().to_le_bytes();
            let vma = VmaInit { start, end: end % 6, kind, read_only: a & 1 != 0, locked: a & 2 != 0 };
            *v = (b & 1 != 0).then_some(vma);
        }
        for s in &mut p.init.swaps {
            *s = (rng.bits() & 1 != 0).then(|| SwapInit::Page { mm: rng.bits() as u8, addr: rng.bits() as u8 });
        }
        for ops in &mut p.cpus {
            for _ in 0..rng.bits() % 11 {
                let code = rng.bits() as u8 % (ops::TABLE.len() as u8 + 2);
                ops.push(Op { code, args: [rng.bits() as u8, rng.bits() as u8, rng.bits() as u8] });
            }
        }
        p.schedule.start = rng.bits() as u8 % 6;
        for _ in 0..rng.bits() % 60 {
            let anchor = match rng.bits() % 4 {
                0 => Anchor::Site(rng.bits() as u32),
                1 => Anchor::Blocked,
                2 => Anchor::End,
                _ => Anchor::Nth,
            };
            let [cpu, op, k, to, ..] = rng.bits().to_le_bytes();
            p.schedule.records.push(Preempt { cpu: cpu % 13, op: op % 12, anchor, k: u16::from(k % 4), to: to % 13 });
        }
        p.fix_up();
        assert_eq!(p.validate(), Ok(()), "{p:?}");
        let text = p.text();
        let back = File::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(back.program, p, "{text}");
    }
}

#[test]
fn the_empty_input_is_a_program() {
    let p = decode(&[], Model::of(Kernel::DEFAULT));
    assert_eq!(p.validate(), Ok(()));
    assert_eq!(p.nr_ops(), 0);
    let text = p.text();
    assert_eq!(
        text,
        "# foliofuzz repro v1\nmodel: v6.12\n\ninit\n  m0 = mapping(aops=migrate_folio)\n  \
         F0 = folio(m0, index=0, flags=lru|uptodate)\n"
    );
    assert_eq!(File::parse(text.as_bytes()).unwrap().program, p);
}

#[test]
fn every_operation_and_anchor_can_be_decoded() {
    let mut rng = Xorshift(5);
    let mut codes = std::collections::BTreeSet::new();
    let mut anchors = [0; 3];
    for _ in 0..2000 {
        let kernel = Kernel::ALL[rng.bits() as usize % Kernel::ALL.len()];
        let p = decode(&rng.bytes(200), Model::of(kernel));
        codes.extend(p.cpus.iter().flatten().map(|op| op.code));
        for r in &p.schedule.records {
            anchors[match r.anchor {
                Anchor::Nth => 0,
                Anchor::Blocked => 1,
                _ => 2,
            }] += 1;
        }
    }
    let missing: Vec<_> = (0..ops::TABLE.len()).filter(|i| !codes.contains(&(*i as u8))).collect();
    assert!(missing.is_empty(), "never decoded: {missing:?}");
    assert!(anchors.iter().all(|n| *n > 50) && anchors[0] > anchors[1] + anchors[2], "{anchors:?}");
}

#[test]
fn random_bytes_after_the_magic_line_give_one_line_of_complaint() {
    learn_sites();
    let mut rng = Xorshift(99);
    let cut = |rng: &mut Xorshift, n: usize| rng.bits() as usize % n;
    for _ in 0..3000 {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for _ in 0..1 + rng.bits() % 4 {
            let i = cut(&mut rng, bytes.len());
            match rng.bits() % 4 {
                0 => bytes[i] = rng.bits() as u8,
                1 => bytes[i] = b"\n =|#(),0123456789@cpu"[rng.bits() as usize % 22],
                2 => drop(bytes.remove(i)),
                _ => bytes.truncate(i + 1),
            }
        }
        match File::parse(&bytes) {
            Ok(file) => {
                assert_eq!(file.program.validate(), Ok(()));
                assert_eq!(File::parse(file.print().as_bytes()), Ok(file));
            }
            Err(e) => {
                let text = e.to_string();
                assert!(!text.contains('\n') && text.starts_with("line ") && e.line > 0, "{text}");
                assert!(text.contains("expected") || text.contains("did you mean"), "{text}");
            }
        }
    }
}

#[test]
fn every_truncation_is_a_program_or_an_error_at_its_end() {
    learn_sites();
    for n in 0..EXAMPLE.len() {
        if let Err(e) = File::parse(&EXAMPLE.as_bytes()[..n]) {
            let early = e.message.contains("cpu1") || e.message.contains("does not run");
            assert!(early || e.line == EXAMPLE[..n].lines().count().max(1), "{n}: {e}");
        }
    }
}

/// The example with one line replaced.
fn broken(line: &str, by: &str) -> String {
    assert!(EXAMPLE.contains(line), "{line}");
    EXAMPLE.replacen(line, by, 1)
}

#[test]
fn errors_name_the_line_and_what_was_expected() {
    learn_sites();
    let site = "filemap_get_entry.folio_try_get#1";
    let evict = "  evict(m0)";
    for (text, message) in [
        (String::new(), "line 1: the file is empty: expected first line `# foliofuzz repro v1`"),
        ("\u{7f}ELF".into(), "line 1: not a foliofuzz repro: expected first line `# foliofuzz repro v1`"),
        (
            broken("repro v1", "repro v2"),
            "line 1: format version `v2` is not known: expected first line `# foliofuzz repro v1`",
        ),
        (
            broken(site, "filemap_get_entry.xas_laod#1"),
            "line 24: no point filemap_get_entry.xas_laod (did you mean filemap_get_entry.xas_load?)",
        ),
        (
            broken(evict, "  evcit(m0)"),
            "line 20: unknown operation `evcit` (did you mean evict?): expected one of `list ops`",
        ),
        (broken(evict, "  evict()"), "line 20: `evict` has 0 arguments without a key, not 1: expected `evict(m0..m2)`"),
        (
            broken(evict, "  evict(m0, m0)"),
            "line 20: `evict` has 2 arguments without a key, not 1: expected `evict(m0..m2)`",
        ),
        (broken(evict, "  evict(F0)"), "line 20: no `F0`: expected m0..m2"),
        (broken(evict, "  evict(m3)"), "line 20: no `m3`: expected m0..m2"),
        (broken(evict, "  evict(m1)"), "line 20: `evict` names m1, which is not defined: expected a mapping of `init`"),
        (broken("_entry(m0, 1)", "_entry(m0, 4)"), "line 17: `index` is `4`: expected an index 0..3"),
        (broken("nr=1", "nr=9"), "line 18: `nr` is `9`: expected a count 1..8"),
        (
            broken("async", "asinc"),
            "line 18: `mode` is `asinc` (did you mean async?): expected one of sync, async, sync_nofs, async_nofs",
        ),
        (
            broken("nr=1", "count=1"),
            "line 18: `compact` has no key `count`: \
             expected `compact(F0..F7, nr=1..8, mode=sync|async|sync_nofs|async_nofs)`",
        ),
        (broken(evict, "  evict(m0"), "line 20: `evict(m0` is incomplete: expected `)` at the end of the line"),
        (
            broken("model: v4.14", "model: v4.13"),
            "line 5: unknown kernel `v4.13`: expected one of v3.13, v4.14, v4.15, v5.0, v6.5, v6.8, v6.12",
        ),
        (
            broken("fix: 2018_page_evictable_mapping", "bug: E1"),
            "line 6: bug `E1` does not apply to v4.14: expected v6.8, v6.12",
        ),
        (
            broken("fix: 2018_page_evictable_mapping", "bug: 2018_page_evictible_mapping"),
            "line 6: no bug `2018_page_evictible_mapping` (did you mean 2018_page_evictable_mapping?): \
             expected a slug or thread id of `list bugs`",
        ),
        (broken("rcu_free: on", "rcu_free: yes"), "line 7: `rcu_free` is `yes`: expected on or off"),
        (
            broken("rcu_free: on", "rcufree: on"),
            "line 7: unknown key `rcufree` (did you mean rcu_free?): \
             expected one of model, bug, fix, rcu_free, irqoff_is_reader, lru_batch_clear_first, expect, verdict",
        ),
        (
            broken("uaf/mapping", "uaf"),
            "line 8: `expect` is `uaf`: expected clean, or a signature check/kind[:function+function]",
        ),
        (broken("model: v4.14\n", ""), "line 9: `init` comes before the kernel: expected `model: v6.12`"),
        (
            broken("lru|dirty", "lru|dirt"),
            "line 13: `flags` has `dirt` (did you mean dirty?): \
             expected a choice of lru, active, unevictable, mlocked, swapbacked, swapcache, referenced, \
             dirty, uptodate, private, joined by |",
        ),
        (broken("  F1 =", "  F8 ="), "line 14: no `F8`: expected F0..F7"),
        (broken("  F1 =", "  F0 ="), "line 14: F0 is defined twice: expected it once"),
        (
            broken("folio(p0, addr=1, flags=lru|swapbacked)", "folio(m0, index=0)"),
            "line 14: F0 and F1 are both at m0 index 0: expected one folio a slot",
        ),
        (
            broken("folio(p0, addr=1, flags=lru|swapbacked)", "folio(m1, index=0)"),
            "line 14: F1 is in m1, which is not defined: expected a mapping of `init`",
        ),
        (broken("lru|swapbacked", "lru"), "line 14: F1 is anonymous: expected flags=swapbacked"),
        (
            broken("@17 then cpu1", "@17"),
            "line 25: the line ends early: expected `then cpuN` \
             (a line without it belongs in a `claim` section)",
        ),
        (broken("@17", "@0"), "line 25: no occurrence `0`: expected a number from 1 to 65535"),
        (broken("cpu0 op2 until", "cpu0 op3 until"), "line 25: cpu0 has no op3: expected op1..op2"),
        (broken("cpu0 op2 until", "cpu0 until"), "line 25: expected an operation: `cpu0 op1 until …`"),
        (
            broken("@17 then cpu1", "@17 then cpu2"),
            "line 25: cpu2 does not run in this program: \
             expected cpu0..cpu1, rcu, io, kswapd or work0..work3",
        ),
        (
            broken("@17 then cpu1", "@17 then cpu0"),
            "line 25: cpu0 cannot take over from itself: \
             expected another task after `then`",
        ),
        (broken("start cpu1", "start cpu2"), "line 23: cpu2 cannot start, it has no operations: expected cpu0..cpu1"),
        (
            broken("  cpu0 op2 until @17", "  cpu0 op1 until filemap_get_entry.folio_try_get#1"),
            "line 25: a second record for this place: expected one a place",
        ),
        (broken("schedule", "claims"), "line 22: `claims` is incomplete: expected `name(arguments)`"),
        (broken("cpu1\n", "cpu4\n"), "line 19: no `cpu4`: expected cpu0..cpu3"),
        ("# foliofuzz repro v1\n".into(), "line 1: file ends before `model:`: expected `model: v6.12`"),
        ("# foliofuzz repro v1\nmodel: v6.5\n".into(), "line 2: file ends before the `init` section: expected `init`"),
        (
            "# foliofuzz repro v1\nmodel: v6.5\ninit\n  m0 = mapp".into(),
            "line 4: `mapp` is incomplete: expected `name(arguments)` (the file ends within this line)",
        ),
    ] {
        let e = File::parse(text.as_bytes()).expect_err(&text);
        assert_eq!(e.to_string(), message, "{text}");
    }
    let mut binary = b"# foliofuzz repro v1\nmodel: v6.5\n".to_vec();
    binary.extend([0xff, 0xfe]);
    let e = File::parse(&binary).unwrap_err();
    assert_eq!(e.to_string(), "line 3: not a foliofuzz repro: expected UTF-8 text");
    let many = format!("{}{}", EXAMPLE.split("\nschedule").next().unwrap(), "  evict(m0)\n".repeat(8));
    assert_eq!(
        File::parse(many.as_bytes()).unwrap_err().to_string(),
        "line 28: cpu1 has too many operations: expected at most 8"
    );
    let lines: String = (1..=MAX_RECORDS + 1).map(|k| format!("  cpu0 op1 until @{k} then cpu1\n")).collect();
    let many = format!("{}\nschedule\n{lines}", EXAMPLE.split("\nschedule").next().unwrap());
    assert!(File::parse(many.as_bytes()).unwrap_err().message.starts_with("too many schedule records"));
}

#[test]
fn presets_follow_the_registry() {
    assert!(preset::preset(Kernel::DEFAULT).is_empty(), "the default kernel has every known fix");
    let a0 = preset::find_bug("A0").unwrap();
    assert!(preset::model(Kernel::V4_14).has(a0) && preset::model(Kernel::V4_15).has(a0));
    assert_eq!(preset::find_bug("2018_isolate_lru_page_mapping"), Some(a0));
    assert_eq!(preset::find_bug("a0"), None);
    for kernel in Kernel::ALL {
        assert!((preset::preset(kernel) - preset::applicable(kernel)).is_empty());
    }
}

#[test]
fn inputs_are_text_or_bytes() {
    use arbitrary::{Arbitrary, Unstructured};
    learn_sites();
    let text = Input::arbitrary_take_rest(Unstructured::new(EXAMPLE.as_bytes())).unwrap();
    assert!(matches!(&text, Input::Text(file) if file.print() == EXAMPLE));
    assert!(matches!(Input::of(b"# foliofuzz repro v9"), Input::Malformed(_)));
    let bytes = Input::arbitrary(&mut Unstructured::new(&[7; 64])).unwrap();
    assert_eq!(bytes.program(), Some(&decode(&[7; 64], Input::model())));
    assert!(format!("{bytes:?}").starts_with(MAGIC));
}

#[test]
fn a_trace_becomes_named_records() {
    let here = Site { func: &FUNC, label: &TRY_GET };
    let switch = |why, task, op, k, to, default| Switch { at: 0, why, task, op, nth: 9, site: here, k, to, default };
    let trace = Trace {
        switches: vec![
            switch(Why::Point, 1, 0, 2, 0, 1),
            switch(Why::Blocked, 0, 0, 1, 1, 1),
            switch(Why::Spin, 1, 1, 3, 2, 0),
            switch(Why::End, 2, 0, 1, 0, 0),
            switch(Why::End, 0, 1, 1, 4, 1),
        ],
        ..Trace::default()
    };
    let site = Anchor::Site(here.hash());
    assert_eq!(
        schedule_of(&trace, 1),
        Schedule {
            start: 1,
            records: vec![
                Preempt { cpu: 0, op: 1, anchor: Anchor::End, k: 1, to: 4 },
                Preempt { cpu: 1, op: 0, anchor: site, k: 2, to: 0 },
                Preempt { cpu: 1, op: 1, anchor: Anchor::Blocked, k: 3, to: 2 },
            ]
        }
    );
    assert_eq!(sites::name(here.hash()).as_deref(), Some("filemap_get_entry.folio_try_get"));
}

#[test]
fn minimizing_keeps_what_the_predicate_needs() {
    learn_sites();
    let evict = ops::find("evict").unwrap() as u8;
    let compact = ops::find("compact").unwrap() as u8;
    // The signature: compaction preempted in favour of the evictor of the file its folio is in.
    let mut test = |p: &Program| {
        let (cpu, op) = p
            .cpus
            .iter()
            .enumerate()
            .find_map(|(c, ops)| ops.iter().position(|o| o.code == compact).map(|i| (c, i)))?;
        let folio = p.init.folios[p.cpus[cpu][op].args[0] as usize]?;
        let FolioPlace::Cache { mapping, .. } = folio.place else { return None };
        let other = p.cpus.iter().position(|ops| ops.iter().any(|o| o.code == evict && o.args[0] == mapping))?;
        let fits = |r: &&Preempt| r.cpu as usize == cpu && r.op as usize == op && r.to as usize == other;
        let record = p.schedule.records.iter().filter(fits).find(|r| r.anchor == Anchor::Nth && r.k >= 3)?;
        Some(Schedule { start: p.schedule.start, records: vec![*record] })
    };
    let mut rng = Xorshift(4242);
    let mut shrunk = 0;
    while shrunk < 20 {
        let mut bytes = rng.bytes(260);
        if let Some(swarm) = bytes.get_mut(3..5) {
            swarm.fill(0);
        }
        let mut p = decode(&bytes, Model::of(Kernel::DEFAULT));
        let Some(c) = p.cpus.iter().position(|ops| ops.iter().any(|o| o.code == compact)) else { continue };
        let Some(e) = p.cpus.iter().position(|ops| ops.iter().any(|o| o.code == evict)) else { continue };
        let op = p.cpus[c].iter().position(|o| o.code == compact).unwrap() as u8;
        p.schedule.records.truncate(20);
        p.schedule.records.push(Preempt { cpu: c as u8, op, anchor: Anchor::Nth, k: 900, to: e as u8 });
        p.fix_up();
        if test(&p).is_none() {
            continue;
        }
        shrunk += 1;
        let min = minimize(&p, 5000, &mut test);
        assert!(test(&min.program).is_some());
        assert_eq!(min.program.validate(), Ok(()));
        assert_eq!(min.before, (p.nr_ops(), p.schedule.records.len()));
        assert_eq!(min.after, (2, 1), "{:?}", min.program);
        assert!(min.tried <= 5000);
        assert_eq!(min, minimize(&p, 5000, &mut test), "not deterministic");
        let text = min.program.text();
        assert!(text.contains("  m0 = mapping()\n  F0 = folio(m0, index=0)\n"), "{text}");
        assert!(text.contains("compact(F0, nr=1, mode=sync)") && text.contains("until @3 then"), "{text}");
        assert!(!text.contains("start") && !text.contains("cpu2"), "{text}");
    }
}

#[test]
fn minimizing_what_shows_nothing_changes_nothing() {
    let bytes: Vec<u8> = (0..=200).collect();
    let p = decode(&bytes, Model::of(Kernel::DEFAULT));
    let min = minimize(&p, 100, &mut |_| None);
    assert_eq!((&min.program, min.tried), (&p, 1));
    assert_eq!(minimize(&p, 0, &mut |p| Some(p.schedule.clone())).tried, 0);
    let min = minimize(&p, 7, &mut |p| Some(p.schedule.clone()));
    assert_eq!(min.tried, 7);
}

#[test]
fn every_listed_site_has_its_own_hash() {
    let mut seen = std::collections::BTreeMap::new();
    for name in sites::listed() {
        let hash = Site::hash_of_text(name).unwrap_or_else(|| panic!("{name} has no dot"));
        assert_eq!(seen.insert(hash, name), None, "{name}");
    }
}

#[test]
fn drawn_schedules_have_bytes() {
    let mut rng = Xorshift(99);
    let (mut records, mut encoded) = (0, 0);
    for _ in 0..2_000 {
        let mut bytes = rng.bytes(2 * (HEADER + 12 * RECORD) as u64);
        bytes.resize(bytes.len().max(HEADER), 0);
        let p = decode(&bytes, Model::of(Kernel::DEFAULT));
        let (start, list) = encode_schedule(&p, &p.schedule);
        let mut again = bytes[..HEADER].to_vec();
        again[1] = start;
        let ops = bytes[HEADER..].chunks_exact(RECORD).filter(|r| r[0] < 0xA0);
        ops.chain(list.iter().map(|r| &r[..])).for_each(|r| again.extend_from_slice(r));
        let q = decode(&again, Model::of(Kernel::DEFAULT));
        assert_eq!(q.cpus, p.cpus);
        assert_eq!(q.schedule.start, p.schedule.start);
        assert!(q.schedule.records.iter().all(|r| p.schedule.records.contains(r)));
        records += p.schedule.records.len();
        encoded += q.schedule.records.len();
    }
    assert_eq!(encoded, records, "what comes from bytes has bytes");
}
