//! Types of fields: what a module's type is kept as, and which columns Postgrex reads and writes it in.
//!
//! Source: `Ecto.Type` (Ecto 3.13, lib/ecto/type.ex: `load`), `Ecto.Adapters.Postgres` (`dumpers`) and Postgrex's extensions
//! (lib/postgrex/extensions/): text, varchar, char, citext, bytea and enums are all sent as plain bytes, for instance, and a `numeric`
//! column gives a `Decimal`, which `:integer` and `:float` do not load.

use smol_str::SmolStr;

use super::library::Elixir;
use super::structs::Given;
use crate::declared::{Accepted, Expectation, Family};
use crate::interpret::elixir::{Module, Value};
use crate::known::{Gap, Reach};
use crate::source::Span;
use crate::sqltype::{Builtin, SqlType};

macro_rules! accepted {
    ($($name:ident $list:ident $word:literal [$($builtin:ident)*] [$($named:literal)*] $enums:literal;)*) => {
        $(
            static $name: Accepted = Accepted {
                word: $word,
                builtins: &[$(Builtin::$builtin),*],
                named: &[$($named),*],
                enums: $enums,
                list: None,
            };
            static $list: Accepted = Accepted {
                word: concat!($word, "[]"),
                builtins: &[Builtin::Json, Builtin::Jsonb],
                named: &[],
                enums: false,
                list: Some(&$name),
            };
        )*
    };
}

accepted! {
    STRING STRINGS "text" [Text Varchar Bpchar Bytea InternalChar Unknown Name Json Jsonb] ["citext" "ltree" "lquery" "ltxtquery"] true;
    BINARY BINARIES "bytea" [Bytea Text Varchar Bpchar InternalChar Unknown] ["citext"] true;
    INTEGER INTEGERS "integer" [Int2 Int4 Int8 Oid Regproc Regprocedure Regoper Regoperator Regclass Regtype Xid Cid Json Jsonb] [] false;
    FLOAT FLOATS "double precision" [Float4 Float8 Json Jsonb] [] false;
    DECIMAL DECIMALS "numeric" [Numeric] [] false;
    BOOLEAN BOOLEANS "boolean" [Bool Json Jsonb] [] false;
    UUID UUIDS "uuid" [Uuid Bytea] [] false;
    MAP MAPS "jsonb" [Json Jsonb] ["hstore"] false;
    DATE DATES "date" [Date] [] false;
    TIME TIMES "time without time zone" [Time Timetz] [] false;
    NAIVE NAIVES "timestamp without time zone" [Timestamp] [] false;
    UTC UTCS "timestamp without time zone" [Timestamp Timestamptz] [] false;
    DURATION DURATIONS "interval" [Interval] [] false;
    BITS BITSTRINGS "bit varying" [Bit Varbit] [] false;
    INET INETS "inet" [Inet Cidr] [] false;
    MACADDR MACADDRS "macaddr" [Macaddr] [] false;
    VECTOR VECTORS "vector" [] ["vector" "halfvec" "sparsevec"] false;
    BYTES MANY_BYTES "text" [Text Varchar Bpchar Bytea InternalChar Unknown Name Uuid Json Jsonb] ["citext" "ltree" "lquery" "ltxtquery"] true;
    WHOLE WHOLES "integer" [Int2 Int4 Int8 Oid Regproc Regprocedure Regoper Regoperator Regclass Regtype Xid Cid Float4 Float8 Numeric Json Jsonb] [] false;
    REAL REALS "double precision" [Float4 Float8 Numeric Json Jsonb] [] false;
    EXACT EXACTS "numeric" [Numeric Json Jsonb] [] false;
    GEOMETRY GEOMETRIES "geometry" [] ["geometry" "geography"] false;
}

/// `embeds_many`: a list in one document, or a list of documents.
static EMBEDS: Accepted = Accepted {
    word: "jsonb",
    builtins: &[Builtin::Json, Builtin::Jsonb],
    named: &[],
    enums: false,
    list: Some(&MAP),
};

