//! Annotations: evaluated when asked, with text in quotes read as the expression that it holds.

use super::dotted;
use super::frame::Frame;
use super::heap::ScopeKind;
use super::library::Library;
use super::machine::{Machine, Run};
use super::modules::ModuleId;
use super::value::{Annotation, Operator, TermKind, Value};
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// What an annotation says; text in quotes is read as an expression.
    ///
    /// # Errors
    /// Where a budget is used up, or it certainly cannot be evaluated.
    pub fn annotation(&mut self, annotation: &Annotation<'a>) -> Run<'a, Value<'a>> {
        let Some(scope) = annotation.scope.or_else(|| self.namespace(annotation.module)) else {
            return Ok(self.unknown(annotation.span, "its module has not run"));
        };
        let mut frame = Frame::new(annotation.module, scope, annotation.span);
        frame.quoted = self
            .frames
            .last()
            .filter(|f| f.module == annotation.module)
            .and_then(|f| f.quoted);
        self.entry(|machine| {
            machine.deeper(annotation.span, |machine| {
                machine.within(frame, |machine| machine.annotated_type(annotation.expression))
            })
        })
    }

    /// What text says as an annotation in the place of another (`relationship("User")`, `Mapped["int | None"]`).
    ///
    /// # Errors
    /// As [`Machine::annotation`].
    pub fn annotation_in_text(&mut self, text: &Value<'a>, place: &Annotation<'a>) -> Run<'a, Value<'a>> {
        let Value::Str(text) = text else {
            return Ok(text.clone());
        };
        let text = text.clone();
        let Some(scope) = place.scope.or_else(|| self.namespace(place.module)) else {
            return Ok(self.unknown(place.span, "its module has not run"));
        };
        let frame = Frame::new(place.module, scope, place.span);
        self.entry(|machine| {
            machine.within(frame, |machine| machine.quoted_type(text.as_str(), text.whole()))
        })
    }

    fn annotated_type(&mut self, expression: &'a ast::Expr) -> Run<'a, Value<'a>> {
        let at = self.span(expression.range());
        self.tick(at)?;
        self.deeper(at, |machine| machine.annotated_type_deep(expression, at))
    }

    fn annotated_type_deep(&mut self, expression: &'a ast::Expr, at: Span) -> Run<'a, Value<'a>> {
        match expression {
            ast::Expr::StringLiteral(literal) => self.quoted_type(literal.value.to_str(), at),
            ast::Expr::Name(name) => Ok(self.name_of_type(&name.id, at)),
            ast::Expr::Attribute(attribute) => {
                let object = self.annotated_type(&attribute.value)?;
                match self.attribute_if_any(&object, &attribute.attr, at)? {
                    Some(value) => Ok(value),
                    None => Ok(self.unknown(at, format!("`{}` is not defined", attribute.attr))),
                }
            }
            ast::Expr::BinOp(e) if e.op == ast::Operator::BitOr => {
                let left = self.annotated_type(&e.left)?;
                let right = self.annotated_type(&e.right)?;
                let operator = Operator::Binary(ast::Operator::BitOr);
                Ok(self.term(TermKind::Operation(operator, vec![left, right]), at))
            }
            ast::Expr::Subscript(e) => {
                let object = self.annotated_type(&e.value)?;
                let last = object.as_path().map(|p| dotted::last(p).to_owned());
                let key = match (last.as_deref(), &*e.slice) {
                    (Some("Literal"), slice) => self.eval(slice)?,
                    (Some("Annotated"), ast::Expr::Tuple(tuple)) => {
                        let mut items = Vec::new();
                        for (i, item) in tuple.elts.iter().enumerate() {
                            items.push(if i == 0 {
                                self.annotated_type(item)?
                            } else {
                                self.eval(item)?
                            });
                        }
                        super::eval::tuple(items)
                    }
                    (_, slice) => self.annotated_type(slice)?,
                };
                match &object {
                    Value::Unknown(_) => Ok(object),
                    _ => self.item(&object, &key, at),
                }
            }
            ast::Expr::Tuple(e) => {
                let mut items = Vec::new();
                for item in &e.elts {
                    items.push(self.annotated_type(item)?);
                }
                Ok(super::eval::tuple(items))
            }
            ast::Expr::List(e) => {
                let mut items = Vec::new();
                for item in &e.elts {
                    items.push(self.annotated_type(item)?);
                }
                Ok(self.new_list(items))
            }
            ast::Expr::Starred(e) => self.annotated_type(&e.value),
            _ => self.eval(expression),
        }
    }

    fn quoted_type(&mut self, text: &str, at: Span) -> Run<'a, Value<'a>> {
        let Some(parsed) = self.modules.quoted(at, text) else {
            return Ok(self.unknown(at, "the text in quotes is no expression"));
        };
        let Some(mut frame) = self.frames.last().cloned() else {
            return Ok(self.unknown(at, "the text in quotes is not followed"));
        };
        frame.quoted = Some(at);
        frame.call = None;
        self.within(frame, |machine| machine.annotated_type(&parsed.expression))
    }

    /// A name in an annotation. A class body's own names are types only where they are such: an attribute may have its type's name.
    fn name_of_type(&mut self, name: &str, at: Span) -> Value<'a> {
        let Some(frame) = self.frames.last() else {
            return self.unknown(at, "the name is not followed");
        };
        let (module, mut scope) = (frame.module, frame.scope);
        while let Some(own) = self.scope(scope)
            && own.kind == ScopeKind::Class
            && let Some(parent) = own.parent
        {
            if let Some(slot) = own.names.get(name)
                && is_type(&slot.value)
            {
                return slot.value.clone();
            }
            scope = parent;
        }
        match self.find_name(scope, module, name, at) {
            Some(value) => value,
            None => self
                .name_for_checkers(module, name, at)
                .unwrap_or_else(|| self.unknown(at, format!("`{name}` is not defined"))),
        }
    }

    /// A name that is imported only under `if TYPE_CHECKING:`. Its module is not run for it: it would not be, in the program.
    fn name_for_checkers(&mut self, module: ModuleId, name: &str, at: Span) -> Option<Value<'a>> {
        let parsed = self.modules.parsed(module);
        for statement in &parsed.body.body {
            let ast::Stmt::If(s) = statement else { continue };
            let checks = match &*s.test {
                ast::Expr::Name(name) => name.id == "TYPE_CHECKING",
                ast::Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
                _ => false,
            };
            if !checks {
                continue;
            }
            for inner in &s.body {
                if let Some(found) = self.name_of_import(module, inner, name, at) {
                    return Some(found);
                }
            }
        }
        None
    }

    fn name_of_import(
        &mut self,
        module: ModuleId,
        statement: &'a ast::Stmt,
        name: &str,
        at: Span,
    ) -> Option<Value<'a>> {
        let binds = |alias: &ast::Alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == name;
        match statement {
            ast::Stmt::ImportFrom(s) => {
                let alias = s.names.iter().find(|a| binds(a))?;
                let dotted = s.module.as_ref().map_or("", |m| m.as_str());
                let root = if s.level == 0 {
                    self.modules.root_of(Some(module), dotted)
                } else {
                    self.modules.relative(module, s.level)
                };
                let full = format!("{dotted}.{}", alias.name);
                let full = full.trim_start_matches('.');
                let Some(root) = root else {
                    return Some(self.path(full, at));
                };
                if let Some(from) = self.modules.below_root(&root, dotted)
                    && self.namespace(from).is_some()
                    && let Ok(Some(value)) = self.attribute_if_any(&Value::Module(from), &alias.name, at)
                {
                    return Some(value);
                }
                if let Some(inner) = self.modules.below_root(&root, full)
                    && self.namespace(inner).is_some()
                {
                    return Some(Value::Module(inner));
                }
                Some(self.path(full, at))
            }
            ast::Stmt::Import(s) => {
                let alias = s
                    .names
                    .iter()
                    .find(|a| binds(a) || (a.asname.is_none() && a.name.split('.').next() == Some(name)))?;
                let dotted = match &alias.asname {
                    Some(_) => alias.name.as_str(),
                    None => name,
                };
                match self.modules.resolve(Some(module), dotted) {
                    Some(found) if self.namespace(found).is_some() => Some(Value::Module(found)),
                    _ => Some(self.path(dotted, at)),
                }
            }
            _ => None,
        }
    }
}

fn is_type(value: &Value<'_>) -> bool {
    match value {
        Value::Class(_) | Value::Module(_) | Value::Unknown(_) | Value::None => true,
        Value::Term(term) => match &term.kind {
            TermKind::Path(_) | TermKind::Item(..) | TermKind::Operation(..) => true,
            TermKind::Call(callee, _) => callee
                .as_path()
                .is_some_and(|p| matches!(p.rsplit('.').next(), Some("TypeVar" | "NewType"))),
            TermKind::Attribute(..) => false,
        },
        _ => false,
    }
}
