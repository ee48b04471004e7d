//! `--format`: what results are written in, and where to. Text goes to the standard output unless another format takes
//! it; then human text goes to the standard error stream. Files are written at the end, whole or not at all.

use super::common::{Failure, say, usage, warn};
use crate::campaign::write_atomic;
use crate::report::{Case, annotations, junit, sarif, step_summary};
use clap::Args;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    Json,
    Junit,
    Sarif,
    Github,
    Perfetto,
}

impl Kind {
    const NAMES: [(&str, Kind); 6] = [
        ("text", Kind::Text),
        ("json", Kind::Json),
        ("junit", Kind::Junit),
        ("sarif", Kind::Sarif),
        ("github", Kind::Github),
        ("perfetto", Kind::Perfetto),
    ];

    fn name(self) -> &'static str {
        Kind::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// One `--format`.
#[derive(Clone, Debug)]
struct Wanted {
    kind: Kind,
    file: Option<PathBuf>,
}

fn wanted(text: &str) -> Result<Wanted, String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(file)));
    let all = Kind::NAMES.map(|(name, _)| name).join(", ");
    let Some((_, kind)) = Kind::NAMES.into_iter().find(|(n, _)| *n == name) else {
        return Err(format!("expected one of {all}, alone or with =FILE"));
    };
    match (kind, file) {
        (_, Some("")) => Err("expected a FILE after ="),
        (Kind::Text, Some(_)) => Err("text goes to the standard output: expected no =FILE"),
        _ => return Ok(Wanted { kind, file: file.map(PathBuf::from) }),
    }
    .map_err(str::to_string)
}

/// What results are written in.
#[derive(Args, Clone, Debug, Default)]
pub struct FormatArgs {
    /// text, json, junit, sarif, github or perfetto, on the standard output; with =FILE, into a file (repeatable)
    /// [default: text]
    #[arg(long = "format", value_name = "NAME[=FILE]", value_parser = wanted)]
    formats: Vec<Wanted>,
}

/// Where results go.
#[derive(Debug)]
pub struct Output {
    /// The format that has the standard output.
    out: Kind,
    files: Vec<(Kind, PathBuf)>,
    objects: Vec<Value>,
    cases: Vec<Case>,
    trace: Option<Value>,
}

impl FormatArgs {
    /// Judges what was asked for, and that it can be written; `traces`: how many executions a trace could be of.
    pub fn open(&self, traces: usize) -> Result<Output, Failure> {
        let wants_trace = self.formats.iter().any(|w| w.kind == Kind::Perfetto);
        if wants_trace && traces != 1 {
            return Err(usage(
                "--format perfetto is the trace of one execution: expected one FILE to replay or explain",
            ));
        }
        let mut out = None;
        let mut files: Vec<(Kind, PathBuf)> = Vec::new();
        for Wanted { kind, file } in &self.formats {
            match file {
                None if out.replace(*kind).is_some_and(|other| other != *kind) => {
                    let name = kind.name();
                    return Err(usage(format!("two formats for the standard output: expected --format {name}=FILE")));
                }
                None => {}
                Some(file) if files.iter().any(|(_, f)| f == file) => {
                    return Err(usage(format!("{}: two formats for one file: expected two files", file.display())));
                }
                Some(file) => files.push((*kind, file.clone())),
            }
        }
        for (_, file) in &files {
            try_writing(file)?;
        }
        Ok(Output { out: out.unwrap_or(Kind::Text), files, objects: Vec::new(), cases: Vec::new(), trace: None })
    }
}

/// Whether a file can be put there. Better told before a long search than after it.
pub(super) fn try_writing(file: &Path) -> Result<(), Failure> {
    let cannot = |e: std::io::Error| usage(format!("{}: cannot be written: {e}", file.display()));
    if file.is_dir() {
        return Err(usage(format!("{}: a directory: expected a file", file.display())));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let probe = file.with_file_name(format!(".{name}.{}.probe.tmp", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&probe).map_err(cannot)?;
    std::fs::remove_file(&probe).map_err(cannot)
}

impl Output {
    /// Whether the format is wanted anywhere.
    pub fn wants(&self, kind: Kind) -> bool {
        self.out == kind || self.files.iter().any(|(k, _)| *k == kind)
    }

    /// Whether human text has the standard output.
    pub fn is_text(&self) -> bool {
        self.out == Kind::Text
    }

    /// Human text.
    pub fn human(&self, text: &str) {
        if self.is_text() { say(text) } else { warn(text) }
    }

    /// An object of the verb's JSON: one a line.
    pub fn json(&mut self, value: impl FnOnce() -> Value) {
        if !self.wants(Kind::Json) {
            return;
        }
        let value = value();
        if self.out == Kind::Json {
            say(&value.to_string());
        }
        self.objects.push(value);
    }

    /// Something that was run.
    pub fn case(&mut self, case: impl FnOnce() -> Case) {
        if [Kind::Junit, Kind::Sarif, Kind::Github].iter().any(|k| self.wants(*k)) {
            self.cases.push(case());
        }
    }

    /// The trace of the one execution.
    pub fn trace(&mut self, trace: impl FnOnce() -> Value) {
        if self.wants(Kind::Perfetto) {
            self.trace = Some(trace());
        }
    }

    /// Writes what was asked for.
    pub fn finish(&self) -> Result<(), Failure> {
        if !matches!(self.out, Kind::Text | Kind::Json) {
            say(self.text(self.out)?.trim_end());
        }
        for (kind, file) in &self.files {
            let text = self.text(*kind)?;
            write_atomic(file, text.as_bytes()).map_err(|e| usage(format!("{}: {e}", file.display())))?;
        }
        let summary = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|_| self.wants(Kind::Github));
        summary.map_or(Ok(()), |file| append(Path::new(&file), &step_summary(&self.cases)))
    }

    fn text(&self, kind: Kind) -> Result<String, Failure> {
        Ok(match kind {
            Kind::Text => String::new(),
            Kind::Json => self.objects.iter().map(|o| format!("{o}\n")).collect(),
            Kind::Junit => junit(&self.cases).map_err(|e| Failure::Internal(e.to_string()))?,
            Kind::Sarif => pretty(&sarif(&self.cases))?,
            Kind::Github => annotations(&self.cases),
            Kind::Perfetto => format!("{}\n", self.trace.as_ref().unwrap_or(&Value::Null)),
        })
    }
}

fn pretty(value: &Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::Internal(e.to_string()))?;
    Ok(text + "\n")
}

/// The summary of a step is a file that every command of the step adds to.
fn append(file: &Path, text: &str) -> Result<(), Failure> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let written = opened.and_then(|mut f| f.write_all(text.as_bytes()));
    written.map_err(|e| usage(format!("{}: {e}", file.display())))
}
