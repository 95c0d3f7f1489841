//! What discovery finds in small repositories.

use super::*;

const DATASOURCE: &str = "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n}\n";
const TABLE: &str = "CREATE TABLE a (id serial PRIMARY KEY);";

/// Each target as `name: runner history ... + models ...`, then each that is not checked.
fn found(listing: &[(&str, &str)]) -> Vec<String> {
    let files = Files::in_memory(listing.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())));
    let found = discover(&files, &Options::default()).unwrap_or_default();
    let targets = found.targets.iter().map(|t| {
        let histories: Vec<String> = t
            .histories
            .iter()
            .map(|h| format!("{} {}", h.runner.name, h.path))
            .collect();
        let models: Vec<String> = t.models.iter().map(|m| m.path.clone()).collect();
        format!("{}: {} + {}", t.name, histories.join(" "), models.join(" "))
    });
    targets
        .chain(found.not_checked.iter().map(|n| format!("not {}", n.what)))
        .collect()
}

#[test]
fn each_runner_by_its_marks() {
    let one = |path: &str, text: &str, more: &[(&str, &str)]| {
        let mut listing = vec![(path, text)];
        listing.extend_from_slice(more);
        found(&listing).concat()
    };
    assert_eq!(
        one("prisma/migrations/1_a/migration.sql", TABLE, &[]),
        "prisma: prisma prisma/migrations + "
    );
    assert_eq!(
        one("migrations/1_a/up.sql", TABLE, &[]),
        "migrations: diesel migrations + "
    );
    assert_eq!(
        one("migrations/1_a.sql", TABLE, &[("Cargo.toml", "sqlx = \"0.8\"")]),
        "migrations: sqlx migrations + "
    );
    assert_eq!(
        one("db/migrations/1_a.sql", "-- migrate:up\nSELECT 1", &[]),
        "db: dbmate db/migrations + "
    );
    assert_eq!(
        one("db/1_a.sql", "-- +goose Up\nSELECT 1;", &[]),
        "db: goose db + "
    );
    assert_eq!(
        one("db/1_a.up.sql", TABLE, &[("go.mod", "")]),
        "db: golang-migrate db + "
    );
    assert_eq!(one("sql/V1__a.sql", TABLE, &[]), "sql: flyway sql + ");
    assert_eq!(
        one("sql/V1__a.sql", TABLE, &[("Cargo.toml", "refinery = \"0.8\"")]),
        "sql: refinery sql + "
    );
    assert_eq!(
        one("supabase/migrations/2_a.sql", TABLE, &[]),
        "supabase: supabase supabase/migrations + "
    );
    assert_eq!(
        one("migrations/1_a.sql", "-- Up Migration\nSELECT 1;", &[]),
        "migrations: node-pg-migrate migrations + "
    );
    // It would run both.
    assert_eq!(
        one(
            "migrations/1_a.sql",
            "-- Up\nCREATE TABLE a (id int);\n-- Down\nDROP TABLE a;",
            &[("migrations/2_b.sql", "-- Up Migration\nSELECT 1;")]
        ),
        "migrations: sql migrations + "
    );
    assert_eq!(
        one("m/2_a.sql", TABLE, &[("m/atlas.sum", "h1:")]),
        "m: atlas m + "
    );
    let package = (
        "package.json",
        "{\"dependencies\": {\"postgres-migrations\": \"5\"}}",
    );
    assert_eq!(
        one("migrations/0001-a.sql", TABLE, &[package]),
        "migrations: postgres-migrations migrations + "
    );
    assert_eq!(
        one("migrations/0001-a.sql", TABLE, &[]),
        "migrations: sql migrations + "
    );
    let named = ("flyway.conf", "flyway.sqlMigrationPrefix=mig\n");
    assert_eq!(
        one("db/migration/mig1__a.sql", TABLE, &[named]),
        "db: flyway db/migration + "
    );
    let journal = (
        "d/meta/_journal.json",
        "{\"dialect\": \"postgresql\", \"entries\": [{\"tag\": \"0000_a\"}]}",
    );
    assert_eq!(one("d/0000_a.sql", TABLE, &[journal]), "d: drizzle d + ");
    assert_eq!(one("001_a.sql", TABLE, &[]), ".: sql  + ");
    assert_eq!(one("db/schema.sql", TABLE, &[]), "db: sql db/schema.sql + ");
    assert_eq!(one("seeds/01_rows.sql", "INSERT INTO a VALUES (1)", &[]), "");
}

