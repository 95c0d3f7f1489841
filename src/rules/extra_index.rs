//! An index that the model does not declare.

use super::{Check, Context, Report, Reporter, Rule, words};
use crate::finding::Level;
use crate::fix;
use crate::known::Section;
use crate::name::Name;
use crate::pair::{IndexMatch, TablePair, can_say, key_columns, may_be_index};
use crate::schema::IndexId;

pub(super) static RULE: Rule = Rule {
    name: "extra-index",
    summary: "An index is not declared by the model.",
    level: Level::Note,
    page: include_str!("../../rules/extra-index.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    if set.language.without_constraints
        || !ctx.pairs.is_first(pair)
        || pair.model_open(Section::Indexes).is_some()
    {
        return;
    }
    let models = ctx.pairs.models_of(pair);
    let paired: Vec<_> = models.flat_map(|m| pair.indexes(m, table)).collect();
    let undecided = || {
        paired
            .iter()
            .filter(|p| matches!(p.found, IndexMatch::Unknown(_)))
    };
    let taken: Vec<IndexId> = paired
        .iter()
        .filter_map(|p| match &p.found {
            IndexMatch::Same(index) | IndexMatch::Near(index, _) => Some(index.id),
            IndexMatch::Absent | IndexMatch::Unknown(_) => None,
        })
        .collect();
    for index in table.indexes() {
        let get = index.get();
        // One that keeps columns unique has a rule of its own; of expressions there is only the index.
        let keeps_columns = get.unique && key_columns(index).is_some();
        let of_its_own = get.presence.is_present() && !keeps_columns && get.constraint.is_none();
        if !of_its_own || taken.contains(&index.id) || !can_say(&set.language, index) {
            continue;
        }
        // One that the model declares and that could not be compared may be this one.
        if (get.predicate.is_some() || key_columns(index).is_none())
            && undecided().any(|p| may_be_index(p.declared, table, index))
        {
            continue;
        }
        let place = ctx.of_index(index);
        let descends = |at: usize| get.keys.get(at).is_some_and(|key| key.descending);
        let key = |(at, name): (usize, &Name)| format!("{name}{}", if descends(at) { " DESC" } else { "" });
        let keys = key_columns(index).map_or_else(
            || "an expression".to_owned(),
            |names| words::list(names.into_iter().enumerate().map(key)),
        );
        let name = get.name.known();
        let by = place
            .as_ref()
            .map_or_else(String::new, |p| format!(", made by {}", p.by()));
        let kind = if get.unique { "unique index" } else { "index" };
        let called = name.map_or_else(String::new, |n| format!(" {n}"));
        out.send(
            Report::new(
                model.span,
                "no such index here",
                format!(
                    "{} has the {kind}{called} over {keys}{by}, and {} does not declare it",
                    table.qualified(),
                    words::model(model)
                ),
            )
            .table(table.qualified())
            .object(name.map_or_else(|| format!("index {keys}"), Name::to_string))
            .found(format!("index {keys}"))
            .model(model.span)
            .database(place.as_ref(), "the index is made here")
            .help("declare the index in the model, or drop it in a migration")
            .fix(fix::index(ctx.of(set, model), index)),
        );
    }
}
