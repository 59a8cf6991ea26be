import { afterAll, beforeAll, expect, it } from "vitest";
import { onHost } from "../support/hosts.ts";
import { runningPids, turnover, untouched, type Pids } from "../support/processes.ts";
import { openStack, ownProject, type Outcome, type Stack } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf } from "../support/workspace.ts";

const unitFile = "/etc/systemd/system/torocloud-forward-9999.service";
const handMade = "[Unit]\nDescription=Made by hand\n\n[Service]\nExecStart=/bin/true\n";

/** Step 8. */
export function foreignThings(suite: Suite): void {
  chapter("What another made", suite, () => {
    let other: Stack;
    let outcome: Outcome;
    let before: Pids;
    let marks: string;
    const look = async (): Promise<string> =>
      onHost(
        suite.workspace,
        "host1",
        `stat -c '%a %U:%G %i %Y' ${unitFile}; sha256sum ${unitFile}; find /etc/torocloud -type f -exec sha256sum {} + | sort`,
      );

    beforeAll(async () => {
      const { workspace } = suite;
      if (!suite.up) return;
      await onHost(
        workspace,
        "host1",
        `printf '%b' ${JSON.stringify(handMade)} >${unitFile}; systemctl daemon-reload`,
      );
      marks = await look();
      before = await runningPids(workspace);
      other = await openStack(workspace, ownProject("foreign"), `other-${workspace.lab}`);
      await other.configure({ "torocloud:inventory": workspace.inventoryFile });
      outcome = await other.run("up", { args: ["--skip-preview", "--continue-on-error"] });
    });

    afterAll(async () => {
      if (!suite.up) return;
      await onHost(suite.workspace, "host1", `rm -f ${unitFile}; systemctl daemon-reload`);
      await other.remove();
    });

    it.each([
      ["a port", "host1: port-forward 8090 belongs to the stack "],
      ["a guest", "host1: guest web-0 belongs to the stack "],
    ])("is refused, naming its stack: %s", (_, sentence) => {
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.output).toContain(
        `${sentence}organization/torocloud/${suite.cloud.name} and was left as it is`,
      );
    });

    it("is refused, naming the file: a unit made by hand", () => {
      expect(outcome.output).toContain(
        "host1: port-forward 9999 would take over what this stack did not make, and left it as it is: ",
      );
      expect(outcome.output).toContain(unitFile);
    });

    it("is as it was: files to the byte, processes, the page", async () => {
      expect(marks).toContain(unitFile);
      expect(marks).toContain("/etc/torocloud/guest/web-0.json");
      expect(await look()).toBe(marks);
      expect(turnover(before, await runningPids(suite.workspace))).toEqual(untouched);
      await waitForPage(`http://${addressOf(suite.workspace, "host1")}:8090/`, "Another edition", 5);
    });

    it("is not what the other stack believes to have", async () => {
      const types = (await other.resources())
        .map(({ urn }) => urn)
        .filter((urn) => urn.includes("torocloud:"));
      expect(types).toEqual([]);
    });
  });
}
