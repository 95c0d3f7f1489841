//! What two states of a schema have apart: text for people, a document, Markdown.

use serde_json::{Value, json};

use super::markup::markdown as marked;
use super::{escape, json, object};
use crate::known::ChangeId;
use crate::replay::Journal;
use crate::schema::compare::{Comparison, Difference, Object, Said, Side, Untold};
use crate::source::Files;

/// The version of the document.
const VERSION: u32 = 1;
/// Rows of a table in Markdown: the hosts refuse longer comments.
const ROWS: usize = 200;
/// Longest text of a side that is printed whole.
const LONGEST: usize = 160;

/// Where one side's facts come from.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// What the side is, in words.
    pub title: &'a str,
    /// The origins of its changes.
    pub journal: &'a Journal,
    /// The files that they are in.
    pub files: &'a Files,
}

impl State<'_> {
    fn place(&self, at: Option<ChangeId>) -> Option<String> {
        let at = at?;
        self.journal.origin(at)?;
        Some(object::place(at, self.journal, self.files))
    }

    fn json_place(&self, said: Option<&Said>) -> Value {
        let at = said.and_then(|said| said.at);
        let Some((at, origin)) = at.and_then(|at| Some((at, self.journal.origin(at)?))) else {
            return Value::Null;
        };
        let mut out = json::place(origin.span, self.files);
        out["migration"] = self.journal.migration(at).map_or(Value::Null, Value::from);
        out
    }
}

/// For people: below each object what is apart, with the places of both sides, and what is not known.
#[must_use]
pub fn text(comparison: &Comparison, left: State<'_>, right: State<'_>) -> String {
    let mut out = format!("A: {}\nB: {}\n", escape(left.title), escape(right.title));
    let mut last = None;
    for difference in &comparison.differences {
        head(&difference.object, &mut last, &mut out);
        out.push_str(&line(difference));
        for (side, state, said) in [("A", left, &difference.left), ("B", right, &difference.right)] {
            let place = said.as_ref().and_then(|said| state.place(said.at));
            if let Some(place) = place {
                out.push_str(&format!("      {side}: {place}\n"));
            }
        }
    }
    if !comparison.untold.is_empty() {
        out.push_str("\nnot known, and so neither alike nor different:\n");
    }
    for untold in &comparison.untold {
        out.push_str(&format!(
            "  ? {}: {}\n",
            escape(&subject(untold)),
            why(untold, left, right)
        ));
    }
    out.push_str(&format!("\n{}\n", summary(comparison)));
    out
}

/// The heading of an object's table, or the first line of what is no table's part.
fn head<'c>(object: &'c Object, last: &mut Option<&'c str>, out: &mut String) {
    let of = object.table.as_deref().unwrap_or(&object.name);
    if *last != Some(of) {
        out.push_str(&format!("\n{}\n", escape(of)));
        *last = Some(of);
    }
}

/// `  - column legacy: integer`.
fn line(difference: &Difference) -> String {
    let object = &difference.object;
    let name = match &object.table {
        Some(_) if object.name.is_empty() => object.kind.word().to_owned(),
        Some(_) => format!("{} {}", object.kind.word(), object.name),
        None => object.kind.word().to_owned(),
    };
    let said = |said: &Option<Said>| said.as_ref().map_or("", |said| said.text.as_str()).to_owned();
    let (left, right) = (cut(&said(&difference.left)), cut(&said(&difference.right)));
    let text = match (&difference.fact, &difference.left, &difference.right) {
        (Some(fact), ..) if left == right => format!("  ~ {name}: {fact}: another one ({right})"),
        (Some(fact), ..) => format!("  ~ {name}: {fact}: {left} -> {right}"),
        (None, Some(_), None) => format!("  - {name}{}", more(&name, &left)),
        (None, ..) => format!("  + {name}{}", more(&name, &right)),
    };
    format!("{}\n", escape(&text))
}

