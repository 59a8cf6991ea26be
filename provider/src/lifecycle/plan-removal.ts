import type { Leaving } from "./define-resource.ts";
import { removableArtifacts, type Instance } from "./instance.ts";
import { markerOf, planOf, removeSteps, requireSteps, type Plan, type PlanStep } from "./plan.ts";

/** What takes it away, as far as its `onDelete` allows. */
export function planRemoval(instance: Instance, why = "the resource is deleted"): Plan {
  const { resource, desired } = instance;
  const artifacts = removableArtifacts(resource, desired);
  const destroyData = desired.onDelete === "destroyData";
  const kept = destroyData ? [] : artifacts.flatMap(({ data }) => data ?? []);
  const leaving = resource.leaving?.(desired);
  const end: PlanStep =
    kept.length > 0 ? { do: "mark", marker: markerOf(instance, "kept") } : { do: "unmark" };
  return {
    ...planOf(instance),
    kept,
    turn: leaving?.turn,
    steps: [
      ...requireSteps(resource.removableWhen?.(desired)),
      ...(leaving ? leavingSteps(instance, leaving) : []),
      ...removeSteps(artifacts, destroyData, why),
      end,
    ],
  };
}

function leavingSteps(instance: Instance, { only, drain, waits }: Leaving): PlanStep[] {
  return [
    ...requireSteps(only),
    { do: "mark", marker: markerOf(instance, "leaving") },
    ...drain.map((artifact): PlanStep => ({
      do: "apply",
      artifact,
      found: null,
      disturb: false,
      why: "it leaves",
    })),
    ...waits.map((condition): PlanStep => ({ do: "wait", condition })),
  ];
}
