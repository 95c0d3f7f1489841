//! A foreign key that the model does not declare.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{TablePair, column_pairs, declares_foreign_key, foreign_keys};

pub(super) static RULE: Rule = Rule {
    name: "extra-foreign-key",
    summary: "A foreign key is not declared by the model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-foreign-key.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if set.language.without_constraints
        || !ctx.pairs.is_first(pair)
        || pair.model_open(Section::ForeignKeys).is_some()
    {
        return;
    }
    for (constraint, key) in foreign_keys(table) {
        if ctx
            .pairs
            .models_of(pair)
            .any(|m| declares_foreign_key(m, constraint))
        {
            continue;
        }
        let pairs = column_pairs(constraint, key);
        let own = words::list(pairs.iter().map(|p| p.0));
        let target = table.schema.table(key.table).qualified();
        let leads = format!(
            "{own} references {target} {}",
            words::list(pairs.iter().map(|p| p.1))
        );
        let place = ctx.of_constraint(constraint);
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(", made by {}", p.by()));
        let name = constraint.get().name.known();
        let called = name.map_or_else(String::new, |n| format!(" {n}"));
        out.send(
            Report::new(
                model.span,
                format!("no relation over {own} here"),
                format!(
                    "{} has the foreign key{called} from {own} to {target}{by}, and {} does not declare it",
                    table.qualified(),
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(name.map_or_else(|| format!("foreign key {own}"), Name::to_string))
            .found(leads)
            .model(model.span)
            .database(place.as_ref(), "the foreign key is made here")
            .help("declare the relation in the model, or drop the foreign key in a migration"),
        );
    }
}
