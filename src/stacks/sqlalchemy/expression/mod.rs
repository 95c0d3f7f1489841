//! Expressions: constructs of SQLAlchemy as the SQL text that its compiler makes of them in DDL, with literals in place.
//!
//! Source: `SQLCompiler` (`sqlalchemy/sql/compiler.py`) with `literal_binds=True`. Operands are put in parentheses wherever they are
//! not a single name, literal or call: the text is parsed again, and only its meaning counts.

mod functions;
mod methods;
mod operators;

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::compiled;
use super::terms::{self, Known, Member, Origin, gap, stopped};
use crate::interpret::python::{Args, Argument, ClassId, Library, Machine, TermId, TermKind, Value};
use crate::known::Gap;
use crate::name::{Name, quote};
use crate::source::{Span, Text};
use crate::tree::{Expr, ExprKind};

const MAX_DEPTH: u32 = 64;

/// The columns that constructs may name by the object that stands for them.
#[derive(Debug, Default, Clone)]
pub struct Scope<'a> {
    /// Columns by the call that made them.
    pub columns: Rc<FxHashMap<TermId, ScopeColumn<'a>>>,
    /// Columns by class and attribute.
    pub attributes: Rc<FxHashMap<(ClassId, SmolStr), ScopeColumn<'a>>>,
    /// Columns of the table that the expression stands on, by key.
    pub keys: FxHashMap<SmolStr, ScopeColumn<'a>>,
}

/// A column that an expression may name.
#[derive(Debug, Clone)]
pub struct ScopeColumn<'a> {
    /// Its name in the database.
    pub name: Name,
    /// Its type, as the source gives it.
    pub ty: Option<Value<'a>>,
    /// Its table, where that is one for certain.
    pub table: Option<crate::name::QualifiedName>,
}

/// The SQL text of an expression: a construct, or a string that holds SQL (a CHECK, a predicate).
///
/// # Errors
/// Where it cannot be told.
pub fn text_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<Text> {
    let mut writer = Writer::new(machine, scope, at);
    match value {
        Value::Str(text) => writer.raw(text, at, 0)?,
        other => writer.expression(other, at, 0)?,
    }
    Ok(Text::composed(writer.runs))
}

/// An expression, parsed: a construct, or a string that holds SQL.
///
/// # Errors
/// Where it cannot be told, or is none that can be read.
pub fn expr_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<Expr> {
    crate::sql::expression(&text_of(machine, value, scope, at)?)
}

/// What `server_default=` makes: `None` where it makes no DEFAULT.
///
/// # Errors
/// Where it cannot be told.
pub fn server_default<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    argument: &Argument<'a>,
    scope: &Scope<'a>,
) -> Known<Option<Expr>> {
    let (value, at) = (&argument.value, argument.span);
    match value {
        Value::None => return Ok(None),
        Value::Unknown(unknown) => return Err(unknown.gap.clone()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            return Err(gap(at, "SQLAlchemy takes no number or truth as a server default"));
        }
        Value::Str(_) | Value::Instance(_) => {
            if let Ok(text) = terms::text(machine, value, at) {
                return Ok(Some(Expr::new(ExprKind::String(SmolStr::new(text.as_str())), at)));
            }
        }
        _ => {}
    }
    if let Some((member, args)) = terms::call(machine, value) {
        match member.name() {
            "FetchedValue" => return Ok(None),
            "DefaultClause" | "ColumnDefault" => {
                if let Some(inner) = args.get(0, "arg").cloned() {
                    return server_default(machine, &inner, scope);
                }
            }
            _ => {}
        }
    }
    expr_of(machine, value, scope, at).map(Some)
}

/// A name as SQL needs it.
fn quoted(name: &Name) -> String {
    quote(name.as_str())
}

/// Puts an expression together.
struct Writer<'m, 's, 'a, L: Library<'a>> {
    machine: &'m mut Machine<'a, L>,
    scope: &'s Scope<'a>,
    runs: Vec<(String, Span, bool)>,
    at: Span,
}

