import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { followLines } from "../../../tools/src/bench/line-follower.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "follow-"));
});
afterAll(async () => rm(folder, { recursive: true }));

describe("a file that is followed", () => {
  it("gives its whole lines in order, each with the time at which it was there", async () => {
    const file = join(folder, "events");
    const follower = followLines(file, performance.now());
    await sleep(60);
    await appendFile(file, "one\ntw");
    await sleep(200);
    await appendFile(file, "o\n\nthree\nunfinished");
    const lines = await follower.stop();
    expect(lines.map(({ line }) => line)).toEqual(["one", "two", "three"]);
    const [one = 0, two = 0, three = 0] = lines.map(({ at }) => at);
    expect(one).toBeGreaterThan(0);
    expect(two - one).toBeGreaterThan(0.05);
    expect(three).toBe(two);
  });

  it("may never come to be", async () => {
    expect(await followLines(join(folder, "nothing"), performance.now()).stop()).toEqual([]);
  });
});
