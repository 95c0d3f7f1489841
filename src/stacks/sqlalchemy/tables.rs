//! All tables that a run of Python has declared: classes and `Table(...)` calls as finished definitions.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::declarative::{Attribute, Classes, Place};
use super::expression::{Scope, ScopeColumn};
use super::mapped::{self, Said};
use super::metadata::{self, Made, Metadata};
use super::registry::Registered;
use super::table::{self, ClassAttribute, ColumnDef, ConstraintKind, Conventions, TableDef};
use super::terms::{self, Known, gap};
use super::versions::Versions;
use super::{declarative, sqlmodel, types};
use crate::interpret::python::{Args, Argument, ClassId, Machine, TermId, TermKind, Value};
use crate::known::{Gap, Section};
use crate::name::{Name, QualifiedName};
use crate::source::Span;

/// A table, and what declares it.
#[derive(Debug)]
pub struct ModelTable<'a> {
    /// The table, finished.
    pub def: TableDef<'a>,
    /// Its metadata.
    pub metadata: Metadata,
    /// The class, where one declares it.
    pub class: Option<ClassId>,
    /// The call, where one makes it.
    pub term: Option<TermId>,
    /// The class's name, or the table's.
    pub name: SmolStr,
    /// Where that is written.
    pub span: Span,
    /// The whole declaration.
    pub whole: Span,
    /// Classes that are kept in it, with their names and places: the one that declares it first.
    pub classes: Vec<(ClassId, SmolStr, Span)>,
    /// Why it cannot be told whether it is declared at all.
    pub maybe: Option<Gap>,
    /// It is read off a database, not made.
    pub reflected: bool,
    /// What its metadata is known by.
    pub made: Option<Made>,
    conventions: Conventions,
    /// The schema that its metadata gives tables without one.
    schema: Option<Name>,
}

/// An attribute with what its annotation and its call say together.
struct Field<'a> {
    attribute: Attribute<'a>,
    /// The call that makes the column, where one stands there.
    call: Option<Value<'a>>,
    said: Known<Option<Said<'a>>>,
    /// Its type.
    ty: Option<Value<'a>>,
    name: Known<Name>,
}

/// Reads all tables. Modules have run before.
pub fn declared<'a, L: Registered<'a>>(
    machine: &mut Machine<'a, L>,
    versions: &Versions,
) -> Vec<ModelTable<'a>> {
    let ids = machine.classes();
    let classes = Classes::of(machine, &ids);
    let mut reader = Reader {
        machine,
        versions: *versions,
        classes,
        scope: Scope::default(),
        tables: Vec::new(),
        of_class: FxHashMap::default(),
        of_term: FxHashMap::default(),
    };
    reader.calls();
    let mapped: Vec<ClassId> = ids.into_iter().filter(|c| reader.classes.is_mapped(*c)).collect();
    let fields: Vec<(ClassId, Vec<Field<'a>>)> = mapped
        .iter()
        .map(|class| (*class, reader.fields(*class)))
        .collect();
    for (class, fields) in &fields {
        reader.name_columns(*class, fields);
    }
    reader.build_calls();
    for (class, fields) in fields {
        reader.build(class, fields);
    }
    reader.attach();
    reader.finish()
}

struct Reader<'m, 'a, L: Registered<'a>> {
    machine: &'m mut Machine<'a, L>,
    versions: Versions,
    classes: Classes<'a>,
    scope: Scope<'a>,
    tables: Vec<ModelTable<'a>>,
    of_class: FxHashMap<ClassId, usize>,
    of_term: FxHashMap<TermId, usize>,
}

impl<'a, L: Registered<'a>> Reader<'_, 'a, L> {
    /// The columns of tables that calls make, by name.
    fn calls(&mut self) {
        for entry in self.machine.library.registry().tables.clone() {
            let Some((_, args)) = entry.term.as_call() else {
                continue;
            };
            let args = args.clone();
            let table = self.name_of_call(&args, entry.at);
            for argument in args.positional.iter().skip(2) {
                let Value::Term(term) = &argument.value else {
                    continue;
                };
                let Some((member, inner)) = terms::call(self.machine, &argument.value) else {
                    continue;
                };
                if member.name() != "Column" {
                    continue;
                }
                let Some(name) = inner.get(0, "name").and_then(|a| a.value.as_str()) else {
                    continue;
                };
                let ty = inner
                    .positional
                    .iter()
                    .skip(1)
                    .find(|a| types::is_type(self.machine, &a.value));
                let column = ScopeColumn {
                    name: Name::new(name),
                    ty: ty.map(|a| a.value.clone()),
                    table: table.clone(),
                };
                self.scope.columns.insert(term.id, column);
            }
        }
    }

