import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { withLock } from "../../lab/src/lock.js";

const directory = await mkdtemp(`${tmpdir()}/lab-lock-`);
afterAll(async () => rm(directory, { recursive: true }));

function lock(name: string, withinSeconds = 10): Parameters<typeof withLock>[0] {
  return { path: `${directory}/${name}`, withinSeconds, log: () => undefined };
}

/** Until somebody waits for the lock of a file, as proc_locks(5) tells. */
async function hasWaiter(path: string): Promise<void> {
  const { ino } = await stat(path);
  const waits = new RegExp(`-> FLOCK .*:${String(ino)} `);
  while (!waits.test(await readFile("/proc/locks", "utf8")))
    await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a lock", () => {
  test("lets one work at a time", async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(async () => withLock(lock("one"), work)));
    expect(most).toBe(1);
  });

  test("that stays held is an error that names it", async () => {
    await withLock(lock("held"), async () => {
      await expect(withLock(lock("held", 0), async () => undefined)).rejects.toThrow(
        `${directory}/held is still held by another command`,
      );
    });
  });

  test("whose file its holder deleted does not let two in", async () => {
    const order: string[] = [];
    const first = withLock(lock("gone"), async () => {
      const second = withLock(lock("gone"), async () => void order.push("second"));
      await hasWaiter(`${directory}/gone`);
      await rm(`${directory}/gone`);
      const third = withLock(lock("gone"), async () => void order.push("third"));
      await third;
      order.push("first");
      return { second };
    });
    await (
      await first
    ).second;
    expect(order).toEqual(["third", "first", "second"]);
  });
});
