import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { cached, entryFolder, type BuildFolders, type CacheEntry } from "../../tools/src/cache.ts";
import { cacheFolder, stateFolder } from "../../tools/src/folders.ts";
import { temporaryFolder } from "./fake-tools.ts";

async function someEntry(): Promise<CacheEntry> {
  return { name: "thing", version: "1.0.0", inputs: ["go.sum"], folder: await temporaryFolder() };
}

describe("the cache", () => {
  it("builds an entry once for two builders that start together", async () => {
    const entry = await someEntry();
    let builds = 0;
    const build = async ({ result }: BuildFolders): Promise<void> => {
      builds++;
      await writeFile(join(result, "half"), "1");
      expect(existsSync(entryFolder(entry))).toBe(false);
      await sleep(300);
      await writeFile(join(result, "whole"), "2");
    };
    const folders = await Promise.all([cached(entry, build), cached(entry, build)]);
    expect(builds).toBe(1);
    expect(folders).toEqual([entryFolder(entry), entryFolder(entry)]);
    expect(await readdir(entryFolder(entry))).toEqual(["half", "whole"]);
    expect(await readdir(dirname(entryFolder(entry)))).toHaveLength(1);
  });

  it("keeps the winner's entry when another builder was faster, lock or no lock", async () => {
    const entry = await someEntry();
    await cached(entry, async ({ result }) => {
      await writeFile(join(result, "file"), "loser");
      await mkdir(entryFolder(entry));
      await writeFile(join(entryFolder(entry), "file"), "winner");
    });
    expect(await readFile(join(entryFolder(entry), "file"), "utf8")).toBe("winner");
  });

  it("leaves no entry after a build that failed, and resumes from its scratch folder", async () => {
    const entry = await someEntry();
    const failing = cached(entry, async ({ scratch }) => {
      await writeFile(join(scratch, "object.o"), "compiled");
      throw new Error("interrupted");
    });
    await expect(failing).rejects.toThrow("interrupted");
    expect(existsSync(entryFolder(entry))).toBe(false);
    await cached(entry, async ({ result, scratch }) => {
      await writeFile(join(result, "program"), await readFile(join(scratch, "object.o"), "utf8"));
    });
    expect(await readFile(join(entryFolder(entry), "program"), "utf8")).toBe("compiled");
    expect(await readdir(dirname(entryFolder(entry)))).toHaveLength(1);
  });

  it("removes what a killed build left", async () => {
    const entry = await someEntry();
    await mkdir(`${entryFolder(entry)}.new-deadbeef`, { recursive: true });
    await cached(entry, async () => {});
    expect(await readdir(dirname(entryFolder(entry)))).toHaveLength(1);
  });

  it("has another entry for another version and for other inputs", async () => {
    const entry = await someEntry();
    const folders = [
      entry,
      { ...entry, version: "1.0.1" },
      { ...entry, inputs: ["go.sum", ""] },
      { ...entry, inputs: ["go.sun"] },
    ].map(entryFolder);
    expect(new Set(folders).size).toBe(4);
    expect(entryFolder({ ...entry })).toBe(folders[0]);
  });
});

describe("folders", () => {
  it("follow TOROCLOUD_CACHE, then XDG, then the home folder", () => {
    expect(cacheFolder({ HOME: "/h" })).toBe("/h/.cache/torocloud");
    expect(cacheFolder({ HOME: "/h", XDG_CACHE_HOME: "/x", TOROCLOUD_CACHE: "" })).toBe("/x/torocloud");
    expect(cacheFolder({ HOME: "/h", XDG_CACHE_HOME: "/x", TOROCLOUD_CACHE: "/t" })).toBe("/t");
    expect(stateFolder({ HOME: "/h" })).toBe("/h/.local/state/torocloud/pulumi");
    expect(stateFolder({ HOME: "/h", XDG_STATE_HOME: "/s" })).toBe("/s/torocloud/pulumi");
  });
});
