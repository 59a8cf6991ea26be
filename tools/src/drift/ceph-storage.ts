import { machine, type DriftTable } from "./row.ts";

const fileSystem = "ceph-file-system/ceph";
const key = "ceph-client-key/ceph";
/** The id of a host's mount. */
export const mounted = (host: string): string => `${host}/ceph-mount/storage`;
/** Its files. */
export const configuration = "/etc/torocloud/ceph-storage";
const declared =
  "mds: allow rwp fsname=ceph path=/torocloud; mon: allow r fsname=ceph; osd: allow rw tag cephfs data=ceph";
/** What runs on host2's mount. */
export const host2 = ["host2 torocloud-mount-storage", ...machine("host2", "web-1")];
const host1 = ["host1 torocloud-mount-storage", ...machine("host1", "web-0"), ...machine("host1", "web-2")];
const pools = "pool {file system}_metadata";

/** The file system, and who may use it. */
export const cephStorageTables: readonly DriftTable[] = [
  {
    type: "torocloud:ceph:FileSystem",
    watched: [
      {
        artifact: pools,
        fields: ["name", "copies", "metadataPlacementGroups"],
        rows: [
          {
            by: "gets fewer copies",
            host: "node1",
            script: "ceph osd pool set ceph_metadata size 2; ceph osd pool set ceph_metadata min_size 2",
            told: [`${fileSystem}: pool ceph_metadata has size 2, not 3`],
          },
          {
            by: "gets more placement groups",
            host: "node1",
            script: "ceph osd pool set ceph_metadata pg_num 16",
            told: [`${fileSystem}: pool ceph_metadata has pg_num 16, not 8`],
          },
        ],
      },
      {
        artifact: "pool {file system}_data",
        fields: ["name", "copies", "dataPlacementGroups"],
        rows: [
          {
            by: "takes writes that only one OSD has, and scales itself",
            host: "node1",
            script:
              "ceph osd pool set ceph_data min_size 1; ceph osd pool set ceph_data pg_autoscale_mode warn",
            told: [
              `${fileSystem}: pool ceph_data has min_size 1, not 2 and has pg_autoscale_mode warn, not off`,
            ],
          },
          {
            by: "is given to another application too",
            host: "node1",
            script: "ceph osd pool application enable ceph_data rgw --yes-i-really-mean-it",
            told: [
              `${fileSystem}: pool ceph_data has application cephfs:data=ceph,rgw:=, not cephfs:data=ceph`,
            ],
          },
        ],
      },
      {
        artifact: "file system {file system}",
        fields: ["name"],
        rows: [
          {
            by: "gets another data pool",
            host: "node1",
            script: "ceph osd pool create byhand 1 1 --autoscale-mode=off; ceph fs add_data_pool ceph byhand",
            told: [
              `${fileSystem}: file system ceph keeps metadata in ceph_metadata and data in ceph_data,byhand, not in ceph_metadata and ceph_data`,
            ],
            refused: {
              says: "ceph fs rm_data_pool ceph POOL",
              undo: `ceph fs rm_data_pool ceph byhand; ceph config set mon mon_allow_pool_delete true
ceph osd pool rm byhand byhand --yes-i-really-really-mean-it; ceph config rm mon mon_allow_pool_delete`,
            },
          },
        ],
      },
      {
        artifact: "options of file system {file system}",
        fields: ["name"],
        rows: [
          {
            by: "keep metadata servers away",
            host: "node1",
            script: "ceph fs set ceph joinable false",
            told: [`${fileSystem}: options of file system ceph has joinable false, not true`],
            claims: ["the metadata servers"],
          },
        ],
      },
    ],
    unseen: {
      hosts: "says only through which node it is managed",
      "other flags of the file system":
        "are not declared; where clients are refused, the look at their directory says so",
      "quotas, CRUSH rules, compression, snapshots": "are not declared: they stay the operator's",
    },
  },
  {
    type: "torocloud:ceph:ClientKey",
    watched: [
      {
        artifact: "directory {path} of file system {file system}",
        fields: ["fileSystem", "path"],
        rows: [],
        because:
          "all guests' files lie in it: who moves it away moves them. It is told as missing, and made anew, empty",
      },
      {
        artifact: "key client.{user}",
        fields: ["name", "fileSystem", "path", "access"],
        rows: [
          {
            by: "is given other rights",
            host: "node1",
            script:
              "ceph auth caps client.ceph mds 'allow rwp fsname=ceph path=/torocloud' mon 'allow r' osd 'allow rw tag cephfs data=ceph'",
            told: [
              `${key}: key client.ceph may "${declared.replace("mon: allow r fsname=ceph", "mon: allow r")}", not "${declared}"`,
            ],
          },
          {
            by: "is given one right more",
            host: "node1",
            script:
              "ceph auth caps client.ceph mds 'allow rwp fsname=ceph path=/torocloud' mgr 'allow *' mon 'allow r fsname=ceph' osd 'allow rw tag cephfs data=ceph'",
            told: [
              `${key}: key client.ceph may "${declared.replace("; mon", "; mgr: allow *; mon")}", not "${declared}"`,
            ],
          },
          {
            by: "is deleted: another one is made, and brought to the hosts that mount with it",
            host: "node1",
            script: "ceph auth rm client.ceph",
            told: [
              `${key}: key client.ceph is missing`,
              ...["host1", "host2"].map(
                (host) =>
                  `${mounted(host)}: file ${configuration}/keyring holds a key that the cluster does not know: the cluster has no key client.ceph`,
              ),
            ],
            restarts: [...host1, ...host2],
            claims: ["everything"],
          },
        ],
      },
    ],
    unseen: { hosts: "says only through which node it is managed" },
  },
];
