//! The objects of `alembic.operations.ops`, as calls of the operations that they stand for.

use crate::interpret::python::{Args, Machine, Value};
use crate::stacks::alembic::database::Database;

/// Classes, the operations, and the names of their parameters in order, in the words of the operation.
const OPERATIONS: &[(&str, &str, &[&str])] = &[
    ("CreateTableOp", "create_table", &["table_name", "*columns"]),
    ("DropTableOp", "drop_table", &["table_name"]),
    (
        "RenameTableOp",
        "rename_table",
        &["old_table_name", "new_table_name"],
    ),
    ("AddColumnOp", "add_column", &["table_name", "column"]),
    ("DropColumnOp", "drop_column", &["table_name", "column_name"]),
    ("AlterColumnOp", "alter_column", &["table_name", "column_name"]),
    (
        "CreateIndexOp",
        "create_index",
        &["index_name", "table_name", "columns"],
    ),
    ("DropIndexOp", "drop_index", &["index_name", "table_name"]),
    (
        "CreateUniqueConstraintOp",
        "create_unique_constraint",
        &["constraint_name", "table_name", "columns"],
    ),
    (
        "CreatePrimaryKeyOp",
        "create_primary_key",
        &["constraint_name", "table_name", "columns"],
    ),
    (
        "CreateForeignKeyOp",
        "create_foreign_key",
        &[
            "constraint_name",
            "source_table",
            "referent_table",
            "local_cols",
            "remote_cols",
        ],
    ),
    (
        "CreateCheckConstraintOp",
        "create_check_constraint",
        &["constraint_name", "table_name", "condition"],
    ),
    (
        "DropConstraintOp",
        "drop_constraint",
        &["constraint_name", "table_name", "type_"],
    ),
    (
        "CreateTableCommentOp",
        "create_table_comment",
        &["table_name", "comment"],
    ),
    ("DropTableCommentOp", "drop_table_comment", &["table_name"]),
    ("ExecuteSQLOp", "execute", &["sqltext"]),
    ("BulkInsertOp", "bulk_insert", &["table", "rows"]),
];

/// Names that the objects give what operations call otherwise.
const RENAMED: &[(&str, &str)] = &[
    ("modify_nullable", "nullable"),
    ("modify_type", "type_"),
    ("modify_server_default", "server_default"),
    ("modify_comment", "comment"),
    ("modify_name", "new_column_name"),
];

/// The operation that an object stands for, with its arguments.
pub(in crate::stacks::alembic) fn as_operation<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
) -> Option<(&'static str, Args<'a>)> {
    let (callee, given) = value.as_call()?;
    let path = callee.as_path()?;
    if !path.starts_with("alembic.") {
        return None;
    }
    let class = path.rsplit('.').next()?;
    let (_, operation, parameters) = OPERATIONS.iter().find(|(name, ..)| *name == class)?;
    let given = given.clone();
    let mut out = Args {
        open: given.open.clone(),
        ..Args::default()
    };
    for (name, argument) in &given.keywords {
        let name = RENAMED
            .iter()
            .find(|(from, _)| name == from)
            .map_or(name.as_str(), |(_, to)| to);
        out.keywords.push((name.into(), argument.clone()));
    }
    for (name, argument) in parameters.iter().zip(&given.positional) {
        out.keywords.push(((*name).into(), argument.clone()));
    }
    if *operation == "create_table" {
        let at = out
            .keywords
            .iter()
            .position(|(name, _)| name == "*columns" || name == "columns");
        if let Some(at) = at {
            let (_, columns) = out.keywords.remove(at);
            let name = out.keywords.iter().position(|(name, _)| name == "table_name")?;
            let (_, name) = out.keywords.remove(name);
            out.positional.push(name);
            match machine.known_items(&columns.value) {
                Some(items) => {
                    out.positional
                        .extend(items.into_iter().map(|value| crate::interpret::python::Argument {
                            value,
                            span: columns.span,
                        }))
                }
                None => out.open = Some(machine.gap(columns.span, "the columns of the table")),
            }
        }
    }
    Some((operation, out))
}
