//! `alias`, `import`, `require` and `use`: what names mean from here on.

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::{Library, Written};
use super::machine::{Frame, Machine, Run};
use super::module::Use;
use super::scope::{Import, Scope};
use super::value::Value;
use crate::source::Span;
use crate::syntax::elixir::{Callee, Context, Form, FormKind};

/// Modules of the standard library whose `use` brings nothing that a migration or schema asks for.
const PLAIN: [&str; 13] = [
    "GenServer",
    "Agent",
    "Supervisor",
    "DynamicSupervisor",
    "Application",
    "Task",
    "Mix.Task",
    "Mix.Project",
    "Mix.Config",
    "ExUnit.Case",
    "ExUnit.CaseTemplate",
    "Bitwise",
    "Logger",
];

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// The modules that `A`, `A.{B, C}` or an expression mean, each with the expansion that wrote it.
    fn targets(&mut self, form: &Form, scope: &mut Scope) -> Run<Vec<(SmolStr, Context)>> {
        match &form.kind {
            FormKind::Alias(name, context) => Ok(vec![(self.module_name(name, *context, scope), *context)]),
            FormKind::Call(call) => match &call.callee {
                Callee::Remote(left, name) if name == "{}" => {
                    let base = self.eval(left, scope)?.as_module();
                    let Some(base) = base else { return Ok(Vec::new()) };
                    let inner = call.args.iter().filter_map(|arg| match &arg.kind {
                        FormKind::Alias(name, context) => {
                            Some((SmolStr::new(format!("{base}.{name}")), *context))
                        }
                        _ => None,
                    });
                    Ok(inner.collect())
                }
                _ => Ok(self
                    .eval(form, scope)?
                    .as_module()
                    .map(|m| (m, 0))
                    .into_iter()
                    .collect()),
            },
            _ => Ok(self
                .eval(form, scope)?
                .as_module()
                .map(|m| (m, 0))
                .into_iter()
                .collect()),
        }
    }

    pub(super) fn alias(&mut self, target: &Form, options: Option<&Form>, scope: &mut Scope) -> Run<Value> {
        let targets = self.targets(target, scope)?;
        let short = options
            .and_then(|o| o.keyword("as"))
            .and_then(|form| match &form.kind {
                FormKind::Alias(name, _) => Some(name.clone()),
                _ => None,
            });
        let mut last = Value::nil();
        for (full, context) in targets {
            let own = full.rsplit('.').next().unwrap_or(&full);
            let short = short.as_deref().unwrap_or(own);
            scope.alias_in(short, &full, context);
            last = Value::module(&full);
        }
        Ok(last)
    }

    pub(super) fn require(&mut self, target: &Form, options: Option<&Form>, scope: &mut Scope) -> Run<Value> {
        if options.is_some_and(|o| o.keyword("as").is_some()) {
            return self.alias(target, options, scope);
        }
        let targets = self.targets(target, scope)?;
        Ok(targets
            .last()
            .map_or_else(Value::nil, |(full, _)| Value::module(full)))
    }

    pub(super) fn import(&mut self, target: &Form, options: Option<&Form>, scope: &mut Scope) -> Run<Value> {
        let targets = self.targets(target, scope)?;
        let mut listed = |key: &str| -> Run<Option<Vec<(SmolStr, usize)>>> {
            let Some(form) = options.and_then(|o| o.keyword(key)) else {
                return Ok(None);
            };
            let value = self.eval(form, scope)?;
            let Some(pairs) = value.as_keywords() else {
                return Ok(None);
            };
            let pair = |(name, arity): (&str, &Value)| {
                let arity = usize::try_from(arity.as_integer()?).ok()?;
                Some((SmolStr::new(name), arity))
            };
            Ok(Some(pairs.into_iter().filter_map(pair).collect()))
        };
        let only = listed("only")?;
        let except = listed("except")?.unwrap_or_default();
        for (module, _) in targets {
            let lexical = Rc::make_mut(&mut scope.lexical);
            lexical.imports.push(Import {
                module,
                only: only.clone(),
                except: except.clone(),
            });
        }
        Ok(Value::nil())
    }

    /// `use Module, options`: the code that its `__using__` gives.
    pub(super) fn use_form(
        &mut self,
        target: &Form,
        options: Option<&Form>,
        at: Span,
        scope: &mut Scope,
    ) -> Run<Value> {
        for (module, _) in self.targets(target, scope)? {
            self.use_one(&module, target, options, at, scope)?;
        }
        Ok(Value::nil())
    }

    fn use_one(
        &mut self,
        module: &SmolStr,
        target: &Form,
        options: Option<&Form>,
        at: Span,
        scope: &mut Scope,
    ) -> Run<()> {
        let nothing = Form::list(at, Vec::new());
        let options = options.unwrap_or(&nothing);
        let made = if self.modules.may_have(module) {
            self.module(module, at)
        } else {
            None
        };
        let through = self.expansions_now();
        let inside = made.is_some();
        if let Some(building) = self.building() {
            building.uses.push(Use {
                module: module.clone(),
                span: at,
                through,
                inside,
            });
        }
        if let Some(definition) = made.as_ref().and_then(|m| m.definition("__using__", 1)).cloned() {
            let place = super::call::Place {
                span: at,
                name: target.span,
            };
            self.expand_macro(&definition, std::slice::from_ref(options), place, scope)?;
            return Ok(());
        }
        let written = Written {
            module,
            name: "__using__",
            args: std::slice::from_ref(options),
            span: at,
            name_span: target.span,
        };
        self.frames.push(Frame {
            call: at,
            expansion: true,
            running: None,
        });
        let out = L::uses(self, &written, scope);
        self.frames.pop();
        if let Some(out) = out {
            return out;
        }
        if PLAIN.contains(&module.as_str()) {
            if module == "Bitwise" || module == "Mix.Config" {
                scope.import(module);
            }
            return Ok(());
        }
        let gap = match made.and_then(|m| m.open.clone()) {
            Some(gap) => gap,
            None => self.gap(at, format!("what `use {module}` brings is not known")),
        };
        if let Some(building) = self.building() {
            building.open.get_or_insert(gap);
        }
        // What it brings can be imported too.
        scope.import(module);
        Ok(())
    }
}
