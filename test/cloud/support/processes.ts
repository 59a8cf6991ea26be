import { onEveryHost } from "./hosts.ts";
import type { Workspace } from "./workspace.ts";

/** Main process by "host unit", for every service of ours and of Ceph's that runs. */
export type Pids = ReadonlyMap<string, number>;

const script = `systemctl list-units --plain --no-legend --state=active 'torocloud-*.service' 'ceph-*@*.service' |
  while read -r unit rest; do echo "$unit $(systemctl show --property MainPID --value "$unit")"; done`;

/** The processes that serve now. */
export async function runningPids(workspace: Workspace): Promise<Pids> {
  const answers = await onEveryHost(workspace, script);
  return new Map(
    [...answers].flatMap(([host, text]) =>
      text
        .split("\n")
        .filter(Boolean)
        .map((line): [string, number] => {
          const [unit = "", pid = "0"] = line.split(" ");
          return [`${host} ${unit.replace(/\.service$/, "")}`, Number(pid)];
        }),
    ),
  );
}

/** What became of the processes between two looks. */
export interface Turnover {
  readonly restarted: readonly string[];
  readonly started: readonly string[];
  readonly stopped: readonly string[];
}

/** Compares two looks. */
export function turnover(before: Pids, after: Pids): Turnover {
  return {
    restarted: [...after]
      .filter(([unit, pid]) => before.has(unit) && before.get(unit) !== pid)
      .map(first)
      .sort(),
    started: [...after.keys()].filter((unit) => !before.has(unit)).sort(),
    stopped: [...before.keys()].filter((unit) => !after.has(unit)).sort(),
  };
}

/** Nothing became of them. */
export const untouched: Turnover = { restarted: [], started: [], stopped: [] };

function first([unit]: readonly [string, number]): string {
  return unit;
}
