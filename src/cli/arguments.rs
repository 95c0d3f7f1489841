//! The arguments of every command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::terminal::Colour;
use crate::config::Dialect;

/// Finds where an application's models and its database migrations disagree, from the files alone.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    /// The command; `check` where none is given.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the schema that the migrations give
    Schema(SchemaArguments),
}

/// What every command that reads a repository takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Source {
    /// Run this folder's or file's migrations instead of those found; may be repeated, in the order to run
    #[arg(long, value_name = "PATH")]
    pub(super) migrations: Vec<PathBuf>,
    /// Read the models of this folder or file instead of those found; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) models: Vec<PathBuf>,
    /// The database system, instead of what the files say
    #[arg(long, value_parser = dialect)]
    pub(super) dialect: Option<Dialect>,
    /// Only the target of this name
    #[arg(long, value_name = "NAME")]
    pub(super) target: Option<String>,
    /// Major version of the PostgreSQL server [default: 15]
    #[arg(long, value_name = "VERSION")]
    pub(super) postgres_version: Option<String>,
    /// What the database is given before its migrations run: search_path, schemas, or a setting; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = given)]
    pub(super) given: Vec<(String, String)>,
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Colour,
}

/// `schemalign schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The form
    #[arg(long, default_value = "text")]
    pub(super) format: SchemaFormat,
    /// Stop after this migration
    #[arg(long, value_name = "MIGRATION")]
    pub(super) at: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub(super) source: Source,
}

/// Forms of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// For people
    Text,
    /// DDL that PostgreSQL accepts
    Sql,
    /// The schema document
    Json,
}

fn dialect(word: &str) -> Result<Dialect, String> {
    Dialect::from_word(word).ok_or_else(|| {
        let known: Vec<_> = Dialect::ALL.iter().map(|d| d.word()).collect();
        format!("one of {}", known.join(", "))
    })
}

fn given(pair: &str) -> Result<(String, String), String> {
    let (key, value) = pair
        .split_once('=')
        .ok_or("takes KEY=VALUE, such as search_path=app,public")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}
