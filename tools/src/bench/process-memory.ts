import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const searchEveryMs = 500;
const askEveryMs = 200;

/** A process of this machine. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

/** The processes below `root` whose arguments contain `text`, at any depth. */
export function descendants(processes: readonly ProcessInfo[], root: number, text: string): ProcessInfo[] {
  const children = processes.filter(({ parent }) => parent === root);
  return children.flatMap((child) => [
    ...(child.args.includes(text) ? [child] : []),
    ...descendants(processes, child.pid, text),
  ]);
}

/** The peak of its resident memory in bytes, from /proc/PID/status; undefined when it is not told there. */
export function parsePeak(status: string): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The parent in /proc/PID/stat, behind the command's name, which may hold anything. */
export function parseParent(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/**
 * Watches the processes below this one whose arguments contain `text`; `stop` gives the highest peak of resident
 * memory, in bytes, that one of them had, or undefined when there was none.
 */
export function watchPeak(text: string): { stop(): Promise<number | undefined> } {
  const stopping = new AbortController();
  const watching = watch(text, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      return watching;
    },
  };
}

/** Searches all processes only until it has found some: that costs more than asking for the memory of a few. */
async function watch(text: string, stop: AbortSignal): Promise<number | undefined> {
  let peak: number | undefined;
  let known: readonly number[] = [];
  while (!stop.aborted) {
    if (known.length === 0)
      known = descendants(await listProcesses(), process.pid, text).map(({ pid }) => pid);
    const peaks = await Promise.all(known.map(async (pid) => parsePeak(await read(pid, "status"))));
    known = known.filter((_, index) => peaks[index] !== undefined);
    peak = peaks.reduce((highest, now) => (now === undefined ? highest : Math.max(highest ?? 0, now)), peak);
    await sleep(known.length === 0 ? searchEveryMs : askEveryMs);
  }
  return peak;
}

async function listProcesses(): Promise<ProcessInfo[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return Promise.all(
    pids.map(async (pid) => ({
      pid,
      parent: parseParent(await read(pid, "stat")),
      args: (await read(pid, "cmdline")).replaceAll("\0", " "),
    })),
  );
}

/** Empty for a process that has ended meanwhile. */
async function read(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
