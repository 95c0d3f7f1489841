//! Splits SQL text into statements, and keeps from the parser what it could not take.
