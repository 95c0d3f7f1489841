//! The shape of a query: its columns, and what it reads. Names are looked up as `parse_relation.c` and `parse_target.c` do.

use super::common::common_type;
use super::expr::Walk;
use super::from::Sources;
use super::names::{Names, Source, SourceColumn};
use super::stop::Stop;
use super::types::{Ty, Types};
use super::{QueryShape, label};
use crate::change::Failure;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::schema::{ColumnId, Schema, TableId};
use crate::source::Span;
use crate::sqltype::{Builtin, SqlType};
use crate::tree::{Expr, ExprKind, Query, QueryBody, Select};

/// Queries within queries are followed this far.
const MAX_DEPTH: u32 = 60;

/// The columns of a query and what it depends on. Names are looked up on the schema's search path, then among the variables of the
/// function that runs it.
///
/// # Errors
/// When the server refuses it.
pub(crate) fn query_shape(schema: &Schema, query: &Query, variables: &[Name]) -> Result<QueryShape, Failure> {
    let mut reader = Reader {
        types: Types { schema },
        ctes: Vec::new(),
        outer: Vec::new(),
        variables,
        reads: Vec::new(),
        open: None,
        reads_open: None,
        depth: 0,
    };
    let columns = reader.settled(query)?;
    let record = SqlType::builtin(Builtin::Record);
    if let Some(column) = columns.iter().find(|c| c.ty.as_ref() == Some(&record)) {
        return Err(Failure {
            sqlstate: "42P16",
            message: format!("column \"{}\" has pseudo-type record", column.name),
            span: query.span,
            related: Vec::new(),
        });
    }
    Ok(QueryShape {
        columns: columns.into_iter().map(|c| (c.name, c.ty)).collect(),
        reads: reader.reads,
        open: reader.open,
        reads_open: reader.reads_open,
    })
}

/// A column that a query gives.
pub(super) type Column = SourceColumn;

pub(super) struct Reader<'a> {
    pub types: Types<'a>,
    /// Queries of `WITH`, innermost last; whether more columns may be there.
    pub ctes: Vec<(Name, Vec<Column>, bool)>,
    /// What enclosing queries read from, innermost last.
    outer: Vec<Vec<Source>>,
    /// Variables of the function that runs the query, and what may stand before one.
    variables: &'a [Name],
    reads: Vec<(TableId, Option<ColumnId>)>,
    pub open: Option<Gap>,
    reads_open: Option<Gap>,
    depth: u32,
}

