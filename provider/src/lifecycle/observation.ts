import {
  answer,
  driftOf,
  explainDrift,
  parseActuals,
  parseAnswers,
  probeScript,
  type Artifact,
} from "../host/artifact.ts";
import { Script, sh } from "../host/script.ts";
import type { Props } from "./define-resource.ts";
import { AlreadyExists } from "./errors.ts";
import { parseMarker, readMarker, type Marker } from "./marker.ts";
import { schemaVersion } from "./schema-version.ts";
import type { Thing } from "./thing.ts";

/** What one look at a host found. */
export interface Observation {
  readonly marker: Marker | undefined;
  /** What the artifacts' probes printed. */
  readonly actuals: readonly string[];
  /** A sentence for each artifact that is not as declared. */
  readonly drift: readonly string[];
  /** What is there of what only this resource makes. */
  readonly found: readonly string[];
  /** A sentence for each common thing that is there and not as we need it. */
  readonly inTheWay: readonly { readonly sentence: string; readonly adoptable: boolean }[];
  readonly outputs: Props;
}

/** Looks at marker, artifacts and outputs; {@link parseObservation} reads what it prints. */
export function observeScript(thing: Thing, artifacts: readonly Artifact[]): Script {
  const report = thing.resource.report?.(thing.desired);
  return Script.join([
    answer("marker", readMarker(thing.markerPath)),
    probeScript(artifacts),
    report &&
      answer(
        "outputs",
        sh`{ ${report}
} </dev/null`,
      ),
  ]);
}

export function parseObservation(thing: Thing, artifacts: readonly Artifact[], stdout: string): Observation {
  const answers = parseAnswers(stdout);
  const actuals = parseActuals(artifacts, answers);
  const drifts = driftOf(artifacts, actuals);
  const outputs = (answers.get("outputs") ?? "").split("\n").flatMap((line) => {
    const pair = /^(\w+)=(.*)$/.exec(line);
    return pair ? [[pair[1], pair[2]]] : [];
  });
  const place = `${thing.host.name}: ${thing.markerPath}, which stands for ${thing.label},`;
  return {
    marker: parseMarker(answers.get("marker") ?? "", place),
    actuals,
    drift: drifts.map(explainDrift),
    found: artifacts.filter(({ common }, index) => !common && actuals[index] !== "").map(({ what }) => what),
    inTheWay: drifts
      .filter(
        ({ artifact, actual }) =>
          actual !== "" && artifact.common === true && artifact.inTheWay !== undefined,
      )
      .map((drift) => ({
        sentence: explainDrift(drift),
        adoptable: drift.artifact.inTheWay === "until adopted",
      })),
    outputs: thing.resource.outputs.parse(Object.fromEntries(outputs)),
  };
}

/** What Pulumi keeps: inputs, outputs, and what is not as declared. */
export function stateOf({ desired }: Thing, { marker, drift, outputs }: Observation): Props {
  return { ...desired, ...outputs, drift: [...markerDrift(marker), ...drift], schemaVersion };
}

function markerDrift(marker: Marker | undefined): string[] {
  if (!marker) return ["its ownership marker is missing"];
  return marker.state === "ready" ? [] : ["an earlier change was interrupted"];
}

/** Whether there is something that this stack made and has not given up. */
export function isOurs({ desired }: Thing, { marker, found }: Observation): boolean {
  if (!marker) return found.length > 0;
  return marker.owner === desired.owner && marker.state !== "kept";
}

/** Whether there is something that nobody has claimed, and we are asked to. `former` is the state that we have of it, if any. */
export function isAdoption(
  { desired }: Thing,
  { marker, found, inTheWay }: Observation,
  former?: Props,
): boolean {
  const there = found.length + inTheWay.length > 0;
  const unclaimed = marker ? marker.state === "pending" && !marker.former : !former && there;
  return desired.adopt === true && unclaimed;
}

/** Throws AlreadyExists where going on would take over what is not ours. */
export function refuseForeign(thing: Thing, observation: Observation, former: Props | undefined): void {
  const { host, label, desired } = thing;
  const { marker, found, inTheWay } = observation;
  if (marker) refuseAnother(thing, marker, former);
  const adopts = desired.adopt === true;
  const refused = [
    ...(adopts ? [] : found),
    ...inTheWay.filter(({ adoptable }) => !(adopts && adoptable)).map(({ sentence }) => sentence),
  ];
  if (!marker && !former && refused.length > 0) {
    const adoptable = inTheWay.every((one) => one.adoptable);
    throw new AlreadyExists(
      `${host.name}: ${label} would take over what this stack did not make, and left it as it is: ` +
        `${refused.join(", ")}; remove it, ${adoptable ? "choose another name, or set adopt to take it over" : "or choose another name"}`,
    );
  }
}

function refuseAnother({ host, label, desired }: Thing, { owner }: Marker, former: Props | undefined): void {
  if (owner === desired.owner || owner === former?.["owner"]) return;
  throw new AlreadyExists(
    `${host.name}: ${label} belongs to the stack ${owner} and was left as it is; ` +
      `choose another name, or remove it with that stack first`,
  );
}
