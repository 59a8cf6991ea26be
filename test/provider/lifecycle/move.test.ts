import { describe, expect, it } from "vitest";
import { HostUnreachable, StepFailed } from "../../../provider/src/host-program/host.ts";
import type { Props, Resource } from "../../../provider/src/lifecycle/define-resource.ts";
import { PartialFailure } from "../../../provider/src/lifecycle/errors.ts";
import { lifecycleOf, type Lifecycle } from "../../../provider/src/lifecycle/lifecycle.ts";
import { guest } from "../../../provider/src/microvm/guest.ts";
import { ModelFleet, plain, type ModelHost } from "../model-host.ts";

const declared = {
  ...{ inventory: "hosts.yaml", owner: "organization/project/stack", onDelete: "keepData" },
  ...{ host: "host1", name: "web", kernel: "/srv/cloud/images/demo/kernel", accel: "kvm", vsock: "kernel" },
  mountUnit: "torocloud-mount-cloud.service",
  shares: [{ tag: "site", share: { source: "/srv/cloud/shares/site" } }],
  ready: { port: 80 },
};
const unit = "unit torocloud-guest-web.service";

interface Stage {
  readonly fleet: ModelFleet;
  readonly lifecycle: Lifecycle;
  readonly here: Props;
  readonly there: Props;
  readonly id: string;
  readonly state: Props;
}

/** A guest that runs on host1. */
async function onHost1(resource: Resource = guest): Promise<Stage> {
  const fleet = new ModelFleet(resource, { names: ["host1", "host2", "host3"] });
  const lifecycle = lifecycleOf(fleet.resource, fleet.surroundings);
  const at = (host: string): Props => lifecycle.check({ ...declared, host }).inputs;
  const { id, state } = await lifecycle.create(at("host1"));
  fleet.forgetHistory();
  return { fleet, lifecycle, here: at("host1"), there: at("host2"), id, state: plain(state) };
}

function runs(host: ModelHost): boolean {
  return [...host.states.keys()].some(
    (key) => key.endsWith(unit.replace("unit ", "")) && key.startsWith("unit "),
  );
}

function whereItRuns({ fleet }: Stage): string[] {
  return fleet.hosts.filter(runs).map(({ name }) => name);
}

/** Nothing of it is anywhere but on one host, where it is complete. */
function expectOnlyOn(stage: Stage, name: string): void {
  expect(whereItRuns(stage)).toEqual([name]);
  const marks = stage.fleet.hosts.flatMap((host) =>
    [...host.markers.values()].map(({ state, peer, inputs }) => [host.name, state, peer, inputs["host"]]),
  );
  expect(marks).toEqual([[name, "ready", undefined, name]]);
  for (const host of stage.fleet.hosts)
    if (host.name !== name)
      expect([...host.states.keys()].filter((key) => key.includes("-web."))).toEqual([]);
}

/** Has the hosts fail at their step `count` from now on, whichever host's it is; looks after each that it never runs twice. */
function failAt(stage: Stage, count: number, error: () => Error): { readonly done: () => number } {
  let done = 0;
  for (const host of stage.fleet.hosts) {
    const ask = host.ask.bind(host);
    host.ask = async ({ steps, ...request }, options) => {
      const results = [];
      for (const step of steps) {
        if (done === count) throw error();
        done += 1;
        results.push(...(await ask({ ...request, steps: [step] }, options)).results);
        expect(whereItRuns(stage).length).toBeLessThan(2);
      }
      return { results };
    };
  }
  return { done: () => done };
}

function recover(stage: Stage): void {
  for (const host of stage.fleet.hosts) Reflect.deleteProperty(host, "ask");
}

const sabotage = (): Error => new StepFailed({ host: "host?", step: 0, how: "failed", message: "sabotaged" });

async function interrupted(stage: Stage): Promise<Props> {
  const error: unknown = await stage.lifecycle
    .update(stage.id, stage.state, stage.there)
    .catch((e: unknown) => e);
  // What is observed first changes nothing, so there is nothing to be kept.
  return error instanceof PartialFailure ? plain(error.properties) : stage.state;
}

const whole = await onHost1();
const counter = failAt(whole, Number.POSITIVE_INFINITY, sabotage);
await whole.lifecycle.update(whole.id, whole.state, whole.there);
const moments = Array.from({ length: counter.done() }, (_, index) => index);

