//! Indexes: `Index(name, *expressions, **options)`.

use smol_str::SmolStr;

use super::{IndexDef, constraint};
use crate::change::{Change, IndexElement};
use crate::interpret::python::{Args, Argument, Library, Machine, TermKind, Value};
use crate::name::{MAX_BYTES, Name, quote};
use crate::source::{Span, Text};
use crate::sql::Statement;
use crate::stacks::sqlalchemy::expression::{self, Scope};
use crate::stacks::sqlalchemy::terms::{self, Known, gap};
use crate::tree::{ColumnName, Expr, ExprKind};

/// Reads an `Index(...)`; `None` where the value is none.
pub fn index<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Option<IndexDef> {
    let args = terms::call_of(machine, value, "Index")?.clone();
    let name = args.get(0, "name").cloned();
    let keys: Known<Vec<Argument<'a>>> = match &args.open {
        Some(gap) => Err(gap.clone()),
        None => Ok(args.positional.iter().skip(1).cloned().collect()),
    };
    let mut def = index_of(machine, name.as_ref(), keys, &args, scope, at);
    if let Value::Term(term) = value {
        def.term = Some(term.id);
    }
    Some(def)
}

/// Reads the parts of an index: its name, its keys, and the options among keywords (`unique=`, `postgresql_where=`, ...).
pub fn index_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: Option<&Argument<'a>>,
    keys: Known<Vec<Argument<'a>>>,
    args: &Args<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> IndexDef {
    let classes = operator_classes(machine, args.keyword("postgresql_ops"));
    let mut columns = Vec::new();
    let elements = keys.and_then(|keys| {
        let mut elements = Vec::new();
        for key in &keys {
            let class = match (&classes, key_of(machine, &key.value, scope)) {
                (Ok(classes), Some(key)) => classes.iter().find(|(k, _)| *k == key).map(|(_, c)| c.clone()),
                (Err(gap), Some(_)) => return Err(gap.clone()),
                (_, None) => None,
            };
            columns.extend(column_in(machine, &key.value, scope));
            elements.push(element(machine, &key.value, class.as_deref(), scope, key.span)?);
        }
        Ok(elements)
    });
    let method = terms::maybe_text(machine, args, usize::MAX, "postgresql_using").map(|text| {
        text.filter(|t| !t.as_str().is_empty()).map_or_else(
            || "btree".into(),
            |t| SmolStr::new(t.as_str().to_ascii_lowercase()),
        )
    });
    let predicate = match terms::keyword(args, "postgresql_where") {
        Ok(Some(a)) if !matches!(a.value, Value::None) => {
            let a = a.clone();
            expression::expr_of(machine, &a.value, scope, a.span).map(Some)
        }
        Ok(_) => Ok(None),
        Err(gap) => Err(gap),
    };
    IndexDef {
        name: constraint::given(machine, name),
        name_span: name.map_or(at, |n| n.span),
        elements,
        columns,
        unique: terms::flag(args, "unique", false),
        method,
        include: constraint::names(machine, args.keyword("postgresql_include"), scope),
        predicate,
        nulls_not_distinct: terms::flag(args, "postgresql_nulls_not_distinct", false),
        parameters: args.keyword("postgresql_with").is_some(),
        concurrently: terms::flag(args, "postgresql_concurrently", false),
        term: None,
        span: at,
    }
}

/// `postgresql_ops={"column": "class"}`.
fn operator_classes<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    argument: Option<&Argument<'a>>,
) -> Known<Vec<(SmolStr, SmolStr)>> {
    let Some(argument) = argument else {
        return Ok(Vec::new());
    };
    let items = machine
        .dict_items(&argument.value)
        .ok_or_else(|| gap(argument.span, "the operator classes cannot be told"))?;
    let mut out = Vec::new();
    for (key, class) in items {
        let key = terms::text(machine, &key, argument.span)?;
        let class = terms::text(machine, &class, argument.span)?;
        out.push((SmolStr::new(key.as_str()), SmolStr::new(class.as_str())));
    }
    Ok(out)
}

/// The key that an expression of an index is known by.
fn key_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
) -> Option<SmolStr> {
    if let Some((_, "label", args)) = terms::method(value) {
        return args.positional.first()?.value.as_str().map(SmolStr::new);
    }
    if let Value::Str(text) = value {
        return Some(SmolStr::new(text.as_str()));
    }
    if let Some(args) = terms::call_of(machine, value, "literal_column") {
        return args.positional.first()?.value.as_str().map(SmolStr::new);
    }
    let column = expression::column(machine, value, scope)?;
    let known = scope.keys.iter().find(|(_, c)| c.name == column.name);
    Some(known.map_or_else(|| SmolStr::new(column.name.as_str()), |(key, _)| key.clone()))
}

