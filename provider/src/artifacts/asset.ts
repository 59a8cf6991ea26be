import { readFileSync } from "node:fs";

/** The text of a program that runs on hosts, from this package's assets folder. */
export function asset(name: string): string {
  return readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8");
}
