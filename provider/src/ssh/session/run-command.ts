import { onAbort } from "../connection/cancellation.ts";
import type { Command } from "./command.ts";
import { LastBytes } from "./output.ts";

const keptBytes = 64 * 1024;

/** What a command that is no host program wrote, and how it ended; undefined when its connection did, or its time was over. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly output: string;
}

/** Waits for the end of a command that reads nothing but sudo's password. */
export async function runCommand(
  command: Command,
  { limitSeconds, signal }: { readonly limitSeconds: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const output = new LastBytes(keptBytes);
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop();
      const { exitCode, said } = command;
      command.close();
      resolve({ exitCode, output: `${output.text()}${said}` });
    };
    const timer = setTimeout(end, limitSeconds * 1000);
    const stop = onAbort(signal, end);
    command.listen({
      output: (chunk) => {
        output.push(chunk);
      },
      ...{ closed: end, failed: end, refused: end },
    });
    if (!command.asks) command.channel.end();
  });
}
