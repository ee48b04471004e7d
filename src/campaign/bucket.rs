//! From an execution that shows something to the folder of its bug.

use super::analysis::Analysis;
use super::attribute::{attribute, bug_slugs};
use super::certify::{CERTIFY_BUDGET, certify};
use super::search::Searcher;
use super::shrink::shrink;
use super::store::{Saved, add, folders, save, strings};
use crate::report::Told;
use std::path::{Path, PathBuf};

/// A finding in its folder.
#[derive(Clone, Debug)]
pub struct Bucketed {
    pub signature: String,
    pub title: String,
    pub check: &'static str,
    /// Bugs without which it is gone; none for one that was known, which is not asked again.
    pub cause: Vec<&'static str>,
    pub saved: Saved,
    /// Operations and preemptions of the smallest program.
    pub ops: usize,
    pub switches: usize,
    pub told: Told,
}

/// Puts what `shown` shows below `out`. What has no folder yet is minimized, with at most `budget` candidates, and
/// attributed; a repro of what has one joins it. An error is one line.
pub fn bucket(searcher: &mut Searcher, shown: &Analysis, out: &Path, budget: usize) -> Result<Bucketed, String> {
    let (Some(report), named) = (shown.report(), shown.named().unwrap_or_else(|| shown.program.clone())) else {
        return Err("nothing is found".to_string());
    };
    let (signature, title) = (report.signature(), report.title());
    let told = |e: std::io::Error| format!("{}: {e}", out.display());
    if let Some((dir, bucket)) = known(out, &signature) {
        if bucket.is_none() {
            add(out, &signature, &named, title.clone()).map_err(told)?;
        }
        let saved = Saved { file: dir.join("min.mm"), dir, new: false, bucket };
        let (ops, switches) = (named.nr_ops(), named.schedule.records.len());
        let (check, told) = (report.finding.check, report.told());
        return Ok(Bucketed { signature, title, check, cause: Vec::new(), saved, ops, switches, told });
    }
    let small = shrink(searcher, &named, &signature, budget);
    let (program, certificate) = certify(&mut searcher.runner, &small.program, &signature, CERTIFY_BUDGET / 10);
    let cause = bug_slugs(attribute(searcher, &program, &signature));
    let min = Analysis::of(&mut searcher.runner, &program);
    let report = min.report().ok_or("the minimized program shows nothing")?;
    let extra = [("preemptions", certificate.preemptions.into()), ("exhausted", certificate.is_exhausted().into())];
    let saved = save(out, &min, &named, &cause, &certificate, &extra).map_err(told)?;
    let (ops, switches) = (program.nr_ops(), program.schedule.records.len());
    let (title, check, told) = (report.title(), report.finding.check, report.told());
    Ok(Bucketed { signature, title, check, cause, saved, ops, switches, told })
}

/// The folder of a signature that was minimized before; with the folder's own signature, if that is another.
fn known(out: &Path, signature: &str) -> Option<(PathBuf, Option<String>)> {
    folders(out).into_iter().filter(|(_, json)| json["minimized"] != false).find_map(|(dir, json)| {
        let theirs = json["signature"].as_str()?;
        if theirs == signature {
            return Some((dir, None));
        }
        strings(&json, "also").iter().any(|s| s == signature).then(|| (dir, Some(theirs.to_string())))
    })
}
