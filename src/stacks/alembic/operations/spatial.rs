//! Operations that GeoAlchemy2 registers: on PostgreSQL they are Alembic's own, but that a column is added without what hangs on it.
//!
//! Source: `geoalchemy2/alembic_helpers.py`, 0.20.

use super::{columns, drops, indexes, tables};
use crate::interpret::python::{Args, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::Database;

/// Alembic's own operation.
pub(super) fn plain(name: &str) -> Option<&'static str> {
    Some(match name {
        "add_geospatial_column" => "add_column",
        "drop_geospatial_column" => "drop_column",
        "create_geospatial_table" => "create_table",
        "drop_geospatial_table" => "drop_table",
        "create_geospatial_index" => "create_index",
        "drop_geospatial_index" => "drop_index",
        _ => return None,
    })
}

pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    Some(match plain(name)? {
        "add_column" => columns::add_column_alone(machine, args, at),
        "drop_column" => drops::drop_column(machine, args, at),
        "create_table" => tables::create_table(machine, args, at),
        "drop_table" => drops::drop_table(machine, args, at),
        "create_index" => indexes::create_index(machine, args, at),
        "drop_index" => {
            // `drop_geospatial_index(index_name, table_name, column_name, schema=None, ...)`.
            let mut args = args.clone();
            if args.positional.len() > 3 {
                let schema = args.positional.swap_remove(3);
                args.keywords.push(("schema".into(), schema));
            }
            args.positional.truncate(2);
            drops::drop_index(machine, &args, at)
        }
        _ => return None,
    })
}
