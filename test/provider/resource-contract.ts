import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { differencesOf, sentenceOf, titleOf, type Artifact } from "../../provider/src/artifacts/artifact.ts";
import { HostUnreachable } from "../../provider/src/host-program/host.ts";
import type { Json } from "../../provider/src/host-program/wire.ts";
import { unknownValue } from "../../provider/src/lifecycle/check.ts";
import { commonFields } from "../../provider/src/validation/common-inputs.ts";
import type { OnChange, Props, Resource, Rule } from "../../provider/src/lifecycle/define-resource.ts";
import { AlreadyExists, PartialFailure } from "../../provider/src/lifecycle/errors.ts";
import { lifecycleOf, type Lifecycle } from "../../provider/src/lifecycle/lifecycle.ts";
import { deletesFirst } from "../../provider/src/lifecycle/rules.ts";
import { hostsOf, idOf } from "../../provider/src/lifecycle/instance.ts";
import { markerPlace, type Marker } from "../../provider/src/lifecycle/marker.ts";
import { removeFixtures, type Example } from "./examples.ts";
import { altered, asDeclared, untouched } from "./as-declared.ts";
import { ModelFleet, plain, type ModelHost } from "./model-host.ts";

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
  readonly fleet: ModelFleet;
  readonly lifecycle: Lifecycle;
  /** Checked. */
  readonly inputs: Props;
  readonly host: ModelHost;
}

function begin(resource: Resource, example: Example, changes: Props = {}): Stage {
  const fleet = new ModelFleet(resource, example);
  const lifecycle = lifecycleOf(fleet.resource, fleet.surroundings);
  const inputs = checked(lifecycle, { ...example.inputs, ...changes });
  return { fleet, lifecycle, inputs, host: fleet.host(firstHost(inputs)) };
}

/** Where its requests go while all hosts answer. */
function firstHost(inputs: Props): string {
  return String(hostsOf(inputs)[0]);
}

