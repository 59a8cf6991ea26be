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
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommandResult } from "../../../provider/src/host/host.ts";
import { tree } from "../../../provider/src/host/tree.ts";
import { folderFiles, treeArchive, treeDigest } from "../../../provider/src/project/local-folder.ts";
import { ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

type Files = Readonly<Record<string, string>>;

let host: ShellHost;
let root: string;
let source: string;
beforeEach(() => {
  host = new ShellHost();
  root = host.path("shares", "site");
  source = host.path("source");
});
afterEach(() => {
  host.remove();
});

/** The local folder: exactly these files; a name that ends with * is executable. */
function folder(files: Files): string {
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  for (const [name, content] of Object.entries(files)) {
    const path = join(source, name.replace(/\*$/, ""));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, name.endsWith("*") ? 0o755 : 0o644);
  }
  return source;
}

function artifact(): ReturnType<typeof tree> {
  const files = folderFiles(source);
  return tree({ path: root, digest: treeDigest(files), archive: () => treeArchive(files) });
}

async function sync(files: Files): Promise<CommandResult> {
  folder(files);
  const { apply, payload } = artifact();
  if (!payload) expect.fail("a tree has a payload");
  return host.run(apply, { stdin: payload() });
}

async function look(): Promise<string> {
  const { stdout, exitCode, stderr } = await host.run(artifact().probe);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout.trim();
}

async function synced(files: Files): Promise<void> {
  expect(await sync(files)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await look()).toBe(artifact().expected);
}

/** Everything below the root but what the manifest is, with contents. */
function there(path = root, below = ""): Record<string, string> {
  return Object.assign(
    {},
    ...readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !/^\.torocloud-manifest(-more)?$/.test(name))
      .map((entry) => {
        const name = `${below}${entry.name}`;
        return entry.isDirectory()
          ? { [`${name}/`]: "", ...there(join(path, entry.name), `${name}/`) }
          : { [name]: readFileSync(join(path, entry.name), "utf8") };
      }),
  ) as Record<string, string>;
}

async function archiveOf(
  entries: readonly { name: string; content: string; digest: string }[],
): Promise<Buffer> {
  const archive = pack();
  for (const { name, content, digest } of entries)
    archive.entry({ name, pax: { "TOROCLOUD.sha256": digest } }, content);
  archive.finalize();
  return buffer(Readable.from(archive));
}

describe("a tree of files", () => {
  it("is absent, then equal, by the digest that the local folder has", async () => {
    folder({ "index.html": "hello" });
    expect(await look()).toBe("");
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
    expect(existsSync(join(root, ".torocloud-manifest"))).toBe(true);
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
    expect(await look()).not.toBe(artifact().expected);
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
    expect(await look()).toBe(artifact().expected);
    await synced({ other: "ours" });
    expect(there()).toEqual({ "a/": "", "a/theirs": "theirs", uploads: "theirs", other: "ours" });
  });

  it("names files that were changed or removed there, and only five of them", async () => {
    const names = ["a b", "c", "d", "e", "f", "g", "h"];
    await synced(Object.fromEntries(names.map((name) => [name, ""])));
    writeFileSync(join(root, "a b"), "changed");
    rmSync(join(root, "c"));
    expect((await look()).split(" ").slice(1).join(" ")).toBe('"a b" "c"');
    for (const name of names.slice(2)) writeFileSync(join(root, name), "changed");
    expect(await look()).toMatch(/"a b" "c" "d" "e" "f" \.\.\.$/);
    expect(artifact().explain?.(await look())).toContain("were changed on the host");
    await synced(Object.fromEntries(names.map((name) => [name, ""])));
  });

  it("does not take a link for the file that it points to", async () => {
    await synced({ file: "content" });
    rmSync(join(root, "file"));
    writeFileSync(host.path("elsewhere"), "content");
    symlinkSync(host.path("elsewhere"), join(root, "file"));
    expect(await look()).not.toBe(artifact().expected);
    await synced({ file: "content" });
    expect(readFileSync(host.path("elsewhere"), "utf8")).toBe("content");
    expect(existsSync(join(root, "file"))).toBe(true);
  });
});

describe("an interruption", () => {
  it("is seen, and the next run goes on, also with another version of the folder", async () => {
    await synced({ old: "old", same: "same" });
    folder({ "1": "x".repeat(20_000), "2": "y".repeat(20_000), same: "same" });
    const { apply, payload } = artifact();
    if (!payload) expect.fail("a tree has a payload");
    const whole = await buffer(payload());
    const broken = await host.run(apply, { stdin: whole.subarray(0, 25_000) });
    expect(broken.exitCode).not.toBe(0);
    expect(there()).toMatchObject({ "1": "x".repeat(20_000), old: "old" });
    expect(await look()).not.toBe(artifact().expected);

    await synced({ same: "same", third: "third" });
    expect(Object.keys(there()).filter((name) => !name.endsWith(".torocloud-new"))).toEqual([
      "same",
      "third",
    ]);
  });

  it("is whole after a sync that was cut off while it wrote down what it had begun", async () => {
    await synced({ file: "one" });
    writeFileSync(join(root, ".torocloud-manifest-more"), '\n{"begun": "x -"}\n{"fi');
    writeFileSync(join(root, "begun"), "half");
    await synced({ file: "two" });
    expect(there()).toEqual({ file: "two" });
    expect(readdirSync(root).sort()).toEqual([".torocloud-manifest", "file"]);
  });

  it("leaves nothing half-written behind once a later run is through", async () => {
    folder({ first: "x".repeat(60_000) });
    const { apply, payload } = artifact();
    if (!payload) expect.fail("a tree has a payload");
    await host.run(apply, { stdin: (await buffer(payload())).subarray(0, 30_000) });
    await synced({ other: "other" });
    expect(there()).toEqual({ other: "other" });
  });
});

describe("what comes in the archive", () => {
  const digest = "0".repeat(64);

  it.each(["../outside", "a/../../outside", "/absolute", "..", "."])(
    "cannot leave the directory as %s",
    async (name) => {
      await synced({ file: "content" });
      const before = readdirSync(dirname(root));
      const outside = host.path("absolute");
      const given = name === "/absolute" ? outside : name;
      const result = await host.run(artifact().apply, {
        stdin: await archiveOf([{ name: given, content: "evil", digest }]),
      });
      expect(result.exitCode).not.toBe(0);
      expect(readdirSync(dirname(root))).toEqual(before);
      expect(existsSync(outside)).toBe(false);
      expect(there()).toEqual({ file: "content" });
    },
  );

  it("cannot be a manifest entry that removes something outside", async () => {
    await synced({ file: "content" });
    writeFileSync(host.path("precious"), "precious");
    writeFileSync(
      join(root, ".torocloud-manifest"),
      JSON.stringify({ "../../precious": "x -", file: "x -" }),
    );
    const result = await sync({ file: "content" });
    expect(result.exitCode).not.toBe(0);
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
