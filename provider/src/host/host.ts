import type { Readable } from "node:stream";
import type { Script } from "./script.ts";

/** What a resource may do to one machine. SSH in production, a local shell or memory in tests. */
export interface Host {
  /** The name that the inventory gives it. */
  readonly name: string;
  /** Run a script as root with /bin/sh, once. Rejects with {@link HostUnreachable} or {@link Interrupted}, never for an exit code. */
  run(script: Script, options?: RunOptions): Promise<CommandResult>;
}

export interface RunOptions {
  /** What the script finds on its standard input; nothing when left out. A stream can be sent only once. */
  readonly stdin?: string | Uint8Array | Readable;
  /** Ends the script after this long; without it the host's own limit counts. */
  readonly timeoutSeconds?: number;
  /** Called with each line of standard error as it comes. */
  readonly onProgress?: (line: string) => void;
  /** The script may safely run twice, so a connection that drops half-way is dialled again and the script repeated. */
  readonly repeatable?: boolean;
}

export interface CommandResult {
  /** 0 to 255; 128 + n when a signal ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script ended with another code than 0. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly host: string;
  /** Without the standard output, which may be a key: an error travels far. */
  readonly result: Omit<CommandResult, "stdout">;
  constructor(failure: { host: string; doing: string; result: CommandResult }) {
    const { exitCode, stderr } = failure.result;
    const said = stderr
      .trim()
      .split("\n")
      .filter((line) => !/^[=@] /.test(line)) // progress
      .slice(-12)
      .join("\n");
    super(`${failure.host}: ${failure.doing} failed with exit code ${exitCode}${said && `:\n${said}`}`);
    this.host = failure.host;
    this.result = { exitCode, stderr };
  }
}

/** The host could not be reached, refused us, or is not the one that was pinned. Never means "the thing is gone". */
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
  constructor(host: string, reason: string, doing = "") {
    super(`${host}: interrupted${doing && ` ${doing}`}: ${reason}`);
    this.host = host;
  }
}

/** Run a script whose failure is an error, and give back its standard output. */
export async function must(
  host: Host,
  doing: string,
  script: Script,
  options: RunOptions = {},
): Promise<string> {
  const result = await host.run(script, options);
  if (result.exitCode !== 0) throw new CommandFailed({ host: host.name, doing, result });
  return result.stdout;
}
