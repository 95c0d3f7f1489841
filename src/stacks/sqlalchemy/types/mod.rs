//! Types: what a value that stands for a type of SQLAlchemy is on PostgreSQL.
//!
//! Source: `PGTypeCompiler` (`sqlalchemy/dialects/postgresql/base.py`), `GenericTypeCompiler` (`sqlalchemy/sql/compiler.py`),
//! `TypeDecorator.type_engine` (`sqlalchemy/sql/type_api.py`).

mod core;
mod custom;
mod enums;
mod packages;

use smol_str::SmolStr;

use super::terms::{self, Known, Member, Origin, gap};
use crate::declared::StoredMembers;
use crate::interpret::python::{Args, Library, Machine, TermKind, Value};
use crate::known::Gap;
use crate::name::{Name, QualifiedName};
use crate::source::{Span, Text};
use crate::sqltype::{BaseType, SqlType};
use crate::stacks::sqlalchemy::compiled;

/// Types within types.
const MAX_DEPTH: u32 = 24;

/// What a column's type brings.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The type.
    pub ty: Known<SqlType>,
    /// `COLLATE`.
    pub collation: Option<QualifiedName>,
    /// The native enum that it is, or is an array of.
    pub enumeration: Option<EnumDef>,
    /// The labels that a CHECK made by the type allows (`create_constraint=True` of an enum that is none of the database's).
    pub check: Option<EnumCheck>,
    /// The values that an enum keeps as text, where they are known.
    pub kept: Option<Vec<(SmolStr, Span)>>,
    /// Values are bound as `String`, which drivers that send types along cast to `VARCHAR`; an enum that is none of the database's
    /// is bound as it is.
    pub cast: bool,
    /// What kind of values it holds: who decides on serial columns and literals asks for it.
    pub affinity: Affinity,
    /// A spatial type that brings an index of its own.
    pub spatial_index: bool,
    /// Why conditions may come with the column that nobody declares.
    pub conditions: Option<Gap>,
    /// The type as the source spells it, shortened.
    pub declared: Option<SmolStr>,
    /// Where it is written.
    pub span: Span,
}

/// Kinds of values, as far as they matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the kind of its name")]
pub enum Affinity {
    Integer,
    Numeric,
    String,
    Boolean,
    Json,
    Array,
    Other,
    /// Cannot be told.
    Unknown,
}

/// A native enum.
#[derive(Debug, Clone)]
pub struct EnumDef {
    /// Its name, with the schema that the type itself names.
    pub name: Known<QualifiedName>,
    /// Its labels in order, with their places.
    pub labels: Known<Vec<(SmolStr, Span)>>,
    /// Takes the schema of the table that it is used in.
    pub inherit_schema: Known<bool>,
    /// `create_type=False`: `CREATE TABLE` does not make it.
    pub create_type: Known<bool>,
    /// It is `sqlalchemy.Enum`, of which SQLAlchemy before 2.1 ignores `create_type` (`Enum._enum_init` there): what does not make
    /// the type for one version finds it made for the other, so it is made where it is not there.
    pub general: bool,
    /// It belongs to a metadata: only `create_all` makes it.
    pub metadata: bool,
    /// Its class's name, where a class holds the labels.
    pub class: Option<SmolStr>,
    /// What the class's members are stored as.
    pub stored: Option<StoredMembers>,
    /// Where.
    pub span: Span,
}

impl EnumDef {
    /// Whether it is made only where no type of its name is there.
    #[must_use]
    pub fn where_missing(&self) -> bool {
        self.general && self.create_type == Ok(false)
    }
}

/// The CHECK that a type brings.
#[derive(Debug, Clone)]
pub struct EnumCheck {
    /// The constraint's name.
    pub name: Known<Option<Text>>,
    /// What it allows; `None` for a truth.
    pub labels: Known<Vec<(SmolStr, Span)>>,
    /// Where.
    pub span: Span,
}

impl Typed {
    /// A type of which only itself is known.
    pub(super) fn plain(ty: SqlType, affinity: Affinity, span: Span) -> Self {
        Typed {
            ty: Ok(ty),
            collation: None,
            enumeration: None,
            check: None,
            kept: None,
            cast: false,
            affinity,
            spatial_index: false,
            conditions: None,
            declared: None,
            span,
        }
    }

