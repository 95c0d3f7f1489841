//! Entities of alembic_utils: functions, views, triggers, extensions, policies as objects with SQL in them.
//!
//! Source: `to_sql_statement_create`, `to_sql_statement_drop`, `to_sql_statement_create_or_replace` of alembic_utils.

use crate::interpret::python::dotted;
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::known::{Gap, Reach};
use crate::name::quote;
use crate::source::{Span, Text};
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::sqlalchemy::terms;

/// What is done to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Create,
    Replace,
    Drop,
}

/// Runs an operation on an entity; `None` for an operation of another name.
pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let act = match name {
        "create_entity" => Act::Create,
        "replace_entity" | "revert_entity" => Act::Replace,
        "drop_entity" => Act::Drop,
        _ => return None,
    };
    let Some(argument) = args.get(0, "target") else {
        return Some(Ok(Value::None));
    };
    let value = argument.value.clone();
    let cascade = terms::flag(args, "cascade", false).unwrap_or(false);
    let statements = match statements(machine, &value, act, cascade, at) {
        Ok(Some(statements)) => statements,
        Ok(None) => {
            let what = machine.display(&value);
            let gap = Gap::new(
                at,
                format!("the entity `{what}` is not followed"),
                Reach::Everything,
            );
            L::open(machine, gap);
            return Some(Ok(Value::None));
        }
        Err(gap) => {
            let reach = view(machine, &value).map_or(Reach::Everything, Reach::Object);
            L::open(machine, gap.reaching(reach));
            return Some(Ok(Value::None));
        }
    };
    for statement in statements {
        if let Err(stop) = L::run_sql(machine, &statement, at, Connection::Own) {
            return Some(Err(stop));
        }
    }
    Some(Ok(Value::None))
}

/// The name of a view of which no more is known than that: nothing else comes of it.
fn view<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>) -> Option<String> {
    let (callee, args) = value.as_call()?;
    let path = callee.as_path()?;
    let is_view = path.starts_with("alembic_utils.")
        && matches!(path.rsplit('.').next(), Some("PGView" | "PGMaterializedView"));
    if !is_view {
        return None;
    }
    let args = args.clone();
    let mut text = |position: usize, name: &str| terms::maybe_text(machine, &args, position, name).ok()?;
    let (schema, signature) = (text(0, "schema")?, text(1, "signature")?);
    Some(format!("{}.{}", schema.as_str(), signature.as_str()))
}

/// `entity.definition` and its like.
pub(in crate::stacks::alembic) fn attribute<'a>(value: &Value<'a>, name: &str) -> Option<Value<'a>> {
    let (callee, args) = value.as_call()?;
    if !callee.as_path()?.starts_with("alembic_utils.") {
        return None;
    }
    let position = ["schema", "signature", "definition", "on_entity"]
        .iter()
        .position(|n| *n == name)?;
    args.get(position, name).map(|argument| argument.value.clone())
}

/// The text of an entity's parts.
struct Parts {
    schema: Text,
    signature: Text,
    definition: Option<Text>,
    on: Option<Text>,
    cascade: bool,
    with_data: bool,
}

fn statements<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    act: Act,
    cascade: bool,
    at: Span,
) -> terms::Known<Option<Vec<Text>>> {
    let Some((callee, args)) = value.as_call() else {
        return Ok(None);
    };
    let Some(path) = callee.as_path() else {
        return Ok(None);
    };
    if !path.starts_with("alembic_utils.") {
        return Ok(None);
    }
    let (path, args) = (path.to_owned(), args.clone());
    let class = dotted::last(&path);
    let mut text = |position: usize, name: &str| terms::maybe_text(machine, &args, position, name);
    let (Some(schema), Some(signature)) = (text(0, "schema")?, text(1, "signature")?) else {
        return Ok(None);
    };
    let parts = Parts {
        schema,
        signature,
        definition: text(2, "definition")?.map(|text| sent(class, text)),
        on: text(3, "on_entity")?,
        cascade,
        with_data: terms::flag(&args, "with_data", true)?,
    };
    Ok(written(class, &parts, act, at))
}

