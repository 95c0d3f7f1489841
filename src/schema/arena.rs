//! A growing table of values behind typed ids, shared between clones until one of them writes.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// Values a chunk. A write to a shared arena copies the list of chunks and one chunk of pointers.
const CHUNK: usize = 32;

/// A typed index into an [`Arena`].
pub trait ArenaId: Copy {
    /// From a position.
    fn from_index(index: usize) -> Self;
    /// The position.
    fn index(self) -> usize;
}

/// A persistent vector: cloning is one reference count, writing copies only what is shared. Nothing is ever removed.
pub struct Arena<I, T> {
    chunks: Arc<Vec<Arc<Vec<Arc<T>>>>>,
    len: usize,
    id: PhantomData<fn() -> I>,
}

impl<I: ArenaId, T: Clone> Arena<I, T> {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a value.
    pub fn push(&mut self, value: T) -> I {
        let chunks = Arc::make_mut(&mut self.chunks);
        if self.len.is_multiple_of(CHUNK) {
            chunks.push(Arc::new(Vec::with_capacity(CHUNK)));
        }
        if let Some(last) = chunks.last_mut() {
            Arc::make_mut(last).push(Arc::new(value));
        }
        self.len += 1;
        I::from_index(self.len - 1)
    }

    /// The value of an id of this arena.
    #[must_use]
    pub fn get(&self, id: I) -> Option<&T> {
        let index = id.index();
        self.chunks
            .get(index / CHUNK)?
            .get(index % CHUNK)
            .map(|value| &**value)
    }

    /// The value of an id, to be changed.
    pub fn get_mut(&mut self, id: I) -> Option<&mut T> {
        let index = id.index();
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(index / CHUNK)?;
        Arc::make_mut(chunk).get_mut(index % CHUNK).map(Arc::make_mut)
    }

    /// All values with their ids, in the order they were made.
    pub fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.chunks
            .iter()
            .flat_map(|chunk| chunk.iter())
            .enumerate()
            .map(|(i, value)| (I::from_index(i), &**value))
    }

    /// Whether both hold the very same value under `id`, so that it need not be compared.
    #[must_use]
    pub fn shares(&self, other: &Self, id: I) -> bool {
        let (chunk, at) = (id.index() / CHUNK, id.index() % CHUNK);
        let value = |arena: &Self| arena.chunks.get(chunk).and_then(|c| c.get(at)).map(Arc::as_ptr);
        value(self).is_some() && value(self) == value(other)
    }
}

impl<I: ArenaId, T> std::ops::Index<I> for Arena<I, T> {
    type Output = T;
    /// Ids come from this arena alone, and nothing is removed.
    fn index(&self, id: I) -> &T {
        let index = id.index();
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

impl<I: ArenaId, T: Clone> std::ops::IndexMut<I> for Arena<I, T> {
    /// Ids come from this arena alone, and nothing is removed.
    fn index_mut(&mut self, id: I) -> &mut T {
        let index = id.index();
        let chunk = &mut Arc::make_mut(&mut self.chunks)[index / CHUNK];
        Arc::make_mut(&mut Arc::make_mut(chunk)[index % CHUNK])
    }
}

impl<I, T> Clone for Arena<I, T> {
    fn clone(&self) -> Self {
        Arena {
            chunks: self.chunks.clone(),
            len: self.len,
            id: PhantomData,
        }
    }
}

impl<I, T> Default for Arena<I, T> {
    fn default() -> Self {
        Arena {
            chunks: Arc::default(),
            len: 0,
            id: PhantomData,
        }
    }
}

impl<I, T: fmt::Debug> fmt::Debug for Arena<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.chunks.iter().flat_map(|chunk| chunk.iter()))
            .finish()
    }
}

/// An [`Arena`] by position, used as a `Vec` is: a table's parts, of which a statement writes a few and a clone shares the rest.
pub struct List<T>(Arena<usize, T>);

impl ArenaId for usize {
    fn from_index(index: usize) -> Self {
        index
    }
    fn index(self) -> usize {
        self
    }
}

impl<T: Clone> List<T> {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// Adds a value.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// The value at a position.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at)
    }

    /// The value at a position, to be changed.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.0.get_mut(at)
    }

    /// The first value.
    #[must_use]
    pub fn first(&self) -> Option<&T> {
        self.0.get(0)
    }

    /// All values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0
            .chunks
            .iter()
            .flat_map(|chunk| chunk.iter())
            .map(|value| &**value)
    }

    /// All values, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        Arc::make_mut(&mut self.0.chunks)
            .iter_mut()
            .flat_map(|chunk| Arc::make_mut(chunk).iter_mut())
            .map(Arc::make_mut)
    }

    /// Whether both are the very same list, so that they need not be compared.
    #[must_use]
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.chunks, &other.0.chunks)
    }

    /// Whether both hold the very same value at a position.
    #[must_use]
    pub fn shares_at(&self, other: &Self, at: usize) -> bool {
        self.0.shares(&other.0, at)
    }
}

impl<T> std::ops::Index<usize> for List<T> {
    type Output = T;
    /// Positions come from the list itself, and nothing is removed.
    fn index(&self, at: usize) -> &T {
        &self.0[at]
    }
}

impl<T: Clone> std::ops::IndexMut<usize> for List<T> {
    /// Positions come from the list itself, and nothing is removed.
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.0[at]
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        List(self.0.clone())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Arena::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a, T: Clone> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = Box<dyn Iterator<Item = &'a T> + 'a>;
    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = Box<dyn Iterator<Item = &'a mut T> + 'a>;
    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter_mut())
    }
}

impl<T: Clone> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut out = List::default();
        values.into_iter().for_each(|value| out.push(value));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_do_not_see_later_writes() {
        let mut a: Arena<usize, String> = Arena::default();
        for i in 0..100 {
            a.push(i.to_string());
        }
        let b = a.clone();
        *a.get_mut(70).unwrap() = "changed".to_owned();
        a.push("more".to_owned());
        assert_eq!((b.len(), b[70].as_str(), a[70].as_str()), (100, "70", "changed"));
        assert!(a.shares(&b, 3) && !a.shares(&b, 70));
    }
}
