"""What real SQLAlchemy makes of the models in tests/models/sqlalchemy/*.md.

sqlalchemy_ddl.py [--write] CASE.md ...: runs each `python` block, prints the DDL of `create_all` on PostgreSQL, and compares it
with the `sql` block behind it (exit status 1 where one differs), or writes that block.
"""
import re
import sys
import types


def ddl(source):
    import sqlalchemy as sa

    module = types.ModuleType("models")
    module.__dict__["__name__"] = "models"
    sys.modules["models"] = module
    if "sqlmodel" in source:
        import sqlmodel

        sqlmodel.SQLModel.metadata.clear()
    exec(compile(source, "models.py", "exec"), module.__dict__)
    found = []
    for value in list(vars(module).values()):
        for metadata in (value, getattr(value, "metadata", None)):
            if isinstance(metadata, sa.MetaData) and not any(metadata is other for other in found):
                found.append(metadata)
    out = []
    engine = sa.create_mock_engine(
        "postgresql+psycopg2://", lambda statement, *_, **__: out.append(text(statement, engine))
    )
    schemas = {table.schema for metadata in found for table in metadata.tables.values() if table.schema}
    out.extend(f"CREATE SCHEMA {schema};" for schema in sorted(schemas))
    for metadata in found:
        metadata.create_all(engine, checkfirst=False)
    return "\n".join(ordered(out)) + "\n"


def ordered(statements):
    """The indexes of a table are a set: their order says nothing."""
    out, run = [], []
    for statement in [*statements, ""]:
        if re.match("CREATE (UNIQUE )?INDEX", statement):
            run.append(statement)
        else:
            out += sorted(run) + [statement]
            run = []
    return out[:-1]


def text(statement, engine):
    # Doubled for the driver, which takes `%` for a parameter.
    sql = str(statement.compile(dialect=engine.dialect)).strip().replace("%%", "%")
    return "\n".join(line.rstrip() for line in sql.splitlines() if line.strip()) + ";"


def main():
    write = "--write" in sys.argv
    failed = False
    for path in (a for a in sys.argv[1:] if a != "--write"):
        whole = open(path, encoding="utf-8").read()

        def block(match):
            nonlocal failed
            made = ddl(match[1])
            if match[2] != made:
                failed = failed or not write
                if not write:
                    print(f"{path}: SQLAlchemy now makes:\n{made}", file=sys.stderr)
            return f"```python\n{match[1]}```\n```sql\n{made}```\n"

        after = re.sub(r"```python\n(.*?)```\n(?:```sql\n(.*?)```\n)?", block, whole, flags=re.S)
        if write:
            open(path, "w", encoding="utf-8").write(after)
    sys.exit(failed)


main()