#[test]
fn a_script_is_no_history() {
    let tree = [
        ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
        ("alembic/env.py", "from alembic import context\n"),
        ("alembic/versions/a.py", "revision = 'a'\ndown_revision = None\n"),
    ];
    for script in [
        "migration.sql",
        "scripts/migration.sql",
        "docs/sql/up.sql",
        "1_fix.sql",
    ] {
        let mut listing = vec![(script, TABLE)];
        listing.extend(tree);
        assert_eq!(
            found(&listing).concat(),
            "alembic: alembic alembic + ",
            "{script}"
        );
    }
    assert_eq!(found(&[("scripts/migration.sql", TABLE)]).concat(), "");
    assert_eq!(
        found(&[("migrations/init/migration.sql", TABLE)]).concat(),
        "migrations: prisma migrations + "
    );
    assert_eq!(found(&[("1_init/up.sql", TABLE)]).concat(), ".: diesel  + ");
    let steps = [
        ("migrations/1.0to1.1.sql", TABLE),
        ("migrations/1.1to2.0.sql", TABLE),
    ];
    assert_eq!(
        found(&steps).concat(),
        "not migrations (scripts between releases)"
    );
    let beside = [steps.as_slice(), &[("migrations/V1__init.sql", TABLE)]].concat();
    assert_eq!(found(&beside).concat(), "migrations: flyway migrations + ");
}

#[test]
fn schemas_meet_their_migrations() {
    assert_eq!(
        found(&[
            ("apps/a/package.json", "{}"),
            ("apps/a/prisma/schema.prisma", DATASOURCE),
            ("apps/a/prisma/migrations/1_a/migration.sql", TABLE),
            ("apps/b/package.json", "{}"),
            ("apps/b/schema/base.prisma", DATASOURCE),
            ("apps/b/migration/1_a/migration.sql", TABLE),
            ("apps/c/prisma/schema.prisma", DATASOURCE),
        ]),
        [
            "apps/a/prisma: prisma apps/a/prisma/migrations + apps/a/prisma/schema.prisma",
            "apps/b: prisma apps/b/migration + apps/b/schema/base.prisma",
            "apps/c/prisma:  + apps/c/prisma/schema.prisma",
            "not apps/c/prisma/schema.prisma (Prisma)",
        ]
    );
}

#[test]
fn nothing_is_paired_across_examples_or_dialects() {
    assert_eq!(
        found(&[
            ("package.json", "{}"),
            ("migrations/001_a.sql", TABLE),
            ("examples/blog/schema.prisma", DATASOURCE),
            (
                "migrations-mysql/001_a.sql",
                "CREATE TABLE `a` (id INT AUTO_INCREMENT) ENGINE=InnoDB"
            ),
        ]),
        [
            "examples/blog:  + examples/blog/schema.prisma",
            "migrations: sql migrations + ",
            "not examples/blog/schema.prisma (Prisma)",
            "not migrations-mysql (SQL files, MySQL)",
        ]
    );
}

#[test]
fn drivers_tell_the_dialect_of_alembic() {
    let revision = "revision = '1a2b3c4d5e6f'\ndown_revision = None\n";
    let with = |requirements: &'static str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
            ("alembic/env.py", "from app import settings\n"),
            ("alembic/versions/1a2b3c4d5e6f_x.py", revision),
            ("requirements.txt", requirements),
        ])
    };
    let taken = ["alembic: alembic alembic + "];
    assert_eq!(
        with("alembic\nPyMySQL==1.1.2\n"),
        ["not alembic (Alembic, MySQL)"]
    );
    assert_eq!(
        with("alembic\naiosqlite>=0.20\n"),
        ["not alembic (Alembic, SQLite)"]
    );
    assert_eq!(with("pymysql\npsycopg2-binary==2.9\n"), taken);
    assert_eq!(with("alembic\nmariadb-exporter-client\n"), taken);
    // A remark installs nothing.
    assert_eq!(
        with("alembic\naiosqlite>=0.20  # not psycopg2\n# asyncpg\n"),
        ["not alembic (Alembic, SQLite)"]
    );
    assert_eq!(with("alembic\n# pymysql\n"), taken);
    assert_eq!(
        with("oslo.db[mysql]>=8.4.0 # Apache-2.0\n"),
        ["not alembic (Alembic, MySQL)"]
    );
    assert_eq!(with("SQLAlchemy[postgresql-psycopg]>=2\npymysql\n"), taken);
    assert_eq!(
        with("git+https://x.org/psycopg2#egg=psycopg2\naiosqlite\n"),
        taken
    );
}

