//! Lowers statements on rows.

use super::source::Lower;
use super::{Dml, DmlKind, Statement, expr, names, query, statement};
use crate::change::{Behaviour, Change, ObjectName};
use crate::name::Name;
use crate::source::Span;
use crate::syntax::pg::{AstNode, SyntaxNode, ast};
use crate::tree::query::Cte;
use crate::tree::{Expr, ExprKind, Query};

/// What WITH holds: its queries, and its data-modifying parts.
#[derive(Default)]
struct With {
    ctes: Vec<Cte>,
    recursive: bool,
    dml: Vec<Dml>,
}

fn with(cx: &Lower<'_>, clause: Option<&ast::WithClause>) -> Option<With> {
    let mut out = With::default();
    let Some(clause) = clause else {
        return Some(out);
    };
    out.recursive = clause.recursive_token().is_some();
    let mut parts = Vec::new();
    for table in clause.with_tables() {
        let columns = table
            .column_list()
            .map_or(Vec::new(), |list| names::names(list.column_names()));
        let inner = table.query()?;
        let query = match dml_of(cx, inner.syntax()) {
            Some(dml) => {
                parts.push((out.ctes.len(), dml?));
                None
            }
            None => Some(query::query(cx, inner.syntax())),
        };
        out.ctes.push(Cte {
            name: names::name_of(table.name().as_ref())?,
            columns,
            query,
        });
    }
    for (before, part) in parts {
        let seen = if out.recursive { out.ctes.len() } else { before };
        out.dml.push(seeing(part, &out.ctes[..seen], out.recursive));
    }
    Some(out)
}

/// A part of a WITH, with the queries of it that it may read from.
fn seeing(mut dml: Dml, ctes: &[Cte], recursive: bool) -> Dml {
    let query = match dml.query.take() {
        Some(query) => Some(*query),
        None if matches!(dml.kind, DmlKind::Update | DmlKind::Delete) && !ctes.is_empty() => {
            Some(statement::opaque_query(dml.table.span))
        }
        None => None,
    };
    dml.query = query.map(|query| Box::new(having(query, ctes.to_vec(), recursive)));
    dml
}

/// A data-modifying statement; outer `None` where the node is none, inner where it cannot be read.
fn dml_of(cx: &Lower<'_>, node: &SyntaxNode) -> Option<Option<Dml>> {
    if let Some(node) = ast::Insert::cast(node.clone()) {
        return Some(insert(cx, &node));
    }
    if let Some(node) = ast::Update::cast(node.clone()) {
        return Some(update(cx, &node));
    }
    if let Some(node) = ast::Delete::cast(node.clone()) {
        return Some(delete(cx, &node));
    }
    ast::Merge::cast(node.clone()).map(|node| merge(cx, &node))
}

/// The data-modifying parts in the WITH of a query. A query with such parts is work on rows too.
pub(super) fn in_query(cx: &Lower<'_>, clause: Option<&ast::WithClause>) -> Vec<Dml> {
    with(cx, clause).map_or_else(Vec::new, |with| with.dml)
}

/// `INSERT`.
pub(super) fn insert(cx: &Lower<'_>, node: &ast::Insert) -> Option<Dml> {
    let with = with(cx, node.with_clause().as_ref())?;
    let source = match node.insert_source()? {
        ast::InsertSource::DefaultValues(_) => None,
        ast::InsertSource::SelectVariant(select) => Some(query::query(cx, select.syntax())),
    };
    let mut expressions = Vec::new();
    if let Some(conflict) = node.on_conflict_clause()
        && let Some(ast::ConflictAction::ConflictDoUpdateSet(set)) = conflict.conflict_action()
    {
        set_columns(cx, set.set_clause().as_ref(), &mut expressions);
        condition(cx, set.where_clause().as_ref(), &mut expressions);
    }
    returning(cx, node.returning_clause().as_ref(), &mut expressions);
    Some(Dml {
        kind: DmlKind::Insert,
        table: names::object(cx, node.relation_name_ref().as_ref())?,
        alias: None,
        columns: targets(cx, node.column_target_list().as_ref()),
        query: source.map(|query| Box::new(having(query, with.ctes, with.recursive))),
        filtered: false,
        expressions,
        with: with.dml,
    })
}

/// Puts the statement's own WITH in front of the query's.
fn having(mut query: Query, mut ctes: Vec<Cte>, recursive: bool) -> Query {
    query.recursive |= recursive;
    ctes.append(&mut query.with);
    query.with = ctes;
    query
}

