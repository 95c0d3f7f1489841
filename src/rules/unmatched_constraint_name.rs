//! A changeset waits for an error of a constraint that the database does not have.

use super::{Check, Context, Report, Reporter, Rule};
use crate::declared::{AwaitedConstraint, Awaits};
use crate::finding::Level;
use crate::known::Section;
use crate::pair::TablePair;
use crate::schema::Schema;

pub(super) static RULE: Rule = Rule {
    name: "unmatched-constraint-name",
    summary: "A model waits for the error of a constraint of a name that the database does not have.",
    level: Level::Warn,
    page: include_str!("../../rules/unmatched-constraint-name.md"),
    check: Check::Pairs(check),
};

fn check(ctx: &Context<'_>, pair: &TablePair<'_>, out: &Reporter) {
    let Some((set, model, table)) = pair.both_tables() else {
        return;
    };
    for awaited in ctx.said.awaited(set, &model.name) {
        let section = section(awaited.awaits);
        let hidden = pair.open(section).or_else(|| pair.open(Section::Indexes));
        if hidden.is_some()
            || !table.schema.gaps.is_empty()
            || ctx.said.gives(awaited)
            || raises(table.schema, awaited)
        {
            continue;
        }
        let other = ctx.said.bears(awaited.name.as_str());
        let nothing = match other {
            true => "what bears that name in the database is none",
            false => "nothing in the database bears that name",
        };
        let what = word(awaited.awaits);
        let place = ctx.of_table(table);
        out.send(
            Report::new(
                awaited.span,
                match other {
                    true => format!("{} is no {what}", awaited.name),
                    false => format!("nothing is named {}", awaited.name),
                },
                format!(
                    "{} waits for an error of the {what} {}, but {nothing}: the error is raised, and no changeset with it \
                     is returned",
                    model.name, awaited.name
                ),
            )
            .table(table.qualified())
            .object(awaited.name.to_string())
            .expected(format!("{what} {}", awaited.name))
            .found("none")
            .model(awaited.span)
            .database(place.as_ref(), "the table is made here")
            .help(help(awaited)),
        );
    }
}

fn help(awaited: &AwaitedConstraint) -> String {
    format!(
        "write a migration that makes the {}, or give the name that the database has with `name:`",
        word(awaited.awaits)
    )
}

fn word(awaits: Awaits) -> &'static str {
    match awaits {
        Awaits::Unique => "unique index",
        Awaits::ForeignKey => "foreign key",
        Awaits::Check => "check constraint",
        Awaits::Exclusion => "exclusion constraint",
    }
}

fn section(awaits: Awaits) -> Section {
    match awaits {
        Awaits::Unique => Section::Unique,
        Awaits::ForeignKey => Section::ForeignKeys,
        Awaits::Check | Awaits::Exclusion => Section::Checks,
    }
}

/// Whether a function may raise an error that names such a constraint: `RAISE ... USING CONSTRAINT = 'name'` (manual, "Reporting Errors
/// and Messages").
fn raises(schema: &Schema, awaited: &AwaitedConstraint) -> bool {
    let mut functions = schema.functions.iter().map(|(_, function)| function);
    functions.any(|function| {
        function.presence.may_be()
            && function.language == "plpgsql"
            && function
                .body
                .as_ref()
                .is_none_or(|body| names_constraint(body.as_str(), &awaited.name))
    })
}

/// Whether a body gives an error the name of a constraint that is this one, or no literal.
fn names_constraint(body: &str, name: &str) -> bool {
    let lower = body.to_ascii_lowercase();
    lower.match_indices("constraint").any(|(at, word)| {
        let rest = lower.get(at + word.len()..).unwrap_or("").trim_start();
        let Some(value) = rest.strip_prefix(":=").or_else(|| rest.strip_prefix('=')) else {
            return false;
        };
        match value.trim_start().strip_prefix('\'') {
            Some(literal) => literal.split('\'').next() == Some(name.to_ascii_lowercase().as_str()),
            None => true,
        }
    })
}
