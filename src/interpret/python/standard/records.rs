//! Dataclasses and named tuples: their fields, the instances that a call makes.

use smol_str::SmolStr;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Class, ClassId, Member, Value};
use super::{access, bind, enums};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::python::ast;

/// What a class of fields is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    Data,
    Tuple,
}

/// What kind of record a class is; `None` for other classes.
pub(crate) fn is_record<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<Record> {
    let found = machine.class(class)?;
    for base in &found.order {
        match base {
            Value::Class(base) => {
                if machine.class(*base)?.decorators.iter().any(is_dataclass) {
                    return Some(Record::Data);
                }
            }
            base => {
                if matches!(
                    base.as_path(),
                    Some("typing.NamedTuple" | "typing_extensions.NamedTuple")
                ) {
                    return Some(Record::Tuple);
                }
            }
        }
    }
    None
}

fn is_dataclass(decorator: &Value<'_>) -> bool {
    let path = decorator
        .as_path()
        .or_else(|| decorator.as_call().and_then(|(callee, _)| callee.as_path()));
    matches!(path, Some("dataclasses.dataclass"))
}

/// A field, in order.
#[derive(Debug, Clone)]
struct Field<'a> {
    name: SmolStr,
    default: Default<'a>,
    init: bool,
    keyword_only: bool,
}

#[derive(Debug, Clone)]
enum Default<'a> {
    None,
    Value(Value<'a>),
    Factory(Value<'a>),
}

fn annotation_is(member: &Member<'_>, name: &str) -> bool {
    let mut expression = match &member.annotation {
        Some(annotation) => annotation.expression,
        None => return false,
    };
    loop {
        match expression {
            ast::Expr::Subscript(subscript) => expression = &subscript.value,
            ast::Expr::Attribute(attribute) => return attribute.attr.as_str() == name,
            ast::Expr::Name(found) => return found.id.as_str() == name,
            ast::Expr::StringLiteral(text) => return text.value.to_str().contains(name),
            _ => return false,
        }
    }
}

fn fields<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
    record: Record,
) -> Option<Vec<Field<'a>>> {
    let mut out: Vec<Field<'a>> = Vec::new();
    let order = &machine.class(class)?.order;
    for base in order.iter().rev() {
        let Value::Class(base) = base else { continue };
        let base = machine.class(*base)?;
        if base.open.is_some() {
            return None;
        }
        let made = record == Record::Tuple || base.decorators.iter().any(is_dataclass);
        if !made {
            continue;
        }
        let all_keywords = base.decorators.iter().any(|d| keyword_only(d));
        let mut after_marker = false;
        for member in &base.members {
            if member.maybe.is_some() {
                return None;
            }
            let functional =
                record == Record::Tuple && member.annotation.is_none() && member.whole == base.whole;
            if member.annotation.is_none() && !functional || annotation_is(member, "ClassVar") {
                continue;
            }
            if annotation_is(member, "InitVar") {
                return None;
            }
            if annotation_is(member, "KW_ONLY") {
                after_marker = true;
                continue;
            }
            let field = field(member, all_keywords || after_marker);
            match out.iter_mut().find(|f| f.name == field.name) {
                Some(old) => *old = field,
                None => out.push(field),
            }
        }
    }
    Some(out)
}

fn keyword_only(decorator: &Value<'_>) -> bool {
    decorator
        .as_call()
        .and_then(|(_, args)| args.keyword("kw_only"))
        .is_some_and(|a| matches!(a.value, Value::Bool(true)))
}

fn field<'a>(member: &Member<'a>, keyword_only: bool) -> Field<'a> {
    let mut field = Field {
        name: member.name.clone(),
        default: member.value.clone().map_or(Default::None, Default::Value),
        init: true,
        keyword_only,
    };
    let call = member.value.as_ref().and_then(|v| v.as_call());
    if let Some((callee, args)) = call
        && callee.as_path() == Some("dataclasses.field")
    {
        field.default = match (args.keyword("default"), args.keyword("default_factory")) {
            (Some(default), _) => Default::Value(default.value.clone()),
            (None, Some(factory)) => Default::Factory(factory.value.clone()),
            (None, None) => Default::None,
        };
        field.init = !args
            .keyword("init")
            .is_some_and(|a| matches!(a.value, Value::Bool(false)));
        field.keyword_only |= args
            .keyword("kw_only")
            .is_some_and(|a| matches!(a.value, Value::Bool(true)));
    }
    field
}

