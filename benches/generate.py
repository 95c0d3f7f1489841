#!/usr/bin/env python3
"""Writes a repository of N tables with 12 columns and N migrations, models and migrations in step: generate.py N FOLDER [STACK]

STACK is prisma (the default), alembic (revisions of Alembic and models of SQLAlchemy), or ecto.
"""
import pathlib, sys

FIELDS = [  # Prisma field, SQL column
    ("email String @unique", '"email" TEXT NOT NULL'),
    ("name String?", '"name" TEXT'),
    ("age Int @default(0)", '"age" INTEGER NOT NULL DEFAULT 0'),
    ("balance Decimal @db.Decimal(12, 2)", '"balance" DECIMAL(12,2) NOT NULL'),
    ("active Boolean @default(true)", '"active" BOOLEAN NOT NULL DEFAULT true'),
    ("payload Json?", '"payload" JSONB'),
    ("tags String[]", '"tags" TEXT[]'),
    ("kind Kind @default(ONE)", '"kind" "Kind" NOT NULL DEFAULT \'ONE\''),
    ("createdAt DateTime @default(now())", '"createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP'),
    ("updatedAt DateTime @updatedAt", '"updatedAt" TIMESTAMP(3) NOT NULL'),
]


def model(i):
    lines = ["  id Int @id @default(autoincrement())"] + [f"  {field}" for field, _ in FIELDS]
    if i:
        lines += ["  parentId Int", f"  parent Table{i - 1} @relation(fields: [parentId], references: [id])"]
    else:
        lines += ["  note String?"]
    lines += [f"  children Table{i + 1}[]", "  @@index([createdAt])"]
    return f"model Table{i} {{\n" + "\n".join(lines) + "\n}\n"


def migration(i):
    t = f"Table{i}"
    columns = ['"id" SERIAL NOT NULL'] + [c for _, c in FIELDS if not c.startswith('"age"')]
    columns.append('"parentId" INTEGER NOT NULL' if i else '"note" TEXT')
    columns.append(f'CONSTRAINT "{t}_pkey" PRIMARY KEY ("id")')
    out = ['-- CreateEnum\nCREATE TYPE "Kind" AS ENUM (\'ONE\', \'TWO\', \'THREE\');\n'] if i == 0 else []
    out.append(f'-- CreateTable\nCREATE TABLE "{t}" (\n    ' + ",\n    ".join(columns) + "\n);\n")
    out.append(f'-- AlterTable\nALTER TABLE "{t}" ADD COLUMN "age" INTEGER;\n')
    out.append(f'ALTER TABLE "{t}" ALTER COLUMN "age" SET NOT NULL, ALTER COLUMN "age" SET DEFAULT 0;\n')
    out.append(f'-- CreateIndex\nCREATE UNIQUE INDEX "{t}_email_key" ON "{t}"("email");\nCREATE INDEX "{t}_createdAt_idx" ON "{t}"("createdAt");\n')
    if i:
        out.append(f'-- AddForeignKey\nALTER TABLE "{t}" ADD CONSTRAINT "{t}_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Table{i - 1}"("id") ON DELETE RESTRICT ON UPDATE CASCADE;\n')
    return "\n".join(out)


def prisma(count, folder):
    folder = folder / "prisma"
    (folder / "migrations").mkdir(parents=True, exist_ok=True)
    head = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n\nenum Kind {\n  ONE\n  TWO\n  THREE\n}\n\n'
    models = [model(i) for i in range(count)]
    models[-1] = models[-1].replace(f"  children Table{count}[]\n", "")
    (folder / "schema.prisma").write_text(head + "\n".join(models))
    (folder / "migrations/migration_lock.toml").write_text('provider = "postgresql"\n')
    for i in range(count):
        at = folder / "migrations" / f"{20200101000000 + i}_table_{i}"
        at.mkdir(exist_ok=True)
        (at / "migration.sql").write_text(migration(i))


