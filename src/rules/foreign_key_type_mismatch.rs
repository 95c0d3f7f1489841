//! A foreign key between columns of different types, in the database or in the models.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{DeclaredForeignKey, Expectation, Field, Model};
use crate::finding::Level;
use crate::name::Name;
use crate::pair::{ForeignKeyMatch, TablePair, foreign_keys, resolve, type_fit};
use crate::replay::analyse::comparable;
use crate::schema::{Lookup, Schema, TableWalker};
use crate::source::Span;
use crate::sqltype::{BaseType, Category, Fit, SqlType};

pub(super) static RULE: Rule = Rule {
    name: "foreign-key-type-mismatch",
    summary: "A foreign key's column and the column that it references have different types.",
    level: Level::Error,
    page: include_str!("../../rules/foreign-key-type-mismatch.md"),
    check: Check::Tables(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    if let Lookup::Found(table) = pair.table
        && ctx.pairs.is_first(pair)
    {
        in_database(ctx, table, out);
    }
    let Some((_, model)) = pair.model.filter(|(_, m)| m.is_held()) else {
        return;
    };
    // One whose table is in another database is told there.
    for key in model.foreign_keys.iter().filter(|_| !pair.abroad) {
        let held = match &pair.table {
            Lookup::Found(table) => pair.foreign_key_match(*table, key),
            // What the models say of both sides cannot be made, whatever the database has.
            Lookup::Absent | Lookup::Unknown(_) => ForeignKeyMatch::Absent,
        };
        let quietest = match held {
            ForeignKeyMatch::Absent => Level::Note,
            // One that the database has is told by the database's own types, which compare; the models' need not.
            ForeignKeyMatch::Same(_) => Level::Error,
            ForeignKeyMatch::Elsewhere(_) | ForeignKeyMatch::Unknown(_) => continue,
        };
        in_models(ctx, schema, (model, key), quietest, out);
    }
}

/// How loud, by whether the two compare at all, and by how well the referencing column holds what it references.
fn level(schema: &Schema, referenced: &SqlType, own: &SqlType) -> Option<Level> {
    let text = |ty: &SqlType| matches!(&ty.base, BaseType::Builtin(b) if b.category() == Category::S);
    // A type that the database does not have compares with nothing that could be told.
    let (Ok(Some(left)), Ok(Some(right))) = (resolve(schema, own), resolve(schema, referenced)) else {
        return None;
    };
    if comparable(schema, &left, &right) == Some(false) {
        return Some(Level::Error);
    }
    match type_fit(schema, referenced, own).ok()? {
        Fit::Same => None,
        Fit::Holds if text(referenced) && text(own) => None,
        Fit::Holds => Some(Level::Note),
        Fit::Loses | Fit::Cannot => Some(Level::Warn),
    }
}

fn in_database(ctx: &Context<'_>, table: TableWalker<'_>, out: &Reporter) {
    for (constraint, key) in foreign_keys(table).filter(|(c, _)| c.get().inherited == 0) {
        let target = table.schema.table(key.table);
        for (own_column, referenced) in constraint.columns().zip(&key.columns) {
            let other = target.column_by_id(*referenced);
            let (Some(own), Some(wanted)) = (own_column.get().ty.known(), other.get().ty.known()) else {
                continue;
            };
            // Types without a comparison are refused by the server; what stands here has one.
            let Some(level) = level(table.schema, wanted, own).map(|l| l.min(Level::Warn)) else {
                continue;
            };
            let Some(place) = ctx.of_constraint(constraint) else {
                continue;
            };
            let (own, wanted) = (table.schema.format_type(own), table.schema.format_type(wanted));
            let (name, other_name) = (words::column(own_column), words::column(other));
            let effect = if level == Level::Note {
                ""
            } else {
                ": some of its values can never be held"
            };
            out.send(
                Report::new(
                    place.span,
                    format!("{own} to {wanted}"),
                    format!(
                        "{} makes a foreign key from {name}, which is {own}, to {other_name}, which is {wanted}{effect}",
                        place.by()
                    ),
                )
                .level(level)
                .table(table.qualified())
                .column(own_column.name())
                .object(constraint.get().name.known().map_or_else(String::new, Name::to_string))
                .expected(&wanted)
                .found(&own)
                .database(Some(&place), "")
                .at(
                    ctx.column_part(own_column, own_column.get().ty.origin(), super::place::Fact::Type).as_ref(),
                    format!("{own} here"),
                )
                .at(
                    ctx.column_part(other, other.get().ty.origin(), super::place::Fact::Type).as_ref(),
                    format!("{wanted} here"),
                )
                .help(format!(
                    "write a migration (`ALTER TABLE {} ALTER COLUMN {} TYPE {wanted}`)",
                    words::sql_table(table),
                    own_column.name().quoted()
                )),
            );
        }
    }
}

/// The referenced column as the models tell it, or as the database has it where no model does.
fn referenced<'a>(
    ctx: &'a Context<'_>,
    schema: &'a Schema,
    key: &DeclaredForeignKey,
    column: &Name,
) -> Option<(SqlType, Option<Span>)> {
    let Expectation::Exactly(target) = &key.table else {
        return None;
    };
    let named = ctx.pairs.models_named(target);
    let mut fields = named.map(|model| model.fields.iter().find(|f| f.column == *column));
    if let Some(first) = fields.next() {
        let field = first?;
        let ty = field.ty.exactly()?;
        // Several models of the table that disagree say nothing.
        let agree = fields.all(|other| other.is_some_and(|other| other.ty.exactly() == Some(ty)));
        return agree.then(|| (ty.clone(), Some(field.type_span)));
    }
    let Lookup::Found(table) = schema.table_named(target) else {
        return None;
    };
    let Lookup::Found(held) = table.column(column) else {
        return None;
    };
    held.get().ty.known().map(|ty| (ty.clone(), None))
}

