import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { explainDrift, type Artifact } from "../../provider/src/host/artifact.ts";
import { HostUnreachable } from "../../provider/src/host/host.ts";
import { unknownValue } from "../../provider/src/lifecycle/check.ts";
import { commonFields } from "../../provider/src/lifecycle/common-inputs.ts";
import type { OnChange, Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import { AlreadyExists, HalfMade } from "../../provider/src/lifecycle/errors.ts";
import { lifecycleOf, type Lifecycle } from "../../provider/src/lifecycle/lifecycle.ts";
import { markerPath } from "../../provider/src/lifecycle/marker.ts";
import { removeFixtures, type Example } from "./examples.ts";
import { FakeFleet, plain, type FakeHost } from "./fake-host.ts";

const stranger = "organization/project/another-stack";

/** The promises every resource makes. A new one gets these tests for one line and an example. */
export function testResource(resource: Resource, example: Example): void {
  describe(resource.type, () => {
    afterAll(removeFixtures);
    it("has an example that changes each field of its table", () => {
      const { inputs } = begin(resource, example);
      for (const field of Object.keys(resource.onChange)) {
        expect(example.changes, field).toHaveProperty([field]);
        expect(example.changes[field], field).not.toEqual(inputs[field]);
      }
    });
    testCheck(resource, example);
    testLife(resource, example);
    testOwnership(resource, example);
    testChanges(resource, example);
    testReplacement(resource, example);
    testDrift(resource, example);
    testFailure(resource, example);
  });
}

interface Stage {
  readonly fleet: FakeFleet;
  readonly lifecycle: Lifecycle;
  /** Checked. */
  readonly inputs: Props;
  readonly host: FakeHost;
}

function begin(resource: Resource, example: Example, changes: Props = {}): Stage {
  const fleet = new FakeFleet(resource, example);
  const lifecycle = lifecycleOf(fleet.resource, fleet.surroundings);
  const inputs = checked(lifecycle, { ...example.inputs, ...changes });
  return { fleet, lifecycle, inputs, host: fleet.host(String(inputs["host"])) };
}

/** What Pulumi keeps of checked inputs. */
function checked(lifecycle: Lifecycle, raw: Props): Props {
  const { inputs, problems } = lifecycle.check(raw);
  expect(problems).toEqual([]);
  return plain(inputs);
}

async function made(
  resource: Resource,
  example: Example,
  changes: Props = {},
): Promise<Stage & { id: string; state: Props }> {
  const stage = begin(resource, example, changes);
  const { id, state } = await stage.lifecycle.create(stage.inputs);
  return { ...stage, id, state: plain(state) };
}

/** Reading with what remains when an id is all that is known. */
function bare({ inputs }: { inputs: Props }): Props {
  return { inventory: inputs["inventory"], owner: inputs["owner"] };
}

async function failure(act: Promise<unknown>): Promise<Error> {
  return act.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error as Error,
  );
}

async function halfMade(act: Promise<unknown>): Promise<HalfMade> {
  const error = await failure(act);
  if (!(error instanceof HalfMade)) throw error;
  return error;
}

