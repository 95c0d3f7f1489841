//! The arguments of every command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::terminal::Colour;
use crate::config::Dialect;

/// Finds where an application's models and its database migrations disagree, from the files alone.
///
/// Without a command it checks: `schemalign` is `schemalign check`.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    /// The command; `check` where none is given.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) check: CheckArguments,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find where models and migrations disagree (the default)
    Check(CheckArguments),
    /// Print the schema that the migrations give
    Schema(SchemaArguments),
    /// Print what the models declare
    Models(ModelsArguments),
    /// Print what two states of a schema have apart: migrations, a revision of them, a commit, models, a dump
    Diff(DiffArguments),
    /// Print every change to a table or column, with migration and line
    History(ObjectArguments),
    /// List every key, model, migration or table, each with its places
    Inventory(InventoryArguments),
    /// List what depends on a table or column, directly or through others
    Impact(ImpactArguments),
    /// Explain a rule, or what both sides say of a table or column and where each fact comes from
    Explain(ObjectArguments),
    /// List the rules
    Rules(RulesArguments),
    /// Write down what is found now, so that only what is new is told from then on
    Baseline(BaselineArguments),
    /// Draft the migration that the models wait for; it is written, never run
    Migration(MigrationArguments),
    /// Write a report for the browser: findings, the schema as a diagram, coverage, in one HTML file
    Report(ReportArguments),
    /// Show the configuration that is in force, and where it is said
    Config(ConfigArguments),
    /// Write a commented configuration file
    Init(InitArguments),
    /// Serve an editor over standard input and output (Language Server Protocol)
    Lsp(LspArguments),
    /// Print what a shell needs to complete commands and options
    Completions(CompletionsArguments),
    /// Print a manual page
    Manpage(ManpageArguments),
}

/// `schemalign check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Folders to check, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Take the text of this file from standard input instead of the disk, and check what it belongs to
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_filename: Option<PathBuf>,
    /// The form
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: CheckFormat,
    /// Write the report to a file as well, in a form of its own; may be repeated
    #[arg(long, value_name = "FORM=FILE", value_parser = output)]
    pub(super) output: Vec<(CheckFormat, PathBuf)>,
    /// List everything that could not be followed
    #[arg(long)]
    pub(super) coverage: bool,
    /// Print how many findings each rule has, instead of the findings
    #[arg(long)]
    pub(super) statistics: bool,
    /// Print errors and warnings alone: no notes, no closing line
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Fail the run (exit status 1) on findings of this level and louder ones [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOn>,
    /// Fail the run only when there are more such findings than this
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) max_findings: usize,
    /// Never fail the run because of findings
    #[arg(long)]
    pub(super) exit_zero: bool,
    /// Fail the run when less than this part of the statements and fields, in per cent, could be followed
    #[arg(long, value_name = "PERCENT")]
    pub(super) minimum_coverage: Option<f64>,
    /// Hold the models against this dump (pg_dump -s, structure.sql) instead of the migrations
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "models_at"])]
    pub(super) database: Option<PathBuf>,
    /// Hold today's models against the schema of an earlier migration
    #[arg(long, value_name = "MIGRATION")]
    pub(super) at: Option<String>,
    /// Hold the models of a commit against today's migrations
    #[arg(long, value_name = "COMMIT", conflicts_with_all = ["since", "fix", "unsafe_fixes", "diff"])]
    pub(super) models_at: Option<String>,
    /// Run the migrations' ways back too (failing-down, down-does-not-undo-up, irreversible-migration)
    #[arg(long)]
    pub(super) downs: bool,
    /// Tell only what came since this commit, or since the branch left it: what git diff COMMIT... would show
    #[arg(long, value_name = "COMMIT")]
    pub(super) since: Option<String>,
    /// Tell for each finding which commit brought the later of its two sides
    #[arg(long)]
    pub(super) blame: bool,
    /// Mend the models where that is safe: add what the database has and they leave unsaid
    #[arg(long, conflicts_with = "stdin_filename")]
    pub(super) fix: bool,
    /// Mend the models also where that changes what they say
    #[arg(long, conflicts_with = "stdin_filename")]
    pub(super) unsafe_fixes: bool,
    /// Print what --fix, or --unsafe-fixes, would change, and change nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// Tell what the baseline holds as well
    #[arg(long)]
    pub(super) no_baseline: bool,
    /// Tell at its own level also what is expected by the `order` in which models and migrations land: before a release
    #[arg(long)]
    pub(super) settled: bool,
    /// Check again whenever a file changes, until interrupted
    #[arg(long, conflicts_with_all = ["stdin_filename", "fix", "unsafe_fixes", "diff"])]
    pub(super) watch: bool,
    /// Fail the run also on entries of the baseline that are gone; set where the environment has `CI`
    #[arg(long)]
    pub(super) ci: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people: both sides' lines in one message
    Text,
    /// For people: one line a finding
    Concise,
    /// The findings document
    Json,
    /// One finding of the findings document a line
    JsonLines,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit's XML
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// Checkstyle's XML
    Checkstyle,
    /// Reviewdog's diagnostics
    Rdjson,
    /// A comment for a pull request
    Markdown,
}

