//! Which exceptions are which: Python's own classes, and those of the database libraries.

use super::library::Library;
use super::machine::Machine;
use super::value::{TermKind, Value};
use crate::known::Truth;
use crate::source::Span;

/// Classes of exceptions and the class that each is derived from. Python's own: "Built-in Exceptions", the class hierarchy;
/// SQLAlchemy's: `sqlalchemy/exc.py`; those of drivers: PEP 249.
const PARENTS: &[(&str, &str)] = &[
    ("builtins.Exception", "builtins.BaseException"),
    ("builtins.BaseExceptionGroup", "builtins.BaseException"),
    ("builtins.GeneratorExit", "builtins.BaseException"),
    ("builtins.KeyboardInterrupt", "builtins.BaseException"),
    ("builtins.SystemExit", "builtins.BaseException"),
    ("asyncio.CancelledError", "builtins.BaseException"),
    ("builtins.ArithmeticError", "builtins.Exception"),
    ("builtins.FloatingPointError", "builtins.ArithmeticError"),
    ("builtins.OverflowError", "builtins.ArithmeticError"),
    ("builtins.ZeroDivisionError", "builtins.ArithmeticError"),
    ("builtins.AssertionError", "builtins.Exception"),
    ("builtins.AttributeError", "builtins.Exception"),
    ("builtins.BufferError", "builtins.Exception"),
    ("builtins.EOFError", "builtins.Exception"),
    ("builtins.ExceptionGroup", "builtins.Exception"),
    ("builtins.ImportError", "builtins.Exception"),
    ("builtins.ModuleNotFoundError", "builtins.ImportError"),
    ("builtins.LookupError", "builtins.Exception"),
    ("builtins.IndexError", "builtins.LookupError"),
    ("builtins.KeyError", "builtins.LookupError"),
    ("builtins.MemoryError", "builtins.Exception"),
    ("builtins.NameError", "builtins.Exception"),
    ("builtins.UnboundLocalError", "builtins.NameError"),
    ("builtins.OSError", "builtins.Exception"),
    ("builtins.BlockingIOError", "builtins.OSError"),
    ("builtins.ChildProcessError", "builtins.OSError"),
    ("builtins.ConnectionError", "builtins.OSError"),
    ("builtins.BrokenPipeError", "builtins.ConnectionError"),
    ("builtins.ConnectionAbortedError", "builtins.ConnectionError"),
    ("builtins.ConnectionRefusedError", "builtins.ConnectionError"),
    ("builtins.ConnectionResetError", "builtins.ConnectionError"),
    ("builtins.FileExistsError", "builtins.OSError"),
    ("builtins.FileNotFoundError", "builtins.OSError"),
    ("builtins.InterruptedError", "builtins.OSError"),
    ("builtins.IsADirectoryError", "builtins.OSError"),
    ("builtins.NotADirectoryError", "builtins.OSError"),
    ("builtins.PermissionError", "builtins.OSError"),
    ("builtins.ProcessLookupError", "builtins.OSError"),
    ("builtins.TimeoutError", "builtins.OSError"),
    ("builtins.ReferenceError", "builtins.Exception"),
    ("builtins.RuntimeError", "builtins.Exception"),
    ("builtins.NotImplementedError", "builtins.RuntimeError"),
    ("builtins.RecursionError", "builtins.RuntimeError"),
    ("builtins.StopAsyncIteration", "builtins.Exception"),
    ("builtins.StopIteration", "builtins.Exception"),
    ("builtins.SyntaxError", "builtins.Exception"),
    ("builtins.IndentationError", "builtins.SyntaxError"),
    ("builtins.TabError", "builtins.IndentationError"),
    ("builtins.SystemError", "builtins.Exception"),
    ("builtins.TypeError", "builtins.Exception"),
    ("builtins.ValueError", "builtins.Exception"),
    ("builtins.UnicodeError", "builtins.ValueError"),
    ("builtins.UnicodeDecodeError", "builtins.UnicodeError"),
    ("builtins.UnicodeEncodeError", "builtins.UnicodeError"),
    ("builtins.UnicodeTranslateError", "builtins.UnicodeError"),
    ("builtins.Warning", "builtins.Exception"),
    ("json.JSONDecodeError", "builtins.ValueError"),
    ("json.decoder.JSONDecodeError", "builtins.ValueError"),
    ("sqlalchemy.exc.SQLAlchemyError", "builtins.Exception"),
    ("sqlalchemy.exc.ArgumentError", "sqlalchemy.exc.SQLAlchemyError"),
    ("sqlalchemy.exc.CompileError", "sqlalchemy.exc.SQLAlchemyError"),
    (
        "sqlalchemy.exc.UnsupportedCompilationError",
        "sqlalchemy.exc.CompileError",
    ),
    (
        "sqlalchemy.exc.InvalidRequestError",
        "sqlalchemy.exc.SQLAlchemyError",
    ),
    (
        "sqlalchemy.exc.NoInspectionAvailable",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoSuchTableError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoSuchColumnError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.NoResultFound",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.MultipleResultsFound",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.ResourceClosedError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.PendingRollbackError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    (
        "sqlalchemy.exc.UnboundExecutionError",
        "sqlalchemy.exc.InvalidRequestError",
    ),
    ("sqlalchemy.exc.StatementError", "sqlalchemy.exc.SQLAlchemyError"),
    ("sqlalchemy.exc.DBAPIError", "sqlalchemy.exc.StatementError"),
    ("sqlalchemy.exc.InterfaceError", "sqlalchemy.exc.DBAPIError"),
    ("sqlalchemy.exc.DatabaseError", "sqlalchemy.exc.DBAPIError"),
    ("sqlalchemy.exc.DataError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.OperationalError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.IntegrityError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.InternalError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.ProgrammingError", "sqlalchemy.exc.DatabaseError"),
    ("sqlalchemy.exc.NotSupportedError", "sqlalchemy.exc.DatabaseError"),
];

/// Other names of the same classes.
const ALIASES: &[(&str, &str)] = &[
    ("builtins.EnvironmentError", "builtins.OSError"),
    ("builtins.IOError", "builtins.OSError"),
    ("asyncio.TimeoutError", "builtins.TimeoutError"),
    ("sqlalchemy.orm.exc.NoResultFound", "sqlalchemy.exc.NoResultFound"),
    (
        "sqlalchemy.orm.exc.MultipleResultsFound",
        "sqlalchemy.exc.MultipleResultsFound",
    ),
];

fn canonical(path: &str) -> &str {
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == path)
        .map_or(path, |(_, name)| name)
}

