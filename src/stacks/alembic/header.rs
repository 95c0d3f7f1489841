//! What a revision file says of itself: its id, its parents, labels and dependencies, read off its module-level assignments.
//!
//! Source: `Script._from_filename` and `Revision.__init__` of Alembic.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::source::{FileId, Span};
use crate::syntax::python::{Parsed, Ranged, ast, span};

/// A name with the place that writes it.
pub type Written = (SmolStr, Span);

/// A revision as its file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// `revision`.
    pub id: Written,
    /// The file.
    pub file: FileId,
    /// The file's name without its ending, where it is told.
    pub stem: SmolStr,
    /// `down_revision`: none for a base, several for a merge.
    pub parents: Vec<Written>,
    /// `branch_labels`.
    pub labels: Vec<Written>,
    /// `depends_on`: ids or labels.
    pub depends_on: Vec<Written>,
    /// Header names whose values cannot be told.
    pub unclear: Vec<Written>,
    /// Its `upgrade` where that was generated and only alters columns: it may come out as nothing.
    pub alters_columns: Option<Span>,
}

const HEADER: [&str; 4] = ["revision", "down_revision", "branch_labels", "depends_on"];

/// Reads the header; `None` where no id can be told.
#[must_use]
pub fn read(file: FileId, parsed: &Parsed) -> Option<Revision> {
    let mut names: BTreeMap<&str, Option<Vec<Written>>> = BTreeMap::new();
    let mut unclear = Vec::new();
    for statement in &parsed.body.body {
        let (name, value) = match statement {
            ast::Stmt::Assign(assign) => match assign.targets.as_slice() {
                [ast::Expr::Name(name)] => (name, &*assign.value),
                _ => continue,
            },
            ast::Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
                (ast::Expr::Name(name), Some(value)) => (name, &**value),
                _ => continue,
            },
            _ => continue,
        };
        let written = values(file, value, &names);
        if written.is_none() && HEADER.contains(&name.id.as_str()) {
            unclear.push((SmolStr::new(name.id.as_str()), span(file, value.range())));
        }
        names.insert(name.id.as_str(), written);
    }
    let mut take = |name: &str| names.remove(name).flatten().unwrap_or_default();
    let id = take("revision").into_iter().next()?;
    Some(Revision {
        id,
        file,
        stem: SmolStr::default(),
        parents: take("down_revision"),
        labels: take("branch_labels"),
        depends_on: take("depends_on"),
        unclear,
        alters_columns: None,
    })
}

/// Texts of a header's value: a text, `None`, a constant above, or a collection of such; `None` where it is anything else.
fn values(
    file: FileId,
    value: &ast::Expr,
    names: &BTreeMap<&str, Option<Vec<Written>>>,
) -> Option<Vec<Written>> {
    // Not within collections: what a header nests is never deeper.
    let one = |item: &ast::Expr| match item {
        ast::Expr::StringLiteral(text) => {
            let text_span = span(file, text.range());
            Some(vec![(SmolStr::new(text.value.to_str()), text_span)])
        }
        ast::Expr::NoneLiteral(_) => Some(Vec::new()),
        ast::Expr::Name(name) => names.get(name.id.as_str()).cloned().flatten(),
        _ => None,
    };
    let items = match value {
        ast::Expr::Tuple(tuple) => &tuple.elts,
        ast::Expr::List(list) => &list.elts,
        ast::Expr::Set(set) => &set.elts,
        value => return one(value),
    };
    let items: Option<Vec<Vec<Written>>> = items.iter().map(one).collect();
    items.map(|items| items.into_iter().flatten().collect())
}