/// What holds a type of Ecto, one of them or a list.
fn of_atom(atom: &str, list: bool) -> Option<&'static Accepted> {
    let (one, many) = match atom {
        "string" | "text" | "varchar" | "citext" => (&STRING, &STRINGS),
        "binary" | "bytea" => (&BINARY, &BINARIES),
        "integer" | "id" | "bigint" | "smallint" | "serial" | "bigserial" => (&INTEGER, &INTEGERS),
        "float" => (&FLOAT, &FLOATS),
        "decimal" | "numeric" => (&DECIMAL, &DECIMALS),
        "boolean" => (&BOOLEAN, &BOOLEANS),
        "binary_id" | "uuid" => (&UUID, &UUIDS),
        "map" | "jsonb" | "json" => (&MAP, &MAPS),
        "date" => (&DATE, &DATES),
        "time" | "time_usec" => (&TIME, &TIMES),
        "naive_datetime" | "naive_datetime_usec" => (&NAIVE, &NAIVES),
        "utc_datetime" | "utc_datetime_usec" | "timestamptz" => (&UTC, &UTCS),
        "duration" | "interval" => (&DURATION, &DURATIONS),
        "bitstring" => (&BITS, &BITSTRINGS),
        "inet" | "cidr" => (&INET, &INETS),
        "macaddr" => (&MACADDR, &MACADDRS),
        "vector" => (&VECTOR, &VECTORS),
        "geometry" | "geography" => (&GEOMETRY, &GEOMETRIES),
        "embeds" => (&EMBEDS, &EMBEDS),
        // What a custom type sends, which loads what comes back itself: a `numeric` column takes integers.
        "bytes" => (&BYTES, &MANY_BYTES),
        "whole" => (&WHOLE, &WHOLES),
        "real" => (&REAL, &REALS),
        "exact" => (&EXACT, &EXACTS),
        _ => return None,
    };
    Some(if list { many } else { one })
}

/// What a column must be for a field of a type; `kept` is what the type of a module is kept as.
#[must_use]
pub fn expectation(ty: &Value, kept: Option<&Value>, at: Span) -> Expectation<SqlType> {
    let ty = kept.unwrap_or(ty);
    let accepted = match ty {
        Value::Atom(atom) if atom == "any" => return Expectation::Anything,
        Value::Atom(atom) => of_atom(atom, false),
        Value::Tuple(items) => match &items[..] {
            [kind, inner] if kind.as_atom() == Some("array") => match inner {
                Value::Atom(atom) => of_atom(atom, true),
                Value::Tuple(pair) if pair.first().and_then(Value::as_atom) == Some("map") => Some(&MAPS),
                // Lists of lists are arrays of more dimensions.
                Value::Tuple(pair) if pair.first().and_then(Value::as_atom) == Some("array") => {
                    return expectation(inner, None, at);
                }
                _ => None,
            },
            [kind, _] if kind.as_atom() == Some("map") => Some(&MAP),
            _ => None,
        },
        _ => None,
    };
    match accepted {
        Some(accepted) => Expectation::Family(Family::Driver(accepted)),
        None => {
            let gap = ty.gap();
            Expectation::Unknown(gap.unwrap_or_else(|| {
                let printed = print(ty).unwrap_or_default();
                Gap::new(
                    at,
                    format!("what the type {printed} is kept as is not known"),
                    Reach::Rows,
                )
            }))
        }
    }
}

/// A type as Ecto prints it.
#[must_use]
pub fn print(ty: &Value) -> Option<SmolStr> {
    Some(match ty {
        Value::Atom(atom) => match atom.strip_prefix("Elixir.") {
            Some(module) => SmolStr::new(module),
            None => SmolStr::new(format!(":{atom}")),
        },
        Value::Tuple(items) => {
            let items: Option<Vec<SmolStr>> = items.iter().map(print).collect();
            SmolStr::new(format!("{{{}}}", items?.join(", ")))
        }
        _ => return None,
    })
}

/// Types of well-known libraries and what they are kept as.
const KNOWN: &[(&str, &str)] = &[
    ("Ecto.UUID", "uuid"),
    ("Ecto.DateTime", "naive_datetime"),
    ("Ecto.Date", "date"),
    ("Ecto.Time", "time"),
    ("Timex.Ecto.DateTime", "utc_datetime"),
    ("Timex.Ecto.Date", "date"),
    ("EctoNetwork.INET", "inet"),
    ("EctoNetwork.CIDR", "inet"),
    ("EctoNetwork.MACADDR", "macaddr"),
    ("EctoNetwork.MAC", "macaddr"),
    ("Geo.PostGIS.Geometry", "geometry"),
    ("Geo.Point", "geometry"),
    ("Geo.Geometry", "geometry"),
    ("Money.Ecto.Amount.Type", "integer"),
    ("Money.Ecto.Map.Type", "map"),
    ("Pgvector.Ecto.Vector", "vector"),
    ("Pgvector.Ecto.HalfVector", "vector"),
    ("EctoLtree.LabelTree", "string"),
    ("Ecto.ULID", "uuid"),
    ("UUIDv7", "uuid"),
    ("UUIDv7.Type", "uuid"),
    ("Uniq.UUID", "uuid"),
    ("Cloak.Ecto.Binary", "binary"),
    ("Cloak.Ecto.SHA256", "binary"),
    ("Cloak.Ecto.Map", "binary"),
    ("Tzdata.TimeZone", "string"),
];

