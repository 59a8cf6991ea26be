import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const { layers } = (await import(new URL(".dependency-cruiser.mjs", root).href)) as {
  layers: Readonly<Record<string, readonly string[]>>;
};
const page = readFileSync(new URL("ARCHITECTURE.md", root), "utf8");

describe("ARCHITECTURE.md", () => {
  it("has the table that holds the layers", () => {
    const rows = [...page.matchAll(/^\| `(\w[\w-]*)` \| ([^|]+) \|/gm)].map(([, room, may]) => [room, may]);
    const rooms = Object.entries(layers).flatMap(([layer, allowed]) => {
      const room = /^provider\/src\/([\w-]+)$/.exec(layer)?.[1];
      const names = allowed.map((path) => path.replace("provider/src/", "")).join(", ");
      return room === undefined || ["registry", "index"].includes(room)
        ? []
        : [[room, names || "nothing of ours"]];
    });
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(rooms));
  });

  it("walks through files that are there, eight at most", () => {
    const walk = page.slice(page.indexOf("## The walk"), page.indexOf("`planFor` compares"));
    const files = [...walk.matchAll(/^\| `([^`]+)` \|/gm)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(4);
    expect(files.length).toBeLessThanOrEqual(8);
    expect(files.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });
});
