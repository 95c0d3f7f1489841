//! Modules that `ecto_enum` makes: types that are kept as integers, as text, or as an enum of the database, which their own functions
//! make and drop.
//!
//! Source: `EctoEnum` (`ecto_enum` 1.4, lib/ecto_enum.ex, lib/ecto_enum/postgres/use.ex).

use smol_str::SmolStr;

use super::functions;
use super::library::Elixir;
use super::structs::Given;
use crate::interpret::elixir::{Called, Run, Scope, Unknown, Value, Written};
use crate::known::{Gap, Reach};
use crate::source::{Span, Text};
use crate::syntax::elixir::FormKind;

/// The library's modules that bring `defenum`.
pub const MODULES: [&str; 2] = ["EctoEnum", "EctoEnum.Postgres"];

/// What such modules bring of functions that matter here.
const FUNCTIONS: [&str; 11] = [
    "__enum_map__",
    "__enums__",
    "__valid_values__",
    "cast",
    "create_type",
    "drop_type",
    "dump",
    "load",
    "schema",
    "type",
    "valid_value?",
];

/// The modules that were made so far.
#[derive(Debug, Default)]
pub struct Enums {
    made: Vec<(SmolStr, Kept)>,
    /// The files that name the macro were run.
    sought: bool,
}

/// What a type is kept as.
#[derive(Debug, Clone)]
enum Kept {
    /// `:integer` or `:string`.
    Plain(&'static str),
    /// An enum of the database: its type, its values.
    Native(Value, Value),
}

/// `defenum Module, ...`.
pub fn expand(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<Value>> {
    let ("defenum", [_, _, ..]) = (written.name, written.args) else {
        return None;
    };
    Some(define(machine, written, scope).map(|()| Value::nil()))
}

fn define(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<()> {
    let mut values = Vec::new();
    for form in written.args {
        values.push(machine.eval(form, scope)?);
    }
    let Some((module, rest)) = values.split_first() else {
        return Ok(());
    };
    let Some(mut name) = module.as_module() else {
        return Ok(());
    };
    // Within a module it is one of that module's own.
    let plain = written.args.first().is_some_and(|form| match &form.kind {
        FormKind::Alias(alias, _) => *alias == name,
        _ => false,
    });
    if let Some(outer) = machine.current_module().filter(|_| plain) {
        let short = name;
        name = SmolStr::new(format!("{outer}.{short}"));
        scope.alias(&short, &name);
    }
    let kept = match rest {
        [list] => plainly(list),
        [ty, list, rest @ ..] => native(ty, list, rest.first(), written.span),
        [] => return Ok(()),
    };
    put(machine, name, kept);
    Ok(())
}

/// `use EctoEnum, type: :status, enums: [...]` or `use EctoEnum, open: 0, paid: 1`, in the module whose body runs.
pub fn uses(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<()> {
    let Some(name) = machine.current_module() else {
        return Ok(());
    };
    let options = match written.args.first() {
        Some(form) => machine.eval(form, scope)?,
        None => Value::nil(),
    };
    let kept = match (options.keyword("type"), options.keyword("enums")) {
        (Some(ty), Some(list)) => native(ty, list, Some(&options), written.span),
        _ => plainly(&options),
    };
    put(machine, name, kept);
    Ok(())
}

fn put(machine: &mut Elixir<'_>, name: SmolStr, kept: Kept) {
    let made = &mut machine.library.enums.made;
    made.retain(|(known, _)| *known != name);
    made.push((name, kept));
}

/// Kept as the values that are given.
fn plainly(list: &Value) -> Kept {
    let pairs = list.as_keywords().unwrap_or_default();
    match pairs.first() {
        Some((_, Value::Text(_))) => Kept::Plain("string"),
        _ => Kept::Plain("integer"),
    }
}

fn native(ty: &Value, list: &Value, options: Option<&Value>, at: Span) -> Kept {
    let schema = Given::of(options).get("schema").cloned();
    let named = ty.as_atom().or_else(|| ty.as_str());
    let full = match (named, &schema) {
        (Some(name), None) => Value::atom(name),
        (Some(name), Some(schema)) => match schema.as_str().or_else(|| schema.as_atom()) {
            Some(schema) => Value::atom(&format!("{schema}.{name}")),
            None => Value::unknown(Gap::new(
                at,
                "which schema the type is put into cannot be told",
                Reach::Rows,
            )),
        },
        (None, _) => ty.clone(),
    };
    Kept::Native(full, list.clone())
}

/// What a module's type is kept as, where this library makes it.
fn find(machine: &mut Elixir<'_>, module: &str, at: Span) -> Option<Kept> {
    let known = |machine: &Elixir<'_>| {
        let mut made = machine.library.enums.made.iter();
        made.find(|(name, _)| name == module)
            .map(|(_, kept)| kept.clone())
    };
    if let Some(kept) = known(machine) {
        return Some(kept);
    }
    if machine.modules().may_have(module) {
        machine.module(module, at)?;
    } else if !machine.library.enums.sought {
        machine.library.enums.sought = true;
        for file in machine.modules().mentioning(&["defenum"]) {
            machine.run_apart(file);
        }
    }
    known(machine)
}

/// The type of a field that is one of these modules.
pub fn kept(machine: &mut Elixir<'_>, module: &str, at: Span) -> Option<Value> {
    Some(match find(machine, module, at)? {
        Kept::Plain(kept) => Value::atom(kept),
        Kept::Native(..) => Value::atom("string"),
    })
}

/// A function of one of these modules.
pub fn call<'a>(machine: &mut Elixir<'a>, called: &Called<'_>) -> Option<Run<Value>> {
    if !FUNCTIONS.contains(&called.name) {
        return None;
    }
    let at = called.span;
    let (ty, values) = match find(machine, called.module, at)? {
        Kept::Plain(kept) if called.name == "type" => return Some(Ok(Value::atom(kept))),
        Kept::Plain(_) => return Some(Ok(machine.unknown(at, "what a type of `ecto_enum` gives"))),
        Kept::Native(ty, values) => (ty, values),
    };
    let args = match called.name {
        "create_type" => vec![create(&ty, &values, at), drop(&ty, at)],
        "drop_type" => vec![drop(&ty, at)],
        "type" => return Some(Ok(ty)),
        "__enum_map__" | "__enums__" => return Some(Ok(values)),
        _ => return Some(Ok(machine.unknown(at, "what a type of `ecto_enum` gives"))),
    };
    let execute = Called {
        module: "Ecto.Migration",
        name: "execute",
        args: &args,
        ..*called
    };
    functions::call(machine, &execute)
}

/// Text of parts, `None` for one that is not known.
fn text(parts: &[Option<String>], why: Option<&Value>, at: Span) -> Value {
    let piece = |part: &String| Text::composed([(part.clone(), at, false)]);
    if parts.iter().all(Option::is_some) {
        let whole: String = parts.iter().flatten().map(String::as_str).collect();
        return Value::text(&whole, at);
    }
    let gap = why.and_then(Value::gap).unwrap_or_else(|| {
        let why = "the values of an enum cannot be told";
        Gap::new(at, why, Reach::Rows)
    });
    Value::Unknown(std::rc::Rc::new(Unknown {
        gap,
        candidates: Vec::new(),
        pattern: parts.iter().map(|part| part.as_ref().map(piece)).collect(),
    }))
}

fn name(ty: &Value) -> Option<String> {
    ty.as_atom().map(str::to_owned)
}

fn create(ty: &Value, values: &Value, at: Span) -> Value {
    let word = |value: &Value| {
        let word = value.as_atom().or_else(|| value.as_str())?;
        Some(word.replace('\'', "''"))
    };
    let list = values.as_list().and_then(|items| {
        let words: Option<Vec<String>> = items.iter().map(word).collect();
        words.map(|words| words.join("', '"))
    });
    let (open, close) = match list.as_deref() {
        Some("") => (" AS ENUM (", ")"),
        _ => (" AS ENUM ('", "')"),
    };
    let parts = [
        Some("CREATE TYPE ".to_owned()),
        name(ty),
        Some(open.to_owned()),
        list,
        Some(close.to_owned()),
    ];
    text(&parts, [ty, values].into_iter().find(|v| v.gap().is_some()), at)
}

fn drop(ty: &Value, at: Span) -> Value {
    text(&[Some("DROP TYPE ".to_owned()), name(ty)], Some(ty), at)
}
