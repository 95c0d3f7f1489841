//! Edits of SQLAlchemy's models: of `Column(...)` and `mapped_column(...)` as they stand in the body of the model's own class.

use super::{Of, insert, replace};
use crate::declared::Field;
use crate::finding::Edit;
use crate::schema::IndexWalker;
use crate::source::{FileId, Span};
use crate::sqltype::SqlType;
use crate::stacks::sqlalchemy::generic::{Kind, generic, kind_of};
use crate::syntax::python::ast::{self, Expr, Stmt};
use crate::syntax::python::{Ranged, TextRange, Trees, span};

/// A field as it is written.
struct Written<'a> {
    file: FileId,
    text: &'a str,
    module: &'a [Stmt],
    annotation: Option<&'a Expr>,
    call: Option<&'a ast::ExprCall>,
}

/// Runs `edit` over a field of the model's own class.
fn with<T>(of: Of<'_>, field: &Field, edit: impl FnOnce(&Written<'_>) -> Option<T>) -> Option<T> {
    let file = field.span.file;
    let source = of.files.read(file).ok()?.clone();
    let trees = Trees::of(of.files);
    let parsed = trees.get(of.files, file);
    if !parsed.errors.is_empty() || file != of.model.span.file {
        return None;
    }
    let class = class_at(&parsed.body.body, of.model.span)?;
    let (annotation, value) = class.body.iter().find_map(|statement| match statement {
        Stmt::Assign(s) => match s.targets.as_slice() {
            [target] if span(file, target.range()) == field.span => Some((None, Some(&*s.value))),
            _ => None,
        },
        Stmt::AnnAssign(s) if span(file, s.target.range()) == field.span => {
            Some((Some(&*s.annotation), s.value.as_deref()))
        }
        _ => None,
    })?;
    let call = match value {
        Some(Expr::Call(call)) if matches!(last_name(&call.func), Some("Column" | "mapped_column")) => {
            Some(call)
        }
        Some(_) => return None,
        None => None,
    };
    // Arguments that are not written out could say anything.
    if call.is_some_and(|c| {
        c.arguments.keywords.iter().any(|k| k.arg.is_none())
            || c.arguments.args.iter().any(Expr::is_starred_expr)
    }) {
        return None;
    }
    edit(&Written {
        file,
        text: &source.text,
        module: &parsed.body.body,
        annotation,
        call,
    })
}

/// The class whose name stands at a place.
fn class_at(body: &[Stmt], at: Span) -> Option<&ast::StmtClassDef> {
    body.iter().find_map(|statement| match statement {
        Stmt::ClassDef(class) if span(at.file, class.name.range()) == at => Some(class),
        Stmt::If(s) => class_at(&s.body, at),
        _ => None,
    })
}

/// `String` of `sa.String`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

impl<'a> Written<'a> {
    fn keyword(&self, name: &str) -> Option<&'a Expr> {
        let keywords = &self.call?.arguments.keywords;
        let keyword = keywords
            .iter()
            .find(|k| k.arg.as_ref().is_some_and(|a| a.as_str() == name))?;
        Some(&keyword.value)
    }

    fn slice(&self, range: TextRange) -> &'a str {
        self.text
            .get(range.start().to_usize()..range.end().to_usize())
            .unwrap_or("")
    }

    fn at(&self, expr: &Expr) -> Span {
        span(self.file, expr.range())
    }

    /// Sets a keyword to a truth value.
    fn set(&self, name: &str, value: bool) -> Option<Vec<Edit>> {
        let word = if value { "True" } else { "False" };
        if let Some(said) = self.keyword(name) {
            let literal = matches!(said, Expr::BooleanLiteral(_) | Expr::NoneLiteral(_));
            return literal.then(|| vec![replace(self.at(said), word)]);
        }
        let arguments = &self.call?.arguments;
        let ends = arguments.args.iter().map(Ranged::end);
        let last = ends.chain(arguments.keywords.iter().map(Ranged::end)).max();
        Some(vec![match last {
            Some(end) => insert(self.file, end.to_u32(), format!(", {name}={word}")),
            None => insert(
                self.file,
                arguments.range().start().to_u32() + 1,
                format!("{name}={word}"),
            ),
        }])
    }

    /// What stands in `Mapped[...]`.
    fn mapped(&self) -> Option<&'a Expr> {
        let Expr::Subscript(subscript) = self.annotation? else {
            return None;
        };
        (last_name(&subscript.value) == Some("Mapped")).then_some(&*subscript.slice)
    }

    /// Whether the module imports a name by itself, at its top, from a module that `from` accepts.
    fn imports(&self, name: &str, from: impl Fn(&str) -> bool) -> bool {
        self.module.iter().any(|statement| match statement {
            Stmt::ImportFrom(import) => {
                import.module.as_ref().is_some_and(|module| from(module.as_str()))
                    && import
                        .names
                        .iter()
                        .any(|alias| alias.name.as_str() == name && alias.asname.is_none())
            }
            _ => false,
        })
    }
}

