//! Lowers CREATE TABLE in all its forms, CREATE TABLE AS, SELECT INTO, and CREATE VIEW.

use smol_str::SmolStr;

use super::source::Lower;
use super::{column, constraint, index, names, query};
use crate::change::{Change, CreateTable, LikeOptions, LikeSpec, PartitionBound, TableElement};
use crate::known::{Gap, Reach};
use crate::name::{Name, QualifiedName};
use crate::syntax::pg::{AstNode, SyntaxNode, ast};
use crate::tree::query::Cte;
use crate::tree::{ColumnName, Expr, ExprKind, From, FromItem, Query, QueryBody, Select, Target};

/// `CREATE TABLE`.
pub(super) fn create(cx: &Lower<'_>, node: &ast::CreateTable) -> Option<Change> {
    let mut table = start(cx, node, node.table_name().as_ref())?;
    table.if_not_exists = node.if_not_exists().is_some();
    table.temporary = is_temporary(node.persistence().as_ref());
    table.unlogged = matches!(node.persistence(), Some(ast::Persistence::Unlogged(_)));
    table.elements = elements(cx, &table, node.table_arg_list().as_ref());
    table.inherits = inherits(cx, node.inherits().as_ref())?;
    table.partition_of = partition_of(cx, node.partition_of().as_ref(), node.partition_type().as_ref())?;
    if let Some(by) = node.partition_by() {
        let strategy = cx
            .str(by.partition_strategy()?.syntax().text_range())
            .to_ascii_lowercase();
        table.partition_by = Some((strategy.into(), index::elements(cx, &by.partition_item_list()?)?));
    }
    if let Some(of) = node.of_type() {
        table.of_type = Some(names::object(cx, of.ty().as_ref())?);
    }
    Some(Change::CreateTable(Box::new(table)))
}

/// `CREATE FOREIGN TABLE`.
pub(super) fn create_foreign(cx: &Lower<'_>, node: &ast::CreateForeignTable) -> Option<Change> {
    let mut table = start(cx, node, node.table_name().as_ref())?;
    table.if_not_exists = node.if_not_exists().is_some();
    table.foreign = true;
    table.elements = elements(cx, &table, node.table_arg_list().as_ref());
    table.inherits = inherits(cx, node.inherits().as_ref())?;
    table.partition_of = partition_of(cx, node.partition_of().as_ref(), node.partition_type().as_ref())?;
    Some(Change::CreateTable(Box::new(table)))
}

fn start(cx: &Lower<'_>, node: &impl AstNode, name: Option<&ast::TableName>) -> Option<CreateTable> {
    Some(CreateTable {
        name: names::object(cx, name)?,
        if_not_exists: false,
        temporary: false,
        unlogged: false,
        foreign: false,
        elements: Vec::new(),
        inherits: Vec::new(),
        partition_by: None,
        partition_of: None,
        of_type: None,
        span: cx.span(node),
    })
}

/// `TEMP`, `LOCAL TEMPORARY` and the like.
pub(super) fn is_temporary(persistence: Option<&ast::Persistence>) -> bool {
    matches!(persistence, Some(ast::Persistence::Temp(_)))
}

/// An element that cannot be read is a gap of its own; the others are still true.
fn elements(cx: &Lower<'_>, table: &CreateTable, list: Option<&ast::TableArgList>) -> Vec<TableElement> {
    let lower = |arg: ast::TableArg| {
        element(cx, &arg).unwrap_or_else(|| {
            let reach = Reach::Object(table.name.name.to_string());
            TableElement::Opaque(Gap::new(cx.span(&arg), "this could not be read", reach))
        })
    };
    list.map_or(Vec::new(), |list| list.args().map(lower).collect())
}

fn element(cx: &Lower<'_>, arg: &ast::TableArg) -> Option<TableElement> {
    Some(match arg {
        ast::TableArg::Column(node) => TableElement::Column(column::column(cx, node)?),
        ast::TableArg::TableConstraint(node) => {
            TableElement::Constraint(constraint::table_constraint(cx, node)?)
        }
        ast::TableArg::LikeClause(node) => TableElement::Like(LikeSpec {
            table: names::object(cx, node.relation_name_ref().as_ref())?,
            options: like_options(node)?,
        }),
    })
}

