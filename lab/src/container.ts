import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { endProcesses, insideOf, pauseProcesses, resumeProcesses, stateOf } from "./container-processes.ts";
import { fillLayer, saveFrom } from "./deb-cache.ts";
import { LabError } from "./errors.ts";
import type { HostFile } from "./host-files.ts";
import type { LabKind, Place } from "./kind.ts";
import { controlGroupName, machineName } from "./names.ts";
import { launchCommand, launcherFile, launcherScript, wantedDevices } from "./nspawn.ts";
import { ageSeconds } from "./processes.ts";
import { writeWhole } from "./record.ts";
import { must, run } from "./run.ts";
import { ensureTree } from "./tree.ts";
import { waitUntil } from "./wait.ts";

const privateDirectories = new Set(["/root", "/root/.ssh"]);

async function makeDirectory(upper: string, path: string): Promise<void> {
  if (path === "/") return;
  await makeDirectory(upper, dirname(path));
  await mkdir(`${upper}${path}`, { recursive: true });
  await chmod(`${upper}${path}`, privateDirectories.has(path) ? 0o700 : 0o755);
}

async function create(place: Place, files: readonly HostFile[]): Promise<void> {
  const { directory } = place;
  await rm(directory, { recursive: true, force: true });
  for (const name of ["upper", "work", "root"]) {
    await mkdir(`${directory}/${name}`, { recursive: true });
    await chmod(`${directory}/${name}`, 0o755); // whatever the umask
  }
  for (const file of files) {
    await makeDirectory(`${directory}/upper`, dirname(file.path));
    await writeFile(`${directory}/upper${file.path}`, file.content, { mode: 0o600 });
    await chmod(`${directory}/upper${file.path}`, file.mode);
  }
  await fillLayer(`${directory}/debs`);
  await writeFile(`${directory}/created`, "");
}

async function launch(place: Place, systemd: boolean): Promise<void> {
  const [command = "", ...args] = launchCommand(place, systemd);
  const log = await open(`${place.directory}/console.log`, "a");
  const child = spawn(command, args, { detached: true, stdio: ["ignore", log.fd, log.fd], cwd: "/" });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  await log.close();
  const up = await waitUntil(() => stateOf(place) !== "stopped" || child.exitCode !== null, {
    everyMilliseconds: 50,
    withinSeconds: 30,
  });
  if (!up || child.exitCode !== null) {
    throw new LabError(
      `${place.host} of lab ${place.lab}: systemd-nspawn did not start; its log ${place.directory}/console.log ends: ${await consoleOf(place)}`,
    );
  }
  child.unref();
}

async function start(place: Place): Promise<void> {
  await endProcesses(place);
  await tidy(place);
  if (!existsSync(place.base)) {
    throw new LabError(
      `${place.host} of lab ${place.lab}: the tree below its disk, ${place.base}, is gone: take the lab down and up again`,
    );
  }
  const systemd = existsSync("/run/systemd/system");
  const devices = wantedDevices.filter((device) => existsSync(device));
  await rm(`${place.directory}/pid`, { force: true });
  await writeWhole(launcherFile(place), launcherScript(place, devices, systemd));
  await launch(place, systemd);
}

// The groups of a host that was ended are empty, and empty groups do not go by themselves.
async function tidy(place: Place): Promise<void> {
  const group = controlGroupName(place.lab);
  const script = `[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 0
cd /sys/fs/cgroup/${group} 2>/dev/null || exit 0
[ ! -d ${place.host} ] || find ${place.host} -depth -type d -exec rmdir {} +
cd / && rmdir /sys/fs/cgroup/${group} 2>/dev/null
exit 0`;
  await must(["unshare", "--mount", "sh", "-c", script]);
  const machine = machineName(place.lab, place.host);
  // The kernel takes the cable of a host that was ended away when it comes to it, and a new one may not have its name.
  await run(["ip", "link", "del", `vb-${machine}`]);
  for (const folder of ["propagate", "unix-export"]) {
    await rm(`/run/systemd/nspawn/${folder}/${machine}`, { recursive: true, force: true });
  }
}

async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.reverse()) {
    if ((await run(["umount", path])).exitCode !== 0) await must(["umount", "--lazy", path]);
  }
}

async function remove(place: Place): Promise<void> {
  await tidy(place);
  await unmountBelow(place.directory); // the lab mounts nothing there; a person may have
  await rm(`${place.directory}/created`, { force: true }); // first: half a disk must not pass for a whole one
  await must(["rm", "-rf", "--one-file-system", place.directory], { timeoutSeconds: 600 });
}

async function consoleOf(place: Place): Promise<string> {
  const text = await readFile(`${place.directory}/console.log`, "utf8").catch(() => "(nothing)");
  return stripVTControlCharacters(text).trimEnd().split("\n").slice(-5).join("\n");
}

// The host's end of its cable knows the number of the machine's end.
async function portOf(place: Place): Promise<string> {
  const leader = insideOf(place)[0];
  if (leader === undefined) {
    throw new LabError(
      `${place.host} of lab ${place.lab}: it is off: run "npm run lab -- up --name ${place.lab}"`,
    );
  }
  const inside = await must(["nsenter", "-t", String(leader.pid), "-n", "ip", "-j", "link", "show", "host0"]);
  const index = (JSON.parse(inside) as { link_index: number }[])[0]?.link_index;
  const links = JSON.parse(await must(["ip", "-j", "link", "show"])) as { ifindex: number; ifname: string }[];
  const port = links.find((link) => link.ifindex === index)?.ifname;
  if (port === undefined)
    throw new LabError(`${place.host} of lab ${place.lab}: its interface has no peer: reboot the host`);
  return port;
}

/** Hosts that are systemd-nspawn containers over one cached Debian tree. */
export const containerKind: LabKind = {
  name: "container",
  packages: ["mmdebstrap", "systemd-container"],
  prepare: ensureTree,
  create,
  isCreated: async (place) => existsSync(`${place.directory}/created`),
  start,
  stop: endProcesses,
  remove,
  state: stateOf,
  uptimeSeconds: (place) => {
    const leader = insideOf(place)[0];
    return leader && ageSeconds(leader);
  },
  pause: pauseProcesses,
  resume: async (place) => {
    resumeProcesses(place);
  },
  disconnect: async (place) => {
    await must(["ip", "link", "set", await portOf(place), "nomaster"]);
  },
  connect: async (place) => {
    await must(["ip", "link", "set", await portOf(place), "master", place.bridge]);
  },
  harvest: async (place) => saveFrom(`${place.directory}/upper`),
  console: consoleOf,
};
