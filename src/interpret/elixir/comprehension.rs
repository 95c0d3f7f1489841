//! `for`: generators, filters, `into`, `uniq`, `reduce` (manual, "Comprehensions").

use std::rc::Rc;

use super::library::Library;
use super::machine::{Machine, Run};
use super::matching::Matching;
use super::scope::Scope;
use super::value::{Map, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;
use crate::syntax::elixir::Form;

/// What a comprehension has come to.
struct Gathered {
    items: Vec<Value>,
    /// There may be others.
    open: Option<Gap>,
    /// The accumulator of `reduce`.
    reduced: Option<Value>,
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn comprehension(&mut self, args: &[Form], at: Span, scope: &mut Scope) -> Run<Value> {
        let keywords = args.iter().rev().take_while(|a| a.is_keywords()).count();
        let (clauses, options) = args.split_at(args.len() - keywords);
        let option = |key: &str| options.iter().find_map(|o| o.keyword(key));
        let Some(body) = option("do") else {
            return Ok(self.unknown(at, "a comprehension without a body"));
        };
        let mut gathered = Gathered {
            items: Vec::new(),
            open: None,
            reduced: None,
        };
        if let Some(initial) = option("reduce") {
            gathered.reduced = Some(self.eval(initial, scope)?);
        }
        let into = match option("into") {
            Some(into) => Some(self.eval(into, scope)?),
            None => None,
        };
        let mut own = scope.clone();
        self.generate(clauses, body, &mut own, &mut gathered)?;
        if let Some(reduced) = gathered.reduced {
            return Ok(reduced);
        }
        if let Some(gap) = gathered.open {
            return Ok(Value::unknown(gap));
        }
        let mut items = gathered.items;
        if option("uniq")
            .and_then(Form::as_atom)
            .is_some_and(|a| a == "true")
        {
            items = self.unique(items, at)?;
        }
        match into {
            Some(into) => self.into(items, &into, at),
            None => Ok(Value::list(items)),
        }
    }

    fn generate(
        &mut self,
        clauses: &[Form],
        body: &Form,
        scope: &mut Scope,
        gathered: &mut Gathered,
    ) -> Run<()> {
        let Some((clause, rest)) = clauses.split_first() else {
            return self.gather(body, scope, gathered);
        };
        let Some([pattern, source]) = clause.args_of("<-") else {
            let value = self.eval(clause, scope)?;
            return match self.truth(&value) {
                Truth::Yes => self.generate(rest, body, scope, gathered),
                Truth::No => Ok(()),
                Truth::Unknown(gap) => self.generate_perhaps(&gap, rest, body, scope, gathered),
            };
        };
        if clause.span.file != source.span.file && self.budget.is_exhausted() {
            return Ok(());
        }
        let value = self.eval(source, scope)?;
        let items = match self.items(&value, source.span)? {
            Ok(items) => items,
            Err(gap) => {
                // It runs any number of times, with anything.
                let unknown = Value::unknown(gap.clone());
                let mut own = scope.clone();
                self.enter_item(pattern, &unknown, &mut own)?;
                return self.generate_perhaps(&gap, rest, body, &mut own, gathered);
            }
        };
        for item in items {
            self.tick(source.span)?;
            let mut own = scope.clone();
            match self.enter_item(pattern, &item, &mut own)? {
                Matching::No => {}
                Matching::Yes => {
                    self.deeper(source.span, |machine| {
                        machine.generate(rest, body, &mut own, gathered)
                    })?;
                }
                Matching::Maybe(gap) => self.generate_perhaps(&gap, rest, body, &mut own, gathered)?,
            }
        }
        Ok(())
    }

    fn enter_item(&mut self, pattern: &Form, item: &Value, scope: &mut Scope) -> Run<Matching> {
        match pattern.args_of("when") {
            Some([pattern, guard]) => {
                let patterns = std::slice::from_ref(pattern);
                self.enter(patterns, Some(guard), std::slice::from_ref(item), scope)
            }
            _ => self.match_one(pattern, item, scope),
        }
    }

    /// The rest runs or not.
    fn generate_perhaps(
        &mut self,
        gap: &Gap,
        rest: &[Form],
        body: &Form,
        scope: &mut Scope,
        gathered: &mut Gathered,
    ) -> Run<()> {
        let mut inner = Gathered {
            items: Vec::new(),
            open: None,
            reduced: gathered.reduced.clone(),
        };
        self.perhaps(gap, |machine| {
            machine.generate(rest, body, scope, &mut inner)?;
            Ok(Value::nil())
        })?;
        if let (Some(before), Some(after)) = (&gathered.reduced, inner.reduced) {
            gathered.reduced = Some(Value::one_of(vec![before.clone(), after], gap.clone()));
        }
        gathered.open.get_or_insert_with(|| gap.clone());
        Ok(())
    }

    fn gather(&mut self, body: &Form, scope: &mut Scope, gathered: &mut Gathered) -> Run<()> {
        if let Some(accumulated) = gathered.reduced.take() {
            let clauses = body.as_list().unwrap_or(&[]);
            let arms = super::clauses::arms(clauses);
            let out = self.choose(&arms, &[accumulated], scope, body.span, "CaseClauseError")?;
            gathered.reduced = Some(out);
            return Ok(());
        }
        let mut own = scope.clone();
        let value = self.eval(body, &mut own)?;
        self.weigh(1);
        gathered.items.push(value);
        Ok(())
    }

    /// `Enum.into(items, collectable)`.
    pub(super) fn into(&mut self, items: Vec<Value>, into: &Value, at: Span) -> Run<Value> {
        match into {
            Value::List(before) => {
                let mut out = before.to_vec();
                out.extend(items);
                Ok(Value::list(out))
            }
            Value::Map(map) if map.get_atom("__struct__").is_none() => {
                let mut map: Map = (**map).clone();
                for item in items {
                    match item.as_tuple() {
                        Some([key, value]) => {
                            self.spend(map.entries().len() as u64 / 8 + 1, at)?;
                            map.put(key.clone(), value.clone());
                        }
                        _ => {
                            let gap = item
                                .gap()
                                .unwrap_or_else(|| self.gap(at, "what is put into a map"));
                            return Ok(Value::unknown(gap));
                        }
                    }
                }
                Ok(Value::Map(Rc::new(map)))
            }
            Value::Map(_) => match into.struct_name().as_deref() {
                Some("MapSet") => {
                    let mut all = into
                        .field("items")
                        .and_then(Value::as_list)
                        .unwrap_or(&[])
                        .to_vec();
                    all.extend(items);
                    self.set_of(all, at)
                }
                _ => Ok(self.unknown(at, "what is collected into a struct")),
            },
            Value::Text(_) => {
                let mut parts = vec![into.clone()];
                parts.extend(items);
                self.concat(&parts)
            }
            other => Ok(match other.gap() {
                Some(gap) => Value::unknown(gap),
                None => self.unknown(at, "what is collected"),
            }),
        }
    }

    /// Items without those that are equal to an earlier one.
    pub(super) fn unique(&mut self, items: Vec<Value>, at: Span) -> Run<Vec<Value>> {
        let mut out: Vec<Value> = Vec::new();
        for item in items {
            self.spend(out.len() as u64 / 4 + 1, at)?;
            if !out.iter().any(|known| known.identical(&item) == Some(true)) {
                out.push(item);
            }
        }
        Ok(out)
    }

    /// A set of items, in the order of terms.
    pub(super) fn set_of(&mut self, items: Vec<Value>, at: Span) -> Run<Value> {
        let mut items = self.unique(items, at)?;
        items.sort_by(|a, b| a.order(b).unwrap_or(std::cmp::Ordering::Equal));
        Ok(Value::structure(
            "MapSet",
            [(smol_str::SmolStr::new_static("items"), Value::list(items))],
        ))
    }

    /// The items of what is iterated over; why they cannot be told.
    pub(super) fn items(&mut self, value: &Value, at: Span) -> Run<Result<Vec<Value>, Gap>> {
        Ok(match value {
            Value::List(items) => Ok(items.to_vec()),
            Value::Range(first, last, step) => Ok(self.range(*first, *last, *step, at)?),
            Value::Map(map) => match value.struct_name().as_deref() {
                None => Ok(map
                    .entries()
                    .iter()
                    .map(|(k, v)| Value::tuple(vec![k.clone(), v.clone()]))
                    .collect()),
                Some("MapSet") => Ok(value
                    .field("items")
                    .and_then(Value::as_list)
                    .unwrap_or(&[])
                    .to_vec()),
                Some(name) => Err(self.gap(at, format!("the items of %{name}{{}}"))),
            },
            Value::Unknown(unknown) => Err(unknown.gap.clone()),
            Value::Term(term) => Err(term.gap()),
            _ => return Err(self.raise("Protocol.UndefinedError", "Enumerable is not implemented", at)),
        })
    }

    fn range(&mut self, first: i64, last: i64, step: i64, at: Span) -> Run<Vec<Value>> {
        if step == 0 || (step > 0 && first > last) || (step < 0 && first < last) {
            return Ok(Vec::new());
        }
        let count = (i128::from(last) - i128::from(first)) / i128::from(step) + 1;
        let count = u128::try_from(count).unwrap_or(0);
        self.afford(count.saturating_mul(4), at)?;
        let mut out = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut next = i128::from(first);
        for _ in 0..count {
            out.push(Value::Integer(i64::try_from(next).unwrap_or(i64::MAX)));
            next += i128::from(step);
        }
        self.weigh(out.len());
        Ok(out)
    }
}
