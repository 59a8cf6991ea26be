import type { HostState } from "./kind.ts";
import { checkLabName } from "./names.ts";
import { kindNamed, placeOf } from "./places.ts";
import { labNames, readRecord, requireRecord } from "./record.ts";
import { answers } from "./ssh.ts";

/** A lab, as a list shows it. */
export interface LabSummary {
  readonly name: string;
  readonly kind: string;
  /** As "10.77.1.0/24"; empty when its `up` was cut off before it had one. */
  readonly subnet: string;
  readonly hosts: number;
  readonly running: number;
}

/** A host, as a lab's status shows it. */
export interface HostStatus {
  readonly name: string;
  readonly address: string;
  readonly state: HostState;
  readonly uptimeSeconds: number | undefined;
  /** Whether its sshd answers with its pinned key. */
  readonly ssh: boolean;
}

/** Every lab of this machine, half-made ones too. */
export async function labList(): Promise<LabSummary[]> {
  return Promise.all(
    (await labNames()).map(async (name) => {
      const record = await readRecord(name).catch(() => undefined);
      if (record === undefined) return { name, kind: "(incomplete)", subnet: "", hosts: 0, running: 0 };
      const kind = kindNamed(record.kind);
      const running = record.hosts.filter((host) => kind.state(placeOf(record, host)) === "running");
      const { length } = running;
      return {
        name,
        kind: kind.name,
        subnet: `${record.subnet}.0/24`,
        hosts: record.hosts.length,
        running: length,
      };
    }),
  );
}

/** How each host of a lab is doing; throws when there is no such lab. */
export async function labStatus({ name }: { name: string }): Promise<HostStatus[]> {
  const record = await requireRecord(checkLabName(name));
  const kind = kindNamed(record.kind);
  return Promise.all(
    record.hosts.map(async (host) => {
      const place = placeOf(record, host);
      const state = kind.state(place);
      return {
        ...host,
        state,
        uptimeSeconds: kind.uptimeSeconds(place),
        ssh: state === "running" && (await answers(name, host.name)),
      };
    }),
  );
}
