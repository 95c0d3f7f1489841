//! A schema as DDL that PostgreSQL accepts and that gives the same catalog. What is not known is left out and said in a comment.

use std::fmt::Write;

use super::check_definition;
use crate::change::{GeneratedKind, IdentityKind};
use crate::known::Fact;
use crate::name::quote;
use crate::schema::{
    ColumnWalker, ConstraintKind, ConstraintWalker, IndexWalker, RelationKind, Schema, TableWalker, TypeKind,
};
use crate::sqltype::Builtin;

/// The DDL, in an order in which everything exists before it is used; foreign keys come last.
#[must_use]
pub fn sql(schema: &Schema) -> String {
    let mut out = String::new();
    namespaces(schema, &mut out);
    types(schema, &mut out);
    sequences(schema, &mut out);
    functions(schema, &mut out);
    let tables: Vec<_> = creation_order(schema);
    for &table in &tables {
        create_table(table, &mut out);
    }
    ownership(schema, &mut out);
    for &table in &tables {
        constraints(table, &mut out);
    }
    for &table in &tables {
        for index in table
            .indexes()
            .filter(|i| i.get().constraint.is_none() && i.get().presence.is_present())
        {
            create_index(index, &mut out);
        }
    }
    for &table in &tables {
        for constraint in table.constraints().filter(|c| c.get().presence.is_present()) {
            foreign_key(constraint, &mut out);
        }
    }
    comments(&tables, &mut out);
    out
}

/// Tables with the parents of partitions and inheritance first.
fn creation_order(schema: &Schema) -> Vec<TableWalker<'_>> {
    let mut tables: Vec<_> = schema
        .live_tables()
        .into_iter()
        .filter(|t| t.is_certain() && matches!(t.get().kind, RelationKind::Table | RelationKind::Partitioned))
        .collect();
    // Ids grow with time, and a parent is older than what was made below it; one that was attached later is made plain.
    tables.sort_by_key(|t| t.id);
    tables
}

