//! Reads the structs and options that a migration's functions are given into the commands of its queue.

use smol_str::SmolStr;

use super::command::{
    Added, ColumnType, Constraint, Default, Index, IndexColumn, Object, OnDelete, Options, PrimaryKey,
    Reference, Table, Word,
};
use super::json;
use super::library::{Elixir, Way};
use super::lock::Version;
use super::structs::{CONSTRAINT, Given, INDEX, OPEN, REFERENCE, TABLE};
use crate::change::Failure;
use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach};
use crate::source::Span;

/// A name or text: an atom, a string, a number.
#[must_use]
pub fn word(value: &Value, at: Span) -> Word {
    match value {
        Value::Text(text) => Word::Known((**text).clone()),
        Value::Atom(name) => Word::new(name, at),
        Value::Integer(number) => Word::new(&number.to_string(), at),
        Value::Unknown(unknown) => Word::Unknown(unknown.gap.clone(), unknown.pattern.clone()),
        other => Word::Unknown(other.gap().unwrap_or_else(|| untold(at)), Vec::new()),
    }
}

fn untold(at: Span) -> Gap {
    Gap::new(
        at,
        "what is given here is of no kind that Ecto takes",
        Reach::Rows,
    )
}

/// A field of a struct, where it is not `nil`.
fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.field(key).filter(|value| !value.is_nil())
}

fn word_of(value: &Value, key: &str, at: Span) -> Option<Word> {
    field(value, key).map(|value| word(value, at))
}

/// A truth; where it cannot be told its gap goes to `open`.
fn flag(value: &Value, key: &str, at: Span, open: &mut Option<Gap>) -> Option<bool> {
    match field(value, key)? {
        Value::Atom(name) => Some(name != "false"),
        other => {
            open.get_or_insert_with(|| other.gap().unwrap_or_else(|| untold(at)));
            None
        }
    }
}

/// What `create`, `drop` and `rename` are given.
///
/// # Errors
/// Why it cannot be told what it is.
pub fn object(value: &Value, at: Span) -> Result<Object, Gap> {
    if let Some(gap) = value.gap() {
        return Err(gap);
    }
    match value.struct_name().as_deref() {
        Some(TABLE) => Ok(Object::Table(table(value, at))),
        Some(INDEX) => Ok(Object::Index(Box::new(index(value, at)))),
        Some(CONSTRAINT) => Ok(Object::Constraint(constraint(value, at))),
        _ => Err(untold(at)),
    }
}

/// A table; an option of it that cannot be told makes its name so.
#[must_use]
pub fn table(value: &Value, at: Span) -> Table {
    let open = value.field(OPEN).and_then(Value::gap);
    let mut name =
        field(value, "name").map_or_else(|| Word::Unknown(untold(at), Vec::new()), |name| word(name, at));
    if let Some(gap) = value.gap().or(open) {
        name = Word::Unknown(gap, Vec::new());
    }
    Table {
        name,
        prefix: word_of(value, "prefix", at),
        comment: word_of(value, "comment", at),
        primary_key: primary_key(value.field("primary_key"), at),
        options: word_of(value, "options", at),
        modifiers: word_of(value, "modifiers", at),
        span: at,
        whole: at,
    }
}

fn primary_key(value: Option<&Value>, at: Span) -> PrimaryKey {
    match value {
        None => PrimaryKey::Default,
        Some(Value::Atom(name)) if name == "false" => PrimaryKey::None,
        Some(Value::Atom(_)) => PrimaryKey::Default,
        Some(list @ Value::List(_)) => PrimaryKey::Column(Box::new(key_column(Given::of(Some(list)), at))),
        Some(other) => PrimaryKey::Unknown(other.gap().unwrap_or_else(|| untold(at))),
    }
}

