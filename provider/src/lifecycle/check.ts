import { z } from "zod";
import { commonInputs, type CommonInputs } from "../validation/common-inputs.ts";
import type { Problem, Props, Resource } from "./define-resource.ts";
import { expectation } from "../validation/expectation.ts";
import { Facts, factsField } from "../validation/facts.ts";
import { shown } from "../validation/shown.ts";
import { hasUnknown, unknownValue } from "../validation/unknown.ts";
import { consequenceOf, differs } from "./rules.ts";

export { unknownValue };

/** The names of the hosts that an inventory has. Throws when the file cannot be used. */
export type HostNames = (inventory: string) => readonly string[];

export interface Checked {
  readonly inputs: Props;
  readonly problems: readonly Problem[];
}

/**
 * Validate the inputs that are known, fill in their defaults and everything that can be derived; what is not
 * known yet passes through. `former` are the inputs as they were checked before, empty for a new resource: what identifies the
 * thing that exists is kept from there. Pure but for reading the inventory and the local files that inputs name.
 */
export function checkInputs(
  resource: Resource,
  { [factsField]: facts, ...given }: Props,
  hostNames: HostNames,
  former: Props = {},
): Checked {
  const raw = withoutDerived(resource, given, former);
  const unknowns = pickBy(raw, hasUnknown);
  const known = pickBy(raw, (value, field) => value !== undefined && !(field in unknowns));
  const parsed = schemaWithout(resource, Object.keys(unknowns)).safeParse(known, { error: expectation });
  if (!parsed.success)
    return { inputs: given, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, raw)) };

  const inputs: Record<string, unknown> = { ...parsed.data, ...unknowns };
  const problems = [
    ...unknownHosts(resource, inputs, hostNames),
    ...validate(resource, inputs),
    ...unsuited(resource, inputs, facts),
  ];
  if (problems.length > 0) return { inputs: given, problems };
  return { inputs: { ...inputs, ...derived(resource, inputs, former) }, problems: [] };
}

/**
 * What `ignoreChanges` does: the engine puts former values into the inputs, and does not know which of them were derived. They
 * are derived again from the rest.
 */
function withoutDerived({ derived, inputs }: Resource, given: Props, former: Props): Props {
  return pickBy(
    given,
    (value, field) =>
      !(field in derived.shape) ||
      field in inputs.shape ||
      former[field] === undefined ||
      differs(value, former[field]),
  );
}

function derived(resource: Resource, inputs: Props, former: Props): Props {
  const kept = keptFields(resource, inputs, former);
  const known = failOnUnknown({ ...inputs, ...kept });
  const values = Object.entries(resource.derive).map(([field, derive]) => {
    const value = knownOnly(() => derive(known));
    if (field in kept) return [field, keptOf(kept[field], value)];
    return [field, value === notKnown ? unknownValue : value];
  });
  return Object.fromEntries(values) as Props;
}

/** What was kept; of what has an entry for each of several things, the entries of those that there are now. */
function keptOf(kept: unknown, derivedNow: unknown): unknown {
  if (!isRecord(kept) || !isRecord(derivedNow)) return kept;
  return Object.fromEntries(
    Object.entries(derivedNow).map(([entry, value]) => [entry, kept[entry] ?? value]),
  );
}

function isRecord(value: unknown): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What was derived once and identifies what exists (`keeps`), whatever it would be derived to now. It goes with what it
 * identifies: when another field asks for another thing in its place, it is derived anew. What a program says itself counts.
 */
function keptFields({ keeps = [], onChange, derive }: Resource, inputs: Props, former: Props): Props {
  const isGiven = (field: string): boolean => inputs[field] !== undefined;
  const asksForAnother = Object.entries(onChange)
    .filter(([field]) => !keeps.includes(field) && (isGiven(field) || !(field in derive)))
    .filter(([field]) => differs(former[field], inputs[field]))
    .some(([field, rule]) => consequenceOf(rule, former[field], inputs[field]).rule === "replace");
  const kept = keeps.filter((field) => !isGiven(field) && differs(former[field], undefined));
  return asksForAnother ? {} : Object.fromEntries(kept.map((field) => [field, former[field]]));
}

const schemas = new WeakMap<Resource, Map<string, z.ZodObject>>();

/** The schema of the inputs but for some fields. Kept: zod compiles a schema when it is first used, which takes longer than all its later uses. */
function schemaWithout(resource: Resource, absent: readonly string[]): z.ZodObject {
  const known = schemas.get(resource) ?? new Map<string, z.ZodObject>();
  schemas.set(resource, known);
  const key = [...absent].sort().join();
  const schema =
    known.get(key) ??
    z.strictObject(
      pickBy({ ...resource.inputs.shape, ...commonInputs.shape }, (_, field) => !absent.includes(field)),
    );
  known.set(key, schema);
  return schema;
}

