//! Compares two normal forms.

use super::kinds::{
    as_text, is_atom, is_broken, is_constant, is_generated, is_generator, is_simple, may_hide, reads_columns,
    reads_columns_in, sequence, subject, texts,
};
use super::literal::coerce;
use super::{Norm, Place, Tri};
use crate::name::QualifiedName;
use crate::sqltype::{Builtin, Category, SqlType};

/// Comparisons of parts; past them the answer is unknown.
const FUEL: u32 = 100_000;
/// Longest list whose order is looked past.
const MAX_ITEMS: usize = 2_000;

pub(super) struct Judge<'a> {
    place: Place<'a>,
    fuel: u32,
}

/// What two verdicts on parts are together.
fn both(a: Tri, b: Tri) -> Tri {
    match (a, b) {
        (Tri::Same, Tri::Same) => Tri::Same,
        (Tri::Unknown, _) | (_, Tri::Unknown) => Tri::Unknown,
        _ => Tri::Differs,
    }
}

/// Only sameness is believed.
fn only_same(verdict: Tri) -> Tri {
    match verdict {
        Tri::Same => Tri::Same,
        Tri::Differs | Tri::Unknown => Tri::Unknown,
    }
}

impl<'a> Judge<'a> {
    pub(super) fn new(place: Place<'a>) -> Self {
        Judge { place, fuel: FUEL }
    }

    pub(super) fn verdict(&mut self, a: &Norm, b: &Norm) -> Tri {
        let Some(fuel) = self.fuel.checked_sub(1) else {
            return Tri::Unknown;
        };
        self.fuel = fuel;
        if matches!(a, Norm::Opaque) || matches!(b, Norm::Opaque) {
            return Tri::Unknown;
        }
        match (a, b) {
            (Norm::And(x), Norm::And(y)) | (Norm::Or(x), Norm::Or(y)) => self.lists(x, y),
            (Norm::And(x), y) | (y, Norm::And(x)) | (Norm::Or(x), y) | (y, Norm::Or(x)) => {
                self.lists(x, std::slice::from_ref(y))
            }
            (Norm::Not(x), Norm::Not(y)) => self.verdict(x, y),
            (Norm::Not(x), y) | (y, Norm::Not(x)) => match self.verdict(x, y) {
                Tri::Same => Tri::Differs,
                Tri::Differs | Tri::Unknown => Tri::Unknown,
            },
            (Norm::IsNull(x), Norm::IsNull(y)) => self.verdict(x, y),
            (Norm::OfSet(v, op, any, x), Norm::OfSet(w, other, some, y)) => {
                match self.sets((v, x), (w, y)) {
                    verdict if any == some && op == other => verdict,
                    // In a set, and not in the same set.
                    Tri::Same if any != some && op != other => Tri::Differs,
                    _ => self.apart(a, b),
                }
            }
            (Norm::Op(op, x), Norm::Op(other, y)) => self.operations(op, x, other, y),
            (Norm::Call(f, x), Norm::Call(g, y)) => self.calls((f, x), (g, y)),
            (Norm::Cast(x, t), Norm::Cast(y, u)) if t == u => {
                let inner = self.verdict(x, y);
                if (reads_columns(x) && reads_columns(y)) || (is_generated(x) && is_generated(y)) {
                    inner
                } else {
                    only_same(inner)
                }
            }
            (Norm::Cast(x, t), y) | (y, Norm::Cast(x, t)) => self.cast(x, t, y),
            (Norm::Column(p, x), Norm::Column(q, y)) => {
                if x != y {
                    Tri::Differs
                } else if p == q || p.is_empty() || q.is_empty() {
                    Tri::Same
                } else {
                    Tri::Unknown
                }
            }
            (Norm::Var(x), Norm::Var(y)) if x != y => Tri::Differs,
            (Norm::Relation(x), Norm::Relation(y)) if x != y => Tri::Differs,
            (Norm::Array(x), Norm::Array(y)) => self.arrays(x, y),
            (Norm::Other(word, x), Norm::Other(other, y)) if word == other && x.len() == y.len() => {
                let parts = self.zip(x, y);
                if reads_columns(a) { parts } else { only_same(parts) }
            }
            _ if a == b => Tri::Same,
            _ if is_constant(a) && is_constant(b) => self.constants(a, b),
            _ => self.apart(a, b),
        }
    }

