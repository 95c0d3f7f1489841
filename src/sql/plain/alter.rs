//! ALTER TABLE as it is written most.

use super::cursor::Cursor;
use super::{column, expr, objects, types};
use crate::change::{AlterTable, Change, ObjectKind, TableAction};

/// `ALTER TABLE`, from the name on.
pub(super) fn table(at: &mut Cursor<'_>) -> Option<Change> {
    let if_exists = at.if_exists()?;
    let only = at.eat("only");
    let name = at.object()?;
    if at.is("rename") {
        return rename(
            at,
            AlterTable {
                kind: ObjectKind::Table,
                name,
                if_exists,
                only,
                actions: Vec::new(),
                span: at.whole(),
            },
        );
    }
    let mut actions = vec![action(at)?];
    while at.eat_punct(b',') {
        actions.push(action(at)?);
    }
    Some(Change::AlterTable(Box::new(AlterTable {
        kind: ObjectKind::Table,
        name,
        if_exists,
        only,
        actions,
        span: at.whole(),
    })))
}

/// `RENAME TO`, `RENAME [COLUMN]` and `RENAME CONSTRAINT`, which stand alone.
fn rename(at: &mut Cursor<'_>, mut table: AlterTable) -> Option<Change> {
    let start = at.here();
    at.skip();
    if at.eat("to") {
        let to = at.name()?;
        return Some(Change::Rename {
            kind: table.kind,
            name: table.name,
            to,
            if_exists: table.if_exists,
        });
    }
    let constraint = at.eat("constraint");
    if !constraint {
        at.eat("column");
    }
    let from = at.name()?;
    at.keyword("to")?;
    let to = at.name()?;
    let span = at.since(start);
    table.actions.push(if constraint {
        TableAction::RenameConstraint { from, to, span }
    } else {
        TableAction::RenameColumn { from, to, span }
    });
    Some(Change::AlterTable(Box::new(table)))
}

fn action(at: &mut Cursor<'_>) -> Option<TableAction> {
    let from = at.here();
    match at.word()? {
        b"add" => add(at, from),
        b"drop" => drop(at, from),
        b"alter" => alter(at, from),
        b"enable" => {
            ["row", "level", "security"]
                .iter()
                .try_for_each(|word| at.keyword(word))?;
            Some(TableAction::NoSchemaEffect("ROW LEVEL SECURITY"))
        }
        b"validate" => {
            at.keyword("constraint")?;
            let name = at.name()?;
            Some(TableAction::ValidateConstraint {
                name,
                span: at.since(from),
            })
        }
        _ => None,
    }
}

fn add(at: &mut Cursor<'_>, from: usize) -> Option<TableAction> {
    if column::begins_constraint(at) {
        return Some(TableAction::AddConstraint(column::table_constraint(at)?));
    }
    at.eat("column");
    let if_not_exists = at.if_not_exists()?;
    Some(TableAction::AddColumn {
        column: column::column(at, from)?,
        if_not_exists,
    })
}

fn drop(at: &mut Cursor<'_>, from: usize) -> Option<TableAction> {
    let constraint = at.eat("constraint");
    if !constraint {
        at.eat("column");
    }
    let if_exists = at.if_exists()?;
    let name = at.name()?;
    let behaviour = objects::behaviour(at);
    let span = at.since(from);
    Some(if constraint {
        TableAction::DropConstraint {
            name,
            if_exists,
            behaviour,
            span,
        }
    } else {
        TableAction::DropColumn {
            name,
            if_exists,
            behaviour,
            span,
        }
    })
}

fn alter(at: &mut Cursor<'_>, from: usize) -> Option<TableAction> {
    at.eat("column");
    let column = at.name()?;
    let set = match at.word()? {
        b"set" => true,
        b"drop" => false,
        b"type" => return set_type(at, from, column),
        _ => return None,
    };
    match at.word()? {
        b"not" => {
            at.keyword("null")?;
            Some(TableAction::SetNotNull {
                column,
                not_null: set,
                span: at.since(from),
            })
        }
        b"default" => {
            let default = if set { Some(expr::operand(at)?) } else { None };
            Some(TableAction::SetDefault {
                column,
                default,
                span: at.since(from),
            })
        }
        b"data" if set => {
            at.keyword("type")?;
            set_type(at, from, column)
        }
        _ => None,
    }
}

fn set_type(at: &mut Cursor<'_>, from: usize, column: crate::name::Name) -> Option<TableAction> {
    let ty = types::spelled(at)?;
    if ty.serial.is_some() {
        return None;
    }
    let using = if at.eat("using") {
        Some(expr::operand(at)?)
    } else {
        None
    };
    Some(TableAction::SetType {
        column,
        ty: ty.ty,
        collation: None,
        using,
        is_enum: false,
        span: at.since(from),
    })
}
