import { afterAll, describe, expect, it } from "vitest";
import { isDeepStrictEqual } from "node:util";
import { titleOf } from "../../provider/src/artifacts/artifact.ts";
import { checkInputs } from "../../provider/src/lifecycle/check.ts";
import type { Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import { registry } from "../../provider/src/registry.ts";
import { commonFields } from "../../provider/src/validation/common-inputs.ts";
import { driftTables, everywhere, meddlings, rounds, type DriftTable } from "../../tools/src/drift/index.ts";
import { asDeclared } from "../provider/as-declared.ts";
import { examples, removeFixtures, type Example } from "../provider/examples.ts";

afterAll(removeFixtures);

/** The tables against the definitions: what a resource gets, its table must have. */
describe("the tables of what a person can change on a host", () => {
  it("have one for each kind of resource", () => {
    expect(driftTables.map(({ type }) => type).sort()).toEqual([...registry.keys()].sort());
  });

  it("say of each field that all resources have whether it is seen", () => {
    const seen = everywhere.watched.flatMap(({ fields = [] }) => fields);
    for (const field of commonFields) {
      expect(seen.includes(field) !== field in everywhere.unseen, field).toBe(true);
    }
  });

  it("have no row twice, and nothing that is told twice in one round", () => {
    const titles = meddlings.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const round of rounds(meddlings)) {
      const told = round.flatMap((row) => row.told);
      expect(new Set(told).size).toBe(told.length);
    }
    expect(rounds(meddlings).flat()).toHaveLength(meddlings.length);
  });
});

describe.each(driftTables.map((table) => [table.type, table] as const))("the table of %s", (type, table) => {
  const resource = registry.get(type);
  const example = examples[type as keyof typeof examples] as Example;
  if (!resource) throw new Error(`${type} is no resource`);
  const variants = variantsOf(resource, example);

  it("knows each artifact, and no other", () => {
    const known = new Set<string>();
    for (const { what } of variants.flatMap(({ parts }) => parts)) {
      const watched = watchedIn(table, what);
      expect(watched, `${type} has the artifact "${what}"; its table has no row for it`).toHaveLength(1);
      known.add(watched[0] ?? "");
    }
    expect(table.watched.map(({ artifact }) => artifact).sort()).toEqual([...known].sort());
  });

  it("has a row for each artifact, or the reason why it has none", () => {
    for (const { artifact, rows, because } of table.watched) {
      expect(rows.length > 0 !== (because !== undefined), artifact).toBe(true);
    }
  });

  it("says of each field in which artifacts its value is seen, or why it is not", () => {
    const seen = Object.fromEntries(
      variants.map(({ field, differs }) => [
        field,
        [...new Set(differs.flatMap((what) => watchedIn(table, what)))].sort(),
      ]),
    );
    const claimed = Object.fromEntries(
      variants.map(({ field }) => [
        field,
        table.watched
          .filter(({ fields = [] }) => fields.includes(field))
          .map(({ artifact }) => artifact)
          .sort(),
      ]),
    );
    expect(claimed).toEqual(seen);
    for (const field of Object.keys(resource.onChange)) {
      const unseen = field in table.unseen;
      expect(unseen, `${field} is ${unseen ? "called unseen" : "neither seen nor called unseen"}`).toBe(
        seen[field]?.length === 0,
      );
    }
  });

  it("tells of things of this kind", () => {
    for (const { artifact, rows } of table.watched) {
      for (const { told, by } of rows) {
        if (told.length > 0)
          expect(
            told.some((line) => line.split("/").slice(0, 2).includes(resource.kind)),
            `${artifact} ${by}`,
          ).toBe(true);
      }
    }
  });
});

/** What is looked at, or comes by itself, as its table names it. */
interface Part {
  readonly what: string;
  /** What is observed of it where it is as declared. */
  readonly state: unknown;
}

interface Variant {
  /** The field that has another value. */
  readonly field: string;
  readonly parts: readonly Part[];
  /** The parts that are others for it. */
  readonly differs: readonly string[];
}

/** The example, and another one, with another value for one field after the other. */
function variantsOf(resource: Resource, { inputs, changes, replies }: Example): readonly Variant[] {
  const parts = (own: Props, derived: Props = {}): readonly Part[] => {
    const desired = { ...checked(resource, own), ...derived };
    const byItself = resource.comesByItself?.(desired) ?? [];
    const artifacts = resource.artifacts(desired, replies?.[0]?.result);
    return [
      ...byItself.map((one) => ({ what: titleOf(one), state: undefined })),
      ...artifacts.map((one) => ({ what: titleOf(one), state: asDeclared(one.kind.name, one.spec) })),
      ...(resource.preconditions?.(desired) ?? []).map(({ what }) => ({ what, state: undefined })),
    ];
  };
  const other = { ...inputs, ...pick(changes, Object.keys(resource.inputs.shape)) };
  return Object.keys(resource.onChange).map((field) => {
    const change = pick(changes, [field]);
    const isInput = field in resource.inputs.shape;
    const pairs = isInput
      ? [
          [parts(inputs), parts({ ...inputs, ...change })] as const,
          [parts(other), parts({ ...other, [field]: inputs[field] })] as const,
        ]
      : [[parts(inputs), parts(inputs, change)] as const];
    return {
      field,
      parts: pairs.flat(2),
      differs: pairs.flatMap(([one, another]) => differences(one, another)),
    };
  });
}

function pick(props: Props, fields: readonly string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([field]) => fields.includes(field)));
}

function checked(resource: Resource, raw: Props): Props {
  const { inputs, problems } = checkInputs(resource, raw, () => ["node1", "node2", "node3"]);
  expect(problems).toEqual([]);
  return inputs;
}

function differences(before: readonly Part[], after: readonly Part[]): readonly string[] {
  const lacks = (others: readonly Part[]) => (one: Part) =>
    !others.some(({ what, state }) => what === one.what && isDeepStrictEqual(state, one.state));
  return [...before.filter(lacks(after)), ...after.filter(lacks(before))].map(({ what }) => what);
}

/** The artifacts of the table that this may be, names apart. */
function watchedIn({ watched }: DriftTable, what: string): readonly string[] {
  const fits = watched.map(({ artifact }) => artifact).filter((artifact) => pattern(artifact).test(what));
  // A name may look like more than one: the one with the most text of its own is meant.
  return fits.sort((a, b) => plain(b).length - plain(a).length).slice(0, 1);
}

function plain(artifact: string): string {
  return artifact.replaceAll(/\{[^}]*\}/g, "");
}

function pattern(artifact: string): RegExp {
  const parts = artifact.split(/\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^$()|[\]{}\\/-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`);
}
