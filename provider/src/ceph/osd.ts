import { z } from "zod";
import { defineResource } from "../lifecycle/define-resource.ts";
import { growOnly } from "../lifecycle/rules.ts";
import { HostName, Name, Uuid, Whole } from "../validation/schemas.ts";
import { stableUuid } from "./names.ts";
import { osdLeaves } from "./osd-leaves.ts";
import { fileStore, osdNumber, osdPlace, osdUnit, osdUp, osdWeight } from "./osd-store.ts";

const Store = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z
        .literal("file")
        .describe("A plain file in the OSD's own directory: for trying, and for virtual disks."),
      sizeGiB: Whole("GiB", { min: 2 }).describe(
        "Size of the file, allocated at once. It can grow, not shrink.",
      ),
    }),
  ],
  'expected { kind: "file", sizeGiB: ... }',
);

const inputs = z.object({
  host: HostName.describe("Where it runs; must be a node of the cluster."),
  name: Name.describe("Its name on its host; the cluster gives it a number."),
  fsid: Uuid.describe("The cluster's identity."),
  store: Store.describe("What it keeps its data on."),
});

const derived = z.object({
  uuid: Uuid.describe("The OSD's own identity, by which it is found again."),
});

const grows = growOnly(
  "restart",
  ({ sizeGiB }: z.output<typeof Store>) => sizeGiB,
  (before) =>
    `expected ${String(before)} GiB or more, because a store cannot shrink: add a smaller OSD and remove this one`,
);

/** An object storage daemon and its store. */
export const cephOsd = defineResource({
  type: "torocloud:ceph:Osd",
  summary: "An object storage daemon of a Ceph cluster, and its store.",
  kind: "ceph-osd",
  inputs,
  derived,
  outputs: z.object({
    number: z.number().optional().describe("The number that the cluster gave to it."),
  }),
  derive: {
    uuid: ({ fsid, host, name }): string => stableUuid("ceph osd", fsid, host, name),
  },
  keeps: ["uuid"],
  onChange: { host: "replace", name: "replace", fsid: "replace", store: grows, uuid: "replace" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  artifacts({ uuid, fsid, store: { sizeGiB }, host }) {
    const store = fileStore({ uuid, fsid, sizeGiB, host });
    return [...store, osdUnit(uuid, store), osdPlace({ uuid, host }), osdWeight(uuid)];
  },
  readyWhen: ({ uuid }) => [osdUp(uuid)],
  report: ({ uuid }) => osdNumber(uuid),
  leaving: ({ uuid, fsid, onDelete }) => (onDelete === "destroyData" ? osdLeaves(uuid, fsid) : undefined),
});
