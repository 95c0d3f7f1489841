"""Runs real Alembic for the judge: reads one JSON object a line ({"folder", "url", "steps"}), upgrades that database with the
configuration in that folder, to every head where the steps are "all", and answers with one JSON object a line:
{"error": null or the server's code or a text}.

Each upgrade runs in a process of its own, so that modules of one case are not taken for those of another.
"""

import io
import json
import os
import sys
from contextlib import redirect_stdout, redirect_stderr

import sqlalchemy.exc
from alembic import command
from alembic.config import Config


def upgrade(folder, url, steps):
    os.chdir(folder)
    config = Config(os.path.join(folder, "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    quiet = io.StringIO()
    try:
        with redirect_stdout(quiet), redirect_stderr(quiet):
            command.upgrade(config, "heads" if steps == "all" else f"+{steps}")
    except sqlalchemy.exc.DBAPIError as error:
        code = getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
        return code or type(error).__name__
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    return None


def main():
    for line in sys.stdin:
        case = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            sys.stdin = io.StringIO()
            answer = json.dumps({"error": upgrade(case["folder"], case["url"], case["steps"])})
            os.write(write, answer.encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            answer = pipe.read().decode()
        os.waitpid(child, 0)
        print(answer or '{"error": "the process ended without an answer"}', flush=True)


main()
