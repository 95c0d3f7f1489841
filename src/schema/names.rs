//! A map from (namespace, name) to an object, shared between clones until one of them writes.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::NamespaceId;
use crate::name::Name;

/// Entries of a leaf before it becomes a branch.
const FULL: usize = 8;
/// Bits of the hash that choose a branch's child.
const BITS: u32 = 4;
/// Levels below which a leaf grows however full: their hashes are the same.
const DEEPEST: u32 = 64 / BITS;

type Entry<V> = (NamespaceId, Name, V);

/// A persistent hash map, a trie over the hashes; order of entries is never shown.
#[derive(Debug)]
pub struct Names<V>(Arc<Node<V>>);

#[derive(Debug, Clone)]
enum Node<V> {
    Leaf(Vec<Entry<V>>),
    Branch([Option<Arc<Node<V>>>; 1 << BITS]),
}

impl<V> Default for Names<V> {
    fn default() -> Self {
        Names(Arc::new(Node::Leaf(Vec::new())))
    }
}

impl<V> Clone for Names<V> {
    fn clone(&self) -> Self {
        Names(self.0.clone())
    }
}

fn hash(namespace: NamespaceId, name: &Name) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one((namespace.0, name.as_str()))
}

/// The child of a branch that a hash leads to. The high bits of an Fx hash are the good ones.
fn child(hash: u64, level: u32) -> usize {
    (hash.rotate_left(BITS * (level + 1)) & ((1 << BITS) - 1)) as usize
}

impl<V: Copy + PartialEq> Names<V> {
    /// What the name stands for.
    #[must_use]
    pub fn get(&self, namespace: NamespaceId, name: &Name) -> Option<V> {
        let hash = hash(namespace, name);
        let mut node = &self.0;
        let mut level = 0;
        loop {
            match &**node {
                Node::Branch(children) => {
                    node = children[child(hash, level)].as_ref()?;
                    level += 1;
                }
                Node::Leaf(entries) => {
                    let found = entries.iter().find(|e| e.1 == *name && e.0 == namespace);
                    return found.map(|e| e.2);
                }
            }
        }
    }

    /// Binds a name, in place of what it stood for.
    pub fn insert(&mut self, namespace: NamespaceId, name: Name, value: V) {
        let hash = hash(namespace, &name);
        insert(&mut self.0, (namespace, name, value), hash, 0);
    }

    /// Frees a name.
    pub fn remove(&mut self, namespace: NamespaceId, name: &Name) {
        if self.get(namespace, name).is_none() {
            return;
        }
        let hash = hash(namespace, name);
        let mut node = &mut self.0;
        let mut level = 0;
        loop {
            match Arc::make_mut(node) {
                Node::Branch(children) => {
                    let Some(next) = &mut children[child(hash, level)] else {
                        return;
                    };
                    node = next;
                    level += 1;
                }
                Node::Leaf(entries) => {
                    entries.retain(|e| !(e.1 == *name && e.0 == namespace));
                    return;
                }
            }
        }
    }

    /// Takes in what another map binds; what both bind stays as it is here.
    fn absorb(&mut self, other: &Self) {
        absorb(&mut self.0, &other.0, 0);
    }

    /// Whether both are the very same map, so that it need not be compared.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// All entries, in no order: sort before showing.
    pub fn iter(&self) -> impl Iterator<Item = (NamespaceId, &Name, V)> {
        let mut todo = vec![&*self.0];
        let mut leaf = [].iter();
        std::iter::from_fn(move || {
            loop {
                if let Some((namespace, name, value)) = leaf.next() {
                    return Some((*namespace, name, *value));
                }
                match todo.pop()? {
                    Node::Leaf(entries) => leaf = entries.iter(),
                    Node::Branch(children) => todo.extend(children.iter().flatten().map(|c| &**c)),
                }
            }
        })
    }
}

fn insert<V: Copy>(node: &mut Arc<Node<V>>, entry: Entry<V>, hash: u64, level: u32) {
    let node = Arc::make_mut(node);
    if let Node::Leaf(entries) = node
        && entries.len() >= FULL
        && level < DEEPEST
        && !entries.iter().any(|e| e.1 == entry.1 && e.0 == entry.0)
    {
        let entries = std::mem::take(entries);
        *node = Node::Branch([const { None }; 1 << BITS]);
        for entry in entries {
            let hash = self::hash(entry.0, &entry.1);
            place(node, entry, hash, level);
        }
    }
    place(node, entry, hash, level);
}

