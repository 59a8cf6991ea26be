import { setMaxListeners } from "node:events";
import { Interrupted } from "../../host-program/host.ts";

/** The one moment from which on a pool ends what is under way and begins nothing new. */
export class Cancellation {
  private readonly controller = new AbortController();

  constructor() {
    setMaxListeners(0, this.controller.signal);
  }

  /** Aborted from that moment on. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(reason: string): void {
    this.controller.abort(reason);
  }

  /** What to reject with. */
  error(host: string): Interrupted {
    return new Interrupted(host, String(this.signal.reason));
  }

  /** Throws {@link Interrupted} once it has begun. */
  check(host: string): void {
    if (this.signal.aborted) throw this.error(host);
  }

  /** Settles as `work` does, or rejects at once when cancelled; what `work` gives after that goes to `discard`. */
  async overtake<Result>(
    host: string,
    work: Promise<Result>,
    discard: (late: Result) => void = () => undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const stop = onAbort(this.signal, () => {
        reject(this.error(host));
        work.then(discard, () => undefined);
      });
      work.then(resolve, reject).finally(stop);
    });
  }
}

/** Calls `act` once `signal` is aborted, soon if it is; gives a function that takes that back. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  if (signal.aborted) queueMicrotask(act);
  else signal.addEventListener("abort", act, { once: true });
  return () => {
    signal.removeEventListener("abort", act);
  };
}
