import { applyScript, driftOf, lookAhead, removeScript, toApply } from "../host/artifact.ts";
import type { Artifact, Drift } from "../host/artifact.ts";
import { must, type RunOptions } from "../host-program/host.ts";
import { prelude } from "../host/prelude.ts";
import { Script, sh } from "../host/script.ts";
import type { Props } from "./define-resource.ts";
import { dropSightings, lookForRead } from "./look-ahead.ts";
import { look } from "./look.ts";
import { dropMarker, parseMarker, readMarker, writeMarker, type Marker } from "./marker.ts";
import { isAdoption, observeScript, parseObservation, type Observation } from "./observation.ts";
import { runWatched } from "./progress.ts";
import { schemaVersion } from "./schema-version.ts";
import { artifactsOf, limitOf, removableArtifacts, type Thing } from "./thing.ts";

/** Look; one round trip. */
export async function observe(thing: Thing): Promise<Observation> {
  const artifacts = await artifactsOf(thing);
  return parseObservation(thing, artifacts, await look(thing, artifacts));
}

/** Look, for a refresh: what was seen a moment ago together with others of its kind will do. */
export async function observeForRead(thing: Thing): Promise<Observation> {
  const artifacts = await artifactsOf(thing);
  return parseObservation(thing, artifacts, await lookForRead(thing, artifacts));
}

/**
 * Make it so from what was seen before, wait until it serves, and look again; one round trip. What `former` inputs
 * asked for and these do not is taken away. Where an earlier change was interrupted, everything is applied. What is adopted
 * is completed; where it differs it stays as it is, which the drift then says.
 */
export async function reconcile(thing: Thing, before: Observation, former?: Props): Promise<Observation> {
  const artifacts = await artifactsOf(thing);
  const lastComplete = lastCompleteInputs(before.marker);
  const adoption = isAdoption(thing, before, former);
  const missing = ({ actual }: Drift): boolean => actual === "";
  const drifts = adoption
    ? driftOf(artifacts, before.actuals).filter(missing)
    : driftsFrom(artifacts, before);
  const due = toApply(artifacts, drifts);
  const payload = due.find(({ artifact }) => artifact.payload)?.artifact.payload;
  const script = Script.join([
    mark(thing, "pending", lastComplete),
    removeScript(stale(thing, artifacts, [former, lastComplete]), thing.desired.onDelete === "destroyData"),
    applyScript(due),
    during(`waiting until ${thing.label} serves`, waiting(thing)),
    mark(thing, "ready"),
    sh`step ${`looking at ${thing.label}`}`,
    lookAhead(artifacts),
    observeScript(thing, artifacts),
  ]);
  const after = parseObservation(
    thing,
    artifacts,
    await change(thing, script, payload && { stdin: payload() }),
  );
  if (adoption) tellAdoption(thing, before, after);
  else if (after.drift.length > 0)
    throw new Error(`${thing.host.name}: ${thing.label} was made, but ${after.drift.join("; ")}`);
  return after;
}

function tellAdoption({ log }: Thing, before: Observation, after: Observation): void {
  const differs =
    after.drift.length > 0 ? `; left as it is until the next up: ${after.drift.join("; ")}` : "";
  const there = [...before.found, ...before.inTheWay.map(({ sentence }) => sentence)];
  log(`adopted ${there.join(", ")}${differs}`);
}

/** Waits until it serves, each time no longer than the resource's own limit, or its `waitSeconds`. */
function waiting({ resource, desired }: Thing): Script | undefined {
  const settle = resource.settle?.(desired);
  const seconds = desired.timeouts?.waitSeconds;
  return settle && seconds !== undefined ? Script.join([sh`wait_seconds=${seconds}`, settle]) : settle;
}

/** The thing is managed through another host from now on, where its marker is; this one's goes, if the host can be asked. */
export async function forget(thing: Thing): Promise<void> {
  try {
    await must(thing.host, `moving the marker of ${thing.label}`, dropMarker(thing.markerPath));
  } catch (error) {
    thing.log(
      `its marker ${thing.markerPath} stays behind: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** What differs; everything, where an earlier change may have stopped between a file and the restart that it asks for. */
function driftsFrom(artifacts: readonly Artifact[], { marker, actuals }: Observation): readonly Drift[] {
  if (!marker || marker.state === "ready") return driftOf(artifacts, actuals);
  return artifacts.map((artifact, index) => ({ artifact, actual: actuals[index] ?? "" }));
}

function lastCompleteInputs(marker: Marker | undefined): Props | undefined {
  return marker?.state === "ready" ? marker.inputs : marker?.former;
}

/** Whether a marker says so; what has none is as our state says. */
export async function belongsToAnother({ host, label, markerPath, desired }: Thing): Promise<boolean> {
  const asked = `asking to whom ${label} belongs`;
  const line = await must(host, asked, readMarker(markerPath), { repeatable: true });
  const marker = parseMarker(line, `${host.name}: ${markerPath}`);
  return marker !== undefined && marker.owner !== desired.owner;
}

/** Take it away, as far as its `onDelete` allows; one round trip. */
export async function remove(thing: Thing): Promise<void> {
  const { resource, desired } = thing;
  const artifacts = removableArtifacts(resource, desired);
  const destroyData = desired.onDelete === "destroyData";
  const kept = destroyData ? [] : artifacts.flatMap(({ data }) => data ?? []);
  const script = Script.join([
    during(`asking whether ${thing.label} may go`, resource.beforeRemove?.(desired)),
    removeScript(artifacts, destroyData),
    kept.length > 0 ? mark(thing, "kept") : dropMarker(thing.markerPath),
  ]);
  await change(thing, script, { timeoutSeconds: limitOf(thing, "removeSeconds") });
  if (kept.length > 0) thing.log(`removed; its data stays in ${kept.join(", ")} (see onDelete)`);
}

async function change(thing: Thing, script: Script, options: RunOptions = {}): Promise<string> {
  dropSightings(thing.host);
  return runWatched(
    { host: thing.host, doing: thing.label, log: thing.log },
    Script.join([prelude, sh`alone ${thing.label.replaceAll(" ", "-")}`, script]),
    {
      timeoutSeconds: limitOf(thing, "changeSeconds"),
      ...options,
    },
  );
}

function mark({ resource, desired, markerPath }: Thing, state: Marker["state"], former?: Props): Script {
  const marker: Marker = {
    version: schemaVersion,
    type: resource.type,
    owner: desired.owner,
    state,
    inputs: desired,
  };
  return writeMarker(markerPath, former ? { ...marker, former } : marker);
}

/** What earlier inputs asked for and these do not. */
function stale(
  { resource }: Thing,
  artifacts: readonly Artifact[],
  formers: readonly (Props | undefined)[],
): readonly Artifact[] {
  const wanted = new Set(artifacts.map(({ what }) => what));
  const earlier = formers.flatMap((former) => (former ? removableArtifacts(resource, former) : []));
  return [...new Map(earlier.map((artifact) => [artifact.what, artifact])).values()].filter(
    ({ what }) => !wanted.has(what),
  );
}

/** A script whose output is for people: it stays out of the parser's way, and does not eat the payload. */
function during(doing: string, script: Script | undefined): Script | undefined {
  return (
    script &&
    sh`step ${doing}
{ ${script}
} >&2 </dev/null`
  );
}
