//! All tables that a run of Python has declared: classes and `Table(...)` calls as finished definitions.

mod attach;
mod fields;
mod finish;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::interpret::python::{Args, Argument, ClassId, Machine, TermId, Value};
use crate::known::{Gap, Section};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::stacks::sqlalchemy::declarative::{Attribute, Classes, Place};
use crate::stacks::sqlalchemy::expression::{Scope, ScopeColumn};
use crate::stacks::sqlalchemy::mapped::Said;
use crate::stacks::sqlalchemy::marks::Marks;
use crate::stacks::sqlalchemy::metadata::{self, Made, Metadata};
use crate::stacks::sqlalchemy::registry::Registered;
use crate::stacks::sqlalchemy::table::{self, Conventions, TableDef};
use crate::stacks::sqlalchemy::terms::{self, Known, gap};
use crate::stacks::sqlalchemy::unread::{self, Unread};
use crate::stacks::sqlalchemy::versions::Versions;
use crate::stacks::sqlalchemy::{adding, declarative, types};

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
    /// What its metadata hears of it by: its own call, where a class is only kept in it.
    pub registered: Span,
    /// The whole declaration.
    pub whole: Span,
    /// Classes that are kept in it, with their names and places: the one that declares it first.
    pub classes: Vec<(ClassId, SmolStr, Span)>,
    /// Why its class may have brought further tables along.
    pub brings: Option<Gap>,
    /// Why it cannot be told whether it is declared at all.
    pub maybe: Option<Gap>,
    /// It is read off a database, not made.
    pub reflected: bool,
    /// Settings of its class that nothing reads.
    pub unread: Vec<Unread>,
    /// What its metadata is known by.
    pub made: Option<Made>,
    /// What the program says of it for its own use.
    pub marks: Marks,
    conventions: Conventions<'a>,
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
    let mut reader = Reader::new(machine, &ids, versions);
    let mut fields = reader.fields_of(&ids);
    for _ in 0..MAX_ROUNDS {
        // What a class computes for itself may make further classes.
        let now = reader.machine.classes();
        if now.len() == reader.known {
            break;
        }
        reader = Reader::new(reader.machine, &now, versions);
        fields = reader.fields_of(&now);
    }
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
    /// How many classes there were when it began.
    known: usize,
    /// Relationships of the class that is being read.
    relations: Vec<(SmolStr, Span)>,
}

/// How often classes that make classes are looked for again.
const MAX_ROUNDS: usize = 3;

impl<'m, 'a, L: Registered<'a>> Reader<'m, 'a, L> {
    fn new(machine: &'m mut Machine<'a, L>, ids: &[ClassId], versions: &Versions) -> Self {
        let classes = Classes::of(machine, ids);
        Reader {
            machine,
            versions: *versions,
            classes,
            scope: Scope::default(),
            tables: Vec::new(),
            of_class: FxHashMap::default(),
            of_term: FxHashMap::default(),
            known: ids.len(),
            relations: Vec::new(),
        }
    }

    /// The fields of each class that is mapped.
    fn fields_of(&mut self, ids: &[ClassId]) -> Vec<(ClassId, Vec<Field<'a>>)> {
        self.calls();
        let mapped: Vec<ClassId> = ids
            .iter()
            .copied()
            .filter(|c| self.classes.is_mapped(*c))
            .collect();
        mapped
            .into_iter()
            .map(|class| (class, self.fields(class)))
            .collect()
    }
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
                Rc::make_mut(&mut self.scope.columns).insert(term.id, column);
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
                Rc::make_mut(&mut self.scope.columns).insert(term.id, kept);
            }
            let key = (class, field.attribute.name.clone());
            Rc::make_mut(&mut self.scope.attributes).insert(key, column);
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
            let attributes = Rc::make_mut(&mut self.scope.attributes);
            for (name, column) in inherited {
                attributes.entry((class, name)).or_insert(column);
            }
        }
    }

    /// The table's name of a class.
    fn table_of(&mut self, class: ClassId) -> Option<QualifiedName> {
        match self.classes.places.get(&class)?.clone() {
            Place::Own(name, ..) => {
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
            let computed = matches!(&member.value, Some(Value::Function(f)) if crate::stacks::sqlalchemy::semantics::is_declared_attr(f));
            if base != class && self.classes.is_mapped(base) && !computed {
                continue;
            }
            found = Some(member);
            break;
        }
        let Some(member) = found else {
            return match declarative::brought_args(self.machine, class, at) {
                Some(Value::Tuple(items)) => {
                    let argument = |value: &Value<'a>| Argument {
                        value: value.clone(),
                        span: at,
                    };
                    (Ok(items.iter().map(argument).collect()), Ok(Args::default()))
                }
                _ => nothing,
            };
        };
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
                    // It may be the options, and with them the schema.
                    Some(last) if !table::is_item(last) => {
                        Err(gap(whole, "what `__table_args__` ends in is not known"))
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
            // Without columns it asks for the table of that name.
            def.again |= args.positional.len() <= 2 || args.open.is_some();
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
                registered: def.name_span,
                def,
                metadata,
                class: None,
                term: Some(id),
                name,
                whole,
                classes: Vec::new(),
                brings: None,
                unread: Vec::new(),
                maybe: entry.maybe.clone(),
                reflected,
                made: metadata::made(self.machine, metadata),
                marks: Marks::of_call(self.machine, &args),
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
        let open = whole.open.clone();
        let brings = adding::maps_itself(self.machine, class);
        let open = open.or_else(|| brings.clone()).or_else(|| {
            let base = declarative::unknown_base(self.machine, class)?;
            Some(gap(span, format!("what {base} brings is not known")))
        });
        let place = self.classes.places.get(&class).cloned();
        match place {
            Some(Place::Own(..)) if self.shares(class, &fields) => {
                self.add_to_parent(class, &class_name, span, fields);
            }
            Some(Place::Own(name, like, name_span)) => {
                let name = name.map(|n| Name::new(&n));
                let mut def = TableDef::new(name, Ok(None), name_span.unwrap_or(span), statement);
                def.like = like;
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
                    registered: span,
                    whole: statement,
                    classes: vec![(class, class_name, span)],
                    brings,
                    unread: unread::of_class(self.machine, class),
                    maybe: None,
                    reflected: false,
                    made: metadata::made(self.machine, metadata),
                    marks: Marks::of_class(self.machine, class, &options),
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

    /// Whether the table that a class names is its parent's, to which it adds nothing: `Table(name, metadata)` without columns is
    /// the table that is there. (A base that computes the name gives the parent's own to the classes below it.)
    fn shares(&mut self, class: ClassId, fields: &[Field<'a>]) -> bool {
        let Some(parent) = self.classes.parent(self.machine, class) else {
            return false;
        };
        let adds = fields.iter().any(|field| field.attribute.owner == class);
        let own = self.table_of(class);
        !adds && own.is_some() && own == self.table_of(parent)
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
}

/// A table without a schema of its own, and its foreign keys to such, have the metadata's.
fn default_schema(def: &mut TableDef<'_>, schema: &Known<Option<Name>>) {
    if def.schema == Ok(None) && !def.blank_schema {
        def.schema = schema.clone();
    }
}
