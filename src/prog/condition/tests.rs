use super::*;
use crate::vocab::*;

fn parse(text: &str) -> Expr {
    Expr::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn canonical(text: &str) -> String {
    let expr = parse(text);
    let printed = expr.to_string();
    assert_eq!(parse(&printed), expr, "{text} is printed as {printed}");
    printed
}

#[test]
fn expressions_print_as_they_read() {
    for text in [
        "F0.ref = 0 /\\ F0.lru",
        "~F1.locked \\/ F7.mapcount >= 2 /\\ F7.mlock_count != -1",
        "(F0.ref < 3 \\/ F0.free) /\\ ~(F0.mapping = anon)",
        "m0.slot[1] = F0 \\/ m2.slot[3] = shadow \\/ swap_space.slot[0] != NULL",
        "p0.pte[1] = none /\\ p1.pte[0] = migration[F3] /\\ p0.pte[2] = swap[1]",
        "p0.pte[1] = zero \\/ p0.pte[1] = migration \\/ p0.pte[1] = swap \\/ p0.pte[1] = file",
        "lru_lock = cpu1 /\\ m0.i_rwsem = shared /\\ p0.mmap_lock = free /\\ p0.ptl = held",
        "swap.map[2] = 1 /\\ swap.cache[2] /\\ ~m0.freeing /\\ nr_mlock = 0",
        "~(F0.lru /\\ F0.active)",
        "F0.mapping = m0 /\\ F0.index = 2",
    ] {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn other_spellings_are_understood() {
    for (text, printed) in [
        ("F0->_refcount==0&&F0.PG_lru", "F0.ref = 0 /\\ F0.lru"),
        ("((F0.lru)) || (F1.lru || F2.lru)", "F0.lru \\/ F1.lru \\/ F2.lru"),
        ("!!F0.lru", "F0.lru"),
        ("F0.lru = 0", "~F0.lru"),
        ("~(F0.lru != 1)", "F0.lru"),
        ("m0->i_pages[ 1 ]=NULL", "m0.slot[1] = NULL"),
        ("F0.lru /\\ (F1.lru /\\ F2.lru)", "F0.lru /\\ F1.lru /\\ F2.lru"),
    ] {
        assert_eq!(canonical(text), printed);
    }
}

#[test]
fn what_is_wrong_is_said_with_what_was_expected() {
    for (text, message) in [
        ("", "expected an expression"),
        ("F0.rf = 1", "(did you mean ref?)"),
        ("F9.ref = 1", "no object `F9`: expected F0..F7"),
        ("lru_lok = free", "(did you mean lru_lock?)"),
        ("F0.ref", "`F0.ref` alone is a number"),
        ("F0.mapping = m7", "expected m0..m2, anon, NULL"),
        ("F0.mapping < m0", "has no order"),
        ("m0.slot = F0", "is an array: expected `slot[0]`..`slot[3]`"),
        ("m0.slot[9] = F0", "no `slot[9]`"),
        ("F0.ref[1] = 0", "is no array"),
        ("F0.lru = 2", "is a flag"),
        ("F0.ref = zero", "expected a number"),
        ("F0.ref = 1 F1.ref = 2", "expected /\\, \\/ or the end"),
        ("(F0.lru", "expected `)`"),
        ("F0. = 1", "expected a field after"),
        ("F0", "alone says nothing"),
        ("lru_lock", "expected `lru_lock =`, and free, held"),
        ("/\\ F0.lru", "expected a term"),
    ] {
        let told = Expr::parse(text).expect_err(text);
        assert!(told.contains(message), "{text}: {told}");
        assert!(!told.contains('\n'), "{text}: {told}");
    }
    let deep = format!("{}F0.lru{}", "(".repeat(100), ")".repeat(100));
    assert!(Expr::parse(&deep).is_err_and(|e| e.contains("too deeply")));
    let long = vec!["F0.lru"; 100].join(" /\\ ");
    assert!(Expr::parse(&long).is_err_and(|e| e.contains("too long")));
}

#[test]
fn words_are_read_as_the_model_writes_them() {
    let word = |obj: Obj| match obj {
        o if o == Obj::folio(0, Field::Refcount) => u64::MAX,
        o if o == Obj::folio(0, Field::Flags) => PG_LRU | PG_UPTODATE,
        o if o == Obj::folio(0, Field::FolioMapping) => file_mapping(1, 3),
        o if o == Obj::folio(1, Field::FolioMapping) => anon_mapping(0),
        o if o == Obj::slot(0, 1) => 3,
        o if o == Obj::slot(0, 2) => 1 << 63,
        o if o == Obj::pte(0, 1) => Pte::present(4).mkwrite().0,
        o if o == Obj::pte(0, 2) => Pte::migration(5, MigrationKind::Write, true, false).0,
        o if o == Obj::pte(1, 0) => Pte::swap(2, true).0,
        o if o == Obj::at(Field::SwapMap, 0, 2) => SWAP_HAS_CACHE | 2,
        o if o == Obj::lru_lock() => 2,
        o if o == Obj::mapping(0, Field::IRwsem) => 0x200,
        o if o == Obj::free_list() => Seq::EMPTY.push_tail(6).0,
        _ => 0,
    };
    for text in [
        "F0.ref = -1 /\\ F0.ref < 0",
        "F0.lru /\\ F0.uptodate /\\ ~F0.dirty",
        "F0.mapping = m1 /\\ F1.mapping = anon /\\ F2.mapping = NULL",
        "m0.slot[0] = NULL /\\ m0.slot[1] = F2 /\\ m0.slot[2] = shadow",
        "p0.pte[1] = F4 /\\ p0.pte[0] = none /\\ p0.pte[2] = migration /\\ p0.pte[2] = migration[F5]",
        "p1.pte[0] = swap /\\ p1.pte[0] = swap[2] /\\ p1.pte[0] != swap[1]",
        "swap.map[2] = 2 /\\ swap.cache[2] /\\ ~swap.cache[1]",
        "lru_lock = cpu1 /\\ lru_lock = held /\\ lru_lock != shared",
        "m0.i_rwsem = shared /\\ m0.i_rwsem != cpu0 /\\ m0.i_lock = free",
        "F6.free /\\ ~F5.free",
        "F0.ref = 5 \\/ F0.lru",
    ] {
        let expr = parse(text);
        assert!(expr.holds(&word), "{text} of {}", expr.state(&word));
        assert!(!Expr::Not(Box::new(expr)).holds(&word));
    }
    let wrong = parse("F0.ref = 0 /\\ F0.lru /\\ ~(p0.pte[1] = F4) /\\ m0.slot[1] = NULL");
    assert_eq!(wrong.contradictions(&word), ["F0.ref = -1, not 0", "p0.pte[1] = F4", "m0.slot[1] = F2, not NULL"]);
    assert_eq!(wrong.state(&word), "F0.ref=-1; F0.lru=1; p0.pte[1]=F4; m0.slot[1]=F2;");
}

#[test]
fn an_expression_knows_its_cells() {
    let expr = parse("F0.lru /\\ F0.active /\\ F0.ref = 1 /\\ F0.ref > 0 \\/ F3.free");
    let flags = Obj::folio(0, Field::Flags);
    let refs = Obj::folio(0, Field::Refcount);
    assert_eq!(expr.cells(), [(flags, PG_LRU | PG_ACTIVE), (refs, u64::MAX), (Obj::free_list(), u64::MAX)]);
    assert_eq!(expr.terms().len(), 4);
}

#[test]
fn a_quantifier_begins_a_line() {
    assert_eq!(Condition::split("exists (F0.lru)"), Some((Quantifier::Exists, "(F0.lru)")));
    assert_eq!(Condition::split("~exists F0.lru"), Some((Quantifier::NotExists, "F0.lru")));
    assert_eq!(Condition::split("forall(F0.lru)"), Some((Quantifier::Forall, "(F0.lru)")));
    assert_eq!(Condition::split("existsF0"), None);
    assert_eq!(Condition::split("cpu0"), None);
}

const FILE: &str = "# foliofuzz repro v1\nmodel: v6.12\n\ninit\n  m0 = mapping()\n  F0 = folio(m0, index=0)\n\n\
                    cpu0\n  filemap_get_entry(m0, 0)\n\nexists (m0.slot[0] = F0 /\\ ~F0.dirty)\n";

#[test]
fn a_file_may_end_with_a_condition() {
    let file = crate::prog::File::parse(FILE.as_bytes()).expect("valid");
    assert_eq!(file.print(), FILE);
    assert_eq!(file.condition.as_ref().map(|c| c.quantifier), Some(Quantifier::Exists));
    let free = FILE.replace("exists (m0.slot[0] = F0 /\\ ~F0.dirty)", "  exists m0->i_pages[0]==F0 && !F0.PG_dirty");
    assert!(crate::prog::File::parse(free.as_bytes()).is_ok_and(|f| f == file));
    for (from, to, line, message) in [
        ("exists", "forall F0.lru\nexists", 12, "a second condition, the first is in line 11"),
        ("m0.slot[0]", "m1.slot[0]", 11, "no m1: expected a mapping of the `init` section"),
        ("~F0.dirty", "p1.pte[0] = none", 11, "no p1: expected a process of the `init` section"),
        ("~F0.dirty", "F0.mapping = m2", 11, "no m2: expected"),
        ("~F0.dirty", "F0.drity", 11, "did you mean dirty?"),
        ("\ninit", "exists F0.lru\ninit", 3, "expected `key: value`"),
    ] {
        let text = FILE.replacen(from, to, 1);
        let wrong = crate::prog::File::parse(text.as_bytes()).expect_err(&text);
        assert_eq!(wrong.line, line, "{wrong}");
        assert!(wrong.message.contains(message), "{wrong}");
    }
}
