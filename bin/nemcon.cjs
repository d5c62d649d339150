#!/usr/bin/env node
// The command `nemcon`. Old syntax on purpose: it also runs where the rest does not, to find a Node that will do.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const root = path.resolve(__dirname, "..");
const needed = [22, 18];

function isNewEnough(version) {
  const parts = version.replace(/^v/, "").split(".").map(Number);
  return parts[0] > needed[0] || (parts[0] === needed[0] && parts[1] >= needed[1]);
}

/** The built main in a package, the source in a clone: Node reads no TypeScript under node_modules. */
function main() {
  const source = path.join(root, "cli", "main.ts");
  return fs.existsSync(source) ? source : path.join(root, "dist", "cli", "main.js");
}

/** A Node that some package brought along, nearest first. */
function newerNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (let folder = root; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", ".bin", name);
    if (fs.existsSync(candidate)) {
      const version = spawnSync(candidate, ["--version"], { encoding: "utf8" }).stdout;
      if (version && isNewEnough(version.trim())) return candidate;
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Runs the command under another Node, as if it were this process: its signals, its exit code. */
function become(node) {
  const child = spawn(node, [main()].concat(process.argv.slice(2)), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends Ctrl-C to the whole group: passed on, the child would get it twice, and twice means at once.
    process.on(signal, () => (signal !== "SIGTERM" && process.stdin.isTTY) || child.kill(signal));
  }
  child.on("error", (error) => {
    process.stderr.write("nemcon: " + node + ": " + error.message + "\n");
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
}

if (isNewEnough(process.version)) {
  const entry = main();
  process.argv[1] = entry;
  import(pathToFileURL(entry).href).catch((error) => {
    process.stderr.write("nemcon: " + error.stack + "\n");
    process.exit(1);
  });
} else {
  const node = newerNode();
  if (node) {
    become(node);
  } else {
    process.stderr.write(
      "nemcon needs Node " +
        needed.join(".") +
        " or newer; this is " +
        process.version +
        " (" +
        process.execPath +
        ").\n" +
        "Install a newer one, or add the package node@24 to your project: nemcon finds it in node_modules/.bin.\n",
    );
    process.exitCode = 1;
  }
}