function testCheck(resource: Resource, example: Example): void {
  const raw = example.inputs;

  it("check fills in defaults and derived fields once and for all", () => {
    const { lifecycle, inputs } = begin(resource, example);
    const given = Object.fromEntries(
      Object.entries(inputs).filter(
        ([field]) => field in resource.inputs.shape || commonFields.includes(field),
      ),
    );
    expect(checked(lifecycle, given)).toEqual(inputs);
    for (const [field, schema] of Object.entries(resource.inputs.shape)) {
      if (schema instanceof z.ZodDefault) expect(inputs, field).toHaveProperty([field]);
    }
    const derived = Object.fromEntries(
      Object.keys(resource.derived.shape).map((field) => [field, inputs[field]]),
    );
    expect(resource.derived.safeParse(derived)).toMatchObject({ success: true });
    expect(Object.keys(resource.derive)).toEqual(Object.keys(resource.derived.shape));
  });

  it("check refuses a field that it does not know, and names it", () => {
    const { lifecycle } = begin(resource, example);
    expect(lifecycle.check({ ...raw, colour: "blue" }).problems).toEqual([
      {
        property: "colour",
        reason: expect.stringMatching(
          /^is "blue", but there is no such field; expected one of host, /,
        ) as string,
      },
    ]);
  });

  it.each(required(resource))("check says that %s is missing", (field) => {
    const { lifecycle } = begin(resource, example);
    const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => name !== field));
    expect(lifecycle.check(rest).problems).toEqual([
      { property: field, reason: expect.stringMatching(/^is missing; \S/) as string },
    ]);
  });

  it.each(Object.keys(resource.inputs.shape))("check lets %s pass while it is not known", (field) => {
    const { lifecycle, inputs } = begin(resource, example);
    const { inputs: partly, problems } = lifecycle.check({ ...raw, [field]: unknownValue });
    expect(problems).toEqual([]);
    expect(partly[field]).toBe(unknownValue);
    for (const [name, value] of Object.entries(plain(partly))) {
      if (value !== unknownValue && name !== field) expect(value, name).toEqual(inputs[name]);
    }
  });

  const nested = Object.entries(raw).filter(([, value]) => typeof value === "object");
  if (nested.length > 0) {
    it.each(nested)("check lets a part of %s pass while it is not known", (field, value) => {
      const { lifecycle } = begin(resource, example);
      const partly = withUnknownLeaf(value);
      expect(lifecycle.check({ ...raw, [field]: partly })).toMatchObject({
        problems: [],
        inputs: { [field]: partly },
      });
    });
  }

  const hostFields = Object.entries(resource.inputs.shape)
    .filter(([, schema]) => z.globalRegistry.get(schema as z.ZodType)?.["host"] === true)
    .map(([field]) => field);
  it.each(hostFields)("check refuses a %s that the inventory does not have", (field) => {
    const { lifecycle } = begin(resource, example);
    expect(lifecycle.check({ ...raw, [field]: "node9" }).problems).toEqual([
      { property: field, reason: `is "node9"; expected a host of hosts.yaml: node1, node2, node3` },
    ]);
  });
  it("says which of its inputs name a host", () => {
    expect(hostFields).toContain("host");
    for (const field of Object.keys(raw).filter(
      (name) => /^node\d$/.test(String(raw[name])) && name !== "name",
    )) {
      expect(hostFields).toContain(field);
    }
  });

  it("check passes on what is wrong with the inventory", () => {
    const { fleet } = begin(resource, example);
    const lifecycle = lifecycleOf(resource, {
      ...fleet.surroundings,
      hostNames: () => {
        throw new Error("hosts.yaml does not exist");
      },
    });
    expect(lifecycle.check(raw).problems).toEqual([
      { property: "inventory", reason: "hosts.yaml does not exist" },
    ]);
  });
}

function required(resource: Resource): string[] {
  return Object.entries(resource.inputs.shape)
    .filter(([, schema]) => !(schema as z.ZodType).safeParse(undefined).success)
    .map(([field]) => field);
}

function withUnknownLeaf(value: unknown): unknown {
  if (Array.isArray(value))
    return (value as unknown[]).map((element, index) => (index === 0 ? withUnknownLeaf(element) : element));
  if (typeof value !== "object" || value === null) return unknownValue;
  const [first = ""] = Object.keys(value);
  return { ...value, [first]: withUnknownLeaf((value as Props)[first]) };
}

/** Whether a host where nothing is lacks it. */
function absent({ expected }: Artifact): boolean {
  return expected !== "";
}

