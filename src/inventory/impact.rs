//! What a change of a table or column touches: what hangs on it directly or through others, in the order of dependence.

use super::{At, Cell, Inventory, Sheet, cells};
use crate::pair::impact::{Dependant, Thing, hidden, impact as closure, unsure};
use crate::rules::Context;
use crate::rules::place::{Part, made};
use crate::schema::{ColumnId, ConstraintKind, Schema, TableId};

const COLUMNS: &[&str] = &[
    "step",
    "what",
    "name",
    "how",
    "depends_on",
    "type",
    "note",
    "place",
];

/// What hangs on a table, or on a column of it, in one database.
#[must_use]
pub fn impact(ctx: &Context<'_>, table: TableId, column: Option<ColumnId>) -> Inventory {
    let mut sheet = Sheet::new("impact", "What depends on it, nearest first", COLUMNS);
    let mut unknown = Sheet::new("unknown", "What else may depend on it", &["what", "why", "place"]);
    if let Some(schema) = ctx.schema() {
        let mut all = closure(&ctx.pairs, schema, table, column);
        all.sort_by_key(|d| d.depth);
        sheet.rows = all.iter().map(|d| row(ctx, schema, d)).collect();
        for (what, gap) in hidden(schema) {
            unknown.rows.push(vec![
                Cell::text(what),
                Cell::text(gap.why.clone()),
                Cell::place(gap.at.map(At::new)),
            ]);
        }
        for (model, gap) in unsure(&ctx.pairs) {
            unknown.rows.push(vec![
                Cell::text(format!("model {}", model.name)),
                Cell::text(gap.why.clone()),
                Cell::place(Some(At::new(model.span))),
            ]);
        }
    }
    let totals = totals(&sheet, &unknown);
    Inventory {
        name: "impact",
        sheets: vec![sheet, unknown],
        totals,
    }
}

fn row(ctx: &Context<'_>, schema: &Schema, one: &Dependant<'_>) -> Vec<Cell> {
    let (what, name, ty, place) = said(ctx, schema, &one.thing);
    // What may be there or not has no one place that made it.
    let doubt = || one.doubt.as_ref().and_then(|gap| gap.at).map(At::new);
    let place = place.or_else(doubt);
    vec![
        Cell::Count(one.depth),
        Cell::text(what),
        name,
        Cell::text(one.how),
        Cell::text(one.on.clone()),
        ty,
        one.doubt
            .as_ref()
            .map_or(Cell::Empty, |gap| Cell::Unknown(gap.why.clone())),
        Cell::place(place),
    ]
}

/// Kind, name, type and place.
fn said(ctx: &Context<'_>, schema: &Schema, thing: &Thing<'_>) -> (&'static str, Cell, Cell, Option<At>) {
    let model = |span| Some(At::new(span));
    match thing {
        Thing::Column(column) => (
            "column",
            Cell::text(words(&[&column.table.qualified(), column.name().as_str()])),
            cells::type_held(*column),
            cells::at(ctx.of_column(*column)),
        ),
        Thing::Constraint(constraint) => {
            let get = constraint.get();
            let what = match &get.kind {
                ConstraintKind::PrimaryKey(_) => "primary key",
                ConstraintKind::Unique(_) => "unique constraint",
                ConstraintKind::ForeignKey(_) => "foreign key",
                ConstraintKind::Check(_) => "check",
                ConstraintKind::Exclude(..) => "exclusion",
            };
            let name = cells::fact(&get.name, |n| {
                Cell::text(words(&[&constraint.table.qualified(), n.as_str()]))
            });
            (what, name, Cell::Empty, cells::at(ctx.of_constraint(*constraint)))
        }
        Thing::Index(index) => {
            let name = cells::fact(&index.get().name, |n| {
                Cell::text(words(&[&index.table.qualified(), n.as_str()]))
            });
            let what = if index.get().unique {
                "unique index"
            } else {
                "index"
            };
            (what, name, Cell::Empty, cells::at(ctx.of_index(*index)))
        }
        Thing::View(view) => (
            "view",
            Cell::text(view.qualified()),
            Cell::Empty,
            cells::at(ctx.of_table(*view)),
        ),
        Thing::Function(function) => {
            let namespace = &schema.namespaces[function.namespace].name;
            let change = function
                .written
                .as_ref()
                .map(|w| w.at)
                .or(made(&function.presence));
            (
                if function.procedure {
                    "procedure"
                } else {
                    "function"
                },
                Cell::text(format!("{namespace}.{}", function.name)),
                Cell::Empty,
                cells::at(ctx.place(change, Part::Statement)),
            )
        }
        Thing::Trigger(table, trigger) => (
            "trigger",
            Cell::text(words(&[&table.qualified(), trigger.name.as_str()])),
            Cell::Empty,
            cells::at(ctx.place(Some(trigger.written.at), Part::Statement)),
        ),
        Thing::Policy(table, policy) => (
            "policy",
            Cell::text(words(&[&table.qualified(), policy.as_str()])),
            Cell::Empty,
            None,
        ),
        Thing::Sequence(sequence) => {
            let namespace = &schema.namespaces[sequence.namespace].name;
            (
                "sequence",
                Cell::text(format!("{namespace}.{}", sequence.name)),
                Cell::text(schema.format_type(&sequence.ty)),
                cells::at(ctx.place(made(&sequence.presence), Part::Statement)),
            )
        }
        Thing::Model(of) => ("model", Cell::text(of.name.as_str()), Cell::Empty, model(of.span)),
        Thing::Field(of, field) => (
            "field",
            Cell::text(words(&[&of.name, &field.name])),
            cells::type_said(Some(schema), field),
            model(field.span),
        ),
        Thing::Relation(of, association) => (
            "relation",
            Cell::text(words(&[&of.name, &association.name])),
            Cell::Empty,
            model(association.span),
        ),
        Thing::Declared(of, declared) => (
            "declared key",
            Cell::text(of.name.as_str()),
            Cell::Empty,
            model(declared.span),
        ),
    }
}

fn words(parts: &[&str]) -> String {
    parts.join(".")
}

fn totals(sheet: &Sheet, unknown: &Sheet) -> Vec<(String, usize)> {
    let mut counts: std::collections::BTreeMap<String, usize> = Default::default();
    for row in &sheet.rows {
        let what = sheet.cell(row, "what").map(Cell::plain).unwrap_or_default();
        *counts.entry(what).or_default() += 1;
    }
    let code = ["declared key", "field", "model", "relation"];
    let (in_code, held): (usize, usize) = counts.iter().fold((0, 0), |(a, b), (what, n)| {
        if code.contains(&what.as_str()) {
            (a + n, b)
        } else {
            (a, b + n)
        }
    });
    let mut out = vec![
        ("in the database".to_owned(), held),
        ("in the models".to_owned(), in_code),
        ("not known".to_owned(), unknown.rows.len()),
    ];
    out.extend(counts);
    out
}
