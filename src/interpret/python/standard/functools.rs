//! `functools` and `operator`: functions made of functions.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::{Args, Operator, Value};
use super::access;
use super::bind::{self, bind, unknown};
use crate::source::Span;
use crate::syntax::python::ast;

/// A call of a member of `functools`.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let first = args.positional.first().map(|a| a.value.clone());
    match name {
        "reduce" => Some(reduce(machine, args, at)),
        // What wraps a function and changes nothing of what it does.
        "cache" | "lru_cache" | "total_ordering" | "update_wrapper" | "singledispatch"
            if matches!(
                first,
                Some(Value::Function(_) | Value::Class(_) | Value::Method(_))
            ) =>
        {
            first.map(Ok)
        }
        "partial" | "partialmethod" => {
            let callee = machine.path("functools.partial", at);
            Some(Ok(machine.call_term(callee, args.clone(), at)))
        }
        "wraps" | "lru_cache" | "cached_property" => {
            let callee = machine.path(&format!("functools.{name}"), at);
            Some(Ok(machine.call_term(callee, args.clone(), at)))
        }
        _ => None,
    }
}

fn reduce<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, args: &Args<'a>, at: Span) -> Run<'a, Value<'a>> {
    let Some([Some(function), Some(items), start]) = bind(args, ["function", "iterable", "initial"]) else {
        return Ok(unknown("functools.reduce with these arguments", at));
    };
    let items = match access::iterated(machine, items, at)? {
        Ok(items) => items,
        Err(gap) => return Ok(Value::unknown(gap)),
    };
    let mut items = items.into_iter();
    let Some(mut out) = start.cloned().or_else(|| items.next()) else {
        let why = "reduce() of empty iterable with no initial value";
        return Err(access::raise(machine, "TypeError", why, at));
    };
    for item in items {
        out = machine.call(function, bind::positional([out, item], at), at)?;
    }
    Ok(out)
}

/// A call of what a call made: `partial(f, 1)(2)`, `itemgetter("a")(row)`.
pub(crate) fn apply<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    callee: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (made_by, given) = callee.as_call()?;
    let (path, given) = (made_by.as_path()?, given.clone());
    match path {
        "functools.partial" => {
            let function = given.positional.first()?.value.clone();
            let mut all = bind::rest(&given);
            all.positional.extend(args.positional.iter().cloned());
            for (name, argument) in &args.keywords {
                all.keywords.retain(|(n, _)| n != name);
                all.keywords.push((name.clone(), argument.clone()));
            }
            all.open = all.open.or_else(|| args.open.clone());
            Some(machine.call(&function, all, at))
        }
        "functools.wraps" | "functools.lru_cache" | "contextlib.ContextDecorator" => {
            args.positional.first().map(|a| Ok(a.value.clone()))
        }
        "operator.itemgetter" => {
            let object = args.positional.first()?.value.clone();
            let mut out = Vec::new();
            for key in &given.positional {
                match machine.item(&object, &key.value, at) {
                    Ok(item) => out.push(item),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            Some(Ok(one_or_tuple(out)))
        }
        "operator.attrgetter" => {
            let object = args.positional.first()?.value.clone();
            let mut out = Vec::new();
            for name in &given.positional {
                let mut value = object.clone();
                for part in name.value.as_str()?.split('.') {
                    match machine.attribute(&value, part, at) {
                        Ok(found) => value = found,
                        Err(stop) => return Some(Err(stop)),
                    }
                }
                out.push(value);
            }
            Some(Ok(one_or_tuple(out)))
        }
        "operator.methodcaller" => {
            let object = args.positional.first()?.value.clone();
            let name = given.positional.first()?.value.as_str()?.to_owned();
            let method = match machine.attribute(&object, &name, at) {
                Ok(method) => method,
                Err(stop) => return Some(Err(stop)),
            };
            Some(machine.call(&method, bind::rest(&given), at))
        }
        _ => None,
    }
}

fn one_or_tuple(mut values: Vec<Value<'_>>) -> Value<'_> {
    if values.len() == 1 {
        values.remove(0)
    } else {
        Value::Tuple(values.into())
    }
}

/// A call of a member of `operator`.
pub(crate) fn operator<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    if matches!(name, "itemgetter" | "attrgetter" | "methodcaller") {
        let callee = machine.path(&format!("operator.{name}"), at);
        return Some(Ok(machine.call_term(callee, args.clone(), at)));
    }
    let [a, b] = bind(args, ["a", "b"])?;
    let (a, b) = (a?.clone(), b.cloned());
    let binary = match name.trim_matches('_') {
        "add" | "concat" | "iadd" => Some(ast::Operator::Add),
        "sub" => Some(ast::Operator::Sub),
        "mul" => Some(ast::Operator::Mult),
        "mod" => Some(ast::Operator::Mod),
        "truediv" => Some(ast::Operator::Div),
        "floordiv" => Some(ast::Operator::FloorDiv),
        "or" => Some(ast::Operator::BitOr),
        "and" => Some(ast::Operator::BitAnd),
        _ => None,
    };
    if let Some(op) = binary {
        return Some(machine.binary(op, &a, &b?, at));
    }
    let compare = match name {
        "eq" => Some(ast::CmpOp::Eq),
        "ne" => Some(ast::CmpOp::NotEq),
        "lt" => Some(ast::CmpOp::Lt),
        "le" => Some(ast::CmpOp::LtE),
        "gt" => Some(ast::CmpOp::Gt),
        "ge" => Some(ast::CmpOp::GtE),
        _ => None,
    };
    if let Some(op) = compare {
        return Some(machine.compare(op, &a, &b?, at));
    }
    match name {
        "getitem" => Some(machine.item(&a, &b?, at)),
        "not_" | "truth" => {
            let args = bind::positional([a], at);
            let truth = super::call(machine, "builtins.bool", &args, at)?;
            Some(truth.map(|t| match t {
                Value::Bool(b) => Value::Bool(b == (name == "truth")),
                other => Value::unknown(other.gap().cloned().unwrap_or_else(|| machine.gap(at, "a truth"))),
            }))
        }
        _ => None,
    }
}

/// The operator that a term is of.
pub(crate) fn is_division(operator: Operator) -> bool {
    matches!(operator, Operator::Binary(ast::Operator::Div))
}
