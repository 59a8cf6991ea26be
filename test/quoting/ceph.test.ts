import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientKey } from "../../provider/src/domain/ceph/client.ts";
import { askCeph, ceph, pythonString, tellCeph } from "../../provider/src/domain/ceph/command.ts";
import { renderCephConf } from "../../provider/src/domain/ceph/config.ts";
import { keyringSection, renderKeyring } from "../../provider/src/domain/ceph/keyring.ts";
import { Script } from "../../provider/src/host/script.ts";
import { cephNode } from "../../provider/src/resources/ceph-node.ts";
import { AbsolutePath } from "../../provider/src/resources/schemas.ts";
import { batches, Cage, expectSame, hostileValues, isSound, orRefused, refused } from "./hostile.ts";

let cage: Cage;
beforeEach(() => {
  cage = new Cage();
});
afterEach(() => {
  cage.remove();
});

const values = hostileValues();
const settingsSchema = cephNode.inputs.shape["settings"] as z.ZodType;

/**
 * ceph.conf(5) as Ceph's own grammar has it (src/common/ConfUtils.cc): a backslash takes the next character as it is and
 * joins lines, # and ; begin a comment anywhere, a value may stand in quotes, white space at its ends goes. Throws where
 * Ceph would refuse the file. Compared once with ceph-conf of 18.2.7 over a file of 10,000 values, 150 looked up.
 */
