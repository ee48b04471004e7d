//! Findings on disk: one folder a bug, complete or absent.
//!
//! A folder is named after the signature it was made for. A finding that the same bugs of the registry cause is the
//! same bug seen from another side, whatever it shows as: its repro joins the folder. Where nobody knows the cause, it
//! must be of the same check and kind, and its signature or alternatives must intersect with those of the folder. Only
//! what the folder was made for counts, not what has joined it, so that buckets do not grow into one another.
//!
//! Several processes may write at a time: whoever changes a folder has the lock of the store. Every file is written
//! whole, and a folder comes with all its files, first as the finding was found ([`claim`]), then minimized ([`save`]).

use super::analysis::Analysis;
use super::certify::Certificate;
use super::lock::Lock;
use crate::prog::{Expect, File, Program};
use crate::report::{DiagramStyle, Report};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a finding was saved.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The folder.
    pub dir: PathBuf,
    /// The minimized repro in it.
    pub file: PathBuf,
    /// False if the bug had a folder already.
    pub new: bool,
    /// The signature of that folder, if it is another one.
    pub bucket: Option<String>,
}

/// Repros one folder keeps: `repro.mm`, `repro2.mm` …
pub const MOST_REPROS: usize = 5;

/// `<check>-<kind>-<hash8>`: the signature itself contains characters that not every store of artifacts accepts.
pub fn folder_name(signature: &str) -> String {
    let class = signature.split_once(':').map_or(signature, |(class, _)| class);
    let class: String = class.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let fnv = |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
    let hash = signature.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    format!("{class}-{:08x}", (hash ^ hash >> 32) as u32)
}

/// A repro file of a program that shows `signature`.
pub(super) fn repro(program: &Program, signature: &str, comments: Vec<String>) -> File {
    File { expect: Expect::Finding(signature.to_string()), comments, ..File::new(program.clone()) }
}

/// Adds to a `finding.json`.
pub type Extra<'a> = [(&'a str, Value)];

/// Who minimizes a finding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// A word that only one hunt has.
    pub hunt: String,
    pub job: usize,
}

/// A finding that was saved as it was found, and never minimized.
#[derive(Clone, Debug)]
pub struct Unfinished {
    pub dir: PathBuf,
    pub signature: String,
    pub by: Claim,
    pub first_exec: u64,
}

/// Saves a finding as it was found, unless its bug has a folder. False: another job of the same hunt has it in hand.
pub fn claim(out: &Path, shown: &Analysis, original: &Program, by: &Claim, extra: &Extra) -> io::Result<bool> {
    let report = shown.report().ok_or_else(|| io::Error::other("the program shows nothing"))?;
    let signature = report.signature();
    fs::create_dir_all(out)?;
    let _lock = Lock::folder(out)?;
    let dir = out.join(folder_name(&signature));
    if dir.exists() {
        return match unfinished(&dir) {
            Some(known) if known.by.hunt == by.hunt => Ok(known.by.job == by.job),
            _ => Ok(true),
        };
    }
    if folders(out).iter().any(|(_, json)| strings(json, "also").contains(&signature)) {
        return Ok(true);
    }
    let comments = vec![report.title(), "Not minimized.".to_string()];
    let text = repro(original, &signature, comments).print();
    let by = ("by", json!({ "hunt": by.hunt, "job": by.job }));
    let json = finding_json(&report, &[extra, &[("minimized", false.into()), by]].concat())?;
    create(out, &dir, &files(&report, text.clone(), text, json))?;
    Ok(true)
}

