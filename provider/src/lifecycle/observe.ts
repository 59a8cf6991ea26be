import { differencesOf, sentenceOf, type Artifact, type Difference } from "../artifacts/artifact.ts";
import { Seen, type Json, type Step } from "../host-program/wire.ts";
import type { Props } from "./define-resource.ts";
import { limitOf, type Instance } from "./instance.ts";
import { parseMarker, pathOf, unansweredMarker, type Marker } from "./marker.ts";
import { ask } from "./progress.ts";
import { schemaVersion } from "./schema-version.ts";

/** What was found on a host. */
export interface Observation {
  readonly marker: Marker | undefined;
  /** Why nobody says whether there is a marker. */
  readonly markerUnanswered?: string | undefined;
  /** What is there, in the artifacts' order; null where it is absent. */
  readonly states: readonly Json[];
  /** The artifacts that are not as declared. */
  readonly differences: readonly Difference[];
  /** A sentence for each precondition that is not so. */
  readonly unmet: readonly string[];
  readonly outputs: Props;
}

/** What is declared, and what was found of it. */
export interface Observed {
  readonly artifacts: readonly Artifact[];
  readonly observation: Observation;
}

/** Finds out what is there; one round trip, and one more where a secret is fetched, which is forgotten with the artifacts. */
export async function observe(instance: Instance): Promise<Observed> {
  const { resource, hosts, desired } = instance;
  const artifacts = resource.artifacts(desired, await resource.fetchSecrets?.(hosts, desired));
  const { results } = await ask(
    { ...instance, words: (step) => wordsOf(artifacts, step) ?? `looking at ${instance.label}` },
    { steps: observeSteps(instance, artifacts) },
    { repeatable: true, timeoutSeconds: limitOf(instance, "lookSeconds") },
  );
  return { artifacts, observation: observationOf(instance, artifacts, results) };
}

function wordsOf(artifacts: readonly Artifact[], step: number): string | undefined {
  const one = artifacts[step - 1];
  return one && `looking at ${one.kind.title(one.key, one.spec)}`;
}

/** Marker, artifacts, preconditions and outputs; {@link observationOf} reads the results. */
export function observeSteps({ resource, desired, place }: Instance, artifacts: readonly Artifact[]): Step[] {
  const report = resource.report?.(desired);
  return [
    { do: "readMarker", place },
    ...artifacts.map(({ kind, key, spec }): Step => ({
      ...{ do: "observe", kind: kind.name, key, spec },
      ...(kind.secrets && { secret: kind.secrets }),
    })),
    ...(resource.preconditions?.(desired) ?? []).map(({ kind, spec }): Step => ({ do: "check", kind, spec })),
    ...(report ? [{ do: "query" as const, kind: report.kind, spec: report.spec }] : []),
  ];
}

export function observationOf(
  { resource, desired, host, label, place }: Instance,
  artifacts: readonly Artifact[],
  results: readonly Json[],
): Observation {
  const [marker, ...rest] = results;
  const states = rest.splice(0, artifacts.length);
  const conditions = resource.preconditions?.(desired) ?? [];
  const seen = rest.splice(0, conditions.length).map((one) => Seen.parse(one));
  return {
    marker: parseMarker(marker, `${host.name}: ${pathOf(place)}, which stands for ${label},`),
    markerUnanswered: unansweredMarker(marker),
    states,
    differences: differencesOf(artifacts, states),
    unmet: seen.flatMap(({ done, seen: sentence }) => (done ? [] : [sentence])),
    outputs: resource.outputs.parse(rest[0] ?? {}),
  };
}

/** What Pulumi keeps: inputs, outputs, and what is not as declared. */
export function stateOf(
  { desired, drawn }: Instance,
  { marker, markerUnanswered, differences, unmet, outputs }: Observation,
): Props {
  const ownership =
    markerUnanswered === undefined
      ? markerDrift(marker)
      : [`its ownership marker cannot be looked at: ${markerUnanswered}`];
  const drift = [...ownership, ...unmet, ...differences.map(sentenceOf)];
  return { ...desired, ...outputs, drift, instance: drawn, schemaVersion };
}

function markerDrift(marker: Marker | undefined): string[] {
  if (!marker) return ["its ownership marker is missing"];
  if (marker.state === "leaving" && marker.peer === undefined) return ["its removal has begun and not ended"];
  if (marker.peer !== undefined) {
    const way = marker.state === "leaving" ? "to" : "from";
    return [`its move ${way} ${marker.peer} has begun and not ended`];
  }
  return marker.state === "ready" ? [] : ["an earlier change was interrupted"];
}
