import { belongsToAnother, forget, observe, observeForRead, reconcile, remove } from "./acts.ts";
import { checkInputs, type Checked } from "./check.ts";
import type { Props, Resource } from "./define-resource.ts";
import { diffByTable, refusedChanges, type Diff } from "./diff.ts";
import { HalfMade } from "./errors.ts";
import { isOurs, refuseForeign, stateOf } from "./observation.ts";
import type { Surroundings } from "./surroundings.ts";
import { schemaVersion, upgraded } from "./schema-version.ts";
import { findThing, thingOf } from "./thing.ts";

export type { Surroundings } from "./surroundings.ts";

/** The six verbs in Pulumi's words. Adapters only translate envelopes. */
export interface Lifecycle {
  /** `state` is what its inputs were before, empty for a new one. */
  check(news: Props, state?: Props): Checked;
  diff(state: Props, inputs: Props): Diff & { readonly deleteBeforeReplace: boolean };
  /** Rejects with HalfMade when something of it is there already; the next run goes on from it. */
  create(inputs: Props): Promise<{ id: string; state: Props }>;
  /** undefined: it is gone, or not ours. Rejects when the host cannot be asked. */
  read(id: string, state: Props): Promise<Props | undefined>;
  update(id: string, state: Props, inputs: Props): Promise<Props>;
  delete(id: string, state: Props): Promise<void>;
}

/** The verbs of one resource type. */
export function lifecycleOf(resource: Resource, surroundings: Surroundings): Lifecycle {
  /** Never save the wish: what is kept is what the host said afterwards. */
  async function settle(desired: Props, former?: Props): Promise<{ id: string; state: Props }> {
    const thing = thingOf(resource, surroundings, desired);
    const before = await observe(thing);
    refuseForeign(thing, before, former);
    try {
      const state = stateOf(thing, await reconcile(thing, before, former));
      if (former && former["host"] !== thing.desired["host"]) {
        await forget(thingOf(resource, surroundings, former));
      }
      return { id: thing.id, state };
    } catch (error) {
      const drift = ["the last change did not succeed"];
      throw new HalfMade(thing.id, { ...thing.desired, drift, schemaVersion }, error);
    }
  }

  return {
    check(news, state = {}) {
      const checked = checkInputs(resource, news, surroundings.hostNames);
      const refused = refusedChanges(resource.onChange, state, checked.inputs);
      return { ...checked, problems: [...checked.problems, ...refused] };
    },

    diff: (state, inputs) => ({
      ...diffByTable(resource.onChange, upgraded(resource.type, state), inputs),
      deleteBeforeReplace: resource.replaceOrder === "delete-then-create",
    }),

    create: async (inputs) => settle(inputs),

    async read(id, state) {
      const thing = await findThing(resource, surroundings, { id, state });
      if (!thing) return undefined;
      const observation = await observeForRead(thing);
      return isOurs(thing, observation) ? stateOf(thing, observation) : undefined;
    },

    update: async (_id, state, inputs) => (await settle(inputs, upgraded(resource.type, state))).state,

    async delete(id, state) {
      const thing = await findThing(resource, surroundings, { id, state });
      if (!thing) return;
      if (await belongsToAnother(thing)) thing.log("belongs to another stack by now and was left as it is");
      else await remove(thing);
    },
  };
}
