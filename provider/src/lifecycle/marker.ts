import { Unanswered, type Json, type MarkerPlace } from "../host-program/wire.ts";
import type { Props, Resource } from "./define-resource.ts";
import { firstInstance, schemaVersion, upgraded } from "./schema-version.ts";

/**
 * What says that something is ours, since when it is complete, and what it was made from. It lies where the thing does, and holds
 * no secret, because inputs hold none.
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

/** Where a host has its markers. */
export const markerRoot = "/etc/torocloud";

/** Where the marker of a name lies; on CephFS `storage` says where that is mounted, and without it any is looked at. */
export function markerPlace({ kind, lies }: Resource, name: string, storage?: string): MarkerPlace {
  const onHost = `${markerRoot}/${kind}/${name}.json`;
  if (lies === undefined) return { in: "host", path: onHost };
  if (lies === "cluster") return { in: lies, path: `torocloud/${kind}/${name}`, formerly: onHost };
  const mounted = storage !== undefined && { mountPoint: storage };
  return { in: lies, path: `.torocloud/${kind}/${name}.json`, ...mounted, formerly: onHost };
}

/** For errors. */
export function pathOf({ in: lies, path, mountPoint = "CephFS" }: MarkerPlace): string {
  return { host: path, storage: `${mountPoint}/${path}`, cluster: `config-key ${path}` }[lies];
}

/** Throws where nobody says whether there is one. */
export function expectAnswer(
  unanswered: string | undefined,
  { host, label }: { readonly host: { readonly name: string }; readonly label: string },
): void {
  if (unanswered !== undefined)
    throw new Error(
      `${host.name}: ${label} was left as it is, because nobody says to whom it belongs: ${unanswered}; run again once its storage answers`,
    );
}

/** Why it could not be looked at, where that is so. */
export function unansweredMarker(found: Json | undefined): string | undefined {
  return Unanswered.safeParse(found).data?.unanswered;
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
