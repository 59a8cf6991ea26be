import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkInputs, unknownValue } from "../../../provider/src/lifecycle/check.ts";
import { defineResource } from "../../../provider/src/lifecycle/define-resource.ts";
import { HostName } from "../../../provider/src/validation/schemas.ts";

const thing = defineResource({
  type: "torocloud:test:Thing",
  summary: "A thing.",
  kind: "thing",
  inputs: z.object({
    host: HostName,
    peers: z.array(z.object({ on: HostName, weight: z.number("expected a number").default(1) })).default([]),
    seat: z.object({ on: HostName }),
    rooms: z.array(z.object({ on: HostName })),
    size: z.number("expected a number").default(1),
    name: z.string("expected a name").optional(),
  }),
  derived: z.object({ path: z.string(), name: z.string() }),
  outputs: z.object({}),
  derive: {
    path: ({ size }): string => `/things/${String(size)}`,
    name: ({ name, host }): string => name ?? `thing-on-${host}`,
  },
  onChange: {
    host: "replace",
    peers: "live",
    seat: "live",
    rooms: "live",
    size: "live",
    name: "replace",
    path: "record",
  },
  replaceOrder: "delete-then-create",
  name: ({ name }) => name,
  validate: ({ size, peers }) =>
    size < peers.length ? [{ property: "size", reason: "is too small; expected room for all peers" }] : [],
  artifacts: () => [],
});

const raw = { inventory: "hosts.yaml", owner: "o/p/s", host: "a", seat: { on: "a" }, rooms: [] };
const check = (changes: Readonly<Record<string, unknown>>): ReturnType<typeof checkInputs> =>
  checkInputs(thing, { ...raw, ...changes }, () => ["a", "b"]);

describe("check", () => {
  it("fills in defaults, those inside lists too, and derives", () => {
    expect(check({ peers: [{ on: "b" }], size: 2 })).toEqual({
      problems: [],
      inputs: {
        ...raw,
        onDelete: "keepData",
        peers: [{ on: "b", weight: 1 }],
        size: 2,
        path: "/things/2",
        name: "thing-on-a",
      },
    });
  });

  it("takes undefined for absent", () => {
    expect(check({ size: undefined, name: undefined }).inputs).toMatchObject({ size: 1, name: "thing-on-a" });
  });

  it("derives what it can, and leaves the rest unknown", () => {
    expect(check({ size: unknownValue }).inputs).toMatchObject({
      size: unknownValue,
      path: unknownValue,
      name: "thing-on-a",
    });
    expect(check({ name: unknownValue }).inputs).toMatchObject({ path: "/things/1", name: unknownValue });
  });

  it("still refuses what is known beside what is not", () => {
    expect(check({ size: unknownValue, name: 5 }).problems).toEqual([
      { property: "name", reason: "is 5; expected a name" },
    ]);
    expect(check({ size: unknownValue, host: "c" }).problems).toMatchObject([{ property: "host" }]);
  });

  it("does not judge fields together before all of them are known", () => {
    expect(check({ peers: [{ on: "a" }, { on: "b" }] }).problems).toMatchObject([{ property: "size" }]);
    expect(check({ peers: [{ on: "a" }, { on: unknownValue }] }).problems).toEqual([]);
  });

  it("finds a host deep inside, and says where", () => {
    expect(check({ seat: { on: "c" } }).problems).toEqual([
      { property: "seat.on", reason: 'is "c"; expected a host of hosts.yaml: a, b' },
    ]);
    expect(check({ rooms: [{ on: "a" }, { on: "c" }] }).problems).toMatchObject([{ property: "rooms.1.on" }]);
  });

  it("finds a host behind a default", () => {
    expect(check({ size: 9, peers: [{ on: "a" }, { on: "c" }] }).problems).toMatchObject([
      { property: "peers.1.on" },
    ]);
  });

  it("names the field that is wrong deep inside, with its value", () => {
    expect(check({ peers: [{ on: "a", weight: "heavy" }] }).problems).toEqual([
      { property: "peers.0.weight", reason: 'is "heavy"; expected a number' },
    ]);
  });

  it("says all at once", () => {
    const properties = check({ size: "big", name: 5, colour: "blue" }).problems.map(
      ({ property }) => property,
    );
    expect(properties.sort()).toEqual(["colour", "name", "size"]);
  });

  it("names every field that it does not know", () => {
    const properties = check({ colour: "blue", taste: "sweet" }).problems.map(({ property }) => property);
    expect(properties).toEqual(["colour", "taste"]);
  });

  it("gives the inputs back untouched when they are refused", () => {
    const { inputs } = check({ size: "big" });
    expect(inputs).toEqual({ ...raw, size: "big" });
  });
});
