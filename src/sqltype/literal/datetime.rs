//! Dates and times in ISO form. Words whose value is that of the moment (`now`, `today`) cannot be told.

use super::{Literal, is_space};
use crate::sqltype::Builtin;

/// Words that stand for a date or time by themselves.
const WORDS: &[&str] = &[
    "now",
    "today",
    "tomorrow",
    "yesterday",
    "epoch",
    "infinity",
    "allballs",
];

/// What a text in another form comes to: a lone word that stands for nothing and a text without letters and
/// digits are refused, and so is a day that no month has.
fn other(ty: Builtin, text: &str) -> Literal {
    let word = text.trim_matches(is_space);
    let lone = word.chars().all(|c| c.is_ascii_alphabetic());
    let empty = !word.chars().any(|c| c.is_ascii_alphanumeric());
    if (lone || empty) && !WORDS.contains(&word.to_ascii_lowercase().as_str()) {
        let message = format!("invalid input syntax for type {}: \"{text}\"", ty.name());
        return Literal::Invalid("22007", message);
    }
    let parts: Vec<&str> = word.split('-').collect();
    if let [year, month, day] = parts.as_slice()
        && year.len() == 4
        && let (Some(_), Some(month), Some(_)) = (number(year, 4), number(month, 2), number(day, 2))
        && month > 12
    {
        return Literal::Invalid("22008", format!("date/time field value out of range: \"{text}\""));
    }
    UNTOLD
}

const UNTOLD: Literal = Literal::Untold("a date or time in another form than the ISO one");

struct Date {
    year: i64,
    month: u32,
    day: u32,
}

struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    /// Minutes east of UTC, where an offset is written.
    offset: Option<i32>,
}

fn number(text: &str, most: usize) -> Option<u32> {
    (!text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// `2024-02-29`: a year of four digits, month and day of one or two.
fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date {
        year: i64::from(number(year, 4)?),
        month: number(month, 2)?,
        day: number(day, 2)?,
    };
    let valid = date.year > 0 && (1..=12).contains(&date.month) && (1..=days_in(&date)).contains(&date.day);
    valid.then_some(date)
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(date: &Date) -> u32 {
    match date.month {
        4 | 6 | 9 | 11 => 30,
        2 if leap(date.year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `12:30`, `12:30:45.5`, with `Z` or an offset behind it.
fn parse_time(text: &str) -> Option<Time> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (
            text.get(..at)?.trim_end_matches(is_space),
            parse_offset(text.get(at..)?)?,
        ),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let (second, micros) = match parts.next() {
        Some(rest) => {
            let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
            if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let micros = format!("{fraction:0<6}").parse().ok()?;
            (number(whole, 2)?, micros)
        }
        None => (0, 0),
    };
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    valid.then_some(Time {
        hour,
        minute,
        second,
        micros,
        offset,
    })
}

/// The outer `None`: not understood.
#[allow(clippy::option_option, reason = "the inner one is a value")]
fn parse_offset(text: &str) -> Option<Option<i32>> {
    if text.eq_ignore_ascii_case("z") {
        return Some(Some(0));
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (number(hours, 2)?, number(minutes, 2)?),
        None if digits.len() == 4 => (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?),
        None => (number(digits, 2)?, 0),
    };
    (hours < 15 && minutes < 60).then_some(Some(sign * (hours * 60 + minutes) as i32))
}

fn print_date(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

fn print_time(time: &Time) -> String {
    let fraction = format!("{:06}", time.micros);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!(
        "{:02}:{:02}:{:02}{point}{fraction}",
        time.hour, time.minute, time.second
    )
}

/// Date and time parts; a date alone means midnight.
fn split(text: &str) -> Option<(Date, Time)> {
    let word = text.trim_matches(is_space);
    let midnight = Time {
        hour: 0,
        minute: 0,
        second: 0,
        micros: 0,
        offset: None,
    };
    match word.split_once([' ', 'T', 't']) {
        None => Some((parse_date(word)?, midnight)),
        Some((date, time)) => Some((parse_date(date)?, parse_time(time.trim_matches(is_space))?)),
    }
}

/// `infinity` and `-infinity`.
fn endless(text: &str) -> Option<Literal> {
    let word = text.trim_matches(is_space).to_ascii_lowercase();
    match word.as_str() {
        "infinity" | "-infinity" => Some(Literal::Text(word)),
        _ => None,
    }
}

fn is_epoch(text: &str) -> bool {
    text.trim_matches(is_space).eq_ignore_ascii_case("epoch")
}

pub(super) fn date(text: &str) -> Literal {
    if let Some(endless) = endless(text) {
        return endless;
    }
    if is_epoch(text) {
        return Literal::Text("1970-01-01".to_owned());
    }
    split(text).map_or_else(
        || other(Builtin::Date, text),
        |(date, _)| Literal::Text(print_date(&date)),
    )
}

pub(super) fn time(text: &str) -> Literal {
    match parse_time(text.trim_matches(is_space)) {
        Some(time) if time.offset.is_none() => Literal::Text(print_time(&time)),
        Some(_) => UNTOLD,
        None => other(Builtin::Time, text),
    }
}

/// A zone in the text is read and dropped.
pub(super) fn timestamp(text: &str) -> Literal {
    if let Some(endless) = endless(text) {
        return endless;
    }
    if is_epoch(text) {
        return Literal::Text("1970-01-01 00:00:00".to_owned());
    }
    split(text).map_or_else(
        || other(Builtin::Timestamp, text),
        |(date, time)| Literal::Text(format!("{} {}", print_date(&date), print_time(&time))),
    )
}

/// Printed in UTC; a text without a zone is taken as UTC too.
pub(super) fn timestamptz(text: &str) -> Literal {
    if let Some(endless) = endless(text) {
        return endless;
    }
    if is_epoch(text) {
        return Literal::Text("1970-01-01 00:00:00+00".to_owned());
    }
    let Some((date, time)) = split(text) else {
        return other(Builtin::Timestamptz, text);
    };
    let (date, time) = to_utc(date, time);
    if date.year < 1 || date.year > 9999 {
        return UNTOLD;
    }
    Literal::Text(format!("{} {}+00", print_date(&date), print_time(&time)))
}

fn to_utc(mut date: Date, mut time: Time) -> (Date, Time) {
    let offset = time.offset.unwrap_or(0);
    let minutes = (time.hour * 60 + time.minute) as i32 - offset;
    time.hour = (minutes.rem_euclid(1440) / 60) as u32;
    time.minute = (minutes.rem_euclid(60)) as u32;
    match minutes.div_euclid(1440) {
        1 => {
            date.day += 1;
            if date.day > days_in(&date) {
                date.day = 1;
                date.month += 1;
            }
            if date.month > 12 {
                date.month = 1;
                date.year += 1;
            }
        }
        -1 => {
            date.day -= 1;
            if date.day == 0 {
                date.month -= 1;
                if date.month == 0 {
                    date.month = 12;
                    date.year -= 1;
                }
                date.day = days_in(&date);
            }
        }
        _ => {}
    }
    (date, time)
}
