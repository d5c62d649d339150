// Installs what the lock names when node_modules does not already hold it, and otherwise returns in a few
// milliseconds. Runs before every script, under whatever Node the machine has: plain old JavaScript, no packages.
"use strict";

const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".ensure-stamp");
// Outside node_modules, which `npm ci` deletes.
const lockFile = path.join(root, ".ensure-lock");

const installArguments = [
  "ci",
  "--include=dev",
  "--include=optional",
  "--engine-strict=false",
  "--ignore-scripts=false",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
];

/** What an installed tree depends on: the lock, and the platform that chose among its optional packages. */
function wantedStamp() {
  const lock = fs.readFileSync(path.join(root, "package-lock.json"));
  return (
    createHash("sha256")
      .update(lock)
      .update(process.platform + "-" + process.arch)
      .digest("hex") + "\n"
  );
}

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "";
    throw error;
  }
}

function isCurrent() {
  return readOrEmpty(stampFile) === wantedStamp();
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function say(text) {
  process.stderr.write("ensure: " + text + "\n");
}

/**
 * True when this process took the lock, false when a living process holds it. The file is linked into place with its
 * pid already inside, so a reader never sees it empty; a dead holder's file is renamed away before it is removed, so
 * that of two processes that find it stale only one clears it.
 */
function tryLock() {
  const mine = lockFile + "." + process.pid;
  fs.writeFileSync(mine, String(process.pid));
  try {
    fs.linkSync(mine, lockFile);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    fs.rmSync(mine, { force: true });
  }
  const holder = readOrEmpty(lockFile);
  if (holder !== "" && !isAlive(Number(holder))) clearStale(holder);
  return false;
}

function clearStale(holder) {
  const aside = lockFile + "." + process.pid + ".stale";
  try {
    fs.renameSync(lockFile, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  // Another process may have cleared the stale file and locked anew between our reading and our renaming.
  if (readOrEmpty(aside) !== holder) {
    try {
      fs.linkSync(aside, lockFile);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
  fs.rmSync(aside, { force: true });
}

function waitForLock() {
  const startedMs = Date.now();
  let nextLineMs = 1000;
  while (!tryLock()) {
    const waitedMs = Date.now() - startedMs;
    if (waitedMs >= nextLineMs) {
      const holder = "process " + readOrEmpty(lockFile) + " (" + path.basename(lockFile) + ")";
      say("waiting " + Math.round(waitedMs / 1000) + " s for " + holder + ", which is installing");
      nextLineMs += 5000;
    }
    sleep(200);
  }
}

/** npm as the one that called us, so that its version and its Node are those the user chose. */
function npmCommand() {
  const npm = process.env.npm_execpath;
  if (npm && /\.c?js$/.test(npm)) return [process.env.npm_node_execpath || process.execPath, npm];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

/** The environment without our own node_modules in PATH: `npm ci` deletes the Node that lies there. */
function environmentOutsideModules() {
  const environment = Object.assign({}, process.env);
  for (const name of Object.keys(environment)) {
    if (name.toUpperCase() !== "PATH") continue;
    environment[name] = environment[name]
      .split(path.delimiter)
      .filter((folder) => !path.resolve(folder).startsWith(modules))
      .join(path.delimiter);
  }
  return environment;
}

function install() {
  say("installing the packages of package-lock.json");
  const command = npmCommand().concat(installArguments);
  const result = spawnSync(command[0], command.slice(1), {
    cwd: root,
    env: environmentOutsideModules(),
    // npm's output is progress, not ours: it must not mix with what the script prints on stdout.
    stdio: ["ignore", 2, 2],
    shell: command[0].endsWith(".cmd"),
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    say("npm ci failed" + (result.signal ? " (" + result.signal + ")" : ""));
    return result.status || 1;
  }
  fs.writeFileSync(stampFile, wantedStamp());
  return 0;
}

function main() {
  if (isCurrent()) return 0;
  waitForLock();
  try {
    // The process that we waited for has probably installed everything.
    return isCurrent() ? 0 : install();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

process.exitCode = main();
