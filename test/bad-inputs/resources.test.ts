import { afterAll, describe, expect, it } from "vitest";
import { commonInputs } from "../../provider/src/validation/common-inputs.ts";
import type { Props } from "../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf } from "../../provider/src/lifecycle/lifecycle.ts";
import { registry } from "../../provider/src/registry.ts";
import { examples, removeFixtures } from "../provider/examples.ts";
import { ModelFleet } from "../provider/model-host.ts";
import { fieldsOf } from "../provider/input-fields.ts";
import { inventories, programs, resources, type InputRow } from "./table.ts";

afterAll(removeFixtures);

interface Refusal {
  readonly field: string;
  readonly says: string;
}

/** What check refuses of an example with a mistake in it, in the words that Pulumi prints. */
function refusals(type: string, { inputs, without = [] }: Pick<InputRow, "inputs" | "without">): Refusal[] {
  const resource = registry.get(type);
  if (!resource) throw new Error(`${type} is not in the registry`);
  const fleet = new ModelFleet(resource, {});
  const given = Object.entries({ ...examples[type as keyof typeof examples].inputs, ...inputs });
  const raw = Object.fromEntries(given.filter(([field]) => !without.includes(field)));
  const { problems } = lifecycleOf(fleet.resource, fleet.surroundings).check(raw);
  return problems.map(({ property, reason }) => ({ field: property, says: `${property} ${reason}` }));
}

/** The value that a row is about: undefined where it is missing. */
function valueOf({ inputs, field }: InputRow): unknown {
  return field
    .split(".")
    .reduce<unknown>((inner, step) => (inner as Props | null | undefined)?.[step], inputs);
}

describe.each(resources.map(({ resource, rows }) => [resource, rows] as const))(
  "%s: check refuses",
  (type, rows) => {
    it.each(rows.map((row) => [row.title, row] as const))("%s", (_, row) => {
      expect(refusals(type, row)).toEqual([{ field: row.field, says: row.says }]);
    });

    it("nothing of the example that these mistakes were made in", () => {
      expect(refusals(type, { inputs: {} })).toEqual([]);
    });
  },
);

const all = resources.flatMap(({ resource, rows }) => rows.map((row) => ({ ...row, resource })));

describe("the table of mistakes", () => {
  it("has 150 and more, each once", () => {
    expect(all.length).toBeGreaterThanOrEqual(150);
    const mistakes = all.map(({ resource, inputs, without }) =>
      JSON.stringify([resource, inputs, without, String(Object.values(inputs)[0])]),
    );
    expect(new Set(mistakes).size).toBe(mistakes.length);
    const titles = [
      ...all.map(({ resource, title }) => `${resource} ${title}`),
      ...[...inventories, ...programs].map(({ title }) => title),
    ];
    expect(new Set(titles).size).toBe(titles.length);
  });

  it("has one for every field of every resource, and for what all have once", () => {
    const named = (resource: string | undefined): string[] =>
      all.filter((row) => resource === undefined || row.resource === resource).map(({ field }) => field);
    const missing = (fields: readonly { path: readonly string[] }[], rows: readonly string[]): string[] =>
      fields
        .map(({ path }) => path.join("."))
        .filter((field) => !rows.some((row) => pattern(field).test(row)));
    for (const [type, { inputs }] of registry)
      expect(missing(fieldsOf(inputs), named(type)), type).toEqual([]);
    expect(missing(fieldsOf(commonInputs), named(undefined))).toEqual([]);
    expect(
      missing(fieldsOf(commonInputs.extend({ another: commonInputs.shape.owner })), named(undefined)),
    ).toEqual(["another"]);
  });

  it("has sentences that hold the field, the value and what was expected, on one line, and nothing of a library's", () => {
    for (const row of all) {
      expect(row.says.startsWith(`${row.field} `), row.says).toBe(true);
      expect(row.says).toMatch(/^[^\n\r]{1,400}$/);
      expect(row.says).toMatch(/; expected \S/);
      expect(row.says).not.toMatch(/undefined|\[object|Invalid|Too (small|big)|received/);
      if (row.says.includes(" has the name ")) continue; // it is about a name, not about a value
      const value = valueOf(row);
      if (typeof value === "string" && /^[\x20-\x7e]{0,60}$/.test(value))
        expect(row.says).toContain(JSON.stringify(value).slice(1, -1));
      if (typeof value === "number" || typeof value === "boolean")
        expect(row.says).toContain(`is ${String(value)}`);
    }
  });
});

/** "shares.*.tag" as it stands in a row: shares.0.tag. */
function pattern(field: string): RegExp {
  return new RegExp(`^${field.replaceAll(".", "\\.").replaceAll("*", ".+")}$`);
}
