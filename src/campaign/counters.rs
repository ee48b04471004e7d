//! Where libFuzzer reads interleaving coverage: an array in a section it looks for by name.

use crate::exec::COUNTERS;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

/// libFuzzer clears the section in words of 8 bytes between inputs, so it is aligned and its size a multiple of 8.
#[repr(C, align(64))]
struct Section(UnsafeCell<[u8; COUNTERS]>);

// SAFETY: handed out once, by `take`; libFuzzer touches it between inputs only, on the thread that runs them.
unsafe impl Sync for Section {}

#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static SECTION: Section = Section(UnsafeCell::new([0; COUNTERS]));

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The counters; `None` for all but the first caller of the process.
pub fn take() -> Option<&'static mut [u8; COUNTERS]> {
    if TAKEN.swap(true, Ordering::AcqRel) {
        return None;
    }
    // SAFETY: only the first caller comes here, so the reference is the only one.
    Some(unsafe { &mut *SECTION.0.get() })
}
