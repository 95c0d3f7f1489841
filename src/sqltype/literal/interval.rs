//! Intervals: `1 day`, `01:30:00`, `2 years 3 mons`, `PT1H`, printed in the server's own style.

use super::{Literal, is_space};
use crate::sqltype::Modifier;

const UNTOLD: Literal = Literal::Untold("an interval in an uncommon form");

#[derive(Default)]
struct Interval {
    months: i64,
    days: i64,
    micros: i64,
}

const SECOND: i64 = 1_000_000;

pub(super) fn interval(text: &str, modifier: Option<&Modifier>) -> Literal {
    let fields = match modifier {
        None => "",
        Some(Modifier::Interval {
            fields,
            seconds: None,
        }) => fields.as_str(),
        Some(_) => return UNTOLD,
    };
    let word = text.trim_matches(is_space);
    let parsed = match text.strip_prefix('P') {
        Some(iso) if fields.is_empty() => parse_iso(iso),
        _ => parse(word, fields),
    };
    parsed.map_or(UNTOLD, |interval| Literal::Text(print(&interval)))
}

/// Numbers with units, and one clock time.
fn parse(text: &str, fields: &str) -> Option<Interval> {
    // A modifier with a unit cuts smaller units off; only a bare number of that unit is taken here.
    if !fields.is_empty() {
        let mut out = Interval::default();
        text.strip_prefix('-')
            .unwrap_or(text)
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(())?;
        add(&mut out, text, fields)?;
        return Some(out);
    }
    let mut out = Interval::default();
    let mut words = tokens(text)?.into_iter().peekable();
    words.peek()?;
    let alone = words.len() == 1;
    let mut seen = Vec::new();
    while let Some(word) = words.next() {
        if word.contains(':') {
            if seen.iter().any(|unit| matches!(*unit, 'H' | 'M' | 'S')) {
                return None;
            }
            seen.extend(['H', 'M', 'S']);
            out.micros = out.micros.checked_add(clock(&word)?)?;
            continue;
        }
        match words.peek() {
            Some(unit) if unit.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                // No unit may stand twice.
                let kind = kind_of(unit)?;
                if seen.contains(&kind) {
                    return None;
                }
                seen.push(kind);
                add(&mut out, &word, unit)?;
                words.next();
            }
            // A bare number counts seconds when it stands alone.
            None if alone => add(&mut out, &word, "second")?,
            _ => return None,
        }
    }
    Some(out)
}

/// Splits at spaces and between a number and its unit (`30min`).
fn tokens(text: &str) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    for part in text.split(is_space).filter(|p| !p.is_empty()) {
        let at = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(part.len());
        let (number, unit) = part.split_at_checked(at)?;
        if !unit.chars().all(|c| c.is_ascii_alphabetic()) {
            return None;
        }
        out.extend(
            [number, unit]
                .iter()
                .filter(|s| !s.is_empty())
                .map(|s| (*s).to_owned()),
        );
    }
    Some(out)
}

/// One letter for the spellings of a unit.
fn kind_of(unit: &str) -> Option<char> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" | "us" | "usec" | "usecs" => 'u',
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => 'm',
        "second" | "seconds" | "sec" | "secs" | "s" => 'S',
        "minute" | "minutes" | "min" | "mins" | "m" => 'M',
        "hour" | "hours" | "hr" | "hrs" | "h" => 'H',
        "day" | "days" | "d" => 'D',
        "week" | "weeks" | "w" => 'W',
        "month" | "months" | "mon" | "mons" => 'O',
        "year" | "years" | "yr" | "yrs" | "y" => 'Y',
        "decade" | "decades" | "decs" => 'E',
        "century" | "centuries" | "c" => 'C',
        _ => return None,
    })
}

