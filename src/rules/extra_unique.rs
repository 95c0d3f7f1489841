//! A unique that the model does not declare.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::declared::{Language, Model};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{TablePair, can_say, key_columns, same_set};
use crate::schema::{ConstraintKind, ConstraintWalker, IndexWalker};

pub(super) static RULE: Rule = Rule {
    name: "extra-unique",
    summary: "A unique constraint or index is not declared by the model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-unique.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if set.language.without_constraints
        || !ctx.pairs.is_first(pair)
        || pair.model_open(Section::Unique).is_some()
    {
        return;
    }
    for index in table
        .indexes()
        .filter(|i| i.get().presence.is_present() && i.get().unique)
    {
        let Some(columns) = key_columns(index) else {
            continue;
        };
        if !sayable(&set.language, index)
            || ctx.pairs.models_of(pair).any(|m| is_declared(m, &columns))
            || is_primary(index)
        {
            continue;
        }
        let place = ctx.of_index(index);
        let list = words::list(&columns);
        let name = index.get().name.known();
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(" by {}", p.by()));
        out.send(
            Report::new(
                model.span,
                format!("not unique over {list} here"),
                format!(
                    "{} is made unique over {list}{by}, and {} does not declare it",
                    table.qualified(),
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(name.map_or_else(|| format!("unique {list}"), Name::to_string))
            .found(format!("unique {list}"))
            .model(model.span)
            .database(place.as_ref(), "unique here")
            .help("declare the unique in the model, or drop it in a migration"),
        );
    }
}

fn constraint(index: IndexWalker<'_>) -> Option<ConstraintWalker<'_>> {
    let table = index.table;
    index.get().constraint.map(|id| ConstraintWalker { table, id })
}

/// The primary key has a rule of its own.
fn is_primary(index: IndexWalker<'_>) -> bool {
    constraint(index).is_some_and(|c| matches!(c.get().kind, ConstraintKind::PrimaryKey(_)))
}

fn is_declared(model: &Model, columns: &[&Name]) -> bool {
    let keys = model.primary_key.iter().map(|k| &k.columns);
    let mut all = keys.chain(model.uniques.iter().map(|u| &u.columns));
    all.any(|declared| same_set(&declared.iter().collect::<Vec<_>>(), columns))
}

fn sayable(language: &Language, index: IndexWalker<'_>) -> bool {
    let deferrable = constraint(index).is_some_and(|c| c.get().deferrable);
    can_say(language, index) && (language.deferrable || !deferrable)
}
