import { sh, type Script } from "../host/script.ts";
import type { Props } from "./define-resource.ts";
import { schemaVersion, upgraded } from "./schema-version.ts";

/**
 * What says on a host that a thing is ours, since when it is complete, and what it was made from:
 * /etc/torocloud/<kind>/<name>.json. It holds no secret, because inputs hold none.
 */
export interface Marker {
  /** The schema version of its inputs. */
  readonly version: number;
  readonly type: string;
  readonly owner: string;
  /** `pending`: a change has begun and not ended. `kept`: the resource was deleted, its data was not. */
  readonly state: "pending" | "ready" | "kept";
  readonly inputs: Props;
  /** While pending: what it was last complete with, so that nothing of that is forgotten. */
  readonly former?: Props;
}

/** Where markers live. */
export const markerRoot = "/etc/torocloud";

export function markerPath(kind: string, name: string): string {
  return `${markerRoot}/${kind}/${name}.json`;
}

/** Prints the marker as one line, an empty one when there is none; what cannot be read is printed as no marker of ours. */
export function readMarker(path: string): Script {
  return sh`if [ -e ${path} ]; then marker=; IFS= read -r marker <${path} || marker="?$marker"; printf '%s\n' "$marker"; else echo; fi`;
}

/** Prints all markers of a kind, a line each; `path` is one of them. */
export function readMarkersOf(path: string): Script {
  const directory = path.slice(0, path.lastIndexOf("/"));
  return sh`cat ${directory}/*.json`;
}

/** Those that today's code can read. */
export function parseMarkers(lines: string): Marker[] {
  return lines.split("\n").flatMap((line) => {
    try {
      return parseMarker(line, "") ?? [];
    } catch {
      return [];
    }
  });
}

/** undefined when there is none. Throws, naming the place, when it is not one of ours. */
export function parseMarker(line: string, place: string): Marker | undefined {
  if (line.trim() === "") return undefined;
  const marker = markerIn(line);
  if (!marker)
    throw new Error(
      `${place} is no ownership marker of ours; look at it, and move it away if it is in the way`,
    );
  const today = (inputs: Props): Props => upgraded(marker.type, { ...inputs, schemaVersion: marker.version });
  try {
    return {
      ...marker,
      version: schemaVersion,
      inputs: today(marker.inputs),
      ...(marker.former && { former: today(marker.former) }),
    };
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function markerIn(line: string): Marker | undefined {
  try {
    const value = JSON.parse(line) as Partial<Marker> | null;
    const whole = typeof value?.type === "string" && typeof value.owner === "string" && value.inputs;
    return whole ? (value as Marker) : undefined;
  } catch {
    return undefined;
  }
}

export function writeMarker(path: string, marker: Marker): Script {
  const directory = path.slice(0, path.lastIndexOf("/"));
  // Another resource of this kind may be taking the empty directory away at this moment.
  return sh`for attempt in 1 2 3 4 5; do
  [ -d ${directory} ] || mkdir -p ${directory}
  if put_file ${path} 644 root:root ${`${JSON.stringify(marker)}\n`}; then break; fi
  [ $attempt -lt 5 ]
done`;
}

/** Takes the directories with it when they are empty. */
export function dropMarker(path: string): Script {
  const directory = path.slice(0, path.lastIndexOf("/"));
  return sh`rm -f ${path}
rmdir ${directory} ${markerRoot} 2>/dev/null || :`;
}
