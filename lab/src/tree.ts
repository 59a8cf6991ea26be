import { createHash } from "node:crypto";
import { chmod, mkdir, rename, rm, stat } from "node:fs/promises";
import { arch } from "node:process";
import { renderSources } from "./apt.ts";
import { cacheDirectory } from "./cache.ts";
import { LabError } from "./errors.ts";
import { withLock, type Log } from "./lock.ts";
import type { Reach } from "./machine.ts";
import { entries } from "./record.ts";
import { must } from "./run.ts";

/** The Debian release that hosts run. */
export const suite = "trixie";

const included = [
  ...["systemd", "systemd-sysv", "dbus", "openssh-server", "iproute2", "nftables", "python3-minimal"],
  ...["ca-certificates", "sudo", "kmod", "procps"],
];

// A tree belongs to no host: no keys, no machine id, no name, no mirror. Timers that would take apt's lock at odd times
// stay off, and so does the generator that looks for ways to reach sshd other than the network.
const customize = `set -e
cd "$1"
rm -f etc/ssh/ssh_host_* etc/hostname etc/resolv.conf etc/apt/sources.list etc/apt/apt.conf.d/99mmdebstrap
rm -f etc/dpkg/dpkg.cfg.d/99mmdebstrap var/lib/dbus/machine-id
: > etc/machine-id
echo LANG=C.UTF-8 > etc/default/locale
printf '%s\\n' 'APT::Keep-Downloaded-Packages "true";' 'Binary::apt::APT::Keep-Downloaded-Packages "true";' \\
  'Acquire::Languages "none";' 'Acquire::GzipIndexes "true";' > etc/apt/apt.conf.d/90lab
printf '%s\\n' force-unsafe-io 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*' \\
  'path-exclude=/usr/share/doc/*' > etc/dpkg/dpkg.cfg.d/lab
mkdir -p etc/systemd/system-generators
ln -s /dev/null etc/systemd/system-generators/systemd-ssh-generator
systemctl --root=. --quiet enable systemd-networkd.service
systemctl --root=. --quiet disable systemd-networkd-wait-online.service
systemctl --root=. --quiet mask apt-daily.timer apt-daily-upgrade.timer fstrim.timer sshd-keygen.service \\
  console-getty.service`;

/** The name of the tree's folder: it changes whenever what is in the tree would. */
export function treeName(): string {
  const recipe = JSON.stringify([suite, included, customize, arch]);
  return `tree-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}`;
}

/** The command that makes a tree, reading its sources from standard input; everything it starts ends when this process does. */
export function bootstrapCommand(target: string, aptSettings: readonly string[]): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ...["mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase", "--skip=cleanup/apt/lists"],
    ...[...aptSettings, 'Acquire::Languages "none";', 'Acquire::GzipIndexes "true";'].map(
      (setting) => `--aptopt=${setting.replace(/;$/, "")}`,
    ),
    ...["--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/man/*"],
    ...[`--include=${included.join(",")}`, `--customize-hook=${customize}`],
    ...[suite, target, "-"],
  ];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function removeLeftovers(cache: string): Promise<void> {
  const names = (await entries(cache)).filter((name) => /^tree-.*\.new$/.test(name));
  for (const name of names) await must(["rm", "-rf", "--one-file-system", `${cache}/${name}`]);
}

async function build(target: string, reach: Reach): Promise<void> {
  const temporary = `${target}.new`;
  await mkdir(temporary);
  await chmod(temporary, 0o755); // whatever the umask
  try {
    await must(bootstrapCommand(temporary, reach.aptSettings), {
      stdin: renderSources(reach.mirror, suite),
      timeoutSeconds: 1200,
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await rename(temporary, target);
}

/** Returns the folder of the tree that container hosts stand on, making it first when the cache has none. */
export async function ensureTree(reach: Reach, log: Log): Promise<string> {
  const cache = cacheDirectory();
  const target = `${cache}/${treeName()}`;
  if (!/^[\w./@+-]+$/.test(cache)) {
    throw new LabError(
      `this machine: the cache folder ${cache} has characters that an overlay mount cannot take`,
    );
  }
  if (await exists(target)) return target;
  await mkdir(cache, { recursive: true, mode: 0o700 });
  await withLock({ path: `${cache}/tree.lock`, withinSeconds: 1800, log }, async () => {
    if (await exists(target)) return;
    await removeLeftovers(cache);
    log(`building the Debian ${suite} tree that hosts stand on (once): ${target}`);
    await build(target, reach);
  });
  return target;
}
