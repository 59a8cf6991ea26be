import { beforeAll, expect, it } from "vitest";
import { onHost } from "../support/hosts.ts";
import type { Outcome } from "../support/stack.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf } from "../support/workspace.ts";

/** Something done by hand, and the words in which the next refresh tells of it. */
interface Meddling {
  readonly title: string;
  readonly host: string;
  readonly script: string;
  readonly resource: string;
  readonly sentence: string | RegExp;
}

const meddlings: readonly Meddling[] = [
  {
    title: "a guest that was stopped",
    host: "host1",
    script: "systemctl stop torocloud-guest-web-0.service",
    resource: "Guest web-0",
    sentence: "host1/guest/web-0: drifted: unit torocloud-guest-web-0.service is inactive",
  },
  {
    title: "a unit file that was edited",
    host: "host2",
    script: "echo '# by hand' >>/etc/systemd/system/torocloud-forward-8090.service",
    resource: "PortForward web-1-forward",
    sentence:
      "host2/port-forward/8090: drifted: file /etc/systemd/system/torocloud-forward-8090.service has other content",
  },
  {
    title: "a key that was given other rights",
    host: "node1",
    script:
      "ceph auth caps client.ceph mds 'allow rw fsname=ceph path=/torocloud' mon 'allow r' osd 'allow rw tag cephfs data=ceph'",
    resource: "ClientKey ceph-key",
    sentence:
      /^node1\/ceph-client-key\/ceph: drifted: key client\.ceph may ".*mon: allow r;.*", not ".*mon: allow r fsname=ceph;/,
  },
  {
    title: "a shared file that was changed",
    host: "host2",
    script: "echo defaced >/srv/torocloud/shares/web/second.html",
    resource: "SharedFiles web-files",
    sentence:
      'host1/shared-files/web: drifted: files in /srv/torocloud/shares/web were changed on the host: "second.html"',
  },
];

/** Step 5, first half. */
export function drift(suite: Suite): void {
  chapter("What was changed by hand", suite, () => {
    let refreshed: Outcome;
    let repaired: Outcome;

    beforeAll(async () => {
      if (!suite.up) return;
      await Promise.all(meddlings.map(async ({ host, script }) => onHost(suite.workspace, host, script)));
      refreshed = await suite.cloud.must("refresh");
      repaired = await suite.cloud.must("up", { args: ["--skip-preview"] });
    });

    it.each(meddlings)("$title is told by a refresh", ({ resource, sentence }) => {
      expect(refreshed.phase.steps).toContain(`update ${resource}`);
      const told = refreshed.phase.said.filter((line) =>
        typeof sentence === "string" ? line === sentence : sentence.test(line),
      );
      expect(told).toHaveLength(1);
    });

    it("nothing else is told, or repaired", () => {
      const steps = meddlings.map(({ resource }) => `update ${resource}`).sort();
      expect(refreshed.phase.steps).toEqual(steps);
      expect(repaired.phase.steps).toEqual(steps);
    });

    it("is repaired by the next up, and the one after it has nothing to do", async () => {
      await waitForPage(`http://${addressOf(suite.workspace, "host1")}:8090/`, "Another edition");
      await waitForPage(`http://${addressOf(suite.workspace, "host2")}:8090/second.html`, "A second page");
      const outcome = await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
      expect(outcome.phase.steps).toEqual([]);
      const next = await suite.cloud.must("up", { args: ["--expect-no-changes", "--skip-preview"] });
      expect(next.phase.steps).toEqual([]);
    });
  });
}
