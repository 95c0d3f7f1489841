//! How well a database column holds what a model's type needs, by degrees.

use super::{BaseType, Builtin, Category, Modifier, SqlType};

/// How a column's type fits the type that a model declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The same type.
    Same,
    /// Holds every value and gives it back (text for varchar(50)).
    Holds,
    /// Some values are refused, cut or changed (int8 in int4, timestamptz in timestamp).
    Loses,
    /// Reads or writes fail (uuid in integer).
    Cannot,
}

/// How the column's type `found` fits the declared `wanted`. Both must be resolved; named types compare by name.
#[must_use]
pub fn fit(wanted: &SqlType, found: &SqlType) -> Fit {
    if wanted == found {
        return Fit::Same;
    }
    if wanted.array != found.array {
        return Fit::Cannot;
    }
    let (BaseType::Builtin(w), BaseType::Builtin(f)) = (&wanted.base, &found.base) else {
        if wanted.base == found.base {
            return Fit::Loses;
        }
        return match (&wanted.base, &found.base) {
            (BaseType::Builtin(b), _) | (_, BaseType::Builtin(b)) if b.category() == Category::S => {
                Fit::Loses
            }
            _ => Fit::Cannot,
        };
    };
    bases(*w, wanted.modifier.as_ref(), *f, found.modifier.as_ref())
}

fn bases(w: Builtin, wm: Option<&Modifier>, f: Builtin, fm: Option<&Modifier>) -> Fit {
    use Builtin::{
        Bpchar, Cidr, Date, Float4, Float8, Inet, Json, Jsonb, Macaddr, Numeric, Text, Time, Timestamp,
        Timestamptz, Timetz, Uuid, Varchar, Xml,
    };
    match (w, f) {
        _ if w == f => modifiers(w, wm, fm),
        (Text, Varchar) if fm.is_none() => Fit::Holds,
        (Varchar | Text, Varchar | Text) => lengths(wm, fm),
        (Bpchar, Text | Varchar) => lengths(wm, fm).max(Fit::Holds),
        (Text | Varchar, Bpchar) => Fit::Loses,
        (Numeric, Float4 | Float8) | (Float8, Float4) => Fit::Loses,
        (Float4, Float8) => Fit::Holds,
        (Float4 | Float8, Numeric) => Fit::Loses,
        (Timestamp, Timestamptz) | (Timestamptz, Timestamp) | (Time, Timetz) | (Timetz, Time) => Fit::Loses,
        (Timestamp | Timestamptz, Date) | (Date, Timestamp | Timestamptz) => Fit::Loses,
        (Json, Jsonb) | (Jsonb, Json) => Fit::Loses,
        // Their text is taken and given back; what is none of theirs is refused.
        (Text | Varchar | Bpchar, Uuid | Inet | Cidr | Macaddr | Xml) => Fit::Loses,
        (Uuid | Inet | Cidr | Macaddr | Xml, Text | Varchar | Bpchar) => Fit::Loses,
        _ => match (integer_width(w), integer_width(f)) {
            (Some(a), Some(b)) if a < b => Fit::Holds,
            (Some(_), Some(_)) => Fit::Loses,
            (Some(_), None) if matches!(f, Numeric | Float8) => Fit::Loses,
            (None, Some(_)) if matches!(w, Numeric | Float4 | Float8) => Fit::Loses,
            _ => Fit::Cannot,
        },
    }
}

/// Bytes of an integer type.
fn integer_width(b: Builtin) -> Option<u8> {
    match b {
        Builtin::Int2 => Some(2),
        Builtin::Int4 => Some(4),
        Builtin::Int8 => Some(8),
        _ => None,
    }
}

fn lengths(wanted: Option<&Modifier>, found: Option<&Modifier>) -> Fit {
    match (wanted, found) {
        (Some(Modifier::Length(w)), Some(Modifier::Length(f))) if w == f => Fit::Holds,
        (Some(Modifier::Length(w)), Some(Modifier::Length(f))) if w < f => Fit::Holds,
        (_, None) => Fit::Holds,
        _ => Fit::Loses,
    }
}

/// Two modifiers of one type.
fn modifiers(base: Builtin, wanted: Option<&Modifier>, found: Option<&Modifier>) -> Fit {
    match (wanted, found) {
        (Some(Modifier::Length(_)), _) | (_, Some(Modifier::Length(_)))
            if base != Builtin::Bpchar && base != Builtin::Bit =>
        {
            lengths(wanted, found)
        }
        (
            Some(Modifier::Numeric {
                precision: wp,
                scale: ws,
            }),
            Some(Modifier::Numeric {
                precision: fp,
                scale: fs,
            }),
        ) => {
            let whole = |p: u16, s: i16| i32::from(p) - i32::from(s);
            if fs >= ws && whole(*fp, *fs) >= whole(*wp, *ws) {
                Fit::Holds
            } else {
                Fit::Loses
            }
        }
        (Some(Modifier::Seconds(w)), Some(Modifier::Seconds(f))) => {
            if f >= w {
                Fit::Holds
            } else {
                Fit::Loses
            }
        }
        (Some(_), None) if base != Builtin::Bpchar => Fit::Holds,
        // Seconds have six digits where no modifier says otherwise.
        (None, Some(Modifier::Seconds(6))) => Fit::Holds,
        _ => Fit::Loses,
    }
}
