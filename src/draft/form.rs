//! A draft in the form of the stack that will run it: where its file lies, what it is called, and what stands around the statements.

use super::{Draft, Effect, Step, native};
use crate::source::Files;
use crate::stacks::History;

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the listing.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a migration is called and when it was drafted.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// Words, as people say them.
    pub name: &'a str,
    /// `20260102030405`, in UTC.
    pub stamp: &'a str,
}

/// What a new migration follows.
#[derive(Debug, Clone, Default)]
pub struct Last {
    /// The name of the last migration; a revision's id.
    name: Option<String>,
    /// Its path, empty where there is none.
    path: String,
    /// Its text.
    text: String,
}

impl Last {
    /// The last migration of a history.
    #[must_use]
    pub fn of(files: &Files, history: &History) -> Last {
        history.migrations.last().map_or_else(Last::default, |last| Last {
            name: Some(last.name.clone()),
            path: files.path(last.file).to_owned(),
            text: files.text(last.file).to_string(),
        })
    }

    /// A draft as the last migration.
    #[must_use]
    pub fn drafted(file: &File, called: Called<'_>) -> Last {
        Last {
            name: Some(revision(called.stamp, &slug(called.name))),
            path: file.path.clone(),
            text: file.text.clone(),
        }
    }
}

/// The files of a draft: the migration first.
///
/// # Errors
/// Why none can be drafted for this history.
pub fn files(
    draft: &Draft,
    files: &Files,
    history: &History,
    called: Called<'_>,
) -> Result<Vec<File>, String> {
    files_after(draft, history, &Last::of(files, history), called)
}

/// The same after a migration that need not be written yet.
///
/// # Errors
/// Why none can be drafted for this history.
pub fn files_after(
    draft: &Draft,
    history: &History,
    last: &Last,
    called: Called<'_>,
) -> Result<Vec<File>, String> {
    let slug = slug(called.name);
    let last_path = last.path.as_str();
    let (folder, last_name) = last_path.rsplit_once('/').unwrap_or(("", last_path));
    let (parent, last_folder) = folder.rsplit_once('/').unwrap_or(("", folder));
    let sql =
        |before: &str, after: &str| format!("{}{before}{}{after}", head(draft, "--"), statements(draft));
    let one = |path: String, text: String| Ok(vec![File { path, text }]);
    if last_path.is_empty() && history.stack != "prisma" {
        return Err("there is no migration yet whose form it could take".to_owned());
    }
    match history.stack {
        "prisma" => {
            let root = if parent.is_empty() {
                history.root.as_str()
            } else {
                parent
            };
            one(
                format!("{root}/{}_{slug}/migration.sql", after(called.stamp, last_folder)),
                sql("", ""),
            )
        }
        "alembic" => {
            let parents = match &last.name {
                Some(name) => name.as_str(),
                None => return Err("there is no revision yet that it could follow".to_owned()),
            };
            if history.events.iter().any(|e| e.message.contains("heads")) {
                return Err("there are several heads; merge them first".to_owned());
            }
            let revision = revision(called.stamp, &slug);
            let text = alembic(draft, called, &revision, parents);
            one(joined(folder, &format!("{revision}_{slug}.py")), text)
        }
        "ecto" => {
            let stamp = after(called.stamp, last_name);
            one(
                joined(folder, &format!("{stamp}_{slug}.exs")),
                ecto(draft, &slug, &last.text),
            )
        }
        "diesel" => {
            let dashed = last_folder.get(4..5) == Some("-");
            let stamp = match called.stamp.split_at_checked(8) {
                Some((day, time)) if dashed => {
                    format!("{}-{}-{}-{time}", &day[..4], &day[4..6], &day[6..])
                }
                _ => next_number(last_folder, called.stamp).map_or(called.stamp.to_owned(), |(n, _)| n),
            };
            let stem = joined(parent, &format!("{stamp}_{slug}"));
            Ok(vec![
                File {
                    path: format!("{stem}/up.sql"),
                    text: sql("", ""),
                },
                File {
                    path: format!("{stem}/down.sql"),
                    text: "-- The way back is not drafted.\n".to_owned(),
                },
            ])
        }
        "goose" => one(
            next(folder, last_name, &slug, called.stamp)?,
            sql(
                "-- +goose Up\n",
                "\n-- +goose Down\n-- The way back is not drafted.\n",
            ),
        ),
        "sql-migrate" => one(
            next(folder, last_name, &slug, called.stamp)?,
            sql(
                "-- +migrate Up\n",
                "\n-- +migrate Down\n-- The way back is not drafted.\n",
            ),
        ),
        "dbmate" => one(
            next(folder, last_name, &slug, called.stamp)?,
            sql(
                "-- migrate:up\n",
                "\n-- migrate:down\n-- The way back is not drafted.\n",
            ),
        ),
        "node-pg-migrate" => one(
            next(folder, last_name, &slug, called.stamp)?,
            sql(
                "-- Up Migration\n",
                "\n-- Down Migration\n-- The way back is not drafted.\n",
            ),
        ),
        "golang-migrate" | "sqlx" | "flyway" | "supabase" | "refinery" | "postgres-migrations" | "sql" => {
            let path = next(folder, last_name, &slug, called.stamp)?;
            let mut out = vec![File {
                path: path.clone(),
                text: sql("", ""),
            }];
            if let Some(stem) = path.strip_suffix(".up.sql") {
                out.push(File {
                    path: format!("{stem}.down.sql"),
                    text: "-- The way back is not drafted.\n".to_owned(),
                });
            }
            Ok(out)
        }
        "drizzle" => Err("Drizzle keeps a journal of its migrations: let drizzle-kit generate it".to_owned()),
        "atlas" => Err("Atlas keeps a sum of its migrations: let `atlas migrate diff` write it".to_owned()),
        other => Err(format!("migrations of {other} are not drafted")),
    }
}

