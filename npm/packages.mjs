// Writes the npm packages of one version: `schemalign`, and one for each platform that holds nothing but the program.
//
//     node npm/packages.mjs DEST linux-x64=PATH darwin-arm64=PATH ...
//
// The version is the crate's. What is written is ready for `npm publish`, the platforms' packages first.

import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dest, ...programs] = process.argv.slice(2);
if (!dest || programs.length === 0) {
  console.error("usage: node npm/packages.mjs DEST PLATFORM-ARCH=PATH ...");
  process.exit(2);
}

const version = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^version = "(.+)"$/m)[1];
const main = JSON.parse(readFileSync(join(root, "npm/schemalign/package.json"), "utf8"));
const write = (folder, text) => writeFileSync(join(folder, "package.json"), `${JSON.stringify(text, null, 2)}\n`);
const licences = ["LICENSE-MIT", "LICENSE-APACHE"];

const optionalDependencies = {};
for (const argument of programs) {
  const [platform, path] = argument.split(/=(.*)/s);
  const [os, cpu] = platform.split("-");
  const name = `@schemalign/${platform}`;
  const file = os === "win32" ? "schemalign.exe" : "schemalign";
  const folder = join(dest, platform);
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, file));
  chmodSync(join(folder, file), 0o755);
  licences.forEach((licence) => copyFileSync(join(root, licence), join(folder, licence)));
  write(folder, {
    name,
    version,
    description: `The program of schemalign for ${os} on ${cpu}`,
    license: main.license,
    os: [os],
    cpu: [cpu],
    files: [file, ...licences],
    preferUnplugged: true,
  });
  optionalDependencies[name] = version;
}

const folder = join(dest, "schemalign");
cpSync(join(root, "npm/schemalign"), folder, { recursive: true });
["README.md", ...licences].forEach((file) => copyFileSync(join(root, file), join(folder, file)));
write(folder, { ...main, version, optionalDependencies });
