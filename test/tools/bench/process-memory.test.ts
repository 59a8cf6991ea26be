import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { descendants, parseParent, parsePeak, watchPeak } from "../../../tools/src/bench/process-memory.ts";

describe("the memory of a process", () => {
  it("is its peak as the kernel tells it", () => {
    expect(parsePeak("Name:\tnode\nVmPeak:\t 900000 kB\nVmHWM:\t  123456 kB\nVmRSS:\t  1000 kB\n")).toBe(
      123456 * 1024,
    );
    expect(parsePeak("Name:\tkthreadd\n")).toBeUndefined();
    expect(parsePeak("")).toBeUndefined();
  });

  it("is looked for among the descendants only", () => {
    const processes = [
      { pid: 10, parent: 1, args: "bench" },
      { pid: 11, parent: 10, args: "pulumi up" },
      { pid: 12, parent: 11, args: "node /x/cmd/dynamic-provider 1" },
      { pid: 20, parent: 1, args: "node /x/cmd/dynamic-provider 2" },
    ];
    expect(descendants(processes, 10, "cmd/dynamic-provider").map(({ pid }) => pid)).toEqual([12]);
    expect(descendants(processes, 12, "cmd/dynamic-provider")).toEqual([]);
  });

  it("has its parent behind a name that may hold anything", () => {
    expect(parseParent("42 (a) b (c) S 7 42 42 0 -1")).toBe(7);
    expect(parseParent("")).toBeNaN();
  });

  it("is watched while it runs", async () => {
    const marker = `peak-test-${process.pid}`;
    const program = "const held = Buffer.alloc(60_000_000, 1); setTimeout(() => held.length, 1500)";
    const child = spawn(process.execPath, ["-e", program, marker], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const watch = watchPeak(marker);
    await sleep(1000);
    child.kill();
    await ended;
    expect(await watch.stop()).toBeGreaterThan(60_000_000);
    expect(await watchPeak(`${marker}-nobody`).stop()).toBeUndefined();
  });
});
