//! Conversions: which are possible, and the nodes that make them (`parse_coerce.c` of the server).

use smol_str::SmolStr;

use super::CastContext;
use super::literal;
use super::stop::{Outcome, Stop};
use super::types::{Base, Ty, Types};
use crate::schema::{Schema, TypeKind};
use crate::sqltype::catalog::{self, CastMethod, CastRow, Context, RowBase, RowType, Volatility};
use crate::sqltype::{Builtin, Category, Modifier, SqlType};
use crate::tree::{CastStyle, Expr, ExprKind};

/// An analysed expression with its type.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub expr: Expr,
    pub ty: Ty,
    /// `exprTypmod`.
    pub modifier: Option<Modifier>,
    /// It gives rows.
    pub set: bool,
    /// The worst that it calls.
    pub volatility: Volatility,
}

impl Node {
    pub(super) fn new(expr: Expr, ty: Ty) -> Node {
        Node {
            expr,
            ty,
            modifier: None,
            set: false,
            volatility: Volatility::Immutable,
        }
    }

    /// A literal of no type yet.
    pub(super) fn is_unknown_literal(&self) -> bool {
        self.ty.is_unknown() && matches!(self.expr.kind, ExprKind::String(_) | ExprKind::Null)
    }

    pub(super) fn is_const(&self) -> bool {
        matches!(
            self.expr.kind,
            ExprKind::Const(..)
                | ExprKind::Bool(_)
                | ExprKind::Null
                | ExprKind::String(_)
                | ExprKind::Relation(_)
        )
    }
}

/// `find_coercion_pathway`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// By a function; whether it takes the modifier too.
    Function {
        with_modifier: bool,
        volatility: Volatility,
    },
    /// Only the label changes.
    Relabel,
    /// Element by element.
    Array(Volatility),
    /// By the text forms.
    ViaText,
}

/// `coercionform` without the one for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Explicit,
    Implicit,
}

impl Form {
    fn style(self, call: bool) -> CastStyle {
        match (self, call) {
            (Form::Explicit, false) => CastStyle::Explicit,
            (Form::Implicit, false) => CastStyle::Implicit,
            (Form::Explicit, true) => CastStyle::ExplicitCall,
            (Form::Implicit, true) => CastStyle::ImplicitCall,
        }
    }
}

fn allows(asked: CastContext, cast: Context) -> bool {
    match cast {
        Context::Implicit => true,
        Context::Assignment => asked != CastContext::Implicit,
        Context::Explicit => asked == CastContext::Explicit,
    }
}

/// The casts of the catalog and of installed extensions.
pub(super) fn find_cast(types: Types<'_>, source: Ty, target: Ty) -> Option<CastRow> {
    if let (Base::Builtin(s), Base::Builtin(t)) = (source.base, target.base) {
        let row = |base, array| RowType {
            base: RowBase::Builtin(base),
            array,
        };
        if let Some(cast) = catalog::catalog().cast(row(s, source.array), row(t, target.array)) {
            return Some(cast.clone());
        }
    }
    for extension in types.schema.extensions.iter().filter(|e| e.presence.may_be()) {
        let Some(rows) = catalog::extension(extension.name.as_str()) else {
            continue;
        };
        let found = rows.casts.iter().find(|cast| {
            types.of_row(cast.source) == Some(source) && types.of_row(cast.target) == Some(target)
        });
        if let Some(cast) = found {
            return Some(cast.clone());
        }
    }
    None
}

pub(super) fn find_path(types: Types<'_>, source: Ty, target: Ty, context: CastContext) -> Option<Path> {
    let (source, target) = (types.base(source).0, types.base(target).0);
    if source == target {
        return Some(Path::Relabel);
    }
    if let Some(cast) = find_cast(types, source, target) {
        if !allows(context, cast.context) {
            return None;
        }
        return Some(match cast.method {
            CastMethod::Function => Path::Function {
                with_modifier: cast.function_args >= 2,
                volatility: cast.volatility,
            },
            CastMethod::Binary => Path::Relabel,
            CastMethod::InOut => Path::ViaText,
        });
    }
    if source.array
        && target.array
        && let (Some(s), Some(t)) = (source.element(), target.element())
        && let Some(path) = find_path(types, s, t, context)
    {
        return Some(Path::Array(path_volatility(types, path, s, t)));
    }
    let string = |ty| types.category(ty).0 == Category::S;
    let assigned = context != CastContext::Implicit && string(target);
    let written = context == CastContext::Explicit && string(source);
    (assigned || written).then_some(Path::ViaText)
}

