//! Any bytes as a SQL file: split, parse, lower.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::source::{FileId, Files, Text};

fuzz_target!(|bytes: &[u8]| {
    let files = Files::in_memory([("a.sql", bytes.to_vec())]);
    let text = Text::of_file(FileId(0), files.text(FileId(0)));
    let read = schemalign::sql::read(&text);
    let mut end = 0;
    for statement in &read {
        // Statements come in order and lie within the file.
        assert!(statement.span.start >= end && statement.span.end as usize <= text.as_str().len());
        end = statement.span.start;
    }
});
