//! CREATE TABLE, columns and constraints as they are written most.

use super::cursor::Cursor;
use super::{chain, expr, types};
use crate::change::{
    Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, CreateTable, ForeignKeySpec,
    IdentityKind, ReferentialAction, SequenceOptions, TableElement,
};
use crate::name::Name;
use crate::source::Span;

/// `CREATE TABLE [IF NOT EXISTS] name (...)`, from the name on.
pub(super) fn create_table(at: &mut Cursor<'_>) -> Option<Change> {
    let if_not_exists = at.if_not_exists()?;
    let name = at.object()?;
    at.punct(b'(')?;
    let mut elements = vec![element(at)?];
    while at.eat_punct(b',') {
        elements.push(element(at)?);
    }
    at.punct(b')')?;
    Some(Change::CreateTable(Box::new(CreateTable {
        name,
        if_not_exists,
        temporary: false,
        unlogged: false,
        foreign: false,
        elements,
        inherits: Vec::new(),
        partition_by: None,
        partition_of: None,
        of_type: None,
        span: at.whole(),
    })))
}

fn element(at: &mut Cursor<'_>) -> Option<TableElement> {
    if begins_constraint(at) {
        return Some(TableElement::Constraint(table_constraint(at)?));
    }
    let from = at.here();
    Some(TableElement::Column(column(at, from)?))
}

/// Whether a constraint stands here, not a column. `EXCLUDE` and `PERIOD` are names too.
pub(super) fn begins_constraint(at: &Cursor<'_>) -> bool {
    let words = [
        "constraint",
        "primary",
        "unique",
        "foreign",
        "check",
        "exclude",
        "like",
        "period",
    ];
    words.iter().any(|word| at.is(word))
}

/// A column with its constraints; its definition began at the token `from`.
pub(super) fn column(at: &mut Cursor<'_>, from: usize) -> Option<ColumnSpec> {
    let start = at.here();
    let name = at.name()?;
    let name_span = at.since(start);
    let ty = types::spelled(at)?;
    let mut options = Vec::new();
    while !(at.is_punct(b',') || at.is_punct(b')') || at.is_done()) {
        options.push(option(at, &name)?);
    }
    Some(ColumnSpec {
        name,
        name_span,
        ty: Some(ty.ty),
        ty_span: ty.span,
        serial: ty.serial,
        collation: None,
        options,
        span: at.since(from),
    })
}

fn option(at: &mut Cursor<'_>, column: &Name) -> Option<ColumnOption> {
    let from = at.here();
    let name = constraint_name(at)?;
    let own = || vec![column.clone()];
    let body = match at.word()? {
        b"not" => {
            at.keyword("null")?;
            return plain_end(at).then(|| ColumnOption::NotNull(name, at.since(from)));
        }
        b"null" if name.is_none() => return Some(ColumnOption::Null),
        b"default" if name.is_none() => return Some(ColumnOption::Default(expr::operand(at)?)),
        b"generated" if name.is_none() => return identity(at),
        b"primary" => {
            at.keyword("key")?;
            ConstraintBody::PrimaryKey {
                columns: own(),
                include: Vec::new(),
            }
        }
        b"unique" => ConstraintBody::Unique {
            columns: own(),
            include: Vec::new(),
            nulls_not_distinct: false,
        },
        b"references" => ConstraintBody::ForeignKey(references(at, own(), true)?),
        b"check" => check(at)?,
        _ => return None,
    };
    plain_end(at).then(|| ColumnOption::Constraint(constraint(name, body, at.since(from))))
}

/// Whether a constraint of a column ends here, without options of its own.
fn plain_end(at: &Cursor<'_>) -> bool {
    let follow = [
        "not",
        "null",
        "default",
        "constraint",
        "primary",
        "unique",
        "references",
        "generated",
        "check",
    ];
    at.is_punct(b',') || at.is_punct(b')') || at.is_done() || follow.iter().any(|word| at.is(word))
}