/// The quietest level that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Errors alone
    Error,
    /// Errors and warnings
    Warn,
    /// Any finding
    Note,
}

/// Forms of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    Text,
    /// The document
    Json,
}

/// `schemalign baseline`.
#[derive(Debug, Args)]
pub(super) struct BaselineArguments {
    /// Folders to check, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Only take out entries that are found no more
    #[arg(long)]
    pub(super) prune: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign migration`.
#[derive(Debug, Args)]
pub(super) struct MigrationArguments {
    /// Folders to check, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// What it is called [default: align with models]
    #[arg(long, value_name = "WORDS")]
    pub(super) name: Option<String>,
    /// Print it instead of writing it
    #[arg(long)]
    pub(super) stdout: bool,
    /// Draft the stages in which a column, and all that refers to it, gets another type, one file a stage
    #[arg(long, num_args = 2, value_names = ["TABLE.COLUMN", "TYPE"], conflicts_with = "name")]
    pub(super) retype: Vec<String>,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign report`.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// Folders to check, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The file to write; - is standard output
    #[arg(long, short, value_name = "FILE", default_value = "schemalign.html")]
    pub(super) output: PathBuf,
    /// Tell what the baseline holds as well
    #[arg(long)]
    pub(super) no_baseline: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    /// The file or folder that it is in force for
    #[arg(value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// List every key of the configuration file
    #[arg(long)]
    pub(super) keys: bool,
    /// Print the JSON Schema of the configuration file
    #[arg(long, conflicts_with = "keys")]
    pub(super) schema: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign lsp`. Clients add `--stdio` out of habit.
#[derive(Debug, Args)]
pub(super) struct LspArguments {
    /// Standard input and output, which is all there is
    #[arg(long)]
    pub(super) stdio: bool,
}

/// `schemalign completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

/// `schemalign manpage`.
#[derive(Debug, Args)]
pub(super) struct ManpageArguments {
    /// The command, instead of the program
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
}

/// `schemalign init`.
#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// The folder, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Print it instead of writing it
    #[arg(long)]
    pub(super) stdout: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign models`.
#[derive(Debug, Args)]
pub(super) struct ModelsArguments {
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The form
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign inventory`.
#[derive(Debug, Args)]
pub(super) struct InventoryArguments {
    /// What is listed
    #[arg(value_name = "KIND")]
    pub(super) kind: InventoryKind,
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The form
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: InventoryFormat,
    /// Print this sheet alone; csv prints the first unless another is named
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign impact`.
#[derive(Debug, Args)]
pub(super) struct ImpactArguments {
    /// A table or column, as users, users.email or public.users.email
    #[arg(value_name = "TABLE[.COLUMN]")]
    pub(super) object: String,
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The form
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: ImpactFormat,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Forms of an impact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ImpactFormat {
    /// For people
    Text,
    /// The document
    Json,
    /// Tables of Markdown
    Markdown,
}

/// Kinds of inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InventoryKind {
    /// Primary and foreign keys, and columns that refer by name alone
    Keys,
    /// Models, file by file
    Models,
    /// Migrations in their order, and which database each is for
    Migrations,
    /// Columns as the database has them, beside the fields that use them
    Tables,
}

/// Forms of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InventoryFormat {
    /// For people
    Text,
    /// The document
    Json,
    /// Tables of Markdown
    Markdown,
    /// One sheet for a spreadsheet
    Csv,
}

/// `schemalign history` and `schemalign explain`.
#[derive(Debug, Args)]
pub(super) struct ObjectArguments {
    /// A table or column, as users, users.email or public.users.email; for explain also a rule
    #[arg(value_name = "TABLE[.COLUMN]")]
    pub(super) object: String,
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) source: Source,
}

/// `schemalign diff`.
#[derive(Debug, Args)]
#[command(after_help = "A side is one of:\n  \
    history      what the migrations make\n  \
    @0042        what they make up to and with that migration; @0042^ up to the one before it\n  \
    models       what the models alone would make\n  \
    FILE.sql     a dump (pg_dump -s, structure.sql, schema.sql); - is standard input\n  \
    FOLDER       the migrations that lie there\n  \
    git:REF      the same in a commit: git:main, git:v2:@0042, git:main:models, git:main:db/structure.sql\n  \
    target:NAME  the same of another target: target:orders, target:orders:@0042\n  \
    install:WAY  what an installation has that arrived another way: install:stepwise\n\n\
    Exit status: 0 equal, 1 different, 2 where that cannot be told.")]
pub(super) struct DiffArguments {
    /// The first state
    #[arg(value_name = "A")]
    pub(super) left: String,
    /// The second state
    #[arg(value_name = "B")]
    pub(super) right: String,
    /// Folders to search, instead of the working folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The form
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: DiffFormat,
    /// Leave out what hardly matters; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub(super) ignore: Vec<Leave>,
    /// Leave out a table; may be repeated
    #[arg(long, value_name = "TABLE")]
    pub(super) without: Vec<String>,
    /// Exit with 0 where nothing that is known differs, although something is not known
    #[arg(long)]
    pub(super) known: bool,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Forms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For people
    Text,
    /// The document
    Json,
    /// A comment for a pull request
    Markdown,
}

/// What a comparison can leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Leave {
    /// The order of columns
    Order,
    /// Names of constraints and indexes
    Names,
    /// Comments
    Comments,
}

/// `schemalign rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: Colour,
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
    /// Read no configuration file
    #[arg(long)]
    pub(super) no_config: bool,
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
    #[arg(long, default_value = "text", value_name = "FORM")]
    pub(super) format: SchemaFormat,
    /// Stop after this migration
    #[arg(long, value_name = "MIGRATION")]
    pub(super) at: Option<String>,
    /// How an installation arrived, where one call walks versions: fresh, stepwise, or 1-49,50-60
    #[arg(long, value_name = "WAY")]
    pub(super) install: Option<String>,
    #[command(flatten)]
    pub(super) source: Source,
}

/// Forms of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// For people
    Text,
    /// DDL that PostgreSQL accepts; what is not known is a comment
    Sql,
    /// The schema document
    Json,
    /// An entity diagram for Mermaid
    Mermaid,
    /// A graph for Graphviz
    Dot,
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

/// `sarif=out.sarif`.
fn output(pair: &str) -> Result<(CheckFormat, PathBuf), String> {
    let (form, file) = pair
        .split_once('=')
        .filter(|(_, file)| !file.is_empty())
        .ok_or("takes FORM=FILE, such as sarif=schemalign.sarif")?;
    let form = CheckFormat::from_str(form, true).map_err(|_| {
        let forms = CheckFormat::value_variants().iter();
        let names = forms.filter_map(ValueEnum::to_possible_value);
        let names: Vec<_> = names.map(|v| v.get_name().to_owned()).collect();
        format!("there is no form {form:?}; the forms are {}", names.join(", "))
    })?;
    Ok((form, PathBuf::from(file)))
}
