import { existsSync, readFileSync } from "node:fs";

/** What TOROCLOUD_TRACE recorded of one run of Pulumi. */
export interface Trace {
  /** Connections by host. */
  readonly dials: Readonly<Record<string, number>>;
  /** Requests to all hosts together. */
  readonly requests: number;
}

/** Reads a trace; nothing happened when there is no file. */
export function readTrace(file: string): Trace {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const events = lines.map((line) => JSON.parse(line) as { event: "dial" | "request"; host: string });
  const dials: Record<string, number> = {};
  for (const { event, host } of events) if (event === "dial") dials[host] = (dials[host] ?? 0) + 1;
  return { dials, requests: events.filter(({ event }) => event === "request").length };
}
