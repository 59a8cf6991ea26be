import type { z } from "zod";
import { hostFields, presentableFields } from "./fields.ts";
import type { InventorySource, Path } from "./source.ts";
import { suggestion } from "./nearest.ts";

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
  const valid = atTop ? topFields : hostFields.filter((field) => !inDefaults || !hostOnly.includes(field));
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

/** A value as a message may show it. */
export function present(field: string, value: unknown): string {
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
