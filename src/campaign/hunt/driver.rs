//! libFuzzer, linked into our own program: its command line, its callbacks, and the end of the process.

use super::super::mutate::{MAX_BYTES, mutate};
use super::Hunt;
use libfuzzer_sys as _;
use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int, c_uint};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Largest input when a corpus is given: it may hold texts.
const MAX_TEXT: usize = 8192;

unsafe extern "C" {
    fn LLVMFuzzerRunDriver(
        argc: *mut c_int,
        argv: *mut *mut *mut c_char,
        callback: extern "C" fn(*const u8, usize) -> c_int,
    ) -> c_int;
    fn LLVMFuzzerMutate(data: *mut u8, size: usize, max_size: usize) -> usize;
    fn _exit(status: c_int) -> !;
    fn dup(fd: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
}

thread_local! {
    static HUNT: RefCell<Option<Hunt>> = const { RefCell::new(None) };
}

/// What libFuzzer is told.
pub struct Driven<'a> {
    pub seed: u64,
    /// Inputs may be texts.
    pub texts: bool,
    /// The first is written to; both are read.
    pub folders: Vec<&'a Path>,
    /// Others write to the first folder, too.
    pub shared: bool,
}

impl Driven<'_> {
    /// Its command line; `None` if a folder cannot be said in one.
    pub fn arguments(&self) -> Option<Vec<CString>> {
        let seed = (self.seed ^ self.seed >> 32) as u32;
        let max_len = if self.texts { MAX_TEXT } else { MAX_BYTES };
        let mut arguments = vec![
            "foliofuzz".to_string(),
            format!("-seed={}", seed.max(1)),
            format!("-max_len={max_len}"),
            "-len_control=0".to_string(),
            // Its bookkeeping per feature costs a third of the time here, and half of the inputs are fresh anyway.
            "-entropic=0".to_string(),
            // It would mutate with what it sees memcmp() compare: our own file names, whenever files are moved.
            "-use_cmp=0".to_string(),
            "-verbosity=0".to_string(),
            "-rss_limit_mb=0".to_string(),
            "-malloc_limit_mb=0".to_string(),
            "-timeout=0".to_string(),
            // An input that shows something is minimized on the spot, which takes seconds.
            "-report_slow_units=1000000000".to_string(),
            "-detect_leaks=0".to_string(),
            format!("-reload={}", u8::from(self.shared)),
        ];
        for signal in ["segv", "bus", "abrt", "ill", "fpe", "int", "term", "xfsz", "usr1", "usr2", "trap"] {
            arguments.push(format!("-handle_{signal}=0"));
        }
        let here = |dir: &Path| Path::new(".").join(dir);
        let folders = self.folders.iter().map(|dir| CString::new(here(dir).as_os_str().as_bytes()).ok());
        arguments.into_iter().map(|a| CString::new(a).ok()).chain(folders).collect()
    }
}

/// Hunts until the process ends, or until libFuzzer gives the control back, which it never does.
pub fn run(hunt: Hunt, arguments: Vec<CString>) {
    HUNT.set(Some(hunt));
    drive(arguments);
    HUNT.with_borrow_mut(|h| h.as_mut().map(Hunt::unmute));
}

/// Ends the process at once: leaving libFuzzer through `exit` would be a crash to it.
pub fn end_process(status: u8) -> ! {
    // SAFETY: ends the process; nothing of ours is left to do.
    unsafe { _exit(c_int::from(status)) }
}

fn drive(arguments: Vec<CString>) {
    // libFuzzer looks for it by name; this keeps it in the program.
    std::hint::black_box(custom_mutator as unsafe extern "C" fn(*mut u8, usize, usize, c_uint) -> usize);
    let mut pointers: Vec<*mut c_char> = arguments.into_iter().map(CString::into_raw).collect();
    let mut argc = pointers.len() as c_int;
    pointers.push(std::ptr::null_mut());
    let mut argv = pointers.as_mut_ptr();
    // SAFETY: a C command line: `argc` strings that are never freed, then null.
    unsafe { LLVMFuzzerRunDriver(&mut argc, &mut argv, one_input) };
}

extern "C" fn one_input(data: *const u8, size: usize) -> c_int {
    let bytes = if data.is_null() || size == 0 {
        &[]
    } else {
        // SAFETY: libFuzzer's buffer of that size, which lives during the call.
        unsafe { std::slice::from_raw_parts(data, size) }
    };
    let ended = HUNT.with_borrow_mut(|hunt| {
        let hunt = hunt.as_mut()?;
        match catch_unwind(AssertUnwindSafe(|| hunt.input(bytes))) {
            Ok(step) => step,
            Err(payload) => {
                hunt.unmute();
                Some(hunt.defect(panic_message(payload.as_ref())))
            }
        }
    });
    match ended {
        None => 0,
        Some(status) => end_process(status),
    }
}

/// What a panic said.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_string())
}

/// libfuzzer-sys refers to it from the entry point that only its own `main` uses.
#[unsafe(no_mangle)]
#[allow(improper_ctypes_definitions)] // the declaration it answers is a Rust slice
extern "C" fn rust_fuzzer_test_input(_: &[u8]) -> i32 {
    0
}

/// # Safety
/// Called by libFuzzer: `data` has room for the larger of `size` and `max_size`.
#[unsafe(export_name = "LLVMFuzzerCustomMutator")]
unsafe extern "C" fn custom_mutator(data: *mut u8, size: usize, max_size: usize, seed: c_uint) -> usize {
    // SAFETY: as the caller promises.
    let data = unsafe { std::slice::from_raw_parts_mut(data, size.max(max_size)) };
    mutate(data, size, max_size, seed, &mut |data, size, max_size| {
        let (size, max_size) = (size.min(data.len()), max_size.min(data.len()));
        // SAFETY: both sizes lie within the buffer.
        unsafe { LLVMFuzzerMutate(data.as_mut_ptr(), size, max_size) }
    })
}

/// The standard error stream, turned away while libFuzzer tells about itself.
pub struct Muted {
    saved: c_int,
}

impl Muted {
    pub fn begin() -> Option<Muted> {
        use std::os::fd::AsRawFd;
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").ok()?;
        // SAFETY: descriptors only.
        let saved = unsafe { dup(2) };
        // SAFETY: as above.
        (saved >= 0 && unsafe { dup2(null.as_raw_fd(), 2) } >= 0).then_some(Muted { saved })
    }
}

impl Drop for Muted {
    fn drop(&mut self) {
        // SAFETY: `saved` is a descriptor of ours.
        unsafe { dup2(self.saved, 2) };
    }
}
