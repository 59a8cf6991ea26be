import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { measure, parseChildrenCpu } from "../../../tools/src/bench/measure.ts";

describe("measuring", () => {
  it("reads the time of ended children, whatever the command is called", () => {
    const stat = "42 (a ) b) S 1 42 42 0 -1 4194304 100 200 0 0 11 12 150 25 20 0 1 0 100 1000 200";
    expect(parseChildrenCpu(stat)).toBe(1.75);
  });

  it("counts the processors' time of what was run, and not of waiting", async () => {
    const run = promisify(execFile);
    const busy = await measure(async () =>
      run("sh", ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done"]),
    );
    const idle = await measure(async () => run("sleep", ["0.2"]));
    expect(busy.cpuSeconds).toBeGreaterThan(0.02);
    expect(idle.cpuSeconds).toBeLessThan(busy.cpuSeconds);
    expect(idle.seconds).toBeGreaterThanOrEqual(0.2);
  });
});
