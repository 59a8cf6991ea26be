import { checkInputs, type Checked, type HostNames } from "./check.ts";
import type { Hosts, Props, Resource } from "./define-resource.ts";
import { diffByTable, type Diff } from "./diff.ts";
import { HalfMade } from "./errors.ts";
import { findInputs, subjectOf } from "./subject.ts";

/** The six verbs in Pulumi's words. Adapters only translate envelopes. */
export interface Lifecycle {
  check(news: Props): Checked;
  diff(state: Props, inputs: Props): Diff & { readonly deleteBeforeReplace: boolean };
  /** Rejects with {@link HalfMade} when something of it is there already; the next run goes on from it. */
  create(inputs: Props): Promise<{ id: string; state: Props }>;
  /** undefined: it is gone, or not ours. Rejects when the host cannot be asked. */
  read(id: string, state: Props): Promise<Props | undefined>;
  update(id: string, state: Props, inputs: Props): Promise<Props>;
  delete(id: string, state: Props): Promise<void>;
}

/** What the lifecycle needs from outside. */
export interface Surroundings {
  readonly hosts: (inventory: string) => Hosts;
  readonly hostNames: HostNames;
  /** Progress for the person who waits. */
  readonly log: (line: string) => void;
}

/** The verbs of one resource type. */
export function lifecycleOf(resource: Resource, surroundings: Surroundings): Lifecycle {
  /** Never save the wish: what is kept is what the host said afterwards. */
  async function settle(desired: Props, former?: Props): Promise<{ id: string; state: Props }> {
    const subject = subjectOf(resource, surroundings, desired);
    const before = await subject.observe();
    subject.refuseForeign(before, former);
    try {
      return { id: subject.id, state: subject.stateOf(await subject.reconcile(before, former)) };
    } catch (error) {
      throw new HalfMade(subject.id, { ...desired, drift: ["the last change did not succeed"] }, error);
    }
  }

  return {
    check: (news) => checkInputs(resource, news, surroundings.hostNames),

    diff: (state, inputs) => ({
      ...diffByTable(resource.onChange, state, inputs),
      deleteBeforeReplace: resource.replaceOrder === "delete-then-create",
    }),

    create: async (inputs) => settle(inputs),

    async read(id, state) {
      const inputs = await findInputs(resource, surroundings, { id, state });
      if (!inputs) return undefined;
      const subject = subjectOf(resource, surroundings, inputs);
      const observation = await subject.observe();
      return subject.isOurs(observation) ? subject.stateOf(observation) : undefined;
    },

    update: async (_id, state, inputs) => (await settle(inputs, state)).state,

    async delete(id, state) {
      const inputs = await findInputs(resource, surroundings, { id, state });
      if (inputs) await subjectOf(resource, surroundings, inputs).remove();
    },
  };
}
