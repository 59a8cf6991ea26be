import { expect, it, vi } from "vitest";
import { onHost } from "../support/hosts.ts";
import { runningPids } from "../support/processes.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";
import { addressOf } from "../support/workspace.ts";

const withinSeconds = 60;

/** What is killed, on which host, and the page that must come back. */
interface Killing {
  readonly what: string;
  readonly host: string;
  readonly unit: string;
  readonly port: number;
}

/** Two hosts at a time, so that what one loses cannot be what the other waits for. */
const rounds: readonly (readonly Killing[])[] = [
  [
    { what: "virtiofsd", host: "host1", unit: "torocloud-share-web-2.site", port: 8091 },
    { what: "vhost-device-vsock", host: "host2", unit: "torocloud-vsock-web-1", port: 8090 },
  ],
  [
    { what: "QEMU", host: "host1", unit: "torocloud-guest-web-0", port: 8090 },
    { what: "ceph-fuse", host: "host2", unit: "torocloud-mount-storage", port: 8090 },
  ],
];

/** Step 5, second half. */
export function robustness(suite: Suite): void {
  async function kill({ host, unit, port }: Killing): Promise<void> {
    const { workspace } = suite;
    const url = `http://${addressOf(workspace, host)}:${port}/`;
    await waitForPage(url, "Another edition");
    const before = (await runningPids(workspace)).get(`${host} ${unit}`);
    expect(before).toBeGreaterThan(1);
    await onHost(workspace, host, `kill -9 ${before}`);
    const deadline = performance.now() + withinSeconds * 1000;
    await vi.waitFor(
      async () => {
        const after = (await runningPids(workspace)).get(`${host} ${unit}`);
        if (after === undefined || after === 0 || after === before) throw new Error(`${unit} is not back`);
      },
      { timeout: withinSeconds * 1000, interval: 500 },
    );
    await waitForPage(url, "Another edition", (deadline - performance.now()) / 1000);
  }

  chapter("Without Pulumi", suite, () => {
    for (const round of rounds) {
      const title = round.map(({ what, host }) => `a ${what} that is killed on ${host}`).join(", or ");
      it(`${title}, is back within a minute, and so is its page`, async () => {
        await Promise.all(round.map(kill));
      });
    }

    it("all that was killed is as declared again", async () => {
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
    });
  });
}