/// Says at the top that it is a draft, and what it is of.
fn head(draft: &Draft, comment: &str) -> String {
    let mut out =
        format!("{comment} A draft by schemalign: read it, try it and change it before it is applied.\n");
    let mut answers: Vec<&str> = draft.answers().collect();
    answers.sort_unstable();
    answers.dedup();
    let list = |out: &mut String, title: &str, keys: &[&str]| {
        if !keys.is_empty() {
            out.push_str(&format!("{comment}\n{comment} {title}\n"));
            for key in keys {
                out.push_str(&format!("{comment}   {}\n", in_comment(key)));
            }
        }
    };
    for line in &draft.about {
        out.push_str(&format!("{comment} {}\n", in_comment(line)));
    }
    if draft.about.is_empty() {
        list(&mut out, "It answers:", &answers);
    }
    let left: Vec<&str> = draft.left.iter().map(String::as_str).collect();
    list(&mut out, "Left to you:", &left);
    out.push('\n');
    out
}

/// Text of files in one line of a comment.
fn in_comment(text: &str) -> String {
    let line = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            '?'
        } else {
            c
        }
    };
    text.chars().map(line).collect()
}

/// The statements; those that destroy something are comments.
fn statements(draft: &Draft) -> String {
    let mut out = String::new();
    for step in steps(draft, Effect::Keeps) {
        if let Some(note) = step.note {
            out.push_str(&format!("-- {note}\n"));
        }
        for statement in &step.statements {
            out.push_str(&format!("{statement};\n"));
        }
    }
    out.push_str(&destroying(draft, "--"));
    out
}

fn steps(draft: &Draft, effect: Effect) -> impl Iterator<Item = &Step> {
    let of = move |step: &&Step| step.effect == effect && !step.statements.is_empty();
    draft.steps.iter().filter(of)
}

/// What would destroy something, as comments.
fn destroying(draft: &Draft, comment: &str) -> String {
    let mut out = String::new();
    for step in steps(draft, Effect::Destroys) {
        if out.is_empty() {
            out.push_str(&format!("\n{comment} Not done unless you say so:\n"));
        }
        if let Some(note) = step.note {
            out.push_str(&format!("{comment} ({note})\n"));
        }
        let end = if comment == "--" { ";" } else { "" };
        for statement in &step.statements {
            let statement = format!("{statement}{end}");
            for line in statement.split(['\n', '\r']) {
                out.push_str(&format!("{comment} {}\n", in_comment(line)));
            }
        }
    }
    out
}

fn alembic(draft: &Draft, called: Called<'_>, revision: &str, parent: &str) -> String {
    let mut body = String::new();
    for step in steps(draft, Effect::Keeps) {
        if let Some(note) = step.note {
            body.push_str(&format!("    # {note}\n"));
        }
        match step.operation.as_ref().and_then(native::alembic) {
            Some(call) => body.push_str(&format!("    {call}\n")),
            None => {
                for statement in &step.statements {
                    body.push_str(&format!("    op.execute({})\n", python(&bound(statement))));
                }
            }
        }
    }
    let imports = if body.contains("sa.Column(") {
        "import sqlalchemy as sa\n"
    } else {
        ""
    };
    for line in destroying(draft, "#").lines() {
        body.push_str(&match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        });
    }
    if steps(draft, Effect::Keeps).next().is_none() {
        body.push_str("    pass\n");
    }
    format!(
        "{}\n{imports}from alembic import op\n\nrevision = {}\ndown_revision = {}\nbranch_labels = None\ndepends_on = None\n\n\n\
         def upgrade():\n{}\n\ndef downgrade():\n    raise NotImplementedError(\"the way back is not drafted\")\n",
        head(draft, "#").trim_end().to_owned() + "\n#\n# " + &in_comment(called.name) + "\n",
        python(revision),
        python(parent),
        body
    )
}