fn path_volatility(types: Types<'_>, path: Path, source: Ty, target: Ty) -> Volatility {
    match path {
        Path::Function { volatility, .. } | Path::Array(volatility) => volatility,
        Path::Relabel => Volatility::Immutable,
        Path::ViaText => text_volatility(types, source).max(text_volatility(types, target)),
    }
}

/// How the input and output functions of a type may be relied on (`pg_proc.provolatile` of `typinput` and `typoutput`).
fn text_volatility(types: Types<'_>, ty: Ty) -> Volatility {
    let (ty, _) = types.base(ty);
    let stable = ty.array
        || match ty.base {
            Base::Object(_) => {
                types.is_enum(ty) || types.category(ty).0 == Category::R || !types.is_known(ty)
            }
            Base::Builtin(builtin) => {
                matches!(
                    builtin,
                    Builtin::Regproc
                        | Builtin::Xml
                        | Builtin::Money
                        | Builtin::Aclitem
                        | Builtin::Date
                        | Builtin::Time
                        | Builtin::Timestamp
                        | Builtin::Timestamptz
                        | Builtin::Interval
                        | Builtin::Timetz
                        | Builtin::Regprocedure
                        | Builtin::Regoper
                        | Builtin::Regoperator
                        | Builtin::Regclass
                        | Builtin::Regcollation
                        | Builtin::Regtype
                        | Builtin::Regrole
                        | Builtin::Regnamespace
                        | Builtin::Regconfig
                        | Builtin::Regdictionary
                        | Builtin::Record
                ) || builtin.category() == Category::R
            }
        };
    if stable {
        Volatility::Stable
    } else {
        Volatility::Immutable
    }
}

/// `IsBinaryCoercible`.
pub(super) fn binary_coercible(types: Types<'_>, source: Ty, target: Ty) -> bool {
    if source == target {
        return true;
    }
    let source = types.base(source).0;
    if source == target {
        return true;
    }
    match target.builtin() {
        Some(Builtin::Any | Builtin::Anyelement | Builtin::Anycompatible) => return true,
        Some(Builtin::Anyarray | Builtin::Anycompatiblearray) if source.element().is_some() => return true,
        Some(Builtin::Anynonarray | Builtin::Anycompatiblenonarray) if source.element().is_none() => {
            return true;
        }
        Some(Builtin::Anyenum) if types.is_enum(source) => return true,
        Some(Builtin::Anyrange | Builtin::Anycompatiblerange) if types.range_subtype(source).is_some() => {
            return true;
        }
        Some(Builtin::Anymultirange | Builtin::Anycompatiblemultirange)
            if types.multirange_range(source).is_some() =>
        {
            return true;
        }
        _ => {}
    }
    find_cast(types, source, target)
        .is_some_and(|cast| cast.method == CastMethod::Binary && cast.context == Context::Implicit)
}

/// The polymorphic pseudo-types.
pub(super) fn is_polymorphic(ty: Ty) -> bool {
    ty.builtin().is_some_and(|b| {
        matches!(
            b,
            Builtin::Anyelement
                | Builtin::Anyarray
                | Builtin::Anynonarray
                | Builtin::Anyenum
                | Builtin::Anyrange
                | Builtin::Anymultirange
                | Builtin::Anycompatible
                | Builtin::Anycompatiblearray
                | Builtin::Anycompatiblenonarray
                | Builtin::Anycompatiblerange
                | Builtin::Anycompatiblemultirange
        )
    })
}

/// `can_coerce_type` for one argument that is not polymorphic.
pub(super) fn can_coerce(types: Types<'_>, source: Ty, target: Ty, context: CastContext) -> bool {
    source == target
        || target.builtin() == Some(Builtin::Any)
        || is_polymorphic(target)
        || source.is_unknown()
        || find_path(types, source, target, context).is_some()
}

