import { isDeepStrictEqual } from "node:util";
import { commonFields } from "../validation/common-inputs.ts";
import { shown } from "../validation/shown.ts";
import { hasUnknown } from "../validation/unknown.ts";
import type { OnChange, Problem, Props } from "./define-resource.ts";

/** What an `up` would do to a thing that exists, and why. */
export interface Diff {
  readonly changes: boolean;
  /**
   * The fields that ask for another thing in its place, those among them that are not known yet: the engine asks with such values
   * in which order things have to go.
   */
  readonly replaces: readonly string[];
  /** A sentence per changed field or drift: "memoryMiB 256 → 512: restarts it". */
  readonly notes: readonly string[];
}

const consequence: Record<OnChange, string> = {
  live: "nothing is interrupted",
  restart: "restarts it",
  replace: "replaces it",
  record: "only recorded",
  refuse: "refused",
};

/** What may come of a value that is not known yet: it may turn out to be the old one. */
const possibleConsequence: Record<OnChange, string> = {
  ...consequence,
  restart: "restarts it if it is another",
  replace: "replaces it if it is another",
  refuse: "refused if it is another",
};

/** Compare state with checked inputs, field by field, by the table and nothing else. */
export function diffByTable(onChange: Readonly<Record<string, OnChange>>, state: Props, inputs: Props): Diff {
  const table = {
    ...onChange,
    ...Object.fromEntries(commonFields.map((field) => [field, "record" as const])),
  };
  const changed = Object.entries(table).filter(([field]) => differs(state[field], inputs[field]));
  const drift = (state["drift"] as readonly string[] | null | undefined) ?? [];
  return {
    changes: changed.length > 0 || drift.length > 0,
    replaces: changed.filter(([, rule]) => rule === "replace").map(([field]) => field),
    notes: [
      ...changed.map(([field, rule]) => noteOf({ field, rule, before: state[field], after: inputs[field] })),
      ...drift.map((sentence) => `drifted: ${sentence}`),
    ],
  };
}

interface Changed {
  readonly field: string;
  readonly rule: OnChange;
  readonly before: unknown;
  readonly after: unknown;
}

function noteOf({ field, rule, before, after }: Changed): string {
  const unknown = hasUnknown(after);
  const news = unknown ? "known after apply" : shown(absentIfNull(after));
  return `${field} ${shown(absentIfNull(before))} → ${news}: ${(unknown ? possibleConsequence : consequence)[rule]}`;
}

/** The fields whose change is refused; nothing where there is no state yet. */
export function refusedChanges(
  onChange: Readonly<Record<string, OnChange>>,
  state: Props,
  inputs: Props,
): Problem[] {
  return Object.entries(onChange)
    .filter(([field, rule]) => rule === "refuse" && isThere(state[field]) && isThere(inputs[field]))
    .filter(([field]) => !hasUnknown(inputs[field]))
    .filter(([field]) => differs(state[field], inputs[field]))
    .map(([property]) => ({
      property,
      reason: `is ${shown(inputs[property])}; expected ${shown(state[property])} as before, because changing it is not supported yet`,
    }));
}

/** Whether two values of a field differ. A field that is absent, one that is undefined and one that is null are the same, at any depth. */
export function differs(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(withoutAbsent(before), withoutAbsent(after));
}

function withoutAbsent(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== "object") return value;
  const fields = Object.entries(value).filter(([, inner]) => isThere(inner));
  return Object.fromEntries(fields.map(([field, inner]) => [field, withoutAbsent(inner)]));
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function absentIfNull(value: unknown): unknown {
  return value ?? undefined;
}
