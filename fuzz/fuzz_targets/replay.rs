//! Any text as a history: run, and every document of its schema printed.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::config::Given;
use schemalign::schema::document;
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

fuzz_target!(|sql: &str| {
    let mut session = Session::new(&Given::default());
    let text = Text::of_file(FileId(0), sql.into());
    session.run(&Migration { name: "fuzz".to_owned(), file: FileId(0), text, mode: RunMode::OneQuery });
    let outcome = session.finish();
    let _ = document::json(&outcome.schema);
    let _ = document::sql(&outcome.schema);
    let _ = document::text(&outcome.schema);
    let _ = document::facts(&outcome.schema);
});
