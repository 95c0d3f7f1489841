//! Patterns: whether a value matches, which may not be known, and what is bound (manual, "Patterns and guards").

use std::rc::Rc;

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::scope::Scope;
use super::value::{Map, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::elixir::{Callee, Context, Form, FormKind, Part};

/// Whether a value matches. Where it may, variables are bound as if it does.
#[derive(Debug, Clone)]
pub(super) enum Matching {
    Yes,
    No,
    Maybe(Gap),
}

impl Matching {
    fn and(self, other: Matching) -> Matching {
        match (self, other) {
            (Matching::No, _) | (_, Matching::No) => Matching::No,
            (Matching::Maybe(gap), _) | (_, Matching::Maybe(gap)) => Matching::Maybe(gap),
            (Matching::Yes, Matching::Yes) => Matching::Yes,
        }
    }
}

/// Variables that the pattern has bound so far: a second occurrence must be equal.
type Seen = Vec<(SmolStr, Context)>;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Whether values match the patterns of a clause, and its guard.
    pub(super) fn enter(
        &mut self,
        patterns: &[Form],
        guard: Option<&Form>,
        values: &[Value],
        scope: &mut Scope,
    ) -> Run<Matching> {
        if patterns.len() != values.len() {
            return Ok(Matching::No);
        }
        let mut seen = Seen::new();
        let mut out = Matching::Yes;
        for (pattern, value) in patterns.iter().zip(values) {
            out = out.and(self.bind(pattern, value, scope, &mut seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        match guard {
            Some(guard) => Ok(out.and(self.guard(guard, scope)?)),
            None => Ok(out),
        }
    }

    fn guard(&mut self, guard: &Form, scope: &mut Scope) -> Run<Matching> {
        // `when a when b` is one or the other.
        if let Some([first, second]) = guard.args_of("when") {
            return Ok(match self.guard(first, scope)? {
                Matching::Yes => Matching::Yes,
                Matching::No => self.guard(second, scope)?,
                Matching::Maybe(gap) => match self.guard(second, scope)? {
                    Matching::Yes => Matching::Yes,
                    _ => Matching::Maybe(gap),
                },
            });
        }
        let value = match self.eval(guard, &mut scope.clone()) {
            Ok(value) => value,
            // What fails in a guard makes it fail.
            Err(Stop::Raised(..)) => return Ok(Matching::No),
            Err(stop) => return Err(stop),
        };
        Ok(match self.truth(&value) {
            Truth::Yes => Matching::Yes,
            Truth::No => Matching::No,
            Truth::Unknown(gap) => Matching::Maybe(gap),
        })
    }

    /// One pattern against one value, on its own.
    pub(super) fn match_one(&mut self, pattern: &Form, value: &Value, scope: &mut Scope) -> Run<Matching> {
        self.enter(
            std::slice::from_ref(pattern),
            None,
            std::slice::from_ref(value),
            scope,
        )
    }

    fn bind(&mut self, pattern: &Form, value: &Value, scope: &mut Scope, seen: &mut Seen) -> Run<Matching> {
        self.tick(pattern.span)?;
        match &pattern.kind {
            FormKind::Variable(name, context) => Ok(self.bind_variable(name, *context, value, scope, seen)),
            FormKind::Atom(_) | FormKind::Integer(_) | FormKind::Float(_) | FormKind::Text(_) => {
                let own = self.eval(pattern, scope)?;
                Ok(equal(&own, value, pattern.span))
            }
            FormKind::Gap(why) => {
                let gap = self.gap(pattern.span, *why);
                Ok(Matching::Maybe(gap))
            }
            _ => self.deeper(pattern.span, |machine| {
                machine.bind_compound(pattern, value, scope, seen)
            }),
        }
    }

    fn bind_variable(
        &mut self,
        name: &SmolStr,
        context: Context,
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Matching {
        match name.as_str() {
            "_" => return Matching::Yes,
            "__MODULE__" => {
                let own = scope.module().map_or_else(Value::nil, |m| Value::module(m));
                return equal(&own, value, self.here());
            }
            _ => {}
        }
        if seen.iter().any(|(n, c)| n == name && *c == context) {
            return match scope.variable_in(name, context) {
                Some(own) => equal(own, value, self.here()),
                None => Matching::Yes,
            };
        }
        seen.push((name.clone(), context));
        scope.bind_in(name, context, value.clone());
        Matching::Yes
    }

    fn bind_compound(
        &mut self,
        pattern: &Form,
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        if let Some(args) = pattern.args_of("=") {
            let mut out = Matching::Yes;
            for side in args {
                out = out.and(self.bind(side, value, scope, seen)?);
            }
            return Ok(out);
        }
        if let Some([pinned]) = pattern.args_of("^") {
            let own = self.eval(pinned, &mut scope.clone())?;
            return Ok(equal(&own, value, pattern.span));
        }
        if let Value::Unknown(unknown) = value
            && !unknown.candidates.is_empty()
        {
            return self.bind_candidates(
                pattern,
                &unknown.candidates.clone(),
                &unknown.gap.clone(),
                scope,
                seen,
            );
        }
        match &pattern.kind {
            FormKind::List(items) => self.bind_list(items, value, pattern.span, scope, seen),
            FormKind::Tuple(items) => self.bind_tuple(items, value, pattern.span, scope, seen),
            FormKind::Alias(..) | FormKind::Charlist(_) | FormKind::Sigil(_) | FormKind::Injected(_) => {
                let own = self.eval(pattern, scope)?;
                Ok(equal(&own, value, pattern.span))
            }
            FormKind::Binary(parts) => self.bind_maybe_parts(parts, value, scope, seen),
            FormKind::Call(call) => match &call.callee {
                Callee::Local(name) => self.bind_call(name, &call.args, pattern, value, scope, seen),
                _ => {
                    let own = self.eval(pattern, &mut scope.clone())?;
                    Ok(equal(&own, value, pattern.span))
                }
            },
            _ => Ok(Matching::Maybe(
                self.gap(pattern.span, "a pattern that is not followed"),
            )),
        }
    }

    fn bind_maybe_parts(
        &mut self,
        parts: &[Part],
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        for part in parts {
            if let Part::Form(form) = part {
                let gap = self.gap(form.span, "a pattern that is not followed");
                self.bind_unknown(form, &gap, scope, seen);
            }
        }
        let gap = value
            .gap()
            .unwrap_or_else(|| self.gap(self.here(), "a pattern that is not followed"));
        Ok(Matching::Maybe(gap))
    }

    fn bind_candidates(
        &mut self,
        pattern: &Form,
        candidates: &[Value],
        gap: &Gap,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let before = scope.clone();
        let mut courses: Vec<(Scope, Seen)> = Vec::new();
        let (mut all, mut bound) = (true, seen.clone());
        for candidate in candidates {
            let (mut own, mut own_seen) = (before.clone(), seen.clone());
            match self.bind(pattern, candidate, &mut own, &mut own_seen)? {
                Matching::No => {
                    all = false;
                    continue;
                }
                Matching::Yes => {}
                Matching::Maybe(_) => all = false,
            }
            bound = own_seen.clone();
            courses.push((own, own_seen));
        }
        if courses.is_empty() {
            return Ok(Matching::No);
        }
        for (name, context) in &bound {
            let values = courses
                .iter()
                .filter_map(|(s, _)| s.variable_in(name, *context).cloned());
            let value = Value::one_of(values.collect(), gap.clone());
            scope.bind_in(name, *context, value);
        }
        *seen = bound;
        Ok(if all {
            Matching::Yes
        } else {
            Matching::Maybe(gap.clone())
        })
    }

    /// Binds every variable of a pattern to what is not known.
    fn bind_unknown(&mut self, pattern: &Form, gap: &Gap, scope: &mut Scope, seen: &mut Seen) {
        if self.budget.is_exhausted() {
            return;
        }
        self.budget.charge(1);
        match &pattern.kind {
            FormKind::Variable(name, context) => {
                self.bind_variable(name, *context, &Value::unknown(gap.clone()), scope, seen);
            }
            FormKind::List(items) | FormKind::Tuple(items) => {
                for item in items.iter() {
                    self.bind_unknown(item, gap, scope, seen);
                }
            }
            FormKind::Call(call) => match &call.callee {
                Callee::Local(name) if name == "^" || name == "@" => {}
                Callee::Local(name) if name == "::" => {
                    if let Some(first) = call.args.first() {
                        self.bind_unknown(first, gap, scope, seen);
                    }
                }
                Callee::Local(_) => {
                    for arg in &call.args {
                        self.bind_unknown(arg, gap, scope, seen);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn maybe(
        &mut self,
        pattern: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Matching {
        let gap = value
            .gap()
            .unwrap_or_else(|| self.gap(at, "a value that is not known"));
        for form in pattern {
            self.bind_unknown(form, &gap, scope, seen);
        }
        Matching::Maybe(gap)
    }

    fn bind_list(
        &mut self,
        items: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::List(values) = value else {
            return Ok(match value {
                Value::Unknown(unknown) if !unknown.pattern.is_empty() => Matching::No,
                Value::Unknown(_) | Value::Term(_) => self.maybe(items, value, at, scope, seen),
                _ => Matching::No,
            });
        };
        let tail = items.last().and_then(|last| last.args_of("|"));
        let (front, rest) = match tail {
            Some([head, rest]) => {
                let mut front: Vec<&Form> = items[..items.len() - 1].iter().collect();
                front.push(head);
                (front, Some(rest))
            }
            _ => (items.iter().collect(), None),
        };
        if values.len() < front.len() || (rest.is_none() && values.len() != front.len()) {
            return Ok(Matching::No);
        }
        let mut out = Matching::Yes;
        for (pattern, value) in front.iter().zip(values.iter()) {
            out = out.and(self.bind(pattern, value, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        if let Some(rest) = rest {
            let remaining = values[front.len()..].to_vec();
            self.spend(remaining.len() as u64 / 8, at)?;
            out = out.and(self.bind(rest, &Value::list(remaining), scope, seen)?);
        }
        Ok(out)
    }

    fn bind_tuple(
        &mut self,
        items: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let exploded;
        let values = match value {
            Value::Tuple(values) => values,
            Value::Quoted(quoted) => {
                exploded = self.explode(&quoted.form);
                match &exploded {
                    Value::Tuple(values) => values,
                    _ => return Ok(self.maybe(items, value, at, scope, seen)),
                }
            }
            Value::Unknown(unknown) if !unknown.pattern.is_empty() => return Ok(Matching::No),
            Value::Unknown(_) | Value::Term(_) => return Ok(self.maybe(items, value, at, scope, seen)),
            _ => return Ok(Matching::No),
        };
        if values.len() != items.len() {
            return Ok(Matching::No);
        }
        let mut out = Matching::Yes;
        for (pattern, value) in items.iter().zip(values.iter()) {
            out = out.and(self.bind(pattern, value, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        Ok(out)
    }

    fn bind_call(
        &mut self,
        name: &SmolStr,
        args: &[Form],
        pattern: &Form,
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        match (name.as_str(), args) {
            ("%{}", entries) => self.bind_map(entries, value, pattern.span, scope, seen),
            ("%", [module, map]) => self.bind_struct(module, map, value, pattern.span, scope, seen),
            ("<>", [left, right]) => self.bind_prefix(left, right, value, pattern.span, scope, seen),
            ("<<>>", segments) => self.bind_bits(segments, value, pattern.span, scope, seen),
            ("__block__", [only]) => self.bind(only, value, scope, seen),
            ("::", [inner, _]) => self.bind(inner, value, scope, seen),
            // A range of whatever step (`Kernel.../2` in a match).
            ("..", [first, last]) => self.bind_range(&[first, last], value, pattern.span, scope, seen),
            ("..//", [first, last, step]) => {
                self.bind_range(&[first, last, step], value, pattern.span, scope, seen)
            }
            ("++", [left, right]) => match &left.kind {
                FormKind::List(items) => {
                    let mut items = items.to_vec();
                    let last = items.pop();
                    let tail = match last {
                        Some(last) => {
                            items.push(Form::call(pattern.span, "|", vec![last, right.clone()]));
                            Form::list(pattern.span, items)
                        }
                        None => right.clone(),
                    };
                    self.bind(&tail, value, scope, seen)
                }
                _ => Ok(self.maybe(args, value, pattern.span, scope, seen)),
            },
            _ => {
                if let Some(form) = self.expanded_pattern(name, args, pattern, scope)? {
                    return self.bind(&form, value, scope, seen);
                }
                let own = self.eval(pattern, &mut scope.clone())?;
                Ok(equal(&own, value, pattern.span))
            }
        }
    }

    fn bind_range(
        &mut self,
        parts: &[&Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::Range(first, last, step) = value else {
            let known = !matches!(value, Value::Unknown(_) | Value::Term(_));
            let parts: Vec<Form> = parts.iter().map(|part| (*part).clone()).collect();
            return Ok(match known {
                true => Matching::No,
                false => self.maybe(&parts, value, at, scope, seen),
            });
        };
        let mut out = Matching::Yes;
        for (part, number) in parts.iter().zip([first, last, step]) {
            out = out.and(self.bind(part, &Value::Integer(*number), scope, seen)?);
        }
        Ok(out)
    }

    fn bind_map(
        &mut self,
        entries: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let map: Rc<Map> = match value {
            Value::Map(map) => map.clone(),
            Value::Range(first, last, step) => {
                let integer = |i: &i64| Value::Integer(*i);
                let fields = [
                    ("first", integer(first)),
                    ("last", integer(last)),
                    ("step", integer(step)),
                ];
                let range = Value::structure("Range", fields.map(|(k, v)| (SmolStr::new_static(k), v)));
                return self.bind_map(entries, &range, at, scope, seen);
            }
            Value::Unknown(unknown) if !unknown.pattern.is_empty() => return Ok(Matching::No),
            Value::Unknown(_) | Value::Term(_) => {
                let mut out = Matching::Yes;
                for entry in entries {
                    if let FormKind::Tuple(items) = &entry.kind
                        && let [_, pattern] = &items[..]
                    {
                        out = out.and(self.maybe(std::slice::from_ref(pattern), value, at, scope, seen));
                    }
                }
                let gap = value
                    .gap()
                    .unwrap_or_else(|| self.gap(at, "a value that is not known"));
                return Ok(out.and(Matching::Maybe(gap)));
            }
            _ => return Ok(Matching::No),
        };
        let mut out = Matching::Yes;
        for entry in entries {
            let FormKind::Tuple(items) = &entry.kind else {
                return Ok(Matching::Maybe(self.gap(at, "a pattern that is not followed")));
            };
            let [key, pattern] = &items[..] else {
                return Ok(Matching::Maybe(self.gap(at, "a pattern that is not followed")));
            };
            let key = match key.args_of("^") {
                Some([pinned]) => self.eval(pinned, &mut scope.clone())?,
                _ => self.eval(key, &mut scope.clone())?,
            };
            match map.get(&key) {
                Ok(Some(found)) => {
                    let found = found.clone();
                    out = out.and(self.bind(pattern, &found, scope, seen)?);
                }
                Ok(None) => return Ok(Matching::No),
                Err(()) => {
                    let unknown = self.unknown(at, "a key that is not known");
                    out = out.and(self.maybe(std::slice::from_ref(pattern), &unknown, at, scope, seen));
                }
            }
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        Ok(out)
    }

    fn bind_struct(
        &mut self,
        module: &Form,
        map: &Form,
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let entries = map.args_of("%{}").unwrap_or(&[]);
        let own = match value {
            Value::Map(map) => match map.get_atom("__struct__") {
                Some(own) => own.clone(),
                None => return Ok(Matching::No),
            },
            Value::Range(..) => Value::module("Range"),
            Value::Unknown(_) | Value::Term(_) => {
                return self.bind_map(entries, value, at, scope, seen);
            }
            _ => return Ok(Matching::No),
        };
        let name = self.bind(module, &own, scope, seen)?;
        if matches!(name, Matching::No) {
            return Ok(name);
        }
        Ok(name.and(self.bind_map(entries, value, at, scope, seen)?))
    }

    /// `"text" <> rest`.
    fn bind_prefix(
        &mut self,
        left: &Form,
        right: &Form,
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let prefix = self.eval(left, &mut scope.clone())?;
        match (&prefix, value) {
            (Value::Text(prefix), Value::Text(text)) => {
                if !text.as_str().starts_with(prefix.as_str()) {
                    return Ok(Matching::No);
                }
                let rest = text.slice(prefix.as_str().len()..text.as_str().len());
                self.bind(right, &Value::Text(Rc::new(rest)), scope, seen)
            }
            (Value::Text(_), Value::Unknown(_) | Value::Term(_))
            | (Value::Unknown(_) | Value::Term(_), _) => {
                Ok(self.maybe(std::slice::from_ref(right), value, at, scope, seen))
            }
            _ => Ok(Matching::No),
        }
    }

    /// `<<...>>`: texts and characters in front, the rest as one binary.
    fn bind_bits(
        &mut self,
        segments: &[Form],
        value: &Value,
        at: Span,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
        let Value::Text(text) = value else {
            return Ok(match value {
                Value::Unknown(_) | Value::Term(_) => self.maybe(segments, value, at, scope, seen),
                _ => Matching::No,
            });
        };
        let (text, mut from) = (text.clone(), 0);
        let mut out = Matching::Yes;
        for segment in segments {
            let (inner, kind) = match segment.args_of("::") {
                Some([inner, kind]) => (inner, super::bits::Kind::of(kind)),
                _ => (segment, super::bits::Kind::plain(segment)),
            };
            let Some(taken) = kind.take(&text, from, inner) else {
                return Ok(match kind {
                    super::bits::Kind::Other => {
                        self.maybe(segments, &self.unknown(at, "bits"), at, scope, seen)
                    }
                    _ => Matching::No,
                });
            };
            from = taken.1;
            out = out.and(self.bind(inner, &taken.0, scope, seen)?);
            if matches!(out, Matching::No) {
                return Ok(out);
            }
        }
        if from < text.as_str().len() {
            return Ok(Matching::No);
        }
        Ok(out)
    }
}

/// Whether a value is another.
fn equal(own: &Value, value: &Value, at: Span) -> Matching {
    match own.identical(value) {
        Some(true) => Matching::Yes,
        Some(false) => Matching::No,
        None => Matching::Maybe(
            value
                .gap()
                .or_else(|| own.gap())
                .unwrap_or_else(|| Gap::new(at, "a value that is not known", crate::known::Reach::Rows)),
        ),
    }
}
