//! What was worked out of the files of a run and is asked for again: syntax trees, layouts, what a program hands over.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

type Slot = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

/// Results by their type and a key. Each is worked out once; who asks meanwhile waits.
#[derive(Default)]
pub(super) struct Memo(Mutex<HashMap<(TypeId, String), Slot>>);

impl Memo {
    /// The result of a key. `make` must not run work in parallel, or a thread could come to wait for itself.
    pub(super) fn get<T: Any + Send + Sync>(&self, key: &str, make: impl Fn() -> T) -> Arc<T> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (TypeId::of::<T>(), key.to_owned());
            slots.entry(key).or_default().clone()
        };
        let found = slot.get_or_init(|| Arc::new(make())).clone();
        // The type is part of the key.
        found.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}
