import { identity, type DriftTable } from "./row.ts";

const programs = "/usr/local/lib/torocloud";
const hypervisor = (host: string): string => `${host}/hypervisor/hypervisor`;
const image = "image/web-…: files in /srv/torocloud/images/web-…";
const files = "shared-files/web: files in /srv/torocloud/shares/web";
const site = "/srv/torocloud/shares/web";

/** What guests share: their host's programs, images and files. */
export const microvmHostTables: readonly DriftTable[] = [
  {
    type: "torocloud:microvm:Hypervisor",
    watched: [
      {
        artifact: "user torocloud",
        rows: [
          {
            by: "gets a shell and a group",
            host: "host1",
            script: "usermod --shell /bin/bash --append --groups disk torocloud",
            told: [
              `${hypervisor("host1")}: user torocloud has the shell /bin/bash, not /usr/sbin/nologin and is in the groups disk too`,
            ],
          },
          {
            by: "gets a password",
            host: "host2",
            script: "echo torocloud:by-hand | chpasswd",
            told: [`${hypervisor("host2")}: user torocloud can log in with a password`],
          },
          {
            by: "is deleted, while processes run as it",
            host: "host2",
            script: "userdel --force torocloud 2>/dev/null || :",
            told: [
              `${hypervisor("host2")}: user torocloud is missing`,
              `${hypervisor("host2")}: directory /var/log/torocloud belongs to …, not torocloud:torocloud`,
              "host2/guest/web-1: socket /run/torocloud-share-web-1.site.sock is 600 …, not 600 torocloud:torocloud",
            ],
          },
        ],
      },
      {
        artifact: "unit torocloud.slice",
        rows: [
          {
            by: "is changed with systemctl set-property",
            host: "host1",
            script: "systemctl set-property torocloud.slice CPUWeight=50",
            told: [
              `${hypervisor("host1")}: unit torocloud.slice is changed by /etc/systemd/system.control/torocloud.slice.d/50-CPUWeight.conf`,
            ],
          },
        ],
      },
      {
        artifact: "directory /usr/local/lib/torocloud",
        rows: [
          {
            by: "can be written by everybody",
            host: "host2",
            script: `chmod 777 ${programs}`,
            told: [`${hypervisor("host2")}: directory ${programs} has mode 777, not 755`],
          },
        ],
      },
      {
        artifact: "directory /var/log/torocloud",
        rows: [
          {
            by: "is removed, with the consoles in it",
            host: "host1",
            script: "rm -r /var/log/torocloud",
            told: [`${hypervisor("host1")}: directory /var/log/torocloud is missing`],
            claims: ["host1 starts a guest"],
          },
        ],
      },
      {
        artifact: "file /usr/local/lib/torocloud/forward.py",
        rows: [
          {
            by: "is edited",
            host: "host1",
            script: `echo '# by hand' >>${programs}/forward.py`,
            told: [`${hypervisor("host1")}: file ${programs}/forward.py has other content`],
          },
        ],
      },
      {
        artifact: "file /usr/local/lib/torocloud/clock.env",
        rows: [
          {
            by: "is emptied",
            host: "host2",
            script: `: >${programs}/clock.env`,
            told: [
              `${hypervisor("host2")}: file ${programs}/clock.env is 644 root:root, not 644 root:root TOROCLOUD_TSC_KHZ`,
            ],
          },
        ],
      },
      {
        artifact: "program /usr/local/lib/torocloud/vhost-device-vsock",
        fields: ["vsock", "vhostDeviceVsock", "vhostDeviceVsockDigest"],
        rows: [
          {
            by: "is replaced",
            host: "host2",
            script: `cp /bin/true ${programs}/new; mv ${programs}/new ${programs}/vhost-device-vsock`,
            told: [`${hypervisor("host2")}: program ${programs}/vhost-device-vsock has other content`],
          },
        ],
      },
    ],
    unseen: {
      host: identity,
      accel:
        "decides what a trial on the host is asked; what it found is an output, which a refresh writes down",
      "the frequency in clock.env": "is measured on the host: any number is taken",
      "programs that still run after theirs was replaced":
        "have it in memory; they take the right one when they start next",
    },
  },
  {
    type: "torocloud:microvm:Image",
    watched: [
      {
        artifact: "files in {storage}/images/{image}",
        fields: ["name", "storage", "kernel", "initramfs", "digest"],
        rows: [
          {
            by: "are altered",
            host: "host1",
            script: "for kernel in /srv/torocloud/images/web-*/kernel; do echo by-hand >>$kernel; done",
            told: [`${image} were changed on the host: "kernel"`],
          },
          {
            by: "are removed, in part",
            host: "host1",
            script: "rm /srv/torocloud/images/web-*/initramfs",
            told: [`${image} were changed on the host: "initramfs"`],
            claims: ["host1 starts a guest"],
          },
        ],
      },
    ],
    unseen: {
      hosts: "says only through which host they are uploaded; all see the same",
      kernelPath: "follows from name and content",
      initramfsPath: "follows from name and content",
      "the mode of folders": "is not looked at; that of files is",
    },
  },
  {
    type: "torocloud:microvm:SharedFiles",
    watched: [
      {
        artifact: "files in {storage}/shares/{name}",
        fields: ["name", "storage", "folder", "digest", "path"],
        rows: [
          {
            by: "are altered, and get another mode and owner",
            host: "host1",
            script: `echo defaced >${site}/second.html; chmod 600 ${site}/index.html; chown nobody ${site}/index.html`,
            told: [`${files} were changed on the host: "index.html", "second.html"`],
          },
          {
            by: "are removed, in part",
            host: "host1",
            script: `rm ${site}/second.html`,
            told: [`${files} were changed on the host: "second.html"`],
          },
          {
            by: "lose the list of what came from here",
            host: "host1",
            script: "rm /srv/torocloud/shares/.torocloud/web.json",
            told: [`${files} hold what did not come from here`],
          },
        ],
      },
    ],
    unseen: {
      hosts: "says only through which host they are uploaded; all see the same",
      "files added by guests or by hand": "are theirs, and left alone",
      "the mode of folders": "is not looked at; that of files is",
    },
  },
  {
    type: "torocloud:microvm:Share",
    watched: [
      {
        artifact: "directory {source}",
        fields: ["source", "ids"],
        rows: [],
        because:
          "is told as missing together with what lay in it; it is made anew, empty, and nobody's files come back",
      },
      {
        artifact: "quota of {source}",
        fields: ["source", "quotaMiB"],
        rows: [],
        because:
          "is another one where somebody set it by hand, which is told, and it is set again; the example cloud has none",
      },
    ],
    unseen: {
      hosts: "says only through which host it is managed; all see the same",
      name: identity,
      storage: "only says where its source must lie",
      readOnly: "is its guests' to say, whose virtiofsds serve it so",
      cache: "is its guests' to say, whose virtiofsds serve it so",
      policy: "follows from the others",
    },
  },
];
