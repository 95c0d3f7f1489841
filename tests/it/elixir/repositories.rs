//! Files of whole repositories, where some are at hand: every file is lowered, nothing is lost, and how long that takes.

use std::path::PathBuf;
use std::time::Instant;

use schemalign::interpret::elixir::{Machine, Modules};
use schemalign::source::Files;

use super::Judge;

fn collect(folder: &PathBuf, root: &PathBuf, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with(".git") && !path.ends_with("node_modules") {
                collect(&path, root, out);
            }
        } else if let Ok(relative) = path.strip_prefix(root) {
            out.push((
                relative.to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap_or_default(),
            ));
        }
    }
}

/// `SCHEMALIGN_REPOSITORIES`: folders, with colons between them.
#[test]
fn repositories_are_lowered() {
    let Some(folders) = std::env::var_os("SCHEMALIGN_REPOSITORIES") else {
        return;
    };
    let compile = std::env::var_os("SCHEMALIGN_COMPILE").is_some();
    for folder in std::env::split_paths(&folders) {
        let mut all = Vec::new();
        collect(&folder, &folder, &mut all);
        let files = Files::in_memory(all);
        let began = Instant::now();
        let modules = Modules::new(&files, "");
        let indexed = began.elapsed();
        let began = Instant::now();
        let (mut errors, mut bytes, mut count) = (0, 0, 0);
        for file in modules.elixir_files() {
            count += 1;
            bytes += files.text(file).len();
            let lowered = modules.lowered(file);
            if !lowered.errors.is_empty() {
                errors += 1;
                println!("  {}: {}", files.path(file), lowered.errors.len());
            }
        }
        println!(
            "{}: {count} files, {bytes} bytes, {errors} with errors; index {indexed:?}, lowered {:?}",
            folder.display(),
            began.elapsed()
        );
        if compile {
            let began = Instant::now();
            let mut machine = Machine::new(&modules, Judge::default());
            let mut made = 0;
            for file in modules.elixir_files() {
                made += machine.compile_file(file).len();
            }
            println!(
                "  {made} modules compiled in {:?}, {} gaps",
                began.elapsed(),
                machine.gaps().len()
            );
            let mut gaps: Vec<String> = machine
                .gaps()
                .iter()
                .map(|g| {
                    format!(
                        "{}: {}",
                        g.at.map_or(String::new(), |at| format!(
                            "{}:{}",
                            files.path(at.file),
                            files.start(at).line
                        )),
                        g.why
                    )
                })
                .collect();
            gaps.sort();
            for gap in gaps.iter().take(400) {
                println!("    {gap}");
            }
        }
    }
}
