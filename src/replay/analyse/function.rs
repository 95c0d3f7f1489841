//! Calls: which function they mean and what is converted for it (`ParseFuncOrColumn`, `func_get_detail`).

use super::CastContext;
use super::candidate::{Candidate, Shape, search};
use super::coerce::{Form, Node, coerce};
use super::path::{Path, find_path};
use super::poly;
use super::select::{Choice, choose};
use super::stop::{Outcome, Stop};
use super::types::{Base, Ty, Types};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::sqltype::Builtin;
use crate::sqltype::catalog::{self, FunctionKind};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

/// What a call comes to besides its node: needed where aggregates are allowed.
pub(super) struct Called {
    pub node: Node,
    pub kind: FunctionKind,
    /// Output parameters: the columns of the rows that it gives.
    pub outputs: Vec<(Name, Ty)>,
}

/// Resolves a call whose arguments are analysed: positional ones, then named ones.
pub(super) fn call(types: Types<'_>, call: &Call, args: Vec<Node>, span: Span) -> Outcome<Called> {
    let shape = Shape {
        count: args.len(),
        named: call.named.iter().map(|(name, _)| name.as_str()).collect(),
        spread: call.variadic,
    };
    if let Some(odd) = args.iter().find(|a| !types.is_known(a.ty)) {
        return odd_argument(types, call, &shape, odd, span);
    }
    let actual: Vec<Ty> = args.iter().map(|a| a.ty).collect();
    let search = search(types, &call.name, &shape, call.sql_syntax);
    let any = search.any;
    let exact = search.found.iter().find(|c| c.args == actual).cloned();
    let choice = match exact {
        Some(candidate) => Choice::One(candidate),
        None => {
            if let [arg] = args.as_slice()
                && shape.named.is_empty()
                && let Some(target) = as_type(types, &call.name)
                && is_coercion(types, arg, target)
            {
                let [arg] = <[Node; 1]>::try_from(args).map_err(|_| Stop::gap(span, "a cast"))?;
                let node = coerce(types, arg, target, None, CastContext::Explicit, Form::Explicit)?;
                return Ok(Called {
                    node,
                    kind: FunctionKind::Function,
                    outputs: Vec::new(),
                });
            }
            choose(types, &actual, search.found)
        }
    };
    match choice {
        Choice::One(candidate) if candidate.ambiguous || !candidate.certain => Err(Stop::gap(
            span,
            format!("which function {} is meant cannot be told", call.name),
        )),
        Choice::One(candidate) => {
            visible(types, call, &shape, &candidate, &actual, span)?;
            build(types, call, candidate, args, span)
        }
        Choice::None => Err(missing(types, call, &actual, any, span)),
        Choice::Several => Err(match &types.schema.unlisted {
            Some(gap) => Stop::Gap(gap.clone()),
            None => Stop::fail(
                "42725",
                format!("function {} is not unique", signature(types, &call.name, &actual)),
                span,
            ),
        }),
    }
}

/// An argument of a type that is not known in full. One function that takes exactly these is still certain.
fn odd_argument(types: Types<'_>, call: &Call, shape: &Shape<'_>, odd: &Node, span: Span) -> Outcome<Called> {
    let _ = (call, shape);
    Err(Stop::gap(
        span,
        format!("what functions do with {} is not known", types.name(odd.ty)),
    ))
}

/// The server prints a function with its schema where the name alone would find another one.
fn visible(
    types: Types<'_>,
    call: &Call,
    shape: &Shape<'_>,
    chosen: &Candidate,
    actual: &[Ty],
    span: Span,
) -> Outcome<()> {
    let Some(schema) = &chosen.schema else {
        return Ok(());
    };
    if call.name.schema.is_none() || !types.schema.search_path.contains(schema) {
        return Ok(());
    }
    let bare = QualifiedName::bare(call.name.name.clone());
    let search = search(types, &bare, shape, false);
    let found = match search.found.iter().find(|c| c.args == actual).cloned() {
        Some(candidate) => Choice::One(candidate),
        None => choose(types, actual, search.found),
    };
    match found {
        Choice::One(other) if other.schema.as_ref() == Some(schema) && other.args == chosen.args => Ok(()),
        _ => Err(Stop::gap(
            span,
            "a function that another one of the same name hides",
        )),
    }
}

fn signature(types: Types<'_>, name: &QualifiedName, actual: &[Ty]) -> String {
    let args: Vec<String> = actual.iter().map(|ty| types.name(*ty)).collect();
    format!("{name}({})", args.join(", "))
}

/// No function fits. A name that nothing made is presumed to have been there; wrong arguments are a failure.
fn missing(types: Types<'_>, call: &Call, actual: &[Ty], any: bool, span: Span) -> Stop {
    let schema = types.schema;
    if let Some(gap) = &schema.unlisted {
        return Stop::Gap(gap.clone());
    }
    let places: Vec<&Name> = match &call.name.schema {
        Some(place) => vec![place],
        None => schema.search_path.iter().collect(),
    };
    if let Some(gap) = schema.hiding_gap(&places) {
        return Stop::Gap(gap.clone());
    }
    let opaque = schema
        .extensions
        .iter()
        .any(|e| e.presence.may_be() && catalog::extension(e.name.as_str()).is_none());
    let dropped = schema
        .functions
        .iter()
        .any(|(_, f)| f.name == call.name.name && f.presence.is_dropped());
    if opaque || (!any && !dropped) {
        return Stop::gap(span, format!("no migration creates the function {}", call.name));
    }
    Stop::fail(
        "42883",
        format!("function {} does not exist", signature(types, &call.name, actual)),
        span,
    )
}

