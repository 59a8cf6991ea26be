import { identityOf, titleOf, type Artifact, type Condition } from "../artifacts/artifact.ts";
import type { Json, MarkerPlace } from "../host-program/wire.ts";
import type { Props } from "./define-resource.ts";
import { removableArtifacts, type Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import type { Observed } from "./observe.ts";
import { isAdoption } from "./ownership.ts";
import { schemaVersion } from "./schema-version.ts";

/** One thing that is to be done, and why. */
export type PlanStep =
  /** What must be so, or nothing after it is done. */
  | { readonly do: "require" | "wait"; readonly condition: Condition }
  /** The marker says so from then on. */
  | { readonly do: "mark"; readonly marker: Marker }
  | { readonly do: "unmark" }
  | { readonly do: "remove"; readonly artifact: Artifact; readonly why: string }
  | {
      readonly do: "apply";
      readonly artifact: Artifact;
      /** What was observed; null where it is absent. */
      readonly found: Json;
      /** Whether what it serves is interrupted. */
      readonly disturb: boolean;
      readonly why: string;
    };

/** What is to be done on one host, as a value: made by a pure function, printed by `explain`, and executed. */
export interface Plan {
  readonly host: string;
  /** "guest web-0" */
  readonly label: string;
  readonly place: MarkerPlace;
  readonly steps: readonly PlanStep[];
  readonly adoption: boolean;
  /** Where people's data stays after a removal. */
  readonly kept: readonly string[];
  /** Of plans with the same turn only one is executed at a time. */
  readonly turn: string | undefined;
}

/**
 * What makes it so, from what was observed. What `former` inputs asked for and these do not is taken away. After a change that was
 * interrupted, what differs is applied, and what that change had still to apply. What is adopted is completed; where it
 * differs it stays as it is, which the drift then says.
 */
export function planChange(
  instance: Instance,
  observed: Observed,
  { former, from }: { readonly former?: Props | undefined; readonly from?: Instance } = {},
): Plan {
  const { marker } = observed.observation;
  const adoption = isAdoption(instance, observed, former);
  const complete = lastComplete(marker, from);
  const work = [
    ...staleSteps(instance, observed.artifacts, [former, complete]),
    ...applySteps(observed, adoption),
  ];
  const plan = { ...planOf(instance), adoption, turn: turnOf(instance, work) };
  // Until the other side is settled, whoever finds the marker has to look there.
  const ready = { ...markerOf(instance, "ready"), ...(from && { peer: from.host.name }) };
  const end: PlanStep = { do: "mark", marker: ready };
  if (work.length === 0 && marker?.state === "ready") return { ...plan, steps: [end] };
  const begun = {
    ...ready,
    ...(complete && { former: complete }),
    ...(adoption && { adopting: true as const }),
  };
  return { ...plan, steps: [...workSteps(instance, begun, work), ...waitSteps(instance), end] };
}

/** Work with what must be so before it, and what the marker says meanwhile. */
function workSteps(
  { resource, desired }: Instance,
  begun: Marker,
  work: readonly PlanStep[],
): readonly PlanStep[] {
  if (work.length === 0) return [pending(begun, work)];
  return [
    ...requireSteps(resource.preconditions?.(desired)),
    pending(begun, work),
    ...work,
    // Whatever happens while it is waited for, nothing has to be applied again.
    ...(resource.readyWhen ? [pending(begun, [])] : []),
  ];
}

/** Only what interrupts waits for its turn. */
function turnOf({ resource, desired }: Instance, work: readonly PlanStep[]): string | undefined {
  const interrupts = work.some((step) => step.do === "apply" && isInterruption(step));
  return interrupts ? resource.turn?.(desired) : undefined;
}

/** What it was last complete with, here or where it comes from. */
function lastComplete(marker: Marker | undefined, from?: Instance): Props | undefined {
  const wasComplete = marker?.state === "ready" || marker?.state === "leaving";
  return wasComplete ? marker.inputs : (marker?.former ?? from?.desired);
}

/** The marker while something is still to be applied. */
function pending(marker: Marker, work: readonly PlanStep[]): PlanStep {
  return { do: "mark", marker: { ...marker, state: "pending", due: dueOf(work) } };
}

/** What is to be applied, by its identity. */
export function dueOf(steps: readonly PlanStep[]): readonly string[] {
  return steps.flatMap((step) => (step.do === "apply" ? [identityOf(step.artifact)] : []));
}

/** Each lasts no longer than its own limit, or the resource's `waitSeconds`. */
function waitSteps({ resource, desired }: Instance): PlanStep[] {
  return (resource.readyWhen?.(desired) ?? []).map((condition) => ({
    do: "wait",
    condition: { ...condition, seconds: desired.timeouts?.waitSeconds ?? condition.seconds },
  }));
}

export function planOf({ host, label, place }: Instance): Omit<Plan, "steps"> {
  return { host: host.name, label, place, adoption: false, kept: [], turn: undefined };
}

/** Whether clients notice. */
export function isInterruption({
  artifact: { kind },
  disturb,
  found,
}: Extract<PlanStep, { do: "apply" }>): boolean {
  return disturb && found !== null && kind.serves === true;
}

export function requireSteps(conditions: readonly Condition[] = []): PlanStep[] {
  return conditions.map((condition) => ({ do: "require", condition }));
}

export function markerOf({ resource, desired, drawn }: Instance, state: Marker["state"]): Marker {
  return {
    version: schemaVersion,
    type: resource.type,
    owner: desired.owner,
    instance: drawn,
    state,
    inputs: desired,
  };
}

/** What differs, what an interrupted change had still to apply, and what follows these, in declared order. */
function applySteps(observed: Observed, adoption: boolean): PlanStep[] {
  const { artifacts, observation } = observed;
  const disturbing = new Set<Artifact>();
  return artifacts.flatMap((artifact, index): PlanStep[] => {
    const found = observation.states[index] ?? null;
    const reasons = reasonsFor(observed, { artifact, found, adoption });
    const follows = artifact.follows?.find((other) => disturbing.has(other));
    const due = !adoption && wasDue(observation.marker, artifact);
    const why = [...reasons, ...because(follows, due && reasons.length === 0)];
    if (why.length === 0) return [];
    const disturb = [follows !== undefined, due, disturbs(artifact, found)].includes(true);
    if (disturb) disturbing.add(artifact);
    return [{ do: "apply", artifact, found, disturb, why: why.join(", ") }];
  });
}

interface Found {
  readonly artifact: Artifact;
  readonly found: Json;
  readonly adoption: boolean;
}

/** Why it is not as declared; what is adopted and differs is left as it is. */
function reasonsFor({ observation }: Observed, { artifact, found, adoption }: Found): readonly string[] {
  if (adoption && found !== null) return [];
  return observation.differences.find((one) => one.artifact === artifact)?.reasons ?? [];
}

function because(follows: Artifact | undefined, due: boolean): string[] {
  return [
    ...(follows ? [`follows ${titleOf(follows)}`] : []),
    ...(due ? ["an earlier change was interrupted"] : []),
  ];
}

function disturbs({ kind, spec }: Artifact, found: Json): boolean {
  return kind.disturbs?.(spec, found) ?? true;
}

/** Whether a change that was interrupted had still to apply it. */
function wasDue(marker: Marker | undefined, artifact: Artifact): boolean {
  const isBegun = marker?.state === "pending" || marker?.state === "arriving";
  return isBegun && (marker.due?.includes(identityOf(artifact)) ?? true);
}

/** What earlier inputs asked for and these do not. */
function staleSteps(
  { resource, desired }: Instance,
  artifacts: readonly Artifact[],
  formers: readonly (Props | undefined)[],
): PlanStep[] {
  const wanted = new Set(
    [...artifacts, ...(resource.comesByItself?.(desired) ?? [])].map((one) => identityOf(one)),
  );
  const earlier = formers.flatMap((former) => (former ? removableArtifacts(resource, former) : []));
  const stale = [...new Map(earlier.map((one) => [identityOf(one), one])).values()].filter(
    (one) => !wanted.has(identityOf(one)),
  );
  return removeSteps(stale, desired.onDelete === "destroyData", "no longer declared");
}

/** In reverse order; what holds data only when its destruction was asked for. */
export function removeSteps(artifacts: readonly Artifact[], destroyData: boolean, why: string): PlanStep[] {
  return artifacts
    .filter(({ data }) => data === undefined || destroyData)
    .map((artifact): PlanStep => ({ do: "remove", artifact, why }))
    .reverse();
}
