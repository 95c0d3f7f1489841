//! PostgreSQL's grammar by squawk-syntax, behind bounds: the parser trusts its input, so what is too deep or too long never
//! reaches it (see `split`).

pub use squawk_syntax::ast::{self, AstNode};
pub use squawk_syntax::{SourceFile, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
