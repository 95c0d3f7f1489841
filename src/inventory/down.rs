//! Whether a migration can be taken back by its own tool: what came of its down side where it was run, else whether it is there and says
//! something.

use super::Cell;
use crate::rules::Context;
use crate::rules::ways_back::{apart, differs, name};
use crate::source::{FileId, Files};
use crate::stacks::History;
use crate::stacks::back::{Back, Way};
use crate::syntax::python::{Trees, ast};

/// Whether more is told of a way back by running it than by its text: it changes a database, fails on it, or cannot be gone.
pub(super) fn is_told_by_running(ctx: &Context<'_>, back: &Back) -> bool {
    match &back.way {
        Way::None => false,
        Way::Refused(..) => true,
        Way::Ran(ran) => {
            !ran.failures.is_empty()
                || ran.unread.is_some()
                || differs(ctx, &back.between, &ran.after) == Some(true)
        }
    }
}

/// What came of a migration's way back in one database, and what is to be said of it.
pub(super) fn ran(ctx: &Context<'_>, back: &Back, said: impl FnOnce() -> Cell) -> (Cell, Option<String>) {
    let ran = match &back.way {
        Way::None => return (Cell::Is(false), None),
        Way::Refused(_, what) => return (Cell::Is(false), Some(format!("its way back refuses: {what}"))),
        Way::Ran(ran) => ran,
    };
    if let Some(misstep) = ran.failures.first() {
        let failure = &misstep.failure;
        let word = format!("fails {}", failure.sqlstate);
        return (
            Cell::text(word),
            Some(format!("its way back: {}", failure.message)),
        );
    }
    if let Some(gap) = &ran.unread {
        return (Cell::Unknown(gap.why.clone()), None);
    }
    // What nothing makes may be there all the same.
    let known = back.between.tables.iter().count();
    let mut used = ran.after.tables.iter().skip(known).map(|(_, table)| table);
    if let Some(table) = used.find(|table| table.presumed.is_some()) {
        return (
            Cell::Unknown(format!("its way back uses {}, which nothing makes", table.name)),
            None,
        );
    }
    let left = apart(ctx, &back.before, &ran.after);
    if let Some(first) = left.differences.first() {
        return match differs(ctx, &back.between, &ran.after) {
            Some(false) => (Cell::Is(false), Some("its way back changes nothing".to_owned())),
            _ => {
                let way = match (&first.left, &first.right) {
                    (None, _) => "leaves",
                    (_, None) => "does not bring back",
                    _ => "leaves otherwise",
                };
                (
                    Cell::text("in part"),
                    Some(format!("its way back {way} {}", name(first))),
                )
            }
        };
    }
    if let Some(untold) = left.untold.first() {
        return (Cell::Unknown(untold.gap.why.clone()), None);
    }
    // Where the schema stays as it is, what becomes of rows is not told by it.
    match differs(ctx, &back.before, &back.between) {
        Some(false) => match said() {
            Cell::Unknown(_) if ran.sent => (Cell::Is(true), None),
            told => (told, None),
        },
        _ => (Cell::Is(true), None),
    }
}

/// Yes, no, or why it cannot be told, by the text of a migration's file.
pub(super) fn reversible(files: &Files, history: &History, file: FileId) -> Cell {
    let path = files.path(file);
    let text = files.text(file);
    let beside = |other: String| {
        Cell::Is(
            files
                .find(&other)
                .is_some_and(|file| has_statement(&files.text(file))),
        )
    };
    match history.stack {
        "alembic" => python(files, file),
        "ecto" if path.ends_with(".sql") => Cell::Is(false),
        "ecto" => elixir(&text),
        "dbmate" => section(&text, "-- migrate:down", "-- migrate:up"),
        "sql-migrate" => section(&text, "-- +migrate down", "-- +migrate up"),
        "goose" => section(&text, "-- +goose down", "-- +goose up"),
        "node-pg-migrate" if path.ends_with(".up.sql") => beside(path.replace(".up.sql", ".down.sql")),
        "node-pg-migrate" => section(&text, "-- down migration", "-- up migration"),
        "golang-migrate" | "sqlx" => beside(path.replace(".up.sql", ".down.sql")).and_differs(path),
        "diesel" => beside(path.replace("up.sql", "down.sql")).and_differs(path),
        "flyway" => {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Some(rest) = name.strip_prefix('V') else {
                return Cell::Is(false);
            };
            beside(format!("{folder}/U{rest}"))
        }
        // Their tools only ever go forward.
        "prisma" | "supabase" | "refinery" | "drizzle" | "postgres-migrations" | "sql" => Cell::Is(false),
        "atlas" => Cell::Unknown("Atlas plans the way back when it is asked to".to_owned()),
        _ => Cell::Unknown("how its tool goes back is not known".to_owned()),
    }
}

