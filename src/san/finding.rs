//! What a check found.

/// A violated rule, at one event. Everything dynamic (stacks, counts, the diagram) is taken from the recorded trace by
/// `report`, so that making a finding costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Name of the check, the first half of `check/kind`.
    pub check: &'static str,
    /// The kind, the second half.
    pub kind: &'static str,
    /// The rule was broken, but no memory has been damaged yet.
    pub predictive: bool,
    /// Event of the violation.
    pub seq: u32,
    /// The event on the other side: what the violating access collides with.
    pub other: Option<u32>,
    pub folio: Option<u8>,
    pub mapping: Option<u8>,
}
