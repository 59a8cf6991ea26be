import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { differencesOf, type Artifact } from "../../../provider/src/artifacts/artifact.ts";
import { tree } from "../../../provider/src/artifacts/tree.ts";
import { folderFiles, treeArchive, treeDigest } from "../../../provider/src/project/local-folder.ts";
import { ProgramHost } from "../program-host.ts";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

type Files = Readonly<Record<string, string>>;

let host: ProgramHost;
let root: string;
let source: string;
beforeEach(() => {
  host = new ProgramHost();
  root = host.path("shares", "site");
  source = host.path("source");
});
afterEach(() => {
  host.remove();
});

/** The local folder: exactly these files; a name that ends with * is executable, one that ends with / an empty folder. */
function folder(files: Files): string {
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  for (const [name, content] of Object.entries(files)) {
    const path = join(source, name.replace(/\*$/, ""));
    if (name.endsWith("/")) {
      mkdirSync(path, { recursive: true });
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, name.endsWith("*") ? 0o755 : 0o644);
  }
  return source;
}

/** The directory as the host knows it. */
const place = "/shares/site";

function artifact(): Artifact {
  const files = folderFiles(source);
  return tree({ path: place, digest: treeDigest(files), archive: () => treeArchive(files) });
}

async function apply(payload: () => Readable): Promise<void> {
  const { kind, key, spec } = artifact();
  const step = {
    do: "apply",
    kind: kind.name,
    key,
    spec,
    found: null,
    disturb: true,
    payload: true,
  } as const;
  await host.ask({ steps: [step] }, { payload });
}

async function sync(files: Files): Promise<void> {
  folder(files);
  await apply(artifact().payload ?? expect.fail("a tree has a payload"));
}

/** What differs, in words. */
async function look(): Promise<readonly string[]> {
  const one = artifact();
  const { kind, key, spec } = one;
  const { results } = await host.ask({ steps: [{ do: "observe", kind: kind.name, key, spec }] });
  return differencesOf([one], results).flatMap(({ reasons }) => reasons);
}

async function synced(files: Files): Promise<void> {
  await sync(files);
  expect(await look()).toEqual([]);
}

/** Everything below the root, with contents. */
function there(path = root, below = ""): Record<string, string> {
  return Object.assign(
    {},
    ...readdirSync(path, { withFileTypes: true }).map((entry) => {
      const name = `${below}${entry.name}`;
      return entry.isDirectory()
        ? { [`${name}/`]: "", ...there(join(path, entry.name), `${name}/`) }
        : { [name]: readFileSync(join(path, entry.name), "utf8") };
    }),
  ) as Record<string, string>;
}

function archiveOf(path: string, content: string): () => Readable {
  const header = { path, size: content.length, digest: "0".repeat(64), executable: false };
  return () => Readable.from([Buffer.from(`${JSON.stringify(header)}\n${content}`)]);
}

/** Where the list of what came from here lies. */
const list = (): string => host.path("shares", ".torocloud", "site.json");

