//! What can be told of a statement that could not be parsed: how far not knowing it reaches.

use crate::known::{Reach, Section};
use crate::name::{Name, QualifiedName};
use crate::syntax::split;

/// The tokens of a statement's head; enough to pass `CREATE OR REPLACE ... IF NOT EXISTS name`.
struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

/// Tokens that are looked at.
const MOST: usize = 64;

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Self {
        Words {
            words: split::tokens(text).take(MOST).map(|t| t.1).collect(),
            at: 0,
        }
    }

    fn peek(&self, word: &str) -> bool {
        self.words
            .get(self.at)
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek(word);
        self.at += usize::from(found);
        found
    }

    /// Takes any of these words, as many as follow.
    fn skip(&mut self, words: &[&str]) {
        while words.iter().any(|w| self.take(w)) {}
    }

    fn next_lower(&mut self) -> String {
        let word = self
            .words
            .get(self.at)
            .map_or(String::new(), |w| w.to_ascii_lowercase());
        self.at += 1;
        word
    }

    /// Goes to just behind a word.
    fn find(&mut self, word: &str) -> bool {
        while self.at < self.words.len() {
            if self.take(word) {
                return true;
            }
            self.at += 1;
        }
        false
    }

    fn name(&mut self) -> Option<QualifiedName> {
        self.skip(&["if", "not", "exists", "only"]);
        let mut parts = Vec::new();
        loop {
            let word = self.words.get(self.at)?;
            let first = word.chars().next()?;
            if !(first == '"' || first == '_' || first.is_alphabetic()) {
                break;
            }
            parts.push(Name::from_sql(word));
            self.at += 1;
            if !self.take(".") {
                break;
            }
        }
        let name = parts.pop()?;
        Some(QualifiedName {
            schema: parts.pop(),
            name,
        })
    }

    fn object(&mut self) -> Reach {
        self.name()
            .map_or(Reach::Everything, |name| Reach::Object(name.to_string()))
    }
}

/// The smallest true reach of a statement that was not understood, told by its head.
pub(super) fn reach(text: &str) -> Reach {
    let mut words = Words::new(text);
    match words.next_lower().as_str() {
        "create" => create(&mut words),
        "alter" => alter(&mut words),
        "drop" => drop(&mut words),
        "comment" => Reach::Fact("a comment".to_owned()),
        "select" | "with" | "values" | "table" => query(text, &mut words),
        "set" | "reset" => set(&mut words),
        "truncate" => Reach::Rows,
        "insert" | "update" | "delete" | "merge" | "copy" | "grant" | "revoke" | "vacuum" | "analyze"
        | "analyse" | "cluster" | "reindex" | "refresh" | "lock" | "explain" | "show" | "listen"
        | "notify" | "unlisten" | "load" | "declare" | "fetch" | "move" | "close" | "deallocate"
        | "prepare" | "checkpoint" | "security" | "reassign" => Reach::Rows,
        _ => Reach::Everything,
    }
}

/// A query makes a table where it has an INTO.
fn query(text: &str, words: &mut Words<'_>) -> Reach {
    if words.find("into") {
        words.skip(&["temp", "temporary", "unlogged", "table"]);
        return words.object();
    }
    // The head is not the whole: an INTO may stand further on.
    if split::tokens(text).any(|token| token.1.eq_ignore_ascii_case("into")) {
        Reach::Everything
    } else {
        Reach::Rows
    }
}

fn set(words: &mut Words<'_>) -> Reach {
    words.skip(&["session", "local"]);
    let named = ["search_path", "schema", "role", "authorization", "all"];
    if named.iter().any(|name| words.peek(name)) {
        Reach::Everything
    } else {
        Reach::Rows
    }
}

