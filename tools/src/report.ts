const progressEveryMs = 15_000;

/** Where lines for the user go: stderr, so that the output of a command that is passed through stays clean. */
export interface Output {
  write(text: string): unknown;
}

/** A step at work: `note` says what the progress lines shall mention from now on. */
export type Note = (detail: string) => void;

/** Tells the user one line. */
export function say(line: string, output: Output = process.stderr): void {
  output.write(`torocloud: ${line}\n`);
}

/** Options of {@link step}, for tests. */
export interface StepOptions {
  readonly output?: Output;
  readonly everyMs?: number;
}

/** Does `work` under a title: says when it starts, every 15 seconds that it still runs, and after how many seconds it ended. */
export async function step<T>(
  title: string,
  work: (note: Note) => Promise<T>,
  { output = process.stderr, everyMs = progressEveryMs }: StepOptions = {},
): Promise<T> {
  const start = Date.now();
  const seconds = (): string => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  let detail = "";
  say(title, output);
  const progress = setInterval(() => {
    say(`${title}: at work for ${seconds()}${detail === "" ? "" : `, ${detail}`}`, output);
  }, everyMs);
  try {
    const result = await work((next) => {
      detail = next;
    });
    say(`${title}: done in ${seconds()}`, output);
    return result;
  } catch (error) {
    say(`${title}: failed after ${seconds()}`, output);
    throw error;
  } finally {
    clearInterval(progress);
  }
}
