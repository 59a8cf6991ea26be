import { onHost } from "./hosts.ts";
import type { Workspace } from "./workspace.ts";

/** Something that a person made by hand where a program wants something of ours. */
export interface HandMade {
  readonly title: string;
  readonly host: string;
  /** Shell that makes it. */
  readonly make: string;
  /** Shell that prints all there is to know of it. */
  readonly look: string;
  /** Shell that takes it away. */
  readonly remove: string;
  /** How it is refused. */
  readonly says: RegExp;
}

const whole = (path: string): string =>
  `find ${path} -printf '%p %y %m %U:%G %i %T@ %l\n' -type f -exec sha256sum {} +`;

const takesOver = "would take over what this stack did not make, and left it as it is: ";

function refused(host: string, label: string, found: string): RegExp {
  return new RegExp(`${host}: ${label} ${takesOver}.*${found}`);
}

/** The directory of our programs, made by somebody who keeps a program of theirs in it. */
export const closedDirectory = "a directory that is closed to others";

/** One of each kind of thing. */
export const handMade: readonly HandMade[] = [
  {
    title: "a TCP port, on which a program without a unit listens",
    host: "host1",
    make: `cd /var/empty 2>/dev/null || cd /; setsid python3 -m http.server 9998 >/dev/null 2>&1 </dev/null &
for i in $(seq 100); do ss -Hltn 'sport = :9998' | grep -q . && break; sleep 0.1; done`,
    look: `ss -Hltnp 'sport = :9998'`,
    remove: `kill $(ss -Hltnp 'sport = :9998' | sed -n 's/.*pid=\\([0-9]*\\).*/\\1/p')`,
    says: refused(
      "host1",
      "port-forward 9998",
      String.raw`port 9998 of 0\.0\.0\.0 is taken by python3 \(pid \d+\)`,
    ),
  },
  {
    title: "a unit that runs",
    host: "host1",
    make: `printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >/etc/systemd/system/torocloud-forward-9997.service
systemctl daemon-reload; systemctl start torocloud-forward-9997.service`,
    look: `${whole("/etc/systemd/system/torocloud-forward-9997.service")}; systemctl show -p MainPID -p ActiveState -p UnitFileState torocloud-forward-9997.service`,
    remove: `systemctl stop torocloud-forward-9997.service; rm /etc/systemd/system/torocloud-forward-9997.service; systemctl daemon-reload`,
    says: refused(
      "host1",
      "port-forward 9997",
      String.raw`file /etc/systemd/system/torocloud-forward-9997\.service, unit torocloud-forward-9997\.service`,
    ),
  },
  {
    title: "a user",
    host: "node3",
    make: `useradd --create-home --shell /bin/bash --comment 'a person' torocloud; echo letter >/home/torocloud/letter`,
    look: `getent passwd torocloud; getent shadow torocloud; getent group torocloud; ${whole("/home/torocloud")}`,
    remove: `userdel torocloud; rm -rf /home/torocloud`,
    says: refused("node3", "hypervisor hypervisor", "user torocloud"),
  },
  {
    title: "a user that is as we would make it",
    host: "node2",
    make: `useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin torocloud`,
    look: `getent passwd torocloud; getent shadow torocloud; getent group torocloud`,
    remove: `userdel torocloud`,
    says: refused("node2", "hypervisor hypervisor", "user torocloud"),
  },
  {
    title: closedDirectory,
    host: "node2",
    make: `install -d -m 700 -o daemon -g daemon /usr/local/lib/torocloud; echo theirs >/usr/local/lib/torocloud/program`,
    look: whole("/usr/local/lib/torocloud"),
    remove: `rm -r /usr/local/lib/torocloud`,
    says: refused(
      "node2",
      "hypervisor hypervisor",
      "directory /usr/local/lib/torocloud has mode 700, not 755 and belongs to daemon:daemon, not root:root",
    ),
  },
  {
    title: "a key of the cluster",
    host: "node1",
    make: `ceph auth get-or-create client.theirs mon 'allow r' >/dev/null`,
    look: `ceph auth get client.theirs`,
    remove: `ceph auth rm client.theirs`,
    says: refused("node1", "ceph-client-key theirs", String.raw`key client\.theirs`),
  },
  {
    title: "a key of the cluster that may do nothing",
    host: "node1",
    make: `ceph auth get-or-create client.bare >/dev/null`,
    look: `ceph auth get client.bare`,
    remove: `ceph auth rm client.bare`,
    says: refused("node1", "ceph-client-key bare", String.raw`key client\.bare`),
  },
  {
    title: "a pool",
    host: "node1",
    make: `ceph osd pool create theirs_data 4 4 replicated --size 2 >/dev/null 2>&1
ceph osd pool set theirs_data pg_autoscale_mode off; ceph osd pool application enable theirs_data rbd >/dev/null
echo theirs | rados -p theirs_data put thing -`,
    look: `ceph osd pool get theirs_data all; ceph osd pool application get theirs_data; rados -p theirs_data get thing -`,
    remove: `ceph config set mon mon_allow_pool_delete true; ceph osd pool rm theirs_data theirs_data --yes-i-really-really-mean-it; ceph config rm mon mon_allow_pool_delete`,
    says: refused("node1", "ceph-file-system theirs", "pool theirs_data"),
  },
  {
    title: "a mount",
    host: "host1",
    make: `mkdir /srv/mounted; mount -t tmpfs -o size=1m theirs /srv/mounted; echo theirs >/srv/mounted/file`,
    look: `findmnt -rno TARGET,SOURCE,FSTYPE,OPTIONS /srv/mounted; ${whole("/srv/mounted")}`,
    remove: `umount /srv/mounted; rmdir /srv/mounted`,
    says: refused("host1", "ceph-mount mounted", "directory /srv/mounted has something mounted on it"),
  },
  {
    title: "a directory with files, where a mount would hide them",
    host: "host1",
    make: `install -d -m 700 -o daemon -g daemon /srv/full; echo theirs >/srv/full/file`,
    look: whole("/srv/full"),
    remove: `rm -r /srv/full`,
    says: refused("host1", "ceph-mount full", "directory /srv/full holds files, which a mount would hide"),
  },
  {
    title: "Ceph's configuration",
    host: "host2",
    make: `mkdir -p /etc/ceph; echo '# of another cluster' >/etc/ceph/ceph.conf; chmod 640 /etc/ceph/ceph.conf`,
    look: whole("/etc/ceph/ceph.conf"),
    remove: `rm /etc/ceph/ceph.conf`,
    says: refused("host2", "ceph-node ceph", String.raw`file /etc/ceph/ceph\.conf`),
  },
  {
    title: "a directory on the storage",
    host: "host1",
    make: `install -d -m 700 -o daemon -g daemon /srv/torocloud/shares/theirs; echo theirs >/srv/torocloud/shares/theirs/file`,
    look: whole("/srv/torocloud/shares/theirs"),
    remove: `rm -r /srv/torocloud/shares/theirs`,
    says: refused("host1", "shared-files theirs", "files in /srv/torocloud/shares/theirs"),
  },
];

/** What there is of each, by title. */
export async function lookAtAll(workspace: Workspace): Promise<Readonly<Record<string, string>>> {
  const looks = handMade.map(
    async ({ title, host, look }) => [title, await onHost(workspace, host, look)] as const,
  );
  return Object.fromEntries(await Promise.all(looks));
}