/// What the type of a module is kept as: an atom or a tuple of Ecto's, or unknown.
pub fn of_module(machine: &mut Elixir<'_>, name: &str, given: &Given, at: Span) -> Value {
    if name == "Ecto.Enum" {
        return of_enum(given);
    }
    if let Some(kept) = known(name) {
        return Value::atom(kept);
    }
    if let Some(kept) = super::enums::kept(machine, name, at) {
        return kept;
    }
    if machine.modules().may_have(name)
        && let Some(module) = machine.module(name, at)
    {
        if module.definition("type", 0).is_some() {
            let said = called(machine, name, Vec::new(), at);
            return sent(machine, &module, said, 1, at);
        }
        if module.definition("type", 1).is_some() {
            let said = parameterized(machine, name, given, at);
            return sent(machine, &module, said, 3, at);
        }
        if let Some(kept) = by_use(machine, name, at) {
            return Value::atom(kept);
        }
    }
    // What Waffle and Arc define within the uploader's module.
    if let Some(outer) = name.strip_suffix(".Type")
        && machine.modules().may_have(outer)
        && (machine.uses(outer, "Waffle.Ecto.Definition", at)
            || machine.uses(outer, "Arc.Ecto.Definition", at))
    {
        return Value::atom("string");
    }
    machine.unknown(
        at,
        format!("what the type {name} is kept as is not in the repository"),
    )
}

/// The type that a well-known library's is kept as.
pub(super) fn known(module: &str) -> Option<&'static str> {
    let found = KNOWN.iter().find(|(name, _)| *name == module);
    found.map(|(_, kept)| *kept)
}

/// What is sent is what `dump` gives, whatever `type` says; but what is said to be a `:binary_id` goes through `Ecto.UUID` after that.
fn sent(machine: &Elixir<'_>, module: &Module, said: Value, arity: usize, at: Span) -> Value {
    if said.as_atom() == Some("binary_id") || said.gap().is_some() {
        return said;
    }
    match super::dumped::kind(module, arity) {
        Some(kind) => Value::atom(kind),
        None => machine.unknown(
            at,
            format!("what {}.dump gives is not told by its source", module.name),
        ),
    }
}

/// What a library that a module uses makes it be kept as.
fn by_use(machine: &mut Elixir<'_>, name: &str, at: Span) -> Option<&'static str> {
    const USES: &[(&str, &str)] = &[
        ("Cloak.Ecto.Binary", "binary"),
        ("Cloak.Ecto.Map", "binary"),
        ("Cloak.Ecto.StringList", "binary"),
        ("Cloak.Ecto.IntegerList", "binary"),
        ("Cloak.Ecto.Integer", "binary"),
        ("Cloak.Ecto.Float", "binary"),
        ("Cloak.Ecto.Date", "binary"),
        ("Cloak.Ecto.DateTime", "binary"),
        ("Cloak.Ecto.NaiveDateTime", "binary"),
        ("Cloak.Ecto.Time", "binary"),
        ("Cloak.Ecto.Decimal", "binary"),
        ("Cloak.Ecto.SHA256", "binary"),
        ("Cloak.Ecto.HMAC", "binary"),
        ("Cloak.Ecto.PBKDF2", "binary"),
    ];
    let (_, kept) = USES.iter().find(|(used, _)| machine.uses(name, used, at))?;
    Some(kept)
}

fn called(machine: &mut Elixir<'_>, module: &str, args: Vec<Value>, at: Span) -> Value {
    match machine.call_function(module, "type", args, at) {
        Ok(kept) => nested(machine, kept, at),
        Err(_) => machine.unknown(at, format!("what {module}.type gives")),
    }
}

/// A type may be kept as another module's.
fn nested(machine: &mut Elixir<'_>, kept: Value, at: Span) -> Value {
    match kept.as_atom().and_then(|atom| atom.strip_prefix("Elixir.")) {
        Some("Ecto.UUID") => Value::atom("uuid"),
        Some(module) => {
            let known = KNOWN.iter().find(|(name, _)| *name == module);
            known.map_or_else(
                || machine.unknown(at, format!("what the type {module} is kept as")),
                |(_, kept)| Value::atom(kept),
            )
        }
        None => kept,
    }
}

fn parameterized(machine: &mut Elixir<'_>, name: &str, given: &Given, at: Span) -> Value {
    let options = Value::keywords(given.pairs.iter().cloned());
    match machine.call_function(name, "init", vec![options], at) {
        Ok(params) => called(machine, name, vec![params], at),
        Err(_) => called(
            machine,
            name,
            vec![machine.unknown(at, format!("what {name}.init gives"))],
            at,
        ),
    }
}

/// `Ecto.Enum`: text, unless every value is given as an integer.
fn of_enum(given: &Given) -> Value {
    let values = given.get("values");
    let Some(pairs) = values
        .and_then(Value::as_keywords)
        .filter(|pairs| !pairs.is_empty())
    else {
        return match values.and_then(Value::gap) {
            Some(gap) => Value::unknown(gap),
            None => Value::atom("string"),
        };
    };
    match pairs.first().map(|(_, value)| *value) {
        Some(Value::Integer(_)) => Value::atom("integer"),
        Some(other) if other.gap().is_some() => other.clone(),
        _ => Value::atom("string"),
    }
}