/// Saves a finding below `out`: `min.mm`, `repro.mm`, `report.txt`, `diagram.txt`, `finding.json`. `min` is the
/// recorded minimized program, `original` the one that showed the signature first; `extra` is added to the JSON. It
/// takes the place of what was claimed.
pub fn save(
    out: &Path,
    min: &Analysis,
    original: &Program,
    cause: &[&str],
    certificate: &Certificate,
    extra: &Extra,
) -> io::Result<Saved> {
    let Some(report) = min.report() else {
        return Err(io::Error::other("the minimized program shows nothing"));
    };
    let signature = report.signature();
    fs::create_dir_all(out)?;
    let _lock = Lock::folder(out)?;
    let dir = out.join(folder_name(&signature));
    let file = dir.join("min.mm");
    let claimed = unfinished(&dir).is_some();
    if dir.exists() && !claimed {
        join(&dir, &repro(original, &signature, vec![report.title()]))?;
        return Ok(Saved { dir, file, new: false, bucket: None });
    }
    if let Some((bucket_dir, bucket)) = bucket_of(out, &signature, &report.alts(), cause) {
        let joined = join(&bucket_dir, &repro(&min.program, &signature, vec![report.title(), certificate.words()]))?;
        note_also(&bucket_dir, &signature)?;
        if claimed {
            discard(out, &dir)?;
        }
        let file = joined.unwrap_or_else(|| bucket_dir.join("min.mm"));
        return Ok(Saved { dir: bucket_dir, file, new: false, bucket: Some(bucket) });
    }
    let mut comments = vec![report.title()];
    if !cause.is_empty() {
        comments.push(format!("cause: {}", cause.join(", ")));
    }
    let small = repro(&min.program, &signature, [&comments[..], &[certificate.words()]].concat()).print();
    let original = repro(original, &signature, comments).print();
    let json = finding_json(&report, &[extra, &[("cause", cause.into()), ("minimized", true.into())]].concat())?;
    let files = files(&report, small, original, json);
    if claimed {
        replace(&dir, &files)?
    } else {
        create(out, &dir, &files)?
    }
    Ok(Saved { dir, file, new: true, bucket: None })
}

fn finding_json(report: &Report, extra: &Extra) -> io::Result<String> {
    let mut json = report.json();
    for (key, value) in extra {
        json[*key] = value.clone();
    }
    Ok(serde_json::to_string_pretty(&json).map_err(io::Error::other)? + "\n")
}

/// The name that says that the others are whole.
const LAST: &str = "finding.json";

/// Names and texts of the files of a folder.
type Files = [(&'static str, String); 5];

fn files(report: &Report, min: String, original: String, json: String) -> Files {
    let (splat, diagram) = (report.splat(), report.diagram(&DiagramStyle::KERNEL));
    [("min.mm", min), ("repro.mm", original), ("report.txt", splat), ("diagram.txt", diagram), (LAST, json)]
}

fn create(out: &Path, dir: &Path, files: &Files) -> io::Result<()> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let temporary = out.join(temporary_name(&name));
    let written = fill(&temporary, files).and_then(|()| fs::rename(&temporary, dir)).and_then(|()| sync(out));
    if written.is_err() {
        let _ = fs::remove_dir_all(&temporary);
    }
    written
}

/// File by file, each whole; the last one says that it is done.
fn replace(dir: &Path, files: &Files) -> io::Result<()> {
    files.iter().try_for_each(|(name, text)| write_atomic(&dir.join(name), text.as_bytes()))?;
    sync(dir)
}

/// Removes a folder at once.
fn discard(out: &Path, dir: &Path) -> io::Result<()> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let temporary = out.join(temporary_name(&name));
    fs::rename(dir, &temporary)?;
    fs::remove_dir_all(&temporary)
}

/// Makes names outlive a loss of power.
fn sync(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

/// Takes down that the signature has joined this folder.
fn note_also(dir: &Path, signature: &str) -> io::Result<()> {
    let path = dir.join(LAST);
    let mut json: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let mut also = strings(&json, "also");
    if also.iter().any(|s| s == signature) {
        return Ok(());
    }
    also.push(signature.to_string());
    json["also"] = also.into();
    let text = serde_json::to_string_pretty(&json).map_err(io::Error::other)?;
    write_atomic(&path, (text + "\n").as_bytes())
}

/// The finding in a folder, if it was never minimized.
fn unfinished(dir: &Path) -> Option<Unfinished> {
    let json = json_of(dir).filter(|json| json["minimized"] == false)?;
    let hunt = json["by"]["hunt"].as_str().unwrap_or_default().to_string();
    let by = Claim { hunt, job: json["by"]["job"].as_u64().unwrap_or(0) as usize };
    let first_exec = json["first_exec"].as_u64().unwrap_or(0);
    Some(Unfinished { dir: dir.to_path_buf(), signature: json["signature"].as_str()?.to_string(), by, first_exec })
}

/// Findings that were saved as they were found, and then their hunt died.
pub fn all_unfinished(out: &Path) -> Vec<Unfinished> {
    folders(out).iter().filter_map(|(dir, _)| unfinished(dir)).collect()
}

fn json_of(dir: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(dir.join(LAST)).ok()?).ok()
}