impl<'m, 's, 'a, L: Library<'a>> Writer<'m, 's, 'a, L> {
    fn new(machine: &'m mut Machine<'a, L>, scope: &'s Scope<'a>, at: Span) -> Self {
        Writer {
            machine,
            scope,
            runs: Vec::new(),
            at,
        }
    }

    fn push(&mut self, text: &str) {
        self.runs.push((text.to_owned(), self.at, false));
    }

    /// SQL as written in a string: `\:` is a colon, `:name` a parameter. DDL is written with its values in place, and one that was
    /// given none is NULL, inside a literal too (`SQLCompiler.render_literal_bindparam`): of `'[/:a-z]'` it makes `'[/NULL-z]'`.
    fn raw(&mut self, text: &Text, at: Span, skip: usize) -> Known<()> {
        let whole = text.as_str();
        let bytes = whole.as_bytes();
        let mut from = skip;
        for (i, byte) in bytes.iter().enumerate() {
            if *byte != b':' {
                continue;
            }
            let before = i.checked_sub(1).and_then(|b| bytes.get(b)).copied();
            let after = bytes.get(i + 1).copied();
            let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            match (before, after) {
                (Some(b'\\'), _) => {
                    self.runs.extend(text.slice(from..i - 1).runs());
                    from = i;
                }
                (Some(b), _) if b == b':' || is_word(b) => {}
                (_, Some(b)) if is_word(b) => {
                    let end = bytes
                        .iter()
                        .skip(i + 1)
                        .position(|b| !is_word(*b))
                        .map(|n| n + i + 1);
                    let next = end.and_then(|e| bytes.get(e)).copied();
                    if [before, next].into_iter().flatten().any(|b| !b.is_ascii()) {
                        return Err(gap(at, "whether a parameter stands in SQL of DDL"));
                    }
                    if next != Some(b':') {
                        self.runs.extend(text.slice(from..i).runs());
                        self.runs.push(("NULL".to_owned(), at, false));
                        from = end.unwrap_or(bytes.len());
                    }
                }
                _ => {}
            }
        }
        self.runs.extend(text.slice(from..whole.len()).runs());
        Ok(())
    }

    fn literal(&mut self, text: &Text) {
        let quoted = format!("'{}'", text.as_str().replace('\'', "''"));
        self.runs.push((quoted, text.whole(), false));
    }

    fn name(&mut self, name: &Name, at: Span) {
        self.runs.push((quoted(name), at, false));
    }

    /// An operand: in parentheses.
    fn operand(&mut self, value: &Value<'a>, at: Span, depth: u32) -> Known<()> {
        let simple = match value {
            Value::Term(term) => {
                matches!(term.kind, TermKind::Path(_))
                    || terms::call_of(self.machine, value, "Column").is_some()
            }
            Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::None | Value::Float(_) => true,
            _ => false,
        };
        if simple {
            return self.expression(value, at, depth);
        }
        self.push("(");
        self.expression(value, at, depth)?;
        self.push(")");
        Ok(())
    }

    fn list(&mut self, values: &[Argument<'a>], between: &str, depth: u32) -> Known<()> {
        for (i, argument) in values.iter().enumerate() {
            if i > 0 {
                self.push(between);
            }
            self.operand(&argument.value, argument.span, depth)?;
        }
        Ok(())
    }

    /// A value where SQL stands: a construct, or a Python value that becomes a literal.
    fn expression(&mut self, value: &Value<'a>, at: Span, depth: u32) -> Known<()> {
        if depth > MAX_DEPTH {
            return Err(gap(at, "the expression is nested too deep"));
        }
        match value {
            Value::None => self.push("NULL"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(n) if *n < 0 => self.push(&format!("({n})")),
            Value::Int(n) => self.push(&n.to_string()),
            Value::Float(f) if f.is_finite() => self.push(&format!("{f:?}")),
            Value::Str(text) => self.literal(text),
            Value::Unknown(unknown) => return Err(unknown.gap.clone()),
            Value::Term(term) => return self.term(value, &term.kind, term.span, depth),
            Value::Instance(_) => match compiled::text(self.machine, value, at) {
                Some(text) => self.runs.extend(text?.runs()),
                None => {
                    let text = terms::text(self.machine, value, at)?;
                    self.literal(&text);
                }
            },
            _ => return Err(gap(at, "this expression is not followed")),
        }
        Ok(())
    }

    fn term(&mut self, value: &Value<'a>, kind: &TermKind<'a>, at: Span, depth: u32) -> Known<()> {
        if let Some(column) = self.column(value) {
            self.name(&column.name, at);
            return Ok(());
        }
        match kind {
            TermKind::Call(callee, args) => self.called(value, callee, args, at, depth),
            TermKind::Operation(operator, operands) => self.operation(*operator, operands, at, depth),
            TermKind::Item(object, key) => self.subscript(object, key, at, depth),
            TermKind::Attribute(object, name) if name == "astext" => self.as_text(object, at, depth),
            TermKind::Path(path) => Err(gap(at, format!("what `{path}` is in SQL is not known"))),
            TermKind::Attribute(_, name) => Err(gap(at, format!("what `{name}` is in SQL is not known"))),
        }
    }

    /// The column that a value stands for.
    fn column(&mut self, value: &Value<'a>) -> Option<ScopeColumn<'a>> {
        column(self.machine, value, self.scope)
    }

    fn called(
        &mut self,
        value: &Value<'a>,
        callee: &Value<'a>,
        args: &Args<'a>,
        at: Span,
        depth: u32,
    ) -> Known<()> {
        let closed = |args: &Args<'a>| args.open.clone().map_or(Ok(()), Err);
        closed(args)?;
        match terms::member(self.machine, callee) {
            Some(member) if member.origin == Origin::Function || member.path.contains(".functions.") => {
                self.function(&member, args, at, depth)
            }
            Some(member) if matches!(member.origin, Origin::Core | Origin::Postgresql) => {
                self.construct(&member, args, at, depth)
            }
            Some(member) => Err(gap(at, format!("what `{}` is in SQL is not known", member.path))),
            None => match terms::method(value) {
                Some((object, name, args)) => self.method(&object.clone(), name, args, at, depth),
                None => self.custom_operator(callee, args, at, depth),
            },
        }
    }

    /// A function of SQLAlchemy that makes an expression: `text(...)`, `cast(...)`, `and_(...)`.
    fn construct(&mut self, member: &Member, args: &Args<'a>, at: Span, depth: u32) -> Known<()> {
        let first = args.positional.first();
        let name = member.name();
        match (name, first) {
            ("text", _) => match args.get(0, "text").map(|a| &a.value) {
                Some(Value::Str(text)) => self.raw(&text.clone(), at, 0),
                Some(Value::Unknown(unknown)) => Err(unknown.gap.clone()),
                _ => Err(gap(at, "the text of this SQL cannot be told")),
            },
            ("literal_column", Some(a)) => match &a.value {
                Value::Str(text) => {
                    self.runs.extend(text.runs());
                    Ok(())
                }
                _ => Err(gap(at, "the text of this SQL cannot be told")),
            },
            ("column", Some(a)) => {
                let text = terms::text(self.machine, &a.value, a.span)?;
                self.name(&Name::new(text.as_str()), at);
                Ok(())
            }
            ("true" | "True_", None) => self.word("true"),
            ("false" | "False_", None) => self.word("false"),
            ("null" | "Null", None) => self.word("NULL"),
            ("literal", Some(a)) => self.typed_literal(a, args.get(1, "type_"), depth),
            ("and_", _) => self.joined(&args.positional, " AND ", depth),
            ("or_", _) => self.joined(&args.positional, " OR ", depth),
            ("not_", Some(a)) => self.negated(&a.value, a.span, depth),
            ("desc", Some(a)) => self.suffixed(a, " DESC", depth),
            ("asc", Some(a)) => self.suffixed(a, " ASC", depth),
            ("nulls_first" | "nullsfirst", Some(a)) => self.suffixed(a, " NULLS FIRST", depth),
            ("nulls_last" | "nullslast", Some(a)) => self.suffixed(a, " NULLS LAST", depth),
            ("cast", Some(a)) => match args.get(1, "type_") {
                Some(ty) => self.cast(&a.value, ty, at, depth),
                None => Err(gap(at, "the type of this cast is not given")),
            },
            ("type_coerce" | "label", Some(a)) => self.expression(&a.value, a.span, depth + 1),
            ("collate", Some(a)) => match args.positional.get(1) {
                Some(collation) => self.collate(&a.value, collation, at, depth),
                None => Err(gap(at, "the collation is not given")),
            },
            ("extract", Some(a)) => self.extract(a, args.positional.get(1), at, depth),
            ("case", _) => self.case(args, at, depth),
            ("array", Some(a)) => self.array(a, at, depth),
            ("tuple_", _) => {
                self.push("(");
                self.list(&args.positional, ", ", depth + 1)?;
                self.push(")");
                Ok(())
            }
            ("between", Some(_)) if args.positional.len() == 3 => {
                let object = args.positional.first().map_or(Value::None, |a| a.value.clone());
                let mut rest = args.clone();
                rest.positional.remove(0);
                self.method(&object, "between", &rest, at, depth)
            }
            ("Sequence", _) => Err(gap(at, "a sequence is no expression")),
            ("Column" | "mapped_column", _) => Err(gap(at, "the name of this column is not known")),
            _ => Err(gap(at, format!("what `{name}` is in SQL is not known"))),
        }
    }

    fn word(&mut self, word: &str) -> Known<()> {
        self.push(word);
        Ok(())
    }

    fn suffixed(&mut self, argument: &Argument<'a>, suffix: &str, depth: u32) -> Known<()> {
        // The name of a column may be given as text.
        match &argument.value {
            Value::Str(text) => {
                let name = match self.scope.keys.get(text.as_str()) {
                    Some(column) => column.name.clone(),
                    None => Name::new(text.as_str()),
                };
                self.name(&name, argument.span);
            }
            other => self.expression(other, argument.span, depth + 1)?,
        }
        self.push(suffix);
        Ok(())
    }

    fn joined(&mut self, parts: &[Argument<'a>], between: &str, depth: u32) -> Known<()> {
        if parts.is_empty() {
            return Err(gap(self.at, "there is nothing to join"));
        }
        self.list(parts, between, depth + 1)
    }

    fn typed_literal(&mut self, value: &Argument<'a>, ty: Option<&Argument<'a>>, depth: u32) -> Known<()> {
        if let Some(ty) = ty
            && !matches!(ty.value, Value::None)
        {
            let ty = ty.clone();
            return self.bound(&value.value, Some(&ty.value), value.span, depth);
        }
        self.expression(&value.value, value.span, depth + 1)
    }

    fn cast(&mut self, value: &Value<'a>, ty: &Argument<'a>, at: Span, depth: u32) -> Known<()> {
        let typed = super::types::sql_type(self.machine, &ty.value, ty.span);
        let to = typed.ty?;
        self.push("CAST(");
        match value {
            Value::Str(_) | Value::Int(_) => self.expression(value, at, depth + 1)?,
            other => self.operand(other, at, depth + 1)?,
        }
        self.push(&format!(" AS {to})"));
        Ok(())
    }

    fn collate(&mut self, value: &Value<'a>, collation: &Argument<'a>, at: Span, depth: u32) -> Known<()> {
        let name = terms::text(self.machine, &collation.value, collation.span)?;
        self.operand(value, at, depth + 1)?;
        self.push(&format!(" COLLATE {}", quote(name.as_str())));
        Ok(())
    }
}

/// The column that a value stands for: a column's call, `column("x")`, an attribute of a class, `table.c.x`.
pub(super) fn column<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
) -> Option<ScopeColumn<'a>> {
    let Value::Term(term) = value else { return None };
    if let Some(found) = scope.columns.get(&term.id) {
        return Some(found.clone());
    }
    match &term.kind {
        TermKind::Attribute(Value::Class(class), name) => {
            let found = scope.attributes.get(&(*class, name.clone())).cloned();
            // A class that is being made: its attributes are columns of the table that the expression stands on.
            found.or_else(|| scope.keys.get(name).cloned())
        }
        TermKind::Attribute(object, name) if is_columns(object) => {
            Some(scope.keys.get(name).cloned().unwrap_or(ScopeColumn {
                name: Name::new(name),
                ty: None,
                table: None,
            }))
        }
        TermKind::Item(object, key) if is_columns(object) => {
            let key = key.as_str()?;
            Some(scope.keys.get(key).cloned().unwrap_or(ScopeColumn {
                name: Name::new(key),
                ty: None,
                table: None,
            }))
        }
        TermKind::Call(..) => {
            let (member, args) = terms::call(machine, value)?;
            if matches!(member.name(), "deferred" | "column_property" | "label") {
                let inner = args.positional.first()?.value.clone();
                return column(machine, &inner, scope);
            }
            if !matches!(member.name(), "Column" | "mapped_column" | "column")
                || member.origin == Origin::Package
            {
                return None;
            }
            let first = args.positional.first().or(args.keyword("name"))?;
            let name = first.value.as_str()?;
            let types = args
                .positional
                .iter()
                .skip(1)
                .find(|a| super::types::is_type(machine, &a.value));
            Some(ScopeColumn {
                name: Name::new(name),
                ty: types.map(|a| a.value.clone()),
                table: None,
            })
        }
        _ => None,
    }
}

/// `table.c` and `table.columns`.
fn is_columns(value: &Value<'_>) -> bool {
    matches!(value, Value::Term(term) if matches!(&term.kind, TermKind::Attribute(_, name) if matches!(name.as_str(), "c" | "columns")))
}

/// What a value is as a literal of a column's type: members of enums, values that a type of the repository changes.
fn literal_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    ty: Option<&Value<'a>>,
    at: Span,
) -> Known<Value<'a>> {
    let Value::Instance(_) = value else {
        return Ok(value.clone());
    };
    let Some(ty) = ty else {
        return Err(gap(
            at,
            "the type of the column that this is compared with is not known",
        ));
    };
    if let Some(args) = terms::call_of(machine, ty, "Enum") {
        let args = args.clone();
        if let Some(callable) = args.keyword("values_callable")
            && !matches!(callable.value, Value::None)
        {
            return label_of(machine, value, &args, at);
        }
        return machine
            .attribute(value, "name", at)
            .map_err(|stop| stopped(&stop, at));
    }
    if let Value::Instance(_) | Value::Class(_) = ty
        && super::types::is_type(machine, ty)
    {
        return processed(machine, value, ty, at);
    }
    match terms::text(machine, value, at) {
        Ok(text) => Ok(Value::Str(Rc::new(text))),
        Err(gap) => Err(gap),
    }
}

