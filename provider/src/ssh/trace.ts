import { appendFileSync } from "node:fs";
import type { Answer, Json, Request, Step } from "../host-program/wire.ts";

/** What happened on a host, without any content. */
export type TraceEvent =
  | { readonly event: "dial"; readonly host: string; readonly ms: number; readonly ok: boolean }
  | {
      readonly event: "request";
      readonly host: string;
      readonly ms: number;
      /** How many steps it has, and how long it is as JSON. */
      readonly steps: number;
      readonly bytes: number;
      /** Whether it was answered: no step failed, and the connection held. */
      readonly ok: boolean;
    };

/** What TOROCLOUD_TRACE is set to where requests and answers are to be seen. */
const plans = "plans";
const hidden = "(secret)";

/** Append an event as one line of JSON to the file that TOROCLOUD_TRACE names; does nothing without it. */
export function trace(environment: NodeJS.ProcessEnv, event: TraceEvent): void {
  const file = environment["TOROCLOUD_TRACE"];
  if (file === undefined || file === "" || file === plans) return;
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}

let lastPlan = 0;

/** Shows a request, and gives what shows its end; nothing is shown unless TOROCLOUD_TRACE is "plans". */
export function tracePlan(
  environment: NodeJS.ProcessEnv,
  host: string,
  request: Request,
): (end: { readonly answer: Answer } | { readonly error: unknown }) => void {
  if (environment["TOROCLOUD_TRACE"] !== plans) return () => undefined;
  const number = (lastPlan += 1);
  const began = performance.now();
  show({ event: "request", number, host, ...request, steps: request.steps.map(maskedStep) });
  return (end) => {
    const ms = Math.round(performance.now() - began);
    const result =
      "answer" in end
        ? {
            ...end.answer,
            results: end.answer.results.map((result, at) => maskedResult(request.steps[at], result)),
          }
        : { failed: end.error instanceof Error ? end.error.message : String(end.error) };
    show({ event: "answer", number, host, ms, ...result });
  };
}

function show(line: Record<string, unknown>): void {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
}

function maskedStep(step: Step): unknown {
  if (!("secret" in step)) return step;
  const { secret, ...rest } = step;
  if (secret === true) return { ...rest, spec: hidden };
  return {
    ...rest,
    spec: masked(step.spec, secret),
    ...("found" in step && { found: masked(step.found, secret) }),
  };
}

function maskedResult(step: Step | undefined, result: Json): unknown {
  if (step === undefined || !("secret" in step)) return result;
  return step.secret === true ? hidden : masked(result, step.secret);
}

/** The value with those fields hidden, where it has them. */
function masked(value: unknown, fields: readonly string[] = []): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inside]) => [
      field,
      fields.includes(field) ? hidden : (inside as unknown),
    ]),
  );
}
