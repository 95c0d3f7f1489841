//! Methods of values of builtin types.

pub(crate) mod text;