function testLife(resource: Resource, example: Example): void {
  it("create makes every artifact on its host, and diff then finds nothing to do", async () => {
    const { fleet, lifecycle, host, inputs, state, id } = await made(resource, example);
    const parts = fleet.madeFor(inputs).filter(absent);
    expect(Object.fromEntries(host.things)).toEqual(
      Object.fromEntries(parts.map(({ what, expected }) => [what, expected])),
    );
    expect(host.applied).toEqual(parts.map(({ what }) => what));
    for (const other of fleet.hosts) if (other !== host) expect(other.things.size).toBe(0);
    expect(id).toBe(`${host.name}/${resource.kind}/${resource.name(inputs)}`);
    expect(state).toMatchObject({ ...inputs, drift: [] });
    expect(lifecycle.diff(state, inputs)).toMatchObject({ changes: false, replaces: [], notes: [] });
  });

  it("create reports the outputs that its schema promises", async () => {
    const { state } = await made(resource, example);
    expect(Object.keys(state)).toEqual(expect.arrayContaining(Object.keys(resource.outputs.shape)));
    expect(resource.outputs.parse(example.outputs ?? {})).toEqual(
      Object.fromEntries(Object.keys(resource.outputs.shape).map((field) => [field, state[field]])),
    );
  });

  it("create takes three scripts at most, and a second look one", async () => {
    const { fleet, lifecycle, id, state } = await made(resource, example);
    expect(fleet.scripts.length).toBeLessThanOrEqual(3);
    expect(fleet.scripts.length).toBe(resource.gather ? 3 : 2);
    fleet.forgetHistory();
    await lifecycle.read(id, state);
    expect(fleet.scripts).toHaveLength(1);
  });

  it("looking changes nothing: no text that makes or removes is sent", async () => {
    const { fleet, lifecycle, id, inputs, state } = await made(resource, example);
    const before = fleet.snapshot();
    fleet.forgetHistory();
    await lifecycle.read(id, state);
    await lifecycle.read(id, bare({ inputs }));
    expect(fleet.snapshot()).toEqual(before);
    for (const script of fleet.scripts) {
      expect(script).not.toMatch(/step '(making|removing|waiting)/);
      for (const { apply, remove } of fleet.madeFor(inputs)) {
        if (apply.text.length > 1) expect(script).not.toContain(apply.text);
        if (remove) expect(script).not.toContain(remove.text);
      }
    }
  });

  it("every script is one that a POSIX shell understands", async () => {
    const { fleet, lifecycle, id, inputs, state } = await made(resource, example, {
      onDelete: "destroyData",
    });
    await lifecycle.read(id, bare({ inputs }));
    await lifecycle.delete(id, state);
    expect(fleet.scripts.length).toBeGreaterThan(4);
    for (const script of fleet.scripts) {
      const { stderr, status } = spawnSync("/bin/sh", ["-n"], { input: script, encoding: "utf8" });
      expect({ stderr, status }, script).toEqual({ stderr: "", status: 0 });
    }
  });

  it("read returns what create returned", async () => {
    const { lifecycle, id, state } = await made(resource, example);
    expect(plain(await lifecycle.read(id, state))).toEqual(state);
  });

  it("read finds it by its id alone, so it can be imported", async () => {
    const { lifecycle, id, inputs, state } = await made(resource, example);
    expect(plain(await lifecycle.read(id, bare({ inputs })))).toEqual(state);
  });

  it("read rejects when the host cannot be asked", async () => {
    const { lifecycle, host, id, inputs, state } = await made(resource, example);
    host.unreachable = true;
    await expect(lifecycle.read(id, state)).rejects.toThrow(HostUnreachable);
    await expect(lifecycle.read(id, bare({ inputs }))).rejects.toThrow(HostUnreachable);
  });

  it("delete with destroyData takes everything away, twice is once, and read finds nothing", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example, {
      onDelete: "destroyData",
    });
    await lifecycle.delete(id, state);
    const removable = fleet.partsFor(inputs).filter(({ remove }) => remove);
    expect(host.removed).toEqual(removable.map(({ what }) => what).reverse());
    expect([...host.markers.keys()]).toEqual([]);
    for (const { what } of removable) expect(host.things.has(what), what).toBe(false);
    await lifecycle.delete(id, state);
    expect(await lifecycle.read(id, state)).toBeUndefined();
    expect(await lifecycle.read(id, bare({ inputs }))).toBeUndefined();
    await lifecycle.delete(id, bare({ inputs }));
  });

  it("delete finds it by its id alone", async () => {
    const { fleet, lifecycle, host, id, inputs } = await made(resource, example, { onDelete: "destroyData" });
    await lifecycle.delete(id, bare({ inputs }));
    for (const { what, remove } of fleet.partsFor(inputs))
      expect(host.things.has(what) && remove !== undefined, what).toBe(false);
    expect([...host.markers.keys()]).toEqual([]);
  });

  it("delete with keepData leaves data where it is, and the next create goes on from it", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
    const parts = fleet.partsFor(inputs);
    const data = parts.flatMap(({ what, data }) => (data === undefined ? [] : [what]));
    await lifecycle.delete(id, state);
    const gone = parts.filter(({ what, remove }) => remove && !data.includes(what)).map(({ what }) => what);
    expect(host.removed).toEqual([...gone].reverse());
    for (const what of data) expect(host.removed).not.toContain(what);
    expect([...host.markers.values()]).toEqual(
      data.length > 0 ? [expect.objectContaining({ state: "kept", inputs })] : [],
    );
    expect(fleet.log.filter((line) => line.includes("its data stays"))).toHaveLength(data.length > 0 ? 1 : 0);
    expect(await lifecycle.read(id, state)).toBeUndefined();
    await lifecycle.delete(id, state);
    for (const what of data) expect(host.removed).not.toContain(what);

    const again = await lifecycle.create(inputs);
    expect(plain(again.state)).toEqual(state);
    expect([...host.markers.values()]).toEqual([expect.objectContaining({ state: "ready" })]);
  });

  it("delete that is refused or fails removes nothing more, and can be repeated", async () => {
    const { lifecycle, host, fleet, id, inputs, state } = await made(resource, example, {
      onDelete: "destroyData",
    });
    const first = resource.beforeRemove
      ? "beforeRemove"
      : fleet.partsFor(inputs).findLast(({ remove }) => remove)?.what;
    if (first === undefined) return;
    const before = fleet.snapshot();
    host.broken.add(resource.beforeRemove ? first : `removing ${first}`);
    await expect(lifecycle.delete(id, state)).rejects.toThrow(host.name);
    expect(fleet.snapshot()).toEqual(before);
    host.broken.clear();
    await lifecycle.delete(id, state);
    expect(await lifecycle.read(id, state)).toBeUndefined();
  });
}

