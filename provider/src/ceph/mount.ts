import { z } from "zod";
import { fetchText } from "../artifacts/fetch-once.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import {
  AbsolutePath,
  HostName,
  MonitorAddresses,
  MountPoint,
  Name,
  none,
  Uuid,
} from "../validation/schemas.ts";
import { readClientKey } from "./client-access.ts";
import { mountAnswers, mountArtifacts } from "./mount-parts.ts";
import { mountUnit } from "./mount-unit.ts";

const inputs = z.object({
  host: HostName.describe("Where it is mounted."),
  name: Name.describe("Its name on the host."),
  keysFrom: z
    .array(HostName)
    .min(1, "expected at least one node of the cluster")
    .describe("Nodes of the cluster: the first that answers hands out the client's key."),
  fsid: Uuid.describe("The cluster's identity."),
  monitors: MonitorAddresses.describe("The cluster's monitors."),
  user: Name.describe("The client key's name, without client."),
  fileSystem: Name.describe("The file system."),
  path: AbsolutePath.default("/").describe("The directory of the file system that is mounted."),
  mountPoint: MountPoint.describe("Where it appears on the host."),
  client: z
    .enum(["kernel", "fuse"])
    .describe(
      "The kernel's CephFS client, or ceph-fuse. On a host that has an OSD too only ceph-fuse: the kernel's can wait for itself there.",
    ),
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
  requires: ({ host, client }, facts) =>
    client === "kernel" && facts.cephClient === "fuse"
      ? [
          {
            property: "client",
            reason: `is "kernel"; expected "fuse", because the kernel of ${host} has no CephFS client`,
          },
        ]
      : [],
  fetchSecrets: async (hosts, { keysFrom, user }) => fetchText(keysFrom.map(hosts), readClientKey(user)),
  artifacts: (desired, key) => mountArtifacts(desired, key),
  readyWhen: (desired) => [mountAnswers(desired)],
});
