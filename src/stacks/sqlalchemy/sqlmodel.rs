//! SQLModel: fields of table models as columns.
//!
//! Source: `get_column_from_field`, `get_sqlalchemy_type` (`sqlmodel/main.py`), `is_field_noneable` (`sqlmodel/_compat.py`),
//! `collect_model_fields` (pydantic): the fields of bases come first, the last base's before the first's.

use super::declarative::{self, Attribute, BaseKind};
use super::made;
use super::mapped::{self, Said};
use super::terms::{self, Known, gap};
use super::versions::Versions;
use crate::interpret::python::{Args, Argument, ClassId, Library, Machine, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;

/// The fields of a table model, in pydantic's order.
pub(super) fn fields<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, class: ClassId) -> Vec<Attribute<'a>> {
    let mut out: Vec<Attribute<'a>> = Vec::new();
    for base in declarative::order(machine, class).into_iter().rev() {
        let members = machine.class(base).map(|c| c.members.clone()).unwrap_or_default();
        for member in members {
            if member.name.starts_with('_') || member.name == "model_config" || member.name == "metadata" {
                continue;
            }
            let place = out.iter().position(|f| f.name == member.name);
            // A value alone changes the default of the field that a base declares.
            let before = place.and_then(|at| out.get(at)).map(|f| (f.annotation, f.owner));
            if member.annotation.is_none() && before.is_none() {
                continue;
            }
            let attribute = Attribute {
                name: member.name.clone(),
                value: member.value.clone(),
                annotation: member.annotation.or(before.and_then(|b| b.0)),
                owner: base,
                span: member.span,
                whole: member.whole,
                maybe: member.maybe.clone(),
                computed: true,
            };
            match place.and_then(|at| out.get_mut(at)) {
                Some(slot) => *slot = attribute,
                None => out.push(attribute),
            }
        }
    }
    in_order(machine, class, out)
}

/// The order in which SQLAlchemy meets the columns that are set on the class: the class's own annotations move them.
fn in_order<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
    fields: Vec<Attribute<'a>>,
) -> Vec<Attribute<'a>> {
    let members = machine
        .class(class)
        .map(|c| c.members.clone())
        .unwrap_or_default();
    let is_relationship = |value: &Option<Value<'a>>| {
        let called = value.as_ref().and_then(|v| terms::call(machine, v));
        called.is_some_and(|(m, _)| matches!(m.name(), "Relationship" | "relationship"))
    };
    let (relationships, columns): (Vec<&Attribute<'a>>, Vec<&Attribute<'a>>) =
        fields.iter().partition(|f| is_relationship(&f.value));
    let set = columns
        .iter()
        .chain(&relationships)
        .map(|f| f.name.clone())
        .collect();
    let annotated = members
        .iter()
        .filter(|m| m.annotation.is_some() && !m.name.starts_with('_'));
    let (first, rest): (Vec<_>, Vec<_>) = annotated.partition(|m| is_relationship(&m.value));
    let annotations = first.iter().chain(&rest).map(|m| m.name.clone()).collect();
    let order = super::merging::merge(set, annotations);
    let mut sorted = fields;
    sorted.sort_by_key(|f| order.iter().position(|name| *name == f.name));
    sorted
}

/// Whether a class is SQLModel's kind of table.
pub(super) fn is_model<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> bool {
    matches!(
        declarative::kind_of(machine, class),
        Some((BaseKind::Sqlmodel, _))
    )
}

/// What a field is whose value cannot be told.
pub(super) enum Doubt {
    /// No column, whatever its value is.
    None,
    /// A column, whatever its value is.
    Column(Gap),
    /// It may be a relationship.
    Perhaps(Gap),
}