fn parent(path: &str) -> Option<&'static str> {
    PARENTS
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, parent)| *parent)
}

/// Whether a class of exceptions is derived from another; `None` where that is not known.
pub(super) fn derives(path: &str, from: &str) -> Option<bool> {
    let (path, from) = (canonical(path), canonical(from));
    let mut at = path;
    loop {
        if at == from {
            return Some(true);
        }
        match parent(at) {
            Some(next) => at = next,
            None if at == "builtins.BaseException" => return Some(false),
            None => break,
        }
    }
    // A class of a library that is not in the table.
    match from {
        "builtins.Exception" | "builtins.BaseException" => Some(true),
        _ => None,
    }
}

/// The class of an exception that is a term.
fn class_path<'v>(exception: &'v Value<'_>) -> Option<&'v str> {
    match exception {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => Some(path),
            TermKind::Call(callee, _) => callee.as_path(),
            _ => None,
        },
        _ => None,
    }
}

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// Whether an exception is one that `except class` takes.
    pub fn is_exception(&mut self, exception: &Value<'a>, class: &Value<'a>, at: Span) -> Truth {
        let unsure =
            |machine: &Self| Truth::Unknown(machine.gap(at, "it cannot be told which exception comes"));
        match class {
            Value::Tuple(classes) => {
                let mut out = Truth::No;
                for class in classes.clone().iter() {
                    match self.is_exception(exception, class, at) {
                        Truth::Yes => return Truth::Yes,
                        Truth::No => {}
                        unknown => out = unknown,
                    }
                }
                return out;
            }
            Value::Unknown(unknown) => return Truth::Unknown(unknown.gap.clone()),
            _ => {}
        }
        let everything = matches!(
            class.as_path(),
            Some("builtins.Exception" | "builtins.BaseException")
        );
        match exception {
            Value::Unknown(unknown) if unknown.candidates.is_empty() => {
                if everything {
                    Truth::Yes
                } else {
                    Truth::Unknown(unknown.gap.clone())
                }
            }
            Value::Unknown(unknown) => {
                let unknown = unknown.clone();
                let mut answers = unknown.candidates.iter().map(|c| self.is_exception(c, class, at));
                let first = answers.next().unwrap_or(Truth::No);
                if answers.all(|answer| answer == first) {
                    first
                } else {
                    Truth::Unknown(unknown.gap.clone())
                }
            }
            Value::Instance(_) => {
                let Some(own) = self.class_of(exception).and_then(|c| self.class(c)) else {
                    return unsure(self);
                };
                match class {
                    Value::Class(class) => {
                        let found = own
                            .order
                            .iter()
                            .any(|b| matches!(b, Value::Class(c) if c == class));
                        match (&own.open, found) {
                            (_, true) => Truth::Yes,
                            (Some(gap), false) => Truth::Unknown(gap.clone()),
                            (None, false) => Truth::No,
                        }
                    }
                    _ => {
                        let Some(wanted) = class.as_path() else {
                            return unsure(self);
                        };
                        let answers: Vec<Option<bool>> = own
                            .order
                            .iter()
                            .filter_map(|b| b.as_path())
                            .map(|b| derives(b, wanted))
                            .collect();
                        if answers.contains(&Some(true)) {
                            Truth::Yes
                        } else if answers.contains(&None) || own.open.is_some() {
                            unsure(self)
                        } else {
                            Truth::No
                        }
                    }
                }
            }
            _ => match (class_path(exception), class) {
                // A library's exception is none of the repository's classes.
                (Some(_), Value::Class(_)) => Truth::No,
                (Some(own), _) => match class.as_path().and_then(|wanted| derives(own, wanted)) {
                    Some(true) => Truth::Yes,
                    Some(false) => Truth::No,
                    None => unsure(self),
                },
                (None, _) if everything => Truth::Yes,
                (None, _) => unsure(self),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::derives;

    #[test]
    fn hierarchy() {
        assert_eq!(derives("builtins.KeyError", "builtins.LookupError"), Some(true));
        assert_eq!(derives("builtins.KeyError", "builtins.ValueError"), Some(false));
        assert_eq!(
            derives(
                "sqlalchemy.exc.ProgrammingError",
                "sqlalchemy.exc.SQLAlchemyError"
            ),
            Some(true)
        );
        assert_eq!(derives("builtins.IOError", "builtins.OSError"), Some(true));
        assert_eq!(derives("other.Error", "builtins.Exception"), Some(true));
        assert_eq!(derives("other.Error", "builtins.ValueError"), None);
        assert_eq!(derives("builtins.SystemExit", "builtins.Exception"), Some(false));
    }
}
