//! MMSAN: checks that watch the event stream.
//!
//! A check sees events and, like a sanitizer's shadow, may look at the machine's memory; it never calls the modelled kernel.

mod finding;

pub use finding::Finding;
