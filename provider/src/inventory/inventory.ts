import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { checkJumpHosts, completeHost } from "./checks.ts";
import { expandPath } from "./entry.ts";
import { DefaultFields, HostFields, hostNamePattern, InventoryFields } from "./fields.ts";
import type { Inventory, InventoryHost } from "./host.ts";
import { noteIssues } from "./issues.ts";
import { InventorySource } from "./source.ts";
import { suggestion } from "./nearest.ts";

/** An inventory cannot be used; every problem in it is a line "file:line:column: what, and what was expected". */
export class InventoryError extends Error {
  override readonly name = "InventoryError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}

interface Loaded {
  readonly inventory: Inventory;
  readonly stamps: readonly (readonly [file: string, stamp: string])[];
}

const loaded = new Map<string, Loaded>();

/** The inventory in a YAML or JSON file, read again only when it or a file that it names has changed; throws {@link InventoryError}. */
export function loadInventory(path: string): Inventory {
  const file = resolve(expandPath(resolve("inventory"), path));
  const before = loaded.get(file);
  if (before?.stamps.every(([name, stamp]) => stampOf(name) === stamp) === true) return before.inventory;
  loaded.delete(file);
  const stamp = stampOf(file);
  const inventory = parseInventory(file, read(file));
  const named = [...inventory.hosts.values()].flatMap(({ privateKeyFile, hostKeyFile }) => [
    privateKeyFile ?? file,
    hostKeyFile,
  ]);
  const others = [...new Set(named)].filter((name) => name !== file);
  loaded.set(file, {
    inventory,
    stamps: [[file, stamp], ...others.map((name) => [name, stampOf(name)] as const)],
  });
  return inventory;
}

/** The host of that name; throws {@link InventoryError} when there is none. */
export function findHost(inventory: Inventory, name: string): InventoryHost {
  const host = inventory.hosts.get(name);
  if (host !== undefined) return host;
  const hint = suggestion(name, inventory.hosts.keys());
  throw new InventoryError([`${inventory.file}: hosts has no ${name}${hint}`]);
}

/** The inventory that `content` describes, `file` being where it was found; throws {@link InventoryError}. */
export function parseInventory(file: string, content: string): Inventory {
  const source = new InventorySource(file, content);
  const root = source.value();
  throwProblems(source);
  const outer = InventoryFields.safeParse(root);
  if (!outer.success) noteIssues(source, [], root, outer.error.issues);
  throwProblems(source);
  const { hosts: entries = {}, defaults: given } = outer.data ?? {};
  const defaults = parseDefaults(source, given ?? {});
  const hosts = new Map(
    Object.entries(entries).flatMap(([name, entry]) => {
      const host = parseHost(source, { name, entry, defaults });
      return host === undefined ? [] : [[name, host] as const];
    }),
  );
  checkJumpHosts(source, hosts, Object.keys(entries));
  throwProblems(source);
  return { file, hosts };
}

function parseDefaults(source: InventorySource, given: unknown): DefaultFields {
  const parsed = DefaultFields.safeParse(given);
  if (!parsed.success) noteIssues(source, ["defaults"], given, parsed.error.issues);
  return parsed.data ?? {};
}

interface Named {
  readonly name: string;
  readonly entry: unknown;
  readonly defaults: DefaultFields;
}

function parseHost(source: InventorySource, { name, entry, defaults }: Named): InventoryHost | undefined {
  const path = ["hosts", name];
  if (!hostNamePattern.test(name)) {
    const expected = "expected up to 63 of a-z, 0-9 and -, with no - at either end";
    source.keyProblem(
      path,
      `hosts: ${JSON.stringify(name.slice(0, 80))} cannot be the name of a host; ${expected}`,
    );
  }
  const parsed = HostFields.safeParse(entry);
  if (parsed.success) return completeHost({ name, own: parsed.data, defaults, source });
  noteIssues(source, path, entry, parsed.error.issues);
  return undefined;
}

function throwProblems(source: InventorySource): void {
  const problems = source.problems();
  if (problems.length > 0) throw new InventoryError(problems);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    throw new InventoryError([`${file}: the inventory ${reason}; expected a YAML or JSON file with hosts`], {
      cause: error,
    });
  }
}

function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "absent" : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
