//! Settings of a class whose names are misspelled: SQLAlchemy passes over them without a word.
//!
//! Source: the names that `_ClassScanMapperConfig` (`sqlalchemy/orm/decl_base.py`, 2.0) asks a class for.

use smol_str::SmolStr;

use crate::declared::Fault;
use crate::interpret::python::{ClassId, Library, Machine, Value};
use crate::source::{Files, Span};
use crate::stacks::Folder;

/// What SQLAlchemy reads.
const READ: &[&str] = &[
    "__abstract__",
    "__mapper_args__",
    "__table__",
    "__table_args__",
    "__tablename__",
];

/// A setting that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Where its name is written.
    pub span: Span,
    name: SmolStr,
    meant: &'static str,
}

/// Those of a class and of its bases in the repository.
pub(super) fn of_class<'a, L: Library<'a>>(machine: &Machine<'a, L>, class: ClassId) -> Vec<Unread> {
    let Some(whole) = machine.class(class) else {
        return Vec::new();
    };
    let bases = whole.order.iter().filter_map(|base| match base {
        Value::Class(base) => machine.class(*base),
        _ => None,
    });
    let unread = |member: &crate::interpret::python::Member<'a>| {
        Some(Unread {
            span: member.span,
            name: member.name.clone(),
            meant: meant(&member.name).filter(|_| member.value.is_some())?,
        })
    };
    bases
        .flat_map(|base| base.members.iter().filter_map(unread))
        .collect()
}

/// What a name was meant to be: the same but for its underscores and one letter.
fn meant(name: &str) -> Option<&'static str> {
    if !name.starts_with("__") || READ.contains(&name) {
        return None;
    }
    let bare = |name: &str| name.replace('_', "");
    let far = |known: &&&str| strsim::damerau_levenshtein(&bare(name), &bare(known));
    let near = READ
        .iter()
        .filter(|known| far(known) <= usize::from(known.len() > 10));
    near.min_by_key(far).copied()
}

/// The faults, but for names that some program of the repository asks for itself.
pub(super) fn faults<'u>(files: &Files, all: impl IntoIterator<Item = &'u Unread>) -> Vec<Fault> {
    let mut out: Vec<Fault> = Vec::new();
    for unread in all {
        if out.iter().any(|other| other.span == unread.span) || is_asked_for(files, &unread.name) {
            continue;
        }
        let (name, meant) = (&unread.name, unread.meant);
        out.push(Fault {
            kind: "unread-setting",
            span: unread.span,
            message: format!(
                "SQLAlchemy does not read `{name}`, so that nothing comes of what it says: `{meant}` is meant, most likely"
            ),
            related: Vec::new(),
        });
    }
    out
}

/// Whether a name stands anywhere but where it is assigned.
fn is_asked_for(files: &Files, name: &str) -> bool {
    let mut programs = Folder::new(files, "")
        .below()
        .filter(|(path, _)| path.ends_with(".py"));
    programs.any(|(_, file)| {
        let text = files.text(file);
        text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            matches!(before, Some('.' | '"' | '\''))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn what_was_meant() {
        assert_eq!(meant("__tableargs__"), Some("__table_args__"));
        assert_eq!(meant("__table_arg__"), Some("__table_args__"));
        assert_eq!(meant("__table_name__"), Some("__tablename__"));
        assert_eq!(meant("__tabelname__"), Some("__tablename__"));
        assert_eq!(meant("__mapperargs__"), Some("__mapper_args__"));
        for name in [
            "__tablename__",
            "__tables__",
            "__table_cls__",
            "__mapper_cls__",
            "__name__",
            "table_args",
            "__label__",
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
    }
}
