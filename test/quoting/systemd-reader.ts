import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** Where Debian keeps systemd's own parser; absent on a machine without systemd. */
const library = [
  "/usr/lib/x86_64-linux-gnu/systemd",
  "/usr/lib/aarch64-linux-gnu/systemd",
  "/usr/lib/systemd",
]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .find((file) => /libsystemd-shared-\d+[^/]*\.so$/.test(file));

/** Whether this machine has systemd's parser. */
export const hasSystemd = library !== undefined;

/** One line of a unit, and the words that systemd makes of it: null where it drops the line for a mistake. */
export type Setting = readonly [name: string, value: string, words: readonly string[] | null];

/** A unit file, as systemd itself reads it; written into a folder for that. */
export function readUnit(
  folder: string,
  text: string,
  environment: readonly string[] = [],
): readonly Setting[] {
  const file = join(folder, "some.service");
  writeFileSync(file, text);
  const program = join(import.meta.dirname, "systemd_parser.py");
  const { stdout, stderr } = spawnSync("python3", [program, library ?? "", file, ...environment], {
    maxBuffer: 1 << 30,
  });
  expect(stderr.toString().slice(0, 500)).toBe("");
  return JSON.parse(stdout.toString()) as Setting[];
}