fn absorb<V: Copy>(node: &mut Arc<Node<V>>, other: &Arc<Node<V>>, level: u32) {
    if Arc::ptr_eq(node, other) {
        return;
    }
    match (Arc::make_mut(node), &**other) {
        (Node::Branch(ours), Node::Branch(theirs)) => {
            for (ours, theirs) in ours.iter_mut().zip(theirs) {
                match (ours, theirs) {
                    (Some(ours), Some(theirs)) => absorb(ours, theirs, level + 1),
                    (ours @ None, Some(theirs)) => *ours = Some(theirs.clone()),
                    (_, None) => {}
                }
            }
        }
        (_, Node::Leaf(entries)) => {
            for entry in entries {
                if !holds(node, entry, level) {
                    insert(node, entry.clone(), hash(entry.0, &entry.1), level);
                }
            }
        }
        (Node::Leaf(entries), Node::Branch(_)) => {
            let entries = std::mem::take(entries);
            *node = other.clone();
            for entry in entries {
                let hash = hash(entry.0, &entry.1);
                insert(node, entry, hash, level);
            }
        }
    }
}

/// Whether a node at a level has an entry of that name.
fn holds<V>(node: &Node<V>, entry: &Entry<V>, level: u32) -> bool {
    match node {
        Node::Branch(children) => children[child(hash(entry.0, &entry.1), level)]
            .as_ref()
            .is_some_and(|next| holds(next, entry, level + 1)),
        Node::Leaf(entries) => entries.iter().any(|e| e.1 == entry.1 && e.0 == entry.0),
    }
}

/// A set of names that only grows, shared between clones until one of them writes.
#[derive(Debug, Clone, Default)]
pub struct Words(Names<()>);

impl Words {
    const NOWHERE: NamespaceId = NamespaceId(0);

    /// Whether a name is among them.
    #[must_use]
    pub fn has(&self, name: &Name) -> bool {
        self.0.get(Self::NOWHERE, name).is_some()
    }

    /// Adds a name.
    pub fn add(&mut self, name: &Name) {
        if !self.has(name) {
            self.0.insert(Self::NOWHERE, name.clone(), ());
        }
    }

    /// Adds all names of another set.
    pub fn add_all(&mut self, other: &Self) {
        self.0.absorb(&other.0);
    }
}

fn place<V: Copy>(node: &mut Node<V>, entry: Entry<V>, hash: u64, level: u32) {
    match node {
        Node::Branch(children) => {
            let next = &mut children[child(hash, level)];
            let next = next.get_or_insert_with(|| Arc::new(Node::Leaf(Vec::new())));
            insert(next, entry, hash, level + 1);
        }
        Node::Leaf(entries) => match entries.iter_mut().find(|e| e.1 == entry.1 && e.0 == entry.0) {
            Some(old) => old.2 = entry.2,
            None => entries.push(entry),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_bound_last() {
        let mut names = Names::default();
        let name = |i: usize| Name::new(&format!("name_{i}"));
        for i in 0..5000 {
            names.insert(NamespaceId(i as u32 % 3), name(i), i);
        }
        let before = names.clone();
        for i in 0..5000 {
            if i % 2 == 0 {
                names.remove(NamespaceId(i as u32 % 3), &name(i));
            } else {
                names.insert(NamespaceId(i as u32 % 3), name(i), i + 1);
            }
        }
        assert_eq!((before.iter().count(), names.iter().count()), (5000, 2500));
        for i in 0..5000 {
            let namespace = NamespaceId(i as u32 % 3);
            assert_eq!(before.get(namespace, &name(i)), Some(i));
            assert_eq!(names.get(namespace, &name(i)), (i % 2 == 1).then_some(i + 1));
            assert_eq!(names.get(NamespaceId(7), &name(i)), None);
        }
        assert!(!names.shares(&before) && before.shares(&before.clone()));
    }

    #[test]
    fn takes_in_another_set() {
        let name = |i: usize| Name::new(&format!("name_{i}"));
        for (common, ours, theirs) in [(0, 3, 2000), (0, 2000, 3), (500, 700, 40), (3, 1, 1)] {
            let mut first = Words::default();
            (0..common).for_each(|i| first.add(&name(i)));
            let mut second = first.clone();
            (1000..1000 + ours).for_each(|i| first.add(&name(i)));
            (1000 + ours / 2..1000 + ours / 2 + theirs).for_each(|i| second.add(&name(i)));
            first.add_all(&second);
            let all = (1000 + ours).max(1000 + ours / 2 + theirs);
            assert!((0..common).chain(1000..all).all(|i| first.has(&name(i))));
            assert_eq!(first.0.iter().count(), common + all - 1000);
        }
    }
}
