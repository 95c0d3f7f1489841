//! `sa.inspect(bind)`: what an inspector answers, from the simulated database. One inspector answers a question twice with the same
//! answer, whatever has happened between.
//!
//! Source: `sqlalchemy/engine/reflection.py`, `sqlalchemy/dialects/postgresql/base.py`.

mod facts;
mod types;

use super::database::Database;
use super::objects::{self, Kind, make};
use crate::change::ObjectKind;
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::known::{Gap, Truth};
use crate::name::{Name, QualifiedName};
use crate::schema::{Lookup, RelationKind, Schema, TableId};
use crate::source::Span;
use crate::stacks::sqlalchemy::terms;
use facts::{Answer, Fact};
pub(super) use types::{attribute as type_attribute, is_type_of, text as type_text};

/// An inspector of a connection.
pub(super) fn make_one<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    subject: Value<'a>,
    at: Span,
) -> Value<'a> {
    let cache = machine.new_dict(Vec::new());
    make(machine, Kind::Inspector, vec![subject, cache], at)
}

/// What is asked about.
struct Asked {
    table: Option<QualifiedName>,
    schema: Option<Name>,
    /// The rest of the question.
    other: Option<Name>,
}

/// A method of an inspector.
pub(super) fn method<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    if name == "clear_cache" {
        if let Some((_, [_, cache], _)) = objects::object(object) {
            let cache = cache.value.clone();
            let clear = machine.attribute(&cache, "clear", at)?;
            machine.call(&clear, Args::default(), at)?;
        }
        return Ok(Value::None);
    }
    // Each alternative of what is asked about is asked alone.
    if let Some((index, unknown)) = args
        .positional
        .iter()
        .enumerate()
        .find_map(|(i, a)| match &a.value {
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => Some((i, unknown.clone())),
            _ => None,
        })
    {
        return machine.fork_over(unknown.candidates.clone(), &unknown.gap, |machine, value| {
            let mut args = args.clone();
            if let Some(argument) = args.positional.get_mut(index) {
                argument.value = value;
            }
            method(machine, object, name, &args, at)
        });
    }
    let asked = match asked(machine, name, args, at) {
        Ok(asked) => asked,
        Err(gap) => return Ok(unknown_answer(machine, name, gap)),
    };
    let Some(answer) = answer(machine, name, &asked, at)? else {
        return Ok(machine.unknown(at, format!("what an inspector's `{name}` gives")));
    };
    remembered(machine, object, name, &asked, answer, at)
}

fn unknown_answer<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, name: &str, gap: Gap) -> Value<'a> {
    if name.starts_with("has_") {
        return maybe(gap);
    }
    match name {
        "get_pk_constraint" | "get_table_comment" => machine.open_dict(gap),
        _ => machine.open_list(gap),
    }
}

/// The first answer to a question is the answer to all that follow.
fn remembered<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    asked: &Asked,
    answer: Value<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some((_, [_, cache], _)) = objects::object(object) else {
        return Ok(answer);
    };
    let cache = cache.value.clone();
    let what = |name: &Option<Name>| name.as_ref().map(Name::quoted).unwrap_or_default();
    let table = asked.table.as_ref().map(ToString::to_string).unwrap_or_default();
    let key = format!("{name} {table} {} {}", what(&asked.schema), what(&asked.other));
    let setdefault = machine.attribute(&cache, "setdefault", at)?;
    machine.call(&setdefault, Args::of(vec![Value::text(&key, at), answer], at), at)
}

