import { afterAll, beforeAll, expect, it } from "vitest";
import { handMade, lookAtAll } from "../support/by-hand.ts";
import { onHost } from "../support/hosts.ts";
import { differences, listHosts, type Listing } from "../support/listing.ts";
import { openStack, ownProject, type Outcome, type Stack } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { writeFolder, type Settings } from "../support/workspace.ts";
import { clusterSettings } from "../support/cluster.ts";

/** What daemons write without being told to. */
const restless = / \/var\/(log|lib\/ceph)\/|-?units: (session|run-)|sockets: tcp .*(\d+\.){3}\d+:\d{5}$/;

/** Takes away what an adoption has completed, and leaves what was adopted. */
const forgetHypervisor = `rm -r /etc/torocloud/hypervisor /usr/local/lib/torocloud; rmdir /var/log/torocloud`;

/** Things made by hand, where a program wants things of ours. */
export function ownership(suite: Suite): void {
  chapter("What somebody made by hand", suite, () => {
    let stack: Stack;
    let settings: Settings;
    let outcome: Outcome;
    let looks: Readonly<Record<string, string>>;
    let before: ReadonlyMap<string, Listing>;
    let after: ReadonlyMap<string, Listing>;

    beforeAll(async () => {
      const { workspace } = suite;
      if (!suite.up) return;
      for (const { host, make } of handMade) await onHost(workspace, host, make);
      looks = await lookAtAll(workspace);
      before = await listHosts(workspace);
      stack = await openStack(workspace, ownProject("ownership"), `ownership-${workspace.lab}`);
      const site = await writeFolder(workspace, "ownership", { "index.html": "Not theirs\n" });
      settings = { ...(await clusterSettings(workspace)), site };
      await stack.configure(settings);
      outcome = await stack.run("up", { args: ["--skip-preview", "--continue-on-error"] });
      after = await listHosts(workspace);
    });

    afterAll(async () => {
      if (!suite.up) return;
      for (const { host, remove } of handMade) await onHost(suite.workspace, host, remove);
      await stack.remove();
    });

    it.each(handMade)("is refused, and named: $title", ({ says }) => {
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.output).toMatch(says);
    });

    it.each(handMade)("is as it was, in every respect: $title", async ({ title, host, look }) => {
      expect(looks[title]).not.toBe("");
      expect(await onHost(suite.workspace, host, look)).toBe(looks[title]);
    });

    it("finds nothing of ours beside it: not in state, and not on a host", async () => {
      const resources = await stack.resources();
      expect(resources.filter(({ urn }) => urn.includes("torocloud:"))).toEqual([]);
      const changed = [...before].flatMap(([host, listing]) =>
        differences(listing, after.get(host) ?? new Set()).map((line) => `${host} ${line}`),
      );
      expect(changed.filter((line) => !restless.test(line))).toEqual([]);
    });

    it("is adopted where that is asked for: what differs is told and left, and what cannot be taken over is refused", async () => {
      await stack.configure({ ...settings, adopt: "true" });
      const { exitCode, output } = await stack.run("up", { args: ["--skip-preview", "--continue-on-error"] });
      expect(exitCode).not.toBe(0);
      expect(output).toMatch(
        /port 9998 of 0\.0\.0\.0 is taken by python3 \(pid \d+\); remove it, or choose another name/,
      );
      expect(output).toMatch(
        /adopted key client\.theirs; left as it is until the next up: key client\.theirs may "mon: allow r", not /,
      );
      expect(output).toMatch(
        /adopted user torocloud; left as it is until the next up: user torocloud is torocloud:\/bin\/bash, not /,
      );
      expect(await lookAtAll(suite.workspace)).toEqual(looks);
      await onHost(suite.workspace, "node3", forgetHypervisor);
      await onHost(suite.workspace, "node1", "rm /etc/torocloud/ceph-client-key/theirs.json");
    });
  });
}