/// Whether the value of a field leaves open what the field is: what a function of the repository gives it may be one thing or another.
pub(super) fn doubt<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    field: &Attribute<'a>,
) -> Option<Doubt> {
    let Some(Value::Unknown(unknown)) = &field.value else {
        return None;
    };
    let named = |value: &Value<'a>| terms::call(machine, value).map(|(member, _)| member.name().to_owned());
    let names: Vec<Option<String>> = unknown.candidates.iter().map(named).collect();
    let is = |all: &[&str]| {
        !names.is_empty()
            && names
                .iter()
                .all(|name| name.as_deref().is_some_and(|name| all.contains(&name)))
    };
    let gap = unknown.gap.clone();
    if is(NO_COLUMNS) {
        return Some(Doubt::None);
    }
    if is(&["Field"]) {
        return Some(Doubt::Column(gap));
    }
    let is_field = names.iter().flatten().any(|name| name == "Field");
    let may_relate = names
        .iter()
        .flatten()
        .any(|name| NO_COLUMNS.contains(&name.as_str()))
        || names.is_empty() && relates(machine, field);
    match (is_field, may_relate) {
        (_, true) => Some(Doubt::Perhaps(gap)),
        (true, false) => Some(Doubt::Column(gap)),
        (false, false) => None,
    }
}

/// Whether an annotation is what that of a relationship is: a class, or a list of such.
fn relates<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, field: &Attribute<'a>) -> bool {
    let Some(annotation) = &field.annotation else {
        return false;
    };
    let Ok(ty) = machine.annotation(annotation) else {
        return true;
    };
    let Ok(said) = mapped::said(machine, &ty, annotation.span) else {
        return true;
    };
    match &said.python {
        Value::Class(class) => is_model(machine, *class),
        Value::Term(term) => matches!(term.kind, TermKind::Item(..)),
        _ => true,
    }
}

/// Calls that give a field a value and no column.
const NO_COLUMNS: &[&str] = &["Relationship", "relationship", "PrivateAttr", "computed_field"];

/// The column that a field becomes, as the call that would make it; `None` where the field is none that is stored.
pub(super) fn column<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    field: &Attribute<'a>,
    versions: &Versions,
) -> Known<Option<Value<'a>>> {
    let Some(annotation) = &field.annotation else {
        return Ok(None);
    };
    let at = annotation.span;
    let given = field
        .value
        .as_ref()
        .and_then(|v| terms::call(machine, v))
        .map(|(m, a)| (m, a.clone()));
    if let Some((member, _)) = &given
        && NO_COLUMNS.contains(&member.name())
    {
        return Ok(None);
    }
    let ty = machine
        .annotation(annotation)
        .map_err(|stop| terms::stopped(&stop, at))?;
    if is_class_var(&ty) {
        return Ok(None);
    }
    let args = match &given {
        Some((member, args)) if member.name() == "Field" => args.clone(),
        _ => annotated_field(machine, &ty).unwrap_or_default(),
    };
    if let Some(found) = args.keyword("sa_column")
        && !is_undefined(&found.value)
    {
        let (value, span) = (found.value.clone(), found.span);
        return match made::column(machine, &value, span).unwrap_or(value) {
            Value::Unknown(unknown) => Err(unknown.gap.clone()),
            value => Ok(Some(value)),
        };
    }
    if let Some(gap) = &args.open {
        return Err(gap.clone());
    }
    build(machine, field, &ty, &args, versions, at).map(Some)
}

fn is_class_var(ty: &Value<'_>) -> bool {
    let of = match ty {
        Value::Term(term) => match &term.kind {
            TermKind::Item(of, _) => of,
            _ => ty,
        },
        _ => ty,
    };
    of.as_path().is_some_and(|p| p.ends_with("ClassVar"))
}

fn is_undefined(value: &Value<'_>) -> bool {
    matches!(value, Value::None) || value.as_path().is_some_and(|p| p.ends_with("Undefined"))
}

/// The `Field(...)` in `Annotated[int, Field(...)]`.
fn annotated_field<'a, L: Library<'a>>(machine: &Machine<'a, L>, ty: &Value<'a>) -> Option<Args<'a>> {
    let Value::Term(term) = ty else { return None };
    let TermKind::Item(of, Value::Tuple(items)) = &term.kind else {
        return None;
    };
    if !of.as_path().is_some_and(|p| p.ends_with(".Annotated")) {
        return None;
    }
    items.iter().skip(1).find_map(|item| {
        let (member, args) = terms::call(machine, item)?;
        (member.name() == "Field").then(|| args.clone())
    })
}

