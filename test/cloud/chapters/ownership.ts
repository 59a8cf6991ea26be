import { afterAll, beforeAll, expect, it } from "vitest";
import { closedDirectory, handMade, lookAtAll } from "../support/by-hand.ts";
import { askCeph, onHost } from "../support/hosts.ts";
import { differences, listHosts, type Listing } from "../support/listing.ts";
import { openStack, ownProject, type Outcome, type Stack } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { writeFolder, type Settings } from "../support/workspace.ts";
import { clusterSettings } from "../support/cluster.ts";

/** What daemons write without being told to. */
const restless = / \/var\/(log|lib\/ceph)\/|-?units: (session|run-)|sockets: tcp .*(\d+\.){3}\d+:\d{5}$/;

/** What a host's programs lie in, and the person's program in it. */
const lookAtDirectory = `stat -c '%a %U:%G' /usr/local/lib/torocloud; cat /usr/local/lib/torocloud/program`;

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
      await stack.run("destroy", { args: ["--skip-preview"] });
      for (const { host, remove } of handMade) await onHost(suite.workspace, host, `(${remove}) || :`);
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
      for (const sentence of [
        /port 9998 of 0\.0\.0\.0 is taken by python3 \(pid \d+\); remove it, or choose another name/,
        /node1: ceph-client-key theirs: adopted key client\.theirs; left as it is until the next up: key client\.theirs may \S*"mon: allow r\S*", not /,
        /node3: hypervisor hypervisor: adopted user torocloud; left as it is until the next up: user torocloud has the shell \/bin\/bash, not \/usr\/sbin\/nologin$/m,
        /node2: hypervisor hypervisor: adopted user torocloud, directory \/usr\/local\/lib\/torocloud has mode 700, not 755 and belongs to daemon:daemon, not root:root; left as it is until the next up: directory \/usr\/local\/lib\/torocloud has mode 700, not 755 and belongs to daemon:daemon, not root:root$/m,
      ])
        expect(output).toMatch(sentence);
      const { [closedDirectory]: completed, ...untouched } = await lookAtAll(suite.workspace);
      const { [closedDirectory]: made, ...asMade } = looks;
      expect(untouched).toEqual(asMade);
      expect(completed).not.toBe(made); // our programs are in it now
      expect(await onHost(suite.workspace, "node2", lookAtDirectory)).toBe("700 daemon:daemon\ntheirs\n");
    });

    it("is put right by the next up, as ours", async () => {
      await stack.run("up", { args: ["--skip-preview", "--continue-on-error"] });
      const { workspace } = suite;
      expect(await onHost(workspace, "node3", "getent passwd torocloud")).toMatch(/:\/usr\/sbin\/nologin$/m);
      expect(await onHost(workspace, "node2", lookAtDirectory)).toBe("755 root:root\ntheirs\n");
      const [{ caps }] = (await askCeph(workspace, "auth get client.theirs")) as [{ caps: unknown }];
      expect(caps).toMatchObject({ mon: "allow r fsname=ceph", osd: "allow rw tag cephfs data=ceph" });
    });

    it("goes with the stack that adopted it; what lies beside ours stays", async () => {
      await stack.must("destroy", { args: ["--skip-preview"] });
      const { workspace } = suite;
      expect(await onHost(workspace, "node3", "getent passwd torocloud || cat /home/torocloud/letter")).toBe(
        "letter\n",
      );
      expect(await onHost(workspace, "node2", "cd /usr/local/lib/torocloud; ls; cat program")).toBe(
        "program\ntheirs\n",
      );
      expect(await onHost(workspace, "node1", "ceph auth ls 2>/dev/null")).not.toContain("client.theirs");
    });
  });
}
