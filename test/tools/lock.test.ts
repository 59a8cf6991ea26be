import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { withLock } from "../../tools/lock.mjs";
import { temporaryFolder } from "./fake-tools.ts";

const holder = fileURLToPath(new URL("lock-holder.mjs", import.meta.url));

function start(folder: string, ms: number): { kill: () => void; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [holder, folder, String(ms)], { stdio: "inherit" });
  return { kill: () => child.kill("SIGKILL"), ended: new Promise((resolve) => child.on("close", resolve)) };
}

async function log(folder: string): Promise<string[]> {
  const text = existsSync(join(folder, "log")) ? await readFile(join(folder, "log"), "utf8") : "";
  return text.split("\n").filter((line) => line !== "");
}

describe("the lock between processes", () => {
  it("lets processes that start together work one after another", async () => {
    const folder = await temporaryFolder();
    await Promise.all([1, 2, 3].map(async () => start(folder, 150).ended));
    const lines = await log(folder);
    expect(lines).toHaveLength(6);
    for (let i = 0; i < 6; i += 2) expect(lines[i + 1]).toBe(lines[i]?.replace("start", "end"));
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });

  it("is broken when its holder was killed", async () => {
    const folder = await temporaryFolder();
    const killed = start(folder, 60_000);
    await expect.poll(async () => log(folder), { timeout: 5_000 }).toHaveLength(1);
    killed.kill();
    await killed.ended;
    expect(existsSync(join(folder, "lock"))).toBe(true);
    expect(await withLock(join(folder, "lock"), async () => "mine", { waitMs: 2_000 })).toBe("mine");
  });

  it("is waited for while its holder lives, and names the holder", async () => {
    const folder = await temporaryFolder();
    const lock = join(folder, "lock");
    await writeFile(lock, `${process.pid} somebody\n`);
    const waitedFor: (number | undefined)[] = [];
    const waiting = withLock(lock, async () => "mine", { waitMs: 300, onWait: (pid) => waitedFor.push(pid) });
    await expect(waiting).rejects.toThrow(`type: rm ${lock}`);
    expect(waitedFor).toEqual([process.pid]);
  });

  it("is broken when its holder's process id belongs to somebody else since a reboot: no heartbeat for 30 seconds", async () => {
    const lock = join(await temporaryFolder(), "lock");
    await writeFile(lock, `${process.pid} before the reboot\n`);
    const past = new Date(Date.now() - 31_000);
    await utimes(lock, past, past);
    expect(await withLock(lock, async () => "mine", { waitMs: 1_000 })).toBe("mine");
  });

  it("is released when the work fails", async () => {
    const lock = join(await temporaryFolder(), "lock");
    await expect(withLock(lock, async () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(existsSync(lock)).toBe(false);
  });
});