/// The label that `values_callable` gives a member: at the member's place among all.
fn label_of<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    args: &Args<'a>,
    at: Span,
) -> Known<Value<'a>> {
    let unknown = || gap(at, "the label of this member cannot be told");
    let class = args.positional.first().ok_or_else(unknown)?.value.clone();
    let callable = args.keyword("values_callable").ok_or_else(unknown)?.clone();
    let name = machine
        .attribute(value, "name", at)
        .map_err(|stop| stopped(&stop, at))?;
    let members = machine
        .attribute(&class, "__members__", at)
        .map_err(|stop| stopped(&stop, at))?;
    let members = machine.dict_items(&members).ok_or_else(unknown)?;
    let place = members.iter().position(|(key, _)| key.as_str() == name.as_str());
    let labels = machine
        .call(&callable.value, Args::of(vec![class], at), at)
        .map_err(|stop| stopped(&stop, at))?;
    let labels = machine.known_items(&labels).ok_or_else(unknown)?;
    if labels.len() != members.len() {
        return Err(unknown());
    }
    place.and_then(|at| labels.get(at).cloned()).ok_or_else(unknown)
}

/// What a type of the repository makes of a value: its `process_literal_param`, else its `process_bind_param`.
fn processed<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    ty: &Value<'a>,
    at: Span,
) -> Known<Value<'a>> {
    let object = match ty {
        Value::Class(_) => machine
            .call(ty, Args::default(), at)
            .map_err(|stop| stopped(&stop, at))?,
        _ => ty.clone(),
    };
    let class = machine.class_of(&object);
    for name in ["process_literal_param", "process_bind_param"] {
        if class.is_some_and(|c| machine.lookup(c, name).is_some()) {
            let method = machine
                .attribute(&object, name, at)
                .map_err(|stop| stopped(&stop, at))?;
            let dialect = machine.path("sqlalchemy.dialects.postgresql.dialect", at);
            let made = machine
                .call(&method, Args::of(vec![value.clone(), dialect], at), at)
                .map_err(|stop| stopped(&stop, at))?;
            return match made {
                Value::Unknown(unknown) => Err(unknown.gap.clone()),
                Value::Instance(_) => literal_of(machine, &made, None, at),
                other => Ok(other),
            };
        }
    }
    match terms::text(machine, value, at) {
        Ok(text) => Ok(Value::Str(Rc::new(text))),
        Err(gap) => Err(gap),
    }
}

/// What an empty place says.
pub(super) fn nothing(at: Span) -> Gap {
    gap(at, "there is no expression")
}
