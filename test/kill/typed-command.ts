import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { descendants, findProcess, listProcesses, signal } from "../../lab/src/processes.ts";
import { checkoutFolder } from "../../tools/src/index.ts";
import type { Stack } from "../cloud/support/stack.ts";
import type { Workspace } from "../cloud/support/workspace.ts";

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly output: string;
  readonly seconds: number;
}

/** A command that a person would have typed, at work. */
export interface TypedCommand {
  readonly ended: Promise<Ended>;
  output(): string;
  /** SIGKILL for all of it at once: what it started, and what those started. */
  kill(): void;
}

const limitMs = 900_000;
const main = pathToFileURL(join(checkoutFolder, "tools", "dist", "main.js")).href;
const program = `import { main } from ${JSON.stringify(main)}; process.exitCode = await main(process.argv.slice(1));`;

/** `npm run pulumi -- COMMAND --yes --skip-preview`, but for npm and the compiler. */
export function type(workspace: Workspace, stack: Stack, command: "up" | "destroy"): TypedCommand {
  const words = ["pulumi", command, "--yes", "--skip-preview", "--non-interactive", "--color", "never"];
  const argv = ["--input-type=module", "-e", program, ...words, "--stack", stack.name];
  const began = performance.now();
  const child = spawn(process.execPath, argv, {
    cwd: checkoutFolder,
    env: workspace.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const kill = (): void => {
    if (child.pid !== undefined) killTree(child.pid);
  };
  const late = setTimeout(kill, limitMs);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(late);
      resolve({ exitCode: code ?? 137, output, seconds: (performance.now() - began) / 1000 });
    });
  });
  return { ended, output: () => output, kill };
}

/** Stops each before its children are listed, so that none escapes by being born meanwhile. */
function killTree(root: number): void {
  const first = findProcess(root);
  if (first === undefined) return;
  for (let before = -1, all = [first]; all.length > before;) {
    before = all.length;
    for (const entry of all) signal(entry, "SIGSTOP");
    all = [first, ...descendants(listProcesses(), root)];
    if (all.length === before) for (const entry of all) signal(entry, "SIGKILL");
  }
}

const step = /dynamic\/torocloud:\w+ \S+ (creating|updating|deleting)\w* \(/g;

/** Waits until so many resources are begun; false when the command ended before. */
export async function untilBegun(command: TypedCommand, begun: number, delayMs: number): Promise<boolean> {
  const state = { over: false };
  void command.ended.then(() => (state.over = true));
  while (!state.over && (command.output().match(step)?.length ?? 0) < begun) await sleep(50);
  if (!state.over) await Promise.race([command.ended, sleep(delayMs)]);
  return !state.over;
}
