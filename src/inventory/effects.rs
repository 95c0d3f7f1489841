//! What a change does to a table that has rows, by its nature: writes it anew, reads all of it while others wait, or keeps writers
//! waiting while an index is built.
//!
//! Source: manual, `ALTER TABLE` (Notes), `CREATE INDEX`, 13.3.1 "Table-Level Locks"; `ATColumnChangeRequiresRewrite` of tablecmds.c.

use crate::change::{Change, ColumnOption, ColumnSpec, ConstraintBody, ConstraintSpec, TableAction};
use crate::name::Name;
use crate::sqltype::catalog::{Volatility, catalog, extension};
use crate::tree::{Expr, ExprKind};

/// What a change does to a table with rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// All rows are written anew, and nobody reads or writes meanwhile.
    Rewrites(String),
    /// So it may be: what it depends on is not told.
    MayRewrite(String),
    /// All rows are read, and others wait meanwhile.
    Reads(String),
    /// An index is built, and writers wait meanwhile.
    Builds(String),
}

impl Effect {
    /// In words, without the table.
    pub(super) fn words(&self) -> String {
        match self {
            Effect::Rewrites(what) => format!("rewrites: {what}"),
            Effect::MayRewrite(what) => format!("may rewrite: {what}"),
            Effect::Reads(what) => format!("reads all rows: {what}"),
            Effect::Builds(what) => format!("locks out writes: {what}"),
        }
    }
}

/// What a change does to the table that it names. `was` tells the type that a column had before.
pub(super) fn effects(
    change: &Change,
    was: &dyn Fn(&Name) -> Option<String>,
    now: &dyn Fn(&crate::sqltype::SqlType) -> String,
) -> Vec<Effect> {
    match change {
        Change::AlterTable(alter) => alter
            .actions
            .iter()
            .flat_map(|action| of_action(action, was, now))
            .collect(),
        Change::CreateIndex(index) if !index.concurrently => {
            let name = index
                .name
                .as_ref()
                .map_or_else(|| "an index".to_owned(), |n| format!("index {n}"));
            vec![Effect::Builds(name)]
        }
        _ => Vec::new(),
    }
}

fn of_action(
    action: &TableAction,
    was: &dyn Fn(&Name) -> Option<String>,
    now: &dyn Fn(&crate::sqltype::SqlType) -> String,
) -> Vec<Effect> {
    match action {
        TableAction::AddColumn { column, .. } => of_column(column),
        TableAction::SetType {
            column, ty, using, ..
        } => {
            let ty = now(ty);
            let what = |old: &str| format!("type of {column} from {old} to {ty}");
            match was(column) {
                Some(old) if keeps_rows(&old, &ty) && using.as_ref().is_none_or(|u| is_plain(u, column)) => {
                    Vec::new()
                }
                Some(old) if keeps_rows(&old, &ty) => vec![Effect::MayRewrite(what(&old))],
                Some(old) => vec![Effect::Rewrites(what(&old))],
                None => vec![Effect::MayRewrite(format!("type of {column} to {ty}"))],
            }
        }
        TableAction::SetNotNull {
            column,
            not_null: true,
            ..
        } => {
            vec![Effect::Reads(format!("{column} NOT NULL"))]
        }
        TableAction::AddIdentity { .. } => Vec::new(),
        TableAction::SetExpression { column, .. } => {
            vec![Effect::Rewrites(format!("expression of {column}"))]
        }
        TableAction::AddConstraint(constraint) => of_constraint(constraint).into_iter().collect(),
        TableAction::AttachPartition { child, .. } => {
            vec![Effect::Reads(format!("rows of the partition {}", child.name))]
        }
        _ => Vec::new(),
    }
}

fn of_column(column: &ColumnSpec) -> Vec<Effect> {
    let mut out = Vec::new();
    let name = &column.name;
    if column.serial.is_some() {
        out.push(Effect::Rewrites(format!("{name} is a serial")));
    }
    for option in &column.options {
        match option {
            ColumnOption::Default(expr) => match is_volatile(expr) {
                Some(true) => out.push(Effect::Rewrites(format!(
                    "the default of {name} differs row by row"
                ))),
                Some(false) => {}
                None => out.push(Effect::MayRewrite(format!(
                    "the default of {name} calls a function"
                ))),
            },
            ColumnOption::Generated(_, crate::change::GeneratedKind::Stored) => {
                out.push(Effect::Rewrites(format!("{name} is generated")));
            }
            ColumnOption::Identity(..) => out.push(Effect::Rewrites(format!("{name} is an identity column"))),
            ColumnOption::Constraint(constraint) => out.extend(of_constraint(constraint)),
            ColumnOption::Generated(..)
            | ColumnOption::NotNull(..)
            | ColumnOption::Null
            | ColumnOption::NoEffect
            | ColumnOption::Opaque(_) => {}
        }
    }
    out
}

