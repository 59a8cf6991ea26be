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
  let stopped = false;
  const following = (async () => {
    let handle: FileHandle | undefined;
    for (let last = false; !last; await sleep(everyMs)) {
      last = stopped;
      handle ??= await open(file).catch(() => undefined);
      if (handle) take(await readRest(handle));
    }
    await handle?.close();
  })();
  return {
    async stop() {
      stopped = true;
      await following;
      return lines;
    },
  };
}

async function readRest(handle: FileHandle): Promise<string> {
  return handle.readFile("utf8"); // from where the last read ended
}