/** What Pulumi keeps of checked inputs. */
function checked(lifecycle: Lifecycle, raw: Props, state: Props = {}): Props {
  const { inputs, problems } = lifecycle.check(raw, state);
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

async function partialFailure(act: Promise<unknown>): Promise<PartialFailure> {
  const error = await failure(act);
  if (!(error instanceof PartialFailure)) throw error;
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
          /^is "blue", but there is no such field; expected one of hosts?, /,
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

  const isHost = (schema: unknown): boolean =>
    schema instanceof z.ZodArray
      ? isHost(schema.element)
      : z.globalRegistry.get(schema as z.ZodType)?.["host"] === true;
  const hostFields = Object.entries(resource.inputs.shape)
    .filter(([, schema]) => isHost(schema))
    .map(([field]) => field);
  it.each(hostFields)("check refuses a %s that the inventory does not have", (field) => {
    const { lifecycle } = begin(resource, example);
    const many = resource.inputs.shape[field] instanceof z.ZodArray;
    const property = many ? `${field}.0` : field;
    expect(lifecycle.check({ ...raw, [field]: many ? ["node9"] : "node9" }).problems).toEqual([
      { property, reason: `is "node9"; expected a host of hosts.yaml: node1, node2, node3` },
    ]);
  });
  it("says which of its inputs name a host", () => {
    expect(hostFields).toContain(resource.lies === undefined ? "host" : "hosts");
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

/** Parts that differ from nothing. */
function parts({ fleet, inputs }: Pick<Stage, "fleet" | "inputs">): readonly Artifact[] {
  return fleet.partsFor(inputs);
}

function titles(artifacts: readonly Artifact[]): string[] {
  return artifacts.map(titleOf);
}

function stateKey({ kind, key }: Artifact): string {
  return `${kind.name} ${key}`;
}

function whole({ kind, spec }: Artifact): Json {
  return asDeclared(kind.name, spec);
}

/** Whether a host where nothing is lacks it. */
function absent({ kind, spec }: Artifact): boolean {
  return untouched(kind.name, spec) === null;
}

/** Whether it may be otherwise than declared, and not only absent. */
function canDiffer(part: Artifact, { drifted }: Example): boolean {
  return differencesOf([part], [altered(part, drifted)]).length > 0;
}

const looking = new Set(["readMarker", "observe", "check", "query"]);

function testLife(resource: Resource, example: Example): void {
  it("create makes every artifact on its host, and diff then finds nothing to do", async () => {
    const stage = await made(resource, example);
    const { fleet, lifecycle, host, inputs, state, id } = stage;
    const due = parts(stage).filter(absent);
    expect(Object.fromEntries(host.states)).toEqual(
      Object.fromEntries(due.map((part) => [stateKey(part), whole(part)])),
    );
    expect(host.applied).toEqual(titles(due));
    for (const other of fleet.hosts)
      if (other !== host) expect(other.states.size).toBe(resource.lies === undefined ? 0 : host.states.size);
    expect(id).toBe(idOf(resource, host.name, resource.name(inputs)));
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

  it("create takes three requests at most, another look one", async () => {
    const { fleet, lifecycle, id, state } = await made(resource, example);
    expect(fleet.requests).toHaveLength(resource.fetchSecrets ? 3 : 2);
    fleet.forgetHistory();
    await lifecycle.read(id, state);
    expect(fleet.requests.length).toBeLessThanOrEqual(resource.fetchSecrets ? 2 : 1);
  });

  it("looking changes nothing: no step that makes or removes is sent", async () => {
    const { fleet, lifecycle, id, inputs, state } = await made(resource, example);
    const before = fleet.snapshot();
    fleet.forgetHistory();
    await lifecycle.read(id, state);
    await lifecycle.read(id, bare({ inputs }));
    await lifecycle.explain(inputs, state);
    expect(fleet.snapshot()).toEqual(before);
    for (const { steps, lock } of fleet.requests) {
      expect(lock).toBeUndefined();
      for (const step of steps) expect(looking).toContain(step.do);
    }
  });

  it("what changes it is alone with it on its host", async () => {
    const { fleet } = await made(resource, example);
    for (const { steps, lock } of fleet.requests) {
      if (steps.some((step) => !looking.has(step.do))) expect(lock).toMatch(/^\S+$/);
    }
  });

  it("explain says step by step what would be done", async () => {
    const { fleet, lifecycle, inputs, state } = await made(resource, example);
    const fresh = begin(resource, example);
    const lines = (await fresh.lifecycle.explain(inputs)).join("\n");
    for (const part of parts({ fleet, inputs }).filter(absent))
      expect(lines).toContain(`make ${titleOf(part)}:`);
    for (const { what } of resource.readyWhen?.(inputs) ?? []) expect(lines).toContain(`wait for ${what}`);
    expect((await lifecycle.explain(inputs, state)).join("\n")).toMatch(/: nothing to do$/);
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
    const { fleet, lifecycle, id, inputs, state } = await made(resource, example);
    for (const host of fleet.hosts) host.unreachable = true;
    await expect(lifecycle.read(id, state)).rejects.toThrow(HostUnreachable);
    await expect(lifecycle.read(id, bare({ inputs }))).rejects.toThrow(HostUnreachable);
  });

  if (resource.lies !== undefined) {
    it("is managed through the next host where the first cannot be asked", async () => {
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
      const others = fleet.hosts.filter((other) => other !== host);
      host.unreachable = true;
      const news = { ...inputs, hosts: fleet.hosts.map(({ name }) => name) };
      const updated = plain(await lifecycle.update(id, state, news));
      expect(plain(await lifecycle.read(id, updated))).toEqual(updated);
      expect(plain(await lifecycle.read(id, bare({ inputs })))).toEqual(updated);
      await lifecycle.delete(id, { ...updated, onDelete: "destroyData" });
      expect(fleet.markers).toEqual([]);
      for (const other of others) other.unreachable = true;
      const error = await failure(lifecycle.create(news));
      for (const { name } of fleet.hosts) expect(error.message).toContain(`${name}: no route to host`);
    });

    it("is left alone while nobody says to whom it belongs, and refreshed nonetheless", async () => {
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
      const before = fleet.snapshot();
      host.unanswered = "no answer within 10 s";
      const sentence = `${host.name}: ${resource.kind} ${resource.name(inputs)} was left as it is, because nobody says`;
      for (const act of [
        async () => lifecycle.create(inputs),
        async () => lifecycle.update(id, state, inputs),
        async () => lifecycle.delete(id, state),
      ])
        await expect(act()).rejects.toThrow(sentence);
      expect(await lifecycle.read(id, state)).toMatchObject({
        drift: ["its ownership marker cannot be looked at: no answer within 10 s"],
      });
      expect(fleet.snapshot()).toEqual(before);
    });
  }

  it("delete with destroyData takes everything away, twice is once, and read finds nothing", async () => {
    const stage = await made(resource, example, { onDelete: "destroyData" });
    const { lifecycle, host, id, inputs, state } = stage;
    await lifecycle.delete(id, state);
    const own = [...(resource.comesByItself?.(inputs) ?? []), ...parts(stage)];
    const removable = own.filter(({ kind }) => kind.stays !== true);
    expect(host.removed).toEqual(titles(removable).reverse());
    expect([...host.markers.keys()]).toEqual([]);
    for (const part of removable) expect(host.states.has(stateKey(part)), titleOf(part)).toBe(false);
    await lifecycle.delete(id, state);
    expect(await lifecycle.read(id, state)).toBeUndefined();
    expect(await lifecycle.read(id, bare({ inputs }))).toBeUndefined();
    await lifecycle.delete(id, bare({ inputs }));
  });

  it("delete finds it by its id alone", async () => {
    const stage = await made(resource, example, { onDelete: "destroyData" });
    const { lifecycle, host, id, inputs } = stage;
    await lifecycle.delete(id, bare({ inputs }));
    for (const part of parts(stage))
      expect(host.states.has(stateKey(part)) && part.kind.stays !== true, titleOf(part)).toBe(false);
    expect([...host.markers.keys()]).toEqual([]);
  });

  it("delete without destroyData keeps what holds data, and a marker that says so", async () => {
    const stage = await made(resource, example);
    const { fleet, lifecycle, host, id, inputs, state } = stage;
    const all = [...(resource.comesByItself?.(inputs) ?? []), ...parts(stage)];
    const data = all.filter((part) => part.data !== undefined);
    await lifecycle.delete(id, state);
    for (const part of data.filter((one) => parts(stage).includes(one)))
      expect(host.states.has(stateKey(part)), titleOf(part)).toBe(true);
    const marker = host.marker(resource.name(inputs));
    if (data.length === 0) expect(marker).toBeUndefined();
    else {
      expect(marker).toMatchObject({ state: "kept" });
      expect(fleet.log.join()).toContain(`its data stays in ${data.map((part) => part.data).join(", ")}`);
      expect(await lifecycle.read(id, state)).toBeUndefined();
      fleet.forgetHistory();
      await lifecycle.create(inputs);
      for (const part of data) expect(host.removed).not.toContain(titleOf(part));
    }
  });

  if (resource.removableWhen)
    it("delete is refused, with what was seen, while it must not go", async () => {
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example, {
        onDelete: "destroyData",
      });
      for (const { kind } of resource.removableWhen?.(inputs) ?? []) {
        host.unmet.set(kind, "still needed");
        const before = fleet.snapshot();
        await expect(lifecycle.delete(id, state)).rejects.toThrow("still needed");
        expect(fleet.snapshot()).toEqual(before);
        host.unmet.clear();
      }
    });
}

function testOwnership(resource: Resource, example: Example): void {
  const markerOf = ({ host, inputs }: Stage): Marker => {
    const marker = host.marker(resource.name(inputs));
    return marker ?? expect.fail("create left no marker");
  };
  const path = (inputs: Props): string => markerPlace(resource, resource.name(inputs)).path;

  it("create with adopt takes over what matches, completes it, and changes nothing that differs", async () => {
    const stage = await made(resource, example);
    const { inputs, state } = stage;
    const own = parts(stage).filter(({ whose }) => whose === "ours");
    for (const part of own) {
      const { fleet: there, host, lifecycle, inputs: adopting } = begin(resource, example, { adopt: true });
      host.states.set(stateKey(part), whole(part));
      const created = plain((await lifecycle.create(adopting)).state);
      expect(created).toEqual({ ...state, adopt: true, instance: created["instance"] });
      const others = parts(stage).filter((other) => other !== part);
      expect(host.applied.includes(titleOf(part))).toBe(followersOf(parts(stage), ...others).includes(part));
      expect(there.log).toContain(
        `${host.name}: ${resource.kind} ${resource.name(inputs)}: adopted ${titleOf(part)}`,
      );
      expect([...host.markers.values()]).toEqual([expect.objectContaining({ state: "ready" })]);
    }
  });

  it("create with adopt says what differs and leaves it to the next up", async () => {
    const stage = await made(resource, example);
    if (parts(stage).every(({ whose }) => whose !== "ours")) return;
    const { fleet: there, host, lifecycle, inputs: adopting } = begin(resource, example, { adopt: true });
    const adoptable = parts(stage).filter((part) => part.whose !== "refused" && canDiffer(part, example));
    const rest = parts(stage).filter((part) => !adoptable.includes(part));
    for (const part of rest.filter(({ whose }) => whose !== "refused"))
      host.states.set(stateKey(part), whole(part));
    for (const part of adoptable) host.states.set(stateKey(part), altered(part, example.drifted));
    const { id, state } = await lifecycle.create(adopting);
    expect(host.applied).toEqual(titles(rest.filter(({ whose }) => whose === "refused")));
    expect(host.removed).toEqual([]);
    expect(state["drift"]).toHaveLength(adoptable.length);
    expect(there.log.join()).toContain(
      `left as it is until the next up: ${(state["drift"] as string[])[0] ?? ""}`,
    );
    expect(lifecycle.diff(plain(state), adopting).changes).toBe(true);
    const repaired = await lifecycle.update(id, plain(state), adopting);
    expect(repaired).toMatchObject({ drift: [] });
  });

  it("an adoption that failed is an adoption still, and one that adopts nothing is none", async () => {
    const stage = await made(resource, example);
    const [first] = parts(stage).filter(absent);
    const last = parts(stage).filter(absent).at(-1);
    if (!first || !last) return;
    const { host, lifecycle, inputs: adopting } = begin(resource, example, { adopt: true });
    host.broken.add(`making ${titleOf(last)}`);
    const { id, properties } = await partialFailure(lifecycle.create(adopting));
    host.broken.clear();
    host.states.set(stateKey(first), altered(first, example.drifted));
    const { drift } = (await lifecycle.update(id, plain(properties), adopting)) as { drift: string[] };
    expect(drift).toEqual([]);
  });

  it("create with adopt still refuses what belongs to another stack", async () => {
    const stage = await made(resource, example, { adopt: true });
    stage.host.markers.set(path(stage.inputs), { ...markerOf(stage), owner: stranger });
    await expect(stage.lifecycle.create(stage.inputs)).rejects.toThrow(`belongs to the stack ${stranger}`);
  });

  it("create refuses what is there without a marker, and changes nothing", async () => {
    const stage = await made(resource, example);
    for (const part of parts(stage)) {
      const { fleet: there, host } = begin(resource, example);
      host.states.set(stateKey(part), altered(part, example.drifted));
      const create = lifecycleOf(there.resource, there.surroundings).create(stage.inputs);
      if (part.whose === "shared") {
        await create;
        continue;
      }
      await expectForeign(there, create, { host, word: titleOf(part) });
    }
  });

  for (const { kind } of resource.preconditions?.(plain(checkedInputs(resource, example))) ?? [])
    it(`create refuses where ${kind} is not so, and changes nothing`, async () => {
      for (const adopt of [true, false]) {
        const { fleet, lifecycle, host, inputs } = begin(resource, example, { adopt });
        host.unmet.set(kind, "the port is taken by nginx");
        await expectForeign(fleet, lifecycle.create(inputs), { host, word: "the port is taken by nginx" });
      }
    });

  it("create refuses another stack's, names that stack, and changes nothing", async () => {
    for (const state of ["ready", "pending", "kept"] as const) {
      const stage = await made(resource, example);
      const { fleet, lifecycle, host, inputs } = stage;
      host.markers.set(path(inputs), { ...markerOf(stage), owner: stranger, state });
      await expectForeign(fleet, lifecycle.create(inputs), { host, word: stranger });
    }
  });

  it("create goes on from a marker of ours that says pending: what was due, and what differs", async () => {
    const stage = await made(resource, example);
    const { fleet, lifecycle, host, inputs, state } = stage;
    const broken = parts(stage).filter(absent).at(-1);
    if (!broken) expect.fail("create left nothing");
    for (const [due, applied] of [
      [undefined, titles(parts(stage))],
      [[], [titleOf(broken)]],
    ] as const) {
      const marker = without(markerOf(stage), "due") as unknown as Marker;
      host.markers.set(path(inputs), { ...marker, state: "pending", ...(due && { due }) });
      host.states.delete(stateKey(broken));
      fleet.forgetHistory();
      const again = plain((await lifecycle.create(inputs)).state);
      expect(again).toEqual({ ...state, instance: again["instance"] });
      expect(host.applied).toEqual(applied);
    }
  });

  it("read does not see what belongs to another stack", async () => {
    const stage = await made(resource, example);
    const { lifecycle, host, id, inputs, state } = stage;
    host.markers.set(path(inputs), { ...markerOf(stage), owner: stranger });
    expect(await lifecycle.read(id, state)).toBeUndefined();
    expect(await lifecycle.read(id, bare({ inputs }))).toBeUndefined();
  });

  it("update refuses another stack's, and changes nothing", async () => {
    const stage = await made(resource, example);
    const { fleet, lifecycle, host, id, inputs, state } = stage;
    host.markers.set(path(inputs), { ...markerOf(stage), owner: stranger });
    const before = fleet.snapshot();
    await expect(lifecycle.update(id, state, inputs)).rejects.toThrow(AlreadyExists);
    expect(fleet.snapshot()).toEqual(before);
  });

  it("delete leaves alone what belongs to another stack", async () => {
    const stage = await made(resource, example, { onDelete: "destroyData" });
    const { fleet, lifecycle, host, id, inputs, state } = stage;
    host.markers.set(path(inputs), { ...markerOf(stage), owner: stranger });
    const before = fleet.snapshot();
    await lifecycle.delete(id, state);
    expect(fleet.snapshot()).toEqual(before);
  });

  it("a resource with another name in the program takes it over, and the old one's delete leaves it", async () => {
    const old = await made(resource, example, { onDelete: "destroyData" });
    const { fleet, lifecycle, host, id, inputs } = old;
    for (const state of [old.state, withoutInstance(old.state)]) {
      if (state !== old.state)
        host.markers.set(path(inputs), withoutInstance(markerOf(old)) as unknown as Marker);
      fleet.forgetHistory();
      const created = await lifecycle.create(inputs);
      expect(created.id).toBe(id);
      expect(fleet.applied).toEqual([]);
      const before = fleet.snapshot();
      expect(await lifecycle.read(id, state)).toBeUndefined();
      await lifecycle.delete(id, state);
      expect(fleet.snapshot()).toEqual(before);
      expect(fleet.log.at(-1)).toContain("lives on as another resource of this stack");
      expect(plain(await lifecycle.read(id, plain(created.state)))).toEqual(plain(created.state));
      Object.assign(old, { state: plain(created.state) });
    }
  });

  it("what 0.1.0 made, without instances, is read, changed and deleted", async () => {
    const stage = await made(resource, example, { onDelete: "destroyData" });
    const { fleet, lifecycle, host, id, inputs, state } = stage;
    host.markers.set(path(inputs), withoutInstance(markerOf(stage)) as unknown as Marker);
    const seen = plain(await lifecycle.read(id, withoutInstance(state))) ?? {};
    expect(seen).toMatchObject({ drift: [] });
    fleet.forgetHistory();
    const updated = plain(await lifecycle.update(id, withoutInstance(state), inputs));
    expect(fleet.applied).toEqual([]);
    await lifecycle.delete(id, updated);
    expect(host.markers.size).toBe(0);
  });

  it("a marker that was lost is drift, and an update writes it again", async () => {
    const stage = await made(resource, example);
    const { lifecycle, host, id, inputs, state } = stage;
    host.markers.clear();
    const seen = plain(await lifecycle.read(id, state));
    if (parts(stage).every(({ whose }) => whose !== "ours")) {
      expect(seen).toBeUndefined();
      return;
    }
    expect(seen).toMatchObject({ drift: ["its ownership marker is missing"] });
    expect(lifecycle.diff(seen ?? {}, inputs)).toMatchObject({ changes: true, replaces: [] });
    expect(plain(await lifecycle.update(id, seen ?? {}, inputs))).toEqual(state);
  });
}

function expectGone(fleet: ModelFleet, host: ModelHost, inputs: Props): void {
  const own = fleet.partsFor(inputs).filter(({ kind, whose }) => kind.stays !== true && whose === "ours");
  expect(own.filter((part) => host.states.has(stateKey(part))).map(titleOf)).toEqual([]);
}

/** The examples change a field in the way that most changes go. */
function mostly(rule: Rule): OnChange {
  return typeof rule === "string" ? rule : rule.mostly;
}

function checkedInputs(resource: Resource, example: Example): Props {
  return begin(resource, example).inputs;
}

function withoutInstance(props: object): Props {
  return without(props, "instance");
}

function without(fields: object, name: string): Props {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
}

async function expectForeign(
  fleet: ModelFleet,
  create: Promise<unknown>,
  { host, word }: { host: ModelHost; word: string },
): Promise<void> {
  const before = fleet.snapshot();
  const error = await failure(create);
  expect(error).toBeInstanceOf(AlreadyExists);
  expect(error.message).toContain(word);
  expect(error.message).toContain(host.name);
  expect(fleet.snapshot()).toEqual(before);
}

function testChanges(resource: Resource, example: Example): void {
  const table: [string, OnChange, unknown][] = [
    ...Object.entries(resource.onChange).map(([field, rule]): [string, OnChange, unknown] => [
      field,
      mostly(rule),
      example.changes[field],
    ]),
    ["inventory", "record", "other.yaml"],
    ["owner", "record", stranger],
    ["onDelete", "record", "destroyData"],
  ];
  const consequence: Record<OnChange, string> = {
    live: "nothing is interrupted",
    restart: "restarts it",
    move: "moves it",
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
      expect(diff.deleteBeforeReplace).toBe(deletesFirst(resource.replaceOrder, diff.replaces));
      expect(diff.notes).toEqual([
        expect.stringMatching(new RegExp(`^${field} .* → .*: ${consequence[rule]}$`)),
      ]);
      if (rule === "replace") return;
      if (rule === "refuse") {
        expectRefusal(lifecycle, { state, field, raw: { ...example.inputs, [field]: value } });
        return;
      }

      const through = fleet.host(firstHost(news));
      fleet.forgetHistory();
      const updated = plain(await lifecycle.update(id, state, news));
      expect(lifecycle.diff(updated, news)).toMatchObject({ changes: false });
      if (rule === "record") expect(fleet.applied).toEqual([]);
      if (rule === "live") expect(fleet.interrupted).toEqual([]);
      if (rule === "move") expectGone(fleet, host, inputs);
      if (rule === "restart") expect(fleet.interrupted).not.toEqual([]);
      const [marker] = through.markers.values();
      expect(fleet.markers).toEqual([marker]);
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
    expect(fleet.requests.flatMap(({ steps }) => steps).filter((step) => step.do === "wait")).toEqual([]);
  });

  it("what is only recorded restarts nothing, also where it was interrupted", async () => {
    const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example);
    const news = { ...inputs, onDelete: "destroyData" };
    host.broken.add("writeMarker");
    const { properties } = await partialFailure(lifecycle.update(id, state, news));
    host.broken.clear();
    fleet.forgetHistory();
    await lifecycle.update(id, plain(properties), news);
    expect(fleet.applied).toEqual([]);
  });

  for (const field of resource.keeps ?? [])
    it(`${field} is derived once, and kept from state ever after`, async () => {
      const { lifecycle, inputs } = begin(resource, example);
      const { [field]: derived, ...others } = inputs;
      expect(derived).toBeDefined();
      const given = Object.fromEntries(Object.entries(others).filter(([name]) => name in example.inputs));
      const renamed = { ...given, owner: stranger };
      expect(checked(lifecycle, renamed, inputs)[field]).toEqual(derived);
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

/** What the former inputs asked for and the new ones do not is gone, where it can go without taking data along. */
function expectNothingStale(
  fleet: ModelFleet,
  host: ModelHost,
  { inputs, news }: { inputs: Props; news: Props },
): void {
  const wanted = new Set(fleet.partsFor(news).map(stateKey));
  for (const part of fleet.partsFor(inputs)) {
    const stays = part.kind.stays === true || (part.data !== undefined && news["onDelete"] !== "destroyData");
    if (wanted.has(stateKey(part)) || stays) continue;
    expect(host.states.has(stateKey(part)), `${titleOf(part)} is stale`).toBe(false);
  }
}

/** Pulumi creates and deletes in the order of `replaceOrder`; afterwards the new one is whole and the old one gone. */
function testReplacement(resource: Resource, example: Example): void {
  const fields = Object.keys(resource.inputs.shape).filter((field) => resource.onChange[field] === "replace");
  for (const field of fields) {
    it(`another ${field} leaves the new one whole and nothing of the old one`, async () => {
      const { fleet, lifecycle, inputs, id, state } = await made(resource, example, {
        onDelete: "destroyData",
      });
      const raw = { ...example.inputs, onDelete: "destroyData", [field]: example.changes[field] };
      const news = checked(lifecycle, raw);
      expect(lifecycle.diff(state, news).replaces).toContain(field);

      const { deleteBeforeReplace } = lifecycle.diff(state, news);
      if (deleteBeforeReplace) await lifecycle.delete(id, state);
      const next = await lifecycle.create(news);
      if (!deleteBeforeReplace) await lifecycle.delete(id, state);

      expect(plain(await lifecycle.read(next.id, next.state))).toEqual(plain(next.state));
      expect(fleet.markers).toEqual([expect.objectContaining({ state: "ready", inputs: news })]);
      const old = fleet.host(firstHost(inputs));
      const isSeenThere = resource.lies !== undefined || news["host"] === inputs["host"];
      const wanted = new Set(isSeenThere ? fleet.partsFor(news).map(stateKey) : []);
      for (const part of fleet.partsFor(inputs)) {
        if (part.kind.stays !== true && part.whose === "ours" && !wanted.has(stateKey(part)))
          expect(old.states.has(stateKey(part)), titleOf(part)).toBe(false);
      }
    });
  }

  it("a replacement at the same place is not deleted again", async () => {
    const { fleet, lifecycle, host, inputs, id, state } = await made(resource, example, {
      onDelete: "destroyData",
    });
    const whole = fleet.snapshot();
    if (resource.replaceOrder === "delete-then-create") await lifecycle.delete(id, state);
    const next = await lifecycle.create(inputs);
    if (resource.replaceOrder === "create-then-delete") await lifecycle.delete(id, state);
    expect([...host.states]).toEqual(
      [...host.states].filter(([key]) => JSON.stringify(whole).includes(JSON.stringify(key))),
    );
    expect(plain(await lifecycle.read(next.id, next.state))).toEqual(plain(next.state));
  });
}

function testDrift(resource: Resource, example: Example): void {
  for (const how of ["is altered", "goes missing"] as const) {
    it(`whatever ${how} is seen, named, and put right with what follows it and nothing else`, async () => {
      const stage = await made(resource, example);
      const { fleet, lifecycle, host, id, inputs, state } = stage;
      const all = parts(stage);
      expect(all).not.toHaveLength(0);
      for (const part of all) {
        if (how === "is altered" && !canDiffer(part, example)) continue;
        const found = how === "is altered" ? altered(part, example.drifted) : null;
        if (found === null && !absent(part)) continue; // a person's addition: that it is missing is as it should be
        if (found === null) host.states.delete(stateKey(part));
        else host.states.set(stateKey(part), found);

        const seen = plain(await lifecycle.read(id, state));
        const [difference] = differencesOf([part], [found]);
        if (!difference) expect.fail(`${titleOf(part)}: nothing differs in ${JSON.stringify(found)}`);
        const sentence = sentenceOf(difference);
        expect(sentence).toMatch(/^\S.*\S$/);
        expect(sentence).not.toMatch(/undefined|NaN|\[object/);
        expect(sentence.startsWith(`${titleOf(part)} `), sentence).toBe(true);
        expect(sentence.length, sentence).toBeGreaterThan(titleOf(part).length + 1);
        expect(seen).toMatchObject({ drift: [sentence] });
        expect(lifecycle.diff(seen ?? {}, inputs)).toMatchObject({
          changes: true,
          replaces: [],
          notes: [`drifted: ${sentence}`],
        });

        fleet.forgetHistory();
        expect(plain(await lifecycle.update(id, seen ?? {}, inputs))).toEqual(state);
        const quiet = part.kind.disturbs?.(part.spec, found) === false;
        expect(fleet.applied).toEqual(titles(quiet ? [part] : [part, ...followersOf(all, part)]));
      }
    });
  }

  it("whatever stays wrong makes the change fail, with its id and properties", async () => {
    for (const part of await partsOf(resource, example)) {
      if (!absent(part) || !canDiffer(part, example)) continue;
      const { lifecycle, host, inputs } = begin(resource, example);
      host.stubborn.add(titleOf(part));
      const error = await partialFailure(lifecycle.create(inputs));
      const { id, properties } = error;
      expect(error.message).toContain(titleOf(part));
      expect(error.message).toContain(host.name);
      expect(plain(properties)).toMatchObject(inputs);
      expect(lifecycle.diff(plain(properties), inputs)).toMatchObject({ changes: true, replaces: [] });

      host.stubborn.clear();
      const state = await lifecycle.update(id, plain(properties), inputs);
      expect(lifecycle.diff(plain(state), inputs)).toMatchObject({ changes: false });
    }
  });
}

/** What follows an artifact, directly or not, in declared order. */
function followersOf(all: readonly Artifact[], ...first: readonly Artifact[]): readonly Artifact[] {
  const due = new Set(first);
  const followers: Artifact[] = [];
  for (const part of all) {
    if (due.has(part) || !part.follows?.some((other) => due.has(other))) continue;
    due.add(part);
    followers.push(part);
  }
  return followers;
}

async function partsOf(resource: Resource, example: Example): Promise<readonly Artifact[]> {
  return parts(await made(resource, example));
}

function testFailure(resource: Resource, example: Example): void {
  it("a step that fails leaves it partly made, and the next run goes on", async () => {
    const all = await partsOf(resource, example);
    const steps = [
      ...all.filter(absent).map((part) => `making ${titleOf(part)}`),
      ...(resource.readyWhen ? ["wait"] : []),
    ];
    for (const step of steps) {
      const { fleet, lifecycle, host, inputs } = begin(resource, example);
      host.broken.add(step);
      const error = await partialFailure(lifecycle.create(inputs));
      expect(error.message).toContain(step === "wait" ? "while waiting for" : `while ${step}`);
      expect(error.message).toContain(host.name);
      const { id, properties } = error;
      expect(id).toBe(idOf(resource, host.name, resource.name(inputs)));
      expect([...host.markers.values()]).toEqual([expect.objectContaining({ state: "pending" })]);
      expect(plain(await lifecycle.read(id, plain(properties)))).toMatchObject({
        drift: expect.arrayContaining(["an earlier change was interrupted"]) as unknown,
      });

      host.broken.clear();
      fleet.forgetHistory();
      const state = plain(await lifecycle.update(id, plain(properties), inputs));
      expect(lifecycle.diff(state, inputs)).toMatchObject({ changes: false });
      // What was made before a wait need not be made again for it.
      expect(host.applied).toEqual(step === "wait" ? [] : titles(all.filter(absent)));
    }
  });

  if (resource.readyWhen)
    it("what does not come to serve says what was waited for and what was seen", async () => {
      const { lifecycle, host, inputs } = begin(resource, example);
      const [condition] = resource.readyWhen?.(inputs) ?? [];
      if (!condition) return;
      host.unmet.set(condition.kind, "nobody is there");
      const error = await partialFailure(lifecycle.create(inputs));
      expect(error.message).toContain(condition.what);
      expect(error.message).toContain("nobody is there");
    });

  it("a change that fails is cleaned up after by the next run", async () => {
    for (const [field, rule] of Object.entries(resource.onChange)) {
      if (!["live", "restart"].includes(mostly(rule))) continue;
      const { fleet, lifecycle, host, id, inputs, state } = await made(resource, example, {
        onDelete: "destroyData",
      });
      const news = { ...inputs, [field]: example.changes[field] };
      const changed = plain(await lifecycle.update(id, state, news));

      host.broken.add("writeMarker");
      const { properties } = await partialFailure(lifecycle.update(id, changed, inputs));
      host.broken.clear();
      await lifecycle.update(id, plain(properties), inputs);
      expectNothingStale(fleet, host, { inputs: news, news: inputs });
    }
  });

  if (!resource.fetchSecrets) return;
  it("secrets reach the host, and neither state nor marker nor an error", async () => {
    const secrets = example.secrets ?? [];
    expect(secrets).not.toHaveLength(0);
    const stage = await made(resource, example);
    const { fleet, host, state } = stage;
    for (const secret of secrets) {
      const keepers = parts(stage).filter(({ spec }) => JSON.stringify(spec).includes(secret));
      expect(keepers).not.toHaveLength(0);
      for (const { kind, key, spec } of keepers) {
        expect(spec["mode"] ?? "600", key).toBe("600");
        const hidden = Object.entries(spec).filter(([, value]) =>
          JSON.stringify(value ?? "").includes(secret),
        );
        for (const [field] of hidden) expect(kind.secrets ?? [], key).toContain(field);
      }
      const elsewhere = [state, [...host.markers.values()], fleet.log, titles(parts(stage))];
      expect(JSON.stringify(elsewhere)).not.toContain(secret);
    }
    for (const part of parts(stage)) {
      const { lifecycle: again, host: sick, inputs } = begin(resource, example);
      sick.broken.add(`making ${titleOf(part)}`);
      const failed = await partialFailure(again.create(inputs));
      const { lifecycle: third, host: stubborn } = begin(resource, example);
      stubborn.stubborn.add(titleOf(part));
      const remained = await partialFailure(third.create(inputs));
      for (const error of [failed, remained]) {
        const said = JSON.stringify([error.message, error.properties, error.reasons, String(error.cause)]);
        for (const secret of secrets) expect(said).not.toContain(secret);
      }
    }
  });

  it("secrets are asked for anew in every operation, and without them it can be removed", async () => {
    const { fleet, lifecycle, id, state } = await made(resource, example, { onDelete: "destroyData" });
    for (const answerer of fleet.hosts) if (answerer.name !== firstHost(state)) answerer.unreachable = true;
    await lifecycle.delete(id, state);
    expect(fleet.markers).toEqual([]);
  });
}