function testOwnership(resource: Resource, example: Example): void {
  const path = (inputs: Props): string => markerPath(resource.kind, resource.name(inputs));

  it("create with adopt takes over what matches, completes it, and changes nothing that differs", async () => {
    const { fleet, inputs, state } = await made(resource, example);
    const parts = fleet.madeFor(inputs);
    const own = parts.filter(({ common }) => !common);
    for (const { what, expected } of own) {
      const { fleet: there, host, lifecycle, inputs: adopting } = begin(resource, example, { adopt: true });
      host.things.set(what, expected);
      const created = await lifecycle.create(adopting);
      expect(plain(created.state)).toEqual({ ...state, adopt: true });
      expect(host.applied.includes(what)).toBe(withFollowers(parts, ...others(parts, what)).includes(what));
      expect(there.log).toContain(`${host.name}: ${resource.kind} ${resource.name(inputs)}: adopted ${what}`);
      expect([...host.markers.values()]).toEqual([expect.objectContaining({ state: "ready" })]);
    }
  });

  it("create with adopt says what differs and leaves it to the next up", async () => {
    const { fleet, inputs } = await made(resource, example);
    const parts = fleet.madeFor(inputs);
    if (parts.every(({ common }) => common)) return;
    const { fleet: there, host, lifecycle, inputs: adopting } = begin(resource, example, { adopt: true });
    const adoptable = parts.filter(({ inTheWay }) => inTheWay !== "always");
    for (const { what } of adoptable) host.things.set(what, "made by hand");
    const { id, state } = await lifecycle.create(adopting);
    expect(host.applied).toEqual(parts.filter((part) => !adoptable.includes(part)).map(({ what }) => what));
    expect(host.removed).toEqual([]);
    expect(state["drift"]).toHaveLength(adoptable.length);
    expect(there.log.join()).toContain(
      `left as it is until the next up: ${(state["drift"] as string[])[0] ?? ""}`,
    );
    expect(lifecycle.diff(plain(state), adopting).changes).toBe(true);
    const repaired = await lifecycle.update(id, plain(state), adopting);
    expect(repaired).toMatchObject({ drift: [] });
  });

  it("create with adopt still refuses what belongs to another stack", async () => {
    const { host, lifecycle, inputs } = await made(resource, example, { adopt: true });
    const marker = host.markers.get(path(inputs));
    if (!marker) expect.fail("create left no marker");
    host.markers.set(path(inputs), { ...marker, owner: stranger });
    await expect(lifecycle.create(inputs)).rejects.toThrow(`belongs to the stack ${stranger}`);
  });

  it("create refuses what is there without a marker, and changes nothing", async () => {
    const { fleet, lifecycle, inputs } = await made(resource, example);
    const parts = fleet.madeFor(inputs);
    for (const { what, common, inTheWay } of parts) {
      const { fleet: there, host } = begin(resource, example);
      host.things.set(what, "made by hand");
      const create = lifecycleOf(there.resource, there.surroundings).create(inputs);
      if (common && inTheWay === undefined) {
        await create;
        continue;
      }
      const before = there.snapshot();
      const error = await failure(create);
      expect(error).toBeInstanceOf(AlreadyExists);
      expect(error.message).toContain(what);
      expect(error.message).toContain(host.name);
      expect(there.snapshot()).toEqual(before);
    }
    expect(lifecycle).toBeDefined();
  });

  it("create refuses another stack's, names that stack, and changes nothing", async () => {
    for (const state of ["ready", "pending", "kept"] as const) {
      const { fleet, lifecycle, host, inputs } = await made(resource, example);
      const marker = host.markers.get(path(inputs));
      if (!marker) expect.fail("create left no marker");
      host.markers.set(path(inputs), { ...marker, owner: stranger, state });
      const before = fleet.snapshot();
      const error = await failure(lifecycle.create(inputs));
      expect(error).toBeInstanceOf(AlreadyExists);
      expect(error.message).toContain(stranger);
      expect(fleet.snapshot()).toEqual(before);
    }
  });

  it("create goes on from a marker of ours that says pending", async () => {
    const { fleet, lifecycle, host, inputs, state } = await made(resource, example);
    const [broken] = fleet.madeFor(inputs);
    const marker = host.markers.get(path(inputs));
    if (!broken || !marker) expect.fail("create left nothing");
    host.markers.set(path(inputs), { ...marker, state: "pending" });
    host.things.delete(broken.what);
    fleet.forgetHistory();
    expect(plain((await lifecycle.create(inputs)).state)).toEqual(state);
    expect(host.applied).toEqual(fleet.madeFor(inputs).map(({ what }) => what));
  });

  it("read does not see what belongs to another stack", async () => {
    const { lifecycle, host, id, inputs, state } = await made(resource, example);
    const marker = host.markers.get(path(inputs));
    if (!marker) expect.fail("create left no marker");
    host.markers.set(path(inputs), { ...marker, owner: stranger });
    expect(await lifecycle.read(id, state)).toBeUndefined();
    expect(await lifecycle.read(id, bare({ inputs }))).toBeUndefined();
  });

  it("update refuses another stack's, and changes nothing", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
    const marker = host.markers.get(path(inputs));
    if (!marker) expect.fail("create left no marker");
    host.markers.set(path(inputs), { ...marker, owner: stranger });
    const before = fleet.snapshot();
    await expect(lifecycle.update(id, state, inputs)).rejects.toThrow(AlreadyExists);
    expect(fleet.snapshot()).toEqual(before);
  });

  it("delete leaves alone what belongs to another stack", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example, {
      onDelete: "destroyData",
    });
    const marker = host.markers.get(path(inputs));
    if (!marker) expect.fail("create left no marker");
    host.markers.set(path(inputs), { ...marker, owner: stranger });
    const before = fleet.snapshot();
    await lifecycle.delete(id, state).catch(() => undefined);
    expect(fleet.snapshot()).toEqual(before);
  });

  it("a marker that was lost is drift, and an update writes it again", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
    host.markers.clear();
    const seen = plain(await lifecycle.read(id, state));
    if (fleet.partsFor(inputs).every(({ common }) => common)) {
      expect(seen).toBeUndefined();
      return;
    }
    expect(seen).toMatchObject({ drift: ["its ownership marker is missing"] });
    expect(lifecycle.diff(seen ?? {}, inputs)).toMatchObject({ changes: true, replaces: [] });
    expect(plain(await lifecycle.update(id, seen ?? {}, inputs))).toEqual(state);
  });
}

