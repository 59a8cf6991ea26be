import { dropIn, identity, inMemory, runtime, type DriftTable } from "./row.ts";

const monitor = (node: string): string => `/var/lib/ceph/mon/ceph-${node}`;
const quorum = ["the quorum"];
const standby = ["the managers"];
const metadata = ["the metadata servers"];
const daemonDirectory = (kind: string, node: string): string => `/var/lib/ceph/${kind}/ceph-${node}`;

/** Until another one serves, the file system answers nobody, which is drift of what lies on it. */
const takenOverBy = (node: string): string =>
  `timeout 90 sh -c 'until ceph mds stat | grep -q 0=${node}=up:active; do sleep 1; done' || :`;

/** The cluster's daemons. */
export const cephDaemonTables: readonly DriftTable[] = [
  {
    type: "torocloud:ceph:Monitor",
    watched: [
      {
        artifact: "monitor store /var/lib/ceph/mon/ceph-{monitor}",
        fields: ["name", "fsid"],
        rows: [
          {
            by: "loses its label",
            host: "node3",
            script: `rm ${monitor("node3")}/torocloud-fsid`,
            told: [
              `node3/ceph-monitor/node3: monitor store ${monitor("node3")} does not say of which cluster it is`,
            ],
          },
          {
            by: "is labelled as another cluster's",
            host: "node2",
            script: `cp -p ${monitor("node2")}/torocloud-fsid /root/fsid; echo other >${monitor("node2")}/torocloud-fsid`,
            told: [
              `node2/ceph-monitor/node2: monitor store ${monitor("node2")} is of the cluster other, not …`,
            ],
            refused: {
              says: `${monitor("node2")} holds a monitor of another cluster`,
              undo: `mv /root/fsid ${monitor("node2")}/torocloud-fsid`,
            },
          },
        ],
      },
      {
        artifact: "directory /var/lib/ceph/mon/ceph-{monitor}",
        fields: ["name"],
        rows: [
          {
            by: "gets another mode",
            host: "node1",
            script: `chmod 755 ${monitor("node1")}`,
            told: [`node1/ceph-monitor/node1: directory ${monitor("node1")} has mode 755, not 750`],
          },
        ],
      },
      {
        artifact: "key of monitor {monitor}",
        fields: ["name"],
        rows: [
          {
            by: "is given to root",
            host: "node1",
            script: `chown root ${monitor("node1")}/keyring`,
            told: [
              `node1/ceph-monitor/node1: key of monitor node1 belongs to root:ceph, not ceph:ceph, in ${monitor("node1")}/keyring`,
            ],
          },
          {
            by: "is replaced",
            host: "node2",
            script: `sed -i 's/key = .../key = AAA/' ${monitor("node2")}/keyring`,
            told: [
              `node2/ceph-monitor/node2: key of monitor node2 is another one in ${monitor("node2")}/keyring`,
            ],
            restarts: ["node2 ceph-mon@node2"],
            claims: quorum,
          },
        ],
      },
      {
        artifact: "unit ceph-mon@{monitor}.service",
        fields: ["name"],
        rows: [
          {
            by: "is stopped",
            host: "node3",
            script: "systemctl stop ceph-mon@node3",
            told: ["node3/ceph-monitor/node3: unit ceph-mon@node3.service is inactive"],
            restarts: ["node3 ceph-mon@node3"],
            claims: quorum,
          },
          {
            by: "is disabled: it is enabled, and goes on running",
            host: "node2",
            script: "systemctl disable ceph-mon@node2",
            told: ["node2/ceph-monitor/node2: unit ceph-mon@node2.service is disabled, not enabled"],
          },
          {
            by: "is changed with systemctl edit",
            host: "node1",
            script: dropIn("ceph-mon@node1.service"),
            told: [
              "node1/ceph-monitor/node1: unit ceph-mon@node1.service is changed by /etc/systemd/system/ceph-mon@node1.service.d/override.conf",
            ],
            restarts: ["node1 ceph-mon@node1"],
            claims: quorum,
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      monitors: "stands in the map that the store was made from, and a change of it is refused",
      [runtime]: inMemory,
    },
  },
  {
    type: "torocloud:ceph:Manager",
    watched: [
      {
        artifact: "directory /var/lib/ceph/mgr/ceph-{manager}",
        fields: ["name"],
        rows: [
          {
            by: "gets another mode",
            host: "node1",
            script: `chmod 755 ${daemonDirectory("mgr", "node1")}`,
            told: [
              `node1/ceph-manager/node1: directory ${daemonDirectory("mgr", "node1")} has mode 755, not 750`,
            ],
          },
        ],
      },
      {
        artifact: "key mgr.{manager}",
        fields: ["name"],
        rows: [
          {
            by: "is given other rights",
            host: "node1",
            script: "ceph auth caps mgr.node1 mon 'allow profile mgr' osd 'allow *' mds 'allow r'",
            told: [
              'node1/ceph-manager/node1: key mgr.node1 may "mds: allow r; mon: allow profile mgr; osd: allow *", not "mds: allow *; mon: allow profile mgr; osd: allow *"',
            ],
          },
          {
            by: "is deleted on the host",
            host: "node2",
            script: `rm ${daemonDirectory("mgr", "node2")}/keyring`,
            told: ["node2/ceph-manager/node2: key mgr.node2 is missing"],
            restarts: ["node2 ceph-mgr@node2"],
            claims: standby,
          },
        ],
      },
      {
        artifact: "unit ceph-mgr@{manager}.service",
        fields: ["name"],
        rows: [
          {
            by: "is masked: it goes on running",
            host: "node1",
            script: "systemctl mask ceph-mgr@node1",
            told: ["node1/ceph-manager/node1: unit ceph-mgr@node1.service is masked, not enabled"],
          },
          {
            by: "fails",
            host: "node2",
            script: `chmod a-x /usr/bin/ceph-mgr
for try in 1 2 3 4 5 6 7 8; do systemctl restart ceph-mgr@node2 2>/dev/null || :; done
chmod a+x /usr/bin/ceph-mgr; systemctl is-failed ceph-mgr@node2`,
            told: ["node2/ceph-manager/node2: unit ceph-mgr@node2.service is failed"],
            restarts: ["node2 ceph-mgr@node2"],
            claims: standby,
          },
        ],
      },
    ],
    unseen: { host: identity, [runtime]: inMemory },
  },
  {
    type: "torocloud:ceph:MetadataServer",
    watched: [
      {
        artifact: "directory /var/lib/ceph/mds/ceph-{server}",
        fields: ["name"],
        rows: [
          {
            by: "gets another owner",
            host: "node2",
            script: `chown root ${daemonDirectory("mds", "node2")}`,
            told: [
              `node2/ceph-metadata-server/node2: directory ${daemonDirectory("mds", "node2")} belongs to root:ceph, not ceph:ceph`,
            ],
          },
        ],
      },
      {
        artifact: "key mds.{server}",
        fields: ["name"],
        rows: [
          {
            by: "can be read by everybody",
            host: "node1",
            script: `chmod 644 ${daemonDirectory("mds", "node1")}/keyring`,
            told: [
              `node1/ceph-metadata-server/node1: key mds.node1 has mode 644, not 600, in ${daemonDirectory("mds", "node1")}/keyring`,
            ],
          },
        ],
      },
      {
        artifact: "unit ceph-mds@{server}.service",
        fields: ["name"],
        rows: [
          {
            by: "is stopped and masked",
            host: "node2",
            script: `systemctl mask --now ceph-mds@node2; ${takenOverBy("node1")}`,
            told: [
              "node2/ceph-metadata-server/node2: unit ceph-mds@node2.service is … and is masked, not enabled",
            ],
            restarts: ["node2 ceph-mds@node2"],
            claims: metadata,
          },
          {
            by: "is stopped and disabled",
            host: "node1",
            script: `systemctl disable --now ceph-mds@node1; ${takenOverBy("node2")}`,
            told: [
              "node1/ceph-metadata-server/node1: unit ceph-mds@node1.service is neither active nor enabled",
            ],
            restarts: ["node1 ceph-mds@node1"],
            claims: metadata,
          },
        ],
      },
    ],
    unseen: { host: identity, [runtime]: inMemory },
  },
];
