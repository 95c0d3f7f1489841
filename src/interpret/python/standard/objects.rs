//! What enums, records, paths and other things of the standard library are to operators, loops, subscripts and attributes.

use std::rc::Rc;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::ops::maybe_bool;
use super::super::value::{Args, ClassId, Operator, Value};
use super::bind::{int, unknown};
use super::{
    access, bind, enums, environment, exceptions, format, itertools, modules, namespace, paths, records,
    regexes, sequence, typing,
};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::ast;

/// An attribute of a value of a builtin type, a path of the standard library (`os.sep`), or a term of it (`Path(...).parent`).
/// A method as a value is a [`Value::Method`] of the path `builtins.str.upper` and the receiver.
pub(in super::super) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match object {
        Value::Term(_) => match object.as_path() {
            Some(path) => environment::attribute(machine, path, name, at).map(Ok),
            None => match super::dates::attribute(object, name) {
                Some(part) => Some(Ok(part)),
                None => attribute_of_term(machine, object, name, at),
            },
        },
        Value::Class(class) => {
            if let Some(found) = enums::attribute(machine, *class, name, at) {
                return Some(Ok(found));
            }
            match name {
                "_fields" => records::names(machine, *class, at).map(Ok),
                "__subclasses__" | "mro" => Some(Ok(bound(
                    machine,
                    &format!("builtins.type.{name}"),
                    object.clone(),
                    at,
                ))),
                _ => None,
            }
        }
        Value::Instance(_) => {
            let raisable = machine
                .class_of(object)
                .is_some_and(|class| machine.is_raisable(class));
            if raisable && matches!(name, "__traceback__" | "__cause__" | "__context__" | "__notes__") {
                return Some(Ok(unknown("where an exception came from", at)));
            }
            if raisable && matches!(name, "with_traceback" | "add_note") {
                return Some(Ok(unknown("a method of an exception", at)));
            }
            let plain = enums::plain(machine, object)?;
            methods::has(&plain, name).then(|| attribute(machine, &plain, name, at))?
        }
        Value::Module(_) | Value::Function(_) | Value::Method(_) | Value::Unknown(_) => None,
        _ => attribute_of_builtin(machine, object, name, at),
    }
}

fn bound<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    receiver: Value<'a>,
    at: Span,
) -> Value<'a> {
    Value::Method(Rc::new((machine.path(path, at), receiver)))
}

fn attribute_of_builtin<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if methods::has(object, name) {
        let class = match object {
            Value::Set(_) => "set",
            Value::Iterator(_) => "iterator",
            _ => super::types::builtin_type(machine, object).unwrap_or("dict"),
        };
        return Some(Ok(bound(
            machine,
            &format!("builtins.{class}.{name}"),
            object.clone(),
            at,
        )));
    }
    match (object, name) {
        (Value::Int(_) | Value::Bool(_), "real" | "numerator") => Some(Ok(Value::Int(int(object)?))),
        (Value::Int(_) | Value::Bool(_), "imag") => Some(Ok(Value::Int(0))),
        (_, "__class__") => super::types::type_of(machine, &bind::positional([object.clone()], at), at),
        (_, "__doc__") => Some(Ok(unknown("the description of a builtin", at))),
        // What every object has, and iterators besides.
        _ if name.starts_with("__")
            && name.ends_with("__")
            && !matches!(name, "__name__" | "__dict__" | "__table__") =>
        {
            Some(Ok(unknown(format!("what `{name}` of a builtin is"), at)))
        }
        (Value::Iterator(_), _) => Some(Ok(unknown("an attribute of an iterator", at))),
        _ => None,
    }
}

fn attribute_of_term<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if let Some(run) = paths::attribute(machine, object, name, at) {
        return Some(run);
    }
    if let Some(found) = regexes::attribute(object, name) {
        return Some(Ok(found));
    }
    if let Some(parts) = modules::module_info(object) {
        let place = ["module_finder", "name", "ispkg"]
            .iter()
            .position(|n| *n == name)?;
        return parts.get(place).cloned().map(Ok);
    }
    if let Some(found) = typing::attribute(object, name) {
        return Some(Ok(found));
    }
    if let Some((callee, args)) = object.as_call() {
        match (callee.as_path(), name) {
            (Some("dataclasses.Field"), _) => {
                return args.keyword(name).map(|a| Ok(a.value.clone()));
            }
            (Some("functools.partial"), "func") => {
                return args.positional.first().map(|a| Ok(a.value.clone()));
            }
            _ => {}
        }
    }
    exceptions::attribute(machine, object, name, at)
}

/// Methods of instances that are no records: exceptions of the repository, what `object` brings.
pub(super) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let _ = args;
    match name {
        "with_traceback" => Some(Ok(object.clone())),
        "add_note" => Some(Ok(Value::None)),
        "__str__" | "__repr__" if machine.class_of(object).is_some() => {
            Some(format::text_of(machine, object, at))
        }
        _ => None,
    }
}

