//! What a value means as a member of SQLAlchemy and its companions, and what a call of one was given.

use crate::interpret::python::dotted;
use smol_str::SmolStr;

use crate::declared::Like;
use crate::interpret::python::{Args, Argument, Library, Machine, Stop, TermKind, Unknown, Value};
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::{Span, Text};

/// A value, or why it cannot be told.
pub type Known<T> = Result<T, Gap>;

/// Where a member comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// SQLAlchemy itself, whichever of its modules it was imported from.
    Core,
    /// `sqlalchemy.dialects.postgresql`.
    Postgresql,
    /// Another dialect's module.
    Dialect,
    /// `sqlalchemy.func.<name>`.
    Function,
    /// SQLModel's own.
    Sqlmodel,
    /// Another package.
    Package,
}

/// A member of a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where it comes from.
    pub origin: Origin,
    /// Its whole path.
    pub path: SmolStr,
}

impl Member {
    /// Its last name.
    #[must_use]
    pub fn name(&self) -> &str {
        dotted::last(&self.path)
    }

    /// The top package.
    #[must_use]
    pub fn package(&self) -> &str {
        dotted::first(&self.path)
    }

    /// Whether it is SQLAlchemy's member of a name, of the core or of PostgreSQL's dialect.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        matches!(self.origin, Origin::Core | Origin::Postgresql) && self.name() == name
    }
}

/// What SQLModel defines itself; every other member is SQLAlchemy's.
const SQLMODEL: &[&str] = &[
    "SQLModel",
    "Field",
    "Relationship",
    "AutoString",
    "FieldInfo",
    "GUID",
];

fn origin(path: &str) -> Origin {
    let of = |package: &str| path.strip_prefix(package).filter(|rest| is_end_of_part(rest));
    if let Some(rest) = of("sqlalchemy") {
        return match rest.strip_prefix(".dialects.") {
            Some(dialect) if dialect.strip_prefix("postgresql").is_some_and(is_end_of_part) => {
                Origin::Postgresql
            }
            Some(_) => Origin::Dialect,
            None if rest.contains(".func.") => Origin::Function,
            None => Origin::Core,
        };
    }
    match of("sqlmodel") {
        Some(rest) if rest.contains(".func.") => Origin::Function,
        Some(_) if SQLMODEL.contains(&dotted::last(path)) => Origin::Sqlmodel,
        Some(_) => Origin::Core,
        None => Origin::Package,
    }
}

/// Whether what follows the name of a package or module in a path belongs to no longer name.
fn is_end_of_part(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

/// The path of a value, the attributes of a Flask-SQLAlchemy object taken for those of SQLAlchemy that they are.
fn canonical<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>, depth: u32) -> Option<SmolStr> {
    if depth > 8 {
        return None;
    }
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => Some(path.clone()),
            TermKind::Attribute(object, name) => {
                if is_flask(machine, object) {
                    let package = match name.as_str() {
                        "Model" | "Query" | "session" | "engine" => "flask_sqlalchemy",
                        _ => "sqlalchemy",
                    };
                    return Some(SmolStr::new(format!("{package}.{name}")));
                }
                let object = canonical(machine, object, depth + 1)?;
                Some(SmolStr::new(format!("{object}.{name}")))
            }
            TermKind::Item(inner, _) => canonical(machine, inner, depth + 1),
            TermKind::Call(..) | TermKind::Operation(..) => None,
        },
        _ => None,
    }
}

/// Whether a value is an object of Flask-SQLAlchemy's class, or of one of the repository that derives from it.
pub fn is_flask<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    let is_class = |path: &str| {
        dotted::last(path) == "SQLAlchemy"
            && (path.starts_with("flask_sqlalchemy") || path.starts_with("flask_sqlalchemy_lite"))
    };
    match value {
        Value::Term(_) => value
            .as_call()
            .and_then(|(callee, _)| callee.as_path())
            .is_some_and(is_class),
        Value::Instance(_) => machine
            .class_of(value)
            .and_then(|c| machine.class(c))
            .is_some_and(|c| c.order.iter().any(|base| base.as_path().is_some_and(is_class))),
        _ => false,
    }
}

/// The member that a value is.
pub fn member<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> Option<Member> {
    let path = canonical(machine, value, 0)?;
    let origin = origin(&path);
    Some(Member { origin, path })
}

/// The member that was called, and what it was given.
pub fn call<'v, 'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &'v Value<'a>,
) -> Option<(Member, &'v Args<'a>)> {
    let (callee, args) = value.as_call()?;
    Some((member(machine, callee)?, args))
}

/// The arguments, where the value is a call of SQLAlchemy's member of this name.
pub fn call_of<'v, 'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &'v Value<'a>,
    name: &str,
) -> Option<&'v Args<'a>> {
    let (member, args) = call(machine, value)?;
    member.is(name).then_some(args)
}

