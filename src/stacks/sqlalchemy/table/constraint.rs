//! Constraints: `UniqueConstraint(...)`, `ForeignKey(...)`, `CheckConstraint(...)`, `ExcludeConstraint(...)` as calls.

use smol_str::SmolStr;

use super::{ConstraintDef, ConstraintKind, ForeignKeyDef, index};
use crate::change::ReferentialAction;
use crate::interpret::python::{Args, Argument, Library, Machine, TermKind, Value};
use crate::name::{Name, QualifiedName};
use crate::source::Span;
use crate::stacks::sqlalchemy::expression::{self, Scope};
use crate::stacks::sqlalchemy::naming::Given;
use crate::stacks::sqlalchemy::terms::{self, Known, gap};

/// Reads a table constraint; `None` where the value is none.
pub fn constraint<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Option<ConstraintDef> {
    let (member, args) = terms::call(machine, value)?;
    let args = args.clone();
    let kind = match member.name() {
        "PrimaryKeyConstraint" => ConstraintKind::PrimaryKey {
            columns: columns(machine, &args, scope),
        },
        "UniqueConstraint" => ConstraintKind::Unique {
            columns: columns(machine, &args, scope),
            include: names(machine, args.keyword("postgresql_include"), scope),
            nulls_not_distinct: terms::flag(&args, "postgresql_nulls_not_distinct", false),
        },
        "CheckConstraint" => ConstraintKind::Check {
            condition: check(machine, &args, scope, at),
        },
        "ForeignKeyConstraint" => ConstraintKind::ForeignKey(composite(machine, &args, scope, at)),
        "ForeignKey" => return foreign_key(machine, value, scope, at),
        "ExcludeConstraint" => exclude(machine, &args, scope, at),
        _ => return None,
    };
    // Where a name may stand by position, it does so behind the first or second argument.
    let position = match member.name() {
        "CheckConstraint" => 1,
        "ForeignKeyConstraint" => 2,
        _ => usize::MAX,
    };
    Some(whole(machine, value, &args, position, kind, at))
}

fn whole<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    args: &Args<'a>,
    position: usize,
    kind: ConstraintKind,
    at: Span,
) -> ConstraintDef {
    let initially = terms::maybe_text(machine, args, usize::MAX, "initially");
    let initially_deferred = initially.map(|text| text.map(|t| t.as_str().eq_ignore_ascii_case("deferred")));
    ConstraintDef {
        name: match terms::argument(args, position, "name") {
            Ok(argument) => {
                let argument = argument.cloned();
                given(machine, argument.as_ref())
            }
            Err(gap) => Err(gap),
        },
        kind,
        deferrable: terms::maybe_true(args, "deferrable"),
        initially_deferred,
        not_valid: terms::flag(args, "postgresql_not_valid", false).unwrap_or(false),
        type_bound: false,
        term: match value {
            Value::Term(term) => Some(term.id),
            _ => None,
        },
        span: at,
    }
}

/// A name as it is given: none, text, or a final one (`op.f(...)`, `conv(...)`).
///
/// # Errors
/// Where it cannot be told.
pub(super) fn given<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    argument: Option<&Argument<'a>>,
) -> Known<Given> {
    let Some(argument) = argument else {
        return Ok(Given::None);
    };
    if matches!(argument.value, Value::None) {
        return Ok(Given::None);
    }
    let text = terms::text(machine, &argument.value, argument.span)?;
    let called = terms::call(machine, &argument.value).map(|(member, _)| member);
    let is_final = called.is_some_and(|member| matches!(member.name(), "conv" | "f"));
    let name = SmolStr::new(text.as_str());
    Ok(if is_final {
        Given::Final(name)
    } else {
        Given::Plain(name)
    })
}

/// The columns that a constraint is given by position.
fn columns<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    scope: &Scope<'a>,
) -> Known<Vec<Name>> {
    if let Some(gap) = &args.open {
        return Err(gap.clone());
    }
    let mut out: Vec<Name> = Vec::new();
    for argument in &args.positional {
        let name = column_name(machine, &argument.value, scope, argument.span)?;
        // `DedupeColumnCollection` (`sqlalchemy/sql/base.py`): one that is named twice stands once.
        if !out.contains(&name) {
            out.push(name);
        }
    }
    Ok(out)
}

/// The columns of a list of strings or columns.
pub(super) fn names<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    argument: Option<&Argument<'a>>,
    scope: &Scope<'a>,
) -> Known<Vec<Name>> {
    let Some(argument) = argument else {
        return Ok(Vec::new());
    };
    if matches!(argument.value, Value::None) {
        return Ok(Vec::new());
    }
    let items = match &argument.value {
        Value::Unknown(unknown) => return Err(unknown.gap.clone()),
        value => machine
            .known_items(value)
            .ok_or_else(|| gap(argument.span, "the columns of this list cannot be told"))?,
    };
    let at = argument.span;
    items
        .iter()
        .map(|item| column_name(machine, item, scope, at))
        .collect()
}

