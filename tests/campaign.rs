//! Campaigns: several jobs, going on, kills, and folders that cannot be used.

mod common;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const BUG: &str = "mutant_locked_at_free";

fn hunt(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.arg("hunt").args(args).args(["--format", "json"]).current_dir(common::root());
    command
}

fn run(args: &[&str]) -> Output {
    hunt(args).output().expect("the binary runs")
}

/// Any verb.
fn foliofuzz(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
    command.args(args).current_dir(common::root()).output().expect("the binary runs")
}

/// Exit status 2, one line with what was expected, and nothing else.
fn refused(args: &[&str], expected: &str) {
    let out = foliofuzz(args);
    let line = stderr(&out);
    assert_eq!(out.status.code(), Some(2), "{args:?}: {line}");
    assert!(line.lines().count() == 1 && line.contains(expected), "{args:?}: {line}");
    assert!(line.starts_with("foliofuzz: ") && out.stdout.is_empty(), "{args:?}: {line}");
}

fn scratch(name: &str) -> (PathBuf, String) {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("campaign").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.parent().expect("a parent")).expect("a folder");
    let text = dir.display().to_string();
    (dir, text)
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn summary(out: &Output) -> Value {
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {text}{}", stderr(out)))
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Folders of findings, with what they say.
fn findings(dir: &Path) -> Vec<(PathBuf, Value)> {
    let entries = std::fs::read_dir(dir).expect("a folder").flatten().map(|e| e.path());
    let mut found: Vec<_> = entries
        .filter(|p| p.join("finding.json").exists())
        .map(|p| (p.clone(), json(&p.join("finding.json"))))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn names(dir: &Path, ends: &str) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder").flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).filter(|n| n.ends_with(ends)).collect()
}

#[test]
fn jobs_find_a_bug_once() {
    let (dir, out) = scratch("jobs");
    let hunted = run(&["--bug", BUG, "--jobs", "2", "--runs", "60000", "--seed", "1", "--out", &out]);
    assert_eq!(hunted.status.code(), Some(1), "{}", stderr(&hunted));
    let told = summary(&hunted);
    assert_eq!((&told["outcome"], &told["jobs"]), (&"found".into(), &2.into()));
    let found = told["findings"].as_array().expect("findings");
    let caused = found.iter().filter(|f| f["cause"] == serde_json::json!([BUG])).count();
    assert!(caused > 0, "{told}");
    let signatures: BTreeSet<&str> = found.iter().filter_map(|f| f["signature"].as_str()).collect();
    assert_eq!(signatures.len(), found.len(), "each once");
    for (folder, finding) in findings(&dir) {
        assert_eq!(finding["minimized"], true, "{}", folder.display());
        assert_eq!(finding.get("by"), None, "{}", folder.display());
    }
    assert_eq!(names(&dir, ".tmp"), Vec::<String>::new());
}

#[test]
fn runs_are_divided_and_added_up() {
    let (dir, out) = scratch("runs");
    let told = summary(&run(&["--jobs", "3", "--runs", "3001", "--seed", "7", "--out", &out]));
    assert_eq!((&told["execs"], &told["outcome"]), (&3001.into(), &"clean".into()));
    let campaign = json(&dir.join("campaign.json"));
    assert_eq!(campaign["counts"]["execs"], 3001);
    let inputs = names(&dir.join("corpus"), "").into_iter().filter(|n| !n.starts_with('.')).count();
    // How many depends on what the jobs could read of each other, and so on time.
    assert!(inputs > 0);
    assert_eq!(campaign["counts"]["corpus"], inputs);
    assert_eq!(campaign["counts"]["interleavings"], told["distinct"]);
}

#[test]
fn one_job_is_the_same_with_and_without_a_campaign() {
    let (_, out) = scratch("same");
    let args = ["--kernel", "v4.14", "--checks", "actual", "--runs", "4000", "--seed", "3", "--keep-going"];
    let mut told = [&["--jobs", "1"][..], &["--out", &out]].map(|more| {
        let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let out = hunt(&[&args[..], more].concat()).current_dir(dir).output().expect("the binary runs");
        summary(&out)
    });
    for told in &mut told {
        told["seconds"] = Value::Null;
        for found in told["findings"].as_array_mut().expect("findings") {
            found["file"] = Value::Null;
        }
    }
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_campaign_goes_on_where_it_was() {
    let (dir, out) = scratch("resume");
    let first = summary(&run(&["--bug", BUG, "--runs", "20000", "--seed", "1", "--keep-going", "--out", &out]));
    let inputs = names(&dir.join("corpus"), "").len();
    let second = run(&["--resume", "--out", &out, "--runs", "5000"]);
    assert_eq!(second.status.code(), Some(1), "{}", stderr(&second));
    assert!(stderr(&second).contains("part 2 of the campaign"), "{}", stderr(&second));
    let told = summary(&second);
    assert_eq!(told["execs"], 25_000);
    assert_eq!(told["kernel"], first["kernel"]);
    assert_ne!(told["seed"], first["seed"]);
    let signatures = |told: &Value| -> BTreeSet<String> {
        let found = told["findings"].as_array().expect("findings");
        found
            .iter()
            .filter(|f| f["same_as"].is_null())
            .filter_map(|f| f["signature"].as_str())
            .map(String::from)
            .collect()
    };
    assert!(signatures(&told).is_superset(&signatures(&first)), "{told}\n{first}");
    assert!(names(&dir.join("corpus"), "").len() >= inputs);
    let campaign = json(&dir.join("campaign.json"));
    assert_eq!(campaign["parts"].as_array().map(Vec::len), Some(2));
    assert!(told["distinct"].as_u64() > first["distinct"].as_u64());
    for (args, expected) in [
        (&["--kernel", "v4.14"][..], "the campaign has kernel v6.12, not v4.14"),
        (&["--bug", "A0"], "the campaign has kernel"),
        (&["--rounds", "3"], "the campaign has rounds 20, not 3"),
        (&["--seed", "1"], "the campaign has used seed 1"),
    ] {
        let refused = run(&[&["--resume", "--out", &out, "--runs", "10"], args].concat());
        let line = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {line}");
        assert!(line.lines().count() == 1 && line.contains(expected), "{args:?}: {line}");
        assert!(refused.stdout.is_empty());
    }
    assert_eq!(json(&dir.join("campaign.json")), campaign, "what was refused changes nothing");
}

#[test]
fn folders_that_cannot_be_used_are_told_in_one_line() {
    let (dir, out) = scratch("refused");
    std::fs::create_dir_all(dir.join("corpus")).expect("a folder");
    std::fs::write(dir.join("file"), "").expect("a file");
    let file = dir.join("file").display().to_string();
    let torn = dir.join("torn").display().to_string();
    std::fs::create_dir_all(&torn).expect("a folder");
    std::fs::write(dir.join("torn/campaign.json"), "{\"schema\": 1").expect("a file");
    for (args, expected) in [
        (["--out", &out], "belongs to no campaign"),
        (["--out", &file], "expected a folder to write to"),
        (["--out", "/proc/nothing"], "expected a folder to write to"),
        (["--out", &torn], "expected a campaign"),
        (["--corpus", "no/such/corpus"], "no/such/corpus"),
    ] {
        let refused = run(&[&args[..], &["--runs", "10"]].concat());
        let line = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {line}");
        assert!(line.lines().count() == 1 && line.contains(expected), "{args:?}: {line}");
        assert!(refused.stdout.is_empty());
    }
    let below = dir.join("file/x").display().to_string();
    refused(&["hunt", "--runs", "10", "--out", &below], "expected a folder to write to");
    refused(&["hunt", "--runs", "10", "--jobs", "2", "--out", &below], "expected a folder to write to");
    assert!(!dir.join("torn/corpus").exists(), "nothing begins where it cannot go on");
}

#[test]
fn wrong_flags_are_told_and_nothing_begins() {
    let cases: [(&[&str], &str); 16] = [
        (&["hunt", "--jobs", "many"], "expected 0 to 1024, or auto"),
        (&["hunt", "--jobs", "1025"], "expected 0 to 1024, or auto"),
        (&["hunt", "--for", "soon"], "expected a number with s, m or h"),
        (&["hunt", "--runs", "x"], "'--runs <N>'"),
        (&["hunt", "--seed", "0xg"], "expected a number of 64 bits"),
        (&["hunt", "--rounds", "0"], "0 is not in 1..=1000000"),
        (&["hunt", "--ops", ""], "a value is required for '--ops <LIST>'"),
        (&["hunt", "--out", ""], "a value is required for '--out <DIR>'"),
        (&["hunt", "--format", "sarif="], "expected a FILE after ="),
        (&["hunt", "more"], "unexpected argument 'more'"),
        (&["report", "some"], "the following required arguments were not provided"),
        (&["selftest", "--seeds", "0"], "0 is not in 1..=100"),
        (&["selftest", "--budget", "x"], "expected a number with s, m or h"),
        (&["corpus", "min", "some", "--to", "bytes"], "invalid value 'bytes' for '--to <TO>'"),
        (&["corpus", "min", "some", "--floor", "-"], "invalid value '-' for '--floor <N>'"),
        (&["corpus", "promote", "some", "--name", ""], "expected letters, digits, - and _"),
    ];
    for (args, expected) in cases {
        let out = foliofuzz(args);
        let told = stderr(&out);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.starts_with("error: ") && told.contains(expected), "{args:?}: {told}");
        assert!(out.stdout.is_empty(), "{args:?}");
    }
    refused(&["hunt", "--ops", "none"], "no operation `none`");
    refused(&["hunt", "--sched", "pct:0"], "expected d of 1..64");
    refused(&["hunt", "--checks", ""], "unknown check ``");
    refused(&["hunt", "--kernel", "v3.13", "--bug", "open_fallback_writeout_retry"], "does not apply to v3.13");
}

#[test]
fn a_damaged_campaign_is_told_in_one_line() {
    let (dir, out) = scratch("damaged");
    let hunted = run(&["--bug", BUG, "--runs", "20000", "--seed", "1", "--out", &out]);
    assert_eq!(hunted.status.code(), Some(1), "{}", stderr(&hunted));
    let page = dir.with_extension("html");
    let _ = std::fs::remove_file(&page);
    let html = page.display().to_string();
    let each = |expected: &str| {
        refused(&["report", &out, "--html", &html], expected);
        refused(&["hunt", "--out", &out, "--runs", "10"], expected);
        refused(&["hunt", "--resume", "--out", &out, "--runs", "10"], expected);
        refused(&["hunt", "--resume", "--jobs", "2", "--out", &out, "--runs", "10"], expected);
        assert!(!page.exists());
    };
    let file = dir.join("campaign.json");
    let whole = std::fs::read_to_string(&file).expect("a campaign");
    let newer = whole.replacen("\"schema\": 1", "\"schema\": 99", 1);
    let other = whole.replacen("\"parts\": [", "\"parts\": \"none\", \"parts_\": [", 1);
    assert!(newer != whole && other != whole);
    for (bytes, expected) in [
        (&whole.as_bytes()[..whole.len() / 2], "campaign.json: expected a campaign: EOF"),
        (b"rubbish", "campaign.json: expected a campaign: "),
        (b"", "campaign.json: expected a campaign: EOF"),
        (b"\xff\xfe\0", "campaign.json: expected a campaign: "),
        (newer.as_bytes(), "campaign.json: schema 99: expected 1"),
        (other.as_bytes(), "campaign.json: expected a campaign: invalid type"),
    ] {
        std::fs::write(&file, bytes).expect("written");
        each(expected);
        assert_eq!(std::fs::read(&file).expect("still there"), bytes, "it stays as it is");
    }
    std::fs::remove_file(&file).expect("removed");
    std::fs::create_dir(&file).expect("a folder");
    each("campaign.json: Is a directory");
    std::fs::remove_dir(&file).expect("removed");
    std::fs::write(&file, &whole).expect("written");

    // A finding that cannot be read would be left out of the page and of the summary.
    let finding = findings(&dir)[0].0.join("finding.json");
    let text = std::fs::read_to_string(&finding).expect("a finding");
    for (bytes, expected) in [
        (&text[..text.len() / 2], "finding.json: EOF"),
        ("", "finding.json: EOF"),
        ("{}", "finding.json: no signature: expected a finding"),
    ] {
        std::fs::write(&finding, bytes).expect("written");
        each(expected);
        refused(&["corpus", "add", "corpus/seeds/batch_full.mm", "--out", &out], expected);
    }
    std::fs::write(&finding, &text).expect("written");
    let told = foliofuzz(&["report", &out, "--html", &html]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
}

#[test]
fn what_report_cannot_use_is_told_in_one_line() {
    let (dir, out) = scratch("no-report");
    let hunted = run(&["--runs", "200", "--seed", "1", "--out", &out]);
    assert_eq!(hunted.status.code(), Some(0), "{}", stderr(&hunted));
    let file = dir.join("file").display().to_string();
    std::fs::write(&file, "no folder").expect("a file");
    let below = dir.join("file/page.html").display().to_string();
    let page = dir.join("page.html").display().to_string();
    refused(&["report", "no/such", "--html", &page], "no campaign.json: expected a folder");
    refused(&["report", &file, "--html", &page], "campaign.json: Not a directory");
    refused(&["report", &out, "--html", &below], "cannot be written: Not a directory");
    refused(&["report", &out, "--html", "/proc/page.html"], "cannot be written");
    refused(&["report", &out, "--html", &out], "a directory: expected a file");
    assert!(!Path::new(&page).exists());
    let left = names(&dir, ".tmp");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_selftest_cannot_use_is_told_in_one_line() {
    let (dir, _) = scratch("no-selftest");
    std::fs::create_dir_all(&dir).expect("a folder");
    let file = |name: &str, text: &str| {
        std::fs::write(dir.join(name), text).expect("written");
        dir.join(name).display().to_string()
    };
    let rubbish = file("rubbish", "rubbish");
    let newer = file("newer", "{\"schema\": 2, \"bugs\": {}, \"proved\": {}}");
    let other = file("other", "{\"schema\": 1, \"parts\": []}");
    let seeds =
        file("seeds", "{\"schema\":1,\"bugs\":{\"b\":{\"seeds\":1,\"found\":[3,4],\"missed\":0}},\"proved\":{}}");
    let below = dir.join("rubbish/x").display().to_string();
    let folder = dir.display().to_string();
    let cases: [(&[&str], &str); 12] = [
        (&["--baseline", "no/such.json"], "no/such.json: not there: expected a baseline"),
        (&["--baseline", &rubbish], "rubbish: expected a baseline of selftest: "),
        (&["--baseline", &other], "other: expected a baseline of selftest: missing field `bugs`"),
        (&["--baseline", &newer], "newer: schema 2: expected 1"),
        (&["--baseline", &seeds], "seeds: b: found by 2 of 1 seeds"),
        (&["--baseline", &folder], "Is a directory"),
        (&["--bless", "--baseline", "no/such.json"], "no/such.json: cannot be written"),
        (&["--bless", "--baseline", &below], "Not a directory"),
        (&["--bless", "--baseline", "/proc/selftest.json"], "/proc/selftest.json: cannot be written"),
        (&["no_such_bug"], "no bug `no_such_bug`"),
        (&["--kernel", "v9"], "no kernel `v9`"),
        (&["--sched", "none"], "--sched: no scheduler `none`"),
    ];
    for (args, expected) in cases {
        refused(&[&["selftest"], args].concat(), expected);
    }
}

#[test]
fn a_selftest_tells_what_is_as_before_and_what_is_not() {
    let (dir, _) = scratch("selftest");
    std::fs::create_dir_all(&dir).expect("a folder");
    let baseline = dir.join("baseline.json").display().to_string();
    let selftest = |args: &[&str]| {
        foliofuzz(&[&["selftest", BUG, "--baseline", &baseline, "--jobs", "1", "--format", "json"], args].concat())
    };
    let blessed = selftest(&["--bless", "--seeds", "3"]);
    assert_eq!(blessed.status.code(), Some(0), "{}", stderr(&blessed));
    let written = json(Path::new(&baseline));
    assert_eq!(written["bugs"][BUG]["found"].as_array().map(Vec::len), Some(3), "{written}");
    let same = selftest(&[]);
    assert_eq!(same.status.code(), Some(0), "{}", stderr(&same));
    let told = summary(&same);
    assert_eq!((&told["outcome"], &told["seeds"], &told["bugs"]), (&"as_before".into(), &3.into(), &written["bugs"]));
    // No time: nobody can say.
    let none = selftest(&["--budget", "0s"]);
    assert_eq!(none.status.code(), Some(3), "{}", stderr(&none));
    assert_eq!(summary(&none)["changes"][0]["change"], "unknown");
    // A bug and a program that nobody has any more; of the others nobody can say.
    let mut old = written.clone();
    old["bugs"]["mutant_of_old"] = written["bugs"][BUG].clone();
    old["proved"]["corpus/of_old.mm"] = 5.into();
    std::fs::write(&baseline, old.to_string()).expect("written");
    let lost = foliofuzz(&["selftest", "--baseline", &baseline, "--budget", "0s"]);
    assert_eq!(lost.status.code(), Some(1), "{}", stderr(&lost));
    let table = String::from_utf8_lossy(&lost.stdout).into_owned();
    let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = table.lines().map(words).collect();
    assert_eq!(lines[0], "before now");
    assert!(lines[1].starts_with(&format!("unknown {BUG} ")) && lines[1].ends_with(" not in 0"), "{table}");
    assert!(lines[2].starts_with("LOST mutant_of_old ") && lines[2].ends_with(" not in the registry"), "{table}");
    assert_eq!(lines[3], "LOST corpus/of_old.mm proved in 5 not there");
    let asked = foliofuzz(&["selftest", BUG, "--baseline", &baseline]);
    assert_eq!(asked.status.code(), Some(0), "it is not asked for what is gone: {}", stderr(&asked));
}

/// A hunt that is killed when this is dropped.
struct Running(Child);

impl Running {
    fn start(args: &[&str], log: &Path) -> Running {
        let log = std::fs::File::create(log).expect("a log");
        let mut command = hunt(args);
        Running(command.stdout(Stdio::null()).stderr(log).spawn().expect("the binary runs"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_campaigns_do_not_share_a_folder_and_a_dead_one_holds_none() {
    let (dir, out) = scratch("lock");
    std::fs::create_dir_all(&dir).expect("a folder");
    let running = Running::start(&["--jobs", "2", "--out", &out], &dir.with_extension("log"));
    until("the start", || dir.join("campaign.json").exists());
    let second = run(&["--out", &out, "--runs", "10"]);
    let expected = format!("{out}: another campaign is at work there (process {})", running.0.id());
    assert_eq!(second.status.code(), Some(2));
    assert!(stderr(&second).contains(&expected) && stderr(&second).lines().count() == 1, "{}", stderr(&second));
    refused(&["hunt", "--resume", "--out", &out, "--runs", "10"], &expected);
    refused(&["hunt", "--resume", "--jobs", "2", "--out", &out, "--runs", "10"], &expected);
    drop(running);
    let third = run(&["--resume", "--out", &out, "--runs", "2000"]);
    assert_eq!(third.status.code(), Some(0), "{}", stderr(&third));
}

#[test]
fn the_page_of_a_campaign_is_one_file_with_its_findings() {
    let (dir, out) = scratch("page");
    run(&["--bug", BUG, "--runs", "20000", "--seed", "1", "--out", &out]);
    let page = dir.join("page.html").display().to_string();
    let report = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foliofuzz"));
        command.arg("report").args(args).output().expect("the binary runs")
    };
    let told = report(&[&out, "--html", &page]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let text = std::fs::read_to_string(&page).expect("a page");
    assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>\n"));
    for (folder, finding) in findings(&dir) {
        let signature = finding["signature"].as_str().expect("a signature");
        assert!(text.contains(signature), "{signature}");
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(text.contains(&name), "{name}");
    }
    assert_eq!(text.matches("<polyline").count(), 4);
    assert!(text.contains(&format!("<code>{BUG}</code></td><td class=\"good\">found</td>")), "the bug is found");
    for address in ["http://", "https://", "src=", "@import", "url(", "<script"] {
        assert!(!text.contains(address), "the page names {address}");
    }
    let nothing = report(&["corpus", "--html", &page]);
    assert_eq!((nothing.status.code(), stderr(&nothing).lines().count()), (Some(2), 1), "{}", stderr(&nothing));
}

/// Whatever was announced stays, wherever a kill comes; `tests/campaign/kills.sh` does it more often.
#[test]
fn kills_lose_nothing_that_was_announced() {
    let (dir, out) = scratch("kills");
    let log = dir.with_extension("log");
    let bugs = "mutant_locked_at_free,mutant_double_cache_put,mutant_skipped_put";
    let args = ["--bug", bugs, "--jobs", "2", "--keep-going", "--resume", "--out", &out];
    let mut announced = BTreeSet::new();
    for millis in [350, 900, 120, 1500, 600] {
        let running = Running::start(&args, &log);
        std::thread::sleep(Duration::from_millis(millis));
        drop(running);
        let text = std::fs::read_to_string(&log).expect("a log");
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        announced.extend(whole.lines().filter_map(|l| l.strip_prefix("minimizing ")).map(str::to_string));
        if !dir.exists() {
            continue;
        }
        let mut saved = BTreeSet::new();
        for (folder, finding) in findings(&dir) {
            let also = finding["also"].as_array().cloned().unwrap_or_default();
            saved.extend(also.iter().chain([&finding["signature"]]).filter_map(|s| s.as_str()).map(str::to_string));
            for name in ["min.mm", "repro.mm", "report.txt", "diagram.txt"] {
                let size = std::fs::metadata(folder.join(name)).map_or(0, |m| m.len());
                assert!(size > 0, "{}/{name}", folder.display());
            }
            common::load(&folder.join("min.mm"));
        }
        let lost: Vec<&String> = announced.difference(&saved).collect();
        assert!(lost.is_empty(), "{lost:?} were announced; there are {saved:?}");
    }
    assert!(!announced.is_empty(), "nothing was met");
    let last = run(&[&args[..], &["--runs", "4000"]].concat());
    assert_eq!(last.status.code(), Some(1), "{}", stderr(&last));
    let left: Vec<_> = findings(&dir).into_iter().filter(|(_, f)| f["minimized"] == false).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A job that dies is started anew, and what it has done counts.
#[test]
fn a_job_that_dies_is_replaced() {
    let (dir, out) = scratch("dies");
    let log = dir.with_extension("log");
    std::fs::create_dir_all(&dir).expect("a folder");
    let mut running = Running::start(&["--jobs", "2", "--runs", "30000", "--seed", "1", "--out", &out], &log);
    let children = format!("/proc/{0}/task/{0}/children", running.0.id());
    let jobs = || std::fs::read_to_string(&children).unwrap_or_default();
    until("the start of both jobs", || jobs().split_whitespace().count() == 2);
    let job = jobs().split_whitespace().next().expect("a job").to_string();
    let killed = Command::new("kill").args(["-9", &job]).status().expect("kill runs");
    assert!(killed.success());
    let status = running.0.wait().expect("it ends");
    let text = std::fs::read_to_string(&log).expect("a log");
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("died (signal 9) after") && text.contains("started anew (1 of 3)"), "{text}");
    let execs = json(&dir.join("campaign.json"))["counts"]["execs"].as_u64();
    // What the killed one did after its last word is done again.
    assert!(execs.is_some_and(|n| (30_000..34_000).contains(&n)), "{execs:?}");
}
