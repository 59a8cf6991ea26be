import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../../provider/src/artifacts/files.ts";
import { fileDigest, fileProblem, kernelFormat } from "../../../provider/src/project/local-file.ts";
import {
  folderFiles,
  folderProblem,
  treeArchive,
  treeDigest,
} from "../../../provider/src/project/local-folder.ts";
import { projectPath } from "../../../provider/src/project/project-path.ts";
import { bzImage, elf, removeFixtures } from "../examples.ts";

afterAll(removeFixtures);

let folder: string;
const start = process.cwd();
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "torocloud-project-")));
});
afterEach(() => {
  process.chdir(start);
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe("projectPath", () => {
  it("is relative to the folder of Pulumi.yaml, from wherever below it is asked", () => {
    write("Pulumi.yaml", "name: x\n");
    mkdirSync(join(folder, "src", "deep"), { recursive: true });
    process.chdir(join(folder, "src", "deep"));
    expect(projectPath("site")).toBe(join(folder, "site"));
    expect(projectPath("../site")).toBe(join(folder, "..", "site"));
    expect(projectPath("/srv/site")).toBe("/srv/site");
  });

  it("is the home directory behind a tilde, and not behind one in a name", () => {
    process.chdir(folder);
    expect(projectPath("~")).toBe(homedir());
    expect(projectPath("~/x")).toBe(join(homedir(), "x"));
    expect(projectPath("~x")).toBe(join(folder, "~x"));
  });
});

describe("a local file", () => {
  it("has the digest of its content, also after that changed", () => {
    const path = write("a", "one");
    expect(fileDigest(path)).toBe(sha256("one"));
    write("a", "two!");
    expect(fileDigest(path)).toBe(sha256("two!"));
  });

  it("has another digest when only its time tells that it changed", () => {
    const path = write("a", "one");
    expect(fileDigest(path)).toBe(sha256("one"));
    write("a", "two");
    utimesSync(path, 1, 1);
    expect(fileDigest(path)).toBe(sha256("two"));
  });

  it("may be missing, or be something else", () => {
    expect(fileProblem(join(folder, "none"))).toBe("does not exist");
    expect(fileProblem(folder)).toBe("is not a file");
    expect(fileProblem(write("a", ""))).toBeUndefined();
  });
});

describe("a kernel", () => {
  it.each([
    ["an ELF for x86-64", elf(62), "elf"],
    ["an ELF for i386, as multiboot has it", elf(3), "elf"],
    ["an ELF for ARM", elf(183), undefined],
    ["a bzImage", bzImage(), "bzImage"],
    ["nothing", new Uint8Array(), undefined],
    ["a text", "#!/bin/sh\n", undefined],
    ["a boot sector without a kernel", bzImage().fill(0, 0x202), undefined],
  ])("of %s is known by its first bytes", (_, content, format) => {
    expect(kernelFormat(write("kernel", content))).toBe(format);
  });
});

describe("a local folder", () => {
  it("is all its files, with their digests and executable bits, and its empty folders", () => {
    mkdirSync(join(folder, "sub", "empty"), { recursive: true });
    chmodSync(write("run", "run"), 0o755);
    write("sub/file", "file");
    const found = folderFiles(folder).map((file) => ({ ...file, source: undefined }));
    expect(found.sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: "run", digest: sha256("run"), executable: true },
      { path: "sub/empty", folder: true },
      { path: "sub/file", digest: sha256("file"), executable: false },
    ]);
  });

  it("has one digest, whatever order its files come in", () => {
    for (const name of ["b", "a", "é", "\uffee", "\u{10000}"]) write(name, name);
    const files = folderFiles(folder);
    expect(treeDigest([...files].reverse())).toBe(treeDigest(files));
  });

  it("has another digest for another content, name, executable bit or empty folder", () => {
    const digest = (): string => treeDigest(folderFiles(folder));
    const path = write("a", "one");
    const seen = [digest()];
    chmodSync(path, 0o755);
    seen.push(digest());
    write("a", "two!");
    seen.push(digest());
    write("b", "");
    seen.push(digest());
    mkdirSync(join(folder, "c"));
    seen.push(digest());
    expect(new Set(seen).size).toBe(5);
  });

  it("is refused for a link in it, by name", () => {
    mkdirSync(join(folder, "sub"));
    symlinkSync("/etc/passwd", join(folder, "sub", "link"));
    expect(folderProblem(folder)).toBe('holds "sub/link", which is neither a file nor a folder');
    expect(folderProblem(join(folder, "none"))).toBe("does not exist");
    expect(folderProblem(write("file", ""))).toBe("is not a folder");
  });

  it("travels with a line for each file before its bytes", async () => {
    chmodSync(write("run", "run"), 0o755);
    const long = "x\n".repeat(200_000);
    write("grüße 🎉", long);
    mkdirSync(join(folder, "empty"));
    const files = folderFiles(folder).sort((a, b) => (a.path < b.path ? -1 : 1));
    const sent = (await buffer(treeArchive(files))).toString();
    const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
    expect(sent).toBe(
      [
        line({ path: "empty", folder: true }),
        `${line({ path: "grüße 🎉", digest: sha256(long), executable: false, size: long.length })}${long}`,
        `${line({ path: "run", digest: sha256("run"), executable: true, size: 3 })}run`,
      ].join(""),
    );
  });

  it("fails as a stream when a file grew shorter meanwhile", async () => {
    write("a", "one");
    const archive = treeArchive(folderFiles(folder));
    let sent = 0;
    const reading = (async () => {
      for await (const chunk of archive) {
        sent += (chunk as Buffer).length;
        write("a", "");
      }
    })();
    await expect(reading).rejects.toThrow(`${join(folder, "a")} changed while it was read`);
    expect(sent).toBeGreaterThan(0);
  });

  it("fails as a stream, and does not hang, when a file is gone meanwhile", async () => {
    write("a", "one");
    const files = folderFiles(folder);
    rmSync(join(folder, "a"));
    await expect(buffer(treeArchive(files))).rejects.toThrow("ENOENT");
  });
});
