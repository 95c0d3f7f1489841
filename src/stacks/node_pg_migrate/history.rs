//! node-pg-migrate's history.
//!
//! Source: `src/migration.ts` (files that are not hidden), `src/utils/comparators.ts` (by the number in front, 17 digits being a
//! UTC date, then by name), `src/sqlMigration.ts` (SQL files: from the comment `-- Up Migration` to `-- Down Migration`, the whole
//! file where there is none). All migrations run in one transaction unless set otherwise.

use std::ops::Range;

use crate::config::Given;
use crate::session::RunMode;
use crate::source::FileId;
use crate::stacks::history::{Draft, plain};
use crate::stacks::{Folder, History};

/// Reads the migrations folder.
#[must_use]
pub fn read(folder: Folder<'_>, _: &Given) -> History {
    let mut draft = Draft::new("node-pg-migrate", folder);
    let mut found: Vec<(u128, &str, FileId)> = folder
        .items()
        .filter(|i| i.name.ends_with(".sql") || plain::is_program(i.name))
        .filter(|i| !i.name.ends_with(".down.sql"))
        .filter_map(|i| Some((instant(i.name)?, i.name, i.file)))
        .collect();
    found.sort();
    for (_, name, file) in found {
        if !name.ends_with(".sql") {
            draft.program(name, file);
        } else if let Some(text) = draft.text(name, file) {
            let up = text.slice(up_part(text.as_str()));
            draft.part(name, file, up, RunMode::Transaction);
        }
    }
    draft.finish()
}

/// The number that a file is ordered by: 17 digits are a UTC date, taken as milliseconds since 1970.
fn instant(name: &str) -> Option<u128> {
    let number = plain::number(name)?;
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 17 {
        return Some(number);
    }
    let at = |from: u32, digits: u32| (number / 10u128.pow(17 - from - digits) % 10u128.pow(digits)) as i64;
    let (year, month, day) = (at(0, 4), at(4, 2), at(6, 2));
    // Days since 1970 of the proleptic Gregorian calendar, years beginning in March.
    let shifted = year - i64::from(month <= 2);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let milliseconds = (((days * 24 + at(8, 2)) * 60 + at(10, 2)) * 60 + at(12, 2)) * 1000 + at(14, 3);
    u128::try_from(milliseconds).ok()
}

/// The up part of a SQL file.
#[must_use]
pub fn up_part(text: &str) -> Range<usize> {
    let find = |direction| {
        plain::lines(text)
            .find(|(_, line)| is_mark(line, direction))
            .map(|(at, _)| at)
    };
    match (find("up"), find("down")) {
        (None, _) => 0..text.len(),
        (Some(up), Some(down)) if down > up => up..down,
        (Some(up), _) => up..text.len(),
    }
}

/// `^\s*--[\s-]*up\s+migration`, whatever the case.
#[must_use]
pub fn is_mark(line: &str, direction: &str) -> bool {
    let line = line.trim_start().to_ascii_lowercase();
    let Some(rest) = line.strip_prefix("--") else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '-');
    rest.strip_prefix(direction)
        .is_some_and(|r| r.starts_with(char::is_whitespace) && r.trim_start().starts_with("migration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_parts() {
        assert_eq!(instant("20200513070724505_a.sql"), Some(1_589_353_644_505));
        assert_eq!(instant("1589353644505_a.js"), Some(1_589_353_644_505));
        let text = "-- Up Migration\nA;\n-- Down Migration\nB;";
        assert_eq!(&text[up_part(text)], "-- Up Migration\nA;\n");
        assert_eq!(up_part("A;"), 0..2);
    }
}
