import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import {
  answer,
  applyScript,
  comesByItself,
  lookAhead,
  probeScript,
  removeScript,
  toApply,
  type Artifact,
  type Drift,
} from "../../provider/src/host/artifact.ts";
import {
  HostUnreachable,
  type CommandResult,
  type Host,
  type RunOptions,
} from "../../provider/src/host/host.ts";
import { prelude } from "../../provider/src/host/prelude.ts";
import { quote, sh, type Script } from "../../provider/src/host/script.ts";
import type { Props, Resource } from "../../provider/src/lifecycle/define-resource.ts";
import type { lifecycleOf } from "../../provider/src/lifecycle/lifecycle.ts";
import {
  dropMarker,
  markerPath,
  readMarker,
  writeMarker,
  type Marker,
} from "../../provider/src/lifecycle/marker.ts";

/** What another host answers to a script that only reads: a key, for instance. */
export interface Answer {
  readonly host: string;
  readonly includes: string;
  readonly stdout: string;
}

export interface FleetOptions {
  readonly names?: readonly string[];
  readonly answers?: readonly Answer[];
  /** What the resource's report script prints. */
  readonly outputs?: Readonly<Record<string, string>>;
}

export type Surroundings = Parameters<typeof lifecycleOf>[1];

/** One thing that a script does, in words: the fake breaks on them, and tests compare them. */
type Step =
  | { readonly act: "read marker" | "answer marker" | "drop marker"; readonly path: string }
  | { readonly act: "write marker"; readonly path: string; readonly marker: Marker }
  | { readonly act: "look"; readonly parts: readonly Artifact[] }
  | { readonly act: "make" | "remove"; readonly artifact: Artifact }
  | { readonly act: "settle" | "report" | "beforeRemove" | "look ahead" };

interface Place {
  readonly start: number;
  readonly end: number;
  readonly step: Step;
}

/**
 * Hosts in memory that understand the lifecycle's scripts. They know them by the very functions that compose them,
 * never by a pattern: the resource under test is watched, so every artifact that it ever declared is known with its
 * exact text. A script that holds anything else is an error, so nothing goes by unseen.
 */
export class FakeFleet {
  readonly resource: Resource;
  readonly surroundings: Surroundings;
  readonly log: string[] = [];
  readonly answers: readonly Answer[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly #hosts: ReadonlyMap<string, FakeHost>;
  readonly #declared: {
    readonly desired: Props;
    readonly secrets: unknown;
    readonly parts: readonly Artifact[];
  }[] = [];
  readonly #waits = new Map<string, "settle" | "report" | "beforeRemove">();
  readonly #paths = new Set<string>();

  constructor(
    resource: Resource,
    { names = ["node1", "node2", "node3"], answers = [], outputs = {} }: FleetOptions,
  ) {
    this.answers = answers;
    this.outputs = outputs;
    this.resource = this.#watch(resource);
    this.#hosts = new Map(names.map((name) => [name, new FakeHost(name, this)]));
    this.surroundings = {
      hosts: () => (name) => this.host(name),
      hostNames: () => names,
      log: (line) => this.log.push(line),
    };
  }

