//! Schemas as their modules declare them: `schema`, `embedded_schema` and the macros in their blocks.
//!
//! Source: `Ecto.Schema` (Ecto 3.13, lib/ecto/schema.ex).

mod assocs;
mod fields;

use smol_str::SmolStr;

use super::library::Elixir;
use super::structs::Given;
use crate::interpret::elixir::{Called, Run, Scope, Value, Written};
use crate::known::{Gap, Reach};
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Form, FormKind};

/// What modules have declared so far, and the blocks that run.
#[derive(Debug, Default)]
pub struct Schemas {
    /// Schemas whose blocks have run.
    pub made: Vec<Schema>,
    building: Vec<Schema>,
    /// An argument is evaluated: what cannot be followed in it does not reach the block.
    quiet: u32,
    /// Modules that use a library which may set what schemas begin with, and why that is not known.
    tainted: Vec<(SmolStr, Gap)>,
}

/// A schema.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its module.
    pub module: SmolStr,
    /// Where `schema` is called.
    pub span: Span,
    /// The table; `None` where it is embedded.
    pub source: Option<Value>,
    /// Where the table is named.
    pub source_span: Span,
    /// `@schema_prefix`.
    pub prefix: Value,
    /// Stored fields in order.
    pub fields: Vec<Field>,
    /// Associations in order.
    pub assocs: Vec<Assoc>,
    /// Why there may be other fields.
    pub open: Option<Gap>,
    /// It declares fields that are kept nowhere.
    pub virtuals: bool,
}

/// A stored field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: SmolStr,
    /// Its column.
    pub column: Value,
    /// Its type.
    pub ty: Value,
    /// What the type is kept as, where it is one of a module.
    pub kept: Option<Value>,
    /// It is part of the primary key.
    pub primary_key: bool,
    /// It is filled when a row is made.
    pub generated: bool,
    /// A new struct may have a value in it.
    pub has_default: bool,
    /// It is written.
    pub written: bool,
    /// The call that declares it.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
    /// Its type.
    pub type_span: Span,
}

/// An association.
#[derive(Debug, Clone)]
pub struct Assoc {
    /// Its name.
    pub name: SmolStr,
    /// `belongs_to`, ...
    pub kind: &'static str,
    /// The other module.
    pub related: SmolStr,
    /// The table whose rows it reads as the other module's: `has_many :comments, {"post_comments", Comment}`.
    pub table: Option<Value>,
    /// The key on this side.
    pub owner_key: Option<SmolStr>,
    /// The key on the other side.
    pub related_key: Option<SmolStr>,
    /// The join table of a `many_to_many`, and its columns.
    pub through: Option<(Value, [SmolStr; 2])>,
    /// Where.
    pub span: Span,
}

/// What `use Ecto.Schema` imports; the rest is imported inside of the block alone (`Ecto.Schema.__using__` and `schema/2`, ecto 3.13).
const BEFORE_THE_BLOCK: &[(&str, usize)] = &[("schema", 2), ("embedded_schema", 1)];

/// What `import Ecto.Schema` brings.
pub const NAMES: &[&str] = &[
    "schema",
    "embedded_schema",
    "field",
    "timestamps",
    "belongs_to",
    "has_many",
    "has_one",
    "many_to_many",
    "embeds_one",
    "embeds_many",
];

/// What `use TypedEctoSchema` brings.
pub const TYPED_NAMES: &[&str] = &["typed_schema", "typed_embedded_schema"];