/// A definition as the server gets it. What is written passes through `sqlalchemy.text`, which takes `\:` for a colon; where alembic_utils
/// escapes all colons itself, one that was escaped before stays so (`escape_colon_for_sql`, `escape_colon_for_plpgsql`).
fn sent(class: &str, definition: Text) -> Text {
    let whole = definition.as_str();
    let lower = whole.to_ascii_lowercase().replace('\'', "");
    let words: Vec<&str> = lower.split_whitespace().collect();
    let is_written = match class {
        "PGFunction" | "PGProcedure" => words.windows(2).any(|w| w == ["language", "plpgsql"]),
        "PGView" | "PGMaterializedView" => true,
        _ => false,
    };
    if !is_written || !whole.contains("\\:") {
        return definition;
    }
    let mut runs = Vec::new();
    let mut done = 0;
    for (at, _) in whole.match_indices("\\:") {
        runs.extend(definition.slice(done..at).runs());
        done = at + 1;
    }
    runs.extend(definition.slice(done..whole.len()).runs());
    Text::composed(runs)
}

/// The statements of a class of entities.
fn written(class: &str, parts: &Parts, act: Act, at: Span) -> Option<Vec<Text>> {
    let own = |text: String| (text, at, false);
    let schema = quote(parts.schema.as_str());
    let signature = |runs: &mut Vec<_>| runs.extend(parts.signature.runs());
    let bare_name = parts
        .signature
        .as_str()
        .split('(')
        .next()
        .unwrap_or_default()
        .trim();
    let behind = if parts.cascade { " CASCADE" } else { "" };
    let definition =
        || -> Option<Vec<(String, Span, bool)>> { Some(parts.definition.as_ref()?.runs().collect()) };
    let create = |head: &str, between: &str| -> Option<Text> {
        let mut runs = vec![own(format!("{head}{schema}."))];
        signature(&mut runs);
        runs.push(own(between.to_owned()));
        runs.extend(definition()?);
        Some(Text::composed(runs))
    };
    // Views have their name in quotes, and what is behind the definition.
    let view = |head: &str, behind: &str| -> Option<Text> {
        let mut runs = vec![own(format!("{head}{schema}.{} AS ", quote(bare_name)))];
        let definition = parts.definition.as_ref()?;
        let length = definition.as_str().trim_end().trim_end_matches(';').len();
        runs.extend(definition.slice(0..length).runs());
        runs.push(own(behind.to_owned()));
        Some(Text::composed(runs))
    };
    let drop_text =
        |kind: &str, name: &str| Text::composed([own(format!("DROP {kind} {schema}.{name}{behind}"))]);
    let parameters = || {
        parts
            .signature
            .as_str()
            .get(bare_name.len()..)
            .unwrap_or_default()
            .trim()
    };
    Some(match (class, act) {
        ("PGFunction", Act::Create) => vec![create("CREATE FUNCTION ", " ")?],
        ("PGFunction", Act::Replace) => vec![create("CREATE OR REPLACE FUNCTION ", " ")?],
        ("PGFunction", Act::Drop) => {
            let types = dropped_parameters(parameters());
            vec![drop_text("FUNCTION", &format!("{}{types}", quote(bare_name)))]
        }
        ("PGProcedure", Act::Create) => vec![create("CREATE PROCEDURE ", " ")?],
        ("PGProcedure", Act::Replace) => vec![create("CREATE OR REPLACE PROCEDURE ", " ")?],
        ("PGProcedure", Act::Drop) => {
            let types = dropped_parameters(parameters());
            vec![drop_text("PROCEDURE", &format!("{}{types}", quote(bare_name)))]
        }
        ("PGView", Act::Create) => vec![view("CREATE VIEW ", "")?],
        ("PGView", Act::Replace) => {
            let (replaced, made) = (view("CREATE OR REPLACE VIEW ", ";")?, view("CREATE VIEW ", ";")?);
            let mut runs = vec![own("DO $$ BEGIN ".to_owned())];
            runs.extend(replaced.runs());
            let name = quote(bare_name);
            runs.push(own(format!(
                " EXCEPTION WHEN OTHERS THEN DROP VIEW IF EXISTS {schema}.{name}; "
            )));
            runs.extend(made.runs());
            runs.push(own(" END; $$ LANGUAGE 'plpgsql'".to_owned()));
            vec![Text::composed(runs)]
        }
        ("PGView", Act::Drop) => vec![drop_text("VIEW", &quote(bare_name))],
        ("PGMaterializedView", Act::Create | Act::Replace) => {
            let data = if parts.with_data {
                " WITH DATA"
            } else {
                " WITH NO DATA"
            };
            let made = view("CREATE MATERIALIZED VIEW ", data)?;
            if act == Act::Replace {
                vec![drop_if_there("MATERIALIZED VIEW", &schema, bare_name, at), made]
            } else {
                vec![made]
            }
        }
        ("PGMaterializedView", Act::Drop) => vec![drop_text("MATERIALIZED VIEW", &quote(bare_name))],
        ("PGExtension", Act::Create) => vec![Text::composed([own(format!(
            "CREATE EXTENSION {} WITH SCHEMA {schema}",
            quote(bare_name)
        ))])],
        ("PGExtension", Act::Replace) => vec![Text::composed([own(format!(
            "ALTER EXTENSION {} SET SCHEMA {schema}",
            quote(bare_name)
        ))])],
        ("PGExtension", Act::Drop) => {
            vec![Text::composed([own(format!(
                "DROP EXTENSION {}{behind}",
                quote(bare_name)
            ))])]
        }
        ("PGTrigger", Act::Create | Act::Replace) => {
            let mut runs = vec![own("CREATE TRIGGER ".to_owned())];
            signature(&mut runs);
            runs.push(own(" ".to_owned()));
            runs.extend(definition()?);
            let made = Text::composed(runs);
            if act == Act::Replace {
                vec![drop_trigger(parts, &schema, at, true)?, made]
            } else {
                vec![made]
            }
        }
        ("PGTrigger", Act::Drop) => vec![drop_trigger(parts, &schema, at, false)?],
        ("PGPolicy", _) => {
            let on = parts.on.as_ref()?.as_str();
            let dropped = Text::composed([own(format!("DROP POLICY IF EXISTS {bare_name} ON {on}"))]);
            let mut runs = vec![own(format!("CREATE POLICY {bare_name} ON {on} "))];
            runs.extend(definition()?);
            match act {
                Act::Create => vec![Text::composed(runs)],
                Act::Replace => vec![dropped, Text::composed(runs)],
                Act::Drop => vec![Text::composed([own(format!("DROP POLICY {bare_name} ON {on}"))])],
            }
        }
        // Privileges, which hold no fact of the schema.
        ("PGGrantTable", _) => Vec::new(),
        _ => return None,
    })
}

