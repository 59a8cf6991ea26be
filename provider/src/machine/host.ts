import { z } from "zod";
import { directory } from "../artifacts/files.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { markerRoot } from "../lifecycle/marker.ts";
import { HostName, none } from "../validation/schemas.ts";

const inputs = z.object({
  host: HostName.describe("The host, by its name in the inventory."),
});

const outputs = z.object({
  address: z.string().describe("The address of its default route's interface, as the host itself knows it."),
  debian: z.string().describe("Debian's version: 13.1."),
  kernel: z.string().describe("The release of its kernel."),
  cpus: z.number().describe("Processors online."),
  memoryMiB: z.number().describe("Memory in MiB."),
  cephClient: z
    .enum(["kernel", "fuse"])
    .describe("The CephFS client it can run: the kernel's, or ceph-fuse where the kernel has none."),
  vsock: z
    .enum(["kernel", "user"])
    .describe("Its vsock device: the kernel's vhost-vsock, or the user-space vhost-device-vsock."),
});

/** A machine of the inventory: that it can be reached, is a Debian we know, and what it can do. */
export const host = defineResource({
  type: "torocloud:host:Host",
  summary: "A machine of the inventory, and the facts about it.",
  kind: "host",
  inputs,
  derived: none,
  outputs,
  derive: {},
  onChange: { host: "replace" },
  replaceOrder: "create-then-delete",

  name: (desired) => desired.host,
  artifacts: () => [directory(markerRoot)],
  report: () => ({ kind: "facts", spec: {}, what: "asking what it is" }),
});
