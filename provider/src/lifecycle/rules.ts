import { isDeepStrictEqual } from "node:util";
import { hasUnknown } from "../validation/unknown.ts";
import type { OnChange, Resource, Rule } from "./define-resource.ts";

/** What a change of one field does. */
export interface Consequence {
  readonly rule: OnChange;
  /** Where it is refused by a rule that looks at both values: "expected 5 GiB or more, because a store cannot shrink". */
  readonly expected?: string;
}

/** What a rule says of a change; while one of the values is absent or not known yet, what it says of most. */
export function consequenceOf(rule: Rule, before: unknown, after: unknown): Consequence {
  if (typeof rule === "string") return { rule };
  if (!isKnown(before) || !isKnown(after)) return { rule: rule.mostly };
  const said = rule.of(before, after);
  return typeof said === "string" ? { rule: said } : { rule: "refuse", expected: said.refuse };
}

/** Whether the new one can be made only when the old one is gone. */
export function deletesFirst(order: Resource["replaceOrder"], fields: readonly string[]): boolean {
  if (typeof order === "string") return order === "delete-then-create";
  const orders = new Set(fields.map((field) => order[field] ?? order.otherwise));
  const [only = order.otherwise, another] = orders;
  return (another === undefined ? only : order.otherwise) === "delete-then-create";
}

/** For what may become larger and not smaller. `expected` is told where it becomes smaller. */
export function growOnly<Value>(
  mostly: OnChange,
  size: (value: Value) => number,
  expected: (before: number) => string,
): Rule<Value> {
  return {
    mostly,
    of: (before, after) => (size(after) < size(before) ? { refuse: expected(size(before)) } : mostly),
  };
}

/** Whether two values of a field differ. A field that is absent, one that is undefined and one that is null are the same, at any depth. */
export function differs(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(withoutAbsent(before), withoutAbsent(after));
}

/** Whether a value is neither undefined nor null. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isKnown(value: unknown): boolean {
  return isThere(value) && !hasUnknown(value);
}

function withoutAbsent(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== "object") return value;
  const fields = Object.entries(value).filter(([, inner]) => isThere(inner));
  return Object.fromEntries(fields.map(([field, inner]) => [field, withoutAbsent(inner)]));
}
