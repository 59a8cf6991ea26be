import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { entryOf, type Figure, type FigureEntry } from "./figure.ts";

/** The machine and the moment that figures belong to. */
export interface Circumstances {
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly cpus: number;
  readonly node: string;
  /** The load averages of 1, 5 and 15 minutes when the first benchmark began. */
  readonly loadAtStart: readonly number[];
}

/** What `--json FILE` writes. */
export interface Report extends Circumstances {
  readonly figures: readonly FigureEntry[];
}

/** This machine, now. */
export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    cpus: availableParallelism(),
    node: process.versions.node,
    loadAtStart: loadavg().map((load) => Number(load.toFixed(2))),
  };
}

/** Puts figures together with the circumstances they were measured in. */
export function reportOf(at: Circumstances, figures: readonly Figure[]): Report {
  return { ...at, figures: figures.map(entryOf) };
}

/** Writes a report as a JSON file. */
export async function writeReport(file: string, report: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
