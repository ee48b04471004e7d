//! What `explain` prints for every variant of the mail threads that must be found, word for word, and rules that hold
//! for everything it prints. `BLESS=1 cargo test --test explain` writes `tests/golden/`; read the difference before you
//! commit it.

mod common;

use foliofuzz::campaign::Analysis;
use foliofuzz::exec::Runner;
use foliofuzz::prog::{Expect, File};
use foliofuzz::report::{DiagramStyle, Report};
use foliofuzz::san::{CHECKS, CheckSet, Finding};
use foliofuzz::vocab::{Field, Owner};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders of programs, with the folder of what is printed for those that expect a finding.
const FOLDERS: [(&str, &str); 2] =
    [("corpus/threads", "tests/golden/threads"), ("tests/golden/programs", "tests/golden/programs")];

/// Programs of other folders whose text is kept with the second: columns of service tasks, and four of them.
const MORE: [&str; 5] = [
    "corpus/bugs/mutant_reclaim_slot_put_early.mm",
    "corpus/bugs/mutant_share_pinned_page.mm",
    "corpus/bugs/mutant_write_after_end.mm",
    "corpus/bugs/open_killed_waiter_keeps_wakeup.mm",
    "corpus/checks/folio_lock_waiters-clear_fires.mm",
];

/// Mail width.
const WIDTH: usize = 75;

/// A program that expects a finding, executed as `explain` does: what a predictive rule ends, `actual` goes on with.
fn analyse(file: &File, expected: &str) -> Option<Analysis> {
    let sets = [CheckSet::all(), CheckSet::actual()].map(|set| set.expecting(expected));
    let mut met = sets.into_iter().map(|set| Analysis::of(&mut Runner::new(set), &file.program)).filter(|a| {
        let signature = a.signature().unwrap_or_default();
        signature == expected || signature.starts_with(&format!("{expected}:"))
    });
    met.next()
}

/// Every program that must be found: its path, and where its text is.
fn cases() -> Vec<(PathBuf, PathBuf)> {
    let listed = FOLDERS.iter().flat_map(|(from, to)| common::programs(from).into_iter().map(move |path| (path, *to)));
    let more = MORE.iter().map(|path| (common::root().join(path), FOLDERS[1].1));
    let found = listed.chain(more).filter(|(path, _)| matches!(common::load(path).expect, Expect::Finding(_)));
    let text = |(path, to): (PathBuf, &str)| {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (path, common::root().join(to).join(format!("{stem}.txt")))
    };
    found.map(text).collect()
}

/// Calls `f` with the path and the report of every case.
fn with_reports(mut f: impl FnMut(&Path, &Path, &Report)) {
    for (path, golden) in cases() {
        let file = common::load(&path);
        let Expect::Finding(expected) = &file.expect else { continue };
        let shown = analyse(&file, expected).unwrap_or_else(|| panic!("{}: not {expected}", path.display()));
        f(&path, &golden, &shown.report().expect("a finding"));
    }
}

fn printed(report: &Report) -> String {
    format!("{}\n{}", report.splat(), report.diagram(&DiagramStyle::KERNEL))
}

#[test]
fn every_variant_is_told_as_it_is_stored() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut known = BTreeSet::new();
    with_reports(|path, golden, report| {
        let text = printed(report);
        if bless {
            std::fs::write(golden, &text).expect("written");
        }
        let stored = std::fs::read_to_string(golden).unwrap_or_default();
        assert!(stored == text, "{}: {} differs. It is now:\n{text}", path.display(), golden.display());
        known.insert(golden.to_path_buf());
    });
    let mut stored = Vec::new();
    common::walk(&common::root().join("tests/golden"), "txt", &mut stored);
    let stale: Vec<_> = stored.iter().filter(|p| !known.contains(*p)).collect();
    assert!(stale.is_empty(), "no program prints {stale:?}");
    let threads = known.iter().filter(|p| p.parent().is_some_and(|d| d.ends_with("threads"))).count();
    assert!(threads >= 45, "{threads} variants of the threads");
}

#[test]
fn nothing_printed_is_wider_than_a_mail_or_not_ascii() {
    with_reports(|path, _, report| {
        for line in printed(report).lines() {
            // Signatures are for machines.
            let fits = line.len() <= WIDTH || line.starts_with("DEDUP_TOKEN: ") || line.starts_with("BUG: MMSAN: ");
            assert!(fits && line.is_ascii() && line.trim_end() == line, "{}: {line:?}", path.display());
        }
        for width in [40, 60, WIDTH, 118] {
            for line in report.diagram(&DiagramStyle { width, ..DiagramStyle::KERNEL }).lines() {
                assert!(line.len() <= width, "{} at {width}: {line:?}", path.display());
            }
        }
    });
}

/// The text of a diagram's lines, with what the report adds to a step's own words taken off.
fn own_words(text: &str) -> Vec<String> {
    let text = text.split("<--").next().unwrap_or_default();
    // Owners, and states beside a step.
    let mut text = Owner::ALL.iter().fold(text.to_string(), |text, o| text.replace(&format!("({})", o.name()), ""));
    for note in ["[still on ", "[F", "[NR_MLOCK"] {
        text = text.split(note).next().unwrap_or_default().to_string();
    }
    text.split_whitespace().map(str::to_string).collect()
}

