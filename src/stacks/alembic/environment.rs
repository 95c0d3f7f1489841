//! `env.py`: what it configures, and which runs of the migrations it starts.
//!
//! Source: `EnvironmentContext` and `Config` of Alembic.

use std::rc::Rc;

use smol_str::SmolStr;

use super::database::{Context, Database};
use super::flask_alembic;
use super::imports;
use super::library::{Alembic, Python};
use super::options;
use crate::interpret::python::{Args, Argument, Run, Stop, TermKind, Value};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span, Text};

/// One run of the migrations that `env.py` starts.
#[derive(Debug, Clone)]
pub struct Invocation<'a> {
    /// What was configured then.
    pub context: Rc<Context<'a>>,
    /// What `run_migrations` passes to each `upgrade()`.
    pub args: Args<'a>,
    /// The call.
    pub span: Span,
}

impl Invocation<'_> {
    /// Whether an option of `context.configure` is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        matches!(self.context.option(name), Some(Value::Bool(true)))
    }
}

/// `config.attributes`, with which a program that calls Alembic's commands hands values to `env.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Attributes {
    /// `env.py` has not asked for any.
    #[default]
    Unasked,
    /// It has, and there was none.
    Asked,
    /// They hold what cannot be told.
    Handed,
}

/// Runs `env.py`, and gives the runs of migrations that it starts. One where that cannot be told.
pub fn run<'a>(machine: &mut Python<'a>, environment: Option<FileId>, fallback: Span) -> Vec<Invocation<'a>> {
    if let Some(file) = environment {
        machine.library.in_environment = true;
        let before = machine.hold();
        let mut end = machine.run_file(file, "env_py");
        if machine.library.invocations.is_empty() && machine.library.attributes == Attributes::Asked {
            // The command line hands it nothing: it is made for a program that does.
            machine.put_back(before);
            machine.library.attributes = Attributes::Handed;
            end = machine.run_file(file, "env_py");
        }
        if let Err(stop) = end {
            let gap = why_stopped(machine, &stop, file);
            machine.note(&gap);
            machine.library.stopped = Some(gap.clone());
            if machine.library.invocations.is_empty() {
                // What it would have configured is not known.
                let mut context = (*machine.library.context).clone();
                context.open.get_or_insert(gap);
                machine.library.context = Rc::new(context);
            }
        } else if machine.library.invocations.is_empty() {
            // Migrations have run, so that it has gone another way.
            let at = Span::new(file, 0, 0);
            let gap = Gap::new(at, "starts no run of migrations that is seen", Reach::Rows);
            let mut context = (*machine.library.context).clone();
            context.open.get_or_insert(gap);
            machine.library.context = Rc::new(context);
        }
        machine.library.in_environment = false;
        // An exception at the top of a module ends the program, which the interpreter goes on with.
        let raised = |gap: &&Gap| gap.why.starts_with("raises ImportError(");
        let ended = machine.gaps().iter().filter(raised).filter_map(|gap| gap.at);
        let failure = ended
            .collect::<Vec<_>>()
            .into_iter()
            .find_map(|at| imports::broken(machine, at));
        if let Some(failure) = failure {
            machine.library.session.note_failure(failure);
        }
    }
    if environment.is_none() && flask_alembic::runs(machine.modules().files(), &machine.library.tree) {
        machine.library.in_environment = true;
        let given = flask_alembic::configured(machine, fallback);
        configure(machine, &given, fallback);
        let context = machine.library.context.clone();
        machine.library.start(Invocation {
            context,
            args: Args::default(),
            span: fallback,
        });
        machine.library.in_environment = false;
    }
    let mut found = std::mem::take(&mut machine.library.invocations);
    if found.is_empty() {
        found.push(Invocation {
            context: machine.library.context.clone(),
            args: Args::default(),
            span: fallback,
        });
    }
    found
}

/// Why a program ended before its end.
pub(super) fn why_stopped<'a>(machine: &Python<'a>, stop: &Stop<'a>, file: FileId) -> Gap {
    match stop {
        Stop::Raised(raised) => {
            let what = machine.display(&raised.exception);
            Gap::new(raised.span, format!("raises {what}"), Reach::Rows)
        }
        Stop::Exhausted(at, why) => Gap::new(*at, *why, Reach::Rows),
        Stop::Gone => Gap::new(Span::new(file, 0, 0), "cannot be followed", Reach::Rows),
    }
}

