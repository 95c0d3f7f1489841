"""Judges seeded drift with real SQLAlchemy, real Alembic and a real server.

drift.py EMPTY_URL HEAD_URL BASE: upgrades the database HEAD_URL to the head of the folder BASE; EMPTY_URL stays empty. Then reads
one JSON object a line, {"folder", "side"}, and answers with one a line:

* side "models": `catalog` is that of a database that `create_all` makes; the models are compared with the head of BASE.
* side "history": `catalog` is that of a database that the folder's own migrations make; its models are compared with that.

`default` and `all` are what Alembic's `compare_metadata` tells as it comes, and with everything on that it has: server defaults and
the plugin that compares CHECKs by name. Nothing is committed, and each case runs in a process of its own.
"""

import io
import json
import os
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout

import psycopg2  # noqa: F401  (loaded once, before the cases)
import sqlalchemy as sa
import sqlalchemy.dialects.postgresql  # noqa: F401
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.orm import configure_mappers

HERE = os.path.dirname(os.path.abspath(__file__))
CATALOG = open(os.path.join(HERE, "catalog.sql"), encoding="utf-8").read()
# What the server keeps and does not look at.
DIMENSIONS = """SELECT n.nspname || '.' || c.relname || '.' || a.attname, a.attndims FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attndims > 0 AND c.relkind = 'r' AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema')"""


def catalog(connection):
    facts = connection.exec_driver_sql(CATALOG.rstrip().rstrip(";").replace("%", "%%")).scalar()
    facts = {key: value for key, value in facts.items() if "alembic_version" not in key}
    for key, value in connection.exec_driver_sql(DIMENSIONS):
        facts[f"column {key} dimensions"] = str(value)
    return facts


def upgrade(folder, connection):
    config = Config(os.path.join(folder, "alembic.ini"))
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def metadata(folder):
    sys.path.insert(0, folder)
    from tracker.models import Base

    configure_mappers()
    return Base.metadata


def compare(connection, target, **options):
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_schemas": True, "target_metadata": target, **options}
    )
    savepoint = connection.begin_nested()
    try:
        told = [describe(op) for op in compare_metadata(context, target)]
    except sa.exc.DBAPIError as error:
        told = f"fails: {type(error.orig).__name__}"
    finally:
        savepoint.rollback()
    return told


def describe(op):
    if isinstance(op, list):
        return "; ".join(describe(each) for each in op)
    return " ".join(part if isinstance(part, str) else repr(part) for part in op if part is not None)


def answer(case, empty, head):
    os.chdir(case["folder"])
    with empty.connect() as made, head.connect() as at_head:
        # Alembic leaves a transaction that it finds open to whoever opened it.
        made.begin()
        at_head.begin()
        if case["side"] == "models":
            target, live = metadata(case["folder"]), at_head
            for schema in sorted({table.schema for table in target.tables.values() if table.schema}):
                made.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
            target.create_all(made)
        else:
            upgrade(case["folder"], made)
            target, live = metadata(case["folder"]), made
        everything = {
            "compare_server_default": True,
            "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        }
        out = {
            "catalog": catalog(made),
            "default": compare(live, target),
            "all": compare(live, target, **everything),
        }
        made.rollback()
        return out


def run(case, empty, head):
    quiet = io.StringIO()
    try:
        with redirect_stdout(quiet), redirect_stderr(quiet), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return answer(case, empty, head)
    except (Exception, SystemExit) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def child_of(work):
    """The answer of a function that runs in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        sys.stdin = io.StringIO()
        with os.fdopen(write, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text or '{"error": "the process ended without an answer"}')


def main():
    empty, head = (sa.create_engine(url, poolclass=sa.pool.NullPool) for url in sys.argv[1:3])

    def prepare():
        os.chdir(sys.argv[3])
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), head.begin() as connection:
            upgrade(sys.argv[3], connection)
        return {}

    prepared = child_of(prepare)
    if "error" in prepared:
        sys.exit(prepared["error"])
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(child_of(lambda: run(case, empty, head))), flush=True)


main()
