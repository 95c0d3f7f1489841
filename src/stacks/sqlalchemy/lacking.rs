//! Names that a program asks modules of SQLAlchemy for and that no version of it has: the import, or the use, raises.
//!
//! Only what certainly runs is looked at: statements of the module itself, of its classes, and the first ones of a function that is
//! called; nothing within a condition, a `try` or a `with`.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::interpret::python::dotted;
use crate::source::{FileId, Files, Span};
use crate::stacks::Folder;
use crate::syntax::python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Parsed, Ranged, ast, span};

/// The names of modules, all versions together.
const NAMES: &str = include_str!("data/names.txt");

/// A name that is asked for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// Where.
    pub(crate) span: Span,
    /// What Python says.
    pub(crate) message: String,
}

/// The names of each module that is listed wholly.
fn listed() -> &'static Listed {
    static LISTED: OnceLock<Listed> = OnceLock::new();
    LISTED.get_or_init(|| {
        let mut out = Listed::default();
        let mut module = "";
        for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                Some(name) => module = name,
                None => out.entry(module).or_default().extend(line.split_whitespace()),
            }
        }
        out
    })
}

/// Modules, and the names of each.
type Listed = FxHashMap<&'static str, FxHashSet<&'static str>>;

/// What a module asks for in vain first: nothing behind it runs. Of its functions the one of this name is called.
#[must_use]
pub(crate) fn lacking(
    files: &Files,
    file: FileId,
    parsed: &Parsed,
    function: Option<&str>,
) -> Option<Lacking> {
    let all = all_lacking(file, parsed, function);
    all.into_iter()
        .find(|lacking| !is_set_elsewhere(files, lacking.span))
}

/// All that no version has, whoever gives it.
fn all_lacking(file: FileId, parsed: &Parsed, function: Option<&str>) -> Vec<Lacking> {
    let mut reader = Reader {
        file,
        listed: listed(),
        aliases: FxHashMap::default(),
        given: FxHashSet::default(),
        found: Vec::new(),
    };
    reader.statements(&parsed.body.body);
    let called = parsed.body.body.iter().find_map(|statement| match statement {
        ast::Stmt::FunctionDef(def) if Some(def.name.as_str()) == function => Some(def),
        _ => None,
    });
    if let Some(called) = called {
        reader.statements(&called.body);
    }
    reader.found
}

/// Whether some program sets an attribute of the name that stands at a place (`GUID`, `sa.GUID`): it may give it to the module that
/// has not got it.
pub(crate) fn is_set_elsewhere(files: &Files, place: Span) -> bool {
    let text = files.slice(place);
    let first = text.split_whitespace().next().unwrap_or_default();
    let set = format!(".{} = ", dotted::last(first));
    let answer = files.recall(&format!("a program sets {set}"), |files: &Files| {
        let mut programs = Folder::new(files, "")
            .below()
            .filter(|(path, _)| path.ends_with(".py"));
        programs.any(|(_, file)| files.text(file).contains(&set))
    });
    *answer
}

struct Reader {
    file: FileId,
    listed: &'static Listed,
    /// Names of the module that are a module of SQLAlchemy.
    aliases: FxHashMap<SmolStr, SmolStr>,
    /// What the module gives modules of SQLAlchemy itself (`sa.relationship = relationship`), by the dotted name.
    given: FxHashSet<String>,
    found: Vec<Lacking>,
}