/// A statement as `text()` reads it: a colon before a word would begin a parameter (sqlalchemy, `TextClause._bind_params_regex`).
fn bound(statement: &str) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut before = ' ';
    let mut chars = statement.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if c == ':' && before != ':' && next.is_some_and(|n| n.is_alphanumeric() || n == '_') {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

/// A literal of Python; one of several lines stays so.
pub(super) fn python(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push('\n'),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    let quotes = if out.contains('\n') { "\"\"\"" } else { "\"" };
    format!("{quotes}{out}{quotes}")
}

fn ecto(draft: &Draft, slug: &str, last: &str) -> String {
    let mut body = String::new();
    for step in steps(draft, Effect::Keeps) {
        if let Some(note) = step.note {
            body.push_str(&format!("    # {note}\n"));
        }
        match step.operation.as_ref().and_then(native::ecto) {
            Some(command) => {
                for line in command.lines() {
                    body.push_str(&format!("    {line}\n"));
                }
            }
            None => {
                for statement in &step.statements {
                    body.push_str(&format!("    execute({})\n", elixir(statement)));
                }
            }
        }
    }
    for line in destroying(draft, "#").lines() {
        body.push_str(&match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        });
    }
    if steps(draft, Effect::Keeps).next().is_none() {
        body.push_str("    :ok\n");
    }
    // The last migration's own namespace.
    let module = last
        .split("defmodule ")
        .nth(1)
        .and_then(|rest| rest.split_whitespace().next());
    let namespace = module
        .and_then(|module| module.rsplit_once('.'))
        .map(|(namespace, _)| namespace);
    let camel: String = slug.split('_').map(capital).collect();
    let name = match namespace {
        Some(namespace) => format!("{namespace}.{camel}"),
        None => format!("Repo.Migrations.{camel}"),
    };
    format!(
        "{}defmodule {name} do\n  use Ecto.Migration\n\n  def up do\n{body}  end\n\n  def down do\n    raise \"the way back is not drafted\"\n  end\nend\n",
        head(draft, "#")
    )
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// A literal of Elixir.
pub(super) fn elixir(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '#' => out.push_str("\\#"),
            c if c.is_control() && c != '\n' => out.push_str(&format!("\\x{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `add_users_email`: words of letters and digits.
fn slug(name: &str) -> String {
    let words = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let out = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_");
    // A module's name begins with a letter.
    match out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => out,
        false => format!("draft_{out}").trim_end_matches('_').to_owned(),
    }
}

/// Twelve digits as Alembic's own, the same for the same draft.
fn revision(stamp: &str, slug: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in stamp.bytes().chain(slug.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{:012x}", hash & 0xffff_ffff_ffff)
}

fn joined(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The stamp, or one more than the last name's where that is later.
fn after(stamp: &str, last: &str) -> String {
    let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
    match (digits.parse::<u64>(), stamp.parse::<u64>()) {
        (Ok(held), Ok(now)) if held >= now => (held + 1).to_string(),
        _ => stamp.to_owned(),
    }
}

/// The number that follows that of the last name, and what stands between it and the words.
fn next_number(last: &str, stamp: &str) -> Option<(String, String)> {
    let start = last.find(|c: char| c.is_ascii_digit())?;
    let rest = last.get(start..)?;
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at_checked(length)?;
    let number = match digits.len() {
        12.. => after(stamp.get(..digits.len().min(14))?, digits),
        width => format!("{:0width$}", digits.parse::<u64>().ok()?.checked_add(1)?),
    };
    // Versions of several parts: the first is counted on.
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let between: String = rest.chars().take_while(|c| matches!(c, '_' | '-')).collect();
    let between = if between.is_empty() {
        "_".to_owned()
    } else {
        between
    };
    Some((format!("{}{number}", last.get(..start)?), between))
}

/// The path that follows the last in a folder of numbered files.
fn next(folder: &str, last: &str, slug: &str, stamp: &str) -> Result<String, String> {
    let (number, between) = next_number(last, stamp)
        .filter(|_| last.to_ascii_lowercase().ends_with(".sql"))
        .ok_or_else(|| format!("{last} has no number that could be counted on"))?;
    let ending = if last.ends_with(".up.sql") {
        ".up.sql"
    } else {
        ".sql"
    };
    Ok(joined(folder, &format!("{number}{between}{slug}{ending}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_last() {
        let stamp = "20260102030405";
        let next = |last| next("m", last, "add", stamp).unwrap_or_else(|error| error);
        assert_eq!(next("0009_users.sql"), "m/0010_add.sql");
        assert_eq!(next("V7__users.sql"), "m/V8__add.sql");
        assert_eq!(next("V1.2__users.sql"), "m/V2__add.sql");
        assert_eq!(next("000003_users.up.sql"), "m/000004_add.up.sql");
        assert_eq!(next("20250101000000_users.sql"), "m/20260102030405_add.sql");
        assert_eq!(next("20990101000000-users.sql"), "m/20990101000001-add.sql");
        assert!(next("users.sql").contains("no number"));
    }

    #[test]
    fn literals_hold_what_they_are_given() {
        assert_eq!(python("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(bound("a::int ':b' c :d"), "a::int '\\:b' c \\:d");
        assert_eq!(elixir("a#{b}\""), "\"a\\#{b}\\\"\"");
        assert_eq!(slug("Add users' e-mail!"), "add_users_e_mail");
        assert_eq!(slug("7"), "draft_7");
    }
}
