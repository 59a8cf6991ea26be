import { sentenceOf } from "../artifacts/artifact.ts";
import { checkInputs, type Checked } from "./check.ts";
import type { Props, Resource } from "./define-resource.ts";
import { diffByTable, refusedChanges, type Diff } from "./diff.ts";
import { PartialFailure } from "./errors.ts";
import { execute, executeRemoval } from "./execute.ts";
import { findInstance, instanceOf, upgradedState, type Instance } from "./instance.ts";
import { parseMarker } from "./marker.ts";
import { observe, stateOf, type Observed } from "./observe.ts";
import { adopted, isOurs, notToDelete, refuseForeign } from "./ownership.ts";
import { planLines } from "./plan-lines.ts";
import { planChange, planRemoval, type Plan } from "./plan.ts";
import { ask } from "./progress.ts";
import { schemaVersion } from "./schema-version.ts";
import type { Surroundings } from "./surroundings.ts";

export type { Surroundings } from "./surroundings.ts";

/** The six verbs in Pulumi's words. Adapters only translate envelopes. */
export interface Lifecycle {
  /** `state` is what its inputs were before, empty for a new one. */
  check(news: Props, state?: Props): Checked;
  diff(state: Props, inputs: Props): Diff & { readonly deleteBeforeReplace: boolean };
  /** Rejects with PartialFailure when something of it is there already; the next run goes on from it. */
  create(inputs: Props): Promise<{ id: string; state: Props }>;
  /** undefined: it is gone, or not ours. Rejects when the host cannot be asked. */
  read(id: string, state: Props): Promise<Props | undefined>;
  update(id: string, state: Props, inputs: Props): Promise<Props>;
  delete(id: string, state: Props): Promise<void>;
  /** What an update to these inputs, or a create where there is no state, would do, in lines for a person. Changes nothing. */
  explain(inputs: Props, state?: Props): Promise<string[]>;
  /** What a delete would do. */
  explainRemoval(state: Props): Promise<string[]>;
}

/** The verbs of one resource type. */
export function lifecycleOf(resource: Resource, surroundings: Surroundings): Lifecycle {
  const find = async (id: string, state: Props): Promise<Instance | undefined> =>
    findInstance(resource, surroundings, { id, state });
  return {
    check(news, state = {}) {
      const former = Object.keys(state).length === 0 ? state : upgradedState(resource, state);
      const checked = checkInputs(resource, news, surroundings.hostNames, former);
      const refused = refusedChanges(resource.onChange, state, checked.inputs);
      return { ...checked, problems: [...checked.problems, ...refused] };
    },

    diff: (state, inputs) => ({
      ...diffByTable(resource.onChange, upgradedState(resource, state), inputs),
      deleteBeforeReplace: resource.replaceOrder === "delete-then-create",
    }),

    create: async (inputs) => change(resource, surroundings, { inputs }),

    async read(id, state) {
      const instance = await find(id, state);
      if (!instance) return undefined;
      const observed = await observe(instance);
      return isOurs(instance, observed) ? stateOf(instance, observed.observation) : undefined;
    },

    async update(_id, state, inputs) {
      const former = upgradedState(resource, state);
      return (await change(resource, surroundings, { inputs, former })).state;
    },

    async delete(id, state) {
      const instance = await find(id, state);
      if (instance) await remove(instance);
    },

    async explain(inputs, state) {
      const former = state && upgradedState(resource, state);
      const { plan } = await planFor(changedInstance(resource, surroundings, { inputs, former }), former);
      return planLines(plan);
    },

    async explainRemoval(state) {
      const instance = instanceOf(resource, surroundings, upgradedState(resource, state));
      const left = await whyLeft(instance);
      return left === undefined ? planLines(planRemoval(instance)) : [`${instance.label} ${left}`];
    },
  };
}

interface Wanted {
  readonly inputs: Props;
  /** The state of what exists. */
  readonly former?: Props | undefined;
}

function changedInstance(
  resource: Resource,
  surroundings: Surroundings,
  { inputs, former }: Wanted,
): Instance {
  return instanceOf(resource, surroundings, { ...inputs, instance: former?.["instance"] });
}

/** Never save the wish: what is kept is what the host said afterwards. */
async function change(
  resource: Resource,
  surroundings: Surroundings,
  { inputs, former }: Wanted,
): Promise<{ id: string; state: Props }> {
  const instance = changedInstance(resource, surroundings, { inputs, former });
  const { before, plan } = await planFor(instance, former);
  try {
    const after = await execute(instance, plan, before);
    if (plan.adoption) tellAdoption(instance, before, after);
    if (former && former["host"] !== instance.desired["host"]) {
      await forget(instanceOf(resource, surroundings, former));
    }
    return { id: instance.id, state: stateOf(instance, after.observation) };
  } catch (error) {
    const drift = ["the last change did not succeed"];
    const properties = { ...instance.desired, drift, instance: instance.drawn, schemaVersion };
    throw new PartialFailure(instance.id, properties, error);
  }
}

async function planFor(
  instance: Instance,
  former: Props | undefined,
): Promise<{ readonly before: Observed; readonly plan: Plan }> {
  const before = await observe(instance);
  refuseForeign(instance, before, former);
  return { before, plan: planChange(instance, before, former) };
}

async function remove(instance: Instance): Promise<void> {
  const left = await whyLeft(instance);
  if (left !== undefined) {
    instance.log(left);
    return;
  }
  const plan = planRemoval(instance);
  await executeRemoval(instance, plan);
  if (plan.kept.length > 0) instance.log(`removed; its data stays in ${plan.kept.join(", ")} (see onDelete)`);
}

/** Whether a marker says that it must not be removed; what has none is as our state says. */
async function whyLeft(instance: Instance): Promise<string | undefined> {
  const { host, label, markerPath: path } = instance;
  const { results } = await ask(
    { host, label, words: () => `asking to whom ${label} belongs` },
    { steps: [{ do: "readMarker", path }] },
    { repeatable: true },
  );
  return notToDelete(instance, parseMarker(results[0], `${host.name}: ${path}`));
}

/** It is managed through another host from now on, where its marker is; this one's goes, if the host can be asked. */
async function forget(instance: Instance): Promise<void> {
  const { markerPath: path, label } = instance;
  try {
    await ask(
      { ...instance, words: () => `moving the marker of ${label}` },
      { steps: [{ do: "dropMarker", path }] },
    );
  } catch (error) {
    instance.log(
      `its marker ${path} stays behind: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function tellAdoption({ log }: Instance, before: Observed, after: Observed): void {
  const { differences } = after.observation;
  const differs =
    differences.length > 0
      ? `; left as it is until the next up: ${differences.map(sentenceOf).join("; ")}`
      : "";
  log(`adopted ${adopted(before).join(", ")}${differs}`);
}
