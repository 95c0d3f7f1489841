//! The schema as a graph for Graphviz's `dot`.

use std::fmt::Write;

use super::diagram::{keys, lines, tables, title, type_of};
use super::escape;
use crate::known::Fact;
use crate::schema::{ColumnWalker, Schema};

/// The graph.
#[must_use]
pub fn render(schema: &Schema) -> String {
    let tables = tables(schema);
    let mut out =
        "digraph schema {\n    graph [rankdir=LR];\n    node [shape=plain, fontname=\"Helvetica\"];\n    \
                   edge [fontname=\"Helvetica\", fontsize=9];\n"
            .to_owned();
    for table in &tables {
        let _ = writeln!(out, "    {} [label=<", quoted(&table.qualified()));
        out.push_str("        <TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"4\">\n");
        let _ = writeln!(
            out,
            "        <TR><TD COLSPAN=\"3\" BGCOLOR=\"lightgrey\"><B>{}</B></TD></TR>",
            markup(&title(*table))
        );
        for column in table.columns() {
            write_column(&mut out, column);
        }
        out.push_str("        </TABLE>>];\n");
    }
    for line in tables.iter().flat_map(|table| lines(*table, &tables)) {
        let _ = writeln!(
            out,
            "    {} -> {} [label={}, dir=both, arrowtail={}, arrowhead={}];",
            quoted(&line.from.qualified()),
            quoted(&line.to.qualified()),
            quoted(&line.name),
            if line.single { "teeodot" } else { "crowodot" },
            if line.optional { "teeodot" } else { "teetee" },
        );
    }
    out.push_str("}\n");
    out
}

fn write_column(out: &mut String, column: ColumnWalker<'_>) {
    let need = match column.get().nullable {
        Fact::Known(false, _) => " not null",
        Fact::Known(true, _) | Fact::Unknown { .. } => "",
    };
    let _ = writeln!(
        out,
        "        <TR><TD ALIGN=\"LEFT\">{}</TD><TD ALIGN=\"LEFT\">{}{need}</TD><TD>{}</TD></TR>",
        markup(column.name().as_str()),
        markup(&type_of(column)),
        keys(column).join(", ")
    );
}

/// A quoted identifier; backslashes are doubled, since `\N` and others are replaced in labels.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Text within an HTML-like label.
fn markup(text: &str) -> String {
    let text = escape(text);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let text = text.replace('"', "&quot;");
    if text.is_empty() { " ".to_owned() } else { text }
}
