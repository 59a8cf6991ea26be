import { isDeepStrictEqual } from "node:util";
import { commonFields } from "../validation/common-inputs.ts";
import { shown } from "../validation/shown.ts";
import { hasUnknown } from "../validation/unknown.ts";
import type { OnChange, Problem, Props } from "./define-resource.ts";

/** What an `up` would do to a thing that exists, and why. */
export interface Diff {
  readonly changes: boolean;
  /** The fields that ask for another thing in its place. */
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

/** Compare state with checked inputs, field by field, by the table and nothing else. */
export function diffByTable(onChange: Readonly<Record<string, OnChange>>, state: Props, inputs: Props): Diff {
  const table = {
    ...onChange,
    ...Object.fromEntries(commonFields.map((field) => [field, "record" as const])),
  };
  const changed = Object.entries(table).filter(([field]) => differs(state[field], inputs[field]));
  const drift = (state["drift"] as readonly string[] | undefined) ?? [];
  return {
    changes: changed.length > 0 || drift.length > 0,
    replaces: changed.filter(([, rule]) => rule === "replace").map(([field]) => field),
    notes: [
      ...changed.map(
        ([field, rule]) => `${field} ${shown(state[field])} → ${shown(inputs[field])}: ${consequence[rule]}`,
      ),
      ...drift.map((sentence) => `drifted: ${sentence}`),
    ],
  };
}

/** The fields whose change is refused; nothing where there is no state yet. */
export function refusedChanges(
  onChange: Readonly<Record<string, OnChange>>,
  state: Props,
  inputs: Props,
): Problem[] {
  return Object.entries(onChange)
    .filter(([field, rule]) => rule === "refuse" && state[field] !== undefined && inputs[field] !== undefined)
    .filter(([field]) => !hasUnknown(inputs[field]))
    .filter(([field]) => differs(state[field], inputs[field]))
    .map(([property]) => ({
      property,
      reason: `is ${shown(inputs[property])}; expected ${shown(state[property])} as before, because changing it is not supported yet`,
    }));
}

function differs(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(withoutAbsent(before), withoutAbsent(after));
}

/** State has no `undefined`: a field that is absent and one that holds it are the same. */
function withoutAbsent(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
