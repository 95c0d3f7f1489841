//! The types that every PostgreSQL server has, and their spellings, as one table of data.
//!
//! Source: `pg_type` of PostgreSQL 15 (typname, `format_type`, typcategory, typispreferred); the aliases are the manual's table
//! 8.1 "Data Types" and the grammar's `SimpleTypename`. A test asks a server for each row.

/// `typcategory`: which conversions are tried (manual, table 53.65).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Array.
    A,
    /// Boolean.
    B,
    /// Composite.
    C,
    /// Date and time.
    D,
    /// Enum.
    E,
    /// Geometric.
    G,
    /// Network address.
    I,
    /// Numeric.
    N,
    /// Pseudo-type.
    P,
    /// Range.
    R,
    /// String.
    S,
    /// Time span.
    T,
    /// User-defined (and others, as `uuid`).
    U,
    /// Bit string.
    V,
    /// Unknown.
    X,
    /// Internal use.
    Z,
}

macro_rules! builtins {
    ($($variant:ident, $typname:literal, $name:literal, $category:ident, $preferred:literal;)*) => {
        /// A type of `pg_catalog`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each variant is the type of its name")]
        pub enum Builtin { $($variant,)* }

        impl Builtin {
            /// Every row of the table.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$variant,)*];

            /// The catalog's name: `int4`, `timestamptz`.
            #[must_use]
            pub fn typname(self) -> &'static str {
                match self { $(Builtin::$variant => $typname,)* }
            }

            /// The name that `format_type` prints without a modifier: `integer`, `timestamp with time zone`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Builtin::$variant => $name,)* }
            }

            /// `typcategory`.
            #[must_use]
            pub fn category(self) -> Category {
                match self { $(Builtin::$variant => Category::$category,)* }
            }

            /// `typispreferred`.
            #[must_use]
            pub fn preferred(self) -> bool {
                match self { $(Builtin::$variant => $preferred,)* }
            }
        }
    };
}