fn in_models(
    ctx: &Context<'_>,
    schema: &Schema,
    (model, key): (&Model, &DeclaredForeignKey),
    quietest: Level,
    out: &Reporter,
) {
    for (own_name, other_name) in key.columns.iter().zip(&key.referenced) {
        let Some(field) = model.fields.iter().find(|f| f.column == *own_name) else {
            continue;
        };
        let (Some(own), Some((wanted, at))) = (field.ty.exactly(), referenced(ctx, schema, key, other_name))
        else {
            continue;
        };
        // Types that no migration has made yet are the same by name.
        if *own == wanted {
            continue;
        }
        if let Some(level) = level(schema, &wanted, own).filter(|level| *level >= quietest) {
            send(
                ctx,
                schema,
                (model, field, key, other_name),
                (own, &wanted, at),
                level,
                out,
            );
        }
    }
}

fn send(
    ctx: &Context<'_>,
    schema: &Schema,
    (model, field, key, other): (&Model, &Field, &DeclaredForeignKey, &Name),
    (own, wanted, at): (&SqlType, &SqlType, Option<Span>),
    level: Level,
    out: &Reporter,
) {
    let (own, wanted) = (schema.format_type(own), schema.format_type(wanted));
    let target = match &key.table {
        Expectation::Exactly(name) => words::qualified(Some(schema), name),
        _ => return,
    };
    let effect = match level {
        Level::Error => ": PostgreSQL refuses a foreign key between them",
        Level::Warn => ": some of its values can never be held",
        Level::Note => "",
    };
    let mut report = Report::new(
        field.type_span,
        format!("{own} here"),
        format!(
            "{} is {own}, but {target}.{other}, which it references, is {wanted}{effect}",
            words::field(model, field)
        ),
    )
    .level(level)
    .column(&field.column)
    .expected(&wanted)
    .found(&own)
    .model(field.span)
    .help("give both columns the same type");
    if let Some(Expectation::Exactly(name)) = &model.table {
        report = report.table(words::qualified(ctx.schema(), name));
    }
    if let Some(span) = at {
        report = report.related(span, format!("{wanted} here"));
    }
    out.send(report);
}
