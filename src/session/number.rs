//! Arithmetic on decimal numbers as the server's `numeric` does it, as far as migrations need it.

use std::cmp::Ordering;

/// A decimal number: `digits` divided by ten to the power of `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    scale: u32,
}

const MAX_SCALE: u32 = 18;

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let scale = u32::try_from(fraction.len()).ok().filter(|s| *s <= MAX_SCALE)?;
        let digits: String = whole.chars().chain(fraction.chars()).collect();
        if digits.is_empty() || digits.len() > 36 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits: i128 = digits.parse().ok()?;
        Some(Decimal {
            digits: if negative { -digits } else { digits },
            scale,
        })
    }

    fn rescaled(self, scale: u32) -> Option<i128> {
        self.digits
            .checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.rescaled(scale)?, other.rescaled(scale)?, scale))
    }

    /// `+`, `-`, `*`, `%`; division is left to the caller.
    pub(super) fn apply(self, op: &str, other: Decimal) -> Option<Decimal> {
        if op == "*" {
            let scale = self.scale + other.scale;
            let digits = self.digits.checked_mul(other.digits)?;
            return (scale <= MAX_SCALE).then_some(Decimal { digits, scale });
        }
        let (a, b, scale) = self.aligned(other)?;
        let digits = match op {
            "+" => a.checked_add(b)?,
            "-" => a.checked_sub(b)?,
            "%" => a.checked_rem(b)?,
            _ => return None,
        };
        Some(Decimal { digits, scale })
    }

    pub(super) fn print(self) -> String {
        let digits = self.digits.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        if scale == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction}")
        }
    }

    /// Rounded half away from zero, as a cast to an integer does.
    pub(super) fn round(self) -> Option<i64> {
        let unit = 10_i128.checked_pow(self.scale)?;
        let half = if self.digits < 0 { -(unit / 2) } else { unit / 2 };
        i64::try_from(self.digits.checked_add(half)? / unit).ok()
    }

    /// Towards minus infinity.
    pub(super) fn floor(self) -> Option<i64> {
        i64::try_from(self.digits.div_euclid(10_i128.checked_pow(self.scale)?)).ok()
    }
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b, _) = Decimal::parse(a)?.aligned(Decimal::parse(b)?)?;
    Some(a.cmp(&b))
}

pub(super) fn to_int(text: &str) -> Option<i64> {
    Decimal::parse(text)?.round()
}
