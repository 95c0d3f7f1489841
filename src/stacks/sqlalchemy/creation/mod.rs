//! What the repository does when tables are made and dropped: functions and `DDL(...)` that hear of it. Functions are not run; what
//! they may change of a table on PostgreSQL is told by the conditions that they begin with.
//!
//! Source: `DDLEvents.before_create` and its like (`sqlalchemy/sql/events.py`, 2.0), `ExecutableDDLElement.execute_if`, `DDL`
//! (`sqlalchemy/sql/ddl.py`). A listener to the class `Table` hears every table, that of `op.create_table` too
//! (`DefaultImpl.create_table`, `alembic/ddl/impl.py`).

mod deed;
mod function;

use smol_str::SmolStr;

pub use deed::{opened, renames_types, take};

use self::function::Guarded;
use crate::interpret::python::Modules;
use crate::interpret::python::spoken::{Subject, speaks_of};
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span, Text};
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Ranged, ast, span};

/// When it is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the event of its name")]
pub enum Event {
    BeforeCreate,
    AfterCreate,
    BeforeDrop,
    AfterDrop,
}

impl Event {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "before_create" => Event::BeforeCreate,
            "after_create" => Event::AfterCreate,
            "before_drop" => Event::BeforeDrop,
            "after_drop" => Event::AfterDrop,
            _ => return None,
        })
    }
}

/// Whose making is listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// Every table's: the class `Table`.
    Every,
    /// That of the table of the class of a name.
    Class(SmolStr),
    /// That of the table of a name.
    Table(SmolStr),
    /// That of all tables of a metadata.
    Metadata,
    /// Cannot be told.
    Unknown,
}

/// A listener.
#[derive(Debug, Clone)]
pub struct Listener<'a> {
    event: Event,
    target: Target,
    does: Does<'a>,
    at: Span,
}

#[derive(Debug, Clone)]
enum Does<'a> {
    /// Sends this.
    Statement(Text),
    /// Sends this with other names.
    Template(Text),
    /// Sends something, or this under a condition that cannot be told.
    Perhaps,
    Function(Guarded<'a>),
    Unknown,
}

/// What is done when one table, or a metadata, is made or dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// When.
    pub event: Event,
    /// What.
    pub what: What,
    /// Where, and why that is not known where it is not.
    pub gap: Gap,
}

/// What is done.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A statement is sent, `%(table)s` and `%%` in it as they are written.
    Statement(Text),
    /// A statement is sent in which names are not known, or whose table is not: a name that is nobody's stands for each.
    Template(Text),
    /// Something is sent or done that is not followed; `ddl`: most likely a statement that changes the schema.
    Anything {
        /// See there.
        ddl: bool,
    },
    /// The table is given constraints.
    Constraints,
    /// A column of this key is changed.
    Column(SmolStr),
    /// The type of the column of this key is changed.
    Type(SmolStr),
    /// The table is changed.
    Table,
}

/// The listeners that modules add.
#[must_use]
pub fn listeners<'a>(
    modules: &'a Modules<'a>,
    loaded: impl IntoIterator<Item = FileId>,
) -> Vec<Listener<'a>> {
    let mut out = Vec::new();
    for file in loaded {
        let module = modules.of_file(file);
        let Some(module) = module.filter(|_| speaks_of(modules.files(), file, Subject::Listeners)) else {
            continue;
        };
        let body = &modules.parsed(module).body.body;
        let mut reader = Reader {
            file,
            text: modules.files().text(file).to_string(),
            scopes: vec![body],
            out: Vec::new(),
        };
        body.iter().for_each(|statement| reader.visit_stmt(statement));
        out.extend(reader.out);
    }
    out
}

/// What is done when a table is made or dropped; `classes` are kept in it.
#[must_use]
pub fn of_table(listeners: &[Listener<'_>], name: Option<&str>, classes: &[&str]) -> Vec<Deed> {
    let hears = |target: &Target| match target {
        Target::Every | Target::Unknown => true,
        Target::Class(class) => classes.contains(&class.as_str()),
        Target::Table(table) => name.is_none_or(|name| name == table),
        Target::Metadata => false,
    };
    let heard = listeners.iter().filter(|listener| hears(&listener.target));
    heard.flat_map(|listener| listener.deeds(name)).collect()
}

/// What is done when the tables of a metadata are made or dropped.
#[must_use]
pub fn of_metadata(listeners: &[Listener<'_>]) -> Vec<Deed> {
    let hears = |target: &Target| matches!(target, Target::Metadata | Target::Unknown);
    let heard = listeners.iter().filter(|listener| hears(&listener.target));
    heard.flat_map(|listener| listener.deeds(None)).collect()
}

impl Listener<'_> {
    /// Whether it hears of tables that no module holds, such as those of operations.
    #[must_use]
    pub fn hears_every_table(&self) -> bool {
        self.target == Target::Every
    }

    /// What it does to a table of this name.
    fn deeds(&self, table: Option<&str>) -> Vec<Deed> {
        let before = matches!(self.event, Event::BeforeCreate | Event::BeforeDrop);
        let done = match &self.does {
            Does::Statement(text) => vec![What::Statement(text.clone())],
            Does::Template(text) => vec![What::Template(text.clone())],
            Does::Perhaps => vec![What::Anything { ddl: true }],
            Does::Unknown if before => vec![What::Table, What::Anything { ddl: true }],
            Does::Unknown => vec![What::Anything { ddl: true }],
            Does::Function(function) => function.deeds(table, before),
        };
        let deed = |what| {
            let why = "what is done when a table is made or dropped (an event listener)";
            Deed {
                event: self.event,
                gap: Gap::new(self.at, why, Reach::Rows),
                what,
            }
        };
        // A statement under a name that cannot be told may be another table's.
        let whose = |what| match (what, &self.target) {
            (What::Statement(text), Target::Unknown) => What::Template(text),
            (what, _) => what,
        };
        done.into_iter().map(whose).map(deed).collect()
    }
}

struct Reader<'a> {
    file: FileId,
    text: String,
    /// Its statements, and those of the functions around what is read.
    scopes: Vec<&'a [ast::Stmt]>,
    out: Vec<Listener<'a>>,
}

