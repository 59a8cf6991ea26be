import { readFile } from "node:fs/promises";

/** What something took. */
export interface Measured {
  readonly seconds: number;
  /** The processors' time that programs took which were started, waited for and ended meanwhile; other work on the machine is not in it. */
  readonly cpuSeconds: number;
}

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that Node runs on

/** Does it and says what it took. */
export async function measure(work: () => Promise<unknown>): Promise<Measured> {
  const [began, cpu] = [performance.now(), await childrenCpu()];
  await work();
  return { seconds: (performance.now() - began) / 1000, cpuSeconds: (await childrenCpu()) - cpu };
}

async function childrenCpu(): Promise<number> {
  return parseChildrenCpu(await readFile("/proc/self/stat", "utf8"));
}

/** The seconds of processor time of a process's ended children, from /proc/PID/stat (proc_pid_stat(5): cutime, cstime). */
export function parseChildrenCpu(stat: string): number {
  // The command's name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
