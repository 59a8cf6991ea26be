import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

/** The program that is sent to a host: a compressed bundle of Python sources. */
export interface HostProgram {
  readonly bytes: Buffer;
  /** SHA-256 of the bytes, lower-case hexadecimal: the hello says which program it is. */
  readonly digest: string;
}

const folder = new URL("../../host-program/", import.meta.url);
const packageName = "torocloud_host";
let made: HostProgram | undefined;

/** The program, read once. */
export function hostProgram(): HostProgram {
  made ??= bundle();
  return made;
}

function bundle(): HostProgram {
  const modules = Object.fromEntries(modulesIn(packageName));
  const boot = `${modules[`${packageName}.boot`] ?? ""}\nbegin(data, bundle)\n`;
  const bytes = deflateSync(JSON.stringify({ boot, modules }), { level: 9 });
  return { bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

function modulesIn(path: string): [string, string][] {
  const entries = readdirSync(new URL(`${path}/`, folder), { withFileTypes: true });
  return entries.flatMap(({ name: entry }): [string, string][] => {
    const inner = `${path}/${entry}`;
    if (!entry.includes(".") && entry !== "__pycache__") return modulesIn(inner);
    if (!entry.endsWith(".py")) return [];
    const module = inner.replace(/\.py$/, "").replaceAll("/", ".");
    return [[module, readFileSync(new URL(inner, folder), "utf8")]];
  });
}

/** What the starter writes to standard output before it reads the program, or where Python is missing or only a part of it is there. */
export const readyLine = "torocloud-ready";
export const noPythonLine = "torocloud-no-python";

const python = [
  "import sys,importlib.machinery as m",
  // Debian's python3-minimal lacks some of what the program needs.
  `all(map(m.PathFinder.find_spec,("base64","dataclasses","json"))) or sys.exit(print("${noPythonLine}") or 127)`,
  "import json,zlib",
  "b=sys.stdin.buffer",
  "n=b.readline(9).strip()",
  `n.isdigit() or sys.exit("torocloud: no program came")`,
  "d=b.read(int(n))",
  "m=json.loads(zlib.decompress(d))",
  `exec(compile(m["boot"],"boot","exec"),{"data":d,"bundle":m})`,
].join(";");

const shell = [
  `command -v python3 >/dev/null || { echo ${noPythonLine}; exit 127; }`,
  `echo ${readyLine}`,
  `exec python3 -ISE -c "$0"`,
].join("; ");

/** The command that reads the program and runs it: a constant that every login shell reads alike; behind `exec`, or sudo. */
export const starter = `sh -c '${shell}' '${python}'`;
