import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { onEveryHost, onHost } from "../support/hosts.ts";
import { runningPids } from "../support/processes.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";

const folder = "/srv/torocloud/shares/web";

/** Step 11: a stack whose onDelete is keepData, the default. */
export function data(suite: Suite): void {
  chapter("Data that is to be kept", suite, () => {
    let checksum: string;
    let began: string;

    it("is left where it was by a destroy, which says where", async () => {
      const text = randomBytes(300_000).toString("base64");
      await onHost(
        suite.workspace,
        "host1",
        `cat >${folder}/theirs.txt <<'END'\n${text}\nEND\nsync ${folder}/theirs.txt`,
      );
      checksum = await onHost(suite.workspace, "host2", `sha256sum ${folder}/theirs.txt`);
      began = (await onHost(suite.workspace, "node1", "date +%s")).trim();
      const { output } = await suite.cloud.must("destroy", { args: ["--skip-preview"] });
      for (const node of ["node1", "node2", "node3"]) {
        expect(output).toMatch(
          new RegExp(
            `${node}: ceph-osd osd: removed; its data stays in the OSD store with UUID \\S+ in /var/lib/ceph/osd`,
          ),
        );
        expect(output).toContain(
          `${node}: ceph-monitor ${node}: removed; its data stays in /var/lib/ceph/mon/ceph-${node}`,
        );
      }
      expect(output).toContain(`its data stays in ${folder}`);
      expect(await suite.cloud.resources()).toEqual([]);
      expect([...(await runningPids(suite.workspace)).keys()]).toEqual([]);
    });

    it("is left by daemons that end by themselves, none of which has to be killed", async () => {
      const journals = await onEveryHost(
        suite.workspace,
        `journalctl --quiet --no-pager --output cat --since @${began} --unit 'ceph-*@*' || :`,
      );
      const lines = [...journals.values()].join("\n").split("\n");
      expect(lines.filter((line) => line.startsWith("Stopped ceph-mds@"))).toHaveLength(2); // it is that destroy
      expect(lines.filter((line) => line.includes("timed out. Killing"))).toEqual([]);
    });

    it("is found again by the next up", async () => {
      await suite.cloud.must("up", { args: ["--skip-preview"] });
      expect(await onHost(suite.workspace, "host1", `sha256sum ${folder}/theirs.txt`)).toBe(checksum);
      const { web = [] } = (await suite.cloud.output("urls")) as { web?: string[] };
      for (const url of web) await waitForPage(url, "Another edition");
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
    });
  });
}
