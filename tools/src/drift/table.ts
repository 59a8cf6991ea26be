import { cephClusterTables } from "./ceph-cluster.ts";
import { cephDaemonTables } from "./ceph-daemons.ts";
import { cephMountTables } from "./ceph-mount.ts";
import { cephOsdTables } from "./ceph-osd.ts";
import { cephStorageTables } from "./ceph-storage.ts";
import { hostTables } from "./host.ts";
import { microvmConnectionTables } from "./microvm-connections.ts";
import { microvmGuestTables } from "./microvm-guest.ts";
import { microvmHostTables } from "./microvm-host.ts";
import type { DriftTable, Row, Watched } from "./row.ts";

export type { DriftTable, Row, Watched } from "./row.ts";

/** What holds for every resource. */
export const everywhere: Omit<DriftTable, "type"> = {
  watched: [
    {
      artifact: "ownership marker /etc/torocloud/{kind}/{name}.json",
      fields: ["owner"],
      rows: [
        {
          by: "is deleted",
          host: "host2",
          script: "rm /etc/torocloud/port-forward/8090.json",
          told: ["host2/port-forward/8090: its ownership marker is missing"],
        },
        {
          by: "is edited to say that a change goes on: all is applied again",
          host: "host1",
          script: `sed -i 's/"state":"ready"/"state":"pending"/' /etc/torocloud/port-forward/8090.json`,
          told: ["host1/port-forward/8090: an earlier change was interrupted"],
          restarts: ["host1 torocloud-forward-8090"],
        },
      ],
    },
    {
      artifact: "ownership marker {storage}/.torocloud/{kind}/{name}.json",
      fields: ["owner"],
      rows: [
        {
          by: "is deleted",
          host: "host2",
          script: "rm /srv/torocloud/.torocloud/shared-files/web.json",
          told: ["shared-files/web: its ownership marker is missing"],
        },
      ],
    },
    {
      artifact: "ownership marker config-key torocloud/{kind}/{name}",
      fields: ["owner"],
      rows: [
        {
          by: "is deleted",
          host: "node2",
          script: "ceph config-key rm torocloud/ceph-client-key/ceph",
          told: ["ceph-client-key/ceph: its ownership marker is missing"],
        },
      ],
    },
  ],
  unseen: {
    inventory: "says only how hosts are reached",
    adopt: "says only what happens to what is there already when it is first made",
    timeouts: "say only how long is waited",
    onDelete: "says only what a later deletion does",
    "the inputs that an ownership marker repeats": "are a note for import; the next update writes them anew",
    "another stack's name in an ownership marker":
      "is no difference but another owner: the stack forgets the thing, and refuses to make it anew",
  },
};

/** Every kind of resource. */
export const driftTables: readonly DriftTable[] = [
  ...hostTables,
  ...cephClusterTables,
  ...cephDaemonTables,
  ...cephOsdTables,
  ...cephStorageTables,
  ...cephMountTables,
  ...microvmHostTables,
  ...microvmGuestTables,
  ...microvmConnectionTables,
];

/** A row with what it is about. */
export interface Meddling extends Row {
  readonly title: string;
}

/** All rows, in the tables' order. */
export const meddlings: readonly Meddling[] = [everywhere, ...driftTables].flatMap(({ watched }) =>
  watched.flatMap(({ artifact, rows }: Watched) =>
    rows.map((row) => ({ ...row, title: `${artifact} ${row.by} on ${row.host}` })),
  ),
);
