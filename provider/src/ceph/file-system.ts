import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostNames, Name, none, Whole } from "../validation/schemas.ts";
import { fileSystem, fileSystemOptions, fileSystemServes } from "./file-system-parts.ts";
import { pool } from "./pool.ts";

const inputs = z.object({
  hosts: HostNames.describe("Nodes of the cluster through which it is managed: the first that has quorum."),
  name: Name.describe("The file system's name."),
  copies: Whole("copies", { max: 10 }).default(3).describe("How many OSDs hold each piece of data."),
  metadataPlacementGroups: Whole("placement groups")
    .default(8)
    .describe("Placement groups of the metadata pool."),
  dataPlacementGroups: Whole("placement groups").default(32).describe("Placement groups of the data pool."),
});

/** A CephFS file system with its two pools, served by an active metadata server, all placement groups clean. */
export const cephFileSystem = defineResource({
  type: "torocloud:ceph:FileSystem",
  summary: "A CephFS file system and its pools.",
  kind: "ceph-file-system",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: {
    hosts: "record",
    name: "replace",
    copies: "live",
    metadataPlacementGroups: "live",
    dataPlacementGroups: "live",
  },
  replaceOrder: "delete-then-create",
  lies: "cluster",

  name: ({ name }) => name,
  artifacts({ name, copies, metadataPlacementGroups, dataPlacementGroups }) {
    const metadataPool = `${name}_metadata`;
    const dataPool = `${name}_data`;
    const common = { fileSystem: name, copies };
    return [
      pool({ ...common, use: "metadata", name: metadataPool, placementGroups: metadataPlacementGroups }),
      pool({ ...common, use: "data", name: dataPool, placementGroups: dataPlacementGroups }),
      fileSystem(name, { metadataPool, dataPool }),
      fileSystemOptions(name),
    ];
  },
  readyWhen: ({ name }) => fileSystemServes(name),
});
