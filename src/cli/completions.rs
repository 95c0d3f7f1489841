//! `schemalign completions` and `schemalign manpage`: what a package puts beside the program.

use std::io;

use clap::CommandFactory;

use super::arguments::{Arguments, CompletionsArguments, ManpageArguments};
use super::outcome::{Exit, Failure};
use super::terminal;

/// Prints the completions of a shell.
///
/// # Errors
/// When they cannot be written.
pub(super) fn completions(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut out = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "schemalign", &mut out);
    print(&out)
}

/// Prints the manual page of the program or of one of its commands.
///
/// # Errors
/// When there is no such command, or the page cannot be written.
pub(super) fn manpage(arguments: &ManpageArguments) -> Result<Exit, Failure> {
    let mut program = Arguments::command();
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => of_command(&program, name)?,
    };
    let mut out = Vec::new();
    page(
        &clap_mangen::Man::new(command),
        arguments.command.is_none(),
        &mut out,
    )
    .map_err(|error| Failure::new(format!("the manual page cannot be written: {error}")))?;
    print(&out)
}

fn of_command(program: &clap::Command, name: &str) -> Result<clap::Command, Failure> {
    let Some(command) = program.find_subcommand(name) else {
        let names = program.get_subcommands().map(|c| c.get_name().to_owned());
        return Err(
            Failure::new(format!("there is no command {name:?}")).details([format!(
                "the commands are: {}",
                names.collect::<Vec<_>>().join(", ")
            )]),
        );
    };
    Ok(command.clone())
}

fn page(man: &clap_mangen::Man, of_program: bool, out: &mut Vec<u8>) -> io::Result<()> {
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if of_program {
        man.render_subcommands_section(out)?;
        out.extend_from_slice(FILES.as_bytes());
    }
    out.extend_from_slice(STATUS.as_bytes());
    if of_program {
        man.render_version_section(out)?;
    }
    Ok(())
}

const STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
.B 0
Done, and nothing was found that fails the run.
.TP
.B 1
Done, and findings fail the run (see
.BR \\-\\-fail\\-on ).
.TP
.B 2
The run could not be done.
";

const FILES: &str = "\
.SH FILES
.TP
.I schemalign.toml
The configuration, nearest to what is checked; also
.I .schemalign.toml
and a section of
.I pyproject.toml
or
.IR Cargo.toml .
.TP
.I schemalign\\-baseline.txt
The findings that are known and left as they are.
.SH ENVIRONMENT
.TP
.B CI
Where it is set, entries of the baseline that are gone fail the run.
.TP
.B NO_COLOR
Where it is set, nothing is coloured.
";

fn print(bytes: &[u8]) -> Result<Exit, Failure> {
    terminal::write(&String::from_utf8_lossy(bytes))?;
    Ok(Exit::Clean)
}
