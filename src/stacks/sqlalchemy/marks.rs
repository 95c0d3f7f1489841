//! What a program says of a table that the database does not hold: marks for its own use (`info={"skip_autogenerate": True}`), and the
//! database that it lies in (`__bind_key__`, Flask-SQLAlchemy 3, `model.py`).

use smol_str::SmolStr;

use super::terms::Known;
use crate::interpret::python::{Args, ClassId, Library, Machine, Value};

/// What is said of a table.
#[derive(Debug, Clone)]
pub struct Marks {
    /// The keys of its `info`.
    pub keys: Known<Vec<SmolStr>>,
    /// It lies in the database of a key.
    pub bound: bool,
}

impl Marks {
    /// Those of a class, whose table has these options.
    pub(super) fn of_class<'a, L: Library<'a>>(
        machine: &Machine<'a, L>,
        class: ClassId,
        options: &Known<Args<'a>>,
    ) -> Self {
        let bind = machine.lookup(class, "__bind_key__");
        Marks {
            keys: options.clone().and_then(|options| keys(machine, &options)),
            bound: bind.is_some_and(|(_, member)| !matches!(member.value, Some(Value::None))),
        }
    }

    /// Those of `Table(...)`.
    pub(super) fn of_call<'a, L: Library<'a>>(machine: &Machine<'a, L>, args: &Args<'a>) -> Self {
        let bind = args.keyword("bind_key");
        Marks {
            keys: keys(machine, args),
            bound: bind.is_some_and(|bind| !matches!(bind.value, Value::None)),
        }
    }
}

fn keys<'a, L: Library<'a>>(machine: &Machine<'a, L>, options: &Args<'a>) -> Known<Vec<SmolStr>> {
    let Some(info) = options.keyword("info") else {
        return match &options.open {
            Some(gap) => Err(gap.clone()),
            None => Ok(Vec::new()),
        };
    };
    if matches!(info.value, Value::None) {
        return Ok(Vec::new());
    }
    let entries = machine.dict_items(&info.value);
    let keys = entries.and_then(|entries| {
        let keys = entries.iter().map(|(key, _)| key.as_str().map(SmolStr::new));
        keys.collect()
    });
    keys.ok_or_else(|| machine.gap(info.span, "what the table is marked with"))
}
