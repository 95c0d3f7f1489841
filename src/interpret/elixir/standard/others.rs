//! `Module`, `Macro`, `Function`, `Exception` and what gives what is never known: dates, times, versions.

use smol_str::SmolStr;

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::value::Value;
use crate::source::Span;

pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    module: &str,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match module {
        "Module" => of_module(machine, name, args, at).map(Ok),
        "Macro" => of_macro(machine, name, args, at),
        "Function" => match (name, args) {
            ("identity", [value]) => Some(Ok(value.clone())),
            _ => None,
        },
        "Exception" => match (name, args) {
            ("message", [exception]) => Some(Ok(exception.field("message")?.clone())),
            _ => None,
        },
        "Date" | "Time" | "DateTime" | "NaiveDateTime" => match name {
            "utc_now" | "utc_today" | "now" | "now!" | "local_now" => {
                Some(Ok(machine.unknown(at, "the time at which it runs")))
            }
            _ => None,
        },
        "Logger" => Some(Ok(Value::atom("ok"))),
        ":timer" if name == "tc" => match args {
            [function @ Value::Function(_)] => {
                let time = machine.unknown(at, "how long it takes");
                let out = machine.call_value(function, Vec::new(), at);
                Some(out.map(|value| Value::tuple(vec![time, value])))
            }
            _ => None,
        },
        "Task" => task(machine, name, args, at),
        ":timer" => timer(name, args).map(Ok),
        ":erlang" => super::kernel::call(machine, name, args, at),
        "Kernel.SpecialForms" => None,
        "String.Chars" => match (name, args) {
            ("to_string", [value]) => Some(machine.text_of(value, at)),
            _ => None,
        },
        _ => None,
    }
}

/// Erlang's `timer`: milliseconds.
fn timer(name: &str, args: &[Value]) -> Option<Value> {
    let whole: Vec<i64> = args.iter().map(Value::as_integer).collect::<Option<_>>()?;
    let seconds = match (name, whole.as_slice()) {
        ("seconds", [seconds]) => *seconds,
        ("minutes", [minutes]) => minutes.checked_mul(60)?,
        ("hours", [hours]) => hours.checked_mul(3600)?,
        ("hms", [hours, minutes, seconds]) => {
            let minutes = hours.checked_mul(60)?.checked_add(*minutes)?;
            minutes.checked_mul(60)?.checked_add(*seconds)?
        }
        _ => return None,
    };
    Some(Value::Integer(seconds.checked_mul(1000)?))
}

/// Parts of names joined by dots.
fn concat(parts: &[Value]) -> Option<Value> {
    let mut names = Vec::new();
    for part in parts {
        let name = match part {
            Value::Atom(name) => SmolStr::new(name.strip_prefix("Elixir.").unwrap_or(name)),
            Value::Text(text) => SmolStr::new(text.as_str().strip_prefix("Elixir.").unwrap_or(text.as_str())),
            _ => return None,
        };
        if name != "nil" && !name.is_empty() {
            names.push(name.to_string());
        }
    }
    Some(Value::module(&names.join(".")))
}

fn of_module<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Value> {
    // Attributes can be asked for and set in the module whose body runs.
    let own = |machine: &Machine<'a, L>, module: &Value| {
        let current = machine.current_module();
        current.is_some() && module.as_module() == current
    };
    Some(match (name, args) {
        ("concat" | "safe_concat", [Value::List(parts)]) => concat(parts)?,
        ("concat" | "safe_concat", [_, _]) => concat(args)?,
        ("split", [Value::Atom(name)]) => {
            let name = name.strip_prefix("Elixir.")?;
            Value::list(name.split('.').map(|p| Value::text(p, at)).collect())
        }
        ("split", [Value::Text(text)]) => {
            let name = text.as_str().strip_prefix("Elixir.")?;
            Value::list(name.split('.').map(|p| Value::text(p, at)).collect())
        }
        ("put_attribute", [module, Value::Atom(name), value]) if own(machine, module) => {
            machine.set_attribute(name, value.clone());
            Value::atom("ok")
        }
        ("register_attribute", [module, Value::Atom(name), options]) if own(machine, module) => {
            if options.keyword("accumulate").and_then(Value::as_atom) == Some("true") {
                machine.accumulate_attribute(name);
            }
            Value::atom("ok")
        }
        ("get_attribute", [module, Value::Atom(name), rest @ ..]) if own(machine, module) => {
            let found = machine.attribute(name).filter(|v| !v.is_nil());
            found.or_else(|| rest.first().cloned()).unwrap_or_else(Value::nil)
        }
        ("delete_attribute", [module, Value::Atom(name)]) if own(machine, module) => {
            let old = machine.attribute(name).unwrap_or_else(Value::nil);
            machine.delete_attribute(name);
            old
        }
        ("has_attribute?", [module, Value::Atom(name)]) if own(machine, module) => {
            Value::truth(machine.attribute(name).is_some())
        }
        ("open?", [module]) => Value::truth(own(machine, module)),
        ("defines?", [module, key, ..]) if own(machine, module) => {
            let [Value::Atom(name), Value::Integer(arity)] = key.as_tuple()? else {
                return None;
            };
            let arity = usize::try_from(*arity).ok()?;
            let current = machine.current_module()?;
            let made = machine.module(&current, at)?;
            if made.definition(name, arity).is_none() && made.open.is_some() {
                return Some(machine.unknown(at, "whether a module has a function"));
            }
            Value::truth(made.definition(name, arity).is_some_and(|d| d.arity == arity))
        }
        ("definitions_in", [module, rest @ ..]) if own(machine, module) => {
            let current = machine.current_module()?;
            let made = machine.module(&current, at)?;
            if let Some(gap) = &made.open {
                return Some(Value::unknown(gap.clone()));
            }
            let wanted = |kind: super::super::module::Kind| match rest.first().and_then(Value::as_atom) {
                Some("def") => kind == super::super::module::Kind::Def,
                Some("defp") => kind == super::super::module::Kind::Defp,
                Some(_) => kind.is_macro(),
                None => true,
            };
            let pair = |d: &std::rc::Rc<super::super::module::Definition>| {
                Value::tuple(vec![Value::Atom(d.name.clone()), Value::Integer(d.arity as i64)])
            };
            Value::list(made.definitions().filter(|d| wanted(d.kind)).map(pair).collect())
        }
        ("spec_to_callback", _) => Value::truth(true),
        ("overridable?", _) => machine.unknown(at, "whether a function can be replaced"),
        _ => return None,
    })
}

