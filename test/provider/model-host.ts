import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import { identityOf, titleOf, type Artifact } from "../../provider/src/artifacts/artifact.ts";
import {
  HostUnreachable,
  StepFailed,
  type AskOptions,
  type Host,
} from "../../provider/src/host-program/host.ts";
import type { Answer, Json, Request, Step } from "../../provider/src/host-program/wire.ts";
import type { Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import type { Surroundings } from "../../provider/src/lifecycle/lifecycle.ts";
import { markerPlace, type Marker } from "../../provider/src/lifecycle/marker.ts";
import { altered, asDeclared, untouched } from "./as-declared.ts";

/** What another host answers to a query: a key, for instance. */
export interface Reply {
  readonly host: string;
  readonly query: string;
  readonly result: Json;
}

export interface FleetOptions {
  readonly names?: readonly string[];
  readonly replies?: readonly Reply[];
  /** What the resource's report gives. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** How what is stubborn stays wrong, by the start of its title. */
  readonly drifted?: Readonly<Record<string, Json>>;
}

/**
 * Hosts in memory, on which plans are run. What an artifact's state is once it is as declared stands in `asDeclared`; whether it
 * is that, the kinds themselves decide.
 */
export class ModelFleet {
  readonly resource: Resource;
  readonly surroundings: Surroundings;
  readonly log: string[] = [];
  readonly replies: readonly Reply[];
  readonly outputs: Readonly<Record<string, Json>>;
  readonly drifted: Readonly<Record<string, Json>>;
  readonly #hosts: ReadonlyMap<string, ModelHost>;
  readonly #declared: {
    readonly desired: Props;
    readonly secrets: unknown;
    readonly parts: readonly Artifact[];
  }[] = [];
  readonly #titles = new Map<string, Artifact>();

  constructor(
    resource: Resource,
    { names = ["node1", "node2", "node3"], replies = [], outputs = {}, drifted = {} }: FleetOptions,
  ) {
    this.replies = replies;
    this.outputs = outputs;
    this.drifted = drifted;
    this.resource = this.#watch(resource);
    // What lies in a cluster or on its storage is seen through every host.
    const common = { states: new Map<string, Json>(), markers: new Map<string, Marker>() };
    this.#hosts = new Map(
      names.map((name) => [name, new ModelHost(name, this, resource.lies === undefined ? {} : common)]),
    );
    this.surroundings = {
      hosts: () => (name) => this.host(name),
      hostNames: () => names,
      log: (line) => this.log.push(line),
    };
  }

  host(name: string): ModelHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`the model's inventory has no host ${name}`);
    return host;
  }

  get hosts(): readonly ModelHost[] {
    return [...this.#hosts.values()];
  }

  /** Everything that is on all hosts, to compare before and after. */
  snapshot(): unknown {
    return this.hosts.map(({ name, states, markers }) => ({
      name,
      states: Object.fromEntries(states),
      markers: structuredClone(Object.fromEntries(markers)),
    }));
  }

  /** All markers, of any host. */
  get markers(): readonly Marker[] {
    return [...new Set(this.hosts.map(({ markers }) => markers))].flatMap((map) => [...map.values()]);
  }

  /** Every request, of any host, in no particular order between hosts. */
  get requests(): readonly Request[] {
    return this.hosts.flatMap(({ requests }) => requests);
  }

  /** What was applied, by its title. */
  get applied(): readonly string[] {
    return this.hosts.flatMap(({ applied }) => applied);
  }

  /** What was applied so that clients notice. */
  get interrupted(): readonly string[] {
    return this.hosts.flatMap(({ interrupted }) => interrupted);
  }

  forgetHistory(): void {
    for (const { requests, applied, removed, interrupted } of this.hosts) {
      for (const list of [requests, applied, removed, interrupted]) list.length = 0;
    }
  }

  /** The artifacts as they were declared last for these inputs, with secrets if ever there were any. */
  partsFor(desired: Props): readonly Artifact[] {
    const meant = this.#declared.filter((entry) => isDeepStrictEqual(plain(entry.desired), plain(desired)));
    const declared = meant.findLast(({ secrets }) => secrets !== undefined) ?? meant.at(-1);
    if (!declared) throw new Error(`nothing was ever declared for ${JSON.stringify(desired)}`);
    return declared.parts;
  }

  /** The artifact that a step is about. */
  artifact(kind: string, key: string): Artifact {
    const known = this.#titles.get(`${kind} ${key}`);
    if (!known) throw new Error(`${this.resource.type} never declared ${kind} ${key}`);
    return known;
  }

  #watch(resource: Resource): Resource {
    const remember = (parts: readonly Artifact[]): readonly Artifact[] => {
      for (const part of parts) this.#titles.set(identityOf(part), part);
      return parts;
    };
    return {
      ...resource,
      artifacts: (desired, secrets) => {
        const parts = remember(resource.artifacts(desired, secrets));
        this.#declared.push({ desired, secrets, parts });
        return parts;
      },
      ...(resource.leaving && {
        leaving: (desired: Props) => {
          const how = resource.leaving?.(desired);
          remember(how?.drain ?? []);
          return how;
        },
      }),
      ...(resource.comesByItself && {
        comesByItself: (desired: Props) => remember(resource.comesByItself?.(desired) ?? []),
      }),
    };
  }
}

