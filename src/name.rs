//! SQL identifiers: folding, quoting and PostgreSQL's 63 bytes.
//!
//! Source: PostgreSQL manual, 4.1.1 "Identifiers and Key Words"; `truncate_identifier` and `makeObjectName` of the server.

use std::fmt;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// Longest identifier in bytes (`NAMEDATALEN` - 1).
pub const MAX_BYTES: usize = 63;

/// An identifier as the catalog holds it: folded, without quotes, at most 63 bytes where the server cut it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(SmolStr);

impl Name {
    /// A name taken as it is: what a quoted identifier says, or what a catalog holds. Cut at 63 bytes.
    #[must_use]
    pub fn new(exact: &str) -> Self {
        Name(SmolStr::new(truncate(exact)))
    }

    /// An identifier as written in SQL: `"Quoted"` keeps its case, anything else folds to lower case (ASCII only, as the
    /// server does in a UTF-8 database). Cut at 63 bytes.
    #[must_use]
    pub fn from_sql(written: &str) -> Self {
        match written.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
            Some(inner) if inner.contains('"') => Name::new(&inner.replace("\"\"", "\"")),
            Some(inner) => Name::new(inner),
            None if written.bytes().any(|b| b.is_ascii_uppercase()) => {
                Name::new(&written.to_ascii_lowercase())
            }
            None => Name::new(written),
        }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As SQL needs it: quoted only where folding or a keyword would change it (`quote_identifier` of the server).
    #[must_use]
    pub fn quoted(&self) -> String {
        quote(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_str())
    }
}

impl From<&str> for Name {
    fn from(exact: &str) -> Self {
        Name::new(exact)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

/// A name with the schema that qualifies it, where one does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QualifiedName {
    /// The schema (namespace), where written.
    pub schema: Option<Name>,
    /// The object's own name.
    pub name: Name,
}

impl QualifiedName {
    /// A name without a schema.
    #[must_use]
    pub fn bare(name: Name) -> Self {
        QualifiedName { schema: None, name }
    }

    /// A name in a schema.
    #[must_use]
    pub fn in_schema(schema: Name, name: Name) -> Self {
        QualifiedName {
            schema: Some(schema),
            name,
        }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl fmt::Debug for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Cuts at 63 bytes, never within a character.
#[must_use]
pub fn truncate(name: &str) -> &str {
    &name[..clip(name, MAX_BYTES)]
}

/// Largest character boundary at or below `limit`.
fn clip(name: &str, limit: usize) -> usize {
    if name.len() <= limit {
        return name.len();
    }
    (0..=limit).rev().find(|&i| name.is_char_boundary(i)).unwrap_or(0)
}

/// The name that the server invents: `name1_name2_label`, the two names shortened in turn, the longer first, so that the
/// whole keeps within 63 bytes (`makeObjectName` in `indexcmds.c`).
#[must_use]
pub fn make_object_name(name1: &str, name2: Option<&str>, label: Option<&str>) -> Name {
    let overhead = label.map_or(0, |l| l.len() + 1) + usize::from(name2.is_some());
    let available = MAX_BYTES.saturating_sub(overhead);
    let (mut len1, mut len2) = (name1.len(), name2.map_or(0, str::len));
    while len1 + len2 > available {
        if len1 > len2 {
            len1 -= 1;
        } else {
            len2 -= 1;
        }
    }
    let mut out = name1[..clip(name1, len1)].to_owned();
    if let Some(name2) = name2 {
        out.push('_');
        out.push_str(&name2[..clip(name2, len2)]);
    }
    if let Some(label) = label {
        out.push('_');
        out.push_str(label);
    }
    Name::new(&out)
}

/// `quote_identifier`: quotes unless the name is lower case, begins with a letter or underscore and is no reserved word.
#[must_use]
pub fn quote(name: &str) -> String {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !is_keyword(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// Whether a word in lower case is a keyword that the server quotes where it is a name: of every category but UNRESERVED.
#[must_use]
pub fn is_keyword(word: &str) -> bool {
    KEYWORD_SET.contains(word)
}

/// [`KEYWORDS`], to be looked up in one step.
static KEYWORD_SET: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| KEYWORDS.iter().copied().collect());

/// Keywords that the server quotes: every category but UNRESERVED (PostgreSQL 15, `pg_get_keywords()`).
static KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Name::from_sql("Users").as_str(), "users");
        assert_eq!(Name::from_sql("\"Us\"\"er\"").as_str(), "Us\"er");
        assert_eq!(quote("user"), "\"user\"");
        assert_eq!(quote("users"), "users");
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn invented_names_fit() {
        let long = "a".repeat(60);
        let name = make_object_name(&long, Some("column_that_is_long"), Some("fkey"));
        assert_eq!(name.as_str().len(), 63);
        assert!(name.as_str().ends_with("_fkey"));
    }
}
