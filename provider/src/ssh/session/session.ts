import { randomUUID } from "node:crypto";
import { type AskOptions, HostUnreachable } from "../../host-program/host.ts";
import { type Answer, type Hello, Message, type Order, type Request } from "../../host-program/wire.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import { type Cancellation, onAbort } from "../connection/cancellation.ts";
import { ConnectionLost } from "../connection/errors.ts";
import type { Limits } from "../pool-options.ts";
import { badAnswer } from "./bad-answer.ts";
import { type Command, isReady } from "./command.ts";
import { Heartbeat } from "./heartbeat.ts";
import { jsonOf, readHello } from "./hello.ts";
import { Lines, MarkedOutput } from "./output.ts";
import { Permits } from "./permits.ts";
import { endOf, notStarted } from "./session-end.ts";
import { UnderWay } from "./under-way.ts";

const partingMs = 1000;

interface SessionSettings {
  readonly entry: InventoryHost;
  readonly limits: Limits;
  readonly cancellation: Cancellation;
  /** Ends the connection, which no longer works. */
  readonly abandon: () => void;
}

/** The host program at work at the other end of a connection, for all who ask that host something. */
export class Session {
  private readonly command: Command;
  private readonly settings: SessionSettings;
  private readonly marked: MarkedOutput;
  private readonly mark = `torocloud-${randomUUID()}`;
  private readonly lines: Lines;
  private readonly permits: Permits;
  private readonly underWay = new Map<number, UnderWay>();
  private readonly startTimer: NodeJS.Timeout;
  private readonly stopListening: () => void;
  private heartbeat: Heartbeat | undefined;
  private lastId = 0;
  private sent = false;
  private over: Error | undefined;
  private resolve: (hello: Hello) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  /** Once the program has begun; rejects with HostUnreachable, ConnectionLost, Interrupted, NoPython or NotStarted. */
  readonly ready: Promise<Hello>;

  constructor(command: Command, settings: SessionSettings) {
    const { limits, cancellation, entry } = settings;
    this.command = command;
    this.settings = settings;
    this.marked = new MarkedOutput(this.mark);
    this.permits = new Permits(limits.maxRequests);
    this.lines = new Lines((line) => {
      this.takeLine(line);
    });
    this.ready = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.startTimer = setTimeout(() => {
      this.fail(this.unreachable(`the host program did not start within ${limits.startSeconds} seconds`));
    }, limits.startSeconds * 1000).unref();
    this.stopListening = onAbort(cancellation.signal, () => {
      this.part(cancellation.error(entry.name));
    });
    this.listen();
    if (!command.asks) this.open();
  }

  /** False once it has ended. */
  get usable(): boolean {
    return this.over === undefined;
  }

  /** What the host answers; rejects with StepFailed, HostUnreachable, ConnectionLost or Interrupted. */
  async ask(request: Request, options: AskOptions): Promise<Answer> {
    await this.permits.take();
    try {
      return await this.askNow(request, options);
    } finally {
      this.permits.giveBack();
    }
  }

  private async askNow(request: Request, options: AskOptions): Promise<Answer> {
    if (this.over !== undefined) throw this.over;
    const { entry, limits } = this.settings;
    this.lastId += 1;
    const id = this.lastId;
    const one = new UnderWay({
      ...{ host: entry.name, id, request, options, graceSeconds: limits.graceSeconds },
      limitSeconds: options.timeoutSeconds ?? limits.requestSeconds,
      send: async (order) => this.send(order),
    });
    this.underWay.set(id, one);
    one.begin();
    return one.answer.finally(() => this.underWay.delete(id));
  }

  private listen(): void {
    this.command.listen({
      output: (chunk) => {
        this.takeOutput(chunk);
      },
      closed: () => {
        this.fail(this.closedError());
      },
      failed: (error) => {
        this.fail(error instanceof Error ? error : new Error(String(error)));
      },
      refused: () => {
        this.fail(this.notStarted("sudo refuses the password"));
      },
    });
  }

