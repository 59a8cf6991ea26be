import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { checkoutFolder } from "../../../tools/src/index.ts";
import { runningPids, turnover, untouched } from "../support/processes.ts";
import { chapter, type Suite } from "../support/suite.ts";

const args = ["--expect-no-changes"];
/** Of ours; a refresh asks for each. */
const resources = 37;

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
      expect(trace.requests).toBeGreaterThanOrEqual(resources); // it did look
      expect(turnover(before, await runningPids(suite.workspace))).toEqual(untouched);
    });

    it("what asks a host by itself ends as soon as it has closed its connections", async () => {
      const resources = await suite.cloud.resources();
      const { inputs, outputs: state } = resources.find(({ id }) => id === "host1/host/host1") ?? {};
      const asking = `
        import { closeConnections, explain } from "@torocloud/provider";
        const previewed = ${JSON.stringify({ op: "same", inputs, state })};
        console.log((await explain("torocloud:host:Host", previewed)).join("\\n"));
        await closeConnections();`;
      const argv = ["--input-type=module", "--eval", asking];
      const { stdout } = await promisify(execFile)(process.execPath, argv, {
        cwd: checkoutFolder,
        timeout: 60_000,
      });
      expect(stdout).toContain("host1: host host1: nothing to do");
    });
  });
}