describe("a guest whose host changes", () => {
  it("has an id without a place, and a preview says that it moves", async () => {
    const { lifecycle, id, state, there } = await onHost1();
    expect(id).toBe("guest/web");
    expect(lifecycle.diff(state, there)).toMatchObject({
      changes: true,
      replaces: [],
      notes: ['host "host1" → "host2": moves it'],
    });
  });

  it("is stopped there and started here, with the same context id", async () => {
    const stage = await onHost1();
    const moved = await stage.lifecycle.update(stage.id, stage.state, stage.there);
    expectOnlyOn(stage, "host2");
    expect(moved["contextId"]).toBe(stage.state["contextId"]);
    expect(stage.lifecycle.diff(moved, stage.there)).toMatchObject({ changes: false });
  });

  it("is explained step by step, on both hosts, and nothing is done", async () => {
    const stage = await onHost1();
    const lines = await stage.lifecycle.explain(stage.there, stage.state);
    const told = lines.join("\n");
    expect(told.indexOf(`remove ${unit}`)).toBeGreaterThan(told.indexOf("host1: guest web"));
    expect(told.indexOf(`make ${unit}`)).toBeGreaterThan(told.indexOf(`remove ${unit}`));
    expectOnlyOn(stage, "host1");
  });

  it("stays where it is when the other host has something of that name", async () => {
    const stage = await onHost1();
    await stage.lifecycle.create(stage.there);
    await expect(stage.lifecycle.update(stage.id, stage.state, stage.there)).rejects.toThrow(
      "host2: guest web is another resource of this stack already, and was left as it is; choose another name or host",
    );
    expect(whereItRuns(stage)).toEqual(["host1", "host2"]);
  });

  it("stays where it is when what must be so on the other host is not", async () => {
    const needed = { kind: "test.port-free", spec: {}, what: "its port to be free", seconds: 0 };
    const stage = await onHost1({ ...guest, preconditions: () => [needed] });
    stage.fleet.host("host2").unmet.set(needed.kind, "another has its port");
    await expect(stage.lifecycle.update(stage.id, stage.state, stage.there)).rejects.toThrow(
      /another has its port/,
    );
    expectOnlyOn(stage, "host1");
  });

  it("is not started elsewhere while it cannot be told whether it still runs", async () => {
    const stage = await onHost1();
    stage.fleet.host("host1").unreachable = true;
    await expect(stage.lifecycle.update(stage.id, stage.state, stage.there)).rejects.toThrow(
      "host2: guest web was not moved, because it may still run on host1: host1: no route to host; once host1 answers, run again",
    );
    expect(runs(stage.fleet.host("host2"))).toBe(false);
  });

  it("is found by its id alone, wherever it is, and by an id of 0.1.0's form", async () => {
    const stage = await onHost1();
    await stage.lifecycle.update(stage.id, stage.state, stage.there);
    const common = { inventory: declared.inventory, owner: declared.owner };
    for (const id of ["guest/web", "host2/guest/web"])
      expect(await stage.lifecycle.read(id, common)).toMatchObject({ host: "host2", name: "web" });
    expect(await stage.lifecycle.read("host1/guest/web", common)).toBeUndefined();
  });

  it("is not taken for another stack's of that name, that no instance was drawn for", async () => {
    const stage = await onHost1();
    const others = { ...stage.there, owner: "organization/project/other" };
    await stage.lifecycle.create(others);
    for (const host of stage.fleet.hosts)
      for (const [path, marker] of host.markers) host.markers.set(path, { ...marker, instance: "0.1.0" });
    const state = { ...stage.state, instance: "0.1.0" };
    for (const things of [stage.fleet.host("host1").states, stage.fleet.host("host1").markers])
      things.clear();
    expect(await stage.lifecycle.read(stage.id, state)).toBeUndefined();
    await stage.lifecycle.delete(stage.id, state);
    expect(whereItRuns(stage)).toEqual(["host2"]);
  });

  it("is told from others of its name elsewhere", async () => {
    const stage = await onHost1();
    for (const host of ["host2", "host3"])
      await stage.lifecycle.create(stage.lifecycle.check({ ...declared, host }).inputs);
    for (const things of [stage.fleet.host("host1").states, stage.fleet.host("host1").markers])
      things.clear();
    expect(await stage.lifecycle.read(stage.id, stage.state)).toBeUndefined();
    const common = { inventory: declared.inventory, owner: declared.owner };
    await expect(stage.lifecycle.read("guest/web", common)).rejects.toThrow(
      "guest/web is on host2 and host3; say which: host2/guest/web or host3/guest/web",
    );
  });

  it("is deleted wherever it is, when its move was interrupted or not written down", async () => {
    for (const moment of [...moments, Number.POSITIVE_INFINITY]) {
      for (const killed of [true, false]) {
        const stage = await onHost1();
        failAt(stage, moment, sabotage);
        const kept = await interrupted(stage);
        recover(stage);
        await stage.lifecycle.delete(stage.id, killed ? stage.state : kept);
        const markers = stage.fleet.hosts.map((host) => host.markers.size);
        expect({ moment, runs: whereItRuns(stage), markers }).toEqual({
          moment,
          runs: [],
          markers: [0, 0, 0],
        });
      }
    }
  });
});

describe.each([
  ["failed", async (stage: Stage) => interrupted(stage)],
  [
    "was killed",
    async (stage: Stage) => {
      await interrupted(stage);
      return stage.state;
    },
  ],
])("a move that %s", (_, interrupt) => {
  it.each(moments)(
    "after %i steps never has it run twice, and is completed by the next run",
    async (moment) => {
      const stage = await onHost1();
      failAt(stage, moment, moment % 2 === 0 ? sabotage : () => new HostUnreachable("host?", "cut"));
      const state = await interrupt(stage);
      failAt(stage, Number.POSITIVE_INFINITY, sabotage);
      recover(stage);
      const moved = await stage.lifecycle.update(stage.id, state, stage.there);
      expectOnlyOn(stage, "host2");
      expect(moved).toMatchObject({ host: "host2", drift: [] });
    },
  );

  it.each([...moments, Number.POSITIVE_INFINITY])(
    "after %d steps is taken back by the program as it was",
    async (moment) => {
      const stage = await onHost1();
      failAt(stage, moment, sabotage);
      const state = await interrupt(stage);
      recover(stage);
      const read = await stage.lifecycle.read(stage.id, state);
      if (read) await stage.lifecycle.update(stage.id, plain(read), stage.here);
      else await stage.lifecycle.create(stage.here);
      expectOnlyOn(stage, "host1");
    },
  );
});