/// Makes a field optional or required.
pub(super) fn nullability(of: Of<'_>, field: &Field, optional: bool) -> Option<Vec<Edit>> {
    with(of, field, |written| {
        if written.keyword("primary_key").is_some() {
            return None;
        }
        if written.keyword("nullable").is_some() {
            return written.set("nullable", optional);
        }
        match (written.annotation, optional) {
            (None, false) => written.set("nullable", false),
            // Without a word a column allows NULL: this one does not for another reason.
            (None, true) => None,
            (Some(_), _) => annotated(written, optional),
        }
    })
}

/// `Mapped[str]` and `Mapped[str | None]`.
fn annotated(written: &Written<'_>, optional: bool) -> Option<Vec<Edit>> {
    let inner = written.mapped()?;
    let text = written.slice(inner.range());
    if optional {
        if !matches!(inner, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_)) {
            return None;
        }
        if written.imports("Optional", |module| module == "typing") {
            return Some(vec![replace(written.at(inner), format!("Optional[{text}]"))]);
        }
        // The module is written for a Python that has it.
        let unions = written.text.contains(" | None]");
        return unions.then(|| vec![replace(written.at(inner), format!("{text} | None"))]);
    }
    let kept = match inner {
        Expr::Subscript(subscript) if last_name(&subscript.value) == Some("Optional") => &*subscript.slice,
        Expr::BinOp(union) if union.op == ast::Operator::BitOr => match (&*union.left, &*union.right) {
            (kept, Expr::NoneLiteral(_)) | (Expr::NoneLiteral(_), kept) => kept,
            _ => return None,
        },
        _ => return None,
    };
    Some(vec![replace(written.at(inner), written.slice(kept.range()))])
}

/// Declares an index over one field, by the column's own word for it.
pub(super) fn index(of: Of<'_>, index: IndexWalker<'_>, fields: &[&Field]) -> Option<Vec<Edit>> {
    let [field] = fields else { return None };
    let get = index.get();
    let sorted = get.keys.iter().any(|key| key.descending);
    if sorted
        || get.method != "btree"
        || of
            .model
            .table_span
            .is_some_and(|at| at.file != of.model.span.file)
    {
        return None;
    }
    with(of, field, |written| {
        if written.keyword("index").is_some() || written.keyword("unique").is_some() {
            return None;
        }
        if get.unique {
            // A unique column makes a constraint.
            return get.constraint.and_then(|_| written.set("unique", true));
        }
        // The name that SQLAlchemy's own convention gives it (`DEFAULT_NAMING_CONVENTION`, sql/schema.py).
        let usual = format!("ix_{}_{}", index.table.name(), field.column);
        (get.name.known()?.as_str() == usual).then(|| written.set("index", true))?
    })
}

