import { randomUUID } from "node:crypto";
import type { Artifact } from "../artifacts/artifact.ts";
import type { Host } from "../host-program/host.ts";
import { commonFields, defaultTimeouts, type CommonInputs } from "../validation/common-inputs.ts";
import type { Hosts, Props, Resource } from "./define-resource.ts";
import { markerPath, parseMarker, type Marker } from "./marker.ts";
import { ask } from "./progress.ts";
import { firstInstance, upgraded } from "./schema-version.ts";
import type { Surroundings } from "./surroundings.ts";

/** One resource on its host: what is to be there, and where it is found. */
export interface Instance {
  readonly resource: Resource;
  readonly desired: Props & CommonInputs;
  /** Drawn by its create, and kept in state and marker: another create of the same name is another one. */
  readonly drawn: string;
  /** host/kind/name, or kind/name of what may move: enough to find it again. */
  readonly id: string;
  /** "guest web-0" */
  readonly label: string;
  readonly markerPath: string;
  readonly hosts: Hosts;
  readonly host: Host;
  readonly log: (line: string) => void;
}

/** What inputs, or a state, describe. What has no instance yet is a new one. */
export function instanceOf(resource: Resource, surroundings: Surroundings, state: Props): Instance {
  const desired = inputsOf(resource, state);
  const hosts = surroundings.hosts(desired.inventory);
  const host = hosts(desired["host"] as string);
  const name = resource.name(desired);
  const label = `${resource.kind} ${name}`;
  return {
    resource,
    desired,
    drawn: (state["instance"] as string | undefined) ?? randomUUID(),
    id: idOf(resource, host.name, name),
    label,
    markerPath: markerPath(resource.kind, name),
    hosts,
    host,
    log: (line) => {
      surroundings.log(`${host.name}: ${label}: ${line}`);
    },
  };
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
  if (state["host"] !== undefined) return instanceOf(resource, surroundings, upgradedState(resource, state));
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

/** The stack's markers of an id on the hosts where it may be. Throws where there is none and not all hosts answered. */
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
  const [failed] = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  if (found.length === 0 && failed) throw failed;
  return found;
}

function ambiguous(id: string, markers: readonly Marker[]): string {
  const hosts = markers.map(({ inputs }) => String(inputs["host"]));
  return `${id} is on ${hosts.join(" and ")}; say which: ${hosts.map((host) => `${host}/${id}`).join(" or ")}`;
}

/** The marker of a name on a host, if it is one of this type. */
async function markerOn(
  host: Host,
  { kind, type }: Resource,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Marker | undefined> {
  const path = markerPath(kind, name);
  const { results } = await ask(
    { host, label: id, words: () => `looking for ${id}` },
    { steps: [{ do: "readMarker", path }] },
    { repeatable: true },
  );
  const marker = parseMarker(results[0], `${host.name}: ${path}`);
  return marker?.type === type ? marker : undefined;
}

/** State without what only the host can tell. */
function inputsOf(resource: Resource, state: Props): Props & CommonInputs {
  const fields = new Set([...Object.keys(resource.onChange), ...commonFields]);
  const inputs = Object.fromEntries(Object.entries(state).filter(([field]) => fields.has(field)));
  return inputs as Props & CommonInputs;
}
