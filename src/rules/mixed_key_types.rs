//! Columns of one name, which refer to one table, of several types.

use super::place::Fact;
use super::table_of_another_database::held_by_another;
use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::pair::referring::{Named, Place, Referring};
use crate::pair::{resolve, type_fit};
use crate::replay::analyse::{comparable, equated};
use crate::schema::Schema;
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, Category, Fit, Modifier, SqlType};

pub(super) static RULE: Rule = Rule {
    name: "mixed-key-types",
    summary: "Columns of one name refer to one table, and have several types.",
    level: Level::Warn,
    page: include_str!("../../rules/mixed-key-types.md"),
    check: Check::Repository(check),
};

fn check(targets: &[Context<'_>], out: &Reporter) {
    for ctx in targets {
        let Some(schema) = ctx.schema() else { continue };
        for named in names(targets, ctx) {
            check_name(ctx, schema, named, out);
        }
    }
}

/// The names that refer to a table of this database.
pub(super) fn names<'c, 'a>(
    targets: &'c [Context<'a>],
    ctx: &'c Context<'a>,
) -> impl Iterator<Item = &'c Named<'a>> {
    ctx.named.iter().filter(|named| {
        // What this database is only presumed to have, another one of the same migrations has.
        let is_presumed = named.target.held.is_none_or(|c| c.table.get().presumed.is_some());
        !is_presumed || held_by_another(targets, ctx, &named.target.table).is_none()
    })
}

/// How a column's type differs from that of what it refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Of the same kind: one is narrower.
    Width,
    /// There can be no foreign key between the two.
    Family,
    /// The two cannot be compared.
    Kind,
}

fn difference(schema: &Schema, own: &SqlType, wanted: &SqlType) -> Option<Difference> {
    if comparable(schema, own, wanted) == Some(false) {
        return Some(match equated(schema, own, wanted) {
            Some(false) => Difference::Kind,
            _ => Difference::Family,
        });
    }
    // Texts of any length compare, and a key's length is seldom what its values have.
    if is_text(own) && is_text(wanted) {
        return None;
    }
    let fit = type_fit(schema, wanted, own).ok()?;
    (fit != Fit::Same).then_some(Difference::Width)
}

/// Whether a column's type is its target's.
pub(super) fn agrees(schema: &Schema, own: &SqlType, wanted: &SqlType) -> bool {
    comparable(schema, own, wanted) == Some(true) && difference(schema, own, wanted).is_none()
}

/// A column that refers to the target, its type, and how that differs.
type Other<'n> = (&'n Referring<'n>, &'n SqlType, Difference);

/// The columns that do refer to the target: by a foreign key, or by a type that is no text of any kind.
fn others<'n>(schema: &Schema, named: &'n Named<'n>, wanted: &SqlType) -> Vec<Other<'n>> {
    // Text may name a thing of another service. It does not where it is as long as a uuid, or where a foreign key of its like leads
    // to the target.
    let some_text = named
        .columns
        .iter()
        .any(|c| c.keyed && c.place.ty.as_ref().is_some_and(is_text));
    let refers = |column: &Referring<'_>, own: &SqlType| {
        column.keyed
            || named.may_mean(column)
                && (named.exact || !is_text(own))
                && (named.keys > 0 || named.exact)
                // A list of keys is no key; and what is kept as a number where keys are texts is counted by something else.
                && own.array == wanted.array
                && (named.keys > 0 || !is_text(wanted) || is_text(own))
                && (!is_text(own) || is_text(wanted) || some_text || is_uuid_text(own, wanted))
    };
    named
        .columns
        .iter()
        .filter_map(|column| {
            let own = column.place.ty.as_ref().filter(|own| refers(column, own))?;
            Some((column, own, difference(schema, own, wanted)?))
        })
        .collect()
}

pub(super) fn is_text(ty: &SqlType) -> bool {
    matches!(&ty.base, BaseType::Builtin(b) if b.category() == Category::S)
}

