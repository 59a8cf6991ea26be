import { constants } from "node:os";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { HostUnreachable } from "../host/host.ts";
import { ChannelSlots } from "./channel-slots.ts";
import { ConnectionLost } from "./errors.ts";
import { Lifeline } from "./lifeline.ts";

interface ConnectionSettings {
  readonly host: string;
  readonly client: Client;
  readonly socket: Duplex;
  readonly maxChannels: number;
  /** How long a server may refuse every channel before that is an error. */
  readonly refusalSeconds: number;
  readonly keepaliveSeconds: number;
}

/** What runs no longer than this goes without a lifeline. */
const shortMs = 2000;

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
  private readonly slots: ChannelSlots;
  private readonly refusalSeconds: number;
  /** There is none where only one session is to be had. */
  private readonly lifeline: Lifeline | undefined;
  private open = true;
  /** Fulfilled when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;

  constructor({ host, client, socket, maxChannels, ...limits }: ConnectionSettings) {
    this.host = host;
    this.client = client;
    this.socket = socket;
    this.slots = new ChannelSlots(maxChannels);
    this.refusalSeconds = limits.refusalSeconds;
    this.lifeline = maxChannels > 1 ? new Lifeline(client, limits.keepaliveSeconds) : undefined;
    let cause: Error | undefined;
    client.on("error", (error) => {
      cause = error;
    });
    this.ended = new Promise((resolve) => {
      client.once("close", () => {
        this.open = false;
        this.slots.close(new ConnectionLost(false, { cause }));
        resolve();
      });
    });
  }

  /** False once it has ended. */
  get usable(): boolean {
    return this.open;
  }

  /** A channel on which `command` has been started; its slot is given back when the channel closes. */
  async execute(command: string): Promise<Started> {
    const refusals = new Refusals(this.refusalSeconds);
    for (let again = false; ; again = true) {
      await this.slots.take(again);
      try {
        return await this.start(command);
      } catch (error) {
        if (isRefusal(error) && this.makeRoom()) continue;
        if (!isRefusal(error) || refusals.tooLong()) {
          this.slots.free();
          throw this.explain(error);
        }
        await refusals.pause();
        this.slots.free(false);
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

  /** Sends everybody away who waits to begin something, now and later. */
  finish(): void {
    this.slots.close(new ConnectionLost(false));
  }

  /** Ends the connection, and with it everything that still runs on it. */
  async close(): Promise<void> {
    this.open = false;
    this.client.end();
    const timer = setTimeout(() => this.socket.destroy(), 1000);
    await this.ended;
    clearTimeout(timer);
  }

  /** Whether another attempt may work, with the lifeline's session or later with one of those that others have. */
  private makeRoom(): boolean {
    if (this.lifeline?.end() !== true) return this.slots.lower();
    this.slots.free(false);
    return true;
  }

  private async start(command: string): Promise<Started> {
    if (!this.open) throw new ConnectionLost(false);
    return new Promise((resolve, reject) => {
      this.client.exec(command, (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        const timer = setTimeout(() => this.lifeline?.begin(), shortMs).unref();
        channel.once("close", () => {
          clearTimeout(timer);
          this.slots.free();
        });
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

  /** It no longer works, though it has not ended yet: nobody may wait for it. */
  private abandon(): void {
    this.open = false;
    this.socket.destroy();
  }
}

/** Whether the server declined one more channel, as opposed to anything else that can go wrong with one. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.includes("Channel open failure") && "reason" in error;
}

/** How long a server has refused every channel, though none was open: that of a script just ended may still count there. */
class Refusals {
  private readonly limitMs: number;
  private since: number | undefined;
  private waitMs = 10;

  constructor(limitSeconds: number) {
    this.limitMs = limitSeconds * 1000;
  }

  tooLong(): boolean {
    this.since ??= Date.now();
    return Date.now() - this.since > this.limitMs;
  }

  async pause(): Promise<void> {
    await delay(this.waitMs);
    this.waitMs = Math.min(this.waitMs * 2, 500);
  }
}

function signalNumber(signal: string | undefined): number {
  return (constants.signals as Record<string, number>)[`SIG${(signal ?? "").replace(/^SIG/, "")}`] ?? 0;
}