/// What is said of an object besides its name.
fn more(name: &str, said: &str) -> String {
    if said.is_empty() || said == name {
        String::new()
    } else {
        format!(": {said}")
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

fn subject(untold: &Untold) -> String {
    let object = &untold.object;
    let name = match (&object.table, object.name.is_empty()) {
        (Some(table), true) => format!("{} of {table}", object.kind.word()),
        (Some(table), false) => format!("{} {table}.{}", object.kind.word(), object.name),
        (None, true) => "anything".to_owned(),
        (None, false) => format!("{} {}", object.kind.word(), object.name),
    };
    match untold.fact {
        Some(fact) => format!("{name}: {fact}"),
        None => name,
    }
}

fn why(untold: &Untold, left: State<'_>, right: State<'_>) -> String {
    let (side, state) = match untold.side {
        Side::Left => ("in A ", left),
        Side::Right => ("in B ", right),
        Side::Both => return escape(&untold.gap.why),
    };
    let place = untold.gap.at.map(|span| {
        let line = state.files.start(span).line;
        format!(" ({}:{line})", escape(state.files.path(span.file)))
    });
    format!("{side}{}{}", escape(&untold.gap.why), place.unwrap_or_default())
}

/// The closing line.
#[must_use]
pub fn summary(comparison: &Comparison) -> String {
    let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let alike = count(comparison.alike, "fact alike", "facts alike");
    let unknown = comparison.untold.len();
    match comparison.is_equal() {
        Some(true) => format!("equal: {alike}, nothing unknown"),
        Some(false) => {
            let differences = count(comparison.differences.len(), "difference", "differences");
            format!("different: {differences}, {alike}, {unknown} not known")
        }
        None => format!("cannot be told: no difference is known, {alike}, {unknown} not known"),
    }
}

/// The document, pretty-printed, with a final line end.
#[must_use]
pub fn document(comparison: &Comparison, left: State<'_>, right: State<'_>) -> String {
    let said = |said: &Option<Said>| {
        said.as_ref()
            .map_or(Value::Null, |s| Value::from(s.text.as_str()))
    };
    let differences = comparison.differences.iter().map(|d| {
        json!({
            "object": d.object.kind.word(), "table": d.object.table, "name": d.object.name, "fact": d.fact,
            "left": said(&d.left), "right": said(&d.right),
            "left_place": left.json_place(d.left.as_ref()), "right_place": right.json_place(d.right.as_ref()),
        })
    });
    let unknown = comparison.untold.iter().map(|u| {
        let (side, files) = match u.side {
            Side::Left => ("left", left.files),
            Side::Right => ("right", right.files),
            Side::Both => ("both", left.files),
        };
        json!({
            "object": u.object.kind.word(), "table": u.object.table, "name": u.object.name, "fact": u.fact, "side": side,
            "why": u.gap.why, "place": u.gap.at.map(|span| json::place(span, files)),
        })
    });
    let document = json!({
        "version": VERSION,
        "left": left.title, "right": right.title,
        "equal": comparison.is_equal(),
        "alike": comparison.alike,
        "differences": differences.collect::<Vec<_>>(),
        "unknown": unknown.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// For the comment of a pull request.
#[must_use]
pub fn markdown(comparison: &Comparison, left: State<'_>, right: State<'_>) -> String {
    let mut out = format!("### {} / {}\n\n", marked(left.title), marked(right.title));
    if !comparison.differences.is_empty() {
        out.push_str("| object | | A | B |\n|---|---|---|---|\n");
    }
    for d in comparison.differences.iter().take(ROWS) {
        let name = match &d.object.table {
            Some(table) => format!("{} {table}.{}", d.object.kind.word(), d.object.name),
            None => format!("{} {}", d.object.kind.word(), d.object.name),
        };
        let cell = |said: &Option<Said>, state: State<'_>| match said {
            None => "none".to_owned(),
            Some(said) => {
                let place = state.place(said.at).map(|p| format!(" ({p})"));
                marked(&format!("{}{}", cut(&said.text), place.unwrap_or_default()))
            }
        };
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            marked(&name),
            d.fact.unwrap_or(""),
            cell(&d.left, left),
            cell(&d.right, right)
        ));
    }
    if comparison.differences.len() > ROWS {
        out.push_str(&format!("\nand {} more.\n", comparison.differences.len() - ROWS));
    }
    if !comparison.untold.is_empty() {
        out.push_str(&format!(
            "\n<details><summary>{} not known</summary>\n\n",
            comparison.untold.len()
        ));
        for untold in comparison.untold.iter().take(ROWS) {
            let line = format!("{}: {}", subject(untold), why(untold, left, right));
            out.push_str(&format!("* {}\n", marked(&line)));
        }
        out.push_str("\n</details>\n");
    }
    out.push_str(&format!("\n{}\n", marked(&summary(comparison))));
    out
}