/// The column in an expression that is one, sorted or not.
fn column_in<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
) -> Option<Name> {
    let (core, _) = peel(machine, value, 0);
    match &core {
        Value::Str(_) => constraint::column_name(machine, &core, scope, terms::span_of(&core)?).ok(),
        _ => expression::column(machine, &core, scope).map(|c| c.name),
    }
}

/// An expression without what sorts it, and what sorts it.
fn peel<'a, L: Library<'a>>(machine: &Machine<'a, L>, value: &Value<'a>, depth: u32) -> (Value<'a>, String) {
    let suffix = |name: &str| match name {
        "desc" => Some(" DESC"),
        "asc" => Some(" ASC"),
        "nulls_first" | "nullsfirst" => Some(" NULLS FIRST"),
        "nulls_last" | "nullslast" => Some(" NULLS LAST"),
        "label" => Some(""),
        _ => None,
    };
    let inner = if depth > 8 {
        None
    } else if let Some((object, name, _)) = terms::method(value)
        && terms::member(machine, value.as_call().map_or(value, |(callee, _)| callee)).is_none()
    {
        suffix(name).map(|suffix| (object.clone(), suffix))
    } else if let Some((member, args)) = terms::call(machine, value) {
        match (
            member.is(member.name()).then(|| suffix(member.name())).flatten(),
            args.positional.first(),
        ) {
            (Some(suffix), Some(first)) => Some((first.value.clone(), suffix)),
            _ => None,
        }
    } else {
        None
    };
    match inner {
        Some((inner, suffix)) => {
            let (core, before) = peel(machine, &inner, depth + 1);
            (core, before + suffix)
        }
        None => (value.clone(), String::new()),
    }
}

/// A key of an index: a column's key, a column, SQL text or an expression.
pub(super) fn element<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    class: Option<&str>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<IndexElement> {
    let (core, suffix) = peel(machine, value, 0);
    let text = match &core {
        Value::Str(_) => {
            let name = constraint::column_name(machine, &core, scope, at)?;
            if class.is_none() && suffix.is_empty() && (1..=MAX_BYTES).contains(&name.as_str().len()) {
                return Ok(plain(name, terms::span_of(&core).unwrap_or(at)));
            }
            Text::composed([(quote(name.as_str()), terms::span_of(&core).unwrap_or(at), false)])
        }
        Value::Unknown(unknown) => return Err(unknown.gap.clone()),
        _ => expression::text_of(machine, &core, scope, at)?,
    };
    let bare = is_bare(machine, &core, scope);
    let mut runs = vec![("CREATE INDEX ON t (".to_owned(), at, false)];
    if !bare {
        runs.push(("(".to_owned(), at, false));
    }
    runs.extend(text.runs());
    if !bare {
        runs.push((")".to_owned(), at, false));
    }
    let class = class.map(|c| format!(" {c}")).unwrap_or_default();
    runs.push((format!("{class}{suffix})"), at, false));
    read(&Text::composed(runs), at)
}

/// A column as a key.
fn plain(name: Name, span: Span) -> IndexElement {
    let kind = ExprKind::Column(ColumnName {
        qualifiers: Vec::new(),
        name,
    });
    IndexElement {
        expr: Expr { kind, span },
        collation: None,
        opclass: None,
        opclass_options: None,
        descending: false,
        nulls_first: None,
    }
}

/// Whether an expression stands in an index without parentheses around it.
fn is_bare<'a, L: Library<'a>>(machine: &mut Machine<'a, L>, value: &Value<'a>, scope: &Scope<'a>) -> bool {
    if matches!(value, Value::Str(_)) || expression::column(machine, value, scope).is_some() {
        return true;
    }
    match value {
        Value::Term(term) if matches!(term.kind, TermKind::Call(..)) => match terms::call(machine, value) {
            Some((member, _)) => {
                member.origin == terms::Origin::Function
                    || matches!(member.name(), "text" | "literal_column" | "collate")
            }
            None => matches!(terms::method(value), Some((_, "collate", _))),
        },
        _ => false,
    }
}

fn read(text: &Text, at: Span) -> Known<IndexElement> {
    let statements = crate::sql::read(text);
    let [only] = statements.as_slice() else {
        return Err(gap(at, "is no key of an index that could be read"));
    };
    match &only.statement {
        Statement::Changes(changes) => match changes.as_slice() {
            [Change::CreateIndex(spec)] if spec.elements.len() == 1 => spec
                .elements
                .first()
                .cloned()
                .ok_or_else(|| gap(at, "is no key of an index that could be read")),
            _ => Err(gap(at, "is no key of an index that could be read")),
        },
        Statement::Opaque(gap) => Err(gap.clone()),
        _ => Err(gap(at, "is no key of an index that could be read")),
    }
}
