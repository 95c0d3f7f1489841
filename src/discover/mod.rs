//! Which targets, histories and model sets a repository holds, from the markers that stacks leave.
