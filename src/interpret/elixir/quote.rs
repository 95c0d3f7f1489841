//! `quote` and `unquote`: code as a value (manual, "Kernel.SpecialForms", `quote/2`).

use std::sync::Arc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run};
use super::scope::Scope;
use super::value::Value;
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Context, Form, FormKind, Part, Sigil};

/// Forms that are looked at to find how deep they are nested.
const MAX_LOOKS: u32 = 20_000;
/// Deeper than any form may be.
const TOO_DEEP: u32 = 1_000_000;

/// How deep forms are nested in a form; [`TOO_DEEP`] where it is too large to be looked through.
pub(super) fn depth(form: &Form) -> u32 {
    let mut looks = 0;
    deep(form, 0, &mut looks)
}

fn deep(form: &Form, level: u32, looks: &mut u32) -> u32 {
    *looks += 1;
    if *looks > MAX_LOOKS || level > super::value::MAX_DEPTH * 4 {
        return TOO_DEEP;
    }
    let mut most = 0;
    each_child(form, &mut |child| most = deep(child, level + 1, looks).max(most));
    most + 1
}

fn each_part(parts: &[Part], see: &mut dyn FnMut(&Form)) {
    for part in parts {
        if let Part::Form(form) = part {
            see(form);
        }
    }
}

pub(super) fn each_child(form: &Form, see: &mut dyn FnMut(&Form)) {
    match &form.kind {
        FormKind::List(items) | FormKind::Tuple(items) => items.iter().for_each(see),
        FormKind::Binary(parts) | FormKind::Charlist(parts) | FormKind::DynamicAtom(parts) => {
            each_part(parts, see);
        }
        FormKind::Sigil(sigil) => each_part(&sigil.parts, see),
        FormKind::Call(call) => {
            match &call.callee {
                Callee::Remote(left, _) | Callee::Anonymous(left) | Callee::Form(left) => see(left),
                Callee::Local(_) => {}
            }
            call.args.iter().for_each(see);
        }
        FormKind::Atom(_)
        | FormKind::Integer(_)
        | FormKind::Number(_)
        | FormKind::Float(_)
        | FormKind::Text(_)
        | FormKind::Variable(..)
        | FormKind::Alias(..)
        | FormKind::Injected(_)
        | FormKind::Gap(_) => {}
    }
}

/// Whether `unquote` or `unquote_splicing` is called in a form.
pub(super) fn unquotes(form: &Form) -> bool {
    if form
        .as_local()
        .is_some_and(|(name, _)| name == "unquote" || name == "unquote_splicing")
    {
        return true;
    }
    let mut found = false;
    each_child(form, &mut |child| found = found || unquotes(child));
    found
}

/// What forms in a row are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Row {
    /// Elements or arguments: values.
    Elements,
    /// Statements of a block: code.
    Statements,
}

/// How a form is put into quotes.
#[derive(Clone, Copy)]
struct Quoting {
    context: Context,
    unquote: bool,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `quote options do ... end`.
    pub(super) fn quote(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let Some(last) = args.last() else {
            return Ok(Value::nil());
        };
        let options = if args.len() > 1 { args.first() } else { Some(last) };
        let Some(body) = last.keyword("do") else {
            return Ok(self.unknown(at, "a quote without a body"));
        };
        let bound = options.and_then(|o| o.keyword("bind_quoted"));
        let off = options.and_then(|o| o.keyword("unquote")).and_then(Form::as_atom);
        let context = match self.expansions.last() {
            Some(context) => *context,
            None => {
                self.origins.push(scope.lexical.clone());
                Context::try_from(self.origins.len()).unwrap_or(Context::MAX)
            }
        };
        let quoting = Quoting {
            context,
            unquote: bound.is_none() && off.is_none_or(|name| name != "false"),
        };
        let mut forms = Vec::new();
        if let Some(bound) = bound {
            let values = self.eval(bound, scope)?;
            for (key, value) in values.as_keywords().unwrap_or_default() {
                let name = Form::new(at, FormKind::Variable(SmolStr::new(key), context));
                let value = self.value_form(value, at);
                forms.push(Form::call(at, "=", vec![name, value]));
            }
        }
        let body = self.quoted(body, quoting, scope)?;
        if forms.is_empty() {
            return Ok(self.form_value(&body));
        }
        forms.extend(body.statements().iter().cloned());
        Ok(self.form_value(&Form::block(at, forms)))
    }

