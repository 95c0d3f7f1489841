//! The standard library, as far as migrations and schemas use it. What is not here gives what is not known.

mod access;
mod collections;
mod enumerable;
mod gather;
mod kernel;
mod keyword;
mod numbers;
mod ordering;
mod others;
mod strings;
mod system;

pub(super) use kernel::EXIT;

use super::library::{Called, Library};
use super::machine::{Machine, Run};
use super::value::Value;
use crate::source::{Span, Text};

/// What a module gives: its name, whether its functions are only values (nothing is called back, nothing happens).
const MODULES: [(&str, bool); 47] = [
    ("Kernel", true),
    ("Kernel.SpecialForms", true),
    ("Enum", false),
    ("Stream", false),
    ("Keyword", false),
    ("Map", false),
    ("MapSet", false),
    ("List", false),
    ("Tuple", true),
    ("String", true),
    ("Integer", true),
    ("Float", true),
    ("Atom", true),
    ("Regex", false),
    ("Access", true),
    ("Range", true),
    ("Macro", true),
    ("Macro.Env", true),
    ("Module", true),
    ("Code", true),
    ("Function", true),
    ("Path", true),
    ("File", true),
    ("IO", true),
    ("Application", true),
    ("System", true),
    ("Mix", true),
    ("Config", true),
    ("Process", true),
    ("Date", true),
    ("Time", true),
    ("DateTime", true),
    ("NaiveDateTime", true),
    ("Calendar", true),
    ("Base", true),
    ("URI", true),
    ("Version", true),
    ("Inspect", true),
    ("Exception", true),
    ("Bitwise", true),
    ("Enumerable", true),
    ("String.Chars", true),
    ("Task", false),
    ("Agent", false),
    ("Logger", true),
    (":erlang", true),
    (":timer", true),
];

/// Names that `Kernel` brings everywhere.
const KERNEL: [&str; 85] = [
    "+",
    "-",
    "*",
    "/",
    "==",
    "!=",
    "===",
    "!==",
    "<",
    ">",
    "<=",
    ">=",
    "!",
    "not",
    "++",
    "--",
    "<>",
    "..",
    "..//",
    "=~",
    "in",
    "**",
    "abs",
    "apply",
    "binary_part",
    "binding",
    "bit_size",
    "byte_size",
    "ceil",
    "div",
    "elem",
    "exit",
    "floor",
    "function_exported?",
    "get_in",
    "hd",
    "inspect",
    "is_atom",
    "is_binary",
    "is_bitstring",
    "is_boolean",
    "is_exception",
    "is_float",
    "is_function",
    "is_integer",
    "is_list",
    "is_map",
    "is_map_key",
    "is_nil",
    "is_number",
    "is_pid",
    "is_port",
    "is_reference",
    "is_struct",
    "is_tuple",
    "length",
    "macro_exported?",
    "make_ref",
    "map_size",
    "max",
    "min",
    "node",
    "pop_in",
    "put_elem",
    "put_in",
    "rem",
    "round",
    "self",
    "send",
    "spawn",
    "struct",
    "struct!",
    "tap",
    "then",
    "tl",
    "to_charlist",
    "to_string",
    "to_timeout",
    "trunc",
    "tuple_size",
    "update_in",
    "match?",
    "alias!",
    "sigil_s",
    "dbg",
];

/// Names of `Bitwise`.
const BITWISE: [&str; 10] = [
    "band", "bor", "bxor", "bnot", "bsl", "bsr", "&&&", "|||", "<<<", ">>>",
];

/// Whether a module of the standard library brings a name when it is imported.
pub(super) fn has(module: &str, name: &str) -> bool {
    match module {
        "Kernel" => KERNEL.contains(&name),
        "Bitwise" => BITWISE.contains(&name),
        _ => false,
    }
}

/// Whether `Kernel` has a function or macro of a name, among those that are known.
#[must_use]
pub fn is_of_kernel(name: &str) -> bool {
    KERNEL.contains(&name)
}

/// Whether a module is of the standard library.
pub(super) fn is_standard(module: &str) -> bool {
    MODULES.iter().any(|(name, _)| *name == module)
}

/// Whether a call of the standard library that is not followed can do no more than give a value.
pub(super) fn is_harmless(module: &str, name: &str) -> bool {
    match module {
        "Code" => !name.starts_with("eval") && !name.starts_with("compile"),
        "Process" => !name.starts_with("spawn"),
        "Task" => name.starts_with("await") || name.starts_with("yield") || name == "shutdown",
        "Agent" => false,
        "System" => !matches!(name, "cmd" | "shell"),
        "Kernel" | ":erlang" => {
            !name.starts_with("spawn") && !matches!(name, "apply" | "tap" | "then" | "update_in")
        }
        ":timer" => !matches!(name, "tc" | "apply_after" | "apply_interval"),
        "Enum" | "Stream" | "Keyword" | "Map" | "MapSet" | "List" | "Regex" => true,
        _ => MODULES.iter().any(|(known, pure)| *known == module && *pure),
    }
}

/// Whether a call runs code that none of its arguments shows: `apply` of what is not known, a program of the system, text that is
/// evaluated.
pub(super) fn runs_other_code(called: &Called<'_>) -> bool {
    let (module, name) = (called.module, called.name);
    let other = match module {
        ":os" => name == "cmd",
        "Port" => name == "open",
        "Mix.Task" => matches!(name, "run" | "rerun" | "run_in_apps"),
        _ => is_standard(module) && !is_harmless(module, name),
    };
    other && !called.args.iter().any(|a| matches!(a, Value::Function(_)))
}

