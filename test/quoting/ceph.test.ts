import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderCephConf } from "../../provider/src/ceph/config.ts";
import { keyringSection, renderKeyring } from "../../provider/src/ceph/keyring.ts";
import { cephNode } from "../../provider/src/ceph/node.ts";
import { Cage, expectSame, hostileValues, orRefused, refused } from "./hostile.ts";

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

const hostProgram = fileURLToPath(new URL("../../provider/host-program", import.meta.url));

/** A stand-in for librados, which gives back what it is told. */
const rados = `class Error(Exception): pass
class TimedOut(Error): pass
class Rados:
    def __init__(self, **_): pass
    def connect(self): pass
    def mon_command(self, command, input): return 0, command.encode(), ""
`;

/** Has the program on a host tell the monitors each of these, as the kinds do. */
const asker = `import json, sys
sys.path.insert(0, sys.argv[1])
from torocloud_host import where
from torocloud_host.ceph import monitors
where.root = sys.argv[2]
class Work:
    def sleep(self, seconds): pass
for command in json.load(sys.stdin):
    print(json.dumps(monitors.command(Work(), command)))
`;

function tellMonitors(commands: readonly object[]): unknown[] {
  for (const folder of ["etc/ceph", "usr/lib/python3/dist-packages"])
    mkdirSync(join(cage.folder, folder), { recursive: true });
  writeFileSync(join(cage.folder, "etc/ceph/ceph.conf"), "");
  writeFileSync(join(cage.folder, "etc/ceph/ceph.client.admin.keyring"), "");
  writeFileSync(join(cage.folder, "usr/lib/python3/dist-packages/rados.py"), rados);
  const { stdout, stderr, status } = spawnSync("python3", ["-ISEB", "-c", asker, hostProgram, cage.folder], {
    input: JSON.stringify(commands),
    ...{ cwd: cage.folder, maxBuffer: 1 << 30 },
  });
  expect(stderr.toString().trim().slice(0, 2000)).toBe("");
  expect(status).toBe(0);
  const lines = stdout.toString().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe("a value in a command to the monitors", () => {
  it("arrives in the JSON as it was given, surrogates and NUL too", () => {
    const commands = values.map((value) => ({
      ...{ format: "json", prefix: "osd pool set" },
      ...{ pool: value, caps: ["mon", value] },
    }));
    expect(tellMonitors(commands)).toStrictEqual(commands);
    expect(cage.canaries).toEqual(["etc", "usr"]);
  });

  it("is evaluated nowhere: no half of the program takes text for code", () => {
    const sources = readdirSync(join(hostProgram, "torocloud_host"), { recursive: true, encoding: "utf8" });
    const ceph = sources.filter((name) => /^ceph\/\w+\.py$/.test(name));
    expect(ceph.length).toBeGreaterThan(10);
    const texts = ceph.map((name) => readFileSync(join(hostProgram, "torocloud_host", name), "utf8"));
    for (const text of texts) expect(text).not.toMatch(/\b(eval|exec)\(|shell=|os\.system|\bsh -c\b/);
  });
});