/// `coerce_type`: converts without regard to the target's modifier, but where the cast does that itself.
pub(super) fn coerce(
    types: Types<'_>,
    node: Node,
    target: Ty,
    modifier: Option<&Modifier>,
    context: CastContext,
    form: Form,
) -> Outcome<Node> {
    if node.ty == target {
        return Ok(node);
    }
    if let Some(pseudo) = target.builtin().filter(|b| b.category() == Category::P) {
        return coerce_to_pseudo(types, node, pseudo);
    }
    if node.is_unknown_literal() {
        return coerce_literal(types, node, target, modifier, context, form);
    }
    if let ExprKind::Collate(inner, collation) = node.expr.kind.clone() {
        let span = node.expr.span;
        let inner = Node { expr: *inner, ..node };
        let mut done = coerce(types, inner, target, modifier, context, form)?;
        if collatable(types, target) {
            done.expr = Expr::new(ExprKind::Collate(Box::new(done.expr), collation), span);
        }
        return Ok(done);
    }
    if !types.is_known(node.ty) || !types.is_known(target) {
        return Err(Stop::gap(
            node.expr.span,
            format!(
                "how {} becomes {} is not known",
                types.name(node.ty),
                types.name(target)
            ),
        ));
    }
    let span = node.expr.span;
    let Some(path) = find_path(types, node.ty, target, context) else {
        return Err(Stop::gap(span, "no conversion is known"));
    };
    let (base, base_modifier) = types.base(target);
    let base_modifier = if base == target {
        modifier.cloned()
    } else {
        base_modifier
    };
    if path == Path::Relabel {
        if base == target {
            return Ok(wrap(node, target, None, form.style(false), Volatility::Immutable));
        }
        let inner = apply_modifier(types, node, base, base_modifier.as_ref(), Form::Implicit)?;
        return Ok(wrap(
            inner,
            target,
            None,
            form.style(false),
            Volatility::Immutable,
        ));
    }
    let domain = base != target;
    // Under a domain's check the conversion is not shown.
    let inner_form = if domain { Form::Implicit } else { form };
    let volatility = path_volatility(types, path, node.ty, base);
    let call = matches!(path, Path::Function { .. });
    let result_modifier = match path {
        Path::Function {
            with_modifier: true, ..
        }
        | Path::Array(_) => base_modifier.clone(),
        _ => None,
    };
    let done = wrap(node, base, result_modifier, inner_form.style(call), volatility);
    if !domain {
        return Ok(done);
    }
    let done = apply_modifier(types, done, base, base_modifier.as_ref(), Form::Implicit)?;
    Ok(wrap(done, target, None, form.style(false), Volatility::Immutable))
}

fn coerce_to_pseudo(types: Types<'_>, node: Node, pseudo: Builtin) -> Outcome<Node> {
    match pseudo {
        Builtin::Anyarray
        | Builtin::Anyenum
        | Builtin::Anyrange
        | Builtin::Anymultirange
        | Builtin::Anycompatiblearray
        | Builtin::Anycompatiblerange
        | Builtin::Anycompatiblemultirange => {
            if node.ty.is_unknown() {
                return Err(Stop::gap(node.expr.span, "a literal of no certain type"));
            }
            let base = types.base(node.ty).0;
            if base == node.ty {
                Ok(node)
            } else {
                Ok(wrap(node, base, None, CastStyle::Implicit, Volatility::Immutable))
            }
        }
        Builtin::Any
        | Builtin::Anyelement
        | Builtin::Anynonarray
        | Builtin::Anycompatible
        | Builtin::Anycompatiblenonarray => Ok(node),
        _ => Err(Stop::gap(node.expr.span, "a value of a pseudo-type")),
    }
}

fn coerce_literal(
    types: Types<'_>,
    node: Node,
    target: Ty,
    modifier: Option<&Modifier>,
    context: CastContext,
    form: Form,
) -> Outcome<Node> {
    let (base, domain_modifier) = types.base(target);
    let base_modifier = if base == target {
        modifier.cloned()
    } else {
        domain_modifier
    };
    let is_interval = base.builtin() == Some(Builtin::Interval);
    let input_modifier = if is_interval { base_modifier.clone() } else { None };
    let span = node.expr.span;
    let kind = match &node.expr.kind {
        ExprKind::String(text) => literal::constant(types, text, base, input_modifier.as_ref(), span)?,
        _ => ExprKind::Const(None, base.to_sql(input_modifier.clone())),
    };
    let mut done = Node::new(Expr::new(kind, span), base);
    done.modifier = input_modifier;
    if base == target {
        return Ok(done);
    }
    let _ = context;
    let done = apply_modifier(types, done, base, base_modifier.as_ref(), Form::Implicit)?;
    Ok(wrap(done, target, None, form.style(false), Volatility::Immutable))
}