fn of_macro<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    match (name, args) {
        ("underscore", [value]) => {
            let text = match value {
                Value::Atom(name) => name.strip_prefix("Elixir.").unwrap_or(name).to_owned(),
                Value::Text(text) => text.as_str().to_owned(),
                _ => return None,
            };
            Some(Ok(Value::text(&underscore(&text), at)))
        }
        ("camelize", [Value::Text(text)]) => Some(Ok(Value::text(&camelize(text.as_str()), at))),
        ("escape", [value, ..]) => {
            // The code that gives the value: the value itself.
            let form = machine.inject(value.clone(), at);
            Some(Ok(match value {
                Value::Atom(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => value.clone(),
                _ => Value::Quoted(std::rc::Rc::new(super::super::value::Quoted { form, depth: 1 })),
            }))
        }
        ("expand" | "expand_once" | "expand_literals", [value, environment, ..]) => {
            machine.expand_value(value, environment, at)
        }
        ("to_string", [_]) => Some(Ok(machine.unknown(at, "the text of code"))),
        ("var", [Value::Atom(name), _]) => {
            let form = crate::syntax::elixir::Form::new(
                at,
                crate::syntax::elixir::FormKind::Variable(name.clone(), 0),
            );
            Some(Ok(machine.form_value(&form)))
        }
        _ => None,
    }
}

/// `Macro.underscore`: `FooBar.Baz` is `foo_bar/baz`.
fn underscore(text: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        if *c == '.' {
            out.push('/');
            continue;
        }
        if c.is_uppercase() && i > 0 {
            let before = chars[i - 1];
            let after_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
            let starts = before == '.' || before == '_';
            if !starts && (!before.is_uppercase() || after_lower) {
                out.push('_');
            }
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn camelize(text: &str) -> String {
    let mut out = String::new();
    let mut up = true;
    for c in text.chars() {
        match c {
            '_' => up = true,
            '/' => {
                out.push('.');
                up = true;
            }
            c if up => {
                out.extend(c.to_uppercase());
                up = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// Tasks are run at once.
fn task<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &[Value],
    at: Span,
) -> Option<Run<Value>> {
    let done = |value: Value| Value::structure("Task", [(SmolStr::new_static("result"), value)]);
    match (name, args) {
        ("async", [function]) => Some(machine.call_value(function, Vec::new(), at).map(done)),
        ("start" | "start_link", [function]) => {
            let out = machine.call_value(function, Vec::new(), at);
            Some(out.map(|value| Value::tuple(vec![Value::atom("ok"), done(value)])))
        }
        ("async" | "start" | "start_link", [module, function, list]) => {
            let (module, function) = (module.as_module()?, function.as_atom()?.to_owned());
            let out = machine.apply(&module, &function, list.as_list()?.to_vec(), at);
            Some(out.map(|value| match name {
                "async" => done(value),
                _ => Value::tuple(vec![Value::atom("ok"), done(value)]),
            }))
        }
        ("await", [task, ..]) => Some(Ok(task.field("result")?.clone())),
        ("await_many", [tasks, ..]) => {
            let results = tasks.as_list()?.iter().map(|t| t.field("result").cloned());
            Some(Ok(Value::list(results.collect::<Option<_>>()?)))
        }
        ("async_stream", [items, function, ..]) => {
            let out = super::enumerable::mapped(machine, items, function, at)?;
            Some(out.map(|values| {
                let values = values.as_list().unwrap_or(&[]).to_vec();
                Value::list(
                    values
                        .into_iter()
                        .map(|v| Value::tuple(vec![Value::atom("ok"), v]))
                        .collect(),
                )
            }))
        }
        _ => None,
    }
}
