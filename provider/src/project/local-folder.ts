import { accessSync, constants, createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { sha256 } from "../artifacts/files.ts";
import { fileDigest, readingProblem } from "./local-file.ts";
import { projectPath } from "./project-path.ts";

/** One regular file of a tree, where it comes from and what it is there; or a folder that is empty. */
export type TreeFile =
  | {
      /** Where it is read here. */
      readonly source: string;
      /** Relative to the tree's root, with slashes. */
      readonly path: string;
      readonly digest: string;
      readonly executable: boolean;
    }
  | { readonly path: string; readonly folder: true };

/** Why a path cannot be used as a folder of files; undefined when it can. */
export function folderProblem(path: string): string | undefined {
  return readingProblem(() => {
    const stats = statSync(projectPath(path), { throwIfNoEntry: false });
    if (!stats) return "does not exist";
    if (!stats.isDirectory()) return "is not a folder";
    return contentProblem(projectPath(path));
  });
}

function contentProblem(root: string): string | undefined {
  const files = walk(root, "");
  const odd = files.find(({ kind }) => kind !== "file" && kind !== "empty folder");
  if (odd) return `holds ${JSON.stringify(odd.path)}, which is ${odd.kind}`;
  const taken = files.find((file) => file.path.startsWith(".torocloud-"));
  if (taken) return `holds ${JSON.stringify(taken.path)}, a name that torocloud keeps for itself`;
  for (const { path } of files) accessSync(join(root, path), constants.R_OK);
  return undefined;
}

/** All files and empty folders below a folder, in the order of its listing. */
export function folderFiles(path: string): TreeFile[] {
  const root = projectPath(path);
  return walk(root, "").map(({ path: relative, kind }) =>
    kind === "empty folder" ? { path: relative, folder: true } : treeFile(join(root, relative), relative),
  );
}

export function treeFile(source: string, path: string): TreeFile {
  const executable = (statSync(projectPath(source)).mode & 0o100) !== 0;
  return { source: projectPath(source), path, digest: fileDigest(source), executable };
}

/** One digest for a whole tree; host-program's artifacts/trees.py computes the same on the host. */
export function treeDigest(files: readonly TreeFile[]): string {
  const named = files.map((file) => ({ file, name: "folder" in file ? `${file.path}/` : file.path }));
  const sorted = named.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return sha256(sorted.map(({ file, name }) => `${entryOf(file)} ${name}\n`).join(""));
}

function entryOf(file: TreeFile): string {
  return "folder" in file ? "folder" : `${file.digest} ${file.executable ? "x" : "-"}`;
}

/** The tree as a host reads it: for each file a line of JSON that says what it is, and then its bytes. */
export function treeArchive(files: readonly TreeFile[]): Readable {
  return Readable.from(frames(files));
}

async function* frames(files: readonly TreeFile[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    if ("folder" in file) yield header({ path: file.path, folder: true });
    else yield* frame(file);
  }
}

async function* frame({
  source,
  path,
  digest,
  executable,
}: Exclude<TreeFile, { folder: true }>): AsyncGenerator<Buffer> {
  const { size } = statSync(source);
  yield header({ path, digest, executable, size });
  let sent = 0;
  // What is written to it from now on is not announced any more.
  const end = size > 0 ? { end: size - 1 } : {};
  for await (const chunk of createReadStream(source, {
    ...end,
    highWaterMark: 256 * 1024,
  }) as AsyncIterable<Buffer>) {
    sent += chunk.length;
    if (sent > size) break;
    yield chunk;
  }
  if (sent !== size)
    throw new Error(`${source} changed while it was read; run it again once it stays as it is`);
}

function header(fields: object): Buffer {
  return Buffer.from(`${JSON.stringify(fields)}\n`);
}

interface Found {
  readonly path: string;
  readonly kind: "file" | "empty folder" | "neither a file nor a folder" | "a name that is not UTF-8";
}

/** Everything below a folder. A name that is not UTF-8 reads otherwise than it is, and leads nowhere. */
function walk(root: string, below: string): Found[] {
  const entries = readdirSync(join(root, below), { withFileTypes: true, encoding: "buffer" });
  if (entries.length === 0 && below !== "") return [{ path: below, kind: "empty folder" }];
  return entries.flatMap((entry): Found[] => {
    const name = entry.name.toString();
    const path = below === "" ? name : `${below}/${name}`;
    if (!entry.name.equals(Buffer.from(name))) return [{ path, kind: "a name that is not UTF-8" }];
    if (entry.isDirectory()) return walk(root, path);
    return [{ path, kind: entry.isFile() ? "file" : "neither a file nor a folder" }];
  });
}
