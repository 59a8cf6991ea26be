import type { Artifact } from "../host/artifact.ts";
import { must, type Host } from "../host-program/host.ts";
import { commonFields, defaultTimeouts, type CommonInputs } from "../validation/common-inputs.ts";
import type { Hosts, Props, Resource } from "./define-resource.ts";
import { markerPath, parseMarker, readMarker } from "./marker.ts";
import { upgraded } from "./schema-version.ts";
import type { Surroundings } from "./surroundings.ts";

/** One resource on its host: what is to be there, and where it is found. */
export interface Thing {
  readonly resource: Resource;
  readonly desired: Props & CommonInputs;
  /** host/kind/name: enough to find it again. */
  readonly id: string;
  /** "guest web-0" */
  readonly label: string;
  readonly markerPath: string;
  readonly hosts: Hosts;
  readonly host: Host;
  readonly log: (line: string) => void;
  /** Another one of its kind. */
  readonly like: (inputs: Props) => Thing;
}

/** The thing that inputs, or a state, describe. */
export function thingOf(resource: Resource, surroundings: Surroundings, state: Props): Thing {
  const desired = inputsOf(resource, state);
  const hosts = surroundings.hosts(desired.inventory);
  const host = hosts(desired["host"] as string);
  const name = resource.name(desired);
  const label = `${resource.kind} ${name}`;
  return {
    resource,
    desired,
    id: `${host.name}/${resource.kind}/${name}`,
    label,
    markerPath: markerPath(resource.kind, name),
    hosts,
    host,
    log: (line) => {
      surroundings.log(`${host.name}: ${label}: ${line}`);
    },
    like: (inputs) => thingOf(resource, surroundings, inputs),
  };
}

/** How many seconds a phase of its operations may take. */
export function limitOf({ desired }: Thing, phase: keyof typeof defaultTimeouts): number {
  return desired.timeouts?.[phase] ?? defaultTimeouts[phase];
}

/** What it is made of. Secrets are fetched for it, and forgotten with the artifacts. */
export async function artifactsOf({ resource, hosts, desired }: Thing): Promise<readonly Artifact[]> {
  return resource.artifacts(desired, await resource.gather?.(hosts, desired));
}

/** What it is made of, as far as removing it needs to know. */
export function removableArtifacts(resource: Resource, state: Props): readonly Artifact[] {
  return resource.artifacts(inputsOf(resource, state), undefined);
}

/**
 * The thing that an id leads to. A state that has only the common inputs is completed from the ownership marker;
 * undefined when there is none.
 */
export async function findThing(
  resource: Resource,
  surroundings: Surroundings,
  { id, state }: { id: string; state: Props },
): Promise<Thing | undefined> {
  if (state["host"] !== undefined) return thingOf(resource, surroundings, upgraded(resource.type, state));
  const [hostName = "", kind = "", ...name] = id.split("/");
  const { inventory } = state as unknown as CommonInputs;
  const host = surroundings.hosts(inventory)(hostName);
  const path = markerPath(kind, name.join("/"));
  const line = await must(host, `looking for ${id}`, readMarker(path), { repeatable: true });
  const marker = parseMarker(line, `${hostName}: ${path}`);
  if (marker?.type !== resource.type) return undefined;
  return thingOf(resource, surroundings, { ...marker.inputs, ...state });
}

/** State without what only the host can tell. */
function inputsOf(resource: Resource, state: Props): Props & CommonInputs {
  const fields = new Set([...Object.keys(resource.onChange), ...commonFields]);
  const inputs = Object.fromEntries(Object.entries(state).filter(([field]) => fields.has(field)));
  return inputs as Props & CommonInputs;
}
