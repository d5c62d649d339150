/**
 * Writes what is derived from proto/: the types of the services (runtime/link/gen) and the descriptor set
 * that reflection serves (proto/gen). `--check` writes nothing and fails where a file is not current.
 */

import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const types = "runtime/link/gen";
const descriptors = "proto/gen/nemcon.binpb";

function run(program: string, ...args: string[]): void {
  const file = join(root, "node_modules/.bin", program);
  const done = spawnSync(file, args, { cwd: root, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${program}: ${done.error?.message ?? done.stderr}`);
}

function generateInto(folder: string): void {
  const services = globSync("nemcon/v1/*.proto", { cwd: join(root, "proto") }).sort();
  run(
    "proto-loader-gen-types",
    "--longs=String",
    "--enums=String",
    "--defaults",
    "--oneofs",
    "--importFileExtension=.ts",
    "--grpcLib=@grpc/grpc-js",
    `--outDir=${join(folder, types)}`,
    "--includeDirs=proto",
    "--",
    ...services,
  );
  // One file a proto file, for grpc.loadPackageDefinition: not used here.
  for (const file of globSync("*.ts", { cwd: join(folder, types) })) rmSync(join(folder, types, file));
  mkdirSync(join(folder, "proto/gen"), { recursive: true });
  run("buf", "build", "--exclude-source-info", "-o", join(folder, descriptors));
}

function filesIn(folder: string): Map<string, string> {
  const files = [...globSync(`${types}/**/*.ts`, { cwd: folder }), ...globSync(descriptors, { cwd: folder })].sort();
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), "base64")]));
}

function staleFiles(folder: string): string[] {
  const [current, wanted] = [filesIn(root), filesIn(folder)];
  const all = new Set([...current.keys(), ...wanted.keys()]);
  return [...all].filter((file) => current.get(file) !== wanted.get(file));
}

const folder = mkdtempSync(join(tmpdir(), "nemcon-generate-"));
try {
  generateInto(folder);
  const stale = staleFiles(folder);
  if (process.argv.includes("--check")) {
    if (stale.length > 0) {
      console.error(`Not current: ${stale.join(", ")}. Run npm run generate.`);
      process.exitCode = 1;
    }
  } else {
    rmSync(join(root, types), { recursive: true, force: true });
    cpSync(join(folder, types), join(root, types), { recursive: true });
    cpSync(join(folder, "proto/gen"), join(root, "proto/gen"), { recursive: true });
    console.error(stale.length === 0 ? "All was current." : `Written: ${stale.join(", ")}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
