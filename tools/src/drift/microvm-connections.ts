import { identity, units, type DriftTable } from "./row.ts";

/** What connects guests with the world. */
export const microvmConnectionTables: readonly DriftTable[] = [
  {
    type: "torocloud:microvm:PortForward",
    watched: [
      {
        artifact: "port {port} of {address} to be free",
        fields: ["listenPort", "listenAddress"],
        rows: [],
        because: "is asked for only while our socket is not there: then nobody else may listen",
      },
      {
        artifact: "file /etc/systemd/system/torocloud-forward-{port}.service",
        fields: ["listenPort", "guest", "guestPort", "vsock", "contextId"],
        rows: [
          {
            by: "is edited, and systemd not told",
            host: "host2",
            script: `echo '# by hand' >>${units}/torocloud-forward-8090.service`,
            told: [
              `host2/port-forward/8090: file ${units}/torocloud-forward-8090.service has other content`,
              "host2/port-forward/8090: unit torocloud-forward-8090.service runs with an older unit file than the one on disk",
            ],
            restarts: ["host2 torocloud-forward-8090"],
          },
          {
            by: "is masked the hard way",
            host: "host1",
            script: `ln -sf /dev/null ${units}/torocloud-forward-8091.service; systemctl daemon-reload`,
            told: [
              `host1/port-forward/8091: file ${units}/torocloud-forward-8091.service is a symbolic link to /dev/null, not a file`,
              "host1/port-forward/8091: unit torocloud-forward-8091.service is masked, not enabled",
            ],
            restarts: ["host1 torocloud-forward-8091"],
            claims: ["host1 8091"],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/torocloud-forward-{port}.socket",
        fields: ["listenPort", "listenAddress", "guest"],
        rows: [
          {
            by: "is edited, and systemd told",
            host: "host1",
            script: `sed -i s/Backlog=4096/Backlog=1/ ${units}/torocloud-forward-8090.socket; systemctl daemon-reload`,
            told: [`host1/port-forward/8090: file ${units}/torocloud-forward-8090.socket has other content`],
            restarts: ["host1 torocloud-forward-8090"],
          },
        ],
      },
      {
        artifact: "unit torocloud-forward-{port}.socket",
        fields: ["listenPort"],
        rows: [
          {
            by: "is stopped, and its service with it",
            host: "host1",
            script: "systemctl stop torocloud-forward-8091.socket",
            told: [
              "host1/port-forward/8091: unit torocloud-forward-8091.socket is inactive",
              "host1/port-forward/8091: unit torocloud-forward-8091.service is inactive",
            ],
            restarts: ["host1 torocloud-forward-8091"],
            claims: ["host1 8091"],
          },
        ],
      },
      {
        artifact: "unit torocloud-forward-{port}.service",
        fields: ["listenPort"],
        rows: [
          {
            by: "is killed: it comes back by itself, and there is nothing to tell",
            host: "host1",
            script: "systemctl kill --signal KILL torocloud-forward-8091.service",
            told: [],
            restarts: ["host1 torocloud-forward-8091"],
            claims: ["host1 8091"],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      "a mask until the next boot (mask --runtime)": "has no effect on a unit in /etc",
      "connections that it carries": "are its own",
    },
  },
];
