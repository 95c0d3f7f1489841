//! Definitions: modules, functions, attributes, structs.

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::module::{Clause, Definition, Kind, Module};
use super::modules::module_name;
use super::scope::Scope;
use super::value::Value;
use crate::known::{Gap, Reach};
use crate::source::{FileId, Span};
use crate::syntax::elixir::{Callee, Form, FormKind};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// What defines or changes the names of a place; `None`: a name like any other.
    pub(super) fn define(
        &mut self,
        name: &str,
        args: &[Form],
        form: &Form,
        scope: &mut Scope,
    ) -> Option<Run<Value>> {
        let at = form.span;
        let kind = match name {
            "def" => Some(Kind::Def),
            "defp" => Some(Kind::Defp),
            "defmacro" => Some(Kind::Defmacro),
            "defmacrop" => Some(Kind::Defmacrop),
            "defguard" | "defguardp" => Some(Kind::Defmacro),
            _ => None,
        };
        if let Some(kind) = kind {
            if args.is_empty() || args.len() > 2 {
                return None;
            }
            let guard = name.starts_with("defguard");
            return Some(self.definition(kind, guard, args, form, scope));
        }
        Some(match (name, args) {
            ("defmodule", [name, block]) => self.define_module(name, block, form, scope),
            ("defprotocol" | "defimpl", _) => Ok(Value::nil()),
            ("defstruct", [fields]) => self.define_struct(fields, false, scope),
            ("defexception", [fields]) => self.define_struct(fields, true, scope),
            ("defdelegate", [head, options]) => self.delegate(head, options, form, scope),
            ("defoverridable", [names]) => self.overridable(names, scope),
            ("alias", [target]) => self.alias(target, None, scope),
            ("alias", [target, options]) => self.alias(target, Some(options), scope),
            ("require", [target]) => self.require(target, None, scope),
            ("require", [target, options]) => self.require(target, Some(options), scope),
            ("import", [target]) => self.import(target, None, scope),
            ("import", [target, options]) => self.import(target, Some(options), scope),
            ("use", [target]) => self.use_form(target, None, at, scope),
            ("use", [target, options]) => self.use_form(target, Some(options), at, scope),
            _ => return None,
        })
    }

    /// A module of the repository, compiled: its body has run, or runs now (what it has so far). `None`: the repository has none of
    /// this name. What fails in its body is noted, and leaves it open.
    pub fn module(&mut self, name: &str, at: Span) -> Option<Rc<Module>> {
        if let Some(made) = self.made.get(name) {
            return Some(made.clone());
        }
        if let Some(building) = self.world.building.iter().rev().find(|m| m.name == name) {
            return Some(building.clone());
        }
        if let Some(building) = self.outer.iter().rev().find(|m| m.name == name) {
            return Some(building.clone());
        }
        let modules = self.modules;
        let (file, place) = modules.find(name)?;
        self.run_top(file, place.top, at);
        self.made.get(name).cloned()
    }

    /// Runs the forms of a file that define modules, each in turn; the names of the modules in it, in order.
    pub fn compile_file(&mut self, file: FileId) -> Vec<SmolStr> {
        let modules = self.modules;
        let lowered = modules.lowered(file);
        for place in &lowered.modules {
            self.run_top(file, place.top, place.span);
        }
        lowered.modules.iter().map(|m| m.name.clone()).collect()
    }

    /// Runs the forms of a file, each once, apart from whatever runs now: what they define is there from now on.
    pub fn run_apart(&mut self, file: FileId) {
        let whole = Span::new(file, 0, 0);
        for top in 0..self.modules.lowered(file).body.statements().len() {
            self.run_top(file, top, whole);
        }
    }

    /// Runs one form at the top of a file, once, apart from whatever runs now.
    fn run_top(&mut self, file: FileId, top: usize, at: Span) {
        if !self.ran.insert((file, top)) {
            return;
        }
        let modules = self.modules;
        let forms = modules.lowered(file).body.statements();
        let Some(form) = forms.get(top) else { return };
        let mut scope = Scope::default();
        let frames = std::mem::take(&mut self.frames);
        let tries = std::mem::take(&mut self.tries);
        let forks = std::mem::take(&mut self.forks);
        let expansions = std::mem::take(&mut self.expansions);
        let building = std::mem::take(&mut self.world.building);
        self.outer.extend(building.iter().cloned());
        let out = self.entry(|machine| {
            for before in forms.iter().take(top) {
                let names = before.as_local().map(|(name, _)| name.as_str());
                if matches!(names, Some("alias" | "import" | "require")) {
                    machine.eval(before, &mut scope)?;
                }
            }
            machine.deeper(at, |machine| machine.eval(form, &mut scope))
        });
        self.outer.truncate(self.outer.len() - building.len());
        self.world.building = building;
        self.expansions = expansions;
        self.forks = forks;
        self.tries = tries;
        self.frames = frames;
        if let Err(stop) = out {
            let gap = self.stopped(&stop, at);
            self.note(&gap);
        }
    }

    /// Why something ended without a value, as a gap.
    pub fn stopped(&self, stop: &Stop, at: Span) -> Gap {
        match stop {
            Stop::Exhausted(span, why) => Gap::new(*span, *why, Reach::Rows),
            Stop::Raised(exception, span) => {
                let name = exception
                    .struct_name()
                    .unwrap_or_else(|| SmolStr::new_static("an exception"));
                let why = match exception.field("message").and_then(Value::as_str) {
                    Some(message) if !message.is_empty() => format!("raises {name}: {message}"),
                    _ => format!("raises {name}"),
                };
                Gap::new(*span, why, Reach::Rows)
            }
            Stop::Thrown(_, span) => Gap::new(*span, "throws a value that is not caught", Reach::Rows),
            Stop::Gone => Gap::new(at, "does not come to an end", Reach::Rows),
        }
    }

    fn define_module(&mut self, name: &Form, block: &Form, form: &Form, scope: &mut Scope) -> Run<Value> {
        let outer = scope.module().cloned();
        let full = match module_name(name, outer.as_deref()) {
            Some(full) => SmolStr::new(full),
            None => match self.eval(name, scope)?.as_module() {
                Some(full) => full,
                None => {
                    let gap = self.gap(name.span, "a module whose name is not known");
                    self.note(&gap);
                    return Ok(Value::unknown(gap));
                }
            },
        };
        if self.world.building.len() + self.outer.len() > 60 {
            return Err(Stop::Exhausted(
                form.span,
                "nests modules deeper than is followed",
            ));
        }
        let mut inner = scope.clone();
        let lexical = Rc::make_mut(&mut inner.lexical);
        lexical.module = Some(full.clone());
        lexical.function = None;
        lexical.attributes = None;
        let module = Module::new(full.clone(), name.span, form.span);
        self.world.building.push(Rc::new(module));
        let body = block.keyword("do");
        let mut out = Ok(Value::nil());
        if let Some(body) = body {
            out = self.eval(body, &mut inner);
        }
        let out = out.and_then(|_| self.before_compile(&mut inner));
        L::module_made(self, &full);
        if let Some(module) = self.world.building.pop() {
            let mut module = Rc::unwrap_or_clone(module);
            module.scope = inner;
            if let Err(stop) = &out {
                let gap = self.stopped(stop, form.span);
                self.note(&gap);
                module.open.get_or_insert(gap);
            }
            self.made.insert(full.clone(), Rc::new(module));
        }
        if let (Some(outer), FormKind::Alias(written, context)) = (outer, &name.kind)
            && !written.starts_with("Elixir.")
        {
            let first = written.split('.').next().unwrap_or(written);
            let first = if first == "__MODULE__" { None } else { Some(first) };
            if let Some(first) = first {
                scope.alias_in(first, &format!("{outer}.{first}"), *context);
            }
        }
        match out {
            // The rest of the file goes on without what this module lacks.
            Ok(_) | Err(Stop::Raised(..) | Stop::Thrown(..) | Stop::Gone) => Ok(Value::tuple(vec![
                Value::atom("module"),
                Value::module(&full),
                Value::text("", form.span),
                Value::nil(),
            ])),
            Err(stop @ Stop::Exhausted(..)) if !self.world.building.is_empty() => Err(stop),
            Err(Stop::Exhausted(..)) => Ok(Value::nil()),
        }
    }

    /// `@before_compile Module`: its `__before_compile__` gives code at the end of the module.
    fn before_compile(&mut self, scope: &mut Scope) -> Run<Value> {
        let Some(hooks) = self.attribute("before_compile") else {
            return Ok(Value::nil());
        };
        let hooks = match hooks {
            Value::List(items) => items.iter().rev().cloned().collect(),
            one => vec![one],
        };
        for hook in hooks {
            let (module, name) = match &hook {
                Value::Tuple(items) => match &items[..] {
                    [module, Value::Atom(name)] => (module.as_module(), name.clone()),
                    _ => continue,
                },
                other => (other.as_module(), SmolStr::new_static("__before_compile__")),
            };
            let Some(module) = module else { continue };
            let at = self.here();
            let Some(made) = self.module(&module, at) else {
                continue;
            };
            let Some(definition) = made.definition(&name, 1).cloned() else {
                continue;
            };
            let environment = Form::new(at, FormKind::Variable(SmolStr::new_static("__ENV__"), 0));
            let environment = self.eval(&environment, scope)?;
            let environment = self.inject(environment, at);
            let place = super::call::Place { span: at, name: at };
            self.expand_macro(&definition, &[environment], place, scope)?;
        }
        Ok(Value::nil())
    }

    /// The module whose body runs, to be changed.
    pub(super) fn building(&mut self) -> Option<&mut Module> {
        self.world.building.last_mut().map(Rc::make_mut)
    }

    fn definition(
        &mut self,
        kind: Kind,
        guard_only: bool,
        args: &[Form],
        form: &Form,
        scope: &mut Scope,
    ) -> Run<Value> {
        let (mut head, mut body) = (args.first().cloned(), args.get(1).cloned());
        let file = self.modules.lowered_unquotes(form.span.file);
        if file {
            if let Some(form) = &head
                && super::quote::unquotes(form)
            {
                head = Some(self.filled(form, scope)?);
            }
            if let Some(form) = &body
                && super::quote::unquotes(form)
                && !kind.is_macro()
            {
                body = Some(self.filled(form, scope)?);
            }
        }
        let Some(head) = head else { return Ok(Value::nil()) };
        let (head, guard) = match head.args_of("when") {
            Some([head, guard]) => (head.clone(), Some(guard.clone())),
            _ => (head, None),
        };
        let (name, params, span) = match &head.kind {
            FormKind::Variable(name, _) => (name.clone(), Vec::new(), head.span),
            FormKind::Call(call) => match &call.callee {
                Callee::Local(name) => (name.clone(), call.args.clone(), call.name_span),
                _ => return self.undefined(head.span, "a definition whose name is not known"),
            },
            _ => return self.undefined(head.span, "a definition whose name is not known"),
        };
        let (body, guard) = match (guard_only, guard) {
            // A guard is a macro that gives the condition.
            (true, Some(guard)) => (Some(quoted_guard(&guard, &params)), None),
            (_, guard) => (body.map(|body| whole_body(&body)), guard),
        };
        let (params, defaults): (Vec<Form>, Vec<Option<Form>>) = params
            .into_iter()
            .map(|param| match param.args_of("\\\\") {
                Some([param, default]) => (param.clone(), Some(default.clone())),
                _ => (param, None),
            })
            .unzip();
        let through = self.expansions_now();
        let mut own = Scope {
            lexical: scope.lexical.clone(),
            ..Scope::default()
        };
        let attributes = self.world.building.last().map(|m| m.attributes.clone());
        let lexical = Rc::make_mut(&mut own.lexical);
        lexical.function = Some((name.clone(), params.len()));
        lexical.attributes = attributes;
        let clause = body.map(|body| {
            Rc::new(Clause {
                params: params.clone(),
                guard,
                body,
                span,
                whole: form.span,
                through,
                scope: own.clone(),
            })
        });
        self.weigh(params.len() + 4);
        let Some(module) = self.building() else {
            return Ok(Value::nil());
        };
        module.add(name.clone(), kind, params.len(), defaults, clause, &own);
        Ok(Value::tuple(vec![
            Value::Atom(name),
            Value::Integer(params.len() as i64),
        ]))
    }

    fn undefined(&mut self, at: Span, why: &str) -> Run<Value> {
        let gap = self.gap(at, why);
        self.note(&gap);
        if let Some(module) = self.building() {
            module.open.get_or_insert(gap.clone());
        }
        Ok(Value::unknown(gap))
    }

    /// The expansions of macros that run now, outermost first: where each is called.
    pub(super) fn expansions_now(&self) -> Vec<Span> {
        self.frames
            .iter()
            .filter(|f| f.expansion)
            .map(|f| f.call)
            .collect()
    }

    fn define_struct(&mut self, fields: &Form, exception: bool, scope: &mut Scope) -> Run<Value> {
        let value = self.eval(fields, scope)?;
        let mut out: Vec<(SmolStr, Value)> = Vec::new();
        match &value {
            Value::List(items) => {
                for item in items.iter() {
                    match (item, item.as_pair()) {
                        (Value::Atom(name), _) => out.push((name.clone(), Value::nil())),
                        (_, Some((name, default))) => out.push((SmolStr::new(name), default.clone())),
                        _ => {}
                    }
                }
            }
            Value::Map(map) => {
                out.extend(map.entries().iter().filter_map(|(k, v)| match k {
                    Value::Atom(name) => Some((name.clone(), v.clone())),
                    _ => None,
                }));
            }
            _ => {}
        }
        if exception {
            out.push((SmolStr::new_static("__exception__"), Value::truth(true)));
        }
        self.define_fields(out);
        Ok(Value::nil())
    }

    /// The fields of the struct of the module whose body runs.
    pub fn define_fields(&mut self, fields: Vec<(SmolStr, Value)>) {
        self.weigh(fields.len());
        if let Some(module) = self.building() {
            module.fields = Some(fields);
        }
    }

    /// `defdelegate name(a, b), to: Module, as: other`.
    fn delegate(&mut self, head: &Form, options: &Form, form: &Form, scope: &mut Scope) -> Run<Value> {
        let span = form.span;
        let (Some((name, params)), Some(to)) = (head.as_local(), options.keyword("to")) else {
            return Ok(Value::nil());
        };
        let target = options.keyword("as").and_then(Form::as_atom).unwrap_or(name);
        let args = params.iter().map(|param| match param.args_of("\\\\") {
            Some([param, _]) => param.clone(),
            _ => param.clone(),
        });
        let call = crate::syntax::elixir::Call {
            callee: Callee::Remote(to.clone(), target.clone()),
            args: args.collect(),
            name_span: span,
            parens: true,
            context: 0,
        };
        let body = Form::new(span, FormKind::Call(std::sync::Arc::new(call)));
        let key = Form::atom(span, "do");
        let pair = Form::new(span, FormKind::Tuple([key, body].into()));
        let block = Form::list(span, vec![pair]);
        self.definition(Kind::Def, false, &[head.clone(), block], form, scope)
    }

    /// `defoverridable name: arity`.
    fn overridable(&mut self, names: &Form, scope: &mut Scope) -> Run<Value> {
        let value = self.eval(names, scope)?;
        let names: Vec<(SmolStr, Option<i64>)> = match &value {
            Value::List(_) => value
                .as_keywords()
                .unwrap_or_default()
                .into_iter()
                .map(|(name, arity)| (SmolStr::new(name), arity.as_integer()))
                .collect(),
            _ => Vec::new(),
        };
        let all = names.is_empty();
        let Some(module) = self.building() else {
            return Ok(Value::nil());
        };
        for definition in module.definitions.values_mut().flatten() {
            let named = names
                .iter()
                .any(|(n, a)| *n == definition.name && a.is_none_or(|a| a == definition.arity as i64));
            if named || all {
                Rc::make_mut(definition).overridable = true;
            }
        }
        Ok(Value::nil())
    }
}

