//! A schema as DDL that PostgreSQL accepts and that gives the same catalog.
//!
//! Everything that the schema holds is printed, in an order in which it exists before it is used. What is not known, or was
//! written before something that it names was renamed, is left out, and each such place is said in a comment that begins with
//! [`NOT_KNOWN`].

mod attach;
mod keys;
mod objects;
mod routine;
mod table;
mod words;

use std::fmt::Write;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::name::Name;
use crate::schema::{
    ColumnId, ConstraintId, FunctionId, IndexId, NamespaceId, Schema, Stored, TableId, TypeKind, Written,
};
use crate::sqltype::{BaseType, SqlType, TypeId};
use crate::tree::{Expr, ExprKind, RelationRef};

/// How a comment begins that says what is left out; the object's name and the reason follow.
pub const NOT_KNOWN: &str = "-- not known: ";

/// What the schema does not hold at all.
const HEAD: &str = "-- The schema that the migrations give. Rows, owners, privileges, row security, rules, statistics, storage\n\
                    -- parameters, event triggers and settings of roles and databases are not part of it.\n";

/// How deep what is needed leads to what that needs.
const DEPTH: usize = 200;

/// The DDL.
#[must_use]
pub fn sql(schema: &Schema) -> String {
    let mut script = Script::new(schema);
    script.text.push_str(HEAD);
    script.gaps();
    script.look_on(&schema.search_path);
    script.namespaces();
    script.collations();
    script.sequences();
    for (id, _) in schema.types.iter() {
        script.want(Item::Type(id));
    }
    let tables: Vec<TableId> = schema.live_tables().iter().map(|t| t.id).collect();
    let (views, plain): (Vec<TableId>, Vec<TableId>) = tables.iter().partition(|&&t| script.is_view(t));
    for table in plain {
        script.want(Item::Table(table));
    }
    script.descend(&tables);
    script.owners();
    script.constraints(&tables);
    for (id, _) in schema.functions.iter() {
        script.want(Item::Function(id));
    }
    for view in views {
        script.want(Item::Table(view));
    }
    script.foreign_keys(&tables);
    script.triggers(&tables);
    script.comments(&tables);
    script.look_on(&schema.search_path);
    script.text
}

/// Something that others may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Item {
    Type(TypeId),
    Table(TableId),
    Function(FunctionId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// What it needs is being printed.
    Begun,
    Printed,
    LeftOut,
}

/// The text as it grows.
struct Script<'a> {
    schema: &'a Schema,
    text: String,
    /// The search path that the text has set.
    path: Vec<Name>,
    states: FxHashMap<Item, State>,
    depth: usize,
    /// Columns that are printed.
    columns: FxHashSet<(TableId, ColumnId)>,
    /// Constraints that are printed or come along with printed ones.
    keys: FxHashSet<(TableId, ConstraintId)>,
    /// Indexes that are printed, those of constraints included.
    indexes: FxHashSet<(TableId, IndexId)>,
    /// Functions by name in lower case.
    routines: FxHashMap<String, Vec<FunctionId>>,
    /// Tables by name in lower case.
    relations: FxHashMap<String, Vec<TableId>>,
}

impl<'a> Script<'a> {
    fn new(schema: &'a Schema) -> Self {
        let mut routines: FxHashMap<String, Vec<FunctionId>> = FxHashMap::default();
        for (id, function) in schema.functions.iter().filter(|(_, f)| f.presence.may_be()) {
            let name = function.name.as_str().to_lowercase();
            routines.entry(name).or_default().push(id);
        }
        let mut relations: FxHashMap<String, Vec<TableId>> = FxHashMap::default();
        for table in schema.live_tables() {
            let name = table.name().as_str().to_lowercase();
            relations.entry(name).or_default().push(table.id);
        }
        Script {
            schema,
            text: String::new(),
            path: vec![Name::new("public")],
            states: FxHashMap::default(),
            depth: 0,
            columns: FxHashSet::default(),
            keys: FxHashSet::default(),
            indexes: FxHashSet::default(),
            routines,
            relations,
        }
    }

    /// One statement.
    fn say(&mut self, statement: &str) {
        self.text.push_str(statement);
        // A comment at the end of what is printed as it was written would swallow the semicolon.
        let last = statement.rsplit('\n').next().unwrap_or(statement);
        self.text
            .push_str(if last.contains("--") { "\n;\n" } else { ";\n" });
    }

    /// Something that is left out.
    fn note(&mut self, object: &str, why: &str) {
        let line = format!("{object}: {why}");
        let line: String = line
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(self.text, "{NOT_KNOWN}{line}");
    }

    /// Sets the search path.
    fn look_on(&mut self, path: &[Name]) {
        if self.path == path {
            return;
        }
        let places: Vec<String> = path.iter().map(Name::quoted).collect();
        let places = if places.is_empty() {
            "''".to_owned()
        } else {
            places.join(", ")
        };
        self.say(&format!("SET search_path = {places}"));
        self.path = path.to_vec();
    }

