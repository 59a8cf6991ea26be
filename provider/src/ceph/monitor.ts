import { z } from "zod";
import { directory } from "../artifacts/files.ts";
import { runningUnit } from "../artifacts/units.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, MonitorAddresses, Name, none, Uuid } from "../validation/schemas.ts";
import { inQuorum, monitorKey, monitorStore } from "./monitor-store.ts";
import { daemonDirectory } from "./names.ts";

const inputs = z.object({
  host: HostName.describe("Where it runs; must be a node of the cluster."),
  name: Name.describe("Its name among the cluster's monitors."),
  fsid: Uuid.describe("The cluster's identity."),
  monitors: MonitorAddresses.describe("The monitors that the cluster starts with, this one among them."),
});

/** A Ceph monitor, in quorum. */
export const cephMonitor = defineResource({
  type: "torocloud:ceph:Monitor",
  summary: "A Ceph monitor.",
  kind: "ceph-monitor",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: { host: "replace", name: "replace", fsid: "replace", monitors: "refuse" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  validate: ({ name, monitors }) =>
    monitors.some((monitor) => monitor.name === name)
      ? []
      : [
          {
            property: "name",
            reason: `is "${name}"; expected one of the monitors: ${monitors.map((m) => m.name).join(", ")}`,
          },
        ],
  artifacts({ name, fsid, monitors }) {
    const parts = [
      monitorStore({ id: name, fsid, monitors }),
      directory(daemonDirectory("mon", name), { mode: "750", owner: "ceph:ceph" }),
      monitorKey(name),
    ];
    return [...parts, runningUnit(`ceph-mon@${name}.service`, parts)];
  },
  readyWhen: ({ name }) => [inQuorum(name)],
});
