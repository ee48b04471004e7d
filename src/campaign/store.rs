//! Findings on disk: one folder a bug, complete or absent.
//!
//! A folder is named after the signature it was made for. A finding whose signature or alternatives intersect with
//! those of a folder, and which the same bugs cause, is the same bug seen from another side: its repro joins it.
//! Only what the folder was made for counts, not what has joined it, so that buckets do not grow into one another.

use super::analysis::Analysis;
use super::certify::Certificate;
use crate::prog::{Expect, File, Program};
use crate::report::DiagramStyle;
use serde_json::Value;
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

/// Saves a finding below `out`: `min.mm`, `repro.mm`, `report.txt`, `diagram.txt`, `finding.json`. `min` is the
/// recorded
/// minimized program, `original` the one that showed the signature first; `extra` is added to the JSON.
pub fn save(
    out: &Path,
    min: &Analysis,
    original: &Program,
    cause: &[&str],
    certificate: &Certificate,
    extra: &[(&str, Value)],
) -> io::Result<Saved> {
    let Some(report) = min.report() else {
        return Err(io::Error::other("the minimized program shows nothing"));
    };
    let signature = report.signature();
    let dir = out.join(folder_name(&signature));
    let file = dir.join("min.mm");
    if dir.exists() {
        join(&dir, &repro(original, &signature, vec![report.title()]))?;
        return Ok(Saved { dir, file, new: false, bucket: None });
    }
    if let Some((dir, bucket)) = bucket_of(out, &signature, &report.alts(), cause) {
        let joined = join(&dir, &repro(&min.program, &signature, vec![report.title(), certificate.words()]))?;
        let file = joined.unwrap_or_else(|| dir.join("min.mm"));
        return Ok(Saved { dir, file, new: false, bucket: Some(bucket) });
    }
    let mut comments = vec![report.title()];
    if !cause.is_empty() {
        comments.push(format!("cause: {}", cause.join(", ")));
    }
    let mut json = report.json();
    for (key, value) in extra {
        json[*key] = value.clone();
    }
    json["cause"] = cause.into();
    let json = serde_json::to_string_pretty(&json).map_err(io::Error::other)?;
    let files = [
        ("min.mm", repro(&min.program, &signature, [&comments[..], &[certificate.words()]].concat()).print()),
        ("repro.mm", repro(original, &signature, comments).print()),
        ("report.txt", report.splat()),
        ("diagram.txt", report.diagram(&DiagramStyle::KERNEL)),
        ("finding.json", json + "\n"),
    ];
    fs::create_dir_all(out)?;
    let temporary = out.join(temporary_name(&folder_name(&signature)));
    let written = fill(&temporary, &files).and_then(|()| fs::rename(&temporary, &dir));
    if let Err(e) = written {
        let _ = fs::remove_dir_all(&temporary);
        // Somebody else was faster.
        return if dir.exists() { Ok(Saved { dir, file, new: false, bucket: None }) } else { Err(e) };
    }
    Ok(Saved { dir, file, new: true, bucket: None })
}

/// The folder of the same bug under another signature, and that signature.
fn bucket_of(out: &Path, signature: &str, alts: &[String], cause: &[&str]) -> Option<(PathBuf, String)> {
    let class = folder_name(signature);
    let class = class.rsplit_once('-').map_or(class.as_str(), |(class, _)| class);
    let mut folders: Vec<PathBuf> = fs::read_dir(out).ok()?.flatten().map(|e| e.path()).collect();
    folders.sort();
    folders.into_iter().find_map(|dir| {
        let name = dir.file_name()?.to_string_lossy().into_owned();
        name.strip_prefix(class).filter(|hash| hash.len() == 9 && hash.starts_with('-'))?;
        let json: Value = serde_json::from_slice(&fs::read(dir.join("finding.json")).ok()?).ok()?;
        let strings = |key: &str| -> Vec<String> {
            let items = json[key].as_array().into_iter().flatten();
            items.filter_map(|v| v.as_str().map(str::to_string)).collect()
        };
        let theirs = json["signature"].as_str()?.to_string();
        let known = strings("alt");
        let ours = || alts.iter().map(String::as_str).chain([signature]);
        let meets = ours().any(|s| s == theirs || known.iter().any(|k| k == s));
        (meets && strings("cause") == cause).then_some((dir, theirs))
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
            Err(_) => return write_atomic(&path, text.as_bytes()).map(|()| Some(path)),
        }
    }
    Ok(None)
}

/// Adds another program that shows a known signature to its folder, if it has one with room.
pub fn add(out: &Path, signature: &str, program: &Program, title: String) -> io::Result<()> {
    let dir = out.join(folder_name(signature));
    if dir.join("repro.mm").exists() {
        join(&dir, &repro(program, signature, vec![title]))?;
    }
    Ok(())
}

fn fill(dir: &Path, files: &[(&str, String)]) -> io::Result<()> {
    fs::create_dir(dir)?;
    for (name, text) in files {
        write_new(&dir.join(name), text.as_bytes())?;
    }
    Ok(())
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

    #[test]
    fn a_bug_seen_from_one_side_joins_the_folder_of_both() {
        let out = scratch("bucket");
        let both = "refcount/put-after-free:a+b";
        let dir = out.join(folder_name(both));
        fs::create_dir(&dir).expect("a folder");
        let json = serde_json::json!({
            "signature": both,
            "alt": ["refcount/put-after-free:a", "refcount/put-after-free:b"],
            "cause": ["one"],
        });
        fs::write(dir.join("finding.json"), json.to_string()).expect("written");
        let find = |signature: &str, alts: &[&str], cause: &[&str]| {
            let alts: Vec<String> = alts.iter().map(|s| s.to_string()).collect();
            bucket_of(&out, signature, &alts, cause).map(|b| b.1)
        };
        let found = Some(both.to_string());
        assert_eq!(find("refcount/put-after-free:a", &[], &["one"]), found);
        let alts = ["refcount/put-after-free:b", "refcount/put-after-free:c"];
        assert_eq!(find("refcount/put-after-free:b+c", &alts, &["one"]), found);
        assert_eq!(find("refcount/put-after-free:b+c", &alts, &["two"]), None, "another cause is another bug");
        assert_eq!(find("refcount/put-after-free:c", &[], &["one"]), None);
        assert_eq!(find("refcount/put:a", &[], &["one"]), None, "another kind");
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