function testChanges(resource: Resource, example: Example): void {
  const table: [string, OnChange, unknown][] = [
    ...Object.entries(resource.onChange).map(([field, rule]): [string, OnChange, unknown] => [
      field,
      rule,
      example.changes[field],
    ]),
    ["inventory", "record", "other.yaml"],
    ["owner", "record", stranger],
    ["onDelete", "record", "destroyData"],
  ];
  const consequence: Record<OnChange, string> = {
    live: "nothing is interrupted",
    restart: "restarts it",
    replace: "replaces it",
    record: "only recorded",
    refuse: "refused",
  };
  for (const [field, rule, value] of table) {
    it(`changing ${field} means: ${rule}`, async () => {
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
      const news = { ...inputs, [field]: value };
      const diff = lifecycle.diff(state, news);
      expect(diff).toMatchObject({ changes: true, replaces: rule === "replace" ? [field] : [] });
      expect(diff.deleteBeforeReplace).toBe(resource.replaceOrder === "delete-then-create");
      expect(diff.notes).toEqual([
        expect.stringMatching(new RegExp(`^${field} .* → .*: ${consequence[rule]}$`)),
      ]);
      if (rule === "replace") return;
      if (rule === "refuse") {
        expectRefusal(lifecycle, { state, field, raw: { ...example.inputs, [field]: value } });
        return;
      }

      // Where a change of host is only recorded, the thing lies in the cluster and is seen through every host.
      const through = fleet.host(String(news["host"]));
      for (const [what, actual] of host.things) through.things.set(what, actual);
      fleet.forgetHistory();
      const updated = plain(await lifecycle.update(id, state, news));
      expect(lifecycle.diff(updated, news)).toMatchObject({ changes: false });
      if (rule === "record") expect(fleet.applied).toEqual([]);
      if (rule === "live") expect(fleet.applied.filter(isUnit)).toEqual([]);
      if (rule === "restart") expect(fleet.applied.filter(isUnit)).not.toEqual([]);
      const [marker] = through.markers.values();
      expect(fleet.hosts.flatMap(({ markers }) => [...markers.values()])).toEqual([marker]);
      expect(marker).toMatchObject({ state: "ready", owner: news["owner"], inputs: news });
      expectNothingStale(fleet, through, { inputs, news });

      const back = plain(await lifecycle.update(id, updated, inputs));
      expect(lifecycle.diff(back, inputs)).toMatchObject({ changes: false });
      expectNothingStale(fleet, host, { inputs: news, news: inputs });
    });
  }

  const refused = table.filter(([, rule]) => rule === "refuse").map(([field]) => field);
  if (refused.length > 0) {
    it("a change that would be refused is not, before its value is known", async () => {
      const { lifecycle, state } = await made(resource, example);
      for (const field of refused) {
        expect(lifecycle.check({ ...example.inputs, [field]: unknownValue }, state).problems).toEqual([]);
      }
    });
  }

  it("an update applies nothing when nothing is to be done", async () => {
    const { fleet, lifecycle, id, inputs, state } = await made(resource, example);
    fleet.forgetHistory();
    expect(plain(await lifecycle.update(id, state, inputs))).toEqual(state);
    expect(fleet.applied).toEqual([]);
  });
}

