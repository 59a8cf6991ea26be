import type { Readable } from "node:stream";
import { sentenceOf, titleOf, type Condition } from "../artifacts/artifact.ts";
import { Seen, type Json, type Request, type Step } from "../host-program/wire.ts";
import { limitOf, type Instance } from "./instance.ts";
import { observationOf, observeSteps, type Observed } from "./observe.ts";
import type { Plan, PlanStep } from "./plan.ts";
import { ask } from "./progress.ts";
import { inTurn } from "./turns.ts";

/** How long a host is asked to wait at a time: a connection that is lost costs one ask, not the wait. */
const askSeconds = 30;

/** A step of a request with its words. */
interface Due {
  readonly step: Step;
  /** "making file /etc/x" */
  readonly words: string;
  /** What is waited for. */
  readonly condition?: Condition;
}

/** Does what a plan says, and observes what is there then; one round trip where nothing has to be waited for. */
export async function execute(instance: Instance, plan: Plan, { artifacts }: Observed): Promise<Observed> {
  const look = observeSteps(instance, artifacts).map((step) => ({ step, words: `looking at ${plan.label}` }));
  const results = await inTurn(plan.turn, async () =>
    executeDue(instance, { plan, after: look, timeoutSeconds: limitOf(instance, "changeSeconds") }),
  );
  const observation = observationOf(instance, artifacts, results.slice(-look.length));
  if (!plan.adoption && observation.differences.length > 0) {
    const still = observation.differences.map(sentenceOf).join("; ");
    throw new Error(`${plan.host}: ${plan.label} was made, but ${still}`);
  }
  return { artifacts, observation };
}

/** Does what a plan says after which nothing is left to be observed, a removal's; one round trip. */
export async function executeUnobserved(instance: Instance, plan: Plan): Promise<void> {
  await inTurn(plan.turn, async () =>
    executeDue(instance, { plan, after: [], timeoutSeconds: limitOf(instance, "removeSeconds") }),
  );
}

interface Execution {
  readonly plan: Plan;
  readonly after: readonly Due[];
  readonly timeoutSeconds: number;
}

async function executeDue(
  instance: Instance,
  { plan, after, timeoutSeconds }: Execution,
): Promise<readonly Json[]> {
  const due = [...plan.steps.map((step) => dueStep(plan, step)), ...after];
  const payload = payloadOf(plan);
  const done: Json[] = [];
  const wait = new Waiting();
  while (done.length < due.length) {
    const rest = due.slice(done.length);
    const words = (step: number): string => rest[step]?.words ?? plan.label;
    const request: Request = { lock: plan.label.replaceAll(" ", "-"), steps: rest.map(({ step }) => step) };
    const sends = payload && rest.some(({ step }) => step.do === "apply" && step.payload);
    const { results, stopped } = await ask(
      { ...instance, words, wait: (step) => wait.shown(rest[step]?.condition) },
      request,
      { timeoutSeconds, ...(sends && { payload }) },
    );
    done.push(...results.slice(0, stopped ?? results.length));
    const condition = stopped === undefined ? undefined : rest[stopped]?.condition;
    if (condition) wait.goOn(plan, condition, Seen.parse(results.at(-1)));
  }
  return done;
}

function payloadOf({ steps }: Plan): (() => Readable) | undefined {
  const sent = steps.flatMap((step) => (step.do === "apply" ? (step.artifact.payload ?? []) : []));
  return sent[0];
}

/** One condition after the other, each within its own limit, over as many requests as it takes. */
class Waiting {
  private condition: Condition | undefined;
  private began = 0;

  /** For whoever waits: how long it may take, and since when it is waited for where an earlier request began. */
  shown(condition: Condition | undefined): { readonly seconds: number; readonly since?: number } | undefined {
    if (!condition || condition.seconds === 0) return undefined;
    const { seconds } = condition;
    return condition === this.condition ? { seconds, since: this.began } : { seconds };
  }

  /** Throws where its time is over, or waiting is of no use. */
  goOn({ host, label }: Plan, condition: Condition, { seen, hopeless, details = "" }: Seen): void {
    if (condition.seconds === 0) throw new Error(`${host}: ${label}: ${seen}`);
    if (this.condition !== condition) {
      this.condition = condition;
      this.began = performance.now() - Math.min(askSeconds, condition.seconds) * 1000;
    }
    const last = `last seen: ${seen}${details && `\n${details}`}`;
    if (hopeless !== undefined)
      throw new Error(`${host}: ${label}: waiting for ${condition.what} is hopeless: ${hopeless}; ${last}`);
    if (performance.now() - this.began >= condition.seconds * 1000 - 1)
      throw new Error(
        `${host}: ${label}: gave up after ${String(condition.seconds)} s of waiting for ${condition.what}; ${last}`,
      );
  }
}

function dueStep(plan: Plan, planned: PlanStep): Due {
  const { place, label } = plan;
  switch (planned.do) {
    case "require":
      return asking({ ...planned.condition, seconds: 0 }, `asking for ${planned.condition.what}`);
    case "wait":
      return asking(planned.condition, `waiting for ${planned.condition.what}`);
    case "mark": {
      const marker = planned.marker as unknown as Json;
      return { step: { do: "writeMarker", place, marker }, words: `writing the marker of ${label}` };
    }
    case "unmark":
      return { step: { do: "dropMarker", place }, words: `removing the marker of ${label}` };
    case "remove":
    case "apply":
      return artifactStep(planned);
  }
}

function asking(condition: Condition, words: string): Due {
  const { kind, spec, seconds } = condition;
  const step: Step = { do: "wait", kind, spec, seconds: Math.min(askSeconds, seconds) };
  return { step, words, condition };
}

function artifactStep(planned: Extract<PlanStep, { do: "remove" | "apply" }>): Due {
  const { artifact } = planned;
  const { kind, key, spec } = artifact;
  const title = titleOf(artifact);
  const about = { kind: kind.name, key, spec, ...(kind.secrets && { secret: kind.secrets }) };
  if (planned.do === "remove") return { step: { do: "remove", ...about }, words: `removing ${title}` };
  const { found, disturb } = planned;
  const apply = { do: "apply" as const, ...about, found, disturb };
  return { step: artifact.payload ? { ...apply, payload: true } : apply, words: `making ${title}` };
}
