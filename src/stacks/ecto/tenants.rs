//! Schemas of the database that are chosen when the program runs: tables of tenants.
//!
//! Source: `Ecto.Repo` (Ecto 3.13): `default_options/1` gives every operation its `prefix:`, which a schema's own `@schema_prefix` goes
//! before; `prepare_query/3` may set it too. Triplex 1.3: `priv/<repo>/tenant_migrations` run in the schema of each tenant.

use super::library::Elixir;
use super::project::{Repo, join};
use crate::declared::{Expectation, Model};
use crate::interpret::elixir::Value;
use crate::known::{Gap, Reach};
use crate::name::Name;
use crate::source::{FileId, Span};
use crate::syntax::elixir::{Form, FormKind};

/// Where the tables of schemas without a prefix of their own are.
#[derive(Debug, Default)]
pub struct Tenants {
    /// The schema that the repository's options name.
    pub prefix: Option<Name>,
    /// Why it may be any.
    any: Option<Gap>,
    /// The migrations that run for each tenant.
    migrations: Vec<FileId>,
}

impl Tenants {
    /// Asks the repository.
    pub fn of(machine: &mut Elixir<'_>) -> Tenants {
        let mut out = Tenants::default();
        let Some(repo) = machine.library.project.repo.clone() else {
            return out;
        };
        let at = Span::new(repo.file, 0, 0);
        if let Some(module) = machine.module(&repo.module, at) {
            let clauses = |name, arity| {
                let definition = module.definition(name, arity);
                definition.map_or(&[][..], |definition| &definition.clauses)
            };
            match clauses("default_options", 1) {
                [] => {}
                [one] => match literal(&one.body) {
                    Some(name) => out.prefix = Some(Name::new(name)),
                    None => out.read(machine, &repo, one.span),
                },
                [first, ..] => out.read(machine, &repo, first.span),
            }
            let text = machine.modules().files().text(repo.file);
            if let [clause, ..] = clauses("prepare_query", 3)
                && text.contains("prefix")
            {
                out.any = out.any.or(Some(any(clause.span)));
            }
        }
        let folder = join(&machine.library.project.folder, "priv");
        let below = machine.modules().files().below(&folder);
        out.migrations = below
            .filter(|(_, entry)| entry.path.split('/').rev().nth(1) == Some("tenant_migrations"))
            .map(|(file, _)| file)
            .collect();
        out
    }

    /// Options that are worked out: they name no prefix only where the module speaks of none.
    fn read(&mut self, machine: &mut Elixir<'_>, repo: &Repo, at: Span) {
        if machine.modules().files().text(repo.file).contains("prefix") {
            self.any = Some(any(at));
            return;
        }
        let operation = machine.unknown(at, "which operation it is");
        let Ok(options) = machine.call_function(&repo.module, "default_options", vec![operation], at) else {
            self.any = Some(any(at));
            return;
        };
        if options.is_nil() {
            return;
        }
        let known = options.as_list().is_some_and(<[Value]>::is_empty) || options.as_keywords().is_some();
        if !known || options.keyword("prefix").is_some() {
            self.any = Some(any(at));
        }
    }

    /// Why the table of a model may be in a schema that is chosen when the program runs.
    pub fn wanders(&self, machine: &Elixir<'_>, model: &Model) -> Option<Gap> {
        let Some(Expectation::Exactly(table)) = &model.table else {
            return None;
        };
        if table.schema.is_some() {
            return None;
        }
        if let Some(gap) = &self.any {
            return Some(gap.clone());
        }
        let files = machine.modules().files();
        let words = [format!(":{}", table.name), format!("\"{}\"", table.name)];
        let names = |text: &str, word: &str| {
            text.match_indices(word).any(|(at, _)| {
                let after = text.as_bytes().get(at + word.len());
                !after.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            })
        };
        let file = self.migrations.iter().find(|file| {
            let text = files.text(**file);
            words.iter().any(|word| names(&text, word))
        })?;
        let why = "it is made in the schema of each tenant, by migrations that run when a tenant comes";
        Some(Gap::new(Span::new(*file, 0, 0), why, Reach::Rows))
    }
}

/// The prefix of `[prefix: "a"]`, written as it stands.
fn literal(body: &Form) -> Option<&str> {
    let [options] = body.keyword("do").unwrap_or(body).statements() else {
        return None;
    };
    match &options.keyword("prefix")?.kind {
        FormKind::Text(text) => Some(text.as_str()),
        FormKind::Atom(name) if name != "nil" => Some(name),
        _ => None,
    }
}

fn any(at: Span) -> Gap {
    Gap::new(
        at,
        "which schema of the database is used is chosen when the program runs",
        Reach::Rows,
    )
}
