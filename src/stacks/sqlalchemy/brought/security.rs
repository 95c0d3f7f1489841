//! What the models of Flask-Security bring, as data, and the table that telling it of the database makes.
//!
//! Source: `flask_security/models/fsqla.py`, `fsqla_v2.py`, `fsqla_v3.py` and `sqla.py` (5.9), whose authors promise to change none of
//! them once it is released.

use super::bases::{Base, Column, Says, Told, column};
use crate::interpret::python::{Args, Argument, Library, Machine, TermKind, Value};
use crate::source::Span;

use Says::{CascadeTold, Default as Filled, Index, Key, NotNull, Now, Unique};

pub(super) const SECURITY: &str = "flask_security";

const TEXT: &str = "sqlalchemy.String";
const LONG: &str = "sqlalchemy.Text";
const LIST: &str = "flask_security.AsaList";
const INTEGER: &str = "sqlalchemy.Integer";
const TRUTH: &str = "sqlalchemy.Boolean";
const MOMENT: &str = "sqlalchemy.DateTime";
const BYTES: &str = "sqlalchemy.LargeBinary";

const fn base(name: &'static str, columns: &'static [Column], above: &'static [&'static str]) -> Base {
    Base {
        package: SECURITY,
        name,
        table: None,
        columns,
        above,
        metadata: None,
    }
}

pub(super) static BASES: &[Base] = &[
    // `flask_security/core.py`: methods alone.
    base("UserMixin", &[], &[]),
    base("RoleMixin", &[], &[]),
    base("WebAuthnMixin", &[], &[]),
    base(
        "fsqla.FsRoleMixin",
        &[
            column("id", INTEGER, None, &[Key]),
            column("name", TEXT, Some(80), &[Unique, NotNull]),
            column("description", TEXT, Some(255), &[]),
            column("permissions", LIST, None, &[]),
            column("update_datetime", MOMENT, None, &[NotNull, Now]),
        ],
        &[],
    ),
    base("fsqla_v2.FsRoleMixin", &[], &["fsqla.FsRoleMixin"]),
    base("fsqla_v3.FsRoleMixin", &[], &["fsqla.FsRoleMixin"]),
    base(
        "fsqla.FsUserMixin",
        &[
            column("id", INTEGER, None, &[Key]),
            column("email", TEXT, Some(255), &[Unique, NotNull]),
            column("username", TEXT, Some(255), &[]),
            column("password", TEXT, Some(255), &[NotNull]),
            column("active", TRUTH, None, &[NotNull]),
            column("fs_uniquifier", TEXT, Some(64), &[Unique, NotNull]),
            column("confirmed_at", MOMENT, None, &[]),
            column("last_login_at", MOMENT, None, &[]),
            column("current_login_at", MOMENT, None, &[]),
            column("last_login_ip", TEXT, Some(64), &[]),
            column("current_login_ip", TEXT, Some(64), &[]),
            column("login_count", INTEGER, None, &[]),
            column("tf_primary_method", TEXT, Some(64), &[]),
            column("tf_totp_secret", TEXT, Some(255), &[]),
            column("tf_phone_number", TEXT, Some(128), &[]),
            column("create_datetime", MOMENT, None, &[NotNull, Now]),
            column("update_datetime", MOMENT, None, &[NotNull, Now]),
        ],
        &[],
    ),
    base(
        "fsqla_v2.FsUserMixin",
        &[
            column("username", TEXT, Some(255), &[Unique]),
            column("us_totp_secrets", LONG, None, &[]),
            column("us_phone_number", TEXT, Some(128), &[]),
        ],
        &["fsqla.FsUserMixin"],
    ),
    base(
        "fsqla_v3.FsUserMixin",
        &[
            column("fs_webauthn_user_handle", TEXT, Some(64), &[Unique]),
            column("mf_recovery_codes", LIST, None, &[]),
            column("password", TEXT, Some(255), &[]),
            column("us_phone_number", TEXT, Some(128), &[Unique]),
        ],
        &["fsqla_v2.FsUserMixin"],
    ),
    base(
        "fsqla_v3.FsWebAuthnMixin",
        &[
            column("id", INTEGER, None, &[Key]),
            column("credential_id", BYTES, Some(1024), &[Index, Unique, NotNull]),
            column("public_key", BYTES, None, &[NotNull]),
            column("sign_count", INTEGER, None, &[Filled]),
            column("transports", LIST, None, &[]),
            column("backup_state", TRUTH, None, &[NotNull]),
            column("device_type", TEXT, Some(64), &[NotNull]),
            column("extensions", TEXT, Some(255), &[]),
            column("create_datetime", MOMENT, None, &[NotNull, Now]),
            column("lastuse_datetime", MOMENT, None, &[NotNull]),
            column("name", TEXT, Some(64), &[NotNull]),
            column("usage", TEXT, Some(64), &[NotNull]),
            column("user_id", INTEGER, None, &[CascadeTold(&USERS), NotNull]),
        ],
        &[],
    ),
];

/// What holds the names that the models are told.
const MODELS: &str = "flask_security.models.FsModels";

static USERS: Told = Told {
    owner: MODELS,
    name: "user_table_name",
    or: "user",
};

/// `FsModels.set_db_info(db)` makes the table between users and roles; `None` where a call is none of it.
pub(in crate::stacks::sqlalchemy) fn table<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<(Value<'a>, Args<'a>)> {
    let module = path
        .strip_prefix(SECURITY)?
        .strip_suffix(".FsModels.set_db_info")?;
    let pure = module.ends_with("sqla") && !module.ends_with("fsqla");
    let argument = |value| Argument { value, span: at };
    let metadata = if pure {
        let base = args.keyword("base_model")?.value.clone();
        machine.attribute(&base, "metadata", at).ok()?
    } else {
        let db = args.get(0, "appdb")?.value.clone();
        machine.term(TermKind::Attribute(db, "metadata".into()), at)
    };
    let mut made = Args::of(vec![Value::text("roles_users", at), metadata], at);
    for (position, kind) in [(1, "user"), (2, "role")] {
        let position = if pure { usize::MAX } else { position };
        let name = format!("{kind}_table_name");
        let table = args.get(position, &name).map(|a| a.value.clone());
        let target = match &table {
            None => Value::text(&format!("{kind}.id"), at),
            Some(Value::Str(table)) => {
                let owner = machine.path(MODELS, at);
                let _ = machine.set_attribute(&owner, &name, Value::Str(table.clone()), at);
                Value::text(&format!("{}.id", table.as_str()), at)
            }
            Some(_) => machine.unknown(
                at,
                "the name of the table that Flask-Security is told is not known",
            ),
        };
        let key = machine.path("sqlalchemy.ForeignKey", at);
        let key = machine.call_term(key, Args::of(vec![target], at), at);
        let mut column = Args::of(vec![Value::text(&format!("{kind}_id"), at)], at);
        if pure {
            column
                .keywords
                .push(("primary_key".into(), argument(Value::Bool(true))));
        } else {
            let integer = machine.path(INTEGER, at);
            column.positional.push(argument(integer));
        }
        column.positional.push(argument(key));
        let callee = machine.path("sqlalchemy.Column", at);
        let column = machine.call_term(callee, column, at);
        made.positional.push(argument(column));
    }
    Some((machine.path("sqlalchemy.Table", at), made))
}
