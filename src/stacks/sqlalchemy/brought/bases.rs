//! What bases of packages bring, as data.
//!
//! Source: `advanced_alchemy/base.py` and `advanced_alchemy/mixins/` (1.0 to 1.12), `fastapi_users_db_sqlalchemy/__init__.py` and
//! `access_token.py` (4.0 to 7.0), `authlib/integrations/sqla_oauth2/*_mixins.py`, `sqlalchemy_utils/models.py`
//! (0.41), `sqlalchemy_mixins/` (1.5 to 2.0), `oslo_db/sqlalchemy/models.py`, `sqlalchemy_helpers/manager.py` and `aio.py` (0.9 to
//! 2.0).

/// A column: its attribute, its type with its length, and what else it says.
pub(super) struct Column {
    pub(super) name: &'static str,
    /// A type of a library, or the type of Python that an annotation names.
    pub(super) ty: &'static str,
    pub(super) length: Option<i64>,
    pub(super) says: &'static [Says],
}

/// The name of a table that a program may tell a package.
pub(super) struct Told {
    /// What keeps it.
    pub(super) owner: &'static str,
    /// The attribute that does.
    pub(super) name: &'static str,
    /// The table where nothing is told.
    pub(super) or: &'static str,
}

/// What a column says beside its type.
#[derive(Clone, Copy)]
pub(super) enum Says {
    Key,
    NotNull,
    Nullable,
    Index,
    Unique,
    /// The client fills it.
    Default,
    /// The column's own name.
    Named(&'static str),
    /// Refers to a column and is deleted with its row.
    Cascade(&'static str),
    /// The client takes it from a sequence that is called after the table: `<table>_id_seq`.
    Sequence,
    /// The server counts: `Identity(start=1, increment=1)`.
    Identity,
    /// The same, to the key of a table whose name the program may have told the package.
    CascadeTold(&'static Told),
    /// `server_default=func.now()`.
    Now,
    /// Where it stands among the columns (`sort_order=`, since 1.8).
    Order(i64),
}

use super::registry::ADVANCED_METADATA;
use Says::{
    Cascade, Default as Filled, Identity, Index, Key, Named, NotNull, Nullable, Order, Sequence, Unique,
};

/// The name of the table that a base gives to the classes that derive from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// This one.
    Name(&'static str),
    /// The class's own in lower case, its words parted by `_`.
    ClassName,
}

/// A base: its package, its name, the table's name that it gives, its columns, and the bases that it derives from.
pub(super) struct Base {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
    pub(super) table: Option<Gives>,
    pub(super) columns: &'static [Column],
    pub(super) above: &'static [&'static str],
    /// It is a declarative base: the path of what keeps its metadata in the package.
    pub(super) metadata: Option<&'static str>,
}

const GUID: &str = "fastapi_users_db_sqlalchemy.generics.GUID";
const TEXT: &str = "sqlalchemy.String";
const LONG: &str = "sqlalchemy.Text";
const INTEGER: &str = "sqlalchemy.Integer";
const TRUTH: &str = "sqlalchemy.Boolean";
const MOMENT: &str = "sqlalchemy.DateTime";

pub(super) const fn column(
    name: &'static str,
    ty: &'static str,
    length: Option<i64>,
    says: &'static [Says],
) -> Column {
    Column {
        name,
        ty,
        length,
        says,
    }
}

/// A class that only puts others together, abstract, on the registry of its package.
const fn together(name: &'static str, above: &'static [&'static str]) -> Base {
    Base {
        package: ADVANCED,
        name,
        table: None,
        columns: &[],
        above,
        metadata: None,
    }
}

/// A mixin of Advanced Alchemy.
const fn mixin(name: &'static str, columns: &'static [Column], above: &'static [&'static str]) -> Base {
    Base {
        package: ADVANCED,
        name,
        table: None,
        columns,
        above,
        metadata: None,
    }
}

pub(super) const USERS: &str = "fastapi_users_db_sqlalchemy";
pub(super) const AUTHLIB: &str = "authlib";
const OSLO: &str = "oslo_db";
const UTILS: &str = "sqlalchemy_utils";
pub(super) const MIXINS: &str = "sqlalchemy_mixins";
pub(super) const ADVANCED: &str = "advanced_alchemy";

pub(super) static BASES: &[Base] = &[
    // `id: Mapped[UUID]` and its like: the type is what the registry of the class that derives has for the type of Python.
    mixin(
        "UUIDPrimaryKey",
        &[column("id", "uuid.UUID", None, &[Key, Filled, Order(-100)])],
        &["SentinelMixin"],
    ),
    mixin(
        "UUIDv6PrimaryKey",
        &[column("id", "uuid.UUID", None, &[Key, Filled, Order(-100)])],
        &["SentinelMixin"],
    ),
    mixin(
        "UUIDv7PrimaryKey",
        &[column("id", "uuid.UUID", None, &[Key, Filled, Order(-100)])],
        &["SentinelMixin"],
    ),
    mixin(
        "NanoIDPrimaryKey",
        &[column("id", "builtins.str", None, &[Key, Filled, Order(-100)])],
        &["SentinelMixin"],
    ),
    mixin(
        "BigIntPrimaryKey",
        &[column(
            "id",
            "advanced_alchemy.types.BigIntIdentity",
            None,
            &[Key, Sequence, Order(-100)],
        )],
        &[],
    ),
    mixin(
        "IdentityPrimaryKey",
        &[column(
            "id",
            "advanced_alchemy.types.BigIntIdentity",
            None,
            &[Key, Identity, Order(-100)],
        )],
        &[],
    ),
    mixin(
        "SentinelMixin",
        &[column(
            "_sentinel",
            "builtins.int",
            None,
            &[Named("sa_orm_sentinel"), Nullable, Filled, Order(3001)],
        )],
        &[],
    ),
    mixin(
        "AuditColumns",
        &[
            column(
                "created_at",
                "advanced_alchemy.types.DateTimeUTC",
                None,
                &[NotNull, Filled, Order(3002)],
            ),
            column(
                "updated_at",
                "advanced_alchemy.types.DateTimeUTC",
                None,
                &[NotNull, Filled, Order(3003)],
            ),
        ],
        &[],
    ),
    mixin("SlugKey", &[column("slug", TEXT, Some(100), &[NotNull])], &[]),
    mixin("UniqueMixin", &[], &[]),
    mixin("BasicAttributes", &[], &[]),
    Base {
        package: ADVANCED,
        name: "CommonTableAttributes",
        table: Some(Gives::ClassName),
        columns: &[],
        above: &["BasicAttributes"],
        metadata: None,
    },
    Base {
        package: ADVANCED,
        name: "AdvancedDeclarativeBase",
        table: None,
        columns: &[],
        above: &[],
        metadata: Some(ADVANCED_METADATA),
    },
    together("SQLQuery", &["BasicAttributes", "AdvancedDeclarativeBase"]),
    together(
        "DefaultBase",
        &["CommonTableAttributes", "AdvancedDeclarativeBase"],
    ),
    together(
        "UUIDBase",
        &[
            "UUIDPrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "UUIDAuditBase",
        &[
            "CommonTableAttributes",
            "UUIDPrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "UUIDv6Base",
        &[
            "UUIDv6PrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "UUIDv6AuditBase",
        &[
            "CommonTableAttributes",
            "UUIDv6PrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "UUIDv7Base",
        &[
            "UUIDv7PrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "UUIDv7AuditBase",
        &[
            "CommonTableAttributes",
            "UUIDv7PrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "NanoIDBase",
        &[
            "NanoIDPrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "NanoIDAuditBase",
        &[
            "CommonTableAttributes",
            "NanoIDPrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "BigIntBase",
        &[
            "BigIntPrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "BigIntAuditBase",
        &[
            "CommonTableAttributes",
            "BigIntPrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "IdentityBase",
        &[
            "IdentityPrimaryKey",
            "CommonTableAttributes",
            "AdvancedDeclarativeBase",
        ],
    ),
    together(
        "IdentityAuditBase",
        &[
            "CommonTableAttributes",
            "IdentityPrimaryKey",
            "AuditColumns",
            "AdvancedDeclarativeBase",
        ],
    ),
    Base {
        package: USERS,
        name: "SQLAlchemyBaseUserTable",
        table: Some(Gives::Name("user")),
        columns: &[
            column("email", TEXT, Some(320), &[Unique, Index, NotNull]),
            column("hashed_password", TEXT, Some(1024), &[NotNull]),
            column("is_active", TRUTH, None, &[Filled, NotNull]),
            column("is_superuser", TRUTH, None, &[Filled, NotNull]),
            column("is_verified", TRUTH, None, &[Filled, NotNull]),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseUserTableUUID",
        table: None,
        columns: &[column("id", GUID, None, &[Key, Filled])],
        above: &["SQLAlchemyBaseUserTable"],
        metadata: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseOAuthAccountTable",
        table: Some(Gives::Name("oauth_account")),
        columns: &[
            column("oauth_name", TEXT, Some(100), &[Index, NotNull]),
            column("access_token", TEXT, Some(1024), &[NotNull]),
            column("expires_at", INTEGER, None, &[]),
            column("refresh_token", TEXT, Some(1024), &[]),
            column("account_id", TEXT, Some(320), &[Index, NotNull]),
            column("account_email", TEXT, Some(320), &[NotNull]),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseOAuthAccountTableUUID",
        table: None,
        columns: &[
            column("id", GUID, None, &[Key, Filled]),
            column("user_id", GUID, None, &[Cascade("user.id"), NotNull]),
        ],
        above: &["SQLAlchemyBaseOAuthAccountTable"],
        metadata: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseAccessTokenTable",
        table: Some(Gives::Name("accesstoken")),
        columns: &[
            column("token", TEXT, Some(43), &[Key]),
            column(
                "created_at",
                "fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware",
                None,
                &[Index, NotNull, Filled],
            ),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: USERS,
        name: "SQLAlchemyBaseAccessTokenTableUUID",
        table: None,
        columns: &[column("user_id", GUID, None, &[Cascade("user.id"), NotNull])],
        above: &["SQLAlchemyBaseAccessTokenTable"],
        metadata: None,
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
        above: &[],
        metadata: None,
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
        above: &[],
        metadata: None,
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
        above: &[],
        metadata: None,
    },
    Base {
        package: UTILS,
        name: "Timestamp",
        table: None,
        columns: &[
            column("created", MOMENT, None, &[Filled, NotNull]),
            column("updated", MOMENT, None, &[Filled, NotNull]),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: MIXINS,
        name: "TimestampsMixin",
        table: None,
        columns: &[
            column("created_at", MOMENT, None, &[Filled, NotNull]),
            column("updated_at", MOMENT, None, &[Filled, NotNull]),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: OSLO,
        name: "ModelBase",
        table: None,
        columns: &[],
        above: &[],
        metadata: None,
    },
    Base {
        package: OSLO,
        name: "TimestampMixin",
        table: None,
        columns: &[
            column("created_at", MOMENT, None, &[Filled]),
            column("updated_at", MOMENT, None, &[]),
        ],
        above: &[],
        metadata: None,
    },
    Base {
        package: OSLO,
        name: "SoftDeleteMixin",
        table: None,
        columns: &[
            column("deleted_at", MOMENT, None, &[]),
            column("deleted", INTEGER, None, &[Filled]),
        ],
        above: &[],
        metadata: None,
    },
    helpers("aio.Base", "sqlalchemy_helpers.aio.Base"),
    helpers("Base", "sqlalchemy_helpers.manager.Base"),
];

/// A base of sqlalchemy-helpers: a metadata with naming conventions, and methods.
const fn helpers(name: &'static str, metadata: &'static str) -> Base {
    Base {
        package: "sqlalchemy_helpers",
        name,
        table: None,
        columns: &[],
        above: &[],
        metadata: Some(metadata),
    }
}
