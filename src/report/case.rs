//! What was run and what came of it, as the formats for continuous integration count it.

use super::Told;

/// How a run counts for who asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// As the file expects: clean, or with the finding it names.
    Met,
    /// A finding nobody expected, or none where one was; in one line.
    NotMet(String),
    /// A budget ran out: neither.
    GaveUp(String),
    /// A defect of the tool.
    Broken(String),
}

/// One run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Where it belongs: the directory of its file.
    pub group: String,
    pub name: String,
    /// The file that repeats it, as the user would name it.
    pub file: String,
    pub verdict: Verdict,
    pub told: Option<Told>,
}

impl Case {
    /// A run of a file: its directory is the group, its stem the name.
    pub fn of_file(path: &std::path::Path, verdict: Verdict, told: Option<Told>) -> Case {
        let text = |s: &std::ffi::OsStr| s.to_string_lossy().into_owned();
        Case {
            group: path.parent().and_then(|p| p.file_name()).map_or("programs".to_string(), text),
            name: path.file_stem().map_or_else(String::new, text),
            file: path.display().to_string(),
            verdict,
            told,
        }
    }

    /// Whether it is to be complained of.
    pub(super) fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::NotMet(_) | Verdict::Broken(_))
    }

    /// What is wrong, in one line: the title of an unexpected finding.
    pub(super) fn message(&self) -> String {
        match (&self.verdict, &self.told) {
            (Verdict::NotMet(_), Some(told)) => told.title.clone(),
            (Verdict::Met, _) => String::new(),
            (Verdict::NotMet(why) | Verdict::GaveUp(why) | Verdict::Broken(why), _) => why.clone(),
        }
    }
}
