import type { Readable } from "node:stream";
import {
  applyScript,
  driftOf,
  explainDrift,
  parseActuals,
  probeScript,
  removeScript,
  toApply,
  type Artifact,
  type Drift,
} from "../host/artifact.ts";
import { must, type RunOptions } from "../host/host.ts";
import { prelude } from "../host/prelude.ts";
import { Script, sh } from "../host/script.ts";
import { commonFields, type CommonInputs } from "./common-inputs.ts";
import type { Props, Resource } from "./define-resource.ts";
import { AlreadyExists } from "./errors.ts";
import type { Surroundings } from "./lifecycle.ts";
import { dropMarker, markerPath, parseMarker, readMarker, writeMarker, type Marker } from "./marker.ts";

/** What one look at a host found. */
interface Observation {
  readonly marker: Marker | undefined;
  readonly actuals: readonly string[];
  readonly drifts: readonly Drift[];
  /** What is there of what only this resource makes. */
  readonly found: readonly string[];
  readonly outputs: Props;
}

/** One thing on its host, and the three acts that every verb is made of; each act is one round trip. */
interface Subject {
  /** host/kind/name */
  readonly id: string;
  observe(): Promise<Observation>;
  /** Make it so from what was seen `before`, wait until it serves, and look again. */
  reconcile(before: Observation, former?: Props): Promise<Observation>;
  /** Take it away, as far as its `onDelete` allows. */
  remove(): Promise<void>;
  isOurs(observation: Observation): boolean;
  /** Throws {@link AlreadyExists} where going on would take over what is not ours. */
  refuseForeign(observation: Observation, former?: Props): void;
  /** What Pulumi keeps: inputs, outputs, and sentences about what is not as declared. */
  stateOf(observation: Observation): Props;
}

/** Longer than any wait that a settle script has of its own. */
const changeLimitSeconds = 1800;

export function subjectOf(resource: Resource, surroundings: Surroundings, inputs: Props): Subject {
  const desired = withoutOutputs(resource, inputs) as Props & CommonInputs;
  const name = `${resource.kind} ${resource.name(desired)}`;
  const path = markerPath(resource.kind, resource.name(desired));
  const hosts = surroundings.hosts(desired.inventory);
  const host = hosts(desired["host"] as string);
  const log = (line: string): void => {
    surroundings.log(`${host.name}: ${name}: ${line}`);
  };

  const artifacts = async (): Promise<readonly Artifact[]> =>
    resource.artifacts(desired, await resource.gather?.(hosts, desired));

  const mark = (state: Marker["state"]): Script =>
    writeMarker(path, { version: 1, type: resource.type, owner: desired.owner, state, inputs: desired });

  const look = (parts: readonly Artifact[]): Script =>
    Script.join([readMarker(path), probeScript(parts), silently(resource.report?.(desired))]);

  async function change(script: Script, stdin?: Readable): Promise<string> {
    const options: RunOptions = {
      timeoutSeconds: changeLimitSeconds,
      onProgress: (line) => {
        if (line.startsWith("@ ")) log(line.slice(2));
      },
      ...(stdin && { stdin }),
    };
    return must(host, name, Script.join([prelude, script]), options);
  }

  /** Artifacts that the former inputs asked for and these do not. */
  function stale(parts: readonly Artifact[], former: Props | undefined): readonly Artifact[] {
    if (!former) return [];
    const wanted = new Set(parts.map(({ what }) => what));
    return resource.artifacts(withoutOutputs(resource, former), undefined).filter(({ what }) => !wanted.has(what));
  }

  return {
    id: `${host.name}/${resource.kind}/${resource.name(desired)}`,

    async observe() {
      const parts = await artifacts();
      const script = Script.join([prelude, look(parts)]);
      return parse(resource, parts, await must(host, `looking at ${name}`, script, { repeatable: true }));
    },

    async reconcile(before, former) {
      const parts = await artifacts();
      const complete = before.marker?.state === "ready";
      const drifts = complete
        ? driftOf(parts, before.actuals)
        : parts.map((artifact, index) => ({ artifact, actual: before.actuals[index] ?? "" }));
      const due = toApply(parts, drifts);
      const payload = due.find(({ artifact }) => artifact.payload);
      const script = Script.join([
        mark("pending"),
        removeScript(stale(parts, former), desired.onDelete === "destroyData"),
        applyScript(due),
        sh`doing=${`waiting until ${name} serves`}`,
        aside(resource.settle?.(desired)),
        mark("ready"),
        look(parts),
      ]);
      const after = parse(resource, parts, await change(script, payload?.artifact.payload?.()));
      if (after.drifts.length === 0) return after;
      throw new Error(`${host.name}: ${name} was made, but ${after.drifts.map(explainDrift).join("; ")}`);
    },

    async remove() {
      const parts = resource.artifacts(desired, undefined);
      const destroyData = desired.onDelete === "destroyData";
      const kept = destroyData ? [] : parts.flatMap(({ data }) => data ?? []);
      const refusal = sh`doing=${`asking whether ${name} may go`}
${aside(resource.beforeRemove?.(desired))}`;
      const removal = removeScript(parts, destroyData);
      await change(Script.join([refusal, removal, kept.length > 0 ? mark("kept") : dropMarker(path)]));
      if (kept.length > 0) log(`removed; its data stays in ${kept.join(", ")} (see onDelete)`);
    },

    isOurs: ({ marker, found }) =>
      marker ? marker.owner === desired.owner && marker.state !== "kept" : found.length > 0,

    refuseForeign({ marker, found }, former) {
      const owners = [desired.owner, former?.["owner"]];
      if (marker && !owners.includes(marker.owner)) {
        throw new AlreadyExists(
          `${host.name}: ${name} belongs to the stack ${marker.owner} and was left as it is; ` +
            `choose another name, or remove it with that stack first`,
        );
      }
      if (!marker && !former && found.length > 0) {
        throw new AlreadyExists(
          `${host.name}: ${name} would take over what this stack did not make, and left it as it is: ` +
            `${found.join(", ")}; remove it, or choose another name`,
        );
      }
    },

    stateOf: ({ marker, drifts, outputs }) => ({
      ...desired,
      ...outputs,
      drift: [...markerDrift(marker), ...drifts.map(explainDrift)],
    }),
  };
}