    fn name_of_call(&mut self, args: &Args<'a>, at: Span) -> Option<QualifiedName> {
        let name = args.get(0, "name")?.value.as_str().map(Name::new)?;
        let (_, value) = metadata::of_table(self.machine, args, at);
        let schema = match terms::maybe_name(self.machine, args, usize::MAX, "schema").ok()? {
            Some(schema) => Some(schema),
            None => metadata::settings(self.machine, value.as_ref(), at).1.ok()?,
        };
        Some(QualifiedName { schema, name })
    }

    /// The attributes of a class that become columns.
    fn fields(&mut self, class: ClassId) -> Vec<Field<'a>> {
        if let Some(Place::Given(_)) = self.classes.places.get(&class) {
            return Vec::new();
        }
        if sqlmodel::is_model(self.machine, class) {
            return self.sqlmodel_fields(class);
        }
        let at = self
            .machine
            .class(class)
            .map_or(Span::new(crate::source::FileId(0), 0, 0), |c| c.span);
        let map = mapped::type_map(self.machine, class, at);
        let attributes = self.classes.attributes(self.machine, class);
        let mut out: Vec<Field<'a>> = attributes.into_iter().flat_map(|a| self.field(a, &map)).collect();
        if self.versions.creation_order() {
            out.sort_by_key(|f| match &f.call {
                Some(Value::Term(term)) => Some(term.id),
                _ => None,
            });
        }
        out
    }

    fn sqlmodel_fields(&mut self, class: ClassId) -> Vec<Field<'a>> {
        let mut out = Vec::new();
        for attribute in sqlmodel::fields(self.machine, class) {
            let made = sqlmodel::column(self.machine, &attribute, &self.versions);
            let call = match made {
                Ok(Some(call)) => call,
                Ok(None) => continue,
                Err(gap) => Value::unknown(gap),
            };
            out.extend(self.whole(attribute, Some(call), Ok(None), &Ok(Vec::new())));
        }
        out
    }

    /// The columns of one attribute: none, one, or several of a `composite(...)`.
    fn field(
        &mut self,
        attribute: Attribute<'a>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Vec<Field<'a>> {
        let call = match &attribute.value {
            None => None,
            Some(value) => match self.column_in(value) {
                Some(call) => Some(call),
                None => {
                    if let Some((member, args)) = terms::call(self.machine, value)
                        && member.name() == "composite"
                    {
                        let args = args.clone();
                        return self.composite(&attribute, &args, map);
                    }
                    return self.open(&attribute, value).into_iter().collect();
                }
            },
        };
        // Within `deferred(...)` and the like the annotation is not looked at.
        let is_mapped_column = attribute
            .value
            .as_ref()
            .is_none_or(|value| terms::call_of(self.machine, value, "mapped_column").is_some());
        let said = match &attribute.annotation {
            Some(annotation) if is_mapped_column => mapped::read(self.machine, annotation),
            _ => Ok(None),
        };
        if call.is_none() && !matches!(said, Ok(Some(_))) {
            // An annotation that is not `Mapped[...]`, or that cannot be told: `Mapped` must be written for a column.
            let is_written = attribute.annotation.as_ref().is_some_and(is_written_mapped);
            if !(said.is_err() && is_written) {
                return Vec::new();
            }
        }
        self.whole(attribute, call, said, map).into_iter().collect()
    }

    /// The columns of a `composite(Class, *columns)`: each takes its type and its nullability from a field of the class.
    fn composite(
        &mut self,
        attribute: &Attribute<'a>,
        args: &Args<'a>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Vec<Field<'a>> {
        let given: Vec<Value<'a>> = args.positional.iter().map(|a| a.value.clone()).collect();
        let calls: Vec<Value<'a>> = given.iter().filter_map(|v| self.column_in(v)).collect();
        let class = match given.first() {
            Some(Value::Class(class)) => Some(*class),
            _ => {
                let annotated = attribute.annotation.as_ref();
                let said = annotated.and_then(|a| mapped::read(self.machine, a).ok().flatten());
                match said.map(|s| s.python) {
                    Some(Value::Class(class)) => Some(class),
                    _ => None,
                }
            }
        };
        let members = class
            .and_then(|c| self.machine.class(c))
            .map(|c| c.members.clone());
        let members: Vec<_> = members
            .unwrap_or_default()
            .into_iter()
            .filter(|m| m.annotation.is_some())
            .collect();
        let mut out = Vec::new();
        for (i, call) in calls.into_iter().enumerate() {
            let is_mapped = terms::call_of(self.machine, &call, "mapped_column").is_some();
            let said = match members.get(i).and_then(|m| m.annotation) {
                _ if !is_mapped => Ok(None),
                Some(annotation) => match self.machine.annotation(&annotation) {
                    Ok(value) => mapped::said(self.machine, &value, annotation.span).map(Some),
                    Err(stop) => Err(terms::stopped(&stop, annotation.span)),
                },
                None => Err(gap(attribute.span, "the fields of the composite are not known")),
            };
            let named = call.as_call().and_then(|(_, args)| args.positional.first());
            let is_named = named.is_some_and(|a| matches!(a.value, Value::Str(_)));
            if let Some(mut field) = self.whole(attribute.clone(), Some(call), said, map) {
                if !is_named {
                    field.name = Err(gap(
                        attribute.span,
                        "the names of a composite's columns are not followed",
                    ));
                }
                out.push(field);
            }
        }
        out
    }

    /// An attribute that may be a column, for all that is known.
    fn open(&mut self, attribute: &Attribute<'a>, value: &Value<'a>) -> Option<Field<'a>> {
        let Value::Unknown(unknown) = value else {
            return None;
        };
        let columns = unknown.candidates.iter().any(|c| self.column_in(c).is_some());
        let annotated = attribute.annotation.as_ref().is_some_and(is_written_mapped);
        (columns || annotated).then(|| Field {
            attribute: attribute.clone(),
            call: Some(value.clone()),
            said: Ok(None),
            ty: None,
            name: Err(unknown.gap.clone()),
        })
    }

    /// The call that makes a column, where a value is one.
    fn column_in(&self, value: &Value<'a>) -> Option<Value<'a>> {
        let (member, args) = terms::call(self.machine, value)?;
        match member.name() {
            "Column" | "mapped_column" => Some(value.clone()),
            "deferred" | "column_property" | "synonym_for" => {
                let first = args.positional.first()?;
                self.column_in(&first.value)
            }
            _ => None,
        }
    }

    fn whole(
        &mut self,
        attribute: Attribute<'a>,
        call: Option<Value<'a>>,
        said: Known<Option<Said<'a>>>,
        map: &Known<Vec<(Value<'a>, Value<'a>)>>,
    ) -> Option<Field<'a>> {
        if let Some(Value::Unknown(unknown)) = &call {
            let gap = unknown.gap.clone();
            return Some(Field {
                name: Ok(Name::new(&attribute.name)),
                attribute,
                call,
                said: Err(gap),
                ty: None,
            });
        }
        let mut name = Ok(Name::new(&attribute.name));
        let mut ty = None;
        let mut refers = false;
        let annotated = said
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map(|s| s.columns.clone());
        for call in call.iter().chain(annotated.iter().flatten()) {
            let Some((_, args)) = terms::call(self.machine, call) else {
                continue;
            };
            let first = args.positional.first().or(args.keyword("name"));
            if let Some(Value::Str(text)) = first.map(|a| &a.value) {
                name = Ok(Name::new(text.as_str()));
            } else if let Some(Value::Unknown(unknown)) = first.map(|a| &a.value)
                && !unknown.pattern.is_empty()
            {
                name = Err(unknown.gap.clone());
            }
            let given = args.positional.iter().chain(args.keyword("type_")).find(|a| {
                types::is_type(self.machine, &a.value)
                    || matches!(&a.value, Value::Unknown(u) if u.pattern.is_empty())
            });
            if ty.is_none() {
                ty = given.map(|a| a.value.clone());
            }
            refers |= args
                .positional
                .iter()
                .any(|a| terms::call_of(self.machine, &a.value, "ForeignKey").is_some());
        }
        if ty.is_none()
            && !refers
            && let Ok(Some(said)) = &said
        {
            let at = attribute.annotation.as_ref().map_or(attribute.span, |a| a.span);
            let found = match map {
                Ok(map) => mapped::type_of(self.machine, said, map, at),
                Err(gap) => Err(gap.clone()),
            };
            ty = Some(found.unwrap_or_else(Value::unknown));
        }
        Some(Field {
            attribute,
            call,
            said,
            ty,
            name,
        })
    }

    /// Notes the columns of a class for constructs that name them.
    fn name_columns(&mut self, class: ClassId, fields: &[Field<'a>]) {
        let table = self.table_of(class);
        for field in fields {
            let Ok(name) = field.name.clone() else { continue };
            let column = ScopeColumn {
                name,
                ty: field.ty.clone(),
                table: table.clone(),
            };
            if let Some(Value::Term(term)) = &field.call {
                let shared = field.attribute.owner != class && !field.attribute.computed;
                let kept = ScopeColumn {
                    table: if shared { None } else { table.clone() },
                    ..column.clone()
                };
                self.scope.columns.insert(term.id, kept);
            }
            let key = (class, field.attribute.name.clone());
            self.scope.attributes.insert(key, column);
        }
        // A class without columns of its own shows its parent's.
        if let Some(parent) = self.classes.parent(self.machine, class) {
            let inherited: Vec<(SmolStr, ScopeColumn<'a>)> = self
                .scope
                .attributes
                .iter()
                .filter(|((owner, _), _)| *owner == parent)
                .map(|((_, name), column)| (name.clone(), column.clone()))
                .collect();
            for (name, column) in inherited {
                self.scope.attributes.entry((class, name)).or_insert(column);
            }
        }
    }

    /// The table's name of a class.
    fn table_of(&mut self, class: ClassId) -> Option<QualifiedName> {
        match self.classes.places.get(&class)?.clone() {
            Place::Own(name, _) => {
                let name = Name::new(&name.ok()?);
                let span = self.machine.class(class)?.span;
                let (_, options) = self.table_args(class, span);
                let (_, value) = metadata::of_class(self.machine, class, span);
                let own = terms::maybe_name(self.machine, &options.ok()?, usize::MAX, "schema").ok()?;
                let schema = match own {
                    Some(schema) => Some(schema),
                    None => metadata::settings(self.machine, value.as_ref(), span).1.ok()?,
                };
                Some(QualifiedName { schema, name })
            }
            Place::Given(value) => {
                let (_, args) = value.as_call()?;
                let args = args.clone();
                let at = terms::span_of(&value)?;
                self.name_of_call(&args, at)
            }
            Place::Parent => {
                let parent = self.classes.parent(self.machine, class)?;
                self.table_of(parent)
            }
        }
    }

    /// The items of `__table_args__`, and its options.
    fn table_args(&mut self, class: ClassId, at: Span) -> (Known<Vec<Argument<'a>>>, Known<Args<'a>>) {
        let nothing = (Ok(Vec::new()), Ok(Args::default()));
        let all = declarative::order(self.machine, class);
        let mut found = None;
        for base in all {
            let Some(member) = declarative::own(self.machine, base, "__table_args__") else {
                continue;
            };
            let computed =
                matches!(&member.value, Some(Value::Function(f)) if super::semantics::is_declared_attr(f));
            if base != class && self.classes.is_mapped(base) && !computed {
                continue;
            }
            found = Some(member);
            break;
        }
        let Some(member) = found else { return nothing };
        let value = self.machine.attribute(&Value::Class(class), "__table_args__", at);
        let value = match value {
            Ok(value) => value,
            Err(stop) => {
                let gap = terms::stopped(&stop, at);
                return (Err(gap.clone()), Err(gap));
            }
        };
        let whole = member.whole;
        match &value {
            Value::None => nothing,
            Value::Dict(_) => (Ok(Vec::new()), self.options(&value, whole)),
            Value::Tuple(items) => {
                let mut items = items.to_vec();
                let options = match items.last() {
                    Some(last @ Value::Dict(_)) => {
                        let options = self.options(last, whole);
                        items.pop();
                        options
                    }
                    _ => Ok(Args::default()),
                };
                let items = items
                    .into_iter()
                    .map(|value| Argument {
                        span: terms::span_of(&value).unwrap_or(whole),
                        value,
                    })
                    .collect();
                (Ok(items), options)
            }
            other => {
                let why = match other {
                    Value::Unknown(unknown) => unknown.gap.clone(),
                    _ => gap(whole, "`__table_args__` could not be read"),
                };
                (Err(why.clone()), Err(why))
            }
        }
    }

    fn options(&self, value: &Value<'a>, at: Span) -> Known<Args<'a>> {
        let entries = self
            .machine
            .dict_items(value)
            .ok_or_else(|| gap(at, "the options of the table cannot be told"))?;
        let mut args = Args::default();
        for (key, value) in entries {
            if let Value::Str(key) = key {
                args.keywords
                    .push((key.as_str().into(), Argument { value, span: at }));
            }
        }
        Ok(args)
    }

    /// Tables that calls make.
    fn build_calls(&mut self) {
        for entry in self.machine.library.registry().tables.clone() {
            let Value::Term(term) = &entry.term else { continue };
            let Some((_, args)) = entry.term.as_call() else {
                continue;
            };
            let (id, args) = (term.id, args.clone());
            let scope = self.scope.clone();
            let mut def = table::table(self.machine, &args, 2, &scope, entry.at);
            let (metadata, value) = metadata::of_table(self.machine, &args, entry.at);
            let (conventions, schema) = metadata::settings(self.machine, value.as_ref(), entry.at);
            default_schema(&mut def, &schema);
            let reflected = ["autoload", "autoload_with"].iter().any(|name| {
                args.keyword(name)
                    .is_some_and(|a| !matches!(a.value, Value::None | Value::Bool(false)))
            });
            let name = def
                .name
                .as_ref()
                .map_or_else(|_| "?".into(), |n| SmolStr::new(n.as_str()));
            let whole = entry.at;
            self.add(ModelTable {
                span: def.name_span,
                def,
                metadata,
                class: None,
                term: Some(id),
                name,
                whole,
                classes: Vec::new(),
                maybe: entry.maybe.clone(),
                reflected,
                made: metadata::made(self.machine, metadata),
                conventions,
                schema: schema.ok().flatten(),
            });
        }
    }

    fn add(&mut self, table: ModelTable<'a>) -> usize {
        // A table that is declared again with `extend_existing`, or is there already, is one table.
        let at = self.tables.len();
        if let Some(term) = table.term {
            self.of_term.insert(term, at);
        }
        if let Some(class) = table.class {
            self.of_class.insert(class, at);
        }
        self.tables.push(table);
        at
    }

    /// The table of a class, or what it adds to its parent's.
    fn build(&mut self, class: ClassId, fields: Vec<Field<'a>>) {
        let Some(whole) = self.machine.class(class) else {
            return;
        };
        let (class_name, span, statement) = (whole.name.clone(), whole.span, whole.whole);
        let open = whole.open.clone().or_else(|| {
            let base = declarative::unknown_base(self.machine, class)?;
            Some(gap(span, format!("what {base} brings is not known")))
        });
        let place = self.classes.places.get(&class).cloned();
        match place {
            Some(Place::Own(name, name_span)) => {
                let name = name.map(|n| Name::new(&n));
                let mut def = TableDef::new(name, Ok(None), name_span.unwrap_or(span), statement);
                let (items, options) = self.table_args(class, span);
                match &options {
                    Ok(options) => {
                        def.schema = terms::maybe_name(self.machine, options, usize::MAX, "schema");
                        table::options(self.machine, &mut def, options);
                    }
                    Err(gap) => def.schema = Err(gap.clone()),
                }
                let (metadata, value) = metadata::of_class(self.machine, class, span);
                let (conventions, schema) = metadata::settings(self.machine, value.as_ref(), span);
                default_schema(&mut def, &schema);
                if let Some(gap) = open {
                    def.open.extend(Section::ALL.map(|s| (s, gap.clone())));
                }
                self.columns(&mut def, fields);
                let mut scope = self.scope.clone();
                scope.keys = def.keys();
                match items {
                    Ok(items) => {
                        for item in &items {
                            table::add_item(self.machine, &mut def, item, &scope);
                        }
                    }
                    Err(gap) => {
                        let sections = Section::ALL.into_iter().filter(|s| *s != Section::Columns);
                        def.open.extend(sections.map(|s| (s, gap.clone())));
                    }
                }
                self.add(ModelTable {
                    def,
                    metadata,
                    class: Some(class),
                    term: None,
                    name: class_name.clone(),
                    span,
                    whole: statement,
                    classes: vec![(class, class_name, span)],
                    maybe: None,
                    reflected: false,
                    made: metadata::made(self.machine, metadata),
                    conventions,
                    schema: schema.ok().flatten(),
                });
            }
            Some(Place::Given(value)) => {
                if let Value::Term(term) = &value
                    && let Some(at) = self.of_term.get(&term.id).copied()
                {
                    self.of_class.insert(class, at);
                    if let Some(table) = self.tables.get_mut(at) {
                        if table.class.is_none() {
                            table.class = Some(class);
                            table.name = class_name.clone();
                            table.span = span;
                        }
                        table.classes.push((class, class_name, span));
                    }
                }
            }
            Some(Place::Parent) => self.add_to_parent(class, &class_name, span, fields),
            None => {}
        }
    }

    /// Single-table inheritance: columns go to the parent's table.
    fn add_to_parent(&mut self, class: ClassId, name: &SmolStr, span: Span, fields: Vec<Field<'a>>) {
        let Some(parent) = self.classes.parent(self.machine, class) else {
            return;
        };
        let Some(at) = self.of_class.get(&parent).copied() else {
            return;
        };
        self.of_class.insert(class, at);
        let Some(table) = self.tables.get(at) else { return };
        let mut def = table.def.clone();
        let known: FxHashSet<Name> = def
            .columns
            .iter()
            .filter_map(|c| c.name.clone().ok().flatten())
            .collect();
        let new: Vec<Field<'a>> = fields
            .into_iter()
            .filter(|f| f.name.as_ref().map_or(true, |n| !known.contains(n)))
            .collect();
        self.columns(&mut def, new);
        if let Some(table) = self.tables.get_mut(at) {
            table.def = def;
            table.classes.push((class, name.clone(), span));
        }
    }

    /// Reads the columns of fields into a table.
    fn columns(&mut self, def: &mut TableDef<'a>, fields: Vec<Field<'a>>) {
        let scope = self.scope.clone();
        let from = def.columns.len();
        let statement = def.span;
        for field in fields {
            if let Some(gap) = &field.attribute.maybe {
                def.open.push((Section::Columns, gap.clone()));
                continue;
            }
            if let Some(column) = self.column(&field, &scope) {
                def.columns.push(column);
            }
        }
        if let Some(new) = def.columns.get_mut(from..) {
            // What is set on the class later is appended, wherever it would be sorted.
            let is_late = |c: &ColumnDef<'a>| {
                let at = c.attribute.as_ref().map_or(c.span, |a| a.span);
                at.file == statement.file && !statement.contains(at) && at.start > statement.end
            };
            new.sort_by_key(|c| (is_late(c), c.sort_order));
        }
        table::attach_columns(self.machine, def, from, &scope);
    }

    fn column(&mut self, field: &Field<'a>, scope: &Scope<'a>) -> Option<ColumnDef<'a>> {
        let attribute = &field.attribute;
        let type_span = attribute.annotation.as_ref().map_or(attribute.span, |a| a.span);
        let mut column = match &field.call {
            Some(Value::Unknown(unknown)) => {
                let mut column = ColumnDef::new(attribute.whole);
                column.open(&unknown.gap);
                column.ty = Some(types::sql_type(
                    self.machine,
                    &Value::unknown(unknown.gap.clone()),
                    type_span,
                ));
                column
            }
            Some(call) => table::column(self.machine, call, scope)?,
            None => ColumnDef::new(attribute.whole),
        };
        match &field.said {
            Ok(Some(said)) => {
                for from in &said.columns {
                    if let Some(shared) = table::column(self.machine, from, scope) {
                        column.merge(shared);
                    }
                }
                if column.nullable == Ok(None) {
                    // A key that says nothing itself is NOT NULL, whatever its annotation allows.
                    let key = column.primary_key.clone();
                    column.nullable = key.map(|key| Some(said.nullable && !key));
                    column.nullable_span = Some(type_span);
                }
                if column.ty.is_none()
                    && let Some(ty) = &field.ty
                {
                    column.ty = Some(types::sql_type(self.machine, ty, type_span));
                    column.type_value = Some(ty.clone());
                }
            }
            Ok(None) => {}
            Err(gap) => {
                if column.nullable == Ok(None) {
                    column.nullable = Err(gap.clone());
                }
                if column.ty.is_none() && column.constraints.is_empty() {
                    column.ty = Some(types::sql_type(
                        self.machine,
                        &Value::unknown(gap.clone()),
                        type_span,
                    ));
                }
            }
        }
        if column.name == Ok(None) {
            column.name = field.name.clone().map(Some);
            column.name_span = attribute.span;
        }
        if column.key.is_empty() || field.call.as_ref().is_none_or(|c| explicit_key(c).is_none()) {
            column.key = attribute.name.clone();
            if let Ok(Some(name)) = &column.name {
                column.key = SmolStr::new(name.as_str());
            }
        }
        let declared = column.ty.as_ref().and_then(|t| t.declared.clone());
        column.attribute = Some(ClassAttribute {
            name: attribute.name.clone(),
            span: attribute.span,
            type_span: column.ty.as_ref().map_or(type_span, |t| t.span),
            whole: attribute.whole,
            declared,
        });
        Some(column)
    }

    /// Constructs that attach themselves, and what was appended.
    fn attach(&mut self) {
        let mut seen: FxHashSet<TermId> = FxHashSet::default();
        for table in &self.tables {
            seen.extend(table.def.constraints.iter().filter_map(|c| c.term));
            seen.extend(table.def.indexes.iter().filter_map(|i| i.term));
            seen.extend(
                table
                    .def
                    .columns
                    .iter()
                    .flat_map(|c| c.constraints.iter().filter_map(|c| c.term)),
            );
        }
        let registry = self.machine.library.registry();
        let (items, appended) = (registry.items.clone(), registry.appended.clone());
        for (table, entry) in appended {
            let at = match &table {
                Value::Term(term) => match &term.kind {
                    TermKind::Attribute(Value::Class(class), _) => self.of_class.get(class).copied(),
                    _ => self.of_term.get(&term.id).copied(),
                },
                _ => None,
            };
            if let (Some(at), Value::Term(term)) = (at, &entry.value) {
                seen.insert(term.id);
                self.append(at, &entry.argument(), entry.maybe.as_ref());
            }
        }
        for entry in items {
            let Value::Term(term) = &entry.value else { continue };
            if !seen.insert(term.id) {
                continue;
            }
            if let Some(at) = self.table_named_by(&entry.value) {
                self.append(at, &entry.argument(), entry.maybe.as_ref());
            }
        }
    }

    fn append(&mut self, at: usize, item: &Argument<'a>, maybe: Option<&Gap>) {
        let Some(table) = self.tables.get(at) else { return };
        let mut def = table.def.clone();
        if let Some(gap) = maybe {
            def.open.extend(Section::ALL.map(|s| (s, gap.clone())));
        } else {
            let mut scope = self.scope.clone();
            scope.keys = def.keys();
            match table::column(self.machine, &item.value, &scope) {
                Some(column) => {
                    def.columns.push(column);
                    let from = def.columns.len() - 1;
                    table::attach_columns(self.machine, &mut def, from, &scope);
                }
                None => table::add_item(self.machine, &mut def, item, &scope),
            }
        }
        if let Some(table) = self.tables.get_mut(at) {
            table.def = def;
        }
    }

    /// The table of the first column that a construct names as an object.
    fn table_named_by(&mut self, value: &Value<'a>) -> Option<usize> {
        let (_, args) = value.as_call()?;
        let mut stack: Vec<Value<'a>> = args.positional.iter().rev().map(|a| a.value.clone()).collect();
        let mut budget = 200;
        while let Some(value) = stack.pop() {
            budget -= 1;
            if budget == 0 {
                return None;
            }
            let Value::Term(term) = &value else {
                if let Some(items) = self.machine.known_items(&value) {
                    stack.extend(items);
                }
                continue;
            };
            if let TermKind::Attribute(Value::Class(class), name) = &term.kind
                && self.scope.attributes.contains_key(&(*class, name.clone()))
            {
                return self.of_class.get(class).copied();
            }
            if let Some(column) = self.scope.columns.get(&term.id)
                && let Some(table) = &column.table
            {
                let found = self
                    .tables
                    .iter()
                    .position(|t| t.def.qualified().as_ref() == Ok(table));
                return found;
            }
            match &term.kind {
                TermKind::Attribute(inner, _) => {
                    // `table.c.name`.
                    if let Some(at) = self.of_term.get(&term.id) {
                        return Some(*at);
                    }
                    stack.push(inner.clone());
                }
                TermKind::Call(callee, args) => {
                    if let Some(at) = self.of_term.get(&term.id) {
                        return Some(*at);
                    }
                    stack.extend(args.positional.iter().rev().map(|a| a.value.clone()));
                    stack.push(callee.clone());
                }
                TermKind::Item(inner, _) => stack.push(inner.clone()),
                TermKind::Operation(_, operands) => stack.extend(operands.iter().rev().cloned()),
                TermKind::Path(_) => {}
            }
        }
        None
    }

    /// `make_searchable(...)` of SQLAlchemy-Searchable: an index for each column of its type.
    fn search_indexes(&mut self) {
        if !self.machine.library.registry().searchable {
            return;
        }
        for table in &mut self.tables {
            let def = &mut table.def;
            let Ok(own) = def.name.clone() else { continue };
            for column in &def.columns {
                let is_search = column.ty.as_ref().and_then(|t| t.declared.as_deref());
                let Ok(Some(name)) = &column.name else { continue };
                if is_search.is_some_and(|d| d.starts_with("TSVectorType")) && table.class.is_some() {
                    def.indexes.push(table::IndexDef {
                        name: Ok(super::naming::Given::Plain(SmolStr::new(format!(
                            "ix_{own}_{name}"
                        )))),
                        method: Ok("gin".into()),
                        ..table::IndexDef::of_column(name.clone(), Ok(false), column.span)
                    });
                }
            }
        }
    }

    /// Types that foreign keys bring, names by convention.
    fn finish(mut self) -> Vec<ModelTable<'a>> {
        for table in &mut self.tables {
            if table.schema.is_some() {
                foreign_schemas(&mut table.def, &table.schema);
            }
        }
        self.search_indexes();
        for _ in 0..8 {
            if !self.types_of_keys() {
                break;
            }
        }
        self.keys_to_names();
        for table in &mut self.tables {
            let conventions = table.conventions.clone();
            table.def.finish(&conventions);
        }
        self.tables
    }

    /// A column without a type has that of the column that it refers to. True where one was found.
    fn types_of_keys(&mut self) -> bool {
        let mut found = Vec::new();
        for (t, table) in self.tables.iter().enumerate() {
            for (c, column) in table.def.columns.iter().enumerate() {
                if column.ty.is_some() {
                    continue;
                }
                let own = column.name.clone().ok().flatten();
                let keys = column.constraints.iter().chain(&table.def.constraints);
                let target = keys
                    .filter_map(|k| referred_by(k, own.as_ref(), &column.constraints))
                    .next();
                let Some((name, key)) = target else { continue };
                let other = self.find(&name, table.metadata).and_then(|o| {
                    let key = key.or_else(|| own.clone())?;
                    o.def.columns.iter().find(|c| {
                        c.key == key.as_str() || c.name.as_ref().is_ok_and(|n| n.as_ref() == Some(&key))
                    })
                });
                if let Some(ty) = other.and_then(|o| o.ty.clone()) {
                    found.push((t, c, ty));
                }
            }
        }
        let any = !found.is_empty();
        for (t, c, ty) in found {
            if let Some(column) = self.tables.get_mut(t).and_then(|t| t.def.columns.get_mut(c)) {
                let mut ty = ty;
                ty.check = None;
                column.ty = Some(ty);
            }
        }
        any
    }

    /// A table by its name, in the same metadata if it can be.
    fn find(&self, name: &QualifiedName, metadata: Metadata) -> Option<&ModelTable<'a>> {
        let mut all = self
            .tables
            .iter()
            .filter(|t| t.def.qualified().as_ref() == Ok(name));
        let first = all.clone().next();
        all.find(|t| t.metadata == metadata).or(first)
    }

    /// Foreign keys name columns by key: here they get their names.
    fn keys_to_names(&mut self) {
        let mut renamed: FxHashMap<(QualifiedName, Name), Name> = FxHashMap::default();
        for table in &self.tables {
            let Ok(name) = table.def.qualified() else { continue };
            for column in &table.def.columns {
                if let Ok(Some(own)) = &column.name
                    && column.key != own.as_str()
                {
                    renamed.insert((name.clone(), Name::new(&column.key)), own.clone());
                }
            }
        }
        for table in &mut self.tables {
            let own = table
                .def
                .columns
                .iter_mut()
                .flat_map(|c| c.constraints.iter_mut());
            for constraint in own.chain(table.def.constraints.iter_mut()) {
                if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                    && let (Ok(target), Ok(columns)) = (&key.table, &mut key.referenced)
                {
                    for column in columns {
                        if let Some(name) = renamed.get(&(target.clone(), column.clone())) {
                            *column = name.clone();
                        }
                    }
                }
            }
        }
    }
}

