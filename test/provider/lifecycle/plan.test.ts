import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  artifact,
  differencesOf,
  titleOf,
  type Artifact,
  type Kind,
} from "../../../provider/src/artifacts/artifact.ts";
import type { Json } from "../../../provider/src/host-program/wire.ts";
import {
  defineResource,
  type Leaving,
  type Props,
  type Resource,
} from "../../../provider/src/lifecycle/define-resource.ts";
import { instanceOf, type Instance } from "../../../provider/src/lifecycle/instance.ts";
import type { Marker } from "../../../provider/src/lifecycle/marker.ts";
import { planLines } from "../../../provider/src/lifecycle/plan-lines.ts";
import { planRemoval } from "../../../provider/src/lifecycle/plan-removal.ts";
import { planChange, type Plan } from "../../../provider/src/lifecycle/plan.ts";
import { HostName, none } from "../../../provider/src/validation/schemas.ts";

type Text = Readonly<{ text: string }>;

const page: Kind<Text, Text> = {
  name: "test.page",
  title: (key) => `page ${key}`,
  differences: ({ text }, found) => (found.text === text ? [] : [`says ${found.text}`]),
  // A page that is only longer disturbs nobody.
  disturbs: ({ text }, found) => found === null || !text.startsWith(found.text),
};

const reader: Kind<Readonly<Record<string, never>>, { readonly reads: boolean }> = {
  name: "test.reader",
  title: (key) => `reader of ${key}`,
  differences: (_, { reads }) => (reads ? [] : ["sleeps"]),
  serves: true,
};

const desk: Kind = { name: "test.desk", title: (key) => `desk ${key}`, differences: () => [] };

interface Extras {
  readonly leaving?: Leaving;
}

function book({ leaving }: Extras = {}): Resource {
  return defineResource({
    type: "torocloud:test:Book",
    summary: "A book.",
    kind: "book",
    inputs: z.object({ host: HostName, pages: z.array(z.string()) }),
    derived: none,
    outputs: none,
    derive: {},
    onChange: { host: "replace", pages: "restart" },
    replaceOrder: "create-then-delete",
    name: () => "one",
    artifacts: ({ pages }) => artifactsOf(pages),
    preconditions: () => [{ kind: "test.quiet", spec: {}, what: "quiet", seconds: 0 }],
    readyWhen: () => [{ kind: "test.read", spec: {}, what: "somebody to read", seconds: 60 }],
    turn: () => "readers",
    ...(leaving && { leaving: () => leaving }),
  });
}

function artifactsOf(pages: readonly string[]): Artifact[] {
  const leaves = pages.map((text, index) => artifact(page, String(index + 1), { spec: { text } }));
  return [
    artifact(desk, "oak", { spec: {}, whose: "shared", data: "the drawer" }),
    ...leaves,
    artifact(reader, "them", { spec: {}, follows: leaves }),
  ];
}

interface Case extends Extras {
  readonly pages: readonly string[];
  readonly found: readonly Json[];
  readonly marker?: Partial<Marker>;
  readonly former?: readonly string[];
  readonly inputs?: Props;
}

function instance({ pages, inputs, ...extras }: Omit<Case, "found">): Instance {
  const surroundings = {
    hosts: () => (name: string) => ({
      name,
      ask: async () => Promise.reject(new Error("a plan asks nobody")),
    }),
    hostNames: () => ["host1"],
    log: () => undefined,
  };
  const common = { owner: "us", inventory: "", instance: "i", host: "host1" };
  return instanceOf(book(extras), surroundings, { ...common, pages, ...inputs });
}

function change({ found: states, marker, former, ...rest }: Case): Plan {
  const one = instance(rest);
  const artifacts = artifactsOf(rest.pages);
  const whole: Marker | undefined = marker && {
    ...{ version: 2, type: "torocloud:test:Book", owner: "us", instance: "i", state: "ready" as const },
    inputs: { ...one.desired, pages: former ?? rest.pages },
    ...marker,
  };
  const differences = differencesOf(artifacts, states);
  const observation = { marker: whole, states, differences, unmet: [], outputs: {} };
  return planChange(
    one,
    { artifacts, observation },
    {
      former: former && { ...one.desired, pages: former },
    },
  );
}

/** "apply page 1", "apply! reader of them" where it disturbs, "mark pending page 1, reader of them". */
function steps({ steps: all }: Plan): string[] {
  return all.map((step) => {
    switch (step.do) {
      case "mark":
        return ["mark", step.marker.state, ...(step.marker.due ?? [])].join(" ");
      case "unmark":
        return "unmark";
      case "require":
      case "wait":
        return `${step.do} ${step.condition.what}`;
      case "remove":
        return `remove ${titleOf(step.artifact)}`;
      case "apply":
        return `apply${step.disturb ? "!" : ""} ${titleOf(step.artifact)}`;
    }
  });
}