/// A call of a record's class, unless it has an `__init__` of its own.
pub(crate) fn instantiate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let record = is_record(machine, class)?;
    if record == Record::Data && machine.lookup(class, "__init__").is_some() {
        return None;
    }
    let Some(fields) = fields(machine, class, record) else {
        return Some(Ok(bind::unknown("a record whose fields are not all known", at)));
    };
    Some(made(machine, class, record, &fields, args, at))
}

fn made<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    record: Record,
    fields: &[Field<'a>],
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let mut attributes: Vec<(SmolStr, Value<'a>)> = Vec::new();
    let mut positional = args.positional.iter();
    let mut left: Vec<_> = args.keywords.iter().map(|(n, _)| n.clone()).collect();
    for field in fields {
        let given = if !field.init {
            None
        } else if let Some(argument) = args.keyword(&field.name) {
            left.retain(|n| *n != field.name);
            Some(argument.value.clone())
        } else if field.keyword_only {
            None
        } else {
            positional.next().map(|a| a.value.clone())
        };
        let value = match (given, &args.open, &field.default) {
            (Some(value), ..) => value,
            (None, Some(gap), _) => Value::unknown(gap.clone()),
            (None, None, Default::Value(value)) => value.clone(),
            (None, None, Default::Factory(factory)) => machine.call(factory, Args::default(), at)?,
            (None, None, Default::None) if !field.init => continue,
            (None, None, Default::None) => {
                let why = format!("missing a required argument: '{}'", field.name);
                return Err(access::raise(machine, "TypeError", &why, at));
            }
        };
        attributes.push((field.name.clone(), value));
    }
    if positional.next().is_some() || !left.is_empty() {
        return Err(access::raise(
            machine,
            "TypeError",
            "an argument that the class does not take",
            at,
        ));
    }
    let instance = machine.new_instance(class, attributes);
    if record == Record::Data && machine.lookup(class, "__post_init__").is_some() {
        let method = machine.attribute(&instance, "__post_init__", at)?;
        machine.call(&method, Args::default(), at)?;
    }
    Ok(instance)
}

/// The values of a named tuple, in order; `None` for other instances.
pub(crate) fn values<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    instance: &Value<'a>,
) -> Option<Result<Vec<Value<'a>>, Gap>> {
    let class = machine.class_of(instance)?;
    if is_record(machine, class)? != Record::Tuple {
        return None;
    }
    all(machine, instance, class, Record::Tuple)
        .map(|all| all.map(|all| all.into_iter().map(|(_, v)| v).collect()))
}

type Named<'a> = Vec<(SmolStr, Value<'a>)>;

fn all<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    instance: &Value<'a>,
    class: ClassId,
    record: Record,
) -> Option<Result<Named<'a>, Gap>> {
    let Value::Instance(id) = instance else {
        return None;
    };
    let found = machine.instance(*id)?;
    if let Some(gap) = &found.open {
        return Some(Err(gap.clone()));
    }
    let mut out = Vec::new();
    for field in fields(machine, class, record)? {
        let slot = found.attributes.get(&field.name)?;
        if let Some(gap) = &slot.maybe {
            return Some(Err(gap.clone()));
        }
        out.push((field.name, slot.value.clone()));
    }
    Some(Ok(out))
}

/// `_fields` of a named tuple's class.
pub(crate) fn names<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
    at: Span,
) -> Option<Value<'a>> {
    if is_record(machine, class)? != Record::Tuple {
        return None;
    }
    let fields = fields(machine, class, Record::Tuple)?;
    Some(Value::Tuple(
        fields.iter().map(|f| Value::text(&f.name, at)).collect(),
    ))
}

/// `a == b` of dataclasses: of one class, and equal field by field.
pub(crate) fn equal<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    a: &Value<'a>,
    b: &Value<'a>,
    at: Span,
) -> Option<Truth> {
    let (class, other) = (machine.class_of(a)?, machine.class_of(b)?);
    if is_record(machine, class)? != Record::Data || class != other {
        return None;
    }
    if bind::identical(a, b) {
        return Some(Truth::Yes);
    }
    let (Some(Ok(a)), Some(Ok(b))) = (
        all(machine, a, class, Record::Data),
        all(machine, b, class, Record::Data),
    ) else {
        return Some(Truth::Unknown(machine.gap(at, "whether two records are equal")));
    };
    let mut out = Truth::Yes;
    for ((_, a), (_, b)) in a.iter().zip(&b) {
        match access::equal(machine, a, b, at) {
            Truth::Yes => {}
            // A field may be left out of the comparison.
            Truth::No => out = Truth::No,
            unknown => return Some(unknown),
        }
    }
    Some(out)
}

