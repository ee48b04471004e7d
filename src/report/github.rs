//! Annotations and the summary of a step, for GitHub's workflows.

use super::{Case, Verdict};

/// Annotations of one kind a step shows; the rest would be dropped without a word.
const MOST: usize = 10;

/// Workflow commands, one a line: an error for each run that is not as it should be, at the line of the access; a
/// warning for each that was given up.
pub fn annotations(cases: &[Case]) -> String {
    let mut out = String::new();
    let failed: Vec<&Case> = cases.iter().filter(|c| c.failed()).collect();
    let shown = if failed.len() > MOST { MOST - 1 } else { MOST };
    for case in failed.iter().take(shown) {
        out.push_str(&command("error", case));
    }
    if let Some(left) = failed.len().checked_sub(shown).filter(|n| *n > 0) {
        out.push_str(&format!("::error title={}::{left} more are not as expected\n", super::TOOL));
    }
    for case in cases.iter().filter(|c| matches!(c.verdict, Verdict::GaveUp(_))).take(MOST) {
        out.push_str(&command("warning", case));
    }
    out
}

fn command(kind: &str, case: &Case) -> String {
    let at = case.told.as_ref().and_then(|t| t.culprit.as_ref().or(t.other.as_ref()));
    let mut properties = Vec::new();
    if let Some(line) = at.filter(|l| !l.place.file.is_empty()) {
        properties.push(format!("file={}", property(&line.place.file)));
        properties.push(format!("line={}", line.place.line));
    }
    let title = case.told.as_ref().map_or(super::TOOL, |t| t.title.strip_prefix("BUG: ").unwrap_or(&t.title));
    properties.push(format!("title={}", property(title)));
    let mut text = match (&case.verdict, &case.told) {
        (Verdict::NotMet(_), Some(told)) if !told.rule.is_empty() => told.rule.clone(),
        _ => case.message(),
    };
    text = format!("{}; repro: {}", text.trim_end_matches('.'), case.file);
    format!("::{kind} {}::{}\n", properties.join(","), data(&text))
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Markdown for the summary of the step: a line a run that is not as it should be, with its diagram.
pub fn step_summary(cases: &[Case]) -> String {
    let failed: Vec<&Case> = cases.iter().filter(|c| c.failed()).collect();
    let mut out = format!("### {}: {} of {} not as expected\n", super::TOOL, failed.len(), cases.len());
    for case in failed {
        // Text in backticks has no other meaning; a backtick would end it.
        let plain = |text: &str| text.replace('`', "'");
        out.push_str(&format!("\n- `{}`: `{}`\n", plain(&case.file), plain(&case.message())));
        if let Some(told) = &case.told {
            out.push_str(&format!("\n```\n{}\n```\n", told.diagram.trim_end()));
        }
    }
    out
}
