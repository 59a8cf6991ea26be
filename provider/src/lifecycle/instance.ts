import { randomUUID } from "node:crypto";
import type { Artifact } from "../artifacts/artifact.ts";
import { AnyOf } from "../host-program/any-of.ts";
import type { Host } from "../host-program/host.ts";
import type { MarkerPlace } from "../host-program/wire.ts";
import { commonFields, defaultTimeouts, type CommonInputs } from "../validation/common-inputs.ts";
import type { Hosts, Props, Resource } from "./define-resource.ts";
import { expectAnswer, markerPlace, parseMarker, pathOf, unansweredMarker, type Marker } from "./marker.ts";
import { ask } from "./progress.ts";
import { firstInstance, upgraded } from "./schema-version.ts";
import type { Surroundings } from "./surroundings.ts";

/** One resource on its host: what is to be there, and where it is found. */
export interface Instance {
  readonly resource: Resource;
  readonly desired: Props & CommonInputs;
  /** Drawn by its create, and kept in state and marker: another create of the same name is another one. */
  readonly drawn: string;
  /** host/kind/name, or kind/name of what has no place: enough to find it again. */
  readonly id: string;
  /** "guest web-0" */
  readonly label: string;
  readonly place: MarkerPlace;
  readonly hosts: Hosts;
  /** Where it is, or through which it is managed. */
  readonly host: Host;
  readonly log: (line: string) => void;
}

/** What inputs, or a state, describe. What has no instance yet is a new one. */
export function instanceOf(resource: Resource, surroundings: Surroundings, state: Props): Instance {
  const desired = inputsOf(resource, state);
  const hosts = surroundings.hosts(desired.inventory);
  const name = resource.name(desired);
  const label = `${resource.kind} ${name}`;
  const host = hostOf(desired, hosts, label);
  return {
    resource,
    desired,
    drawn: (state["instance"] as string | undefined) ?? randomUUID(),
    id: idOf(resource, host.name, name),
    label,
    place: markerPlace(resource, name, desired["storage"] as string | undefined),
    hosts,
    host,
    log: (line) => {
      surroundings.log(`${host.name}: ${label}: ${line}`);
    },
  };
}

/** Its host, or any of its hosts. */
function hostOf(desired: Props, hosts: Hosts, label: string): Host {
  const [first, ...others] = hostsOf(desired);
  if (first === undefined) throw new Error("a resource without a host");
  return others.length === 0 ? hosts(first) : new AnyOf([hosts(first), ...others.map(hosts)], label);
}

/** The names of the hosts through which it is managed. */
export function hostsOf({ host, hosts }: Props): readonly string[] {
  return Array.isArray(hosts) ? (hosts as readonly string[]) : typeof host === "string" ? [host] : [];
}

/** Where it is, when that is what it is: host/kind/name; kind/name of what a change of host leaves what it is. */
export function idOf({ kind, onChange }: Resource, host: string, name: string): string {
  return onChange["host"] === "replace" ? `${host}/${kind}/${name}` : `${kind}/${name}`;
}

/** How many seconds a phase of its operations may take. */
export function limitOf({ desired }: Instance, phase: keyof typeof defaultTimeouts): number {
  return desired.timeouts?.[phase] ?? defaultTimeouts[phase];
}

/** All that goes with it, in the order of making, as far as removing it needs to know. */
export function removableArtifacts(resource: Resource, state: Props): readonly Artifact[] {
  const inputs = inputsOf(resource, state);
  return [...(resource.comesByItself?.(inputs) ?? []), ...resource.artifacts(inputs, undefined)].filter(
    ({ kind }) => kind.stays !== true,
  );
}

/** State, as an earlier version may have left it, with today's fields. */
export function upgradedState({ type }: Resource, state: Props): Props {
  return { instance: firstInstance, ...upgraded(type, state) };
}

/**
 * What an id leads to. A state that has only the common inputs is completed from the ownership marker; undefined when the stack has
 * none. What has no place in its id is looked for on all hosts of the inventory.
 */