/** Already in a preview; but not where there is nothing yet. */
function expectRefusal(
  lifecycle: Lifecycle,
  { state, field, raw }: { state: Props; field: string; raw: Props },
): void {
  expect(lifecycle.check(raw, state).problems).toEqual([
    { property: field, reason: expect.stringMatching(/^is .*; expected .* as before, because /) as string },
  ]);
  expect(lifecycle.check(raw).problems).toEqual([]);
  expect(lifecycle.check(raw, {}).problems).toEqual([]);
  expect(lifecycle.check({ ...raw, [field]: state[field] }, state).problems).toEqual([]);
}

function isUnit(what: string): boolean {
  return what.startsWith("unit ");
}

/** What the former inputs asked for and the new ones do not is gone, where it can go without taking data along. */
function expectNothingStale(
  fleet: FakeFleet,
  host: FakeHost,
  { inputs, news }: { inputs: Props; news: Props },
): void {
  const wanted = new Set(fleet.madeFor(news).map(({ what }) => what));
  for (const { what, remove, data } of fleet.partsFor(inputs)) {
    if (wanted.has(what) || !remove || (data !== undefined && news["onDelete"] !== "destroyData")) continue;
    expect(host.things.has(what), `${what} is stale`).toBe(false);
  }
}

/** Pulumi creates and deletes in the order of `replaceOrder`; afterwards the new thing is whole and the old one gone. */
function testReplacement(resource: Resource, example: Example): void {
  const fields = Object.keys(resource.inputs.shape).filter((field) => resource.onChange[field] === "replace");
  for (const field of fields) {
    it(`another ${field} leaves the new thing whole and nothing of the old one`, async () => {
      const { fleet, lifecycle, inputs, id, state } = await made(resource, example, {
        onDelete: "destroyData",
      });
      const raw = { ...example.inputs, onDelete: "destroyData", [field]: example.changes[field] };
      const news = checked(lifecycle, raw);
      expect(lifecycle.diff(state, news).replaces).toContain(field);

      if (resource.replaceOrder === "delete-then-create") await lifecycle.delete(id, state);
      const next = await lifecycle.create(news);
      if (resource.replaceOrder === "create-then-delete") await lifecycle.delete(id, state);

      expect(plain(await lifecycle.read(next.id, next.state))).toEqual(plain(next.state));
      expect(fleet.hosts.flatMap(({ markers }) => [...markers.values()])).toEqual([
        expect.objectContaining({ state: "ready", inputs: news }),
      ]);
      const old = fleet.host(String(inputs["host"]));
      const wanted = new Set(
        news["host"] === inputs["host"] ? fleet.partsFor(news).map(({ what }) => what) : [],
      );
      for (const { what, remove, common } of fleet.partsFor(inputs)) {
        if (remove && !common && !wanted.has(what)) expect(old.things.has(what), what).toBe(false);
      }
    });
  }
}