    /// Puts values into `unquote` fragments of a definition.
    pub(super) fn filled(&mut self, form: &Form, scope: &mut Scope) -> Run<Form> {
        let quoting = Quoting {
            context: 0,
            unquote: true,
        };
        self.quoted(form, quoting, scope)
    }

    fn quoted(&mut self, form: &Form, quoting: Quoting, scope: &mut Scope) -> Run<Form> {
        self.tick(form.span)?;
        let kind = match &form.kind {
            FormKind::Variable(name, 0) if quoting.context > 0 && !name.starts_with("__") => {
                FormKind::Variable(name.clone(), quoting.context)
            }
            FormKind::Alias(name, 0) if quoting.context > 0 && !name.starts_with("__MODULE__") => {
                let full = scope.resolve(name);
                if full == *name {
                    FormKind::Alias(name.clone(), quoting.context)
                } else {
                    FormKind::Alias(SmolStr::new(format!("Elixir.{full}")), quoting.context)
                }
            }
            FormKind::List(items) => {
                FormKind::List(self.quoted_all(items, Row::Elements, quoting, scope)?.into())
            }
            FormKind::Tuple(items) => {
                FormKind::Tuple(self.quoted_all(items, Row::Elements, quoting, scope)?.into())
            }
            FormKind::Binary(parts) => FormKind::Binary(self.quoted_parts(parts, quoting, scope)?.into()),
            FormKind::Charlist(parts) => FormKind::Charlist(self.quoted_parts(parts, quoting, scope)?.into()),
            FormKind::DynamicAtom(parts) => {
                FormKind::DynamicAtom(self.quoted_parts(parts, quoting, scope)?.into())
            }
            FormKind::Sigil(sigil) => FormKind::Sigil(Arc::new(Sigil {
                name: sigil.name.clone(),
                parts: self.quoted_parts(&sigil.parts, quoting, scope)?,
                modifiers: sigil.modifiers.clone(),
            })),
            FormKind::Call(call) => {
                return self.deeper(form.span, |machine| {
                    machine.quoted_call(form, call, quoting, scope)
                });
            }
            other => other.clone(),
        };
        Ok(Form::new(form.span, kind))
    }