fn asked<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    method: &str,
    args: &Args<'a>,
    at: Span,
) -> Result<Asked, Gap> {
    if let Some(gap) = &args.open {
        return Err(gap.clone());
    }
    let name = |machine: &mut Machine<'a, L>, position: usize, names: &[&str]| -> Result<Option<Name>, Gap> {
        let found = names
            .iter()
            .find_map(|n| args.keyword(n))
            .or_else(|| args.positional.get(position));
        match found {
            None => Ok(None),
            Some(argument) if matches!(argument.value, Value::None) => Ok(None),
            Some(argument) => {
                let text = terms::text(machine, &argument.value, argument.span)?;
                Ok(Some(Name::new(text.as_str())))
            }
        }
    };
    let whole = matches!(
        method,
        "get_table_names"
            | "get_view_names"
            | "get_materialized_view_names"
            | "get_foreign_table_names"
            | "get_sequence_names"
            | "get_enums"
            | "get_schema_names"
            | "get_sorted_table_and_fkc_names"
            | "get_temp_table_names"
    );
    if whole {
        let schema = name(machine, 0, &["schema"])?;
        return Ok(Asked {
            table: None,
            schema,
            other: None,
        });
    }
    let first = name(
        machine,
        0,
        &["table_name", "sequence_name", "schema_name", "view_name"],
    )?;
    let (other, schema) = match method {
        "has_index" => (name(machine, 1, &["index_name"])?, name(machine, 2, &["schema"])?),
        _ => (None, name(machine, 1, &["schema"])?),
    };
    let Some(first) = first else {
        return Err(machine.gap(at, "which table is asked about"));
    };
    let table = QualifiedName {
        schema: schema.clone(),
        name: first,
    };
    Ok(Asked {
        table: Some(table),
        schema,
        other,
    })
}

/// A truth, or one of both.
pub(super) fn maybe<'a>(gap: Gap) -> Value<'a> {
    Value::one_of(vec![Value::Bool(true), Value::Bool(false)], gap)
}

fn truth<'a>(truth: Truth) -> Value<'a> {
    match truth {
        Truth::Yes => Value::Bool(true),
        Truth::No => Value::Bool(false),
        Truth::Unknown(gap) => maybe(gap),
    }
}

fn answer<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    method: &str,
    asked: &Asked,
    at: Span,
) -> Run<'a, Option<Value<'a>>> {
    let schema = machine.library.schema().clone();
    if let Some(listed) = whole(&schema, method, asked) {
        return Ok(Some(value(machine, listed, at)));
    }
    let Some(name) = &asked.table else { return Ok(None) };
    let ask = |kind| L::ask(machine, &crate::change::Question::Exists(kind, name.clone()));
    match method {
        "has_table" => {
            let found = match ask(ObjectKind::Table) {
                Truth::No => ask(ObjectKind::View),
                found => found,
            };
            return Ok(Some(truth(found)));
        }
        "has_sequence" => return Ok(Some(truth(ask(ObjectKind::Sequence)))),
        "has_schema" => return Ok(Some(truth(has_schema(&schema, &name.name)))),
        _ => {}
    }
    let table = match schema.table_named(name) {
        Lookup::Found(table) => table.id,
        Lookup::Absent if method == "has_index" => return Ok(Some(Value::Bool(false))),
        Lookup::Absent => {
            let message = name.name.to_string();
            return Err(machine.raise("sqlalchemy.exc.NoSuchTableError", &message, at));
        }
        Lookup::Unknown(gap) => return Ok(Some(unknown_answer(machine, method, gap))),
    };
    let Some(answer) = about(&schema, table, method, asked) else {
        return Ok(None);
    };
    let gap = match &schema.tables[table].presence {
        crate::known::Presence::Maybe(gap) => Some(gap.clone()),
        _ => None,
    };
    let answer = value(machine, answer, at);
    if let Some(gap) = gap {
        let missing = machine.raise("sqlalchemy.exc.NoSuchTableError", name.name.as_str(), at);
        if let crate::interpret::python::Stop::Raised(raised) = missing {
            machine.may_raise(Some(raised.exception), &gap, at);
        }
    }
    Ok(Some(answer))
}

