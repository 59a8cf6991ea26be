import { type AskOptions, type Host, HostUnreachable } from "../host-program/host.ts";
import type { Answer, Request } from "../host-program/wire.ts";
import type { InventoryHost } from "../inventory/host.ts";
import type { Cancellation } from "./connection/cancellation.ts";
import { ConnectionLost } from "./connection/errors.ts";
import type { Lease } from "./connection/link.ts";
import type { Sessions } from "./session/sessions.ts";

/** What a host needs of its pool. */
export interface HostContext {
  readonly cancellation: Cancellation;
  readonly sessions: Sessions;
  readonly entry: () => InventoryHost;
  readonly acquire: (entry: InventoryHost) => Promise<Lease>;
  readonly closed: () => boolean;
  /** Told of each request, and gives what is to be told of its end. */
  readonly asked: (
    request: Request,
  ) => (end: { readonly answer: Answer } | { readonly error: unknown }) => void;
}

const maxRepeats = 2;

/** A host of an {@link SshPool}. */
export class SshHost implements Host {
  readonly name: string;
  private readonly context: HostContext;

  constructor(name: string, context: HostContext) {
    this.name = name;
    this.context = context;
  }

  async ask(request: Request, options: AskOptions = {}): Promise<Answer> {
    const ended = this.context.asked(request);
    try {
      const answer = await this.askRepeatedly(request, options);
      ended({ answer });
      return answer;
    } catch (error) {
      ended({ error });
      throw error;
    }
  }

  private async askRepeatedly(request: Request, options: AskOptions): Promise<Answer> {
    for (let repeats = 0; ; repeats++) {
      try {
        return await this.askOnce(request, options);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.context.cancellation.check(this.name);
        const may = !error.running || options.repeatable === true;
        if (!may || repeats >= maxRepeats || this.context.closed())
          throw new HostUnreachable(this.name, lostMessage(error, repeats), { cause: error });
      }
    }
  }

  private async askOnce(request: Request, options: AskOptions): Promise<Answer> {
    const { cancellation, sessions, entry: find, acquire } = this.context;
    cancellation.check(this.name);
    const entry = find();
    const lease = await cancellation.overtake(this.name, acquire(entry), (late) => {
      late.release();
    });
    try {
      const session = await cancellation.overtake(this.name, sessions.on(lease.connection, entry));
      return await session.ask(request, options);
    } finally {
      lease.release();
    }
  }
}

function lostMessage({ running, message }: ConnectionLost, repeats: number): string {
  const again = repeats > 0 ? ` ${repeats + 1} times` : "";
  return running
    ? `${message}${again} while running; what was under way may or may not have finished; run again`
    : `${message}${again} before anything was begun; run again`;
}
