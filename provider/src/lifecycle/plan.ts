import { identityOf, titleOf, type Artifact, type Condition } from "../artifacts/artifact.ts";
import type { Json } from "../host-program/wire.ts";
import type { Props } from "./define-resource.ts";
import { removableArtifacts, type Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import type { Observed } from "./observe.ts";
import { isAdoption } from "./ownership.ts";
import { schemaVersion } from "./schema-version.ts";

/** One thing that is to be done, and why. */
export type PlanStep =
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
  readonly markerPath: string;
  /** Written before the steps; undefined where there are none, and nothing to wait for. */
  readonly before: Marker | undefined;
  /** What must be so before anything is done. */
  readonly only: readonly Condition[];
  readonly steps: readonly PlanStep[];
  /** What is waited for then, in order. */
  readonly waits: readonly Condition[];
  /** Written at the end; undefined: the marker goes. */
  readonly after: Marker | undefined;
  readonly adoption: boolean;
  /** Where people's data stays after a removal. */
  readonly kept: readonly string[];
}

/**
 * What makes it so, from what was observed. What `former` inputs asked for and these do not is taken away. After a change that was
 * interrupted, what differs is applied, and what that change had still to apply. What is adopted is completed; where it
 * differs it stays as it is, which the drift then says.
 */
export function planChange(instance: Instance, observed: Observed, former?: Props): Plan {
  const { resource, desired, host, label, markerPath } = instance;
  const { marker } = observed.observation;
  const adoption = isAdoption(instance, observed, former);
  const complete = marker?.state === "ready" ? marker.inputs : marker?.former;
  const steps = [
    ...staleSteps(instance, observed.artifacts, [former, complete]),
    ...applySteps(observed, adoption),
  ];
  const idle = steps.length === 0 && marker?.state === "ready";
  const waits = idle ? [] : (resource.readyWhen?.(desired) ?? []).map((one) => within(one, instance));
  const ready = markerOf(instance, "ready");
  const before: Marker = {
    ...ready,
    state: "pending",
    ...(complete && { former: complete }),
    due: steps.flatMap((step) => (step.do === "apply" ? [identityOf(step.artifact)] : [])),
    ...(adoption && { adopting: true as const }),
  };
  return {
    ...{ host: host.name, label, markerPath, steps, waits, adoption, kept: [] },
    before: idle ? undefined : before,
    only: steps.length > 0 ? (resource.preconditions?.(desired) ?? []) : [],
    after: ready,
  };
}

/** What takes it away, as far as its `onDelete` allows. */
export function planRemoval(instance: Instance): Plan {
  const { resource, desired, host, label, markerPath } = instance;
  const artifacts = removableArtifacts(resource, desired);
  const destroyData = desired.onDelete === "destroyData";
  const kept = destroyData ? [] : artifacts.flatMap(({ data }) => data ?? []);
  return {
    ...{ host: host.name, label, markerPath, waits: [], adoption: false, kept },
    before: undefined,
    only: resource.removableWhen?.(desired) ?? [],
    steps: removeSteps(artifacts, destroyData, "the resource is deleted"),
    after: kept.length > 0 ? markerOf(instance, "kept") : undefined,
  };
}

/** The plan in lines for a person. */
export function planLines({ host, label, steps, waits, only, kept, after }: Plan): string[] {
  return [
    `${host}: ${label}:${steps.length + waits.length === 0 ? " nothing to do" : ""}`,
    ...only.map(({ what }) => `only if: ${what}`),
    ...steps.map((step) =>
      step.do === "remove"
        ? `remove ${titleOf(step.artifact)}: ${step.why}`
        : `${step.disturb && step.found !== null && step.artifact.kind.serves ? "restart" : "make"} ${titleOf(step.artifact)}: ${step.why}`,
    ),
    ...waits.map(({ what, seconds }) => `wait for ${what}, at most ${String(seconds)} s`),
    ...kept.map((place) => `keep the data in ${place}`),
    ...(after ? [] : ["remove its ownership marker"]),
  ];
}

function markerOf({ resource, desired, drawn }: Instance, state: Marker["state"]): Marker {
  return {
    version: schemaVersion,
    type: resource.type,
    owner: desired.owner,
    instance: drawn,
    state,
    inputs: desired,
  };
}

/** Each wait lasts no longer than its own limit, or the resource's `waitSeconds`. */
function within(condition: Condition, { desired }: Instance): Condition {
  return { ...condition, seconds: desired.timeouts?.waitSeconds ?? condition.seconds };
}

/** What differs, what an interrupted change had still to apply, and what follows these, in declared order. */
function applySteps({ artifacts, observation }: Observed, adoption: boolean): PlanStep[] {
  const { marker, states, differences } = observation;
  const disturbing = new Set<Artifact>();
  const reasons = new Map(differences.map((difference) => [difference.artifact, difference]));
  return artifacts.flatMap((artifact, index): PlanStep[] => {
    const found = states[index] ?? null;
    const difference = adoption && found !== null ? undefined : reasons.get(artifact);
    const follows = artifact.follows?.find((other) => disturbing.has(other));
    const due = !adoption && wasDue(marker, artifact);
    if (!difference && !follows && !due) return [];
    const disturb = Boolean(follows) || due || disturbs(artifact, found);
    if (disturb) disturbing.add(artifact);
    const why = [
      ...(difference?.reasons ?? []),
      ...(follows ? [`follows ${titleOf(follows)}`] : []),
      ...(due && !difference ? ["an earlier change was interrupted"] : []),
    ];
    return [{ do: "apply", artifact, found, disturb, why: why.join(", ") }];
  });
}

function disturbs({ kind, spec }: Artifact, found: Json): boolean {
  return kind.disturbs?.(spec, found) ?? true;
}

/** Whether a change that was interrupted had still to apply it. */
function wasDue(marker: Marker | undefined, artifact: Artifact): boolean {
  return marker?.state === "pending" && (marker.due?.includes(identityOf(artifact)) ?? true);
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
function removeSteps(artifacts: readonly Artifact[], destroyData: boolean, why: string): PlanStep[] {
  return artifacts
    .filter(({ data }) => data === undefined || destroyData)
    .map((artifact): PlanStep => ({ do: "remove", artifact, why }))
    .reverse();
}