    fn zip(&mut self, x: &[Norm], y: &[Norm]) -> Tri {
        x.iter()
            .zip(y)
            .fold(Tri::Same, |so_far, (a, b)| both(so_far, self.verdict(a, b)))
    }

    /// Two of different kinds, neither of which is understood to be the other.
    fn apart(&mut self, a: &Norm, b: &Norm) -> Tri {
        if a == b {
            return Tri::Same;
        }
        let generated = |norm: &Norm| is_generated(norm);
        let plain = |norm: &Norm| is_constant(norm) || matches!(norm, Norm::Column(..) | Norm::Var(_));
        match (a, b) {
            // What is computed anew for every row or transaction is no constant, and no other such value.
            _ if generated(a) && plain(b) || generated(b) && plain(a) => Tri::Differs,
            _ if generated(a) && generated(b) => Tri::Differs,
            _ if plain(a) && plain(b) && (!is_constant(a) || !is_constant(b)) => match (a, b) {
                (Norm::Column(..), Norm::Var(_)) | (Norm::Var(_), Norm::Column(..)) => Tri::Unknown,
                _ => Tri::Differs,
            },
            _ if is_atom(a) && is_atom(b) && subject(a) != subject(b) => match (subject(a), subject(b)) {
                (Some(x), Some(y)) => self.differs_only(x, y),
                _ => Tri::Unknown,
            },
            // A test for NULL and a comparison of the same column.
            (Norm::IsNull(_), _) | (_, Norm::IsNull(_)) if is_atom(a) && is_atom(b) => Tri::Differs,
            _ => Tri::Unknown,
        }
    }

    /// Differs where the parts do; the same parts say nothing.
    fn differs_only(&mut self, a: &Norm, b: &Norm) -> Tri {
        match self.verdict(a, b) {
            Tri::Differs => Tri::Differs,
            Tri::Same | Tri::Unknown => Tri::Unknown,
        }
    }

    fn constants(&mut self, a: &Norm, b: &Norm) -> Tri {
        match (a, b) {
            (Norm::Null, _) | (_, Norm::Null) => Tri::Differs,
            (Norm::Text(x), Norm::Text(y)) => same(x == y),
            (Norm::Number(x), Norm::Number(y)) => same(x == y),
            (Norm::Bool(x), Norm::Bool(y)) => same(x == y),
            (Norm::Text(x), Norm::Raw(y)) | (Norm::Raw(x), Norm::Text(y)) => same(x == y),
            // Two spellings of one value of a type that is not known.
            (Norm::Raw(x), Norm::Raw(y)) => only_same(same(x == y)),
            (Norm::Label(x), Norm::Label(y) | Norm::Text(y) | Norm::Raw(y))
            | (Norm::Text(y) | Norm::Raw(y), Norm::Label(x)) => labels(x, y),
            (Norm::Raw(_), typed) => self.raw(a, typed),
            (typed, Norm::Raw(_)) => self.raw(b, typed),
            (Norm::Typed(x, t, false), Norm::Typed(y, u, false)) if t == u => match t {
                Builtin::Json | Builtin::Jsonb => documents(x, y),
                _ => same(x == y),
            },
            _ => Tri::Unknown,
        }
    }

    /// A literal of no type beside one of a type.
    fn raw(&mut self, raw: &Norm, typed: &Norm) -> Tri {
        let Some(ty) = type_of(typed) else {
            return Tri::Unknown;
        };
        match coerce(raw.clone(), &ty) {
            Norm::Cast(..) | Norm::Raw(_) => Tri::Unknown,
            value => self.verdict(&value, typed),
        }
    }

