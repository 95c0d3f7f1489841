//! Columns that bases of packages bring to the classes that derive from them, and the bases that bring none.
//!
//! Source: `fastapi_users_db_sqlalchemy/__init__.py` and `access_token.py`, `authlib/integrations/sqla_oauth2/*_mixins.py`,
//! `sqlalchemy_utils/models.py`, `oslo_db/sqlalchemy/models.py`.

use crate::declared::{
    Expectation, Field, Key as DeclaredKey, Like, Model, ModelKind, Unique as DeclaredUnique,
};
use crate::interpret::python::{Args, Argument, Library, Machine, Value};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::{Builtin, Modifier, SqlType};

/// A column: its attribute, its type with its length, and what else it says.
struct Column {
    name: &'static str,
    ty: &'static str,
    length: Option<i64>,
    says: &'static [Says],
}

#[derive(Clone, Copy)]
enum Says {
    Key,
    NotNull,
    Index,
    Unique,
    /// The client fills it.
    Default,
    /// The column's own name.
    Named(&'static str),
    /// Refers to a column and is deleted with its row.
    Cascade(&'static str),
}

use Says::{Cascade, Default as Filled, Index, Key, Named, NotNull, Unique};

/// A base: its package, its name, the table's name that it gives, its columns, and the base that it derives from.
struct Base {
    package: &'static str,
    name: &'static str,
    table: Option<&'static str>,
    columns: &'static [Column],
    above: Option<&'static str>,
}

const GUID: &str = "fastapi_users_db_sqlalchemy.generics.GUID";
const TEXT: &str = "sqlalchemy.String";
const LONG: &str = "sqlalchemy.Text";
const INTEGER: &str = "sqlalchemy.Integer";
const TRUTH: &str = "sqlalchemy.Boolean";
const MOMENT: &str = "sqlalchemy.DateTime";

const fn column(name: &'static str, ty: &'static str, length: Option<i64>, says: &'static [Says]) -> Column {
    Column {
        name,
        ty,
        length,
        says,
    }
}

const USERS: &str = "fastapi_users_db_sqlalchemy";
const AUTHLIB: &str = "authlib";
const OSLO: &str = "oslo_db";

static BASES: &[Base] = &[
    Base {
        package: USERS,
        name: "SQLAlchemyBaseUserTable",
        table: Some("user"),
        columns: &[
            column("email", TEXT, Some(320), &[Unique, Index, NotNull]),
            column("hashed_password", TEXT, Some(1024), &[NotNull]),
            column("is_active", TRUTH, None, &[Filled, NotNull]),
            column("is_superuser", TRUTH, None, &[Filled, NotNull]),
            column("is_verified", TRUTH, None, &[Filled, NotNull]),
        ],
        above: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseUserTableUUID",
        table: None,
        columns: &[column("id", GUID, None, &[Key, Filled])],
        above: Some("SQLAlchemyBaseUserTable"),
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseOAuthAccountTable",
        table: Some("oauth_account"),
        columns: &[
            column("oauth_name", TEXT, Some(100), &[Index, NotNull]),
            column("access_token", TEXT, Some(1024), &[NotNull]),
            column("expires_at", INTEGER, None, &[]),
            column("refresh_token", TEXT, Some(1024), &[]),
            column("account_id", TEXT, Some(320), &[Index, NotNull]),
            column("account_email", TEXT, Some(320), &[NotNull]),
        ],
        above: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseOAuthAccountTableUUID",
        table: None,
        columns: &[
            column("id", GUID, None, &[Key, Filled]),
            column("user_id", GUID, None, &[Cascade("user.id"), NotNull]),
        ],
        above: Some("SQLAlchemyBaseOAuthAccountTable"),
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseAccessTokenTable",
        table: Some("accesstoken"),
        columns: &[
            column("token", TEXT, Some(43), &[Key]),
            column(
                "created_at",
                "fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware",
                None,
                &[Index, NotNull, Filled],
            ),
        ],
        above: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseAccessTokenTableUUID",
        table: None,
        columns: &[column("user_id", GUID, None, &[Cascade("user.id"), NotNull])],
        above: Some("SQLAlchemyBaseAccessTokenTable"),
    },
    Base {
        package: AUTHLIB,
        name: "OAuth2ClientMixin",
        table: None,
        columns: &[
            column("client_id", TEXT, Some(48), &[Index]),
            column("client_secret", TEXT, Some(120), &[]),
            column("client_id_issued_at", INTEGER, None, &[NotNull, Filled]),
            column("client_secret_expires_at", INTEGER, None, &[NotNull, Filled]),
            column("_client_metadata", LONG, None, &[Named("client_metadata")]),
        ],
        above: None,
    },
    Base {
        package: AUTHLIB,
        name: "OAuth2TokenMixin",
        table: None,
        columns: &[
            column("client_id", TEXT, Some(48), &[]),
            column("token_type", TEXT, Some(40), &[]),
            column("access_token", TEXT, Some(255), &[Unique, NotNull]),
            column("refresh_token", TEXT, Some(255), &[Index]),
            column("scope", LONG, None, &[Filled]),
            column("issued_at", INTEGER, None, &[NotNull, Filled]),
            column("access_token_revoked_at", INTEGER, None, &[NotNull, Filled]),
            column("refresh_token_revoked_at", INTEGER, None, &[NotNull, Filled]),
            column("expires_in", INTEGER, None, &[NotNull, Filled]),
        ],
        above: None,
    },
    Base {
        package: AUTHLIB,
        name: "OAuth2AuthorizationCodeMixin",
        table: None,
        columns: &[
            column("code", TEXT, Some(120), &[Unique, NotNull]),
            column("client_id", TEXT, Some(48), &[]),
            column("redirect_uri", LONG, None, &[Filled]),
            column("response_type", LONG, None, &[Filled]),
            column("scope", LONG, None, &[Filled]),
            column("nonce", LONG, None, &[]),
            column("auth_time", INTEGER, None, &[NotNull, Filled]),
            column("acr", LONG, None, &[]),
            column("amr", LONG, None, &[]),
            column("code_challenge", LONG, None, &[]),
            column("code_challenge_method", TEXT, Some(48), &[]),
        ],
        above: None,
    },
    Base {
        package: OSLO,
        name: "ModelBase",
        table: None,
        columns: &[],
        above: None,
    },
    Base {
        package: OSLO,
        name: "TimestampMixin",
        table: None,
        columns: &[
            column("created_at", MOMENT, None, &[Filled]),
            column("updated_at", MOMENT, None, &[]),
        ],
        above: None,
    },
    Base {
        package: OSLO,
        name: "SoftDeleteMixin",
        table: None,
        columns: &[
            column("deleted_at", MOMENT, None, &[]),
            column("deleted", INTEGER, None, &[Filled]),
        ],
        above: None,
    },
];

/// The tables of Celery's results (`celery/backends/database/models.py`), for an `env.py` that hands over their metadata.
pub(super) fn celery(at: Span) -> Vec<Model> {
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

/// Packages whose bases bring no columns.
const NOTHING: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "flask_sqlalchemy",
    "flask_login",
    "typing",
    "typing_extensions",
    "abc",
    "builtins",
    "enum",
    "collections",
    "dataclasses",
    "pydantic",
    "pydantic_settings",
];

/// The package that defines a base, and the base's name.
fn parts(path: &str) -> (&str, &str) {
    let package = match path.split('.').next().unwrap_or(path) {
        // What it has of SQLAlchemy is imported from there (`fastapi_users/db/__init__.py`).
        "fastapi_users" if path.starts_with("fastapi_users.db.") => USERS,
        package => package,
    };
    (package, path.rsplit('.').next().unwrap_or(path))
}

fn base(path: &str) -> Option<&'static Base> {
    let (package, name) = parts(path);
    BASES.iter().find(|b| b.package == package && b.name == name)
}

/// Whether it is known what a base of a library brings.
pub(super) fn is_known(path: &str) -> bool {
    let (package, name) = parts(path);
    NOTHING.contains(&package)
        || base(path).is_some()
        // What these two packages define beside the tables brings no columns.
        || (package == AUTHLIB && !name.ends_with("Mixin"))
}

/// The name of the table that a base gives.
pub(super) fn table(path: &str) -> Option<&'static str> {
    chain(path).into_iter().find_map(|b| b.table)
}

