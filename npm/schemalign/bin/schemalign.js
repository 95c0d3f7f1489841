#!/usr/bin/env node
// Runs the program of the platform package that npm has installed beside this one.

const { spawnSync } = require("node:child_process");

const name = `@schemalign/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "schemalign.exe" : "schemalign";

let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  console.error(
    `schemalign: the package ${name}, which holds the program, is not installed.\n` +
      "Either there is none for this platform (`cargo install schemalign` builds one), or npm was told to leave out optional\n" +
      "dependencies: install again without `--omit=optional`.",
  );
  process.exit(2);
}

const { status, signal, error } = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error(`schemalign: ${program} could not be started: ${error.message}`);
  process.exit(2);
}
if (signal) {
  process.kill(process.pid, signal);
}
process.exit(status ?? 2);
