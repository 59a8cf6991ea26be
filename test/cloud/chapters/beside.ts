import { afterAll, beforeAll, expect, it } from "vitest";
import { surroundings } from "../../../provider/src/adapters/surroundings.ts";
import { lifecycleOf } from "../../../provider/src/lifecycle/lifecycle.ts";
import { hypervisor } from "../../../provider/src/microvm/hypervisor.ts";
import { clusterSettings } from "../support/cluster.ts";
import { onHost } from "../support/hosts.ts";
import { runningPids, turnover, untouched, type Pids } from "../support/processes.ts";
import { openStack, ownProject, type Stack } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf, writeFolder, type Settings } from "../support/workspace.ts";

const mountPoint = "/srv/beside";
const lookAtMountPoint = `stat -c '%i %a %U:%G %Y' ${mountPoint}; ls -A ${mountPoint}`;
const marks = `find /etc/torocloud -type f ! -name '*beside*' ! -path '*beside*' ! -name 8180.json -printf '%p %i %T@ ' -exec sha256sum {} \\; | sort`;

const lookAtThings = `find /etc/systemd/system/*beside* /etc/systemd/system/*8180* /etc/torocloud/ceph-beside ${mountPoint}/* -printf '%p %y %m %U:%G %i %T@\n'`;

/** Another stack on the same hosts and the same cluster, with names of its own. */
export function beside(suite: Suite): void {
  chapter("A second stack", suite, () => {
    let other: Stack;
    let settings: Settings;
    let pids: Pids;
    let markers: string;
    let directory: string;
    const ofFirst = (all: Pids): Pids =>
      new Map([...all].filter(([unit]) => !/beside|forward-8180/.test(unit)));
    const ofSecond = (all: Pids): Pids =>
      new Map([...all].filter(([unit]) => /beside|forward-8180/.test(unit)));
    const openOther = async (): Promise<Stack> =>
      openStack(suite.workspace, ownProject("beside"), `beside-${suite.workspace.lab}`);
    const firstIsUntouched = async (): Promise<void> => {
      expect(turnover(pids, ofFirst(await runningPids(suite.workspace)))).toEqual(untouched);
      expect(await onHost(suite.workspace, "host1", marks)).toBe(markers);
    };

    beforeAll(async () => {
      const { workspace } = suite;
      if (!suite.up) return;
      await onHost(workspace, "host1", `install -d -m 700 -o daemon -g daemon ${mountPoint}`);
      directory = await onHost(workspace, "host1", lookAtMountPoint);
      pids = await runningPids(workspace);
      markers = await onHost(workspace, "host1", marks);
      other = await openOther();
      const site = await writeFolder(workspace, "beside", { "index.html": "From beside\n" });
      const { kernel = "", initramfs = "" } = workspace.settings;
      settings = { ...(await clusterSettings(workspace)), kernel, initramfs, site };
      await other.configure(settings);
    });

    afterAll(async () => {
      if (!suite.up) return;
      await onHost(suite.workspace, "host1", `rmdir ${mountPoint}`);
      await other.remove();
    });

    it("comes up beside the first, which does not see it", async () => {
      await other.must("up", { args: ["--skip-preview"] });
      await waitForPage(`http://${addressOf(suite.workspace, "host1")}:8180/`, "From beside");
      await firstIsUntouched();
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
      await suite.cloud.must("up", { args: ["--expect-no-changes", "--skip-preview"] });
    });

    it("has a share with a policy: no more than its quota, and all in it belongs to one user", async () => {
      const share = `${mountPoint}/shares/beside`;
      const onHost1 = async (command: string): Promise<string> =>
        (await onHost(suite.workspace, "host1", command)).trim();
      expect(await onHost1(`stat -c %u:%g ${share}`)).toBe("1000:1000");
      const fill = `dd if=/dev/zero of=${share}/fill bs=1M count=64 conv=fsync 2>&1 || :; rm ${share}/fill`;
      expect(await onHost1(fill)).toContain("Disk quota exceeded");
      await onHost1(`python3 -c 'import os; os.setxattr("${share}", "ceph.quota.max_bytes", b"1048576")'`);
      const refreshed = await other.must("refresh");
      expect(refreshed.phase.said).toContain(`share/beside: drifted: quota of ${share} is 1 MiB, not 16 MiB`);
      await other.must("up", { args: ["--skip-preview"] });
      await other.must("refresh", { args: ["--expect-no-changes"] });
      await firstIsUntouched();
    });

    it("does not see the first", async () => {
      await other.must("refresh", { args: ["--expect-no-changes"] });
      await other.must("preview", { args: ["--expect-no-changes"] });
    });

    it("keeps the first from taking away what both need", async () => {
      const resources = await suite.cloud.resources();
      const { outputs } = resources.find(({ urn }) => urn.endsWith("host1-hypervisor")) ?? {};
      const lifecycle = lifecycleOf(hypervisor, surroundings);
      await expect(lifecycle.delete("host1/hypervisor/hypervisor", outputs ?? {})).rejects.toThrow(
        /still needed by guest\/beside .*of organization\/torocloud-beside\//,
      );
      await firstIsUntouched();
    });

    it("that lost its state and its markers is adopted as it is by its program's next up", async () => {
      const { workspace } = suite;
      const running = ofSecond(await runningPids(workspace));
      const things = await onHost(workspace, "host1", lookAtThings);
      const key = await onHost(workspace, "node1", "ceph auth get client.beside");
      await onHost(workspace, "host1", "rm /etc/torocloud/*/beside.json /etc/torocloud/*/8180.json");
      await onHost(workspace, "host1", "rm -r /srv/beside/.torocloud");
      await onHost(workspace, "node1", "ceph config-key rm torocloud/ceph-client-key/beside");
      await other.remove();
      other = await openOther();
      await other.configure({ ...settings, adopt: "true" });
      const { output } = await other.must("up", { args: ["--skip-preview"] });
      for (const what of [
        "key client.beside",
        "unit torocloud-guest-beside.service",
        "files in /srv/beside/shares/beside",
      ])
        expect(output).toMatch(new RegExp(`: adopted .*${what}`));
      expect(turnover(running, ofSecond(await runningPids(workspace)))).toEqual(untouched);
      expect(await onHost(workspace, "host1", lookAtThings)).toBe(things);
      expect(await onHost(workspace, "node1", "ceph auth get client.beside")).toBe(key);
      await other.must("refresh", { args: ["--expect-no-changes"] });
    });

    it("goes, and leaves the first and the directory that was there as they were", async () => {
      await other.must("destroy", { args: ["--skip-preview"] });
      await firstIsUntouched();
      expect(await onHost(suite.workspace, "host1", lookAtMountPoint)).toBe(directory);
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
    });
  });
}
