import { onEveryHost } from "../cloud/support/hosts.ts";
import type { Workspace } from "../cloud/support/workspace.ts";

/** What is on a host: lines of "section what". */
export type Sections = ReadonlyMap<string, readonly string[]>;

const script = String.raw`
section() { sed "s/^/$1 /"; }
what() { sed -n 's/.*"owner":"\([^"]*\)".*"state":"\([a-z]*\)".*/\2 \1/p'; }
for marker in /etc/torocloud/*/*.json $(timeout 30 find /srv/torocloud/.torocloud -name '*.json' 2>/dev/null); do
  [ -e "$marker" ] || continue
  echo "$marker $(what <"$marker")"
done | section marker
if [ -e /etc/ceph/ceph.client.admin.keyring ]; then
  for key in $(timeout 30 ceph config-key ls 2>/dev/null | sed -n 's,.*"\(torocloud/[^"]*\)".*,\1,p'); do
    echo "$key $(timeout 30 ceph config-key get "$key" 2>/dev/null | what)"
  done | section marker
fi
systemctl list-units --all --plain --no-legend --no-pager 'torocloud-*' 'ceph-*@*' |
  awk '$1 !~ /[.]slice$/ { print $1, $3 }' | section unit
systemctl list-units --all --plain --no-legend --no-pager 'torocloud-*.slice' | awk '{ print $1 }' | section slice
find /etc/systemd/system /run/systemd/system -type f \( -name 'torocloud-*' -o -name torocloud.conf \) | section unit-file
systemctl list-jobs --no-legend --no-pager | section job
ps -eo pid=,ppid=,comm=,args= | awk '
  { parent[$1] = $2; name = $3; if ($4 ~ /qemu-system/) name = "qemu-system-x86_64"; if ($4 ~ /vhost-device-vsock/) name = "vhost-device-vsock"; program[$1] = name }
  $4 == "python3" && $5 == "-ISE" && $6 == "-c" { print "program", $1 }
  END { for (pid in program) if (program[pid] ~ /^(ceph-(mon|mgr|mds|osd|fuse)|virtiofsd|qemu-system-x86_64|vhost-device-vsock)$/ &&
    program[parent[pid]] != program[pid]) print "process", program[pid] }'
find /etc /var/lib /usr/local /run -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /run/systemd -o -path /run/udev \) -prune -o \
  \( -name '*torocloud-new*' -o -path '/var/lib/torocloud/*' -type f \) -print | section file
ls -d /run/torocloud* 2>/dev/null | section run
[ -d /srv/torocloud ] && timeout 30 find /srv/torocloud -maxdepth 4 -name '*torocloud*new*' | section file
findmnt -rno TARGET | grep torocloud | section mount
getent passwd | grep ^torocloud: | cut -d: -f1 | section user
dpkg --audit | section dpkg
for store in /var/lib/ceph/mon/* /var/lib/ceph/osd/* /var/lib/ceph/mgr/* /var/lib/ceph/mds/*; do
  [ ! -e "$store" ] || echo "$store" | section store
done
:
`;

/** Looks at every host; this look itself is one script. */
export async function inspectHosts(workspace: Workspace): Promise<ReadonlyMap<string, Sections>> {
  const answers = await onEveryHost(workspace, script);
  return new Map([...answers].map(([host, text]) => [host, sectionsOf(text)]));
}

function sectionsOf(text: string): Sections {
  const sections = new Map<string, string[]>();
  for (const line of text.split("\n").filter(Boolean)) {
    const [section = "", ...words] = line.split(" ");
    sections.set(section, [...(sections.get(section) ?? []), words.join(" ")]);
  }
  return sections;
}
