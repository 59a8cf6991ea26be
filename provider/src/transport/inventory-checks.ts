import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { type HostKey, parseHostKey } from "./host-key.ts";
import type { DefaultFields, HostFields } from "./inventory-fields.ts";
import { presentableFields } from "./inventory-fields.ts";
import type { InventorySource, Path } from "./inventory-source.ts";
import type { InventoryHost } from "./inventory-host.ts";
import { findKnownHost, knownHostName } from "./known-hosts.ts";
import { suggestion } from "./nearest.ts";
import { privateKeyProblem } from "./private-key.ts";

interface Entry {
  readonly name: string;
  readonly own: HostFields;
  readonly defaults: DefaultFields;
  readonly source: InventorySource;
}

/** The host that an entry and the defaults describe together; notes what is wrong with it in the entry's source. */
export function completeHost(entry: Entry): InventoryHost {
  const { name, own, source } = entry;
  const { address, port = 22, user = "root", become, ...fields } = { ...entry.defaults, ...own };
  const jumpHost = own.jumpHost ?? (entry.defaults.jumpHost === name ? undefined : entry.defaults.jumpHost);
  return {
    ...{ name, address, port, user, inventoryFile: source.file },
    ...hostKeys(entry, address, port),
    ...privateKeyFile(entry),
    ...agent(entry),
    ...given("passphraseEnv", fields.passphraseEnv),
    ...given("sudoPasswordEnv", fields.sudoPasswordEnv),
    ...given("jumpHost", jumpHost),
    become: become ?? (user === "root" ? "none" : "sudo"),
  };
}

function given<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

/** Note every jump host that is not in the file, or that leads back to where it began. */
export function checkJumpHosts(
  source: InventorySource,
  hosts: ReadonlyMap<string, InventoryHost>,
  names: readonly string[],
): void {
  for (const { name, jumpHost } of hosts.values()) {
    const path = ["hosts", name, "jumpHost"];
    if (jumpHost === undefined) continue;
    if (!names.includes(jumpHost)) {
      const near = suggestion(jumpHost, names);
      source.problem(path, `${path.join(".")}: ${jumpHost} is not a host in this file${near}`);
    } else if (leadsBack(name, hosts)) {
      source.problem(
        path,
        `${path.join(".")}: ${jumpHost} leads back to ${name}; expected jump hosts without a cycle`,
      );
    }
  }
}

function leadsBack(name: string, hosts: ReadonlyMap<string, InventoryHost>): boolean {
  const seen = new Set<string>();
  let step = hosts.get(name)?.jumpHost;
  while (step !== undefined && !seen.has(step)) {
    if (step === name) return true;
    seen.add(step);
    step = hosts.get(step)?.jumpHost;
  }
  return false;
}

function pathOf({ name, own }: Entry, field: keyof DefaultFields): Path {
  return own[field] === undefined ? ["defaults", field] : ["hosts", name, field];
}

function privateKeyFile(entry: Entry): Pick<InventoryHost, "privateKeyFile"> {
  const { own, defaults, source, name } = entry;
  const file = own.privateKeyFile ?? defaults.privateKeyFile;
  if (file === undefined) return {};
  const path = expandPath(source.file, file);
  const problem = privateKeyProblem(path);
  if (problem !== undefined)
    source.problem(
      pathOf(entry, "privateKeyFile"),
      `hosts.${name}.privateKeyFile: ${problem}; expected a private key file`,
    );
  return { privateKeyFile: path };
}

function agent({ own, defaults, source, name }: Entry): Pick<InventoryHost, "agent"> {
  const named = own.agent ?? defaults.agent ?? false;
  if (named !== false) return { agent: named === true ? true : expandPath(source.file, named) };
  if (own.privateKeyFile === undefined && defaults.privateKeyFile === undefined)
    source.problem(
      ["hosts", name],
      `hosts.${name}: privateKeyFile and agent are missing; expected one of them`,
    );
  return {};
}

function hostKeys(
  entry: Entry,
  address: string,
  port: number,
): Pick<InventoryHost, "hostKeys" | "hostKeyFile"> {
  const { own, defaults, source, name } = entry;
  if (own.hostKey !== undefined) {
    if (own.knownHostsFile !== undefined)
      source.keyProblem(
        ["hosts", name, "knownHostsFile"],
        `hosts.${name}: hostKey and knownHostsFile are both given; expected one of them`,
      );
    return { hostKeys: pinnedKeys(entry, own.hostKey), hostKeyFile: source.file };
  }
  const file = own.knownHostsFile ?? defaults.knownHostsFile;
  if (file === undefined) {
    source.problem(
      ["hosts", name],
      `hosts.${name}.hostKey is missing; expected the host's public key, or knownHostsFile`,
    );
    return { hostKeys: [], hostKeyFile: source.file };
  }
  const hostKeyFile = expandPath(source.file, file);
  return { hostKeys: knownKeys({ ...entry, hostKeyFile, address, port }), hostKeyFile };
}

