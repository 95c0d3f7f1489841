//! A table or type that migrations use and never make.

use super::{Check, Context, Report, Reporter, Rule};
use crate::finding::Level;
use crate::known::Gap;
use crate::schema::TypeKind;

pub(super) static RULE: Rule = Rule {
    name: "presumed-object",
    summary: "The migrations use a table or type that none of them makes.",
    level: Level::Note,
    page: include_str!("../../rules/presumed-object.md"),
    check: Check::Target(check),
};

fn check(ctx: &Context<'_>, out: &Reporter) {
    let Some(schema) = ctx.schema() else { return };
    for (id, table) in schema.tables.iter() {
        if let Some(gap) = table.presumed.as_ref().filter(|_| table.presence.may_be()) {
            let table = schema.table(id);
            if !schema.namespaces[table.get().namespace].system {
                send(gap, "table", &table.qualified(), Some(table.qualified()), out);
            }
        }
    }
    for (_, ty) in schema.types.iter() {
        if let TypeKind::Presumed(gap) = &ty.kind
            && ty.presence.may_be()
        {
            let name = format!("{}.{}", schema.namespaces[ty.namespace].name, ty.name);
            send(gap, "type", &name, None, out);
        }
    }
}

fn send(gap: &Gap, kind: &str, name: &str, table: Option<String>, out: &Reporter) {
    let Some(at) = gap.at else { return };
    let mut report = Report::new(
        at,
        "first used here",
        format!("the {kind} {name} is used here, and no migration makes it: nothing is known of it"),
    )
    .object(name)
    .help(format!(
        "if another history or a platform makes it, nothing is wrong; otherwise write a migration that creates the {kind}"
    ));
    if let Some(table) = table {
        report = report.table(table);
    }
    out.send(report);
}