impl Reader {
    fn statements(&mut self, body: &[ast::Stmt]) {
        for statement in body {
            match statement {
                ast::Stmt::Import(import) => self.import(import),
                ast::Stmt::ImportFrom(import) => self.import_from(import),
                ast::Stmt::ClassDef(class) => self.statements(&class.body),
                ast::Stmt::Assign(assign) => {
                    self.visit_expr(&assign.value);
                    assign.targets.iter().for_each(|target| self.rebind(target));
                }
                ast::Stmt::AnnAssign(assign) => {
                    if let Some(value) = &assign.value {
                        self.visit_expr(value);
                    }
                    self.rebind(&assign.target);
                }
                ast::Stmt::Expr(expr) => {
                    self.visit_expr(&expr.value);
                    if let ast::Expr::Call(call) = &*expr.value {
                        self.set(call);
                    }
                }
                // What follows may not run.
                ast::Stmt::Return(_) | ast::Stmt::Raise(_) => return,
                ast::Stmt::If(_)
                | ast::Stmt::For(_)
                | ast::Stmt::While(_)
                | ast::Stmt::Match(_)
                | ast::Stmt::Try(_)
                | ast::Stmt::With(_)
                    if returns(statement) =>
                {
                    return;
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, import: &ast::StmtImport) {
        for alias in &import.names {
            let dotted = alias.name.as_str();
            if dotted != "sqlalchemy" && !dotted.starts_with("sqlalchemy.") {
                continue;
            }
            match &alias.asname {
                Some(name) => self.aliases.insert(name.as_str().into(), dotted.into()),
                None => self.aliases.insert("sqlalchemy".into(), "sqlalchemy".into()),
            };
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom) {
        let Some(module) = import.module.as_ref().filter(|_| import.level == 0) else {
            return;
        };
        let module = module.as_str().to_owned();
        if module != "sqlalchemy" && !module.starts_with("sqlalchemy.") {
            return;
        }
        for alias in &import.names {
            let name = alias.name.as_str();
            let bound = alias.asname.as_ref().map_or(name, |n| n.as_str());
            self.aliases
                .insert(bound.into(), format!("{module}.{name}").into());
            let lacks = self
                .listed
                .get(module.as_str())
                .is_some_and(|names| !names.contains(name));
            if name != "*" && lacks && !is_own(name) {
                self.found.push(Lacking {
                    span: span(self.file, alias.range()),
                    message: format!("cannot import name '{name}' from '{module}' (ImportError)"),
                });
            }
        }
    }

    /// A name that is given something else is no module any more; a name that is set on a module is one that it has.
    fn rebind(&mut self, target: &ast::Expr) {
        match target {
            ast::Expr::Name(name) => {
                self.aliases.remove(name.id.as_str());
            }
            ast::Expr::Attribute(_) => self.given.extend(self.dotted(target)),
            ast::Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.rebind(target)),
            _ => {}
        }
    }

    /// `setattr(sa, "relationship", relationship)`.
    fn set(&mut self, call: &ast::ExprCall) {
        let is_setattr = matches!(&*call.func, ast::Expr::Name(name) if name.id.as_str() == "setattr");
        let [module, name, ..] = &*call.arguments.args else {
            return;
        };
        if let (true, Some(module), ast::Expr::StringLiteral(name)) = (is_setattr, self.dotted(module), name)
        {
            self.given.insert(format!("{module}.{}", name.value.to_str()));
        }
    }

    /// The dotted name of an expression, where it begins with a module of SQLAlchemy.
    fn dotted(&self, expr: &ast::Expr) -> Option<String> {
        let mut parts = Vec::new();
        let mut expr = expr;
        for _ in 0..8 {
            match expr {
                ast::Expr::Attribute(attribute) => {
                    parts.push(attribute.attr.as_str());
                    expr = &attribute.value;
                }
                ast::Expr::Name(name) => {
                    let mut out = self.aliases.get(name.id.as_str())?.to_string();
                    for part in parts.iter().rev() {
                        out.push('.');
                        out.push_str(part);
                    }
                    return Some(out);
                }
                _ => return None,
            }
        }
        None
    }
}

impl<'a> Visitor<'a> for Reader {
    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        match expr {
            // What may not be evaluated, or later.
            ast::Expr::Lambda(_) | ast::Expr::If(_) | ast::Expr::BoolOp(_) => return,
            ast::Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                if let Some(module) = self.dotted(&attribute.value)
                    && self
                        .listed
                        .get(module.as_str())
                        .is_some_and(|names| !names.contains(name))
                    && !is_own(name)
                    && !self.given.contains(&format!("{module}.{name}"))
                {
                    self.found.push(Lacking {
                        span: span(self.file, attribute.range()),
                        message: format!("module '{module}' has no attribute '{name}' (AttributeError)"),
                    });
                    return;
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// `__version__` and its like.
fn is_own(name: &str) -> bool {
    name.starts_with("__")
}

/// Whether a statement may leave the function.
fn returns(statement: &ast::Stmt) -> bool {
    struct Finds(bool);
    impl<'a> Visitor<'a> for Finds {
        fn visit_stmt(&mut self, statement: &'a ast::Stmt) {
            match statement {
                ast::Stmt::Return(_) | ast::Stmt::Raise(_) => self.0 = true,
                ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut finds = Finds(false);
    finds.visit_stmt(statement);
    finds.0
}

#[cfg(test)]
mod tests {
    use super::all_lacking;
    use crate::source::FileId;
    use crate::syntax::python::parse;

    fn found(text: &str) -> Vec<String> {
        let file = FileId(0);
        let found = all_lacking(file, &parse(file, text), Some("upgrade"));
        found.into_iter().map(|l| l.message).take(1).collect()
    }

    #[test]
    fn names() {
        let none: Vec<String> = Vec::new();
        assert_eq!(
            found("from sqlalchemy import Column, JSON, orm\nimport sqlalchemy as sa\nx = sa.Uuid()"),
            none
        );
        assert_eq!(
            found("from sqlalchemy import JSONB"),
            ["cannot import name 'JSONB' from 'sqlalchemy' (ImportError)"]
        );
        assert_eq!(
            found(
                "import sqlalchemy as sa\nclass A:\n    a = sa.One(sa.Two)\n    b = sa.Two\nfrom sqlalchemy import Three"
            ),
            ["module 'sqlalchemy' has no attribute 'One' (AttributeError)"]
        );
        let base =
            "import sqlalchemy as sa\ndef upgrade():\n    f(sa.dialects.postgresql.base.PGVectorType(3))\n";
        assert_eq!(
            found(base),
            ["module 'sqlalchemy.dialects.postgresql.base' has no attribute 'PGVectorType' (AttributeError)"]
        );
        assert_eq!(
            found("try:\n    from sqlalchemy import JSONB\nexcept ImportError:\n    pass"),
            none
        );
        assert_eq!(
            found("import sqlalchemy as sa\ndef helper():\n    sa.Nothing\n"),
            none
        );
        assert_eq!(found("import sqlalchemy as sa\nsa = other()\nsa.Nothing\n"), none);
        let given = "import sqlalchemy as db\nfrom sqlalchemy.orm import relationship\ndb.relationship = relationship\n\
                     setattr(db, 'backref', 1)\nclass A:\n    b = db.relationship('B')\n    c = db.backref\n";
        assert_eq!(found(given), none);
        let guarded = "import sqlalchemy as sa\ndef upgrade():\n    if x:\n        return\n    sa.Nothing\n";
        assert_eq!(found(guarded), none);
    }
}
