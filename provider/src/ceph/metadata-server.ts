import { z } from "zod";
import { runningUnit } from "../artifacts/units.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, Name, none } from "../validation/schemas.ts";
import { daemonKey, metadataServerKnown } from "./daemon.ts";

const inputs = z.object({
  host: HostName.describe("Where it runs; must be a node of the cluster."),
  name: Name.describe("Its name among the cluster's metadata servers."),
});

/** A metadata server of CephFS, active or standing by. */
export const cephMetadataServer = defineResource({
  type: "torocloud:ceph:MetadataServer",
  summary: "A metadata server of CephFS.",
  kind: "ceph-metadata-server",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: { host: "replace", name: "replace" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  artifacts({ name }) {
    const parts = daemonKey("mds", name);
    // It keeps nothing of its own: a standby that is promoted while it is told to stop would hang until systemd loses patience.
    return [...parts, runningUnit(`ceph-mds@${name}.service`, parts, { killAfterSeconds: 10 })];
  },
  readyWhen: ({ name }) => [metadataServerKnown(name)],
});
