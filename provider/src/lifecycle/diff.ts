import { commonFields } from "../validation/common-inputs.ts";
import { shown } from "../validation/shown.ts";
import { hasUnknown } from "../validation/unknown.ts";
import type { OnChange, Problem, Props, Rule } from "./define-resource.ts";
import { consequenceOf, differs, isThere } from "./rules.ts";

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
  move: "moves it",
  replace: "replaces it",
  record: "only recorded",
  refuse: "refused",
};

/** What may come of a value that is not known yet: it may turn out to be the old one. */
const possibleConsequence: Record<OnChange, string> = {
  ...consequence,
  restart: "restarts it if it is another",
  move: "moves it if it is another",
  replace: "replaces it if it is another",
  refuse: "refused if it is another",
};

/** Compare state with checked inputs, field by field, by the table and nothing else. */
export function diffByTable(onChange: Readonly<Record<string, Rule>>, state: Props, inputs: Props): Diff {
  const table: Readonly<Record<string, Rule>> = {
    ...onChange,
    ...Object.fromEntries(commonFields.map((field) => [field, "record" as const])),
  };
  const changed = Object.entries(table)
    .map(([field, rule]) => ({ field, rule, before: state[field], after: inputs[field] }))
    .filter(({ before, after }) => differs(before, after))
    .map((one) => ({ ...one, rule: consequenceOf(one.rule, one.before, one.after).rule }));
  const drift = (state["drift"] as readonly string[] | null | undefined) ?? [];
  return {
    changes: changed.length > 0 || drift.length > 0,
    replaces: changed.filter(({ rule }) => rule === "replace").map(({ field }) => field),
    notes: [...changed.map(noteOf), ...drift.map((sentence) => `drifted: ${sentence}`)],
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
  onChange: Readonly<Record<string, Rule>>,
  state: Props,
  inputs: Props,
): Problem[] {
  return Object.entries(onChange).flatMap(([property, rule]) => {
    const [before, after] = [state[property], inputs[property]];
    if (!isThere(before) || !isThere(after) || hasUnknown(after) || !differs(before, after)) return [];
    const asBefore = `expected ${shown(before)} as before, because changing it is not supported yet`;
    const { rule: found, expected = asBefore } = consequenceOf(rule, before, after);
    return found === "refuse" ? [{ property, reason: `is ${shown(after)}; ${expected}` }] : [];
  });
}

function absentIfNull(value: unknown): unknown {
  return value ?? undefined;
}
