import { sum } from "./statistics.ts";

/** What the provider did over SSH, by its own trace (TOROCLOUD_TRACE). */
export interface TraceSummary {
  /** Requests that hosts were asked, one round trip each. */
  readonly roundTrips: number;
  /** Connections that each host was asked for, by its name. */
  readonly dials: ReadonlyMap<string, number>;
  /** Seconds that requests took, over all hosts: they run side by side. */
  readonly requestSeconds: number;
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
  const requests = lines.filter(({ event }) => event === "request");
  const dials = new Map<string, number>();
  for (const { event, host } of lines) {
    if (event === "dial") dials.set(host, (dials.get(host) ?? 0) + 1);
  }
  return { roundTrips: requests.length, dials, requestSeconds: sum(requests.map(({ ms }) => ms)) / 1000 };
}
