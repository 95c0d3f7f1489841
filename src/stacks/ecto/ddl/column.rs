//! Columns in `CREATE TABLE` and `ALTER TABLE`: types, options, references.

use super::super::command::{Added, ColumnType, Default, Options, Part, Reference, Table, Word};
use super::super::sql::Sql;
use super::Dialect;
use crate::known::Gap;
use crate::session::{HOLE_GENERATED, HOLE_NULL, HOLE_OPTIONS};

/// A column within the parentheses of `CREATE TABLE`.
pub(in super::super) fn definition(sql: &mut Sql, table: &Table, part: &Part, dialect: Dialect) {
    match part {
        Part::Add(added) | Part::AddIfNotExists(added) | Part::Modify(added) => {
            sql.from(added.span);
            sql.name(&added.name);
            sql.push(" ");
            column(sql, table, added, ", ", dialect);
        }
        // `Ecto.Migration` has no clause for them within `create`.
        Part::Remove(name, ..) | Part::RemoveIfExists(name, ..) => sql.name(name),
    }
}

/// An action of `ALTER TABLE`.
pub(in super::super) fn change(sql: &mut Sql, table: &Table, part: &Part, dialect: Dialect) {
    match part {
        Part::Add(added) => {
            sql.from(added.span);
            sql.push("ADD COLUMN ");
            sql.name(&added.name);
            sql.push(" ");
            column(sql, table, added, ", ADD ", dialect);
        }
        Part::AddIfNotExists(added) => {
            sql.from(added.span);
            sql.push("ADD COLUMN IF NOT EXISTS ");
            sql.name(&added.name);
            sql.push(" ");
            column(sql, table, added, ", ADD ", dialect);
        }
        Part::Modify(added) => {
            sql.from(added.span);
            modify(sql, table, added, dialect);
        }
        Part::Remove(name, reference, at) => {
            sql.from(*at);
            if let Some(reference) = reference {
                drop_reference(sql, reference, table, name, "");
            }
            sql.push("DROP COLUMN ");
            sql.name(name);
        }
        Part::RemoveIfExists(name, reference, at) => {
            sql.from(*at);
            if let Some(reference) = reference {
                drop_reference(sql, reference, table, name, "IF EXISTS ");
            }
            sql.push("DROP COLUMN IF EXISTS ");
            sql.name(name);
        }
    }
}

/// Type, options, and the reference behind `before`.
fn column(sql: &mut Sql, table: &Table, added: &Added, before: &str, dialect: Dialect) {
    let options = &added.options;
    let ColumnType::Reference(reference) = &added.ty else {
        column_type(sql, &added.ty, options, dialect);
        column_options(sql, &added.ty, options);
        return;
    };
    referenced_type(sql, &reference.ty, options, dialect);
    column_options(sql, &reference.ty, options);
    sql.push(before);
    reference_clause(sql, reference, table, &added.name);
}

fn column_options(sql: &mut Sql, ty: &ColumnType, options: &Options) {
    if let Some(default) = &options.default {
        sql.push(" DEFAULT ");
        default_value(sql, default, ty);
    }
    match options.null {
        Some(false) => sql.push(" NOT NULL"),
        Some(true) => sql.push(" NULL"),
        None => {}
    }
    collation(sql, options);
    for (mark, gap) in marks(options) {
        sql.push(" CHECK (");
        sql.mark(mark, gap);
        sql.push(")");
    }
}

/// What stands for clauses that cannot be told.
fn marks(options: &Options) -> impl Iterator<Item = (&'static str, &Gap)> {
    let null = options.null_open.iter().map(|gap| (HOLE_NULL, gap));
    null.chain(options.open.iter().map(|gap| (HOLE_OPTIONS, gap)))
}

fn collation(sql: &mut Sql, options: &Options) {
    if let Some(collation) = &options.collation {
        sql.push(" COLLATE ");
        sql.name(collation);
    }
}

