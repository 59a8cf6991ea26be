import { describe, expect, it } from "vitest";
import { dynamicLifecycle } from "../../../provider/src/adapters/dynamic-lifecycle.ts";
import { dynamicSource } from "../../../provider/src/adapters/dynamic.ts";
import { registry } from "../../../provider/src/registry.ts";

const guest = dynamicSource("torocloud:microvm:Guest");
const share = dynamicSource("torocloud:microvm:Share");

type Handler = () => Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** As Pulumi's provider process does it, but for where the package comes from. */
function load(source: string, imported: (name: string) => Promise<unknown>): ReturnType<Handler> {
  const exports: { handler?: Handler } = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is source that is tested
  new Function("exports", "imported", source.replace("import(", "imported("))(exports, imported);
  if (exports.handler === undefined) throw new Error("it has no handler");
  return exports.handler();
}

describe("the provider that Pulumi writes into the state of every resource", () => {
  it("is small and has nothing but its type and the package's name", () => {
    expect(guest).toContain('"torocloud:microvm:Guest"');
    expect(guest).toContain('import("@torocloud/provider")');
    expect(guest.length).toBeLessThan(512);
    expect(guest).not.toMatch(/ssh2|zod|require\(|node:|file:/);
  });

  it("names no place of the machine that it was written on", () => {
    const absolute = /(?<![\w/.*@])\/[\w.-]+\/[\w.-]+/;
    expect("at /home/someone/x.js").toMatch(absolute);
    expect(guest).not.toMatch(absolute);
  });

  it("differs between resource types by the type alone", () => {
    expect(share).not.toBe(guest);
    expect(guest.replaceAll("microvm:Guest", "microvm:Share")).toBe(share);
  });

  it("hands every verb of every resource type over to the package, arguments and answer too", async () => {
    for (const type of registry.keys()) {
      const asked: unknown[] = [];
      const verbs = Object.keys(dynamicLifecycle(type));
      const lifecycle = (of: string) =>
        Object.fromEntries(
          verbs.map((verb) => [
            verb,
            async (...args: readonly unknown[]) => {
              asked.push([of, verb, ...args]);
              return `${verb}ed`;
            },
          ]),
        );
      const provider = load(dynamicSource(type), async () => ({ dynamicLifecycle: lifecycle }));
      expect(Object.keys(provider).sort()).toEqual(verbs.sort());
      for (const verb of verbs) expect(await provider[verb]?.("one", { two: 2 })).toBe(`${verb}ed`);
      expect(asked).toEqual(verbs.map((verb) => [type, verb, "one", { two: 2 }]));
    }
  });
});
