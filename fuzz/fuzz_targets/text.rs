//! The parser: whatever parses is valid and prints to a text that reads back as the same.
#![no_main]

use foliofuzz::prog::{File, MAGIC};
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|data: &[u8]| -> Corpus {
    // Half the inputs do not have to guess the first line.
    let with_magic = [MAGIC.as_bytes(), b"\n", data].concat();
    for bytes in [data, &with_magic] {
        let Ok(file) = File::parse(bytes) else { continue };
        assert_eq!(file.program.validate(), Ok(()));
        let text = file.print();
        match File::parse(text.as_bytes()) {
            Ok(again) => assert_eq!(again.print(), text),
            Err(e) => panic!("{e}\n{text}"),
        }
    }
    Corpus::Keep
});
