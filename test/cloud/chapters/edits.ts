import { expect, it } from "vitest";
import { turnover, untouched } from "../support/processes.ts";
import { chapter, edit, type Suite } from "../support/suite.ts";
import { addressOf, writeFolder } from "../support/workspace.ts";
import { knock, waitForPage } from "../support/web.ts";

/** What runs for one guest, beside its forward. */
function machineOf(host: string, guest: string): string[] {
  return [
    `${host} torocloud-guest-${guest}`,
    `${host} torocloud-share-${guest}.site`,
    `${host} torocloud-vsock-${guest}`,
  ];
}

/** Step 4. Each edit builds on the one before. */
export function edits(suite: Suite): void {
  const url = (host: string, port: number): string => `http://${addressOf(suite.workspace, host)}:${port}/`;

  chapter("An edit", suite, () => {
    it("of the files is one update that interrupts nothing, and both guests serve them", async () => {
      const files = { "index.html": "<h1>Another edition</h1>\n", "second.html": "<p>A second page</p>\n" };
      const site = await writeFolder(suite.workspace, "site", files);
      const { preview, act, before, after } = await edit(suite, { site });
      expect(preview.steps).toEqual(["update SharedFiles cloud-web-files"]);
      expect(preview.said).toContainEqual(expect.stringMatching(/digest .*: nothing is interrupted$/));
      expect(act.steps).toEqual(["update SharedFiles cloud-web-files"]);
      expect(turnover(before, after)).toEqual(untouched);
      for (const host of ["host1", "host2"]) {
        await waitForPage(url(host, 8080), "Another edition");
        await waitForPage(`${url(host, 8080)}second.html`, "A second page");
      }
    });

    it("of the memory restarts the guests with their devices, says so before, and keeps ports and mounts", async () => {
      const { preview, act, before, after } = await edit(suite, { memoryMiB: "160" });
      expect(preview.steps).toEqual(["update Guest cloud-web-0", "update Guest cloud-web-1"]);
      expect([...preview.said].sort()).toEqual([
        "host1/guest/web-0: memoryMiB 128 → 160: restarts it",
        "host2/guest/web-1: memoryMiB 128 → 160: restarts it",
      ]);
      expect(act.steps).toEqual(preview.steps);
      const machines = [...machineOf("host1", "web-0"), ...machineOf("host2", "web-1")].sort();
      expect(turnover(before, after)).toEqual({ ...untouched, restarted: machines });
      for (const host of ["host1", "host2"]) await waitForPage(url(host, 8080), "Another edition");
    });

    it("of the port replaces the forwards and nothing else", async () => {
      const address = addressOf(suite.workspace, "host1");
      expect(await knock(address, 8080)).toBe("open");
      const { preview, act, before, after } = await edit(suite, { port: "8090" });
      const steps = ["create-replacement", "delete-replaced", "replace"].flatMap((op) =>
        ["web-0", "web-1"].map((guest) => `${op} PortForward cloud-${guest}-forward`),
      );
      expect(preview.steps).toEqual(steps);
      expect(preview.said).toContain("host1/port-forward/8080: listenPort 8080 → 8090: replaces it");
      expect(act.steps).toEqual(steps);
      expect(turnover(before, after)).toEqual({
        restarted: [],
        started: ["host1 torocloud-forward-8090", "host2 torocloud-forward-8090"],
        stopped: ["host1 torocloud-forward-8080", "host2 torocloud-forward-8080"],
      });
      for (const host of ["host1", "host2"]) {
        expect(await knock(addressOf(suite.workspace, host), 8080)).toBe("refused");
        await waitForPage(url(host, 8090), "Another edition");
      }
    });

    it("of the number of replicas adds one, and leaves those that are there alone", async () => {
      const { preview, act, before, after } = await edit(suite, { replicas: "3" });
      const steps = ["create Guest cloud-web-2", "create PortForward cloud-web-2-forward"];
      expect(preview.steps).toEqual(steps);
      expect(act.steps).toEqual(steps);
      expect(turnover(before, after)).toEqual({
        ...untouched,
        started: ["host1 torocloud-forward-8091", ...machineOf("host1", "web-2")],
      });
      const { web = [] } = (await suite.cloud.output("urls")) as { web?: string[] };
      expect(web).toEqual([url("host1", 8090), url("host2", 8090), url("host1", 8091)]);
      for (const one of web) await waitForPage(one, "Another edition");
    });

    it.each([
      ["of the order of hosts moves each guest to the other one", ["host2", "host1"]],
      ["back moves them back", ["host1", "host2"]],
    ])("%s, says so before, and all answer where they are then", async (_, hosts) => {
      const [first = "", second = ""] = hosts;
      const { preview, act, after } = await edit(suite, { guestHosts: JSON.stringify(hosts) });
      const guests = ["web-0", "web-1", "web-2"];
      const moves = guests.map((guest) => `update Guest cloud-${guest}`);
      expect(preview.steps).toEqual(expect.arrayContaining(moves));
      expect(preview.said).toContain(`${second}/guest/web-0: host "${second}" → "${first}": moves it`);
      expect(act.steps).toEqual(preview.steps);
      const running = [...after.keys()].filter((unit) => unit.includes("torocloud-guest-")).sort();
      expect(running).toEqual(
        guests.map((guest, index) => `${hosts[index % 2] ?? ""} torocloud-guest-${guest}`).sort(),
      );
      for (const one of [url(first, 8090), url(second, 8090), url(first, 8091)])
        await waitForPage(one, "Another edition");
      await suite.cloud.must("refresh", { args: ["--expect-no-changes"] });
    });
  });
}