    fn quoted_parts(&mut self, parts: &[Part], quoting: Quoting, scope: &mut Scope) -> Run<Vec<Part>> {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            out.push(match part {
                Part::Text(text) => Part::Text(text.clone()),
                Part::Form(form) => Part::Form(self.quoted(form, quoting, scope)?),
            });
        }
        Ok(out)
    }

    /// Forms in a row, with what is spliced in.
    fn quoted_all(
        &mut self,
        forms: &[Form],
        row: Row,
        quoting: Quoting,
        scope: &mut Scope,
    ) -> Run<Vec<Form>> {
        let mut out = Vec::with_capacity(forms.len());
        for form in forms {
            match form.args_of("unquote_splicing") {
                Some([list]) if quoting.unquote => match self.eval(list, scope)? {
                    Value::List(items) => {
                        self.afford((out.len() + items.len()) as u128, form.span)?;
                        for item in items.iter() {
                            let item = self.value_form(item, form.span);
                            out.push(item);
                        }
                    }
                    other => out.push(self.spliced_unknown(&other, row, form.span)),
                },
                _ => out.push(self.quoted(form, quoting, scope)?),
            }
        }
        self.weigh(out.len());
        Ok(out)
    }

    /// What stands where it is not known what is spliced in. Among statements it is code that may be one of several; a block that
    /// goes on after it says so.
    fn spliced_unknown(&mut self, list: &Value, row: Row, at: Span) -> Form {
        let gap = list.gap().unwrap_or_else(|| self.gap(at, "what is spliced in"));
        if row == Row::Elements {
            return self.inject(Value::unknown(gap), at);
        }
        let candidates = match list {
            Value::Unknown(unknown) => unknown.candidates.as_slice(),
            _ => &[],
        };
        let mut blocks = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let Value::List(items) = candidate else {
                blocks.clear();
                break;
            };
            let forms = items.iter().map(|item| self.value_form(item, at)).collect();
            let block = Form::block(at, forms);
            blocks.push(self.form_value(&block));
        }
        let code = match blocks.is_empty() {
            true => self.inject(Value::unknown(gap), at),
            false => self.value_form(&Value::one_of(blocks, gap), at),
        };
        Form::block(at, vec![code, Form::nil(at)])
    }

    fn quoted_call(&mut self, form: &Form, call: &Call, quoting: Quoting, scope: &mut Scope) -> Run<Form> {
        let span = form.span;
        if let Callee::Local(name) = &call.callee {
            match (name.as_str(), &call.args[..]) {
                ("unquote", [inner]) if quoting.unquote => {
                    let value = self.eval(inner, scope)?;
                    return Ok(self.value_form(&value, span));
                }
                ("var!", [variable, ..]) if quoting.context > 0 => return Ok(variable.clone()),
                ("quote", _) => {
                    let inner = Quoting {
                        unquote: false,
                        ..quoting
                    };
                    return self.rebuilt(form, call, call.callee.clone(), inner, scope);
                }
                _ => {}
            }
        }
        let callee = self.quoted_callee(&call.callee, quoting, scope)?;
        self.rebuilt(form, call, callee, quoting, scope)
    }

    fn rebuilt(
        &mut self,
        form: &Form,
        call: &Call,
        callee: Callee,
        quoting: Quoting,
        scope: &mut Scope,
    ) -> Run<Form> {
        let row = match &callee {
            Callee::Local(name) if name == "__block__" => Row::Statements,
            _ => Row::Elements,
        };
        let call = Call {
            callee,
            args: self.quoted_all(&call.args, row, quoting, scope)?,
            name_span: call.name_span,
            parens: call.parens,
            context: if call.context == 0 {
                quoting.context
            } else {
                call.context
            },
        };
        Ok(Form::new(form.span, FormKind::Call(Arc::new(call))))
    }

    fn quoted_callee(&mut self, callee: &Callee, quoting: Quoting, scope: &mut Scope) -> Run<Callee> {
        Ok(match callee {
            Callee::Local(name) => Callee::Local(name.clone()),
            Callee::Remote(left, name) => Callee::Remote(self.quoted(left, quoting, scope)?, name.clone()),
            Callee::Anonymous(left) => Callee::Anonymous(self.quoted(left, quoting, scope)?),
            Callee::Form(inner) => {
                // `left.unquote(name)(...)`.
                if let FormKind::Call(remote) = &inner.kind
                    && let (Callee::Remote(left, name), [given]) = (&remote.callee, &remote.args[..])
                    && name == "unquote"
                    && quoting.unquote
                {
                    let name = self.eval(given, scope)?;
                    let left = self.quoted(left, quoting, scope)?;
                    return Ok(match name.as_atom() {
                        Some(name) => Callee::Remote(left, SmolStr::new(name)),
                        None => Callee::Form(inner.clone()),
                    });
                }
                let inner = self.quoted(inner, quoting, scope)?;
                match inner.kind {
                    FormKind::Atom(name) | FormKind::Variable(name, _) => Callee::Local(name),
                    kind => Callee::Form(Form::new(inner.span, kind)),
                }
            }
        })
    }

    /// A value as the code that gives it: tuples of name, metadata and arguments are calls.
    pub(super) fn value_form(&mut self, value: &Value, span: Span) -> Form {
        let kind = match value {
            Value::Atom(name) => FormKind::Atom(name.clone()),
            Value::Integer(i) => FormKind::Integer(*i),
            Value::Float(f) => FormKind::Float(*f),
            Value::Text(text) => FormKind::Text((**text).clone()),
            Value::Quoted(quoted) => return quoted.form.clone(),
            Value::List(items) => {
                let items: Vec<Form> = items.iter().map(|i| self.value_form(i, span)).collect();
                FormKind::List(items.into())
            }
            Value::Tuple(items) => {
                if let [name, _, args] = &items[..]
                    && let Some(form) = self.imploded(name, args, span)
                {
                    return form;
                }
                let items: Vec<Form> = items.iter().map(|i| self.value_form(i, span)).collect();
                FormKind::Tuple(items.into())
            }
            other => return self.inject(other.clone(), span),
        };
        Form::new(span, kind)
    }

    /// `{name, meta, args}` as a form.
    fn imploded(&mut self, name: &Value, args: &Value, span: Span) -> Option<Form> {
        let args = match (name, args) {
            (Value::Atom(name), Value::Atom(_)) => {
                return Some(Form::new(span, FormKind::Variable(name.clone(), 0)));
            }
            (Value::Atom(name), Value::List(parts)) if name == "__aliases__" => {
                let parts: Option<Vec<&str>> = parts.iter().map(Value::as_atom).collect();
                return Some(Form::new(
                    span,
                    FormKind::Alias(SmolStr::new(parts?.join(".")), 0),
                ));
            }
            (_, Value::List(args)) => args,
            _ => return None,
        };
        let forms: Vec<Form> = args.iter().map(|a| self.value_form(a, span)).collect();
        let callee = match name {
            Value::Atom(name) if name == "{}" => {
                return Some(Form::new(span, FormKind::Tuple(forms.into())));
            }
            Value::Atom(name) => Callee::Local(name.clone()),
            Value::Tuple(dot) => match &dot[..] {
                [_, _, Value::List(sides)] => match &sides[..] {
                    [left, Value::Atom(name)] => Callee::Remote(self.value_form(left, span), name.clone()),
                    [left] => Callee::Anonymous(self.value_form(left, span)),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let call = Call {
            callee,
            args: forms,
            name_span: span,
            parens: true,
            context: 0,
        };
        Some(Form::new(span, FormKind::Call(Arc::new(call))))
    }

    /// A form as the tuple that Elixir makes of it.
    pub(super) fn explode(&mut self, form: &Form) -> Value {
        let meta = || Value::list(Vec::new());
        match &form.kind {
            FormKind::Variable(name, _) => {
                Value::tuple(vec![Value::Atom(name.clone()), meta(), Value::nil()])
            }
            FormKind::Alias(name, _) => {
                let parts = name.split('.').map(Value::atom).collect();
                Value::tuple(vec![Value::atom("__aliases__"), meta(), Value::list(parts)])
            }
            FormKind::Tuple(items) if items.len() != 2 => {
                let items = items.iter().map(|i| self.form_value(i)).collect();
                Value::tuple(vec![Value::atom("{}"), meta(), Value::list(items)])
            }
            FormKind::Call(call) => {
                let args = call.args.iter().map(|a| self.form_value(a)).collect();
                let name = match &call.callee {
                    Callee::Local(name) => Value::Atom(name.clone()),
                    Callee::Remote(left, name) => {
                        let sides = vec![self.form_value(left), Value::Atom(name.clone())];
                        Value::tuple(vec![Value::atom("."), meta(), Value::list(sides)])
                    }
                    Callee::Anonymous(left) => {
                        let sides = vec![self.form_value(left)];
                        Value::tuple(vec![Value::atom("."), meta(), Value::list(sides)])
                    }
                    Callee::Form(form) => self.form_value(form),
                };
                Value::tuple(vec![name, meta(), Value::list(args)])
            }
            _ => self.unknown(form.span, "code that is not followed"),
        }
    }

    /// The pattern that a macro gives; `None`: it is no macro.
    pub(super) fn expanded_pattern(
        &mut self,
        name: &SmolStr,
        args: &[Form],
        pattern: &Form,
        scope: &mut Scope,
    ) -> Run<Option<Form>> {
        let Some(definition) = self.macro_named(name, args.len(), scope, pattern.span) else {
            return Ok(None);
        };
        let place = super::call::Place {
            span: pattern.span,
            name: pattern.span,
        };
        let (form, _) = self.expansion(&definition, args, place, scope)?;
        Ok(Some(form))
    }

    /// `Macro.expand(code, env)`: aliases and macros of the repository.
    pub(super) fn expand_value(
        &mut self,
        value: &Value,
        environment: &Value,
        at: Span,
    ) -> Option<Run<Value>> {
        let Value::Quoted(quoted) = value else {
            return Some(Ok(value.clone()));
        };
        let FormKind::Alias(name, context) = &quoted.form.kind else {
            return Some(Ok(value.clone()));
        };
        let _ = (environment, at);
        let lexical = self.callers.last().cloned().unwrap_or_default();
        let scope = Scope {
            lexical,
            ..Scope::default()
        };
        Some(Ok(self.module_value(name, *context, &scope)))
    }
}
