//! What lies outside of the program: the environment, the clock, chance, the machine. Unknown, each with its reason.

use super::super::library::Library;
use super::super::machine::{Machine, Run};
use super::super::ops::maybe_bool;
use super::super::value::{Args, Value};
use super::bind::{int, unknown};
use super::{access, modules};
use crate::interpret::python::dotted;
use crate::known::Truth;
use crate::source::Span;
use crate::syntax::python::ast;

/// The environment's variables: one that is not given is unknown, whatever its default. What it usually is, its default tells: `None`
/// without one where it is optional.
fn variable<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    key: Option<&Value<'a>>,
    default: Option<&Value<'a>>,
    optional: bool,
    at: Span,
) -> Value<'a> {
    match key.and_then(Value::as_str) {
        Some(name) if let Some(known) = L::variable(machine, name, at) => known,
        Some(name)
            if let Some(default) = default
                && let Some(known) = L::variable_or(machine, name, default, at) =>
        {
            known
        }
        Some(name) => {
            let usual = match default {
                Some(default) => default.usual(),
                None => optional.then_some(Value::None),
            };
            unknown(format!("the environment variable `{name}`"), at).usually(usual)
        }
        None => unknown("an environment variable", at),
    }
}

/// A call by its path; `None` where it is none of these.
pub(crate) fn call<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let first = args.positional.first().map(|a| &a.value);
    Some(Ok(match path {
        "os.getenv" | "os.getenvb" => {
            let key = args.get(0, "key").map(|a| &a.value);
            let default = args.get(1, "default").map(|a| &a.value);
            variable(machine, key, default, true, at)
        }
        "os.makedirs"
        | "os.mkdir"
        | "os.remove"
        | "os.unlink"
        | "os.putenv"
        | "os.chdir"
        | "time.sleep"
        | "warnings.warn"
        | "warnings.filterwarnings"
        | "warnings.simplefilter"
        | "warnings.warn_explicit"
        | "random.seed"
        | "sys.setrecursionlimit"
        | "gc.collect"
        | "atexit.register" => Value::None,
        "sys.exit" | "os._exit" => return Some(Err(machine.raise("builtins.SystemExit", "", at))),
        "sys.intern" => first?.clone(),
        "asyncio.run" | "asyncio.wait_for" | "asyncio.shield" | "uvloop.run" => {
            let coroutine = first?.clone();
            return Some(machine.awaited(coroutine, at));
        }
        "asyncio.create_task" | "asyncio.ensure_future" => first?.clone(),
        "asyncio.gather" if args.open.is_none() => {
            let mut all = Vec::new();
            for argument in &args.positional {
                match machine.awaited(argument.value.clone(), at) {
                    Ok(value) => all.push(value),
                    Err(stop) => return Some(Err(stop)),
                }
            }
            machine.new_list(all)
        }
        "anyio.run" => {
            let function = first?.clone();
            let run = machine.call(&function, super::bind::rest(args), at);
            return Some(run.and_then(|coroutine| machine.awaited(coroutine, at)));
        }
        "asyncio.sleep" => Value::None,
        "time.time"
        | "time.time_ns"
        | "time.monotonic"
        | "time.perf_counter"
        | "time.strftime"
        | "time.localtime"
        | "time.gmtime"
        | "time.process_time"
        | "datetime.datetime.now"
        | "datetime.datetime.utcnow"
        | "datetime.datetime.today"
        | "datetime.date.today" => unknown("the time at which it runs", at),
        "uuid.uuid1" | "uuid.uuid4" | "uuid.uuid6" | "uuid.uuid7" | "uuid.getnode" | "os.urandom" => {
            unknown("a value that is made by chance", at)
        }
        "os.getpid" | "os.uname" | "os.cpu_count" | "os.getlogin" | "os.getuid" | "os.popen"
        | "os.system" | "socket.gethostname" | "getpass.getuser" | "locale.getlocale" | "sys.getsizeof" => {
            unknown("what the machine on which it runs says", at)
        }
        _ if path.starts_with("random.") || path.starts_with("secrets.") => {
            if matches!(path, "random.shuffle") {
                if let Some(list) = first {
                    let gap = machine.gap(at, "an order that is made by chance");
                    access::unordered(machine, &list.clone(), &gap);
                }
                return Some(Ok(Value::None));
            }
            unknown("a value that is made by chance", at)
        }
        _ if path.starts_with("platform.") => unknown("what the machine on which it runs says", at),
        _ => return None,
    }))
}

/// A method of a member of a library, by its path: `os.environ.get`, `sys.path.append`.
pub(crate) fn method<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    receiver: &Value<'a>,
    name: &str,
    args: &Args<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    let first = args.positional.first().map(|a| a.value.clone());
    match receiver.as_path()? {
        "os.environ" => Some(Ok(match name {
            "get" | "pop" | "setdefault" => {
                let default = args.get(1, "default").map(|a| &a.value);
                variable(machine, first.as_ref(), default, name == "get", at)
            }
            "update" | "clear" => Value::None,
            _ => {
                let gap = machine.gap(at, "the environment");
                match name {
                    "copy" => machine.open_dict(gap),
                    "keys" | "values" | "items" => machine.open_list(gap),
                    _ => Value::unknown(gap),
                }
            }
        })),
        "sys.path" => Some(Ok(match name {
            "append" | "insert" | "extend" | "remove" => Value::None,
            _ => unknown("where modules are looked for", at),
        })),
        "sys.modules" => match (name, first) {
            ("get" | "pop", Some(Value::Str(key))) => Some(Ok(modules::loaded(machine, key.as_str())
                .unwrap_or_else(|| unknown("a module that is perhaps loaded", at)))),
            _ => Some(Ok(unknown("which modules are loaded", at))),
        },
        "sys.stdout" | "sys.stderr" => Some(Ok(Value::None)),
        _ => None,
    }
}

