import { z } from "zod";
import { directory } from "../artifacts/files.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, MonitorAddresses, Name, none, Uuid } from "../validation/schemas.ts";
import { bornKeyring } from "./keyring.ts";
import { stableUuid, stateDirectory } from "./names.ts";

const inputs = z.object({
  host: HostName.describe("Where the keys are made and kept: one of the cluster's own hosts."),
  name: Name.default("ceph").describe("The cluster's name in this program."),
  monitors: MonitorAddresses.describe("The monitors it starts with: an odd number, three or more."),
  fsid: Uuid.optional().describe(
    "The cluster's identity. Derived from the stack and the name when left out.",
  ),
});

const derived = z.object({
  fsid: Uuid.describe("The cluster's identity."),
});

/** A Ceph cluster's identity and first keys. Its daemons are resources of their own. */
export const cephCluster = defineResource({
  type: "torocloud:ceph:Cluster",
  summary: "The identity and first keys of a Ceph cluster.",
  kind: "ceph-cluster",
  inputs,
  derived,
  outputs: none,
  derive: {
    fsid: ({ fsid, owner, name }): string => fsid ?? stableUuid("ceph cluster", owner, name),
  },
  keeps: ["fsid"],
  onChange: { host: "replace", name: "replace", monitors: "refuse", fsid: "replace" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  validate: ({ monitors }) =>
    monitors.length % 2 === 1 && monitors.length >= 3
      ? []
      : [
          {
            property: "monitors",
            reason: `has ${monitors.length === 1 ? "1 entry" : `${String(monitors.length)} entries`}; expected an odd number of monitors, three or more, so that a majority outlives the loss of one`,
          },
        ],
  artifacts: ({ name }) => [
    directory("/var/lib/torocloud"),
    directory(stateDirectory, { mode: "711" }),
    bornKeyring(name),
  ],
});
