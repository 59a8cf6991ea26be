import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine, as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** One letter, as in proc(5): "T" is stopped, "Z" is dead. */
  readonly state: string;
  /** Clock ticks after the machine's start: with the pid, it names a process for ever. */
  readonly startTime: number;
}

/** What a line of /proc/PID/stat says. */
export function parseStat(line: string): ProcessEntry {
  const rest = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return {
    pid: Number.parseInt(line, 10),
    state: rest[0] ?? "?",
    parent: Number(rest[1]),
    startTime: Number(rest[19]),
  };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** The process of that id; undefined when there is none, or only its remains. */
export function findProcess(pid: number): ProcessEntry | undefined {
  const line = readProc(`${pid}/stat`);
  const entry = line === undefined ? undefined : parseStat(line);
  return entry?.state === "Z" ? undefined : entry;
}

/** Every process of this machine that is alive. */
export function listProcesses(): ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => findProcess(Number(name)))
    .filter((entry) => entry !== undefined);
}

/** A process's command and arguments; none when it has ended. */
export function argumentsOf(pid: number): string[] {
  return readProc(`${pid}/cmdline`)?.split("\0") ?? [];
}

/** A process's mounts, as in /proc/PID/mountinfo. */
export function mountsOf(pid: number): string {
  return readProc(`${pid}/mountinfo`) ?? "";
}

/** A process's id in the innermost of its process namespaces. */
export function innermostPid(pid: number): number | undefined {
  const ids = /^NSpid:\s*(.*)$/m.exec(readProc(`${pid}/status`) ?? "")?.[1];
  return ids === undefined ? undefined : Number(ids.split(/\s+/).at(-1));
}

/** All processes that the given one started, and those that they started. */
export function descendants(all: readonly ProcessEntry[], root: number): ProcessEntry[] {
  const children = all.filter((entry) => entry.parent === root);
  return children.flatMap((child) => [child, ...descendants(all, child.pid)]);
}

/** Sends a signal to exactly this process, unless it has ended already. */
export function signal(entry: ProcessEntry, name: NodeJS.Signals): void {
  if (findProcess(entry.pid)?.startTime !== entry.startTime) return;
  try {
    process.kill(entry.pid, name);
  } catch {
    // it ended in this very moment
  }
}

/** Seconds since a process was started. */
export function ageSeconds(entry: ProcessEntry): number {
  const ticksPerSecond = 100;
  const up = Number.parseFloat(readProc("uptime") ?? "0");
  return Math.max(0, Math.round(up - entry.startTime / ticksPerSecond));
}
