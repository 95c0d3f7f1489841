//! Which model goes with which table, which field with which column: done once.