/// `varchar(36)` or `char(32)` where the target is a uuid.
fn is_uuid_text(own: &SqlType, wanted: &SqlType) -> bool {
    wanted.base == BaseType::Builtin(Builtin::Uuid) && matches!(own.modifier, Some(Modifier::Length(32 | 36)))
}

fn check_name(ctx: &Context<'_>, schema: &Schema, named: &Named<'_>, out: &Reporter) {
    let Some(wanted) = &named.target.ty else { return };
    let others = others(schema, named, wanted);
    let Some((first, own, _)) = others.first() else {
        return;
    };
    // One foreign key with a type of its own has a rule of its own.
    let several = others.iter().any(|(_, ty, _)| ty != own);
    if !several && others.iter().all(|(column, ..)| column.keyed) {
        return;
    }
    let worst = others.iter().map(|(.., difference)| *difference).max();
    let certain = named.keys > 0;
    let level = match worst {
        Some(Difference::Kind | Difference::Family) => Level::Warn,
        _ => Level::Note,
    };
    let name = &first.place.name;
    let wanted = schema.format_type(wanted);
    let target = format!("{}.{}", named.target.table, named.target.name);
    let effect = match worst {
        Some(Difference::Kind) => ": these cannot be compared without a cast, nor have a foreign key",
        Some(Difference::Family) => ": no foreign key can be between these",
        _ => "",
    };
    let types = counted(schema, &others);
    let refers = if certain { "refers" } else { "seems to refer" };
    let mut report = Report::new(
        at(ctx, &first.place),
        format!("{} here", schema.format_type(own)),
        format!("`{name}` {refers} to {target}, which is {wanted}, but is {types}{effect}"),
    )
    .level(level)
    .targets([ctx.subject.target])
    .table(&named.target.table)
    .column(name)
    .expected(&wanted)
    .found(&types)
    .help(format!(
        "give each column {name} the type {wanted}, and a foreign key to {target}"
    ))
    .database(in_database(ctx, &first.place).as_ref(), "made here")
    .related(at(ctx, &named.target), format!("{wanted} here"));
    if let Some((_, field)) = first.place.declared {
        report = report.model(field.span);
    }
    for (column, own, _) in others.iter().skip(1) {
        let label = format!("{} in {}", schema.format_type(own), column.place.table);
        report = report.related(at(ctx, &column.place), label);
    }
    out.send(report);
}

/// `uuid in public.a and public.b, text in public.c`.
fn counted(schema: &Schema, others: &[Other<'_>]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (column, own, _) in others {
        let ty = schema.format_type(own);
        let table = column.place.table.as_str();
        match groups.iter_mut().find(|(other, _)| *other == ty) {
            Some((_, tables)) if tables.contains(&table) => {}
            Some((_, tables)) => tables.push(table),
            None => groups.push((ty, vec![table])),
        }
    }
    let print = |(ty, tables): &(String, Vec<&str>)| match tables.as_slice() {
        [one] => format!("{ty} in {one}"),
        [one, two] => format!("{ty} in {one} and {two}"),
        many => format!("{ty} in {} tables", many.len()),
    };
    groups.iter().map(print).collect::<Vec<_>>().join(", ")
}

/// Where a column has its type from: the model, where it says the same as the database.
pub(super) fn at(ctx: &Context<'_>, place: &Place<'_>) -> Span {
    let declared = place.declared.map(|(_, field)| field);
    let same = declared.filter(|field| match place.held {
        None => true,
        Some(column) => {
            let said = field
                .ty
                .exactly()
                .and_then(|ty| resolve(column.table.schema, ty).ok().flatten());
            said.is_some() && said == place.ty
        }
    });
    let held = || in_database(ctx, place).map(|place| place.span);
    same.map(|field| field.type_span)
        .or_else(held)
        .or(declared.map(|field| field.type_span))
        .unwrap_or(Span::new(crate::source::FileId(0), 0, 0))
}

/// Where the database has it from.
pub(super) fn in_database(ctx: &Context<'_>, place: &Place<'_>) -> Option<super::place::Place> {
    let column = place.held?;
    ctx.column_part(column, column.get().ty.origin(), Fact::Type)
        .or_else(|| ctx.of_column(column))
}
