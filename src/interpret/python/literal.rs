//! Literals: text whose bytes know their place, numbers, f-strings.

use super::library::Library;
use super::machine::{Machine, Run};
use super::standard;
use super::value::Value;
use crate::source::{Span, Text};
use crate::syntax::python::{Ranged, TextRange, ast};
use std::rc::Rc;

type Runs = Vec<(String, Span, bool)>;

impl<'a, L: Library<'a>> Machine<'a, L> {
    /// A text literal, of one part or several side by side.
    pub(super) fn text_literal(&mut self, literal: &'a ast::ExprStringLiteral) -> Value<'a> {
        if let Some(text) = self.as_written(literal) {
            return Value::Str(Rc::new(text));
        }
        let mut runs = Runs::new();
        for part in literal.value.iter() {
            let raw = part.flags.prefix().is_raw();
            self.literal_runs(&mut runs, &part.value, part.content_range(), raw, false);
        }
        if runs.is_empty() {
            runs.push((String::new(), self.span(literal.range()), false));
        }
        Value::Str(Rc::new(Text::composed(runs)))
    }

    /// The text of a literal of one part that is what its source says, as most are: a part of the file's own text.
    fn as_written(&self, literal: &ast::ExprStringLiteral) -> Option<Text> {
        let mut parts = literal.value.iter();
        let (Some(part), None) = (parts.next(), parts.next()) else {
            return None;
        };
        if part.value.is_empty() || self.frames.last().is_some_and(|f| f.quoted.is_some()) {
            return None;
        }
        let place = self.span(part.content_range());
        let source = self.modules.files().text(place.file);
        let is_whole = source.get(place.range()) == Some(&*part.value);
        is_whole.then(|| Text::of_file(place.file, source).slice(place.range()))
    }

    /// The runs of one literal: what is written as it is, and what is escaped.
    fn literal_runs(&self, out: &mut Runs, value: &str, range: TextRange, raw: bool, braces: bool) {
        let whole = self.span(range);
        if value.is_empty() {
            return;
        }
        let quoted = self.frames.last().is_some_and(|f| f.quoted.is_some());
        let source = self.modules.files().text(whole.file);
        let Some(source) = source.get(whole.range()).filter(|_| !quoted) else {
            out.push((value.to_owned(), whole, false));
            return;
        };
        if source == value {
            out.push((value.to_owned(), whole, true));
            return;
        }
        match split_escapes(source, value, raw, braces) {
            Some(parts) => {
                for (text, from, to, exact) in parts {
                    let start = whole.start as usize;
                    out.push((text, Span::new(whole.file, start + from, start + to), exact));
                }
            }
            None => out.push((value.to_owned(), whole, false)),
        }
    }

    pub(super) fn number(&mut self, number: &ast::ExprNumberLiteral) -> Value<'a> {
        let at = self.span(number.range());
        match &number.value {
            ast::Number::Int(int) => match int.as_i64() {
                Some(value) => Value::Int(value),
                None => self.unknown(at, "the number is larger than is followed"),
            },
            ast::Number::Float(value) => Value::Float(*value),
            ast::Number::Complex { .. } => self.unknown(at, "complex numbers are not followed"),
        }
    }

    /// An f-string, of one part or several side by side.
    pub(super) fn f_string(&mut self, string: &'a ast::ExprFString) -> Run<'a, Value<'a>> {
        let at = self.span(string.range());
        let mut pieces = Vec::new();
        for part in string.value.iter() {
            match part {
                ast::FStringPart::Literal(literal) => {
                    let mut runs = Runs::new();
                    let raw = literal.flags.prefix().is_raw();
                    self.literal_runs(&mut runs, &literal.value, literal.content_range(), raw, false);
                    if !runs.is_empty() {
                        pieces.push(Value::Str(Rc::new(Text::composed(runs))));
                    }
                }
                ast::FStringPart::FString(string) => {
                    let raw = string.flags.prefix().is_raw();
                    self.f_elements(&string.elements, raw, &mut pieces)?;
                }
            }
        }
        Ok(standard::joined(&pieces, at))
    }

    fn f_elements(
        &mut self,
        elements: &'a ast::InterpolatedStringElements,
        raw: bool,
        pieces: &mut Vec<Value<'a>>,
    ) -> Run<'a, ()> {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    let mut runs = Runs::new();
                    self.literal_runs(&mut runs, &literal.value, literal.range(), raw, true);
                    if !runs.is_empty() {
                        pieces.push(Value::Str(Rc::new(Text::composed(runs))));
                    }
                }
                ast::InterpolatedStringElement::Interpolation(field) => {
                    let piece = self.f_field(field, pieces)?;
                    pieces.push(piece);
                }
            }
        }
        Ok(())
    }

    fn f_field(
        &mut self,
        field: &'a ast::InterpolatedElement,
        pieces: &mut Vec<Value<'a>>,
    ) -> Run<'a, Value<'a>> {
        let at = self.span(field.expression.range());
        let mut conversion = field.conversion.to_char();
        if let Some(debug) = &field.debug_text {
            let text = format!("{}{}{}", debug.leading(), debug.expression(), debug.trailing());
            pieces.push(Value::text(&text, at));
            if conversion.is_none() && field.format_spec.is_none() {
                conversion = Some('r');
            }
        }
        let value = self.eval(&field.expression)?;
        let spec = match &field.format_spec {
            Some(spec) => {
                let mut parts = Vec::new();
                self.f_elements(&spec.elements, false, &mut parts)?;
                Some(standard::joined(&parts, at))
            }
            None => None,
        };
        standard::field(self, &value, conversion, spec.as_ref(), at)
    }
}

