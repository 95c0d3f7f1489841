//! Any bytes as the body of a DO block, run.
#![no_main]
use libfuzzer_sys::fuzz_target;
use schemalign::config::Given;
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

fuzz_target!(|body: &str| {
    let text = format!("CREATE TABLE t (id int, a text); DO $fuzz$ BEGIN {body} END $fuzz$;");
    let mut session = Session::new(&Given::default());
    let text = Text::of_file(FileId(0), text.into());
    session.run(&Migration { name: "fuzz".to_owned(), file: FileId(0), text, mode: RunMode::Statements });
    let _ = session.finish();
});
