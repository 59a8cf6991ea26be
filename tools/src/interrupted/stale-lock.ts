import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** The locks that Pulumi's file backend has of one stack. */
export interface Locks {
  /** Of processes of this machine that are gone: nobody else would ever remove them. */
  readonly stale: readonly StaleLock[];
  /** Whether somebody may be at work: on this machine, or on another that shares the folder. */
  readonly held: boolean;
}

export interface StaleLock {
  readonly file: string;
  readonly pid: number;
}

/** What the file backend writes into a lock. */
interface Holder {
  readonly pid: number;
  readonly hostname: string;
}

/** Looks at a stack's folder of locks. */
export function readLocks(folder: string): Locks {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const stale = files.flatMap((name) => {
    const file = join(folder, name);
    const holder = readHolder(file);
    return holder && isGone(holder) ? [{ file, pid: holder.pid }] : [];
  });
  return { stale, held: stale.length < files.length };
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined; // it is being written, or was released in this moment
  }
}

function isGone(holder: Holder): boolean {
  if (holder.hostname !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return isSomethingElse(holder.pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** Process ids are used again, and what nobody has waited for keeps its own: where the system tells, it must be Pulumi, alive. */
function isSomethingElse(pid: number): boolean {
  try {
    const [, name = "", state] = /\((.*)\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return !name.startsWith("pulumi") || state === "Z";
  } catch {
    return false;
  }
}
