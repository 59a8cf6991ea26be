import { z } from "zod";
import { daemonKey } from "../domain/ceph/daemon.ts";
import { waitForManager } from "../domain/ceph/manager.ts";
import { runningUnit } from "../host/systemd.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, Name, none } from "../validation/schemas.ts";

const inputs = z.object({
  host: HostName.describe("Where it runs; must be a node of the cluster."),
  name: Name.describe("Its name among the cluster's managers."),
});

/** A Ceph manager, active or standing by. */
export const cephManager = defineResource({
  type: "torocloud:ceph:Manager",
  summary: "A Ceph manager.",
  kind: "ceph-manager",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: { host: "replace", name: "replace" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  artifacts({ name }) {
    const parts = daemonKey("mgr", name);
    return [...parts, runningUnit(`ceph-mgr@${name}.service`, parts)];
  },
  settle: ({ name }) => waitForManager(name),
});
