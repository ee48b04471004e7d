use super::super::File;

const HEAD: &str = "# foliofuzz repro v1\nmodel: v6.12\n\n\
                    init\n  m0 = mapping()\n  F0 = folio(m0, index=0, flags=lru|uptodate)\n\n\
                    cpu0\n  get_and_hold(m0, 0)\n  get_and_hold(m0, 1)\ncpu1\n  truncate_inode_pages(m0, 0)\n\n";

fn with(claim: &str) -> String {
    format!("{HEAD}claim\n{claim}")
}

#[test]
fn lines_print_as_they_are_read() {
    let canonical = "  F0.ref = 1 /\\ F0.lru\n  cpu0 until filemap_get_entry.folio_try_get#1\n  \
                     cpu1: folio_trylock#1(F0) -> ok\n  cpu0 op2: folio_try_get#3 -> fail\n  \
                     cpu1: xas_reload#1 -> NULL\n  cpu1: xas_load#2 -> F0\n  \
                     cpu1: folio_ref_freeze#1(F0, 2) [ref 2->0]\n  \
                     cpu1: release_pages#1(F0)\n  rcu until end\n  cpu1 until blocked\n  cpu0 op1 until end\n";
    let text = with(canonical);
    let file = File::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(file.claim.as_ref().map(|c| c.lines.len()), Some(11));
    assert!(file.print().ends_with(canonical), "{}", file.print());
    assert_eq!(File::parse(file.print().as_bytes()), Ok(file));
}

#[test]
fn a_claim_may_be_pasted_from_a_diagram() {
    let pasted = "cpu0 until folio_try_get\ncpu1: folio_trylock(F0)  [ok]\n  cpu1: folio_try_get(F0)#2  [ref 1->2]\n\
                  cpu1: folio_ref_freeze(F0, 3) [fail, ref 2 != 3]\ncpu1: folio_unlock()\n";
    let file = File::parse(with(pasted).as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    let lines: Vec<String> = file.claim.iter().flat_map(|c| &c.lines).map(|l| l.to_string()).collect();
    assert_eq!(
        lines,
        [
            "cpu0 until folio_try_get#1",
            "cpu1: folio_trylock#1(F0) -> ok",
            "cpu1: folio_try_get#2(F0) [ref 1->2]",
            "cpu1: folio_ref_freeze#1(F0, 3) -> fail",
            "cpu1: folio_unlock#1"
        ]
    );
}

#[test]
fn the_header_keeps_the_expected_answer() {
    for (verdict, line) in [("possible", "verdict: possible\n"), ("impossible:1", "verdict: impossible:1\n")] {
        let text = with("  cpu1 until end\n").replace("\n\ninit", &format!("\nverdict: {verdict}\n\ninit"));
        let file = File::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
        assert!(file.print().contains(line));
        assert_eq!(File::parse(file.print().as_bytes()), Ok(file));
    }
    let exactly = with("  cpu1 until end\n").replace("claim\n", "claim exactly\n");
    let file = File::parse(exactly.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    assert!(file.claim.as_ref().is_some_and(|c| c.exactly) && file.print().contains("\nclaim exactly\n"));
}

#[test]
fn mistakes_are_told_in_one_line() {
    for (claim, message) in [
        (
            "  cpu0 until filemap_get_entry.folio_tryget#1\n",
            "line 15: no point filemap_get_entry.folio_tryget (did you mean filemap_get_entry.folio_try_get?)",
        ),
        (
            "  cpu1: folio_ref_freez#1 -> ok\n",
            "line 15: no step `folio_ref_freez` (did you mean folio_ref_freeze?): \
             expected function.label#k of `list sites`, or the name of a function or primitive",
        ),
        ("  cpu1: folio_put#1 -> maybe\n", "line 15: no outcome `maybe`: expected ok, fail, a number, NULL, FN or mN"),
        ("  cpu1: folio_put#1 [done]\n", "line 15: no outcome `done`: expected [ok], [fail] or [ref 1->2]"),
        ("  cpu1: folio_put#0\n", "line 15: no occurrence `0`: expected a number from 1 to 65535"),
        ("  cpu1: folio_put(F9)\n", "line 15: no object `F9`: expected F0, m0 or p0"),
        ("  cpu1: folio_put(F0, x)\n", "line 15: no count `x`: expected a number"),
        ("  cpu1: folio_put(F0\n", "line 15: `folio_put(F0` is incomplete: expected `)`"),
        ("  cpu1 folio_put#1\n", "line 15: found `folio_put#1`: expected `cpu1: step` or `cpu1 until step`"),
        (
            "  cpu1 until folio_put#1 then cpu0\n",
            "line 15: `then` belongs in a schedule: expected the end of the line, the next line says who goes on",
        ),
        (
            "  cpu1 until folio_put#1 -> ok\n",
            "line 15: a step that is not made yet has no outcome: expected the end of the line",
        ),
        ("  cpu1 until\n", "line 15: the line ends early: expected a step after `until`, or end, blocked"),
        ("  cpu2: folio_put#1\n", "line 15: cpu2 has no operations: expected a task that runs"),
        ("  cpu1 op2: folio_put#1\n", "line 15: no cpu1 op2: expected op1..op1"),
        ("  m1.nrpages = 0\n", "line 15: no m1: expected a mapping of the `init` section"),
        (
            "  cpu1: folio_put#1\n  cpu1: folio_put#1 -> 1\n",
            "line 16: the same step as line 1 of the claim: expected another occurrence, `folio_put#2`",
        ),
        ("", "line 14: the claim has no line: expected `cpuN: step`, `cpuN until step`, or a state"),
    ] {
        let e = File::parse(with(claim).as_bytes()).expect_err(claim);
        assert_eq!(e.to_string(), message, "{claim}");
    }
    for (verdict, message) in [
        ("maybe", "line 3: `verdict` is `maybe`: expected possible, or impossible:N with the number of a line"),
        ("impossible:2", "line 3: no line 2 in the claim: expected 1..1"),
    ] {
        let text = with("  cpu1 until end\n").replace("\n\ninit", &format!("\nverdict: {verdict}\n\ninit"));
        assert_eq!(File::parse(text.as_bytes()).map_err(|e| e.to_string()).err().as_deref(), Some(message));
    }
    let alone = HEAD.replace("\n\ninit", "\nverdict: possible\n\ninit");
    let e = File::parse(alone.as_bytes()).map_err(|e| e.to_string()).err();
    assert_eq!(e.as_deref(), Some("line 3: a verdict on nothing: expected a `claim` section"));
}
