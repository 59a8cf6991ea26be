import { expect, it } from "vitest";
import { foreignThings } from "../support/foreign.ts";
import { onHost } from "../support/hosts.ts";
import { differences, listHosts, newPackages, unexplained, type Allowance } from "../support/listing.ts";
import { chapter, type Suite } from "../support/suite.ts";

/** What Debian's packages leave beside the files that they own, and systemd with them. Nothing of ours is on this list. */
const allowances: readonly Allowance[] = [
  {
    because: "a package owns it",
    covers: (line, { paths }) => line.includes(" files: ") && paths.has(line.split(" ").at(-1) ?? ""),
  },
  {
    because: "a package's unit, enabled by the package: a symbolic link to a file that a package owns",
    covers: (line, { paths }) => line.includes("files: l ") && paths.has(line.split(" ").at(-2) ?? ""),
  },
  {
    because: "a package's unit, known to systemd now",
    covers: (line, { paths }) =>
      paths.has(`/usr/lib/systemd/system/${/units?(?:-files)?: (\S+)/.exec(line)?.[1] ?? "?"}`),
  },
  {
    because: "where packages enable units",
    covers: /files: d 755 root:root {2}\/etc\/systemd\/system\/[\w.-]+\.wants$/,
  },
  {
    because: "packages' init scripts",
    covers: /files: l 777 root:root \.\.\/init\.d\/\w+ \/etc\/rc\d\.d\/[KS]\d\d\w+$/,
  },
  { because: "packages' users and groups", covers: /(users|groups): (ceph|uuidd|rdma):/ },
  {
    because: "files that list users; their lines are compared as users and groups",
    covers: / \/etc\/((passwd|group|shadow|gshadow)-?|sub[ug]id-)$/,
  },
  {
    because: "systemd's, for what a person set with `systemctl set-property`",
    covers: /files: d 755 root:root {2}\/etc\/systemd\/system\.control$/,
  },
  {
    because: "logs of Debian's tools and of Ceph's daemons",
    covers: / \/var\/log\/(apt\/|dpkg\.log$|alternatives\.log$|ceph\/)/,
  },
  {
    because: "made by packages' installation scripts",
    covers:
      / \/(etc\/(ld\.so\.cache|inputrc|networks|nvme\/host(id|nqn)|python3(\/debian_config)?)|var\/lib\/(libuuid|smartmontools\/drivedb\/drivedb\.h(\.raw)?))$/,
  },
  {
    because: "run directories and sockets of packages",
    covers:
      /run: (adduser|ceph|cryptsetup|dmeventd-(client|server)|lvm|uuidd)$|sockets: u_str \/run\/(lvm\/lvmpolld\.socket|uuidd\/request)$/,
  },
  { because: "names that packages' units mention", covers: /units: (?!torocloud)\S+ not-found inactive$/ },
  {
    because: "systemd's own units that packages' units want, and its slices for instances of Ceph's units",
    covers:
      /units: ((network-online|remote-fs-pre|time-set|time-sync)\.target|modprobe@\w+\.service|system-ceph\\x2d(mon|mgr|mds|osd)\.slice) loaded |unit-files: smartd\.service alias$/,
  },
];

/** The differences on every host that nothing allows. */
export async function leftovers({ workspace, baseline }: Suite): Promise<readonly string[]> {
  const now = await listHosts(workspace);
  const lines = workspace.hosts.map(async ({ name }) => {
    const packages = await newPackages(workspace, name, baseline.packages.get(name) ?? new Set());
    const changed = differences(baseline.listings.get(name) ?? new Set(), now.get(name) ?? new Set());
    return unexplained(changed, packages, allowances).map((line) => `${name} ${line}`);
  });
  return (await Promise.all(lines)).flat();
}

/** Step 10. */
export function destruction(suite: Suite): void {
  chapter("Destroying it with its data", suite, () => {
    it("ends well", async () => {
      await suite.cloud.must("destroy", { args: ["--skip-preview"] });
      expect(await suite.cloud.resources()).toEqual([]);
    });

    it("leaves each host as it was before, but for Debian's packages", async () => {
      expect(await leftovers(suite)).toEqual([]);
    });

    it("would not go unnoticed if it left something", async () => {
      const plant = [
        ["mkdir -p /etc/torocloud/guest", "+ files: d 755 root:root  /etc/torocloud"],
        ["install -D /dev/null /var/lib/torocloud/ceph/left.keyring", "/var/lib/torocloud/ceph/left.keyring"],
        [
          "printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/torocloud-guest-left.service",
          "torocloud-guest-left.service",
        ],
        ["useradd --system torocloud", "+ users: torocloud:"],
        ["mkdir -p /srv/torocloud", "/srv/torocloud"],
        ["echo '# left' >>/etc/default/ceph", "c /etc/default/ceph"],
      ];
      await onHost(suite.workspace, "host2", plant.map(([command]) => command).join("\n"));
      const found = (await leftovers(suite)).join("\n");
      await onHost(
        suite.workspace,
        "host2",
        `rm -r /etc/torocloud /var/lib/torocloud /srv/torocloud /etc/systemd/system/torocloud-guest-left.service
userdel torocloud; sed -i '$d' /etc/default/ceph; systemctl daemon-reload`,
      );
      for (const [, expected = "?"] of plant) expect(found).toContain(expected);
    });

    it("leaves what is somebody else's as it was, to the byte", async () => {
      expect(suite.baseline.foreign).toContain("ActiveState=active");
      expect(await foreignThings(suite.workspace)).toBe(suite.baseline.foreign);
    });
  });
}
