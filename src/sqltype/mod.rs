//! PostgreSQL's types: which there are, how they are spelled, and how one fits another.
//!
//! A type is printed as `format_type` prints it. User-defined types are [`BaseType::Object`] once resolved, so that renaming
//! a type changes one place; printing those needs the schema (`schema::Schema::format_type`).

mod builtin;
pub mod catalog;
mod fit;
pub mod literal;

pub use builtin::{Builtin, Category};
pub use fit::{Fit, fit};

use smol_str::SmolStr;

use crate::name::QualifiedName;

/// A user-defined type of the simulated database (enum, domain, composite, range, or an extension's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A type without modifier and array-ness.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum BaseType {
    /// One that every PostgreSQL server has.
    Builtin(Builtin),
    /// A type of the simulated database.
    Object(TypeId),
    /// As spelled, not looked up: in changes before they are applied, and in what models say.
    Named(QualifiedName),
}

/// The type modifier: what stands in parentheses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Modifier {
    /// `varchar(36)`, `char(2)`, `bit(8)`.
    Length(u32),
    /// `numeric(10,2)`; `numeric(10)` has scale 0. The scale may be negative (PostgreSQL 15).
    Numeric {
        /// Digits in all.
        precision: u16,
        /// Digits after the point.
        scale: i16,
    },
    /// `timestamp(3)`, `time(0) with time zone`.
    Seconds(u8),
    /// `interval day to second(3)`: the fields as `format_type` spells them, empty for all.
    Interval {
        /// `day to second`, `year to month`, or empty.
        fields: SmolStr,
        /// Fractional digits of seconds.
        seconds: Option<u8>,
    },
    /// An extension type's: `vector(1536)`, `geometry(Point,4326)`; the text between the parentheses as its output function
    /// prints it.
    Other(SmolStr),
}

/// A type as a column has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SqlType {
    /// The type without the rest.
    pub base: BaseType,
    /// What stands in parentheses.
    pub modifier: Option<Modifier>,
    /// An array. PostgreSQL keeps neither the number of dimensions nor bounds.
    pub array: bool,
}

impl SqlType {
    /// A built-in type without modifier.
    #[must_use]
    pub fn builtin(builtin: Builtin) -> Self {
        SqlType {
            base: BaseType::Builtin(builtin),
            modifier: None,
            array: false,
        }
    }

    /// The same type as an array.
    #[must_use]
    pub fn array_of(self) -> Self {
        SqlType { array: true, ..self }
    }

    /// The element type of an array, or the type itself.
    #[must_use]
    pub fn element(&self) -> Self {
        SqlType {
            array: false,
            ..self.clone()
        }
    }

    /// The built-in type, where it is one and no array.
    #[must_use]
    pub fn as_builtin(&self) -> Option<Builtin> {
        match self.base {
            BaseType::Builtin(builtin) if !self.array => Some(builtin),
            _ => None,
        }
    }

    /// Prints as `format_type` does; `object` names a user-defined type (schema-qualified where not on the search path).
    pub fn print(&self, object: &dyn Fn(TypeId) -> String) -> String {
        let mut out = match &self.base {
            BaseType::Builtin(builtin) => print_builtin(*builtin, self.modifier.as_ref()),
            BaseType::Object(id) => with_modifier(object(*id), self.modifier.as_ref()),
            BaseType::Named(name) => {
                let quoted = crate::name::quote(name.name.as_str());
                let spelled = name
                    .schema
                    .as_ref()
                    .map_or(quoted.clone(), |s| format!("{}.{quoted}", s.quoted()));
                with_modifier(spelled, self.modifier.as_ref())
            }
        };
        if self.array {
            out.push_str("[]");
        }
        out
    }
}

impl std::fmt::Display for SqlType {
    /// Prints without a schema: a resolved user-defined type shows as its number. For messages use `Schema::format_type`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.print(&|id| format!("type #{}", id.0)))
    }
}

fn with_modifier(name: String, modifier: Option<&Modifier>) -> String {
    match modifier {
        None => name,
        Some(Modifier::Length(n)) => format!("{name}({n})"),
        Some(Modifier::Numeric { precision, scale }) => format!("{name}({precision},{scale})"),
        Some(Modifier::Seconds(n)) => format!("{name}({n})"),
        Some(Modifier::Interval { fields, seconds }) => {
            let fields = if fields.is_empty() {
                String::new()
            } else {
                format!(" {fields}")
            };
            format!(
                "{name}{fields}{}",
                seconds.map_or(String::new(), |n| format!("({n})"))
            )
        }
        Some(Modifier::Other(text)) => format!("{name}({text})"),
    }
}

/// `format_type` for built-in types: the modifier of `timestamp` and `time` stands inside the name, and `char` without a
/// modifier is `bpchar` (`format_type.c`).
fn print_builtin(builtin: Builtin, modifier: Option<&Modifier>) -> String {
    match (builtin, modifier) {
        (Builtin::Bpchar, None) => "bpchar".to_owned(),
        (Builtin::Bit, None) => "\"bit\"".to_owned(),
        (
            Builtin::Timestamp | Builtin::Timestamptz | Builtin::Time | Builtin::Timetz,
            Some(Modifier::Seconds(n)),
        ) => {
            let (head, tail) = builtin.name().split_once(' ').unwrap_or((builtin.name(), ""));
            format!("{head}({n}) {tail}")
        }
        (builtin, modifier) => with_modifier(builtin.name().to_owned(), modifier),
    }
}