#[test]
fn the_program_tells_the_dialect_of_alembic_where_no_driver_does() {
    let with = |path: &'static str, text: &'static str, more: &'static str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
            ("alembic/env.py", "from app import settings\n"),
            (
                "alembic/versions/1a2b3c4d5e6f_x.py",
                "revision = '1a2b3c4d5e6f'\ndown_revision = None\n",
            ),
            ("pyproject.toml", "dependencies = [\"alembic\", \"sqlalchemy\"]\n"),
            (path, text),
            ("app/settings.py", more),
        ])
    };
    let taken = ["alembic: alembic alembic + "];
    let left = ["not alembic (Alembic, SQLite)"];
    let session = "engine = create_engine(settings.URL, connect_args={\"check_same_thread\": False})\n";
    assert_eq!(with("app/session.py", session, ""), left);
    assert_eq!(
        with("app/session.py", "engine = create_engine(settings.URL)\n", ""),
        taken
    );
    // What tests are run on says nothing of what the program runs on.
    assert_eq!(with("tests/conftest.py", session, ""), taken);
    // One of several.
    assert_eq!(with("app/session.py", session, "import asyncpg\n"), taken);
    assert_eq!(
        with("app/session.py", session, "URL = \"postgresql+psycopg://h/d\"\n"),
        taken
    );
    // The packages bring no driver for the other one, whatever the program could read.
    let reads = "if url.startswith('postgresql://'):\n    url = url[13:]\n";
    assert_eq!(with("app/session.py", session, reads), left);
    assert_eq!(with(".env", "URL=postgresql://h/d\n", session), taken);
    assert_eq!(
        with(
            ".env.example",
            "URL=sqlite:///d\n# URL=postgresql://h/d\n",
            session
        ),
        left
    );
}

#[test]
fn a_form_for_postgresql_is_no_need_of_it() {
    let with = |packages: &'static str, revision: &'static str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
            ("alembic/env.py", "from app import settings\n"),
            ("alembic/versions/a.py", revision),
            ("requirements.txt", packages),
        ])
    };
    let taken = ["alembic: alembic alembic + "];
    let form = "from sqlalchemy.dialects import postgresql\nrevision = 'a'\nt = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')\n";
    let need = "from sqlalchemy.dialects import postgresql\nrevision = 'a'\nt = postgresql.UUID()\n";
    assert_eq!(with("alembic\npymysql\n", form), ["not alembic (Alembic, MySQL)"]);
    assert_eq!(with("alembic\npymysql\npsycopg2\n", form), taken);
    assert_eq!(with("alembic\npymysql\n", need), taken);
    assert_eq!(with("alembic\n", form), taken);
}

#[test]
fn the_program_lies_where_its_packages_are_listed() {
    let session = "engine = create_engine('sqlite:///d')\n";
    let listing = [
        (
            "api/database/alembic.ini",
            "[alembic]\nscript_location = alembic\n",
        ),
        ("api/database/alembic/env.py", "from core import settings\n"),
        (
            "api/database/alembic/versions/a.py",
            "revision = 'a'\ndown_revision = None\n",
        ),
        (
            "api/pyproject.toml",
            "dependencies = [\"alembic\", \"sqlalchemy\"]\n",
        ),
        ("api/core/session.py", session),
    ];
    assert_eq!(found(&listing), ["not api/database/alembic (Alembic, SQLite)"]);
}

#[test]
fn env_py_tells_the_dialect_by_the_url_it_sets() {
    let with = |text: &'static str, revision: &'static str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
            ("alembic/env.py", text),
            ("alembic/versions/1a2b3c4d5e6f_x.py", revision),
            ("requirements.txt", "alembic\npsycopg2\n"),
        ])
    };
    let taken = ["alembic: alembic alembic + "];
    let plain = "revision = '1a2b3c4d5e6f'\ndown_revision = None\n";
    let oracle =
        "# url = 'postgresql://h/d'\nconfig.set_main_option('sqlalchemy.url', 'oracle+oracledb://h/d')\n";
    assert_eq!(
        with(oracle, plain),
        ["not alembic (Alembic, another database system)"]
    );
    let both = "url = 'mysql://h/d' if legacy else 'postgresql://h/d'\n";
    assert_eq!(with(both, plain), taken);
    let page = "log('see https://example.org, sqlite is not a url')\n";
    assert_eq!(with(page, plain), taken);
    // Its types are those of PostgreSQL.
    assert_eq!(
        with(
            oracle,
            "from sqlalchemy.dialects import postgresql\nrevision = '1a2b3c4d5e6f'\ndown_revision = None\n"
        ),
        taken
    );
}

