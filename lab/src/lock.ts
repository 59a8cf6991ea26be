import { spawn, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { LabError } from "./errors.ts";
import { locksDirectory } from "./names.ts";

/** Where a line of progress goes. */
export type Log = (line: string) => void;

/** A lock, how long to wait for it and where to say so. */
export interface Lock {
  readonly path: string;
  readonly withinSeconds: number;
  readonly log: Log;
}

/** The lock that all commands share which change what labs share: their networks and this machine's forwarding. */
export function sharedLock(log: Log): Lock {
  return { path: `${locksDirectory}/.shared.lock`, withinSeconds: 120, log };
}

/** The lock of the commands that change one lab. */
export function labLock(lab: string, log: Log): Lock {
  return { path: `${locksDirectory}/${lab}.lock`, withinSeconds: 1800, log };
}

// The lock is a flock(2) held by a child that ends when our end of its pipe closes: it goes with us, however we end.
// The holder may delete the file, so a lock on a deleted file does not count.
const holderScript = `while :; do
  exec 9>"$1" || exit 3
  flock -w "$2" 9 || exit 4
  [ "$1" -ef /proc/self/fd/9 ] && break
done
echo held
exec cat >/dev/null`;

async function acquire(path: string, withinSeconds: number, log: Log): Promise<ChildProcess> {
  const holder = spawn("sh", ["-c", holderScript, "sh", path, String(withinSeconds)], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const notice = setTimeout(() => {
    log(`waiting for another command to finish (lock ${path})`);
  }, 1000);
  try {
    return await new Promise((resolve, reject) => {
      holder.stdout.once("data", () => {
        resolve(holder);
      });
      holder.once("error", reject);
      holder.once("exit", () => {
        reject(
          new LabError(`this machine: lock ${path} is still held by another command: wait for it or end it`),
        );
      });
    });
  } finally {
    clearTimeout(notice);
  }
}

/** Runs the work while no other process holds the lock of that path; the lock ends with this process, even when it is killed. */
export async function withLock<T>({ path, withinSeconds, log }: Lock, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder = await acquire(path, withinSeconds, log);
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  try {
    return await work();
  } finally {
    holder.stdin?.end();
    await ended;
  }
}