/// A member of a library that is a value.
pub(crate) fn attribute<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    name: &str,
    at: Span,
) -> Option<Value<'a>> {
    Some(match (path, name) {
        ("os" | "os.path" | "posixpath", "sep") => Value::text("/", at),
        ("os" | "os.path", "pardir") => Value::text("..", at),
        ("os" | "os.path", "curdir") => Value::text(".", at),
        ("os", "linesep") => Value::text("\n", at),
        ("sys", "maxsize") => Value::Int(i64::MAX),
        ("sys", "argv") => {
            let gap = machine.gap(at, "how it is called");
            machine.open_list(gap)
        }
        ("sys", "platform" | "executable" | "prefix" | "version" | "flags") | ("os", "name") => {
            unknown("what the machine on which it runs says", at)
        }
        ("string", "ascii_lowercase") => Value::text(LOWER, at),
        ("string", "ascii_uppercase") => Value::text(&LOWER.to_uppercase(), at),
        ("string", "ascii_letters") => Value::text(&format!("{LOWER}{}", LOWER.to_uppercase()), at),
        ("string", "digits") => Value::text("0123456789", at),
        ("string", "hexdigits") => Value::text("0123456789abcdefABCDEF", at),
        ("string", "punctuation") => Value::text(r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##, at),
        ("math", "inf") => Value::Float(f64::INFINITY),
        ("math", "pi") => Value::Float(std::f64::consts::PI),
        // Python 3, whichever.
        ("sys.version_info", "major") => Value::Int(3),
        ("sys.version_info", _) => unknown("the version of Python", at),
        // A name of a class that is a path: `enum.Enum.__name__`.
        (path, "__name__") if path.contains('.') => Value::text(dotted::last(path), at),
        _ => return None,
    })
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

/// `os.environ["X"]`, `sys.modules["x"]`, `sys.version_info[0]`.
pub(crate) fn item<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    key: &Value<'a>,
    at: Span,
) -> Option<Run<'a, Value<'a>>> {
    match path {
        "os.environ" => Some(Ok(variable(machine, Some(key), None, false, at))),
        "sys.modules" => Some(Ok(key
            .as_str()
            .and_then(|name| modules::loaded(machine, name))
            .unwrap_or_else(|| unknown("a module that is perhaps loaded", at)))),
        "sys.version_info" => Some(Ok(match int(key) {
            Some(0) => Value::Int(3),
            _ if key.as_call().is_some() => return None,
            _ => unknown("the version of Python", at),
        })),
        _ => None,
    }
}

/// Whether something is in a member of a library.
pub(crate) fn contains<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    path: &str,
    item: &Value<'a>,
    at: Span,
) -> Option<Truth> {
    let why = match (path, item.as_str()) {
        ("os.environ", Some(name)) => format!("the environment variable `{name}`"),
        ("os.environ", None) => "an environment variable".to_owned(),
        ("sys.modules", Some(name)) if modules::loaded(machine, name).is_some() => return Some(Truth::Yes),
        ("sys.modules", _) => "which modules are loaded".to_owned(),
        ("sys.path" | "sys.argv", _) => "how it is called".to_owned(),
        _ => return None,
    };
    Some(Truth::Unknown(machine.gap(at, why)))
}

/// The least version of Python that SQLAlchemy 1.4 and Alembic 1.5 run on is 3.6: nothing older is met.
const OLDEST: [i64; 2] = [3, 6];

/// `sys.version_info >= (3, 6)`: told for versions that are not met any more.
pub(crate) fn compare<'a, L: Library<'a>>(
    machine: &mut Machine<'a, L>,
    op: ast::CmpOp,
    a: &Value<'a>,
    b: &Value<'a>,
    at: Span,
) -> Option<Value<'a>> {
    let (version, swapped) = match (a, b) {
        (a, Value::Tuple(version)) if is_version(a) => (version, false),
        (Value::Tuple(version), b) if is_version(b) => (version, true),
        _ => return None,
    };
    let numbers: Option<Vec<i64>> = version.iter().map(int).collect();
    let numbers = numbers?;
    let greater = if numbers.first().is_some_and(|n| *n > 3) {
        Some(false)
    } else {
        (numbers.as_slice() <= OLDEST.as_slice()).then_some(true)
    };
    let gap = machine.gap(at, "the version of Python");
    let Some(greater) = greater else {
        return Some(maybe_bool(gap));
    };
    let greater = greater != swapped;
    Some(Value::Bool(match op {
        ast::CmpOp::Gt | ast::CmpOp::GtE => greater,
        ast::CmpOp::Lt | ast::CmpOp::LtE => !greater,
        ast::CmpOp::NotEq => true,
        ast::CmpOp::Eq => false,
        _ => return None,
    }))
}

/// `sys.version_info` or a part of it from its beginning.
fn is_version(value: &Value<'_>) -> bool {
    use super::super::value::TermKind;
    match value {
        Value::Term(term) => match &term.kind {
            TermKind::Path(path) => path == "sys.version_info",
            TermKind::Item(inner, key) => {
                let from_start = key.as_call().is_some_and(|(callee, args)| {
                    callee.as_path() == Some("builtins.slice")
                        && args
                            .positional
                            .first()
                            .is_some_and(|a| matches!(a.value, Value::None))
                });
                from_start && is_version(inner)
            }
            _ => false,
        },
        _ => false,
    }
}