/// `FuncNameAsType`.
fn as_type(types: Types<'_>, name: &QualifiedName) -> Option<Ty> {
    let in_catalog = name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
    if in_catalog && let Some(builtin) = Builtin::from_typname(name.name.as_str()) {
        return Some(Ty::of(builtin));
    }
    let places: Vec<&Name> = match &name.schema {
        Some(place) => vec![place],
        None => types.schema.search_path.iter().collect(),
    };
    let id = places.iter().find_map(|place| {
        let namespace = types.schema.namespace(place)?;
        types.schema.type_names.get(namespace, &name.name)
    })?;
    Some(Ty {
        base: Base::Object(id),
        array: false,
    })
}

fn is_coercion(types: Types<'_>, arg: &Node, target: Ty) -> bool {
    arg.is_unknown_literal()
        || matches!(
            find_path(types, arg.ty, target, CastContext::Explicit),
            Some(Path::Relabel | Path::ViaText)
        )
}

fn build(types: Types<'_>, call: &Call, chosen: Candidate, args: Vec<Node>, span: Span) -> Outcome<Called> {
    if chosen.kind == FunctionKind::Procedure {
        let actual: Vec<Ty> = args.iter().map(|a| a.ty).collect();
        let message = format!("{} is a procedure", signature(types, &call.name, &actual));
        return Err(Stop::fail("42809", message, span));
    }
    let plain = chosen.kind == FunctionKind::Function;
    if plain
        && (call.star || call.distinct || call.over || call.filter.is_some() || !call.order_by.is_empty())
    {
        let message = format!("{} is not an aggregate function", call.name);
        return Err(Stop::fail("42809", message, span));
    }
    let mut actual: Vec<Ty> = args.iter().map(|a| a.ty).collect();
    let mut declared = chosen.args.clone();
    actual.extend(&chosen.defaulted);
    declared.extend(&chosen.defaulted);
    let returns = poly::enforce(types, &actual, &mut declared, chosen.returns)
        .ok_or_else(|| Stop::gap(span, "a polymorphic function of no certain type"))?;
    let mut volatility = chosen.volatility;
    let mut set = chosen.set;
    let mut done = Vec::with_capacity(args.len());
    for (arg, ty) in args.into_iter().zip(&declared) {
        set |= arg.set;
        let arg = coerce(types, arg, *ty, None, CastContext::Implicit, Form::Implicit)?;
        volatility = volatility.max(arg.volatility);
        done.push(arg);
    }
    let spread_any = chosen
        .variadic
        .is_some_and(|ty| ty.builtin() == Some(Builtin::Any));
    let mut variadic = call.variadic && chosen.variadic.is_some();
    if chosen.spread > 0 && !spread_any {
        let at = done.len().saturating_sub(chosen.spread);
        let items: Vec<Node> = done.split_off(at);
        let element = items.first().map_or(Ty::UNKNOWN, |n| n.ty);
        let array = element
            .array_of()
            .ok_or_else(|| Stop::gap(span, "a variadic call of no certain type"))?;
        let items = items.into_iter().map(|n| n.expr).collect();
        done.push(Node::new(Expr::new(ExprKind::Array(items), span), array));
        variadic = true;
    }
    let named_at = done.len().saturating_sub(call.named.len());
    let named = done.split_off(named_at);
    let sql_syntax = call.sql_syntax && !is_pattern(&call.name, &chosen);
    if call.sql_syntax && untold_form(&call.name, &chosen, &done) {
        return Err(Stop::gap(span, "a form of a call that is not printed"));
    }
    let kind = ExprKind::Call(Box::new(Call {
        name: QualifiedName {
            schema: chosen.schema,
            name: call.name.name.clone(),
        },
        args: done.into_iter().map(|n| n.expr).collect(),
        named: call
            .named
            .iter()
            .zip(named)
            .map(|((name, _), node)| (name.clone(), node.expr))
            .collect(),
        variadic,
        sql_syntax,
        ..call.clone()
    }));
    let mut node = Node::new(Expr::new(kind, span), returns);
    node.set = set;
    node.volatility = volatility;
    Ok(Called {
        node,
        kind: chosen.kind,
        outputs: chosen.outputs,
    })
}

/// `SUBSTRING(x FROM pattern)` is printed as a call: only positions have the form.
fn is_pattern(name: &QualifiedName, chosen: &Candidate) -> bool {
    name.name == *"substring" && chosen.args.len() == 2 && chosen.args.get(1) == Some(&Ty::TEXT)
}

/// The printer tells a pattern of three arguments by its being a literal.
fn untold_form(name: &QualifiedName, chosen: &Candidate, args: &[Node]) -> bool {
    name.name == *"substring"
        && chosen.args.len() == 3
        && chosen.args.get(1) == Some(&Ty::TEXT)
        && !args
            .get(1)
            .is_some_and(|a| matches!(a.expr.kind, ExprKind::Const(Some(_), _)))
}
