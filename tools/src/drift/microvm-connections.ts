import { all } from "./rounds.ts";
import { dropIn, identity, units, web, type DriftTable } from "./row.ts";

/** What connects guests. */
export const microvmConnectionTables: readonly DriftTable[] = [
  {
    type: "torocloud:microvm:Share",
    watched: [
      {
        artifact: "file /etc/systemd/system/torocloud-share-{share}.service",
        fields: ["name", "source", "readOnly", "cache", "mountUnit"],
        rows: [
          {
            by: "is edited",
            host: "host1",
            script: `echo '# by hand' >>${units}/torocloud-share-web-0.service`,
            told: [`host1/share/web-0: file ${units}/torocloud-share-web-0.service has other content`],
            restarts: web[0],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/torocloud-share-{share}.socket",
        fields: ["name"],
        rows: [
          {
            by: "gets another mode: nothing restarts",
            host: "host2",
            script: `chmod 664 ${units}/torocloud-share-web-1.socket`,
            told: [`host2/share/web-1: file ${units}/torocloud-share-web-1.socket has mode 664, not 644`],
          },
        ],
      },
      {
        artifact: "unit torocloud-share-{share}.service",
        fields: ["name"],
        rows: [
          {
            by: "is changed with systemctl edit",
            host: "host1",
            script: dropIn("torocloud-share-web-2.service"),
            told: [
              `host1/share/web-2: unit torocloud-share-web-2.service is changed by ${units}/torocloud-share-web-2.service.d/override.conf`,
            ],
            restarts: web[2],
          },
        ],
      },
      {
        artifact: "unit torocloud-share-{share}.socket",
        fields: ["name"],
        rows: [
          {
            by: "is stopped, and its guest with it",
            host: "host2",
            script: "systemctl stop torocloud-share-web-1.socket",
            told: [
              "host2/share/web-1: unit torocloud-share-web-1.socket is inactive",
              "host2/share/web-1: socket /run/torocloud-share-web-1.sock is missing",
              "host2/guest/web-1: unit torocloud-guest-web-1.service is inactive",
            ],
            restarts: web[1],
            claims: web[1],
          },
        ],
      },
      {
        artifact: "socket /run/torocloud-share-{share}.sock",
        fields: ["name"],
        rows: [
          {
            by: "is deleted",
            host: "host1",
            script: "rm /run/torocloud-share-web-0.sock",
            told: ["host1/share/web-0: socket /run/torocloud-share-web-0.sock is missing"],
            restarts: web[0],
            // The share's update starts it, and waits for no image.
            claims: [...web[0], "host1 starts a guest"],
          },
          {
            by: "is opened to everybody: nothing restarts",
            host: "host1",
            script: "chmod 666 /run/torocloud-share-web-2.sock",
            told: [
              "host1/share/web-2: socket /run/torocloud-share-web-2.sock is 666 torocloud:torocloud, not 600 torocloud:torocloud",
            ],
          },
        ],
      },
      {
        artifact: "virtiofsd of share {share}",
        fields: ["name"],
        rows: [
          {
            by: "serves a directory that is deleted",
            host: "host1",
            script: "rm -rf /srv/torocloud/shares/web",
            told: [
              "host1/shared-files/web: files in /srv/torocloud/shares/web are missing",
              ...[
                ["host1", "web-0"],
                ["host2", "web-1"],
                ["host1", "web-2"],
              ].map(
                ([host = "", share = ""]) =>
                  `${host}/share/${share}: virtiofsd of share ${share} serves a directory that is no longer there`,
              ),
            ],
            restarts: [...web[0], ...web[1], ...web[2]],
            claims: [all],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      storage: "only says where its source must lie",
      "whether virtiofsd runs": "is its guest's to say: it comes and goes with its guest's connection",
    },
  },
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
