import { HostUnreachable } from "../host-program/host.ts";
import type { Props } from "./define-resource.ts";
import { execute, executeUnobserved } from "./execute.ts";
import { instanceOf, type Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import type { Observed } from "./observe.ts";
import { whyLeft } from "./ownership-on-host.ts";
import type { Move } from "./plan-move.ts";
import { markerOf } from "./plan.ts";
import { consequenceOf } from "./rules.ts";
import type { Surroundings } from "./surroundings.ts";
import { inTurn } from "./turns.ts";

/** The instance where it is now, when it is to be elsewhere, or where a move that was interrupted may have left it. */
export function otherSide(
  { resource, desired }: Instance,
  surroundings: Surroundings,
  { former, marker }: { readonly former?: Props | undefined; readonly marker: Marker | undefined },
): Instance | undefined {
  const rule = resource.onChange["host"];
  const moves =
    former !== undefined &&
    former["host"] !== desired["host"] &&
    rule !== undefined &&
    consequenceOf(rule, former["host"], desired["host"]).rule === "move";
  if (moves) return instanceOf(resource, surroundings, former);
  if (marker?.peer === undefined) return undefined;
  const there = { ...(marker.former ?? marker.inputs), host: marker.peer, instance: marker.instance };
  return instanceOf(resource, surroundings, there);
}

/** A move that has begun. */
interface Begun {
  readonly from: Instance;
  readonly to: Instance;
  readonly move: Move;
  /** Whether what is on the old host is this instance. */
  readonly isThere: boolean;
}

/** The first of a move's plans. Until they are done the instance is where it was. */
export async function beginMove(from: Instance, to: Instance, move: Move): Promise<Begun> {
  await executeUnobserved(to, move.check);
  const isThere = await whereItMayRun(from, to, async () => {
    if ((await whyLeft(from)) !== undefined) return false;
    await executeUnobserved(from, move.depart);
    return true;
  });
  await executeUnobserved(to, move.arrive);
  return { from, to, move, isThere };
}

/** The others, in order and in their turn. */
export async function completeMove({ from, to, move, isThere }: Begun, before: Observed): Promise<Observed> {
  return inTurn(to.resource.turn?.(to.desired), async () => {
    if (isThere) await whereItMayRun(from, to, async () => executeUnobserved(from, move.leave));
    const { artifacts, observation } = await execute(to, move.change, before);
    if (isThere) await executeUnobserved(from, move.forget);
    await executeUnobserved(to, move.settle);
    return { artifacts, observation: { ...observation, marker: markerOf(to, "ready") } };
  });
}

/** What is done on the old host, which must answer: what may run there is not started elsewhere. */
async function whereItMayRun<Result>(
  from: Instance,
  to: Instance,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HostUnreachable)) throw error;
    const { name } = from.host;
    throw new Error(
      `${to.host.name}: ${to.label} was not moved, because it may still run on ${name}: ${error.message}; ` +
        `once ${name} answers, run again`,
      { cause: error },
    );
  }
}
