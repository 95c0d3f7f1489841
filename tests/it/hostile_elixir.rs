//! Elixir that is broken, endless or huge: a message, what stands around it still runs, no panic, no hang.

use std::time::{Duration, Instant};

use schemalign::interpret::elixir::{Machine, Modules};
use schemalign::source::{Files, Span};

use crate::elixir::Judge;

/// A module that is hostile stands between two that are not: both can still be called, and something is told.
fn survives(what: &str, hostile: &str) {
    let good = |name: &str| format!("defmodule {name} do\n  def answer, do: 42\nend\n");
    let files = Files::in_memory([
        ("a.ex", good("First")),
        ("b.ex", hostile.to_owned()),
        ("c.ex", good("Last")),
    ]);
    let began = Instant::now();
    let modules = Modules::new(&files, "");
    let mut machine = Machine::new(&modules, Judge::default());
    let at = Span::new(files.find("b.ex").expect("a file"), 0, 1);
    for file in modules.elixir_files() {
        machine.compile_file(file);
    }
    let out = machine.call_function("Hostile", "run", Vec::new(), at);
    let known = out.as_ref().is_ok_and(|v| v.is_known());
    let told = !machine.gaps().is_empty()
        || !known
        || modules
            .elixir_files()
            .iter()
            .any(|f| !modules.lowered(*f).errors.is_empty());
    assert!(told, "{what}: nothing is told: {out:?}");
    for name in ["First", "Last"] {
        let out = machine.call_function(name, "answer", Vec::new(), at);
        assert_eq!(
            out.ok().and_then(|v| v.as_integer()),
            Some(42),
            "{what}: {name} is lost"
        );
    }
    // Not a measurement: far above anything but a hang.
    assert!(
        began.elapsed() < Duration::from_secs(120),
        "{what}: took {:?}",
        began.elapsed()
    );
}

fn run(body: &str) -> String {
    format!("defmodule Hostile do\n{body}\nend\n")
}

#[test]
fn endless_programs_end() {
    for (what, body) in [
        ("endless recursion", "def run, do: run()"),
        ("endless recursion in arguments", "def run, do: [run() | run()]"),
        (
            "endless recursion of two",
            "def run, do: other(1)\ndef other(x), do: run() + x",
        ),
        ("a tail call", "def run(x \\\\ 0), do: run(x + 1)"),
        (
            "a range of a million",
            "def run, do: Enum.map(1..100_000_000, fn x -> x end)",
        ),
        (
            "loops in loops",
            "def run, do: for(a <- 1..10_000, b <- 1..10_000, do: a * b)",
        ),
        (
            "a stream without end",
            "def run, do: Stream.cycle([1]) |> Enum.map(& &1)",
        ),
        ("text that grows", "def run(t \\\\ \"a\"), do: run(t <> t)"),
        ("a list that grows", "def run(l \\\\ [1]), do: run(l ++ l)"),
        (
            "values that nest",
            "def run(l \\\\ []), do: run([l, {l, %{a: l}}])",
        ),
        (
            "functions that nest",
            "def run(f \\\\ fn -> 1 end), do: run(fn -> f.() end)",
        ),
        ("a number that grows", "def run(x \\\\ 3), do: run(x * x)"),
        (
            "alternatives without end",
            "def run(x \\\\ System.get_env(\"X\")) do\n if x, do: run(x), else: run(x)\nend",
        ),
        ("applies itself", "def run, do: (f = fn f -> f.(f) end; f.(f))"),
        (
            "a reduction of text",
            "def run, do: Enum.reduce(1..1_000_000, \"\", fn i, acc -> acc <> \"#{i}\" end)",
        ),
        (
            "duplicates",
            "def run, do: String.duplicate(\"a\", 1_000_000_000)",
        ),
    ] {
        survives(what, &run(body));
    }
}

#[test]
fn endless_macros_end() {
    for (what, body) in [
        (
            "a macro that expands to itself",
            "defmacro m, do: quote(do: m())\ndef run, do: m()",
        ),
        (
            "a macro that grows",
            "defmacro m(x), do: quote(do: m({unquote(x), unquote(x)}))\ndef run, do: m(1)",
        ),
        (
            "attributes without end",
            "@a [1]\nfor _ <- 1..1_000_000, do: @a [@a, @a]\ndef run, do: @a",
        ),
        (
            "a module of many functions",
            "for i <- 1..1_000_000 do\n def unquote(:\"f#{i}\")(), do: unquote(i)\nend\ndef run, do: f1() + none()",
        ),
    ] {
        survives(what, &run(body));
    }
    survives(
        "a module that uses itself",
        "defmodule Hostile do\n use Hostile\n defmacro __using__(_), do: quote(do: use Hostile)\n def run, do: none()\nend\n",
    );
    survives(
        "modules that need each other",
        "defmodule Hostile do\n @x Other.x()\n def run, do: @x\n def x, do: 1\nend\ndefmodule Other do\n @y Hostile.x()\n def x, do: @y\nend\n",
    );
}

#[test]
fn broken_source_is_told() {
    for (what, text) in [
        (
            "a block without an end",
            "defmodule Hostile do\n def run do\n  1\n",
        ),
        (
            "brackets",
            "defmodule Hostile do\n def run, do: ((((((1\n def other, do: ]]]]\nend\n",
        ),
        (
            "a string without an end",
            "defmodule Hostile do\n def run, do: \"abc\n def other, do: 2\nend\n",
        ),
        (
            "a heredoc without an end",
            "defmodule Hostile do\n def run do\n  \"\"\"\n  abc\n end\nend\n",
        ),
        ("nothing of Elixir", "\u{0}\u{1}{{{{ <<<< ,,,, do do do end\n"),
        (
            "a template",
            "defmodule <%= @module %> do\n def run, do: <%= 1 %>\nend\n",
        ),
    ] {
        survives(what, text);
    }
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("fn -> ", " end"),
        ("not ", ""),
        ("f ", ""),
        ("\"#{", "}\""),
    ] {
        let body = format!("def run, do: {}1{}", open.repeat(30_000), close.repeat(30_000));
        survives(open, &run(&body));
    }
    let sum = format!("def run, do: \"a\"{}", " <> \"b\"".repeat(50_000));
    survives("a long sum", &run(&sum));
}