fn modify(sql: &mut Sql, table: &Table, added: &Added, dialect: Dialect) {
    let options = &added.options;
    if let Some(from) = &options.from {
        drop_reference(sql, from, table, &added.name, "");
    }
    sql.push("ALTER COLUMN ");
    sql.name(&added.name);
    sql.push(" TYPE ");
    let ty = if let ColumnType::Reference(reference) = &added.ty {
        referenced_type(sql, &reference.ty, options, dialect);
        sql.push(", ADD ");
        reference_clause(sql, reference, table, &added.name);
        &reference.ty
    } else {
        column_type(sql, &added.ty, options, dialect);
        &added.ty
    };
    if let Some(null) = options.null {
        sql.push(", ALTER COLUMN ");
        sql.name(&added.name);
        sql.push(if null { " DROP NOT NULL" } else { " SET NOT NULL" });
    }
    if let Some(default) = &options.default {
        sql.push(", ALTER COLUMN ");
        sql.name(&added.name);
        sql.push(" SET DEFAULT ");
        default_value(sql, default, ty);
    }
    collation(sql, options);
    for (mark, gap) in marks(options) {
        sql.push(", ALTER COLUMN ");
        sql.name(&added.name);
        sql.push(" SET DEFAULT ");
        sql.mark(mark, gap);
    }
}

fn default_value(sql: &mut Sql, default: &Default, ty: &ColumnType) {
    match default {
        Default::Null => sql.push("NULL"),
        Default::Text(word) => sql.literal(word),
        Default::Raw(word) => sql.word(word),
        Default::List(items) => {
            sql.push("ARRAY[");
            let inner = match ty {
                ColumnType::Array(inner, _) => inner,
                other => other,
            };
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    sql.push(",");
                }
                default_value(sql, item, inner);
            }
            sql.push("]::");
            database_type(sql, ty);
        }
        Default::Unknown(gap) => sql.hole(gap),
    }
}

/// The type of a column that references another one.
fn referenced_type(sql: &mut Sql, ty: &ColumnType, options: &Options, dialect: Dialect) {
    match ty {
        ColumnType::Atom(word) if word.known() == Some("serial") => sql.push("integer"),
        ColumnType::Atom(word) if matches!(word.known(), Some("bigserial" | "identity")) => {
            sql.push("bigint");
        }
        ty => column_type(sql, ty, options, dialect),
    }
}

fn column_type(sql: &mut Sql, ty: &ColumnType, options: &Options, dialect: Dialect) {
    type_name(sql, ty, options, dialect);
    if let Some(Word::Unknown(gap, _)) = &options.generated {
        sql.push(" CHECK (");
        sql.mark(HOLE_GENERATED, gap);
        sql.push(")");
    } else if let Some(generated) = &options.generated {
        sql.push(" GENERATED ");
        sql.word(generated);
    } else if let ColumnType::Atom(word) = ty
        && word.known() == Some("identity")
    {
        sql.push(" GENERATED BY DEFAULT AS IDENTITY");
        let [start, increment] = options.sequence.map(|n| n.filter(|n| *n > 0));
        let words: Vec<String> = [("START WITH", start), ("INCREMENT BY", increment)]
            .into_iter()
            .filter_map(|(word, n)| Some(format!("{word} {}", n?)))
            .collect();
        if !words.is_empty() {
            sql.push(&format!("({}) ", words.join(" ")));
        }
    }
}

/// A type with its size or precision.
fn type_name(sql: &mut Sql, ty: &ColumnType, options: &Options, dialect: Dialect) {
    let word = match ty {
        ColumnType::Array(inner, _) => {
            type_name(sql, inner, options, dialect);
            sql.push("[]");
            return;
        }
        ColumnType::Atom(word) => word.known(),
        ColumnType::Map(_) | ColumnType::Reference(_) | ColumnType::Unknown(_) => None,
    };
    database_type(sql, ty);
    match word {
        Some("time" | "utc_datetime" | "naive_datetime") => {
            if dialect.whole_seconds {
                sql.push("(0)");
            }
        }
        Some("time_usec" | "utc_datetime_usec" | "naive_datetime_usec") => {
            if let Some(precision) = &options.precision {
                parenthesised(sql, precision, None);
            }
        }
        Some("duration") => {
            if let Some(fields) = &options.fields {
                sql.push(" ");
                sql.word(fields);
            }
            if let Some(precision) = &options.precision {
                parenthesised(sql, precision, None);
            }
        }
        _ => {
            if let Some(size) = &options.size {
                parenthesised(sql, size, None);
            } else if let Some(precision) = &options.precision {
                let zero = Word::new(
                    "0",
                    match ty {
                        ColumnType::Atom(Word::Known(text)) => text.whole(),
                        _ => crate::source::Span::new(crate::source::FileId(0), 0, 0),
                    },
                );
                parenthesised(sql, precision, Some(options.scale.as_ref().unwrap_or(&zero)));
            } else if word == Some("string") {
                sql.push("(255)");
            }
        }
    }
}