/// Functions that take a function last, and call it for what the first argument holds.
const HIGHER: &[&str] = &[
    "all?",
    "any?",
    "chunk_by",
    "chunk_while",
    "count",
    "dedup_by",
    "drop_while",
    "each",
    "filter",
    "find",
    "find_index",
    "find_value",
    "flat_map",
    "flat_map_reduce",
    "frequencies_by",
    "get_and_update",
    "get_lazy",
    "group_by",
    "map",
    "map_every",
    "map_join",
    "map_reduce",
    "max_by",
    "min_by",
    "partition",
    "pop_lazy",
    "product_by",
    "put_new_lazy",
    "reduce",
    "reduce_while",
    "reject",
    "run",
    "scan",
    "sort_by",
    "split_while",
    "split_with",
    "sum_by",
    "take_while",
    "transform",
    "uniq_by",
    "update",
    "update!",
    "zip_with",
];

/// Whether a function that is not known is called with what a value holds that is not known either.
fn calls_unknown(called: &Called<'_>) -> bool {
    let ([first, .., last], true) = (called.args, HIGHER.contains(&called.name)) else {
        return false;
    };
    let anything = match last {
        Value::Unknown(unknown) => unknown.candidates.is_empty() && unknown.pattern.is_empty(),
        Value::Term(_) => true,
        _ => false,
    };
    anything && first.gap().is_some()
}

/// A call of the standard library; `None`: not followed, or none of its functions.
pub(super) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    called: &Called<'_>,
) -> Option<Run<Value>> {
    if !is_standard(called.module) {
        return None;
    }
    if let Some(out) = by_candidates(machine, called) {
        return Some(out);
    }
    if calls_unknown(called) {
        let why = format!(
            "which function {}.{} calls is not known",
            called.module, called.name
        );
        return Some(Ok(machine.unknown_code(called.span, why)));
    }
    known(machine, called)
}

/// One argument is one of a few values: so is the result.
fn by_candidates<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    called: &Called<'_>,
) -> Option<Run<Value>> {
    let pure = matches!(
        called.module,
        "Keyword" | "Map" | "String" | "Integer" | "Atom" | "Path" | "List" | "Tuple" | "Module" | "Access"
    ) || (called.module == "Kernel"
        && !matches!(called.name, "apply" | "tap" | "then" | "inspect"));
    if !pure || called.args.iter().any(|a| matches!(a, Value::Function(_))) {
        return None;
    }
    let mut unknown = called
        .args
        .iter()
        .enumerate()
        .filter_map(|(index, value)| match value {
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => Some((index, unknown)),
            _ => None,
        });
    let (index, unknown) = unknown.next()?;
    if unknown.candidates.iter().any(|c| matches!(c, Value::Unknown(_))) {
        return None;
    }
    let mut out = Vec::new();
    for candidate in &unknown.candidates {
        let mut args = called.args.to_vec();
        *args.get_mut(index)? = candidate.clone();
        let one = Called {
            args: &args,
            ..*called
        };
        match call(machine, &one) {
            Some(Ok(value)) => out.push(value),
            // A course that raises is not taken.
            Some(Err(super::machine::Stop::Raised(..))) => {}
            Some(Err(stop)) => return Some(Err(stop)),
            None => return Some(Ok(Value::unknown(unknown.gap.clone()))),
        }
    }
    Some(Ok(Value::one_of(out, unknown.gap.clone())))
}

fn known<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, called: &Called<'_>) -> Option<Run<Value>> {
    let (name, args, at) = (called.name, called.args, called.span);
    match called.module {
        "Kernel" => kernel::call(machine, name, args, at),
        "Bitwise" => numbers::bitwise(machine, name, args, at),
        "Enum" => enumerable::call(machine, name, args, at)
            .or_else(|| gather::call(machine, name, args, at))
            .or_else(|| ordering::call(machine, name, args, at)),
        "Stream" => enumerable::stream(machine, name, args, at),
        "Keyword" => keyword::call(machine, name, args, at),
        "Map" => collections::map(machine, name, args, at),
        "MapSet" => collections::set(machine, name, args, at),
        "List" => collections::list(machine, name, args, at),
        "Tuple" => collections::tuple(machine, name, args, at),
        "String" => strings::call(machine, name, args, at),
        "Regex" => strings::regex(machine, name, args, at),
        "Access" => access::call(machine, name, args, at),
        "Integer" | "Float" | "Atom" | "Range" | "Base" => {
            numbers::call(machine, called.module, name, args, at)
        }
        "Path" | "File" | "Application" | "System" | "Mix" | "Code" | "IO" | "Process" => {
            system::call(machine, called.module, name, args, at)
        }
        _ => others::call(machine, called.module, name, args, at),
    }
}

/// Text at white space; what is empty is left out.
pub(super) fn words(text: &Text) -> Vec<Text> {
    let whole = text.as_str();
    let mut out = Vec::new();
    let mut start = None;
    for (at, c) in whole.char_indices() {
        match (c.is_whitespace(), start) {
            (true, Some(from)) => {
                out.push(text.slice(from..at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    if let Some(from) = start {
        out.push(text.slice(from..whole.len()));
    }
    out
}

/// A truth that may not be known.
fn truth(is: Option<bool>, args: &[Value], at: Span) -> Value {
    match is {
        Some(is) => Value::truth(is),
        None => {
            let gap = args.iter().find_map(Value::gap).unwrap_or_else(|| {
                crate::known::Gap::new(at, "a comparison that cannot be told", crate::known::Reach::Rows)
            });
            Value::one_of(vec![Value::truth(true), Value::truth(false)], gap)
        }
    }
}
