import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  applyScript,
  driftOf,
  explainDrift,
  parseActuals,
  parseAnswers,
  probeScript,
  removeScript,
  type Artifact,
} from "../../../provider/src/host/artifact.ts";
import { directory, file, ownDirectory, systemUser } from "../../../provider/src/host/files.ts";
import { debianPackages } from "../../../provider/src/host/packages.ts";
import { prelude } from "../../../provider/src/host/prelude.ts";
import { Script } from "../../../provider/src/host/script.ts";
import { me, ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 30_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
beforeEach(() => {
  host = new ShellHost();
});
afterEach(() => {
  host.remove();
});

async function drift(...artifacts: readonly Artifact[]): Promise<string[]> {
  const { stdout } = await host.run(Script.join([prelude, probeScript(artifacts)]));
  return driftOf(artifacts, parseActuals(artifacts, parseAnswers(stdout))).map(explainDrift);
}

async function apply(...artifacts: readonly Artifact[]): Promise<void> {
  const result = await host.run(Script.join([prelude, applyScript(driftOf(artifacts, []))]));
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
}

async function remove(...artifacts: readonly Artifact[]): Promise<{ exitCode: number; stderr: string }> {
  return host.run(Script.join([prelude, removeScript(artifacts, true)]));
}

describe("file", () => {
  const target = (content: string, rest = {}): Artifact =>
    file(host.path("a file"), content, { owner: me.owner, ...rest });

  it("is missing, made, seen as it should be, and gone again, twice if need be", async () => {
    const artifact = target("hello\n", { mode: "600" });
    expect(await drift(artifact)).toEqual([`file ${host.path("a file")} is missing`]);
    await apply(artifact);
    await apply(artifact);
    expect(await drift(artifact)).toEqual([]);
    expect(statSync(host.path("a file")).mode & 0o7777).toBe(0o600);
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(existsSync(host.path("a file"))).toBe(false);
  });

  it("says what is wrong with it, all at once", async () => {
    const artifact = target("hello\n");
    await apply(artifact);
    chmodSync(host.path("a file"), 0o4711);
    expect(await drift(artifact)).toEqual([`file ${host.path("a file")} has mode 4711, not 644`]);
    writeFileSync(host.path("a file"), "bye\n");
    chmodSync(host.path("a file"), 0o600);
    expect(await drift(artifact)).toEqual([
      `file ${host.path("a file")} has other content and has mode 600, not 644`,
    ]);
    expect(await drift(target("bye\n", { mode: "600", owner: "nobody:nogroup" }))).toEqual([
      `file ${host.path("a file")} belongs to ${me.owner}, not nobody:nogroup`,
    ]);
  });

  it("is not something else of that name", async () => {
    mkdirSync(host.path("a file"));
    expect(await drift(target(""))).toEqual([`file ${host.path("a file")} is missing`]);
  });

  it("replaces a link, and leaves alone what it pointed to", async () => {
    writeFileSync(host.path("precious"), "precious");
    symlinkSync(host.path("precious"), host.path("a file"));
    await apply(target("new"));
    expect(readFileSync(host.path("precious"), "utf8")).toBe("precious");
    expect(await drift(target("new"))).toEqual([]);
  });

  it("has exactly its content, whatever that is", async () => {
    const contents = fc.sample(
      fc.string({ unit: "binary", minLength: 100, maxLength: 1000 }).map((text) => text.replaceAll("\0", "")),
      { numRuns: 4, seed: 1 },
    );
    const all = ["", "\n", "%s %d\\n", "-n", "a'b", "$(id)`id`", ...contents];
    const artifacts = all.map((content, index) =>
      file(host.path(`file-${String(index)}`), content, { owner: me.owner }),
    );
    await apply(...artifacts);
    expect(await drift(...artifacts)).toEqual([]);
    for (const [index, content] of all.entries()) {
      expect(readFileSync(host.path(`file-${String(index)}`), "utf8")).toBe(Buffer.from(content).toString());
    }
  });
});

describe("directory", () => {
  it("is made with its parents, and removed only when it is empty", async () => {
    const artifact = directory(host.path("a", "b"), { mode: "711", owner: me.owner });
    expect(await drift(artifact)).toEqual([`directory ${host.path("a", "b")} is missing`]);
    await apply(artifact);
    expect(await drift(artifact)).toEqual([]);
    chmodSync(host.path("a", "b"), 0o700);
    expect(await drift(artifact)).toEqual([
      `directory ${host.path("a", "b")} is 700 ${me.owner}, not 711 ${me.owner}`,
    ]);
    writeFileSync(host.path("a", "b", "theirs"), "");
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(existsSync(host.path("a", "b", "theirs"))).toBe(true);
    rmSync(host.path("a", "b", "theirs"));
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(existsSync(host.path("a", "b"))).toBe(false);
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
  });
});

describe("ownDirectory", () => {
  it("is removed with all that is in it", async () => {
    const artifact = ownDirectory(host.path("ours"), { owner: me.owner });
    await apply(artifact);
    writeFileSync(host.path("ours", "file"), "");
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(existsSync(host.path("ours"))).toBe(false);
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
  });

  it.each(["", "/", "/deeper/still"])("is left alone while something is mounted at it%s", async (below) => {
    const artifact = ownDirectory(host.path("ours"), { owner: me.owner });
    await apply(artifact);
    host.stub("findmnt", `printf '/\\n/proc\\n%s\\n' '${host.path("ours")}${below}'`);
    const result = await remove(artifact);
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain(`something is mounted in ${host.path("ours")}`);
    expect(existsSync(host.path("ours"))).toBe(true);
  });

  it("does not mind a mount whose name only starts the same", async () => {
    const artifact = ownDirectory(host.path("ours"), { owner: me.owner });
    await apply(artifact);
    host.stub("findmnt", `printf '/\\n%s\\n' '${host.path("ours-too")}'`);
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(existsSync(host.path("ours"))).toBe(false);
  });

  it.each(["/", "/etc", "/etc/ceph", "/var/lib/../../etc/x"])("refuses to be %s", (path) => {
    expect(() => ownDirectory(path)).toThrow(path);
  });
});

describe("ownDirectory, given a path that is not spelled as findmnt would", () => {
  // Only that it has four parts and is normal is looked at.
  it.each(["/var/lib/ceph/", "relative/a/b/c"])("refuses to be %s", (path) => {
    expect(() => ownDirectory(path)).toThrow(path);
  });
});

describe("systemUser", () => {
  it("is made once, and removed where it is", async () => {
    const passwd = (shell: string): string => `cloud:x:999:999::/nonexistent:${shell}`;
    host.stub(
      "getent",
      '[ -e "$HERE/user" ] && { [ "$1" = passwd ] && cat "$HERE/user" || cat "$HERE/shadow"; }',
    );
    host.stub("id", 'cat "$HERE/groups"');
    host.stub("useradd", `echo '${passwd("/usr/sbin/nologin")}' >"$HERE/user"`);
    host.stub(
      "usermod",
      `echo '${passwd("/usr/sbin/nologin")}' >"$HERE/user"; echo 'cloud:!:1' >"$HERE/shadow"; echo cloud >"$HERE/groups"`,
    );
    host.stub("userdel", 'rm "$HERE/user"');
    const artifact = systemUser("cloud");
    expect(await drift(artifact)).toEqual(["user cloud is missing"]);
    await apply(artifact);
    expect(await drift(artifact)).toEqual([]);
    writeFileSync(host.path("user"), `${passwd("/bin/bash")}\n`);
    expect(await drift(artifact)).toEqual(["user cloud has the shell /bin/bash, not /usr/sbin/nologin"]);
    writeFileSync(host.path("shadow"), "cloud:$y$hash:1\n");
    writeFileSync(host.path("groups"), "cloud sudo disk\n");
    expect(await drift(artifact)).toEqual([
      "user cloud has the shell /bin/bash, not /usr/sbin/nologin and is in the groups sudo, disk too and can log in with a password",
    ]);
    await apply(artifact);
    expect(await drift(artifact)).toEqual([]);
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(await remove(artifact)).toMatchObject({ exitCode: 0 });
    expect(await drift(artifact)).toEqual(["user cloud is missing"]);
  });
});

describe("debianPackages", () => {
  const artifact = debianPackages(["zfs", "g++", "ceph"]);

  it("names those that are missing", async () => {
    host.stub("dpkg-query", "printf 'installed g++\\nconfig-files zfs\\n'; exit 1");
    expect(await drift(artifact)).toEqual(["packages ceph, g++, zfs are not all installed: ceph, zfs"]);
    host.stub("dpkg-query", "printf 'installed zfs\\ninstalled g++\\ninstalled ceph\\n'");
    expect(await drift(artifact)).toEqual([]);
  });

  it("refreshes the lists only when it cannot install without", async () => {
    host.stub(
      "apt-get",
      'echo "$@" >>"$HERE/asked"; case "$*" in *update*) touch "$HERE/fresh";; *) [ -e "$HERE/fresh" ];; esac',
    );
    const script = Script.join([prelude, applyScript(driftOf([artifact], []))]);
    expect(await host.run(script)).toMatchObject({ exitCode: 0, stderr: "@ installing ceph, g++, zfs\n" });
    const asked = (): string[] => readFileSync(host.path("asked"), "utf8").trim().split("\n");
    expect(asked().map((line) => / (install|update)/.exec(line)?.[1])).toEqual([
      "install",
      "update",
      "install",
    ]);
    expect(asked()[0]).toMatch(/--no-install-recommends ceph g\+\+ zfs$/);
    await host.run(script);
    expect(asked()).toHaveLength(4);
  });

  it("fails when there is no such package", async () => {
    host.stub(
      "apt-get",
      'case "$*" in *update*) ;; *) echo "E: Unable to locate package zfs" >&2; exit 100;; esac',
    );
    const result = await host.run(Script.join([prelude, applyScript(driftOf([artifact], []))]));
    expect(result.exitCode).toBe(100);
    expect(result.stderr).toMatch(/Unable to locate package zfs\nwhile making packages ceph, g\+\+, zfs\n$/);
  });

  it("stays when the resource goes", () => {
    expect(artifact.remove).toBeUndefined();
  });
});
