//! The editor's face, driven over the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use schemalign::lsp::{self, Disk, Listing};
use schemalign::source::MemoryFiles;
use serde_json::{Value, json};

const ROOT: &str = "/repo a";
const SCHEMA: &str =
    "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id    Int @id\n  email String?\n}\n";
const MIGRATION: &str = "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL, \"email\" TEXT,\n  CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));\n";
const SCHEMA_PATH: &str = "prisma/schema.prisma";
const MIGRATION_PATH: &str = "prisma/migrations/1_a/migration.sql";

struct Memory(BTreeMap<String, Vec<u8>>);

impl Disk for Memory {
    fn list(&self, _: &Path) -> Result<Listing, String> {
        Ok(Listing {
            system: Arc::new(MemoryFiles(self.0.clone())),
            above: vec!["/".into(), "repo a".into()],
        })
    }

    fn here(&self) -> PathBuf {
        PathBuf::from(ROOT)
    }
}

/// A client and the server that it talks to.
struct Client {
    connection: Connection,
    server: Option<JoinHandle<Result<(), String>>>,
    next: i32,
    shown: BTreeMap<String, Vec<Value>>,
}

fn uri(path: &str) -> String {
    format!("file:///repo%20a/{path}")
}

impl Client {
    fn new(files: &[(&str, &str)]) -> Client {
        let (server, connection) = Connection::memory();
        let usual = [(SCHEMA_PATH, SCHEMA), (MIGRATION_PATH, MIGRATION)];
        let files = usual
            .iter()
            .chain(files)
            .map(|(p, t)| ((*p).to_owned(), t.as_bytes().to_vec()))
            .collect();
        let server = std::thread::spawn(move || lsp::serve(&server, &Memory(files)));
        let mut client = Client {
            connection,
            server: Some(server),
            next: 0,
            shown: BTreeMap::new(),
        };
        let answer = client.ask(
            "initialize",
            json!({ "capabilities": {}, "rootUri": "file:///repo%20a" }),
        );
        assert!(
            answer["capabilities"]["hoverProvider"].as_bool().unwrap(),
            "{answer}"
        );
        client.tell("initialized", json!({}));
        client
    }

    fn tell(&self, method: &str, params: Value) {
        let message = Message::Notification(Notification::new(method.to_owned(), params));
        self.connection.sender.send(message).unwrap();
    }