fn wrap(node: Node, ty: Ty, modifier: Option<Modifier>, style: CastStyle, volatility: Volatility) -> Node {
    let span = node.expr.span;
    Node {
        expr: Expr::new(
            ExprKind::Cast(Box::new(node.expr), ty.to_sql(modifier.clone()), style),
            span,
        ),
        ty,
        modifier,
        set: node.set,
        volatility: node.volatility.max(volatility),
    }
}

/// `coerce_type_typmod`.
fn apply_modifier(
    types: Types<'_>,
    node: Node,
    ty: Ty,
    modifier: Option<&Modifier>,
    form: Form,
) -> Outcome<Node> {
    if node.modifier.as_ref() == modifier {
        return Ok(node);
    }
    let element = if ty.array { ty.element().unwrap_or(ty) } else { ty };
    let cast = match modifier {
        Some(_) => find_cast(types, element, element).filter(|c| c.method == CastMethod::Function),
        None => None,
    };
    if let Some(cast) = cast {
        return Ok(wrap(
            node,
            ty,
            modifier.cloned(),
            form.style(!ty.array),
            cast.volatility,
        ));
    }
    // Only a label: a constant takes it itself.
    if let ExprKind::Const(text, _) = &node.expr.kind {
        let mut node = node.clone();
        node.expr.kind = ExprKind::Const(text.clone(), ty.to_sql(modifier.cloned()));
        node.modifier = modifier.cloned();
        return Ok(node);
    }
    if !types.is_known(ty) {
        return Err(Stop::gap(
            node.expr.span,
            "how the type takes its modifier is not known",
        ));
    }
    Ok(wrap(
        node,
        ty,
        modifier.cloned(),
        form.style(false),
        Volatility::Immutable,
    ))
}

/// `coerce_to_target_type`: `None` where there is no such conversion.
pub(super) fn coerce_to_target(
    types: Types<'_>,
    node: Node,
    target: &SqlType,
    context: CastContext,
    form: Form,
) -> Outcome<Option<Node>> {
    let span = node.expr.span;
    let Some(ty) = Ty::from_sql(target) else {
        return Err(Stop::gap(span, "the type is not known"));
    };
    let same = node.ty == ty;
    if !same && !node.ty.is_unknown() && !(types.is_known(node.ty) && types.is_known(ty)) {
        let why = format!(
            "how {} becomes {} is not known",
            types.name(node.ty),
            types.name(ty)
        );
        return Err(Stop::gap(span, why));
    }
    if !can_coerce(types, node.ty, ty, context) {
        return match &types.schema.unlisted {
            Some(gap) => Err(Stop::Gap(gap.clone())),
            None => Ok(None),
        };
    }
    let mut collation = None;
    let mut node = node;
    while let ExprKind::Collate(inner, name) = node.expr.kind {
        collation.get_or_insert(name);
        node.expr = *inner;
    }
    let modifier = target.modifier.as_ref();
    let changed = !same;
    let done = coerce(types, node, ty, modifier, context, form)?;
    // A domain's modifier belongs to its check.
    let wanted = if types.is_domain(ty) { None } else { modifier };
    let hide = changed && !done.is_const() && done.modifier.as_ref() != wanted;
    let done = if hide { hidden(done) } else { done };
    let mut done = apply_modifier(types, done, ty, wanted, form)?;
    if let Some(name) = collation
        && collatable(types, ty)
    {
        done.expr = Expr::new(ExprKind::Collate(Box::new(done.expr), name), span);
    }
    Ok(Some(done))
}

/// `hide_coercion_node`.
fn hidden(mut node: Node) -> Node {
    if let ExprKind::Cast(_, _, style) = &mut node.expr.kind {
        *style = match style {
            CastStyle::Explicit | CastStyle::Implicit => CastStyle::Implicit,
            CastStyle::ExplicitCall | CastStyle::ImplicitCall => CastStyle::ImplicitCall,
        };
    }
    node
}

/// `type_is_collatable`.
pub(super) fn collatable(types: Types<'_>, ty: Ty) -> bool {
    let ty = types.base(ty).0;
    let ty = ty.element().unwrap_or(ty);
    match ty.builtin() {
        Some(b) => matches!(
            b,
            Builtin::Text | Builtin::Varchar | Builtin::Bpchar | Builtin::Name
        ),
        None => types.category(ty).0 == Category::S,
    }
}

