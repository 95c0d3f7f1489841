//! Macros of the repository: the code that they give, and running it.

use std::rc::Rc;

use super::call::Place;
use super::library::Library;
use super::machine::{Frame, Machine, Run};
use super::module::Definition;
use super::scope::Scope;
use super::value::Value;
use crate::known::Gap;
use crate::source::Span;
use crate::syntax::elixir::{Context, Form, FormKind};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Runs a macro of the repository and the code that it gives.
    pub(super) fn expand_macro(
        &mut self,
        definition: &Rc<Definition>,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
    ) -> Run<Value> {
        let (form, context) = self.expansion(definition, args, place, scope)?;
        let _ = context;
        self.frames.push(Frame {
            call: place.span,
            expansion: true,
            running: None,
        });
        let out = match self.one_of_several(&form) {
            Some((candidates, gap)) => self.either_code(&candidates, &gap, place.span, scope),
            None => self.deeper(place.span, |machine| machine.eval(&form, scope)),
        };
        self.frames.pop();
        out
    }

    /// What a macro put here: a value, or code where that is one of several.
    pub(super) fn injected(&mut self, index: u32, at: Span, scope: &mut Scope) -> Run<Value> {
        let Some(value) = self.injected.get(index as usize).cloned() else {
            return Ok(self.unknown(at, "a value that a macro gave"));
        };
        match &value {
            Value::Unknown(unknown) if unknown.candidates.iter().any(Value::is_code) => {
                self.either_code(&unknown.candidates, &unknown.gap, at, scope)
            }
            _ => Ok(value),
        }
    }

    /// Among statements, what a macro put there is code; it says so where nothing is known of it.
    pub(super) fn injected_statement(&mut self, form: &Form) {
        let FormKind::Injected(index) = form.kind else {
            return;
        };
        if let Some(Value::Unknown(unknown)) = self.injected.get(index as usize)
            && !unknown.candidates.iter().any(Value::is_code)
        {
            // Where the macro is called: that is the code which may do anything.
            let calls = self.frames.iter().rev().take_while(|frame| frame.expansion);
            let at = calls.last().map_or(form.span, |frame| frame.call);
            let gap = self.code_gap(at, "the code that a macro gives here is not known");
            self.note_code(&gap);
            L::opaque(self, &gap, None);
        }
    }

    /// Code that is one of several.
    fn one_of_several(&self, form: &Form) -> Option<(Vec<Value>, Gap)> {
        let FormKind::Injected(index) = form.kind else {
            return None;
        };
        match self.injected.get(index as usize)? {
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                Some((unknown.candidates.clone(), unknown.gap.clone()))
            }
            _ => None,
        }
    }

    fn either_code(&mut self, candidates: &[Value], gap: &Gap, at: Span, scope: &mut Scope) -> Run<Value> {
        let Some((first, rest)) = candidates.split_first() else {
            return Ok(Value::unknown(gap.clone()));
        };
        let form = self.value_form(first, at);
        if rest.is_empty() {
            return self.deeper(at, |machine| machine.eval(&form, &mut scope.clone()));
        }
        let (mut own, mut other) = (scope.clone(), scope.clone());
        self.fork(
            gap,
            |machine| machine.deeper(at, |machine| machine.eval(&form, &mut own)),
            |machine| machine.either_code(rest, gap, at, &mut other),
        )
    }

    /// The code that a macro gives.
    pub(super) fn expansion(
        &mut self,
        definition: &Rc<Definition>,
        args: &[Form],
        place: Place,
        scope: &mut Scope,
    ) -> Run<(Form, Context)> {
        let values: Vec<Value> = args.iter().map(|a| self.form_value(a)).collect();
        let lexical = definition.head.lexical.clone();
        self.origins.push(lexical);
        let context = Context::try_from(self.origins.len()).unwrap_or(Context::MAX);
        self.expansions.push(context);
        self.callers.push(scope.lexical.clone());
        let out = self.invoke(definition, values, place.span);
        self.callers.pop();
        self.expansions.pop();
        let value = out?;
        let form = match &value {
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                self.inject(value.clone(), place.span)
            }
            Value::Unknown(_) | Value::Term(_) => {
                let why = format!("the code that the macro {} gives is not known", definition.name);
                let gap = self.code_gap(place.span, why);
                self.note_code(&gap);
                L::opaque(self, &gap, None);
                self.inject(Value::unknown(gap), place.span)
            }
            value => self.value_form(value, place.span),
        };
        Ok((form, context))
    }

    /// A value as a form that evaluates to it.
    pub(super) fn inject(&mut self, value: Value, span: Span) -> Form {
        let index = u32::try_from(self.injected.len()).unwrap_or(u32::MAX);
        self.injected.push(value);
        self.weigh(1);
        Form::new(span, FormKind::Injected(index))
    }
}
