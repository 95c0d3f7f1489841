//! What the repository holds, sheet by sheet, each folded away under how many rows it has.

use super::Section;
use crate::inventory::{Cell, Inventory, Sheet};
use crate::report::inventory::{shown, words};
use crate::report::markup::xml;
use crate::source::Files;

/// The section.
#[must_use]
pub fn section(listed: &[Inventory], files: &Files) -> Section {
    let mut body = String::new();
    for inventory in listed {
        body.push_str(&format!(
            "<h3>{}</h3><dl class=\"figures\">",
            xml(&titled(inventory.name))
        ));
        for (what, count) in &inventory.totals {
            body.push_str(&format!("<div><dt>{}</dt><dd>{count}</dd></div>", xml(what)));
        }
        body.push_str("</dl>");
        for sheet in inventory.sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
            write(sheet, files, &mut body);
        }
    }
    let rows = listed.iter().filter_map(|inventory| inventory.sheets.first());
    Section {
        id: "inventory",
        title: "Inventory",
        count: Some(rows.map(|sheet| sheet.rows.len()).sum::<usize>().to_string()),
        body,
    }
}

/// `keys` as a heading has it.
fn titled(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn write(sheet: &Sheet, files: &Files, out: &mut String) {
    let columns = shown(sheet);
    out.push_str(&format!(
        "<details><summary>{} ({})</summary><div class=\"scroll\"><table><thead><tr>",
        xml(sheet.title),
        sheet.rows.len()
    ));
    for (_, column) in &columns {
        out.push_str(&format!(
            "<th scope=\"col\">{}</th>",
            xml(&column.key.replace('_', " "))
        ));
    }
    out.push_str("</tr></thead><tbody>");
    for row in &sheet.rows {
        out.push_str("<tr>");
        for (at, _) in &columns {
            out.push_str(&format!("<td>{}</td>", cell(row.get(*at), files)));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div></details>");
}

fn cell(cell: Option<&Cell>, files: &Files) -> String {
    match cell {
        None | Some(Cell::Empty) => String::new(),
        Some(Cell::Unknown(why)) => format!("<span class=\"quiet\">unknown: {}</span>", xml(why)),
        Some(Cell::Places(places)) => {
            let all = places.iter().map(|at| Cell::Places(vec![at.clone()]));
            let all = all.map(|at| format!("<span class=\"where\">{}</span>", xml(&words(&at, files))));
            all.collect::<Vec<_>>().join("<br>")
        }
        Some(other) => xml(&words(other, files)),
    }
}
