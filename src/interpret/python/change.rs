//! Lists, dicts and sets that are changed, and those of which something becomes unknown.

use super::collection::{as_slice, index, places};
use super::heap::{Dict, Iteration, List, Object, Slot};
use super::join::one_of;
use super::library::Library;
use super::machine::{Machine, Run};
use super::ops::as_int;
use super::standard;
use super::value::Value;
use crate::known::Gap;
use crate::source::Span;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// `value[key] = new`.
    pub(super) fn set_item(
        &mut self,
        value: &Value<'a>,
        key: &Value<'a>,
        new: Value<'a>,
        at: Span,
    ) -> Run<'a, ()> {
        match value {
            Value::Dict(_) => {
                if let Value::Unknown(unknown) = key {
                    let gap = unknown.gap.clone();
                    if let Some(dict) = self.dict_mut(value) {
                        for (_, slot) in &mut dict.entries {
                            slot.value = one_of([slot.value.clone(), new.clone()], &gap);
                        }
                        dict.open.get_or_insert(gap);
                    }
                } else {
                    self.dict_set(value, key.clone(), new.into());
                }
                Ok(())
            }
            Value::List(_) => self.set_item_of_list(value, key, new, at),
            Value::Instance(_) => {
                match self.call_method_of_class(value, "__setitem__", vec![key.clone(), new], at) {
                    Some(run) => run.map(|_| ()),
                    None => {
                        let gap = self.gap(at, "an item is set that is not followed");
                        self.open(value, &gap);
                        Ok(())
                    }
                }
            }
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                for candidate in &unknown.candidates {
                    self.open(candidate, &unknown.gap);
                }
                Ok(())
            }
            Value::Tuple(_) | Value::Str(_) | Value::None | Value::Int(_) => Err(self.raise(
                "builtins.TypeError",
                "object does not support item assignment",
                at,
            )),
            _ => {
                if !standard::namespace::set_item(self, value, key, &new, at) {
                    L::set_item(self, value, key, &new, at);
                }
                Ok(())
            }
        }
    }

    fn set_item_of_list(
        &mut self,
        value: &Value<'a>,
        key: &Value<'a>,
        new: Value<'a>,
        at: Span,
    ) -> Run<'a, ()> {
        let Some(list) = self.list(value).cloned() else {
            return Ok(());
        };
        let sure = list.open.is_none() && list.items.iter().all(|s| s.maybe.is_none());
        if let Some(parts) = as_slice(key) {
            let (new, gap) = self.slots(&new, at)?;
            let whole = parts.iter().all(|p| matches!(p, Value::None));
            let step = parts.get(2).is_none_or(|p| matches!(p, Value::None));
            let places = places(&parts, list.items.len()).filter(|_| sure && step);
            let Some(places) = places.filter(|p| whole || !p.is_empty()) else {
                let gap = self.gap(at, "a slice is set that is not followed");
                self.open(value, &gap);
                return Ok(());
            };
            if let Some(list) = self.list_mut(value) {
                let (start, end) = (
                    places.first().copied().unwrap_or(0),
                    places.last().map_or(0, |l| l + 1),
                );
                list.items.splice(start..end, new);
                list.open = gap;
            }
            return Ok(());
        }
        match index(key, list.items.len()).filter(|_| sure) {
            Some(i) => {
                if let Some(slot) = self.list_mut(value).and_then(|l| l.items.get_mut(i)) {
                    slot.value = new;
                }
                Ok(())
            }
            None if sure && as_int(key).is_some() => self.no_index(key, at).map(|_| ()),
            None => {
                let gap = self.gap(at, "it cannot be told which item is set");
                self.open(value, &gap);
                Ok(())
            }
        }
    }

    /// `del value[key]`.
    pub(super) fn delete_item(&mut self, value: &Value<'a>, key: &Value<'a>, at: Span) -> Run<'a, ()> {
        match value {
            Value::Dict(_) => match self.dict_get(value, key, at) {
                Ok(Some(_)) => {
                    if let Some(dict) = self.dict_mut(value)
                        && let Some(at) = dict.find_same(key)
                    {
                        dict.remove(at);
                    }
                    Ok(())
                }
                Ok(None) => Err(self.raise_key(key, at)),
                Err(gap) => {
                    self.open(value, &gap);
                    Ok(())
                }
            },
            Value::List(_) => {
                let list = self.list(value).cloned().unwrap_or_default();
                let sure = list.open.is_none() && list.items.iter().all(|s| s.maybe.is_none());
                let picked = match as_slice(key) {
                    Some(parts) => places(&parts, list.items.len()),
                    None => index(key, list.items.len()).map(|i| vec![i]),
                };
                match picked.filter(|_| sure) {
                    Some(picked) => {
                        if let Some(list) = self.list_mut(value) {
                            let mut at = 0;
                            list.items.retain(|_| {
                                at += 1;
                                !picked.contains(&(at - 1))
                            });
                        }
                        Ok(())
                    }
                    None if sure && as_int(key).is_some() => self.no_index(key, at).map(|_| ()),
                    None => {
                        let gap = self.gap(at, "it cannot be told which item is deleted");
                        self.open(value, &gap);
                        Ok(())
                    }
                }
            }
            Value::Instance(_) => {
                self.call_method_of_class(value, "__delitem__", vec![key.clone()], at)
                    .transpose()?;
                Ok(())
            }
            _ => {
                standard::namespace::delete_item(self, value, key, at);
                Ok(())
            }
        }
    }

    /// Puts an entry into a dict on the heap.
    pub(super) fn dict_set(&mut self, value: &Value<'a>, key: Value<'a>, slot: Slot<'a>) {
        if let Some(dict) = self.dict_mut(value) {
            if let Value::Unknown(unknown) = &key {
                for (_, own) in &mut dict.entries {
                    own.value = one_of([own.value.clone(), slot.value.clone()], &unknown.gap);
                }
                dict.open.get_or_insert_with(|| unknown.gap.clone());
                return;
            }
            dict.set(key, slot);
        }
    }

    /// Puts an entry into a dict that is not on the heap.
    pub(super) fn dict_put(&mut self, dict: &mut Dict<'a>, key: Value<'a>, value: Value<'a>) {
        if let Value::Unknown(unknown) = &key {
            dict.open.get_or_insert_with(|| unknown.gap.clone());
            return;
        }
        dict.set(key, value.into());
    }

    /// Adds an item to a set on the heap.
    pub(super) fn set_add(&mut self, value: &Value<'a>, slot: Slot<'a>) {
        let held = self.list(value).map_or(0, |l| l.items.len());
        self.budget.charge(held as u64 / 8);
        let Some(list) = self.list_mut(value) else { return };
        if let Value::Unknown(unknown) = &slot.value {
            list.open.get_or_insert_with(|| unknown.gap.clone());
            return;
        }
        match list
            .items
            .iter_mut()
            .find(|s| super::heap::same_key(&s.value, &slot.value))
        {
            Some(own) if slot.maybe.is_none() => own.maybe = None,
            Some(_) => {}
            None => list.items.push(slot),
        }
    }

    /// Whether a value of the heap can be told wholly; why not, where it cannot.
    pub fn is_open(&self, value: &Value<'a>) -> Option<&Gap> {
        match value {
            Value::Instance(id) => self.instance(*id)?.open.as_ref(),
            _ => self
                .list(value)
                .and_then(|l| l.open.as_ref())
                .or_else(|| self.dict(value).and_then(|d| d.open.as_ref())),
        }
    }

    /// Something that is not followed may have changed a value.
    pub fn open(&mut self, value: &Value<'a>, gap: &Gap) {
        match value {
            Value::List(_) | Value::Set(_) => {
                if let Some(list) = self.list_mut(value) {
                    list.items.clear();
                    list.open = Some(gap.clone());
                }
            }
            Value::Dict(_) => {
                if let Some(dict) = self.dict_mut(value) {
                    for (_, slot) in &mut dict.entries {
                        slot.value = Value::unknown(gap.clone());
                        slot.maybe = Some(gap.clone());
                    }
                    dict.open = Some(gap.clone());
                }
            }
            Value::Instance(id) => {
                if let Some(Object::Instance(instance)) = self.world.heap.get_mut(*id) {
                    instance.open = Some(gap.clone());
                }
            }
            Value::Iterator(id) => {
                let list = List {
                    items: Vec::new(),
                    open: Some(gap.clone()),
                };
                self.world.heap.put(*id, Object::Iterator(Iteration::Items(list)));
            }
            Value::Tuple(items) => {
                for item in items.iter() {
                    self.open(item, gap);
                }
            }
            Value::Unknown(unknown) => {
                for candidate in &unknown.clone().candidates {
                    self.open(candidate, gap);
                }
            }
            _ => {}
        }
    }
}
