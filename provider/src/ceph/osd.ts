import { z } from "zod";
import { stableUuid } from "../domain/ceph/names.ts";
import {
  fileStore,
  osdUnit,
  osdWeight,
  refuseUnlessSafe,
  reportNumber,
  waitForOsd,
} from "../domain/ceph/osd.ts";
import { defineResource, type Desired } from "../lifecycle/define-resource.ts";
import { HostName, Name, Uuid, Whole } from "../validation/schemas.ts";

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

/** An object storage daemon and its store. */
export const cephOsd = defineResource({
  type: "torocloud:ceph:Osd",
  summary: "An object storage daemon of a Ceph cluster, and its store.",
  kind: "ceph-osd",
  inputs,
  derived,
  outputs: z.object({
    number: z.coerce.number().optional().describe("The number that the cluster gave to it."),
  }),
  derive: {
    uuid: ({ fsid, host, name }): string => stableUuid("ceph osd", fsid, host, name),
  },
  onChange: { host: "replace", name: "replace", fsid: "replace", store: "restart", uuid: "replace" },
  replaceOrder: "delete-then-create",

  name: ({ name }) => name,
  artifacts(desired) {
    const store = fileStore(storeOf(desired));
    return [...store, osdUnit(desired.uuid, store), osdWeight(desired.uuid)];
  },
  settle: ({ uuid }) => waitForOsd(uuid),
  report: ({ uuid }) => reportNumber(uuid),
  beforeRemove: ({ uuid, onDelete }) => refuseUnlessSafe(uuid, onDelete),
});

function storeOf({
  uuid,
  fsid,
  store,
}: Desired<typeof inputs, typeof derived>): Parameters<typeof fileStore>[0] {
  return { uuid, fsid, sizeGiB: store.sizeGiB };
}