/// Nothing in a diagram that was not executed: each line that shows a step is that event of the trace, in the trace's
/// own words; names of functions are those the step was made in.
#[test]
fn every_line_of_a_diagram_was_executed() {
    with_reports(|path, _, report| {
        let trace = report.trace_text();
        let event = |seq: u32| trace.lines().find(|l| l.split_whitespace().next() == Some(&seq.to_string()));
        let lines = report.diagram_lines(&DiagramStyle::KERNEL);
        let text: String = lines.iter().map(|l| format!("{}\n", l.text)).collect();
        assert_eq!(text, report.diagram(&DiagramStyle::KERNEL));
        let mut shown: Vec<u32> = Vec::new();
        for wrapped in lines.chunk_by(|a, b| a.step.is_some() && a.step == b.step) {
            let Some(seq) = wrapped[0].step else { continue };
            let text: Vec<&str> = wrapped.iter().map(|l| l.text.trim()).collect();
            let text = text.join(" ");
            let event = event(seq).unwrap_or_else(|| panic!("{}: {text} is in no trace", path.display()));
            for word in own_words(&text) {
                assert!(event.contains(&word), "{}: {word:?} of {text:?} is not in {event:?}", path.display());
            }
            shown.push(seq);
        }
        assert_eq!(shown, report.diagram_steps(), "{}", path.display());
        assert!(shown.is_sorted() && shown.last() == Some(&report.finding.seq), "{}", path.display());
        // Names stand alone on their lines, and the next step that is shown was made inside.
        for (i, line) in lines.iter().enumerate().filter(|(_, l)| l.step.is_none() && l.text.contains("()")) {
            let name = line.text.trim().trim_end_matches(" ...").trim_end_matches("()");
            let seq = lines[i..].iter().find_map(|l| l.step).expect("a step below");
            let step = report.trace.steps.iter().find(|s| s.event.seq == seq).expect("recorded");
            assert!(step.stack.iter().any(|f| f.name == name), "{}: {name} is not entered", path.display());
        }
    });
}

/// Counts follow from each other: each shown change of a folio's count starts where the last one ended, or elisions say
/// that some are left out.
#[test]
fn counts_follow_from_each_other() {
    with_reports(|path, _, report| {
        let mut last = BTreeMap::new();
        let mut elided = false;
        let mut before = None;
        for line in report.diagram_lines(&DiagramStyle::KERNEL) {
            let Some(seq) = line.step else {
                elided |= line.text.trim() == "...";
                continue;
            };
            if before.replace(seq) == Some(seq) {
                continue;
            }
            let e = report.trace.steps.iter().find(|s| s.event.seq == seq).map(|s| &s.event).expect("recorded");
            if e.obj.field() != Field::Refcount || !e.wrote() {
                continue;
            }
            let follows = last.insert(e.obj.0, e.new).is_none_or(|before| before == e.old);
            assert!(follows || elided, "{}: {:?}", path.display(), line.text);
        }
    });
}

/// `--tabs`: columns begin at tab stops, and with the tabs expanded it is the same text.
#[test]
fn tabs_keep_the_columns() {
    with_reports(|path, _, report| {
        let style = DiagramStyle { tabs: true, ..DiagramStyle::KERNEL };
        let words = |text: &str| {
            let mut words: Vec<String> = text.split_whitespace().map(str::to_string).collect();
            words.sort();
            words
        };
        for (line, step) in report.diagram_lines(&style).iter().map(|l| (&l.text, l.step)) {
            let expanded = line.chars().fold(String::new(), |mut s, c| {
                match c {
                    '\t' => s.push_str(&" ".repeat(8 - s.len() % 8)),
                    c => s.push(c),
                }
                s
            });
            assert!(expanded.len() <= WIDTH, "{}: {line:?}", path.display());
            let inner = line.trim_start_matches('\t');
            assert!(step.is_none() || !inner.contains('\t'), "{}: {line:?}", path.display());
        }
        let tabbed: String = report.diagram_lines(&style).iter().map(|l| l.text.replace('\t', " ") + " ").collect();
        assert_eq!(words(&tabbed), words(&report.diagram(&DiagramStyle::KERNEL)), "{}", path.display());
    });
}

