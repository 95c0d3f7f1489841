//! Lists, tuples, dicts, sets and text as collections: their items, what stands at a key, changes.

use std::rc::Rc;

use super::heap::{Dict, Iteration, List, Object, Slot};
use super::join::one_of;
use super::library::Library;
use super::machine::{Machine, Run};
use super::methods::text;
use super::ops::as_int;
use super::standard;
use super::value::{TermKind, Value};
use crate::known::{Gap, Truth};
use crate::source::Span;

/// The slots of a collection, and why there may be other items.
type Slots<'a> = (Vec<Slot<'a>>, Option<Gap>);

/// The entries of a mapping and why there may be others, or why none can be told.
type Entries<'a> = Result<(Vec<(Value<'a>, Slot<'a>)>, Option<Gap>), Gap>;

/// `start:stop:step` of so many items, as places.
pub(super) fn places(parts: &[Value<'_>], length: usize) -> Option<Vec<usize>> {
    let number = |at: usize| match parts.get(at) {
        None | Some(Value::None) => Some(None),
        Some(value) => as_int(value).map(Some),
    };
    let (start, stop, step) = (number(0)?, number(1)?, number(2)?.unwrap_or(1));
    let length = i64::try_from(length).ok()?;
    if step == 0 {
        return None;
    }
    let clamp = |i: i64, low: i64, high: i64| {
        let i = if i < 0 { i.saturating_add(length) } else { i };
        i.clamp(low, high)
    };
    let mut out = Vec::new();
    if step > 0 {
        let mut at = start.map_or(0, |i| clamp(i, 0, length));
        let end = stop.map_or(length, |i| clamp(i, 0, length));
        while at < end {
            out.push(at as usize);
            at = at.saturating_add(step);
        }
    } else {
        let mut at = start.map_or(length - 1, |i| clamp(i, -1, length - 1));
        let end = stop.map_or(-1, |i| clamp(i, -1, length - 1));
        while at > end {
            out.push(at as usize);
            at = at.saturating_add(step);
        }
    }
    Some(out)
}

/// The parts of a slice.
pub(super) fn as_slice<'a>(key: &Value<'a>) -> Option<Vec<Value<'a>>> {
    let (callee, args) = key.as_call()?;
    (callee.as_path() == Some("builtins.slice"))
        .then(|| args.positional.iter().map(|a| a.value.clone()).collect())
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    pub(super) fn put_list(&mut self, list: List<'a>) -> Value<'a> {
        Value::List(self.allocate(Object::List(list)))
    }

    pub(super) fn put_dict(&mut self, dict: Dict<'a>) -> Value<'a> {
        Value::Dict(self.allocate(Object::Dict(dict)))
    }

    /// The items of whatever can be iterated over, or why they cannot be told. An iterator is used up.
    ///
    /// # Errors
    /// Where it certainly cannot be iterated over.
    pub fn items(&mut self, value: &Value<'a>, at: Span) -> Run<'a, Result<Vec<Value<'a>>, Gap>> {
        let (slots, open) = self.slots(value, at)?;
        if let Some(gap) = open.or_else(|| slots.iter().find_map(|s| s.maybe.clone())) {
            return Ok(Err(gap));
        }
        Ok(Ok(slots.into_iter().map(|s| s.value).collect()))
    }

    /// The items of whatever can be iterated over, each certain or perhaps there, and why there may be others.
    pub(super) fn slots(&mut self, value: &Value<'a>, at: Span) -> Run<'a, Slots<'a>> {
        let certain = |items: Vec<Value<'a>>| (items.into_iter().map(Slot::from).collect(), None);
        Ok(match value {
            Value::Tuple(items) => certain(items.to_vec()),
            Value::List(_) | Value::Set(_) => {
                let list = self.list(value).cloned().unwrap_or_default();
                self.spend(list.items.len() as u64 / 8, at)?;
                (list.items, list.open)
            }
            Value::Dict(_) => {
                let dict = self.dict(value).cloned().unwrap_or_default();
                let key = |(key, slot): (Value<'a>, Slot<'a>)| Slot {
                    value: key,
                    maybe: slot.maybe,
                };
                (dict.entries.into_iter().map(key).collect(), dict.open)
            }
            Value::Str(text) => {
                self.afford(text.as_str().len() as u128 * 16, at)?;
                let chars = text.as_str().char_indices();
                certain(
                    chars
                        .map(|(i, c)| Value::Str(Rc::new(text.slice(i..i + c.len_utf8()))))
                        .collect(),
                )
            }
            Value::Bytes(bytes) => certain(bytes.iter().map(|b| Value::Int(i64::from(*b))).collect()),
            Value::Iterator(id) => {
                let list = self.drain(*id, at)?;
                (list.items, list.open)
            }
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                if unknown.candidates.is_empty() {
                    return Ok((Vec::new(), Some(unknown.gap.clone())));
                }
                let (mut out, mut open) = (Vec::new(), None);
                for candidate in &unknown.candidates {
                    let Ok((slots, gap)) = self.slots(candidate, at) else {
                        continue;
                    };
                    out.extend(slots.into_iter().map(|slot| Slot {
                        value: slot.value,
                        maybe: Some(unknown.gap.clone()),
                    }));
                    open = open.or(gap);
                }
                (out, open)
            }
            _ => return self.slots_of_object(value, at),
        })
    }

    fn slots_of_object(&mut self, value: &Value<'a>, at: Span) -> Run<'a, Slots<'a>> {
        if let Some(run) = standard::iterate(self, value, at) {
            return Ok((run?.into_iter().map(Slot::from).collect(), None));
        }
        match value {
            Value::Term(_) => {
                if let Some(run) = L::iterate(self, value, at) {
                    return Ok((run?.into_iter().map(Slot::from).collect(), None));
                }
                let what = self.display(value);
                let gap = self.gap(at, format!("the items of `{what}` cannot be told"));
                Ok((Vec::new(), Some(gap)))
            }
            Value::Instance(_) | Value::Class(_) => {
                if let Some(run) = self.call_method_of_class(value, "__iter__", Vec::new(), at) {
                    let inner = run?;
                    if matches!(inner, Value::Instance(_)) {
                        let gap = self.gap(at, "the items of its own iterator are not followed");
                        return Ok((Vec::new(), Some(gap)));
                    }
                    return self.deeper(at, |machine| machine.slots(&inner, at));
                }
                if let Some(run) = L::iterate(self, value, at) {
                    return Ok((run?.into_iter().map(Slot::from).collect(), None));
                }
                let gap = self.gap(at, "its items cannot be told");
                Ok((Vec::new(), Some(gap)))
            }
            _ => Err(self.raise("builtins.TypeError", "object is not iterable", at)),
        }
    }

    /// What an iterator still holds; it is empty afterwards.
    fn drain(&mut self, id: super::value::ObjectId, at: Span) -> Run<'a, List<'a>> {
        let held = match self.world.heap.get(id) {
            Some(Object::Iterator(held)) => held.clone(),
            _ => return Ok(List::default()),
        };
        self.world
            .heap
            .put(id, Object::Iterator(Iteration::Items(List::default())));
        match held {
            Iteration::Items(list) => Ok(list),
            Iteration::Generator(function, scope) => self.run_generator(&function, scope, at),
            Iteration::Coroutine(..) => {
                Err(self.raise("builtins.TypeError", "'coroutine' object is not iterable", at))
            }
        }
    }

    #[allow(dead_code, reason = "`next` takes from iterators through it")]
    /// Runs a generator that has not begun: what is still to come is then known. `next` takes from that.
    pub(super) fn begin_iterator(&mut self, value: &Value<'a>, at: Span) -> Run<'a, ()> {
        let Value::Iterator(id) = value else {
            return Ok(());
        };
        if let Some(Object::Iterator(Iteration::Generator(..))) = self.world.heap.get(*id) {
            let list = self.drain(*id, at)?;
            self.world.heap.put(*id, Object::Iterator(Iteration::Items(list)));
        }
        Ok(())
    }

    /// The entries of what `**` spreads.
    pub(super) fn entries(&mut self, value: &Value<'a>, at: Span) -> Run<'a, Entries<'a>> {
        if let Some(dict) = self.dict(value) {
            return Ok(Ok((dict.entries.clone(), dict.open.clone())));
        }
        if let Some(names) = standard::namespace::snapshot(self, value, at) {
            return self.entries(&names, at);
        }
        match value {
            Value::Unknown(unknown) => Ok(Err(unknown.gap.clone())),
            Value::Instance(_) => {
                let Some(run) = self.call_method_of_class(value, "keys", Vec::new(), at) else {
                    return Ok(Err(self.gap(at, "its entries cannot be told")));
                };
                let keys = run?;
                match self.items(&keys, at)? {
                    Ok(keys) => {
                        let mut out = Vec::new();
                        for key in keys {
                            let value = self.item(value, &key, at)?;
                            out.push((key, value.into()));
                        }
                        Ok(Ok((out, None)))
                    }
                    Err(gap) => Ok(Err(gap)),
                }
            }
            _ => Ok(Err(self.gap(at, "its entries cannot be told"))),
        }
    }

    /// `value[key]`.
    ///
    /// # Errors
    /// Where there certainly is no such item.
    pub fn item(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        if let Value::Unknown(unknown) = value
            && unknown.candidates.is_empty()
        {
            self.may_raise(None, &unknown.gap, at);
        }
        self.each_candidate(value, |machine, value| match value {
            Value::Term(_) | Value::Class(_) | Value::Function(_) | Value::Module(_) | Value::Method(_) => {
                machine.item_known(value, key, at)
            }
            _ => machine.each_candidate(key, |machine, key| machine.item_known(value, key, at)),
        })
    }

    fn item_known(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        match value {
            Value::Str(own) => {
                if let Some(parts) = as_slice(key) {
                    return self.slice_text(own, &parts, at);
                }
                let found = as_int(key).and_then(|i| text::index(own, i));
                match found {
                    Some(text) => Ok(Value::Str(Rc::new(text))),
                    None => self.no_index(key, at),
                }
            }
            Value::Bytes(bytes) => {
                if let Some(parts) = as_slice(key) {
                    let Some(places) = places(&parts, bytes.len()) else {
                        return Ok(self.unknown(at, "the slice cannot be told"));
                    };
                    return Ok(Value::Bytes(places.into_iter().map(|i| bytes[i]).collect()));
                }
                match index(key, bytes.len()) {
                    Some(i) => Ok(Value::Int(i64::from(bytes[i]))),
                    None => self.no_index(key, at),
                }
            }
            Value::Tuple(items) => {
                if let Some(parts) = as_slice(key) {
                    let Some(places) = places(&parts, items.len()) else {
                        return Ok(self.unknown(at, "the slice cannot be told"));
                    };
                    return Ok(Value::Tuple(
                        places.into_iter().map(|i| items[i].clone()).collect(),
                    ));
                }
                match index(key, items.len()) {
                    Some(i) => Ok(items[i].clone()),
                    None => self.no_index(key, at),
                }
            }
            Value::List(_) => self.item_of_list(value, key, at),
            Value::Dict(_) => self.item_of_dict(value, key, at),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Set(_) => {
                Err(self.raise("builtins.TypeError", "object is not subscriptable", at))
            }
            _ => self.item_of_object(value, key, at),
        }
    }

    pub(super) fn no_index(&mut self, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        if as_int(key).is_some() {
            return Err(self.raise("builtins.IndexError", "index out of range", at));
        }
        Ok(self.unknown(at, "the index cannot be told"))
    }

    fn slice_text(
        &mut self,
        own: &Rc<crate::source::Text>,
        parts: &[Value<'a>],
        at: Span,
    ) -> Run<'a, Value<'a>> {
        let bounds: Vec<usize> = own
            .as_str()
            .char_indices()
            .map(|(i, _)| i)
            .chain([own.as_str().len()])
            .collect();
        let Some(places) = places(parts, bounds.len() - 1) else {
            return Ok(self.unknown(at, "the slice cannot be told"));
        };
        let in_a_row = places.windows(2).all(|w| w[1] == w[0] + 1);
        if let (true, Some(first), Some(last)) = (in_a_row, places.first(), places.last()) {
            return Ok(Value::Str(Rc::new(own.slice(bounds[*first]..bounds[last + 1]))));
        }
        let picked = places.iter().map(|i| own.slice(bounds[*i]..bounds[i + 1]));
        let picked: Vec<crate::source::Text> = picked.collect();
        Ok(Value::Str(Rc::new(text::concat(picked.iter(), at))))
    }

    fn item_of_list(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        if let (Some(list), Value::Int(_) | Value::Bool(_)) = (self.list(value), key)
            && let (None, Some(at)) = (&list.open, index(key, list.items.len()))
            && list.items.iter().all(|s| s.maybe.is_none())
            && let Some(slot) = list.items.get(at)
        {
            let (found, looked) = (slot.value.clone(), list.items.len());
            self.budget.charge(looked as u64 / 64);
            return Ok(found);
        }
        let Some(list) = self.list(value).cloned() else {
            return Ok(self.unknown(at, "the list cannot be told"));
        };
        let unsure = list
            .open
            .clone()
            .or_else(|| list.items.iter().find_map(|s| s.maybe.clone()));
        let sure = list.items.iter().take_while(|s| s.maybe.is_none()).count();
        if let Some(parts) = as_slice(key) {
            if let Some(gap) = unsure {
                let list = List {
                    items: Vec::new(),
                    open: Some(gap),
                };
                return Ok(self.put_list(list));
            }
            let Some(places) = places(&parts, list.items.len()) else {
                return Ok(self.unknown(at, "the slice cannot be told"));
            };
            let items = places.into_iter().map(|i| list.items[i].clone()).collect();
            return Ok(self.put_list(List { items, open: None }));
        }
        match unsure {
            None => match index(key, list.items.len()) {
                Some(i) => Ok(list.items[i].value.clone()),
                None => self.no_index(key, at),
            },
            Some(gap) => {
                let place = as_int(key).and_then(|i| usize::try_from(i).ok());
                if let Some(slot) = place
                    .filter(|i| *i < sure && list.open.is_none())
                    .and_then(|i| list.items.get(i))
                {
                    return Ok(slot.value.clone());
                }
                if list.open.is_some() {
                    return Ok(Value::unknown(gap));
                }
                Ok(one_of(list.items.into_iter().map(|s| s.value), &gap))
            }
        }
    }

    fn item_of_dict(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        match self.dict_get(value, key, at) {
            Ok(Some(slot)) => {
                if let Some(gap) = &slot.maybe {
                    self.may_lack(value, key, gap, at);
                }
                Ok(slot.value)
            }
            Err(gap) => {
                self.may_lack(value, key, &gap, at);
                Ok(Value::unknown(gap))
            }
            Ok(None) => {
                if let Some(make) = self.dict(value).and_then(|d| d.default.clone()) {
                    let made = self.call(&make, super::value::Args::default(), at)?;
                    self.dict_set(value, key.clone(), made.clone().into());
                    return Ok(made);
                }
                Err(self.raise_key(key, at))
            }
        }
    }

    /// A key is perhaps not there.
    fn may_lack(&mut self, value: &Value<'a>, key: &Value<'a>, gap: &Gap, at: Span) {
        if self.handlers > 0
            && self.dict(value).is_some_and(|d| d.default.is_none())
            && let super::machine::Stop::Raised(raised) = self.raise_key(key, at)
        {
            self.may_raise(Some(raised.exception), gap, at);
        }
    }

    /// What stands at a key: perhaps there, certainly not there, or why it cannot be told.
    pub(super) fn dict_get(
        &mut self,
        value: &Value<'a>,
        key: &Value<'a>,
        at: Span,
    ) -> Result<Option<Slot<'a>>, Gap> {
        let Some(dict) = self.dict(value) else {
            return Err(self.gap(at, "is no dict"));
        };
        if let Value::Unknown(unknown) = key {
            return Err(unknown.gap.clone());
        }
        if let Some(at) = dict.find_same(key) {
            return Ok(Some(dict.entries[at].1.clone()));
        }
        if let Some(gap) = &dict.open {
            return Err(gap.clone());
        }
        let hard = |v: &Value<'a>| {
            matches!(
                v,
                Value::Unknown(_) | Value::Instance(_) | Value::Term(_) | Value::Tuple(_)
            )
        };
        if !hard(key) && !dict.entries.iter().any(|e| hard(&e.0)) {
            return Ok(None);
        }
        let entries = dict.entries.clone();
        for (other, slot) in entries {
            match self.equal(&other, key, at) {
                Truth::Yes => return Ok(Some(slot)),
                Truth::No => {}
                Truth::Unknown(gap) => return Err(gap),
            }
        }
        Ok(None)
    }

    pub(super) fn has_key(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Truth {
        match self.dict_get(value, key, at) {
            Ok(Some(Slot { maybe: None, .. })) => Truth::Yes,
            Ok(Some(Slot { maybe: Some(gap), .. })) | Err(gap) => Truth::Unknown(gap),
            Ok(None) => Truth::No,
        }
    }

    fn item_of_object(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, Value<'a>> {
        if let Value::Instance(_) = value
            && let Some(run) = self.call_method_of_class(value, "__getitem__", vec![key.clone()], at)
        {
            return run;
        }
        if let Some(run) = standard::item(self, value, key, at) {
            return run;
        }
        if let Some(run) = L::item(self, value, key, at) {
            return run;
        }
        if let Value::Class(class) = value
            && let Some((_, member)) = self.lookup(*class, "__class_getitem__")
            && let Some(function @ Value::Function(_)) = member.value
        {
            let method = Value::Method(Rc::new((function, value.clone())));
            return self.call(&method, super::value::Args::of(vec![key.clone()], at), at);
        }
        Ok(self.term(TermKind::Item(value.clone(), key.clone()), at))
    }
}

/// A place in so many items.
pub(super) fn index(key: &Value<'_>, length: usize) -> Option<usize> {
    let i = as_int(key)?;
    let i = if i < 0 {
        i.checked_add(i64::try_from(length).ok()?)?
    } else {
        i
    };
    usize::try_from(i).ok().filter(|i| *i < length)
}
