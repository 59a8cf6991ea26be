import { identity, type DriftTable } from "./row.ts";

const keyring = "/var/lib/torocloud/ceph/ceph.keyring";
const cluster = "node1/ceph-cluster/ceph";

/** What the hosts of a cluster have in common. */
export const cephClusterTables: readonly DriftTable[] = [
  {
    type: "torocloud:ceph:Cluster",
    watched: [
      {
        artifact: "directory /var/lib/torocloud",
        rows: [
          {
            by: "gets another mode, on a host that is also a member",
            host: "node1",
            script: "chmod 750 /var/lib/torocloud",
            told: [cluster, "node1/ceph-node/ceph"].map(
              (id) => `${id}: directory /var/lib/torocloud has mode 750, not 755`,
            ),
          },
        ],
      },
      {
        artifact: "directory /var/lib/torocloud/ceph",
        rows: [
          {
            by: "gets another mode, on a host that is also a member",
            host: "node1",
            script: "chmod 755 /var/lib/torocloud/ceph",
            told: [cluster, "node1/ceph-node/ceph"].map(
              (id) => `${id}: directory /var/lib/torocloud/ceph has mode 755, not 711`,
            ),
          },
        ],
      },
      {
        artifact: "keyring /var/lib/torocloud/ceph/{cluster}.keyring",
        fields: ["name"],
        rows: [
          {
            by: "gets another mode",
            host: "node1",
            script: `chmod 644 ${keyring}`,
            told: [`${cluster}: keyring ${keyring} has mode 644, not 600, in ${keyring}`],
          },
          {
            by: "is edited: no member is given what it holds",
            host: "node1",
            script: `sed -i 's/key = .../key = AAA/' ${keyring}`,
            told: [`${cluster}: keyring ${keyring} is another one in ${keyring}`],
          },
          {
            by: "is deleted: it comes back, and no new keys are made",
            host: "node1",
            script: `rm ${keyring}`,
            told: [`${cluster}: keyring ${keyring} is missing`],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      monitors: "stands in ceph.conf, which the members have, and in the monitors' own map",
      fsid: "stands in ceph.conf and in the stores of monitors and OSDs, where it is looked at",
    },
  },
  {
    type: "torocloud:ceph:Node",
    watched: [
      {
        artifact: "directory /var/lib/torocloud",
        rows: [
          {
            by: "gets another owner",
            host: "node2",
            script: "chown nobody /var/lib/torocloud",
            told: [
              "node2/ceph-node/ceph: directory /var/lib/torocloud belongs to nobody:root, not root:root",
            ],
          },
        ],
      },
      {
        artifact: "directory /var/lib/torocloud/ceph",
        rows: [
          {
            by: "gets another mode",
            host: "node2",
            script: "chmod 700 /var/lib/torocloud/ceph",
            told: ["node2/ceph-node/ceph: directory /var/lib/torocloud/ceph has mode 700, not 711"],
          },
        ],
      },
      {
        artifact: "file /etc/ceph/ceph.conf",
        fields: ["fsid", "monitors", "settings"],
        rows: [
          {
            by: "is edited",
            host: "node2",
            script: "echo 'osd_pool_default_size = 2' >>/etc/ceph/ceph.conf",
            told: ["node2/ceph-node/ceph: file /etc/ceph/ceph.conf has other content"],
          },
          {
            by: "gets another mode and owner",
            host: "node3",
            script: "chmod 600 /etc/ceph/ceph.conf; chown ceph:ceph /etc/ceph/ceph.conf",
            told: [
              "node3/ceph-node/ceph: file /etc/ceph/ceph.conf has mode 600, not 644 and belongs to ceph:ceph, not root:root",
            ],
          },
        ],
      },
      {
        artifact: "file /etc/ceph/ceph.client.admin.keyring",
        rows: [
          {
            by: "gets another mode",
            host: "node1",
            script: "chmod 644 /etc/ceph/ceph.client.admin.keyring",
            told: ["node1/ceph-node/ceph: file /etc/ceph/ceph.client.admin.keyring has mode 644, not 600"],
          },
          {
            by: "is edited",
            host: "node3",
            script: "echo '# by hand' >>/etc/ceph/ceph.client.admin.keyring",
            told: ["node3/ceph-node/ceph: file /etc/ceph/ceph.client.admin.keyring has other content"],
          },
        ],
      },
      {
        artifact: "file /var/lib/torocloud/ceph/mon.keyring",
        rows: [
          {
            by: "is edited",
            host: "node2",
            script: "echo '# by hand' >>/var/lib/torocloud/ceph/mon.keyring",
            told: ["node2/ceph-node/ceph: file /var/lib/torocloud/ceph/mon.keyring has other content"],
          },
        ],
      },
      {
        artifact: "file /var/lib/ceph/bootstrap-osd/ceph.keyring",
        rows: [
          {
            by: "is deleted",
            host: "node3",
            script: "rm /var/lib/ceph/bootstrap-osd/ceph.keyring",
            told: ["node3/ceph-node/ceph: file /var/lib/ceph/bootstrap-osd/ceph.keyring is missing"],
          },
        ],
      },
      {
        artifact: "directory /usr/local/lib/torocloud-mgr",
        rows: [
          {
            by: "gets another mode",
            host: "node1",
            script: "chmod 700 /usr/local/lib/torocloud-mgr",
            told: ["node1/ceph-node/ceph: directory /usr/local/lib/torocloud-mgr has mode 700, not 755"],
          },
        ],
      },
      {
        artifact: "file /usr/local/lib/torocloud-mgr/bcrypt.py",
        rows: [
          {
            by: "is replaced by a symbolic link",
            host: "node1",
            script: "ln -sf /dev/null /usr/local/lib/torocloud-mgr/bcrypt.py",
            told: [
              "node1/ceph-node/ceph: file /usr/local/lib/torocloud-mgr/bcrypt.py is a symbolic link to /dev/null, not a file",
            ],
          },
        ],
      },
      {
        artifact: "directory /etc/systemd/system/ceph-mgr@.service.d",
        rows: [
          {
            by: "gets another mode",
            host: "node3",
            script: "chmod 700 /etc/systemd/system/ceph-mgr@.service.d",
            told: [
              "node3/ceph-node/ceph: directory /etc/systemd/system/ceph-mgr@.service.d has mode 700, not 755",
            ],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/ceph-mgr@.service.d/torocloud.conf",
        rows: [
          {
            by: "is edited, and systemd told",
            host: "node2",
            script:
              "echo Nice=1 >>/etc/systemd/system/ceph-mgr@.service.d/torocloud.conf; systemctl daemon-reload",
            told: [
              "node2/ceph-node/ceph: file /etc/systemd/system/ceph-mgr@.service.d/torocloud.conf has other content",
            ],
          },
        ],
      },
      {
        artifact: "crash reports in /var/lib/ceph/crash",
        rows: [],
        because: "come by themselves, and go with the data",
      },
    ],
    unseen: {
      host: identity,
      cluster: identity,
      keysFrom: "says only whom the keys are fetched from; the keys themselves are compared",
      "options set with `ceph config`":
        "have no effect on what is declared: ceph.conf goes before the monitors' database",
      "options set in a running daemon": "are in its memory until it restarts; `ceph daemon` shows them",
      "the cluster's keys of client.admin and bootstrap-osd":
        "whoever changes them in the cluster locks us out, which every refresh then says",
      "a drop-in for all of a host's ceph-mon@, ceph-mgr@, ceph-osd@ or ceph-mds@":
        "is the host's own policy, and may be older than the cluster",
    },
  },
];