builtins! {
    Bool, "bool", "boolean", B, true;
    Bytea, "bytea", "bytea", U, false;
    InternalChar, "char", "\"char\"", Z, false;
    Name, "name", "name", S, false;
    Int8, "int8", "bigint", N, false;
    Int2, "int2", "smallint", N, false;
    Int4, "int4", "integer", N, false;
    Regproc, "regproc", "regproc", N, false;
    Text, "text", "text", S, true;
    Oid, "oid", "oid", N, true;
    Tid, "tid", "tid", U, false;
    Xid, "xid", "xid", U, false;
    Cid, "cid", "cid", U, false;
    Json, "json", "json", U, false;
    Xml, "xml", "xml", U, false;
    Point, "point", "point", G, false;
    Lseg, "lseg", "lseg", G, false;
    Path, "path", "path", G, false;
    Box, "box", "box", G, false;
    Polygon, "polygon", "polygon", G, false;
    Line, "line", "line", G, false;
    Cidr, "cidr", "cidr", I, false;
    Float4, "float4", "real", N, false;
    Float8, "float8", "double precision", N, true;
    Unknown, "unknown", "unknown", X, false;
    Circle, "circle", "circle", G, false;
    Macaddr8, "macaddr8", "macaddr8", U, false;
    Money, "money", "money", N, false;
    Macaddr, "macaddr", "macaddr", U, false;
    Inet, "inet", "inet", I, true;
    Aclitem, "aclitem", "aclitem", U, false;
    Bpchar, "bpchar", "character", S, false;
    Varchar, "varchar", "character varying", S, false;
    Date, "date", "date", D, false;
    Time, "time", "time without time zone", D, false;
    Timestamp, "timestamp", "timestamp without time zone", D, false;
    Timestamptz, "timestamptz", "timestamp with time zone", D, true;
    Interval, "interval", "interval", T, true;
    Timetz, "timetz", "time with time zone", D, false;
    Bit, "bit", "bit", V, false;
    Varbit, "varbit", "bit varying", V, true;
    Numeric, "numeric", "numeric", N, false;
    Refcursor, "refcursor", "refcursor", U, false;
    Regprocedure, "regprocedure", "regprocedure", N, false;
    Regoper, "regoper", "regoper", N, false;
    Regoperator, "regoperator", "regoperator", N, false;
    Regclass, "regclass", "regclass", N, false;
    Regtype, "regtype", "regtype", N, false;
    Record, "record", "record", P, false;
    Cstring, "cstring", "cstring", P, false;
    Any, "any", "\"any\"", P, false;
    Anyarray, "anyarray", "anyarray", P, false;
    Void, "void", "void", P, false;
    Trigger, "trigger", "trigger", P, false;
    Internal, "internal", "internal", P, false;
    Anyelement, "anyelement", "anyelement", P, false;
    Anynonarray, "anynonarray", "anynonarray", P, false;
    Uuid, "uuid", "uuid", U, false;
    Anyenum, "anyenum", "anyenum", P, false;
    Tsvector, "tsvector", "tsvector", U, false;
    Tsquery, "tsquery", "tsquery", U, false;
    Regconfig, "regconfig", "regconfig", N, false;
    Regdictionary, "regdictionary", "regdictionary", N, false;
    Jsonb, "jsonb", "jsonb", U, false;
    Anyrange, "anyrange", "anyrange", P, false;
    EventTrigger, "event_trigger", "event_trigger", P, false;
    Int4range, "int4range", "int4range", R, false;
    Numrange, "numrange", "numrange", R, false;
    Tsrange, "tsrange", "tsrange", R, false;
    Tstzrange, "tstzrange", "tstzrange", R, false;
    Daterange, "daterange", "daterange", R, false;
    Int8range, "int8range", "int8range", R, false;
    Jsonpath, "jsonpath", "jsonpath", U, false;
    Regnamespace, "regnamespace", "regnamespace", N, false;
    Regrole, "regrole", "regrole", N, false;
    Regcollation, "regcollation", "regcollation", N, false;
    Int4multirange, "int4multirange", "int4multirange", R, false;
    Nummultirange, "nummultirange", "nummultirange", R, false;
    Tsmultirange, "tsmultirange", "tsmultirange", R, false;
    Tstzmultirange, "tstzmultirange", "tstzmultirange", R, false;
    Datemultirange, "datemultirange", "datemultirange", R, false;
    Int8multirange, "int8multirange", "int8multirange", R, false;
    Anymultirange, "anymultirange", "anymultirange", P, false;
    Anycompatiblemultirange, "anycompatiblemultirange", "anycompatiblemultirange", P, false;
    Int2vector, "int2vector", "int2vector", A, false;
    Oidvector, "oidvector", "oidvector", A, false;
    TxidSnapshot, "txid_snapshot", "txid_snapshot", U, false;
    PgLsn, "pg_lsn", "pg_lsn", U, false;
    PgSnapshot, "pg_snapshot", "pg_snapshot", U, false;
    Gtsvector, "gtsvector", "gtsvector", U, false;
    PgNodeTree, "pg_node_tree", "pg_node_tree", Z, false;
    PgDdlCommand, "pg_ddl_command", "pg_ddl_command", P, false;
    TableAmHandler, "table_am_handler", "table_am_handler", P, false;
    IndexAmHandler, "index_am_handler", "index_am_handler", P, false;
    LanguageHandler, "language_handler", "language_handler", P, false;
    FdwHandler, "fdw_handler", "fdw_handler", P, false;
    TsmHandler, "tsm_handler", "tsm_handler", P, false;
    PgNdistinct, "pg_ndistinct", "pg_ndistinct", Z, false;
    PgDependencies, "pg_dependencies", "pg_dependencies", Z, false;
    PgMcvList, "pg_mcv_list", "pg_mcv_list", Z, false;
    PgBrinBloomSummary, "pg_brin_bloom_summary", "pg_brin_bloom_summary", Z, false;
    PgBrinMinmaxMultiSummary, "pg_brin_minmax_multi_summary", "pg_brin_minmax_multi_summary", Z, false;
    Xid8, "xid8", "xid8", U, false;
    Anycompatible, "anycompatible", "anycompatible", P, false;
    Anycompatiblearray, "anycompatiblearray", "anycompatiblearray", P, false;
    Anycompatiblenonarray, "anycompatiblenonarray", "anycompatiblenonarray", P, false;
    Anycompatiblerange, "anycompatiblerange", "anycompatiblerange", P, false;
}

/// Spellings besides `typname` and the canonical name. Keywords of the grammar; a quoted identifier is not looked up here.
static ALIASES: &[(&str, Builtin)] = &[
    ("int", Builtin::Int4),
    ("decimal", Builtin::Numeric),
    ("dec", Builtin::Numeric),
    ("float", Builtin::Float8),
    ("char varying", Builtin::Varchar),
    ("nchar", Builtin::Bpchar),
    ("national character", Builtin::Bpchar),
    ("national char", Builtin::Bpchar),
    ("national character varying", Builtin::Varchar),
    ("nchar varying", Builtin::Varchar),
    ("time", Builtin::Time),
    ("timestamp", Builtin::Timestamp),
];

impl Builtin {
    /// The type with this catalog name (`int4`), as a quoted or qualified spelling finds it.
    #[must_use]
    pub fn from_typname(typname: &str) -> Option<Builtin> {
        Builtin::ALL.iter().copied().find(|b| b.typname() == typname)
    }

    /// The type with this spelling in SQL: folded, single spaces, without modifier (`int`, `character varying`, `timestamptz`).
    /// `char` is `character` here; the one-byte `"char"` is found by [`Builtin::from_typname`] alone.
    #[must_use]
    pub fn from_spelling(spelling: &str) -> Option<Builtin> {
        if spelling == "char" {
            return Some(Builtin::Bpchar);
        }
        Builtin::from_typname(spelling)
            .or_else(|| Builtin::ALL.iter().copied().find(|b| b.name() == spelling))
            .or_else(|| {
                ALIASES
                    .iter()
                    .find(|(alias, _)| *alias == spelling)
                    .map(|&(_, b)| b)
            })
    }
}
