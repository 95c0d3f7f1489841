//! Enums: native types of PostgreSQL, or text with the labels in a CHECK.
//!
//! Source: `Enum`, `SchemaType` (`sqlalchemy/sql/sqltypes.py`), `ENUM` (`sqlalchemy/dialects/postgresql/named_types.py`).

use smol_str::SmolStr;

use super::{Affinity, EnumCheck, EnumDef, Resolver, Typed};
use crate::declared::StoredMembers;
use crate::interpret::python::{Args, Library, Machine, TermKind, Value};
use crate::name::QualifiedName;
use crate::source::Span;
use crate::sqltype::{BaseType, Builtin, Modifier, SqlType};
use crate::stacks::sqlalchemy::terms::{self, Known, gap, stopped};
use crate::stacks::sqlalchemy::versions::Versions;

type Labels = Vec<(SmolStr, Span)>;

/// What the arguments of an enum say of its labels.
struct Values {
    labels: Known<Labels>,
    /// What the members are stored as.
    stored: Option<StoredMembers>,
    /// The class that holds them.
    class: Option<SmolStr>,
}

/// `sqlalchemy.Enum(...)`.
pub(super) fn generic<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Typed {
    match terms::flag(args, "native_enum", true) {
        Ok(true) => native(resolver, args, true, at),
        Ok(false) => textual(resolver, args, at),
        Err(gap) => Typed::unknown(gap, at),
    }
}

/// `sqlalchemy.dialects.postgresql.ENUM(...)`.
pub(super) fn postgresql<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Typed {
    native(resolver, args, false, at)
}

fn native<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    general: bool,
    at: Span,
) -> Typed {
    let values = values(resolver, args, at);
    let name = name(resolver, args, values.class.as_ref(), at);
    let definition = EnumDef {
        name: name.clone(),
        labels: values.labels,
        inherit_schema: terms::flag(args, "inherit_schema", false),
        create_type: terms::flag(args, "create_type", true),
        general,
        metadata: args
            .keyword("metadata")
            .is_some_and(|m| !matches!(m.value, Value::None)),
        class: values.class,
        stored: values.stored,
        span: at,
    };
    match name {
        Ok(name) => Typed {
            enumeration: Some(definition),
            affinity: Affinity::Other,
            ..Typed::plain(
                SqlType {
                    base: BaseType::Named(name),
                    modifier: None,
                    array: false,
                },
                Affinity::Other,
                at,
            )
        },
        Err(gap) => Typed {
            enumeration: Some(definition),
            affinity: Affinity::Other,
            ..Typed::unknown(gap, at)
        },
    }
}

fn name<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    args: &Args<'a>,
    class: Option<&SmolStr>,
    at: Span,
) -> Known<QualifiedName> {
    let schema = terms::maybe_name(resolver.machine, args, usize::MAX, "schema")?;
    let name = match terms::maybe_name(resolver.machine, args, usize::MAX, "name")? {
        Some(name) => name,
        None => class
            .map(|class| class.to_lowercase().as_str().into())
            .ok_or_else(|| gap(at, "the enum has no name"))?,
    };
    Ok(QualifiedName { schema, name })
}

/// `native_enum=False`: text as long as the longest label.
fn textual<'a, L: Library<'a>>(resolver: &mut Resolver<'_, 'a, L>, args: &Args<'a>, at: Span) -> Typed {
    let values = values(resolver, args, at);
    let length = match terms::number(args, usize::MAX, "length") {
        Ok(Some(length)) => u32::try_from(length).map_err(|_| gap(at, "is no length")),
        Ok(None) => values.labels.clone().map(|labels| {
            let longest = labels.iter().map(|(label, _)| label.chars().count()).max();
            u32::try_from(longest.unwrap_or(0)).unwrap_or(u32::MAX)
        }),
        Err(gap) => Err(gap),
    };
    let varchar = |length| SqlType {
        base: BaseType::Builtin(Builtin::Varchar),
        // None is spelled where it is zero (`_render_string_type` of `sqlalchemy/sql/compiler.py`), as without labels.
        modifier: (length > 0).then_some(Modifier::Length(length)),
        array: false,
    };
    let brings = Versions::type_checks_at(resolver.machine.modules().files(), at.file);
    let check = match terms::flag(args, "create_constraint", brings) {
        Ok(false) => None,
        Ok(true) => Some(EnumCheck {
            name: terms::maybe_text(resolver.machine, args, usize::MAX, "name").map(|name| {
                name.or_else(|| {
                    let class = values.class.as_ref()?;
                    let run = (class.to_lowercase(), at, false);
                    Some(crate::source::Text::composed([run]))
                })
            }),
            labels: values.labels.clone(),
            span: at,
        }),
        Err(gap) => Some(EnumCheck {
            name: Err(gap.clone()),
            labels: Err(gap),
            span: at,
        }),
    };
    Typed {
        ty: length.map(varchar),
        check,
        kept: values.labels.ok(),
        affinity: Affinity::String,
        ..Typed::unknown(gap(at, "an enum"), at)
    }
}

