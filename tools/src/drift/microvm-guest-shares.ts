import { all } from "./rounds.ts";
import { dropIn, units, web, type Watched } from "./row.ts";

/** What serves its shares to a guest. */
export const guestShares: readonly Watched[] = [
  {
    artifact: "file /etc/systemd/system/torocloud-share-{guest}.{tag}.service",
    fields: ["name", "shares", "shareNames", "mountUnit"],
    rows: [
      {
        by: "is edited",
        host: "host1",
        script: `echo '# by hand' >>${units}/torocloud-share-web-0.site.service`,
        told: [`host1/guest/web-0: file ${units}/torocloud-share-web-0.site.service has other content`],
        restarts: web[0],
      },
    ],
  },
  {
    artifact: "file /etc/systemd/system/torocloud-share-{guest}.{tag}.socket",
    fields: ["name", "shareNames"],
    rows: [
      {
        by: "gets another mode: nothing restarts",
        host: "host2",
        script: `chmod 664 ${units}/torocloud-share-web-1.site.socket`,
        told: [`host2/guest/web-1: file ${units}/torocloud-share-web-1.site.socket has mode 664, not 644`],
      },
    ],
  },
  {
    artifact: "unit torocloud-share-{guest}.{tag}.service",
    fields: ["name", "shareNames"],
    rows: [
      {
        by: "is changed with systemctl edit",
        host: "host1",
        script: dropIn("torocloud-share-web-2.site.service"),
        told: [
          `host1/guest/web-2: unit torocloud-share-web-2.site.service is changed by ${units}/torocloud-share-web-2.site.service.d/override.conf`,
        ],
        restarts: web[2],
      },
    ],
  },
  {
    artifact: "unit torocloud-share-{guest}.{tag}.socket",
    fields: ["name", "shareNames"],
    rows: [
      {
        by: "is stopped, and its guest with it",
        host: "host2",
        script: "systemctl stop torocloud-share-web-1.site.socket",
        told: [
          "host2/guest/web-1: unit torocloud-share-web-1.site.socket is inactive",
          "host2/guest/web-1: socket /run/torocloud-share-web-1.site.sock is missing",
          "host2/guest/web-1: unit torocloud-guest-web-1.service is inactive",
        ],
        restarts: web[1],
        claims: web[1],
      },
    ],
  },
  {
    artifact: "socket /run/torocloud-share-{guest}.{tag}.sock",
    fields: ["name", "shareNames"],
    rows: [
      {
        by: "is deleted",
        host: "host1",
        script: "rm /run/torocloud-share-web-0.site.sock",
        told: ["host1/guest/web-0: socket /run/torocloud-share-web-0.site.sock is missing"],
        restarts: web[0],
        claims: [...web[0], "host1 starts a guest"],
      },
      {
        by: "is opened to everybody: nothing restarts",
        host: "host1",
        script: "chmod 666 /run/torocloud-share-web-2.site.sock",
        told: [
          "host1/guest/web-2: socket /run/torocloud-share-web-2.site.sock is 666 torocloud:torocloud, not 600 torocloud:torocloud",
        ],
      },
    ],
  },
  {
    artifact: "virtiofsd of share {guest}.{tag}",
    fields: ["name", "shareNames"],
    rows: [
      {
        by: "serves a directory that is deleted",
        host: "host1",
        script: "rm -rf /srv/torocloud/shares/web",
        told: [
          "shared-files/web: files in /srv/torocloud/shares/web are missing",
          "share/web: directory /srv/torocloud/shares/web is missing",
          ...[
            ["host1", "web-0"],
            ["host2", "web-1"],
            ["host1", "web-2"],
          ].map(
            ([host = "", guest = ""]) =>
              `${host}/guest/${guest}: virtiofsd of share ${guest}.site serves a directory that is no longer there`,
          ),
        ],
        restarts: [...web[0], ...web[1], ...web[2]],
        claims: [all],
      },
    ],
  },
];
