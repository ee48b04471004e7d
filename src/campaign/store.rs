//! Findings on disk: one folder a signature, complete or absent.

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
    /// False if the signature had a folder already, which was left as it is.
    pub new: bool,
}

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
        return Ok(Saved { dir, file, new: false });
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
        return if dir.exists() { Ok(Saved { dir, file, new: false }) } else { Err(e) };
    }
    Ok(Saved { dir, file, new: true })
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

fn temporary_name(of: &str) -> String {
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
