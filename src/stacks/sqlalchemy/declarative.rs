//! Classes that declare tables: which ones do, under what name, and which attributes of theirs become columns in which order.
//!
//! Source: `_ClassScanMapperConfig` (`sqlalchemy/orm/decl_base.py`), `NameMixin` and `camel_to_snake_case`
//! (`flask_sqlalchemy/model.py`), `SQLModelMetaclass` (`sqlmodel/main.py`).

use crate::interpret::python::dotted;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::merging::merged;
use super::semantics::is_declared_attr;
use super::tablename::generated;
use super::terms::{self, Known, Origin};
use crate::declared::Like;
use crate::interpret::python::{Annotation, ClassId, Library, Machine, Member, TermKind, Value};
use crate::known::Gap;
use crate::source::Span;

/// What a base of a library makes of the classes that derive from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BaseKind {
    /// `DeclarativeBase`: the class that derives from it directly is the base.
    Class,
    /// `declarative_base()`, `registry().generate_base()`: a base itself.
    Made,
    /// `db.Model`.
    Flask,
    /// `SQLModel`.
    Sqlmodel,
}

/// What a value is as a base of classes.
pub(super) fn base_kind<'a, L: Library<'a>>(machine: &Machine<'a, L>, base: &Value<'a>) -> Option<BaseKind> {
    if let Some((callee, _)) = base.as_call() {
        let name = match callee {
            Value::Term(term) => match &term.kind {
                TermKind::Path(path) => dotted::last(path).to_owned(),
                TermKind::Attribute(_, name) => name.to_string(),
                _ => return None,
            },
            _ => return None,
        };
        return matches!(
            name.as_str(),
            "declarative_base" | "generate_base" | "automap_base" | "make_declarative_base"
        )
        .then_some(BaseKind::Made);
    }
    let member = terms::member(machine, base)?;
    match (member.origin, member.name()) {
        (Origin::Core, "DeclarativeBase" | "DeclarativeBaseNoMeta") => Some(BaseKind::Class),
        (Origin::Sqlmodel, "SQLModel") => Some(BaseKind::Sqlmodel),
        // The package's own class is what `db.Model` is made of, as `model_class` would be: no metaclass maps what derives from it.
        (Origin::Package, "Model") if member.package() == "flask_sqlalchemy" => {
            base.as_path().is_none().then_some(BaseKind::Flask)
        }
        (Origin::Package, _) if super::brought::metadata(&member.path).is_some() => Some(BaseKind::Made),
        _ => None,
    }
}

/// Whether a decorator maps the class that it stands on, or makes it a base.
pub(super) fn decorates<'a, L: Library<'a>>(machine: &Machine<'a, L>, decorator: &Value<'a>) -> bool {
    maps(machine, decorator) || makes_base(machine, decorator)
}

/// `@registry.mapped`, `@registry.mapped_as_dataclass(...)`.
fn maps<'a, L: Library<'a>>(machine: &Machine<'a, L>, decorator: &Value<'a>) -> bool {
    let inner = decorator.as_call().map_or(decorator, |(callee, _)| callee);
    match inner {
        Value::Term(term) => match &term.kind {
            TermKind::Attribute(object, name) => {
                matches!(name.as_str(), "mapped" | "mapped_as_dataclass")
                    && (terms::call_of(machine, object, "registry").is_some()
                        || matches!(object, Value::Term(t) if matches!(&t.kind, TermKind::Attribute(_, n) if n == "registry")))
            }
            TermKind::Path(path) => path.starts_with("sqlalchemy") && path.ends_with(".mapped_as_dataclass"),
            _ => false,
        },
        _ => false,
    }
}

