//! Special forms and macros of `Kernel`: what is given its arguments as written.

use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use super::library::{Library, Written};
use super::machine::{Machine, Run, Stop};
use super::matching::Matching;
use super::scope::Scope;
use super::value::{Function, Map, Value};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::elixir::{Call, Callee, Form, FormKind};

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A special form or a macro of `Kernel`; `None`: a name like any other.
    pub(super) fn special(
        &mut self,
        name: &str,
        args: &[Form],
        form: &Form,
        call: &Call,
        scope: &mut Scope,
    ) -> Option<Run<Value>> {
        let at = form.span;
        Some(match (name, args) {
            ("__block__", forms) => self.block(forms, scope),
            ("=", [pattern, value]) => self.assign(pattern, value, at, scope),
            ("|>", [left, right]) => self.pipe(left, right, at, scope),
            ("@", [attribute]) => self.attribute_form(attribute, at, scope),
            ("&", [body]) => self.capture(body, at, scope),
            ("fn", clauses) => Ok(self.closure(clauses, at, scope)),
            ("%{}", entries) => self.map(entries, at, scope),
            ("%", [name, map]) => self.structure(name, map, at, scope),
            ("<<>>", segments) => self.bits(segments, at, scope),
            ("if", [_, _]) => self.branch(args, false, at, scope),
            ("unless", [_, _]) => self.branch(args, true, at, scope),
            ("case", [_, _]) => self.case(args, at, scope),
            ("cond", [block]) => self.cond(block, at, scope),
            ("with", _) => self.with(args, at, scope),
            ("for", _) => self.comprehension(args, at, scope),
            ("try", [block]) => self.try_block(block, at, scope),
            ("receive", [block]) => self.receive(block, at, scope),
            ("quote", _) => self.quote(args, at, scope),
            ("and" | "&&", [left, right]) => self.logical(left, right, true, scope),
            ("or" | "||", [left, right]) => self.logical(left, right, false, scope),
            ("match?", [pattern, value]) => self.matches(pattern, value, scope),
            ("var!", [variable, ..]) => self.eval(variable, scope),
            ("super", _) => self.super_call(args, at, scope),
            ("__aliases__", [left, right]) => self.joined_alias(left, right, scope),
            ("raise" | "reraise", _) => self.raise_form(args, at, scope),
            ("throw", [value]) => match self.eval(value, scope) {
                Ok(value) => Err(Stop::Thrown(value, at)),
                Err(stop) => Err(stop),
            },
            ("binding", []) => Ok(self.unknown(at, "the variables of a place")),
            ("assert" | "refute" | "dbg", [value]) => self.eval(value, scope),
            ("::", [value, _]) if call.parens => self.eval(value, scope),
            ("destructure", [pattern, value]) => self.assign(pattern, value, at, scope),
            ("put_in" | "update_in" | "get_and_update_in", [_, _]) => {
                let gap = self.gap(at, "a path into a value that is not followed");
                let values = self.all(args, scope);
                values.and_then(|values| self.call_back(&values, &gap, at).map(|()| Value::unknown(gap)))
            }
            _ => return self.define(name, args, form, scope),
        })
    }

    fn block(&mut self, forms: &[Form], scope: &mut Scope) -> Run<Value> {
        let mut value = Value::nil();
        for (at, form) in forms.iter().enumerate() {
            let is_last = at + 1 == forms.len();
            if !is_last {
                self.injected_statement(form);
            }
            value = self.eval(form, scope)?;
        }
        Ok(value)
    }

    fn assign(&mut self, pattern: &Form, value: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let value = self.eval(value, scope)?;
        match self.match_one(pattern, &value, scope)? {
            Matching::Yes => Ok(value),
            Matching::No => Err(self.raise("MatchError", "no match of right hand side value", at)),
            Matching::Maybe(gap) => {
                // It goes on, so it has matched; a `try` sees the other course.
                let stop = self.raise("MatchError", "no match of right hand side value", at);
                self.may_raise(stop, &gap);
                Ok(value)
            }
        }
    }

    /// `left |> right`: `left` becomes the first argument.
    fn pipe(&mut self, left: &Form, right: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let (callee, args, name_span, context) = match &right.kind {
            FormKind::Call(call) => {
                let mut args = Vec::with_capacity(call.args.len() + 1);
                args.push(left.clone());
                args.extend(call.args.iter().cloned());
                (call.callee.clone(), args, call.name_span, call.context)
            }
            FormKind::Variable(name, context) => (
                Callee::Local(name.clone()),
                vec![left.clone()],
                right.span,
                *context,
            ),
            _ => {
                return Ok(self.unknown(at, "a pipe that is not followed"));
            }
        };
        let call = Call {
            callee,
            args,
            name_span,
            parens: true,
            context,
        };
        let form = Form::new(at, FormKind::Call(Arc::new(call)));
        self.eval(&form, scope)
    }

    /// Each side is evaluated only where the other leaves it open.
    fn logical(&mut self, left: &Form, right: &Form, and: bool, scope: &mut Scope) -> Run<Value> {
        let value = self.eval(left, scope)?;
        match self.truth(&value) {
            Truth::Yes if and => self.eval(right, scope),
            Truth::No if !and => self.eval(right, scope),
            Truth::Yes | Truth::No => Ok(value),
            Truth::Unknown(gap) => {
                let mut own = scope.clone();
                let other = self.fork(&gap, |machine| machine.eval(right, &mut own), |_| Ok(value))?;
                // `unknown and false` is not true, `unknown or true` is.
                Ok(match self.short(&other, and) {
                    Some(value) => value,
                    None => other,
                })
            }
        }
    }

    /// What both courses of `and` or `or` come to, where both do.
    fn short(&mut self, value: &Value, and: bool) -> Option<Value> {
        match self.truth(value) {
            Truth::No if and => Some(Value::truth(false)),
            Truth::Yes if !and => Some(Value::truth(true)),
            _ => None,
        }
    }

    fn matches(&mut self, pattern: &Form, value: &Form, scope: &mut Scope) -> Run<Value> {
        let value = self.eval(value, scope)?;
        let mut own = scope.clone();
        let matching = match pattern.args_of("when") {
            Some([pattern, guard]) => {
                let patterns = std::slice::from_ref(pattern);
                self.enter(patterns, Some(guard), std::slice::from_ref(&value), &mut own)?
            }
            _ => self.match_one(pattern, &value, &mut own)?,
        };
        Ok(match matching {
            Matching::Yes => Value::truth(true),
            Matching::No => Value::truth(false),
            Matching::Maybe(gap) => Value::one_of(vec![Value::truth(true), Value::truth(false)], gap),
        })
    }

    fn closure(&mut self, clauses: &[Form], at: Span, scope: &Scope) -> Value {
        let arity = clauses
            .iter()
            .filter_map(super::clauses::arm)
            .map(|a| a.patterns.len())
            .next();
        let depth = scope.depth() + 1;
        if depth >= super::value::MAX_DEPTH {
            return self.unknown(at, "a function that is nested deeper than is followed");
        }
        self.weigh(4);
        Value::Function(Rc::new(Function::Closure {
            clauses: clauses.to_vec(),
            scope: scope.clone(),
            arity: arity.unwrap_or(0),
            span: at,
            depth,
        }))
    }

    /// `&name/1`, `&Module.name/1`, `&(&1 + 1)`, `&1`.
    fn capture(&mut self, body: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        if let FormKind::Integer(index) = body.kind {
            let index = usize::try_from(index).ok().and_then(|i| i.checked_sub(1));
            let value = scope.captured.as_ref().and_then(|c| c.get(index?).cloned());
            return Ok(match value {
                Some(value) => value,
                None => self.unknown(at, "an argument of a capture"),
            });
        }
        if let Some(
            [
                target,
                Form {
                    kind: FormKind::Integer(arity),
                    ..
                },
            ],
        ) = body.args_of("/")
            && let Some(function) = self.named(target, usize::try_from(*arity).unwrap_or(0), at, scope)?
        {
            return Ok(function);
        }
        let depth = scope.depth() + 1;
        if depth >= super::value::MAX_DEPTH {
            return Ok(self.unknown(at, "a function that is nested deeper than is followed"));
        }
        self.weigh(4);
        Ok(Value::Function(Rc::new(Function::Capture {
            body: body.clone(),
            scope: scope.clone(),
            arity: highest(body, 0),
            span: at,
            depth,
        })))
    }

    fn named(&mut self, target: &Form, arity: usize, at: Span, scope: &mut Scope) -> Run<Option<Value>> {
        let (module, name) = match &target.kind {
            FormKind::Variable(name, context) => {
                let module = self.home(name, arity, *context, scope, at);
                (module, name.clone())
            }
            FormKind::Call(call) if !call.parens => match &call.callee {
                Callee::Remote(left, name) => {
                    let value = self.eval(left, scope)?;
                    match value.as_module() {
                        Some(module) => (module, name.clone()),
                        None => return Ok(Some(self.unknown(at, "a function of no known module"))),
                    }
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(Value::Function(Rc::new(Function::Named {
            module,
            name,
            arity,
            span: at,
        }))))
    }

    fn map(&mut self, entries: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        if let [only] = entries
            && let Some([base, more]) = only.args_of("|")
        {
            let base = self.eval(base, scope)?;
            return self.updated(base, more.as_list().unwrap_or(&[]), at, scope);
        }
        let mut map = Map::default();
        self.put_all(&mut map, entries, scope)?;
        Ok(Value::Map(Rc::new(map)))
    }

    fn put_all(&mut self, map: &mut Map, entries: &[Form], scope: &mut Scope) -> Run<()> {
        for entry in entries {
            let FormKind::Tuple(items) = &entry.kind else {
                continue;
            };
            let [key, value] = &items[..] else { continue };
            let key = self.eval(key, scope)?;
            let value = self.eval(value, scope)?;
            self.spend(map.entries().len() as u64 / 8 + 1, entry.span)?;
            map.put(key, value);
        }
        self.weigh(entries.len());
        Ok(())
    }

    /// `%{base | key: value}`.
    fn updated(&mut self, base: Value, entries: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        match base {
            Value::Map(map) => {
                let mut map = (*map).clone();
                self.spend(map.entries().len() as u64, at)?;
                self.put_all(&mut map, entries, scope)?;
                Ok(Value::Map(Rc::new(map)))
            }
            Value::Unknown(unknown) if !unknown.candidates.is_empty() => {
                let mut out = Vec::new();
                for candidate in unknown.candidates.clone() {
                    out.push(self.updated(candidate, entries, at, scope)?);
                }
                Ok(Value::one_of(out, unknown.gap.clone()))
            }
            other => {
                self.put_all(&mut Map::default(), entries, scope)?;
                match other.gap() {
                    Some(gap) => Ok(Value::unknown(gap)),
                    None => Err(self.raise("BadMapError", "expected a map", at)),
                }
            }
        }
    }

    /// `%Module{...}`.
    fn structure(&mut self, name: &Form, map: &Form, at: Span, scope: &mut Scope) -> Run<Value> {
        let module = self.eval(name, scope)?;
        let entries = map.args_of("%{}").unwrap_or(&[]);
        if let [only] = entries
            && let Some([base, more]) = only.args_of("|")
        {
            let base = self.eval(base, scope)?;
            return self.updated(base, more.as_list().unwrap_or(&[]), at, scope);
        }
        let Some(module) = module.as_module() else {
            self.put_all(&mut Map::default(), entries, scope)?;
            return Ok(self.unknown(at, "a struct of no known module"));
        };
        let mut fields = Map::default();
        fields.put(Value::atom("__struct__"), Value::module(&module));
        let made = self.module(&module, at);
        let known = made.as_ref().and_then(|m| m.fields().map(<[_]>::to_vec));
        for (field, default) in known.unwrap_or_default() {
            fields.put(Value::Atom(field), default);
        }
        self.put_all(&mut fields, entries, scope)?;
        Ok(Value::Map(Rc::new(fields)))
    }

    /// `<<...>>`: texts and characters.
    fn bits(&mut self, segments: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let mut parts = Vec::new();
        for segment in segments {
            let (inner, kind) = match segment.args_of("::") {
                Some([inner, kind]) => (inner, Some(super::bits::Kind::of(kind))),
                _ => (segment, None),
            };
            let value = self.eval(inner, scope)?;
            let part = match (&value, kind) {
                (Value::Text(_), None | Some(super::bits::Kind::Binary(None))) => value.clone(),
                (
                    Value::Integer(code),
                    None | Some(super::bits::Kind::Character | super::bits::Kind::Byte),
                ) => match u8::try_from(*code).ok().filter(u8::is_ascii) {
                    Some(byte) => Value::text(char::from(byte).encode_utf8(&mut [0; 4]), at),
                    None => self.unknown(at, "bits that are not followed"),
                },
                _ => self.unknown(at, "bits that are not followed"),
            };
            parts.push(part);
        }
        if parts.is_empty() {
            return Ok(Value::text("", at));
        }
        self.concat(&parts)
    }

    /// `left.Alias` where `left` is no name.
    fn joined_alias(&mut self, left: &Form, right: &Form, scope: &mut Scope) -> Run<Value> {
        let left = self.eval(left, scope)?;
        let FormKind::Alias(name, _) = &right.kind else {
            return Ok(self.unknown(right.span, "a module that is not known"));
        };
        Ok(match left.as_module() {
            Some(module) => Value::module(&format!("{module}.{name}")),
            None => self.unknown(right.span, "a module that is not known"),
        })
    }

    /// `raise message`, `raise Module, options`, `raise exception`.
    fn raise_form(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let values = self.all(args, scope)?;
        let exception = match values.as_slice() {
            [Value::Atom(_), Value::List(_) | Value::Text(_), ..] | [Value::Atom(_)] => {
                let module = values.first().and_then(Value::as_module).unwrap_or_default();
                let given = values.get(1).cloned().unwrap_or_else(|| Value::list(Vec::new()));
                self.exception(&module, given, at)?
            }
            [message @ (Value::Text(_) | Value::Unknown(_)), ..] => {
                exception("RuntimeError", message.clone())
            }
            [exception, ..] => exception.clone(),
            [] => exception("RuntimeError", Value::text("", at)),
        };
        Err(Stop::Raised(exception, at))
    }

    /// `Module.exception(given)`.
    pub(super) fn exception(&mut self, module: &str, given: Value, at: Span) -> Run<Value> {
        if let Some(made) = self.module(module, at) {
            if let Some(definition) = made.definition("exception", 1).cloned() {
                return self.invoke(&definition, vec![given], at);
            }
            let fields = made.fields().unwrap_or(&[]).to_vec();
            let mut map = Map::default();
            map.put(Value::atom("__struct__"), Value::module(module));
            map.put(Value::atom("__exception__"), Value::truth(true));
            for (name, value) in fields {
                map.put(Value::Atom(name), value);
            }
            for (key, value) in given.as_keywords().unwrap_or_default() {
                map.put(Value::atom(key), value.clone());
            }
            if given.as_text().is_some() {
                map.put(Value::atom("message"), given);
            }
            return Ok(Value::Map(Rc::new(map)));
        }
        let message = match given.keyword("message") {
            Some(message) => message.clone(),
            None if given.as_text().is_some() => given,
            None => self.unknown(at, "the message of an exception"),
        };
        Ok(exception(module, message))
    }

    /// `super(...)`: the definition that this one replaced.
    fn super_call(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let args = self.all(args, scope)?;
        let (Some(module), Some((name, arity))) = (scope.module().cloned(), scope.lexical.function.clone())
        else {
            return Ok(self.unknown_code(at, "what a definition replaced"));
        };
        let made = self.module(&module, at);
        let parent = made.and_then(|m| m.definition(&name, arity).and_then(|d| d.parent.clone()));
        match parent {
            Some(parent) => self.invoke(&parent, args, at),
            None => Ok(self.unknown_code(at, "what a definition replaced")),
        }
    }

    /// Macros of the standard library that need their arguments as written.
    pub(super) fn standard_macro(&mut self, written: &Written<'_>, scope: &mut Scope) -> Option<Run<Value>> {
        match (written.module, written.name, written.args) {
            ("Logger", _, _) | ("IO", "inspect" | "puts" | "warn" | "write", _) => {
                // Only the value goes on.
                let values = self.all_values(written.args, scope);
                Some(values.map(|values| match written.name {
                    "inspect" => values.first().cloned().unwrap_or_else(Value::nil),
                    _ => Value::atom("ok"),
                }))
            }
            ("Kernel", name, args) => {
                let form = Form::call(written.span, name, args.to_vec());
                let FormKind::Call(call) = &form.kind else {
                    return None;
                };
                self.special(name, args, &form, call, scope)
            }
            ("Integer", "is_odd" | "is_even", [value]) => {
                Some(self.eval(value, scope).map(|value| match value.as_integer() {
                    Some(i) => Value::truth((i % 2 == 0) == (written.name == "is_even")),
                    None => self.unknown(written.span, "a number that is not known"),
                }))
            }
            _ => None,
        }
    }

    fn all_values(&mut self, args: &[Form], scope: &mut Scope) -> Run<Vec<Value>> {
        // `Logger.info(fn -> ... end)` is not run: it only says something.
        self.all(args, scope)
    }

    /// The module that a local function belongs to.
    fn home(&mut self, name: &SmolStr, arity: usize, context: u32, scope: &Scope, at: Span) -> SmolStr {
        let own = scope.module().cloned().unwrap_or_default();
        if let Some(module) = self.module(&own, at)
            && module.definition(name, arity).is_some()
        {
            return own;
        }
        let _ = context;
        for import in scope.lexical.imports.iter().rev() {
            let has = match self.module(&import.module, at) {
                Some(module) => module.definition(name, arity).is_some(),
                None => {
                    L::exports(&import.module, name, arity) == Some(true)
                        || super::standard::has(&import.module, name)
                }
            };
            if has {
                return import.module.clone();
            }
        }
        // A function of the module may be defined further below.
        if super::standard::has("Kernel", name) {
            return SmolStr::new_static("Kernel");
        }
        own
    }
}

fn exception(module: &str, message: Value) -> Value {
    Value::structure(
        module,
        [
            (SmolStr::new_static("__exception__"), Value::truth(true)),
            (SmolStr::new_static("message"), message),
        ],
    )
}

/// The highest `&n` in a capture.
fn highest(form: &Form, depth: u32) -> usize {
    if depth > 1_000 {
        return 0;
    }
    if let Some(
        [
            Form {
                kind: FormKind::Integer(n),
                ..
            },
        ],
    ) = form.args_of("&")
    {
        return usize::try_from(*n).unwrap_or(0);
    }
    let mut most = 0;
    super::quote::each_child(form, &mut |child| most = highest(child, depth + 1).max(most));
    most
}
