//! `create_index`.

use super::arguments::Given;
use super::drops::lacking;
use super::naming;
use super::tables::{each, place, refused};
use crate::interpret::python::{Args, Argument, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::Database;
use crate::stacks::sqlalchemy::ddl;
use crate::stacks::sqlalchemy::expression::Scope;
use crate::stacks::sqlalchemy::table::{self, TableDef};

pub(super) fn create_index<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut given = Given::new(args, at);
    let Some(table) = given.object(machine, 1, &["table_name", "tablename"], &["schema"]) else {
        return lacking(machine, "table_name", at);
    };
    let name = given.get(0, &["index_name", "name"]).cloned();
    let keys = match given.get(2, &["columns"]) {
        None => Ok(Vec::new()),
        Some(columns) => machine.items(&columns.value, columns.span)?.map(|items| {
            let argument = |value| Argument {
                value,
                span: columns.span,
            };
            items.into_iter().map(argument).collect()
        }),
    };
    let mut inner = args.clone();
    // `unique` may stand by position in old releases.
    if let Some(unique) = args.positional.get(4) {
        inner.keywords.push(("unique".into(), unique.clone()));
    }
    let index = table::index_of(machine, name.as_ref(), keys, &inner, &Scope::default(), at);
    let mut def = TableDef::new(
        Ok(table.name.name.clone()),
        Ok(table.name.schema.clone()),
        table.span,
        at,
    );
    def.indexes.push(index);
    let conventions = naming::conventions(machine, at);
    def.finish(machine, &conventions);
    refused(machine, &def)?;
    let if_not_exists = given.flag(machine, &["if_not_exists"]);
    let schema = place(machine);
    let mut changes = Vec::new();
    for index in &def.indexes {
        changes.extend(ddl::create_index(&table, index, if_not_exists, &schema));
    }
    each(machine, changes, given.hole.as_ref())
}