#[test]
fn env_py_tells_the_dialect_by_the_engine_it_makes() {
    let with = |text: &'static str, packages: &'static str| {
        found(&[
            ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
            (
                "alembic/env.py",
                "from sqlalchemy import create_engine\nfrom alembic import context\nfrom app.database import url\nwith create_engine(url()).connect() as connection:\n    context.configure(connection=connection)\n    context.run_migrations()\n",
            ),
            ("alembic/versions/a.py", "revision = 'a'\ndown_revision = None\n"),
            ("app/__init__.py", ""),
            ("app/database.py", text),
            ("requirements.txt", packages),
        ])
    };
    let taken = ["alembic: alembic alembic + "];
    let left = ["not alembic (Alembic, MySQL)"];
    let urls = [
        "import os\ndef url():\n    return 'mysql+pymysql://{user}@h/d'.format(user=os.environ['USER'])\n",
        "import os\ndef url():\n    return 'mysql://%s:%s@h/d' % (os.environ['A'], os.environ['B'])\n",
        "import os\ndef url():\n    known = f\"mysql://{os.environ['A']}/d\"\n    return known + '?a=1' if os.environ.get('B') else known\n",
        "import os\nfrom sqlalchemy.engine import URL\ndef url():\n    return URL.create(drivername='mysql+aiomysql', host=os.environ['A'])\n",
        "import os\nfrom sqlalchemy.engine.url import URL\ndef url():\n    return URL('mysql', host=os.environ['A'])\n",
        "import os\nfrom sqlalchemy import make_url\ndef url():\n    return make_url('mysql://' + os.environ['A'])\n",
    ];
    for text in urls {
        assert_eq!(with(text, "alembic\n"), left, "{text}");
        assert_eq!(with(text, "alembic\npymysql\npsycopg2\n"), left, "{text}");
        assert_eq!(with(text, "alembic\npsycopg2\n"), taken, "{text}");
    }
    // What a deployment sets instead of it is not known.
    let default = "import os\ndef url():\n    return os.environ.get('URL', 'mysql://h/d')\n";
    assert_eq!(with(default, "alembic\n"), taken);
    let either =
        "import os\ndef url():\n    return 'mysql://h/d' if os.environ.get('A') else 'postgresql://h/d'\n";
    assert_eq!(with(either, "alembic\n"), taken);
}

#[test]
fn other_stacks_are_said() {
    assert_eq!(
        found(&[
            ("a/migrations/0001_initial.py", "from django.db import migrations"),
            ("b/alembic.ini", ""),
            (
                "b/alembic/versions/1a2b3c4d5e6f_x.py",
                "revision = '1a2b3c4d5e6f'"
            ),
            ("c/db/migrate/20200101000000_x.rb", ""),
            ("d/priv/repo/migrations/20200101000000_x.exs", ""),
            (
                "e/database/migrations/2020_01_01_000000_x.php",
                "use Illuminate\\Database;"
            ),
            ("f/drizzle.config.ts", ""),
            (
                "g/migrations/1700000000000-X.ts",
                "export class X implements MigrationInterface {}"
            ),
            (
                "h/schema.prisma",
                "datasource db {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n}\n"
            ),
            (
                "i/migration/src/m20220101_000001_x.rs",
                "impl MigrationTrait for Migration {}"
            ),
            ("j/migrations/1.0to1.1.sql", TABLE),
            ("j/migrations/1.1to2.0.sql", TABLE),
        ]),
        [
            "not a/migrations (Django)",
            "not b (Alembic)",
            "not c/db/migrate (Rails)",
            "not d/priv/repo/migrations (Ecto)",
            "not e/database/migrations (Laravel)",
            "not f (Drizzle models)",
            "not g/migrations (TypeORM)",
            "not h/schema.prisma (Prisma, SQLite)",
            "not i/migration/src (SeaORM)",
            "not j/migrations (scripts between releases)",
        ]
    );
}

