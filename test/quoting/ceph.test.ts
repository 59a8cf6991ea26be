import type { z } from "zod";
import { describe, expect, it } from "vitest";
import { clientKey } from "../../provider/src/ceph/client-access.ts";
import { renderCephConf } from "../../provider/src/ceph/config.ts";
import type { Caps } from "../../provider/src/ceph/key.ts";
import { keyringSection, renderKeyring } from "../../provider/src/ceph/keyring.ts";
import { cephNode } from "../../provider/src/ceph/node.ts";
import { AbsolutePath } from "../../provider/src/validation/schemas.ts";
import { expectSame, hostileValues, isSound, orRefused, refused } from "./hostile.ts";

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
      const { spec } = clientKey({ entity: "client.x", fileSystem: "cloud", path, access: "rw" });
      const { mds = "" } = spec["caps"] as Caps;
      const [, quoted, bare] =
        /^allow rw fsname=cloud path=(?:"([^"]*)"|([A-Za-z0-9_./-]+))$/.exec(mds) ?? [];
      expect(quoted ?? bare).toBe(path);
    }
  });

  it("is checked for sound text first", () => {
    expect(values.filter((path) => AbsolutePath.safeParse(path).success && !isSound(path))).toEqual([]);
  });
});
