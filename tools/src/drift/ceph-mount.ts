import { configuration, host2, mounted } from "./ceph-storage.ts";
import { identity, type DriftTable } from "./row.ts";

const unit = "torocloud-mount-storage.service";

/** Where the file system is mounted. */
export const cephMountTables: readonly DriftTable[] = [
  {
    type: "torocloud:ceph:Mount",
    watched: [
      {
        artifact: "directory /etc/torocloud/ceph-{mount}",
        fields: ["name"],
        rows: [
          {
            by: "can be entered by everybody: nothing restarts",
            host: "host1",
            script: `chmod 755 ${configuration}`,
            told: [`${mounted("host1")}: directory ${configuration} has mode 755, not 700`],
          },
        ],
      },
      {
        artifact: "file /etc/torocloud/ceph-{mount}/ceph.conf",
        fields: ["name", "fsid", "monitors"],
        rows: [
          {
            by: "is edited",
            host: "host2",
            script: `echo 'debug_client = 1' >>${configuration}/ceph.conf`,
            told: [`${mounted("host2")}: file ${configuration}/ceph.conf has other content`],
            restarts: host2,
          },
        ],
      },
      {
        artifact: "file /etc/torocloud/ceph-{mount}/keyring",
        fields: ["name", "user", "client"],
        rows: [
          {
            by: "can be read by everybody: nothing restarts",
            host: "host1",
            script: `chmod 644 ${configuration}/keyring`,
            told: [`${mounted("host1")}: file ${configuration}/keyring has mode 644, not 600`],
          },
        ],
      },
      {
        artifact: "file /etc/torocloud/ceph-{mount}/secret",
        fields: ["name", "client"],
        rows: [],
        because:
          "is there only where the kernel's client mounts, which the lab's hosts do not have; it is looked at as the keyring is",
      },
      {
        artifact: "file /etc/systemd/system/torocloud-mount-{mount}.service",
        fields: ["name", "fsid", "monitors", "user", "fileSystem", "path", "mountPoint", "client"],
        rows: [
          {
            by: "gets another mode: nothing restarts",
            host: "host2",
            script: `chmod 600 /etc/systemd/system/${unit}`,
            told: [`${mounted("host2")}: file /etc/systemd/system/${unit} has mode 600, not 644`],
          },
        ],
      },
      {
        artifact: "directory /etc/systemd/system/torocloud-mount-{mount}.service.d",
        fields: ["name"],
        rows: [
          {
            by: "is closed to others: nothing restarts",
            host: "host1",
            script: `chmod 700 /etc/systemd/system/${unit}.d`,
            told: [`${mounted("host1")}: directory /etc/systemd/system/${unit}.d has mode 700, not 755`],
          },
        ],
      },
      {
        artifact: "file /etc/systemd/system/torocloud-mount-{mount}.service.d/torocloud.conf",
        fields: ["name", "mountPoint", "client"],
        rows: [
          {
            by: "is edited: nothing restarts",
            host: "host2",
            script: `echo '# by hand' >>/etc/systemd/system/${unit}.d/torocloud.conf`,
            told: [
              `${mounted("host2")}: file /etc/systemd/system/${unit}.d/torocloud.conf has other content`,
            ],
          },
        ],
      },
      {
        artifact: "directory {mount point}",
        fields: ["mountPoint"],
        rows: [],
        because: "cannot go while something is mounted on it",
      },
      {
        artifact: "unit torocloud-mount-{mount}.service",
        fields: ["name"],
        rows: [
          {
            by: "is stopped, and its guest with it",
            host: "host2",
            script: `systemctl stop ${unit}`,
            told: [
              `${mounted("host2")}: unit ${unit} is inactive`,
              `${mounted("host2")}: mount /srv/torocloud is not mounted`,
              "host2/guest/web-1: unit torocloud-guest-web-1.service is inactive",
            ],
            restarts: host2,
            claims: host2,
          },
        ],
      },
      {
        artifact: "mount {mount point}",
        fields: ["mountPoint", "client"],
        rows: [
          {
            by: "is covered by another one",
            host: "host2",
            script: "mount -t tmpfs none /srv/torocloud",
            told: [
              `${mounted("host2")}: mount /srv/torocloud is covered by a mount of tmpfs`,
              "host2/guest/web-1: virtiofsd of share web-1.site serves a directory that is no longer there",
            ],
          },
          {
            by: "becomes read-only",
            host: "host2",
            script: "mount -o remount,bind,ro /srv/torocloud",
            told: [`${mounted("host2")}: mount /srv/torocloud is mounted read-only`],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      unit: identity,
      keysFrom: "says only whom the key is fetched from; the key itself is compared",
    },
  },
];
