//! What a query reads from: tables, subqueries, functions, joins (`parse_clause.c`).

use super::expr::Walk;
use super::names::{Names, Source};
use super::path::is_polymorphic;
use super::query::{Column, Reader, plain, renamed};
use super::stop::Stop;
use super::types::Ty;
use crate::change::Failure;
use crate::known::Section;
use crate::name::{Name, QualifiedName};
use crate::schema::Lookup;
use crate::source::Span;
use crate::tree::query::Join;
use crate::tree::{Expr, ExprKind, From, FromItem, JoinKind};

/// Items by name, and what `*` gives.
#[derive(Default, Clone)]
pub(super) struct Sources {
    pub named: Vec<Source>,
    pub star: Vec<Column>,
}

impl Sources {
    fn of(source: Source) -> Sources {
        Sources {
            star: source.columns.clone(),
            named: vec![source],
        }
    }

    fn add(&mut self, other: Sources) {
        self.named.extend(other.named);
        self.star.extend(other.star);
    }
}

impl Reader<'_> {
    pub(super) fn read_from(&mut self, list: &[From]) -> Result<Sources, Failure> {
        let mut all = Sources::default();
        for from in list {
            let one = self.from(from, &all)?;
            all.add(one);
        }
        Ok(all)
    }

    /// `before`: what stands to the left, which a lateral item sees.
    fn from(&mut self, from: &From, before: &Sources) -> Result<Sources, Failure> {
        let mut sources = self.item(&from.item, before)?;
        for join in &from.joins {
            let mut seen = before.clone();
            seen.add(sources.clone());
            let right = self.from(&join.right, &seen)?;
            sources = self.join(sources, right, join)?;
        }
        Ok(sources)
    }

    fn join(&mut self, mut left: Sources, mut right: Sources, join: &Join) -> Result<Sources, Failure> {
        if join.kind == JoinKind::Natural {
            // Which columns are merged hangs on both sides; nothing is said of `*`.
            for source in left.named.iter_mut().chain(&mut right.named) {
                source.open = true;
            }
            left.add(right);
            return Ok(left);
        }
        let mut merged = Vec::new();
        for name in &join.using {
            let ours = left.star.iter().find(|c| c.name == *name).cloned();
            let theirs = right.star.iter().find(|c| c.name == *name).cloned();
            for column in [&ours, &theirs].into_iter().flatten() {
                if let Some((table, id)) = column.of {
                    self.read(table, Some(id));
                }
            }
            let chosen = if join.kind == JoinKind::Right {
                theirs
            } else {
                ours
            };
            if let Some(mut column) = chosen {
                if join.kind == JoinKind::Full {
                    column.of = None;
                }
                merged.push(column);
            }
            for column in right.named.iter_mut().flat_map(|s| &mut s.columns) {
                column.merged |= column.name == *name;
            }
        }
        let keep = |c: &Column| !join.using.contains(&c.name);
        let mut star = merged;
        star.extend(left.star.into_iter().filter(keep));
        star.extend(right.star.into_iter().filter(keep));
        let mut named = left.named;
        named.extend(right.named);
        if let Some(on) = &join.on {
            self.note(on, &named)?;
        }
        Ok(Sources { named, star })
    }

    fn item(&mut self, item: &FromItem, before: &Sources) -> Result<Sources, Failure> {
        match item {
            FromItem::Relation {
                name,
                alias,
                columns,
                span,
            } => Ok(Sources::of(self.relation(name, alias.as_ref(), columns, *span))),
            FromItem::Query {
                query,
                alias,
                columns,
                lateral,
            } => {
                let was_open = self.open.take();
                let given = if *lateral {
                    self.lateral(query, before)?
                } else {
                    self.settled(query)?
                };
                let open = self.open.is_some();
                self.open = was_open;
                Ok(Sources::of(Source {
                    alias: alias.clone(),
                    columns: renamed(given, columns),
                    open,
                }))
            }
            FromItem::Function {
                call,
                alias,
                columns,
                ordinality,
            } => self.function(call, alias.as_ref(), columns, *ordinality, before),
            FromItem::Group(from) => self.from(from, before),
            FromItem::Opaque(span) => {
                let _ = span;
                Ok(Sources::of(Source {
                    alias: None,
                    columns: Vec::new(),
                    open: true,
                }))
            }
        }
    }

    /// A table, view or query of `WITH`.
    pub(super) fn relation(
        &mut self,
        name: &QualifiedName,
        alias: Option<&Name>,
        aliases: &[Name],
        span: Span,
    ) -> Source {
        let shown = alias.unwrap_or(&name.name).clone();
        if name.schema.is_none()
            && let Some((_, columns, open)) = self.ctes.iter().rev().find(|c| c.0 == name.name)
        {
            return Source {
                alias: Some(shown),
                columns: renamed(columns.clone(), aliases),
                open: *open,
            };
        }
        let Lookup::Found(table) = self.types.schema.table_named(name) else {
            self.gap(span, "a table that is not known");
            return Source {
                alias: Some(shown),
                columns: Vec::new(),
                open: true,
            };
        };
        self.read(table.id, None);
        let columns = table
            .columns()
            .map(|c| Column {
                name: c.name().clone(),
                ty: c.get().ty.known().cloned(),
                of: Some((table.id, c.id)),
                merged: false,
            })
            .collect();
        Source {
            alias: Some(shown),
            columns: renamed(columns, aliases),
            open: table.open(Section::Columns).is_some() || !table.is_certain(),
        }
    }

    /// A function in FROM: one column for a plain result; those of a row type only where they are written.
    fn function(
        &mut self,
        call: &Expr,
        alias: Option<&Name>,
        aliases: &[Name],
        ordinality: bool,
        before: &Sources,
    ) -> Result<Sources, Failure> {
        self.note(call, &before.named)?;
        let own = match &call.kind {
            ExprKind::Call(call) => call.name.name.clone(),
            _ => Name::new("?column?"),
        };
        let shown = alias.cloned().unwrap_or(own);
        let given = self.columns_of_call(call, &shown, &before.named)?;
        let mut open = given.is_none();
        // With a list of columns behind it that is what it gives.
        let mut columns = match given {
            Some(columns) => renamed(columns, aliases),
            None => aliases.iter().map(|name| plain(name.clone(), None)).collect(),
        };
        if ordinality {
            let name = aliases
                .get(columns.len())
                .cloned()
                .unwrap_or_else(|| Name::new("ordinality"));
            open |= columns.is_empty();
            if !open {
                columns.push(plain(
                    name,
                    Some(crate::sqltype::SqlType::builtin(crate::sqltype::Builtin::Int8)),
                ));
            }
        }
        Ok(Sources::of(Source {
            alias: Some(shown),
            columns,
            open,
        }))
    }

    /// Columns of what a call gives: its output parameters, or one column under the item's name; `None` where the rows are of
    /// a type that is not told.
    fn columns_of_call(
        &mut self,
        call: &Expr,
        shown: &Name,
        named: &[Source],
    ) -> Result<Option<Vec<Column>>, Failure> {
        let one = |ty: Ty, modifier| Some(vec![plain(shown.clone(), Some(ty.to_sql(modifier)))]);
        let ExprKind::Call(inner) = &call.kind else {
            let ty = self.type_of(call, named)?;
            return Ok(ty.map(|ty| vec![plain(shown.clone(), Some(ty))]));
        };
        let mut walk = Walk {
            types: self.types,
            names: Names::Query(named),
            depth: 0,
        };
        let called = match walk.called(inner, call.span) {
            Ok(called) => called,
            Err(Stop::Gap(_)) => return Ok(None),
            Err(Stop::Fail(failure)) => return Err(failure),
        };
        Ok(match called.outputs.as_slice() {
            [(name, ty)] if !is_polymorphic(*ty) => Some(vec![plain(name.clone(), Some(ty.to_sql(None)))]),
            [(name, _)] => Some(vec![plain(name.clone(), Some(called.node.ty.to_sql(None)))]),
            [] if self.types.may_be_row(called.node.ty) => None,
            [] => one(called.node.ty, called.node.modifier),
            many => Some(
                many.iter()
                    .map(|(name, ty)| plain(name.clone(), (!is_polymorphic(*ty)).then(|| ty.to_sql(None))))
                    .collect(),
            ),
        })
    }
}
