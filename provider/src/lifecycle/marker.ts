import type { Json } from "../host-program/wire.ts";
import type { Props } from "./define-resource.ts";
import { firstInstance, schemaVersion, upgraded } from "./schema-version.ts";

/**
 * What says on a host that something is ours, since when it is complete, and what it was made from:
 * /etc/torocloud/<kind>/<name>.json. It holds no secret, because inputs hold none.
 */
export interface Marker {
  /** The schema version of its inputs. */
  readonly version: number;
  readonly type: string;
  readonly owner: string;
  /** Drawn by the create that made it or took it over. A delete removes nothing of another instance. */
  readonly instance: string;
  /**
   * `pending`: a change has begun and not ended. `leaving`: its removal has begun, and its data moves elsewhere, or it moves to
   * `peer` itself. `arriving`: it is to be started here once it is gone from `peer`. `kept`: the resource was deleted, its data was not.
   */
  readonly state: "pending" | "ready" | "leaving" | "arriving" | "kept";
  readonly inputs: Props;
  /** While pending or arriving: what it was last complete with, so that nothing of that is forgotten. */
  readonly former?: Props;
  /** While pending: which artifacts were still to be applied. Left out by 0.1.0: any may be. */
  readonly due?: readonly string[];
  /** While it moves: the host on the other side. */
  readonly peer?: string;
  /** While pending: whether the change takes over what was there. */
  readonly adopting?: true;
}

/** Where markers live. */
export const markerRoot = "/etc/torocloud";

export function markerPath(kind: string, name: string): string {
  return `${markerRoot}/${kind}/${name}.json`;
}

/** undefined when there is none. Throws, naming the place, when it is not one of ours. */
export function parseMarker(text: Json | undefined, place: string): Marker | undefined {
  if (typeof text !== "string") return undefined;
  const marker = markerIn(text);
  if (!marker) {
    // A full disk or a power cut left such files behind in 0.1.0, for which nobody but us ever wrote there.
    if (text.trim() === "") return undefined;
    throw new Error(
      `${place} is no ownership marker of ours; look at it, and move it away if it is in the way`,
    );
  }
  const today = (inputs: Props): Props => upgraded(marker.type, { ...inputs, schemaVersion: marker.version });
  try {
    return {
      ...marker,
      version: schemaVersion,
      instance: marker.instance ?? firstInstance,
      inputs: today(marker.inputs),
      ...(marker.former && { former: today(marker.former) }),
    };
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** As it was written; 0.1.0 drew no instances. */
function markerIn(text: string): (Omit<Marker, "instance"> & Partial<Marker>) | undefined {
  try {
    const value = JSON.parse(text) as Partial<Marker> | null;
    const whole = typeof value?.type === "string" && typeof value.owner === "string" && value.inputs;
    return whole ? (value as Marker) : undefined;
  } catch {
    return undefined;
  }
}
