import { afterAll, describe, expect, it } from "vitest";
import type { Props } from "../../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf, type Lifecycle } from "../../../provider/src/lifecycle/lifecycle.ts";
import { guest } from "../../../provider/src/microvm/guest.ts";
import { examples, removeFixtures } from "../examples.ts";
import { ModelFleet, plain } from "../model-host.ts";

afterAll(removeFixtures);

const example = examples["torocloud:microvm:Guest"];
const share = { source: "/srv/cloud/shares/site" };

interface Stage {
  readonly fleet: ModelFleet;
  readonly lifecycle: Lifecycle;
  readonly id: string;
  /** As 0.1.0 wrote it: the share that it names had units of its own. */
  readonly state: Props;
}

/** A guest on a host, with the units of a share that 0.1.0 called `pages`. */
async function of010(): Promise<Stage> {
  const fleet = new ModelFleet(guest, example);
  const lifecycle = lifecycleOf(fleet.resource, fleet.surroundings);
  const named = { shareNames: { site: "pages" }, schemaVersion: 4 };
  const { inputs } = lifecycle.check(
    { ...example.inputs, shares: [{ tag: "site", share }] },
    { ...example.inputs, shares: [{ tag: "site", share }], ...named },
  );
  expect(inputs["shareNames"]).toEqual({ site: "pages" });
  const { id, state } = await lifecycle.create(plain(inputs));
  const { markers } = fleet.host("node1");
  for (const [path, marker] of markers) markers.set(path, { ...marker, instance: "0.1.0" });
  fleet.forgetHistory();
  const later = new Set(["shareNames", "instance", "schemaVersion"]);
  const fields = Object.entries(plain(state)).filter(([field]) => !later.has(field));
  const former = { ...Object.fromEntries(fields), shares: [{ share: "pages", tag: "site" }] };
  return { fleet, lifecycle, id, state: former };
}

describe("a guest that 0.1.0 made", () => {
  it("takes its shares' units over as they are", async () => {
    const { fleet, lifecycle, id, state } = await of010();
    const { inputs } = lifecycle.check({ ...example.inputs, shares: [{ tag: "site", share }] }, state);
    expect(lifecycle.diff(state, plain(inputs)).notes).toEqual([
      expect.stringMatching(/^shares .*: only recorded$/),
    ]);
    await lifecycle.update(id, state, plain(inputs));
    expect(fleet.applied).toEqual([]);
    expect(fleet.hosts.flatMap(({ removed }) => removed)).toEqual([]);
  });

  it("is read as it is, and goes with its shares' units", async () => {
    const { fleet, lifecycle, id, state } = await of010();
    expect(await lifecycle.read(id, state)).toMatchObject({ drift: [], shareNames: { site: "pages" } });
    await lifecycle.delete(id, state);
    expect(fleet.hosts.flatMap(({ states }) => [...states.keys()])).toEqual([]);
  });

  it("that loses a share with the upgrade leaves none of its units", async () => {
    const { fleet, lifecycle, id, state } = await of010();
    const { inputs } = lifecycle.check({ ...example.inputs, shares: [] }, state);
    await lifecycle.update(id, state, plain(inputs));
    const left = fleet.hosts.flatMap(({ states }) => [...states.keys()]);
    expect(left.filter((key) => key.includes("pages"))).toEqual([]);
  });
});