fn create(words: &mut Words<'_>) -> Reach {
    words.skip(&[
        "or",
        "replace",
        "global",
        "local",
        "temp",
        "temporary",
        "unlogged",
        "recursive",
        "foreign",
    ]);
    words.take("unique");
    match words.next_lower().as_str() {
        "index" => {
            if !words.find("on") {
                return Reach::Everything;
            }
            words.name().map_or(Reach::Everything, |name| {
                Reach::Section(name.to_string(), Section::Indexes)
            })
        }
        "materialized" => {
            words.take("view");
            words.object()
        }
        "table" | "view" | "sequence" | "type" | "domain" | "function" | "procedure" | "collation" => {
            words.object()
        }
        "schema" => words
            .name()
            .map_or(Reach::Everything, |name| Reach::Namespace(name.to_string())),
        "trigger" | "policy" | "rule" | "constraint" => Reach::Fact("a trigger, policy or rule".to_owned()),
        "role" | "user" | "group" | "database" | "tablespace" | "publication" | "subscription"
        | "statistics" | "server" | "event" | "text" | "access" | "conversion" => Reach::Rows,
        _ => Reach::Everything,
    }
}

fn alter(words: &mut Words<'_>) -> Reach {
    words.skip(&["foreign", "materialized"]);
    match words.next_lower().as_str() {
        "table" | "view" | "sequence" | "type" | "domain" | "function" | "procedure" | "index"
        | "collation" => {
            let object = words.object();
            let moves = ["rename", "attach", "detach", "inherit", "schema", "no"];
            let beyond = words.words[words.at.min(words.words.len())..]
                .iter()
                .any(|w| moves.iter().any(|m| w.eq_ignore_ascii_case(m)));
            if beyond { Reach::Everything } else { object }
        }
        "default" | "role" | "user" | "group" | "database" | "tablespace" | "publication"
        | "subscription" | "statistics" | "server" | "event" | "text" | "system" | "large" | "language"
        | "conversion" => Reach::Rows,
        "trigger" | "policy" | "rule" => Reach::Fact("a trigger, policy or rule".to_owned()),
        _ => Reach::Everything,
    }
}

/// One object without CASCADE; else what goes along cannot be told.
fn drop(words: &mut Words<'_>) -> Reach {
    let kind = words.next_lower();
    let several = words
        .words
        .iter()
        .any(|w| *w == "," || w.eq_ignore_ascii_case("cascade"));
    match kind.as_str() {
        "trigger" | "policy" | "rule" => Reach::Fact("a trigger, policy or rule".to_owned()),
        "role" | "user" | "group" | "database" | "tablespace" | "publication" | "subscription"
        | "statistics" => Reach::Rows,
        "table" | "view" | "sequence" | "type" | "domain" | "function" | "procedure" | "index"
            if !several =>
        {
            words.take("concurrently");
            words.object()
        }
        _ => Reach::Everything,
    }
}

/// The table that an INSERT, UPDATE, DELETE, MERGE or COPY ... FROM names at its head.
pub(super) fn dml_table(text: &str) -> Option<(super::DmlKind, QualifiedName)> {
    let mut words = Words::new(text);
    let kind = match words.next_lower().as_str() {
        "insert" => super::DmlKind::Insert,
        "update" => super::DmlKind::Update,
        "delete" => super::DmlKind::Delete,
        "merge" => super::DmlKind::Merge,
        "copy" => super::DmlKind::Copy,
        _ => return None,
    };
    words.skip(&["into", "from"]);
    Some((kind, words.name()?))
}

/// `SET NAMES`, which the parser's grammar does not know: the setting `client_encoding`.
pub(super) fn known(text: &str) -> Option<super::Statement> {
    let mut words = Words::new(text);
    if !words.take("set") {
        return None;
    }
    let local = words.peek("local");
    words.skip(&["session", "local"]);
    words.take("names").then(|| super::Statement::Set {
        name: "client_encoding".to_owned(),
        value: words
            .words
            .get(words.at)
            .map(|value| vec![value.trim_matches('\'').to_owned()]),
        local,
    })
}
