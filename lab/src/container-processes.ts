import { readFileSync } from "node:fs";
import type { HostState, Place } from "./kind.ts";
import { launcherFile, overlayMark, rootDirectory } from "./nspawn.ts";
import {
  argumentsOf,
  descendants,
  findProcess,
  innermostPid,
  listProcesses,
  mountsOf,
  signal,
  type ProcessEntry,
} from "./processes.ts";
import { LabError } from "./errors.ts";
import { waitUntil } from "./wait.ts";

/** What a launcher wrote about itself: a process id and that process's start time. */
export function parsePidFile(text: string): { pid: number; startTime: number } | undefined {
  const match = /^(\d+) (\d+)\n$/.exec(text);
  return match ? { pid: Number(match[1]), startTime: Number(match[2]) } : undefined;
}

function recordedLauncher(place: Place): { pid: number; startTime: number } | undefined {
  try {
    return parsePidFile(readFileSync(`${place.directory}/pid`, "utf8"));
  } catch {
    return undefined; // it was never started
  }
}

/** The host's first process on this machine; undefined when it is off. */
export function launcherOf(place: Place): ProcessEntry | undefined {
  const recorded = recordedLauncher(place);
  const found = recorded && findProcess(recorded.pid);
  return found?.startTime === recorded?.startTime ? found : undefined;
}

/** All processes inside a host, its first one first; none when it is off. */
export function insideOf(place: Place): ProcessEntry[] {
  const launcher = launcherOf(place);
  if (launcher === undefined) return [];
  const all = listProcesses();
  const leader = descendants(all, launcher.pid).find((entry) => innermostPid(entry.pid) === 1);
  return leader === undefined ? [] : [leader, ...descendants(all, leader.pid)];
}

/** How a host is doing, from its processes. */
export function stateOf(place: Place): HostState {
  const leader = insideOf(place)[0];
  if (leader === undefined) return "stopped";
  return leader.state === "T" ? "paused" : "running";
}

const launchers = new Set(["sh", "unshare", "systemd-run", "systemd-nspawn"]);

function isLauncher(place: Place, pid: number): boolean {
  const argv = argumentsOf(pid);
  if (!launchers.has(argv[0] ?? "")) return false;
  return argv.includes(launcherFile(place)) || argv.includes(`--directory=${rootDirectory(place)}`);
}

// Not only what was recorded: a command that was cut off may have started a host and not lived to see it.
function processesOf(place: Place): ProcessEntry[] {
  const mark = overlayMark(place);
  return listProcesses().filter(
    (entry) => isLauncher(place, entry.pid) || mountsOf(entry.pid).includes(mark),
  );
}

/** Ends all of a host's processes and waits until they are gone. */
export async function endProcesses(place: Place): Promise<void> {
  const launcher = launcherOf(place);
  const leader = insideOf(place)[0];
  if (launcher) signal(launcher, "SIGKILL"); // or it would start the host again
  if (leader) signal(leader, "SIGKILL"); // takes everything in the host along; nspawn then tidies up and ends
  const every = { everyMilliseconds: 50, withinSeconds: 5 };
  if (await waitUntil(() => processesOf(place).length === 0, every)) return;
  const gone = await waitUntil(
    () => {
      const left = processesOf(place);
      for (const entry of left) signal(entry, "SIGKILL");
      return left.length === 0;
    },
    { everyMilliseconds: 200, withinSeconds: 20 },
  );
  if (gone) return;
  const pids = processesOf(place).map((entry) => entry.pid);
  throw new LabError(
    `${place.host} of lab ${place.lab}: processes ${pids.join(", ")} do not end: look at /proc/PID/stack, then try again`,
  );
}

/** Stops every process inside a host where it is, those too that are born meanwhile. */
export async function pauseProcesses(place: Place): Promise<void> {
  const paused = await waitUntil(
    () => {
      const running = insideOf(place).filter((entry) => entry.state !== "T");
      for (const entry of running) signal(entry, "SIGSTOP");
      return running.length === 0;
    },
    { everyMilliseconds: 10, withinSeconds: 10 },
  );
  if (!paused) {
    throw new LabError(
      `${place.host} of lab ${place.lab}: some processes do not stop: resume the host and try again`,
    );
  }
}

/** Lets every process inside a host go on, its first one last. */
export function resumeProcesses(place: Place): void {
  for (const entry of insideOf(place).reverse()) signal(entry, "SIGCONT");
}
