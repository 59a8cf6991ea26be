import { expect, it } from "vitest";
import { runningPids, turnover, untouched } from "../support/processes.ts";
import { chapter, type Suite } from "../support/suite.ts";

const args = ["--expect-no-changes"];

/** Step 3. */
export function nothingToDo(suite: Suite): void {
  chapter("Once it is up", suite, () => {
    it("another up changes nothing, and asks no host", async () => {
      const { phase, trace } = await suite.cloud.must("up", { args });
      expect(phase.steps).toEqual([]);
      expect(trace).toEqual({ dials: {}, requests: 0 });
    });

    it("a refresh finds everything as declared, and restarts nothing", async () => {
      const before = await runningPids(suite.workspace);
      const { phase, trace } = await suite.cloud.must("refresh", { args });
      expect(phase.steps).toEqual([]);
      expect(trace.requests).toBeGreaterThanOrEqual(38); // it did look
      expect(turnover(before, await runningPids(suite.workspace))).toEqual(untouched);
    });
  });
}