impl<'a> Visitor<'a> for Reader<'a> {
    fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
        if let ast::Stmt::FunctionDef(function) = statement {
            for decorator in &function.decorator_list {
                if let Some((call, event)) = event_of(&decorator.expression, "listens_for") {
                    self.add(call, event, |reader| reader.function(function));
                } else {
                    self.visit_expr(&decorator.expression);
                }
            }
            self.scopes.push(&function.body);
            function.body.iter().for_each(|inner| self.visit_stmt(inner));
            self.scopes.pop();
            return;
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        if let Some((call, event)) = event_of(expr, "listen") {
            let listener = call.arguments.args.get(2);
            self.add(call, event, |reader| {
                listener.map_or(Some(Does::Unknown), |given| reader.does(given, MAX_NAMES))
            });
        } else if let Some((call, event)) = event_of(expr, "listens_for") {
            self.add(call, event, |_| Some(Does::Unknown));
        }
        walk_expr(self, expr);
    }
}

/// How many names lead to what is done.
const MAX_NAMES: usize = 8;

/// `event.listen(target, "after_create", ...)`.
fn event_of<'a>(expr: &'a ast::Expr, function: &str) -> Option<(&'a ast::ExprCall, Event)> {
    let ast::Expr::Call(call) = expr else { return None };
    if last_name(&call.func)? != function {
        return None;
    }
    let ast::Expr::StringLiteral(name) = call.arguments.args.get(1)? else {
        return None;
    };
    Some((call, Event::of(name.value.to_str())?))
}