function pinnedKeys({ name, source }: Entry, texts: readonly string[]): HostKey[] {
  return texts.flatMap((text, index) => {
    const key = parseHostKey(text);
    if (key !== undefined) return [key];
    const path = texts.length === 1 ? ["hosts", name, "hostKey"] : ["hosts", name, "hostKey", index];
    const expected = `expected "type base64" as in the host's /etc/ssh/ssh_host_ed25519_key.pub`;
    source.problem(
      path,
      `hosts.${name}.hostKey: ${present("hostKey", text)} is not a public host key; ${expected}`,
    );
    return [];
  });
}

function knownKeys(
  entry: Entry & { hostKeyFile: string; address: string; port: number },
): readonly HostKey[] {
  const { name, source, hostKeyFile, address, port } = entry;
  const path = pathOf(entry, "knownHostsFile");
  try {
    const keys = findKnownHost(readFileSync(hostKeyFile, "utf8"), address, port);
    if (keys.length === 0)
      source.problem(
        path,
        `hosts.${name}.knownHostsFile: ${hostKeyFile} has no key for ${knownHostName(address, port)}`,
      );
    return keys;
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    source.problem(path, `hosts.${name}.knownHostsFile: ${hostKeyFile} ${reason}`);
    return [];
  }
}

/** `path` with ~ expanded, relative to the folder of the inventory file. */
export function expandPath(inventoryFile: string, path: string): string {
  const expanded = path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
  return resolve(dirname(inventoryFile), expanded);
}

/** Note what a schema found wrong with the value at `path`, with the value when it cannot be a secret. */
export function noteIssues(
  source: InventorySource,
  path: Path,
  root: unknown,
  issues: readonly z.core.$ZodIssue[],
): void {
  for (const issue of issues) {
    const at = [...path, ...issue.path.map((step) => (typeof step === "symbol" ? String(step) : step))];
    if (issue.code === "unrecognized_keys")
      noteUnknown({ source, at, keys: issue.keys, atTop: path.length === 0 });
    else noteValue(source, at, { value: valueAt(root, issue.path), expected: issue.message });
  }
}

const topFields = ["defaults", "hosts"];
const hostOnly = ["address", "hostKey"];
const sharedFields = [...presentableFields, "passphraseEnv", "sudoPasswordEnv"];

function noteUnknown({
  source,
  at,
  keys,
  atTop,
}: {
  source: InventorySource;
  at: Path;
  keys: readonly string[];
  atTop: boolean;
}): void {
  const inDefaults = at[0] === "defaults";
  const valid = atTop ? topFields : sharedFields.filter((field) => !inDefaults || !hostOnly.includes(field));
  for (const key of keys) {
    const full = [...at, key];
    const hint = suggestion(key, valid) || `; expected one of ${valid.join(", ")}`;
    source.keyProblem(
      full,
      `${[...at, keyWord(key)].join(".")} is not a field of ${at.length === 0 ? "an inventory" : at.join(".")}${hint}`,
    );
  }
}

function noteValue(source: InventorySource, at: Path, found: { value: unknown; expected: string }): void {
  const field = at.findLast((step) => typeof step === "string") ?? "";
  const name = at.join(".") || "the inventory";
  if (found.value === undefined) source.problem(at, `${name} is missing; expected ${found.expected}`);
  else source.problem(at, `${name}: found ${present(field, found.value)}; expected ${found.expected}`);
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step],
    root,
  );
}

function present(field: string, value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (!presentableFields.has(field)) return typeof value === "string" ? "a text" : `a ${typeof value}`;
  const text = JSON.stringify(value);
  return maybeSecret.test(text) ? `a text of ${text.length} characters` : text;
}

/** A piece of a private key, what stands behind the colon in "user:password@host", or simply too much. */
const maybeSecret = /PRIVATE KEY|[A-Za-z0-9+/]{32}|^"\w+:|@|\\n|^.{101}/;

/** A key as far as it is a word: "password:hunter2" is one key to YAML. */
function keyWord(key: string): string {
  return /^[\w-]{0,63}/.exec(key)?.[0] ?? "";
}
