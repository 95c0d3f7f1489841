//! The SQL of each stage: one `DO` block, so that it is done whole or not at all.

use super::plan::{Key, Moved, Plan, Values, identity};
use crate::change::ReferentialAction;
use crate::name::{Name, truncate};
use crate::schema::{ConstraintKind, IndexWalker, TableId, TableWalker};

/// A stage.
pub(super) struct Of {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) sql: fn(&Plan<'_>) -> String,
}

pub(super) const STAGES: [Of; 5] = [
    Of {
        name: "beside",
        what: "new columns beside the old, kept in step by triggers",
        sql: beside,
    },
    Of {
        name: "fill",
        what: "the rows that were there before",
        sql: fill,
    },
    Of {
        name: "keys",
        what: "keys, indexes and references on the new columns",
        sql: keys,
    },
    Of {
        name: "swap",
        what: "the new columns take the place of the old",
        sql: swap,
    },
    Of {
        name: "drop",
        what: "the end of the old columns",
        sql: end,
    },
];

/// A block that runs its lines where a column is there.
struct Block {
    guard: String,
    lines: Vec<String>,
}

impl Block {
    /// Where the first column stands beside, or behind: `column` is its name without quotes.
    fn where_there_is(plan: &Plan<'_>, column: &str) -> Block {
        let table = plan.moved.first().map_or(String::new(), |m| plan.name(m.table));
        Block {
            guard: format!(
                "EXISTS (SELECT FROM pg_attribute WHERE attrelid = {}::regclass AND attname = {} AND NOT attisdropped)",
                literal(&table),
                literal(&unquoted(column))
            ),
            lines: Vec::new(),
        }
    }

    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn sql(self) -> String {
        self.declaring("")
    }