describe("a tree of files", () => {
  it("is absent, then equal, by the digest that the local folder has", async () => {
    folder({ "index.html": "hello" });
    expect(await look()).toEqual(["are missing"]);
    await synced({ "index.html": "hello" });
    expect(there()).toEqual({ "index.html": "hello" });
    expect(statSync(join(root, "index.html")).mode & 0o777).toBe(0o644);
  });

  it("brings nested folders, empty files, executables, long and odd names", async () => {
    const long = `${"deep/".repeat(30)}${"long-".repeat(30)}.txt`;
    await synced({
      empty: "",
      "run.sh*": "#!/bin/sh\n",
      "a/b/c/d.txt": "d",
      [long]: "long",
      "grüße.txt": "ü",
      "日本/語.txt": "語",
      "emoji 🎉 and spaces.txt": "🎉",
      'it\'s "quoted" $HOME `id`': "q",
      "new\nline\ttab": "n",
      "-rf": "dash",
      ".hidden": "h",
      "\uffee\uffee then \u{10000}": "order of bytes",
      "\u{10000} then \uffee": "differs from order of UTF-16",
    });
    expect(there()).toMatchObject({
      [long]: "long",
      "日本/語.txt": "語",
      "run.sh": "#!/bin/sh\n",
      "-rf": "dash",
    });
    expect(statSync(join(root, "run.sh")).mode & 0o777).toBe(0o755);
  });

  it("can be empty", async () => {
    await synced({});
    expect(there()).toEqual({});
    expect(existsSync(list())).toBe(true);
  });

  it("brings empty folders, and loses them again", async () => {
    await synced({ "empty/": "", "a/deep/": "", "a/file": "f" });
    expect(there()).toEqual({ "empty/": "", "a/": "", "a/deep/": "", "a/file": "f" });
    rmSync(join(root, "empty"), { recursive: true });
    expect(await look()).toEqual(['were changed on the host: "empty/"']);
    await synced({ "a/file": "f" });
    expect(there()).toEqual({ "a/": "", "a/file": "f" });
  });

  it("has its list where no guest sees it, also that of 0.1.0", async () => {
    await synced({ "index.html": "hello" });
    expect(readdirSync(root)).toEqual(["index.html"]);
    const before = statSync(join(root, "index.html"));
    rmSync(list());
    const digest = folderFiles(source).map((file) => ("digest" in file ? file.digest : ""))[0] ?? "";
    writeFileSync(join(root, ".torocloud-manifest"), JSON.stringify({ "index.html": `${digest} -` }));
    expect(await look()).toEqual(["keep their list where guests see it"]);
    await synced({ "index.html": "hello" });
    expect(readdirSync(root)).toEqual(["index.html"]);
    expect(statSync(join(root, "index.html")).ino).toBe(before.ino);
  });

  it("says which file changed while it was sent", async () => {
    folder({ file: "content" });
    await expect(apply(archiveOf("file", "another"))).rejects.toThrow(
      "file changed while it was uploaded; run it again once it stays as it is",
    );
    expect(there()).toEqual({});
  });

  it("is given a file of many blocks unharmed", async () => {
    const large = Buffer.alloc(3_000_001, "0123456789abcdef").toString();
    await synced({ large });
    expect(readFileSync(join(root, "large"), "utf8")).toBe(large);
  });

  it("notices a change of the executable bit alone, here and there", async () => {
    await synced({ run: "same" });
    await synced({ "run*": "same" });
    expect(statSync(join(root, "run")).mode & 0o111).toBe(0o111);
    chmodSync(join(root, "run"), 0o644);
    expect(await look()).not.toEqual([]);
    await synced({ "run*": "same" });
  });

  it("rewrites only what changed", async () => {
    await synced({ same: "same", changed: "before" });
    const [same, changed] = ["same", "changed"].map((name) => statSync(join(root, name)).ino);
    await synced({ same: "same", changed: "after" });
    expect(statSync(join(root, "same")).ino).toBe(same);
    expect(statSync(join(root, "changed")).ino).not.toBe(changed);
    expect(there()).toEqual({ same: "same", changed: "after" });
  });

  it("loses what is no longer in the folder, and folders that are empty by that", async () => {
    await synced({ "a/b/gone": "", "a/stays": "", "c/d/gone": "" });
    await synced({ "a/stays": "" });
    expect(there()).toEqual({ "a/": "", "a/stays": "" });
  });

  it("keeps what others put there", async () => {
    await synced({ "a/ours": "ours", "b/ours": "ours" });
    writeFileSync(join(root, "a", "theirs"), "theirs");
    writeFileSync(join(root, "uploads"), "theirs");
    expect(await look()).toEqual([]);
    await synced({ other: "ours" });
    expect(there()).toEqual({ "a/": "", "a/theirs": "theirs", uploads: "theirs", other: "ours" });
  });

  it("names files that were changed or removed there, and only five of them", async () => {
    const names = ["a b", "c", "d", "e", "f", "g", "h"];
    await synced(Object.fromEntries(names.map((name) => [name, ""])));
    writeFileSync(join(root, "a b"), "changed");
    rmSync(join(root, "c"));
    expect(await look()).toEqual(['were changed on the host: "a b", "c"']);
    for (const name of names.slice(2)) writeFileSync(join(root, name), "changed");
    expect(await look()).toEqual(['were changed on the host: "a b", "c", "d", "e", "f", ...']);
    await synced(Object.fromEntries(names.map((name) => [name, ""])));
  });

  it("does not take a link for the file that it points to", async () => {
    await synced({ file: "content" });
    rmSync(join(root, "file"));
    writeFileSync(host.path("elsewhere"), "content");
    symlinkSync(host.path("elsewhere"), join(root, "file"));
    expect(await look()).not.toEqual([]);
    await synced({ file: "content" });
    expect(readFileSync(host.path("elsewhere"), "utf8")).toBe("content");
    expect(existsSync(join(root, "file"))).toBe(true);
  });
});

