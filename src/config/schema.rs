//! The JSON Schema of the configuration file, for editors: made from the keys that the reader knows, so that it says what is accepted.

use serde_json::{Map, Value, json};

use super::Dialect;
use super::file::{KEYS, LEVELS, ORDERS, OVERRIDE_KEYS, PROJECT_KEYS};
use super::policy::{self, ConstraintWord};

/// The schema; `rules` are the names of the rules with what they find.
#[must_use]
pub fn schema(rules: &[(&str, &str)]) -> Value {
    let levels: Map<String, Value> = rules
        .iter()
        .map(|(name, summary)| {
            let level = json!({ "description": summary, "enum": LEVELS });
            ((*name).to_owned(), level)
        })
        .collect();
    let properties: Map<String, Value> = KEYS
        .iter()
        .map(|(key, takes)| {
            let mut property = property(key);
            property["description"] = Value::from(*takes);
            ((*key).to_owned(), property)
        })
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "schemalign.toml",
        "description": "The configuration of schemalign, also [tool.schemalign] of pyproject.toml and [workspace.metadata.schemalign] or [package.metadata.schemalign] of Cargo.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "definitions": {
            "rules": { "type": "object", "additionalProperties": false, "properties": levels },
            "patterns": { "type": "array", "items": { "type": "string" } },
            "texts": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] },
            "given": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [
                        { "type": ["string", "integer", "boolean"] },
                        { "type": "array", "items": { "type": "string" } },
                    ],
                },
            },
        },
    })
}

/// What a key takes, with an example.
fn property(key: &str) -> Value {
    let refers = |to: &str, example: Value| json!({ "allOf": [{ "$ref": format!("#/definitions/{to}") }], "examples": [example] });
    match key {
        "required-version" => json!({ "type": "string", "examples": [">=0.1"] }),
        "rules" => refers("rules", json!({ "missing-index": "off" })),
        "overrides" => each(
            OVERRIDE_KEYS.iter().map(|key| {
                let to = if *key == "rules" { "rules" } else { "patterns" };
                (*key, json!({ "$ref": format!("#/definitions/{to}") }))
            }),
            json!([{ "tables": ["audit_*"], "rules": { "extra-table": "note" } }]),
        ),
        "exclude" => refers("patterns", json!(["legacy/**"])),
        "exclude-tables" => refers("patterns", json!(["audit_*"])),
        "owned-by-others" => refers("patterns", json!(["auth.*"])),
        "projects" => {
            let mut out = each(
                PROJECT_KEYS.iter().map(|key| (*key, project(key))),
                json!([{ "name": "shop", "migrations": ["db/migrations"], "models": "prisma" }]),
            );
            out["items"]["anyOf"] = json!([{ "required": ["migrations"] }, { "required": ["models"] }]);
            out
        }
        "given" => refers(
            "given",
            json!({ "postgres_version": 16, "search_path": ["app", "public"] }),
        ),
        "require-reason" => json!({ "type": "boolean", "examples": [true] }),
        "minimum-coverage" => json!({ "type": "number", "minimum": 0, "maximum": 100, "examples": [95] }),
        "fail-on" => json!({ "enum": LEVELS.get(1..).unwrap_or_default(), "examples": ["error"] }),
        "order" => json!({ "enum": ORDERS.map(|(word, _)| word), "examples": ["migrations-first"] }),
        "baseline" => json!({ "type": "string", "examples": ["schemalign-baseline.txt"] }),
        "policy" => policy(),
        // A key of which nothing more is said; the test of the schema demands an example of each.
        _ => json!({}),
    }
}

fn policy() -> Value {
    let properties: Map<String, Value> = policy::KEYS
        .iter()
        .map(|key| {
            let takes = match *key {
                "columns" => {
                    json!({ "type": "object", "additionalProperties": { "$ref": "#/definitions/texts" } })
                }
                "key-type" => json!({ "$ref": "#/definitions/texts" }),
                "server-defaults" => json!({ "$ref": "#/definitions/patterns" }),
                "constraint-names" => {
                    let kinds =
                        ConstraintWord::ALL.map(|kind| (kind.key().to_owned(), json!({ "type": "string" })));
                    let kinds: Map<String, Value> = kinds.into_iter().collect();
                    json!({ "type": "object", "additionalProperties": false, "properties": kinds })
                }
                _ => json!({ "type": "boolean" }),
            };
            ((*key).to_owned(), takes)
        })
        .collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "examples": [{ "time-zones": true, "key-type": ["uuid", "bigint"], "columns": { "created_at": "timestamptz" } }],
    })
}

fn each<'k>(keys: impl Iterator<Item = (&'k str, Value)>, example: Value) -> Value {
    let properties: Map<String, Value> = keys.map(|(key, value)| (key.to_owned(), value)).collect();
    json!({
        "type": "array",
        "items": { "type": "object", "additionalProperties": false, "properties": properties },
        "examples": [example],
    })
}

fn project(key: &str) -> Value {
    match key {
        "migrations" | "models" => json!({ "$ref": "#/definitions/texts" }),
        "given" => json!({ "$ref": "#/definitions/given" }),
        "dialect" => json!({ "enum": Dialect::ALL.iter().map(|d| d.word()).collect::<Vec<_>>() }),
        _ => json!({ "type": "string" }),
    }
}
