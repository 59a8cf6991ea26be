import { isQuick, type Artifact } from "../host/artifact.ts";
import { must, type Host } from "../host-program/host.ts";
import { look } from "./look.ts";
import { parseMarkers, readMarkersOf, type Marker } from "./marker.ts";
import { observeScript } from "./observation.ts";
import { removableArtifacts, type Thing } from "./thing.ts";

/** What was seen before it was asked for, by who asks and how: each is given once. */
type Sightings = Map<string, string>;

/** The things of one kind on one host. */
interface Kind {
  reads: number;
  ahead?: Promise<Sightings>;
}

const kinds = new WeakMap<Host, Map<string, Kind>>();

/** So many reads of a kind in a short time are a refresh, which will ask for the rest of them too. */
const readsOfARefresh = 3;

/** How long reads count as one refresh, and for how long what was seen ahead is given for what is there. */
const freshMilliseconds = 5000;

/**
 * What `observeScript` prints, at most five seconds old. The engine has few reads under way at a time; once some of a kind were
 * asked for, all that our stack has of that kind on the host are looked at in one script.
 */
export async function lookForRead(thing: Thing, artifacts: readonly Artifact[]): Promise<string> {
  if (!costsNothing(thing, artifacts)) return look(thing, artifacts);
  const kind = kindOf(thing);
  kind.reads += 1;
  if (kind.reads >= readsOfARefresh) kind.ahead ??= lookAtKind(thing);
  const seen = await kind.ahead;
  const key = keyOf(thing, artifacts);
  const sighting = seen?.get(key);
  seen?.delete(key);
  return sighting ?? look(thing, artifacts);
}

/** What asks a cluster or needs a secret is not looked at before somebody wants to know. */
function costsNothing({ resource }: Thing, artifacts: readonly Artifact[]): boolean {
  return !resource.gather && !resource.report && artifacts.every(isQuick);
}

/** What was seen of a host ahead counts no more: something is about to be changed there. */
export function dropSightings(host: Host): void {
  kinds.delete(host);
}

function kindOf({ host, resource }: Thing): Kind {
  const onHost = kinds.get(host) ?? new Map<string, Kind>();
  kinds.set(host, onHost);
  const known = onHost.get(resource.kind);
  if (known) return known;
  const kind: Kind = { reads: 0 };
  onHost.set(resource.kind, kind);
  setTimeout(() => onHost.delete(resource.kind), freshMilliseconds).unref();
  return kind;
}

async function lookAtKind(thing: Thing): Promise<Sightings> {
  try {
    const path = thing.markerPath;
    const doing = `looking for what is like ${thing.label}`;
    const lines = await must(thing.host, doing, readMarkersOf(path), { repeatable: true });
    const alike = ({ type, owner }: Marker): boolean =>
      type === thing.resource.type && owner === thing.desired.owner;
    const things = parseMarkers(lines)
      .filter(alike)
      .map(({ inputs }) => thing.like(inputs));
    const sightings = things.map(async (neighbour) => {
      const artifacts = removableArtifacts(neighbour.resource, neighbour.desired);
      return [keyOf(neighbour, artifacts), await look(neighbour, artifacts)] as const;
    });
    return new Map(await Promise.all(sightings));
  } catch {
    return new Map(); // each is then looked at by itself, and says what is wrong
  }
}

function keyOf(thing: Thing, artifacts: readonly Artifact[]): string {
  return `${thing.markerPath}\n${observeScript(thing, artifacts).text}`;
}