fn qualified(schema: &Schema, namespace: crate::schema::NamespaceId, name: &crate::name::Name) -> String {
    format!("{}.{}", schema.namespaces[namespace].name.quoted(), name.quoted())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn namespaces(schema: &Schema, out: &mut String) {
    for (_, namespace) in schema
        .namespaces
        .iter()
        .filter(|(_, n)| n.presence.is_present() && !n.system && n.name != "public")
    {
        let _ = writeln!(out, "CREATE SCHEMA {};", namespace.name.quoted());
    }
    for extension in schema
        .extensions
        .iter()
        .filter(|e| e.presence.is_present() && e.name != "plpgsql")
    {
        let place = &schema.namespaces[extension.namespace].name;
        let place = if *place == "pg_catalog" {
            String::new()
        } else {
            format!(" SCHEMA {}", place.quoted())
        };
        let _ = writeln!(out, "CREATE EXTENSION {}{place};", extension.name.quoted());
    }
}

fn types(schema: &Schema, out: &mut String) {
    for (_, ty) in schema
        .types
        .iter()
        .filter(|(_, t)| t.presence.is_present() && t.extension.is_none())
    {
        let name = qualified(schema, ty.namespace, &ty.name);
        match &ty.kind {
            TypeKind::Enum(Fact::Known(labels, _)) => {
                let labels = labels.iter().map(|l| literal(l)).collect::<Vec<_>>().join(", ");
                let _ = writeln!(out, "CREATE TYPE {name} AS ENUM ({labels});");
            }
            TypeKind::Composite(Fact::Known(attributes, _)) => {
                let attributes: Vec<String> = attributes
                    .iter()
                    .map(|(n, t)| format!("{} {}", n.quoted(), schema.format_type(t)))
                    .collect();
                let _ = writeln!(out, "CREATE TYPE {name} AS ({});", attributes.join(", "));
            }
            TypeKind::Domain(domain) => {
                let Some(base) = domain.base.known() else { continue };
                let _ = write!(out, "CREATE DOMAIN {name} AS {}", schema.format_type(base));
                if let Some(Some(default)) = domain.default.known()
                    && let Ok(default) = schema.print_expr(None, default)
                {
                    let _ = write!(out, " DEFAULT {default}");
                }
                if domain.not_null.known() == Some(&true) {
                    out.push_str(" NOT NULL");
                }
                for (check, condition) in &domain.checks {
                    if let Ok(condition) = schema.print_expr(None, condition) {
                        let _ = write!(out, " CONSTRAINT {} CHECK ({condition})", check.quoted());
                    }
                }
                out.push_str(";\n");
            }
            TypeKind::Range(Some(subtype)) => {
                let _ = writeln!(
                    out,
                    "CREATE TYPE {name} AS RANGE (subtype = {});",
                    schema.format_type(subtype)
                );
            }
            TypeKind::Enum(Fact::Unknown { .. })
            | TypeKind::Composite(Fact::Unknown { .. })
            | TypeKind::Range(None)
            | TypeKind::Base
            | TypeKind::Row(_)
            | TypeKind::Presumed(_) => {}
        }
    }
}

fn sequences(schema: &Schema, out: &mut String) {
    for (_, s) in schema
        .sequences
        .iter()
        .filter(|(_, s)| s.presence.is_present() && s.identity.is_none() && !s.temporary)
    {
        let _ = writeln!(
            out,
            "CREATE SEQUENCE {}{};",
            qualified(schema, s.namespace, &s.name),
            sequence_options(schema, s)
        );
    }
}

fn sequence_options(schema: &Schema, s: &crate::schema::Sequence) -> String {
    let mut out = String::new();
    if s.ty.as_builtin() != Some(Builtin::Int8) {
        let _ = write!(out, " AS {}", schema.format_type(&s.ty));
    }
    let _ = write!(
        out,
        " INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}",
        s.increment, s.min, s.max, s.start, s.cache
    );
    if s.cycle {
        out.push_str(" CYCLE");
    }
    out
}

fn functions(schema: &Schema, out: &mut String) {
    for (_, f) in schema
        .functions
        .iter()
        .filter(|(_, f)| f.presence.is_present() && f.extension.is_none() && !f.procedure)
    {
        let (Some(body), Some(returns)) = (&f.body, &f.returns) else {
            continue;
        };
        if f.language != "sql" && f.language != "plpgsql" {
            continue;
        }
        if f.parameters.list.iter().any(|p| p.3) {
            continue;
        }
        let parameters: Vec<String> = f
            .parameters
            .list
            .iter()
            .map(|(name, ty, ..)| {
                let name = name
                    .as_ref()
                    .map_or(String::new(), |n| format!("{} ", n.quoted()));
                format!("{name}{}", schema.format_type(ty))
            })
            .collect();
        let set = if f.set { "SETOF " } else { "" };
        let immutable = if f.immutable { " IMMUTABLE" } else { "" };
        let _ = writeln!(
            out,
            "SET check_function_bodies = off;\nCREATE FUNCTION {}({}) RETURNS {set}{} LANGUAGE {}{immutable} AS {};",
            qualified(schema, f.namespace, &f.name),
            parameters.join(", "),
            schema.format_type(returns),
            quote(&f.language),
            literal(body.as_str())
                .replacen('\'', if body.as_str().contains('\\') { " E'" } else { "'" }, 1)
                .replace(
                    '\\',
                    if body.as_str().contains('\\') {
                        "\\\\"
                    } else {
                        "\\"
                    }
                ),
        );
    }
}

fn create_table(table: TableWalker<'_>, out: &mut String) {
    let schema = table.schema;
    let name = qualified(schema, table.get().namespace, table.name());
    let unlogged = if table.get().unlogged { "UNLOGGED " } else { "" };
    let columns: Vec<String> = table
        .columns()
        .filter(|c| c.get().presence.is_present())
        .map(column)
        .collect();
    let by = table
        .get()
        .partition
        .by
        .as_ref()
        .map_or(String::new(), |by| format!(" PARTITION BY {by}"));
    let _ = writeln!(
        out,
        "CREATE {unlogged}TABLE {name} (\n{}\n){by};",
        columns.join(",\n")
    );
}

fn column(column: ColumnWalker<'_>) -> String {
    let (schema, table, c) = (column.table.schema, column.table.id, column.get());
    let Some(ty) = column.formatted_type() else {
        return format!("    -- {}: type not known", c.name.quoted());
    };
    let mut out = format!("    {} {ty}", c.name.quoted());
    if let Some(collation) = &c.collation {
        let place = collation
            .schema
            .as_ref()
            .map_or(String::new(), |s| format!("{}.", s.quoted()));
        let _ = write!(out, " COLLATE {place}{}", collation.name.quoted());
    }
    if let Some(Some(default)) = c.default.known()
        && let Ok(default) = schema.print_expr(Some(table), default)
    {
        let _ = write!(out, " DEFAULT {default}");
    }
    if let Some(Some((expr, kind))) = c.generated.known()
        && let Ok(expr) = schema.print_expr(Some(table), expr)
    {
        let kind = match kind {
            GeneratedKind::Stored => "STORED",
            GeneratedKind::Virtual => "VIRTUAL",
        };
        let _ = write!(out, " GENERATED ALWAYS AS ({expr}) {kind}");
    }
    if let Some(Some(kind)) = c.identity.known() {
        let kind = match kind {
            IdentityKind::Always => "ALWAYS",
            IdentityKind::ByDefault => "BY DEFAULT",
        };
        let sequence = c
            .sequence
            .and_then(|id| schema.sequences.get(id))
            .map_or(String::new(), |s| {
                format!(
                    " (SEQUENCE NAME {}{})",
                    qualified(schema, s.namespace, &s.name),
                    sequence_options(schema, s)
                        .replace(" AS integer", "")
                        .replace(" AS smallint", "")
                )
            });
        let _ = write!(out, " GENERATED {kind} AS IDENTITY{sequence}");
    }
    if c.nullable.known() == Some(&false) {
        out.push_str(" NOT NULL");
    }
    out
}

fn ownership(schema: &Schema, out: &mut String) {
    for (_, s) in schema
        .sequences
        .iter()
        .filter(|(_, s)| s.presence.is_present() && !s.temporary)
    {
        let Some((table, column)) = s.owner else { continue };
        let table = schema.table(table);
        if s.identity.is_some() {
            // An identity column gives its sequence its own type; only `LIKE ... INCLUDING IDENTITY` makes another.
            if table.column_by_id(column).get().ty.known() != Some(&s.ty) {
                let name = qualified(schema, s.namespace, &s.name);
                let _ = writeln!(
                    out,
                    "ALTER SEQUENCE {name} AS {} MINVALUE {} MAXVALUE {};",
                    schema.format_type(&s.ty),
                    s.min,
                    s.max
                );
            }
            continue;
        }
        let owner = format!(
            "{}.{}",
            qualified(schema, table.get().namespace, table.name()),
            table.column_by_id(column).name().quoted()
        );
        let _ = writeln!(
            out,
            "ALTER SEQUENCE {} OWNED BY {owner};",
            qualified(schema, s.namespace, &s.name)
        );
    }
}

fn constraints(table: TableWalker<'_>, out: &mut String) {
    for constraint in table.constraints().filter(|c| c.get().presence.is_present()) {
        let schema = table.schema;
        let Some(name) = constraint.get().name.known() else {
            continue;
        };
        let columns = constraint
            .columns()
            .map(|c| c.name().quoted())
            .collect::<Vec<_>>()
            .join(", ");
        let body = match &constraint.get().kind {
            ConstraintKind::PrimaryKey(index) => format!("PRIMARY KEY ({columns}){}", include(table, *index)),
            ConstraintKind::Unique(index) => {
                let nulls = if table.get().indexes[index.0 as usize].nulls_not_distinct {
                    " NULLS NOT DISTINCT"
                } else {
                    ""
                };
                format!("UNIQUE{nulls} ({columns}){}", include(table, *index))
            }
            ConstraintKind::Check(condition) => match check_definition(constraint, condition) {
                Ok(definition) => definition,
                Err(_) => continue,
            },
            ConstraintKind::Exclude(index, operators) => {
                let i = &table.get().indexes[index.0 as usize];
                let elements: Option<Vec<String>> = i
                    .keys
                    .iter()
                    .zip(operators)
                    .map(|(k, op)| Some(format!("{} WITH {op}", key_text(table, k)?)))
                    .collect();
                let Some(elements) = elements else { continue };
                format!(
                    "EXCLUDE USING {} ({}){}",
                    i.method,
                    elements.join(", "),
                    predicate(table, i.predicate.as_ref())
                )
            }
            ConstraintKind::ForeignKey(_) => continue,
        };
        let _ = writeln!(
            out,
            "ALTER TABLE ONLY {} ADD CONSTRAINT {} {body}{};",
            qualified(schema, table.get().namespace, table.name()),
            name.quoted(),
            deferrable(constraint)
        );
    }
}

fn include(table: TableWalker<'_>, index: crate::schema::IndexId) -> String {
    let columns = &table.get().indexes[index.0 as usize].include;
    if columns.is_empty() {
        return String::new();
    }
    format!(
        " INCLUDE ({})",
        columns
            .iter()
            .map(|&c| table.column_by_id(c).name().quoted())
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn deferrable(constraint: ConstraintWalker<'_>) -> &'static str {
    match (constraint.get().deferrable, constraint.get().initially_deferred) {
        (false, _) => "",
        (true, false) => " DEFERRABLE",
        (true, true) => " DEFERRABLE INITIALLY DEFERRED",
    }
}

fn predicate(table: TableWalker<'_>, predicate: Option<&crate::schema::Stored>) -> String {
    predicate
        .and_then(|p| table.schema.print_expr(Some(table.id), p).ok())
        .map_or(String::new(), |p| format!(" WHERE ({p})"))
}

fn key_text(table: TableWalker<'_>, key: &crate::schema::IndexKey) -> Option<String> {
    let mut out = table.schema.print_index_key(table.id, &key.expr).ok()?;
    if !matches!(key.expr.expr.kind, crate::tree::ExprKind::Var(_)) {
        out = format!("({out})");
    }
    let name = |n: &crate::name::QualifiedName| {
        n.schema
            .as_ref()
            .map_or(n.name.quoted(), |s| format!("{}.{}", s.quoted(), n.name.quoted()))
    };
    if let Some(collation) = &key.collation {
        let _ = write!(out, " COLLATE {}", name(collation));
    }
    if let Some(opclass) = &key.opclass {
        let _ = write!(out, " {}", name(opclass));
        if let Some(options) = &key.opclass_options {
            let _ = write!(out, " ({options})");
        }
    }
    match (key.descending, key.nulls_first) {
        (false, false) => {}
        (false, true) => out.push_str(" NULLS FIRST"),
        (true, true) => out.push_str(" DESC"),
        (true, false) => out.push_str(" DESC NULLS LAST"),
    }
    Some(out)
}

fn create_index(index: IndexWalker<'_>, out: &mut String) {
    let (table, i) = (index.table, index.get());
    let keys: Option<Vec<String>> = i.keys.iter().map(|k| key_text(table, k)).collect();
    let (Some(name), Some(keys)) = (i.name.known(), keys) else {
        return;
    };
    let unique = if i.unique { "UNIQUE " } else { "" };
    let nulls = if i.nulls_not_distinct {
        " NULLS NOT DISTINCT"
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "CREATE {unique}INDEX {} ON {} USING {} ({}){}{nulls}{};",
        name.quoted(),
        qualified(table.schema, table.get().namespace, table.name()),
        i.method,
        keys.join(", "),
        include(table, index.id),
        predicate(table, i.predicate.as_ref()),
    );
}

fn foreign_key(constraint: ConstraintWalker<'_>, out: &mut String) {
    let ConstraintKind::ForeignKey(key) = &constraint.get().kind else {
        return;
    };
    let Some(name) = constraint.get().name.known() else {
        return;
    };
    let (table, schema) = (constraint.table, constraint.table.schema);
    let target = schema.table(key.table);
    let columns = constraint
        .columns()
        .map(|c| c.name().quoted())
        .collect::<Vec<_>>()
        .join(", ");
    let referenced = key
        .columns
        .iter()
        .map(|&c| target.column_by_id(c).name().quoted())
        .collect::<Vec<_>>()
        .join(", ");
    let matched = if key.match_full { " MATCH FULL" } else { "" };
    let valid = if constraint.get().validated {
        ""
    } else {
        " NOT VALID"
    };
    let set = if key.set_columns.is_empty() {
        String::new()
    } else {
        format!(
            " ({})",
            key.set_columns
                .iter()
                .map(|&c| table.column_by_id(c).name().quoted())
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let _ = writeln!(
        out,
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({columns}) REFERENCES {} ({referenced}){matched} ON DELETE {}{set} ON UPDATE {}{}{valid};",
        qualified(schema, table.get().namespace, table.name()),
        name.quoted(),
        qualified(schema, target.get().namespace, target.name()),
        key.on_delete.sql(),
        key.on_update.sql(),
        deferrable(constraint),
    );
}

fn comments(tables: &[TableWalker<'_>], out: &mut String) {
    for table in tables {
        let name = qualified(table.schema, table.get().namespace, table.name());
        if let Some(comment) = &table.get().comment {
            let _ = writeln!(out, "COMMENT ON TABLE {name} IS {};", literal(comment));
        }
        for constraint in table.constraints().filter(|c| c.get().presence.is_present()) {
            if let (Some(comment), Some(own)) = (&constraint.get().comment, constraint.get().name.known()) {
                let _ = writeln!(
                    out,
                    "COMMENT ON CONSTRAINT {} ON {name} IS {};",
                    own.quoted(),
                    literal(comment)
                );
            }
        }
        for column in table.columns() {
            if let Some(comment) = &column.get().comment {
                let _ = writeln!(
                    out,
                    "COMMENT ON COLUMN {name}.{} IS {};",
                    column.name().quoted(),
                    literal(comment)
                );
            }
        }
    }
}