/// Splits a literal's source into runs that say what they say and escapes that say something else. `None` where that does not give
/// the value.
fn split_escapes(
    source: &str,
    value: &str,
    raw: bool,
    braces: bool,
) -> Option<Vec<(String, usize, usize, bool)>> {
    let mut out = Vec::new();
    let (mut at, mut start, mut done) = (0, 0, 0);
    let bytes = source.as_bytes();
    while at < bytes.len() {
        let length = match bytes[at] {
            b'\\' if !raw => escape_length(&source[at..]),
            b'{' | b'}' if braces && bytes.get(at + 1) == Some(&bytes[at]) => 2,
            b'\r' => 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')),
            _ => {
                at += 1;
                continue;
            }
        };
        if start < at {
            out.push((source.get(start..at)?.to_owned(), start, at, true));
            done += at - start;
        }
        let written = source.get(at..at + length)?;
        let rest = value.get(done..)?;
        let says = if written == "\\\n" || written == "\\\r\n" {
            ""
        } else if rest.starts_with(written) {
            // `\d` says both characters.
            written
        } else {
            rest.get(..rest.chars().next().map_or(0, char::len_utf8))?
        };
        if !says.is_empty() {
            out.push((says.to_owned(), at, at + length, says == written));
            done += says.len();
        }
        at += length;
        start = at;
    }
    if start < source.len() {
        out.push((source.get(start..)?.to_owned(), start, source.len(), true));
    }
    let composed: String = out.iter().map(|part| part.0.as_str()).collect();
    (composed == value).then_some(out)
}

fn escape_length(source: &str) -> usize {
    let bytes = source.as_bytes();
    let length = match bytes.get(1) {
        None => 1,
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        Some(b'N') => source.find('}').map_or(2, |end| end + 1),
        Some(b'\r') if bytes.get(2) == Some(&b'\n') => 3,
        Some(b'0'..=b'7') => {
            1 + bytes[1..]
                .iter()
                .take(3)
                .take_while(|b| (b'0'..=b'7').contains(b))
                .count()
        }
        Some(_) => 1 + source[1..].chars().next().map_or(1, char::len_utf8),
    };
    length.min(source.len())
}
