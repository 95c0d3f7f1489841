//! The whole replay beside the bare parser, on one thread, over SQL files below the folders named: CPU time of this thread.
//!
//! `cargo bench --bench replay -- FOLDER...`; without folders, over the generated statements of the examples.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads files and prints"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemalign::config::Given;
use schemalign::session::{Migration, RunMode, Session};
use schemalign::source::{FileId, Text};

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|e| e == "sql") {
            out.push(path);
        }
    }
}

/// CPU time of this thread so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let began = cpu();
            work();
            cpu().saturating_sub(began)
        })
        .min()
        .unwrap_or_default()
}

fn main() {
    let folders: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let folders = if folders.is_empty() {
        vec![concat!(env!("CARGO_MANIFEST_DIR"), "/examples").to_owned()]
    } else {
        folders
    };
    let mut histories: Vec<Vec<String>> = Vec::new();
    for folder in &folders {
        let mut files = Vec::new();
        collect(Path::new(folder), &mut files);
        histories.push(
            files
                .iter()
                .filter_map(|f| std::fs::read_to_string(f).ok())
                .collect(),
        );
    }
    let bytes: usize = histories.iter().flatten().map(String::len).sum();
    let parse = best(5, || {
        for text in histories.iter().flatten() {
            std::hint::black_box(squawk_syntax::SourceFile::parse(text).tree());
        }
    });
    let replay = best(5, || {
        for history in &histories {
            let mut session = Session::new(&Given::default());
            for (number, text) in history.iter().enumerate() {
                let text = Text::of_file(FileId(number as u32), text.as_str().into());
                session.run(&Migration {
                    name: number.to_string(),
                    file: FileId(number as u32),
                    text,
                    mode: RunMode::OneQuery,
                });
            }
            std::hint::black_box(session.finish());
        }
    });
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let files: usize = histories.iter().map(Vec::len).sum();
    println!("{files} files, {:.2} MB", bytes as f64 / 1e6);
    println!(
        "squawk-syntax 2.68.0, parse alone: {:8.1} ms  {:6.1} MB/s",
        parse.as_secs_f64() * 1e3,
        rate(parse)
    );
    println!(
        "schemalign, whole replay:          {:8.1} ms  {:6.1} MB/s",
        replay.as_secs_f64() * 1e3,
        rate(replay)
    );
    println!("ratio {:.2}", replay.as_secs_f64() / parse.as_secs_f64());
}
