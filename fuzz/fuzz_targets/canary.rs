//! A planted crash: a campaign in which this target survives has not run.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // One byte after the other, so that coverage leads the way.
    let mut known = 0;
    for (a, b) in data.iter().zip(b"mm!") {
        if a != b {
            break;
        }
        known += 1;
        std::hint::black_box(known);
    }
    if known == 3 {
        panic!("DEDUP_TOKEN: canary/planted:canary");
    }
});