  host(name: string): FakeHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`the fake inventory has no host ${name}`);
    return host;
  }

  get hosts(): readonly FakeHost[] {
    return [...this.#hosts.values()];
  }

  /** Everything that is on all hosts, to compare before and after. */
  snapshot(): unknown {
    return this.hosts.map(({ name, things, markers }) => ({
      name,
      things: Object.fromEntries(things),
      markers: structuredClone(Object.fromEntries(markers)),
    }));
  }

  /** Every script that ran, on any host, in no particular order between hosts. */
  get scripts(): readonly string[] {
    return this.hosts.flatMap(({ scripts }) => scripts);
  }

  get applied(): readonly string[] {
    return this.hosts.flatMap(({ applied }) => applied);
  }

  forgetHistory(): void {
    for (const host of this.hosts) {
      host.scripts.length = 0;
      host.applied.length = 0;
      host.removed.length = 0;
    }
  }

  /** The artifacts as they were declared last for these inputs, with secrets if ever there were any. */
  partsFor(desired: Props): readonly Artifact[] {
    const meant = this.#declared.filter((entry) => isDeepStrictEqual(plain(entry.desired), plain(desired)));
    const declared = meant.findLast(({ secrets }) => secrets !== undefined) ?? meant.at(-1);
    if (!declared) throw new Error(`nothing was ever declared for ${JSON.stringify(desired)}`);
    return declared.parts;
  }

  /** Those of them that somebody makes. */
  madeFor(desired: Props): readonly Artifact[] {
    return this.partsFor(desired).filter((artifact) => !comesByItself(artifact));
  }

  #watch(resource: Resource): Resource {
    const watched = (act: "settle" | "report" | "beforeRemove") => (desired: Props) => {
      const script = resource[act]?.(desired);
      if (!script) throw new Error(`${resource.type} has no ${act}`);
      this.#waits.set(script.text, act);
      return script;
    };
    return {
      ...resource,
      name: (desired) => {
        const name = resource.name(desired);
        this.#paths.add(markerPath(resource.kind, name));
        return name;
      },
      artifacts: (desired, secrets) => {
        const parts = resource.artifacts(desired, secrets);
        this.#declared.push({ desired, secrets, parts });
        return parts;
      },
      ...(resource.settle && { settle: watched("settle") }),
      ...(resource.report && { report: watched("report") }),
      ...(resource.beforeRemove && { beforeRemove: watched("beforeRemove") }),
    };
  }

  /** What a script does, in its order. Throws when part of it is not understood. */
  understand(text: string): readonly { readonly doing: string; readonly step: Step }[] {
    const places = [
      ...this.#markerPlaces(text),
      ...[...this.#fragments()].flatMap(([fragment, step]) =>
        occurrences(text, fragment).map((start) => ({ start, end: start + fragment.length, step })),
      ),
    ].sort((a, b) => a.start - b.start || b.end - a.end);
    let position = 0;
    let doing = "starting";
    const steps = places.flatMap(({ start, end, step }) => {
      if (start < position) return [];
      doing = glue(text.slice(position, start), doing);
      position = end;
      if ("artifact" in step) doing = `${step.act === "make" ? "making" : "removing"} ${step.artifact.what}`;
      return [{ doing, step }];
    });
    glue(text.slice(position), doing);
    return steps;
  }

  #fragments(): Map<string, Step> {
    const fragments = new Map<string, Step>();
    for (const { parts } of this.#declared) {
      fragments.set(probeScript(parts).text, { act: "look", parts });
      fragments.set(lookAhead(parts).text, { act: "look ahead" });
      for (const artifact of parts) {
        for (const drift of [{ artifact, actual: "" }, ...this.#mends(artifact)])
          fragments.set(afterFound(applyScript([drift])), { act: "make", artifact: drift.artifact });
        if (artifact.remove) fragments.set(removeScript([artifact], true).text, { act: "remove", artifact });
      }
    }
    for (const [text, act] of this.#waits) {
      const before = act === "report" ? answer("outputs", sh``).text : "";
      fragments.set(`${before}{ ${text}\n}`, { act });
    }
    for (const path of this.#paths) {
      fragments.set(readMarker(path).text, { act: "read marker", path });
      fragments.set(answer("marker", readMarker(path)).text, { act: "answer marker", path });
      fragments.set(dropMarker(path).text, { act: "drop marker", path });
    }
    fragments.delete("");
    return fragments;
  }

  /** The lighter ways to put right what is there now. */
  #mends(artifact: Artifact): readonly Drift[] {
    const actuals = this.hosts.flatMap(({ things }) => things.get(artifact.what) ?? []);
    return actuals.flatMap((actual) =>
      artifact.mend?.(actual) ? toApply([artifact], [{ artifact, actual }]) : [],
    );
  }

  /** A marker is written with any content: it stands between what is the same for all. */
  #markerPlaces(text: string): Place[] {
    const sentinel: Marker = { version: 1, type: "", owner: "sentinel", state: "pending", inputs: {} };
    return [...this.#paths].flatMap((path) => {
      const [before, after] = writeMarker(path, sentinel).text.split(quote(`${JSON.stringify(sentinel)}\n`));
      if (!before || !after) throw new Error("writeMarker no longer spells the marker out as JSON");
      return occurrences(text, before).flatMap((start) => {
        const word = /^'(?:[^']|'\\'')*'/.exec(text.slice(start + before.length))?.[0] ?? "";
        const end = start + before.length + word.length;
        if (!text.startsWith(after, end)) return [];
        const marker = JSON.parse(unquote(word)) as Marker;
        return [{ start, end: end + after.length, step: { act: "write marker" as const, path, marker } }];
      });
    });
  }
}

/** One machine in memory. */
export class FakeHost implements Host {
  readonly name: string;
  readonly things = new Map<string, string>();
  readonly markers = new Map<string, Marker>();
  readonly scripts: string[] = [];
  readonly applied: string[] = [];
  readonly removed: string[] = [];
  /** Steps that fail, as the scripts name them: "making file /etc/x", "removing unit y", "settle". */
  readonly broken = new Set<string>();
  /** Artifacts that do not become as declared however often they are applied. */
  readonly stubborn = new Set<string>();
  unreachable = false;
  readonly #fleet: FakeFleet;

