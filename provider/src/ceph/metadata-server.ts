import { z } from "zod";
import { daemonKey } from "../domain/ceph/daemon.ts";
import { metadataServerUnit, waitForMetadataServer } from "../domain/ceph/metadata-server.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, Name, none } from "../validation/schemas.ts";

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
    return [...parts, metadataServerUnit(name, parts)];
  },
  settle: ({ name }) => waitForMetadataServer(name),
});
