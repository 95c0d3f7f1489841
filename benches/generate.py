#!/usr/bin/env python3
"""Writes a repository of N tables with 12 columns and N migrations, models and migrations in step: generate.py N FOLDER"""
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


def main():
    count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2], "prisma")
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


main()
