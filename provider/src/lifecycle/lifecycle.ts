import { sentenceOf } from "../artifacts/artifact.ts";
import { checkInputs, type Checked } from "./check.ts";
import type { Props, Resource } from "./define-resource.ts";
import { diffByTable, refusedChanges, type Diff } from "./diff.ts";
import { PartialFailure } from "./errors.ts";
import { execute, executeUnobserved } from "./execute.ts";
import { findInstance, instanceOf, movedAway, upgradedState, type Instance } from "./instance.ts";
import { beginMove, completeMove, otherSide } from "./move.ts";
import { expectAnswer } from "./marker.ts";
import { observe, stateOf, type Observed } from "./observe.ts";
import { adopted, isOurs, notToDelete, refuseForeign, refuseOccupied } from "./ownership.ts";
import { readMarker, whyLeft } from "./ownership-on-host.ts";
import { planLines } from "./plan-lines.ts";
import { planMove, type Move } from "./plan-move.ts";
import { planRemoval } from "./plan-removal.ts";
import { planChange, type Plan } from "./plan.ts";
import { deletesFirst } from "./rules.ts";
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

    diff(state, inputs) {
      const diff = diffByTable(resource.onChange, upgradedState(resource, state), inputs);
      return { ...diff, deleteBeforeReplace: deletesFirst(resource.replaceOrder, diff.replaces) };
    },

    create: async (inputs) => change(resource, surroundings, { inputs }),

    async read(id, state) {
      const instance = await find(id, state);
      if (!instance) return undefined;
      const here = await stateWhereOurs(instance);
      if (here) return here;
      const elsewhere = await movedAway(instance, surroundings);
      return elsewhere && stateWhereOurs(elsewhere);
    },

    async update(_id, state, inputs) {
      const former = upgradedState(resource, state);
      return (await change(resource, surroundings, { inputs, former })).state;
    },

    async delete(id, state) {
      const instance = await find(id, state);
      if (instance) await remove(instance, surroundings);
    },

    explain: async (inputs, state) =>
      explainChange(resource, surroundings, { inputs, former: state && upgradedState(resource, state) }),

    async explainRemoval(state) {
      const instance = instanceOf(resource, surroundings, upgradedState(resource, state));
      const left = await whyLeft(instance);
      return left === undefined ? planLines(planRemoval(instance)) : [`${instance.label} ${left}`];
    },
  };
}

async function stateWhereOurs(instance: Instance): Promise<Props | undefined> {
  const observed = await observe(instance);
  return isOurs(instance, observed) ? stateOf(instance, observed.observation) : undefined;
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
  const { before, plan, moved } = await planFor(instance, surroundings, former);
  const begun = moved && (await beginMove(moved.from, instance, moved.move));
  try {
    const after = begun ? await completeMove(begun, before) : await execute(instance, plan, before);
    if (plan.adoption) tellAdoption(instance, before, after);
    return { id: instance.id, state: stateOf(instance, after.observation) };
  } catch (error) {
    const drift = ["the last change did not succeed"];
    const properties = { ...instance.desired, drift, instance: instance.drawn, schemaVersion };
    throw new PartialFailure(instance.id, properties, error);
  }
}

async function explainChange(
  resource: Resource,
  surroundings: Surroundings,
  { inputs, former }: Wanted,
): Promise<string[]> {
  const instance = changedInstance(resource, surroundings, { inputs, former });
  const { plan, moved } = await planFor(instance, surroundings, former);
  if (!moved) return planLines(plan);
  const { check, leave, forget: last } = moved.move;
  return [check, leave, plan, last].flatMap(planLines);
}

interface Planned {
  readonly before: Observed;
  readonly plan: Plan;
  /** Where it is on another host, or may be. */
  readonly moved?: { readonly from: Instance; readonly move: Move };
}

async function planFor(
  instance: Instance,
  surroundings: Surroundings,
  former: Props | undefined,
): Promise<Planned> {
  const before = await observe(instance);
  const { marker, markerUnanswered } = before.observation;
  expectAnswer(markerUnanswered, instance);
  const from = otherSide(instance, surroundings, { former, marker });
  // Where it goes it is as new as what is created.
  refuseForeign(instance, before, from && !marker ? undefined : former);
  if (from && former) refuseOccupied(instance, before);
  if (!from) return { before, plan: planChange(instance, before, { former }) };
  const move = planMove(from, instance, before);
  return { before, plan: move.change, moved: { from, move } };
}

async function remove(instance: Instance, surroundings: Surroundings): Promise<void> {
  const marker = await readMarker(instance);
  const elsewhere = marker ? undefined : await movedAway(instance, surroundings);
  if (elsewhere) return remove(elsewhere, surroundings);
  const left = notToDelete(instance, marker);
  if (left !== undefined) {
    instance.log(left);
    return;
  }
  const other = marker && otherSide(instance, surroundings, { marker });
  if (other && (await whyLeft(other)) === undefined) await executeUnobserved(other, planRemoval(other));
  const plan = planRemoval(instance);
  await executeUnobserved(instance, plan);
  if (plan.kept.length > 0) instance.log(`removed; its data stays in ${plan.kept.join(", ")} (see onDelete)`);
}

function tellAdoption({ log }: Instance, before: Observed, after: Observed): void {
  const { differences } = after.observation;
  const differs =
    differences.length > 0
      ? `; left as it is until the next up: ${differences.map(sentenceOf).join("; ")}`
      : "";
  log(`adopted ${adopted(before).join(", ")}${differs}`);
}
