import { describe, expect, test } from "vitest";
import { cacheDirectory } from "../../lab/src/cache.js";
import { bootstrapCommand, treeName } from "../../lab/src/tree.js";

describe("the tree that container hosts stand on", () => {
  test("its name changes with its recipe only", () => {
    expect(treeName()).toMatch(/^tree-[0-9a-f]{12}$/);
    expect(treeName()).toBe(treeName());
  });

  test("its maker ends with the process that wanted it, and reads its sources from standard input", () => {
    const command = bootstrapCommand("/cache/tree.new", ['Acquire::Retries "3";']);
    expect(command.slice(0, 3)).toEqual(["setpriv", "--pdeathsig", "KILL"]);
    expect(command).toContain("--kill-child");
    expect(command).toContain('--aptopt=Acquire::Retries "3"');
    expect(command.slice(-3)).toEqual(["trixie", "/cache/tree.new", "-"]);
  });

  test("the cache is where the person wants it", () => {
    expect(cacheDirectory({ TOROCLOUD_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a/lab");
    expect(cacheDirectory({ TOROCLOUD_CACHE: "", XDG_CACHE_HOME: "/b" })).toBe("/b/torocloud/lab");
    expect(cacheDirectory({ XDG_CACHE_HOME: "/b" })).toBe("/b/torocloud/lab");
    expect(cacheDirectory({})).toMatch(/\/\.cache\/torocloud\/lab$/);
  });
});
