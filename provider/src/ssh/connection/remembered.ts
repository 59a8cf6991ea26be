import { HostUnreachable } from "../../host-program/host.ts";

/** What could not be done, and when (performance.now) that was found. */
export interface Failure {
  readonly error: unknown;
  readonly at: number;
}

/** Throws what was found about a host not longer than `seconds` ago, and says how long ago that was. */
export function throwRemembered(name: string, failure: Failure | undefined, seconds: number): void {
  if (!(failure?.error instanceof HostUnreachable)) return;
  const ago = (performance.now() - failure.at) / 1000;
  if (ago >= seconds) return;
  const problem = failure.error.message.slice(`${name}: `.length);
  const age = `that was ${Math.floor(ago)} s ago, and is tried again after ${seconds} s`;
  throw new HostUnreachable(name, `${problem}; ${age}`, { cause: failure.error });
}
