//! What both sides say of a table or column: each fact with its place, what is unknown and why, what was found and which rules looked.

use super::escape;
use super::object::{self, Object};
use crate::check::{Run, Runs};
use crate::declared::{Expectation, Field, Model};
use crate::finding::Finding;
use crate::known::{ChangeId, Fact, Section};
use crate::name::Name;
use crate::rules;
use crate::session::Outcome;
use crate::source::{Files, Span};
use crate::sqltype::SqlType;

/// Everything that is said of the object of this name, by target; empty where there is none.
#[must_use]
pub fn explain(written: &str, runs: &Runs, findings: &[Finding], files: &Files) -> String {
    let mut out = String::new();
    for run in &runs.runs {
        let Some(outcome) = &run.replayed.outcome else {
            continue;
        };
        let objects = object::find(&outcome.schema, written);
        if !objects.is_empty() {
            out.push_str(&heading(&runs.runs, run));
        }
        let none = objects.is_empty();
        for one in objects {
            let of = Explained {
                run,
                outcome,
                files,
                object: one,
            };
            of.write(findings, &mut out);
        }
        if none {
            let of = declared_alone(written, run, files, findings);
            if !of.is_empty() {
                out.push_str(&heading(&runs.runs, run));
                out.push_str(&of);
            }
        }
    }
    out
}

/// What the migrations say of a table or column.
#[must_use]
pub fn database_side(run: &Run, files: &Files, object: Object) -> String {
    let mut out = String::new();
    if let Some(outcome) = &run.replayed.outcome {
        let of = Explained {
            run,
            outcome,
            files,
            object,
        };
        of.database(&mut out);
    }
    out
}

/// A table or column that the models alone know, by the database's names or by the models' own.
fn declared_alone(written: &str, run: &Run, files: &Files, findings: &[Finding]) -> String {
    let mut out = String::new();
    for parts in object::readings(written) {
        for model in run.models.iter().flat_map(|m| &m.models) {
            let Some(Expectation::Exactly(table)) = &model.table else {
                continue;
            };
            let named = |parts: &[Name]| match parts {
                [name] => table.name == *name || model.name == name.as_str(),
                [schema, name] => {
                    table.name == *name
                        && table.schema.as_ref().map_or("public", Name::as_str) == schema.as_str()
                }
                _ => false,
            };
            let field = parts
                .split_last()
                .filter(|(_, before)| named(before))
                .and_then(|(last, _)| {
                    let mut fields = model.fields.iter();
                    fields.find(|f| f.column == *last || f.name == last.as_str())
                });
            if field.is_none() && !named(&parts) {
                continue;
            }
            let column = field.map(|f| &f.column);
            let table = format!(
                "{}.{}",
                table.schema.as_ref().map_or("public", Name::as_str),
                table.name
            );
            let name = column.map_or(table.clone(), |c| format!("{table}.{c}"));
            out.push_str(&format!("{}\n", escape(&name)));
            out.push_str("  the migrations say:\n    nothing: no migration makes it\n  the models say:\n");
            write_model(model, column, files, &|ty| print_type(run, ty), &mut out);
            write_findings(findings, &table, column, false, &mut out);
        }
        if !out.is_empty() {
            break;
        }
    }
    out
}

/// A type as the target's own schema prints it.
fn print_type(run: &Run, ty: &SqlType) -> String {
    match &run.replayed.outcome {
        Some(outcome) => outcome.schema.format_type(ty),
        None => ty.print(&|_| "?".to_owned()),
    }
}

/// One object under explanation.
struct Explained<'a> {
    run: &'a Run,
    outcome: &'a Outcome,
    files: &'a Files,
    object: Object,
}

