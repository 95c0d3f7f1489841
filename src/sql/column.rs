//! Lowers column definitions.

use super::source::Lower;
use super::{constraint, expr, names, sequence, sqltype};
use crate::change::{ColumnOption, ColumnSpec, GeneratedKind, IdentityKind};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::syntax::pg::{AstNode, ast};
use crate::tree::ExprKind;

/// A column of CREATE TABLE.
pub(super) fn column(cx: &Lower<'_>, node: &ast::Column) -> Option<ColumnSpec> {
    let mut spec = start(cx, node, node.name().as_ref(), node.ty().as_ref())?;
    for clause in node.clauses() {
        match clause {
            ast::ColumnClause::Collate(collate) => {
                spec.collation = names::qualified_of(collate.collation_ref().as_ref())
            }
            ast::ColumnClause::AlterOptionList(_)
            | ast::ColumnClause::CompressionMethod(_)
            | ast::ColumnClause::Storage(_)
            | ast::ColumnClause::WithOptions(_) => spec.options.push(ColumnOption::NoEffect),
            ast::ColumnClause::ColumnConstraint(constraint) => option(cx, &mut spec, constraint.syntax()),
        }
    }
    Some(spec)
}

/// A column of ALTER TABLE ... ADD COLUMN.
pub(super) fn added(cx: &Lower<'_>, node: &ast::AddColumn) -> Option<ColumnSpec> {
    let mut spec = start(cx, node, node.column_name().as_ref(), node.ty().as_ref())?;
    spec.ty_span = node.ty().map_or(spec.name_span, |ty| cx.span(&ty));
    spec.collation = node
        .collate()
        .and_then(|collate| names::qualified_of(collate.collation_ref().as_ref()));
    if node.alter_option_list().is_some() {
        spec.options.push(ColumnOption::NoEffect);
    }
    for constraint in node.constraints() {
        option(cx, &mut spec, constraint.syntax());
    }
    Some(spec)
}

fn start(
    cx: &Lower<'_>,
    node: &impl AstNode,
    name: Option<&ast::ColumnName>,
    ty: Option<&ast::Type>,
) -> Option<ColumnSpec> {
    let name_node = name?;
    let name = names::name_of(Some(name_node))?;
    let name_span = cx.span(name_node);
    let mut options = Vec::new();
    let read = ty.and_then(|ty| sqltype::sql_type(cx, ty));
    if let (Some(ty), None) = (ty, &read) {
        let gap = Gap::new(cx.span(ty), "this type could not be read", fact(&name, "type"));
        options.push(ColumnOption::Opaque(gap));
    }
    let (ty_read, serial) = read.map_or((None, None), |(ty, serial)| (Some(ty), serial));
    Some(ColumnSpec {
        name,
        name_span,
        ty: ty_read,
        ty_span: ty.map_or(name_span, |ty| cx.span(ty)),
        serial,
        collation: None,
        options,
        span: cx.span(node),
    })
}

fn fact(column: &Name, what: &str) -> Reach {
    Reach::Fact(format!("{column}: {what}"))
}

fn option(cx: &Lower<'_>, spec: &mut ColumnSpec, node: &crate::syntax::pg::SyntaxNode) {
    let lowered = ast::Constraint::cast(node.clone()).and_then(|constraint| one(cx, spec, &constraint));
    spec.options.push(lowered.unwrap_or_else(|| {
        let at = cx.range_span(node.text_range());
        ColumnOption::Opaque(Gap::new(
            at,
            "this could not be read",
            fact(&spec.name, "definition"),
        ))
    }));
}

fn one(cx: &Lower<'_>, spec: &mut ColumnSpec, node: &ast::Constraint) -> Option<ColumnOption> {
    Some(match node {
        ast::Constraint::NotNullConstraint(not_null) => ColumnOption::NotNull(
            constraint::given_name(not_null.constraint_name_clause().as_ref()),
            cx.span(not_null),
        ),
        ast::Constraint::NullConstraint(_) => ColumnOption::Null,
        ast::Constraint::DefaultConstraint(default) => {
            let (value, collation) = default_value(&default.expr()?);
            if let Some(collation) = collation {
                spec.collation = Some(collation);
            }
            let lowered = expr::expr(cx, &value);
            if !matches!(value, ast::Expr::ParenExpr(_)) && !is_default(&lowered.kind) {
                return None;
            }
            ColumnOption::Default(lowered)
        }
        ast::Constraint::GeneratedConstraint(generated) => self::generated(cx, &generated.generated_as()?)?,
        ast::Constraint::CheckConstraint(_)
        | ast::Constraint::ExcludeConstraint(_)
        | ast::Constraint::ForeignKeyConstraint(_)
        | ast::Constraint::PrimaryKeyConstraint(_)
        | ast::Constraint::ReferencesConstraint(_)
        | ast::Constraint::UniqueConstraint(_) => {
            ColumnOption::Constraint(constraint::constraint(cx, node, Some(&spec.name))?)
        }
    })
}

/// Whether an expression may be a default without brackets: `NOT NULL` and other constraints may follow, so the server takes
/// no operator there that shares a word with them (`b_expr` in `gram.y`).
fn is_default(kind: &ExprKind) -> bool {
    !matches!(
        kind,
        ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::In(..)
            | ExprKind::InQuery(..)
            | ExprKind::Like(..)
            | ExprKind::Between(..)
            | ExprKind::IsNull(..)
            | ExprKind::IsBool(..)
            | ExprKind::AtTimeZone(..)
            | ExprKind::Quantified(..)
            | ExprKind::QuantifiedQuery(..)
    )
}

/// `DEFAULT 'a' COLLATE "C"`: a default takes no COLLATE (`b_expr` in `gram.y`), so it belongs to the column.
fn default_value(node: &ast::Expr) -> (ast::Expr, Option<QualifiedName>) {
    if let ast::Expr::Collate(collate) = node
        && let Some(value) = collate.expr()
    {
        return (value, names::qualified_of(collate.collation_ref().as_ref()));
    }
    (node.clone(), None)
}

fn generated(cx: &Lower<'_>, node: &ast::GeneratedAs) -> Option<ColumnOption> {
    Some(match node {
        ast::GeneratedAs::GeneratedIdentity(identity) => ColumnOption::Identity(
            identity_kind(&identity.generated_when()?),
            sequence::listed(cx, identity.sequence_option_list().as_ref())?,
        ),
        ast::GeneratedAs::GeneratedStored(stored) => {
            // `GENERATED BY DEFAULT AS (...)` is refused by the server.
            if !matches!(
                stored.generated_when(),
                Some(ast::GeneratedWhen::GeneratedAlways(_))
            ) {
                return None;
            }
            let kind = match stored.generated_kind() {
                Some(ast::GeneratedKind::Stored(_)) => GeneratedKind::Stored,
                // Without a keyword PostgreSQL 18 takes VIRTUAL; older ones refuse.
                Some(ast::GeneratedKind::Virtual(_)) | None => GeneratedKind::Virtual,
            };
            ColumnOption::Generated(expr::expr(cx, &stored.expr()?), kind)
        }
    })
}

/// `ALWAYS` or `BY DEFAULT`.
pub(super) fn identity_kind(when: &ast::GeneratedWhen) -> IdentityKind {
    match when {
        ast::GeneratedWhen::GeneratedAlways(_) => IdentityKind::Always,
        ast::GeneratedWhen::GeneratedByDefault(_) => IdentityKind::ByDefault,
    }
}
