import { describe, expect, it } from "vitest";
import { checkoutFolder } from "../../../tools/src/index.ts";
import { askCeph, cephKeys } from "../support/hosts.ts";
import type { Outcome } from "../support/stack.ts";
import { wholeCloud } from "./first-preview.ts";
import { chapter, type Suite } from "../support/suite.ts";
import { waitForPage } from "../support/web.ts";

const requestsPerResource = 3;

/** Step 2. */
export function firstUp(suite: Suite): void {
  let outcome: Outcome;

  describe("The first up", () => {
    it("ends well", async () => {
      outcome = await suite.cloud.must("up", { args: ["--skip-preview"] });
      suite.up = true;
      expect(outcome.phase.steps).toHaveLength(wholeCloud.length);
    });
  });

  chapter("After the first up", suite, () => {
    it("each replica serves the page", async () => {
      const { web = [] } = (await suite.cloud.output("urls")) as { web?: string[] };
      expect(web).toHaveLength(2);
      for (const url of web) await waitForPage(url, "Served by a microVM", 5);
    });

    it("Ceph is healthy, with three monitors in quorum and every placement group clean", async () => {
      const status = (await askCeph(suite.workspace, "status")) as CephStatus;
      expect(status.health).toEqual({ status: "HEALTH_OK", checks: {}, mutes: [] });
      expect(status.quorum_names.sort()).toEqual(["node1", "node2", "node3"]);
      expect(status.pgmap.pgs_by_state.map(({ state_name }) => state_name)).toEqual(["active+clean"]);
      expect(status.osdmap).toMatchObject({ num_osds: 3, num_up_osds: 3, num_in_osds: 3 });
    });

    it("each host was dialled once, and was asked at most three times for each resource", async () => {
      expect(outcome.trace.dials).toEqual({ node1: 1, node2: 1, node3: 1, host1: 1, host2: 1 });
      const resources = (await suite.cloud.resources()).filter(({ urn }) =>
        urn.includes("dynamic/torocloud:"),
      );
      expect(resources).toHaveLength(37);
      expect(outcome.trace.requests).toBeGreaterThan(resources.length); // it does count them
      expect(outcome.trace.requests).toBeLessThanOrEqual(requestsPerResource * resources.length);
    });

    it("the state holds little code, and no path of this checkout", async () => {
      const resources = await suite.cloud.resources();
      const sources = resources.flatMap(({ outputs }) => outputs?.["__provider"] ?? []) as string[];
      expect(sources).toHaveLength(37);
      for (const source of sources) {
        expect(source).toContain("@torocloud/provider");
        expect(source.length).toBeLessThan(3072);
      }
      const text = JSON.stringify(resources.map(({ inputs, outputs }) => ({ inputs, outputs })));
      expect(text).toContain("examples/cloud/site"); // a relative path stays one
      expect(text).not.toContain(checkoutFolder.replace(/\/$/, ""));
    });

    it("no key of the cluster is in the state, or in anything that Pulumi said", async () => {
      const keys = await cephKeys(suite.workspace);
      expect(keys.length).toBeGreaterThanOrEqual(11); // mon, admin, bootstrap, 2 mgr, 2 mds, 3 osd, client
      const texts = { state: await suite.cloud.exported(), output: outcome.output, events: outcome.eventLog };
      for (const text of Object.values(texts)) expect(text).toContain("web-0"); // there is something to search
      const leaks = Object.entries(texts).flatMap(([where, text]) =>
        keys.filter((key) => text.includes(key)).map(() => where),
      );
      expect(leaks).toEqual([]);
    });
  });
}

interface CephStatus {
  readonly health: unknown;
  readonly quorum_names: string[];
  readonly pgmap: { readonly pgs_by_state: readonly { readonly state_name: string }[] };
  readonly osdmap: unknown;
}