/// `c` of `a.b.c`.
fn last_name(expr: &ast::Expr) -> Option<&str> {
    match expr {
        ast::Expr::Name(name) => Some(name.id.as_str()),
        ast::Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

impl<'a> Reader<'a> {
    fn add(&mut self, call: &'a ast::ExprCall, event: Event, does: impl FnOnce(&Self) -> Option<Does<'a>>) {
        let target = call
            .arguments
            .args
            .first()
            .map_or(Target::Unknown, |t| self.target(t));
        if let Some(does) = does(self) {
            let at = span(self.file, call.range());
            self.out.push(Listener {
                event,
                target,
                does,
                at,
            });
        }
    }

    fn target(&self, expr: &ast::Expr) -> Target {
        match (expr, last_name(expr)) {
            (_, Some("Table")) => Target::Every,
            (_, Some("metadata" | "MetaData")) => Target::Metadata,
            (ast::Expr::Attribute(attribute), Some("__table__")) => {
                let class = last_name(&attribute.value);
                class.map_or(Target::Unknown, |class| Target::Class(class.into()))
            }
            (ast::Expr::Name(name), _) => match self.assigned(name.id.as_str()) {
                Some(ast::Expr::Call(call)) if last_name(&call.func) == Some("Table") => {
                    match call.arguments.args.first() {
                        Some(ast::Expr::StringLiteral(text)) => Target::Table(text.value.to_str().into()),
                        _ => Target::Unknown,
                    }
                }
                Some(ast::Expr::Call(call)) if last_name(&call.func) == Some("MetaData") => Target::Metadata,
                Some(other @ ast::Expr::Attribute(_)) => self.target(other),
                _ => Target::Unknown,
            },
            _ => Target::Unknown,
        }
    }

    /// What a name stands for, where one statement alone gives it.
    fn assigned(&self, name: &str) -> Option<&'a ast::Expr> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| assigned_in(scope, name))
    }

    /// What a listener does; `None`: nothing on PostgreSQL.
    fn does(&self, expr: &'a ast::Expr, depth: usize) -> Option<Does<'a>> {
        let Some(depth) = depth.checked_sub(1) else {
            return Some(Does::Unknown);
        };
        match expr {
            ast::Expr::Name(name) => {
                let all = self.scopes.iter().rev().flat_map(|scope| scope.iter());
                let mut defined = all.filter_map(|statement| match statement {
                    ast::Stmt::FunctionDef(function) if function.name.as_str() == name.id.as_str() => {
                        Some(function)
                    }
                    _ => None,
                });
                match (self.assigned(name.id.as_str()), defined.next()) {
                    (None, Some(function)) => self.function(function),
                    (Some(given), None) => self.does(given, depth),
                    _ => Some(Does::Unknown),
                }
            }
            ast::Expr::Call(call) => match (last_name(&call.func)?, &*call.func) {
                ("DDL", _) => {
                    let bare = call.arguments.args.len() == 1 && call.arguments.keywords.is_empty();
                    let text = call.arguments.args.first().filter(|_| bare);
                    Some(match text.and_then(|text| self.literal(text, depth)) {
                        Some((text, true)) => Does::Statement(text),
                        Some((text, false)) => Does::Template(text),
                        None => Does::Perhaps,
                    })
                }
                ("execute_if", ast::Expr::Attribute(method)) => {
                    let does = self.does(&method.value, depth)?;
                    let arguments = &call.arguments;
                    let dialect = arguments.args.first().or_else(|| {
                        let named =
                            |k: &&ast::Keyword| k.arg.as_ref().is_some_and(|n| n.as_str() == "dialect");
                        arguments.keywords.iter().find(named).map(|k| &k.value)
                    });
                    let alone = arguments.args.len() + arguments.keywords.len() == 1;
                    match dialect.and_then(names_postgresql) {
                        Some(false) => None,
                        Some(true) if alone => Some(does),
                        // Whether it is sent cannot be told.
                        _ => Some(match does {
                            Does::Statement(text) => Does::Template(text),
                            other => other,
                        }),
                    }
                }
                _ => Some(Does::Unknown),
            },
            _ => Some(Does::Unknown),
        }
    }

    fn function(&self, function: &'a ast::StmtFunctionDef) -> Option<Does<'a>> {
        Some(Does::Function(Guarded::of(function, &self.text)))
    }

    /// The text that an expression is; false where names in it are not known.
    fn literal(&self, expr: &'a ast::Expr, depth: usize) -> Option<(Text, bool)> {
        match expr {
            ast::Expr::StringLiteral(literal) => {
                let parts = literal.value.iter().map(|part| self.part(part));
                Some((Text::composed(parts.filter(|(text, ..)| !text.is_empty())), true))
            }
            ast::Expr::FString(string) => {
                let mut parts = Vec::new();
                for part in string.value.iter() {
                    match part {
                        ast::FStringPart::Literal(literal) => parts.push(self.part(literal)),
                        ast::FStringPart::FString(string) => {
                            parts.extend(string.elements.iter().map(|element| {
                                let at = span(self.file, element.range());
                                match element {
                                    ast::InterpolatedStringElement::Literal(text) => {
                                        (text.value.to_string(), at, false)
                                    }
                                    ast::InterpolatedStringElement::Interpolation(_) => {
                                        (deed::SUBJECT.to_owned(), at, false)
                                    }
                                }
                            }));
                        }
                    }
                }
                Some((Text::composed(parts), false))
            }
            ast::Expr::Name(name) => self.literal(self.assigned(name.id.as_str())?, depth.checked_sub(1)?),
            _ => None,
        }
    }

    fn part(&self, part: &ast::StringLiteral) -> (String, Span, bool) {
        let at = span(self.file, part.content_range());
        let exact = self.text.get(at.range()) == Some(&*part.value);
        (part.value.to_string(), at, exact)
    }
}

/// What one statement alone of a scope gives a name.
fn assigned_in<'a>(scope: &'a [ast::Stmt], name: &str) -> Option<&'a ast::Expr> {
    let is_it = |target: &ast::Expr| matches!(target, ast::Expr::Name(own) if own.id.as_str() == name);
    let given = scope.iter().filter_map(|statement| match statement {
        ast::Stmt::Assign(assign) if assign.targets.iter().any(is_it) => Some(&*assign.value),
        ast::Stmt::AnnAssign(assign) if is_it(&assign.target) => assign.value.as_deref(),
        _ => None,
    });
    let mut given = given.fuse();
    given.next().filter(|_| given.next().is_none())
}

/// Whether `execute_if(dialect=...)` lets PostgreSQL in.
fn names_postgresql(dialect: &ast::Expr) -> Option<bool> {
    let is_it = |item: &ast::Expr| match item {
        ast::Expr::StringLiteral(name) => Some(name.value.to_str() == "postgresql"),
        _ => None,
    };
    let items = match dialect {
        ast::Expr::Tuple(tuple) => &tuple.elts,
        ast::Expr::List(list) => &list.elts,
        ast::Expr::Set(set) => &set.elts,
        one => return is_it(one),
    };
    let known: Option<Vec<bool>> = items.iter().map(is_it).collect();
    Some(known?.contains(&true))
}
