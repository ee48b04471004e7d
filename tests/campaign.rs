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
    assert!(inputs > 20, "{inputs} inputs");
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
    let jobs = run(&["--jobs", "many"]);
    assert_eq!(jobs.status.code(), Some(2));
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
