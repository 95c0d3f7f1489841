//! A column that is named after another table's key and has no foreign key, neither in the database nor in the models.

use super::mixed_key_types::{agrees, at, in_database, is_text, names};
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::pair::foreign_keys;
use crate::pair::referring::{Named, Referring, snake};
use crate::schema::Schema;

pub(super) static RULE: Rule = Rule {
    name: "unreferenced-key",
    summary: "A column is named after another table, and no foreign key leads there.",
    level: Level::Note,
    page: include_str!("../../rules/unreferenced-key.md"),
    check: Check::Repository(check),
};

fn check(targets: &[Context<'_>], out: &Reporter) {
    for ctx in targets {
        check_target(targets, ctx, out);
    }
}

fn check_target(targets: &[Context<'_>], ctx: &Context<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    // Where there are none at all, they are left out on purpose.
    let any = schema
        .live_tables()
        .into_iter()
        .any(|t| foreign_keys(t).next().is_some());
    if !any {
        return;
    }
    for named in names(targets, ctx) {
        let bare: Vec<&Referring<'_>> = named
            .columns
            .iter()
            .filter(|c| refers(schema, named, c))
            .collect();
        // Where most have none, they are left out on purpose.
        if named.keys > 0 && bare.len() > 2 * named.keys {
            continue;
        }
        if bare.len() > MANY {
            together(ctx, named, &bare, out);
        } else {
            bare.iter().for_each(|column| send(ctx, named, column, out));
        }
    }
}

/// More columns of one name than this are told together.
const MANY: usize = 3;

fn refers(schema: &Schema, named: &Named<'_>, column: &Referring<'_>) -> bool {
    let (Some(own), Some(wanted)) = (&column.place.ty, &named.target.ty) else {
        return false;
    };
    !column.keyed
        && !column.open
        && named.may_mean(column)
        && !outlives(&column.place.table)
        // One foreign key of a column that is not named after a table says little of others (`parent_id`).
        && (named.exact || named.keys > 1)
        // Text may be an identifier of anything: only foreign keys of its like tell what it is.
        && (!is_text(own) || named.keys > 0 && named.exact)
        && agrees(schema, own, wanted)
}

/// Whether a table keeps what it says when what it speaks of is gone: logs, histories and copies.
fn outlives(table: &str) -> bool {
    let name = snake(table.rsplit('.').next().unwrap_or(table));
    name.split('_').any(|word| {
        matches!(
            word.strip_suffix('s').unwrap_or(word),
            "log" | "audit" | "history" | "historie" | "snapshot" | "archive" | "archived" | "backup"
        )
    })
}

/// All columns of one name.
fn together(ctx: &Context<'_>, named: &Named<'_>, bare: &[&Referring<'_>], out: &Reporter) {
    let Some(first) = bare.first() else { return };
    let name = &first.place.name;
    let target = format!("{}.{}", named.target.table, named.target.name);
    let why = match named.keys {
        0 => String::new(),
        1 => ", where one table has one".to_owned(),
        n => format!(", where {n} others have one"),
    };
    let mut report = Report::new(
        at(ctx, &first.place),
        "no foreign key",
        format!(
            "`{name}` is named after {target} in {} tables without a foreign key{why}: nothing keeps the rows that they name",
            bare.len()
        ),
    )
    .targets([ctx.subject.target])
    .table(&named.target.table)
    .column(name)
    .help(HELP)
    .database(in_database(ctx, &first.place).as_ref(), "made here")
    .related(at(ctx, &named.target), format!("{target} here"));
    if let Some((_, field)) = first.place.declared {
        report = report.model(field.span);
    }
    for column in bare.iter().skip(1) {
        report = report.related(at(ctx, &column.place), format!("nor in {}", column.place.table));
    }
    out.send(report);
}

const HELP: &str =
    "add a foreign key in the model and a migration; if the row may be gone on purpose, nothing is wrong";

fn send(ctx: &Context<'_>, named: &Named<'_>, column: &Referring<'_>, out: &Reporter) {
    let (table, name) = (&column.place.table, &column.place.name);
    let target = format!("{}.{}", named.target.table, named.target.name);
    let why = match named.keys {
        0 => String::new(),
        1 => " (as a foreign key of its like is)".to_owned(),
        n => format!(" (as {n} foreign keys of its like are)"),
    };
    let mut report = Report::new(
        at(ctx, &column.place),
        "no foreign key",
        format!("{table}.{name} is named after {target}{why}, but no foreign key leads there: nothing keeps the row that it names"),
    )
    .targets([ctx.subject.target])
    .table(table)
    .column(name)
    .object(&target)
    .database(in_database(ctx, &column.place).as_ref(), "made here")
    .related(at(ctx, &named.target), format!("{target} here"))
    .help(HELP);
    if let Some((_, field)) = column.place.declared {
        report = report.model(field.span);
    }
    out.send(report);
}
