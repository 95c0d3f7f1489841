//! The world that Python code runs in, apart from the library's: the heap, and which modules have run.

use rustc_hash::FxHashMap;

use super::heap::Heap;
use super::modules::ModuleId;
use super::value::{ObjectId, TermId};

/// Heap and modules, cheap to copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct World<'a> {
    pub(crate) heap: Heap<'a>,
    /// The namespaces of the modules that run or have run.
    pub(crate) modules: std::rc::Rc<FxHashMap<ModuleId, Loaded>>,
    /// Attributes that were set on terms and functions.
    pub(crate) attributes: std::rc::Rc<FxHashMap<TermId, ObjectId>>,
}

/// A module that runs or has run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded {
    pub(crate) scope: ObjectId,
    pub(crate) done: bool,
}