  /** Sends the program, and what it must know to begin. */
  private open(): void {
    const { program, keepaliveSeconds: heartbeatSeconds } = this.settings.limits;
    const { bytes } = program();
    this.sent = true;
    const start = `${JSON.stringify({ mark: this.mark, heartbeatSeconds })}\n`;
    this.command.channel.write(Buffer.concat([Buffer.from(`${bytes.length}\n`), bytes, Buffer.from(start)]));
  }

  private takeOutput(chunk: Buffer): void {
    this.heartbeat?.sign();
    const own = this.marked.push(chunk);
    if (!this.sent && isReady(this.marked.greeting)) this.open();
    this.lines.push(own);
    const { maxAnswerBytes } = this.settings.limits;
    if (this.lines.unfinishedBytes > maxAnswerBytes)
      this.fail(this.unreachable(`an answer has more than ${maxAnswerBytes} bytes`));
  }

  private takeLine(line: string): void {
    if (this.over !== undefined) return;
    if (this.heartbeat !== undefined) this.takeMessage(line);
    else this.begin(readHello(this.settings.entry.name, line, this.settings.limits.program().digest));
  }

  private begin(hello: Hello): void {
    clearTimeout(this.startTimer);
    let pings = 0;
    this.heartbeat = new Heartbeat(this.settings.limits.keepaliveSeconds, {
      ask: () => void this.send({ ping: (pings += 1) }),
      lost: () => {
        this.fail(new ConnectionLost(true));
        this.settings.abandon();
      },
    });
    this.resolve(hello);
  }

  private takeMessage(line: string): void {
    const { success, data: message } = Message.safeParse(jsonOf(line));
    if (!success) throw badAnswer(this.settings.entry.name, line);
    if ("pong" in message) return;
    if (message.id < 0)
      throw this.unreachable("the host program does not understand what it was asked; run again");
    if (this.underWay.get(message.id)?.take(message) === false)
      throw badAnswer(this.settings.entry.name, line);
  }

  /** Resolves once more may be sent. */
  private async send(order: Order): Promise<void> {
    const { channel } = this.command;
    if (this.over !== undefined || channel.write(`${JSON.stringify(order)}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        channel.off("drain", done).off("close", done);
        resolve();
      };
      channel.on("drain", done).on("close", done);
    });
  }

  /** Ends all that is under way, on the host too, and then itself. */
  private part(error: Error): void {
    for (const one of this.underWay.values()) one.cancel(error);
    this.command.channel.end();
    setTimeout(() => {
      this.command.close();
    }, partingMs).unref();
    this.end(error);
  }

  private fail(error: Error): void {
    if (this.over !== undefined) return;
    this.command.close();
    this.end(error);
  }

  private end(error: Error): void {
    if (this.over !== undefined) return;
    // What has not been sent may be sent to another; what has may have been done.
    const unsent = error instanceof ConnectionLost ? new ConnectionLost(false, { cause: error }) : error;
    this.over = unsent;
    clearTimeout(this.startTimer);
    this.heartbeat?.stop();
    this.stopListening();
    this.permits.close(unsent);
    for (const one of this.underWay.values()) one.fail(error);
    this.reject(unsent);
  }

  private closedError(): Error {
    const { exitCode, said } = this.command;
    if (exitCode === undefined) return new ConnectionLost(true);
    if (this.heartbeat === undefined) return this.notStarted("the host program was not started");
    return new ConnectionLost(true, { problem: endOf(exitCode, said) });
  }

  private notStarted(problem: string): Error {
    const { exitCode, said } = this.command;
    return notStarted(this.settings.entry, { problem, exitCode, said, greeting: this.marked.greeting });
  }

  private unreachable(problem: string): HostUnreachable {
    return new HostUnreachable(this.settings.entry.name, problem);
  }
}
