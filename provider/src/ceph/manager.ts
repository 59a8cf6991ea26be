import { z } from "zod";
import { runningUnit } from "../artifacts/units.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, Name, none } from "../validation/schemas.ts";
import { daemonKey, managerAvailable } from "./daemon.ts";

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
  readyWhen: ({ name }) => [managerAvailable(name)],
});