    /// A type that cannot be told.
    pub(super) fn unknown(gap: Gap, span: Span) -> Self {
        Typed {
            ty: Err(gap),
            collation: None,
            enumeration: None,
            check: None,
            kept: None,
            cast: false,
            affinity: Affinity::Unknown,
            spatial_index: false,
            conditions: None,
            declared: None,
            span,
        }
    }

    /// What SQL spells as `sql`.
    pub(super) fn spelled(sql: &str, affinity: Affinity, span: Span) -> Self {
        match parse(sql, span) {
            Ok(ty) => Typed::plain(ty, affinity, span),
            Err(gap) => Typed::unknown(gap, span),
        }
    }

    /// An extension's type.
    pub(super) fn named(name: &str, span: Span) -> Self {
        let base = BaseType::Named(QualifiedName::bare(Name::new(name)));
        let ty = SqlType {
            base,
            modifier: None,
            array: false,
        };
        Typed::plain(ty, Affinity::Other, span)
    }
}

/// The type that SQL spells.
fn parse(sql: &str, span: Span) -> Known<SqlType> {
    let text = Text::composed([(sql.to_owned(), span, false)]);
    crate::sql::type_name(&text).ok_or_else(|| gap(span, format!("`{sql}` is no type that could be read")))
}

/// What a value is as a column's type on PostgreSQL: a type's class, an object of it, a class of the repository that decorates
/// one. `at` is where it is used.
pub fn sql_type<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, at: Span) -> Typed {
    let mut typed = Resolver { machine }.resolve(value, at, 0);
    // A reader looks for a type where the column names it, not where a class spells it.
    typed.span = at;
    typed.declared = typed.declared.or_else(|| Some(SmolStr::new(shown(value)?)));
    typed
}

/// Whether a value is a type, and not another argument of a column.
pub fn is_type<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    match value {
        Value::Class(_) | Value::Instance(_) => custom::is_type(machine, value),
        Value::Term(_) => {
            if let Some((object, name, _)) = terms::method(value)
                && matches!(name, "with_variant" | "evolve_type" | "copy" | "adapt")
            {
                return is_type(machine, object);
            }
            let of = value.as_call().map_or(value, |(callee, _)| callee);
            match terms::member(machine, of) {
                Some(member) => is_member(&member),
                None => false,
            }
        }
        _ => false,
    }
}

fn is_member(member: &Member) -> bool {
    if matches!(member.name(), "as_mutable" | "mutable_json_type") {
        return true;
    }
    match member.origin {
        Origin::Core | Origin::Postgresql | Origin::Dialect => core::is_type(member.name()),
        Origin::Sqlmodel => matches!(member.name(), "AutoString" | "GUID" | "UTCDateTime"),
        Origin::Package => packages::is_type(member),
        Origin::Function => false,
    }
}

/// The last name of a type's path.
fn shown(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => path.rsplit('.').next().map(str::to_owned),
            TermKind::Attribute(_, name) => Some(name.to_string()),
            TermKind::Call(callee, args) => {
                let name = shown(callee)?;
                let shown: Vec<String> = args
                    .positional
                    .iter()
                    .filter_map(|a| argument(&a.value))
                    .collect();
                Some(if shown.is_empty() {
                    name
                } else {
                    format!("{name}({})", shown.join(", "))
                })
            }
            _ => None,
        },
        _ => None,
    }
}

fn argument(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Int(n) => Some(n.to_string()),
        Value::Str(text) => Some(format!("{:?}", text.as_str())),
        _ => shown(value),
    }
}

/// Follows types within types.
struct Resolver<'m, 'a, L: Library<'a>> {
    machine: &'m mut Machine<'a, L>,
}

impl<'a, L: Library<'a>> Resolver<'_, 'a, L> {
    fn resolve(&mut self, value: &Value<'a>, at: Span, depth: u32) -> Typed {
        if depth > MAX_DEPTH {
            return Typed::unknown(gap(at, "types lie too deep within types"), at);
        }
        match value {
            Value::Class(_) | Value::Instance(_) => custom::resolve(self, value, at, depth),
            Value::Unknown(unknown) => self.one_of(&unknown.candidates, &unknown.gap, at, depth),
            Value::Term(term) => match &term.kind {
                TermKind::Call(callee, args) => self.called(callee, args, term.span, depth),
                TermKind::Path(_) | TermKind::Attribute(..) => match terms::member(self.machine, value) {
                    Some(member) => self.member(&member, &Args::default(), at, depth),
                    None => Typed::unknown(gap(at, "this type is not known"), at),
                },
                TermKind::Item(inner, _) => self.resolve(inner, at, depth + 1),
                TermKind::Operation(..) => Typed::unknown(gap(at, "this type is computed"), at),
            },
            _ => Typed::unknown(gap(at, "is no type that is known"), at),
        }
    }