/// Folders of findings with their `finding.json`, sorted.
pub fn folders(out: &Path) -> Vec<(PathBuf, Value)> {
    let mut dirs: Vec<PathBuf> = fs::read_dir(out).into_iter().flatten().flatten().map(|e| e.path()).collect();
    dirs.retain(|dir| dir.file_name().is_some_and(|n| !n.to_string_lossy().starts_with('.')));
    dirs.sort();
    dirs.into_iter().filter_map(|dir| json_of(&dir).map(|json| (dir, json))).collect()
}

/// Whether each `finding.json` can be read: one that cannot would be left out without a word. An error is one line.
pub fn check_folders(out: &Path) -> Result<(), String> {
    let mut files: Vec<PathBuf> = fs::read_dir(out).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.retain(|dir| dir.is_dir());
    files.sort();
    files.iter().map(|dir| dir.join(LAST)).try_for_each(|file| {
        let told = |why: &str| format!("{}: {why}: expected a finding, or none there", file.display());
        let bytes = match fs::read(&file) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read.map_err(|e| told(&e.to_string()))?,
        };
        let json: Value = serde_json::from_slice(&bytes).map_err(|e| told(&e.to_string()))?;
        json["signature"].as_str().map(|_| ()).ok_or_else(|| told("no signature"))
    })
}

/// The strings of an array of a `finding.json`.
pub fn strings(json: &Value, key: &str) -> Vec<String> {
    let items = json[key].as_array().into_iter().flatten();
    items.filter_map(|v| v.as_str().map(str::to_string)).collect()
}

/// Removes what processes that are gone have left half done.
pub fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
        match writer(&name) {
            Some(pid) if is_gone(pid) && is_dir => drop(fs::remove_dir_all(&path)),
            Some(pid) if is_gone(pid) => drop(fs::remove_file(&path)),
            None if is_dir && path.join(LAST).exists() => sweep(&path),
            _ => {}
        }
    }
}

/// The process in a temporary name.
fn writer(name: &str) -> Option<u32> {
    let rest = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    rest.rsplit('.').nth(1)?.parse().ok()
}

/// Where the system does not tell, nobody is.
fn is_gone(pid: u32) -> bool {
    let all = Path::new("/proc");
    all.join("self").exists() && !all.join(pid.to_string()).exists()
}

/// The folder of the same bug under another signature, and that signature.
fn bucket_of(out: &Path, signature: &str, alts: &[String], cause: &[&str]) -> Option<(PathBuf, String)> {
    let class = folder_name(signature);
    let class = class.rsplit_once('-').map_or(class.as_str(), |(class, _)| class);
    folders(out).into_iter().find_map(|(dir, json)| {
        let name = dir.file_name()?.to_string_lossy().into_owned();
        // What causes it is not known before it is minimized.
        let theirs = json["signature"].as_str().filter(|_| json["minimized"] != false)?.to_string();
        let of_class = || name.strip_prefix(class).is_some_and(|hash| hash.len() == 9 && hash.starts_with('-'));
        let known = strings(&json, "alt");
        let ours = || alts.iter().map(String::as_str).chain([signature]);
        let meets = || ours().any(|s| s == theirs || known.iter().any(|k| k == s));
        (strings(&json, "cause") == cause && (!cause.is_empty() || of_class() && meets())).then_some((dir, theirs))
    })
}

/// Adds a repro to the folder of its bug, unless it is there already or the folder is full. Where it is then.
fn join(dir: &Path, file: &File) -> io::Result<Option<PathBuf>> {
    let text = file.print();
    let body = |text: &str| text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n");
    let others = (2..=MOST_REPROS).map(|n| format!("repro{n}.mm"));
    for name in ["min.mm".to_string(), "repro.mm".to_string()].into_iter().chain(others) {
        let path = dir.join(name);
        match fs::read_to_string(&path) {
            Ok(known) if body(&known) == body(&text) => return Ok(Some(path)),
            Ok(_) => {}
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            Err(_) => return write_atomic(&path, text.as_bytes()).map(|()| Some(path)),
        }
    }
    Ok(None)
}

