import { onEveryHost, onHost } from "./hosts.ts";
import type { Workspace } from "./workspace.ts";

/** What is on a host: lines of "section: what", such as "files: f 644 root:root <sha256> /etc/hosts". */
export type Listing = ReadonlySet<string>;

/** Names of units, without what runs for a moment: logins, timers' work, devices. */
const script = String.raw`
section() { sed "s/^/$1: /"; }
systemctl list-units --all --plain --no-legend --no-pager | awk '{ print $1, $2, $3 }' |
  grep -vE '^(session-|user@|user-runtime-dir@|user-|run-user-|dev-|sys-|apt-daily|man-db|systemd-tmpfiles-clean|e2scrub|fstrim|dpkg-db-backup|logrotate)' | section units
systemctl list-unit-files --plain --no-legend --no-pager | awk '{ print $1, $2 }' | section unit-files
findmnt -rno TARGET,SOURCE,FSTYPE | grep -vE '^/run/(user|credentials)' | section mounts
getent passwd | section users
getent group | section groups
ss -Hlntux | awk '{ print $1, $5 }' | grep -vE '/run/(user|systemd|dbus)|^u_(str|dgr|seq) \*' | section sockets
{ nft list ruleset 2>/dev/null || :; iptables-save 2>/dev/null || :; } | section rules
ip -o addr show | awk '{ print $2, $4 }' | section addresses
ls -A1 /run | section run
systemctl show --property=DefaultEnvironment | section manager
dpkg --verify | grep '^..5' | section altered
find /etc /var/lib /var/log /var/spool /usr/local /srv /opt /root /home -xdev \
  \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd -o -path /var/log/journal \) -prune -o \
  \( -type f -size -16M -printf 'f %m %u:%g ' -exec sh -c 'printf "%s %s\n" "$(sha256sum <"$1" | cut -c1-64)" "$1"' sh {} \; \) -o \
  \( -type f -printf 'f %m %u:%g %s bytes %p\n' \) -o \
  -printf '%y %m %u:%g %l %p\n' | section files
`;

/** Looks at every host. */
export async function listHosts(workspace: Workspace): Promise<ReadonlyMap<string, Listing>> {
  const answers = await onEveryHost(workspace, script);
  return new Map([...answers].map(([host, text]) => [host, new Set(text.split("\n").filter(Boolean))]));
}

/** Lines that only one of two listings has: "+ units: torocloud.slice loaded active", sorted by what they are about. */
export function differences(before: Listing, after: Listing): readonly string[] {
  const added = [...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`);
  const removed = [...before].filter((line) => !after.has(line)).map((line) => `- ${line}`);
  return [...added, ...removed].sort((one, other) => one.slice(2).localeCompare(other.slice(2)));
}

/** What the packages that a host got since then own. */
export interface NewPackages {
  readonly paths: ReadonlySet<string>;
}

/** The names of a host's packages. */
export async function packagesOf(workspace: Workspace, host: string): Promise<ReadonlySet<string>> {
  const text = await onHost(workspace, host, "dpkg-query -W -f '${Package}\\n'");
  return new Set(text.split("\n").filter(Boolean));
}

/** The packages that came since `before`, and their files. */
export async function newPackages(
  workspace: Workspace,
  host: string,
  before: ReadonlySet<string>,
): Promise<NewPackages> {
  const names = [...(await packagesOf(workspace, host))].filter((name) => !before.has(name));
  const text = await onHost(workspace, host, `dpkg -L ${names.join(" ")}`);
  return { paths: new Set(text.split("\n")) };
}

/** An explanation of a difference that is not ours: who makes it, and which lines it covers. */
export interface Allowance {
  readonly because: string;
  readonly covers: RegExp | ((line: string, packages: NewPackages) => boolean);
}

/** The differences that nothing allows. */
export function unexplained(
  lines: readonly string[],
  packages: NewPackages,
  allowances: readonly Allowance[],
): readonly string[] {
  return lines.filter(
    (line) =>
      !allowances.some(({ covers }) =>
        covers instanceof RegExp ? covers.test(line) : covers(line, packages),
      ),
  );
}