/// `use` of a library by a module that may declare a schema.
pub fn uses(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> bool {
    match written.module {
        "Ecto.Schema" => scope.import_only("Ecto.Schema", BEFORE_THE_BLOCK),
        "TypedEctoSchema" => {
            scope.import_only("Ecto.Schema", BEFORE_THE_BLOCK);
            scope.import("TypedEctoSchema");
        }
        _ => return false,
    }
    machine.set_attribute("timestamps_opts", Value::list(Vec::new()));
    true
}

/// A module uses what is not in the repository.
pub fn used_unknown(machine: &mut Elixir<'_>, written: &Written<'_>) {
    let name = written.module;
    if !(name.contains("Schema") || name.contains("Ecto")) || is_harmless(name) {
        return;
    }
    if let Some(module) = machine.current_module() {
        let why = format!("what `use {name}` sets is not in the repository");
        let gap = Gap::new(written.span, why, Reach::Rows);
        machine.library.schemas.tainted.push((module, gap));
    }
}

/// Libraries that set nothing that a schema begins with.
fn is_harmless(module: &str) -> bool {
    [
        "Waffle.Ecto",
        "Arc.Ecto",
        "Ecto.SoftDelete",
        "Pow.Ecto",
        "Pow.Extension.Ecto",
        "EctoEnum",
        "Ecto.Type",
        "Ecto.ParameterizedType",
        "Ecto.Repo",
        "Absinthe",
        "Phoenix",
        "ExAudit",
        "EctoOrdered",
        "Ecto.Explain",
        "OpenApiSpex",
        "Cloak.Ecto",
        "PolymorphicEmbed",
        "CozyParams",
        "Timex.Ecto",
    ]
    .iter()
    .any(|prefix| module.starts_with(prefix))
}

/// A macro of `Ecto.Schema` and its kin.
pub fn expand<'a>(machine: &mut Elixir<'a>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<Value>> {
    let args = written.args;
    match (written.module, written.name) {
        ("Ecto.Schema", "schema") | ("TypedEctoSchema", "typed_schema") => {
            let (source, block) = (args.first()?, args.last()?.keyword("do")?);
            Some(declare(machine, written, Some(source), block, scope))
        }
        ("Ecto.Schema", "embedded_schema") | ("TypedEctoSchema", "typed_embedded_schema") => {
            let block = args.last()?.keyword("do")?;
            Some(declare(machine, written, None, block, scope))
        }
        ("Ecto.Schema", _) => {
            machine.library.schemas.quiet += 1;
            let run = member(machine, written, scope);
            machine.library.schemas.quiet -= 1;
            run
        }
        ("PolymorphicEmbed", "polymorphic_embeds_one" | "polymorphic_embeds_many") => {
            machine.library.schemas.quiet += 1;
            let run = fields::polymorphic(machine, written, scope);
            machine.library.schemas.quiet -= 1;
            Some(run)
        }
        _ => None,
    }
}

fn member<'a>(machine: &mut Elixir<'a>, written: &Written<'_>, scope: &mut Scope) -> Option<Run<Value>> {
    machine.library.schemas.building.last()?;
    Some(match written.name {
        "field" => fields::field(machine, written, scope),
        "timestamps" => fields::timestamps(machine, written, scope),
        "embeds_one" | "embeds_many" => fields::embeds(machine, written, scope),
        "belongs_to" => assocs::belongs_to(machine, written, scope),
        "has_many" | "has_one" => assocs::has(machine, written, scope),
        "many_to_many" => assocs::many_to_many(machine, written, scope),
        _ => return None,
    })
}

/// Something in a block could not be followed: there may be other fields.
pub fn opaque(machine: &mut Elixir<'_>, gap: &Gap, called: Option<&Called<'_>>) {
    let schemas = &mut machine.library.schemas;
    if schemas.quiet > 0 {
        return;
    }
    if let Some(schema) = schemas.building.last_mut() {
        let why = called.map_or_else(
            || gap.why.to_string(),
            |called| format!("what `{}` declares is not in the repository", called.name),
        );
        let at = called.map(|called| called.span).or(gap.at).unwrap_or(schema.span);
        schema.open.get_or_insert_with(|| Gap::new(at, why, Reach::Rows));
    }
}

/// Whether a block runs.
pub fn is_building(machine: &Elixir<'_>) -> bool {
    !machine.library.schemas.building.is_empty()
}

/// A schema: its key, its block.
fn declare(
    machine: &mut Elixir<'_>,
    written: &Written<'_>,
    source: Option<&Form>,
    block: &Form,
    scope: &mut Scope,
) -> Run<Value> {
    let Some(module) = machine.current_module() else {
        return Ok(Value::nil());
    };
    let table = match source {
        Some(form) => Some(machine.eval(form, scope)?),
        None => None,
    };
    begin(
        machine,
        &module,
        written.span,
        table,
        source.map_or(written.span, |form| form.span),
    );
    run_block(machine, block, scope)?;
    end(machine);
    Ok(Value::nil())
}

