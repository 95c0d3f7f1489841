//! Fields: `field`, `timestamps`, embeds, the primary key.

use smol_str::SmolStr;

use super::super::library::Elixir;
use super::super::structs::Given;
use super::{Field, begin, end, options, run_block};
use crate::interpret::elixir::{Run, Scope, Value, Written};
use crate::known::{Gap, Reach};
use crate::source::Span;
use crate::syntax::elixir::{Form, FormKind};

/// Where a field is written.
pub(super) struct Places {
    pub(super) whole: Span,
    pub(super) name: Span,
    pub(super) ty: Span,
}

impl Places {
    pub(super) fn of(written: &Written<'_>, ty: usize) -> Self {
        let at = |index: usize| written.args.get(index).map_or(written.span, |form| form.span);
        Places {
            whole: written.span,
            name: at(0),
            ty: if written.args.get(ty).is_some() {
                at(ty)
            } else {
                at(0)
            },
        }
    }

    fn all(at: Span) -> Self {
        Places {
            whole: at,
            name: at,
            ty: at,
        }
    }
}

/// `@primary_key`: `{name, type, options}`, `false`, or the default.
pub(super) fn primary_key(machine: &mut Elixir<'_>, said: Option<&Value>, embedded: bool, at: Span) {
    let places = Places::all(at);
    match said {
        None => {
            let ty = Value::atom(if embedded { "binary_id" } else { "id" });
            add(machine, "id", &ty, &Given::default(), true, &places);
        }
        Some(Value::Atom(name)) if name == "false" => {}
        Some(key) => match key.as_tuple() {
            Some([name, ty, rest @ ..]) if name.as_atom().is_some() => {
                let given = Given::of(rest.first());
                let name = name.as_atom().unwrap_or("id").to_owned();
                add(machine, &name, ty, &given, true, &places);
            }
            _ => leave_open(machine, key.gap(), "@primary_key cannot be told", at),
        },
    }
}

fn leave_open(machine: &mut Elixir<'_>, gap: Option<Gap>, why: &str, at: Span) {
    let uncertain = gap.unwrap_or_else(|| Gap::new(at, why, Reach::Rows));
    if let Some(schema) = machine.library.schemas.building.last_mut() {
        schema.open.get_or_insert(uncertain);
    }
}

/// `field name, type, options`.
pub(super) fn field(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let Some(name) = written.args.first() else {
        return Ok(Value::nil());
    };
    let name = machine.eval(name, scope)?;
    let ty = match written.args.get(1) {
        Some(form) => machine.eval(form, scope)?,
        None => Value::atom("string"),
    };
    let given = options(machine, written.args.get(2), scope)?;
    match name.as_atom() {
        Some(name) => add(machine, name, &ty, &given, false, &Places::of(written, 1)),
        None => leave_open(
            machine,
            name.gap(),
            "the name of a field cannot be told",
            written.span,
        ),
    }
    Ok(Value::atom("ok"))
}

/// `define_field`: a field that is stored, with its column.
pub(super) fn add(
    machine: &mut Elixir<'_>,
    name: &str,
    ty: &Value,
    given: &Given,
    primary_key: bool,
    places: &Places,
) {
    let truthy = |key: &str| {
        given
            .get(key)
            .is_some_and(|value| value.as_atom() != Some("false"))
    };
    if let Some(gap) = given
        .get("virtual")
        .and_then(Value::gap)
        .or_else(|| given.open.clone())
    {
        leave_open(machine, Some(gap), "", places.whole);
    }
    if machine.is_uncertain() {
        leave_open(
            machine,
            None,
            "whether a field is declared cannot be told",
            places.whole,
        );
        return;
    }
    if truthy("virtual") {
        if let Some(schema) = machine.library.schemas.building.last_mut() {
            schema.virtuals = true;
        }
        return;
    }
    let column = match given.get("source") {
        Some(source) => source.clone(),
        None => mapped(machine, name, places.whole),
    };
    let kept = kept_as(machine, ty, given, places.ty);
    let field = Field {
        name: SmolStr::new(name),
        column,
        ty: ty.clone(),
        kept,
        primary_key: primary_key || truthy("primary_key"),
        generated: truthy("autogenerate"),
        has_default: given.open.is_some() || given.get("default").is_some_and(|value| !value.is_nil()),
        written: given.get("writable").and_then(Value::as_atom) != Some("never"),
        span: places.whole,
        name_span: places.name,
        type_span: places.ty,
    };
    if let Some(schema) = machine.library.schemas.building.last_mut() {
        schema.fields.retain(|known| known.name != field.name);
        schema.fields.push(field);
    }
}