const there = {};
const reads = { reads: true };

describe("the plan of a change", () => {
  it("makes all of what is not there, in order, marked before and after", () => {
    expect(steps(change({ pages: ["a"], found: [null, null, null] }))).toEqual([
      "require quiet",
      "mark pending test.desk oak test.page 1 test.reader them",
      "apply! desk oak",
      "apply! page 1",
      "apply! reader of them",
      "mark pending",
      "wait somebody to read",
      "mark ready",
    ]);
  });

  it("only marks where nothing is to be done", () => {
    const plan = change({ pages: ["a"], found: [there, { text: "a" }, reads], marker: {} });
    expect(steps(plan)).toEqual(["mark ready"]);
    expect(plan.turn).toBeUndefined();
  });

  it("applies what differs and what follows it, and waits for its turn where that interrupts", () => {
    const plan = change({ pages: ["b"], found: [there, { text: "a" }, reads], marker: {} });
    expect(steps(plan).slice(1, 4)).toEqual([
      "mark pending test.page 1 test.reader them",
      "apply! page 1",
      "apply! reader of them",
    ]);
    expect(plan.turn).toBe("readers");
    expect(planLines(plan).join("\n")).toMatch(/follows page 1/);
  });

  it("leaves what follows alone where putting it right disturbs nobody", () => {
    const plan = change({ pages: ["a, longer"], found: [there, { text: "a" }, reads], marker: {} });
    expect(steps(plan).filter((step) => step.startsWith("apply"))).toEqual(["apply page 1"]);
    expect(plan.turn).toBeUndefined();
  });

  it("takes away what is no longer declared, last made first", () => {
    const found = [there, { text: "a" }, reads];
    const plan = change({ pages: ["a"], former: ["a", "b", "c"], found, marker: {} });
    expect(steps(plan).filter((step) => step.startsWith("remove"))).toEqual([
      "remove page 3",
      "remove page 2",
    ]);
  });

  it("goes on after an interruption with what was due, though nothing differs", () => {
    const found = [there, { text: "a" }, reads];
    const marker: Partial<Marker> = { state: "pending", due: ["test.reader them"] };
    expect(steps(change({ pages: ["a"], found, marker })).slice(1, 3)).toEqual([
      "mark pending test.reader them",
      "apply! reader of them",
    ]);
  });

  it("has nothing to apply where only the waiting was interrupted", () => {
    const found = [there, { text: "a" }, reads];
    const plan = change({ pages: ["a"], found, marker: { state: "pending", due: [] } });
    expect(steps(plan)).toEqual(["mark pending", "wait somebody to read", "mark ready"]);
  });

  it("applies all where 0.1.0 was interrupted, which did not write down what was due", () => {
    const found = [there, { text: "a" }, reads];
    const plan = change({ pages: ["a"], found, marker: { state: "pending" } });
    expect(steps(plan).filter((step) => step.startsWith("apply"))).toHaveLength(3);
  });

  it("completes what is adopted, and changes nothing of what is there", () => {
    const plan = change({ pages: ["b"], found: [there, { text: "a" }, null], inputs: { adopt: true } });
    expect(plan.adoption).toBe(true);
    expect(steps(plan).filter((step) => step.startsWith("apply"))).toEqual(["apply! reader of them"]);
  });
});

describe("the plan of a removal", () => {
  it("goes backwards and keeps people's data", () => {
    const plan = planRemoval(instance({ pages: ["a"] }));
    expect(steps(plan)).toEqual(["remove reader of them", "remove page 1", "mark kept"]);
    expect(plan.kept).toEqual(["the drawer"]);
  });

  it("destroys data where that was asked for", () => {
    const plan = planRemoval(instance({ pages: ["a"], inputs: { onDelete: "destroyData" } }));
    expect(steps(plan)).toEqual(["remove reader of them", "remove page 1", "remove desk oak", "unmark"]);
    expect(plan.kept).toEqual([]);
  });

  it("drains what must leave first, marked as leaving, one at a time", () => {
    const condition = (what: string) => ({ kind: "test.read", spec: {}, what, seconds: 60 });
    const leaving = {
      turn: "books leave",
      only: [condition("another book")],
      drain: [artifact(page, "last", { spec: { text: "moved" } })],
      waits: [condition("nobody to read")],
    };
    const plan = planRemoval(instance({ pages: ["a"], leaving }));
    expect(steps(plan).slice(0, 5)).toEqual([
      "require another book",
      "mark leaving",
      "apply page last",
      "wait nobody to read",
      "remove reader of them",
    ]);
    expect(plan.turn).toBe("books leave");
  });

  it("is drift, and undone by an update, where it was interrupted and is taken back", () => {
    const found = [there, { text: "a" }, reads];
    const plan = change({ pages: ["a"], found, marker: { state: "leaving" } });
    expect(steps(plan).at(-1)).toBe("mark ready");
  });
});