#[test]
fn a_schema_in_the_documentation_and_a_computed_setting_are_said() {
    assert_eq!(
        found(&[
            ("docs/reference/schema.prisma", DATASOURCE),
            ("prisma/schema.prisma", DATASOURCE),
            ("prisma/migrations/1_a/migration.sql", TABLE),
            (
                "prisma.config.ts",
                "export default defineConfig({ migrations: { path: where() } })"
            ),
        ]),
        [
            "prisma: prisma prisma/migrations + prisma/schema.prisma",
            "not docs/reference/schema.prisma (Prisma)",
            "not prisma.config.ts (Prisma): migrations.path",
        ]
    );
}

#[test]
fn models_that_no_history_leads_to() {
    let models = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\
                  class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
    let environment =
        "from alembic import context\ncontext.configure(target_metadata=None)\ncontext.run_migrations()\n";
    let history = [
        ("db/pyproject.toml", "[project]\nname = \"db\"\n"),
        ("db/alembic.ini", "[alembic]\nscript_location = alembic\n"),
        ("db/alembic/env.py", environment),
        (
            "db/alembic/versions/1_a.py",
            "revision = '1'\ndown_revision = None\n",
        ),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let mut listing = history.to_vec();
        listing.extend_from_slice(more);
        found(&listing)
    };
    assert_eq!(
        with(&[
            ("services/app/models.py", models),
            (
                "services/app/tables.py",
                "from rich import Table\nimport sqlalchemy\nTable()\n"
            )
        ]),
        [
            "db/alembic: alembic db/alembic + ",
            "not services/app/models.py (SQLAlchemy models in 1 file)"
        ]
    );
    assert_eq!(
        with(&[("services/test_models.py", models), ("db/models.py", models)]),
        ["db/alembic: alembic db/alembic + db/models.py"]
    );
    assert_eq!(
        found(&[
            ("sql/V1__a.sql", TABLE),
            ("app/models.py", models),
            ("app/more.py", models)
        ]),
        ["sql: flyway sql + ", "not app (SQLAlchemy models in 2 files)"]
    );
}

/// A file stands for the history that it configures, or is part of.
#[test]
fn a_file_that_configures_a_history_stands_for_it() {
    let revision = "revision = 'a'\ndown_revision = None\n\n\ndef upgrade():\n    pass\n";
    let ini = |folder: &str| format!("[alembic]\nscript_location = {folder}\n");
    let elsewhere = "[alembic]\nscript_location = %(here)s/db\nversion_locations = %(here)s/revisions\n";
    let project = "[tool.alembic]\nscript_location = \"moves\"\n";
    let listing = [
        ("backend/alembic.ini", ini("migrations")),
        ("backend/migrations/env.py", String::new()),
        ("backend/migrations/script.py.mako", String::new()),
        ("backend/migrations/versions/a.py", revision.to_owned()),
        ("other/alembic.ini", elsewhere.to_owned()),
        ("other/db/env.py", String::new()),
        ("other/revisions/a.py", revision.to_owned()),
        ("third/pyproject.toml", project.to_owned()),
        ("third/moves/env.py", String::new()),
        ("third/moves/versions/a.py", revision.to_owned()),
        ("seed.py", String::new()),
    ];
    let selects = |path: &str| {
        let files = Files::in_memory(listing.iter().map(|(p, t)| ((*p).to_owned(), t.clone())));
        let options = Options {
            touching: vec![path.to_owned()],
            ..Options::default()
        };
        let found = discover(&files, &options).unwrap_or_default();
        let histories = found.targets.iter().flat_map(|t| &t.histories);
        let mut out: Vec<String> = histories.map(|h| h.path.clone()).collect();
        out.extend(found.not_checked.iter().map(|n| format!("not {}", n.what)));
        out
    };
    assert_eq!(selects("backend/alembic.ini"), ["backend/migrations"]);
    assert_eq!(selects("backend/migrations/env.py"), ["backend/migrations"]);
    assert_eq!(
        selects("backend/migrations/script.py.mako"),
        ["backend/migrations"]
    );
    assert_eq!(selects("other/alembic.ini"), ["other/db"]);
    assert_eq!(selects("other/revisions/a.py"), ["other/db"]);
    assert_eq!(selects("third/pyproject.toml"), ["third/moves"]);
    assert_eq!(selects("seed.py"), ["not seed.py"]);
}
