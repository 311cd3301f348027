// Builds the app into ../idp/phone/static, or the folder named on the command line. The same sources give the same bytes.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "idp", "phone", "static");
const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);

const files = new Map();
for (const name of readdirSync(join(here, "public")).sort()) {
  files.set(name, readFileSync(join(here, "public", name)));
}

async function bundle(entry, format, define = {}) {
  const { outputFiles } = await build({
    absWorkingDir: here, entryPoints: [`src/${entry}`], bundle: true, minify: true, write: false, format, define,
    target: "es2022", charset: "utf8", legalComments: "inline",
  });
  return Buffer.from(outputFiles[0].contents);
}

files.set("phone.js", await bundle("main.js", "esm"));

// Subresource integrity: the page takes these very files and no others.
const integrity = (name) => `sha256-${digest("sha256", files.get(name), "base64")}`;
const page = files.get("index.html").toString().replace(/\{\{(.+?)\}\}/g, (_, name) => integrity(name));
files.set("index.html", Buffer.from(page));

const sums = () => [...files].sort().map(([name, bytes]) => `${digest("sha256", bytes, "hex")}  ${name}\n`).join("");
const version = digest("sha256", sums(), "hex").slice(0, 16);
files.set("sw.js", await bundle("sw.js", "iife", { VERSION: JSON.stringify(version) }));
files.set("SHA256SUMS", Buffer.from(sums()));

mkdirSync(target, { recursive: true });
for (const [name, bytes] of files) {
  writeFileSync(join(target, name), bytes);
}
process.stdout.write(`${digest("sha256", files.get("SHA256SUMS"), "hex")}  SHA256SUMS\n`);
