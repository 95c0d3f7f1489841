//! Text of which parts are not known: what it is known to do is done, and what it can reach besides is open.

use std::sync::Arc;

use super::Session;
use super::flow::Run;
use super::query::Table;
use super::value::{Partial, Value};
use crate::change::Change;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::{Span, Text};
use crate::sql::{Read, Statement};

impl Session {
    /// Sends SQL text of which parts are not known (`None`): what it can reach by the rest of it is open from now on.
    pub fn send_pattern(&mut self, parts: &[Option<Text>], why: &str, at: Span) {
        let text = filled(parts, at, |_, _| super::reach::RAW_HOLE);
        for (mut read, is_numbered) in with_numbers(crate::sql::read(&text), parts, at) {
            if !is_numbered
                && let Statement::Changes(changes) = &mut read.statement
                && super::reach::without_holed_qualifiers(changes)
            {
                // An error of it is noted: the caller tells that it may come.
                self.send(&read, false);
                continue;
            }
            if !is_numbered && self.send_masked(&read, why, at) {
                continue;
            }
            self.via.clone_from(&self.program.calls);
            self.statistics.statements += 1;
            let reaches_schema = match &read.statement {
                Statement::Do { .. } => {
                    self.run_holed(&read, why, at);
                    true
                }
                _ => self.open_statement(&read, why, at),
            };
            self.statistics.opaque += usize::from(reaches_schema);
        }
        self.via.clear();
    }

    /// The same for text that a library made of what the program told it: no file holds it.
    pub fn send_made_pattern(&mut self, parts: &[Option<Text>], why: &str, at: Span) {
        self.program.makes = true;
        self.send_pattern(parts, why, at);
        self.program.makes = false;
    }

    /// Runs a block whose text has holes: what depends on them is not known.
    fn run_holed(&mut self, read: &Read, why: &str, at: Span) {
        self.budget.next_statement();
        let before = self.world.clone();
        self.statement_start = Some(before.clone());
        self.program.holed = Some(why.to_owned());
        let result = self.run_read(read, true);
        self.program.holed = None;
        self.parked.clear();
        self.ctes.clear();
        self.aliases.clear();
        self.world.frames.clear();
        if result.is_err() {
            self.roll_back_statement(&before);
            self.open_statement(read, why, at);
        }
        self.end_statement(read.span);
    }

    /// What a statement does whose text has holes outside of its strings; `None` where it can run as it stands.
    pub(super) fn holed_statement(&mut self, read: &Read) -> Option<Run<Option<Table>>> {
        let why = self.program.holed.clone()?;
        if !has_hole_outside_strings(read.text.as_str()) {
            return None;
        }
        let gap = Gap::new(read.span, why.as_str(), Reach::Rows);
        Some(match &read.statement {
            Statement::Do { .. } => return None,
            Statement::Query(_) => Ok(Some(Table::unknown(&gap))),
            _ => {
                self.open_statement(read, &why, read.span);
                let returns = read.text.as_str().to_ascii_lowercase().contains("returning");
                Ok(returns.then(|| Table::unknown(&gap)))
            }
        })
    }

    /// A string of a text with holes that has one.
    pub(super) fn holed_string(&self, text: &str, at: Span) -> Option<Value> {
        let why = self.program.holed.as_ref()?;
        if !text.contains(super::reach::RAW_HOLE) {
            return None;
        }
        let mut runs = Vec::new();
        for (i, part) in text.split(super::reach::RAW_HOLE).enumerate() {
            if i > 0 {
                runs.push((None, at, false));
            }
            if !part.is_empty() {
                runs.push((Some(part.to_owned()), at, false));
            }
        }
        let gap = Gap::new(at, why.as_str(), Reach::Rows);
        Some(Value::Partial(Arc::new(Partial { runs, gap })))
    }

    /// Whether a name stands for what is not known.
    pub(super) fn is_hole(&self, name: &Name) -> bool {
        self.program.holed.is_some() && name.as_str().contains(super::reach::HOLE)
    }

    /// Sends changes of which some names are not known ([`super::HOLE`]): what they can reach by the rest is open from now on.
    pub fn send_holed(&mut self, changes: &[Change], why: &str, at: Span) {
        self.via.clone_from(&self.program.calls);
        let read = Read {
            span: at,
            text: Text::composed([(String::new(), at, false)]),
            statement: Statement::Changes(changes.to_vec()),
        };
        self.statistics.statements += 1;
        let reaches_schema = self.open_statement(&read, why, at);
        self.statistics.opaque += usize::from(reaches_schema);
        self.via.clear();
    }
}

/// The text, something standing for each part that is not known: chosen by what is before and behind it.
fn filled(
    parts: &[Option<Text>],
    at: Span,
    stands: impl Fn(Option<char>, Option<char>) -> &'static str,
) -> Text {
    let mut runs = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        match part {
            Some(text) => runs.extend(text.runs()),
            None => {
                let known = |part: Option<&'_ Option<Text>>| part.and_then(Option::as_ref).cloned();
                let before = known(i.checked_sub(1).and_then(|before| parts.get(before)));
                let behind = known(parts.get(i + 1));
                let before = before.and_then(|text| text.as_str().chars().next_back());
                let behind = behind.and_then(|text| text.as_str().chars().next());
                runs.push((stands(before, behind).to_owned(), at, false));
            }
        }
    }
    Text::composed(runs)
}

/// Statements that cannot be read with a name for what is not known are read with a number, where it stands by itself: `MODULUS {n}`.
/// Whether that was done is said beside: such a statement is not run, for the number is not known.
fn with_numbers(reads: Vec<Read>, parts: &[Option<Text>], at: Span) -> Vec<(Read, bool)> {
    let is_opaque = |read: &Read| matches!(read.statement, Statement::Opaque(_));
    let mut out: Vec<(Read, bool)> = reads.into_iter().map(|read| (read, false)).collect();
    if !out.iter().any(|(read, _)| is_opaque(read)) {
        return out;
    }
    let is_of_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_.\"$".contains(c));
    let text = filled(parts, at, |before, behind| {
        if is_of_name(before) || is_of_name(behind) {
            super::reach::RAW_HOLE
        } else {
            "1"
        }
    });
    let numbered = crate::sql::read(&text);
    if numbered.len() != out.len() {
        return out;
    }
    let changes_tables = |read: &Read| match &read.statement {
        Statement::Changes(changes) => !changes.iter().any(|c| matches!(c, Change::CreateFunction(_))),
        _ => false,
    };
    for (place, numbered) in out.iter_mut().zip(numbered) {
        if is_opaque(&place.0) && changes_tables(&numbered) {
            *place = (numbered, true);
        }
    }
    out
}

/// Whether a hole stands anywhere but in a string.
fn has_hole_outside_strings(text: &str) -> bool {
    text.split('\'')
        .step_by(2)
        .any(|part| part.contains(super::reach::HOLE))
}