fn build<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    field: &Attribute<'a>,
    ty: &Value<'a>,
    args: &Args<'a>,
    versions: &Versions,
    at: Span,
) -> Known<Value<'a>> {
    let said = mapped::said(machine, ty, at)?;
    let sa_type = match args.keyword("sa_type") {
        Some(given) if !is_undefined(&given.value) => given.clone(),
        // What the column is beside its type does not hang on it.
        _ => Argument {
            value: type_of(machine, &said, args, versions, at).unwrap_or_else(Value::unknown),
            span: at,
        },
    };
    let argument = |value| Argument { value, span: at };
    let primary_key = terms::flag(args, "primary_key", false)?;
    let nullable = match args.keyword("nullable") {
        Some(given) if !is_undefined(&given.value) => given.clone(),
        _ if primary_key => argument(Value::Bool(false)),
        _ if said.nullable || !defaults_to_none(machine, field, args) => argument(Value::Bool(said.nullable)),
        _ => argument(match versions.none_as_default() {
            Some(nullable) => Value::Bool(nullable),
            None => Value::unknown(gap(
                at,
                "whether it may be NULL hangs on the version of Pydantic, which is not known",
            )),
        }),
    };
    let mut out = Args {
        positional: vec![sa_type],
        ..Args::default()
    };
    if let Some(target) = args.keyword("foreign_key").cloned()
        && !is_undefined(&target.value)
    {
        let mut inner = Args {
            positional: vec![target.clone()],
            ..Args::default()
        };
        if let Some(action) = args.keyword("ondelete").cloned()
            && !is_undefined(&action.value)
        {
            inner.keywords.push(("ondelete".into(), action));
        }
        let callee = machine.path("sqlalchemy.ForeignKey", target.span);
        let key = machine.call_term(callee, inner, target.span);
        out.positional.push(Argument {
            value: key,
            span: target.span,
        });
    }
    if let Some(more) = args.keyword("sa_column_args").cloned()
        && !is_undefined(&more.value)
    {
        let items = machine
            .known_items(&more.value)
            .ok_or_else(|| gap(more.span, "the column's arguments cannot be told"))?;
        out.positional.extend(items.into_iter().map(|value| Argument {
            value,
            span: more.span,
        }));
    }
    out.keywords.push(("nullable".into(), nullable));
    for name in ["primary_key", "index", "unique"] {
        if let Some(given) = args.keyword(name)
            && !is_undefined(&given.value)
        {
            out.keywords.push((name.into(), given.clone()));
        }
    }
    if let Some(default) = default_of(machine, field, args) {
        out.keywords.push(("default".into(), default));
    }
    if let Some(more) = args.keyword("sa_column_kwargs").cloned()
        && !is_undefined(&more.value)
    {
        let entries = machine
            .dict_items(&more.value)
            .ok_or_else(|| gap(more.span, "the column's arguments cannot be told"))?;
        for (key, value) in entries {
            let name = terms::text(machine, &key, more.span)?;
            out.keywords.retain(|(n, _)| n != name.as_str());
            let given = Argument {
                value,
                span: more.span,
            };
            out.keywords.push((name.as_str().into(), given));
        }
    }
    let callee = machine.path("sqlalchemy.Column", field.whole);
    Ok(machine.call_term(callee, out, field.whole))
}

/// Whether a field is `None` where nothing else is given.
fn defaults_to_none<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    field: &Attribute<'a>,
    args: &Args<'a>,
) -> bool {
    let Some(value) = &field.value else { return false };
    let is_field = terms::call(machine, value).is_some_and(|(m, _)| m.name() == "Field");
    let given = args.get(0, "default").map(|given| &given.value);
    matches!(if is_field { given } else { Some(value) }, Some(Value::None))
}

/// What the client fills the field with.
fn default_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    field: &Attribute<'a>,
    args: &Args<'a>,
) -> Option<Argument<'a>> {
    if let Some(factory) = args.keyword("default_factory")
        && !is_undefined(&factory.value)
    {
        return Some(factory.clone());
    }
    if let Some(default) = args.get(0, "default")
        && !matches!(default.value, Value::Ellipsis)
        && !is_undefined(&default.value)
    {
        return Some(default.clone());
    }
    let value = field.value.as_ref()?;
    let is_field = terms::call(machine, value).is_some_and(|(m, _)| m.name() == "Field");
    (!is_field && !matches!(value, Value::None | Value::Ellipsis)).then(|| Argument {
        value: value.clone(),
        span: field.whole,
    })
}

/// Types of Python and pydantic that become text.
const TEXT: &[&str] = &[
    "builtins.str",
    "pydantic.EmailStr",
    "pydantic.networks.EmailStr",
    "pathlib.Path",
    "ipaddress.IPv4Address",
    "ipaddress.IPv4Network",
    "ipaddress.IPv6Address",
    "ipaddress.IPv6Network",
];

