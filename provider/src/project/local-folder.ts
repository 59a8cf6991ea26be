import { accessSync, constants, createReadStream, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { pack } from "tar-stream";
import { sha256 } from "../host/files.ts";
import { fileDigest, readingProblem } from "./local-file.ts";
import { projectPath } from "./project-path.ts";

/** One regular file of a tree: where it comes from, and what it is there. */
export interface TreeFile {
  /** Where it is read here. */
  readonly source: string;
  /** Relative to the tree's root, with slashes. */
  readonly path: string;
  readonly digest: string;
  readonly executable: boolean;
}

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
  const odd = files.find(({ kind }) => kind !== "file");
  if (odd) return `holds ${JSON.stringify(odd.path)}, which is ${odd.kind}`;
  const taken = files.find((file) => file.path.startsWith(".torocloud-"));
  if (taken) return `holds ${JSON.stringify(taken.path)}, a name that torocloud keeps for itself`;
  for (const { path } of files) accessSync(join(root, path), constants.R_OK);
  return undefined;
}

/** All files below a folder, in the byte order of their paths. */
export function folderFiles(path: string): TreeFile[] {
  const root = projectPath(path);
  return walk(root, "").map(({ path: relative }) => treeFile(join(root, relative), relative));
}

export function treeFile(source: string, path: string): TreeFile {
  const executable = (statSync(projectPath(source)).mode & 0o100) !== 0;
  return { source: projectPath(source), path, digest: fileDigest(source), executable };
}

/** One digest for a whole tree; assets/sync_tree.py computes the same on the host. */
export function treeDigest(files: readonly TreeFile[]): string {
  const sorted = [...files].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return sha256(
    sorted.map(({ digest, executable, path }) => `${digest} ${executable ? "x" : "-"} ${path}\n`).join(""),
  );
}

/** The tree as a tar stream, each file with its digest in a PAX header. */
export function treeArchive(files: readonly TreeFile[]): Readable {
  const archive = pack();
  void (async () => {
    for (const file of files) await append(archive, file);
    archive.finalize();
  })().catch((error: unknown) => {
    archive.destroy(error as Error);
  });
  return Readable.from(archive);
}

async function append(
  archive: ReturnType<typeof pack>,
  { source, path, digest, executable }: TreeFile,
): Promise<void> {
  const { size } = statSync(source);
  await new Promise<void>((done, failed) => {
    const settle = (error?: Error | null): void => {
      if (error) failed(error);
      else done();
    };
    const header = {
      name: path,
      size,
      mode: executable ? 0o755 : 0o644,
      pax: { "TOROCLOUD.sha256": digest },
    };
    const entry = archive.entry(header, settle);
    pipeline(createReadStream(source), entry, (error) => {
      if (error) failed(error);
    });
  });
}

interface Found {
  readonly path: string;
  readonly kind: "file" | "neither a file nor a folder" | "a name that is not UTF-8";
}

/** Everything below a folder. A name that is not UTF-8 reads otherwise than it is, and leads nowhere. */
function walk(root: string, below: string): Found[] {
  return readdirSync(join(root, below), { withFileTypes: true, encoding: "buffer" }).flatMap(
    (entry): Found[] => {
      const name = entry.name.toString();
      const path = below === "" ? name : `${below}/${name}`;
      if (!entry.name.equals(Buffer.from(name))) return [{ path, kind: "a name that is not UTF-8" }];
      if (entry.isDirectory()) return walk(root, path);
      return [{ path, kind: entry.isFile() ? "file" : "neither a file nor a folder" }];
    },
  );
}