impl Module {
    /// Adds a clause, or a head with defaults.
    fn add(
        &mut self,
        name: SmolStr,
        kind: Kind,
        arity: usize,
        default_forms: Vec<Option<Form>>,
        clause: Option<Rc<Clause>>,
        scope: &Scope,
    ) {
        let all = self.definitions.entry(name.clone()).or_default();
        if all.is_empty() {
            self.order.push(name.clone());
        }
        let defaults = default_forms.iter().flatten().count();
        let position = all.iter().position(|d| d.arity == arity);
        if let Some(position) = position
            && let Some(known) = all.get_mut(position)
        {
            if !known.overridable {
                let known = Rc::make_mut(known);
                known.clauses.extend(clause);
                if defaults > 0 {
                    known.defaults = defaults;
                    known.default_forms = default_forms;
                }
                return;
            }
            let parent = all.remove(position);
            all.push(Rc::new(Definition {
                name,
                arity,
                defaults,
                kind,
                clauses: clause.into_iter().collect(),
                default_forms,
                maybe: None,
                overridable: false,
                other: None,
                parent: Some(parent),
                head: scope.clone(),
            }));
            return;
        }
        all.push(Rc::new(Definition {
            name,
            arity,
            defaults,
            kind,
            clauses: clause.into_iter().collect(),
            default_forms,
            maybe: None,
            overridable: false,
            other: None,
            parent: None,
            head: scope.clone(),
        }));
    }
}

