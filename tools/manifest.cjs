// Packs the package without the Node that the house brings for itself: in a consumer's node_modules/.bin it would
// take over the consumer's own scripts. `strip` runs before npm packs, `restore` after it.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const manifest = path.resolve(__dirname, "..", "package.json");
const aside = path.resolve(__dirname, "..", "dist", "package.json.full");

if (process.argv[2] === "strip") {
  const text = fs.readFileSync(manifest, "utf8");
  const published = JSON.parse(text);
  delete published.optionalDependencies;
  fs.writeFileSync(aside, text);
  fs.writeFileSync(manifest, JSON.stringify(published, null, 2) + "\n");
} else if (process.argv[2] === "restore") {
  fs.renameSync(aside, manifest);
} else {
  process.stderr.write("usage: node tools/manifest.cjs strip|restore\n");
  process.exitCode = 64;
}
