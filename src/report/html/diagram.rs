//! The schema for the script to draw: tables, their columns on either side, foreign keys, and which of them a finding is about. A
//! document within the page, in which nothing can end the element that holds it.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::Section;
use crate::check::{Report, Run, Runs};
use crate::declared::{Expectation, Field, Model, ModelKind};
use crate::finding::{Finding, Level};
use crate::known::Fact;
use crate::name::QualifiedName;
use crate::pair::{Pairs, TablePair};
use crate::report::diagram::{keys, lines, tables, type_of};
use crate::report::escape;
use crate::schema::{ColumnWalker, Lookup, Schema, TableId};

/// The section.
pub(super) fn section(report: &Report, runs: &Runs) -> Section {
    let several = runs.runs.len() > 1;
    let targets: Vec<Value> = runs.runs.iter().map(|run| target(report, run, several)).collect();
    let tables: usize = targets
        .iter()
        .filter_map(|t| t["tables"].as_array())
        .map(Vec::len)
        .sum();
    Section {
        id: "schema",
        title: "Schema",
        count: Some(tables.to_string()),
        body: format!(
            "<noscript><p class=\"none\">The diagram is drawn by a script, which does not run here.</p></noscript><div id=\"diagram\" hidden></div><script type=\"application/json\" id=\"schema-data\">{}</script>",
            embedded(&json!(targets))
        ),
    }
}

/// A document that no parser of HTML looks into: without `<`, which alone could end the element or begin a comment in it, and without
/// what is not to be seen.
fn embedded(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn target(report: &Report, run: &Run, several: bool) -> Value {
    let of_run = |finding: &&Finding| !several || finding.targets.contains(&run.target.name);
    let mut found: FxHashMap<(&str, Option<&str>), Vec<usize>> = FxHashMap::default();
    for (at, finding) in report.findings.iter().enumerate().filter(|(_, f)| of_run(f)) {
        if let Some(table) = finding.table.as_deref() {
            found
                .entry((table, finding.column.as_deref()))
                .or_default()
                .push(at);
        }
    }
    let sets: Vec<_> = run.models.iter().map(AsRef::as_ref).collect();
    let schema = run.replayed.outcome.as_ref().map(|outcome| &outcome.schema);
    let pairs = Pairs::new(schema, &sets);
    let mut by_table: FxHashMap<TableId, Vec<&TablePair<'_>>> = FxHashMap::default();
    for pair in &pairs.tables {
        if let Some(id) = pair.table_id() {
            by_table.entry(id).or_default().push(pair);
        }
    }
    let mut out = Drawn {
        report,
        found,
        pairs: by_table,
        tables: Vec::new(),
    };
    if let Some(schema) = schema {
        out.of_schema(schema);
        let path = &schema.search_path;
        let expected = |name: &QualifiedName| match &name.schema {
            Some(schema) => format!("{schema}.{}", name.name),
            None => format!("{}.{}", path.first().map_or("public", |n| n.as_str()), name.name),
        };
        for pair in pairs
            .tables
            .iter()
            .filter(|pair| matches!(pair.table, Lookup::Absent))
        {
            if let Some((_, model)) = pair.model
                && let Some(Expectation::Exactly(name)) = &model.table
            {
                out.of_model(&expected(name), model);
            }
        }
    } else {
        for model in sets.iter().flat_map(|set| &set.models) {
            if let Some(Expectation::Exactly(name)) = &model.table {
                out.of_model(&name.to_string(), model);
            }
        }
    }
    json!({ "name": escape(&run.target.name), "tables": out.tables })
}

struct Drawn<'a> {
    report: &'a Report,
    /// Findings by table and column.
    found: FxHashMap<(&'a str, Option<&'a str>), Vec<usize>>,
    pairs: FxHashMap<TableId, Vec<&'a TablePair<'a>>>,
    tables: Vec<Value>,
}

