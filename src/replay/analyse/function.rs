//! Calls: which function they mean and what is converted for it (`ParseFuncOrColumn`, `func_get_detail`).

use super::CastContext;
use super::coerce::{Form, Node, Path, coerce, find_path};
use super::poly;
use super::select::{Choice, Takes, choose};
use super::stop::{Outcome, Stop};
use super::types::{Base, Ty, Types};
use crate::name::{Name, QualifiedName};
use crate::schema::Function;
use crate::source::Span;
use crate::sqltype::Builtin;
use crate::sqltype::catalog::{self, FunctionKind, FunctionRow, Volatility};
use crate::tree::expr::Call;
use crate::tree::{Expr, ExprKind};

/// A function that the search path finds, fitted to the number of arguments of a call.
#[derive(Debug, Clone)]
struct Candidate {
    /// In the order of the call's arguments, variadic ones spelled out.
    args: Vec<Ty>,
    /// Types of the parameters left to their defaults.
    defaulted: Vec<Ty>,
    returns: Ty,
    set: bool,
    kind: FunctionKind,
    volatility: Volatility,
    /// How many of the call's last arguments its variadic parameter takes.
    spread: usize,
    /// The element type of its variadic parameter.
    variadic: Option<Ty>,
    schema: Option<Name>,
    /// Its place on the search path, `pg_catalog` first.
    path: usize,
    certain: bool,
    /// Several that cannot be told apart.
    ambiguous: bool,
    /// Its output parameters.
    outputs: Vec<(Name, Ty)>,
}

impl Takes for Candidate {
    fn args(&self) -> &[Ty] {
        &self.args
    }
}

/// A function's parameters before they are fitted to a call.
struct Declared<'a> {
    args: Vec<Ty>,
    names: Vec<Option<&'a str>>,
    defaults: usize,
    variadic: bool,
}

/// How a call names and counts its arguments.
struct Shape<'a> {
    count: usize,
    named: Vec<&'a str>,
    /// `VARIADIC` is written: the last argument is the array itself.
    spread: bool,
}

/// Parameters fitted to a call: types in the call's order, types left to defaults, how many are spread.
struct Fitted {
    args: Vec<Ty>,
    defaulted: Vec<Ty>,
    spread: usize,
}

fn fit(declared: &Declared<'_>, shape: &Shape<'_>) -> Option<Fitted> {
    if !shape.named.is_empty() {
        return fit_named(declared, shape);
    }
    let (wanted, given) = (declared.args.len(), shape.count);
    if declared.variadic && !shape.spread && wanted <= given {
        let last = *declared.args.last()?;
        let element = element_of_variadic(last)?;
        let mut args = declared.args.clone();
        args.pop();
        args.resize(given, element);
        return Some(Fitted {
            args,
            defaulted: Vec::new(),
            spread: given - wanted + 1,
        });
    }
    if wanted < given || wanted > given + declared.defaults {
        return None;
    }
    let (args, defaulted) = declared.args.split_at_checked(given)?;
    Some(Fitted {
        args: args.to_vec(),
        defaulted: defaulted.to_vec(),
        spread: 0,
    })
}

/// `MatchNamedCall`.
fn fit_named(declared: &Declared<'_>, shape: &Shape<'_>) -> Option<Fitted> {
    let wanted = declared.args.len();
    let positional = shape.count.checked_sub(shape.named.len())?;
    if shape.count > wanted || declared.names.len() < wanted || (declared.variadic && !shape.spread) {
        return None;
    }
    let mut used = vec![false; wanted];
    let mut args = Vec::with_capacity(shape.count);
    for i in 0..positional {
        *used.get_mut(i)? = true;
        args.push(*declared.args.get(i)?);
    }
    for name in &shape.named {
        let at = declared.names.iter().position(|n| *n == Some(*name))?;
        if std::mem::replace(used.get_mut(at)?, true) {
            return None;
        }
        args.push(*declared.args.get(at)?);
    }
    let mut defaulted = Vec::new();
    for (at, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        if at + declared.defaults < wanted {
            return None;
        }
        defaulted.push(*declared.args.get(at)?);
    }
    Some(Fitted {
        args,
        defaulted,
        spread: 0,
    })
}

fn element_of_variadic(array: Ty) -> Option<Ty> {
    match array.builtin() {
        Some(Builtin::Any) => Some(array),
        Some(Builtin::Anyarray) => Some(Ty::of(Builtin::Anyelement)),
        Some(Builtin::Anycompatiblearray) => Some(Ty::of(Builtin::Anycompatible)),
        _ => array.element(),
    }
}

/// All functions of a name, as a call of this shape could mean them.
struct Search<'a> {
    types: Types<'a>,
    shape: &'a Shape<'a>,
    found: Vec<Candidate>,
    /// Some function of the name exists, whatever it takes.
    any: bool,
}