function testDrift(resource: Resource, example: Example): void {
  const altered = ({ what }: Artifact): string =>
    Object.entries(example.drifted ?? {}).find(([start]) => what.startsWith(start))?.[1] ?? "something else";

  for (const kind of ["is altered", "goes missing"] as const) {
    it(`whatever ${kind} is seen, named, and put right with what follows it and nothing else`, async () => {
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
      const parts = fleet.madeFor(inputs);
      expect(parts).not.toHaveLength(0);
      for (const artifact of parts) {
        const actual = kind === "is altered" ? altered(artifact) : "";
        if (actual === "" && artifact.expected === "") continue; // a person's addition: that it is missing is as it should be
        expect(actual).not.toBe(artifact.expected);
        host.things.set(artifact.what, actual);

        const seen = plain(await lifecycle.read(id, state));
        const sentence = explainDrift({ artifact, actual });
        expect(sentence).toMatch(/^\S.*\S$/);
        expect(sentence).not.toMatch(/undefined|NaN|\[object/);
        expect(sentence.startsWith(`${artifact.what} `), sentence).toBe(true);
        expect(sentence.length, sentence).toBeGreaterThan(artifact.what.length + 1);
        expect(seen).toMatchObject({ drift: [sentence] });
        expect(lifecycle.diff(seen ?? {}, inputs)).toMatchObject({
          changes: true,
          replaces: [],
          notes: [`drifted: ${sentence}`],
        });

        fleet.forgetHistory();
        expect(plain(await lifecycle.update(id, seen ?? {}, inputs))).toEqual(state);
        expect(fleet.applied).toEqual(
          artifact.mend?.(actual) ? [artifact.what] : withFollowers(fleet.madeFor(inputs), artifact.what),
        );
      }
    });
  }

  it("whatever stays wrong makes the change fail, with its id and properties", async () => {
    const parts = await partsOf(resource, example);
    for (const { what } of parts.filter(absent)) {
      const { lifecycle, host, inputs } = begin(resource, example);
      host.stubborn.add(what);
      const error = await halfMade(lifecycle.create(inputs));
      const { id, properties } = error;
      expect(error.message).toContain(what);
      expect(error.message).toContain(host.name);
      expect(plain(properties)).toMatchObject(inputs);
      expect(lifecycle.diff(plain(properties), inputs)).toMatchObject({ changes: true, replaces: [] });

      host.stubborn.clear();
      const state = await lifecycle.update(id, plain(properties), inputs);
      expect(lifecycle.diff(plain(state), inputs)).toMatchObject({ changes: false });
    }
  });
}

function others(parts: readonly Artifact[], what: string): string[] {
  return parts.map((part) => part.what).filter((other) => other !== what);
}

/** The artifacts and those that follow them, directly or not. */
function withFollowers(parts: readonly Artifact[], ...what: readonly string[]): string[] {
  const due = new Set<Artifact>(parts.filter((part) => what.includes(part.what)));
  for (const part of parts) if (part.follows?.some((other) => due.has(other))) due.add(part);
  return parts.filter((part) => due.has(part)).map((part) => part.what);
}

async function partsOf(resource: Resource, example: Example): Promise<readonly Artifact[]> {
  const { fleet, inputs } = await made(resource, example);
  return fleet.madeFor(inputs);
}

function testFailure(resource: Resource, example: Example): void {
  it("a step that fails leaves it half-made, and the next run goes on", async () => {
    const parts = await partsOf(resource, example);
    const steps = [
      ...parts.filter(absent).map(({ what }) => `making ${what}`),
      ...(resource.settle ? ["settle"] : []),
    ];
    for (const step of steps) {
      const { fleet, lifecycle, host, inputs } = begin(resource, example);
      host.broken.add(step);
      const error = await halfMade(lifecycle.create(inputs));
      expect(error.message).toContain(step === "settle" ? "while waiting until" : `while ${step}`);
      expect(error.message).toContain(host.name);
      const { id, properties } = error;
      expect(id).toBe(`${host.name}/${resource.kind}/${resource.name(inputs)}`);
      expect([...host.markers.values()]).toEqual([expect.objectContaining({ state: "pending" })]);
      expect(plain(await lifecycle.read(id, plain(properties)))).toMatchObject({
        drift: expect.arrayContaining(["an earlier change was interrupted"]) as unknown,
      });

      host.broken.clear();
      fleet.forgetHistory();
      const state = plain(await lifecycle.update(id, plain(properties), inputs));
      expect(lifecycle.diff(state, inputs)).toMatchObject({ changes: false });
      expect(host.applied).toEqual(parts.map(({ what }) => what));
    }
  });

  it("a change that fails is cleaned up after by the next run", async () => {
    for (const [field, rule] of Object.entries(resource.onChange)) {
      if (rule !== "live" && rule !== "restart") continue;
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example, {
        onDelete: "destroyData",
      });
      const news = { ...inputs, [field]: example.changes[field] };
      const changed = plain(await lifecycle.update(id, state, news));

      host.broken.add("write marker");
      const { properties } = await halfMade(lifecycle.update(id, changed, inputs));
      host.broken.clear();
      await lifecycle.update(id, plain(properties), inputs);
      expectNothingStale(fleet, host, { inputs: news, news: inputs });
    }
  });

  if (!resource.gather) return;
  it("secrets reach the host, and neither state nor marker nor an error", async () => {
    const secrets = example.secrets ?? [];
    expect(secrets).not.toHaveLength(0);
    const { fleet, host, inputs, state } = await made(resource, example);
    const parts = fleet.madeFor(inputs);
    for (const secret of secrets) {
      const keepers = parts.filter(({ apply }) => apply.text.includes(secret));
      expect(keepers).not.toHaveLength(0);
      for (const { what, expected } of keepers) expect(expected, what).toMatch(/^600 /);
      const elsewhere = [
        state,
        [...host.markers.values()],
        fleet.log,
        parts.map(({ what, probe, expected, remove }) => [what, probe, expected, remove]),
      ];
      expect(JSON.stringify(elsewhere)).not.toContain(secret);
    }
    for (const { what } of parts) {
      const { lifecycle: again, host: sick } = begin(resource, example);
      sick.broken.add(`making ${what}`);
      const failed = await halfMade(again.create(inputs));
      const { lifecycle: third, host: stubborn } = begin(resource, example);
      stubborn.stubborn.add(what);
      const remained = await halfMade(third.create(inputs));
      for (const error of [failed, remained]) {
        const said = JSON.stringify([error.message, error.properties, error.reasons, String(error.cause)]);
        for (const secret of secrets) expect(said).not.toContain(secret);
      }
    }
  });

  it("secrets are asked for anew in every operation, and without them it can be removed", async () => {
    const { fleet, lifecycle, id, state } = await made(resource, example, { onDelete: "destroyData" });
    for (const answerer of fleet.hosts) if (answerer.name !== state["host"]) answerer.unreachable = true;
    await lifecycle.delete(id, state);
    expect(fleet.host(String(state["host"])).markers.size).toBe(0);
  });
}
