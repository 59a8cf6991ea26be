import { dropIn, inMemory, runtime, type DriftTable } from "./row.ts";

const osds = ["the OSDs"];
const osd = `$(basename /var/lib/ceph/osd/ceph-* | cut -d- -f2)`;

/** Where the data is. */
export const cephOsdTables: readonly DriftTable[] = [
  {
    type: "torocloud:ceph:Osd",
    watched: [
      {
        artifact: "OSD store {uuid}",
        fields: ["host", "name", "fsid", "uuid"],
        rows: [
          {
            by: "loses its labels: they are written anew, and the data stays",
            host: "node3",
            script: "rm /var/lib/ceph/osd/ceph-*/mkfs_done",
            told: ["node3/ceph-osd/osd: OSD store … is missing, or its labels are"],
            restarts: ["node3 ceph-osd"],
            claims: osds,
          },
        ],
      },
      {
        artifact: "size of OSD store {uuid}",
        fields: ["host", "name", "fsid", "uuid", "store"],
        rows: [
          {
            by: "grows by hand",
            host: "node1",
            script: "truncate -s 5G /var/lib/ceph/osd/ceph-*/block",
            told: ["node1/ceph-osd/osd: size of OSD store … is 5 GiB, not 4 GiB"],
            refused: {
              says: "an OSD store cannot shrink to 4 GiB",
              undo: "truncate -s 4G /var/lib/ceph/osd/ceph-*/block",
            },
          },
        ],
      },
      {
        artifact: "key of OSD store {uuid}",
        fields: ["host", "name", "fsid", "uuid"],
        rows: [
          {
            by: "is given more rights",
            host: "node2",
            script: `ceph auth caps osd.${osd} mon 'allow *' osd 'allow *' mgr 'allow profile osd'`,
            told: [
              'node2/ceph-osd/osd: key of OSD store … may "mgr: allow profile osd; mon: allow *; osd: allow *", not "mgr: allow profile osd; mon: allow profile osd; osd: allow *"',
            ],
          },
          {
            by: "can be read by everybody",
            host: "node1",
            script: "chmod 644 /var/lib/ceph/osd/ceph-*/keyring",
            told: ["node1/ceph-osd/osd: key of OSD store … has mode 644, not 600, in its directory"],
          },
        ],
      },
      {
        artifact: "unit ceph-osd@",
        rows: [
          {
            by: "is stopped",
            host: "node1",
            script: `systemctl stop ceph-osd@${osd}`,
            told: ["node1/ceph-osd/osd: unit ceph-osd@ is inactive"],
            restarts: ["node1 ceph-osd"],
            claims: osds,
          },
          {
            by: "is changed with systemctl edit",
            host: "node2",
            script: dropIn(`ceph-osd@${osd}.service`),
            told: [
              "node2/ceph-osd/osd: unit ceph-osd@ is changed by /etc/systemd/system/ceph-osd@….service.d/override.conf",
            ],
            restarts: ["node2 ceph-osd"],
            claims: osds,
          },
        ],
      },
      {
        artifact: "place of OSD {uuid}",
        fields: ["host", "name", "fsid", "uuid"],
        rows: [],
        because:
          "is told only where an OSD of another machine is there too, which the lab's hosts cannot be brought to without moving data",
      },
      {
        artifact: "weight of OSD {uuid}",
        fields: ["host", "name", "fsid", "uuid"],
        rows: [
          {
            by: "is taken out of the cluster",
            host: "node3",
            script: `ceph osd out ${osd}`,
            told: ["node3/ceph-osd/osd: weight of OSD … is 0, not 1: it is out of the cluster"],
          },
          {
            by: "gets less than its share",
            host: "node1",
            script: `ceph osd reweight ${osd} 0.5`,
            told: ["node1/ceph-osd/osd: weight of OSD … is 0.5, not 1"],
          },
        ],
      },
    ],
    unseen: {
      "its CRUSH weight and place, flags such as noout": "are not declared: an operator moves data with them",
      [runtime]: inMemory,
    },
  },
];
