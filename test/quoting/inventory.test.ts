import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InventoryError, parseInventory } from "../../provider/src/inventory/index.ts";
import { Bench, clientKey, newKey } from "../provider/ssh/ssh-server.ts";
import { batches, hostileValues, replay } from "./hostile.ts";

const bench = new Bench();
afterAll(() => {
  bench.remove();
});

const file = join(bench.folder, "inventory.yaml");
const { public: hostKey } = newKey();
bench.write("id", clientKey.private);

const values = hostileValues(undefined, 2_000);

/** What an inventory makes of each value in one field of a host: the value it has there, or the sentence of its refusal. */
function through(field: string, some: readonly string[]): (string | undefined)[] {
  const base = { address: "10.0.0.1", privateKeyFile: "id", ...(field !== "knownHostsFile" && { hostKey }) };
  const entries = some.map((value, index) => [`h${String(index)}`, { ...base, [field]: value }]);
  try {
    const { hosts } = parseInventory(file, JSON.stringify({ hosts: Object.fromEntries(entries) as unknown }));
    return some.map((_, index) =>
      String((hosts.get(`h${String(index)}`) as Record<string, unknown> | undefined)?.[field]),
    );
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    const { problems } = error;
    const multiline = problems.find((problem) => /[\n\r]/.test(problem));
    expect(multiline, `${field} ${replay}`).toBeUndefined();
    const refused = new Set(problems.map((problem) => /: hosts\.(h\d+)\b/.exec(problem)?.[1]));
    expect(
      refused.has(undefined),
      problems.find((problem) => !/: hosts\.h\d+\b/.test(problem)),
    ).toBe(false);
    const others = some.filter((_, index) => !refused.has(`h${String(index)}`));
    const taken = others.length === some.length ? [] : through(field, others);
    return some.map((_, index) => (refused.has(`h${String(index)}`) ? undefined : taken.shift()));
  }
}

const texts = ["address", "user", "jumpHost", "become", "passphraseEnv", "sudoPasswordEnv"];
const paths = ["agent", "privateKeyFile", "knownHostsFile"];

describe("a value in an inventory", () => {
  it.each(texts)("is refused as %s, with its host and field, or taken as it is", (field) => {
    const back = batches(values, 250).flatMap((some) => through(field, some));
    const wrong = values.findIndex((value, index) => back[index] !== undefined && back[index] !== value);
    expect(wrong === -1 ? undefined : [values[wrong], back[wrong]], replay).toBeUndefined();
  });

  it.each(paths)("is refused as %s, with its host and field, or a path", (field) => {
    const back = batches(values, 250).flatMap((some) => through(field, some));
    expect(back.filter((path) => path !== undefined && path !== "true" && !path.startsWith("/"))).toEqual([]);
  });

  it("is refused as a host's name unless DNS could have it", () => {
    const names = values.filter((name) => {
      try {
        parseInventory(
          file,
          JSON.stringify({ hosts: { [name]: { address: "a", hostKey, privateKeyFile: "id" } } }),
        );
        return name !== "__proto__";
      } catch (error) {
        expect(error).toBeInstanceOf(InventoryError);
        return false;
      }
    });
    expect(names.filter((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))).toEqual([]);
  });

  it("breaks nothing when it stands there as YAML", () => {
    for (const value of values) {
      for (const content of [value, `hosts: ${value}`, `hosts:\n  n:\n    address: ${value}\n`]) {
        try {
          parseInventory(file, content);
        } catch (error) {
          if (!(error instanceof InventoryError)) throw error;
        }
      }
    }
  });
});