/// `object.name(args)`, where that is what a value is.
pub fn method<'v, 'a>(value: &'v Value<'a>) -> Option<(&'v Value<'a>, &'v str, &'v Args<'a>)> {
    let (callee, args) = value.as_call()?;
    let Value::Term(term) = callee else { return None };
    match &term.kind {
        TermKind::Attribute(object, name) => Some((object, name, args)),
        _ => None,
    }
}

/// Where a value is written, where it tells.
pub fn span_of(value: &Value<'_>) -> Option<Span> {
    match value {
        Value::Term(term) => Some(term.span),
        Value::Str(text) => Some(text.whole()),
        Value::Function(function) => Some(function.span),
        _ => None,
    }
}

/// PostgreSQL's dialect, as methods of types and compilers see it.
pub fn dialect<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, at: Span) -> Value<'a> {
    let callee = machine.path("sqlalchemy.dialects.postgresql.dialect", at);
    let dialect = machine.call_term(callee, Args::default(), at);
    let name = Value::text("postgresql", at);
    // It cannot fail: a term has no `__setattr__` of the repository.
    let _ = machine.set_attribute(&dialect, "name", name, at);
    dialect
}

/// The argument of a parameter; `None` where it certainly is not given.
///
/// # Errors
/// Where it may be given.
pub fn argument<'v, 'a>(args: &'v Args<'a>, position: usize, name: &str) -> Known<Option<&'v Argument<'a>>> {
    match (args.get(position, name), &args.open) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(gap)) => Err(gap.clone()),
        (None, None) => Ok(None),
    }
}

/// The argument given by name; `None` where it certainly is not given.
///
/// # Errors
/// Where it may be given.
pub fn keyword<'v, 'a>(args: &'v Args<'a>, name: &str) -> Known<Option<&'v Argument<'a>>> {
    argument(args, usize::MAX, name)
}

/// A gap at a place that reaches no more than its fact; who holds the fact widens it.
#[must_use]
pub fn gap(at: Span, why: impl Into<String>) -> Gap {
    Gap::new(at, why, Reach::Rows)
}

/// A truth that must be written out.
///
/// # Errors
/// Where it is none.
pub fn truth(argument: Option<&Argument<'_>>, default: bool) -> Known<bool> {
    match argument {
        None => Ok(default),
        Some(argument) => match &argument.value {
            Value::Bool(value) => Ok(*value),
            Value::None => Ok(false),
            Value::Int(n) => Ok(*n != 0),
            Value::Unknown(unknown) => Err(unknown.gap.clone()),
            _ => Err(gap(argument.span, "is no truth that could be told")),
        },
    }
}

/// A truth given by name.
///
/// # Errors
/// Where it cannot be told.
pub fn flag(args: &Args<'_>, name: &str, default: bool) -> Known<bool> {
    truth(keyword(args, name)?, default)
}

/// A truth given by name, or `None` where it is not given or is `None`.
///
/// # Errors
/// Where it cannot be told.
pub fn maybe_flag(args: &Args<'_>, name: &str) -> Known<Option<bool>> {
    match keyword(args, name)? {
        None => Ok(None),
        Some(argument) if matches!(argument.value, Value::None) => Ok(None),
        Some(argument) => truth(Some(argument), false).map(Some),
    }
}

/// The same of what SQLAlchemy asks for its truth alone: a text is true where it is not empty, whatever it says.
///
/// # Errors
/// Where it cannot be told.
pub fn maybe_true(args: &Args<'_>, name: &str) -> Known<Option<bool>> {
    match keyword(args, name)?.map(|argument| &argument.value) {
        Some(Value::Str(text)) => Ok(Some(!text.as_str().is_empty())),
        _ => maybe_flag(args, name),
    }
}

/// A whole number; `None` where it is not given or is `None`.
///
/// # Errors
/// Where it cannot be told.
pub fn number(args: &Args<'_>, position: usize, name: &str) -> Known<Option<i64>> {
    let Some(argument) = argument(args, position, name)? else {
        return Ok(None);
    };
    match &argument.value {
        Value::Int(n) => Ok(Some(*n)),
        Value::None => Ok(None),
        Value::Bool(b) => Ok(Some(i64::from(*b))),
        Value::Unknown(unknown) => Err(unknown.gap.clone()),
        _ => Err(gap(argument.span, "is no number that could be told")),
    }
}

/// The text that a value is: a string, `quoted_name(...)`, or a member of an enum whose members are strings.
///
/// # Errors
/// Where it is none, or cannot be told.
pub fn text<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, at: Span) -> Known<Text> {
    match value {
        Value::Str(text) => Ok((**text).clone()),
        Value::Unknown(unknown) => usual_text(machine, unknown).ok_or_else(|| unknown.gap.clone()),
        Value::Instance(_) if is_text_member(machine, value) => {
            let inner = machine
                .attribute(value, "value", at)
                .map_err(|stop| stopped(&stop, at))?;
            match inner {
                Value::Str(text) => Ok((*text).clone()),
                Value::Unknown(unknown) => Err(unknown.gap.clone()),
                _ => Err(gap(at, "is no text that could be told")),
            }
        }
        Value::Term(_) => match call(machine, value) {
            Some((member, args)) if matches!(member.name(), "quoted_name" | "conv" | "f" | "str") => {
                match args.positional.first().map(|a| a.value.clone()) {
                    Some(inner @ (Value::Str(_) | Value::Unknown(_))) => text(machine, &inner, at),
                    _ => Err(gap(at, "is no text that could be told")),
                }
            }
            _ => Err(gap(at, "is no text that could be told")),
        },
        _ => Err(gap(at, "is no text that could be told")),
    }
}