COLUMNS = [  # attribute of the model, column of the migration
    ("email: Mapped[str] = mapped_column(sa.Text, unique=True)", "sa.Column('email', sa.Text(), nullable=False)"),
    ("name: Mapped[str | None] = mapped_column(sa.String(80))", "sa.Column('name', sa.String(length=80), nullable=True)"),
    ("age: Mapped[int] = mapped_column(server_default='0')", None),
    ("balance: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))", "sa.Column('balance', sa.Numeric(precision=12, scale=2), nullable=False)"),
    ("active: Mapped[bool] = mapped_column(server_default=sa.true())", "sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False)"),
    ("payload: Mapped[dict | None] = mapped_column(JSONB)", "sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=True)"),
    ("tags: Mapped[list[str] | None] = mapped_column(sa.ARRAY(sa.Text))", "sa.Column('tags', sa.ARRAY(sa.Text()), nullable=True)"),
    ("kind: Mapped[Kind] = mapped_column(sa.Enum(Kind, name='kind'))", "sa.Column('kind', postgresql.ENUM('ONE', 'TWO', 'THREE', name='kind', create_type=False), nullable=False)"),
    ("created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), index=True)", "sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)"),
    ("updated_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))", "sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False)"),
]

BASE = """import enum

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


class Kind(enum.Enum):
    ONE = 1
    TWO = 2
    THREE = 3
"""

MODULE = """from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.base import Base, Kind
"""

ENVIRONMENT = """from alembic import context
from sqlalchemy import engine_from_config, pool

from app.base import Base
from app import models

target_metadata = Base.metadata


def run_migrations_online():
    engine = engine_from_config(context.config.get_section("alembic"), prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


run_migrations_online()
"""


def python_class(i):
    lines = [f"class Table{i}(Base):", f"    __tablename__ = 'table_{i}'", "", "    id: Mapped[int] = mapped_column(primary_key=True)"]
    lines += [f"    {attribute}" for attribute, _ in COLUMNS]
    if i:
        lines += [f"    parent_id: Mapped[int] = mapped_column(sa.ForeignKey('table_{i - 1}.id', ondelete='CASCADE'), index=True)"]
        lines += [f"    parent: Mapped['Table{i - 1}'] = relationship(foreign_keys=[parent_id])"]
    else:
        lines += ["    note: Mapped[str | None] = mapped_column(sa.Text)"]
    lines += ["", "    def label(self) -> str:", "        return f'{self.id}: {self.name or self.email}'", ""]
    return "\n".join(lines)


def revision(i):
    t = f"table_{i}"
    columns = ["sa.Column('id', sa.Integer(), nullable=False)"] + [column for _, column in COLUMNS if column]
    columns.append("sa.Column('parent_id', sa.Integer(), nullable=False)" if i else "sa.Column('note', sa.Text(), nullable=True)")
    columns += ["sa.PrimaryKeyConstraint('id')", "sa.UniqueConstraint('email')"]
    if i:
        columns.append(f"sa.ForeignKeyConstraint(['parent_id'], ['table_{i - 1}.id'], ondelete='CASCADE')")
    down = f"'{i - 1:012x}'" if i else "None"
    out = [f'"""Add {t}"""', "from alembic import op", "import sqlalchemy as sa", "from sqlalchemy.dialects import postgresql", ""]
    out += [f"revision = '{i:012x}'", f"down_revision = {down}", "branch_labels = None", "depends_on = None", "", "", "def upgrade():"]
    if i == 0:
        out.append("    op.execute(\"CREATE TYPE kind AS ENUM ('ONE', 'TWO', 'THREE')\")")
    out.append(f"    op.create_table(\n        '{t}',\n        " + ",\n        ".join(columns) + ",\n    )")
    out.append(f"    op.add_column('{t}', sa.Column('age', sa.Integer(), nullable=True))")
    out.append(f"    op.execute(\"UPDATE {t} SET age = 0 WHERE age IS NULL\")")
    out.append(f"    op.alter_column('{t}', 'age', nullable=False, server_default='0')")
    out.append(f"    op.create_index(op.f('ix_{t}_created_at'), '{t}', ['created_at'], unique=False)")
    if i:
        out.append(f"    op.create_index(op.f('ix_{t}_parent_id'), '{t}', ['parent_id'], unique=False)")
    out += ["", "", "def downgrade():", f"    op.drop_index(op.f('ix_{t}_created_at'), table_name='{t}')", f"    op.drop_table('{t}')", ""]
    return "\n".join(out)


