import { z } from "zod";
import { mountArtifacts, mountUnit, waitForMount } from "../domain/ceph/mount.ts";
import { fetchOnce } from "../host/fetch-once.ts";
import { sh } from "../host/script.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { AbsolutePath, HostName, MonitorAddresses, MountPoint, Name, none, Uuid } from "../validation/schemas.ts";

const inputs = z.object({
  host: HostName.describe("Where it is mounted."),
  name: Name.describe("Its name on the host."),
  keysFrom: HostName.describe("A node of the cluster, which hands out the client's key."),
  fsid: Uuid.describe("The cluster's identity."),
  monitors: MonitorAddresses.describe("The cluster's monitors."),
  user: Name.describe("The client key's name, without client."),
  fileSystem: Name.describe("The file system."),
  path: AbsolutePath.default("/").describe("The directory of the file system that is mounted."),
  mountPoint: MountPoint.describe("Where it appears on the host."),
  client: z.enum(["kernel", "fuse"]).describe("The kernel's CephFS client, or ceph-fuse."),
});

const derived = z.object({
  unit: z.string().describe("The systemd unit that keeps it mounted."),
});

/** CephFS on a host, kept mounted by systemd. */
export const cephMount = defineResource({
  type: "torocloud:ceph:Mount",
  summary: "CephFS mounted on a host.",
  kind: "ceph-mount",
  inputs,
  derived,
  outputs: none,
  derive: { unit: ({ name }): string => mountUnit(name) },
  onChange: {
    host: "replace",
    name: "replace",
    keysFrom: "record",
    fsid: "restart",
    monitors: "restart",
    user: "restart",
    fileSystem: "restart",
    path: "restart",
    mountPoint: "replace",
    client: "restart",
    unit: "replace",
  },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  gather: async (hosts, { keysFrom, user }) => {
    const key = await fetchOnce(
      hosts(keysFrom),
      `reading the key of client.${user}`,
      sh`timeout 60 ceph --connect-timeout 20 auth get-key ${`client.${user}`} || [ $? = 2 ]`,
    );
    return key.trim();
  },
  artifacts: (desired, key) => mountArtifacts(desired, key),
  settle: (desired) => waitForMount(desired),
});
