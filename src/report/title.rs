//! The title, in the form syzkaller's `pkg/report` parses (USERS 7.2).

use super::Report;
use crate::san::Stage;

/// Longest title `pkg/report` keeps.
const MAX: usize = 120;

impl Report<'_> {
    /// `BUG: MMSAN: <kind> in A / B`: one ` in `, sorted functions, no numbers, ASCII, at most 120 characters.
    pub fn title(&self) -> String {
        title(&self.phrase(), &self.blamed())
    }

    /// The kind as a title or a culprit line calls it: alone if it speaks for itself (`put-after-free`), else with the
    /// check's name (`freeze-entitlement`). A soft one says so.
    pub(super) fn phrase(&self) -> String {
        let (check, kind) = (self.finding.check, self.finding.kind);
        if self.finding.stage == Stage::Soft {
            return format!("soft {}", format!("{check}-{kind}").replace('_', "-"));
        }
        if check == "uaf" && !kind.contains('-') {
            return "use-after-free".to_string();
        }
        if check == kind || kind.contains('-') { kind.to_string() } else { format!("{check}-{kind}").replace('_', "-") }
    }
}

/// The title of a kind found in these functions.
pub(super) fn title(kind: &str, names: &[&str]) -> String {
    // The frame is taken from the last " in NAME".
    let head = format!("BUG: MMSAN: {}", kind.replace(" in ", "-in-"));
    // What was done outside of functions is in none.
    let names: Vec<&str> = names.iter().copied().filter(|n| *n != "op").collect();
    let full = if names.is_empty() { head } else { format!("{head} in {}", names.join(" / ")) };
    let full: String = full.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    match full.get(..MAX) {
        // Both names do not fit: the first is enough to file it.
        Some(cut) if names.len() > 1 && full.len() > MAX => cut.rfind(" / ").map_or(cut, |at| &cut[..at]).to_string(),
        Some(cut) => cut.to_string(),
        None => full,
    }
}