/// `@field_source_mapper`.
fn mapped(machine: &mut Elixir<'_>, name: &str, at: Span) -> Value {
    let atom = Value::atom(name);
    match machine.attribute("field_source_mapper") {
        Some(function @ Value::Function(_)) => match machine.call_value(&function, vec![atom], at) {
            Ok(column) => column,
            Err(_) => machine.unknown(at, "what @field_source_mapper gives"),
        },
        _ => atom,
    }
}

/// What the type of a module is kept as.
fn kept_as(machine: &mut Elixir<'_>, ty: &Value, given: &Given, at: Span) -> Option<Value> {
    if let Some([kind, inner]) = ty.as_tuple()
        && kind.as_atom() == Some("array")
    {
        let inner = kept_as(machine, inner, given, at)?;
        return Some(Value::tuple(vec![kind.clone(), inner]));
    }
    let name = ty.as_atom()?.strip_prefix("Elixir.")?.to_owned();
    Some(super::super::types::of_module(machine, &name, given, at))
}

/// `timestamps options`.
pub(super) fn timestamps(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let own = options(machine, written.args.first(), scope)?;
    let set = machine.attribute("timestamps_opts");
    let given = Given::of(set.as_ref()).merge(own);
    let ty = given
        .get("type")
        .cloned()
        .unwrap_or_else(|| Value::atom("naive_datetime"));
    for name in ["inserted_at", "updated_at"] {
        let said = given.fetch(name).cloned().unwrap_or_else(|| Value::atom(name));
        let Some(field) = said.as_atom() else {
            leave_open(
                machine,
                said.gap(),
                "the name of a timestamp cannot be told",
                written.span,
            );
            continue;
        };
        if matches!(field, "false" | "nil") {
            continue;
        }
        let mut options = Given::default();
        options
            .pairs
            .push((SmolStr::new("autogenerate"), Value::truth(true)));
        if let Some(source) = given.get(&format!("{name}_source")) {
            options.pairs.push((SmolStr::new("source"), source.clone()));
        }
        add(machine, field, &ty, &options, false, &Places::all(written.span));
    }
    Ok(Value::atom("ok"))
}

/// `embeds_one name, module, options`, `embeds_many`, with or without a block.
pub(super) fn embeds(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let [name, module, rest @ ..] = written.args else {
        return Ok(Value::nil());
    };
    let name = machine.eval(name, scope)?;
    let block = rest.last().and_then(|form| form.keyword("do"));
    let given = match rest.first() {
        Some(form) if form.keyword("do").is_none() => options(machine, Some(form), scope)?,
        _ => Given::default(),
    };
    let many = written.name == "embeds_many";
    let kept = Value::atom(if many { "embeds" } else { "map" });
    let ty = Value::atom("Elixir.Ecto.Embedded");
    if let Some(name) = name.as_atom() {
        let name = name.to_owned();
        add(machine, &name, &ty, &given, false, &Places::of(written, 1));
        if let Some(field) = machine
            .library
            .schemas
            .building
            .last_mut()
            .and_then(|s| s.fields.last_mut())
            && field.name == name
        {
            field.kept = Some(kept);
        }
    }
    if let (Some(block), FormKind::Alias(alias, _)) = (block, &module.kind) {
        inline(machine, alias, &given, block, written.span, scope)?;
    }
    Ok(Value::atom("ok"))
}

/// The module that a block of `embeds_one` defines.
fn inline(
    machine: &mut Elixir<'_>,
    alias: &str,
    given: &Given,
    block: &Form,
    at: Span,
    scope: &mut Scope,
) -> Run<()> {
    let Some(outer) = machine
        .library
        .schemas
        .building
        .last()
        .map(|schema| schema.module.clone())
    else {
        return Ok(());
    };
    let module = SmolStr::new(format!("{outer}.{alias}"));
    begin(machine, &module, at, None, at);
    if let Some(schema) = machine.library.schemas.building.last_mut() {
        schema.fields.clear();
    }
    primary_key(machine, given.fetch("primary_key"), true, at);
    run_block(machine, block, scope)?;
    end(machine);
    Ok(())
}

/// `polymorphic_embeds_one name, options`.
pub(super) fn polymorphic(machine: &mut Elixir<'_>, written: &Written<'_>, scope: &mut Scope) -> Run<Value> {
    let Some(name) = written.args.first() else {
        return Ok(Value::nil());
    };
    let name = machine.eval(name, scope)?;
    let kept = Value::atom(if written.name.ends_with("many") {
        "embeds"
    } else {
        "map"
    });
    let ty = Value::atom("Elixir.PolymorphicEmbed");
    if let Some(name) = name.as_atom() {
        let name = name.to_owned();
        add(
            machine,
            &name,
            &ty,
            &Given::default(),
            false,
            &Places::of(written, 0),
        );
        if let Some(field) = machine
            .library
            .schemas
            .building
            .last_mut()
            .and_then(|s| s.fields.last_mut())
            && field.name == name
        {
            field.kept = Some(kept);
        }
    }
    Ok(Value::atom("ok"))
}