/// A column of the constraint's own table: by key, or by the object that stands for it.
pub(super) fn column_name<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<Name> {
    if let Some(column) = expression::column(machine, value, scope) {
        return Ok(column.name);
    }
    let text = terms::text(machine, value, at)?;
    Ok(match scope.keys.get(text.as_str()) {
        Some(column) => column.name.clone(),
        None => Name::new(text.as_str()),
    })
}

fn check<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<crate::tree::Expr> {
    let condition = terms::argument(args, 0, "sqltext")?
        .ok_or_else(|| expression::nothing(at))?
        .clone();
    expression::expr_of(machine, &condition.value, scope, condition.span)
}

/// Reads a `ForeignKey("table.column", ...)`; its own column is left empty.
pub fn foreign_key<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Option<ConstraintDef> {
    let (member, args) = terms::call(machine, value)?;
    if member.name() != "ForeignKey" {
        return None;
    }
    let args = args.clone();
    let target = match terms::argument(&args, 0, "column") {
        Ok(Some(target)) => {
            let target = target.clone();
            referred(machine, &target.value, scope, target.span)
        }
        Ok(None) => Err(gap(at, "what it refers to is not given")),
        Err(gap) => Err(gap),
    };
    let (table, referenced) = match target {
        Ok((table, column)) => (Ok(table), Ok(column.into_iter().collect())),
        Err(gap) => (Err(gap.clone()), Err(gap)),
    };
    let def = key(machine, &args, Ok(Vec::new()), table, referenced);
    Some(whole(
        machine,
        value,
        &args,
        usize::MAX,
        ConstraintKind::ForeignKey(def),
        at,
    ))
}

/// `ForeignKeyConstraint(columns, refcolumns, ...)`.
fn composite<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> ForeignKeyDef {
    let own = match terms::argument(args, 0, "columns") {
        Ok(argument) => {
            let argument = argument.cloned();
            names(machine, argument.as_ref(), scope)
        }
        Err(gap) => Err(gap),
    };
    let targets = terms::argument(args, 1, "refcolumns").and_then(|argument| {
        let argument = argument
            .ok_or_else(|| gap(at, "what it refers to is not given"))?
            .clone();
        let items = match &argument.value {
            Value::Unknown(unknown) => return Err(unknown.gap.clone()),
            value => machine
                .known_items(value)
                .ok_or_else(|| gap(argument.span, "what it refers to cannot be told"))?,
        };
        let mut table = None;
        let mut columns = Vec::new();
        for item in &items {
            let (found, column) = referred(machine, item, scope, argument.span)?;
            table.get_or_insert(found);
            columns.extend(column);
        }
        let table = table.ok_or_else(|| gap(argument.span, "what it refers to is not given"))?;
        Ok((table, columns))
    });
    let (table, referenced) = match targets {
        Ok((table, columns)) => (Ok(table), Ok(columns)),
        Err(gap) => (Err(gap.clone()), Err(gap)),
    };
    key(machine, args, own, table, referenced)
}

fn key<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    columns: Known<Vec<Name>>,
    table: Known<QualifiedName>,
    referenced: Known<Vec<Name>>,
) -> ForeignKeyDef {
    let mut set_columns = Vec::new();
    let mut action_of = |name: &str| {
        let argument = terms::keyword(args, name)?.cloned();
        match argument {
            Some(argument) if !matches!(argument.value, Value::None) => {
                let text = terms::text(machine, &argument.value, argument.span)?;
                let (action, columns) = action(text.as_str())
                    .ok_or_else(|| gap(argument.span, "is no action that PostgreSQL knows"))?;
                if name == "ondelete" {
                    set_columns = columns;
                }
                Ok(action)
            }
            _ => Ok(ReferentialAction::NoAction),
        }
    };
    let on_delete = action_of("ondelete");
    let on_update = action_of("onupdate");
    let full = terms::maybe_text(machine, args, usize::MAX, "match");
    ForeignKeyDef {
        columns,
        table,
        referenced,
        on_delete,
        set_columns,
        on_update,
        use_alter: terms::flag(args, "use_alter", false),
        match_full: full.is_ok_and(|m| m.is_some_and(|m| m.as_str().eq_ignore_ascii_case("full"))),
    }
}

