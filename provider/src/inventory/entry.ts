import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import type { DefaultFields, HostFields } from "./fields.ts";
import type { InventorySource, Path } from "./source.ts";

/** A host as its file has it, beside what counts for all. */
export interface Entry {
  readonly name: string;
  readonly own: HostFields;
  readonly defaults: DefaultFields;
  readonly source: InventorySource;
}

/** Where an entry's value of a field stands: with the host, or with the defaults. */
export function pathOf({ name, own }: Entry, field: keyof DefaultFields): Path {
  return own[field] === undefined ? ["defaults", field] : ["hosts", name, field];
}

/** `path` with ~ expanded, relative to the folder of the inventory file. */
export function expandPath(inventoryFile: string, path: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
  return resolve(dirname(inventoryFile), expanded);
}
