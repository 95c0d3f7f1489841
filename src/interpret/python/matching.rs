//! `match`: patterns, in three values.

use super::exec::get;
use super::flow::Flow;
use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::{Args, Value};
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::{Ranged, ast};

/// Both.
fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Truth::No, _) | (_, Truth::No) => Truth::No,
        (Truth::Unknown(gap), _) | (_, Truth::Unknown(gap)) => Truth::Unknown(gap),
        (Truth::Yes, Truth::Yes) => Truth::Yes,
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn match_statement(&mut self, s: &'a ast::StmtMatch) -> Flow<'a> {
        let subject = get!(self.eval(&s.subject));
        if let Value::Unknown(unknown) = &subject
            && !unknown.candidates.is_empty()
        {
            let unknown = unknown.clone();
            return self.fork(&unknown.gap, unknown.candidates.len(), |machine, i| {
                machine.cases(&s.cases, &unknown.candidates[i])
            });
        }
        self.cases(&s.cases, &subject)
    }

    fn cases(&mut self, cases: &'a [ast::MatchCase], subject: &Value<'a>) -> Flow<'a> {
        let Some((case, rest)) = cases.split_first() else {
            return Flow::Normal;
        };
        let mut truth = get!(self.matches(&case.pattern, subject));
        if let Some(guard) = case.guard.as_deref().filter(|_| truth != Truth::No) {
            let at = self.span(guard.range());
            let value = get!(self.eval(guard));
            truth = and(truth, self.truth(&value, at));
        }
        match truth {
            Truth::Yes => self.exec_block(&case.body),
            Truth::No => self.cases(rest, subject),
            Truth::Unknown(gap) => self.fork(&gap, 2, |machine, alternative| match alternative {
                0 => machine.exec_block(&case.body),
                _ => machine.cases(rest, subject),
            }),
        }
    }

    /// Whether a pattern fits; its names are bound as it goes.
    fn matches(&mut self, pattern: &'a ast::Pattern, subject: &Value<'a>) -> Run<'a, Truth> {
        let at = self.span(pattern.range());
        self.tick(at)?;
        self.deeper(at, |machine| machine.matches_deep(pattern, subject, at))
    }

    fn matches_deep(&mut self, pattern: &'a ast::Pattern, subject: &Value<'a>, at: Span) -> Run<'a, Truth> {
        match pattern {
            ast::Pattern::MatchValue(p) => {
                let value = self.eval(&p.value)?;
                Ok(self.equal(subject, &value, at))
            }
            ast::Pattern::MatchSingleton(p) => {
                let value = match p.value {
                    ast::Singleton::None => Value::None,
                    ast::Singleton::True => Value::Bool(true),
                    ast::Singleton::False => Value::Bool(false),
                };
                let is = self.compare(ast::CmpOp::Is, subject, &value, at)?;
                Ok(self.truth(&is, at))
            }
            ast::Pattern::MatchSequence(p) => self.matches_sequence(&p.patterns, subject, at),
            ast::Pattern::MatchMapping(p) => self.matches_mapping(p, subject, at),
            ast::Pattern::MatchClass(p) => self.matches_class(p, subject, at),
            ast::Pattern::MatchStar(p) => {
                self.capture(p.name.as_ref(), subject.clone());
                Ok(Truth::Yes)
            }
            ast::Pattern::MatchAs(p) => {
                let truth = match &p.pattern {
                    Some(inner) => self.matches(inner, subject)?,
                    None => Truth::Yes,
                };
                if truth != Truth::No {
                    self.capture(p.name.as_ref(), subject.clone());
                }
                Ok(truth)
            }
            ast::Pattern::MatchOr(p) => {
                let mut out = Truth::No;
                for pattern in &p.patterns {
                    match self.matches(pattern, subject)? {
                        Truth::Yes => return Ok(Truth::Yes),
                        Truth::No => {}
                        unknown => out = unknown,
                    }
                }
                Ok(out)
            }
        }
    }

    fn capture(&mut self, name: Option<&ast::Identifier>, value: Value<'a>) {
        if let Some(name) = name {
            let at = self.span(name.range());
            self.bind_name(name, value, at);
        }
    }

    fn matches_sequence(
        &mut self,
        patterns: &'a [ast::Pattern],
        subject: &Value<'a>,
        at: Span,
    ) -> Run<'a, Truth> {
        let items = match subject {
            Value::Tuple(_) | Value::List(_) => self.known_items(subject),
            Value::Unknown(_) | Value::Term(_) | Value::Instance(_) => None,
            _ => return Ok(Truth::No),
        };
        let Some(items) = items else {
            let gap = self.gap(at, "it cannot be told whether the pattern fits");
            for pattern in patterns {
                self.matches(pattern, &Value::unknown(gap.clone()))?;
            }
            return Ok(Truth::Unknown(gap));
        };
        let star = patterns
            .iter()
            .position(|p| matches!(p, ast::Pattern::MatchStar(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= patterns.len(),
            None => items.len() == patterns.len(),
        };
        if !fits {
            return Ok(Truth::No);
        }
        let mut truth = Truth::Yes;
        let mut items = items.into_iter();
        for (i, pattern) in patterns.iter().enumerate() {
            let part = if Some(i) == star {
                let count = items.len() - (patterns.len() - 1 - i);
                let rest = items.by_ref().take(count).collect();
                self.new_list(rest)
            } else {
                items.next().unwrap_or(Value::None)
            };
            truth = and(truth, self.matches(pattern, &part)?);
            if truth == Truth::No {
                break;
            }
        }
        Ok(truth)
    }

    fn matches_mapping(
        &mut self,
        p: &'a ast::PatternMatchMapping,
        subject: &Value<'a>,
        at: Span,
    ) -> Run<'a, Truth> {
        let gap = self.gap(at, "it cannot be told whether the pattern fits");
        match subject {
            Value::Dict(_) => {}
            Value::Unknown(_) | Value::Term(_) | Value::Instance(_) => {
                for pattern in &p.patterns {
                    self.matches(pattern, &Value::unknown(gap.clone()))?;
                }
                return Ok(Truth::Unknown(gap));
            }
            _ => return Ok(Truth::No),
        }
        let mut truth = Truth::Yes;
        let mut taken = Vec::new();
        for (key, pattern) in p.keys.iter().zip(&p.patterns) {
            let key = self.eval(key)?;
            let (value, there) = match self.dict_get(subject, &key, at) {
                Ok(Some(slot)) => (slot.value, slot.maybe.map_or(Truth::Yes, Truth::Unknown)),
                Ok(None) => return Ok(Truth::No),
                Err(gap) => (Value::unknown(gap.clone()), Truth::Unknown(gap)),
            };
            truth = and(and(truth, there), self.matches(pattern, &value)?);
            if truth == Truth::No {
                return Ok(truth);
            }
            taken.push(key);
        }
        if p.rest.is_some() {
            let mut rest = self.dict(subject).cloned().unwrap_or_default();
            for key in taken {
                if let Some(at) = rest.find_same(&key) {
                    rest.remove(at);
                }
            }
            let rest = self.put_dict(rest);
            self.capture(p.rest.as_ref(), rest);
        }
        Ok(truth)
    }

    fn matches_class(
        &mut self,
        p: &'a ast::PatternMatchClass,
        subject: &Value<'a>,
        at: Span,
    ) -> Run<'a, Truth> {
        let class = self.eval(&p.cls)?;
        let args = Args::of(vec![subject.clone(), class.clone()], at);
        let isinstance = match standard::call(self, "builtins.isinstance", &args, at) {
            Some(run) => run?,
            None => self.unknown(at, "it cannot be told whether the pattern fits"),
        };
        let mut truth = self.truth(&isinstance, at);
        if truth == Truth::No {
            return Ok(truth);
        }
        let builtin = class.as_path().is_some_and(|path| path.starts_with("builtins."));
        for (i, pattern) in p.arguments.patterns.iter().enumerate() {
            let part = if builtin {
                subject.clone()
            } else {
                self.positional_part(&class, subject, i, at)?
            };
            truth = and(truth, self.matches(pattern, &part)?);
        }
        for keyword in &p.arguments.keywords {
            let part = match self.attribute_if_any(subject, &keyword.attr, at)? {
                Some(part) => part,
                None => return Ok(Truth::No),
            };
            truth = and(truth, self.matches(&keyword.pattern, &part)?);
        }
        Ok(truth)
    }

    /// What stands at a position of a class pattern: the attribute that `__match_args__` names.
    fn positional_part(
        &mut self,
        class: &Value<'a>,
        subject: &Value<'a>,
        place: usize,
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let names = match self.attribute_if_any(class, "__match_args__", at)? {
            Some(names) => self.known_items(&names),
            None => None,
        };
        let name = names.and_then(|names| names.get(place).cloned());
        match name.as_ref().and_then(Value::as_str) {
            Some(name) => self.attribute(subject, name, at),
            None => Ok(self.unknown(at, "it cannot be told what the pattern looks at")),
        }
    }
}