    /// A statement whose names are looked up as they were when it was written.
    fn say_on(&mut self, written: &Written, statement: &str) {
        self.look_on(&written.path);
        self.say(statement);
        self.look_on(&self.schema.search_path);
    }

    /// A name with its schema.
    fn qualified(&self, namespace: NamespaceId, name: &Name) -> String {
        format!(
            "{}.{}",
            self.schema.namespaces[namespace].name.quoted(),
            name.quoted()
        )
    }

    /// The same for a comment.
    fn shown(&self, namespace: NamespaceId, name: &Name) -> String {
        format!("{}.{name}", self.schema.namespaces[namespace].name)
    }

    fn table_name(&self, table: TableId) -> String {
        let t = &self.schema.tables[table];
        self.qualified(t.namespace, &t.name)
    }

    fn shown_table(&self, table: TableId) -> String {
        let t = &self.schema.tables[table];
        self.shown(t.namespace, &t.name)
    }

    fn is_view(&self, table: TableId) -> bool {
        use crate::schema::RelationKind::{Foreign, MaterializedView, Partitioned, Table, View};
        match self.schema.tables[table].kind {
            View | MaterializedView => true,
            Table | Partitioned | Foreign => false,
        }
    }

    /// Prints what is needed, unless it is printed already; whether it is there then.
    fn want(&mut self, item: Item) -> bool {
        match self.states.get(&item) {
            Some(State::Printed | State::Begun) => return true,
            Some(State::LeftOut) => return false,
            None => {}
        }
        if self.depth >= DEPTH {
            return true;
        }
        self.states.insert(item, State::Begun);
        self.depth += 1;
        let printed = match item {
            Item::Type(id) => self.ty(id),
            Item::Table(id) if self.is_view(id) => self.view(id),
            Item::Table(id) => self.table(id),
            Item::Function(id) => self.function(id),
        };
        self.depth -= 1;
        let state = if printed { State::Printed } else { State::LeftOut };
        self.states.insert(item, state);
        printed
    }

    /// Prints what a type needs; whether it is there.
    fn want_type(&mut self, ty: &SqlType) -> bool {
        match ty.base {
            BaseType::Builtin(_) | BaseType::Named(_) => true,
            BaseType::Object(id) => match self.schema.types.get(id).map(|t| &t.kind) {
                Some(TypeKind::Row(table)) => self.want(Item::Table(*table)),
                _ => self.want(Item::Type(id)),
            },
        }
    }

    /// An expression as the server prints it, once all that it names is there. Where it is left out, `what` is said to be so.
    fn expr(&mut self, table: Option<TableId>, stored: &Stored, what: &str) -> Option<String> {
        if !self.want_expr(table, &stored.expr) {
            self.note(what, "something that it names is not known");
            return None;
        }
        match self.schema.print_expr(table, stored) {
            Ok(text) => Some(text),
            Err(gap) => {
                self.note(what, &gap.why);
                None
            }
        }
    }

    /// Prints what an expression names; whether all of it is there.
    fn want_expr(&mut self, table: Option<TableId>, expr: &Expr) -> bool {
        let mut wanted: Vec<Item> = Vec::new();
        let mut whole = true;
        expr.walk(&mut |e| match &e.kind {
            ExprKind::Call(call) => {
                let found = self.routines.get(&call.name.name.as_str().to_lowercase());
                for &id in found.into_iter().flatten() {
                    let f = &self.schema.functions[id];
                    let place = &self.schema.namespaces[f.namespace].name;
                    if f.name == call.name.name && call.name.schema.as_ref().is_none_or(|s| s == place) {
                        wanted.push(Item::Function(id));
                    }
                }
            }
            ExprKind::Cast(_, ty, _) | ExprKind::Const(_, ty) => {
                if let BaseType::Object(id) = ty.base {
                    wanted.push(Item::Type(id));
                }
            }
            ExprKind::Relation(RelationRef::Table(id) | RelationRef::Index(id, _)) => {
                wanted.push(Item::Table(TableId(*id)));
            }
            ExprKind::Relation(RelationRef::Sequence(id)) => {
                let sequence = self.schema.sequences.get(crate::schema::SequenceId(*id));
                whole &= sequence.is_some_and(|s| s.presence.is_present());
            }
            ExprKind::Var(column) => {
                let read = table.map(|table| (table, ColumnId(*column)));
                whole &= read.is_none_or(|read| self.columns.contains(&read));
            }
            _ => {}
        });
        for item in wanted {
            whole &= self.want(item);
        }
        whole
    }

    /// Gaps that reach beyond one object.
    fn gaps(&mut self) {
        for gap in &self.schema.gaps {
            self.note(&gap.reach.to_string(), &gap.why);
        }
        if let Some(gap) = &self.schema.unlisted {
            self.note("operators, casts and operator classes", &gap.why);
        }
    }
}

/// A string as a literal.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}
