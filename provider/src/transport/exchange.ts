import { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { type CommandResult, HostUnreachable } from "../host/host.ts";
import type { Started } from "./connection.ts";
import type { ExchangeSettings } from "./exchange-settings.ts";
import { ConnectionLost, ScriptAborted } from "./errors.ts";
import { becomeProblem } from "./become-problem.ts";
import { feed } from "./feed.ts";
import { onAbort } from "./interruption.ts";
import { LastWords } from "./last-words.ts";
import { LastBytes, Lines, MarkedOutput } from "./output.ts";
import { newMark, passwordPrompt, preamble, readyMark } from "./remote-shell.ts";

const keptErrorBytes = 256 * 1024;
const longestTimerMs = 2 ** 31 - 1;
/** What `timeout` exits with after it ended a script by TERM, or had to use KILL. */
const overdueCodes: readonly (number | undefined)[] = [124, 137];

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
  private readonly words = new LastWords();
  private sentAt = Infinity;
  private passwordSent = false;
  private ended = false;
  private stopListening: () => void = () => undefined;
  private limitTimer: NodeJS.Timeout | undefined;
  private lingerTimer: NodeJS.Timeout | undefined;
  private resolve: (result: CommandResult) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(started: Started, settings: ExchangeSettings) {
    this.started = started;
    this.settings = settings;
    this.lines = new Lines((line) => {
      this.words.take(line, this.overdue);
      settings.options.onProgress?.(line);
    });
  }

  /** The script's result; rejects with HostUnreachable, ScriptAborted, ConnectionLost or Interrupted. */
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

  private get sent(): boolean {
    return this.sentAt !== Infinity;
  }

  /** Whether the host may have ended the script, for it began after it was sent. */
  private get overdue(): boolean {
    return performance.now() - this.sentAt >= this.settings.timeoutSeconds * 1000;
  }

  private listen(): void {
    const { channel } = this;
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
    // The host ends it at its limit and lets it say what it was at; this is for one that does not.
    const { timeoutSeconds, limits } = this.settings;
    const lastMs = (timeoutSeconds + limits.graceSeconds) * 1000;
    this.limitTimer = setTimeout(
      () => {
        this.timedOut();
      },
      Math.min(lastMs, longestTimerMs),
    );
    const { interruption, entry } = this.settings;
    this.stopListening = onAbort(interruption.signal, () => {
      this.fail(interruption.error(entry.name, this.words.doing));
    });
  }

  private takeOutput(chunk: Buffer): void {
    const own = this.markedOutput.push(chunk);
    this.linger();
    if (!this.sent && this.markedOutput.greeting.endsWith(readyMark)) this.send();
    this.outputBytes += own.length;
    const { maxOutputBytes } = this.settings.limits;
    if (this.outputBytes <= maxOutputBytes) this.output.push(own);
    else this.abort(`the script wrote more than ${maxOutputBytes} bytes to its standard output`);
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
    this.sentAt = performance.now();
    this.channel.write(preamble(script, this.mark, timeoutSeconds));
    const { stdin } = options;
    if (!(stdin instanceof Readable)) this.channel.end(stdin);
    else
      feed(this.channel, stdin, () => this.ended).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.abort(`what the script reads could not be read here: ${reason}`, error);
      });
  }

  private closed(): void {
    const { exitCode } = this;
    this.lines.end();
    if (exitCode === undefined) this.fail(new ConnectionLost(true));
    else if (!this.markedOutput.started) this.fail(this.refused(`the script was not started`));
    else if (this.overdue && overdueCodes.includes(exitCode)) this.timedOut();
    else this.succeed(exitCode);
  }

  private succeed(exitCode: number): void {
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
    const { doing, said } = this.words;
    const state = this.markedOutput.started ? "did not end" : "did not start";
    this.abort(
      `the script ${state} within ${timeoutSeconds} seconds and was ended${doing && ` ${doing}`}; ${said}`,
    );
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
    this.stopListening();
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
    }, this.settings.limits.lingerSeconds * 1000);
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
