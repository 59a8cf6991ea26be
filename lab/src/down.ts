import { rm, rmdir } from "node:fs/promises";
import { LabError } from "./errors.ts";
import { labLock, sharedLock, withLock, type Log } from "./lock.ts";
import { checkLabName, labDirectory, labsDirectory } from "./names.ts";
import { networkDown, restoreForwarding } from "./network.ts";
import { kindNamed, placeOf } from "./places.ts";
import { entries, labNames, readRecord, requireRecord, type LabRecord } from "./record.ts";
import { must } from "./run.ts";

// What there is of a lab whose `up` did not come far enough to write down what it was to be.
function unknownLab(name: string): LabRecord {
  return { name, kind: "container", subnet: "", base: "", hosts: [] };
}

async function everyHost(record: LabRecord): Promise<LabRecord["hosts"]> {
  const onDisk = await entries(`${labDirectory(record.name)}/hosts`);
  const known = new Set(record.hosts.map((host) => host.name));
  return [...record.hosts, ...onDisk.filter((n) => !known.has(n)).map((name) => ({ name, address: "" }))];
}

async function takeDown(name: string, log: Log): Promise<void> {
  const record = (await readRecord(name).catch(() => undefined)) ?? unknownLab(name);
  const kind = kindNamed(record.kind);
  const hosts = await everyHost(record);
  await Promise.all(
    hosts.map(async (host) => {
      const place = placeOf(record, host);
      await kind.stop(place);
      await kind.harvest(place).catch((error: unknown) => {
        log(`${host.name}: its downloaded packages could not be kept: ${String(error)}`);
      });
      await kind.remove(place);
    }),
  );
  await withLock(sharedLock(log), async () => {
    await networkDown(name);
    await must(["rm", "-rf", "--one-file-system", labDirectory(name)], { timeoutSeconds: 600 });
    if ((await labNames()).length > 0) return;
    await restoreForwarding();
    await rmdir(labsDirectory).catch(() => undefined); // somebody else's file keeps it
  });
}

/** Removes a lab whole, however much of it there is, and nothing else; a lab that is not there is fine. */
export async function labDown({ name, log = () => undefined }: { name: string; log?: Log }): Promise<void> {
  checkLabName(name);
  if (process.getuid?.() !== 0) throw new LabError("this machine: a lab needs root: run the command as root");
  const lock = labLock(name, log);
  await withLock(lock, async () => {
    await takeDown(name, log);
    await rm(lock.path, { force: true });
  });
}

/** Saves the packages that a lab's hosts have downloaded for later labs and returns how many were new. */
export async function harvestPackages(name: string): Promise<number> {
  const record = await requireRecord(checkLabName(name));
  const kind = kindNamed(record.kind);
  let count = 0;
  for (const host of record.hosts) count += await kind.harvest(placeOf(record, host));
  return count;
}
