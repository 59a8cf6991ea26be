import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prelude } from "../../provider/src/host/prelude.ts";
import { quote, Script, sh } from "../../provider/src/host/script.ts";
import { parseMarker, readMarker, writeMarker, type Marker } from "../../provider/src/lifecycle/marker.ts";
import { commandLine, newMark, preamble } from "../../provider/src/transport/remote-shell.ts";
import {
  batches,
  Cage,
  expectSame,
  hostileValues,
  isSound,
  orRefused,
  payloads,
  refused,
} from "./hostile.ts";

let cage: Cage;
beforeEach(() => {
  cage = new Cage();
});
afterEach(() => {
  cage.remove();
});

const values = hostileValues();
const sound = values.filter(isSound);
const shells = ["/bin/sh", "/bin/dash", "/bin/bash"].filter((shell) => existsSync(shell));

/** What a script prints, run by a shell in the cage. */
function output(script: Script, shell = "/bin/sh"): string {
  const { stdout, stderr, status } = spawnSync(shell, ["-s"], {
    ...{ input: script.text, cwd: cage.folder, maxBuffer: 1 << 30 },
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
  });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  return stdout.toString();
}

const zeroSeparated = (text: string): string[] => text.split("\0").slice(0, -1);

describe("a value in a shell script", () => {
  it("would be executed if it were not quoted", () => {
    const dangerous = payloads.filter((payload) => {
      const trap = new Cage();
      spawnSync("/bin/sh", ["-s"], { input: `printf '%s\\0' ${payload}`, cwd: trap.folder });
      const caught = trap.canaries.length > 0;
      trap.remove();
      return caught;
    });
    expect(dangerous.length).toBeGreaterThanOrEqual(12);
  });

  it.each(shells)("is one word of %s, whatever it holds", (shell) => {
    const one = Script.join(sound.map((value) => sh`printf '%s\0' ${value}`));
    expectSame(zeroSeparated(output(one, shell)), sound, "sh, a string");
    const many = Script.join(batches(sound, 500).map((batch) => sh`printf '%s\0' ${batch}`));
    expectSame(zeroSeparated(output(many, shell)), sound, "sh, an array");
    expect(cage.canaries).toEqual([]);
  });

  it("can be assigned, tested and passed on to a function", () => {
    const script = Script.join([
      sh`show() { for word in "$@"; do printf '%s\0' "$word"; done; }`,
      ...sound.map((value) => sh`value=${value}; [ "$value" = ${value} ] && show "$value"`),
    ]);
    expectSame(zeroSeparated(output(script)), sound, "sh, a variable");
    expect(cage.canaries).toEqual([]);
  });

  it("is refused where no word can hold it", () => {
    const unsound = values.filter((value) => !isSound(value));
    expect(unsound.length).toBeGreaterThan(100);
    const scripts = unsound.flatMap((value) => [
      orRefused(() => quote(value), "cannot be a shell word"),
      orRefused(() => sh`x ${value}`.text, "cannot be a shell word"),
      orRefused(() => sh`x ${["y", value]}`.text, "cannot be a shell word"),
    ]);
    expect(new Set(scripts)).toEqual(new Set([refused]));
  });

  it("travels to a host inside a script, and its length is told in bytes", () => {
    const script = Script.join(sound.map((value) => sh`printf '%s\0' ${value}`));
    const host = { become: "none" } as Parameters<typeof commandLine>[0];
    const mark = newMark();
    const { stdout, stderr } = spawnSync("/bin/sh", ["-c", commandLine(host)], {
      input: preamble(script.text, mark, 60),
      ...{ cwd: cage.folder, maxBuffer: 1 << 30 },
    });
    expect(stderr.toString()).toBe(`${mark}\n`);
    expect(stdout.toString().startsWith(`${mark}\n`)).toBe(true);
    expectSame(zeroSeparated(stdout.toString().slice(mark.length + 1)), sound, "the remote shell");
    expect(cage.canaries).toEqual([]);
  });
});

describe("a file on a host", () => {
  it("holds any content exactly", () => {
    const files = batches(sound, 100).map((batch) => batch.join("\n--\n"));
    const path = (index: number): string => join(cage.folder, `file-${String(index)}`);
    const script = Script.join([
      prelude,
      sh`chown() { :; }`,
      ...files.map((content, index) => sh`put_file ${path(index)} 644 root:root ${content}`),
    ]);
    expect(output(script)).toBe("");
    expectSame(
      files.map((_, index) => readFileSync(path(index), "utf8")),
      files,
      "put_file, content",
    );
    expect(cage.canaries.length).toBe(files.length);
  });

  it("may have any name that a path can have", () => {
    const usable = (name: string): boolean =>
      isSound(name) && !/^\.{0,2}$|[/]/.test(name) && Buffer.byteLength(name) < 240;
    const names = [...new Set(sound.filter(usable))].slice(0, 300);
    const folder = join(cage.folder, "files");
    mkdirSync(folder);
    const path = (name: string): string => join(folder, name);
    const script = Script.join([
      prelude,
      sh`chown() { :; }`,
      ...names.map((name) => sh`put_file ${path(name)} 644 root:root ${name}`),
    ]);
    expect(output(script)).toBe("");
    expectSame(
      names.map((name) => readFileSync(path(name), "utf8")),
      names,
      "put_file, name",
    );
    expect(cage.canaries).toEqual(["files"]);
  });

  it("is an ownership marker that reads as it was written", () => {
    const markers = batches(values, 500).map((batch, index): Marker => ({
      ...{ version: 1, type: "torocloud:test:Thing", state: "ready" },
      owner: batch[index] ?? "",
      inputs: { batch, nested: { [batch[0] ?? ""]: batch } },
    }));
    const path = (index: number): string => join(cage.folder, "markers", `${String(index)}.json`);
    const script = Script.join([
      prelude,
      sh`chown() { :; }`,
      ...markers.map((marker, index) => writeMarker(path(index), marker)),
      ...markers.map((_, index) => readMarker(path(index))),
    ]);
    const lines = output(script).split("\n");
    for (const [index, marker] of markers.entries())
      expect(parseMarker(lines[index] ?? "", "here")).toStrictEqual(marker);
    expect(cage.canaries).toEqual(["markers"]);
  });
});
