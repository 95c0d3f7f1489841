// Prints the DDL that Prisma's own schema engine would run to make the database of a schema from nothing.
//
//   node prisma-ddl.mjs [--packages DIR] FILE.prisma ...      (no file: standard input)
//   node prisma-ddl.mjs [--packages DIR] --many               (standard input: one JSON list of schemas; prints a list of
//                                                             {"sql"} or {"error"} in the same order)
//   node prisma-ddl.mjs [--packages DIR] --cases FILE.md ...  (writes the engine's answer into the sql block after each
//                                                             prisma block; with --check only says which differ)
//
// A schema without a datasource gets one for PostgreSQL. Cases for Prisma 5 are left alone, this engine is newer;
// of a case with a faults block it must find a fault too.
//
// DIR holds node_modules with @prisma/schema-engine-wasm (`npm i @prisma/schema-engine-wasm` there); no database is asked.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve, join, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

const args = process.argv.slice(2);
const at = args.indexOf('--packages');
const packages = resolve(at < 0 ? '.' : args.splice(at, 2)[1]);
const many = args.includes('--many');
const cases = args.includes('--cases');
const check = args.includes('--check');
const named = args.filter((a) => !a.startsWith('--'));

const entry = createRequire(join(packages, 'x.js')).resolve('@prisma/schema-engine-wasm');
const glue = await import(pathToFileURL(join(dirname(entry), 'schema_engine_bg.js')));
const bytes = readFileSync(join(dirname(entry), 'schema_engine_bg.wasm'));
const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

// The engine wants an adapter to know the kind of database; making a schema from nothing never calls it.
const answers = { columnNames: ['version', 'numeric_version', 'namespace_exists'], columnTypes: [7, 0, 5], rows: [['PostgreSQL 15.0', 150000, true]] };
const connection = {
  provider: 'postgres', adapterName: 'none',
  queryRaw: async () => ({ ok: true, value: answers }),
  executeRaw: async () => ({ ok: true, value: 0 }),
  executeScript: async () => ({ ok: true, value: undefined }),
  getConnectionInfo: () => ({ ok: true, value: { schemaName: 'public', supportsRelationJoins: true } }),
  dispose: async () => ({ ok: true, value: undefined }),
};
const adapter = {
  provider: 'postgres', adapterName: 'none',
  connect: async () => ({ ok: true, value: connection }),
  connectToShadowDb: async () => ({ ok: true, value: connection }),
  errorRegistry: { consumeError: () => undefined },
};

async function ddl(files) {
  const engine = await glue.SchemaEngine.new({ datamodels: undefined }, () => {}, adapter);
  try {
    const result = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: files.map(([path, content]) => ({ path, content })) },
      script: true, exitCode: null, shadowDatabaseUrl: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return result.stdout;
  } finally {
    engine.free();
  }
}

const reason = (e) => String(e?.message ?? e);
const whole = (text) => (/^\s*datasource\s/m.test(text) ? text : `datasource db {\n  provider = "postgresql"\n}\n${text}`);
const answer = async (text) => {
  try {
    return { sql: await ddl([['schema.prisma', whole(text)]]) };
  } catch (e) {
    return { error: reason(e) };
  }
};

if (many) {
  const out = [];
  for (const text of JSON.parse(readFileSync(0, 'utf8'))) out.push(await answer(text));
  process.stdout.write(JSON.stringify(out) + '\n');
} else if (cases) {
  let different = 0;
  for (const file of named) {
    const parts = readFileSync(file, 'utf8').split(/^(?=## )/m);
    for (const [i, part] of parts.entries()) {
      const found = part.match(/```prisma\n([^]*?)```\n(?:```sql\n([^]*?)```\n?)?/);
      if (!found || /^Prisma 5\.?$/m.test(part)) continue;
      const { sql, error } = await answer(found[1]);
      if (part.includes('```faults\n')) {
        if (!error) process.stderr.write(`${file}: ${part.split('\n')[0]}: the engine takes it\n`);
        different += error ? 0 : 1;
        continue;
      }
      if (error) process.stderr.write(`${file}: ${part.split('\n')[0]}: ${error}\n`);
      const body = (sql ?? `-- ${error}`).replace(/^-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n\n/m, '').trim() + '\n';
      if (body === found[2] && !error) continue;
      different += 1;
      if (check) process.stderr.write(`${file}: ${part.split('\n')[0]}: the engine says\n${body}\n`);
      parts[i] = part.replace(found[0], () => '```prisma\n' + found[1] + '```\n```sql\n' + body + '```\n');
    }
    if (!check) writeFileSync(file, parts.join(''));
  }
  process.exit(check && different ? 1 : 0);
} else {
  const files = named.length ? named.map((f) => [f, readFileSync(f, 'utf8')]) : [['schema.prisma', readFileSync(0, 'utf8')]];
  try {
    process.stdout.write(await ddl(files));
  } catch (e) {
    process.stderr.write(reason(e) + '\n');
    process.exit(1);
  }
}
