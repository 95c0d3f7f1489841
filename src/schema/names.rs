//! A map from (namespace, name) to an object, shared between clones until one of them writes.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::NamespaceId;
use crate::name::Name;

const BUCKETS: usize = 128;

/// Entries that share a hash bucket.
type Bucket<V> = Arc<Vec<(NamespaceId, Name, V)>>;

/// A persistent hash map with a fixed number of buckets; order of entries is never shown.
#[derive(Debug, Clone)]
pub struct Names<V> {
    buckets: Arc<Vec<Bucket<V>>>,
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Names {
            buckets: Arc::new((0..BUCKETS).map(|_| Arc::default()).collect()),
        }
    }
}

fn bucket(namespace: NamespaceId, name: &Name) -> usize {
    let hash = BuildHasherDefault::<FxHasher>::default().hash_one((namespace.0, name.as_str()));
    // The high bits of an Fx hash are the good ones.
    (hash >> 57) as usize % BUCKETS
}

impl<V: Copy + PartialEq> Names<V> {
    /// What the name stands for.
    #[must_use]
    pub fn get(&self, namespace: NamespaceId, name: &Name) -> Option<V> {
        let entries = &self.buckets[bucket(namespace, name)];
        entries
            .iter()
            .find(|e| e.0 == namespace && e.1 == *name)
            .map(|e| e.2)
    }

    /// Binds a name, in place of what it stood for.
    pub fn insert(&mut self, namespace: NamespaceId, name: Name, value: V) {
        let entries = Arc::make_mut(&mut Arc::make_mut(&mut self.buckets)[bucket(namespace, &name)]);
        match entries.iter_mut().find(|e| e.0 == namespace && e.1 == name) {
            Some(entry) => entry.2 = value,
            None => entries.push((namespace, name, value)),
        }
    }

    /// Frees a name.
    pub fn remove(&mut self, namespace: NamespaceId, name: &Name) {
        let entries = Arc::make_mut(&mut Arc::make_mut(&mut self.buckets)[bucket(namespace, name)]);
        entries.retain(|e| !(e.0 == namespace && e.1 == *name));
    }

    /// Whether both are the very same map, so that it need not be compared.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.buckets, &other.buckets)
    }

    /// All entries, in no order: sort before showing.
    pub fn iter(&self) -> impl Iterator<Item = (NamespaceId, &Name, V)> {
        self.buckets
            .iter()
            .flat_map(|b| b.iter())
            .map(|(namespace, name, value)| (*namespace, name, *value))
    }
}
