//! Scripts that lead a database from one release of a program to the next (`2.0.0to2.0.1.sql`, `1.4-to-1.5.sql`): people run those that
//! their database lacks, other steps between them, and a new database is made by none of them. They are no history.

use super::index::Inside;

/// What such scripts are called where they are said.
pub(super) const STACK: &str = "scripts between releases";

/// Whether the SQL files of a folder are such scripts: two or more, and nothing else.
pub(super) fn fill(inside: &Inside<'_>) -> bool {
    let names = inside.items.iter().map(|item| item.name);
    let mut sql = names.filter(|name| name.ends_with(".sql"));
    sql.clone().count() > 1 && sql.all(leads_on)
}

/// Whether a file is named after two versions.
fn leads_on(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let Some(stem) = lower.strip_suffix(".sql") else {
        return false;
    };
    let trimmed = |part: &str| {
        let part = part.trim_matches(['-', '_', ' ']);
        part.strip_prefix('v').unwrap_or(part).to_owned()
    };
    stem.match_indices("to").any(|(at, word)| {
        let (from, to) = (trimmed(&stem[..at]), trimmed(&stem[at + word.len()..]));
        let of_version = |c: char| c.is_ascii_alphanumeric() || c == '.';
        is_version(&from) && from.chars().all(of_version) && is_version(&to)
    })
}

/// Whether a text begins with a version: numbers parted by dots.
fn is_version(text: &str) -> bool {
    let numbers = text.trim_end_matches(|c: char| c != '.' && !c.is_ascii_digit());
    let mut parts = numbers.split('.');
    let is_number = |part: Option<&str>| part.is_some_and(|p| p.starts_with(|c: char| c.is_ascii_digit()));
    is_number(parts.next()) && is_number(parts.next())
}

#[cfg(test)]
mod tests {
    use super::leads_on;

    #[test]
    fn two_versions_are_a_step_between_releases() {
        for name in [
            "2.0.0to2.0.1.sql",
            "2.0.0beta4-to-2.0.0beta5.sql",
            "2.5.5to2.6.0-update-sensitivity.sql",
            "v1.2_to_v1.3.sql",
        ] {
            assert!(leads_on(name), "{name}");
        }
        for name in [
            "1_move_to_2.sql",
            "001_add_tokens.sql",
            "2.0.0_total.sql",
            "20240101_from_1.0_to_2.0.sql",
            "2.0.0.sql",
            "1to2.sql",
            "2.0.0to2.0.1.sh",
        ] {
            assert!(!leads_on(name), "{name}");
        }
    }
}
