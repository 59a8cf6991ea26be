import { sum } from "./statistics.ts";

/** What the provider did over SSH, by its own trace (TOROCLOUD_TRACE). */
export interface TraceSummary {
  /** Scripts that were run on hosts, one round trip each. */
  readonly roundTrips: number;
  /** Connections that each host was asked for, by its name. */
  readonly dials: ReadonlyMap<string, number>;
  /** Seconds that scripts ran, over all hosts: they run side by side. */
  readonly scriptSeconds: number;
}

interface TraceLine {
  readonly event: string;
  readonly host: string;
  readonly ms: number;
}

/** Reads a trace: one JSON object per line. */
export function summarizeTrace(text: string): TraceSummary {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TraceLine);
  const scripts = lines.filter(({ event }) => event === "script");
  const dials = new Map<string, number>();
  for (const { event, host } of lines) {
    if (event === "dial") dials.set(host, (dials.get(host) ?? 0) + 1);
  }
  return { roundTrips: scripts.length, dials, scriptSeconds: sum(scripts.map(({ ms }) => ms)) / 1000 };
}