/// The column that options of a primary key describe.
#[must_use]
pub fn key_column(mut given: Given, at: Span) -> Added {
    let name = given.pop("name");
    let ty = given.pop("type");
    given.pairs.retain(|(key, _)| key != "primary_key");
    given
        .pairs
        .push((SmolStr::new("primary_key"), Value::truth(true)));
    Added {
        name: name.map_or_else(|| Word::new("id", at), |name| word(&name, at)),
        ty: ty.map_or_else(
            || ColumnType::Atom(Word::new("bigserial", at)),
            |ty| column_type(&ty, at),
        ),
        options: options(&given, at),
        span: at,
    }
}

/// An index.
#[must_use]
pub fn index(value: &Value, at: Span) -> Index {
    let mut open = value.field(OPEN).and_then(Value::gap);
    let unique = flag(value, "unique", at, &mut open).unwrap_or(false);
    let concurrently = flag(value, "concurrently", at, &mut open).unwrap_or(false);
    let only = flag(value, "only", at, &mut open).unwrap_or(false);
    let nulls_distinct = flag(value, "nulls_distinct", at, &mut open);
    let columns = keys(value.field("columns"), at, &mut open);
    let include = keys(value.field("include"), at, &mut open);
    let named =
        |key: &str| field(value, key).map_or_else(|| Word::Unknown(untold(at), Vec::new()), |v| word(v, at));
    Index {
        table: named("table"),
        prefix: word_of(value, "prefix", at),
        name: named("name"),
        columns,
        unique,
        concurrently,
        using: word_of(value, "using", at),
        include,
        only,
        nulls_distinct,
        predicate: word_of(value, "where", at),
        options: word_of(value, "options", at),
        comment: word_of(value, "comment", at),
        open,
        span: at,
    }
}

