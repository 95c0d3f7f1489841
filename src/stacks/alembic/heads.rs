//! Several heads, and a script of the repository that upgrades to one.
//!
//! Source: `ScriptDirectory.get_current_head`: `head` is refused where there are several.

use super::header::Revision;
use crate::source::{FileId, Files, Span};
use crate::stacks::HistoryEvent;

/// What is said where a tree has several heads and something runs `upgrade head`.
#[must_use]
pub(super) fn check(files: &Files, revisions: &[Revision], heads: &[usize]) -> Option<HistoryEvent> {
    if heads.len() < 2 {
        return None;
    }
    let heads: Vec<&Revision> = heads.iter().filter_map(|at| revisions.get(*at)).collect();
    let bare = asks_for(files, "head")?;
    let names: Vec<&str> = heads.iter().map(|head| head.id.0.as_str()).collect();
    let message = format!(
        "`upgrade head` is refused, because there are {} heads: {}",
        heads.len(),
        names.join(", ")
    );
    let related = heads
        .iter()
        .map(|head| (head.id.1, "a head".to_owned()))
        .collect();
    Some(HistoryEvent {
        kind: "broken-revision-chain",
        span: bare,
        message,
        related,
    })
}

/// Where a program of the repository runs `alembic upgrade` with a word.
pub(super) fn asks_for(files: &Files, word: &str) -> Option<Span> {
    files
        .entries()
        .filter(|(file, entry)| may_run(&entry.path) && files.size(*file) < 1 << 20)
        .find_map(|(file, _)| upgrade_to(files, file, word))
}

/// Files that run commands.
pub(super) fn may_run(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(
        ending,
        "sh" | "bash" | "yml" | "yaml" | "toml" | "py" | "cfg" | "json" | "service"
    ) || name.starts_with("Dockerfile")
        || name.ends_with("Dockerfile")
        || matches!(
            name,
            "Makefile" | "makefile" | "justfile" | "Justfile" | "Procfile"
        )
}

/// Where a file runs `alembic upgrade` with a word, in a shell or by Alembic's own functions.
fn upgrade_to(files: &Files, file: FileId, word: &str) -> Option<Span> {
    let text = files.text(file);
    if !text.contains(word) || !text.contains("upgrade") {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let body = line.trim();
        if body.starts_with(['#', '/']) {
            continue;
        }
        let shell = (has_word(body, "alembic") || body.contains("flask db")) && has_command(body, word);
        let words = [format!("\"{word}\""), format!("'{word}'")];
        let call = has_word(body, "upgrade(") && words.iter().any(|word| body.contains(word.as_str()));
        if shell || call {
            let lead = line.len() - line.trim_start().len();
            return Some(Span::new(file, at + lead, at + lead + body.len()));
        }
    }
    None
}

/// Whether a line names something, not as a part of another name: what `run_alembic("upgrade", "head")` asks for is its own affair.
fn has_word(line: &str, wanted: &str) -> bool {
    line.match_indices(wanted).any(|(at, _)| {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + wanted.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_name)
            && (wanted.ends_with('(') || !after.is_some_and(|c| is_name(c) || c == '('))
    })
}

fn has_command(line: &str, wanted: &str) -> bool {
    line.match_indices("upgrade").any(|(at, word)| {
        let rest = line.get(at + word.len()..).unwrap_or("");
        let next: String = rest
            .chars()
            .skip_while(|c| !c.is_alphanumeric())
            .take_while(|c| c.is_alphanumeric() || matches!(c, '@' | '_' | ':'))
            .collect();
        next == wanted
    })
}

#[cfg(test)]
mod tests {
    use super::{has_command, has_word};

    #[test]
    fn commands() {
        assert!(has_command("alembic upgrade head", "head"));
        assert!(has_command("[\"alembic\", \"upgrade\", \"head\"]", "head"));
        assert!(!has_command("alembic upgrade heads", "head"));
        assert!(!has_command("alembic upgrade ab12@head", "head"));
        assert!(has_word("python -m alembic upgrade head", "alembic"));
        assert!(has_word("command.upgrade(config, \"head\")", "upgrade("));
        assert!(!has_word("run_alembic(\"upgrade\", \"head\")", "alembic"));
        assert!(!has_word("self.do_upgrade(\"head\")", "upgrade("));
    }
}