/// `@as_declarative()`, `@registry.as_declarative_base()`.
fn makes_base<'a, L: Library<'a>>(machine: &Machine<'a, L>, decorator: &Value<'a>) -> bool {
    let inner = decorator.as_call().map_or(decorator, |(callee, _)| callee);
    let _ = machine;
    match inner {
        Value::Term(term) => match &term.kind {
            TermKind::Attribute(_, name) => name == "as_declarative_base",
            TermKind::Path(path) => {
                path.starts_with("sqlalchemy")
                    && matches!(
                        path.rsplit('.').next(),
                        Some("as_declarative" | "as_declarative_base")
                    )
            }
            _ => false,
        },
        _ => false,
    }
}

/// What a class is to the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// Nothing: a mixin, a schema, a plain class.
    Plain,
    /// A declarative base.
    Base,
    /// `__abstract__ = True`.
    Abstract,
    /// Mapped.
    Mapped,
    /// It cannot be told.
    Unknown(Gap),
}

/// Where a mapped class keeps its rows.
#[derive(Debug, Clone)]
pub(super) enum Place<'a> {
    /// In a table of its own, of this name.
    Own(Known<SmolStr>, Like, Option<Span>),
    /// In a table made elsewhere: `__table__`.
    Given(Value<'a>),
    /// In its parent's.
    Parent,
}

/// An attribute that may become a column.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    /// Its name.
    pub(super) name: SmolStr,
    /// What it was assigned or computed.
    pub(super) value: Option<Value<'a>>,
    /// Its annotation.
    pub(super) annotation: Option<Annotation<'a>>,
    /// The class that has it.
    pub(super) owner: ClassId,
    /// Where its name is written.
    pub(super) span: Span,
    /// The whole statement.
    pub(super) whole: Span,
    /// Why it cannot be told whether it is there.
    pub(super) maybe: Option<Gap>,
    /// A function made it for this class alone.
    pub(super) computed: bool,
}

/// What is known of all classes.
#[derive(Debug, Default)]
pub(super) struct Classes<'a> {
    statuses: FxHashMap<ClassId, Status>,
    pub(super) places: FxHashMap<ClassId, Place<'a>>,
}

/// A class body's own member.
pub(super) fn own<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
    name: &str,
) -> Option<Member<'a>> {
    let members = &machine.class(class)?.members;
    members.iter().find(|m| m.name == name).cloned()
}

/// Classes in a class's order, itself first, with those that a library's base was made with.
pub(super) fn order<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<ClassId> {
    let mut out = Vec::new();
    let all = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
    for base in &all {
        match base {
            Value::Class(id) => out.push(*id),
            other => {
                for id in made_with(machine, other) {
                    for inner in order_of(machine, id) {
                        if !out.contains(&inner) {
                            out.push(inner);
                        }
                    }
                }
            }
        }
    }
    out
}

/// The classes that the library's bases of a class were made with, in order.
pub(super) fn given_bases<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<ClassId> {
    let own = order_of(machine, class);
    let all = order(machine, class);
    all.into_iter().filter(|base| !own.contains(base)).collect()
}

fn order_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<ClassId> {
    let all = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
    all.iter()
        .filter_map(|b| match b {
            Value::Class(id) => Some(*id),
            _ => None,
        })
        .collect()
}

