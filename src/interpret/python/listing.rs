//! Lists that stacks make and read, of which some items may or may not be there.

use super::heap::{List, Object, Slot};
use super::library::Library;
use super::machine::Machine;
use super::value::Value;
use crate::known::Gap;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A new list; why an item may be missing, and why there may be others.
    pub fn new_list_of(&mut self, items: Vec<(Value<'a>, Option<Gap>)>, open: Option<Gap>) -> Value<'a> {
        let slot = |(value, maybe)| Slot { value, maybe };
        let list = List {
            items: items.into_iter().map(slot).collect(),
            open,
        };
        Value::List(self.allocate(Object::List(list)))
    }

    /// The items of a list, why each may be missing, and why there may be others. Nothing for another value.
    #[must_use]
    pub fn items_of_list(&self, value: &Value<'a>) -> (Vec<(Value<'a>, Option<Gap>)>, Option<Gap>) {
        match self.list(value) {
            Some(list) => {
                let slot = |slot: &Slot<'a>| (slot.value.clone(), slot.maybe.clone());
                (list.items.iter().map(slot).collect(), list.open.clone())
            }
            None => (Vec::new(), None),
        }
    }

    /// Takes the first item of a list away, where it is certainly there.
    pub fn take_first(&mut self, value: &Value<'a>) -> Option<Value<'a>> {
        let list = self.list_mut(value)?;
        if list.items.first()?.maybe.is_some() {
            return None;
        }
        Some(list.items.remove(0).value)
    }
}
