//! Operations that the repository registers, and `op.invoke`.
//!
//! Source: `Operations.register_operation`, `Operations.implementation_for`, `Operations.invoke`.

use super::objects::as_operation;
use crate::interpret::python::{Args, Argument, ClassId, Machine, Run, Value};
use crate::source::Span;
use crate::stacks::alembic::database::Database;
use crate::stacks::alembic::objects::{self, Kind};

/// Where a class keeps what implements it.
const IMPLEMENTATION: &str = "__alembic_implementation__";

/// `@Operations.implementation_for(Class)` over a function, `@Operations.register_operation("name")` over a class: what the call of
/// the decorator gives; `None` for any other call.
pub(in crate::stacks::alembic) fn registered<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    decorator: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let (callee, given) = decorator.as_call()?;
    let path = callee.as_path()?;
    if !path.starts_with("alembic.") {
        return None;
    }
    let subject = args.positional.first()?.value.clone();
    match path.rsplit('.').next()? {
        "implementation_for" => {
            let class = given.positional.first()?.value.clone();
            if let Err(stop) = machine.set_attribute(&class, IMPLEMENTATION, subject.clone(), at) {
                return Some(Err(stop));
            }
            Some(Ok(subject))
        }
        "register_operation" => {
            let name = given.positional.first()?.value.as_str()?.to_owned();
            let source = given
                .get(1, "sourcename")
                .and_then(|a| a.value.as_str().map(str::to_owned));
            let Value::Class(class) = &subject else {
                return None;
            };
            let entry = (name.clone(), *class, source.unwrap_or(name));
            machine.library.kept().operations.push(entry);
            Some(Ok(subject))
        }
        _ => None,
    }
}

/// Runs an operation that the repository registers under a name.
pub(super) fn run<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let operations = &machine.library.kept().operations;
    let (_, class, source): (String, ClassId, String) =
        operations.iter().rev().find(|o| o.0 == name)?.clone();
    let function = match machine.attribute(&Value::Class(class), &source, at) {
        Ok(function) => function,
        Err(stop) => return Some(Err(stop)),
    };
    let mut args = args.clone();
    let operations = Argument {
        value: objects::make(machine, Kind::Operations, Vec::new(), at),
        span: at,
    };
    args.positional.insert(0, operations);
    Some(machine.call(&function, args, at))
}

/// `op.invoke(operation)`.
pub(super) fn invoke<'a, L: Database<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Run<'a, Value<'a>> {
    let Some(operation) = args.positional.first() else {
        return Ok(Value::None);
    };
    let value = operation.value.clone();
    let class = match &value {
        Value::Instance(_) => machine.class_of(&value).map(Value::Class),
        _ => value.as_call().map(|(callee, _)| callee.clone()),
    };
    if let Some(class) = class
        && let Ok(Some(function @ (Value::Function(_) | Value::Method(_)))) =
            machine.attribute_if_any(&class, IMPLEMENTATION, at)
    {
        let function = match function {
            Value::Method(method) => method.0.clone(),
            function => function,
        };
        let operations = objects::make(machine, Kind::Operations, Vec::new(), at);
        return machine.call(&function, Args::of(vec![operations, value], at), at);
    }
    if let Some((name, args)) = as_operation(machine, &value)
        && let Some(run) = super::run(machine, name, &args, at)
    {
        return run;
    }
    use crate::known::{Gap, Reach};
    let what = machine.display(&value);
    let gap = Gap::new(
        at,
        format!("the operation `{what}` is not followed"),
        Reach::Everything,
    );
    L::open(machine, gap.clone());
    Ok(Value::unknown(gap.reaching(Reach::Rows)))
}
