import type { Readable } from "node:stream";
import type { Answer, Request } from "./wire.ts";

/** What a resource may do to one machine: have the program on it do the steps of a request, as root. */
export interface Host {
  /** The name that the inventory gives it. */
  readonly name: string;
  /** Rejects with {@link HostUnreachable}, {@link Interrupted} or {@link StepFailed}. */
  ask(request: Request, options?: AskOptions): Promise<Answer>;
}

export interface AskOptions {
  /** What the step with `payload` reads; called when it is sent, which can be more than once where the request is repeatable. */
  readonly payload?: () => Readable;
  /** Ends the request after this long; without it the host's own limit counts. */
  readonly timeoutSeconds?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** It may safely be done twice, so a connection that drops half-way is dialled again and the request repeated. */
  readonly repeatable?: boolean;
}

/** How far a request is: a step has begun, something is to be told to whoever waits, a command that runs in it wrote a line. */
export type Progress = { readonly step: number } | { readonly say: string } | { readonly line: string };

/** A step of a request failed, could not find out what is there, or took too long. */
export class StepFailed extends Error {
  override readonly name = "StepFailed";
  readonly host: string;
  /** Of the request's steps; -1 before the first. */
  readonly step: number;
  readonly how: "failed" | "unknown" | "overdue" | "busy" | "cancelled";
  constructor(failure: { host: string; step: number; how: StepFailed["how"]; message: string }) {
    super(`${failure.host}: ${failure.message}`);
    this.host = failure.host;
    this.step = failure.step;
    this.how = failure.how;
  }
}

/** The host could not be reached, refused us, or is not the one that was pinned. Never means "it is gone". */
export class HostUnreachable extends Error {
  override readonly name = "HostUnreachable";
  readonly host: string;
  constructor(host: string, problem: string, options?: ErrorOptions) {
    super(`${host}: ${problem}`, options);
    this.host = host;
  }
}

/** What was under way on a host was ended because somebody asked for it. Running it again goes on from what is there. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly host: string;
  readonly reason: string;
  constructor(host: string, reason: string, doing = "") {
    super(`${host}: interrupted${doing && ` ${doing}`}: ${reason}`);
    this.host = host;
    this.reason = reason;
  }
}
