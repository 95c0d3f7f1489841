//! How Python writes numbers: `repr` of floats, and format specifications of integers and floats.

use std::fmt::Write as _;

/// `repr(x)` of a float: the shortest digits that read back the same.
pub(crate) fn float_repr(x: f64) -> String {
    if let Some(odd) = not_finite(x) {
        return odd.to_owned();
    }
    let (negative, digits, exponent) = shortest(x);
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    if (-4..16).contains(&exponent) {
        plain(&mut out, &digits, exponent);
        if !out.contains('.') {
            out.push_str(".0");
        }
    } else {
        scientific(&mut out, &digits, exponent, 'e');
    }
    out
}

fn not_finite(x: f64) -> Option<&'static str> {
    if x.is_nan() {
        Some("nan")
    } else if x.is_infinite() {
        Some(if x > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

/// Sign, shortest digits without the point, and the decimal exponent of the first digit.
fn shortest(x: f64) -> (bool, String, i32) {
    split_scientific(&format!("{x:e}"))
}

fn split_scientific(text: &str) -> (bool, String, i32) {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
    (negative, digits, exponent.parse().unwrap_or(0))
}

/// Digits with the point where `exponent` has it; zeros are filled in.
fn plain(out: &mut String, digits: &str, exponent: i32) {
    if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', whole - digits.len()));
    } else {
        out.push_str(&digits[..whole]);
        out.push('.');
        out.push_str(&digits[whole..]);
    }
}

fn scientific(out: &mut String, digits: &str, exponent: i32, e: char) {
    out.push_str(&digits[..1]);
    if digits.len() > 1 {
        out.push('.');
        out.push_str(&digits[1..]);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(out, "{e}{sign}{:02}", exponent.abs());
}

/// A format specification, read: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    /// What fills up.
    pub fill: Option<char>,
    /// `<`, `>`, `=`, `^`.
    pub align: Option<char>,
    /// `+`, `-`, space.
    pub sign: Option<char>,
    /// `#`.
    pub alternate: bool,
    /// `0` before the width.
    pub zero: bool,
    /// The least number of characters.
    pub width: Option<usize>,
    /// `,` or `_`.
    pub grouping: Option<char>,
    /// After the point.
    pub precision: Option<usize>,
    /// The type's letter.
    pub kind: Option<char>,
}

impl Spec {
    /// Reads a specification; `None` where it is none (or asks for `z`, which is rare).
    pub(crate) fn read(text: &str) -> Option<Spec> {
        let mut spec = Spec::default();
        let chars: Vec<char> = text.chars().collect();
        let mut at = 0;
        let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
        if is_align(chars.get(1)) {
            spec.fill = chars.first().copied();
            spec.align = chars.get(1).copied();
            at = 2;
        } else if is_align(chars.first()) {
            spec.align = chars.first().copied();
            at = 1;
        }
        if let Some(c) = chars.get(at).filter(|c| "+- ".contains(**c)) {
            spec.sign = Some(*c);
            at += 1;
        }
        if chars.get(at) == Some(&'#') {
            spec.alternate = true;
            at += 1;
        }
        if chars.get(at) == Some(&'0') {
            spec.zero = true;
            at += 1;
        }
        spec.width = number(&chars, &mut at)?;
        if let Some(c) = chars.get(at).filter(|c| ",_".contains(**c)) {
            spec.grouping = Some(*c);
            at += 1;
        }
        if chars.get(at) == Some(&'.') {
            at += 1;
            spec.precision = Some(number(&chars, &mut at)??);
        }
        spec.kind = chars.get(at).copied();
        if spec.kind.is_some() {
            at += 1;
        }
        (at == chars.len()).then_some(spec)
    }
}

/// A number, if one stands here; the outer `None` where it is too large to mean.
#[allow(
    clippy::option_option,
    reason = "no number, and a number that is too large, are different things"
)]
fn number(chars: &[char], at: &mut usize) -> Option<Option<usize>> {
    let start = *at;
    while chars.get(*at).is_some_and(char::is_ascii_digit) {
        *at += 1;
    }
    if *at == start {
        return Some(None);
    }
    if *at - start > 6 {
        return None;
    }
    let text: String = chars.get(start..*at)?.iter().collect();
    text.parse().ok().map(Some)
}

/// An integer as a specification writes it; `None` where the specification does not fit (Python raises) or is not followed.
pub(crate) fn int(n: i64, spec: &Spec) -> Option<String> {
    let kind = spec.kind.unwrap_or('d');
    if matches!(kind, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') {
        // Beyond 2^53 the conversion rounds, as Python's does.
        return float(n as f64, spec);
    }
    if spec.precision.is_some() {
        return None;
    }
    let size = n.unsigned_abs();
    let (prefix, digits) = match kind {
        'd' | 'n' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0o", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' => {
            if spec.sign.is_some() || spec.alternate || spec.grouping.is_some() {
                return None;
            }
            let c = char::from_u32(u32::try_from(n).ok()?)?;
            let align = spec.align.unwrap_or(if spec.zero { '=' } else { '<' });
            if align == '=' {
                return None;
            }
            return Some(fill(&c.to_string(), spec.fill.unwrap_or(' '), spec.width, align));
        }
        _ => return None,
    };
    if spec.grouping == Some(',') && kind != 'd' || spec.grouping.is_some() && kind == 'n' {
        return None;
    }
    let prefix = if spec.alternate { prefix } else { "" };
    let group = if kind == 'd' { 3 } else { 4 };
    Some(signed(n < 0, prefix, &digits, "", group, spec))
}

