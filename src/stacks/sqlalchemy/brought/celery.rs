//! The tables of Celery's results, for an `env.py` that hands over their metadata.
//!
//! Source: `celery/backends/database/models.py`.

use crate::declared::{
    Expectation, Field, Key as DeclaredKey, Like, Model, ModelKind, Unique as DeclaredUnique,
};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::{Builtin, Modifier, SqlType};

/// The tables of Celery's results.
pub(in crate::stacks::sqlalchemy) fn celery(at: Span) -> Vec<Model> {
    let text = |n: u32| SqlType {
        modifier: Some(Modifier::Length(n)),
        ..SqlType::builtin(Builtin::Varchar)
    };
    let plain = SqlType::builtin;
    let results = [
        ("task_id", text(155)),
        ("status", text(50)),
        ("result", plain(Builtin::Bytea)),
        ("date_done", plain(Builtin::Timestamp)),
        ("traceback", plain(Builtin::Text)),
        ("name", text(155)),
        ("args", plain(Builtin::Bytea)),
        ("kwargs", plain(Builtin::Bytea)),
        ("worker", text(155)),
        ("retries", plain(Builtin::Int4)),
        ("queue", text(155)),
    ];
    let groups = [
        ("taskset_id", text(155)),
        ("result", plain(Builtin::Bytea)),
        ("date_done", plain(Builtin::Timestamp)),
    ];
    vec![
        celery_table("Task", "celery_taskmeta", "task_id", &results, at),
        celery_table("TaskSet", "celery_tasksetmeta", "taskset_id", &groups, at),
    ]
}

fn celery_table(class: &str, table: &str, unique: &str, columns: &[(&str, SqlType)], at: Span) -> Model {
    let field = |name: &str, ty: SqlType, key: bool| Field {
        name: name.into(),
        column: Name::new(name),
        span: at,
        type_span: at,
        declared: None,
        ty: Expectation::Exactly(ty),
        nullable: Expectation::Exactly(!key),
        nullable_span: None,
        default: Expectation::Exactly(None),
        default_span: None,
        client_default: true,
        fetched: false,
        serial: None,
        identity: Expectation::Exactly(None),
        counts: None,
        generated: Expectation::Exactly(None),
        collation: None,
        comment: Expectation::Anything,
        written: true,
        ignored: false,
        whole: at,
    };
    let mut fields = vec![field("id", SqlType::builtin(Builtin::Int4), true)];
    fields.extend(columns.iter().map(|(name, ty)| field(name, ty.clone(), false)));
    Model {
        name: class.into(),
        span: at,
        whole: at,
        table: Some(Expectation::Exactly(QualifiedName::bare(Name::new(table)))),
        table_span: None,
        kind: ModelKind::Table,
        fields,
        primary_key: Some(DeclaredKey {
            columns: vec![Name::new("id")],
            name: None,
            span: at,
        }),
        uniques: vec![DeclaredUnique {
            deferrable: None,
            columns: vec![Name::new(unique)],
            name: None,
            index: false,
            nulls_not_distinct: false,
            descending: vec![false],
            predicate: None,
            span: at,
        }],
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        exclusions: Vec::new(),
        comment: Expectation::Anything,
        associations: Vec::new(),
        open: Vec::new(),
        unmanaged: false,
        elsewhere: None,
        of_library: true,
        table_like: Like::anything(),
    }
}