/// The text that a value is where nothing sets it, where the environment alone decides it. That it was taken for it is noted.
pub fn usual_text<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, unknown: &Unknown<'a>) -> Option<Text> {
    let Some(Value::Str(text)) = &unknown.usual else {
        return None;
    };
    note_usual(machine, &unknown.gap);
    Some((**text).clone())
}

/// The parts of a text known in part that are read where nothing sets a value. That they were is noted.
pub fn usual_parts<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    unknown: &Unknown<'a>,
) -> Option<Vec<Option<Text>>> {
    let usual = unknown.usual_pattern.as_ref()?;
    note_usual(machine, &usual.gap);
    Some(usual.parts.clone())
}

/// The dict that is read where nothing sets a value.
pub fn usual_dict<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    unknown: &Unknown<'a>,
) -> Option<Value<'a>> {
    let dict = unknown
        .usual
        .clone()
        .filter(|usual| matches!(usual, Value::Dict(_)))?;
    note_usual(machine, &unknown.gap);
    Some(dict)
}

fn note_usual<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, gap: &Gap) {
    let why = format!("{}, taken as it is where nothing sets it", gap.why);
    machine.note(&match gap.at {
        Some(at) => Gap::new(at, why, Reach::Rows),
        None => Gap::not_given(why, Reach::Rows),
    });
}

/// What is known of a text that may not be told.
pub fn text_like(value: &Value<'_>) -> Like {
    match value {
        Value::Str(text) => Like::exactly(text.as_str()),
        Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
            Like::one_of(unknown.candidates.iter().map(text_like))
        }
        Value::Unknown(unknown) if !unknown.pattern.is_empty() => {
            let parts = unknown.pattern.iter();
            Like::parts(parts.map(|part| Some(part.as_ref()?.as_str().into())).collect())
        }
        _ => Like::anything(),
    }
}

/// Whether a value is a member of an enum whose members are strings.
fn is_text_member<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>) -> bool {
    let class = machine.class_of(value).and_then(|c| machine.class(c));
    class.is_some_and(|class| {
        let has = |wanted: &[&str]| {
            class
                .order
                .iter()
                .any(|b| b.as_path().is_some_and(|p| wanted.contains(&dotted::last(p))))
        };
        has(&["StrEnum"]) || (has(&["str"]) && has(&["Enum"]))
    })
}

/// `BLANK_SCHEMA`: no schema, whatever the metadata's (SQLAlchemy 2.0, `sql/base.py`, `SchemaConst`).
pub fn is_blank_schema(value: &Value<'_>) -> bool {
    let last = value.as_path().and_then(|path| path.rsplit('.').next());
    last == Some("BLANK_SCHEMA")
}

/// The text of an argument; `None` where it is not given or is `None`.
///
/// # Errors
/// Where it cannot be told.
pub fn maybe_text<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    position: usize,
    name: &str,
) -> Known<Option<Text>> {
    match argument(args, position, name)? {
        None => Ok(None),
        Some(argument) if matches!(argument.value, Value::None) || is_blank_schema(&argument.value) => {
            Ok(None)
        }
        Some(argument)
            if let Value::Unknown(unknown) = &argument.value
                && matches!(unknown.usual, Some(Value::None)) =>
        {
            note_usual(machine, &unknown.gap);
            Ok(None)
        }
        Some(argument) => text(machine, &argument.value, argument.span).map(Some),
    }
}

/// A name given as an argument.
///
/// # Errors
/// Where it cannot be told.
pub fn maybe_name<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    position: usize,
    name: &str,
) -> Known<Option<Name>> {
    Ok(maybe_text(machine, args, position, name)?.map(|text| Name::new(text.as_str())))
}

/// Whether a value hangs on an environment variable alone, or may be `None`. Where a schema is left to the environment, the one of
/// the connection is taken: migrations that leave it to the connection too then meet the models there.
#[must_use]
pub fn is_left_to_environment(unknown: &Unknown<'_>) -> bool {
    unknown.candidates.iter().any(|c| matches!(c, Value::None))
        || unknown.gap.why.contains("environment variable")
}

/// Why a run that ended without a value tells nothing.
#[must_use]
pub fn stopped(stop: &Stop<'_>, at: Span) -> Gap {
    match stop {
        Stop::Raised(raised) => gap(raised.span, "this may raise an exception"),
        Stop::Exhausted(at, why) => gap(*at, *why),
        Stop::Gone => gap(at, "this could not be followed"),
    }
}