/// A float as a specification writes it; `None` as for [`int`].
pub(crate) fn float(x: f64, spec: &Spec) -> Option<String> {
    let mut kind = spec.kind;
    if spec.alternate || kind == Some('n') {
        return None;
    }
    let body;
    let negative = x.is_sign_negative() && !x.is_nan();
    let size = x.abs();
    if let Some(odd) = not_finite(size) {
        if !matches!(kind, None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) {
            return None;
        }
        let upper = kind.is_some_and(|k| k.is_ascii_uppercase());
        let mut odd = if upper { odd.to_uppercase() } else { odd.to_owned() };
        if kind == Some('%') {
            odd.push('%');
        }
        if spec.zero {
            return None;
        }
        return Some(signed(negative, "", &odd, "", usize::MAX, spec));
    }
    let precision = spec.precision;
    if precision.is_some_and(|p| p > 400) {
        return None;
    }
    if kind.is_none() && precision.is_none() {
        body = float_repr(size);
    } else {
        let upper = matches!(kind, Some('E' | 'G'));
        kind = kind.map(|k| k.to_ascii_lowercase());
        let text = match kind {
            Some('f') => format!("{size:.*}", precision.unwrap_or(6)),
            Some('%') => format!("{:.*}%", precision.unwrap_or(6), size * 100.0),
            Some('e') => {
                let (_, digits, exponent) = split_scientific(&format!("{size:.*e}", precision.unwrap_or(6)));
                let mut out = String::new();
                scientific(&mut out, &digits, exponent, 'e');
                out
            }
            Some('g') => general(size, precision.unwrap_or(6), false),
            None => general(size, precision.unwrap_or(6), true),
            _ => return None,
        };
        body = if upper { text.to_uppercase() } else { text };
    }
    let cut = body.find(['.', 'e', 'E', '%']).unwrap_or(body.len());
    let (whole, rest) = body.split_at(cut);
    Some(signed(negative, "", whole, rest, 3, spec))
}

/// The `g` form; with `keep`, at least one digit after the point as in `str` (a specification without a type).
fn general(size: f64, precision: usize, keep: bool) -> String {
    let precision = precision.max(1);
    let (_, digits, exponent) = split_scientific(&format!("{size:.*e}", precision - 1));
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    let mut out = String::new();
    let most = if keep {
        precision as i32 - 1
    } else {
        precision as i32
    };
    if exponent < -4 || exponent >= most {
        scientific(&mut out, digits, exponent, 'e');
    } else {
        plain(&mut out, digits, exponent);
        if keep && !out.contains('.') {
            out.push_str(".0");
        }
    }
    out
}

/// Sign, prefix, grouped digits, the rest, filled up.
fn signed(negative: bool, prefix: &str, digits: &str, rest: &str, group: usize, spec: &Spec) -> String {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let head = format!("{sign}{prefix}");
    let zero_fill = spec.zero && spec.align.is_none() || spec.align == Some('=') && spec.fill == Some('0');
    let fill_with = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    let align = spec.align.unwrap_or(if spec.zero { '=' } else { '>' });
    let width = spec.width.unwrap_or(0);
    let digits = match spec.grouping {
        Some(mark) => {
            let room = if zero_fill {
                width.saturating_sub(head.len() + rest.len())
            } else {
                0
            };
            grouped(digits, mark, group, room)
        }
        None => digits.to_owned(),
    };
    let body = format!("{digits}{rest}");
    if align == '=' {
        let missing = width.saturating_sub(head.chars().count() + body.chars().count());
        let filling: String = std::iter::repeat_n(fill_with, missing).collect();
        return format!("{head}{filling}{body}");
    }
    fill(&format!("{head}{body}"), fill_with, Some(width), align)
}

/// Digits with a mark between groups, with zeros in front up to `room` characters (as grouping with zero fill does).
fn grouped(digits: &str, mark: char, group: usize, room: usize) -> String {
    let mut digits = digits.to_owned();
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return digits;
    }
    let long = |n: usize| n + n.saturating_sub(1) / group;
    while long(digits.len()) < room {
        digits.insert(0, '0');
    }
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(group) {
            out.push(mark);
        }
        out.push(c);
    }
    out
}

fn fill(text: &str, with: char, width: Option<usize>, align: char) -> String {
    let missing = width.unwrap_or(0).saturating_sub(text.chars().count());
    let before = match align {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let run = |n: usize| std::iter::repeat_n(with, n).collect::<String>();
    format!("{}{text}{}", run(before), run(missing - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (x, text) in [
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e-5, "1e-05"),
            (100.0, "100.0"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(float_repr(x), text);
        }
        let f = |x: f64, spec: &str| float(x, &Spec::read(spec).unwrap()).unwrap();
        assert_eq!(f(2.675, ".2f"), "2.67");
        assert_eq!(f(1234567.0, ",.1f"), "1,234,567.0");
        assert_eq!(f(0.5, ".0%"), "50%");
        assert_eq!(f(1e10, "g"), "1e+10");
    }

    #[test]
    fn integers() {
        let f = |n: i64, spec: &str| int(n, &Spec::read(spec).unwrap()).unwrap();
        assert_eq!(f(5, "03d"), "005");
        assert_eq!(f(-5, "04"), "-005");
        assert_eq!(f(255, "#x"), "0xff");
        assert_eq!(f(1234567, "012,"), "0,001,234,567");
        assert_eq!(f(7, "^5"), "  7  ");
    }
}
