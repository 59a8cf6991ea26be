import { visible } from "./text.ts";

const start = 57;
const end = 40;

/** A value as a sentence shows it: as JSON, on one line, nothing in it invisible, without its middle when it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = visible(typeof value === "number" ? String(value) : JSON.stringify(value));
  if (text.length <= start + 3 + end) return text;
  // Half of a pair may be left where it was cut.
  return `${text.slice(0, start)}...${text.slice(-end)}`.replaceAll(/\p{Surrogate}/gu, "");
}
