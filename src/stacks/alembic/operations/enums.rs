//! `op.sync_enum_values` of alembic-postgresql-enum: an enum type is made anew with other labels.
//!
//! Source: `SyncEnumValuesOp._set_enum_values` and `sql_commands` of alembic_postgresql_enum 1.11; its older versions drop what hangs on
//! the operators between the old type and the new one with them, where this one fails (`comparison_operators.py`).

use crate::change::Question;
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName, quote};
use crate::schema::{ConstraintKind, Index, Lookup, Schema};
use crate::source::{Span, Text};
use crate::stacks::alembic::database::{Connection, Database};
use crate::stacks::sqlalchemy::terms::{self, Known};

/// A column of the type.
struct Column {
    table: QualifiedName,
    name: Name,
    array: bool,
    default: Option<String>,
}

/// What is asked for.
struct Sync {
    ty: QualifiedName,
    labels: Vec<String>,
    columns: Vec<Column>,
    renamed: Vec<(String, String)>,
    /// Names and definitions.
    indexes: Vec<(String, String)>,
}

pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if name != "sync_enum_values" {
        return None;
    }
    let statements = match read(machine, args, at) {
        Ok(sync) => written(&sync, compares(machine.library.schema(), &sync)),
        Err(gap) => {
            // Which columns follow cannot be told either.
            L::open(machine, Gap::new(at, gap.why.clone(), Reach::Everything));
            return Some(Ok(Value::None));
        }
    };
    for statement in statements {
        let text = Text::composed([(statement, at, false)]);
        if let Err(stop) = L::run_sql(machine, &text, at, Connection::Own) {
            return Some(Err(stop));
        }
    }
    Some(Ok(Value::None))
}

fn read<'a, L: Database<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Known<Sync> {
    let missing = |what: &str| terms::gap(at, format!("{what} of the enum"));
    let schema = terms::maybe_name(machine, args, 0, "enum_schema")?.ok_or_else(|| missing("the schema"))?;
    let name = terms::maybe_name(machine, args, 1, "enum_name")?.ok_or_else(|| missing("the name"))?;
    let mut labels = Vec::new();
    for value in list(machine, args, 2, "new_values", at)? {
        labels.push(terms::text(machine, &value, at)?.as_str().to_owned());
    }
    let mut columns = Vec::new();
    for value in list(machine, args, 3, "affected_columns", at)? {
        columns.push(column(machine, &value, &schema, at)?);
    }
    let mut renamed = Vec::new();
    for value in list(machine, args, 4, "enum_values_to_rename", at)? {
        let pair = machine.known_items(&value).unwrap_or_default();
        let [from, to] = pair.as_slice() else {
            return Err(missing("a renamed label"));
        };
        let (from, to) = (from.clone(), to.clone());
        let from = terms::text(machine, &from, at)?.as_str().to_owned();
        renamed.push((from, terms::text(machine, &to, at)?.as_str().to_owned()));
    }
    let mut indexes = Vec::new();
    for value in list(machine, args, 5, "indexes_to_recreate", at)? {
        let Some((_, inner)) = terms::call(machine, &value) else {
            return Err(missing("an index"));
        };
        let inner = inner.clone();
        let name = terms::maybe_text(machine, &inner, 0, "name")?.ok_or_else(|| missing("an index"))?;
        let made = terms::maybe_text(machine, &inner, 1, "definition")?.ok_or_else(|| missing("an index"))?;
        indexes.push((name.as_str().to_owned(), made.as_str().to_owned()));
    }
    Ok(Sync {
        ty: QualifiedName::in_schema(schema, name),
        labels,
        columns,
        renamed,
        indexes,
    })
}

fn list<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    position: usize,
    name: &str,
    at: Span,
) -> Known<Vec<Value<'a>>> {
    let Some(Argument { value, .. }) = terms::argument(args, position, name)? else {
        return Ok(Vec::new());
    };
    if matches!(value, Value::None) {
        return Ok(Vec::new());
    }
    machine
        .known_items(value)
        .ok_or_else(|| terms::gap(at, format!("the items of {name}")))
}

