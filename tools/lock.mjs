// A lock between processes, in plain Node: the bootstrap needs it before anything is installed.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const heartbeatMs = 2_000;
const staleAfterMs = 30_000;
const pollMs = 200;

/**
 * Runs `work` while no other process runs work under the same lock file. A holder that died is noticed by its process id, one on
 * another machine (or before a reboot) by its missing heartbeat.
 */
export async function withLock(lockFile, work, { onWait = () => {}, waitMs = 3_600_000 } = {}) {
  const token = `${process.pid} ${randomBytes(8).toString("hex")}\n`;
  const until = Date.now() + waitMs;
  let told = false;
  mkdirSync(dirname(lockFile), { recursive: true });
  while (!take(lockFile, token)) {
    if (breakStale(lockFile)) continue;
    if (Date.now() > until) {
      throw new Error(
        `${lockFile} has been locked for too long: if no other run is at work, type: rm ${lockFile}`,
      );
    }
    if (!told) onWait(holder(lockFile));
    told = true;
    await sleep(pollMs);
  }
  const heartbeat = setInterval(() => touch(lockFile), heartbeatMs);
  heartbeat.unref();
  const release = () => releaseOwn(lockFile, token);
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}

function take(lockFile, token) {
  let file;
  try {
    file = openSync(lockFile, "wx");
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeSync(file, token);
  closeSync(file);
  return true;
}

function breakStale(lockFile) {
  const seen = read(lockFile);
  if (seen === undefined) return true;
  const { token, ageMs } = seen;
  // An empty file belongs to somebody between its open and its write.
  const abandoned = ageMs > staleAfterMs || (token !== "" && !isAlive(Number.parseInt(token, 10)));
  if (!abandoned) return false;
  const aside = `${lockFile}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if (error.code === "ENOENT") return true;
    throw error;
  }
  // Somebody else broke it first and holds it now: give it back.
  if (read(aside)?.token !== token) renameSync(aside, lockFile);
  else rmSync(aside, { force: true });
  return true;
}

function read(lockFile) {
  try {
    return { token: readFileSync(lockFile, "utf8"), ageMs: Date.now() - statSync(lockFile).mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function holder(lockFile) {
  const pid = Number.parseInt(read(lockFile)?.token ?? "", 10);
  return Number.isNaN(pid) ? undefined : pid;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function touch(lockFile) {
  try {
    const now = new Date();
    utimesSync(lockFile, now, now);
  } catch {
    // Broken by hand: the work goes on, what it makes is renamed into place.
  }
}

function releaseOwn(lockFile, token) {
  if (read(lockFile)?.token === token) rmSync(lockFile, { force: true });
}
