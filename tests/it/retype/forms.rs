//! The forms of the stages, and what runs them: a client of the server, Alembic, Ecto.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::shapes::{Shape, one};
use crate::alembic_judge::{self, Alembic};
use crate::ecto_judge::{self, Ecto};
use crate::postgres::{Connection, Server};

/// What runs the stages. Without its tool a form can only be drafted.
pub(super) enum Form {
    Sql,
    Alembic(Option<Alembic>),
    Ecto(Option<Ecto>),
}

/// A repository with a migration that makes a shape, and the drafted stages.
pub(super) struct Project {
    pub(super) root: PathBuf,
    arguments: &'static [&'static str],
    /// The files, in order.
    pub(super) stages: Vec<PathBuf>,
    sql: String,
}

impl Project {
    pub(super) fn drafted(test: &str, shape: &Shape, ty: &str, form: &Form) -> Project {
        let folder = format!("retype-{test}-{}-{ty}-{}", shape.name, form.word());
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let _ = std::fs::remove_dir_all(&root);
        for (path, text) in form.files(&shape.sql) {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let mut project = Project {
            root,
            arguments: if matches!(form, Form::Sql) {
                &["--migrations", "m"]
            } else {
                &[]
            },
            stages: Vec::new(),
            sql: shape.sql.clone(),
        };
        let said = project.said(&["migration", "--retype", shape.column, ty]);
        let paths = said.lines().filter(|line| !line.starts_with("stages of"));
        project.stages = paths.map(|path| project.root.join(path)).collect();
        assert_eq!(project.stages.len(), 5, "{}: {said}", shape.name);
        project
    }

    /// What the program says.
    pub(super) fn said(&self, arguments: &[&str]) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_schemalign"))
            .args(arguments)
            .args(self.arguments)
            .current_dir(&self.root)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            error.is_empty() && out.status.code().is_some(),
            "{}: {error}",
            self.root.display()
        );
        String::from_utf8(out.stdout).unwrap()
    }

    /// The text of a stage, counted from one.
    pub(super) fn text(&self, step: usize) -> String {
        std::fs::read_to_string(&self.stages[step - 1]).unwrap()
    }

    /// The tables of a document without those that tools keep.
    pub(super) fn tables(document: &str) -> serde_json::Value {
        let mut read: serde_json::Value = serde_json::from_str(document).unwrap();
        let tables = read["tables"].as_object_mut().unwrap();
        tables.retain(|name, _| !name.ends_with(".alembic_version") && !name.ends_with(".schema_migrations"));
        read["tables"].take()
    }
}

impl Form {
    pub(super) fn alembic() -> Option<Form> {
        Alembic::start().map(|alembic| Form::Alembic(Some(alembic)))
    }

    pub(super) fn ecto(server: &Server) -> Option<Form> {
        Ecto::start(server).map(|ecto| Form::Ecto(Some(ecto)))
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Form::Sql => "sql",
            Form::Alembic(_) => "alembic",
            Form::Ecto(_) => "ecto",
        }
    }

    /// A repository whose one migration runs some statements.
    fn files(&self, sql: &str) -> Vec<(&'static str, String)> {
        let statements = sql.split_terminator(";\n");
        match self {
            Form::Sql => vec![("m/1_init.sql", sql.to_owned())],
            Form::Alembic(_) => {
                let body: Vec<String> = statements
                    .map(|s| format!("    op.execute(\"\"\"{s}\"\"\")\n"))
                    .collect();
                let init = format!(
                    "from alembic import op\n\nrevision = \"a1\"\ndown_revision = None\n\n\ndef upgrade():\n{}\n\ndef downgrade():\n    pass\n",
                    body.concat()
                );
                vec![
                    ("alembic.ini", alembic_judge::INI.to_owned()),
                    ("migrations/env.py", alembic_judge::ENV.to_owned()),
                    ("migrations/versions/a1_init.py", init),
                ]
            }
            Form::Ecto(_) => {
                let body: Vec<String> = statements
                    .map(|s| format!("    execute(\"\"\"\n    {s}\n    \"\"\")\n"))
                    .collect();
                let init = format!(
                    "defmodule Shop.Repo.Migrations.Init do\n  use Ecto.Migration\n\n  def up do\n{}  end\n\n  def down, do: :ok\nend\n",
                    body.concat()
                );
                vec![
                    ("mix.exs", ecto_judge::MIX.to_owned()),
                    ("lib/shop/repo.ex", ecto_judge::REPO.to_owned()),
                    ("priv/repo/migrations/20200101000000_init.exs", init),
                ]
            }
        }
    }

    /// Runs what makes the shape.
    pub(super) fn begin(
        &mut self,
        project: &Project,
        server: &Server,
        name: &str,
        connection: &mut Connection,
    ) {
        match self {
            Form::Sql => plainly(connection, &project.sql),
            Form::Alembic(_) | Form::Ecto(_) => self.go(project, server, name, "1"),
        }
    }

    /// Runs one stage.
    pub(super) fn stage(
        &mut self,
        project: &Project,
        server: &Server,
        name: &str,
        connection: &mut Connection,
        step: usize,
    ) {
        match self {
            Form::Sql => plainly(connection, &project.text(step)),
            Form::Alembic(_) | Form::Ecto(_) => self.go(project, server, name, "1"),
        }
    }

    /// Runs the stage that ran last once more.
    pub(super) fn again(
        &mut self,
        project: &Project,
        server: &Server,
        name: &str,
        connection: &mut Connection,
        step: usize,
    ) {
        let forget = match self {
            Form::Sql => String::new(),
            Form::Alembic(_) => {
                let before = match step {
                    1 => "a1".to_owned(),
                    step => {
                        let path = project.stages[step - 2].file_name().unwrap().to_str().unwrap();
                        path.split('_').next().unwrap().to_owned()
                    }
                };
                format!("UPDATE alembic_version SET version_num = '{before}'")
            }
            Form::Ecto(_) => {
                "DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)"
                    .to_owned()
            }
        };
        assert_eq!(one(connection, &forget), "");
        self.stage(project, server, name, connection, step);
    }

    /// Runs all stages that have not run.
    pub(super) fn rest(
        &mut self,
        project: &Project,
        server: &Server,
        name: &str,
        connection: &mut Connection,
    ) {
        match self {
            Form::Sql => {
                let all: Vec<String> = (1..=project.stages.len()).map(|n| project.text(n)).collect();
                plainly(connection, &format!("BEGIN;\n{}\nCOMMIT", all.join("\n")));
            }
            Form::Alembic(_) | Form::Ecto(_) => self.go(project, server, name, "all"),
        }
    }

    fn go(&mut self, project: &Project, server: &Server, name: &str, steps: &str) {
        let error = match self {
            Form::Alembic(Some(alembic)) => alembic.upgrade(&project.root, &server.url(name), steps),
            Form::Ecto(Some(ecto)) => ecto.migrate(&project.root, name, steps),
            Form::Sql | Form::Alembic(None) | Form::Ecto(None) => unreachable!("there is no tool"),
        };
        assert_eq!(error, None, "{}", project.root.display());
    }
}

fn plainly(connection: &mut Connection, sql: &str) {
    let said = connection.run(sql);
    let errors: Vec<_> = said.iter().filter(|l| l.starts_with("ERROR")).collect();
    assert!(errors.is_empty(), "{said:?}\n{sql}");
}