/// A base and those above it.
fn chain(path: &str) -> Vec<&'static Base> {
    let mut out = Vec::new();
    let mut next = base(path);
    while let Some(found) = next {
        out.push(found);
        next = found.above.and_then(|name| {
            BASES
                .iter()
                .find(|b| b.package == found.package && b.name == name)
        });
    }
    out
}

/// The columns that a base brings, as the calls that it makes.
pub(super) fn columns<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    at: Span,
) -> Vec<(&'static str, Value<'a>)> {
    let mut out = Vec::new();
    for column in chain(path).into_iter().flat_map(|b| b.columns) {
        let made = call(machine, column, at);
        out.push((column.name, made));
    }
    out
}

fn call<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, column: &Column, at: Span) -> Value<'a> {
    let argument = |value| Argument { value, span: at };
    let mut ty = machine.path(column.ty, at);
    if let Some(length) = column.length {
        ty = machine.call_term(ty, Args::of(vec![Value::Int(length)], at), at);
    }
    let mut args = Args::default();
    let mut keywords = Vec::new();
    let mut keys = Vec::new();
    for says in column.says {
        match says {
            Key => keywords.push(("primary_key", Value::Bool(true))),
            NotNull => keywords.push(("nullable", Value::Bool(false))),
            Index => keywords.push(("index", Value::Bool(true))),
            Unique => keywords.push(("unique", Value::Bool(true))),
            Filled => keywords.push(("default", Value::Ellipsis)),
            Named(name) => args.positional.push(argument(Value::text(name, at))),
            Cascade(target) => {
                let callee = machine.path("sqlalchemy.ForeignKey", at);
                let mut inner = Args::of(vec![Value::text(target, at)], at);
                inner
                    .keywords
                    .push(("ondelete".into(), argument(Value::text("cascade", at))));
                keys.push(machine.call_term(callee, inner, at));
            }
        }
    }
    args.positional.push(argument(ty));
    args.positional.extend(keys.into_iter().map(argument));
    args.keywords = keywords
        .into_iter()
        .map(|(name, value)| (name.into(), argument(value)))
        .collect();
    let callee = machine.path("sqlalchemy.orm.mapped_column", at);
    machine.call_term(callee, args, at)
}
