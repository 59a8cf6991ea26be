import { Interrupted, StepFailed, type AskOptions, type Host } from "../host-program/host.ts";
import type { Answer, Request } from "../host-program/wire.ts";

interface Asked {
  readonly host: Host;
  /** "guest web-0" */
  readonly label: string;
  /** What a step of the request does, for errors and for whoever waits: "making file /etc/x". */
  readonly words: (step: number) => string;
  readonly log?: (line: string) => void;
  /** How long a step may take, where it is a wait, and when that began, by performance.now(), where it goes on with one. */
  readonly wait?: (step: number) => { readonly seconds: number; readonly since?: number } | undefined;
}

/** How long a person is left without a word, at first; what does not change is said ever more seldom. */
const quietMilliseconds = 5000;
const longestQuietMilliseconds = 60_000;

/**
 * Has a host do the steps of a request. What it says goes to the log; while it says nothing, what it is at, how long that takes,
 * and the last line of whatever runs in it. A step that fails is an error that names the host, the resource and the step.
 */
export async function ask(asked: Asked, request: Request, options: AskOptions = {}): Promise<Answer> {
  const talk = new Talk(asked, options.timeoutSeconds);
  const heartbeat = setInterval(() => {
    talk.beat();
  }, 1000);
  try {
    return await asked.host.ask(request, {
      ...options,
      onProgress: (progress) => {
        if ("step" in progress) talk.step(progress.step);
        else if ("say" in progress) talk.say(progress.say);
        else talk.line(progress.line);
      },
    });
  } catch (error) {
    throw talk.inWords(error);
  } finally {
    clearInterval(heartbeat);
  }
}

/** What a person is told while a request runs. */
class Talk {
  private readonly asked: Asked;
  private limit: number | undefined;
  private began = performance.now();
  private at = "waiting for the host";
  private last = "";
  private saidAt = this.began;
  private saidLast = "";
  private quiet = quietMilliseconds;

  constructor(asked: Asked, limit: number | undefined) {
    this.asked = asked;
    this.limit = limit;
  }

  step(index: number): void {
    [this.at, this.last] = [this.asked.words(index), ""];
    const wait = this.asked.wait?.(index);
    if (!wait) return;
    this.began = wait.since ?? performance.now();
    this.limit = wait.seconds;
  }

  line(line: string): void {
    this.last = line.trim();
  }

  /** The same error, with what the host was at, and where its time was over with what was said last. */
  inWords(error: unknown): unknown {
    const { host, label, words } = this.asked;
    if (error instanceof Interrupted) return new Interrupted(host.name, error.reason, `while ${this.at}`);
    if (!(error instanceof StepFailed)) return error;
    const { step, how } = error;
    const during = step < 0 ? "" : ` while ${words(step)}`;
    const said = error.message.slice(`${host.name}: `.length);
    const last = how === "overdue" && this.last ? `; it said last: ${this.last}` : "";
    return new Error(`${host.name}: ${label} failed${during}: ${said}${last}`, { cause: error });
  }

  say(text: string): void {
    this.asked.log?.(text);
    this.saidAt = performance.now();
  }

  beat(): void {
    const now = performance.now();
    const news = `${this.at} ${this.last}`;
    if (news !== this.saidLast) this.quiet = quietMilliseconds;
    if (now - this.saidAt < this.quiet) return;
    const seconds = String(Math.round((now - this.began) / 1000));
    const limit = this.limit === undefined ? "" : ` of at most ${String(this.limit)} s`;
    this.say(`${this.at}, ${seconds} s${limit}${this.last && `: ${this.last}`}`);
    this.saidLast = news;
    this.quiet = Math.min(this.quiet * 2, longestQuietMilliseconds);
  }
}