/// The body of a definition as one form: one with `rescue` is a `try`.
fn whole_body(block: &Form) -> Form {
    match block.as_list() {
        Some([only]) => match only.as_pair() {
            Some((key, body)) if key == "do" => body.clone(),
            _ => block.clone(),
        },
        Some(_) => Form::call(block.span, "try", vec![block.clone()]),
        None => block.clone(),
    }
}

/// `defguard name(a) when condition` as a macro's body: the condition with the arguments put in.
fn quoted_guard(guard: &Form, params: &[Form]) -> Form {
    let span = guard.span;
    let bound = params.iter().filter_map(|param| match &param.kind {
        FormKind::Variable(name, _) => {
            let unquote = Form::call(span, "unquote", vec![param.clone()]);
            let own = Form::call(
                span,
                "var!",
                vec![Form::new(span, FormKind::Variable(name.clone(), 0))],
            );
            Some((name.clone(), unquote, own))
        }
        _ => None,
    });
    let bound: Vec<_> = bound.collect();
    let body = replaced(guard, &bound, 0);
    let key = Form::atom(span, "do");
    let pair = Form::new(span, FormKind::Tuple([key, body].into()));
    Form::call(span, "quote", vec![Form::list(span, vec![pair])])
}

fn replaced(form: &Form, bound: &[(SmolStr, Form, Form)], depth: u32) -> Form {
    if depth > 200 {
        return form.clone();
    }
    let all = |forms: &[Form]| {
        forms
            .iter()
            .map(|f| replaced(f, bound, depth + 1))
            .collect::<Vec<_>>()
    };
    let kind = match &form.kind {
        FormKind::Variable(name, _) => match bound.iter().find(|(n, ..)| n == name) {
            Some((_, unquote, _)) => return unquote.clone(),
            None => return form.clone(),
        },
        FormKind::List(items) => FormKind::List(all(items).into()),
        FormKind::Tuple(items) => FormKind::Tuple(all(items).into()),
        FormKind::Call(call) => {
            let mut call = (**call).clone();
            call.args = all(&call.args);
            FormKind::Call(std::sync::Arc::new(call))
        }
        other => other.clone(),
    };
    Form::new(form.span, kind)
}