    fn arrays(&mut self, x: &[Norm], y: &[Norm]) -> Tri {
        if x.len() == y.len() {
            self.zip(x, y)
        } else if x.iter().chain(y).all(is_constant) {
            Tri::Differs
        } else {
            Tri::Unknown
        }
    }

    /// A cast beside a value without one. A cast to text of what is text changes nothing.
    fn cast(&mut self, inner: &Norm, ty: &SqlType, other: &Norm) -> Tri {
        if is_generated(inner) && is_constant(other) {
            return Tri::Differs;
        }
        let inert = ty.as_builtin().is_some_and(|b| b.category() == Category::S)
            && ty.modifier.is_none()
            && self.is_text(inner);
        match self.verdict(inner, other) {
            verdict if inert => verdict,
            // A value made anew is no other such value in any type.
            Tri::Differs if is_generated(inner) && is_generated(other) => Tri::Differs,
            _ => Tri::Unknown,
        }
    }

    /// Whether a value is known to be `text` or `varchar`.
    fn is_text(&self, norm: &Norm) -> bool {
        let ty = match norm {
            Norm::Column(_, name) => self.place.named.and_then(|named| named(name)),
            Norm::Var(number) => self
                .place
                .column
                .and_then(|column| column(*number))
                .and_then(|(_, ty)| ty),
            _ => None,
        };
        matches!(
            ty.as_ref().and_then(SqlType::as_builtin),
            Some(Builtin::Text | Builtin::Varchar)
        )
    }

    fn calls(&mut self, (f, x): (&QualifiedName, &[Norm]), (g, y): (&QualifiedName, &[Norm])) -> Tri {
        let fixed = !reads_columns_in(x) && !reads_columns_in(y);
        if f.name != g.name {
            // Two names of other functions may be two names of one thing.
            let generated = is_generator(f) || is_generator(g) || (x.is_empty() && y.is_empty());
            let cased = |name: &QualifiedName| matches!(name.name.as_str(), "lower" | "upper");
            return if generated || (cased(f) && cased(g) && !fixed) {
                Tri::Differs
            } else {
                Tri::Unknown
            };
        }
        if f.schema.is_some() && g.schema.is_some() && f.schema != g.schema {
            return Tri::Unknown;
        }
        if f.name == "nextval" {
            return self.sequences(x, y);
        }
        if x.len() != y.len() {
            return Tri::Unknown;
        }
        let parts = self.zip(x, y);
        if fixed && !is_generator(f) {
            only_same(parts)
        } else {
            parts
        }
    }

    /// `nextval('public.s')` and `nextval('s')` may be one sequence.
    fn sequences(&mut self, x: &[Norm], y: &[Norm]) -> Tri {
        match (x, y) {
            ([Norm::Relation(x)], [Norm::Relation(y)]) => same(x == y),
            ([x], [y]) => match (sequence(x), sequence(y)) {
                (Some(x), Some(y)) if x.name != y.name => Tri::Differs,
                (Some(x), Some(y)) => {
                    if x.schema == y.schema || x.schema.is_none() || y.schema.is_none() {
                        Tri::Same
                    } else {
                        Tri::Differs
                    }
                }
                _ => Tri::Unknown,
            },
            _ => Tri::Unknown,
        }
    }