fn targets(cx: &Lower<'_>, list: Option<&ast::ColumnTargetList>) -> Vec<(Name, Span)> {
    list.into_iter()
        .flat_map(ast::ColumnTargetList::column_targets)
        .filter_map(|target| target_of(cx, &target))
        .collect()
}

fn target_of(cx: &Lower<'_>, target: &ast::ColumnTarget) -> Option<(Name, Span)> {
    let name = target.name()?;
    Some((names::name_of(Some(&name))?, cx.span(&name)))
}

/// The columns of SET; their values go to `expressions`, one for each.
fn set_columns(
    cx: &Lower<'_>,
    clause: Option<&ast::SetClause>,
    expressions: &mut Vec<Expr>,
) -> Vec<(Name, Span)> {
    let (mut columns, before) = (Vec::new(), expressions.len());
    let list = clause.and_then(ast::SetClause::set_column_list);
    for set in list.iter().flat_map(ast::SetColumnList::set_columns) {
        match set {
            ast::SetColumn::SetSingleColumn(one) => {
                columns.extend(one.column_target().and_then(|target| target_of(cx, &target)));
                expressions.push(value_of(cx, one.set_expr(), cx.span(&one)));
            }
            ast::SetColumn::SetMultipleColumns(many) => {
                let span = cx.span(&many);
                columns.extend(targets(cx, many.column_target_list().as_ref()));
                for value in many.set_expr_list().iter().flat_map(ast::SetExprList::set_exprs) {
                    expressions.push(value_of(cx, Some(value), span));
                }
                if let Some(select) = many.paren_select() {
                    let query = query::query(cx, select.syntax());
                    let kind = ExprKind::Subquery(Box::new(query));
                    expressions.push(Expr::new(kind, cx.span(&select)));
                }
                let missing = columns.len().saturating_sub(expressions.len() - before);
                expressions.extend(std::iter::repeat_n(Expr::new(ExprKind::Default, span), missing));
            }
        }
    }
    columns
}

/// A value of SET; `DEFAULT` where it says so.
fn value_of(cx: &Lower<'_>, value: Option<ast::SetExpr>, span: Span) -> Expr {
    match value.and_then(|value| value.expr()) {
        Some(value) => expr::expr(cx, &value),
        None => Expr::new(ExprKind::Default, span),
    }
}

fn condition(cx: &Lower<'_>, clause: Option<&ast::WhereClause>, expressions: &mut Vec<Expr>) {
    expressions.extend(
        clause
            .and_then(ast::WhereClause::expr)
            .map(|e| expr::expr(cx, &e)),
    );
}

fn returning(cx: &Lower<'_>, clause: Option<&ast::ReturningClause>, expressions: &mut Vec<Expr>) {
    let list = clause.and_then(ast::ReturningClause::target_list);
    for target in list.iter().flat_map(ast::TargetList::targets) {
        expressions.extend(target.expr().map(|e| expr::expr(cx, &e)));
    }
}

/// What UPDATE ... FROM and DELETE ... USING read, as a query without columns.
fn reads(cx: &Lower<'_>, from: Option<&SyntaxNode>, with: &mut With) -> Option<Box<Query>> {
    let ctes = std::mem::take(&mut with.ctes);
    if from.is_none() && ctes.is_empty() {
        return None;
    }
    let query = match from {
        Some(from) => query::from_clause(cx, from),
        None => statement::opaque_query(cx.text().span(0..0)),
    };
    Some(Box::new(having(query, ctes, with.recursive)))
}

fn filter(cx: &Lower<'_>, clause: Option<&ast::WhereClauseOrCurrentOf>, expressions: &mut Vec<Expr>) -> bool {
    if let Some(ast::WhereClauseOrCurrentOf::WhereClause(clause)) = clause {
        condition(cx, Some(clause), expressions);
    }
    clause.is_some()
}

fn alias(node: Option<&ast::OptionalAsAlias>) -> Option<Name> {
    names::name_of(node?.name().as_ref())
}

/// `UPDATE`.
pub(super) fn update(cx: &Lower<'_>, node: &ast::Update) -> Option<Dml> {
    let mut with = with(cx, node.with_clause().as_ref())?;
    let mut expressions = Vec::new();
    let columns = set_columns(cx, node.set_clause().as_ref(), &mut expressions);
    let filtered = filter(cx, node.where_clause_or_current_of().as_ref(), &mut expressions);
    returning(cx, node.returning_clause().as_ref(), &mut expressions);
    let from = node.from_clause();
    Some(Dml {
        kind: DmlKind::Update,
        table: names::object(cx, node.relation_name().as_ref())?,
        alias: alias(node.alias().as_ref()),
        columns,
        query: reads(cx, from.as_ref().map(AstNode::syntax), &mut with),
        filtered: filtered || from.is_some() || node.for_portion_of().is_some(),
        expressions,
        with: with.dml,
    })
}