/// What an annotation holds, by its name.
fn kind_of_annotation(text: &str) -> Option<Kind> {
    let text = text.trim();
    let text = text.strip_suffix("| None").unwrap_or(text).trim();
    let optional = text.strip_prefix("Optional[").and_then(|t| t.strip_suffix(']'));
    Some(match optional.unwrap_or(text) {
        "str" => Kind::Text,
        "int" => Kind::Whole,
        "Decimal" | "decimal.Decimal" => Kind::Exact,
        "float" => Kind::Float,
        "bool" => Kind::Truth,
        "datetime" | "datetime.datetime" => Kind::Moment,
        "date" | "datetime.date" => Kind::Day,
        "time" | "datetime.time" => Kind::Hour,
        _ => return None,
    })
}

/// Gives a field another type of the same kind of values.
pub(super) fn column_type(of: Of<'_>, field: &Field, found: &SqlType) -> Option<Vec<Edit>> {
    let (name, args, kind) = generic(found)?;
    with(of, field, |written| {
        let arguments = &written.call?.arguments;
        let keys = ["ForeignKey", "Identity", "Computed", "Sequence"];
        let is_call_of = |expr: &Expr, names: &[&str]| match expr {
            Expr::Call(call) => last_name(&call.func).is_some_and(|name| names.contains(&name)),
            _ => false,
        };
        if arguments.args.iter().any(|arg| is_call_of(arg, &keys)) || written.keyword("primary_key").is_some()
        {
            return None;
        }
        if let Some(mapped) = written.mapped()
            && kind_of_annotation(written.slice(mapped.range())) != Some(kind)
        {
            return None;
        }
        let mut positional = arguments
            .args
            .iter()
            .skip_while(|arg| arg.is_string_literal_expr());
        let said = written.keyword("type_").or_else(|| positional.next());
        let Some(said) = said else {
            // The annotation alone gave the type; the name that comes first may be written.
            written.mapped()?;
            let (spelled, mut edits) = spelled(written, None, name, &args)?;
            let start = arguments.range().start().to_u32() + 1;
            let last = arguments.args.last().map(|arg| arg.end().to_u32());
            edits.push(match (last, arguments.keywords.is_empty()) {
                (Some(end), _) => insert(written.file, end, format!(", {spelled}")),
                (None, true) => insert(written.file, start, spelled),
                (None, false) => insert(written.file, start, format!("{spelled}, ")),
            });
            return Some(edits);
        };
        let callee = match said {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        let old = last_name(callee)?;
        if kind_of(old)? != kind {
            return None;
        }
        let (spelled, mut edits) = spelled(written, Some(callee), name, &args)?;
        edits.push(replace(written.at(said), spelled));
        Some(edits)
    })
}

/// A type in the module's own words, and the edits that make its name known.
fn spelled(written: &Written<'_>, old: Option<&Expr>, name: &str, args: &str) -> Option<(String, Vec<Edit>)> {
    let call = |callee: &str| match args {
        "" => callee.to_owned(),
        args => format!("{callee}({args})"),
    };
    match old {
        Some(Expr::Attribute(attribute)) => {
            let module = written.slice(attribute.value.range());
            let known = matches!(&*attribute.value, Expr::Name(n) if matches!(n.id.as_str(), "sa" | "db" | "sqlalchemy"));
            return known.then(|| (call(&format!("{module}.{name}")), Vec::new()));
        }
        Some(old) if last_name(old) == Some(name) => return Some((call(name), Vec::new())),
        _ => {}
    }
    let of_library = |module: &str| module == "sqlalchemy" || module == "sqlalchemy.types";
    if written.imports(name, of_library) {
        return Some((call(name), Vec::new()));
    }
    // The name must mean nothing else in the module.
    let word = |text: &str| {
        text.chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    let used = written.text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&written.text[..at], &written.text[at + name.len()..]);
        !word(before) && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    });
    let mut imports = written.module.iter().filter_map(|statement| match statement {
        Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|m| m.as_str() == "sqlalchemy") => {
            Some(import)
        }
        _ => None,
    });
    let last = imports.next()?.names.last()?;
    if used || last.name.as_str() == "*" {
        return None;
    }
    let import = insert(written.file, last.range().end().to_u32(), format!(", {name}"));
    Some((call(name), vec![import]))
}