fn keys(columns: Option<&Value>, at: Span, open: &mut Option<Gap>) -> Vec<IndexColumn> {
    match columns {
        Some(Value::List(items)) => items.iter().map(|item| key(item, at)).collect(),
        Some(Value::Atom(name)) if name == "nil" => Vec::new(),
        Some(one @ (Value::Atom(_) | Value::Text(_))) => vec![key(one, at)],
        Some(other) => {
            open.get_or_insert_with(|| other.gap().unwrap_or_else(|| untold(at)));
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn key(item: &Value, at: Span) -> IndexColumn {
    let (direction, column) = match item.as_tuple() {
        Some([direction, column]) => (direction.as_atom().and_then(direction_of), column),
        _ => (None, item),
    };
    IndexColumn {
        word: word(column, at),
        expression: !matches!(column, Value::Atom(_)),
        direction,
    }
}

fn direction_of(atom: &str) -> Option<&'static str> {
    Some(match atom {
        "asc" => "ASC",
        "asc_nulls_first" => "ASC NULLS FIRST",
        "asc_nulls_last" => "ASC NULLS LAST",
        "desc" => "DESC",
        "desc_nulls_first" => "DESC NULLS FIRST",
        "desc_nulls_last" => "DESC NULLS LAST",
        _ => return None,
    })
}

/// A constraint.
#[must_use]
pub fn constraint(value: &Value, at: Span) -> Constraint {
    let mut open = value.field(OPEN).and_then(Value::gap);
    let validate = flag(value, "validate", at, &mut open).unwrap_or(true);
    let named =
        |key: &str| field(value, key).map_or_else(|| Word::Unknown(untold(at), Vec::new()), |v| word(v, at));
    Constraint {
        table: named("table"),
        prefix: word_of(value, "prefix", at),
        name: named("name"),
        check: word_of(value, "check", at),
        exclude: word_of(value, "exclude", at),
        validate,
        comment: word_of(value, "comment", at),
        open,
        span: at,
    }
}

/// A reference.
#[must_use]
pub fn reference(value: &Value, at: Span) -> Reference {
    let mut open = value.field(OPEN).and_then(Value::gap);
    let validate = flag(value, "validate", at, &mut open).unwrap_or(true);
    let table = field(value, "table").map_or_else(|| Word::Unknown(untold(at), Vec::new()), |v| word(v, at));
    let span = match &table {
        Word::Known(text) => text.whole(),
        Word::Unknown(..) => at,
    };
    let with = match value.field("with") {
        Some(Value::List(items)) => items
            .iter()
            .filter_map(|item| item.as_pair())
            .map(|(own, other)| (Word::new(own, at), word(other, at)))
            .collect(),
        Some(other) => {
            open = open.or(other.gap());
            Vec::new()
        }
        None => Vec::new(),
    };
    let matching = field(value, "match");
    open = open.or(matching.and_then(Value::gap));
    let given = value.field("options").map(|options| Given::of(Some(options)));
    let prefix = given
        .as_ref()
        .and_then(|given| given.fetch("prefix"))
        .map(|prefix| (!prefix.is_nil()).then(|| word(prefix, at)));
    Reference {
        table,
        prefix,
        name: word_of(value, "name", at),
        column: field(value, "column").map_or_else(|| Word::new("id", at), |column| word(column, at)),
        ty: value.field("type").map_or_else(
            || ColumnType::Atom(Word::new("bigserial", at)),
            |ty| column_type(ty, at),
        ),
        on_delete: value
            .field("on_delete")
            .and_then(|action| on_delete(action, at, &mut open)),
        on_update: value
            .field("on_update")
            .and_then(|action| on_update(action, at, &mut open)),
        with,
        matching: matching.and_then(Value::as_atom).and_then(|kind| match kind {
            "full" => Some("FULL"),
            "simple" => Some("SIMPLE"),
            "partial" => Some("PARTIAL"),
            _ => None,
        }),
        validate,
        open,
        span,
    }
}

fn on_delete(action: &Value, at: Span, open: &mut Option<Gap>) -> Option<OnDelete> {
    let plain = |action| {
        Some(OnDelete {
            action,
            columns: Vec::new(),
        })
    };
    match action.as_atom() {
        Some("nilify_all") => return plain("SET NULL"),
        Some("default_all") => return plain("SET DEFAULT"),
        Some("delete_all") => return plain("CASCADE"),
        Some("restrict") => return plain("RESTRICT"),
        Some(_) => return None,
        None => {}
    }
    if let Some([kind, columns]) = action.as_tuple()
        && let (Some(kind), Some(columns)) = (kind.as_atom(), columns.as_list())
    {
        return Some(OnDelete {
            action: if kind == "nilify" {
                "SET NULL"
            } else {
                "SET DEFAULT"
            },
            columns: columns.iter().map(|column| word(column, at)).collect(),
        });
    }
    open.get_or_insert_with(|| action.gap().unwrap_or_else(|| untold(at)));
    None
}

fn on_update(action: &Value, at: Span, open: &mut Option<Gap>) -> Option<&'static str> {
    match action.as_atom() {
        Some("nilify_all") => Some("SET NULL"),
        Some("update_all") => Some("CASCADE"),
        Some("restrict") => Some("RESTRICT"),
        Some(_) => None,
        None => {
            open.get_or_insert_with(|| action.gap().unwrap_or_else(|| untold(at)));
            None
        }
    }
}

/// `:datetime` is another name for `:naive_datetime` in Ecto 2, and an `ArgumentError` in Ecto 3, where the type of a list is looked at
/// too (`Ecto.Migration`: ecto 2.2, `add/3`; `ecto_sql` 3.13, `validate_type!/1`). After the error the program goes on as if it had
/// been mended.
pub fn of_version(machine: &mut Elixir<'_>, ty: &Value, at: Span) -> Value {
    if let Some([kind, inner]) = ty.as_tuple()
        && inner.as_atom() == Some("datetime")
    {
        return Value::tuple(vec![kind.clone(), of_version(machine, inner, at)]);
    }
    if ty.as_atom() != Some("datetime") {
        return ty.clone();
    }
    match machine.library.project.ecto {
        Some(version) if version < Version(3, 0, 0) => {}
        Some(_) => {
            let message =
                "ArgumentError is raised (the :datetime type in migrations is not supported, please use \
                           :utc_datetime or :naive_datetime instead)"
                    .to_owned();
            let raised = !machine.is_handled() && !machine.is_uncertain();
            match machine.library.way {
                Way::Up if raised => machine.library.session.note_failure(Failure {
                    sqlstate: "",
                    message,
                    span: at,
                    related: Vec::new(),
                }),
                _ if raised => {
                    machine.library.refused.get_or_insert((at, message));
                }
                _ => {}
            }
        }
        None => {
            return machine.unknown(
                at,
                "what :datetime is hangs on the version of Ecto, which is not locked",
            );
        }
    }
    Value::atom("naive_datetime")
}

/// The type of a column.
#[must_use]
pub fn column_type(value: &Value, at: Span) -> ColumnType {
    match value {
        Value::Atom(_) => ColumnType::Atom(word(value, at)),
        Value::Tuple(items) => match &items[..] {
            [kind, inner] if kind.as_atom() == Some("array") => {
                ColumnType::Array(Box::new(column_type(inner, at)), at)
            }
            [kind, _] if kind.as_atom() == Some("map") => ColumnType::Map(at),
            _ => ColumnType::Unknown(untold(at)),
        },
        Value::Map(_) if value.struct_name().as_deref() == Some(REFERENCE) => {
            ColumnType::Reference(Box::new(reference(value, at)))
        }
        other => match word(other, at) {
            Word::Unknown(gap, pattern) if !pattern.is_empty() => {
                ColumnType::Atom(Word::Unknown(gap, pattern))
            }
            Word::Unknown(gap, _) => ColumnType::Unknown(gap),
            Word::Known(_) => ColumnType::Unknown(untold(at)),
        },
    }
}

/// The options of a column.
#[must_use]
pub fn options(given: &Given, at: Span) -> Options {
    let mut open = given.open.clone();
    let text = |key: &str| given.get(key).map(|value| word(value, at));
    let mut null_open = None;
    let truth = |key: &str, open: &mut Option<Gap>| match given.get(key)? {
        Value::Atom(name) => Some(name != "false"),
        other => {
            open.get_or_insert_with(|| other.gap().unwrap_or_else(|| untold(at)));
            None
        }
    };
    let primary_key = truth("primary_key", &mut open).unwrap_or(false);
    let null = truth("null", &mut null_open);
    Options {
        primary_key,
        null,
        null_open,
        default: given.fetch("default").map(|value| default(value, at)),
        size: text("size"),
        precision: text("precision"),
        scale: text("scale"),
        fields: text("fields"),
        collation: text("collation"),
        generated: text("generated"),
        comment: text("comment"),
        from: given.get("from").and_then(|from| replaced(from, at)),
        sequence: ["start_value", "increment"].map(|key| given.get(key).and_then(Value::as_integer)),
        open,
    }
}

/// The reference that `from:`, or the type of `remove`, says is there.
#[must_use]
pub fn replaced(from: &Value, at: Span) -> Option<Box<Reference>> {
    let from = match from.as_tuple() {
        Some([first, ..]) => first,
        _ => from,
    };
    (from.struct_name().as_deref() == Some(REFERENCE)).then(|| Box::new(reference(from, at)))
}

fn default(value: &Value, at: Span) -> Default {
    match value {
        Value::Atom(name) if name == "nil" => Default::Null,
        Value::Atom(name) if name == "true" || name == "false" => Default::Raw(word(value, at)),
        Value::Text(_) => Default::Text(word(value, at)),
        Value::Integer(_) => Default::Raw(word(value, at)),
        Value::Float(number) => Default::Raw(Word::new(&json::float(*number), at)),
        Value::List(items) => Default::List(items.iter().map(|item| default(item, at)).collect()),
        Value::Tuple(items) => match &items[..] {
            [kind, text] if kind.as_atom() == Some("fragment") => Default::Raw(word(text, at)),
            _ => Default::Unknown(untold(at)),
        },
        Value::Map(_) => match json::encode(value) {
            Some(text) => Default::Text(Word::new(&text, at)),
            None => Default::Unknown(untold(at)),
        },
        Value::Unknown(unknown) if !unknown.pattern.is_empty() => Default::Text(word(value, at)),
        other => Default::Unknown(other.gap().unwrap_or_else(|| untold(at))),
    }
}