/// A call of a member of `alembic.context`, or of what `env.py` is written with.
pub(super) fn call<'a>(
    machine: &mut Python<'a>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some(path) = callee.as_path() {
        let path = path.to_owned();
        if let Some(member) = path.strip_prefix("alembic.context.") {
            return context_member(machine, member, args, at);
        }
        if path == "safir.database.run_migrations_online" {
            return Some(Ok(of_safir(machine, args, at)));
        }
        return asynchronous(machine, &path, args, at);
    }
    let Value::Term(term) = callee else { return None };
    let TermKind::Attribute(object, name) = &term.kind else {
        return None;
    };
    match name.as_str() {
        // `connection.run_sync(function, ...)` and what starts a coroutine.
        "run_sync" => {
            let (function, rest) = args.positional.split_first()?;
            let connection = Argument {
                value: object.clone(),
                span: at,
            };
            let mut positional = vec![connection];
            positional.extend(rest.iter().cloned());
            let args = Args {
                positional,
                keywords: args.keywords.clone(),
                open: args.open.clone(),
            };
            Some(machine.call(&function.value, args, at))
        }
        "run_until_complete" | "create_task" => args.positional.first().map(|a| Ok(a.value.clone())),
        _ => None,
    }
}

/// What Safir has for `env.py`: it configures the metadata and a connection, and runs the migrations in one transaction
/// (`safir/database/_alembic.py`, 15.2).
fn of_safir<'a>(machine: &mut Python<'a>, args: &Args<'a>, at: Span) -> Value<'a> {
    let mut given = Args {
        open: args.open.clone(),
        ..Args::default()
    };
    if let Some(metadata) = args.get(0, "metadata") {
        given.keywords.push(("target_metadata".into(), metadata.clone()));
    }
    configure(machine, &given, at);
    let context = machine.library.context.clone();
    machine.library.start(Invocation {
        context,
        args: Args::default(),
        span: at,
    });
    Value::None
}

/// Functions that run a coroutine: calling it has run it.
fn asynchronous<'a>(
    machine: &mut Python<'a>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match path {
        "asyncio.run"
        | "asyncio.wait_for"
        | "asyncio.create_task"
        | "asyncio.ensure_future"
        | "asyncio.shield" => args.positional.first().map(|a| Ok(a.value.clone())),
        "anyio.run" => {
            let (function, rest) = args.positional.split_first()?;
            let args = Args {
                positional: rest.to_vec(),
                ..Args::default()
            };
            Some(machine.call(&function.value, args, at))
        }
        // Alembic's command line runs no event loop.
        "asyncio.get_running_loop" => Some(Err(machine.raise(
            "builtins.RuntimeError",
            "no running event loop",
            at,
        ))),
        _ => None,
    }
}

fn context_member<'a>(
    machine: &mut Python<'a>,
    member: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    Some(Ok(match member {
        "configure" => {
            configure(machine, args, at);
            Value::None
        }
        "run_migrations" => {
            let context = machine.library.context.clone();
            machine.library.start(Invocation {
                context,
                args: args.clone(),
                span: at,
            });
            Value::None
        }
        "is_offline_mode" => Value::Bool(false),
        "is_transactional_ddl" => Value::Bool(true),
        "get_x_argument" => x_arguments(machine, args, at),
        "get_tag_argument" => Value::None,
        "get_revision_argument"
        | "get_starting_revision_argument"
        | "get_head_revision"
        | "get_head_revisions" => machine.unknown(at, "the command line says which revisions run"),
        "begin_transaction" => return None,
        _ => return config_member(machine, member.strip_prefix("config.")?, args, at),
    }))
}

/// `context.configure(connection=..., target_metadata=..., ...)`.
fn configure<'a>(machine: &mut Python<'a>, args: &Args<'a>, at: Span) {
    let mut context = Context {
        open: args.open.clone(),
        ..Context::default()
    };
    for (name, argument) in &args.keywords {
        context.options.push((name.clone(), argument.value.clone()));
    }
    if let Some(connection) = args.positional.first() {
        context
            .options
            .push((SmolStr::new_static("connection"), connection.value.clone()));
    }
    // What is configured again keeps what was said before.
    for (name, value) in &machine.library.context.options {
        if context.option(name).is_none() {
            context.options.push((name.clone(), value.clone()));
        }
    }
    context.configured = Some(at);
    machine.library.context = Rc::new(context);
}

