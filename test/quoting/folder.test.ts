import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  folderFiles,
  folderProblem,
  treeArchive,
  treeDigest,
} from "../../provider/src/project/local-folder.ts";
import { batches, Cage, expectSame, hostileValues, isSound } from "./hostile.ts";

let cage: Cage;
beforeEach(() => {
  cage = new Cage();
});
afterEach(() => {
  cage.remove();
});

const usable = (name: string): boolean =>
  isSound(name) && !/^\.{0,2}$|[/]/.test(name) && Buffer.byteLength(name) < 240;
const names = [...new Set(hostileValues().filter(usable))];

/** Some below folders that are called like that, too. */
const paths = batches(names, 10).flatMap(([folder = "", ...files]) =>
  files.map((file) => `${folder}/${file}`),
);

/** The host's half of the kind, alone: sync from standard input, or look. */
function trees(words: readonly string[], input?: Buffer): string {
  const program = `import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("trees", sys.argv[1])
trees = importlib.util.module_from_spec(spec)
spec.loader.exec_module(trees)
if sys.argv[2] == "sync":
    trees.Sync(sys.argv[3]).run(trees.Frames(iter(lambda: sys.stdin.buffer.read(65536) or None, None)))
else:
    print(json.dumps(trees.look(sys.argv[3])))`;
  const source = new URL("../../provider/host-program/torocloud_host/artifacts/trees.py", import.meta.url);
  const { stdout, stderr, status } = spawnSync("python3", ["-c", program, source.pathname, ...words], {
    ...(input && { input }),
    ...{ cwd: cage.folder, env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" }, maxBuffer: 1 << 30 },
  });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  return stdout.toString().trim();
}

describe("a file's name in a folder that is kept on a host", () => {
  it.each(batches(paths, 300))("is the same there, and so is the digest of the whole", async (...some) => {
    const [from, to] = [join(cage.folder, "from"), join(cage.folder, "to")];
    for (const path of some) {
      mkdirSync(join(from, dirname(path)), { recursive: true });
      writeFileSync(join(from, path), path);
    }
    expect(folderProblem(from)).toBeUndefined();
    const files = folderFiles(from);
    expect(files.map(({ path }) => path).sort()).toEqual([...some].sort());
    expect(trees(["sync", to], await buffer(treeArchive(files)))).toBe("");
    expectSame(
      some.map((path) => readFileSync(join(to, path), "utf8")),
      some,
      "trees.py",
    );
    expect(JSON.parse(trees(["look", to]))).toMatchObject({ digest: treeDigest(files), changed: [] });
    expect(treeDigest(folderFiles(to))).toBe(treeDigest(files));
    expect(cage.canaries).toEqual([".torocloud", "from", "to"]);
  });

  it("is refused when it is not UTF-8", () => {
    writeFileSync(Buffer.concat([Buffer.from(`${cage.folder}/caf`), Buffer.from([0xe9])]), "Latin-1");
    expect(readdirSync(cage.folder)).toEqual(["caf\ufffd"]);
    expect(folderProblem(cage.folder)).toBe('holds "caf\ufffd", which is a name that is not UTF-8');
  });

  it("may hold the character that stands for what is not UTF-8", () => {
    writeFileSync(join(cage.folder, "caf\ufffd"), "U+FFFD itself");
    expect(folderProblem(cage.folder)).toBeUndefined();
  });
});
