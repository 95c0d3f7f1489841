//! Forms of small programs.

use super::{Callee, Form, FormKind, Part, parse};
use crate::source::FileId;

fn parts(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.as_str().to_owned(),
            Part::Form(form) => format!("#{{{}}}", show(form)),
        })
        .collect()
}

fn all(forms: &[Form]) -> String {
    forms.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn show(form: &Form) -> String {
    match &form.kind {
        FormKind::Atom(name) => format!(":{name}"),
        FormKind::Integer(i) => i.to_string(),
        FormKind::Number(text) => format!("number {text}"),
        FormKind::Float(f) => format!("{f:?}"),
        FormKind::Text(text) => format!("{:?}", text.as_str()),
        FormKind::Binary(all) => format!("\"{}\"", parts(all)),
        FormKind::Charlist(all) => format!("'{}'", parts(all)),
        FormKind::DynamicAtom(all) => format!(":\"{}\"", parts(all)),
        FormKind::Sigil(sigil) => format!("~{}({}){}", sigil.name, parts(&sigil.parts), sigil.modifiers),
        FormKind::List(items) => format!("[{}]", all(items)),
        FormKind::Tuple(items) => format!("{{{}}}", all(items)),
        FormKind::Variable(name, _) => name.to_string(),
        FormKind::Alias(name, _) => format!("<{name}>"),
        FormKind::Injected(_) => "injected".to_owned(),
        FormKind::Gap(_) => "GAP".to_owned(),
        FormKind::Call(call) => {
            let callee = match &call.callee {
                Callee::Local(name) => name.to_string(),
                Callee::Remote(left, name) => format!("{}.{name}", show(left)),
                Callee::Anonymous(left) => format!("{}.", show(left)),
                Callee::Form(form) => format!("({})", show(form)),
            };
            format!("{callee}({})", all(&call.args))
        }
    }
}

fn lowered(text: &str) -> String {
    let parsed = parse(FileId(0), text);
    assert!(parsed.errors.is_empty(), "{text}: {:?}", parsed.errors);
    all(parsed.body.statements())
}

#[test]
fn forms_are_those_of_elixir() {
    for (text, expected) in [
        ("1 + 2 * 3", "+(1, *(2, 3))"),
        ("foo :a, b: 1", "foo(:a, [{:b, 1}])"),
        ("A.B.c(1).d", "<A.B>.c(1).d()"),
        ("x |> f() |> g(1)", "|>(|>(x, f()), g(1))"),
        ("%{\"b\" => 2, a: 1}", "%{}({\"b\", 2}, {:a, 1})"),
        ("%{m | a: 1}", "%{}(|(m, [{:a, 1}]))"),
        ("%{m | 1 => 2, 3 => 4}", "%{}(|(m, [{1, 2}, {3, 4}]))"),
        ("%S{a: 1}", "%(<S>, %{}({:a, 1}))"),
        ("[1, a: 2]", "[1, {:a, 2}]"),
        ("{1, a: 2}", "{1, [{:a, 2}]}"),
        ("fn a, b when a > b -> a end", "fn(->([when(a, b, >(a, b))], a))"),
        ("&(&1 + 1)", "&(+(&(1), 1))"),
        ("&foo/1", "&(/(foo, 1))"),
        ("f.(1)", "f.(1)"),
        ("unquote(x)(1)", "(unquote(x))(1)"),
        ("a not in b", "not(in(a, b))"),
        ("1..10//2", "..//(1, 10, 2)"),
        ("a[:b]", "<Elixir.Access>.get(a, :b)"),
        ("alias A.{B, C}", "alias(<A>.{}(<B>, <C>))"),
        ("__MODULE__.X", "<__MODULE__.X>"),
        ("if a do 1 else 2 end", "if(a, [{:do, 1}, {:else, 2}])"),
        (
            "case a do\n x -> 1\n y when y -> 2\nend",
            "case(a, [{:do, [->([x], 1), ->([when(y, y)], 2)]}])",
        ),
        ("?a; ?\\n; 0xff; 1_000", "97, 10, 255, 1000"),
        ("~w(a b)a; ~s(x \"y\" #{1})", "~w(a b)a, ~s(x \"y\" #{1})"),
        ("\"a#{b}c\\n\"", "\"a#{b}c\n\""),
    ] {
        assert_eq!(lowered(text), expected, "{text}");
    }
}

#[test]
fn heredocs_are_dedented_and_know_their_places() {
    let text = "x = \"\"\"\n  select 1\n    from t\n  \"\"\"\n";
    let parsed = parse(FileId(0), text);
    let Some([_, right]) = parsed.body.statements()[0].args_of("=") else {
        panic!("no match");
    };
    let FormKind::Text(heredoc) = &right.kind else {
        panic!("no text: {}", show(right));
    };
    assert_eq!(heredoc.as_str(), "select 1\n  from t\n");
    let from = heredoc.as_str().find("from").unwrap();
    let place = heredoc.span(from..from + 4);
    assert_eq!(&text[place.range()], "from");
}

#[test]
fn what_stands_around_an_error_is_kept() {
    let text = "defmodule A do\n  def up do\n    create (((\n  end\n\n  def down do\n    :ok\n  end\nend\n\ndefmodule B do\n  def x, do: 1\nend\n";
    let parsed = parse(FileId(0), text);
    assert!(!parsed.errors.is_empty());
    let shown = all(parsed.body.statements());
    assert!(shown.contains("defmodule(<A>"), "{shown}");
    assert!(shown.contains("defmodule(<B>"), "{shown}");
}

#[test]
fn deep_source_is_cut() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("fn -> ", " end"),
        ("not ", ""),
        ("f ", ""),
    ] {
        let text = format!("x = {}1{}\n", open.repeat(20_000), close.repeat(20_000));
        let parsed = parse(FileId(0), &text);
        drop(parsed);
    }
    let sum = format!("x = 1{}", " <> y".repeat(20_000));
    drop(parse(FileId(0), &sum));
    let pipe = format!("x = 1{}", " |> y".repeat(20_000));
    drop(parse(FileId(0), &pipe));
}