impl Cell {
    /// A file without the ending that tells up from down has no other side.
    fn and_differs(self, path: &str) -> Cell {
        let told = path.ends_with(".up.sql") || path.ends_with("/up.sql");
        if told { self } else { Cell::Is(false) }
    }
}

/// Whether a text of SQL holds more than comments.
fn has_statement(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.any(|line| !line.is_empty() && !line.starts_with("--") && line != ";")
}

/// The part of a file below a marker, up to the other one.
fn section(text: &str, down: &str, up: &str) -> Cell {
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find(down) else {
        return Cell::Is(false);
    };
    let rest = lower.get(at + down.len()..).unwrap_or("");
    let rest = rest.find(up).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
    let rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    Cell::Is(has_statement(rest))
}

/// `downgrade`: not there, does nothing, raises at once, or does something.
fn python(files: &Files, file: FileId) -> Cell {
    let trees = Trees::of(files);
    let parsed = trees.get(files, file);
    let down = parsed.body.body.iter().find_map(|statement| match statement {
        ast::Stmt::FunctionDef(def) if def.name.as_str() == "downgrade" => Some(def),
        _ => None,
    });
    let Some(down) = down else {
        return Cell::Is(false);
    };
    match down.body.iter().find(|statement| says(statement)) {
        None | Some(ast::Stmt::Raise(_)) => Cell::Is(false),
        Some(_) => Cell::Is(true),
    }
}

/// Whether a statement does anything: a guard that only leaves does not.
fn says(statement: &ast::Stmt) -> bool {
    match statement {
        ast::Stmt::Pass(_) => false,
        ast::Stmt::Return(back) => back.value.is_some(),
        ast::Stmt::Expr(expr) => !matches!(
            *expr.value,
            ast::Expr::StringLiteral(_) | ast::Expr::EllipsisLiteral(_)
        ),
        ast::Stmt::If(guard) => {
            let leaves = |s: &ast::Stmt| matches!(s, ast::Stmt::Pass(_) | ast::Stmt::Return(_));
            !guard.body.iter().all(leaves)
                || !guard.elif_else_clauses.iter().all(|c| c.body.iter().all(leaves))
        }
        _ => true,
    }
}

/// The head of a definition that begins here, up to its `do`.
fn header(text: &str) -> &str {
    let end = text.find(" do\n").map_or(0, |at| at + 3);
    let one_line = text.find(", do:").is_some_and(|at| at < end);
    if one_line {
        ""
    } else {
        text.get(..end).unwrap_or("")
    }
}

/// `down`, or a `change` that only makes what can be taken away again (`Ecto.Migration.Runner.reverse`).
fn elixir(text: &str) -> Cell {
    let body = |name: &str| {
        let start = text.match_indices(&format!("def {name}")).find(|(at, word)| {
            let after = text.as_bytes().get(at + word.len());
            matches!(after, Some(b' ' | b'('))
                && text.get(*at..).is_some_and(|rest| header(rest).ends_with(" do"))
        });
        let rest = text.get(start?.0..)?;
        let rest = rest.get(header(rest).len()..)?;
        let end = rest.find("\n  end").unwrap_or(rest.len());
        rest.get(..end)
            .map(|body| body.split_once('\n').map_or("", |(_, body)| body))
    };
    let one_line = |name: &str| {
        text.contains(&format!("def {name}, do:")) || text.contains(&format!("def {name}(), do:"))
    };
    if let Some(down) = body("down") {
        let code = down
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty() && !l.starts_with('#'));
        let code: Vec<&str> = code.collect();
        return Cell::Is(match code.as_slice() {
            [] | [":ok" | "nil"] => false,
            [first, ..] => !first.starts_with("raise"),
        });
    }
    if one_line("down") {
        let does = !text.contains("def down, do: :ok")
            && !text.contains("def down, do: raise")
            && !text.contains("def down, do: nil");
        return Cell::Is(does);
    }
    let Some(change) = body("change") else {
        return if one_line("change") {
            Cell::Unknown("what `change` does on the way back is not followed".to_owned())
        } else {
            Cell::Is(false)
        };
    };
    let words: Vec<&str> = change
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .collect();
    let doubtful = [
        "execute",
        "modify",
        "remove",
        "drop",
        "drop_if_exists",
        "flush",
        "repo",
        "if",
        "for",
        "raise",
    ];
    match words.iter().find(|w| doubtful.contains(w)) {
        Some(word) => Cell::Unknown(format!(
            "whether `{word}` in `change` can be taken back is not followed"
        )),
        None => Cell::Is(true),
    }
}
