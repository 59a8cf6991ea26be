import { afterAll, beforeAll, expect, it } from "vitest";
import { leftovers } from "./destruction.ts";
import { projectWith, upgrade } from "../support/old-version.ts";
import { runningPids, turnover, untouched, type Pids } from "../support/processes.ts";
import { openStack, type Stack } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf } from "../support/workspace.ts";

/** On hosts that have Debian's packages already, and nothing else. */
export function upgraded(suite: Suite): void {
  chapter("A cloud that version 0.1.0 made", suite, () => {
    let project: string;
    let cloud: Stack;
    let before: Pids;
    const serves = async (): Promise<void> => {
      for (const host of ["host1", "host2"])
        await waitForPage(`http://${addressOf(suite.workspace, host)}:8080/`, "<");
    };

    beforeAll(async () => {
      if (!suite.up) return;
      const { workspace } = suite;
      project = await projectWith("0.1.0", workspace);
      cloud = await openStack(workspace, project, `upgraded-${workspace.lab}`);
      const settings = Object.entries(workspace.settings).filter(([key]) => key.startsWith("torocloud:"));
      await cloud.configure(Object.fromEntries(settings));
      await cloud.must("up", { args: ["--skip-preview"] });
      before = await runningPids(workspace);
    });

    afterAll(async () => {
      if (suite.up) await cloud.remove();
    });

    it("serves, and has what that version wrote down", async () => {
      await serves();
      const guests = (await cloud.resources()).filter(({ urn }) => urn.includes(":Guest::"));
      expect(guests.map(({ id }) => id).sort()).toEqual(["host1/guest/web-0", "host2/guest/web-1"]);
      for (const { outputs } of guests) expect(outputs).not.toHaveProperty("instance");
    });

    it("is taken over: what a preview says is only recorded, and nothing restarts", async () => {
      await upgrade(project);
      const { phase: preview } = await cloud.must("preview");
      expect(preview.steps.filter((step) => !step.startsWith("update "))).toEqual([
        "create Share cloud-web-share",
        "delete Share web-0-share",
        "delete Share web-1-share",
      ]);
      expect(preview.said.filter((line) => !line.endsWith(": only recorded"))).toEqual([]);
      await cloud.must("up", { args: ["--skip-preview"] });
      expect(turnover(before, await runningPids(suite.workspace))).toEqual(untouched);
    });

    it("is repaired of what that version did otherwise by the next up with a refresh, and nothing restarts", async () => {
      await cloud.must("up", { args: ["--refresh", "--skip-preview"] });
      await cloud.must("refresh", { args: ["--expect-no-changes"] });
      await cloud.must("up", { args: ["--expect-no-changes", "--skip-preview"] });
      expect(turnover(before, await runningPids(suite.workspace))).toEqual(untouched);
      await serves();
    });

    it("goes without a trace", async () => {
      await cloud.must("destroy", { args: ["--skip-preview"] });
      expect(await leftovers(suite)).toEqual([]);
    });
  });
}