/**
 * The inputs a thing was made from: those of the state, or, when there are none but the common ones, those
 * of the marker that the id leads to. undefined when there is no marker either.
 */
export async function findInputs(
  resource: Resource,
  surroundings: Surroundings,
  { id, state }: { id: string; state: Props },
): Promise<Props | undefined> {
  if (state["host"] !== undefined) return state;
  const [hostName = "", kind = "", ...name] = id.split("/");
  const { inventory } = state as unknown as CommonInputs;
  const host = surroundings.hosts(inventory)(hostName);
  const marker = parseMarker(
    await must(host, `looking for ${id}`, readMarker(markerPath(kind, name.join("/"))), { repeatable: true }),
  );
  return marker?.type === resource.type ? { ...marker.inputs, ...state } : undefined;
}

function markerDrift(marker: Marker | undefined): string[] {
  if (!marker) return ["its ownership marker is missing"];
  return marker.state === "ready" ? [] : ["an earlier change was interrupted"];
}

function parse(resource: Resource, parts: readonly Artifact[], stdout: string): Observation {
  const [marker = "", ...lines] = stdout.split("\n");
  const actuals = parseActuals(parts, stdout);
  const reported = lines.flatMap((line) => {
    const pair = /^(\w+)=(.*)$/.exec(line);
    return pair ? [[pair[1], pair[2]]] : [];
  });
  return {
    marker: parseMarker(marker),
    actuals,
    drifts: driftOf(parts, actuals),
    found: parts.filter(({ common }, index) => !common && actuals[index] !== "").map(({ what }) => what),
    outputs: resource.outputs.parse(Object.fromEntries(reported)),
  };
}

/** Its output is for people, not for the parser, and it must not eat the payload. */
function aside(script: Script | undefined): Script | undefined {
  return script && sh`{ ${script}
} >&2 </dev/null`;
}

function silently(script: Script | undefined): Script | undefined {
  return script && sh`{ ${script}
} </dev/null`;
}

function withoutOutputs(resource: Resource, state: Props): Props {
  const inputs = new Set([...Object.keys(resource.onChange), ...commonFields]);
  return Object.fromEntries(Object.entries(state).filter(([field]) => inputs.has(field)));
}