    fn operations(&mut self, op: &str, x: &[Norm], other: &str, y: &[Norm]) -> Tri {
        // A bound from below is none from above.
        let orders = |op: &str| matches!(op, "<" | "<=");
        let is_number = |norm: &Norm| matches!(norm, Norm::Number(_));
        let is_column = |norm: &Norm| matches!(norm, Norm::Column(..) | Norm::Var(_));
        if let ([a, b], [c, d]) = (x, y)
            && orders(op)
            && orders(other)
            && (is_column(a) && is_number(b) && is_number(c) && is_column(d)
                || is_number(a) && is_column(b) && is_column(c) && is_number(d))
        {
            return Tri::Differs;
        }
        if op == other && x.len() == y.len() {
            let straight = self.zip(x, y);
            let turned = match (x, y) {
                ([a, b], [c, d]) if commutes(op) => both(self.verdict(a, d), self.verdict(b, c)),
                _ => straight,
            };
            if straight == Tri::Same || turned == Tri::Same {
                return Tri::Same;
            }
            // One side the same and the other not: two comparisons of one thing. Otherwise arithmetic may make them equal.
            let one_side = match (x, y) {
                ([a, b], [c, d]) => {
                    (self.verdict(a, c) == Tri::Same && is_simple(b) && is_simple(d))
                        || (self.verdict(b, d) == Tri::Same && is_simple(a) && is_simple(c))
                }
                _ => false,
            };
            // `a < 2.0` and `a < 2.1` are one thing for integers.
            let broken = |parts: &[Norm]| parts.iter().any(is_broken) && !self.takes_fractions(parts);
            let idle = matches!(op, "<" | "<=") && (broken(x) || broken(y));
            return if straight == Tri::Differs && turned == Tri::Differs && one_side && !idle {
                Tri::Differs
            } else {
                Tri::Unknown
            };
        }
        // `<` and `<=` of the same two differ where these are equal.
        if orders(op) && orders(other) && self.zip(x, y) == Tri::Same && reads_columns_in(x) {
            return Tri::Differs;
        }
        Tri::Unknown
    }

    /// Whether a column of these parts is known to hold fractions.
    fn takes_fractions(&self, parts: &[Norm]) -> bool {
        parts.iter().any(|norm| {
            let Norm::Column(_, name) = norm else {
                return false;
            };
            let ty = self.place.named.and_then(|named| named(name));
            matches!(
                ty.as_ref().and_then(SqlType::as_builtin),
                Some(Builtin::Numeric | Builtin::Float4 | Builtin::Float8)
            )
        })
    }

    /// Two sets that one value is looked up in.
    fn sets(&mut self, (v, x): (&Norm, &[Norm]), (w, y): (&Norm, &[Norm])) -> Tri {
        let value = match self.verdict(v, w) {
            // A set of constants compares alike in text: `status::text = 'a'` and `status = 'a'`.
            Tri::Unknown if texts(x) && texts(y) && as_text(v) == as_text(w) && self.text_alike(v, w) => {
                Tri::Same
            }
            value => value,
        };
        if x.len() > MAX_ITEMS || y.len() > MAX_ITEMS {
            return only_same(same(x == y));
        }
        let members = both(self.covers(x, y), self.covers(y, x));
        // `a IN (1, 2.5)` and `a IN (1)` are one thing for integers.
        let idle = x.iter().chain(y).any(is_broken) && !self.takes_fractions(std::slice::from_ref(v));
        match (value, members) {
            (Tri::Same, members) if idle => only_same(members),
            (Tri::Same, members) => members,
            (Tri::Differs, _) if is_simple(v) && is_simple(w) => Tri::Differs,
            _ => Tri::Unknown,
        }
    }

    /// Whether every item of one set is in the other.
    fn covers(&mut self, x: &[Norm], y: &[Norm]) -> Tri {
        let mut verdict = Tri::Same;
        for item in x {
            if y.contains(item) {
                continue;
            }
            let mut found = Tri::Differs;
            for other in y {
                match self.verdict(item, other) {
                    Tri::Same => {
                        found = Tri::Same;
                        break;
                    }
                    Tri::Unknown => found = Tri::Unknown,
                    Tri::Differs => {}
                }
            }
            verdict = both(verdict, found);
        }
        verdict
    }

    /// Whether the column under the casts is text, varchar or an enum, so that equality with a label is equality of text.
    fn text_alike(&self, v: &Norm, w: &Norm) -> bool {
        [v, w].iter().all(|norm| match norm {
            Norm::Cast(inner, _) => self.is_text(inner),
            norm => self.is_text(norm),
        })
    }

