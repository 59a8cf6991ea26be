import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { Suite } from "../support/suite.ts";
import type { Workspace } from "../support/workspace.ts";

/** The lab's inventory with addresses that are documentation's (RFC 5737): nobody answers there. */
async function deadInventory({ inventoryFile, folder }: Workspace): Promise<string> {
  const inventory = parse(await readFile(inventoryFile, "utf8")) as {
    hosts: Record<string, { address: string }>;
  };
  for (const [index, host] of Object.values(inventory.hosts).entries()) host.address = `192.0.2.${index + 1}`;
  const file = join(folder, "dead-inventory.yaml");
  await writeFile(file, stringify(inventory));
  return file;
}

/** Everything that the example is made of, as previews and events name it. */
export const wholeCloud: readonly string[] = [
  "Stack torocloud-",
  "Cloud cloud",
  "CephCluster cloud-ceph",
  "ClientHosts cloud-clients",
  "Microservice cloud-web",
  ...["node1", "node2", "node3"].flatMap((node) => [
    `Host cloud-ceph-${node}`,
    `Packages cloud-ceph-${node}-ceph`,
    `Node cloud-ceph-${node}-member`,
    `Monitor cloud-ceph-${node}-mon`,
    `Osd cloud-ceph-${node}-osd`,
  ]),
  ...["node1", "node2"].flatMap((node) => [
    `Manager cloud-ceph-${node}-mgr`,
    `MetadataServer cloud-ceph-${node}-mds`,
  ]),
  "Cluster cloud-ceph",
  "FileSystem cloud-ceph-fs",
  "ClientKey cloud-ceph-key",
  ...["host1", "host2"].flatMap((host) => [
    `Host cloud-clients-${host}`,
    `Packages cloud-clients-${host}-qemu`,
    `Hypervisor cloud-clients-${host}-hypervisor`,
    `Mount cloud-clients-${host}-mount`,
  ]),
  "Image cloud-web-image",
  "SharedFiles cloud-web-files",
  "Share cloud-web-share",
  ...["cloud-web-0", "cloud-web-1"].flatMap((guest) => [`Guest ${guest}`, `PortForward ${guest}-forward`]),
];

/** Step 1. */
export function firstPreview(suite: Suite): void {
  describe("A preview", () => {
    it("names all that will be made, without a host that answers", async () => {
      const { cloud, workspace } = suite;
      const env = { TOROCLOUD_INVENTORY: await deadInventory(workspace) };
      const { phase, output, trace } = await cloud.must("preview", { env });
      const expected = wholeCloud.map((name) => `create ${name}${name.endsWith("-") ? cloud.name : ""}`);
      expect(phase.steps).toEqual(expected.sort());
      expect(output).toContain("+ 42 to create");
      expect(output).toContain("http://192.0.2.4:8080/"); // it was that inventory which it read
      expect(trace).toEqual({ dials: {}, requests: 0 });
    });
  });
}