function readCephConf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let at = text.indexOf("\n") + 1;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text)?.[0];
    at += match?.length ?? 0;
    return match;
  };
  const character = (): string | undefined => {
    while (take(/\\(\r\n|\r|\n)|[ \t]*[#;][^\r\n]*/y) !== undefined);
    const escaped = take(/\\[^\r\n]/y);
    return escaped?.charAt(1) ?? take(/[^#;\r\n]/y);
  };
  while (at < text.length) {
    const key = take(/[^=[ \r\n]+(?= *=)/y);
    if (key === undefined || take(/ *= */y) === undefined)
      throw new Error(`no key in ${text.slice(at, at + 50)}`);
    const quote = take(/["']/y);
    let value = "";
    while (quote === undefined || text.charAt(at) !== quote) {
      const next = character();
      if (next === undefined) break;
      value += next;
    }
    if (quote !== undefined && take(/["']/y) === undefined) throw new Error("a quote stays open");
    if (take(/([ \t]*([#;][^\r\n]*)?(\r\n|\r|\n))+/y) === undefined)
      throw new Error(`no end of line in ${text.slice(at, at + 50)}`);
    found.set(key, value.trim());
  }
  return found;
}

const cluster = {
  fsid: "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10",
  monitors: [{ name: "node1", address: "10.0.0.1" }],
};

/** The values that check lets into ceph.conf, by option. */
const settings = Object.fromEntries(
  values
    .filter((value) => settingsSchema.safeParse({ option: value }).success)
    .map((value, index) => [`option_${String(index)}`, value]),
);

describe("a value in ceph.conf", () => {
  it("is refused, or the one that Ceph reads", () => {
    const options = Object.keys(settings);
    expect(options.length).toBeGreaterThan(3000);
    const conf = renderCephConf({ ...cluster, settings });
    const read = readCephConf(conf);
    expectSame(
      options.map((option) => read.get(option)),
      Object.values(settings),
      "ceph.conf",
    );
    expect(read.size).toBe(options.length + readCephConf(renderCephConf({ ...cluster, settings: {} })).size);
  });

  it("would be another one if it were written as it is", () => {
    const plain = (value: string): string | undefined =>
      readCephConf(`[global]\nx = ${value}\ny = 1\n`).get("x");
    expect([plain("a # b"), plain("a;b"), plain('"a"'), plain("a\\"), plain("a\\nb")]).toEqual([
      ...["a", "a", "a", "ay = 1", "anb"],
    ]);
  });

  it("has no name but an option's", () => {
    const names = values.filter((name) => settingsSchema.safeParse({ [name]: "1" }).success);
    expect(names.filter((name) => name !== "__proto__" && !/^[a-z0-9_]+$/.test(name))).toEqual([]);
  });
});

describe("a key in a keyring", () => {
  it("is refused, or the only thing in it", () => {
    const rendered = values.map((value) =>
      orRefused(() => renderKeyring("client.x", value), "the key of client.x is none"),
    );
    expectSame(
      rendered,
      values.map((value) => (/^[A-Za-z0-9+/=]*$/.test(value) ? `[client.x]\n\tkey = ${value}\n` : refused)),
      "a keyring",
    );
  });

  it("is never another entity's, whatever is asked for", () => {
    const keyring = renderKeyring("client.admin", "A==") + renderKeyring("mon.", "B==");
    const found = values.map((value) => orRefused(() => keyringSection(keyring, value), "has no key for"));
    expectSame(
      found,
      values.map(() => refused),
      "a keyring's section",
    );
  });
});

/** Runs a script with a stand-in for Ceph's library, which writes down what the monitors are told. */
function withMonitors(script: Script): { stdout: string; told: unknown[] } {
  const told = join(cage.folder, "told");
  const answer = '{"value": 1}';
  writeFileSync(
    join(cage.folder, "rados.py"),
    `class Error(Exception): pass
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def shutdown(self): pass
    def mon_command(self, command, _):
        open(${pythonString(told)}, "a").write(command + "\\n")
        return 0, b'${answer}', ""
`,
  );
  writeFileSync(told, "");
  const { stdout, stderr, status } = spawnSync("/bin/sh", ["-s"], {
    input: script.text,
    env: { PATH: "/usr/bin:/bin", PYTHONPATH: cage.folder, PYTHONDONTWRITEBYTECODE: "1", LC_ALL: "C.UTF-8" },
    ...{ cwd: cage.folder, maxBuffer: 1 << 30 },
  });
  expect(stderr.toString().trim().slice(0, 2000)).toBe("");
  expect(status).toBe(0);
  const lines = readFileSync(told, "utf8").split("\n").slice(0, -1);
  return { stdout: stdout.toString(), told: lines.map((line) => JSON.parse(line) as unknown) };
}

/** One argument of a program is at most 128 KiB long. */
const short = values.filter((value) => JSON.stringify(value).length < 10_000);

describe("a value in a command to the monitors", () => {
  it("arrives in the JSON as it was given, surrogates and NUL too", () => {
    const commands = short.map((value) => ({ prefix: "osd pool set", pool: value, caps: ["mon", value] }));
    const script = ceph(Script.join(batches(commands, 500).map((batch) => tellCeph(...batch))));
    const { told } = withMonitors(script);
    expect(told).toStrictEqual(commands);
    expect(cage.canaries).toEqual(["rados.py", "told"]);
  });

  it("is the same text in an expression over the answer", () => {
    const scripts = batches(short, 300).map((batch) =>
      askCeph({ prefix: "osd dump" }, `__import__("json").dumps([${batch.map(pythonString).join(", ")}])`),
    );
    const { stdout } = withMonitors(ceph(Script.join(scripts)));
    const back = stdout.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as string[])));
    expectSame(back, short, "a Python literal");
    expect(cage.canaries).toEqual(["rados.py", "told"]);
  });
});

describe("a path in a client's capabilities", () => {
  it("is refused, or one that Ceph's grammar takes (src/mds/MDSAuthCaps.cc)", () => {
    const letters = Array.from("/aB0._@+- \"',;*$");
    const paths = hostileValues().map(
      (value) =>
        `/${Array.from(value)
          .map((one) => letters[(one.codePointAt(0) ?? 0) % letters.length] ?? "")
          .join("")}`,
    );
    const usable = paths.filter((path) => AbsolutePath.safeParse(path).success);
    expect(usable.filter((path) => /[@+]/.test(path)).length).toBeGreaterThan(20);
    for (const path of usable) {
      const { expected } = clientKey({ entity: "client.x", fileSystem: "cloud", path, access: "rw" });
      const [, quoted, bare] =
        /^mds: allow rw fsname=cloud path=(?:"([^"]*)"|([A-Za-z0-9_./-]+)); mon: /.exec(expected) ?? [];
      expect(quoted ?? bare).toBe(path);
    }
  });

  it("is checked for sound text first", () => {
    expect(values.filter((path) => AbsolutePath.safeParse(path).success && !isSound(path))).toEqual([]);
  });
});