def alembic(count, folder):
    (folder / "app/models").mkdir(parents=True, exist_ok=True)
    (folder / "migrations/versions").mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql://localhost/app\n")
    (folder / "app/__init__.py").write_text("")
    (folder / "app/base.py").write_text(BASE)
    names = []
    for first in range(0, count, 20):
        names.append(f"part_{first // 20}")
        classes = [python_class(i) for i in range(first, min(first + 20, count))]
        (folder / f"app/models/{names[-1]}.py").write_text("\n\n".join([MODULE, *classes]))
    (folder / "app/models/__init__.py").write_text("".join(f"from app.models import {name}\n" for name in names))
    (folder / "migrations/env.py").write_text(ENVIRONMENT)
    for i in range(count):
        (folder / f"migrations/versions/{i:012x}_add_table_{i}.py").write_text(revision(i))


ADDED = [  # field of the schema, column of the migration
    ("field :email, :string", "add :email, :text, null: false"),
    ("field :name, :string", "add :name, :string, size: 80"),
    ("field :age, :integer, default: 0", None),
    ("field :balance, :decimal", "add :balance, :decimal, precision: 12, scale: 2, null: false"),
    ("field :active, :boolean, default: true", "add :active, :boolean, null: false, default: true"),
    ("field :payload, :map", "add :payload, :map"),
    ("field :tags, {:array, :string}", "add :tags, {:array, :string}"),
    ("field :kind, Ecto.Enum, values: [:one, :two, :three]", "add :kind, :string, null: false, default: \"one\""),
]

MIX = """defmodule App.MixProject do
  use Mix.Project

  def project, do: [app: :app, version: "0.1.0", deps: [{:ecto_sql, "~> 3.13"}, {:postgrex, ">= 0.0.0"}]]
end
"""

REPOSITORY = """defmodule App.Repo do
  use Ecto.Repo, otp_app: :app, adapter: Ecto.Adapters.Postgres
end
"""


def schema(i):
    lines = [f"defmodule App.Table{i} do", "  use Ecto.Schema", "  import Ecto.Changeset", "", f'  schema "table_{i}" do']
    lines += [f"    {field}" for field, _ in ADDED]
    lines.append(f"    belongs_to :parent, App.Table{i - 1}" if i else "    field :note, :string")
    lines += ["", "    timestamps(type: :utc_datetime)", "  end", "", "  def changeset(row, attrs) do", "    row"]
    lines += ["    |> cast(attrs, [:email, :name, :age, :balance, :active, :kind])", "    |> validate_required([:email, :balance])"]
    lines += ["    |> unique_constraint(:email)", "  end", "end", ""]
    return "\n".join(lines)


def exs(i):
    t = f":table_{i}"
    out = [f"defmodule App.Repo.Migrations.AddTable{i} do", "  use Ecto.Migration", "", "  def up do", f"    create table({t}) do"]
    out += [f"      {column}" for _, column in ADDED if column]
    out.append(f"      add :parent_id, references(:table_{i - 1}, on_delete: :delete_all), null: false" if i else "      add :note, :text")
    out += ["", "      timestamps(type: :utc_datetime)", "    end", "", f"    create unique_index({t}, [:email])"]
    if i:
        out.append(f"    create index({t}, [:parent_id])")
    out += ["", f"    alter table({t}) do", "      add :age, :integer", "    end", "", "    flush()"]
    out += [f'    execute("UPDATE table_{i} SET age = 0 WHERE age IS NULL")', "", f"    alter table({t}) do"]
    out += ["      modify :age, :integer, null: false, default: 0", "    end", "  end", "", "  def down do", f"    drop table({t})", "  end", "end", ""]
    return "\n".join(out)


def ecto(count, folder):
    (folder / "lib/app").mkdir(parents=True, exist_ok=True)
    (folder / "priv/repo/migrations").mkdir(parents=True, exist_ok=True)
    (folder / "mix.exs").write_text(MIX)
    (folder / "lib/app/repo.ex").write_text(REPOSITORY)
    for i in range(count):
        (folder / f"lib/app/table_{i}.ex").write_text(schema(i))
        (folder / f"priv/repo/migrations/{20200101000000 + i}_add_table_{i}.exs").write_text(exs(i))


def main():
    stack = {"prisma": prisma, "alembic": alembic, "ecto": ecto}[sys.argv[3] if len(sys.argv) > 3 else "prisma"]
    stack(int(sys.argv[1]), pathlib.Path(sys.argv[2]))


main()
