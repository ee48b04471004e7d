//! Takes down how far a campaign is, and takes up one that was left.

use super::super::analysis::Analysis;
use super::super::lock::Lock;
use super::super::mutate::MAX_BYTES;
use super::super::setup::mix;
use super::super::state::{Campaign, Counts, First, Part, Sample, enter};
use super::super::store::{all_unfinished, folders, strings, sweep};
use super::super::{corpus, distinct::Distinct};
use super::{End, Found, Stats};
use crate::exec::Runner;
use crate::prog::File;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two times `campaign.json` is written.
const EVERY: Duration = Duration::from_secs(2);
/// A campaign of more seconds is not begun anew by a slip.
const WORTH_KEEPING: f64 = 600.0;

/// A campaign at work. It has its folder for itself.
pub struct Keeper {
    dir: PathBuf,
    campaign: Campaign,
    /// Of the parts before this one.
    before: Counts,
    sketch: Distinct,
    saved: Option<Instant>,
    _lock: Lock,
}

impl Keeper {
    /// Takes the folder, and the campaign in it if there is one. An error is one line.
    pub fn enter(dir: &Path) -> Result<(Lock, Option<Campaign>), String> {
        let lock = enter(dir)?;
        Ok((lock, Campaign::load(dir)?))
    }

    /// Goes on with a campaign.
    pub fn resume(dir: &Path, lock: Lock, campaign: Campaign) -> Result<Keeper, String> {
        let (before, sketch) = (campaign.counts.clone(), campaign.sketch.clone());
        let keeper = Keeper { dir: dir.to_path_buf(), campaign, before, sketch, saved: None, _lock: lock };
        if keeper.campaign.corpus.is_none() {
            fs::create_dir_all(keeper.corpus()).map_err(|e| format!("{}: {e}", keeper.corpus().display()))?;
        }
        corpus::stamp(&keeper.corpus())?;
        Ok(keeper)
    }

    /// Begins a campaign, in the place of a short one if need be. An error is one line.
    pub fn begin(dir: &Path, lock: Lock, old: Option<Campaign>, new: Campaign) -> Result<Keeper, String> {
        let name = dir.display();
        let folder = new.corpus_of(dir);
        match old {
            Some(old) if old.counts.seconds >= WORTH_KEEPING => {
                let (execs, minutes) = (old.counts.execs, (old.counts.seconds / 60.0) as u64);
                return Err(format!(
                    "{name}: there is a campaign of {execs} executions in {minutes} minutes: expected --resume, or \
                     another --out"
                ));
            }
            Some(old) if old.corpus.is_none() => {
                let _ = fs::remove_dir_all(old.corpus_of(dir));
            }
            None if new.corpus.is_none() && folder.exists() => {
                return Err(format!(
                    "{}: belongs to no campaign: expected --corpus, or another --out",
                    folder.display()
                ));
            }
            _ => {}
        }
        new.save(dir).map_err(|e| format!("{name}: {e}"))?;
        Keeper::resume(dir, lock, new)
    }

    /// Notes the part that begins.
    pub fn part(&mut self, seed: u64, jobs: usize) {
        self.campaign.parts.push(Part { seed, jobs, execs: 0, seconds: 0.0, end: None });
    }

    /// Seeds that have been used.
    pub fn seeds(&self) -> Vec<u64> {
        self.campaign.parts.iter().map(|p| p.seed).collect()
    }

    /// A seed that has not been used; `None` for the first part.
    pub fn next_seed(&self) -> Option<u64> {
        let first = self.campaign.parts.first()?.seed;
        Some(mix(first ^ (self.campaign.parts.len() as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)))
    }

    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// Whether others have put texts, or whatever libFuzzer did not write, into the corpus.
    pub fn has_texts(&self) -> bool {
        let size = |f: &PathBuf| fs::metadata(f).map_or(0, |m| m.len());
        corpus::files(&self.corpus()).is_ok_and(|files| files.iter().any(|f| size(f) > MAX_BYTES as u64))
    }

    pub fn corpus(&self) -> PathBuf {
        self.campaign.corpus_of(&self.dir)
    }

    /// Parts before this one, with their executions and seconds.
    pub fn so_far(&self) -> (usize, u64, f64) {
        (self.campaign.parts.len().saturating_sub(1), self.before.execs, self.before.seconds)
    }

