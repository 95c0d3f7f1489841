//! Names of constraints and indexes as SQLAlchemy gives them: naming conventions, and how long names are cut.
//!
//! Source: `sqlalchemy/sql/naming.py` (conventions), `IdentifierPreparer._truncate_and_render_maxlen_name` (cutting).

use smol_str::SmolStr;

use crate::name::MAX_BYTES;

/// A name as the source gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// None: a convention may give one, otherwise the server does.
    None,
    /// Text: a convention that asks for `%(constraint_name)s` wraps it; too long, it is refused.
    Plain(SmolStr),
    /// `conv(...)`, `op.f(...)` or made by a convention: no convention is applied again; too long, it is cut.
    Final(SmolStr),
}

/// What a naming convention is keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the construct of its name")]
pub enum Kind {
    Index,
    Unique,
    Check,
    ForeignKey,
    PrimaryKey,
}

impl Kind {
    /// The key in `naming_convention`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Kind::Index => "ix",
            Kind::Unique => "uq",
            Kind::Check => "ck",
            Kind::ForeignKey => "fk",
            Kind::PrimaryKey => "pk",
        }
    }

    /// The kind that a key of `naming_convention` is for.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Kind> {
        [
            Kind::Index,
            Kind::Unique,
            Kind::Check,
            Kind::ForeignKey,
            Kind::PrimaryKey,
        ]
        .into_iter()
        .find(|kind| kind.key() == key)
    }
}

/// A column of a construct, as tokens ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column<'n> {
    /// Its name.
    pub name: &'n str,
    /// Its key, which is its name unless `key=` is given.
    pub key: &'n str,
    /// The name of the column that a foreign key refers to.
    pub referred: Option<&'n str>,
}

/// What tokens are filled from.
#[derive(Debug, Clone)]
pub struct Subject<'n> {
    /// The table's schema.
    pub schema: Option<&'n str>,
    /// The table's name.
    pub table: &'n str,
    /// Columns in order.
    pub columns: &'n [Column<'n>],
    /// The table that a foreign key refers to.
    pub referred_table: Option<&'n str>,
    /// What functions of the convention give for their tokens; they go before SQLAlchemy's own.
    pub given: &'n [(SmolStr, SmolStr)],
}

/// Why no name can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The convention asks for a token that this construct does not have, or that is not known.
    Token,
    /// `%(constraint_name)s` of a construct without a name: an error, except where a type brings the CHECK, which stays unnamed.
    Unnamed,
}

/// The convention of every metadata without one of its own.
pub const DEFAULT_INDEX: &str = "ix_%(column_0_label)s";

/// The name that a construct has after it is attached to its table; `convention` is the text for its kind, where there is one.
///
/// # Errors
/// When the convention cannot be filled.
pub fn name(given: &Given, convention: Option<&str>, subject: &Subject<'_>) -> Result<Given, Refused> {
    let Some(convention) = convention else {
        return Ok(given.clone());
    };
    match given {
        Given::Final(_) => Ok(given.clone()),
        Given::Plain(_) if !convention.contains("constraint_name") => Ok(given.clone()),
        Given::Plain(name) => Ok(Given::Final(fill(convention, Some(name), subject)?.into())),
        Given::None => Ok(Given::Final(fill(convention, None, subject)?.into())),
    }
}

/// The tokens that a convention asks for, in order.
pub fn tokens(convention: &str) -> impl Iterator<Item = &str> {
    let mut parts = convention.split("%(");
    parts.next();
    parts.filter_map(|part| Some(part.split_once(")s")?.0))
}

/// Python's `convention % tokens`.
fn fill(convention: &str, own: Option<&str>, subject: &Subject<'_>) -> Result<String, Refused> {
    let mut out = String::new();
    let mut rest = convention;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(tail) = after.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let (key, tail) = after
            .strip_prefix('(')
            .and_then(|a| a.split_once(')'))
            .ok_or(Refused::Token)?;
        rest = tail.strip_prefix('s').ok_or(Refused::Token)?;
        out.push_str(&token(key, own, subject)?);
    }
    out.push_str(rest);
    Ok(out)
}

