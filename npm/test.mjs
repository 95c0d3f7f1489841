// Installs the packages into an empty folder as a user would, and runs what `npx schemalign` finds.
//
//     node npm/test.mjs PROGRAM

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const program = process.argv[2];
const platform = `${process.platform}-${process.arch}`;
const scratch = mkdtempSync(join(tmpdir(), "schemalign-npm-"));
const npm = (cwd, ...args) => execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });

try {
  const out = join(scratch, "packages");
  execFileSync(process.execPath, [join(here, "packages.mjs"), out, `${platform}=${program}`]);
  const packed = ["schemalign", platform].map((name) => {
    const folder = join(out, name);
    return join(folder, npm(folder, "pack", "--silent").trim());
  });
  writeFileSync(join(scratch, "package.json"), "{}");
  npm(scratch, "install", "--silent", "--no-audit", "--no-fund", "--offline", ...packed);

  const run = (...args) =>
    spawnSync(join(scratch, "node_modules/.bin/schemalign"), args, { encoding: "utf8", shell: process.platform === "win32" });
  const version = run("--version");
  assert.equal(version.status, 0, version.stderr);
  assert.match(version.stdout, /^schemalign \d+\.\d+\.\d+/);
  const found = run(join(here, "../examples/shop"), "--format", "concise");
  assert.equal(found.status, 1, found.stderr);
  assert.match(found.stdout, /error\[/);

  rmSync(join(scratch, "node_modules/@schemalign"), { recursive: true });
  const alone = run("--version");
  assert.equal(alone.status, 2);
  assert.match(alone.stderr, /is not installed/);
  console.log(`${platform}: packed, installed and run`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
