//! The statements that a command becomes, as Ecto's adapter for PostgreSQL writes them.
//!
//! Source: `Ecto.Adapters.Postgres.Connection` (`ecto_sql` 3.13, lib/ecto/adapters/postgres/connection.ex), section DDL.

mod column;

use super::command::{Command, Constraint, Index, IndexColumn, Object, Part, Table, Word};
use super::sql::Sql;
use crate::source::Span;

/// What of the language differs by version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// `:utc_datetime`, `:naive_datetime` and `:time` are kept without fractions of a second (Ecto 3), not with them (Ecto 2).
    pub whole_seconds: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { whole_seconds: true }
    }
}

/// The statements of a command, in order.
#[must_use]
pub fn statements(command: &Command, dialect: Dialect) -> Vec<Sql> {
    match command {
        Command::CreateTable {
            table,
            if_not_exists,
            parts,
        } => create_table(table, *if_not_exists, parts, dialect),
        Command::AlterTable(table, parts) => alter_table(table, parts, dialect),
        Command::CreateIndex(index, if_not_exists) => create_index(index, *if_not_exists),
        Command::CreateConstraint(constraint) => create_constraint(constraint),
        Command::Drop {
            object,
            if_exists,
            cascade,
        } => vec![drop(object, *if_exists, *cascade)],
        Command::RenameTable(table, to) => {
            let mut sql = altered(table);
            sql.push(" RENAME TO ");
            sql.name(to);
            vec![sql]
        }
        Command::RenameColumn(table, column, to) => {
            let mut sql = altered(table);
            sql.push(" RENAME ");
            sql.name(column);
            sql.push(" TO ");
            sql.name(to);
            vec![sql]
        }
        Command::RenameIndex(index, to) => {
            let mut sql = Sql::new(index.span);
            sql.push("ALTER INDEX ");
            sql.qualified(index.prefix.as_ref(), &index.name);
            sql.push(" RENAME TO ");
            sql.name(to);
            vec![sql]
        }
        Command::Sql(text) | Command::Library(text) => {
            let mut sql = Sql::default();
            sql.word(text);
            vec![sql]
        }
    }
}

fn altered(table: &Table) -> Sql {
    let mut sql = Sql::new(table.whole);
    sql.push("ALTER TABLE ");
    sql.from(table.span);
    sql.qualified(table.prefix.as_ref(), &table.name);
    sql
}

fn create_table(table: &Table, if_not_exists: bool, parts: &[Part], dialect: Dialect) -> Vec<Sql> {
    let mut sql = Sql::new(table.whole);
    sql.push("CREATE ");
    sql.from(table.span);
    if let Some(modifiers) = &table.modifiers {
        sql.word(modifiers);
        sql.push(" ");
    }
    sql.push("TABLE ");
    if if_not_exists {
        sql.push("IF NOT EXISTS ");
    }
    sql.qualified(table.prefix.as_ref(), &table.name);
    sql.push(" (");
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        column::definition(&mut sql, table, part, dialect);
    }
    // What it inherits, or how it is divided: columns and more.
    if let Some(Word::Unknown(gap, _)) = &table.options {
        sql.push(if parts.is_empty() { "" } else { ", " });
        sql.unknown_name(gap);
        sql.push(" integer");
    }
    sql.from(table.span);
    primary_key(&mut sql, parts, ", ");
    sql.push(")");
    if let Some(options @ Word::Known(_)) = &table.options {
        sql.push(" ");
        sql.word(options);
    }
    let mut out = vec![sql];
    comments(&mut out, table, parts);
    out
}

fn alter_table(table: &Table, parts: &[Part], dialect: Dialect) -> Vec<Sql> {
    let mut sql = altered(table);
    sql.push(" ");
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        column::change(&mut sql, table, part, dialect);
    }
    sql.from(table.span);
    primary_key(&mut sql, parts, ", ADD ");
    let mut out = vec![sql];
    comments(&mut out, table, parts);
    out
}

/// `PRIMARY KEY (...)` over every column that says so.
fn primary_key(sql: &mut Sql, parts: &[Part], before: &str) {
    let keys: Vec<&Word> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Add(added) | Part::AddIfNotExists(added) | Part::Modify(added) => Some(added),
            Part::Remove(..) | Part::RemoveIfExists(..) => None,
        })
        .filter(|added| added.options.primary_key)
        .map(|added| &added.name)
        .collect();
    if keys.is_empty() {
        return;
    }
    sql.push(before);
    sql.push("PRIMARY KEY (");
    sql.names(keys);
    sql.push(")");
}

fn comments(out: &mut Vec<Sql>, table: &Table, parts: &[Part]) {
    if let Some(comment) = &table.comment {
        let mut sql = Sql::new(table.span);
        sql.push("COMMENT ON TABLE ");
        sql.qualified(table.prefix.as_ref(), &table.name);
        sql.push(" IS ");
        sql.literal(comment);
        out.push(sql);
    }
    for part in parts {
        let (Part::Add(added) | Part::AddIfNotExists(added) | Part::Modify(added)) = part else {
            continue;
        };
        if let Some(comment) = &added.options.comment {
            let mut sql = Sql::new(added.span);
            sql.push("COMMENT ON COLUMN ");
            sql.qualified(table.prefix.as_ref(), &table.name);
            sql.push(".");
            sql.name(&added.name);
            sql.push(" IS ");
            sql.literal(comment);
            out.push(sql);
        }
    }
}

