import { HostUnreachable, StepFailed, type AskOptions, type Host } from "./host.ts";
import type { Answer, Request } from "./wire.ts";

/** Hosts that could not be asked in this process: they are asked last from then on. */
const silent = new WeakSet<Host>();

/** What the first host gives that can be asked; the error of each where none can, after what was wanted: "reading the key". */
export async function fromAny<Value>(
  hosts: readonly Host[],
  what: string,
  ask: (host: Host) => Promise<Value>,
): Promise<Value> {
  const problems: string[] = [];
  for (const host of [...hosts].sort((a, b) => Number(silent.has(a)) - Number(silent.has(b)))) {
    try {
      return await ask(host);
    } catch (error) {
      if (!(error instanceof HostUnreachable || error instanceof StepFailed)) throw error;
      if (error instanceof HostUnreachable) silent.add(host);
      problems.push(error.message);
    }
  }
  throw new Error(`${what} failed on each host that was asked:\n${problems.join("\n")}`);
}

/**
 * Any of several hosts, through each of which the same thing is managed: the first that can be asked does all. Only what may safely
 * be asked twice goes from one to the next.
 */
export class AnyOf implements Host {
  readonly #hosts: readonly [Host, ...Host[]];
  readonly #label: string;
  #chosen: Host | undefined;

  /** The label is what is managed, for errors: "image web". */
  constructor(hosts: readonly [Host, ...Host[]], label: string) {
    this.#hosts = hosts;
    this.#label = label;
  }

  /** The name of the one that answered, or is asked first. */
  get name(): string {
    return (this.#chosen ?? this.#hosts[0]).name;
  }

  async ask(request: Request, options: AskOptions = {}): Promise<Answer> {
    if (this.#chosen) return this.#chosen.ask(request, options);
    if (options.repeatable !== true) throw new Error(`${this.name}: a change before anything was looked at`);
    return fromAny(this.#hosts, `looking at ${this.#label}`, async (host) => {
      const answer = await host.ask(request, options);
      this.#chosen = host;
      return answer;
    });
  }
}
