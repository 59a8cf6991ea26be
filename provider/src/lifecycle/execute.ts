import { sentenceOf, titleOf, type Condition } from "../artifacts/artifact.ts";
import { Seen, type Json, type Request, type Step } from "../host-program/wire.ts";
import { limitOf, type Instance } from "./instance.ts";
import type { Marker } from "./marker.ts";
import { observationOf, observeSteps, type Observed } from "./observe.ts";
import type { Plan, PlanStep } from "./plan.ts";
import { ask } from "./progress.ts";

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
  const look = observeSteps(instance, artifacts);
  const due = [...dueSteps(plan), ...look.map((step) => ({ step, words: `looking at ${plan.label}` }))];
  const results = await executeDue(instance, plan, due);
  const observation = observationOf(instance, artifacts, results.slice(-look.length));
  if (!plan.adoption && observation.differences.length > 0) {
    const still = observation.differences.map(sentenceOf).join("; ");
    throw new Error(`${plan.host}: ${plan.label} was made, but ${still}`);
  }
  return { artifacts, observation };
}

/** Does what a plan of a removal says; one round trip. */
export async function executeRemoval(instance: Instance, plan: Plan): Promise<void> {
  await executeDue(instance, plan, dueSteps(plan));
}

async function executeDue(instance: Instance, plan: Plan, due: readonly Due[]): Promise<readonly Json[]> {
  const payload = plan.steps.find((step) => step.do === "apply" && step.artifact.payload)?.artifact.payload;
  const timeoutSeconds = limitOf(instance, plan.after?.state === "ready" ? "changeSeconds" : "removeSeconds");
  const done: Json[] = [];
  const wait = new Waiting();
  while (done.length < due.length) {
    const rest = due.slice(done.length);
    const words = (step: number): string => rest[step]?.words ?? plan.label;
    const request: Request = { lock: plan.label.replaceAll(" ", "-"), steps: rest.map(({ step }) => step) };
    const { results, stopped } = await ask(
      { ...instance, ...wait.shown(rest[0]?.condition), words },
      request,
      { timeoutSeconds, ...(payload && done.length === 0 && { payload }) },
    );
    done.push(...results.slice(0, stopped ?? results.length));
    const condition = stopped === undefined ? undefined : rest[stopped]?.condition;
    if (condition) wait.goOn(plan, condition, Seen.parse(results.at(-1)));
  }
  return done;
}

/** One condition after the other, each within its own limit, over as many requests as it takes. */
class Waiting {
  private condition: Condition | undefined;
  private began = 0;

  /** For whoever waits, where the next request goes on with a wait. */
  shown(condition: Condition | undefined): { since?: number; seconds?: number } {
    const known = condition !== undefined && condition === this.condition;
    return known ? { since: this.began, seconds: condition.seconds } : {};
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

function dueSteps(plan: Plan): Due[] {
  const { before, only, steps, waits, label } = plan;
  return [
    ...only.map(({ kind, spec, what }) => {
      const condition = { kind, spec, what, seconds: 0 };
      return {
        step: { do: "wait" as const, kind, spec, seconds: 0 },
        words: `asking for ${what}`,
        condition,
      };
    }),
    ...(before ? [write(plan, before)] : []),
    ...steps.map(dueStep),
    // Whatever happens while it is waited for, nothing has to be applied again.
    ...(before && steps.length > 0 && waits.length > 0 ? [write(plan, { ...before, due: [] })] : []),
    ...waits.map((condition) => {
      const { kind, spec, what, seconds } = condition;
      const step = { do: "wait" as const, kind, spec, seconds: Math.min(askSeconds, seconds) };
      return { step, words: `waiting for ${what}`, condition };
    }),
    plan.after
      ? write(plan, plan.after)
      : {
          step: { do: "dropMarker" as const, path: plan.markerPath },
          words: `removing the marker of ${label}`,
        },
  ];
}

function write({ markerPath, label }: Plan, marker: Marker): Due {
  return {
    step: { do: "writeMarker", path: markerPath, marker: marker as unknown as Json },
    words: `writing the marker of ${label}`,
  };
}

function dueStep(planned: PlanStep): Due {
  const { artifact } = planned;
  const { kind, key, spec } = artifact;
  const title = titleOf(artifact);
  if (planned.do === "remove")
    return { step: { do: "remove", kind: kind.name, key, spec }, words: `removing ${title}` };
  const { found, disturb } = planned;
  const apply = { do: "apply" as const, kind: kind.name, key, spec, found, disturb };
  return { step: artifact.payload ? { ...apply, payload: true } : apply, words: `making ${title}` };
}