fn of_constraint(constraint: &ConstraintSpec) -> Option<Effect> {
    let named = |what: &str| match &constraint.name {
        Some(name) => format!("{what} {name}"),
        None => what.to_owned(),
    };
    match &constraint.body {
        ConstraintBody::PrimaryKey { .. } => Some(Effect::Builds(named("primary key"))),
        ConstraintBody::Unique { .. } => Some(Effect::Builds(named("unique constraint"))),
        ConstraintBody::Exclude { .. } => Some(Effect::Builds(named("exclusion"))),
        ConstraintBody::ForeignKey(key) if !constraint.not_valid => Some(Effect::Reads(format!(
            "{} to {}",
            named("foreign key"),
            key.table.name
        ))),
        ConstraintBody::Check(_) if !constraint.not_valid => Some(Effect::Reads(named("check"))),
        ConstraintBody::ForeignKey(_)
        | ConstraintBody::Check(_)
        | ConstraintBody::UsingIndex { .. }
        | ConstraintBody::NotNull { .. } => None,
    }
}

/// Whether an expression is the column, cast or not.
fn is_plain(expr: &Expr, column: &Name) -> bool {
    match &expr.kind {
        ExprKind::Column(name) => name.name == *column,
        ExprKind::Cast(inner, ..) => is_plain(inner, column),
        _ => false,
    }
}

/// Whether rows keep their bytes when a column's type changes so: the types are binary coercible, or only allow more.
fn keeps_rows(old: &str, new: &str) -> bool {
    let split = |ty: &str| -> (String, Option<Vec<u32>>) {
        match ty.split_once('(') {
            Some((base, rest)) => {
                let inner = rest.trim_end_matches(')').split(',');
                (base.to_owned(), inner.map(|n| n.trim().parse().ok()).collect())
            }
            None => (ty.to_owned(), None),
        }
    };
    if old == new {
        return true;
    }
    let ((old_base, old_mod), (new_base, new_mod)) = (split(old), split(new));
    let is_text = |base: &str| matches!(base, "text" | "character varying");
    match (old_base.as_str(), new_base.as_str()) {
        ("cidr", "inet") => true,
        (a, "text") if is_text(a) => true,
        (a, "character varying") if is_text(a) => match (old_mod, new_mod) {
            (_, None) => true,
            (Some(old), Some(new)) => new >= old,
            (None, Some(_)) => false,
        },
        ("bit varying", "bit varying") => match (old_mod, new_mod) {
            (_, None) => true,
            (Some(old), Some(new)) => new >= old,
            (None, Some(_)) => false,
        },
        ("numeric", "numeric") => match (old_mod.as_deref(), new_mod.as_deref()) {
            (_, None) => true,
            (Some([p, s]), Some([q, t])) => q >= p && s == t,
            _ => false,
        },
        _ => false,
    }
}

/// Whether a default differs row by row; `None` where it calls what is not known.
fn is_volatile(expr: &Expr) -> Option<bool> {
    let mut out = Some(false);
    expr.walk(&mut |part| {
        let one = match &part.kind {
            ExprKind::Call(call) => volatility(call.name.name.as_str()),
            ExprKind::Opaque(_) => None,
            _ => Some(false),
        };
        out = match (out, one) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, _) | (_, None) => None,
            (Some(false), Some(false)) => Some(false),
        };
    });
    out
}

fn volatility(name: &str) -> Option<bool> {
    let own = catalog().functions(name).iter();
    let brought = ["uuid-ossp", "pgcrypto", "citext"]
        .into_iter()
        .filter_map(extension);
    let brought = brought.flat_map(|of| of.functions(name));
    let mut rows = own.chain(brought).peekable();
    rows.peek()?;
    Some(rows.any(|row| matches!(row.volatility, Volatility::Volatile)))
}

#[cfg(test)]
mod tests {
    use super::{keeps_rows, volatility};

    #[test]
    fn types_that_keep_rows() {
        assert!(keeps_rows("character varying(10)", "character varying(20)"));
        assert!(keeps_rows("character varying(10)", "text"));
        assert!(!keeps_rows("text", "character varying(20)"));
        assert!(!keeps_rows("integer", "bigint"));
        assert!(keeps_rows("numeric(10,2)", "numeric(12,2)"));
        assert!(!keeps_rows("numeric(10,2)", "numeric(12,3)"));
    }

    #[test]
    fn functions_that_differ_row_by_row() {
        assert_eq!(volatility("gen_random_uuid"), Some(true));
        assert_eq!(volatility("now"), Some(false));
        assert_eq!(volatility("of_our_own"), None);
    }
}