fn has_schema(schema: &Schema, name: &Name) -> Truth {
    match schema.namespace(name) {
        Some(id) => match &schema.namespaces[id].presence {
            crate::known::Presence::Present(_) => Truth::Yes,
            crate::known::Presence::Dropped(_) => Truth::No,
            crate::known::Presence::Maybe(gap) => Truth::Unknown(gap.clone()),
        },
        None => match schema
            .gaps
            .iter()
            .find(|g| g.reach == crate::known::Reach::Everything)
        {
            Some(gap) => Truth::Unknown(gap.clone()),
            None => Truth::No,
        },
    }
}

/// Questions about a whole schema.
fn whole(schema: &Schema, method: &str, asked: &Asked) -> Option<Answer> {
    let place = asked
        .schema
        .clone()
        .or_else(|| schema.search_path.first().cloned());
    let kinds: &[RelationKind] = match method {
        "get_table_names" => &[RelationKind::Table, RelationKind::Partitioned],
        "get_view_names" => &[RelationKind::View],
        "get_materialized_view_names" => &[RelationKind::MaterializedView],
        "get_foreign_table_names" => &[RelationKind::Foreign],
        "get_temp_table_names" => return Some(Answer::list(Vec::new(), None)),
        "get_sequence_names" => return Some(facts::sequences(schema, place.as_ref())),
        "get_enums" => return Some(facts::enums(schema, asked.schema.as_ref())),
        "get_schema_names" => return Some(facts::namespaces(schema)),
        _ => return None,
    };
    Some(facts::tables(schema, place.as_ref(), kinds))
}

/// Questions about a table.
fn about(schema: &Schema, table: TableId, method: &str, asked: &Asked) -> Option<Answer> {
    let table = schema.table(table);
    Some(match method {
        "get_columns" => facts::columns(table),
        "get_indexes" => facts::indexes(table),
        "get_unique_constraints" => facts::uniques(table),
        "get_pk_constraint" | "get_primary_keys" => facts::primary_key(table),
        "get_foreign_keys" => facts::foreign_keys(table),
        "get_check_constraints" => facts::checks(table),
        "get_table_comment" => {
            let text = table.get().comment.as_ref().map_or(Fact::None, |c| Fact::text(c));
            Answer::One(Fact::Dict(vec![("text", text)]))
        }
        "has_index" => facts::has_index(table, asked.other.as_ref()?),
        _ => return None,
    })
}

/// An answer as a value.
fn value<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, answer: Answer, at: Span) -> Value<'a> {
    match answer {
        Answer::List(items, open) => {
            let mut out = Vec::with_capacity(items.len());
            for (item, maybe) in items {
                out.push((fact(machine, item, at), maybe));
            }
            machine.new_list_of(out, open)
        }
        Answer::One(one) => fact(machine, one, at),
    }
}

fn fact<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, item: Fact, at: Span) -> Value<'a> {
    match item {
        Fact::None => Value::None,
        Fact::Bool(yes) => Value::Bool(yes),
        Fact::Text(text) => Value::text(&text, at),
        Fact::Unknown(gap) => Value::unknown(gap),
        Fact::Maybe(gap) => maybe(gap),
        Fact::List(items) => {
            let items = items.into_iter().map(|item| fact(machine, item, at)).collect();
            machine.new_list(items)
        }
        Fact::Dict(entries) => {
            let mut out = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                out.push((Value::text(key, at), fact(machine, item, at)));
            }
            machine.new_dict(out)
        }
        Fact::OneOf(items, gap) => {
            let items = items.into_iter().map(|item| fact(machine, item, at)).collect();
            Value::one_of(items, gap)
        }
        Fact::Type(ty) => types::term(machine, &ty, at),
    }
}

/// `dialect.has_type(connection, name)`.
pub(super) fn has_type<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    match asked(machine, "has_type", args, at) {
        Ok(Asked {
            table: Some(name), ..
        }) => {
            let question = crate::change::Question::Exists(ObjectKind::Type, name);
            Ok(truth(L::ask(machine, &question)))
        }
        Ok(_) => Ok(machine.unknown(at, "which type is asked about")),
        Err(gap) => Ok(maybe(gap)),
    }
}