impl Drawn<'_> {
    fn of_schema(&mut self, schema: &Schema) {
        let drawn = tables(schema);
        for table in &drawn {
            let name = table.qualified();
            let pairs = self.pairs.get(&table.id).cloned().unwrap_or_default();
            let mut columns: Vec<Value> = table.columns().map(|c| self.column(&name, &pairs, c)).collect();
            for field in pairs.iter().flat_map(|pair| &pair.missing) {
                columns.push(self.missing(&name, field));
            }
            let models: Vec<String> = pairs
                .iter()
                .filter_map(|pair| pair.model.map(|(_, model)| escape(&model.name)))
                .collect();
            let lines: Vec<Value> = lines(*table, &drawn)
                .iter()
                .map(|line| json!({ "to": escape(&line.to.qualified()), "name": escape(&line.name), "optional": line.optional, "single": line.single }))
                .collect();
            let side = if models.is_empty() { "database" } else { "both" };
            self.push(&name, side, models, columns, lines);
        }
    }

    /// A table that the models alone have.
    fn of_model(&mut self, name: &str, model: &Model) {
        if !matches!(model.kind, ModelKind::Table | ModelKind::JoinTable) {
            return;
        }
        let columns = model
            .fields
            .iter()
            .map(|field| self.missing(name, field))
            .collect();
        self.push(name, "models", vec![escape(&model.name)], columns, Vec::new());
    }

    fn push(&mut self, name: &str, side: &str, models: Vec<String>, columns: Vec<Value>, lines: Vec<Value>) {
        let own = self.found.get(&(name, None)).cloned().unwrap_or_default();
        let of_columns = self.found.iter().filter(|((table, _), _)| *table == name);
        let mut all: Vec<usize> = of_columns.flat_map(|(_, found)| found.iter().copied()).collect();
        all.sort_unstable();
        self.tables.push(json!({
            "name": escape(name), "side": side, "models": models, "columns": columns, "lines": lines,
            "findings": all, "level": self.level(&all), "own": own,
        }));
    }

    fn column(&self, table: &str, pairs: &[&TablePair<'_>], column: ColumnWalker<'_>) -> Value {
        let name = column.name().to_string();
        // Of a table that no model has, the table is what is marked.
        let mut fields = pairs.iter().flat_map(|pair| &pair.columns);
        let is_extra =
            !pairs.iter().all(|pair| pair.model.is_none()) && !fields.any(|f| f.column.id == column.id);
        let mut out = self.row(table, &name, if is_extra { "database" } else { "both" });
        let null = if matches!(column.get().nullable, Fact::Known(true, _)) {
            "?"
        } else {
            ""
        };
        out.insert("type".to_owned(), Value::from(escape(&(type_of(column) + null))));
        let keys: Vec<&str> = keys(column);
        if !keys.is_empty() {
            out.insert("keys".to_owned(), json!(keys));
        }
        Value::Object(out)
    }

    /// A column that the models alone have.
    fn missing(&self, table: &str, field: &Field) -> Value {
        let mut out = self.row(table, field.column.as_str(), "models");
        let declared = field.declared.as_deref().unwrap_or("?");
        out.insert("type".to_owned(), Value::from(escape(declared)));
        Value::Object(out)
    }

    /// What is said of a column: whose it is, and where its findings say so, what either side says.
    fn row(&self, table: &str, name: &str, side: &str) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("name".to_owned(), Value::from(escape(name)));
        if side != "both" {
            out.insert("side".to_owned(), Value::from(side));
        }
        let found = self.found.get(&(table, Some(name)));
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            out.insert("level".to_owned(), Value::from(self.level(found)));
            let said = found.iter().filter_map(|at| {
                let finding = self.report.findings.get(*at)?;
                let said = |side: &Option<String>| side.as_deref().map_or("–".to_owned(), escape);
                Some(json!([
                    finding.rule,
                    said(&finding.expected),
                    said(&finding.found)
                ]))
            });
            out.insert("drift".to_owned(), said.collect());
        }
        out
    }

    /// The loudest of some findings.
    fn level(&self, found: &[usize]) -> &'static str {
        let level = |at: &usize| self.report.findings.get(*at).map(|f| f.level);
        found.iter().filter_map(level).max().map_or("", Level::word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element() {
        let value = json!(["</script><script>alert(1)</script>", "<!--", "]]>", "&lt;"]);
        let text = embedded(&value);
        assert!(!text.contains(['<', '>', '&']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