    /// Adds the parts before to the numbers of this one.
    pub fn add_before(&self, total: &mut Stats) {
        total.execs += self.before.execs;
        total.steps += self.before.steps;
        total.gave_up += self.before.gave_up;
        total.inputs += self.before.inputs;
        total.corpus += self.before.corpus;
        total.seen.merge(&self.sketch);
        total.elapsed += Duration::try_from_secs_f64(self.before.seconds).unwrap_or_default();
    }

    /// Signatures that have a folder.
    pub fn known(&self) -> Vec<String> {
        let of = |json: &serde_json::Value| {
            let own = json["signature"].as_str().map(str::to_string);
            own.into_iter().chain(strings(json, "also")).collect::<Vec<_>>()
        };
        folders(&self.dir).iter().flat_map(|(_, json)| of(json)).collect()
    }

    /// Findings nobody has minimized.
    pub fn unfinished(&self) -> usize {
        all_unfinished(&self.dir).len()
    }

    /// What was found before, told again. What does not show it any more is left out.
    pub fn found(&self) -> Vec<Found> {
        let Ok(checks) = self.campaign.setup.checks() else { return Vec::new() };
        let mut runner = Runner::new(checks);
        let finished = folders(&self.dir).into_iter().filter(|(_, json)| json["minimized"] != false);
        let mut found: Vec<Found> = finished.filter_map(|(dir, json)| self.told(&mut runner, &dir, &json)).collect();
        found.sort_by_key(|f| f.first_exec);
        found
    }

    fn told(&self, runner: &mut Runner, dir: &Path, json: &serde_json::Value) -> Option<Found> {
        let load = |name: &str| File::parse(&fs::read(dir.join(name)).ok()?).ok();
        let size = |file: &File| (file.program.nr_ops(), file.program.schedule.records.len());
        let (small, original) = (load("min.mm")?, load("repro.mm")?);
        let shown = Analysis::of(runner, &small.program);
        let report = shown.report()?;
        let signature = report.signature();
        let first = self.campaign.found.get(&signature).map(|f| f.execs);
        let (ops, switches) = size(&small);
        (json["signature"] == signature.as_str()).then(|| Found {
            check: report.finding.check.to_string(),
            title: report.title(),
            first_exec: first.or(json["first_exec"].as_u64()).unwrap_or(0),
            cause: strings(json, "cause"),
            file: dir.join("min.mm"),
            ops,
            switches,
            before: size(&original),
            told: report.told(),
            bucket: None,
            signature,
        })
    }

    /// Takes down that a signature was found after so many executions and so long a time in this part; the number of
    /// the execution in the campaign.
    pub fn note_found(&mut self, signature: &str, execs: u64, elapsed: Duration) -> u64 {
        let first = First { execs: self.before.execs + execs, seconds: self.before.seconds + rounded(elapsed) };
        self.campaign.found.entry(signature.to_string()).or_insert(first).execs
    }

    /// Takes the numbers down, and writes them from time to time, or at the `end`.
    pub fn tick(&mut self, total: &Stats, end: Option<End>) -> Result<(), String> {
        let due = self.saved.is_none_or(|at| at.elapsed() >= EVERY);
        if !due && end.is_none() {
            return Ok(());
        }
        if end.is_some() {
            // Jobs of a part that was killed may have lived a moment longer than it.
            sweep(&self.dir);
            sweep(&self.corpus());
        }
        self.saved = Some(Instant::now());
        let seconds = rounded(total.elapsed);
        let interleavings = total.seen.estimate();
        self.campaign.counts = Counts {
            execs: total.execs,
            steps: total.steps,
            gave_up: total.gave_up,
            inputs: total.inputs,
            corpus: total.corpus,
            seconds,
            interleavings,
        };
        self.campaign.sketch = total.seen.clone();
        if let Some(part) = self.campaign.parts.last_mut() {
            part.execs = total.execs - self.before.execs;
            part.seconds = ((seconds - self.before.seconds) * 1000.0).round() / 1000.0;
            part.end = end.map(|e| e.word().to_string());
        }
        let findings = self.campaign.found.len() as u64;
        let (execs, inputs, corpus) = (total.execs, total.inputs, total.corpus);
        let sample = Sample { seconds, execs, interleavings, inputs, corpus, findings };
        self.campaign.sample(sample, end.is_some());
        self.campaign.save(&self.dir).map_err(|e| format!("{}: {e}", self.dir.display()))
    }
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}
