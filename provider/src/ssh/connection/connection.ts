import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { HostUnreachable } from "../../host-program/host.ts";
import { ConnectionLost } from "./errors.ts";

interface ConnectionSettings {
  readonly host: string;
  readonly client: Client;
  readonly socket: Duplex;
  /** How long a server may refuse every session before that is an error. */
  readonly refusalSeconds: number;
}

/** Where a stream through a host leads, and how long that host may take to connect it. */
interface Target {
  readonly address: string;
  readonly port: number;
  readonly limitSeconds: number;
}

/** A command on its channel. */
export interface Started {
  readonly channel: ClientChannel;
  /** Once it has ended; 128 + n after signal n. It may end before anybody could listen for that. */
  exitCode(): number | undefined;
}

/** One authenticated SSH connection, shared by everything that is done on its host. */
export class Connection {
  private readonly host: string;
  private readonly client: Client;
  private readonly socket: Duplex;
  private readonly refusalSeconds: number;
  private open = true;
  /** Fulfilled when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;

  constructor({ host, client, socket, refusalSeconds }: ConnectionSettings) {
    this.host = host;
    this.client = client;
    this.socket = socket;
    this.refusalSeconds = refusalSeconds;
    client.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      client.once("close", () => {
        this.open = false;
        resolve();
      });
    });
  }

  /** False once it has ended. */
  get usable(): boolean {
    return this.open;
  }

  /** A channel on which `command` has been started; rejects with ConnectionLost or HostUnreachable. */
  async execute(command: string): Promise<Started> {
    const refusals = new Refusals(this.refusalSeconds);
    for (;;) {
      try {
        return await this.start(command);
      } catch (error) {
        if (!isRefusal(error) || refusals.tooLong()) throw this.explain(error);
        await refusals.pause();
      }
    }
  }

  /** A stream to an address and port as seen from this host. */
  async forward({ address, port, limitSeconds }: Target): Promise<Duplex> {
    if (!this.open) throw new ConnectionLost(false);
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(new Error(`no answer within ${limitSeconds} seconds`));
      }, limitSeconds * 1000);
      this.client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
        clearTimeout(timer);
        if (error !== undefined) reject(error);
        else if (late) channel.destroy();
        else resolve(channel);
      });
    });
  }

  /** Ends the connection, and with it everything that still runs on it. */
  async close(): Promise<void> {
    this.open = false;
    this.client.end();
    const timer = setTimeout(() => this.socket.destroy(), 1000);
    await this.ended;
    clearTimeout(timer);
  }

  /** It no longer works, though it has not ended yet: nobody may wait for it. */
  abandon(): void {
    this.open = false;
    this.socket.destroy();
  }

  private async start(command: string): Promise<Started> {
    if (!this.open) throw new ConnectionLost(false);
    return new Promise((resolve, reject) => {
      this.client.exec(command, (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        let exitCode: number | undefined;
        channel.once("exit", (code: number | null, signal?: string) => {
          exitCode = code ?? 128 + signalNumber(signal);
        });
        resolve({ channel, exitCode: () => exitCode });
      });
    });
  }

  private explain(error: unknown): Error {
    if (!this.open) return new ConnectionLost(false, { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    if (isRefusal(error))
      return this.unreachable("sshd opens no session; check MaxSessions in its sshd_config", error);
    if (reason.includes("Unable to exec"))
      return this.unreachable(
        "sshd runs no commands for this user; check the login shell, and restrictions of the key",
        error,
      );
    this.abandon();
    return new ConnectionLost(false, { cause: error });
  }

  private unreachable(problem: string, cause: unknown): HostUnreachable {
    return new HostUnreachable(this.host, problem, { cause });
  }
}

/** Whether the server declined one more channel, as opposed to anything else that can go wrong with one. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Channel open failure") && "reason" in error;
}

/** How long a server has refused a session, though we have none: one that has just ended may still count there. */
class Refusals {
  private readonly limitMs: number;
  private since: number | undefined;
  private waitMs = 10;

  constructor(limitSeconds: number) {
    this.limitMs = limitSeconds * 1000;
  }

  tooLong(): boolean {
    this.since ??= performance.now();
    return performance.now() - this.since > this.limitMs;
  }

  async pause(): Promise<void> {
    await delay(this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, 500);
  }
}

function signalNumber(signal: string | undefined): number {
  return (constants.signals as Record<string, number>)[`SIG${(signal ?? "").replace(/^SIG/, "")}`] ?? 0;
}
