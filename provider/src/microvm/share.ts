import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { AbsolutePath, HostName, MountPoint, Name, none, UnitName } from "../validation/schemas.ts";
import { shareArtifacts } from "./share-units.ts";

const inputs = z.object({
  host: HostName.describe("Where the guest runs."),
  name: Name.describe("Its name on the host."),
  storage: MountPoint.describe("Where CephFS is mounted."),
  source: AbsolutePath.describe(
    "The directory that the guest sees; it must lie on the storage. Locks of files hold within one guest only: two guests that lock the same file both get it.",
  ),
  readOnly: z.boolean().default(false).describe("Whether the guest may only read."),
  cache: z
    .enum(["never", "metadata", "auto", "always"])
    .default("auto")
    .describe(
      "How much the guest may cache; more than auto only where nobody else writes. None makes locks reach other guests.",
    ),
  mountUnit: UnitName.describe("The unit that mounts the storage."),
});

/** A directory on CephFS, offered to one guest as a virtio-fs device. */
export const share = defineResource({
  type: "torocloud:microvm:Share",
  summary: "A directory on CephFS, offered to one guest through virtiofsd.",
  kind: "share",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: {
    host: "replace",
    name: "replace",
    storage: "record",
    source: "restart",
    readOnly: "restart",
    cache: "restart",
    mountUnit: "restart",
  },
  replaceOrder: { host: "create-then-delete", otherwise: "delete-then-create" },

  name: ({ name }) => name,
  validate: ({ source, storage }) =>
    source.startsWith(`${storage}/`)
      ? []
      : [{ property: "source", reason: `is "${source}"; expected a directory below ${storage}` }],
  artifacts: (desired) => shareArtifacts(desired),
});