    /// The one type that all of several are.
    fn one_of(&mut self, candidates: &[Value<'a>], why: &Gap, at: Span, depth: u32) -> Typed {
        let mut all = candidates.iter().cloned();
        let Some(first) = all.next() else {
            return Typed::unknown(why.clone(), at);
        };
        let first = self.resolve(&first, at, depth + 1);
        for other in all {
            let other = self.resolve(&other, at, depth + 1);
            let same = matches!((&first.ty, &other.ty), (Ok(a), Ok(b)) if a == b);
            if !same || first.enumeration.is_some() || other.enumeration.is_some() {
                return Typed::unknown(why.clone(), at);
            }
        }
        first
    }

    fn called(&mut self, callee: &Value<'a>, args: &Args<'a>, at: Span, depth: u32) -> Typed {
        if let Value::Term(term) = callee
            && let TermKind::Attribute(object, name) = &term.kind
            && !terms::is_flask(self.machine, object)
        {
            match name.as_str() {
                "with_variant" => return self.variant(object, args, at, depth),
                "copy" | "evolve" => return self.resolve(object, at, depth + 1),
                "as_mutable" => return self.first(args, at, depth),
                "type_descriptor" | "adapt" => return self.first(args, at, depth),
                _ => {}
            }
        }
        match terms::member(self.machine, callee) {
            Some(member) if matches!(member.name(), "as_mutable" | "type_descriptor" | "to_instance") => {
                self.first(args, at, depth)
            }
            // `mutable_json_type(dbtype=JSON, nested=False)` (`sqlalchemy_json/__init__.py`, 0.7) is `dbtype`, observed.
            Some(member) if member.name() == "mutable_json_type" => {
                match terms::argument(args, 0, "dbtype") {
                    Ok(Some(inner)) => {
                        let inner = inner.clone();
                        self.resolve(&inner.value, inner.span, depth + 1)
                    }
                    Ok(None) => Typed::spelled("json", Affinity::Json, at),
                    Err(gap) => Typed::unknown(gap, at),
                }
            }
            Some(member) => self.member(&member, args, at, depth),
            None => Typed::unknown(gap(at, "this type is not known"), at),
        }
    }

    fn first(&mut self, args: &Args<'a>, at: Span, depth: u32) -> Typed {
        match args.positional.first() {
            Some(argument) => {
                let argument = argument.clone();
                self.resolve(&argument.value, argument.span, depth + 1)
            }
            None => Typed::unknown(gap(at, "this type is not known"), at),
        }
    }

    /// `base.with_variant(other, "postgresql")`.
    fn variant(&mut self, base: &Value<'a>, args: &Args<'a>, at: Span, depth: u32) -> Typed {
        if let Some(gap) = &args.open {
            return Typed::unknown(gap.clone(), at);
        }
        let mut ours = false;
        let names = args.positional.iter().skip(1).chain(args.keyword("dialect_name"));
        for name in names {
            match terms::text(self.machine, &name.value, name.span) {
                Ok(text) => ours |= text.as_str() == "postgresql",
                Err(gap) => return Typed::unknown(gap, at),
            }
        }
        match args.get(0, "type_") {
            Some(other) if ours => {
                let other = other.clone();
                self.resolve(&other.value, other.span, depth + 1)
            }
            _ => self.resolve(base, at, depth + 1),
        }
    }

    fn member(&mut self, member: &Member, args: &Args<'a>, at: Span, depth: u32) -> Typed {
        if let Some(text) = compiled::text_of_library(self.machine, member.name(), at) {
            let why = text
                .err()
                .unwrap_or_else(|| gap(at, "the program itself writes this type in SQL"));
            return Typed::unknown(why, at);
        }
        let made = match member.origin {
            Origin::Core | Origin::Postgresql | Origin::Dialect => {
                core::resolve(self, member, args, at, depth)
            }
            Origin::Sqlmodel | Origin::Package => packages::resolve(self, member, args, at, depth),
            Origin::Function => None,
        };
        made.unwrap_or_else(|| Typed::unknown(gap(at, format!("the type {} is not known", member.path)), at))
    }
}
