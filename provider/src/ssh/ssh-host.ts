import { Readable } from "node:stream";
import { type CommandResult, type Host, HostUnreachable, type RunOptions } from "../host-program/host.ts";
import type { Script } from "../host/script.ts";
import { ConnectionLost } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { Cancellation } from "./cancellation.ts";
import { variableIn } from "../inventory/fields.ts";
import type { InventoryHost } from "../inventory/host.ts";
import type { Lease } from "./link.ts";
import type { Limits } from "./pool-options.ts";
import { commandLine } from "./remote-shell.ts";

/** What a host needs of its pool. */
export interface HostContext {
  readonly limits: Limits;
  readonly cancellation: Cancellation;
  readonly entry: () => InventoryHost;
  readonly acquire: (entry: InventoryHost) => Promise<Lease>;
  readonly closed: () => boolean;
  readonly finished: (run: {
    readonly ms: number;
    readonly exitCode: number;
    readonly bytes: number;
  }) => void;
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

  async run(script: Script, options: RunOptions = {}): Promise<CommandResult> {
    const { stdin } = options;
    if (stdin instanceof Readable) stdin.on("error", () => undefined);
    try {
      return await this.runRepeatedly(script, options);
    } finally {
      if (stdin instanceof Readable) stdin.destroy();
    }
  }

  private async runRepeatedly(script: Script, options: RunOptions): Promise<CommandResult> {
    for (let repeats = 0; ; repeats++) {
      try {
        return await this.runOnce(script, options);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.context.cancellation.check(this.name);
        const again = mayRepeat(error, options) && repeats < maxRepeats && !this.context.closed();
        if (!again) throw new HostUnreachable(this.name, lostMessage(error, repeats), { cause: error });
      }
    }
  }

  private async runOnce(script: Script, options: RunOptions): Promise<CommandResult> {
    const { limits, cancellation, entry: find, acquire, finished } = this.context;
    cancellation.check(this.name);
    const entry = find();
    const password = this.password(entry);
    const lease = await cancellation.overtake(this.name, acquire(entry), (late) => {
      late.release();
    });
    try {
      const began = performance.now();
      const starting = lease.connection.execute(commandLine(entry));
      const started = await cancellation.overtake(this.name, starting, ({ channel }) => {
        channel.close();
      });
      const exchange = new Exchange(started, {
        ...{ entry, limits, cancellation, script: script.text, options },
        timeoutSeconds: options.timeoutSeconds ?? limits.scriptSeconds,
        ...(password !== undefined && { password }),
      });
      const result = await exchange.result();
      const ms = Math.round(performance.now() - began);
      finished({ ms, exitCode: result.exitCode, bytes: Buffer.byteLength(script.text) });
      return result;
    } finally {
      lease.release();
    }
  }

  private password({ become, sudoPasswordEnv, user }: InventoryHost): string | undefined {
    if (become === "none" || sudoPasswordEnv === undefined) return undefined;
    const password = this.context.limits.environment[sudoPasswordEnv];
    if (password !== undefined) return password;
    const advice = `set it to the password of ${user} for sudo`;
    const variable = variableIn("sudoPasswordEnv", sudoPasswordEnv);
    throw new HostUnreachable(this.name, `the environment variable ${variable} is not set; ${advice}`);
  }
}

/** A script that was not sent may always be sent again; one that was, only if it says so and what it read can be read again. */
function mayRepeat(lost: ConnectionLost, { repeatable, stdin }: RunOptions): boolean {
  return !lost.running || (repeatable === true && !(stdin instanceof Readable));
}

function lostMessage({ running }: ConnectionLost, repeats: number): string {
  const again = repeats > 0 ? ` ${repeats + 1} times` : "";
  return running
    ? `the connection was lost${again} while running; the script may or may not have finished; run again`
    : `the connection was lost${again} before the script was started; run again`;
}