/// Methods of classes of the repository: `Base.__subclasses__()`, `Point._make(...)`.
pub(super) fn class_method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match name {
        "__subclasses__" => {
            let this = Value::Class(class);
            let is_below = |c: &ClassId| {
                let bases = machine.class(*c).map(|c| c.bases.as_slice()).unwrap_or_default();
                bases.iter().any(|b| bind::identical(b, &this))
            };
            let below: Vec<ClassId> = machine.classes().into_iter().filter(is_below).collect();
            Some(Ok(machine.new_list(below.into_iter().map(Value::Class).collect())))
        }
        "mro" => {
            let order = machine.class(class)?.order.clone();
            Some(Ok(machine.new_list(order)))
        }
        "_make" if records::is_record(machine, class) == Some(records::Record::Tuple) => {
            let items = args.positional.first()?.value.clone();
            Some(match access::iterated(machine, &items, at) {
                Ok(Ok(items)) => machine.call(&Value::Class(class), bind::positional(items, at), at),
                Ok(Err(gap)) => Ok(Value::unknown(gap)),
                Err(stop) => Err(stop),
            })
        }
        _ => None,
    }
}

/// `object[key]` of what is not a list, dict, tuple or text: an enum class, `os.environ`, ...
pub(in super::super) fn item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    key: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match object {
        Value::Class(class) => enums::item(machine, *class, key, at),
        Value::Instance(_) => {
            let plain = as_plain(machine, object)?;
            Some(machine.item(&plain, key, at))
        }
        Value::Term(_) => {
            if let Some(path) = object.as_path() {
                return environment::item(machine, path, key, at);
            }
            if let Some(range) = sequence::range_of(object) {
                return Some(sequence::range_item(machine, range, key, at));
            }
            if let Some(parts) = modules::module_info(object) {
                return Some(machine.item(&Value::Tuple(parts.into()), key, at));
            }
            if let Some(names) = namespace::snapshot(machine, object, at) {
                return Some(machine.item(&names, key, at));
            }
            regexes::group(machine, object, key, at)
        }
        _ => None,
    }
}

/// What an instance is as a value of a builtin type: an enum's member, a named tuple.
fn as_plain<'a, L: Library<'a>>(machine: &Machine<'a, L>, object: &Value<'a>) -> Option<Value<'a>> {
    if !matches!(object, Value::Instance(_)) {
        return None;
    }
    enums::plain(machine, object).or_else(|| match records::values(machine, object)? {
        Ok(values) => Some(Value::Tuple(values.into())),
        Err(gap) => Some(Value::unknown(gap)),
    })
}

/// The items of what is not a builtin collection: an enum class, `range(...)`, an open file.
pub(in super::super) fn iterate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    object: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Vec<Value<'a>>>> {
    match object {
        Value::Class(class) => {
            let members = enums::members(machine, *class)?.ok()?;
            Some(Ok(members.into_iter().map(|(_, m)| m).collect()))
        }
        Value::Instance(_) => {
            let plain = as_plain(machine, object)?;
            if plain.gap().is_some() {
                return None;
            }
            match machine.items(&plain, at) {
                Ok(Ok(items)) => Some(Ok(items)),
                Ok(Err(_)) => None,
                Err(stop) => Some(Err(stop)),
            }
        }
        Value::Term(_) => {
            if let Some(range) = sequence::range_of(object) {
                return Some(sequence::range_items(machine, range, at));
            }
            if let Some(parts) = modules::module_info(object) {
                return Some(Ok(parts));
            }
            if let Some(names) = namespace::snapshot(machine, object, at) {
                return match machine.items(&names, at) {
                    Ok(Ok(items)) => Some(Ok(items)),
                    Ok(Err(_)) => None,
                    Err(stop) => Some(Err(stop)),
                };
            }
            if paths::is_open_file(object) {
                return match paths::file_text(machine, object, at)? {
                    Value::Str(text) => Some(Ok(paths::file_lines(&text)
                        .into_iter()
                        .map(access::str)
                        .collect())),
                    _ => None,
                };
            }
            match sequence::lazy_items(machine, object, at)? {
                Ok(Ok(items)) => Some(Ok(items)),
                Ok(Err(_)) => None,
                Err(stop) => Some(Err(stop)),
            }
        }
        _ => None,
    }
}

/// An operation on terms of the standard library (`Path(...) / "sql"`, `datetime - timedelta`), `text % values`.
pub(in super::super) fn operation<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    operator: Operator,
    operands: &[Value<'a>],
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match (operator, operands) {
        (Operator::Binary(ast::Operator::Mod), [Value::Str(template), values]) => {
            Some(super::percent::percent(machine, &template.clone(), values, at))
        }
        (Operator::Binary(ast::Operator::Mod), [Value::Unknown(u), _]) if u.candidates.is_empty() => {
            Some(Ok(Value::unknown(u.gap.clone())))
        }
        (Operator::Binary(op), [a, b]) => {
            if functools_division(op)
                && let Some(path) = paths::divide(machine, a, b, at)
            {
                return Some(Ok(path));
            }
            if let Some(day) = super::dates::operation(machine, operator, [a, b], at) {
                return Some(Ok(day));
            }
            let (x, y) = (as_plain(machine, a), as_plain(machine, b));
            if x.is_none() && y.is_none() {
                return None;
            }
            Some(machine.binary(
                op,
                &x.unwrap_or_else(|| a.clone()),
                &y.unwrap_or_else(|| b.clone()),
                at,
            ))
        }
        (Operator::Compare(op), [a, b]) => match super::dates::operation(machine, operator, [a, b], at) {
            Some(answer) => Some(Ok(answer)),
            None => compare(machine, op, a, b, at),
        },
        (Operator::Unary(op), [a]) => {
            let plain = as_plain(machine, a)?;
            Some(machine.unary(op, &plain, at))
        }
        _ => None,
    }
}

