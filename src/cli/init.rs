//! `schemalign init`: writes a commented configuration file from what discovery sees.

use super::arguments::InitArguments;
use super::outcome::{Exit, Failure};
use super::workspace::Workspace;
use super::{disk, terminal};
use crate::discover::{self, Found};
use crate::report::escape;

/// The file.
const FILE: &str = "schemalign.toml";

/// Runs the command.
///
/// # Errors
/// When the file is there already or cannot be written.
pub(super) fn run(arguments: &InitArguments) -> Result<Exit, Failure> {
    let work = Workspace::open(&arguments.paths, &arguments.source)?;
    if work.files.find(FILE).is_some() && !arguments.stdout {
        return Err(Failure::new(format!("{FILE} is there already"))
            .help("`schemalign config` shows what is in force; --stdout prints a fresh file"));
    }
    let found = discover::discover(&work.files, &work.options)?;
    let text = text(&found);
    if arguments.stdout {
        terminal::write(&text)?;
        return Ok(Exit::Clean);
    }
    let full = work.root.join(FILE);
    disk::write(&full, &text)
        .map_err(|error| Failure::new(format!("{FILE} cannot be written: {}", disk::words(&error))))?;
    terminal::write(&format!("{FILE} is written\n"))?;
    Ok(Exit::Clean)
}

fn text(found: &Found) -> String {
    let mut out = String::from(
        "# schemalign: where models and migrations disagree. Every key is optional; `schemalign config --keys` lists them all.\n\n\
         # Levels of rules: \"off\", \"note\", \"warn\", \"error\". `schemalign rules` lists them.\n\
         [rules]\n# missing-index = \"off\"\n\n\
         # Files that are not looked at, and tables of which nothing is told.\n\
         # exclude = [\"legacy/**\"]\n# exclude-tables = [\"audit_*\"]\n\
         # Tables that another service creates.\n# owned-by-others = [\"auth.*\"]\n\n\
         # What every database is given before its migrations run.\n\
         # [given]\n# postgres_version = 16\n# search_path = [\"app\", \"public\"]\n",
    );
    if !found.targets.is_empty() {
        out.push_str("\n# What is found without this file. Uncomment to set it by hand; then nothing else is looked for.\n");
    }
    let quoted = |path: &str| format!("{:?}", if path.is_empty() { "." } else { path });
    for target in &found.targets {
        let histories: Vec<String> = target.histories.iter().map(|h| quoted(&h.path)).collect();
        let models: Vec<String> = target.models.iter().map(|m| quoted(&m.path)).collect();
        out.push_str(&format!("# [[projects]]\n# name = {:?}\n", target.name));
        out.push_str(&format!(
            "# migrations = [{}]\n# models = [{}]\n",
            histories.join(", "),
            models.join(", ")
        ));
        out.push_str(&format!("# dialect = \"{}\"\n", target.dialect.word()));
    }
    for seen in &found.not_checked {
        out.push_str(&format!(
            "# not checked: {}: {}\n",
            escape(&seen.what),
            escape(&seen.why)
        ));
    }
    out
}
