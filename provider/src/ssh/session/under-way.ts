import { type AskOptions, type Progress, StepFailed } from "../../host-program/host.ts";
import type { Answer, Message, Order, Request, Step } from "../../host-program/wire.ts";
import { ConnectionLost } from "../connection/errors.ts";
import { Payload } from "./payload.ts";

const longestTimerMs = 2 ** 31 - 1;

interface Asking {
  readonly host: string;
  readonly id: number;
  readonly request: Request;
  readonly options: AskOptions;
  readonly limitSeconds: number;
  readonly graceSeconds: number;
  readonly send: (order: Order) => Promise<void>;
}

/** What comes back for one request. */
export type Reply = Exclude<Message, { pong: number }>;

/** A request that the host is at. */
export class UnderWay {
  private readonly asking: Asking;
  private readonly payload: Payload | undefined;
  private readonly timer: NodeJS.Timeout;
  private step = -1;
  private ended = false;
  private resolve: (answer: Answer) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  /** Rejects with StepFailed, or as `fail` says. */
  readonly answer: Promise<Answer>;

  constructor(asking: Asking) {
    this.asking = asking;
    const { id, options, send } = asking;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.payload =
      options.payload &&
      new Payload({
        ...{ id, send, open: options.payload },
        failed: (error) => {
          const reason = error instanceof Error ? error.message : String(error);
          this.giveUp("failed", `what is sent could not be read here: ${reason}`);
        },
      });
    // The host ends it at its limit; this is for one that does not.
    const lastMs = (asking.limitSeconds + asking.graceSeconds) * 1000;
    const overdue = (): void => {
      this.giveUp("overdue", `the request did not end within ${asking.limitSeconds} seconds`);
    };
    this.timer = setTimeout(overdue, Math.min(lastMs, longestTimerMs)).unref();
  }

  begin(): void {
    const { id, request, limitSeconds: limit } = this.asking;
    const steps = request.steps.map(sent);
    void this.asking.send({ id, limit, ...request, steps });
  }

  /** Something came for it; an error that is thrown by who is told of progress ends it. False when it is no answer to it. */
  take(reply: Reply): boolean {
    if (this.ended) return true;
    try {
      return this.takeReply(reply);
    } catch (error) {
      this.cancel(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
  }

  /** Ends it here, for this reason. */
  fail(error: Error): void {
    if (this.ended) return;
    this.end();
    this.reject(error);
  }

  /** Ends it here for this reason, and on the host. */
  cancel(error: Error): void {
    if (this.ended) return;
    this.fail(error);
    void this.asking.send({ cancel: this.asking.id });
  }

  private takeReply(reply: Reply): boolean {
    if ("results" in reply) return this.finish(reply);
    if ("failed" in reply) this.fail(this.failure(reply));
    else if ("want" in reply) this.payload?.wanted(reply.want);
    else this.tell(reply);
    return true;
  }

  private tell(progress: Extract<Reply, Progress & { id: number }>): void {
    const { onProgress } = this.asking.options;
    if ("step" in progress) {
      this.step = progress.step;
      onProgress?.({ step: progress.step });
    } else if ("say" in progress) onProgress?.({ say: progress.say });
    else onProgress?.({ line: progress.line });
  }

  private finish({ results, stopped }: Extract<Reply, { results: unknown }>): boolean {
    const { steps } = this.asking.request;
    const done = stopped === undefined ? steps.length : stopped + 1;
    if (results.length !== done || done > steps.length) return false;
    this.end();
    this.resolve(stopped === undefined ? { results } : { results, stopped });
    return true;
  }

  private failure({ failed, message, step }: Extract<Reply, { failed: unknown }>): Error {
    if (failed !== "cancelled") return this.stepFailed(failed, message, step);
    return new ConnectionLost(true, { problem: "the host program was told to end" });
  }

  private giveUp(how: StepFailed["how"], message: string): void {
    this.cancel(this.stepFailed(how, message, this.step));
  }

  private stepFailed(how: StepFailed["how"], message: string, step: number): StepFailed {
    return new StepFailed({ host: this.asking.host, step, how, message });
  }

  private end(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.payload?.end();
  }
}

/** A step as the host is told it. */
function sent(step: Step): Step {
  return Object.fromEntries(Object.entries(step).filter(([field]) => field !== "secret")) as Step;
}