/// The class in `declarative_base(cls=Class)` and `SQLAlchemy(model_class=Class).Model`.
pub(super) fn made_with<'a, L: Library<'a>>(machine: &Machine<'a, L>, base: &Value<'a>) -> Vec<ClassId> {
    let call = match base {
        Value::Term(term) => match &term.kind {
            TermKind::Call(..) => base.clone(),
            TermKind::Attribute(object, name) if name == "Model" => object.clone(),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let _ = machine;
    let Some((_, args)) = call.as_call() else {
        return Vec::new();
    };
    let given = args.keyword("cls").or(args.keyword("model_class"));
    match given.map(|a| &a.value) {
        Some(Value::Class(id)) => vec![*id],
        Some(Value::Tuple(items)) => items
            .iter()
            .filter_map(|v| match v {
                Value::Class(id) => Some(*id),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The kind of the library's base that a class derives from, through whatever else.
pub(super) fn kind_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    class: ClassId,
) -> Option<(BaseKind, bool)> {
    let own = machine.class(class)?;
    let found = own
        .order
        .iter()
        .find_map(|b| Some((base_kind(machine, b)?, b.clone())));
    if let Some((kind, base)) = found {
        let direct = own
            .bases
            .iter()
            .any(|b| base_kind(machine, b) == Some(kind) && same(b, &base));
        return Some((kind, direct));
    }
    // A base that a decorator or a metaclass makes.
    for base in order(machine, class) {
        let Some(whole) = machine.class(base) else {
            continue;
        };
        if whole.decorators.iter().any(|d| makes_base(machine, d)) {
            return Some((BaseKind::Class, base == class));
        }
        let meta = whole.keywords.iter().find(|(name, _)| name == "metaclass");
        if meta.is_some_and(|(_, a)| {
            terms::member(machine, &a.value).is_some_and(|m| m.name() == "DeclarativeMeta")
        }) {
            return Some((BaseKind::Class, base == class));
        }
    }
    None
}

fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Term(a), Value::Term(b)) => {
            a.id == b.id
                || matches!(
                    (&a.kind, &b.kind),
                    (TermKind::Attribute(..), TermKind::Attribute(..))
                )
        }
        _ => false,
    }
}

impl<'a> Classes<'a> {
    /// Looks at all classes, parents first.
    pub(super) fn of<L: Library<'a>>(machine: &mut Machine<'a, L>, classes: &[ClassId]) -> Self {
        let mut out = Classes::default();
        for class in classes {
            out.status(machine, *class);
        }
        out
    }

    /// Whether a class is mapped.
    pub(super) fn is_mapped(&self, class: ClassId) -> bool {
        self.statuses.get(&class) == Some(&Status::Mapped)
    }

    /// Mapped parents, nearest first.
    pub(super) fn parent<L: Library<'a>>(&self, machine: &Machine<'a, L>, class: ClassId) -> Option<ClassId> {
        order(machine, class)
            .into_iter()
            .skip(1)
            .find(|c| self.is_mapped(*c))
    }

    pub(super) fn status<L: Library<'a>>(&mut self, machine: &mut Machine<'a, L>, class: ClassId) -> Status {
        if let Some(known) = self.statuses.get(&class) {
            return known.clone();
        }
        self.statuses.insert(class, Status::Plain);
        for base in order(machine, class).into_iter().skip(1) {
            self.status(machine, base);
        }
        let status = self.find_status(machine, class);
        self.statuses.insert(class, status.clone());
        status
    }

    fn find_status<L: Library<'a>>(&mut self, machine: &mut Machine<'a, L>, class: ClassId) -> Status {
        let Some(whole) = machine.class(class) else {
            return Status::Plain;
        };
        let (span, decorators) = (whole.span, whole.decorators.clone());
        if decorators.iter().any(|d| makes_base(machine, d)) {
            return Status::Base;
        }
        let mapped_by_decorator = decorators.iter().any(|d| maps(machine, d));
        let Some((kind, direct)) = kind_of(machine, class) else {
            if mapped_by_decorator {
                return self.mapped(machine, class, span);
            }
            return Status::Plain;
        };
        match kind {
            BaseKind::Class if direct => return Status::Base,
            BaseKind::Sqlmodel => {
                if !is_table(machine, class) {
                    return Status::Plain;
                }
                let parents = order(machine, class);
                if parents.into_iter().skip(1).any(|p| is_table(machine, p)) {
                    return Status::Plain;
                }
            }
            BaseKind::Class | BaseKind::Made | BaseKind::Flask => {}
        }
        match own(machine, class, "__abstract__").and_then(|m| m.value) {
            Some(Value::Bool(true)) => return Status::Abstract,
            Some(Value::Unknown(unknown)) => return Status::Unknown(unknown.gap.clone()),
            _ => {}
        }
        self.mapped(machine, class, span)
    }

    /// A class that would be mapped, if it has a table.
    fn mapped<L: Library<'a>>(&mut self, machine: &mut Machine<'a, L>, class: ClassId, span: Span) -> Status {
        match self.place(machine, class, span) {
            Some(place) => {
                self.places.insert(class, place);
                Status::Mapped
            }
            None => Status::Plain,
        }
    }

    fn place<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        class: ClassId,
        span: Span,
    ) -> Option<Place<'a>> {
        let all = order(machine, class);
        let parent = all.iter().skip(1).any(|c| self.is_mapped(*c));
        if let Some(table) = own(machine, class, "__table__")
            && let Some(value) = table.value
            && !matches!(value, Value::Function(_))
        {
            return Some(Place::Given(value));
        }
        for base in &all {
            let found = own(machine, *base, "__table__").and_then(|m| m.value);
            if let Some(Value::Function(function)) = &found
                && is_declared_attr(function)
                && let Ok(value) = machine.attribute(&Value::Class(class), "__table__", span)
            {
                return Some(Place::Given(value));
            }
        }
        // Flask-SQLAlchemy (`__table_cls__`): without a key of its own, a class is kept in its parent's table, named or not.
        let is_flask = matches!(kind_of(machine, class), Some((BaseKind::Flask, _)));
        if parent && is_flask && !self.has_key(machine, class, span) {
            return Some(Place::Parent);
        }
        if let Some((value, at)) = self.tablename(machine, class, &all, span) {
            match value {
                Ok(Value::None) => {}
                Ok(value) => {
                    let text = terms::text(machine, &value, span).map(|t| SmolStr::new(t.as_str()));
                    return Some(Place::Own(text, terms::text_like(&value), at));
                }
                Err(gap) => return Some(Place::Own(Err(gap), Like::anything(), at)),
            }
        } else if let Ok(Some(name)) = generated(machine, class) {
            let like = Like::exactly(name.clone());
            return Some(Place::Own(Ok(name), like, None));
        }
        let known = paths_of(machine, class);
        match super::brought::table(machine, class, &known, span) {
            Some(super::brought::Named::Name(name)) => {
                let text = terms::text(machine, &name, span).map(|t| SmolStr::new(t.as_str()));
                return Some(Place::Own(text, terms::text_like(&name), None));
            }
            Some(super::brought::Named::Parent) if parent => return Some(Place::Parent),
            Some(super::brought::Named::Parent) | None => {}
        }
        if let Some(gap) = unlisted(machine, class) {
            return Some(Place::Own(Err(gap), Like::anything(), None));
        }
        if parent {
            return Some(Place::Parent);
        }
        let base = unknown_base(machine, class)?;
        let why = format!("whether {base} gives it a table is not known");
        Some(Place::Own(Err(terms::gap(span, why)), Like::anything(), None))
    }

    /// `__tablename__`, where one counts: those of mapped parents do only as `declared_attr`.
    fn tablename<L: Library<'a>>(
        &mut self,
        machine: &mut Machine<'a, L>,
        class: ClassId,
        all: &[ClassId],
        span: Span,
    ) -> Option<(Known<Value<'a>>, Option<Span>)> {
        for base in all {
            let Some(member) = own(machine, *base, "__tablename__") else {
                continue;
            };
            let Some(value) = &member.value else { continue };
            let computed = matches!(value, Value::Function(f) if is_declared_attr(f));
            if *base != class && self.is_mapped(*base) && !computed {
                continue;
            }
            let found = machine.attribute(&Value::Class(class), "__tablename__", span);
            let found = found.map_err(|stop| terms::stopped(&stop, span));
            return Some((found, Some(terms::span_of(value).unwrap_or(member.span))));
        }
        None
    }

    /// Whether a class declares a primary key of its own.
    fn has_key<L: Library<'a>>(&self, machine: &mut Machine<'a, L>, class: ClassId, at: Span) -> bool {
        let named = own(machine, class, "__table_args__")
            .and_then(|_| machine.attribute(&Value::Class(class), "__table_args__", at).ok());
        let items = named
            .and_then(|all| machine.known_items(&all))
            .unwrap_or_default();
        if items
            .iter()
            .any(|item| terms::call_of(machine, item, "PrimaryKeyConstraint").is_some())
        {
            return true;
        }
        self.attributes(machine, class).iter().any(|attribute| {
            if matches!(attribute.value, Some(Value::Unknown(_))) {
                return true;
            }
            let Some((_, args)) = attribute.value.as_ref().and_then(|v| terms::call(machine, v)) else {
                return false;
            };
            matches!(
                args.keyword("primary_key").map(|a| &a.value),
                Some(Value::Bool(true))
            )
        })
    }

    /// The attributes that a class contributes to its table, in order: its own, then those of bases that are not mapped.
    pub(super) fn attributes<L: Library<'a>>(
        &self,
        machine: &mut Machine<'a, L>,
        class: ClassId,
    ) -> Vec<Attribute<'a>> {
        let inherited = match self.parent(machine, class) {
            Some(parent) => steps(machine, parent),
            None => Vec::new(),
        };
        let mut out: Vec<Attribute<'a>> = Vec::new();
        let mut seen: FxHashSet<SmolStr> = FxHashSet::default();
        for step in steps(machine, class) {
            let new = match &step {
                Step::Class(base) if *base == class => self.own_attributes(machine, class, class),
                step if inherited.contains(step) => continue,
                Step::Class(base) if self.is_mapped(*base) => continue,
                Step::Class(base) => self.own_attributes(machine, class, *base),
                Step::Path(path) => brought(machine, class, path),
            };
            for attribute in new {
                if seen.insert(attribute.name.clone()) {
                    out.push(attribute);
                }
            }
        }
        out
    }

    /// The attributes that one of a class's bases has itself.
    fn own_attributes<L: Library<'a>>(
        &self,
        machine: &mut Machine<'a, L>,
        class: ClassId,
        base: ClassId,
    ) -> Vec<Attribute<'a>> {
        let members = machine.class(base).map(|c| c.members.clone()).unwrap_or_default();
        let is_attr = |m: &Member<'a>| matches!(&m.value, Some(Value::Function(f)) if is_declared_attr(f));
        // Columns of a class that is not mapped come before what its functions make.
        let (computed, plain): (Vec<_>, Vec<_>) = merged(members)
            .into_iter()
            .partition(|m| base != class && is_attr(m));
        let mut out = Vec::new();
        for member in plain.into_iter().chain(computed) {
            if member.name.starts_with("__") || (member.value.is_none() && member.annotation.is_none()) {
                continue;
            }
            let value = match &member.value {
                Some(Value::Function(f)) if is_declared_attr(f) => {
                    match machine.attribute(&Value::Class(class), &member.name, member.span) {
                        Ok(value) => Some(value),
                        Err(stop) => Some(Value::unknown(terms::stopped(&stop, member.span))),
                    }
                }
                other => other.clone(),
            };
            out.push(Attribute {
                name: member.name.clone(),
                value,
                annotation: match &member.value {
                    Some(Value::Function(f)) if is_declared_attr(f) => f.returns(),
                    _ => member.annotation,
                },
                owner: base,
                span: member.span,
                whole: member.whole,
                maybe: member.maybe.clone(),
                computed: is_attr(&member),
            });
        }
        out
    }
}