impl Reader<'_> {
    pub(super) fn gap(&mut self, span: Span, why: &str) {
        if self.open.is_none() {
            self.open = Some(Gap::new(
                span,
                why,
                Reach::Fact("the columns of a query".to_owned()),
            ));
        }
    }

    pub(super) fn read(&mut self, table: TableId, column: Option<ColumnId>) {
        if !self.reads.contains(&(table, column)) {
            self.reads.push((table, column));
        }
    }

    /// The columns of a query as others see them.
    pub(super) fn settled(&mut self, query: &Query) -> Result<Vec<Column>, Failure> {
        let mut columns = self.query(query)?;
        for column in &mut columns {
            column.ty = column.ty.take().map(known_literal);
        }
        Ok(columns)
    }

    fn query(&mut self, query: &Query) -> Result<Vec<Column>, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.gap(query.span, "queries nested too deeply");
            self.depth -= 1;
            return Ok(Vec::new());
        }
        let before = self.ctes.len();
        for cte in &query.with {
            let (columns, open) = match &cte.query {
                Some(inner) => {
                    if query.recursive {
                        self.register_recursive(&cte.name, &cte.columns, inner)?;
                    }
                    let was_open = self.open.take();
                    let columns = self.settled(inner)?;
                    let open = self.open.is_some();
                    self.open = was_open.or(self.open.take());
                    (columns, open)
                }
                None => {
                    self.gap(query.span, "a data-modifying query in WITH");
                    (Vec::new(), true)
                }
            };
            self.ctes
                .push((cte.name.clone(), renamed(columns, &cte.columns), open));
        }
        let columns = self.body(query)?;
        self.ctes.truncate(before);
        self.depth -= 1;
        Ok(columns)
    }

    /// A recursive query reads itself with the columns of its first part.
    fn register_recursive(&mut self, name: &Name, aliases: &[Name], inner: &Query) -> Result<(), Failure> {
        if let QueryBody::SetOp(_, _, first, _) = &inner.body {
            let columns = self.settled(first)?;
            self.ctes.push((name.clone(), renamed(columns, aliases), false));
        }
        Ok(())
    }

    fn body(&mut self, query: &Query) -> Result<Vec<Column>, Failure> {
        match &query.body {
            QueryBody::Select(select) => self.select(select, query),
            QueryBody::Values(rows) => self.values(rows),
            QueryBody::Table(name, span) => {
                let source = self.relation(name, None, &[], *span);
                for column in &source.columns {
                    self.note_column(column);
                }
                if source.open {
                    self.gap(*span, "not all columns of a table are known");
                }
                Ok(source.columns)
            }
            QueryBody::SetOp(_, _, left, right) => {
                let left = self.query(left)?;
                let right = self.query(right)?;
                Ok(self.combined(left, &right))
            }
            QueryBody::Opaque(span) => {
                self.gap(*span, "a query in a form that is not read");
                Ok(Vec::new())
            }
        }
    }

    /// Names of the left side, types that both sides have in common.
    fn combined(&self, left: Vec<Column>, right: &[Column]) -> Vec<Column> {
        left.into_iter()
            .enumerate()
            .map(|(i, column)| {
                let ty = match (&column.ty, right.get(i).and_then(|c| c.ty.as_ref())) {
                    (Some(a), Some(b)) if a == b => Some(a.clone()),
                    (Some(a), Some(b)) => self.common(a, b),
                    _ => None,
                };
                plain(column.name, ty)
            })
            .collect()
    }

    fn common(&self, a: &SqlType, b: &SqlType) -> Option<SqlType> {
        let (a, b) = (Ty::from_sql(a)?, Ty::from_sql(b)?);
        if a != b && !(self.types.is_known(a) && self.types.is_known(b)) {
            return None;
        }
        common_type(self.types, &[a, b]).map(|ty| ty.to_sql(None))
    }

    fn values(&mut self, rows: &[Vec<Expr>]) -> Result<Vec<Column>, Failure> {
        let width = rows.first().map_or(0, Vec::len);
        let mut columns = Vec::with_capacity(width);
        for i in 0..width {
            let mut all = Vec::new();
            for row in rows {
                if let Some(expr) = row.get(i) {
                    self.note(expr, &[])?;
                    all.push(self.type_of(expr, &[])?);
                }
            }
            let same = all
                .first()
                .cloned()
                .flatten()
                .filter(|first| all.iter().all(|ty| ty.as_ref() == Some(first)));
            let types: Option<Vec<Ty>> = all.iter().map(|ty| ty.as_ref().and_then(Ty::from_sql)).collect();
            let common = types
                .filter(|types| types.iter().all(|ty| self.types.is_known(*ty)))
                .and_then(|types| common_type(self.types, &types))
                .map(|ty| ty.to_sql(None));
            columns.push(plain(Name::new(&format!("column{}", i + 1)), same.or(common)));
        }
        Ok(columns)
    }

    fn select(&mut self, select: &Select, query: &Query) -> Result<Vec<Column>, Failure> {
        let Sources { named, star } = self.read_from(&select.from)?;
        let mut columns = Vec::new();
        for target in &select.targets {
            if let ExprKind::Star(qualifiers) = &target.expr.kind {
                self.expand(qualifiers, &named, &star, target.expr.span, &mut columns);
                continue;
            }
            if target.alias.is_none() && matches!(target.expr.kind, ExprKind::Opaque(_)) {
                // `(f(x)).*` among others: as many columns as what it gives has.
                self.gap(
                    target.expr.span,
                    "columns of an expression in a form that is not read",
                );
            }
            self.note(&target.expr, &named)?;
            let ty = self.type_of(&target.expr, &named)?;
            let name = target
                .alias
                .clone()
                .unwrap_or_else(|| label::column_name(&target.expr));
            columns.push(plain(name, ty));
        }
        for expr in select.filter.iter().chain(&select.having) {
            self.note(expr, &named)?;
        }
        let keys = select
            .group_by
            .iter()
            .chain(&select.distinct_on)
            .chain(query.order_by.iter().map(|o| &o.expr));
        for expr in keys {
            // A key may name an output column instead.
            let output = matches!(&expr.kind, ExprKind::Column(c) if c.qualifiers.is_empty() && columns.iter().any(|o| o.name == c.name));
            if !output {
                self.note(expr, &named)?;
            }
        }
        Ok(columns)
    }

    /// `*` and `t.*`.
    fn expand(
        &mut self,
        qualifiers: &[Name],
        named: &[Source],
        star: &[Column],
        span: Span,
        columns: &mut Vec<Column>,
    ) {
        let found: Vec<Column> = match qualifiers.last() {
            None => {
                if named.iter().any(|s| s.open) {
                    self.gap(span, "not all columns of what is read are known");
                }
                star.to_vec()
            }
            Some(table) => {
                let source = named
                    .iter()
                    .chain(self.outer.iter().rev().flatten())
                    .find(|s| s.alias.as_ref() == Some(table));
                match source {
                    Some(source) => {
                        let (columns, open) = (source.columns.clone(), source.open);
                        if open {
                            self.gap(span, "not all columns of what is read are known");
                        }
                        columns
                    }
                    None => {
                        self.gap(span, "columns of what is not a table");
                        Vec::new()
                    }
                }
            }
        };
        for column in found {
            self.note_column(&column);
            columns.push(Column {
                merged: false,
                ..column
            });
        }
    }

    /// A subquery that sees what stands to its left.
    pub(super) fn lateral(&mut self, query: &Query, before: &Sources) -> Result<Vec<Column>, Failure> {
        self.outer.push(before.named.clone());
        let columns = self.settled(query);
        self.outer.pop();
        columns
    }

    fn note_column(&mut self, column: &Column) {
        if let Some((table, id)) = column.of {
            self.read(table, Some(id));
        }
    }

    /// Notes what an expression reads, in queries within it too.
    pub(super) fn note(&mut self, expr: &Expr, named: &[Source]) -> Result<(), Failure> {
        let mut result = Ok(());
        let mut queries: Vec<&Query> = Vec::new();
        let mut names = Vec::new();
        if collect(expr, &mut names, &mut queries) && self.reads_open.is_none() {
            let reach = Reach::Fact("what a query reads".to_owned());
            self.reads_open = Some(Gap::new(
                expr.span,
                "an expression in a form that is not read",
                reach,
            ));
        }
        for (name, span) in names {
            self.note_name(name, span, named)?;
        }
        if queries.is_empty() {
            return result;
        }
        self.outer.push(named.to_vec());
        for query in queries {
            let was_open = self.open.take();
            let inner = self.query(query);
            // What a subquery's own columns are does not matter; what it reads does.
            self.open = was_open.or(self.open.take());
            if let Err(failure) = inner {
                result = Err(failure);
                break;
            }
        }
        self.outer.pop();
        result
    }

    fn note_name(
        &mut self,
        name: &crate::tree::ColumnName,
        span: Span,
        named: &[Source],
    ) -> Result<(), Failure> {
        let levels: Vec<&[Source]> = std::iter::once(named)
            .chain(self.outer.iter().rev().map(Vec::as_slice))
            .collect();
        let table = name.qualifiers.last();
        let mut open = false;
        let mut table_seen = false;
        let mut found = None;
        'levels: for level in levels {
            if table.is_none() && self.is_ambiguous(level, &name.name) {
                return Err(ambiguous(name, span));
            }
            for source in level {
                let fits = table.is_none_or(|table| source.alias.as_ref() == Some(table));
                if !fits {
                    // What could not be read may have any name.
                    open |= source.alias.is_none() && source.open;
                    continue;
                }
                table_seen = true;
                let column = source
                    .columns
                    .iter()
                    .find(|c| c.name == name.name && (table.is_some() || !c.merged));
                if let Some(column) = column {
                    found = Some(column.of);
                    break 'levels;
                }
                open |= source.open;
            }
            // A whole row by its table's name.
            if table.is_none() && level.iter().any(|s| s.alias.as_ref() == Some(&name.name)) {
                found = Some(None);
                break;
            }
        }
        match found {
            Some(of) => {
                if let Some((table, id)) = of {
                    self.read(table, Some(id));
                }
                Ok(())
            }
            None if open || super::names::is_system_column(&name.name) => Ok(()),
            None if self
                .variables
                .contains(name.qualifiers.first().unwrap_or(&name.name)) =>
            {
                Ok(())
            }
            // A function of the row, called like a column.
            None if table_seen && table.is_some() && self.types.schema.has_function_named(&name.name) => {
                Ok(())
            }
            None => Err(not_found(name, table_seen, span)),
        }
    }

    /// Whether several columns that are surely there have a name on one level, and none is merged with another (`colNameToVar`,
    /// `scanRTEForColumn`).
    fn is_ambiguous(&self, level: &[Source], name: &Name) -> bool {
        let there = |column: &&Column| {
            let of = column
                .of
                .map(|(table, id)| self.types.schema.table(table).column_by_id(id));
            column.name == *name && !column.merged && of.is_none_or(|c| c.get().presence.is_present())
        };
        let closed = level.iter().filter(|source| !source.open);
        closed
            .flat_map(|source| &source.columns)
            .filter(there)
            .nth(1)
            .is_some()
    }

    /// Puts a NULL of its type in place of each subquery.
    fn without_queries(&mut self, expr: &mut Expr) -> Result<(), Failure> {
        let span = expr.span;
        let query = match &expr.kind {
            ExprKind::Subquery(query) | ExprKind::ArrayQuery(query) => query.clone(),
            ExprKind::Exists(_) | ExprKind::InQuery(..) | ExprKind::QuantifiedQuery(..) => {
                expr.kind = ExprKind::Bool(true);
                return Ok(());
            }
            _ => {
                let mut result = Ok(());
                expr.each_child_mut(&mut |child| {
                    if result.is_ok() {
                        result = self.without_queries(child);
                    }
                });
                return result;
            }
        };
        let was_open = self.open.take();
        let columns = self.settled(&query);
        let open = self.open.is_some();
        self.open = was_open;
        let ty = columns?.into_iter().next().and_then(|c| c.ty).filter(|_| !open);
        let array = matches!(expr.kind, ExprKind::ArrayQuery(_));
        let ty = match ty {
            Some(ty) if array && !ty.array => Some(ty.array_of()),
            other => other.filter(|_| !array),
        };
        if let Some(ty) = ty {
            let null = Box::new(Expr::new(ExprKind::Null, span));
            expr.kind = ExprKind::Cast(null, ty, crate::tree::CastStyle::Explicit);
        }
        Ok(())
    }

    /// The type of an expression; `None` where it cannot be told.
    pub(super) fn type_of(&mut self, expr: &Expr, named: &[Source]) -> Result<Option<SqlType>, Failure> {
        let mut queries = Vec::new();
        let mut plain = None;
        if collect(expr, &mut Vec::new(), &mut queries) || !queries.is_empty() {
            let mut copy = expr.clone();
            self.outer.push(named.to_vec());
            let done = self.without_queries(&mut copy);
            self.outer.pop();
            done?;
            plain = Some(copy);
        }
        let expr = plain.as_ref().unwrap_or(expr);
        let mut walk = Walk {
            types: self.types,
            names: Names::Query(named),
            depth: 0,
        };
        match walk.node(expr) {
            Ok(node) => Ok(Some(node.ty.to_sql(node.modifier))),
            Err(Stop::Gap(_)) => Ok(None),
            Err(Stop::Fail(failure)) => Err(failure),
        }
    }
}