/// An action as `ondelete=` writes it, and the columns of `SET NULL (a, b)`.
#[must_use]
pub fn action(text: &str) -> Option<(ReferentialAction, Vec<Name>)> {
    let (head, columns) = match text.split_once('(') {
        Some((head, rest)) => {
            let inner = rest.trim_end().strip_suffix(')')?;
            (head, inner.split(',').map(|c| Name::from_sql(c.trim())).collect())
        }
        None => (text, Vec::new()),
    };
    let words: Vec<String> = head.split_whitespace().map(str::to_ascii_uppercase).collect();
    let action = match words.join(" ").as_str() {
        "CASCADE" => ReferentialAction::Cascade,
        "RESTRICT" => ReferentialAction::Restrict,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        "NO ACTION" => ReferentialAction::NoAction,
        _ => return None,
    };
    Some((action, columns))
}

/// The table and column that a foreign key names: `"schema.table.column"`, a column, an attribute of a class.
fn referred<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    value: &Value<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> Known<(QualifiedName, Option<Name>)> {
    // `table.c.column` is a column of the table that it names, not of the own one that has a column of that key.
    if let Some((table, column)) = column_of(machine, value) {
        return Ok((table, Some(column)));
    }
    if let Some(found) = expression::column(machine, value, scope)
        && let Some(table) = found.table
    {
        return Ok((table, Some(found.name)));
    }
    let text = terms::text(machine, value, at)?;
    Ok(target(text.as_str()))
}

/// The table and the column of `table.c.column`, where the table is a call with its name.
fn column_of<'a, L: Library<'a>>(
    machine: &Machine<'a, L>,
    value: &Value<'a>,
) -> Option<(QualifiedName, Name)> {
    let Value::Term(term) = value else { return None };
    let (columns, key) = match &term.kind {
        TermKind::Attribute(columns, key) => (columns, key.as_str()),
        TermKind::Item(columns, key) => (columns, key.as_str()?),
        _ => return None,
    };
    let Value::Term(columns) = columns else {
        return None;
    };
    let TermKind::Attribute(table, which) = &columns.kind else {
        return None;
    };
    let (_, args) = table
        .as_call()
        .filter(|_| matches!(which.as_str(), "c" | "columns"))?;
    let name = args.get(0, "name")?.value.as_str()?;
    let schema = match args.keyword("schema").map(|a| &a.value) {
        None | Some(Value::None) => None,
        Some(value) => Some(Name::new(value.as_str()?)),
    };
    // A column may have a key besides its name.
    let named = args.positional.iter().find_map(|item| {
        let args = terms::call_of(machine, &item.value, "Column")?;
        let own = args.keyword("key")?.value.as_str()?;
        args.get(0, "name")?.value.as_str().filter(|_| own == key)
    });
    let table = QualifiedName {
        schema,
        name: Name::new(name),
    };
    Some((table, Name::new(named.unwrap_or(key))))
}

/// `ForeignKey._parse_colspec_argument`: the last part is the column, the one before the table, the rest its schema.
fn target(text: &str) -> (QualifiedName, Option<Name>) {
    match text.rsplit_once('.') {
        Some((table, column)) => (dotted(table), Some(Name::new(column))),
        None => (QualifiedName::bare(Name::new(text)), None),
    }
}

/// `schema.table`.
pub(super) fn dotted(text: &str) -> QualifiedName {
    match text.rsplit_once('.') {
        Some((schema, name)) => QualifiedName::in_schema(Name::new(schema), Name::new(name)),
        None => QualifiedName::bare(Name::new(text)),
    }
}

/// `ExcludeConstraint((column, operator), ..., using="gist", where=...)`.
fn exclude<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    scope: &Scope<'a>,
    at: Span,
) -> ConstraintKind {
    let mut elements = args.open.clone().map_or(Ok(Vec::new()), Err);
    for argument in &args.positional {
        let read = machine
            .known_items(&argument.value)
            .and_then(|pair| match pair.as_slice() {
                [column, operator] => Some((column.clone(), operator.as_str()?.to_owned())),
                _ => None,
            });
        let read = read
            .ok_or_else(|| gap(argument.span, "this part of the constraint cannot be told"))
            .and_then(|(column, operator)| {
                let element = index::element(machine, &column, None, scope, argument.span)?;
                Ok((element, SmolStr::new(operator)))
            });
        elements = elements.and_then(|mut all| {
            all.push(read?);
            Ok(all)
        });
    }
    let using = terms::maybe_text(machine, args, usize::MAX, "using")
        .ok()
        .flatten();
    let predicate = match args.keyword("where").cloned() {
        Some(a) if !matches!(a.value, Value::None) => {
            expression::expr_of(machine, &a.value, scope, a.span).map(Some)
        }
        _ => Ok(None),
    };
    let _ = at;
    ConstraintKind::Exclude {
        method: using.map_or_else(
            || "gist".into(),
            |t| SmolStr::new(t.as_str().to_ascii_lowercase()),
        ),
        elements,
        predicate,
    }
}
