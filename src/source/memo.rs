//! What was worked out of files and is asked for again: syntax trees, layouts, what a program hands over.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::seen::Seen;

/// Results by their type and a key.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<Key, Slot>>);

type Key = (TypeId, String);

/// A result, or who works it out now.
type Slot = Arc<OnceLock<Held>>;

struct Held {
    value: Arc<dyn Any + Send + Sync>,
    /// The files that it rests on.
    seen: Arc<Seen>,
    /// It may outlive the run.
    lasts: bool,
}

impl Memo {
    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result of a key, and the files that it rests on. It is worked out once; who asks meanwhile waits. `make` must not run
    /// work in parallel, or a thread could come to wait for itself.
    pub(super) fn once<T: Any + Send + Sync>(
        &self,
        key: &str,
        lasts: bool,
        make: impl Fn() -> (T, Arc<Seen>),
    ) -> (Arc<T>, Arc<Seen>) {
        let slot = {
            let key = (TypeId::of::<T>(), key.to_owned());
            self.slots().entry(key).or_default().clone()
        };
        let held = slot.get_or_init(|| {
            let (value, seen) = make();
            let value = Arc::new(value);
            Held { value, seen, lasts }
        });
        match held.value.clone().downcast() {
            Ok(value) => (value, held.seen.clone()),
            // The type is part of the key.
            Err(_) => {
                let (value, seen) = make();
                (Arc::new(value), seen)
            }
        }
    }

    /// A result that is there already.
    pub(super) fn find<T: Any + Send + Sync>(&self, key: &str) -> Option<(Arc<T>, Arc<Seen>)> {
        let slot = self.slots().get(&(TypeId::of::<T>(), key.to_owned())).cloned()?;
        let held = slot.get()?;
        Some((held.value.clone().downcast().ok()?, held.seen.clone()))
    }

    /// Keeps a result.
    pub(super) fn put<T: Any + Send + Sync>(&self, key: &str, value: Arc<T>, seen: Arc<Seen>) {
        let held = Held {
            value,
            seen,
            lasts: true,
        };
        let slot = Slot::from(OnceLock::from(held));
        self.slots().insert((TypeId::of::<T>(), key.to_owned()), slot);
    }

    /// The results that rest on none of the files, and outlive a run.
    pub(super) fn holding(&self, changed: &[usize]) -> Memo {
        let holds = |slot: &Slot| {
            slot.get()
                .is_some_and(|held| held.lasts && !changed.iter().any(|at| held.seen.has(*at)))
        };
        let kept = self.slots();
        let kept = kept.iter().filter(|(_, slot)| holds(slot));
        Memo(Mutex::new(
            kept.map(|(key, slot)| (key.clone(), slot.clone())).collect(),
        ))
    }
}
