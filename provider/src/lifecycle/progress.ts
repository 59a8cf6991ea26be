import { StepFailed, type AskOptions, type Host } from "../host-program/host.ts";
import type { Answer, Request } from "../host-program/wire.ts";

interface Asked {
  readonly host: Host;
  /** "guest web-0" */
  readonly label: string;
  /** What a step of the request does, for errors and for whoever waits: "making file /etc/x". */
  readonly words: (step: number) => string;
  readonly log?: (line: string) => void;
  /** When a wait that goes on over several requests began, by performance.now(), and how long it may take. */
  readonly since?: number;
  readonly seconds?: number;
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
    throw error instanceof StepFailed ? inWords(asked, error) : error;
  } finally {
    clearInterval(heartbeat);
  }
}

function inWords({ host, label, words }: Asked, failure: StepFailed): Error {
  const { how, step } = failure;
  const said = failure.message.slice(`${host.name}: `.length);
  const during = step < 0 ? "" : ` while ${words(step)}`;
  const problem = how === "overdue" ? `did not end in time${during}` : `failed${during}`;
  return new Error(`${host.name}: ${label} ${problem}: ${said}`, { cause: failure });
}

/** What a person is told while a request runs. */
class Talk {
  private readonly asked: Asked;
  private readonly limit: number | undefined;
  private readonly began: number;
  private at = "waiting for the host";
  private last = "";
  private saidAt: number;
  private saidLast = "";
  private quiet = quietMilliseconds;

  constructor(asked: Asked, limit: number | undefined) {
    this.asked = asked;
    this.limit = asked.seconds ?? limit;
    this.began = asked.since ?? performance.now();
    this.saidAt = this.began;
  }

  step(index: number): void {
    [this.at, this.last] = [this.asked.words(index), ""];
  }

  line(line: string): void {
    this.last = line.trim();
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