function validate(resource: Resource, inputs: Props): readonly Problem[] {
  const problems = knownOnly(() => resource.validate?.(failOnUnknown(inputs)) ?? []);
  return problems === notKnown ? [] : problems;
}

/** What its host cannot do, as far as it was asked what it is. */
function unsuited(resource: Resource, inputs: Props, facts: unknown): readonly Problem[] {
  const known = Facts.safeParse(facts);
  if (!known.success || hasUnknown(facts)) return [];
  const problems = knownOnly(() => resource.requires?.(failOnUnknown(inputs), known.data) ?? []);
  return problems === notKnown ? [] : problems;
}

/** Schemas mark a field that names a host with `.meta({ host: true })`. */
function unknownHosts(resource: Resource, inputs: Props, hostNames: HostNames): Problem[] {
  const { inventory } = inputs as unknown as CommonInputs;
  const named = Object.entries(resource.inputs.shape).flatMap(([field, schema]) =>
    hostsIn(schema as z.ZodType, inputs[field], field),
  );
  if (named.length === 0 || hasUnknown(inventory)) return [];
  let names: readonly string[];
  try {
    names = hostNames(inventory);
  } catch (error) {
    return [{ property: "inventory", reason: error instanceof Error ? error.message : String(error) }];
  }
  return named
    .filter(({ value }) => !names.includes(value))
    .map(({ property, value }) => ({
      property,
      reason: `is ${shown(value)}; expected a host of ${inventory}: ${names.join(", ")}`,
    }));
}

interface NamedHost {
  readonly property: string;
  readonly value: string;
}

function hostsIn(schema: z.ZodType, value: unknown, property: string): NamedHost[] {
  if (z.globalRegistry.get(schema)?.["host"] === true) {
    return typeof value === "string" && value !== unknownValue ? [{ property, value }] : [];
  }
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return hostsIn(schema.unwrap() as z.ZodType, value, property);
  }
  return partsOf(schema, value).flatMap((part) =>
    hostsIn(part.schema, part.value, `${property}.${part.key}`),
  );
}

/** The schemas inside an object's or array's schema, each with the value that it is for. */
function partsOf(schema: z.ZodType, value: unknown): { schema: z.ZodType; value: unknown; key: string }[] {
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const element = schema.element as z.ZodType;
    return value.map((item: unknown, index) => ({ schema: element, value: item, key: String(index) }));
  }
  if (schema instanceof z.ZodObject && typeof value === "object" && value !== null) {
    return Object.entries(schema.shape).map(([key, inner]) => ({
      schema: inner as z.ZodType,
      value: (value as Props)[key],
      key,
    }));
  }
  return [];
}

function problemsOf(issue: z.core.$ZodIssue, raw: Props): Problem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      property: [...issue.path, key].join("."),
      reason: `is ${shown(valueAt([...issue.path, key], raw))}, but there is no such field; ${issue.message}`,
    }));
  }
  const property = issue.path.join(".");
  if (issue.code === "invalid_key") {
    const expected = issue.issues.map(({ message }) => lowerFirst(message)).join(", ");
    return [{ property, reason: `has the name ${shown(issue.path.at(-1))}; ${expected}` }];
  }
  const value = valueAt(issue.path, raw);
  const given = value === undefined ? "is missing" : `is ${shown(value)}`;
  return [{ property, reason: `${given}; ${lowerFirst(issue.message)}` }];
}

function valueAt(path: readonly PropertyKey[], raw: Props): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Props | null | undefined)?.[String(key)], raw);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const notKnown = Symbol("known after apply");
class NotKnownYet extends Error {}

/** What `compute` returns, or that it needed a value which is not known yet. */
function knownOnly<Value>(compute: () => Value): Value | typeof notKnown {
  try {
    return compute();
  } catch (error) {
    if (error instanceof NotKnownYet) return notKnown;
    throw error;
  }
}

/** A view of the inputs in which reading an unknown value throws. */
function failOnUnknown(inputs: Props): Props {
  return new Proxy(inputs, {
    get(target, field) {
      const value = Reflect.get(target, field) as unknown;
      if (hasUnknown(value)) throw new NotKnownYet();
      return value;
    },
  });
}

function pickBy<Value>(
  record: Readonly<Record<string, Value>>,
  keep: (value: Value, field: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([field, value]) => keep(value, field)));
}