impl Explained<'_> {
    fn write(&self, findings: &[Finding], out: &mut String) {
        self.database(out);
        out.push_str("  the models say:\n");
        let both = self.models(out);
        self.findings(findings, both, out);
    }

    fn database(&self, out: &mut String) {
        let name = object::name(&self.outcome.schema, self.object);
        out.push_str(&format!("{}\n", escape(&name)));
        out.push_str("  the migrations say:\n");
        match self.object.column {
            Some(id) => self.column(id.0 as usize, out),
            None => self.table(out),
        }
    }

    fn table(&self, out: &mut String) {
        let table = self.outcome.schema.table(self.object.table);
        if let Some(gap) = &table.get().presumed {
            out.push_str(&format!("    presumed: {}\n", escape(&gap.why)));
        }
        for column in table.columns() {
            let (text, place) = self.fact(&column.get().ty, |ty| self.outcome.schema.format_type(ty));
            out.push_str(&format!("    {} {text}{place}\n", escape(column.name().as_str())));
        }
        for section in Section::ALL {
            if let Some(gap) = table.open(section) {
                out.push_str(&format!(
                    "    {} may not be complete: {}\n",
                    section.key(),
                    escape(&gap.why)
                ));
            }
        }
    }

    fn column(&self, index: usize, out: &mut String) {
        let schema = &self.outcome.schema;
        let Some(column) = schema.tables[self.object.table].columns.get(index) else {
            return;
        };
        let mut line = |what: &str, (text, place): (String, String)| {
            out.push_str(&format!("    {what}: {text}{place}\n"));
        };
        if let crate::known::Presence::Dropped(change) = &column.presence {
            line("dropped", (String::new(), self.at(Some(*change))));
        }
        line("type", self.fact(&column.ty, |ty| schema.format_type(ty)));
        line(
            "nullable",
            self.fact(&column.nullable, |n| if *n { "yes" } else { "no" }.to_owned()),
        );
        let default = self.fact(&column.default, |default| match default {
            None => "none".to_owned(),
            Some(stored) => schema
                .print_expr(Some(self.object.table), stored)
                .unwrap_or_else(|gap| format!("not known ({})", gap.why)),
        });
        line("default", default);
    }

    /// A fact in words, and where it comes from.
    fn fact<T>(&self, fact: &Fact<T>, print: impl Fn(&T) -> String) -> (String, String) {
        match fact {
            Fact::Known(value, change) => (escape(&print(value)), self.at(Some(*change))),
            Fact::Unknown { gap, candidates } => {
                let mut text = format!("not known ({})", gap.why);
                let values: Vec<String> = candidates.iter().map(|(value, _)| print(value)).collect();
                if !values.is_empty() {
                    text.push_str(&format!(", one of {}", values.join(", ")));
                }
                (
                    escape(&text),
                    gap.at.map(|span| self.span(span)).unwrap_or_default(),
                )
            }
        }
    }

    fn at(&self, change: Option<ChangeId>) -> String {
        change.map_or(String::new(), |change| {
            format!("  [{}]", object::place(change, &self.outcome.journal, self.files))
        })
    }

    fn span(&self, span: Span) -> String {
        format!(
            "  [{}:{}]",
            escape(self.files.path(span.file)),
            self.files.start(span).line
        )
    }

    /// Whether a model is for it.
    fn models(&self, out: &mut String) -> bool {
        let schema = &self.outcome.schema;
        let table = &schema.tables[self.object.table];
        let column = self
            .object
            .column
            .and_then(|id| table.columns.get(id.0 as usize))
            .map(|c| &c.name);
        let mut none = true;
        for model in self.run.models.iter().flat_map(|m| &m.models) {
            let Some(Expectation::Exactly(name)) = &model.table else {
                continue;
            };
            let here = name
                .schema
                .as_ref()
                .is_none_or(|s| schema.namespaces[table.namespace].name == *s);
            if name.name == table.name && here {
                none = false;
                self.model(model, column, out);
            }
        }
        if none {
            out.push_str("    nothing\n");
        }
        !none
    }

    fn model(&self, model: &Model, column: Option<&Name>, out: &mut String) {
        let print = |ty: &SqlType| self.outcome.schema.format_type(ty);
        write_model(model, column, self.files, &print, out);
    }

    fn findings(&self, findings: &[Finding], both: bool, out: &mut String) {
        let schema = &self.outcome.schema;
        let table = schema.table(self.object.table).qualified();
        let columns = &schema.tables[self.object.table].columns;
        let column = self.object.column.and_then(|id| columns.get(id.0 as usize));
        write_findings(findings, &table, column.map(|c| &c.name), both, out);
    }
}

fn at(span: Span, files: &Files) -> String {
    format!("  [{}:{}]", escape(files.path(span.file)), files.start(span).line)
}

fn write_model(
    model: &Model,
    column: Option<&Name>,
    files: &Files,
    print: &dyn Fn(&SqlType) -> String,
    out: &mut String,
) {
    out.push_str(&format!(
        "    model {}{}\n",
        escape(&model.name),
        at(model.span, files)
    ));
    for field in model
        .fields
        .iter()
        .filter(|f| column.is_none_or(|c| f.column == *c))
    {
        out.push_str(&format!(
            "      {}{}\n",
            escape(&field_text(field, print)),
            at(field.span, files)
        ));
    }
}

fn field_text(field: &Field, print: &dyn Fn(&SqlType) -> String) -> String {
    let ty = match &field.ty {
        Expectation::Exactly(ty) => print(ty),
        Expectation::OneOf(types) => types.iter().map(print).collect::<Vec<_>>().join(" or "),
        Expectation::Family(family) => family.word().to_owned(),
        Expectation::Anything => "any type".to_owned(),
        Expectation::Unknown(gap) => format!("not known ({})", gap.why),
    };
    let null = match &field.nullable {
        Expectation::Exactly(true) => "nullable",
        Expectation::Exactly(false) => "not null",
        _ => "nullable or not",
    };
    let declared = field.declared.as_deref().unwrap_or("?");
    format!("{} {declared}: column {} {ty}, {null}", field.name, field.column)
}

/// What was found of a table or column, and which rules looked; `both`: the migrations and a model know it.
fn write_findings(findings: &[Finding], table: &str, column: Option<&Name>, both: bool, out: &mut String) {
    let of: Vec<&Finding> = findings
        .iter()
        .filter(|f| f.table.as_deref() == Some(table))
        .filter(|f| column.is_none_or(|c| f.column.as_deref() == Some(c.as_str())))
        .collect();
    let names: Vec<_> = rules::RULES
        .iter()
        .filter(|rule| rule.check.looks_at(both) || of.iter().any(|f| f.rule == rule.name))
        .map(|rule| rule.name)
        .collect();
    out.push_str(&format!("  rules that looked at it: {}\n", names.join(", ")));
    let mut none = true;
    for finding in of {
        none = false;
        let line = format!(
            "  found: {}[{}]: {}",
            finding.level.word(),
            finding.rule,
            finding.message
        );
        out.push_str(&format!("{}\n", escape(&line)));
    }
    if none {
        out.push_str("  found: nothing\n");
    }
}

/// The name of a target above what is printed of it, where there are several.
#[must_use]
pub fn heading(runs: &[Run], run: &Run) -> String {
    if runs.len() > 1 {
        format!("-- {}\n", escape(&run.target.name))
    } else {
        String::new()
    }
}