/// Later options win over earlier ones, as in the server.
fn like_options(node: &ast::LikeClause) -> Option<LikeOptions> {
    let mut out = LikeOptions::default();
    for option in node.like_options() {
        let (property, on) = match option {
            ast::LikeOption::IncludingProperty(option) => (option.table_property()?, true),
            ast::LikeOption::ExcludingProperty(option) => (option.table_property()?, false),
        };
        match property {
            ast::TableProperty::PropertyAll(_) => {
                out = LikeOptions {
                    comments: on,
                    constraints: on,
                    defaults: on,
                    generated: on,
                    identity: on,
                    indexes: on,
                    statistics: on,
                };
            }
            ast::TableProperty::PropertyComments(_) => out.comments = on,
            ast::TableProperty::PropertyConstraints(_) => out.constraints = on,
            ast::TableProperty::PropertyDefaults(_) => out.defaults = on,
            ast::TableProperty::PropertyGenerated(_) => out.generated = on,
            ast::TableProperty::PropertyIdentity(_) => out.identity = on,
            ast::TableProperty::PropertyIndexes(_) => out.indexes = on,
            ast::TableProperty::PropertyStatistics(_) => out.statistics = on,
            ast::TableProperty::PropertyCompression(_) | ast::TableProperty::PropertyStorage(_) => {}
        }
    }
    Some(out)
}

fn inherits(cx: &Lower<'_>, node: Option<&ast::Inherits>) -> Option<Vec<crate::change::ObjectName>> {
    node.map_or(Some(Vec::new()), |node| {
        names::objects(cx, node.table_name_refs())
    })
}

type Parent = (crate::change::ObjectName, PartitionBound);

fn partition_of(
    cx: &Lower<'_>,
    of: Option<&ast::PartitionOf>,
    bound: Option<&ast::PartitionType>,
) -> Option<Option<Parent>> {
    let Some(of) = of else {
        return Some(None);
    };
    let parent = names::object(cx, of.table_name_ref().as_ref())?;
    Some(Some((parent, self::bound(cx, bound?))))
}

/// `FOR VALUES ...` or `DEFAULT`.
pub(super) fn bound(cx: &Lower<'_>, node: &ast::PartitionType) -> PartitionBound {
    match node {
        ast::PartitionType::PartitionDefault(_) => PartitionBound::Default,
        ast::PartitionType::PartitionForValuesFrom(_)
        | ast::PartitionType::PartitionForValuesIn(_)
        | ast::PartitionType::PartitionForValuesWith(_) => {
            PartitionBound::Values(cx.str(node.syntax().text_range()).trim().into())
        }
    }
}

/// `CREATE TABLE AS`; what a prepared statement gives cannot be told.
pub(super) fn create_as(cx: &Lower<'_>, node: &ast::CreateTableAs) -> Option<Change> {
    let ast::CreateTableAsQuery::SelectVariant(select) = node.query()? else {
        return None;
    };
    let mut columns = Vec::new();
    for arg in node.table_arg_list().iter().flat_map(ast::TableArgList::args) {
        let ast::TableArg::Column(column) = arg else {
            return None;
        };
        columns.push(names::name_of(column.name().as_ref())?);
    }
    Some(Change::CreateTableAs {
        name: names::object(cx, node.table_name().as_ref())?,
        if_not_exists: node.if_not_exists().is_some(),
        temporary: is_temporary(node.persistence().as_ref()),
        columns,
        query: Box::new(query::query(cx, select.syntax())),
        variables: Vec::new(),
    })
}

/// `SELECT ... INTO t`; also where it is the first of a UNION.
pub(super) fn select_into(cx: &Lower<'_>, whole: &SyntaxNode, into: &ast::IntoClause) -> Option<Change> {
    let mut query = query::query(cx, whole);
    clear_into(&mut query);
    Some(Change::CreateTableAs {
        name: names::object(cx, into.table_name().as_ref())?,
        if_not_exists: false,
        temporary: is_temporary(into.persistence().as_ref()),
        columns: Vec::new(),
        query: Box::new(query),
        variables: Vec::new(),
    })
}

/// The table is said by the change; the query only reads.
fn clear_into(query: &mut Query) {
    let mut at = query;
    loop {
        match &mut at.body {
            QueryBody::Select(select) => {
                select.into.clear();
                return;
            }
            QueryBody::SetOp(_, _, left, _) => at = left,
            QueryBody::Values(_) | QueryBody::Table(..) | QueryBody::Opaque(_) => return,
        }
    }
}

