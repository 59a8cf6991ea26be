import { dirname } from "node:path";
import type { Place } from "./kind.ts";
import { controlGroupName, machineName } from "./names.ts";
import { quote } from "./run.ts";

/** Devices that a host gets where the machine has them: FUSE for CephFS, the others for its guests. */
export const wantedDevices: readonly string[] = [
  "/dev/fuse",
  "/dev/kvm",
  "/dev/net/tun",
  "/dev/vhost-net",
  "/dev/vhost-vsock",
];

/** The script that is a host's first process on this machine. */
export function launcherFile(place: Place): string {
  return `${place.directory}/launch.sh`;
}

/** Where a host's disk is mounted, seen from its launcher only. */
export function rootDirectory(place: Place): string {
  return `${place.directory}/root`;
}

/** The option by which a host's overlay shows among the mounts of each of its processes. */
export function overlayMark(place: Place): string {
  return `upperdir=${place.directory}/upper,`;
}

/** The systemd-nspawn command of a host. */
export function nspawnCommand(place: Place, devices: readonly string[]): string[] {
  return [
    "systemd-nspawn",
    "--boot",
    "--quiet",
    `--directory=${rootDirectory(place)}`,
    `--machine=${machineName(place.lab, place.host)}`,
    `--hostname=${place.host}`,
    "--network-veth",
    `--network-bridge=${place.bridge}`,
    "--capability=all",
    "--system-call-filter=@keyring bpf perf_event_open",
    ...devices.map((device) => `--bind=${place.directory}${device}:${device}`),
    "--register=no",
    "--keep-unit",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
  ];
}

// Without systemd the host gets a group of its own in the version 2 hierarchy, which is mounted here even where the
// machine shows only version 1: systemd in the host runs on it alike.
function joinControlGroup(lab: string, host: string): string {
  return `[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
labgroup=/sys/fs/cgroup/${controlGroupName(lab)}
mkdir -p "$labgroup/${host}" || exit 1
for controller in $(cat "$labgroup/cgroup.controllers"); do
  echo "+$controller" 2>/dev/null >"$labgroup/cgroup.subtree_control"
done
echo $$ >"$labgroup/${host}/cgroup.procs" || exit 1
`;
}

// Nodes of the host's own, open to its service users as udev makes them on a real host; the machine's stay as they are.
function makeDevices(directory: string, devices: readonly string[]): string {
  const make = devices.map(
    (device) =>
      `mkdir -p ${dirname(`${directory}${device}`)} && ` +
      `mknod -m 0666 ${directory}${device} c $(stat -c "0x%t 0x%T" ${device}) || exit 1\n`,
  );
  return `mkdir -p ${directory}/dev && mount -t tmpfs -o mode=0755,nosuid tmpfs ${directory}/dev || exit 1\n${make.join("")}`;
}

/** The launcher's text: it says which process it is, mounts the host's disk where nobody else sees it, and runs the host, again whenever the host reboots. */
export function launcherScript(place: Place, devices: readonly string[], systemd: boolean): string {
  const { directory, base } = place;
  const lower = `${directory}/debs:${base}`;
  return `#!/bin/sh
# The host ${place.host} of the lab ${place.lab}: started in mounts of its own by "npm run lab -- up".
read -r stat </proc/$$/stat
set -- $stat
echo "$$ \${22}" >${directory}/pid.new && mv ${directory}/pid.new ${directory}/pid || exit 1
mount -t overlay torocloud-lab -o lowerdir=${lower},${overlayMark(place)}workdir=${directory}/work ${rootDirectory(place)} || exit 1
${makeDevices(directory, devices)}${systemd ? "" : joinControlGroup(place.lab, place.host)}while :; do
  ${nspawnCommand(place, devices).map(quote).join(" ")}
  code=$?
  [ $code = 133 ] || exit $code # 133: the host rebooted
done
`;
}

/** The command that starts a launcher; under systemd, in a scope of its own. */
export function launchCommand(place: Place, systemd: boolean): string[] {
  const launch = ["unshare", "--mount", "sh", launcherFile(place)];
  if (!systemd) return launch;
  const unit = `torocloud-lab-${machineName(place.lab, place.host)}`;
  return [
    ...["systemd-run", "--scope", "--quiet", "--collect", `--unit=${unit}`, "--slice=machine.slice"],
    ...["--property=Delegate=yes", ...launch],
  ];
}