/// The labels: given one by one, or by a class of the repository, or by `Literal[...]`.
fn values<'a, L: Library<'a>>(resolver: &mut Resolver<'_, 'a, L>, args: &Args<'a>, at: Span) -> Values {
    if let Some(gap) = &args.open {
        return Values {
            labels: Err(gap.clone()),
            stored: None,
            class: None,
        };
    }
    if let [only] = args.positional.as_slice() {
        match &only.value {
            Value::Class(id) => {
                let class = resolver.machine.class(*id).map(|c| c.name.clone());
                let labels = of_class(resolver, &only.value, args, at);
                let stored = stored(resolver, &only.value, args, at);
                return Values {
                    labels,
                    stored: stored.ok(),
                    class,
                };
            }
            Value::Term(term) => {
                if let TermKind::Item(_, items) = &term.kind {
                    return Values {
                        labels: literals(items, only.span),
                        stored: None,
                        class: None,
                    };
                }
                return Values {
                    labels: Err(gap(only.span, "the labels of this enum are not known")),
                    stored: None,
                    class: None,
                };
            }
            _ => {}
        }
    }
    let mut labels = Vec::new();
    for argument in &args.positional {
        match terms::text(resolver.machine, &argument.value, argument.span) {
            Ok(text) => labels.push((SmolStr::new(text.as_str()), text.whole())),
            Err(gap) => {
                return Values {
                    labels: Err(gap),
                    stored: None,
                    class: None,
                };
            }
        }
    }
    Values {
        labels: Ok(labels),
        stored: None,
        class: None,
    }
}

/// The values of `Literal["a", "b"]`.
fn literals(items: &Value<'_>, at: Span) -> Known<Labels> {
    let one = |value: &Value<'_>| match value {
        Value::Str(text) => Ok((SmolStr::new(text.as_str()), text.whole())),
        Value::Unknown(unknown) => Err(unknown.gap.clone()),
        _ => Err(gap(at, "a label of this enum is no text")),
    };
    match items {
        Value::Tuple(items) => items.iter().map(one).collect(),
        other => one(other).map(|label| vec![label]),
    }
}

/// The names of a class's members, aliases left out; or what `values_callable` makes of the class.
fn of_class<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    class: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Known<Labels> {
    let machine = &mut *resolver.machine;
    if let Some(callable) = terms::keyword(args, "values_callable")?
        && !matches!(callable.value, Value::None)
    {
        let callable = callable.clone();
        let made = machine
            .call(
                &callable.value,
                Args::of(vec![class.clone()], callable.span),
                callable.span,
            )
            .map_err(|stop| stopped(&stop, at))?;
        if let Value::Unknown(unknown) = &made {
            return Err(unknown.gap.clone());
        }
        let items = machine
            .known_items(&made)
            .ok_or_else(|| gap(callable.span, "the labels that it makes cannot be told"))?;
        return items
            .iter()
            .map(|item| {
                let text = terms::text(machine, item, callable.span)?;
                Ok((SmolStr::new(text.as_str()), text.whole()))
            })
            .collect();
    }
    let members = members(machine, class, at)?;
    Ok(members.into_iter().map(|(name, at, _)| (name, at)).collect())
}

/// The other way in which the members of a class could be stored: by their names where a function makes the labels, else by their
/// values, as far as they are text.
fn stored<'a, L: Library<'a>>(
    resolver: &mut Resolver<'_, 'a, L>,
    class: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Known<StoredMembers> {
    let machine = &mut *resolver.machine;
    let callable = terms::keyword(args, "values_callable")?;
    let values = callable.is_some_and(|c| !matches!(c.value, Value::None));
    let members = members(machine, class, at)?;
    if values {
        let otherwise = members.into_iter().map(|(name, ..)| name).collect();
        return Ok(StoredMembers { values, otherwise });
    }
    let mut otherwise = Vec::new();
    for (_, _, member) in members {
        let value = machine
            .attribute(&member, "value", at)
            .map_err(|stop| stopped(&stop, at))?;
        if let Value::Str(text) = value {
            otherwise.push(SmolStr::new(text.as_str()));
        }
    }
    Ok(StoredMembers { values, otherwise })
}

/// The values of a class's members, where all are text.
pub(super) fn values_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: &Value<'a>,
    at: Span,
) -> Option<Labels> {
    let mut out = Vec::new();
    for (_, _, member) in members(machine, class, at).ok()? {
        match machine.attribute(&member, "value", at) {
            Ok(Value::Str(text)) => out.push((SmolStr::new(text.as_str()), text.whole())),
            _ => return None,
        }
    }
    Some(out)
}

/// The members of a class with their names and where those are written, aliases left out.
fn members<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: &Value<'a>,
    at: Span,
) -> Known<Vec<(SmolStr, Span, Value<'a>)>> {
    let members = machine
        .attribute(class, "__members__", at)
        .map_err(|stop| stopped(&stop, at))?;
    let members = machine
        .dict_items(&members)
        .ok_or_else(|| gap(at, "the members of this enum cannot be told"))?;
    let mut out = Vec::new();
    for (key, member) in members {
        let key = terms::text(machine, &key, at)?;
        let name = machine
            .attribute(&member, "name", at)
            .map_err(|stop| stopped(&stop, at))?;
        let Value::Str(name) = name else {
            return Err(gap(at, "the members of this enum cannot be told"));
        };
        if name.as_str() == key.as_str() {
            out.push((SmolStr::new(name.as_str()), name.whole(), member));
        }
    }
    Ok(out)
}
