//! Patterns: whether a value matches, which may not be known, and what is bound (manual, "Patterns and guards").

use smol_str::SmolStr;

use super::library::Library;
use super::machine::{Machine, Run, Stop};
use super::scope::Scope;
use super::value::Value;
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
    pub(super) fn and(self, other: Matching) -> Matching {
        match (self, other) {
            (Matching::No, _) | (_, Matching::No) => Matching::No,
            (Matching::Maybe(gap), _) | (_, Matching::Maybe(gap)) => Matching::Maybe(gap),
            (Matching::Yes, Matching::Yes) => Matching::Yes,
        }
    }
}

/// Variables that the pattern has bound so far: a second occurrence must be equal.
pub(super) type Seen = Vec<(SmolStr, Context)>;

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

    pub(super) fn bind(
        &mut self,
        pattern: &Form,
        value: &Value,
        scope: &mut Scope,
        seen: &mut Seen,
    ) -> Run<Matching> {
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

    pub(super) fn maybe(
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
}

/// Whether a value is another.
pub(super) fn equal(own: &Value, value: &Value, at: Span) -> Matching {
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