/// `DELETE`.
pub(super) fn delete(cx: &Lower<'_>, node: &ast::Delete) -> Option<Dml> {
    let mut with = with(cx, node.with_clause().as_ref())?;
    let mut expressions = Vec::new();
    let filtered = filter(cx, node.where_clause_or_current_of().as_ref(), &mut expressions);
    returning(cx, node.returning_clause().as_ref(), &mut expressions);
    let using = node.using_clause();
    Some(Dml {
        kind: DmlKind::Delete,
        table: names::object(cx, node.relation_name().as_ref())?,
        alias: alias(node.alias().as_ref()),
        columns: Vec::new(),
        query: reads(cx, using.as_ref().map(AstNode::syntax), &mut with),
        filtered: filtered || using.is_some() || node.for_portion_of().is_some(),
        expressions,
        with: with.dml,
    })
}

/// `MERGE`.
pub(super) fn merge(cx: &Lower<'_>, node: &ast::Merge) -> Option<Dml> {
    let mut with = with(cx, node.with_clause().as_ref())?;
    let mut expressions = Vec::new();
    let mut columns = Vec::new();
    let using = node.using_on_clause()?;
    if let Some(on) = using.on_clause().and_then(|on| on.expr()) {
        expressions.push(expr::expr(cx, &on));
    }
    for clause in node.merge_when_clauses() {
        let (condition, action) = match clause {
            ast::MergeWhenClause::MergeWhenMatched(when) => (when.merge_condition(), when.merge_action()),
            ast::MergeWhenClause::MergeWhenNotMatchedSource(when) => {
                (when.merge_condition(), when.merge_action())
            }
            ast::MergeWhenClause::MergeWhenNotMatchedTarget(when) => {
                (when.merge_condition(), when.merge_action())
            }
        };
        expressions.extend(condition.and_then(|c| c.expr()).map(|e| expr::expr(cx, &e)));
        match action? {
            ast::MergeAction::MergeUpdate(update) => {
                columns.extend(set_columns(cx, update.set_clause().as_ref(), &mut expressions));
            }
            ast::MergeAction::MergeInsert(insert) => {
                columns.extend(targets(cx, insert.column_target_list().as_ref()));
                let rows = insert.values().and_then(|values| values.row_list());
                for row in rows.iter().flat_map(ast::RowList::rows) {
                    expressions.extend(row.exprs().map(|e| expr::expr(cx, &e)));
                }
            }
            ast::MergeAction::MergeDelete(_) | ast::MergeAction::MergeDoNothing(_) => {}
        }
    }
    returning(cx, node.returning_clause().as_ref(), &mut expressions);
    Some(Dml {
        kind: DmlKind::Merge,
        table: names::object(cx, node.table_relation_name().as_ref())?,
        alias: None,
        columns,
        query: reads(cx, Some(using.syntax()), &mut with),
        filtered: true,
        expressions,
        with: with.dml,
    })
}

/// `COPY`.
pub(super) fn copy(cx: &Lower<'_>, node: &ast::Copy) -> Option<Statement> {
    if let Some(query) = node.copy_query() {
        let inner = query.preparable_stmt()?;
        return statement::preparable(cx, inner.syntax());
    }
    let table = node.copy_table()?;
    match node.copy_direction()? {
        ast::CopyDirection::CopyTo(_) => Some(Statement::NoEffect("COPY TO")),
        ast::CopyDirection::CopyFrom(_) => {
            let mut expressions = Vec::new();
            condition(cx, node.where_clause().as_ref(), &mut expressions);
            let columns = table
                .column_ref_list()
                .iter()
                .flat_map(ast::ColumnRefList::column_name_refs)
                .filter_map(|name| Some((names::name_of(Some(&name))?, cx.span(&name))))
                .collect();
            Some(Statement::Dml(Box::new(Dml {
                kind: DmlKind::Copy,
                table: names::object(cx, table.table_name_ref().as_ref())?,
                alias: None,
                columns,
                query: None,
                filtered: !expressions.is_empty(),
                expressions,
                with: Vec::new(),
            })))
        }
    }
}

/// `TRUNCATE`.
pub(super) fn truncate(cx: &Lower<'_>, node: &ast::Truncate) -> Option<Change> {
    let tables: Vec<ObjectName> = names::objects(cx, node.table_list()?.table_relation_names())?;
    Some(Change::Truncate {
        tables,
        cascade: super::objects::behaviour(node.drop_behavior().as_ref()) == Behaviour::Cascade,
    })
}
