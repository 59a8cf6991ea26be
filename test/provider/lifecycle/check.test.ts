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

const disk = defineResource({
  type: "torocloud:test:Disk",
  summary: "A disk.",
  kind: "disk",
  inputs: z.object({
    host: HostName,
    name: z.string(),
    rack: z.string().optional(),
    size: z.number().default(1),
    id: z.string().optional(),
  }),
  derived: z.object({ id: z.string(), path: z.string() }),
  outputs: z.object({}),
  derive: {
    id: ({ owner, name, id }): string => id ?? `${owner}:${name}`,
    path: ({ size }): string => `/disks/${String(size)}`,
  },
  keeps: ["id"],
  onChange: {
    host: "replace",
    name: "replace",
    rack: "replace",
    size: "live",
    id: "replace",
    path: "record",
  },
  replaceOrder: "delete-then-create",
  name: ({ name }) => name,
  artifacts: () => [],
});

const given = { inventory: "hosts.yaml", owner: "o/p/s", host: "a", name: "d" };
const checkDisk = (
  changes: Readonly<Record<string, unknown>>,
  former?: Readonly<Record<string, unknown>>,
): ReturnType<typeof checkInputs> => checkInputs(disk, { ...given, ...changes }, () => ["a", "b"], former);

describe("what was derived once and identifies a thing", () => {
  const { inputs: former } = checkDisk({});

  it("is kept when the stack is renamed, and whatever else changes that leaves the thing what it is", () => {
    expect(former["id"]).toBe("o/p/s:d");
    const renamed = checkDisk({ owner: "o/p/other", size: 2 }, former).inputs;
    expect(renamed).toMatchObject({ id: "o/p/s:d", owner: "o/p/other", path: "/disks/2" });
    expect(checkDisk({ owner: "o/p/third" }, renamed).inputs["id"]).toBe("o/p/s:d");
  });

  it.each([
    { name: "other", id: "o/p/new:other" },
    { host: "b", id: "o/p/new:d" },
    { rack: "7", id: "o/p/new:d" },
  ])("is derived anew for another thing in its place: %o", ({ id, ...changes }) => {
    expect(checkDisk({ owner: "o/p/new", ...changes }, former).inputs["id"]).toBe(id);
  });

  it("is derived anew when what told it from others was taken away", () => {
    const { inputs: inRack } = checkDisk({ rack: "7" });
    expect(checkDisk({ owner: "o/p/new" }, inRack).inputs["id"]).toBe("o/p/new:d");
  });

  it("is what the program says, and stays when the program says it no more", () => {
    const { inputs: named } = checkDisk({ id: "mine" }, former);
    expect(named["id"]).toBe("mine");
    expect(checkDisk({}, named).inputs["id"]).toBe("mine");
  });

  it("is derived for a new thing", () => {
    expect(checkDisk({ owner: "o/p/new" }, {}).inputs["id"]).toBe("o/p/new:d");
  });
});

describe("ignoreChanges, with which the engine hands former values back", () => {
  const { inputs: former } = checkDisk({ size: 3 });

  it("may name a derived field, which is derived again", () => {
    const { inputs, problems } = checkDisk({ size: 4, path: former["path"] }, former);
    expect(problems).toEqual([]);
    expect(inputs["path"]).toBe("/disks/4");
  });

  it("may name all fields", () => {
    expect(checkInputs(disk, former, () => ["a"], former)).toEqual({ inputs: former, problems: [] });
  });

  it("is no way to set one", () => {
    expect(checkDisk({ path: "/mine" }, former).problems).toMatchObject([{ property: "path" }]);
    expect(checkDisk({ path: "/disks/1" }, {}).problems).toMatchObject([{ property: "path" }]);
  });
});
