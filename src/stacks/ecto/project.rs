//! The Mix project that migrations belong to: where it lies, which repository they are of, what it has locked.
//!
//! Source: `Ecto.Migrator.migrations_path/2` and `Mix.EctoSQL.source_repo_priv/1` (`ecto_sql` 3.13): `priv/<repo>/migrations`, where
//! `<repo>` is the last part of the repository's module, underscored, unless its configuration says `priv:`.

use smol_str::SmolStr;

use super::lock::{Version, locked};
use crate::source::{FileId, Files};
use crate::syntax::elixir::{self, Form, FormKind};

/// A project and one repository of it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of its `mix.exs`.
    pub folder: String,
    /// The folder of the migrations.
    pub migrations: String,
    /// The module of the repository, where one of the project fits the folder's name.
    pub repo: Option<Repo>,
    /// The locked version of Ecto.
    pub ecto: Option<Version>,
    /// The locked version of Oban.
    pub oban: Option<Version>,
}

/// A module that uses `Ecto.Repo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// Its name.
    pub module: String,
    /// Where.
    pub file: FileId,
    /// `otp_app:`.
    pub app: Option<String>,
    /// `adapter:`, without `Ecto.Adapters.`.
    pub adapter: Option<String>,
}

impl Project {
    /// The project of a folder of migrations.
    #[must_use]
    pub fn of(files: &Files, migrations: &str) -> Project {
        let folder = above(files, migrations).unwrap_or_default();
        let ecto = locked(files, &folder, "ecto_sql").or_else(|| locked(files, &folder, "ecto"));
        let oban = locked(files, &folder, "oban");
        let repos = repos(files, &folder);
        let named = place(migrations).map(|(_, name)| name.to_owned());
        let fits = |repo: &&Repo| {
            let last = repo.module.rsplit('.').next().unwrap_or("");
            named.as_deref() == Some(underscored(last).as_str())
        };
        let said = configured(files, &folder, "priv").into_iter().find(|(_, place)| {
            join(&folder, &format!("{}/migrations", place.trim_end_matches('/'))) == migrations
        });
        let is_said = |repo: &&Repo| said.as_ref().is_some_and(|(module, _)| *module == repo.module);
        let repo =
            repos
                .iter()
                .find(is_said)
                .or_else(|| repos.iter().find(fits))
                .or(match repos.as_slice() {
                    [one] => Some(one),
                    _ => None,
                });
        Project {
            repo: repo.cloned(),
            migrations: migrations.to_owned(),
            folder,
            ecto,
            oban,
        }
    }

    /// The dump beside the migrations.
    #[must_use]
    pub fn structure(&self, files: &Files) -> Option<FileId> {
        let module = self.repo.as_ref().map_or("", |repo| repo.module.as_str());
        let mut said = configured(files, &self.folder, "dump_path").into_iter();
        if let Some((_, path)) = said.find(|(of, _)| of == module) {
            return files.find(&join(&self.folder, &path));
        }
        let above = self.migrations.rsplit_once('/').map_or("", |(above, _)| above);
        files.find(&join(above, "structure.sql"))
    }

    /// Whether timestamps keep no fractions of a second: since Ecto 3.
    #[must_use]
    pub fn whole_seconds(&self) -> bool {
        self.ecto.is_none_or(|version| version >= Version(3, 0, 0))
    }
}

/// What the configuration says under a key for repositories, as text: `config :shop, Shop.Repo, priv: "priv/other"` (`Ecto.Repo`,
/// "Shared options"; `mix help ecto.dump`).
fn configured(files: &Files, folder: &str, key: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for name in ["config.exs", "prod.exs", "runtime.exs", "dev.exs"] {
        let Some(file) = files.find(&join(folder, &format!("config/{name}"))) else {
            continue;
        };
        let text = files.text(file);
        for (at, found) in text.match_indices(&format!("{key}: \"")) {
            let (before, after) = (&text[..at], &text[at + found.len()..]);
            let module = before
                .rfind("config :")
                .and_then(|from| before[from..].split(',').nth(1));
            if let (Some(module), Some((value, _))) = (module, after.split_once('"')) {
                out.push((module.trim().to_owned(), value.to_owned()));
            }
        }
    }
    out
}

