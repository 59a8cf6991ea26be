import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { withLock } from "../lock.mjs";
import { cacheFolder } from "./folders.ts";
import { say } from "./report.ts";

/** Something built once and kept: what it is called, and everything that its content depends on. */
export interface CacheEntry {
  readonly name: string;
  readonly version: string;
  /** Texts (lock files, build commands) whose change makes another entry. */
  readonly inputs: readonly string[];
  /** The cache folder: the user's by default. */
  readonly folder?: string;
}

/** Where a build may write: `result` becomes the entry; `scratch` stays after an interruption, for the next attempt to resume from. */
export interface BuildFolders {
  readonly result: string;
  readonly scratch: string;
}

/** The folder that an entry has, or will have. */
export function entryFolder({ name, version, inputs, folder = cacheFolder() }: CacheEntry): string {
  const hash = createHash("sha256");
  for (const input of [process.platform, process.arch, ...inputs]) hash.update(`${input.length}:${input}`);
  return join(folder, name, `${version}-${hash.digest("hex").slice(0, 16)}`);
}

/** Returns an entry's folder, building it first when it is missing; it appears complete or not at all, whoever else builds it. */
export async function cached(
  entry: CacheEntry,
  build: (folders: BuildFolders) => Promise<void>,
): Promise<string> {
  const folder = entryFolder(entry);
  if (existsSync(folder)) return folder;
  const onWait = (holder: number | undefined): void => {
    const who = holder === undefined ? "another process" : `process ${holder}`;
    say(`Waiting for ${who} to finish building ${entry.name} ${entry.version}`);
  };
  await withLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(folder)) await buildAside(folder, build);
    },
    { onWait },
  );
  return folder;
}

async function buildAside(folder: string, build: (folders: BuildFolders) => Promise<void>): Promise<void> {
  await removeLeftovers(folder);
  const result = `${folder}.new-${randomBytes(6).toString("hex")}`;
  const scratch = `${folder}.scratch`;
  await mkdir(result, { recursive: true });
  await mkdir(scratch, { recursive: true });
  try {
    await build({ result, scratch });
    await moveInto(result, folder);
  } finally {
    await rm(result, { recursive: true, force: true });
  }
  await rm(scratch, { recursive: true, force: true });
}

/** What a run that was killed left behind; only the holder of the entry's lock calls this. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  const leftovers = (await readdir(parent)).filter((file) => file.startsWith(`${basename(folder)}.new-`));
  await Promise.all(leftovers.map(async (file) => rm(join(parent, file), { recursive: true, force: true })));
}

/** The loser of a race keeps the winner's entry. */
async function moveInto(result: string, folder: string): Promise<void> {
  try {
    await rename(result, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
