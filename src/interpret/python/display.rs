//! Values in words, for messages.

use super::library::Library;
use super::machine::Machine;
use super::value::{Operator, TermKind, Value};

/// Parts of a value within parts that are shown.
const DEPTH: u32 = 4;
/// Characters of a text that are shown.
const LENGTH: usize = 60;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A value in words, for messages.
    #[must_use]
    pub fn display(&self, value: &Value<'a>) -> String {
        self.show(value, DEPTH)
    }

    fn show(&self, value: &Value<'a>, depth: u32) -> String {
        match value {
            Value::None => "None".to_owned(),
            Value::Ellipsis => "...".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => format!("{f:?}"),
            Value::Str(text) => {
                let mut shown: String = text.as_str().chars().take(LENGTH).collect();
                if shown.len() < text.as_str().len() {
                    shown.push_str("...");
                }
                format!("'{}'", shown.escape_debug())
            }
            Value::Bytes(_) => "bytes".to_owned(),
            Value::Tuple(_) => "a tuple".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Dict(_) => "a dict".to_owned(),
            Value::Set(_) => "a set".to_owned(),
            Value::Iterator(_) => "an iterator".to_owned(),
            Value::Function(function) => function.name.to_string(),
            Value::Method(method) => self.show(&method.0, depth),
            Value::Class(class) => self
                .class(*class)
                .map_or_else(|| "a class".to_owned(), |c| c.name.to_string()),
            Value::Instance(_) => match self.class_of(value).and_then(|c| self.class(c)) {
                Some(class) => format!("{}(...)", class.name),
                None => "an instance".to_owned(),
            },
            Value::Module(module) => self.modules.dotted(*module),
            Value::Unknown(_) => "?".to_owned(),
            Value::Term(_) if depth == 0 => "...".to_owned(),
            Value::Term(term) => match &term.kind {
                TermKind::Path(path) => path.strip_prefix("builtins.").unwrap_or(path).to_owned(),
                TermKind::Attribute(inner, name) => format!("{}.{name}", self.show(inner, depth - 1)),
                TermKind::Call(callee, args) => {
                    let shown: Vec<String> = args
                        .positional
                        .iter()
                        .take(1)
                        .map(|a| self.show(&a.value, depth - 1))
                        .collect();
                    let more = args.positional.len() + args.keywords.len() > shown.len();
                    let more = match (more, shown.is_empty()) {
                        (true, false) => ", ...",
                        (true, true) => "...",
                        _ => "",
                    };
                    format!("{}({}{more})", self.show(callee, depth - 1), shown.join(""))
                }
                TermKind::Item(inner, key) => {
                    format!("{}[{}]", self.show(inner, depth - 1), self.show(key, depth - 1))
                }
                TermKind::Operation(operator, operands) => {
                    let shown: Vec<String> = operands.iter().map(|o| self.show(o, depth - 1)).collect();
                    let sign = match operator {
                        Operator::Binary(op) => op.as_str(),
                        Operator::Compare(op) => op.as_str(),
                        Operator::Unary(op) => return format!("{} {}", op.as_str(), shown.join("")),
                    };
                    shown.join(&format!(" {sign} "))
                }
            },
        }
    }
}
