//! One program under its own and a few scattered schedules, with every check. Text or bytes; the model comes from
//! FOLIOFUZZ_KERNEL and FOLIOFUZZ_BUG, the checks from FOLIOFUZZ_CHECKS, the one signature that counts from
//! FOLIOFUZZ_ONLY.
#![no_main]

use foliofuzz::campaign::{mutate, target};
use foliofuzz::prog::Input;
use libfuzzer_sys::{Corpus, fuzz_target, fuzzer_mutate};

/// ClusterFuzz keeps corpora by the names of inputs, in folders of its own.
const CORPORA: target::Corpora =
    if cfg!(feature = "managed-corpora") { target::Corpora::Managed } else { target::Corpora::Stamped };

fuzz_target!(
    init: {
        if let Err(message) = target::init(CORPORA) {
            eprintln!("foliofuzz: {message}");
            std::process::exit(2);
        }
    },
    |input: Input| -> Corpus {
        match target::fuzz_one(&input) {
            target::Verdict::Reject => Corpus::Reject,
            target::Verdict::Clean => Corpus::Keep,
            target::Verdict::Found(report) => {
                eprintln!("{report}");
                std::process::abort();
            }
        }
    }
);

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed, &mut fuzzer_mutate)
});