/// The attributes that a base of a package brings to a class.
fn brought<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    path: &str,
) -> Vec<Attribute<'a>> {
    let Some(whole) = machine.class(class) else {
        return Vec::new();
    };
    let (span, statement) = (whole.span, whole.whole);
    let columns = super::brought::columns(machine, class, path, span);
    let attribute = |(name, value): (&'static str, Value<'a>)| Attribute {
        name: name.into(),
        value: Some(value),
        annotation: None,
        owner: class,
        span,
        whole: statement,
        maybe: None,
        computed: true,
    };
    columns.into_iter().map(attribute).collect()
}

/// What bases of packages give a class as `__table_args__`, where no class does.
pub(super) fn brought_args<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    class: ClassId,
    at: Span,
) -> Option<Value<'a>> {
    let paths = paths_of(machine, class);
    paths
        .iter()
        .find_map(|path| super::brought::table_args(machine, class, path, at))
}

/// A base, in the order in which attributes are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Class(ClassId),
    /// Of a library.
    Path(String),
}

fn steps<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<Step> {
    let all = machine.class(class).map(|c| c.order.clone()).unwrap_or_default();
    let mut out: Vec<Step> = Vec::new();
    for base in &all {
        match base {
            Value::Class(id) => out.push(Step::Class(*id)),
            other => {
                out.extend(paths(std::slice::from_ref(other)).into_iter().map(Step::Path));
                for id in made_with(machine, other) {
                    let inner = order_of(machine, id).into_iter().map(Step::Class);
                    let new: Vec<Step> = inner.filter(|step| !out.contains(step)).collect();
                    out.extend(new);
                }
            }
        }
    }
    out
}