/// `coerce_to_boolean`; `what` names the construct.
pub(super) fn to_boolean(types: Types<'_>, node: Node, what: &str) -> Outcome<Node> {
    let span = node.expr.span;
    if node.set {
        return Err(Stop::fail(
            "42804",
            format!("argument of {what} must not return a set"),
            span,
        ));
    }
    if node.ty == Ty::BOOL {
        return Ok(node);
    }
    let ty = node.ty;
    let target = Ty::BOOL.to_sql(None);
    match coerce_to_target(types, node, &target, CastContext::Assignment, Form::Implicit)? {
        Some(node) => Ok(node),
        None => Err(Stop::fail(
            "42804",
            format!(
                "argument of {what} must be type boolean, not type {}",
                types.name(ty)
            ),
            span,
        )),
    }
}

/// `select_common_type`: `None` where the types do not match.
pub(super) fn common_type(types: Types<'_>, all: &[Ty]) -> Option<Ty> {
    let first = *all.first()?;
    if !first.is_unknown() && all.iter().all(|ty| *ty == first) {
        return Some(first);
    }
    let mut chosen = types.base(first).0;
    for ty in all {
        let ty = types.base(*ty).0;
        if ty.is_unknown() || ty == chosen {
            continue;
        }
        let (category, preferred) = types.category(chosen);
        if chosen.is_unknown() {
            chosen = ty;
        } else if types.category(ty).0 != category {
            return None;
        } else if !preferred
            && can_coerce(types, chosen, ty, CastContext::Implicit)
            && !can_coerce(types, ty, chosen, CastContext::Implicit)
        {
            chosen = ty;
        }
    }
    Some(if chosen.is_unknown() { Ty::TEXT } else { chosen })
}

/// `select_common_type` for nodes; `what` names the construct.
pub(super) fn common_type_of(types: Types<'_>, nodes: &[&Node], what: &str) -> Outcome<Ty> {
    let all: Vec<Ty> = nodes.iter().map(|n| n.ty).collect();
    if let Some(odd) = nodes.iter().find(|n| !types.is_known(n.ty)) {
        let same = all.iter().all(|ty| *ty == odd.ty);
        if !same {
            let why = format!(
                "what {} has in common with other types is not known",
                types.name(odd.ty)
            );
            return Err(Stop::gap(odd.expr.span, why));
        }
    }
    common_type(types, &all).ok_or_else(|| mismatch(types, nodes, what))
}

fn mismatch(types: Types<'_>, nodes: &[&Node], what: &str) -> Stop {
    let known: Vec<&&Node> = nodes.iter().filter(|n| !n.ty.is_unknown()).collect();
    let first = known.first().map_or(Ty::UNKNOWN, |n| types.base(n.ty).0);
    let other = known
        .iter()
        .find(|n| types.category(n.ty).0 != types.category(first).0);
    match other {
        Some(other) => Stop::fail(
            "42804",
            format!(
                "{what} types {} and {} cannot be matched",
                types.name(first),
                types.name(other.ty)
            ),
            other.expr.span,
        ),
        None => Stop::fail(
            "42804",
            format!("{what} types cannot be matched"),
            crate::source::Span::new(crate::source::FileId(0), 0, 0),
        ),
    }
}

/// `coerce_to_common_type`.
pub(super) fn to_common(types: Types<'_>, node: Node, ty: Ty, what: &str) -> Outcome<Node> {
    if node.ty == ty {
        return Ok(node);
    }
    if can_coerce(types, node.ty, ty, CastContext::Implicit) {
        return coerce(types, node, ty, None, CastContext::Implicit, Form::Implicit);
    }
    if let Some(gap) = &types.schema.unlisted {
        return Err(Stop::Gap(gap.clone()));
    }
    Err(Stop::fail(
        "42846",
        format!(
            "{what} could not convert type {} to {}",
            types.name(node.ty),
            types.name(ty)
        ),
        node.expr.span,
    ))
}

/// The modifier that expressions of one type share (`exprTypmod` of CASE, COALESCE, ARRAY and the like).
pub(super) fn common_modifier(ty: Ty, nodes: &[Node]) -> Option<Modifier> {
    let first = nodes.first()?.modifier.clone()?;
    nodes
        .iter()
        .all(|n| n.ty == ty && n.modifier.as_ref() == Some(&first))
        .then_some(first)
}

/// The labels of an enum, where all are known.
pub(super) fn enum_labels(schema: &Schema, ty: Ty) -> Option<&Vec<SmolStr>> {
    let Base::Object(id) = ty.base else {
        return None;
    };
    match &schema.types.get(id)?.kind {
        TypeKind::Enum(labels) => labels.known(),
        _ => None,
    }
}