    /// Asks, and keeps the diagnostics that come before the answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection.sender.send(Message::Request(request)).unwrap();
        loop {
            match self
                .connection
                .receiver
                .recv_timeout(Duration::from_secs(60))
                .unwrap()
            {
                Message::Response(response) => {
                    assert_eq!(response.id, id);
                    return response.response_kind_value();
                }
                Message::Notification(n) if n.method == "textDocument/publishDiagnostics" => {
                    let list = n.params["diagnostics"].as_array().unwrap().clone();
                    self.shown
                        .insert(n.params["uri"].as_str().unwrap().to_owned(), list);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// The diagnostics of a file once the server has taken everything: rule, line, first column.
    fn shown(&mut self, path: &str) -> Vec<(String, u64, u64)> {
        self.ask("workspace/symbol", json!({ "query": "no such thing" }));
        let list = self.shown.get(&uri(path)).cloned().unwrap_or_default();
        list.iter()
            .map(|d| {
                let start = &d["range"]["start"];
                let code = d["code"].as_str().unwrap_or("").to_owned();
                (
                    code,
                    start["line"].as_u64().unwrap(),
                    start["character"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    fn open(&self, path: &str, text: &str) {
        let document = json!({ "uri": uri(path), "languageId": "x", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&self, path: &str, range: Value, text: &str) {
        let mut change = json!({ "text": text });
        if !range.is_null() {
            change["range"] = range;
        }
        let document = json!({ "uri": uri(path), "version": 2 });
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    fn at(&mut self, method: &str, path: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(
            method,
            json!({ "textDocument": { "uri": uri(path) }, "position": position }),
        )
    }
}

trait Kind {
    fn response_kind_value(self) -> Value;
}

impl Kind for lsp_server::Response {
    fn response_kind_value(self) -> Value {
        let whole = serde_json::to_value(self).unwrap();
        assert!(whole.get("error").is_none(), "{whole}");
        whole.get("result").cloned().unwrap_or(Value::Null)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        let served = self.server.take().unwrap().join().unwrap();
        assert_eq!(served, Ok(()));
    }
}

fn range(line: u32, from: u32, to: u32) -> Value {
    json!({ "start": { "line": line, "character": from }, "end": { "line": line, "character": to } })
}

#[test]
fn unsaved_text_of_both_sides_counts() {
    let mut client = Client::new(&[]);
    assert_eq!(client.shown(SCHEMA_PATH), []);
    // A keystroke in the model.
    client.open(SCHEMA_PATH, SCHEMA);
    client.change(SCHEMA_PATH, range(6, 2, 7), "mail");
    assert!(
        client
            .shown(SCHEMA_PATH)
            .contains(&("missing-column".to_owned(), 6, 2))
    );
    // The other side is mended in a buffer, and the model is right again.
    client.open(MIGRATION_PATH, MIGRATION);
    client.change(MIGRATION_PATH, Value::Null, &MIGRATION.replace("email", "mail"));
    assert_eq!(client.shown(SCHEMA_PATH), []);
    // Closed without saving: the disk counts.
    client.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri(MIGRATION_PATH) } }),
    );
    assert_eq!(client.shown(SCHEMA_PATH).len(), 2);
    client.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri(SCHEMA_PATH) } }),
    );
    assert_eq!(client.shown(SCHEMA_PATH), []);
}

#[test]
fn both_sides_lead_to_each_other() {
    let mut client = Client::new(&[]);
    let hover = client.at("textDocument/hover", SCHEMA_PATH, 6, 4);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("public.User.email") && text.contains("type: text") && text.contains("migration.sql:1"),
        "{text}"
    );
    let there = client.at("textDocument/definition", SCHEMA_PATH, 6, 4);
    assert_eq!(there[0]["uri"], uri(MIGRATION_PATH));
    let back = client.at("textDocument/definition", MIGRATION_PATH, 0, 15);
    let uris: Vec<_> = back
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["uri"].as_str().unwrap())
        .collect();
    assert!(
        !uris.is_empty() && uris.iter().all(|u| *u == uri(SCHEMA_PATH)),
        "{back}"
    );
    let hover = client.at("textDocument/hover", MIGRATION_PATH, 0, 15);
    assert!(
        hover["contents"]["value"].as_str().unwrap().contains("User"),
        "{hover}"
    );
    assert_eq!(client.at("textDocument/hover", SCHEMA_PATH, 0, 0), Value::Null);
}

#[test]
fn findings_are_ignored_and_names_completed() {
    let mut client = Client::new(&[("schemalign.toml", "")]);
    let wrong = SCHEMA.replace("email", "mail ");
    client.open(SCHEMA_PATH, &wrong);
    client.shown(SCHEMA_PATH);
    let mut shown = client.shown[&uri(SCHEMA_PATH)].clone();
    shown.retain(|d| d["code"] == "missing-column");
    assert_eq!(
        shown[0]["relatedInformation"][0]["location"]["uri"],
        uri(MIGRATION_PATH)
    );
    let context = json!({ "diagnostics": [shown[0]] });
    let document = json!({ "uri": uri(SCHEMA_PATH) });
    let actions = client.ask(
        "textDocument/codeAction",
        json!({ "textDocument": document, "range": range(6, 2, 6), "context": context }),
    );
    let edit = &actions.as_array().unwrap().last().unwrap()["edit"]["changes"][uri(SCHEMA_PATH)][0];
    assert_eq!(edit["newText"], "  // schemalign: ignore[missing-column] \n");
    let line: Value = edit["range"].clone();
    client.change(SCHEMA_PATH, line, edit["newText"].as_str().unwrap());
    assert!(
        client
            .shown(SCHEMA_PATH)
            .iter()
            .all(|(rule, ..)| rule != "missing-column")
    );
    client.open(MIGRATION_PATH, &format!("{MIGRATION}ALTER TABLE \"User\".;\n"));
    let items = client.at("textDocument/completion", MIGRATION_PATH, 2, 19);
    let labels: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["email", "id"]);
    let symbols = client.ask("textDocument/documentSymbol", json!({ "textDocument": document }));
    assert!(symbols.to_string().contains("\"User\""), "{symbols}");
    let named = client.ask("workspace/symbol", json!({ "query": "user" }));
    assert!(named.as_array().unwrap().len() >= 2, "{named}");
}

#[test]
fn a_flawed_configuration_is_shown_where_it_is() {
    let mut client = Client::new(&[("schemalign.toml", "")]);
    client.open("schemalign.toml", "exclud = []\n");
    assert_eq!(client.shown("schemalign.toml"), [(String::new(), 0, 0)]);
    client.change(
        "schemalign.toml",
        Value::Null,
        "[rules]\nmissing-column = \"off\"\n",
    );
    assert_eq!(client.shown("schemalign.toml"), []);
    client.open(SCHEMA_PATH, &SCHEMA.replace("email", "mail"));
    assert!(
        client
            .shown(SCHEMA_PATH)
            .iter()
            .all(|(rule, ..)| rule != "missing-column")
    );
}