/// `GENERATED ALWAYS | BY DEFAULT AS IDENTITY`.
fn identity(at: &mut Cursor<'_>) -> Option<ColumnOption> {
    let kind = if at.eat("always") {
        IdentityKind::Always
    } else {
        at.keyword("by")?;
        at.keyword("default")?;
        IdentityKind::ByDefault
    };
    at.keyword("as")?;
    at.keyword("identity")?;
    plain_end(at).then(|| ColumnOption::Identity(kind, SequenceOptions::default()))
}

/// `CONSTRAINT name`, where it stands here.
fn constraint_name(at: &mut Cursor<'_>) -> Option<Option<Name>> {
    if at.eat("constraint") {
        at.name().map(Some)
    } else {
        Some(None)
    }
}

fn constraint(name: Option<Name>, body: ConstraintBody, span: Span) -> ConstraintSpec {
    ConstraintSpec {
        name,
        body,
        deferrable: false,
        initially_deferred: false,
        not_valid: false,
        no_inherit: false,
        span,
    }
}

/// A constraint of a table.
pub(super) fn table_constraint(at: &mut Cursor<'_>) -> Option<ConstraintSpec> {
    let from = at.here();
    let name = constraint_name(at)?;
    let body = match at.word()? {
        b"primary" => {
            at.keyword("key")?;
            ConstraintBody::PrimaryKey {
                columns: at.names()?,
                include: Vec::new(),
            }
        }
        b"unique" => ConstraintBody::Unique {
            columns: at.names()?,
            include: Vec::new(),
            nulls_not_distinct: false,
        },
        b"foreign" => {
            at.keyword("key")?;
            let columns = at.names()?;
            at.keyword("references")?;
            ConstraintBody::ForeignKey(references(at, columns, false)?)
        }
        b"check" => check(at)?,
        _ => return None,
    };
    let not_valid = at.phrase(&["not", "valid"])?;
    if !(at.is_punct(b',') || at.is_punct(b')') || at.is_done()) {
        return None;
    }
    Some(ConstraintSpec {
        not_valid,
        ..constraint(name, body, at.since(from))
    })
}

/// The condition of a CHECK.
fn check(at: &mut Cursor<'_>) -> Option<ConstraintBody> {
    at.punct(b'(')?;
    let condition = chain::expression(at)?;
    at.punct(b')')?;
    Some(ConstraintBody::Check(condition))
}

/// The table, columns and actions after `REFERENCES`; a column's own constraint names one column at most.
fn references(at: &mut Cursor<'_>, columns: Vec<Name>, own: bool) -> Option<ForeignKeySpec> {
    let table = at.object()?;
    let referenced = if at.is_punct(b'(') {
        at.names()?
    } else {
        Vec::new()
    };
    if own && referenced.len() > 1 {
        return None;
    }
    let (mut on_delete, mut on_update) = (None, None);
    while at.eat("on") {
        let slot = match at.word()? {
            b"delete" => &mut on_delete,
            b"update" => &mut on_update,
            _ => return None,
        };
        let action = action(at)?;
        if slot.replace(action).is_some() {
            return None;
        }
    }
    Some(ForeignKeySpec {
        columns,
        table,
        referenced,
        on_delete: on_delete.unwrap_or_default(),
        on_update: on_update.unwrap_or_default(),
        match_full: false,
        set_columns: Vec::new(),
    })
}

fn action(at: &mut Cursor<'_>) -> Option<ReferentialAction> {
    let action = match at.word()? {
        b"cascade" => ReferentialAction::Cascade,
        b"restrict" => ReferentialAction::Restrict,
        b"no" => {
            at.keyword("action")?;
            ReferentialAction::NoAction
        }
        b"set" => match at.word()? {
            b"null" => ReferentialAction::SetNull,
            b"default" => ReferentialAction::SetDefault,
            _ => return None,
        },
        _ => return None,
    };
    (!at.is_punct(b'(')).then_some(action)
}
