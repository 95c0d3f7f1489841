//! All integration tests: one binary, a module per suite.
