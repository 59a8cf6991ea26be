import type { Instance } from "./instance.ts";
import type { Observed } from "./observe.ts";
import { planRemoval } from "./plan-removal.ts";
import { dueOf, markerOf, planChange, planOf, requireSteps, type Plan, type PlanStep } from "./plan.ts";

/** What moves an instance: plans on two hosts, in the order in which they are executed. */
export interface Move {
  /** On the new host: what must be so there. */
  readonly check: Plan;
  /** On the old host: a marker that names the new one. */
  readonly depart: Plan;
  /** On the new host: a marker that names the old one. */
  readonly arrive: Plan;
  /** On the old host: all of it is removed but for the marker. */
  readonly leave: Plan;
  /** On the new host: it is made. */
  readonly change: Plan;
  /** On the old host: the marker goes. */
  readonly forget: Plan;
  /** On the new host: the marker no longer names the old one. */
  readonly settle: Plan;
}

/**
 * What moves an instance, or completes or takes back a move that was interrupted. `observed` is what there is where it goes. At no
 * moment is it on both hosts, and until it is complete on one the markers say where the other side is.
 */
export function planMove(from: Instance, to: Instance, observed: Observed): Move {
  const here = (...steps: readonly PlanStep[]): Plan => ({ ...planOf(to), steps });
  const there = (...steps: readonly PlanStep[]): Plan => ({ ...planOf(from), steps });
  const change = { ...planChange(to, observed, { from }), turn: undefined };
  const leaving = { ...markerOf(from, "leaving"), peer: to.host.name };
  const former = { former: from.desired, peer: from.host.name, due: dueOf(change.steps) };
  const { steps, kept } = planRemoval(from, `it moves to ${to.host.name}`);
  return {
    check: here(...requireSteps(to.resource.preconditions?.(to.desired))),
    depart: there({ do: "mark", marker: leaving }),
    arrive: here({ do: "mark", marker: { ...markerOf(to, "arriving"), ...former } }),
    leave: { ...there(...steps.filter((step) => step.do === "remove" || step.do === "require")), kept },
    change,
    forget: there({ do: "unmark" }),
    settle: here({ do: "mark", marker: markerOf(to, "ready") }),
  };
}
