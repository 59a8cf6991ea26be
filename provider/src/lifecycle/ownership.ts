import { sentenceOf, titleOf, type Artifact } from "../artifacts/artifact.ts";
import type { Props } from "./define-resource.ts";
import { AlreadyExists } from "./errors.ts";
import type { Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import type { Observed } from "./observe.ts";

/** What is there of what only this resource makes. */
export function foundOwn({ artifacts, observation: { states } }: Observed): readonly Artifact[] {
  return artifacts.filter(({ whose }, index) => whose === "ours" && (states[index] ?? null) !== null);
}

interface InTheWay {
  readonly sentence: string;
  readonly adoptable: boolean;
}

/** What is there, is not as we need it, and may be another's. */
function inTheWay({ observation: { differences, unmet } }: Observed): readonly InTheWay[] {
  const foreign = differences.filter(
    ({ artifact: { whose }, found }) => found !== null && (whose === "adoptable" || whose === "refused"),
  );
  return [
    ...unmet.map((sentence) => ({ sentence, adoptable: false })),
    ...foreign.map((difference) => ({
      sentence: sentenceOf(difference),
      adoptable: difference.artifact.whose === "adoptable",
    })),
  ];
}

/** Whether there is something that this instance made and has not given up, as far as anybody says. */
export function isOurs({ desired, drawn }: Instance, observed: Observed): boolean {
  const { marker, markerUnanswered } = observed.observation;
  if (markerUnanswered !== undefined) return true;
  if (!marker) return foundOwn(observed).length > 0;
  return marker.owner === desired.owner && marker.instance === drawn && marker.state !== "kept";
}

/** Whether there is something that nobody has claimed, and we are asked to. `former` is the state that we have of it, if any. */
export function isAdoption({ desired }: Instance, observed: Observed, former?: Props): boolean {
  const { marker } = observed.observation;
  if (desired.adopt !== true) return false;
  if (marker) return marker.state === "pending" && marker.adopting === true;
  return !former && (foundOwn(observed).length > 0 || inTheWay(observed).length > 0);
}

/** What an adoption takes over, in words. */
export function adopted(observed: Observed): string[] {
  return [...foundOwn(observed).map(titleOf), ...inTheWay(observed).map(({ sentence }) => sentence)];
}

/** Throws AlreadyExists where going on would take over what is not ours. */
export function refuseForeign(instance: Instance, observed: Observed, former: Props | undefined): void {
  const { host, label, desired } = instance;
  const { marker } = observed.observation;
  if (marker) refuseAnother(instance, marker, former);
  if (marker ?? former) return;
  const adopts = desired.adopt === true;
  const foreign = inTheWay(observed);
  const refused = [
    ...(adopts ? [] : foundOwn(observed).map(titleOf)),
    ...foreign.filter(({ adoptable }) => !(adopts && adoptable)).map(({ sentence }) => sentence),
  ];
  if (refused.length === 0) return;
  const advice = foreign.every(({ adoptable }) => adoptable)
    ? "choose another name, or set adopt to take it over"
    : "or choose another name";
  throw new AlreadyExists(
    `${host.name}: ${label} would take over what this stack did not make, and left it as it is: ` +
      `${refused.join(", ")}; remove it, ${advice}`,
  );
}

/** Throws AlreadyExists where something would move to what another resource of the stack is already. */
export function refuseOccupied({ host, label, drawn }: Instance, observed: Observed): void {
  const { marker } = observed.observation;
  if (marker === undefined || marker.instance === drawn) return;
  throw new AlreadyExists(
    `${host.name}: ${label} is another resource of this stack already, and was left as it is; choose another name or host`,
  );
}

function refuseAnother(
  { host, label, desired }: Instance,
  { owner }: Marker,
  former: Props | undefined,
): void {
  if (owner === desired.owner || owner === former?.["owner"]) return;
  throw new AlreadyExists(
    `${host.name}: ${label} belongs to the stack ${owner} and was left as it is; ` +
      `choose another name, or remove it with that stack first`,
  );
}

/** Why a delete must leave what is there alone, in words; undefined where it may remove it. */
export function notToDelete({ desired, drawn }: Instance, marker: Marker | undefined): string | undefined {
  if (!marker) return undefined;
  if (marker.owner !== desired.owner) return "belongs to another stack by now and was left as it is";
  return marker.instance === drawn
    ? undefined
    : "lives on as another resource of this stack and was left as it is";
}