/// `TableReference(...)`, or the older `("table", "column")`.
fn column<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    schema: &Name,
    at: Span,
) -> Known<Column> {
    let is_array = |value: Option<&Value<'a>>| {
        let path = value.and_then(Value::as_path);
        path.is_some_and(|path| path.ends_with("ColumnType.ARRAY"))
    };
    if let Some(items) = machine.known_items(value) {
        let [table, name, rest @ ..] = items.as_slice() else {
            return Err(terms::gap(at, "a column of the enum"));
        };
        let array = is_array(rest.first());
        let (table, name) = (table.clone(), name.clone());
        let table = Name::new(terms::text(machine, &table, at)?.as_str());
        let name = Name::new(terms::text(machine, &name, at)?.as_str());
        let table = QualifiedName::in_schema(schema.clone(), table);
        let default = present_default(machine, &table, &name)?;
        return Ok(Column {
            table,
            name,
            array,
            default,
        });
    }
    let Some((_, args)) = terms::call(machine, value) else {
        return Err(terms::gap(at, "a column of the enum"));
    };
    let args = args.clone();
    let missing = || terms::gap(at, "a column of the enum");
    let table = terms::maybe_name(machine, &args, 0, "table_name")?.ok_or_else(missing)?;
    let name = terms::maybe_name(machine, &args, 1, "column_name")?.ok_or_else(missing)?;
    let place = terms::maybe_name(machine, &args, 4, "table_schema")?.unwrap_or_else(|| schema.clone());
    let default = terms::maybe_text(machine, &args, 3, "existing_server_default")?;
    Ok(Column {
        table: QualifiedName::in_schema(place, table),
        name,
        array: is_array(args.get(2, "column_type").map(|a| &a.value)),
        default: default.map(|text| text.as_str().to_owned()),
    })
}

