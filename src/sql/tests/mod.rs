//! Statements in, what they are out.

mod kinds;
mod plain;
mod random;

use super::{Read, Statement, read};
use crate::change::{
    Change, ColumnOption, ConstraintBody, CreateTable, IdentityKind, ReferentialAction, TableAction,
    TableElement,
};
use crate::known::{Reach, Section};
use crate::source::{FileId, Text};

fn reads(sql: &str) -> Vec<Read> {
    read(&Text::of_file(FileId(0), sql.into()))
}

fn one(sql: &str) -> Statement {
    let mut all = reads(sql);
    assert_eq!(all.len(), 1, "{sql}");
    all.remove(0).statement
}

fn change(sql: &str) -> Change {
    match one(sql) {
        Statement::Changes(mut changes) if changes.len() == 1 => changes.remove(0),
        other => panic!("{sql}: {other:?}"),
    }
}

fn table(sql: &str) -> CreateTable {
    match change(sql) {
        Change::CreateTable(table) => *table,
        other => panic!("{sql}: {other:?}"),
    }
}

fn reach(sql: &str) -> Reach {
    let mut statement = one(sql);
    // What is refused for certain reaches what it was meant to.
    while let Statement::Refused(_, meant) = statement {
        statement = *meant;
    }
    match statement {
        Statement::Opaque(gap) => gap.reach.clone(),
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn options_belong_to_the_constraint_before_them() {
    let table = table(
        "CREATE TABLE t (a int CONSTRAINT n NOT NULL REFERENCES o (x) ON DELETE SET NULL (a) DEFERRABLE INITIALLY DEFERRED \
         UNIQUE, b text DEFAULT 'x' COLLATE \"C\" CHECK (b > '') NO INHERIT)",
    );
    let [TableElement::Column(a), TableElement::Column(b)] = table.elements.as_slice() else {
        panic!("{table:?}");
    };
    let [
        ColumnOption::NotNull(Some(name), _),
        ColumnOption::Constraint(key),
        ColumnOption::Constraint(unique),
    ] = a.options.as_slice()
    else {
        panic!("{a:?}");
    };
    assert_eq!(name.as_str(), "n");
    assert!(key.deferrable && key.initially_deferred && !unique.deferrable);
    let ConstraintBody::ForeignKey(foreign) = &key.body else {
        panic!("{key:?}");
    };
    assert_eq!(foreign.on_delete, ReferentialAction::SetNull);
    assert_eq!(foreign.set_columns.len(), 1);
    assert_eq!(
        b.collation.as_ref().map(ToString::to_string).as_deref(),
        Some("C")
    );
    assert!(matches!(&b.options[1], ColumnOption::Constraint(check) if check.no_inherit));
}

#[test]
fn serial_and_quoted_type_names() {
    let table = table("CREATE TABLE t (a bigserial, b \"char\", c char, d smallserial, e \"serial\")");
    let types: Vec<_> = table
        .elements
        .iter()
        .map(|element| match element {
            TableElement::Column(c) => (
                c.ty.as_ref().map(ToString::to_string).unwrap_or_default(),
                c.serial,
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(types[0], ("bigint".to_owned(), Some(8)));
    assert_eq!(types[1], ("\"char\"".to_owned(), None));
    assert_eq!(types[2], ("character(1)".to_owned(), None));
    assert_eq!(types[3], ("smallint".to_owned(), Some(2)));
}

#[test]
fn exclusion_keys_have_operator_classes() {
    let sql = "ALTER TABLE t ADD EXCLUDE USING gist (ip inet_ops DESC WITH &&, (a || b) COLLATE \"C\" s.ops (x=1) WITH OPERATOR(p.=))";
    let Change::AlterTable(alter) = change(sql) else {
        panic!("{sql}");
    };
    let [TableAction::AddConstraint(constraint)] = alter.actions.as_slice() else {
        panic!("{alter:?}");
    };
    let ConstraintBody::Exclude { elements, .. } = &constraint.body else {
        panic!("{constraint:?}");
    };
    let opclass = |n: usize| {
        elements[n]
            .0
            .opclass
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    assert_eq!((opclass(0).as_str(), elements[0].1.as_str()), ("inet_ops", "&&"));
    assert!(elements[0].0.descending);
    assert_eq!((opclass(1).as_str(), elements[1].1.as_str()), ("s.ops", "="));
    assert_eq!(elements[1].0.opclass_options.as_deref(), Some("x=1"));
}

#[test]
fn bodies_know_their_place() {
    for sql in [
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $x$SELECT a$x$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'SELECT ''it'', a'",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS E'SELECT \\'it\\',\\n a'",
        "CREATE FUNCTION f(a int) RETURNS int RETURN a",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT a; END",
    ] {
        let Change::CreateFunction(function) = change(sql) else {
            panic!("{sql}");
        };
        let body = function.body.unwrap_or_else(|| panic!("{sql}"));
        let at = body.as_str().rfind('a').unwrap_or_else(|| panic!("{sql}"));
        let span = body.span(at..at + 1);
        assert_eq!(&sql[span.range()], "a", "{sql}");
        assert!(span.start > 30, "{sql}");
        assert!(
            body.as_str().starts_with("SELECT") || body.as_str().starts_with(" SELECT"),
            "{sql}"
        );
    }
}

#[test]
fn what_cannot_be_read_reaches_as_far_as_its_head_tells() {
    let object = |name: &str| Reach::Object(name.to_owned());
    assert_eq!(reach("CREATE TABLE s.t (a int,, b)"), object("s.t"));
    assert_eq!(reach("ALTER TABLE ONLY \"T\" ADD COLUMN"), object("T"));
    assert_eq!(reach("ALTER TABLE t RENAME a b c"), Reach::Everything);
    assert_eq!(
        reach("CREATE UNIQUE INDEX i ON ONLY t (a"),
        Reach::Section("t".to_owned(), Section::Indexes)
    );
    assert_eq!(reach("INSERT INTO t VALUES (1"), Reach::Rows);
    assert_eq!(reach("DROP TABLE a b"), object("a"));
    assert_eq!(reach("DROP TABLE a, b c"), Reach::Everything);
    assert_eq!(reach("CREATE SCHEMA s ("), Reach::Namespace("s".to_owned()));
    assert_eq!(reach("SELECT 1 INTO t FROM"), object("t"));
    assert_eq!(reach("GRANT x y z"), Reach::Rows);
    assert_eq!(reach("nonsense"), Reach::Everything);
    assert_eq!(reach("CREATE TABLE t (a text DEFAULT 'x)"), Reach::Everything);
}

#[test]
fn an_error_costs_its_statement_and_tells_its_place() {
    let sql = "CREATE TABLE a (x int); CREATE TABLE b (x int NOT NUL); CREATE TABLE c (x int);";
    let all = reads(sql);
    assert_eq!(all.len(), 3);
    let Statement::Opaque(gap) = &all[1].statement else {
        panic!("{:?}", all[1]);
    };
    assert_eq!(gap.at.map(|at| &sql[at.range()]), Some("NUL"));
    assert!(matches!(all[2].statement, Statement::Changes(_)));
}

#[test]
fn what_the_server_refuses_is_not_half_applied() {
    for sql in [
        "CREATE TABLE t (a timestamp DEFAULT now() AT TIME ZONE 'utc')",
        "CREATE TABLE t (a bool DEFAULT 1 IN (1))",
        "CREATE TABLE t (a int GENERATED BY DEFAULT AS (1) STORED)",
        "CREATE TABLE t (a int REFERENCES o ON UPDATE SET NULL (a))",
        "CREATE TABLE t (a int, UNIQUE (a) NOT DEFERRABLE INITIALLY DEFERRED)",
    ] {
        let opaque = table(sql).elements.iter().any(|element| match element {
            TableElement::Opaque(_) => true,
            TableElement::Column(c) => c.options.iter().any(|o| matches!(o, ColumnOption::Opaque(_))),
            _ => false,
        });
        assert!(opaque, "{sql}");
    }
}

#[test]
fn schema_elements_are_made_in_the_servers_order() {
    let sql = "CREATE SCHEMA s CREATE VIEW v AS SELECT 1 CREATE TABLE t (a int REFERENCES u) CREATE TABLE u (a int PRIMARY KEY)";
    let Statement::Changes(changes) = one(sql) else {
        panic!("{sql}");
    };
    let [
        Change::CreateSchema { .. },
        Change::CreateTable(t),
        Change::CreateTable(u),
        Change::CreateView { name, .. },
    ] = changes.as_slice()
    else {
        panic!("{changes:?}");
    };
    assert_eq!(t.name.name.to_string(), "s.t");
    assert_eq!(u.name.name.to_string(), "s.u");
    assert_eq!(name.name.to_string(), "s.v");
    let text = format!("{:?}", t.elements);
    assert!(text.contains("name: s.u"), "{text}");
}

#[test]
fn identity_is_set_with_its_options() {
    let sql = "ALTER TABLE t ALTER a SET GENERATED ALWAYS SET INCREMENT BY 2 RESTART WITH 7";
    let Change::AlterTable(alter) = change(sql) else {
        panic!("{sql}");
    };
    let [TableAction::SetIdentity { kind, options, .. }] = alter.actions.as_slice() else {
        panic!("{alter:?}");
    };
    assert_eq!(*kind, Some(IdentityKind::Always));
    assert_eq!(options.increment, Some(2));
}

#[test]
fn inserts_are_told_by_their_first_rows() {
    let sql = format!(
        "INSERT INTO s.t (a, b) VALUES (1, 'x'){};",
        ", (2, 'y')".repeat(100_000)
    );
    let Statement::Dml(dml) = one(&sql) else {
        panic!("not work on rows");
    };
    assert_eq!(dml.table.name.to_string(), "s.t");
    assert_eq!(dml.columns.len(), 2);
    assert!(
        matches!(dml.query.map(|q| q.body), Some(crate::tree::QueryBody::Values(rows)) if rows.len() == 2)
    );
}

/// Whatever the bounds let through fits the stack of a thread, in this unoptimised build too.
#[test]
fn nothing_overflows_a_stack() {
    let shapes: [(&str, &str, &str); 12] = [
        ("SELECT ", "(", ")"),
        ("SELECT ", "f(", ")"),
        ("SELECT ", "EXISTS (SELECT ", ")"),
        ("SELECT ", "CASE WHEN ", " THEN 1 END"),
        ("SELECT ", "NOT ", ""),
        ("SELECT ", "- ", ""),
        ("SELECT ", "a BETWEEN ", ""),
        ("SELECT ", "ARRAY[", "]"),
        ("SELECT a FROM t", " JOIN (a", ") ON true"),
        ("SELECT 1", "", " UNION SELECT 1"),
        ("SELECT a", "", " AND a || b"),
        ("SELECT a", "", "::int"),
    ];
    let check = move || {
        for (head, open, close) in shapes {
            for n in [40, 66, 80, 99, 199, 399, 100_000] {
                let all = reads(&format!("{head}{}1{}; SELECT 1", open.repeat(n), close.repeat(n)));
                assert_eq!(all.len(), 2, "{open}{close} {n}");
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(check);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
}