/// A rewriting that syzkaller's `pkg/report` does to titles: what it looks for, and what it puts there.
const REWRITES: [(&str, &str); 8] = [
    // Names of the fuzzer's own processes.
    (r"syz-executor\.?[0-9]+([/:][0-9]+)?", "syz-executor"),
    (r"syzkaller[0-9]+([/:][0-9]+)?", "syzkaller"),
    // Addresses: six and more hexadecimal digits that no letter leads to.
    (r"([^a-zA-Z0])(?:0x)?[0-9a-f]{6,}", "${1}ADDR"),
    (r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", "IP"),
    // Lines of files, places in functions, CPUs.
    (r"(\.[0-9A-Za-z_]+)(?::[0-9]+)+", "${1}:LINE"),
    (r"([a-zA-Z][a-zA-Z0-9_.]+)\+0x[0-9a-z]+/0x[0-9a-z]+", "${1}"),
    (r"CPU#[0-9]+", "CPU"),
    // Decimal numbers that stand alone.
    (r"([^0-9A-Za-z_])[0-9]+([^0-9A-Za-z_]|$)", "${1}NUM${2}"),
];

/// A title as `pkg/report` keeps it, with the function it takes for the guilty one.
fn as_syzkaller(rewrites: &[(Regex, &str)], title: &str) -> (String, Option<String>) {
    let mut title = title.to_string();
    for (pattern, with) in rewrites {
        loop {
            let next = pattern.replace_all(&title, *with).into_owned();
            if next == title {
                break;
            }
            title = next;
        }
    }
    let kept: String = title.chars().take(120).filter(|c| (' '..='~').contains(c)).collect();
    let kept = kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let frame = Regex::new(r".* in ([a-zA-Z0-9_]+)").expect("a pattern");
    let frame = frame.captures(&kept).map(|found| found[1].to_string());
    (kept, frame)
}

/// Every kind of finding under every pair of functions that was blamed: `pkg/report` keeps the title as it is, files it
/// under the first function, and finds the frames of the stacks.
#[test]
fn titles_and_stacks_pass_through_syzkaller() {
    let rewrites = REWRITES.map(|(pattern, with)| (Regex::new(pattern).expect("a pattern"), with));
    // The rules bite.
    let bitten = as_syzkaller(&rewrites, "BUG: at ffff888105a32000 in evict+0x1/0x2 mm/a.c:12 on CPU#3, 7").0;
    assert_eq!(bitten, "BUG: at ADDR in evict mm/a.c:LINE on CPU, NUM");
    let frame = Regex::new(r"^ *([a-zA-Z0-9_]+)(?:\.|\+)").expect("a pattern");
    let mut titles = BTreeSet::new();
    with_reports(|path, _, report| {
        for kind in CHECKS.iter().flat_map(|c| c.kinds) {
            let finding = Finding { check: kind.check, kind: kind.name, stage: kind.stage, ..*report.finding };
            let title = Report { finding: &finding, bugs: Vec::new(), ..*report }.title();
            let (kept, guilty) = as_syzkaller(&rewrites, &title);
            assert_eq!(kept, title, "{}", path.display());
            let names: Vec<&str> = title.split_once(" in ").map_or(Vec::new(), |(_, n)| n.split(" / ").collect());
            assert_eq!(guilty.as_deref(), names.first().copied(), "{title}");
            assert!(names.is_sorted() && title.matches(" in ").count() <= 1 && title.len() <= 120, "{title}");
            titles.insert(title);
        }
        let splat = report.splat();
        let calls: Vec<&str> = splat.lines().filter(|l| l.contains("+0x")).collect();
        assert!(calls.iter().all(|l| frame.is_match(l)), "{}: {calls:?}", path.display());
        assert!(splat.contains(&format!("\n{}\n", report.title())) && splat.contains(" simulated by foliofuzz"));
    });
    assert!(titles.len() > 1000, "{} titles", titles.len());
}

/// Diagrams in the pages of `docs/threads` and in the README are those that are printed today.
#[test]
fn the_pages_show_what_is_printed() {
    let mut pages = Vec::new();
    common::walk(&common::root().join("docs/threads"), "md", &mut pages);
    pages.push(common::root().join("README.md"));
    let pages: Vec<_> = pages.into_iter().map(|p| (std::fs::read_to_string(&p).expect("readable"), p)).collect();
    let mut shown = 0;
    let names = |page: &str, path: &Path| {
        let path = path.strip_prefix(common::root()).expect("ours").to_string_lossy().into_owned();
        page.lines().any(|l| {
            l.contains("foliofuzz explain")
                && !l.contains(" --format ")
                && l.trim_end_matches(['`', ':']).contains(&path)
                && { l.starts_with("    $ ") || l.ends_with("this diagram:") }
        })
    };
    let mut check = |path: &Path, report: &Report| {
        let indented = |l: &str| format!("    {l}").trim_end().to_string() + "\n";
        let diagram: String = report.diagram(&DiagramStyle::KERNEL).lines().map(indented).collect();
        for (page, name) in pages.iter().filter(|(page, _)| names(page, path)) {
            assert!(page.contains(&diagram), "{}: {} prints\n{diagram}", name.display(), path.display());
            shown += 1;
        }
    };
    with_reports(|path, _, report| check(path, report));
    let path = common::root().join("corpus/bugs/2018_isolate_lru_page_mapping.mm");
    let file = common::load(&path);
    let Expect::Finding(expected) = &file.expect else { panic!("expects a finding") };
    check(&path, &analyse(&file, expected).expect("found").report().expect("a finding"));
    assert_eq!(shown, 6, "a page and the README show one each");
}