/// The INTO of a query, which may stand in the first of several.
pub(super) fn into_clause(select: &ast::SelectVariant) -> Option<ast::IntoClause> {
    let mut at = select.clone();
    loop {
        at = match at {
            ast::SelectVariant::SelectInto(select) => return select.into_clause(),
            ast::SelectVariant::CompoundSelect(compound) => compound.lhs()?,
            ast::SelectVariant::ParenSelect(paren) => paren.select()?,
            ast::SelectVariant::Select(_) | ast::SelectVariant::Table(_) | ast::SelectVariant::Values(_) => {
                return None;
            }
        };
    }
}

fn column_names(list: Option<&ast::ColumnList>) -> Vec<Name> {
    list.map_or(Vec::new(), |list| names::names(list.column_names()))
}

/// `CREATE VIEW`.
pub(super) fn create_view(cx: &Lower<'_>, node: &ast::CreateView) -> Option<Change> {
    let name = names::object(cx, node.view().as_ref())?;
    let columns = column_names(node.column_list().as_ref());
    let mut query = query::query(cx, node.query()?.syntax());
    let mut written: SmolStr =
        behind_aliases(cx, node, node.view().as_ref(), node.column_list().as_ref())?.into();
    if node.recursive_token().is_some() {
        query = recursive(&name.name.name, &columns, query);
        written = recursive_text(cx, node, &name.name.name, &columns)?;
    }
    Some(Change::CreateView {
        name,
        or_replace: node.or_replace().is_some(),
        materialized: false,
        if_not_exists: false,
        temporary: is_temporary(node.persistence().as_ref()),
        columns,
        query: Box::new(query),
        written,
    })
}

/// What a view's statement says behind its name and its aliases.
fn behind_aliases<'a>(
    cx: &Lower<'a>,
    node: &impl AstNode,
    name: Option<&impl AstNode>,
    aliases: Option<&ast::ColumnList>,
) -> Option<&'a str> {
    let name = name?.syntax().text_range().end();
    let aliases = aliases.map(|list| list.syntax().text_range().end());
    Some(cx.rest(aliases.unwrap_or(name), node))
}

/// The same of a recursive view, as the statement that it stands for.
fn recursive_text(cx: &Lower<'_>, node: &ast::CreateView, name: &Name, columns: &[Name]) -> Option<SmolStr> {
    let query = node.query()?;
    let query = query.syntax().text_range();
    let keyword = node.as_token()?.text_range().start();
    let options = cx.between(node.column_list()?.syntax().text_range().end(), keyword);
    let columns = columns.iter().map(Name::quoted).collect::<Vec<_>>().join(", ");
    let name = name.quoted();
    Some(SmolStr::new(format!(
        "{options} AS WITH RECURSIVE {name} ({columns}) AS (\n{}\n) SELECT {columns} FROM {name} {}",
        cx.between(query.start(), query.end()).trim_end_matches(';'),
        cx.rest(query.end(), node)
    )))
}

/// `CREATE RECURSIVE VIEW v (a) AS q` is `WITH RECURSIVE v (a) AS (q) SELECT a FROM v` (manual, "CREATE VIEW").
fn recursive(name: &Name, columns: &[Name], query: Query) -> Query {
    let span = query.span;
    let target = |column: &Name| Target {
        expr: Expr::new(
            ExprKind::Column(ColumnName {
                qualifiers: Vec::new(),
                name: column.clone(),
            }),
            span,
        ),
        alias: None,
    };
    let mut out = super::statement::opaque_query(span);
    out.recursive = true;
    out.with.push(Cte {
        name: name.clone(),
        columns: columns.to_vec(),
        query: Some(query),
    });
    out.body = QueryBody::Select(Box::new(Select {
        distinct: false,
        distinct_on: Vec::new(),
        targets: columns.iter().map(target).collect(),
        into: Vec::new(),
        strict: false,
        from: vec![From {
            item: FromItem::Relation {
                name: QualifiedName::bare(name.clone()),
                alias: None,
                columns: Vec::new(),
                span,
            },
            joins: Vec::new(),
        }],
        filter: None,
        group_by: Vec::new(),
        having: None,
    }));
    out
}

/// `CREATE MATERIALIZED VIEW`.
pub(super) fn create_materialized_view(cx: &Lower<'_>, node: &ast::CreateMaterializedView) -> Option<Change> {
    Some(Change::CreateView {
        name: names::object(cx, node.view().as_ref())?,
        or_replace: false,
        materialized: true,
        if_not_exists: node.if_not_exists().is_some(),
        temporary: false,
        columns: column_names(node.column_list().as_ref()),
        query: Box::new(query::query(cx, node.query()?.syntax())),
        written: behind_aliases(cx, node, node.view().as_ref(), node.column_list().as_ref())?.into(),
    })
}
