//! What column names mean in an expression: columns of one table, a domain's VALUE, or what a query reads from.

use super::Scope;
use super::coerce::Node;
use super::stop::{Outcome, Stop};
use super::types::{Ty, Types};
use crate::name::Name;
use crate::source::Span;
use crate::sqltype::SqlType;
use crate::sqltype::catalog::FunctionKind;
use crate::tree::{ColumnName, Expr, ExprKind};

/// Where names are looked up.
#[derive(Clone, Copy)]
pub(super) enum Names<'a> {
    /// On a table, or nowhere.
    Stored(&'a Scope<'a>),
    /// In a query.
    Query(&'a [Source]),
}

/// One item that a query reads from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The alias, or the table's own name; `None` for one that cannot be named.
    pub alias: Option<Name>,
    /// Its columns; a type where it could be told.
    pub columns: Vec<SourceColumn>,
    /// More columns may be there.
    pub open: bool,
}

/// One column of a [`Source`].
#[derive(Debug, Clone)]
pub(super) struct SourceColumn {
    pub name: Name,
    pub ty: Option<SqlType>,
    /// The table and column that it is, where it is one.
    pub of: Option<(crate::schema::TableId, crate::schema::ColumnId)>,
    /// Joined with USING into another one: not shown by `*`, and no rival for an unqualified name.
    pub merged: bool,
}

/// Columns of every table (`SystemAttributeDefinition`).
const SYSTEM_COLUMNS: &[&str] = &["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"];

/// Whether every table has a column of this name that is not listed.
pub(super) fn is_system_column(name: &Name) -> bool {
    SYSTEM_COLUMNS.contains(&name.as_str())
}

impl Names<'_> {
    pub(super) fn is_query(&self) -> bool {
        matches!(self, Names::Query(_))
    }

    pub(super) fn column(&self, types: Types<'_>, name: &ColumnName, span: Span) -> Outcome<Node> {
        match self {
            Names::Stored(scope) => stored(scope, types, name, span),
            Names::Query(sources) => queried(sources, name, span),
        }
    }

    /// A column that is resolved already.
    pub(super) fn number(&self, number: u32, span: Span) -> Outcome<Node> {
        match self {
            Names::Stored(scope) => numbered(scope, number, span),
            Names::Query(_) => Err(Stop::gap(span, "a column by number")),
        }
    }

    pub(super) fn subquery(&self, span: Span) -> Outcome<Node> {
        Err(match self {
            Names::Stored(_) => Stop::fail("0A000", "cannot use subquery in this expression", span),
            Names::Query(_) => Stop::gap(span, "a subquery"),
        })
    }

    pub(super) fn rows_allowed(&self, span: Span) -> Outcome<()> {
        match self {
            Names::Stored(_) => Err(Stop::fail(
                "0A000",
                "set-returning functions are not allowed in this expression",
                span,
            )),
            Names::Query(_) => Ok(()),
        }
    }

    pub(super) fn aggregate_allowed(&self, kind: FunctionKind, over: bool, span: Span) -> Outcome<()> {
        match self {
            Names::Stored(_) if kind == FunctionKind::Window || over => Err(Stop::fail(
                "42P20",
                "window functions are not allowed in this expression",
                span,
            )),
            Names::Stored(_) => Err(Stop::fail(
                "42803",
                "aggregate functions are not allowed in this expression",
                span,
            )),
            Names::Query(_) => Ok(()),
        }
    }
}

fn stored(scope: &Scope<'_>, types: Types<'_>, name: &ColumnName, span: Span) -> Outcome<Node> {
    if let Some(value) = scope.value
        && name.qualifiers.is_empty()
        && name.name == *"value"
    {
        let Some(ty) = Ty::from_sql(value) else {
            return Err(Stop::gap(span, "the domain's base is not known"));
        };
        let mut node = Node::new(Expr::new(ExprKind::Column(name.clone()), span), ty);
        node.modifier.clone_from(&value.modifier);
        return Ok(node);
    }
    if !qualifies(scope, name) {
        let table = name.qualifiers.last().map_or("", Name::as_str);
        let message = format!("missing FROM-clause entry for table \"{table}\"");
        return Err(Stop::fail("42P01", message, span));
    }
    let at = scope
        .columns
        .iter()
        .position(|c| c.name == name.name && c.presence.may_be());
    if let Some(at) = at {
        return numbered(scope, at as u32, span);
    }
    if let Some(gap) = scope.open {
        return Err(Stop::Gap(gap.clone()));
    }
    let _ = types;
    if is_system_column(&name.name) {
        return Err(Stop::gap(span, "a system column"));
    }
    let own_name = scope
        .table
        .and_then(|id| scope.schema.tables.get(id))
        .map(|t| &t.name);
    if name.qualifiers.is_empty() && own_name == Some(&name.name) {
        return Err(Stop::gap(span, "a whole row"));
    }
    Err(Stop::fail(
        "42703",
        format!("column \"{}\" does not exist", name.name),
        span,
    ))
}

/// Whether what stands before a column's name is the table itself.
fn qualifies(scope: &Scope<'_>, name: &ColumnName) -> bool {
    let mut qualifiers = name.qualifiers.iter().rev();
    let Some(table) = qualifiers.next() else {
        return true;
    };
    // A table that is being built has no entry yet.
    let Some(own) = scope.table.and_then(|id| scope.schema.tables.get(id)) else {
        return true;
    };
    let schema = qualifiers.next();
    *table == own.name && schema.is_none_or(|s| scope.schema.namespaces[own.namespace].name == *s)
}

fn numbered(scope: &Scope<'_>, number: u32, span: Span) -> Outcome<Node> {
    let Some(column) = scope.columns.get(number as usize) else {
        return Err(Stop::gap(span, "a column that is not known"));
    };
    let ty = match &column.ty {
        crate::known::Fact::Known(ty, _) => ty,
        crate::known::Fact::Unknown { gap, .. } => return Err(Stop::Gap(gap.clone())),
    };
    let of = Ty::from_sql(ty).ok_or_else(|| Stop::gap(span, "the column's type is not known"))?;
    let mut node = Node::new(Expr::new(ExprKind::Var(number), span), of);
    node.modifier.clone_from(&ty.modifier);
    Ok(node)
}

fn queried(sources: &[Source], name: &ColumnName, span: Span) -> Outcome<Node> {
    let table = name.qualifiers.last();
    let fits = |s: &&Source| table.is_none_or(|table| s.alias.as_ref() == Some(table));
    let mut found = sources
        .iter()
        .filter(fits)
        .flat_map(|s| &s.columns)
        .filter(|c| c.name == name.name && (table.is_some() || !c.merged));
    let open = sources.iter().filter(fits).any(|s| s.open);
    match (found.next(), found.next()) {
        (Some(column), None) if !open => {
            let ty = column.ty.as_ref().and_then(Ty::from_sql);
            let ty = ty.ok_or_else(|| Stop::gap(span, "the column's type is not known"))?;
            let mut node = Node::new(Expr::new(ExprKind::Column(name.clone()), span), ty);
            node.modifier = column.ty.as_ref().and_then(|ty| ty.modifier.clone());
            Ok(node)
        }
        // Who may be outer or a function's parameter is not told here.
        _ => Err(Stop::gap(span, "a name that cannot be told")),
    }
}