describe("an interruption", () => {
  it("is seen, and the next run goes on, also with another version of the folder", async () => {
    await synced({ old: "old", same: "same" });
    folder({ "1": "x".repeat(20_000), "2": "y".repeat(20_000), same: "same" });
    const whole = await buffer(artifact().payload?.() ?? expect.fail("a tree has a payload"));
    const cut = (): Readable => Readable.from([whole.subarray(0, 25_000)]);
    await expect(apply(cut)).rejects.toThrow("ended in the midst of a file");
    expect(there()).toMatchObject({ "1": "x".repeat(20_000), old: "old" });
    expect(await look()).not.toEqual([]);

    await synced({ same: "same", third: "third" });
    expect(Object.keys(there())).toEqual(["same", "third"]);
  });

  it("is whole after a sync that was cut off while it wrote down what it had begun", async () => {
    await synced({ file: "one" });
    writeFileSync(host.path("shares", ".torocloud", "site.more"), '\n{"begun": "x -"}\n{"fi');
    writeFileSync(join(root, "begun"), "half");
    await synced({ file: "two" });
    expect(there()).toEqual({ file: "two" });
    expect(readdirSync(host.path("shares", ".torocloud"))).toEqual(["site.json"]);
  });

  it("leaves nothing half-written behind once a later run is through", async () => {
    folder({ first: "x".repeat(60_000) });
    const whole = await buffer(artifact().payload?.() ?? expect.fail("a tree has a payload"));
    await expect(apply(() => Readable.from([whole.subarray(0, 30_000)]))).rejects.toThrow();
    await synced({ other: "other" });
    expect(there()).toEqual({ other: "other" });
  });
});

describe("what comes in the archive", () => {
  it.each(["../outside", "a/../../outside", "/absolute", "..", "."])(
    "cannot leave the directory as %s",
    async (name) => {
      await synced({ file: "content" });
      const before = readdirSync(dirname(root));
      const outside = host.path("absolute");
      const given = name === "/absolute" ? outside : name;
      await expect(apply(archiveOf(given, "evil"))).rejects.toThrow();
      expect(readdirSync(dirname(root))).toEqual(before);
      expect(existsSync(outside)).toBe(false);
      expect(there()).toEqual({ file: "content" });
    },
  );

  it("cannot be a manifest entry that removes something outside", async () => {
    await synced({ file: "content" });
    writeFileSync(host.path("precious"), "precious");
    writeFileSync(list(), JSON.stringify({ "../../precious": "x -", file: "x -" }));
    await expect(sync({ file: "content" })).rejects.toThrow("would leave");
    expect(readFileSync(host.path("precious"), "utf8")).toBe("precious");
  });
});

describe("a guest that writes to its share", () => {
  it("cannot send the host's writes elsewhere through a link in place of a folder", async () => {
    await synced({ "conf/settings": "one" });
    mkdirSync(host.path("precious"));
    rmSync(join(root, "conf"), { recursive: true });
    symlinkSync(host.path("precious"), join(root, "conf"));
    await sync({ "conf/settings": "two" });
    expect(readdirSync(host.path("precious"))).toEqual([]);
  });

  it("cannot have the host delete elsewhere through a link in place of a folder", async () => {
    await synced({ "conf/settings": "one", other: "" });
    mkdirSync(host.path("precious"));
    writeFileSync(host.path("precious", "settings"), "precious");
    rmSync(join(root, "conf"), { recursive: true });
    symlinkSync(host.path("precious"), join(root, "conf"));
    await sync({ other: "" });
    expect(readdirSync(host.path("precious"))).toEqual(["settings"]);
  });

  it.each([".torocloud-manifest-new", ".torocloud-manifest-more", "file.torocloud-new", ".torocloud-new"])(
    "cannot send the host's writes elsewhere through a link named %s",
    async (name) => {
      await synced({ file: "one" });
      writeFileSync(host.path("precious"), "precious");
      symlinkSync(host.path("precious"), join(root, name));
      await sync({ file: "two" });
      expect(readFileSync(host.path("precious"), "utf8")).toBe("precious");
    },
  );
});

describe("a name that changes its kind", () => {
  it("can turn from a folder into a file", async () => {
    await synced({ "a/b": "in a folder" });
    await synced({ a: "a file" });
    expect(there()).toEqual({ a: "a file" });
  });

  it("can turn from a file into a folder", async () => {
    await synced({ a: "a file" });
    await synced({ "a/b": "in a folder" });
    expect(there()).toEqual({ "a/": "", "a/b": "in a folder" });
  });
});