export async function findInstance(
  resource: Resource,
  surroundings: Surroundings,
  { id, state }: { id: string; state: Props },
): Promise<Instance | undefined> {
  if (hostsOf(state).length > 0) return instanceOf(resource, surroundings, upgradedState(resource, state));
  const common = state as unknown as CommonInputs;
  const markers = await markersOf(resource, surroundings, { id, common });
  // In the midst of a move both hosts have a marker, and the one where it arrives goes on with it.
  const [marker = markers[0], another] = markers.filter(({ state: how }) => how !== "leaving");
  if (marker && another) throw new Error(ambiguous(id, [marker, another]));
  return (
    marker && instanceOf(resource, surroundings, { ...marker.inputs, instance: marker.instance, ...state })
  );
}

/** The instance where it moved to, when a run that moved it was killed before it was written down. */
export async function movedAway(
  { resource, drawn, desired, id, host }: Instance,
  surroundings: Surroundings,
): Promise<Instance | undefined> {
  if (resource.onChange["host"] !== "move") return undefined;
  const markers = await markersOf(resource, surroundings, { id, common: desired });
  const there = markers.find(({ instance, inputs }) => instance === drawn && inputs["host"] !== host.name);
  return there && instanceOf(resource, surroundings, { ...there.inputs, instance: drawn });
}

/** The stack's markers of an id where it may be. Throws where there is none and not all hosts answered. */
async function markersOf(
  resource: Resource,
  surroundings: Surroundings,
  { id, common: { inventory, owner } }: { readonly id: string; readonly common: CommonInputs },
): Promise<readonly Marker[]> {
  const [first = "", ...rest] = id.split("/");
  const [places, name] =
    first === resource.kind
      ? [surroundings.hostNames(inventory), rest.join("/")]
      : [[first], rest.slice(1).join("/")];
  const asked = await Promise.allSettled(
    places.map(async (place) => markerOn(surroundings.hosts(inventory)(place), resource, { id, name })),
  );
  const found = asked.flatMap((one) =>
    one.status === "fulfilled" && one.value?.owner === owner ? [one.value] : [],
  );
  const failures = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  // What lies elsewhere is seen through each host that can look there.
  const isSure = resource.lies !== undefined && failures.length < asked.length;
  if (found.length === 0 && failures[0] && !isSure) throw failures[0];
  return [...new Map(found.map((marker) => [JSON.stringify(marker), marker])).values()];
}

function ambiguous(id: string, markers: readonly Marker[]): string {
  const hosts = markers.map(({ inputs }) => hostsOf(inputs).join(", "));
  return `${id} is on ${hosts.join(" and ")}; say which: ${hosts.map((host) => `${host}/${id}`).join(" or ")}`;
}

/** The marker of a name on a host, if it is one of this type. */
async function markerOn(
  host: Host,
  resource: Resource,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Marker | undefined> {
  const place = markerPlace(resource, name);
  const marker = await readMarkerAt({ host, label: id, place }, `looking for ${id}`);
  return marker?.type === resource.type ? marker : undefined;
}

/** A marker, asked for by itself. Throws where nobody says whether there is one. */
export async function readMarkerAt(
  { host, label, place }: Pick<Instance, "host" | "label" | "place">,
  words: string,
): Promise<Marker | undefined> {
  const { results } = await ask(
    { host, label, words: () => words },
    { steps: [{ do: "readMarker", place }] },
    { repeatable: true },
  );
  expectAnswer(unansweredMarker(results[0]), { host, label });
  return parseMarker(results[0], `${host.name}: ${pathOf(place)}`);
}

/** State without what only the host can tell. */
function inputsOf(resource: Resource, state: Props): Props & CommonInputs {
  const fields = new Set([...Object.keys(resource.onChange), ...commonFields]);
  const inputs = Object.fromEntries(Object.entries(state).filter(([field]) => fields.has(field)));
  return inputs as Props & CommonInputs;
}
