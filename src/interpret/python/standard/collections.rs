//! `collections`: kinds of dicts, queues, named tuples.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::methods;
use super::super::value::{Args, Value};
use super::bind::{self, bind, unknown};
use super::{access, records};
use crate::source::Span;

/// A call of a member of `collections`.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    Some(match name {
        "OrderedDict" => {
            let dict = access::odd_dict(machine, None);
            methods::dict_update(machine, &dict, args, at).map(|()| dict)
        }
        "defaultdict" => {
            let factory = args.positional.first().map(|a| a.value.clone());
            let default = factory.filter(|f| !matches!(f, Value::None));
            let dict = access::odd_dict(machine, default);
            methods::dict_update(machine, &dict, &bind::rest(args), at).map(|()| dict)
        }
        "deque" => {
            if args.get(1, "maxlen").is_some() {
                return Some(Ok(unknown("a deque of limited length", at)));
            }
            let callee = machine.path("builtins.list", at);
            machine.call(&callee, args.clone(), at)
        }
        "namedtuple" => {
            return Some(
                records::named_tuple(machine, args, at)
                    .unwrap_or_else(|| Ok(unknown("a named tuple whose fields are not known", at))),
            );
        }
        _ => Ok(unknown(format!("what collections.{name} gives"), at)),
    })
}

/// `dict.fromkeys(keys, value)`.
pub(crate) fn from_keys<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let [keys, value] = bind(args, ["iterable", "value"])?;
    let (keys, value) = (keys?.clone(), value.cloned().unwrap_or(Value::None));
    Some(access::iterated(machine, &keys, at).map(|keys| match keys {
        Ok(keys) => {
            let dict = machine.new_dict(Vec::new());
            for key in keys {
                access::dict_set(machine, &dict, key, value.clone());
            }
            dict
        }
        Err(gap) => machine.open_dict(gap),
    }))
}