fn drop_if_there(kind: &str, schema: &str, name: &str, at: Span) -> Text {
    Text::composed([(
        format!("DROP {kind} IF EXISTS {schema}.{}", quote(name)),
        at,
        false,
    )])
}

fn drop_trigger(parts: &Parts, schema: &str, at: Span, if_exists: bool) -> Option<Text> {
    let table = match &parts.on {
        Some(on) => on.as_str().to_owned(),
        None => {
            let definition = parts.definition.as_ref()?.as_str();
            let lower = definition.to_ascii_lowercase();
            let found = lower.find(" on ")?;
            let name = definition.get(found + 4..)?.split_whitespace().next()?;
            if name.contains('.') {
                name.to_owned()
            } else {
                format!("{schema}.{name}")
            }
        }
    };
    let name = quote(parts.signature.as_str().trim());
    let clause = if if_exists { "IF EXISTS " } else { "" };
    Some(Text::composed([(
        format!("DROP TRIGGER {clause}{name} ON {table}"),
        at,
        false,
    )]))
}

/// The parameters of `DROP FUNCTION`: without their defaults.
fn dropped_parameters(parameters: &str) -> String {
    let lower = parameters.to_ascii_lowercase();
    if !lower.contains(" default ") && !parameters.contains('=') {
        return parameters.to_owned();
    }
    let inner = parameters.trim().trim_start_matches('(').trim_end_matches(')');
    let cut = |parameter: &str| {
        let lower = parameter.to_ascii_lowercase();
        let end = lower
            .find(" default ")
            .or_else(|| parameter.find('='))
            .unwrap_or(parameter.len());
        parameter.get(..end).unwrap_or(parameter).trim().to_owned()
    };
    let parts: Vec<String> = inner.split(',').map(cut).collect();
    format!("({})", parts.join(", "))
}