  constructor(name: string, fleet: FakeFleet) {
    this.name = name;
    this.#fleet = fleet;
  }

  async run(script: Script, { stdin }: RunOptions = {}): Promise<CommandResult> {
    this.scripts.push(script.text);
    if (this.unreachable) throw new HostUnreachable(this.name, "no route to host");
    const answer = this.#fleet.answers.find(
      ({ host, includes }) => host === this.name && script.text.includes(includes),
    );
    if (answer && !script.text.startsWith(prelude.text))
      return { exitCode: 0, stdout: answer.stdout, stderr: "" };

    const steps = this.#fleet.understand(script.text);
    const payload = steps.some(({ step }) => step.act === "make" && step.artifact.payload);
    if (payload !== (stdin !== undefined))
      throw new Error(`${this.name}: a payload must come with what reads it`);
    if (stdin instanceof Readable) await finished(stdin.resume());
    const declared = this.#declaredBy(steps.map(({ step }) => step));
    let stdout = "";
    for (const { doing, step } of steps) {
      if (this.broken.has(doing) || this.broken.has(step.act)) {
        return { exitCode: 1, stdout, stderr: `sabotaged\nwhile ${doing}\n` };
      }
      stdout += this.#perform(step, declared);
    }
    return { exitCode: 0, stdout, stderr: "" };
  }

  /** Two artifacts may have one text and differ in what must come out, so the marker tells which are meant. */
  #declaredBy(steps: readonly Step[]): readonly Artifact[] {
    const written = steps.find((step) => step.act === "write marker");
    return written && steps.some(({ act }) => act === "make")
      ? this.#fleet.partsFor(written.marker.inputs)
      : [];
  }

  #perform(step: Step, declared: readonly Artifact[]): string {
    switch (step.act) {
      case "read marker":
        return this.#marker(step.path);
      case "answer marker":
        return `\u001emarker\n${this.#marker(step.path)}`;
      case "write marker":
        this.markers.set(step.path, step.marker);
        return "";
      case "drop marker":
        this.markers.delete(step.path);
        return "";
      case "look":
        return step.parts
          .map(({ what }, index) => `\u001e${String(index)}\n${this.things.get(what) ?? ""}\n`)
          .join("");
      case "make":
        this.#make(declared.find(({ what }) => what === step.artifact.what) ?? step.artifact);
        return "";
      case "remove":
        this.#remove(step.artifact);
        return "";
      case "report":
        return `\u001eoutputs\n${Object.entries(this.#fleet.outputs)
          .map(([name, value]) => `${name}=${value}\n`)
          .join("")}`;
      case "settle":
      case "beforeRemove":
      case "look ahead":
        return "";
    }
  }

  #marker(path: string): string {
    const marker = this.markers.get(path);
    return `${marker ? JSON.stringify(marker) : ""}\n`;
  }

  #make({ what, expected }: Artifact): void {
    this.applied.push(what);
    this.things.set(what, this.stubborn.has(what) ? "stubbornly wrong" : expected);
  }

  /** What is shared, such as a directory, is only removed when nobody else's lies in it. */
  #remove({ what, common }: Artifact): void {
    const holders = [...this.markers.values()].filter(({ state }) => state === "ready").length;
    if (common && holders > 1) return;
    this.removed.push(what);
    this.things.delete(what);
  }
}

/** What makes an artifact, without the line that tells what was there. */
function afterFound({ text }: Script): string {
  return text.replace(/^found='.*'\n/, "");
}

/** What lies between the steps: the prelude, what was found, names of steps, braces. Gives back what is being done afterwards. */
function glue(text: string, doing: string): string {
  let now = doing;
  for (const line of text.replace(prelude.text, "").split("\n")) {
    const named = /^step ('(?:[^']|'\\'')*')$/.exec(line);
    if (named) now = unquote(named[1] ?? "");
    else if (!/^(alone|found=) ?'.*'$|^[{} ]*(>&2 )?(<\/dev\/null)?$/.test(line)) {
      throw new Error(`the fake host does not understand this part of a script:\n${line}`);
    }
  }
  return now;
}

/** What `quote` made of it, undone. */
function unquote(word: string): string {
  return word.slice(1, -1).replaceAll(`'\\''`, "'");
}

function occurrences(text: string, fragment: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(fragment); at !== -1; at = text.indexOf(fragment, at + fragment.length))
    found.push(at);
  return found;
}

/** As JSON has it: without `undefined` inside. */
export function plain<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}