/// The folder above `priv` and the repository's name of a path `.../priv/<repo>/migrations`.
#[must_use]
pub fn place(migrations: &str) -> Option<(&str, &str)> {
    let repo = migrations.strip_suffix("/migrations")?;
    let (private, name) = repo.rsplit_once('/').unwrap_or(("", repo));
    let folder = private.strip_suffix("priv")?;
    let folder = match folder {
        "" => "",
        folder => folder.strip_suffix('/')?,
    };
    Some((folder, name))
}

/// The folders that the project's own `ecto.migrate` runs together with a folder of migrations: a `mix.exs` may say
/// `"ecto.migrate --migrations-path priv/repo/migrations --migrations-path priv/repo/manual"` (`mix help ecto.migrate`: files of all
/// paths run in the order of their versions, as if they lay in one).
#[must_use]
pub fn beside(files: &Files, migrations: &str) -> Vec<String> {
    let Some(folder) = above(files, migrations) else {
        return Vec::new();
    };
    let Some(file) = files.find(&join(&folder, "mix.exs")) else {
        return Vec::new();
    };
    let text = files.text(file);
    for command in text
        .split('"')
        .filter(|part| part.trim_start().starts_with("ecto.migrate "))
    {
        let mut words = command.split_whitespace();
        let mut paths = Vec::new();
        while let Some(word) = words.next() {
            let path = match word.strip_prefix("--migrations-path") {
                Some("") => words.next(),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            paths.extend(path.map(|path| join(&folder, path.trim_start_matches("./").trim_end_matches('/'))));
        }
        if paths.iter().any(|path| path == migrations) {
            paths.retain(|path| path != migrations);
            return paths;
        }
    }
    Vec::new()
}

/// The nearest folder at or above a path that holds a `mix.exs`.
#[must_use]
pub fn above(files: &Files, path: &str) -> Option<String> {
    let mut folder = path;
    loop {
        if files.find(&join(folder, "mix.exs")).is_some() {
            return Some(folder.to_owned());
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// The repositories that a project's code declares, in path order; tests are no part of it.
#[must_use]
pub fn repos(files: &Files, folder: &str) -> Vec<Repo> {
    let mut out = Vec::new();
    for (file, entry) in files.below(folder) {
        let inside = entry.path.strip_prefix(folder).unwrap_or(&entry.path);
        if !entry.path.ends_with(".ex") || is_beside(inside) {
            continue;
        }
        let Ok(source) = files.read(file) else { continue };
        let text = &*source.text;
        if text.contains("use Ecto.Repo") {
            out.extend(declared(text, file));
        }
    }
    out
}

/// Whether a path within a project leads to what is not part of the program.
#[must_use]
pub fn is_beside(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "test" | "tests" | "deps" | "_build" | "node_modules"))
}

fn declared(text: &str, file: FileId) -> Vec<Repo> {
    let mut finder = Finder {
        file,
        modules: Vec::new(),
        lists: Vec::new(),
        out: Vec::new(),
    };
    finder.walk(&elixir::parse(file, text).body, 0);
    finder.out
}

/// Looks for modules that use `Ecto.Repo`, those of a list too: `for repo <- [Shop.Repo.A, Shop.Repo.B] do defmodule repo do ...`.
struct Finder {
    file: FileId,
    /// The names of the module that is looked into; several where it stands for each of a list.
    modules: Vec<String>,
    /// Variables that go through a list.
    lists: Vec<(SmolStr, Vec<String>)>,
    out: Vec<Repo>,
}

impl Finder {
    fn walk(&mut self, form: &Form, depth: usize) {
        if depth > 100 {
            return;
        }
        let args = match &form.kind {
            FormKind::List(items) | FormKind::Tuple(items) => items,
            FormKind::Call(call) => call.args.as_slice(),
            _ => return,
        };
        match form.as_local() {
            Some((name, _)) if name == "quote" || name.starts_with("def") && name != "defmodule" => return,
            Some((name, [written, block])) if name == "defmodule" => {
                let names = self.named(written);
                let outer = std::mem::replace(&mut self.modules, names);
                self.walk(block, depth + 1);
                self.modules = outer;
                return;
            }
            Some((name, [used, rest @ ..])) if name == "use" => {
                if matches!(&used.kind, FormKind::Alias(alias, _) if alias == "Ecto.Repo") {
                    self.found(rest.first());
                }
                return;
            }
            _ => {}
        }
        let known = self.lists.len();
        for arg in args {
            if let Some([variable, list]) = arg.args_of("<-")
                && let FormKind::Variable(name, _) = &variable.kind
            {
                let items = list.as_list().unwrap_or(&[]).iter();
                let names = items.filter_map(|item| match &item.kind {
                    FormKind::Alias(alias, _) => Some(alias.to_string()),
                    _ => None,
                });
                self.lists.push((name.clone(), names.collect()));
            }
        }
        for arg in args {
            self.walk(arg, depth + 1);
        }
        self.lists.truncate(known);
    }

    /// What `defmodule` names.
    fn named(&self, written: &Form) -> Vec<String> {
        match &written.kind {
            FormKind::Alias(alias, _) => match self.modules.first() {
                Some(outer) => vec![format!("{outer}.{alias}")],
                None => vec![alias.to_string()],
            },
            FormKind::Variable(variable, _) => {
                let mut lists = self.lists.iter().rev();
                let list = lists.find(|(name, _)| name == variable);
                list.map(|(_, names)| names.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn found(&mut self, options: Option<&Form>) {
        let option = |key: &str| match &options?.keyword(key)?.kind {
            FormKind::Atom(name) | FormKind::Alias(name, _) => Some(name.to_string()),
            _ => None,
        };
        let adapter = option("adapter");
        for module in &self.modules {
            self.out.push(Repo {
                module: module.clone(),
                file: self.file,
                app: option("otp_app"),
                adapter: adapter
                    .as_deref()
                    .map(|name| name.trim_start_matches("Ecto.Adapters.").to_owned()),
            });
        }
    }
}

/// `Macro.underscore` of one part of a module's name.
#[must_use]
pub fn underscored(name: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|b| chars.get(b));
        let after = chars.get(i + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|b| *b != '_')
            && (before.is_some_and(|b| !b.is_uppercase()) || after.is_some_and(|a| a.is_lowercase()));
        if begins {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// A name in a folder.
#[must_use]
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places() {
        assert_eq!(underscored("RepoBase"), "repo_base");
        assert_eq!(underscored("SQLRepo"), "sql_repo");
        assert_eq!(place("priv/repo/migrations"), Some(("", "repo")));
        assert_eq!(place("apps/a/priv/repo/migrations"), Some(("apps/a", "repo")));
        assert_eq!(place("db/migrations"), None);
    }

    #[test]
    fn one_command_may_run_several_folders() {
        let alias = "aliases: [\"ecto.migrate\": [\"ecto.migrate --migrations-path priv/repo/migrations \
                     --migrations-path=priv/repo/manual/\"], \"data\": [\"ecto.migrate --migrations-path priv/repo/data\"]]";
        let files = Files::in_memory([("a/mix.exs", alias), ("a/priv/repo/migrations/1_a.exs", "")]);
        assert_eq!(beside(&files, "a/priv/repo/migrations"), ["a/priv/repo/manual"]);
        assert!(beside(&files, "a/priv/other/migrations").is_empty());
    }

    #[test]
    fn the_configuration_says_where_a_repository_lies() {
        let repo = |name: &str| format!("defmodule App.{name} do\n  use Ecto.Repo, otp_app: :app\nend\n");
        let config = "import Config\nconfig :app, App.Main,\n  priv: \"priv/other\",\n  dump_path: \"priv/dump.sql\"\n";
        let files = Files::in_memory([
            ("mix.exs", ""),
            ("config/config.exs", config),
            ("lib/app/main.ex", &repo("Main")),
            ("lib/app/side.ex", &repo("Side")),
            ("priv/dump.sql", ""),
            ("priv/other/migrations/1_a.exs", ""),
        ]);
        let project = Project::of(&files, "priv/other/migrations");
        assert_eq!(
            project.repo.as_ref().map(|repo| repo.module.as_str()),
            Some("App.Main")
        );
        assert_eq!(project.structure(&files), files.find("priv/dump.sql"));
    }

    #[test]
    fn finds_the_repository() {
        let files = Files::in_memory([
            ("mix.exs", ""),
            (
                "lib/app/repo.ex",
                "defmodule App.Repo do\n  use Ecto.Repo,\n    otp_app: :app,\n    adapter: Ecto.Adapters.Postgres\nend\n",
            ),
            ("priv/repo/migrations/1_a.exs", ""),
        ]);
        let repo = Project::of(&files, "priv/repo/migrations")
            .repo
            .expect("a repository");
        assert_eq!(repo.module, "App.Repo");
        assert_eq!(repo.app.as_deref(), Some("app"));
        assert_eq!(repo.adapter.as_deref(), Some("Postgres"));
    }
}
