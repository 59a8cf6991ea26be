import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { file } from "../../../provider/src/host/files.ts";
import { defineResource, type Props } from "../../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf, type Lifecycle } from "../../../provider/src/lifecycle/lifecycle.ts";
import { markerRoot } from "../../../provider/src/lifecycle/marker.ts";
import { me, ShellHost } from "../shell-host.ts";

vi.setConfig({ testTimeout: 120_000 }); // real processes, on a machine that may be busy

let host: ShellHost;
let lifecycle: Lifecycle;
beforeEach(() => {
  host = new ShellHost([markerRoot]);
  host.stub("chown", '[ "$1" = root:root ] || exec /bin/chown "$@"');
  const note = defineResource({
    type: "torocloud:test:Note",
    summary: "A note.",
    kind: "note",
    inputs: z.object({ host: z.string(), name: z.string() }),
    derived: z.object({}),
    outputs: z.object({}),
    derive: {},
    onChange: { host: "replace", name: "replace" },
    replaceOrder: "delete-then-create",
    name: ({ name }) => name,
    artifacts: ({ name }) => [file(host.path(name), name, { owner: me.owner })],
  });
  lifecycle = lifecycleOf(note, {
    hosts: () => () => host,
    hostNames: () => [host.name],
    log: () => undefined,
  });
});
afterEach(() => {
  host.remove();
});

const names = Array.from({ length: 12 }, (_, index) => `note-${String(index)}`);
const inputs = (name: string, owner = "us"): Props => ({
  ...{ inventory: "i", owner, onDelete: "keepData", host: "sandbox", name },
});

async function make(): Promise<Map<string, { id: string; state: Props }>> {
  const made = await Promise.all(
    names.map(async (name) => [name, await lifecycle.create(inputs(name))] as const),
  );
  return new Map(made);
}

/** One after the other, as an engine with little in parallel does. */
async function refresh(made: Awaited<ReturnType<typeof make>>): Promise<(Props | undefined)[]> {
  const states: (Props | undefined)[] = [];
  for (const { id, state } of made.values()) states.push(await lifecycle.read(id, state));
  return states;
}

describe("a refresh of many things of a kind", () => {
  it("takes a few scripts, and tells of each what is there", async () => {
    const made = await make();
    writeFileSync(host.path("note-7"), "another text");
    host.scripts.length = 0;
    const states = await refresh(made);
    expect(states.map((state) => (state?.["drift"] as string[]).length)).toEqual(
      names.map((name) => (name === "note-7" ? 1 : 0)),
    );
    // Two by themselves, then the markers, then all of them.
    expect(host.scripts).toHaveLength(4);
  });

  it("does not give what was seen before a change for what is there after it", async () => {
    const made = await make();
    await refresh(made);
    await Promise.all([...made.values()].slice(0, 4).map(async ({ id, state }) => lifecycle.read(id, state)));
    const [first, second] = [...made.values()];
    if (!first || !second) expect.fail("nothing was made");
    await lifecycle.delete(second.id, second.state);
    expect(await lifecycle.read(second.id, second.state)).toBeUndefined();
    expect(await lifecycle.read(first.id, first.state)).toMatchObject({ drift: [] });
  });

  it("gives each sighting once", async () => {
    const made = await make();
    await refresh(made);
    writeFileSync(host.path("note-9"), "another text");
    const { id, state } = made.get("note-9") ?? expect.fail("it was made");
    expect((await lifecycle.read(id, state))?.["drift"]).toHaveLength(1);
    expect(readFileSync(host.path("note-9"), "utf8")).toBe("another text");
  });
});
