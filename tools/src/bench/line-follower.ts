import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { StampedLine } from "./resource-events.ts";

const everyMs = 40;

/** Reads the lines of a file as another process writes them, each with the second (since `began`, a performance.now()) at which it was there. */
export function followLines(file: string, began: number): { stop(): Promise<readonly StampedLine[]> } {
  const lines: StampedLine[] = [];
  let rest = "";
  const take = (text: string): void => {
    const at = (performance.now() - began) / 1000;
    const [last = "", ...whole] = (rest + text).split("\n").reverse();
    rest = last;
    lines.push(
      ...whole
        .reverse()
        .filter((line) => line !== "")
        .map((line) => ({ at, line })),
    );
  };
  const stopping = new AbortController();
  const following = follow(file, take, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await following;
      return lines;
    },
  };
}

/** What was written before it is told to stop is taken, too. */
async function follow(file: string, take: (text: string) => void, stop: AbortSignal): Promise<void> {
  let handle: FileHandle | undefined;
  let ended: boolean;
  do {
    ended = stop.aborted;
    handle ??= await open(file).catch(() => undefined);
    // Goes on from where the last read ended.
    if (handle) take(await handle.readFile("utf8"));
    if (!ended) await sleep(everyMs);
  } while (!ended);
  await handle?.close();
}
