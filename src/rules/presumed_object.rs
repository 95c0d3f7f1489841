//! A table or type that migrations use and never make.

use rayon::prelude::*;

use super::missing_table::{begins_later, is_of_migrations};
use super::table_of_another_database::held_by_another;
use super::{Check, Context, Report, Reporter, Rule, projects, siblings};
use crate::finding::Level;
use crate::interpret::python::spoken::{Subject, is_of_tests, speaks_of};
use crate::known::Gap;
use crate::name::Name;
use crate::schema::{Schema, Type, TypeKind};
use crate::session::elsewhere::Presumed;
use crate::source::{FileId, Files, Span};
use crate::stacks::ecto;

pub(super) static RULE: Rule = Rule {
    name: "presumed-object",
    summary: "The migrations use a table or type that none of them makes.",
    level: Level::Note,
    page: include_str!("../../rules/presumed-object.md"),
    check: Check::Repository(check),
};

fn check(targets: &[Context<'_>], out: &Reporter) {
    for ctx in targets {
        check_target(targets, ctx, out);
    }
}

fn check_target(targets: &[Context<'_>], ctx: &Context<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    let maker = create_all(ctx).map(|maker| maker.span);
    let beside: Vec<Vec<FileId>> = projects(ctx)
        .into_iter()
        .map(|folder| ecto::family::migrations_beside(ctx.subject.files, folder))
        .collect();
    for (id, table) in schema.tables.iter() {
        if let Some(gap) = table.presumed.as_ref().filter(|_| table.presence.may_be())
            && table.extension.is_none()
            && !is_hidden(schema, gap)
        {
            let table = schema.table(id);
            let name = table.qualified();
            let elsewhere = held_by_another(targets, ctx, &name).is_some()
                || siblings(targets, ctx).any(|other| makes(other, &name))
                || beside_in_folders(targets, ctx).any(|other| makes(other, &name))
                || beside.iter().any(|files| {
                    let table = table.name().as_str();
                    ecto::family::named_beside(ctx.subject.files, files, table).is_some()
                });
            if !elsewhere && !schema.namespaces[table.get().namespace].system {
                send(ctx, gap, (Kind::Table, &name), maker, out);
            }
        }
    }
    for presumed in ctx.subject.outcome.iter().flat_map(|o| &o.presumed_path) {
        send_path(ctx, presumed, out);
    }
    for (_, ty) in schema.types.iter() {
        if let TypeKind::Presumed(gap) = &ty.kind
            && ty.presence.may_be()
            && !is_hidden(schema, gap)
            && !was_made(schema, ty)
        {
            let name = format!("{}.{}", schema.namespaces[ty.namespace].name, ty.name);
            // What an extension brings may be installed by hand; an enum hardly is.
            let is_program = ctx.subject.histories.iter().any(|h| h.program.is_some());
            // What makes the schema that it is in may make it; and where it may not be used it may not be missing.
            let is_certain = ty.presence.is_present() && schema.namespaces[ty.namespace].presumed.is_none();
            let fails = is_program
                && is_certain
                && ty.extension.is_none()
                && maker.is_none()
                && !begins_later(ctx, schema);
            let maker = match fails {
                true => maker_of_type(ctx.subject.files, &ty.name),
                false => maker,
            };
            let kind = match fails && maker.is_none() {
                true => Kind::UnmadeType,
                false => Kind::Type,
            };
            send(ctx, gap, (kind, &name), maker, out);
        }
    }
}

/// Whether an object is only not known: what could not be followed may have made it.
fn is_hidden(schema: &Schema, gap: &Gap) -> bool {
    let mut causes = schema.gaps.iter();
    causes.any(|cause| cause.at == gap.at && cause.why == gap.why)
}

/// Whether the migrations made a type of this name before and dropped it: that it was used again is told where it fails.
fn was_made(schema: &Schema, ty: &Type) -> bool {
    let mut others = schema.types.iter().map(|(_, other)| other);
    others.any(|other| {
        other.namespace == ty.namespace
            && other.name == ty.name
            && !matches!(other.kind, TypeKind::Presumed(_))
    })
}

/// The targets of the same dialect whose migrations are a folder of SQL too: another folder may run on the same database.
fn beside_in_folders<'t, 'a>(
    targets: &'t [Context<'a>],
    ctx: &Context<'a>,
) -> impl Iterator<Item = &'t Context<'a>> {
    let (target, dialect) = (ctx.subject.target, ctx.subject.dialect);
    let is_of_folders = |ctx: &Context<'_>| ctx.subject.histories.iter().all(|h| h.program.is_none());
    let own = is_of_folders(ctx);
    targets.iter().filter(move |other| {
        own && other.subject.target != target && other.subject.dialect == dialect && is_of_folders(other)
    })
}

/// Whether the migrations of a database make a table.
fn makes(ctx: &Context<'_>, name: &str) -> bool {
    let tables = ctx
        .schema()
        .map(|schema| schema.live_tables())
        .unwrap_or_default();
    tables
        .into_iter()
        .any(|table| table.get().presumed.is_none() && table.qualified() == name)
}

/// The call of `create_all` that makes what no revision of Alembic makes: in the program, or in a script beside it.
pub(super) fn create_all(ctx: &Context<'_>) -> Option<Maker> {
    ctx.maker.filter(|_| may_begin_otherwise(ctx))
}

/// Whether a program's migrations use what none of them makes.
pub(super) fn may_begin_otherwise(ctx: &Context<'_>) -> bool {
    let is_program = ctx.subject.histories.iter().any(|h| h.program.is_some());
    let presumes = |schema: &Schema| schema.tables.iter().any(|(_, table)| table.presumed.is_some());
    is_program && ctx.schema().is_some_and(presumes)
}

/// What beside the migrations may make a type that none of them makes: `create_all`, which makes types whose tables are there
/// (`SchemaType._on_metadata_create`), or a statement.
fn maker_of_type(files: &Files, name: &Name) -> Option<Span> {
    if let Some(maker) = find_create_all(files) {
        return Some(maker.span);
    }
    let candidates = files.importable().filter(|(_, entry)| {
        let ends = |end: &&str| entry.path.ends_with(*end);
        [".py", ".sql", ".sh"].iter().any(ends) && !is_of_tests(&entry.path)
    });
    let candidates: Vec<FileId> = candidates.map(|(file, _)| file).collect();
    let found = candidates
        .par_iter()
        .filter_map(|file| statement(files, *file, name));
    found.min_by_key(|span| (span.file, span.start))
}

/// Where a file that holds no migration of Alembic makes a type of a name.
fn statement(files: &Files, file: FileId, name: &Name) -> Option<Span> {
    let text = files.text(file);
    let made = text.match_indices(name.as_str()).map(|(at, _)| at).find(|at| {
        let before = text[..*at].trim_end_matches(['"', '\\']);
        let before = before.strip_suffix("public.").unwrap_or(before);
        let mut words = before.split_whitespace().rev();
        let mut follows = |word: &str| words.next().is_some_and(|w| ends_with(w, word));
        let goes_on =
            text[*at + name.as_str().len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        !goes_on && follows("type") && follows("create")
    })?;
    (!is_of_migrations(files, file)).then(|| Span::new(file, made, made + name.as_str().len()))
}

/// Whether a word of a file ends with another, in any case: `("CREATE` does with `create`.
fn ends_with(word: &str, end: &str) -> bool {
    let start = word.len().checked_sub(end.len());
    start
        .and_then(|start| word.get(start..))
        .is_some_and(|rest| rest.eq_ignore_ascii_case(end))
}

/// A call of `create_all`.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    /// Where.
    pub(super) span: Span,
    /// The program that has it marks the migrations as run: a new database is made without them.
    pub(super) stamps: bool,
}

/// The first call that says whose tables it makes (`metadata.create_all`, `db.create_all`), else the first of that name.
pub(super) fn find_create_all(files: &Files) -> Option<Maker> {
    *files.remember("calls of create_all", look_for_create_all)
}

fn look_for_create_all(files: &Files) -> Option<Maker> {
    let candidates = files
        .importable()
        .filter(|(_, entry)| entry.path.ends_with(".py") && !is_of_tests(&entry.path));
    let candidates: Vec<FileId> = candidates.map(|(file, _)| file).collect();
    let calls = |file: &FileId| {
        let any = speaks_of(files, *file, Subject::CreateAll);
        any.then(|| maker(files, *file)).flatten()
    };
    let found: Vec<(bool, bool, Maker)> = candidates.par_iter().filter_map(calls).collect();
    found
        .into_iter()
        .min_by_key(|(unsure, vague, _)| (*unsure, *vague))
        .map(|(_, _, maker)| maker)
}

/// The first call in a file; whether it is unsure that the file makes whole databases, and whether whose tables they are is left out.
fn maker(files: &Files, file: FileId) -> Option<(bool, bool, Maker)> {
    let text = files.text(file);
    let at = text.find(".create_all(").or_else(|| text.find(".create_all)"))?;
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let lead = text[start..at].len() - text[start..at].trim_start().len();
    let said = text[..at].ends_with("metadata") || text[..at].ends_with("db");
    let maker = Maker {
        span: Span::new(file, start + lead, at + ".create_all".len()),
        stamps: text.contains("stamp("),
    };
    Some((!(said && maker.stamps), !said, maker))
}

/// A name without a schema, and a history that runs only where the search path leads to the schema that has it.
fn send_path(ctx: &Context<'_>, presumed: &Presumed, out: &Reporter) {
    let Some(at) = presumed.gap.at else { return };
    let Presumed { schema, table, .. } = presumed;
    let name = format!("{schema}.{table}");
    let report = Report::new(
        at,
        "named without its schema",
        format!("the migrations run only where the search path leads to {schema}, too: they name {table} alone, and make {name}"),
    )
    .table(&name)
    .object(&name)
    .targets([ctx.subject.target])
    .help(format!(
        "name the schema in the migration, or have the connection of the migrations set its search path; this is checked as if the path \
         led there (`--given search_path=public,{schema}` says so)"
    ));
    out.send(report);
}

/// What is presumed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    Type,
    /// A type in a history that begins at nothing, where nothing else is seen to make it.
    UnmadeType,
}

fn send(ctx: &Context<'_>, gap: &Gap, (of, name): (Kind, &str), maker: Option<Span>, out: &Reporter) {
    let Some(at) = gap.at else { return };
    let kind = if of == Kind::Table { "table" } else { "type" };
    let effect = if of == Kind::UnmadeType {
        "on a new database this fails (SQLSTATE 42704)"
    } else {
        "nothing is known of it"
    };
    let mut report = Report::new(
        at,
        "first used here",
        format!("the {kind} {name} is used here, and no migration makes it: {effect}"),
    )
    .raised(match of {
        Kind::UnmadeType => Level::Warn,
        Kind::Table | Kind::Type => Level::Note,
    })
    .object(name)
    .targets([ctx.subject.target])
    .help(format!(
        "if another history or a platform makes it, nothing is wrong; otherwise write a migration that creates the {kind}"
    ));
    if let Some(maker) = maker {
        report = report.related(maker, "most likely makes it".to_owned());
    }
    if of == Kind::Table {
        report = report.table(name);
    }
    out.send(report);
}
