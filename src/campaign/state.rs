//! What a campaign keeps of itself: `campaign.json` in the folder of its findings, and who has that folder.

use super::distinct::Distinct;
use super::lock::Lock;
use super::setup::Setup;
use super::store::{check_folders, sweep, write_atomic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const FILE: &str = "campaign.json";
const LOCK: &str = "campaign.lock";
/// The campaign's own corpus.
const CORPUS: &str = "corpus";
/// Samples a curve may have; then every other one goes.
const MOST_SAMPLES: usize = 512;

/// One point of the curves.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub seconds: f64,
    pub execs: u64,
    pub interleavings: u64,
    pub inputs: u64,
    /// Inputs the campaign added to the corpus.
    pub corpus: u64,
    /// Signatures.
    pub findings: u64,
}

/// One run of `hunt`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Part {
    pub seed: u64,
    pub jobs: usize,
    pub execs: u64,
    pub seconds: f64,
    /// How it ended; `null` while it runs, and if it was killed.
    pub end: Option<String>,
}

/// When a signature was found.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct First {
    pub execs: u64,
    pub seconds: f64,
}

/// The numbers of all parts together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub execs: u64,
    pub steps: u64,
    pub gave_up: u64,
    pub inputs: u64,
    pub corpus: u64,
    pub seconds: f64,
    /// Different interleavings, roughly.
    pub interleavings: u64,
}

/// `campaign.json`, schema 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Campaign {
    pub schema: u32,
    pub tool: String,
    pub version: String,
    pub setup: Setup,
    /// A corpus elsewhere; without, it is in the folder.
    pub corpus: Option<PathBuf>,
    /// It does not end at the last finding to be expected.
    pub keep_going: bool,
    pub parts: Vec<Part>,
    pub counts: Counts,
    pub curve: Vec<Sample>,
    /// Least seconds between two samples.
    pub sampled_every: f64,
    pub found: BTreeMap<String, First>,
    /// What `interleavings` is estimated from.
    pub sketch: Distinct,
}

impl Campaign {
    pub fn new(setup: Setup, corpus: Option<PathBuf>, keep_going: bool) -> Campaign {
        Campaign {
            schema: 1,
            tool: crate::report::TOOL.to_string(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            setup,
            corpus,
            keep_going,
            parts: Vec::new(),
            counts: Counts::default(),
            curve: Vec::new(),
            sampled_every: 1.0,
            found: BTreeMap::new(),
            sketch: Distinct::default(),
        }
    }

    /// Reads the campaign in a folder; `None` if there is none. An error is one line.
    pub fn load(dir: &Path) -> Result<Option<Campaign>, String> {
        let path = dir.join(FILE);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| format!("{}: {e}", path.display()))?,
        };
        let read = serde_json::from_slice(&bytes);
        let campaign: Campaign = read.map_err(|e| format!("{}: expected a campaign: {e}", path.display()))?;
        match campaign.schema {
            1 => Ok(Some(campaign)),
            n => Err(format!("{}: schema {n}: expected 1", path.display())),
        }
    }

    pub fn save(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        write_atomic(&dir.join(FILE), (text + "\n").as_bytes())
    }

    /// The corpus of the campaign in `dir`.
    pub fn corpus_of(&self, dir: &Path) -> PathBuf {
        self.corpus.clone().unwrap_or_else(|| dir.join(CORPUS))
    }

    /// Adds a point, unless the last one is too near.
    pub fn sample(&mut self, sample: Sample, last: bool) {
        let since = self.curve.last().map_or(f64::INFINITY, |s| sample.seconds - s.seconds);
        if since < self.sampled_every && !last {
            return;
        }
        self.curve.push(sample);
        if self.curve.len() > MOST_SAMPLES {
            let mut keep = false;
            self.curve.retain(|_| {
                keep = !keep;
                keep
            });
            self.sampled_every *= 2.0;
        }
    }
}

/// Takes the folder for one campaign, until the lock is dropped, and removes what dead ones have left half done. An
/// error is one line.
pub fn enter(dir: &Path) -> Result<Lock, String> {
    let told = |e: io::Error| format!("{}: {e}: expected a folder to write to", dir.display());
    fs::create_dir_all(dir).map_err(told)?;
    let lock = Lock::file(&dir.join(LOCK)).map_err(told)?;
    let lock = lock.map_err(|owner| format!("{}: another campaign is at work there ({owner})", dir.display()))?;
    sweep(dir);
    check_folders(dir)?;
    // A file that is there already may be written to where new ones cannot be made.
    write_atomic(&dir.join(format!(".{FILE}.probe")), b"room").map_err(told)?;
    fs::remove_file(dir.join(format!(".{FILE}.probe"))).map_err(told)?;
    Ok(lock)
}
