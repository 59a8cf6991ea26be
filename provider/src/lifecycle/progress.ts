import { must, type Host, type RunOptions } from "../host-program/host.ts";
import type { Script } from "../host/script.ts";

interface Work {
  readonly host: Host;
  /** For the error, and for whoever waits while the script itself says nothing. */
  readonly doing: string;
  readonly log: (line: string) => void;
}

/** How long a person is left without a word. */
const quietMilliseconds = 5000;

/**
 * Runs a script whose failure is an error. What it says (`say`, `wait_until`) goes to the log; while it says nothing, its
 * step (`step`), how long that takes, and the last line of whatever runs in it.
 */
export async function runWatched(
  { host, doing, log }: Work,
  script: Script,
  { timeoutSeconds, ...options }: RunOptions & { readonly timeoutSeconds: number },
): Promise<string> {
  const began = Date.now();
  let [step, last, said] = ["waiting for the host", "", began];
  const onProgress = (line: string): void => {
    if (line.startsWith("= ")) [step, last] = [line.slice(2), ""];
    else if (!line.startsWith("@ ")) last = line.trim();
    else {
      log(line.slice(2));
      said = Date.now();
    }
  };
  const heartbeat = setInterval(() => {
    const now = Date.now();
    if (now - said < quietMilliseconds) return;
    const seconds = String(Math.round((now - began) / 1000));
    log(`${step}, ${seconds} s of at most ${String(timeoutSeconds)} s${last && `: ${last}`}`);
    said = now;
  }, 1000);
  try {
    return await must(host, doing, script, { ...options, timeoutSeconds, onProgress });
  } finally {
    clearInterval(heartbeat);
  }
}
