import { randomUUID } from "node:crypto";
import type { Artifact } from "../artifacts/artifact.ts";
import type { Host } from "../host-program/host.ts";
import { commonFields, defaultTimeouts, type CommonInputs } from "../validation/common-inputs.ts";
import type { Hosts, Props, Resource } from "./define-resource.ts";
import { markerPath, parseMarker } from "./marker.ts";
import { ask } from "./progress.ts";
import { firstInstance, upgraded } from "./schema-version.ts";
import type { Surroundings } from "./surroundings.ts";

/** One resource on its host: what is to be there, and where it is found. */
export interface Instance {
  readonly resource: Resource;
  readonly desired: Props & CommonInputs;
  /** Drawn by its create, and kept in state and marker: another create of the same name is another one. */
  readonly drawn: string;
  /** host/kind/name: enough to find it again. */
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
    id: `${host.name}/${resource.kind}/${name}`,
    label,
    markerPath: markerPath(resource.kind, name),
    hosts,
    host,
    log: (line) => {
      surroundings.log(`${host.name}: ${label}: ${line}`);
    },
  };
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
 * What an id leads to. A state that has only the common inputs is completed from the ownership marker; undefined when there is
 * none.
 */
export async function findInstance(
  resource: Resource,
  surroundings: Surroundings,
  { id, state }: { id: string; state: Props },
): Promise<Instance | undefined> {
  if (state["host"] !== undefined) return instanceOf(resource, surroundings, upgradedState(resource, state));
  const [hostName = "", kind = "", ...name] = id.split("/");
  const { inventory } = state as unknown as CommonInputs;
  const host = surroundings.hosts(inventory)(hostName);
  const path = markerPath(kind, name.join("/"));
  const { results } = await ask(
    { host, label: id, words: () => `looking for ${id}` },
    { steps: [{ do: "readMarker", path }] },
    { repeatable: true },
  );
  const marker = parseMarker(results[0], `${hostName}: ${path}`);
  if (marker?.type !== resource.type) return undefined;
  return instanceOf(resource, surroundings, { ...marker.inputs, instance: marker.instance, ...state });
}

/** State without what only the host can tell. */
function inputsOf(resource: Resource, state: Props): Props & CommonInputs {
  const fields = new Set([...Object.keys(resource.onChange), ...commonFields]);
  const inputs = Object.fromEntries(Object.entries(state).filter(([field]) => fields.has(field)));
  return inputs as Props & CommonInputs;
}