/// Adds a number of a unit; parts of days and longer units are left out.
fn add(out: &mut Interval, number: &str, unit: &str) -> Option<()> {
    let micros_per = match unit.to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" | "us" | "usec" | "usecs" => Some(1),
        "millisecond" | "milliseconds" | "ms" | "msec" | "msecs" => Some(1000),
        "second" | "seconds" | "sec" | "secs" | "s" => Some(SECOND),
        "minute" | "minutes" | "min" | "mins" | "m" => Some(60 * SECOND),
        "hour" | "hours" | "hr" | "hrs" | "h" => Some(3600 * SECOND),
        _ => None,
    };
    if let Some(per) = micros_per {
        out.micros = out.micros.checked_add(scaled(number, per)?)?;
        return Some(());
    }
    let count: i64 = number.trim_start_matches('+').parse().ok()?;
    let (days, months) = match unit.to_ascii_lowercase().as_str() {
        "day" | "days" | "d" => (1, 0),
        "week" | "weeks" | "w" => (7, 0),
        "month" | "months" | "mon" | "mons" => (0, 1),
        "year" | "years" | "yr" | "yrs" | "y" => (0, 12),
        "decade" | "decades" | "decs" => (0, 120),
        "century" | "centuries" | "c" => (0, 1200),
        _ => return None,
    };
    out.days = out.days.checked_add(count.checked_mul(days)?)?;
    out.months = out.months.checked_add(count.checked_mul(months)?)?;
    Some(())
}

/// A decimal number of a unit in microseconds, where that is a whole number.
fn scaled(number: &str, per: i64) -> Option<i64> {
    let negative = number.starts_with('-');
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 6 {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let parts: i64 = format!("{fraction:0<6}").parse().ok()?;
    let rest = parts.checked_mul(per)?;
    if rest % SECOND != 0 {
        return None;
    }
    let value = whole.checked_mul(per)?.checked_add(rest / SECOND)?;
    Some(if negative { -value } else { value })
}

/// `1:30`, `01:30:00`, `01:30:00.5`.
fn clock(text: &str) -> Option<i64> {
    let negative = text.starts_with('-');
    let mut parts = text.strip_prefix(['+', '-']).unwrap_or(text).split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok().filter(|m| *m < 60)?;
    let seconds = parts.next().map_or(Some(0), |s| scaled(s, SECOND))?;
    if parts.next().is_some() || !(0..60 * SECOND).contains(&seconds) || hours < 0 {
        return None;
    }
    let value = hours.checked_mul(3600 * SECOND)? + minutes * 60 * SECOND + seconds;
    Some(if negative { -value } else { value })
}

/// ISO 8601 with designators, without its `P`: `1Y2M3DT4H5M6S`.
fn parse_iso(text: &str) -> Option<Interval> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let mut out = Interval::default();
    let mut some = false;
    for (part, units) in [
        (
            date,
            [('Y', "year"), ('M', "month"), ('W', "week"), ('D', "day")].as_slice(),
        ),
        (time, [('H', "hour"), ('M', "minute"), ('S', "second")].as_slice()),
    ] {
        let mut rest = part;
        while !rest.is_empty() {
            let at = rest.find(|c: char| c.is_ascii_uppercase())?;
            let (number, tail) = rest.split_at_checked(at)?;
            let letter = tail.chars().next()?;
            let unit = units.iter().find(|u| u.0 == letter)?.1;
            add(&mut out, number, unit)?;
            rest = tail.get(1..)?;
            some = true;
        }
    }
    some.then_some(out)
}

/// `EncodeInterval` in the style `postgres`.
fn print(interval: &Interval) -> String {
    let mut out = String::new();
    let mut before = false;
    let mut part = |value: i64, unit: &str| {
        if value == 0 {
            return;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        if before && value > 0 {
            out.push('+');
        }
        let plural = if value == 1 { "" } else { "s" };
        out.push_str(&format!("{value} {unit}{plural}"));
        before = value < 0;
    };
    part(interval.months / 12, "year");
    part(interval.months % 12, "mon");
    part(interval.days, "day");
    if interval.micros == 0 && !out.is_empty() {
        return out;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    if interval.micros < 0 {
        out.push('-');
    } else if before {
        out.push('+');
    }
    let micros = interval.micros.unsigned_abs();
    let seconds = micros / 1_000_000;
    let fraction = format!("{:06}", micros % 1_000_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    out.push_str(&format!(
        "{:02}:{:02}:{:02}{point}{fraction}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    ));
    out
}
