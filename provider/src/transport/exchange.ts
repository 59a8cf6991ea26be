import { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { type CommandResult, HostUnreachable, type RunOptions } from "../host/host.ts";
import type { Started } from "./connection.ts";
import { ConnectionLost, ScriptAborted } from "./errors.ts";
import type { InventoryHost } from "./inventory-host.ts";
import { LastBytes, Lines, MarkedOutput } from "./output.ts";
import { becomeProblem } from "./become-problem.ts";
import { newMark, passwordPrompt, preamble, readyMark } from "./remote-shell.ts";

/** What an {@link Exchange} needs to know. */
export interface ExchangeSettings {
  readonly entry: InventoryHost;
  readonly script: string;
  readonly options: RunOptions;
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
  /** After a script's end, how long its output may be silent before whoever still holds it open is left behind. */
  readonly lingerSeconds: number;
  /** For sudo -S. */
  readonly password?: string;
}

const keptErrorBytes = 256 * 1024;
const longestTimerMs = 2 ** 31 - 1;

/** One script on one channel: what is sent, what comes back, and how it ends. */
export class Exchange {
  private readonly started: Started;
  private readonly settings: ExchangeSettings;
  private readonly mark = newMark();
  private readonly markedOutput = new MarkedOutput(this.mark);
  private readonly markedErrors = new MarkedOutput(this.mark);
  private readonly output: Buffer[] = [];
  private outputBytes = 0;
  private readonly errors = new LastBytes(keptErrorBytes);
  private readonly lines: Lines;
  private lastLine = "";
  private sent = false;
  private passwordSent = false;
  private ended = false;
  private limitTimer: NodeJS.Timeout | undefined;
  private lingerTimer: NodeJS.Timeout | undefined;
  private resolve: (result: CommandResult) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(started: Started, settings: ExchangeSettings) {
    this.started = started;
    this.settings = settings;
    this.lines = new Lines((line) => {
      if (line.trim() !== "") this.lastLine = line;
      settings.options.onProgress?.(line);
    });
  }

  /** The script's result; rejects with HostUnreachable, ScriptAborted or ConnectionLost. */
  async result(): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.listen();
      if (this.settings.password === undefined) this.send();
    });
  }

  private get channel(): ClientChannel {
    return this.started.channel;
  }

  private get exitCode(): number | undefined {
    return this.started.exitCode();
  }

  private listen(): void {
    const { channel, settings } = this;
    channel.on("data", (chunk: Buffer) => {
      this.guard(() => {
        this.takeOutput(chunk);
      });
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      this.guard(() => {
        this.takeErrors(chunk);
      });
    });
    channel.on("exit", () => {
      this.linger();
    });
    channel.on("error", () => undefined);
    channel.on("close", () => {
      this.guard(() => {
        this.closed();
      });
    });
    this.limitTimer = setTimeout(
      () => {
        this.timedOut();
      },
      Math.min(settings.timeoutSeconds * 1000, longestTimerMs),
    );
  }

  private takeOutput(chunk: Buffer): void {
    const own = this.markedOutput.push(chunk);
    this.linger();
    if (!this.sent && this.markedOutput.greeting.endsWith(readyMark)) this.send();
    this.outputBytes += own.length;
    if (this.outputBytes <= this.settings.maxOutputBytes) this.output.push(own);
    else
      this.abort(`the script wrote more than ${this.settings.maxOutputBytes} bytes to its standard output`);
  }

  private takeErrors(chunk: Buffer): void {
    const own = this.markedErrors.push(chunk);
    this.linger();
    if (!this.sent) this.answerPrompt();
    this.errors.push(own);
    this.lines.push(own);
  }

  private answerPrompt(): void {
    const prompts = this.markedErrors.greeting.split(passwordPrompt).length - 1;
    if (prompts === 0) return;
    if (this.passwordSent && prompts === 1) return;
    if (this.passwordSent) this.fail(this.refused("sudo refuses the password"));
    else this.channel.write(`${this.settings.password ?? ""}\n`);
    this.passwordSent = true;
  }

  private send(): void {
    const { script, options, timeoutSeconds } = this.settings;
    this.sent = true;
    this.channel.write(preamble(script, this.mark, timeoutSeconds + 10));
    const { stdin } = options;
    if (stdin instanceof Readable) void this.pump(stdin);
    else this.channel.end(stdin);
  }

  private async pump(source: Readable): Promise<void> {
    try {
      for await (const chunk of source) {
        if (this.ended) return;
        if (!this.channel.write(chunk as string | Uint8Array)) await this.drained();
      }
      if (!this.ended) this.channel.end();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.abort(`what the script reads could not be read here: ${reason}`, error);
    }
  }

  private async drained(): Promise<void> {
    const { channel } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        channel.off("drain", done).off("close", done);
        resolve();
      };
      channel.on("drain", done).on("close", done);
      if (this.ended) done();
    });
  }

  private closed(): void {
    const { exitCode } = this;
    if (exitCode === undefined) this.fail(new ConnectionLost(true));
    else if (!this.markedOutput.started) this.fail(this.refused(`the script was not started`));
    else this.succeed(exitCode);
  }

  private succeed(exitCode: number): void {
    this.lines.end();
    this.stop();
    this.resolve({
      exitCode,
      stdout: Buffer.concat(this.output).toString("utf8"),
      stderr: this.errors.text(),
    });
  }

  private refused(problem: string): Error {
    const { entry } = this.settings;
    const said = this.markedErrors.greeting + this.markedOutput.greeting;
    return new HostUnreachable(entry.name, becomeProblem(entry, { problem, said, exitCode: this.exitCode }));
  }

  private timedOut(): void {
    const { timeoutSeconds } = this.settings;
    const said =
      this.lastLine === "" ? "it wrote nothing to standard error" : `its last words: ${this.lastLine}`;
    const state = this.markedOutput.started ? "did not end" : "did not start";
    this.abort(`the script ${state} within ${timeoutSeconds} seconds and was ended; ${said}`);
  }

  private abort(problem: string, cause?: unknown): void {
    this.fail(new ScriptAborted(this.settings.entry.name, problem, { cause }));
  }

  private fail(error: Error): void {
    if (this.ended) return;
    this.stop();
    this.channel.signal("TERM");
    this.channel.close();
    this.reject(error);
  }

  private stop(): void {
    this.ended = true;
    clearTimeout(this.limitTimer);
    clearTimeout(this.lingerTimer);
    const { stdin } = this.settings.options;
    if (stdin instanceof Readable) stdin.destroy();
  }

  /** Once the script has ended, give its last output a while to come, then close. */
  private linger(): void {
    if (this.exitCode === undefined) return;
    clearTimeout(this.lingerTimer);
    this.lingerTimer = setTimeout(() => {
      this.channel.close();
      this.guard(() => {
        this.closed();
      });
    }, this.settings.lingerSeconds * 1000);
  }

  /** Nothing counts once the result is known; an error of a caller's onProgress ends the script rather than the process. */
  private guard(act: () => void): void {
    if (this.ended) return;
    try {
      act();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
