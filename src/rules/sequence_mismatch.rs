//! A sequence of the models that the database does not have, or that counts otherwise there.

use super::missing_table::begins_later;
use super::{Check, Context, Report, Reporter, Rule, words};
use crate::change::SequenceOptions;
use crate::declared::DeclaredSequence;
use crate::finding::Level;
use crate::schema::{Relation, Schema, Sequence};

pub(super) static RULE: Rule = Rule {
    name: "sequence-mismatch",
    summary: "A sequence of the models is not in the database, or counts otherwise there.",
    level: Level::Error,
    page: include_str!("../../rules/sequence-mismatch.md"),
    check: Check::Target(check),
};

/// What the database has for a sequence.
enum Held<'a> {
    There(&'a Sequence),
    Absent,
    Unknown,
}

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    for declared in ctx.subject.models.iter().flat_map(|set| &set.sequences) {
        let name = words::qualified(Some(schema), &declared.name);
        match held(schema, declared) {
            Held::Unknown => {}
            Held::Absent => absent(declared, &name, begins_later(ctx, schema), out),
            Held::There(sequence) => {
                let wanted = declared.options.as_ref();
                let Some((what, should, does)) = wanted.and_then(|wanted| difference(wanted, sequence))
                else {
                    continue;
                };
                let origin = sequence.log.last().map(|entry| entry.change);
                let place = ctx.place(origin, super::place::Part::Object);
                out.send(
                    Report::new(
                        declared.span,
                        format!("{what} {should} here"),
                        format!("the sequence {name} counts with {what} {should} in the models, but with {what} {does} in the database"),
                    )
                    .level(Level::Note)
                    .object(&name)
                    .expected(format!("{what} {should}"))
                    .found(format!("{what} {does}"))
                    .model(declared.span)
                    .database(place.as_ref(), format!("{what} {does} here"))
                    .help(format!("write a migration (`ALTER SEQUENCE {name} ...`), or say in the models what the database does")),
                );
            }
        }
    }
}

fn absent(declared: &DeclaredSequence, name: &str, later: bool, out: &Reporter) {
    let (level, effect) = if later {
        (
            Level::Note,
            ": what made the tables that the migrations begin with may have made it",
        )
    } else if declared.used {
        (Level::Error, ": writing a row asks for its next value and fails")
    } else {
        (Level::Warn, "")
    };
    out.send(
        Report::new(
            declared.span,
            "a sequence here",
            format!("the models declare the sequence {name}, which no migration creates{effect}"),
        )
        .level(level)
        .object(name)
        .expected("sequence")
        .model(declared.span)
        .help(format!(
            "write a migration (`CREATE SEQUENCE {name}`), or take the sequence off the models"
        )),
    );
}

fn held<'a>(schema: &'a Schema, declared: &DeclaredSequence) -> Held<'a> {
    let name = &declared.name;
    let places: Vec<_> = match &name.schema {
        Some(place) => vec![place],
        None => schema.search_path.iter().collect(),
    };
    for place in &places {
        let Some(namespace) = schema.namespace(place) else {
            continue;
        };
        match schema.relation_names.get(namespace, &name.name) {
            Some(Relation::Sequence(id)) => {
                return match schema.sequences.get(id) {
                    Some(sequence) if sequence.presence.is_present() => Held::There(sequence),
                    _ => Held::Unknown,
                };
            }
            Some(Relation::Table(_) | Relation::Index(..)) => return Held::Unknown,
            None => {}
        }
    }
    match schema.hiding_gap(&places) {
        Some(_) => Held::Unknown,
        None => Held::Absent,
    }
}

/// The first thing in which a sequence counts otherwise than its options say: what, as it should be, as it is. What options
/// leave out is as the server has it by default (manual, CREATE SEQUENCE).
pub(super) fn difference(wanted: &SequenceOptions, held: &Sequence) -> Option<(&'static str, i64, i64)> {
    if held.open.is_some() {
        return None;
    }
    let increment = wanted.increment.unwrap_or(1);
    let start = match (wanted.start, wanted.min, wanted.max) {
        (Some(start), _, _) => Some(start),
        (None, Some(Some(min)), _) if increment > 0 => Some(min),
        (None, None | Some(None), _) if increment > 0 => Some(1),
        (None, ..) => None,
    };
    let told = [
        ("START", start, held.start),
        ("INCREMENT", Some(increment), held.increment),
        ("MINVALUE", wanted.min.flatten(), held.min),
        ("MAXVALUE", wanted.max.flatten(), held.max),
        ("CACHE", Some(wanted.cache.unwrap_or(1)), held.cache),
        (
            "CYCLE",
            Some(i64::from(wanted.cycle.unwrap_or(false))),
            i64::from(held.cycle),
        ),
    ];
    told.into_iter()
        .find_map(|(what, should, does)| should.filter(|s| *s != does).map(|s| (what, s, does)))
}
