//! The place in a history that is named: a migration, or what was before it.

use crate::config::Misuse;
use crate::source::Files;
use crate::stacks::History;

/// Names that are offered where there is no such migration.
const OFFERED: usize = 5;

/// The last migration that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Last {
    /// None runs.
    None,
    /// Up to and with this one: the history's number, and the migration's in it.
    Of(usize, usize),
}

/// The place by a migration's name: the whole name, else what exactly one name, or one file's name, begins with. `0042^` is the place
/// before `0042`. `None` where there is no such migration.
pub(super) fn place(files: &Files, histories: &[History], at: &str) -> Option<Last> {
    let (at, before) = match at.strip_suffix('^') {
        Some(at) => (at, true),
        None => (at, false),
    };
    let (h, m) = find(files, histories, at)?;
    if !before {
        return Some(Last::Of(h, m));
    }
    Some(match (h, m.checked_sub(1)) {
        (h, Some(m)) => Last::Of(h, m),
        (0, None) => Last::None,
        (h, None) => match histories.get(h - 1).map(|other| other.migrations.len()) {
            Some(many) if many > 0 => Last::Of(h - 1, many - 1),
            _ => Last::None,
        },
    })
}

fn find(files: &Files, histories: &[History], at: &str) -> Option<(usize, usize)> {
    let all = || {
        let numbered = histories.iter().zip(0..);
        numbered.flat_map(|(history, h)| {
            let migrations = history.migrations.iter().zip(0..);
            migrations.map(move |(m, i)| (m, (h, i)))
        })
    };
    let file = |m: &crate::session::Migration| {
        let path = files.path(m.file);
        path.rsplit('/').next().unwrap_or(path).to_owned()
    };
    let whole = all().filter(|(m, _)| m.name == at || file(m) == at).last();
    if let Some((_, place)) = whole {
        return Some(place);
    }
    let only = |begins: &dyn Fn(&crate::session::Migration) -> bool| {
        let mut found = all().filter(|(m, _)| begins(m));
        let (first, place) = found.next()?;
        found.all(|(other, _)| other.name == first.name).then_some(place)
    };
    only(&|m| m.name.starts_with(at)).or_else(|| only(&|m| file(m).starts_with(at)))
}

/// There is no such migration in any of the histories.
pub(super) fn missing<'h>(files: &Files, histories: impl Iterator<Item = &'h History>, at: &str) -> Misuse {
    let wanted = at.trim_end_matches('^');
    let migrations = histories.flat_map(|history| &history.migrations);
    let mut names: Vec<(bool, usize, String)> = migrations
        .map(|m| {
            let path = files.path(m.file);
            let file = path.rsplit('/').next().unwrap_or(path);
            let shown = if file.contains(m.name.as_str()) || path.contains(m.name.as_str()) {
                m.name.clone()
            } else {
                format!("{} ({file})", m.name)
            };
            let apart = !(m.name.contains(wanted) || file.contains(wanted));
            let head: String = m.name.chars().take(wanted.chars().count()).collect();
            (apart, strsim::damerau_levenshtein(wanted, &head), shown)
        })
        .collect();
    names.sort();
    names.dedup();
    let near: Vec<String> = names.into_iter().take(OFFERED).map(|(.., name)| name).collect();
    Misuse {
        what: format!("there is no migration {at:?}, or more than one begins so"),
        help: match near.as_slice() {
            [] => "there are no migrations here".to_owned(),
            near => format!("the nearest are {}", near.join(", ")),
        },
    }
}
