import type { ClientChannel } from "ssh2";
import { readyLine } from "../../host-program/bundle.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import type { Started } from "../connection/connection.ts";
import { passwordPrompt } from "./command-line.ts";
import { LastBytes } from "./output.ts";

const keptErrorBytes = 64 * 1024;

interface CommandSettings {
  readonly entry: InventoryHost;
  readonly lingerSeconds: number;
  /** For sudo -S, which is given it when it asks, once. */
  readonly password?: string;
}

/** Who is told of what a command does; each may throw. */
export interface CommandEvents {
  readonly output: (chunk: Buffer) => void;
  /** Its channel has closed, or nothing more is to be expected on it. */
  readonly closed: () => void;
  readonly failed: (error: unknown) => void;
  /** sudo has asked a second time: the password was wrong. */
  readonly refused: () => void;
}

/** One of our constant commands on its channel, through sudo where the entry wants that. */
export class Command {
  readonly channel: ClientChannel;
  private readonly started: Started;
  private readonly settings: CommandSettings;
  private readonly errors = new LastBytes(keptErrorBytes);
  private passwordSent = false;
  private ended = false;
  private lingerTimer: NodeJS.Timeout | undefined;
  private events: CommandEvents | undefined;

  constructor(started: Started, settings: CommandSettings) {
    this.started = started;
    this.channel = started.channel;
    this.settings = settings;
  }

  /** From now on these are told. */
  listen(events: CommandEvents): void {
    this.events = events;
    const { channel } = this;
    channel.on("data", (chunk: Buffer) => {
      this.linger();
      this.tell(() => {
        this.events?.output(chunk);
      });
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      this.linger();
      this.tell(() => {
        this.takeErrors(chunk);
      });
    });
    channel.on("exit", () => {
      this.linger();
    });
    channel.on("error", () => undefined);
    channel.on("close", () => {
      this.finish();
    });
  }

  /** Others are told from now on. */
  handOver(events: CommandEvents): void {
    this.events = events;
  }

  /** Whether it is to be sent nothing before it says that it is ready, for sudo may want a password. */
  get asks(): boolean {
    return this.settings.password !== undefined;
  }

  /** The end of what stands on its standard error. */
  get said(): string {
    return this.errors.text();
  }

  get exitCode(): number | undefined {
    return this.started.exitCode();
  }

  /** Nobody is told of anything any more. */
  close(): void {
    this.ended = true;
    clearTimeout(this.lingerTimer);
    this.channel.close();
  }

  private takeErrors(chunk: Buffer): void {
    this.errors.push(chunk);
    if (!this.asks) return;
    const prompts = this.said.split(passwordPrompt).length - 1;
    if (prompts > 1) this.events?.refused();
    else if (prompts === 1 && !this.passwordSent) {
      this.passwordSent = true;
      this.channel.write(`${this.settings.password ?? ""}\n`);
    }
  }

  /** Once it has ended, give its last output a while to come: what it left behind may hold the channel open. */
  private linger(): void {
    if (this.exitCode === undefined || this.ended) return;
    clearTimeout(this.lingerTimer);
    this.lingerTimer = setTimeout(() => {
      this.channel.close();
      this.finish();
    }, this.settings.lingerSeconds * 1000);
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.lingerTimer);
    this.events?.closed();
  }

  private tell(act: () => void): void {
    if (this.ended) return;
    try {
      act();
    } catch (error) {
      this.events?.failed(error);
    }
  }
}

/** Whether what stands on standard output says that standard input is read. */
export function isReady(output: string): boolean {
  return output.includes(`${readyLine}\n`);
}
