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
  readonly markerPath: string;
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
export function planChange(instance: Instance, observed: Observed, former?: Props): Plan {
  const { resource, desired, host, label, markerPath } = instance;
  const { marker } = observed.observation;
  const adoption = isAdoption(instance, observed, former);
  const complete = marker && ["ready", "leaving"].includes(marker.state) ? marker.inputs : marker?.former;
  const work = [
    ...staleSteps(instance, observed.artifacts, [former, complete]),
    ...applySteps(observed, adoption),
  ];
  const idle = work.length === 0 && marker?.state === "ready";
  const waits = idle ? [] : (resource.readyWhen?.(desired) ?? []).map((one) => within(one, instance));
  const ready = markerOf(instance, "ready");
  const pending = (due: readonly PlanStep[]): PlanStep => ({
    do: "mark",
    marker: {
      ...ready,
      state: "pending",
      ...(complete && { former: complete }),
      due: due.flatMap((step) => (step.do === "apply" ? [identityOf(step.artifact)] : [])),
      ...(adoption && { adopting: true as const }),
    },
  });
  const interrupts = work.some((step) => step.do === "apply" && isInterruption(step));
  return {
    ...{ host: host.name, label, markerPath, adoption, kept: [] },
    turn: interrupts ? resource.turn?.(desired) : undefined,
    steps: [
      ...(work.length > 0 ? requirements(resource.preconditions?.(desired)) : []),
      ...(idle ? [] : [pending(work)]),
      ...work,
      // Whatever happens while it is waited for, nothing has to be applied again.
      ...(work.length > 0 && waits.length > 0 ? [pending([])] : []),
      ...waits.map((condition): PlanStep => ({ do: "wait", condition })),
      { do: "mark", marker: ready },
    ],
  };
}

/** What takes it away, as far as its `onDelete` allows. */
export function planRemoval(instance: Instance): Plan {
  const { resource, desired, host, label, markerPath } = instance;
  const artifacts = removableArtifacts(resource, desired);
  const destroyData = desired.onDelete === "destroyData";
  const kept = destroyData ? [] : artifacts.flatMap(({ data }) => data ?? []);
  const leaving = resource.leaving?.(desired);
  const drain = (leaving?.drain ?? []).map((artifact): PlanStep => ({
    do: "apply",
    artifact,
    found: null,
    disturb: false,
    why: "it leaves",
  }));
  return {
    ...{ host: host.name, label, markerPath, adoption: false, kept, turn: leaving?.turn },
    steps: [
      ...requirements(resource.removableWhen?.(desired)),
      ...requirements(leaving?.only),
      ...(leaving ? [{ do: "mark" as const, marker: markerOf(instance, "leaving") }] : []),
      ...drain,
      ...(leaving?.waits ?? []).map((condition): PlanStep => ({ do: "wait", condition })),
      ...removeSteps(artifacts, destroyData, "the resource is deleted"),
      kept.length > 0 ? { do: "mark", marker: markerOf(instance, "kept") } : { do: "unmark" },
    ],
  };
}

/** The plan in lines for a person. */
export function planLines({ host, label, steps, kept }: Plan): string[] {
  const lines = steps.flatMap(lineOf);
  return [
    `${host}: ${label}:${lines.length === 0 ? " nothing to do" : ""}`,
    ...lines,
    ...kept.map((place) => `keep the data in ${place}`),
  ];
}

function lineOf(step: PlanStep): string[] {
  switch (step.do) {
    case "require":
      return [`only if: ${step.condition.what}`];
    case "wait":
      return [`wait for ${step.condition.what}, at most ${String(step.condition.seconds)} s`];
    case "mark":
      return [];
    case "unmark":
      return ["remove its ownership marker"];
    case "remove":
      return [`remove ${titleOf(step.artifact)}: ${step.why}`];
    case "apply":
      return [`${isInterruption(step) ? "restart" : "make"} ${titleOf(step.artifact)}: ${step.why}`];
  }
}

function isInterruption({ artifact: { kind }, disturb, found }: Extract<PlanStep, { do: "apply" }>): boolean {
  return disturb && found !== null && kind.serves === true;
}

function requirements(conditions: readonly Condition[] = []): PlanStep[] {
  return conditions.map((condition) => ({ do: "require", condition }));
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