    fn declaring(self, variables: &str) -> String {
        let mut body = String::new();
        for line in &self.lines {
            for part in line.lines() {
                body.push_str(&format!("    {part}\n"));
            }
        }
        format!(
            "DO $stage$\n{variables}BEGIN\n  IF {} THEN\n{body}  END IF;\nEND\n$stage$",
            self.guard
        )
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

/// The first column beside, and behind.
fn marks(plan: &Plan<'_>) -> (String, String) {
    plan.moved.first().map_or_else(Default::default, |m| {
        (plan.beside(m.table, m.column), plan.behind(m.table, m.column))
    })
}

/// A name made of another one and a word.
fn made(name: &str, word: &str) -> String {
    let name = unquoted(name);
    let mut end = name.len().min(63_usize.saturating_sub(word.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Name::new(truncate(&format!("{}{word}", name.get(..end).unwrap_or("")))).quoted()
}

/// The function that keeps a table in step.
fn function(plan: &Plan<'_>, table: TableWalker<'_>) -> String {
    let first = plan
        .moved
        .first()
        .map_or(String::new(), |m| plan.old(m.table, m.column));
    let name = made(&format!("retype_{}_{}", table.name(), unquoted(&first)), "");
    format!("{}.{name}", table.namespace_name().quoted())
}

const TRIGGER: &str = "\"000_retype\"";

fn beside(plan: &Plan<'_>) -> String {
    let mut block = Block {
        guard: String::new(),
        lines: Vec::new(),
    };
    if let Some(first) = plan.moved.first() {
        block.guard = format!(
            "EXISTS (SELECT FROM pg_attribute WHERE attrelid = {}::regclass AND attname = {} AND NOT attisdropped AND \
             format_type(atttypid, atttypmod) <> {})",
            literal(&plan.name(first.table)),
            literal(&unquoted(&plan.old(first.table, first.column))),
            literal(&plan.new)
        );
    }
    for table in plan.tables() {
        for moved in plan.columns(table.id) {
            block.say(format!(
                "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {};",
                plan.name(table.id),
                plan.beside(table.id, moved.column),
                plan.new
            ));
        }
        let name = function(plan, table);
        let mut body = String::new();
        for moved in plan.columns(table.id) {
            body.push_str(&in_step(plan, moved));
        }
        block.say(format!(
            "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $step$\nBEGIN\n{body}  RETURN NEW;\nEND\n$step$;"
        ));
        block.say(format!(
            "DROP TRIGGER IF EXISTS {TRIGGER} ON {};",
            plan.name(table.id)
        ));
        block.say(format!(
            "CREATE TRIGGER {TRIGGER} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {name}();",
            plan.name(table.id)
        ));
    }
    block.sql()
}

/// How a new value is told for one row that is written.
fn in_step(plan: &Plan<'_>, moved: &Moved) -> String {
    let (old, new) = (
        plan.old(moved.table, moved.column),
        plan.beside(moved.table, moved.column),
    );
    let Some((parent, key)) = moved.by.as_ref().filter(|_| plan.values == Values::Generated) else {
        return match plan.values {
            Values::Cast => format!("  NEW.{new} := NEW.{old}::{};\n", plan.new),
            Values::Generated => format!("  NEW.{new} := coalesce(NEW.{new}, gen_random_uuid());\n"),
        };
    };
    let source = source(plan, moved, *parent, key);
    let own = |c| plan.old(moved.table, c);
    let pairs: Vec<String> = key
        .own
        .iter()
        .zip(&key.other)
        .map(|(&own_column, &other)| format!("p.{} = NEW.{}", plan.old(*parent, other), own(own_column)))
        .collect();
    let look_up = format!(
        "    SELECT p.{source} INTO NEW.{new} FROM {} p WHERE {};\n",
        plan.name(*parent),
        pairs.join(" AND ")
    );
    let look_up = if *parent == moved.table {
        // A row that refers to itself is not there yet.
        let same: Vec<String> = key
            .own
            .iter()
            .zip(&key.other)
            .map(|(&a, &b)| format!("NEW.{} = NEW.{}", own(a), own(b)))
            .collect();
        format!(
            "    IF {} THEN\n      NEW.{new} := NEW.{source};\n    ELSE\n  {look_up}    END IF;\n",
            same.join(" AND ")
        )
    } else {
        look_up
    };
    format!(
        "  IF NEW.{old} IS NULL THEN\n    NEW.{new} := NULL;\n  ELSIF TG_OP = 'INSERT' OR NEW.{new} IS NULL OR NEW.{old} IS DISTINCT \
         FROM OLD.{old} THEN\n{look_up}  END IF;\n"
    )
}

/// The new column that a referring one takes its value from.
fn source(plan: &Plan<'_>, moved: &Moved, parent: TableId, key: &Key) -> String {
    let at = key.own.iter().position(|c| *c == moved.column);
    at.and_then(|at| key.other.get(at))
        .map_or_else(String::new, |&other| plan.beside(parent, other))
}

/// Values for rows that have none yet, or another one.
fn filling(plan: &Plan<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for moved in &plan.moved {
        let table = plan.name(moved.table);
        let (old, new) = (
            plan.old(moved.table, moved.column),
            plan.beside(moved.table, moved.column),
        );
        out.push(match (plan.values, &moved.by) {
            (Values::Cast, _) => format!(
                "UPDATE {table} SET {new} = {old}::{} WHERE {new} IS DISTINCT FROM {old}::{};",
                plan.new, plan.new
            ),
            (Values::Generated, None) => {
                format!("UPDATE {table} SET {new} = gen_random_uuid() WHERE {new} IS NULL;")
            }
            (Values::Generated, Some((parent, key))) => {
                let source = source(plan, moved, *parent, key);
                let pairs: Vec<String> = key
                    .own
                    .iter()
                    .zip(&key.other)
                    .map(|(&own, &other)| {
                        format!("p.{} = t.{}", plan.old(*parent, other), plan.old(moved.table, own))
                    })
                    .collect();
                format!(
                    "UPDATE {table} t SET {new} = p.{source} FROM {} p WHERE {} AND t.{new} IS DISTINCT FROM p.{source};",
                    plan.name(*parent),
                    pairs.join(" AND ")
                )
            }
        });
    }
    out
}

fn fill(plan: &Plan<'_>) -> String {
    let mut block = Block::where_there_is(plan, &marks(plan).0);
    for line in filling(plan) {
        block.say(line);
    }
    block.sql()
}

/// Whether a column demands a value, by itself or by a primary key.
fn is_required(plan: &Plan<'_>, moved: &Moved) -> bool {
    let column = plan.schema.table(moved.table).column_by_id(moved.column);
    column.get().nullable.known() == Some(&false)
}

fn guard_name(plan: &Plan<'_>, moved: &Moved) -> String {
    made(&plan.old(moved.table, moved.column), "__new_set")
}

/// Runs a statement unless a constraint is there.
fn unless_there(table: &str, name: &str, statement: &str) -> String {
    format!(
        "IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {}::regclass AND conname = {}) THEN\n  {statement}\nEND IF;",
        literal(table),
        literal(&unquoted(name))
    )
}

fn keys(plan: &Plan<'_>) -> String {
    let mut block = Block::where_there_is(plan, &marks(plan).0);
    for moved in plan.moved.iter().filter(|m| is_required(plan, m)) {
        let (table, name) = (plan.name(moved.table), guard_name(plan, moved));
        let new = plan.beside(moved.table, moved.column);
        let add = format!("ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({new} IS NOT NULL) NOT VALID;");
        block.say(unless_there(&table, &name, &add));
        block.say(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"));
    }
    for table in plan.tables() {
        for index in table.indexes().filter(|i| plan.index_is_touched(*i)) {
            if let Some(name) = index.get().name.known() {
                block.say(new_index(plan, index, &made(&name.quoted(), "__new")));
            }
        }
    }
    let all = plan.keys();
    for (table, key) in &all {
        let (own, name) = (plan.name(table.id), made(&key.name, "__new"));
        let add = format!(
            "ALTER TABLE {own} ADD CONSTRAINT {name} {} NOT VALID;",
            reference(plan, *table, key)
        );
        block.say(unless_there(&own, &name, &add));
    }
    for (table, key) in &all {
        let name = made(&key.name, "__new");
        block.say(format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {name};",
            plan.name(table.id)
        ));
    }
    block.sql()
}

fn new_index(plan: &Plan<'_>, index: IndexWalker<'_>, name: &str) -> String {
    let (table, i) = (index.table, index.get());
    let key = |at: usize| {
        let key = i.keys.get(at)?;
        let column = i.key_column(at);
        let mut out = match column {
            Some(column) => plan.either(table.id, column),
            None => plan.schema.print_key_in_full(table.id, &key.expr).ok()?,
        };
        let moved = column.is_some_and(|c| plan.is_moved(table.id, c));
        if let Some(collation) = key.collation.as_ref().filter(|_| !moved) {
            out.push_str(&format!(" COLLATE {}", qualified(collation)));
        }
        if let Some(class) = key.opclass.as_ref().filter(|_| !moved) {
            out.push_str(&format!(" {}", qualified(class)));
        }
        out.push_str(match (key.descending, key.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        });
        Some(out)
    };
    let keys: Vec<String> = (0..i.keys.len()).filter_map(key).collect();
    let include: Vec<String> = i.include.iter().map(|&c| plan.either(table.id, c)).collect();
    let include = if include.is_empty() {
        String::new()
    } else {
        format!(" INCLUDE ({})", include.join(", "))
    };
    let predicate = i
        .predicate
        .as_ref()
        .and_then(|p| plan.schema.print_expr(Some(table.id), p).ok());
    format!(
        "CREATE {}INDEX IF NOT EXISTS {name} ON {} USING {} ({}){include}{}{};",
        if i.unique { "UNIQUE " } else { "" },
        plan.name(table.id),
        i.method,
        keys.join(", "),
        if i.nulls_not_distinct {
            " NULLS NOT DISTINCT"
        } else {
            ""
        },
        predicate.map_or(String::new(), |p| format!(" WHERE {p}"))
    )
}

fn qualified(name: &crate::name::QualifiedName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", schema.quoted(), name.name.quoted()),
        None => name.name.quoted(),
    }
}

fn reference(plan: &Plan<'_>, table: TableWalker<'_>, key: &Key) -> String {
    let list = |of: TableId, columns: &[crate::schema::ColumnId]| {
        let names: Vec<String> = columns.iter().map(|&c| plan.either(of, c)).collect();
        names.join(", ")
    };
    let action = |event: &str, action: ReferentialAction| match action {
        ReferentialAction::NoAction => String::new(),
        other => format!(" ON {event} {}", other.sql()),
    };
    let set = if key.foreign.set_columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", list(table.id, &key.foreign.set_columns))
    };
    format!(
        "FOREIGN KEY ({}) REFERENCES {} ({}){}{}{}{set}{}",
        list(table.id, &key.own),
        plan.name(key.foreign.table),
        list(key.foreign.table, &key.other),
        if key.foreign.match_full { " MATCH FULL" } else { "" },
        action("UPDATE", key.foreign.on_update),
        action("DELETE", key.foreign.on_delete),
        key.deferrable
    )
}

/// Keys of a table that indexes back and that change: name, how it is made of an index, and the index.
fn backed(plan: &Plan<'_>, table: TableWalker<'_>) -> Vec<(String, &'static str, String)> {
    let mut out = Vec::new();
    for constraint in table.constraints() {
        let c = constraint.get();
        let (word, index) = match &c.kind {
            ConstraintKind::PrimaryKey(index) => ("PRIMARY KEY", index),
            ConstraintKind::Unique(index) => ("UNIQUE", index),
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check(_) | ConstraintKind::Exclude(..) => {
                continue;
            }
        };
        let walker = IndexWalker { table, id: *index };
        if !plan.index_is_touched(walker) {
            continue;
        }
        if let Some(name) = c.name.known() {
            let deferrable = match (c.deferrable, c.initially_deferred) {
                (false, _) => "",
                (true, false) => " DEFERRABLE",
                (true, true) => " DEFERRABLE INITIALLY DEFERRED",
            };
            out.push((name.quoted(), word, deferrable.to_owned()));
        }
    }
    out
}

fn swap(plan: &Plan<'_>) -> String {
    let mut block = Block::where_there_is(plan, &marks(plan).0);
    let tables = plan.tables();
    let names: Vec<String> = tables.iter().map(|t| plan.name(t.id)).collect();
    block.say(format!(
        "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE;",
        names.join(", ")
    ));
    for line in filling(plan) {
        block.say(line);
    }
    let views = plan.has_views();
    if views {
        block.say(views_away(plan));
    }
    for table in &tables {
        block.say(format!(
            "DROP TRIGGER IF EXISTS {TRIGGER} ON {};",
            plan.name(table.id)
        ));
        block.say(format!("DROP FUNCTION IF EXISTS {}();", function(plan, *table)));
    }
    for (table, key) in plan.keys() {
        block.say(format!(
            "ALTER TABLE {} DROP CONSTRAINT {};",
            plan.name(table.id),
            key.name
        ));
    }
    for table in &tables {
        let name = plan.name(table.id);
        for (key, ..) in backed(plan, *table) {
            block.say(format!("ALTER TABLE {name} DROP CONSTRAINT {key};"));
        }
        for index in plain_indexes(plan, *table) {
            block.say(format!("DROP INDEX {}.{index};", table.namespace_name().quoted()));
        }
        for (check, _) in plan.checks(*table) {
            block.say(format!("ALTER TABLE {name} DROP CONSTRAINT {check};"));
        }
    }
    for moved in &plan.moved {
        exchange(plan, moved, &mut block);
    }
    for table in &tables {
        let name = plan.name(table.id);
        for (key, word, deferrable) in backed(plan, *table) {
            let index = made(&key, "__new");
            block.say(format!(
                "ALTER TABLE {name} ADD CONSTRAINT {key} {word} USING INDEX {index}{deferrable};"
            ));
        }
        for index in plain_indexes(plan, *table) {
            block.say(format!(
                "ALTER INDEX {}.{} RENAME TO {index};",
                table.namespace_name().quoted(),
                made(&index, "__new")
            ));
        }
        for (check, definition) in plan.checks(*table) {
            if plan.values == Values::Cast {
                block.say(format!("ALTER TABLE {name} ADD CONSTRAINT {check} {definition};"));
            }
        }
    }
    for (table, key) in plan.keys() {
        block.say(format!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {};",
            plan.name(table.id),
            made(&key.name, "__new"),
            key.name
        ));
    }
    if views {
        block.say(VIEWS_BACK);
        return block.declaring(VIEW_VARIABLES);
    }
    block.sql()
}

/// Indexes of a table that change and back no constraint.
fn plain_indexes(plan: &Plan<'_>, table: TableWalker<'_>) -> Vec<String> {
    let own = table
        .indexes()
        .filter(|i| i.get().constraint.is_none() && plan.index_is_touched(*i));
    own.filter_map(|i| i.get().name.known().map(Name::quoted))
        .collect()
}

/// The new column gets the name, the demands and the default of the old one.
fn exchange(plan: &Plan<'_>, moved: &Moved, block: &mut Block) {
    let table = plan.name(moved.table);
    let column = plan.schema.table(moved.table).column_by_id(moved.column);
    let (old, new, behind) = (
        plan.old(moved.table, moved.column),
        plan.beside(moved.table, moved.column),
        plan.behind(moved.table, moved.column),
    );
    if is_required(plan, moved) {
        block.say(format!("ALTER TABLE {table} ALTER COLUMN {new} SET NOT NULL;"));
        block.say(format!(
            "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {};",
            guard_name(plan, moved)
        ));
    }
    if identity(column).is_some() {
        block.say(format!(
            "ALTER TABLE {table} ALTER COLUMN {old} DROP IDENTITY IF EXISTS;"
        ));
    }
    block.say(format!("ALTER TABLE {table} ALTER COLUMN {old} DROP NOT NULL;"));
    block.say(format!("ALTER TABLE {table} RENAME COLUMN {old} TO {behind};"));
    block.say(format!("ALTER TABLE {table} RENAME COLUMN {new} TO {old};"));
    default(plan, moved, block);
    block.say(format!("ALTER TABLE {table} ALTER COLUMN {behind} DROP DEFAULT;"));
    if let Some(comment) = &column.get().comment {
        block.say(format!(
            "COMMENT ON COLUMN {table}.{old} IS {};",
            literal(comment)
        ));
    }
}

fn default(plan: &Plan<'_>, moved: &Moved, block: &mut Block) {
    let (table, old) = (plan.name(moved.table), plan.old(moved.table, moved.column));
    let column = plan.schema.table(moved.table).column_by_id(moved.column);
    if plan.values == Values::Generated {
        if moved.by.is_none() {
            block.say(format!(
                "ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT gen_random_uuid();"
            ));
        }
        return;
    }
    if let Some(kind) = identity(column) {
        block.say(format!(
            "ALTER TABLE {table} ALTER COLUMN {old} ADD GENERATED {kind} AS IDENTITY;"
        ));
        block.say(format!(
            "PERFORM setval(pg_get_serial_sequence({}, {}), coalesce((SELECT max({old}) FROM {table}), 0) + 1, false);",
            literal(&table),
            literal(&unquoted(&old))
        ));
        return;
    }
    let stored = column.get().default.known().and_then(Option::as_ref);
    let Some(text) = stored.and_then(|s| plan.schema.print_expr(Some(moved.table), s).ok()) else {
        return;
    };
    let cast = if plan.is_integer() {
        String::new()
    } else {
        format!("::{}", plan.new)
    };
    block.say(format!(
        "ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT ({text}){cast};"
    ));
    if let Some(id) = column.get().sequence {
        let sequence = &plan.schema.sequences[id];
        let name = format!(
            "{}.{}",
            plan.schema.namespaces[sequence.namespace].name.quoted(),
            sequence.name.quoted()
        );
        if plan.is_integer() {
            block.say(format!("ALTER SEQUENCE {name} AS {};", plan.new));
        }
        block.say(format!("ALTER SEQUENCE {name} OWNED BY {table}.{old};"));
    }
}

const VIEW_VARIABLES: &str =
    "DECLARE\n  view record;\n  names text[] := '{}';\n  made text[] := '{}';\n  step text;\n";

/// Views over the columns, and views over those, are kept as the server prints them and dropped, the last first.
fn views_away(plan: &Plan<'_>) -> String {
    let columns: Vec<String> = plan
        .moved
        .iter()
        .map(|m| {
            format!(
                "(d.refobjid = {}::regclass AND a.attname = {})",
                literal(&plan.name(m.table)),
                literal(&unquoted(&plan.old(m.table, m.column)))
            )
        })
        .collect();
    format!(
        "FOR view IN
  WITH RECURSIVE over_it AS (
    SELECT r.ev_class AS id, 1 AS depth
    FROM pg_depend d
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND r.ev_class <> d.refobjid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND ({})
    UNION
    SELECT r.ev_class, o.depth + 1
    FROM over_it o
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.id
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND r.ev_class <> d.refobjid
  )
  SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name, pg_get_viewdef(c.oid) AS query, max(o.depth) AS depth
  FROM over_it o JOIN pg_class c ON c.oid = o.id JOIN pg_namespace n ON n.oid = c.relnamespace
  GROUP BY c.oid, c.relkind, n.nspname, c.relname ORDER BY max(o.depth)
LOOP
  step := CASE view.relkind WHEN 'm' THEN 'MATERIALIZED VIEW ' ELSE 'VIEW ' END || view.name;
  names := step || names;
  made := made || format('CREATE %s AS %s', step, view.query);
  made := made || ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = view.oid);
END LOOP;
FOREACH step IN ARRAY names LOOP
  EXECUTE 'DROP ' || step;
END LOOP;",
        columns.join(" OR ")
    )
}

const VIEWS_BACK: &str = "FOREACH step IN ARRAY made LOOP\n  EXECUTE step;\nEND LOOP;";

fn end(plan: &Plan<'_>) -> String {
    let mut block = Block::where_there_is(plan, &marks(plan).1);
    for moved in plan.moved.iter().rev() {
        block.say(format!(
            "ALTER TABLE {} DROP COLUMN IF EXISTS {};",
            plan.name(moved.table),
            plan.behind(moved.table, moved.column)
        ));
    }
    block.sql()
}
