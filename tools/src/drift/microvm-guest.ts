import { guestShares } from "./microvm-guest-shares.ts";
import { dropIn, identity, units, web, type DriftTable } from "./row.ts";

const slice = (guest: string): string => `torocloud-${guest.replaceAll("-", "\\x2d")}.slice`;
const unitFields = [
  "name",
  "kernel",
  "initramfs",
  "preset",
  "memoryMiB",
  "cpus",
  "cpuAffinity",
  "commandLine",
];

/** Guests. */
export const microvmGuestTables: readonly DriftTable[] = [
  {
    type: "torocloud:microvm:Guest",
    watched: [
      {
        artifact: "console log {console}",
        fields: ["name"],
        rows: [],
        because: "is written by the guest, and goes with it; who empties it harms nothing",
      },
      ...guestShares,
      {
        artifact: "unit torocloud-{guest}.slice",
        fields: ["name"],
        rows: [
          {
            by: "is changed with systemctl set-property: nothing restarts",
            host: "host1",
            script: `systemctl set-property '${slice("web-0")}' CPUWeight=50`,
            told: [
              `host1/guest/web-0: unit ${slice("web-0")} is changed by /etc/systemd/system.control/${slice("web-0")}.d/50-CPUWeight.conf`,
            ],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/torocloud-vsock-{guest}.service",
        fields: ["name", "vsock", "contextId"],
        rows: [
          {
            by: "is edited",
            host: "host1",
            script: `sed -i s/RestartSec=1/RestartSec=9/ ${units}/torocloud-vsock-web-2.service`,
            told: [`host1/guest/web-2: file ${units}/torocloud-vsock-web-2.service has other content`],
            restarts: web[2],
          },
        ],
      },
      {
        artifact: "unit torocloud-vsock-{guest}.service",
        fields: ["name", "vsock"],
        rows: [
          {
            by: "is changed with systemctl edit",
            host: "host2",
            script: dropIn("torocloud-vsock-web-1.service"),
            told: [
              `host2/guest/web-1: unit torocloud-vsock-web-1.service is changed by ${units}/torocloud-vsock-web-1.service.d/override.conf`,
            ],
            restarts: web[1],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/torocloud-guest-{guest}.service",
        fields: [...unitFields, "machineOptions", "shareNames", "accel", "vsock", "contextId", "mountUnit"],
        rows: [
          {
            by: "is edited, put to use, and the guest started with it",
            host: "host1",
            script: `sed -i 's/ -smp 1 / -smp 2 /' ${units}/torocloud-guest-web-0.service
systemctl daemon-reload; systemctl restart torocloud-guest-web-0.service`,
            told: [`host1/guest/web-0: file ${units}/torocloud-guest-web-0.service has other content`],
            restarts: web[0],
            claims: [...web[0], "host1 starts a guest"],
          },
          {
            by: "gets another mode: nothing restarts",
            host: "host1",
            script: `chmod 600 ${units}/torocloud-guest-web-0.service`,
            told: [`host1/guest/web-0: file ${units}/torocloud-guest-web-0.service has mode 600, not 644`],
          },
          {
            by: "lies elsewhere, a symbolic link leads to it",
            host: "host1",
            script: `mv ${units}/torocloud-guest-web-2.service /tmp; ln -s /tmp/torocloud-guest-web-2.service ${units}; systemctl daemon-reload`,
            told: [
              `host1/guest/web-2: file ${units}/torocloud-guest-web-2.service is a symbolic link to /tmp/torocloud-guest-web-2.service, not a file`,
            ],
            restarts: web[2],
          },
        ],
      },
      {
        artifact: "unit torocloud-guest-{guest}.service",
        fields: ["name"],
        rows: [
          {
            by: "is stopped",
            host: "host1",
            script: "systemctl stop torocloud-guest-web-0.service",
            told: ["host1/guest/web-0: unit torocloud-guest-web-0.service is inactive"],
            restarts: web[0],
            claims: web[0],
          },
          {
            by: "is disabled: it is enabled, and goes on running",
            host: "host2",
            script: "systemctl disable torocloud-guest-web-1.service",
            told: ["host2/guest/web-1: unit torocloud-guest-web-1.service is disabled, not enabled"],
          },
          {
            by: "is changed with systemctl edit",
            host: "host1",
            script: dropIn("torocloud-guest-web-2.service", "[Service]\\nMemoryMax=1G\\n"),
            told: [
              `host1/guest/web-2: unit torocloud-guest-web-2.service is changed by ${units}/torocloud-guest-web-2.service.d/override.conf`,
            ],
            restarts: web[2],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      turn: "only says which guests are not restarted at the same time; nothing on the host has it",
      ready:
        "only says how it is waited for after a change; a refresh looks at what is there, not whether it answers just now",
      unit: identity,
      console: "follows from the name",
      "whether virtiofsd runs": "is its guest's to say: it comes and goes with its guest's connection",
      "what QEMU was told through its control socket": "is in its memory until the guest restarts",
      "one of the unit's two links of enabling": "systemd calls it enabled while any is there",
      "a unit file that was changed, used for a restart, and put back":
        "the process has what it was started with until the next restart",
      "what the guest did inside": "is its own",
    },
  },
];
