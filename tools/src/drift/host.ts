import { identity, type DriftTable } from "./row.ts";

const hypervisorPackages = "packages ceph-common, ceph-fuse, python3, qemu-system-x86, virtiofsd";

export const hostTables: readonly DriftTable[] = [
  {
    type: "torocloud:host:Host",
    watched: [
      {
        artifact: "directory /etc/torocloud",
        rows: [
          {
            by: "gets another mode",
            host: "node3",
            script: "chmod 700 /etc/torocloud",
            told: ["node3/host/node3: directory /etc/torocloud has mode 700, not 755"],
          },
          {
            by: "gets another owner",
            host: "node2",
            script: "chown nobody /etc/torocloud",
            told: ["node2/host/node2: directory /etc/torocloud belongs to nobody:root, not root:root"],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      "its facts: kernel, memory, processors, address":
        "are not declared; a refresh writes down what they are by then",
    },
  },
  {
    type: "torocloud:host:Packages",
    watched: [
      {
        artifact: "packages {names}",
        fields: ["packages"],
        rows: [
          {
            by: "loses one",
            host: "host2",
            script: "dpkg --remove --force-depends virtiofsd",
            told: [`host2/packages/qemu: ${hypervisorPackages} are not all installed: virtiofsd`],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      name: identity,
      "the version of a package": "is not declared: Debian's updates are the administrator's",
      "the files of a package": "are Debian's, and many; `dpkg --verify` compares them",
    },
  },
];