fn functools_division(op: ast::Operator) -> bool {
    super::functools::is_division(Operator::Binary(op))
}

fn compare<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    op: ast::CmpOp,
    a: &Value<'a>,
    b: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let said = |truth: Truth| match truth {
        Truth::Yes => Value::Bool(true),
        Truth::No => Value::Bool(false),
        Truth::Unknown(gap) => maybe_bool(gap),
    };
    match op {
        ast::CmpOp::In | ast::CmpOp::NotIn => {
            let truth = contains(machine, b, a, at)?;
            Some(truth.map(|truth| match (op, truth) {
                (ast::CmpOp::NotIn, Truth::Yes) => Value::Bool(false),
                (ast::CmpOp::NotIn, Truth::No) => Value::Bool(true),
                (_, truth) => said(truth),
            }))
        }
        ast::CmpOp::Is | ast::CmpOp::IsNot => None,
        _ => {
            if let Some(out) = environment::compare(machine, op, a, b, at) {
                return Some(Ok(out));
            }
            if let (Some(x), Some(y)) = (paths::text(a), paths::text(b)) {
                let (x, y) = (x.as_str().to_owned(), y.as_str().to_owned());
                return Some(machine.compare(op, &Value::text(&x, at), &Value::text(&y, at), at));
            }
            let (x, y) = (as_plain(machine, a), as_plain(machine, b));
            if x.is_some() || y.is_some() {
                let (x, y) = (x.unwrap_or_else(|| a.clone()), y.unwrap_or_else(|| b.clone()));
                return Some(machine.compare(op, &x, &y, at));
            }
            let truth = records::equal(machine, a, b, at)?;
            match (op, truth) {
                (ast::CmpOp::Eq, truth) => Some(Ok(said(truth))),
                (ast::CmpOp::NotEq, Truth::Yes) => Some(Ok(Value::Bool(false))),
                (ast::CmpOp::NotEq, Truth::No) => Some(Ok(Value::Bool(true))),
                (ast::CmpOp::NotEq, truth) => Some(Ok(said(truth))),
                _ => Some(Ok(unknown("the order of two records", at))),
            }
        }
    }
}

fn contains<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    collection: &Value<'a>,
    item: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Truth>> {
    match collection {
        Value::Class(class) => enums::contains(machine, *class, item, at).map(Ok),
        Value::Instance(_) => {
            let plain = as_plain(machine, collection)?;
            let found = machine.compare(ast::CmpOp::In, item, &plain, at);
            Some(found.map(|found| machine.truth(&found, at)))
        }
        Value::Term(_) => {
            if let Some(path) = collection.as_path() {
                return environment::contains(machine, path, item, at).map(Ok);
            }
            if let Some(names) = namespace::snapshot(machine, collection, at) {
                let found = machine.compare(ast::CmpOp::In, item, &names, at);
                return Some(found.map(|found| machine.truth(&found, at)));
            }
            let range = sequence::range_of(collection)?;
            Some(Ok(match (item.gap(), int(item)) {
                (Some(gap), _) => Truth::Unknown(gap.clone()),
                (None, Some(n)) if range.holds(n) => Truth::Yes,
                (None, Some(_)) => Truth::No,
                (None, None) => Truth::Unknown(machine.gap(at, "whether something is in a range")),
            }))
        }
        _ => None,
    }
}

/// The truth of a term of the standard library, or of an instance that is a value of a builtin type.
pub(in super::super) fn truth<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    at: Span,
) -> Option<Truth> {
    if let Value::Instance(_) = value {
        let plain = as_plain(machine, value)?;
        return Some(machine.truth(&plain, at));
    }
    if value.as_path().is_some() {
        return None;
    }
    if let Some(range) = sequence::range_of(value) {
        return Some(if range.length() > 0 { Truth::Yes } else { Truth::No });
    }
    let (callee, _) = value.as_call()?;
    let there = paths::text(value).is_some()
        || paths::is_open_file(value)
        || regexes::match_args(value).is_some()
        || itertools::is_endless(value)
        || matches!(
            callee.as_path(),
            Some("builtins.map" | "builtins.filter" | "functools.partial" | "re.compile")
        );
    there.then_some(Truth::Yes)
}

/// A call of a class of the repository that does not make an instance by `__init__`: an enum, a dataclass, a named tuple.
pub(in super::super) fn instantiate<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    enums::instantiate(machine, class, args, at).or_else(|| records::instantiate(machine, class, args, at))
}