/// What a foreign key says a column refers to: the key is the column's own, or a composite one with the column in it.
fn referred_by(
    constraint: &table::ConstraintDef,
    own: Option<&Name>,
    of_column: &[table::ConstraintDef],
) -> Option<(QualifiedName, Option<Name>)> {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else {
        return None;
    };
    let target = key.table.clone().ok()?;
    let referenced = key.referenced.clone().ok()?;
    if of_column.iter().any(|c| std::ptr::eq(c, constraint)) {
        return Some((target, referenced.first().cloned()));
    }
    let columns = key.columns.clone().ok()?;
    let place = columns.iter().position(|c| Some(c) == own)?;
    Some((target, referenced.get(place).cloned()))
}

/// The `key=` of a column's call.
fn explicit_key<'v>(call: &'v Value<'_>) -> Option<&'v str> {
    call.as_call()?.1.keyword("key")?.value.as_str()
}

/// `Mapped[...]` as written.
fn is_written_mapped(annotation: &crate::interpret::python::Annotation<'_>) -> bool {
    use crate::syntax::python::ast;
    let ast::Expr::Subscript(subscript) = annotation.expression else {
        return false;
    };
    match &*subscript.value {
        ast::Expr::Name(name) => name.id == "Mapped",
        ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "Mapped",
        _ => false,
    }
}

/// A table without a schema of its own, and its foreign keys to such, have the metadata's.
fn default_schema(def: &mut TableDef<'_>, schema: &Known<Option<Name>>) {
    if def.schema == Ok(None) {
        def.schema = schema.clone();
    }
}

/// Gives foreign keys without a schema the metadata's.
fn foreign_schemas(def: &mut TableDef<'_>, schema: &Option<Name>) {
    let of_columns = def.columns.iter_mut().flat_map(|c| c.constraints.iter_mut());
    for constraint in of_columns.chain(def.constraints.iter_mut()) {
        if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
            && let Ok(table) = &mut key.table
            && table.schema.is_none()
        {
            table.schema = schema.clone();
        }
    }
}