fn ambiguous(name: &crate::tree::ColumnName, span: Span) -> Failure {
    Failure {
        sqlstate: "42702",
        message: format!("column reference \"{}\" is ambiguous", name.name),
        span,
        related: Vec::new(),
    }
}

fn not_found(name: &crate::tree::ColumnName, table_seen: bool, span: Span) -> Failure {
    let (sqlstate, message) = match name.qualifiers.last() {
        Some(table) if !table_seen => (
            "42P01",
            format!("missing FROM-clause entry for table \"{table}\""),
        ),
        Some(table) => ("42703", format!("column {table}.{} does not exist", name.name)),
        None => ("42703", format!("column \"{}\" does not exist", name.name)),
    };
    Failure {
        sqlstate,
        message,
        span,
        related: Vec::new(),
    }
}

/// A literal of no type becomes text in what a query gives.
fn known_literal(ty: SqlType) -> SqlType {
    if Ty::from_sql(&ty).is_some_and(Ty::is_unknown) {
        Ty::TEXT.to_sql(None)
    } else {
        ty
    }
}

pub(super) fn plain(name: Name, ty: Option<SqlType>) -> Column {
    Column {
        name,
        ty,
        of: None,
        merged: false,
    }
}

/// Columns under aliases, as far as there are some.
pub(super) fn renamed(columns: Vec<Column>, aliases: &[Name]) -> Vec<Column> {
    columns
        .into_iter()
        .enumerate()
        .map(|(i, column)| match aliases.get(i) {
            Some(alias) => Column {
                name: alias.clone(),
                ..column
            },
            None => column,
        })
        .collect()
}

/// Column names and queries of an expression, those in its queries left out; true where a part of it is opaque.
fn collect<'e>(
    expr: &'e Expr,
    names: &mut Vec<(&'e crate::tree::ColumnName, Span)>,
    queries: &mut Vec<&'e Query>,
) -> bool {
    let mut opaque = false;
    let mut stack = vec![expr];
    while let Some(at) = stack.pop() {
        match &at.kind {
            ExprKind::Column(name) => names.push((name, at.span)),
            ExprKind::InQuery(_, query, _)
            | ExprKind::QuantifiedQuery(_, _, _, query)
            | ExprKind::Exists(query)
            | ExprKind::Subquery(query)
            | ExprKind::ArrayQuery(query) => queries.push(query),
            ExprKind::Opaque(_) => opaque = true,
            _ => {}
        }
        stack.extend(at.children());
    }
    opaque
}