/** One machine in memory. */
export class ModelHost implements Host {
  readonly name: string;
  /** By kind and key. */
  readonly states: Map<string, Json>;
  readonly markers: Map<string, Marker>;
  readonly requests: Request[] = [];
  readonly applied: string[] = [];
  readonly removed: string[] = [];
  readonly interrupted: string[] = [];
  /** Steps that fail: "making file /etc/x", "removing unit y", "writeMarker", "wait". */
  readonly broken = new Set<string>();
  /** Titles of artifacts that do not become as declared however often they are applied. */
  readonly stubborn = new Set<string>();
  /** What conditions find that are not so, by their kind. */
  readonly unmet = new Map<string, string>();
  /** Why its storage does not answer. */
  unanswered: string | undefined;
  unreachable = false;
  readonly #fleet: ModelFleet;

  constructor(name: string, fleet: ModelFleet, seen: Partial<Pick<ModelHost, "states" | "markers">>) {
    this.name = name;
    this.states = seen.states ?? new Map<string, Json>();
    this.markers = seen.markers ?? new Map<string, Marker>();
    this.#fleet = fleet;
  }

  async ask(request: Request, { payload, onProgress }: AskOptions = {}): Promise<Answer> {
    const sent = plain(request);
    this.requests.push(sent);
    if (this.unreachable) throw new HostUnreachable(this.name, "no route to host");
    const reads = sent.steps.some((step) => step.do === "apply" && step.payload === true);
    if (reads !== (payload !== undefined))
      throw new Error(`${this.name}: a payload must come with what reads it`);
    if (payload) await finished(Readable.from(payload()).resume());
    const results: Json[] = [];
    for (const [index, step] of sent.steps.entries()) {
      onProgress?.({ step: index });
      if (this.#isBroken(step))
        throw new StepFailed({ host: this.name, step: index, how: "failed", message: "sabotaged" });
      results.push(this.#perform(step));
      if (step.do === "wait" && this.unmet.has(step.kind)) return { results, stopped: index };
    }
    return { results };
  }

  #isBroken(step: Step): boolean {
    const isPrecondition = step.do === "wait" && step.seconds === 0;
    return (this.broken.has(step.do) && !isPrecondition) || this.broken.has(this.#words(step));
  }

  #words(step: Step): string {
    if (step.do !== "apply" && step.do !== "remove") return "";
    const title = titleOf(this.#fleet.artifact(step.kind, step.key));
    return `${step.do === "apply" ? "making" : "removing"} ${title}`;
  }

  #perform(step: Step): Json {
    switch (step.do) {
      case "readMarker": {
        if (this.unanswered !== undefined) return { unanswered: this.unanswered };
        const marker = this.markers.get(step.place.path);
        return marker ? JSON.stringify(marker) : null;
      }
      case "writeMarker":
        this.markers.set(step.place.path, step.marker as unknown as Marker);
        return null;
      case "dropMarker":
        this.markers.delete(step.place.path);
        return null;
      case "observe":
        return this.states.get(`${step.kind} ${step.key}`) ?? untouched(step.kind, step.spec);
      case "apply":
        return this.#apply(step);
      case "remove":
        return this.#remove(step);
      case "query":
        return this.#answer(step.kind);
      case "check":
      case "wait": {
        const seen = this.unmet.get(step.kind);
        return seen === undefined
          ? { done: true, seen: "all is well" }
          : { done: false, seen, hopeless: seen };
      }
    }
  }

  #answer(query: string): Json {
    const reply = this.#fleet.replies.find((one) => one.host === this.name && one.query === query);
    return reply ? reply.result : this.#fleet.outputs;
  }

  #apply({ kind, key, spec, disturb }: Extract<Step, { do: "apply" }>): Json {
    const artifact = this.#fleet.artifact(kind, key);
    const title = titleOf(artifact);
    this.applied.push(title);
    if (disturb && artifact.kind.serves) this.interrupted.push(title);
    const state = this.stubborn.has(title) ? altered(artifact, this.#fleet.drifted) : asDeclared(kind, spec);
    if (state !== null) this.states.set(`${kind} ${key}`, state);
    return null;
  }

  /** What is shared, such as a directory, is only removed when nobody else's lies in it. */
  #remove({ kind, key }: Extract<Step, { do: "remove" | "observe" }>): Json {
    const artifact = this.#fleet.artifact(kind, key);
    const holders = [...this.markers.values()].filter(({ state }) => state === "ready").length;
    if (artifact.whose !== "ours" && holders > 1) return null;
    this.removed.push(titleOf(artifact));
    this.states.delete(`${kind} ${key}`);
    return null;
  }

  marker(name: string): Marker | undefined {
    return this.markers.get(markerPlace(this.#fleet.resource, name).path);
  }
}

/** As JSON has it: without `undefined` inside. */
export function plain<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}