/// The paths of libraries among a class's bases, in order.
pub(super) fn paths_of<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<String> {
    machine.class(class).map(|c| paths(&c.order)).unwrap_or_default()
}

/// The paths of libraries among bases; those with type arguments are what they are an item of.
fn paths(order: &[Value<'_>]) -> Vec<String> {
    let path = |value: &Value<'_>| match value {
        Value::Term(term) => match &term.kind {
            TermKind::Item(inner, _) => inner.as_path().map(str::to_owned),
            _ => value.as_path().map(str::to_owned),
        },
        _ => None,
    };
    order.iter().filter_map(path).collect()
}

/// Why the members are not known that a class has itself, where its bases are.
fn unlisted<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<Gap> {
    let whole = machine.class(class)?;
    let closed = |base: &Value<'a>| match base {
        Value::Class(base) => machine.class(*base).is_some_and(|c| c.open.is_none()),
        Value::Unknown(_) => false,
        _ => true,
    };
    let bases_are_known = whole.order.iter().skip(1).all(closed);
    whole.open.clone().filter(|_| bases_are_known)
}

/// The first base of a library of which it is not known what it brings.
pub(super) fn unknown_base<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Option<String> {
    let whole = machine.class(class)?;
    let found = paths(&whole.order)
        .into_iter()
        .find(|path| !super::brought::is_known(path));
    found.or_else(|| {
        whole.order.iter().find_map(|base| {
            let Value::Term(term) = base else { return None };
            let known = match &term.kind {
                TermKind::Path(_) | TermKind::Item(..) => true,
                _ => base_kind(machine, base).is_some(),
            };
            (!known).then(|| "a base that is computed".to_owned())
        })
    })
}

/// `class Model(SQLModel, table=True)`.
fn is_table<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> bool {
    let Some(whole) = machine.class(class) else {
        return false;
    };
    let given = whole.keywords.iter().find(|(name, _)| name == "table");
    if let Some((_, argument)) = given {
        return matches!(argument.value, Value::Bool(true));
    }
    // `model_config = {"table": True}` says the same.
    let config = whole
        .members
        .iter()
        .find(|m| m.name == "model_config")
        .and_then(|m| m.value.clone());
    let entries = config.and_then(|c| machine.dict_items(&c)).unwrap_or_default();
    entries
        .iter()
        .any(|(key, value)| key.as_str() == Some("table") && matches!(value, Value::Bool(true)))
}