fn type_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    said: &Said<'a>,
    args: &Args<'a>,
    versions: &Versions,
    at: Span,
) -> Known<Value<'a>> {
    let python = &said.python;
    if let Value::Class(class) = python {
        return of_class(machine, python, *class, args, versions, at);
    }
    if let Value::Unknown(unknown) = python {
        return Err(unknown.gap.clone());
    }
    let path = match python {
        Value::Term(term) => match &term.kind {
            TermKind::Item(of, _) => of.as_path(),
            _ => python.as_path(),
        },
        _ => None,
    };
    let unknown = || gap(at, "no type of SQLAlchemy is known for this annotation");
    let path = path.ok_or_else(unknown)?.to_owned();
    if TEXT.contains(&path.as_str()) {
        return text(machine, args, at);
    }
    let name = match path.as_str() {
        "builtins.float" => "Float",
        "builtins.bool" => "Boolean",
        "builtins.int" => "Integer",
        "pydantic.NaiveDatetime" => "DateTime",
        "datetime.datetime" | "pydantic.AwareDatetime" => return datetime(machine, versions, at),
        "datetime.date" => "Date",
        "datetime.timedelta" => "Interval",
        "datetime.time" => "Time",
        "builtins.bytes" => "LargeBinary",
        "uuid.UUID" => "Uuid",
        "decimal.Decimal" => {
            let callee = machine.path("sqlalchemy.Numeric", at);
            let mut inner = Args::default();
            for (from, to) in [("max_digits", "precision"), ("decimal_places", "scale")] {
                if let Some(given) = args.keyword(from) {
                    inner.keywords.push((to.into(), given.clone()));
                }
            }
            return Ok(machine.call_term(callee, inner, at));
        }
        _ => return Err(unknown()),
    };
    Ok(machine.path(&format!("sqlalchemy.{name}"), at))
}

/// Text, as long as the field says.
fn text<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Known<Value<'a>> {
    let callee = machine.path("sqlmodel.AutoString", at);
    let mut inner = Args::default();
    if let Some(length) = args.keyword("max_length")
        && !is_undefined(&length.value)
    {
        inner.keywords.push(("length".into(), length.clone()));
    }
    Ok(machine.call_term(callee, inner, at))
}

/// Times with their date: with a time zone since a version of SQLModel.
fn datetime<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    versions: &Versions,
    at: Span,
) -> Known<Value<'a>> {
    let zone = versions.sqlmodel_time_zone().ok_or_else(|| {
        gap(
            at,
            "whether it has a time zone hangs on the version of SQLModel, which is not known",
        )
    })?;
    let callee = machine.path("sqlalchemy.DateTime", at);
    let mut inner = Args::default();
    let zone = Argument {
        value: Value::Bool(zone),
        span: at,
    };
    inner.keywords.push(("timezone".into(), zone));
    Ok(machine.call_term(callee, inner, at))
}

/// A class of the repository: an enum, or one that derives from text or a number.
fn of_class<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    python: &Value<'a>,
    class: ClassId,
    args: &Args<'a>,
    versions: &Versions,
    at: Span,
) -> Known<Value<'a>> {
    let order = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
    let has = |wanted: &[&str]| {
        order
            .iter()
            .any(|b| b.as_path().is_some_and(|p| wanted.contains(&p)))
    };
    let is_enum = has(&[
        "enum.Enum",
        "enum.IntEnum",
        "enum.StrEnum",
        "enum.Flag",
        "enum.IntFlag",
    ]);
    if is_enum && has(&["builtins.str"]) {
        match versions.text_before_enums() {
            Some(true) => return text(machine, args, at),
            Some(false) => {}
            None => {
                let why =
                    "whether it is text or an enum hangs on the version of SQLModel, which is not known";
                return Err(gap(at, why));
            }
        }
    }
    if is_enum {
        let callee = machine.path("sqlalchemy.Enum", at);
        return Ok(machine.call_term(callee, Args::of(vec![python.clone()], at), at));
    }
    if has(&["builtins.str"]) {
        return text(machine, args, at);
    }
    Err(gap(at, "no type of SQLAlchemy is known for this annotation"))
}