    /// Lists of conditions in any order.
    fn lists(&mut self, x: &[Norm], y: &[Norm]) -> Tri {
        if x.len() > MAX_ITEMS || y.len() > MAX_ITEMS {
            return only_same(same(x == y));
        }
        let mut rest: Vec<&Norm> = y.iter().collect();
        let mut left: Vec<&Norm> = Vec::new();
        for item in x {
            match rest
                .iter()
                .position(|other| self.verdict(item, other) == Tri::Same)
            {
                Some(at) => {
                    rest.swap_remove(at);
                }
                None => left.push(item),
            }
        }
        match (left.as_slice(), rest.as_slice()) {
            ([], []) => Tri::Same,
            ([one], [other]) => match self.verdict(one, other) {
                // What both demand besides may make the difference idle.
                Tri::Differs if x.iter().any(|c| c != *one && may_hide(c, one, other)) => Tri::Unknown,
                verdict => verdict,
            },
            // Further conditions on other things than the common ones.
            ([], extra) | (extra, []) if extra.iter().all(|norm| is_atom(norm)) => {
                let common = if left.is_empty() { x } else { y };
                let new = |norm: &&Norm| {
                    common
                        .iter()
                        .all(|c| subject(c).is_some() && subject(c) != subject(norm))
                };
                if extra.iter().any(new) {
                    Tri::Differs
                } else {
                    Tri::Unknown
                }
            }
            _ => Tri::Unknown,
        }
    }
}

fn same(equal: bool) -> Tri {
    if equal { Tri::Same } else { Tri::Differs }
}

/// Labels of an enum differ by any character; an extension's type may look past case and white space.
fn labels(x: &str, y: &str) -> Tri {
    let folded = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    if x == y {
        Tri::Same
    } else if folded(x) == folded(y) {
        Tri::Unknown
    } else {
        Tri::Differs
    }
}

/// Two documents; numbers may be equal in two spellings.
fn documents(x: &str, y: &str) -> Tri {
    match (serde_json::from_str(x), serde_json::from_str(y)) {
        (Ok(a), Ok(b)) => values(&a, &b),
        _ => only_same(same(x == y)),
    }
}

/// The parser bounds how deep they are.
fn values(x: &serde_json::Value, y: &serde_json::Value) -> Tri {
    use serde_json::Value;
    match (x, y) {
        (Value::Number(x), Value::Number(y)) if !(x.is_f64() || y.is_f64()) => same(x == y),
        (Value::Number(x), Value::Number(y)) => only_same(same(x == y)),
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => x
            .iter()
            .zip(y)
            .fold(Tri::Same, |so_far, (x, y)| worst(so_far, values(x, y))),
        (Value::Object(x), Value::Object(y)) if x.len() == y.len() => {
            x.iter().fold(Tri::Same, |so_far, (key, x)| {
                worst(so_far, y.get(key).map_or(Tri::Differs, |y| values(x, y)))
            })
        }
        _ => same(x == y),
    }
}

/// Of parts of documents: one that differs is enough.
fn worst(a: Tri, b: Tri) -> Tri {
    match (a, b) {
        (Tri::Differs, _) | (_, Tri::Differs) => Tri::Differs,
        (Tri::Unknown, _) | (_, Tri::Unknown) => Tri::Unknown,
        (Tri::Same, Tri::Same) => Tri::Same,
    }
}

/// The type of a constant, for reading a literal of no type like it.
fn type_of(norm: &Norm) -> Option<SqlType> {
    match norm {
        Norm::Bool(_) => Some(SqlType::builtin(Builtin::Bool)),
        Norm::Number(_) => Some(SqlType::builtin(Builtin::Numeric)),
        Norm::Typed(_, builtin, false) => Some(SqlType::builtin(*builtin)),
        Norm::Typed(_, builtin, true) => Some(SqlType::builtin(*builtin).array_of()),
        Norm::Array(items) => {
            let element = items.iter().find_map(type_of);
            Some(element.unwrap_or(SqlType::builtin(Builtin::Text)).array_of())
        }
        Norm::Cast(_, ty) => Some(ty.clone()),
        _ => None,
    }
}

fn commutes(op: &str) -> bool {
    matches!(op, "=" | "<>" | "+" | "*" | "is distinct from" | "&" | "|")
}