/// The default that the column has.
fn present_default<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    table: &QualifiedName,
    name: &Name,
) -> Known<Option<String>> {
    let question = Question::HasColumn(table.clone(), name.clone());
    if L::ask(machine, &question) == crate::known::Truth::No {
        return Ok(None);
    }
    let schema = machine.library.schema();
    let Lookup::Found(found) = schema.table_named(table) else {
        return Ok(None);
    };
    let Lookup::Found(column) = found.column(name) else {
        return Ok(None);
    };
    match &column.get().default {
        crate::known::Fact::Known(None, _) => Ok(None),
        crate::known::Fact::Known(Some(stored), _) => schema.print_expr(Some(found.id), stored).map(Some),
        crate::known::Fact::Unknown { gap, .. } => Err(gap.clone()),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn qualified(name: &QualifiedName) -> String {
    let place = name
        .schema
        .as_ref()
        .map(|s| format!("{}.", s.quoted()))
        .unwrap_or_default();
    format!("{place}{}", name.name.quoted())
}

/// The name of an index as it is dropped: with its schema, where it has one, and quotes or not.
fn index_name(name: &str) -> String {
    let bare = |part: &str| quote(part.trim_matches('"'));
    match name.rsplit_once('.') {
        Some((schema, name)) => format!("{}.{}", bare(schema), bare(name)),
        None => bare(name),
    }
}

/// The definition of an index over labels with their new names.
fn definition(sync: &Sync, definition: &str) -> String {
    let mut out = definition.to_owned();
    let schema = sync.ty.schema.as_ref();
    for (from, to) in &sync.renamed {
        let types = [
            Some(sync.ty.name.to_string()),
            schema.map(|s| format!("{s}.{}", sync.ty.name)),
        ];
        for ty in types.into_iter().flatten() {
            out = out.replace(&format!("'{from}'::{ty}"), &format!("'{to}'::{ty}"));
        }
    }
    out
}

/// Whether a condition or an expression on one of the tables may compare the type's values, and stays while the columns change.
fn compares(schema: &Schema, sync: &Sync) -> bool {
    let remade = |index: &Index| {
        let own = index.name.known();
        own.is_some_and(|own| {
            sync.indexes
                .iter()
                .any(|(name, _)| index_name(name).ends_with(&own.quoted()))
        })
    };
    sync.columns.iter().any(|column| {
        let Lookup::Found(table) = schema.table_named(&column.table) else {
            return false;
        };
        let checks = table
            .constraints()
            .any(|c| matches!(c.get().kind, ConstraintKind::Check(_)));
        checks
            || table
                .indexes()
                .any(|i| i.get().predicate.is_some() && !remade(i.get()))
    })
}

/// The functions behind the operators between the new type and the old one.
const COMPARISONS: [(&str, &str); 2] = [("!=", "new_old_not_equals"), ("=", "new_old_equals")];

fn written(sync: &Sync, compares: bool) -> Vec<String> {
    let ty = qualified(&sync.ty);
    let old = format!("{}_old", sync.ty.name);
    let labels: Vec<String> = sync.labels.iter().map(|l| literal(l)).collect();
    let place = sync
        .ty
        .schema
        .as_ref()
        .map(|s| format!("{}.", s.quoted()))
        .unwrap_or_default();
    let aside = format!("{place}{}", quote(&old));
    let mut out = vec![
        format!("ALTER TYPE {ty} RENAME TO {}", quote(&old)),
        format!("CREATE TYPE {ty} AS ENUM ({})", labels.join(", ")),
    ];
    // They go again before anyone sees them: without what uses them they are left out.
    for (operator, function) in COMPARISONS.iter().filter(|_| compares) {
        let body = format!("SELECT new_enum_val::text {operator} old_enum_val::text");
        out.push(format!(
            "CREATE FUNCTION {place}{function}(new_enum_val {ty}, old_enum_val {aside}) RETURNS boolean AS $${body}$$ LANGUAGE SQL IMMUTABLE"
        ));
        out.push(format!(
            "CREATE OPERATOR {place}{operator} (LEFTARG = {ty}, RIGHTARG = {aside}, PROCEDURE = {place}{function})"
        ));
    }
    out.extend(
        sync.indexes
            .iter()
            .map(|(name, _)| format!("DROP INDEX IF EXISTS {}", index_name(name))),
    );
    for column in &sync.columns {
        let (table, name) = (qualified(&column.table), column.name.quoted());
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {name}");
        if column.default.is_some() {
            out.push(format!("{alter} DROP DEFAULT"));
        }
        out.push(if column.array {
            let mut cast = format!("{name}::text[]");
            for (from, to) in &sync.renamed {
                cast = format!("array_replace({cast}, {}, {})", literal(from), literal(to));
            }
            format!("{alter} TYPE {ty}[] USING {cast}::{ty}[]")
        } else if sync.renamed.is_empty() {
            format!("{alter} TYPE {ty} USING {name}::text::{ty}")
        } else {
            let cases: Vec<String> = sync
                .renamed
                .iter()
                .map(|(from, to)| format!("WHEN {name}::text = {} THEN {}::{ty}", literal(from), literal(to)))
                .collect();
            format!(
                "{alter} TYPE {ty} USING CASE {} ELSE {name}::text::{ty} END",
                cases.join(" ")
            )
        });
        if let Some(default) = &column.default {
            let mut default = default.clone();
            for (from, to) in &sync.renamed {
                default = default.replace(&literal(from), &literal(to));
            }
            out.push(format!("{alter} SET DEFAULT {default}"));
        }
    }
    for (_, function) in COMPARISONS.iter().filter(|_| compares) {
        out.push(format!("DROP FUNCTION {place}{function}({ty}, {aside}) CASCADE"));
    }
    out.push(format!("DROP TYPE {aside}"));
    out.extend(sync.indexes.iter().map(|(_, text)| definition(sync, text)));
    out
}