fn token(key: &str, own: Option<&str>, subject: &Subject<'_>) -> Result<String, Refused> {
    if let Some((_, given)) = subject.given.iter().find(|(token, _)| token == key) {
        return Ok(given.to_string());
    }
    match key {
        "table_name" => return Ok(subject.table.to_owned()),
        "constraint_name" => return own.map(str::to_owned).ok_or(Refused::Unnamed),
        "referred_table_name" => return subject.referred_table.map(str::to_owned).ok_or(Refused::Token),
        _ => {}
    }
    let (referred, rest) = match key.strip_prefix("referred_") {
        Some(rest) => (true, rest),
        None => (false, key),
    };
    let rest = rest.strip_prefix("column_").ok_or(Refused::Token)?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let index: usize = rest
        .get(..digits)
        .and_then(|d| d.parse().ok())
        .ok_or(Refused::Token)?;
    let rest = rest.get(digits..).unwrap_or_default();
    let all = [("_N_", "_"), ("N_", "")]
        .into_iter()
        .find_map(|(mark, between)| Some((rest.strip_prefix(mark)?, between)));
    match all {
        // Only the zero is replaced by the template that stands for all columns.
        Some(_) if index != 0 => Err(Refused::Token),
        Some((attribute, between)) => {
            let parts = subject
                .columns
                .iter()
                .map(|c| part(c, attribute, referred, subject));
            Ok(parts.collect::<Result<Vec<_>, _>>()?.join(between))
        }
        None => {
            let attribute = rest.strip_prefix('_').ok_or(Refused::Token)?;
            match subject.columns.get(index) {
                Some(column) => part(column, attribute, referred, subject),
                // Constraints without such a column give an empty text (`_column_X`).
                None if !referred && subject.referred_table.is_none() => Ok(String::new()),
                None => Err(Refused::Token),
            }
        }
    }
}

fn part(
    column: &Column<'_>,
    attribute: &str,
    referred: bool,
    subject: &Subject<'_>,
) -> Result<String, Refused> {
    match (attribute, referred) {
        ("name", true) => column.referred.map(str::to_owned).ok_or(Refused::Token),
        ("name", false) => Ok(column.name.to_owned()),
        ("key", false) => Ok(column.key.to_owned()),
        ("label", false) => {
            let schema = subject
                .schema
                .map(|s| s.replace('.', "_") + "_")
                .unwrap_or_default();
            Ok(format!("{schema}{}_{}", subject.table, column.name))
        }
        _ => Err(Refused::Token),
    }
}

/// The name that DDL holds; `None` where the server names it.
///
/// # Errors
/// The name, where SQLAlchemy refuses it for its length.
pub fn rendered(name: &Given) -> Result<Option<SmolStr>, SmolStr> {
    match name {
        Given::None => Ok(None),
        Given::Plain(name) if name.chars().count() > MAX_BYTES => Err(name.clone()),
        Given::Plain(name) => Ok(Some(name.clone())),
        Given::Final(name) => Ok(Some(cut(name))),
    }
}

/// A name of more than 63 characters keeps 55 of them, `_` and the last four digits of its MD5 digest.
fn cut(name: &SmolStr) -> SmolStr {
    if name.chars().count() <= MAX_BYTES {
        return name.clone();
    }
    let head: String = name.chars().take(MAX_BYTES - 8).collect();
    let digest = super::md5::hex(name.as_bytes());
    SmolStr::new(format!("{head}_{}", digest.get(28..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject<'n>(columns: &'n [Column<'n>]) -> Subject<'n> {
        Subject {
            schema: Some("s"),
            table: "t",
            columns,
            referred_table: Some("r"),
            given: &[],
        }
    }

    fn column(name: &str) -> Column<'_> {
        Column {
            name,
            key: name,
            referred: Some("id"),
        }
    }

    #[test]
    fn tokens() {
        let columns = [column("a"), column("b")];
        for (convention, expected) in [
            ("ix_%(column_0_label)s", "ix_s_t_a"),
            ("uq_%(table_name)s_%(column_0_name)s", "uq_t_a"),
            ("uq_%(column_0N_name)s", "uq_ab"),
            ("uq_%(column_0_N_label)s", "uq_s_t_a_s_t_b"),
            (
                "fk_%(column_1_name)s_%(referred_table_name)s_%(referred_column_0_name)s",
                "fk_b_r_id",
            ),
            ("%%_%(column_0_key)s", "%_a"),
        ] {
            let made = name(&Given::None, Some(convention), &subject(&columns));
            assert_eq!(made, Ok(Given::Final(expected.into())), "{convention}");
        }
    }

    #[test]
    fn given_names() {
        let columns = [column("a")];
        let (plain, fixed) = (Given::Plain("x".into()), Given::Final("x".into()));
        let wrap = Some("ck_%(table_name)s_%(constraint_name)s");
        assert_eq!(
            name(&plain, wrap, &subject(&columns)),
            Ok(Given::Final("ck_t_x".into()))
        );
        assert_eq!(name(&fixed, wrap, &subject(&columns)), Ok(fixed));
        assert_eq!(
            name(&plain, Some("pk_%(table_name)s"), &subject(&columns)),
            Ok(plain)
        );
        assert_eq!(
            name(&Given::None, wrap, &subject(&columns)),
            Err(Refused::Unnamed)
        );
    }
    #[test]
    fn long_names() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let long = SmolStr::new(format!("ix_{a}_{b}"));
        let cut = format!("ix_{a}_{}_a296", "b".repeat(11));
        assert_eq!(rendered(&Given::Final(long.clone())), Ok(Some(cut.into())));
        assert_eq!(rendered(&Given::Plain(long.clone())), Err(long));
    }
}