/// What `-x key=value` gave: nothing that is not given to us as `x.key`.
fn x_arguments<'a>(machine: &mut Python<'a>, args: &Args<'a>, at: Span) -> Value<'a> {
    let as_dictionary = args.get(0, "as_dictionary").map(|a| a.value.clone());
    let given: Vec<(String, String)> = machine
        .library
        .given
        .settings
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("x.")?.to_owned(), value.clone())))
        .collect();
    if matches!(as_dictionary, Some(Value::Bool(true))) {
        let entries = given
            .iter()
            .map(|(key, value)| (Value::text(key, at), Value::text(value, at)))
            .collect();
        return machine.new_dict(entries);
    }
    let items = given
        .iter()
        .map(|(key, value)| Value::text(&format!("{key}={value}"), at))
        .collect();
    machine.new_list(items)
}

/// A member of `context.config`.
fn config_member<'a>(
    machine: &mut Python<'a>,
    member: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let default = || args.get(1, "default").map_or(Value::None, |a| a.value.clone());
    Some(Ok(match member {
        "get_main_option" | "get_alembic_option" => {
            let key = args.get(0, "name").map(|a| a.value.clone());
            match key.as_ref().and_then(Value::as_str) {
                Some(key) => main_option(machine, key, default(), at),
                None => machine.unknown(at, "an option of the configuration"),
            }
        }
        "get_section_option" => {
            let key = args.get(1, "name").map(|a| a.value.clone());
            let default = args.get(2, "default").map_or(Value::None, |a| a.value.clone());
            match key.as_ref().and_then(Value::as_str) {
                Some(key) => main_option(machine, key, default, at),
                None => machine.unknown(at, "an option of the configuration"),
            }
        }
        "get_section" => section(machine, args, at),
        "set_main_option" | "set_section_option" | "print_stdout" => Value::None,
        "attributes.get" => match machine.library.attributes {
            Attributes::Handed => machine.unknown(at, "what a program hands to env.py"),
            _ => {
                machine.library.attributes = Attributes::Asked;
                default()
            }
        },
        "get_template_directory" => machine.unknown(at, "a folder of the installation"),
        _ => return None,
    }))
}

/// Options that say where the database is are those of a deployment.
fn is_of_deployment(key: &str) -> bool {
    key.starts_with("sqlalchemy.")
}

fn main_option<'a>(machine: &mut Python<'a>, key: &str, default: Value<'a>, at: Span) -> Value<'a> {
    if key == "sqlalchemy.url"
        && let Some(address) = machine.library.address()
    {
        return Value::text(&address, at);
    }
    if is_of_deployment(key) {
        return machine.unknown(at, "where the database is");
    }
    match machine.library.tree.option(key) {
        Some(text) => Value::Str(Rc::new(text.clone())),
        None if machine.library.tree.config.is_none() => {
            let usual = options::is_left_out(machine.modules().files(), &machine.library.tree, key)
                .then_some(default);
            let option = machine.unknown(at, "an option of a configuration that no file holds");
            option.usually(usual)
        }
        None => default,
    }
}

fn section<'a>(machine: &mut Python<'a>, args: &Args<'a>, at: Span) -> Value<'a> {
    let own = match args.get(0, "name").map(|a| &a.value) {
        Some(Value::Str(name)) => name.as_str() == machine.library.tree.section,
        // `config.config_ini_section`.
        _ => true,
    };
    if !own {
        let gap = machine.gap(at, "a section of the configuration");
        return machine.open_dict(gap);
    }
    if machine.library.tree.config.is_none() {
        // A program may have set options.
        let gap = machine.gap(at, "no file holds the configuration");
        return machine.open_dict(gap);
    }
    let settings: Vec<(String, Text)> = machine
        .library
        .tree
        .options
        .iter()
        .map(|s| (s.key.clone(), s.value.clone()))
        .collect();
    let mut entries = Vec::new();
    for (key, value) in settings {
        let value = if is_of_deployment(&key) {
            machine.unknown(at, "where the database is")
        } else {
            Value::Str(Rc::new(value))
        };
        entries.push((Value::text(&key, at), value));
    }
    machine.new_dict(entries)
}

impl<'a> Alembic<'a> {
    /// Notes a run of the migrations; one that another course of `env.py` has started from the same place with the same arguments
    /// is the same.
    fn start(&mut self, invocation: Invocation<'a>) {
        let same = |other: &Invocation<'a>| {
            other.span == invocation.span
                && other.args.keywords.len() == invocation.args.keywords.len()
                && other
                    .args
                    .keywords
                    .iter()
                    .zip(&invocation.args.keywords)
                    .all(|(a, b)| a.0 == b.0 && a.1.value.as_str() == b.1.value.as_str())
        };
        if !self.invocations.iter().any(same) {
            self.invocations.push(invocation);
        }
    }
}