fn create_index(index: &Index, if_not_exists: bool) -> Vec<Sql> {
    let mut sql = Sql::new(index.span);
    sql.push("CREATE ");
    if index.unique {
        sql.push("UNIQUE ");
    }
    sql.push("INDEX ");
    if index.concurrently {
        sql.push("CONCURRENTLY ");
    }
    if if_not_exists {
        sql.push("IF NOT EXISTS ");
    }
    sql.name(&index.name);
    sql.push(if index.only { " ON ONLY " } else { " ON " });
    sql.qualified(index.prefix.as_ref(), &index.table);
    if let Some(using) = &index.using {
        sql.push(" USING ");
        sql.word(using);
    }
    sql.push(" (");
    keys(&mut sql, &index.columns);
    sql.push(")");
    if !index.include.is_empty() {
        sql.push(" INCLUDE (");
        keys(&mut sql, &index.include);
        sql.push(")");
    }
    match index.nulls_distinct {
        Some(true) => sql.push(" NULLS DISTINCT"),
        Some(false) => sql.push(" NULLS NOT DISTINCT"),
        None => {}
    }
    if let Some(options) = &index.options {
        sql.push(" WITH (");
        sql.word(options);
        sql.push(")");
    }
    if let Some(gap) = &index.open {
        sql.push(" WHERE ");
        sql.hole(gap);
    } else if let Some(predicate) = &index.predicate {
        sql.push(" WHERE ");
        sql.word(predicate);
    }
    let mut out = vec![sql];
    if let Some(comment) = &index.comment {
        let mut sql = Sql::new(index.span);
        sql.push("COMMENT ON INDEX ");
        sql.qualified(index.prefix.as_ref(), &index.name);
        sql.push(" IS ");
        sql.literal(comment);
        out.push(sql);
    }
    out
}

fn keys(sql: &mut Sql, columns: &[IndexColumn]) {
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            sql.push(", ");
        }
        if column.expression {
            sql.word(&column.word);
        } else {
            sql.name(&column.word);
        }
        if let Some(direction) = column.direction {
            sql.push(" ");
            sql.push(direction);
        }
    }
}

fn create_constraint(constraint: &Constraint) -> Vec<Sql> {
    let mut sql = on_table(constraint);
    sql.push(" ADD CONSTRAINT ");
    match &constraint.open {
        Some(gap) => sql.unknown_name(gap),
        None => sql.name(&constraint.name),
    }
    if let Some(check) = &constraint.check {
        sql.push(" CHECK (");
        sql.word(check);
        sql.push(")");
    } else if let Some(Word::Unknown(gap, _)) = &constraint.exclude {
        sql.push(" CHECK (");
        sql.hole(gap);
        sql.push(")");
    } else if let Some(exclude) = &constraint.exclude {
        sql.push(" EXCLUDE USING ");
        sql.word(exclude);
    }
    if !constraint.validate {
        sql.push(" NOT VALID");
    }
    let mut out = vec![sql];
    if let Some(comment) = &constraint.comment {
        let mut sql = Sql::new(constraint.span);
        sql.push("COMMENT ON CONSTRAINT ");
        sql.name(&constraint.name);
        sql.push(" ON ");
        sql.qualified(constraint.prefix.as_ref(), &constraint.table);
        sql.push(" IS ");
        sql.literal(comment);
        out.push(sql);
    }
    out
}

fn on_table(constraint: &Constraint) -> Sql {
    let mut sql = Sql::new(constraint.span);
    sql.push("ALTER TABLE ");
    sql.qualified(constraint.prefix.as_ref(), &constraint.table);
    sql
}

fn drop(object: &Object, if_exists: bool, cascade: bool) -> Sql {
    let if_exists = if if_exists { "IF EXISTS " } else { "" };
    let mut sql = match object {
        Object::Table(table) => {
            let mut sql = Sql::new(table.span);
            sql.push("DROP TABLE ");
            sql.push(if_exists);
            sql.qualified(table.prefix.as_ref(), &table.name);
            sql
        }
        Object::Index(index) => {
            let mut sql = Sql::new(index.span);
            sql.push("DROP INDEX ");
            if index.concurrently {
                sql.push("CONCURRENTLY ");
            }
            sql.push(if_exists);
            sql.qualified(index.prefix.as_ref(), &index.name);
            sql
        }
        Object::Constraint(constraint) => {
            let mut sql = on_table(constraint);
            sql.push(" DROP CONSTRAINT ");
            sql.push(if_exists);
            sql.name(&constraint.name);
            sql
        }
    };
    if cascade {
        sql.push(" CASCADE");
    }
    sql
}

/// What a command is about, for messages: its table and the words that made it.
#[must_use]
pub fn place(command: &Command) -> Span {
    match command {
        Command::CreateTable { table, .. }
        | Command::AlterTable(table, _)
        | Command::RenameTable(table, _)
        | Command::RenameColumn(table, ..) => table.span,
        Command::CreateIndex(index, _) | Command::RenameIndex(index, _) => index.span,
        Command::CreateConstraint(constraint) => constraint.span,
        Command::Drop { object, .. } => match object {
            Object::Table(table) => table.span,
            Object::Index(index) => index.span,
            Object::Constraint(constraint) => constraint.span,
        },
        Command::Sql(Word::Known(text)) | Command::Library(Word::Known(text)) => text.whole(),
        Command::Sql(Word::Unknown(gap, _)) | Command::Library(Word::Unknown(gap, _)) => {
            gap.at.unwrap_or(Span::new(crate::source::FileId(0), 0, 0))
        }
    }
}