/// A method of a record.
pub(crate) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    instance: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let class = machine.class_of(instance)?;
    if is_record(machine, class)? != Record::Tuple {
        return None;
    }
    let all = match all(machine, instance, class, Record::Tuple)? {
        Ok(all) => all,
        Err(gap) => return Some(Ok(Value::unknown(gap))),
    };
    match name {
        "_asdict" => {
            let entries = all.into_iter().map(|(n, v)| (Value::text(&n, at), v)).collect();
            Some(Ok(machine.new_dict(entries)))
        }
        "_replace" => {
            let mut all = all;
            for (name, argument) in &args.keywords {
                if let Some(slot) = all.iter_mut().find(|(n, _)| n == name) {
                    slot.1 = argument.value.clone();
                }
            }
            Some(Ok(machine.new_instance(class, all)))
        }
        _ => None,
    }
}

/// `dataclasses.asdict`, `astuple`, `fields`, `replace`, `is_dataclass`, `dataclass` called as a function.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let first = args.positional.first().map(|a| a.value.clone());
    let class = match &first {
        Some(Value::Class(class)) => Some(*class),
        Some(value) => machine.class_of(value),
        None => None,
    };
    match (name, class) {
        ("asdict", Some(class)) => {
            let Some(Ok(all)) = all(machine, &first?, class, Record::Data) else {
                return Some(Ok(bind::unknown("a record as a dict", at)));
            };
            let plain = |v: &Value<'a>| {
                !matches!(
                    v,
                    Value::Instance(_) | Value::List(_) | Value::Dict(_) | Value::Set(_)
                )
            };
            if !all.iter().all(|(_, v)| plain(v) || enums::kind_is(machine, v)) {
                return Some(Ok(bind::unknown("a record of records as a dict", at)));
            }
            let entries = all.into_iter().map(|(n, v)| (Value::text(&n, at), v)).collect();
            Some(Ok(machine.new_dict(entries)))
        }
        ("fields", Some(class)) => {
            let Some(fields) = fields(machine, class, Record::Data) else {
                return Some(Ok(bind::unknown("the fields of a record", at)));
            };
            let mut out = Vec::new();
            for field in fields {
                let callee = machine.path("dataclasses.Field", at);
                let mut args = Args::default();
                args.keywords.push((
                    SmolStr::new("name"),
                    bind::argument(Value::text(&field.name, at), at),
                ));
                out.push(machine.call_term(callee, args, at));
            }
            Some(Ok(Value::Tuple(out.into())))
        }
        ("is_dataclass", Some(class)) => {
            Some(Ok(Value::Bool(is_record(machine, class) == Some(Record::Data))))
        }
        ("field" | "dataclass", None) => None,
        (_, _) => Some(Ok(bind::unknown(format!("what dataclasses.{name} gives"), at)))
            .filter(|_| name != "dataclass"),
    }
}

/// `collections.namedtuple("X", "a b")`, `typing.NamedTuple("X", [("a", int)])`: a class.
pub(crate) fn named_tuple<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [name, names, defaults, _, _] =
        bind::bind(args, ["typename", "field_names", "defaults", "rename", "module"])?;
    let (name, names) = (SmolStr::new(name?.as_str()?), names?.clone());
    let mut fields: Vec<SmolStr> = Vec::new();
    if let Some(text) = names.as_str() {
        fields.extend(text.replace(',', " ").split_whitespace().map(SmolStr::new));
    } else {
        for item in access::contents(machine, &names)?.ok()? {
            let name = match &item {
                Value::Tuple(pair) => pair.first()?.as_str().map(SmolStr::new),
                item => item.as_str().map(SmolStr::new),
            };
            fields.push(name?);
        }
    }
    let defaults = match defaults {
        None | Some(Value::None) => Vec::new(),
        Some(values) => access::contents(machine, values)?.ok()?,
    };
    let without = fields.len().checked_sub(defaults.len())?;
    let members = fields
        .into_iter()
        .enumerate()
        .map(|(i, name)| Member {
            name,
            value: i.checked_sub(without).and_then(|i| defaults.get(i).cloned()),
            annotation: None,
            span: at,
            whole: at,
            maybe: None,
        })
        .collect();
    let module = machine.module()?;
    let base = machine.path("typing.NamedTuple", at);
    let class = Class {
        called: None,
        name,
        module,
        span: at,
        whole: at,
        bases: vec![base.clone()],
        keywords: Vec::new(),
        order: Vec::new(),
        open: None,
        members,
        decorators: Vec::new(),
    };
    Some(Ok(Value::Class(enums::new_class(machine, class, vec![base]))))
}