/// Adds another program that shows a known signature to its folder, if it has one with room.
pub fn add(out: &Path, signature: &str, program: &Program, title: String) -> io::Result<()> {
    let dir = out.join(folder_name(signature));
    if dir.join("repro.mm").exists() {
        let _lock = Lock::folder(out)?;
        join(&dir, &repro(program, signature, vec![title]))?;
    }
    Ok(())
}

fn fill(dir: &Path, files: &[(&str, String)]) -> io::Result<()> {
    fs::create_dir(dir)?;
    for (name, text) in files {
        write_new(&dir.join(name), text.as_bytes())?;
    }
    sync(dir)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

pub(super) fn temporary_name(of: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{of}.{}.{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Writes a file so that readers see the old content or the new, never a part.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"));
    };
    let temporary = path.with_file_name(temporary_name(&name.to_string_lossy()));
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Kernel, Model};

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("foliofuzz-store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("a folder");
        dir
    }

    fn folder_of(out: &Path, signature: &str, cause: &[&str]) {
        let dir = out.join(folder_name(signature));
        fs::create_dir(&dir).expect("a folder");
        let alt = ["refcount/put-after-free:a", "refcount/put-after-free:b"];
        let json = serde_json::json!({"signature": signature, "alt": alt, "cause": cause});
        fs::write(dir.join("finding.json"), json.to_string()).expect("written");
    }

    #[test]
    fn what_nobody_knows_the_cause_of_joins_the_folder_of_both_its_sides() {
        let out = scratch("bucket");
        let both = "refcount/put-after-free:a+b";
        folder_of(&out, both, &[]);
        let find = |signature: &str, alts: &[&str], cause: &[&str]| {
            let alts: Vec<String> = alts.iter().map(|s| s.to_string()).collect();
            bucket_of(&out, signature, &alts, cause).map(|b| b.1)
        };
        let found = Some(both.to_string());
        assert_eq!(find("refcount/put-after-free:a", &[], &[]), found);
        let alts = ["refcount/put-after-free:b", "refcount/put-after-free:c"];
        assert_eq!(find("refcount/put-after-free:b+c", &alts, &[]), found);
        assert_eq!(find("refcount/put-after-free:b+c", &alts, &["two"]), None, "another cause is another bug");
        assert_eq!(find("refcount/put-after-free:c", &[], &[]), None);
        assert_eq!(find("refcount/put:a", &[], &[]), None, "another kind");
        let _ = fs::remove_dir_all(&out);
    }

    #[test]
    fn a_known_bug_has_one_folder_whatever_it_shows_as() {
        let out = scratch("cause");
        folder_of(&out, "refcount/put-after-free:a+b", &["one"]);
        let find = |cause: &[&str]| bucket_of(&out, "vmbug/writeback:c", &[], cause).map(|b| b.1);
        assert_eq!(find(&["one"]).as_deref(), Some("refcount/put-after-free:a+b"));
        assert_eq!(find(&["two"]), None);
        assert_eq!(find(&["one", "two"]), None);
        assert_eq!(find(&[]), None);
        let _ = fs::remove_dir_all(&out);
    }

    #[test]
    fn a_folder_keeps_few_repros() {
        let dir = scratch("repros");
        let program = |seed: u8| crate::prog::decode(&[seed; 80], Model::of(Kernel::DEFAULT));
        for name in ["min.mm", "repro.mm"] {
            fs::write(dir.join(name), repro(&program(0), "a/b:c", Vec::new()).print()).expect("written");
        }
        for seed in [0, 0, 1, 1, 2, 3, 4, 5, 6, 7] {
            join(&dir, &repro(&program(seed), "a/b:c", vec![format!("found {seed}")])).expect("written");
        }
        let mut names: Vec<String> =
            fs::read_dir(&dir).expect("read").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["min.mm", "repro.mm", "repro2.mm", "repro3.mm", "repro4.mm", "repro5.mm"]);
        let texts: std::collections::BTreeSet<Vec<u8>> =
            names[1..].iter().map(|n| fs::read(dir.join(n)).expect("read")).collect();
        assert_eq!(texts.len(), MOST_REPROS, "each once");
        let _ = fs::remove_dir_all(&dir);
    }
}
