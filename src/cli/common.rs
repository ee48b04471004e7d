//! Words and exits the verbs share.

use crate::campaign::{ModelChoice, check_folders, sweep};
use crate::san::CheckSet;
use clap::{Args, ValueEnum};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The exit status of a verb that did its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Clean = 0,
    Finding = 1,
    GaveUp = 3,
}

impl Status {
    /// The status of several answers together: a finding outweighs a run that was given up, that a clean one.
    pub fn and(self, other: Status) -> Status {
        match (self, other) {
            (Status::Finding, _) | (_, Status::Finding) => Status::Finding,
            (Status::GaveUp, _) | (_, Status::GaveUp) => Status::GaveUp,
            _ => Status::Clean,
        }
    }
}

/// Why a verb could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or unreadable input; one line.
    Usage(String),
    /// A defect of ours.
    Internal(String),
}

impl Failure {
    /// Tells it on the standard error stream; the exit status.
    pub fn tell(&self) -> u8 {
        match self {
            Failure::Usage(message) => {
                warn(&format!("foliofuzz: {message}"));
                2
            }
            Failure::Internal(message) => {
                warn(&format!("MMFAIL: {message}"));
                4
            }
        }
    }
}

/// A one-line usage error.
pub fn usage(message: impl Into<String>) -> Failure {
    Failure::Usage(message.into())
}

/// What a panic said.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_string())
}

/// Prints on the standard output; a reader that went away is no error.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

/// Prints on the standard error stream.
pub fn warn(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.write_all(b"\n"));
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

impl Format {
    /// Human text: on the standard output, or, beside JSON, on the standard error stream.
    pub fn human(self, text: &str) {
        match self {
            Format::Text => say(text),
            Format::Json => warn(text),
        }
    }

    /// One JSON object a line, if JSON is wanted.
    pub fn json(self, value: impl FnOnce() -> serde_json::Value) {
        if self == Format::Json {
            say(&value().to_string());
        }
    }
}

/// Which kernel.
#[derive(Args, Clone, Debug, Default)]
pub struct ModelArgs {
    /// The kernel to model, of `list kernels` [default: v6.12, or the newest all of --bug apply to]
    #[arg(long, value_name = "VERSION")]
    pub kernel: Option<String>,
    /// Put a historic bug of `list bugs` into the kernel (repeatable)
    #[arg(long = "bug", value_name = "SLUG", value_delimiter = ',')]
    pub bugs: Vec<String>,
    /// Take a historic bug out of the kernel (repeatable)
    #[arg(long = "fix", value_name = "SLUG", value_delimiter = ',')]
    pub fixes: Vec<String>,
    /// Whether inodes are freed after an RCU grace period [default: as the kernel]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub rcu_free: Option<bool>,
    /// Whether code with interrupts off counts as an RCU reader [default: as the kernel]
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub irqoff_is_reader: Option<bool>,
}

pub fn on_off(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected `on` or `off`".to_string()),
    }
}

impl ModelArgs {
    /// As the campaign wants it.
    pub fn choice(&self) -> ModelChoice {
        ModelChoice {
            kernel: self.kernel.clone(),
            bugs: self.bugs.clone(),
            fixes: self.fixes.clone(),
            rcu_free: self.rcu_free,
            irqoff_is_reader: self.irqoff_is_reader,
        }
    }
}

/// Which checks.
#[derive(Args, Clone, Debug, Default)]
pub struct CheckArgs {
    /// Checks of `list checks`: `all`, `actual` (no predictive kinds), `soft` (soft kinds, too), names, soft kinds as
    /// check/kind, or -names to leave out [default: all]
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    pub checks: Option<String>,
}

impl CheckArgs {
    /// The chosen checks, if some are.
    pub fn set(&self) -> Result<Option<CheckSet>, Failure> {
        self.checks.as_deref().map(|list| CheckSet::parse(list).map_err(usage)).transpose()
    }
}

/// Raised by Ctrl-C; a second one ends the process at once.
pub fn stop_flag() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

pub fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err("expected a number with s, m or h".to_string()),
    };
    let number: f64 = digits.parse().map_err(|_| "expected a number with s, m or h".to_string())?;
    Duration::try_from_secs_f64(number * unit).map_err(|_| "expected a time, neither negative nor endless".to_string())
}

/// Whether findings can be put there. Better told before a long search than after it.
pub fn check_out(out: &Path) -> Result<(), Failure> {
    check_writable(out)?;
    sweep(out);
    check_folders(out).map_err(usage)
}

/// Whether there is a folder to write to, or can be one.
pub fn check_writable(dir: &Path) -> Result<(), Failure> {
    let nearest = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    let probe = nearest.join(format!(".foliofuzz.{}.0.tmp", std::process::id()));
    let cannot = |e: std::io::Error| usage(format!("{}: {e}: expected a folder to write to", dir.display()));
    std::fs::create_dir(&probe).and_then(|()| std::fs::remove_dir(&probe)).map_err(cannot)
}
