//! Statements.

use smol_str::SmolStr;

use super::flow::Flow;
use super::library::Library;
use super::machine::{Machine, Raised, Run, Stop};
use super::value::{Annotation, Args, Code, TermKind, Value};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

/// The value of a run, or the flow that ends the statement.
macro_rules! get {
    ($run:expr) => {
        match $run {
            Ok(value) => value,
            Err(stop) => return Flow::from(stop),
        }
    };
}
pub(super) use get;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs statements until one ends otherwise.
    pub(super) fn exec_block(&mut self, body: &'a [ast::Stmt]) -> Flow<'a> {
        for statement in body {
            let flow = self.exec(statement);
            if !matches!(flow, Flow::Normal) {
                return flow;
            }
        }
        Flow::Normal
    }

    fn exec(&mut self, statement: &'a ast::Stmt) -> Flow<'a> {
        let at = self.span(statement.range());
        if let Some(frame) = self.frames.last_mut() {
            frame.statement = at;
        }
        get!(self.tick(at));
        match self.deeper(at, |machine| Ok(machine.exec_deep(statement, at))) {
            Ok(flow) => flow,
            Err(stop) => stop.into(),
        }
    }

    fn exec_deep(&mut self, statement: &'a ast::Stmt, at: Span) -> Flow<'a> {
        match statement {
            ast::Stmt::Expr(s) => Flow::of(self.eval(&s.value)),
            ast::Stmt::Assign(s) => {
                let value = get!(self.eval(&s.value));
                for target in &s.targets {
                    get!(self.assign(target, value.clone()));
                }
                Flow::Normal
            }
            ast::Stmt::AnnAssign(s) => self.annotated(s, at),
            ast::Stmt::AugAssign(s) => Flow::of(self.augmented(s, at)),
            ast::Stmt::Return(s) => Flow::Return(match &s.value {
                Some(value) => get!(self.eval(value)),
                None => Value::None,
            }),
            ast::Stmt::If(s) => self.if_statement(&s.test, &s.body, &s.elif_else_clauses),
            ast::Stmt::For(s) => self.for_statement(s),
            ast::Stmt::While(s) => self.while_statement(s),
            ast::Stmt::With(s) => self.with_statement(s, 0),
            ast::Stmt::Try(s) => self.try_statement(s),
            ast::Stmt::Match(s) => self.match_statement(s),
            ast::Stmt::Raise(s) => self.raise_statement(s, at),
            ast::Stmt::Assert(s) => self.assert_statement(s, at),
            ast::Stmt::FunctionDef(s) => Flow::of(self.function_statement(s, at)),
            ast::Stmt::ClassDef(s) => {
                let value = get!(self.class_statement(s));
                let place = self.span(s.name.range());
                self.restore_statement(at);
                self.bind_name(&s.name, value, place);
                Flow::Normal
            }
            ast::Stmt::Delete(s) => {
                for target in &s.targets {
                    get!(self.delete(target));
                }
                Flow::Normal
            }
            ast::Stmt::TypeAlias(s) => Flow::of(self.type_alias(s, at)),
            ast::Stmt::Import(s) => Flow::of(self.import_statement(s)),
            ast::Stmt::ImportFrom(s) => Flow::of(self.import_from(s, at)),
            ast::Stmt::Global(s) => {
                self.declare(&s.names, true);
                Flow::Normal
            }
            ast::Stmt::Nonlocal(s) => {
                self.declare(&s.names, false);
                Flow::Normal
            }
            ast::Stmt::Pass(_) => Flow::Normal,
            ast::Stmt::Break(_) => Flow::Break,
            ast::Stmt::Continue(_) => Flow::Continue,
            ast::Stmt::IpyEscapeCommand(_) => {
                let gap = self.gap(at, "is no Python");
                self.note(&gap);
                Flow::Normal
            }
        }
    }

    fn restore_statement(&mut self, at: Span) {
        if let Some(frame) = self.frames.last_mut() {
            frame.statement = at;
        }
    }

    fn declare(&mut self, names: &[ast::Identifier], global: bool) {
        let Some(scope) = self.frames.last().map(|f| f.scope) else {
            return;
        };
        if let Some(scope) = self.scope_mut(scope) {
            let list = if global {
                &mut scope.globals
            } else {
                &mut scope.nonlocals
            };
            list.extend(names.iter().map(|n| SmolStr::new(n.as_str())));
        }
    }

    /// An annotation of the running code.
    pub(super) fn annotation_here(&self, expression: &'a ast::Expr) -> Option<Annotation<'a>> {
        let frame = self.frames.last()?;
        Some(Annotation {
            expression,
            module: frame.module,
            scope: Some(frame.scope),
            span: self.span(expression.range()),
        })
    }

    fn annotated(&mut self, s: &'a ast::StmtAnnAssign, at: Span) -> Flow<'a> {
        let value = match &s.value {
            Some(value) => Some(get!(self.eval(value))),
            None => None,
        };
        if let ast::Expr::Name(name) = &*s.target {
            let place = self.span(name.range());
            let annotation = self.annotation_here(&s.annotation);
            if let Some(scope) = self.frames.last().map(|f| f.scope) {
                self.note_name(scope, &name.id, place, at, annotation);
            }
        }
        match value {
            Some(value) => Flow::of(self.assign(&s.target, value)),
            None => Flow::Normal,
        }
    }

    fn augmented(&mut self, s: &'a ast::StmtAugAssign, at: Span) -> Run<'a, ()> {
        let in_place = |machine: &mut Self, old: &Value<'a>| -> Run<'a, Option<Value<'a>>> {
            let new = machine.eval(&s.value)?;
            // `list += items` and `set |= items` change the thing itself.
            match (s.op, old) {
                (ast::Operator::Add, Value::List(_)) => {
                    let (slots, open) = machine.slots(&new, at)?;
                    if let Some(list) = machine.list_mut(old) {
                        list.items.extend(slots);
                        list.open = list.open.take().or(open);
                    }
                    Ok(None)
                }
                (ast::Operator::BitOr, Value::Set(_)) => {
                    let (slots, open) = machine.slots(&new, at)?;
                    for slot in slots {
                        machine.set_add(old, slot);
                    }
                    if let Some(list) = machine.list_mut(old) {
                        list.open = list.open.take().or(open);
                    }
                    Ok(None)
                }
                (ast::Operator::BitOr, Value::Dict(_)) => {
                    match machine.entries(&new, at)? {
                        Ok((entries, open)) => {
                            for (key, slot) in entries {
                                machine.dict_set(old, key, slot);
                            }
                            if let Some(dict) = machine.dict_mut(old) {
                                dict.open = dict.open.take().or(open);
                            }
                        }
                        Err(gap) => machine.open(old, &gap),
                    }
                    Ok(None)
                }
                _ => machine.binary(s.op, old, &new, at).map(Some),
            }
        };
        match &*s.target {
            ast::Expr::Attribute(target) => {
                let object = self.eval(&target.value)?;
                let old = self.attribute(&object, &target.attr, at)?;
                match in_place(self, &old)? {
                    Some(new) => self.set_attribute(&object, &target.attr, new, at),
                    None => Ok(()),
                }
            }
            ast::Expr::Subscript(target) => {
                let object = self.eval(&target.value)?;
                let key = self.eval(&target.slice)?;
                let old = self.item(&object, &key, at)?;
                match in_place(self, &old)? {
                    Some(new) => self.set_item(&object, &key, new, at),
                    None => Ok(()),
                }
            }
            target => {
                let old = self.eval(target)?;
                match in_place(self, &old)? {
                    Some(new) => self.assign(target, new),
                    None => Ok(()),
                }
            }
        }
    }

    /// Binds a target: a name, attribute, item, or several of them.
    pub(super) fn assign(&mut self, target: &'a ast::Expr, value: Value<'a>) -> Run<'a, ()> {
        let at = self.span(target.range());
        match target {
            ast::Expr::Name(name) => {
                self.bind_name(&name.id, value, at);
                Ok(())
            }
            ast::Expr::Attribute(attribute) => {
                let object = self.eval(&attribute.value)?;
                self.set_attribute(&object, &attribute.attr, value, at)
            }
            ast::Expr::Subscript(subscript) => {
                let object = self.eval(&subscript.value)?;
                let key = self.eval(&subscript.slice)?;
                self.set_item(&object, &key, value, at)
            }
            ast::Expr::Tuple(tuple) => self.unpack(&tuple.elts, value, at),
            ast::Expr::List(list) => self.unpack(&list.elts, value, at),
            ast::Expr::Starred(starred) => self.assign(&starred.value, value),
            _ => Ok(()),
        }
    }

    fn unpack(&mut self, targets: &'a [ast::Expr], value: Value<'a>, at: Span) -> Run<'a, ()> {
        let starred = targets.iter().position(|t| matches!(t, ast::Expr::Starred(_)));
        // Each candidate is taken apart by itself, so that its parts stay together as far as can be told.
        if let Value::Unknown(unknown) = &value {
            let unknown = unknown.clone();
            let columns = self.unpack_candidates(&unknown.candidates, targets.len(), starred, at);
            for (i, target) in targets.iter().enumerate() {
                let part = columns.as_ref().and_then(|c| c.get(i)).map_or_else(
                    || Value::unknown(unknown.gap.clone()),
                    |column| super::join::one_of(column.iter().cloned(), &unknown.gap),
                );
                self.assign(target, part)?;
            }
            return Ok(());
        }
        let items = match self.items(&value, at)? {
            Ok(items) => items,
            Err(gap) => {
                for target in targets {
                    let part = match target {
                        ast::Expr::Starred(_) => self.open_list(gap.clone()),
                        _ => Value::unknown(gap.clone()),
                    };
                    self.assign(target, part)?;
                }
                return Ok(());
            }
        };
        let fits = match starred {
            Some(_) => items.len() + 1 >= targets.len(),
            None => items.len() == targets.len(),
        };
        if !fits {
            let why = if items.len() < targets.len() {
                "not enough values to unpack"
            } else {
                "too many values to unpack"
            };
            return Err(self.raise("builtins.ValueError", why, at));
        }
        let mut items = items.into_iter();
        for (i, target) in targets.iter().enumerate() {
            let part = if Some(i) == starred {
                let count = items.len() - (targets.len() - 1 - i);
                let rest: Vec<Value<'a>> = items.by_ref().take(count).collect();
                self.new_list(rest)
            } else {
                items.next().unwrap_or(Value::None)
            };
            self.assign(target, part)?;
        }
        Ok(())
    }

    fn unpack_candidates(
        &mut self,
        candidates: &[Value<'a>],
        count: usize,
        starred: Option<usize>,
        at: Span,
    ) -> Option<Vec<Vec<Value<'a>>>> {
        if starred.is_some() || candidates.is_empty() {
            return None;
        }
        let mut columns = vec![Vec::new(); count];
        for candidate in candidates {
            let Ok(Ok(items)) = self.items(candidate, at) else {
                return None;
            };
            if items.len() != count {
                continue;
            }
            for (column, item) in columns.iter_mut().zip(items) {
                column.push(item);
            }
        }
        Some(columns)
    }

    fn delete(&mut self, target: &'a ast::Expr) -> Run<'a, ()> {
        let at = self.span(target.range());
        match target {
            ast::Expr::Name(name) => {
                if let Some(scope) = self.frames.last().map(|f| f.scope) {
                    let scope = self.scope_that_binds(scope, &name.id, false);
                    if let Some(scope) = self.scope_mut(scope) {
                        scope.names.remove(&name.id);
                    }
                }
                Ok(())
            }
            ast::Expr::Attribute(attribute) => {
                let object = self.eval(&attribute.value)?;
                self.delete_attribute(&object, &attribute.attr);
                Ok(())
            }
            ast::Expr::Subscript(subscript) => {
                let object = self.eval(&subscript.value)?;
                let key = self.eval(&subscript.slice)?;
                self.delete_item(&object, &key, at)
            }
            ast::Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|t| self.delete(t)),
            ast::Expr::List(list) => list.elts.iter().try_for_each(|t| self.delete(t)),
            _ => Ok(()),
        }
    }

    fn if_statement(
        &mut self,
        test: &'a ast::Expr,
        body: &'a [ast::Stmt],
        rest: &'a [ast::ElifElseClause],
    ) -> Flow<'a> {
        let value = get!(self.eval(test));
        let at = self.span(test.range());
        match self.truth(&value, at) {
            Truth::Yes => self.exec_block(body),
            Truth::No => self.else_clauses(rest),
            Truth::Unknown(gap) => self.fork(&gap, 2, |machine, alternative| {
                machine.narrow(test, alternative == 0);
                if alternative == 0 {
                    machine.exec_block(body)
                } else {
                    machine.else_clauses(rest)
                }
            }),
        }
    }

    fn else_clauses(&mut self, clauses: &'a [ast::ElifElseClause]) -> Flow<'a> {
        let Some((first, rest)) = clauses.split_first() else {
            return Flow::Normal;
        };
        match &first.test {
            Some(test) => self.if_statement(test, &first.body, rest),
            None => self.exec_block(&first.body),
        }
    }

    fn raise_statement(&mut self, s: &'a ast::StmtRaise, at: Span) -> Flow<'a> {
        let exception = match &s.exc {
            Some(exception) => {
                let value = get!(self.eval(exception));
                // A class stands for an instance of it.
                match &value {
                    Value::Class(_) => get!(self.call(&value, Args::default(), at)),
                    Value::Term(term) if matches!(term.kind, TermKind::Path(_)) => {
                        self.call_term(value, Args::default(), at)
                    }
                    _ => value,
                }
            }
            None => match self.frames.iter().rev().find_map(|f| f.caught.clone()) {
                Some(caught) => caught,
                None => self.unknown(at, "it cannot be told what is raised again"),
            },
        };
        Flow::Raise(Box::new(Raised { exception, span: at }))
    }

    fn assert_statement(&mut self, s: &'a ast::StmtAssert, at: Span) -> Flow<'a> {
        let value = get!(self.eval(&s.test));
        match self.truth(&value, at) {
            Truth::Yes => Flow::Normal,
            Truth::No => Stop::into(self.raise("builtins.AssertionError", "", at)),
            Truth::Unknown(gap) => {
                let path = self.path("builtins.AssertionError", at);
                let exception = self.call_term(path, Args::default(), at);
                self.may_raise(Some(exception), &gap, at);
                self.narrow(&s.test, true);
                Flow::Normal
            }
        }
    }

    fn function_statement(&mut self, s: &'a ast::StmtFunctionDef, at: Span) -> Run<'a, ()> {
        let mut decorators = Vec::new();
        for decorator in &s.decorator_list {
            let place = self.span(decorator.range());
            decorators.push((self.eval(&decorator.expression)?, place));
        }
        let place = self.span(s.name.range());
        let outer = self.type_parameters(s.type_params.as_deref());
        let made = self.function(
            SmolStr::new(s.name.as_str()),
            Code::Def(s),
            Some(&s.parameters),
            place,
        );
        if let (Some(outer), Some(frame)) = (outer, self.frames.last_mut()) {
            frame.scope = outer;
        }
        let value = self.decorate(decorators, made?)?;
        self.restore_statement(at);
        self.bind_name(&s.name, value, place);
        Ok(())
    }

    fn type_alias(&mut self, s: &'a ast::StmtTypeAlias, at: Span) -> Run<'a, ()> {
        let outer = self.type_parameters(s.type_params.as_deref());
        let annotation = self.annotation_here(&s.value);
        let value = match annotation {
            Some(annotation) => self.annotation(&annotation),
            None => Ok(Value::None),
        };
        if let (Some(outer), Some(frame)) = (outer, self.frames.last_mut()) {
            frame.scope = outer;
        }
        if let ast::Expr::Name(name) = &*s.name {
            // It is told apart from what it stands for: maps of types have entries for the name.
            let callee = self.path("typing.TypeAliasType", at);
            let args = Args::of(vec![Value::text(&name.id, at), value?], at);
            let alias = self.call_term(callee, args, at);
            self.bind_name(&name.id, alias, at);
        }
        Ok(())
    }
}
