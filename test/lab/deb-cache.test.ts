import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, expect, test, vi } from "vitest";
import { archives, debCacheDirectory, fillLayer, saveFrom } from "../../lab/src/deb-cache.js";

const directory = await mkdtemp(`${tmpdir()}/lab-debs-`);
vi.stubEnv("TOROCLOUD_CACHE", `${directory}/cache`);
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

test("what one host downloaded is there for the next, and unfinished downloads are not", async () => {
  const upper = `${directory}/upper`;
  await mkdir(`${upper}/${archives}/partial`, { recursive: true });
  await writeFile(`${upper}/${archives}/a_1_all.deb`, "A");
  await writeFile(`${upper}/${archives}/lock`, "");
  await writeFile(`${upper}/${archives}/partial/b_1_all.deb`, "B");

  expect(await saveFrom(upper)).toBe(1);
  expect(await saveFrom(upper)).toBe(0);
  expect(await readdir(debCacheDirectory())).toEqual(["a_1_all.deb"]);

  await fillLayer(`${directory}/layer`);
  expect(await readdir(`${directory}/layer/${archives}`)).toEqual(["a_1_all.deb"]);
  expect(await readFile(`${directory}/layer/${archives}/a_1_all.deb`, "utf8")).toBe("A");
});

test("a host that downloaded nothing has nothing to save", async () => {
  expect(await saveFrom(`${directory}/nowhere`)).toBe(0);
});
