import type { Query } from "./artifact.ts";
import { fromAny } from "../host-program/any-of.ts";
import { StepFailed, type Host } from "../host-program/host.ts";
import type { Json } from "../host-program/wire.ts";

const answers = new WeakMap<Host, Map<string, Promise<Json>>>();

/**
 * What a query gives, asked once per host and process however many resources need it: a key that every node of a cluster
 * gets. A failure is not remembered, nor that there is nothing yet.
 */
export async function fetchOnce(host: Host, query: Query): Promise<Json> {
  const known = answers.get(host) ?? new Map<string, Promise<Json>>();
  answers.set(host, known);
  const key = JSON.stringify([query.kind, query.spec]);
  const asked = known.get(key);
  if (asked) return asked;
  const answer = fetch(host, query);
  known.set(key, answer);
  const forget = (): unknown => known.delete(key);
  answer.then((result) => result === null && forget(), forget);
  return answer;
}

/** What the first host gives that can be asked; the error of each where none can. */
export async function fetchFromAny(hosts: readonly Host[], query: Query): Promise<Json> {
  return fromAny(hosts, query.what, async (host) => fetchOnce(host, query));
}

/** The text that the first host gives that can be asked; empty where there is none. */
export async function fetchText(hosts: readonly Host[], query: Query): Promise<string> {
  const text = await fetchFromAny(hosts, query);
  return typeof text === "string" ? text : "";
}

async function fetch(host: Host, { kind, spec, what }: Query): Promise<Json> {
  try {
    const { results } = await host.ask(
      { steps: [{ do: "query", kind, spec, secret: true }] },
      { repeatable: true, timeoutSeconds: 120 },
    );
    return results[0] ?? null;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { step, how } = error;
    const message = `${what} failed: ${error.message.slice(`${host.name}: `.length)}`;
    throw new StepFailed({ host: host.name, step, how, message });
  }
}