fn parenthesised(sql: &mut Sql, first: &Word, second: Option<&Word>) {
    sql.push("(");
    sql.word(first);
    if let Some(second) = second {
        sql.push(",");
        sql.word(second);
    }
    sql.push(")");
}

/// `ecto_to_db`: the database's name of a type.
fn database_type(sql: &mut Sql, ty: &ColumnType) {
    match ty {
        ColumnType::Array(inner, _) => {
            database_type(sql, inner);
            sql.push("[]");
        }
        ColumnType::Map(_) => sql.push("jsonb"),
        ColumnType::Atom(word) => match word.known().and_then(renamed) {
            Some(name) => {
                if let Word::Known(text) = word {
                    sql.word(&Word::new(name, text.whole()));
                }
            }
            None => sql.word(word),
        },
        ColumnType::Reference(reference) => database_type(sql, &reference.ty),
        ColumnType::Unknown(gap) => sql.hole(gap),
    }
}

/// Types that the database calls otherwise.
#[must_use]
pub(in super::super) fn renamed(atom: &str) -> Option<&'static str> {
    Some(match atom {
        "id" => "integer",
        "identity" => "bigint",
        "binary_id" => "uuid",
        "string" => "varchar",
        "bitstring" => "varbit",
        "binary" => "bytea",
        "map" => "jsonb",
        "time_usec" => "time",
        "utc_datetime" | "utc_datetime_usec" | "naive_datetime" | "naive_datetime_usec" => "timestamp",
        "duration" => "interval",
        _ => return None,
    })
}

fn reference_clause(sql: &mut Sql, reference: &Reference, table: &Table, column: &Word) {
    sql.from(reference.span);
    sql.push("CONSTRAINT ");
    match &reference.open {
        Some(gap) => sql.unknown_name(gap),
        None => reference_name(sql, reference, table, column),
    }
    sql.push(" FOREIGN KEY (");
    sql.names(std::iter::once(column).chain(reference.with.iter().map(|(own, _)| own)));
    sql.push(") REFERENCES ");
    let prefix = match &reference.prefix {
        Some(prefix) => prefix.as_ref(),
        None => table.prefix.as_ref(),
    };
    sql.qualified(prefix, &reference.table);
    sql.push("(");
    sql.names(std::iter::once(&reference.column).chain(reference.with.iter().map(|(_, other)| other)));
    sql.push(")");
    if let Some(matching) = reference.matching {
        sql.push(" MATCH ");
        sql.push(matching);
    }
    if let Some(on_delete) = &reference.on_delete {
        sql.push(" ON DELETE ");
        sql.push(on_delete.action);
        if !on_delete.columns.is_empty() {
            sql.push(" (");
            sql.names(&on_delete.columns);
            sql.push(")");
        }
    }
    if let Some(on_update) = reference.on_update {
        sql.push(" ON UPDATE ");
        sql.push(on_update);
    }
    if !reference.validate {
        sql.push(" NOT VALID");
    }
}

fn drop_reference(sql: &mut Sql, reference: &Reference, table: &Table, column: &Word, if_exists: &str) {
    sql.push("DROP CONSTRAINT ");
    sql.push(if_exists);
    reference_name(sql, reference, table, column);
    sql.push(", ");
}

fn reference_name(sql: &mut Sql, reference: &Reference, table: &Table, column: &Word) {
    if let Some(name) = &reference.name {
        sql.name(name);
        return;
    }
    sql.push("\"");
    sql.word(&table.name);
    sql.push("_");
    sql.word(column);
    sql.push("_fkey\"");
}