impl<'a> Search<'a> {
    fn rows(&mut self, rows: &'static [FunctionRow], schema: Option<&Name>, path: usize, certain: bool) {
        for row in rows {
            self.any = true;
            let args: Option<Vec<Ty>> = row.args.iter().map(|ty| self.types.of_row(*ty)).collect();
            let (Some(args), Some(returns)) = (args, self.types.of_row(row.returns)) else {
                continue;
            };
            let declared = Declared {
                args,
                names: row.arg_names.iter().map(|n| Some(*n)).collect(),
                defaults: row.defaults,
                variadic: row.variadic,
            };
            let like = Candidate {
                args: Vec::new(),
                defaulted: Vec::new(),
                returns,
                set: row.set,
                kind: row.kind,
                volatility: row.volatility,
                spread: 0,
                variadic: None,
                schema: schema.cloned(),
                path,
                certain,
                ambiguous: false,
                outputs: row
                    .outputs
                    .iter()
                    .filter_map(|(name, ty)| Some((Name::new(name), self.types.of_row(*ty)?)))
                    .collect(),
            };
            self.add(&declared, like);
        }
    }

    /// A function of the schema. Which of its parameters are variadic is not recorded: none is taken to be.
    fn function(&mut self, function: &Function, path: usize) -> Option<()> {
        self.any = true;
        let inputs: Vec<_> = function.parameters.list.iter().filter(|p| p.2).collect();
        let declared = Declared {
            args: inputs.iter().map(|p| Ty::from_sql(&p.1)).collect::<Option<_>>()?,
            names: inputs.iter().map(|p| p.0.as_ref().map(Name::as_str)).collect(),
            defaults: inputs.iter().rev().take_while(|p| p.4.is_some()).count(),
            variadic: false,
        };
        let returns = function.returns.as_ref().and_then(Ty::from_sql);
        let like = Candidate {
            args: Vec::new(),
            defaulted: Vec::new(),
            returns: returns.unwrap_or(Ty::of(Builtin::Void)),
            set: function.set,
            kind: if function.procedure {
                FunctionKind::Procedure
            } else {
                FunctionKind::Function
            },
            volatility: if function.immutable {
                Volatility::Immutable
            } else {
                Volatility::Volatile
            },
            spread: 0,
            variadic: None,
            schema: Some(self.types.schema.namespaces[function.namespace].name.clone()),
            path,
            certain: function.presence.is_present() && returns.is_some(),
            ambiguous: false,
            outputs: function
                .parameters
                .list
                .iter()
                .filter(|p| p.3)
                .filter_map(|p| Some((p.0.clone()?, Ty::from_sql(&p.1)?)))
                .collect(),
        };
        self.add(&declared, like);
        Some(())
    }

    fn add(&mut self, declared: &Declared<'_>, like: Candidate) {
        let Some(fitted) = fit(declared, self.shape) else {
            return;
        };
        let new = Candidate {
            args: fitted.args,
            defaulted: fitted.defaulted,
            spread: fitted.spread,
            variadic: declared
                .variadic
                .then(|| declared.args.last().copied().and_then(element_of_variadic))
                .flatten(),
            ..like
        };
        // Of those that take the same, the first on the path, then one that is not variadic.
        if let Some(at) = self.found.iter().position(|old| old.args == new.args)
            && let Some(old) = self.found.get_mut(at)
        {
            let better = (new.path, new.spread > 0) < (old.path, old.spread > 0);
            let worse = (new.path, new.spread > 0) > (old.path, old.spread > 0);
            if better {
                *old = new;
            } else if !worse {
                old.ambiguous = true;
            }
            return;
        }
        self.found.push(new);
    }
}

fn search<'a>(
    types: Types<'a>,
    name: &QualifiedName,
    shape: &'a Shape<'a>,
    only_catalog: bool,
) -> Search<'a> {
    let mut search = Search {
        types,
        shape,
        found: Vec::new(),
        any: false,
    };
    let schema = types.schema;
    let in_catalog = only_catalog || name.schema.as_ref().is_none_or(|s| *s == "pg_catalog");
    if in_catalog {
        search.rows(catalog::catalog().functions(name.name.as_str()), None, 0, true);
    }
    if only_catalog {
        return search;
    }
    let place = |namespace: &Name| match &name.schema {
        Some(wanted) => (wanted == namespace).then_some(1),
        None => schema
            .search_path
            .iter()
            .position(|p| p == namespace)
            .map(|p| p + 1),
    };
    for extension in schema.extensions.iter().filter(|e| e.presence.may_be()) {
        let namespace = &schema.namespaces[extension.namespace].name;
        if let Some(path) = place(namespace)
            && let Some(rows) = catalog::extension(extension.name.as_str())
        {
            let certain = extension.presence.is_present();
            search.rows(rows.functions(name.name.as_str()), Some(namespace), path, certain);
        }
    }
    for (_, function) in schema.functions.iter() {
        let listed = function
            .extension
            .as_ref()
            .is_some_and(|e| catalog::extension(e.as_str()).is_some());
        if function.name == name.name
            && function.presence.may_be()
            && !listed
            && let Some(path) = place(&schema.namespaces[function.namespace].name)
        {
            search.function(function, path);
        }
    }
    search
}

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
