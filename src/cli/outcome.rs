//! How a run ends: the exit codes, and what is said when it cannot be done.

use std::process::ExitCode;

use crate::config::Misuse;

/// How a run ended. The only place that knows the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; nothing that fails the run.
    Clean,
    /// Done; at least one error or warning was found.
    Found,
    /// Could not be done.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
        })
    }
}

/// Why a run could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What went wrong, where and why, in one sentence.
    pub(super) what: String,
    /// Lines that explain it.
    pub(super) details: Vec<String>,
    /// What to do.
    pub(super) help: Option<String>,
}

impl Failure {
    /// A failure in one sentence.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Failure {
            what: what.into(),
            details: Vec::new(),
            help: None,
        }
    }

    /// With what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With lines that explain it.
    pub(super) fn details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

impl From<Misuse> for Failure {
    fn from(misuse: Misuse) -> Self {
        Failure::new(misuse.what).help(misuse.help)
    }
}
