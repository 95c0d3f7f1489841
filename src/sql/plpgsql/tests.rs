//! Bodies of plpgsql.

use super::block;
use crate::source::{FileId, Span, Text};
use crate::tree::plpgsql::{Block, DeclarationKind, RaiseLevel, StmtKind};
use crate::tree::{ExprKind, print};

fn read(body: &str) -> Block {
    block(&Text::of_file(FileId(0), body.into())).unwrap_or_else(|gap| panic!("{body}: {gap:?}"))
}

fn only(body: &str) -> StmtKind {
    let mut block = read(&format!("BEGIN {body} END"));
    assert_eq!(block.body.len(), 1, "{body}: {:?}", block.body);
    block.body.remove(0).kind
}

fn names(into: &[Vec<crate::name::Name>]) -> String {
    into.iter()
        .map(|parts| parts.iter().map(|p| p.as_str()).collect::<Vec<_>>().join("."))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn declarations_keep_their_types() {
    let block = read(
        "#variable_conflict use_column\n<<outer>> DECLARE a int := 1; r public.users%ROWTYPE; e users . email %TYPE;\n\
         k CONSTANT text COLLATE \"C\" NOT NULL DEFAULT 'x'; n numeric(10, 2)[] = '{}'; p ALIAS FOR $1;\n\
         c NO SCROLL CURSOR (x int) FOR SELECT x; BEGIN NULL; END outer;",
    );
    assert!(block.columns_first);
    assert_eq!(block.label.as_ref().map(|l| l.as_str()), Some("outer"));
    let types: Vec<String> = block
        .declarations
        .iter()
        .map(|d| match &d.kind {
            DeclarationKind::Variable { ty, init, .. } => format!("{ty} {}", init.is_some()),
            DeclarationKind::Alias(name) => format!("alias {name}"),
            DeclarationKind::Cursor(_) => "cursor".to_owned(),
        })
        .collect();
    assert_eq!(
        types,
        [
            "int true",
            "public.users%ROWTYPE false",
            "users . email %TYPE false",
            "text true",
            "numeric(10, 2)[] true",
            "alias $1",
            "cursor"
        ]
    );
}

#[test]
fn into_is_taken_out_of_statements() {
    let StmtKind::SelectInto { query, into, strict } =
        only("SELECT a, 2 INTO STRICT x, r.f FROM t WHERE a = 1;")
    else {
        panic!()
    };
    assert!(strict);
    assert_eq!(names(&into), "x,r.f");
    assert_eq!(
        print::query(&query).as_deref(),
        Some("SELECT a, 2 FROM t WHERE a = 1")
    );
    let StmtKind::Sql { text, into, .. } = only("INSERT INTO t VALUES (1) RETURNING id INTO x;") else {
        panic!()
    };
    assert_eq!(names(&into), "x");
    assert_eq!(text.as_str().trim(), "INSERT INTO t VALUES (1) RETURNING id");
    assert_eq!(text.span(0..6), Span::new(FileId(0), 6, 12));
    let StmtKind::Execute {
        text, into, using, ..
    } = only("EXECUTE format('x %s', a) USING b, c INTO x;")
    else {
        panic!()
    };
    assert!(matches!(text.kind, ExprKind::Call(_)));
    assert_eq!((names(&into).as_str(), using.len()), ("x", 2));
}

#[test]
fn control_flow_nests() {
    let StmtKind::If { branches, otherwise } =
        only("IF a THEN NULL; ELSIF (CASE WHEN b THEN c END) THEN x := 1; ELSE RETURN; END IF;")
    else {
        panic!()
    };
    assert_eq!((branches.len(), otherwise.len()), (2, 1));
    let StmtKind::ForRange { reverse, step, .. } =
        only("FOR i IN REVERSE 10..1 BY 2 LOOP EXIT WHEN i = 3; END LOOP;")
    else {
        panic!()
    };
    assert!(reverse && step.is_some());
    assert!(matches!(
        only("FOR a, b IN SELECT 1, 2 LOOP NULL; END LOOP;"),
        StmtKind::ForQuery { variables, .. } if variables.len() == 2
    ));
    assert!(matches!(
        only("FOR r IN EXECUTE 'x' USING a LOOP NULL; END LOOP;"),
        StmtKind::ForExecute { using, .. } if using.len() == 1
    ));
    assert!(matches!(
        only("FOR r IN c(1) LOOP NULL; END LOOP;"),
        StmtKind::ForCursor { .. }
    ));
    assert!(matches!(
        only("FOREACH x IN ARRAY ARRAY['a'] LOOP NULL; END LOOP;"),
        StmtKind::ForEach { slice: false, .. }
    ));
    let StmtKind::Case {
        branches, otherwise, ..
    } = only("CASE a WHEN 1, 2 THEN NULL; END CASE;")
    else {
        panic!()
    };
    assert_eq!((branches[0].0.len(), otherwise.is_none()), (2, true));
    let StmtKind::Block(inner) = only(
        "BEGIN NULL; EXCEPTION WHEN unique_violation OR OTHERS THEN NULL; WHEN SQLSTATE '23505' THEN RAISE; END;",
    ) else {
        panic!()
    };
    let conditions: Vec<_> = inner.handlers.iter().flat_map(|h| &h.conditions).collect();
    assert_eq!(conditions, ["unique_violation", "others", "23505"]);
}

#[test]
fn raise_has_all_its_forms() {
    let raise = |body: &str| match only(body) {
        StmtKind::Raise {
            level,
            condition,
            message,
            args,
            errcode,
            rethrow,
        } => (
            level == RaiseLevel::Exception,
            condition.unwrap_or_default().to_string(),
            message.unwrap_or_default().to_string(),
            args.len(),
            errcode.is_some(),
            rethrow,
        ),
        other => panic!("{other:?}"),
    };
    let text = String::from;
    assert_eq!(raise("RAISE;"), (true, text(""), text(""), 0, false, true));
    assert_eq!(
        raise("RAISE 'a % %', b, c USING errcode = '23505', hint = 'h';"),
        (true, text(""), text("a % %"), 2, true, false)
    );
    assert_eq!(
        raise("RAISE NOTICE 'x';"),
        (false, text(""), text("x"), 0, false, false)
    );
    assert_eq!(
        raise("RAISE SQLSTATE '22012' USING message := 'm';"),
        (true, text("22012"), text("m"), 0, false, false)
    );
    assert_eq!(raise("RAISE division_by_zero;").1, "division_by_zero");
}

#[test]
fn a_value_may_be_a_query() {
    let StmtKind::Assign { value, .. } = only("n := count(*) FROM t WHERE a;") else {
        panic!()
    };
    assert!(matches!(value.kind, ExprKind::Subquery(_)));
    assert!(matches!(
        only("a[1].b := 1;"),
        StmtKind::Assign {
            subscripted: true,
            ..
        }
    ));
    assert!(matches!(only("PERFORM f(1) FROM t;"), StmtKind::Perform(_)));
    assert!(matches!(
        only("RETURN QUERY EXECUTE 'SELECT 1';"),
        StmtKind::Execute { .. }
    ));
}

#[test]
fn broken_bodies_are_gaps() {
    for body in [
        "",
        "BEGIN",
        "BEGIN IF a THEN NULL; END; END",
        "BEGIN x := ; END",
        "BEGIN NULL END",
        "BEGIN FOR i IN 1..2 LOOP NULL; END LOOP END",
        "BEGIN END; SELECT 1;",
        "BEGIN 'x",
    ] {
        assert!(block(&Text::of_file(FileId(0), body.into())).is_err(), "{body}");
    }
    let deep = format!("{}{}", "BEGIN ".repeat(10_000), "END; ".repeat(10_000));
    assert!(block(&Text::of_file(FileId(0), deep.as_str().into())).is_err());
}
