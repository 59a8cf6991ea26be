import { containerKind } from "./container.ts";
import { LabError } from "./errors.ts";
import type { LabKind, Place } from "./kind.ts";
import { bridgeName, checkHostName, checkLabName, hostDirectory } from "./names.ts";
import { requireRecord, type HostRecord, type LabRecord } from "./record.ts";

const kinds: readonly LabKind[] = [containerKind];

/** The kind of that name; throws when this version knows no such kind. */
export function kindNamed(name: string): LabKind {
  const kind = kinds.find((known) => known.name === name);
  if (kind !== undefined) return kind;
  throw new LabError(`there are no labs of kind "${name}": known are ${kinds.map((k) => k.name).join(", ")}`);
}

/** Where a host of a lab lives. */
export function placeOf(record: Pick<LabRecord, "name" | "base">, host: HostRecord): Place {
  return {
    lab: record.name,
    host: host.name,
    address: host.address,
    directory: hostDirectory(record.name, host.name),
    bridge: bridgeName(record.name),
    base: record.base,
  };
}

/** Finds a host of a lab that exists; throws when there is no such lab or host. */
export async function findHost(lab: string, host: string): Promise<{ kind: LabKind; place: Place }> {
  const record = await requireRecord(checkLabName(lab));
  const found = record.hosts.find((known) => known.name === checkHostName(host));
  if (found !== undefined) return { kind: kindNamed(record.kind), place: placeOf(record, found) };
  throw new LabError(
    `lab ${lab} has no host ${host}: it has ${record.hosts.map((known) => known.name).join(", ")}`,
  );
}
