import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { isMissing, LabError } from "./errors.ts";
import { labDirectory, labsDirectory } from "./names.ts";

/** A host as a lab remembers it. */
export interface HostRecord {
  readonly name: string;
  readonly address: string;
}

/** What a lab remembers of itself, so that any later command can go on from there. */
export interface LabRecord {
  readonly name: string;
  readonly kind: string;
  /** The first three numbers of its /24. */
  readonly subnet: string;
  /** What its hosts stand on: for containers the folder of the tree below their overlays. */
  readonly base: string;
  readonly hosts: readonly HostRecord[];
}

/** Writes a file so that a reader sees all of it or the one before. */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}

/** What a lab remembers; undefined when there is no such lab or its `up` was cut off before it began. */
export async function readRecord(lab: string): Promise<LabRecord | undefined> {
  const path = `${labDirectory(lab)}/lab.json`;
  try {
    return JSON.parse(await readFile(path, "utf8")) as LabRecord;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new LabError(`lab ${lab}: ${path} cannot be read: take the lab down and up again`, {
      cause: error,
    });
  }
}

/** What a lab remembers; throws when there is no such lab. */
export async function requireRecord(lab: string): Promise<LabRecord> {
  const record = await readRecord(lab);
  if (record !== undefined) return record;
  throw new LabError(`lab ${lab}: there is no such lab: make it with "npm run lab -- up --name ${lab}"`);
}

/** Makes a lab remember. */
export async function writeRecord(record: LabRecord): Promise<void> {
  await mkdir(labDirectory(record.name), { recursive: true });
  await mkdir(`${labDirectory(record.name)}/hosts`, { recursive: true, mode: 0o700 });
  await writeWhole(`${labDirectory(record.name)}/lab.json`, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** The names of every lab that has left anything on disk, half-made ones too. */
export async function labNames(): Promise<string[]> {
  return (await entries(labsDirectory)).filter((name) => !name.startsWith(".")).sort();
}

/** The names in a folder; none when there is no such folder. */
export async function entries(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