fn begin(machine: &mut Elixir<'_>, module: &SmolStr, span: Span, source: Option<Value>, source_span: Span) {
    let tainted = machine
        .library
        .schemas
        .tainted
        .iter()
        .find(|(name, _)| name == module);
    let gap = tainted.map(|(_, gap)| gap.clone());
    let embedded = source.is_none();
    machine.library.schemas.building.push(Schema {
        module: module.clone(),
        span,
        source,
        source_span,
        prefix: Value::nil(),
        fields: Vec::new(),
        assocs: Vec::new(),
        open: None,
        virtuals: false,
    });
    let key = machine.attribute("primary_key").filter(|key| !key.is_nil());
    match (key, gap) {
        (None, Some(gap)) => {
            fields::primary_key(machine, None, embedded, span);
            if let Some(schema) = machine.library.schemas.building.last_mut() {
                schema.open = Some(gap);
            }
        }
        (key, _) => fields::primary_key(machine, key.as_ref(), embedded, span),
    }
}

fn run_block(machine: &mut Elixir<'_>, block: &Form, scope: &mut Scope) -> Run<()> {
    let mut inner = scope.clone();
    inner.import("Ecto.Schema");
    for statement in block.statements() {
        machine.eval(&untyped(statement, 0), &mut inner)?;
    }
    Ok(())
}

fn end(machine: &mut Elixir<'_>) {
    let prefix = machine.attribute("schema_prefix").unwrap_or_else(Value::nil);
    if let Some(mut schema) = machine.library.schemas.building.pop() {
        schema.prefix = prefix;
        machine.library.schemas.made.push(schema);
    }
}

/// A statement without what TypedEctoSchema writes behind a field: `field(:a, :string) :: String.t()`.
fn untyped(form: &Form, depth: usize) -> Form {
    let FormKind::Call(call) = &form.kind else {
        return form.clone();
    };
    if let (Callee::Local(name), [field, _]) = (&call.callee, call.args.as_slice())
        && name == "::"
    {
        return field.clone();
    }
    if depth > 8 {
        return form.clone();
    }
    let changed = call.args.iter().any(|arg| has_types(arg, 0));
    if !changed {
        return form.clone();
    }
    let call = Call {
        args: call.args.iter().map(|arg| untyped_arg(arg, depth + 1)).collect(),
        ..(**call).clone()
    };
    Form::new(form.span, FormKind::Call(std::sync::Arc::new(call)))
}

fn untyped_arg(form: &Form, depth: usize) -> Form {
    if depth > 8 {
        return form.clone();
    }
    match &form.kind {
        FormKind::List(items) => Form::list(
            form.span,
            items.iter().map(|item| untyped_arg(item, depth + 1)).collect(),
        ),
        FormKind::Tuple(items) => Form::new(
            form.span,
            FormKind::Tuple(items.iter().map(|item| untyped_arg(item, depth + 1)).collect()),
        ),
        FormKind::Call(_) => untyped(form, depth),
        _ => form.clone(),
    }
}

/// Whether `::` is written within a block of a form.
fn has_types(form: &Form, depth: usize) -> bool {
    if depth > 8 {
        return false;
    }
    match &form.kind {
        FormKind::List(items) | FormKind::Tuple(items) => items.iter().any(|item| has_types(item, depth + 1)),
        FormKind::Call(call) => {
            form.args_of("::").is_some() || call.args.iter().any(|arg| has_types(arg, depth + 1))
        }
        _ => false,
    }
}

/// The options of a macro: its last argument, evaluated.
fn options(machine: &mut Elixir<'_>, form: Option<&Form>, scope: &mut Scope) -> Run<Given> {
    match form {
        None => Ok(Given::default()),
        Some(form) => {
            let value = machine.eval(form, scope)?;
            Ok(Given::of(Some(&value)))
        }
    }
}
